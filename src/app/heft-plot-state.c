/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot-state"

#include "config.h"

#include "heft-plot-state.h"

HeftPlotState *
heft_plot_state_new (void)
{
  HeftPlotState *self = g_new0 (HeftPlotState, 1);

  self->ranges = g_array_new (FALSE, TRUE, sizeof (HeftPlotRange));
  self->hidden = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

HeftPlotState *
heft_plot_state_copy (const HeftPlotState *self)
{
  HeftPlotState *copy = heft_plot_state_new ();
  GHashTableIter iter;
  gpointer label;

  g_array_append_vals (copy->ranges, self->ranges->data, self->ranges->len);
  g_hash_table_iter_init (&iter, self->hidden);
  while (g_hash_table_iter_next (&iter, &label, NULL))
    g_hash_table_add (copy->hidden, g_strdup (label));
  return copy;
}

void
heft_plot_state_free (HeftPlotState *self)
{
  g_array_unref (self->ranges);
  g_hash_table_unref (self->hidden);
  g_free (self);
}

static void
apply_range (const HeftPlotRange *range, HeftPlot *plot)
{
  plot->x.automatic = plot->y.automatic = FALSE;
  plot->x.minimum = range->x0;
  plot->x.maximum = range->x1;
  plot->y.minimum = range->y0;
  plot->y.maximum = range->y1;
}

void
heft_plot_state_apply (const HeftPlotState *self, HeftFigure *figure)
{
  for (guint p = 0; p < figure->plots->len; p++)
    {
      HeftPlot *plot = g_ptr_array_index (figure->plots, p);

      if (p < self->ranges->len && g_array_index (self->ranges, HeftPlotRange, p).zoomed)
        apply_range (&g_array_index (self->ranges, HeftPlotRange, p), plot);
      for (guint m = 0; m < plot->marks->len; m++)
        {
          HeftMark *mark = g_ptr_array_index (plot->marks, m);

          mark->hidden = mark->label != NULL && g_hash_table_contains (self->hidden, mark->label);
        }
    }
}

void
heft_plot_state_set_range (HeftPlotState *self, gsize plot, const HeftPlotRange *range)
{
  if (self->ranges->len <= plot)
    g_array_set_size (self->ranges, (guint) plot + 1);
  g_array_index (self->ranges, HeftPlotRange, plot) = *range;
}

gboolean
heft_plot_state_is_zoomed (const HeftPlotState *self)
{
  for (guint p = 0; p < self->ranges->len; p++)
    if (g_array_index (self->ranges, HeftPlotRange, p).zoomed)
      return TRUE;
  return FALSE;
}

void
heft_plot_state_toggle (HeftPlotState *self, const char *label)
{
  if (!g_hash_table_remove (self->hidden, label))
    g_hash_table_add (self->hidden, g_strdup (label));
}
