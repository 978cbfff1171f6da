/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "linalg/pool.h"

G_BEGIN_DECLS

/* @out = A @in for a symmetric A of dimension n; neither may be kept. */
typedef void (*HeftProduct) (gpointer data, const double *in, double *out);

/*
 * HeftLanczos:
 *
 * m steps of Lanczos with full reorthogonalisation (a second time wherever the first took away more than rounding: twice is enough,
 * Parlett 1998): A Q^T = Q^T T + a residual along the next vector alone, of length @residual. @values (m, descending) are the Ritz values; @tails (m) the absolute last components of T's
 * eigenvectors, so that |A y - theta y| = residual * tail; @firsts (m) the first ones, whose squares are the weights of
 * stochastic Lanczos quadrature.
 */
typedef struct
{
  gsize   n, m;
  double *basis;      /* m x n, orthonormal rows */
  double *diagonal, *off_diagonal;
  double  residual;
  double *values, *firsts, *tails;
} HeftLanczos;

typedef struct
{
  gsize         n_steps;           /* at most */
  gsize         n_top, n_bottom;   /* stop once these Ritz pairs at either end have residuals below ... */
  double        tolerance;         /* ... this times the largest absolute Ritz value; for the top its own. Both 0: take all steps */
  HeftPool     *pool;              /* for reorthogonalisation, or NULL; changes no bit */
  GCancellable *cancellable;
} HeftLanczosOptions;

/* From @start (n, need not be normalised). Stops early too when the space is exhausted. */
HeftLanczos *heft_lanczos_new  (gsize n, HeftProduct product, gpointer data, const double *start,
                                const HeftLanczosOptions *options, GError **error);
/* The Ritz vector of values[i], into @vector (n). */
gboolean     heft_lanczos_vector (const HeftLanczos *self, gsize i, double *vector, GError **error);
void         heft_lanczos_free (HeftLanczos *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftLanczos, heft_lanczos_free)

G_END_DECLS
