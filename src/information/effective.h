/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/measure.h>

G_BEGIN_DECLS

/* Fills @layers (of HeftEffectiveLayer) with what the activations of every hidden activation and the logits tell about each of
 * the first @n_samples inputs, with weight noise Sigma* = beta (F + beta / lambda^2 I)^-1 of @fisher (k x k; destroyed) and the
 * covariance (divisor n) of those inputs. */
gboolean heft_effective_measure (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                 double *fisher, double beta, double lambda, GPtrArray *layers,
                                 GCancellable *cancellable, GError **error);

G_END_DECLS
