/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/nuisance.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "data/dataset-private.h"

static const HeftNuisanceInfo infos[HEFT_N_NUISANCES] =
{
  [HEFT_NUISANCE_ROTATION] =
    { "rotation", N_("Rotation"), N_("°"), N_("turned counterclockwise about the centre"), -180.0, 180.0 },
  [HEFT_NUISANCE_TRANSLATION_X] =
    { "translation-x", N_("Shift to the right"), N_("px"), N_("moved to the right"), -256.0, 256.0 },
  [HEFT_NUISANCE_TRANSLATION_Y] =
    { "translation-y", N_("Shift downwards"), N_("px"), N_("moved downwards"), -256.0, 256.0 },
  [HEFT_NUISANCE_SCALE] =
    { "scale", N_("Scale"), N_("%"), N_("enlarged about the centre, in percent of its size"), -90.0, 400.0 },
  [HEFT_NUISANCE_SHEAR] =
    { "shear", N_("Shear"), N_("°"), N_("upright strokes lean to the right"), -80.0, 80.0 },
  [HEFT_NUISANCE_THICKNESS] =
    { "thickness", N_("Thickness"), N_("px"), N_("every edge of bright ink moves outwards"), -3.0, 3.0 },
  [HEFT_NUISANCE_BRIGHTNESS] =
    { "brightness", N_("Brightness"), N_("%"), N_("added to every pixel, in percent of full white"), -100.0, 100.0 },
  [HEFT_NUISANCE_CONTRAST] =
    { "contrast", N_("Contrast"), N_("%"), N_("the distance of every pixel from the mean grows, in percent"), -100.0, 400.0 },
  [HEFT_NUISANCE_BLUR] =
    { "blur", N_("Blur"), N_("px²"), N_("the variance of the Gaussian blur along each axis"), 0.0, 100.0 },
  [HEFT_NUISANCE_OCCLUSION] =
    { "occlusion", N_("Occlusion"), N_("%"), N_("opacity of a dark disc in the centre"), 0.0, 100.0 },
  [HEFT_NUISANCE_BACKGROUND] =
    { "background", N_("Background"), N_("%"), N_("grey level that dark pixels turn to, in percent of full white"), 0.0, 100.0 },
};

const HeftNuisanceInfo *
heft_nuisance_get_info (HeftNuisance nuisance)
{
  g_return_val_if_fail ((guint) nuisance < HEFT_N_NUISANCES, NULL);
  return &infos[nuisance];
}

gboolean
heft_nuisance_parse (const char *text, HeftNuisance *nuisance, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < HEFT_N_NUISANCES; i++)
    {
      if (g_strcmp0 (text, infos[i].id) == 0)
        {
          *nuisance = (HeftNuisance) i;
          return TRUE;
        }
      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", infos[i].id);
    }
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("There is no nuisance “%s”; choose one of %s."),
               text, names->str);
  return FALSE;
}

static gboolean
check_amounts (HeftDataset *data, HeftNuisance nuisance, double lower, double upper, GError **error)
{
  const HeftNuisanceInfo *info = heft_nuisance_get_info (nuisance);

  if (!heft_dataset_get_shape (data, NULL, NULL, NULL))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("“%s” holds no images, and only images can be turned, moved or blurred: choose a set of images."),
                   heft_dataset_get_name (data));
      return FALSE;
    }
  if (lower >= info->lower && lower <= upper && upper <= info->upper)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("%s from %g to %g %s is not possible: give two amounts in order between %g and %g %s."),
               _(info->title), lower, upper, _(info->unit), info->lower, info->upper, _(info->unit));
  return FALSE;
}

static void
store_bytes (gsize d, const double *image, guint8 *out)
{
  for (gsize j = 0; j < d; j++)
    out[j] = (guint8) lrint (255.0 * CLAMP (image[j], 0.0, 1.0));
}

HeftDataset *
heft_dataset_vary (HeftDataset *self, HeftNuisance nuisance, double lower, double upper, guint64 seed, GError **error)
{
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_NUISANCE, (guint32) nuisance);
  gsize n = heft_dataset_get_n_samples (self), d = heft_dataset_get_n_features (self);
  gboolean bytes = heft_dataset_get_element (self) == HEFT_ELEMENT_BYTE;
  gsize channels, height, width, size = n * d * (bytes ? 1 : sizeof (float));
  g_autoptr (HeftNuisanceWarp) warp = NULL;
  g_autoptr (GBytes) inputs = NULL;
  g_autofree double *amounts = g_new (double, n);
  g_autofree double *image = g_new (double, d);
  gpointer out;

  if (!check_amounts (self, nuisance, lower, upper, error))
    return NULL;
  out = size <= HEFT_DATA_MAX_BYTES ? g_try_malloc (size) : NULL;
  if (out == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("There is no memory for a changed copy of “%s”: use fewer samples."), heft_dataset_get_name (self));
      return NULL;
    }
  heft_dataset_get_shape (self, &channels, &height, &width);
  warp = heft_nuisance_warp_new (channels, height, width);
  heft_stream_uniforms_f64 (stream, 0, 0, n, amounts);
  for (gsize i = 0; i < n; i++)
    {
      heft_dataset_gather_f64 (self, NULL, i, 1, image);
      heft_nuisance_warp_set_image (warp, image);
      heft_nuisance_warp_apply (warp, nuisance, lower + (upper - lower) * amounts[i], image, NULL);
      if (bytes)
        store_bytes (d, image, (guint8 *) out + i * d);
      else
        for (gsize j = 0; j < d; j++)
          ((float *) out)[i * d + j] = (float) image[j];
    }
  inputs = g_bytes_new_take (out, size);
  return heft_dataset_with_inputs (self, NULL, (gsize[]) { channels, height, width },
                                   bytes ? HEFT_ELEMENT_BYTE : HEFT_ELEMENT_FLOAT, bytes ? 255.0 : 1.0, inputs);
}
