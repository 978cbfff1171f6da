/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/dataset.h>
#include <heft/invariance.h>

#include "information/channel.h"
#include "information/moments.h"

G_BEGIN_DECLS

/*
 * HeftCorrelatedNoise:
 *
 * Weight noise Sigma* = beta (F + beta / lambda^2 I)^-1 of a whole network's dense Fisher, with all its correlations.
 */
typedef struct
{
  gsize         k;
  double        beta;
  const double *fisher;       /* k x k, borrowed */
  double       *factor;       /* Cholesky of F + beta / lambda^2 I, parameters in reverse order */
} HeftCorrelatedNoise;

/* @fisher (k x k) must stay. @self is zero or of the same k: its memory is used again. */
gboolean heft_correlated_noise_init  (HeftCorrelatedNoise *self, gsize k, const double *fisher, double beta, double lambda,
                                      GError **error);
void     heft_correlated_noise_clear (HeftCorrelatedNoise *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftCorrelatedNoise, heft_correlated_noise_clear)

/* What one layer sees of one input: a root R (channel->rank x d, may be changed) of F_{z|x} = R^T R. @printed: the trace of Prop. 3.2 as
 * printed, 1/beta tr Jx^T J F J^T Jx; NAN unless asked for. */
typedef gboolean (*HeftCorrelatedVisitor) (gsize layer, gsize n_active, const HeftChannel *channel, gsize d, double *root,
                                           double printed, gpointer user_data, GError **error);

/* Jacobians of every layer ("layers" of what activations see, see moments.h) at @input (d), one after the other, with respect to the input and
 * to all weights so far. HEFT_ERROR_TOO_LARGE where those would not fit the memory. */
gboolean heft_correlated_sweep (const HeftCorrelatedNoise *self, HeftNetwork *network, const double *weights, const double *input,
                                gboolean printed, HeftCorrelatedVisitor visitor, gpointer user_data, GError **error);

/* Any weight noise: one of the three. */
typedef struct
{
  const double              *variance;
  const HeftStructuredNoise *structured;
  const HeftCorrelatedNoise *correlated;
} HeftWeightNoise;

/* What it is called, "Sigma* of ...", and an estimator to first order that takes it, "first order, Sigma* of ...". */
const char        *heft_weight_noise_name  (const HeftWeightNoise *noise);
const char        *heft_weight_noise_words (const HeftWeightNoise *noise);

/* Draws @first .. @first + @n - 1 of N(@mean, Sigma) into @weights (n x k), without a bias that is fixed: purpose WEIGHT_DRAW, of independent
 * noise PROBE. A draw does not depend on how many are taken together, which is cheaper where the noise is correlated. */
void               heft_noise_draw         (const HeftWeightNoise *noise, HeftNetwork *network, const double *mean, guint64 seed, guint64 first,
                                            gsize n, double *weights);

/* Up to what size the matrices of a HeftSigmaStar are tried. Where memory does not hold them the next in the chain is taken all the same. */
typedef struct
{
  gsize  max_dense;         /* weights of the network whose whole Fisher is a matrix */
  double max_block_bytes;   /* of EKFAC's factors, bases and moments; 0 for any */
} HeftNoiseLimits;

/*
 * HeftSigmaStar:
 *
 * Sigma* = beta (F + beta / lambda^2 I)^-1 of a network, of the best Fisher there is: the whole one (@fisher), else EKFAC's blocks
 * (@blocks), else the diagonal (@diagonal), labels exact. What beta and lambda do not move is measured once.
 */
typedef struct
{
  HeftNetwork        *network;
  double             *fisher;               /* k x k, or NULL */
  HeftCurvature      *blocks, *diagonal;    /* or NULL */
  double              beta, lambda;         /* now */
  HeftCorrelatedNoise correlated;           /* of @fisher at them */
  HeftStructuredNoise structured;           /* of @blocks */
  double             *variance;             /* k, of @diagonal */
} HeftSigmaStar;

/* The first @n_samples (0: all). @self->beta is 0 until heft_sigma_star_set_price(). */
gboolean        heft_sigma_star_init         (HeftSigmaStar *self, HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                              const HeftNoiseLimits *limits, guint n_threads, GCancellable *cancellable, GError **error);
/* Those too where there is another, for who cannot use that. Blocks that do not fit stay NULL. */
gboolean        heft_sigma_star_add_blocks   (HeftSigmaStar *self, const double *weights, HeftDataset *data, gsize n_samples,
                                              const HeftNoiseLimits *limits, guint n_threads, GCancellable *cancellable, GError **error);
gboolean        heft_sigma_star_add_diagonal (HeftSigmaStar *self, const double *weights, HeftDataset *data, gsize n_samples, guint n_threads,
                                              GCancellable *cancellable, GError **error);
void            heft_sigma_star_clear        (HeftSigmaStar *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftSigmaStar, heft_sigma_star_clear)
gboolean        heft_sigma_star_set_price    (HeftSigmaStar *self, double beta, double lambda, GError **error);
/* The best there is, at the present price; points into @self. */
HeftWeightNoise heft_sigma_star_noise        (const HeftSigmaStar *self);
/* KL( N(@weights, Sigma*) || N(0, lambda^2 I) ) of that, in closed form; nats. */
double          heft_sigma_star_kl           (const HeftSigmaStar *self, const double *weights);

/* heft_moments_look() of all inputs with any noise. */
gboolean           heft_noise_look           (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *input,
                                              gsize layer, gsize *n_active, gsize *rank, double **root, GError **error);

/* heft_visibility_new(), heft_directions_new(), heft_plane_map() and heft_nuisance_table_new() with any noise. */
HeftVisibility    *heft_noise_visibility_new (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *input,
                                              gsize layer, GError **error);
HeftDirections    *heft_noise_directions_new (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *input,
                                              gsize layer, gsize n_most, const double *subspace, gsize n_subspace, gsize n_least,
                                              GError **error);
gboolean           heft_noise_plane_map      (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, gsize layer,
                                              double x0, double x1, double y0, double y1, gsize width, gsize height, double *trace,
                                              double *log_determinant, GCancellable *cancellable, GError **error);
HeftNuisanceTable *heft_noise_nuisances_new  (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                                              gsize n_samples, const HeftNuisance *nuisances, gsize n_nuisances,
                                              GCancellable *cancellable, GError **error);

G_END_DECLS
