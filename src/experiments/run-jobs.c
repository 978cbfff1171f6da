/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>

#include <heft/error.h>

#include "experiments/run-private.h"

void
heft_run_init_jobs (HeftRun *self)
{
  self->jobs = g_new0 (HeftRunJob, MAX (self->experiment->n_jobs, 1));
  for (gsize j = 0; j < self->experiment->n_jobs; j++)
    {
      self->jobs[j].run = self;
      self->jobs[j].index = j;
      self->jobs[j].cancellable = g_cancellable_new ();
    }
}

void
heft_run_clear_jobs (HeftRun *self)
{
  for (gsize j = 0; j < self->experiment->n_jobs; j++)
    {
      if (self->jobs[j].thread != NULL)
        g_thread_join (g_steal_pointer (&self->jobs[j].thread));
      g_object_unref (self->jobs[j].cancellable);
      g_free (self->jobs[j].error);
    }
  g_free (self->jobs);
}

static gpointer
job_thread (gpointer data)
{
  HeftRunJob *job = data;
  HeftRun *self = job->run;
  g_autoptr (GError) error = NULL;

  heft_run_give_way (self);
  if (!self->experiment->jobs[job->index].run (self, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      pthread_mutex_lock (&self->mutex);
      g_free (job->error);
      job->error = g_strdup (error != NULL ? error->message : _("The computation failed without saying why."));
      pthread_mutex_unlock (&self->mutex);
    }
  atomic_store (&job->running, FALSE);
  return NULL;
}

gboolean
heft_run_start_job (HeftRun *self, gsize index, GError **error)
{
  HeftRunJob *job;

  g_return_val_if_fail (index < self->experiment->n_jobs, FALSE);
  job = &self->jobs[index];
  if (atomic_load (&job->running))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE, _("“%s” is already running; stop it first."),
                   _(self->experiment->jobs[index].label));
      return FALSE;
    }
  if (job->thread != NULL)
    g_thread_join (g_steal_pointer (&job->thread));
  g_cancellable_reset (job->cancellable);
  pthread_mutex_lock (&self->mutex);
  g_clear_pointer (&job->error, g_free);
  pthread_mutex_unlock (&self->mutex);
  heft_progress_meter_restart (&job->progress, 0);
  atomic_store (&job->running, TRUE);
  job->thread = g_thread_new ("heft-job", job_thread, job);
  return TRUE;
}

void
heft_run_stop_job (HeftRun *self, gsize index)
{
  g_return_if_fail (index < self->experiment->n_jobs);
  g_cancellable_cancel (self->jobs[index].cancellable);
}

gboolean
heft_run_get_job_progress (HeftRun *self, gsize index, HeftProgress *progress)
{
  g_return_val_if_fail (index < self->experiment->n_jobs, FALSE);
  heft_progress_meter_read (&self->jobs[index].progress, progress);
  return atomic_load (&self->jobs[index].running);
}

char *
heft_run_dup_job_error (HeftRun *self, gsize index)
{
  char *message;

  g_return_val_if_fail (index < self->experiment->n_jobs, NULL);
  pthread_mutex_lock (&self->mutex);
  message = g_strdup (self->jobs[index].error);
  pthread_mutex_unlock (&self->mutex);
  return message;
}

gboolean
heft_run_job_point (HeftRun *self, gsize index, double fraction)
{
  heft_progress_meter_note (&self->jobs[index].progress, 0, 0, 0, fraction);
  return !g_cancellable_is_cancelled (self->jobs[index].cancellable);
}

GCancellable *
heft_run_get_job_cancellable (HeftRun *self, gsize index)
{
  return self->jobs[index].cancellable;
}
