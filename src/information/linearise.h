/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>
#include <heft/pass.h>

G_BEGIN_DECLS

/*
 * HeftLinearisation:
 *
 * The derivative of every operation of a network at one input, applied to many tangents at once: what propagates Jacobians
 * and covariances forward. In double precision.
 *
 * Inside a residual block what entered it is needed until its end. So a tangent behind an operation is a state: what entered each
 * open block, heft_linearisation_kept() numbers in all, and then the operation's own outputs. Outside of blocks there are only these.
 */
typedef struct
{
  HeftNetwork *network;
  HeftPassF64 *pass;
  guint32    **winners;    /* of MAX_POOL operations */
  gsize       *kept;       /* behind each operation */
  double      *columns;    /* of one image */
} HeftLinearisation;

/* @input and @weights must stay. */
HeftLinearisation *heft_linearisation_new  (HeftNetwork *network, const double *weights, const double *input);
void               heft_linearisation_free (HeftLinearisation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftLinearisation, heft_linearisation_free)

/* Number of outputs of operation @i; of the inputs where i = -1. */
gsize heft_linearisation_size (const HeftLinearisation *self, int i);

/* The numbers in front of them in a state behind operation @i, and the length of the state. */
gsize heft_linearisation_kept       (const HeftLinearisation *self, int i);
gsize heft_linearisation_state_size (const HeftLinearisation *self, int i);

/* The derivative of operation @i with respect to what enters it, applied to @m states (rows): m x state_size(i-1) into
 * m x state_size(i). */
void  heft_linearisation_apply (HeftLinearisation *self, const double *weights, gsize i, gsize m, const double *in,
                                double *out);

/* @slopes (size(i)): the derivatives of the activation @i. */
void  heft_linearisation_slopes (HeftLinearisation *self, gsize i, double *slopes);

/* Adds the covariance that noise of variance @variance (its block of the weights: n_parameters) in the weights of operation @i
 * makes at its output to @covariance (state_size(i) x state_size(i)). */
void  heft_linearisation_add_noise (HeftLinearisation *self, gsize i, const double *variance, double *covariance);

/* The same of a dense layer, whose outputs share no noise: the variances alone, added to diagonal[j * stride]. */
void  heft_linearisation_add_noise_diagonal (HeftLinearisation *self, gsize i, const double *variance, gsize stride,
                                             double *diagonal);

/* Rows of the Jacobian of operation @i's output with respect to its own weights, transposed: row q (of n_parameters) is what a
 * unit change of weight q does to the state: n_parameters x state_size(i). */
void  heft_linearisation_weight_rows (HeftLinearisation *self, gsize i, double *rows);

G_END_DECLS
