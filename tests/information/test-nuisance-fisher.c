/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "information/noise.h"
#include "linalg/linalg.h"

#define N_IMAGES 5

/* Images instead of the fixture's points. */
static HeftDataset *
images_new (HeftShape shape)
{
  gsize d = shape.channels * shape.height * shape.width;
  g_autofree guint8 *bytes = g_malloc (N_IMAGES * d);
  const guint8 labels[N_IMAGES] = { 0, 1, 2, 1, 0 };
  g_autoptr (GBytes) inputs = NULL;
  g_autofree guint32 *bits = g_new (guint32, N_IMAGES * d);

  heft_stream_bits (heft_stream (4, HEFT_PURPOSE_SIMULATION, 6), 0, 0, N_IMAGES * d, bits);
  for (gsize i = 0; i < N_IMAGES * d; i++)
    bytes[i] = (guint8) (bits[i] >> 24);
  inputs = g_bytes_new (bytes, N_IMAGES * d);
  return heft_dataset_new_bytes ("images", N_IMAGES, shape.channels, shape.height, shape.width, inputs, labels, 3);
}

static double
at (const HeftNuisanceTable *table, gsize layer, gsize nuisance, gsize sample)
{
  return table->fisher[(layer * table->n_nuisances + nuisance) * table->n_samples + sample];
}

/* u^T F u with the whole matrix F of heft_visibility_new(), for every image, layer and nuisance. */
static void
compare (const char *architecture, HeftActivation activation, HeftShape shape)
{
  g_auto (Fixture) f = fixture_new (architecture, activation, shape, 3, 2, 6);
  g_autoptr (HeftDataset) images = images_new (shape);
  g_autoptr (HeftNuisanceWarp) warp = heft_nuisance_warp_new (shape.channels, shape.height, shape.width);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftNuisanceTable) table = NULL;
  gsize d = shape.channels * shape.height * shape.width;
  g_autofree double *image = g_new (double, d);
  g_autofree double *tangent = g_new (double, d);
  g_autofree double *fisher = g_new (double, d * d);

  table = heft_nuisance_table_new (f.network, f.weights, variance, images, N_IMAGES, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (table->n_layers, ==, heft_visibility_n_layers (f.network));
  g_assert_cmpuint (table->n_nuisances, ==, HEFT_N_NUISANCES);
  g_assert_cmpstr (table->layer_names[table->n_layers - 1], ==, "logits");
  for (gsize i = 0; i < N_IMAGES; i++)
    for (gsize layer = 0; layer < table->n_layers; layer++)
      {
        g_autoptr (HeftVisibility) map = NULL;

        heft_dataset_gather_f64 (images, NULL, i, 1, image);
        heft_nuisance_warp_set_image (warp, image);
        map = heft_visibility_new (f.network, f.weights, variance, image, layer, fisher, &error);
        g_assert_no_error (error);
        for (gsize v = 0; v < HEFT_N_NUISANCES; v++)
          {
            double expected = 0;

            heft_nuisance_warp_apply (warp, (HeftNuisance) v, 0, NULL, tangent);
            for (gsize a = 0; a < d; a++)
              expected += tangent[a] * heft_dot_f64 (d, fisher + a * d, tangent);
            g_assert_cmpfloat_with_epsilon (at (table, layer, v, i), expected,
                                            1e-9 * map->trace * heft_dot_f64 (d, tangent, tangent));
          }
      }
}

static void
test_against_matrix (void)
{
  const HeftShape gray = { 1, 5, 6 }, colour = { 2, 4, 4 };

  compare ("12-9", HEFT_ACTIVATION_TANH, gray);
  compare ("20-16-7", HEFT_ACTIVATION_RELU, gray);
  compare ("", HEFT_ACTIVATION_RELU, gray);
  compare ("9", HEFT_ACTIVATION_SOFTPLUS, colour);
  compare ("conv3x2-tanh-avgpool2-4", HEFT_ACTIVATION_TANH, colour);
  compare ("conv3x2-tanh-pool2-4-3", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 6, 6 }));
}

/* Every cell of both tables, and what heft_noise_visibility_new() sees of the first image. */
static void
compare_noise (Fixture *f, HeftDataset *images, const double *variance, const HeftWeightNoise *noise)
{
  const HeftWeightNoise independent = { .variance = variance };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftNuisanceTable) one = NULL, other = NULL;
  g_autofree double *image = g_new (double, heft_network_get_n_inputs (f->network));

  one = heft_nuisance_table_new (f->network, f->weights, variance, images, N_IMAGES, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  other = heft_noise_nuisances_new (f->network, f->weights, noise, images, N_IMAGES, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  heft_dataset_gather_f64 (images, NULL, 0, 1, image);
  for (gsize l = 0; l < one->n_layers; l++)
    {
      g_autoptr (HeftVisibility) seen = heft_noise_visibility_new (f->network, f->weights, &independent, image, l, &error);
      g_autoptr (HeftVisibility) again = heft_noise_visibility_new (f->network, f->weights, noise, image, l, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (again->n_active, ==, seen->n_active);
      g_assert_cmpuint (again->rank, ==, seen->rank);
      for (gsize j = 0; j < seen->n_inputs; j++)
        g_assert_cmpfloat_with_epsilon (again->fisher_diagonal[j], seen->fisher_diagonal[j], 1e-8 * seen->trace);
      for (gsize v = 0; v < one->n_nuisances; v++)
        for (gsize i = 0; i < N_IMAGES; i++)
          g_assert_cmpfloat_with_epsilon (at (other, l, v, i), at (one, l, v, i), 1e-8 * at (one, l, v, i));
    }
}

/* Where the Fisher is diagonal, its Sigma* is the independent noise: by the dense matrix and by a diagonal curvature the same is seen. */
static void
test_any_noise (void)
{
  static const char *const architectures[] = { "12-9", "conv3x2-tanh-avgpool2-4" };
  const double beta = 0.03, lambda = 0.7;

  for (gsize a = 0; a < G_N_ELEMENTS (architectures); a++)
    {
      const HeftShape shape = { 1, 6, 6 };
      g_auto (Fixture) f = fixture_new (architectures[a], HEFT_ACTIVATION_TANH, shape, 3, 2, 6);
      g_autoptr (HeftDataset) images = images_new (shape);
      g_autoptr (HeftCurvature) curvature = NULL;
      g_autofree double *fisher = g_new0 (double, f.k * f.k), *variance = g_new (double, f.k);
      g_auto (HeftCorrelatedNoise) correlated = { 0 };
      HeftStructuredNoise structured = { NULL, beta, lambda };
      g_autoptr (GError) error = NULL;

      curvature = heft_curvature_new (f.network, f.weights, images, 0, HEFT_CURVATURE_DIAGONAL, HEFT_FISHER_EXACT, 0, FALSE, 1, NULL,
                                      &error);
      g_assert_no_error (error);
      for (gsize l = 0; l < heft_network_get_n_weight_layers (f.network); l++)
        {
          const HeftLayer *layer = heft_network_get_weight_layer (f.network, l);

          for (gsize q = 0; q < layer->n_parameters; q++)
            {
              gsize i = layer->offset + q;

              fisher[i * f.k + i] = heft_curvature_get_layer (curvature, l)->moments[q];
              variance[i] = beta / (fisher[i * f.k + i] + beta / (lambda * lambda));
            }
        }
      structured.curvature = curvature;
      g_assert_true (heft_correlated_noise_init (&correlated, f.k, fisher, beta, lambda, &error));
      compare_noise (&f, images, variance, &(HeftWeightNoise) { .correlated = &correlated });
      compare_noise (&f, images, variance, &(HeftWeightNoise) { .structured = &structured });
    }
}

/* Two outputs, of @n_all with dead ones, that see one input each, by 1 and 2, with noise of deviations 1 and @second. */
static void
check_channel (gsize n_all, double second, gsize rank, double condition, gboolean doubtful, double other)
{
  double noise[6] = { 1, 0, 0, second, 0, 0 }, jacobian[4] = { 1, 0, 0, 2 }, fisher[2];
  g_autoptr (GError) error = NULL;
  HeftChannel channel;

  g_assert_true (heft_channel_root_of_noise (3, 2, n_all, 2, noise, jacobian, &channel, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (channel.rank, ==, rank);
  g_assert_cmpint (channel.doubtful, ==, doubtful);
  g_assert_cmpfloat_with_epsilon (channel.condition / condition, 1, 1e-9);
  for (gsize j = 0; j < 2; j++)
    {
      fisher[j] = 0;
      for (gsize a = 0; a < channel.rank; a++)
        fisher[j] += jacobian[a * 2 + j] * jacobian[a * 2 + j];
    }
  g_assert_cmpfloat_with_epsilon (fisher[0], 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (fisher[1], other, 1e-9 * (other + 1));
}

/* The pseudo-inverse of plain double precision, and what it says of itself. */
static void
test_channel (void)
{
  double wide[2] = { 3, 4 }, both[2] = { 3, 4 }, silent[2] = { 1e-300, 0 }, one[2] = { 1, 1 };
  HeftChannel channel;

  check_channel (2, 0.01, 2, 1e4, FALSE, 4e4);
  check_channel (2, 1e-6, 2, 1e12, TRUE, 4e12);    /* exact, where forming Sigma leaves four digits */
  check_channel (2, 1e-9, 1, 1, TRUE, 0);          /* there is noise that double precision cannot tell from none beside the first's */
  check_channel (2, 1e-17, 1, 1, FALSE, 0);        /* rounding */
  check_channel (2, 0, 1, 1, FALSE, 0);

  /* Cut at as many epsilons as the layer has outputs. */
  check_channel (2, sqrt (3 * DBL_EPSILON), 2, 1 / (3 * DBL_EPSILON), TRUE, 4 / (3 * DBL_EPSILON));
  check_channel (4, sqrt (3 * DBL_EPSILON), 1, 1, TRUE, 0);

  /* One source of noise in two outputs: along (3, 4), where they see (3 . 3 + 4 . 4) / 25. */
  g_assert_true (heft_channel_root_of_noise (1, 2, 2, 1, wide, both, &channel, NULL));
  g_assert_cmpuint (channel.rank, ==, 1);
  g_assert_cmpfloat_with_epsilon (both[0] * both[0], 1, 1e-12);
  g_assert_false (channel.doubtful);
  g_assert_true (heft_channel_root_of_noise (1, 2, 2, 1, silent, one, &channel, NULL));
  g_assert_cmpuint (channel.rank, ==, 0);
}

/* Linear outputs z_j = w_j . x + b_j with their own noise: F_t is a sum over outputs. */
static void
test_closed_form (void)
{
  const HeftShape shape = { 1, 5, 5 };
  g_auto (Fixture) f = fixture_new ("", HEFT_ACTIVATION_RELU, shape, 3, 2, 6);
  g_autoptr (HeftDataset) images = images_new (shape);
  g_autofree double *variance = fixture_variances (f.k, 0.5);
  g_autoptr (HeftNuisanceTable) table = NULL;
  const HeftNuisance nuisances[] = { HEFT_NUISANCE_BRIGHTNESS, HEFT_NUISANCE_BACKGROUND };
  double x[25];

  table = heft_nuisance_table_new (f.network, f.weights, variance, images, 3, nuisances, 2, NULL, NULL);
  g_assert_cmpuint (table->n_nuisances, ==, 2);
  g_assert_cmpuint (table->n_layers, ==, 1);
  for (gsize i = 0; i < 3; i++)
    {
      double brightness = 0, background = 0;

      heft_dataset_gather_f64 (images, NULL, i, 1, x);
      for (int j = 0; j < 3; j++)
        {
          double noise = variance[25 * 3 + j], even = 0, dark = 0;

          for (int p = 0; p < 25; p++)
            {
              noise += variance[p * 3 + j] * x[p] * x[p];
              even += f.weights[p * 3 + j] / 100;
              dark += f.weights[p * 3 + j] * (1 - x[p]) / 100;
            }
          brightness += even * even / noise;
          background += dark * dark / noise;
        }
      g_assert_cmpfloat_with_epsilon (at (table, 0, 0, i), brightness, 1e-12 * brightness);
      g_assert_cmpfloat_with_epsilon (at (table, 0, 1, i), background, 1e-12 * background);
    }
  for (gsize v = 0; v < 2; v++)
    {
      double a = at (table, 0, v, 0), b = at (table, 0, v, 1), c = at (table, 0, v, 2);
      double median = MAX (MIN (a, b), MIN (MAX (a, b), c));

      g_assert_cmpfloat_with_epsilon (table->mean_fisher[v], (a + b + c) / 3, 1e-14);
      g_assert_cmpfloat (table->median_fisher[v], ==, median);
      g_assert_cmpfloat_with_epsilon (table->smallest_change[v] * table->smallest_change[v] * median, 1, 1e-12);
    }
}

/* Of an even number the median is the middle between two. Two hidden units alone are noisy: three logits have noise in two directions. */
static void
test_summary (void)
{
  const HeftShape shape = { 1, 6, 6 };
  g_auto (Fixture) f = fixture_new ("2", HEFT_ACTIVATION_TANH, shape, 3, 2, 6);
  g_autoptr (HeftDataset) images = images_new (shape);
  g_autofree double *variance = g_new0 (double, f.k);
  g_autoptr (HeftNuisanceTable) table = NULL;
  const HeftLayer *last = heft_network_get_weight_layer (f.network, 1);

  for (gsize i = 0; i < last->offset; i++)
    variance[i] = 0.01;
  table = heft_nuisance_table_new (f.network, f.weights, variance, images, 2, NULL, 0, NULL, NULL);
  g_assert_cmpuint (table->n_rank_deficient[0], ==, 0);
  g_assert_cmpuint (table->n_rank_deficient[1], ==, 2);
  for (gsize l = 0; l < 2; l++)
    for (gsize v = 0; v < table->n_nuisances; v++)
      g_assert_cmpfloat_with_epsilon (table->median_fisher[l * table->n_nuisances + v], (at (table, l, v, 0) + at (table, l, v, 1)) / 2,
                                      1e-12 * at (table, l, v, 0));
}

/* No layer sees a nuisance better than the one before it, and twice the deviation of the noise needs twice the change. */
static void
test_identities (void)
{
  const HeftShape shape = { 1, 6, 6 };
  g_auto (Fixture) f = fixture_new ("14-12-8", HEFT_ACTIVATION_RELU, shape, 3, 2, 6);
  g_autoptr (HeftDataset) images = images_new (shape);
  g_autofree double *variance = fixture_variances (f.k, 0.02);
  g_autofree double *louder = fixture_variances (f.k, 0.08);
  g_autoptr (HeftNuisanceTable) table = NULL;
  g_autoptr (HeftNuisanceTable) dim = NULL;

  table = heft_nuisance_table_new (f.network, f.weights, variance, images, N_IMAGES, NULL, 0, NULL, NULL);
  dim = heft_nuisance_table_new (f.network, f.weights, louder, images, N_IMAGES, NULL, 0, NULL, NULL);
  for (gsize v = 0; v < HEFT_N_NUISANCES; v++)
    for (gsize layer = 0; layer < table->n_layers; layer++)
      {
        for (gsize i = 0; i < N_IMAGES && layer > 0; i++)
          g_assert_cmpfloat (at (table, layer, v, i), <=, at (table, layer - 1, v, i) * (1 + 1e-10));
        g_assert_cmpfloat_with_epsilon (dim->smallest_change[layer * HEFT_N_NUISANCES + v],
                                        2 * table->smallest_change[layer * HEFT_N_NUISANCES + v],
                                        1e-9 * dim->smallest_change[layer * HEFT_N_NUISANCES + v]);
      }
}

/* An image without any ink: what would turn or thicken it changes nothing, and nobody can see that. */
static void
test_blind (void)
{
  const guint8 bytes[36] = { 0 }, labels[1] = { 0 };
  g_autoptr (GBytes) inputs = g_bytes_new (bytes, 36);
  g_autoptr (HeftDataset) dark = heft_dataset_new_bytes ("dark", 1, 1, 6, 6, inputs, labels, 3);
  g_auto (Fixture) f = fixture_new ("7", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 6, 6 }), 3, 2, 6);
  g_autofree double *variance = fixture_variances (f.k, 0.02);
  g_autoptr (HeftNuisanceTable) table = NULL;

  table = heft_nuisance_table_new (f.network, f.weights, variance, dark, 1, NULL, 0, NULL, NULL);
  for (gsize layer = 0; layer < 2; layer++)
    {
      g_assert_true (isinf (table->smallest_change[layer * HEFT_N_NUISANCES + HEFT_NUISANCE_ROTATION]));
      g_assert_true (isinf (table->smallest_change[layer * HEFT_N_NUISANCES + HEFT_NUISANCE_THICKNESS]));
      g_assert_true (isinf (table->smallest_change[layer * HEFT_N_NUISANCES + HEFT_NUISANCE_OCCLUSION]));
      g_assert_cmpfloat (table->fisher[layer * HEFT_N_NUISANCES + HEFT_NUISANCE_BRIGHTNESS], >, 0);
      g_assert_true (isfinite (table->smallest_change[layer * HEFT_N_NUISANCES + HEFT_NUISANCE_BRIGHTNESS]));
    }
}

static void
test_errors (void)
{
  g_auto (Fixture) f = fixture_new ("7", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 6, 6 }), 3, 2, 6);
  g_autoptr (HeftDataset) images = images_new ((HeftShape) { 1, 6, 6 });
  g_autoptr (HeftDataset) small = images_new ((HeftShape) { 1, 5, 5 });
  g_autofree double *variance = fixture_variances (f.k, 0.02);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (heft_nuisance_table_new (f.network, f.weights, variance, f.data, 1, NULL, 0, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_nuisance_table_new (f.network, f.weights, variance, small, 1, NULL, 0, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_nuisance_table_new (f.network, f.weights, variance, images, N_IMAGES + 1, NULL, 0, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_null (heft_nuisance_table_new (f.network, f.weights, variance, images, 1, NULL, 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  memset (variance, 0, f.k * sizeof *variance);
  g_assert_null (heft_nuisance_table_new (f.network, f.weights, variance, images, 1, NULL, 0, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/nuisance-fisher/against-matrix", test_against_matrix);
  g_test_add_func ("/information/nuisance-fisher/closed-form", test_closed_form);
  g_test_add_func ("/information/nuisance-fisher/any-noise", test_any_noise);
  g_test_add_func ("/information/nuisance-fisher/summary", test_summary);
  g_test_add_func ("/information/nuisance-fisher/channel", test_channel);
  g_test_add_func ("/information/nuisance-fisher/identities", test_identities);
  g_test_add_func ("/information/nuisance-fisher/blind", test_blind);
  g_test_add_func ("/information/nuisance-fisher/errors", test_errors);
  return g_test_run ();
}
