/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

#include <heft/error.h>

#include "linalg/linalg.h"
#include "train/operation.h"

#define ADAM_DECAY1 0.9
#define ADAM_DECAY2 0.999
#define ADAM_EPSILON 1e-8

/* The default rule for the initial deviation, see HeftTrainerConfig. The curvature was found by trial: with it ten epochs on
 * 10,000 digits reach the code's optimum at N beta = 1 and keep the test error of draws low at 0.1. */
#define EARLY_CURVATURE 0.02
#define SMALLEST_DEVIATION 1e-3

/* See heft_trainer_step(). */
#define LARGEST_LOSS 1e4
#define LARGEST_LOSS_GROWTH 1e3

/**
 * heft_trainer_config_default:
 *
 * Returns: the defaults of the experiment `train`: a mean-field posterior, an isotropic prior of lambda 0.1, Adam at 0.001, batch
 *   128, and beta = 0.1/N for the 10,000 digits; for another N set beta to 0.1 / N
 */
HeftTrainerConfig
heft_trainer_config_default (void)
{
  return (HeftTrainerConfig) {
    .posterior = HEFT_POSTERIOR_MEAN_FIELD,
    .prior = HEFT_PRIOR_ISOTROPIC,
    .lambda = 0.1,
    .beta = 1e-5,
    .smallest_probability = HEFT_SMALLEST_PROBABILITY,
    .delta = 0.025,
    .optimizer = HEFT_OPTIMIZER_ADAM,
    .learning_rate = 0.001,
    .momentum = 0.9,
    .batch = 128,
  };
}

static gboolean
refuse (GError    **error,
        const char *message)
{
  g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, message);
  return FALSE;
}

static gboolean
check_config (const HeftTrainerConfig *config,
              GError                 **error)
{
  if (!(config->beta >= 0.0 && isfinite (config->beta)))
    return refuse (error, _("beta must be a number not below 0."));
  if (config->objective != HEFT_OBJECTIVE_INFORMATION
      && !(config->smallest_probability > 0.0 && config->smallest_probability < 1.0))
    return refuse (error, _("The smallest probability must lie between 0 and 1."));
  if (config->objective != HEFT_OBJECTIVE_INFORMATION && !(config->delta > 0.0 && config->delta < 1.0))
    return refuse (error, _("delta must lie between 0 and 1."));
  if (config->objective != HEFT_OBJECTIVE_INFORMATION && config->posterior == HEFT_POSTERIOR_DIRAC)
    return refuse (error, _("A bound cannot be trained with a Dirac posterior: a point has infinite KL to any prior. Choose a "
                            "mean-field posterior or the objective information."));
  if (!(config->learning_rate > 0.0 && isfinite (config->learning_rate)))
    return refuse (error, _("The learning rate must be above 0."));
  if (!(config->momentum >= 0.0 && config->momentum < 1.0))
    return refuse (error, _("The momentum must be at least 0 and below 1."));
  if (config->batch == 0)
    return refuse (error, _("The batch must hold at least one sample."));
  if (!(config->initial_deviation >= 0.0 && isfinite (config->initial_deviation)))
    return refuse (error, _("The initial deviation must be a number not below 0 (0 = the default rule)."));
  return TRUE;
}

static gboolean
check_data (HeftNetwork *network,
            HeftDataset *train,
            GError     **error)
{
  const gsize inputs = heft_network_get_n_inputs (network), classes = heft_network_get_n_classes (network);

  if (heft_dataset_get_n_features (train) != inputs)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("The data set %s has %zu inputs a sample but the network takes %zu."),
                   heft_dataset_get_name (train), heft_dataset_get_n_features (train), inputs);
      return FALSE;
    }
  if (heft_dataset_get_n_classes (train) > classes)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("The data set %s has %zu classes but the network only %zu."),
                   heft_dataset_get_name (train), heft_dataset_get_n_classes (train), classes);
      return FALSE;
    }
  return TRUE;
}

/* Sums over the posterior as it stands, from which KL follows. */
static void
measure_posterior (HeftTrainer *self)
{
  const HeftPosterior *q = self->posterior;
  const gsize k = q->n;

  if (self->variance != NULL)
    {
      for (gsize i = 0; i < k; i++)
        {
          const float s = CLAMP (q->log_deviation[i], -HEFT_KERNEL_MAX_LOG_DEVIATION, HEFT_KERNEL_MAX_LOG_DEVIATION);

          q->log_deviation[i] = s;
          self->variance[i] = 2.0f * s;
        }
      self->kernels->exponential (k, self->variance, self->variance);
    }
  for (guint i = 0; i < self->n_stages; i++)
    {
      HeftStage *stage = &self->stages[i];
      const HeftUpdateBlock block = {
        .mean = q->mean + stage->offset,
        .log_deviation = q->log_deviation != NULL ? q->log_deviation + stage->offset : NULL,
        .variance = self->variance != NULL ? self->variance + stage->offset : NULL,
        .centre = self->centre != NULL ? self->centre + stage->offset : NULL,
      };

      stage->sums = (HeftUpdateSums) { 0 };
      self->kernels->measure (stage->in + 1, stage->out, stage->out, block, &stage->sums);
      stage->first_square = stage->sums.square;
    }
}

/* lambda_l^2 = E_Q |w - w0|^2 / k_l: the minimiser of KL, so that KL's gradient needs no term for it. */
static void
adapt_prior (HeftTrainer *self)
{
  if (heft_prior_get_kind (self->prior) != HEFT_PRIOR_EMPIRICAL_BAYES || self->variance == NULL)
    return;
  for (guint i = 0; i < self->n_stages; i++)
    heft_prior_set_lambda (self->prior, i,
                           sqrt (self->stages[i].sums.square / (double) self->stages[i].layer->n_parameters));
}

/* theory.md, section 1; the sum of log variances is twice that of log deviations. */
static double
current_kl (const HeftTrainer *self)
{
  double kl = 0.0;

  if (self->variance == NULL)
    return INFINITY;
  for (guint i = 0; i < self->n_stages; i++)
    {
      const HeftStage *stage = &self->stages[i];
      const double k = (double) stage->layer->n_parameters, lambda = heft_prior_get_lambda (self->prior, i);

      kl += 0.5 * (stage->sums.square / (lambda * lambda) - k) + k * log (lambda) - stage->sums.log_deviation;
    }
  return kl;
}

static void
allocate_vectors (HeftTrainer *self)
{
  const gsize k = self->posterior->n;
  const gboolean noisy = self->posterior->kind == HEFT_POSTERIOR_MEAN_FIELD;
  const gboolean adam = self->optimizer == HEFT_OPTIMIZER_ADAM;

  self->mean_moment1 = heft_aligned_new (float, k);
  self->mean_moment2 = adam ? heft_aligned_new (float, k) : NULL;
  if (!noisy)
    return;
  self->variance = heft_aligned_new (float, k);
  self->deviation_moment1 = heft_aligned_new (float, k);
  self->deviation_moment2 = adam ? heft_aligned_new (float, k) : NULL;
}

static void
clear_optimizer (HeftTrainer *self)
{
  float *vectors[] = { self->mean_moment1, self->mean_moment2, self->deviation_moment1, self->deviation_moment2 };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    if (vectors[i] != NULL)
      memset (vectors[i], 0, self->posterior->n * sizeof (float));
  self->optimizer_step = 0;
}

/* The best Gaussian of theory.md section 3 for a curvature that a network has early in training. */
static double
default_deviation (const HeftTrainer *self,
                   gsize              layer)
{
  /* A bound that sets beta itself begins with the one of Q = P. */
  const double lambda = heft_prior_get_lambda (self->prior, layer), beta = heft_trainer_current_beta (self, 0.0);

  return MAX (SMALLEST_DEVIATION, sqrt (beta / (EARLY_CURVATURE + beta / (lambda * lambda))));
}

static void
initialise_deviations (HeftTrainer *self,
                       double       deviation)
{
  for (guint l = 0; l < self->n_stages; l++)
    {
      const HeftStage *stage = &self->stages[l];
      const double sigma = deviation > 0.0 ? deviation : default_deviation (self, l);

      for (gsize i = 0; i < stage->layer->n_parameters; i++)
        self->posterior->log_deviation[stage->offset + i] = (float) log (sigma);
    }
}

/**
 * heft_trainer_new:
 * @network: any that heft_network_new() describes
 * @train: at least one sample, with the network's inputs and at most its classes
 *
 * Starts from @config's start, or from heft_network_initialise() under its seed. A batch larger than N means all of the data at every
 * step.
 *
 * Returns: (transfer full): a trainer, or %NULL with a sentence that says what does not fit
 */
HeftTrainer *
heft_trainer_new (HeftNetwork             *network,
                  HeftDataset             *train,
                  const HeftTrainerConfig *config,
                  GError                 **error)
{
  g_autoptr (HeftTrainer) self = NULL;

  if (!check_config (config, error) || !check_data (network, train, error))
    return NULL;

  self = g_new0 (HeftTrainer, 1);
  self->network = heft_network_ref (network);
  self->train = heft_dataset_ref (train);
  self->kernels = heft_kernels ();
  self->optimizer = config->optimizer;
  self->objective = config->objective;
  self->beta = config->beta;
  self->ceiling = config->objective == HEFT_OBJECTIVE_INFORMATION ? INFINITY : -log (config->smallest_probability);
  self->delta = config->delta;
  heft_trainer_begin_risk (self);
  self->learning_rate = config->learning_rate;
  self->momentum = config->momentum;
  self->seed = config->seed;
  self->loss_limit = INFINITY;
  self->posterior = heft_posterior_new (config->posterior, heft_network_get_n_parameters (network));
  self->pool = heft_pool_new (config->n_threads);
  heft_trainer_build_operations (self);

  if (config->start != NULL)
    memcpy (self->posterior->mean, config->start, self->posterior->n * sizeof (float));
  else
    heft_network_initialise (network, config->seed, self->posterior->mean);
  self->prior = heft_prior_new (network, config->prior, config->lambda, config->lambdas, self->posterior->mean, error);
  if (self->prior == NULL)
    return NULL;
  self->centre = heft_prior_get_centre (self->prior);
  self->order = g_new (guint32, heft_dataset_get_n_samples (train));
  self->order_epoch = G_MAXUINT64;
  if (!heft_trainer_prepare_batch (self, config->batch, error))
    return NULL;
  allocate_vectors (self);
  if (self->variance != NULL)
    initialise_deviations (self, config->initial_deviation);
  measure_posterior (self);
  adapt_prior (self);
  return g_steal_pointer (&self);
}

void
heft_trainer_free (HeftTrainer *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->pool, heft_pool_free);
  g_clear_pointer (&self->posterior, heft_posterior_free);
  g_clear_pointer (&self->prior, heft_prior_free);
  heft_aligned_free (self->variance);
  heft_aligned_free (self->mean_moment1);
  heft_aligned_free (self->mean_moment2);
  heft_aligned_free (self->deviation_moment1);
  heft_aligned_free (self->deviation_moment2);
  heft_aligned_free (self->workspace);
  heft_plan_clear (&self->plan);
  g_free (self->stages);
  g_free (self->operations);
  g_free (self->scratch);
  g_free (self->order);
  heft_dataset_unref (self->train);
  heft_network_unref (self->network);
  g_free (self);
}

/* The samples of this step: the epochs' permutations, one behind the other, cut into batches. */
static void
choose_samples (HeftTrainer *self)
{
  const gsize n = heft_dataset_get_n_samples (self->train);
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_SHUFFLE, 0);

  for (gsize i = 0; i < self->plan.batch; i++)
    {
      const guint64 sample = self->samples_seen + i;

      if (sample / n != self->order_epoch)
        {
          self->order_epoch = sample / n;
          heft_stream_permutation (stream, self->order_epoch, (guint32) n, self->order);
        }
      self->indices[i] = self->order[sample % n];
    }
}

static void
set_updates (HeftTrainer *self,
             double       beta)
{
  const double t = (double) (self->optimizer_step + 1);
  const gboolean adam = self->optimizer == HEFT_OPTIMIZER_ADAM;

  for (guint i = 0; i < self->n_stages; i++)
    {
      const double lambda = heft_prior_get_lambda (self->prior, i);

      self->stages[i].update = (HeftUpdate) {
        .rate = (float) (adam ? self->learning_rate / (1.0 - pow (ADAM_DECAY1, t)) : self->learning_rate),
        .decay1 = (float) (adam ? ADAM_DECAY1 : self->momentum),
        .decay2 = (float) ADAM_DECAY2,
        .scale2 = (float) (1.0 / sqrt (1.0 - pow (ADAM_DECAY2, t))),
        .epsilon = (float) ADAM_EPSILON,
        .beta = (float) beta,
        .precision = (float) (1.0 / (lambda * lambda)),
      };
    }
}

/* Takes over the tasks' sums, in the order of the plan. Returns the squared norm of the gradient. */
static double
collect_sums (HeftTrainer *self)
{
  double gradient = 0.0;

  for (guint i = 0; i < self->n_stages; i++)
    self->stages[i].sums = (HeftUpdateSums) { 0 };
  for (guint i = 0; i < self->plan.tasks->len; i++)
    {
      const HeftTask *task = &g_array_index (self->plan.tasks, HeftTask, i);
      HeftUpdateSums *sums = &self->stages[task->stage].sums;

      if (task->kind != HEFT_TASK_UPDATE)
        continue;
      sums->square += task->sums.square;
      sums->log_deviation += task->sums.log_deviation;
      gradient += task->sums.gradient;
    }
  return gradient;
}

static gboolean
all_finite (const float *x,
            gsize        n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (x[i]))
      return FALSE;
  return TRUE;
}

/* The layer to name: the first whose output left the finite numbers, else the one whose weights grew most. */
static const HeftStage *
find_culprit (const HeftTrainer *self)
{
  const HeftStage *culprit = &self->stages[0];
  double growth = -1.0;

  for (guint i = 0; i < self->n_stages; i++)
    if (!all_finite (self->stages[i].h, self->plan.batch * self->stages[i].size))
      return &self->stages[i];
  for (guint i = 0; i < self->n_stages; i++)
    {
      const HeftStage *stage = &self->stages[i];
      const double ratio = stage->sums.square / (stage->first_square + 1e-30);

      if (ratio > growth)
        {
          growth = ratio;
          culprit = stage;
        }
    }
  return culprit;
}

static void
set_diverged (HeftTrainer *self,
              GError     **error)
{
  const double loss = self->loss / (double) self->plan.batch;
  const double advice = MIN (self->learning_rate / 10.0, self->optimizer == HEFT_OPTIMIZER_ADAM ? 0.01 : 0.1);
  const char *name = find_culprit (self)->layer->name;
  const guint64 step = self->step + 1;

  if (!isfinite (loss))
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
                 _("The training loss stopped being finite at step %" PRIu64 ", first in layer %s. The learning rate %g is "
                   "probably too large: try %g or less, then reset."),
                 step, name, self->learning_rate, advice);
  else if (loss > self->loss_limit)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
                 _("Training diverged at step %" PRIu64 ": the loss reached %.3g nats a sample, and layer %s grew most. The "
                   "learning rate %g is probably too large: try %g or less, then reset."),
                 step, loss, name, self->learning_rate, advice);
  else
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
                 _("The gradient left the range of numbers at step %" PRIu64 ", first in layer %s. The learning rate %g is "
                   "probably too large: try %g or less, then reset."),
                 step, name, self->learning_rate, advice);
}

gboolean
heft_trainer_step (HeftTrainer *self,
                   HeftStep    *step,
                   GError     **error)
{
  const double kl = current_kl (self), beta = heft_trainer_current_beta (self, kl);
  const gsize batch = self->plan.batch;
  gsize n_wrong = 0;
  double loss, gradient;

  choose_samples (self);
  set_updates (self, beta);
  if (!heft_trainer_run_plan (self))
    {
      set_diverged (self, error);
      return FALSE;
    }

  gradient = collect_sums (self);
  adapt_prior (self);
  for (guint i = 0; i < self->plan.tasks->len; i++)
    n_wrong += g_array_index (self->plan.tasks, HeftTask, i).n_wrong;
  loss = self->loss / (double) batch;
  if (self->step == 0)
    self->loss_limit = MAX (LARGEST_LOSS, LARGEST_LOSS_GROWTH * loss);
  self->step++;
  self->optimizer_step++;
  self->samples_seen += batch;
  heft_trainer_follow_risk (self, loss);
  if (step != NULL)
    *step = (HeftStep) {
      .step = self->step,
      .epoch = (double) self->samples_seen / (double) heft_dataset_get_n_samples (self->train),
      .loss = loss,
      .error = (double) n_wrong / (double) batch,
      .kl = kl,
      .beta = beta,
      .gradient_norm = sqrt (gradient),
    };
  return TRUE;
}

double
heft_trainer_get_beta (const HeftTrainer *self)
{
  return heft_trainer_current_beta (self, current_kl (self));
}

guint64
heft_trainer_get_step (const HeftTrainer *self)
{
  return self->step;
}

gsize
heft_trainer_get_steps_per_epoch (const HeftTrainer *self)
{
  return (heft_dataset_get_n_samples (self->train) + self->plan.batch - 1) / self->plan.batch;
}

void
heft_trainer_set_beta (HeftTrainer *self,
                       double       beta)
{
  g_return_if_fail (beta >= 0.0 && isfinite (beta));

  self->beta = beta;
}

void
heft_trainer_set_lambda (HeftTrainer *self,
                         double       lambda)
{
  g_return_if_fail (lambda > 0.0 && isfinite (lambda));

  heft_prior_set_lambdas (self->prior, lambda);
  adapt_prior (self);
}

void
heft_trainer_set_layer_lambda (HeftTrainer *self,
                               gsize        layer,
                               double       lambda)
{
  g_return_if_fail (layer < self->n_stages);
  g_return_if_fail (lambda > 0.0 && isfinite (lambda));

  heft_prior_set_lambda (self->prior, layer, lambda);
  adapt_prior (self);
}

void
heft_trainer_set_learning_rate (HeftTrainer *self,
                                double       learning_rate)
{
  g_return_if_fail (learning_rate > 0.0 && isfinite (learning_rate));

  self->learning_rate = learning_rate;
}

void
heft_trainer_set_momentum (HeftTrainer *self,
                           double       momentum)
{
  g_return_if_fail (momentum >= 0.0 && momentum < 1.0);

  self->momentum = momentum;
}

gboolean
heft_trainer_set_batch (HeftTrainer *self,
                        gsize        batch,
                        GError     **error)
{
  if (batch == 0)
    return refuse (error, _("The batch must hold at least one sample."));
  if (batch == self->batch)
    return TRUE;
  return heft_trainer_prepare_batch (self, batch, error);
}

HeftNetwork *
heft_trainer_get_network (HeftTrainer *self)
{
  return self->network;
}

const HeftPrior *
heft_trainer_get_prior (HeftTrainer *self)
{
  return self->prior;
}

const HeftPosterior *
heft_trainer_get_posterior (HeftTrainer *self)
{
  return self->posterior;
}

gboolean
heft_trainer_set_posterior (HeftTrainer         *self,
                            const HeftPosterior *posterior,
                            GError             **error)
{
  if (posterior->n != self->posterior->n || posterior->kind != self->posterior->kind)
    return refuse (error, _("The posterior to start from belongs to another network or is of another kind."));
  if (!all_finite (posterior->mean, posterior->n)
      || (posterior->log_deviation != NULL && !all_finite (posterior->log_deviation, posterior->n)))
    return refuse (error, _("The posterior to start from holds numbers that are not finite."));

  memcpy (self->posterior->mean, posterior->mean, posterior->n * sizeof (float));
  if (posterior->log_deviation != NULL)
    memcpy (self->posterior->log_deviation, posterior->log_deviation, posterior->n * sizeof (float));
  clear_optimizer (self);
  measure_posterior (self);
  adapt_prior (self);
  return TRUE;
}
