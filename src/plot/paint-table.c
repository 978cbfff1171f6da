/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Ledgers: a label, a gauge, a value a row, the small print below. */

typedef struct
{
  HeftBox *label, *value, *note;
} Row;

static void
row_clear (gpointer data)
{
  Row *row = data;

  g_clear_pointer (&row->label, heft_box_free);
  g_clear_pointer (&row->value, heft_box_free);
  g_clear_pointer (&row->note, heft_box_free);
}

static void
paint_gauge (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas, const HeftTableRow *row,
             const HeftRect *track)
{
  HeftMark mark = { .quantity = row->quantity };
  HeftStyle style = heft_mark_style (&mark, &layout->palette);
  HeftRgba ground = heft_rgba_mix (layout->palette.ink, layout->palette.background, 0.86);
  double share = isfinite (row->gauge) ? CLAMP (row->gauge, 0.0, 1.0) : 0.0;
  HeftRect bar = *track;

  canvas->klass->rectangle (canvas, track, track->height / 2, &ground, NULL);
  bar.width = share > 0.0 ? MAX (share * track->width, track->height) : 0.0;
  if (bar.width > 0.0)
    canvas->klass->rectangle (canvas, &bar, track->height / 2, &style.colour, NULL);
  if (row->overflow)
    {
      /* An arrow head at the end: the value lies beyond. */
      double x = track->x + track->width, y = track->y + track->height / 2, s = 0.36 * plot->font_size;
      double xy[] = { x + 0.1 * s, y - s, x + 1.2 * s, y, x + 0.1 * s, y + s };

      canvas->klass->polygon (canvas, xy, 3, &style.colour, NULL);
    }
}

static gboolean
has_gauges (const HeftPlot *plot)
{
  for (guint i = 0; i < plot->table->len; i++)
    if (((const HeftTableRow *) g_ptr_array_index (plot->table, i))->gauge >= 0.0)
      return TRUE;

  return FALSE;
}

static gboolean
has_notes (const HeftPlot *plot)
{
  for (guint i = 0; i < plot->table->len; i++)
    if (((const HeftTableRow *) g_ptr_array_index (plot->table, i))->note != NULL)
      return TRUE;

  return FALSE;
}

void
heft_paint_table (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftRect *a = &plot->area;
  guint n = plot->plot->table->len;
  g_autoptr (GArray) rows = g_array_new (FALSE, TRUE, sizeof (Row));
  gboolean notes = has_notes (plot->plot), gauges = has_gauges (plot->plot), below;
  double f, step, top = a->y, value_width = 0.0, label_width, gauge_width = 0.0;
  HeftStroke rule = { .colour = layout->palette.grid, .width = 0.8 };

  if (n == 0)
    return;
  g_array_set_clear_func (rows, row_clear);
  g_array_set_size (rows, n);
  if (plot->plot->title != NULL)
    {
      g_autoptr (HeftBox) title = heft_text_layout_fit (layout->fonts, plot->plot->title, plot->font_size, HEFT_TEXT_BOLD,
                                                        a->width, 0.8);

      canvas->klass->text (canvas, title, a->x, a->y + plot->font_size, 0.0, &layout->palette.ink);
      top += 1.6 * plot->font_size;
    }
  /* Letters as large as the rows allow; the small print goes under the label where there is room for two lines. */
  step = MIN ((a->y + a->height - top) / n, 4.2 * plot->font_size);
  below = notes && step >= 2.35 * 9.0;
  f = CLAMP (below ? step / 2.55 : step / 1.5, 6.0, 1.2 * plot->font_size);
  for (guint i = 0; i < n; i++)
    {
      const HeftTableRow *r = g_ptr_array_index (plot->plot->table, i);
      Row *row = &g_array_index (rows, Row, i);

      row->value = heft_text_layout_fit (layout->fonts, r->value != NULL ? r->value : "–", 1.04 * f, HEFT_TEXT_BOLD,
                                         0.42 * a->width, 0.7);
      value_width = MAX (value_width, row->value->width);
    }
  if (gauges)
    gauge_width = CLAMP (0.2 * a->width, 4 * f, 16 * f);
  label_width = a->width - value_width - (gauges ? gauge_width + 2.6 * f : 1.2 * f);
  for (guint i = 0; i < n; i++)
    {
      const HeftTableRow *r = g_ptr_array_index (plot->plot->table, i);
      Row *row = &g_array_index (rows, Row, i);
      double y = top + i * step, middle = y + step / 2, baseline = middle + (below && r->note != NULL ? -0.18 : 0.34) * f;
      double xy[] = { a->x, y + step, a->x + a->width, y + step };

      row->label = heft_text_layout_fit (layout->fonts, r->label != NULL ? r->label : "", f, HEFT_TEXT_PLAIN, label_width, 0.75);
      canvas->klass->text (canvas, row->label, a->x, baseline, 0.0, &layout->palette.ink);
      if (r->note != NULL && (below || label_width - row->label->width > 6 * f))
        {
          double room = below ? label_width : label_width - row->label->width - 0.7 * f;

          row->note = heft_text_layout_fit (layout->fonts, r->note, 0.82 * f, HEFT_TEXT_PLAIN, room, 0.85);
          canvas->klass->text (canvas, row->note, below ? a->x : a->x + row->label->width + 0.7 * f,
                               below ? baseline + 1.12 * f : baseline, 0.0, &layout->palette.dim);
        }
      if (r->gauge >= 0.0)
        {
          HeftRect track = { a->x + label_width + 0.9 * f, middle - 0.24 * f, gauge_width, 0.48 * f };

          paint_gauge (layout, plot, canvas, r, &track);
        }
      canvas->klass->text (canvas, row->value, a->x + a->width - row->value->width, middle + 0.36 * f, 0.0,
                           &layout->palette.ink);
      if (i + 1 < n)
        canvas->klass->polyline (canvas, xy, 2, &rule);
    }
}
