/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lab's codes and its course: held-apart samples, grids that are paid for, clipping and plateaus that are named. */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/bound.h>
#include <heft/code.h>
#include <heft/error.h>
#include <heft/experiment.h>

#include "experiments/words.h"
#include "studies.h"

static HeftRun *
finished_run (const char *const *settings)
{
  static const char *const small[] = { "dataset=digits-8x8", "samples=600", "architecture=16", "learning-rate=0.01", "epochs=2", "batch=50",
                                       "test-draws=3", "spectra-samples=32", "evaluation-samples=100", NULL };
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("train", NULL));
  HeftRun *run;

  set_all (parameters, small);
  set_all (parameters, settings);
  run = heft_run_new (heft_experiment_find ("train", NULL), parameters, 2);
  finish (run);
  return run;
}

/* Value and note of the ledger's row @label, joined. */
static char *
ledger_row (HeftRun *run, const char *label)
{
  g_autoptr (HeftFrame) ledger = heft_record_get_frame (heft_run_get_record (run), "ledger");

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("row:%u:label", i), *value = g_strdup_printf ("row:%u:value", i);
      g_autofree char *note = g_strdup_printf ("row:%u:note", i);

      if (g_strcmp0 (heft_frame_get_text (ledger, name), label) == 0)
        return g_strjoin (" ", heft_frame_get_text (ledger, value), heft_frame_get_text (ledger, note), NULL);
    }
  return NULL;
}

static void
test_every_code_trains (void)
{
  static const char *const ways[][4] = {
    { "posterior=low-rank", "rank=3", NULL }, { "noise=weights", NULL }, { "prior=scale-mixture", "lambda2=0.02", NULL },
    { "optimizer=ivon", "learning-rate=0.3", NULL }, { "optimizer=adamw", "weight-decay=0.1", NULL },
    { "schedule=cosine", "warmup=0.5", "schedule-epochs=2", NULL }, { "anneal-epochs=1", NULL },
    { "posterior=low-rank", "prior=scale-mixture", "clip=1", NULL }, { "prior=data-dependent", "data-fraction=0.3", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (HeftRun) run = finished_run (ways[i]);

      g_assert_cmpfloat (result (run, "train_loss"), <, log (10));
      g_assert_cmpfloat (result (run, "kl"), >, 0);
      g_assert_cmpint (result (run, "kl_standard_error") > 0, ==,
                       g_strv_contains (ways[i], "prior=scale-mixture"));
    }
}

/* The samples that made the prior are no part of N, and its bound needs no excuse. */
static void
test_held_apart (void)
{
  static const char *const settings[] = { "prior=data-dependent", "data-fraction=0.25", NULL };
  static const char *const centred[] = { "prior=init-centred", NULL };
  g_autoptr (HeftRun) run = finished_run (settings), other = finished_run (centred);
  g_autofree char *bound = ledger_row (run, "PAC-Bayes-kl bound");

  g_assert_cmpfloat (result (run, "samples"), ==, 450);
  g_assert_cmpuint (heft_run_get_sample_count (run), ==, 450);
  g_assert_nonnull (bound);
  g_assert_null (strstr (bound, "not a valid bound"));
  /* Its centre knows the digits already. */
  g_assert_cmpfloat (result (run, "kl"), <, result (other, "kl"));
}

/* A fitted scale is no obstacle where it comes from a grid and is paid for, once a layer. */
static void
test_grid (void)
{
  static const char *const fitted[] = { "prior=empirical-bayes", NULL };
  static const char *const paid[] = { "prior=empirical-bayes", "lambda-grid=50", NULL };
  g_autoptr (HeftRun) without = finished_run (fitted), with = finished_run (paid);
  g_autofree char *refused = ledger_row (without, "PAC-Bayes-kl bound"), *bound = ledger_row (with, "PAC-Bayes-kl bound");
  g_autofree char *scales = ledger_row (with, "Scales $\\lambda_l$");
  gsize n;
  g_autofree double *lambdas = heft_record_dup_result_array (heft_run_get_record (with), "lambda_layers", &n);

  g_assert_nonnull (strstr (refused, "not a valid bound"));
  g_assert_null (strstr (bound, "not a valid bound"));
  g_assert_nonnull (strstr (bound, "nats paid"));
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpfloat (lambdas[0], !=, lambdas[1]);
  g_assert_nonnull (scales);
}

/* What is paid is each number chosen: one lambda for all layers is one, whatever the prior; a list is as many as it has, alike or not. */
static void
test_grid_prices (void)
{
  static const struct { const char *settings[7]; int choices; } ways[] = {
    { { "prior=init-centred", NULL }, 1 },
    { { "prior=isotropic", NULL }, 1 },
    { { "prior=data-dependent", NULL }, 1 },
    { { "prior=per-layer", "lambda-layers=0.1,0.1", NULL }, 2 },
    { { "prior=init-centred", "lambda-layers=0.1,0.1", NULL }, 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      const char *settings[10] = { "lambda-grid=50", "lambda=0.1", "epochs=0.1" };
      g_autofree char *bound = NULL, *price = NULL, *expected = NULL;
      g_autoptr (HeftRun) run = NULL;
      double once = heft_lambda_grid_cost (heft_lambda_grid_round (0.1, 100, 50), 100, 50);

      for (guint j = 0; ways[i].settings[j] != NULL; j++)
        settings[3 + j] = ways[i].settings[j];
      run = finished_run (settings);
      bound = ledger_row (run, "PAC-Bayes-kl bound");
      price = heft_words_number (ways[i].choices * once);
      expected = g_strdup_printf ("%s nats paid", price);
      g_assert_nonnull (strstr (bound, expected));
    }
}

/* A minus sign of any size, not a hyphen. */
static void
test_minus (void)
{
  static const struct { double value; const char *words; } cases[] = {
    { -0.25, "−0.25" }, { -12345, "−12,345" }, { -2.5e-7, "−2.50 × 10⁻⁷" }, { 0.25, "0.25" }, { -INFINITY, "−∞" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = heft_words_number (cases[i].value);

      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

static void
test_percent (void)
{
  static const struct { double value; const char *words; } cases[] = { { 0.0716, "7.2 %" }, { 1, "100.0 %" }, { 79.825, "7,983 %" }, { 5.2e10, "5.20 × 10¹² %" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = heft_words_percent (cases[i].value);

      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

/* What only moves Q is no obstacle: a bound over all Q at once holds for one that lost units while it was trained or that stopped early. */
static void
test_training_is_free (void)
{
  static const char *const settings[] = { "dropout=0.3", "early-stop=2", "prior=init-centred", "lambda=0.03", NULL };
  g_autoptr (HeftRun) run = finished_run (settings);
  g_autofree char *bound = ledger_row (run, "PAC-Bayes-kl bound");

  g_assert_null (strstr (bound, "not a valid bound"));
}

/* Labels that were replaced are the labels the bound speaks of. */
static void
test_noisy_labels (void)
{
  static const char *const settings[] = { "prior=data-dependent", "samples=0", "batch=10", "lambda=0.05", "beta=3/N", "test-draws=20",
                                          "measure=false", NULL };
  const char *noisy[G_N_ELEMENTS (settings) + 1] = { "label-noise=0.2" };
  g_autoptr (HeftRun) run = NULL, other = finished_run (settings);
  g_autofree char *bound = NULL, *plain = ledger_row (other, "PAC-Bayes-kl bound");

  memcpy (noisy + 1, settings, sizeof settings);
  run = finished_run (noisy);
  bound = ledger_row (run, "PAC-Bayes-kl bound");
  g_assert_nonnull (strstr (bound, "as noisy"));
  g_assert_null (strstr (plain, "as noisy"));
}

/* A bound in the ledger is the certificate of the results, at 0.04 for the samples and 0.01 for the draws. */
static void
check_bound (const char *const *settings, gboolean vacuous)
{
  g_autoptr (HeftRun) run = finished_run (settings);
  HeftCertificate certificate = { .n_samples = result (run, "samples"), .empirical = result (run, "train_error"),
                                  .n_draws = result (run, "draws"), .kl = result (run, "kl"), .n_betas = 1, .delta = 0.04,
                                  .delta_draws = 0.01 };
  g_autofree char *row = ledger_row (run, "PAC-Bayes-kl bound"), *value = NULL;
  double bound;

  g_assert_true (heft_certificate_bound (&certificate, HEFT_BOUND_PAC_BAYES_KL, &bound, NULL));
  value = heft_words_percent (bound);
  g_assert_true (g_str_has_prefix (row, value));
  g_assert_cmpint (strstr (row, "vacuous") != NULL, ==, vacuous);
}

static void
test_bound (void)
{
  static const char *const tight[] = { "prior=data-dependent", "samples=0", "batch=10", "lambda=0.05", "beta=3/N", "test-draws=20",
                                       "measure=false", NULL };
  static const char *const loose[] = { "lambda=0.001", "measure=false", NULL };

  check_bound (tight, FALSE);
  check_bound (loose, TRUE);
}

/* What is no bound says why. */
static void
test_obstacles (void)
{
  static const struct { const char *settings[5], *why; } cases[] = {
    { { "posterior=dirac", "measure=false", NULL }, "a point has infinite KL to any prior" },
    { { "posterior=low-rank", "rank=2", "prior=scale-mixture", "measure=false", NULL }, "only known by Monte Carlo" },
    { { "prior=empirical-bayes", "measure=false", NULL }, "fitted to the counted samples" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (HeftRun) run = finished_run (cases[i].settings);
      g_autofree char *row = ledger_row (run, "PAC-Bayes-kl bound");

      g_assert_true (g_str_has_prefix (row, "not a valid bound"));
      g_assert_nonnull (strstr (row, cases[i].why));
    }
}

static void
test_grid_rounds (void)
{
  static const char *const settings[] = { "lambda=0.123", "lambda-grid=2", "epochs=0.2", NULL };
  g_autoptr (HeftRun) run = finished_run (settings);
  gsize n;
  g_autofree double *lambdas = heft_record_dup_result_array (heft_run_get_record (run), "lambda_layers", &n);

  g_assert_cmpfloat_with_epsilon (lambdas[0], heft_lambda_grid_round (0.123, 100, 2), 1e-12);
  g_assert_cmpfloat (fabs (lambdas[0] - 0.123), >, 1e-3);
}

static void
test_clipping_is_named (void)
{
  static const char *const tight[] = { "clip=0.001", NULL }, *const loose[] = { "clip=1000000", NULL };
  g_autoptr (HeftRun) clipped = finished_run (tight), unclipped = finished_run (loose);
  const HeftExperiment *experiment = heft_run_get_experiment (clipped);
  g_autofree char *sentence = experiment->panels[0].sentence (heft_run_get_record (clipped));
  g_autofree char *other = experiment->panels[0].sentence (heft_run_get_record (unclipped));
  g_autofree char *row = ledger_row (clipped, "Gradients clipped"), *none = ledger_row (unclipped, "Gradients clipped");

  g_assert_nonnull (strstr (sentence, "Clipping shortened"));
  g_assert_null (strstr (other, "Clipping"));
  g_assert_nonnull (row);
  g_assert_null (none);
}

static void
test_plateau_ends (void)
{
  /* With a learning rate like this nothing ever gets better. */
  static const char *const settings[] = { "early-stop=2", "learning-rate=1e-8", "epochs=50", "measure=false", NULL };
  g_autoptr (HeftRun) run = finished_run (settings);
  const HeftExperiment *experiment = heft_run_get_experiment (run);
  g_autofree char *sentence = experiment->panels[0].sentence (heft_run_get_record (run));

  g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_DONE);
  g_assert_cmpfloat (result (run, "steps"), <, 20 * 12);
  g_assert_nonnull (strstr (sentence, "plateau"));
  g_assert_cmpfloat (result (run, "train_loss"), >, 0);
}

static void
test_refusals (void)
{
  static const char *const bad[][4] = {
    { "posterior=dirac", "optimizer=ivon", NULL }, { "prior=scale-mixture", "optimizer=ivon", NULL },
    { "prior=isotropic", "lambda-layers=0.1,0.2", NULL }, { "prior=data-dependent", "samples=1", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("train", NULL));
      g_autoptr (GError) error = NULL;

      g_assert_true (heft_parameters_set (parameters, "dataset", "digits-8x8", NULL));
      g_assert_true (heft_parameters_set (parameters, "architecture", "16", NULL));
      for (guint j = 0; bad[i][j] != NULL; j++)
        {
          g_auto (GStrv) words = g_strsplit (bad[i][j], "=", 2);

          g_assert_true (heft_parameters_set (parameters, words[0], words[1], NULL));
        }
      g_assert_false (heft_parameters_check (parameters, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/course/every-code-trains", test_every_code_trains);
  g_test_add_func ("/course/held-apart", test_held_apart);
  g_test_add_func ("/course/grid", test_grid);
  g_test_add_func ("/course/grid-prices", test_grid_prices);
  g_test_add_func ("/course/minus", test_minus);
  g_test_add_func ("/course/percent", test_percent);
  g_test_add_func ("/course/training-is-free", test_training_is_free);
  g_test_add_func ("/course/noisy-labels", test_noisy_labels);
  g_test_add_func ("/course/bound", test_bound);
  g_test_add_func ("/course/obstacles", test_obstacles);
  g_test_add_func ("/course/grid-rounds", test_grid_rounds);
  g_test_add_func ("/course/clipping-is-named", test_clipping_is_named);
  g_test_add_func ("/course/plateau-ends", test_plateau_ends);
  g_test_add_func ("/course/refusals", test_refusals);
  return g_test_run ();
}
