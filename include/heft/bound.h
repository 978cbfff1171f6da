/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/code.h>

G_BEGIN_DECLS

/*
 * PAC-Bayes, theory.md section 5: from the code's length KL(Q||P) to a bound on the risk of Q that holds with a stated probability over
 * the training sample. A risk lies in [0, 1].
 */

/* kl(q || p) of two Bernoulli parameters; safe at 0 and 1. */
double heft_binary_kl         (double q, double p);
/* sup { p >= q : kl(q || p) <= c }, in [q, 1]. */
double heft_binary_kl_inverse (double q, double c);

/* Each: FALSE with a sentence that names the condition that fails. A value above 1 is vacuous and reported as it is,
 * except that the kl bound never exceeds 1. */
gboolean heft_bound_pac_bayes_kl (double empirical, double kl, double n_samples, double delta, double *bound, GError **error);
gboolean heft_bound_mcallester   (double empirical, double kl, double n_samples, double delta, double *bound, GError **error);
gboolean heft_bound_lagrangian   (double empirical, double kl, double n_samples, double delta, double beta_pac,
                                  double *bound, GError **error);
/* What emp(Q) is at most, with probability 1 - @delta_draws, when @n_draws weight draws gave @empirical on average. */
gboolean heft_bound_draws        (double empirical, double n_draws, double delta_draws, double *bound, GError **error);

/**
 * HeftBoundKind:
 *
 * The bounds above, in the order in which they are listed everywhere.
 */
typedef enum
{
  HEFT_BOUND_PAC_BAYES_KL,
  HEFT_BOUND_MCALLESTER,
  HEFT_BOUND_LAGRANGIAN,
  HEFT_N_BOUNDS,
} HeftBoundKind;

const char *heft_bound_kind_name (HeftBoundKind kind);   /* "pac-bayes-kl", "mcallester", "lagrangian" */

/**
 * HEFT_SMALLEST_PROBABILITY:
 *
 * A usual p_min of the bounded cross-entropy, min (-log p, B) / B with B = log (1/p_min): a risk in [0, 1], differentiable where
 * p > p_min (Perez-Ortiz et al. 2021).
 */
#define HEFT_SMALLEST_PROBABILITY 1e-5

/* --- Certificates --------------------------------------------------------------------------------------------------- */

/**
 * HeftObstacle:
 *
 * What makes a number no bound, as flags.
 */
typedef enum
{
  HEFT_OBSTACLE_POINT         = 1 << 0,  /* Q is a Dirac: KL is infinite */
  HEFT_OBSTACLE_SCALE_FITTED  = 1 << 1,  /* P's scale minimises KL on the counted samples (empirical Bayes), unpaid */
  HEFT_OBSTACLE_PRIOR_MOVED   = 1 << 2,  /* P was changed after the samples had been seen, unpaid */
  HEFT_OBSTACLE_CENTRE_SAW    = 1 << 3,  /* P's centre was trained on samples that are counted */
  HEFT_OBSTACLE_SAMPLES_LEFT  = 1 << 4,  /* the empirical risk is not over all N samples */
  HEFT_OBSTACLE_BETA_CHOSEN   = 1 << 5,  /* the Lagrangian bound's beta was chosen on the samples, unpaid; no matter to the other two */
  HEFT_OBSTACLE_KL_ESTIMATED  = 1 << 6,  /* KL is a Monte Carlo estimate, which may lie below it */
  HEFT_OBSTACLE_DRAWS_STOPPED = 1 << 7,  /* how many weight draws there are was not fixed before they were seen */
} HeftObstacle;

/* The sentence for the first of @obstacles, translated; %NULL for none. */
const char *heft_obstacle_words (guint obstacles);

/**
 * HeftCertificate:
 * @n_samples: N, the samples the empirical risk is over
 * @empirical: mean risk over @n_draws weight draws
 * @n_draws: m; 0 if @empirical is exactly the expectation under Q
 * @kl: KL(Q||P), nats, or an upper bound on it
 * @scale_price: nats for each lambda, or p_min of a bounded cross-entropy, that was chosen on its grid (heft_lambda_grid_cost()), once for
 *   each number chosen, however many layers share it; 0 for what was fixed before the data
 * @beta_pac: of the Lagrangian bound; 0 leaves that out
 * @n_betas: candidates, fixed before the data, from which @beta_pac was chosen afterwards (each gets delta / n); 1 if it was fixed itself
 * @delta, @delta_draws: probability to fail, over the samples and over the draws
 * @obstacles: HeftObstacle flags known to whoever fills this in
 *
 * Everything a PAC-Bayes certificate is made of. With probability 1 - @delta - @delta_draws each bound holds; for all three at once the
 * same samples serve with three times @delta.
 */
typedef struct
{
  double n_samples, empirical, n_draws, kl, scale_price, beta_pac, n_betas, delta, delta_draws;
  guint  obstacles;
} HeftCertificate;

/* What the risk of Q on the samples is at most, given the draws; @empirical itself where n_draws is 0. */
gboolean heft_certificate_empirical (const HeftCertificate *self, double *empirical, GError **error);
/**
 * heft_certificate_bound:
 * @bound: (out): on the risk of Q; above 1 it is vacuous
 *
 * Returns: %FALSE with HEFT_ERROR_INVALID_PARAMETER and a sentence that begins "Not a valid bound:" and names the condition that fails
 */
gboolean heft_certificate_bound     (const HeftCertificate *self, HeftBoundKind kind, double *bound, GError **error);

/* Candidates for beta_PAC, fixed before any data: 0.6, and each half as large again. */
#define HEFT_N_BETA_CANDIDATES 16
/* Gives the Lagrangian bound the best of them, each at its share of delta: @beta_pac and @n_betas. */
void     heft_certificate_choose_beta (HeftCertificate *self);

/* --- Bounds as what training lowers ------------------------------------------------------------------------------------ */

typedef enum
{
  HEFT_OBJECTIVE_INFORMATION,    /* mean loss + beta KL, beta given */
  HEFT_OBJECTIVE_LAGRANGIAN,     /* the bounds, on the bounded cross-entropy */
  HEFT_OBJECTIVE_PAC_BAYES_KL,
  HEFT_OBJECTIVE_MCALLESTER,
} HeftObjective;

const char *heft_objective_name (HeftObjective objective);   /* "information", "lagrangian", "pac-bayes-kl", "mcallester" */

/**
 * heft_objective_beta:
 * @risk: bounded cross-entropy of Q on the samples, in [0, 1]
 * @largest_loss: B = log (1/p_min), the nats of cross-entropy that a risk of 1 stands for
 * @beta: of the Lagrangian bound, times N its beta_PAC; the other two have no use for it
 *
 * A bound B (risk, KL) has the gradient dB/drisk (grad risk + r grad KL), r = (dB/dKL) / (dB/drisk): along it Q moves as on an Information
 * Lagrangian whose beta is r B, nats of mean loss a nat of KL. For the kl bound, with p the bound itself,
 * r = 1 / (N log (p (1 - q) / (q (1 - p)))); for McAllester's r = 1 / (4 N sqrt ((KL + log (2 sqrt N/delta)) / (2N))); for the Lagrangian bound
 * beta_PAC / N.
 *
 * Returns: the beta that training has to use now. For HEFT_OBJECTIVE_INFORMATION @beta
 */
double heft_objective_beta (HeftObjective objective, double risk, double kl, double n_samples, double delta, double largest_loss,
                            double beta);

G_END_DECLS
