/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>

#include <heft/trainer.h>

#include "information/certifier.h"
#include "linalg/linalg.h"

/* Draws that are taken together. */
#define BLOCK 64

struct _HeftCertifier
{
  HeftNetwork    *network;
  const double   *weights;
  HeftWeightNoise noise;
  guint64         seed, first;       /* first: of the block */
  gsize           k;
  double         *block;             /* BLOCK x k, where one solution serves them all; else NULL */
  HeftDraws      *draws;
  HeftNoiseRisk   risk;
  double          error_square, loss_square;   /* sums of squared deviations */
};

/* On a worker. */
static void
draw_weights (guint64 draw, float *weights, gpointer user_data)
{
  const HeftCertifier *self = user_data;
  heft_aligned_autofree double *own = NULL;
  const double *row;

  if (self->block != NULL)
    row = self->block + (draw - self->first) * self->k;
  else
    {
      row = own = heft_aligned_new (double, self->k);
      heft_noise_draw (&self->noise, self->network, self->weights, self->seed, draw, 1, own);
    }
  for (gsize q = 0; q < self->k; q++)
    weights[q] = (float) row[q];
}

HeftCertifier *
heft_certifier_new (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data, gsize draw_samples,
                    guint64 seed, guint n_threads)
{
  HeftCertifier *self = g_new0 (HeftCertifier, 1);

  self->network = heft_network_ref (network);
  self->weights = weights;
  self->noise = *noise;
  self->seed = seed;
  self->k = heft_network_get_n_parameters (network);
  if (noise->correlated != NULL)
    self->block = heft_aligned_new (double, BLOCK * self->k);
  /* Of the two risks only the error is asked for; a bounded cross-entropy needs some bound. */
  self->draws = heft_draws_new_from (network, draw_weights, self, data, draw_samples, seed, log (1 / HEFT_SMALLEST_PROBABILITY), n_threads);
  return self;
}

void
heft_certifier_free (HeftCertifier *self)
{
  if (self == NULL)
    return;
  heft_draws_free (self->draws);
  heft_network_unref (self->network);
  heft_aligned_free (self->block);
  g_free (self);
}

/* Welford's mean and sum of squares. */
static void
add (double value, double n, double *mean, double *square)
{
  double difference = value - *mean;

  *mean += difference / n;
  *square += difference * (value - *mean);
}

gboolean
heft_certifier_take (HeftCertifier *self, gsize n, GCancellable *cancellable, GError **error)
{
  while (n > 0)
    {
      guint size = (guint) MIN (n, BLOCK);
      HeftDraw draws[BLOCK];

      self->first = self->risk.n_draws;
      if (self->block != NULL)
        heft_noise_draw (&self->noise, self->network, self->weights, self->seed, self->first, size, self->block);
      if (!heft_draws_take (self->draws, self->first, size, draws, cancellable, error))
        return FALSE;
      for (guint i = 0; i < size; i++)
        {
          double count = (double) ++self->risk.n_draws;

          add (draws[i].error, count, &self->risk.error, &self->error_square);
          add (draws[i].loss, count, &self->risk.loss, &self->loss_square);
        }
      n -= size;
    }
  return TRUE;
}

HeftNoiseRisk
heft_certifier_risk (const HeftCertifier *self)
{
  HeftNoiseRisk risk = self->risk;
  double n = (double) risk.n_draws;

  risk.error = CLAMP (risk.error, 0, 1);
  risk.error_standard_error = n > 1 ? sqrt (self->error_square / (n - 1) / n) : NAN;
  risk.loss_standard_error = n > 1 ? sqrt (self->loss_square / (n - 1) / n) : NAN;
  return risk;
}

HeftCertificate
heft_noise_certificate (const HeftNoiseRisk *risk, double n_samples, double kl, const HeftMeasureOptions *options)
{
  HeftCertificate certificate = {
    .n_samples = n_samples,
    .empirical = risk->error,
    .n_draws = (double) risk->n_draws,
    .kl = kl,
    .beta_pac = options->beta_pac > 0 ? options->beta_pac : n_samples * options->beta,
    .n_betas = 1,
    .delta = options->delta,
    .delta_draws = options->delta_draws,
  };

  if (options->beta_pac < 0)
    heft_certificate_choose_beta (&certificate);
  return certificate;
}
