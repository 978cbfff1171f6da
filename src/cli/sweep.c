/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <heft/error.h>

#include "cli/cli.h"
#include "cli/interrupt.h"

#define POLL_MICROSECONDS 10000
#define MOST_RUNS 100000

/* One parameter and the values it takes. */
typedef struct
{
  char *name;
  GStrv values;
} Axis;

typedef struct
{
  GPtrArray *axes;          /* Axis; the last one varies fastest */
  GArray    *seeds;         /* guint64 */
  gsize      n_runs;
} Grid;

static void
axis_free (gpointer data)
{
  Axis *axis = data;

  g_free (axis->name);
  g_strfreev (axis->values);
  g_free (axis);
}

static void
grid_clear (Grid *self)
{
  g_clear_pointer (&self->axes, g_ptr_array_unref);
  g_clear_pointer (&self->seeds, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Grid, grid_clear)

/* "NAME=V1;V2;V3": values may hold commas of their own. */
static gboolean
add_axis (Grid *grid, const char *text, GError **error)
{
  const char *equals = strchr (text, '=');
  Axis *axis;

  if (equals == NULL || equals[1] == '\0')
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("--grid takes NAME=VALUE;VALUE;…, such as --grid beta=1e-5;1e-4; “%s” is not that."), text);
      return FALSE;
    }
  axis = g_new0 (Axis, 1);
  axis->name = g_strndup (text, (gsize) (equals - text));
  axis->values = g_strsplit (equals + 1, ";", -1);
  g_ptr_array_add (grid->axes, axis);
  return TRUE;
}

/* "0,1,5" or "0-4". */
static gboolean
add_seeds (Grid *grid, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (gsize i = 0; words[i] != NULL; i++)
    {
      g_auto (GStrv) ends = g_strsplit (words[i], "-", 2);
      guint64 first, last;

      if (ends[0] == NULL || !g_ascii_string_to_unsigned (ends[0], 10, 0, G_MAXUINT64, &first, NULL) ||
          !g_ascii_string_to_unsigned (ends[1] != NULL ? ends[1] : ends[0], 10, first, first + MIN (MOST_RUNS, G_MAXUINT64 - first),
                                       &last, NULL))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("--seeds takes whole numbers such as 0,1,5 or 0-4; “%s” is not that."), words[i]);
          return FALSE;
        }
      for (guint64 seed = first;; seed++)
        {
          g_array_append_val (grid->seeds, seed);
          if (seed == last)
            break;
        }
    }
  return TRUE;
}

static gboolean
grid_init (Grid *self, char **axes, const char *seeds, GError **error)
{
  self->axes = g_ptr_array_new_with_free_func (axis_free);
  self->seeds = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (gsize i = 0; axes != NULL && axes[i] != NULL; i++)
    if (!add_axis (self, axes[i], error))
      return FALSE;
  if (!add_seeds (self, seeds != NULL ? seeds : "0", error))
    return FALSE;
  self->n_runs = self->seeds->len;
  for (guint a = 0; a < self->axes->len && self->n_runs <= MOST_RUNS; a++)
    self->n_runs *= g_strv_length (((Axis *) g_ptr_array_index (self->axes, a))->values);
  if (self->n_runs >= 1 && self->n_runs <= MOST_RUNS)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE, _("The grid must have between 1 and %d runs."), MOST_RUNS);
  return FALSE;
}

/* Parameters of run @index: seeds vary fastest, then the last axis. */
static HeftParameters *
grid_parameters (const Grid *self, const HeftParameters *base, gsize index, GError **error)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_copy (base);

  heft_parameters_set_seed (parameters, g_array_index (self->seeds, guint64, index % self->seeds->len));
  index /= self->seeds->len;
  for (guint a = self->axes->len; a-- > 0;)
    {
      const Axis *axis = g_ptr_array_index (self->axes, a);
      gsize n = g_strv_length (axis->values);

      if (!heft_parameters_set (parameters, axis->name, axis->values[index % n], error))
        return NULL;
      index /= n;
    }
  return g_steal_pointer (&parameters);
}

/* Everything that can be refused is refused before the first run; data once for every point of the grid, whatever the seed. */
static gboolean
check_grid (const Grid *self, const HeftParameters *base, GError **error)
{
  for (gsize i = 0; i < self->n_runs; i++)
    {
      g_autoptr (HeftParameters) parameters = grid_parameters (self, base, i, error);

      if (parameters == NULL || (i % self->seeds->len == 0 && !heft_parameters_check (parameters, error)))
        return FALSE;
    }
  return TRUE;
}

/* --- Output -------------------------------------------------------------------------------------------------------------- */

static void
print_csv_head (const Grid *grid, const HeftExperiment *experiment)
{
  for (guint a = 0; a < grid->axes->len; a++)
    printf ("%s,", ((Axis *) g_ptr_array_index (grid->axes, a))->name);
  printf ("seed");
  for (gsize r = 0; r < experiment->n_results; r++)
    if (!experiment->results[r].curve)
      printf (",%s", experiment->results[r].id);
  printf ("\n");
}

static void
print_csv_row (const Grid *grid, const HeftParameters *parameters, HeftRecord *record)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint a = 0; a < grid->axes->len; a++)
    {
      const char *value = heft_parameters_get_text (parameters, ((Axis *) g_ptr_array_index (grid->axes, a))->name);

      printf (strchr (value, ',') != NULL ? "\"%s\"," : "%s,", value);
    }
  printf ("%" G_GUINT64_FORMAT, heft_parameters_get_seed (parameters));
  for (gsize r = 0; r < experiment->n_results; r++)
    {
      double value;

      if (experiment->results[r].curve)
        continue;
      if (heft_record_get_result (record, experiment->results[r].id, &value))
        printf (",%s", g_ascii_formatd (buffer, sizeof buffer, "%.17g", value));
      else
        printf (",");
    }
  printf ("\n");
  fflush (stdout);
}

static void
add_json_run (JsonBuilder *builder, const HeftParameters *parameters, HeftRecord *record, const GError *failure)
{
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, heft_parameters_get_seed (parameters));

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "seed");
  if (heft_parameters_get_seed (parameters) <= G_MAXINT64)
    json_builder_add_int_value (builder, (gint64) heft_parameters_get_seed (parameters));
  else
    json_builder_add_string_value (builder, seed);
  json_builder_set_member_name (builder, "parameters");
  heft_json_add_parameters (builder, parameters);
  json_builder_set_member_name (builder, "results");
  heft_json_add_results (builder, record);
  if (failure != NULL)
    {
      json_builder_set_member_name (builder, "error");
      json_builder_add_string_value (builder, failure->message);
    }
  json_builder_end_object (builder);
}

/* --- Running ------------------------------------------------------------------------------------------------------------- */

static void
show_progress (gsize done, gsize n, gint64 started)
{
  double seconds = (double) (g_get_monotonic_time () - started) / G_USEC_PER_SEC;

  fputc ('\r', stderr);
  fprintf (stderr, _("run %lu of %lu"), (gulong) (done + 1), (gulong) n);
  if (done > 0)
    fprintf (stderr, _(", %.0f s left"), seconds / (double) done * (double) (n - done));
  fprintf (stderr, "\033[K");
}

/* One run of the grid to its end; the first interruption ends it at its next step. */
static void
wait_for_run (HeftRun *run)
{
  gboolean stopped = FALSE;

  while (!heft_run_is_over (run))
    {
      g_usleep (POLL_MICROSECONDS);
      heft_cli_pass_on_interrupt (run, &stopped);
    }
}

/* A run that fails is a line of the table like the others: the grid goes on. */
static int
run_grid (const Grid *grid, const HeftParameters *base, const HeftCliOptions *options)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  gboolean shown = !options->quiet && isatty (STDERR_FILENO);
  gint64 started = g_get_monotonic_time ();
  gsize n_failed = 0;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "heft");
  json_builder_add_string_value (builder, HEFT_VERSION);
  json_builder_set_member_name (builder, "experiment");
  json_builder_add_string_value (builder, heft_parameters_get_experiment (base)->id);
  json_builder_set_member_name (builder, "runs");
  json_builder_begin_array (builder);
  if (!options->json)
    print_csv_head (grid, heft_parameters_get_experiment (base));
  for (gsize i = 0; i < grid->n_runs && !heft_cli_interrupted (); i++)
    {
      g_autoptr (HeftParameters) parameters = grid_parameters (grid, base, i, NULL);
      g_autoptr (HeftRun) run = heft_run_new (heft_parameters_get_experiment (base), parameters,
                                              (guint) options->threads);
      g_autoptr (HeftParameters) used = NULL;
      g_autoptr (GError) failure = NULL;

      if (shown)
        show_progress (i, grid->n_runs, started);
      heft_run_start (run);
      wait_for_run (run);
      if (!heft_run_join (run, &failure))
        {
          n_failed++;
          heft_cli_fail_error (HEFT_EXIT_FAILED, failure);
        }
      used = heft_run_dup_parameters (run);
      if (options->json)
        add_json_run (builder, used, heft_run_get_record (run), failure);
      else
        print_csv_row (grid, used, heft_run_get_record (run));
    }
  if (shown)
    fprintf (stderr, "\r\033[K");
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (options->json && !heft_json_print (builder))
    return HEFT_EXIT_FAILED;
  return heft_cli_interrupted () ? HEFT_EXIT_INTERRUPTED : n_failed > 0 ? HEFT_EXIT_FAILED : HEFT_EXIT_DONE;
}

int
heft_cli_sweep (int argc, char **argv)
{
  g_auto (HeftCliOptions) options = { .threads = heft_cli_threads_default () };
  g_auto (GStrv) axes = NULL;
  g_autofree char *seeds = NULL;
  const GOptionEntry entries[] = {
    { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options.settings, N_("Set a parameter; again for more"), N_("NAME=VALUE") },
    { "grid", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &axes, N_("Values a parameter takes in turn; again for more"),
      N_("NAME=VALUE;VALUE…") },
    { "seeds", 0, 0, G_OPTION_ARG_STRING, &seeds, N_("Seeds, such as 0-4 (default: 0)"), N_("LIST") },
    { "threads", 0, 0, G_OPTION_ARG_INT, &options.threads, N_("Worker threads; never changes a result (default: cores)"), N_("N") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_("Write one JSON document to standard output"), NULL },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &options.quiet, N_("No progress"), NULL },
    { NULL }
  };
  g_auto (Grid) grid = { 0 };
  g_autoptr (HeftParameters) base = NULL;
  g_autoptr (GError) error = NULL;

  if (!heft_cli_parse (&argc, &argv, entries, N_("EXPERIMENT"),
                       N_("Runs an experiment over a grid of parameters and seeds; one line of comma-separated results a run."),
                       1, 1))
    return HEFT_EXIT_USAGE;
  heft_cli_catch_interrupts ();
  if (!heft_cli_options_check_output (&options, &error) || !grid_init (&grid, axes, seeds, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  base = heft_cli_options_parameters (&options, argv[1], &error);
  if (base == NULL || !check_grid (&grid, base, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  return run_grid (&grid, base, &options);
}
