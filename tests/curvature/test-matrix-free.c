/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Products, ends of the spectrum, traces and stochastic Lanczos quadrature against dense matrices. */

#include "config.h"

#include <string.h>

#include "fixture.h"
#include "linalg/linalg.h"

#define IMAGE ((HeftShape) { 1, 6, 6 })

static Fixture
dense_fixture (gsize n)
{
  return fixture_new ("5-4", HEFT_ACTIVATION_TANH, FLAT (6), 3, n, 12);
}

static Fixture
image_fixture (gsize n)
{
  return fixture_new ("conv3x3-tanh-pool2-5", HEFT_ACTIVATION_TANH, IMAGE, 3, n, 13);
}

/* The whole matrix, the slow way. */
static double *
dense_matrix (Fixture *f, HeftMatrixKind kind)
{
  double *matrix = g_new (double, f->k * f->k);

  if (kind == HEFT_MATRIX_FISHER)
    g_assert_true (heft_fisher_dense (f->network, f->weights, f->data, 0, HEFT_FISHER_EXACT, 0, -1, matrix, NULL));
  else
    g_assert_true (heft_hessian_dense (f->network, f->weights, f->data, 0, matrix, NULL, NULL));
  return matrix;
}

static HeftMatrixFree *
make (Fixture *f, HeftMatrixKind kind, int layer)
{
  g_autoptr (GError) error = NULL;
  HeftMatrixFree *self = heft_matrix_free_new (f->network, f->weights, f->data, 0, kind, layer, 2, &error);

  g_assert_no_error (error);
  return self;
}

static void
check_products (Fixture *f, HeftMatrixKind kind)
{
  g_autofree double *matrix = dense_matrix (f, kind);

  for (int layer = -1; layer < (int) heft_network_get_n_weight_layers (f->network); layer++)
    {
      g_autoptr (HeftMatrixFree) wide = make (f, kind, layer);
      g_autoptr (HeftMatrixFree) one = heft_matrix_free_new (f->network, f->weights, f->data, 0, kind, layer, 1, NULL);
      g_autoptr (HeftMatrixFree) narrow = heft_matrix_free_new_f32 (f->network, f->weights_f32, f->data, 0, kind, layer, 3, NULL);
      gsize k = heft_matrix_free_get_size (wide);
      gsize offset = layer < 0 ? 0 : heft_network_get_weight_layer (f->network, (gsize) layer)->offset;
      g_autofree double *in = g_new (double, k), *expected = g_new0 (double, k);
      g_autofree double *a = g_new (double, k), *b = g_new (double, k), *c = g_new (double, k);
      double largest = 0;

      g_assert_cmpuint (k, ==, layer < 0 ? f->k : heft_network_get_weight_layer (f->network, (gsize) layer)->n_parameters);
      heft_stream_normals_f64 (heft_stream (4, HEFT_PURPOSE_SIMULATION, 0), 0, 0, k, in);
      heft_gemv_f64 (FALSE, k, k, 1, matrix + offset * f->k + offset, f->k, in, 0, expected);
      heft_matrix_free_multiply (wide, in, a);
      heft_matrix_free_multiply (one, in, b);
      heft_matrix_free_multiply (narrow, in, c);
      g_assert_cmpmem (a, k * sizeof *a, b, k * sizeof *b);
      for (gsize i = 0; i < k; i++)
        largest = MAX (largest, fabs (expected[i]));
      for (gsize i = 0; i < k; i++)
        {
          g_assert_cmpfloat_with_epsilon (a[i], expected[i], 1e-12 * largest);
          g_assert_cmpfloat_with_epsilon (c[i], expected[i], 2e-5 * largest);
        }
    }
}

static void
test_products (void)
{
  const gsize sizes[] = { 1, 3, 50, 2100 };   /* fewer than slots, one chunk a slot, several */

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_auto (Fixture) f = dense_fixture (sizes[i]);

      check_products (&f, HEFT_MATRIX_FISHER);
      check_products (&f, HEFT_MATRIX_HESSIAN);
    }
  g_auto (Fixture) image = image_fixture (30);

  check_products (&image, HEFT_MATRIX_FISHER);
  check_products (&image, HEFT_MATRIX_HESSIAN);
}

static void
test_ends (void)
{
  g_auto (Fixture) f = image_fixture (30);
  g_autofree double *matrix = dense_matrix (&f, HEFT_MATRIX_HESSIAN), *values = g_new (double, f.k);
  g_autofree double *copy = g_memdup2 (matrix, f.k * f.k * sizeof *matrix), *product = g_new (double, f.k);
  g_autoptr (HeftMatrixFree) free_matrix = make (&f, HEFT_MATRIX_HESSIAN, -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftEigenEnds) ends = heft_matrix_free_ends (free_matrix, 6, 4, f.k, 1e-9, 1, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (heft_symmetric_eigenvalues (f.k, copy, values, NULL));
  g_assert_cmpfloat (values[f.k - 1], <, -1e-3 * values[0]);   /* there is something negative to find */
  g_assert_cmpuint (ends->n_top, ==, 6);
  g_assert_cmpuint (ends->n_bottom, ==, 4);
  for (gsize i = 0; i < 10; i++)
    {
      double *vector = ends->vectors + i * f.k, residual = 0;

      g_assert_cmpfloat_with_epsilon (ends->values[i], values[i < 6 ? i : f.k - 1 - (i - 6)], 1e-8 * values[0]);
      g_assert_cmpfloat (ends->residuals[i], <=, 1e-9 * values[0]);
      g_assert_cmpfloat_with_epsilon (heft_norm_f64 (f.k, vector), 1, 1e-12);
      heft_gemv_f64 (FALSE, f.k, f.k, 1, matrix, f.k, vector, 0, product);
      for (gsize j = 0; j < f.k; j++)
        residual += pow (product[j] - ends->values[i] * vector[j], 2);
      g_assert_cmpfloat (sqrt (residual), <=, ends->residuals[i] + 1e-12 * values[0]);
    }
}

/* With too few steps the residual says so. */
static void
test_ends_unfinished (void)
{
  g_auto (Fixture) f = image_fixture (30);
  g_autofree double *matrix = dense_matrix (&f, HEFT_MATRIX_FISHER), *values = g_new (double, f.k);
  g_autoptr (HeftMatrixFree) free_matrix = make (&f, HEFT_MATRIX_FISHER, -1);
  g_autoptr (HeftEigenEnds) ends = heft_matrix_free_ends (free_matrix, 3, 0, 5, 1e-9, 1, NULL, NULL);

  g_assert_true (heft_symmetric_eigenvalues (f.k, matrix, values, NULL));
  g_assert_cmpuint (ends->n_products, ==, 5);
  for (gsize i = 0; i < 3; i++)
    {
      double distance = INFINITY;

      for (gsize j = 0; j < f.k; j++)
        distance = MIN (distance, fabs (ends->values[i] - values[j]));
      g_assert_cmpfloat (distance, <=, ends->residuals[i] + 1e-12);
    }
}

static double
trace_of (const double *matrix, gsize k)
{
  double trace = 0;

  for (gsize i = 0; i < k; i++)
    trace += matrix[i * k + i];
  return trace;
}

static void
test_traces (void)
{
  g_auto (Fixture) f = dense_fixture (40);
  g_auto (Fixture) single = dense_fixture (2);
  g_autofree double *hessian = dense_matrix (&f, HEFT_MATRIX_HESSIAN), *fisher = dense_matrix (&single, HEFT_MATRIX_FISHER);
  g_autoptr (HeftMatrixFree) full = make (&f, HEFT_MATRIX_HESSIAN, -1);
  g_autoptr (HeftMatrixFree) low = make (&single, HEFT_MATRIX_FISHER, -1);
  HeftEstimate plain, again, fewer, better, exact, one;

  g_assert_true (heft_matrix_free_trace (full, 200, 5, NULL, &plain, NULL));
  g_assert_true (heft_matrix_free_trace (full, 200, 5, NULL, &again, NULL));
  g_assert_true (heft_matrix_free_trace_hutch_plus_plus (full, 60, 5, NULL, &better, NULL));
  g_assert_true (heft_matrix_free_trace (full, 60, 5, NULL, &fewer, NULL));
  g_assert_cmpfloat (plain.value, ==, again.value);
  g_assert_cmpfloat (fabs (plain.value - trace_of (hessian, f.k)), <=, 4 * plain.standard_error);
  g_assert_cmpfloat (fabs (better.value - trace_of (hessian, f.k)), <=, 4 * better.standard_error);
  g_assert_cmpfloat (better.standard_error, <, 0.6 * fewer.standard_error);
  /* Two samples of three classes: rank 4, which five random vectors span. */
  g_assert_true (heft_matrix_free_trace_hutch_plus_plus (low, 15, 5, NULL, &exact, NULL));
  g_assert_cmpfloat_with_epsilon (exact.value / trace_of (fisher, single.k), 1, 1e-9);
  g_assert_true (heft_matrix_free_trace (low, 1, 5, NULL, &one, NULL));
  g_assert_true (isnan (one.standard_error));
}

/* --- Stochastic Lanczos quadrature -------------------------------------------------------------------------------------------- */

static double
cube (double x, gpointer data)
{
  return x * x * x;
}

/* m steps integrate polynomials up to degree 2m - 1: two steps give z^T A^3 z of the very probe, whose signs show in k = z^T z. */
static void
test_quadrature_degree (void)
{
  g_auto (Fixture) f = dense_fixture (40);
  g_autoptr (HeftMatrixFree) matrix = make (&f, HEFT_MATRIX_HESSIAN, -1);
  g_autoptr (HeftQuadrature) two = heft_quadrature_new (matrix, 2, 6, 9, NULL, NULL);
  g_autoptr (HeftQuadrature) many = heft_quadrature_new (matrix, 25, 6, 9, NULL, NULL);

  g_assert_cmpuint (two->n_nodes[0], ==, 2);
  g_assert_cmpfloat_with_epsilon (heft_quadrature_apply (two, cube, NULL).value / heft_quadrature_apply (many, cube, NULL).value, 1,
                                  1e-11);
  g_assert_cmpfloat_with_epsilon (heft_quadrature_trace (two).value / heft_quadrature_trace (many).value, 1, 1e-11);
  for (gsize p = 0; p < 6; p++)
    {
      double sum = 0;

      for (gsize i = 0; i < many->n_nodes[p]; i++)
        sum += many->weights[p][i];
      g_assert_cmpfloat_with_epsilon (sum, 1, 1e-12);
    }
}

static void
test_quadrature_estimates (void)
{
  const double beta = 0.01, lambda = 0.7, r = lambda * lambda / beta;
  g_auto (Fixture) f = dense_fixture (40);
  g_autofree double *matrix = dense_matrix (&f, HEFT_MATRIX_FISHER), *values = g_new (double, f.k);
  g_autoptr (HeftMatrixFree) free_matrix = make (&f, HEFT_MATRIX_FISHER, -1);
  g_autoptr (HeftQuadrature) rule = heft_quadrature_new (free_matrix, 40, 60, 9, NULL, NULL);
  double trace = trace_of (matrix, f.k), log_determinant = 0, information;
  HeftEstimate estimate;

  g_assert_true (heft_symmetric_eigenvalues (f.k, matrix, values, NULL));
  for (gsize i = 0; i < f.k; i++)
    log_determinant += log1p (r * MAX (values[i], 0));
  estimate = heft_quadrature_log_determinant (rule, r);
  g_assert_cmpfloat (fabs (estimate.value - log_determinant), <=, 4 * estimate.standard_error);
  g_assert_cmpfloat (estimate.standard_error, <, 0.05 * log_determinant);
  estimate = heft_quadrature_trace (rule);
  g_assert_cmpfloat (fabs (estimate.value - trace), <=, 4 * estimate.standard_error);
  estimate = heft_quadrature_information (rule, 3, beta, lambda);
  information = heft_gaussian_information (values, f.k, f.k, 3, beta, lambda);
  g_assert_cmpfloat (fabs (estimate.value - information), <=, 4 * estimate.standard_error);
  g_assert_cmpuint (rule->n_samples, ==, 40);
}

/* The density integrates to 1 and its mean is the mean eigenvalue. */
static void
test_quadrature_density (void)
{
  g_auto (Fixture) f = dense_fixture (40);
  g_autoptr (HeftMatrixFree) matrix = make (&f, HEFT_MATRIX_HESSIAN, -1);
  g_autoptr (HeftQuadrature) rule = heft_quadrature_new (matrix, 30, 4, 9, NULL, NULL);
  double largest = rule->nodes[0][0] + 1, smallest = rule->nodes[0][rule->n_nodes[0] - 1] - 1;
  const gsize n = 4000;
  double step = (largest - smallest) / (double) n, mass = 0, mean = 0;
  g_autofree double *points = g_new (double, n), *density = g_new (double, n), *errors = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    points[i] = smallest + ((double) i + 0.5) * step;
  heft_quadrature_density (rule, n, points, 0.05, density, errors);
  for (gsize i = 0; i < n; i++)
    {
      mass += density[i] * step;
      mean += density[i] * points[i] * step;
      g_assert_true (errors[i] >= 0);
    }
  g_assert_cmpfloat_with_epsilon (mass, 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (mean, heft_quadrature_trace (rule).value / (double) f.k, 1e-6);
}

static void
test_refused (void)
{
  g_auto (Fixture) f = dense_fixture (4);
  g_autoptr (GError) error = NULL;

  f.weights[0] = NAN;
  g_assert_null (heft_matrix_free_new (f.network, f.weights, f.data, 0, HEFT_MATRIX_HESSIAN, -1, 2, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curvature/matrix-free/products", test_products);
  g_test_add_func ("/curvature/matrix-free/ends", test_ends);
  g_test_add_func ("/curvature/matrix-free/ends-unfinished", test_ends_unfinished);
  g_test_add_func ("/curvature/matrix-free/traces", test_traces);
  g_test_add_func ("/curvature/quadrature/degree", test_quadrature_degree);
  g_test_add_func ("/curvature/quadrature/estimates", test_quadrature_estimates);
  g_test_add_func ("/curvature/quadrature/density", test_quadrature_density);
  g_test_add_func ("/curvature/matrix-free/refused", test_refused);
  return g_test_run ();
}
