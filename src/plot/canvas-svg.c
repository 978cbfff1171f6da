/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>
#include <string.h>

/*
 * The canvas of SVG files. Cairo's own SVG surface turns text into outlines and drops vertices that lie on a straight line;
 * here text stays text that can be searched and edited, and every vertex of a curve is in the file (users.md U1, U2).
 */

typedef struct
{
  HeftCanvas parent;
  GString   *out;
  guint      n_clips;
} SvgCanvas;

/* At most three decimals (a thousandth of a point), without trailing zeros, whatever the locale. */
static void
number (GString *out, double value)
{
  char buffer[48];
  char *end;

  g_ascii_formatd (buffer, sizeof buffer, "%.3f", isfinite (value) ? CLAMP (value, -1e6, 1e6) : 0.0);
  end = buffer + strlen (buffer);
  while (end > buffer && end[-1] == '0')
    *--end = '\0';
  if (end > buffer && end[-1] == '.')
    *--end = '\0';
  g_string_append (out, strcmp (buffer, "-0") == 0 ? "0" : buffer);
}

static void
attribute (GString *out, const char *name, double value)
{
  g_string_append_printf (out, " %s=\"", name);
  number (out, value);
  g_string_append_c (out, '"');
}

static void
escaped (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  /* Control characters are not allowed in XML at all. */
  for (const char *p = valid; *p != '\0'; p++)
    {
      switch (*p)
        {
        case '&': g_string_append (out, "&amp;"); break;
        case '<': g_string_append (out, "&lt;"); break;
        case '>': g_string_append (out, "&gt;"); break;
        case '"': g_string_append (out, "&quot;"); break;
        default:
          g_string_append_c (out, (guchar) *p < 0x20 ? ' ' : *p);
          break;
        }
    }
}

static void
colour_attribute (GString *out, const char *name, const HeftRgba *colour)
{
  g_string_append_printf (out, " %s=\"#%02x%02x%02x\"", name, (guint) lrint (CLAMP (colour->r, 0, 1) * 255),
                          (guint) lrint (CLAMP (colour->g, 0, 1) * 255), (guint) lrint (CLAMP (colour->b, 0, 1) * 255));
  if (colour->a < 1.0)
    {
      g_autofree char *opacity = g_strconcat (name, "-opacity", NULL);

      attribute (out, opacity, colour->a);
    }
}

static void
paint_attributes (GString *out, const HeftRgba *fill, const HeftStroke *stroke)
{
  if (fill != NULL)
    colour_attribute (out, "fill", fill);
  else
    g_string_append (out, " fill=\"none\"");
  if (stroke == NULL)
    return;
  colour_attribute (out, "stroke", &stroke->colour);
  attribute (out, "stroke-width", stroke->width);
  g_string_append_printf (out, " stroke-linejoin=\"round\" stroke-linecap=\"%s\"", stroke->n_dash > 0 ? "butt" : "round");
  if (stroke->n_dash > 0)
    {
      g_string_append (out, " stroke-dasharray=\"");
      for (guint i = 0; i < stroke->n_dash; i++)
        {
          if (i > 0)
            g_string_append_c (out, ' ');
          number (out, stroke->dash[i]);
        }
      g_string_append_c (out, '"');
    }
}

static void
points (GString *out, const double *xy, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_string_append_c (out, i == 0 ? 'M' : (i == 1 ? 'L' : ' '));
      number (out, xy[2 * i]);
      g_string_append_c (out, ' ');
      number (out, xy[2 * i + 1]);
    }
}

static void
svg_polyline (HeftCanvas *canvas, const double *xy, gsize n, const HeftStroke *stroke)
{
  GString *out = ((SvgCanvas *) canvas)->out;

  if (n == 0)
    return;
  g_string_append (out, "<path d=\"");
  points (out, xy, n);
  if (n == 1)
    g_string_append (out, "h0");
  g_string_append_c (out, '"');
  paint_attributes (out, NULL, stroke);
  g_string_append (out, "/>\n");
}

static void
svg_polygon (HeftCanvas *canvas, const double *xy, gsize n, const HeftRgba *fill, const HeftStroke *stroke)
{
  GString *out = ((SvgCanvas *) canvas)->out;

  if (n < 3)
    return;
  g_string_append (out, "<path d=\"");
  points (out, xy, n);
  g_string_append (out, "Z\"");
  paint_attributes (out, fill, stroke);
  g_string_append (out, "/>\n");
}

static void
rect_attributes (GString *out, const HeftRect *r)
{
  attribute (out, "x", r->x);
  attribute (out, "y", r->y);
  attribute (out, "width", MAX (r->width, 0.0));
  attribute (out, "height", MAX (r->height, 0.0));
}

static void
svg_rectangle (HeftCanvas *canvas, const HeftRect *r, double radius, const HeftRgba *fill, const HeftStroke *stroke)
{
  GString *out = ((SvgCanvas *) canvas)->out;

  g_string_append (out, "<rect");
  rect_attributes (out, r);
  if (radius > 0.0)
    attribute (out, "rx", MIN (radius, MIN (r->width, r->height) / 2));
  paint_attributes (out, fill, stroke);
  g_string_append (out, "/>\n");
}

static void
svg_circle (HeftCanvas *canvas, double x, double y, double radius, const HeftRgba *fill, const HeftStroke *stroke)
{
  GString *out = ((SvgCanvas *) canvas)->out;

  g_string_append (out, "<circle");
  attribute (out, "cx", x);
  attribute (out, "cy", y);
  attribute (out, "r", radius);
  paint_attributes (out, fill, stroke);
  g_string_append (out, "/>\n");
}

static cairo_status_t
append_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

/* Enlarged to whole blocks of pixels: not every viewer knows how to keep small images sharp. */
static cairo_surface_t *
enlarge (cairo_surface_t *pixels)
{
  int width = cairo_image_surface_get_width (pixels), height = cairo_image_surface_get_height (pixels);
  int factor = CLAMP (512 / MAX (MAX (width, height), 1), 1, 16);
  cairo_surface_t *large = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width * factor, height * factor);
  cairo_t *cr = cairo_create (large);

  cairo_scale (cr, factor, factor);
  cairo_set_source_surface (cr, pixels, 0.0, 0.0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_destroy (cr);

  return large;
}

static void
svg_image (HeftCanvas *canvas, const HeftRect *rect, cairo_surface_t *pixels)
{
  GString *out = ((SvgCanvas *) canvas)->out;
  g_autoptr (GByteArray) png = g_byte_array_new ();
  cairo_surface_t *large = enlarge (pixels);
  g_autofree char *base64 = NULL;

  cairo_surface_write_to_png_stream (large, append_bytes, png);
  cairo_surface_destroy (large);
  base64 = g_base64_encode (png->data, png->len);
  g_string_append (out, "<image");
  rect_attributes (out, rect);
  g_string_append_printf (out,
                          " preserveAspectRatio=\"none\" style=\"image-rendering:optimizeSpeed;image-rendering:pixelated\" "
                          "xlink:href=\"data:image/png;base64,%s\"/>\n",
                          base64);
}

static void
svg_clip (HeftCanvas *canvas, const HeftRect *rect)
{
  SvgCanvas *self = (SvgCanvas *) canvas;

  self->n_clips++;
  g_string_append_printf (self->out, "<clipPath id=\"clip%u\"><rect", self->n_clips);
  rect_attributes (self->out, rect);
  g_string_append_printf (self->out, "/></clipPath>\n<g clip-path=\"url(#clip%u)\">\n", self->n_clips);
}

static void
svg_group (HeftCanvas *canvas, const char *css_class, const char *label)
{
  GString *out = ((SvgCanvas *) canvas)->out;

  g_string_append_printf (out, "<g class=\"%s\"", css_class);
  if (label != NULL && *label != '\0')
    {
      g_string_append (out, " aria-label=\"");
      escaped (out, label);
      g_string_append_c (out, '"');
    }
  g_string_append (out, ">\n");
}

static void
svg_ungroup (HeftCanvas *canvas)
{
  g_string_append (((SvgCanvas *) canvas)->out, "</g>\n");
}

/* Pango's comma-separated families, quoted as CSS wants names with spaces. */
static void
family (GString *out, HeftFont font)
{
  g_auto (GStrv) names = g_strsplit (heft_font_family (font), ",", -1);

  for (guint i = 0; names[i] != NULL; i++)
    g_string_append_printf (out, strchr (names[i], ' ') != NULL ? "%s'%s'" : "%s%s", i > 0 ? ", " : "", names[i]);
}

static void
shapes (SvgCanvas *self, const HeftBox *box, const HeftRgba *colour)
{
  for (guint i = 0; i < box->items->len; i++)
    {
      const HeftBoxItem *item = &g_array_index (box->items, HeftBoxItem, i);

      if (item->kind == HEFT_ITEM_RULE)
        {
          HeftRect rect = { item->x, item->y, item->width, item->height };

          svg_rectangle (&self->parent, &rect, 0.0, colour, NULL);
        }
      else if (item->kind == HEFT_ITEM_STROKE)
        {
          double xy[2 * HEFT_BOX_MAX_POINTS];

          for (guint k = 0; k < item->n_points; k++)
            {
              xy[2 * k] = item->x + item->points[2 * k];
              xy[2 * k + 1] = item->y + item->points[2 * k + 1];
            }
          g_string_append (self->out, "<path d=\"");
          points (self->out, xy, item->n_points);
          g_string_append (self->out, "\" fill=\"none\"");
          colour_attribute (self->out, "stroke", colour);
          attribute (self->out, "stroke-width", item->line_width);
          g_string_append (self->out, "/>\n");
        }
    }
}

/* One text element a label; its runs are spans at their own places, so a reader without the fonts keeps the layout. */
static void
svg_text (HeftCanvas *canvas, const HeftBox *box, double x, double baseline, double angle, const HeftRgba *colour)
{
  SvgCanvas *self = (SvgCanvas *) canvas;
  GString *out = self->out;

  if (box->items->len == 0)
    return;
  g_string_append (out, "<g transform=\"translate(");
  number (out, x);
  g_string_append_c (out, ' ');
  number (out, baseline);
  g_string_append_c (out, ')');
  if (angle != 0.0)
    {
      g_string_append (out, " rotate(");
      number (out, angle * 180.0 / G_PI);
      g_string_append_c (out, ')');
    }
  g_string_append (out, "\">");
  shapes (self, box, colour);
  g_string_append (out, "<text xml:space=\"preserve\"");
  colour_attribute (out, "fill", colour);
  if (box->source != NULL && strchr (box->source, '$') != NULL)
    {
      g_string_append (out, " aria-label=\"");
      escaped (out, box->source);
      g_string_append_c (out, '"');
    }
  g_string_append_c (out, '>');
  for (guint i = 0; i < box->items->len; i++)
    {
      const HeftBoxItem *item = &g_array_index (box->items, HeftBoxItem, i);
      static const char *const style[HEFT_N_FONTS] = { "t", "t b", "m", "m i", "m b" };

      if (item->kind != HEFT_ITEM_TEXT)
        continue;
      g_string_append_printf (out, "<tspan class=\"%s\"", style[item->font]);
      attribute (out, "x", item->x);
      attribute (out, "y", item->y);
      attribute (out, "font-size", item->size);
      g_string_append_c (out, '>');
      escaped (out, item->text);
      g_string_append (out, "</tspan>");
    }
  g_string_append (out, "</text></g>\n");
}

static const HeftCanvasClass svg_canvas_class = {
  .polyline = svg_polyline,
  .polygon = svg_polygon,
  .rectangle = svg_rectangle,
  .circle = svg_circle,
  .image = svg_image,
  .clip = svg_clip,
  .unclip = svg_ungroup,
  .group = svg_group,
  .ungroup = svg_ungroup,
  .text = svg_text,
};

HeftCanvas *
heft_canvas_new_svg (double width, double height, const char *title, const char *description)
{
  SvgCanvas *self = g_new0 (SvgCanvas, 1);
  GString *out = g_string_sized_new (64 * 1024);

  self->parent.klass = &svg_canvas_class;
  self->out = out;
  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\" "
                        "role=\"img\" width=\"");
  number (out, width);
  g_string_append (out, "pt\" height=\"");
  number (out, height);
  g_string_append (out, "pt\" viewBox=\"0 0 ");
  number (out, width);
  g_string_append_c (out, ' ');
  number (out, height);
  g_string_append (out, "\">\n<title>");
  escaped (out, title != NULL ? title : "");
  g_string_append (out, "</title>\n<desc>");
  escaped (out, description != NULL ? description : "");
  g_string_append (out, "</desc>\n<style>.t{font-family:");
  family (out, HEFT_FONT_TEXT);
  g_string_append (out, ";font-variant-numeric:tabular-nums}.m{font-family:");
  family (out, HEFT_FONT_MATH);
  g_string_append (out, "}.i{font-style:italic}.b{font-weight:bold}</style>\n");

  return &self->parent;
}

/* Ends the document and frees the canvas. */
char *
heft_canvas_end_svg (HeftCanvas *canvas, gsize *length)
{
  SvgCanvas *self = (SvgCanvas *) canvas;
  char *text;

  g_string_append (self->out, "</svg>\n");
  *length = self->out->len;
  text = g_string_free (self->out, FALSE);
  g_free (self);

  return text;
}
