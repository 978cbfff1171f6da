/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels.h"
#include "linalg/linalg.h"

/* Up to this share of numbers that are not zero, skipping the others beats BLAS clearly. */
#define WORTH_MARKING 0.4

/* Which numbers of A (k x n) are not zero; %NULL where so many are not that skipping the others gains nothing (transfer full). */
static guint64 *
mark (gsize n, gsize k, const float *a, gsize lda)
{
  g_autofree guint64 *marks = g_new (guint64, (k + HEFT_KERNEL_MARKS - 1) / HEFT_KERNEL_MARKS * n);

  if ((double) heft_kernels ()->mark (TRUE, n, k, a, lda, marks) > WORTH_MARKING * (double) n * (double) k)
    return NULL;
  return g_steal_pointer (&marks);
}

void
heft_add_gram_f32 (gsize n, gsize k, const float *a, gsize lda, float *c, gsize ldc)
{
  g_autofree guint64 *marks = NULL;

  g_return_if_fail (heft_matrix_fits (k, n, lda) && heft_matrix_fits (n, n, ldc));
  marks = mark (n, k, a, lda);
  if (marks == NULL)
    heft_syrk_lower_f32 (TRUE, n, k, 1, a, lda, 1, c, ldc);
  else
    heft_kernels ()->sparse_product (TRUE, TRUE, n, n, k, marks, a, lda, a, lda, TRUE, c, ldc);
}

/* BLAS is quick enough here: there is no kernel in double precision. */
void
heft_add_gram_f64 (gsize n, gsize k, const double *a, gsize lda, double *c, gsize ldc)
{
  heft_syrk_lower_f64 (TRUE, n, k, 1, a, lda, 1, c, ldc);
}
