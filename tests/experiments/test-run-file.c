/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <heft/error.h>
#include <heft/runfile.h>

#include "data/files.h"

static char *folder;
static HeftRun *one_run;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* One run serves all tests. */
static HeftRun *
finished_run (void)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("lagrangian", NULL));

  if (one_run != NULL)
    return heft_run_ref (one_run);
  g_assert_true (heft_parameters_set (parameters, "beta", "0.3", NULL));
  g_assert_true (heft_parameters_set (parameters, "seed", "12345678901234567890", NULL));
  one_run = heft_run_new (heft_parameters_get_experiment (parameters), parameters, 1);
  heft_run_start (one_run);
  g_assert_true (heft_run_join (one_run, NULL));
  return heft_run_ref (one_run);
}

static char *
saved_run (const char *name)
{
  g_autoptr (HeftRun) run = finished_run ();
  g_autofree char *path = in_folder (name);
  g_autoptr (GError) error = NULL;

  heft_run_file_save (run, path, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

static void
assert_same_record (HeftRecord *a, HeftRecord *b)
{
  double x, y;

  for (gsize s = 0; s < heft_record_get_n_series (a); s++)
    {
      gsize n = heft_record_get_length (a, s, 0);
      g_autofree double *points = g_new (double, 4 * n + 1);

      g_assert_cmpuint (heft_record_get_length (b, s, 0), ==, n);
      heft_record_read (a, s, 0, 0, n, points, points + n);
      heft_record_read (b, s, 0, 0, n, points + 2 * n, points + 3 * n);
      g_assert_cmpmem (points, 2 * n * sizeof (double), points + 2 * n, 2 * n * sizeof (double));
    }
  g_assert_true (heft_record_get_result (a, "information", &x));
  g_assert_true (heft_record_get_result (b, "information", &y));
  g_assert_cmpfloat (x, ==, y);
}

static void
test_round_trip (void)
{
  g_autoptr (HeftRun) run = finished_run ();
  g_autofree char *path = in_folder ("trip.heft");
  g_autoptr (HeftSavedRun) saved = NULL;
  g_autoptr (HeftFrame) before = NULL, after = NULL;
  g_autoptr (GError) error = NULL;
  gsize rows, columns;

  g_assert_true (heft_run_file_save (run, path, NULL));
  saved = heft_run_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (saved->experiment->id, ==, "lagrangian");
  g_assert_cmpstr (saved->version, ==, HEFT_VERSION);
  g_assert_cmpstr (heft_parameters_get_text (saved->parameters, "beta"), ==, "0.3");
  g_assert_cmpuint (heft_parameters_get_seed (saved->parameters), ==, G_GUINT64_CONSTANT (12345678901234567890));
  assert_same_record (heft_run_get_record (run), saved->record);
  before = heft_record_get_frame (heft_run_get_record (run), "landscape");
  after = heft_record_get_frame (saved->record, "landscape");
  g_assert_nonnull (heft_frame_get_array (after, "gibbs", &rows, &columns));
  g_assert_cmpmem (heft_frame_get_array (before, "gibbs", NULL, NULL), rows * columns * 8,
                   heft_frame_get_array (after, "gibbs", NULL, NULL), rows * columns * 8);
  g_assert_cmpstr (heft_frame_get_text (before, "estimator"), ==, heft_frame_get_text (after, "estimator"));
}

static void
assert_refused (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *base = g_path_get_basename (path);

  g_assert_null (heft_run_file_load (path, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, base));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_not_a_run (void)
{
  g_autofree char *missing = in_folder ("missing.heft");
  g_autofree char *empty = in_folder ("empty.heft");
  g_autofree char *text = in_folder ("text.heft");
  g_autofree char *foreign = in_folder ("foreign.heft");
  g_autofree char *words = g_strnfill (5000, 'x');
  sqlite3 *store;

  assert_refused (missing);
  assert_refused (folder);
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  assert_refused (empty);
  g_assert_true (g_file_set_contents (text, words, -1, NULL));
  assert_refused (text);
  g_assert_cmpint (sqlite3_open (foreign, &store), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (store, "CREATE TABLE run (name, value); INSERT INTO run VALUES (1, 2);", NULL, NULL, NULL), ==,
                   SQLITE_OK);
  sqlite3_close (store);
  assert_refused (foreign);
}

static void
test_cut_off (void)
{
  g_autofree char *path = saved_run ("whole.heft");
  g_autofree char *cut = in_folder ("cut.heft");
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (gsize i = 1; i < 16; i++)
    {
      g_assert_true (g_file_set_contents (cut, contents, (gssize) (length * i / 16), NULL));
      assert_refused (cut);
    }
}

/* Makes the checksum fit again, so that what lies behind it is tried. FALSE where there is none left. */
static gboolean
reseal (char *bytes, gsize length)
{
  static const char mark[] = "checksumheft-sha256:";
  char *digits = memmem (bytes, length, mark, sizeof mark - 1);
  g_autofree char *checksum = NULL;

  if (digits == NULL || digits + sizeof mark - 1 + 64 > bytes + length)
    return FALSE;
  digits += sizeof mark - 1;
  memset (digits, '0', 64);
  checksum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, length);
  memcpy (digits, checksum, 64);
  return TRUE;
}

/* One bit anywhere is enough. */
static void
test_flipped (void)
{
  g_autofree char *path = saved_run ("whole.heft");
  g_autofree char *flipped = in_folder ("flipped.heft");
  g_autofree char *contents = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (int i = 0; i < 200; i++)
    {
      gsize place = i < 100 ? (gsize) i : (gsize) (g_rand_double (random) * (double) length);

      contents[place] ^= (char) (1 << i % 8);
      g_assert_true (g_file_set_contents (flipped, contents, (gssize) length, NULL));
      assert_refused (flipped);
      contents[place] ^= (char) (1 << i % 8);
    }
  /* As it was, it is read; and the test's own seal is the program's. */
  g_assert_true (reseal (contents, length));
  g_assert_true (g_file_set_contents (flipped, contents, (gssize) length, NULL));
  heft_saved_run_free (heft_run_file_load (flipped, NULL));
  {
    g_autofree char *again = NULL;
    gsize n;

    g_assert_true (g_file_get_contents (path, &again, &n, NULL));
    g_assert_cmpmem (contents, length, again, n);
  }
}

/* Bytes changed anywhere and sealed again: refused or read, never a crash and never a number that is not finite in a curve. */
static void
test_mutated (void)
{
  g_autofree char *path = saved_run ("whole.heft");
  g_autofree char *mutated = in_folder ("mutated.heft");
  g_autofree char *contents = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (int i = 0; i < 300; i++)
    {
      g_autofree char *copy = g_memdup2 (contents, length);
      g_autoptr (HeftSavedRun) saved = NULL;
      g_autoptr (GError) error = NULL;

      for (int j = 0; j < 1 + i % 7; j++)
        copy[(gsize) (g_rand_double (random) * (double) length)] = (char) g_rand_int_range (random, 0, 256);
      reseal (copy, length);
      g_assert_true (g_file_set_contents (mutated, copy, (gssize) length, NULL));
      saved = heft_run_file_load (mutated, &error);
      g_assert_true ((saved != NULL) == (error == NULL));
    }
}

static void
damage (const char *path, const char *sql)
{
  sqlite3 *store;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &store), ==, SQLITE_OK);
  sqlite3_exec (store, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (store);
  {
    g_autofree char *contents = NULL;
    gsize length;

    g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
    reseal (contents, length);
    g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
  }
}

/* Files that are sound databases but lie. */
static void
test_hostile (void)
{
  static const char *const lies[] = {
    "PRAGMA user_version = 99",
    "PRAGMA application_id = 7",
    "CREATE VIEW v AS SELECT * FROM run",
    "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run; END",
    "DROP TABLE result",
    "UPDATE run SET value = 'no-such-experiment' WHERE name = 'experiment'",
    "DELETE FROM run",
    "UPDATE parameter SET value = 'NaN' WHERE name = 'beta'",
    "UPDATE parameter SET name = 'nonsense' WHERE name = 'beta'",
    "UPDATE run SET value = 'x' WHERE name = 'seed'",
    "UPDATE curve SET x = x'0102'",
    "UPDATE curve SET layer = 7",
    "UPDATE curve SET layer = -1",
    "UPDATE curve SET y = x'000000000000f87f', x = x'000000000000f87f'",
    "UPDATE frame_item SET line_count = 1000000000, column_count = 1000000000 WHERE kind = 1",
    "UPDATE frame_item SET line_count = -1 WHERE kind = 1",
    "UPDATE frame_item SET kind = 9",
    "UPDATE result SET curve = 'words'",
    "INSERT INTO checkpoint VALUES (0, 'words')",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autofree char *path = saved_run ("lie.heft");

      damage (path, lies[i]);
      assert_refused (path);
    }
}

/* The old file is never written into: whoever has it open still reads it whole. */
static void
test_replaced (void)
{
  g_autofree char *path = saved_run ("replaced.heft");
  g_autoptr (HeftRun) run = finished_run ();
  GStatBuf before, after;

  g_assert_cmpint (g_stat (path, &before), ==, 0);
  g_assert_true (heft_run_file_save (run, path, NULL));
  g_assert_cmpint (g_stat (path, &after), ==, 0);
  g_assert_cmpuint (before.st_ino, !=, after.st_ino);
}

/* Killed at any moment of saving again and again, the file opens. */
static void
test_killed_while_saving (void)
{
  g_autofree char *path = saved_run ("killed.heft");
  g_autoptr (HeftRun) run = finished_run ();

  for (int i = 0; i < 20; i++)
    {
      pid_t child = fork ();
      int status;
      g_autoptr (HeftSavedRun) saved = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (child, >=, 0);
      if (child == 0)
        {
          for (;;)
            heft_run_file_save (run, path, NULL);
        }
      g_usleep ((gulong) (2000 + 1700 * i));
      kill (child, SIGKILL);
      waitpid (child, &status, 0);
      g_assert_true (WIFSIGNALED (status));
      saved = heft_run_file_load (path, &error);
      g_assert_no_error (error);
    }
}

static void
test_csv (void)
{
  g_autoptr (HeftRun) run = finished_run ();
  HeftRecord *record = heft_run_get_record (run);
  const HeftExperiment *experiment = heft_run_get_experiment (run);
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autoptr (GString) csv = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  gsize i = 0, n = 0;
  double x[64], y[64];

  g_assert_cmpstr (experiment->panels[1].id, ==, "minimum");
  g_assert_true (heft_record_write_panel_csv (record, experiment, parameters, &experiment->panels[1], csv, NULL));
  lines = g_strsplit (csv->str, "\n", -1);
  while (lines[i][0] == '#')
    i++;
  g_assert_cmpstr (lines[i], ==, "x,minimum,minimum_slope,gaussian_minimum");
  n = heft_record_read (record, 0, 0, 0, 64, x, y);
  for (gsize j = 0; j < n; j++)
    {
      g_auto (GStrv) cells = g_strsplit (lines[i + 1 + j], ",", -1);

      g_assert_cmpuint (g_strv_length (cells), ==, 4);
      /* Every bit survives. */
      g_assert_cmpfloat (g_ascii_strtod (cells[0], NULL), ==, x[j]);
      g_assert_cmpfloat (g_ascii_strtod (cells[1], NULL), ==, y[j]);
    }
  g_assert_cmpstr (lines[i + 1 + n], ==, "");
  g_assert_nonnull (strstr (csv->str, "# seed: 12345678901234567890\n"));
  g_assert_nonnull (strstr (csv->str, "# beta: 0.3\n"));

  for (gsize p = 0; p < experiment->n_panels; p++)
    {
      g_autoptr (GString) other = g_string_new (NULL);

      g_assert_true (heft_record_write_panel_csv (record, experiment, parameters, &experiment->panels[p], other, NULL));
      g_assert_null (strstr (other->str, "nan"));
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("heft-run-file-XXXXXX", NULL);
  g_test_add_func ("/run-file/trip", test_round_trip);
  g_test_add_func ("/run-file/not-a-run", test_not_a_run);
  g_test_add_func ("/run-file/cut-off", test_cut_off);
  g_test_add_func ("/run-file/flipped", test_flipped);
  g_test_add_func ("/run-file/mutated", test_mutated);
  g_test_add_func ("/run-file/hostile", test_hostile);
  g_test_add_func ("/run-file/replaced", test_replaced);
  g_test_add_func ("/run-file/killed", test_killed_while_saving);
  g_test_add_func ("/run-file/csv", test_csv);
  status = g_test_run ();
  heft_run_unref (one_run);
  files_remove_folder (folder);
  g_free (folder);
  return status;
}
