/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A run that was saved on its way and continued is, to the last bit of its file, the run that was not. */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include <heft/error.h>
#include <heft/runfile.h>

#include "data/files.h"
#include "studies.h"

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static HeftParameters *
make_parameters (const char *const *settings)
{
  static const char *const small[] = { "dataset=digits-8x8", "samples=600", "architecture=16", "learning-rate=0.01", "epochs=4", "batch=50",
                                       "test-draws=2", "spectra-samples=32", "evaluation-samples=100", "measure-every=7", NULL };
  HeftParameters *parameters = heft_parameters_new (heft_experiment_find ("train", NULL));

  set_all (parameters, small);
  set_all (parameters, settings);
  return parameters;
}

static void
finish_and_save (HeftRun *run, const char *path)
{
  g_autoptr (GError) error = NULL;

  finish (run);
  heft_run_file_save (run, path, &error);
  g_assert_no_error (error);
}

static HeftSavedRun *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  HeftSavedRun *saved = heft_run_file_load (path, &error);

  g_assert_no_error (error);
  return saved;
}

static HeftRun *
resume (const char *path, const char *epochs, guint n_threads)
{
  g_autoptr (HeftSavedRun) saved = load (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftParameters) parameters = heft_saved_run_dup_resume_parameters (saved, &error);
  HeftRun *run;

  g_assert_no_error (error);
  g_assert_true (heft_parameters_set (parameters, "epochs", epochs, NULL));
  run = heft_run_new_resumed (saved, parameters, n_threads, &error);
  g_assert_no_error (error);
  return run;
}

static void
assert_same_files (const char *a, const char *b)
{
  g_autofree char *x = NULL, *y = NULL;
  gsize n, m;

  g_assert_true (g_file_get_contents (a, &x, &n, NULL));
  g_assert_true (g_file_get_contents (b, &y, &m, NULL));
  g_assert_cmpmem (x, n, y, m);
}

/* Steps done in a run that was asked to stop on its way. */
static void
stop_on_the_way (const char *const *settings, guint64 step, const char *path)
{
  g_autoptr (HeftParameters) parameters = make_parameters (settings);
  g_autoptr (HeftRun) run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 2);
  g_autoptr (GError) error = NULL;
  HeftProgress progress = { 0 };

  heft_run_set_delay (run, 2000);
  heft_run_start (run);
  while (progress.step < step)
    {
      g_usleep (200);
      heft_run_get_progress (run, &progress);
    }
  heft_run_stop (run);
  heft_run_join (run, &error);
  g_assert_no_error (error);
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_STOPPED);
  g_assert_true (heft_run_file_save (run, path, NULL));
}

/* Longer, stopped, and saved while it went on: all come to the same end. */
static void
check_resume (const char *const *settings)
{
  g_autofree char *whole = in_folder ("whole.heft"), *half = in_folder ("half.heft"), *joined = in_folder ("joined.heft");
  g_autofree char *stopped = in_folder ("stopped.heft");
  g_autoptr (HeftParameters) parameters = make_parameters (settings);
  g_autoptr (HeftRun) run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 2), shorter = NULL, longer = NULL;
  g_autoptr (HeftRun) again = NULL;

  finish_and_save (run, whole);
  g_assert_true (heft_parameters_set (parameters, "epochs", "2", NULL));
  shorter = heft_run_new (heft_experiment_find ("train", NULL), parameters, 1);
  finish_and_save (shorter, half);
  longer = resume (half, "4", 2);
  finish_and_save (longer, joined);
  assert_same_files (joined, whole);

  stop_on_the_way (settings, 9, stopped);
  again = resume (stopped, "4", 1);
  finish_and_save (again, joined);
  assert_same_files (joined, whole);
}

/* The curves of a sweep belong to no step: a run whose sweep was started over after its checkpoint is gone on from all the same, with what
 * the sweep has. */
static void
test_sweep_started_over (void)
{
  static const char *const settings[] = { "epochs=1", "sweep-epochs=0.1", NULL };
  g_autofree char *path = in_folder ("swept.heft");
  g_autoptr (HeftParameters) parameters = make_parameters (settings);
  g_autoptr (HeftRun) run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 1), longer = NULL;
  static const char *const names[] = { "tradeoff", "tradeoff_beta", "hull", "elbo" };
  HeftRecord *record = heft_run_get_record (run);
  HeftProgress progress;

  g_assert_true (heft_run_start_job (run, 0, NULL));
  while (heft_run_get_job_progress (run, 0, &progress))
    g_usleep (1000);
  finish_and_save (run, path);
  g_assert_true (heft_run_start_job (run, 0, NULL));
  heft_run_stop_job (run, 0);
  while (heft_run_get_job_progress (run, 0, &progress))
    g_usleep (1000);
  g_assert_cmpuint (heft_record_get_length (record, (gsize) heft_record_find_series (record, "tradeoff"), 0), <, 11);
  g_assert_true (heft_run_file_save (run, path, NULL));
  longer = resume (path, "2", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      gsize series = (gsize) heft_record_find_series (record, names[i]);

      g_assert_cmpuint (heft_record_get_length (heft_run_get_record (longer), series, 0), ==, heft_record_get_length (record, series, 0));
    }
}

static void
test_mean_field (void)
{
  static const char *const settings[] = { "prior=empirical-bayes", NULL };

  check_resume (settings);
}

static void
test_dirac (void)
{
  static const char *const settings[] = { "posterior=dirac", "optimizer=sgd", "measure-every=0", NULL };

  check_resume (settings);
}

static void
test_convolution (void)
{
  static const char *const settings[] = { "architecture=conv3x4-pool2-8", NULL };

  check_resume (settings);
}

static void
test_other_codes (void)
{
  static const char *const ways[][7] = {
    { "posterior=low-rank", "prior=data-dependent", "clip=0.3", "measure-every=0", NULL },
    { "prior=scale-mixture", "noise=weights", "optimizer=adamw", "schedule=cosine", "anneal-epochs=3", NULL },
    { "optimizer=ivon", "learning-rate=0.2", "early-stop=1", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    check_resume (ways[i]);
}

/* A file saved while the run goes on, with a parameter moved before and another after it. */
static void
test_live_changes (void)
{
  static const char *const settings[] = { NULL };
  g_autofree char *path = in_folder ("live.heft"), *first = in_folder ("first.heft"), *second = in_folder ("second.heft");
  g_autoptr (HeftParameters) parameters = make_parameters (settings);
  g_autoptr (HeftRun) run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 2), a = NULL, b = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) changes = NULL;

  for (guint i = 0; i < 11; i++)
    {
      heft_run_step (run);
      while (heft_run_get_state (run) != HEFT_RUN_PAUSED)
        g_usleep (200);
    }
  g_assert_true (heft_run_set_parameter (run, "lambda", "0.2", NULL));
  heft_run_step (run);
  while (heft_run_get_state (run) != HEFT_RUN_PAUSED)
    g_usleep (200);
  heft_run_file_save (run, path, &error);
  g_assert_no_error (error);
  heft_run_stop (run);
  heft_run_join (run, NULL);

  a = resume (path, "3", 1);
  finish_and_save (a, first);
  b = resume (path, "3", 2);
  finish_and_save (b, second);
  assert_same_files (first, second);
  changes = heft_record_list_changes (heft_run_get_record (a));
  g_assert_cmpuint (changes->len, ==, 1);
  g_assert_cmpstr (g_array_index (changes, HeftChange, 0).parameter, ==, "lambda");
}

static void
test_refusals (void)
{
  static const char *const settings[] = { "epochs=1", NULL };
  g_autofree char *path = in_folder ("refused.heft"), *other = in_folder ("other.heft");
  g_autoptr (HeftParameters) parameters = make_parameters (settings), changed = NULL;
  g_autoptr (HeftRun) run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 1), quick = NULL;
  g_autoptr (HeftParameters) defaults = heft_parameters_new (heft_experiment_find ("lagrangian", NULL));
  g_autoptr (HeftSavedRun) saved = NULL, without = NULL;
  g_autoptr (GError) error = NULL;

  finish_and_save (run, path);
  saved = load (path);
  changed = heft_saved_run_dup_resume_parameters (saved, NULL);
  g_assert_true (heft_parameters_set (changed, "architecture", "17", NULL));
  g_assert_null (heft_run_new_resumed (saved, changed, 1, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, "architecture"));
  g_clear_error (&error);
  heft_parameters_reset (changed, "architecture");
  g_assert_true (heft_parameters_set (changed, "architecture", "16", NULL));
  heft_parameters_set_seed (changed, 9);
  g_assert_null (heft_run_new_resumed (saved, changed, 1, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);

  quick = heft_run_new (heft_experiment_find ("lagrangian", NULL), defaults, 1);
  finish_and_save (quick, other);
  without = load (other);
  g_assert_null (heft_run_new_resumed (without, NULL, 1, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE);
}

/* Checkpoints of rubbish: refused or run to an end, never a crash. */
static void
test_damaged (void)
{
  static const char *const settings[] = { "epochs=0.2", "architecture=3", NULL };
  g_autofree char *path = in_folder ("damaged.heft");
  g_autoptr (HeftParameters) parameters = make_parameters (settings);
  g_autoptr (HeftRun) run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autoptr (HeftSavedRun) saved = NULL;
  g_autoptr (GBytes) good = NULL;

  finish_and_save (run, path);
  saved = load (path);
  good = g_bytes_ref (saved->checkpoint);
  for (guint i = 0; i < 150; i++)
    {
      gsize size;
      g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (good, &size), g_bytes_get_size (good));
      g_autoptr (HeftRun) resumed = NULL;
      g_autoptr (GError) error = NULL;

      for (guint j = 0; j < 1 + i % 5; j++)
        bytes[(gsize) (g_rand_double (random) * (double) size)] = (guint8) g_rand_int_range (random, 0, 256);
      g_bytes_unref (saved->checkpoint);
      saved->checkpoint = g_bytes_new (bytes, i % 3 == 0 ? (gsize) (g_rand_double (random) * (double) size) : size);
      resumed = heft_run_new_resumed (saved, NULL, 1, &error);
      g_assert_true ((resumed != NULL) == (error == NULL));
      if (resumed == NULL)
        continue;
      heft_run_start (resumed);
      heft_run_join (resumed, NULL);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("heft-resume-XXXXXX", NULL);
  g_test_add_func ("/resume/sweep-started-over", test_sweep_started_over);
  g_test_add_func ("/resume/mean-field", test_mean_field);
  g_test_add_func ("/resume/dirac", test_dirac);
  g_test_add_func ("/resume/convolution", test_convolution);
  g_test_add_func ("/resume/other-codes", test_other_codes);
  g_test_add_func ("/resume/live-changes", test_live_changes);
  g_test_add_func ("/resume/refusals", test_refusals);
  g_test_add_func ("/resume/damaged", test_damaged);
  status = g_test_run ();
  files_remove_folder (folder);
  g_free (folder);
  return status;
}
