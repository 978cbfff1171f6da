/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* The canvas of screen, PNG and PDF: Cairo. */

typedef struct
{
  HeftCanvas parent;
  cairo_t   *cr;
} CairoCanvas;

static void
set_colour (cairo_t *cr, const HeftRgba *colour)
{
  cairo_set_source_rgba (cr, colour->r, colour->g, colour->b, colour->a);
}

static void
apply_stroke (cairo_t *cr, const HeftStroke *stroke)
{
  set_colour (cr, &stroke->colour);
  cairo_set_line_width (cr, stroke->width);
  cairo_set_dash (cr, stroke->dash, stroke->n_dash, 0.0);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap (cr, stroke->n_dash > 0 ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
  cairo_stroke (cr);
}

static void
trace (cairo_t *cr, const double *xy, gsize first, gsize n)
{
  cairo_move_to (cr, xy[2 * first], xy[2 * first + 1]);
  for (gsize i = first + 1; i < first + n; i++)
    cairo_line_to (cr, xy[2 * i], xy[2 * i + 1]);
}

/*
 * Stroking one long path that crosses itself costs Cairo far more than its pieces (performance.md), so pixels get pieces; the dash
 * pattern runs on from piece to piece. Vectors get one path.
 */
static void
cairo_canvas_polyline (HeftCanvas *canvas, const double *xy, gsize n, const HeftStroke *stroke)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;
  gsize piece = canvas->resolution > 0.0 ? 24 : G_MAXSIZE / 4;
  double length = 0.0;

  if (n == 0)
    return;
  cairo_save (cr);
  set_colour (cr, &stroke->colour);
  cairo_set_line_width (cr, stroke->width);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap (cr, stroke->n_dash > 0 ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
  for (gsize first = 0; first < n && (first == 0 || first + 1 < n); first += piece)
    {
      gsize count = MIN (piece + 1, n - first);

      trace (cr, xy, first, count);
      cairo_set_dash (cr, stroke->dash, stroke->n_dash, length);
      cairo_stroke (cr);
      if (stroke->n_dash > 0)
        for (gsize i = first + 1; i < first + count; i++)
          length += hypot (xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]);
      if (count <= piece)
        break;
    }
  cairo_restore (cr);
}

static void
fill_and_stroke (cairo_t *cr, const HeftRgba *fill, const HeftStroke *stroke)
{
  if (fill != NULL)
    {
      set_colour (cr, fill);
      cairo_fill_preserve (cr);
    }
  if (stroke != NULL)
    apply_stroke (cr, stroke);
  cairo_new_path (cr);
}

static void
cairo_canvas_polygon (HeftCanvas *canvas, const double *xy, gsize n, const HeftRgba *fill, const HeftStroke *stroke)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;

  if (n < 3)
    return;
  cairo_save (cr);
  trace (cr, xy, 0, n);
  cairo_close_path (cr);
  fill_and_stroke (cr, fill, stroke);
  cairo_restore (cr);
}

static void
cairo_canvas_rectangle (HeftCanvas *canvas, const HeftRect *r, double radius, const HeftRgba *fill, const HeftStroke *stroke)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;

  cairo_save (cr);
  radius = MIN (radius, MIN (r->width, r->height) / 2);
  if (radius > 0.0)
    {
      cairo_new_sub_path (cr);
      cairo_arc (cr, r->x + r->width - radius, r->y + radius, radius, -G_PI_2, 0.0);
      cairo_arc (cr, r->x + r->width - radius, r->y + r->height - radius, radius, 0.0, G_PI_2);
      cairo_arc (cr, r->x + radius, r->y + r->height - radius, radius, G_PI_2, G_PI);
      cairo_arc (cr, r->x + radius, r->y + radius, radius, G_PI, 1.5 * G_PI);
      cairo_close_path (cr);
    }
  else
    cairo_rectangle (cr, r->x, r->y, r->width, r->height);
  fill_and_stroke (cr, fill, stroke);
  cairo_restore (cr);
}

static void
cairo_canvas_circle (HeftCanvas *canvas, double x, double y, double radius, const HeftRgba *fill, const HeftStroke *stroke)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;

  cairo_save (cr);
  cairo_arc (cr, x, y, radius, 0.0, 2 * G_PI);
  cairo_close_path (cr);
  fill_and_stroke (cr, fill, stroke);
  cairo_restore (cr);
}

static void
cairo_canvas_image (HeftCanvas *canvas, const HeftRect *rect, cairo_surface_t *pixels)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;
  int width = cairo_image_surface_get_width (pixels), height = cairo_image_surface_get_height (pixels);

  cairo_save (cr);
  cairo_rectangle (cr, rect->x, rect->y, rect->width, rect->height);
  cairo_clip (cr);
  cairo_translate (cr, rect->x, rect->y);
  cairo_scale (cr, rect->width / width, rect->height / height);
  cairo_set_source_surface (cr, pixels, 0.0, 0.0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_restore (cr);
}

static void
cairo_canvas_clip (HeftCanvas *canvas, const HeftRect *rect)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;

  cairo_save (cr);
  cairo_rectangle (cr, rect->x, rect->y, rect->width, rect->height);
  cairo_clip (cr);
}

static void
cairo_canvas_unclip (HeftCanvas *canvas)
{
  cairo_restore (((CairoCanvas *) canvas)->cr);
}

static void
cairo_canvas_group (HeftCanvas *canvas, const char *css_class, const char *label)
{
}

static void
cairo_canvas_ungroup (HeftCanvas *canvas)
{
}

static void
cairo_canvas_text (HeftCanvas *canvas, const HeftBox *box, double x, double baseline, double angle, const HeftRgba *colour)
{
  cairo_t *cr = ((CairoCanvas *) canvas)->cr;

  cairo_save (cr);
  set_colour (cr, colour);
  if (angle != 0.0)
    {
      cairo_translate (cr, x, baseline);
      cairo_rotate (cr, angle);
      heft_box_show (box, cr, 0.0, 0.0, canvas->resolution > 0.0);
    }
  else
    heft_box_show (box, cr, x, baseline, canvas->resolution > 0.0);
  cairo_restore (cr);
}

static const HeftCanvasClass cairo_canvas_class = {
  .polyline = cairo_canvas_polyline,
  .polygon = cairo_canvas_polygon,
  .rectangle = cairo_canvas_rectangle,
  .circle = cairo_canvas_circle,
  .image = cairo_canvas_image,
  .clip = cairo_canvas_clip,
  .unclip = cairo_canvas_unclip,
  .group = cairo_canvas_group,
  .ungroup = cairo_canvas_ungroup,
  .text = cairo_canvas_text,
};

HeftCanvas *
heft_canvas_new_cairo (cairo_t *cr, double resolution)
{
  CairoCanvas *self = g_new0 (CairoCanvas, 1);

  self->parent.klass = &cairo_canvas_class;
  self->parent.resolution = resolution;
  self->cr = cairo_reference (cr);

  return &self->parent;
}

void
heft_canvas_free_cairo (HeftCanvas *canvas)
{
  cairo_destroy (((CairoCanvas *) canvas)->cr);
  g_free (canvas);
}

void
heft_canvas_marker (HeftCanvas *self, HeftMarker marker, double x, double y, double radius, const HeftRgba *fill,
                    const HeftStroke *stroke)
{
  double r = radius;

  switch (marker)
    {
    case HEFT_MARKER_SQUARE:
      {
        double s = 0.88 * r, p[] = { x - s, y - s, x + s, y - s, x + s, y + s, x - s, y + s };
        self->klass->polygon (self, p, 4, fill, stroke);
        break;
      }
    case HEFT_MARKER_TRIANGLE:
      {
        double p[] = { x, y - 1.2 * r, x + 1.1 * r, y + 0.8 * r, x - 1.1 * r, y + 0.8 * r };
        self->klass->polygon (self, p, 3, fill, stroke);
        break;
      }
    case HEFT_MARKER_DIAMOND:
      {
        double s = 1.25 * r, p[] = { x, y - s, x + s, y, x, y + s, x - s, y };
        self->klass->polygon (self, p, 4, fill, stroke);
        break;
      }
    case HEFT_MARKER_CROSS:
      {
        double a = 0.35 * r, b = 1.15 * r;
        double p[] = { x - a, y - b, x + a, y - b, x + a, y - a, x + b, y - a, x + b, y + a, x + a, y + a,
                       x + a, y + b, x - a, y + b, x - a, y + a, x - b, y + a, x - b, y - a, x - a, y - a };
        self->klass->polygon (self, p, 12, fill, stroke);
        break;
      }
    case HEFT_MARKER_CIRCLE:
    default:
      self->klass->circle (self, x, y, r, fill, stroke);
      break;
    }
}
