/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/measure.h>

#include "information/noise.h"

G_BEGIN_DECLS

/* One HeftEffectiveLayer an activation's output, and the logits; zeros. */
GPtrArray *heft_effective_layers_new (HeftNetwork *network, gsize n_samples);

/* Fills @layers with what the activations of every hidden activation and the logits tell about each of the first @n_samples inputs, with any
 * weight noise and the covariance (divisor n) of the first @n_covariance inputs. Networks of any size but where the noise is correlated. */
gboolean heft_effective_measure (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                                 gsize n_samples, gsize n_covariance, GPtrArray *layers, GCancellable *cancellable, GError **error);

G_END_DECLS
