/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/information.h>

#include "experiments/lagrangian.h"
#include "experiments/ledger.h"
#include "experiments/optimum.h"
#include "experiments/words.h"

#define LOWER (-4.0)
#define UPPER 4.0
#define N_GRID 801          /* for drawing: integrals are adaptive */
/* The curves over beta: a fixed grid, so that moving beta moves along them. */
#define N_CURVE 25
#define CURVE_MINIMUM 1e-3
#define CURVE_MAXIMUM 10.0

enum
{
  MINIMUM,
  MINIMUM_SLOPE,
  GAUSSIAN_MINIMUM,
  RATE,
  RATE_BETA,
};

typedef struct
{
  double barrier, tilt, lambda, beta;
} Setting;

/* Everything at one beta. */
typedef struct
{
  double minimum;                /* the loss's global minimum, w* */
  double curvature;              /* there */
  double laplace, printed;       /* informations */
  double slope;
  double gaussian, gaussian_mean, gaussian_deviation;
} Optimum;

static double
loss_at (double w, gpointer user_data)
{
  const Setting *setting = user_data;
  double well = w * w - 1;

  return setting->barrier * well * well + setting->tilt * w;
}

static Setting
read_setting (HeftRun *run)
{
  HeftParameters *parameters = heft_run_get_parameters (run);

  return (Setting) { heft_parameters_get_real (parameters, "barrier"), heft_parameters_get_real (parameters, "tilt"),
                     heft_parameters_get_real (parameters, "lambda"), heft_parameters_get_real (parameters, "beta") };
}

/* The best grid point, then Newton's method, kept inside the grid cell's neighbours. */
static double
global_minimum (const Setting *setting, const HeftGibbs *gibbs)
{
  gsize best = 0;
  double w, low, high;

  for (gsize i = 1; i < gibbs->n_grid; i++)
    if (gibbs->loss[i] < gibbs->loss[best])
      best = i;
  w = gibbs->grid[best];
  low = gibbs->grid[best > 0 ? best - 1 : 0];
  high = gibbs->grid[MIN (best + 1, gibbs->n_grid - 1)];
  for (int i = 0; i < 60; i++)
    {
      double gradient = 4 * setting->barrier * w * (w * w - 1) + setting->tilt;
      double curvature = setting->barrier * (12 * w * w - 4);

      if (curvature <= 0)
        break;
      w = CLAMP (w - gradient / curvature, low, high);
    }
  return w;
}

static double
minimum_at (const Setting *setting, double beta, GError **error)
{
  g_autoptr (HeftGibbs) gibbs = heft_gibbs_new (loss_at, (gpointer) setting, LOWER, UPPER, setting->lambda, beta, N_GRID,
                                                error);

  return gibbs != NULL ? gibbs->lagrangian : NAN;
}

/* d min C / d beta by central differences: the envelope identity says it is the information. */
static double
slope_at (const Setting *setting, GError **error)
{
  double h = 1e-4 * setting->beta;
  double above = minimum_at (setting, setting->beta + h, error);
  double below = isnan (above) ? NAN : minimum_at (setting, setting->beta - h, error);

  return (above - below) / (2 * h);
}

static gboolean
find_optimum (const Setting *setting, const HeftGibbs *gibbs, Optimum *optimum, GError **error)
{
  double h;

  optimum->minimum = global_minimum (setting, gibbs);
  h = setting->barrier * (12 * optimum->minimum * optimum->minimum - 4);
  optimum->curvature = MAX (h, 0);
  optimum->laplace = heft_gaussian_information (&optimum->curvature, 1, 1, optimum->minimum * optimum->minimum,
                                                setting->beta, setting->lambda);
  optimum->printed = heft_gaussian_information_printed (&optimum->curvature, 1, 1, optimum->minimum * optimum->minimum,
                                                        setting->beta, setting->lambda);
  optimum->gaussian = heft_gibbs_best_gaussian (gibbs, setting->lambda, setting->beta, &optimum->gaussian_mean,
                                                &optimum->gaussian_deviation);
  /* Where the best Gaussian is Gibbs itself the difference is rounding, and its sign means nothing. */
  if (fabs (optimum->gaussian - gibbs->lagrangian) <= 1e-14 * (setting->beta + fabs (gibbs->lagrangian)))
    optimum->gaussian = gibbs->lagrangian;
  optimum->slope = slope_at (setting, error);
  return !isnan (optimum->slope);
}

static double *
normal_density (const HeftGibbs *gibbs, double mean, double variance)
{
  double *density = g_new (double, gibbs->n_grid);

  for (gsize i = 0; i < gibbs->n_grid; i++)
    {
      double d = gibbs->grid[i] - mean;

      density[i] = exp (-d * d / (2 * variance)) / sqrt (2 * G_PI * variance);
    }
  return density;
}

/* Renormalised to the interval, like P: what the best Gaussian is compared as. */
static double *
truncated_density (const HeftGibbs *gibbs, double mean, double deviation)
{
  double *density = normal_density (gibbs, mean, deviation * deviation);
  double mass = 0.5 * (erf ((UPPER - mean) / (deviation * G_SQRT2)) - erf ((LOWER - mean) / (deviation * G_SQRT2)));

  for (gsize i = 0; mass > 0 && i < gibbs->n_grid; i++)
    density[i] /= mass;
  return density;
}

static void
publish_landscape (HeftRecord *record, guint64 step, const Setting *setting, const HeftGibbs *gibbs, const Optimum *optimum)
{
  HeftFrame *frame = heft_frame_new ("landscape", step);
  double precision = optimum->curvature + setting->beta / (setting->lambda * setting->lambda);
  double printed = optimum->curvature + setting->beta / (2 * setting->lambda * setting->lambda);

  heft_frame_set_array (frame, "grid", 1, gibbs->n_grid, gibbs->grid);
  heft_frame_set_array (frame, "loss", 1, gibbs->n_grid, gibbs->loss);
  heft_frame_set_array (frame, "prior", 1, gibbs->n_grid, gibbs->prior);
  heft_frame_set_array (frame, "gibbs", 1, gibbs->n_grid, gibbs->posterior);
  heft_frame_take_array (frame, "gaussian", 1, gibbs->n_grid,
                         truncated_density (gibbs, optimum->gaussian_mean, optimum->gaussian_deviation));
  heft_frame_take_array (frame, "laplace", 1, gibbs->n_grid,
                         normal_density (gibbs, optimum->minimum, setting->beta / precision));
  heft_frame_take_array (frame, "printed", 1, gibbs->n_grid,
                         normal_density (gibbs, optimum->minimum, setting->beta / 2 / printed));
  heft_frame_set_number (frame, "beta", setting->beta);
  heft_frame_set_number (frame, "minimum", optimum->minimum);
  heft_frame_set_number (frame, "curvature", optimum->curvature);
  heft_frame_set_text (frame, "estimator", _("adaptive quadrature on [−4, 4]"));
  heft_record_publish (record, frame);
}

static void
publish_ledger (HeftRecord *record, guint64 step, const Setting *setting, const HeftGibbs *gibbs, const Optimum *optimum)
{
  HeftLedger ledger;
  char slope[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *kl_note = NULL;

  g_ascii_formatd (slope, sizeof slope, "%.6f", optimum->slope);
  kl_note = g_strdup_printf (_("slope of min C at this β: %s"), slope);
  ledger = heft_ledger_begin (step);

  heft_ledger_add (&ledger, _("$E_{Q^*} L$"), gibbs->expected_loss, "nat", _("exact, quadrature"), HEFT_QUANTITY_TRAIN_LOSS);
  heft_ledger_add (&ledger, _("$\\mathrm{KL}(Q^* \\Vert P)$"), gibbs->information, "nat", kl_note, HEFT_QUANTITY_KL);
  heft_ledger_add (&ledger, _("min $C_\\beta$"), gibbs->lagrangian, "nat", _("loss plus β KL"), HEFT_QUANTITY_EXACT);
  heft_ledger_add (&ledger, _("Best Gaussian minus Gibbs"), optimum->gaussian - gibbs->lagrangian, "nat",
                   _("over all means and widths; never negative"), HEFT_QUANTITY_GAUSSIAN);
  heft_ledger_add (&ledger, _("Laplace information"), optimum->laplace, "nat", _("corrected formula, at the global minimum"),
                   HEFT_QUANTITY_CORRECTED);
  heft_ledger_add (&ledger, _("As printed"), optimum->printed, "nat", _("Prop. 2.5 and eq. (8) of the paper"),
                   HEFT_QUANTITY_PRINTED);
  heft_record_publish (record, heft_ledger_end (&ledger));
}

static void
store_results (HeftRecord *record, const HeftGibbs *gibbs, const Optimum *optimum)
{
  heft_record_set_result (record, "lagrangian", gibbs->lagrangian);
  heft_record_set_result (record, "information", gibbs->information);
  heft_record_set_result (record, "expected_loss", gibbs->expected_loss);
  heft_record_set_result (record, "slope", optimum->slope);
  heft_record_set_result (record, "gaussian_excess", optimum->gaussian - gibbs->lagrangian);
  heft_record_set_result (record, "laplace_information", optimum->laplace);
  heft_record_set_result (record, "printed_information", optimum->printed);
  heft_record_set_result (record, "minimum", optimum->minimum);
  heft_record_set_result (record, "curvature", optimum->curvature);
}

/* The curves over beta. FALSE with no error when the run was stopped. Left early, with @changed, when they are out of date. */
static gboolean
trace_curves (HeftRun *run, const Setting *setting, gboolean *changed, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  HeftOptimumCurve curve = { .record = record, .minimum = MINIMUM, .minimum_slope = MINIMUM_SLOPE, .rate = RATE, .rate_beta = RATE_BETA,
                             .lowest = CURVE_MINIMUM, .highest = CURVE_MAXIMUM, .n_points = N_CURVE };
  gboolean go_on = TRUE;

  heft_optimum_curve_begin (&curve);
  while (curve.n < N_CURVE && go_on && !*changed)
    {
      double beta = heft_optimum_curve_beta (&curve);
      g_autoptr (HeftGibbs) gibbs = heft_gibbs_new (loss_at, (gpointer) setting, LOWER, UPPER, setting->lambda, beta, N_GRID, error);

      if (gibbs == NULL)
        return FALSE;
      heft_record_append (record, GAUSSIAN_MINIMUM, 0, beta, heft_gibbs_best_gaussian (gibbs, setting->lambda, beta, NULL, NULL));
      go_on = heft_optimum_curve_add (&curve, run, gibbs->lagrangian, gibbs->information, gibbs->expected_loss, changed);
    }
  heft_optimum_curve_store (&curve);
  return go_on;
}

static gboolean
show_optimum (HeftRun *run, const Setting *setting, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  g_autoptr (HeftGibbs) gibbs = heft_gibbs_new (loss_at, (gpointer) setting, LOWER, UPPER, setting->lambda, setting->beta,
                                                N_GRID, error);
  Optimum optimum;

  if (gibbs == NULL || !find_optimum (setting, gibbs, &optimum, error))
    return FALSE;
  publish_landscape (record, 0, setting, gibbs, &optimum);
  publish_ledger (record, 0, setting, gibbs, &optimum);
  store_results (record, gibbs, &optimum);
  return TRUE;
}

static gboolean
show (HeftRun *run, gboolean *changed, gpointer user_data, GError **error)
{
  Setting *traced = user_data, setting = read_setting (run);

  if (!show_optimum (run, &setting, error))
    return FALSE;
  /* The curves do not depend on beta: moving it moves along them. */
  if (setting.barrier == traced->barrier && setting.tilt == traced->tilt && setting.lambda == traced->lambda)
    return TRUE;
  if (!trace_curves (run, &setting, changed, error))
    return FALSE;
  if (!*changed)
    *traced = setting;
  return TRUE;
}

static gboolean
run_lagrangian (HeftRun *run, GError **error)
{
  Setting traced = { NAN, NAN, NAN, NAN };

  return heft_live_run (run, show, &traced, error);
}

/* --- Sentences --------------------------------------------------------------------------------------------------- */

static char *
landscape_sentence (HeftRecord *record)
{
  g_autofree char *excess = NULL, *minimum = NULL;

  if (!heft_record_get_result (record, "gaussian_excess", NULL))
    return NULL;
  excess = heft_words_result (record, "gaussian_excess");
  minimum = heft_words_result (record, "minimum");
  return g_strdup_printf (_("The loss is lowest at w = %s; the best single Gaussian pays %s nats more than the Gibbs optimum."),
                          minimum, excess);
}

static char *
ledger_sentence (HeftRecord *record)
{
  g_autofree char *exact = NULL, *laplace = NULL, *printed = NULL;

  if (!heft_record_get_result (record, "information", NULL))
    return NULL;
  exact = heft_words_result (record, "information");
  laplace = heft_words_result (record, "laplace_information");
  printed = heft_words_result (record, "printed_information");
  return g_strdup_printf (_("Exactly %s nats; the Laplace approximation says %s, the formula as printed %s."), exact, laplace,
                          printed);
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

static const HeftParameterSpec parameters[] = {
  HEFT_OPTIMUM_VALLEYS (10, 2),
  HEFT_OPTIMUM_PRICES (0.05, 100, 1e-6, 100),
};

static const HeftSeriesSpec series[] = {
  [MINIMUM] = HEFT_OPTIMUM_MINIMUM (N_("exact, adaptive quadrature on [−4, 4]")),
  [MINIMUM_SLOPE] = HEFT_OPTIMUM_MINIMUM_SLOPE (N_("exact, adaptive quadrature on [−4, 4]")),
  [GAUSSIAN_MINIMUM] = HEFT_OPTIMUM_GAUSSIAN_MINIMUM (N_("quadrature, best over all means and widths")),
  [RATE] = HEFT_OPTIMUM_RATE (N_("exact, adaptive quadrature on [−4, 4]")),
  [RATE_BETA] = HEFT_OPTIMUM_RATE_BETA,
};

static const HeftResultSpec results[] = {
  HEFT_OPTIMUM_RESULTS,
  HEFT_LAPLACE_RESULTS,
  HEFT_OPTIMUM_CURVE_RESULTS,
  { "minimum", N_("The weight where the loss is lowest"), "", FALSE },
  { "curvature", N_("Second derivative of the loss there"), "nat", FALSE },
};

static const HeftPanelSpec panels[] = {
  { .id = "landscape", .title = N_("Loss, prior and codes"), .kind = HEFT_PANEL_DENSITIES, .x_label = N_("Weight $w$"),
    .y_label = N_("Density"), .frame = "landscape",
    .things_to_try = N_("Lower β until the Gibbs optimum leaves the shallow valley. Set the tilt to 0: no single Gaussian can "
                        "sit in both."),
    .sentence = landscape_sentence },
  HEFT_OPTIMUM_MINIMUM_PANEL ("minimum", "minimum_slope", "gaussian_minimum"),
  HEFT_OPTIMUM_RATE_PANEL (N_("Convex and falling, with slope −β at each point. Widen the prior with λ and watch it shift."),
                           "rate", "rate_beta"),
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Raise the barrier: the valleys become quadratic and the Laplace information approaches the best "
                        "Gaussian's. The printed formula does not."),
    .sentence = ledger_sentence },
};

const HeftExperiment heft_experiment_lagrangian = {
  .id = "lagrangian",
  .title = N_("One weight: the Information Lagrangian, exactly"),
  .summary = N_("A loss of one weight with two valleys. The best code for the weight is found exactly by quadrature and set "
                "beside the best Gaussian, the Laplace approximation and the formula as printed."),
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .run = run_lagrangian,
};
