/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/code.h>

#include "linalg/linalg.h"

#include <math.h>

#define CHUNK 1024   /* normals on the stack; any value gives the same bits */

HeftPosterior *
heft_posterior_new (HeftPosteriorKind kind,
                    gsize             n)
{
  HeftPosterior *self = g_new0 (HeftPosterior, 1);

  self->kind = kind;
  self->n = n;
  self->mean = heft_aligned_new (float, n);
  if (kind == HEFT_POSTERIOR_MEAN_FIELD)
    self->log_deviation = heft_aligned_new (float, n);
  return self;
}

HeftPosterior *
heft_posterior_new_low_rank (const HeftNetwork *network,
                             gsize              rank)
{
  HeftPosterior *self;

  g_return_val_if_fail (network != NULL && rank > 0 && rank <= HEFT_MAX_RANK, NULL);

  self = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));
  self->kind = HEFT_POSTERIOR_LOW_RANK;
  self->rank = rank;
  self->factors = heft_aligned_new (float, rank * self->n);
  self->n_layers = heft_network_get_n_weight_layers (network);
  self->offsets = g_new (gsize, self->n_layers + 1);
  for (gsize l = 0; l < self->n_layers; l++)
    self->offsets[l] = heft_network_get_weight_layer (network, l)->offset;
  self->offsets[self->n_layers] = self->n;
  return self;
}

HeftPosterior *
heft_posterior_copy (const HeftPosterior *self)
{
  HeftPosterior *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = heft_posterior_new (self->kind == HEFT_POSTERIOR_DIRAC ? HEFT_POSTERIOR_DIRAC : HEFT_POSTERIOR_MEAN_FIELD, self->n);
  copy->kind = self->kind;
  copy->rank = self->rank;
  copy->n_layers = self->n_layers;
  if (self->factors != NULL)
    {
      copy->factors = heft_aligned_new (float, self->rank * self->n);
      memcpy (copy->factors, self->factors, self->rank * self->n * sizeof *self->factors);
      copy->offsets = g_memdup2 (self->offsets, (self->n_layers + 1) * sizeof *self->offsets);
    }
  memcpy (copy->mean, self->mean, self->n * sizeof *self->mean);
  if (self->log_deviation != NULL)
    memcpy (copy->log_deviation, self->log_deviation, self->n * sizeof *self->log_deviation);
  return copy;
}

void
heft_posterior_free (HeftPosterior *self)
{
  if (self == NULL)
    return;

  heft_aligned_free (self->mean);
  heft_aligned_free (self->log_deviation);
  heft_aligned_free (self->factors);
  g_free (self->offsets);
  g_free (self);
}

/* The directions that weights of a layer share: z of layer l are elements l rank, ... of the stream. */
static void
add_directions (const HeftPosterior *self,
                guint64              seed,
                guint64              draw,
                float               *weights)
{
  const HeftStream stream = heft_stream (seed, HEFT_PURPOSE_WEIGHT_DRAW, 1);
  float z[HEFT_MAX_RANK];

  for (gsize l = 0; l < self->n_layers; l++)
    {
      const gsize first = self->offsets[l], count = self->offsets[l + 1] - first;

      heft_stream_normals_f32 (stream, draw, l * self->rank, self->rank, z);
      for (gsize j = 0; j < self->rank; j++)
        heft_axpy_f32 (count, z[j], self->factors + j * self->n + first, weights + first);
    }
}

void
heft_posterior_draw (const HeftPosterior *self,
                     guint64              seed,
                     guint64              draw,
                     float               *weights)
{
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_WEIGHT_DRAW, 0);
  float normals[CHUNK];

  g_return_if_fail (self != NULL && weights != NULL);

  if (self->kind == HEFT_POSTERIOR_DIRAC)
    {
      memcpy (weights, self->mean, self->n * sizeof *weights);
      return;
    }
  for (gsize first = 0; first < self->n; first += CHUNK)
    {
      gsize count = MIN (CHUNK, self->n - first);

      heft_stream_normals_f32 (stream, draw, first, count, normals);
      for (gsize i = 0; i < count; i++)
        weights[first + i] = self->mean[first + i] + expf (self->log_deviation[first + i]) * normals[i];
    }
  if (self->factors != NULL)
    add_directions (self, seed, draw, weights);
}

void
heft_posterior_variances (const HeftPosterior *self,
                          double              *variances)
{
  g_return_if_fail (self != NULL && variances != NULL);

  for (gsize i = 0; i < self->n; i++)
    variances[i] = self->log_deviation != NULL ? exp (2.0 * (double) self->log_deviation[i]) : 0.0;
  for (gsize j = 0; j < self->rank; j++)
    for (gsize i = 0; i < self->n; i++)
      variances[i] += (double) self->factors[j * self->n + i] * (double) self->factors[j * self->n + i];
}
