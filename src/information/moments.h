/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/curvature.h>

#include "information/linearise.h"

G_BEGIN_DECLS

/* Weight noise that weights of a layer share: Sigma_l = beta (F_l + beta/lambda^2 I)^{-1} under a structured curvature. */
typedef struct
{
  const HeftCurvature *curvature;
  double               beta, lambda;
} HeftStructuredNoise;

/*
 * HeftMoments:
 *
 * What goes forward through a network at one input, to first order: tangents of the input, and the covariance that independent
 * noise in all weights so far makes. It starts at the input; heft_moments_advance() takes it through one operation after the other.
 * As long as outputs do not share noise (up to the second layer with weights) only the covariance's diagonal is held. Where more outputs
 * than HEFT_MOMENTS_MOST_ACTIVATIONS are still to come, as of convolutions, whose weights are few, a root of it is held instead, a row
 * for each weight so far. Inside a
 * residual block the covariance is that of what entered it and the outputs together, so that their sum at its end is exact.
 */
typedef struct
{
  HeftLinearisation *at;                 /* borrowed, as are the two below */
  const double      *weights, *variance; /* k each */
  const HeftStructuredNoise *structured; /* instead of @variance, or NULL */
  gsize              n;                  /* length of a state here (HeftLinearisation): what open residual blocks keep, then outputs */
  gsize              kept;               /* of it, what blocks keep */
  gsize              m;                  /* tangents */
  double            *tangents;           /* m x n; NULL for the unit vectors of the input */
  double            *covariance;         /* n x n, or NULL */
  double            *diagonal;           /* n: all there is of the covariance, or NULL */
  gsize              n_noise;
  double            *noise;              /* n_noise x n: a root, covariance = noise^T noise, or NULL */
  gssize             last_wide;          /* until here that root is held */
} HeftMoments;

/* A covariance of more activations would take more than 100 MB. */
#define HEFT_MOMENTS_MOST_ACTIVATIONS 4096

/* Eigenvalues of a covariance below this share of the largest carry no noise: propagated from layer to layer, the others are good to
 * some digits still. */
#define HEFT_MOMENTS_NOISELESS 1e-10

/* The failure where output @place is alive and has no noise; FALSE. */
gboolean heft_moments_refuse_noiseless (gsize place, GError **error);

/* @tangents: m x d, copied; or NULL for the d unit vectors, with which the tangents become the Jacobian, transposed. */
void     heft_moments_init    (HeftMoments *self, HeftLinearisation *at, const double *weights, const double *variance,
                               gsize m, const double *tangents);
void     heft_moments_clear   (HeftMoments *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftMoments, heft_moments_clear)
/* Through operation @i, which must be the next. */
void     heft_moments_advance (HeftMoments *self, gsize i);

/* With the activation @i before it is passed (or any operation just passed) as the observer: a root R of T F T^T, where T are the
 * tangents (m x d) and F = J^T Sigma^+ J is the Fisher information about the input, as (T F T^T) = R^T R, R @rank x m. Only outputs
 * that are alive count, @n_active of them. @root is allocated. */
gboolean heft_moments_root    (const HeftMoments *self, gsize i, gsize *n_active, gsize *rank, double **root, GError **error);

/* "Layers" of what activations see: after each activation, and the last operation. The operation of layer @layer. */
gsize    heft_moments_operation   (const HeftNetwork *network, gsize layer);
/* Which of the layers with weights operation @i is. */
gsize    heft_moments_weight_layer (const HeftNetwork *network, gsize i);
/* FALSE with HEFT_ERROR_TOO_LARGE where what goes forward up to operation @last, and inverting it there, would not fit the memory or
 * some seconds an input; with @matrix also where the covariance behind @last itself would not. */
gboolean heft_moments_check_sizes  (const HeftNetwork *network, gsize last, gboolean matrix, GError **error);
/* Multiplications and additions of going forward to @operation, and of inverting there. */
double   heft_moments_cost         (const HeftNetwork *network, gsize operation);
/* That failure; FALSE. */
gboolean heft_moments_refuse_size  (const HeftLayer *layer, gsize n, GError **error);
/* The covariance of the outputs alone (n - kept squared). */
void     heft_moments_write_covariance (const HeftMoments *self, double *covariance);

/* heft_moments_root() of one layer at @input (d), after everything before it; backwards from the layer (reverse.h) where that is
 * cheaper or the only way. @tangents may be NULL as in heft_moments_init(); @structured counts instead of @variance unless it is NULL. */
gboolean heft_moments_look    (HeftNetwork *network, const double *weights, const double *variance, const HeftStructuredNoise *structured,
                               const double *input, gsize layer, gsize m, const double *tangents, gsize *n_active, gsize *rank,
                               double **root, GError **error);

/* FALSE with HEFT_ERROR_TOO_LARGE where @layer can be looked at neither forwards nor backwards; and where any layer cannot. */
gboolean heft_moments_check_layer  (const HeftNetwork *network, gsize layer, gboolean structured, GError **error);
gboolean heft_moments_check_layers (const HeftNetwork *network, gboolean structured, GError **error);

/* Called for each layer in order; @noise_trace is tr Sigma_z; @root (rank x m) may be changed. */
typedef gboolean (*HeftMomentsVisitor) (gsize layer, gsize n_active, double noise_trace, gsize rank, gsize m, double *root,
                                        gpointer user_data, GError **error);
/* Takes moments through the whole network at @input (d), and calls @visitor at every layer; layers that are too far for that are looked
 * at backwards, and those that fail heft_moments_check_layer() left out. @structured, by Kronecker factors layer by layer, counts instead of @variance unless it is NULL. */
gboolean heft_moments_sweep   (HeftNetwork *network, const double *weights, const double *variance, const HeftStructuredNoise *structured,
                               const double *input, gsize m, const double *tangents, HeftMomentsVisitor visitor, gpointer user_data,
                               GError **error);

G_END_DECLS
