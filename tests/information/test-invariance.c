/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "linalg/linalg.h"

/* Sigma_x by slow sums, divisor n. */
static double *
covariance_new (HeftDataset *data, gsize n)
{
  gsize d = heft_dataset_get_n_features (data);
  g_autofree double *x = g_new (double, n * d);
  g_autofree double *mean = g_new0 (double, d);
  double *covariance = g_new0 (double, d * d);

  heft_dataset_gather_f64 (data, NULL, 0, n, x);
  for (gsize i = 0; i < n * d; i++)
    mean[i % d] += x[i] / (double) n;
  for (gsize i = 0; i < n; i++)
    for (gsize a = 0; a < d; a++)
      for (gsize b = 0; b < d; b++)
        covariance[a * d + b] += (x[i * d + a] - mean[a]) * (x[i * d + b] - mean[b]) / (double) n;
  return covariance;
}

/* 1/2 log |I + G^T Sigma_x G| on the side of the inputs, F = G G^T by its eigenvectors: not the side the library takes. */
static double
information_of (gsize d, const double *covariance, const double *fisher)
{
  g_autofree double *vectors = g_memdup2 (fisher, d * d * sizeof (double));
  g_autofree double *values = g_new (double, d);
  g_autofree double *matrix = g_new0 (double, d * d);

  g_assert_true (heft_symmetric_eigen (d, vectors, values, NULL));
  for (gsize i = 0; i < d; i++)
    for (gsize j = 0; j < d; j++)
      {
        double sum = 0;

        for (gsize a = 0; a < d; a++)
          for (gsize b = 0; b < d; b++)
            sum += vectors[i * d + a] * covariance[a * d + b] * vectors[j * d + b];
        matrix[i * d + j] = (i == j) + sqrt (MAX (values[i], 0) * MAX (values[j], 0)) * sum;
      }
  g_assert_true (heft_cholesky_factor (d, matrix, NULL));
  return 0.5 * heft_cholesky_log_determinant (d, matrix);
}

static void
compare_information (const char *architecture, HeftActivation activation, HeftShape shape, gsize n_covariance)
{
  g_auto (Fixture) f = fixture_new (architecture, activation, shape, 3, 30, 6);
  gsize d = heft_network_get_n_inputs (f.network), n_layers = heft_visibility_n_layers (f.network);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  g_autofree double *covariance = covariance_new (f.data, n_covariance);
  g_autofree double *fisher = g_new (double, d * d);
  g_autofree double *input = g_new (double, d);
  g_autofree double *information = g_new (double, n_layers * 4);
  g_autofree double *trace = g_new (double, n_layers * 4);
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_effective_information (f.network, f.weights, variance, f.data, 4, n_covariance, information, trace, NULL,
                                             &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < 4; i++)
    for (gsize layer = 0; layer < n_layers; layer++)
      {
        g_autoptr (HeftVisibility) map = NULL;
        double expected;

        heft_dataset_gather_f64 (f.data, NULL, i, 1, input);
        map = heft_visibility_new (f.network, f.weights, variance, input, layer, fisher, NULL);
        expected = information_of (d, covariance, fisher);
        g_assert_cmpfloat_with_epsilon (information[layer * 4 + i], expected, 1e-8 * expected);
        g_assert_cmpfloat_with_epsilon (trace[layer * 4 + i], map->trace, 1e-12 * map->trace);
        g_assert_cmpfloat (information[layer * 4 + i], >, 0);
        /* Data processing: noise accumulates layer by layer. */
        if (layer > 0)
          g_assert_cmpfloat (information[layer * 4 + i], <=, information[(layer - 1) * 4 + i] + 1e-10);
      }
}

static void
test_effective (void)
{
  /* More and fewer samples than inputs; layers narrower than the inputs, where |F| itself is 0. */
  compare_information ("12-9", HEFT_ACTIVATION_TANH, FLAT (7), 30);
  compare_information ("9-5", HEFT_ACTIVATION_RELU, FLAT (12), 8);
  compare_information ("9-5", HEFT_ACTIVATION_RELU, FLAT (12), 12);
  compare_information ("", HEFT_ACTIVATION_RELU, FLAT (6), 30);
  compare_information ("conv3x2-tanh-avgpool2-4", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 5, 5 }), 30);
}

/* Louder noise tells less, inputs that never differ have nothing to tell. */
static void
test_effective_limits (void)
{
  g_auto (Fixture) f = fixture_new ("8", HEFT_ACTIVATION_TANH, FLAT (6), 3, 30, 6);
  g_autofree double *quiet = fixture_variances (f.k, 1e-4);
  g_autofree double *loud = fixture_variances (f.k, 1);
  double a[2], b[2];

  g_assert_true (heft_effective_information (f.network, f.weights, quiet, f.data, 1, 0, a, NULL, NULL, NULL));
  g_assert_true (heft_effective_information (f.network, f.weights, loud, f.data, 1, 0, b, NULL, NULL, NULL));
  for (int layer = 0; layer < 2; layer++)
    g_assert_cmpfloat (a[layer], >, b[layer] + 1);
  g_assert_true (heft_effective_information (f.network, f.weights, quiet, f.data, 1, 1, a, NULL, NULL, NULL));
  g_assert_cmpfloat (a[0], ==, 0);
  g_assert_cmpfloat (a[1], ==, 0);
}

static double
form (gsize d, const double *matrix, const double *u)
{
  double sum = 0;

  for (gsize i = 0; i < d; i++)
    sum += u[i] * heft_dot_f64 (d, matrix + i * d, u);
  return sum;
}

static void
test_directions (void)
{
  g_auto (Fixture) f = fixture_new ("9-5", HEFT_ACTIVATION_TANH, FLAT (10), 3, 60, 6);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  g_autofree double *covariance = covariance_new (f.data, 60);
  double input[10], fisher[100], copy[100], values[10], subspace[40], principal[4], normals[4];
  g_autoptr (GError) error = NULL;

  heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
  g_assert_true (heft_principal_directions (f.data, 60, 4, subspace, principal, &error));
  g_assert_no_error (error);
  memcpy (copy, covariance, sizeof copy);
  g_assert_true (heft_symmetric_eigenvalues (10, copy, values, NULL));
  for (int i = 0; i < 4; i++)
    {
      g_assert_cmpfloat_with_epsilon (principal[i], values[i], 1e-12);
      g_assert_cmpfloat_with_epsilon (form (10, covariance, subspace + 10 * i), values[i], 1e-12);
      g_assert_cmpfloat_with_epsilon (heft_norm_f64 (10, subspace + 10 * i), 1, 1e-12);
    }
  for (gsize layer = 0; layer < 3; layer++)
    {
      g_autoptr (HeftVisibility) map = heft_visibility_new (f.network, f.weights, variance, input, layer, fisher, NULL);
      g_autoptr (HeftDirections) seen = heft_directions_new (f.network, f.weights, variance, input, layer, 3, subspace, 4, 2,
                                                             &error);

      g_assert_no_error (error);
      memcpy (copy, fisher, sizeof copy);
      g_assert_true (heft_symmetric_eigenvalues (10, copy, values, NULL));
      for (int i = 0; i < 3; i++)
        {
          g_assert_cmpfloat_with_epsilon (seen->most_fisher[i], values[i], 1e-10 * map->trace);
          g_assert_cmpfloat_with_epsilon (form (10, fisher, seen->most + 10 * i), values[i], 1e-10 * map->trace);
          g_assert_cmpfloat_with_epsilon (heft_norm_f64 (10, seen->most + 10 * i), 1, 1e-12);
        }
      for (int i = 0; i < 2; i++)
        {
          double inside = 0;

          g_assert_cmpfloat_with_epsilon (form (10, fisher, seen->least + 10 * i), seen->least_fisher[i], 1e-10 * map->trace);
          g_assert_cmpfloat_with_epsilon (heft_norm_f64 (10, seen->least + 10 * i), 1, 1e-12);
          for (int j = 0; j < 4; j++)
            inside += pow (heft_dot_f64 (10, subspace + 10 * j, seen->least + 10 * i), 2);
          g_assert_cmpfloat_with_epsilon (inside, 1, 1e-12);
        }
      g_assert_cmpfloat (seen->least_fisher[0], <=, seen->least_fisher[1]);
      g_assert_cmpfloat_with_epsilon (heft_dot_f64 (10, seen->least, seen->least + 10), 0, 1e-12);
      /* Nothing else of the subspace hides better. */
      for (int trial = 0; trial < 50; trial++)
        {
          double u[10] = { 0 };

          heft_stream_normals_f64 (heft_stream (8, HEFT_PURPOSE_SIMULATION, 3), trial, 0, 4, normals);
          for (int j = 0; j < 4; j++)
            heft_axpy_f64 (10, normals[j], subspace + 10 * j, u);
          g_assert_cmpfloat (form (10, fisher, u) / heft_dot_f64 (10, u, u), >=,
                             seen->least_fisher[0] - 1e-10 * map->trace);
        }
    }
}

/* |A - B| / |B|, Frobenius. */
static double
misfit (gsize n, const double *a, const double *b)
{
  double difference = 0;

  for (gsize i = 0; i < n; i++)
    difference += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt (difference) / heft_norm_f64 (n, b);
}

/* Outputs that are linear in the weights: the first order is exact, diag (sum variance x^2), and draws agree within their error. */
static void
test_pushforward_linear (void)
{
  g_auto (Fixture) f = fixture_new ("", HEFT_ACTIVATION_TANH, FLAT (6), 3, 5, 6);
  g_autofree double *variance = fixture_variances (f.k, 4);
  double input[6], exact[9], drawn[9], mean[3];

  heft_dataset_gather_f64 (f.data, NULL, 0, 1, input);
  g_assert_true (heft_pushforward_first_order (f.network, f.weights, variance, input, 0, exact, NULL));
  g_assert_true (heft_pushforward_monte_carlo (f.network, f.weights, variance, input, 0, 20000, 1, mean, drawn, NULL, NULL));
  for (int i = 0; i < 3; i++)
    {
      double expected = variance[18 + i], centre = f.weights[18 + i];

      for (int p = 0; p < 6; p++)
        {
          expected += variance[p * 3 + i] * input[p] * input[p];
          centre += f.weights[p * 3 + i] * input[p];
        }
      g_assert_cmpfloat_with_epsilon (exact[4 * i], expected, 1e-12 * expected);
      /* Five standard errors, sqrt (2 / 20000) of the variance. */
      g_assert_cmpfloat_with_epsilon (drawn[4 * i], expected, 0.05 * expected);
      g_assert_cmpfloat_with_epsilon (mean[i], centre, 5 * sqrt (expected / 20000));
      for (int j = 0; j < 3; j++)
        if (i != j)
          g_assert_cmpfloat (exact[3 * i + j], ==, 0);
    }
}

/* With little noise the first order is right within the error of the draws, with much of it it is not. */
static void
test_pushforward (void)
{
  g_auto (Fixture) f = fixture_new ("8-6", HEFT_ACTIVATION_TANH, FLAT (5), 4, 5, 6);
  g_auto (Fixture) c = fixture_new ("conv3x2-softplus-avgpool2-4", HEFT_ACTIVATION_TANH, ((HeftShape) { 1, 5, 5 }), 3, 5, 6);
  Fixture *fixtures[] = { &f, &c };
  const gsize n_draws = 8000;

  for (int which = 0; which < 2; which++)
    for (gsize layer = 0; layer < heft_visibility_n_layers (fixtures[which]->network); layer++)
      {
        Fixture *x = fixtures[which];
        gsize n = heft_layer_n_activations (x->network, layer);
        g_autofree double *little = fixture_variances (x->k, 1e-5);
        g_autofree double *much = fixture_variances (x->k, 1);
        g_autofree double *first = g_new (double, n * n);
        g_autofree double *drawn = g_new (double, n * n);
        double input[25];

        heft_dataset_gather_f64 (x->data, NULL, 1, 1, input);
        g_assert_true (heft_pushforward_first_order (x->network, x->weights, little, input, layer, first, NULL));
        g_assert_true (heft_pushforward_monte_carlo (x->network, x->weights, little, input, layer, n_draws, 3, NULL, drawn, NULL,
                                                     NULL));
        /* The error's square: (|S|^2 + (tr S)^2) / draws. */
        {
          double trace = 0, norm = heft_norm_f64 (n * n, first);

          for (gsize i = 0; i < n; i++)
            trace += first[i * n + i];
          g_assert_cmpfloat (misfit (n * n, drawn, first), <, 2 * sqrt ((1 + trace * trace / (norm * norm)) / n_draws));
        }
        if (which == 1)
          continue;
        g_assert_true (heft_pushforward_first_order (x->network, x->weights, much, input, layer, first, NULL));
        g_assert_true (heft_pushforward_monte_carlo (x->network, x->weights, much, input, layer, 2000, 3, NULL, drawn, NULL, NULL));
        g_assert_cmpfloat (misfit (n * n, drawn, first), >, 0.2);
      }
}

static void
test_plane (void)
{
  g_auto (Fixture) f = fixture_new ("9-5", HEFT_ACTIVATION_TANH, FLAT (2), 3, 5, 6);
  g_auto (Fixture) narrow = fixture_new ("", HEFT_ACTIVATION_TANH, FLAT (2), 1, 5, 6);
  g_auto (Fixture) wide = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 5, 6);
  g_autofree double *variance = fixture_variances (f.k, 0.01);
  g_autofree double *others = fixture_variances (MAX (narrow.k, wide.k), 0.01);
  double trace[12], log_determinant[12];
  g_autoptr (GError) error = NULL;

  for (gsize layer = 0; layer < 3; layer++)
    {
      g_assert_true (heft_plane_map (f.network, f.weights, variance, layer, -2, 2, 0, 3, 4, 3, trace, log_determinant, NULL,
                                     &error));
      g_assert_no_error (error);
      for (int row = 0; row < 3; row++)
        for (int column = 0; column < 4; column++)
          {
            double input[2] = { -1.5 + column, 0.5 + row }, fisher[4];
            g_autoptr (HeftVisibility) map = heft_visibility_new (f.network, f.weights, variance, input, layer, fisher, NULL);

            g_assert_cmpfloat_with_epsilon (trace[row * 4 + column], map->trace, 1e-10 * map->trace);
            g_assert_cmpfloat_with_epsilon (log_determinant[row * 4 + column],
                                            log (fisher[0] * fisher[3] - fisher[1] * fisher[2]), 1e-6);
          }
    }
  /* One output sees one direction. */
  g_assert_true (heft_plane_map (narrow.network, narrow.weights, others, 0, -1, 1, -1, 1, 1, 1, trace, log_determinant, NULL,
                                 &error));
  g_assert_cmpfloat (trace[0], >, 0);
  g_assert_true (isinf (log_determinant[0]) && log_determinant[0] < 0);
  g_assert_false (heft_plane_map (wide.network, wide.weights, others, 0, -1, 1, -1, 1, 1, 1, trace, log_determinant, NULL,
                                  &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/invariance/effective", test_effective);
  g_test_add_func ("/information/invariance/effective-limits", test_effective_limits);
  g_test_add_func ("/information/invariance/directions", test_directions);
  g_test_add_func ("/information/invariance/pushforward-linear", test_pushforward_linear);
  g_test_add_func ("/information/invariance/pushforward", test_pushforward);
  g_test_add_func ("/information/invariance/plane", test_plane);
  return g_test_run ();
}
