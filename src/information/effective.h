/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/measure.h>

#include "information/noise.h"

G_BEGIN_DECLS

/* One HeftEffectiveLayer an activation's output, and the logits; zeros. */
GPtrArray *heft_effective_layers_new (HeftNetwork *network, gsize n_samples);

/* The means, from the numbers of each sample. */
void       heft_effective_layer_average (HeftEffectiveLayer *layer);

/* Fills @layers with what the activations of every hidden activation and the logits tell about each of the first @n_samples inputs, with any
 * weight noise and the covariance (divisor n) of the first @n_covariance inputs. Networks of any size but where the noise is correlated. */
gboolean heft_effective_measure (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                                 gsize n_samples, gsize n_covariance, GPtrArray *layers, GCancellable *cancellable, GError **error);

/* The same from draws of the noise: covariances over @n_draws (at least 20) whole-network weight draws, the same for all inputs, with what
 * they do that is not linear in the weights; the derivative by the input is that at @weights. tr F_{z|x} and information are of the
 * activations that are alive there, and NAN for layers of too many for the draws, or of more than there are weights before them: the first order
 * leaves directions free of noise there, in which draws show no more than what is not linear. Values are corrected for bias, and the standard errors of their
 * means found, by leaving out a tenth of the draws at a time (jackknife). */
gboolean heft_effective_draws   (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                                 gsize n_samples, gsize n_covariance, gsize n_draws, guint64 seed, GPtrArray *layers,
                                 GCancellable *cancellable, GError **error);

/* A root X of the covariance (divisor @n) of the first @n inputs, Sigma_x = X^T X / n_rows (n_rows x d): the centred inputs, or where they are
 * more than their dimension its principal directions, scaled. */
gboolean heft_effective_inputs  (HeftDataset *data, gsize n, gsize *n_rows, double **rows, GError **error);
/* heft_effective_information() of noise that is not correlated between layers; with tr Sigma_z into @noise_trace, which may be NULL. */
gboolean heft_effective_moments (HeftNetwork *network, const double *mean, const HeftWeightNoise *noise, HeftDataset *data, gsize n_samples,
                                 gsize n_covariance, double *information, double *fisher_trace, double *noise_trace,
                                 GCancellable *cancellable, GError **error);

/* By every route asked for. A route that cannot says why where there is another; alone it is an error. */
gboolean heft_measurement_add_pushforwards (HeftMeasurement *self, HeftNetwork *network, const double *weights, const HeftSigmaStar *sigma,
                                            HeftDataset *data, const HeftMeasureOptions *options, GCancellable *cancellable, GError **error);

G_END_DECLS
