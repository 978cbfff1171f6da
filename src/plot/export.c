/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <cairo-pdf.h>
#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

/* Figures as files: one painter, three surfaces. */

/* Cairo's image surfaces end at 32767 pixels a side. */
#define MAX_PIXELS 32767.0
#define MAX_POINTS 14400.0

static cairo_status_t
append_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
check_cairo (cairo_status_t status, GError **error)
{
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
               _("The figure could not be drawn (%s); choose a smaller size or fewer dots per inch."),
               cairo_status_to_string (status));

  return FALSE;
}

/* Formulas lose their dollar signs and backslashes in places that hold plain text only. */
static char *
plain_text (const char *text)
{
  GString *s = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  for (const char *p = valid; *p != '\0'; p++)
    if (*p != '$' && *p != '\\' && *p != '{' && *p != '}')
      g_string_append_c (s, *p);

  return g_string_free (s, FALSE);
}

static GBytes *
export_svg (const HeftFigure *self, double width, double height, const HeftTheme *theme)
{
  g_autofree char *title = plain_text (self->title);
  g_autofree char *description = plain_text (self->caption);
  HeftCanvas *canvas = heft_canvas_new_svg (width, height, title, description);
  g_autoptr (HeftLayout) layout = heft_layout_new (self, width, height, theme, 0.0);
  char *text;
  gsize length;

  heft_paint_layout (layout, canvas);
  text = heft_canvas_end_svg (canvas, &length);

  return g_bytes_new_take (text, length);
}

static GBytes *
export_pdf (const HeftFigure *self, double width, double height, const HeftTheme *theme, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (append_bytes, bytes, width, height);
  g_autofree char *title = plain_text (self->title);
  g_autofree char *subject = plain_text (self->caption);
  cairo_status_t status;
  cairo_t *cr;

  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_SUBJECT, subject);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Heft " HEFT_VERSION);
  cr = cairo_create (surface);
  heft_figure_paint (self, cr, width, height, theme);
  cairo_show_page (cr);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (!check_cairo (status, error))
    return NULL;

  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static guint32
crc32 (const guint8 *data, gsize n)
{
  guint32 crc = 0xffffffffu;

  for (gsize i = 0; i < n; i++)
    {
      crc ^= data[i];
      for (int k = 0; k < 8; k++)
        crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }

  return ~crc;
}

/* Cairo writes no pHYs chunk; with it the picture keeps its size in print (PNG 1.2, 11.3.5.3). */
static void
insert_resolution (GByteArray *png, double dpi)
{
  guint8 chunk[21] = { 0, 0, 0, 9, 'p', 'H', 'Y', 's' };
  guint32 per_metre = GUINT32_TO_BE ((guint32) lrint (dpi / 0.0254)), crc;
  const gsize after_header = 8 + 25;

  if (png->len < after_header)
    return;
  memcpy (chunk + 8, &per_metre, 4);
  memcpy (chunk + 12, &per_metre, 4);
  chunk[16] = 1;
  crc = GUINT32_TO_BE (crc32 (chunk + 4, 13));
  memcpy (chunk + 17, &crc, 4);
  g_byte_array_set_size (png, png->len + sizeof chunk);
  memmove (png->data + after_header + sizeof chunk, png->data + after_header, png->len - sizeof chunk - after_header);
  memcpy (png->data + after_header, chunk, sizeof chunk);
}

static GBytes *
export_png (const HeftFigure *self, double width, double height, double dpi, const HeftTheme *theme, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  double scale = dpi / 72.0, w = ceil (width * scale - 1e-6), h = ceil (height * scale - 1e-6);
  cairo_surface_t *surface;
  cairo_status_t status;
  cairo_t *cr;

  if (w > MAX_PIXELS || h > MAX_PIXELS || w * h > 400e6)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("A picture of %.0f × %.0f pixels is too large; choose a smaller size or fewer dots per inch."), w, h);
      return NULL;
    }
  surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, MAX ((int) w, 1), MAX ((int) h, 1));
  cr = cairo_create (surface);
  cairo_scale (cr, scale, scale);
  heft_figure_paint (self, cr, width, height, theme);
  status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png_stream (surface, append_bytes, bytes);
  cairo_surface_destroy (surface);
  if (!check_cairo (status, error))
    return NULL;
  insert_resolution (bytes, dpi);

  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

/**
 * heft_figure_export_bytes:
 * @width: in points, 1/72 inch
 * @height: in points
 * @dpi: of a PNG
 *
 * Returns: (transfer full) (nullable): the contents of the file. Sizes that cannot be are %HEFT_ERROR_INVALID_PARAMETER, those
 *   that are too large %HEFT_ERROR_TOO_LARGE.
 */
GBytes *
heft_figure_export_bytes (const HeftFigure *self, HeftFileFormat format, double width, double height, double dpi,
                          const HeftTheme *theme, GError **error)
{
  g_return_val_if_fail (self != NULL && theme != NULL, NULL);

  if (!isfinite (width) || !isfinite (height) || width < 8.0 || height < 8.0 || width > MAX_POINTS || height > MAX_POINTS)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("A figure is between 8 and %.0f points wide and high (a point is 1/72 inch)."), MAX_POINTS);
      return NULL;
    }
  if (format == HEFT_FILE_PNG && !(isfinite (dpi) && dpi > 0.0))
    {
      g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("The dots per inch must be a positive number."));
      return NULL;
    }
  switch (format)
    {
    case HEFT_FILE_SVG:
      return export_svg (self, width, height, theme);
    case HEFT_FILE_PDF:
      return export_pdf (self, width, height, theme, error);
    case HEFT_FILE_PNG:
    default:
      return export_png (self, width, height, dpi, theme, error);
    }
}

/**
 * heft_figure_export:
 * @path: of the file; it is replaced at once or not at all
 *
 * Returns: %TRUE when the file is written
 */
gboolean
heft_figure_export (const HeftFigure *self, HeftFileFormat format, double width, double height, double dpi,
                    const HeftTheme *theme, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize size;

  g_return_val_if_fail (path != NULL, FALSE);

  bytes = heft_figure_export_bytes (self, format, width, height, dpi, theme, error);
  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);

  return g_file_set_contents (path, data, size, error);
}
