/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "information/linearise.h"
#include "information/moments.h"
#include "information/noise.h"
#include "information/reverse.h"
#include "linalg/linalg.h"

static gsize
operation_of (HeftNetwork *network, gsize layer)
{
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    if (heft_network_get_layer (network, i)->kind == HEFT_LAYER_ACTIVATION && layer-- == 0)
      return i;
  return heft_network_get_n_layers (network) - 1;
}

static gsize
output_size (HeftNetwork *network, gsize operation)
{
  HeftShape shape = heft_network_get_layer (network, operation)->output;

  return shape.channels * shape.height * shape.width;
}

/* d output / d parameter by central differences: column of (n_outputs) for each of n numbers at @values. */
static void
differences (HeftNetwork *network, const double *weights, const double *input, double *values, gsize n, gsize operation,
             double *jacobian)
{
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, 1);
  gsize size = output_size (network, operation);
  const double h = 1e-6;

  for (gsize q = 0; q < n; q++)
    {
      double keep = values[q];

      for (int side = 0; side < 2; side++)
        {
          values[q] = keep + (side == 0 ? h : -h);
          heft_pass_f64_forward (pass, weights, input, 1);
          for (gsize i = 0; i < size; i++)
            jacobian[i * n + q] = side == 0 ? heft_pass_f64_output (pass, (int) operation)[i]
                                            : (jacobian[i * n + q] - heft_pass_f64_output (pass, (int) operation)[i]) / (2 * h);
        }
      values[q] = keep;
    }
}

/* F = Jx^T (Jw diag(variance) Jw^T)^-1 Jx with Jacobians by differences and nothing else, on activations with any variance. */
static gsize
brute_force (HeftNetwork *network, double *weights, const double *variance, double *input, gsize layer, double *fisher)
{
  gsize operation = operation_of (network, layer);
  gsize size = output_size (network, operation), active = 0;
  gsize k = heft_network_get_n_parameters (network), d = heft_network_get_n_inputs (network);
  g_autofree double *jw = g_new (double, size * k);
  g_autofree double *jx = g_new (double, size * d);
  g_autofree double *sigma = g_new0 (double, size * size);
  g_autofree double *solved = g_new0 (double, size * d);
  g_autofree gsize *which = g_new (gsize, size);

  differences (network, weights, input, weights, k, operation, jw);
  differences (network, weights, input, input, d, operation, jx);
  for (gsize i = 0; i < size; i++)
    {
      double norm = 0;

      for (gsize q = 0; q < k; q++)
        norm += jw[i * k + q] * jw[i * k + q] * variance[q];
      if (norm > 1e-16)
        which[active++] = i;
    }
  for (gsize a = 0; a < active; a++)
    {
      for (gsize b = 0; b < active; b++)
        for (gsize q = 0; q < k; q++)
          sigma[a * active + b] += jw[which[a] * k + q] * jw[which[b] * k + q] * variance[q];
      memcpy (solved + a * d, jx + which[a] * d, d * sizeof (double));
    }
  if (active > 0)
    {
      g_assert_true (heft_cholesky_factor (active, sigma, NULL));
      heft_cholesky_solve (active, sigma, d, solved);
    }
  memset (fisher, 0, d * d * sizeof (double));
  for (gsize i = 0; i < d; i++)
    for (gsize j = 0; j < d; j++)
      for (gsize a = 0; a < active; a++)
        fisher[i * d + j] += jx[which[a] * d + i] * solved[a * d + j];
  return active;
}

static void
compare (Fixture *f, double tolerance)
{
  gsize d = heft_network_get_n_inputs (f->network);
  g_autofree double *variance = fixture_variances (f->k, 0.01);
  g_autofree double *input = g_new (double, d);
  g_autofree double *fisher = g_new (double, d * d);
  g_autofree double *expected = g_new (double, d * d);

  for (gsize i = 0; i < 3; i++)
    for (gsize layer = 0; layer < heft_visibility_n_layers (f->network); layer++)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (HeftVisibility) map = NULL;
        double trace = 0, largest = 0;
        gsize active;

        heft_dataset_gather_f64 (f->data, NULL, i, 1, input);
        map = heft_visibility_new (f->network, f->weights, variance, input, layer, fisher, &error);
        g_assert_no_error (error);
        active = brute_force (f->network, f->weights, variance, input, layer, expected);
        g_assert_cmpuint (map->n_active, ==, active);
        g_assert_cmpuint (map->n_activations, ==, output_size (f->network, operation_of (f->network, layer)));
        for (gsize j = 0; j < d * d; j++)
          largest = MAX (largest, fabs (expected[j]));
        for (gsize j = 0; j < d; j++)
          {
            trace += map->fisher_diagonal[j];
            g_assert_cmpfloat_with_epsilon (map->fisher_diagonal[j], expected[j * d + j], tolerance * largest);
            if (map->fisher_diagonal[j] > 0)
              g_assert_cmpfloat_with_epsilon (map->smallest_change[j] * sqrt (map->fisher_diagonal[j]), 1, 1e-12);
            else
              g_assert_true (isinf (map->smallest_change[j]));
            for (gsize m = 0; m < d; m++)
              g_assert_cmpfloat_with_epsilon (fisher[j * d + m], expected[j * d + m], tolerance * largest);
          }
        g_assert_cmpfloat_with_epsilon (map->trace, trace, 1e-12 * trace);
      }
}

static void
test_brute_force (void)
{
  g_auto (Fixture) tanh_net = fixture_new ("6-5", HEFT_ACTIVATION_TANH, FLAT (7), 3, 5, 1);
  g_auto (Fixture) relu_net = fixture_new ("12-8", HEFT_ACTIVATION_RELU, FLAT (6), 4, 5, 2);
  g_auto (Fixture) linear = fixture_new ("", HEFT_ACTIVATION_TANH, FLAT (6), 4, 5, 3);
  g_auto (Fixture) softplus = fixture_new ("5", HEFT_ACTIVATION_SOFTPLUS, FLAT (4), 2, 5, 4);

  compare (&tanh_net, 2e-7);
  compare (&relu_net, 2e-7);
  compare (&linear, 2e-7);
  compare (&softplus, 2e-7);
}

static void
test_convolution (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x2-tanh-avgpool2-4", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 4, 4 }), 3, 5, 4);
  g_auto (Fixture) max = fixture_new ("conv3x2-tanh-pool2-4", HEFT_ACTIVATION_TANH, ((HeftShape) { 2, 4, 4 }), 3, 5, 4);

  /* Away from saturation, where differences of numbers near 1 lose the slopes. */
  for (gsize i = 0; i < f.k; i++)
    f.weights[i] *= 0.4;
  for (gsize i = 0; i < max.k; i++)
    max.weights[i] *= 0.4;
  compare (&f, 2e-7);
  compare (&max, 2e-7);
}

/* The covariance of every layer's activations against J diag(variance) J^T by differences. */
static void
compare_covariance (Fixture *f, double tolerance)
{
  gsize d = heft_network_get_n_inputs (f->network);
  g_autofree double *variance = fixture_variances (f->k, 0.01);
  g_autofree double *input = g_new (double, d);

  heft_dataset_gather_f64 (f->data, NULL, 0, 1, input);
  for (gsize layer = 0; layer < heft_visibility_n_layers (f->network); layer++)
    {
      gsize operation = operation_of (f->network, layer), size = output_size (f->network, operation);
      g_autofree double *jacobian = g_new (double, size * f->k);
      g_autofree double *covariance = g_new (double, size * size);
      g_autoptr (GError) error = NULL;

      differences (f->network, f->weights, input, f->weights, f->k, operation, jacobian);
      heft_pushforward_first_order (f->network, f->weights, variance, input, layer, covariance, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < size; i++)
        for (gsize j = 0; j < size; j++)
          {
            double expected = 0;

            for (gsize q = 0; q < f->k; q++)
              expected += jacobian[i * f->k + q] * jacobian[j * f->k + q] * variance[q];
            g_assert_cmpfloat_with_epsilon (covariance[i * size + j], expected, tolerance);
          }
    }
}

/* Every activation, in a dense and a convolutional network: what comes through it and its noise. */
static void
test_activations (void)
{
  for (HeftActivation a = HEFT_ACTIVATION_LINEAR; a <= HEFT_ACTIVATION_GELU; a++)
    {
      g_auto (Fixture) flat = fixture_new ("4-5", a, FLAT (4), 3, 5, 6);
      g_auto (Fixture) image = fixture_new ("conv2x2-4", a, ((HeftShape) { 1, 3, 3 }), 3, 5, 4);

      g_test_message ("%s", heft_activation_name (a));
      compare (&flat, 1e-5);
      compare_covariance (&flat, 1e-8);
      compare_covariance (&image, 1e-8);
    }
}

/* What entered a block and what leaves it share noise. */
static void
test_residual (void)
{
  static const char *const architectures[] = { "7-(6-7)-5", "(6-7)-4", "6-(6-(6)-6)-5", "(7)" };
  g_auto (Fixture) image = fixture_new ("conv3x2p1-(conv3x2p1-conv3x2p1)-avgpool2-gap", HEFT_ACTIVATION_SOFTPLUS,
                                        ((HeftShape) { 1, 4, 4 }), 3, 5, 4);

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      g_auto (Fixture) f = fixture_new (architectures[i], HEFT_ACTIVATION_TANH, FLAT (7), 3, 5, 1 + i);

      for (gsize q = 0; q < f.k; q++)
        f.weights[q] *= 0.6;
      compare (&f, 5e-7);
      compare_covariance (&f, 1e-8);
    }
  compare_covariance (&image, 1e-8);
}

/* Its outputs' sum and length are fixed, so that their covariance has no inverse: compared as it is. */
static void
test_normalisation (void)
{
  g_auto (Fixture) flat = fixture_new ("6-norm-6-(norm2-6)-5", HEFT_ACTIVATION_TANH, FLAT (7), 3, 5, 2);
  g_auto (Fixture) image = fixture_new ("conv3x2p1-norm-conv3x4p1-norm2-pool2-gap", HEFT_ACTIVATION_GELU,
                                        ((HeftShape) { 1, 4, 4 }), 3, 5, 4);

  compare_covariance (&flat, 1e-8);
  compare_covariance (&image, 1e-8);
}

/* Backwards from every layer, whichever way is cheaper, against brute force. */
static void
test_backwards (void)
{
  static const char *const dense[] = { "9-(6-9)-5-2", "(7)-3", "12" };
  static const char *const images[] = { "conv3x3-pool2-4", "conv3x3p1-(conv3x3p1-avgpool3s1p1)-gap", "conv2x2s2-3" };

  for (gsize i = 0; i < G_N_ELEMENTS (dense) + G_N_ELEMENTS (images); i++)
    {
      gboolean flat = i < G_N_ELEMENTS (dense);
      g_auto (Fixture) f = fixture_new (flat ? dense[i] : images[i - G_N_ELEMENTS (dense)],
                                        flat ? HEFT_ACTIVATION_RELU : HEFT_ACTIVATION_SOFTPLUS,
                                        flat ? FLAT (7) : ((HeftShape) { 2, 4, 4 }), 2, 5, 3 + i);
      gsize d = heft_network_get_n_inputs (f.network);
      g_autofree double *variance = fixture_variances (f.k, 0.01);
      g_autofree double *input = g_new (double, d);

      heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
      for (gsize layer = 0; layer < heft_visibility_n_layers (f.network); layer++)
        {
          gsize operation = operation_of (f.network, layer), active = 0, rank = 0;
          g_autofree double *fisher = g_new (double, d * d);
          heft_aligned_autofree double *root = NULL;
          g_autoptr (GError) error = NULL;
          gsize expected;

          heft_reverse_look (f.network, f.weights, variance, NULL, input, operation, d, NULL, &active, &rank, &root, NULL, &error);
          g_assert_no_error (error);
          /* What has no inverse has its own test against PyTorch; here it would need one. */
          if (rank < active)
            continue;
          expected = brute_force (f.network, f.weights, variance, input, layer, fisher);
          g_assert_cmpuint (active, ==, expected);
          for (gsize a = 0; a < d; a++)
            for (gsize b = 0; b < d; b++)
              {
                double sum = 0;

                for (gsize r = 0; r < rank; r++)
                  sum += root[r * d + a] * root[r * d + b];
                g_assert_cmpfloat_with_epsilon (sum, fisher[a * d + b], 1e-5 * (1 + fabs (fisher[a * d + b])));
              }
        }
    }
}

/* What a sweep saw, layer by layer. */
typedef struct
{
  double noise[4], trace[4];
  gsize  active[4], rank[4];
} Seen;

static gboolean
note (gsize layer, gsize n_active, double noise_trace, gsize rank, gsize m, double *root, gpointer user_data, GError **error)
{
  Seen *seen = user_data;

  seen->noise[layer] = noise_trace;
  seen->trace[layer] = heft_dot_f64 (rank * m, root, root);
  seen->active[layer] = n_active;
  seen->rank[layer] = rank;
  return TRUE;
}

static gboolean
note_channel (gsize layer, gsize n_active, const HeftChannel *channel, gsize d, double *root, double printed, gpointer user_data,
              GError **error)
{
  return note (layer, n_active, channel->trace, channel->rank, d, root, user_data, error);
}

/* F whose Sigma* is the @curvature's blocks, or diag(@variance), with @blocks' beta and lambda. */
static void
dense_fisher (const Fixture *f, const HeftStructuredNoise *blocks, const double *variance, double *fisher)
{
  memset (fisher, 0, f->k * f->k * sizeof *fisher);
  for (gsize q = 0; q < f->k && variance != NULL; q++)
    fisher[q * f->k + q] = blocks->beta / variance[q] - blocks->beta / blocks->lambda / blocks->lambda;
  for (gsize l = 0; l < heft_network_get_n_weight_layers (f->network) && variance == NULL; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (f->network, l);
      heft_aligned_autofree double *block = heft_aligned_new (double, layer->n_parameters * layer->n_parameters);

      heft_curvature_dense (blocks->curvature, l, block);
      for (gsize q = 0; q < layer->n_parameters; q++)
        memcpy (fisher + (layer->offset + q) * f->k + layer->offset, block + q * layer->n_parameters, layer->n_parameters * sizeof *block);
    }
}

/* 4,704 activations of few weights, whose covariance would not fit a matrix: a root of it does, and so do the layers behind, against the
 * whole network's Sigma* with every Jacobian formed. */
static void
compare_wide (const char *architecture, gboolean structured)
{
  g_auto (Fixture) f = fixture_new (architecture, HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 28, 28 }), 3, 8, 9);
  g_autoptr (HeftCurvature) curvature = heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT, 0, FALSE,
                                                            1, NULL, NULL);
  g_autofree double *variance = fixture_variances (f.k, 0.01), *input = g_new (double, 784);
  heft_aligned_autofree double *fisher = heft_aligned_new (double, f.k * f.k);
  HeftStructuredNoise blocks = { curvature, 0.01, 0.5 };
  g_auto (HeftCorrelatedNoise) exact = { 0 };
  Seen seen = { 0 }, expected = { 0 };
  g_autoptr (GError) error = NULL;

  heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
  dense_fisher (&f, &blocks, structured ? NULL : variance, fisher);
  g_assert_true (heft_correlated_noise_init (&exact, f.k, fisher, blocks.beta, blocks.lambda, NULL));
  g_assert_true (heft_correlated_sweep (&exact, f.network, f.weights, input, FALSE, note_channel, &expected, NULL));
  heft_moments_sweep (f.network, f.weights, variance, structured ? &blocks : NULL, input, 784, NULL, note, &seen, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (seen.active[0], >, HEFT_MOMENTS_MOST_ACTIVATIONS);
  for (gsize layer = 0; layer < heft_visibility_n_layers (f.network); layer++)
    {
      g_assert_cmpuint (seen.active[layer], ==, expected.active[layer]);
      g_assert_cmpuint (seen.rank[layer], ==, expected.rank[layer]);
      g_assert_cmpfloat_with_epsilon (seen.noise[layer], expected.noise[layer], 1e-9 * expected.noise[layer]);
      g_assert_cmpfloat_with_epsilon (seen.trace[layer], expected.trace[layer], 1e-6 * expected.trace[layer]);
    }
}

/* Forwards and backwards the blocks of a curvature make the same noise. */
static void
test_backwards_structured (void)
{
  static const char *const architectures[] = { "conv3x3-pool2-4", "conv3x3p1-(conv3x3p1-avgpool3s1p1)-4", "5-6" };

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      g_auto (Fixture) f = fixture_new (architectures[i], HEFT_ACTIVATION_TANH, ((HeftShape) { 2, 4, 4 }), 3, 8, 5 + i);
      g_autoptr (HeftCurvature) curvature = heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT, 0,
                                                                FALSE, 1, NULL, NULL);
      const HeftStructuredNoise blocks = { curvature, 0.01, 0.5 };
      g_autofree double *input = g_new (double, 32);
      Seen forward = { 0 }, backward = { 0 };

      heft_dataset_gather_f64 (f.data, NULL, 1, 1, input);
      g_assert_true (heft_moments_sweep (f.network, f.weights, NULL, &blocks, input, 32, NULL, note, &forward, NULL));
      for (gsize layer = 0; layer < heft_visibility_n_layers (f.network); layer++)
        {
          heft_aligned_autofree double *root = NULL;

          g_assert_true (heft_reverse_look (f.network, f.weights, NULL, &blocks, input, operation_of (f.network, layer), 32, NULL,
                                            &backward.active[layer], &backward.rank[layer], &root, &backward.noise[layer], NULL));
          g_assert_cmpuint (backward.active[layer], ==, forward.active[layer]);
          g_assert_cmpuint (backward.rank[layer], ==, forward.rank[layer]);
          g_assert_cmpfloat_with_epsilon (backward.noise[layer], forward.noise[layer], 1e-10 * forward.noise[layer]);
          g_assert_cmpfloat_with_epsilon (heft_dot_f64 (backward.rank[layer] * 32, root, root), forward.trace[layer],
                                          1e-6 * forward.trace[layer]);
        }
    }
}

static void
test_wide (void)
{
  compare_wide ("conv3x6p1-pool14-5", FALSE);
  compare_wide ("conv3x6p1-pool14-5", TRUE);
  compare_wide ("conv3x6p1-(conv1x6)-pool14-5", TRUE);
}

/* A narrow layer behind one whose covariance would not fit is seen all the same, and costs less than going forward would; a wide one behind
 * too many weights is not. */
static void
test_behind_wide (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x8p1-conv3x65p1-pool2-12", HEFT_ACTIVATION_RELU, ((HeftShape) { 1, 28, 28 }), 3, 2, 9);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  g_autofree double *input = g_new (double, 784);
  g_autoptr (HeftVisibility) map = NULL;
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
  map = heft_visibility_new (f.network, f.weights, variance, input, 2, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (map->n_activations, ==, 12);
  g_assert_cmpfloat (map->trace, >, 0);
  g_assert_cmpfloat (heft_visibility_cost (f.network, 2), <, 2e10);
  g_assert_null (heft_visibility_new (f.network, f.weights, variance, input, 1, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_true (heft_moments_sweep (f.network, f.weights, variance, NULL, input, 784, NULL, note, &seen, NULL));
  g_assert_cmpfloat (seen.trace[0], >, 0);
  g_assert_cmpfloat (seen.noise[1], ==, 0);
  g_assert_cmpfloat_with_epsilon (seen.trace[2], map->trace, 1e-9 * map->trace);
  g_assert_false (heft_moments_check_layers (f.network, FALSE, NULL));
  g_assert_false (heft_moments_check_layer (f.network, 1, FALSE, NULL));
  g_assert_true (heft_moments_check_layer (f.network, 2, FALSE, NULL));
}

/* A root that fits the memory is taken where its singular values are a matter of seconds. */
static void
test_cost (void)
{
  g_autoptr (HeftNetwork) dear = heft_network_new ("conv3x8p1-conv3x32p1-pool2-12", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 28, 28 }, 3, NULL);
  g_autoptr (HeftNetwork) cheap = heft_network_new ("conv3x8p1-conv3x8p1-pool2-12", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 28, 28 }, 3, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_moments_check_sizes (cheap, operation_of (cheap, 1), FALSE, NULL));
  g_assert_false (heft_moments_check_sizes (cheap, operation_of (cheap, 1), TRUE, NULL));
  g_assert_true (heft_moments_check_sizes (dear, operation_of (dear, 0), FALSE, NULL));
  g_assert_true (heft_moments_check_sizes (dear, operation_of (dear, 2), FALSE, NULL));
  g_assert_false (heft_moments_check_sizes (dear, operation_of (dear, 1), FALSE, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
}

/* Every unit dead: the layer sees nothing, which is an answer, not an error. */
static void
test_dead (void)
{
  g_auto (Fixture) f = fixture_new ("4", HEFT_ACTIVATION_RELU, FLAT (3), 2, 5, 1);
  g_autofree double *variance = fixture_variances (f.k, 1);
  double input[3] = { 1, 1, 1 }, fisher[9];
  g_autoptr (HeftVisibility) map = NULL;

  for (gsize i = 0; i < f.k; i++)
    f.weights[i] = -1;
  map = heft_visibility_new (f.network, f.weights, variance, input, 0, fisher, NULL);
  g_assert_cmpuint (map->n_active, ==, 0);
  g_assert_cmpfloat (map->trace, ==, 0);
  for (int i = 0; i < 3; i++)
    g_assert_true (isinf (map->smallest_change[i]));
  for (int i = 0; i < 9; i++)
    g_assert_cmpfloat (fisher[i], ==, 0);
}

/* Symmetric and positive; four times the noise sees a quarter; a later layer, with its own noise on top, sees no more than an
 * earlier one (data processing). */
static void
test_identities (void)
{
  g_auto (Fixture) f = fixture_new ("8-7-6", HEFT_ACTIVATION_TANH, FLAT (6), 5, 5, 8);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  g_autofree double *louder = fixture_variances (f.k, 0.04);
  double input[6], before[36], fisher[36], quarter[36], values[6];

  heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
  for (gsize layer = 0; layer < 4; layer++)
    {
      g_autoptr (HeftVisibility) map = heft_visibility_new (f.network, f.weights, variance, input, layer, fisher, NULL);
      g_autoptr (HeftVisibility) dim = heft_visibility_new (f.network, f.weights, louder, input, layer, quarter, NULL);
      double copy[36], loss[36];

      for (int i = 0; i < 36; i++)
        {
          g_assert_cmpfloat_with_epsilon (fisher[i], fisher[(i % 6) * 6 + i / 6], 1e-12 * map->trace);
          g_assert_cmpfloat_with_epsilon (quarter[i], fisher[i] / 4, 1e-12 * map->trace);
          copy[i] = fisher[i];
          loss[i] = before[i] - fisher[i];
        }
      g_assert_true (heft_symmetric_eigenvalues (6, copy, values, NULL));
      g_assert_cmpfloat (values[5], >, -1e-10 * values[0]);
      if (layer > 0)
        {
          g_assert_true (heft_symmetric_eigenvalues (6, loss, values, NULL));
          g_assert_cmpfloat (values[5], >, -1e-10 * fabs (values[0]));
          g_assert_cmpfloat (values[0], >, 0);
        }
      memcpy (before, fisher, sizeof fisher);
      g_assert_cmpfloat (dim->trace, <, map->trace);
    }
}

/* The right formula shrinks to a quarter when the input doubles (noise in the weights is multiplied by it), where the printed
 * one grows fourfold: a linear layer, biases all but without noise. */
static void
test_input_scale (void)
{
  g_auto (Fixture) f = fixture_new ("", HEFT_ACTIVATION_TANH, FLAT (5), 4, 5, 8);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  double once[5], twice[5], fisher[25], quarter[25];
  g_autoptr (HeftVisibility) a = NULL;
  g_autoptr (HeftVisibility) b = NULL;

  for (gsize i = f.k - 4; i < f.k; i++)
    variance[i] = 1e-300;
  heft_dataset_gather_f64 (f.data, NULL, 0, 1, once);
  for (int i = 0; i < 5; i++)
    twice[i] = 2 * once[i];
  a = heft_visibility_new (f.network, f.weights, variance, once, 0, fisher, NULL);
  b = heft_visibility_new (f.network, f.weights, variance, twice, 0, quarter, NULL);
  for (int i = 0; i < 25; i++)
    g_assert_cmpfloat_with_epsilon (quarter[i], fisher[i] / 4, 1e-12 * a->trace);
}

static void
test_weight_rows (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x2-tanh-pool2-4", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 6, 6 }), 3, 5, 4);
  g_autofree double *input = g_new (double, 36);
  g_autoptr (HeftLinearisation) at = NULL;

  heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
  at = heft_linearisation_new (f.network, f.weights, input);
  for (gsize i = 0; i < heft_network_get_n_layers (f.network); i++)
    {
      const HeftLayer *layer = heft_network_get_layer (f.network, i);
      gsize size = output_size (f.network, i), k = layer->n_parameters;
      g_autofree double *rows = g_new (double, MAX (k, 1) * size);
      g_autofree double *jacobian = g_new (double, MAX (k, 1) * size);

      if (k == 0)
        continue;
      heft_linearisation_weight_rows (at, i, rows);
      differences (f.network, f.weights, input, f.weights + layer->offset, k, i, jacobian);
      for (gsize q = 0; q < k; q++)
        for (gsize z = 0; z < size; z++)
          g_assert_cmpfloat_with_epsilon (rows[q * size + z], jacobian[z * k + q], 1e-8);
    }
}

static void
test_errors (void)
{
  g_auto (Fixture) f = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 2, 5, 1);
  g_autofree double *none = g_new0 (double, f.k);
  double input[3] = { 1, 1, 1 };
  g_autoptr (GError) error = NULL;

  g_assert_null (heft_visibility_new (f.network, f.weights, none, input, 0, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/visibility/brute-force", test_brute_force);
  g_test_add_func ("/information/visibility/convolution", test_convolution);
  g_test_add_func ("/information/visibility/activations", test_activations);
  g_test_add_func ("/information/visibility/residual", test_residual);
  g_test_add_func ("/information/visibility/normalisation", test_normalisation);
  g_test_add_func ("/information/visibility/backwards", test_backwards);
  g_test_add_func ("/information/visibility/backwards-structured", test_backwards_structured);
  g_test_add_func ("/information/visibility/wide", test_wide);
  g_test_add_func ("/information/visibility/cost", test_cost);
  g_test_add_func ("/information/visibility/behind-wide", test_behind_wide);
  g_test_add_func ("/information/visibility/dead", test_dead);
  g_test_add_func ("/information/visibility/identities", test_identities);
  g_test_add_func ("/information/visibility/input-scale", test_input_scale);
  g_test_add_func ("/information/visibility/weight-rows", test_weight_rows);
  g_test_add_func ("/information/visibility/errors", test_errors);
  return g_test_run ();
}
