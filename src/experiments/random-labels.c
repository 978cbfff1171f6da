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
#include "experiments/random-labels.h"
#include "experiments/tasks.h"
#include "experiments/train-private.h"
#include "experiments/words.h"

#define MOST_POINTS 64
/* Without a list: from 0.01 to 10, four points a factor of ten and a little more. */
#define N_DEFAULT 13
#define DEFAULT_LOW 0.01
#define DEFAULT_HIGH 10.0
/* Random labels take long to memorise, and only the first point has to. */
#define FIRST_FACTOR 8
#define DRAWS_FROM ((guint64) 1 << 43)

/* The two chains, and the series of each: series[chain] + the first below. */
enum
{
  TRUE_LABELS,
  RANDOM_LABELS,
  N_CHAINS,
};

enum
{
  ERROR_SERIES = 0,
  KL_SERIES = N_CHAINS,
  RATE = 2 * N_CHAINS,
  RATE_BETA = 3 * N_CHAINS,
  OBJECTIVE = 4 * N_CHAINS,
  TEST_ERROR = 5 * N_CHAINS,
  MEMORISING,
  CHANCE,
};

typedef struct
{
  HeftTrainSetup setup;
  gsize          n;                      /* points measured */
  double         kl[MOST_POINTS], loss[MOST_POINTS], error[MOST_POINTS];
} Chain;

typedef struct
{
  HeftRun        *run;
  HeftRecord     *record;
  HeftParameters *parameters;
  gboolean        quick;
  guint           draws;
  gsize           n_points;
  double          n_beta[MOST_POINTS];
  Chain           chains[N_CHAINS];
} Study;

static void
study_free (Study *self)
{
  for (int c = 0; c < N_CHAINS; c++)
    heft_train_setup_clear (&self->chains[c].setup);
  heft_parameters_free (self->parameters);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Study, study_free)

static double
n_samples (const Study *self)
{
  return (double) self->chains[0].setup.n_samples;
}

static double
n_classes (const Study *self)
{
  return (double) heft_network_get_n_classes (self->chains[0].setup.network);
}

/* --- The transition ---------------------------------------------------------------------------------------------- */

/* Whether an error at the smallest N beta is that of a code that has learned something to lose: not above half that of guessing. */
static gboolean
is_learned (double first_error, double guessing)
{
  return first_error <= 0.5 * guessing;
}

static double
guessing (const Study *self)
{
  return 1 - 1 / n_classes (self);
}

static gboolean
chain_learned (const Study *self, const Chain *chain)
{
  return chain->n > 0 && is_learned (chain->error[0], guessing (self));
}

/* Where the error has risen half the way from its value at the smallest N beta to that of guessing, interpolated in log N beta; NAN where
 * the points do not reach that far, and where nothing was learned that could be lost: between two errors near guessing the half is noise. */
static double
transition (const Study *self, const Chain *chain)
{
  double low, half;

  if (!chain_learned (self, chain))
    return NAN;
  low = chain->error[0];
  half = 0.5 * (low + guessing (self));
  for (gsize i = 1; i < chain->n; i++)
    if (chain->error[i - 1] < half && chain->error[i] >= half)
      {
        double share = (half - chain->error[i - 1]) / (chain->error[i] - chain->error[i - 1]);

        return self->n_beta[i - 1] * pow (self->n_beta[i] / self->n_beta[i - 1], share);
      }
  return NAN;
}

static void
add_transition (HeftLedger *ledger, const Study *self, int index, const char *label, const char *note, HeftQuantity quantity)
{
  const Chain *chain = &self->chains[index];
  gboolean lost = chain->n > 0 && !chain_learned (self, chain);

  heft_ledger_add (ledger, label, transition (self, chain), "", lost ? _("never learned at the smallest $N\\beta$") : note, quantity);
}

static void
publish_ledger (Study *self)
{
  HeftLedger ledger = heft_ledger_begin (0);
  static const char *const labels[] = { N_("True labels: KL at the smallest $N\\beta$"), N_("Random labels: KL at the smallest $N\\beta$") };
  double uniform = heft_code_length_uniform (n_samples (self), n_classes (self));

  heft_ledger_add (&ledger, _("$N \\log C$"), uniform, "nat", _("about what memorising every label costs"),
                   HEFT_QUANTITY_THRESHOLD);
  for (int c = 0; c < N_CHAINS; c++)
    {
      const Chain *chain = &self->chains[c];
      g_autofree char *words = chain->n > 0 ? heft_words_percent (chain->error[0]) : NULL;
      g_autofree char *note = words != NULL ? g_strdup_printf (_("error of Q there: %s of the training samples"), words) : NULL;

      heft_ledger_add (&ledger, _(labels[c]), chain->n > 0 ? chain->kl[0] : NAN, "nat", note,
                       c == TRUE_LABELS ? HEFT_QUANTITY_TRUE_LABELS : HEFT_QUANTITY_RANDOM_LABELS);
      if (chain->n > 0)
        heft_ledger_gauge (&ledger, chain->kl[0] / uniform);
    }
  add_transition (&ledger, self, RANDOM_LABELS, _("Transition of random labels"),
                  _("$N\\beta$ where the error is half the way to guessing"), HEFT_QUANTITY_RANDOM_LABELS);
  add_transition (&ledger, self, TRUE_LABELS, _("Transition of true labels"),
                  _("the same; – where true labels still fit at the largest $N\\beta$"), HEFT_QUANTITY_TRUE_LABELS);
  heft_record_publish (self->record, heft_ledger_end (&ledger));
}

/* --- A chain, on a thread of its own ------------------------------------------------------------------------------ */

typedef struct
{
  Study       *study;
  HeftTasks   *tasks;
  gsize        chain;
  HeftTrainer *trainer;
} Loop;

static gboolean
after_step (guint64 done, guint64 total, gpointer user_data)
{
  const Loop *loop = user_data;

  return heft_tasks_point (loop->tasks, loop->chain, (double) done / (double) total);
}

static gboolean
after_point (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error)
{
  const Loop *loop = user_data;
  Study *self = loop->study;
  Chain *chain = &self->chains[loop->chain];
  HeftRecord *record = self->record;
  double n_beta = self->n_beta[index];

  chain->kl[index] = point->kl;
  chain->loss[index] = point->train.loss;
  chain->error[index] = point->train.error;
  chain->n = index + 1;
  heft_record_append (record, ERROR_SERIES + loop->chain, 0, n_beta, point->train.error);
  heft_record_append (record, KL_SERIES + loop->chain, 0, n_beta, point->kl);
  heft_record_append (record, RATE + loop->chain, 0, point->kl, point->train.loss);
  heft_record_append (record, RATE_BETA + loop->chain, 0, point->kl, point->beta);
  heft_record_append (record, OBJECTIVE + loop->chain, 0, n_beta, n_samples (self) * point->train.loss + n_beta * point->kl);
  if (loop->chain == TRUE_LABELS)
    {
      HeftEvaluation test;

      if (!heft_evaluate (chain->setup.network, heft_trainer_get_posterior (loop->trainer), chain->setup.data.test, 0,
                          heft_run_get_seed (self->run), DRAWS_FROM, self->draws, 1, heft_run_get_cancellable (self->run), &test,
                          error))
        return FALSE;
      heft_record_append (record, TEST_ERROR, 0, n_beta, test.error);
    }
  return TRUE;
}

static gboolean
run_chain (HeftTasks *tasks, gsize index, gpointer user_data, GError **error)
{
  Study *self = user_data;
  Chain *chain = &self->chains[index];
  g_autoptr (HeftTrainer) trainer = heft_train_setup_trainer (&chain->setup, self->parameters, 1, error);
  double rate = heft_parameters_get_real (self->parameters, "learning-rate");
  double epochs = heft_parameters_get_real (self->parameters, "epochs") / (self->quick ? 5 : 1);
  double betas[MOST_POINTS];
  Loop user = { self, tasks, index, trainer };
  HeftBetaSweep loop = {
    .trainer = trainer, .data = chain->setup.data.train, .betas = betas, .n_points = self->n_points, .learning_rate = rate,
    .last_learning_rate = rate / 20, .seed = heft_run_get_seed (self->run), .first_draw = DRAWS_FROM, .n_draws = self->draws,
    .n_threads = 1, .cancellable = heft_run_get_cancellable (self->run), .step = after_step, .point = after_point,
    .user_data = &user,
  };

  if (trainer == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n_points; i++)
    betas[i] = self->n_beta[i] / n_samples (self);
  loop.steps = MAX ((guint64) ceil (epochs * (double) heft_trainer_get_steps_per_epoch (trainer)), 1);
  loop.first_steps = FIRST_FACTOR * loop.steps;
  return heft_beta_sweep_run (&loop, error);
}

static gboolean
chain_done (gsize index, gpointer user_data, GError **error)
{
  publish_ledger (user_data);
  return TRUE;
}

/* --- The run ----------------------------------------------------------------------------------------------------- */

static void
store_transition (Study *self, int chain, const char *id)
{
  double value = transition (self, &self->chains[chain]);
  const char *reason;

  if (isfinite (value))
    {
      heft_record_set_result (self->record, id, value);
      return;
    }
  if (self->chains[chain].n == 0)
    reason = _("The run was stopped before it came to this point.");
  else if (!chain_learned (self, &self->chains[chain]))
    reason = _("These labels were never learned: at the smallest N β the error is above half that of guessing, and there is nothing to "
               "lose. Train longer or go to a smaller N β.");
  else
    reason = _("Over these N β the error does not rise half the way from its first value to guessing.");
  heft_record_set_result_missing (self->record, id, reason);
}

static void
store_results (Study *self)
{
  static const char *const ids[N_CHAINS][3] = {
    [TRUE_LABELS] = { "curve_true_error", "curve_true_information", "curve_true_loss" },
    [RANDOM_LABELS] = { "curve_random_error", "curve_random_information", "curve_random_loss" },
  };
  gsize n = MAX (self->chains[0].n, self->chains[1].n);

  heft_record_set_result_array (self->record, "curve_n_beta", self->n_beta, n);
  for (int c = 0; c < N_CHAINS; c++)
    {
      heft_record_set_result_array (self->record, ids[c][0], self->chains[c].error, self->chains[c].n);
      heft_record_set_result_array (self->record, ids[c][1], self->chains[c].kl, self->chains[c].n);
      heft_record_set_result_array (self->record, ids[c][2], self->chains[c].loss, self->chains[c].n);
    }
  store_transition (self, RANDOM_LABELS, "transition");
  store_transition (self, TRUE_LABELS, "transition_true");
  heft_record_set_result (self->record, "memorising", heft_code_length_uniform (n_samples (self), n_classes (self)));
  heft_record_set_result (self->record, "samples", n_samples (self));
}

/* The list, sorted, or the default grid. */
static gsize
read_grid (const HeftParameters *parameters, double *values)
{
  gsize n;
  const double *list = heft_parameters_get_list (parameters, "n-beta", &n);

  if (n == 0)
    {
      heft_log_grid (DEFAULT_LOW, DEFAULT_HIGH, N_DEFAULT, values);
      return N_DEFAULT;
    }
  n = MIN (n, MOST_POINTS);
  for (gsize i = 0; i < n; i++)
    {
      gsize j = i;

      for (; j > 0 && values[j - 1] > list[i]; j--)
        values[j] = values[j - 1];
      values[j] = list[i];
    }
  return n;
}

static gboolean
load (Study *self, HeftRun *run, GError **error)
{
  g_autoptr (HeftParameters) clean = NULL;

  self->run = run;
  self->record = heft_run_get_record (run);
  self->parameters = heft_run_dup_parameters (run);
  clean = heft_parameters_copy (self->parameters);
  if (!heft_parameters_set (clean, "label-noise", "0", error) ||
      !heft_train_setup_init (&self->chains[TRUE_LABELS].setup, clean, error) ||
      !heft_train_setup_init (&self->chains[RANDOM_LABELS].setup, self->parameters, error))
    return FALSE;
  heft_run_set_sample_count (run, self->chains[0].setup.n_samples);
  self->quick = heft_parameters_get_integer (self->parameters, "effort") == 1;
  self->draws = (guint) heft_parameters_get_integer (self->parameters, "draws");
  self->n_points = read_grid (self->parameters, self->n_beta);
  return TRUE;
}

static void
publish_levels (Study *self)
{
  double uniform = heft_code_length_uniform (n_samples (self), n_classes (self));

  for (gsize i = 0; i < 2; i++)
    {
      double n_beta = self->n_beta[i == 0 ? 0 : self->n_points - 1];

      heft_record_append (self->record, MEMORISING, 0, n_beta, uniform);
      heft_record_append (self->record, CHANCE, 0, n_beta, guessing (self));
    }
}

static gboolean
run_random_labels (HeftRun *run, GError **error)
{
  g_autoptr (Study) self = g_new0 (Study, 1);
  GError *failure = NULL;

  if (!load (self, run, error))
    return FALSE;
  publish_levels (self);
  publish_ledger (self);
  /* Without an error the run was stopped: what it has stays. */
  heft_tasks_run (run, N_CHAINS, NULL, run_chain, chain_done, NULL, 0, 1, self, &failure);
  publish_ledger (self);
  store_results (self);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
check_random_labels (HeftParameters *parameters, GError **error)
{
  gsize n;

  heft_parameters_get_list (parameters, "n-beta", &n);
  if (n > MOST_POINTS)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("n-beta has %zu numbers; at most %d are taken."), n,
                   MOST_POINTS);
      return FALSE;
    }
  return heft_train_check (parameters, error);
}

/* --- Sentences --------------------------------------------------------------------------------------------------- */

/* What the first point of @series missed, in words, where that is too much to have been learned; else NULL. */
static char *
unlearned_words (HeftRecord *record, const char *series)
{
  double first, chance;

  if (heft_record_read (record, (gsize) heft_record_find_series (record, series), 0, 0, 1, NULL, &first) != 1 ||
      !heft_record_get_last (record, "chance", 0, NULL, &chance) || is_learned (first, chance))
    return NULL;
  return heft_words_percent (first);
}

static char *
error_sentence (HeftRecord *record)
{
  double value, other, last_true, last_random, n_beta;
  g_autofree char *words = NULL, *true_words = NULL, *random_words = unlearned_words (record, "random_error");

  if (random_words != NULL)
    return g_strdup_printf (_("Random labels were never learned: at the smallest $N\\beta$ the code still errs on %s of them."),
                            random_words);
  true_words = unlearned_words (record, "true_error");
  if (true_words != NULL)
    return g_strdup_printf (_("True labels were never learned: at the smallest $N\\beta$ the code still errs on %s of them."),
                            true_words);
  if (heft_record_get_result (record, "transition", &value))
    {
      random_words = heft_words_number (value);
      if (!heft_record_get_result (record, "transition_true", &other))
        return g_strdup_printf (_("Random labels are half lost at $N\\beta$ = %s, true labels nowhere on this grid."), random_words);
      true_words = heft_words_number (other);
      return g_strdup_printf (_("Random labels are half lost at $N\\beta$ = %s, true labels at %s."), random_words, true_words);
    }
  if (!heft_record_get_last (record, "true_error", 0, &n_beta, &last_true) ||
      !heft_record_get_last (record, "random_error", 0, NULL, &last_random))
    return NULL;
  words = heft_words_number (n_beta);
  true_words = heft_words_percent (last_true);
  random_words = heft_words_percent (last_random);
  return g_strdup_printf (_("Around $N\\beta$ = %s the code errs on %s of the true labels and on %s of the random ones."), words,
                          true_words, random_words);
}

static char *
information_sentence (HeftRecord *record)
{
  int series = heft_record_find_series (record, "random_information");
  double uniform, kl_random, kl_true;
  g_autofree char *words = NULL, *random_words = NULL, *true_words = NULL;

  if (heft_record_read (record, (gsize) series, 0, 0, 1, NULL, &kl_random) != 1 ||
      heft_record_read (record, (gsize) heft_record_find_series (record, "true_information"), 0, 0, 1, NULL, &kl_true) != 1 ||
      !heft_record_get_last (record, "memorising", 0, NULL, &uniform))
    return NULL;
  words = heft_words_number (uniform);
  random_words = heft_words_number (kl_random);
  true_words = heft_words_number (kl_true);
  return g_strdup_printf (_("At the smallest $N\\beta$ random labels take %s nats and true ones %s; $N \\log C$ is %s."), random_words,
                          true_words, words);
}

static char *
rate_sentence (HeftRecord *record)
{
  if (!heft_record_get_last (record, "random_rate", 0, NULL, NULL))
    return NULL;
  return g_strdup (_("Every nat of loss that random labels give up has to be paid for in the weights; true labels share their nats."));
}

static char *
objective_sentence (HeftRecord *record)
{
  double n_beta, value, uniform;
  g_autofree char *words = NULL, *value_words = NULL, *uniform_words = NULL;

  if (!heft_record_get_last (record, "random_objective", 0, &n_beta, &value) ||
      !heft_record_get_last (record, "memorising", 0, NULL, &uniform))
    return NULL;
  words = heft_words_number (n_beta);
  value_words = heft_words_number (value);
  uniform_words = heft_words_number (uniform);
  return g_strdup_printf (_("At $N\\beta$ = %s random labels cost %s nats in all; $N \\log C$ is %s."), words, value_words, uniform_words);
}

static char *
ledger_sentence (HeftRecord *record)
{
  double transition;
  g_autofree char *words = NULL;

  if (!heft_record_get_result (record, "transition", &transition))
    {
      g_autofree char *reason = heft_record_dup_result_reason (record, "transition");

      return reason != NULL ? g_steal_pointer (&reason) : g_strdup (_("The rows fill when both sweeps have ended."));
    }
  words = heft_words_number (transition);
  return g_strdup_printf (_("Half of what random labels teach is forgotten at $N\\beta$ = %s."), words);
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

static const HeftParameterSpec parameters[] = {
  { HEFT_COMMON_LEARNED_DATASET, .default_text = "mnist-10k" },
  { HEFT_COMMON_TRAINING_SAMPLES, .label = N_("Training samples $N$"), .default_text = "1000" },
  { HEFT_COMMON_LABEL_NOISE, .default_text = "1",
    .help = N_("The share of labels that is replaced by random ones in the second chain; the first keeps the true labels.") },
  { HEFT_COMMON_DENSE_ARCHITECTURE, .default_text = "256" },
  { HEFT_COMMON_ACTIVATION, .default_text = "relu" },
  { HEFT_COMMON_LAMBDA, .group = HEFT_GROUP_CODES, .default_text = "0.1" },
  { .id = "n-beta", .label = N_("$N\\beta$"), .help = N_("The prices to stop at, separated by commas; empty for 13 from 0.01 to 10."),
    .kind = HEFT_PARAMETER_REAL_LIST, .group = HEFT_GROUP_OBJECTIVE, .minimum = 1e-6, .maximum = 1e6, .logarithmic = TRUE,
    .default_text = "" },
  { HEFT_COMMON_SWEPT_LEARNING_RATE, .default_text = "0.003" },
  { HEFT_COMMON_BATCH, .default_text = "100" },
  { HEFT_COMMON_EPOCHS, .label = N_("Epochs a point"), .help = N_("How long the network is trained at each price; eight times as long at the first."),
    .maximum = 1e5, .default_text = "100" },
  { HEFT_COMMON_SWEPT_DRAWS, .default_text = "10" },
  { HEFT_COMMON_EFFORT, .help = N_("Quick trains a fifth as long: a first look, less converged."), .default_text = "full" },
};

#define SWEPT N_("warm-started sweep upwards over β; mean over weight draws, the same at each point; all training samples")

static const HeftSeriesSpec series[] = {
  [ERROR_SERIES + TRUE_LABELS] = { "true_error", N_("True labels, training"), "%", N_("$N\\beta$"), HEFT_QUANTITY_TRUE_LABELS, FALSE, SWEPT },
  [ERROR_SERIES + RANDOM_LABELS] = { "random_error", N_("Random labels, training"), "%", N_("$N\\beta$"), HEFT_QUANTITY_RANDOM_LABELS,
                                     FALSE, SWEPT },
  [KL_SERIES + TRUE_LABELS] = { "true_information", N_("True labels"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_TRUE_LABELS, FALSE,
                                N_("exact, closed form") },
  [KL_SERIES + RANDOM_LABELS] = { "random_information", N_("Random labels"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_RANDOM_LABELS, FALSE,
                                  N_("exact, closed form") },
  [RATE + TRUE_LABELS] = { "true_rate", N_("True labels"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_TRUE_LABELS, FALSE,
                           SWEPT },
  [RATE + RANDOM_LABELS] = { "random_rate", N_("Random labels"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_RANDOM_LABELS,
                             FALSE, SWEPT },
  [RATE_BETA + TRUE_LABELS] = { "true_beta", N_("$\\beta$"), "", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_LAGRANGIAN, FALSE,
                                N_("the β each point was trained at") },
  [RATE_BETA + RANDOM_LABELS] = { "random_beta", N_("$\\beta$"), "", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_LAGRANGIAN,
                                  FALSE, N_("the β each point was trained at") },
  [OBJECTIVE + TRUE_LABELS] = { "true_objective", N_("True labels"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_TRUE_LABELS, FALSE, SWEPT },
  [OBJECTIVE + RANDOM_LABELS] = { "random_objective", N_("Random labels"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_RANDOM_LABELS, FALSE,
                                  SWEPT },
  [TEST_ERROR] = { "true_test_error", N_("True labels, test"), "%", N_("$N\\beta$"), HEFT_QUANTITY_TEST_ERROR, FALSE,
                   N_("mean over weight draws; all test samples") },
  [MEMORISING] = { "memorising", N_("$N \\log C$"), "nat", N_("$N\\beta$"), HEFT_QUANTITY_THRESHOLD, FALSE,
                   N_("every label written down") },
  [CHANCE] = { "chance", N_("Guessing"), "%", N_("$N\\beta$"), HEFT_QUANTITY_THRESHOLD, FALSE, N_("one of C classes at random") },
};

static const HeftResultSpec results[] = {
  { "transition", N_("N β where random labels are half the way from their first error to guessing"), "", FALSE },
  { "transition_true", N_("The same for the true labels"), "", FALSE },
  { "memorising", N_("N log C, about what memorising every label costs"), "nat", FALSE },
  { "curve_n_beta", N_("N β along the curves"), "", TRUE },
  { "curve_true_error", N_("Training error of Q, true labels"), "", TRUE },
  { "curve_true_information", N_("KL(Q‖P), true labels"), "nat", TRUE },
  { "curve_true_loss", N_("E_Q L, true labels"), "nat", TRUE },
  { "curve_random_error", N_("Training error of Q, random labels"), "", TRUE },
  { "curve_random_information", N_("KL(Q‖P), random labels"), "nat", TRUE },
  { "curve_random_loss", N_("E_Q L, random labels"), "nat", TRUE },
  { "samples", N_("Training samples N"), "", FALSE },
};

static const HeftPanelSpec panels[] = {
  { .id = "error", .title = N_("Which labels fit at which price"), .kind = HEFT_PANEL_LINES, .x_label = N_("$N\\beta$"), .x_log = TRUE,
    .series = { "true_error", "random_error", "true_test_error", "chance" },
    .things_to_try = N_("Random labels fall off a cliff at or below Nβ = 1; true labels hold on. Set label noise to 0.5: the cliff "
                        "becomes a slope."),
    .sentence = error_sentence },
  { .id = "information", .title = N_("Information in the weights"), .kind = HEFT_PANEL_LINES, .x_label = N_("$N\\beta$"),
    .y_label = N_("$\\mathrm{KL}(Q \\Vert P)$"), .y_unit = "nat", .x_log = TRUE, .y_log = TRUE,
    .series = { "true_information", "random_information", "memorising" },
    .things_to_try = N_("Take 500 and then 2,000 samples: random labels take about three times the nats, true labels about twice."),
    .sentence = information_sentence },
  { .id = "rate", .title = N_("Trade-off of loss and information"), .kind = HEFT_PANEL_CURVE,
    .x_label = N_("$\\mathrm{KL}(Q \\Vert P)$"), .x_unit = "nat", .y_label = N_("$E_Q L$, training"), .y_unit = "nat",
    .series = { "random_rate", "random_beta", "true_rate" },
    .things_to_try = N_("Compare the nats that bring either kind of label to half the loss."),
    .sentence = rate_sentence },
  { .id = "objective", .title = N_("What the labels cost in all: $N E_Q L + N\\beta\\,\\mathrm{KL}$"), .kind = HEFT_PANEL_LINES,
    .x_label = N_("$N\\beta$"), .y_label = N_("Cost"), .y_unit = "nat", .x_log = TRUE,
    .series = { "true_objective", "random_objective", "memorising" },
    .things_to_try = N_("From Nβ = 1 on no code can bring random labels below N log C, on average over their draws; below 1 the price is "
                        "low enough for memorising to pay."),
    .sentence = objective_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Raise λ to 0.3: true labels hold on to a larger Nβ, while random ones take longer to memorise than a point lasts."),
    .sentence = ledger_sentence },
};

const HeftExperiment heft_experiment_random_labels = {
  .id = "random-labels",
  .title = N_("Memorising costs nats: true and random labels"),
  .summary = N_("Two networks learn the same inputs, one with their true labels and one with random ones, while a nat becomes dearer "
                "and dearer. What can only be memorised is lost first."),
  .long_running = TRUE,
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .check = check_random_labels,
  .run = run_random_labels,
};
