/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include <heft/experiment.h>
#include <heft/information.h>

static HeftRun *
finished_run (const char *const *settings)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("two-weights", NULL));
  HeftRun *run;

  for (gsize i = 0; settings[i] != NULL; i += 2)
    g_assert_true (heft_parameters_set (parameters, settings[i], settings[i + 1], NULL));
  run = heft_run_new (heft_parameters_get_experiment (parameters), parameters, 1);
  heft_run_start (run);
  g_assert_true (heft_run_join (run, NULL));
  return run;
}

static double
result (HeftRun *run, const char *id)
{
  double value = NAN;

  g_assert_true (heft_record_get_result (heft_run_get_record (run), id, &value));
  return value;
}

/* The loss written out again, for an angle of 45 degrees. */
typedef struct
{
  double barrier, tilt, stiffness, bend;
} Valley;

static double
valley_loss (double w1, double w2, gpointer data)
{
  const Valley *v = data;
  double x = (w1 + w2) / G_SQRT2, y = (w2 - w1) / G_SQRT2;

  return v->barrier * pow (x * x - 1, 2) + v->tilt * x + v->stiffness / 2 * pow (y - v->bend * (x * x - 1), 2);
}

/* The sheet against the library's adaptive quadrature: at the defaults, and where Gibbs is narrowest. */
static void
test_against_library (void)
{
  const struct
  {
    const char *const settings[13];
    Valley valley;
    double lambda, beta, tolerance;
  } cases[] = {
    { { NULL }, { 0.25, 0.1, 8, 0 }, 1.5, 0.2, 1e-9 },
    { { "barrier", "0", "tilt", "0", "stiffness", "10", "bend", "0.5", "beta", "0.02", NULL }, { 0, 0, 10, 0.5 }, 1.5, 0.02, 1e-6 },
    { { "barrier", "0.001", "tilt", "1", "bend", "0.5", "beta", "0.02", "lambda", "10", NULL }, { 0.001, 1, 8, 0.5 }, 10, 0.02, 1e-6 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const double lower[] = { -4, -4 }, upper[] = { 4, 4 };
      g_autoptr (HeftRun) run = finished_run (cases[i].settings);
      g_autoptr (HeftGibbs2d) gibbs = heft_gibbs_2d_new (valley_loss, (gpointer) &cases[i].valley, lower, upper, cases[i].lambda,
                                                         cases[i].beta, 16, NULL);

      g_assert_cmpfloat_with_epsilon (result (run, "lagrangian"), gibbs->lagrangian, cases[i].tolerance);
      g_assert_cmpfloat_with_epsilon (result (run, "expected_loss"), gibbs->expected_loss, cases[i].tolerance);
      g_assert_cmpfloat_with_epsilon (result (run, "information"), gibbs->information, 100 * cases[i].tolerance);
      g_assert_cmpfloat_with_epsilon (result (run, "slope"), gibbs->information, 1e-5 * (1 + gibbs->information));
      g_assert_cmpfloat (result (run, "gaussian_excess"), >=, 0);
      g_assert_cmpfloat (result (run, "mean_field_excess"), >=, result (run, "gaussian_excess"));
    }
}

/* One well that is a parabola near enough, across the axes: the full Gaussian is Gibbs, and the mean-field one pays
 * beta/2 log (product of the precisions / determinant) for the correlation; along the axes it pays nothing. */
static void
test_correlation (void)
{
  g_autoptr (HeftRun) across = finished_run ((const char *[]) { "barrier", "0", "tilt", "0", "stiffness", "8", "lambda", "0.5",
                                                                "beta", "0.1", NULL });
  g_autoptr (HeftRun) along = finished_run ((const char *[]) { "barrier", "0", "tilt", "0", "stiffness", "8", "lambda", "0.5",
                                                               "beta", "0.1", "angle", "0", NULL });
  double ridge = 0.1 / 0.25, diagonal = 4 + ridge, determinant = ridge * (8 + ridge);

  g_assert_cmpfloat_with_epsilon (result (across, "gaussian_excess"), 0, 1e-9);
  g_assert_cmpfloat_with_epsilon (result (across, "mean_field_excess"), 0.05 * log (diagonal * diagonal / determinant), 1e-7);
  g_assert_cmpfloat_with_epsilon (result (along, "mean_field_excess"), 0, 1e-9);
  g_assert_cmpfloat_with_epsilon (result (across, "laplace_information"), result (across, "information"), 1e-7);
  g_assert_cmpfloat_with_epsilon (result (across, "correlation"), 4 / diagonal, 1e-4);
}

/* Two wells of equal depth, far apart: one Gaussian pays beta log 2. */
static void
test_two_wells (void)
{
  g_autoptr (HeftRun) run = finished_run ((const char *[]) { "barrier", "5", "tilt", "0", "beta", "0.05", NULL });

  g_assert_cmpfloat_with_epsilon (result (run, "gaussian_excess") / 0.05, G_LN2, 0.02);
}

static void
test_curve (void)
{
  g_autoptr (HeftRun) run = finished_run ((const char *[]) { "bend", "0.3", NULL });
  HeftRecord *record = heft_run_get_record (run);
  gsize n;
  g_autofree double *beta = heft_record_dup_result_array (record, "curve_beta", &n);
  g_autofree double *information = heft_record_dup_result_array (record, "curve_information", &n);
  g_autofree double *loss = heft_record_dup_result_array (record, "curve_expected_loss", &n);

  for (gsize i = 1; i < n; i++)
    {
      double slope = -(loss[i] - loss[i - 1]) / (information[i] - information[i - 1]);

      g_assert_cmpfloat (information[i], <, information[i - 1]);
      g_assert_cmpfloat (slope, >, beta[i - 1] * (1 - 1e-6));
      g_assert_cmpfloat (slope, <, beta[i] * (1 + 1e-6));
    }
}

/* No minimum on the square: said, not invented. */
static void
test_edge (void)
{
  g_autoptr (HeftRun) run = finished_run ((const char *[]) { "barrier", "0", "tilt", "1", NULL });
  g_autofree char *reason = heft_record_dup_result_reason (heft_run_get_record (run), "laplace_information");

  g_assert_nonnull (reason);
  g_assert_true (isfinite (result (run, "mean_field_excess")));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/two-weights/library", test_against_library);
  g_test_add_func ("/two-weights/correlation", test_correlation);
  g_test_add_func ("/two-weights/two-wells", test_two_wells);
  g_test_add_func ("/two-weights/curve", test_curve);
  g_test_add_func ("/two-weights/edge", test_edge);
  return g_test_run ();
}
