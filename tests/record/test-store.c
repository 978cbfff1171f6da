/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "data/files.h"
#include "record/frame-private.h"
#include "record/store.h"

enum
{
  LOSS,
  LAYERS,
};

static const HeftSeriesSpec series[] = {
  [LOSS] = { "loss", "Loss", "nat", "Step", HEFT_QUANTITY_BATCH_LOSS, FALSE, "exact" },
  [LAYERS] = { "layers", "KL", "nat", "Step", HEFT_QUANTITY_LAYER, TRUE, "exact" },
};

static const HeftResultSpec results[] = {
  { "a", "A", "nat", FALSE },
  { "b", "B", "nat", TRUE },
  { "c", "C", "nat", FALSE },
};

static const double grid[] = { 1, 2, 3, 4, 5, 6 };

static void
add_frame (HeftRecord *record, const char *id, guint64 step)
{
  HeftFrame *frame = heft_frame_new (id, step);

  /* Not in the order of their names, and one name for two kinds. */
  heft_frame_set_array (frame, "layer:dense 2", 2, 3, grid);
  heft_frame_set_array (frame, "layer:dense 1", 3, 1, grid);
  heft_frame_set_number (frame, "threshold", 0.5);
  heft_frame_set_text (frame, "threshold", "half");
  heft_frame_set_number (frame, "undefined", NAN);
  heft_frame_set_number (frame, "seconds:all", 7);
  heft_frame_set_fleeting (frame, "seconds");
  heft_record_publish (record, frame);
}

static HeftRecord *
make_record (gboolean filled)
{
  static const char *const names[] = { "dense 1", "dense 2" };
  HeftRecord *record = heft_record_new (series, G_N_ELEMENTS (series), results, G_N_ELEMENTS (results));

  if (!filled)
    return record;
  heft_record_set_layers (record, 2, names);
  for (int i = 0; i < 100; i++)
    {
      heft_record_append (record, LOSS, 0, i, 0.1 * i);
      if (i < 70)
        heft_record_append (record, LAYERS, 1, i, 0.3 * i);
    }
  add_frame (record, "z", 9);
  add_frame (record, "y", 8);
  heft_record_set_result (record, "a", 2);
  heft_record_set_result_array (record, "b", grid, 3);
  heft_record_set_result_missing (record, "c", "Too large.");
  for (int i = 0; i < 12; i++)
    heft_record_note_change (record, 100 - i, "rate", i % 2 ? "0.1" : "0.2");
  return record;
}

/* A file of a whole record, but for one @lie (SQL) told before it is sealed. */
static char *
write_store (FilesFixture *fixture, const char *lie)
{
  g_autofree char *path = g_build_filename (fixture->folder, "store.heft", NULL);
  g_autoptr (HeftRecord) record = make_record (TRUE);
  g_autoptr (GBytes) checkpoint = g_bytes_new_static ("state", 5);
  g_autoptr (GError) error = NULL;
  g_autoptr (sqlite3) store = heft_store_new (&error);

  g_assert_true (heft_store_put_record (store, record, &error));
  g_assert_true (heft_store_put_checkpoint (store, checkpoint, &error));
  if (lie != NULL)
    g_assert_cmpint (sqlite3_exec (store, lie, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_true (heft_store_write (store, path, &error));
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

static HeftRecord *
read_store (const char *path, GError **error)
{
  g_autoptr (HeftRecord) record = make_record (FALSE);
  g_autoptr (sqlite3) store = heft_store_open (path, error);

  return store != NULL && heft_store_get_record (store, record, error) ? g_steal_pointer (&record) : NULL;
}

static void
check_frames (HeftRecord *record)
{
  g_autoptr (GPtrArray) frames = heft_record_list_frames (record);

  g_assert_cmpuint (frames->len, ==, 2);
  for (guint f = 0; f < 2; f++)
    {
      const HeftFrame *frame = g_ptr_array_index (frames, f);
      gsize rows, columns;

      g_assert_cmpstr (heft_frame_get_id (frame), ==, f == 0 ? "y" : "z");
      g_assert_cmpuint (heft_frame_get_step (frame), ==, 8 + f);
      /* In the order they were set; what belonged to the moment is gone. */
      g_assert_cmpuint (heft_frame_get_n_items (frame), ==, 5);
      g_assert_cmpstr (heft_frame_get_array_names (frame)[0], ==, "layer:dense 2");
      g_assert_cmpstr (heft_frame_get_array_names (frame)[1], ==, "layer:dense 1");
      g_assert_cmpmem (heft_frame_get_array (frame, "layer:dense 2", &rows, &columns), sizeof grid, grid, sizeof grid);
      g_assert_cmpuint (rows, ==, 2);
      g_assert_cmpuint (columns, ==, 3);
      g_assert_cmpfloat (heft_frame_get_number (frame, "threshold", 0), ==, 0.5);
      g_assert_cmpstr (heft_frame_get_text (frame, "threshold"), ==, "half");
      g_assert_true (isnan (heft_frame_get_number (frame, "undefined", 0)));
      g_assert_cmpfloat (heft_frame_get_number (frame, "seconds:all", -1), ==, -1);
    }
}

static void
check_results (HeftRecord *record)
{
  g_autofree char *reason = heft_record_dup_result_reason (record, "c");
  gsize n;
  g_autofree double *curve = heft_record_dup_result_array (record, "b", &n);
  double value;

  g_assert_true (heft_record_get_result (record, "a", &value));
  g_assert_cmpfloat (value, ==, 2);
  g_assert_cmpmem (curve, n * sizeof *curve, grid, 3 * sizeof *grid);
  g_assert_cmpstr (reason, ==, "Too large.");
  g_assert_false (heft_record_get_result (record, "b", &value));
  g_assert_false (heft_record_get_result (record, "c", &value));
}

static void
test_whole (FilesFixture *fixture, gconstpointer data)
{
  g_autofree char *path = write_store (fixture, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftRecord) record = read_store (path, &error);
  g_autoptr (GArray) changes = NULL;
  const char *const *names;
  double x[100], y[100];

  g_assert_no_error (error);
  g_assert_cmpuint (heft_record_get_layers (record, &names), ==, 2);
  g_assert_cmpstr (names[1], ==, "dense 2");
  g_assert_cmpuint (heft_record_read (record, LOSS, 0, 0, 100, x, y), ==, 100);
  g_assert_cmpfloat (y[99], ==, 0.1 * 99);
  g_assert_cmpuint (heft_record_get_length (record, LAYERS, 0), ==, 0);
  g_assert_cmpuint (heft_record_read (record, LAYERS, 1, 0, 100, x, y), ==, 70);
  g_assert_cmpfloat (x[69], ==, 69);
  g_assert_cmpfloat (y[69], ==, 0.3 * 69);
  check_frames (record);
  check_results (record);
  changes = heft_record_list_changes (record);
  g_assert_cmpuint (changes->len, ==, 12);
  for (guint i = 0; i < 12; i++)
    {
      g_assert_cmpuint (g_array_index (changes, HeftChange, i).step, ==, 100 - i);
      g_assert_cmpstr (g_array_index (changes, HeftChange, i).value, ==, i % 2 ? "0.1" : "0.2");
    }
}

/* Of a later Heft: what this one does not know is left out, and the rest is read. */
static void
test_later (FilesFixture *fixture, gconstpointer data)
{
  g_autofree char *path = write_store (fixture, "INSERT INTO curve VALUES ('unknown', 99, x'00', x''); "
                                                "INSERT INTO result VALUES ('unknown', 1, NULL, NULL)");
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftRecord) record = read_store (path, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (heft_record_get_length (record, LOSS, 0), ==, 100);
  check_results (record);
}

/* Sizes that contradict one another, each of which would be read past an end. */
static void
test_lies (FilesFixture *fixture, gconstpointer data)
{
  static const char *const lies[] = {
    "UPDATE curve SET y = x'0000000000000000'",
    "UPDATE curve SET x = x'', y = x'0102'",
    "UPDATE curve SET layer = 2 WHERE series = 'layers'",
    "UPDATE curve SET layer = 1 WHERE series = 'loss'",
    "UPDATE curve SET layer = -1 WHERE series = 'loss'",
    "UPDATE frame_item SET line_count = line_count + 1 WHERE kind = 1",
    "UPDATE frame_item SET line_count = 4294967296, column_count = 4294967296, value = x'' WHERE kind = 1",
    "UPDATE frame_item SET line_count = -2, column_count = -3 WHERE kind = 1",
    "UPDATE result SET curve = x'01' WHERE name = 'b'",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autofree char *path = write_store (fixture, lies[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (read_store (path, &error));
      g_assert_nonnull (error);
    }
}

/* A file that ends where its checksum should begin. */
static void
test_no_digits (FilesFixture *fixture, gconstpointer data)
{
  static const char head[] = "SQLite format 3", mark[] = "checksumheft-sha256:";
  char bytes[4096] = { 0 };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  memcpy (bytes, head, sizeof head);
  memcpy (bytes + sizeof bytes - strlen (mark), mark, strlen (mark));
  path = files_write (fixture->folder, "ends.heft", bytes, sizeof bytes);
  g_assert_null (heft_store_open (path, &error));
  g_assert_nonnull (error);
}

static void
test_checkpoint (FilesFixture *fixture, gconstpointer data)
{
  g_autofree char *path = write_store (fixture, NULL);
  g_autoptr (sqlite3) store = heft_store_open (path, NULL);
  g_autoptr (GBytes) checkpoint = NULL;

  g_assert_true (heft_store_get_checkpoint (store, &checkpoint, NULL));
  g_assert_cmpmem (g_bytes_get_data (checkpoint, NULL), g_bytes_get_size (checkpoint), "state", 5);
}

#define ADD(path, function) g_test_add (path, FilesFixture, NULL, files_set_up, function, files_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/store/whole", test_whole);
  ADD ("/store/later", test_later);
  ADD ("/store/lies", test_lies);
  ADD ("/store/no-digits", test_no_digits);
  ADD ("/store/checkpoint", test_checkpoint);
  return g_test_run ();
}
