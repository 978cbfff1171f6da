/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

#include <heft/error.h>

#include "linalg/linalg.h"
#include "train/operation.h"
#include "train/whole.h"

#define ADAM_DECAY1 0.9
#define ADAM_DECAY2 0.999
#define ADAM_EPSILON 1e-8
/* IVON's memories, of the gradient and of the Hessian. Its authors' program remembers the Hessian for 100,000 steps, in runs of more; a
 * run of ten epochs on 10,000 digits has 800, in which such an estimate would stay what it was at the start. */
#define IVON_DECAY1 0.9
#define IVON_DECAY2 0.999

/* The Hessian estimate stays positive by itself; at its start it must not be less than this. */
#define SMALLEST_CURVATURE 1e-6

/* Of the directions of a low-rank code, in units of sigma: enough to break the symmetry of V = 0. */
#define INITIAL_DIRECTION 0.1

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
  if (config->objective != HEFT_OBJECTIVE_INFORMATION && config->loss.kind != HEFT_LOSS_SOFTMAX)
    return refuse (error, _("A bound is trained on the softmax cross-entropy; choose that loss or the objective information."));
  if (config->loss.kind == HEFT_LOSS_GAUSSIAN && !(config->loss.deviation >= 1e-6 && config->loss.deviation <= 1e6))
    return refuse (error, _("The deviation of the squared error's Gaussian must lie between 1e-6 and 1e6."));
  if (!(config->dropout >= 0.0 && config->dropout < 1.0))
    return refuse (error, _("The dropout must be at least 0 and below 1."));
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
is_mixture (const HeftTrainerConfig *config)
{
  return config->prior == HEFT_PRIOR_SCALE_MIXTURE;
}

static gboolean
check_codes (const HeftTrainerConfig *config,
             GError                 **error)
{
  if (config->posterior == HEFT_POSTERIOR_LOW_RANK && (config->rank < 1 || config->rank > HEFT_MAX_RANK))
    return refuse (error, _("The rank of a low-rank posterior must lie between 1 and 16."));
  if (config->optimizer == HEFT_OPTIMIZER_IVON && config->posterior != HEFT_POSTERIOR_MEAN_FIELD)
    return refuse (error, _("IVON trains a mean-field posterior; choose that, or another optimiser."));
  if (config->optimizer == HEFT_OPTIMIZER_IVON && (is_mixture (config) || !(config->beta > 0.0)))
    return refuse (error, _("IVON needs a Gaussian prior and a beta above 0, from which its variances follow."));
  if (is_mixture (config) && config->objective != HEFT_OBJECTIVE_INFORMATION)
    return refuse (error, _("A bound cannot be trained against a scale mixture: its KL is only estimated."));
  return TRUE;
}

static gboolean
check_course (const HeftTrainerConfig *config,
              GError                 **error)
{
  if (!(config->decay >= 0.0 && isfinite (config->decay)))
    return refuse (error, _("The weight decay must be a number not below 0."));
  if (!(config->clip >= 0.0 && isfinite (config->clip)))
    return refuse (error, _("The longest gradient must be a number not below 0 (0 = no limit)."));
  if (!(config->schedule.epochs >= 0.0 && isfinite (config->schedule.epochs) && config->schedule.warmup >= 0.0
        && isfinite (config->schedule.warmup) && config->anneal_epochs >= 0.0 && isfinite (config->anneal_epochs)))
    return refuse (error, _("The epochs of a schedule must be numbers not below 0."));
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

/* Sums over one stage's weights as they stand, but for a low-rank code's directions. */
static HeftUpdateSums
measure_stage (const HeftTrainer *self,
               const HeftStage   *stage)
{
  const HeftPosterior *q = self->code;
  const HeftUpdateBlock block = {
    .mean = q->mean + stage->offset,
    .log_deviation = q->log_deviation != NULL ? q->log_deviation + stage->offset : NULL,
    .variance = self->variance != NULL ? self->variance + stage->offset : NULL,
    .centre = self->centre != NULL ? self->centre + stage->offset : NULL,
  };
  HeftUpdateSums sums = { 0 };

  self->kernels->measure (stage->in + 1, stage->out, stage->out, block, &sums);
  return sums;
}

/* What KL is made of, from the posterior as it stands. */
static void
measure_posterior (HeftTrainer *self)
{
  const HeftPosterior *q = self->code;
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

      stage->sums = measure_stage (self, stage);
      stage->first_square = stage->sums.square;
    }
  if (q->rank > 0)
    heft_whole_measure (self);
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

/* Minus the entropy of one stage's weights, but for a low-rank code's directions. */
static double
negative_entropy (const HeftTrainer *self,
                  guint              stage)
{
  const double k = (double) self->stages[stage].layer->n_parameters;

  return -self->stages[stage].sums.log_deviation - 0.5 * k * (1.0 + log (2.0 * G_PI));
}

/* theory.md, section 1; the sum of log variances is twice that of log deviations. Against a mixture -E log P is still to come. */
static double
current_kl (const HeftTrainer *self)
{
  const gboolean mixture = heft_prior_get_kind (self->prior) == HEFT_PRIOR_SCALE_MIXTURE;
  double kl = 0.0;

  if (self->variance == NULL)
    return INFINITY;
  for (guint i = 0; i < self->n_stages; i++)
    {
      const HeftStage *stage = &self->stages[i];
      const double k = (double) stage->layer->n_parameters, lambda = heft_prior_get_lambda (self->prior, i);

      if (mixture)
        kl += negative_entropy (self, i);
      else
        kl += 0.5 * (stage->sums.square / (lambda * lambda) - k) + k * log (lambda) - stage->sums.log_deviation;
      if (self->code->rank > 0)
        kl -= 0.5 * self->whole->log_determinants[i];
    }
  return kl;
}

static void
allocate_vectors (HeftTrainer *self)
{
  const gsize k = self->code->n;
  const gboolean adam = self->optimizer == HEFT_OPTIMIZER_ADAM || self->optimizer == HEFT_OPTIMIZER_ADAMW;

  self->mean_moment1 = heft_aligned_new (float, k);
  self->mean_moment2 = adam ? heft_aligned_new (float, k) : NULL;
  if (self->code->log_deviation != NULL)
    {
      self->variance = heft_aligned_new (float, k);
      self->deviation_moment1 = heft_aligned_new (float, k);
      self->deviation_moment2 = adam ? heft_aligned_new (float, k) : NULL;
    }
  if (heft_whole_needed (self))
    self->whole = heft_whole_new (self);
  self->second = self->flips ? self->whole->displacement : self->variance;
}

/* IVON's Hessian estimate is what the deviations say: sigma^2 = beta / (h + beta / lambda^2). */
static void
estimate_curvature (HeftTrainer *self)
{
  if (self->optimizer != HEFT_OPTIMIZER_IVON)
    return;
  for (guint i = 0; i < self->n_stages; i++)
    {
      HeftStage *stage = &self->stages[i];
      const double lambda = heft_prior_get_lambda (self->prior, i), delta = self->beta / (lambda * lambda);

      for (gsize j = stage->offset; j < stage->offset + stage->layer->n_parameters; j++)
        {
          const double h = self->beta * exp (-2.0 * (double) self->code->log_deviation[j]) - delta;

          self->deviation_moment1[j] = (float) MAX (h, SMALLEST_CURVATURE);
        }
    }
}

static void
clear_optimizer (HeftTrainer *self)
{
  float *vectors[] = { self->mean_moment1, self->mean_moment2, self->deviation_moment1, self->deviation_moment2 };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    if (vectors[i] != NULL)
      memset (vectors[i], 0, self->code->n * sizeof (float));
  for (gsize i = 0; i < self->code->rank * self->code->n; i++)
    self->whole->factor_moment1[i] = self->whole->factor_moment2[i] = 0.0f;
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
        self->code->log_deviation[stage->offset + i] = (float) log (sigma);
    }
  estimate_curvature (self);
  for (guint l = 0; l < self->n_stages && self->optimizer == HEFT_OPTIMIZER_IVON; l++)
    self->stages[l].first_curvature = (double) self->deviation_moment1[self->stages[l].offset];
}

static void
initialise_directions (HeftTrainer *self)
{
  HeftPosterior *code = self->code;

  for (gsize j = 0; j < code->rank; j++)
    {
      float *factor = code->factors + j * code->n;

      heft_stream_normals_f32 (heft_stream (self->seed, HEFT_PURPOSE_INITIALISATION, (1u << 16) | (guint32) j), 0, 0, code->n, factor);
      for (gsize i = 0; i < code->n; i++)
        factor[i] *= (float) (INITIAL_DIRECTION * exp ((double) code->log_deviation[i]));
    }
}

/* What is trained, and what the passes run: a point where weights are drawn. */
static void
make_codes (HeftTrainer             *self,
            const HeftTrainerConfig *config)
{
  const gsize k = heft_network_get_n_parameters (self->network);
  const gboolean drawn = config->posterior == HEFT_POSTERIOR_LOW_RANK || config->optimizer == HEFT_OPTIMIZER_IVON
                         || (config->noise == HEFT_NOISE_WEIGHTS && config->posterior != HEFT_POSTERIOR_DIRAC);

  self->code = config->posterior == HEFT_POSTERIOR_LOW_RANK ? heft_posterior_new_low_rank (self->network, config->rank)
                                                            : heft_posterior_new (config->posterior, k);
  self->flips = config->noise == HEFT_NOISE_FLIPOUT && !drawn && config->posterior == HEFT_POSTERIOR_MEAN_FIELD;
  self->posterior = drawn ? heft_posterior_new (HEFT_POSTERIOR_DIRAC, k) : self->code;
  if (config->start != NULL)
    memcpy (self->code->mean, config->start, k * sizeof (float));
  else
    heft_network_initialise_by (self->network, config->initialisation, config->seed, self->code->mean);
}

static void
take_config (HeftTrainer             *self,
             const HeftTrainerConfig *config)
{
  self->optimizer = config->optimizer;
  self->objective = config->objective;
  self->loss_function = config->loss;
  self->dropout = config->dropout;
  self->beta = config->beta;
  self->ceiling = config->objective == HEFT_OBJECTIVE_INFORMATION ? INFINITY : -log (config->smallest_probability);
  self->delta = config->delta;
  self->learning_rate = config->learning_rate;
  self->momentum = config->momentum;
  self->decay = config->decay;
  self->clip = config->clip;
  self->schedule = config->schedule;
  self->anneal_epochs = config->anneal_epochs;
  self->seed = config->seed;
  self->loss_limit = INFINITY;
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

  if (!check_config (config, error) || !check_codes (config, error) || !check_course (config, error)
      || !check_data (network, train, error))
    return NULL;

  self = g_new0 (HeftTrainer, 1);
  self->network = heft_network_ref (network);
  self->train = heft_dataset_ref (train);
  self->kernels = heft_kernels ();
  take_config (self, config);
  heft_trainer_begin_risk (self);
  make_codes (self, config);
  self->pool = heft_pool_new (config->n_threads);
  heft_trainer_build_operations (self);

  self->prior = is_mixture (config)
    ? heft_prior_new_mixture (network, config->mixture_share, config->lambda, config->lambda2, error)
    : heft_prior_new (network, config->prior, config->lambda, config->lambdas, self->code->mean, error);
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
  initialise_directions (self);
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
  if (self->posterior != self->code)
    heft_posterior_free (self->posterior);
  g_clear_pointer (&self->code, heft_posterior_free);
  g_clear_pointer (&self->whole, heft_whole_free);
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

  guint64 epoch = self->samples_seen / n;
  gsize at = self->samples_seen % n;

  for (gsize i = 0; i < self->plan.batch; i++)
    {
      if (epoch != self->order_epoch)
        {
          self->order_epoch = epoch;
          heft_stream_permutation (stream, epoch, (guint32) n, self->order);
        }
      self->indices[i] = self->order[at];
      if (++at == n)
        {
          at = 0;
          epoch++;
        }
    }
}

HeftUpdate
heft_trainer_update (HeftOptimizer optimizer,
                     double        rate,
                     double        momentum,
                     guint64       t)
{
  if (optimizer == HEFT_OPTIMIZER_SGD)
    return (HeftUpdate) { .rate = (float) rate, .decay1 = (float) momentum };
  if (optimizer == HEFT_OPTIMIZER_IVON)
    return (HeftUpdate) { .rate = (float) rate, .decay1 = (float) IVON_DECAY1, .decay2 = (float) IVON_DECAY2 };
  return (HeftUpdate) {
    .rate = (float) (rate / (1.0 - pow (ADAM_DECAY1, (double) t))),
    .decay1 = (float) ADAM_DECAY1,
    .decay2 = (float) ADAM_DECAY2,
    .scale2 = (float) (1.0 / sqrt (1.0 - pow (ADAM_DECAY2, (double) t))),
    .epsilon = (float) ADAM_EPSILON,
  };
}

static void
set_updates (HeftTrainer *self,
             double       beta)
{
  for (guint i = 0; i < self->n_stages; i++)
    {
      const double lambda = heft_prior_get_lambda (self->prior, i);
      HeftUpdate *update = &self->stages[i].update;

      *update = heft_trainer_update (self->optimizer, self->rate, self->momentum, self->optimizer_step + 1);
      update->beta = (float) beta;
      update->precision = (float) (1.0 / (lambda * lambda));
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
      const double ratio = measure_stage (self, stage).square / (stage->first_square + 1e-30);

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
  const double advice = MIN (self->learning_rate / 10.0, self->optimizer == HEFT_OPTIMIZER_ADAM || self->optimizer == HEFT_OPTIMIZER_ADAMW ? 0.01 : 0.1);
  g_autofree char *name = heft_layer_dup_label (find_culprit (self)->layer->name);
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
  const gsize batch = self->plan.batch;
  const double epoch = (double) (self->samples_seen + batch) / (double) heft_dataset_get_n_samples (self->train);
  const double kl = current_kl (self);
  const double beta = heft_trainer_current_beta (self, kl) * heft_anneal_factor (self->anneal_epochs, epoch);
  const gboolean whole = heft_whole_needed (self);
  gsize n_wrong = 0;
  double loss, gradient;

  self->rate = self->learning_rate * heft_schedule_factor (&self->schedule, epoch);
  choose_samples (self);
  set_updates (self, beta);
  if (whole)
    heft_whole_draw (self);
  if (!heft_trainer_run_plan (self) || (whole && !heft_whole_update (self)))
    {
      set_diverged (self, error);
      return FALSE;
    }

  gradient = whole ? self->whole->norm : sqrt (collect_sums (self));
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
      .epoch = epoch,
      .loss = loss,
      .error = (double) n_wrong / (double) batch,
      .kl = whole ? kl + self->whole->cost : kl,
      .beta = beta,
      .learning_rate = self->rate,
      .gradient_norm = gradient,
      .clip = whole ? self->whole->scale : 1.0,
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

void
heft_trainer_set_decay (HeftTrainer *self,
                        double       decay)
{
  g_return_if_fail (decay >= 0.0 && isfinite (decay));

  self->decay = decay;
}

void
heft_trainer_set_clip (HeftTrainer *self,
                       double       clip)
{
  g_return_if_fail (clip >= 0.0 && isfinite (clip));

  self->clip = clip;
  if (heft_whole_needed (self) && self->whole == NULL)
    self->whole = heft_whole_new (self);
}

void
heft_trainer_set_schedule (HeftTrainer *self,
                           HeftSchedule schedule)
{
  g_return_if_fail (schedule.epochs >= 0.0 && schedule.warmup >= 0.0);

  self->schedule = schedule;
}

void
heft_trainer_set_anneal (HeftTrainer *self,
                         double       epochs)
{
  g_return_if_fail (epochs >= 0.0);

  self->anneal_epochs = epochs;
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

const HeftLoss *
heft_trainer_get_loss (const HeftTrainer *self)
{
  return &self->loss_function;
}

const HeftPrior *
heft_trainer_get_prior (HeftTrainer *self)
{
  return self->prior;
}

const HeftPosterior *
heft_trainer_get_posterior (HeftTrainer *self)
{
  return self->code;
}

gboolean
heft_trainer_set_posterior (HeftTrainer         *self,
                            const HeftPosterior *posterior,
                            GError             **error)
{
  if (posterior->n != self->code->n || posterior->kind != self->code->kind || posterior->rank != self->code->rank)
    return refuse (error, _("The posterior to start from belongs to another network or is of another kind."));
  if (!all_finite (posterior->mean, posterior->n)
      || (posterior->log_deviation != NULL && !all_finite (posterior->log_deviation, posterior->n))
      || (posterior->factors != NULL && !all_finite (posterior->factors, posterior->rank * posterior->n)))
    return refuse (error, _("The posterior to start from holds numbers that are not finite."));

  memcpy (self->code->mean, posterior->mean, posterior->n * sizeof (float));
  if (posterior->log_deviation != NULL)
    memcpy (self->code->log_deviation, posterior->log_deviation, posterior->n * sizeof (float));
  if (posterior->factors != NULL)
    memcpy (self->code->factors, posterior->factors, posterior->rank * posterior->n * sizeof (float));
  clear_optimizer (self);
  estimate_curvature (self);
  measure_posterior (self);
  adapt_prior (self);
  return TRUE;
}
