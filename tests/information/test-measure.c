/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a measurement adds to spectra: the Hessian by products against the dense one, determinants and nuisances against the functions that
 * find them by themselves. */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"

#define IMAGE ((HeftShape) { 1, 6, 6 })
#define BETA 0.01
#define LAMBDA 0.5

static HeftMeasurement *
measure (Fixture *f, const HeftMeasureOptions *options)
{
  g_autoptr (GError) error = NULL;
  HeftMeasurement *measurement = heft_measure (f->network, f->weights, f->data, options, NULL, &error);

  g_assert_no_error (error);
  return measurement;
}

/* There is a dense eigenvalue within the residual of each that was found, and the ends are ends. */
static void
compare_ends (const HeftMeasurement *dense, const HeftMeasurement *products)
{
  const HeftSpectrum *all = dense->hessian, *found = products->hessian;
  double scale = fabs (all->eigenvalues[0]);

  g_assert_true (all->complete);
  g_assert_null (dense->hessian_residuals);
  g_assert_false (found->complete);
  g_assert_cmpuint (found->n_eigenvalues, ==, 25);
  for (gsize i = 0; i < found->n_eigenvalues; i++)
    {
      double nearest = INFINITY;

      for (gsize j = 0; j < all->n_eigenvalues; j++)
        nearest = fmin (nearest, fabs (found->eigenvalues[i] - all->eigenvalues[j]));
      g_assert_cmpfloat (nearest, <=, products->hessian_residuals[i] + 1e-9 * scale);
      g_assert_true (i == 0 || found->eigenvalues[i] <= found->eigenvalues[i - 1]);
    }
  g_assert_cmpfloat_with_epsilon (found->eigenvalues[0], all->eigenvalues[0], 1e-9 * scale);
  g_assert_cmpfloat_with_epsilon (found->eigenvalues[24], all->eigenvalues[all->n_eigenvalues - 1], 1e-6 * scale);
  g_assert_cmpfloat (found->eigenvalues[24], <, 0);
}

static void
test_hessian (void)
{
  g_auto (Fixture) flat = fixture_new ("9-8", HEFT_ACTIVATION_TANH, FLAT (7), 4, 40, 6);
  g_auto (Fixture) image = fixture_new ("conv3x3-pool2-6", HEFT_ACTIVATION_SOFTPLUS, IMAGE, 3, 30, 7);
  Fixture *fixtures[] = { &flat, &image };

  for (gsize i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      HeftMeasureOptions options = { .beta = BETA, .lambda = LAMBDA, .layers = TRUE, .whole_network = TRUE, .hessian = TRUE };
      g_autoptr (HeftMeasurement) dense = measure (fixtures[i], &options), products = NULL, again = NULL;

      options.max_dense = 1;
      options.n_threads = 1;
      products = measure (fixtures[i], &options);
      compare_ends (dense, products);
      /* Ten probes and more: five standard errors of a mean are never reached by chance. */
      g_assert_cmpfloat_with_epsilon (products->hessian->trace, dense->hessian->trace, 5 * products->hessian_trace_error);
      g_assert_cmpfloat_with_epsilon (products->hessian_gap, dense->hessian_gap, 5 * products->hessian_gap_error);
      g_assert_cmpfloat (products->hessian_trace_error, >, 0);
      g_assert_cmpfloat (products->hessian_gap_error, >, 0);
      g_assert_cmpfloat (products->hessian_gap_error, <, 0.2 * products->hessian_gap);
      options.n_threads = 2;
      again = measure (fixtures[i], &options);
      g_assert_cmpfloat (again->hessian->trace, ==, products->hessian->trace);
      g_assert_cmpfloat (again->hessian_gap, ==, products->hessian_gap);
    }
}

/* log|I + r F| from the eigenvalues, and by quadrature, against Cholesky. */
static void
test_determinant (void)
{
  g_auto (Fixture) f = fixture_new ("9-8", HEFT_ACTIVATION_TANH, FLAT (7), 4, 40, 6);
  HeftMeasureOptions options = { .beta = BETA, .lambda = LAMBDA, .layers = TRUE, .whole_network = TRUE };
  g_autoptr (HeftMeasurement) exact = measure (&f, &options), lanczos = NULL;
  g_autoptr (GPtrArray) determinants = heft_fisher_determinants (f.network, f.weights, f.data, 0, HEFT_FISHER_EXACT, 0,
                                                                 LAMBDA * LAMBDA / BETA, TRUE, 0, 1, NULL, NULL);

  options.kind = HEFT_MEASURE_LANCZOS;
  lanczos = measure (&f, &options);
  for (guint i = 0; i < determinants->len; i++)
    {
      const HeftDeterminant *expected = g_ptr_array_index (determinants, i);

      g_assert_cmpfloat_with_epsilon (exact->log_determinant[i], expected->log_determinant, 1e-9 * expected->log_determinant);
      g_assert_cmpfloat (exact->log_determinant_error[i], ==, 0);
      g_assert_nonnull (((HeftSpectrum *) g_ptr_array_index (exact->spectra, i))->words);
      /* Three probes: their standard error is itself uncertain by half. */
      g_assert_cmpfloat_with_epsilon (lanczos->log_determinant[i], expected->log_determinant, 10 * lanczos->log_determinant_error[i]);
      g_assert_cmpfloat (lanczos->log_determinant_error[i], >, 0);
    }
  /* Another price moves it. */
  heft_measurement_set_price (exact, f.network, f.weights, BETA, 2 * LAMBDA);
  g_assert_cmpfloat (exact->log_determinant[0], >, ((HeftDeterminant *) g_ptr_array_index (determinants, 0))->log_determinant);
}

/* The diagonal's Sigma* by the definition, and the table that it gives. */
static void
test_nuisances (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x3-pool2-6", HEFT_ACTIVATION_TANH, IMAGE, 3, 30, 7);
  HeftMeasureOptions options = { .beta = BETA, .lambda = LAMBDA, .whole_network = TRUE, .n_nuisances = 4 };
  guint8 pixels[30 * 36];
  g_autoptr (GBytes) bytes = NULL;
  g_autofree double *fisher = g_new (double, f.k * f.k), *variance = g_new (double, f.k);
  g_autoptr (HeftMeasurement) measurement = NULL;
  g_autoptr (HeftNuisanceTable) expected = NULL;

  for (gsize i = 0; i < 30 * 36; i++)
    pixels[i] = (guint8) (i * 7919 % 256);
  bytes = g_bytes_new (pixels, sizeof pixels);
  g_clear_pointer (&f.data, heft_dataset_unref);
  f.data = heft_dataset_new_bytes ("images", 30, 1, 6, 6, bytes, (guint8[30]) { 1, 2 }, 3);
  measurement = measure (&f, &options);
  g_assert_true (heft_fisher_matrix (f.network, f.weights, f.data, 0, HEFT_FISHER_EXACT, 0, fisher, NULL, NULL));
  for (gsize i = 0; i < f.k; i++)
    variance[i] = BETA / (fisher[i * f.k + i] + BETA / (LAMBDA * LAMBDA));
  expected = heft_nuisance_table_new (f.network, f.weights, variance, f.data, 4, NULL, 0, NULL, NULL);
  g_assert_cmpuint (measurement->nuisances->n_samples, ==, 4);
  g_assert_cmpuint (measurement->nuisances->n_nuisances, ==, HEFT_N_NUISANCES);
  for (gsize i = 0; i < expected->n_layers * expected->n_nuisances; i++)
    g_assert_cmpfloat_with_epsilon (measurement->nuisances->smallest_change[i], expected->smallest_change[i],
                                    1e-9 * expected->smallest_change[i]);
}

/* Weights of 0: every class is as likely as every other, and only the last biases have a curvature. */
static void
test_zero (void)
{
  g_auto (Fixture) f = fixture_new ("5", HEFT_ACTIVATION_RELU, FLAT (4), 2, 20, 6);
  HeftMeasureOptions options = { .beta = BETA, .lambda = LAMBDA, .whole_network = TRUE, .hessian = TRUE, .max_dense = 1 };
  g_autoptr (HeftMeasurement) products = NULL;

  memset (f.weights, 0, f.k * sizeof *f.weights);
  products = measure (&f, &options);
  g_assert_true (isfinite (products->hessian->trace) && isfinite (products->hessian_gap));
}

/* Prices that there are not. */
static void
test_prices (void)
{
  static const double bad[] = { 0, -1, NAN, INFINITY };
  g_auto (Fixture) f = fixture_new ("5", HEFT_ACTIVATION_TANH, FLAT (4), 2, 20, 6);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    for (int which = 0; which < 2; which++)
      {
        g_autoptr (GError) error = NULL;
        HeftMeasureOptions options = { .beta = which == 0 ? bad[i] : BETA, .lambda = which == 1 ? bad[i] : LAMBDA, .whole_network = TRUE };

        g_assert_null (heft_measure (f.network, f.weights, f.data, &options, NULL, &error));
        g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
        g_assert_true (g_str_has_prefix (error->message, which == 0 ? "beta " : "lambda "));
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/measure/hessian", test_hessian);
  g_test_add_func ("/information/measure/determinant", test_determinant);
  g_test_add_func ("/information/measure/nuisances", test_nuisances);
  g_test_add_func ("/information/measure/zero", test_zero);
  g_test_add_func ("/information/measure/prices", test_prices);
  return g_test_run ();
}
