/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a run leaves for other programs: its network as safetensors, its numbers as NPY. */

#include "config.h"

#include <heft/heft.h>
#include <math.h>
#include <string.h>

#include "data/files.h"

static HeftRun *
train (const char *posterior)
{
  const char *const settings[][2] = {
    { "dataset", "digits-8x8" }, { "samples", "100" }, { "architecture", "conv3x3p1-pool2-(conv3x3p1)-7" }, { "activation", "gelu" },
    { "epochs", "1" }, { "batch", "20" }, { "test-draws", "1" }, { "spectra-samples", "16" }, { "posterior", posterior },
  };
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("train", NULL));
  HeftRun *run;

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    g_assert_true (heft_parameters_set (parameters, settings[i][0], settings[i][1], NULL));
  run = heft_run_new (heft_parameters_get_experiment (parameters), parameters, 1);
  heft_run_start (run);
  g_assert_true (heft_run_join (run, NULL));
  return run;
}

/* @path says everything that is needed to read it: the weights are @expected, rounded to single precision. */
static void
compare_network (const char *path, const double *expected, gsize n, gboolean roots)
{
  g_autoptr (HeftNetwork) network = NULL;
  g_autofree double *weights = NULL;
  g_autoptr (GError) error = NULL;

  heft_network_load_safetensors (path, NULL, NULL, (HeftShape) { 0 }, &network, &weights, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (heft_network_get_architecture (network), ==, "conv3x3p1-pool2-(conv3x3p1)-7");
  g_assert_cmpint (heft_network_get_activation (network), ==, HEFT_ACTIVATION_GELU);
  g_assert_cmpuint (heft_network_get_n_classes (network), ==, 10);
  g_assert_cmpuint (heft_network_get_n_parameters (network), ==, n);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (weights[i], ==, (float) (roots ? sqrt (expected[i]) : expected[i]));
}

static void
test_network (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "mean.safetensors", NULL);
  g_autofree char *wide = g_build_filename (folder, "deviations.safetensors", NULL), *aside = g_strconcat (wide, "~", NULL);
  g_autoptr (HeftRun) point = train ("dirac"), gaussian = train ("low-rank");
  g_autoptr (HeftFrame) frame = heft_record_get_frame (heft_run_get_record (point), "posterior"), other = NULL;
  g_autoptr (GError) error = NULL;
  gsize rows, columns;
  const double *mean = heft_frame_get_array (frame, "mean", &rows, &columns), *variance;

  g_assert_true (heft_record_has_network (heft_run_get_record (point)));
  g_assert_true (heft_record_save_network (heft_run_get_record (point), path, wide, &error));
  g_assert_no_error (error);
  compare_network (path, mean, columns, FALSE);
  g_assert_false (g_file_test (wide, G_FILE_TEST_EXISTS));

  other = heft_record_get_frame (heft_run_get_record (gaussian), "posterior");
  mean = heft_frame_get_array (other, "mean", &rows, &columns);
  variance = heft_frame_get_array (other, "variance", &rows, &columns);
  g_assert_true (heft_record_save_network (heft_run_get_record (gaussian), path, wide, NULL));
  compare_network (path, mean, columns, FALSE);
  compare_network (wide, variance, columns, TRUE);

  /* A Dirac in its place has no deviations; the Gaussian's must not pass for its own. */
  g_assert_true (heft_record_save_network (heft_run_get_record (point), path, wide, NULL));
  g_assert_false (g_file_test (wide, G_FILE_TEST_EXISTS));
  compare_network (aside, variance, columns, TRUE);
  g_assert_false (heft_record_save_network (heft_run_get_record (gaussian), "/nowhere/x.safetensors", NULL, &error));
  g_assert_nonnull (error);
  files_remove_folder (folder);
}

/* Frames that describe no network, or another one, are refused. */
static void
test_refusals (void)
{
  const HeftExperiment *experiment = heft_experiment_find ("train", NULL);
  const struct { const char *architecture, *activation, *input; double classes; gsize n; } cases[] = {
    { NULL, NULL, NULL, 2, 9 }, { "2", "relu", "1x1x2", 2, 11 }, { "2", "rule", "1x1x2", 2, 12 }, { "2", "relu", "1x2", 2, 12 },
    { "x", "relu", "1x1x2", 2, 12 }, { "2", "relu", "1x1x2", NAN, 12 }, { "2", "relu", "1x1x2", 1e9, 12 },
  };

  for (gsize i = 0; i <= G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (HeftRecord) record = heft_record_new (experiment->series, experiment->n_series, experiment->results, experiment->n_results);
      g_autoptr (GError) error = NULL;
      HeftFrame *frame = heft_frame_new ("posterior", 0);

      heft_frame_take_array (frame, "mean", 1, i == 0 ? 1 : cases[i - 1].n, g_new0 (double, 12));
      if (i > 0 && cases[i - 1].architecture != NULL)
        {
          heft_frame_set_text (frame, "architecture", cases[i - 1].architecture);
          heft_frame_set_text (frame, "activation", cases[i - 1].activation);
          heft_frame_set_text (frame, "input", cases[i - 1].input);
        }
      if (i > 0 && isfinite (cases[i - 1].classes))
        heft_frame_set_number (frame, "classes", cases[i - 1].classes);
      heft_record_publish (record, frame);
      g_assert_false (heft_record_save_network (record, "/nowhere/x.safetensors", NULL, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE);
      g_assert_cmpint (heft_record_has_network (record), ==, i > 0 && cases[i - 1].architecture != NULL);
    }
}

static HeftArray
load (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  HeftArray array;

  heft_npy_load (path, &array, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (array.n_dimensions, ==, 2);
  g_assert_cmpint (array.element, ==, HEFT_ELEMENT_DOUBLE);
  return array;
}

/* Series with every layer beside x, frames array by array, and no infinity. */
static void
test_arrays (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-test-XXXXXX", NULL);
  g_autoptr (HeftRun) run = train ("mean-field");
  HeftRecord *record = heft_run_get_record (run);
  const HeftExperiment *experiment = heft_run_get_experiment (run);
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "spectra");
  g_auto (HeftArray) layers = { 0 }, spectrum = { 0 }, change = { 0 };
  int series = heft_record_find_series (record, "kl_layers");
  double x[3], y[3];
  gsize rows, columns;
  const double *values;
  HeftFrame *blind = heft_frame_new ("invariance", 1);

  heft_frame_set_array (blind, "change:0", 1, 2, (const double[]) { INFINITY, 2 });
  heft_record_publish (record, blind);
  for (gsize p = 0; p < experiment->n_panels; p++)
    g_assert_true (heft_record_save_panel_npy (record, &experiment->panels[p], folder, experiment->panels[p].id, NULL));
  layers = load (folder, "kl-kl_layers.npy");
  g_assert_cmpuint (layers.shape[0], ==, heft_record_get_length (record, (gsize) series, 0));
  g_assert_cmpuint (layers.shape[1], ==, 5);
  heft_record_read (record, (gsize) series, 2, 0, 3, x, y);
  for (gsize i = 0; i < 3; i++)
    {
      g_assert_cmpfloat (heft_array_get (&layers, 5 * i), ==, x[i]);
      g_assert_cmpfloat (heft_array_get (&layers, 5 * i + 3), ==, y[i]);
    }
  spectrum = load (folder, "spectra-layer-conv-2.npy");
  values = heft_frame_get_array (frame, "layer:conv 2", &rows, &columns);
  g_assert_cmpuint (spectrum.n_elements, ==, columns);
  for (gsize i = 0; i < columns; i++)
    g_assert_cmpfloat (heft_array_get (&spectrum, i), ==, values[i]);
  change = load (folder, "invariance-change-0.npy");
  g_assert_true (isnan (heft_array_get (&change, 0)));
  g_assert_cmpfloat (heft_array_get (&change, 1), ==, 2);
  g_assert_false (heft_record_save_panel_npy (record, &experiment->panels[0], "/nowhere", "x", NULL));
  files_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/experiments/export/network", test_network);
  g_test_add_func ("/experiments/export/refusals", test_refusals);
  g_test_add_func ("/experiments/export/arrays", test_arrays);
  return g_test_run ();
}
