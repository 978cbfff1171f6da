/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

/* Where a plot's axes lie, for zoom and guides. */

/**
 * heft_figure_get_area:
 * @plot: index of the plot
 * @area: (out caller-allocates): the box of its axes or image, and the data at the box's edges
 *
 * Uses the layout that heft_figure_paint() uses.
 *
 * Returns: %FALSE if there is no such plot or it has no axes
 */
gboolean
heft_figure_get_area (const HeftFigure *self, double width, double height, const HeftTheme *theme, gsize plot,
                      HeftPlotArea *area)
{
  g_autoptr (HeftLayout) layout = NULL;

  g_return_val_if_fail (self != NULL && theme != NULL && area != NULL, FALSE);

  layout = heft_layout_new (self, width, height, theme, 1.0);
  for (guint i = 0; i < layout->plots->len; i++)
    {
      const HeftPlotLayout *at = g_ptr_array_index (layout->plots, i);

      if (at->index != plot || at->plot->kind != HEFT_PLOT_AXES)
        continue;
      *area = (HeftPlotArea) {
        .x = at->area.x, .y = at->area.y, .width = at->area.width, .height = at->area.height,
        .x_log = at->x.log, .y_log = at->y.log,
        .x_minimum = at->x.minimum, .x_maximum = at->x.maximum,
        .y_minimum = at->y.minimum, .y_maximum = at->y.maximum,
      };
      return TRUE;
    }
  return FALSE;
}
