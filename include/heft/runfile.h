/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/**
 * heft_run_file_save:
 *
 * Writes experiment, version, seed, parameters, changes, series, frames and results as one SQLite file (docs/run-file.md), atomically:
 * whatever stops the program, @path holds the old file or the new one. The bytes depend on the run alone. Of a run that goes on it
 * keeps what there is, with a checkpoint (heft_run_dup_checkpoint(), for which it may wait until the next point).
 */
gboolean heft_run_file_save (HeftRun *run, const char *path, GError **error);

/**
 * HeftSavedRun:
 *
 * A run read back: its experiment, parameters and record, ready for the same panels and exports.
 */
typedef struct
{
  const HeftExperiment *experiment;
  char                 *version;
  HeftParameters       *parameters;
  HeftRecord           *record;
  char                 *error;        /* why the run failed, or NULL */
  GBytes               *checkpoint;   /* where it can be continued, or NULL */
} HeftSavedRun;

HeftSavedRun *heft_run_file_load  (const char *path, GError **error);
void          heft_saved_run_free (HeftSavedRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftSavedRun, heft_saved_run_free)

/* (transfer full): the parameters that acted where the run can be continued; %NULL with HEFT_ERROR_INVALID_STATE if it cannot. */
HeftParameters *heft_saved_run_dup_resume_parameters (const HeftSavedRun *self, GError **error);
/**
 * heft_run_new_resumed:
 * @parameters: (nullable): from heft_saved_run_dup_resume_parameters(), where some are to be others: the live ones, and those that only
 *   say when to end (epochs)
 *
 * A long experiment made of pieces takes those that are finished from the file (heft_run_set_earlier()) and does the others. Any other: the
 * run as it was at its checkpoint: its record without what came later, ready for heft_run_start(). What follows is, bit for bit and at any number
 * of threads, what would have followed.
 *
 * Returns: (transfer full): a run, or %NULL with a sentence that says why it cannot be continued or what cannot change
 */
HeftRun      *heft_run_new_resumed  (const HeftSavedRun *saved, const HeftParameters *parameters, guint n_threads, GError **error);

/* One panel's data as CSV: a header of comment lines (version, experiment, seed, parameters, estimator, unit), then columns; every
 * point, 17 significant digits, C locale. */
gboolean heft_record_write_panel_csv (HeftRecord *record, const HeftExperiment *experiment, const HeftParameters *parameters,
                                      const HeftPanelSpec *panel, GString *csv, GError **error);

/* The same data as NumPy arrays of doubles, every point: each series as @folder/@prefix-SERIES.npy, a row a point of x and the y of each layer;
 * each array of the panel's frame as @folder/@prefix-NAME.npy. What is not finite is NaN. */
gboolean heft_record_save_panel_npy (HeftRecord *record, const HeftPanelSpec *panel, const char *folder, const char *prefix,
                                     GError **error);

/**
 * heft_record_save_network:
 * @path: receives the means of the trained network's weights
 * @deviations: (nullable): receives their standard deviations under Q, in the same layout; not written for a Dirac, where a file of that name,
 *   of a network that stood here before, is set aside as its name and "~"
 *
 * Writes the network that a run of `train` was last measured or ended with as safetensors in single precision, under PyTorch's names and in its layouts
 * (heft_network_save_safetensors()).
 *
 * Returns: %FALSE with HEFT_ERROR_INVALID_STATE where @record holds none
 */
gboolean heft_record_save_network (HeftRecord *record, const char *path, const char *deviations, GError **error);
/* Whether @record holds a network to save, without looking into it. */
gboolean heft_record_has_network  (HeftRecord *record);

G_END_DECLS
