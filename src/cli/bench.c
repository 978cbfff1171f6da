/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "linalg/kernels.h"
#include "linalg/linalg.h"
#include "linalg/pool.h"

#define REPEAT_SECONDS 0.2
/* What --batch is where it is not typed. */
#define EVERY_BATCH G_MININT

static const HeftBenchCase cases[] = {
  { "mlp", N_("784-256-256-10, ReLU, SGD with momentum"), heft_bench_training },
  { "mlp-variational", N_("the same mean-field, local reparametrisation, Adam"), heft_bench_training },
  { "cnn", N_("conv5x5x16-pool2-conv5x5x32-pool2-128-10, ReLU, SGD with momentum"), heft_bench_training },
  { "cnn-variational", N_("the same mean-field, local reparametrisation, Adam"), heft_bench_training },
  { "toy", N_("2-16-16-2, tanh, batch 10, SGD with momentum"), heft_bench_training },
  { "toy-variational", N_("the same mean-field, Adam"), heft_bench_training },
  { "spectra", N_("eigenvalues of the Fisher of every layer of 784-64-64-10, sampled labels, 1000 samples"), heft_bench_curvature },
  { "spectra-exact", N_("all ten labels there: trace, log-determinant and the 20 largest eigenvalues of every layer"), heft_bench_curvature },
  { "kfac", N_("factors of KFAC of the same network and their eigenvalues, 10,000 samples"), heft_bench_curvature },
  { "slq", N_("its Hessian by 100 Lanczos steps, fully reorthogonalised, one probe, 10,000 samples"), heft_bench_curvature },
  { "live", N_("the lab’s default network with every live measurement on, against the same without"), heft_bench_live },
  { "paint", N_("one frame of the lab’s panels at 1600 × 1000, from the record to pixels"), heft_bench_paint },
};

static int
compare_doubles (const void *a,
                 const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

gboolean
heft_bench_time (HeftBenchWork work,
                 gpointer      data,
                 guint         repeats,
                 double        microseconds[3],
                 GError      **error)
{
  g_autofree double *times = g_new (double, repeats);
  guint64 n = 1;

  /* Doubling until it lasts is the warm-up as well. */
  for (;;)
    {
      const gint64 start = g_get_monotonic_time ();
      double seconds;

      if (!work (n, data, error))
        return FALSE;
      seconds = 1e-6 * (double) (g_get_monotonic_time () - start);
      if (seconds >= REPEAT_SECONDS / 2)
        {
          n = MAX (1, (guint64) ((double) n * REPEAT_SECONDS / seconds));
          break;
        }
      n *= 2;
    }
  for (guint i = 0; i < repeats; i++)
    {
      const gint64 start = g_get_monotonic_time ();

      if (!work (n, data, error))
        return FALSE;
      times[i] = (double) (g_get_monotonic_time () - start) / (double) n;
    }
  qsort (times, repeats, sizeof *times, compare_doubles);
  microseconds[0] = repeats % 2 == 1 ? times[repeats / 2] : 0.5 * (times[repeats / 2 - 1] + times[repeats / 2]);
  microseconds[1] = times[0];
  microseconds[2] = times[repeats - 1];
  return TRUE;
}

/* --- The machine, which every figure depends on ------------------------------------------------------------------------------ */

typedef struct
{
  const char *kernels;
  char       *blas_core;
  double      sgemm_gflops;          /* one thread, 512 x 512 x 512 */
  double      barrier_nanoseconds;   /* between two threads */
  double      load[3];
} Machine;

#define GEMM_SIZE 512

static gboolean
multiply (guint64   n,
          gpointer  data,
          GError  **error)
{
  float *a = data, *b = a + GEMM_SIZE * GEMM_SIZE, *c = b + GEMM_SIZE * GEMM_SIZE;

  for (guint64 i = 0; i < n; i++)
    heft_gemm_f32 (FALSE, FALSE, GEMM_SIZE, GEMM_SIZE, GEMM_SIZE, 1.0f, a, GEMM_SIZE, b, GEMM_SIZE, 0.0f, c, GEMM_SIZE);
  return TRUE;
}

typedef struct
{
  HeftPool *pool;
  guint64   n;
} Meeting;

static void
meet_often (HeftPool *pool,
            guint     worker,
            gpointer  data)
{
  const Meeting *meeting = data;

  for (guint64 i = 0; i < meeting->n; i++)
    heft_pool_barrier (pool);
}

static gboolean
meet (guint64   n,
      gpointer  data,
      GError  **error)
{
  Meeting *meeting = data;

  meeting->n = n;
  heft_pool_run (meeting->pool, meet_often, meeting);
  return TRUE;
}

static void
measure_machine (Machine *machine)
{
  heft_aligned_autofree float *matrices = heft_aligned_new (float, 3 * GEMM_SIZE * GEMM_SIZE);
  g_autoptr (HeftPool) pool = heft_pool_new (2);
  Meeting meeting = { .pool = pool };
  double times[3];

  for (gsize i = 0; i < 2 * GEMM_SIZE * GEMM_SIZE; i++)
    matrices[i] = 0.01f * (float) (i % 97);
  machine->kernels = heft_kernels ()->name;
  machine->blas_core = g_strdup (heft_blas_get_core_name ());
  if (getloadavg (machine->load, 3) != 3)
    machine->load[0] = machine->load[1] = machine->load[2] = NAN;
  heft_bench_time (multiply, matrices, 3, times, NULL);
  machine->sgemm_gflops = 2e-3 * GEMM_SIZE * GEMM_SIZE * GEMM_SIZE / times[0];
  heft_bench_time (meet, &meeting, 3, times, NULL);
  machine->barrier_nanoseconds = 1e3 * times[0];
}

/* --- The report ---------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  JsonBuilder *builder;   /* NULL: a table on standard output */
} Report;

static void
report_json (JsonBuilder           *builder,
             const HeftBenchResult *r)
{
  static const char * const suffixes[] = { "", "_min", "_max" };

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "case");
  json_builder_add_string_value (builder, r->name);
  json_builder_set_member_name (builder, "batch");
  json_builder_add_int_value (builder, (gint64) r->batch);
  json_builder_set_member_name (builder, "threads");
  json_builder_add_int_value (builder, r->threads);
  json_builder_set_member_name (builder, "repeats");
  json_builder_add_int_value (builder, r->repeats);
  json_builder_set_member_name (builder, "statistic");
  json_builder_add_string_value (builder, "median");
  for (guint i = 0; i < 3; i++)
    {
      /* The fastest step has the highest rate. */
      const double time = r->step_microseconds[i], slow = r->step_microseconds[i == 0 ? 0 : 3 - i];
      g_autofree char *step = g_strconcat ("step_microseconds", suffixes[i], NULL);
      g_autofree char *rate = g_strconcat ("samples_per_second", suffixes[i], NULL);
      g_autofree char *gflops = g_strconcat ("gflops", suffixes[i], NULL);

      heft_json_add_number (builder, step, time, NULL);
      heft_json_add_number (builder, rate, 1e6 * (double) r->batch / slow, NULL);
      if (r->operations > 0.0)
        heft_json_add_number (builder, gflops, 1e-3 * r->operations / slow, NULL);
    }
  if (r->product_microseconds > 0.0)
    {
      heft_json_add_number (builder, "products_microseconds_one_thread", r->product_microseconds, NULL);
      heft_json_add_number (builder, "share_of_product_limit", r->product_microseconds / (r->threads * r->step_microseconds[0]),
                            NULL);
    }
  if (r->overhead[0] > 0.0)
    {
      heft_json_add_number (builder, "overhead", r->overhead[0], NULL);
      heft_json_add_number (builder, "overhead_min", r->overhead[1], NULL);
      heft_json_add_number (builder, "overhead_max", r->overhead[2], NULL);
      heft_json_add_number (builder, "refreshes_per_second", r->refreshes_per_second, NULL);
    }
  json_builder_end_object (builder);
}

static void
report_result (const HeftBenchResult *r,
               gpointer               data)
{
  const Report *report = data;

  if (report->builder != NULL)
    {
      report_json (report->builder, r);
      return;
    }
  printf ("%-16s %6" G_GSIZE_FORMAT " %8u %12.2f %12.2f %12.2f %12.0f", r->name, r->batch, r->threads, r->step_microseconds[0],
          r->step_microseconds[1], r->step_microseconds[2], 1e6 * (double) r->batch / r->step_microseconds[0]);
  if (r->operations > 0.0)
    printf (" %8.1f", 1e-3 * r->operations / r->step_microseconds[0]);
  if (r->product_microseconds > 0.0)
    printf (" %7.0f %%", 100.0 * r->product_microseconds / (r->threads * r->step_microseconds[0]));
  printf ("\n");
  if (r->overhead[0] > 0.0)
    printf (_("  %.2f times slower than without (%.2f to %.2f), %.1f refreshes of the slowest gauge a second\n"), r->overhead[0],
            r->overhead[1], r->overhead[2], r->refreshes_per_second);
  fflush (stdout);
}

static void
begin_report (Report        *report,
              const Machine *m)
{
  if (report->builder == NULL)
    {
      printf (_("kernels %s, OpenBLAS %s, sgemm %.1f GFLOP/s a thread, barrier %.0f ns, load %.2f\n"), m->kernels, m->blas_core,
              m->sgemm_gflops, m->barrier_nanoseconds, m->load[0]);
      printf ("%-16s %6s %8s %12s %12s %12s %12s %8s %9s\n", "case", "batch", "threads", "us/step", "min", "max", "samples/s",
              "GFLOP/s", "of sgemm");
      return;
    }
  json_builder_begin_object (report->builder);
  json_builder_set_member_name (report->builder, "heft");
  json_builder_add_string_value (report->builder, HEFT_VERSION);
  json_builder_set_member_name (report->builder, "machine");
  json_builder_begin_object (report->builder);
  json_builder_set_member_name (report->builder, "kernels");
  json_builder_add_string_value (report->builder, m->kernels);
  json_builder_set_member_name (report->builder, "openblas_core");
  json_builder_add_string_value (report->builder, m->blas_core);
  json_builder_set_member_name (report->builder, "processors");
  json_builder_add_int_value (report->builder, g_get_num_processors ());
  heft_json_add_number (report->builder, "sgemm_gflops_one_thread", m->sgemm_gflops, NULL);
  heft_json_add_number (report->builder, "barrier_nanoseconds", m->barrier_nanoseconds, NULL);
  json_builder_set_member_name (report->builder, "load_average");
  heft_json_add_array (report->builder, m->load, 3);
  json_builder_end_object (report->builder);
  json_builder_set_member_name (report->builder, "cases");
  json_builder_begin_array (report->builder);
}

static const HeftBenchCase *
find_case (const char *name)
{
  const char *names[G_N_ELEMENTS (cases) + 1] = { NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      if (strcmp (cases[i].name, name) == 0)
        return &cases[i];
      names[i] = cases[i].name;
    }
  heft_cli_fail (HEFT_EXIT_USAGE, _("There is no benchmark “%s”; did you mean “%s”? “heft-cli bench --list” names them."), name,
                 heft_nearest_name (name, names));
  return NULL;
}

static int
run_cases (const HeftBenchCase   **chosen,
           guint                   n,
           const HeftBenchOptions *options,
           gboolean                json)
{
  g_autoptr (JsonBuilder) builder = json ? json_builder_new () : NULL;
  g_autoptr (GError) error = NULL;
  Report report = { builder };
  Machine machine = { 0 };

  measure_machine (&machine);
  begin_report (&report, &machine);
  g_free (machine.blas_core);
  for (guint i = 0; i < n; i++)
    if (!chosen[i]->run (chosen[i]->name, options, report_result, &report, &error))
      return heft_cli_fail_error (HEFT_EXIT_FAILED, error);
  if (json)
    {
      json_builder_end_array (builder);
      json_builder_end_object (builder);
      if (!heft_json_print (builder))
        return HEFT_EXIT_FAILED;
    }
  return HEFT_EXIT_DONE;
}

static int
list_cases (gboolean json)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  if (!json)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
        printf ("%-16s %s\n", cases[i].name, _(cases[i].summary));
      return HEFT_EXIT_DONE;
    }
  json_builder_begin_array (builder);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "case");
      json_builder_add_string_value (builder, cases[i].name);
      json_builder_set_member_name (builder, "summary");
      json_builder_add_string_value (builder, _(cases[i].summary));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  return heft_json_print (builder) ? HEFT_EXIT_DONE : HEFT_EXIT_FAILED;
}

int
heft_cli_bench (int    argc,
                char **argv)
{
  int batch = EVERY_BATCH, threads = heft_cli_threads_default (), repeats = 7;
  gboolean json = FALSE, list = FALSE;
  const GOptionEntry entries[] = {
    { "batch", 0, 0, G_OPTION_ARG_INT, &batch, N_("Samples a step; by default 32, 128 and 512 (toy: 10)"), "N" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &threads, N_("Threads; by default one a core"), "N" },
    { "repeats", 0, 0, G_OPTION_ARG_INT, &repeats, N_("How often each case is timed; the median is reported"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print one JSON document"), NULL },
    { "list", 0, 0, G_OPTION_ARG_NONE, &list, N_("Name the cases and leave"), NULL },
    { NULL }
  };
  const HeftBenchCase *chosen[G_N_ELEMENTS (cases)];
  HeftBenchOptions options;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  if (!heft_cli_parse (&argc, &argv, entries, N_("[CASE…]"), N_("Throughput and latency of the engine"), 0,
                       G_N_ELEMENTS (cases)))
    return HEFT_EXIT_USAGE;
  if (batch != EVERY_BATCH && (batch < 1 || batch > 1000000))
    return heft_cli_fail (HEFT_EXIT_USAGE, _("--batch must lie between 1 and 1000000; %d does not."), batch);
  if (!heft_cli_threads_check (threads, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  if (repeats < 1 || repeats > 1000)
    return heft_cli_fail (HEFT_EXIT_USAGE, _("--repeats must lie between 1 and 1000; %d does not."), repeats);
  if (list)
    return list_cases (json);
  for (int i = 1; i < argc; i++)
    {
      chosen[n] = find_case (argv[i]);
      if (chosen[n++] == NULL)
        return HEFT_EXIT_USAGE;
    }
  for (gsize i = 0; n == 0 && argc < 2 && i < G_N_ELEMENTS (cases); i++)
    chosen[i] = &cases[i];
  options = (HeftBenchOptions) {
    .batch = batch != EVERY_BATCH ? (gsize) batch : 0,
    .threads = (guint) threads,
    .repeats = (guint) repeats,
  };
  return run_cases (chosen, n > 0 ? n : G_N_ELEMENTS (cases), &options, json);
}
