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
  guint64 steps = index == self->start ? self->first_steps : self->steps;
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
  g_autoptr (HeftPosterior) middle = NULL;
  guint64 done = 0;

  g_return_val_if_fail (self->start < self->n_points, FALSE);
  for (gsize i = 0; i < self->n_points; i++)
    {
      /* Down to the first, then up from behind the start. */
      gsize index = i <= self->start ? self->start - i : i;
      HeftSweepPoint point;

      if (middle != NULL && i == self->start + 1 && !heft_trainer_set_posterior (self->trainer, middle, error))
        return FALSE;
      if (!train_point (self, index, &done, error) || !measure_point (self, index, &point, error) ||
          !self->point (index, &point, self->user_data, error))
        return FALSE;
      if (i == 0 && self->start > 0)
        middle = heft_posterior_copy (heft_trainer_get_posterior (self->trainer));
    }
  return TRUE;
}

/* --- The curve that a sweep traces --------------------------------------------------------------------------------- */

void
heft_rate_curve_init (HeftRateCurve *self, double low, double high, gsize n_points, gsize n_samples)
{
  double elbo = 1 / (double) n_samples, nearest = INFINITY;

  self->first = 0;
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

gsize
heft_rate_curve_middle (const HeftRateCurve *self, gsize n_samples)
{
  gsize nearest = 0;

  for (gsize i = 1; i < self->n_points; i++)
    if (fabs (log (self->betas[i] * (double) n_samples)) < fabs (log (self->betas[nearest] * (double) n_samples)))
      nearest = i;
  return nearest;
}

static void
publish_hull (const HeftRateCurve *self, HeftRecord *record, gsize series)
{
  gsize corners[HEFT_RATE_MOST_POINTS], first = self->first, n = heft_rate_hull (self->n, self->kl + first, self->loss + first, corners);

  heft_record_clear_series (record, series);
  for (gsize i = 0; i < n; i++)
    heft_record_append (record, series, 0, self->kl[first + corners[i]], self->loss[first + corners[i]]);
}

/* In the order of the grid, in which a line through them is drawn. */
static void
publish_points (const HeftRateCurve *self, HeftRecord *record, const HeftRateSeries *series)
{
  heft_record_clear_series (record, series->rate);
  heft_record_clear_series (record, series->beta);
  for (gsize i = self->first; i < self->first + self->n; i++)
    {
      heft_record_append (record, series->rate, 0, self->kl[i], self->loss[i]);
      heft_record_append (record, series->beta, 0, self->kl[i], self->betas[i]);
    }
}

void
heft_rate_series_clear (const HeftRateSeries *self, HeftRecord *record)
{
  const gsize all[] = { self->rate, self->beta, self->hull, self->elbo };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    heft_record_clear_series (record, all[i]);
}

void
heft_rate_curve_add (HeftRateCurve *self, gsize index, const HeftSweepPoint *point, HeftRecord *record, const HeftRateSeries *series)
{
  self->first = self->n == 0 ? index : MIN (self->first, index);
  self->n++;
  self->kl[index] = point->kl;
  self->loss[index] = point->train.loss;
  self->loss_error[index] = point->train.loss_error;
  publish_points (self, record, series);
  if (heft_rate_curve_is_elbo (self, index))
    heft_record_append (record, series->elbo, 0, point->kl, point->train.loss);
  publish_hull (self, record, series->hull);
}

/* Of the interval that ends at point @i. */
static HeftRateMisfit
interval_misfit (const HeftRateCurve *self, gsize i, double value)
{
  double length = self->betas[i] - self->betas[i - 1];
  double change = self->loss[i] + self->betas[i] * self->kl[i] - self->loss[i - 1] - self->betas[i - 1] * self->kl[i - 1];
  double below = MIN (change - length * self->kl[i], 0), above = MAX (change - length * self->kl[i - 1], 0);
  /* Relative to the integral of KL, as the misfit is. */
  double integral = fabs (change / (1 + value));

  /* Where KL rises with beta both ends are broken, and neither makes up for the other. */
  return (HeftRateMisfit) { .value = value, .beta = self->betas[i], .certain = (-below > above ? below : above) / integral,
                            .error = hypot (self->loss_error[i - 1], self->loss_error[i]) / integral };
}

static gboolean
interval_misfits (const HeftRateCurve *self, HeftRateMisfit *all)
{
  const gsize first = self->first;
  double values[HEFT_RATE_MOST_POINTS];

  if (!isfinite (heft_slope_check (self->n, self->betas + first, self->kl + first, self->loss + first, values)))
    return FALSE;
  for (gsize i = 0; i + 1 < self->n; i++)
    {
      all[i] = interval_misfit (self, first + i + 1, values[i]);
      if (!isfinite (all[i].error))
        return FALSE;
    }
  return TRUE;
}

gboolean
heft_rate_curve_misfit (const HeftRateCurve *self, HeftRateMisfit *misfit)
{
  HeftRateMisfit all[HEFT_RATE_MOST_POINTS];

  if (!interval_misfits (self, all))
    return FALSE;
  *misfit = all[0];
  for (gsize i = 1; i + 1 < self->n; i++)
    if (fabs (all[i].value) > fabs (misfit->value))
      *misfit = all[i];
  return TRUE;
}

/* What is to be said first: what is certain, then what may be, then what is within the noise that the draws leave, the least noise first. */
static double
rank_misfit (const HeftRateMisfit *misfit, double small)
{
  double doubt = MAX (small, 2 * misfit->error);

  if (fabs (misfit->certain) > doubt)
    return 3 - 1 / (1 + fabs (misfit->certain));
  if (fabs (misfit->value) > doubt)
    return 2 - 1 / (1 + fabs (misfit->value));
  return 2 * misfit->error <= small ? fabs (misfit->value) : -misfit->error;
}

gboolean
heft_rate_curve_evidence (const HeftRateCurve *self, double small, HeftRateMisfit *misfit)
{
  HeftRateMisfit all[HEFT_RATE_MOST_POINTS];

  if (!interval_misfits (self, all))
    return FALSE;
  *misfit = all[0];
  for (gsize i = 1; i + 1 < self->n; i++)
    if (rank_misfit (&all[i], small) > rank_misfit (misfit, small))
      *misfit = all[i];
  return TRUE;
}

gboolean
heft_rate_curve_is_elbo (const HeftRateCurve *self, gsize index)
{
  return self->elbo == (gssize) index;
}
