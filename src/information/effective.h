/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/measure.h>

G_BEGIN_DECLS

/* One HeftEffectiveLayer an activation's output, and the logits; zeros. */
GPtrArray *heft_effective_layers_new (HeftNetwork *network, gsize n_samples);

/* Fills @layers with what the activations of every hidden activation and the logits tell about each of
 * the first @n_samples inputs, with weight noise Sigma* = beta (F + beta / lambda^2 I)^-1 of @fisher (k x k) and the
 * covariance (divisor n) of the first @n_covariance inputs. */
gboolean heft_effective_measure (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                 gsize n_covariance, const double *fisher, double beta, double lambda, GPtrArray *layers,
                                 GCancellable *cancellable, GError **error);

/* The same with noise N(0, diag variance), for networks of any size; the covariance is that of all of @data. */
gboolean heft_effective_mean_field (HeftNetwork *network, const double *weights, const double *variance, HeftDataset *data,
                                    gsize n_samples, GPtrArray *layers, GCancellable *cancellable, GError **error);
/* The same with the noise of a structured curvature, for networks of any size; the covariance is that of the first @n_covariance (0: all). */
gboolean heft_effective_structured (HeftNetwork *network, const double *weights, const HeftCurvature *curvature, double beta,
                                    double lambda, HeftDataset *data, gsize n_samples, gsize n_covariance,
                                    GPtrArray *layers, GCancellable *cancellable, GError **error);

G_END_DECLS
