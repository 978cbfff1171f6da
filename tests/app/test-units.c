/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <heft/experiment.h>
#include <heft/plot.h>

#include "heft-data-choice.h"
#include "heft-figure-format.h"
#include "heft-format.h"
#include "heft-plot-readout.h"
#include "heft-slider-scale.h"

static void
test_plain_text (void)
{
  static const struct { const char *text, *plain; } cases[] = {
    { "Learning rate $\\eta$", "Learning rate η" },
    { "$\\beta/\\lambda^2$", "β/λ²" },
    { "$\\mathrm{KL}(Q \\Vert P)$", "KL(Q‖P)" },
    { "$\\frac{a}{b}$", "a/b" },
    { "$E_Q L$, training", "E_Q L, training" },
    { "5 $ and no formula", "5 $ and no formula" },
    { "", "" },
    { "$\\mathrm{KL}(\\bar{Q} \\Vert P)$, $\\hat{w}$", "KL(Q\u0304‖P), w\u0302" },
    { "$\\bar{}$, $\\overline{ab}$, $\\bar{", ", ab, $\\bar{" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *plain = heft_text_dup_plain (cases[i].text);

      g_assert_cmpstr (plain, ==, cases[i].plain);
    }
  g_autofree char *nothing = heft_text_dup_plain (NULL);
  g_assert_cmpstr (nothing, ==, "");
}

/* Every position gives a value of the range, and a value comes back to where it came from up to its rounding. */
static void
check_round_trip (const HeftSliderScale *scale)
{
  double last = -INFINITY;

  for (int i = 0; i <= 100; i++)
    {
      double value = heft_slider_scale_value (scale, i / 100.0);

      g_assert_cmpfloat (value, >=, scale->minimum);
      g_assert_cmpfloat (value, <=, scale->maximum);
      g_assert_cmpfloat (value, >=, last);
      last = value;
      if (!scale->integer)
        g_assert_cmpfloat_with_epsilon (heft_slider_scale_value (scale, heft_slider_scale_position (scale, value)), value,
                                        0.011 * fabs (value) + 1e-12);
    }
  g_assert_cmpfloat (heft_slider_scale_value (scale, 0), ==, scale->minimum);
  g_assert_cmpfloat_with_epsilon (heft_slider_scale_value (scale, 1), scale->maximum, 0.005 * scale->maximum);
}

static void
test_slider_scale (void)
{
  static const HeftParameterSpec specs[] = {
    { .id = "log", .kind = HEFT_PARAMETER_REAL, .minimum = 1e-6, .maximum = 100, .logarithmic = TRUE },
    { .id = "linear", .kind = HEFT_PARAMETER_REAL, .minimum = -1, .maximum = 1 },
    { .id = "count", .kind = HEFT_PARAMETER_INTEGER, .minimum = 1, .maximum = 65536, .logarithmic = TRUE },
    { .id = "zero", .kind = HEFT_PARAMETER_INTEGER, .minimum = 0, .maximum = 10000, .logarithmic = TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      HeftSliderScale scale = heft_slider_scale_new (&specs[i]);

      check_round_trip (&scale);
      g_assert_cmpfloat (heft_slider_scale_step (&scale), >, 0);
      g_assert_cmpfloat (heft_slider_scale_page (&scale), >, heft_slider_scale_step (&scale));
    }
  HeftSliderScale logarithmic = heft_slider_scale_new (&specs[0]), linear = heft_slider_scale_new (&specs[1]);
  /* Three digits: enough to point at a value, few enough to read. */
  g_assert_cmpfloat (heft_slider_scale_value (&linear, 0.6172), ==, 0.234);
  /* Ten arrow presses are a factor of ten. */
  double at = heft_slider_scale_position (&logarithmic, 0.1);
  g_assert_cmpfloat_with_epsilon (heft_slider_scale_value (&logarithmic, at + 10 * heft_slider_scale_step (&logarithmic)), 1, 0.01);
}

static void
test_slider_centre (void)
{
  static const HeftParameterSpec beta = { .id = "beta", .kind = HEFT_PARAMETER_REAL, .minimum = 1e-12, .maximum = 1e3, .logarithmic = TRUE };
  static const HeftParameterSpec epochs = { .id = "epochs", .kind = HEFT_PARAMETER_REAL, .minimum = 0, .maximum = 1e6 };
  HeftSliderScale scale = heft_slider_scale_new (&beta), wide = heft_slider_scale_new (&epochs);

  heft_slider_scale_centre (&scale, &beta, 1e-5);
  g_assert_cmpfloat_with_epsilon (heft_slider_scale_position (&scale, 1e-5), 0.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (scale.minimum, 1e-8, 1e-20);
  /* What was typed beyond the slider leaves it at its end. */
  g_assert_cmpfloat (heft_slider_scale_position (&scale, 1e3), ==, 1);
  g_assert_true (heft_slider_scale_is_useful (&scale));
  g_assert_false (heft_slider_scale_is_useful (&wide));
}

static void
test_formats (void)
{
  static const struct { double value; int digits; const char *text; } cases[] = {
    { 1e-5, 3, "1e-5" }, { 0.001, 3, "0.001" }, { 2500, 6, "2500" }, { 10000000, 9, "10000000" }, { 1.5e-12, 3, "1.5e-12" },
    { 0.1, 3, "0.1" },
  };
  static const struct { double seconds; const char *text; } times[] = {
    { 0.2, "0:01 left" }, { 35, "0:35 left" }, { 7500, "2:05:00 left" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = heft_slider_scale_format (cases[i].value, cases[i].digits);

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_cmpfloat (g_ascii_strtod (text, NULL), ==, cases[i].value);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *text = heft_format_time_left (times[i].seconds);

      g_assert_cmpstr (text, ==, times[i].text);
    }
  g_autofree char *count = heft_format_count (1234567), *small = heft_format_count (999);
  g_assert_cmpstr (count, ==, "1,234,567");
  g_assert_cmpstr (small, ==, "999");
}

static void
test_data_choice (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("heft-choice-XXXXXX", &error);
  g_autofree char *images = g_build_filename (folder, "train-images-idx3-ubyte.gz", NULL);
  g_autofree char *labels = g_build_filename (folder, "train-labels-idx1-ubyte.gz", NULL);
  g_autofree char *both = g_strconcat (images, ",", labels, NULL);

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (labels, "x", 1, &error));
  g_autofree char *found = heft_data_choice_spec ((const char *const[]) { images, NULL });
  g_assert_cmpstr (found, ==, both);
  g_autofree char *given = heft_data_choice_spec ((const char *const[]) { labels, images, NULL });
  g_assert_cmpstr (given, ==, both);
  g_autofree char *table = heft_data_choice_spec ((const char *const[]) { "/a/data.csv", NULL });
  g_assert_cmpstr (table, ==, "/a/data.csv");
  g_unlink (labels);
  g_autofree char *alone = heft_data_choice_spec ((const char *const[]) { images, NULL });
  g_assert_cmpstr (alone, ==, images);
  g_rmdir (folder);
}

static void
test_nearest (void)
{
  const double xs[] = { 1, 2, 2, 5, 10 };

  g_assert_cmpuint (heft_plot_readout_nearest (xs, 5, -3), ==, 0);
  g_assert_cmpuint (heft_plot_readout_nearest (xs, 5, 1.4), ==, 0);
  g_assert_cmpuint (heft_plot_readout_nearest (xs, 5, 4), ==, 3);
  g_assert_cmpuint (heft_plot_readout_nearest (xs, 5, 99), ==, 4);
  g_assert_cmpuint (heft_plot_readout_nearest (xs, 1, 99), ==, 0);
}

/* Points from millimetres and from pixels, there and back; what is no size is refused. */
static void
test_figure_format (void)
{
  const char *const bad[] = {
    "(0.0, 60.0, false, 300.0, false, false)", "(90.0, 6000.0, false, 300.0, false, false)",
    "(90.0, 60.0, false, 0.0, false, false)", "(90.0, 60.0, false, 20000.0, false, false)",
    "(40000.0, 60.0, true, 300.0, false, false)",
  };
  g_autoptr(GVariant) value = g_variant_ref_sink (g_variant_new_parsed (HEFT_FIGURE_FORMAT_DEFAULT));
  g_autoptr(GVariant) again = NULL;
  HeftFigureFormat format = { 0 };
  double width, height;

  g_assert_true (heft_figure_format_parse (value, &format));
  again = g_variant_ref_sink (heft_figure_format_new (&format));
  g_assert_true (g_variant_equal (value, again));
  format = (HeftFigureFormat) { 254, 127, FALSE, 600, TRUE, TRUE };
  heft_figure_format_get_points (&format, &width, &height);
  g_assert_cmpfloat_with_epsilon (width, 720, 1e-9);
  g_assert_cmpfloat_with_epsilon (height, 360, 1e-9);
  heft_figure_format_set_pixels (&format, TRUE);
  g_assert_cmpfloat (format.width, ==, 6000);
  g_assert_cmpfloat (format.height, ==, 3000);
  heft_figure_format_get_points (&format, &width, &height);
  g_assert_cmpfloat_with_epsilon (width, 720, 1e-9);
  heft_figure_format_set_pixels (&format, FALSE);
  g_assert_cmpfloat_with_epsilon (format.width, 254, 1e-9);
  g_assert_true (heft_figure_format_get_theme (&format).dark && heft_figure_format_get_theme (&format).transparent);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GVariant) refused = g_variant_ref_sink (g_variant_new_parsed (bad[i]));

      g_assert_false (heft_figure_format_parse (refused, &format));
    }
  g_assert_cmpfloat_with_epsilon (format.width, 254, 1e-9);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/plain-text", test_plain_text);
  g_test_add_func ("/app/slider-scale", test_slider_scale);
  g_test_add_func ("/app/slider-centre", test_slider_centre);
  g_test_add_func ("/app/formats", test_formats);
  g_test_add_func ("/app/data-choice", test_data_choice);
  g_test_add_func ("/app/nearest", test_nearest);
  g_test_add_func ("/app/figure-format", test_figure_format);
  return g_test_run ();
}
