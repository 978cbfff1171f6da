/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/shannon.h>

G_BEGIN_DECLS

/* A learner so small that Shannon's information is a sum: one weight w, which lands heads with probability sin^2 w. A dataset is N tosses
 * of a coin whose own rate differs from dataset to dataset; the loss is the mean cross-entropy -f log sin^2 w - (1 - f) log cos^2 w, f
 * the share of heads, so that the number of heads k says all about a dataset. The minima are w* = +-arcsin sqrt f: two of them, equal,
 * unless the weight is kept from being negative. The Fisher information of a sample is 4 at every w. */

/* Of them in [-pi/2, pi/2], or half as many in [0, pi/2]: the weight takes the values at the middles of equal cells. */
#define HEFT_COINS_POINTS 512

typedef struct
{
  gsize    n_samples;      /* N */
  double   rate, spread;   /* of a coin's rate: its mean, and the correlation of two tosses of one coin (a beta distribution) */
  double   centre, lambda; /* P: a normal distribution, cut to the values that the weight takes */
  gboolean redundant;      /* whether w may be negative */
} HeftCoinTask;

typedef struct
{
  HeftCoinTask task;
  gsize   n_points, n_negative;   /* values of the weight, and how many of them are negative */
  double  cell;                   /* between neighbours */
  double *grid, *prior;           /* n_points: w, and the masses of P */
  double *loss_heads, *loss_tails;/* n_points: -log sin^2 w and -log cos^2 w */
  double *chances;                /* N + 1: of k heads */
  double  data_entropy;           /* H(k) */
} HeftCoins;

/* A normal distribution cut to the weight's values: masses proportional to exp (slope d - precision d^2 / 2), d = w - origin. */
typedef struct
{
  double origin, slope, precision, log_normaliser;
} HeftCoinNormal;

/* All about one beta; nats. The estimates of heft_shannon_estimate() have the same names. */
typedef struct
{
  double  beta;
  double *posteriors;             /* (N + 1) x n_points: Gibbs, the masses of Q(w|k) */
  double *marginal;               /* n_points: Qbar */
  double *minus_entropy;          /* N + 1: sum of q log q */
  double *kl, *mean, *variance;   /* N + 1: of Q(w|k): KL from P and moments */
  HeftShannonGrid exact;
  double  seed_entropy;           /* which of the two minima, given the dataset */
  HeftCoinNormal adapted;         /* the best of the cut normal distributions for Qbar; P is one of them */
  double  expected_kl_adapted;    /* from it */
  double  fisher_information;     /* to first order, by the Fisher information that w carries about k: not clipped */
} HeftCoinCodes;

typedef struct
{
  double expected_kl_fixed, expected_kl_adapted, leave_one_out, information_lower;
} HeftCoinEstimate;

HeftCoins     *heft_coins_new        (const HeftCoinTask *task);
void           heft_coins_free       (HeftCoins *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftCoins, heft_coins_free)

HeftCoinCodes *heft_coin_codes_new   (const HeftCoins *coins, double beta, GError **error);
void           heft_coin_codes_free  (HeftCoinCodes *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftCoinCodes, heft_coin_codes_free)

void           heft_coins_masses     (const HeftCoins *coins, const HeftCoinNormal *normal, double *masses);
/* I(w; D, seed): expected KL of the codes from Qbar where the seed, which picks a minimum by its mass, is part of the dataset. */
gboolean       heft_coins_per_run    (const HeftCoins *coins, const HeftCoinCodes *codes, double *information, GError **error);
/* What @n_datasets datasets say, drawn under @seed as sample @sample: each number from these alone. At least 2. */
void           heft_coins_estimate   (const HeftCoins *coins, const HeftCoinCodes *codes, guint64 seed, guint sample, gsize n_datasets,
                                      HeftCoinEstimate *estimate);

G_END_DECLS
