/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>

G_BEGIN_DECLS

typedef enum
{
  HEFT_PRIOR_ISOTROPIC,        /* N(0, lambda^2 I) */
  HEFT_PRIOR_PER_LAYER,        /* N(0, lambda_l^2 I) in layer l */
  HEFT_PRIOR_INIT_CENTRED,     /* N(w0, lambda^2 I) */
  HEFT_PRIOR_EMPIRICAL_BAYES,  /* N(w0, lambda_l^2 I), lambda_l^2 = E_Q |w_l - w0_l|^2 / k_l: chosen on the data */
} HeftPriorKind;

typedef enum
{
  HEFT_POSTERIOR_DIRAC,        /* all mass at the mean */
  HEFT_POSTERIOR_MEAN_FIELD,   /* N(mu, diag sigma^2) */
} HeftPosteriorKind;

/**
 * HeftPrior:
 *
 * The pre-distribution P: the code for the weights, chosen before the data (theory.md, section 1). Not a belief.
 */
typedef struct _HeftPrior HeftPrior;

/**
 * HEFT_LAMBDA_MINIMUM:
 *
 * The prior deviations that make sense in any arithmetic Heft does: heft_prior_new() refuses what lies outside,
 * the setters move it to the nearer end.
 */
#define HEFT_LAMBDA_MINIMUM 1e-9
#define HEFT_LAMBDA_MAXIMUM 1e9

/* @centre: k initial weights, copied; needed by the two centred kinds, ignored by the others. @lambdas: one a weight layer,
 * or %NULL to use @lambda in all. %NULL with a sentence where a lambda or the centre is missing or impossible. */
HeftPrior    *heft_prior_new         (HeftNetwork *network, HeftPriorKind kind, double lambda,
                                      const double *lambdas, const float *centre, GError **error);
HeftPrior    *heft_prior_copy        (const HeftPrior *self);
void          heft_prior_free        (HeftPrior *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftPrior, heft_prior_free)

HeftPriorKind heft_prior_get_kind    (const HeftPrior *self);
double        heft_prior_get_lambda  (const HeftPrior *self, gsize layer);
const float  *heft_prior_get_centre  (const HeftPrior *self);            /* k, or NULL for zero */
void          heft_prior_set_lambda  (HeftPrior *self, gsize layer, double lambda);
void          heft_prior_set_lambdas (HeftPrior *self, double lambda);   /* all layers */
/* Whether P was chosen without looking at the training data, so that a PAC-Bayes bound may use it as it is: not for the
 * empirical-Bayes kind, and no more once a lambda has been changed after heft_prior_new(), for what moved it had seen the run. */
gboolean      heft_prior_is_fixed    (const HeftPrior *self);

/**
 * heft_lambda_grid_round:
 * @c: upper end of the grid, above every lambda considered
 * @b: precision: neighbours differ by a factor exp(1/b)
 *
 * The grid lambda = c exp(-j/b), j = 1, 2, ..., fixed before the data, on which a lambda may be chosen afterwards if
 * heft_lambda_grid_cost() is added to KL (Langford and Caruana 2001; Dziugaite and Roy 2017; theory.md section 1).
 *
 * Returns: the grid's value nearest to @lambda on the log scale
 */
double heft_lambda_grid_round (double lambda, double c, double b);
/* 2 log(b log(c/lambda)) + log(pi^2/6) nats for a @lambda of the grid: the union bound's price. Once for each lambda chosen. */
double heft_lambda_grid_cost  (double lambda, double c, double b);

/**
 * HeftPosterior:
 *
 * The post-distribution Q(w|D), as plain vectors: @mean (k) and, for mean-field, @log_deviation (k), the logarithm of
 * sigma. The weights' layout is HeftNetwork's.
 */
typedef struct
{
  HeftPosteriorKind kind;
  gsize             n;               /* k */
  float            *mean;
  float            *log_deviation;   /* NULL for Dirac */
} HeftPosterior;

HeftPosterior *heft_posterior_new  (HeftPosteriorKind kind, gsize n);
HeftPosterior *heft_posterior_copy (const HeftPosterior *self);
void           heft_posterior_free (HeftPosterior *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftPosterior, heft_posterior_free)
/* One draw w ~ Q into @weights (k). Purpose WEIGHT_DRAW; @draw numbers the draws. Dirac copies the mean. */
void           heft_posterior_draw (const HeftPosterior *self, guint64 seed, guint64 draw, float *weights);

/**
 * heft_kl_gaussian_diagonal:
 *
 * KL( N(mu, diag variance) || N(m, lambda^2 I) ) in nats, theory.md section 1:
 * 1/2 [ (sum variance + |mu - m|^2) / lambda^2 - k + k log lambda^2 - sum log variance ].
 * @centre may be NULL for zero. In double precision, blockwise, and weight by weight in a form whose terms are never negative, so
 * that nothing cancels however large or small @lambda is. Infinite where a variance is 0.
 */
double heft_kl_gaussian_diagonal (const double *mean, const double *variance, const double *centre,
                                  gsize n, double lambda);

/* KL(Q||P) in nats, of each weight layer into @layers (may be NULL) and in all as the value. Infinite for a Dirac. */
double heft_code_kl (const HeftNetwork *network, const HeftPrior *prior, const HeftPosterior *posterior,
                     double *layers);
/* E_Q |w_l - centre_l|^2 / k_l, the square of the empirical-Bayes lambda of layer @layer. */
double heft_code_second_moment (const HeftNetwork *network, const HeftPrior *prior,
                                const HeftPosterior *posterior, gsize layer);

G_END_DECLS
