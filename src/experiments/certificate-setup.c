/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>

#include "experiments/certificate.h"
#include "experiments/train.h"

/* The grid of the scales, and of p_min: at most 1, neighbours a tenth apart. */
#define GRID_TOP 1.0
#define GRID_PRECISION 10.0

/* A quick run takes fewer passes and draws by this. */
#define QUICK_EPOCHS 4
#define QUICK_DRAWS 10

void
heft_certify_setup_clear (HeftCertifySetup *self)
{
  heft_data_pair_clear (&self->data);
  g_clear_pointer (&self->apart, heft_dataset_unref);
  g_clear_pointer (&self->counted, heft_dataset_unref);
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->lambdas, g_free);
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, sentence);
  return FALSE;
}

/* The first part of the training samples for the prior, the rest for the bound; which is which was settled before any training. */
static gboolean
divide (HeftCertifySetup *self, const HeftParameters *parameters, GError **error)
{
  gsize total = heft_dataset_get_n_samples (self->data.train);
  gint64 samples = heft_parameters_get_integer (parameters, "samples");
  double share = heft_parameters_get_real (parameters, "data-prior");
  gsize n_apart;
  g_autofree guint32 *indices = NULL;

  if (samples > 0 && (gsize) samples > total)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("samples is %" PRId64 " but %s has only %zu training samples; 0 takes all of them."),
                   samples, heft_dataset_get_name (self->data.train), total);
      return FALSE;
    }
  if (samples > 0)
    total = (gsize) samples;
  n_apart = (gsize) floor (share * (double) total);
  if (share > 0 && n_apart == 0)
    return refuse (error, _("data-prior leaves no sample to train the prior on; raise it, or set it to 0."));
  indices = g_new (guint32, total);
  for (gsize i = 0; i < total; i++)
    indices[i] = (guint32) i;
  if (n_apart > 0)
    self->apart = heft_dataset_subset (self->data.train, indices, n_apart);
  self->counted = heft_dataset_subset (self->data.train, indices + n_apart, total - n_apart);
  self->n_samples = total - n_apart;
  return TRUE;
}

static gboolean
make_network (HeftCertifySetup *self, const HeftParameters *parameters, GError **error)
{
  self->network = heft_train_network_new (parameters, &self->data, error);
  if (self->network == NULL)
    return FALSE;
  self->n_layers = heft_network_get_n_weight_layers (self->network);
  return TRUE;
}

/* Whoever compares values of p_min chooses it on the data: it comes from a grid, and the bound of the cross-entropy pays. */
static void
choose_clamp (HeftCertifySetup *self, const HeftParameters *parameters)
{
  double smallest = heft_lambda_grid_round (heft_parameters_get_real (parameters, "smallest-probability"), GRID_TOP, GRID_PRECISION);

  self->largest_loss = -log (smallest);
  self->clamp_price = heft_lambda_grid_cost (smallest, GRID_TOP, GRID_PRECISION);
}

static void
choose_scales (HeftCertifySetup *self, const HeftParameters *parameters)
{
  self->lambdas = g_new (double, self->n_layers);
  for (gsize l = 0; l < self->n_layers; l++)
    {
      double lambda = heft_parameters_get_real (parameters, l + 1 == self->n_layers ? "lambda-output" : "lambda");

      self->lambdas[l] = self->grid ? heft_lambda_grid_round (lambda, GRID_TOP, GRID_PRECISION) : lambda;
    }
}

static void
read_parameters (HeftCertifySetup *self, const HeftParameters *parameters)
{
  static const HeftObjective objectives[] = { HEFT_OBJECTIVE_PAC_BAYES_KL, HEFT_OBJECTIVE_MCALLESTER, HEFT_OBJECTIVE_LAGRANGIAN };
  static const HeftPriorKind priors[] = { HEFT_PRIOR_INIT_CENTRED, HEFT_PRIOR_ISOTROPIC, HEFT_PRIOR_EMPIRICAL_BAYES };
  gboolean quick = heft_parameters_get_integer (parameters, "effort") == 1;
  double delta = heft_parameters_get_real (parameters, "delta");

  self->objective = objectives[heft_parameters_get_integer (parameters, "objective")];
  self->prior = priors[heft_parameters_get_integer (parameters, "prior")];
  self->grid = heft_parameters_get_boolean (parameters, "lambda-grid");
  choose_clamp (self, parameters);
  self->beta_pac = heft_parameters_get_real (parameters, "beta-pac");
  self->delta_draws = delta * HEFT_CERTIFY_DRAWS_SHARE;
  self->delta = delta - self->delta_draws;
  self->epochs = heft_parameters_get_real (parameters, "epochs") / (quick ? QUICK_EPOCHS : 1);
  self->prior_epochs = heft_parameters_get_real (parameters, "prior-epochs") / (quick ? QUICK_EPOCHS : 1);
  self->n_draws = (guint) MAX (heft_parameters_get_integer (parameters, "draws") / (quick ? QUICK_DRAWS : 1), 1);
  self->draw_samples = (gsize) heft_parameters_get_integer (parameters, "draw-samples");
}

gboolean
heft_certify_setup_init (HeftCertifySetup *self, HeftParameters *parameters, GError **error)
{
  gboolean good;

  memset (self, 0, sizeof *self);
  read_parameters (self, parameters);
  if (self->prior == HEFT_PRIOR_ISOTROPIC && heft_parameters_get_real (parameters, "data-prior") > 0)
    return refuse (error, _("data-prior trains the prior's centre, and the isotropic prior has none: choose another prior or set "
                            "data-prior to 0."));
  if (self->beta_pac > 0 && !(self->beta_pac > 0.5))
    return refuse (error, _("beta-pac must exceed 1/2 for the Lagrangian bound to hold; 0 chooses it from a list."));
  good = heft_data_load (heft_parameters_get_text (parameters, "dataset"), heft_parameters_get_seed (parameters), &self->data,
                         error) &&
         divide (self, parameters, error) && make_network (self, parameters, error);
  if (!good)
    {
      heft_certify_setup_clear (self);
      return FALSE;
    }
  choose_scales (self, parameters);
  heft_parameters_set_sample_count (parameters, self->n_samples);
  return TRUE;
}

/* Q begins as wide as P: at a KL of 0 where P has Q's centre. */
static gboolean
begin_at_prior (const HeftCertifySetup *self, HeftTrainer *trainer, GError **error)
{
  g_autoptr (HeftPosterior) posterior = heft_posterior_copy (heft_trainer_get_posterior (trainer));

  for (gsize l = 0; l < self->n_layers; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (self->network, l);

      for (gsize i = 0; i < layer->n_parameters; i++)
        posterior->log_deviation[layer->offset + i] = (float) log (self->lambdas[l]);
    }
  return heft_trainer_set_posterior (trainer, posterior, error);
}

HeftTrainer *
heft_certify_setup_trainer (const HeftCertifySetup *self, const HeftParameters *parameters, const float *start, guint n_threads,
                            GError **error)
{
  HeftTrainerConfig config = heft_trainer_config_default ();
  gboolean centre = self->apart != NULL && start == NULL;
  HeftDataset *data = centre ? self->apart : self->counted;
  g_autoptr (HeftTrainer) trainer = NULL;

  config.prior = self->prior;
  config.lambdas = self->lambdas;
  config.learning_rate = heft_parameters_get_real (parameters, "learning-rate");
  config.batch = MIN ((gsize) heft_parameters_get_integer (parameters, "batch"), heft_dataset_get_n_samples (data));
  config.seed = heft_parameters_get_seed (parameters);
  config.n_threads = n_threads;
  if (centre)
    {
      config.posterior = HEFT_POSTERIOR_DIRAC;
      config.learning_rate = MIN (config.learning_rate, 0.001);
      return heft_trainer_new (self->network, data, &config, error);
    }
  config.start = start;
  config.objective = self->objective;
  config.smallest_probability = exp (-self->largest_loss);
  config.delta = self->delta;
  /* Where beta_PAC is chosen afterwards, training has to take some value. */
  config.beta = (self->beta_pac > 0 ? self->beta_pac : 1) / (double) self->n_samples;
  trainer = heft_trainer_new (self->network, data, &config, error);
  if (trainer == NULL || !begin_at_prior (self, trainer, error))
    return NULL;
  return g_steal_pointer (&trainer);
}

HeftPrior *
heft_certify_setup_prior (const HeftCertifySetup *self, HeftTrainer *trainer, double *price, GError **error)
{
  const HeftPrior *trained = heft_trainer_get_prior (trainer);
  g_autofree double *lambdas = g_new (double, self->n_layers);
  HeftPriorKind kind = self->prior;

  if (!self->grid)
    return heft_prior_copy (trained);
  for (gsize l = 0; l < self->n_layers; l++)
    {
      lambdas[l] = heft_lambda_grid_round (heft_prior_get_lambda (trained, l), GRID_TOP, GRID_PRECISION);
      /* The hidden layers share one number. */
      if (kind == HEFT_PRIOR_EMPIRICAL_BAYES || l == 0 || l + 1 == self->n_layers)
        *price += heft_lambda_grid_cost (lambdas[l], GRID_TOP, GRID_PRECISION);
    }
  if (kind == HEFT_PRIOR_EMPIRICAL_BAYES)
    kind = HEFT_PRIOR_INIT_CENTRED;
  return heft_prior_new (self->network, kind, 0, lambdas, heft_prior_get_centre (trained), error);
}
