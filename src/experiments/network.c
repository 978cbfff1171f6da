/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>
#include <heft/safetensors.h>
#include <heft/trainer.h>

#include "curvature/factors.h"
#include "experiments/certificate.h"
#include "experiments/maps.h"
#include "experiments/network.h"
#include "information/certifier.h"
#include "information/effective.h"
#include "information/moments.h"
#include "information/reverse.h"
#include "linalg/linalg.h"

/* Up to so many weights the whole network's Fisher is kept as a matrix, for its Hessian and for Sigma* with all its correlations. */
#define MAX_DENSE 3000

/* Shares of the work, for the bar. */
#define DONE_LOADED   0.05
#define DONE_SPECTRA  0.5
#define DONE_FISHER   0.6
/* Of what is left then, when the activations have been looked at. */
#define DONE_LOOKED   0.8

/* Draws between two points of a certificate that arrives, from one up. */
#define MOST_DRAWS_AT_ONCE 64

/* One measurement of a run, and where it is. */
typedef struct
{
  HeftRun            *run;
  HeftRecord         *record;
  HeftParameters     *parameters;
  const HeftNoiseLimits *limits;
  HeftMeasuredNetwork measured;
  guint64             step;
} Job;

void
heft_measured_network_clear (HeftMeasuredNetwork *self)
{
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->data, heft_dataset_unref);
  g_clear_pointer (&self->measurement, heft_measurement_free);
  g_clear_pointer (&self->effective, g_ptr_array_unref);
  g_clear_pointer (&self->nuisances, heft_nuisance_table_free);
  g_clear_pointer (&self->weights, g_free);
  heft_sigma_star_clear (&self->sigma);
}

/* A point of the run. FALSE when it must end. */
static gboolean
pass_point (Job *job, double fraction, gboolean *changed)
{
  return heft_run_point (job->run, ++job->step, 0, heft_dataset_get_n_samples (job->measured.data), fraction, changed);
}

/* --- The network and the data ------------------------------------------------------------------------------------------ */

static gboolean
load_data (Job *job, GError **error)
{
  gint64 samples = heft_parameters_get_integer (job->parameters, "samples");
  g_autoptr (HeftDataset) all = heft_data_load_all (heft_parameters_get_text (job->parameters, "dataset"),
                                                    heft_parameters_get_seed (job->parameters), error);

  if (all == NULL)
    return FALSE;
  job->measured.data = heft_dataset_head (all, samples > 0 ? MIN ((gsize) samples, heft_dataset_get_n_samples (all)) : 0);
  return TRUE;
}

static gboolean
input_shape (Job *job, HeftShape *shape, GError **error)
{
  const char *text = heft_parameters_get_text (job->parameters, "input");

  if (*text != '\0')
    return heft_shape_parse (text, shape, error);
  if (!heft_dataset_get_shape (job->measured.data, &shape->channels, &shape->height, &shape->width))
    *shape = (HeftShape) { 0 };
  return TRUE;
}

/* Without a file: a network that is trained at once on the same data, so that there is something to look at. */
static gboolean
make_network (Job *job, HeftShape shape, const HeftActivation *activation, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  const char *architecture = heft_parameters_get_text (job->parameters, "layers");

  if (shape.channels == 0)
    shape = (HeftShape) { heft_dataset_get_n_features (self->data), 1, 1 };
  self->network = heft_network_new (*architecture != '\0' ? architecture : HEFT_NETWORK_HIDDEN,
                                    activation != NULL ? *activation : HEFT_ACTIVATION_TANH, shape,
                                    MAX (heft_dataset_get_n_classes (self->data), 2), error);
  return self->network != NULL;
}

static gboolean
train_network (Job *job, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  const HeftPosterior *posterior;
  guint64 steps;

  config.posterior = HEFT_POSTERIOR_DIRAC;
  config.learning_rate = 0.01;
  config.batch = MIN (32, heft_dataset_get_n_samples (self->data));
  config.seed = heft_run_get_seed (job->run);
  config.n_threads = 1;
  trainer = heft_trainer_new (self->network, self->data, &config, error);
  if (trainer == NULL)
    return FALSE;
  steps = HEFT_NETWORK_EPOCHS * heft_trainer_get_steps_per_epoch (trainer);
  for (guint64 i = 0; i < steps; i++)
    {
      HeftStep step;

      if (g_cancellable_set_error_if_cancelled (heft_run_get_cancellable (job->run), error)
          || !heft_trainer_step (trainer, &step, error))
        return FALSE;
    }
  posterior = heft_trainer_get_posterior (trainer);
  self->weights = g_new (double, posterior->n);
  for (gsize i = 0; i < posterior->n; i++)
    self->weights[i] = posterior->mean[i];
  return TRUE;
}

/* The network without weights, or with those of its file. */
static gboolean
load_network (Job *job, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  const char *file = heft_parameters_get_text (job->parameters, "network");
  const char *named = heft_parameters_get_text (job->parameters, "activation");
  const char *architecture = heft_parameters_get_text (job->parameters, "layers");
  HeftActivation activation;
  gboolean chosen = strcmp (named, "file") != 0;
  HeftShape shape = { 0 };

  if ((chosen && !heft_activation_parse (named, &activation, error)) || !input_shape (job, &shape, error))
    return FALSE;
  if (!(*file == '\0' ? make_network (job, shape, chosen ? &activation : NULL, error)
                      : heft_network_load_safetensors (file, *architecture != '\0' ? architecture : NULL, chosen ? &activation : NULL,
                                                       shape, &self->network, &self->weights, error)))
    return FALSE;
  return heft_factors_check (self->network, self->data, error);
}

gboolean
heft_network_check (HeftParameters *parameters, GError **error)
{
  Job job = { .parameters = parameters };
  gboolean fits = load_data (&job, error) && load_network (&job, error);

  if (fits)
    heft_parameters_set_sample_count (parameters, heft_dataset_get_n_samples (job.measured.data));
  heft_measured_network_clear (&job.measured);
  return fits;
}

static void
name_layers (Job *job)
{
  HeftNetwork *network = job->measured.network;
  gsize n = heft_network_get_n_weight_layers (network);
  g_autofree const char **names = g_new0 (const char *, n + 1);

  for (gsize l = 0; l < n; l++)
    names[l] = heft_network_get_layer_name (network, l);
  heft_record_set_layers (job->record, n, names);
}

/* --- What beta and lambda do not move ------------------------------------------------------------------------------------- */

static void
read_prices (Job *job)
{
  job->measured.beta = heft_parameters_get_real (job->parameters, "beta");
  job->measured.lambda = heft_parameters_get_real (job->parameters, "lambda");
}

static gboolean
measure_spectra (Job *job, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  HeftMeasureOptions options = {
    .beta = self->beta, .lambda = self->lambda,
    .kind = (HeftMeasureFisher) heft_parameters_get_integer (job->parameters, "fisher"),
    .layers = TRUE, .whole_network = TRUE,
    .hessian = heft_parameters_get_boolean (job->parameters, "hessian"), .max_dense = MAX_DENSE,
    .seed = heft_run_get_seed (job->run), .n_threads = heft_run_get_n_threads (job->run),
  };

  self->measurement = heft_measure (self->network, self->weights, self->data, &options, heft_run_get_cancellable (job->run),
                                    error);
  return self->measurement != NULL;
}

/* Points in the plane: their map looks at thousands of them. */
static gboolean
is_plane (const HeftMeasuredNetwork *self)
{
  return heft_network_get_n_inputs (self->network) == 2;
}

/* The Fisher that Sigma* is of, and what stands in for it. */
static gboolean
measure_fisher (Job *job, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  GCancellable *cancellable = heft_run_get_cancellable (job->run);
  guint n_threads = heft_run_get_n_threads (job->run);

  return heft_sigma_star_init (&self->sigma, self->network, self->weights, self->data, 0, job->limits, n_threads, cancellable, error)
         && (!is_plane (self) || heft_sigma_star_add_blocks (&self->sigma, self->weights, self->data, 0, job->limits, n_threads,
                                                             cancellable, error));
}

/* --- What they do ----------------------------------------------------------------------------------------------------------- */

/* Costs no measurement: the spectra at a new price. */
static void
show_prices (Job *job)
{
  HeftMeasuredNetwork *self = &job->measured;

  heft_measurement_set_price (self->measurement, self->network, self->weights, self->beta, self->lambda);
  heft_network_publish_spectra (job->record, self);
  heft_network_publish_information (job->record, self);
  heft_network_publish_ledger (job->record, self);
}

static gboolean
measure_effective (Job *job, gsize n, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  const HeftWeightNoise noise = heft_sigma_star_noise (&self->sigma);

  g_clear_pointer (&self->effective, g_ptr_array_unref);
  self->effective = heft_effective_layers_new (self->network, n);
  return heft_effective_measure (self->network, self->weights, &noise, self->data, n, heft_dataset_get_n_samples (self->data),
                                 self->effective, heft_run_get_cancellable (job->run), error);
}

static gboolean
measure_nuisances (Job *job, gsize n, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  const HeftWeightNoise noise = heft_sigma_star_noise (&self->sigma);

  g_clear_pointer (&self->nuisances, heft_nuisance_table_free);
  if (!heft_dataset_get_shape (self->data, NULL, NULL, NULL))
    return TRUE;
  self->nuisances = heft_noise_nuisances_new (self->network, self->weights, &noise, self->data, n, NULL, 0,
                                              heft_run_get_cancellable (job->run), error);
  return self->nuisances != NULL;
}

/* Of the maps: Sigma* of the whole Fisher costs too much at every point of a plane. */
static HeftWeightNoise
maps_noise (const HeftMeasuredNetwork *self)
{
  if (is_plane (self) && self->sigma.blocks != NULL)
    return (HeftWeightNoise) { .structured = &self->sigma.structured };
  return heft_sigma_star_noise (&self->sigma);
}

static gboolean
measure_maps (Job *job, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  gsize layer = (gsize) heft_parameters_get_integer (job->parameters, "invariance-layer");
  const HeftWeightNoise noise = maps_noise (self);
  const char *words = heft_weight_noise_words (&noise);
  GCancellable *cancellable = heft_run_get_cancellable (job->run);

  return heft_maps_publish (job->record, 0, self->network, self->weights, &noise, self->data, layer, words, cancellable, error)
         && heft_direction_maps_publish (job->record, self->network, self->weights, &noise, self->data, layer, words, cancellable,
                                         error);
}

/* The certificate of the present Sigma*, while its draws arrive. */
static gboolean
certify (Job *job, double begin, gboolean *changed, gboolean *go_on, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  const HeftWeightNoise noise = heft_sigma_star_noise (&self->sigma);
  const gsize n_draws = (gsize) heft_parameters_get_integer (job->parameters, "draws");
  const double delta = heft_parameters_get_real (job->parameters, "delta"), kl = heft_sigma_star_kl (&self->sigma, self->weights);
  const HeftMeasureOptions options = {
    .beta = self->beta, .beta_pac = HEFT_MEASURE_BEST_BETA,
    .delta = delta * (1 - HEFT_CERTIFY_DRAWS_SHARE), .delta_draws = delta * HEFT_CERTIFY_DRAWS_SHARE,
  };
  g_autoptr (HeftCertifier) certifier = NULL;

  self->draw_samples = (gsize) heft_parameters_get_integer (job->parameters, "draw-samples");
  certifier = heft_certifier_new (self->network, self->weights, &noise, self->data, self->draw_samples, heft_run_get_seed (job->run),
                                  heft_run_get_n_threads (job->run));
  self->risk = (HeftNoiseRisk) { 0 };
  while (self->risk.n_draws < n_draws)
    {
      gsize n = MIN (CLAMP (self->risk.n_draws, 1, MOST_DRAWS_AT_ONCE), n_draws - self->risk.n_draws);
      double share;

      if (!heft_certifier_take (certifier, n, heft_run_get_cancellable (job->run), error))
        return FALSE;
      self->risk = heft_certifier_risk (certifier);
      share = (double) self->risk.n_draws / (double) n_draws;
      self->certificate = heft_noise_certificate (&self->risk, (double) self->measurement->n_samples, kl, &options);
      if (self->lambda != self->first_lambda)
        self->certificate.obstacles |= HEFT_OBSTACLE_PRIOR_MOVED;
      heft_network_publish_certificate (job->record, self, share >= 1);
      *go_on = pass_point (job, begin + (DONE_LOOKED + (1 - DONE_LOOKED) * share) * (1 - begin), changed);
      if (!*go_on || *changed)
        return TRUE;
    }
  return TRUE;
}

/* What is too large for these activations is said in their panel; the run goes on (takes @failure). */
static gboolean
stands_in_panel (Job *job, const char *id, GError *failure, GError **error)
{
  g_autoptr (GError) owned = failure;
  HeftFrame *frame;

  if (!g_error_matches (failure, HEFT_ERROR, HEFT_ERROR_TOO_LARGE))
    {
      g_propagate_error (error, g_steal_pointer (&owned));
      return FALSE;
    }
  frame = heft_frame_new (id, 0);
  heft_frame_set_text (frame, "obstacle", failure->message);
  heft_record_publish (job->record, frame);
  return TRUE;
}

/* What the activations see at the present price. Left early, with @changed, when that is no longer the price. */
static gboolean
look_through_layers (Job *job, double begin, gboolean *changed, gboolean *go_on, GError **error)
{
  HeftMeasuredNetwork *self = &job->measured;
  gsize n = MIN ((gsize) heft_parameters_get_integer (job->parameters, "activation-samples"),
                 heft_dataset_get_n_samples (self->data));
  GError *failure = NULL;

  if (!measure_maps (job, error))
    return FALSE;
  *go_on = pass_point (job, begin + 0.2 * (1 - begin), changed);
  if (!*go_on || *changed)
    return TRUE;
  if (measure_effective (job, n, &failure))
    heft_network_publish_effective (job->record, self);
  else if (!stands_in_panel (job, "effective", g_steal_pointer (&failure), error))
    return FALSE;
  *go_on = pass_point (job, begin + 0.6 * (1 - begin), changed);
  if (!*go_on || *changed)
    return TRUE;
  if (measure_nuisances (job, n, &failure))
    heft_network_publish_nuisances (job->record, self);
  else if (!stands_in_panel (job, "nuisances", g_steal_pointer (&failure), error))
    return FALSE;
  *go_on = pass_point (job, begin + DONE_LOOKED * (1 - begin), changed);
  return TRUE;
}

/* --- The run -------------------------------------------------------------------------------------------------------------------- */

static gboolean
measure_once (Job *job, gboolean *go_on, GError **error)
{
  gboolean changed = FALSE;

  if (!load_data (job, error))
    return FALSE;
  heft_run_set_sample_count (job->run, heft_dataset_get_n_samples (job->measured.data));
  if (!load_network (job, error) || (job->measured.weights == NULL && !train_network (job, error)))
    return FALSE;
  name_layers (job);
  *go_on = pass_point (job, DONE_LOADED, &changed);
  read_prices (job);
  if (!*go_on)
    return TRUE;
  if (!measure_spectra (job, error))
    return FALSE;
  *go_on = pass_point (job, DONE_SPECTRA, &changed);
  if (!*go_on)
    return TRUE;
  if (!measure_fisher (job, error))
    return FALSE;
  *go_on = pass_point (job, DONE_FISHER, &changed);
  return TRUE;
}

static gboolean
run_job (Job *job, GError **error)
{
  gboolean go_on = TRUE, changed;
  double begin = DONE_FISHER;

  if (!measure_once (job, &go_on, error))
    return FALSE;
  job->measured.first_lambda = job->measured.lambda;
  while (go_on)
    {
      changed = FALSE;
      read_prices (job);
      show_prices (job);
      if (!heft_sigma_star_set_price (&job->measured.sigma, job->measured.beta, job->measured.lambda, error)
          || !look_through_layers (job, begin, &changed, &go_on, error)
          || (go_on && !changed && !certify (job, begin, &changed, &go_on, error)))
        return FALSE;
      begin = 0;
      if (go_on && !changed)
        go_on = heft_run_wait (job->run);
    }
  return TRUE;
}

gboolean
heft_network_run_within (HeftRun *run, const HeftNoiseLimits *limits, GError **error)
{
  Job job = { .run = run, .record = heft_run_get_record (run), .parameters = heft_run_get_parameters (run), .limits = limits };
  GError *failure = NULL;
  gboolean done = run_job (&job, &failure);

  heft_measured_network_clear (&job.measured);
  if (done)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

gboolean
heft_network_run (HeftRun *run, GError **error)
{
  static const HeftNoiseLimits limits = { .max_dense = MAX_DENSE };

  return heft_network_run_within (run, &limits, error);
}
