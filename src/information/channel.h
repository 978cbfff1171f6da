/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Replaces @jacobian (n x d, d outputs / d inputs) by a root R (its first @rank rows, rank x d) of the Fisher information
 * F = R^T R = J^T Sigma^+ J that n outputs with noise of @covariance (n x n) carry. Where the noise leaves directions free Sigma
 * has no inverse: its pseudo-inverse, which takes eigenvalues below @floor times the largest for 0, counts the noisy ones alone, and
 * @rank is less than @n.
 */
gboolean heft_channel_root        (gsize n, gsize d, const double *covariance, double floor, double *jacobian,
                                   gsize *rank, GError **error);

/*
 * HeftChannel:
 *
 * What inverting a covariance of noise meant. @trace: of the covariance. @rank: directions that carry noise, the number of outputs where there is an inverse.
 * @condition: the largest eigenvalue over the smallest of those. @doubtful: six digits depend on how the inverse is taken: a
 * condition beyond 1e10, or a direction left out that carries more than rounding.
 */
typedef struct
{
  gsize    rank;
  double   trace, condition;
  gboolean doubtful;
} HeftChannel;

/* The pseudo-inverse from a root of the covariance, Sigma = @noise^T @noise (p x n; destroyed), by its singular values: the condition of the
 * root is the square root of Sigma's, so that no digit is lost to forming Sigma. Eigenvalues of Sigma below @n_all times the machine's
 * epsilon of the largest count as 0, where torch.linalg.pinv() and scipy.linalg.pinvh() cut: a saturated output whose noise double
 * precision cannot tell from none beside the others' is left out like a dead one. @n_all: the layer's outputs, of which @n are alive. */
gboolean heft_channel_root_of_noise (gsize p, gsize n, gsize n_all, gsize d, double *noise, double *jacobian, HeftChannel *channel,
                                     GError **error);

/* 1/2 log |I + Sigma_x F| = 1/2 log |I + R Sigma_x R^T| in nats, Sigma_x = X^T X / n_samples of the @centred inputs
 * (n_samples x d). */
gboolean heft_channel_information (gsize rank, gsize d, const double *root, gsize n_samples, const double *centred,
                                   double *information, GError **error);

G_END_DECLS
