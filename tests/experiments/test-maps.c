/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Maps over the plane and maps of directions, point by point against heft_visibility_new(). */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "experiments/maps.h"
#include "experiments/network.h"

static HeftRecord *
record_new (void)
{
  return heft_record_new (NULL, 0, NULL, 0);
}

static double *
variances_new (gsize k)
{
  double *variance = g_new (double, k);

  for (gsize i = 0; i < k; i++)
    variance[i] = 0.01 * (1 + (double) (i % 7));
  return variance;
}

/* Two inputs, and three classes or two: what the frame says of a few places is what is so there. */
static void
test_plane (gconstpointer classes)
{
  gsize n_classes = GPOINTER_TO_SIZE (classes);
  g_auto (Fixture) f = fixture_new ("6-5", HEFT_ACTIVATION_TANH, FLAT (2), n_classes, 40, 3);
  g_autofree double *variance = variances_new (f.k), *x = g_new (double, 80);
  g_autoptr (HeftRecord) record = record_new ();
  g_autoptr (HeftFrame) frame = NULL;
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f.network, 1);
  g_autoptr (GError) error = NULL;
  const double *image, *map, *change;
  double lower[2] = { INFINITY, INFINITY }, upper[2] = { -INFINITY, -INFINITY };
  gsize rows, columns;

  g_assert_true (heft_maps_publish (record, 7, f.network, f.weights, &(HeftWeightNoise) { .variance = variance }, f.data, 2, "noise", NULL, &error));
  g_assert_no_error (error);
  frame = heft_record_get_frame (record, "invariance");
  image = heft_frame_get_array (frame, "image:0", &rows, &columns);
  map = heft_frame_get_array (frame, "map:0", &rows, &columns);
  change = heft_frame_get_array (frame, "change:0", &rows, &columns);
  g_assert_cmpuint (rows, ==, heft_plane_maps_side (f.network, 1));
  g_assert_cmpuint (columns, ==, rows);
  g_assert_cmpuint (heft_frame_get_step (frame), ==, 7);
  heft_dataset_gather_f64 (f.data, NULL, 0, 40, x);
  for (gsize i = 0; i < 80; i++)
    {
      lower[i % 2] = fmin (lower[i % 2], x[i]);
      upper[i % 2] = fmax (upper[i % 2], x[i]);
    }
  for (gsize r = 0; r < rows; r += 5)
    for (gsize c = 1; c < columns; c += 7)
      {
        /* Half a cell inside of the margin of 15 %; the top row is the highest. */
        double w0 = 1.3 * (upper[0] - lower[0]) / (double) columns, w1 = 1.3 * (upper[1] - lower[1]) / (double) rows;
        const double input[2] = { lower[0] - 0.15 * (upper[0] - lower[0]) + w0 * ((double) c + 0.5),
                                  upper[1] + 0.15 * (upper[1] - lower[1]) - w1 * ((double) r + 0.5) };
        double fisher[4], p[3], expected;
        g_autoptr (HeftVisibility) seen = heft_visibility_new (f.network, f.weights, variance, input, 1, fisher, NULL);

        heft_pass_f64_forward (pass, f.weights, input, 1);
        heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), NULL, 1, n_classes, NULL, p, NULL);
        expected = n_classes == 2 ? p[1] : fmax (p[0], fmax (p[1], p[2]));
        g_assert_cmpfloat_with_epsilon (image[r * columns + c], expected, 1e-12);
        g_assert_cmpfloat_with_epsilon (map[r * columns + c], fisher[0] + fisher[3], 1e-9 * (fisher[0] + fisher[3]));
        expected = 1 / sqrt (fisher[0] * fisher[3] - fisher[1] * fisher[2]);
        g_assert_cmpfloat_with_epsilon (change[r * columns + c], expected, 1e-6 * expected);
      }
  g_assert_cmpfloat (heft_frame_get_number (frame, "blind_share", NAN), ==, 0);
}

/* A layer of one unit sees one direction: there is no area, and the frame says so with nothing that is drawn as a number. */
static void
test_blind (void)
{
  g_auto (Fixture) f = fixture_new ("1", HEFT_ACTIVATION_TANH, FLAT (2), 2, 40, 3);
  g_autofree double *variance = variances_new (f.k);
  g_autoptr (HeftRecord) record = record_new ();
  g_autoptr (HeftFrame) frame = NULL;
  gsize rows, columns;

  g_assert_true (heft_maps_publish (record, 0, f.network, f.weights, &(HeftWeightNoise) { .variance = variance }, f.data, 1, "noise", NULL, NULL));
  frame = heft_record_get_frame (record, "invariance");
  g_assert_true (isinf (heft_frame_get_array (frame, "change:0", &rows, &columns)[0]));
  g_assert_cmpfloat (heft_frame_get_number (frame, "blind_share", NAN), ==, 1);
  g_assert_true (isnan (heft_frame_get_number (frame, "smallest_area", NAN)));
}

static double
quadratic (const double *matrix, const double *v, gsize d)
{
  double sum = 0;

  for (gsize i = 0; i < d; i++)
    for (gsize j = 0; j < d; j++)
      sum += v[i] * matrix[i * d + j] * v[j];
  return sum;
}

/* The most visible direction is the fixed point of the Fisher; what hides is seen less than any principal direction by itself. */
static void
test_directions (void)
{
  g_auto (Fixture) f = fixture_new ("30", HEFT_ACTIVATION_TANH, FLAT (16), 3, 50, 3);
  g_autofree double *variance = variances_new (f.k), *principal = g_new (double, 10 * 16);
  g_autoptr (HeftRecord) record = record_new ();
  g_autoptr (HeftFrame) frame = NULL;
  double fisher[256], input[16], chosen_input[16];
  gsize rows, columns, chosen[HEFT_MAPS_IMAGES], n = heft_maps_choose_images (f.data, chosen);
  double largest = 0;

  g_assert_true (heft_direction_maps_publish (record, f.network, f.weights, &(HeftWeightNoise) { .variance = variance }, f.data, 1, "noise", NULL, NULL));
  frame = heft_record_get_frame (record, "directions");
  g_assert_cmpuint (n, ==, 3);
  g_assert_true (heft_principal_directions (f.data, 50, 10, principal, NULL, NULL));
  for (gsize k = 0; k < n; k++)
    {
      g_autofree char *map = g_strdup_printf ("map:%zu", k), *change = g_strdup_printf ("change:%zu", k);
      g_autofree char *image = g_strdup_printf ("image:%zu", k);
      const double *most = heft_frame_get_array (frame, map, &rows, &columns);
      const double *least = heft_frame_get_array (frame, change, &rows, &columns);
      g_autoptr (HeftVisibility) seen = NULL;
      double best, worst;

      heft_dataset_gather_f64 (f.data, NULL, chosen[k], 1, input);
      memcpy (chosen_input, heft_frame_get_array (frame, image, &rows, &columns), sizeof chosen_input);
      g_assert_cmpmem (input, sizeof input, chosen_input, sizeof chosen_input);
      seen = heft_visibility_new (f.network, f.weights, variance, input, 0, fisher, NULL);
      best = quadratic (fisher, most, 16);
      worst = quadratic (fisher, least, 16);
      for (gsize i = 0; i < 16; i++)
        {
          double image_of = 0;

          for (gsize j = 0; j < 16; j++)
            image_of += fisher[i * 16 + j] * most[j];
          g_assert_cmpfloat_with_epsilon (image_of, best * most[i], 1e-8 * best);
          g_assert_cmpfloat (fisher[i * 17], <=, best * (1 + 1e-12));
        }
      for (gsize i = 0; i < 10; i++)
        g_assert_cmpfloat (worst, <=, quadratic (fisher, principal + i * 16, 16) * (1 + 1e-9));
      largest = fmax (largest, sqrt (best / worst));
    }
  g_assert_cmpfloat_with_epsilon (heft_frame_get_number (frame, "ratio", NAN), largest, 1e-6 * largest);
  g_assert_nonnull (heft_frame_get_text (frame, "signed"));
}

/* Inputs of very many numbers are no failure: the panel says why it is empty. */
static void
test_too_wide (void)
{
  g_auto (Fixture) f = fixture_new ("2", HEFT_ACTIVATION_TANH, FLAT (HEFT_DIRECTIONS_MAX_INPUTS + 1), 3, 5, 3);
  g_autofree double *variance = variances_new (f.k);
  g_autoptr (HeftRecord) record = record_new ();
  g_autoptr (HeftFrame) frame = NULL;

  g_assert_true (heft_direction_maps_publish (record, f.network, f.weights, &(HeftWeightNoise) { .variance = variance }, f.data, 1,
                                              "noise", NULL, NULL));
  frame = heft_record_get_frame (record, "directions");
  g_assert_nonnull (frame);
  g_assert_nonnull (strstr (heft_frame_get_text (frame, "obstacle"), "1,025"));
  g_assert_null (heft_network_directions_sentence (record));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/experiments/maps/plane-2", GSIZE_TO_POINTER (2), test_plane);
  g_test_add_data_func ("/experiments/maps/plane-3", GSIZE_TO_POINTER (3), test_plane);
  g_test_add_func ("/experiments/maps/blind", test_blind);
  g_test_add_func ("/experiments/maps/directions", test_directions);
  g_test_add_func ("/experiments/maps/too-wide", test_too_wide);
  return g_test_run ();
}
