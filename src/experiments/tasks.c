/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "experiments/tasks.h"

#define LOOK_EVERY_MICROSECONDS 20000

typedef enum
{
  WAITING,
  WORKING,
  DONE,
  FAILED,
} State;

struct _HeftTasks
{
  HeftRun         *run;
  gsize            n_tasks;
  HeftTaskFunc     func;
  gpointer         user_data;
  _Atomic double  *fractions;     /* each written by the task's own thread */
  atomic_int       stop;
  pthread_mutex_t  mutex;
  pthread_cond_t   changed;       /* a task has ended */
  State           *states;        /* under the mutex, as is all below */
  GError         **errors;
  gsize            next;          /* the first that nobody has taken */
};

gboolean
heft_tasks_point (HeftTasks *self, gsize task, double fraction)
{
  atomic_store_explicit (&self->fractions[task], fraction, memory_order_relaxed);
  while (!atomic_load (&self->stop) && heft_run_get_state (self->run) == HEFT_RUN_PAUSED)
    g_usleep (LOOK_EVERY_MICROSECONDS / 2);
  return !atomic_load (&self->stop);
}

/* With the mutex held. */
static gboolean
take_task (HeftTasks *self, gsize *task)
{
  while (self->next < self->n_tasks && self->states[self->next] != WAITING)
    self->next++;
  if (atomic_load (&self->stop) || self->next == self->n_tasks)
    return FALSE;
  *task = self->next++;
  self->states[*task] = WORKING;
  return TRUE;
}

static gpointer
work (gpointer data)
{
  HeftTasks *self = data;
  gsize task;

  pthread_mutex_lock (&self->mutex);
  while (take_task (self, &task))
    {
      GError *error = NULL;
      gboolean good;

      pthread_mutex_unlock (&self->mutex);
      good = self->func (self, task, self->user_data, &error);
      pthread_mutex_lock (&self->mutex);
      self->states[task] = good ? DONE : FAILED;
      self->errors[task] = error;
      if (good)
        atomic_store_explicit (&self->fractions[task], 1.0, memory_order_relaxed);
      else
        atomic_store (&self->stop, TRUE);
      pthread_cond_signal (&self->changed);
    }
  pthread_mutex_unlock (&self->mutex);
  return NULL;
}

/* Waits a moment for task @task to end. */
static State
look_at (HeftTasks *self, gsize task)
{
  struct timespec until;
  State state;

  clock_gettime (CLOCK_MONOTONIC, &until);
  until.tv_nsec += LOOK_EVERY_MICROSECONDS * 1000L;
  until.tv_sec += until.tv_nsec / 1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_mutex_lock (&self->mutex);
  if (self->states[task] != DONE && !atomic_load (&self->stop))
    pthread_cond_timedwait (&self->changed, &self->mutex, &until);
  state = self->states[task];
  pthread_mutex_unlock (&self->mutex);
  return state;
}

static double
progress (HeftTasks *self)
{
  double sum = 0;

  for (gsize t = 0; t < self->n_tasks; t++)
    sum += atomic_load_explicit (&self->fractions[t], memory_order_relaxed);
  return sum / (double) self->n_tasks;
}

/* Takes results in order until all are taken or something ends it. @taken counts them. */
static gboolean
oversee (HeftTasks *self, HeftTaskDone done, double from, double to, gsize *taken, GError **error)
{
  while (*taken < self->n_tasks)
    {
      State state = look_at (self, *taken);

      if (state == DONE && !done ((*taken)++, self->user_data, error))
        return FALSE;
      if (!heft_run_point (self->run, *taken, 0, 0, from + (to - from) * progress (self), NULL) || atomic_load (&self->stop))
        return *taken == self->n_tasks;
    }
  return TRUE;
}

/* After the threads have ended: the first error, or what was finished in vain. */
static void
settle (HeftTasks *self, gsize taken, HeftTaskDone done_late, GError **error)
{
  for (gsize t = taken; t < self->n_tasks; t++)
    if (self->states[t] == DONE && done_late != NULL)
      done_late (t, self->user_data, NULL);
  for (gsize t = 0; t < self->n_tasks; t++)
    {
      if (self->errors[t] != NULL && error != NULL && *error == NULL &&
          !g_error_matches (self->errors[t], G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_propagate_error (error, g_steal_pointer (&self->errors[t]));
      g_clear_error (&self->errors[t]);
    }
}

gboolean
heft_tasks_run (HeftRun *run, gsize n_tasks, const gboolean *is_done, HeftTaskFunc func, HeftTaskDone done,
                HeftTaskDone done_late, double from, double to, gpointer user_data, GError **error)
{
  HeftTasks self = { .run = run, .n_tasks = n_tasks, .func = func, .user_data = user_data };
  gsize n_threads = MIN (heft_run_get_n_threads (run), n_tasks), taken = 0;
  g_autofree GThread **threads = g_new0 (GThread *, n_threads + 1);
  g_autofree State *states = g_new0 (State, n_tasks + 1);
  g_autofree GError **errors = g_new0 (GError *, n_tasks + 1);
  g_autofree _Atomic double *fractions = g_new0 (_Atomic double, n_tasks + 1);
  GError *failure = NULL;
  pthread_condattr_t attributes;
  gboolean good;

  self.states = states;
  self.errors = errors;
  self.fractions = fractions;
  for (gsize t = 0; is_done != NULL && t < n_tasks; t++)
    if (is_done[t])
      {
        states[t] = DONE;
        atomic_store (&fractions[t], 1.0);
      }
  pthread_mutex_init (&self.mutex, NULL);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&self.changed, &attributes);
  pthread_condattr_destroy (&attributes);
  for (gsize i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("heft-task", work, &self);
  good = oversee (&self, done, from, to, &taken, &failure);
  atomic_store (&self.stop, TRUE);
  for (gsize i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  settle (&self, taken, done_late, failure == NULL ? &failure : NULL);
  pthread_cond_destroy (&self.changed);
  pthread_mutex_destroy (&self.mutex);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return good && failure == NULL;
}
