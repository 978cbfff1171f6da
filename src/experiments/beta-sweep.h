/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/record.h>
#include <heft/trainer.h>

G_BEGIN_DECLS

/* A trainer taken over a grid of beta, each point started from its neighbour: what the lab's sweep, the trade-off curve and the random
 * labels have in common. From where it starts the sweep first goes down the grid and then, from what it had at the start, up. At a small beta
 * training forgets needless weights slowly: the pull of KL is weak against the noise of minibatches. So a code that is compressed first, and
 * then let out, settles sooner than one that comes from the initialisation. From a code that has collapsed into the prior there is no such way
 * down: weights would have to find their way out of the prior again. */

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
  gsize          start;              /* the point that the sweep starts with */
  guint64        first_steps;        /* at that one, which starts from the initialisation */
  guint64        steps;              /* at each of the others */
  double         learning_rate;      /* at the beginning of a point; it falls to ... */
  double         last_learning_rate; /* ... this at its end, by a cosine: steps that do not shrink never let a point settle */
  guint64        seed, first_draw;
  guint          n_draws;            /* the same draws at every point, so that their noise leaves the differences */
  guint          n_threads;
  GCancellable  *cancellable;
  /* After each step with the steps done and all there are: FALSE ends the sweep. */
  gboolean     (*step)  (guint64 done, guint64 total, gpointer user_data);
  /* After each point, @index being its place on the grid. FALSE ends the sweep, with @error or without. */
  gboolean     (*point) (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error);
  gpointer       user_data;
} HeftBetaSweep;

/* FALSE with an error, or without one when it was stopped. */
gboolean heft_beta_sweep_run   (const HeftBetaSweep *self, GError **error);

/* --- The curve that a sweep traces --------------------------------------------------------------------------------- */

#define HEFT_RATE_MOST_POINTS 64

typedef struct
{
  gsize  first, n, n_points;        /* the points first .. first + n - 1 are measured; planned */
  gssize elbo;                      /* the point of N beta = 1, or -1 */
  double betas[HEFT_RATE_MOST_POINTS], kl[HEFT_RATE_MOST_POINTS], loss[HEFT_RATE_MOST_POINTS], loss_error[HEFT_RATE_MOST_POINTS];
} HeftRateCurve;

/* Where a record keeps it, all against KL: the points, their beta, the lower convex hull of the points so far, the point of the ELBO. */
typedef struct
{
  gsize rate, beta, hull, elbo;
} HeftRateSeries;

/* An empty curve over the grid from @low to @high; the point nearest to the ELBO, beta = 1/@n_samples, if that lies inside, is put on it. */
void     heft_rate_curve_init    (HeftRateCurve *self, double low, double high, gsize n_points, gsize n_samples);
/* A sweep that starts over. */
void     heft_rate_series_clear  (const HeftRateSeries *self, HeftRecord *record);
/* The grid's point nearest to the ELBO: where to start a sweep that goes both ways. */
gsize    heft_rate_curve_middle  (const HeftRateCurve *self, gsize n_samples);
/* Point @index of the grid, beside those there are, which @record shows at once. */
void     heft_rate_curve_add     (HeftRateCurve *self, gsize index, const HeftSweepPoint *point, HeftRecord *record,
                                  const HeftRateSeries *series);
typedef struct
{
  double value;      /* with its sign */
  double error;      /* what the weight draws give it: an upper one, for both ends of an interval are measured by the same draws */
  double certain;    /* the part of it that no curve between the two points explains: min C is concave, so that over the interval it rises by
                      * no less than KL at the upper end and no more than KL at the lower end times the interval's length */
  double beta;       /* at the upper end */
} HeftRateMisfit;

/* The largest misfit of KL and the slope of min C (heft_slope_check()). FALSE for less than two points. */
gboolean heft_rate_curve_misfit  (const HeftRateCurve *self, HeftRateMisfit *misfit);
/* The one that tells most: of those certain beyond @small and twice the draws' noise the largest; else of those that are that large at all; else
 * of those whose noise is small. The largest alone may be nothing but noise, where KL has all but gone, and hide the others. */
gboolean heft_rate_curve_evidence (const HeftRateCurve *self, double small, HeftRateMisfit *misfit);
gboolean heft_rate_curve_is_elbo (const HeftRateCurve *self, gsize index);

/* The points low (high/low)^(i / (n - 1)); low alone where n is 1. */
void     heft_log_grid         (double low, double high, gsize n, double *values);

G_END_DECLS
