/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

#include "experiments/maps.h"
#include "experiments/train-private.h"

/* Other experiments than the lab train too, and declare only what they let people choose. */
static double
real_or (const HeftParameters *parameters, const char *name, double value)
{
  return heft_parameters_has (parameters, name) ? heft_parameters_get_real (parameters, name) : value;
}

static gint64
integer_or (const HeftParameters *parameters, const char *name, gint64 value)
{
  return heft_parameters_has (parameters, name) ? heft_parameters_get_integer (parameters, name) : value;
}

void
heft_train_setup_clear (HeftTrainSetup *self)
{
  heft_data_pair_clear (&self->data);
  g_clear_pointer (&self->apart, heft_dataset_unref);
  g_clear_pointer (&self->centre, g_free);
  g_clear_pointer (&self->network, heft_network_unref);
}

static gboolean
limit_samples (HeftTrainSetup *self, const HeftParameters *parameters, GError **error)
{
  gint64 samples = heft_parameters_get_integer (parameters, "samples");
  gsize n = heft_dataset_get_n_samples (self->data.train);
  HeftDataset *head;

  if (samples == 0 || (gsize) samples == n)
    return TRUE;
  if ((gsize) samples > n)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("samples is %" PRId64 " but %s has only %zu training samples; 0 takes all of them."),
                   samples, heft_dataset_get_name (self->data.train), n);
      return FALSE;
    }
  head = heft_dataset_head (self->data.train, (gsize) samples);
  heft_dataset_unref (self->data.train);
  self->data.train = head;
  return TRUE;
}

static HeftPriorKind
prior_kind (const HeftParameters *parameters)
{
  static const HeftPriorKind kinds[] = { HEFT_PRIOR_ISOTROPIC, HEFT_PRIOR_PER_LAYER, HEFT_PRIOR_INIT_CENTRED,
                                         HEFT_PRIOR_EMPIRICAL_BAYES, HEFT_PRIOR_SCALE_MIXTURE, HEFT_PRIOR_DATA_DEPENDENT };

  return kinds[integer_or (parameters, "prior", 0)];
}

/* A random part of the training samples is held apart for the prior: neither N nor any loss knows them. */
static gboolean
hold_apart (HeftTrainSetup *self, const HeftParameters *parameters, GError **error)
{
  const gsize n = heft_dataset_get_n_samples (self->data.train);
  const gsize m = (gsize) (real_or (parameters, "data-fraction", 0.5) * (double) n + 0.5);
  g_autofree guint32 *order = NULL;
  HeftDataset *rest;

  if (prior_kind (parameters) != HEFT_PRIOR_DATA_DEPENDENT)
    return TRUE;
  if (m == 0 || m >= n)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("data-fraction leaves %zu of %zu training samples for the prior; leave at least one for it and one for the posterior."),
                   m, n);
      return FALSE;
    }
  order = g_new (guint32, n);
  heft_stream_permutation (heft_stream (heft_parameters_get_seed (parameters), HEFT_PURPOSE_DATA_SPLIT, 1), 0, (guint32) n, order);
  self->apart = heft_dataset_subset (self->data.train, order, m);
  rest = heft_dataset_subset (self->data.train, order + m, n - m);
  heft_dataset_unref (self->data.train);
  self->data.train = rest;
  return TRUE;
}

static gboolean
load_data (HeftTrainSetup *self, const HeftParameters *parameters, GError **error)
{
  double noise = real_or (parameters, "label-noise", 0);
  guint64 seed = heft_parameters_get_seed (parameters);

  if (!heft_data_load (heft_parameters_get_text (parameters, "dataset"), seed, &self->data, error) ||
      !limit_samples (self, parameters, error))
    return FALSE;
  self->label_noise = noise;
  if (noise > 0)
    {
      HeftDataset *noisy = heft_dataset_add_label_noise (self->data.train, noise, seed);

      heft_dataset_unref (self->data.train);
      self->data.train = noisy;
    }
  if (!hold_apart (self, parameters, error))
    return FALSE;
  self->n_samples = heft_dataset_get_n_samples (self->data.train);
  return TRUE;
}

HeftNetwork *
heft_train_network_new (const HeftParameters *parameters, const HeftDataPair *data, GError **error)
{
  HeftActivation activation;
  HeftShape shape;
  gsize n_classes = MAX (heft_dataset_get_n_classes (data->train), heft_dataset_get_n_classes (data->test));

  if (!heft_activation_parse (heft_parameters_get_text (parameters, "activation"), &activation, error))
    return NULL;
  if (!heft_dataset_get_shape (data->train, &shape.channels, &shape.height, &shape.width))
    shape = (HeftShape) { heft_dataset_get_n_features (data->train), 1, 1 };
  return heft_network_new (heft_parameters_get_text (parameters, "architecture"), activation, shape, MAX (n_classes, 2), error);
}

static gboolean
make_network (HeftTrainSetup *self, const HeftParameters *parameters, GError **error)
{
  self->network = heft_train_network_new (parameters, &self->data, error);
  if (self->network == NULL)
    return FALSE;
  self->n_layers = heft_network_get_n_weight_layers (self->network);
  return TRUE;
}

/* Whether each layer may have a scale of its own, given beforehand. */
static gboolean
takes_lambdas (HeftPriorKind kind)
{
  return kind == HEFT_PRIOR_PER_LAYER || kind == HEFT_PRIOR_INIT_CENTRED || kind == HEFT_PRIOR_DATA_DEPENDENT;
}

/* The scales given for single layers; there may be none. */
static const double *
layer_list (const HeftParameters *parameters, gsize *n)
{
  *n = 0;
  return heft_parameters_has (parameters, "lambda-layers") ? heft_parameters_get_list (parameters, "lambda-layers", n) : NULL;
}

gboolean
heft_train_setup_shares_scale (const HeftParameters *parameters)
{
  HeftPriorKind kind = prior_kind (parameters);
  gsize n;

  layer_list (parameters, &n);
  return kind != HEFT_PRIOR_EMPIRICAL_BAYES && !(n > 0 && takes_lambdas (kind));
}

static gboolean
check_lambdas (const HeftTrainSetup *self, const HeftParameters *parameters, GError **error)
{
  gsize n;

  layer_list (parameters, &n);
  if (n == 0)
    return TRUE;
  if (!takes_lambdas (prior_kind (parameters)))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("lambda-layers only acts with the priors per-layer, init-centred and data-dependent; choose one of them or leave "
                     "lambda-layers empty."));
      return FALSE;
    }
  if (n == self->n_layers)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("lambda-layers has %zu numbers but the network has %zu layers with weights."), n,
               self->n_layers);
  return FALSE;
}

static gboolean
check_layer (const HeftTrainSetup *self, const HeftParameters *parameters, GError **error)
{
  gint64 layer = integer_or (parameters, "invariance-layer", 0);

  if (layer <= (gint64) self->n_layers)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("invariance-layer is %" PRId64 " but the network has %zu"
                 " layers, the logits being the last."), layer, self->n_layers);
  return FALSE;
}

static HeftLoss
chosen_loss (const HeftParameters *parameters)
{
  return (HeftLoss) {
    .kind = (HeftLossKind) integer_or (parameters, "loss", HEFT_LOSS_SOFTMAX),
    .deviation = real_or (parameters, "loss-deviation", 1),
  };
}

gboolean
heft_train_setup_init (HeftTrainSetup *self, HeftParameters *parameters, GError **error)
{
  memset (self, 0, sizeof *self);
  if (!load_data (self, parameters, error) || !make_network (self, parameters, error) ||
      !check_lambdas (self, parameters, error) || !check_layer (self, parameters, error))
    {
      heft_train_setup_clear (self);
      return FALSE;
    }
  self->loss = chosen_loss (parameters);
  heft_parameters_set_sample_count (parameters, self->n_samples);
  return TRUE;
}

/* The grid of lambda, where there is one, begins at its largest value. */
#define GRID_TOP 100.0

static double
on_grid (const HeftParameters *parameters, double lambda)
{
  gint64 precision = integer_or (parameters, "lambda-grid", 0);

  return precision > 0 ? heft_lambda_grid_round (lambda, GRID_TOP, (double) precision) : lambda;
}

HeftPrior *
heft_train_grid_prior (const HeftPrior *prior, gint64 precision, gboolean shared, gsize n_layers, double *price)
{
  HeftPrior *rounded;

  *price = 0;
  if (precision <= 0)
    return NULL;
  rounded = heft_prior_copy (prior);
  for (gsize l = 0; l < n_layers; l++)
    {
      double lambda = heft_lambda_grid_round (heft_prior_get_lambda (prior, l), GRID_TOP, (double) precision);

      heft_prior_set_lambda (rounded, l, lambda);
      if (l == 0 || !shared)
        *price += heft_lambda_grid_cost (lambda, GRID_TOP, (double) precision);
    }
  return rounded;
}

/* One scale a layer: the list as far as it goes, lambda for the rest. */
static double *
layer_lambdas (const HeftTrainSetup *self, const HeftParameters *parameters)
{
  gsize n;
  const double *list = layer_list (parameters, &n);
  double *lambdas = g_new (double, self->n_layers);

  for (gsize l = 0; l < self->n_layers; l++)
    lambdas[l] = on_grid (parameters, l < n && takes_lambdas (prior_kind (parameters))
                                      ? list[l] : heft_parameters_get_real (parameters, "lambda"));
  return lambdas;
}

HeftSchedule
heft_train_setup_schedule (const HeftParameters *parameters)
{
  return (HeftSchedule) {
    .kind = (HeftScheduleKind) integer_or (parameters, "schedule", 0),
    .epochs = real_or (parameters, "schedule-epochs", 0),
    .warmup = real_or (parameters, "warmup", 0),
  };
}

/* By name: not every table has every one. */
static HeftPosteriorKind
posterior_kind (const HeftParameters *parameters)
{
  const char *name = heft_parameters_has (parameters, "posterior") ? heft_parameters_get_text (parameters, "posterior") : NULL;

  return g_strcmp0 (name, "dirac") == 0 ? HEFT_POSTERIOR_DIRAC :
         g_strcmp0 (name, "low-rank") == 0 ? HEFT_POSTERIOR_LOW_RANK : HEFT_POSTERIOR_MEAN_FIELD;
}

/* What the tables call the codes and optimisers, in their order. */
static void
set_codes (HeftTrainerConfig *config, const HeftParameters *parameters)
{
  static const HeftOptimizer optimizers[] = { HEFT_OPTIMIZER_ADAM, HEFT_OPTIMIZER_SGD, HEFT_OPTIMIZER_ADAMW, HEFT_OPTIMIZER_IVON };

  config->posterior = posterior_kind (parameters);
  config->rank = (gsize) integer_or (parameters, "rank", (gint64) config->rank);
  config->noise = (HeftNoise) integer_or (parameters, "noise", 0);
  config->prior = prior_kind (parameters);
  config->mixture_share = real_or (parameters, "mixture-share", config->mixture_share);
  config->lambda2 = real_or (parameters, "lambda2", config->lambda2);
  config->optimizer = optimizers[integer_or (parameters, "optimizer", 0)];
}

HeftTrainerConfig
heft_train_setup_config (const HeftTrainSetup *self, const HeftParameters *parameters, guint n_threads)
{
  HeftTrainerConfig config = heft_trainer_config_default ();

  set_codes (&config, parameters);
  config.lambda = on_grid (parameters, heft_parameters_get_real (parameters, "lambda"));
  config.loss = self->loss;
  config.dropout = real_or (parameters, "dropout", 0);
  config.initialisation = (HeftInitialisation) integer_or (parameters, "initialisation", HEFT_INITIALISATION_DEFAULT);
  config.objective = (HeftObjective) integer_or (parameters, "objective", HEFT_OBJECTIVE_INFORMATION);
  config.beta = real_or (parameters, "beta", 1 / (double) self->n_samples);
  config.anneal_epochs = real_or (parameters, "anneal-epochs", config.anneal_epochs);
  config.learning_rate = heft_parameters_get_real (parameters, "learning-rate");
  config.momentum = real_or (parameters, "momentum", config.momentum);
  config.decay = real_or (parameters, "weight-decay", config.decay);
  config.clip = real_or (parameters, "clip", config.clip);
  config.schedule = heft_train_setup_schedule (parameters);
  config.batch = MIN ((gsize) heft_parameters_get_integer (parameters, "batch"), self->n_samples);
  config.start = self->centre;
  config.seed = heft_parameters_get_seed (parameters);
  config.n_threads = n_threads;
  return config;
}

HeftTrainer *
heft_train_setup_trainer (const HeftTrainSetup *self, const HeftParameters *parameters, guint n_threads, GError **error)
{
  HeftTrainerConfig config = heft_train_setup_config (self, parameters, n_threads);
  g_autofree double *lambdas = layer_lambdas (self, parameters);

  config.lambdas = takes_lambdas (config.prior) ? lambdas : NULL;
  return heft_trainer_new (self->network, self->data.train, &config, error);
}

/* How long the prior's centre is trained, as a point, by Adam. */
#define CENTRE_EPOCHS 5

gboolean
heft_train_setup_centre (HeftTrainSetup *self, const HeftParameters *parameters, guint n_threads, GCancellable *cancellable,
                         GError **error)
{
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  gsize steps;

  if (self->apart == NULL)
    return TRUE;
  config.posterior = HEFT_POSTERIOR_DIRAC;
  config.loss = self->loss;
  config.initialisation = (HeftInitialisation) integer_or (parameters, "initialisation", HEFT_INITIALISATION_DEFAULT);
  config.batch = MIN ((gsize) heft_parameters_get_integer (parameters, "batch"), heft_dataset_get_n_samples (self->apart));
  config.seed = heft_parameters_get_seed (parameters);
  config.n_threads = n_threads;
  trainer = heft_trainer_new (self->network, self->apart, &config, error);
  if (trainer == NULL)
    return FALSE;
  steps = CENTRE_EPOCHS * heft_trainer_get_steps_per_epoch (trainer);
  for (gsize i = 0; i < steps; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) || !heft_trainer_step (trainer, NULL, error))
      return FALSE;
  self->centre = g_memdup2 (heft_trainer_get_posterior (trainer)->mean, heft_network_get_n_parameters (self->network) * sizeof (float));
  return TRUE;
}

void
heft_train_setup_apply (const HeftTrainSetup *self, const HeftParameters *parameters, HeftTrainer *trainer)
{
  const HeftPrior *prior = heft_trainer_get_prior (trainer);
  HeftPriorKind kind = heft_prior_get_kind (prior);
  g_autofree double *lambdas = layer_lambdas (self, parameters);

  heft_trainer_set_beta (trainer, heft_parameters_get_real (parameters, "beta"));
  heft_trainer_set_anneal (trainer, heft_parameters_get_real (parameters, "anneal-epochs"));
  heft_trainer_set_learning_rate (trainer, heft_parameters_get_real (parameters, "learning-rate"));
  heft_trainer_set_momentum (trainer, heft_parameters_get_real (parameters, "momentum"));
  heft_trainer_set_decay (trainer, heft_parameters_get_real (parameters, "weight-decay"));
  heft_trainer_set_clip (trainer, heft_parameters_get_real (parameters, "clip"));
  heft_trainer_set_schedule (trainer, heft_train_setup_schedule (parameters));
  heft_trainer_set_batch (trainer, MIN ((gsize) heft_parameters_get_integer (parameters, "batch"), self->n_samples), NULL);
  /* Only what has moved: a prior whose scale was touched is no longer one fixed before the data. */
  for (gsize l = 0; l < self->n_layers; l++)
    if (kind != HEFT_PRIOR_EMPIRICAL_BAYES && heft_prior_get_lambda (prior, l) != lambdas[l])
      heft_trainer_set_layer_lambda (trainer, l, lambdas[l]);
}

double
heft_train_setup_step_cost (const HeftTrainSetup *self, const HeftParameters *parameters)
{
  /* A point, also where it is one drawn for the step. */
  gboolean point = heft_parameters_get_integer (parameters, "posterior") != 0 || heft_parameters_get_integer (parameters, "noise") == 1 ||
                   heft_parameters_get_integer (parameters, "optimizer") == 3;
  double batch = (double) MIN ((gsize) heft_parameters_get_integer (parameters, "batch"), self->n_samples);

  /* Forward, gradient of weights, gradient of activations; a mean-field posterior does each for mean and variance. */
  return heft_network_get_cost (self->network) * batch * (point ? 3 : 6);
}

double
heft_measurer_cost (const HeftTrainSetup *setup, const HeftParameters *parameters, HeftGauge gauge)
{
  gsize samples = MIN ((gsize) heft_parameters_get_integer (parameters, "evaluation-samples"), setup->n_samples);
  gsize spectra = MIN ((gsize) heft_parameters_get_integer (parameters, "spectra-samples"), setup->n_samples);
  gsize layer = (gsize) heft_parameters_get_integer (parameters, "invariance-layer");

  switch (gauge)
    {
    case HEFT_GAUGE_LOSS:
      /* A draw on training and test samples, the mean on test samples; logarithms for KL and normals for the draw. */
      return heft_network_get_cost (setup->network) * (double) samples * 3 + 400.0 * (double) heft_network_get_n_parameters (setup->network);
    case HEFT_GAUGE_SPECTRA:
      return heft_fisher_spectra_live_cost (setup->network, spectra);
    case HEFT_GAUGE_HEAD:
      return heft_fisher_lanczos_cost (setup->network, spectra, HEFT_HEAD_ITERATIONS)
             + heft_fisher_scaled_cost (setup->network, spectra);
    case HEFT_GAUGE_INVARIANCE:
      /* In double precision. */
      return 2 * heft_maps_cost (setup->network, layer);
    case HEFT_N_GAUGES:
    default:
      return 0;
    }
}
