/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <string.h>

#include "files.h"

#define ROUNDS 400

/* Flips, cuts, repeats or inserts at random; loading must end in data or in a sentence. */
static void
mutate (GRand *rand, GByteArray *bytes)
{
  int n = g_rand_int_range (rand, 1, 5);

  for (int i = 0; i < n && bytes->len > 0; i++)
    {
      guint at = g_rand_int_range (rand, 0, bytes->len);

      switch (g_rand_int_range (rand, 0, 5))
        {
        case 0:
          bytes->data[at] ^= 1 << g_rand_int_range (rand, 0, 8);
          break;
        case 1:
          bytes->data[at] = g_rand_int_range (rand, 0, 256);
          break;
        case 2:
          g_byte_array_set_size (bytes, at);
          break;
        case 3:
          g_byte_array_remove_index (bytes, at);
          break;
        default:
          /* The head is where the lengths are. */
          bytes->data[MIN (at % 24, bytes->len - 1)] = g_rand_boolean (rand) ? 0xff : 0;
        }
    }
}

static void
fuzz (const char *folder, const char *name, GBytes *valid, const char *partner, guint32 seed)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *spec = partner != NULL ? g_strconcat (path, ",", partner, NULL) : g_strdup (path);
  guint n_refused = 0;

  for (int round = -1; round < ROUNDS; round++)
    {
      g_autoptr(GByteArray) bytes = g_byte_array_new ();
      g_auto(HeftDataPair) pair = { 0 };
      g_autoptr(GError) error = NULL;

      g_byte_array_append (bytes, g_bytes_get_data (valid, NULL), g_bytes_get_size (valid));
      if (round >= 0)
        mutate (rand, bytes);
      g_assert_true (g_file_set_contents_full (path, (const char *) bytes->data, bytes->len,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      if (heft_data_load (spec, 0, &pair, &error))
        {
          gsize n = heft_dataset_get_n_samples (pair.train), d = heft_dataset_get_n_features (pair.train);
          g_autofree float *out = g_new (float, n * d);

          g_assert_no_error (error);
          heft_dataset_gather_f32 (pair.train, NULL, 0, n, out);
          continue;
        }
      g_assert_cmpint (round, >=, 0);
      g_assert_nonnull (error);
      g_assert_cmpuint (error->domain, ==, HEFT_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_true (g_str_has_suffix (error->message, "."));
      n_refused++;
    }
  g_test_message ("%s: %u of %d refused", name, n_refused, ROUNDS);
  g_assert_cmpuint (n_refused, >, ROUNDS / 10);
}

static void
test_fuzz (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-test-XXXXXX", NULL);
  g_autoptr(GByteArray) images = files_idx (3, (guint32[]) { 6, 3, 4 }, 72);
  g_autoptr(GByteArray) labels = files_idx (1, (guint32[]) { 6 }, 6);
  g_autofree char *labels_path = files_write (folder, "labels", labels->data, labels->len);
  g_autoptr(GBytes) images_bytes = g_bytes_new (images->data, images->len);
  g_autoptr(GBytes) zipped = files_gzip (images->data, images->len);
  static const char csv[] = "x,\"y\",label\n1.5,2,0\r\n-3,\"4e1\",1\n0.25,6,2\n";
  g_autoptr(GBytes) table = g_bytes_new_static (csv, sizeof csv - 1);
  g_autoptr(GBytes) zipped_table = files_gzip (csv, sizeof csv - 1);
  g_autofree char *npy_path = g_build_filename (folder, "seed.npy", NULL);
  g_autoptr(GBytes) npy = NULL;
  float values[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  char *contents;
  gsize length;

  g_assert_true (heft_npy_save (npy_path, HEFT_ELEMENT_FLOAT, 2, (gsize[]) { 6, 2 }, values, NULL));
  g_assert_true (g_file_get_contents (npy_path, &contents, &length, NULL));
  npy = g_bytes_new_take (contents, length);

  fuzz (folder, "images", images_bytes, labels_path, 1);
  fuzz (folder, "images.gz", zipped, labels_path, 2);
  fuzz (folder, "table.csv", table, NULL, 3);
  fuzz (folder, "table.csv.gz", zipped_table, NULL, 4);
  fuzz (folder, "array.npy", npy, labels_path, 5);
  files_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/fuzz", test_fuzz);
  return g_test_run ();
}
