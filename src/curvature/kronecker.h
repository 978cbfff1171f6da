/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "curvature/chunk.h"
#include "curvature/slots.h"
#include "linalg/pool.h"

G_BEGIN_DECLS

/*
 * Means over samples that structured curvature is made of, one weight layer. Inputs a carry the bias's constant last: 1, or 0 where it is
 * fixed.
 * Dense: A = E[a a^T], G = E[sum_c delta_c delta_c^T]. Convolution, over its T output places (Grosse and Martens 2016):
 * A = E[sum_t a_t a_t^T], G = E[1/T sum_ct delta_ct delta_ct^T].
 * Second moments of the gradient turned into a basis: E[sum_c (U_A g_c U_G^T)_ij^2], g_c = sum_t a_t delta_ct^T.
 */
typedef struct
{
  gsize         n_inputs, n_outputs;               /* fan_in + 1, fan_out */
  double       *input, *output;                    /* A, G, both triangles; or NULL */
  double       *moments;                           /* n_inputs x n_outputs; or NULL */
  const double *input_vectors, *output_vectors;    /* for @moments: rows are the basis; NULL is the parameters' own */
} HeftKroneckerSums;

/* Whether the first weight layer is dense and sees the data themselves: its A then needs no pass. */
gboolean heft_kronecker_first_inputs_are_data (HeftNetwork *network);

/* Fills what is not NULL in @sums (one a weight layer) from the first @n samples. @n is at least 1. Where that is no more than such an
 * A, the network is not run and @weights are not read. @beside (or NULL) is one more slot, number 0, for one worker while the others
 * sum. */
gboolean heft_kronecker_f32_sums (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n, HeftFisherKind kind,
                                  guint64 seed, double temperature, HeftPool *pool, HeftKroneckerSums *sums, HeftSlotFunc beside,
                                  gpointer beside_data, GCancellable *cancellable, GError **error);
gboolean heft_kronecker_f64_sums (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n, HeftFisherKind kind,
                                  guint64 seed, double temperature, HeftPool *pool, HeftKroneckerSums *sums, HeftSlotFunc beside,
                                  gpointer beside_data, GCancellable *cancellable, GError **error);

G_END_DECLS
