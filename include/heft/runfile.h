/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/**
 * heft_run_file_save:
 *
 * Writes experiment, version, seed, parameters, changes, series, frames and results as one SQLite file (docs/run-file.md), atomically:
 * whatever stops the program, @path holds the old file or the new one. The bytes depend on the run alone.
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
} HeftSavedRun;

HeftSavedRun *heft_run_file_load  (const char *path, GError **error);
void          heft_saved_run_free (HeftSavedRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftSavedRun, heft_saved_run_free)

/* One panel's data as CSV: a header of comment lines (version, experiment, seed, parameters, estimator, unit), then columns; every
 * point, 17 significant digits, C locale. */
gboolean heft_record_write_panel_csv (HeftRecord *record, const HeftExperiment *experiment, const HeftParameters *parameters,
                                      const HeftPanelSpec *panel, GString *csv, GError **error);

G_END_DECLS
