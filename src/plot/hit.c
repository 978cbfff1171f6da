/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* What lies under the pointer. */

static gboolean
contains (const HeftRect *r, double x, double y)
{
  return x >= r->x && x <= r->x + r->width && y >= r->y && y <= r->y + r->height;
}

static void
find_nearest (const HeftPlotLayout *plot, double px, double py, HeftHit *hit)
{
  /* On a map what lies between the lines is as good as they are: they are named only where the pointer is on them. */
  gboolean over_map = heft_plot_has_map (plot->plot);
  double best = INFINITY, reach = 0.7 * plot->font_size;

  for (guint k = 0; k < plot->plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->plot->marks, k);
      const double *values = mark->y != NULL ? mark->y : mark->upper;

      if (mark->hidden || heft_mark_is_guide (mark) || mark->kind == HEFT_MARK_TANGENT || mark->x == NULL || values == NULL)
        continue;
      for (gsize i = 0; i < mark->n; i++)
        {
          double dx = heft_map_forward (&plot->x, mark->x[i]) - px, dy = heft_map_forward (&plot->y, values[i]) - py;
          /* Nearest along x first, as people read curves: height counts less. */
          double d = dx * dx + (over_map ? 1.0 : 0.25) * dy * dy;

          if (isfinite (d) && d < best && (!over_map || d < reach * reach))
            {
              best = d;
              hit->mark = k;
              hit->point = i;
            }
        }
    }
}

/**
 * heft_figure_hit:
 * @px: in the units of @width
 * @hit: (out caller-allocates): what is there
 *
 * Uses the layout that heft_figure_paint() uses.
 *
 * Returns: %TRUE if the point is over a plot, its labels or its legend
 */
gboolean
heft_figure_hit (const HeftFigure *self, double width, double height, const HeftTheme *theme, double px, double py,
                 HeftHit *hit)
{
  g_autoptr (HeftLayout) layout = NULL;

  g_return_val_if_fail (self != NULL && theme != NULL && hit != NULL, FALSE);

  *hit = (HeftHit) { .mark = -1, .legend_mark = -1, .row = -1 };
  layout = heft_layout_new (self, width, height, theme, 1.0);
  for (guint i = 0; i < layout->plots->len; i++)
    {
      const HeftPlotLayout *plot = g_ptr_array_index (layout->plots, i);

      if (!contains (&plot->cell, px, py) && !contains (&plot->area, px, py))
        continue;
      hit->plot = plot->index;
      for (guint k = 0; k < plot->legend->len; k++)
        {
          const HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, k);

          /* Words that explain the lines switch nothing. */
          if (contains (&entry->rect, px, py) && !heft_mark_is_key (g_ptr_array_index (plot->plot->marks, entry->mark)))
            hit->legend_mark = entry->mark;
        }
      if (plot->plot->kind == HEFT_PLOT_TABLE)
        hit->row = heft_table_row_at (layout, plot, py);
      if (plot->plot->kind == HEFT_PLOT_TABLE || plot->plot->kind == HEFT_PLOT_NETWORK || plot->plot->kind == HEFT_PLOT_CELLS)
        return TRUE;
      hit->inside = contains (&plot->area, px, py);
      hit->x = heft_map_backward (&plot->x, px);
      hit->y = heft_map_backward (&plot->y, py);
      if (plot->plot->kind == HEFT_PLOT_AXES && hit->inside)
        find_nearest (plot, px, py, hit);
      return TRUE;
    }

  return FALSE;
}
