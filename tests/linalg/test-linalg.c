/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "linalg/linalg.h"

#include <heft/error.h>
#include <math.h>

/* A fixed scramble: these tests must not depend on the generators they stand below. */
static double
noise (guint64 i)
{
  guint64 x = (i + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  x ^= x >> 31;
  x *= G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x ^= x >> 29;
  return (double) (x >> 11) / 9007199254740992.0 - 0.5;
}

static void
fill (double *a,
      gsize   n,
      guint64 salt)
{
  for (gsize i = 0; i < n; i++)
    a[i] = noise (salt * 1000003 + i);
}

/* A = B B^T + n I: symmetric, positive definite, well conditioned. */
static double *
positive_definite (gsize n)
{
  g_autofree double *b = g_new (double, n * n);
  double *a = g_new0 (double, n * n);

  fill (b, n * n, 77);
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < n; j++)
      {
        for (gsize t = 0; t < n; t++)
          a[i * n + j] += b[i * n + t] * b[j * n + t];
        a[i * n + j] += i == j ? 0.5 : 0.0;
      }
  return a;
}

static void
test_gemm (void)
{
  enum { M = 5, N = 7, K = 4, PAD = 3 };

  for (int flags = 0; flags < 4; flags++)
    {
      gboolean ta = flags & 1, tb = (flags >> 1) & 1;
      gsize lda = (ta ? M : K) + PAD, ldb = (tb ? K : N) + PAD, ldc = N + PAD;
      double a[64], b[128], c[M * (N + PAD)], expected[M * (N + PAD)];
      float af[64], bf[128], cf[M * (N + PAD)];

      fill (a, G_N_ELEMENTS (a), 1);
      fill (b, G_N_ELEMENTS (b), 2);
      fill (c, G_N_ELEMENTS (c), 3);
      for (gsize i = 0; i < G_N_ELEMENTS (a); i++)
        af[i] = (float) a[i];
      for (gsize i = 0; i < G_N_ELEMENTS (b); i++)
        bf[i] = (float) b[i];
      memcpy (expected, c, sizeof c);
      for (gsize i = 0; i < G_N_ELEMENTS (c); i++)
        cf[i] = (float) c[i];
      for (gsize i = 0; i < M; i++)
        for (gsize j = 0; j < N; j++)
          {
            double sum = 0.0;

            for (gsize t = 0; t < K; t++)
              sum += (ta ? a[t * lda + i] : a[i * lda + t]) * (tb ? b[j * ldb + t] : b[t * ldb + j]);
            expected[i * ldc + j] = 1.5 * sum - 0.25 * c[i * ldc + j];
          }

      heft_gemm_f64 (ta, tb, M, N, K, 1.5, a, lda, b, ldb, -0.25, c, ldc);
      heft_gemm_f32 (ta, tb, M, N, K, 1.5f, af, lda, bf, ldb, -0.25f, cf, ldc);
      for (gsize i = 0; i < G_N_ELEMENTS (c); i++)
        {
          g_assert_cmpfloat_with_epsilon (c[i], expected[i], 1e-14);
          g_assert_cmpfloat_with_epsilon (cf[i], expected[i], 1e-5);
        }
    }
}

static void
test_gemm_never_reads_what_it_overwrites (void)
{
  double a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 0, 0, 1 }, c[4] = { NAN, NAN, INFINITY, NAN };

  heft_gemm_f64 (FALSE, FALSE, 2, 2, 2, 1.0, a, 2, b, 2, 0.0, c, 2);
  for (int i = 0; i < 4; i++)
    g_assert_cmpfloat (c[i], ==, a[i]);
}

/* A sum of no terms is 0, where the BLAS leaves y alone. */
static void
test_gemv_empty (void)
{
  const double a[3] = { 1, 2, 3 };
  const float af[3] = { 1, 2, 3 };
  double y[3] = { NAN, 5, 7 };
  float yf[3] = { NAN, 5, 7 };

  for (int t = 0; t < 2; t++)
    {
      heft_gemv_f64 (t, t ? 0 : 1, t ? 1 : 0, 1, a, 3, a, 0, y);
      heft_gemv_f32 (t, t ? 0 : 1, t ? 1 : 0, 1, af, 3, af, 0, yf);
      g_assert_cmpfloat (y[0], ==, 0);
      g_assert_cmpfloat (yf[0], ==, 0);
      heft_gemv_f64 (t, t ? 0 : 2, t ? 2 : 0, 1, a, 3, a, 0.5, y + 1);
      heft_gemv_f32 (t, t ? 0 : 2, t ? 2 : 0, 1, af, 3, af, 0.5f, yf + 1);
      g_assert_cmpfloat (y[2], ==, t ? 1.75 : 3.5);
      g_assert_cmpfloat (yf[2], ==, t ? 1.75f : 3.5f);
      y[0] = yf[0] = NAN;
    }
}

static void
test_gemv_syrk (void)
{
  enum { M = 6, N = 4, LD = 5 };
  double a[M * LD], x[M], y[M], expected;
  float af[M * LD], xf[M], yf[M];
  double c[M * M];
  float cf[M * M];

  fill (a, G_N_ELEMENTS (a), 5);
  for (gsize i = 0; i < G_N_ELEMENTS (a); i++)
    af[i] = (float) a[i];
  for (int t = 0; t < 2; t++)
    {
      gsize n_out = t ? N : M, n_in = t ? M : N;

      fill (x, M, 6);
      fill (y, M, 7);
      for (gsize i = 0; i < M; i++)
        {
          xf[i] = (float) x[i];
          yf[i] = (float) y[i];
        }
      heft_gemv_f64 (t, M, N, 2.0, a, LD, x, 0.0, y);
      heft_gemv_f32 (t, M, N, 2.0f, af, LD, xf, 0.0f, yf);
      for (gsize i = 0; i < n_out; i++)
        {
          expected = 0.0;
          for (gsize j = 0; j < n_in; j++)
            expected += 2.0 * (t ? a[j * LD + i] : a[i * LD + j]) * x[j];
          g_assert_cmpfloat_with_epsilon (y[i], expected, 1e-14);
          g_assert_cmpfloat_with_epsilon (yf[i], expected, 1e-5);
        }

      heft_syrk_f64 (t, n_out, n_in, 0.5, a, LD, 0.0, c, M);
      heft_syrk_f32 (t, n_out, n_in, 0.5f, af, LD, 0.0f, cf, M);
      for (gsize i = 0; i < n_out; i++)
        for (gsize j = 0; j < n_out; j++)
          {
            expected = 0.0;
            for (gsize l = 0; l < n_in; l++)
              expected += 0.5 * (t ? a[l * LD + i] * a[l * LD + j] : a[i * LD + l] * a[j * LD + l]);
            g_assert_cmpfloat_with_epsilon (c[i * M + j], expected, 1e-14);
            g_assert_cmpfloat_with_epsilon (cf[i * M + j], expected, 1e-5);
          }
    }
}

static void
test_vectors (void)
{
  double x[3] = { 3, 4, 12 }, y[3] = { 1, -1, 2 };
  float xf[2] = { 1, 2 }, yf[2] = { 10, 20 };

  g_assert_cmpfloat (heft_norm_f64 (3, x), ==, 13.0);
  g_assert_cmpfloat (heft_dot_f64 (3, x, y), ==, 23.0);
  heft_axpy_f64 (3, 2.0, x, y);
  g_assert_cmpfloat (y[2], ==, 26.0);
  heft_scale_f64 (3, 0.5, y);
  g_assert_cmpfloat (y[1], ==, 3.5);
  heft_axpy_f32 (2, -1.0f, xf, yf);
  g_assert_cmpfloat (yf[1], ==, 18.0);
}

static void
test_shapes_are_refused (void)
{
  gsize huge = (gsize) G_MAXINT + 1;

  g_assert_true (heft_gemm_fits (FALSE, FALSE, 2, 3, 4, 4, 3, 3));
  g_assert_true (heft_gemm_fits (TRUE, TRUE, 2, 3, 4, 2, 4, 3));
  g_assert_false (heft_gemm_fits (FALSE, FALSE, 2, 3, 4, 3, 3, 3));
  g_assert_false (heft_gemm_fits (FALSE, FALSE, 2, 3, 4, 4, 2, 3));
  g_assert_false (heft_gemm_fits (FALSE, FALSE, 2, 3, 4, 4, 3, 2));
  g_assert_false (heft_gemm_fits (TRUE, FALSE, 5, 3, 4, 4, 3, 3));
  g_assert_false (heft_gemm_fits (FALSE, TRUE, 2, 3, 4, 4, 3, 3));
  g_assert_false (heft_matrix_fits (huge, 1, 1));
  g_assert_false (heft_matrix_fits (1, 1, huge));
  g_assert_false (heft_matrix_fits (1, huge, huge));
  g_assert_false (heft_matrix_fits (1, 0, 0));
}

static void
test_impossible_product_is_reported (void)
{
  if (g_test_subprocess ())
    {
      double a[4] = { 0 }, c[4] = { 0 };

      heft_gemm_f64 (FALSE, FALSE, 2, 2, 2, 1.0, a, 1, a, 2, 0.0, c, 2);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*heft_gemm_fits*");
}

static void
check_eigenpairs (gsize         n,
                  const double *a,
                  gsize         n_pairs,
                  const double *values,
                  const double *vectors)
{
  for (gsize p = 0; p < n_pairs; p++)
    {
      const double *v = vectors + p * n;

      for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon (heft_dot_f64 (n, a + i * n, v), values[p] * v[i], 1e-11);
      for (gsize q = 0; q <= p; q++)
        g_assert_cmpfloat_with_epsilon (heft_dot_f64 (n, v, vectors + q * n), p == q, 1e-12);
      if (p > 0)
        g_assert_cmpfloat (values[p - 1], >=, values[p]);
    }
}

static void
test_symmetric_eigen (void)
{
  enum { N = 23, TOP = 4 };
  g_autofree double *a = positive_definite (N);
  g_autofree double *copy = g_memdup2 (a, N * N * sizeof *a);
  g_autofree double *vectors = g_new (double, N * TOP);
  g_autofree float *single = g_new (float, N * N);
  double values[N], only[N], top[TOP], trace = 0.0, sum = 0.0;
  float single_values[N];
  GError *error = NULL;

  for (gsize i = 0; i < N * N; i++)
    single[i] = (float) a[i];

  g_assert_true (heft_symmetric_eigen (N, copy, values, &error));
  g_assert_no_error (error);
  check_eigenpairs (N, a, N, values, copy);
  for (gsize i = 0; i < N; i++)
    {
      trace += a[i * N + i];
      sum += values[i];
    }
  g_assert_cmpfloat_with_epsilon (trace, sum, 1e-11);

  memcpy (copy, a, N * N * sizeof *a);
  g_assert_true (heft_symmetric_eigenvalues (N, copy, only, &error));
  g_assert_true (heft_symmetric_eigenvalues_f32 (N, single, single_values, &error));
  memcpy (copy, a, N * N * sizeof *a);
  g_assert_true (heft_symmetric_eigen_top (N, copy, TOP, top, vectors, &error));
  check_eigenpairs (N, a, TOP, top, vectors);
  for (gsize i = 0; i < N; i++)
    {
      g_assert_cmpfloat_with_epsilon (only[i], values[i], 1e-11);
      g_assert_cmpfloat_with_epsilon (single_values[i], values[i], 1e-4);
      if (i < TOP)
        g_assert_cmpfloat_with_epsilon (top[i], values[i], 1e-11);
    }

  memcpy (copy, a, N * N * sizeof *a);
  g_assert_true (heft_symmetric_eigen_top (N, copy, TOP, top, NULL, &error));
  g_assert_cmpfloat_with_epsilon (top[TOP - 1], values[TOP - 1], 1e-11);
}

/* The second difference matrix has eigenvalues 2 - 2 cos (pi j / (n + 1)). */
static void
test_tridiagonal_closed_form (void)
{
  enum { N = 12 };
  double diagonal[N], off[N - 1], values[N], vectors[N * N], dense[N * N] = { 0 };
  GError *error = NULL;

  for (gsize i = 0; i < N; i++)
    {
      diagonal[i] = dense[i * N + i] = 2.0;
      if (i + 1 < N)
        off[i] = dense[i * N + i + 1] = dense[(i + 1) * N + i] = -1.0;
    }
  g_assert_true (heft_tridiagonal_eigen (N, diagonal, off, values, vectors, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < N; i++)
    g_assert_cmpfloat_with_epsilon (values[i], 2.0 - 2.0 * cos (G_PI * (double) (N - i) / (N + 1)), 1e-13);
  check_eigenpairs (N, dense, N, values, vectors);
  g_assert_true (heft_tridiagonal_eigen (N, diagonal, off, values, NULL, &error));
  g_assert_cmpfloat_with_epsilon (values[N - 1], 2.0 - 2.0 * cos (G_PI / (N + 1)), 1e-13);
}

static void
test_cholesky (void)
{
  enum { N = 17, M = 3 };
  g_autofree double *a = positive_definite (N);
  g_autofree double *factor = g_memdup2 (a, N * N * sizeof *a);
  g_autofree double *copy = g_memdup2 (a, N * N * sizeof *a);
  double x[N * M], b[N * M], values[N], log_determinant = 0.0;
  GError *error = NULL;

  g_assert_true (heft_cholesky_factor (N, factor, &error));
  g_assert_no_error (error);
  for (gsize i = 0; i < N; i++)
    for (gsize j = 0; j < N; j++)
      {
        g_assert_cmpfloat_with_epsilon (heft_dot_f64 (N, factor + i * N, factor + j * N), a[i * N + j], 1e-13);
        if (j > i)
          g_assert_cmpfloat (factor[i * N + j], ==, 0.0);
      }

  fill (b, N * M, 9);
  memcpy (x, b, sizeof b);
  heft_cholesky_solve (N, factor, M, x);
  for (gsize i = 0; i < N; i++)
    for (gsize j = 0; j < M; j++)
      {
        double sum = 0.0;

        for (gsize t = 0; t < N; t++)
          sum += a[i * N + t] * x[t * M + j];
        g_assert_cmpfloat_with_epsilon (sum, b[i * M + j], 1e-12);
      }

  memcpy (x, b, sizeof b);
  heft_triangular_solve (TRUE, N, factor, M, x);
  for (gsize i = 0; i < N; i++)
    {
      double sum = 0.0;

      for (gsize t = i; t < N; t++)
        sum += factor[t * N + i] * x[t * M + 1];
      g_assert_cmpfloat_with_epsilon (sum, b[i * M + 1], 1e-12);
    }

  g_assert_true (heft_symmetric_eigenvalues (N, copy, values, &error));
  for (gsize i = 0; i < N; i++)
    log_determinant += log (values[i]);
  g_assert_cmpfloat_with_epsilon (heft_cholesky_log_determinant (N, factor), log_determinant, 1e-11);
}

/* A = U s V^T: A^T A v = s^2 v for tall and wide matrices, rows of V orthonormal; the block of a larger triangle. */
static void
test_singular_values (void)
{
  enum { TALL = 7, THIN = 3 };
  const gsize shapes[][2] = { { TALL, THIN }, { THIN, TALL }, { THIN, THIN } };
  double large[16] = { 9, 0, 0, 0, 9, 2, 0, 0, 9, 3, 4, 0, 9, 9, 9, 9 }, x[2] = { 4, 26 };

  for (gsize c = 0; c < G_N_ELEMENTS (shapes); c++)
    {
      gsize rows = shapes[c][0], columns = shapes[c][1];
      double a[TALL * THIN], copy[TALL * THIN], values[THIN], again[THIN], right[TALL * THIN];
      GError *error = NULL;

      fill (a, rows * columns, 5);
      memcpy (copy, a, sizeof copy);
      g_assert_true (heft_singular_values (rows, columns, copy, values, right, &error));
      g_assert_no_error (error);
      memcpy (copy, a, sizeof copy);
      g_assert_true (heft_singular_values (rows, columns, copy, again, NULL, &error));
      for (gsize i = 0; i < THIN; i++)
        {
          double image[TALL] = { 0 };

          g_assert_cmpfloat_with_epsilon (again[i], values[i], 1e-12);
          g_assert_true (i == 0 || values[i] <= values[i - 1]);
          for (gsize j = 0; j < THIN; j++)
            g_assert_cmpfloat_with_epsilon (heft_dot_f64 (columns, right + i * columns, right + j * columns), i == j, 1e-12);
          for (gsize r = 0; r < rows; r++)
            image[r] = heft_dot_f64 (columns, a + r * columns, right + i * columns);
          g_assert_cmpfloat_with_epsilon (heft_norm_f64 (rows, image), values[i], 1e-12);
          for (gsize q = 0; q < columns; q++)
            {
              double back = 0;

              for (gsize r = 0; r < rows; r++)
                back += a[r * columns + q] * image[r];
              g_assert_cmpfloat_with_epsilon (back, values[i] * values[i] * right[i * columns + q], 1e-12);
            }
        }
    }
  heft_triangular_solve_block (FALSE, 2, large + 5, 4, 1, x);
  g_assert_cmpfloat (x[0], ==, 2);
  g_assert_cmpfloat (x[1], ==, 5);
}

static void
test_bad_numbers_are_refused (void)
{
  double indefinite[4] = { 1, 2, 2, 1 }, values[4];
  double broken[4] = { 1, NAN, NAN, 1 }, infinite[4] = { INFINITY, 0, 0, 1 };
  double diagonal[2] = { 1, 2 };
  float broken_single[4] = { 1, 0, NAN, 1 }, single_values[2];
  double off[1] = { NAN };
  g_autoptr (GError) error = NULL;

  g_assert_false (heft_cholesky_factor (2, indefinite, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_false (heft_cholesky_factor (2, broken, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_false (heft_symmetric_eigen (2, infinite, values, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_false (heft_symmetric_eigenvalues (2, broken, values, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_false (heft_symmetric_eigenvalues_f32 (2, broken_single, single_values, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_false (heft_symmetric_eigen_top (2, broken, 1, values, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_false (heft_tridiagonal_eigen (2, diagonal, off, values, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  /* Refused before anything is touched, so a short array serves. */
  g_assert_false (heft_symmetric_eigenvalues (40000, values, values, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
}

/* Every place of a matrix counts here, not those of a triangle; and the longer side is what LAPACK cannot hold. */
static void
test_singular_values_refuse (void)
{
  enum { ROWS = 2, COLUMNS = 3 };
  const double bad[] = { NAN, INFINITY, -INFINITY };
  double values[ROWS] = { 7, 7 }, right[ROWS * COLUMNS];
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < ROWS * COLUMNS; i++)
    for (gsize b = 0; b < G_N_ELEMENTS (bad); b++)
      {
        g_autofree char *place = g_strdup_printf ("row %d;", i < COLUMNS ? 1 : 2);
        double a[ROWS * COLUMNS] = { 1, 2, 3, 4, 5, 6 };

        a[i] = bad[b];
        g_assert_false (heft_singular_values (ROWS, COLUMNS, a, values, b == 0 ? NULL : right, &error));
        g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
        g_assert_nonnull (strstr (error->message, place));
        g_assert_cmpfloat (values[0], ==, 7);
        g_clear_error (&error);
      }
  /* Refused before anything is touched, so a short array serves. */
  g_assert_false (heft_singular_values (1, 40000, values, values, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (error->message, "40000 rows"));
  g_clear_error (&error);
  g_assert_false (heft_singular_values (40000, 1, values, values, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
  g_clear_error (&error);
  /* An empty one has no singular values. */
  g_assert_true (heft_singular_values (0, 40000, values, values, NULL, &error));
  g_assert_no_error (error);
}

static void
test_memory (void)
{
  heft_aligned_autofree float *a = heft_aligned_new (float, 13);
  heft_aligned_autofree double *none = heft_aligned_new (double, 0);
  heft_aligned_autofree float *large = heft_aligned_new (float, 700001);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (GPOINTER_TO_SIZE (a) % HEFT_ALIGNMENT, ==, 0);
  g_assert_nonnull (none);
  for (gsize i = 0; i < 13; i++)
    g_assert_cmpfloat (a[i], ==, 0.0f);
  /* In huge pages, where there are any. */
  g_assert_cmpuint ((guintptr) large % HEFT_ALIGNMENT, ==, 0);
  for (gsize i = 0; i < 700001; i++)
    {
      g_assert_cmpfloat (large[i], ==, 0);
      large[i] = 1;
    }
  g_assert_null (heft_aligned_try_alloc (G_MAXSIZE / 2, 8, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/linalg/gemm", test_gemm);
  g_test_add_func ("/linalg/gemm-overwrites", test_gemm_never_reads_what_it_overwrites);
  g_test_add_func ("/linalg/gemv-empty", test_gemv_empty);
  g_test_add_func ("/linalg/gemv-syrk", test_gemv_syrk);
  g_test_add_func ("/linalg/vectors", test_vectors);
  g_test_add_func ("/linalg/shapes", test_shapes_are_refused);
  g_test_add_func ("/linalg/impossible-product", test_impossible_product_is_reported);
  g_test_add_func ("/linalg/symmetric-eigen", test_symmetric_eigen);
  g_test_add_func ("/linalg/tridiagonal", test_tridiagonal_closed_form);
  g_test_add_func ("/linalg/cholesky", test_cholesky);
  g_test_add_func ("/linalg/singular-values", test_singular_values);
  g_test_add_func ("/linalg/bad-numbers", test_bad_numbers_are_refused);
  g_test_add_func ("/linalg/singular-values-refuse", test_singular_values_refuse);
  g_test_add_func ("/linalg/memory", test_memory);

  return g_test_run ();
}
