/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/dataset.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <heft/nuisance.h>
#include <string.h>

#include "data/dataset-private.h"
#include "data/load-private.h"

#define SYNTHETIC_SAMPLES 1000
#define DIGITS_TEST       300
#define CLUTTER_PIECES    6

static const HeftDataSource *
find_source (const char *name)
{
  gsize n;
  const HeftDataSource *sources = heft_data_sources (&n);

  for (gsize i = 0; i < n; i++)
    if (strcmp (sources[i].name, name) == 0)
      return &sources[i];
  return NULL;
}

static gboolean
set_unknown (const char *spec, GError **error)
{
  g_autoptr(GString) names = g_string_new (NULL);
  g_autofree char *shown = g_filename_display_name (spec);
  gsize n;
  const HeftDataSource *sources = heft_data_sources (&n);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", sources[i].name);
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
               _("There is neither a data set nor a file “%s”; choose one of %s, or give IMAGES,LABELS or FILE.csv."),
               shown, names->str);
  return FALSE;
}

static gboolean
has_suffix (const char *path, const char *suffix)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);
  g_autofree char *zipped = g_strconcat (suffix, ".gz", NULL);

  return g_str_has_suffix (lower, suffix) || g_str_has_suffix (lower, zipped);
}

static gboolean
is_byte_array_file (const char *path)
{
  return has_suffix (path, ".npy") || has_suffix (path, "-ubyte") || has_suffix (path, ".idx");
}

static gboolean
read_single (const char *path, HeftPart *train, GError **error)
{
  if (has_suffix (path, ".bin"))
    return heft_part_read_cifar ((const char *const[]) { path, NULL }, train, error);
  if (is_byte_array_file (path))
    {
      g_autofree char *shown = g_filename_display_name (path);

      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("“%s” alone has no labels; give two files as IMAGES,LABELS."), shown);
      return FALSE;
    }
  return heft_part_read_csv (path, train, error);
}

/* A user's files. @test stays empty where they have no test part, or where it is NULL. */
static gboolean
read_files (const char *spec, HeftPart *train, HeftPart *test, GError **error)
{
  g_auto(GStrv) parts = g_strsplit (spec, ",", -1);
  guint n = g_strv_length (parts);

  /* A comma may be part of a file's name. */
  if (n <= 1 || g_file_test (spec, G_FILE_TEST_EXISTS))
    {
      if (!g_file_test (spec, G_FILE_TEST_EXISTS) && strpbrk (spec, "/.") == NULL)
        return set_unknown (spec, error);
      return read_single (spec, train, error);
    }
  if (g_strv_contains ((const char *const *) parts, ""))
    n = 0;
  if (n == 2 && has_suffix (parts[0], ".csv") && has_suffix (parts[1], ".csv"))
    return heft_part_read_csv (parts[0], train, error)
           && (test == NULL || heft_part_read_csv (parts[1], test, error));
  if (n == 2)
    return heft_part_read_pair (parts[0], parts[1], train, error);
  if (n == 4)
    return heft_part_read_pair (parts[0], parts[1], train, error)
           && (test == NULL || heft_part_read_pair (parts[2], parts[3], test, error));
  {
    g_autofree char *shown = g_filename_display_name (spec);

    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                 _("“%s” does not name two or four files; give IMAGES,LABELS, or IMAGES,LABELS,IMAGES,LABELS with a test "
                   "part, or TRAIN.csv,TEST.csv."), shown);
    return FALSE;
  }
}

static gboolean
split_shuffled (HeftDataset *all, guint64 seed, HeftDataPair *pair, GError **error)
{
  gsize n = heft_dataset_get_n_samples (all);
  gsize n_test = MAX (1, n / 5);
  g_autofree guint32 *order = g_new (guint32, n);

  if (n < 2)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” holds a single sample, where one for training and one for testing are needed; add samples."),
                   heft_dataset_get_name (all));
      return FALSE;
    }
  heft_stream_permutation (heft_stream (seed, HEFT_PURPOSE_DATA_SPLIT, 0), 0, n, order);
  pair->test = heft_dataset_subset (all, order, n_test);
  pair->train = heft_dataset_subset (all, order + n_test, n - n_test);
  return TRUE;
}

/* By position, so that every seed is tested on the same samples. */
static gboolean
split_digits (HeftDataset *all, HeftDataPair *pair, GError **error)
{
  gsize n = heft_dataset_get_n_samples (all);
  guint32 last[DIGITS_TEST];

  if (n <= DIGITS_TEST)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“digits-8x8” holds only %zu samples; install Heft again."), n);
      return FALSE;
    }
  for (gsize i = 0; i < DIGITS_TEST; i++)
    last[i] = n - DIGITS_TEST + i;
  pair->train = heft_dataset_head (all, n - DIGITS_TEST);
  pair->test = heft_dataset_subset (all, last, DIGITS_TEST);
  return TRUE;
}

static gboolean
check_same_shape (const char *name, const HeftPart *train, const HeftPart *test, GError **error)
{
  if (memcmp (train->shape, test->shape, sizeof train->shape) == 0)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
               _("“%s”: training inputs are %zu × %zu × %zu"
                 " but test inputs %zu × %zu × %zu"
                 "; give two parts of one shape."),
               name, train->shape[0], train->shape[1], train->shape[2],
               test->shape[0], test->shape[1], test->shape[2]);
  return FALSE;
}

static gboolean
load_pair (const char *spec, guint64 seed, HeftDataPair *pair, GError **error)
{
  const HeftDataSource *source = find_source (spec);
  g_auto(HeftPart) train = { 0 };
  g_auto(HeftPart) test = { 0 };
  g_autoptr(HeftDataset) all = NULL;
  g_autofree char *name = NULL;
  gsize n_classes;

  pair->train = pair->test = NULL;
  if (source != NULL && source->synthetic)
    {
      pair->train = heft_data_synthetic (spec, SYNTHETIC_SAMPLES, -1.0, seed, 0, error);
      pair->test = heft_data_synthetic (spec, SYNTHETIC_SAMPLES, -1.0, seed, 1, error);
      return TRUE;
    }
  if (!(source != NULL ? heft_source_read (spec, &train, &test, error) : read_files (spec, &train, &test, error)))
    return FALSE;
  name = g_filename_display_name (spec);
  if (test.n == 0)
    {
      all = heft_part_to_dataset (&train, name, train.n_classes);
      return source != NULL ? split_digits (all, pair, error) : split_shuffled (all, seed, pair, error);
    }
  if (!check_same_shape (name, &train, &test, error))
    return FALSE;
  n_classes = MAX (train.n_classes, test.n_classes);
  pair->train = heft_part_to_dataset (&train, name, n_classes);
  pair->test = heft_part_to_dataset (&test, name, n_classes);
  return TRUE;
}

/* What stands behind "cluttered-" where that is a named set of images; NULL for every other spec. */
static const char *
find_cluttered (const char *spec)
{
  const HeftDataSource *source;

  if (!g_str_has_prefix (spec, HEFT_CLUTTERED_PREFIX))
    return NULL;
  spec += strlen (HEFT_CLUTTERED_PREFIX);
  source = find_source (spec);
  return source != NULL && !source->synthetic && !g_str_has_prefix (spec, HEFT_CLUTTERED_PREFIX) ? spec : NULL;
}

/* A canvas of 40 pixels and pieces of 8 for images of 28, and in proportion. */
static HeftDataset *
clutter (HeftDataset *plain, guint64 seed, guint32 index, GError **error)
{
  gsize channels, height, width, side;

  heft_dataset_get_shape (plain, &channels, &height, &width);
  side = MAX (height, width);
  return heft_dataset_clutter (plain, side + side * 3 / 7, CLUTTER_PIECES, MAX (1, MIN (height, width) * 2 / 7), seed, index, error);
}

gboolean
heft_data_load (const char *spec, guint64 seed, HeftDataPair *pair, GError **error)
{
  const char *images = find_cluttered (spec);
  g_auto(HeftDataPair) plain = { 0 };

  if (images == NULL)
    return load_pair (spec, seed, pair, error);
  pair->train = pair->test = NULL;
  if (!load_pair (images, seed, &plain, error))
    return FALSE;
  pair->train = clutter (plain.train, seed, 0, error);
  pair->test = pair->train != NULL ? clutter (plain.test, seed, 1, error) : NULL;
  if (pair->test == NULL)
    heft_data_pair_clear (pair);
  return pair->test != NULL;
}

static HeftDataset *
load_all (const char *spec, guint64 seed, GError **error)
{
  const HeftDataSource *source = find_source (spec);
  g_auto(HeftPart) train = { 0 };
  g_autofree char *name = NULL;

  if (source != NULL && source->synthetic)
    return heft_data_synthetic (spec, SYNTHETIC_SAMPLES, -1.0, seed, 0, error);
  if (!(source != NULL ? heft_source_read (spec, &train, NULL, error) : read_files (spec, &train, NULL, error)))
    return NULL;
  name = g_filename_display_name (spec);
  return heft_part_to_dataset (&train, name, train.n_classes);
}

HeftDataset *
heft_data_load_all (const char *spec, guint64 seed, GError **error)
{
  const char *images = find_cluttered (spec);
  g_autoptr(HeftDataset) all = load_all (images != NULL ? images : spec, seed, error);

  if (all == NULL || images == NULL)
    return g_steal_pointer (&all);
  return clutter (all, seed, 0, error);
}
