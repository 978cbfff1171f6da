/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gallery.h"
#include "svg.h"

#include <heft/error.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static GBytes *
export (const HeftFigure *figure, HeftFileFormat format, double width, double height, double dpi)
{
  HeftTheme theme = heft_theme_file ();
  g_autoptr (GError) error = NULL;
  GBytes *bytes = heft_figure_export_bytes (figure, format, width, height, dpi, &theme, &error);

  g_assert_no_error (error);
  g_assert_nonnull (bytes);
  return bytes;
}

typedef struct
{
  GBytes *bytes;
  gsize   at;
} Stream;

static cairo_status_t
read_bytes (void *closure, unsigned char *data, unsigned int length)
{
  Stream *stream = closure;
  gsize size;
  const guchar *all = g_bytes_get_data (stream->bytes, &size);

  if (stream->at + length > size)
    return CAIRO_STATUS_READ_ERROR;
  memcpy (data, all + stream->at, length);
  stream->at += length;
  return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *
read_png (GBytes *bytes)
{
  Stream stream = { bytes, 0 };
  cairo_surface_t *surface = cairo_image_surface_create_from_png_stream (read_bytes, &stream);

  g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
  return surface;
}

static guint32
pixel (cairo_surface_t *surface, int x, int y)
{
  const guchar *data = cairo_image_surface_get_data (surface);
  guint32 value;

  memcpy (&value, data + y * cairo_image_surface_get_stride (surface) + 4 * x, 4);
  return value;
}

/* Painting depends on the figure alone: the same value, or its copy, gives the same bytes. */
static void
test_purity (void)
{
  for (gsize i = 0; gallery_names[i] != NULL; i++)
    {
      g_autoptr (HeftFigure) figure = gallery_figure (gallery_names[i]);
      g_autoptr (HeftFigure) copy = heft_figure_copy (figure);
      g_autoptr (GBytes) first = export (figure, HEFT_FILE_PNG, 480, 300, 72);
      g_autoptr (GBytes) second = export (figure, HEFT_FILE_PNG, 480, 300, 72);
      g_autoptr (GBytes) third = export (copy, HEFT_FILE_PNG, 480, 300, 72);
      g_autoptr (GBytes) svg = export (figure, HEFT_FILE_SVG, 480, 300, 72);
      g_autoptr (GBytes) svg_again = export (copy, HEFT_FILE_SVG, 480, 300, 72);

      g_assert_true (g_bytes_equal (first, second));
      g_assert_true (g_bytes_equal (first, third));
      g_assert_true (g_bytes_equal (svg, svg_again));
    }
}

/* users.md U1. */
static void
test_svg_text (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("tradeoff");
  g_autoptr (HeftFigure) loss = gallery_figure ("loss");
  g_autoptr (GBytes) bytes = export (figure, HEFT_FILE_SVG, 480, 300, 72);
  g_autoptr (GBytes) loss_bytes = export (loss, HEFT_FILE_SVG, 360, 260, 72);
  g_autoptr (SvgFile) svg = svg_read (bytes);
  g_autoptr (SvgFile) loss_svg = svg_read (loss_bytes);
  static const char *const legend[] = { "Minibatch loss", "EQL, training", "EQL, test", "Lagrangian Cβ", "Error of Q, training",
                                        "Error of Q, test", "Error at the mean, test" };

  g_assert_cmpstr (svg->title, ==, "Trade-off of loss and information");
  g_assert_true (svg_has_text (svg, "Trade-off of loss and information"));
  g_assert_true (svg_has_text (svg, "KL(Q‖P) (nat)"));
  g_assert_true (svg_has_text (svg, "EQL, training (nat)"));
  g_assert_true (svg_has_text (svg, "EQL, training"));
  g_assert_true (svg_has_text (svg, "slope −β"));
  g_assert_true (svg_has_part (svg, "seed 0"));
  g_assert_true (svg_has_part (svg, "N = 10,000"));
  g_assert_true (svg_has_part (svg, "β=10−5"));
  g_assert_true (svg_has_part (svg, "a warm-started sweep"));
  /* A small file drops no name. */
  for (gsize i = 0; i < G_N_ELEMENTS (legend); i++)
    g_assert_true (svg_has_text (loss_svg, legend[i]));
  g_assert_true (svg_has_text (loss_svg, "Loss (nat)"));
  g_assert_true (svg_has_text (loss_svg, "Error (%)"));
  g_assert_true (svg_has_text (loss_svg, "Step"));
}

static HeftFigure *
long_figure (gsize n, HeftScale x_scale)
{
  HeftFigure *figure = heft_figure_new ("Long");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  g_autofree double *x = g_new (double, n);
  g_autofree double *y = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    {
      x[i] = i + 1.0;
      y[i] = sin (i * 0.7) + i / (double) n;
    }
  plot->x.scale = x_scale;
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_TRAIN_LOSS, "curve", n, x, y);

  return figure;
}

/* U2: every vertex is in the file, where the data say. */
static void
test_svg_vertices (void)
{
  const gsize n = 5000;
  g_autoptr (HeftFigure) figure = long_figure (n, HEFT_SCALE_LINEAR);
  g_autoptr (GBytes) bytes = export (figure, HEFT_FILE_SVG, 600, 400, 72);
  g_autoptr (SvgFile) svg = svg_read (bytes);
  g_autoptr (GArray) xy = svg_vertices (svg, "curve");
  const HeftMark *mark = g_ptr_array_index (((HeftPlot *) g_ptr_array_index (figure->plots, 0))->marks, 0);
  double x0 = g_array_index (xy, double, 0), x1, y0 = g_array_index (xy, double, 1), y_scale;

  g_assert_cmpuint (xy->len, ==, 2 * n);
  x1 = g_array_index (xy, double, 2 * (n - 1));
  y_scale = (g_array_index (xy, double, 2 * 2 + 1) - y0) / (mark->y[2] - mark->y[0]);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpfloat_with_epsilon (g_array_index (xy, double, 2 * i), x0 + (x1 - x0) * i / (n - 1.0), 0.0011);
      g_assert_cmpfloat_with_epsilon (g_array_index (xy, double, 2 * i + 1), y0 + y_scale * (mark->y[i] - mark->y[0]), 0.01);
    }
}

static void
test_svg_size (void)
{
  g_autoptr (HeftFigure) figure = long_figure (100000, HEFT_SCALE_LINEAR);
  g_autoptr (HeftFigure) longer = long_figure (150000, HEFT_SCALE_LINEAR);
  g_autoptr (GBytes) bytes = export (figure, HEFT_FILE_SVG, 600, 400, 72);
  g_autoptr (GBytes) longer_bytes = export (longer, HEFT_FILE_SVG, 600, 400, 72);
  g_autoptr (SvgFile) svg = svg_read (bytes);
  g_autoptr (SvgFile) longer_svg = svg_read (longer_bytes);
  g_autoptr (GArray) xy = svg_vertices (svg, "curve");
  g_autoptr (GArray) thinned = svg_vertices (longer_svg, "curve");

  g_assert_cmpuint (g_bytes_get_size (bytes), <, 2000000);
  g_assert_cmpuint (xy->len, ==, 200000);
  g_assert_false (svg_has_part (svg, "thinned"));
  /* Beyond that the file says how it was thinned. */
  g_assert_cmpuint (g_bytes_get_size (longer_bytes), <, 2000000);
  g_assert_cmpuint (thinned->len, <, 60000);
  g_assert_true (svg_has_part (longer_svg, "thinned"));
  g_assert_true (svg_has_part (longer_svg, "150000"));
}

/* Vertices on a straight line are data too. */
static void
test_svg_flat (void)
{
  static const double x[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26 };
  static const double y[26] = { 0 };
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SvgFile) svg = NULL;
  g_autoptr (GArray) xy = NULL;

  heft_plot_add_mark (heft_figure_add_plot (figure, HEFT_PLOT_AXES), HEFT_MARK_LINE, HEFT_QUANTITY_KL, "flat", 26, x, y);
  bytes = export (figure, HEFT_FILE_SVG, 300, 200, 72);
  svg = svg_read (bytes);
  xy = svg_vertices (svg, "flat");
  g_assert_cmpuint (xy->len, ==, 52);
}

/* U5: what a log axis cannot show is skipped, counted and said. */
static void
test_log_notes (void)
{
  static const double x[] = { 0, 1, 2, 3, 4, 5 }, y[] = { 1, 10, 0, -3, 100, NAN };
  g_autoptr (HeftFigure) figure = heft_figure_new ("Log");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  g_autoptr (GBytes) linear = NULL, both = NULL;
  g_autoptr (SvgFile) linear_svg = NULL, svg = NULL;

  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, "curve", 6, x, y);
  linear = export (figure, HEFT_FILE_SVG, 300, 200, 72);
  linear_svg = svg_read (linear);
  g_assert_false (svg_has_part (linear_svg, "log axis"));
  plot->x.scale = plot->y.scale = HEFT_SCALE_LOG;
  both = export (figure, HEFT_FILE_SVG, 300, 200, 72);
  svg = svg_read (both);
  g_assert_true (svg_has_part (svg, "3 values at or below 0 are not on the log axis."));
  g_assert_null (g_strstr_len (g_bytes_get_data (both, NULL), g_bytes_get_size (both), "nan"));
  g_assert_null (g_strstr_len (g_bytes_get_data (both, NULL), g_bytes_get_size (both), "inf\""));
}

/* U6: thinned for the screen, the first ten steps on a log axis are all there. */
static void
test_first_points (void)
{
  g_autoptr (HeftFigure) figure = long_figure (150000, HEFT_SCALE_LOG);
  g_autoptr (GBytes) bytes = export (figure, HEFT_FILE_SVG, 600, 400, 72);
  g_autoptr (SvgFile) svg = svg_read (bytes);
  g_autoptr (GArray) xy = svg_vertices (svg, "curve");
  double x0 = g_array_index (xy, double, 0), decade;

  g_assert_cmpuint (xy->len, <, 100000);
  decade = (g_array_index (xy, double, 18) - x0) / log10 (10.0);
  for (int i = 0; i < 10; i++)
    g_assert_cmpfloat_with_epsilon (g_array_index (xy, double, 2 * i), x0 + decade * log10 (i + 1.0), 0.01);
}

/* Names with the signs of XML, and worse, stay text. */
static void
test_svg_escape (void)
{
  static const double x[] = { 1, 2 }, y[] = { 1, 2 };
  g_autoptr (HeftFigure) figure = heft_figure_new ("a < b & \"c\" > 'd' \x01 \xff");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SvgFile) svg = NULL;

  heft_plot_add_mark (heft_figure_add_plot (figure, HEFT_PLOT_AXES), HEFT_MARK_LINE, HEFT_QUANTITY_KL, "<script>&amp;</script>", 2,
                      x, y);
  bytes = export (figure, HEFT_FILE_SVG, 300, 200, 72);
  svg = svg_read (bytes);
  g_assert_true (svg_has_text (svg, "<script>&amp;</script>"));
  g_assert_true (svg_has_part (svg, "a < b & \"c\" > 'd'"));
}

/* U4 and U15: dark ink on white, of the size asked for. */
static void
test_png (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("loss");
  g_autoptr (GBytes) bytes = export (figure, HEFT_FILE_PNG, 360, 240, 600);
  cairo_surface_t *surface = read_png (bytes);
  const guchar *data = g_bytes_get_data (bytes, NULL);
  guint dark = 0;

  g_assert_cmpint (cairo_image_surface_get_width (surface), ==, 3000);
  g_assert_cmpint (cairo_image_surface_get_height (surface), ==, 2000);
  g_assert_cmphex (pixel (surface, 0, 0), ==, 0xffffffff);
  g_assert_cmphex (pixel (surface, 2999, 1999), ==, 0xffffffff);
  for (int y = 0; y < 2000; y += 3)
    for (int x = 0; x < 3000; x += 3)
      dark += (pixel (surface, x, y) & 0xff) < 0x40 && ((pixel (surface, x, y) >> 16) & 0xff) < 0x40;
  g_assert_cmpuint (dark, >, 1000);
  cairo_surface_destroy (surface);
  /* 600 dots per inch are 23622 a metre. */
  g_assert_cmpmem (data + 37, 4, "pHYs", 4);
  g_assert_cmphex ((guint) (data[41] << 24 | data[42] << 16 | data[43] << 8 | data[44]), ==, 23622);
}

static void
test_pdf (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("spectra");
  g_autoptr (GBytes) bytes = export (figure, HEFT_FILE_PDF, 360, 240, 72);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  g_assert_cmpmem (data, 5, "%PDF-", 5);
  /* Letters, not outlines. */
  g_assert_nonnull (memmem (data, size, "/FontFile", 9));
}

/* The sextant of a strong colour, 1 to 6; 0 for greys. */
static int
hue (guint32 p)
{
  int r = (p >> 16) & 0xff, g = (p >> 8) & 0xff, b = p & 0xff;
  int highest = MAX (r, MAX (g, b)), lowest = MIN (r, MIN (g, b));

  if (highest - lowest < 70)
    return 0;
  if (highest == r)
    return g >= b ? 1 : 6;
  if (highest == g)
    return r >= b ? 2 : 3;
  return g >= r ? 4 : 5;
}

/* Two pictures of the same size are one, up to the smoothing of edges. */
static void
compare_pictures (const char *name, cairo_surface_t *a, cairo_surface_t *b)
{
  const int width = cairo_image_surface_get_width (a), height = cairo_image_surface_get_height (a);
  int hues[7] = { 0 }, coloured[7] = { 0 };
  double difference = 0.0;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        const guint32 of_a = pixel (a, x, y), of_b = pixel (b, x, y);

        hues[hue (of_a)]++;
        hues[hue (of_b)]--;
        coloured[hue (of_a)]++;
        for (int c = 0; c < 24; c += 8)
          difference += fabs ((double) ((of_a >> c) & 0xff) - (double) ((of_b >> c) & 0xff));
      }
  difference /= width * height * 3.0 * 255.0;
  g_test_message ("%s: mean difference %.4f", name, difference);
  /* Letters a fraction of a pixel apart give up to 0.009; a missing curve or image gives far more. */
  g_assert_cmpfloat (difference, <, 0.012);
  /* Every colour covers as much of one picture as of the other: no curve is missing. */
  for (int h = 1; h < 7; h++)
    {
      g_test_message ("hue %d: %d pixels, %d more", h, coloured[h], hues[h]);
      g_assert_cmpint (ABS (hues[h]), <=, 60 + coloured[h] / 7);
    }
}

/* U3: another renderer's picture of the SVG is the PNG. */
static void
test_svg_renders (void)
{
  g_autofree char *rsvg = g_find_program_in_path ("rsvg-convert");
  g_autofree char *folder = NULL;

  if (rsvg == NULL)
    {
      g_test_skip ("rsvg-convert is not installed");
      return;
    }
  folder = g_dir_make_tmp ("heft-plot-XXXXXX", NULL);
  for (gsize i = 0; gallery_names[i] != NULL; i++)
    {
      g_autoptr (HeftFigure) figure = gallery_figure (gallery_names[i]);
      g_autoptr (GBytes) svg = export (figure, HEFT_FILE_SVG, 480, 300, 72);
      g_autoptr (GBytes) png = export (figure, HEFT_FILE_PNG, 480, 300, 144);
      g_autofree char *in = g_build_filename (folder, "a.svg", NULL), *out = g_build_filename (folder, "a.png", NULL);
      const char *argv[] = { rsvg, "--width=960", "--height=600", in, "--output", out, NULL };
      g_autoptr (GError) error = NULL;
      cairo_surface_t *a, *b;
      int status = 0;

      g_file_set_contents (in, g_bytes_get_data (svg, NULL), g_bytes_get_size (svg), &error);
      g_assert_no_error (error);
      g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
      g_assert_no_error (error);
      g_assert_cmpint (status, ==, 0);
      a = read_png (png);
      b = cairo_image_surface_create_from_png (out);
      g_assert_cmpint (cairo_image_surface_get_width (b), ==, 960);
      g_assert_cmpint (cairo_image_surface_get_height (b), ==, 600);
      compare_pictures (gallery_names[i], a, b);
      cairo_surface_destroy (a);
      cairo_surface_destroy (b);
      g_unlink (in);
      g_unlink (out);
    }
  g_rmdir (folder);
}

static void
test_file (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("ledger");
  HeftTheme theme = heft_theme_file ();
  g_autofree char *folder = g_dir_make_tmp ("heft-plot-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "figure.svg", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "missing", "figure.svg", NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_figure_export (figure, HEFT_FILE_SVG, 300, 200, 96, &theme, path, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_true (g_str_has_prefix (contents, "<?xml"));
  g_assert_false (heft_figure_export (figure, HEFT_FILE_SVG, 300, 200, 96, &theme, nowhere, &error));
  g_assert_nonnull (error);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_refusals (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("ledger");
  HeftTheme theme = heft_theme_file ();
  static const struct { double width, height, dpi; int code; } cases[] = {
    { NAN, 200, 96, HEFT_ERROR_INVALID_PARAMETER }, { 300, -1, 96, HEFT_ERROR_INVALID_PARAMETER },
    { 300, 200, 0, HEFT_ERROR_INVALID_PARAMETER },  { 300, 200, NAN, HEFT_ERROR_INVALID_PARAMETER },
    { 300, 200, 1e6, HEFT_ERROR_TOO_LARGE },        { 1e9, 200, 96, HEFT_ERROR_INVALID_PARAMETER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (heft_figure_export_bytes (figure, HEFT_FILE_PNG, cases[i].width, cases[i].height, cases[i].dpi, &theme,
                                               &error));
      g_assert_error (error, HEFT_ERROR, cases[i].code);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/export/purity", test_purity);
  g_test_add_func ("/plot/export/svg-text", test_svg_text);
  g_test_add_func ("/plot/export/svg-vertices", test_svg_vertices);
  g_test_add_func ("/plot/export/svg-size", test_svg_size);
  g_test_add_func ("/plot/export/svg-flat", test_svg_flat);
  g_test_add_func ("/plot/export/log-notes", test_log_notes);
  g_test_add_func ("/plot/export/first-points", test_first_points);
  g_test_add_func ("/plot/export/svg-escape", test_svg_escape);
  g_test_add_func ("/plot/export/png", test_png);
  g_test_add_func ("/plot/export/pdf", test_pdf);
  g_test_add_func ("/plot/export/svg-renders", test_svg_renders);
  g_test_add_func ("/plot/export/file", test_file);
  g_test_add_func ("/plot/export/refusals", test_refusals);
  return g_test_run ();
}
