/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/panel.h>
#include <heft/record.h>

G_BEGIN_DECLS

typedef enum
{
  HEFT_PARAMETER_REAL,
  HEFT_PARAMETER_INTEGER,
  HEFT_PARAMETER_BOOLEAN,
  HEFT_PARAMETER_CHOICE,
  HEFT_PARAMETER_TEXT,
  HEFT_PARAMETER_DATASET,   /* a source's name or a data argument */
  HEFT_PARAMETER_FILE,      /* the path of a network; may be empty */
  HEFT_PARAMETER_REAL_LIST, /* comma-separated positive numbers; empty = the experiment's rule */
} HeftParameterKind;

typedef enum
{
  HEFT_GROUP_DATA,
  HEFT_GROUP_NETWORK,
  HEFT_GROUP_CODES,         /* posterior and prior */
  HEFT_GROUP_OBJECTIVE,     /* beta, lambda */
  HEFT_GROUP_OPTIMIZER,
  HEFT_GROUP_MEASUREMENT,
} HeftParameterGroup;

/**
 * HeftParameterSpec:
 *
 * One parameter of an experiment: a slider, a command-line option, a line of documentation. @default_text is what describe prints
 * and what a fresh run uses. Where @per_sample is set a value may also be written as a multiple of one over the number of
 * training samples ("0.1/N"); it becomes a number once the run knows N (heft_run_set_sample_count()).
 */
typedef struct
{
  const char         *id;             /* "learning-rate" */
  const char         *label;          /* translatable, may hold formulas: "$\\beta$" */
  const char         *help;           /* translatable, one sentence */
  HeftParameterKind   kind;
  HeftParameterGroup  group;
  const char         *unit;
  double              minimum, maximum;
  gboolean            logarithmic;
  const char         *default_text;
  const char         *window_default; /* what the window starts with where that differs, or NULL */
  gboolean            live;           /* acts on a running network; otherwise needs a reset */
  const char *const  *choices;        /* CHOICE: ids, NULL-terminated */
  const char *const  *choice_labels;  /* translatable */
  gboolean            per_sample;     /* REAL: "0.1/N" is a value too */
  const char         *when;           /* "prior=scale-mixture": acts with that choice alone ("a|b" for several), or NULL: always */
  gboolean            rare;           /* a window keeps it behind "More" */
  gboolean            resumable;      /* may be another when a run is resumed, as every live one may */
} HeftParameterSpec;

/**
 * HeftParameters:
 *
 * The values of one run: checked text by name. A copy is made for every run.
 */
typedef struct _HeftParameters HeftParameters;
typedef struct _HeftExperiment HeftExperiment;
typedef struct _HeftRun HeftRun;

HeftParameters *heft_parameters_new  (const HeftExperiment *experiment);
/* The same with the window's own defaults, where an experiment has any. */
HeftParameters *heft_parameters_new_for_window (const HeftExperiment *experiment);
HeftParameters *heft_parameters_copy (const HeftParameters *self);
void            heft_parameters_free (HeftParameters *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftParameters, heft_parameters_free)

/* Refuses unknown names (naming the nearest valid one), values out of range and words that do not parse. */
gboolean        heft_parameters_set      (HeftParameters *self, const char *name, const char *value, GError **error);
void            heft_parameters_reset    (HeftParameters *self, const char *name);
/* Whether the experiment has such a parameter: asking for the value of one it lacks is a caller's bug. */
gboolean        heft_parameters_has      (const HeftParameters *self, const char *name);
/* A value written as "0.1/N" needs N: not a number before it is known. */
double          heft_parameters_get_real (const HeftParameters *self, const char *name);
gint64          heft_parameters_get_integer (const HeftParameters *self, const char *name);
gboolean        heft_parameters_get_boolean (const HeftParameters *self, const char *name);
/* As typed, for every kind: what set() would read back. */
const char     *heft_parameters_get_text (const HeftParameters *self, const char *name);
/* REAL_LIST: borrowed values; none = the experiment's rule. */
const double   *heft_parameters_get_list (const HeftParameters *self, const char *name, gsize *n);
/* Whether @name acts, its specification's @when considered. */
gboolean        heft_parameters_is_relevant (const HeftParameters *self, const char *name);
/* Whether @name still has its default, for derived defaults such as beta = 0.1/N. */
gboolean        heft_parameters_is_default (const HeftParameters *self, const char *name);
/* Checks what depends on several parameters or on files: the experiment's check(). */
gboolean        heft_parameters_check    (HeftParameters *self, GError **error);
guint64         heft_parameters_get_seed (const HeftParameters *self);
void            heft_parameters_set_seed (HeftParameters *self, guint64 seed);
/* N for values written as "0.1/N"; 0 = not known yet. */
void            heft_parameters_set_sample_count (HeftParameters *self, gsize n_samples);
gsize           heft_parameters_get_sample_count (const HeftParameters *self);
const HeftExperiment *heft_parameters_get_experiment (const HeftParameters *self);
/* One line that says how a figure was made; @step 0 for the end of a run. May hold formulas. */
char           *heft_parameters_dup_caption (const HeftParameters *parameters, guint64 step);

/* The candidate with the smallest edit distance to @typed; @candidates is NULL-terminated. NULL if there is none. */
const char     *heft_nearest_name (const char *typed, const char *const *candidates);

/**
 * HeftExperiment:
 *
 * An experiment is data plus one function (architecture.md). @jobs are further computations that work on request beside the run
 * and write series of their own, such as the beta sweep of the lab.
 */
typedef struct
{
  const char *id;
  const char *label;                                         /* translatable */
  gboolean  (*run) (HeftRun *run, GError **error);
} HeftJob;

struct _HeftExperiment
{
  const char              *id;
  const char              *title;      /* translatable */
  const char              *summary;    /* translatable, two sentences */
  gboolean                 long_running;
  gboolean                 resumes;    /* takes finished pieces from an earlier run: heft_run_set_earlier() */
  const HeftParameterSpec *parameters;  gsize n_parameters;
  const HeftSeriesSpec    *series;      gsize n_series;
  const HeftPanelSpec     *panels;      gsize n_panels;
  const HeftResultSpec    *results;     gsize n_results;
  const HeftJob           *jobs;        gsize n_jobs;
  gboolean               (*check) (HeftParameters *parameters, GError **error);
  /* Says in the record, before anything is written to it, what depends on the parameters: estimators' samples and draws. */
  void                   (*prepare) (HeftRecord *record, const HeftParameters *parameters);
  gboolean               (*run)   (HeftRun *run, GError **error);
};

const HeftExperiment *const *heft_experiments     (gsize *n);
const HeftExperiment        *heft_experiment_find (const char *id, GError **error);
/* NULL if it has none of that name. */
const HeftParameterSpec     *heft_experiment_find_parameter (const HeftExperiment *experiment, const char *id);

/**
 * HeftRun:
 *
 * One run of an experiment on a thread of its own, and the only road between the screen and the worker: parameters, pause, step
 * and stop go in, the record comes out. Command line, window and tests drive this same object. heft_run_start() and the controls are for
 * the owner's thread; heft_run_point() and the getters beside it for the experiment.
 */
typedef enum
{
  HEFT_RUN_READY,
  HEFT_RUN_RUNNING,
  HEFT_RUN_PAUSED,
  HEFT_RUN_DONE,
  HEFT_RUN_FAILED,
  HEFT_RUN_STOPPED,
} HeftRunState;

HeftRun     *heft_run_new       (const HeftExperiment *experiment, const HeftParameters *parameters, guint n_threads);
HeftRun     *heft_run_ref       (HeftRun *self);
void         heft_run_unref     (HeftRun *self);   /* stops and joins if it is the last */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftRun, heft_run_unref)

void         heft_run_start     (HeftRun *self);   /* from READY, or continue from PAUSED */
void         heft_run_pause     (HeftRun *self);   /* takes effect at the next point */
void         heft_run_step      (HeftRun *self);   /* one step, then paused */
void         heft_run_stop      (HeftRun *self);   /* asks; heft_run_join() waits */
gboolean     heft_run_join      (HeftRun *self, GError **error);   /* FALSE with the run's error */
void         heft_run_set_delay (HeftRun *self, guint microseconds);  /* slow motion: sleep this long at each point */
/* Hands a live parameter to the worker; it takes effect, and is noted in the record, at the next point. */
gboolean     heft_run_set_parameter (HeftRun *self, const char *name, const char *value, GError **error);
/* Starts job @job of the experiment on a thread of its own; progress and stop as for the run. */
gboolean     heft_run_start_job (HeftRun *self, gsize job, GError **error);
void         heft_run_stop_job  (HeftRun *self, gsize job);

/**
 * heft_run_set_earlier:
 * @record: the record of an earlier run of the same experiment that did not come to its end
 *
 * Before the start: lets a long experiment take from @record the pieces that were finished there (it recognises those that its own
 * parameters and seed would make again) and do the others only. The rest makes no use of it. heft_run_get_earlier() is for the experiment.
 */
void         heft_run_set_earlier  (HeftRun *self, HeftRecord *record);
HeftRecord  *heft_run_get_earlier  (HeftRun *self);   /* (transfer none) (nullable) */

/* For a window: the run stays alive at its end where it can still react to live parameters, and its threads leave the processor to
 * the screen when that needs it. Before the start. */
void         heft_run_set_interactive (HeftRun *self, gboolean interactive);

/* (transfer full) (nullable): where the run stands, to be continued by heft_run_new_resumed(). Waits for the next point, at most some
 * seconds (then it is the last one known); a paused run answers at once. NULL where the experiment cannot be resumed. */
GBytes      *heft_run_dup_checkpoint (HeftRun *self);
HeftRunState heft_run_get_state    (HeftRun *self);
/* Whether no thread of the run or its jobs is alive any more, so that join() and the last unref() return at once. */
gboolean     heft_run_is_over      (HeftRun *self);
HeftParameters *heft_run_dup_parameters (HeftRun *self);     /* (transfer full): as they act now, from any thread */
gsize        heft_run_get_sample_count (HeftRun *self);      /* N, 0 until the run knows it */
char        *heft_run_dup_error    (HeftRun *self);          /* the failure's sentence, or NULL */
HeftRecord  *heft_run_get_record   (HeftRun *self);
const HeftExperiment *heft_run_get_experiment (HeftRun *self);

typedef struct
{
  double  fraction;          /* done, 0..1; negative where the end is not known */
  double  seconds_left;      /* negative where not known */
  guint64 step;
  double  epoch;
  double  samples_per_second;
  const char *stage;         /* translatable: what is counted instead of steps, or NULL */
  gboolean waiting;          /* all is shown: heft_run_wait() looks out for changes */
  guint64 count;             /* of them; samples_per_second are then these */
} HeftProgress;

void         heft_run_get_progress (HeftRun *self, HeftProgress *progress);
gboolean     heft_run_get_job_progress (HeftRun *self, gsize job, HeftProgress *progress);  /* FALSE if it is not running */
char        *heft_run_dup_job_error    (HeftRun *self, gsize job);   /* the last failure's sentence, or NULL */

/* For the experiment's thread. */
HeftParameters *heft_run_get_parameters (HeftRun *self);     /* the worker's own copy, live changes applied at points */
guint        heft_run_get_n_threads (HeftRun *self);
guint64      heft_run_get_seed      (HeftRun *self);
GCancellable *heft_run_get_cancellable (HeftRun *self);
void         heft_run_set_sample_count (HeftRun *self, gsize n_samples);
/* Called on the run's thread whenever live parameters have changed, also while the run is paused. */
typedef void (*HeftChangeHandler) (HeftRun *run, gpointer user_data);
void         heft_run_set_change_handler (HeftRun *self, HeftChangeHandler handler, gpointer user_data);
/**
 * HeftCheckpointHandler:
 *
 * Returns: (transfer full): all that the rest of the run depends on but parameters and record, as a dictionary a{sv}; its entry
 *   "lengths" holds, for each series and each of its curves, how many points belong to it
 */
typedef GVariant *(*HeftCheckpointHandler) (HeftRun *run, gpointer user_data);
/* Makes the run one that can be resumed: @handler is called on the run's thread, at points, whenever somebody wants a checkpoint. %NULL
 * once there is nothing more to say. */
void         heft_run_set_checkpoint_handler (HeftRun *self, HeftCheckpointHandler handler, gpointer user_data);
/* Calls the handler now, on the run's thread, and keeps what it says. */
void         heft_run_store_checkpoint (HeftRun *self);
/* (transfer none) (nullable): what the handler said in the run that this one continues. */
GVariant    *heft_run_get_resume_state (HeftRun *self);
/* The run is waiting for something of its own: FALSE when it must end. A pause shows at once and holds at the next point. */
gboolean     heft_run_breathe       (HeftRun *self);
/* At the end of what there is to show: FALSE unless the run is interactive; then waits until a live parameter has changed
 * (the change handler is called), and returns FALSE when the run must end. */
gboolean     heft_run_wait          (HeftRun *self);
/* For a job's thread: progress, and whether to go on. */
gboolean     heft_run_job_point     (HeftRun *self, gsize job, double fraction);
GCancellable *heft_run_get_job_cancellable (HeftRun *self, gsize job);
/* Before a point: what the run does now is counted in something other than steps and samples, such as weight draws. @stage is static and
 * translatable, in the singular, or NULL again for steps; @count is how many there have been, as are the point's samples. */
void         heft_run_set_stage     (HeftRun *self, const char *stage, guint64 count);
/**
 * heft_run_point:
 * @changed: (out) (optional): whether a live parameter changed since the last point
 *
 * A place where the run may be paused, stepped, changed or stopped. Returns FALSE when it must end (stop was asked): then the experiment writes what
 * results it has and returns. Never waits for the screen.
 */
gboolean     heft_run_point         (HeftRun *self, guint64 step, double epoch, guint64 samples_done, double fraction,
                                     gboolean *changed);

G_END_DECLS
