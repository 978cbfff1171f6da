/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include <heft/experiment.h>

G_BEGIN_DECLS

/* Exit statuses, part of the contract. */
enum
{
  HEFT_EXIT_DONE = 0,
  HEFT_EXIT_FAILED = 1,
  HEFT_EXIT_USAGE = 2,
  HEFT_EXIT_INTERRUPTED = 130,
};

/* One command of heft-cli. @argv[0] is the command's name. */
typedef struct
{
  const char *name;
  const char *arguments;       /* what follows the name, translatable */
  const char *summary;         /* translatable */
  int       (*run) (int argc, char **argv);
} HeftCommand;

int heft_cli_bound    (int argc, char **argv);
int heft_cli_measure  (int argc, char **argv);
int heft_cli_list     (int argc, char **argv);
int heft_cli_describe (int argc, char **argv);
int heft_cli_run      (int argc, char **argv);
int heft_cli_sweep    (int argc, char **argv);
int heft_cli_export   (int argc, char **argv);

/* --- options.c ----------------------------------------------------------------------------------------------------- */

/* Parses @argv by @entries; what is left are the operands, of which there must be @minimum to @maximum. On bad usage says so on
 * standard error, naming the option and the nearest valid one, and returns FALSE: then leave with HEFT_EXIT_USAGE. */
gboolean heft_cli_parse (int *argc, char ***argv, const GOptionEntry *entries, const char *arguments, const char *summary,
                         int minimum, int maximum);
/* "heft-cli: SENTENCE" on standard error; returns @status. */
int      heft_cli_fail  (int status, const char *format, ...) G_GNUC_PRINTF (2, 3);
int      heft_cli_fail_error (int status, const GError *error);

/* What `run`, `sweep` and others share. */
typedef struct
{
  char   **settings;           /* NAME=VALUE */
  char    *seed;
  int      threads;            /* heft_cli_threads_default() to begin with */
  char    *output;
  char    *resume;             /* a saved run to continue */
  int      save_every;         /* seconds between two savings of a run that goes on; 0 = only at its end */
  char    *export_folder;
  char    *formats;
  gboolean json;
  gboolean series;
  gboolean quiet;
  gboolean progress;
} HeftCliOptions;

void     heft_cli_options_clear (HeftCliOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftCliOptions, heft_cli_options_clear)
/* Experiment @id with the options' settings, checked: everything that can be refused is refused here. */
HeftParameters *heft_cli_options_parameters (const HeftCliOptions *self, const char *id, GError **error);
/* @parameters with the options' settings, not yet checked. */
gboolean heft_cli_options_apply (const HeftCliOptions *self, HeftParameters *parameters, GError **error);
/* Whether the folders of -o and --export can be written to, and the formats exist. */
gboolean heft_cli_options_check_output (const HeftCliOptions *self, GError **error);
/* What --threads is where it is not typed: one a core. */
int      heft_cli_threads_default (void);
/* FALSE, with a sentence naming --threads, where @threads is not one that can be had. */
gboolean heft_cli_threads_check   (int threads, GError **error);

/* --- json.c ---------------------------------------------------------------------------------------------------------- */

/* @value, or null and "reason" beside it where it is not finite. Inside an object. */
void     heft_json_add_number (JsonBuilder *builder, const char *name, double value, const char *reason);
/* An array; what is not finite is null in it. */
void     heft_json_add_array  (JsonBuilder *builder, const double *values, gsize n);
/* A member that is a text; one that is such an array. */
void     heft_json_add_text   (JsonBuilder *builder, const char *name, const char *text);
void     heft_json_add_values (JsonBuilder *builder, const char *name, const double *values, gsize n);
/* A bound on a risk: {"value", "vacuous"}; where it is NAN, because a condition fails, {"value": null, "reason", "valid": false}. */
void     heft_json_add_bound  (JsonBuilder *builder, const char *name, double bound, const char *reason);
void     heft_json_add_parameters (JsonBuilder *builder, const HeftParameters *parameters);
void     heft_json_add_results (JsonBuilder *builder, HeftRecord *record);
void     heft_json_add_series  (JsonBuilder *builder, HeftRecord *record);
/* Writes the document, and a newline, to standard output. */
gboolean heft_json_print      (JsonBuilder *builder);

/* --- export.c -------------------------------------------------------------------------------------------------------- */

#define HEFT_CLI_FORMATS_HELP \
  N_("Any of svg, png, pdf, csv, npy, safetensors (the trained network), separated by commas (default: svg,csv)")
gboolean heft_cli_parse_formats (const char *formats, GStrv *list, GError **error);
/* Figures and data of every panel that has any, as FOLDER/EXPERIMENT-PANEL.FORMAT (npy: EXPERIMENT-PANEL-ARRAY.npy), and the network as
 * FOLDER/EXPERIMENT-network.safetensors. */
gboolean heft_cli_export_record (HeftRecord *record, const HeftParameters *parameters, const char *folder, const char *formats,
                                 double dpi, GError **error);

G_END_DECLS
