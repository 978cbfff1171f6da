/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/linalg.h"

#include <cblas.h>
#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <lapacke.h>
#include <math.h>

/* LAPACK's workspaces for a symmetric eigenproblem of this size still have a length that an int can say (2 n^2 + 6 n + 1). */
#define LARGEST_EIGENPROBLEM 32000

/* LAPACK reads our row-major symmetric matrices as column-major ones: what is lower for us is upper for it, so nothing is
 * transposed and nothing copied. Eigenvectors then come as rows. */

static gboolean
check_size (gsize    n,
            GError **error)
{
  if (n <= LARGEST_EIGENPROBLEM)
    return TRUE;

  g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
               _("A dense matrix of %zu rows is too large to decompose (at most %d); "
                 "use fewer samples or an iterative estimator."), n, LARGEST_EIGENPROBLEM);
  return FALSE;
}

static gboolean
refuse_row (gsize    row,
            GError **error)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
               _("A matrix to decompose holds a number that is not finite in row %zu; "
                 "the weights have probably diverged."), row + 1);
  return FALSE;
}

static gboolean
check_finite_f32 (gsize        n,
                  const float *a,
                  GError     **error)
{
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j <= i; j++)
      if (!isfinite (a[i * n + j]))
        return refuse_row (i, error);
  return TRUE;
}

static gboolean
check_finite (gsize         n,
              const double *a,
              GError      **error)
{
  for (gsize i = 0; i < n; i++)
    {
      /* x - x is 0 for every finite x and NaN otherwise; summing keeps the test out of the inner loop. Only the lower
       * triangle is ever read. */
      double sum = 0.0;

      for (gsize j = 0; j <= i; j++)
        sum += a[i * n + j] - a[i * n + j];
      if (sum != 0.0)
        return refuse_row (i, error);
    }
  return TRUE;
}

static gboolean
check_info (lapack_int info,
            GError   **error)
{
  if (info == 0)
    return TRUE;

  if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
    g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                         _("There is not enough memory to decompose the matrix; use fewer samples."));
  else if (info < 0)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                 _("LAPACK refused argument %d of an eigenvalue problem; the matrix is not finite."), (int) -info);
  else
    g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                         _("The eigenvalues of a matrix did not converge; its entries are probably badly scaled."));
  return FALSE;
}

static void
reverse (gsize   n,
         double *values)
{
  for (gsize i = 0; i < n / 2; i++)
    {
      double t = values[i];

      values[i] = values[n - 1 - i];
      values[n - 1 - i] = t;
    }
}

static void
reverse_rows (gsize   n_rows,
              gsize   n_columns,
              double *a)
{
  for (gsize i = 0; i < n_rows / 2; i++)
    cblas_dswap ((int) n_columns, a + i * n_columns, 1, a + (n_rows - 1 - i) * n_columns, 1);
}

gboolean
heft_symmetric_eigenvalues (gsize    n,
                            double  *a,
                            double  *values,
                            GError **error)
{
  if (n == 0)
    return TRUE;
  if (!check_size (n, error) || !check_finite (n, a, error))
    return FALSE;
  if (!check_info (LAPACKE_dsyevd (LAPACK_COL_MAJOR, 'N', 'U', (lapack_int) n, a, (lapack_int) n, values), error))
    return FALSE;

  reverse (n, values);
  return TRUE;
}

gboolean
heft_symmetric_eigenvalues_f32 (gsize    n,
                                float   *a,
                                float   *values,
                                GError **error)
{
  if (n == 0)
    return TRUE;
  if (!check_size (n, error))
    return FALSE;
  if (!check_finite_f32 (n, a, error))
    return FALSE;
  if (!check_info (LAPACKE_ssyevd (LAPACK_COL_MAJOR, 'N', 'U', (lapack_int) n, a, (lapack_int) n, values), error))
    return FALSE;

  for (gsize i = 0; i < n / 2; i++)
    {
      float t = values[i];

      values[i] = values[n - 1 - i];
      values[n - 1 - i] = t;
    }
  return TRUE;
}

gboolean
heft_symmetric_eigen (gsize    n,
                      double  *a,
                      double  *values,
                      GError **error)
{
  if (n == 0)
    return TRUE;
  if (!check_size (n, error) || !check_finite (n, a, error))
    return FALSE;
  if (!check_info (LAPACKE_dsyevd (LAPACK_COL_MAJOR, 'V', 'U', (lapack_int) n, a, (lapack_int) n, values), error))
    return FALSE;

  reverse (n, values);
  reverse_rows (n, n, a);
  return TRUE;
}

gboolean
heft_symmetric_eigen_top (gsize    n,
                          double  *a,
                          gsize    n_top,
                          double  *values,
                          double  *vectors,
                          GError **error)
{
  g_autofree double *found = NULL;
  g_autofree lapack_int *support = NULL;
  lapack_int n_found = 0;

  g_return_val_if_fail (n_top <= n, FALSE);

  if (n_top == 0)
    return TRUE;
  if (!check_size (n, error) || !check_finite (n, a, error))
    return FALSE;

  found = g_new (double, n);
  support = g_new (lapack_int, 2 * n);
  if (!check_info (LAPACKE_dsyevr (LAPACK_COL_MAJOR, vectors != NULL ? 'V' : 'N', 'I', 'U', (lapack_int) n, a,
                                   (lapack_int) n, 0.0, 0.0, (lapack_int) (n - n_top + 1), (lapack_int) n, 0.0,
                                   &n_found, found, vectors, (lapack_int) n, support), error))
    return FALSE;

  memcpy (values, found, n_top * sizeof *values);
  reverse (n_top, values);
  if (vectors != NULL)
    reverse_rows (n_top, n, vectors);
  return TRUE;
}

gboolean
heft_tridiagonal_eigen (gsize         n,
                        const double *diagonal,
                        const double *off_diagonal,
                        double       *values,
                        double       *vectors,
                        GError      **error)
{
  g_autofree double *scratch = NULL;
  double sum = 0.0;

  if (n == 0)
    return TRUE;
  if (!check_size (n, error))
    return FALSE;

  for (gsize i = 0; i < n; i++)
    sum += (diagonal[i] - diagonal[i]) + (i + 1 < n ? off_diagonal[i] - off_diagonal[i] : 0.0);
  if (sum != 0.0)
    {
      g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                           _("A tridiagonal matrix holds a number that is not finite; "
                             "the weights have probably diverged."));
      return FALSE;
    }

  memcpy (values, diagonal, n * sizeof *values);
  scratch = g_new0 (double, n);
  if (n > 1)
    memcpy (scratch, off_diagonal, (n - 1) * sizeof *scratch);
  if (!check_info (LAPACKE_dstev (LAPACK_COL_MAJOR, vectors != NULL ? 'V' : 'N', (lapack_int) n, values, scratch,
                                  vectors, (lapack_int) n), error))
    return FALSE;

  reverse (n, values);
  if (vectors != NULL)
    reverse_rows (n, n, vectors);
  return TRUE;
}

gboolean
heft_singular_values (gsize    rows,
                      gsize    columns,
                      double  *a,
                      double  *values,
                      double  *right,
                      GError **error)
{
  gsize n = MIN (rows, columns);
  g_autofree double *left = NULL;

  if (n == 0)
    return TRUE;
  if (!check_size (MAX (rows, columns), error))
    return FALSE;
  for (gsize i = 0; i < rows; i++)
    for (gsize j = 0; j < columns; j++)
      if (!isfinite (a[i * columns + j]))
        return refuse_row (i, error);
  if (right != NULL)
    left = g_new (double, n * rows);

  /* LAPACK sees the transpose, so our right vectors are its left ones, as columns: as rows for us. */
  return check_info (LAPACKE_dgesdd (LAPACK_COL_MAJOR, right != NULL ? 'S' : 'N', (lapack_int) columns, (lapack_int) rows, a,
                                     (lapack_int) columns, values, right, (lapack_int) columns, left, (lapack_int) n), error);
}

gboolean
heft_cholesky_factor (gsize    n,
                      double  *a,
                      GError **error)
{
  lapack_int info;

  if (n == 0)
    return TRUE;
  if (!check_size (n, error) || !check_finite (n, a, error))
    return FALSE;

  info = LAPACKE_dpotrf (LAPACK_COL_MAJOR, 'U', (lapack_int) n, a, (lapack_int) n);
  if (info > 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                   _("A matrix that must be positive definite is not (pivot %d of %zu); "
                     "a larger beta or a smaller lambda would make it so."), (int) info, n);
      return FALSE;
    }
  if (!check_info (info, error))
    return FALSE;

  for (gsize i = 0; i < n; i++)
    memset (a + i * n + i + 1, 0, (n - i - 1) * sizeof *a);
  return TRUE;
}

void
heft_triangular_solve_block (gboolean      transpose,
                             gsize         n,
                             const double *factor,
                             gsize         ld,
                             gsize         m,
                             double       *b)
{
  if (n == 0 || m == 0)
    return;

  g_return_if_fail (heft_matrix_fits (n, n, ld) && heft_matrix_fits (n, m, m));

  cblas_dtrsm (CblasRowMajor, CblasLeft, CblasLower, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
               (int) n, (int) m, 1.0, factor, (int) ld, b, (int) m);
}

void
heft_triangular_solve (gboolean      transpose,
                       gsize         n,
                       const double *factor,
                       gsize         m,
                       double       *b)
{
  heft_triangular_solve_block (transpose, n, factor, n, m, b);
}

void
heft_cholesky_solve (gsize         n,
                     const double *factor,
                     gsize         m,
                     double       *b)
{
  heft_triangular_solve (FALSE, n, factor, m, b);
  heft_triangular_solve (TRUE, n, factor, m, b);
}

double
heft_cholesky_log_determinant (gsize         n,
                               const double *factor)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += log (factor[i * n + i]);

  return 2.0 * sum;
}
