/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include <heft/error.h>
#include <heft/experiment.h>

/* A tiny experiment that counts, to see how a run is driven. */

static const HeftParameterSpec parameters[] = {
  { .id = "speed", .label = "Speed", .help = "Speed.", .kind = HEFT_PARAMETER_REAL, .minimum = 0, .maximum = 100,
    .default_text = "1", .live = TRUE },
  { .id = "shape", .label = "Shape", .help = "Shape.", .kind = HEFT_PARAMETER_INTEGER, .minimum = 0, .maximum = 100,
    .default_text = "1" },
  { .id = "end", .label = "End", .help = "End.", .kind = HEFT_PARAMETER_INTEGER, .minimum = 0, .maximum = 1e9,
    .default_text = "50" },
};

static const HeftSeriesSpec series[] = {
  { "count", "Count", "", "Step", HEFT_QUANTITY_EXACT, FALSE, "exact" },
  { "job", "Job", "", "Step", HEFT_QUANTITY_EXACT, FALSE, "exact" },
};

static const HeftResultSpec results[] = {
  { "total", "Total", "", FALSE },
};

static void
count_change (HeftRun *run, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
}

static gint n_handled;

static gboolean
run_count (HeftRun *run, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  gint64 end = heft_parameters_get_integer (heft_run_get_parameters (run), "end");
  double total = 0;

  heft_run_set_change_handler (run, count_change, &n_handled);
  for (gint64 step = 1; step <= end; step++)
    {
      total += heft_parameters_get_real (heft_run_get_parameters (run), "speed");
      heft_record_append (record, 0, 0, (double) step, total);
      if (step == end)
        heft_run_set_stage (run, "Last", 7);
      if (!heft_run_point (run, (guint64) step, 0, (guint64) step, (double) step / (double) end, NULL))
        break;
      if (total >= 1000 && heft_parameters_get_real (heft_run_get_parameters (run), "speed") > 50)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED, "The total reached %g at step %d.", total, (int) step);
          return FALSE;
        }
    }
  heft_record_set_result (record, "total", total);
  while (heft_run_wait (run))
    heft_record_set_result (record, "total", heft_parameters_get_real (heft_run_get_parameters (run), "speed"));
  return TRUE;
}

static gboolean
run_job (HeftRun *run, GError **error)
{
  for (int i = 0; i < 1000000; i++)
    {
      heft_record_append (heft_run_get_record (run), 1, 0, i, i);
      if (!heft_run_job_point (run, 0, 0.5))
        return TRUE;
      g_usleep (1000);
    }
  return TRUE;
}

static const HeftJob jobs[] = {
  { "job", "A job", run_job },
};

static const HeftExperiment counter = {
  .id = "counter", .title = "Counter", .summary = "Counts.",
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .jobs = jobs, .n_jobs = G_N_ELEMENTS (jobs),
  .run = run_count,
};

static HeftRun *
make_run (const char *end)
{
  g_autoptr (HeftParameters) values = heft_parameters_new (&counter);

  g_assert_true (heft_parameters_set (values, "end", end, NULL));
  return heft_run_new (&counter, values, 2);
}

static void
wait_for_state (HeftRun *run, HeftRunState state)
{
  for (int i = 0; i < 5000 && heft_run_get_state (run) != state; i++)
    g_usleep (1000);
  g_assert_cmpint (heft_run_get_state (run), ==, state);
}

static gsize
count (HeftRun *run)
{
  return heft_record_get_length (heft_run_get_record (run), 0, 0);
}

static void
test_to_the_end (void)
{
  g_autoptr (HeftRun) run = make_run ("50");
  g_autoptr (GError) error = NULL;
  HeftProgress progress;
  double total;

  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_READY);
  heft_run_start (run);
  g_assert_true (heft_run_join (run, &error));
  g_assert_no_error (error);
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_DONE);
  g_assert_true (heft_run_is_over (run));
  g_assert_true (heft_record_get_result (heft_run_get_record (run), "total", &total));
  g_assert_cmpfloat (total, ==, 50);
  heft_run_get_progress (run, &progress);
  g_assert_cmpuint (progress.step, ==, 50);
  g_assert_cmpfloat (progress.fraction, ==, 1);
  /* Another stage counts for itself. */
  g_assert_cmpstr (progress.stage, ==, "Last");
  g_assert_cmpuint (progress.count, ==, 7);
}

static void
test_steps_and_pause (void)
{
  g_autoptr (HeftRun) run = make_run ("1000000000");

  /* From the start one step at a time. */
  for (gsize i = 1; i <= 3; i++)
    {
      heft_run_step (run);
      wait_for_state (run, HEFT_RUN_PAUSED);
      g_assert_cmpuint (count (run), ==, i);
    }
  /* Steps asked for in a burst are all done. */
  heft_run_set_delay (run, 1000);
  heft_run_step (run);
  heft_run_step (run);
  heft_run_step (run);
  for (int i = 0; i < 2000 && count (run) < 6; i++)
    g_usleep (1000);
  wait_for_state (run, HEFT_RUN_PAUSED);
  g_assert_cmpuint (count (run), ==, 6);
  heft_run_start (run);
  while (count (run) < 10)
    g_usleep (1000);
  heft_run_pause (run);
  wait_for_state (run, HEFT_RUN_PAUSED);
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_STOPPED);
  /* What there was is kept. */
  g_assert_true (heft_record_get_result (heft_run_get_record (run), "total", NULL));
}

static gint hold_back;

/* In front of the C library's: whoever makes a thread while asked to be held back gets on late, long after the thread has begun. */
int
pthread_create (pthread_t *thread, const pthread_attr_t *attributes, void *(*body) (void *), void *argument)
{
  int (*make) (pthread_t *, const pthread_attr_t *, void *(*) (void *), void *) = dlsym (RTLD_NEXT, "pthread_create");
  int status = make (thread, attributes, body, argument);

  if (g_atomic_int_get (&hold_back))
    g_usleep (100000);
  return status;
}

/* A first step is one step, however late whoever asked for it gets on after the thread has begun. */
static void
test_first_step (void)
{
  g_autoptr (HeftRun) run = make_run ("1000000000");

  g_atomic_int_set (&hold_back, TRUE);
  heft_run_step (run);
  g_atomic_int_set (&hold_back, FALSE);
  wait_for_state (run, HEFT_RUN_PAUSED);
  g_assert_cmpuint (count (run), ==, 1);
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
}

static void
test_live_parameters (void)
{
  g_autoptr (HeftRun) run = make_run ("1000000000");
  g_autoptr (GArray) changes = NULL;
  g_autoptr (HeftParameters) now = NULL;
  g_autoptr (GError) error = NULL;
  double before, after;

  /* Before the start anything may be set. */
  g_assert_true (heft_run_set_parameter (run, "shape", "3", NULL));
  heft_run_step (run);
  wait_for_state (run, HEFT_RUN_PAUSED);
  g_assert_true (heft_record_get_last (heft_run_get_record (run), "count", 0, NULL, &before));

  g_assert_false (heft_run_set_parameter (run, "shape", "4", &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE);
  g_clear_error (&error);
  g_assert_false (heft_run_set_parameter (run, "speed", "1000", &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);

  /* Also while paused the experiment hears of it at once. */
  g_atomic_int_set (&n_handled, 0);
  g_assert_true (heft_run_set_parameter (run, "speed", "7", NULL));
  for (int i = 0; i < 2000 && g_atomic_int_get (&n_handled) == 0; i++)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (&n_handled), ==, 1);
  now = heft_run_dup_parameters (run);
  g_assert_cmpfloat (heft_parameters_get_real (now, "speed"), ==, 7);
  heft_run_step (run);
  while (count (run) < 2)
    g_usleep (1000);
  wait_for_state (run, HEFT_RUN_PAUSED);
  g_assert_true (heft_record_get_last (heft_run_get_record (run), "count", 0, NULL, &after));
  g_assert_cmpfloat (after - before, ==, 7);
  changes = heft_record_list_changes (heft_run_get_record (run));
  g_assert_cmpuint (changes->len, ==, 1);
  g_assert_cmpstr (g_array_index (changes, HeftChange, 0).parameter, ==, "speed");
  g_assert_cmpuint (g_array_index (changes, HeftChange, 0).step, ==, 1);
  heft_run_stop (run);
  heft_run_join (run, NULL);
  g_assert_false (heft_run_set_parameter (run, "speed", "1", NULL));
}

static void
test_failure_is_kept (void)
{
  g_autoptr (HeftRun) run = make_run ("1000000");
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;

  g_assert_true (heft_run_set_parameter (run, "speed", "100", NULL));
  heft_run_start (run);
  g_assert_false (heft_run_join (run, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_FAILED);
  sentence = heft_run_dup_error (run);
  g_assert_cmpstr (sentence, ==, "The total reached 1000 at step 10.");
  g_assert_cmpuint (count (run), ==, 10);
}

static void
test_interactive (void)
{
  g_autoptr (HeftRun) run = make_run ("5");
  double total = 0;

  heft_run_set_interactive (run, TRUE);
  heft_run_start (run);
  while (!heft_record_get_result (heft_run_get_record (run), "total", &total))
    g_usleep (1000);
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_RUNNING);
  g_assert_true (heft_run_set_parameter (run, "speed", "42", NULL));
  for (int i = 0; i < 2000 && total != 42; i++)
    {
      g_usleep (1000);
      heft_record_get_result (heft_run_get_record (run), "total", &total);
    }
  g_assert_cmpfloat (total, ==, 42);
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
}

static void
test_jobs (void)
{
  g_autoptr (HeftRun) run = make_run ("50");
  HeftProgress progress;

  g_assert_false (heft_run_get_job_progress (run, 0, &progress));
  g_assert_true (heft_run_start_job (run, 0, NULL));
  g_assert_false (heft_run_start_job (run, 0, NULL));
  while (heft_record_get_length (heft_run_get_record (run), 1, 0) == 0)
    g_usleep (1000);
  g_assert_true (heft_run_get_job_progress (run, 0, &progress));
  heft_run_stop_job (run, 0);
  while (heft_run_get_job_progress (run, 0, &progress))
    g_usleep (1000);
  g_assert_null (heft_run_dup_job_error (run, 0));
  /* Again, and the run goes away under it. */
  g_assert_true (heft_run_start_job (run, 0, NULL));
  heft_run_start (run);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/end", test_to_the_end);
  g_test_add_func ("/run/steps", test_steps_and_pause);
  g_test_add_func ("/run/first-step", test_first_step);
  g_test_add_func ("/run/live", test_live_parameters);
  g_test_add_func ("/run/failure", test_failure_is_kept);
  g_test_add_func ("/run/interactive", test_interactive);
  g_test_add_func ("/run/jobs", test_jobs);
  return g_test_run ();
}
