/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/bound.h>
#include <heft/error.h>
#include <heft/random.h>

static HeftCertificate
example (void)
{
  return (HeftCertificate) { .n_samples = 10000, .empirical = 0.05, .n_draws = 100, .kl = 700, .beta_pac = 2000, .n_betas = 1,
                             .delta = 0.025, .delta_draws = 0.01 };
}

static double
bound_of (const HeftCertificate *certificate, HeftBoundKind kind)
{
  g_autoptr (GError) error = NULL;
  double bound = NAN;

  heft_certificate_bound (certificate, kind, &bound, &error);
  g_assert_no_error (error);
  return bound;
}

/* From the numbers of theory.md section 5 and nothing else. */
static void
test_ingredients (void)
{
  HeftCertificate certificate = example ();
  double empirical = heft_binary_kl_inverse (0.05, log (2 / 0.01) / 100);
  double kl = 700 + log (2 * sqrt (10000) / 0.025), upper = NAN;

  g_assert_true (heft_certificate_empirical (&certificate, &upper, NULL));
  g_assert_cmpfloat (upper, ==, empirical);
  g_assert_cmpfloat_with_epsilon (bound_of (&certificate, HEFT_BOUND_PAC_BAYES_KL), heft_binary_kl_inverse (empirical, kl / 10000),
                                  1e-14);
  g_assert_cmpfloat_with_epsilon (bound_of (&certificate, HEFT_BOUND_MCALLESTER), empirical + sqrt (kl / 20000), 1e-14);
  g_assert_cmpfloat_with_epsilon (bound_of (&certificate, HEFT_BOUND_LAGRANGIAN),
                                  (empirical + 2000. / 10000 * (700 + log (1 / 0.025))) / (1 - 1 / 4000.), 1e-14);

  certificate.n_draws = 0;
  g_assert_true (heft_certificate_empirical (&certificate, &upper, NULL));
  g_assert_cmpfloat (upper, ==, 0.05);
}

/* A scale chosen from a grid, and a beta chosen from candidates, cost what the union bound says, and more draws never hurt. */
static void
test_prices (void)
{
  HeftCertificate free = example (), paid = example (), chosen = example (), more = example ();

  paid.scale_price = heft_lambda_grid_cost (heft_lambda_grid_round (0.05, 1, 100), 1, 100);
  free.kl += paid.scale_price;
  chosen.n_betas = 7;
  more.n_draws = 1000;
  for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
    {
      HeftCertificate plain = example ();

      g_assert_cmpfloat_with_epsilon (bound_of (&paid, kind), bound_of (&free, kind), 1e-14);
      g_assert_cmpfloat (bound_of (&paid, kind), >, bound_of (&plain, kind));
      g_assert_cmpfloat (bound_of (&more, kind), <, bound_of (&plain, kind));
      if (kind == HEFT_BOUND_LAGRANGIAN)
        g_assert_cmpfloat_with_epsilon (bound_of (&chosen, kind) - bound_of (&plain, kind),
                                        2000. / 10000 * log (7) / (1 - 1 / 4000.), 1e-13);
      else
        g_assert_cmpfloat (bound_of (&chosen, kind), ==, bound_of (&plain, kind));
    }
}

static void
assert_refused (HeftCertificate certificate, HeftBoundKind kind)
{
  g_autoptr (GError) error = NULL;
  double bound = 7;

  g_assert_false (heft_certificate_bound (&certificate, kind, &bound, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, "ot a valid bound"));
  g_assert_cmpfloat (bound, ==, 7);
}

static void
test_obstacles (void)
{
  for (guint bit = 0; bit < 8; bit++)
    for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
      {
        HeftCertificate certificate = example ();

        certificate.obstacles = 1u << bit;
        g_assert_nonnull (heft_obstacle_words (certificate.obstacles));
        /* The first two bounds hold for every Q at once, whichever beta led to it. */
        if (certificate.obstacles == HEFT_OBSTACLE_BETA_CHOSEN && kind != HEFT_BOUND_LAGRANGIAN)
          g_assert_cmpfloat (bound_of (&certificate, kind), <, 1);
        else
          assert_refused (certificate, kind);
      }
  g_assert_null (heft_obstacle_words (0));
}

static void
test_hostile (void)
{
  static const double bad[] = { -1, NAN, INFINITY, -INFINITY, -1e-300 };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    for (gsize field = 0; field < 9; field++)
      {
        HeftCertificate certificate = example ();
        double *fields[] = { &certificate.n_samples, &certificate.empirical, &certificate.n_draws, &certificate.kl,
                             &certificate.scale_price, &certificate.beta_pac, &certificate.n_betas, &certificate.delta,
                             &certificate.delta_draws };
        double bound = 0.5;

        *fields[field] = bad[i];
        for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
          if (heft_certificate_bound (&certificate, kind, &bound, NULL))
            g_assert_false (isnan (bound) || bound < 0);
      }
  {
    HeftCertificate certificate = example ();

    certificate.delta = 0.6;
    certificate.delta_draws = 0.4;
    assert_refused (certificate, HEFT_BOUND_PAC_BAYES_KL);
    certificate = example ();
    certificate.beta_pac = 0.5;
    assert_refused (certificate, HEFT_BOUND_LAGRANGIAN);
    /* What is not known makes no bound, and no price makes one smaller. */
    for (gsize i = 0; i < 2; i++)
      for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
        {
          certificate = example ();
          certificate.scale_price = i == 0 ? -1 : NAN;
          assert_refused (certificate, kind);
          certificate = example ();
          certificate.n_draws = i == 0 ? -1 : NAN;
          assert_refused (certificate, kind);
          certificate = example ();
          certificate.n_betas = i == 0 ? 0.5 : NAN;
          assert_refused (certificate, kind);
        }
    certificate = example ();
    certificate.kl = 1e300;
    g_assert_cmpfloat (bound_of (&certificate, HEFT_BOUND_PAC_BAYES_KL), ==, 1);
    g_assert_cmpfloat (bound_of (&certificate, HEFT_BOUND_MCALLESTER), >, 1);
  }
}

/* beta against differences of the bounds themselves: the ratio of their slopes, times log (1/p_min). */
static void
test_objective (void)
{
  static const double risks[] = { 0.002, 0.03, 0.2, 0.6 }, kls[] = { 5, 300, 4000, 30000 };
  const double n = 10000, delta = 0.025;

  for (gsize i = 0; i < G_N_ELEMENTS (risks); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (kls); j++)
      {
        double low[2], high[2], steps[] = { 1e-6 * risks[i], 1e-5 * kls[j] };
        gboolean (*bounds[]) (double, double, double, double, double *, GError **) = { heft_bound_pac_bayes_kl,
                                                                                       heft_bound_mcallester };
        HeftObjective objectives[] = { HEFT_OBJECTIVE_PAC_BAYES_KL, HEFT_OBJECTIVE_MCALLESTER };

        for (int b = 0; b < 2; b++)
          {
            double expected, beta = heft_objective_beta (objectives[b], risks[i], kls[j], n, delta, log (1e5), 0);

            for (int side = 0; side < 2; side++)
              {
                double sign = side == 0 ? -1 : 1;

                bounds[b] (risks[i] + sign * steps[0], kls[j], n, delta, side == 0 ? &low[0] : &high[0], NULL);
                bounds[b] (risks[i], kls[j] + sign * steps[1], n, delta, side == 0 ? &low[1] : &high[1], NULL);
              }
            if (high[0] > 0.999 && b == 0)
              continue;   /* nearly vacuous: differences have no digits left */
            expected = (high[1] - low[1]) / steps[1] / ((high[0] - low[0]) / steps[0]) * log (1e5);
            g_assert_cmpfloat_with_epsilon (beta / expected, 1, 2e-4);
          }
        g_assert_cmpfloat_with_epsilon (heft_objective_beta (HEFT_OBJECTIVE_LAGRANGIAN, risks[i], kls[j], n, delta, log (1e5), 1e-3),
                                        1e-3 * log (1e5), 1e-15);
        g_assert_cmpfloat (heft_objective_beta (HEFT_OBJECTIVE_INFORMATION, risks[i], kls[j], n, delta, log (1e5), 1e-3), ==, 1e-3);
      }
  /* Nothing is infinite at the ends. */
  for (int end = 0; end < 2; end++)
    for (HeftObjective objective = 0; objective <= HEFT_OBJECTIVE_MCALLESTER; objective++)
      {
        g_assert_true (isfinite (heft_objective_beta (objective, end, 0, 100, 0.05, 9, 1)));
        g_assert_true (isfinite (heft_objective_beta (objective, end, 1e12, 100, 0.05, 9, 1)));
        g_assert_cmpfloat (heft_objective_beta (objective, end, 1e12, 100, 0.05, 9, 1), >, 0);
      }
}

/* Where p has run into 1 the slope is that of kl, solved here for log (1 - p). */
static void
test_objective_vacuous (void)
{
  const double risks[] = { 0.1, 0.25, 0.5, 0.9 }, n = 50, delta = 0.025;

  for (gsize i = 0; i < G_N_ELEMENTS (risks); i++)
    for (double kl = 2000; kl < 3e5; kl *= 10)
      {
        const double q = risks[i], c = (kl + log (2 * sqrt (n) / delta)) / n;
        double low = -1e6, high = -1e-3, ratio;

        for (int step = 0; step < 200; step++)
          {
            double u = (low + high) / 2, log_p = log1p (-exp (u));

            if (q * (log (q) - log_p) + (1 - q) * (log1p (-q) - u) > c)
              low = u;
            else
              high = u;
          }
        ratio = log1p (-exp (low)) - low + log1p (-q) - log (q);
        g_assert_cmpfloat_with_epsilon (heft_objective_beta (HEFT_OBJECTIVE_PAC_BAYES_KL, q, kl, n, delta, 2, 0) * n * ratio / 2, 1, 1e-8);
      }
}

/* --- Does it hold? -------------------------------------------------------------------------------------------------------- */

#define N_HYPOTHESES 9
#define N_POINTS 60

/* Thresholds at j/10 on inputs uniform in [0, 1]; the label is x > 0.5, flipped with probability 0.2: the risk of threshold t is
 * 0.2 + 0.6 |t - 0.5|. P is uniform over the thresholds and Q is Gibbs at a beta so small that it overfits. */
static double
draw_posterior (guint64 draw, double *empirical, double *kl)
{
  HeftStream stream = heft_stream (11, HEFT_PURPOSE_SIMULATION, 3);
  double uniforms[2 * N_POINTS], risks[N_HYPOTHESES], weights[N_HYPOTHESES], sum = 0, risk = 0;

  heft_stream_uniforms_f64 (stream, draw, 0, 2 * N_POINTS, uniforms);
  for (int j = 0; j < N_HYPOTHESES; j++)
    {
      double threshold = (j + 1) / 10.;

      risks[j] = 0;
      for (int i = 0; i < N_POINTS; i++)
        risks[j] += ((uniforms[2 * i] > 0.5) != (uniforms[2 * i + 1] < 0.2)) != (uniforms[2 * i] > threshold) ? 1. / N_POINTS : 0;
      sum += weights[j] = exp (-risks[j] / 0.02);
    }
  *empirical = *kl = 0;
  for (int j = 0; j < N_HYPOTHESES; j++)
    {
      double q = weights[j] / sum;

      *empirical += q * risks[j];
      *kl += q > 0 ? q * log (q * N_HYPOTHESES) : 0;
      risk += q * (0.2 + 0.6 * fabs ((j + 1) / 10. - 0.5));
    }
  return risk;
}

/* The fraction of datasets on which the bound fails is at most delta; a bound that ignores KL fails more often than that. */
static void
test_coverage (void)
{
  const int n = 2000;
  const double delta = 0.2;
  int failed[HEFT_N_BOUNDS] = { 0 }, failed_without_kl = 0;

  for (int draw = 0; draw < n; draw++)
    {
      HeftCertificate certificate = { .n_samples = N_POINTS, .beta_pac = 8, .n_betas = 1, .delta = delta };
      double risk = draw_posterior ((guint64) draw, &certificate.empirical, &certificate.kl);

      for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
        failed[kind] += risk > bound_of (&certificate, kind);
      failed_without_kl += risk > certificate.empirical;
    }
  for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
    g_assert_cmpint (failed[kind], <=, (int) (delta * n));
  g_assert_cmpint (failed_without_kl, >, (int) (delta * n));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codes/certificate/ingredients", test_ingredients);
  g_test_add_func ("/codes/certificate/prices", test_prices);
  g_test_add_func ("/codes/certificate/obstacles", test_obstacles);
  g_test_add_func ("/codes/certificate/hostile", test_hostile);
  g_test_add_func ("/codes/certificate/objective", test_objective);
  g_test_add_func ("/codes/certificate/objective/vacuous", test_objective_vacuous);
  g_test_add_func ("/codes/certificate/coverage", test_coverage);
  return g_test_run ();
}
