/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/pass.h>

G_BEGIN_DECLS

/* Losses of @rows outputs @z (rows x classes) in nats, and their @gradients (or NULL), which may be @z itself for all but the softmax.
 * Returns how many rows are misclassified: the largest output is not the label's. */
gsize heft_loss_rows (const HeftLoss *self, gsize rows, gsize classes, const guint8 *labels, const float *z, float *gradients,
                      float *losses);

G_END_DECLS
