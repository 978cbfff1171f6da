/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>
#include <heft/invariance.h>

#include "experiments/maps.h"
#include "experiments/words.h"

/* What hides is sought among so many principal directions of the data, of at most so many samples. */
#define SUBSPACE 10
#define MAX_SAMPLES 2000

/* Channels beside one another would be another picture: they are averaged, signs kept. */
static void
set_picture (HeftFrame *frame, const char *kind, gsize k, HeftDataset *data, const double *values)
{
  g_autofree char *name = g_strdup_printf ("%s:%" G_GSIZE_FORMAT, kind, k);
  gsize channels = 1, height = 1, width = heft_dataset_get_n_features (data);
  double *folded;

  if (!heft_dataset_get_shape (data, &channels, &height, &width))
    channels = height = 1;
  folded = g_new0 (double, height * width);
  for (gsize i = 0; i < channels * height * width; i++)
    folded[i % (height * width)] += values[i] / (double) channels;
  heft_frame_take_array (frame, name, height, width, folded);
}

static void
set_title (HeftFrame *frame, gsize k, const HeftDirections *directions)
{
  g_autofree char *name = g_strdup_printf ("title:%" G_GSIZE_FORMAT, k);
  g_autofree char *best = heft_words_number (1 / sqrt (directions->most_fisher[0]));
  g_autofree char *worst = directions->least_fisher[0] > 0 ? heft_words_number (1 / sqrt (directions->least_fisher[0])) : g_strdup ("∞");
  g_autofree char *title = g_strdup_printf (_("steps %s, %s"), best, worst);

  heft_frame_set_text (frame, name, title);
}

/* One sample, and how far apart the two steps are. FALSE with @error. */
static gboolean
add_sample (HeftFrame *frame, gsize k, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise, HeftDataset *data, gsize sample,
            gsize layer, const double *subspace, gsize n_subspace, double *ratio, GError **error)
{
  g_autofree double *input = g_new (double, heft_dataset_get_n_features (data));
  g_autoptr (HeftDirections) directions = NULL;

  heft_dataset_gather_f64 (data, NULL, sample, 1, input);
  directions = heft_noise_directions_new (network, mean, noise, input, layer, 1, subspace, n_subspace, 1, error);
  if (directions == NULL)
    return FALSE;
  set_picture (frame, "image", k, data, input);
  set_picture (frame, "map", k, data, directions->most);
  set_picture (frame, "change", k, data, directions->least);
  set_title (frame, k, directions);
  *ratio = fmax (*ratio, sqrt (directions->most_fisher[0] / directions->least_fisher[0]));
  return TRUE;
}

static void
set_words (HeftFrame *frame, const HeftNetwork *network, gsize layer, gsize n_subspace, const char *words)
{
  g_autofree char *name = heft_maps_layer_words (layer, heft_visibility_n_layers (network));
  g_autofree char *estimator = g_strdup_printf (_("%s; after %s; least visible of the data’s %zu leading principal directions"), words, name,
                                                n_subspace);

  heft_frame_set_text (frame, "signed", "yes");
  heft_frame_set_text (frame, "map_title", _("Most visible"));
  heft_frame_set_text (frame, "change_title", _("Least visible"));
  heft_frame_set_text (frame, "map_label", _("Direction"));
  heft_frame_set_text (frame, "change_label", _("Direction"));
  heft_frame_set_text (frame, "estimator", estimator);
  heft_frame_set_text (frame, "layer", name);
}

static gboolean
fill (HeftFrame *frame, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise, HeftDataset *data, gsize layer,
      const char *words, GCancellable *cancellable, GError **error)
{
  gsize d = heft_dataset_get_n_features (data), chosen[HEFT_MAPS_IMAGES], n_images = heft_maps_choose_images (data, chosen);
  gsize n = MIN (heft_dataset_get_n_samples (data), MAX_SAMPLES), n_subspace = MIN (SUBSPACE, d);
  g_autofree double *subspace = g_new (double, n_subspace * d);
  double ratio = 0;

  if (!heft_principal_directions (data, n, n_subspace, subspace, NULL, error))
    return FALSE;
  for (gsize k = 0; k < n_images; k++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || !add_sample (frame, k, network, mean, noise, data, chosen[k], layer, subspace, n_subspace, &ratio, error))
      return FALSE;
  set_words (frame, network, layer, n_subspace, words);
  if (isfinite (ratio))
    heft_frame_set_number (frame, "ratio", ratio);
  return TRUE;
}

/* Why there is no picture, in its place. */
static void
publish_obstacle (HeftRecord *record, const char *words)
{
  HeftFrame *frame = heft_frame_new ("directions", 0);

  heft_frame_set_text (frame, "obstacle", words);
  heft_record_publish (record, frame);
}

gboolean
heft_direction_maps_publish (HeftRecord *record, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise, HeftDataset *data,
                             gsize chosen_layer, const char *words, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftFrame) frame = NULL;
  g_autoptr (GError) failure = NULL;

  if (heft_network_get_n_inputs (network) > HEFT_DIRECTIONS_MAX_INPUTS)
    {
      g_autofree char *most = heft_words_count (HEFT_DIRECTIONS_MAX_INPUTS);
      g_autofree char *inputs = heft_words_count (heft_network_get_n_inputs (network));
      g_autofree char *reason = g_strdup_printf (_("Directions are measured for up to %s inputs, because their matrices take long; this network "
                                                   "has %s. Make the images smaller to see them."), most, inputs);

      publish_obstacle (record, reason);
      return TRUE;
    }
  frame = heft_frame_new ("directions", 0);
  if (fill (frame, network, mean, noise, data, heft_maps_layer (network, chosen_layer), words, cancellable, &failure))
    heft_record_publish (record, g_steal_pointer (&frame));
  else if (g_error_matches (failure, HEFT_ERROR, HEFT_ERROR_TOO_LARGE))
    publish_obstacle (record, failure->message);
  else
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  return TRUE;
}
