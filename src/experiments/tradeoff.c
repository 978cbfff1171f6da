/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/description.h>
#include <heft/error.h>

#include "experiments/beta-sweep.h"
#include "experiments/common-parameters.h"
#include "experiments/ledger.h"
#include "experiments/tradeoff.h"
#include "experiments/train-private.h"
#include "experiments/words.h"

/* The first point starts from the initialisation, whose random weights take long to forget. */
#define FIRST_FACTOR 5
#define SAMPLES 10000
#define DRAWS_FROM ((guint64) 1 << 43)
/* The prequential code: first block, growth, and how each network is trained. */
#define FIRST_BLOCK 64
#define GROWTH 2.0
#define CODE_LEAST_STEPS 300
#define CODE_N_BETA 0.1
#define CODE_DRAWS 4

enum
{
  RATE,
  RATE_BETA,
  HULL,
  ELBO,
  TEST_RATE,
  MINIMUM,
  MINIMUM_SLOPE,
  MINIMUM_ELBO,
  VARIATIONAL,
  PREQUENTIAL,
  MEMORISING,
  INFORMATION,
  TRAIN_LOSS,
  TEST_LOSS,
  TRAIN_ERROR,
  TEST_ERROR,
};

static const HeftRateSeries rate_series = { RATE, RATE_BETA, HULL, ELBO };

typedef struct
{
  HeftRun              *run;
  HeftRecord           *record;
  const HeftTrainSetup *setup;
  gboolean              quick;
  guint                 draws;
  HeftRateCurve         curve;
  double                prequential;       /* NAN until known */
  double                share;             /* of the run that the sweep is; the prequential code is the rest */
  double                epoch_samples;
} Sweep;

/* Straight lines across the panel of lengths, from the first point of the grid to the last. */
static void
publish_level (Sweep *self, gsize series, double nats)
{
  double n = (double) self->setup->n_samples;

  heft_record_append (self->record, series, 0, n * self->curve.betas[0], nats);
  heft_record_append (self->record, series, 0, n * self->curve.betas[self->curve.n_points - 1], nats);
}

static double
slope_check (const Sweep *self)
{
  return heft_slope_check (self->curve.n, self->curve.betas, self->curve.kl, self->curve.loss, NULL);
}

static double
lagrangian (const Sweep *self, gsize i)
{
  return self->curve.loss[i] + self->curve.betas[i] * self->curve.kl[i];
}

static double
variational (const Sweep *self, gsize i)
{
  return heft_code_length_variational ((double) self->setup->n_samples, self->curve.loss[i], self->curve.kl[i]);
}

static void
publish_ledger (Sweep *self)
{
  HeftLedger ledger = heft_ledger_begin (self->curve.n);
  double n = (double) self->setup->n_samples;
  double uniform = heft_code_length_uniform (n, (double) heft_network_get_n_classes (self->setup->network));
  gsize elbo = (gsize) MAX (self->curve.elbo, 0);
  gboolean known = self->curve.elbo >= 0 && self->curve.n > elbo;

  heft_ledger_add (&ledger, _("Largest misfit of KL and the slope of min $C$"), slope_check (self), "",
                   _("relative, by differences over the grid; 0 at exact optima"), HEFT_QUANTITY_LAGRANGIAN);
  heft_ledger_add (&ledger, _("KL at $N\\beta = 1$"), known ? self->curve.kl[elbo] : NAN, "nat", _("the evidence lower bound"),
                   HEFT_QUANTITY_KL);
  heft_ledger_add (&ledger, _("$E_Q L$ at $N\\beta = 1$"), known ? self->curve.loss[elbo] : NAN, "nat",
                   _("a sample, mean over weight draws"), HEFT_QUANTITY_TRAIN_LOSS);
  heft_ledger_add (&ledger, _("Variational code at $N\\beta = 1$"), known ? variational (self, elbo) : NAN, "nat",
                   _("$N E_Q L + \\mathrm{KL}$: labels and weights, by bits back"), HEFT_QUANTITY_CORRECTED);
  if (known)
    heft_ledger_gauge (&ledger, variational (self, elbo) / uniform);
  heft_ledger_add (&ledger, _("Prequential code"), self->prequential, "nat",
                   _("each block of labels by a network trained on those before; no weights sent"), HEFT_QUANTITY_GAUSSIAN);
  if (isfinite (self->prequential))
    heft_ledger_gauge (&ledger, self->prequential / uniform);
  heft_ledger_add (&ledger, _("$N \\log C$"), uniform, "nat", _("every label written down"), HEFT_QUANTITY_THRESHOLD);
  heft_record_publish (self->record, heft_ledger_end (&ledger));
}

/* --- The sweep --------------------------------------------------------------------------------------------------- */

static gboolean
after_step (guint64 done, guint64 total, gpointer user_data)
{
  Sweep *self = user_data;
  double samples = (double) done * self->epoch_samples;

  return heft_run_point (self->run, done, samples / (double) self->setup->n_samples, (guint64) samples,
                         self->share * (double) done / (double) total, NULL);
}

static gboolean
measure_test (Sweep *self, const HeftSweepPoint *point, const HeftPosterior *posterior, GError **error)
{
  HeftEvaluation test;
  double n_beta = point->beta * (double) self->setup->n_samples;

  if (!heft_evaluate (self->setup->network, posterior, self->setup->data.test, SAMPLES, heft_run_get_seed (self->run),
                      DRAWS_FROM, self->draws, heft_run_get_n_threads (self->run), heft_run_get_cancellable (self->run), &test,
                      error))
    return FALSE;
  heft_record_append (self->record, TEST_RATE, 0, point->kl, test.loss);
  heft_record_append (self->record, TEST_LOSS, 0, n_beta, test.loss);
  heft_record_append (self->record, TEST_ERROR, 0, n_beta, test.error);
  return TRUE;
}

typedef struct
{
  Sweep       *sweep;
  HeftTrainer *trainer;
} Loop;

static gboolean
step_of_loop (guint64 done, guint64 total, gpointer user_data)
{
  return after_step (done, total, ((Loop *) user_data)->sweep);
}

static gboolean
after_point (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error)
{
  const Loop *loop = user_data;
  Sweep *self = loop->sweep;
  HeftRecord *record = self->record;
  double n_beta = point->beta * (double) self->setup->n_samples;

  heft_rate_curve_add (&self->curve, index, point, record, &rate_series);
  heft_record_append (record, MINIMUM, 0, point->beta, lagrangian (self, index));
  heft_record_append (record, MINIMUM_SLOPE, 0, point->beta, point->kl);
  heft_record_append (record, VARIATIONAL, 0, n_beta, variational (self, index));
  heft_record_append (record, INFORMATION, 0, n_beta, point->kl);
  heft_record_append (record, TRAIN_LOSS, 0, n_beta, point->train.loss);
  heft_record_append (record, TRAIN_ERROR, 0, n_beta, point->train.error);
  if (heft_rate_curve_is_elbo (&self->curve, index))
    heft_record_append (record, MINIMUM_ELBO, 0, point->beta, lagrangian (self, index));
  publish_ledger (self);
  return measure_test (self, point, heft_trainer_get_posterior (loop->trainer), error);
}

static gboolean
sweep (Sweep *self, const HeftParameters *parameters, GError **error)
{
  guint n_threads = heft_run_get_n_threads (self->run);
  g_autoptr (HeftTrainer) trainer = heft_train_setup_trainer (self->setup, parameters, n_threads, error);
  double rate = heft_parameters_get_real (parameters, "learning-rate");
  double epochs = heft_parameters_get_real (parameters, "epochs") / (self->quick ? 5 : 1);
  Loop user_data = { self, trainer };
  HeftBetaSweep loop = {
    .trainer = trainer, .data = self->setup->data.train, .n_samples = SAMPLES, .betas = self->curve.betas, .n_points = self->curve.n_points,
    .learning_rate = rate, .last_learning_rate = rate / 20, .seed = heft_run_get_seed (self->run), .first_draw = DRAWS_FROM,
    .n_draws = self->draws, .n_threads = n_threads, .cancellable = heft_run_get_cancellable (self->run), .step = step_of_loop,
    .point = after_point, .user_data = &user_data,
  };

  if (trainer == NULL)
    return FALSE;
  loop.steps = MAX ((guint64) ceil (epochs * (double) heft_trainer_get_steps_per_epoch (trainer)), 1);
  loop.first_steps = FIRST_FACTOR * loop.steps;
  self->epoch_samples = (double) MIN ((gsize) heft_parameters_get_integer (parameters, "batch"), self->setup->n_samples);
  return heft_beta_sweep_run (&loop, error);
}

/* --- The prequential code ---------------------------------------------------------------------------------------- */

static gboolean
after_code_step (guint64 done, guint64 total, gpointer user_data)
{
  Sweep *self = user_data;

  heft_run_set_stage (self->run, N_("Prequential code, step"), done);
  return heft_run_point (self->run, done, 0, 0, self->share + (1 - self->share) * (double) done / (double) total, NULL);
}

static gboolean
write_code (Sweep *self, const HeftParameters *parameters, GError **error)
{
  g_auto (HeftPrequential) code = { 0 };
  HeftPrequentialTraining training = {
    .config = heft_train_setup_config (self->setup, parameters, heft_run_get_n_threads (self->run)),
    .n_beta = CODE_N_BETA, .epochs = heft_parameters_get_real (parameters, "epochs") / (self->quick ? 5 : 1),
    .least_steps = self->quick ? CODE_LEAST_STEPS / 3 : CODE_LEAST_STEPS, .n_draws = CODE_DRAWS, .progress = after_code_step,
    .user_data = self,
  };

  if (!heft_prequential_train (self->setup->network, self->setup->data.train, &training, FIRST_BLOCK, GROWTH,
                               heft_run_get_cancellable (self->run), &code, error))
    return FALSE;
  self->prequential = code.total;
  publish_level (self, PREQUENTIAL, code.total);
  publish_ledger (self);
  return TRUE;
}

/* --- The run ----------------------------------------------------------------------------------------------------- */

static void
store_results (Sweep *self)
{
  HeftRecord *record = self->record;
  double misfit = slope_check (self);
  HeftRateMisfit sided;
  gsize elbo = (gsize) MAX (self->curve.elbo, 0);

  heft_record_set_result_array (record, "curve_beta", self->curve.betas, self->curve.n);
  heft_record_set_result_array (record, "curve_information", self->curve.kl, self->curve.n);
  heft_record_set_result_array (record, "curve_expected_loss", self->curve.loss, self->curve.n);
  heft_record_set_result_array (record, "curve_expected_loss_error", self->curve.loss_error, self->curve.n);
  if (isfinite (misfit))
    heft_record_set_result (record, "slope_check", misfit);
  else
    heft_record_set_result_missing (record, "slope_check", _("The slope needs two points of the curve."));
  if (heft_rate_curve_misfit (&self->curve, &sided))
    {
      heft_record_set_result (record, "slope_misfit", sided.value);
      heft_record_set_result (record, "slope_misfit_standard_error", sided.error);
    }
  else
    {
      heft_record_set_result_missing (record, "slope_misfit", _("The slope needs two points of the curve."));
      heft_record_set_result_missing (record, "slope_misfit_standard_error", _("The slope needs two points of the curve."));
    }
  if (self->curve.elbo >= 0 && self->curve.n > elbo)
    {
      heft_record_set_result (record, "elbo_information", self->curve.kl[elbo]);
      heft_record_set_result (record, "elbo_expected_loss", self->curve.loss[elbo]);
      heft_record_set_result (record, "elbo_code_length", variational (self, elbo));
    }
  else
    {
      const char *reason = self->curve.elbo >= 0 ? _("The run was stopped before it came to this point.")
                                           : _("β = 1/N does not lie between beta-min and beta-max.");

      heft_record_set_result_missing (record, "elbo_information", reason);
      heft_record_set_result_missing (record, "elbo_expected_loss", reason);
      heft_record_set_result_missing (record, "elbo_code_length", reason);
    }
  if (isfinite (self->prequential))
    heft_record_set_result (record, "prequential_code_length", self->prequential);
  else
    heft_record_set_result_missing (record, "prequential_code_length", _("The run was stopped before it came to this point."));
  heft_record_set_result (record, "uniform_code_length",
                          heft_code_length_uniform ((double) self->setup->n_samples,
                                                    (double) heft_network_get_n_classes (self->setup->network)));
  heft_record_set_result (record, "samples", (double) self->setup->n_samples);
}

static gboolean
run_tradeoff (HeftRun *run, GError **error)
{
  g_auto (HeftTrainSetup) setup = { 0 };
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autofree Sweep *self = g_new0 (Sweep, 1);
  GError *failure = NULL;

  if (!heft_train_setup_init (&setup, parameters, error))
    return FALSE;
  heft_run_set_sample_count (run, setup.n_samples);
  self->run = run;
  self->record = heft_run_get_record (run);
  self->setup = &setup;
  self->quick = heft_parameters_get_integer (parameters, "effort") == 1;
  self->draws = (guint) heft_parameters_get_integer (parameters, "draws");
  self->prequential = NAN;
  self->share = 0.8;
  heft_rate_curve_init (&self->curve, heft_parameters_get_real (parameters, "beta-min"), heft_parameters_get_real (parameters, "beta-max"),
                        (gsize) heft_parameters_get_integer (parameters, "points"), setup.n_samples);
  publish_level (self, MEMORISING,
                 heft_code_length_uniform ((double) setup.n_samples, (double) heft_network_get_n_classes (setup.network)));
  publish_ledger (self);
  /* Without an error the run was stopped: what it has stays. */
  if (sweep (self, parameters, &failure))
    write_code (self, parameters, &failure);
  store_results (self);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
check_tradeoff (HeftParameters *parameters, GError **error)
{
  double low, high;

  if (!heft_train_check (parameters, error))
    return FALSE;
  low = heft_parameters_get_real (parameters, "beta-min");
  high = heft_parameters_get_real (parameters, "beta-max");
  if (low < high)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("beta-min is %g and must be below beta-max, which is %g."),
               low, high);
  return FALSE;
}

/* --- Sentences --------------------------------------------------------------------------------------------------- */

static char *
tradeoff_sentence (HeftRecord *record)
{
  return heft_record_get_last (record, "tradeoff_beta", 0, NULL, NULL) ? heft_train_curve_sentence (record) : NULL;
}

static char *
minimum_sentence (HeftRecord *record)
{
  double beta, kl, value, side, error;
  g_autofree char *words_beta = NULL, *words_kl = NULL, *misfit = NULL, *doubt = NULL;

  if (heft_record_get_result (record, "slope_check", &value))
    {
      misfit = heft_words_percent (value);
      if (!heft_record_get_result (record, "slope_misfit", &side) || !heft_record_get_result (record, "slope_misfit_standard_error", &error))
        return g_strdup_printf (_("The slope of min $C_\\beta$ should be KL at every point; over this grid the two differ by at most %s."),
                                misfit);
      doubt = heft_words_percent (error);
      /* Where KL has all but gone the largest misfit is the draws' noise. */
      if (side < -2 * error)
        return g_strdup_printf (_("The slope of min $C_\\beta$ should be KL at every point; over this grid the two differ by at most %s "
                                  "(standard error %s): KL is still above its optimum there, and training longer lowers it."), misfit, doubt);
      return g_strdup_printf (_("The slope of min $C_\\beta$ should be KL at every point; over this grid the two differ by at most %s "
                                "(standard error %s)."), misfit, doubt);
    }
  if (!heft_record_get_last (record, "minimum_slope", 0, &beta, &kl))
    return NULL;
  words_beta = heft_words_number (beta);
  words_kl = heft_words_number (kl);
  return g_strdup_printf (_("At $\\beta$ = %s the curve should rise by %s nats for each unit of $\\beta$: that is KL."), words_beta,
                          words_kl);
}

static char *
lengths_sentence (HeftRecord *record)
{
  g_autofree char *elbo = NULL, *prequential = NULL, *uniform = NULL;

  if (!heft_record_get_result (record, "elbo_code_length", NULL) && !heft_record_get_result (record, "prequential_code_length", NULL))
    return g_strdup (_("The two codes are compared once the sweep is through; writing every label down takes $N \\log C$."));
  elbo = heft_words_result (record, "elbo_code_length");
  prequential = heft_words_result (record, "prequential_code_length");
  uniform = heft_words_result (record, "uniform_code_length");
  return g_strdup_printf (_("All labels take %s nats by the variational code at $N\\beta = 1$, %s by the prequential one and %s "
                            "written down."), elbo, prequential, uniform);
}

static char *
fit_sentence (HeftRecord *record)
{
  double n_beta, train, test;
  g_autofree char *words = NULL, *train_words = NULL, *test_words = NULL;

  if (!heft_record_get_last (record, "train_error", 0, &n_beta, &train) || !heft_record_get_last (record, "test_error", 0, NULL, &test))
    return NULL;
  words = heft_words_number (n_beta);
  train_words = heft_words_percent (train);
  test_words = heft_words_percent (test);
  return g_strdup_printf (_("At $N\\beta$ = %s the code errs on %s of the training and %s of the test samples."), words, train_words,
                          test_words);
}

static char *
ledger_sentence (HeftRecord *record)
{
  g_autofree char *kl = NULL, *loss = NULL;

  if (!heft_record_get_result (record, "elbo_information", NULL))
    return g_strdup (_("The rows fill as the sweep passes $N\\beta = 1$ and ends."));
  kl = heft_words_result (record, "elbo_information");
  loss = heft_words_result (record, "elbo_expected_loss");
  return g_strdup_printf (_("At the evidence lower bound %s nats of weights leave %s nats of loss a sample."), kl, loss);
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

static const HeftParameterSpec parameters[] = {
  { HEFT_COMMON_LEARNED_DATASET, .default_text = "mnist-10k" },
  { HEFT_COMMON_TRAINING_SAMPLES, .label = N_("Training samples $N$"), .default_text = "0" },
  { HEFT_COMMON_UNIFORM_LABEL_NOISE, .default_text = "0" },
  { HEFT_COMMON_DENSE_ARCHITECTURE, .default_text = "64" },
  { HEFT_COMMON_ACTIVATION, .default_text = "relu" },
  { HEFT_COMMON_LAMBDA, .group = HEFT_GROUP_CODES, .default_text = "0.1" },
  { .id = "beta-min", .label = N_("Smallest $\\beta$"), HEFT_COMMON_PRICE,
    .help = N_("Where the sweep begins: little is paid for a nat."), .default_text = "0.03/N" },
  { .id = "beta-max", .label = N_("Largest $\\beta$"), HEFT_COMMON_PRICE,
    .help = N_("Where the sweep ends: nats are dear."), .default_text = "30/N" },
  { .id = "points", .label = N_("Points"), .help = N_("How many β the sweep stops at, evenly on a log scale; the nearest to 1/N is put there."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_OBJECTIVE, .minimum = 2, .maximum = HEFT_RATE_MOST_POINTS, .default_text = "12" },
  { HEFT_COMMON_SWEPT_LEARNING_RATE, .default_text = "0.005" },
  { HEFT_COMMON_BATCH, .default_text = "128" },
  { HEFT_COMMON_EPOCHS, .label = N_("Epochs a point"), .help = N_("How long the network is trained at each β; five times as long at the first."),
    .maximum = 1e4, .default_text = "40" },
  { HEFT_COMMON_SWEPT_DRAWS, .default_text = "30" },
  { HEFT_COMMON_EFFORT, .help = N_("Quick trains a fifth as long: a first look, less converged."), .default_text = "full" },
};

#define SWEPT N_("warm-started sweep upwards over β; mean over weight draws, the same at each point; first 10,000 samples (or all)")

static const HeftSeriesSpec series[] = {
  [RATE] = { "tradeoff", N_("$E_Q L$, training"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_TRAIN_LOSS, FALSE, SWEPT },
  [RATE_BETA] = { "tradeoff_beta", N_("$\\beta$"), "", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_LAGRANGIAN, FALSE,
                  N_("the β each point was trained at") },
  [HULL] = { "hull", N_("Lower convex hull"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_THRESHOLD, FALSE,
             N_("of the points so far: what mixtures of them attain") },
  [ELBO] = { "elbo", N_("ELBO, $N\\beta = 1$"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_BOUND, FALSE,
             N_("the point trained at β = 1/N") },
  [TEST_RATE] = { "test_rate", N_("$E_Q L$, test"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_TEST_LOSS, FALSE, SWEPT },
  [MINIMUM] = { "minimum", N_("$C_\\beta$, trained"), "nat", N_("$\\beta$"), HEFT_QUANTITY_LAGRANGIAN, FALSE, SWEPT },
  [MINIMUM_SLOPE] = { "minimum_slope", N_("Slope: $\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_KL, FALSE,
                      N_("exact, closed form") },
  [MINIMUM_ELBO] = { "minimum_elbo", N_("ELBO, $N\\beta = 1$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_BOUND, FALSE,
                     N_("the point trained at β = 1/N") },
  [VARIATIONAL] = { "variational", N_("Variational code, $N E_Q L + \\mathrm{KL}$"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_CORRECTED,
                    FALSE, SWEPT },
  [PREQUENTIAL] = { "prequential", N_("Prequential code"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_GAUSSIAN, FALSE,
                    N_("64 labels uniformly, then blocks that double, each by a network trained at Nβ = 0.1 on those before") },
  [MEMORISING] = { "memorising", N_("$N \\log C$"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_THRESHOLD, FALSE,
                   N_("every label written down") },
  [INFORMATION] = { "information", N_("$\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_KL, FALSE,
                    N_("exact, closed form") },
  [TRAIN_LOSS] = { "train_loss", N_("$E_Q L$, training"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_TRAIN_LOSS, FALSE, SWEPT },
  [TEST_LOSS] = { "test_loss", N_("$E_Q L$, test"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_TEST_LOSS, FALSE, SWEPT },
  [TRAIN_ERROR] = { "train_error", N_("Error of $Q$, training"), "%", N_("$N\\beta$"), HEFT_QUANTITY_TRAIN_ERROR, FALSE, SWEPT },
  [TEST_ERROR] = { "test_error", N_("Error of $Q$, test"), "%", N_("$N\\beta$"), HEFT_QUANTITY_TEST_ERROR, FALSE, SWEPT },
};

static const HeftResultSpec results[] = {
  { "curve_beta", N_("β along the curve"), "", TRUE },
  { "curve_information", N_("KL(Q‖P) along the curve, exact"), "nat", TRUE },
  { "curve_expected_loss", N_("E_Q L along the curve, mean over weight draws"), "nat", TRUE },
  { "curve_expected_loss_error", N_("Its standard error over the weight draws"), "nat", TRUE },
  { "slope_check", N_("Largest relative misfit of KL and the slope of min C, by differences"), "", FALSE },
  { "slope_misfit", N_("The same with its sign: negative where KL is above its optimum"), "", FALSE },
  { "slope_misfit_standard_error", N_("Standard error of slope_misfit over the weight draws, at most"), "", FALSE },
  { "elbo_information", N_("KL(Q‖P) at β = 1/N"), "nat", FALSE },
  { "elbo_expected_loss", N_("E_Q L at β = 1/N"), "nat", FALSE },
  { "elbo_code_length", N_("Variational code length of all labels at β = 1/N, N E_Q L + KL"), "nat", FALSE },
  { "prequential_code_length", N_("Prequential code length of all labels"), "nat", FALSE },
  { "uniform_code_length", N_("N log C, every label written down"), "nat", FALSE },
  { "samples", N_("Training samples N"), "", FALSE },
};

static const HeftPanelSpec panels[] = {
  { .id = "tradeoff", .title = N_("Trade-off of loss and information"), .kind = HEFT_PANEL_CURVE,
    .x_label = N_("$\\mathrm{KL}(Q \\Vert P)$"), .x_unit = "nat", .y_label = N_("$E_Q L$"), .y_unit = "nat",
    .series = { "tradeoff", "tradeoff_beta", "hull", "test_rate", "elbo" },
    .things_to_try = N_("Each short line has slope −β: where training has converged it touches the curve. Give the labels noise and see "
                        "how many more nats the same loss takes."),
    .sentence = tradeoff_sentence },
  { .id = "minimum", .title = N_("The optimal Lagrangian"), .kind = HEFT_PANEL_CURVE, .x_label = N_("$\\beta$"),
    .y_label = N_("min $C_\\beta$"), .y_unit = "nat", .x_log = TRUE, .series = { "minimum", "minimum_slope", "minimum_elbo" },
    .things_to_try = N_("Train longer at each point, or choose effort quick: the misfit of slope and KL tells converged codes from others."),
    .sentence = minimum_sentence },
  { .id = "lengths", .title = N_("How long the labels’ description is"), .kind = HEFT_PANEL_LINES, .x_label = N_("$N\\beta$"),
    .y_label = N_("Description length"), .y_unit = "nat", .x_log = TRUE, .y_log = TRUE,
    .series = { "variational", "information", "prequential", "memorising" },
    .things_to_try = N_("The variational code is shortest at Nβ = 1, yet the prequential code, which sends no weights, is far shorter: "
                        "mean-field codes waste nats."),
    .sentence = lengths_sentence },
  { .id = "fit", .title = N_("Loss and error against $\\beta$"), .kind = HEFT_PANEL_LINES, .x_label = N_("$N\\beta$"),
    .y_label = N_("Loss"), .y_unit = "nat", .x_log = TRUE, .series = { "train_loss", "test_loss", "train_error", "test_error" },
    .things_to_try = N_("Training and test part company where β is small. The test error is lowest well below Nβ = 1."),
    .sentence = fit_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Set label noise to 1: no code can describe such labels in fewer than N log C nats."),
    .sentence = ledger_sentence },
};

const HeftExperiment heft_experiment_tradeoff = {
  .id = "tradeoff",
  .title = N_("The trade-off curve of a real network"),
  .summary = N_("One network is trained at a growing β, each time from where the last left off, and traces loss against "
                "information. Beside it stand two other ways to describe the same labels."),
  .long_running = TRUE,
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .check = check_tradeoff,
  .run = run_tradeoff,
};
