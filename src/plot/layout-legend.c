/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Legends stand above the axes, where data never are; one that needs too many rows goes into an empty corner instead. */

double
heft_legend_row_height (double font_size)
{
  return 1.36 * font_size;
}

double
heft_legend_sample (double font_size)
{
  return 1.75 * font_size;
}

gboolean
heft_mark_is_key (const HeftMark *mark)
{
  return mark->kind == HEFT_MARK_CONTOUR && mark->n == 0;
}

double
heft_legend_indent (const HeftMark *mark, double font_size)
{
  return heft_mark_is_key (mark) ? 0.0 : heft_legend_sample (font_size) + 0.4 * font_size;
}

static void
entry_clear (gpointer data)
{
  HeftLegendEntry *entry = data;

  g_clear_pointer (&entry->box, heft_box_free);
}

void
heft_legend_clear (HeftPlotLayout *plot)
{
  g_clear_pointer (&plot->legend, g_array_unref);
  plot->legend = g_array_new (FALSE, TRUE, sizeof (HeftLegendEntry));
  g_array_set_clear_func (plot->legend, entry_clear);
  plot->legend_left_out = 0;
  plot->legend_inside = FALSE;
  plot->legend_beside = FALSE;
  plot->legend_rect = (HeftRect) { 0 };
}

static gboolean
has_entry (const HeftMark *mark)
{
  return mark->label != NULL && *mark->label != '\0';
}

static HeftLegendEntry
make_entry (HeftLayout *self, HeftPlotLayout *plot, guint mark, double width)
{
  HeftLegendEntry entry = { .mark = mark };
  const HeftMark *m = g_ptr_array_index (plot->plot->marks, mark);
  double size = plot->legend_size, sample = heft_legend_indent (m, plot->font_size);

  entry.box = heft_text_layout_fit (self->fonts, m->label, size, HEFT_TEXT_PLAIN, MAX (width - sample, 2 * size), 0.8);
  entry.rect.width = sample + entry.box->width;
  entry.rect.height = heft_legend_row_height (plot->font_size);

  return entry;
}

guint
heft_legend_rows (HeftLayout *self, HeftPlotLayout *plot, double first, double width, guint max_rows, gboolean force)
{
  double gap = 1.1 * plot->font_size, height = heft_legend_row_height (plot->font_size);
  double x = first > 0.0 ? first + gap : 0.0;
  guint row = 0;

  heft_legend_clear (plot);
  for (guint k = 0; k < plot->plot->marks->len; k++)
    {
      HeftLegendEntry entry;

      if (!has_entry (g_ptr_array_index (plot->plot->marks, k)))
        continue;
      if (plot->legend_left_out > 0)
        {
          plot->legend_left_out++;
          continue;
        }
      entry = make_entry (self, plot, k, width);
      if (x > 0.0 && x + entry.rect.width > width)
        {
          row++;
          x = 0.0;
        }
      if (row >= max_rows)
        {
          entry_clear (&entry);
          if (!force)
            {
              heft_legend_clear (plot);
              return 0;
            }
          plot->legend_left_out = 1;
          row = max_rows - 1;
          continue;
        }
      entry.rect.x = x;
      entry.rect.y = row * height;
      x += entry.rect.width + gap;
      g_array_append_val (plot->legend, entry);
    }
  /* "+2" at the end of the last row needs its place. */
  while (plot->legend_left_out > 0 && plot->legend->len > 1 &&
         g_array_index (plot->legend, HeftLegendEntry, plot->legend->len - 1).rect.x +
             g_array_index (plot->legend, HeftLegendEntry, plot->legend->len - 1).rect.width + 2.2 * plot->font_size > width)
    {
      g_array_set_size (plot->legend, plot->legend->len - 1);
      plot->legend_left_out++;
    }
  plot->legend_rect = (HeftRect) { 0.0, 0.0, width, (row + 1) * height };

  return row + 1;
}

/* ---- the empty corner ---- */

static gboolean
segment_meets (double x0, double y0, double x1, double y1, const HeftRect *r)
{
  double t0 = 0.0, t1 = 1.0, dx = x1 - x0, dy = y1 - y0;
  double p[4] = { -dx, dx, -dy, dy };
  double q[4] = { x0 - r->x, r->x + r->width - x0, y0 - r->y, r->y + r->height - y0 };

  /* Liang and Barsky's clipping. */
  for (int i = 0; i < 4; i++)
    {
      if (p[i] == 0.0)
        {
          if (q[i] < 0.0)
            return FALSE;
        }
      else
        {
          double t = q[i] / p[i];

          if (p[i] < 0.0)
            t0 = MAX (t0, t);
          else
            t1 = MIN (t1, t);
          if (t0 > t1)
            return FALSE;
        }
    }

  return TRUE;
}

static gboolean
curve_meets (const HeftPlotLayout *plot, const HeftMark *mark, const double *values, const HeftRect *rect)
{
  gboolean joined = mark->kind != HEFT_MARK_POINTS && mark->kind != HEFT_MARK_TANGENT;
  double px = NAN, py = NAN;

  for (gsize i = 0; i < mark->n; i++)
    {
      double x = heft_map_forward (&plot->x, mark->x[i]), y = heft_map_forward (&plot->y, values[i]);

      if (isfinite (x) && isfinite (y))
        {
          if (segment_meets (x, y, x, y, rect) || (joined && isfinite (px) && segment_meets (px, py, x, y, rect)))
            return TRUE;
        }
      px = isfinite (y) ? x : NAN;
      py = y;
    }

  return FALSE;
}

static gboolean
mark_meets (const HeftPlotLayout *plot, const HeftMark *mark, const HeftRect *rect)
{
  if (mark->hidden || mark->n == 0)
    return FALSE;
  if (mark->kind == HEFT_MARK_HORIZONTAL && mark->y != NULL)
    {
      double y = heft_map_forward (&plot->y, mark->y[0]);

      /* Its name stands above the line at the right end. */
      return isfinite (y) && y >= rect->y - 0.2 * plot->font_size && y <= rect->y + rect->height + 1.3 * plot->font_size;
    }
  if (mark->kind == HEFT_MARK_VERTICAL && mark->x != NULL)
    {
      double x = heft_map_forward (&plot->x, mark->x[0]);

      return isfinite (x) && x >= rect->x && x <= rect->x + rect->width;
    }
  if (mark->x == NULL)
    return FALSE;
  if (mark->y != NULL && mark->kind != HEFT_MARK_AREA && curve_meets (plot, mark, mark->y, rect))
    return TRUE;
  if (mark->kind == HEFT_MARK_AREA && mark->upper != NULL)
    {
      /* Everything between the curves is taken. */
      for (gsize i = 0; i < mark->n; i++)
        {
          double x = heft_map_forward (&plot->x, mark->x[i]), y = heft_map_forward (&plot->y, mark->upper[i]);

          if (isfinite (x) && isfinite (y) && x >= rect->x && x <= rect->x + rect->width && y <= rect->y + rect->height)
            return TRUE;
        }
    }

  return mark->kind != HEFT_MARK_TANGENT && mark->upper != NULL && mark->lower != NULL &&
         (curve_meets (plot, mark, mark->upper, rect) || curve_meets (plot, mark, mark->lower, rect));
}

static gboolean
is_free (const HeftPlotLayout *plot, const HeftRect *rect)
{
  for (guint k = 0; k < plot->plot->marks->len; k++)
    if (mark_meets (plot, g_ptr_array_index (plot->plot->marks, k), rect))
      return FALSE;

  return TRUE;
}

void
heft_legend_column (HeftLayout *self, HeftPlotLayout *plot, double width)
{
  heft_legend_clear (plot);
  for (guint k = 0; k < plot->plot->marks->len; k++)
    {
      HeftLegendEntry entry;

      if (!has_entry (g_ptr_array_index (plot->plot->marks, k)))
        continue;
      entry = make_entry (self, plot, k, width);
      entry.rect.y = plot->legend_rect.height;
      plot->legend_rect.height += entry.rect.height;
      plot->legend_rect.width = MAX (plot->legend_rect.width, entry.rect.width);
      g_array_append_val (plot->legend, entry);
    }
}

gboolean
heft_legend_corner (HeftLayout *self, HeftPlotLayout *plot)
{
  double f = plot->font_size, inset = 0.5 * f, width, height;
  const HeftRect *a = &plot->area;

  heft_legend_column (self, plot, 0.7 * a->width);
  width = plot->legend_rect.width;
  height = plot->legend_rect.height;
  if (width + 2 * inset <= a->width && height + 2 * inset <= a->height)
    {
      double right = a->x + a->width - width - inset, left = a->x + inset;
      double top = a->y + inset, bottom = a->y + a->height - height - inset;
      const HeftRect corner[] = { { right, top, width, height }, { left, bottom, width, height },
                                  { left, top, width, height }, { right, bottom, width, height } };

      for (gsize i = 0; i < G_N_ELEMENTS (corner); i++)
        {
          HeftRect clear = { corner[i].x - 0.3 * f, corner[i].y - 0.2 * f, width + 0.6 * f, height + 0.4 * f };

          if (!is_free (plot, &clear))
            continue;
          for (guint k = 0; k < plot->legend->len; k++)
            {
              HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, k);

              entry->rect.x = corner[i].x;
              entry->rect.y += corner[i].y;
            }
          plot->legend_inside = TRUE;
          plot->legend_rect = corner[i];
          return TRUE;
        }
    }
  heft_legend_clear (plot);

  return FALSE;
}
