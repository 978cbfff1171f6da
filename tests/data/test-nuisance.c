/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>
#include <string.h>

/* Smooth enough to have curvature everywhere and no symmetry. */
static double *
image_new (gsize channels, gsize height, gsize width)
{
  double *image = g_new (double, channels * height * width);

  heft_stream_uniforms_f64 (heft_stream (3, HEFT_PURPOSE_SIMULATION, 9), 0, 0, channels * height * width, image);
  return image;
}

static double
largest (gsize n, const double *v)
{
  double most = 0;

  for (gsize i = 0; i < n; i++)
    most = MAX (most, fabs (v[i]));
  return most;
}

static void
test_infos (void)
{
  for (guint i = 0; i < HEFT_N_NUISANCES; i++)
    {
      const HeftNuisanceInfo *info = heft_nuisance_get_info ((HeftNuisance) i);
      g_autoptr (GError) error = NULL;
      HeftNuisance parsed = HEFT_N_NUISANCES;

      g_assert_true (heft_nuisance_parse (info->id, &parsed, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (parsed, ==, i);
      g_assert_true (*info->title != '\0' && *info->unit != '\0' && *info->meaning != '\0');
      g_assert_cmpfloat (info->lower, <=, 0);
      g_assert_cmpfloat (info->upper, >, 0);
    }
}

static void
test_parse_unknown (void)
{
  g_autoptr (GError) error = NULL;
  HeftNuisance nuisance;

  g_assert_false (heft_nuisance_parse ("rotate", &nuisance, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, "rotation"));
}

/* x(0) = x for every nuisance, colour and shape. */
static void
test_identity (void)
{
  static const gsize shapes[][3] = { { 1, 9, 9 }, { 3, 6, 11 }, { 1, 1, 5 }, { 2, 4, 1 }, { 1, 1, 1 }, { 1, 2, 2 } };

  for (gsize s = 0; s < G_N_ELEMENTS (shapes); s++)
    {
      gsize n = shapes[s][0] * shapes[s][1] * shapes[s][2];
      g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (shapes[s][0], shapes[s][1], shapes[s][2]);
      g_autofree double *image = image_new (shapes[s][0], shapes[s][1], shapes[s][2]);
      g_autofree double *changed = g_new (double, n);

      heft_nuisance_warp_set_image (warp, image);
      for (guint i = 0; i < HEFT_N_NUISANCES; i++)
        {
          heft_nuisance_warp_apply (warp, (HeftNuisance) i, 0, changed, NULL);
          for (gsize p = 0; p < n; p++)
            g_assert_cmpfloat_with_epsilon (changed[p], image[p], 1e-13);
        }
    }
}

/* dx/dt against central differences, at zero and elsewhere. */
static void
test_tangents (void)
{
  static const double amounts[] = { 0, 0.37, -0.81, 1.9 };
  const gsize n = 2 * 9 * 12;
  const double h = 1e-5;
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (2, 9, 12);
  g_autofree double *image = image_new (2, 9, 12);
  g_autofree double *tangent = g_new (double, n);
  g_autofree double *above = g_new (double, n);
  g_autofree double *below = g_new (double, n);

  heft_nuisance_warp_set_image (warp, image);
  for (guint i = 0; i < HEFT_N_NUISANCES; i++)
    for (gsize a = 0; a < G_N_ELEMENTS (amounts); a++)
      {
        double t = amounts[a];

        heft_nuisance_warp_apply (warp, (HeftNuisance) i, t, NULL, tangent);
        heft_nuisance_warp_apply (warp, (HeftNuisance) i, t + h, above, NULL);
        heft_nuisance_warp_apply (warp, (HeftNuisance) i, t - h, below, NULL);
        g_assert_cmpfloat (largest (n, tangent), >, 1e-4);
        for (gsize p = 0; p < n; p++)
          g_assert_cmpfloat_with_epsilon (tangent[p], (above[p] - below[p]) / (2 * h), 1e-8);
      }
}

/* Image and tangent asked for together are the same as apart, and a second image leaves nothing of the first. */
static void
test_workspace (void)
{
  const gsize n = 7 * 8;
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (1, 7, 8);
  g_autoptr (HeftNuisanceWarp) fresh = heft_nuisance_warp_new (1, 7, 8);
  g_autofree double *image = image_new (1, 7, 8);
  g_autofree double *other = g_new0 (double, n);
  double x[56], dx[56], expected_x[56], expected_dx[56];

  other[20] = 1;
  heft_nuisance_warp_set_image (fresh, image);
  for (guint i = 0; i < HEFT_N_NUISANCES; i++)
    {
      heft_nuisance_warp_set_image (warp, other);
      heft_nuisance_warp_apply (warp, (HeftNuisance) i, 1.5, x, dx);
      heft_nuisance_warp_set_image (warp, image);
      heft_nuisance_warp_apply (warp, (HeftNuisance) i, 0.75, x, dx);
      heft_nuisance_warp_apply (fresh, (HeftNuisance) i, 0.75, expected_x, NULL);
      heft_nuisance_warp_apply (fresh, (HeftNuisance) i, 0.75, NULL, expected_dx);
      g_assert_cmpmem (x, sizeof x, expected_x, sizeof expected_x);
      g_assert_cmpmem (dx, sizeof dx, expected_dx, sizeof expected_dx);
    }
}

/* Whole pixels and quarter turns only move values about: which way is part of the definition. */
static void
test_whole_steps (void)
{
  const gsize m = 7;
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (1, m, m);
  g_autofree double *image = image_new (1, m, m);
  double out[49];

  heft_nuisance_warp_set_image (warp, image);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_ROTATION, 90, out, NULL);
  for (gsize y = 0; y < m; y++)
    for (gsize x = 0; x < m; x++)
      /* Counterclockwise: what was at the right side, in row y', comes to the top, in column y'. */
      g_assert_cmpfloat_with_epsilon (out[y * m + x], image[x * m + (m - 1 - y)], 1e-12);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_ROTATION, -180, out, NULL);
  for (gsize p = 0; p < m * m; p++)
    g_assert_cmpfloat_with_epsilon (out[p], image[m * m - 1 - p], 1e-12);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_TRANSLATION_X, 2, out, NULL);
  for (gsize y = 0; y < m; y++)
    for (gsize x = 0; x < m; x++)
      g_assert_cmpfloat_with_epsilon (out[y * m + x], image[y * m + (x >= 2 ? x - 2 : 2 - x)], 1e-12);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_TRANSLATION_Y, -3, out, NULL);
  for (gsize y = 0; y < m; y++)
    for (gsize x = 0; x < m; x++)
      g_assert_cmpfloat_with_epsilon (out[y * m + x], image[(y + 3 < m ? y + 3 : 2 * (m - 1) - (y + 3)) * m + x], 1e-12);
  /* 45 degrees move the top row by three pixels to the right. */
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_SHEAR, 45, out, NULL);
  for (gsize x = 3; x < m; x++)
    g_assert_cmpfloat_with_epsilon (out[x], image[x - 3], 1e-12);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_SCALE, 100, out, NULL);
  g_assert_cmpfloat_with_epsilon (out[1 * m + 5], image[2 * m + 4], 1e-12);
  g_assert_cmpfloat_with_epsilon (out[3 * m + 1], image[3 * m + 2], 1e-12);
}

/* Of the plane f = 2 x - 3 y the tangents are known, far from the mirror at the edges. */
static void
test_plane (void)
{
  const gsize m = 41, centre = 20;
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (1, m, m);
  g_autofree double *image = g_new (double, m * m);
  g_autofree double *tangent = g_new (double, m * m);

  for (gsize y = 0; y < m; y++)
    for (gsize x = 0; x < m; x++)
      image[y * m + x] = 2.0 * x - 3.0 * y;
  heft_nuisance_warp_set_image (warp, image);
  for (int y = -3; y <= 3; y++)
    for (int x = -3; x <= 3; x++)
      {
        gsize p = (centre + y) * m + centre + x;

        heft_nuisance_warp_apply (warp, HEFT_NUISANCE_ROTATION, 0, NULL, tangent);
        g_assert_cmpfloat_with_epsilon (tangent[p], (2.0 * -y - 3.0 * x) * G_PI / 180, 1e-7);
        heft_nuisance_warp_apply (warp, HEFT_NUISANCE_SCALE, 0, NULL, tangent);
        g_assert_cmpfloat_with_epsilon (tangent[p], -(2.0 * x - 3.0 * y) / 100, 1e-7);
        heft_nuisance_warp_apply (warp, HEFT_NUISANCE_SHEAR, 0, NULL, tangent);
        g_assert_cmpfloat_with_epsilon (tangent[p], 2.0 * y * G_PI / 180, 1e-7);
        heft_nuisance_warp_apply (warp, HEFT_NUISANCE_TRANSLATION_Y, 0, NULL, tangent);
        g_assert_cmpfloat_with_epsilon (tangent[p], 3, 1e-7);
        heft_nuisance_warp_apply (warp, HEFT_NUISANCE_BLUR, 0, NULL, tangent);
        g_assert_cmpfloat_with_epsilon (tangent[p], 0, 1e-12);
      }
}

/* The blur keeps the sum, has the variance it says, and blurring twice adds variances. */
static void
test_blur (void)
{
  const gsize h = 41, w = 43;
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (1, h, w);
  g_autofree double *image = g_new0 (double, h * w);
  g_autofree double *once = g_new (double, h * w);
  g_autofree double *twice = g_new (double, h * w);
  double sum = 0, variance_x = 0, variance_y = 0;

  image[20 * w + 21] = 1;
  heft_nuisance_warp_set_image (warp, image);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_BLUR, 3.5, once, NULL);
  for (gsize p = 0; p < h * w; p++)
    {
      double x = (double) (p % w) - 21, y = (double) (p / w) - 20;

      g_assert_cmpfloat (once[p], >=, -1e-15);
      sum += once[p];
      variance_x += x * x * once[p];
      variance_y += y * y * once[p];
    }
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (variance_x, 3.5, 1e-10);
  g_assert_cmpfloat_with_epsilon (variance_y, 3.5, 1e-10);
  heft_nuisance_warp_set_image (warp, once);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_BLUR, 1.25, twice, NULL);
  heft_nuisance_warp_set_image (warp, image);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_BLUR, 4.75, once, NULL);
  for (gsize p = 0; p < h * w; p++)
    g_assert_cmpfloat_with_epsilon (once[p], twice[p], 1e-14);
}

static void
test_shades (void)
{
  const double image[4] = { 0, 0.25, 0.5, 1 };
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (1, 1, 4);
  double x[4], dx[4];

  heft_nuisance_warp_set_image (warp, image);
  for (int p = 0; p < 4; p++)
    {
      heft_nuisance_warp_apply (warp, HEFT_NUISANCE_BRIGHTNESS, 10, x, dx);
      g_assert_cmpfloat_with_epsilon (x[p], image[p] + 0.1, 1e-15);
      heft_nuisance_warp_apply (warp, HEFT_NUISANCE_CONTRAST, -100, x, dx);
      g_assert_cmpfloat_with_epsilon (x[p], 1.75 / 4, 1e-15);
      heft_nuisance_warp_apply (warp, HEFT_NUISANCE_BACKGROUND, 40, x, dx);
      g_assert_cmpfloat_with_epsilon (x[p], 0.4 + 0.6 * image[p], 1e-15);
    }
  {
    g_autofree double *white = g_new (double, 400);
    double area = 0;
    g_autoptr (HeftNuisanceWarp) square = heft_nuisance_warp_new (1, 20, 20);

    for (int p = 0; p < 400; p++)
      white[p] = 1;
    heft_nuisance_warp_set_image (square, white);
    heft_nuisance_warp_apply (square, HEFT_NUISANCE_OCCLUSION, 100, white, NULL);
    for (int p = 0; p < 400; p++)
      area += 1 - white[p];
    g_assert_cmpfloat (white[0], >, 0.999);
    g_assert_cmpfloat (white[10 * 20 + 10], <, 0.01);
    /* A disc of radius 4 with a logistic edge of 0.5: pi (r^2 + pi^2 s^2 / 3). */
    g_assert_cmpfloat_with_epsilon (area, G_PI * (16 + G_PI * G_PI * 0.25 / 3), 1);
  }
}

static double
disc_area (const double *image, gsize n)
{
  double sum = 0;

  for (gsize p = 0; p < n; p++)
    sum += image[p];
  return sum;
}

/* A disc of radius r grows to one of radius r + t: its area at the rate of its edge's length. */
static void
test_thickness (void)
{
  const gsize m = 33;
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (1, m, m);
  g_autofree double *image = g_new (double, m * m);
  g_autofree double *x = g_new (double, m * m);
  g_autofree double *dx = g_new (double, m * m);
  const double radius = 8;

  for (gsize p = 0; p < m * m; p++)
    image[p] = 1 / (1 + exp ((hypot ((double) (p % m) - 16, (double) (p / m) - 16) - radius) / 0.5));
  heft_nuisance_warp_set_image (warp, image);
  heft_nuisance_warp_apply (warp, HEFT_NUISANCE_THICKNESS, 0, NULL, dx);
  g_assert_cmpfloat_with_epsilon (disc_area (dx, m * m), 2 * G_PI * radius, 0.05 * 2 * G_PI * radius);
  for (int t = -1; t <= 1; t++)
    {
      double expected = G_PI * (radius + t) * (radius + t);

      heft_nuisance_warp_apply (warp, HEFT_NUISANCE_THICKNESS, t, x, NULL);
      g_assert_cmpfloat_with_epsilon (disc_area (x, m * m), expected, 0.04 * expected);
    }
}

static void
test_vary (void)
{
  g_auto (HeftDataPair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftDataset) some = NULL;
  g_autoptr (HeftDataset) noisy = NULL;
  g_autoptr (HeftDataset) turned = NULL;
  g_autoptr (HeftDataset) again = NULL;
  g_autoptr (HeftDataset) fewer = NULL;
  g_autoptr (HeftDataset) still = NULL;
  g_autofree float *a = g_new (float, 20 * 784);
  g_autofree float *b = g_new (float, 20 * 784);
  gsize channels, height, width;

  g_assert_true (heft_data_load ("mnist-10k", 0, &pair, &error));
  some = heft_dataset_head (pair.train, 20);
  noisy = heft_dataset_add_label_noise (some, 0.5, 1);
  turned = heft_dataset_vary (noisy, HEFT_NUISANCE_ROTATION, -30, 30, 7, &error);
  g_assert_no_error (error);
  again = heft_dataset_vary (noisy, HEFT_NUISANCE_ROTATION, -30, 30, 7, &error);
  still = heft_dataset_vary (noisy, HEFT_NUISANCE_BLUR, 0, 0, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (heft_dataset_get_n_samples (turned), ==, 20);
  g_assert_true (heft_dataset_get_shape (turned, &channels, &height, &width));
  g_assert_cmpuint (channels * 10000 + height * 100 + width, ==, 12828);
  g_assert_cmpmem (heft_dataset_get_labels (turned), 20, heft_dataset_get_labels (noisy), 20);
  g_assert_cmpmem (heft_dataset_get_true_labels (turned), 20, heft_dataset_get_true_labels (some), 20);
  heft_dataset_gather_f32 (turned, NULL, 0, 20, a);
  heft_dataset_gather_f32 (again, NULL, 0, 20, b);
  g_assert_cmpmem (a, 20 * 784 * 4, b, 20 * 784 * 4);
  for (gsize i = 0; i < 20 * 784; i++)
    g_assert_true (a[i] >= 0 && a[i] <= 1);
  /* Sample by sample: a part of the set is changed as the whole is. */
  {
    g_autoptr (HeftDataset) head = heft_dataset_head (noisy, 5);

    fewer = heft_dataset_vary (head, HEFT_NUISANCE_ROTATION, -30, 30, 7, &error);
    heft_dataset_gather_f32 (fewer, NULL, 0, 5, b);
    g_assert_cmpmem (a, 5 * 784 * 4, b, 5 * 784 * 4);
  }
  heft_dataset_gather_f32 (some, NULL, 0, 20, b);
  g_assert_false (memcmp (a, b, 784 * 4) == 0);
  heft_dataset_gather_f32 (still, NULL, 0, 20, a);
  g_assert_cmpmem (a, 20 * 784 * 4, b, 20 * 784 * 4);
}

/* The amounts are those of the warp, uniform over the range. */
static void
test_vary_amounts (void)
{
  const gsize n = 400;
  g_autofree guint8 *bytes = g_malloc0 (n * 9);
  g_autofree guint8 *labels = g_malloc0 (n);
  g_autoptr (GBytes) inputs = g_bytes_new (bytes, n * 9);
  g_autoptr (HeftDataset) dark = heft_dataset_new_bytes ("dark", n, 1, 3, 3, inputs, labels, 2);
  g_autoptr (HeftDataset) lit = heft_dataset_vary (dark, HEFT_NUISANCE_BRIGHTNESS, 20, 60, 3, NULL);
  g_autofree double *x = g_new (double, n * 9);
  double sum = 0, least = 1, most = 0;

  heft_dataset_gather_f64 (lit, NULL, 0, n, x);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpfloat (x[9 * i], ==, x[9 * i + 8]);
      sum += x[9 * i];
      least = MIN (least, x[9 * i]);
      most = MAX (most, x[9 * i]);
    }
  /* Standard error of the mean: 0.4 / sqrt (12 n) = 0.006. */
  g_assert_cmpfloat_with_epsilon (sum / n, 0.4, 0.025);
  g_assert_cmpfloat_with_epsilon (least, 0.2, 0.01);
  g_assert_cmpfloat_with_epsilon (most, 0.6, 0.01);
}

static void
test_vary_errors (void)
{
  g_auto (HeftDataPair) moons = { 0 };
  g_auto (HeftDataPair) digits = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_data_load ("moons", 0, &moons, NULL));
  g_assert_true (heft_data_load ("digits-8x8", 0, &digits, NULL));
  g_assert_null (heft_dataset_vary (moons.train, HEFT_NUISANCE_ROTATION, 0, 10, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_dataset_vary (digits.train, HEFT_NUISANCE_ROTATION, 10, -10, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_dataset_vary (digits.train, HEFT_NUISANCE_SCALE, -200, 0, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_dataset_vary (digits.train, HEFT_NUISANCE_BLUR, NAN, NAN, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_dataset_clutter (moons.train, 40, 4, 8, 0, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_dataset_clutter (digits.train, 7, 4, 4, 0, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_dataset_clutter (digits.train, 20, 4, 9, 0, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

/* How many places of the 20 x 20 @canvas hold the 8 x 8 @digit; their rows, modulo 16, go into @rows. */
static guint
find_digit (const double *canvas, const double *digit, guint *rows)
{
  guint found = 0;

  for (guint y = 0; y <= 12; y++)
    for (guint x = 0; x <= 12; x++)
      {
        double worst = 0;

        for (guint p = 0; p < 64; p++)
          worst = MAX (worst, fabs (canvas[(y + p / 8) * 20 + x + p % 8] - digit[p]));
        /* The canvas keeps 255 grey levels of the 16. */
        if (worst < 0.002)
          {
            found++;
            *rows |= 1u << (y % 16);
          }
      }
  return found;
}

static double
sum_of (const double *x, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += x[i];
  return sum;
}

/* Without pieces the canvas holds the image, moved; with pieces nothing gets darker. */
static void
test_clutter (void)
{
  g_auto (HeftDataPair) digits = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftDataset) some = NULL;
  g_autoptr (HeftDataset) plain = NULL;
  g_autoptr (HeftDataset) cluttered = NULL;
  g_autoptr (HeftDataset) again = NULL;
  g_autoptr (HeftDataset) other = NULL;
  double digit[64], canvas[400], copy[400];
  gsize channels, height, width, n_other = 0;
  guint rows = 0;

  g_assert_true (heft_data_load ("digits-8x8", 0, &digits, NULL));
  some = heft_dataset_head (digits.train, 40);
  plain = heft_dataset_clutter (some, 20, 0, 1, 5, 0, &error);
  g_assert_no_error (error);
  cluttered = heft_dataset_clutter (some, 20, 5, 4, 5, 0, &error);
  g_assert_no_error (error);
  again = heft_dataset_clutter (some, 20, 5, 4, 5, 0, &error);
  other = heft_dataset_clutter (some, 20, 5, 4, 5, 1, &error);
  g_assert_true (heft_dataset_get_shape (cluttered, &channels, &height, &width));
  g_assert_cmpuint (channels * 10000 + height * 100 + width, ==, 12020);
  g_assert_cmpmem (heft_dataset_get_labels (cluttered), 40, heft_dataset_get_labels (some), 40);
  for (gsize i = 0; i < 40; i++)
    {
      heft_dataset_gather_f64 (some, NULL, i, 1, digit);
      heft_dataset_gather_f64 (plain, NULL, i, 1, canvas);
      g_assert_cmpfloat_with_epsilon (sum_of (canvas, 400), sum_of (digit, 64), 64 * 0.002);
      g_assert_cmpuint (find_digit (canvas, digit, &rows), >=, 1);
      heft_dataset_gather_f64 (cluttered, NULL, i, 1, canvas);
      heft_dataset_gather_f64 (again, NULL, i, 1, copy);
      g_assert_cmpmem (canvas, sizeof canvas, copy, sizeof copy);
      g_assert_cmpfloat (sum_of (canvas, 400), >, sum_of (digit, 64) - 64 * 0.002);
      heft_dataset_gather_f64 (other, NULL, i, 1, copy);
      n_other += memcmp (canvas, copy, sizeof copy) != 0;
    }
  g_assert_cmpuint (n_other, ==, 40);
  g_assert_cmpuint (g_bit_nth_msf (rows, -1), >, 6);
}

/* As a data argument: train and test apart, labels of the plain set, a canvas of ten sevenths. */
static void
test_cluttered_name (void)
{
  g_auto (HeftDataPair) plain = { 0 };
  g_auto (HeftDataPair) cluttered = { 0 };
  g_auto (HeftDataPair) none = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftDataset) all = NULL;
  gsize channels, height, width;

  g_assert_true (heft_data_load ("digits-8x8", 3, &plain, &error));
  g_assert_true (heft_data_load ("cluttered-digits-8x8", 3, &cluttered, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (heft_dataset_get_name (cluttered.train), ==, "cluttered-digits-8x8");
  g_assert_true (heft_dataset_get_shape (cluttered.test, &channels, &height, &width));
  g_assert_cmpuint (channels * 10000 + height * 100 + width, ==, 11111);
  g_assert_cmpmem (heft_dataset_get_labels (cluttered.test), heft_dataset_get_n_samples (cluttered.test),
                   heft_dataset_get_labels (plain.test), heft_dataset_get_n_samples (plain.test));
  all = heft_data_load_all ("cluttered-digits-8x8", 3, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (heft_dataset_get_n_samples (all), ==, 1797);
  g_assert_true (heft_data_source_is_available ("cluttered-mnist-10k"));
  g_assert_false (heft_data_load ("cluttered-moons", 3, &none, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (heft_data_load ("cluttered-cluttered-mnist-10k", 3, &none, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/nuisance/infos", test_infos);
  g_test_add_func ("/data/nuisance/parse-unknown", test_parse_unknown);
  g_test_add_func ("/data/nuisance/identity", test_identity);
  g_test_add_func ("/data/nuisance/tangents", test_tangents);
  g_test_add_func ("/data/nuisance/workspace", test_workspace);
  g_test_add_func ("/data/nuisance/whole-steps", test_whole_steps);
  g_test_add_func ("/data/nuisance/plane", test_plane);
  g_test_add_func ("/data/nuisance/blur", test_blur);
  g_test_add_func ("/data/nuisance/shades", test_shades);
  g_test_add_func ("/data/nuisance/thickness", test_thickness);
  g_test_add_func ("/data/nuisance/vary", test_vary);
  g_test_add_func ("/data/nuisance/vary-amounts", test_vary_amounts);
  g_test_add_func ("/data/nuisance/errors", test_vary_errors);
  g_test_add_func ("/data/nuisance/clutter", test_clutter);
  g_test_add_func ("/data/nuisance/cluttered-name", test_cluttered_name);
  return g_test_run ();
}
