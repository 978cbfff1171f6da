/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <heft/error.h>
#include <heft/experiment.h>

/* How far the threads behind a window step back. */
#define NICENESS 5
#include "experiments/checkpoint.h"

/* How long whoever wants a checkpoint waits for the next point, in microseconds. */
#define CHECKPOINT_PATIENCE (5 * G_USEC_PER_SEC)

/* What a thread tells of its progress; written by that thread alone, read by any. */
typedef struct
{
  _Atomic double  fraction, seconds_left, epoch, rate;
  _Atomic guint64 step, count;
  atomic_bool     waiting;
  const char *_Atomic stage;
  /* The writer's own bookkeeping. */
  gint64  last_time;
  double  last_fraction, fraction_rate, smooth_rate;
  guint64 last_samples;
} Progress;

typedef struct
{
  HeftRun      *run;
  gsize         index;
  GThread      *thread;        /* the owner's */
  GCancellable *cancellable;
  atomic_int    running;
  Progress      progress;
  char         *error;         /* under the run's mutex */
} Job;

typedef struct
{
  char *name, *value;
} Change;

struct _HeftRun
{
  gint                  ref_count;
  const HeftExperiment *experiment;
  HeftRecord           *record;
  HeftRecord           *earlier;       /* of an earlier run, or NULL */
  HeftParameters       *parameters;    /* written by the worker (before the start: the owner) under the mutex */
  guint                 n_threads;
  gboolean              interactive;
  GThread              *thread;
  GCancellable         *cancellable;
  Progress              progress;
  Job                  *jobs;
  HeftChangeHandler     handler;       /* the worker's */
  gpointer              handler_data;

  atomic_int            attention;     /* anything below asks the worker to look */
  atomic_int            alive;         /* the worker has not ended */
  pthread_mutex_t       mutex;
  pthread_cond_t        wake;
  HeftRunState          state;
  gboolean              pause, stop;
  gint64                steps_left;    /* until the next pause; negative = no limit */
  gboolean              before_point;  /* paused with the point of the last step still to come */
  gboolean              at_point;
  guint                 delay;
  GPtrArray            *changes;       /* Change, waiting for the next point */
  GError               *error;
  HeftCheckpointHandler checkpoint_handler;   /* works on the worker's thread */
  gpointer              checkpoint_data;
  gboolean              checkpoint_wanted;
  guint64               n_checkpoints;
  GBytes               *checkpoint;    /* the latest, or NULL */
  GVariant             *resume;        /* where to begin, or NULL; set before the start */
};

static void
change_free (gpointer data)
{
  Change *change = data;

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
  self->jobs = g_new0 (Job, MAX (experiment->n_jobs, 1));
  for (gsize j = 0; j < experiment->n_jobs; j++)
    {
      self->jobs[j].run = self;
      self->jobs[j].index = j;
      self->jobs[j].cancellable = g_cancellable_new ();
    }
  self->steps_left = -1;
  self->changes = g_ptr_array_new_with_free_func (change_free);
  atomic_store (&self->progress.fraction, -1.0);
  atomic_store (&self->progress.seconds_left, -1.0);
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

static void
run_finish (HeftRun *self)
{
  heft_run_stop (self);
  for (gsize j = 0; j < self->experiment->n_jobs; j++)
    heft_run_stop_job (self, j);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  for (gsize j = 0; j < self->experiment->n_jobs; j++)
    {
      if (self->jobs[j].thread != NULL)
        g_thread_join (g_steal_pointer (&self->jobs[j].thread));
      g_object_unref (self->jobs[j].cancellable);
      g_free (self->jobs[j].error);
    }
}

void
heft_run_unref (HeftRun *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->ref_count))
    return;
  run_finish (self);
  g_free (self->jobs);
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

/* With the mutex held. */
static void
update_attention (HeftRun *self)
{
  atomic_store (&self->attention, self->pause || self->stop || self->steps_left >= 0 || self->delay > 0 ||
                                  self->changes->len > 0 || self->checkpoint_wanted);
  pthread_cond_broadcast (&self->wake);
}

/* --- The worker's side ------------------------------------------------------------------------------------------- */

static gpointer
run_thread (gpointer data)
{
  HeftRun *self = data;
  GError *error = NULL;
  gboolean good = FALSE;

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
      const Change *change = g_ptr_array_index (self->changes, i);

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
  update_attention (self);
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

/* With the mutex held. */
static void
sleep_slowly (HeftRun *self)
{
  gint64 end = g_get_monotonic_time () + self->delay;
  struct timespec until = { end / G_USEC_PER_SEC, (end % G_USEC_PER_SEC) * 1000 };

  while (self->delay > 0 && !self->stop && !self->pause && self->changes->len == 0)
    if (pthread_cond_timedwait (&self->wake, &self->mutex, &until) == ETIMEDOUT)
      break;
}

/* Rates are averages that forget exponentially, so that the time left neither jumps nor remembers a pause for long. */
static void
note_progress (Progress *progress, guint64 step, double epoch, guint64 samples, double fraction)
{
  gint64 now = g_get_monotonic_time ();
  double seconds = (now - progress->last_time) / (double) G_USEC_PER_SEC;

  atomic_store_explicit (&progress->step, step, memory_order_relaxed);
  atomic_store_explicit (&progress->epoch, epoch, memory_order_relaxed);
  atomic_store_explicit (&progress->fraction, fraction, memory_order_relaxed);
  if (fraction >= 1)
    atomic_store_explicit (&progress->seconds_left, 0.0, memory_order_relaxed);
  if (progress->last_time != 0 && seconds < 0.1)
    return;
  if (progress->last_time != 0 && samples >= progress->last_samples)
    {
      double rate = (samples - progress->last_samples) / seconds;
      double keep = progress->smooth_rate > 0 ? 1 / (1 + seconds) : 0;
      double progress_rate = MAX (fraction - progress->last_fraction, 0) / seconds;
      double keep_fraction = progress->fraction_rate > 0 ? 1 / (1 + seconds / 4) : 0;

      progress->smooth_rate = keep * progress->smooth_rate + (1 - keep) * rate;
      progress->fraction_rate = keep_fraction * progress->fraction_rate + (1 - keep_fraction) * progress_rate;
      atomic_store_explicit (&progress->rate, progress->smooth_rate, memory_order_relaxed);
      atomic_store_explicit (&progress->seconds_left,
                             fraction >= 0 && progress->fraction_rate > 0 ? (1 - fraction) / progress->fraction_rate : -1.0,
                             memory_order_relaxed);
    }
  progress->last_time = now;
  progress->last_samples = samples;
  progress->last_fraction = fraction;
}

void
heft_run_set_stage (HeftRun *self, const char *stage, guint64 count)
{
  Progress *progress = &self->progress;

  atomic_store_explicit (&progress->count, count, memory_order_relaxed);
  if (atomic_load_explicit (&progress->stage, memory_order_relaxed) == stage)
    return;
  atomic_store_explicit (&progress->stage, stage, memory_order_relaxed);
  /* What was counted before says nothing of how fast this goes. */
  progress->last_time = 0;
  progress->smooth_rate = 0;
  atomic_store_explicit (&progress->rate, 0.0, memory_order_relaxed);
}

gboolean
heft_run_point (HeftRun *self, guint64 step, double epoch, guint64 samples_done, double fraction, gboolean *changed)
{
  gboolean go_on, was_changed;

  note_progress (&self->progress, step, epoch, samples_done, fraction);
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
    self->progress.last_time = 0;
  was_changed = obey (self);
  self->at_point = FALSE;
  update_attention (self);
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
  update_attention (self);
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

/* --- Checkpoints ---------------------------------------------------------------------------------------------------- */

void
heft_run_set_checkpoint_handler (HeftRun *self, HeftCheckpointHandler handler, gpointer user_data)
{
  pthread_mutex_lock (&self->mutex);
  self->checkpoint_handler = handler;
  self->checkpoint_data = user_data;
  if (handler == NULL)
    self->checkpoint_wanted = FALSE;
  update_attention (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_store_checkpoint (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  make_checkpoint (self);
  update_attention (self);
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
  gint64 end = g_get_monotonic_time () + CHECKPOINT_PATIENCE;
  struct timespec until = { end / G_USEC_PER_SEC, (end % G_USEC_PER_SEC) * 1000 };
  GBytes *checkpoint;
  guint64 seen;

  pthread_mutex_lock (&self->mutex);
  seen = self->n_checkpoints;
  self->checkpoint_wanted = self->checkpoint_handler != NULL;
  update_attention (self);
  while (self->checkpoint_wanted || (self->checkpoint_handler != NULL && self->n_checkpoints == seen))
    if (pthread_cond_timedwait (&self->wake, &self->mutex, &until) == ETIMEDOUT)
      break;
  checkpoint = self->checkpoint != NULL ? g_bytes_ref (self->checkpoint) : NULL;
  pthread_mutex_unlock (&self->mutex);
  return checkpoint;
}

/* --- The owner's side -------------------------------------------------------------------------------------------- */

/* Behind a window the screen comes first: where a thread has a niceness of its own, which the threads it starts inherit, this one
 * steps back. A processor that has nothing else to do is as fast as before. */
static void
give_way (HeftRun *self)
{
#ifdef __linux__
  if (self->interactive && nice (NICENESS) == -1)
    g_debug ("the thread keeps its priority");
#endif
}

static gpointer
worker_thread (gpointer data)
{
  give_way (data);
  return run_thread (data);
}

/* With the mutex held. */
static void
ensure_thread (HeftRun *self)
{
  if (self->state != HEFT_RUN_READY || self->stop)
    return;
  self->state = HEFT_RUN_RUNNING;
  atomic_store (&self->alive, TRUE);
  self->thread = g_thread_new ("heft-run", worker_thread, self);
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
  update_attention (self);
  ensure_thread (self);
  pthread_mutex_unlock (&self->mutex);
}

void
heft_run_pause (HeftRun *self)
{
  pthread_mutex_lock (&self->mutex);
  if (self->state == HEFT_RUN_RUNNING)
    self->pause = TRUE;
  update_attention (self);
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
  update_attention (self);
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
  update_attention (self);
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
  update_attention (self);
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

static const HeftParameterSpec *
find_spec (const HeftExperiment *experiment, const char *name)
{
  for (gsize i = 0; i < experiment->n_parameters; i++)
    if (strcmp (experiment->parameters[i].id, name) == 0)
      return &experiment->parameters[i];
  return NULL;
}

/* With the mutex held. Refuses what the worker could not take. */
static gboolean
hand_in (HeftRun *self, const char *name, const char *value, GError **error)
{
  const HeftParameterSpec *spec = find_spec (self->experiment, name);
  g_autoptr (HeftParameters) trial = heft_parameters_copy (self->parameters);
  Change *change;

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
    if (strcmp (((Change *) g_ptr_array_index (self->changes, i))->name, name) == 0)
      {
        g_ptr_array_remove_index (self->changes, i);
        break;
      }
  change = g_new0 (Change, 1);
  change->name = g_strdup (name);
  change->value = g_strstrip (g_strdup (value));
  g_ptr_array_add (self->changes, change);
  update_attention (self);
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

static void
read_progress (Progress *progress, HeftProgress *out)
{
  out->fraction = atomic_load_explicit (&progress->fraction, memory_order_relaxed);
  out->seconds_left = atomic_load_explicit (&progress->seconds_left, memory_order_relaxed);
  out->step = atomic_load_explicit (&progress->step, memory_order_relaxed);
  out->epoch = atomic_load_explicit (&progress->epoch, memory_order_relaxed);
  out->samples_per_second = atomic_load_explicit (&progress->rate, memory_order_relaxed);
  out->waiting = atomic_load (&progress->waiting);
  out->stage = atomic_load_explicit (&progress->stage, memory_order_relaxed);
  out->count = atomic_load_explicit (&progress->count, memory_order_relaxed);
}

void
heft_run_get_progress (HeftRun *self, HeftProgress *progress)
{
  read_progress (&self->progress, progress);
}

/* --- Jobs -------------------------------------------------------------------------------------------------------- */

static gpointer
job_thread (gpointer data)
{
  Job *job = data;
  HeftRun *self = job->run;
  g_autoptr (GError) error = NULL;

  give_way (self);
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
  Job *job;

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
  job->progress.last_time = 0;
  job->progress.fraction_rate = 0;
  atomic_store (&job->progress.fraction, 0.0);
  atomic_store (&job->progress.seconds_left, -1.0);
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
  read_progress (&self->jobs[index].progress, progress);
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
  note_progress (&self->jobs[index].progress, 0, 0, 0, fraction);
  return !g_cancellable_is_cancelled (self->jobs[index].cancellable);
}

GCancellable *
heft_run_get_job_cancellable (HeftRun *self, gsize index)
{
  return self->jobs[index].cancellable;
}
