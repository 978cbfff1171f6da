/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/code.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

typedef struct
{
  HeftNetwork   *network;
  gsize          k;
  float         *centre;
  HeftPosterior *posterior;
} Fixture;

static void
set_up (Fixture      *fixture,
        gconstpointer user_data)
{
  HeftStream stream = heft_stream (11, HEFT_PURPOSE_SIMULATION, 0);

  fixture->network = heft_network_new ("40-30", HEFT_ACTIVATION_RELU, (HeftShape) { 20, 1, 1 }, 5, NULL);
  fixture->k = heft_network_get_n_parameters (fixture->network);
  fixture->centre = g_new (float, fixture->k);
  heft_network_initialise (fixture->network, 3, fixture->centre);
  fixture->posterior = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, fixture->k);
  heft_stream_normals_f32 (stream, 0, 0, fixture->k, fixture->posterior->mean);
  heft_stream_normals_f32 (stream, 1, 0, fixture->k, fixture->posterior->log_deviation);
  for (gsize i = 0; i < fixture->k; i++)
    {
      fixture->posterior->mean[i] *= 0.2f;
      fixture->posterior->log_deviation[i] = 0.5f * fixture->posterior->log_deviation[i] - 2.0f;
    }
}

static void
tear_down (Fixture      *fixture,
           gconstpointer user_data)
{
  heft_network_unref (fixture->network);
  heft_posterior_free (fixture->posterior);
  g_free (fixture->centre);
}

static HeftPrior *
prior_of (Fixture      *fixture,
          HeftPriorKind kind,
          double        lambda)
{
  g_autoptr (GError) error = NULL;
  HeftPrior *prior = heft_prior_new (fixture->network, kind, lambda, NULL, fixture->centre, &error);

  g_assert_no_error (error);
  return prior;
}

/* --- One Gaussian against another ------------------------------------------------------------------------------ */

static double
normal_density (double x,
                double mean,
                double deviation)
{
  double z = (x - mean) / deviation;

  return exp (-0.5 * z * z) / (deviation * sqrt (2.0 * G_PI));
}

/* Brute force: the integral of q log (q / p) by the trapezoidal rule, which is spectrally accurate here. */
static double
kl_by_quadrature (double mean,
                  double deviation,
                  double centre,
                  double lambda)
{
  double sum = 0.0, step = deviation / 50.0;

  for (int i = -600; i <= 600; i++)
    {
      double x = mean + i * step, q = normal_density (x, mean, deviation);
      double zq = (x - mean) / deviation, zp = (x - centre) / lambda;

      sum += step * q * (0.5 * (zp * zp - zq * zq) + log (lambda / deviation));
    }
  return sum;
}

static void
test_one_dimension (void)
{
  static const double cases[][4] = {
    { 0.0, 1.0, 0.0, 1.0 }, { 0.3, 0.2, 0.0, 1.0 }, { -1.0, 2.0, 0.5, 0.7 }, { 0.1, 0.05, 0.1, 0.1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const double *c = cases[i];
      double variance = c[1] * c[1], found = heft_kl_gaussian_diagonal (&c[0], &variance, &c[2], 1, c[3]);
      double closed = log (c[3] / c[1]) + (variance + (c[0] - c[2]) * (c[0] - c[2])) / (2.0 * c[3] * c[3]) - 0.5;

      g_assert_cmpfloat_with_epsilon (found, closed, 1e-13);
      g_assert_cmpfloat_with_epsilon (found, kl_by_quadrature (c[0], c[1], c[2], c[3]), 1e-11);
    }
}

static void
test_prior_against_itself (void)
{
  enum { N = 5000 };
  g_autofree double *mean = g_new (double, N);
  g_autofree double *variance = g_new (double, N);

  for (double lambda = 1e-6; lambda < 2e6; lambda *= 10.0)
    {
      for (gsize i = 0; i < N; i++)
        {
          mean[i] = 0.01 * (double) i;
          variance[i] = lambda * lambda;
        }
      g_assert_cmpfloat_with_epsilon (heft_kl_gaussian_diagonal (mean, variance, mean, N, lambda), 0.0, 1e-12);
      g_assert_cmpfloat (heft_kl_gaussian_diagonal (mean, variance, mean, N, 1.001 * lambda), >, 0.0);
    }
}

/* Against the formula of theory.md in extended precision. */
static void
test_extreme_scales (void)
{
  enum { N = 3000 };
  g_autofree double *mean = g_new (double, N);
  g_autofree double *variance = g_new (double, N);
  double at_zero;

  for (gsize i = 0; i < N; i++)
    {
      mean[i] = 0.1 * sin ((double) i);
      variance[i] = exp (-4.0 + 2.0 * cos ((double) (3 * i)));
    }
  for (double lambda = 1e-6; lambda < 2e6; lambda *= 10.0)
    {
      long double traces = 0.0L, logs = 0.0L, expected;

      for (gsize i = 0; i < N; i++)
        {
          traces += (long double) variance[i] + (long double) mean[i] * mean[i];
          logs += logl (variance[i]);
        }
      expected = 0.5L * (traces / ((long double) lambda * lambda) - N + N * 2.0L * logl (lambda) - logs);
      g_assert_cmpfloat (fabs (heft_kl_gaussian_diagonal (mean, variance, NULL, N, lambda) / (double) expected - 1.0), <, 1e-13);
    }

  variance[7] = 0.0;
  at_zero = heft_kl_gaussian_diagonal (mean, variance, NULL, N, 1.0);
  g_assert_true (isinf (at_zero) && at_zero > 0.0);
}

/* --- Whole codes ------------------------------------------------------------------------------------------------ */

static void
test_layers_add_up (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const HeftPriorKind kinds[] = {
    HEFT_PRIOR_ISOTROPIC, HEFT_PRIOR_PER_LAYER, HEFT_PRIOR_INIT_CENTRED, HEFT_PRIOR_EMPIRICAL_BAYES,
  };
  const double lambdas[3] = { 0.05, 0.3, 2.0 };
  g_autofree double *mean = g_new (double, fixture->k);
  g_autofree double *variance = g_new (double, fixture->k);
  g_autofree double *centre = g_new (double, fixture->k);

  for (gsize i = 0; i < fixture->k; i++)
    {
      mean[i] = fixture->posterior->mean[i];
      variance[i] = exp (2.0 * (double) fixture->posterior->log_deviation[i]);
      centre[i] = fixture->centre[i];
    }
  for (gsize kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
    {
      g_autoptr (HeftPrior) prior = heft_prior_new (fixture->network, kinds[kind], 0.1, lambdas, fixture->centre, NULL);
      double layers[3], sum = 0.0, total = heft_code_kl (fixture->network, prior, fixture->posterior, layers);

      for (gsize l = 0; l < 3; l++)
        {
          const HeftLayer *layer = heft_network_get_weight_layer (fixture->network, l);
          double expected = heft_kl_gaussian_diagonal (mean + layer->offset, variance + layer->offset,
                                                       kind >= 2 ? centre + layer->offset : NULL,
                                                       layer->n_parameters, lambdas[l]);

          g_assert_cmpfloat (layers[l], >, 0.0);
          g_assert_cmpfloat (fabs (layers[l] / expected - 1.0), <, 1e-12);
          sum += layers[l];
        }
      g_assert_cmpfloat (total, ==, sum);
      g_assert_cmpfloat (heft_code_kl (fixture->network, prior, fixture->posterior, NULL), ==, total);
    }
}

/* The mean of log q - log p over draws is KL. */
static void
test_monte_carlo (Fixture      *fixture,
                  gconstpointer user_data)
{
  enum { DRAWS = 4000 };
  g_autoptr (HeftPrior) prior = prior_of (fixture, HEFT_PRIOR_INIT_CENTRED, 0.15);
  g_autofree float *weights = g_new (float, fixture->k);
  double sum = 0.0, squares = 0.0, error;

  for (guint64 draw = 0; draw < DRAWS; draw++)
    {
      double log_ratio = 0.0;

      heft_posterior_draw (fixture->posterior, 9, draw, weights);
      for (gsize i = 0; i < fixture->k; i++)
        {
          double s = fixture->posterior->log_deviation[i];
          double zq = (weights[i] - fixture->posterior->mean[i]) / exp (s), zp = (weights[i] - fixture->centre[i]) / 0.15;

          log_ratio += 0.5 * (zp * zp - zq * zq) + log (0.15) - s;
        }
      sum += log_ratio / DRAWS;
      squares += log_ratio * log_ratio / DRAWS;
    }
  error = sqrt ((squares - sum * sum) / DRAWS);
  g_assert_cmpfloat (fabs (sum - heft_code_kl (fixture->network, prior, fixture->posterior, NULL)), <, 5.0 * error);
  g_assert_cmpfloat (error, <, 0.01 * sum);
}

static void
test_empirical_bayes (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr (HeftPrior) prior = prior_of (fixture, HEFT_PRIOR_EMPIRICAL_BAYES, 0.1);
  double best[3], layers[3];

  g_assert_false (heft_prior_is_fixed (prior));
  for (gsize l = 0; l < 3; l++)
    heft_prior_set_lambda (prior, l, sqrt (heft_code_second_moment (fixture->network, prior, fixture->posterior, l)));
  heft_code_kl (fixture->network, prior, fixture->posterior, best);

  for (gsize l = 0; l < 3; l++)
    for (double factor = 0.5; factor < 2.1; factor *= 1.1)
      {
        g_autoptr (HeftPrior) other = heft_prior_copy (prior);

        heft_prior_set_lambda (other, l, factor * heft_prior_get_lambda (prior, l));
        heft_code_kl (fixture->network, other, fixture->posterior, layers);
        if (fabs (factor - 1.0) > 1e-9)
          g_assert_cmpfloat (layers[l], >, best[l]);
        for (gsize m = 0; m < 3; m++)
          if (m != l)
            g_assert_cmpfloat (layers[m], ==, best[m]);
      }

  /* At the minimiser the trace term is k, so that KL is 1/2 [k log lambda^2 - log |S|]. */
  for (gsize l = 0; l < 3; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (fixture->network, l);
      double sum = (double) layer->n_parameters * log (heft_prior_get_lambda (prior, l));

      for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
        sum -= fixture->posterior->log_deviation[i];
      g_assert_cmpfloat_with_epsilon (best[l], sum, 1e-9 * sum);
    }
}

static void
test_dirac (Fixture      *fixture,
            gconstpointer user_data)
{
  g_autoptr (HeftPosterior) dirac = heft_posterior_new (HEFT_POSTERIOR_DIRAC, fixture->k);
  g_autoptr (HeftPrior) prior = prior_of (fixture, HEFT_PRIOR_ISOTROPIC, 0.1);
  g_autoptr (HeftPosterior) copy = NULL;
  g_autofree float *weights = g_new (float, fixture->k);
  double layers[3], moment = 0.0;

  memcpy (dirac->mean, fixture->centre, fixture->k * sizeof (float));
  g_assert_null (dirac->log_deviation);
  g_assert_true (isinf (heft_code_kl (fixture->network, prior, dirac, layers)));
  for (gsize l = 0; l < 3; l++)
    g_assert_true (isinf (layers[l]));
  heft_posterior_draw (dirac, 1, 2, weights);
  g_assert_cmpmem (weights, fixture->k * sizeof (float), dirac->mean, fixture->k * sizeof (float));
  copy = heft_posterior_copy (dirac);
  g_assert_cmpmem (copy->mean, fixture->k * sizeof (float), dirac->mean, fixture->k * sizeof (float));

  for (gsize i = 0; i < heft_network_get_weight_layer (fixture->network, 0)->n_parameters; i++)
    moment += (double) dirac->mean[i] * dirac->mean[i];
  g_assert_cmpfloat_with_epsilon (heft_code_second_moment (fixture->network, prior, dirac, 0),
                                  moment / heft_network_get_weight_layer (fixture->network, 0)->n_parameters, 1e-12);
}

static void
test_draws (Fixture      *fixture,
            gconstpointer user_data)
{
  g_autofree float *first = g_new (float, fixture->k);
  g_autofree float *other = g_new (float, fixture->k);
  g_autoptr (HeftPosterior) copy = heft_posterior_copy (fixture->posterior);
  double sum = 0.0, squares = 0.0, k = (double) fixture->k;

  heft_posterior_draw (fixture->posterior, 4, 0, first);
  heft_posterior_draw (copy, 4, 0, other);
  g_assert_cmpmem (first, fixture->k * sizeof (float), other, fixture->k * sizeof (float));
  heft_posterior_draw (fixture->posterior, 4, 1, other);
  g_assert_cmpint (memcmp (first, other, fixture->k * sizeof (float)), !=, 0);
  heft_posterior_draw (fixture->posterior, 5, 0, other);
  g_assert_cmpint (memcmp (first, other, fixture->k * sizeof (float)), !=, 0);

  for (gsize i = 0; i < fixture->k; i++)
    {
      double z = (first[i] - fixture->posterior->mean[i]) / exp (fixture->posterior->log_deviation[i]);

      sum += z;
      squares += z * z;
    }
  g_assert_cmpfloat (fabs (sum), <, 5.0 * sqrt (k));
  g_assert_cmpfloat (fabs (squares - k), <, 5.0 * sqrt (2.0 * k));
}

static void
test_prior_rules (Fixture      *fixture,
                  gconstpointer user_data)
{
  static const double impossible[] = { 0.0, -1.0, 1e-30, 1e30, (double) NAN, (double) INFINITY };
  double lambdas[3] = { 0.1, 0.0, 0.1 };
  g_autoptr (HeftPrior) prior = prior_of (fixture, HEFT_PRIOR_ISOTROPIC, 0.1);
  g_autoptr (HeftPrior) copy = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (impossible); i++)
    {
      g_assert_null (heft_prior_new (fixture->network, HEFT_PRIOR_ISOTROPIC, impossible[i], NULL, NULL, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_clear_error (&error);
    }
  g_assert_null (heft_prior_new (fixture->network, HEFT_PRIOR_PER_LAYER, 0.1, lambdas, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_prior_new (fixture->network, HEFT_PRIOR_INIT_CENTRED, 0.1, NULL, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  fixture->centre[5] = NAN;
  g_assert_null (heft_prior_new (fixture->network, HEFT_PRIOR_INIT_CENTRED, 0.1, NULL, fixture->centre, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);

  g_assert_null (heft_prior_get_centre (prior));
  g_assert_cmpint (heft_prior_get_kind (prior), ==, HEFT_PRIOR_ISOTROPIC);
  heft_prior_set_lambdas (prior, 0.1);
  g_assert_true (heft_prior_is_fixed (prior));
  heft_prior_set_lambdas (prior, 1e-300);
  g_assert_cmpfloat (heft_prior_get_lambda (prior, 2), ==, HEFT_LAMBDA_MINIMUM);
  g_assert_false (heft_prior_is_fixed (prior));
  copy = heft_prior_copy (prior);
  g_assert_false (heft_prior_is_fixed (copy));
  heft_prior_set_lambda (copy, 1, 3.0);
  g_assert_cmpfloat (heft_prior_get_lambda (prior, 1), ==, HEFT_LAMBDA_MINIMUM);
}

/* The prices make a code: exp (-price) sums to one over the grid. */
static void
test_lambda_grid (void)
{
  const double c = 0.1, b = 100.0;
  double sum = 0.0;

  for (int j = 1; j <= 20000; j++)
    {
      double lambda = c * exp (-j / b);

      sum += exp (-heft_lambda_grid_cost (lambda, c, b));
      if (j < 5)
        {
          g_assert_cmpfloat_with_epsilon (heft_lambda_grid_cost (lambda, c, b), 2.0 * log (j) + log (G_PI * G_PI / 6.0), 1e-12);
          g_assert_cmpfloat_with_epsilon (heft_lambda_grid_round (lambda * exp (0.4 / b), c, b), lambda, 1e-15);
          g_assert_cmpfloat_with_epsilon (heft_lambda_grid_round (lambda * exp (-0.4 / b), c, b), lambda, 1e-15);
        }
    }
  /* The tail beyond J is 6 / (pi^2 J). */
  g_assert_cmpfloat_with_epsilon (sum + 6.0 / (G_PI * G_PI * 20000.0), 1.0, 1e-8);
  g_assert_cmpfloat_with_epsilon (heft_lambda_grid_round (5.0, c, b), c * exp (-1.0 / b), 1e-15);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/codes/one-dimension", test_one_dimension);
  g_test_add_func ("/codes/prior-against-itself", test_prior_against_itself);
  g_test_add_func ("/codes/extreme-scales", test_extreme_scales);
  g_test_add_func ("/codes/lambda-grid", test_lambda_grid);
  g_test_add ("/codes/layers-add-up", Fixture, NULL, set_up, test_layers_add_up, tear_down);
  g_test_add ("/codes/monte-carlo", Fixture, NULL, set_up, test_monte_carlo, tear_down);
  g_test_add ("/codes/empirical-bayes", Fixture, NULL, set_up, test_empirical_bayes, tear_down);
  g_test_add ("/codes/dirac", Fixture, NULL, set_up, test_dirac, tear_down);
  g_test_add ("/codes/draws", Fixture, NULL, set_up, test_draws, tear_down);
  g_test_add ("/codes/prior-rules", Fixture, NULL, set_up, test_prior_rules, tear_down);

  return g_test_run ();
}
