/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/information.h>

#include "experiments/ledger.h"
#include "experiments/optimum.h"
#include "experiments/two-weights.h"
#include "experiments/words.h"

#define REACH 4.0           /* the weights live on [-4, 4]^2 */
/* A product rule over the square, which every beta shares: the adaptive one of the library takes up to a second, too long for a slider.
 * The ranges of the parameters keep Gibbs wide enough for it; the tests compare the two at their ends. */
#define N_PANELS 40
#define N_LEGENDRE 15         /* more panels of fewer nodes lose digits where Gibbs is narrowest */
#define N_SHEET (N_PANELS * N_LEGENDRE)
#define N_GRID 81           /* for the Gaussians' starts */
#define N_MAP 160           /* of the loss, for drawing */
#define N_LINE 161          /* for lines of equal density */
#define FAINT 14.0          /* exp (-14) of the peak: beyond, there is no mass that could be seen */
#define CORRELATION_NOISE 1e-6
#define N_CURVE 17
#define CURVE_MINIMUM 0.02
#define CURVE_MAXIMUM 10.0

enum
{
  MINIMUM,
  MINIMUM_SLOPE,
  GAUSSIAN_MINIMUM,
  MEAN_FIELD_MINIMUM,
  RATE,
  RATE_BETA,
  GAUSSIAN_RATE,
  MEAN_FIELD_RATE,
};

typedef struct
{
  double barrier, tilt, stiffness, bend, angle, lambda, beta;
  double cosine, sine;
} Setting;

/* The loss on the nodes, and log P with the nodes' weights in it. */
typedef struct
{
  double  w[N_SHEET], weight[N_SHEET];
  double *loss, *log_prior;
} Sheet;

typedef struct
{
  double lagrangian, information, expected_loss;
} Optimum;

typedef struct
{
  Optimum           gibbs;
  double            slope;
  HeftPlaneGaussian full, diagonal, laplace;
  double            printed;
  double            minimum[2];
  gboolean          inside;       /* whether the loss has its minimum on the square */
} Answer;

/* Along the valley x the double well, across it a parabola about a floor that bends; turned against the axes by the angle. */
static double
loss_at (double w1, double w2, gpointer user_data)
{
  const Setting *s = user_data;
  double x = s->cosine * w1 + s->sine * w2, y = s->cosine * w2 - s->sine * w1, well = x * x - 1, off = y - s->bend * well;

  return s->barrier * well * well + s->tilt * x + 0.5 * s->stiffness * off * off;
}

static Setting
read_setting (HeftRun *run)
{
  HeftParameters *p = heft_run_get_parameters (run);
  Setting s = { heft_parameters_get_real (p, "barrier"), heft_parameters_get_real (p, "tilt"),
                heft_parameters_get_real (p, "stiffness"), heft_parameters_get_real (p, "bend"),
                heft_parameters_get_real (p, "angle"), heft_parameters_get_real (p, "lambda"),
                heft_parameters_get_real (p, "beta"), 1, 0 };

  s.cosine = cos (s.angle * G_PI / 180);
  s.sine = sin (s.angle * G_PI / 180);
  return s;
}

/* --- Gibbs on the sheet ------------------------------------------------------------------------------------------ */

static void
sheet_clear (Sheet *self)
{
  g_clear_pointer (&self->loss, g_free);
  g_clear_pointer (&self->log_prior, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sheet, sheet_clear)

static void
sheet_init (Sheet *self, const Setting *setting)
{
  static const double nodes[] = { 0.98799251802048542849, 0.93727339240070590431, 0.8482065834104272162, 0.72441773136017004742,
                                  0.57097217260853884754, 0.3941513470775633699, 0.2011940939974345223, 0 };
  static const double weights[] = { 0.030753241996117268355, 0.070366047488108124709, 0.10715922046717193501, 0.13957067792615431445,
                                    0.16626920581699393355, 0.18616100001556221103, 0.19843148532711157646, 0.20257824192556127288 };
  double step = 2 * REACH / N_PANELS, mass = 0;

  for (int i = 0; i < N_SHEET; i++)
    {
      int k = i % N_LEGENDRE, side = MIN (k, N_LEGENDRE - 1 - k);

      self->w[i] = -REACH + step * (i / N_LEGENDRE + 0.5 * (1 + (k < N_LEGENDRE / 2 ? -1 : 1) * nodes[side]));
      self->weight[i] = 0.5 * step * weights[side];
      mass += self->weight[i] * exp (-0.5 * self->w[i] * self->w[i] / setting->lambda / setting->lambda);
    }
  self->loss = g_new (double, (gsize) N_SHEET * N_SHEET);
  self->log_prior = g_new (double, N_SHEET);
  for (int i = 0; i < N_SHEET; i++)
    self->log_prior[i] = log (self->weight[i] / mass) - 0.5 * self->w[i] * self->w[i] / setting->lambda / setting->lambda;
  for (int i = 0; i < N_SHEET; i++)
    for (int k = 0; k < N_SHEET; k++)
      self->loss[i * N_SHEET + k] = loss_at (self->w[i], self->w[k], (gpointer) setting);
}

/* @marginals, if not NULL: the two densities of Q*, one after the other. */
static Optimum
sheet_gibbs (const Sheet *self, double beta, double *marginals)
{
  Optimum optimum;
  double z = 0, expected = 0, peak = -INFINITY;

  for (int i = 0; i < N_SHEET; i++)
    for (int k = 0; k < N_SHEET; k++)
      peak = MAX (peak, self->log_prior[i] + self->log_prior[k] - self->loss[i * N_SHEET + k] / beta);
  for (int i = 0; i < N_SHEET; i++)
    for (int k = 0; k < N_SHEET; k++)
      {
        double loss = self->loss[i * N_SHEET + k];
        double mass = exp (self->log_prior[i] + self->log_prior[k] - loss / beta - peak);

        z += mass;
        expected += mass * loss;
        if (marginals != NULL)
          {
            marginals[i] += mass / self->weight[i];
            marginals[N_SHEET + k] += mass / self->weight[k];
          }
      }
  for (int i = 0; marginals != NULL && i < 2 * N_SHEET; i++)
    marginals[i] /= z;
  optimum.lagrangian = -beta * (log (z) + peak);
  optimum.expected_loss = expected / z;
  optimum.information = MAX ((optimum.lagrangian - optimum.expected_loss) / beta, 0);
  return optimum;
}

/* What the Gaussians start from. */
static HeftGibbs2d *
make_plane (const Setting *setting, double beta, double lagrangian)
{
  HeftGibbs2d *plane = g_new0 (HeftGibbs2d, 1);

  plane->n_grid = N_GRID;
  plane->posterior = g_new (double, N_GRID * N_GRID);
  plane->loss = g_new (double, N_GRID * N_GRID);
  for (int axis = 0; axis < 2; axis++)
    {
      plane->grid[axis] = g_new (double, N_GRID);
      for (int i = 0; i < N_GRID; i++)
        plane->grid[axis][i] = REACH * (2.0 * i / (N_GRID - 1) - 1);
    }
  for (int i = 0; i < N_GRID * N_GRID; i++)
    {
      double w1 = plane->grid[0][i / N_GRID], w2 = plane->grid[1][i % N_GRID];

      plane->loss[i] = loss_at (w1, w2, (gpointer) setting);
      plane->posterior[i] = exp ((lagrangian - plane->loss[i]) / beta
                                 - 0.5 * (w1 * w1 + w2 * w2) / (setting->lambda * setting->lambda));
    }
  return plane;
}

/* --- The approximations ------------------------------------------------------------------------------------------ */

/* Along the floor of the valley: the deeper well, by Newton's method from the best of a grid. FALSE if it lies outside of the square. */
static gboolean
find_minimum (const Setting *s, double minimum[2], double hessian[3])
{
  double x = 0, lowest = INFINITY, y, xx, xy, reach = G_SQRT2 * REACH;

  for (int i = -600; i <= 600 && (s->barrier > 0 || s->tilt != 0); i++)
    {
      double at = i * reach / 600, value = s->barrier * (at * at - 1) * (at * at - 1) + s->tilt * at;

      if (value < lowest)
        {
          lowest = value;
          x = at;
        }
    }
  for (int i = 0; i < 60 && s->barrier * (12 * x * x - 4) > 0; i++)
    x -= (4 * s->barrier * x * (x * x - 1) + s->tilt) / (s->barrier * (12 * x * x - 4));
  y = s->bend * (x * x - 1);
  minimum[0] = s->cosine * x - s->sine * y;
  minimum[1] = s->sine * x + s->cosine * y;
  xx = s->barrier * (12 * x * x - 4) + 4 * s->stiffness * s->bend * s->bend * x * x;
  xy = -2 * s->stiffness * s->bend * x;
  hessian[0] = s->cosine * s->cosine * xx - 2 * s->cosine * s->sine * xy + s->sine * s->sine * s->stiffness;
  hessian[1] = s->cosine * s->sine * (xx - s->stiffness) + (s->cosine * s->cosine - s->sine * s->sine) * xy;
  hessian[2] = s->sine * s->sine * xx + 2 * s->cosine * s->sine * xy + s->cosine * s->cosine * s->stiffness;
  return fabs (minimum[0]) < REACH && fabs (minimum[1]) < REACH && (s->barrier > 0 || s->tilt == 0);
}

static gboolean
find_gaussians (const Setting *setting, const HeftGibbs2d *plane, double beta, HeftPlaneGaussian *full, HeftPlaneGaussian *diagonal,
                GError **error)
{
  return heft_gibbs_2d_best_gaussian (plane, loss_at, (gpointer) setting, setting->lambda, beta, FALSE, full, error)
         && heft_gibbs_2d_best_gaussian (plane, loss_at, (gpointer) setting, setting->lambda, beta, TRUE, diagonal, error);
}

/* --- What is shown ----------------------------------------------------------------------------------------------- */

static double
deviation_of (const Sheet *sheet, const double *marginal)
{
  double mass = 0, mean = 0, square = 0;

  for (int i = 0; i < N_SHEET; i++)
    {
      mass += sheet->weight[i] * marginal[i];
      mean += sheet->weight[i] * marginal[i] * sheet->w[i];
    }
  mean /= mass;
  for (int i = 0; i < N_SHEET; i++)
    square += sheet->weight[i] * marginal[i] * (sheet->w[i] - mean) * (sheet->w[i] - mean);
  return sqrt (square / mass);
}

/* A Gaussian, renormalised to the square by the sheet; its marginals as those of Gibbs. */
static void
gaussian_marginals (const Sheet *sheet, const HeftPlaneGaussian *gaussian, double *marginals)
{
  double determinant = gaussian->covariance[0] * gaussian->covariance[2] - gaussian->covariance[1] * gaussian->covariance[1];
  double total = 0;

  for (int i = 0; i < N_SHEET; i++)
    for (int k = 0; k < N_SHEET; k++)
      {
        double a = sheet->w[i] - gaussian->mean[0], b = sheet->w[k] - gaussian->mean[1];
        double square = gaussian->covariance[2] * a * a - 2 * gaussian->covariance[1] * a * b + gaussian->covariance[0] * b * b;
        double density = exp (-0.5 * square / determinant);

        marginals[i] += density * sheet->weight[k];
        marginals[N_SHEET + k] += density * sheet->weight[i];
        total += density * sheet->weight[i] * sheet->weight[k];
      }
  for (int i = 0; total > 0 && i < 2 * N_SHEET; i++)
    marginals[i] /= total;
}

static void
publish_marginals (HeftRecord *record, const Setting *setting, const Sheet *sheet, const double *gibbs, const Answer *answer)
{
  g_autofree double *full = g_new0 (double, 2 * N_SHEET);
  g_autofree double *diagonal = g_new0 (double, 2 * N_SHEET);
  double prior[N_SHEET];

  gaussian_marginals (sheet, &answer->full, full);
  gaussian_marginals (sheet, &answer->diagonal, diagonal);
  for (int i = 0; i < N_SHEET; i++)
    prior[i] = exp (sheet->log_prior[i]) / sheet->weight[i];
  for (int axis = 0; axis < 2; axis++)
    {
      HeftFrame *frame = heft_frame_new (axis == 0 ? "first" : "second", 0);

      heft_frame_set_array (frame, "grid", 1, N_SHEET, sheet->w);
      heft_frame_set_array (frame, "prior", 1, N_SHEET, prior);
      heft_frame_set_array (frame, "gibbs", 1, N_SHEET, gibbs + axis * N_SHEET);
      heft_frame_set_array (frame, "gaussian", 1, N_SHEET, full + axis * N_SHEET);
      heft_frame_set_array (frame, "mean_field", 1, N_SHEET, diagonal + axis * N_SHEET);
      heft_frame_set_number (frame, "beta", setting->beta);
      heft_frame_set_text (frame, "estimator", _("quadrature on [−4, 4]²"));
      heft_record_publish (record, frame);
    }
  heft_record_set_result (record, "gibbs_deviation", deviation_of (sheet, gibbs + N_SHEET));
  heft_record_set_result (record, "mean_field_deviation", deviation_of (sheet, diagonal + N_SHEET));
}

typedef double (*LogDensity) (double w1, double w2, gconstpointer data);

static double
log_prior (double w1, double w2, gconstpointer data)
{
  double lambda = ((const Setting *) data)->lambda;

  return -0.5 * (w1 * w1 + w2 * w2) / (lambda * lambda);
}

static double
log_gibbs (double w1, double w2, gconstpointer data)
{
  const Setting *setting = data;

  return log_prior (w1, w2, setting) - loss_at (w1, w2, (gpointer) setting) / setting->beta;
}

static double
log_gaussian (double w1, double w2, gconstpointer data)
{
  const HeftPlaneGaussian *gaussian = data;
  const double *c = gaussian->covariance;
  double a = w1 - gaussian->mean[0], b = w2 - gaussian->mean[1];

  return -0.5 * (c[2] * a * a - 2 * c[1] * a * b + c[0] * b * b) / (c[0] * c[2] - c[1] * c[1]);
}

/* A grid of nodes over the part of the square where a density is: however narrow it is, it is sampled finely. */
typedef struct
{
  double  w[2][N_LINE];
  double *values;               /* N_LINE x N_LINE */
} Patch;

static void
patch_sample (Patch *self, LogDensity density, gconstpointer data, double box[2][2])
{
  for (int axis = 0; axis < 2; axis++)
    for (int i = 0; i < N_LINE; i++)
      self->w[axis][i] = box[axis][0] + (box[axis][1] - box[axis][0]) * i / (N_LINE - 1);
  for (int i = 0; i < N_LINE; i++)
    for (int k = 0; k < N_LINE; k++)
      self->values[i * N_LINE + k] = density (self->w[0][i], self->w[1][k], data);
}

/* The box about the nodes that are not beyond all mass, a node wider; FALSE if it is hardly smaller than the patch. */
static gboolean
patch_box (const Patch *self, double box[2][2])
{
  int first[2] = { N_LINE, N_LINE }, last[2] = { 0, 0 };
  double peak = -INFINITY;

  for (int i = 0; i < N_LINE * N_LINE; i++)
    peak = MAX (peak, self->values[i]);
  for (int i = 0; i < N_LINE * N_LINE; i++)
    if (self->values[i] > peak - FAINT)
      {
        int at[2] = { i / N_LINE, i % N_LINE };

        for (int axis = 0; axis < 2; axis++)
          {
            first[axis] = MIN (first[axis], at[axis]);
            last[axis] = MAX (last[axis], at[axis]);
          }
      }
  for (int axis = 0; axis < 2; axis++)
    {
      box[axis][0] = self->w[axis][MAX (first[axis] - 1, 0)];
      box[axis][1] = self->w[axis][MIN (last[axis] + 1, N_LINE - 1)];
    }
  return (last[0] - first[0]) * (last[1] - first[1]) < 0.7 * N_LINE * N_LINE;
}

/* As arrays "line:NAME:50" and "line:NAME:90" of rows (number of the line, w1, w2). */
static void
set_lines (HeftFrame *frame, const char *name, LogDensity density, gconstpointer data)
{
  static const double masses[] = { 0.5, 0.9 };
  double box[2][2] = { { -REACH, REACH }, { -REACH, REACH } }, levels[G_N_ELEMENTS (masses)];
  g_autofree double *values = g_new (double, N_LINE * N_LINE);
  Patch patch = { .values = values };

  patch_sample (&patch, density, data, box);
  for (int i = 0; i < 3 && patch_box (&patch, box); i++)
    patch_sample (&patch, density, data, box);
  heft_contour_levels (patch.w[0], N_LINE, patch.w[1], N_LINE, values, masses, G_N_ELEMENTS (masses), levels);
  for (gsize m = 0; m < G_N_ELEMENTS (masses); m++)
    {
      g_autoptr (HeftContours) lines = heft_contours_new (patch.w[0], N_LINE, patch.w[1], N_LINE, values, levels[m]);
      g_autofree char *array = g_strdup_printf ("line:%s:%.0f", name, 100 * masses[m]);
      double *rows = g_new (double, 3 * lines->n + 1);

      for (gsize l = 0; l < lines->n_lines; l++)
        for (gsize p = lines->start[l]; p < lines->start[l + 1]; p++)
          {
            rows[3 * p] = (double) l;
            rows[3 * p + 1] = lines->xy[2 * p];
            rows[3 * p + 2] = lines->xy[2 * p + 1];
          }
      heft_frame_take_array (frame, array, lines->n, 3, rows);
    }
}

static void
publish_landscape (HeftRecord *record, const Setting *setting, const Answer *answer)
{
  HeftFrame *frame = heft_frame_new ("landscape", 0);
  double *loss = g_new (double, N_MAP * N_MAP), w[N_MAP];

  /* In the middles of equal cells. */
  for (int i = 0; i < N_MAP; i++)
    w[i] = REACH * ((2.0 * i + 1) / N_MAP - 1);
  for (int i = 0; i < N_MAP; i++)
    for (int k = 0; k < N_MAP; k++)
      loss[i * N_MAP + k] = loss_at (w[i], w[k], (gpointer) setting);
  heft_frame_set_array (frame, "w1", 1, N_MAP, w);
  heft_frame_set_array (frame, "w2", 1, N_MAP, w);
  heft_frame_take_array (frame, "loss", N_MAP, N_MAP, loss);
  set_lines (frame, "prior", log_prior, setting);
  set_lines (frame, "gibbs", log_gibbs, setting);
  set_lines (frame, "gaussian", log_gaussian, &answer->full);
  set_lines (frame, "mean_field", log_gaussian, &answer->diagonal);
  if (answer->inside)
    set_lines (frame, "laplace", log_gaussian, &answer->laplace);
  heft_frame_set_text (frame, "estimator", _("lines of equal density, counted on [−4, 4]² by quadrature"));
  heft_record_publish (record, frame);
}

static void
publish_ledger (HeftRecord *record, const Answer *answer)
{
  HeftLedger ledger = heft_ledger_begin (0);
  char slope[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *note = NULL;
  const char *edge = _("no minimum inside of the square to expand about");

  g_ascii_formatd (slope, sizeof slope, "%.6f", answer->slope);
  note = g_strdup_printf (_("slope of min C at this β: %s"), slope);
  heft_ledger_add (&ledger, _("$E_{Q^*} L$"), answer->gibbs.expected_loss, "nat", _("exact, quadrature"), HEFT_QUANTITY_TRAIN_LOSS);
  heft_ledger_add (&ledger, _("$\\mathrm{KL}(Q^* \\Vert P)$"), answer->gibbs.information, "nat", note, HEFT_QUANTITY_KL);
  heft_ledger_add (&ledger, _("min $C_\\beta$"), answer->gibbs.lagrangian, "nat", _("loss plus β KL"), HEFT_QUANTITY_EXACT);
  heft_ledger_add (&ledger, _("Best Gaussian minus Gibbs"), answer->full.lagrangian - answer->gibbs.lagrangian, "nat",
                   _("over all means and covariances; never negative"), HEFT_QUANTITY_GAUSSIAN);
  heft_ledger_add (&ledger, _("Best mean-field minus Gibbs"), answer->diagonal.lagrangian - answer->gibbs.lagrangian, "nat",
                   _("over all means and diagonal covariances"), HEFT_QUANTITY_POSTERIOR);
  heft_ledger_add (&ledger, _("Laplace information"), answer->inside ? answer->laplace.information : NAN, "nat",
                   answer->inside ? _("corrected formula, at the global minimum") : edge, HEFT_QUANTITY_CORRECTED);
  heft_ledger_add (&ledger, _("As printed"), answer->inside ? answer->printed : NAN, "nat",
                   answer->inside ? _("Prop. 2.5 and eq. (8) of the paper") : edge, HEFT_QUANTITY_PRINTED);
  heft_record_publish (record, heft_ledger_end (&ledger));
}

static void
store_results (HeftRecord *record, const Answer *answer)
{
  double correlation = answer->full.covariance[1] / sqrt (answer->full.covariance[0] * answer->full.covariance[2]);

  /* An optimum is flat, so that its place is known to the root of the precision that its value has. */
  if (fabs (correlation) < CORRELATION_NOISE)
    correlation = 0;

  heft_record_set_result (record, "lagrangian", answer->gibbs.lagrangian);
  heft_record_set_result (record, "information", answer->gibbs.information);
  heft_record_set_result (record, "expected_loss", answer->gibbs.expected_loss);
  heft_record_set_result (record, "slope", answer->slope);
  heft_record_set_result (record, "gaussian_excess", answer->full.lagrangian - answer->gibbs.lagrangian);
  heft_record_set_result (record, "mean_field_excess", answer->diagonal.lagrangian - answer->gibbs.lagrangian);
  heft_record_set_result (record, "correlation", correlation);
  heft_record_set_result (record, "mutual_information", -0.5 * log1p (-correlation * correlation));
  if (answer->inside)
    {
      heft_record_set_result (record, "laplace_information", answer->laplace.information);
      heft_record_set_result (record, "printed_information", answer->printed);
    }
  else
    {
      const char *reason = _("The loss has no minimum inside of the square: raise the barrier or lower the tilt.");

      heft_record_set_result_missing (record, "laplace_information", reason);
      heft_record_set_result_missing (record, "printed_information", reason);
    }
}

static gboolean
show_optimum (HeftRun *run, const Setting *setting, const Sheet *sheet, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  g_autofree double *marginals = g_new0 (double, 2 * N_SHEET);
  g_autoptr (HeftGibbs2d) plane = NULL;
  double hessian[3], h = 1e-3 * setting->beta;
  HeftPlaneGaussian printed;
  Answer answer;

  answer.gibbs = sheet_gibbs (sheet, setting->beta, marginals);
  answer.slope = (sheet_gibbs (sheet, setting->beta + h, NULL).lagrangian - sheet_gibbs (sheet, setting->beta - h, NULL).lagrangian)
                 / (2 * h);
  plane = make_plane (setting, setting->beta, answer.gibbs.lagrangian);
  if (!find_gaussians (setting, plane, setting->beta, &answer.full, &answer.diagonal, error))
    return FALSE;
  /* Where the best Gaussian is Gibbs itself the difference is rounding, and its sign means nothing. */
  answer.full.lagrangian = MAX (answer.full.lagrangian, answer.gibbs.lagrangian);
  answer.diagonal.lagrangian = MAX (answer.diagonal.lagrangian, answer.full.lagrangian);
  answer.inside = find_minimum (setting, answer.minimum, hessian);
  heft_plane_laplace (answer.minimum, hessian, setting->lambda, setting->beta, FALSE, &answer.laplace);
  answer.printed = heft_plane_laplace (answer.minimum, hessian, setting->lambda, setting->beta, TRUE, &printed);
  publish_landscape (record, setting, &answer);
  publish_marginals (record, setting, sheet, marginals, &answer);
  publish_ledger (record, &answer);
  store_results (record, &answer);
  return TRUE;
}

/* FALSE with no error when the run was stopped. Left early, with @changed, when the curves are out of date. */
static gboolean
trace_curves (HeftRun *run, const Setting *setting, const Sheet *sheet, gboolean *changed, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  HeftOptimumCurve curve = { .record = record, .minimum = MINIMUM, .minimum_slope = MINIMUM_SLOPE, .rate = RATE, .rate_beta = RATE_BETA,
                             .lowest = CURVE_MINIMUM, .highest = CURVE_MAXIMUM, .n_points = N_CURVE };
  gboolean go_on = TRUE;

  heft_optimum_curve_begin (&curve);
  while (curve.n < N_CURVE && go_on && !*changed)
    {
      double beta = heft_optimum_curve_beta (&curve);
      Optimum gibbs = sheet_gibbs (sheet, beta, NULL);
      g_autoptr (HeftGibbs2d) plane = make_plane (setting, beta, gibbs.lagrangian);
      HeftPlaneGaussian full, diagonal;

      if (!find_gaussians (setting, plane, beta, &full, &diagonal, error))
        return FALSE;
      heft_record_append (record, GAUSSIAN_MINIMUM, 0, beta, full.lagrangian);
      heft_record_append (record, MEAN_FIELD_MINIMUM, 0, beta, diagonal.lagrangian);
      heft_record_append (record, GAUSSIAN_RATE, 0, full.information, full.expected_loss);
      heft_record_append (record, MEAN_FIELD_RATE, 0, diagonal.information, diagonal.expected_loss);
      go_on = heft_optimum_curve_add (&curve, run, gibbs.lagrangian, gibbs.information, gibbs.expected_loss, changed);
    }
  heft_optimum_curve_store (&curve);
  return go_on;
}

static gboolean
same_curves (const Setting *a, const Setting *b)
{
  return a->barrier == b->barrier && a->tilt == b->tilt && a->stiffness == b->stiffness && a->bend == b->bend
         && a->angle == b->angle && a->lambda == b->lambda;
}

static gboolean
show (HeftRun *run, gboolean *changed, gpointer user_data, GError **error)
{
  Setting *traced = user_data, setting = read_setting (run);
  g_auto (Sheet) sheet = { .loss = NULL };

  sheet_init (&sheet, &setting);
  if (!show_optimum (run, &setting, &sheet, error))
    return FALSE;
  /* The curves do not depend on beta: moving it moves along them. */
  if (same_curves (&setting, traced))
    return TRUE;
  if (!trace_curves (run, &setting, &sheet, changed, error))
    return FALSE;
  if (!*changed)
    *traced = setting;
  return TRUE;
}

static gboolean
run_two_weights (HeftRun *run, GError **error)
{
  Setting traced = { .barrier = NAN };

  return heft_live_run (run, show, &traced, error);
}

/* --- Sentences --------------------------------------------------------------------------------------------------- */

static char *
two_results (HeftRecord *record, const char *first, const char *second, const char *format)
{
  g_autofree char *a = NULL, *b = NULL;
  double x, y;

  if (!heft_record_get_result (record, first, &x) || !heft_record_get_result (record, second, &y))
    return NULL;
  a = heft_words_number (x);
  b = heft_words_number (y);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return g_strdup_printf (format, a, b);
#pragma GCC diagnostic pop
}

static char *
landscape_sentence (HeftRecord *record)
{
  return two_results (record, "gaussian_excess", "mean_field_excess",
                      _("The best Gaussian pays %s nats more than Gibbs, the best mean-field one %s."));
}

/* What the correlation alone is worth: the mutual information of the two weights under a Gaussian. */
static char *
first_sentence (HeftRecord *record)
{
  return two_results (record, "correlation", "mutual_information",
                      _("The best Gaussian’s correlation is %s: %s nats of mutual information."));
}

static char *
second_sentence (HeftRecord *record)
{
  return two_results (record, "gibbs_deviation", "mean_field_deviation",
                      _("The standard deviation of $w_2$ is %s under Gibbs, %s under the best mean-field Gaussian."));
}

static char *
ledger_sentence (HeftRecord *record)
{
  return two_results (record, "information", "laplace_information", _("Exactly %s nats; the Laplace approximation says %s."));
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

static const HeftParameterSpec parameters[] = {
  HEFT_OPTIMUM_VALLEYS (5, 1),
  { .id = "stiffness", .label = N_("Stiffness"), .help = N_("The curvature of the loss across the valley."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .unit = "nat", .minimum = 0.1, .maximum = 10, .logarithmic = TRUE,
    .default_text = "8", .live = TRUE },
  { .id = "bend", .label = N_("Bend"), .help = N_("How much the floor of the valley curves: no Gaussian follows it."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .minimum = 0, .maximum = 0.5,
    .default_text = "0", .live = TRUE },
  { .id = "angle", .label = N_("Angle"), .help = N_("Turns the valley against the axes, which correlates the two weights."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .unit = "°", .minimum = -90, .maximum = 90,
    .default_text = "45", .live = TRUE },
  HEFT_OPTIMUM_PRICES (0.2, 10, 0.02, 10),
};

static const HeftSeriesSpec series[] = {
  [MINIMUM] = HEFT_OPTIMUM_MINIMUM (N_("quadrature on [−4, 4]²")),
  [MINIMUM_SLOPE] = HEFT_OPTIMUM_MINIMUM_SLOPE (N_("quadrature on [−4, 4]²")),
  [GAUSSIAN_MINIMUM] = HEFT_OPTIMUM_GAUSSIAN_MINIMUM (N_("quadrature, best over all means and covariances")),
  [MEAN_FIELD_MINIMUM] = { "mean_field_minimum", N_("Best mean-field Gaussian"), "nat", N_("$\\beta$"), HEFT_QUANTITY_POSTERIOR,
                           FALSE, N_("quadrature, best over all means and variances") },
  [RATE] = HEFT_OPTIMUM_RATE (N_("quadrature on [−4, 4]²")),
  [RATE_BETA] = HEFT_OPTIMUM_RATE_BETA,
  [GAUSSIAN_RATE] = { "gaussian_rate", N_("Best single Gaussian"), "nat", HEFT_OPTIMUM_KL_AXIS,
                      HEFT_QUANTITY_GAUSSIAN, FALSE, N_("quadrature, best over all means and covariances") },
  [MEAN_FIELD_RATE] = { "mean_field_rate", N_("Best mean-field Gaussian"), "nat", HEFT_OPTIMUM_KL_AXIS,
                        HEFT_QUANTITY_POSTERIOR, FALSE, N_("quadrature, best over all means and variances") },
};

static const HeftResultSpec results[] = {
  HEFT_OPTIMUM_RESULTS,
  { "mean_field_excess", N_("Lagrangian of the best mean-field Gaussian minus that of Gibbs"), "nat", FALSE },
  { "correlation", N_("Correlation of the two weights in the best single Gaussian"), "", FALSE },
  { "mutual_information", N_("Mutual information of the two weights in the best single Gaussian"), "nat", FALSE },
  { "gibbs_deviation", N_("Standard deviation of the second weight under the Gibbs optimum"), "", FALSE },
  { "mean_field_deviation", N_("Standard deviation of the second weight under the best mean-field Gaussian"), "", FALSE },
  HEFT_LAPLACE_RESULTS,
  HEFT_OPTIMUM_CURVE_RESULTS,
};

static const HeftPanelSpec panels[] = {
  { .id = "landscape", .title = N_("The plane of the two weights"), .kind = HEFT_PANEL_PLANE,
    .x_label = N_("Weight $w_1$"), .y_label = N_("Weight $w_2$"), .frame = "landscape",
    .awaits = N_("Nothing has been measured yet; it appears as the run goes on."),
    .things_to_try = N_("Turn the angle to 0: mean-field loses nothing to correlation any more. Set the tilt to 0 and raise the "
                        "barrier: no single Gaussian sits in both wells. Bend the valley: the full Gaussian pays too."),
    .sentence = landscape_sentence },
  { .id = "first", .title = N_("The first weight alone"), .kind = HEFT_PANEL_DENSITIES, .x_label = N_("Weight $w_1$"),
    .y_label = N_("Density"), .frame = "first",
    .things_to_try = N_("At 45° the mean-field code is far narrower than the weight’s own distribution: it must fit into the valley "
                        "without leaning."),
    .sentence = first_sentence },
  { .id = "second", .title = N_("The second weight alone"), .kind = HEFT_PANEL_DENSITIES, .x_label = N_("Weight $w_2$"),
    .y_label = N_("Density"), .frame = "second",
    .things_to_try = N_("Turn the angle to 90° and the two weights change places."), .sentence = second_sentence },
  HEFT_OPTIMUM_MINIMUM_PANEL ("minimum", "minimum_slope", "gaussian_minimum", "mean_field_minimum"),
  HEFT_OPTIMUM_RATE_PANEL (N_("Gibbs lies below both Gaussians: at equal nats no code has a lower expected loss."),
                           "rate", "rate_beta", "gaussian_rate", "mean_field_rate"),
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Divide the mean-field excess by β: with one quadratic valley it is half the logarithm of one over 1 − ρ²."),
    .sentence = ledger_sentence },
};

const HeftExperiment heft_experiment_two_weights = {
  .id = "two-weights",
  .title = N_("Two weights: what a code that ignores correlation pays"),
  .summary = N_("A loss of two weights with a valley that lies across the axes and two wells in it. The best code is found by quadrature "
                "and set beside the best Gaussian and the best one that takes the weights as independent."),
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .run = run_two_weights,
};
