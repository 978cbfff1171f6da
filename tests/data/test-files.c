/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>
#include <string.h>

#include "files.h"

/* Loading @spec fails with one sentence that holds each of the words. */
static void
assert_refused (const char *spec, int code, ...)
{
  g_auto(HeftDataPair) pair = { 0 };
  g_autoptr(GError) error = NULL;
  va_list words;
  const char *word;

  g_assert_false (heft_data_load (spec, 0, &pair, &error));
  g_assert_error (error, HEFT_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_true (g_str_has_suffix (error->message, "."));
  g_assert_null (strchr (error->message, '\n'));
  va_start (words, code);
  while ((word = va_arg (words, const char *)) != NULL)
    if (strstr (error->message, word) == NULL)
      g_error ("“%s” is missing in “%s”", word, error->message);
  va_end (words);
  g_assert_null (pair.train);
  g_assert_null (pair.test);
}

static void
refuse_csv (FilesFixture *fixture, const char *text, gssize n, const char *line, const char *column, const char *word)
{
  g_autofree char *path = files_write (fixture->folder, "broken.csv", text, n < 0 ? strlen (text) : (gsize) n);

  assert_refused (path, HEFT_ERROR_INVALID_DATA, "broken.csv", line, column, word, NULL);
}

static void
test_csv_refused (FilesFixture *fixture, gconstpointer user_data)
{
  g_autofree char *long_field = g_strnfill (5000, '1');
  g_autofree char *long_row = g_strconcat ("a,label\n1,0\n", long_field, ",0\n", NULL);

  refuse_csv (fixture, "a,b,label\n1,2,0\n1,x,1\n", -1, "line 3", "column 2", "“b” is “x”");
  refuse_csv (fixture, "a,b,label\n1,2,0\n1,,1\n", -1, "line 3", "column 2", "“b” is empty");
  refuse_csv (fixture, "a,b,label\n1,nan,0\n", -1, "line 2", "column 2", "nan");
  refuse_csv (fixture, "a,b,label\n-inf,1,0\n", -1, "line 2", "column 1", "-inf");
  refuse_csv (fixture, "a,b,label\n1e999,1,0\n", -1, "line 2", "column 1", "1e999");
  refuse_csv (fixture, "a,b,label\n0x10,1,0\n", -1, "line 2", "column 1", "0x10");
  refuse_csv (fixture, "a,b,label\n1,2\n", -1, "line 2", "column 2", "3 columns");
  refuse_csv (fixture, "a,b,label\n1,2,0,5\n", -1, "line 2", "column 4", "surplus");
  refuse_csv (fixture, "a,b,label\n1,2,-1\n", -1, "line 2", "column 3", "-1");
  refuse_csv (fixture, "a,b,label\n1,2,256\n", -1, "line 2", "column 3", "256");
  refuse_csv (fixture, "a,b,label\n1,2,1.5\n", -1, "line 2", "column 3", "1.5");
  refuse_csv (fixture, "a,b,label\n1,2,cat\n", -1, "line 2", "column 3", "cat");
  refuse_csv (fixture, "1,2,0\n3,4,1\n", -1, "line 1", "column 3", "“label”");
  refuse_csv (fixture, "label\n1\n", -1, "line 1", "column 1", "no feature");
  refuse_csv (fixture, "a,\"b,label\n1,2,0\n", -1, "line 1", "column 2", "never closed");
  refuse_csv (fixture, "a,b,label\n1,\"2\"3,0\n", -1, "line 2", "column 2", "closing quotation mark");
  refuse_csv (fixture, "a,b,label\n1,2\"3,0\n", -1, "line 2", "column 2", "quotation mark");
  refuse_csv (fixture, "a,b,label\r1,2,0\r", -1, "line 1", "column 3", "carriage return");
  refuse_csv (fixture, "a,b\xff,label\n1,2,0\n", -1, "line 1", "column 2", "UTF-8");
  refuse_csv (fixture, "a,b,label\n1,\xff\xfe,0\n", -1, "line 2", "column 2", "not a finite");
  refuse_csv (fixture, "a,b,label\n1,2\0003,0\n", 18, "line 2", "column 2", "not a finite");
  refuse_csv (fixture, "\"a\nb\",c,label\n1,2,0\n1,y,0\n", -1, "line 4", "column 2", "y");
  refuse_csv (fixture, long_row, -1, "line 3", "column 1", "4096");
  refuse_csv (fixture, "", 0, "broken.csv", "empty", "label");
  refuse_csv (fixture, "\n\n", -1, "broken.csv", "empty", "label");
  refuse_csv (fixture, "a,label\n", -1, "broken.csv", "no rows", "add");
  refuse_csv (fixture, "a,label\n1,0\n", -1, "broken.csv", "single sample", "add");
}

static void
test_csv_accepted (FilesFixture *fixture, gconstpointer user_data)
{
  static const char text[] = "\xef\xbb\xbf" "\"fe\"\"at,ure\",\xc3\xb6, Label\r\n"
                             "1,\"2.5\",0\r\n\r\n-3e-2, +4 ,3\r\n0.1,1e300,1";
  g_autofree char *path = files_write (fixture->folder, "with, comma.csv", text, sizeof text - 1);
  g_autoptr(GBytes) zipped = files_gzip (text, sizeof text - 1);
  g_autofree char *zipped_path = files_write (fixture->folder, "zipped.csv.gz", g_bytes_get_data (zipped, NULL),
                                              g_bytes_get_size (zipped));
  const double expected[] = { 1, 2.5, -0.03, 4, 0.1, 1e300 };

  for (int i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(HeftDataset) data = heft_data_load_all (i == 0 ? path : zipped_path, 0, &error);
      double values[6];

      g_assert_no_error (error);
      g_assert_cmpuint (heft_dataset_get_n_samples (data), ==, 3);
      g_assert_cmpuint (heft_dataset_get_n_features (data), ==, 2);
      g_assert_cmpuint (heft_dataset_get_n_classes (data), ==, 4);
      g_assert_false (heft_dataset_get_shape (data, NULL, NULL, NULL));
      heft_dataset_gather_f64 (data, NULL, 0, 3, values);
      for (int j = 0; j < 6; j++)
        g_assert_cmpfloat (values[j], ==, expected[j]);
      g_assert_cmpmem (heft_dataset_get_labels (data), 3, "\0\3\1", 3);
    }
}

static void
test_csv_test_part (FilesFixture *fixture, gconstpointer user_data)
{
  g_autofree char *train = files_write (fixture->folder, "train.csv", "a,label\n1,0\n2,1\n3,0\n", 20);
  g_autofree char *test = files_write (fixture->folder, "test.csv", "a,label\n4,2\n", 12);
  g_autofree char *wide = files_write (fixture->folder, "wide.csv", "a,b,label\n4,5,2\n", 16);
  g_autofree char *spec = g_strconcat (train, ",", test, NULL);
  g_autofree char *mixed = g_strconcat (train, ",", wide, NULL);
  g_auto(HeftDataPair) pair = { 0 };

  g_assert_true (heft_data_load (spec, 0, &pair, NULL));
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, 3);
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, 1);
  g_assert_cmpuint (heft_dataset_get_n_classes (pair.train), ==, 3);
  g_assert_cmpuint (heft_dataset_get_n_classes (pair.test), ==, 3);
  assert_refused (mixed, HEFT_ERROR_INVALID_DATA, "wide.csv", "1 × 1 × 1", "1 × 1 × 2", NULL);
}

/* Every sample goes to one side, four to one, by the seed. */
static void
test_split (FilesFixture *fixture, gconstpointer user_data)
{
  g_autoptr(GString) text = g_string_new ("a,label\n");
  g_autofree char *path = NULL;
  int seen[50] = { 0 };
  float first[2][40];

  for (int i = 0; i < 50; i++)
    g_string_append_printf (text, "%d,%d\n", i, i % 2);
  path = files_write (fixture->folder, "fifty.csv", text->str, text->len);
  for (guint64 seed = 0; seed < 2; seed++)
    {
      g_auto(HeftDataPair) pair = { 0 };
      g_auto(HeftDataPair) again = { 0 };
      float test[10], repeated[40];

      g_assert_true (heft_data_load (path, seed, &pair, NULL));
      g_assert_true (heft_data_load (path, seed, &again, NULL));
      g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, 40);
      g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, 10);
      heft_dataset_gather_f32 (pair.train, NULL, 0, 40, first[seed]);
      heft_dataset_gather_f32 (again.train, NULL, 0, 40, repeated);
      heft_dataset_gather_f32 (pair.test, NULL, 0, 10, test);
      g_assert_cmpmem (first[seed], sizeof repeated, repeated, sizeof repeated);
      for (int i = 0; i < 40; i++)
        {
          seen[(int) first[seed][i]]++;
          g_assert_cmpuint (heft_dataset_get_labels (pair.train)[i], ==, (int) first[seed][i] % 2);
        }
      for (int i = 0; i < 10; i++)
        seen[(int) test[i]]++;
    }
  for (int i = 0; i < 50; i++)
    g_assert_cmpint (seen[i], ==, 2);
  g_assert_cmpint (memcmp (first[0], first[1], sizeof first[0]), !=, 0);
}

static char *
write_idx (FilesFixture *fixture, const char *name, guint n_dimensions, const guint32 *dimensions, gsize n)
{
  g_autoptr(GByteArray) array = files_idx (n_dimensions, dimensions, n);

  return files_write (fixture->folder, name, array->data, array->len);
}

static void
test_idx_accepted (FilesFixture *fixture, gconstpointer user_data)
{
  g_autofree char *images = write_idx (fixture, "images", 3, (guint32[]) { 5, 2, 3 }, 30);
  g_autofree char *colours = write_idx (fixture, "colours", 4, (guint32[]) { 5, 3, 1, 2 }, 30);
  g_autofree char *labels = write_idx (fixture, "labels", 1, (guint32[]) { 5 }, 5);
  g_autofree char *spec = g_strconcat (images, ",", labels, NULL);
  g_autofree char *colour_spec = g_strconcat (colours, ",", labels, NULL);
  g_autofree char *four = g_strconcat (spec, ",", spec, NULL);
  g_autofree char *three = g_strconcat (spec, ",", images, NULL);
  g_autoptr(HeftDataset) data = heft_data_load_all (spec, 0, NULL);
  g_autoptr(HeftDataset) colour = heft_data_load_all (colour_spec, 0, NULL);
  g_auto(HeftDataPair) pair = { 0 };
  double values[30];
  gsize channels, height, width;

  g_assert_nonnull (data);
  g_assert_true (heft_dataset_get_shape (data, &channels, &height, &width));
  g_assert_cmpuint (channels * 100 + height * 10 + width, ==, 123);
  g_assert_cmpuint (heft_dataset_get_n_classes (data), ==, 29);
  heft_dataset_gather_f64 (data, NULL, 0, 5, values);
  for (int i = 0; i < 30; i++)
    g_assert_cmpfloat (values[i], ==, i * 7 / 255.0);
  g_assert_nonnull (colour);
  heft_dataset_get_shape (colour, &channels, &height, &width);
  g_assert_cmpuint (channels * 100 + height * 10 + width, ==, 312);
  g_assert_true (heft_data_load (four, 0, &pair, NULL));
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, 5);
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, 5);
  assert_refused (three, HEFT_ERROR_INVALID_PARAMETER, "two or four files", "IMAGES,LABELS", NULL);
}

static void
refuse_images (FilesFixture *fixture, gconstpointer bytes, gsize n, int code, const char *word)
{
  g_autofree char *images = files_write (fixture->folder, "bad-images", bytes, n);
  g_autofree char *labels = write_idx (fixture, "labels", 1, (guint32[]) { 5 }, 5);
  g_autofree char *spec = g_strconcat (images, ",", labels, NULL);

  assert_refused (spec, code, "bad-images", word, NULL);
}

static void
test_idx_refused (FilesFixture *fixture, gconstpointer user_data)
{
  static const struct { guint n; guint32 dimensions[4]; gsize bytes; int code; const char *word; } cases[] =
  {
    { 3, { 5, 2, 3 }, 29, HEFT_ERROR_INVALID_DATA, "cut short" },
    { 3, { 5, 2, 3 }, 31, HEFT_ERROR_INVALID_DATA, "goes on" },
    { 3, { 0, 2, 3 }, 0, HEFT_ERROR_INVALID_DATA, "dimension 1" },
    { 3, { 5, 2, 0 }, 0, HEFT_ERROR_INVALID_DATA, "dimension 3" },
    { 3, { 0xffffffff, 0xffffffff, 0xffffffff }, 30, HEFT_ERROR_TOO_LARGE, "too large" },
    { 4, { 0x80000000, 0x80000000, 0x80000000, 0x80000000 }, 30, HEFT_ERROR_TOO_LARGE, "too large" },
    { 4, { 2, 0x10000, 0x10000, 0x10000 }, 30, HEFT_ERROR_TOO_LARGE, "too large" },
    { 3, { 2, 2048, 1024 }, 30, HEFT_ERROR_TOO_LARGE, "too large" },
    { 3, { 2000, 1024, 1024 }, 30, HEFT_ERROR_INVALID_DATA, "cut short" },
    { 1, { 5 }, 5, HEFT_ERROR_INVALID_DATA, "labels where images" },
    { 3, { 4, 2, 3 }, 24, HEFT_ERROR_INVALID_DATA, "4 samples but" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GByteArray) array = files_idx (cases[i].n, cases[i].dimensions, cases[i].bytes);
      g_autoptr(GBytes) zipped = files_gzip (array->data, array->len);

      refuse_images (fixture, array->data, array->len, cases[i].code, cases[i].word);
      refuse_images (fixture, g_bytes_get_data (zipped, NULL), g_bytes_get_size (zipped), cases[i].code, cases[i].word);
    }
  refuse_images (fixture, "", 0, HEFT_ERROR_INVALID_DATA, "empty");
  refuse_images (fixture, "\0\0", 2, HEFT_ERROR_INVALID_DATA, "cut short");
  refuse_images (fixture, "\0\0\x08\x03\0\0", 6, HEFT_ERROR_INVALID_DATA, "cut short");
  refuse_images (fixture, "\x89PNG\r\n", 6, HEFT_ERROR_INVALID_DATA, "89 50 4e 47");
  refuse_images (fixture, "\0\0\x0d\x03", 4, HEFT_ERROR_INVALID_DATA, "0x0d");
  refuse_images (fixture, "\0\0\x08\0", 4, HEFT_ERROR_INVALID_DATA, "0 dimensions");
  refuse_images (fixture, "\0\0\x08\xff", 4, HEFT_ERROR_INVALID_DATA, "255 dimensions");
}

static void
test_gzip (FilesFixture *fixture, gconstpointer user_data)
{
  g_autoptr(GByteArray) array = files_idx (3, (guint32[]) { 5, 2, 3 }, 30);
  g_autoptr(GBytes) zipped = files_gzip (array->data, array->len);
  g_autoptr(GBytes) first = files_gzip (array->data, 20);
  g_autoptr(GBytes) second = files_gzip (array->data + 20, array->len - 20);
  g_autofree char *labels = write_idx (fixture, "labels", 1, (guint32[]) { 5 }, 5);
  g_autoptr(GByteArray) members = g_byte_array_new ();
  g_autofree char *path = NULL;
  g_autofree char *spec = NULL;
  g_autoptr(HeftDataset) data = NULL;
  gsize n = g_bytes_get_size (zipped);
  g_autofree guint8 *damaged = g_memdup2 (g_bytes_get_data (zipped, NULL), n);

  for (gsize cut = 2; cut < n; cut++)
    refuse_images (fixture, g_bytes_get_data (zipped, NULL), cut, HEFT_ERROR_INVALID_DATA, "cut short");
  damaged[n - 6] ^= 1;   /* in the checksum */
  refuse_images (fixture, damaged, n, HEFT_ERROR_INVALID_DATA, "damaged");

  g_byte_array_append (members, g_bytes_get_data (zipped, NULL), n);
  g_byte_array_append (members, (const guint8 *) "trailing", 8);
  refuse_images (fixture, members->data, members->len, HEFT_ERROR_INVALID_DATA, "after the end");
  g_byte_array_set_size (members, 0);
  g_byte_array_append (members, g_bytes_get_data (first, NULL), g_bytes_get_size (first));
  g_byte_array_append (members, g_bytes_get_data (second, NULL), g_bytes_get_size (second));
  g_byte_array_append (members, (const guint8[16]) { 0 }, 16);
  path = files_write (fixture->folder, "members.gz", members->data, members->len);
  spec = g_strconcat (path, ",", labels, NULL);
  data = heft_data_load_all (spec, 0, NULL);
  g_assert_nonnull (data);
  g_assert_cmpuint (heft_dataset_get_n_samples (data), ==, 5);
}

static void
test_places (FilesFixture *fixture, gconstpointer user_data)
{
  g_autofree char *missing = g_build_filename (fixture->folder, "missing.csv", NULL);
  g_autofree char *alone = write_idx (fixture, "alone-ubyte", 3, (guint32[]) { 5, 2, 3 }, 30);
  g_autofree char *below = g_build_filename (alone, "below.csv", NULL);
  g_autofree char *pair = g_strconcat (alone, ",", missing, NULL);
  g_autofree char *swapped = NULL;
  g_autofree char *labels = write_idx (fixture, "labels", 1, (guint32[]) { 5 }, 5);

  swapped = g_strconcat (labels, ",", alone, NULL);
  assert_refused (missing, HEFT_ERROR_NOT_FOUND, "missing.csv", "check", NULL);
  assert_refused (below, HEFT_ERROR_NOT_FOUND, "below.csv", NULL);
  assert_refused (fixture->folder, HEFT_ERROR_INVALID_DATA, "is a folder", NULL);
  assert_refused (alone, HEFT_ERROR_INVALID_PARAMETER, "IMAGES,LABELS", NULL);
  assert_refused (pair, HEFT_ERROR_NOT_FOUND, "missing.csv", NULL);
  assert_refused (swapped, HEFT_ERROR_INVALID_DATA, "in this order", NULL);
  assert_refused ("", HEFT_ERROR_NOT_FOUND, "mnist-10k", NULL);
  assert_refused (",", HEFT_ERROR_INVALID_PARAMETER, "two or four files", NULL);
  assert_refused ("/dev/zero", HEFT_ERROR_INVALID_DATA, "line 1", "longer", NULL);
}

/* A named set that is not there, and one that is there but damaged. */
static void
test_named_folder (FilesFixture *fixture, gconstpointer user_data)
{
  g_autofree char *before = g_strdup (g_getenv ("HEFT_DATA_DIR"));
  g_autofree char *cifar = g_build_filename (fixture->folder, "datasets", "cifar-10", NULL);
  g_autofree guint8 *records = g_malloc0 (2 * 3073);

  /* A machine may have the set itself, in a folder that every user shares. */
  if (!heft_data_source_is_available ("cifar-10"))
    assert_refused ("cifar-10", HEFT_ERROR_NOT_FOUND, "test_batch.bin", "heft/datasets/cifar-10", NULL);
  g_setenv ("HEFT_DATA_DIR", fixture->folder, TRUE);
  g_mkdir_with_parents (cifar, 0700);
  for (int i = 0; i <= 5; i++)
    {
      g_autofree char *name = i > 0 ? g_strdup_printf ("data_batch_%d.bin", i) : g_strdup ("test_batch.bin");
      g_autofree char *path = NULL;

      records[0] = i;
      records[3073] = 9;
      records[1 + 1024] = 255;   /* first pixel of the second channel */
      path = files_write (cifar, name, records, 2 * 3073);
    }
  {
    g_auto(HeftDataPair) pair = { 0 };
    gsize channels, height, width;
    double first[3072];

    g_assert_true (heft_data_source_is_available ("cifar-10"));
    g_assert_true (heft_data_load ("cifar-10", 0, &pair, NULL));
    heft_dataset_get_shape (pair.train, &channels, &height, &width);
    g_assert_cmpuint (channels * height * width, ==, 3072);
    g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, 10);
    g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, 2);
    g_assert_cmpuint (heft_dataset_get_labels (pair.train)[8], ==, 5);
    heft_dataset_gather_f64 (pair.test, NULL, 0, 1, first);
    g_assert_cmpfloat (first[1024], ==, 1.0);
    g_assert_cmpfloat (first[1023] + first[1025], ==, 0.0);
  }
  {
    g_autofree char *path = files_write (cifar, "test_batch.bin", records, 2 * 3073 - 1);

    assert_refused ("cifar-10", HEFT_ERROR_INVALID_DATA, "test_batch.bin", "image 2", NULL);
  }
  {
    g_autofree char *path = NULL;

    records[0] = 10;
    path = files_write (cifar, "data_batch_3.bin", records, 2 * 3073);
    assert_refused ("cifar-10", HEFT_ERROR_INVALID_DATA, "data_batch_3.bin", "label 10", NULL);
    assert_refused (path, HEFT_ERROR_INVALID_DATA, "data_batch_3.bin", "label 10", NULL);
  }
  if (before != NULL)
    g_setenv ("HEFT_DATA_DIR", before, TRUE);
  else
    g_unsetenv ("HEFT_DATA_DIR");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/data/files/" path, FilesFixture, NULL, files_set_up, function, files_tear_down)
  ADD ("csv-refused", test_csv_refused);
  ADD ("csv-accepted", test_csv_accepted);
  ADD ("csv-test-part", test_csv_test_part);
  ADD ("split", test_split);
  ADD ("idx-accepted", test_idx_accepted);
  ADD ("idx-refused", test_idx_refused);
  ADD ("gzip", test_gzip);
  ADD ("places", test_places);
  ADD ("named-folder", test_named_folder);
#undef ADD
  return g_test_run ();
}
