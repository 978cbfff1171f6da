/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/dataset.h>
#include <heft/network.h>
#include <heft/record.h>

G_BEGIN_DECLS

#define HEFT_MAPS_IMAGES 3

/* The layer, from 0, that @chosen_layer of heft_maps_publish() names. */
gsize    heft_maps_layer   (const HeftNetwork *network, gsize chosen_layer);

/* Publishes the frame "invariance": what a layer sees of each input of a few samples of different classes, with weight noise
 * N(0, diag variance). @chosen_layer counts from 1; 0 is the last hidden layer. @noise: in words, for the estimator.
 * A layer that is too large gets the reason as the frame's text "obstacle". */
gboolean heft_maps_publish (HeftRecord *record, guint64 step, HeftNetwork *network, const double *mean, const double *variance,
                            HeftDataset *data, gsize chosen_layer, const char *noise, GCancellable *cancellable,
                            GError **error);

G_END_DECLS
