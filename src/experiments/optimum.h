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

/* Rows of HeftParameterSpec: a loss of two valleys, and its prices. */
#define HEFT_OPTIMUM_VALLEYS(barrier, lean) \
  { .id = "barrier", .label = N_("Barrier"), .help = N_("The height of the hill between the two valleys of the loss."), \
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .unit = "nat", .minimum = 0, .maximum = (barrier), \
    .default_text = "0.25", .live = TRUE }, \
  { .id = "tilt", .label = N_("Tilt"), .help = N_("How much the loss leans, so that one valley is deeper."), \
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .unit = "nat", .minimum = -(lean), .maximum = (lean), \
    .default_text = "0.1", .live = TRUE }
#define HEFT_OPTIMUM_PRICES(least_lambda, most_lambda, least_beta, most_beta) \
  { .id = "lambda", .label = N_("$\\lambda$"), .help = N_("The standard deviation of the prior."), \
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = (least_lambda), .maximum = (most_lambda), .logarithmic = TRUE, \
    .default_text = "1.5", .live = TRUE }, \
  { .id = "beta", .label = N_("$\\beta$"), .help = N_("The price of a nat against the loss."), \
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = (least_beta), .maximum = (most_beta), .logarithmic = TRUE, \
    .default_text = "0.2", .live = TRUE }

/* Rows of HeftSeriesSpec, each with its estimator. */
#define HEFT_OPTIMUM_KL_AXIS N_("$\\mathrm{KL}(Q^* \\Vert P)$ (nat)")
#define HEFT_OPTIMUM_MINIMUM(estimator) \
  { "minimum", N_("Gibbs optimum, min $C_\\beta$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_EXACT, FALSE, estimator }
#define HEFT_OPTIMUM_MINIMUM_SLOPE(estimator) \
  { "minimum_slope", N_("Slope: $\\mathrm{KL}(Q^* \\Vert P)$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_KL, FALSE, estimator }
#define HEFT_OPTIMUM_GAUSSIAN_MINIMUM(estimator) \
  { "gaussian_minimum", N_("Best single Gaussian"), "nat", N_("$\\beta$"), HEFT_QUANTITY_GAUSSIAN, FALSE, estimator }
#define HEFT_OPTIMUM_RATE(estimator) \
  { "rate", N_("$E_{Q^*} L$"), "nat", HEFT_OPTIMUM_KL_AXIS, HEFT_QUANTITY_EXACT, FALSE, estimator }
#define HEFT_OPTIMUM_RATE_BETA \
  { "rate_beta", N_("$\\beta$"), "", HEFT_OPTIMUM_KL_AXIS, HEFT_QUANTITY_LAGRANGIAN, FALSE, N_("the β of each point") }

/* Rows of HeftPanelSpec, with their series. */
#define HEFT_OPTIMUM_MINIMUM_PANEL(...) \
  { .id = "minimum", .title = N_("The optimal Lagrangian"), .kind = HEFT_PANEL_CURVE, .x_label = N_("$\\beta$"), \
    .y_label = N_("min $C_\\beta$"), .y_unit = "nat", .x_log = TRUE, .series = { __VA_ARGS__ }, \
    .things_to_try = N_("The curve is concave and its slope is the information: read both off and compare."), \
    .sentence = heft_optimum_minimum_sentence }
#define HEFT_OPTIMUM_RATE_PANEL(try, ...) \
  { .id = "rate", .title = N_("Rate and distortion"), .kind = HEFT_PANEL_CURVE, .x_label = N_("$\\mathrm{KL}(Q^* \\Vert P)$"), \
    .x_unit = "nat", .y_label = N_("$E_{Q^*} L$"), .y_unit = "nat", .series = { __VA_ARGS__ }, .things_to_try = try, \
    .sentence = heft_optimum_rate_sentence }

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
