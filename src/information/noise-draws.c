/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>

#include "information/noise.h"
#include "linalg/linalg.h"

static void
draw_independent (const double *variance, gsize k, const double *mean, guint64 seed, guint64 draw, double *weights)
{
  heft_stream_normals_f64 (heft_stream (seed, HEFT_PURPOSE_PROBE, 1), draw, 0, k, weights);
  for (gsize q = 0; q < k; q++)
    weights[q] = mean[q] + sqrt (variance[q]) * weights[q];
}

/* Sigma = beta (L L^T)^-1, so that sqrt(beta) L^-T n has it: one triangular solution for all draws. Parameters of L are in reverse order. */
static void
draw_correlated (const HeftCorrelatedNoise *noise, HeftNetwork *network, const double *mean, guint64 seed, guint64 first, gsize n,
                 double *weights)
{
  const gsize k = noise->k;
  heft_aligned_autofree double *columns = heft_aligned_new (double, k * n);
  const double scale = sqrt (noise->beta);

  for (gsize r = 0; r < n; r++)
    {
      heft_stream_normals_f64 (heft_stream (seed, HEFT_PURPOSE_WEIGHT_DRAW, 0), first + r, 0, k, weights + r * k);
      for (gsize q = 0; q < k; q++)
        columns[q * n + r] = weights[r * k + q];
    }
  heft_triangular_solve (TRUE, k, noise->factor, n, columns);
  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      const gsize n_free = heft_layer_n_free_parameters (layer);

      for (gsize r = 0; r < n; r++)
        for (gsize i = 0; i < layer->n_parameters; i++)
          {
            const gsize q = layer->offset + i;

            weights[r * k + q] = mean[q] + (i < n_free ? scale * columns[(k - 1 - q) * n + r] : 0);
          }
    }
}

void
heft_noise_draw (const HeftWeightNoise *noise, HeftNetwork *network, const double *mean, guint64 seed, guint64 first, gsize n, double *weights)
{
  const gsize k = heft_network_get_n_parameters (network);
  const HeftStructuredNoise *blocks = noise->structured;

  if (noise->correlated != NULL)
    {
      draw_correlated (noise->correlated, network, mean, seed, first, n, weights);
      return;
    }
  for (gsize r = 0; r < n; r++)
    if (blocks != NULL)
      heft_curvature_posterior_draw (blocks->curvature, blocks->beta, blocks->lambda, mean, seed, first + r, weights + r * k);
    else
      draw_independent (noise->variance, k, mean, seed, first + r, weights + r * k);
}
