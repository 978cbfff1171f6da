/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/trainer.h>

G_BEGIN_DECLS

/* A trainer taken over a grid of beta, each point started from its neighbour: what the lab's sweep, the trade-off curve and the random
 * labels have in common. The grid grows: a code that fits is compressed step by step. Downwards the weights would have to find their way out
 * of the prior again. */

typedef struct
{
  double         beta;
  double         kl;
  HeftEvaluation train;      /* E_Q L and the error of Q */
} HeftSweepPoint;

typedef struct
{
  HeftTrainer   *trainer;
  HeftDataset   *data;               /* what E_Q L is a mean over */
  gsize          n_samples;          /* of its first samples; 0 = all */
  const double  *betas;              /* growing */
  gsize          n_points;
  guint64        first_steps;        /* at the first point, which starts from the initialisation */
  guint64        steps;              /* at each of the others */
  double         learning_rate;      /* at the beginning of a point; it falls to ... */
  double         last_learning_rate; /* ... this at its end, by a cosine: steps that do not shrink never let a point settle */
  guint64        seed, first_draw;
  guint          n_draws;            /* the same draws at every point, so that their noise leaves the differences */
  guint          n_threads;
  GCancellable  *cancellable;
  /* After each step with the steps done and all there are: FALSE ends the sweep. */
  gboolean     (*step)  (guint64 done, guint64 total, gpointer user_data);
  /* After each point. FALSE ends the sweep, with @error or without. */
  gboolean     (*point) (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error);
  gpointer       user_data;
} HeftBetaSweep;

/* FALSE with an error, or without one when it was stopped. */
gboolean heft_beta_sweep_run   (const HeftBetaSweep *self, GError **error);

/* The points low (high/low)^(i / (n - 1)); low alone where n is 1. */
void     heft_log_grid         (double low, double high, gsize n, double *values);

G_END_DECLS
