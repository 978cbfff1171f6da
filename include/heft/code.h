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
  HEFT_PRIOR_SCALE_MIXTURE,    /* pi N(0, lambda^2) + (1 - pi) N(0, lambda_2^2), each weight by itself (Blundell et al. 2015) */
  HEFT_PRIOR_DATA_DEPENDENT,   /* N(c, lambda^2 I), c trained on samples that are counted nowhere else */
} HeftPriorKind;

typedef enum
{
  HEFT_POSTERIOR_DIRAC,        /* all mass at the mean */
  HEFT_POSTERIOR_MEAN_FIELD,   /* N(mu, diag sigma^2) */
  HEFT_POSTERIOR_LOW_RANK,     /* N(mu, diag sigma^2 + V V^T), V block-diagonal over the layers with weights */
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

/* @centre: k weights, copied; needed by the centred kinds (the initial weights, or those trained on the held-apart samples),
 * ignored by the others. @lambdas: one a weight layer, or %NULL to use @lambda in all. %NULL with a sentence where a lambda or the
 * centre is missing or impossible. A scale mixture comes from heft_prior_new_mixture(). */
HeftPrior    *heft_prior_new         (HeftNetwork *network, HeftPriorKind kind, double lambda,
                                      const double *lambdas, const float *centre, GError **error);
/* Two components of zero mean, of deviation @lambda with the share @weight (pi, inside 0..1), and of deviation @lambda2. */
HeftPrior    *heft_prior_new_mixture (HeftNetwork *network, double weight, double lambda, double lambda2, GError **error);
HeftPrior    *heft_prior_copy        (const HeftPrior *self);
void          heft_prior_free        (HeftPrior *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftPrior, heft_prior_free)

HeftPriorKind heft_prior_get_kind    (const HeftPrior *self);
double        heft_prior_get_lambda  (const HeftPrior *self, gsize layer);
const float  *heft_prior_get_centre  (const HeftPrior *self);            /* k, or NULL for zero */
/* FALSE for a prior that is no mixture. */
gboolean      heft_prior_get_mixture (const HeftPrior *self, double *weight, double *lambda2);
/* -log of P's density, in nats, where weight @i (of all), one of @layer, has the value @weight. */
double        heft_prior_cost        (const HeftPrior *self, gsize layer, gsize i, double weight);
void          heft_prior_set_lambda  (HeftPrior *self, gsize layer, double lambda);
void          heft_prior_set_lambdas (HeftPrior *self, double lambda);   /* all layers */
/* Whether P was chosen without looking at the training data, so that a PAC-Bayes bound may use it as it is: not for the
 * empirical-Bayes kind, and no more once a lambda has been changed after heft_prior_new(), for what moved it had seen the run. */
gboolean      heft_prior_is_fixed    (const HeftPrior *self);

/* Everything about P, bit for bit, as a dictionary (transfer full); and back: %NULL with HEFT_ERROR_INVALID_DATA where it is not one
 * of this network's. */
GVariant     *heft_prior_get_state      (const HeftPrior *self);
HeftPrior    *heft_prior_new_from_state (HeftNetwork *network, GVariant *state, GError **error);

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
/* 2 log(b log(c/lambda)) + log(pi^2/6) nats for a @lambda of the grid: the union bound's price. Once for each lambda chosen, which is once
 * where all layers share one. */
double heft_lambda_grid_cost  (double lambda, double c, double b);

/**
 * HeftPosterior:
 *
 * The post-distribution Q(w|D), as plain vectors: @mean (k) and, unless it is a point, @log_deviation (k), the logarithm of
 * sigma. The weights' layout is HeftNetwork's. A low-rank posterior has @rank further directions in every layer with weights: a draw is
 * w = mean + sigma eps + sum_j z_j v_j, with eps standard normal for each weight and z_j for each layer. v_j is @factors + j k, its
 * parts the layers' own: block-diagonal, so that KL is still a sum over layers.
 */
typedef struct
{
  HeftPosteriorKind kind;
  gsize             n;               /* k */
  float            *mean;
  float            *log_deviation;   /* NULL for Dirac */
  gsize             rank;            /* 0 but for LOW_RANK */
  float            *factors;         /* rank x k, or NULL */
  gsize             n_layers;        /* 0 but for LOW_RANK */
  gsize            *offsets;         /* n_layers + 1: where each layer's weights begin, and k */
} HeftPosterior;

/* The most directions a layer may have. */
#define HEFT_MAX_RANK 16

/* Dirac or mean-field. */
HeftPosterior *heft_posterior_new  (HeftPosteriorKind kind, gsize n);
/* @rank: 1 .. HEFT_MAX_RANK. All of V is zero. */
HeftPosterior *heft_posterior_new_low_rank (const HeftNetwork *network, gsize rank);
HeftPosterior *heft_posterior_copy (const HeftPosterior *self);
void           heft_posterior_free (HeftPosterior *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftPosterior, heft_posterior_free)
/* The same for Q. */
GVariant      *heft_posterior_get_state      (const HeftPosterior *self);
HeftPosterior *heft_posterior_new_from_state (const HeftNetwork *network, GVariant *state, GError **error);
/* One draw w ~ Q into @weights (k). Purpose WEIGHT_DRAW; @draw numbers the draws. Dirac copies the mean. */
void           heft_posterior_draw (const HeftPosterior *self, guint64 seed, guint64 draw, float *weights);
/* The variance of each weight by itself into @variances (k): sigma^2, and the squares of its row of V. Zero for a Dirac. */
void           heft_posterior_variances (const HeftPosterior *self, double *variances);

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

/**
 * heft_code_kl:
 * @layers: (out) (optional): of each weight layer
 *
 * KL(Q||P) in nats. Infinite for a Dirac. Exact, in closed form, between Gaussians; for a low-rank Q
 * 1/2 [ (sum (sigma^2 + |V_i|^2) + |mu - m|^2) / lambda^2 - k + k log lambda^2 - sum log sigma^2 - log |I + V^T diag(1/sigma^2) V| ],
 * the determinant of a rank x rank matrix a layer. Against a scale mixture there is no closed form: then it is the estimate of
 * heft_code_kl_sampled() by HEFT_KL_DRAWS draws under seed 0, the same number at every call.
 */
double heft_code_kl (const HeftNetwork *network, const HeftPrior *prior, const HeftPosterior *posterior,
                     double *layers);
#define HEFT_KL_DRAWS 16
/**
 * heft_code_kl_sampled:
 * @layers: (out) (optional): of each weight layer
 * @standard_error: (out) (optional): of the value, over the draws; 0 for one draw
 *
 * KL(Q||P) with the entropy of Q in closed form and E_Q[-log P] as the mean over weight draws @first_draw, ... of purpose WEIGHT_DRAW: unbiased
 * for every prior, the only way for a scale mixture. Infinite for a Dirac.
 */
double heft_code_kl_sampled (const HeftNetwork *network, const HeftPrior *prior, const HeftPosterior *posterior,
                             guint64 seed, guint64 first_draw, guint n_draws, double *layers, double *standard_error);
/* Never below KL(Q||P), and in closed form also where P is a scale mixture and Q mean-field: there, weight by weight, the convexity bound
 * -log (pi exp(-KL(q||P_1)) + (1 - pi) exp(-KL(q||P_2))), for certificates. Infinite for a low-rank Q against a mixture. */
double heft_code_kl_bound (const HeftNetwork *network, const HeftPrior *prior, const HeftPosterior *posterior);
/* E_Q |w_l - centre_l|^2 / k_l, the square of the empirical-Bayes lambda of layer @layer. */
double heft_code_second_moment (const HeftNetwork *network, const HeftPrior *prior,
                                const HeftPosterior *posterior, gsize layer);

G_END_DECLS
