/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "gradient.h"

#define N_A_LAYER 8

static double
difference (ReferenceObjective objective,
            gconstpointer      user_data,
            double            *x)
{
  /* Short, for the kinks of clamped losses and of pooling; doubles still leave nine digits. */
  const double h = 1e-6, kept = *x;
  double values[2];

  for (guint side = 0; side < 2; side++)
    {
      *x = kept + (side == 0 ? -h : h);
      values[side] = objective (user_data);
    }
  *x = kept;
  return (values[1] - values[0]) / (2 * h);
}

void
reference_check_moved (HeftNetwork        *network,
                       ReferenceObjective  objective,
                       gconstpointer       user_data,
                       double             *x,
                       const float        *before,
                       const float        *after,
                       const char         *what)
{
  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      for (guint p = 0; p < N_A_LAYER; p++)
        {
          const gsize i = layer->offset + (layer->n_parameters - 1) * p / (N_A_LAYER - 1);
          const double expected = difference (objective, user_data, &x[i]), found = (double) before[i] - (double) after[i];

          /* Single precision: the difference of two numbers near 1, and sums of a few thousand products. */
          if (fabs (found - expected) > 1e-6 + 1e-4 * fabs (expected))
            g_error ("%s %zu of layer %s: %g instead of %g", what, i, layer->name, found, expected);
        }
    }
}

typedef struct
{
  ReferenceBatch *batch;
  HeftPrior      *prior;
  double          beta;
  double         *mean, *log_deviation;
} Gaussian;

static double
gaussian_objective (gconstpointer user_data)
{
  const Gaussian *self = user_data;
  const double loss = reference_loss (self->batch, self->mean, self->log_deviation);

  return self->log_deviation != NULL
         ? loss + self->beta * reference_kl (self->batch->network, self->prior, self->mean, self->log_deviation) : loss;
}

void
reference_check_gradient (HeftNetwork             *network,
                          HeftDataset             *data,
                          const HeftTrainerConfig *settings)
{
  HeftTrainerConfig config = *settings;
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autoptr (HeftPosterior) before = NULL;
  g_autoptr (HeftPrior) prior = NULL;
  g_autoptr (ReferenceBatch) batch = reference_batch_new (network, data, config.batch, 11, 0);
  g_autofree double *mean = NULL, *log_deviation = NULL;
  const HeftPosterior *after;
  Gaussian gaussian;
  HeftStep step;

  config.optimizer = HEFT_OPTIMIZER_SGD;
  config.learning_rate = 1;
  config.seed = 11;
  config.n_threads = 2;
  trainer = reference_trainer (network, data, &config);
  after = heft_trainer_get_posterior (trainer);
  before = heft_posterior_copy (after);
  prior = heft_prior_copy (heft_trainer_get_prior (trainer));
  mean = reference_widen (before->mean, before->n);
  log_deviation = before->log_deviation != NULL ? reference_widen (before->log_deviation, before->n) : NULL;
  gaussian = (Gaussian) { batch, prior, heft_trainer_get_beta (trainer), mean, log_deviation };
  batch->loss = config.loss;
  batch->dropout = config.dropout;
  step = reference_step (trainer);
  g_assert_cmpfloat (step.beta, ==, gaussian.beta);
  if (config.objective != HEFT_OBJECTIVE_INFORMATION)
    {
      const double unclamped = reference_loss (batch, mean, log_deviation);

      batch->ceiling = -log (config.smallest_probability);
      g_assert_cmpfloat (step.loss, <, unclamped - 0.01);
    }
  g_assert_cmpfloat_with_epsilon (step.loss, reference_loss (batch, mean, log_deviation), 2e-6);
  reference_check_moved (network, gaussian_objective, &gaussian, mean, before->mean, after->mean, "mean");
  if (log_deviation != NULL)
    reference_check_moved (network, gaussian_objective, &gaussian, log_deviation, before->log_deviation, after->log_deviation,
                           "log deviation");
}
