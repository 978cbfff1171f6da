/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/heft.h>

#include "curvature/fixture.h"
#include "information/noise.h"

#define BETA 1e-3
#define LAMBDA 0.5

typedef struct
{
  const char    *architecture;
  HeftActivation activation;
  HeftShape      shape;
} Case;

static const Case cases[] = {
  { "7-5", HEFT_ACTIVATION_TANH, { 6, 1, 1 } },
  { "8-4", HEFT_ACTIVATION_RELU, { 5, 1, 1 } },
  { "conv2x2-tanh-pool2-4", HEFT_ACTIVATION_TANH, { 1, 5, 5 } },
  { "conv3x2s2p1-conv2x3-gap", HEFT_ACTIVATION_SOFTPLUS, { 2, 5, 4 } },
};

static HeftCurvature *
curvature_of (Fixture *f, HeftCurvatureKind kind)
{
  HeftCurvature *curvature = heft_curvature_new (f->network, f->weights, f->data, 0, kind, HEFT_FISHER_EXACT, 0, FALSE, 1, NULL, NULL);

  g_assert_nonnull (curvature);
  return curvature;
}

/* The activations of @layer with the weights as they are. */
static void
activations (Fixture *f, const double *weights, const double *input, gsize layer, double *out)
{
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f->network, 1);
  gsize n = heft_layer_n_activations (f->network, layer), seen = 0, i = 0;

  for (; i + 1 < heft_network_get_n_layers (f->network); i++)
    if (heft_network_get_layer (f->network, i)->kind == HEFT_LAYER_ACTIVATION && seen++ == layer)
      break;
  heft_pass_f64_forward (pass, weights, input, 1);
  memcpy (out, heft_pass_f64_output (pass, (int) i), n * sizeof *out);
}

/* J Sigma J^T with J by central differences, a layer at a time. */
static void
brute_force (Fixture *f, const HeftCurvature *curvature, const double *input, gsize layer, double *covariance)
{
  const double h = 1e-5;
  gsize n = heft_layer_n_activations (f->network, layer);
  g_autofree double *weights = g_memdup2 (f->weights, f->k * sizeof (double));
  g_autofree double *above = g_new (double, n), *below = g_new (double, n);

  memset (covariance, 0, n * n * sizeof *covariance);
  for (gsize l = 0; l < heft_network_get_n_weight_layers (f->network); l++)
    {
      const HeftLayer *block = heft_network_get_weight_layer (f->network, l);
      g_autofree double *jacobian = g_new (double, n * block->n_parameters);

      for (gsize q = 0; q < block->n_parameters; q++)
        {
          weights[block->offset + q] = f->weights[block->offset + q] + h;
          activations (f, weights, input, layer, above);
          weights[block->offset + q] = f->weights[block->offset + q] - h;
          activations (f, weights, input, layer, below);
          weights[block->offset + q] = f->weights[block->offset + q];
          for (gsize a = 0; a < n; a++)
            jacobian[a * block->n_parameters + q] = (above[a] - below[a]) / (2 * h);
        }
      heft_curvature_posterior_covariance (curvature, l, BETA, LAMBDA, n, jacobian, covariance);
    }
}

static double
largest (const double *matrix, gsize n)
{
  double most = 0;

  for (gsize i = 0; i < n; i++)
    most = fmax (most, fabs (matrix[i * n + i]));
  return most;
}

static void
test_brute_force (gconstpointer data)
{
  const Case *c = data;
  g_auto (Fixture) f = fixture_new (c->architecture, c->activation, c->shape, 3, 30, 6);
  g_autofree double *input = g_new (double, heft_network_get_n_inputs (f.network));

  heft_dataset_gather_f64 (f.data, NULL, 2, 1, input);
  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_DIAGONAL; kind++)
    {
      g_autoptr (HeftCurvature) curvature = curvature_of (&f, kind);

      for (gsize layer = 0; layer < heft_visibility_n_layers (f.network); layer++)
        {
          gsize n = heft_layer_n_activations (f.network, layer);
          g_autofree double *found = g_new (double, n * n), *expected = g_new (double, n * n);

          g_assert_true (heft_pushforward_structured (f.network, f.weights, curvature, BETA, LAMBDA, input, layer, found, NULL));
          brute_force (&f, curvature, input, layer, expected);
          /* Differences of step 1e-5 are good to about 1e-10 of the activations, of order 1. */
          for (gsize i = 0; i < n * n; i++)
            g_assert_cmpfloat_with_epsilon (found[i], expected[i], 1e-7 * largest (expected, n));
        }
    }
}

/* The diagonal is a mean-field posterior: two roads to one covariance, and to one information. */
static void
test_diagonal (gconstpointer data)
{
  const Case *c = data;
  g_auto (Fixture) f = fixture_new (c->architecture, c->activation, c->shape, 3, 30, 6);
  g_autoptr (HeftCurvature) curvature = curvature_of (&f, HEFT_CURVATURE_DIAGONAL);
  gsize n_layers = heft_visibility_n_layers (f.network);
  g_autofree double *variance = g_new (double, f.k), *a = g_new (double, 3 * n_layers), *b = g_new (double, 3 * n_layers);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (f.network); l++)
    {
      const HeftLayer *block = heft_network_get_weight_layer (f.network, l);

      for (gsize q = 0; q < block->n_parameters; q++)
        variance[block->offset + q] = BETA / (heft_curvature_get_layer (curvature, l)->moments[q] + BETA / (LAMBDA * LAMBDA));
    }
  g_assert_true (heft_effective_information (f.network, f.weights, variance, f.data, 3, 0, a, NULL, NULL, NULL));
  g_assert_true (heft_effective_information_structured (f.network, f.weights, curvature, BETA, LAMBDA, f.data, 3, 0, b, NULL, NULL,
                                                        NULL));
  for (gsize i = 0; i < 3 * n_layers; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], 1e-7 * a[i] + 1e-12);
}

/* Weight draws agree within their error as the noise becomes small: what is left out is of second order. */
static void
test_monte_carlo (gconstpointer data)
{
  const Case *c = data;
  const gsize n_draws = 4000;
  const double little = 1e-7;
  g_auto (Fixture) f = fixture_new (c->architecture, c->activation, c->shape, 3, 30, 6);
  g_autoptr (HeftCurvature) curvature = curvature_of (&f, HEFT_CURVATURE_EKFAC);
  g_autofree double *input = g_new (double, heft_network_get_n_inputs (f.network));
  gsize layer = heft_visibility_n_layers (f.network) - 1, n = heft_layer_n_activations (f.network, layer);
  g_autofree double *first = g_new (double, n * n), *drawn = g_new (double, n * n);

  heft_dataset_gather_f64 (f.data, NULL, 2, 1, input);
  g_assert_true (heft_pushforward_structured (f.network, f.weights, curvature, little, 0.01, input, layer, first, NULL));
  g_assert_true (heft_pushforward_monte_carlo_structured (f.network, f.weights, curvature, little, 0.01, input, layer, n_draws, 3, NULL,
                                                          drawn, NULL, NULL));
  /* Five standard errors of a variance. */
  for (gsize j = 0; j < n; j++)
    g_assert_cmpfloat_with_epsilon (drawn[j * n + j], first[j * n + j], 5 * sqrt (2.0 / n_draws) * first[j * n + j]);
}

/* Mean and covariance of few draws are those of the activations at the weights drawn, one by one. */
static void
test_few_draws (gconstpointer data)
{
  enum { DRAWS = 5 };
  const Case *c = data;
  g_auto (Fixture) f = fixture_new (c->architecture, c->activation, c->shape, 3, 30, 6);
  g_autofree double *input = g_new (double, heft_network_get_n_inputs (f.network)), *variance = g_new (double, f.k);
  const HeftWeightNoise noise = { .variance = variance };
  gsize layer = heft_visibility_n_layers (f.network) - 1, n = heft_layer_n_activations (f.network, layer);
  g_autofree double *mean = g_new (double, n), *covariance = g_new (double, n * n), *weights = g_new (double, DRAWS * f.k);
  g_autofree double *drawn = g_new (double, DRAWS * n);

  for (gsize i = 0; i < f.k; i++)
    variance[i] = 0.01 * (1 + (double) (i % 3));
  heft_dataset_gather_f64 (f.data, NULL, 2, 1, input);
  g_assert_true (heft_pushforward_monte_carlo (f.network, f.weights, variance, input, layer, DRAWS, 3, mean, covariance, NULL, NULL));
  heft_noise_draw (&noise, f.network, f.weights, 3, 0, DRAWS, weights);
  for (gsize r = 0; r < DRAWS; r++)
    activations (&f, weights + r * f.k, input, layer, drawn + r * n);
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < n; j++)
      {
        double first = 0, second = 0, sum = 0;

        for (gsize r = 0; r < DRAWS; r++)
          {
            first += drawn[r * n + i] / DRAWS;
            second += drawn[r * n + j] / DRAWS;
          }
        for (gsize r = 0; r < DRAWS; r++)
          sum += (drawn[r * n + i] - first) * (drawn[r * n + j] - second);
        g_assert_cmpfloat_with_epsilon (mean[i], first, 1e-12);
        g_assert_cmpfloat_with_epsilon (covariance[i * n + j], sum / (DRAWS - 1), 1e-12);
      }
}

int
main (int argc, char **argv)
{
  static const struct { const char *name; GTestDataFunc function; } tests[] = {
    { "brute-force", test_brute_force }, { "diagonal", test_diagonal }, { "monte-carlo", test_monte_carlo },
    { "few-draws", test_few_draws },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize t = 0; t < G_N_ELEMENTS (tests); t++)
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        g_autofree char *path = g_strdup_printf ("/information/pushforward/%s/%s", tests[t].name, cases[i].architecture);

        g_test_add_data_func (path, &cases[i], tests[t].function);
      }
  return g_test_run ();
}
