/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sigma_z by Jacobian, by KFAC and by weight draws, against each other and by hand. */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "information/effective.h"
#include "linalg/linalg.h"

#define N 6

typedef struct
{
  const char    *architecture;
  HeftActivation activation;
  HeftShape      shape;
} Case;

static const Case cases[] = {
  { "7-5", HEFT_ACTIVATION_TANH, { 6, 1, 1 } },
  { "conv2x2-tanh-pool2-4", HEFT_ACTIVATION_TANH, { 1, 5, 5 } },
  { "6-(5-tanh-6)-4", HEFT_ACTIVATION_SOFTPLUS, { 5, 1, 1 } },
};

static HeftMeasurement *
measure (Fixture *f, const HeftMeasureOptions *options)
{
  g_autoptr (GError) error = NULL;
  HeftMeasurement *measurement = heft_measure (f->network, f->weights, f->data, options, NULL, &error);

  g_assert_no_error (error);
  return measurement;
}

static const HeftEffectiveLayer *
layer_of (const HeftMeasurement *measurement, HeftPushforward route, guint l)
{
  return g_ptr_array_index (measurement->pushforwards[route].layers, l);
}

/* Noise so narrow that the network is linear across it: draws find what the Jacobian does, within five standard errors. */
static void
test_agreement (void)
{
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      g_auto (Fixture) f = fixture_new (cases[c].architecture, cases[c].activation, cases[c].shape, 3, N, 11 + c);
      HeftMeasureOptions options = { .beta = 1e-3, .lambda = 1e-4, .whole_network = TRUE, .activations = TRUE, .n_draws = 3000, .seed = c,
                                     .pushforwards = 1 << HEFT_PUSHFORWARD_JACOBIAN | 1 << HEFT_PUSHFORWARD_DRAWS };
      g_autoptr (HeftMeasurement) measurement = measure (&f, &options);

      g_assert_null (measurement->pushforwards[HEFT_PUSHFORWARD_KFAC].layers);
      for (guint l = 0; l < measurement->effective->len; l++)
        {
          const HeftEffectiveLayer *exact = layer_of (measurement, HEFT_PUSHFORWARD_JACOBIAN, l);
          const HeftEffectiveLayer *drawn = layer_of (measurement, HEFT_PUSHFORWARD_DRAWS, l);

          g_assert_cmpfloat_with_epsilon (drawn->noise_trace_mean, exact->noise_trace_mean, 5 * drawn->noise_trace_error);
          g_assert_cmpfloat (drawn->noise_trace_error, <, 0.05 * exact->noise_trace_mean);
          if (exact->n_rank_deficient > 0)
            continue;
          g_assert_cmpfloat_with_epsilon (drawn->fisher_trace_mean, exact->fisher_trace_mean, 5 * drawn->fisher_trace_error);
          g_assert_cmpfloat_with_epsilon (drawn->information_mean, exact->information_mean, 5 * drawn->information_error);
          g_assert_cmpfloat (drawn->information_error, <, 0.05 * exact->information_mean);
          g_assert_cmpfloat (exact->information_error, ==, 0);
        }
    }
}

/* Wide noise: the variances of the draws counted by hand, one weight vector after the other; the same however samples are put together. */
static void
test_draws_by_hand (void)
{
  enum { DRAWS = 130 };
  g_auto (Fixture) f = fixture_new ("7-5", HEFT_ACTIVATION_TANH, FLAT (6), 3, N, 3);
  const HeftNoiseLimits limits = { 0, 0 };
  g_auto (HeftSigmaStar) sigma = { 0 };
  g_autoptr (GPtrArray) layers = heft_effective_layers_new (f.network, N), one = heft_effective_layers_new (f.network, 1);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f.network, N);
  g_autofree double *weights = g_new (double, f.k);
  double inputs[N * 6], sums[N][3] = { { 0 } }, squares[N][3] = { { 0 } };
  const HeftEffectiveLayer *logits = g_ptr_array_index (layers, 2);
  HeftWeightNoise noise;

  g_assert_true (heft_sigma_star_init (&sigma, f.network, f.weights, f.data, 0, &limits, 1, NULL, NULL));
  g_assert_true (heft_sigma_star_set_price (&sigma, 0.01, 0.5, NULL));
  noise = heft_sigma_star_noise (&sigma);
  heft_dataset_gather_f64 (f.data, NULL, 0, N, inputs);
  for (gsize r = 0; r < DRAWS; r++)
    {
      heft_noise_draw (&noise, f.network, f.weights, 8, r, 1, weights);
      heft_pass_f64_forward (pass, weights, inputs, N);
      for (gsize i = 0; i < N; i++)
        for (gsize c = 0; c < 3; c++)
          {
            double z = heft_pass_f64_logits (pass)[3 * i + c];

            sums[i][c] += z / DRAWS;
            squares[i][c] += z * z / (DRAWS - 1);
          }
    }
  g_assert_true (heft_effective_draws (f.network, f.weights, &noise, f.data, N, N, DRAWS, 8, layers, NULL, NULL));
  for (gsize i = 0; i < N; i++)
    {
      double expected = 0;

      for (gsize c = 0; c < 3; c++)
        expected += squares[i][c] - sums[i][c] * sums[i][c] * DRAWS / (DRAWS - 1);
      g_assert_cmpfloat_with_epsilon (logits->noise_trace[i], expected, 1e-9 * expected);
    }
  g_assert_true (heft_effective_draws (f.network, f.weights, &noise, f.data, 1, N, DRAWS, 8, one, NULL, NULL));
  g_assert_cmpfloat_with_epsilon (((HeftEffectiveLayer *) g_ptr_array_index (one, 2))->information[0], logits->information[0], 1e-9);
}

/* Seven activations by twenty draws have a covariance, but no inverse worth the name once a tenth is left out twice over; nor have more
 * activations than weights. */
static void
test_too_few (void)
{
  g_auto (Fixture) f = fixture_new ("17-2", HEFT_ACTIVATION_TANH, FLAT (6), 3, N, 3);
  g_auto (Fixture) image = fixture_new ("conv2x1-tanh-3", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 5, 5 }, 3, N, 3);
  HeftMeasureOptions options = { .beta = 1e-3, .lambda = 1e-3, .whole_network = TRUE, .activations = TRUE,
                                 .n_draws = HEFT_LEAST_PUSHFORWARD_DRAWS, .pushforwards = 1 << HEFT_PUSHFORWARD_DRAWS };
  g_autoptr (HeftMeasurement) few = measure (&f, &options), free_directions = NULL;

  g_assert_true (isnan (layer_of (few, HEFT_PUSHFORWARD_DRAWS, 0)->information_mean));
  g_assert_cmpfloat (layer_of (few, HEFT_PUSHFORWARD_DRAWS, 0)->noise_trace_mean, >, 0);
  g_assert_cmpfloat (layer_of (few, HEFT_PUSHFORWARD_DRAWS, 1)->information_mean, >, 0);
  options.n_draws = 200;
  free_directions = measure (&image, &options);
  g_assert_true (isnan (layer_of (free_directions, HEFT_PUSHFORWARD_DRAWS, 0)->fisher_trace_mean));
  g_assert_cmpfloat (layer_of (free_directions, HEFT_PUSHFORWARD_DRAWS, 1)->fisher_trace_mean, >, 0);
}

/* KFAC's is the propagation with its factors, its trace that of the propagated covariance. */
static void
test_kfac (void)
{
  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      g_auto (Fixture) f = fixture_new (cases[c].architecture, cases[c].activation, cases[c].shape, 3, N, 11 + c);
      HeftMeasureOptions options = { .beta = 0.01, .lambda = 0.5, .whole_network = TRUE, .activations = TRUE,
                                     .pushforwards = 1 << HEFT_PUSHFORWARD_KFAC };
      g_autoptr (HeftMeasurement) measurement = measure (&f, &options);
      g_autoptr (HeftCurvature) curvature = heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT, 0,
                                                                FALSE, 1, NULL, NULL);
      gsize n_layers = heft_visibility_n_layers (f.network);
      g_autofree double *information = g_new (double, n_layers * N), *trace = g_new (double, n_layers * N), *input = g_new (double, 25);

      g_assert_true (measurement->effective == measurement->pushforwards[HEFT_PUSHFORWARD_KFAC].layers);
      g_assert_true (heft_effective_information_structured (f.network, f.weights, curvature, 0.01, 0.5, f.data, N, N, information, trace, NULL,
                                                            NULL));
      for (guint l = 0; l < n_layers; l++)
        {
          const HeftEffectiveLayer *layer = layer_of (measurement, HEFT_PUSHFORWARD_KFAC, l);
          gsize n = heft_layer_n_activations (f.network, l);
          g_autofree double *covariance = g_new (double, n * n);

          for (gsize i = 0; i < N; i++)
            {
              double sum = 0;

              heft_dataset_gather_f64 (f.data, NULL, i, 1, input);
              g_assert_true (heft_pushforward_structured (f.network, f.weights, curvature, 0.01, 0.5, input, l, covariance, NULL));
              for (gsize j = 0; j < n; j++)
                sum += covariance[j * n + j];
              g_assert_cmpfloat_with_epsilon (layer->noise_trace[i], sum, 1e-9 * sum);
              g_assert_cmpfloat (layer->information[i], ==, information[l * N + i]);
              g_assert_cmpfloat (layer->fisher_trace[i], ==, trace[l * N + i]);
            }
        }
    }
}

/* A route that cannot says so beside one that can; alone it is a failure. Without biases an input of zeros leaves a layer without noise. */
static void
test_obstacle (void)
{
  g_auto (Fixture) f = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 5, 3);
  const gboolean which[] = { TRUE, TRUE };
  HeftNetwork *network = heft_network_fix_biases (f.network, which);
  float inputs[15] = { 0, 0, 0, 1, 2, 3, -1, 2, 1, 0, 1, 0, 2, 2, 1 };
  HeftMeasureOptions options = { .beta = 0.01, .lambda = 0.5, .whole_network = TRUE, .activations = TRUE,
                                 .pushforwards = 1 << HEFT_PUSHFORWARD_JACOBIAN | 1 << HEFT_PUSHFORWARD_KFAC };
  g_autoptr (HeftMeasurement) both = NULL;
  g_autoptr (GError) error = NULL;

  heft_network_unref (f.network);
  f.network = network;
  memset (f.weights + 12, 0, 4 * sizeof (double));
  memset (f.weights + 28, 0, 3 * sizeof (double));
  heft_dataset_unref (f.data);
  f.data = heft_dataset_new_floats ("points", 5, 3, inputs, (const guint8[5]) { 0, 1, 2, 0, 1 }, 3);
  both = measure (&f, &options);
  g_assert_nonnull (both->pushforwards[HEFT_PUSHFORWARD_JACOBIAN].layers);
  g_assert_null (both->pushforwards[HEFT_PUSHFORWARD_KFAC].layers);
  g_assert_nonnull (strstr (both->pushforwards[HEFT_PUSHFORWARD_KFAC].reason, "no noise"));
  options.pushforwards = 1 << HEFT_PUSHFORWARD_KFAC;
  g_assert_null (heft_measure (f.network, f.weights, f.data, &options, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/pushforward-routes/agreement", test_agreement);
  g_test_add_func ("/information/pushforward-routes/draws-by-hand", test_draws_by_hand);
  g_test_add_func ("/information/pushforward-routes/too-few", test_too_few);
  g_test_add_func ("/information/pushforward-routes/kfac", test_kfac);
  g_test_add_func ("/information/pushforward-routes/obstacle", test_obstacle);
  return g_test_run ();
}
