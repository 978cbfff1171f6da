/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include "data/load-private.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "data/csv.h"
#include "data/dataset-private.h"
#include "data/idx.h"
#include "data/reader.h"

void
heft_part_clear (HeftPart *self)
{
  g_clear_pointer (&self->inputs, g_bytes_unref);
  g_clear_pointer (&self->labels, g_free);
}

HeftDataset *
heft_part_to_dataset (const HeftPart *part, const char *name, gsize n_classes)
{
  return heft_dataset_new_inputs (name, part->n, part->shape, part->is_image, part->element, part->divisor,
                                  part->inputs, part->labels, n_classes);
}

static void
count_classes (HeftPart *part)
{
  part->n_classes = 2;
  for (gsize i = 0; i < part->n; i++)
    part->n_classes = MAX (part->n_classes, (gsize) part->labels[i] + 1);
}

/* Doubles that are floats in disguise are kept as floats, at half the memory. */
static void
narrow (HeftPart *part)
{
  gsize size;
  const double *values;
  g_autofree float *narrowed = NULL;

  if (part->element != HEFT_ELEMENT_DOUBLE)
    return;
  values = g_bytes_get_data (part->inputs, &size);
  narrowed = g_new (float, size / sizeof (double));
  for (gsize i = 0; i < size / sizeof (double); i++)
    {
      narrowed[i] = (float) values[i];
      if ((double) narrowed[i] != values[i])
        return;
    }
  g_bytes_unref (part->inputs);
  part->inputs = g_bytes_new_take (g_steal_pointer (&narrowed), size / sizeof (double) * sizeof (float));
  part->element = HEFT_ELEMENT_FLOAT;
}

static gboolean
is_npy (const char *path, gboolean *result, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  guint8 magic[6];
  gsize n_read;

  if (reader == NULL || !heft_reader_read (reader, magic, sizeof magic, &n_read, error))
    return FALSE;
  *result = n_read == sizeof magic && memcmp (magic, "\x93NUMPY", 6) == 0;
  return TRUE;
}

static gboolean
check_array_inputs (const char *name, const HeftArray *array, HeftPart *part, GError **error)
{
  gsize features = 1;

  if (array->n_dimensions < 2 || array->n_dimensions > 4)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” has %u dimensions in its NPY header, where inputs have 2 (samples, features), 3 (samples, "
                     "height, width) or 4 (samples, channels, height, width); reshape it, and give IMAGES,LABELS in this "
                     "order."), name, array->n_dimensions);
      return FALSE;
    }
  if (array->n_elements == 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” is empty: a dimension in its NPY header is 0; use a file that holds samples."), name);
      return FALSE;
    }
  features = array->n_elements / array->shape[0];
  if (features > HEFT_DATA_MAX_FEATURES || array->shape[0] > HEFT_DATA_MAX_SAMPLES)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("“%s” has %zu samples of %zu features, more than fit; reduce it."),
                   name, array->shape[0], features);
      return FALSE;
    }
  for (gsize i = 0; i < array->n_elements && array->element != HEFT_ELEMENT_BYTE; i++)
    if (!isfinite (heft_array_get (array, i)))
      {
        g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                     _("“%s” holds a number that is not finite (sample %zu, feature %zu"
                       ", counted from 0); replace it."), name, i / features, i % features);
        return FALSE;
      }
  part->n = array->shape[0];
  part->is_image = array->n_dimensions > 2;
  part->shape[0] = array->n_dimensions == 4 ? array->shape[1] : 1;
  part->shape[1] = array->n_dimensions == 2 ? 1 : array->shape[array->n_dimensions - 2];
  part->shape[2] = array->shape[array->n_dimensions - 1];
  return TRUE;
}

static gboolean
read_images_npy (const char *path, HeftPart *part, GError **error)
{
  g_auto(HeftArray) array = { 0 };
  g_autofree char *name = g_filename_display_name (path);

  if (!heft_npy_load (path, &array, error) || !check_array_inputs (name, &array, part, error))
    return FALSE;
  part->element = array.element;
  part->divisor = array.element == HEFT_ELEMENT_BYTE ? 255.0 : 1.0;
  part->inputs = g_bytes_ref (array.data);
  narrow (part);
  return TRUE;
}

static gboolean
read_images_idx (const char *path, HeftPart *part, GError **error)
{
  g_auto(HeftImages) images = { 0 };

  if (!heft_idx_read_images (path, &images, error))
    return FALSE;
  part->n = images.n;
  part->shape[0] = images.channels;
  part->shape[1] = images.height;
  part->shape[2] = images.width;
  part->is_image = images.height > 1;
  part->element = HEFT_ELEMENT_BYTE;
  part->divisor = 255.0;
  part->inputs = g_bytes_ref (images.pixels);
  return TRUE;
}

static guint8 *
read_labels_npy (const char *path, gsize *n, GError **error)
{
  g_auto(HeftArray) array = { 0 };
  g_autofree char *name = g_filename_display_name (path);
  g_autofree guint8 *labels = NULL;

  if (!heft_npy_load (path, &array, error))
    return NULL;
  if (array.n_dimensions == 0 || array.n_elements == 0 || array.n_elements != array.shape[0])
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” is no list of labels (its NPY header must have one dimension that is not 0); "
                     "give IMAGES,LABELS in this order."), name);
      return NULL;
    }
  labels = g_malloc (array.n_elements);
  for (gsize i = 0; i < array.n_elements; i++)
    {
      double value = heft_array_get (&array, i);

      labels[i] = value >= 0.0 && value <= 255.0 ? (guint8) value : 0;
      if (labels[i] != value)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("“%s” gives sample %zu (counted from 0) the label %g, where classes are whole "
                         "numbers from 0 to 255; number the classes from 0."), name, i, value);
          return NULL;
        }
    }
  *n = array.n_elements;
  return g_steal_pointer (&labels);
}

gboolean
heft_part_read_pair (const char *images, const char *labels, HeftPart *part, GError **error)
{
  gboolean images_npy, labels_npy;
  gsize n_labels;

  if (!is_npy (images, &images_npy, error) || !is_npy (labels, &labels_npy, error))
    return FALSE;
  if (!(images_npy ? read_images_npy (images, part, error) : read_images_idx (images, part, error)))
    return FALSE;
  part->labels = labels_npy ? read_labels_npy (labels, &n_labels, error)
                            : heft_idx_read_labels (labels, &n_labels, error);
  if (part->labels == NULL)
    return FALSE;
  if (n_labels != part->n)
    {
      g_autofree char *images_name = g_filename_display_name (images);
      g_autofree char *labels_name = g_filename_display_name (labels);

      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” holds %zu samples but “%s” %zu"
                     " labels; give the two files that belong together."), images_name, part->n, labels_name, n_labels);
      return FALSE;
    }
  count_classes (part);
  return TRUE;
}

gboolean
heft_part_read_csv (const char *path, HeftPart *part, GError **error)
{
  g_auto(HeftTable) table = { 0 };
  gsize n_values;

  if (!heft_csv_read (path, &table, error))
    return FALSE;
  part->n = table.n;
  part->shape[0] = part->shape[1] = 1;
  part->shape[2] = table.n_features;
  part->element = HEFT_ELEMENT_DOUBLE;
  part->divisor = 1.0;
  part->labels = g_memdup2 (table.labels->data, table.n);
  n_values = table.n * table.n_features;
  part->inputs = g_bytes_new_take (g_array_free (g_steal_pointer (&table.values), FALSE), n_values * sizeof (double));
  narrow (part);
  count_classes (part);
  return TRUE;
}

gboolean
heft_part_read_cifar (const char *const *paths, HeftPart *part, GError **error)
{
  g_autoptr(GByteArray) pixels = g_byte_array_new ();
  g_autoptr(GByteArray) labels = g_byte_array_new ();

  for (gsize i = 0; paths[i] != NULL; i++)
    if (!heft_cifar_read (paths[i], pixels, labels, error))
      return FALSE;
  part->n = labels->len;
  part->shape[0] = 3;
  part->shape[1] = part->shape[2] = 32;
  part->is_image = TRUE;
  part->element = HEFT_ELEMENT_BYTE;
  part->divisor = 255.0;
  part->inputs = g_byte_array_free_to_bytes (g_steal_pointer (&pixels));
  part->labels = g_byte_array_free (g_steal_pointer (&labels), FALSE);
  part->n_classes = 10;
  return TRUE;
}
