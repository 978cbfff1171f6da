/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/shannon.h>

#include "experiments/beta-sweep.h"
#include "experiments/common-parameters.h"
#include "experiments/ledger.h"
#include "experiments/shannon.h"
#include "experiments/tasks.h"
#include "experiments/train-private.h"
#include "experiments/words.h"

#define DRAWS_FROM ((guint64) 1 << 43)
#define LOSS_DRAWS 4
#define QUICK 6      /* times fewer steps */

enum
{
  FIXED,
  ADAPTED,
  LEFT_OUT,
  GAUSSIAN,
  SEED_GAUSSIAN,
  SEED_ENTROPY,
  SEED_CEILING,
  LOWER,
  LOWER_CEILING,
  RUN_KL,
  RUN_TRAIN_ERROR,
  RUN_TEST_ERROR,
};

/* What one training leaves: kept in the record as the frame "training-D-S", so that a run that was stopped need not train it again. */
typedef struct
{
  HeftPosterior *posterior;
  double         kl, loss, train_error, test_error;
} Training;

typedef struct
{
  HeftRun        *run;
  HeftRecord     *record;
  HeftParameters *parameters;
  HeftTrainSetup  setup;            /* the pool that datasets are drawn from */
  gsize           n_samples;        /* of each dataset */
  gsize           n_datasets, n_seeds, n_trainings;
  guint           draws;
  gsize           rank;             /* of the posteriors; 0: mean-field */
  gboolean        quick;
  char           *key;              /* what a training depends on, beside its dataset and its seed */
  Training       *trainings;        /* n_trainings, seed by seed within dataset by dataset */
  gboolean       *is_done;          /* by an earlier run */
  HeftShannon     shannon;          /* of the datasets so far; n_datasets 0 until there are two */
} Study;

static void
study_free (Study *self)
{
  for (gsize t = 0; self->trainings != NULL && t < self->n_trainings; t++)
    g_clear_pointer (&self->trainings[t].posterior, heft_posterior_free);
  g_free (self->trainings);
  g_free (self->is_done);
  g_free (self->key);
  heft_train_setup_clear (&self->setup);
  g_clear_pointer (&self->parameters, heft_parameters_free);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Study, study_free)

/* --- Trainings that are kept ------------------------------------------------------------------------------------- */

/* All parameters that a training depends on, as typed, and the network's size. */
static char *
make_key (const Study *self)
{
  static const char *const names[] = { "dataset", "samples", "architecture", "activation", "lambda", "beta", "learning-rate", "batch",
                                       "epochs", "effort" };
  GString *key = g_string_new ("Heft " HEFT_VERSION);

  g_string_append_printf (key, " seed=%" PRIu64, heft_parameters_get_seed (self->parameters));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_string_append_printf (key, " %s=%s", names[i], heft_parameters_get_text (self->parameters, names[i]));
  /* Mean-field trainings are named as they were before there were others. */
  if (self->rank > 0)
    g_string_append_printf (key, " low-rank=%zu", self->rank);
  return g_string_free (key, FALSE);
}

static char *
frame_id (const Study *self, gsize t)
{
  return g_strdup_printf ("training-%zu-%zu", t / self->n_seeds, t % self->n_seeds);
}

static void
keep_training (Study *self, gsize t)
{
  const Training *training = &self->trainings[t];
  const HeftPosterior *posterior = training->posterior;
  g_autofree char *id = frame_id (self, t);
  HeftFrame *frame = heft_frame_new (id, 0);
  double *mean = g_new (double, posterior->n), *log_deviation = g_new (double, posterior->n);

  for (gsize i = 0; i < posterior->n; i++)
    {
      mean[i] = posterior->mean[i];
      log_deviation[i] = posterior->log_deviation[i];
    }
  heft_frame_set_text (frame, "key", self->key);
  heft_frame_set_number (frame, "kl", training->kl);
  heft_frame_set_number (frame, "loss", training->loss);
  heft_frame_set_number (frame, "train_error", training->train_error);
  heft_frame_set_number (frame, "test_error", training->test_error);
  heft_frame_take_array (frame, "mean", 1, posterior->n, mean);
  heft_frame_take_array (frame, "log_deviation", 1, posterior->n, log_deviation);
  if (posterior->rank > 0)
    {
      double *factors = g_new (double, posterior->rank * posterior->n);

      for (gsize i = 0; i < posterior->rank * posterior->n; i++)
        factors[i] = posterior->factors[i];
      heft_frame_take_array (frame, "factors", posterior->rank, posterior->n, factors);
    }
  heft_record_publish (self->record, frame);
}

/* The values of a kept array as weights, if there are @n of them. */
static gboolean
recall_array (HeftFrame *frame, const char *name, gsize n, float *values)
{
  gsize rows = 0, columns = 0;
  const double *kept = heft_frame_get_array (frame, name, &rows, &columns);

  if (kept == NULL || rows * columns != n)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    values[i] = (float) kept[i];
  return TRUE;
}

/* Whether the earlier run has training @t, made from the same parameters and seed. */
static gboolean
recall_training (Study *self, HeftRecord *earlier, gsize t)
{
  g_autofree char *id = frame_id (self, t);
  g_autoptr (HeftFrame) frame = heft_record_get_frame (earlier, id);
  g_autoptr (HeftPosterior) posterior = NULL;
  Training *training = &self->trainings[t];
  gsize k = heft_network_get_n_parameters (self->setup.network);

  if (frame == NULL || g_strcmp0 (heft_frame_get_text (frame, "key"), self->key) != 0)
    return FALSE;
  posterior = self->rank > 0 ? heft_posterior_new_low_rank (self->setup.network, self->rank)
                             : heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, k);
  training->kl = heft_frame_get_number (frame, "kl", NAN);
  training->loss = heft_frame_get_number (frame, "loss", NAN);
  training->train_error = heft_frame_get_number (frame, "train_error", NAN);
  training->test_error = heft_frame_get_number (frame, "test_error", NAN);
  if (!recall_array (frame, "mean", k, posterior->mean) || !recall_array (frame, "log_deviation", k, posterior->log_deviation) ||
      (self->rank > 0 && !recall_array (frame, "factors", self->rank * k, posterior->factors)) ||
      !isfinite (training->kl + training->loss + training->train_error + training->test_error))
    return FALSE;
  training->posterior = g_steal_pointer (&posterior);
  return TRUE;
}

/* --- One training, on some thread --------------------------------------------------------------------------------- */

typedef struct
{
  Study       *study;
  HeftTasks   *tasks;
  gsize        task;
  HeftTrainer *trainer;
} Loop;

static gboolean
after_step (guint64 done, guint64 total, gpointer user_data)
{
  const Loop *loop = user_data;

  return heft_tasks_point (loop->tasks, loop->task, (double) done / (double) total);
}

static gboolean
after_training (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error)
{
  const Loop *loop = user_data;
  Study *self = loop->study;
  Training *training = &self->trainings[loop->task];
  HeftEvaluation test;

  if (!heft_evaluate (self->setup.network, heft_trainer_get_posterior (loop->trainer), self->setup.data.test, 0,
                      heft_run_get_seed (self->run), DRAWS_FROM, LOSS_DRAWS, 1, heft_run_get_cancellable (self->run), &test, error))
    return FALSE;
  training->posterior = heft_posterior_copy (heft_trainer_get_posterior (loop->trainer));
  training->kl = point->kl;
  training->loss = point->train.loss;
  training->train_error = point->train.error;
  training->test_error = test.error;
  return TRUE;
}

/* Dataset @d: its samples are drawn from the pool without replacement, each dataset by itself. */
static HeftDataset *
draw_dataset (const Study *self, gsize d)
{
  guint32 pool = (guint32) heft_dataset_get_n_samples (self->setup.data.train);
  g_autofree guint32 *order = g_new (guint32, pool);

  heft_stream_permutation (heft_stream (heft_parameters_get_seed (self->parameters), HEFT_PURPOSE_RESAMPLE, (guint32) d), 0, pool,
                           order);
  return heft_dataset_subset (self->setup.data.train, order, self->n_samples);
}

static gboolean
run_training (HeftTasks *tasks, gsize task, gpointer user_data, GError **error)
{
  Study *self = user_data;
  HeftTrainerConfig config = heft_train_setup_config (&self->setup, self->parameters, 1);
  g_autoptr (HeftDataset) data = draw_dataset (self, task / self->n_seeds);
  g_autoptr (HeftTrainer) trainer = NULL;
  double rate = config.learning_rate;
  double epochs = heft_parameters_get_real (self->parameters, "epochs") / (self->quick ? QUICK : 1);
  Loop user = { self, tasks, task };
  HeftBetaSweep loop = {
    .data = data, .betas = &config.beta, .n_points = 1, .learning_rate = rate, .last_learning_rate = rate / 20,
    .seed = heft_run_get_seed (self->run), .first_draw = DRAWS_FROM, .n_draws = LOSS_DRAWS, .n_threads = 1,
    .cancellable = heft_run_get_cancellable (self->run), .step = after_step, .point = after_training, .user_data = &user,
  };

  config.batch = MIN (config.batch, self->n_samples);
  /* The same S seeds for every dataset: 2^64 over the golden ratio keeps them apart. */
  config.seed += (task % self->n_seeds) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  trainer = heft_trainer_new (self->setup.network, data, &config, error);
  if (trainer == NULL)
    return FALSE;
  user.trainer = loop.trainer = trainer;
  loop.first_steps = MAX ((guint64) ceil (epochs * (double) heft_trainer_get_steps_per_epoch (trainer)), 1);
  return heft_beta_sweep_run (&loop, error);
}

/* --- What they say together --------------------------------------------------------------------------------------- */

static gboolean
estimate (Study *self, gsize n_datasets, GError **error)
{
  gsize n = n_datasets * self->n_seeds;
  g_autofree const HeftPosterior **posteriors = g_new (const HeftPosterior *, n);
  g_autofree double *kl = g_new (double, n);
  HeftRecord *record = self->record;
  double x = (double) n_datasets;
  HeftShannon *s = &self->shannon;

  for (gsize t = 0; t < n; t++)
    {
      posteriors[t] = self->trainings[t].posterior;
      kl[t] = self->trainings[t].kl;
    }
  if (!heft_shannon_estimate (posteriors, kl, n_datasets, self->n_seeds, heft_run_get_seed (self->run), self->draws,
                              heft_run_get_cancellable (self->run), s, error))
    return FALSE;
  heft_record_append (record, FIXED, 0, x, s->expected_kl_fixed);
  heft_record_append (record, ADAPTED, 0, x, s->expected_kl_adapted);
  heft_record_append (record, LEFT_OUT, 0, x, s->leave_one_out);
  heft_record_append (record, GAUSSIAN, 0, x, s->information_gaussian);
  heft_record_append (record, SEED_GAUSSIAN, 0, x, s->seed_entropy_gaussian);
  heft_record_append (record, SEED_ENTROPY, 0, x, s->seed_entropy);
  heft_record_append (record, SEED_CEILING, 0, x, log ((double) self->n_seeds));
  heft_record_append (record, LOWER, 0, x, s->information_lower);
  heft_record_append (record, LOWER_CEILING, 0, x, log (x));
  return TRUE;
}

static void
add_pair (HeftLedger *ledger, const char *label, double value, double standard_error, const char *what, HeftQuantity quantity)
{
  g_autofree char *words = heft_words_number (standard_error);
  g_autofree char *note = g_strdup_printf (_("%s; standard error %s over datasets"), what, words);

  heft_ledger_add (ledger, label, value, "nat", note, quantity);
}

static void
publish_ledger (Study *self)
{
  const HeftShannon *s = &self->shannon;
  HeftLedger ledger = heft_ledger_begin (s->n_datasets);
  g_autofree char *words = heft_words_number (s->seed_entropy_error);
  g_autofree char *ceiling = heft_words_number (log ((double) self->n_seeds));
  g_autofree char *seeds = g_strdup_printf (_("by weight draws, standard error %s; S seeds can tell at most log S = %s"), words, ceiling);

  add_pair (&ledger, _("Fixed prior"), s->expected_kl_fixed, s->expected_kl_fixed_error, _("seeds averaged inside Q(w|D)"),
            HEFT_QUANTITY_KL);
  add_pair (&ledger, _("Left-one-out prior"), s->leave_one_out, s->leave_one_out_error,
            _("from the other datasets: bounds I(w; D) from above on average"), HEFT_QUANTITY_BOUND);
  add_pair (&ledger, _("Adapted prior"), s->expected_kl_adapted, s->expected_kl_adapted_error,
            _("upper bound for many datasets; it has seen the dataset it codes"), HEFT_QUANTITY_GAUSSIAN);
  add_pair (&ledger, _("Mixture of all posteriors"), s->information_lower, s->information_lower_error,
            _("bounds I(w; D) from below; at most log M"), HEFT_QUANTITY_EXACT);
  heft_ledger_add (&ledger, _("Seed entropy $I(w; \\mathrm{seed}|D)$"), s->seed_entropy, "nat", seeds, HEFT_QUANTITY_LAGRANGIAN);
  heft_ledger_add (&ledger, _("The same, Gaussian"), s->seed_entropy_gaussian, "nat",
                   _("each dataset’s seeds as one Gaussian: an upper bound"), HEFT_QUANTITY_CORRECTED);
  heft_ledger_add (&ledger, _("Seeds as one Gaussian"), s->information_gaussian, "nat",
                   _("left-one-out prior, per run, less the line above: what is left for the dataset"), HEFT_QUANTITY_FISHER);
  heft_ledger_add (&ledger, _("Fixed prior, per run"), s->per_run_fixed, "nat", _("dataset and seed together"), HEFT_QUANTITY_KL);
  heft_record_publish (self->record, heft_ledger_end (&ledger));
}

static gboolean
training_done (gsize task, gpointer user_data, GError **error)
{
  Study *self = user_data;
  const Training *training = &self->trainings[task];
  double x = (double) task + 1;
  gsize n = (task + 1) / self->n_seeds;

  keep_training (self, task);
  heft_record_append (self->record, RUN_KL, 0, x, training->kl);
  heft_record_append (self->record, RUN_TRAIN_ERROR, 0, x, training->train_error);
  heft_record_append (self->record, RUN_TEST_ERROR, 0, x, training->test_error);
  if ((task + 1) % self->n_seeds != 0 || n < 2)
    return TRUE;
  if (!estimate (self, n, error))
    return FALSE;
  publish_ledger (self);
  return TRUE;
}

static gboolean
training_done_late (gsize task, gpointer user_data, GError **error)
{
  keep_training (user_data, task);
  return TRUE;
}

/* --- The run ----------------------------------------------------------------------------------------------------- */

static void
store_results (Study *self)
{
  const HeftShannon *s = &self->shannon;
  const struct { const char *id; double value; } values[] = {
    { "expected_kl_fixed", s->expected_kl_fixed }, { "expected_kl_fixed_error", s->expected_kl_fixed_error },
    { "expected_kl_adapted", s->expected_kl_adapted }, { "expected_kl_adapted_error", s->expected_kl_adapted_error },
    { "leave_one_out", s->leave_one_out }, { "leave_one_out_error", s->leave_one_out_error },
    { "seed_entropy", s->seed_entropy }, { "seed_entropy_error", s->seed_entropy_error },
    { "seed_entropy_gaussian", s->seed_entropy_gaussian },
    { "information_gaussian", s->information_gaussian },
    { "information_lower", s->information_lower }, { "information_lower_error", s->information_lower_error },
    { "per_run_fixed", s->per_run_fixed }, { "per_run_adapted", s->per_run_adapted },
    { "per_run_leave_one_out", s->per_run_leave_one_out },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    if (s->n_datasets >= 2)
      heft_record_set_result (self->record, values[i].id, values[i].value);
    else
      heft_record_set_result_missing (self->record, values[i].id, _("The run was stopped before two datasets were done."));
  heft_record_set_result (self->record, "datasets", (double) s->n_datasets);
  heft_record_set_result (self->record, "seeds", (double) self->n_seeds);
  heft_record_set_result (self->record, "parameters", (double) heft_network_get_n_parameters (self->setup.network));
}

static gboolean
load_pool (Study *self, HeftParameters *parameters, GError **error)
{
  g_autoptr (HeftParameters) pool = heft_parameters_copy (parameters);
  gsize n;

  self->n_samples = (gsize) heft_parameters_get_integer (parameters, "samples");
  if (!heft_parameters_set (pool, "samples", "0", error) || !heft_train_setup_init (&self->setup, pool, error))
    return FALSE;
  n = heft_dataset_get_n_samples (self->setup.data.train);
  if (self->n_samples == 0)
    self->n_samples = MAX (n / 2, 1);
  if (self->n_samples <= n)
    {
      heft_parameters_set_sample_count (parameters, self->n_samples);
      return TRUE;
    }
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("samples is %zu but %s has only %zu training samples to draw datasets from: ask for fewer."), self->n_samples,
               heft_dataset_get_name (self->setup.data.train), n);
  return FALSE;
}

static gboolean
load (Study *self, HeftRun *run, GError **error)
{
  HeftRecord *earlier = heft_run_get_earlier (run);

  self->run = run;
  self->record = heft_run_get_record (run);
  self->parameters = heft_run_dup_parameters (run);
  if (!load_pool (self, self->parameters, error))
    return FALSE;
  heft_run_set_sample_count (run, self->n_samples);
  self->n_datasets = (gsize) heft_parameters_get_integer (self->parameters, "datasets");
  self->n_seeds = (gsize) heft_parameters_get_integer (self->parameters, "seeds");
  self->draws = (guint) heft_parameters_get_integer (self->parameters, "draws");
  self->quick = heft_parameters_get_integer (self->parameters, "effort") == 1;
  self->n_trainings = self->n_datasets * self->n_seeds;
  if (strcmp (heft_parameters_get_text (self->parameters, "posterior"), "low-rank") == 0)
    self->rank = (gsize) heft_parameters_get_integer (self->parameters, "rank");
  self->trainings = g_new0 (Training, self->n_trainings);
  self->is_done = g_new0 (gboolean, self->n_trainings);
  self->key = make_key (self);
  for (gsize t = 0; earlier != NULL && t < self->n_trainings; t++)
    self->is_done[t] = recall_training (self, earlier, t);
  return TRUE;
}

static gboolean
run_shannon (HeftRun *run, GError **error)
{
  g_autoptr (Study) self = g_new0 (Study, 1);
  GError *failure = NULL;

  if (!load (self, run, error))
    return FALSE;
  /* Without an error the run was stopped: what it has stays. */
  heft_tasks_run (run, self->n_trainings, self->is_done, run_training, training_done, training_done_late, 0, 1, self, &failure);
  store_results (self);
  if (failure == NULL || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_clear_error (&failure);
      return TRUE;
    }
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
check_shannon (HeftParameters *parameters, GError **error)
{
  g_autoptr (Study) self = g_new0 (Study, 1);

  return load_pool (self, parameters, error);
}

static void
prepare_shannon (HeftRecord *record, const HeftParameters *parameters)
{
  g_autofree char *draws = heft_words_count ((guint64) heft_parameters_get_integer (parameters, "draws"));
  g_autofree char *text = g_strdup_printf (_("%s weight draws from each posterior"), draws);

  heft_record_set_estimator (record, SEED_ENTROPY, text);
  heft_record_set_estimator (record, LOWER, text);
}

/* --- Sentences --------------------------------------------------------------------------------------------------- */

static char *
information_sentence (HeftRecord *record)
{
  g_autofree char *fixed = NULL, *adapted = NULL, *left_out = NULL, *count = NULL;
  double m;

  if (!heft_record_get_last (record, "fixed", 0, &m, NULL))
    return NULL;
  fixed = heft_words_last (record, "fixed");
  adapted = heft_words_last (record, "adapted");
  left_out = heft_words_last (record, "left_out");
  count = heft_words_count ((guint64) m);
  return g_strdup_printf (_("From %s datasets: a fixed prior reports %s nats, one made from the other datasets %s, one adapted to all %s."),
                          count, fixed, left_out, adapted);
}

static char *
mixtures_sentence (HeftRecord *record)
{
  g_autofree char *seeds = NULL, *ceiling = NULL, *lower = NULL, *most = NULL;

  if (!heft_record_get_last (record, "seeds", 0, NULL, NULL))
    return NULL;
  seeds = heft_words_last (record, "seeds");
  ceiling = heft_words_last (record, "seeds_ceiling");
  lower = heft_words_last (record, "lower");
  most = heft_words_last (record, "lower_ceiling");
  return g_strdup_printf (_("The seed can be read off the weights to %s of at most %s nats, the dataset to %s of at most %s."), seeds,
                          ceiling, lower, most);
}

static char *
runs_sentence (HeftRecord *record)
{
  g_autofree char *count = NULL, *kl = NULL, *test = NULL;
  double n, error;

  if (!heft_record_get_last (record, "run_kl", 0, &n, NULL) || !heft_record_get_last (record, "run_test_error", 0, NULL, &error))
    return NULL;
  count = heft_words_count ((guint64) n);
  kl = heft_words_last (record, "run_kl");
  test = heft_words_percent (error);
  return g_strdup_printf (_("Training %s took %s nats and errs on %s of the test samples."), count, kl, test);
}

static char *
ledger_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) ledger = heft_record_get_frame (record, "ledger");

  if (ledger == NULL)
    return NULL;
  return g_strdup (_("Per run, one Gaussian codes dataset and seed together; less the seed entropy, the dataset alone."));
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

static const char *const posteriors[] = { "mean-field", "low-rank", NULL };
static const char *const posterior_labels[] = { N_("Mean-field Gaussian"), N_("Low rank and diagonal"), NULL };

static const HeftParameterSpec parameters[] = {
  { HEFT_COMMON_LEARNED_DATASET, .default_text = "mnist-10k" },
  { HEFT_COMMON_SAMPLES, .label = N_("Samples of a dataset $N$"), .default_text = "1000",
    .help = N_("How many samples each dataset draws, without replacement, from the training set; 0 draws half of it.") },
  { .id = "datasets", .label = N_("Datasets $M$"), .help = N_("How many datasets are drawn; more make the adapted prior's bias smaller."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_DATA, .minimum = 2, .maximum = 200, .default_text = "12" },
  { HEFT_COMMON_DENSE_ARCHITECTURE, .default_text = "32" },
  { HEFT_COMMON_ACTIVATION, .default_text = "relu" },
  { .id = "posterior", .label = N_("Posterior $Q$"),
    .help = N_("The code that is trained: a width for every weight, or directions besides in which a layer's weights vary together."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_CODES, .default_text = "mean-field",
    .choices = posteriors, .choice_labels = posterior_labels },
  { HEFT_COMMON_RANK, .default_text = "2" },
  { HEFT_COMMON_LAMBDA, .group = HEFT_GROUP_CODES, .default_text = "0.1" },
  { HEFT_COMMON_BETA, .default_text = "0.1/N" },
  { .id = "seeds", .label = N_("Seeds $S$"),
    .help = N_("How many seeds each dataset is trained with, the same for all; they are averaged inside Q(w|D)."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_OPTIMIZER, .minimum = 1, .maximum = 50, .default_text = "3" },
  { HEFT_COMMON_SWEPT_LEARNING_RATE, .default_text = "0.005" },
  { HEFT_COMMON_BATCH, .default_text = "100" },
  { HEFT_COMMON_EPOCHS, .label = N_("Epochs"), .help = N_("How long each network is trained."),
    .maximum = 1e5, .default_text = "150" },
  { HEFT_COMMON_DRAWS, .label = N_("Weight draws"), .help = N_("How many networks drawn from each posterior the mixtures are measured by."),
    .minimum = 2, .maximum = 1000, .default_text = "8" },
  { HEFT_COMMON_EFFORT, .help = N_("Quick trains a sixth as long: a first look, less converged."), .default_text = "full" },
};

#define CLOSED N_("closed form for each run, less the seed entropy; mean over datasets")

static const HeftSeriesSpec series[] = {
  [FIXED] = { "fixed", N_("Fixed prior $P$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_KL, FALSE, CLOSED },
  [ADAPTED] = { "adapted", N_("Adapted Gaussian prior"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_GAUSSIAN, FALSE, CLOSED },
  [LEFT_OUT] = { "left_out", N_("Prior from the other datasets"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_BOUND, FALSE, CLOSED },
  [GAUSSIAN] = { "gaussian", N_("Seeds as one Gaussian"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_FISHER, FALSE,
                 N_("closed form, the Gaussian of each dataset's seeds from that of the other datasets") },
  [SEED_GAUSSIAN] = { "seeds_gaussian", N_("Seed entropy, Gaussian"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_CORRECTED, FALSE,
                      N_("closed form, each dataset's seeds as one Gaussian") },
  [SEED_ENTROPY] = { "seeds", N_("Seed entropy $I(w; \\mathrm{seed}|D)$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_LAGRANGIAN, FALSE,
                     N_("weight draws from each posterior") },
  [SEED_CEILING] = { "seeds_ceiling", N_("$\\log S$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_THRESHOLD, FALSE,
                     N_("what S seeds can tell at most") },
  [LOWER] = { "lower", N_("Lower bound of $I(w; D)$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_EXACT, FALSE,
              N_("weight draws from each posterior") },
  [LOWER_CEILING] = { "lower_ceiling", N_("$\\log M$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_PRIOR, FALSE,
                      N_("what M datasets can tell at most") },
  [RUN_KL] = { "run_kl", N_("$\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("Training"), HEFT_QUANTITY_KL, FALSE, N_("exact, closed form") },
  [RUN_TRAIN_ERROR] = { "run_train_error", N_("Error of $Q$, training"), "%", N_("Training"), HEFT_QUANTITY_TRAIN_ERROR, FALSE,
                        N_("4 draws of all weights, all samples") },
  [RUN_TEST_ERROR] = { "run_test_error", N_("Error of $Q$, test"), "%", N_("Training"), HEFT_QUANTITY_TEST_ERROR, FALSE,
                       N_("4 draws of all weights, all samples") },
};

static const HeftResultSpec results[] = {
  { "expected_kl_fixed", N_("E_D KL(Q(w|D)‖P), fixed prior, seeds averaged inside Q(w|D)"), "nat", FALSE },
  { "expected_kl_fixed_error", N_("Its standard error over datasets"), "nat", FALSE },
  { "expected_kl_adapted", N_("The same with the Gaussian adapted to all runs: upper bound on I(w; D) for many datasets"), "nat", FALSE },
  { "expected_kl_adapted_error", N_("Its standard error over datasets"), "nat", FALSE },
  { "leave_one_out", N_("The same with the Gaussian of the other datasets: upper bound on I(w; D) on average"), "nat", FALSE },
  { "leave_one_out_error", N_("Its standard error over datasets"), "nat", FALSE },
  { "seed_entropy", N_("I(w; seed|D) = I(w; D, seed) − I(w; D), by weight draws; at most log S"), "nat", FALSE },
  { "seed_entropy_error", N_("Its standard error over weight draws"), "nat", FALSE },
  { "seed_entropy_gaussian", N_("The same with each dataset's seeds as one Gaussian: upper bound"), "nat", FALSE },
  { "information_gaussian", N_("KL of each dataset's seeds, as one Gaussian, from that of the other datasets"), "nat", FALSE },
  { "information_lower", N_("Lower bound on I(w; D), by weight draws; at most log M"), "nat", FALSE },
  { "information_lower_error", N_("Its standard error over datasets"), "nat", FALSE },
  { "per_run_fixed", N_("E KL of each run's Gaussian from P: dataset and seed together"), "nat", FALSE },
  { "per_run_adapted", N_("The same from the adapted Gaussian"), "nat", FALSE },
  { "per_run_leave_one_out", N_("The same from the Gaussian of the other datasets"), "nat", FALSE },
  { "datasets", N_("Datasets M that were completed"), "", FALSE },
  { "seeds", N_("Seeds S of each"), "", FALSE },
  { "parameters", N_("Weights k"), "", FALSE },
};

static const HeftPanelSpec panels[] = {
  { .id = "information", .title = N_("Information about the dataset"), .kind = HEFT_PANEL_LINES, .x_label = N_("Datasets $M$"),
    .y_label = N_("Information"), .y_unit = "nat", .series = { "fixed", "left_out", "adapted", "seeds_gaussian", "gaussian" },
    .things_to_try = N_("The fixed prior reports most: it pays for what all datasets have in common. More datasets bring the adapted and the "
                        "left-one-out prior together, with the information below them."),
    .sentence = information_sentence },
  { .id = "mixtures", .title = N_("What the weights tell of dataset and seed"), .kind = HEFT_PANEL_LINES, .x_label = N_("Datasets $M$"),
    .y_label = N_("Information"), .y_unit = "nat", .series = { "lower", "lower_ceiling", "seeds", "seeds_ceiling" },
    .things_to_try = N_("Raise β a hundredfold: the posteriors overlap, and the lines leave their ceilings log S and log M."),
    .sentence = mixtures_sentence },
  { .id = "runs", .title = N_("Each training"), .kind = HEFT_PANEL_LINES, .x_label = N_("Training"), .y_label = N_("Information"),
    .y_unit = "nat", .series = { "run_kl", "run_train_error", "run_test_error" },
    .things_to_try = N_("Every training is kept: a run that was stopped and saved goes on from there with --resume."),
    .sentence = runs_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Set the seeds to 1: dataset and seed can no longer be told apart, and both views agree."),
    .sentence = ledger_sentence },
};

const HeftExperiment heft_experiment_shannon = {
  .id = "shannon",
  .title = N_("Shannon information, by retraining"),
  .summary = N_("The same network is trained on many datasets drawn from one pool, each with several seeds. How much the weights tell of "
                "the dataset is bracketed by priors that know more and more."),
  .long_running = TRUE,
  .resumes = TRUE,
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .check = check_shannon,
  .prepare = prepare_shannon,
  .run = run_shannon,
};
