/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>
#include <string.h>

#include "files.h"

/* A file of @version with the dictionary @header and @n bytes of data. */
static char *
write_npy (FilesFixture *fixture, const char *name, int version, const char *header, gconstpointer data, gsize n)
{
  g_autoptr(GString) file = g_string_new (NULL);
  gsize length = strlen (header);

  g_string_append_len (file, "\x93NUMPY", 6);
  g_string_append_c (file, version);
  g_string_append_c (file, 0);
  g_string_append_c (file, length & 255);
  g_string_append_c (file, length >> 8);
  if (version > 1)
    g_string_append_len (file, "\0\0", 2);
  g_string_append (file, header);
  g_string_append_len (file, data, n);
  return files_write (fixture->folder, name, file->str, file->len);
}

static void
test_round_trip (FilesFixture *fixture, gconstpointer user_data)
{
  const double doubles[] = { 0.1, -1e300, 5e-324, 0.0, 1.0 / 3.0, NAN };
  const float floats[] = { 0.1f, -1e30f, 3.0f, 4.0f, 5.0f, 6.0f };
  const guint8 bytes[] = { 0, 255, 3, 4, 5, 6 };
  const struct { HeftElement element; gconstpointer data; gsize item; } cases[] =
  {
    { HEFT_ELEMENT_DOUBLE, doubles, 8 }, { HEFT_ELEMENT_FLOAT, floats, 4 }, { HEFT_ELEMENT_BYTE, bytes, 1 },
  };
  const gsize shapes[][3] = { { 6 }, { 2, 3 }, { 1, 3, 2 } };
  g_autofree char *path = g_build_filename (fixture->folder, "array.npy", NULL);

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    for (guint d = 1; d <= 3; d++)
      {
        g_auto(HeftArray) array = { 0 };
        g_autoptr(GError) error = NULL;
        g_autofree char *file = NULL;
        gsize length;

        g_assert_true (heft_npy_save (path, cases[c].element, d, shapes[d - 1], cases[c].data, &error));
        g_assert_true (heft_npy_load (path, &array, &error));
        g_assert_no_error (error);
        g_assert_cmpuint (array.n_dimensions, ==, d);
        g_assert_cmpmem (array.shape, d * sizeof (gsize), shapes[d - 1], d * sizeof (gsize));
        g_assert_cmpint (array.element, ==, cases[c].element);
        g_assert_cmpmem (g_bytes_get_data (array.data, NULL), g_bytes_get_size (array.data),
                         cases[c].data, 6 * cases[c].item);
        g_assert_true (g_file_get_contents (path, &file, &length, NULL));
        g_assert_cmpuint ((length - 6 * cases[c].item) % 64, ==, 0);
      }
}

static void
test_kinds (FilesFixture *fixture, gconstpointer user_data)
{
  static const struct { const char *descr; const char *data; gsize n; double expected[2]; } cases[] =
  {
    { "|u1", "\x01\xff", 2, { 1, 255 } },
    { "|b1", "\x01\x00", 2, { 1, 0 } },
    { "|i1", "\x01\xff", 2, { 1, -1 } },
    { "<i2", "\x01\x02\xff\xff", 4, { 513, -1 } },
    { ">i2", "\x01\x02\xff\xfe", 4, { 258, -2 } },
    { "<u2", "\x01\x02\xff\xff", 4, { 513, 65535 } },
    { "<i4", "\x01\0\0\0\xff\xff\xff\xff", 8, { 1, -1 } },
    { "<u4", "\x01\0\0\0\xff\xff\xff\xff", 8, { 1, 4294967295.0 } },
    { "<i8", "\x07\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff", 16, { 7, -2 } },
    { "<f4", "\0\0\xc0\x3f\0\0\0\xc0", 8, { 1.5, -2 } },
    { ">f4", "\x3f\xc0\0\0\xc0\0\0\0", 8, { 1.5, -2 } },
    { "<f8", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 16, { 1.5, -2 } },
  };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    for (int version = 1; version <= 3; version++)
      {
        g_autofree char *header = g_strdup_printf ("{'descr': '%s', 'fortran_order': False, 'shape': (2,), }  \n",
                                                   cases[c].descr);
        g_autofree char *path = write_npy (fixture, "kinds.npy", version, header, cases[c].data, cases[c].n);
        g_auto(HeftArray) array = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_true (heft_npy_load (path, &array, &error));
        g_assert_no_error (error);
        g_assert_cmpuint (array.n_elements, ==, 2);
        g_assert_cmpfloat (heft_array_get (&array, 0), ==, cases[c].expected[0]);
        g_assert_cmpfloat (heft_array_get (&array, 1), ==, cases[c].expected[1]);
      }
}

/* Element (i, j, l) of a 2 x 3 x 4 array in Fortran order lies at i + 2 j + 6 l. */
static void
test_fortran (FilesFixture *fixture, gconstpointer user_data)
{
  guint8 data[24];
  g_autofree char *path = NULL;
  g_auto(HeftArray) array = { 0 };

  for (int i = 0; i < 24; i++)
    data[i] = i;
  path = write_npy (fixture, "fortran.npy", 1, "{\"shape\": (2L, 3, 4), 'fortran_order': True, 'descr': '|u1'}", data, 24);
  g_assert_true (heft_npy_load (path, &array, NULL));
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int l = 0; l < 4; l++)
        g_assert_cmpfloat (heft_array_get (&array, (i * 3 + j) * 4 + l), ==, i + 2 * j + 6 * l);
}

static void
test_refused (FilesFixture *fixture, gconstpointer user_data)
{
  static const struct { const char *header; gsize n; int code; const char *word; } cases[] =
  {
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, HEFT_ERROR_INVALID_DATA, "cut short" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, HEFT_ERROR_INVALID_DATA, "goes on" },
    { "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, HEFT_ERROR_INVALID_DATA, "<c8" },
    { "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, HEFT_ERROR_INVALID_DATA, "|O" },
    { "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, HEFT_ERROR_INVALID_DATA, "header" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, HEFT_ERROR_INVALID_DATA, "header" },
    { "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", 4, HEFT_ERROR_INVALID_DATA, "header" },
    { "{'descr': '<f4', 'fortran_order': False, }", 4, HEFT_ERROR_INVALID_DATA, "header" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), ", 4, HEFT_ERROR_INVALID_DATA, "header" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4, HEFT_ERROR_INVALID_DATA, "header" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4, HEFT_ERROR_TOO_LARGE, "2 GiB" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 4, HEFT_ERROR_TOO_LARGE, "2 GiB" },
    { "{'descr': '<i2', 'fortran_order': False, 'shape': (1000000000,), }", 4, HEFT_ERROR_TOO_LARGE, "2 GiB" },
    { "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", 8, HEFT_ERROR_INVALID_DATA, "2^53" },
  };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      g_autofree char *path = write_npy (fixture, "bad.npy", 1, cases[c].header, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f",
                                         cases[c].n);
      g_auto(HeftArray) array = { 0 };
      g_autoptr(GError) error = NULL;

      g_assert_false (heft_npy_load (path, &array, &error));
      g_test_message ("%s", error->message);
      g_assert_error (error, HEFT_ERROR, cases[c].code);
      g_assert_nonnull (strstr (error->message, "bad.npy"));
      g_assert_nonnull (strstr (error->message, cases[c].word));
    }
  {
    static const char huge[] = "\x93NUMPY\x02\0\xff\xff\xff\x7f{";
    g_autofree char *path = files_write (fixture->folder, "huge.npy", huge, sizeof huge - 1);
    g_auto(HeftArray) array = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false (heft_npy_load (path, &array, &error));
    g_assert_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE);
  }
}

/* Inputs and labels as a data argument: doubles keep their digits, bytes are scaled, labels are checked. */
static void
test_dataset (FilesFixture *fixture, gconstpointer user_data)
{
  const double inputs[] = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6 };
  const double infinite[] = { 0.1, 0.2, 0.3, INFINITY, 0.5, 0.6 };
  g_autofree char *x = g_build_filename (fixture->folder, "x.npy", NULL);
  g_autofree char *y = write_npy (fixture, "y.npy", 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,)}",
                                  "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 24);
  g_autofree char *negative = write_npy (fixture, "negative.npy", 1,
                                         "{'descr': '|i1', 'fortran_order': False, 'shape': (3,)}", "\1\xff\1", 3);
  g_autofree char *spec = g_strconcat (x, ",", y, NULL);
  g_autofree char *bad = g_strconcat (x, ",", negative, NULL);
  g_autofree char *swapped = g_strconcat (y, ",", x, NULL);
  g_autoptr(HeftDataset) data = NULL;
  g_autoptr(GError) error = NULL;
  double out[6];

  g_assert_true (heft_npy_save (x, HEFT_ELEMENT_DOUBLE, 2, (gsize[]) { 3, 2 }, inputs, NULL));
  data = heft_data_load_all (spec, 0, &error);
  g_assert_no_error (error);
  heft_dataset_gather_f64 (data, NULL, 0, 3, out);
  g_assert_cmpmem (out, sizeof out, inputs, sizeof inputs);
  g_assert_cmpmem (heft_dataset_get_labels (data), 3, "\2\0\1", 3);
  g_assert_cmpuint (heft_dataset_get_n_classes (data), ==, 3);

  g_assert_null (heft_data_load_all (bad, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "sample 1"));
  g_clear_error (&error);
  g_assert_null (heft_data_load_all (swapped, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "1 dimensions"));
  g_clear_error (&error);
  g_assert_true (heft_npy_save (x, HEFT_ELEMENT_DOUBLE, 2, (gsize[]) { 3, 2 }, infinite, NULL));
  g_assert_null (heft_data_load_all (spec, 0, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
  g_assert_nonnull (strstr (error->message, "sample 1, feature 1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/data/npy/" path, FilesFixture, NULL, files_set_up, function, files_tear_down)
  ADD ("round-trip", test_round_trip);
  ADD ("kinds", test_kinds);
  ADD ("fortran", test_fortran);
  ADD ("refused", test_refused);
  ADD ("dataset", test_dataset);
#undef ADD
  return g_test_run ();
}
