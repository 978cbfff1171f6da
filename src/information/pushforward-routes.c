/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>

#include <heft/error.h>

#include "information/effective.h"

const char *const heft_pushforward_names[] = { "jacobian", "kfac", "draws", NULL };

typedef struct
{
  HeftMeasurement          *measurement;
  HeftNetwork              *network;
  const double             *weights;
  const HeftSigmaStar      *sigma;
  HeftDataset              *data;
  const HeftMeasureOptions *options;
  GCancellable             *cancellable;
} Job;

static gboolean
by_jacobian (const Job *job, HeftPushforwardResult *result, GError **error)
{
  const HeftWeightNoise noise = heft_sigma_star_noise (job->sigma);
  gsize n = job->measurement->n_samples;

  result->estimator = g_strdup (heft_weight_noise_words (&noise));
  result->assumes = noise.correlated != NULL
                    ? _("activations are linear in the weights over the width of the noise")
                    : _("activations are linear in the weights over the width of the noise, which is independent between layers");
  return heft_effective_measure (job->network, job->weights, &noise, job->data, n, n, result->layers, job->cancellable, error);
}

static gboolean
by_kfac (const Job *job, HeftPushforwardResult *result, GError **error)
{
  gsize n = job->measurement->n_samples;
  g_autoptr (HeftCurvature) curvature = heft_curvature_new (job->network, job->weights, job->data, n, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT, 0,
                                                            FALSE, job->options->n_threads, job->cancellable, error);
  const HeftStructuredNoise blocks = { curvature, job->sigma->beta, job->sigma->lambda };
  const HeftWeightNoise noise = { .structured = &blocks };

  result->estimator = g_strdup (_("first order, Σ* of KFAC, propagated layer by layer"));
  result->assumes = _("activations are linear in the weights over the width of the noise, which is independent between layers, and a layer’s "
                      "Fisher is the product A ⊗ G of those of its inputs and outputs");
  return curvature != NULL
         && heft_effective_measure (job->network, job->weights, &noise, job->data, n, n, result->layers, job->cancellable, error);
}

static gboolean
by_draws (const Job *job, HeftPushforwardResult *result, GError **error)
{
  const HeftWeightNoise noise = heft_sigma_star_noise (job->sigma);
  gsize n = job->measurement->n_samples;

  result->estimator = g_strdup_printf (_("%zu weight draws, %s"), job->options->n_draws, heft_weight_noise_name (&noise));
  result->assumes = _("no linearity in the weights; that a layer’s activations at one input are about Gaussian, and depend on the input as they do "
                      "at the mean weights");
  return heft_effective_draws (job->network, job->weights, &noise, job->data, n, n, job->options->n_draws, job->options->seed, result->layers,
                               job->cancellable, error);
}

/* Whether @failure is the route's own and no reason to end. */
static gboolean
is_obstacle (const GError *failure)
{
  return failure->domain == HEFT_ERROR;
}

gboolean
heft_measurement_add_pushforwards (HeftMeasurement *self, HeftNetwork *network, const double *weights, const HeftSigmaStar *sigma,
                                   HeftDataset *data, const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  static gboolean (*const routes[HEFT_N_PUSHFORWARDS]) (const Job *, HeftPushforwardResult *, GError **) = { by_jacobian, by_kfac, by_draws };
  const guint wanted = options->pushforwards != 0 ? options->pushforwards : 1 << HEFT_PUSHFORWARD_JACOBIAN;
  const gboolean alone = (wanted & (wanted - 1)) == 0;
  const Job job = { self, network, weights, sigma, data, options, cancellable };

  for (gsize r = 0; r < HEFT_N_PUSHFORWARDS; r++)
    {
      HeftPushforwardResult *result = &self->pushforwards[r];
      GError *failure = NULL;

      if ((wanted & 1 << r) == 0)
        continue;
      result->layers = heft_effective_layers_new (network, self->n_samples);
      if (!routes[r] (&job, result, &failure))
        {
          if (alone || !is_obstacle (failure))
            {
              g_propagate_error (error, failure);
              return FALSE;
            }
          g_clear_pointer (&result->layers, g_ptr_array_unref);
          result->reason = g_strdup (failure->message);
          g_error_free (failure);
        }
      else if (self->effective == NULL)
        self->effective = g_ptr_array_ref (result->layers);
    }
  if (self->effective != NULL)
    return TRUE;
  for (gsize r = 0; r < HEFT_N_PUSHFORWARDS; r++)
    if (self->pushforwards[r].reason != NULL)
      {
        g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE, self->pushforwards[r].reason);
        break;
      }
  return FALSE;
}
