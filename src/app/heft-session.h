/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/experiment.h>
#include <heft/runfile.h>

G_BEGIN_DECLS

/**
 * HeftSession:
 *
 * What a window works on: an experiment, the parameters as edited, and the run they belong to. Live parameters go to the run as they
 * change; the others wait as pending changes until the run is reset. Runs that are replaced stop and are joined on a thread
 * of their own, so that the main loop never waits for one.
 *
 * Signals: "record-replaced", "state-changed", "parameter-changed" (id), "pending-changed", "job-failed" (label, sentence).
 */
#define HEFT_TYPE_SESSION (heft_session_get_type ())
G_DECLARE_FINAL_TYPE (HeftSession, heft_session, HEFT, SESSION, GObject)

HeftSession          *heft_session_new            (void);

/* Drops the run and starts over with the window's defaults of @experiment. */
void                  heft_session_set_experiment (HeftSession *self, const HeftExperiment *experiment);
const HeftExperiment *heft_session_get_experiment (HeftSession *self);
HeftRecord           *heft_session_get_record     (HeftSession *self);   /* (transfer none) (nullable) */
HeftRun              *heft_session_get_run        (HeftSession *self);   /* (transfer none) (nullable) */
HeftRunState          heft_session_get_state      (HeftSession *self);
const char           *heft_session_get_error      (HeftSession *self);   /* the failure's sentence, or NULL */
/* The file a saved run on show was read from, or NULL. */
const char           *heft_session_get_file_name  (HeftSession *self);

void     heft_session_start    (HeftSession *self);
void     heft_session_pause    (HeftSession *self);
void     heft_session_step     (HeftSession *self);
/* Whether a saved run is on show that start would continue. */
gboolean heft_session_can_resume (HeftSession *self);
/* A new run with the edited parameters; it goes on running if the old one ran. */
void     heft_session_reset    (HeftSession *self);
/* The same for somebody who has mended what a run failed at: the new one also goes on if the old one failed. */
void     heft_session_apply    (HeftSession *self);
guint64  heft_session_get_seed (HeftSession *self);
void     heft_session_set_seed (HeftSession *self, guint64 seed);        /* pending until reset */
void     heft_session_set_delay (HeftSession *self, guint microseconds);
/* Puts a run read from a file on show (transfer full). Where it has a checkpoint, start and step go on from there, bit for bit, as long as
 * nothing was edited that needs a reset; else they start a new run with its parameters. */
void     heft_session_show_saved (HeftSession *self, HeftSavedRun *saved, const char *file_name);
/* Ends everything; @done is called on the main loop once the last thread has been joined. */
void     heft_session_shut_down (HeftSession *self, GAsyncReadyCallback done, gpointer user_data);
/* A job of the experiment. */
void     heft_session_toggle_job (HeftSession *self, gsize job, GError **error);
gboolean heft_session_is_job_running (HeftSession *self, gsize job);

/* Takes an edit. FALSE if the value is refused; the old one stays. */
gboolean    heft_session_set_parameter   (HeftSession *self, const char *name, const char *value, GError **error);
void        heft_session_reset_parameter (HeftSession *self, const char *name);
/* The parameters as edited. */
HeftParameters *heft_session_get_parameters (HeftSession *self);
/* The parameters of the run on show (to label its exports). */
HeftParameters *heft_session_get_run_parameters (HeftSession *self);
/* The same as they act now, live changes included (transfer full). */
HeftParameters *heft_session_dup_current_parameters (HeftSession *self);
const HeftParameterSpec *heft_session_find_spec (HeftSession *self, const char *name);

/* Labels of what waits for a reset, joined for a sentence, in plain text; NULL if nothing waits. */
char       *heft_session_dup_pending     (HeftSession *self);
void        heft_session_discard_pending (HeftSession *self);

/* One line that says what the run on show is: experiment, data, N, beta, lambda, seed, step, program. */
char       *heft_session_dup_caption     (HeftSession *self);

/* Once a frame while something may change: hands coalesced edits to the run and follows its state. FALSE once all is quiet. */
gboolean    heft_session_poll            (HeftSession *self);

G_END_DECLS
