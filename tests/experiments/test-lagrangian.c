/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include <heft/experiment.h>

#include "studies.h"

/* P and exp (-L / beta) by a plain midpoint sum, at defaults. */
static void
brute_force (double *lagrangian, double *information, double *expected)
{
  const int n = 2000000;
  const double beta = 0.2, lambda = 1.5;
  double p_sum = 0, q_sum = 0, loss_sum = 0;

  for (int i = 0; i < n; i++)
    {
      double w = -4 + 8 * (i + 0.5) / n;
      double loss = 0.25 * (w * w - 1) * (w * w - 1) + 0.1 * w;
      double p = exp (-w * w / (2 * lambda * lambda));
      double q = p * exp (-loss / beta);

      p_sum += p;
      q_sum += q;
      loss_sum += q * loss;
    }
  *expected = loss_sum / q_sum;
  *lagrangian = -beta * log (q_sum / p_sum);
  *information = (*lagrangian - *expected) / beta;
}

static void
test_against_brute_force (void)
{
  g_autoptr (HeftRun) run = finished ("lagrangian", (const char *[]) { NULL });
  double lagrangian, information, expected;

  brute_force (&lagrangian, &information, &expected);
  g_assert_cmpfloat_with_epsilon (result (run, "lagrangian"), lagrangian, 1e-9);
  g_assert_cmpfloat_with_epsilon (result (run, "information"), information, 1e-8);
  g_assert_cmpfloat_with_epsilon (result (run, "expected_loss"), expected, 1e-9);
  g_assert_cmpfloat (result (run, "gaussian_excess"), >, 0);
}

/* theory.md section 1: the slope of min C is the information, C = loss + beta KL, and the curve is convex. */
static void
test_identities (void)
{
  static const char *const betas[] = { "0.001", "0.05", "0.2", "1", "20" };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      g_autoptr (HeftRun) run = finished ("lagrangian", (const char *[]) { "beta", betas[i], NULL });
      double information = result (run, "information"), beta = g_ascii_strtod (betas[i], NULL);

      g_assert_cmpfloat_with_epsilon (result (run, "slope"), information, 1e-5 * (1 + information));
      g_assert_cmpfloat_with_epsilon (result (run, "lagrangian"), result (run, "expected_loss") + beta * information, 1e-9);
      g_assert_cmpfloat (result (run, "gaussian_excess"), >=, -1e-9);
    }
}

static void
test_curve (void)
{
  g_autoptr (HeftRun) run = finished ("lagrangian", (const char *[]) { NULL });
  HeftRecord *record = heft_run_get_record (run);
  gsize n, m;
  g_autofree double *beta = heft_record_dup_result_array (record, "curve_beta", &n);
  g_autofree double *information = heft_record_dup_result_array (record, "curve_information", &m);
  g_autofree double *loss = heft_record_dup_result_array (record, "curve_expected_loss", &m);

  g_assert_cmpuint (n, ==, m);
  for (gsize i = 1; i < n; i++)
    {
      /* Between neighbours the slope lies between their betas. */
      double slope = -(loss[i] - loss[i - 1]) / (information[i] - information[i - 1]);

      g_assert_cmpfloat (beta[i], >, beta[i - 1]);
      g_assert_cmpfloat (information[i], <, information[i - 1]);
      g_assert_cmpfloat (loss[i], >, loss[i - 1]);
      g_assert_cmpfloat (slope, >, beta[i - 1] * (1 - 1e-6));
      g_assert_cmpfloat (slope, <, beta[i] * (1 + 1e-6));
    }
}

/* One well that is a parabola near enough: the corrected formula is right, the printed one is not. */
static void
test_quadratic_limit (void)
{
  g_autoptr (HeftRun) run = finished ("lagrangian", (const char *[]) { "barrier", "10", "tilt", "2", "beta", "0.0001", "lambda", "1", NULL });

  g_assert_cmpfloat_with_epsilon (result (run, "laplace_information") / result (run, "information"), 1, 2e-3);
  g_assert_cmpfloat (fabs (result (run, "printed_information") / result (run, "information") - 1), >, 5e-3);
}

/* No well at all, and a plain slope: nothing to divide by. */
static void
test_flat (void)
{
  g_autoptr (HeftRun) flat = finished ("lagrangian", (const char *[]) { "barrier", "0", "tilt", "0", NULL });
  g_autoptr (HeftRun) slope = finished ("lagrangian", (const char *[]) { "barrier", "0", "tilt", "1", NULL });

  g_assert_cmpfloat_with_epsilon (result (flat, "information"), 0, 1e-12);
  /* The best Gaussian is P itself; the ledger says that its excess is never negative. */
  g_assert_cmpfloat_with_epsilon (result (flat, "gaussian_excess"), 0, 1e-12);
  g_assert_cmpfloat (result (flat, "gaussian_excess"), >=, 0);
  g_assert_true (isfinite (result (flat, "laplace_information")));
  g_assert_true (isfinite (result (slope, "laplace_information")));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lagrangian/brute-force", test_against_brute_force);
  g_test_add_func ("/lagrangian/identities", test_identities);
  g_test_add_func ("/lagrangian/curve", test_curve);
  g_test_add_func ("/lagrangian/quadratic", test_quadratic_limit);
  g_test_add_func ("/lagrangian/flat", test_flat);
  return g_test_run ();
}
