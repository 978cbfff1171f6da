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
heft_posterior_copy (const HeftPosterior *self)
{
  HeftPosterior *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = heft_posterior_new (self->kind, self->n);
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
  g_free (self);
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
}
