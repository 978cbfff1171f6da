/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/invariance.h>

#include "information/moments.h"
#include "information/noise.h"
#include "information/reverse.h"
#include "linalg/linalg.h"
#include "nn/image.h"

void
heft_visibility_free (HeftVisibility *self)
{
  if (self == NULL)
    return;
  g_free (self->fisher_diagonal);
  g_free (self->smallest_change);
  g_free (self);
}

gsize
heft_visibility_n_layers (const HeftNetwork *network)
{
  gsize n = 1;

  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    if (heft_network_get_layer (network, i)->kind == HEFT_LAYER_ACTIVATION)
      n++;
  return n;
}

static void
fill (HeftVisibility *self, const double *root, double *fisher)
{
  gsize d = self->n_inputs;

  for (gsize a = 0; a < self->rank; a++)
    for (gsize j = 0; j < d; j++)
      self->fisher_diagonal[j] += root[a * d + j] * root[a * d + j];
  for (gsize j = 0; j < d; j++)
    {
      self->trace += self->fisher_diagonal[j];
      self->smallest_change[j] = self->fisher_diagonal[j] > 0 ? 1 / sqrt (self->fisher_diagonal[j]) : INFINITY;
    }
  if (fisher != NULL && self->rank > 0)
    heft_syrk_f64 (TRUE, d, self->rank, 1, root, d, 0, fisher, d);
  else if (fisher != NULL)
    memset (fisher, 0, d * d * sizeof *fisher);
}

static HeftVisibility *
visibility_new (HeftNetwork *network, gsize layer)
{
  HeftVisibility *self = g_new0 (HeftVisibility, 1);

  self->n_inputs = heft_network_get_n_inputs (network);
  self->n_activations = heft_layer_n_activations (network, layer);
  self->fisher_diagonal = g_new0 (double, self->n_inputs);
  self->smallest_change = g_new0 (double, self->n_inputs);
  return self;
}

HeftVisibility *
heft_visibility_new (HeftNetwork *network, const double *mean, const double *variance, const double *input, gsize layer,
                     double *fisher, GError **error)
{
  g_autoptr (HeftVisibility) self = NULL;
  heft_aligned_autofree double *root = NULL;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network), NULL);
  self = visibility_new (network, layer);
  if (!heft_moments_look (network, mean, variance, NULL, input, layer, self->n_inputs, NULL, &self->n_active, &self->rank, &root,
                          error))
    return NULL;
  fill (self, root, fisher);
  return g_steal_pointer (&self);
}

/* One layer of a sweep through all. */
typedef struct
{
  gsize   layer, n_active, rank;
  double *root;                 /* rank x inputs */
} Observer;

static gboolean
note_layer (gsize layer, gsize n_active, double noise_trace, gsize rank, gsize m, double *root, gpointer user_data, GError **error)
{
  Observer *observer = user_data;

  if (layer != observer->layer)
    return TRUE;
  observer->n_active = n_active;
  observer->rank = rank;
  observer->root = heft_aligned_new (double, MAX (rank * m, 1));
  memcpy (observer->root, root, rank * m * sizeof *root);
  return TRUE;
}

static gboolean
note_correlated (gsize layer, gsize n_active, const HeftChannel *channel, gsize d, double *root, double printed, gpointer user_data,
                 GError **error)
{
  return note_layer (layer, n_active, channel->trace, channel->rank, d, root, user_data, error);
}

gboolean
heft_noise_look (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *input, gsize layer,
                 gsize *n_active, gsize *rank, double **root, GError **error)
{
  gsize d = heft_network_get_n_inputs (network);
  Observer observer = { .layer = layer };
  gboolean done;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network), FALSE);
  if (noise->correlated == NULL)
    return heft_moments_look (network, weights, noise->variance, noise->structured, input, layer, d, NULL, n_active, rank, root, error);
  done = heft_correlated_sweep (noise->correlated, network, weights, input, FALSE, note_correlated, &observer, error);
  *n_active = observer.n_active;
  *rank = observer.rank;
  if (done)
    *root = observer.root;
  else
    heft_aligned_free (observer.root);
  return done;
}

HeftVisibility *
heft_noise_visibility_new (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *input, gsize layer,
                           GError **error)
{
  g_autoptr (HeftVisibility) self = NULL;
  heft_aligned_autofree double *root = NULL;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network), NULL);
  self = visibility_new (network, layer);
  if (!heft_noise_look (network, weights, noise, input, layer, &self->n_active, &self->rank, &root, error))
    return NULL;
  fill (self, root, NULL);
  return g_steal_pointer (&self);
}

double
heft_visibility_cost (const HeftNetwork *network, gsize layer)
{
  gsize operation = heft_moments_operation (network, layer);

  return heft_reverse_is_cheaper (network, operation) ? heft_reverse_cost (network, operation) : heft_moments_cost (network, operation);
}
