/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/linalg.h"

#include <cblas.h>

gboolean
heft_matrix_fits (gsize rows,
                  gsize columns,
                  gsize ld)
{
  return rows <= G_MAXINT && columns <= G_MAXINT && ld <= G_MAXINT && ld >= MAX (columns, 1);
}

gboolean
heft_gemm_fits (gboolean transpose_a,
                gboolean transpose_b,
                gsize    m,
                gsize    n,
                gsize    k,
                gsize    lda,
                gsize    ldb,
                gsize    ldc)
{
  return heft_matrix_fits (transpose_a ? k : m, transpose_a ? m : k, lda)
         && heft_matrix_fits (transpose_b ? n : k, transpose_b ? k : n, ldb)
         && heft_matrix_fits (m, n, ldc);
}

static inline CBLAS_TRANSPOSE
operation (gboolean transpose)
{
  return transpose ? CblasTrans : CblasNoTrans;
}

/* One definition serves both precisions: nothing in it but the type and the BLAS prefix differs. */
#define DEFINE_PRODUCTS(suffix, real, p)                                                                       \
void                                                                                                           \
heft_gemm_##suffix (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n, gsize k,                     \
                    real alpha, const real *a, gsize lda, const real *b, gsize ldb,                            \
                    real beta, real *c, gsize ldc)                                                             \
{                                                                                                              \
  g_return_if_fail (heft_gemm_fits (transpose_a, transpose_b, m, n, k, lda, ldb, ldc));                        \
                                                                                                               \
  if (m == 0 || n == 0)                                                                                        \
    return;                                                                                                    \
                                                                                                               \
  cblas_##p##gemm (CblasRowMajor, operation (transpose_a), operation (transpose_b), (int) m, (int) n, (int) k, \
                   alpha, a, (int) lda, b, (int) ldb, beta, c, (int) ldc);                                     \
}                                                                                                              \
                                                                                                               \
void                                                                                                           \
heft_gemv_##suffix (gboolean transpose, gsize m, gsize n, real alpha, const real *a, gsize lda,                \
                    const real *x, real beta, real *y)                                                         \
{                                                                                                              \
  g_return_if_fail (heft_matrix_fits (m, n, lda));                                                             \
                                                                                                               \
  /* With no terms to sum the BLAS returns at once and leaves y as it was. */                                  \
  if (transpose ? m == 0 : n == 0)                                                                             \
    {                                                                                                          \
      for (gsize i = 0; i < (transpose ? n : m); i++)                                                          \
        y[i] = beta == 0 ? 0 : beta * y[i];                                                                    \
      return;                                                                                                  \
    }                                                                                                          \
  cblas_##p##gemv (CblasRowMajor, operation (transpose), (int) m, (int) n, alpha, a, (int) lda, x, 1,          \
                   beta, y, 1);                                                                                \
}                                                                                                              \
                                                                                                               \
void                                                                                                           \
heft_syrk_lower_##suffix (gboolean transpose, gsize n, gsize k, real alpha, const real *a, gsize lda,          \
                          real beta, real *c, gsize ldc)                                                       \
{                                                                                                              \
  g_return_if_fail (heft_matrix_fits (transpose ? k : n, transpose ? n : k, lda));                             \
  g_return_if_fail (heft_matrix_fits (n, n, ldc));                                                             \
                                                                                                               \
  cblas_##p##syrk (CblasRowMajor, CblasLower, operation (transpose), (int) n, (int) k, alpha, a, (int) lda,    \
                   beta, c, (int) ldc);                                                                        \
}                                                                                                              \
                                                                                                               \
void                                                                                                           \
heft_syrk_##suffix (gboolean transpose, gsize n, gsize k, real alpha, const real *a, gsize lda,                \
                    real beta, real *c, gsize ldc)                                                             \
{                                                                                                              \
  heft_syrk_lower_##suffix (transpose, n, k, alpha, a, lda, beta, c, ldc);                                     \
  for (gsize i = 0; i < n; i++)                                                                                \
    for (gsize j = 0; j < i; j++)                                                                              \
      c[j * ldc + i] = c[i * ldc + j];                                                                         \
}                                                                                                              \
                                                                                                               \
void                                                                                                           \
heft_axpy_##suffix (gsize n, real alpha, const real *x, real *y)                                               \
{                                                                                                              \
  g_return_if_fail (n <= G_MAXINT);                                                                            \
                                                                                                               \
  cblas_##p##axpy ((int) n, alpha, x, 1, y, 1);                                                                \
}

DEFINE_PRODUCTS (f32, float, s)
DEFINE_PRODUCTS (f64, double, d)

double
heft_dot_f64 (gsize         n,
              const double *x,
              const double *y)
{
  g_return_val_if_fail (n <= G_MAXINT, 0.0);

  return cblas_ddot ((int) n, x, 1, y, 1);
}

double
heft_norm_f64 (gsize         n,
               const double *x)
{
  g_return_val_if_fail (n <= G_MAXINT, 0.0);

  return cblas_dnrm2 ((int) n, x, 1);
}

void
heft_scale_f64 (gsize   n,
                double  alpha,
                double *x)
{
  g_return_if_fail (n <= G_MAXINT);

  cblas_dscal ((int) n, alpha, x, 1);
}
