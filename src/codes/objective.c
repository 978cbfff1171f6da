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

double
heft_objective_beta (HeftObjective objective, double risk, double kl, double n_samples, double delta, double beta)
{
  double complexity = (MAX (kl, 0) + G_LN2 + 0.5 * log (n_samples) - log (delta)) / n_samples;
  double q = CLAMP (risk, SMALLEST_COUNT / n_samples, 1 - SMALLEST_COUNT / n_samples);
  double ratio, bound;

  switch (objective)
    {
    case HEFT_OBJECTIVE_PAC_BAYES_KL:
      bound = heft_binary_kl_inverse (q, complexity);
      /* Where rounding puts the bound at 1 its derivative is that of the largest number below. */
      bound = MIN (bound, 1 - 0x1p-53);
      ratio = 1 / (n_samples * (log (bound / q) + log1p (-q) - log1p (-bound)));
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
  return ratio * HEFT_LARGEST_BOUNDED_LOSS;
}
