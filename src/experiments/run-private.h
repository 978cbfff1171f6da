/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <pthread.h>

#include <heft/experiment.h>

#include "experiments/progress.h"

G_BEGIN_DECLS

typedef struct
{
  HeftRun           *run;
  gsize              index;
  GThread           *thread;        /* the owner's */
  GCancellable      *cancellable;
  atomic_int         running;
  HeftProgressMeter  progress;
  char              *error;         /* under the run's mutex */
} HeftRunJob;

typedef struct
{
  char *name, *value;
} HeftRunChange;

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
  HeftProgressMeter     progress;
  HeftRunJob           *jobs;
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
  GPtrArray            *changes;       /* HeftRunChange, waiting for the next point */
  GError               *error;
  HeftCheckpointHandler checkpoint_handler;   /* works on the worker's thread */
  gpointer              checkpoint_data;
  gboolean              checkpoint_wanted;
  guint64               n_checkpoints;
  GBytes               *checkpoint;    /* the latest, or NULL */
  GVariant             *resume;        /* where to begin, or NULL; set before the start */
};

/* With the mutex held: lets the worker know of what has been asked. */
void     heft_run_update_attention (HeftRun *self);
/* A GThreadFunc: the worker, from its first line to its last. */
gpointer heft_run_work             (gpointer run);
/* Behind a window: the thread that calls it steps back. */
void     heft_run_give_way         (HeftRun *self);

void     heft_run_init_jobs        (HeftRun *self);
/* Waits for them, which have been told to stop. */
void     heft_run_clear_jobs       (HeftRun *self);

G_END_DECLS
