/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <heft/information.h>
#include <heft/invariance.h>

#include "information/channel.h"
#include "information/effective.h"
#include "information/linearise.h"
#include "linalg/linalg.h"

/* Times the number of activations: eigenvalues of the covariance below this share of the largest carry no noise. Where
 * torch.linalg.pinv() and scipy.linalg.pinvh() cut. */
#define FLOOR DBL_EPSILON

/* One sample at a time, operation by operation: Jx and Jw, transposed, tangents as rows. Jw grows by a block of rows at every
 * layer with weights; the rows of later layers do not exist yet. */
typedef struct
{
  HeftNetwork  *network;
  const double *weights;
  const double *factor;       /* Cholesky of F + beta / lambda^2 I */
  double        beta;
  gsize         d, k, n;      /* inputs, weights, samples of the covariance */
  double       *centred;      /* n x d */
  gsize         n_rows;       /* of the tangents so far: d, then d + weights */
  double       *tangents;     /* n_rows x the length of a state */
} Sweep;

static void
advance (Sweep *self, HeftLinearisation *at, gsize i)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize size = heft_linearisation_state_size (at, (int) i);
  double *next = heft_aligned_new (double, (self->n_rows + layer->n_parameters) * size);

  heft_linearisation_apply (at, self->weights, i, self->n_rows, self->tangents, next);
  if (layer->n_parameters > 0)
    heft_linearisation_weight_rows (at, i, next + self->n_rows * size);
  heft_aligned_free (self->tangents);
  self->tangents = next;
  self->n_rows += layer->n_parameters;
}

/* tr F and 1/2 log |I + Sigma_x F| of the activations that have any variance: numbers [@kept, @size) of the state. */
static gboolean
measure_channel (const Sweep *self, gsize kept, gsize size, gsize sample, HeftEffectiveLayer *layer, GError **error)
{
  gsize d = self->d;
  gsize n_weights = self->n_rows - d;
  const double *weight_rows = self->tangents + d * size;
  g_autofree gsize *active = g_new (gsize, size);
  gsize n_active = 0;
  gsize rank;
  heft_aligned_autofree double *noise = NULL;
  heft_aligned_autofree double *covariance = NULL;
  heft_aligned_autofree double *root = NULL;

  for (gsize z = kept; z < size; z++)
    for (gsize q = 0; q < n_weights; q++)
      if (weight_rows[q * size + z] != 0)
        {
          active[n_active++] = z;
          break;
        }
  /* Sigma_z = beta Y^T Y with L Y = Jw^T: weights further on move nothing, so their rows of Jw^T are 0. */
  noise = heft_aligned_new (double, MAX (self->k * n_active, 1));
  covariance = heft_aligned_new (double, MAX (n_active * n_active, 1));
  root = heft_aligned_new (double, MAX (n_active * d, 1));
  for (gsize q = 0; q < n_weights; q++)
    for (gsize a = 0; a < n_active; a++)
      noise[q * n_active + a] = weight_rows[q * size + active[a]];
  for (gsize a = 0; a < n_active; a++)
    for (gsize j = 0; j < d; j++)
      root[a * d + j] = self->tangents[j * size + active[a]];
  if (n_active > 0)
    {
      heft_triangular_solve (FALSE, self->k, self->factor, n_active, noise);
      heft_syrk_f64 (TRUE, n_active, self->k, self->beta, noise, n_active, 0, covariance, n_active);
    }
  if (!heft_channel_root (n_active, d, covariance, FLOOR * (double) MAX (n_active, 16), root, &rank, error)
      || !heft_channel_information (rank, d, root, self->n, self->centred, &layer->information[sample], error))
    return FALSE;
  layer->fisher_trace[sample] = heft_dot_f64 (rank * d, root, root);
  layer->n_rank_deficient += rank < n_active;
  return TRUE;
}

static gboolean
measure_sample (Sweep *self, const double *input, gsize sample, GPtrArray *layers, GError **error)
{
  g_autoptr (HeftLinearisation) at = heft_linearisation_new (self->network, self->weights, input);
  gsize n_operations = heft_network_get_n_layers (self->network);
  gsize layer = 0;

  self->n_rows = self->d;
  self->tangents = heft_aligned_new (double, self->d * self->d);
  for (gsize j = 0; j < self->d; j++)
    self->tangents[j * self->d + j] = 1;
  for (gsize i = 0; i < n_operations; i++)
    {
      const HeftLayer *operation = heft_network_get_layer (self->network, i);

      advance (self, at, i);
      if (operation->kind != HEFT_LAYER_ACTIVATION && i + 1 < n_operations)
        continue;
      if (!measure_channel (self, heft_linearisation_kept (at, (int) i), heft_linearisation_state_size (at, (int) i), sample,
                            g_ptr_array_index (layers, layer++), error))
        return FALSE;
    }
  return TRUE;
}

static void
effective_layer_free (gpointer data)
{
  HeftEffectiveLayer *self = data;

  g_free (self->name);
  g_free (self->fisher_trace);
  g_free (self->information);
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
      g_ptr_array_add (layers, layer);
    }
  return layers;
}

/* Means over the samples. */
static void
summarise (GPtrArray *layers)
{
  for (guint l = 0; l < layers->len; l++)
    {
      HeftEffectiveLayer *layer = g_ptr_array_index (layers, l);

      layer->fisher_trace_mean = layer->information_mean = 0;
      for (gsize i = 0; i < layer->n_samples; i++)
        {
          layer->fisher_trace_mean += layer->fisher_trace[i] / (double) layer->n_samples;
          layer->information_mean += layer->information[i] / (double) layer->n_samples;
        }
    }
}

/* Layer by layer, as heft_effective_information() writes them. */
static void
take (GPtrArray *layers, gsize n_samples, const double *information, const double *trace)
{
  for (guint l = 0; l < layers->len; l++)
    {
      HeftEffectiveLayer *layer = g_ptr_array_index (layers, l);

      memcpy (layer->information, information + l * n_samples, n_samples * sizeof *information);
      memcpy (layer->fisher_trace, trace + l * n_samples, n_samples * sizeof *trace);
    }
  summarise (layers);
}

gboolean
heft_effective_mean_field (HeftNetwork *network, const double *weights, const double *variance, HeftDataset *data,
                           gsize n_samples, GPtrArray *layers, GCancellable *cancellable, GError **error)
{
  g_autofree double *information = g_new (double, layers->len * n_samples);
  g_autofree double *trace = g_new (double, layers->len * n_samples);

  if (!heft_effective_information (network, weights, variance, data, n_samples, 0, information, trace, cancellable, error))
    return FALSE;
  take (layers, n_samples, information, trace);
  return TRUE;
}

gboolean
heft_effective_structured (HeftNetwork *network, const double *weights, const HeftCurvature *curvature, double beta,
                           double lambda, HeftDataset *data, gsize n_samples, GPtrArray *layers, GCancellable *cancellable,
                           GError **error)
{
  g_autofree double *information = g_new (double, layers->len * n_samples);
  g_autofree double *trace = g_new (double, layers->len * n_samples);

  if (!heft_effective_information_structured (network, weights, curvature, beta, lambda, data, n_samples, n_samples, information,
                                              trace, cancellable, error))
    return FALSE;
  take (layers, n_samples, information, trace);
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

gboolean
heft_effective_measure (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                        gsize n_covariance, double *fisher, double beta, double lambda, GPtrArray *layers,
                        GCancellable *cancellable, GError **error)
{
  gsize d = heft_network_get_n_inputs (network);
  gsize k = heft_network_get_n_parameters (network);
  heft_aligned_autofree double *centred = heft_aligned_new (double, n_covariance * d);
  g_autofree double *input = g_new (double, d);
  Sweep sweep = { network, weights, fisher, beta, d, k, n_covariance, centred };
  gboolean done = TRUE;

  heft_dataset_gather_f64 (data, NULL, 0, n_covariance, centred);
  centre (centred, n_covariance, d);
  for (gsize q = 0; q < k; q++)
    fisher[q * k + q] += heft_free_direction_threshold (beta, lambda);
  if (!heft_cholesky_factor (k, fisher, error))
    return FALSE;
  for (gsize i = 0; i < n_samples && done; i++)
    {
      heft_dataset_gather_f64 (data, NULL, i, 1, input);
      done = !g_cancellable_set_error_if_cancelled (cancellable, error) && measure_sample (&sweep, input, i, layers, error);
      heft_aligned_free (g_steal_pointer (&sweep.tangents));
    }
  if (done)
    summarise (layers);
  return done;
}
