/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>
#include <heft/record.h>

G_BEGIN_DECLS

/* What the experiments whose optimum is computed while the sliders move have in common: the loop that follows them, and the curves, tables and
 * sentences of an exact optimum over beta. */

/* Shows what the sliders say. Leaves early, with @changed, when they have moved meanwhile; FALSE without an error is a run that was stopped. */
typedef gboolean (*HeftLiveShow) (HeftRun *run, gboolean *changed, gpointer user_data, GError **error);

/* Calls @show at once and after every move, until the run is stopped. */
gboolean heft_live_run (HeftRun *run, HeftLiveShow show, gpointer user_data, GError **error);

/* --- The exact optimum over beta ----------------------------------------------------------------------------------------- */

#define HEFT_OPTIMUM_MOST_POINTS 64

typedef struct
{
  HeftRecord *record;
  gsize       minimum, minimum_slope, rate, rate_beta;    /* its series: min C and KL against beta, E L and beta against KL */
  double      lowest, highest;                            /* beta: a fixed grid, so that moving beta moves along the curve */
  gsize       n_points, n;                                /* planned, done */
  double      betas[HEFT_OPTIMUM_MOST_POINTS], informations[HEFT_OPTIMUM_MOST_POINTS], losses[HEFT_OPTIMUM_MOST_POINTS];
} HeftOptimumCurve;

/* Clears all series of the record. */
void     heft_optimum_curve_begin (HeftOptimumCurve *self);
/* The beta of the next point. */
double   heft_optimum_curve_beta  (const HeftOptimumCurve *self);
/* The next point; FALSE when the run must end, @changed as in heft_run_point(). */
gboolean heft_optimum_curve_add   (HeftOptimumCurve *self, HeftRun *run, double lagrangian, double information, double expected_loss,
                                   gboolean *changed);
/* The results "curve_beta", "curve_information", "curve_expected_loss" of the points so far. */
void     heft_optimum_curve_store (const HeftOptimumCurve *self);

/* Of the panels "minimum" and "rate". */
char    *heft_optimum_minimum_sentence (HeftRecord *record);
char    *heft_optimum_rate_sentence    (HeftRecord *record);

/* Rows of HeftResultSpec. */
#define HEFT_OPTIMUM_RESULTS \
  { "lagrangian", N_("min C, the Lagrangian of the Gibbs optimum"), "nat", FALSE }, \
  { "information", N_("KL(Q*‖P) of the Gibbs optimum"), "nat", FALSE }, \
  { "expected_loss", N_("Expected loss under the Gibbs optimum"), "nat", FALSE }, \
  { "slope", N_("d min C / d β by central differences"), "nat", FALSE }, \
  { "gaussian_excess", N_("Lagrangian of the best single Gaussian minus that of Gibbs"), "nat", FALSE }
#define HEFT_LAPLACE_RESULTS \
  { "laplace_information", N_("Gaussian information at the global minimum"), "nat", FALSE }, \
  { "printed_information", N_("The same by the formula as printed in the paper"), "nat", FALSE }
#define HEFT_OPTIMUM_CURVE_RESULTS \
  { "curve_beta", N_("β along the curve"), "", TRUE }, \
  { "curve_information", N_("Information along the curve"), "nat", TRUE }, \
  { "curve_expected_loss", N_("Expected loss along the curve"), "nat", TRUE }

G_END_DECLS
