/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/dataset.h>
#include <heft/network.h>
#include <heft/record.h>

#include "information/noise.h"

G_BEGIN_DECLS

#define HEFT_MAPS_IMAGES 3

/* The layer, from 0, that @chosen_layer of heft_maps_publish() names. */
gsize    heft_maps_layer   (const HeftNetwork *network, gsize chosen_layer);

/* Deterministic, in floating-point operations: what heft_maps_publish() costs. */
double   heft_maps_cost    (const HeftNetwork *network, gsize chosen_layer);

/* "hidden layer 2", "the logits". */
char    *heft_maps_layer_words (gsize layer, gsize n_layers);

/* Publishes the frame "invariance": what a layer sees of each input of a few samples of different classes, with weight noise
 * @noise. @chosen_layer counts from 1; 0 is the last hidden layer. @words: the noise in words, for the estimator.
 * A layer that is too large gets the reason as the frame's text "obstacle". For networks of two inputs it is heft_plane_maps_publish(). */
gboolean heft_maps_publish (HeftRecord *record, guint64 step, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise,
                            HeftDataset *data, gsize chosen_layer, const char *words, GCancellable *cancellable,
                            GError **error);

/* The same frame for a network of two inputs: over the plane, where the samples lie, what it says (image:0), tr F_{z|x} of the layer (map:0) and the
 * smallest area it can tell apart, |F_{z|x}|^{-1/2} (change:0; infinite where it sees one direction or none). The top row is the highest. */
gboolean heft_plane_maps_publish (HeftRecord *record, guint64 step, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise,
                                  HeftDataset *data, gsize layer, const char *words, GCancellable *cancellable, GError **error);
/* Points a side of its grid. */
gsize    heft_plane_maps_side    (const HeftNetwork *network, gsize layer);

/* Inputs of more numbers than this have no directions: their matrices take long. */
#define HEFT_DIRECTIONS_MAX_INPUTS 1024

/* The frame "directions": of the same samples the direction in which the layer sees a change best (map:K), and the one that it sees worst
 * among the data's leading principal directions (change:K). Where that is not feasible, the reason as "obstacle". */
gboolean heft_direction_maps_publish (HeftRecord *record, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise,
                                      HeftDataset *data, gsize chosen_layer, const char *words, GCancellable *cancellable,
                                      GError **error);

/* The first samples of @data of classes not yet shown, at most HEFT_MAPS_IMAGES, into @chosen; returns how many. */
gsize    heft_maps_choose_images (HeftDataset *data, gsize *chosen);

G_END_DECLS
