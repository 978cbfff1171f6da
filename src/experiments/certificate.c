/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "experiments/certificate.h"

/* Steps between two readings of each layer's KL; at first it is read at each, since it moves most there, and at the last. */
#define KL_EVERY 20
/* Steps that the running risk looks back, as the trainer's own. */
#define MEMORY 100.0
/* The learning rate is held for this share of the training and then falls in a line to a fiftieth: at the end KL counts the noise of
 * the steps no more. */
#define HELD 0.6
#define LAST_RATE 0.02
/* Draws between two points of the curves, from one up. */
#define MOST_DRAWS_AT_ONCE 64
/* Draws on the training samples for one on the test samples; of these each is measured on more of them. */
#define TEST_EVERY 4
#define TEST_SAMPLES 250

typedef struct
{
  HeftRun                *run;
  const HeftCertifySetup *setup;
  HeftCertifyState       *state;
  HeftTrainer            *trainer;
  double                  done, total;   /* operations, for the time left */
  double                  risk;
  double                  samples;       /* trained on, each as often as it was */
} Work;

/* Operations of one sample's pass through the network, forward. */
static double
pass_cost (const HeftCertifySetup *setup)
{
  double cost = 0;

  for (gsize l = 0; l < setup->n_layers; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (setup->network, l);
      double places = layer->kind == HEFT_LAYER_DENSE ? 1 : (double) (layer->output.height * layer->output.width);

      cost += 2 * (double) layer->n_parameters * places;
    }
  return cost;
}

static double
draw_cost (const HeftCertifySetup *setup)
{
  double samples = (double) (setup->draw_samples > 0 ? setup->draw_samples : setup->n_samples);

  /* A normal number for a weight costs as much as some fifty operations of a product. */
  return pass_cost (setup) * (samples + (double) TEST_SAMPLES / TEST_EVERY) +
         50 * (1 + 1.0 / TEST_EVERY) * (double) heft_network_get_n_parameters (setup->network);
}

/* Samples in a step, on average. */
static double
batch_size (const HeftCertifySetup *setup, HeftTrainer *trainer, gboolean centre)
{
  HeftDataset *data = centre ? setup->apart : setup->counted;

  return (double) heft_dataset_get_n_samples (data) / (double) heft_trainer_get_steps_per_epoch (trainer);
}

static double
step_cost (const HeftCertifySetup *setup, HeftTrainer *trainer, gboolean centre)
{
  return pass_cost (setup) * batch_size (setup, trainer, centre) * (centre ? 3 : 6);
}

/* Trains for @epochs. FALSE with @go_on FALSE and no error when the run was stopped. */
static gboolean
train (Work *work, HeftTrainer *trainer, double epochs, gboolean centre, gboolean *go_on, GError **error)
{
  const double rate = MIN (heft_parameters_get_real (heft_run_get_parameters (work->run), "learning-rate"), centre ? 0.001 : INFINITY);
  const double cost = step_cost (work->setup, trainer, centre);
  const guint64 n_steps = (guint64) MAX (ceil (epochs * (double) heft_trainer_get_steps_per_epoch (trainer)), 1);
  const double batch = batch_size (work->setup, trainer, centre);
  HeftRecord *record = work->state->record;

  for (guint64 i = 0; i < n_steps && *go_on; i++)
    {
      double share = (double) i / (double) n_steps, bound;
      gboolean layers = !centre && (i % KL_EVERY == 0 || i < 2 * KL_EVERY || i + 1 == n_steps);
      HeftStep step;

      /* Before the step, as the step's own KL is. */
      if (layers)
        heft_code_kl (work->setup->network, heft_trainer_get_prior (trainer), heft_trainer_get_posterior (trainer),
                      work->state->kl_layers);
      heft_trainer_set_learning_rate (trainer, rate * (share < HELD ? 1 : 1 - (1 - LAST_RATE) * (share - HELD) / (1 - HELD)));
      if (!heft_trainer_step (trainer, &step, error))
        return FALSE;
      work->done += cost;
      work->samples += batch;
      if (!centre)
        {
          double x = (double) step.step;

          work->risk += (step.loss / work->setup->largest_loss - work->risk) / MIN (x, MEMORY);
          heft_record_append (record, HEFT_CERTIFY_RISK, 0, x, work->risk);
          if (heft_bound_pac_bayes_kl (work->risk, step.kl, (double) work->setup->n_samples, work->setup->delta, &bound, NULL))
            heft_record_append (record, HEFT_CERTIFY_BOUND, 0, x, bound);
          heft_record_append (record, HEFT_CERTIFY_KL, 0, x, step.kl);
          heft_record_append (record, HEFT_CERTIFY_BETA, 0, x, step.beta * (double) work->setup->n_samples);
          for (gsize l = 0; layers && l < work->setup->n_layers; l++)
            heft_record_append (record, HEFT_CERTIFY_KL_LAYERS, l, x, work->state->kl_layers[l]);
          work->state->step = step.step;
        }
      *go_on = heft_run_point (work->run, step.step, step.epoch, (guint64) work->samples, work->done / work->total, NULL);
    }
  return TRUE;
}

static void
add_draws (HeftCertifyDraws *sums, const HeftDraw *draws, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      sums->n++;
      sums->error += (draws[i].error - sums->error) / (double) sums->n;
      sums->risk += (draws[i].risk - sums->risk) / (double) sums->n;
    }
}

static void
add_test_draws (HeftCertifyDraws *sums, const HeftDraw *draws, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      double difference = draws[i].error - sums->test_error;

      sums->n_test++;
      sums->test_error += difference / (double) sums->n_test;
      sums->test_square += difference * (draws[i].error - sums->test_error);
    }
}

/* The draws, one block after the other, and what they certify so far. */
static gboolean
take_draws (Work *work, const HeftPosterior *posterior, gboolean *go_on, GError **error)
{
  const HeftCertifySetup *setup = work->setup;
  const guint64 seed = heft_run_get_seed (work->run);
  const guint n_threads = heft_run_get_n_threads (work->run);
  GCancellable *cancellable = heft_run_get_cancellable (work->run);
  g_autoptr (HeftDraws) draws = heft_draws_new (setup->network, posterior, setup->counted, setup->draw_samples, seed,
                                                setup->largest_loss, n_threads);
  g_autoptr (HeftDraws) test = heft_draws_new (setup->network, posterior, setup->data.test, TEST_SAMPLES, seed,
                                               setup->largest_loss, n_threads);
  HeftCertifyDraws *sums = &work->state->draws;
  const double cost = draw_cost (setup);

  while (sums->n < setup->n_draws && *go_on)
    {
      guint n = (guint) MIN (CLAMP (sums->n, 1, MOST_DRAWS_AT_ONCE), setup->n_draws - sums->n);
      guint n_test = (guint) ((sums->n + n + TEST_EVERY - 1) / TEST_EVERY - sums->n_test);
      HeftDraw block[MOST_DRAWS_AT_ONCE];

      /* The test samples' draws have numbers of their own. */
      if (!heft_draws_take (test, setup->n_draws + sums->n_test, n_test, block, cancellable, error))
        return FALSE;
      add_test_draws (sums, block, n_test);
      if (!heft_draws_take (draws, sums->n, n, block, cancellable, error))
        return FALSE;
      add_draws (sums, block, n);
      work->done += cost * n;
      heft_certify_show_draws (work->state);
      heft_certify_show_ledger (work->state);
      heft_run_set_stage (work->run, N_("Weight draw"), sums->n);
      *go_on = heft_run_point (work->run, work->state->step, work->setup->epochs, sums->n, MIN (work->done / work->total, 1), NULL);
    }
  return TRUE;
}

static void
name_layers (HeftRecord *record, const HeftCertifySetup *setup)
{
  g_autofree const char **names = g_new0 (const char *, setup->n_layers + 1);

  for (gsize l = 0; l < setup->n_layers; l++)
    names[l] = heft_network_get_weight_layer (setup->network, l)->name;
  heft_record_set_layers (record, setup->n_layers, names);
}

/* From 100 % up a bound says nothing. */
static void
show_vacuous (HeftRecord *record)
{
  HeftFrame *frame = heft_frame_new ("vacuous", 0);

  heft_frame_set_number (frame, "threshold", 100);
  heft_frame_set_text (frame, "threshold_label", _("vacuous"));
  heft_record_publish (record, frame);
}

/* The weights P is centred at, trained on the samples held apart; %NULL for the initialisation. */
static gboolean
train_centre (Work *work, float **start, gboolean *go_on, GError **error)
{
  HeftParameters *parameters = heft_run_get_parameters (work->run);
  g_autoptr (HeftTrainer) trainer = NULL;

  if (work->setup->apart == NULL)
    return TRUE;
  trainer = heft_certify_setup_trainer (work->setup, parameters, NULL, heft_run_get_n_threads (work->run), error);
  if (trainer == NULL)
    return FALSE;
  work->total += work->setup->prior_epochs * (double) heft_trainer_get_steps_per_epoch (trainer) * step_cost (work->setup, trainer, TRUE);
  if (!train (work, trainer, work->setup->prior_epochs, TRUE, go_on, error))
    return FALSE;
  *start = g_memdup2 (heft_trainer_get_posterior (trainer)->mean,
                      heft_network_get_n_parameters (work->setup->network) * sizeof (float));
  return TRUE;
}

static gboolean
certify (Work *work, HeftTrainer *trainer, gboolean *go_on, GError **error)
{
  const HeftCertifySetup *setup = work->setup;
  HeftCertifyState *state = work->state;
  const HeftPosterior *posterior = heft_trainer_get_posterior (trainer);
  g_autoptr (HeftPrior) prior = heft_certify_setup_prior (setup, trainer, &state->price, error);
  HeftEvaluation mean;

  if (prior == NULL)
    return FALSE;
  state->kl = heft_code_kl (setup->network, prior, posterior, state->kl_layers);
  for (gsize l = 0; l < setup->n_layers; l++)
    state->lambdas[l] = heft_prior_get_lambda (prior, l);
  if (setup->prior == HEFT_PRIOR_EMPIRICAL_BAYES && !setup->grid)
    state->obstacles |= HEFT_OBSTACLE_SCALE_FITTED;
  if (!heft_evaluate_mean (setup->network, posterior, setup->data.test, 0, heft_run_get_n_threads (work->run),
                           heft_run_get_cancellable (work->run), &mean, error))
    return FALSE;
  state->test_error_mean = mean.error;
  return take_draws (work, posterior, go_on, error);
}

static gboolean
work_through (Work *work, gboolean *go_on, GError **error)
{
  const HeftCertifySetup *setup = work->setup;
  HeftParameters *parameters = heft_run_get_parameters (work->run);
  g_autofree float *start = NULL;
  g_autoptr (HeftTrainer) trainer = NULL;

  work->total = setup->epochs * (double) setup->n_samples * 6 * pass_cost (setup) + setup->n_draws * draw_cost (setup);
  if (!train_centre (work, &start, go_on, error))
    return FALSE;
  if (!*go_on)
    return TRUE;
  if (start == NULL)
    {
      start = g_new (float, heft_network_get_n_parameters (setup->network));
      heft_network_initialise (setup->network, heft_run_get_seed (work->run), start);
    }
  trainer = heft_certify_setup_trainer (setup, parameters, start, heft_run_get_n_threads (work->run), error);
  return trainer != NULL && train (work, trainer, setup->epochs, FALSE, go_on, error) &&
         (!*go_on || certify (work, trainer, go_on, error));
}

gboolean
heft_certify_check (HeftParameters *parameters, GError **error)
{
  g_auto (HeftCertifySetup) setup = { 0 };
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autofree float *start = NULL;

  if (!heft_certify_setup_init (&setup, parameters, error))
    return FALSE;
  start = g_new (float, heft_network_get_n_parameters (setup.network));
  heft_network_initialise (setup.network, 0, start);
  trainer = heft_certify_setup_trainer (&setup, parameters, start, 1, error);
  return trainer != NULL;
}

gboolean
heft_certify_run (HeftRun *run, GError **error)
{
  g_auto (HeftCertifySetup) setup = { 0 };
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autofree double *layers = NULL, *lambdas = NULL;
  HeftCertifyState state = { .setup = &setup, .record = heft_run_get_record (run), .kl = NAN, .test_error_mean = NAN };
  Work work = { .run = run, .setup = &setup, .state = &state };
  GError *failure = NULL;
  gboolean go_on = TRUE, good;

  if (!heft_certify_setup_init (&setup, parameters, error))
    return FALSE;
  heft_run_set_sample_count (run, setup.n_samples);
  name_layers (state.record, &setup);
  show_vacuous (state.record);
  state.kl_layers = layers = g_new0 (double, setup.n_layers);
  state.lambdas = lambdas = g_new0 (double, setup.n_layers);
  good = work_through (&work, &go_on, &failure);
  if (good && go_on)
    heft_certify_results (&state);
  else if (good || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      state.obstacles |= HEFT_OBSTACLE_DRAWS_STOPPED;
      heft_certify_stopped (&state);
    }
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}
