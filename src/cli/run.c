/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <heft/error.h>
#include <heft/runfile.h>

#include "cli/cli.h"
#include "cli/interrupt.h"

#define POLL_MICROSECONDS 10000
#define SECONDS_BETWEEN_LINES 0.25
#define SECONDS_BETWEEN_SAVINGS 30

/* "1:05" */
static char *
seconds_words (double seconds)
{
  guint64 whole = (guint64) (seconds + 0.5);

  if (whole >= 3600)
    return g_strdup_printf ("%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT, whole / 3600,
                            whole / 60 % 60, whole % 60);
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT, whole / 60, whole % 60);
}

static void
show_progress (HeftRun *run, gboolean in_place)
{
  g_autoptr (GString) line = g_string_new (NULL);
  HeftProgress progress;

  heft_run_get_progress (run, &progress);
  if (progress.fraction >= 0)
    g_string_append_printf (line, "%3.0f %%  ", 100 * progress.fraction);
  if (progress.stage != NULL)
    g_string_append_printf (line, "%s %" PRIu64, _(progress.stage), progress.count);
  else
    g_string_append_printf (line, _("step %" PRIu64), progress.step);
  if (progress.epoch > 0)
    g_string_append_printf (line, _(", epoch %.1f"), progress.epoch);
  if (progress.samples_per_second > 0)
    g_string_append_printf (line, progress.stage != NULL ? _(", %.0f a second") : _(", %.0f samples/s"), progress.samples_per_second);
  if (progress.seconds_left >= 0)
    {
      g_autofree char *left = seconds_words (progress.seconds_left);

      g_string_append_printf (line, _(", %s left"), left);
    }
  fprintf (stderr, in_place ? "\r%s\033[K" : "%s\n", line->str);
  fflush (stderr);
}

/* Waits for the run; the first interruption asks it to end at its next step. Returns whether there was one. */
static gboolean
wait_for_run (HeftRun *run, const HeftCliOptions *options)
{
  gboolean terminal = isatty (STDERR_FILENO);
  gboolean shown = !options->quiet && (terminal || options->progress);
  gboolean interrupted = FALSE;
  gint64 next = g_get_monotonic_time () + 500000;
  gint64 every = options->output != NULL ? (gint64) options->save_every * G_USEC_PER_SEC : 0;
  gint64 save = g_get_monotonic_time () + every;
  gint64 pause = terminal ? (gint64) (SECONDS_BETWEEN_LINES * G_USEC_PER_SEC) : G_USEC_PER_SEC;
  gboolean any = FALSE;

  while (!heft_run_is_over (run))
    {
      g_usleep (POLL_MICROSECONDS);
      heft_cli_pass_on_interrupt (run, &interrupted);
      if (every > 0 && !interrupted && g_get_monotonic_time () >= save)
        {
          /* What cannot be written now may still be at the end, which says so if not. */
          heft_run_file_save (run, options->output, NULL);
          save = g_get_monotonic_time () + every;
        }
      if (shown && g_get_monotonic_time () >= next)
        {
          show_progress (run, terminal);
          any = TRUE;
          next = g_get_monotonic_time () + pause;
        }
    }
  if (any && terminal)
    fprintf (stderr, "\r\033[K");
  return interrupted || heft_cli_interrupted ();
}

static void
print_json (HeftRun *run, const HeftCliOptions *options, const GError *failure)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autoptr (HeftFrame) course = heft_record_get_frame (heft_run_get_record (run), "course");
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, heft_parameters_get_seed (parameters));

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "heft");
  json_builder_add_string_value (builder, HEFT_VERSION);
  json_builder_set_member_name (builder, "experiment");
  json_builder_add_string_value (builder, heft_run_get_experiment (run)->id);
  json_builder_set_member_name (builder, "seed");
  if (heft_parameters_get_seed (parameters) <= G_MAXINT64)
    json_builder_add_int_value (builder, (gint64) heft_parameters_get_seed (parameters));
  else
    json_builder_add_string_value (builder, seed);
  json_builder_set_member_name (builder, "parameters");
  heft_json_add_parameters (builder, parameters);
  json_builder_set_member_name (builder, "results");
  heft_json_add_results (builder, heft_run_get_record (run));
  if (options->series)
    {
      json_builder_set_member_name (builder, "series");
      heft_json_add_series (builder, heft_run_get_record (run));
    }
  if (course != NULL && heft_frame_get_text (course, "end") != NULL)
    {
      json_builder_set_member_name (builder, "end");
      json_builder_add_string_value (builder, heft_frame_get_text (course, "end"));
    }
  if (failure != NULL)
    {
      json_builder_set_member_name (builder, "error");
      json_builder_add_string_value (builder, failure->message);
    }
  json_builder_end_object (builder);
  heft_json_print (builder);
}

static void
print_result (HeftRecord *record, const HeftResultSpec *spec)
{
  gsize n;
  g_autofree double *curve = heft_record_dup_result_array (record, spec->id, &n);
  g_autofree char *reason = heft_record_dup_result_reason (record, spec->id);
  double value;

  if (heft_record_get_result (record, spec->id, &value))
    printf ("%-28s %14.6g %-5s %s\n", spec->id, value, spec->unit, _(spec->label));
  else if (curve != NULL && n <= 12)
    {
      printf ("%-28s", spec->id);
      for (gsize i = 0; i < n; i++)
        printf (" %.6g", curve[i]);
      printf (" %s %s\n", spec->unit, _(spec->label));
    }
  else if (curve != NULL)
    printf (_("%-28s a curve of %zu points (--json shows it) %s\n"), spec->id, n, _(spec->label));
  else
    printf ("%-28s %14s %-5s %s\n", spec->id, "–", spec->unit,
            reason != NULL ? reason : _("The run ended before it was measured."));
}

/* Why training ended before its epochs were over, where it did. */
static void
print_end (HeftRecord *record)
{
  g_autoptr (HeftFrame) course = heft_record_get_frame (record, "course");
  const char *end = course != NULL ? heft_frame_get_text (course, "end") : NULL;

  if (end != NULL)
    printf ("%s\n", end);
}

static void
print_outcome (HeftRun *run, const HeftCliOptions *options, const GError *failure)
{
  HeftRecord *record = heft_run_get_record (run);

  if (options->json)
    print_json (run, options, failure);
  else if (!options->quiet && failure == NULL)
    {
      for (gsize r = 0; r < heft_record_get_n_results (record); r++)
        print_result (record, heft_record_get_result_spec (record, r));
      print_end (record);
    }
}

static gboolean
write_files (HeftRun *run, const HeftCliOptions *options, GError **error)
{
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);

  return (options->output == NULL || heft_run_file_save (run, options->output, error)) &&
         (options->export_folder == NULL ||
          heft_cli_export_record (heft_run_get_record (run), parameters, options->export_folder, options->formats, 150, error));
}

static int
run_to_end (HeftRun *run, const HeftCliOptions *options)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) error = NULL;
  gboolean interrupted, saved;

  heft_run_start (run);
  interrupted = wait_for_run (run, options);
  heft_run_join (run, &failure);
  if (failure != NULL)
    heft_cli_fail_error (HEFT_EXIT_FAILED, failure);
  /* The files come first: a reader of standard output who leaves early must not cost them. */
  saved = write_files (run, options, &error);
  print_outcome (run, options, failure);
  if (!saved)
    return heft_cli_fail_error (HEFT_EXIT_FAILED, error);
  return failure != NULL ? HEFT_EXIT_FAILED : interrupted ? HEFT_EXIT_INTERRUPTED : HEFT_EXIT_DONE;
}

/* The saved run of --resume with the options' settings, or NULL. */
static HeftRun *
resume_run (const HeftCliOptions *options, const char *id, GError **error)
{
  g_autoptr (HeftSavedRun) saved = heft_run_file_load (options->resume, error);
  g_autoptr (HeftParameters) parameters = saved != NULL ? heft_saved_run_dup_resume_parameters (saved, error) : NULL;

  if (parameters == NULL || !heft_cli_options_apply (options, parameters, error))
    return NULL;
  if (id != NULL && g_strcmp0 (id, saved->experiment->id) != 0)
    {
      g_autofree char *name = g_filename_display_name (options->resume);

      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("%s holds a run of %s, not of %s; leave the name out."), name,
                   saved->experiment->id, id);
      return NULL;
    }
  if (!heft_parameters_check (parameters, error))
    return NULL;
  return heft_run_new_resumed (saved, parameters, (guint) options->threads, error);
}

static HeftRun *
new_run (const HeftCliOptions *options, const char *id, GError **error)
{
  g_autoptr (HeftParameters) parameters = NULL;

  if (options->resume != NULL)
    return resume_run (options, id, error);
  parameters = heft_cli_options_parameters (options, id, error);
  if (parameters == NULL)
    return NULL;
  return heft_run_new (heft_parameters_get_experiment (parameters), parameters, (guint) options->threads);
}

int
heft_cli_run (int argc, char **argv)
{
  g_auto (HeftCliOptions) options = { .threads = heft_cli_threads_default () };
  const GOptionEntry entries[] = {
    { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options.settings, N_("Set a parameter; again for more"), N_("NAME=VALUE") },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &options.seed, N_("Seed of all random numbers (default: 0)"), N_("N") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options.threads, N_("Worker threads; never changes a result (default: cores)"), N_("N") },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, N_("Save the run"), N_("FILE.heft") },
    { "resume", 0, 0, G_OPTION_ARG_FILENAME, &options.resume, N_("Continue a saved run where it stopped; -s may set what can change, such as epochs"),
      N_("FILE.heft") },
    { "save-every", 0, 0, G_OPTION_ARG_INT, &options.save_every,
      N_("Save with -o also while the run goes on, each so many seconds (default: 30; 0: at its end alone)"), N_("SECONDS") },
    { "export", 0, 0, G_OPTION_ARG_FILENAME, &options.export_folder, N_("Write figures and data into this folder"), N_("FOLDER") },
    { "format", 0, 0, G_OPTION_ARG_STRING, &options.formats, HEFT_CLI_FORMATS_HELP, N_("LIST") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_("Write one JSON document to standard output"), NULL },
    { "series", 0, 0, G_OPTION_ARG_NONE, &options.series, N_("Include the series in the JSON"), NULL },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &options.quiet, N_("Neither progress nor results in words"), NULL },
    { "progress", 0, 0, G_OPTION_ARG_NONE, &options.progress, N_("Progress also where standard error is no terminal"), NULL },
    { NULL }
  };
  g_autoptr (HeftRun) run = NULL;
  g_autoptr (GError) error = NULL;

  options.save_every = SECONDS_BETWEEN_SAVINGS;
  if (!heft_cli_parse (&argc, &argv, entries, N_("EXPERIMENT"), N_("Runs an experiment to its end without a screen."), 0, 1))
    return HEFT_EXIT_USAGE;
  if (argc < 2 && options.resume == NULL)
    return heft_cli_fail (HEFT_EXIT_USAGE, _("“heft-cli %s” needs %s; “heft-cli %s --help” says more."), "run", _("EXPERIMENT"),
                          "run");
  heft_cli_catch_interrupts ();
  if (!heft_cli_options_check_output (&options, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  run = new_run (&options, argc > 1 ? argv[1] : NULL, &error);
  return run != NULL ? run_to_end (run, &options) : heft_cli_fail_error (HEFT_EXIT_USAGE, error);
}
