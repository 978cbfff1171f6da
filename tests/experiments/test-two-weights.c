/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/experiment.h>
#include <heft/information.h>
#include <heft/runfile.h>

#include "studies.h"

/* The loss written out again. */
typedef struct
{
  double barrier, tilt, stiffness, bend, turn;   /* turn: from 45 degrees */
} Valley;

static double
valley_loss (double w1, double w2, gpointer data)
{
  const Valley *v = data;
  double angle = (45 + v->turn) * G_PI / 180, x = cos (angle) * w1 + sin (angle) * w2, y = cos (angle) * w2 - sin (angle) * w1;

  return v->barrier * pow (x * x - 1, 2) + v->tilt * x + v->stiffness / 2 * pow (y - v->bend * (x * x - 1), 2);
}

/* The sheet against the library's adaptive quadrature: at the defaults, and where Gibbs is narrowest. */
static void
test_against_library (void)
{
  const struct
  {
    const char *const settings[15];
    Valley valley;
    double lambda, beta, tolerance;
  } cases[] = {
    { { NULL }, { 0.25, 0.1, 8, 0 }, 1.5, 0.2, 1e-9 },
    { { "barrier", "0", "tilt", "0", "stiffness", "10", "bend", "0.5", "beta", "0.02", NULL }, { 0, 0, 10, 0.5 }, 1.5, 0.02, 1e-6 },
    { { "barrier", "0.001", "tilt", "1", "bend", "0.5", "beta", "0.02", "lambda", "10", NULL }, { 0.001, 1, 8, 0.5 }, 10, 0.02, 1e-6 },
    { { "barrier", "5", "tilt", "1", "stiffness", "10", "bend", "0.5", "angle", "77", "beta", "0.02", "lambda", "0.2", NULL },
      { 5, 1, 10, 0.5, 32 }, 0.2, 0.02, 1e-8 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const double lower[] = { -4, -4 }, upper[] = { 4, 4 };
      g_autoptr (HeftRun) run = finished ("two-weights", cases[i].settings);
      g_autoptr (HeftGibbs2d) gibbs = heft_gibbs_2d_new (valley_loss, (gpointer) &cases[i].valley, lower, upper, cases[i].lambda,
                                                         cases[i].beta, 16, NULL);

      g_assert_cmpfloat_with_epsilon (result (run, "lagrangian"), gibbs->lagrangian, cases[i].tolerance);
      g_assert_cmpfloat_with_epsilon (result (run, "expected_loss"), gibbs->expected_loss, cases[i].tolerance);
      g_assert_cmpfloat_with_epsilon (result (run, "information"), gibbs->information, 100 * cases[i].tolerance);
      g_assert_cmpfloat_with_epsilon (result (run, "slope"), gibbs->information, 1e-5 * (1 + gibbs->information));
      g_assert_cmpfloat (result (run, "gaussian_excess"), >=, 0);
      g_assert_cmpfloat (result (run, "mean_field_excess"), >=, result (run, "gaussian_excess"));
    }
}

/* One well that is a parabola near enough, across the axes: the full Gaussian is Gibbs, and the mean-field one pays
 * beta/2 log (product of the precisions / determinant) for the correlation; along the axes it pays nothing. */
static void
test_correlation (void)
{
  g_autoptr (HeftRun) across = finished ("two-weights", (const char *[]) { "barrier", "0", "tilt", "0", "stiffness", "8", "lambda", "0.5",
                                                                "beta", "0.1", NULL });
  g_autoptr (HeftRun) along = finished ("two-weights", (const char *[]) { "barrier", "0", "tilt", "0", "stiffness", "8", "lambda", "0.5",
                                                               "beta", "0.1", "angle", "0", NULL });
  double ridge = 0.1 / 0.25, diagonal = 4 + ridge, determinant = ridge * (8 + ridge);

  g_assert_cmpfloat_with_epsilon (result (across, "gaussian_excess"), 0, 1e-9);
  g_assert_cmpfloat_with_epsilon (result (across, "mean_field_excess"), 0.05 * log (diagonal * diagonal / determinant), 1e-7);
  g_assert_cmpfloat_with_epsilon (result (along, "mean_field_excess"), 0, 1e-9);
  g_assert_cmpfloat_with_epsilon (result (across, "laplace_information"), result (across, "information"), 1e-7);
  g_assert_cmpfloat_with_epsilon (result (across, "correlation"), 4 / diagonal, 1e-4);
}

/* Two wells of equal depth, far apart: one Gaussian pays beta log 2. */
static void
test_two_wells (void)
{
  g_autoptr (HeftRun) run = finished ("two-weights", (const char *[]) { "barrier", "5", "tilt", "0", "beta", "0.05", NULL });

  g_assert_cmpfloat_with_epsilon (result (run, "gaussian_excess") / 0.05, G_LN2, 0.02);
}

static void
test_curve (void)
{
  g_autoptr (HeftRun) run = finished ("two-weights", (const char *[]) { "bend", "0.3", NULL });
  HeftRecord *record = heft_run_get_record (run);
  const HeftExperiment *experiment = heft_experiment_find ("two-weights", NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gsize n;
  g_autofree double *beta = heft_record_dup_result_array (record, "curve_beta", &n);
  g_autofree double *information = heft_record_dup_result_array (record, "curve_information", &n);
  g_autofree double *loss = heft_record_dup_result_array (record, "curve_expected_loss", &n);

  for (gsize i = 1; i < n; i++)
    {
      double slope = -(loss[i] - loss[i - 1]) / (information[i] - information[i - 1]);

      g_assert_cmpfloat (information[i], <, information[i - 1]);
      g_assert_cmpfloat (slope, >, beta[i - 1] * (1 - 1e-6));
      g_assert_cmpfloat (slope, <, beta[i] * (1 + 1e-6));
    }
  /* Every panel has a different thing to say. */
  for (gsize i = 0; i < experiment->n_panels; i++)
    {
      char *sentence = experiment->panels[i].sentence (record);

      g_assert_nonnull (sentence);
      g_assert_true (g_hash_table_add (seen, sentence));
    }
}

/* One quadratic valley, where Gibbs is a Gaussian: its lines, those of the best Gaussian and Laplace's are where the chi-square quantiles
 * of two degrees of freedom say, 1.386 and 4.605; so are the prior's. */
static void
check_lines (HeftFrame *frame, const char *name, gboolean prior)
{
  const struct { const char *percent; double quantile; } lines[] = { { "50", 1.3862944 }, { "90", 4.6051702 } };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *array = g_strdup_printf ("line:%s:%s", name, lines[i].percent);
      gsize rows, columns;
      const double *values = heft_frame_get_array (frame, array, &rows, &columns);

      g_assert_nonnull (values);
      g_assert_cmpuint (columns, ==, 3);
      g_assert_cmpuint (rows, >, 60);
      for (gsize r = 0; r < rows; r++)
        {
          double w1 = values[3 * r + 1], w2 = values[3 * r + 2], across = (w2 - w1) / G_SQRT2;
          double square = (w1 * w1 + w2 * w2) / 0.16 + (prior ? 0 : 8 * across * across / 0.1);

          g_assert_cmpfloat (values[3 * r], ==, 0);
          g_assert_cmpfloat_with_epsilon (square, lines[i].quantile, 0.01 * lines[i].quantile);
        }
    }
}

static void
test_landscape (void)
{
  g_autoptr (HeftRun) run = finished ("two-weights", (const char *[]) { "barrier", "0", "tilt", "0", "stiffness", "8", "lambda", "0.4",
                                                             "beta", "0.1", NULL });
  g_autoptr (HeftFrame) frame = heft_record_get_frame (heft_run_get_record (run), "landscape");
  double precision = 4 + 0.1 / 0.16, correlation = 4 / precision, determinant = 0.1 / 0.16 * (8 + 0.1 / 0.16);
  gsize rows, columns;
  const double *loss = heft_frame_get_array (frame, "loss", &rows, &columns);
  const double *w1 = heft_frame_get_array (frame, "w1", &rows, &columns);

  for (gsize i = 0; i < columns * columns; i++)
    g_assert_cmpfloat_with_epsilon (loss[i], 2 * pow (w1[i / columns] - w1[i % columns], 2), 1e-9);
  check_lines (frame, "prior", TRUE);
  check_lines (frame, "gibbs", FALSE);
  check_lines (frame, "gaussian", FALSE);
  check_lines (frame, "laplace", FALSE);
  g_assert_cmpfloat_with_epsilon (result (run, "mutual_information"), -0.5 * log (1 - correlation * correlation), 1e-3);
  g_assert_cmpfloat_with_epsilon (result (run, "gibbs_deviation"), sqrt (0.1 * precision / determinant), 1e-4);
  g_assert_cmpfloat_with_epsilon (result (run, "mean_field_deviation"), sqrt (0.1 / precision), 1e-4);
}

/* No minimum on the square: said, not invented. What a spreadsheet gets: the map, then each point of each line, but none of Laplace's. */
static void
test_edge (void)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("two-weights", NULL));
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);
  g_autoptr (HeftRun) run = finished ("two-weights", (const char *[]) { "barrier", "0", "tilt", "1", "angle", "90", NULL });
  HeftRecord *record = heft_run_get_record (run);
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "landscape");
  g_autoptr (GString) csv = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  g_autofree char *reason = heft_record_dup_result_reason (record, "laplace_information");
  gsize rows, columns, n_loss = 0, n_prior = 0;

  g_assert_nonnull (reason);
  g_assert_true (isfinite (result (run, "mean_field_excess")));
  g_assert_true (heft_record_write_panel_csv (record, experiment, parameters, &experiment->panels[0], csv, NULL));
  g_assert_nonnull (strstr (csv->str, "\narray,w1,w2,value,line\n"));
  g_assert_null (strstr (csv->str, "laplace"));
  lines = g_strsplit (csv->str, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) cells = g_strsplit (lines[i], ",", -1);

      if (g_strcmp0 (cells[0], "loss") == 0)
        {
          double w1 = g_ascii_strtod (cells[1], NULL), w2 = g_ascii_strtod (cells[2], NULL);

          /* At 90 degrees the valley runs along the second weight. */
          g_assert_cmpfloat_with_epsilon (g_ascii_strtod (cells[3], NULL), w2 + 4 * w1 * w1, 1e-9);
          g_assert_cmpstr (cells[4], ==, "");
          n_loss++;
        }
      else if (g_strcmp0 (cells[0], "line:prior:90") == 0)
        {
          g_assert_cmpstr (cells[3], ==, "");
          g_assert_cmpstr (cells[4], ==, "0");
          n_prior++;
        }
    }
  heft_frame_get_array (frame, "loss", &rows, &columns);
  g_assert_cmpuint (n_loss, ==, rows * columns);
  heft_frame_get_array (frame, "line:prior:90", &rows, &columns);
  g_assert_cmpuint (n_prior, ==, rows);
}

/* Along an axis there is nothing to lean against: no rounding passes for a correlation. */
static void
test_upright (void)
{
  static const char *const angles[] = { "-90", "0", "90" };

  for (gsize i = 0; i < G_N_ELEMENTS (angles); i++)
    {
      g_autoptr (HeftRun) run = finished ("two-weights", (const char *[]) { "angle", angles[i], NULL });

      g_assert_cmpfloat (result (run, "correlation"), ==, 0);
      g_assert_cmpfloat (result (run, "mutual_information"), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/two-weights/library", test_against_library);
  g_test_add_func ("/two-weights/correlation", test_correlation);
  g_test_add_func ("/two-weights/two-wells", test_two_wells);
  g_test_add_func ("/two-weights/curve", test_curve);
  g_test_add_func ("/two-weights/landscape", test_landscape);
  g_test_add_func ("/two-weights/edge", test_edge);
  g_test_add_func ("/two-weights/upright", test_upright);
  return g_test_run ();
}
