/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>
#include <heft/information.h>

#include "experiments/maps.h"
#include "experiments/words.h"

gsize
heft_maps_choose_images (HeftDataset *data, gsize *chosen)
{
  const guint8 *labels = heft_dataset_get_true_labels (data);
  gsize n = 0;

  for (gsize i = 0; i < heft_dataset_get_n_samples (data) && n < HEFT_MAPS_IMAGES; i++)
    {
      gboolean seen = FALSE;

      for (gsize j = 0; j < n; j++)
        seen = seen || labels[chosen[j]] == labels[i];
      if (!seen)
        chosen[n++] = i;
    }
  return n;
}

/* Where the layer sees less than this share of what it sees best it is called blind. */
#define BLIND 1e-6

typedef struct
{
  double smallest;      /* change that stands out */
  gsize  n_blind, n;    /* inputs that could move by 1 unseen */
} Sight;

/* Channels are one picture: values averaged, information added. */
static double *
fold_channels (const double *values, gsize channels, gsize pixels, gboolean average)
{
  double *folded = g_new0 (double, pixels);

  for (gsize c = 0; c < channels; c++)
    for (gsize p = 0; p < pixels; p++)
      folded[p] += values[c * pixels + p] / (average ? (double) channels : 1);
  return folded;
}

static void
add_image (HeftFrame *frame, gsize k, HeftDataset *data, gsize sample, const double *input, const HeftVisibility *seen,
           Sight *sight)
{
  gsize channels = 1, height = 1, width = heft_dataset_get_n_features (data), pixels;
  g_autofree char *image = g_strdup_printf ("image:%" G_GSIZE_FORMAT, k);
  g_autofree char *map = g_strdup_printf ("map:%" G_GSIZE_FORMAT, k);
  g_autofree char *change = g_strdup_printf ("change:%" G_GSIZE_FORMAT, k);
  g_autofree char *title = g_strdup_printf ("title:%" G_GSIZE_FORMAT, k);
  g_autofree char *words = g_strdup_printf (_("Sample %zu, class %u"), sample + 1,
                                            heft_dataset_get_true_labels (data)[sample]);
  double *fisher, *smallest, most = 0;

  if (!heft_dataset_get_shape (data, &channels, &height, &width))
    channels = height = 1;
  pixels = height * width;
  fisher = fold_channels (seen->fisher_diagonal, channels, pixels, FALSE);
  smallest = g_new (double, pixels);
  for (gsize p = 0; p < pixels; p++)
    most = fmax (most, fisher[p]);
  for (gsize p = 0; p < pixels; p++)
    {
      smallest[p] = fisher[p] > BLIND * most ? 1 / sqrt (fisher[p]) : INFINITY;
      sight->smallest = fmin (sight->smallest, smallest[p]);
      sight->n_blind += !(smallest[p] < 1);
      sight->n++;
    }
  heft_frame_take_array (frame, image, height, width, fold_channels (input, channels, pixels, TRUE));
  heft_frame_take_array (frame, map, height, width, fisher);
  heft_frame_take_array (frame, change, height, width, smallest);
  heft_frame_set_text (frame, title, words);
}

char *
heft_maps_layer_words (gsize layer, gsize n_layers)
{
  if (layer + 1 >= n_layers)
    return g_strdup (_("the logits"));
  return g_strdup_printf (_("hidden layer %zu"), layer + 1);
}

static void
finish_frame (HeftFrame *frame, gsize layer, gsize n_layers, const char *words, const Sight *sight)
{
  g_autofree char *name = heft_maps_layer_words (layer, n_layers);
  g_autofree char *estimator = g_strdup_printf (_("%s; after %s"), words, name);

  heft_frame_set_text (frame, "map_label", _("Fisher $F_{z|x}$ of each input"));
  heft_frame_set_text (frame, "change_label", _("Smallest visible change $1/\\sqrt{F}$"));
  heft_frame_set_text (frame, "estimator", estimator);
  heft_frame_set_text (frame, "layer", name);
  heft_frame_set_number (frame, "smallest_change", sight->smallest);
  heft_frame_set_number (frame, "blind_share", (double) sight->n_blind / (double) MAX (sight->n, 1));
}

gsize
heft_maps_layer (const HeftNetwork *network, gsize chosen_layer)
{
  gsize n_layers = heft_visibility_n_layers (network);

  return MIN (chosen_layer > 0 ? chosen_layer - 1 : MAX (n_layers, 2) - 2, n_layers - 1);
}

double
heft_maps_cost (const HeftNetwork *network, gsize chosen_layer)
{
  gsize layer = heft_maps_layer (network, chosen_layer), side = heft_plane_maps_side (network, layer);
  double n = heft_network_get_n_inputs (network) == 2 ? (double) (side * side) : HEFT_MAPS_IMAGES;

  return n * heft_visibility_cost (network, layer);
}

gboolean
heft_maps_publish (HeftRecord *record, guint64 step, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise,
                   HeftDataset *data, gsize chosen_layer, const char *words, GCancellable *cancellable, GError **error)
{
  gsize n_layers = heft_visibility_n_layers (network), chosen[HEFT_MAPS_IMAGES];
  gsize layer = heft_maps_layer (network, chosen_layer);
  gsize n_images = heft_maps_choose_images (data, chosen), d = heft_dataset_get_n_features (data);
  g_autofree double *input = g_new (double, d);
  g_autoptr (HeftFrame) frame = heft_frame_new ("invariance", step);
  Sight sight = { INFINITY, 0, 0 };

  if (heft_network_get_n_inputs (network) == 2)
    return heft_plane_maps_publish (record, step, network, mean, noise, data, layer, words, cancellable, error);
  for (gsize k = 0; k < n_images; k++)
    {
      g_autoptr (HeftVisibility) seen = NULL;
      g_autoptr (GError) failure = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      heft_dataset_gather_f64 (data, NULL, chosen[k], 1, input);
      seen = heft_noise_visibility_new (network, mean, noise, input, layer, &failure);
      /* What the machine cannot hold is said in the panel; the run goes on. */
      if (g_error_matches (failure, HEFT_ERROR, HEFT_ERROR_TOO_LARGE))
        {
          heft_frame_set_text (frame, "obstacle", failure->message);
          heft_record_publish (record, g_steal_pointer (&frame));
          return TRUE;
        }
      if (seen == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      add_image (frame, k, data, chosen[k], input, seen, &sight);
    }
  finish_frame (frame, layer, n_layers, words, &sight);
  heft_record_publish (record, g_steal_pointer (&frame));
  return TRUE;
}
