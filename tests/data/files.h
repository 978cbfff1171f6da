/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <glib/gstdio.h>

/* A temporary folder and what tests put into it. */
typedef struct
{
  char *folder;
} FilesFixture;

static inline char *
files_write (const char *folder, const char *name, gconstpointer bytes, gsize n)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, bytes, n, NULL));
  return path;
}

static inline GBytes *
files_gzip (gconstpointer bytes, gsize n)
{
  g_autoptr(GConverter) compressor = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6));
  g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr(GOutputStream) zip = g_converter_output_stream_new (memory, compressor);

  g_assert_true (g_output_stream_write_all (zip, bytes, n, NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (zip, NULL, NULL));
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

static inline void
files_append_u32 (GByteArray *array, guint32 value)
{
  const guint8 bytes[] = { value >> 24, value >> 16, value >> 8, value };

  g_byte_array_append (array, bytes, 4);
}

/* An IDX file of @n_dimensions with @n bytes 0, 7, 14, ... */
static inline GByteArray *
files_idx (guint n_dimensions, const guint32 *dimensions, gsize n)
{
  GByteArray *array = g_byte_array_new ();

  files_append_u32 (array, 0x0800 | n_dimensions);
  for (guint i = 0; i < n_dimensions; i++)
    files_append_u32 (array, dimensions[i]);
  for (gsize i = 0; i < n; i++)
    g_byte_array_append (array, (const guint8[]) { i * 7 }, 1);
  return array;
}

static inline void
files_remove_folder (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        files_remove_folder (path);
      else
        g_remove (path);
    }
  g_rmdir (folder);
}

static inline void
files_set_up (FilesFixture *fixture, gconstpointer user_data)
{
  fixture->folder = g_dir_make_tmp ("heft-test-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
}

static inline void
files_tear_down (FilesFixture *fixture, gconstpointer user_data)
{
  files_remove_folder (fixture->folder);
  g_free (fixture->folder);
}
