/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>
#include <string.h>

/* Lines, bands, areas, points, guides and tangents, and the legend that explains them. */

/* Up to this many points a curve shows where it was measured. */
#define SHOW_POINTS_BELOW 25

typedef struct
{
  const HeftLayout     *layout;
  const HeftPlotLayout *plot;
  HeftCanvas           *canvas;
  double                column;     /* of thinning; 0 keeps every point */
} Painter;

static double
marker_radius (const Painter *self)
{
  return 0.26 * self->plot->font_size;
}

static HeftStroke
stroke_of (const HeftStyle *style)
{
  HeftStroke stroke = { .colour = style->colour, .width = style->width, .n_dash = style->n_dash };

  /* Dash lengths are in line widths of a normal line. */
  for (guint i = 0; i < style->n_dash; i++)
    stroke.dash[i] = style->dash[i] * style->width / 1.9;

  return stroke;
}

/* The pixels of a curve's finite points from @first on, up to the next gap; returns where to go on. */
static gsize
next_run (const Painter *self, const HeftMark *mark, const double *values, gsize first, GArray *xy)
{
  gsize i = first;

  g_array_set_size (xy, 0);
  while (i < mark->n && !(heft_map_accepts (&self->plot->x, mark->x[i]) && heft_map_accepts (&self->plot->y, values[i])))
    i++;
  while (i < mark->n && heft_map_accepts (&self->plot->x, mark->x[i]) && heft_map_accepts (&self->plot->y, values[i]))
    {
      double p[2] = { heft_map_forward (&self->plot->x, mark->x[i]), heft_map_forward (&self->plot->y, values[i]) };

      g_array_append_vals (xy, p, 2);
      i++;
    }

  return i;
}

static gsize
thin (const Painter *self, GArray *xy)
{
  gsize n = xy->len / 2;

  if (self->column > 0.0)
    n = heft_thin_columns ((double *) (void *) xy->data, n, self->column);
  g_array_set_size (xy, 2 * n);

  return n;
}

/* Whether a thinned curve has more than two points in most of its columns; on the screen only. */
static gboolean
is_dense (const Painter *self, const GArray *xy)
{
  gsize n = xy->len / 2;
  double columns;

  if (!self->layout->theme.thin || self->column <= 0.0 || n < 64)
    return FALSE;
  columns = fabs (g_array_index (xy, double, 2 * (n - 1)) - g_array_index (xy, double, 0)) / self->column;

  return n > 2.2 * (columns + 1.0);
}

static void
paint_curve (const Painter *self, const HeftMark *mark, const double *values, const HeftStyle *style)
{
  g_autoptr (GArray) xy = g_array_new (FALSE, FALSE, sizeof (double));
  HeftStroke stroke = stroke_of (style);

  for (gsize i = 0; i < mark->n;)
    {
      gsize n;

      i = next_run (self, mark, values, i, xy);
      n = thin (self, xy);
      if (is_dense (self, xy) && style->n_dash == 0)
        {
          g_autoptr (GArray) outline = heft_thin_outline ((double *) (void *) xy->data, n, self->column, style->width);

          self->canvas->klass->polygon (self->canvas, (double *) (void *) outline->data, outline->len / 2, &style->colour, NULL);
        }
      else if (n >= 2)
        self->canvas->klass->polyline (self->canvas, (double *) (void *) xy->data, n, &stroke);
      else if (n == 1)
        /* A point between gaps would be invisible as a line. */
        heft_canvas_marker (self->canvas, style->marker, g_array_index (xy, double, 0), g_array_index (xy, double, 1),
                            mark->faint ? style->width : marker_radius (self), &style->colour, NULL);
    }
}

/* Every vertex: a loop has no columns to be thinned by. @halo: paper about the line, so that it can be told from any map. */
static void
paint_contour (const Painter *self, const HeftMark *mark, const HeftStyle *style, gboolean halo)
{
  g_autoptr (GArray) xy = g_array_new (FALSE, FALSE, sizeof (double));
  /* On a map as small as a stamp, lines of full width would cover what they enclose. */
  double share = CLAMP (self->plot->area.width / (36.0 * self->plot->font_size), 0.5, 1.0);
  HeftStyle thin_style = *style;
  HeftStroke stroke;

  thin_style.width *= share;
  stroke = stroke_of (&thin_style);
  if (halo)
    {
      double rgb[3];

      heft_colour_map_get (self->plot->plot->colour_map, self->layout->palette.dark, 0.0, rgb);
      stroke = (HeftStroke) { .colour = { rgb[0], rgb[1], rgb[2], 1.0 }, .width = thin_style.width + 0.18 * share * self->plot->font_size };
    }
  for (gsize i = 0; mark->x != NULL && mark->y != NULL && i < mark->n;)
    {
      i = next_run (self, mark, mark->y, i, xy);
      if (xy->len >= 4)
        self->canvas->klass->polyline (self->canvas, (double *) (void *) xy->data, xy->len / 2, &stroke);
    }
}

/* Between two curves over the same x; where a log axis has no place for the lower one, down to the axis. */
static void
paint_between (const Painter *self, const HeftMark *mark, const double *lower, const double *upper, const HeftRgba *fill)
{
  g_autoptr (GArray) top = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) bottom = g_array_new (FALSE, FALSE, sizeof (double));
  gsize i = 0;

  while (i < mark->n)
    {
      gsize n;

      g_array_set_size (top, 0);
      g_array_set_size (bottom, 0);
      for (; i < mark->n; i++)
        {
          double x = heft_map_forward (&self->plot->x, mark->x[i]), u = heft_map_forward (&self->plot->y, upper[i]);
          double l = heft_map_forward (&self->plot->y, lower[i]);
          double p[2] = { x, u }, q[2];

          if (!isfinite (l) && self->plot->y.log && lower[i] <= 0.0)
            l = self->plot->y.start;
          if (!isfinite (x) || !isfinite (u) || !isfinite (l))
            break;
          q[0] = x;
          q[1] = l;
          g_array_append_vals (top, p, 2);
          g_array_append_vals (bottom, q, 2);
        }
      i++;
      thin (self, top);
      n = thin (self, bottom);
      for (gsize k = n; k-- > 0;)
        {
          double q[2] = { g_array_index (bottom, double, 2 * k), g_array_index (bottom, double, 2 * k + 1) };

          g_array_append_vals (top, q, 2);
        }
      if (top->len >= 8)
        self->canvas->klass->polygon (self->canvas, (double *) (void *) top->data, top->len / 2, fill, NULL);
    }
}

static void
paint_points (const Painter *self, const HeftMark *mark, const HeftStyle *style)
{
  double radius = marker_radius (self) * (mark->faint ? 0.7 : 1.0), last_x = NAN, last_y = NAN;
  double merge = self->canvas->resolution > 0.0 ? 0.5 / self->canvas->resolution : 0.0;
  HeftStroke rim = { .colour = self->layout->palette.background, .width = 0.09 * self->plot->font_size };

  for (gsize i = 0; i < mark->n; i++)
    {
      double x = heft_map_forward (&self->plot->x, mark->x[i]), y = heft_map_forward (&self->plot->y, mark->y[i]);

      if (!isfinite (x) || !isfinite (y))
        continue;
      /* A marker in the very place of the last one adds nothing to pixels. */
      if (merge > 0.0 && fabs (x - last_x) < merge && fabs (y - last_y) < merge)
        continue;
      heft_canvas_marker (self->canvas, style->marker, x, y, radius, &style->colour, &rim);
      last_x = x;
      last_y = y;
    }
}

/* Short lines of the given slope in data units, of one length on the page, on whatever scales. */
static void
paint_tangents (const Painter *self, const HeftMark *mark, const HeftStyle *style)
{
  double reach = 2.1 * self->plot->font_size, last_x = INFINITY, last_y = INFINITY;
  HeftStroke stroke = { .colour = style->colour, .width = 0.6 * style->width };

  for (gsize i = 0; mark->lower != NULL && i < mark->n; i++)
    {
      double x = heft_map_forward (&self->plot->x, mark->x[i]), y = heft_map_forward (&self->plot->y, mark->y[i]);
      double dx, dy, length;

      if (!isfinite (x) || !isfinite (y) || !isfinite (mark->lower[i]))
        continue;
      /* Where points crowd, tangents that do not overlap say as much. */
      if (hypot (x - last_x, y - last_y) < 1.3 * reach && mark->n > 16)
        continue;
      last_x = x;
      last_y = y;
      dx = heft_map_slope (&self->plot->x, mark->x[i]);
      dy = heft_map_slope (&self->plot->y, mark->y[i]) * mark->lower[i];
      length = hypot (dx, dy);
      if (isfinite (length) && length > 0.0)
        {
          double xy[] = { x - reach * dx / length, y - reach * dy / length, x + reach * dx / length, y + reach * dy / length };

          self->canvas->klass->polyline (self->canvas, xy, 2, &stroke);
        }
    }
}

static void
paint_note (const Painter *self, const char *text, double right, double baseline, const HeftRgba *colour)
{
  const HeftRect *a = &self->plot->area;
  double f = self->plot->font_size;
  g_autoptr (HeftBox) box = heft_text_layout_fit (self->layout->fonts, text, 0.9 * f, HEFT_TEXT_PLAIN, 0.9 * a->width, 0.8);
  HeftRgba veil = self->layout->palette.background;
  HeftRect behind = { right - box->width - 0.25 * f, baseline - box->ascent - 0.06 * f, box->width + 0.5 * f,
                      box->ascent + box->descent + 0.12 * f };

  veil.a = 0.72;
  self->canvas->klass->rectangle (self->canvas, &behind, 0.25 * f, &veil, NULL);
  self->canvas->klass->text (self->canvas, box, right - box->width, baseline, 0.0, colour);
}

/* A guide out of range is named at the edge it lies beyond, so that it is never silently missing. */
static void
paint_horizontal (const Painter *self, const HeftMark *mark, const HeftStyle *style)
{
  const HeftRect *a = &self->plot->area;
  double f = self->plot->font_size, y, right = a->x + a->width - 0.4 * f;
  HeftStroke stroke = stroke_of (style);

  if (mark->n == 0 || mark->y == NULL || !heft_map_accepts (&self->plot->y, mark->y[0]))
    return;
  y = heft_map_forward (&self->plot->y, mark->y[0]);
  if (y >= a->y - 0.5 && y <= a->y + a->height + 0.5)
    {
      double xy[] = { a->x, y, a->x + a->width, y };

      self->canvas->klass->polyline (self->canvas, xy, 2, &stroke);
      if (mark->note != NULL)
        paint_note (self, mark->note, right, y - 1.35 * f > a->y ? y - 0.42 * f : y + 1.12 * f, &self->layout->palette.ink);
    }
  else if (mark->note != NULL)
    {
      gboolean above = y < a->y;
      g_autofree char *text = g_strconcat (mark->note, above ? " ↑" : " ↓", NULL);

      paint_note (self, text, right, above ? a->y + 1.05 * f : a->y + a->height - 0.45 * f, &self->layout->palette.dim);
    }
}

static void
paint_vertical (const Painter *self, const HeftMark *mark, const HeftStyle *style)
{
  const HeftRect *a = &self->plot->area;
  double f = self->plot->font_size, x;
  HeftStroke stroke = stroke_of (style);

  if (mark->n == 0 || mark->x == NULL || !heft_map_accepts (&self->plot->x, mark->x[0]))
    return;
  x = heft_map_forward (&self->plot->x, mark->x[0]);
  if (x >= a->x - 0.5 && x <= a->x + a->width + 0.5)
    {
      double xy[] = { x, a->y, x, a->y + a->height };

      self->canvas->klass->polyline (self->canvas, xy, 2, &stroke);
      if (mark->note != NULL)
        {
          g_autoptr (HeftBox) box = heft_text_layout (self->layout->fonts, mark->note, 0.9 * f, HEFT_TEXT_PLAIN);
          gboolean room = x + box->width + f < a->x + a->width;

          paint_note (self, mark->note, room ? x + 0.4 * f + box->width : x - 0.4 * f, a->y + 1.05 * f,
                      &self->layout->palette.ink);
        }
    }
}

static gsize
count_drawn (const Painter *self, const HeftMark *mark)
{
  gsize n = 0;

  for (gsize i = 0; i < mark->n && n < SHOW_POINTS_BELOW; i++)
    n += heft_map_accepts (&self->plot->x, mark->x[i]) && heft_map_accepts (&self->plot->y, mark->y[i]);

  return n;
}

static void
paint_data (const Painter *self, const HeftMark *mark)
{
  HeftStyle style = heft_mark_style (mark, &self->layout->palette);
  HeftRgba fill = style.colour;

  switch (mark->kind)
    {
    case HEFT_MARK_AREA:
      fill = heft_rgba_mix (style.colour, self->layout->palette.background, 0.42);
      if (mark->x != NULL && mark->lower != NULL && mark->upper != NULL)
        {
          paint_between (self, mark, mark->lower, mark->upper, &fill);
          style.width *= 0.7;
          paint_curve (self, mark, mark->upper, &style);
        }
      break;
    case HEFT_MARK_LINE:
    case HEFT_MARK_LINE_POINTS:
      if (mark->x == NULL || mark->y == NULL)
        break;
      fill.a = 0.2;
      if (mark->lower != NULL && mark->upper != NULL)
        paint_between (self, mark, mark->lower, mark->upper, &fill);
      paint_curve (self, mark, mark->y, &style);
      if (mark->kind == HEFT_MARK_LINE_POINTS || (!mark->faint && count_drawn (self, mark) < SHOW_POINTS_BELOW))
        paint_points (self, mark, &style);
      break;
    case HEFT_MARK_POINTS:
      if (mark->x != NULL && mark->y != NULL)
        paint_points (self, mark, &style);
      break;
    case HEFT_MARK_TANGENT:
      if (mark->x != NULL && mark->y != NULL)
        paint_tangents (self, mark, &style);
      break;
    case HEFT_MARK_CONTOUR:
      paint_contour (self, mark, &style, FALSE);
      break;
    case HEFT_MARK_HORIZONTAL:
      paint_horizontal (self, mark, &style);
      break;
    case HEFT_MARK_VERTICAL:
      paint_vertical (self, mark, &style);
      break;
    default:
      break;
    }
}

/* Areas below, then what is faint, then guides, tangents, curves and points. */
static int
depth_of (const HeftMark *mark)
{
  if (mark->kind == HEFT_MARK_AREA)
    return 0;
  if (mark->faint)
    return 1;
  if (mark->kind == HEFT_MARK_TANGENT)
    return 2;
  if (mark->kind == HEFT_MARK_POINTS)
    return 4;
  return heft_mark_is_guide (mark) ? 5 : 3;
}

void
heft_paint_marks (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  Painter self = { .layout = layout, .plot = plot, .canvas = canvas };
  const HeftRect *a = &plot->area;
  /* Lines that touch the edge keep their width. */
  HeftRect clip = { a->x - 2.0, a->y - 2.0, a->width + 4.0, a->height + 4.0 };
  gsize points = 0;

  for (guint k = 0; k < plot->plot->marks->len; k++)
    points += ((const HeftMark *) g_ptr_array_index (plot->plot->marks, k))->n;
  if (canvas->resolution > 0.0)
    self.column = (layout->theme.thin ? 1.0 : 0.25) / canvas->resolution;
  else if (points > HEFT_FILE_MAX_POINTS)
    self.column = 0.1;

  canvas->klass->clip (canvas, &clip);
  /* All halos lie below all lines: where two lines run together both are seen. */
  for (guint k = 0; k < plot->plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->plot->marks, k);
      HeftStyle style = heft_mark_style (mark, &layout->palette);

      if (!mark->hidden && mark->kind == HEFT_MARK_CONTOUR)
        paint_contour (&self, mark, &style, TRUE);
    }
  for (int depth = 0; depth <= 5; depth++)
    for (guint k = 0; k < plot->plot->marks->len; k++)
      {
        const HeftMark *mark = g_ptr_array_index (plot->plot->marks, k);

        if (mark->hidden || depth_of (mark) != depth)
          continue;
        canvas->klass->group (canvas, "mark", mark->label);
        paint_data (&self, mark);
        canvas->klass->ungroup (canvas);
      }
  canvas->klass->unclip (canvas);
}

static void
paint_sample (const Painter *self, const HeftMark *mark, const HeftRect *rect)
{
  double f = self->plot->font_size, width = heft_legend_sample (f), y = rect->y + rect->height / 2;
  HeftStyle style = heft_mark_style (mark, &self->layout->palette);
  HeftStroke stroke;
  double xy[] = { rect->x, y, rect->x + width, y };
  gboolean marker = mark->kind == HEFT_MARK_POINTS || mark->kind == HEFT_MARK_LINE_POINTS;

  if (heft_mark_is_key (mark))
    return;
  if (mark->hidden)
    style.colour = heft_rgba_mix (style.colour, self->layout->palette.background, 0.7);
  stroke = stroke_of (&style);
  if (mark->kind == HEFT_MARK_AREA)
    {
      HeftRect swatch = { rect->x + 0.4 * f, y - 0.36 * f, width - 0.6 * f, 0.72 * f };
      HeftRgba fill = heft_rgba_mix (style.colour, self->layout->palette.background, 0.42);

      stroke.width *= 0.7;
      self->canvas->klass->rectangle (self->canvas, &swatch, 0.14 * f, &fill, &stroke);
    }
  else if (mark->kind != HEFT_MARK_POINTS)
    {
      if (mark->lower != NULL && mark->upper != NULL && mark->kind != HEFT_MARK_TANGENT)
        {
          HeftRect band = { rect->x, y - 0.3 * f, width, 0.6 * f };
          HeftRgba fill = style.colour;

          fill.a = 0.2;
          self->canvas->klass->rectangle (self->canvas, &band, 0.0, &fill, NULL);
        }
      self->canvas->klass->polyline (self->canvas, xy, 2, &stroke);
    }
  if (marker)
    {
      HeftStroke rim = { .colour = self->layout->palette.background, .width = 0.09 * f };

      heft_canvas_marker (self->canvas, style.marker, rect->x + width / 2, y, marker_radius (self), &style.colour, &rim);
    }
}

void
heft_paint_legend (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  Painter self = { .layout = layout, .plot = plot, .canvas = canvas };
  double f = plot->font_size;

  if (plot->legend->len == 0)
    return;
  canvas->klass->group (canvas, "legend", NULL);
  if (plot->legend_inside)
    {
      HeftRgba veil = layout->palette.background;
      HeftRect behind = { plot->legend_rect.x - 0.3 * f, plot->legend_rect.y - 0.15 * f, plot->legend_rect.width + 0.6 * f,
                          plot->legend_rect.height + 0.3 * f };

      veil.a = 0.8;
      canvas->klass->rectangle (canvas, &behind, 0.3 * f, &veil, NULL);
    }
  for (guint i = 0; i < plot->legend->len; i++)
    {
      const HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, i);
      const HeftMark *mark = g_ptr_array_index (plot->plot->marks, entry->mark);
      HeftRgba colour = mark->hidden ? heft_rgba_mix (layout->palette.ink, layout->palette.background, 0.6)
                                     : layout->palette.ink;

      paint_sample (&self, mark, &entry->rect);
      canvas->klass->text (canvas, entry->box, entry->rect.x + heft_legend_indent (mark, f),
                           entry->rect.y + entry->rect.height / 2 + 0.31 * f, 0.0, &colour);
    }
  if (plot->legend_left_out > 0)
    {
      const HeftLegendEntry *last = &g_array_index (plot->legend, HeftLegendEntry, plot->legend->len - 1);
      g_autofree char *text = g_strdup_printf ("+%u", plot->legend_left_out);
      g_autoptr (HeftBox) box = heft_text_layout (layout->fonts, text, 0.85 * f, HEFT_TEXT_PLAIN);
      double x = MIN (last->rect.x + last->rect.width + 0.7 * f, plot->cell.x + plot->cell.width - box->width);

      canvas->klass->text (canvas, box, x, last->rect.y + last->rect.height / 2 + 0.31 * f, 0.0, &layout->palette.dim);
    }
  canvas->klass->ungroup (canvas);
}
