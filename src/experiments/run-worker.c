/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include <heft/error.h>

#include "experiments/checkpoint.h"
#include "experiments/run-private.h"

/* How far the threads behind a window step back. */
#define NICENESS 5
/* How long whoever wants a checkpoint waits for the next point, in microseconds. */
#define CHECKPOINT_PATIENCE (5 * G_USEC_PER_SEC)

/* Behind a window the screen comes first: where a thread has a niceness of its own, which the threads it starts inherit, this one
 * steps back. A processor that has nothing else to do is as fast as before. */
void
heft_run_give_way (HeftRun *self)
{
#ifdef __linux__
  if (self->interactive && nice (NICENESS) == -1)
    g_debug ("the thread keeps its priority");
#endif
}

gpointer
heft_run_work (gpointer run)
{
  HeftRun *self = run;
  GError *error = NULL;
  gboolean good = FALSE;

  heft_run_give_way (self);
  if (self->experiment->run != NULL)
    good = self->experiment->run (self, &error);
  else
    g_set_error (&error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE, _("The experiment %s cannot run in this build."),
                 self->experiment->id);

  pthread_mutex_lock (&self->mutex);
  if (good || (self->stop && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    {
      self->state = self->stop ? HEFT_RUN_STOPPED : HEFT_RUN_DONE;
      g_clear_error (&error);
    }
  else
    {
      self->state = HEFT_RUN_FAILED;
      self->error = error;
    }
  if (self->state == HEFT_RUN_DONE)
    atomic_store (&self->progress.fraction, 1.0);
  atomic_store (&self->progress.seconds_left, self->state == HEFT_RUN_DONE ? 0.0 : -1.0);
  pthread_mutex_unlock (&self->mutex);
  atomic_store (&self->alive, FALSE);
  return NULL;
}

/* With the mutex held. Returns whether anything changed. */
static gboolean
apply_changes (HeftRun *self, guint64 step)
{
  gboolean changed = self->changes->len > 0;

  for (guint i = 0; i < self->changes->len; i++)
    {
      const HeftRunChange *change = g_ptr_array_index (self->changes, i);

      /* Checked when it was handed in. */
      if (heft_parameters_set (self->parameters, change->name, change->value, NULL))
        heft_record_note_change (self->record, step, change->name, change->value);
    }
  g_ptr_array_set_size (self->changes, 0);
  return changed;
}

/* With the mutex held; lets go of it while the handler works. */
static gboolean
take_changes (HeftRun *self)
{
  if (!apply_changes (self, atomic_load (&self->progress.step)))
    return FALSE;
  heft_run_update_attention (self);
  if (self->handler != NULL)
    {
      pthread_mutex_unlock (&self->mutex);
      self->handler (self, self->handler_data);
      pthread_mutex_lock (&self->mutex);
    }
  return TRUE;
}

/* With the mutex held; lets go of it while the handler works. */
static void
make_checkpoint (HeftRun *self)
{
  GBytes *bytes;

  self->checkpoint_wanted = FALSE;
  if (self->checkpoint_handler == NULL)
    return;
  pthread_mutex_unlock (&self->mutex);
  bytes = heft_checkpoint_new (self, self->checkpoint_handler (self, self->checkpoint_data));
  pthread_mutex_lock (&self->mutex);
  g_clear_pointer (&self->checkpoint, g_bytes_unref);
  self->checkpoint = bytes;
  self->n_checkpoints++;
  pthread_cond_broadcast (&self->wake);
}

/* With the mutex held: stays while paused. */
static gboolean
obey (HeftRun *self)
{
  gboolean changed = take_changes (self);

  if (self->checkpoint_wanted)
    make_checkpoint (self);
  while (self->pause && !self->stop)
    {
      self->state = HEFT_RUN_PAUSED;
      if (take_changes (self))
        changed = TRUE;
      else if (self->checkpoint_wanted)
        make_checkpoint (self);
      else
        pthread_cond_wait (&self->wake, &self->mutex);
    }
  if (!self->stop)
    self->state = HEFT_RUN_RUNNING;
  return changed;
}

static struct timespec
from_now (gint64 microseconds)
{
  gint64 end = g_get_monotonic_time () + microseconds;

  return (struct timespec) { end / G_USEC_PER_SEC, (end % G_USEC_PER_SEC) * 1000 };
}

/* With the mutex held. */
static void
sleep_slowly (HeftRun *self)
{
  struct timespec until = from_now (self->delay);

  while (self->delay > 0 && !self->stop && !self->pause && self->changes->len == 0)
    if (pthread_cond_timedwait (&self->wake, &self->mutex, &until) == ETIMEDOUT)
      break;
}

/* --- Points ------------------------------------------------------------------------------------------------------ */

void
heft_run_set_stage (HeftRun *self, const char *stage, guint64 count)
{
  heft_progress_meter_set_stage (&self->progress, stage, count);
}

gboolean
heft_run_point (HeftRun *self, guint64 step, double epoch, guint64 samples_done, double fraction, gboolean *changed)
{
  gboolean go_on, was_changed;

  heft_progress_meter_note (&self->progress, step, epoch, samples_done, fraction);
  if (changed != NULL)
    *changed = FALSE;
  if (!atomic_load_explicit (&self->attention, memory_order_acquire))
    return TRUE;

  pthread_mutex_lock (&self->mutex);
  self->before_point = FALSE;
  self->at_point = TRUE;
  if (self->steps_left > 0 && --self->steps_left == 0)
    {
      self->steps_left = -1;
      self->pause = TRUE;
    }
  sleep_slowly (self);
  if (self->pause)
    heft_progress_meter_skip (&self->progress);
  was_changed = obey (self);
  self->at_point = FALSE;
  heft_run_update_attention (self);
  go_on = !self->stop;
  pthread_mutex_unlock (&self->mutex);
  if (changed != NULL)
    *changed = was_changed;
  return go_on;
}

gboolean
heft_run_breathe (HeftRun *self)
{
  gboolean go_on;

  if (!atomic_load_explicit (&self->attention, memory_order_acquire))
    return TRUE;
  pthread_mutex_lock (&self->mutex);
  /* Nothing is trained while the run waits, so it is as good as paused at once; the next point stays so, and takes changes. */
  if (self->pause && !self->stop)
    {
      self->state = HEFT_RUN_PAUSED;
      self->before_point = !self->at_point;
    }
  go_on = !self->stop;
  pthread_mutex_unlock (&self->mutex);
  return go_on;
}

gboolean
heft_run_wait (HeftRun *self)
{
  gboolean changed = FALSE;

  if (!self->interactive)
    return FALSE;
  atomic_store (&self->progress.waiting, TRUE);
  pthread_mutex_lock (&self->mutex);
  /* A step asked for has been done. */
  self->steps_left = -1;
  while (!changed && !self->stop)
    {
      changed = obey (self);
      if (!changed && !self->stop && !self->pause)
        pthread_cond_wait (&self->wake, &self->mutex);
    }
  heft_run_update_attention (self);
  changed = changed && !self->stop;
  pthread_mutex_unlock (&self->mutex);
  atomic_store (&self->progress.waiting, FALSE);
  return changed;
}

void
heft_run_set_change_handler (HeftRun *self, HeftChangeHandler handler, gpointer user_data)
{
  self->handler = handler;
  self->handler_data = user_data;
}

/* --- Checkpoints ---------------------------------------------------------------------------------------------------- */

void
heft_run_set_checkpoint_handler (HeftRun *self, HeftCheckpointHandler handler, gpointer user_data)
{
  pthread_mutex_lock (&self->mutex);
  self->checkpoint_handler = handler;
  self->checkpoint_data = user_data;
  if (handler == NULL)
    self->checkpoint_wanted = FALSE;
  heft_run_update_attention (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_store_checkpoint (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  make_checkpoint (self);
  heft_run_update_attention (self);
  pthread_mutex_unlock (&self->mutex);
}

GVariant *
heft_run_get_resume_state (HeftRun *self)
{
  return self->resume;
}

void
heft_run_set_resume_state (HeftRun *self, GVariant *state, guint64 step, GBytes *checkpoint)
{
  self->resume = g_variant_ref (state);
  self->checkpoint = g_bytes_ref (checkpoint);
  atomic_store (&self->progress.step, step);
}

GBytes *
heft_run_dup_checkpoint (HeftRun *self)
{
  struct timespec until = from_now (CHECKPOINT_PATIENCE);
  GBytes *checkpoint;
  guint64 seen;

  pthread_mutex_lock (&self->mutex);
  seen = self->n_checkpoints;
  self->checkpoint_wanted = self->checkpoint_handler != NULL;
  heft_run_update_attention (self);
  while (self->checkpoint_wanted || (self->checkpoint_handler != NULL && self->n_checkpoints == seen))
    if (pthread_cond_timedwait (&self->wake, &self->mutex, &until) == ETIMEDOUT)
      break;
  checkpoint = self->checkpoint != NULL ? g_bytes_ref (self->checkpoint) : NULL;
  pthread_mutex_unlock (&self->mutex);
  return checkpoint;
}
