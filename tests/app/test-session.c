/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <heft/runfile.h>
#include <string.h>

#include "heft-session.h"

/* The session without a window: what the buttons and sliders do to a run. */

#define PATIENCE (60 * G_TIME_SPAN_SECOND)

typedef struct
{
  HeftSession *session;
  guint        replaced, pending;
} Fixture;

static void
count_cb (guint *counter)
{
  (*counter)++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  const HeftExperiment *train = heft_experiment_find ("train", &error);

  g_assert_no_error (error);
  f->session = heft_session_new ();
  g_signal_connect_swapped (f->session, "record-replaced", G_CALLBACK (count_cb), &f->replaced);
  g_signal_connect_swapped (f->session, "pending-changed", G_CALLBACK (count_cb), &f->pending);
  heft_session_set_experiment (f->session, train);
  g_assert_true (heft_session_set_parameter (f->session, "dataset", "moons", &error));
  g_assert_true (heft_session_set_parameter (f->session, "architecture", "8", &error));
  g_assert_true (heft_session_set_parameter (f->session, "measure", "false", &error));
  g_assert_no_error (error);
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = g_task_propagate_boolean (G_TASK (result), NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gboolean done = FALSE;

  heft_session_shut_down (f->session, done_cb, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (heft_session_get_run (f->session));
  g_assert_finalize_object (f->session);
}

static guint64
get_step (Fixture *f)
{
  HeftProgress progress;

  heft_run_get_progress (heft_session_get_run (f->session), &progress);
  return progress.step;
}

static void
wait_for_state (Fixture *f, HeftRunState state)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (heft_session_get_state (f->session) != state && g_get_monotonic_time () < end)
    {
      heft_session_poll (f->session);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (1000);
    }
  g_assert_cmpint (heft_session_get_state (f->session), ==, state);
}

static void
wait_for_step (Fixture *f, guint64 step)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (get_step (f) < step && g_get_monotonic_time () < end)
    {
      heft_session_poll (f->session);
      g_usleep (1000);
    }
  g_assert_cmpuint (get_step (f), >=, step);
}

static void
test_transport (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (heft_session_get_state (f->session), ==, HEFT_RUN_READY);
  heft_session_step (f->session);
  wait_for_state (f, HEFT_RUN_PAUSED);
  g_assert_cmpuint (get_step (f), ==, 1);
  heft_session_step (f->session);
  wait_for_step (f, 2);
  wait_for_state (f, HEFT_RUN_PAUSED);
  heft_session_start (f->session);
  wait_for_step (f, 20);
  heft_session_pause (f->session);
  wait_for_state (f, HEFT_RUN_PAUSED);
}

/* A live parameter reaches the run that goes on, and no reset happens. */
static void
test_live (Fixture *f, gconstpointer data)
{
  HeftRun *run;
  guint replaced;
  gint64 end = g_get_monotonic_time () + PATIENCE;

  heft_session_start (f->session);
  wait_for_step (f, 5);
  run = heft_session_get_run (f->session);
  replaced = f->replaced;
  g_assert_true (heft_session_set_parameter (f->session, "lambda", "0.7", NULL));
  g_assert_true (heft_session_set_parameter (f->session, "beta", "2/N", NULL));
  for (gboolean arrived = FALSE; !arrived && g_get_monotonic_time () < end;)
    {
      g_autoptr(HeftParameters) now = NULL;

      heft_session_poll (f->session);
      now = heft_run_dup_parameters (run);
      arrived = heft_parameters_get_real (now, "lambda") == 0.7;
      g_usleep (1000);
    }
  g_autoptr(HeftParameters) now = heft_run_dup_parameters (run);
  g_assert_cmpfloat (heft_parameters_get_real (now, "lambda"), ==, 0.7);
  g_assert_cmpfloat_with_epsilon (heft_parameters_get_real (now, "beta") * (double) heft_run_get_sample_count (run), 2, 1e-12);
  g_assert_true (heft_session_get_run (f->session) == run);
  g_assert_cmpuint (f->replaced, ==, replaced);
  g_assert_null (heft_session_dup_pending (f->session));
}

/* What needs a reset waits for it, can be given up, and takes effect with it. */
static void
test_pending (Fixture *f, gconstpointer data)
{
  HeftRun *run;
  g_autofree char *pending = NULL;

  heft_session_step (f->session);
  wait_for_state (f, HEFT_RUN_PAUSED);
  run = heft_session_get_run (f->session);
  g_assert_true (heft_session_set_parameter (f->session, "architecture", "4-4", NULL));
  g_assert_true (heft_session_get_run (f->session) == run);
  pending = heft_session_dup_pending (f->session);
  g_assert_nonnull (pending);

  heft_session_discard_pending (f->session);
  g_assert_null (heft_session_dup_pending (f->session));
  g_assert_cmpstr (heft_parameters_get_text (heft_session_get_parameters (f->session), "architecture"), ==, "8");

  g_assert_true (heft_session_set_parameter (f->session, "architecture", "4-4", NULL));
  heft_session_set_seed (f->session, 7);
  heft_session_reset (f->session);
  g_assert_null (heft_session_dup_pending (f->session));
  g_assert_true (heft_session_get_run (f->session) != run);
  g_assert_cmpuint (heft_run_get_seed (heft_session_get_run (f->session)), ==, 7);
  g_autoptr(HeftParameters) now = heft_run_dup_parameters (heft_session_get_run (f->session));
  g_assert_cmpstr (heft_parameters_get_text (now, "architecture"), ==, "4-4");
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL, range = NULL;

  g_assert_false (heft_session_set_parameter (f->session, "lamda", "1", &error));
  g_assert_nonnull (strstr (error->message, "lambda"));
  g_assert_false (heft_session_set_parameter (f->session, "lambda", "-1", &range));
  g_assert_nonnull (range);
  g_assert_cmpstr (heft_parameters_get_text (heft_session_get_parameters (f->session), "lambda"), ==, "0.1");
}

static GArray *
first_losses (Fixture *f, guint n)
{
  HeftRecord *record;
  GArray *losses = g_array_new (FALSE, TRUE, sizeof (double));
  int series;

  for (guint i = 1; i <= n; i++)
    {
      heft_session_step (f->session);
      wait_for_step (f, i);
      wait_for_state (f, HEFT_RUN_PAUSED);
    }
  record = heft_session_get_record (f->session);
  series = heft_record_find_series (record, "batch_loss");
  g_assert_cmpint (series, >=, 0);
  g_array_set_size (losses, n);
  g_assert_cmpuint (heft_record_read (record, (gsize) series, 0, 0, n, NULL, (double *) (void *) losses->data), ==, n);
  return losses;
}

/* Reset with the same seed repeats the same losses, bit for bit; another seed does not. */
static void
test_reset_repeats (Fixture *f, gconstpointer data)
{
  g_autoptr(GArray) first = first_losses (f, 20);
  g_autoptr(GArray) again = NULL, other = NULL;

  heft_session_reset (f->session);
  again = first_losses (f, 20);
  g_assert_cmpmem (first->data, 20 * sizeof (double), again->data, 20 * sizeof (double));
  heft_session_set_seed (f->session, 1);
  heft_session_reset (f->session);
  other = first_losses (f, 20);
  g_assert_true (memcmp (first->data, other->data, 20 * sizeof (double)) != 0);
}

static void
test_failure (Fixture *f, gconstpointer data)
{
  guint64 version;

  g_assert_true (heft_session_set_parameter (f->session, "learning-rate", "100", NULL));
  heft_session_start (f->session);
  wait_for_state (f, HEFT_RUN_FAILED);
  g_assert_nonnull (heft_session_get_error (f->session));
  g_assert_nonnull (strstr (heft_session_get_error (f->session), "step"));
  /* What was measured until then stays. */
  version = heft_record_get_version (heft_session_get_record (f->session));
  g_assert_cmpuint (version, >, 0);
  /* There is no run left to act on, so even a live parameter waits for a reset. */
  g_assert_true (heft_session_set_parameter (f->session, "learning-rate", "0.001", NULL));
  g_autofree char *pending = heft_session_dup_pending (f->session);
  g_assert_nonnull (pending);
  heft_session_reset (f->session);
  g_assert_null (heft_session_get_error (f->session));
  heft_session_start (f->session);
  wait_for_step (f, 10);
}

/* However many runs are replaced in a row, each thread is joined before the session is done. */
static void
test_many_resets (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < 8; i++)
    {
      heft_session_start (f->session);
      heft_session_reset (f->session);
    }
  wait_for_step (f, 1);
}

/* The loss of every step as files hold it, all digits. When a measurement beside training comes to its end is another matter. */
static char *
loss_curve (Fixture *f)
{
  const HeftExperiment *experiment = heft_session_get_experiment (f->session);
  g_autoptr(GString) csv = g_string_new (NULL);
  g_autoptr(GString) steps = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) lines = NULL;

  heft_record_write_panel_csv (heft_session_get_record (f->session), experiment, heft_session_get_run_parameters (f->session),
                               &experiment->panels[0], csv, &error);
  g_assert_no_error (error);
  lines = g_strsplit (csv->str, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto(GStrv) fields = g_strsplit (lines[i], ",", 3);

      if (*lines[i] != '#' && g_strv_length (fields) > 1 && *fields[1] != '\0')
        g_string_append_printf (steps, "%s %s\n", fields[0], fields[1]);
    }
  g_assert_cmpuint (steps->len, >, 100);
  return g_string_free (g_steal_pointer (&steps), FALSE);
}

static void
step_to (Fixture *f, guint64 step)
{
  while (get_step (f) < step)
    {
      guint64 before = get_step (f);
      gint64 end = g_get_monotonic_time () + PATIENCE;

      heft_session_step (f->session);
      while ((get_step (f) == before || heft_run_get_state (heft_session_get_run (f->session)) != HEFT_RUN_PAUSED)
             && g_get_monotonic_time () < end)
        heft_session_poll (f->session);
    }
  wait_for_state (f, HEFT_RUN_PAUSED);
}

/* Saved on the way and opened again, a run goes on as if nothing had happened; what is edited without need of a reset acts on it. */
static void
test_resume (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "heft-test-session.heft", NULL), *whole = NULL, *parts = NULL;
  g_autoptr(GError) error = NULL;
  HeftSavedRun *saved;

  step_to (f, 12);
  heft_session_poll (f->session);
  heft_run_file_save (heft_session_get_run (f->session), path, &error);
  g_assert_no_error (error);
  step_to (f, 20);
  whole = loss_curve (f);

  saved = heft_run_file_load (path, &error);
  g_assert_no_error (error);
  heft_session_show_saved (f->session, saved, "saved");
  g_assert_cmpint (heft_session_get_state (f->session), ==, HEFT_RUN_DONE);
  g_assert_true (heft_session_can_resume (f->session));
  g_assert_null (heft_session_get_run (f->session));
  heft_session_step (f->session);
  g_assert_nonnull (heft_session_get_run (f->session));
  g_assert_null (heft_session_get_error (f->session));
  step_to (f, 20);
  parts = loss_curve (f);
  g_assert_cmpstr (parts, ==, whole);

  /* A slider moved before it goes on needs no reset; another network does. */
  heft_session_show_saved (f->session, heft_run_file_load (path, NULL), "saved");
  g_assert_true (heft_session_set_parameter (f->session, "beta", "0.5", NULL));
  g_assert_null (heft_session_dup_pending (f->session));
  heft_session_step (f->session);
  step_to (f, 13);
  g_assert_cmpfloat (heft_parameters_get_real (heft_session_get_run_parameters (f->session), "beta"), ==, 0.5);
  heft_session_show_saved (f->session, heft_run_file_load (path, NULL), "saved");
  g_assert_true (heft_session_set_parameter (f->session, "architecture", "4", NULL));
  g_assert_false (heft_session_can_resume (f->session));
  heft_session_step (f->session);
  step_to (f, 2);
  g_assert_cmpuint (get_step (f), ==, 2);
  g_unlink (path);
}

int
main (int argc, char *argv[])
{
  static const struct { const char *path; void (*test) (Fixture *f, gconstpointer data); } tests[] = {
    { "/session/transport", test_transport }, { "/session/live", test_live }, { "/session/pending", test_pending },
    { "/session/refused", test_refused }, { "/session/reset-repeats", test_reset_repeats },
    { "/session/failure", test_failure }, { "/session/many-resets", test_many_resets },
    { "/session/resume", test_resume },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
