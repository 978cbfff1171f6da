/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/code.h>

#include <math.h>

#include "linalg/linalg.h"

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

/* Of the means and of the part of the variance that is diagonal. */
static double
diagonal_kl (const HeftLayer     *layer,
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

/* sum_i x_i y_i / scale_i^2, the scale given by its logarithm, or 1. */
static double
scaled_product (const float *x,
                const float *y,
                const float *log_scale,
                gsize        n)
{
  double total = 0.0;

  for (gsize first = 0; first < n; first += BLOCK)
    {
      double sum = 0.0;

      for (gsize i = first; i < MIN (first + BLOCK, n); i++)
        sum += (double) x[i] * (double) y[i] * (log_scale != NULL ? exp (-2.0 * (double) log_scale[i]) : 1.0);
      total += sum;
    }
  return total;
}

/* log |I + V^T diag(1/sigma^2) V| of one layer: what the determinant of Q's covariance has beyond its diagonal (Sylvester). */
static double
factors_log_determinant (const HeftLayer     *layer,
                         const HeftPosterior *posterior)
{
  const gsize r = posterior->rank;
  double gram[HEFT_MAX_RANK * HEFT_MAX_RANK];

  for (gsize i = 0; i < r; i++)
    for (gsize j = 0; j <= i; j++)
      gram[i * r + j] = (i == j) + scaled_product (posterior->factors + i * posterior->n + layer->offset,
                                                   posterior->factors + j * posterior->n + layer->offset,
                                                   posterior->log_deviation + layer->offset, layer->n_parameters);
  /* The identity plus a Gram matrix; only numbers that are not finite can fail. */
  if (!heft_cholesky_factor (r, gram, NULL))
    return NAN;
  return heft_cholesky_log_determinant (r, gram);
}

static double
layer_kl (const HeftLayer     *layer,
          double               lambda,
          const float         *centre,
          const HeftPosterior *posterior)
{
  double kl = diagonal_kl (layer, lambda, centre, posterior), squares = 0.0;

  if (posterior->kind != HEFT_POSTERIOR_LOW_RANK)
    return kl;
  for (gsize j = 0; j < posterior->rank; j++)
    {
      const float *factor = posterior->factors + j * posterior->n + layer->offset;

      squares += scaled_product (factor, factor, NULL, layer->n_parameters);
    }
  return kl + 0.5 * (squares / lambda / lambda - factors_log_determinant (layer, posterior));
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

  if (heft_prior_get_kind (prior) == HEFT_PRIOR_SCALE_MIXTURE)
    return heft_code_kl_sampled (network, prior, posterior, 0, 0, HEFT_KL_DRAWS, layers, NULL);
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

/* --- By draws ------------------------------------------------------------------------------------------------------- */

/* Of the density of a layer's weights under Q, in nats. */
static double
layer_entropy (const HeftLayer     *layer,
               const HeftPosterior *posterior)
{
  double total = 0.5 * (double) layer->n_parameters * (1.0 + log (2.0 * G_PI));

  for (gsize first = 0; first < layer->n_parameters; first += BLOCK)
    {
      double sum = 0.0;

      for (gsize i = first; i < MIN (first + BLOCK, layer->n_parameters); i++)
        sum += (double) posterior->log_deviation[layer->offset + i];
      total += sum;
    }
  return posterior->kind == HEFT_POSTERIOR_LOW_RANK ? total + 0.5 * factors_log_determinant (layer, posterior) : total;
}

/* -log P of a layer's weights. */
static double
layer_cost (const HeftPrior *prior,
            const HeftLayer *layer,
            gsize            index,
            const float     *weights)
{
  double total = 0.0;

  for (gsize first = layer->offset; first < layer->offset + layer->n_parameters; first += BLOCK)
    {
      double sum = 0.0;

      for (gsize i = first; i < MIN (first + BLOCK, layer->offset + layer->n_parameters); i++)
        sum += heft_prior_cost (prior, index, i, (double) weights[i]);
      total += sum;
    }
  return total;
}

double
heft_code_kl_sampled (const HeftNetwork   *network,
                      const HeftPrior     *prior,
                      const HeftPosterior *posterior,
                      guint64              seed,
                      guint64              first_draw,
                      guint                n_draws,
                      double              *layers,
                      double              *standard_error)
{
  const gsize n_layers = heft_network_get_n_weight_layers (network);
  g_autofree double *costs = g_new0 (double, n_layers);
  heft_aligned_autofree float *weights = heft_aligned_new (float, posterior->n);
  double mean = 0.0, square = 0.0, total = 0.0;
  const gboolean dirac = posterior->kind == HEFT_POSTERIOR_DIRAC;

  g_return_val_if_fail (posterior->n == heft_network_get_n_parameters (network) && n_draws > 0, INFINITY);

  for (guint draw = 0; draw < n_draws && !dirac; draw++)
    {
      double sum = 0.0, difference;

      heft_posterior_draw (posterior, seed, first_draw + draw, weights);
      for (gsize l = 0; l < n_layers; l++)
        {
          const double cost = layer_cost (prior, heft_network_get_weight_layer (network, l), l, weights);

          costs[l] += cost / n_draws;
          sum += cost;
        }
      difference = sum - mean;
      mean += difference / (draw + 1);
      square += difference * (sum - mean);
    }
  for (gsize l = 0; l < n_layers; l++)
    {
      const double kl = dirac ? INFINITY : costs[l] - layer_entropy (heft_network_get_weight_layer (network, l), posterior);

      if (layers != NULL)
        layers[l] = kl;
      total += kl;
    }
  if (standard_error != NULL)
    *standard_error = n_draws > 1 ? sqrt (square / (n_draws - 1) / n_draws) : 0.0;
  return total;
}

/* --- Bounds ---------------------------------------------------------------------------------------------------------- */

/* KL of one weight against N(0, lambda^2). */
static double
weight_kl (double mean,
           double log_deviation,
           double lambda)
{
  const double distance = mean / lambda;

  return 0.5 * (distance * distance + spread_from_log (2.0 * (log_deviation - log (lambda))));
}

double
heft_code_kl_bound (const HeftNetwork   *network,
                    const HeftPrior     *prior,
                    const HeftPosterior *posterior)
{
  double share, lambda2, total = 0.0;

  if (!heft_prior_get_mixture (prior, &share, &lambda2))
    return heft_code_kl (network, prior, posterior, NULL);
  if (posterior->kind != HEFT_POSTERIOR_MEAN_FIELD)
    return INFINITY;
  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      const double lambda = heft_prior_get_lambda (prior, l);
      double sum = 0.0;

      for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
        {
          const double mean = (double) posterior->mean[i], s = (double) posterior->log_deviation[i];
          const double first = weight_kl (mean, s, lambda) - log (share), second = weight_kl (mean, s, lambda2) - log1p (-share);
          const double low = MIN (first, second);

          sum += low - log (exp (low - first) + exp (low - second));
        }
      total += sum;
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
          for (gsize j = 0; j < posterior->rank; j++)
            sum += pow ((double) posterior->factors[j * posterior->n + i], 2.0);
        }
      total += sum;
    }
  return total / (double) layer->n_parameters;
}
