/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/code.h>

G_BEGIN_DECLS

/* Shannon's information between the weights and the dataset, theory.md section 4. All in nats. */

/**
 * HeftShannon:
 *
 * What was estimated from M datasets x S seeds, a Gaussian q_ds each, mean-field or low-rank. Q(w|D) is the mixture of a dataset's S Gaussians:
 * the seed is averaged inside it. "Per run" leaves it outside, one Gaussian a run, and so measures D and the seed together.
 *
 * For any prior, E_D KL(Q(w|D)||P) = E KL(q_ds||P) - I(w; seed|D), the first closed form, the second by weight draws; so every
 * number below that averages the seeds is the one per run minus @seed_entropy.
 *
 * Wherever a Gaussian is made from moments it is diagonal, also for low-rank q_ds, of which it takes the variances of single weights. Their KL from
 * any diagonal Gaussian is that of those variances plus what the weights of q_ds share, 1/2 (sum_i log Sigma_ii - log |Sigma|); log |Sigma| by the
 * matrix determinant lemma, densities by Woodbury's identity.
 *
 * - @expected_kl_fixed: against the P given.
 * - @expected_kl_adapted: against the best diagonal Gaussian for these M datasets, N(mean mu, mean[Sigma + (mu - mean)^2]). With all
 *   datasets in it (M towards infinity) an upper bound on I(w; D); with M of them too low, for the prior has seen the dataset it codes.
 * - @leave_one_out: the same with a prior made from the other M - 1 datasets: an upper bound on I(w; D) in expectation.
 * - @seed_entropy: I(w; seed|D) = I(w; D, seed) - I(w; D), by weight draws. At most log S: what S seeds can tell.
 * - @seed_entropy_gaussian: the same with each dataset's mixture replaced by the Gaussian of its moments: an upper bound, not held down
 *   by log S. 0 for a single seed, whose mixture is itself.
 * - @information_gaussian: KL of that Gaussian from the Gaussian of the other datasets: @per_run_leave_one_out - @seed_entropy_gaussian, for
 *   a Gaussian of moments takes its place exactly in a mean KL from any Gaussian. What is left for the dataset when the seeds count as
 *   one wide Gaussian; no bound, since S seeds make it too narrow or a single Gaussian too wide.
 * - @information_lower: KL of Q(w|D) from the mixture of all M of them, by weight draws. A lower bound on I(w; D) in expectation, at
 *   most log M (Poole et al. 2019).
 *
 * Errors are standard errors: of seed_entropy over weight draws, of the others over datasets.
 */
typedef struct
{
  gsize  n_datasets, n_seeds, n_parameters;      /* M, S, k */
  guint  n_draws;                                /* weight draws for each q_ds */
  double expected_kl_fixed, expected_kl_fixed_error;
  double expected_kl_adapted, expected_kl_adapted_error;
  double leave_one_out, leave_one_out_error;
  double seed_entropy, seed_entropy_error;
  double seed_entropy_gaussian;
  double information_gaussian;
  double information_lower, information_lower_error;
  double per_run_fixed, per_run_adapted, per_run_leave_one_out;
} HeftShannon;

/**
 * heft_shannon_estimate:
 * @posteriors: M x S mean-field or low-rank posteriors of one size, the latter of the same layers and of any rank, seed by seed within
 *   dataset by dataset
 * @kl_fixed: M x S, KL(q_ds||P) of each (heft_code_kl())
 * @n_datasets: M, at least 2
 * @n_seeds: S, at least 1
 * @seed: of the weight draws
 * @n_draws: weight draws for each posterior, at least 2
 *
 * Works through the weights block by block in double precision: k (1 + rank) (M S)^2 n_draws operations, and memory that does not grow with k.
 *
 * Returns: FALSE with @error where a posterior is a Dirac, sizes or layers differ, numbers are not finite, or it was cancelled
 */
gboolean heft_shannon_estimate (const HeftPosterior *const *posteriors, const double *kl_fixed, gsize n_datasets, gsize n_seeds,
                                guint64 seed, guint n_draws, GCancellable *cancellable, HeftShannon *shannon, GError **error);

/**
 * HeftShannonGrid:
 *
 * The same, exactly, for a weight that takes finitely many values: expected_kl = information + marginal_kl.
 */
typedef struct
{
  double expected_kl;      /* E_D KL(Q(w|D) || P) */
  double information;      /* I(w; D) = E_D KL(Q(w|D) || Qbar) */
  double marginal_kl;      /* KL(Qbar || P) */
} HeftShannonGrid;

/**
 * heft_shannon_grid:
 * @n_points: how many values the weight takes: a grid of any dimension, flattened
 * @weights: (nullable): M, the probability of each dataset; %NULL for equal ones
 * @posteriors: M x n_points, row d the masses of Q(w|D = d)
 * @prior: n_points, the masses of P
 * @marginal: (nullable): n_points, receives Qbar = E_D Q(w|D)
 *
 * Each of the three numbers is summed by itself, so that the identity is a check. Infinite KL where P excludes what Q uses.
 *
 * Returns: FALSE with @error where masses are negative, not finite or do not add up to 1
 */
gboolean heft_shannon_grid (gsize n_datasets, gsize n_points, const double *weights, const double *posteriors, const double *prior,
                            double *marginal, HeftShannonGrid *grid, GError **error);

/* Gibbs on the same grid: posterior = prior exp(-loss / beta) / Z, masses; and min C = -beta log Z as the value. Safe for any beta > 0. */
double   heft_gibbs_masses (gsize n_points, const double *prior, const double *loss, double beta, double *posterior);

G_END_DECLS
