/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/information.h>
#include <heft/invariance.h>
#include <heft/pass.h>

#include "experiments/maps.h"
#include "experiments/words.h"

/* Operations a map may take, and points a side. */
#define OPERATIONS 2e8
#define LEAST_SIDE 12
#define MOST_SIDE 32
/* Samples whose place decides which part of the plane is shown, and the margin around them. */
#define MAX_SAMPLES 2000
#define MARGIN 0.15

typedef struct
{
  double lower[2], upper[2];
} Range;

gsize
heft_plane_maps_side (const HeftNetwork *network, gsize layer)
{
  return (gsize) CLAMP (sqrt (OPERATIONS / heft_visibility_cost (network, layer)), LEAST_SIDE, MOST_SIDE);
}

static Range
find_range (HeftDataset *data)
{
  gsize n = MIN (heft_dataset_get_n_samples (data), MAX_SAMPLES);
  g_autofree double *x = g_new (double, 2 * n);
  Range range = { { INFINITY, INFINITY }, { -INFINITY, -INFINITY } };

  heft_dataset_gather_f64 (data, NULL, 0, n, x);
  for (gsize i = 0; i < 2 * n; i++)
    {
      range.lower[i % 2] = fmin (range.lower[i % 2], x[i]);
      range.upper[i % 2] = fmax (range.upper[i % 2], x[i]);
    }
  for (int axis = 0; axis < 2; axis++)
    {
      double margin = MARGIN * (range.upper[axis] - range.lower[axis]);

      margin = margin > 0 ? margin : 1;
      range.lower[axis] -= margin;
      range.upper[axis] += margin;
    }
  return range;
}

/* The probability of the second class of two, of the likeliest of more, at the points of heft_plane_map(). */
static double *
find_probabilities (HeftNetwork *network, const double *mean, const Range *range, gsize side)
{
  gsize n_classes = heft_network_get_n_classes (network);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, side);
  g_autofree double *row = g_new (double, 2 * side), *probabilities = g_new (double, side * n_classes);
  double *values = g_new (double, side * side);

  for (gsize r = 0; r < side; r++)
    {
      for (gsize c = 0; c < side; c++)
        {
          row[2 * c] = range->lower[0] + (range->upper[0] - range->lower[0]) * ((double) c + 0.5) / (double) side;
          row[2 * c + 1] = range->lower[1] + (range->upper[1] - range->lower[1]) * ((double) r + 0.5) / (double) side;
        }
      heft_pass_f64_forward (pass, mean, row, side);
      heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), NULL, side, n_classes, NULL, probabilities, NULL);
      for (gsize c = 0; c < side; c++)
        {
          const double *p = probabilities + c * n_classes;

          values[r * side + c] = n_classes == 2 ? p[1] : p[0];
          for (gsize j = 0; j < n_classes && n_classes != 2; j++)
            values[r * side + c] = fmax (values[r * side + c], p[j]);
        }
    }
  return values;
}

/* The first row becomes the last: pictures begin at the top. Takes @values. */
static void
take_upright (HeftFrame *frame, const char *name, gsize side, double *values)
{
  for (gsize r = 0; r < side / 2; r++)
    for (gsize c = 0; c < side; c++)
      {
        double kept = values[r * side + c];

        values[r * side + c] = values[(side - 1 - r) * side + c];
        values[(side - 1 - r) * side + c] = kept;
      }
  heft_frame_take_array (frame, name, side, side, values);
}

static void
set_words (HeftFrame *frame, const HeftNetwork *network, gsize layer, const Range *range, const char *words)
{
  g_autofree char *name = heft_maps_layer_words (layer, heft_visibility_n_layers (network));
  g_autofree char *x0 = heft_words_number (range->lower[0]), *x1 = heft_words_number (range->upper[0]);
  g_autofree char *y0 = heft_words_number (range->lower[1]), *y1 = heft_words_number (range->upper[1]);
  g_autofree char *estimator = g_strdup_printf (_("%s; after %s; $x_1$ from %s to %s, $x_2$ from %s to %s"), words, name, x0, x1, y0, y1);

  heft_frame_set_text (frame, "image_title", heft_network_get_n_classes (network) == 2 ? _("Class 1") : _("Likeliest class"));
  heft_frame_set_text (frame, "change_title", _("Smallest area"));
  heft_frame_set_text (frame, "map_label", _("$\\mathrm{tr}\\,F_{z|x}$"));
  heft_frame_set_text (frame, "change_label", _("$|F_{z|x}|^{-1/2}$"));
  heft_frame_set_text (frame, "estimator", estimator);
  heft_frame_set_text (frame, "layer", name);
}

gboolean
heft_plane_maps_publish (HeftRecord *record, guint64 step, HeftNetwork *network, const double *mean, const HeftWeightNoise *noise,
                         HeftDataset *data, gsize layer, const char *words, GCancellable *cancellable, GError **error)
{
  gsize side = heft_plane_maps_side (network, layer), blind = 0;
  Range range = find_range (data);
  g_autofree double *trace = g_new (double, side * side), *area = g_new (double, side * side);
  double smallest = INFINITY;
  HeftFrame *frame;

  if (!heft_noise_plane_map (network, mean, noise, layer, range.lower[0], range.upper[0], range.lower[1], range.upper[1], side, side,
                       trace, area, cancellable, error))
    return FALSE;
  for (gsize i = 0; i < side * side; i++)
    {
      area[i] = exp (-area[i] / 2);
      smallest = fmin (smallest, area[i]);
      blind += !isfinite (area[i]);
    }
  frame = heft_frame_new ("invariance", step);
  take_upright (frame, "image:0", side, find_probabilities (network, mean, &range, side));
  take_upright (frame, "map:0", side, g_steal_pointer (&trace));
  take_upright (frame, "change:0", side, g_steal_pointer (&area));
  set_words (frame, network, layer, &range, words);
  if (isfinite (smallest))
    heft_frame_set_number (frame, "smallest_area", smallest);
  heft_frame_set_number (frame, "blind_share", (double) blind / (double) (side * side));
  heft_record_publish (record, frame);
  return TRUE;
}
