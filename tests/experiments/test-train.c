/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include <heft/code.h>
#include <heft/curvature.h>
#include <heft/dataset.h>
#include <heft/description.h>
#include <heft/error.h>
#include <heft/runfile.h>
#include <heft/trainer.h>

#include "experiments/beta-sweep.h"
#include "experiments/train.h"
#include "studies.h"

/* A network that trains in a moment, but for @settings. */
static HeftRun *
make_lab_run (guint n_threads, const char *const *settings)
{
  static const char *const small[] = { "dataset=digits-8x8", "architecture=16", "learning-rate=0.01", "epochs=3", "batch=32", "test-draws=2",
                                       "spectra-samples=32", "evaluation-samples=100", "sweep-epochs=0.1", NULL };
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("train", NULL));

  set_all (parameters, small);
  set_all (parameters, settings);
  return heft_run_new (heft_experiment_find ("train", NULL), parameters, n_threads);
}

static HeftRun *
finished_run (guint n_threads, const char *const *settings)
{
  HeftRun *run = make_lab_run (n_threads, settings);

  finish (run);
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_DONE);
  return run;
}

static double
last (HeftRun *run, const char *series)
{
  double y = NAN;

  g_assert_true (heft_record_get_last (heft_run_get_record (run), series, 0, NULL, &y));
  return y;
}

/* KL of the saved means and variances by the closed form, layer by layer, with one lambda for all or the saved ones. */
static double
closed_form_kl (HeftRecord *record, double lambda, double *layers)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "posterior");
  gsize rows, n, n_layers;
  const double *mean = heft_frame_get_array (frame, "mean", &rows, &n);
  const double *variance = heft_frame_get_array (frame, "variance", NULL, NULL);
  const double *offsets = heft_frame_get_array (frame, "offsets", NULL, NULL);
  const double *lambdas = heft_frame_get_array (frame, "lambdas", NULL, &n_layers);
  const double *centre = heft_frame_get_array (frame, "centre", NULL, NULL);
  double sum = 0;

  g_assert_nonnull (variance);
  for (gsize l = 0; l < n_layers; l++)
    {
      double scale = lambda > 0 ? lambda : lambdas[l], kl = 0;

      for (gsize i = (gsize) offsets[l]; i < (gsize) offsets[l + 1]; i++)
        {
          double d = mean[i] - (centre != NULL ? centre[i] : 0);

          kl += 0.5 * ((variance[i] + d * d) / (scale * scale) - 1 + log (scale * scale) - log (variance[i]));
        }
      if (layers != NULL)
        layers[l] = kl;
      sum += kl;
    }
  return sum;
}

/* The Lagrangian is a sum of one posterior's loss and one posterior's KL: no point of it without a loss of the same step. */
static void
test_lagrangian_series (void)
{
  g_autoptr (HeftRun) run = finished_run (1, (const char *[]) { "evaluation-samples=1497", "spectra-samples=16", NULL });
  HeftRecord *record = heft_run_get_record (run);
  gsize sums = (gsize) heft_record_find_series (record, "lagrangian"), losses = (gsize) heft_record_find_series (record, "train_loss");
  gsize n = heft_record_get_length (record, sums, 0), n_losses = heft_record_get_length (record, losses, 0);
  g_autofree double *steps = g_new (double, n), *loss_steps = g_new (double, n_losses);

  heft_record_read (record, sums, 0, 0, n, steps, NULL);
  heft_record_read (record, losses, 0, 0, n_losses, loss_steps, NULL);
  g_assert_cmpuint (n, >, 3);
  for (gsize i = 0; i < n; i++)
    {
      gboolean measured = FALSE;

      for (gsize j = 0; j < n_losses; j++)
        measured = measured || loss_steps[j] == steps[i];
      g_assert_true (measured);
    }
}

/* What the ledger notes under @label, or NULL. */
static char *
ledger_note (HeftRecord *record, const char *label)
{
  g_autoptr (HeftFrame) ledger = heft_record_get_frame (record, "ledger");

  for (guint row = 0; ledger != NULL && row < 10; row++)
    {
      g_autofree char *key = g_strdup_printf ("row:%u:label", row);
      g_autofree char *note = g_strdup_printf ("row:%u:note", row);

      if (g_strcmp0 (heft_frame_get_text (ledger, key), label) == 0)
        return g_strdup (heft_frame_get_text (ledger, note));
    }
  return NULL;
}

/* An error measured on some of the samples does not say that it was measured on all. */
static void
test_ledger_samples (void)
{
  g_autoptr (HeftRun) run = make_lab_run (1, (const char *[]) { "epochs=0", NULL });
  g_autofree char *note = NULL, *final = NULL, *bound = NULL;
  g_autoptr (HeftRun) finished = NULL;

  heft_run_start (run);
  while ((note = ledger_note (heft_run_get_record (run), "Error of $Q$, training")) == NULL)
    g_usleep (1000);
  g_assert_nonnull (strstr (note, "100 samples"));
  g_assert_null (strstr (note, "1,497"));
  bound = ledger_note (heft_run_get_record (run), "PAC-Bayes-kl bound");
  g_assert_cmpstr (bound, ==, "it needs every training sample: see the end of the run");
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
  finished = finished_run (1, (const char *[]) { "epochs=0.2", NULL });
  final = ledger_note (heft_run_get_record (finished), "Error of $Q$, training");
  g_assert_nonnull (strstr (final, "1,497"));
}

static void
test_results (void)
{
  g_autoptr (HeftRun) run = finished_run (1, NULL);
  HeftRecord *record = heft_run_get_record (run);
  double layers[8], kl = closed_form_kl (record, 0, layers);
  gsize n;
  g_autofree double *shown = heft_record_dup_result_array (record, "kl_layers", &n);

  /* The shown KL is the closed form of what is saved, layer by layer and in all. */
  g_assert_cmpfloat_with_epsilon (result (run, "kl") / kl, 1, 1e-6);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpfloat_with_epsilon (shown[0] / layers[0], 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (shown[1] / layers[1], 1, 1e-6);
  g_assert_cmpfloat_with_epsilon ((shown[0] + shown[1]) / result (run, "kl"), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (result (run, "lagrangian"), result (run, "train_loss") + result (run, "beta") * kl,
                                  1e-6 * result (run, "lagrangian"));
  g_assert_cmpfloat_with_epsilon (result (run, "n_beta"), 0.1, 1e-12);
  g_assert_cmpfloat (result (run, "steps"), ==, ceil (3 * result (run, "samples") / 32));
  g_assert_cmpfloat (result (run, "draws"), ==, 2);
  g_assert_cmpfloat (result (run, "test_error"), <, 0.5);
  g_assert_cmpfloat (result (run, "fisher_trace"), >, 0);
  g_assert_cmpfloat (result (run, "gaussian_information"), >, 0);
}

/* The Fisher with the logits' scale divided out, of the saved means: in the results, and a point of it for every point of the raw one. */
static void
test_scaled_trace (void)
{
  g_autoptr (HeftRun) run = finished_run (1, NULL);
  HeftRecord *record = heft_run_get_record (run);
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "posterior");
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftNetwork) network = heft_network_new ("16", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 8, 8 }, 10, &error);
  gsize k = heft_network_get_n_parameters (network), found;
  const double *mean = heft_frame_get_array (frame, "mean", NULL, &found);
  g_auto (HeftDataPair) data = { 0 };
  g_autofree float *weights = g_new (float, k);
  double scale, traces[2];

  g_assert_true (heft_data_load ("digits-8x8", 0, &data, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (found, ==, k);
  for (gsize i = 0; i < k; i++)
    weights[i] = (float) mean[i];
  g_assert_true (heft_fisher_scaled_traces_f32 (network, weights, data.train, 1000, &scale, traces, NULL, &error));
  g_assert_cmpfloat_with_epsilon (result (run, "logit_scale") / scale, 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (result (run, "fisher_trace_scaled") / (traces[0] + traces[1]), 1, 1e-6);
  g_assert_cmpuint (heft_record_get_length (record, (gsize) heft_record_find_series (record, "fisher_trace_scaled"), 0), ==,
                    heft_record_get_length (record, (gsize) heft_record_find_series (record, "fisher_trace"), 0));
}

/* Samples that are all alike, with labels in balance: full batches, of a power of two so that nothing rounds, leave the logits at 0,
 * which have no scale to divide out. */
static void
test_no_scale (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-train-XXXXXX", NULL), *path = g_build_filename (folder, "zero.csv", NULL);
  g_autofree char *dataset = g_strconcat ("dataset=", path, ",", path, NULL), *reason = NULL;
  GString *rows = g_string_new ("a,b,label\n");
  g_autoptr (HeftRun) run = NULL;
  HeftRecord *record;

  for (guint i = 0; i < 16; i++)
    g_string_append_printf (rows, "0,0,%u\n", i % 2);
  g_assert_true (g_file_set_contents (path, rows->str, -1, NULL));
  g_string_free (rows, TRUE);
  run = finished_run (1, (const char *[]) { dataset, "architecture=3", "posterior=dirac", "optimizer=sgd", "batch=16", "epochs=3",
                                              NULL });
  record = heft_run_get_record (run);
  g_assert_cmpfloat (result (run, "logit_scale"), ==, 0);
  g_assert_false (heft_record_get_result (record, "fisher_trace_scaled", NULL));
  reason = heft_record_dup_result_reason (record, "fisher_trace_scaled");
  g_assert_nonnull (strstr (reason, "no scale"));
  g_assert_cmpuint (heft_record_get_length (record, (gsize) heft_record_find_series (record, "fisher_trace_scaled"), 0), ==, 0);
  g_assert_cmpuint (heft_record_get_length (record, (gsize) heft_record_find_series (record, "fisher_trace"), 0), >, 0);
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_curves_and_frames (void)
{
  static const char *const frames[] = { "spectra", "kl-thresholds", "invariance", "ledger", "posterior" };
  g_autoptr (HeftRun) run = finished_run (1, NULL);
  HeftRecord *record = heft_run_get_record (run);
  g_autoptr (HeftFrame) thresholds = NULL, spectra = NULL, ledger = NULL;
  double x, kl, first, second;

  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autoptr (HeftFrame) frame = heft_record_get_frame (record, frames[i]);

      g_assert_nonnull (frame);
    }
  g_assert_cmpuint (heft_record_get_length (record, 0, 0), ==, (gsize) result (run, "steps"));
  /* Layers stack up to the total at every point. */
  g_assert_true (heft_record_get_last (record, "kl", 0, &x, &kl));
  g_assert_true (heft_record_get_last (record, "kl_layers", 0, NULL, &first));
  g_assert_true (heft_record_get_last (record, "kl_layers", 1, NULL, &second));
  g_assert_cmpfloat (x, ==, result (run, "steps"));
  g_assert_cmpfloat_with_epsilon ((first + second) / kl, 1, 1e-12);
  g_assert_cmpfloat (kl, ==, result (run, "kl"));

  thresholds = heft_record_get_frame (record, "kl-thresholds");
  g_assert_cmpfloat_with_epsilon (heft_frame_get_number (thresholds, "threshold", 0), result (run, "samples") * log (10), 1e-9);
  spectra = heft_record_get_frame (record, "spectra");
  g_assert_cmpfloat_with_epsilon (heft_frame_get_number (spectra, "threshold", 0), result (run, "beta") / 0.01,
                                  1e-12);
  g_assert_nonnull (heft_frame_get_array (spectra, "layer:dense 1", NULL, NULL));
  g_assert_nonnull (heft_frame_get_array (spectra, "head:dense 2", NULL, NULL));
  ledger = heft_record_get_frame (record, "ledger");
  g_assert_nonnull (heft_frame_get_text (ledger, "row:0:label"));
  for (gsize p = 0; p < heft_run_get_experiment (run)->n_panels; p++)
    {
      g_autofree char *sentence = heft_run_get_experiment (run)->panels[p].sentence (record);

      g_assert_nonnull (sentence);
      g_assert_null (strstr (sentence, "nan"));
    }
}

/* The same seed gives the same bytes at one thread and at two, in one process as after another. */
static void
test_same_bytes (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-train-XXXXXX", NULL);
  char *contents[3];
  gsize lengths[3];

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (HeftRun) run = finished_run (i % 2 + 1, NULL);
      g_autofree char *path = g_strdup_printf ("%s/%u.heft", folder, i);
      g_autoptr (GError) error = NULL;

      heft_run_file_save (run, path, &error);
      g_assert_no_error (error);
      g_assert_true (g_file_get_contents (path, &contents[i], &lengths[i], NULL));
      g_unlink (path);
    }
  g_assert_cmpmem (contents[0], lengths[0], contents[1], lengths[1]);
  g_assert_cmpmem (contents[0], lengths[0], contents[2], lengths[2]);
  for (guint i = 0; i < 3; i++)
    g_free (contents[i]);
  g_rmdir (folder);
}

static void
test_other_seed (void)
{
  g_autoptr (HeftRun) a = finished_run (1, (const char *[]) { "epochs=0.2", NULL });
  g_autoptr (HeftRun) b = finished_run (1, (const char *[]) { "epochs=0.2", "seed=1", NULL });

  g_assert_cmpfloat (last (a, "batch_loss"), !=, last (b, "batch_loss"));
}

/* A hundred times the price of a nat: fewer nats, more loss. */
static void
test_beta_acts (void)
{
  g_autoptr (HeftRun) cheap = finished_run (2, NULL);
  g_autoptr (HeftRun) dear = finished_run (2, (const char *[]) { "beta=10/N", NULL });

  g_assert_cmpfloat (result (dear, "kl"), <, result (cheap, "kl"));
  g_assert_cmpfloat (result (dear, "train_loss"), >, result (cheap, "train_loss"));
}

static void
wait_paused (HeftRun *run)
{
  while (heft_run_get_state (run) != HEFT_RUN_PAUSED)
    g_usleep (1000);
}

/* A live parameter acts without a reset: the step count goes on, and lambda prices the same weights anew at once. */
static void
test_live (void)
{
  g_autoptr (HeftRun) run = make_lab_run (1, (const char *[]) { "epochs=0", NULL });
  g_autoptr (HeftFrame) left = NULL;
  HeftRecord *record = heft_run_get_record (run);
  gsize n, kl = (gsize) heft_record_find_series (record, "kl");
  double priced = NAN, step = 0, later = 0;
  gboolean priced_anew = FALSE;
  g_autofree char *bound = NULL;
  g_autoptr (HeftParameters) now = NULL;

  heft_run_start (run);
  while (heft_record_get_length (record, 0, 0) < 20)
    g_usleep (1000);
  heft_run_pause (run);
  wait_paused (run);
  heft_record_get_last (record, "batch_loss", 0, &step, NULL);
  n = heft_record_get_length (record, kl, 0);
  g_assert_true (heft_run_set_parameter (run, "lambda", "0.7", NULL));
  /* Earlier measurements may still be on their way: the new price comes after them. */
  for (int i = 0; i < 20000 && !priced_anew; i++)
    {
      g_autoptr (HeftFrame) spectra = heft_record_get_frame (record, "spectra");

      g_usleep (1000);
      priced_anew = spectra != NULL &&
                    fabs (heft_frame_get_number (spectra, "threshold", 0) * 0.49 * 1497 / 0.1 - 1) < 1e-9;
    }
  g_assert_true (priced_anew);
  g_assert_cmpuint (heft_record_get_length (record, kl, 0), >, n);
  heft_record_get_last (record, "kl", 0, &later, &priced);
  g_assert_cmpfloat (later, ==, step);
  /* U12: what is saved has the KL that is shown, also of a price taken anew in a pause. The frame comes right after the price. */
  for (int i = 0; i < 20000 && !(fabs (closed_form_kl (record, 0, NULL) / priced - 1) < 1e-6); i++)
    g_usleep (1000);
  g_assert_cmpfloat_with_epsilon (closed_form_kl (record, 0, NULL) / priced, 1, 1e-6);
  now = heft_run_dup_parameters (run);
  g_assert_cmpfloat (heft_parameters_get_real (now, "lambda"), ==, 0.7);
  g_assert_true (heft_run_set_parameter (run, "batch", "8", NULL));
  g_assert_true (heft_run_set_parameter (run, "learning-rate", "0.01", NULL));
  g_assert_true (heft_run_set_parameter (run, "beta", "1e-3", NULL));
  heft_run_step (run);
  while (heft_record_get_length (record, 0, 0) < (gsize) step + 1)
    g_usleep (1000);
  heft_record_get_last (record, "batch_loss", 0, &later, NULL);
  g_assert_cmpfloat (later, ==, step + 1);
  g_assert_false (heft_run_set_parameter (run, "architecture", "8", NULL));
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_STOPPED);
  /* What a stopped run leaves is the network of its last step, not of its last measurement. */
  g_assert_true (heft_record_get_result (record, "kl", &priced));
  g_assert_cmpfloat_with_epsilon (closed_form_kl (record, 0, NULL) / priced, 1, 1e-6);
  left = heft_record_get_frame (record, "posterior");
  g_assert_cmpuint (heft_frame_get_step (left), ==, (guint64) step + 1);
  /* And a prior that was moved meanwhile is none that was fixed before the data. */
  bound = ledger_note (record, "PAC-Bayes-kl bound");
  g_assert_nonnull (strstr (bound, "the prior was changed after the samples were seen"));
}

/* Wild settings end in a sentence, and never leave a number that is not finite. */
static void
test_divergence (void)
{
  static const char *const wild[][4] = {
    { "learning-rate=10", "optimizer=sgd", NULL },
    { "learning-rate=10", NULL },
    { "beta=100", "learning-rate=10", "lambda=0.000001", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (wild); i++)
    {
      g_autoptr (HeftRun) run = make_lab_run (2, wild[i]);
      HeftRecord *record = heft_run_get_record (run);
      g_autoptr (GError) error = NULL;

      heft_run_start (run);
      if (heft_run_join (run, &error))
        continue;
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
      g_assert_nonnull (strstr (error->message, "step"));
      g_assert_nonnull (strstr (error->message, "dense"));
      g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_FAILED);
      for (gsize s = 0; s < heft_record_get_n_series (record); s++)
        {
          gsize n = heft_record_get_length (record, s, 0);
          g_autofree double *y = g_new (double, MAX (n, 1));

          heft_record_read (record, s, 0, 0, n, NULL, y);
          for (gsize j = 0; j < n; j++)
            g_assert_true (isfinite (y[j]));
        }
    }
}

static void
test_dirac (void)
{
  g_autoptr (HeftRun) run = finished_run (1, (const char *[]) { "posterior=dirac", NULL });
  HeftRecord *record = heft_run_get_record (run);
  g_autofree char *reason = heft_record_dup_result_reason (record, "kl");
  double sum = 0;

  g_assert_nonnull (reason);
  g_assert_false (heft_record_get_result (record, "kl", NULL));
  g_assert_cmpuint (heft_record_get_length (record, (gsize) heft_record_find_series (record, "kl"), 0), ==, 0);
  for (gsize l = 0; l < 2; l++)
    {
      double y;

      g_assert_true (heft_record_get_last (record, "gaussian_layers", l, NULL, &y));
      sum += y;
    }
  g_assert_cmpfloat_with_epsilon (sum / result (run, "gaussian_information"), 1, 1e-12);
  g_assert_cmpfloat (result (run, "test_error"), ==, result (run, "test_error_mean"));
}

/* What keeps the panel of information empty stands in its place, and beside a point's loss stands SGD's temperature. */
static void
test_point_obstacles (void)
{
  static const char *const reasons[] = { "loss=gaussian", "prior=scale-mixture", "learning-rate=0.064" };
  g_autoptr (HeftRun) gaussian = finished_run (1, (const char *[]) { "loss=gaussian", "epochs=0.2", NULL });

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      g_autoptr (HeftRun) run = finished_run (1, (const char *[]) { "posterior=dirac", "optimizer=sgd", "batch=64", "epochs=0.2",
                                                                    reasons[i], NULL });
      HeftRecord *record = heft_run_get_record (run);
      g_autoptr (HeftFrame) information = heft_record_get_frame (record, "kl-thresholds");
      g_autoptr (HeftFrame) maps = heft_record_get_frame (record, "invariance");
      g_autoptr (HeftFrame) ledger = heft_record_get_frame (record, "ledger");
      gboolean found = FALSE;

      g_assert_nonnull (heft_frame_get_text (information, "obstacle"));
      if (i == 0)
        g_assert_nonnull (heft_frame_get_text (maps, "obstacle"));
      for (guint row = 0; row < 10; row++)
        {
          g_autofree char *label = g_strdup_printf ("row:%u:label", row), *value = g_strdup_printf ("row:%u:value", row);
          const char *text = heft_frame_get_text (ledger, label);

          if (text != NULL && strstr (text, "temperature of SGD") != NULL)
            found = i < 2 || g_strcmp0 (heft_frame_get_text (ledger, value), "0.001") == 0;
        }
      g_assert_true (found);
    }
  {
    g_autoptr (HeftFrame) information = heft_record_get_frame (heft_run_get_record (gaussian), "kl-thresholds");

    g_assert_null (heft_frame_get_text (information, "obstacle"));
  }
}

static void
test_priors (void)
{
  static const char *const priors[] = { "prior=per-layer", "prior=init-centred", "prior=empirical-bayes" };

  for (gsize i = 0; i < G_N_ELEMENTS (priors); i++)
    {
      g_autoptr (HeftRun) run = finished_run (1, (const char *[]) { priors[i], "epochs=0.5", NULL });

      g_autoptr (HeftFrame) frame = heft_record_get_frame (heft_run_get_record (run), "posterior");

      g_assert_cmpfloat_with_epsilon (closed_form_kl (heft_run_get_record (run), 0, NULL) / result (run, "kl"), 1, 1e-6);
      g_assert_true ((heft_frame_get_array (frame, "centre", NULL, NULL) != NULL) == (i > 0));
    }
}

/* Where each layer has a threshold of its own, the sentence names none. */
static void
test_thresholds (void)
{
  g_autoptr (HeftRun) run = finished_run (1, (const char *[]) { "prior=per-layer", "lambda-layers=0.1,0.3", "epochs=0.2", NULL });
  HeftRecord *record = heft_run_get_record (run);
  g_autoptr (HeftFrame) spectra = heft_record_get_frame (record, "spectra");
  g_autofree char *sentence = NULL;

  g_assert_cmpfloat_with_epsilon (heft_frame_get_number (spectra, "threshold:dense 1", 0) * 0.01 / result (run, "beta"), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (heft_frame_get_number (spectra, "threshold:dense 2", 0) * 0.09 / result (run, "beta"), 1, 1e-12);
  for (gsize p = 0; p < heft_run_get_experiment (run)->n_panels; p++)
    if (strcmp (heft_run_get_experiment (run)->panels[p].id, "spectra") == 0)
      sentence = heft_run_get_experiment (run)->panels[p].sentence (record);
  g_assert_nonnull (sentence);
  g_assert_null (strstr (sentence, "–"));
}

/* The hull of the sweep's points, the point of the ELBO, and what is said of both. */
static void
check_sweep_hull (HeftRecord *record, gsize n, const double *kl, const double *loss, const double *beta)
{
  gsize corners[16], n_corners = heft_rate_hull (n, kl, loss, corners);
  double hull_kl[16], hull_loss[16], elbo_kl, elbo_loss;
  g_autofree char *sentence = NULL;
  static const char words[] = "KL and the slope of min $C_\\beta$ differ by ";
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "sweep");
  double misfit = fabs (heft_frame_get_number (frame, "misfit", NAN)), certain = fabs (heft_frame_get_number (frame, "certain", NAN));
  double doubt = MAX (0.1, 2 * heft_frame_get_number (frame, "error", NAN)), worst = heft_slope_check (n, beta, kl, loss, NULL);
  double said = 100 * (certain > doubt ? MAX (misfit, certain) : misfit);
  const char *check;
  gsize elbo = 0;

  g_assert_cmpuint (heft_record_read (record, (gsize) heft_record_find_series (record, "hull"), 0, 0, 16, hull_kl, hull_loss), ==, n_corners);
  for (gsize i = 0; i < n_corners; i++)
    {
      g_assert_cmpfloat (hull_kl[i], ==, kl[corners[i]]);
      g_assert_cmpfloat (hull_loss[i], ==, loss[corners[i]]);
    }
  /* N = 400: the test's parameters. */
  while (elbo < n && beta[elbo] != 1.0 / 400)
    elbo++;
  g_assert_cmpuint (elbo, <, n);
  g_assert_cmpuint (heft_record_read (record, (gsize) heft_record_find_series (record, "elbo"), 0, 0, 16, &elbo_kl, &elbo_loss), ==, 1);
  g_assert_cmpfloat (elbo_kl, ==, kl[elbo]);
  g_assert_cmpfloat (elbo_loss, ==, loss[elbo]);
  for (gsize p = 0; p < heft_experiment_find ("train", NULL)->n_panels; p++)
    if (strcmp (heft_experiment_find ("train", NULL)->panels[p].id, "tradeoff") == 0)
      sentence = heft_experiment_find ("train", NULL)->panels[p].sentence (record);
  g_assert_nonnull (strstr (sentence, "The ELBO ($N\\beta = 1$) buys"));
  check = strstr (sentence, words);
  g_assert_nonnull (check);
  check += strlen (words);
  if (g_str_has_prefix (check, "at most "))
    check += strlen ("at most ");
  g_assert_cmpfloat_with_epsilon (g_ascii_strtod (check, NULL), said, 0.05 * said);
  g_assert_cmpfloat (misfit, <=, worst);
}

/* A frame of the sweep with a misfit, and whether the sentence names @side. */
static gboolean
sentence_says (HeftRecord *record, double misfit, double certain, double error, const char *side)
{
  HeftFrame *frame = heft_frame_new ("sweep", 0);
  g_autofree char *sentence = NULL;

  heft_frame_set_number (frame, "misfit", misfit);
  heft_frame_set_number (frame, "certain", certain);
  heft_frame_set_number (frame, "error", error);
  heft_frame_set_number (frame, "beta", 0.002);
  heft_record_publish (record, frame);
  sentence = heft_train_tradeoff_sentence (record);
  g_assert_nonnull (strstr (sentence, "differ by "));
  return strstr (sentence, side) != NULL;
}

/* Which side a curve fails on, and what to do about it: where it fails by more than little and by more than the draws' noise. */
static void
test_sweep_sides (void)
{
  g_autoptr (HeftRun) run = make_lab_run (1, NULL);
  HeftRecord *record = heft_run_get_record (run);

  g_assert_true (sentence_says (record, -0.3, -0.2, 0.05, "above its optimum below $\\beta$ = 0.002. More epochs"));
  g_assert_true (sentence_says (record, 0.3, 0.2, 0.05, "the codes about $\\beta$ = 0.002 are not yet at their optimum. More epochs"));
  g_assert_true (sentence_says (record, -0.3, -0.2, 0.05, "(standard error "));
  g_assert_false (sentence_says (record, -0.3, -0.2, 0.2, "More epochs"));
  g_assert_false (sentence_says (record, -0.09, -0.09, 0.001, "More epochs"));
  /* Into the prior within one interval: more epochs would not help. */
  g_assert_false (sentence_says (record, -1, -0.05, 0.05, "More epochs"));
  g_assert_true (sentence_says (record, -1, -0.05, 0.05, "below $\\beta$ = 0.002 KL changes too fast"));
}

/* Of a misfit only what the concavity of min C forbids is certain. */
static void
test_sweep_certain (void)
{
  /* C: 1.1, then 1.1 + change over a length of 0.001 with KL from 100 to 50. */
  static const double changes[] = { 0.06, 0.02, 0.13 }, outside[] = { 0, -0.03, 0.03 };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      HeftRateCurve curve = { .first = 1, .n = 2, .n_points = 3, .betas = { 0.0005, 0.001, 0.002 }, .kl = { NAN, 100, 50 },
                              .loss = { NAN, 1, 1 + changes[i] }, .loss_error = { NAN, 0.003, 0.004 } };
      HeftRateMisfit misfit;

      /* KL = 0.1 / beta between the two: its integral is 0.1 log 2. */
      g_assert_true (heft_rate_curve_misfit (&curve, &misfit));
      g_assert_cmpfloat_with_epsilon (misfit.value, changes[i] / (0.1 * log (2)) - 1, 1e-9);
      g_assert_cmpfloat_with_epsilon (misfit.error, 0.005 / (0.1 * log (2)), 1e-9);
      g_assert_cmpfloat_with_epsilon (misfit.certain, outside[i] / (0.1 * log (2)), 1e-9);
      g_assert_cmpfloat (misfit.beta, ==, 0.002);
    }
}

/* The largest misfit is all noise, the next may be the grid's: what is said is the one that is certain, and without it the next. */
static void
test_sweep_evidence (void)
{
  const double first[] = { 0.02, 0.1 * G_LN2, 0.1 * G_LN2 }, second[] = { 0.09, 0.09, 0.0207 };
  const double betas[] = { 0.002, 0.004, 0.002 }, certain[] = { -0.03 / (0.1 * G_LN2), 0, 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    {
      HeftRateCurve curve = { .n = 4, .n_points = 4, .betas = { 0.001, 0.002, 0.004, 0.008 }, .kl = { 100, 50, 1, 0.001 },
                              .loss = { 1 }, .loss_error = { 0.001, 0.001, 0.001, 0.05 } };
      const double changes[] = { first[i], second[i], -0.02 };
      HeftRateMisfit misfit;

      for (gsize k = 0; k < 3; k++)
        curve.loss[k + 1] = curve.loss[k] + curve.betas[k] * curve.kl[k] + changes[k] - curve.betas[k + 1] * curve.kl[k + 1];
      g_assert_true (heft_rate_curve_misfit (&curve, &misfit));
      g_assert_cmpfloat (misfit.beta, ==, 0.008);
      g_assert_cmpfloat (misfit.error, >, 50);
      g_assert_true (heft_rate_curve_evidence (&curve, 0.1, &misfit));
      g_assert_cmpfloat (misfit.beta, ==, betas[i]);
      g_assert_cmpfloat_with_epsilon (misfit.certain, certain[i], 1e-9);
    }
}

/* KL that rises with beta is never that of optima, though the slope between the points be right on average. */
static void
test_sweep_rising (void)
{
  const HeftRateCurve curve = { .n = 2, .n_points = 2, .betas = { 0.001, 0.002 }, .kl = { 50, 100 }, .loss = { 1, 1 - 0.15 + 0.07 },
                                .loss_error = { 0.001, 0.001 } };
  g_autoptr (HeftRun) run = make_lab_run (1, NULL);
  HeftRateMisfit misfit;

  g_assert_true (heft_rate_curve_evidence (&curve, 0.1, &misfit));
  g_assert_cmpfloat_with_epsilon (misfit.value, 0.07 / 0.075 - 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (misfit.certain, -0.4, 1e-9);
  g_assert_true (sentence_says (heft_run_get_record (run), misfit.value, misfit.certain, misfit.error, "differ by 40"));
  g_assert_true (sentence_says (heft_run_get_record (run), misfit.value, misfit.certain, misfit.error, "above its optimum"));
}

#define ORDER_POINTS 4

typedef struct
{
  HeftTrainer *trainer;
  guint        n;
  gsize        order[ORDER_POINTS];
  guint64      steps[ORDER_POINTS], done;
  double       kl[ORDER_POINTS];             /* at the end of each point of the order */
  double       first_kl[ORDER_POINTS];       /* after its first step */
  gboolean     fresh;
} Order;

static gboolean
order_step (guint64 done, guint64 total, gpointer user_data)
{
  Order *self = user_data;

  g_assert_cmpuint (total, ==, 3 * 40 + 60);
  self->done = done;
  if (self->fresh)
    self->first_kl[self->n] = heft_code_kl (heft_trainer_get_network (self->trainer), heft_trainer_get_prior (self->trainer),
                                            heft_trainer_get_posterior (self->trainer), NULL);
  self->fresh = FALSE;
  return TRUE;
}

static gboolean
order_point (gsize index, const HeftSweepPoint *point, gpointer user_data, GError **error)
{
  Order *self = user_data;

  self->order[self->n] = index;
  self->steps[self->n] = self->done;
  self->kl[self->n++] = point->kl;
  self->fresh = TRUE;
  return TRUE;
}

/* From the start down, and from there again up: its neighbours on both sides begin with its code. */
static void
test_sweep_order (void)
{
  static const double betas[ORDER_POINTS] = { 1e-4, 1e-3, 1e-2, 1e-1 };
  static const gsize expected[ORDER_POINTS] = { 1, 0, 2, 3 };
  g_autoptr (GError) error = NULL;
  g_auto (HeftDataPair) pair = { 0 };
  g_autoptr (HeftNetwork) network = NULL;
  g_autoptr (HeftTrainer) trainer = NULL;
  HeftTrainerConfig config = heft_trainer_config_default ();
  Order order = { .fresh = TRUE };
  HeftRateCurve curve;
  HeftBetaSweep loop = { .betas = betas, .n_points = ORDER_POINTS, .start = 1, .first_steps = 60, .steps = 40, .learning_rate = 0.01,
                         .last_learning_rate = 0.0005, .n_draws = 1, .n_threads = 1, .step = order_step, .point = order_point,
                         .user_data = &order };

  g_assert_true (heft_data_load ("digits-8x8", 0, &pair, &error));
  network = heft_network_new ("8", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 8, 8 }, 10, &error);
  config.batch = 50;
  trainer = heft_trainer_new (network, pair.train, &config, &error);
  g_assert_no_error (error);
  loop.trainer = order.trainer = trainer;
  loop.data = pair.train;
  g_assert_true (heft_beta_sweep_run (&loop, &error));
  g_assert_cmpuint (order.n, ==, ORDER_POINTS);
  for (gsize i = 0; i < ORDER_POINTS; i++)
    {
      g_assert_cmpuint (order.order[i], ==, expected[i]);
      g_assert_cmpuint (order.steps[i], ==, 60 + 40 * i);
    }
  /* The lab starts at the ELBO, or as near as its grid goes. */
  heft_rate_curve_init (&curve, 1e-4, 1e-1, ORDER_POINTS, 100);
  g_assert_cmpuint (heft_rate_curve_middle (&curve, 100), ==, 2);
  g_assert_cmpuint (heft_rate_curve_middle (&curve, 100000), ==, 0);
  g_assert_cmpuint (heft_rate_curve_middle (&curve, 2), ==, 3);
  /* One step away from the code of the start, not of the smallest beta, which has many more nats. */
  g_assert_cmpfloat (order.kl[1], >, 1.2 * order.kl[0]);
  g_assert_cmpfloat_with_epsilon (order.first_kl[1] / order.kl[0], 1, 0.1);
  g_assert_cmpfloat_with_epsilon (order.first_kl[2] / order.kl[0], 1, 0.1);
}

/* The envelope identity on a network of the lab's own sweep: by the lab's own steps, which do not shrink, this one fails it by 36 %. */
static void
test_sweep_converges (void)
{
  g_autoptr (HeftRun) run = make_lab_run (1, (const char *[]) { "sweep-epochs=8", "learning-rate=0.001", NULL });
  HeftRecord *record = heft_run_get_record (run);
  double kl[16], loss[16], beta[16], misfit[16];
  HeftProgress progress;
  gsize n;

  g_assert_true (heft_run_start_job (run, 0, NULL));
  while (heft_run_get_job_progress (run, 0, &progress))
    g_usleep (2000);
  n = heft_record_read (record, (gsize) heft_record_find_series (record, "tradeoff"), 0, 0, 16, kl, loss);
  g_assert_cmpuint (n, ==, 11);
  heft_record_read (record, (gsize) heft_record_find_series (record, "tradeoff_beta"), 0, 0, 16, NULL, beta);
  heft_slope_check (n, beta, kl, loss, misfit);
  /* Beyond N beta = 1 this small network collapses into the prior, and no grid is fine enough. */
  for (gsize i = 0; i + 1 < n && beta[i + 1] * 1497 <= 1.01; i++)
    g_assert_cmpfloat (fabs (misfit[i]), <, 0.15);
}

static void
test_sweep (void)
{
  g_autoptr (HeftRun) run = make_lab_run (1, (const char *[]) { "samples=400", NULL });
  HeftRecord *record = heft_run_get_record (run);
  gsize tradeoff = (gsize) heft_record_find_series (record, "tradeoff");
  gsize betas = (gsize) heft_record_find_series (record, "tradeoff_beta");
  HeftProgress progress;
  double kl[16], loss[16], beta[16];
  g_autofree char *failure = NULL;

  g_assert_true (heft_run_start_job (run, 0, NULL));
  while (heft_run_get_job_progress (run, 0, &progress))
    g_usleep (2000);
  failure = heft_run_dup_job_error (run, 0);
  g_assert_null (failure);
  g_assert_cmpuint (heft_record_read (record, tradeoff, 0, 0, 16, kl, loss), ==, 11);
  g_assert_cmpuint (heft_record_read (record, betas, 0, 0, 16, NULL, beta), ==, 11);
  for (gsize i = 1; i < 11; i++)
    g_assert_cmpfloat (beta[i], >, beta[i - 1]);
  g_assert_cmpfloat (beta[10] / beta[0], >, 299);
  /* The dearest nats are the fewest. */
  g_assert_cmpfloat (kl[10], <, kl[0]);
  check_sweep_hull (record, 11, kl, loss, beta);
  /* Another sweep starts all of it over. */
  g_assert_true (heft_run_start_job (run, 0, NULL));
  while (heft_run_get_job_progress (run, 0, &progress))
    g_usleep (2000);
  g_assert_cmpuint (heft_record_read (record, tradeoff, 0, 0, 16, kl, loss), ==, 11);
  check_sweep_hull (record, 11, kl, loss, beta);
}

/* A convolutional network with everything measured: layers, spectra, maps and results. */
static void
test_convolutional (void)
{
  g_autoptr (HeftRun) run = finished_run (2, (const char *[]) { "architecture=conv3x4-pool2-12", "epochs=0.5",
                                                                "spectra-samples=16", NULL });
  g_autoptr (HeftFrame) maps = heft_record_get_frame (heft_run_get_record (run), "invariance");
  g_autoptr (HeftFrame) spectra = heft_record_get_frame (heft_run_get_record (run), "spectra");

  g_assert_nonnull (spectra);
  g_assert_nonnull (maps);
  g_assert_cmpfloat (heft_frame_get_number (maps, "smallest_change", -1), >, 0);
  g_assert_cmpfloat (result (run, "kl"), >, 0);
  g_assert_cmpfloat (result (run, "fisher_trace"), >, 0);
  g_assert_cmpfloat (result (run, "test_error"), <, 0.95);
}

/* Losses whose Fisher is another one leave it out with a reason; dropout and named first weights run. */
static void
test_other_losses (void)
{
  static const char *const losses[] = { "loss=binary", "loss=gaussian" };

  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    {
      g_autoptr (HeftRun) run = finished_run (1, (const char *[]) { losses[i], "dropout=0.1", "initialisation=orthogonal",
                                                                    "epochs=0.5", NULL });
      g_autoptr (HeftFrame) spectra = heft_record_get_frame (heft_run_get_record (run), "spectra");
      double value;

      g_assert_cmpfloat (result (run, "train_loss"), >, 0);
      g_assert_cmpfloat (result (run, "kl"), >, 0);
      /* The panel says so in its place. */
      g_assert_nonnull (spectra);
      g_assert_nonnull (heft_frame_get_text (spectra, "obstacle"));
      g_assert_false (heft_record_get_result (heft_run_get_record (run), "fisher_trace", &value) && isfinite (value));
      g_assert_false (heft_record_get_result (heft_run_get_record (run), "gaussian_information", &value) && isfinite (value));
    }
}

/* A bound that is trained sets beta by itself; what is reported is that beta, and the slider's has no say. */
static void
test_objective (void)
{
  static const char *const bound[] = { "objective=pac-bayes-kl", "prior=init-centred", NULL };
  static const char *const other_beta[] = { "objective=pac-bayes-kl", "prior=init-centred", "beta=0.5", NULL };
  static const char *const plain[] = { "prior=init-centred", NULL };
  g_autoptr (HeftRun) run = finished_run (2, bound), other = finished_run (1, other_beta), information = finished_run (2, plain);
  HeftRecord *record = heft_run_get_record (run);
  double beta, x, last, kl, kl_other;

  g_assert_true (heft_record_get_result (record, "beta", &beta));
  g_assert_true (heft_record_get_last (record, "beta_effective", 0, &x, &last));
  g_assert_cmpfloat (beta, >, 0);
  /* The last step's, and the one that would come next. */
  g_assert_cmpfloat_with_epsilon (beta / last, 1, 0.1);
  g_assert_true (heft_record_get_result (record, "kl", &kl));
  g_assert_true (heft_record_get_result (heft_run_get_record (other), "kl", &kl_other));
  g_assert_cmpfloat (kl, ==, kl_other);
  g_assert_false (heft_record_get_last (heft_run_get_record (information), "beta_effective", 0, NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/results", test_results);
  g_test_add_func ("/train/scaled-trace", test_scaled_trace);
  g_test_add_func ("/train/no-scale", test_no_scale);
  g_test_add_func ("/train/lagrangian-series", test_lagrangian_series);
  g_test_add_func ("/train/ledger-samples", test_ledger_samples);
  g_test_add_func ("/train/thresholds", test_thresholds);
  g_test_add_func ("/train/curves", test_curves_and_frames);
  g_test_add_func ("/train/same-bytes", test_same_bytes);
  g_test_add_func ("/train/other-seed", test_other_seed);
  g_test_add_func ("/train/beta", test_beta_acts);
  g_test_add_func ("/train/live", test_live);
  g_test_add_func ("/train/divergence", test_divergence);
  g_test_add_func ("/train/dirac", test_dirac);
  g_test_add_func ("/train/point-obstacles", test_point_obstacles);
  g_test_add_func ("/train/priors", test_priors);
  g_test_add_func ("/train/convolutional", test_convolutional);
  g_test_add_func ("/train/other-losses", test_other_losses);
  g_test_add_func ("/train/sweep", test_sweep);
  g_test_add_func ("/train/sweep-certain", test_sweep_certain);
  g_test_add_func ("/train/sweep-evidence", test_sweep_evidence);
  g_test_add_func ("/train/sweep-rising", test_sweep_rising);
  g_test_add_func ("/train/sweep-order", test_sweep_order);
  g_test_add_func ("/train/sweep-converges", test_sweep_converges);
  g_test_add_func ("/train/sweep-sides", test_sweep_sides);
  g_test_add_func ("/train/objective", test_objective);
  return g_test_run ();
}
