/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/dataset.h>

#include "cli/cli.h"

G_BEGIN_DECLS

/* What `heft-cli bench` was asked for. */
typedef struct
{
  gsize  batch;     /* 0: every batch of the case */
  guint  threads;
  guint  repeats;
} HeftBenchOptions;

/* One line of the report: times of one kind of work. */
typedef struct
{
  const char *name;
  gsize       batch;              /* samples a step */
  guint       threads;
  guint       repeats;
  double      step_microseconds[3];   /* median, least, most */
  double      operations;         /* floating-point operations of a step's products; 0 where that says nothing */
  double      product_microseconds;   /* the same products alone on one thread, or 0 */
  double      overhead[3];            /* how many times slower than the same without measuring: median, least, most; or 0 */
  double      refreshes_per_second;   /* of the slowest gauge, beside overhead */
} HeftBenchResult;

typedef void (*HeftBenchReport) (const HeftBenchResult *result, gpointer data);

/* A case, or several of one kind; calls @report for each line. */
typedef struct
{
  const char *name;
  const char *summary;    /* translatable */
  gboolean  (*run) (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data, GError **error);
} HeftBenchCase;

int      heft_cli_bench         (int argc, char **argv);

/* Cases of training: bench-train.c */
gboolean heft_bench_training    (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data,
                                 GError **error);

/* Training with and without live measurements: bench-live.c */
gboolean heft_bench_live        (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data,
                                 GError **error);

/* Spectra, factors and quadrature: bench-curvature.c */
gboolean heft_bench_curvature   (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data,
                                 GError **error);

/* (transfer full): 10,000 made-up images as sparse as digits. */
HeftDataset *heft_bench_images  (void);

/* A frame of the panels: bench-paint.c */
gboolean heft_bench_paint       (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data,
                                 GError **error);

/* Runs @work(@n, @data), which repeats the work @n times, until it fills a fifth of a second, @repeats times; microseconds of one. */
typedef gboolean (*HeftBenchWork) (guint64 n, gpointer data, GError **error);
gboolean heft_bench_time        (HeftBenchWork work, gpointer data, guint repeats, double microseconds[3], GError **error);

G_END_DECLS
