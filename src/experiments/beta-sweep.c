/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <math.h>

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
