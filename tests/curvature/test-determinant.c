/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Log-determinants by every route, heads in double precision, spectra in single, and the planner. */

#include "config.h"

#include <string.h>

#include "fixture.h"

#define R 40.0
#define IMAGE ((HeftShape) { 1, 6, 6 })

static double
from_spectrum (const HeftSpectrum *spectrum)
{
  double sum = 0;

  for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
    sum += log1p (R * spectrum->eigenvalues[i]);
  return sum;
}

static GPtrArray *
determinants (Fixture *f, HeftFisherKind kind, double max_bytes, guint threads)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *found = heft_fisher_determinants (f->network, f->weights, f->data, 0, kind, 5, R, TRUE, max_bytes, threads, NULL, &error);

  g_assert_no_error (error);
  return found;
}

static void
check_routes (Fixture *f, HeftFisherKind kind)
{
  g_autoptr (GPtrArray) spectra = heft_fisher_spectra (f->network, f->weights, f->data, 0, kind, 5, TRUE, NULL, NULL);
  g_autoptr (GPtrArray) found = determinants (f, kind, 0, 2);

  g_assert_cmpuint (found->len, ==, spectra->len);
  for (guint i = 0; i < found->len; i++)
    {
      const HeftDeterminant *one = g_ptr_array_index (found, i);
      const HeftSpectrum *spectrum = g_ptr_array_index (spectra, i);

      g_assert_cmpint (one->layer, ==, spectrum->layer);
      g_assert_cmpuint (one->n_parameters, ==, spectrum->n_parameters);
      g_assert_cmpfloat_with_epsilon (one->trace / spectrum->trace, 1, 1e-12);
      g_assert_cmpfloat_with_epsilon (one->log_determinant / from_spectrum (spectrum), 1, 1e-11);
      g_assert_cmpfloat (one->standard_error, ==, 0);
      g_assert_true (one->plan->exact);
      g_assert_nonnull (spectrum->words);
    }
}

static void
test_routes (void)
{
  /* Few samples: Gram matrices; many: dense ones. */
  g_auto (Fixture) few = fixture_new ("7-6", HEFT_ACTIVATION_RELU, FLAT (9), 4, 6, 1);
  g_auto (Fixture) many = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 60, 2);
  g_auto (Fixture) image = fixture_new ("conv3x3-relu-pool2-5", HEFT_ACTIVATION_RELU, IMAGE, 3, 12, 3);

  check_routes (&few, HEFT_FISHER_EXACT);
  check_routes (&few, HEFT_FISHER_SAMPLED);
  check_routes (&many, HEFT_FISHER_EXACT);
  check_routes (&many, HEFT_FISHER_EMPIRICAL);
  check_routes (&image, HEFT_FISHER_EXACT);
  check_routes (&image, HEFT_FISHER_SAMPLED);
}

/* Where nothing fits, quadrature, whose standard error covers the truth. */
static void
test_quadrature (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x3-relu-pool2-5", HEFT_ACTIVATION_RELU, IMAGE, 3, 12, 3);
  g_autoptr (GPtrArray) exact = determinants (&f, HEFT_FISHER_EXACT, 0, 1);
  g_autoptr (GPtrArray) estimated = determinants (&f, HEFT_FISHER_EXACT, 1, 2);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < exact->len; i++)
    {
      const HeftDeterminant *a = g_ptr_array_index (exact, i), *b = g_ptr_array_index (estimated, i);

      g_assert_cmpint (b->plan->route, ==, HEFT_ROUTE_SLQ);
      g_assert_false (b->plan->exact);
      g_assert_cmpfloat (b->standard_error, >, 0);
      g_assert_cmpfloat (fabs (a->log_determinant - b->log_determinant), <=, 4 * b->standard_error);
      g_assert_cmpfloat_with_epsilon (b->trace / a->trace, 1, 1e-12);
    }
  g_assert_null (heft_fisher_determinants (f.network, f.weights, f.data, 0, HEFT_FISHER_SAMPLED, 5, R, TRUE, 1, 1, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
}

/* With one sample KFAC and EKFAC are the Fisher, so that all routes meet. */
static void
test_structured (void)
{
  g_auto (Fixture) f = fixture_new ("7-6", HEFT_ACTIVATION_TANH, FLAT (9), 4, 1, 1);
  g_autoptr (GPtrArray) exact = determinants (&f, HEFT_FISHER_EXACT, 0, 1);

  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_EKFAC; kind++)
    {
      g_autoptr (HeftCurvature) made = heft_curvature_new (f.network, f.weights, f.data, 0, kind, HEFT_FISHER_EXACT, 0, FALSE, 1, NULL,
                                                           NULL);

      for (guint l = 0; l + 1 < exact->len; l++)
        {
          const HeftDeterminant *one = g_ptr_array_index (exact, l);

          g_assert_cmpfloat_with_epsilon (heft_curvature_log_determinant (made, (int) l, R) / one->log_determinant, 1, 1e-10);
        }
    }
}

/* The diagonal's determinant is never smaller (Hadamard), the blocks' product never smaller than the whole (Fischer). */
static void
test_inequalities (void)
{
  g_auto (Fixture) f = fixture_new ("7-6", HEFT_ACTIVATION_TANH, FLAT (9), 4, 30, 1);
  g_autoptr (GPtrArray) exact = determinants (&f, HEFT_FISHER_EXACT, 0, 1);
  g_autoptr (HeftCurvature) diagonal = heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_DIAGONAL,
                                                           HEFT_FISHER_EXACT, 0, FALSE, 1, NULL, NULL);
  double sum = 0;

  for (guint l = 0; l + 1 < exact->len; l++)
    {
      const HeftDeterminant *one = g_ptr_array_index (exact, l);

      sum += one->log_determinant;
      g_assert_cmpfloat (heft_curvature_log_determinant (diagonal, (int) l, R), >, one->log_determinant);
    }
  g_assert_cmpfloat (sum, >, ((HeftDeterminant *) g_ptr_array_index (exact, exact->len - 1))->log_determinant);
}

static void
test_heads (void)
{
  g_auto (Fixture) dense = fixture_new ("12-8", HEFT_ACTIVATION_RELU, FLAT (20), 4, 25, 1);
  g_auto (Fixture) image = fixture_new ("conv3x3-relu-pool2-5", HEFT_ACTIVATION_RELU, IMAGE, 3, 20, 3);

  for (guint which = 0; which < 2; which++)
    {
      Fixture *f = which == 0 ? &dense : &image;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) spectra = heft_fisher_spectra (f->network, f->weights, f->data, 0, HEFT_FISHER_EXACT, 0, FALSE, NULL, NULL);
      g_autoptr (GPtrArray) heads = heft_fisher_heads (f->network, f->weights, f->data, 0, 6, 80, 1, 2, NULL, &error);

      g_assert_no_error (error);
      for (guint l = 0; l < spectra->len; l++)
        {
          const HeftSpectrum *a = g_ptr_array_index (spectra, l), *b = g_ptr_array_index (heads, l);

          g_assert_cmpuint (b->n_eigenvalues, ==, MIN (6, a->n_eigenvalues));
          g_assert_false (b->complete);
          g_assert_cmpint (b->layer, ==, (int) l);
          g_assert_cmpuint (b->n_parameters, ==, a->n_parameters);
          g_assert_cmpuint (b->n_samples, ==, a->n_samples);
          g_assert_cmpfloat_with_epsilon (b->trace / a->trace, 1, 1e-12);
          for (gsize i = 0; i < b->n_eigenvalues; i++)
            g_assert_cmpfloat_with_epsilon (b->eigenvalues[i] / a->eigenvalues[i], 1, 1e-10);
        }
    }
}

static void
test_single_precision (void)
{
  g_auto (Fixture) few = fixture_new ("12-8", HEFT_ACTIVATION_RELU, FLAT (20), 4, 25, 1);
  g_auto (Fixture) many = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 200, 2);
  g_auto (Fixture) image = fixture_new ("conv3x3-relu-pool2-5", HEFT_ACTIVATION_RELU, IMAGE, 3, 20, 3);
  Fixture *fixtures[] = { &few, &many, &image };

  for (guint which = 0; which < 3; which++)
    for (HeftFisherKind kind = HEFT_FISHER_EXACT; kind <= HEFT_FISHER_SAMPLED; kind++)
      {
        Fixture *f = fixtures[which];
        g_autoptr (GPtrArray) wide = heft_fisher_spectra (f->network, f->weights, f->data, 0, kind, 5, FALSE, NULL, NULL);
        g_autoptr (GPtrArray) narrow = heft_fisher_spectra_f32 (f->network, f->weights_f32, f->data, 0, kind, 5, 2, NULL, NULL);

        for (guint l = 0; l < wide->len; l++)
          {
            const HeftSpectrum *a = g_ptr_array_index (wide, l), *b = g_ptr_array_index (narrow, l);

            g_assert_cmpfloat_with_epsilon (b->trace / a->trace, 1, 1e-5);
            g_assert_cmpuint (b->n_eigenvalues, <=, a->n_eigenvalues);
            g_assert_nonnull (b->estimator);
            for (gsize i = 0; i < b->n_eigenvalues; i++)
              g_assert_cmpfloat_with_epsilon (b->eigenvalues[i], a->eigenvalues[i], 1e-5 * a->eigenvalues[0]);
          }
      }
}

static void
test_plan (void)
{
  g_autoptr (HeftNetwork) network = heft_network_new ("64-64", HEFT_ACTIVATION_RELU, FLAT (784), 10, NULL);
  const struct { gsize n; HeftFisherKind kind; HeftGoal goal; int layer; double bytes; HeftRoute route; gboolean exact; } cases[] = {
    { 1000, HEFT_FISHER_SAMPLED, HEFT_GOAL_SPECTRUM, 0, 0, HEFT_ROUTE_GRAM, TRUE },
    { 1000, HEFT_FISHER_EXACT, HEFT_GOAL_SPECTRUM, 2, 0, HEFT_ROUTE_DENSE, TRUE },
    { 1000, HEFT_FISHER_EXACT, HEFT_GOAL_LOG_DETERMINANT, 0, 0, HEFT_ROUTE_GRAM, TRUE },
    { 1000, HEFT_FISHER_EXACT, HEFT_GOAL_LOG_DETERMINANT, 1, 0, HEFT_ROUTE_DENSE, TRUE },
    { 1000, HEFT_FISHER_EXACT, HEFT_GOAL_LOG_DETERMINANT, 0, 1e8, HEFT_ROUTE_SLQ, FALSE },
    { 10000, HEFT_FISHER_EXACT, HEFT_GOAL_LOG_DETERMINANT, -1, 0, HEFT_ROUTE_SLQ, FALSE },
    { 10000, HEFT_FISHER_EXACT, HEFT_GOAL_SPECTRUM, -1, 0, HEFT_ROUTE_LANCZOS, FALSE },
    { 1000, HEFT_FISHER_EXACT, HEFT_GOAL_HEAD, 0, 0, HEFT_ROUTE_LANCZOS, TRUE },
    { 50, HEFT_FISHER_SAMPLED, HEFT_GOAL_HEAD, 0, 0, HEFT_ROUTE_GRAM, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (HeftCurvaturePlan) plan = heft_curvature_plan (network, cases[i].n, cases[i].kind, cases[i].goal, cases[i].layer,
                                                                cases[i].bytes);

      g_assert_cmpint (plan->route, ==, cases[i].route);
      g_assert_cmpint (plan->exact, ==, cases[i].exact);
      g_assert_cmpfloat (plan->operations, >, 0);
      g_assert_cmpfloat (plan->bytes, >, 0);
      g_assert_cmpuint (strlen (plan->words), >, 20);
    }
}

/* What a plan promises, counted by hand: 2 samples, whose Fisher in 3 logits has rank 2, so 4 rows; 4 inputs and a bias to 3 classes, and a convolution
 * of 2 x 2 x 1 + 1 weights to 3 channels, whose rows are kept: 15 parameters each. */
static void
test_plan_counts (void)
{
  g_autoptr (HeftNetwork) dense = heft_network_new ("", HEFT_ACTIVATION_RELU, FLAT (4), 3, NULL);
  g_autoptr (HeftNetwork) image = heft_network_new ("conv2x3", HEFT_ACTIVATION_RELU, IMAGE, 3, NULL);
  g_autoptr (HeftCurvaturePlan) gram = heft_curvature_plan (dense, 2, HEFT_FISHER_EXACT, HEFT_GOAL_LOG_DETERMINANT, 0, 0);
  g_autoptr (HeftCurvaturePlan) kept = heft_curvature_plan (image, 2, HEFT_FISHER_EXACT, HEFT_GOAL_LOG_DETERMINANT, 0, 0);

  g_assert_cmpint (gram->route, ==, HEFT_ROUTE_GRAM);
  g_assert_cmpfloat (gram->bytes, ==, 8 * 4 * 4);
  g_assert_cmpfloat (gram->operations, ==, 2 * 2 * 4 + 4 * 4 * 3 + 4 * 4 * 4 / 3.0);
  g_assert_cmpint (kept->route, ==, HEFT_ROUTE_GRAM);
  g_assert_cmpfloat (kept->bytes, ==, 8 * (4 * 4 + 4 * 15));
  g_assert_cmpfloat (kept->operations, ==, 2 * 4 * 4 * 15 + 4 * 4 * 4 / 3.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curvature/determinant/routes", test_routes);
  g_test_add_func ("/curvature/determinant/quadrature", test_quadrature);
  g_test_add_func ("/curvature/determinant/structured", test_structured);
  g_test_add_func ("/curvature/determinant/inequalities", test_inequalities);
  g_test_add_func ("/curvature/heads", test_heads);
  g_test_add_func ("/curvature/single-precision", test_single_precision);
  g_test_add_func ("/curvature/plan", test_plan);
  g_test_add_func ("/curvature/plan/counts", test_plan_counts);
  return g_test_run ();
}
