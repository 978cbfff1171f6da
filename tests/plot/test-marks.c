/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "plot/plot-private.h"
#include "svg.h"

#include <math.h>
#include <string.h>

/* What decides an axis's range, a legend's place and what lies under the pointer, against numbers worked out by hand. */

static HeftPlot *
new_plot (HeftFigure **figure, gboolean log)
{
  HeftPlot *plot;

  *figure = heft_figure_new (NULL);
  plot = heft_figure_add_plot (*figure, HEFT_PLOT_AXES);
  plot->y.scale = log ? HEFT_SCALE_LOG : HEFT_SCALE_LINEAR;
  return plot;
}

static void
assert_y_range (gboolean log, double low, double high, double guide, double expected_low, double expected_high)
{
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, log);
  const double x[] = { 1, 2 }, y[] = { low, high };
  double minimum, maximum;

  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, NULL, 2, x, y);
  if (isfinite (guide))
    heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &guide);
  heft_plot_y_range (plot, &minimum, &maximum);
  g_assert_cmpfloat_with_epsilon (minimum, expected_low, 1e-9 * (1 + fabs (expected_low)));
  g_assert_cmpfloat_with_epsilon (maximum, expected_high, 1e-9 * (1 + fabs (expected_high)));
}

static void
test_y_range (void)
{
  /* An eighth of half the span of room; from 0 where the lowest is below 0.3 of the highest. */
  assert_y_range (FALSE, 10, 20, NAN, 9.4, 20.6);
  assert_y_range (FALSE, 5, 20, NAN, 0, 20.9);
  assert_y_range (FALSE, -10, 10, NAN, -11.2, 11.2);
  /* A guide as far beyond as three times what is shown from 0 up. */
  assert_y_range (FALSE, 10, 20, 79, 0, 79 + 0.12 * 34.5);
  assert_y_range (FALSE, 10, 20, 81, 9.4, 20.6);
  assert_y_range (FALSE, 10, 20, -49, -49 - 0.12 * 34.5, 20 + 0.12 * 34.5);
  assert_y_range (FALSE, 10, 20, -51, 9.4, 20.6);
  /* On a log axis as far as one and a half times the decades. */
  assert_y_range (TRUE, 1, 100, NAN, pow (100, -0.04), 100 * pow (100, 0.04));
  assert_y_range (TRUE, 1, 100, 9e4, pow (9e4, -0.04), 9e4 * pow (9e4, 0.04));
  assert_y_range (TRUE, 1, 100, 2e5, pow (100, -0.04), 100 * pow (100, 0.04));
  assert_y_range (TRUE, 1, 100, 2e-3, 2e-3 * pow (5e4, -0.04), 100 * pow (5e4, 0.04));
  assert_y_range (TRUE, 1, 100, 5e-4, pow (100, -0.04), 100 * pow (100, 0.04));
}

/* A point that the other axis has no place for widens nothing; a band does. */
static void
test_what_widens (void)
{
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, TRUE);
  const double x[] = { -500, 1, 2, 900 }, y[] = { 0, 1, 10, NAN }, upper[] = { 0, 50, 60, NAN }, lower[] = { 0, 0.5, 2, NAN };
  HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, NULL, 4, x, y);
  double minimum, maximum;
  gboolean points_only;

  heft_plot_x_range (plot, &minimum, &maximum, &points_only);
  g_assert_cmpfloat (minimum, ==, 1);
  g_assert_cmpfloat (maximum, ==, 2);
  g_assert_false (points_only);
  mark->upper = g_memdup2 (upper, sizeof upper);
  mark->lower = g_memdup2 (lower, sizeof lower);
  heft_plot_y_range (plot, &minimum, &maximum);
  g_assert_cmpfloat_with_epsilon (maximum, 60 * pow (120, 0.04), 1e-9);
  g_assert_cmpfloat_with_epsilon (minimum, 0.5 * pow (120, -0.04), 1e-9);
}

/* The colours of a map: six decades of a log scale, 0 the lowest of them, and a bar that is high at its top. */
static void
test_colours (void)
{
  static const double wide[] = { 1, 1e-9, 0, 1e-3 }, both[] = { 3, -1, 0, 1 };
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_IMAGE);
  double minimum, maximum;

  plot->rows = plot->columns = 2;
  plot->values = g_memdup2 (wide, sizeof wide);
  plot->colour_log = TRUE;
  heft_image_range (plot, &minimum, &maximum);
  g_assert_cmpfloat (minimum, ==, 1e-6);
  g_assert_cmpfloat (maximum, ==, 1);
  memcpy (plot->values, both, sizeof both);
  plot->colour_log = FALSE;
  plot->colour_map = HEFT_COLOUR_MAP_DIVERGING;
  heft_image_range (plot, &minimum, &maximum);
  g_assert_cmpfloat (minimum, ==, -3);
  g_assert_cmpfloat (maximum, ==, 3);
}

static guint32
colour_at (cairo_surface_t *surface, double x, double y)
{
  guint32 value;

  memcpy (&value, cairo_image_surface_get_data (surface) + (int) y * cairo_image_surface_get_stride (surface) + 4 * (int) x, 4);
  return value & 0xffffff;
}

static guint32
colour_of (HeftColourMap map, double t)
{
  double rgb[3];

  heft_colour_map_get (map, FALSE, t, rgb);
  return (guint32) lrint (rgb[0] * 255) << 16 | (guint32) lrint (rgb[1] * 255) << 8 | (guint32) lrint (rgb[2] * 255);
}

static void
test_colour_bar (void)
{
  static const double values[] = { 1, 1e-9, 0, 1e-3 };
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_IMAGE);
  HeftTheme theme = heft_theme_file ();
  g_autoptr (HeftLayout) layout = NULL;
  const HeftPlotLayout *p;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 400, 300);
  cairo_t *cr = cairo_create (surface);
  guint32 lowest = colour_of (HEFT_COLOUR_MAP_SEQUENTIAL, 0), highest = colour_of (HEFT_COLOUR_MAP_SEQUENTIAL, 1);
  double middle;

  plot->rows = plot->columns = 2;
  plot->values = g_memdup2 (values, sizeof values);
  plot->colour_log = plot->colour_bar = TRUE;
  plot->colour_map = HEFT_COLOUR_MAP_SEQUENTIAL;
  layout = heft_layout_new (figure, 400, 300, &theme, 1.0);
  p = g_ptr_array_index (layout->plots, 0);
  heft_figure_paint (figure, cr, 400, 300, &theme);
  cairo_surface_flush (surface);
  middle = p->bar.x + p->bar.width / 2;
  /* Within a pixel or two of its ends, hence a few steps of colour. */
  for (int shift = 0; shift <= 16; shift += 8)
    {
      int top = colour_at (surface, middle, p->bar.y + 2) >> shift & 255, bottom = colour_at (surface, middle, p->bar.y + p->bar.height - 3) >> shift & 255;

      g_assert_cmpint (ABS (top - (int) (highest >> shift & 255)), <, 12);
      g_assert_cmpint (ABS (bottom - (int) (lowest >> shift & 255)), <, 12);
    }
  /* In the picture: the highest, too little for the scale, nothing at all, and the middle of six decades. */
  g_assert_cmphex (colour_at (surface, p->area.x + 0.25 * p->area.width, p->area.y + 0.25 * p->area.height), ==, highest);
  g_assert_cmphex (colour_at (surface, p->area.x + 0.25 * p->area.width, p->area.y + 0.75 * p->area.height), ==, lowest);
  g_assert_cmphex (colour_at (surface, p->area.x + 0.75 * p->area.width, p->area.y + 0.75 * p->area.height), ==,
                   colour_of (HEFT_COLOUR_MAP_SEQUENTIAL, 0.5));
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

/* Two lines from corner to corner cross every corner, though none of their four points lies within one. */
static void
test_corner_crossed (void)
{
  static const double x[] = { 0, 1 }, up[] = { 0, 1 }, down[] = { 1, 0 };
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, FALSE);
  HeftTheme theme = heft_theme_screen (FALSE);
  g_autoptr (HeftLayout) layout = NULL;

  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, "one of two lines that cross", 2, x, up);
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_BOUND, "the other", 2, x, down);
  layout = heft_layout_new (figure, 400, 200, &theme, 1.0);
  g_assert_false (heft_legend_corner (layout, g_ptr_array_index (layout->plots, 0)));
}

/* Names without a place are counted, every one. */
static void
test_left_out (void)
{
  static const double x[] = { 0, 1 };
  static const char *const labels[] = { "first of six", "second of six", "third of six", "fourth of six", "fifth of six", "last of six" };
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, FALSE);
  HeftTheme theme = heft_theme_screen (FALSE);
  g_autoptr (HeftLayout) layout = NULL;
  HeftPlotLayout *p;

  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++)
    heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, labels[i], 2, x, x);
  layout = heft_layout_new (figure, 400, 200, &theme, 1.0);
  p = g_ptr_array_index (layout->plots, 0);
  heft_legend_rows (layout, p, 0, 250, 1, TRUE);
  g_assert_cmpuint (p->legend->len, <, 5);
  g_assert_cmpuint (p->legend->len + p->legend_left_out, ==, 6);
}

/* Height counts half: of two points the one nearer along x is meant. */
static void
test_nearest (void)
{
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, FALSE);
  HeftTheme theme = heft_theme_screen (FALSE);
  double x[] = { 0, 0 }, y[] = { 0, 0 };
  HeftHit hit;

  plot->x.automatic = plot->y.automatic = FALSE;
  plot->x.maximum = plot->y.maximum = 10;
  for (int times = 0; times < 2; times++)
    {
      g_autoptr (HeftLayout) layout = heft_layout_new (figure, 400, 300, &theme, 1.0);
      const HeftPlotLayout *p = g_ptr_array_index (layout->plots, 0);
      double px = p->area.x + 200, py = p->area.y + 100;

      if (times == 1)
        {
          g_assert_true (heft_figure_hit (figure, 400, 300, &theme, px, py, &hit));
          g_assert_cmpuint (hit.point, ==, 1);
          break;
        }
      x[0] = heft_map_backward (&p->x, px + 30);
      y[0] = heft_map_backward (&p->y, py);
      x[1] = heft_map_backward (&p->x, px);
      y[1] = heft_map_backward (&p->y, py + 45);
      heft_plot_add_mark (plot, HEFT_MARK_POINTS, HEFT_QUANTITY_KL, NULL, 2, x, y);
    }
}

static GArray *
vertices (HeftFigure *figure, const char *label)
{
  HeftTheme theme = heft_theme_file ();
  g_autoptr (GBytes) bytes = heft_figure_export_bytes (figure, HEFT_FILE_SVG, 400, 300, 72, &theme, NULL);
  g_autoptr (SvgFile) svg = svg_read (bytes);

  return svg_vertices (svg, label);
}

/* A band whose lower edge a log axis has no place for reaches down to the axis. */
static void
test_band (void)
{
  static const double x[] = { 1, 2, 3 }, y[] = { 1, 2, 3 }, lower[] = { 0, -1, 0.5 }, upper[] = { 4, 5, 6 };
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, TRUE);
  HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, "band", 3, x, y);
  HeftTheme theme = heft_theme_file ();
  g_autoptr (HeftLayout) layout = NULL;
  g_autoptr (GArray) xy = NULL;
  const HeftPlotLayout *p;

  mark->lower = g_memdup2 (lower, sizeof lower);
  mark->upper = g_memdup2 (upper, sizeof upper);
  layout = heft_layout_new (figure, 400, 300, &theme, 0.0);
  p = g_ptr_array_index (layout->plots, 0);
  xy = vertices (figure, "band");
  g_assert_cmpuint (xy->len, ==, 12);
  /* Along the upper edge and back along the lower one. */
  g_assert_cmpfloat_with_epsilon (g_array_index (xy, double, 7), heft_map_forward (&p->y, 0.5), 1e-3);
  g_assert_cmpfloat_with_epsilon (g_array_index (xy, double, 9), p->area.y + p->area.height, 1e-3);
  g_assert_cmpfloat_with_epsilon (g_array_index (xy, double, 11), p->area.y + p->area.height, 1e-3);
}

/* As painted: a tangent of a falling curve falls, on the page downwards. */
static void
test_tangent (void)
{
  static const double x[] = { 1, 2 }, y[] = { 4, 1 }, slopes[] = { -3, -3 };
  g_autoptr (HeftFigure) figure = NULL;
  HeftPlot *plot = new_plot (&figure, FALSE);
  HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_TANGENT, HEFT_QUANTITY_KL, "tangent", 2, x, y);
  HeftTheme theme = heft_theme_file ();
  g_autoptr (HeftLayout) layout = NULL;
  g_autoptr (GArray) xy = NULL;
  const HeftPlotLayout *p;
  double dx, dy;

  mark->lower = g_memdup2 (slopes, sizeof slopes);
  layout = heft_layout_new (figure, 400, 300, &theme, 0.0);
  p = g_ptr_array_index (layout->plots, 0);
  xy = vertices (figure, "tangent");
  g_assert_cmpuint (xy->len, ==, 4);
  dx = g_array_index (xy, double, 2) - g_array_index (xy, double, 0);
  dy = g_array_index (xy, double, 3) - g_array_index (xy, double, 1);
  /* It is a piece of the line through both points. */
  g_assert_cmpfloat_with_epsilon (dy / dx, (heft_map_forward (&p->y, 1) - heft_map_forward (&p->y, 4))
                                           / (heft_map_forward (&p->x, 2) - heft_map_forward (&p->x, 1)), 1e-3);
}

/* A guide beyond the range is named at the edge it lies beyond. */
static void
test_guide_beyond (void)
{
  for (int above = 0; above < 2; above++)
    {
      static const double x[] = { 1, 2 }, y[] = { 10, 20 };
      const double guide = above ? 1000 : -1000;
      g_autoptr (HeftFigure) figure = NULL;
      HeftPlot *plot = new_plot (&figure, FALSE);
      HeftTheme theme = heft_theme_file ();
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (SvgFile) svg = NULL;

      heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, NULL, 2, x, y);
      heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &guide)->note = g_strdup ("far");
      bytes = heft_figure_export_bytes (figure, HEFT_FILE_SVG, 400, 300, 72, &theme, NULL);
      svg = svg_read (bytes);
      g_assert_true (svg_has_part (svg, above ? "far ↑" : "far ↓"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/marks/y-range", test_y_range);
  g_test_add_func ("/plot/marks/what-widens", test_what_widens);
  g_test_add_func ("/plot/marks/colours", test_colours);
  g_test_add_func ("/plot/marks/colour-bar", test_colour_bar);
  g_test_add_func ("/plot/marks/corner-crossed", test_corner_crossed);
  g_test_add_func ("/plot/marks/left-out", test_left_out);
  g_test_add_func ("/plot/marks/nearest", test_nearest);
  g_test_add_func ("/plot/marks/band", test_band);
  g_test_add_func ("/plot/marks/tangent", test_tangent);
  g_test_add_func ("/plot/marks/guide-beyond", test_guide_beyond);
  return g_test_run ();
}
