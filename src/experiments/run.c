/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <time.h>

#include <heft/error.h>

#include "experiments/run-private.h"

static void
change_free (gpointer data)
{
  HeftRunChange *change = data;

  g_free (change->name);
  g_free (change->value);
  g_free (change);
}

HeftRun *
heft_run_new (const HeftExperiment *experiment, const HeftParameters *parameters, guint n_threads)
{
  HeftRun *self = g_new0 (HeftRun, 1);
  pthread_condattr_t attributes;

  g_atomic_int_set (&self->ref_count, 1);
  self->experiment = experiment;
  self->record = heft_record_new (experiment->series, experiment->n_series, experiment->results, experiment->n_results);
  self->parameters = heft_parameters_copy (parameters);
  if (experiment->prepare != NULL)
    experiment->prepare (self->record, parameters);
  self->n_threads = MAX (n_threads, 1);
  self->cancellable = g_cancellable_new ();
  heft_run_init_jobs (self);
  self->steps_left = -1;
  self->changes = g_ptr_array_new_with_free_func (change_free);
  heft_progress_meter_restart (&self->progress, -1);
  pthread_mutex_init (&self->mutex, NULL);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&self->wake, &attributes);
  pthread_condattr_destroy (&attributes);
  return self;
}

HeftRun *
heft_run_ref (HeftRun *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
heft_run_unref (HeftRun *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->ref_count))
    return;
  heft_run_stop (self);
  for (gsize j = 0; j < self->experiment->n_jobs; j++)
    heft_run_stop_job (self, j);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  heft_run_clear_jobs (self);
  g_ptr_array_unref (self->changes);
  g_clear_error (&self->error);
  g_clear_pointer (&self->checkpoint, g_bytes_unref);
  g_clear_pointer (&self->resume, g_variant_unref);
  g_object_unref (self->cancellable);
  heft_parameters_free (self->parameters);
  heft_record_unref (self->record);
  g_clear_pointer (&self->earlier, heft_record_unref);
  pthread_cond_destroy (&self->wake);
  pthread_mutex_destroy (&self->mutex);
  g_free (self);
}

void
heft_run_update_attention (HeftRun *self)
{
  atomic_store (&self->attention, self->pause || self->stop || self->steps_left >= 0 || self->delay > 0 ||
                                  self->changes->len > 0 || self->checkpoint_wanted);
  pthread_cond_broadcast (&self->wake);
}

/* --- The owner's side -------------------------------------------------------------------------------------------- */

/* With the mutex held. */
static void
ensure_thread (HeftRun *self)
{
  if (self->state != HEFT_RUN_READY || self->stop)
    return;
  self->state = HEFT_RUN_RUNNING;
  atomic_store (&self->alive, TRUE);
  self->thread = g_thread_new ("heft-run", heft_run_work, self);
}

void
heft_run_start (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  self->pause = FALSE;
  self->steps_left = -1;
  if (self->state == HEFT_RUN_PAUSED)
    self->state = HEFT_RUN_RUNNING;
  /* Before there is a thread, which would else take steps that nobody asked for. */
  heft_run_update_attention (self);
  ensure_thread (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_pause (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  if (self->state == HEFT_RUN_RUNNING)
    self->pause = TRUE;
  heft_run_update_attention (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_step (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  if (self->steps_left < 0)
    self->steps_left = self->before_point ? 1 : 0;
  self->steps_left++;
  self->pause = FALSE;
  if (self->state == HEFT_RUN_PAUSED)
    self->state = HEFT_RUN_RUNNING;
  /* Before there is a thread, which would else take steps that nobody asked for. */
  heft_run_update_attention (self);
  ensure_thread (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_stop (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  self->stop = TRUE;
  if (self->state == HEFT_RUN_READY)
    self->state = HEFT_RUN_STOPPED;
  heft_run_update_attention (self);
  pthread_mutex_unlock (&self->mutex);
  g_cancellable_cancel (self->cancellable);
}

gboolean
heft_run_join (HeftRun *self, GError **error)
{
  gboolean good;

  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  pthread_mutex_lock (&self->mutex);
  good = self->error == NULL;
  if (!good && error != NULL)
    *error = g_error_copy (self->error);
  pthread_mutex_unlock (&self->mutex);
  return good;
}

void
heft_run_set_delay (HeftRun *self, guint microseconds)
{
  pthread_mutex_lock (&self->mutex);
  self->delay = microseconds;
  heft_run_update_attention (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_set_earlier (HeftRun *self, HeftRecord *record)
{
  g_return_if_fail (self->thread == NULL);

  heft_record_ref (record);
  g_clear_pointer (&self->earlier, heft_record_unref);
  self->earlier = record;
}

HeftRecord *
heft_run_get_earlier (HeftRun *self)
{
  return self->earlier;
}

void
heft_run_set_interactive (HeftRun *self, gboolean interactive)
{
  self->interactive = interactive;
}

/* With the mutex held. Refuses what the worker could not take. */
static gboolean
hand_in (HeftRun *self, const char *name, const char *value, GError **error)
{
  const HeftParameterSpec *spec = heft_experiment_find_parameter (self->experiment, name);
  g_autoptr (HeftParameters) trial = heft_parameters_copy (self->parameters);
  HeftRunChange *change;

  if (!heft_parameters_set (trial, name, value, error))
    return FALSE;
  if (self->state == HEFT_RUN_READY)
    return heft_parameters_set (self->parameters, name, value, error);
  if (spec == NULL || !spec->live)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE,
                   _("%s cannot change while the run goes on; reset the run to use the new value."), name);
      return FALSE;
    }
  if (self->state != HEFT_RUN_RUNNING && self->state != HEFT_RUN_PAUSED)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE,
                   _("The run has ended; reset it to use the new value of %s."), name);
      return FALSE;
    }
  /* A slider hands in many values between two points: only the last of each parameter acts. */
  for (guint i = 0; i < self->changes->len; i++)
    if (strcmp (((HeftRunChange *) g_ptr_array_index (self->changes, i))->name, name) == 0)
      {
        g_ptr_array_remove_index (self->changes, i);
        break;
      }
  change = g_new0 (HeftRunChange, 1);
  change->name = g_strdup (name);
  change->value = g_strstrip (g_strdup (value));
  g_ptr_array_add (self->changes, change);
  heft_run_update_attention (self);
  return TRUE;
}

gboolean
heft_run_set_parameter (HeftRun *self, const char *name, const char *value, GError **error)
{
  gboolean good;

  pthread_mutex_lock (&self->mutex);
  good = hand_in (self, name, value, error);
  pthread_mutex_unlock (&self->mutex);
  return good;
}

HeftRunState
heft_run_get_state (HeftRun *self)
{
  HeftRunState state;

  pthread_mutex_lock (&self->mutex);
  state = self->state;
  pthread_mutex_unlock (&self->mutex);
  return state;
}

gboolean
heft_run_is_over (HeftRun *self)
{
  gboolean over = !atomic_load (&self->alive);

  for (gsize j = 0; j < self->experiment->n_jobs; j++)
    over = over && !atomic_load (&self->jobs[j].running);
  return over;
}

char *
heft_run_dup_error (HeftRun *self)
{
  char *message;

  pthread_mutex_lock (&self->mutex);
  message = self->error != NULL ? g_strdup (self->error->message) : NULL;
  pthread_mutex_unlock (&self->mutex);
  return message;
}

HeftParameters *
heft_run_dup_parameters (HeftRun *self)
{
  HeftParameters *copy;

  pthread_mutex_lock (&self->mutex);
  copy = heft_parameters_copy (self->parameters);
  pthread_mutex_unlock (&self->mutex);
  return copy;
}

gsize
heft_run_get_sample_count (HeftRun *self)
{
  gsize n;

  pthread_mutex_lock (&self->mutex);
  n = heft_parameters_get_sample_count (self->parameters);
  pthread_mutex_unlock (&self->mutex);
  return n;
}

void
heft_run_set_sample_count (HeftRun *self, gsize n_samples)
{
  pthread_mutex_lock (&self->mutex);
  heft_parameters_set_sample_count (self->parameters, n_samples);
  pthread_mutex_unlock (&self->mutex);
}

HeftParameters *
heft_run_get_parameters (HeftRun *self)
{
  return self->parameters;
}

guint
heft_run_get_n_threads (HeftRun *self)
{
  return self->n_threads;
}

guint64
heft_run_get_seed (HeftRun *self)
{
  return heft_parameters_get_seed (self->parameters);
}

GCancellable *
heft_run_get_cancellable (HeftRun *self)
{
  return self->cancellable;
}

HeftRecord *
heft_run_get_record (HeftRun *self)
{
  return self->record;
}

const HeftExperiment *
heft_run_get_experiment (HeftRun *self)
{
  return self->experiment;
}

void
heft_run_get_progress (HeftRun *self, HeftProgress *progress)
{
  heft_progress_meter_read (&self->progress, progress);
}
