/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/nuisance.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "data/dataset-private.h"

typedef struct
{
  gsize channels, height, width;   /* of an image */
  gsize canvas, piece;
} Layout;

static gboolean
check_layout (HeftDataset *data, Layout *layout, gsize n_pieces, GError **error)
{
  gsize n = heft_dataset_get_n_samples (data);
  gsize side;

  if (!heft_dataset_get_shape (data, &layout->channels, &layout->height, &layout->width))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("“%s” holds no images, and only images can stand among clutter: choose a set of images."),
                   heft_dataset_get_name (data));
      return FALSE;
    }
  side = MAX (layout->height, layout->width);
  if (layout->canvas < side || layout->canvas > 1024)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("A canvas of %zu pixels does not do for images of “%s”: give a side from %zu to 1024."),
                   layout->canvas, heft_dataset_get_name (data), side);
      return FALSE;
    }
  if (n_pieces > 0 && (layout->piece < 1 || layout->piece > MIN (layout->height, layout->width) || n < 2))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Pieces of %zu pixels cannot be cut from the images of “%s”: give a side from 1 to %zu, and at least two "
                     "images."), layout->piece, heft_dataset_get_name (data), MIN (layout->height, layout->width));
      return FALSE;
    }
  if (n_pieces > 1000)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("%zu pieces of clutter in an image are too many: give at most 1000."), n_pieces);
      return FALSE;
    }
  return TRUE;
}

/* 0 .. n-1 from a uniform number of (0, 1). */
static gsize
pick (double uniform, gsize n)
{
  return MIN ((gsize) (uniform * (double) n), n - 1);
}

/* Puts the @size_y x @size_x part of @image that begins at (@from_y, @from_x) onto the canvas at (@to_y, @to_x). */
static void
put_part (const Layout *layout, const float *image, gsize from_y, gsize from_x, gsize size_y, gsize size_x,
          gsize to_y, gsize to_x, float *canvas)
{
  for (gsize c = 0; c < layout->channels; c++)
    for (gsize y = 0; y < size_y; y++)
      for (gsize x = 0; x < size_x; x++)
        {
          float v = image[(c * layout->height + from_y + y) * layout->width + from_x + x];
          float *out = canvas + (c * layout->canvas + to_y + y) * layout->canvas + to_x + x;

          *out = MAX (*out, v);
        }
}

static void
fill_canvas (HeftDataset *data, const Layout *layout, gsize i, gsize n_pieces, const double *uniforms, float *image,
             float *canvas)
{
  gsize n = heft_dataset_get_n_samples (data);

  memset (canvas, 0, layout->channels * layout->canvas * layout->canvas * sizeof *canvas);
  for (gsize k = 0; k < n_pieces; k++, uniforms += 5)
    {
      /* Any image but this one. */
      gsize from = pick (uniforms[0], n - 1);

      heft_dataset_gather_f32 (data, NULL, from < i ? from : from + 1, 1, image);
      put_part (layout, image, pick (uniforms[1], layout->height - layout->piece + 1),
                pick (uniforms[2], layout->width - layout->piece + 1), layout->piece, layout->piece,
                pick (uniforms[3], layout->canvas - layout->piece + 1), pick (uniforms[4], layout->canvas - layout->piece + 1),
                canvas);
    }
  heft_dataset_gather_f32 (data, NULL, i, 1, image);
  put_part (layout, image, 0, 0, layout->height, layout->width, pick (uniforms[0], layout->canvas - layout->height + 1),
            pick (uniforms[1], layout->canvas - layout->width + 1), canvas);
}

HeftDataset *
heft_dataset_clutter (HeftDataset *self, gsize canvas, gsize n_pieces, gsize piece, guint64 seed, guint32 index, GError **error)
{
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_CLUTTER, index);
  gboolean bytes = heft_dataset_get_element (self) == HEFT_ELEMENT_BYTE;
  Layout layout = { .canvas = canvas, .piece = piece };
  gsize n = heft_dataset_get_n_samples (self), n_uniforms = 5 * n_pieces + 2, d, size;
  g_autofree float *image = g_new (float, heft_dataset_get_n_features (self));
  g_autofree float *picture = NULL;
  g_autofree double *uniforms = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GBytes) inputs = NULL;
  gpointer out;

  if (!check_layout (self, &layout, n_pieces, error))
    return NULL;
  d = layout.channels * canvas * canvas;
  size = n * d * (bytes ? 1 : sizeof (float));
  out = size <= HEFT_DATA_MAX_BYTES ? g_try_malloc (size) : NULL;
  if (out == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("There is no memory for “%s” among clutter: use a smaller canvas or fewer samples."),
                   heft_dataset_get_name (self));
      return NULL;
    }
  picture = g_new (float, d);
  uniforms = g_new (double, n_uniforms);
  for (gsize i = 0; i < n; i++)
    {
      heft_stream_uniforms_f64 (stream, i, 0, n_uniforms, uniforms);
      fill_canvas (self, &layout, i, n_pieces, uniforms, image, picture);
      if (bytes)
        for (gsize j = 0; j < d; j++)
          ((guint8 *) out)[i * d + j] = (guint8) lrintf (255.0f * picture[j]);
      else
        memcpy ((float *) out + i * d, picture, d * sizeof *picture);
    }
  inputs = g_bytes_new_take (out, size);
  name = g_strconcat (HEFT_CLUTTERED_PREFIX, heft_dataset_get_name (self), NULL);
  return heft_dataset_with_inputs (self, name, (gsize[]) { layout.channels, canvas, canvas },
                                   bytes ? HEFT_ELEMENT_BYTE : HEFT_ELEMENT_FLOAT, bytes ? 255.0 : 1.0, inputs);
}
