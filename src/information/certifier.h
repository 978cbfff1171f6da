/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/bound.h>
#include <heft/measure.h>

#include "information/noise.h"

G_BEGIN_DECLS

/*
 * HeftCertifier:
 *
 * The risk of Q = N(w*, Sigma*) on samples by whole-network weight draws that arrive as many at a time as one likes.
 */
typedef struct _HeftCertifier HeftCertifier;

/* @noise is copied, what it points to must stay, as must @weights. @draw_samples: how many samples each draw is measured on, with
 * replacement; 0 for all of them once. */
HeftCertifier *heft_certifier_new  (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                                    gsize draw_samples, guint64 seed, guint n_threads);
void           heft_certifier_free (HeftCertifier *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftCertifier, heft_certifier_free)
/* @n more draws. FALSE only where @cancellable was cancelled. */
gboolean       heft_certifier_take (HeftCertifier *self, gsize n, GCancellable *cancellable, GError **error);
HeftNoiseRisk  heft_certifier_risk (const HeftCertifier *self);
/* The certificate that @risk and @kl make of @n_samples; of @options delta, delta_draws, beta and beta_pac. */
HeftCertificate heft_noise_certificate (const HeftNoiseRisk *risk, double n_samples, double kl, const HeftMeasureOptions *options);

G_END_DECLS
