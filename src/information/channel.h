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

/* 1/2 log |I + Sigma_x F| = 1/2 log |I + R Sigma_x R^T| in nats, Sigma_x = X^T X / n_samples of the @centred inputs
 * (n_samples x d). */
gboolean heft_channel_information (gsize rank, gsize d, const double *root, gsize n_samples, const double *centred,
                                   double *information, GError **error);

G_END_DECLS
