/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <math.h>

#include <heft/npy.h>
#include <heft/runfile.h>

#include "record/frame-private.h"

/* @folder/@prefix-@name.npy, with only letters, digits and dashes of @name. */
static gboolean
save (const char *folder, const char *prefix, const char *name, gsize rows, gsize columns, double *values, GError **error)
{
  g_autofree char *plain = g_strcanon (g_strdup (name), G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_", '-');
  g_autofree char *file = g_strdup_printf ("%s-%s.npy", prefix, plain);
  g_autofree char *path = g_build_filename (folder, file, NULL);

  /* NumPy's word for a number that is not there. */
  for (gsize i = 0; i < rows * columns; i++)
    if (!isfinite (values[i]))
      values[i] = NAN;
  return heft_npy_save (path, HEFT_ELEMENT_DOUBLE, 2, (gsize[]) { rows, columns }, values, error);
}

/* x, then y of each layer, as far as all of them go. */
static gboolean
save_series (HeftRecord *record, gsize series, const char *folder, const char *prefix, GError **error)
{
  const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
  gsize n_curves = spec->per_layer ? heft_record_get_layers (record, NULL) : 1, n = G_MAXSIZE;
  g_autofree double *values = NULL, *x = NULL, *y = NULL;

  for (gsize l = 0; l < n_curves; l++)
    n = MIN (n, heft_record_get_length (record, series, l));
  if (n_curves == 0 || n == 0)
    return TRUE;
  values = g_new (double, n * (n_curves + 1));
  x = g_new (double, n);
  y = g_new (double, n);
  for (gsize l = 0; l < n_curves; l++)
    {
      heft_record_read (record, series, l, 0, n, x, y);
      for (gsize i = 0; i < n; i++)
        {
          values[i * (n_curves + 1)] = x[i];
          values[i * (n_curves + 1) + l + 1] = y[i];
        }
    }
  return save (folder, prefix, spec->id, n, n_curves + 1, values, error);
}

gboolean
heft_record_save_panel_npy (HeftRecord *record, const HeftPanelSpec *panel, const char *folder, const char *prefix, GError **error)
{
  g_autoptr (HeftFrame) frame = panel->frame != NULL ? heft_record_get_frame (record, panel->frame) : NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);

      if (series >= 0 && !save_series (record, (gsize) series, folder, prefix, error))
        return FALSE;
    }
  for (gsize i = 0; frame != NULL && i < heft_frame_get_n_items (frame); i++)
    {
      const HeftFrameItem *item = heft_frame_get_item (frame, i);
      g_autofree double *values = item->kind != HEFT_FRAME_ARRAY || item->fleeting ? NULL
                                  : g_memdup2 (item->values, item->rows * item->columns * sizeof *values);

      if (values != NULL && !save (folder, prefix, item->name, item->rows, item->columns, values, error))
        return FALSE;
    }
  return TRUE;
}
