/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a measurement adds to spectra: the Hessian by products against the dense one, determinants and nuisances against the functions that
 * find them by themselves. */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "linalg/linalg.h"

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
check_determinant (double beta)
{
  g_auto (Fixture) f = fixture_new ("9-8", HEFT_ACTIVATION_TANH, FLAT (7), 4, 40, 6);
  HeftMeasureOptions options = { .beta = beta, .lambda = LAMBDA, .layers = TRUE, .whole_network = TRUE };
  g_autoptr (HeftMeasurement) exact = measure (&f, &options), lanczos = NULL;
  g_autoptr (GPtrArray) determinants = heft_fisher_determinants (f.network, f.weights, f.data, 0, HEFT_FISHER_EXACT, 0,
                                                                 LAMBDA * LAMBDA / beta, TRUE, 0, 1, NULL, NULL);

  options.kind = HEFT_MEASURE_LANCZOS;
  lanczos = measure (&f, &options);
  for (guint i = 0; i < determinants->len; i++)
    {
      const HeftDeterminant *expected = g_ptr_array_index (determinants, i);

      g_assert_cmpfloat_with_epsilon (exact->log_determinant[i], expected->log_determinant, 1e-9 * expected->log_determinant);
      g_assert_cmpfloat (exact->log_determinant_error[i], ==, 0);
      g_assert_nonnull (((HeftSpectrum *) g_ptr_array_index (exact->spectra, i))->words);
      /* Thirty probes of a network this small: five standard errors are never reached by chance. */
      g_assert_cmpfloat_with_epsilon (lanczos->log_determinant[i], expected->log_determinant, 5 * lanczos->log_determinant_error[i]);
      g_assert_cmpfloat (lanczos->log_determinant_error[i], >, 0);
    }
  /* Another price moves it. */
  heft_measurement_set_price (exact, f.network, f.weights, beta, 2 * LAMBDA);
  g_assert_cmpfloat (exact->log_determinant[0], >, ((HeftDeterminant *) g_ptr_array_index (determinants, 0))->log_determinant);
}

/* Where lambda^2 / beta is large, eigenvalues count that are far below the rounding of single precision. */
static void
test_determinant (void)
{
  check_determinant (BETA);
  check_determinant (1e-5 * BETA);
}

/* Images whose nuisances have a definition. */
static void
show_images (Fixture *f)
{
  guint8 pixels[30 * 36];
  g_autoptr (GBytes) bytes = NULL;

  for (gsize i = 0; i < 30 * 36; i++)
    pixels[i] = (guint8) (i * 7919 % 256);
  bytes = g_bytes_new (pixels, sizeof pixels);
  g_clear_pointer (&f->data, heft_dataset_unref);
  f->data = heft_dataset_new_bytes ("images", 30, 1, 6, 6, bytes, (guint8[30]) { 1, 2 }, 3);
}

/* F_t of the brightness, whose tangent is 1/100 everywhere, at the logits: J Sigma* J^T of the whole Fisher, with J by differences. */
static double
brightness_by_hand (Fixture *f, const double *fisher, gsize sample)
{
  const double h = 1e-5;
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f->network, 1);
  g_autofree double *sigma = g_memdup2 (fisher, f->k * f->k * sizeof *fisher), *rows = g_new (double, f->k * 3);
  double x[36], moved[36], above[3], seen[3], covariance[9] = { 0 }, sum = 0;

  heft_dataset_gather_f64 (f->data, NULL, sample, 1, x);
  for (gsize q = 0; q < f->k; q++)
    {
      double weight = f->weights[q];

      sigma[q * f->k + q] += BETA / (LAMBDA * LAMBDA);
      f->weights[q] = weight + h;
      heft_pass_f64_forward (pass, f->weights, x, 1);
      memcpy (above, heft_pass_f64_logits (pass), sizeof above);
      f->weights[q] = weight - h;
      heft_pass_f64_forward (pass, f->weights, x, 1);
      f->weights[q] = weight;
      for (gsize c = 0; c < 3; c++)
        rows[q * 3 + c] = (above[c] - heft_pass_f64_logits (pass)[c]) / (2 * h);
    }
  for (int sign = 1; sign >= -1; sign -= 2)
    {
      for (gsize j = 0; j < 36; j++)
        moved[j] = x[j] + sign * h;
      heft_pass_f64_forward (pass, f->weights, moved, 1);
      for (gsize c = 0; c < 3; c++)
        seen[c] = (sign > 0 ? 0 : seen[c]) + sign * heft_pass_f64_logits (pass)[c] / (2 * h) / 100;
    }
  g_assert_true (heft_cholesky_factor (f->k, sigma, NULL));
  heft_triangular_solve (FALSE, f->k, sigma, 3, rows);
  for (gsize q = 0; q < f->k; q++)
    for (gsize c = 0; c < 9; c++)
      covariance[c] += BETA * rows[q * 3 + c / 3] * rows[q * 3 + c % 3];
  memcpy (above, seen, sizeof above);
  g_assert_true (heft_cholesky_factor (3, covariance, NULL));
  heft_cholesky_solve (3, covariance, 1, above);
  for (gsize c = 0; c < 3; c++)
    sum += seen[c] * above[c];
  return sum;
}

/* Nuisances are seen under the Sigma* that activations are, of the whole Fisher. */
static void
test_nuisances (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x3-pool2-6", HEFT_ACTIVATION_TANH, IMAGE, 3, 30, 7);
  HeftMeasureOptions options = { .beta = BETA, .lambda = LAMBDA, .whole_network = TRUE, .n_nuisances = 4 };
  g_autofree double *fisher = g_new (double, f.k * f.k);
  g_autoptr (HeftMeasurement) measurement = NULL;
  const HeftNuisanceTable *table;

  show_images (&f);
  measurement = measure (&f, &options);
  table = measurement->nuisances;
  g_assert_true (heft_fisher_matrix (f.network, f.weights, f.data, 0, HEFT_FISHER_EXACT, 0, fisher, NULL, NULL));
  g_assert_cmpuint (table->n_samples, ==, 4);
  g_assert_cmpuint (table->n_nuisances, ==, HEFT_N_NUISANCES);
  g_assert_nonnull (strstr (measurement->noise, "whole network"));
  for (gsize i = 0; i < 4; i++)
    {
      double expected = brightness_by_hand (&f, fisher, i);
      gsize cell = (table->n_layers - 1) * table->n_nuisances + HEFT_NUISANCE_BRIGHTNESS;

      /* Differences are good to six digits. */
      g_assert_cmpfloat_with_epsilon (table->fisher[cell * 4 + i], expected, 1e-6 * expected);
    }
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

/* Each is a number, and beta/lambda^2 or its inverse none: not the weights' fault. */
static void
test_far_prices (void)
{
  static const double lambdas[] = { 1e-160, 1e-300, 1e160, 1e308 };
  g_auto (Fixture) f = fixture_new ("5", HEFT_ACTIVATION_TANH, FLAT (4), 2, 20, 6);

  for (gsize i = 0; i < G_N_ELEMENTS (lambdas); i++)
    {
      g_autoptr (GError) error = NULL;
      HeftMeasureOptions options = { .beta = BETA, .lambda = lambdas[i], .whole_network = TRUE, .activations = TRUE };

      g_assert_null (heft_measure (f.network, f.weights, f.data, &options, NULL, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_assert_true (g_str_has_prefix (error->message, "beta/lambda^2 "));
    }
}

/* Numbers of draws that there are not. */
static void
test_draws (void)
{
  static const struct { gboolean certificate; gsize draws, samples; } bad[] = {
    { TRUE, 0, 0 }, { TRUE, HEFT_MOST_MEASURE_DRAWS + 1, 0 }, { TRUE, G_MAXSIZE, 0 }, { TRUE, 1, G_MAXSIZE },
    { FALSE, HEFT_LEAST_PUSHFORWARD_DRAWS - 1, 0 }, { FALSE, G_MAXSIZE / 2, 0 },
  };
  g_auto (Fixture) f = fixture_new ("5", HEFT_ACTIVATION_TANH, FLAT (4), 2, 20, 6);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      HeftMeasureOptions options = { .beta = BETA, .lambda = LAMBDA, .whole_network = TRUE, .certificate = bad[i].certificate,
                                     .activations = !bad[i].certificate, .pushforwards = 1 << HEFT_PUSHFORWARD_DRAWS,
                                     .delta = 0.1, .delta_draws = 0.1, .n_draws = bad[i].draws, .draw_samples = bad[i].samples };

      g_assert_null (heft_measure (f.network, f.weights, f.data, &options, NULL, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
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
  g_test_add_func ("/information/measure/far-prices", test_far_prices);
  g_test_add_func ("/information/measure/draws", test_draws);
  return g_test_run ();
}
