/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-session"

#include "config.h"

#include "heft-session.h"

#include <glib/gi18n.h>
#include <heft/plot.h>
#include <inttypes.h>
#include <math.h>


/* A command or a late measurement may still change the record; after this long without news the screen rests. */
#define QUIET_AFTER (2 * G_TIME_SPAN_SECOND)

struct _HeftSession
{
  GObject               parent_instance;

  const HeftExperiment *experiment;
  HeftParameters       *edited;
  HeftParameters       *running;    /* what the run on show was started with, live changes included */
  HeftRun              *run;        /* NULL while a saved run is on show */
  HeftSavedRun         *saved;      /* the run on show, where it was read from a file and may be continued */
  HeftRecord           *record;
  char                 *error;
  char                 *file_name;
  GHashTable           *live_edits; /* name -> value, handed to the run once a frame */
  GPtrArray            *waiting;    /* GTask of shut_down callers */
  gint64                last_news;
  guint64               seen_version;
  guint                 n_retiring;
  guint                 jobs;       /* those at work when last looked at, bit by bit */
  guint                 delay;
  HeftRunState          state;
};

G_DEFINE_FINAL_TYPE (HeftSession, heft_session, G_TYPE_OBJECT)

enum { RECORD_REPLACED, STATE_CHANGED, PARAMETER_CHANGED, PENDING_CHANGED, JOB_FAILED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
note_news (HeftSession *self)
{
  self->last_news = g_get_monotonic_time ();
}

static void
emit_state (HeftSession *self)
{
  note_news (self);
  g_signal_emit (self, signals[STATE_CHANGED], 0);
}

static void
retire_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  HeftRun *run = task_data;

  /* Here and not in the task's finalizer: the last reference also waits for the jobs. */
  heft_run_join (run, NULL);
  heft_run_unref (run);
  g_task_return_boolean (task, TRUE);
}

static void
finish_waiting (HeftSession *self)
{
  if (self->n_retiring > 0 || self->waiting == NULL)
    return;
  for (guint i = 0; i < self->waiting->len; i++)
    g_task_return_boolean (g_ptr_array_index (self->waiting, i), TRUE);
  g_clear_pointer (&self->waiting, g_ptr_array_unref);
}

static void
retired_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(HeftSession) self = user_data;

  self->n_retiring--;
  finish_waiting (self);
}

/* Stops the run and forgets it; the thread is waited for elsewhere. */
static void
retire_run (HeftSession *self)
{
  g_autoptr(GTask) task = NULL;

  self->jobs = 0;
  if (self->run == NULL)
    return;
  for (gsize job = 0; job < self->experiment->n_jobs; job++)
    heft_run_stop_job (self->run, job);
  heft_run_stop (self->run);
  self->n_retiring++;
  task = g_task_new (NULL, NULL, retired_cb, g_object_ref (self));
  g_task_set_name (task, "heft-session-retire");
  g_task_set_task_data (task, g_steal_pointer (&self->run), NULL);
  g_task_run_in_thread (task, retire_thread);
}

static guint
count_threads (void)
{
  return (guint) CLAMP (g_get_num_processors (), 1, 16);
}

static void
forget_run (HeftSession *self)
{
  retire_run (self);
  g_hash_table_remove_all (self->live_edits);
  g_clear_pointer (&self->saved, heft_saved_run_free);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->file_name, g_free);
  g_clear_pointer (&self->running, heft_parameters_free);
  g_clear_pointer (&self->record, heft_record_unref);
}

/* Shows a run that has not started, whose parameters are @running. */
static void
adopt_run (HeftSession *self, HeftRun *run)
{
  self->run = run;
  heft_run_set_interactive (self->run, TRUE);
  heft_run_set_delay (self->run, self->delay);
  self->record = heft_record_ref (heft_run_get_record (self->run));
  self->seen_version = 0;
  self->state = HEFT_RUN_READY;
  g_signal_emit (self, signals[RECORD_REPLACED], 0);
  g_signal_emit (self, signals[PENDING_CHANGED], 0);
  emit_state (self);
}

static void
replace_run (HeftSession *self)
{
  forget_run (self);
  self->running = heft_parameters_copy (self->edited);
  heft_parameters_set_sample_count (self->running, 0);       /* the run counts them anew */
  adopt_run (self, heft_run_new (self->experiment, self->running, count_threads ()));
}

/* What may differ when a saved run goes on. */
static gboolean
may_change (const HeftParameterSpec *spec)
{
  return spec->live || spec->resumable;
}

static gboolean
is_changed (HeftSession *self, const HeftParameterSpec *spec)
{
  return g_strcmp0 (heft_parameters_get_text (self->edited, spec->id), heft_parameters_get_text (self->running, spec->id)) != 0;
}

gboolean
heft_session_can_resume (HeftSession *self)
{
  if (self->saved == NULL || self->saved->checkpoint == NULL
      || heft_parameters_get_seed (self->edited) != heft_parameters_get_seed (self->running))
    return FALSE;
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    if (!may_change (&self->experiment->parameters[i]) && is_changed (self, &self->experiment->parameters[i]))
      return FALSE;
  return TRUE;
}

/* The run of the file on show as it was at its checkpoint, with what has been edited since, or NULL. */
static HeftRun *
resume_run (HeftSession *self, HeftParameters **parameters, GError **error)
{
  HeftRun *run;

  *parameters = heft_saved_run_dup_resume_parameters (self->saved, error);
  if (*parameters == NULL)
    return NULL;
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    {
      const HeftParameterSpec *spec = &self->experiment->parameters[i];

      if (may_change (spec) && is_changed (self, spec))
        heft_parameters_set (*parameters, spec->id, heft_parameters_get_text (self->edited, spec->id), NULL);
    }
  run = heft_run_new_resumed (self->saved, *parameters, count_threads (), error);
  if (run == NULL)
    g_clear_pointer (parameters, heft_parameters_free);
  return run;
}

static gboolean
continue_saved (HeftSession *self)
{
  g_autoptr(GError) error = NULL;
  HeftParameters *parameters;
  HeftRun *run = resume_run (self, &parameters, &error);

  if (run == NULL)
    {
      g_free (self->error);
      self->error = g_strdup (error->message);
      return FALSE;
    }
  forget_run (self);
  self->running = parameters;
  adopt_run (self, run);
  return TRUE;
}

static void
heft_session_dispose (GObject *object)
{
  HeftSession *self = HEFT_SESSION (object);

  /* The last reference is let go of once every run has been joined, so only a READY run can be left here. */
  g_clear_pointer (&self->run, heft_run_unref);
  g_clear_pointer (&self->saved, heft_saved_run_free);
  g_clear_pointer (&self->record, heft_record_unref);
  g_clear_pointer (&self->edited, heft_parameters_free);
  g_clear_pointer (&self->running, heft_parameters_free);
  g_clear_pointer (&self->live_edits, g_hash_table_unref);
  g_clear_pointer (&self->waiting, g_ptr_array_unref);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->file_name, g_free);
  G_OBJECT_CLASS (heft_session_parent_class)->dispose (object);
}

static void
heft_session_class_init (HeftSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = heft_session_dispose;
  signals[RECORD_REPLACED] = g_signal_new ("record-replaced", HEFT_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 0);
  signals[STATE_CHANGED] = g_signal_new ("state-changed", HEFT_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 0);
  signals[PARAMETER_CHANGED] = g_signal_new ("parameter-changed", HEFT_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                             NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[PENDING_CHANGED] = g_signal_new ("pending-changed", HEFT_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 0);
  signals[JOB_FAILED] = g_signal_new ("job-failed", HEFT_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                      NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
heft_session_init (HeftSession *self)
{
  self->live_edits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

HeftSession *
heft_session_new (void)
{
  return g_object_new (HEFT_TYPE_SESSION, NULL);
}

void
heft_session_set_experiment (HeftSession *self, const HeftExperiment *experiment)
{
  g_return_if_fail (HEFT_IS_SESSION (self));
  g_return_if_fail (experiment != NULL);

  retire_run (self);
  self->experiment = experiment;
  g_clear_pointer (&self->edited, heft_parameters_free);
  self->edited = heft_parameters_new_for_window (experiment);
  replace_run (self);
}

const HeftExperiment *
heft_session_get_experiment (HeftSession *self)
{
  return self->experiment;
}

HeftRecord *
heft_session_get_record (HeftSession *self)
{
  return self->record;
}

HeftRun *
heft_session_get_run (HeftSession *self)
{
  return self->run;
}

HeftRunState
heft_session_get_state (HeftSession *self)
{
  return self->state;
}

const char *
heft_session_get_error (HeftSession *self)
{
  return self->error;
}

const char *
heft_session_get_file_name (HeftSession *self)
{
  return self->file_name;
}

HeftParameters *
heft_session_get_parameters (HeftSession *self)
{
  return self->edited;
}

HeftParameters *
heft_session_get_run_parameters (HeftSession *self)
{
  return self->running;
}

HeftParameters *
heft_session_dup_current_parameters (HeftSession *self)
{
  return self->run != NULL ? heft_run_dup_parameters (self->run) : heft_parameters_copy (self->running);
}

const HeftParameterSpec *
heft_session_find_spec (HeftSession *self, const char *name)
{
  return heft_experiment_find_parameter (self->experiment, name);
}

static gboolean
is_over (HeftSession *self)
{
  return self->run == NULL || self->state == HEFT_RUN_DONE || self->state == HEFT_RUN_FAILED
         || self->state == HEFT_RUN_STOPPED;
}

/* A run that was saved on its way goes on from there; one that ended only as a new one. FALSE with the session's error if it cannot. */
static gboolean
renew_if_over (HeftSession *self)
{
  if (heft_session_can_resume (self))
    return continue_saved (self);
  if (is_over (self))
    replace_run (self);
  return TRUE;
}

void
heft_session_start (HeftSession *self)
{
  if (renew_if_over (self))
    {
      heft_run_start (self->run);
      self->state = HEFT_RUN_RUNNING;
    }
  emit_state (self);
}

void
heft_session_pause (HeftSession *self)
{
  if (self->run == NULL)
    return;
  heft_run_pause (self->run);
  note_news (self);
}

void
heft_session_step (HeftSession *self)
{
  if (renew_if_over (self))
    heft_run_step (self->run);
  emit_state (self);
}

static void
begin_anew (HeftSession *self, gboolean go_on)
{
  replace_run (self);
  if (go_on)
    heft_session_start (self);
}

void
heft_session_reset (HeftSession *self)
{
  begin_anew (self, self->run != NULL && self->state == HEFT_RUN_RUNNING);
}

void
heft_session_apply (HeftSession *self)
{
  begin_anew (self, self->run != NULL && (self->state == HEFT_RUN_RUNNING || self->state == HEFT_RUN_FAILED));
}

guint64
heft_session_get_seed (HeftSession *self)
{
  return heft_parameters_get_seed (self->edited);
}

void
heft_session_set_seed (HeftSession *self, guint64 seed)
{
  if (heft_parameters_get_seed (self->edited) == seed)
    return;
  heft_parameters_set_seed (self->edited, seed);
  g_signal_emit (self, signals[PARAMETER_CHANGED], 0, "seed");
  g_signal_emit (self, signals[PENDING_CHANGED], 0);
}

void
heft_session_set_delay (HeftSession *self, guint microseconds)
{
  self->delay = microseconds;
  if (self->run != NULL)
    heft_run_set_delay (self->run, microseconds);
}

void
heft_session_show_saved (HeftSession *self, HeftSavedRun *saved, const char *file_name)
{
  forget_run (self);
  g_clear_pointer (&self->edited, heft_parameters_free);
  self->saved = saved;
  self->experiment = saved->experiment;
  /* What was moved while it ran stands where it stood in the end. */
  if (saved->checkpoint != NULL)
    self->running = heft_saved_run_dup_resume_parameters (saved, NULL);
  if (self->running == NULL)
    self->running = heft_parameters_copy (saved->parameters);
  self->edited = heft_parameters_copy (self->running);
  self->record = heft_record_ref (saved->record);
  self->file_name = g_strdup (file_name);
  self->state = HEFT_RUN_DONE;
  g_signal_emit (self, signals[RECORD_REPLACED], 0);
  g_signal_emit (self, signals[PENDING_CHANGED], 0);
  emit_state (self);
}

void
heft_session_shut_down (HeftSession *self, GAsyncReadyCallback done, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, done, user_data);

  g_task_set_name (task, "heft-session-shut-down");
  if (self->waiting == NULL)
    self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->waiting, task);
  retire_run (self);
  finish_waiting (self);
}

gboolean
heft_session_is_job_running (HeftSession *self, gsize job)
{
  HeftProgress progress;

  return self->run != NULL && heft_run_get_job_progress (self->run, job, &progress);
}

void
heft_session_toggle_job (HeftSession *self, gsize job, GError **error)
{
  g_return_if_fail (job < self->experiment->n_jobs);

  if (heft_session_is_job_running (self, job))
    heft_run_stop_job (self->run, job);
  else if (self->run == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                         _("A saved run is on show. Start a run of its settings first, then this can work beside it."));
  else if (heft_run_start_job (self->run, job, error))
    self->jobs |= 1u << job;
  emit_state (self);
}

static void
remember_live_edit (HeftSession *self, const char *name)
{
  if (is_over (self))
    return;
  g_hash_table_replace (self->live_edits, g_strdup (name), g_strdup (heft_parameters_get_text (self->edited, name)));
  note_news (self);
}

static void
parameter_edited (HeftSession *self, const HeftParameterSpec *spec)
{
  if (spec->live)
    remember_live_edit (self, spec->id);
  else if (self->run != NULL && self->state == HEFT_RUN_READY)
    replace_run (self);       /* nothing has been computed yet that a reset could lose */
  g_signal_emit (self, signals[PARAMETER_CHANGED], 0, spec->id);
  if (!spec->live || is_over (self))
    g_signal_emit (self, signals[PENDING_CHANGED], 0);
}

gboolean
heft_session_set_parameter (HeftSession *self, const char *name, const char *value, GError **error)
{
  const HeftParameterSpec *spec = heft_session_find_spec (self, name);

  if (spec == NULL && g_strcmp0 (name, "seed") == 0)
    {
      guint64 seed;

      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &seed, error))
        return FALSE;
      heft_session_set_seed (self, seed);
      return TRUE;
    }
  if (!heft_parameters_set (self->edited, name, value, error))
    return FALSE;
  if (spec != NULL)
    parameter_edited (self, spec);
  return TRUE;
}

void
heft_session_reset_parameter (HeftSession *self, const char *name)
{
  const HeftParameterSpec *spec = heft_session_find_spec (self, name);

  if (spec == NULL)
    return;
  if (spec->window_default != NULL)
    heft_parameters_set (self->edited, name, spec->window_default, NULL);
  else
    heft_parameters_reset (self->edited, name);
  parameter_edited (self, spec);
}

/* Live parameters act at once, so they wait only where there is no run left to act on. */
static gboolean
is_pending (HeftSession *self, const HeftParameterSpec *spec)
{
  if (spec->live && !is_over (self))
    return FALSE;
  if (may_change (spec) && heft_session_can_resume (self))
    return FALSE;
  return is_changed (self, spec);
}

char *
heft_session_dup_pending (HeftSession *self)
{
  g_autoptr(GString) names = g_string_new (NULL);

  if (self->running == NULL)
    return NULL;
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    {
      const HeftParameterSpec *spec = &self->experiment->parameters[i];
      g_autofree char *label = NULL;

      if (!is_pending (self, spec))
        continue;
      label = heft_text_dup_plain (_(spec->label));
      if (names->len > 0)
        g_string_append (names, _(", "));
      g_string_append (names, label);
    }
  if (heft_parameters_get_seed (self->edited) != heft_parameters_get_seed (self->running))
    {
      if (names->len > 0)
        g_string_append (names, _(", "));
      g_string_append (names, _("Seed"));
    }
  return names->len > 0 ? g_string_free (g_steal_pointer (&names), FALSE) : NULL;
}

void
heft_session_discard_pending (HeftSession *self)
{
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    {
      const HeftParameterSpec *spec = &self->experiment->parameters[i];

      if (!is_pending (self, spec))
        continue;
      heft_parameters_set (self->edited, spec->id, heft_parameters_get_text (self->running, spec->id), NULL);
      g_signal_emit (self, signals[PARAMETER_CHANGED], 0, spec->id);
    }
  heft_parameters_set_seed (self->edited, heft_parameters_get_seed (self->running));
  g_signal_emit (self, signals[PARAMETER_CHANGED], 0, "seed");
  g_signal_emit (self, signals[PENDING_CHANGED], 0);
}

static void
hand_over_live_edits (HeftSession *self)
{
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->live_edits);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      g_autoptr(GError) error = NULL;

      /* The value itself was checked when it was typed; what can refuse it is that the run has just ended. */
      if (!heft_run_set_parameter (self->run, name, value, &error))
        g_debug ("%s", error->message);
      else
        heft_parameters_set (self->running, name, value, NULL);
      g_hash_table_iter_remove (&iter);
    }
}

char *
heft_session_dup_caption (HeftSession *self)
{
  HeftProgress progress = { .step = 0 };
  g_autoptr(HeftParameters) parameters = NULL;

  if (self->running == NULL)
    return g_strdup ("");
  parameters = heft_session_dup_current_parameters (self);
  if (self->run != NULL)
    heft_run_get_progress (self->run, &progress);
  return heft_parameters_dup_caption (parameters, progress.step);
}

/* Values written as a multiple of 1/N become numbers once the run has counted its samples. */
static void
follow_sample_count (HeftSession *self)
{
  gsize n = heft_run_get_sample_count (self->run);

  if (n == 0 || heft_parameters_get_sample_count (self->running) == n)
    return;
  heft_parameters_set_sample_count (self->running, n);
  heft_parameters_set_sample_count (self->edited, n);
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    if (self->experiment->parameters[i].per_sample)
      g_signal_emit (self, signals[PARAMETER_CHANGED], 0, self->experiment->parameters[i].id);
}

static void
follow_state (HeftSession *self)
{
  HeftRunState state = heft_run_get_state (self->run);

  if (state == self->state)
    return;
  self->state = state;
  if (state == HEFT_RUN_FAILED)
    {
      g_free (self->error);
      self->error = heft_run_dup_error (self->run);
    }
  emit_state (self);
}

/* A job that has ended by a failure is told of once. */
static void
follow_jobs (HeftSession *self)
{
  for (gsize job = 0; job < self->experiment->n_jobs; job++)
    {
      g_autofree char *error = NULL;

      if ((self->jobs & 1u << job) == 0 || heft_session_is_job_running (self, job))
        continue;
      self->jobs &= ~(1u << job);
      error = heft_run_dup_job_error (self->run, job);
      if (error != NULL)
        g_signal_emit (self, signals[JOB_FAILED], 0, self->experiment->jobs[job].label, error);
    }
}

gboolean
heft_session_poll (HeftSession *self)
{
  guint64 version;
  gboolean busy;

  if (self->run == NULL)
    return g_get_monotonic_time () - self->last_news < QUIET_AFTER;

  if (!is_over (self))
    hand_over_live_edits (self);
  follow_sample_count (self);
  follow_state (self);
  follow_jobs (self);
  version = heft_record_get_version (self->record);
  if (version != self->seen_version)
    {
      self->seen_version = version;
      note_news (self);
    }
  busy = self->state == HEFT_RUN_RUNNING;
  for (gsize job = 0; !busy && job < self->experiment->n_jobs; job++)
    busy = heft_session_is_job_running (self, job);
  return busy || g_get_monotonic_time () - self->last_news < QUIET_AFTER;
}
