/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels.h"
#include "linalg/linalg.h"

/* Up to this share of numbers that are not zero, skipping the others beats BLAS clearly. */
#define WORTH_MARKING 0.4

struct _HeftMarks
{
  gsize   m, k;
  guint64 words[];
};

HeftMarks *
heft_marks_new_f32 (gboolean transpose, gsize m, gsize k, const float *a, gsize lda)
{
  HeftMarks *self;

  g_return_val_if_fail (heft_matrix_fits (transpose ? k : m, transpose ? m : k, lda), NULL);
  self = g_malloc (sizeof *self + (k + HEFT_KERNEL_MARKS - 1) / HEFT_KERNEL_MARKS * m * sizeof *self->words);
  self->m = m;
  self->k = k;
  if ((double) heft_kernels ()->mark (transpose, m, k, a, lda, self->words) <= WORTH_MARKING * (double) m * (double) k)
    return self;
  heft_marks_free (self);
  return NULL;
}

/* Where BLAS is quick enough: there is no kernel in double precision. */
HeftMarks *
heft_marks_new_f64 (gboolean transpose, gsize m, gsize k, const double *a, gsize lda)
{
  return NULL;
}

void
heft_marks_free (HeftMarks *self)
{
  g_free (self);
}

void
heft_gemm_marked_f32 (const HeftMarks *marks, gboolean transpose_a, gsize m, gsize n, gsize k, const float *a, gsize lda,
                      const float *b, gsize ldb, gboolean add, float *c, gsize ldc)
{
  g_return_if_fail (heft_gemm_fits (transpose_a, FALSE, m, n, k, lda, ldb, ldc));
  g_return_if_fail (marks == NULL || (marks->m == m && marks->k == k));
  if (marks == NULL)
    heft_gemm_f32 (transpose_a, FALSE, m, n, k, 1, a, lda, b, ldb, add ? 1 : 0, c, ldc);
  else
    heft_kernels ()->sparse_product (transpose_a, FALSE, m, n, k, marks->words, a, lda, b, ldb, add, c, ldc);
}

void
heft_gemm_marked_f64 (const HeftMarks *marks, gboolean transpose_a, gsize m, gsize n, gsize k, const double *a, gsize lda,
                      const double *b, gsize ldb, gboolean add, double *c, gsize ldc)
{
  heft_gemm_f64 (transpose_a, FALSE, m, n, k, 1, a, lda, b, ldb, add ? 1 : 0, c, ldc);
}

void
heft_add_gram_f32 (gsize n, gsize k, const float *a, gsize lda, float *c, gsize ldc)
{
  g_autoptr (HeftMarks) marks = heft_marks_new_f32 (TRUE, n, k, a, lda);

  g_return_if_fail (heft_matrix_fits (n, n, ldc));
  if (marks == NULL)
    heft_syrk_lower_f32 (TRUE, n, k, 1, a, lda, 1, c, ldc);
  else
    heft_kernels ()->sparse_product (TRUE, TRUE, n, n, k, marks->words, a, lda, a, lda, TRUE, c, ldc);
}

void
heft_add_gram_f64 (gsize n, gsize k, const double *a, gsize lda, double *c, gsize ldc)
{
  heft_syrk_lower_f64 (TRUE, n, k, 1, a, lda, 1, c, ldc);
}
