/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include <heft/error.h>

#include "cli/bench.h"

/* The lab's default network training with every live measurement on, against the same without: the measurements are switched off
 * and on in turn, so that both see the same machine. */

#define BLOCK_MICROSECONDS 1500000
#define SETTLE_MICROSECONDS 300000

typedef struct
{
  double on, off;           /* microseconds a step */
  double refreshes;         /* of the spectra, a second, while on */
} Pair;

static guint64
steps_done (HeftRun *run)
{
  HeftProgress progress;

  heft_run_get_progress (run, &progress);
  return progress.step;
}

static gsize
refreshes_done (HeftRun *run)
{
  HeftRecord *record = heft_run_get_record (run);

  return heft_record_get_length (record, (gsize) heft_record_find_series (record, "fisher_trace"), 0);
}

/* Microseconds a step over one block. */
static double
time_block (HeftRun *run, gboolean measure)
{
  guint64 steps;
  gint64 start;

  heft_run_set_parameter (run, "measure", measure ? "true" : "false", NULL);
  g_usleep (SETTLE_MICROSECONDS);
  steps = steps_done (run);
  start = g_get_monotonic_time ();
  g_usleep (BLOCK_MICROSECONDS);
  steps = steps_done (run) - steps;
  return (double) (g_get_monotonic_time () - start) / (double) MAX (steps, 1);
}

static int
compare_doubles (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
summarise (double *values, guint n, double summary[3])
{
  qsort (values, n, sizeof *values, compare_doubles);
  summary[0] = n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
  summary[1] = values[0];
  summary[2] = values[n - 1];
}

static void
report_pairs (const Pair *pairs, const HeftBenchOptions *options, gsize batch, HeftBenchReport report, gpointer data)
{
  g_autofree double *values = g_new (double, options->repeats);
  HeftBenchResult off = { .name = "live (off)", .batch = batch, .threads = options->threads, .repeats = options->repeats };
  HeftBenchResult on = off;

  on.name = "live";
  for (guint i = 0; i < options->repeats; i++)
    values[i] = pairs[i].off;
  summarise (values, options->repeats, off.step_microseconds);
  for (guint i = 0; i < options->repeats; i++)
    values[i] = pairs[i].on;
  summarise (values, options->repeats, on.step_microseconds);
  for (guint i = 0; i < options->repeats; i++)
    values[i] = pairs[i].on / pairs[i].off;
  summarise (values, options->repeats, on.overhead);
  for (guint i = 0; i < options->repeats; i++)
    on.refreshes_per_second += pairs[i].refreshes / options->repeats;
  report (&off, data);
  report (&on, data);
}

gboolean
heft_bench_live (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data, GError **error)
{
  const HeftExperiment *experiment = heft_experiment_find ("train", error);
  g_autoptr (HeftParameters) parameters = heft_parameters_new (experiment);
  g_autofree Pair *pairs = g_new0 (Pair, options->repeats);
  gsize batch = options->batch > 0 ? options->batch : 128;
  g_autofree char *batch_text = g_strdup_printf ("%" G_GSIZE_FORMAT, batch);
  g_autoptr (HeftRun) run = NULL;

  if (!heft_parameters_set (parameters, "epochs", "0", error) || !heft_parameters_set (parameters, "batch", batch_text, error))
    return FALSE;
  run = heft_run_new (experiment, parameters, options->threads);
  heft_run_start (run);
  for (guint i = 0; i < options->repeats && !heft_run_is_over (run); i++)
    {
      gsize refreshes;

      pairs[i].off = time_block (run, FALSE);
      refreshes = refreshes_done (run);
      pairs[i].on = time_block (run, TRUE);
      pairs[i].refreshes = (double) (refreshes_done (run) - refreshes) * G_USEC_PER_SEC / (BLOCK_MICROSECONDS + SETTLE_MICROSECONDS);
    }
  heft_run_stop (run);
  if (!heft_run_join (run, error))
    return FALSE;
  report_pairs (pairs, options, batch, report, data);
  return TRUE;
}
