/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/code.h>

#include <math.h>

/* Sums are taken over blocks of this many weights, then over blocks: rounding grows with the root of neither. */
#define BLOCK 1024

/* v/lambda^2 - 1 - log (v/lambda^2) >= 0, from the logarithm's argument or from the logarithm itself. The comparison takes away
 * what rounding may leave below zero and lets NaN through. */
static inline double
spread_from_ratio (double ratio)
{
  double spread = (ratio - 1.0) - log (ratio);

  return spread < 0.0 ? 0.0 : spread;
}

static inline double
spread_from_log (double log_ratio)
{
  double spread = expm1 (log_ratio) - log_ratio;

  return spread < 0.0 ? 0.0 : spread;
}

double
heft_kl_gaussian_diagonal (const double *mean,
                           const double *variance,
                           const double *centre,
                           gsize         n,
                           double        lambda)
{
  double total = 0.0;

  g_return_val_if_fail (mean != NULL && variance != NULL && lambda > 0.0, INFINITY);

  for (gsize first = 0; first < n; first += BLOCK)
    {
      gsize end = MIN (first + BLOCK, n);
      double sum = 0.0;

      for (gsize i = first; i < end; i++)
        {
          double distance = (mean[i] - (centre != NULL ? centre[i] : 0.0)) / lambda;

          /* Divided twice: the square of the smallest or largest lambda must not leave the range of numbers. */
          sum += distance * distance + spread_from_ratio (variance[i] / lambda / lambda);
        }
      total += sum;
    }
  return 0.5 * total;
}

static double
layer_kl (const HeftLayer     *layer,
          double               lambda,
          const float         *centre,
          const HeftPosterior *posterior)
{
  const float *mean = posterior->mean + layer->offset;
  const float *log_deviation = posterior->log_deviation + layer->offset;
  double log_lambda = log (lambda), total = 0.0;

  for (gsize first = 0; first < layer->n_parameters; first += BLOCK)
    {
      gsize end = MIN (first + BLOCK, layer->n_parameters);
      double sum = 0.0;

      for (gsize i = first; i < end; i++)
        {
          double distance = ((double) mean[i] - (centre != NULL ? centre[layer->offset + i] : 0.0)) / lambda;

          sum += distance * distance + spread_from_log (2.0 * ((double) log_deviation[i] - log_lambda));
        }
      total += sum;
    }
  return 0.5 * total;
}

double
heft_code_kl (const HeftNetwork   *network,
              const HeftPrior     *prior,
              const HeftPosterior *posterior,
              double              *layers)
{
  double total = 0.0;

  g_return_val_if_fail (network != NULL && prior != NULL && posterior != NULL, INFINITY);
  g_return_val_if_fail (posterior->n == heft_network_get_n_parameters (network), INFINITY);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      double kl = INFINITY;

      if (posterior->kind != HEFT_POSTERIOR_DIRAC)
        kl = layer_kl (heft_network_get_weight_layer (network, l), heft_prior_get_lambda (prior, l),
                       heft_prior_get_centre (prior), posterior);
      if (layers != NULL)
        layers[l] = kl;
      total += kl;
    }
  return total;
}

double
heft_code_second_moment (const HeftNetwork   *network,
                         const HeftPrior     *prior,
                         const HeftPosterior *posterior,
                         gsize                layer_index)
{
  const HeftLayer *layer = heft_network_get_weight_layer (network, layer_index);
  const float *centre = heft_prior_get_centre (prior);
  double total = 0.0;

  g_return_val_if_fail (layer != NULL && posterior->n == heft_network_get_n_parameters (network), 0.0);

  for (gsize first = 0; first < layer->n_parameters; first += BLOCK)
    {
      gsize end = MIN (first + BLOCK, layer->n_parameters);
      double sum = 0.0;

      for (gsize i = layer->offset + first; i < layer->offset + end; i++)
        {
          double distance = (double) posterior->mean[i] - (centre != NULL ? centre[i] : 0.0);

          sum += distance * distance;
          if (posterior->log_deviation != NULL)
            sum += exp (2.0 * (double) posterior->log_deviation[i]);
        }
      total += sum;
    }
  return total / (double) layer->n_parameters;
}
