/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>

#include "experiments/train-private.h"

/* Points from beta / LOWER to beta * UPPER, upwards: a code that fits is compressed step by step. Downwards the weights would have
 * to find their way out of the prior again. */
#define N_POINTS 11
#define LOWER 3.0
#define UPPER 100.0
/* The first point starts from the initialisation, whose random weights take some 2,000 steps to forget; the others start from their
 * neighbour. */
#define FIRST_FACTOR 6
#define DRAWS 3
#define SAMPLES 10000
#define SWEEP_DRAWS ((guint64) 1 << 41)

static double
beta_at (double beta, gsize point)
{
  return beta / LOWER * pow (LOWER * UPPER, (double) point / (N_POINTS - 1));
}

/* Trains at one beta. FALSE with an error, or without one when the job was stopped. */
static gboolean
train_point (HeftRun *run, HeftTrainer *trainer, gsize steps, gsize *done, gsize total, GError **error)
{
  for (gsize i = 0; i < steps; i++)
    {
      HeftStep step;

      if (!heft_trainer_step (trainer, &step, error))
        return FALSE;
      (*done)++;
      if (!heft_run_job_point (run, HEFT_TRAIN_SWEEP, (double) *done / (double) total))
        return FALSE;
    }
  return TRUE;
}

static gboolean
measure_point (HeftRun *run, const HeftTrainSetup *setup, HeftTrainer *trainer, gsize point, double beta, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  const HeftPosterior *posterior = heft_trainer_get_posterior (trainer);
  HeftEvaluation evaluation;
  double kl;

  if (!heft_evaluate (setup->network, posterior, setup->data.train, SAMPLES, heft_run_get_seed (run),
                      SWEEP_DRAWS + point * DRAWS, DRAWS, 1, heft_run_get_job_cancellable (run, HEFT_TRAIN_SWEEP), &evaluation,
                      error))
    return FALSE;
  kl = heft_code_kl (setup->network, heft_trainer_get_prior (trainer), posterior, NULL);
  heft_record_append (record, HEFT_TRAIN_TRADEOFF, 0, kl, evaluation.loss);
  heft_record_append (record, HEFT_TRAIN_TRADEOFF_BETA, 0, kl, beta);
  return TRUE;
}

static gboolean
sweep (HeftRun *run, const HeftTrainSetup *setup, const HeftParameters *parameters, HeftTrainer *trainer, GError **error)
{
  double beta = heft_parameters_get_real (parameters, "beta");
  double epochs = heft_parameters_get_real (parameters, "sweep-epochs");
  gsize steps = MAX ((gsize) (epochs * (double) heft_trainer_get_steps_per_epoch (trainer) + 0.5), 1);
  gsize total = steps * (N_POINTS - 1 + FIRST_FACTOR), done = 0;

  heft_record_clear_series (heft_run_get_record (run), HEFT_TRAIN_TRADEOFF);
  heft_record_clear_series (heft_run_get_record (run), HEFT_TRAIN_TRADEOFF_BETA);
  for (gsize point = 0; point < N_POINTS; point++)
    {
      heft_trainer_set_beta (trainer, beta_at (beta, point));
      if (!train_point (run, trainer, point == 0 ? steps * FIRST_FACTOR : steps, &done, total, error) ||
          !measure_point (run, setup, trainer, point, beta_at (beta, point), error))
        return FALSE;
    }
  return TRUE;
}

/**
 * heft_train_sweep:
 *
 * The trade-off curve of the present settings: one trainer of its own, on one thread, taken from a small beta to a large one.
 */
gboolean
heft_train_sweep (HeftRun *run, GError **error)
{
  g_auto (HeftTrainSetup) setup = { 0 };
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autoptr (HeftTrainer) trainer = NULL;
  GError *failure = NULL;

  if (heft_parameters_get_integer (parameters, "posterior") == 1)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE,
                   _("A sweep over β needs a mean-field posterior: the KL of a point is infinite at every β."));
      return FALSE;
    }
  if (!heft_train_setup_init (&setup, parameters, error) ||
      !heft_train_setup_centre (&setup, parameters, 1, heft_run_get_job_cancellable (run, HEFT_TRAIN_SWEEP), error))
    return FALSE;
  trainer = heft_train_setup_trainer (&setup, parameters, 1, error);
  if (trainer == NULL)
    return FALSE;
  /* Without an error the job was stopped: what it has stays. */
  if (sweep (run, &setup, parameters, trainer, &failure) || failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}
