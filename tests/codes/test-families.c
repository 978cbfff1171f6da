/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Low-rank posteriors and mixtures of scales: the codes beyond one Gaussian a weight. */

#include "config.h"

#include <heft/code.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "reference/reference.h"

/* The code of tests/reference/codes.py. */
static HeftNetwork *
reference_network (void)
{
  return heft_network_new ("5-4", HEFT_ACTIVATION_TANH, (HeftShape) { 6, 1, 1 }, 3, NULL);
}

static void
fill (HeftPosterior *posterior)
{
  for (gsize i = 0; i < posterior->n; i++)
    {
      posterior->mean[i] = (float) (0.4 * sin (1 + 1.7 * (double) i));
      posterior->log_deviation[i] = (float) (-2 + 0.5 * cos (0.9 * (double) i));
      for (gsize j = 0; j < posterior->rank; j++)
        posterior->factors[j * posterior->n + i] = (float) (0.1 * cos (2.3 * (double) i + (double) j));
    }
}

static HeftPosterior *
reference_low_rank (HeftNetwork *network, gsize rank)
{
  HeftPosterior *posterior = heft_posterior_new_low_rank (network, rank);

  fill (posterior);
  return posterior;
}

static HeftPrior *
reference_prior (HeftNetwork *network, const double *lambdas)
{
  const gsize k = heft_network_get_n_parameters (network);
  g_autofree float *centre = g_new (float, k);

  for (gsize i = 0; i < k; i++)
    centre[i] = (float) (0.3 * sin (0.4 * (double) i));
  return heft_prior_new (network, HEFT_PRIOR_INIT_CENTRED, 1, lambdas, centre, NULL);
}

/* PyTorch's KL through the dense covariance; inputs here are rounded to single precision, hence 1e-6. */
static void
test_low_rank_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("codes");
  g_autofree double *lambdas = reference_array (values, "lambdas", 3);
  JsonArray *cases = json_object_get_array_member (values, "low_rank");
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPrior) prior = reference_prior (network, lambdas);

  for (guint c = 0; c < json_array_get_length (cases); c++)
    {
      JsonObject *one = json_array_get_object_element (cases, c);
      g_autofree double *expected = reference_array (one, "layers", 3);
      g_autoptr (HeftPosterior) posterior = reference_low_rank (network, (gsize) json_object_get_int_member (one, "rank"));
      double layers[3], total = heft_code_kl (network, prior, posterior, layers);

      reference_compare (layers, expected, 3, 1e-6, "low-rank KL");
      g_assert_cmpfloat (total, ==, layers[0] + layers[1] + layers[2]);
      g_assert_cmpfloat (total, ==, heft_code_kl_bound (network, prior, posterior));
    }
}

/* Without directions it is the mean-field code; a direction that the prior would need anyway costs less than none. */
static void
test_low_rank_identities (void)
{
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPrior) prior = heft_prior_new (network, HEFT_PRIOR_ISOTROPIC, 0.3, NULL, NULL, NULL);
  g_autoptr (HeftPosterior) plain = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));
  g_autoptr (HeftPosterior) low_rank = reference_low_rank (network, 4), copy = NULL;
  double a[3], b[3];

  fill (plain);
  copy = heft_posterior_copy (low_rank);
  g_assert_cmpmem (copy->factors, 4 * copy->n * sizeof (float), low_rank->factors, 4 * copy->n * sizeof (float));
  g_assert_cmpuint (copy->offsets[1], ==, 35);
  g_assert_cmpuint (copy->offsets[3], ==, copy->n);

  memset (copy->factors, 0, 4 * copy->n * sizeof (float));
  g_assert_cmpfloat_with_epsilon (heft_code_kl (network, prior, copy, a), heft_code_kl (network, prior, plain, b), 1e-10);
  g_assert_cmpfloat_with_epsilon (heft_code_second_moment (network, prior, copy, 1),
                                  heft_code_second_moment (network, prior, plain, 1), 1e-12);
  g_assert_cmpfloat (heft_code_second_moment (network, prior, low_rank, 1), >,
                     heft_code_second_moment (network, prior, plain, 1));

  /* sigma = lambda: any direction moves Q away from P. */
  for (gsize i = 0; i < copy->n; i++)
    {
      copy->mean[i] = 0;
      copy->log_deviation[i] = logf (0.3f);
    }
  g_assert_cmpfloat_with_epsilon (heft_code_kl (network, prior, copy, NULL), 0, 1e-9);
  copy->factors[3] = 0.1f;
  g_assert_cmpfloat (heft_code_kl (network, prior, copy, NULL), >, 1e-4);
}

/* The covariance of many draws is diag sigma^2 + V V^T within a layer and nothing between layers. */
static void
test_low_rank_draws (void)
{
  enum { DRAWS = 40000 };
  static const gsize pairs[][2] = { { 0, 0 }, { 0, 1 }, { 3, 20 }, { 34, 35 }, { 40, 41 }, { 73, 70 }, { 2, 70 } };
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPosterior) posterior = reference_low_rank (network, 2);
  g_autofree float *weights = g_new (float, posterior->n);
  g_autofree double *variances = g_new (double, posterior->n);
  double sums[G_N_ELEMENTS (pairs)] = { 0 };

  heft_posterior_variances (posterior, variances);
  for (guint64 draw = 0; draw < DRAWS; draw++)
    {
      heft_posterior_draw (posterior, 7, draw, weights);
      for (guint p = 0; p < G_N_ELEMENTS (pairs); p++)
        sums[p] += ((double) weights[pairs[p][0]] - posterior->mean[pairs[p][0]]) *
                   ((double) weights[pairs[p][1]] - posterior->mean[pairs[p][1]]) / DRAWS;
    }
  for (guint p = 0; p < G_N_ELEMENTS (pairs); p++)
    {
      const gsize i = pairs[p][0], j = pairs[p][1];
      const gboolean together = (i < 35) == (j < 35) && (i < 59) == (j < 59);
      double expected = i == j ? exp (2 * posterior->log_deviation[i]) : 0;

      for (gsize d = 0; together && d < 2; d++)
        expected += (double) posterior->factors[d * posterior->n + i] * posterior->factors[d * posterior->n + j];
      /* Five standard errors of a covariance. */
      g_assert_cmpfloat_with_epsilon (sums[p], expected, 5 * sqrt (2 * variances[i] * variances[j] / DRAWS));
      if (i == j)
        g_assert_cmpfloat_with_epsilon (variances[i], expected, 1e-12);
    }
}

/* More weights than are summed at a time, in closed form: the same mean m and deviation s everywhere, a direction of the same a everywhere and one of
 * b and -b in turn, which are orthogonal. */
static void
test_many_weights (void)
{
  enum { N = 4 * 1501 };
  const float m = 0.125f, log_s = -3, a = 0.0625f, b = 0.03125f;
  const double lambda = 0.4, s2 = exp (2 * log_s), moment = (double) m * m + s2 + (double) a * a + (double) b * b;
  g_autoptr (HeftNetwork) network = heft_network_new ("", HEFT_ACTIVATION_TANH, (HeftShape) { 1500, 1, 1 }, 4, NULL);
  g_autoptr (HeftPrior) prior = heft_prior_new (network, HEFT_PRIOR_ISOTROPIC, lambda, NULL, NULL, NULL);
  g_autoptr (HeftPosterior) posterior = heft_posterior_new_low_rank (network, 2);
  double expected, sampled, error;

  g_assert_cmpuint (posterior->n, ==, N);
  for (gsize i = 0; i < N; i++)
    {
      posterior->mean[i] = i % 3 == 0 ? -m : m;
      posterior->log_deviation[i] = log_s;
      posterior->factors[i] = a;
      posterior->factors[N + i] = i % 2 == 0 ? b : -b;
    }
  expected = 0.5 * (N * (moment / lambda / lambda - 1 - log (s2 / lambda / lambda)) - log (1 + N * (double) a * a / s2) -
                    log (1 + N * (double) b * b / s2));
  g_assert_cmpfloat_with_epsilon (heft_code_second_moment (network, prior, posterior, 0), moment, 1e-14);
  g_assert_cmpfloat_with_epsilon (heft_code_kl (network, prior, posterior, NULL), expected, 1e-9 * expected);
  sampled = heft_code_kl_sampled (network, prior, posterior, 3, 0, 30, NULL, &error);
  g_assert_cmpfloat (error, <, 0.01 * expected);
  g_assert_cmpfloat_with_epsilon (sampled, expected, 5 * error);
}

/* By draws and in closed form. */
static void
test_sampled_kl (void)
{
  const double lambdas[] = { 0.2, 0.5, 1.5 };
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPrior) prior = reference_prior (network, lambdas);
  g_autoptr (HeftPosterior) posterior = reference_low_rank (network, 3);
  double layers[3], error, exact = heft_code_kl (network, prior, posterior, NULL);
  double sampled = heft_code_kl_sampled (network, prior, posterior, 5, 100, 4000, layers, &error);

  g_assert_cmpfloat (error, >, 0);
  g_assert_cmpfloat (error, <, 0.01 * exact);
  g_assert_cmpfloat_with_epsilon (sampled, exact, 5 * error);
  g_assert_cmpfloat_with_epsilon (layers[0] + layers[1] + layers[2], sampled, 1e-9 * sampled);
  heft_code_kl_sampled (network, prior, posterior, 5, 100, 1, NULL, &error);
  g_assert_cmpfloat (error, ==, 0);
}

/* --- Mixtures of scales ------------------------------------------------------------------------------------------------- */

static void
test_mixture_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("codes");
  JsonObject *one = json_object_get_object_member (values, "mixture");
  g_autofree double *weights = reference_array (one, "weights", 41), *costs = reference_array (one, "cost", 41);
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPrior) prior = heft_prior_new_mixture (network, json_object_get_double_member (one, "share"),
                                                        json_object_get_double_member (one, "lambda"),
                                                        json_object_get_double_member (one, "lambda2"), NULL);

  for (guint i = 0; i < 41; i++)
    g_assert_cmpfloat_with_epsilon (heft_prior_cost (prior, 1, 40, weights[i]), costs[i], 1e-12 * (1 + fabs (costs[i])));
}

/* E_q[log q - log p] of one weight by the trapezoidal rule. */
static double
kl_by_quadrature (const HeftPrior *prior, double mean, double deviation)
{
  double sum = 0;

  for (int i = -1600; i <= 1600; i++)
    {
      const double z = i / 200.0, density = exp (-0.5 * z * z) / sqrt (2 * G_PI);

      sum += density / 200.0 * (heft_prior_cost (prior, 0, 0, mean + deviation * z) - 0.5 * z * z - log (deviation)
                                - 0.5 * log (2 * G_PI));
    }
  return sum;
}

/* Between brute force, the estimate by draws and the bound by convexity. */
static void
test_mixture_kl (void)
{
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPrior) prior = heft_prior_new_mixture (network, 0.25, 0.5, 0.05, NULL);
  g_autoptr (HeftPosterior) q = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));
  double exact = 0, error, sampled, layers[3];

  fill (q);
  for (gsize i = 0; i < q->n; i++)
    exact += kl_by_quadrature (prior, q->mean[i], exp (q->log_deviation[i]));
  sampled = heft_code_kl_sampled (network, prior, q, 1, 0, 20000, NULL, &error);
  g_assert_cmpfloat_with_epsilon (sampled, exact, 5 * error);
  g_assert_cmpfloat (error, <, 0.02 * exact);
  g_assert_cmpfloat (heft_code_kl_bound (network, prior, q), >, exact);
  g_assert_cmpfloat (heft_code_kl (network, prior, q, layers), ==,
                     heft_code_kl_sampled (network, prior, q, 0, 0, HEFT_KL_DRAWS, NULL, NULL));
  g_assert_true (heft_prior_is_fixed (prior));
}

/* Both components alike are one Gaussian. */
static void
test_mixture_of_one (void)
{
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autoptr (HeftPrior) mixture = heft_prior_new_mixture (network, 0.3, 0.2, 0.2, NULL), copy = heft_prior_copy (mixture);
  g_autoptr (HeftPrior) gaussian = heft_prior_new (network, HEFT_PRIOR_ISOTROPIC, 0.2, NULL, NULL, NULL);
  g_autoptr (HeftPosterior) q = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));
  double share, lambda2, exact;

  fill (q);
  exact = heft_code_kl (network, gaussian, q, NULL);
  g_assert_cmpfloat_with_epsilon (heft_code_kl_bound (network, mixture, q), exact, 1e-9 * exact);
  g_assert_cmpfloat_with_epsilon (heft_prior_cost (mixture, 2, 60, 0.7), heft_prior_cost (gaussian, 2, 60, 0.7), 1e-12);
  g_assert_true (heft_prior_get_mixture (copy, &share, &lambda2));
  g_assert_cmpfloat (share, ==, 0.3);
  g_assert_cmpfloat (lambda2, ==, 0.2);
  g_assert_false (heft_prior_get_mixture (gaussian, &share, &lambda2));
}

static void
test_refusals (void)
{
  static const double shares[] = { 0, 1, -1, (double) NAN };
  g_autoptr (HeftNetwork) network = reference_network ();
  g_autofree float *centre = g_new0 (float, heft_network_get_n_parameters (network));
  g_autoptr (HeftPrior) prior = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      g_assert_null (heft_prior_new_mixture (network, shares[i], 1, 0.1, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_clear_error (&error);
    }
  g_assert_null (heft_prior_new_mixture (network, 0.5, 1, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_prior_new (network, HEFT_PRIOR_DATA_DEPENDENT, 0.1, NULL, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  prior = heft_prior_new (network, HEFT_PRIOR_DATA_DEPENDENT, 0.1, NULL, centre, NULL);
  /* Its samples count nowhere else, so it is fixed before those that do. */
  g_assert_true (heft_prior_is_fixed (prior));
  g_assert_nonnull (heft_prior_get_centre (prior));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/codes/low-rank/reference", test_low_rank_reference);
  g_test_add_func ("/codes/low-rank/identities", test_low_rank_identities);
  g_test_add_func ("/codes/low-rank/draws", test_low_rank_draws);
  g_test_add_func ("/codes/many-weights", test_many_weights);
  g_test_add_func ("/codes/sampled-kl", test_sampled_kl);
  g_test_add_func ("/codes/mixture/reference", test_mixture_reference);
  g_test_add_func ("/codes/mixture/kl", test_mixture_kl);
  g_test_add_func ("/codes/mixture/of-one", test_mixture_of_one);
  g_test_add_func ("/codes/refusals", test_refusals);

  return g_test_run ();
}
