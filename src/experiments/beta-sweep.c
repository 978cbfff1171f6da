/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <math.h>

#include <heft/description.h>

#include "experiments/beta-sweep.h"

void
heft_log_grid (double low, double high, gsize n, double *values)
{
  for (gsize i = 0; i < n; i++)
    values[i] = i == 0 ? low : i + 1 == n ? high : low * pow (high / low, (double) i / (double) (n - 1));
}

static gboolean
train_point (const HeftBetaSweep *self, gsize index, guint64 *done, GError **error)
{
  guint64 steps = index == 0 ? self->first_steps : self->steps;
  guint64 total = self->first_steps + self->steps * (self->n_points - 1);
  double middle = 0.5 * (self->learning_rate + self->last_learning_rate);
  double swing = 0.5 * (self->learning_rate - self->last_learning_rate);

  heft_trainer_set_beta (self->trainer, self->betas[index]);
  for (guint64 i = 0; i < steps; i++)
    {
      HeftStep step;

      if (swing != 0)
        heft_trainer_set_learning_rate (self->trainer, middle + swing * cos (G_PI * (double) i / (double) steps));
      if (!heft_trainer_step (self->trainer, &step, error))
        return FALSE;
      (*done)++;
      if (!self->step (*done, total, self->user_data))
        return FALSE;
    }
  return TRUE;
}

static gboolean
measure_point (const HeftBetaSweep *self, gsize index, HeftSweepPoint *point, GError **error)
{
  HeftNetwork *network = heft_trainer_get_network (self->trainer);
  const HeftPosterior *posterior = heft_trainer_get_posterior (self->trainer);

  point->beta = self->betas[index];
  point->kl = heft_code_kl (network, heft_trainer_get_prior (self->trainer), posterior, NULL);
  return heft_evaluate_loss (network, posterior, heft_trainer_get_loss (self->trainer), FALSE, self->data, self->n_samples,
                             self->seed, self->first_draw, self->n_draws, self->n_threads, self->cancellable, &point->train, error);
}

gboolean
heft_beta_sweep_run (const HeftBetaSweep *self, GError **error)
{
  guint64 done = 0;

  for (gsize i = 0; i < self->n_points; i++)
    {
      HeftSweepPoint point;

      if (!train_point (self, i, &done, error) || !measure_point (self, i, &point, error) ||
          !self->point (i, &point, self->user_data, error))
        return FALSE;
    }
  return TRUE;
}

/* --- The curve that a sweep traces --------------------------------------------------------------------------------- */

void
heft_rate_curve_init (HeftRateCurve *self, double low, double high, gsize n_points, gsize n_samples)
{
  double elbo = 1 / (double) n_samples, nearest = INFINITY;

  self->n = 0;
  self->n_points = MIN (n_points, HEFT_RATE_MOST_POINTS);
  self->elbo = -1;
  heft_log_grid (low, high, self->n_points, self->betas);
  for (gsize i = 0; i < self->n_points && elbo >= low && elbo <= high; i++)
    if (fabs (log (self->betas[i] / elbo)) < nearest)
      {
        nearest = fabs (log (self->betas[i] / elbo));
        self->elbo = (gssize) i;
      }
  if (self->elbo >= 0)
    self->betas[self->elbo] = elbo;
}

static void
publish_hull (const HeftRateCurve *self, HeftRecord *record, gsize series)
{
  gsize corners[HEFT_RATE_MOST_POINTS], n = heft_rate_hull (self->n, self->kl, self->loss, corners);

  heft_record_clear_series (record, series);
  for (gsize i = 0; i < n; i++)
    heft_record_append (record, series, 0, self->kl[corners[i]], self->loss[corners[i]]);
}

void
heft_rate_series_clear (const HeftRateSeries *self, HeftRecord *record)
{
  const gsize all[] = { self->rate, self->beta, self->hull, self->elbo };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    heft_record_clear_series (record, all[i]);
}

void
heft_rate_curve_add (HeftRateCurve *self, const HeftSweepPoint *point, HeftRecord *record, const HeftRateSeries *series)
{
  gsize index = self->n++;

  self->kl[index] = point->kl;
  self->loss[index] = point->train.loss;
  self->loss_error[index] = point->train.loss_error;
  heft_record_append (record, series->rate, 0, point->kl, point->train.loss);
  heft_record_append (record, series->beta, 0, point->kl, point->beta);
  if (heft_rate_curve_is_elbo (self, index))
    heft_record_append (record, series->elbo, 0, point->kl, point->train.loss);
  publish_hull (self, record, series->hull);
}

gboolean
heft_rate_curve_is_elbo (const HeftRateCurve *self, gsize index)
{
  return self->elbo == (gssize) index;
}
