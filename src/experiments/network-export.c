/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>
#include <heft/runfile.h>
#include <heft/safetensors.h>

#include "experiments/network-export.h"

void
heft_frame_set_network (HeftFrame *frame, const HeftNetwork *network)
{
  HeftShape input = heft_network_get_input_shape (network);
  g_autofree char *shape = g_strdup_printf ("%zux%zux%zu", input.channels, input.height, input.width);

  heft_frame_set_text (frame, "architecture", heft_network_get_architecture (network));
  heft_frame_set_text (frame, "activation", heft_activation_name (heft_network_get_activation (network)));
  heft_frame_set_text (frame, "input", shape);
  heft_frame_set_number (frame, "classes", (double) heft_network_get_n_classes (network));
}

/* The network that heft_frame_set_network() described, or NULL where it did not or the numbers do not fit it. */
static HeftNetwork *
frame_network (const HeftFrame *frame)
{
  const char *architecture = heft_frame_get_text (frame, "architecture"), *name = heft_frame_get_text (frame, "activation");
  const char *input = heft_frame_get_text (frame, "input");
  double classes = heft_frame_get_number (frame, "classes", 0);
  g_autoptr (HeftNetwork) network = NULL;
  HeftActivation activation;
  HeftShape shape;
  gsize rows, columns;

  if (architecture == NULL || name == NULL || input == NULL || !(classes >= 1 && classes <= 256)
      || !heft_activation_parse (name, &activation, NULL) || !heft_shape_parse (input, &shape, NULL)
      || heft_frame_get_array (frame, "mean", &rows, &columns) == NULL)
    return NULL;
  network = heft_network_new (architecture, activation, shape, (gsize) classes, NULL);
  if (network == NULL || rows * columns != heft_network_get_n_parameters (network))
    return NULL;
  return g_steal_pointer (&network);
}

gboolean
heft_record_has_network (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "posterior");

  return frame != NULL && heft_frame_get_text (frame, "architecture") != NULL;
}

/* Deviations that an earlier network left under this name belong to no network any more. They may be all that is left of it: set aside, not
 * removed. */
static gboolean
set_aside (const char *path, GError **error)
{
  g_autofree char *backup = g_strconcat (path, "~", NULL);
  g_autoptr (GFile) from = g_file_new_for_path (path), to = g_file_new_for_path (backup);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  return g_file_move (from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error);
}

gboolean
heft_record_save_network (HeftRecord *record, const char *path, const char *deviations, GError **error)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "posterior");
  g_autoptr (HeftNetwork) network = frame != NULL ? frame_network (frame) : NULL;
  const double *variance;
  g_autofree double *widths = NULL;
  gsize rows, columns, k;

  if (network == NULL)
    {
      g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE,
                           _("There is no trained network to write: a run of “train” keeps one, from its first measurement on."));
      return FALSE;
    }
  if (!heft_network_save_safetensors (path, network, heft_frame_get_array (frame, "mean", &rows, &columns), HEFT_TENSOR_F32, error))
    return FALSE;
  variance = heft_frame_get_array (frame, "variance", &rows, &columns);
  k = heft_network_get_n_parameters (network);
  if (deviations == NULL)
    return TRUE;
  if (variance == NULL || rows * columns != k)
    return set_aside (deviations, error);
  widths = g_new (double, k);
  for (gsize i = 0; i < k; i++)
    widths[i] = sqrt (fmax (variance[i], 0));
  return heft_network_save_safetensors (deviations, network, widths, HEFT_TENSOR_F32, error);
}
