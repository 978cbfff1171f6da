/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Axes over a map: square, with the colour bar beside it and the legend where it costs the map least. */

gboolean
heft_plot_has_map (const HeftPlot *plot)
{
  return plot->kind == HEFT_PLOT_AXES && plot->values != NULL && plot->rows > 0 && plot->columns > 0;
}

/* About the room for the numbers left of the axes, and the one behind the last number below. */
static double
tick_room (const HeftPlotLayout *plot)
{
  return 3.2 * plot->font_size;
}

/* In letters of what size the legend leaves the largest map beside it; 0 if it is higher than the cell. */
static double
side_beside (HeftLayout *self, HeftPlotLayout *plot, double width, double height)
{
  static const double sizes[] = { 0.92, 0.85, 0.78 };
  double best = 0.0, best_size = plot->legend_size;

  for (gsize i = 0; i < G_N_ELEMENTS (sizes) && (i == 0 || sizes[i] * plot->font_size >= 8.0); i++)
    {
      double side;

      plot->legend_size = sizes[i] * plot->font_size;
      heft_legend_column (self, plot, 0.5 * width);
      side = MIN (height, width - plot->legend_rect.width - plot->font_size);
      /* Smaller letters only for a map that grows by them. */
      if (plot->legend_rect.height <= plot->cell.height && side > 1.02 * best)
        {
          best = side;
          best_size = plot->legend_size;
        }
    }
  plot->legend_size = best_size;

  return best;
}

guint
heft_map_legend (HeftLayout *self, HeftPlotLayout *plot, double label_width, double fixed)
{
  double row = heft_legend_row_height (plot->font_size), height = plot->cell.height - fixed;
  double width = plot->cell.width - tick_room (plot) - heft_layout_bar_width (plot->plot, plot->font_size);
  double first = label_width > 0.0 ? row : 0.0, beside, beside_size, above;
  guint rows;

  plot->legend_size = 0.92 * plot->font_size;
  beside = side_beside (self, plot, width, height - first);
  beside_size = plot->legend_size;
  plot->legend_size = 0.85 * plot->font_size;
  rows = heft_legend_rows (self, plot, label_width, plot->cell.width, G_MAXUINT, FALSE);
  above = MIN (height - rows * row, width);
  if (above > beside)
    return rows;
  plot->legend_size = beside_size;
  heft_legend_column (self, plot, 0.5 * width);
  plot->legend_beside = TRUE;

  return label_width > 0.0 ? 1 : 0;
}

/* Where the legend's longest row above the map ends. */
static double
rows_end (const HeftPlotLayout *plot)
{
  double end = 0.0;

  for (guint i = 0; !plot->legend_beside && i < plot->legend->len; i++)
    {
      const HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, i);

      end = MAX (end, entry->rect.x + entry->rect.width);
    }

  return end;
}

/* What is left over stands on both sides; the cell moves too, for the words at its left, as far as they have room. */
void
heft_map_square (HeftLayout *self, HeftPlotLayout *plot)
{
  double f = plot->font_size, beside = plot->legend_beside ? plot->legend_rect.width + f : 0.0;
  double room = plot->area.width - heft_layout_bar_width (plot->plot, f) - beside, spare;
  double side = MAX (MIN (room, plot->area.height), 4.0);

  spare = CLAMP (plot->cell.width - rows_end (plot), 0.0, MAX (0.5 * (room - side), 0.0));
  plot->cell.x += spare;
  plot->cell.width -= spare;
  plot->area.x += spare;
  plot->area.width = side;
  plot->area.height = side;
  if (plot->plot->colour_bar)
    heft_layout_bar (self, plot, plot->area.y + side);
}

void
heft_map_place_legend (HeftPlotLayout *plot)
{
  double f = plot->font_size, x = plot->area.x + plot->area.width + heft_layout_bar_width (plot->plot, f) + f;
  /* Beside the map there is nothing above or below it: the legend may begin above. */
  double y = MAX (MIN (plot->area.y, plot->cell.y + plot->cell.height - plot->legend_rect.height), plot->cell.y);

  for (guint i = 0; i < plot->legend->len; i++)
    {
      HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, i);

      entry->rect.x = x;
      entry->rect.y = y;
      y += entry->rect.height;
    }
}
