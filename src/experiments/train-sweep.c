/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>

#include "experiments/beta-sweep.h"
#include "experiments/train-private.h"

/* Points from beta / LOWER to beta * UPPER. */
#define N_POINTS 11
#define LOWER 3.0
#define UPPER 100.0
/* The first point starts from the initialisation, whose random weights take some 2,000 steps to forget; the others start from their
 * neighbour. */
#define FIRST_FACTOR 4
/* Of few samples an epoch has few steps, but weights need as many. */
#define LEAST_EPOCH 40
/* Of Adam: falls to a twentieth at the end of each point. */
#define RATE 0.005
#define DRAWS 10
#define SAMPLES 10000
#define SWEEP_DRAWS ((guint64) 1 << 41)

typedef struct
{
  HeftRun       *run;
  HeftRecord    *record;
  HeftRateCurve  curve;
} Job;

static const HeftRateSeries series = { HEFT_TRAIN_TRADEOFF, HEFT_TRAIN_TRADEOFF_BETA, HEFT_TRAIN_HULL, HEFT_TRAIN_ELBO };

static gboolean
after_step (guint64 done, guint64 total, gpointer user_data)
{
  const Job *job = user_data;

  return heft_run_job_point (job->run, HEFT_TRAIN_SWEEP, (double) done / (double) total);
}

static gboolean
after_point (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error)
{
  Job *job = user_data;

  heft_rate_curve_add (&job->curve, index, point, job->record, &series);
  heft_train_publish_sweep (job->record, &job->curve);
  return TRUE;
}

static gboolean
sweep (HeftRun *run, const HeftTrainSetup *setup, const HeftParameters *parameters, HeftTrainer *trainer, GError **error)
{
  double beta = heft_parameters_get_real (parameters, "beta");
  double epochs = heft_parameters_get_real (parameters, "sweep-epochs");
  double epoch = MAX ((double) heft_trainer_get_steps_per_epoch (trainer), LEAST_EPOCH);
  guint64 steps = MAX ((guint64) (epochs * epoch + 0.5), 1);
  Job job = { .run = run, .record = heft_run_get_record (run) };
  HeftBetaSweep loop = {
    .trainer = trainer, .data = setup->data.train, .n_samples = SAMPLES, .betas = job.curve.betas, .n_points = N_POINTS,
    .first_steps = steps * FIRST_FACTOR, .steps = steps, .learning_rate = RATE, .last_learning_rate = RATE / 20,
    .seed = heft_run_get_seed (run), .first_draw = SWEEP_DRAWS, .n_draws = DRAWS, .n_threads = 1,
    .cancellable = heft_run_get_job_cancellable (run, HEFT_TRAIN_SWEEP), .step = after_step, .point = after_point,
    .user_data = &job,
  };

  heft_rate_curve_init (&job.curve, beta / LOWER, beta * UPPER, N_POINTS, setup->n_samples);
  loop.start = heft_rate_curve_middle (&job.curve, setup->n_samples);
  heft_rate_series_clear (&series, job.record);
  heft_train_publish_sweep (job.record, &job.curve);
  return heft_beta_sweep_run (&loop, error);
}

/* The curve is one of optima: how the lab's own training comes down, or how it bends its objective, is no part of it. */
static gboolean
set_training (HeftParameters *parameters, GError **error)
{
  static const char *const settings[][2] = {
    { "optimizer", "adam" }, { "schedule", "constant" }, { "warmup", "0" }, { "anneal-epochs", "0" }, { "objective", "information" },
    { "dropout", "0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    if (!heft_parameters_set (parameters, settings[i][0], settings[i][1], error))
      return FALSE;
  return TRUE;
}

/**
 * heft_train_sweep:
 *
 * The trade-off curve of the present settings: one trainer of its own, on one thread, taken from the ELBO to a small beta and then to a large
 * one.
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
  if (!set_training (parameters, error) || !heft_train_setup_init (&setup, parameters, error) ||
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
