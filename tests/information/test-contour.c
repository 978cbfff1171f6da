/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#define N 121

typedef double (*Surface) (double x, double y);

static double grid_x[N], grid_y[N], values[N * N];

static void
sample (Surface surface, double half_width, double half_height)
{
  for (int i = 0; i < N; i++)
    {
      grid_x[i] = half_width * (2.0 * i / (N - 1) - 1);
      grid_y[i] = half_height * (2.0 * i / (N - 1) - 1);
    }
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++)
      values[i * N + k] = surface (grid_x[i], grid_y[k]);
}

static gboolean
is_closed (const HeftContours *lines, gsize line)
{
  const double *first = lines->xy + 2 * lines->start[line], *last = lines->xy + 2 * (lines->start[line + 1] - 1);

  return first[0] == last[0] && first[1] == last[1];
}

static double
length_of (const HeftContours *lines, gsize line)
{
  double length = 0;

  for (gsize p = lines->start[line] + 1; p < lines->start[line + 1]; p++)
    length += hypot (lines->xy[2 * p] - lines->xy[2 * p - 2], lines->xy[2 * p + 1] - lines->xy[2 * p - 1]);
  return length;
}

static double
area_of (const HeftContours *lines, gsize line)
{
  double area = 0;

  for (gsize p = lines->start[line] + 1; p < lines->start[line + 1]; p++)
    area += 0.5 * (lines->xy[2 * p - 2] * lines->xy[2 * p + 1] - lines->xy[2 * p] * lines->xy[2 * p - 1]);
  return fabs (area);
}

static double
circle (double x, double y)
{
  return -(x * x + y * y);
}

/* (x, y) turned by 30 degrees, with half axes 2 and 0.7. */
static double
ellipse (double x, double y)
{
  double a = (x * cos (G_PI / 6) + y * sin (G_PI / 6)) / 2, b = (y * cos (G_PI / 6) - x * sin (G_PI / 6)) / 0.7;

  return -(a * a + b * b);
}

static void
test_circle (void)
{
  g_autoptr (HeftContours) lines = NULL;

  sample (circle, 3, 2.5);
  lines = heft_contours_new (grid_x, N, grid_y, N, values, -4);
  g_assert_cmpuint (lines->n_lines, ==, 1);
  g_assert_cmpuint (lines->start[1], ==, lines->n);
  g_assert_true (is_closed (lines, 0));
  /* Chords: shorter by the square of the step. */
  g_assert_cmpfloat_with_epsilon (length_of (lines, 0), 4 * G_PI, 2e-3);
  g_assert_cmpfloat_with_epsilon (area_of (lines, 0), 4 * G_PI, 4e-3);
  for (gsize p = 0; p < lines->n; p++)
    g_assert_cmpfloat_with_epsilon (hypot (lines->xy[2 * p], lines->xy[2 * p + 1]), 2, 3e-4);
}

static void
test_ellipse (void)
{
  g_autoptr (HeftContours) lines = NULL, nothing = NULL;
  double length = 0;

  sample (ellipse, 3, 2);
  lines = heft_contours_new (grid_x, N, grid_y, N, values, -1);
  nothing = heft_contours_new (grid_x, N, grid_y, N, values, 0.5);
  g_assert_cmpuint (nothing->n_lines + nothing->n, ==, 0);
  g_assert_cmpuint (lines->n_lines, ==, 1);
  g_assert_true (is_closed (lines, 0));
  g_assert_cmpfloat_with_epsilon (area_of (lines, 0), G_PI * 2 * 0.7, 4e-3);
  for (int i = 0; i < 4000; i++)
    length += hypot (2 * sin (G_PI * i / 2000), 0.7 * cos (G_PI * i / 2000)) * G_PI / 2000;
  g_assert_cmpfloat_with_epsilon (length_of (lines, 0), length, 3e-3);
}

/* A circle that the rectangle cuts: arcs that end on its edges, one at each side that the circle crosses twice. */
static void
test_open (void)
{
  g_autoptr (HeftContours) lines = NULL;

  sample (circle, 3, 1);
  lines = heft_contours_new (grid_x, N, grid_y, N, values, -4);
  g_assert_cmpuint (lines->n_lines, ==, 2);
  for (gsize l = 0; l < 2; l++)
    {
      g_assert_false (is_closed (lines, l));
      g_assert_cmpfloat_with_epsilon (fabs (lines->xy[2 * lines->start[l] + 1]), 1, 1e-12);
      g_assert_cmpfloat_with_epsilon (fabs (lines->xy[2 * lines->start[l + 1] - 1]), 1, 1e-12);
      g_assert_cmpfloat_with_epsilon (length_of (lines, l), 2 * G_PI / 3, 2e-3);
    }
}

/* One square with its opposite corners above: the middle says which hang together. Through every cut side goes one line. */
static void
test_saddle (void)
{
  const double x[] = { 0, 1 }, y[] = { 0, 1 };
  const struct
  {
    double values[4];           /* (0, 0), (0, 1), (1, 0), (1, 1) */
    double cut_off[2][2];       /* the corners that the two lines cut off */
  } cases[] = {
    { { 3, -1, -1, 3 }, { { 0, 1 }, { 1, 0 } } },
    { { 1, -3, -3, 1 }, { { 0, 0 }, { 1, 1 } } },
    { { -1, 3, 3, -1 }, { { 0, 0 }, { 1, 1 } } },
    { { -3, 1, 1, -3 }, { { 0, 1 }, { 1, 0 } } },
  };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      g_autoptr (HeftContours) lines = heft_contours_new (x, 2, y, 2, cases[c].values, 0);
      gboolean found[2] = { FALSE, FALSE };

      g_assert_cmpuint (lines->n_lines, ==, 2);
      g_assert_cmpuint (lines->n, ==, 4);
      for (gsize l = 0; l < 2; l++)
        for (gsize k = 0; k < 2; k++)
          {
            const double *p = lines->xy + 2 * lines->start[l], *corner = cases[c].cut_off[k];

            /* Both ends on the corner's two sides. */
            found[k] |= (p[0] == corner[0] && p[3] == corner[1]) || (p[1] == corner[1] && p[2] == corner[0]);
          }
      g_assert_true (found[0] && found[1]);
    }
}

static double
checks (double x, double y)
{
  return sin (4 * x) * sin (4 * y) + 0.05 * x;
}

/* Many loops and saddles at once: every line closed or ending on the edge, and each side of a square cut at most once. */
static void
test_many (void)
{
  g_autoptr (HeftContours) lines = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gsize cut = 0, points = 0;

  sample (checks, 3, 2.7);
  values[40 * N + 70] = NAN;
  lines = heft_contours_new (grid_x, N, grid_y, N, values, 0.01);
  for (gsize i = 0; i < N; i++)
    for (gsize k = 0; k < N; k++)
      {
        gboolean above = values[i * N + k] >= 0.01;

        /* Not the sides about the missing value, which may have lost both their squares. */
        if (labs ((long) i - 40) < 3 && labs ((long) k - 70) < 3)
          continue;
        cut += i + 1 < N && labs ((long) i + 1 - 40) >= 3 && above != (values[(i + 1) * N + k] >= 0.01);
        cut += k + 1 < N && labs ((long) k + 1 - 70) >= 3 && above != (values[i * N + k + 1] >= 0.01);
      }
  g_assert_cmpuint (lines->n_lines, >, 20);
  for (gsize l = 0; l < lines->n_lines; l++)
    for (gsize p = lines->start[l] + is_closed (lines, l); p < lines->start[l + 1]; p++)
      {
        g_assert_true (isfinite (lines->xy[2 * p]) && isfinite (lines->xy[2 * p + 1]));
        g_assert_true (g_hash_table_add (seen, g_strdup_printf ("%.17g %.17g", lines->xy[2 * p], lines->xy[2 * p + 1])));
        points++;
      }
  g_assert_cmpuint (points, >=, cut - 20);
  g_assert_cmpuint (points, <=, cut + 20);
}

static double
gaussian (double x, double y)
{
  return 0.5 * ellipse (x, y) + 7;
}

/* Half the mass of a Gaussian lies within chi2 = 1.386, nine tenths within 4.605, and the area is pi chi2 times the deviations. */
static void
test_mass (void)
{
  const double masses[] = { 0.5, 0.9, 0.99 }, quantiles[] = { 1.3862944, 4.6051702, 9.2103404 };
  double levels[3];

  sample (gaussian, 11, 5);
  heft_contour_levels (grid_x, N, grid_y, N, values, masses, 3, levels);
  for (int m = 0; m < 3; m++)
    {
      g_autoptr (HeftContours) lines = heft_contours_new (grid_x, N, grid_y, N, values, levels[m]);

      g_assert_cmpfloat_with_epsilon (-2 * (levels[m] - 7), quantiles[m], 0.03);
      g_assert_cmpuint (lines->n_lines, ==, 1);
      g_assert_cmpfloat_with_epsilon (area_of (lines, 0) / (2 * 0.7 * G_PI), quantiles[m], 0.03);
    }
}

static double
wells (double x, double y)
{
  return log (0.8 * exp (circle (2 * (x - 3), 2 * y)) + 0.2 * exp (circle (2 * (x + 3), 2 * y)));
}

static double
flat (double x, double y)
{
  return -3;
}

/* Two wells: half the mass is in the deeper one, nine tenths in both. Of nothing but one value every share is anywhere. */
static void
test_wells (void)
{
  const double masses[] = { 0.5, 0.9 };
  double levels[2];
  g_autoptr (HeftContours) inner = NULL, outer = NULL;

  sample (wells, 6, 3);
  heft_contour_levels (grid_x, N, grid_y, N, values, masses, 2, levels);
  inner = heft_contours_new (grid_x, N, grid_y, N, values, levels[0]);
  outer = heft_contours_new (grid_x, N, grid_y, N, values, levels[1]);
  g_assert_cmpuint (outer->n_lines, ==, 2);
  g_assert_cmpuint (inner->n_lines, ==, 1);
  /* A well of weight w holds w - t above the density t, in units of a whole one's peak; steps of 0.3 deviations. */
  g_assert_cmpfloat_with_epsilon (exp (levels[0]), 0.3, 0.01);
  g_assert_cmpfloat_with_epsilon (exp (levels[1]), 0.05, 0.002);
  sample (flat, 1, 1);
  heft_contour_levels (grid_x, N, grid_y, N, values, masses, 2, levels);
  g_assert_true (isfinite (levels[0]) && fabs (levels[0] + 3) < 1e-3);
}

/* One square, rising from corner to corner: the line x + y = s leaves (2 - s)^2 / 2 of it above, or 1 - s^2 / 2. */
static void
test_share (void)
{
  const double side[] = { 0, 1 }, rising[] = { 0, 0.05, 0.05, 0.1 }, masses[] = { 0.1, 0.5, 0.9 };
  double levels[3];

  heft_contour_levels (side, 2, side, 2, rising, masses, 3, levels);
  g_assert_cmpfloat_with_epsilon (levels[0], 0.05 * (2 - sqrt (0.2)), 2e-4);
  g_assert_cmpfloat_with_epsilon (levels[1], 0.05, 2e-4);
  g_assert_cmpfloat_with_epsilon (levels[2], 0.05 * sqrt (0.2), 2e-4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/contour/circle", test_circle);
  g_test_add_func ("/information/contour/ellipse", test_ellipse);
  g_test_add_func ("/information/contour/open", test_open);
  g_test_add_func ("/information/contour/saddle", test_saddle);
  g_test_add_func ("/information/contour/many", test_many);
  g_test_add_func ("/information/contour/mass", test_mass);
  g_test_add_func ("/information/contour/wells", test_wells);
  g_test_add_func ("/information/contour/share", test_share);
  return g_test_run ();
}
