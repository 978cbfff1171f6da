/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program itself, as scripts use it. */

static const char *program;
static char *folder;

typedef struct
{
  char *out, *err;
  int   status;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_free (self->out);
  g_free (self->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

/* @line is split at spaces. */
static Outcome
run (const char *line)
{
  g_autofree char *whole = g_strconcat (program, " ", line, NULL);
  g_auto (GStrv) argv = g_strsplit (whole, " ", -1);
  g_autoptr (GError) error = NULL;
  Outcome outcome = { NULL, NULL, -1 };
  int wait_status;

  g_spawn_sync (folder, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome.out, &outcome.err, &wait_status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  outcome.status = WEXITSTATUS (wait_status);
  return outcome;
}

#define SMALL "-s dataset=digits-8x8 -s architecture=8 -s epochs=1 -s batch=32 -s test-draws=2 -s spectra-samples=16 "

/* One sentence on standard error, nothing on standard output. */
static void
assert_refused (const char *line, const char *mentions)
{
  g_auto (Outcome) outcome = run (line);

  g_assert_cmpint (outcome.status, ==, 2);
  g_assert_cmpstr (outcome.out, ==, "");
  g_assert_true (g_str_has_prefix (outcome.err, "heft-cli: "));
  g_assert_nonnull (strstr (outcome.err, mentions));
  g_assert_true (strchr (outcome.err, '\n') == outcome.err + strlen (outcome.err) - 1);
}

static void
test_usage (void)
{
  assert_refused ("rnu", "run");
  assert_refused ("run", "EXPERIMENT");
  assert_refused ("run trian", "train");
  assert_refused ("run train --sead 1", "--seed");
  assert_refused ("run train --seed x", "seed");
  assert_refused ("run train -s lamda=1", "lambda");
  assert_refused ("run train -s lambda", "NAME=VALUE");
  assert_refused ("run train -s lambda=0", "between");
  assert_refused ("run train -s posterior=meanfield", "mean-field");
  assert_refused ("run train -s dataset=missing.csv", "missing.csv");
  assert_refused ("run train -s architecture=12-x", "12-x");
  assert_refused ("run train --threads -3", "threads");
  assert_refused ("run train --threads 0", "between 1 and 1024");
  assert_refused ("sweep lagrangian --threads 0", "between 1 and 1024");
  assert_refused ("bench toy --threads 0", "between 1 and 1024");
  assert_refused ("bench toy --batch 0", "between 1 and 1000000");
  assert_refused ("bench toy --batch -1", "between 1 and 1000000");
  assert_refused ("run train -o no/such/folder/a.heft", "no/such/folder");
  assert_refused ("run train -o ", "not one");
  assert_refused ("run train --format svg", "--export");
  assert_refused ("run train --export . --format svh", "svg");
  assert_refused ("run train again", "again");
  assert_refused ("describe nothing", "did you mean");
  assert_refused ("list more", "more");
  assert_refused ("export missing.heft", "no file “missing.heft”; check");
  assert_refused ("sweep lagrangian --grid beta", "NAME=VALUE");
  assert_refused ("sweep lagrangian --grid beta=0.1;x", "number");
  assert_refused ("sweep lagrangian --seeds 4-1", "4-1");
  /* One line and text, whatever is quoted in it. */
  assert_refused ("run train -s architecture=1\n2", "1\\x0a2");
  assert_refused ("rn\xff\ru", "rn\xef\xbf\xbd\\x0du");
  assert_refused ("export \xff.heft", "\xef\xbf\xbd.heft");
  assert_refused ("run --resume missing.heft", "missing.heft");
}

static void
test_list_and_describe (void)
{
  g_auto (Outcome) list = run ("list");
  g_auto (Outcome) words = run ("describe train");
  g_auto (Outcome) json = run ("describe train --json");
  g_auto (Outcome) help = run ("--help");
  g_auto (Outcome) version = run ("--version");
  g_auto (Outcome) nothing = run ("");
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_cmpint (list.status, ==, 0);
  g_assert_true (g_str_has_prefix (list.out, "train\t"));
  g_assert_nonnull (strstr (list.out, "\nlagrangian\t"));
  g_assert_cmpint (words.status, ==, 0);
  g_assert_nonnull (strstr (words.out, "learning-rate"));
  g_assert_nonnull (strstr (words.out, "test_error_mean"));
  g_assert_cmpint (json.status, ==, 0);
  g_assert_true (json_parser_load_from_data (parser, json.out, -1, NULL));
  g_assert_cmpint (help.status, ==, 0);
  g_assert_nonnull (strstr (help.out, "describe"));
  g_assert_cmpint (version.status, ==, 0);
  g_assert_nonnull (strstr (version.out, HEFT_VERSION));
  g_assert_cmpint (nothing.status, ==, 2);
}

/* The same cases by name, a line or an element each. */
static void
test_bench_list (void)
{
  g_auto (Outcome) words = run ("bench --list");
  g_auto (Outcome) json = run ("bench --list --json");
  g_auto (GStrv) lines = g_strsplit (words.out, "\n", -1);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *cases;

  g_assert_cmpint (words.status, ==, 0);
  g_assert_cmpint (json.status, ==, 0);
  g_assert_true (json_parser_load_from_data (parser, json.out, -1, NULL));
  cases = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (cases), ==, g_strv_length (lines) - 1);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *named = json_array_get_object_element (cases, i);

      g_assert_true (g_str_has_prefix (lines[i], json_object_get_string_member (named, "case")));
      g_assert_true (g_str_has_suffix (lines[i], json_object_get_string_member (named, "summary")));
    }
}

static JsonObject *
parse (JsonParser *parser, const char *text)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

/* The document's shape, as the contract has it. */
static void
test_json (void)
{
  static const char *const scalars[] = { "train_loss", "train_error", "test_loss", "test_error", "test_error_mean", "kl",
                                         "lagrangian", "fisher_trace", "steps" };
  g_auto (Outcome) outcome = run ("run train " SMALL "--json --series --seed 3");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *root, *results, *series;

  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.err, ==, "");
  root = parse (parser, outcome.out);
  g_assert_cmpstr (json_object_get_string_member (root, "heft"), ==, HEFT_VERSION);
  g_assert_cmpstr (json_object_get_string_member (root, "experiment"), ==, "train");
  g_assert_cmpint (json_object_get_int_member (root, "seed"), ==, 3);
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (root, "parameters"), "beta"), ==, 0.1 / 1497);
  results = json_object_get_object_member (root, "results");
  for (gsize i = 0; i < G_N_ELEMENTS (scalars); i++)
    {
      JsonObject *result = json_object_get_object_member (results, scalars[i]);

      g_assert_nonnull (result);
      g_assert_true (isfinite (json_object_get_double_member (result, "value")));
      g_assert_true (json_object_has_member (result, "unit"));
      g_assert_cmpstr (json_object_get_string_member (result, "label"), !=, "");
    }
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json_object_get_object_member (results, "kl_layers"),
                                                                         "value")), ==, 2);
  series = json_object_get_object_member (json_object_get_object_member (root, "series"), "batch_loss");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (series, "y")), ==, 47);
  g_assert_null (strstr (outcome.out, "nan"));
  g_assert_null (strstr (outcome.out, "inf,"));
}

/* What has no value is null, with its reason. */
static void
test_missing_result (void)
{
  g_auto (Outcome) outcome = run ("run train " SMALL "-s posterior=dirac --json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *kl;

  g_assert_cmpint (outcome.status, ==, 0);
  kl = json_object_get_object_member (json_object_get_object_member (parse (parser, outcome.out), "results"), "kl");
  g_assert_true (json_object_get_null_member (kl, "value"));
  g_assert_nonnull (strstr (json_object_get_string_member (kl, "reason"), "Dirac"));
}

static void
test_failure (void)
{
  g_auto (Outcome) outcome = run ("run train " SMALL "-s learning-rate=100 -s optimizer=sgd -o failed.heft");
  g_auto (Outcome) again = { 0 };

  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "diverged"));
  g_assert_true (strchr (outcome.err, '\n') == outcome.err + strlen (outcome.err) - 1);
  /* What there was is in the file. */
  again = run ("export failed.heft --export out --format csv");
  g_assert_cmpint (again.status, ==, 0);
}

static void
assert_same_file (const char *a, const char *b)
{
  g_autofree char *path_a = g_build_filename (folder, a, NULL), *path_b = g_build_filename (folder, b, NULL);
  g_autofree char *bytes_a = NULL, *bytes_b = NULL;
  gsize length_a, length_b;

  g_assert_true (g_file_get_contents (path_a, &bytes_a, &length_a, NULL));
  g_assert_true (g_file_get_contents (path_b, &bytes_b, &length_b, NULL));
  g_assert_cmpmem (bytes_a, length_a, bytes_b, length_b);
}

/* One seed, one set of bytes, at any thread count; and a saved run exports what the run itself does. */
static void
test_same_bytes (void)
{
  g_auto (Outcome) one = run ("run train " SMALL "--threads 1 -o one.heft --json --export a --format csv,svg");
  g_auto (Outcome) two = run ("run train " SMALL "--threads 2 -o two.heft --json");
  g_auto (Outcome) export = run ("export two.heft --export b --format csv,svg");

  g_assert_cmpint (one.status, ==, 0);
  g_assert_cmpint (two.status, ==, 0);
  g_assert_cmpint (export.status, ==, 0);
  g_assert_cmpstr (one.out, ==, two.out);
  assert_same_file ("one.heft", "two.heft");
  assert_same_file ("a/train-loss.csv", "b/train-loss.csv");
  assert_same_file ("a/train-ledger.csv", "b/train-ledger.csv");
  assert_same_file ("a/train-loss.svg", "b/train-loss.svg");
}

/* The first Ctrl+C ends at the next step and saves what there is; timeout(1) sends its signal twice at once, and a closed
 * terminal is an interruption like the others. */
static void
test_interrupt (gconstpointer data)
{
  const int *signals = data;
  const char *argv[] = { program, "run", "train", "-s", "dataset=digits-8x8", "-s", "architecture=8", "-s", "epochs=0", "--json",
                         "--progress", "-o", "stopped.heft", NULL };
  g_autofree char *path = g_build_filename (folder, "stopped.heft", NULL);
  g_autoptr (GError) error = NULL;
  GPid pid;
  int status, out, err;
  char byte;

  g_spawn_async_with_pipes (folder, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL, &out, &err, &error);
  g_assert_no_error (error);
  /* The first line of progress: it is training. */
  g_assert_cmpint (read (err, &byte, 1), ==, 1);
  g_remove (path);
  for (gsize i = 0; signals[i] != 0; i++)
    {
      g_assert_cmpint (kill (pid, signals[i]), ==, 0);
      /* Long enough for it to be delivered, so that the two do not become one. */
      g_usleep (1000);
    }
  while (read (out, &byte, 1) > 0)
    ;
  close (out);
  close (err);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 130);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  {
    g_auto (Outcome) export = run ("export stopped.heft --export c --format csv");

    g_assert_cmpint (export.status, ==, 0);
  }
}

/* The grid's lines are the runs one by one. */
static void
test_sweep (void)
{
  g_auto (Outcome) sweep = run ("sweep train " SMALL "-s samples=100 --grid beta=0.001;0.01 --grid lambda=0.1;0.2 --seeds 0-1");
  g_auto (Outcome) single = run ("run train " SMALL "-s samples=100 -s beta=0.01 -s lambda=0.2 --seed 1 --json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (GStrv) lines = g_strsplit (sweep.out, "\n", -1);
  g_auto (GStrv) cells = NULL;
  JsonObject *results;

  g_assert_cmpint (sweep.status, ==, 0);
  g_assert_cmpuint (g_strv_length (lines), ==, 1 + 8 + 1);
  g_assert_true (g_str_has_prefix (lines[0], "beta,lambda,seed,train_loss,train_error"));
  g_assert_true (g_str_has_prefix (lines[3], "0.001,0.2,0,"));
  cells = g_strsplit (lines[8], ",", -1);
  g_assert_cmpstr (cells[0], ==, "0.01");
  g_assert_cmpstr (cells[1], ==, "0.2");
  g_assert_cmpstr (cells[2], ==, "1");
  g_assert_false (g_str_has_suffix (lines[7], strchr (lines[8] + strlen ("0.01,0.2,"), ',')));
  results = json_object_get_object_member (parse (parser, single.out), "results");
  g_assert_cmpfloat (g_ascii_strtod (cells[3], NULL), ==,
                     json_object_get_double_member (json_object_get_object_member (results, "train_loss"), "value"));
}

static char *
file_contents (const char *name, gsize *length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *contents = NULL;

  g_assert_true (g_file_get_contents (path, &contents, length, NULL));
  return contents;
}

/* A run in two parts is the run in one, to the last byte of its file. */
static void
test_resume (void)
{
  g_auto (Outcome) half = run ("run train " SMALL "-s samples=500 -o half.heft --quiet --threads 1");
  g_auto (Outcome) joined = run ("run --resume half.heft -s epochs=2 -o joined.heft --quiet --threads 2");
  g_auto (Outcome) whole = run ("run train " SMALL "-s samples=500 -s epochs=2 -o whole.heft --quiet");
  g_auto (Outcome) other = run ("run lagrangian -o other.heft --quiet");
  gsize n, m;
  g_autofree char *a = NULL, *b = NULL;

  g_assert_cmpint (half.status + joined.status + whole.status + other.status, ==, 0);
  a = file_contents ("joined.heft", &n);
  b = file_contents ("whole.heft", &m);
  g_assert_cmpmem (a, n, b, m);
  assert_refused ("run --resume half.heft -s architecture=9", "architecture");
  assert_refused ("run --resume half.heft --seed 4", "seed");
  assert_refused ("run --resume missing.heft", "missing.heft");
  assert_refused ("run --resume other.heft", "lagrangian");
  assert_refused ("run lagrangian --resume half.heft", "train");
  assert_refused ("run train --save-every -1 -o x.heft", "--save-every");
}

/* Killed outright, a run leaves what it saved on its way, and that can be continued. */
static void
test_killed (void)
{
  const char *argv[] = { program, "run", "train", "-s", "dataset=digits-8x8", "-s", "architecture=8", "-s", "epochs=0", "--quiet",
                         "--save-every", "1", "-o", "killed.heft", NULL };
  g_autofree char *path = g_build_filename (folder, "killed.heft", NULL);
  GPid pid;
  int status;

  g_assert_true (g_spawn_async (folder, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
  while (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    g_usleep (10000);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  {
    g_auto (Outcome) export = run ("export killed.heft --export d --format csv");
    g_auto (Outcome) resumed = run ("run --resume killed.heft -s epochs=1 --json");

    g_assert_cmpint (export.status, ==, 0);
    g_assert_cmpint (resumed.status, ==, 0);
    g_assert_nonnull (strstr (resumed.out, "train_loss"));
  }
}

/* A device is never replaced by a file. A pipe of the test's own stands for it. */
static void
test_device (void)
{
  g_autofree char *path = g_build_filename (folder, "pipe", NULL);
  struct stat status;

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_refused ("run train " SMALL "-o pipe", "not one");
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_true (S_ISFIFO (status.st_mode));
}

/* Runs @line in a shell, "@" standing for the program; returns what standard error got. */
static char *
run_shell (const char *line, int *status)
{
  g_auto (GStrv) parts = g_strsplit (line, "@", -1);
  g_autofree char *command = g_strjoinv (program, parts);
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  g_autoptr (GError) error = NULL;
  char *err = NULL;
  int wait_status;

  g_spawn_sync (folder, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &err, &wait_status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  *status = WEXITSTATUS (wait_status);
  return err;
}

/* What could not be written was not done, and says so once; the saved run does not go with it. */
static void
test_full_output (void)
{
  static const char *const lines[] = {
    "@ list > /dev/full", "@ describe train > /dev/full", "@ describe train --json > /dev/full", "@ --help > /dev/full",
    "@ bound --empirical 0.1 --kl 10 --samples 100 --delta 0.05 > /dev/full", "@ run train " SMALL "--json -o full.heft > /dev/full",
  };
  g_autofree char *path = g_build_filename (folder, "full.heft", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      int status;
      g_autofree char *err = run_shell (lines[i], &status);

      g_assert_cmpint (status, ==, 1);
      g_assert_nonnull (strstr (err, "Standard output"));
      g_assert_true (strchr (err, '\n') == err + strlen (err) - 1);
    }
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

int
main (int argc, char **argv)
{
  static const int interrupt[] = { SIGINT, 0 }, terminate_twice[] = { SIGTERM, SIGTERM, 0 }, hang_up[] = { SIGHUP, 0 };
  int status;

  g_test_init (&argc, &argv, NULL);
  program = g_getenv ("HEFT_CLI");
  g_assert_nonnull (program);
  folder = g_dir_make_tmp ("heft-cli-XXXXXX", NULL);
  g_test_add_func ("/cli/usage", test_usage);
  g_test_add_func ("/cli/describe", test_list_and_describe);
  g_test_add_func ("/cli/bench-list", test_bench_list);
  g_test_add_func ("/cli/json", test_json);
  g_test_add_func ("/cli/missing", test_missing_result);
  g_test_add_func ("/cli/failure", test_failure);
  g_test_add_func ("/cli/same-bytes", test_same_bytes);
  g_test_add_func ("/cli/resume", test_resume);
  g_test_add_func ("/cli/killed", test_killed);
  g_test_add_func ("/cli/device", test_device);
  g_test_add_func ("/cli/full-output", test_full_output);
  g_test_add_data_func ("/cli/interrupt", interrupt, test_interrupt);
  g_test_add_data_func ("/cli/terminate-twice", terminate_twice, test_interrupt);
  g_test_add_data_func ("/cli/hang-up", hang_up, test_interrupt);
  g_test_add_func ("/cli/sweep", test_sweep);
  status = g_test_run ();
  remove_tree (folder);
  g_free (folder);
  return status;
}
