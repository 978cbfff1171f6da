/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include <heft/bound.h>

/* A risk of 0 would make KL infinitely cheap beside it: no fewer errors than a fraction of one sample are believed. */
#define SMALLEST_COUNT 0.01

const char *
heft_objective_name (HeftObjective objective)
{
  static const char *const names[] = { "information", "lagrangian", "pac-bayes-kl", "mcallester" };

  return names[objective];
}

/* log [p (1-q) / (q (1-p))] at the p > q with kl(q||p) = c. */
static double
log_odds_ratio (double q, double c)
{
  double p = heft_binary_kl_inverse (q, c);

  /* Where p has run into 1, kl(q||p) = -(1-q) log (1-p) - H(q) up to what p lacks. */
  if (p > 1 - 1e-10)
    return log1p (-q) - log (q) + (c - q * log (q) - (1 - q) * log1p (-q)) / (1 - q);
  return log (p / q) + log1p (-q) - log1p (-p);
}

double
heft_objective_beta (HeftObjective objective, double risk, double kl, double n_samples, double delta, double largest_loss,
                     double beta)
{
  double complexity = (MAX (kl, 0) + G_LN2 + 0.5 * log (n_samples) - log (delta)) / n_samples;
  double q = CLAMP (risk, SMALLEST_COUNT / n_samples, 1 - SMALLEST_COUNT / n_samples);
  double ratio;

  switch (objective)
    {
    case HEFT_OBJECTIVE_PAC_BAYES_KL:
      ratio = 1 / n_samples / log_odds_ratio (q, complexity);
      break;
    case HEFT_OBJECTIVE_MCALLESTER:
      ratio = 1 / (4 * n_samples * sqrt (complexity / 2));
      break;
    case HEFT_OBJECTIVE_LAGRANGIAN:
      ratio = beta;
      break;
    case HEFT_OBJECTIVE_INFORMATION:
    default:
      return beta;
    }
  return ratio * largest_loss;
}
