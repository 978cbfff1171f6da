/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "plot/plot-private.h"

#include <math.h>
#include <string.h>

static HeftMap
map_of (gboolean log, double minimum, double maximum, double length)
{
  HeftMap map = { .start = 0.0, .end = length };

  heft_map_set_range (&map, log, minimum, maximum);
  return map;
}

static char *
labels_of (const HeftMap *map, double spacing, int *exponent)
{
  g_autoptr (GArray) ticks = heft_map_ticks (map, spacing, exponent);
  GString *s = g_string_new (NULL);

  for (guint i = 0; i < ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (ticks, HeftTick, i);

      g_assert_true (isfinite (tick->position));
      if (tick->label != NULL)
        g_string_append_printf (s, "%s%s", s->len > 0 ? " " : "", tick->label);
    }

  return g_string_free (s, FALSE);
}

static void
assert_labels (gboolean log, double minimum, double maximum, double length, double spacing, const char *expected)
{
  HeftMap map = map_of (log, minimum, maximum, length);
  int exponent;
  g_autofree char *labels = labels_of (&map, spacing, &exponent);

  g_assert_cmpstr (labels, ==, expected);
}

static void
test_linear (void)
{
  assert_labels (FALSE, 0.0, 1.0, 500, 100, "0.0 0.2 0.4 0.6 0.8 1.0");
  assert_labels (FALSE, -1.0, 1.0, 400, 90, "−1.0 −0.5 0.0 0.5 1.0");
  assert_labels (FALSE, 0.0, 780, 600, 60, "0 100 200 300 400 500 600 700");
  assert_labels (FALSE, 0.0, 23000, 400, 100, "0 10,000 20,000");
  assert_labels (FALSE, 0.113, 0.118, 300, 60, "0.113 0.114 0.115 0.116 0.117 0.118");
  /* Numbers that are not quite what they are written as: neither a coarser step nor a missing last tick. */
  assert_labels (FALSE, 0.1, 0.4, 300, 100, "0.1 0.2 0.3 0.4");
  assert_labels (FALSE, 0.4, 0.7, 300, 100, "0.4 0.5 0.6 0.7");
}

/* Labels of very large and very small numbers lose a power of ten that is a multiple of three. */
static void
test_exponent (void)
{
  HeftMap map = map_of (FALSE, 0.0, 4e-5, 400);
  int exponent;
  g_autofree char *small = labels_of (&map, 90, &exponent);
  g_autofree char *large = NULL;

  g_assert_cmpstr (small, ==, "0 10 20 30 40");
  g_assert_cmpint (exponent, ==, -6);
  map = map_of (FALSE, 0.0, 3e6, 300);
  large = labels_of (&map, 90, &exponent);
  g_assert_cmpstr (large, ==, "0 1 2 3");
  g_assert_cmpint (exponent, ==, 6);
  /* From a million on. */
  map = map_of (FALSE, 0.0, 1e6, 200);
  g_free (large);
  large = labels_of (&map, 100, &exponent);
  g_assert_cmpstr (large, ==, "0.0 0.5 1.0");
  g_assert_cmpint (exponent, ==, 6);
}

static void
test_log (void)
{
  assert_labels (TRUE, 1e-6, 1.0, 600, 60, "$10^{-6}$ $10^{-5}$ $10^{-4}$ $10^{-3}$ $10^{-2}$ $10^{-1}$ $10^{0}$");
  /* Fewer where there is no room, on multiples of the stride. */
  assert_labels (TRUE, 1e-6, 1.0, 300, 90, "$10^{-6}$ $10^{-4}$ $10^{-2}$ $10^{0}$");
  assert_labels (TRUE, 1e-5, 1.0, 250, 90, "$10^{-4}$ $10^{-2}$ $10^{0}$");
  assert_labels (TRUE, 0.02, 0.1, 600, 60, "0.02 0.03 0.05 0.1");
  assert_labels (TRUE, 1.0, 780, 600, 60, "1 10 100");
  assert_labels (TRUE, 1.0, 10.0, 600, 60, "1 2 3 5 10");
}

static void
test_log_minor (void)
{
  HeftMap map = map_of (TRUE, 1.0, 1000.0, 300);
  int exponent;
  g_autoptr (GArray) ticks = heft_map_ticks (&map, 60, &exponent);
  guint minor = 0;

  for (guint i = 0; i < ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (ticks, HeftTick, i);

      if (tick->label == NULL)
        {
          double k = floor (log10 (tick->value) + 1e-9), m = tick->value / pow (10.0, k);

          g_assert_cmpfloat_with_epsilon (m, round (m), 1e-9);
          minor++;
        }
    }
  /* 2 to 9 in each of three decades. */
  g_assert_cmpuint (minor, ==, 24);
}

static void
test_round_trip (void)
{
  for (int log = 0; log < 2; log++)
    {
      HeftMap map = map_of (log, 0.02, 350.0, 517.0);

      for (double v = 0.02; v < 350.0; v *= 1.7)
        {
          double slope = (heft_map_forward (&map, v * 1.0001) - heft_map_forward (&map, v * 0.9999)) / (v * 0.0002);

          g_assert_cmpfloat_with_epsilon (heft_map_backward (&map, heft_map_forward (&map, v)), v, 1e-9 * 350);
          g_assert_cmpfloat_with_epsilon (heft_map_slope (&map, v) / slope, 1.0, 1e-6);
        }
    }
}

/* Whatever the range, positions are finite and ticks few. */
static void
test_hostile (void)
{
  static const double values[] = { 0.0, -0.0, 1.0, -1.0, NAN, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 1e-310, 3.0, 1e15 + 1, 1e15 };

  for (int log = 0; log < 2; log++)
    for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
      for (gsize k = 0; k < G_N_ELEMENTS (values); k++)
        {
          HeftMap map = map_of (log, values[i], values[k], 300.0);
          int exponent;
          g_autofree char *labels = labels_of (&map, 40.0, &exponent);
          g_autoptr (GArray) ticks = heft_map_ticks (&map, 40.0, &exponent);

          g_assert_true (isfinite (map.lo) && isfinite (map.hi));
          g_assert_cmpfloat (map.lo, <, map.hi);
          g_assert_cmpuint (ticks->len, <, 400);
          g_assert_true (isfinite (heft_map_forward (&map, map.minimum)));
          if (!heft_map_accepts (&map, values[i]))
            g_assert_true (isnan (heft_map_forward (&map, values[i])));
        }
}

static void
test_degenerate (void)
{
  double lo = 5.0, hi = 5.0;

  heft_range_tidy (FALSE, FALSE, &lo, &hi);
  g_assert_cmpfloat (lo, <, 5.0);
  g_assert_cmpfloat (hi, >, 5.0);
  lo = hi = 0.0;
  heft_range_tidy (FALSE, FALSE, &lo, &hi);
  g_assert_cmpfloat (lo, ==, -1.0);
  g_assert_cmpfloat (hi, ==, 1.0);
  lo = hi = 0.3;
  heft_range_tidy (TRUE, FALSE, &lo, &hi);
  g_assert_cmpfloat_with_epsilon (lo, 0.15, 1e-12);
  g_assert_cmpfloat_with_epsilon (hi, 0.6, 1e-12);
  /* Nothing at all. */
  lo = INFINITY;
  hi = -INFINITY;
  heft_range_tidy (FALSE, FALSE, &lo, &hi);
  g_assert_cmpfloat (lo, ==, 0.0);
  g_assert_cmpfloat (hi, ==, 1.0);
  /* From zero on a log axis: three decades. */
  lo = 0.0;
  hi = 100.0;
  heft_range_tidy (TRUE, FALSE, &lo, &hi);
  g_assert_cmpfloat_with_epsilon (lo, 0.1, 1e-12);
  g_assert_cmpfloat (hi, ==, 100.0);
}

/* Of a column first, lowest, highest and last, in the order they came. */
static void
test_thin_order (void)
{
  static const double y[][6] = { { 0, 5, -5, 1, 0.5, 7 }, { 0, -5, 5, 1, 0.5, 7 } };

  for (gsize k = 0; k < 2; k++)
    {
      double xy[12];

      for (int i = 0; i < 6; i++)
        {
          xy[2 * i] = i < 5 ? 0.1 * (i + 1) : 1.5;
          xy[2 * i + 1] = y[k][i];
        }
      g_assert_cmpuint (heft_thin_columns (xy, 6, 1.0), ==, 5);
      for (int i = 0; i < 5; i++)
        g_assert_cmpfloat (xy[2 * i + 1], ==, y[k][i < 3 ? i : i + 1]);
    }
}

/* Between two columns the outline is as connected as the line: both reach half way. */
static void
test_outline_joins (void)
{
  static const double xy[] = { 0.2, 0, 0.8, 0, 1.2, 10, 1.8, 10 }, expected[] = { 0.5, 0, 1.5, 5, 1.5, 10, 0.5, 5 };
  g_autoptr (GArray) outline = heft_thin_outline (xy, 4, 1.0, 0.0);

  g_assert_cmpmem (outline->data, outline->len * sizeof (double), expected, sizeof expected);
}

static void
test_thin (void)
{
  g_autofree double *xy = g_new (double, 20000);
  gsize n;
  double highest = -INFINITY, lowest = INFINITY;

  for (int i = 0; i < 10000; i++)
    {
      xy[2 * i] = i / 100.0;
      xy[2 * i + 1] = sin (i);
    }
  /* One spike of a single sample each way. */
  xy[2 * 4567 + 1] = 1000.0;
  xy[2 * 7891 + 1] = -1000.0;
  n = heft_thin_columns (xy, 10000, 1.0);
  g_assert_cmpuint (n, <=, 400);
  g_assert_cmpuint (n, >=, 300);
  g_assert_cmpfloat (xy[0], ==, 0.0);
  g_assert_cmpfloat (xy[2 * (n - 1)], ==, 99.99);
  for (gsize i = 0; i < n; i++)
    {
      highest = MAX (highest, xy[2 * i + 1]);
      lowest = MIN (lowest, xy[2 * i + 1]);
      if (i > 0)
        g_assert_cmpfloat (xy[2 * i], >=, xy[2 * i - 2]);
    }
  g_assert_cmpfloat (highest, ==, 1000.0);
  g_assert_cmpfloat (lowest, ==, -1000.0);
}

/* The outline covers every point by half the line's width, and little more. */
static void
test_outline (void)
{
  g_autofree double *xy = g_new (double, 8000);
  g_autoptr (GArray) outline = NULL;
  gsize n, columns;

  for (int i = 0; i < 4000; i++)
    {
      xy[2 * i] = i / 20.0;
      xy[2 * i + 1] = 50 + 20 * sin (i * 12.9898);
    }
  n = heft_thin_columns (xy, 4000, 1.0);
  outline = heft_thin_outline (xy, n, 1.0, 2.0);
  columns = outline->len / 4;
  g_assert_cmpuint (columns, ==, 200);
  for (gsize c = 0; c < columns; c++)
    {
      double top = g_array_index (outline, double, 2 * c + 1);
      double bottom = g_array_index (outline, double, outline->len - 1 - 2 * c);

      g_assert_cmpfloat (g_array_index (outline, double, 2 * c), ==, c + 0.5);
      g_assert_cmpfloat (g_array_index (outline, double, outline->len - 2 - 2 * c), ==, c + 0.5);
      for (gsize i = 0; i < n; i++)
        if (floor (xy[2 * i]) == c)
          {
            g_assert_cmpfloat (top, <=, xy[2 * i + 1] - 1.0);
            g_assert_cmpfloat (bottom, >=, xy[2 * i + 1] + 1.0);
          }
      g_assert_cmpfloat (top, >=, 29.0);
      g_assert_cmpfloat (bottom, <=, 71.0);
    }
}

static void
test_numbers (void)
{
  static const struct { double value; int digits; const char *text; } cases[] = {
    { 0.0, 3, "0" }, { 1.0, 3, "1.00" }, { -2.5, 2, "−2.5" }, { 9.996, 3, "10.0" }, { 23025.85, 5, "23026" },
    { 0.00123, 3, "0.00123" }, { 1.2e-5, 2, "$1.2 \\times 10^{-5}$" }, { -3e7, 2, "$-3.0 \\times 10^{7}$" }, { NAN, 3, "–" },
    { INFINITY, 3, "–" }, { 99999.7, 5, "$1.0000 \\times 10^{5}$" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = heft_format_number (cases[i].value, cases[i].digits);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/scale/linear", test_linear);
  g_test_add_func ("/plot/scale/exponent", test_exponent);
  g_test_add_func ("/plot/scale/log", test_log);
  g_test_add_func ("/plot/scale/log-minor", test_log_minor);
  g_test_add_func ("/plot/scale/round-trip", test_round_trip);
  g_test_add_func ("/plot/scale/hostile", test_hostile);
  g_test_add_func ("/plot/scale/degenerate", test_degenerate);
  g_test_add_func ("/plot/scale/thin", test_thin);
  g_test_add_func ("/plot/scale/thin-order", test_thin_order);
  g_test_add_func ("/plot/scale/outline-joins", test_outline_joins);
  g_test_add_func ("/plot/scale/outline", test_outline);
  g_test_add_func ("/plot/scale/numbers", test_numbers);
  return g_test_run ();
}
