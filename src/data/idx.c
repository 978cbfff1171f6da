/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include "data/idx.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>

#include "data/dataset-private.h"
#include "data/reader.h"

#define MAX_DIMENSIONS 4
#define UNSIGNED_BYTE  0x08

#define CIFAR_CLASSES  10
#define CIFAR_PIXELS   3072
#define CIFAR_MAX_RECORDS 1000000

void
heft_images_clear (HeftImages *self)
{
  g_clear_pointer (&self->pixels, g_bytes_unref);
}

/* Magic number and dimensions: two zeros, the type of element, the number of dimensions, each big-endian. */
static gboolean
read_header (HeftReader *reader, gsize dimensions[MAX_DIMENSIONS], guint *n_dimensions, GError **error)
{
  const char *name = heft_reader_get_name (reader);
  guint8 magic[4], size[4];

  if (!heft_reader_read_exactly (reader, magic, 4, error))
    return FALSE;
  if (magic[0] != 0 || magic[1] != 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” is not an IDX file: it begins with the bytes %02x %02x %02x %02x instead of 00 00 08; "
                     "give IMAGES,LABELS as IDX or NPY, or FILE.csv."),
                   name, magic[0], magic[1], magic[2], magic[3]);
      return FALSE;
    }
  if (magic[2] != UNSIGNED_BYTE)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” is an IDX file of element type 0x%02x, where only unsigned bytes (0x08) are read; "
                     "convert it, or save it as NPY."), name, magic[2]);
      return FALSE;
    }
  if (magic[3] == 0 || magic[3] > MAX_DIMENSIONS)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” has %u dimensions in byte 4 of its IDX header, where labels have 1 and images 2 to 4; "
                     "check that it is the right file."), name, magic[3]);
      return FALSE;
    }
  *n_dimensions = magic[3];
  for (guint i = 0; i < *n_dimensions; i++)
    {
      if (!heft_reader_read_exactly (reader, size, 4, error))
        return FALSE;
      dimensions[i] = (gsize) size[0] << 24 | (gsize) size[1] << 16 | (gsize) size[2] << 8 | size[3];
      if (dimensions[i] == 0)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("“%s” is empty: dimension %u in its IDX header is 0; use a file that holds samples."),
                       name, i + 1);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_size (const char *name, const gsize *dimensions, guint n_dimensions, gsize *total, GError **error)
{
  gsize features = 1;
  gboolean fits = dimensions[0] <= HEFT_DATA_MAX_SAMPLES;

  for (guint i = 1; i < n_dimensions && fits; i++)
    fits = g_size_checked_mul (&features, features, dimensions[i]) && features <= HEFT_DATA_MAX_FEATURES;
  fits = fits && g_size_checked_mul (total, features, dimensions[0]) && *total <= HEFT_DATA_MAX_BYTES;
  if (!fits)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                 _("“%s” claims dimensions in its IDX header that are too large to hold (%zu"
                   " samples, limit 2 GiB in all); check the file, or use fewer samples."), name, dimensions[0]);
  return fits;
}

gboolean
heft_idx_read_images (const char *path, HeftImages *images, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  gsize d[MAX_DIMENSIONS];
  guint n_dimensions;
  gsize total;

  if (reader == NULL || !read_header (reader, d, &n_dimensions, error))
    return FALSE;
  if (n_dimensions == 1)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” holds labels where images are expected; give IMAGES,LABELS in this order."),
                   heft_reader_get_name (reader));
      return FALSE;
    }
  if (!check_size (heft_reader_get_name (reader), d, n_dimensions, &total, error))
    return FALSE;
  images->n = d[0];
  images->channels = n_dimensions == 4 ? d[1] : 1;
  images->height = n_dimensions == 2 ? 1 : d[n_dimensions - 2];
  images->width = d[n_dimensions - 1];
  images->pixels = heft_reader_read_bytes (reader, total, error);
  return images->pixels != NULL && heft_reader_expect_end (reader, error);
}

guint8 *
heft_idx_read_labels (const char *path, gsize *n, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  g_autoptr(GBytes) bytes = NULL;
  gsize d[MAX_DIMENSIONS];
  guint n_dimensions;
  gsize total;

  if (reader == NULL || !read_header (reader, d, &n_dimensions, error))
    return NULL;
  if (n_dimensions != 1)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” holds images where labels are expected; give IMAGES,LABELS in this order."),
                   heft_reader_get_name (reader));
      return NULL;
    }
  if (!check_size (heft_reader_get_name (reader), d, n_dimensions, &total, error))
    return NULL;
  bytes = heft_reader_read_bytes (reader, total, error);
  if (bytes == NULL || !heft_reader_expect_end (reader, error))
    return NULL;
  return g_bytes_unref_to_data (g_steal_pointer (&bytes), n);
}

gboolean
heft_cifar_read (const char *path, GByteArray *pixels, GByteArray *labels, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  guint8 record[1 + CIFAR_PIXELS];
  gsize n_read;
  gsize n = 0;

  if (reader == NULL)
    return FALSE;
  while (TRUE)
    {
      if (!heft_reader_read (reader, record, sizeof record, &n_read, error))
        return FALSE;
      if (n_read == 0 && n > 0)
        return TRUE;
      if (n_read < sizeof record)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("“%s” breaks off in image %zu (CIFAR-10's binary form has 3,073 bytes an "
                         "image); download the binary version again."), heft_reader_get_name (reader), n + 1);
          return FALSE;
        }
      if (record[0] >= CIFAR_CLASSES)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("“%s” gives image %zu the label %u, where CIFAR-10 has 0 to 9; check that it "
                         "is the binary version of CIFAR-10."), heft_reader_get_name (reader), n + 1, record[0]);
          return FALSE;
        }
      if (labels->len >= CIFAR_MAX_RECORDS / 2)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                       _("“%s” holds more images than fit into 2 GiB; use a smaller file."),
                       heft_reader_get_name (reader));
          return FALSE;
        }
      g_byte_array_append (labels, record, 1);
      g_byte_array_append (pixels, record + 1, CIFAR_PIXELS);
      n++;
    }
}
