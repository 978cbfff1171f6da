/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/dataset.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "data/dataset-private.h"
#include "data/load-private.h"

static const HeftDataSource sources[] =
{
  { "mnist-10k", N_("MNIST digits, 10,000"),
    N_("The first 10,000 training and 2,000 test images of MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges; CC BY-SA 3.0"),
    FALSE },
  { HEFT_CLUTTERED_PREFIX "mnist-10k", N_("Cluttered MNIST digits, 10,000"),
    N_("Made from the seed and MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges; CC BY-SA 3.0"), FALSE },
  { "digits-8x8", N_("Small digits, 8 × 8"),
    N_("Optical Recognition of Handwritten Digits, by E. Alpaydin and C. Kaynak, UCI; CC BY 4.0"), FALSE },
  { "fashion-mnist", N_("Fashion-MNIST"),
    N_("Fashion-MNIST, by H. Xiao, K. Rasul and R. Vollgraf, Zalando; MIT licence"), FALSE },
  { "mnist", N_("MNIST digits, 60,000"), N_("MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges; CC BY-SA 3.0"), FALSE },
  { "cifar-10", N_("CIFAR-10"), N_("CIFAR-10, by A. Krizhevsky, V. Nair and G. Hinton"), FALSE },
  { "moons", N_("Two moons"), N_("Made from the seed"), TRUE },
  { "circles", N_("Two circles"), N_("Made from the seed"), TRUE },
  { "spirals", N_("Two spirals"), N_("Made from the seed"), TRUE },
  { "xor", N_("Exclusive or"), N_("Made from the seed"), TRUE },
  { "blobs", N_("Three blobs"), N_("Made from the seed"), TRUE },
};

/* The four files of a set in MNIST's form; other spellings of the same names are tried after these. */
static const char *const idx_files[4] =
{
  "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
};

static const char *const cifar_train_files[] =
{
  "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", NULL
};

static const char *const cifar_test_files[] = { "test_batch.bin", NULL };

/**
 * heft_data_sources:
 * @n_sources: (out): how many
 *
 * Returns: (transfer none): every data set that has a name, available or not
 */
const HeftDataSource *
heft_data_sources (gsize *n_sources)
{
  *n_sources = G_N_ELEMENTS (sources);
  return sources;
}

/* Folders that may hold a named set's files, first choice first. */
static GPtrArray *
list_folders (const char *name)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func (g_free);
  const char *environment = g_getenv ("HEFT_DATA_DIR");
  const char *const *system = g_get_system_data_dirs ();

  if (environment != NULL && *environment != '\0')
    g_ptr_array_add (folders, g_build_filename (environment, "datasets", name, NULL));
  g_ptr_array_add (folders, g_build_filename (HEFT_SOURCE_DATADIR, "datasets", name, NULL));
  g_ptr_array_add (folders, g_build_filename (HEFT_DATADIR, "datasets", name, NULL));
  g_ptr_array_add (folders, g_build_filename (g_get_user_data_dir (), "heft", "datasets", name, NULL));
  for (gsize i = 0; system[i] != NULL; i++)
    g_ptr_array_add (folders, g_build_filename (system[i], "datasets", name, NULL));
  g_ptr_array_add (folders, g_build_filename ("/usr/share/datasets", name, NULL));
  return folders;
}

/* The file as it is usually called, or with a dot before "idx" as some mirrors have it, compressed or not. */
static char *
find_idx_file (const char *folder, const char *file)
{
  g_autofree char *dotted = g_strdup (file);

  strstr (dotted, "-idx")[0] = '.';
  for (int i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strconcat (i < 2 ? file : dotted, i % 2 == 0 ? ".gz" : "", NULL);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

static GStrv
find_idx (const char *name)
{
  g_autoptr(GPtrArray) folders = list_folders (name);

  for (guint i = 0; i < folders->len; i++)
    {
      g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
      gsize n_found = 0;

      for (gsize j = 0; j < G_N_ELEMENTS (idx_files); j++)
        {
          g_autofree char *path = find_idx_file (g_ptr_array_index (folders, i), idx_files[j]);

          if (path == NULL)
            break;
          g_strv_builder_add (builder, path);
          n_found++;
        }
      if (n_found == G_N_ELEMENTS (idx_files))
        return g_strv_builder_end (builder);
    }
  return NULL;
}

static GStrv
find_files (const char *name, const char *const *files)
{
  g_autoptr(GPtrArray) folders = list_folders (name);

  for (guint i = 0; i < folders->len; i++)
    {
      g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
      gboolean complete = TRUE;

      for (gsize j = 0; files[j] != NULL && complete; j++)
        {
          g_autofree char *path = g_build_filename (g_ptr_array_index (folders, i), files[j], NULL);

          complete = g_file_test (path, G_FILE_TEST_IS_REGULAR);
          g_strv_builder_add (builder, path);
        }
      if (complete)
        return g_strv_builder_end (builder);
    }
  return NULL;
}

static char *
find_digits (void)
{
  g_autoptr(GPtrArray) folders = list_folders ("digits-8x8.csv.gz");

  for (guint i = 0; i < folders->len; i++)
    if (g_file_test (g_ptr_array_index (folders, i), G_FILE_TEST_IS_REGULAR))
      return g_strdup (g_ptr_array_index (folders, i));
  return NULL;
}

/**
 * heft_data_source_is_available:
 * @name: as in #HeftDataSource
 *
 * Returns: whether heft_data_load() finds the set's files on this machine (their content is not looked at)
 */
gboolean
heft_data_source_is_available (const char *name)
{
  g_auto(GStrv) files = NULL;
  g_auto(GStrv) test_files = NULL;
  g_autofree char *digits = NULL;

  if (g_str_has_prefix (name, HEFT_CLUTTERED_PREFIX))
    name += strlen (HEFT_CLUTTERED_PREFIX);
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    if (strcmp (sources[i].name, name) == 0 && sources[i].synthetic)
      return TRUE;
  if (strcmp (name, "digits-8x8") == 0)
    return (digits = find_digits ()) != NULL;
  if (strcmp (name, "cifar-10") == 0)
    return (files = find_files (name, cifar_train_files)) != NULL
           && (test_files = find_files (name, cifar_test_files)) != NULL;
  if (strcmp (name, "mnist-10k") == 0 || strcmp (name, "fashion-mnist") == 0 || strcmp (name, "mnist") == 0)
    return (files = find_idx (name)) != NULL;
  return FALSE;
}

static gboolean
set_missing (const char *name, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "heft", "datasets", name, NULL);
  g_autofree char *shown = g_filename_display_name (folder);

  if (strcmp (name, "fashion-mnist") == 0)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
                 _("Fashion-MNIST was not found; install Debian's package dataset-fashion-mnist, or put its four IDX "
                   "files into “%s”."), shown);
  else if (strcmp (name, "cifar-10") == 0)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
                 _("CIFAR-10 was not found; put data_batch_1.bin to data_batch_5.bin and test_batch.bin of its binary "
                   "version into “%s”."), shown);
  else if (strcmp (name, "mnist") == 0)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
                 _("The whole of MNIST was not found; put its four IDX files into “%s”, or use mnist-10k."), shown);
  else
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
                 _("The bundled data set “%s” was not found; install Heft again, or set HEFT_DATA_DIR to the folder that "
                   "holds “datasets”."), name);
  return FALSE;
}

/* Ten classes, whatever labels happen to occur. */
static gboolean
check_ten_classes (const char *path, HeftPart *part, GError **error)
{
  g_autofree char *name = NULL;

  if (part->n_classes <= 10)
    {
      part->n_classes = 10;
      return TRUE;
    }
  name = g_filename_display_name (path);
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
               _("“%s” holds the label %zu, where this set has 0 to 9; copy or download it again."),
               name, part->n_classes - 1);
  return FALSE;
}

static gboolean
read_idx_set (const char *name, HeftPart *train, HeftPart *test, GError **error)
{
  g_auto(GStrv) files = find_idx (name);

  if (files == NULL)
    return set_missing (name, error);
  return heft_part_read_pair (files[0], files[1], train, error)
         && check_ten_classes (files[1], train, error)
         && (test == NULL || (heft_part_read_pair (files[2], files[3], test, error)
                              && check_ten_classes (files[3], test, error)));
}

static gboolean
read_cifar_set (const char *name, HeftPart *train, HeftPart *test, GError **error)
{
  g_auto(GStrv) train_files = find_files (name, cifar_train_files);
  g_auto(GStrv) test_files = find_files (name, cifar_test_files);

  if (train_files == NULL || test_files == NULL)
    return set_missing (name, error);
  return heft_part_read_cifar ((const char *const *) train_files, train, error)
         && (test == NULL || heft_part_read_cifar ((const char *const *) test_files, test, error));
}

/* The table becomes images: bytes 0..16 that are divided by 16. */
static gboolean
read_digits (HeftPart *digits, GError **error)
{
  g_autofree char *path = find_digits ();
  const float *values;
  guint8 *bytes;

  if (path == NULL)
    return set_missing ("digits-8x8", error);
  if (!heft_part_read_csv (path, digits, error) || !check_ten_classes (path, digits, error))
    return FALSE;
  values = g_bytes_get_data (digits->inputs, NULL);
  bytes = g_malloc (digits->n * 64);
  for (gsize i = 0; i < digits->n * 64; i++)
    {
      if (digits->shape[2] != 64 || digits->element != HEFT_ELEMENT_FLOAT
          || !(values[i] >= 0.0f && values[i] <= 16.0f && values[i] == rintf (values[i])))
        {
          g_free (bytes);
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("“%s” is not the bundled table of 64 values from 0 to 16; install Heft again, or give your own "
                         "file by its path."), path);
          return FALSE;
        }
      bytes[i] = (guint8) values[i];
    }
  g_bytes_unref (digits->inputs);
  digits->inputs = g_bytes_new_take (bytes, digits->n * 64);
  digits->shape[1] = digits->shape[2] = 8;
  digits->is_image = TRUE;
  digits->element = HEFT_ELEMENT_BYTE;
  digits->divisor = 16.0;
  return TRUE;
}

/* For digits-8x8 the whole file goes to @train; the caller splits it. */
gboolean
heft_source_read (const char *name, HeftPart *train, HeftPart *test, GError **error)
{
  if (strcmp (name, "digits-8x8") == 0)
    return read_digits (train, error);
  if (strcmp (name, "cifar-10") == 0)
    return read_cifar_set (name, train, test, error);
  return read_idx_set (name, train, test, error);
}
