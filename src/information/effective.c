/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/information.h>
#include <heft/invariance.h>

#include "information/channel.h"
#include "information/effective.h"
#include "information/noise.h"
#include "linalg/linalg.h"

static void
effective_layer_free (gpointer data)
{
  HeftEffectiveLayer *self = data;

  g_free (self->name);
  g_free (self->obstacle);
  g_free (self->fisher_trace);
  g_free (self->information);
  g_free (self->noise_trace);
  g_free (self->printed_trace);
  g_free (self->condition);
  g_free (self);
}

GPtrArray *
heft_effective_layers_new (HeftNetwork *network, gsize n_samples)
{
  gsize n_operations = heft_network_get_n_layers (network);
  GPtrArray *layers = g_ptr_array_new_with_free_func (effective_layer_free);

  for (gsize i = 0; i < n_operations; i++)
    {
      const HeftLayer *operation = heft_network_get_layer (network, i);
      HeftEffectiveLayer *layer;

      if (operation->kind != HEFT_LAYER_ACTIVATION && i + 1 < n_operations)
        continue;
      layer = g_new0 (HeftEffectiveLayer, 1);
      layer->name = i + 1 == n_operations ? g_strdup ("logits") : g_strdup (operation->name);
      layer->n_samples = n_samples;
      layer->fisher_trace = g_new0 (double, n_samples);
      layer->information = g_new0 (double, n_samples);
      layer->noise_trace = g_new0 (double, n_samples);
      g_ptr_array_add (layers, layer);
    }
  return layers;
}

void
heft_effective_layer_average (HeftEffectiveLayer *layer)
{
  layer->fisher_trace_mean = layer->information_mean = layer->noise_trace_mean = 0;
  for (gsize i = 0; i < layer->n_samples; i++)
    {
      layer->fisher_trace_mean += layer->fisher_trace[i] / (double) layer->n_samples;
      layer->information_mean += layer->information[i] / (double) layer->n_samples;
      layer->noise_trace_mean += layer->noise_trace[i] / (double) layer->n_samples;
    }
}

static void
summarise (GPtrArray *layers)
{
  for (guint l = 0; l < layers->len; l++)
    heft_effective_layer_average (g_ptr_array_index (layers, l));
}

/* Layer by layer, as heft_effective_moments() writes them. */
static void
take (GPtrArray *layers, gsize n_samples, const double *information, const double *trace, const double *noise_trace)
{
  for (guint l = 0; l < layers->len; l++)
    {
      HeftEffectiveLayer *layer = g_ptr_array_index (layers, l);

      memcpy (layer->information, information + l * n_samples, n_samples * sizeof *information);
      memcpy (layer->fisher_trace, trace + l * n_samples, n_samples * sizeof *trace);
      memcpy (layer->noise_trace, noise_trace + l * n_samples, n_samples * sizeof *noise_trace);
    }
  summarise (layers);
}

/* Noise that is independent, or shared inside of layers alone. */
static gboolean
measure_moments (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data, gsize n_samples,
                 gsize n_covariance, GPtrArray *layers, GCancellable *cancellable, GError **error)
{
  g_autofree double *information = g_new (double, layers->len * n_samples);
  g_autofree double *trace = g_new (double, layers->len * n_samples);
  g_autofree double *noise_trace = g_new (double, layers->len * n_samples);

  if (!heft_effective_moments (network, weights, noise, data, n_samples, n_covariance, information, trace, noise_trace, cancellable, error))
    return FALSE;
  take (layers, n_samples, information, trace, noise_trace);
  for (guint l = 0; l < layers->len; l++)
    {
      HeftEffectiveLayer *layer = g_ptr_array_index (layers, l);
      g_autoptr (GError) obstacle = NULL;

      if (!heft_moments_check_layer (network, l, noise->structured != NULL, &obstacle))
        layer->obstacle = g_strdup (obstacle->message);
    }
  return TRUE;
}

static void
centre (double *inputs, gsize n, gsize d)
{
  for (gsize j = 0; j < d; j++)
    {
      double mean = 0;

      for (gsize i = 0; i < n; i++)
        mean += inputs[i * d + j] / (double) n;
      for (gsize i = 0; i < n; i++)
        inputs[i * d + j] -= mean;
    }
}

typedef struct
{
  GPtrArray *layers;
  gsize      sample, n;       /* samples of the covariance */
  double    *centred;         /* n x d */
} Observer;

static gboolean
note_layer (gsize l, gsize n_active, const HeftChannel *channel, gsize d, double *root, double printed, gpointer user_data, GError **error)
{
  const Observer *observer = user_data;
  HeftEffectiveLayer *layer = g_ptr_array_index (observer->layers, l);

  layer->fisher_trace[observer->sample] = heft_dot_f64 (channel->rank * d, root, root);
  layer->noise_trace[observer->sample] = channel->trace;
  layer->printed_trace[observer->sample] = printed;
  layer->printed_trace_mean += printed / (double) layer->n_samples;
  layer->condition[observer->sample] = channel->condition;
  layer->n_rank_deficient += channel->rank < n_active;
  layer->n_ill_conditioned += channel->doubtful;
  return heft_channel_information (channel->rank, d, root, observer->n, observer->centred, &layer->information[observer->sample], error);
}

static gboolean
measure_correlated (HeftNetwork *network, const double *weights, const HeftCorrelatedNoise *noise, HeftDataset *data, gsize n_samples,
                    gsize n_covariance, GPtrArray *layers, GCancellable *cancellable, GError **error)
{
  gsize d = heft_network_get_n_inputs (network);
  heft_aligned_autofree double *centred = heft_aligned_new (double, n_covariance * d);
  g_autofree double *input = g_new (double, d);
  Observer observer = { layers, 0, n_covariance, centred };

  heft_dataset_gather_f64 (data, NULL, 0, n_covariance, centred);
  centre (centred, n_covariance, d);
  for (guint l = 0; l < layers->len; l++)
    {
      HeftEffectiveLayer *layer = g_ptr_array_index (layers, l);

      layer->printed_trace = g_new0 (double, n_samples);
      layer->condition = g_new0 (double, n_samples);
    }
  for (; observer.sample < n_samples; observer.sample++)
    {
      heft_dataset_gather_f64 (data, NULL, observer.sample, 1, input);
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !heft_correlated_sweep (noise, network, weights, input, TRUE, note_layer, &observer, error))
        return FALSE;
    }
  summarise (layers);
  return TRUE;
}

gboolean
heft_effective_measure (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data, gsize n_samples,
                        gsize n_covariance, GPtrArray *layers, GCancellable *cancellable, GError **error)
{
  if (noise->correlated != NULL)
    return measure_correlated (network, weights, noise->correlated, data, n_samples, n_covariance, layers, cancellable, error);
  return measure_moments (network, weights, noise, data, n_samples, n_covariance, layers, cancellable, error);
}
