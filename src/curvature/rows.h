/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "curvature/factors.h"

G_BEGIN_DECLS

/*
 * R R^T / n of dense weight layers [first, last] as a matrix that only multiplies, R the root of n F whose rows are factors:
 * dimension n x columns; row (i, c) is element i * n_columns + c. It has the non-zero eigenvalues of F.
 *
 * A dense layer's rows are a_i (x) delta_ci, so with u a vector over rows: T_i = sum_c u_ic delta_ic, Y = (A A^T + 1) T,
 * (R R^T u)_ic = delta_ic . Y_i. That is one product of small matrices, vectors are short, and neither gradients nor passes
 * through the network are needed.
 */
#define HEFT_DECLARE_ROWS(Type, Factors, suffix, real)                                                                  \
typedef struct                                                                                                          \
{                                                                                                                       \
  const Factors *factors;                                                                                               \
  gsize          first, last;                                                                                           \
  real         **similarity;    /* per layer: A A^T + 1 (n x n), or NULL where A (A^T T) is cheaper */                  \
  real          *u, *t, *y, *inner;                                                                                     \
} Type;                                                                                                                 \
                                                                                                                        \
void heft_rows_##suffix##_init     (Type *self, const Factors *factors, gsize first, gsize last);                       \
void heft_rows_##suffix##_clear    (Type *self);                                                                        \
/* A HeftProduct of lanczos.h. */                                                                                       \
void heft_rows_##suffix##_multiply (gpointer self, const double *in, double *out);

HEFT_DECLARE_ROWS (HeftRowsF32, HeftFactorsF32, f32, float)
HEFT_DECLARE_ROWS (HeftRowsF64, HeftFactorsF64, f64, double)

G_END_DECLS
