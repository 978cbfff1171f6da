/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* @out = A @in for a symmetric A of dimension n; neither may be kept. */
typedef void (*HeftProduct) (gpointer data, const double *in, double *out);

/*
 * HeftLanczos:
 *
 * m steps of Lanczos with full reorthogonalisation (twice is enough, Parlett 1998): A Q^T = Q^T T + a residual along the next
 * vector alone, of length @residual. @values (m, descending) are the Ritz values; @tails (m) the absolute last components of T's
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

/* At most @n_steps from @start (n, need not be normalised); stops when the @n_top largest Ritz pairs have residuals below
 * @tolerance times their value, or when the space is exhausted. @n_top = 0 always takes all steps. */
HeftLanczos *heft_lanczos_new  (gsize n, HeftProduct product, gpointer data, const double *start, gsize n_steps, gsize n_top,
                                double tolerance, GCancellable *cancellable, GError **error);
void         heft_lanczos_free (HeftLanczos *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftLanczos, heft_lanczos_free)

G_END_DECLS
