/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Grids of images with square pixels; a column whose maps have one scale has one colour bar. */

/* The range of the colour bar: as set, or of the values that can be shown. */
void
heft_image_range (const HeftPlot *plot, double *minimum, double *maximum)
{
  double lo = plot->value_minimum, hi = plot->value_maximum;

  if (!(hi > lo))
    {
      lo = INFINITY;
      hi = -INFINITY;
      for (gsize i = 0; plot->values != NULL && i < plot->rows * plot->columns; i++)
        if (isfinite (plot->values[i]) && (!plot->colour_log || plot->values[i] > 0.0))
          {
            lo = MIN (lo, plot->values[i]);
            hi = MAX (hi, plot->values[i]);
          }
      /* Six decades show structure; what is fainter takes the lowest colour. */
      if (plot->colour_log && isfinite (hi))
        lo = MAX (lo, hi * 1e-6);
    }
  heft_range_tidy (plot->colour_log, FALSE, &lo, &hi);
  if (plot->colour_map == HEFT_COLOUR_MAP_DIVERGING && !plot->colour_log)
    {
      hi = MAX (fabs (lo), fabs (hi));
      lo = -hi;
    }
  *minimum = lo;
  *maximum = hi;
}

static gboolean
same_bar (const HeftPlot *a, const HeftPlot *b)
{
  double a_lo, a_hi, b_lo, b_hi;

  if (!a->colour_bar || !b->colour_bar || a->colour_map != b->colour_map || a->colour_log != b->colour_log ||
      g_strcmp0 (a->value_label, b->value_label) != 0)
    return FALSE;
  heft_image_range (a, &a_lo, &a_hi);
  heft_image_range (b, &b_lo, &b_hi);

  return a_lo == b_lo && a_hi == b_hi;
}

/* Bars come last: one that serves several rows runs along all of them. */
void
heft_layout_bar (HeftLayout *self, HeftPlotLayout *plot, double bottom)
{
  double f = plot->font_size, lo, hi, room;
  int exponent;

  g_clear_pointer (&plot->bar_ticks, g_array_unref);
  g_clear_pointer (&plot->bar_label, heft_box_free);
  heft_image_range (plot->plot, &lo, &hi);
  plot->show_bar = TRUE;
  plot->bar = (HeftRect) { plot->area.x + plot->area.width + 0.6 * f, plot->area.y, 0.75 * f, bottom - plot->area.y };
  heft_map_set_range (&plot->bar_map, plot->plot->colour_log, lo, hi);
  plot->bar_map.start = bottom;
  plot->bar_map.end = plot->area.y;
  plot->bar_ticks = heft_map_ticks (&plot->bar_map, 2.0 * f, &exponent);
  heft_ticks_set_boxes (plot->bar_ticks, self->fonts, 0.85 * f);
  /* Where nothing else stands beside the map its bar's name may be longer than the bar. */
  room = plot->bar.height;
  if (plot->legend_beside)
    room += 2.0 * MAX (MIN (plot->bar.y - plot->cell.y, plot->cell.y + plot->cell.height - bottom), 0.0);
  if (plot->plot->value_label != NULL || exponent != 0)
    {
      g_autofree char *text = exponent != 0 ? g_strdup_printf ("%s ($\\times 10^{%d}$)",
                                                               plot->plot->value_label != NULL ? plot->plot->value_label : "",
                                                               exponent)
                                            : g_strdup (plot->plot->value_label);

      plot->bar_label = heft_text_layout_fit (self->fonts, text, 0.85 * f, HEFT_TEXT_PLAIN, room, 0.75);
    }
}

double
heft_layout_bar_width (const HeftPlot *plot, double font_size)
{
  return plot->colour_bar ? 4.3 * font_size + (plot->value_label != NULL ? 1.5 * font_size : 0.0) : 0.0;
}

typedef struct
{
  double left, bar, aspect;
} Column;

static Column
measure_column (HeftLayout *self, guint column, guint columns)
{
  Column c = { 0 };
  double f = self->font_size;

  for (guint i = column; i < self->plots->len; i += columns)
    {
      const HeftPlot *plot = ((HeftPlotLayout *) g_ptr_array_index (self->plots, i))->plot;

      if (plot->y.label != NULL)
        {
          g_autoptr (HeftBox) label = heft_text_layout (self->fonts, plot->y.label, 0.95 * f, HEFT_TEXT_PLAIN);

          c.left = MAX (c.left, label->width + 0.6 * f);
        }
      c.bar = MAX (c.bar, heft_layout_bar_width (plot, f));
      c.aspect = MAX (c.aspect, plot->columns / (double) MAX (plot->rows, 1));
    }

  return c;
}

static void
place_image (HeftLayout *self, HeftPlotLayout *plot, const Column *column, double x, double y, double title, double size)
{
  double f = plot->font_size, aspect = plot->plot->columns / (double) MAX (plot->plot->rows, 1);
  double width = size * MIN (aspect, column->aspect), height = aspect > 0.0 ? width / aspect : size;

  plot->cell = (HeftRect) { x, y, column->left + size * column->aspect + column->bar, title + size };
  plot->area = (HeftRect) { x + column->left, y + title + (size - height) / 2, width, height };
  plot->title_baseline = y + title - 0.5 * f;
  if (plot->plot->y.label != NULL)
    plot->y_label = heft_text_layout (self->fonts, plot->plot->y.label, 0.95 * f, HEFT_TEXT_PLAIN);
  if (plot->plot->title != NULL)
    plot->title = heft_text_layout_fit (self->fonts, plot->plot->title, 0.95 * f, HEFT_TEXT_PLAIN,
                                        plot->area.width + column->bar * 0.9, 0.8);
  /* Data coordinates are pixels, row 0 on top. */
  heft_map_set_range (&plot->x, FALSE, 0.0, MAX (plot->plot->columns, 1));
  heft_map_set_range (&plot->y, FALSE, 0.0, MAX (plot->plot->rows, 1));
  plot->x.start = plot->area.x;
  plot->x.end = plot->area.x + plot->area.width;
  plot->y.start = plot->area.y;
  plot->y.end = plot->area.y + plot->area.height;
}

void
heft_layout_images (HeftLayout *self, guint columns, const HeftRect *box)
{
  guint rows = (self->plots->len + columns - 1) / columns;
  g_autofree Column *column = g_new0 (Column, columns);
  g_autofree double *title = g_new0 (double, rows);
  double f = self->font_size, gap = 0.5 * f, fixed_width = 0.0, aspects = 0.0, fixed_height = 0.0, size, spare, x, y;

  for (guint c = 0; c < columns; c++)
    {
      column[c] = measure_column (self, c, columns);
      fixed_width += column[c].left + column[c].bar;
      aspects += column[c].aspect;
    }
  for (guint i = 0; i < self->plots->len; i++)
    if (((HeftPlotLayout *) g_ptr_array_index (self->plots, i))->plot->title != NULL)
      title[i / columns] = 1.6 * f;
  for (guint r = 0; r < rows; r++)
    fixed_height += title[r];
  size = MIN ((box->height - fixed_height - (rows - 1) * gap) / rows,
              (box->width - fixed_width - (columns - 1) * gap) / MAX (aspects, 1e-6));
  size = MAX (size, 2.0);
  spare = MAX (0.0, box->width - fixed_width - size * aspects) / (columns + 1);
  y = box->y + MAX (0.0, (box->height - fixed_height - rows * size - (rows - 1) * gap) / 2);
  for (guint r = 0; r < rows; r++)
    {
      x = box->x + spare;
      for (guint c = 0; c < columns && r * columns + c < self->plots->len; c++)
        {
          place_image (self, g_ptr_array_index (self->plots, r * columns + c), &column[c], x, y, title[r], size);
          x += column[c].left + size * column[c].aspect + column[c].bar + spare;
        }
      y += title[r] + size + gap;
    }
  for (guint c = 0; c < columns; c++)
    for (guint first = c; first < self->plots->len;)
      {
        HeftPlotLayout *plot = g_ptr_array_index (self->plots, first), *last = plot;
        guint next = first + columns;

        for (; next < self->plots->len; next += columns)
          {
            HeftPlotLayout *below = g_ptr_array_index (self->plots, next);

            if (!same_bar (plot->plot, below->plot))
              break;
            last = below;
          }
        if (plot->plot->colour_bar)
          heft_layout_bar (self, plot, last->area.y + last->area.height);
        first = next;
      }
}
