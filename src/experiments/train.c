/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>

#include "experiments/train-private.h"
#include "experiments/words.h"
#include "linalg/state.h"

/* What share of training's floating-point operations each gauge may take; 2.9 % in all. A gauge's operations run at less than half the
 * speed of a step's, so that training slows by about a tenth. */
static const double shares[HEFT_N_GAUGES] = {
  [HEFT_GAUGE_LOSS] = 0.008,
  [HEFT_GAUGE_SPECTRA] = 0.003,
  [HEFT_GAUGE_HEAD] = 0.0165,
  [HEFT_GAUGE_INVARIANCE] = 0.002,
};

/* The curves begin with some points on a log axis, whatever they cost. */
static const guint64 early_steps[] = { 1, 2, 5, 10, 20, 50 };

/* When to measure: a pure function of the steps done and the parameters, never of the clock. */
typedef struct
{
  double trained;                    /* operations of all steps */
  double spent[HEFT_N_GAUGES];
} Schedule;

typedef struct
{
  HeftRun        *run;
  HeftRecord     *record;
  HeftTrainSetup *setup;
  HeftTrainer    *trainer;
  HeftMeasurer   *measurer;
  Schedule        schedule;
  HeftStep        step;
  double          n_steps, n_clipped;  /* since the last measurement, or before it if there was no step since */
  double          counted;             /* whether a measurement has shown them */
  HeftPlateau     plateau;
  guint           measured;          /* gauges read at the present step */
} Lab;

gboolean
heft_train_check (HeftParameters *parameters, GError **error)
{
  g_auto (HeftTrainSetup) setup = { 0 };
  g_autoptr (HeftTrainer) trainer = NULL;

  if (!heft_train_setup_init (&setup, parameters, error))
    return FALSE;
  /* Whatever the trainer refuses is refused before anything runs. */
  trainer = heft_train_setup_trainer (&setup, parameters, 1, error);
  return trainer != NULL;
}

/* @format holds one %s, the number of samples. */
static void
set_estimator (HeftRecord *record, gsize series, const char *format, gint64 n)
{
  g_autofree char *count = heft_words_count ((guint64) n);
  g_auto (GStrv) parts = g_strsplit (format, "%s", 2);
  g_autofree char *text = g_strjoinv (count, parts);

  heft_record_set_estimator (record, series, text);
}

void
heft_train_prepare (HeftRecord *record, const HeftParameters *parameters)
{
  gint64 n = heft_parameters_get_integer (parameters, "evaluation-samples");
  gint64 spectra = heft_parameters_get_integer (parameters, "spectra-samples");
  const char *train = _("one draw of all weights, first %s training samples (or all)");
  const char *test = _("one draw of all weights, first %s test samples (or all)");

  if (heft_parameters_get_integer (parameters, "prior") == 4)
    {
      set_estimator (record, HEFT_TRAIN_KL, _("entropy in closed form, %s draws of all weights"), HEFT_KL_DRAWS);
      set_estimator (record, HEFT_TRAIN_KL_LAYERS, _("entropy in closed form, %s draws of all weights"), HEFT_KL_DRAWS);
    }
  if (heft_parameters_get_integer (parameters, "posterior") == 1)
    {
      train = _("the one network, first %s training samples (or all)");
      test = _("the one network, first %s test samples (or all)");
    }
  set_estimator (record, HEFT_TRAIN_TRAIN_LOSS, train, n);
  set_estimator (record, HEFT_TRAIN_TRAIN_ERROR, train, n);
  set_estimator (record, HEFT_TRAIN_TEST_LOSS, test, n);
  set_estimator (record, HEFT_TRAIN_TEST_ERROR, test, n);
  set_estimator (record, HEFT_TRAIN_TEST_ERROR_MEAN, _("the mean weights as one network, first %s test samples (or all)"), n);
  set_estimator (record, HEFT_TRAIN_FISHER_TRACE, _("exact labels, first %s training samples (or all), at the mean weights"),
                 spectra);
  set_estimator (record, HEFT_TRAIN_FISHER_TRACE_SCALED,
                 _("logits divided by their scale; exact labels, first %s training samples (or all), at the mean weights"), spectra);
  set_estimator (record, HEFT_TRAIN_GAUSSIAN,
                 _("diagonal blocks of the Fisher, sampled labels, first %s training samples (or all)"),
                 spectra);
  set_estimator (record, HEFT_TRAIN_GAUSSIAN_LAYERS,
                 _("diagonal blocks of the Fisher, sampled labels, first %s training samples (or all)"),
                 spectra);
}

static guint
due_gauges (Schedule *self, const HeftTrainSetup *setup, const HeftParameters *parameters, guint64 step)
{
  gint64 every = heft_parameters_get_integer (parameters, "measure-every");
  guint due = 0;

  if (!heft_parameters_get_boolean (parameters, "measure"))
    return 0;
  self->trained += heft_train_setup_step_cost (setup, parameters);
  if (every > 0)
    return step % (guint64) every == 0 ? (1u << HEFT_N_GAUGES) - 1 : 0;
  for (guint gauge = 0; gauge < HEFT_N_GAUGES; gauge++)
    {
      double cost = heft_measurer_cost (setup, parameters, gauge);

      if (self->spent[gauge] + cost > shares[gauge] * self->trained)
        continue;
      self->spent[gauge] += cost;
      due |= 1u << gauge;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (early_steps); i++)
    if (step == early_steps[i])
      due |= 1u << HEFT_GAUGE_LOSS;
  return due;
}

static gboolean
trains_bound (Lab *lab)
{
  return heft_parameters_get_integer (heft_run_get_parameters (lab->run), "objective") != HEFT_OBJECTIVE_INFORMATION;
}

/* What KL is multiplied by: as asked for, or as the bound that is trained sets it. */
static double
beta_in_effect (Lab *lab)
{
  return trains_bound (lab) ? heft_trainer_get_beta (lab->trainer)
                            : heft_parameters_get_real (heft_run_get_parameters (lab->run), "beta");
}

/* Learning rate over batch size, as the schedule has it at the step just done; of SGD alone. */
static double
temperature (Lab *lab)
{
  HeftParameters *parameters = heft_run_get_parameters (lab->run);
  HeftSchedule schedule;

  if (g_strcmp0 (heft_parameters_get_text (parameters, "optimizer"), "sgd") != 0)
    return 0;
  schedule = heft_train_setup_schedule (parameters);
  return heft_parameters_get_real (parameters, "learning-rate") * heft_schedule_factor (&schedule, lab->step.epoch)
         / (double) heft_parameters_get_integer (parameters, "batch");
}

static gboolean
submit (Lab *lab, guint gauges, gboolean final, GError **error)
{
  HeftParameters *parameters = heft_run_get_parameters (lab->run);
  HeftMeasureRequest request = {
    .step = heft_trainer_get_step (lab->trainer),
    .gauges = gauges,
    .final = final,
    .posterior = heft_posterior_copy (heft_trainer_get_posterior (lab->trainer)),
    .prior = heft_prior_copy (heft_trainer_get_prior (lab->trainer)),
    .beta = beta_in_effect (lab),
    .evaluation_samples = (gsize) heft_parameters_get_integer (parameters, "evaluation-samples"),
    .spectra_samples = MIN ((gsize) heft_parameters_get_integer (parameters, "spectra-samples"), lab->setup->n_samples),
    .invariance_layer = (gsize) heft_parameters_get_integer (parameters, "invariance-layer"),
    .draws = (guint) heft_parameters_get_integer (parameters, "test-draws"),
    .lambda_grid = heft_parameters_get_integer (parameters, "lambda-grid"),
    .by_bound = trains_bound (lab),
    .temperature = temperature (lab),
    .shared_scale = heft_train_setup_shares_scale (parameters),
    .annealed = heft_anneal_factor (heft_parameters_get_real (parameters, "anneal-epochs"), lab->step.epoch),
    .clipped = lab->n_clipped / MAX (lab->n_steps, 1),
    .clip = lab->step.clip,
    .gradient_norm = lab->step.gradient_norm,
  };

  /* Prices alone, taken anew in a pause, are no measurement. */
  lab->counted = lab->counted != 0 || gauges != 0;
  return heft_measurer_submit (lab->measurer, &request, error);
}

/* Live parameters: to the trainer, and the prices are taken anew at once, also while the run is paused. */
static void
parameters_changed (HeftRun *run, gpointer user_data)
{
  Lab *lab = user_data;

  heft_train_setup_apply (lab->setup, heft_run_get_parameters (run), lab->trainer);
  /* A failure to measure shows at the next point. */
  submit (lab, 0, FALSE, NULL);
}

static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What is known without measuring anything more. */
static void
store_cheap_results (Lab *lab)
{
  double beta = beta_in_effect (lab);

  heft_record_set_result (lab->record, "steps", (double) heft_trainer_get_step (lab->trainer));
  heft_record_set_result (lab->record, "samples", (double) lab->setup->n_samples);
  heft_record_set_result (lab->record, "beta", beta);
  heft_record_set_result (lab->record, "n_beta", beta * (double) lab->setup->n_samples);
}

/* A stopped run keeps what it can say at once. */
static void
store_stopped_results (Lab *lab)
{
  static const char *const unmeasured[] = { "train_loss", "train_error", "test_loss", "test_error", "test_error_mean",
                                            "lagrangian", "fisher_trace", "fisher_trace_scaled", "logit_scale" };
  const char *reason = _("The run was stopped before its final measurements; the series hold the last live ones.");
  g_autofree double *layers = g_new0 (double, lab->setup->n_layers);
  double kl = heft_code_kl (lab->setup->network, heft_trainer_get_prior (lab->trainer),
                            heft_trainer_get_posterior (lab->trainer), layers);

  if (isfinite (kl))
    {
      heft_record_set_result (lab->record, "kl", kl);
      heft_record_set_result_array (lab->record, "kl_layers", layers, lab->setup->n_layers);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (unmeasured); i++)
    heft_record_set_result_missing (lab->record, unmeasured[i], reason);
  /* The one this KL is of; nothing that was measured before may come after it. */
  heft_measurer_halt (lab->measurer);
  heft_train_publish_posterior (lab->record, lab->setup, heft_trainer_get_posterior (lab->trainer), heft_trainer_get_prior (lab->trainer),
                                heft_trainer_get_step (lab->trainer));
}

/* The plateau's state is all doubles. */
#define PLATEAU_NUMBERS (sizeof (HeftPlateau) / sizeof (double))

/* --- Checkpoints ---------------------------------------------------------------------------------------------------------- */

/* For whoever saves the run, at a point. */
static GVariant *
make_checkpoint (HeftRun *run G_GNUC_UNUSED, gpointer user_data)
{
  Lab *lab = user_data;
  g_autoptr (GVariant) trainer = heft_trainer_get_state (lab->trainer);
  const double course[] = { lab->n_steps, lab->n_clipped, lab->step.clip, lab->step.gradient_norm, lab->counted };
  GVariantBuilder state;

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&state, "{sv}", "trainer", trainer);
  heft_state_put_number (&state, "trained", lab->schedule.trained);
  heft_state_put_doubles (&state, "spent", lab->schedule.spent, HEFT_N_GAUGES);
  heft_state_put_number (&state, "epoch", lab->step.epoch);
  heft_state_put_count (&state, "measured", lab->measured);
  heft_state_put_doubles (&state, "course", course, G_N_ELEMENTS (course));
  heft_state_put_doubles (&state, "plateau", (const double *) &lab->plateau, PLATEAU_NUMBERS);
  heft_measurer_put_state (lab->measurer, &state);
  return g_variant_ref_sink (g_variant_builder_end (&state));
}

static gboolean
resume_course (Lab *lab, GVariant *state)
{
  double course[5];

  if (!heft_state_get_doubles (state, "course", G_N_ELEMENTS (course), course) ||
      !heft_state_get_doubles (state, "plateau", PLATEAU_NUMBERS, (double *) &lab->plateau))
    return FALSE;
  lab->n_steps = course[0];
  lab->n_clipped = course[1];
  lab->step.clip = course[2];
  lab->step.gradient_norm = course[3];
  lab->counted = course[4];
  return TRUE;
}

/* What the checkpoint of another run says; @lab's parameters may have moved since. */
static gboolean
resume (Lab *lab, GVariant *state, GError **error)
{
  g_autoptr (GVariant) trainer = g_variant_lookup_value (state, "trainer", G_VARIANT_TYPE_VARDICT);
  gsize measured;

  if (trainer == NULL || !heft_state_get_number (state, "trained", &lab->schedule.trained) ||
      !heft_state_get_doubles (state, "spent", HEFT_N_GAUGES, lab->schedule.spent) ||
      !heft_state_get_number (state, "epoch", &lab->step.epoch) ||
      !heft_state_get_size (state, "measured", (1u << HEFT_N_GAUGES) - 1, &measured) || !resume_course (lab, state))
    return heft_state_refuse (error);
  lab->measured = (guint) measured;
  if (!heft_trainer_set_state (lab->trainer, trainer, error) || !heft_measurer_set_state (lab->measurer, state, error))
    return FALSE;
  lab->step.step = heft_trainer_get_step (lab->trainer);
  heft_train_setup_apply (lab->setup, heft_run_get_parameters (lab->run), lab->trainer);
  return TRUE;
}

static double
patience (const Lab *lab)
{
  return (double) heft_parameters_get_integer (heft_run_get_parameters (lab->run), "early-stop");
}

/* Clipping and the plateau, after a step. The price is that of the beta asked for, so that annealing does not look like getting worse. */
static void
follow_course (Lab *lab)
{
  double price = isfinite (lab->step.kl) ? beta_in_effect (lab) * lab->step.kl : 0;

  if (lab->counted != 0)
    lab->n_steps = lab->n_clipped = lab->counted = 0;
  lab->n_steps++;
  lab->n_clipped += lab->step.clip < 1;
  heft_plateau_add (&lab->plateau, lab->step.epoch, lab->step.loss, price, patience (lab));
}

static gboolean
is_on_plateau (const Lab *lab)
{
  return patience (lab) > 0 && heft_plateau_is_on (&lab->plateau);
}

/* One step and what belongs to it. Sets @go_on to FALSE when the run must end. */
static gboolean
take_step (Lab *lab, double epochs, gboolean *go_on, GError **error)
{
  HeftParameters *parameters = heft_run_get_parameters (lab->run);
  guint due;
  double samples;

  if (!heft_trainer_step (lab->trainer, &lab->step, error))
    return FALSE;
  heft_record_append (lab->record, HEFT_TRAIN_BATCH_LOSS, 0, (double) lab->step.step, lab->step.loss);
  if (trains_bound (lab))
    heft_record_append (lab->record, HEFT_TRAIN_BETA, 0, (double) lab->step.step, lab->step.beta);
  follow_course (lab);
  due = lab->measured = due_gauges (&lab->schedule, lab->setup, parameters, lab->step.step);
  if (due != 0 && !submit (lab, due, FALSE, error))
    return FALSE;
  samples = lab->step.epoch * (double) lab->setup->n_samples;
  *go_on = heft_run_point (lab->run, lab->step.step, lab->step.epoch, (guint64) (samples + 0.5),
                           epochs > 0 ? MIN (lab->step.epoch / epochs, 1) : -1, NULL);
  return TRUE;
}

static gboolean
is_finished (const Lab *lab, double epochs)
{
  /* An epoch is a whole number of steps up to rounding. */
  return (epochs > 0 && lab->step.epoch >= epochs - 1e-9) || is_on_plateau (lab);
}

/* Steps until the end, or until the run must end: then @go_on is FALSE. */
static gboolean
take_steps (Lab *lab, double epochs, gboolean *go_on, GError **error)
{
  *go_on = TRUE;
  while (*go_on && !is_finished (lab, epochs))
    if (!take_step (lab, epochs, go_on, error))
      return FALSE;
  return !*go_on || heft_measurer_drain (lab->measurer, error);
}

static gboolean
train (Lab *lab, GError **error)
{
  const guint all = (1u << HEFT_N_GAUGES) - 1;
  HeftParameters *parameters = heft_run_get_parameters (lab->run);
  gboolean measure = heft_parameters_get_boolean (parameters, "measure");
  gboolean fresh = heft_run_get_resume_state (lab->run) == NULL, go_on = TRUE, good;

  if (fresh)
    lab->measured = all;
  if (fresh && measure && !submit (lab, all, FALSE, error))
    return FALSE;
  good = take_steps (lab, heft_parameters_get_real (parameters, "epochs"), &go_on, error);
  /* What the end adds to the curves is no part of it: a longer run would not have it. */
  heft_run_store_checkpoint (lab->run);
  heft_run_set_checkpoint_handler (lab->run, NULL, NULL);
  if (!good)
    return FALSE;
  store_cheap_results (lab);
  if (!go_on)
    {
      store_stopped_results (lab);
      return TRUE;
    }
  if (is_on_plateau (lab))
    heft_train_publish_end (lab->record, lab->step.step, &lab->plateau);
  measure = heft_parameters_get_boolean (parameters, "measure");
  /* The last live point of every curve, then the results. */
  return (!measure || lab->measured == all || submit (lab, all & ~lab->measured, FALSE, error)) &&
         submit (lab, all, TRUE, error) &&
         heft_measurer_drain (lab->measurer, error);
}

static void
name_layers (HeftRecord *record, const HeftTrainSetup *setup)
{
  g_autofree const char **names = g_new0 (const char *, setup->n_layers + 1);

  for (gsize l = 0; l < setup->n_layers; l++)
    names[l] = heft_network_get_weight_layer (setup->network, l)->name;
  heft_record_set_layers (record, setup->n_layers, names);
}

gboolean
heft_train_run (HeftRun *run, GError **error)
{
  g_auto (HeftTrainSetup) setup = { 0 };
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autoptr (HeftMeasurer) measurer = NULL;
  GVariant *state = heft_run_get_resume_state (run);
  GError *failure = NULL;
  Lab lab = { .run = run, .record = heft_run_get_record (run), .setup = &setup,
              .step = { .clip = 1 }, .plateau = heft_plateau_begin () };

  if (!heft_train_setup_init (&setup, parameters, error))
    return FALSE;
  heft_run_set_sample_count (run, setup.n_samples);
  /* A checkpoint holds the prior's centre. */
  if (state == NULL && !heft_train_setup_centre (&setup, heft_run_get_parameters (run), heft_run_get_n_threads (run),
                                                 heft_run_get_cancellable (run), error))
    return FALSE;
  lab.trainer = trainer = heft_train_setup_trainer (&setup, heft_run_get_parameters (run), heft_run_get_n_threads (run), error);
  if (trainer == NULL)
    return FALSE;
  /* A resumed record has its layers already. */
  if (state == NULL)
    name_layers (lab.record, &setup);
  heft_train_publish_thresholds (lab.record, &setup, trainer);
  lab.measurer = measurer = heft_measurer_new (run, &setup);
  if (state != NULL && !resume (&lab, state, error))
    return FALSE;
  heft_run_set_change_handler (run, parameters_changed, &lab);
  heft_run_set_checkpoint_handler (run, make_checkpoint, &lab);
  if (!train (&lab, &failure))
    {
      store_cheap_results (&lab);
      if (is_cancelled (failure))
        store_stopped_results (&lab);
    }
  heft_run_set_change_handler (run, NULL, NULL);
  heft_run_set_checkpoint_handler (run, NULL, NULL);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}
