/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Ledgers: a label, a gauge, a value a row, the small print below. */

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

/* What all rows of a table share. */
typedef struct
{
  const HeftLayout     *layout;
  const HeftPlotLayout *plot;
  HeftCanvas           *canvas;
  gboolean              below;         /* the small print stands under the label */
  double                f, step, top;
  double                label_width, gauge_width;
} Table;

static HeftBox *
layout_value (const Table *self, const HeftTableRow *row)
{
  return heft_text_layout_fit (self->layout->fonts, row->value != NULL ? row->value : "–", 1.04 * self->f, HEFT_TEXT_BOLD,
                               0.42 * self->plot->area.width, 0.7);
}

static void
paint_title (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftRect *a = &plot->area;
  g_autoptr (HeftBox) title = NULL;

  if (plot->plot->title == NULL)
    return;
  title = heft_text_layout_fit (layout->fonts, plot->plot->title, plot->font_size, HEFT_TEXT_BOLD, a->width, 0.8);
  canvas->klass->text (canvas, title, a->x, a->y + plot->font_size, 0.0, &layout->palette.ink);
}

/* Where the rows are: below the title, evenly, at most so high. */
static void
place_rows (Table *self)
{
  const HeftRect *a = &self->plot->area;
  double size = self->plot->font_size;

  self->top = a->y + (self->plot->plot->title != NULL ? 1.6 * size : 0.0);
  self->step = MIN ((a->y + a->height - self->top) / self->plot->plot->table->len, 4.2 * size);
}

/* Letters as large as the rows allow; the small print goes under the label where there is room for two lines. */
static void
measure_table (Table *self)
{
  const HeftRect *a = &self->plot->area;
  const GPtrArray *rows = self->plot->plot->table;
  gboolean gauges = has_gauges (self->plot->plot);
  double value_width = 0.0;

  self->below = has_notes (self->plot->plot) && self->step >= 2.35 * 9.0;
  self->f = CLAMP (self->below ? self->step / 2.55 : self->step / 1.5, 6.0, 1.2 * self->plot->font_size);
  for (guint i = 0; i < rows->len; i++)
    {
      g_autoptr (HeftBox) value = layout_value (self, g_ptr_array_index (rows, i));

      value_width = MAX (value_width, value->width);
    }
  self->gauge_width = gauges ? CLAMP (0.2 * a->width, 4 * self->f, 16 * self->f) : 0.0;
  self->label_width = a->width - value_width - (gauges ? self->gauge_width + 2.6 * self->f : 1.2 * self->f);
}

static void
paint_note (const Table *self, const HeftTableRow *row, double label_width, double value_width, double baseline)
{
  const HeftRect *a = &self->plot->area;
  /* Where a row has no gauge its note may reach to its value. */
  double end = row->gauge >= 0.0 ? self->label_width : MAX (self->label_width, a->width - value_width - 1.2 * self->f);
  double room = self->below ? end : end - label_width - 0.7 * self->f;
  g_autoptr (HeftBox) note = NULL;

  if (row->note == NULL || (!self->below && end - label_width <= 6 * self->f))
    return;
  note = heft_text_layout_fit (self->layout->fonts, row->note, 0.82 * self->f, HEFT_TEXT_PLAIN, room, 0.7);
  self->canvas->klass->text (self->canvas, note, self->below ? a->x : a->x + label_width + 0.7 * self->f,
                             self->below ? baseline + 1.12 * self->f : baseline, 0.0, &self->layout->palette.dim);
}

static void
paint_row (const Table *self, guint i)
{
  const HeftRect *a = &self->plot->area;
  const HeftTableRow *row = g_ptr_array_index (self->plot->plot->table, i);
  double y = self->top + i * self->step, middle = y + self->step / 2;
  double baseline = middle + (self->below && row->note != NULL ? -0.18 : 0.34) * self->f;
  g_autoptr (HeftBox) value = layout_value (self, row);
  g_autoptr (HeftBox) label = heft_text_layout_fit (self->layout->fonts, row->label != NULL ? row->label : "", self->f,
                                                    HEFT_TEXT_PLAIN, self->label_width, 0.75);
  double xy[] = { a->x, y + self->step, a->x + a->width, y + self->step };
  HeftStroke rule = { .colour = self->layout->palette.grid, .width = 0.8 };

  self->canvas->klass->text (self->canvas, label, a->x, baseline, 0.0, &self->layout->palette.ink);
  paint_note (self, row, label->width, value->width, baseline);
  if (row->gauge >= 0.0)
    {
      HeftRect track = { a->x + self->label_width + 0.9 * self->f, middle - 0.24 * self->f, self->gauge_width, 0.48 * self->f };

      paint_gauge (self->layout, self->plot, self->canvas, row, &track);
    }
  self->canvas->klass->text (self->canvas, value, a->x + a->width - value->width, middle + 0.36 * self->f, 0.0,
                             &self->layout->palette.ink);
  if (i + 1 < self->plot->plot->table->len)
    self->canvas->klass->polyline (self->canvas, xy, 2, &rule);
}

void
heft_paint_table (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  Table self = { .layout = layout, .plot = plot, .canvas = canvas };

  if (plot->plot->table->len == 0)
    return;
  paint_title (layout, plot, canvas);
  place_rows (&self);
  measure_table (&self);
  for (guint i = 0; i < plot->plot->table->len; i++)
    paint_row (&self, i);
}

int
heft_table_row_at (const HeftLayout *layout, const HeftPlotLayout *plot, double py)
{
  Table self = { .layout = layout, .plot = plot };
  double row;

  if (plot->plot->table->len == 0)
    return -1;
  place_rows (&self);
  row = floor ((py - self.top) / self.step);

  return row >= 0.0 && row < plot->plot->table->len ? (int) row : -1;
}
