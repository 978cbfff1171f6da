/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <heft/error.h>
#include <heft/invariance.h>

#include "information/moments.h"
#include "information/noise.h"
#include "linalg/linalg.h"

void
heft_nuisance_table_free (HeftNuisanceTable *self)
{
  if (self == NULL)
    return;
  g_free (self->nuisances);
  g_strfreev (self->layer_names);
  g_free (self->fisher);
  g_free (self->mean_fisher);
  g_free (self->median_fisher);
  g_free (self->smallest_change);
  g_free (self->n_rank_deficient);
  g_free (self);
}

static HeftNuisanceTable *
table_new (HeftNetwork *network, gsize n_samples, const HeftNuisance *nuisances, gsize n_nuisances)
{
  HeftNuisanceTable *self = g_new0 (HeftNuisanceTable, 1);
  gsize n_cells;

  self->n_layers = heft_visibility_n_layers (network);
  self->n_nuisances = nuisances != NULL ? n_nuisances : HEFT_N_NUISANCES;
  self->n_samples = n_samples;
  self->nuisances = g_new (HeftNuisance, self->n_nuisances);
  for (gsize v = 0; v < self->n_nuisances; v++)
    self->nuisances[v] = nuisances != NULL ? nuisances[v] : (HeftNuisance) v;
  self->layer_names = g_new0 (char *, self->n_layers + 1);
  for (gsize l = 0; l < self->n_layers; l++)
    self->layer_names[l] = g_strdup (l + 1 == self->n_layers ? "logits"
                                     : heft_network_get_layer (network, heft_moments_operation (network, l))->name);
  n_cells = self->n_layers * self->n_nuisances;
  self->fisher = g_new0 (double, n_cells * n_samples);
  self->mean_fisher = g_new0 (double, n_cells);
  self->median_fisher = g_new0 (double, n_cells);
  self->smallest_change = g_new0 (double, n_cells);
  self->n_rank_deficient = g_new0 (gsize, self->n_layers);
  return self;
}

static gboolean
check_images (HeftNetwork *network, HeftDataset *data, gsize n_samples, GError **error)
{
  gsize d = heft_network_get_n_inputs (network);

  if (!heft_dataset_get_shape (data, NULL, NULL, NULL))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("“%s” holds no images, and only images can be turned, moved or blurred: choose a set of images."),
                   heft_dataset_get_name (data));
      return FALSE;
    }
  if (heft_dataset_get_n_features (data) != d)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Images of “%s” have %zu pixels, where the network takes %zu: choose data of the network's size."),
                   heft_dataset_get_name (data), heft_dataset_get_n_features (data), d);
      return FALSE;
    }
  if (n_samples < 1 || n_samples > heft_dataset_get_n_samples (data))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("“%s” has %zu samples, where %zu are asked for: ask for at least one and no more than there are."),
                   heft_dataset_get_name (data), heft_dataset_get_n_samples (data), n_samples);
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  HeftNuisanceTable *table;
  gsize              sample;
  const double      *tangents;   /* n_nuisances x inputs */
} Cursor;

static gboolean
note_layer (gsize layer, gsize n_active, double noise_trace, gsize rank, gsize m, double *root, gpointer user_data, GError **error)
{
  Cursor *cursor = user_data;
  HeftNuisanceTable *table = cursor->table;

  for (gsize v = 0; v < m; v++)
    {
      double sum = 0;

      for (gsize a = 0; a < rank; a++)
        sum += root[a * m + v] * root[a * m + v];
      table->fisher[(layer * m + v) * table->n_samples + cursor->sample] = sum;
    }
  table->n_rank_deficient[layer] += rank < n_active;
  return TRUE;
}

/* The same from the root of the whole Fisher of the inputs. */
static gboolean
note_correlated (gsize layer, gsize n_active, const HeftChannel *channel, gsize d, double *root, double printed, gpointer user_data,
                 GError **error)
{
  Cursor *cursor = user_data;
  gsize m = cursor->table->n_nuisances;
  heft_aligned_autofree double *seen = heft_aligned_new (double, MAX (channel->rank * m, 1));

  if (channel->rank > 0)
    heft_gemm_f64 (FALSE, TRUE, channel->rank, m, d, 1, root, d, cursor->tangents, d, 0, seen, m);
  return note_layer (layer, n_active, channel->trace, channel->rank, m, seen, cursor, error);
}

static int
compare_doubles (const void *a, const void *b)
{
  const double *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static void
summarise (HeftNuisanceTable *self)
{
  gsize n = self->n_samples;
  g_autofree double *sorted = g_new (double, n);

  for (gsize c = 0; c < self->n_layers * self->n_nuisances; c++)
    {
      memcpy (sorted, self->fisher + c * n, n * sizeof *sorted);
      qsort (sorted, n, sizeof *sorted, compare_doubles);
      for (gsize i = 0; i < n; i++)
        self->mean_fisher[c] += sorted[i] / (double) n;
      self->median_fisher[c] = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
      self->smallest_change[c] = self->median_fisher[c] > 0 ? 1 / sqrt (self->median_fisher[c]) : INFINITY;
    }
}

static gboolean
look (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *image, Cursor *cursor, GError **error)
{
  gsize m = cursor->table->n_nuisances;

  if (noise->correlated != NULL)
    return heft_correlated_sweep (noise->correlated, network, weights, image, FALSE, note_correlated, cursor, error);
  return heft_moments_sweep (network, weights, noise->variance, noise->structured, image, m, cursor->tangents, note_layer, cursor, error);
}

HeftNuisanceTable *
heft_nuisance_table_new (HeftNetwork *network, const double *mean, const double *variance, HeftDataset *data,
                         gsize n_samples, const HeftNuisance *nuisances, gsize n_nuisances,
                         GCancellable *cancellable, GError **error)
{
  const HeftWeightNoise noise = { .variance = variance };

  return heft_noise_nuisances_new (network, mean, &noise, data, n_samples, nuisances, n_nuisances, cancellable, error);
}

HeftNuisanceTable *
heft_noise_nuisances_new (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                          gsize n_samples, const HeftNuisance *nuisances, gsize n_nuisances,
                          GCancellable *cancellable, GError **error)
{
  gsize d = heft_network_get_n_inputs (network);
  g_autoptr (HeftNuisanceTable) self = NULL;
  g_autoptr (HeftNuisanceWarp) warp = NULL;
  g_autofree double *image = g_new (double, d);
  g_autofree double *tangents = NULL;
  gsize channels, height, width;

  if (!check_images (network, data, n_samples, error)
      || (noise->correlated == NULL && !heft_moments_check_layers (network, noise->structured != NULL, error)))
    return NULL;
  heft_dataset_get_shape (data, &channels, &height, &width);
  warp = heft_nuisance_warp_new (channels, height, width);
  self = table_new (network, n_samples, nuisances, n_nuisances);
  tangents = g_new (double, self->n_nuisances * d);
  for (gsize i = 0; i < n_samples; i++)
    {
      Cursor cursor = { self, i, tangents };

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      heft_dataset_gather_f64 (data, NULL, i, 1, image);
      heft_nuisance_warp_set_image (warp, image);
      for (gsize v = 0; v < self->n_nuisances; v++)
        heft_nuisance_warp_apply (warp, self->nuisances[v], 0, NULL, tangents + v * d);
      if (!look (network, weights, noise, image, &cursor, error))
        return NULL;
    }
  summarise (self);
  return g_steal_pointer (&self);
}
