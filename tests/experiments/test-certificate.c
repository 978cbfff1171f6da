/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "experiments/studies.h"
#include "experiments/words.h"

static const char *const small[] = { "dataset=digits-8x8", "architecture=24", "epochs=60", "draws=400", "batch=64",
                                     "learning-rate=0.01", NULL };

/* Value and note of the ledger's row @label, with its gauge. */
static char *
ledger_row (HeftRun *run, const char *label, double *gauge)
{
  g_autoptr (HeftFrame) ledger = heft_record_get_frame (heft_run_get_record (run), "ledger");

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("row:%u:label", i), *value = g_strdup_printf ("row:%u:value", i);
      g_autofree char *note = g_strdup_printf ("row:%u:note", i), *share = g_strdup_printf ("row:%u:gauge", i);

      if (g_strcmp0 (heft_frame_get_text (ledger, name), label) != 0)
        continue;
      *gauge = heft_frame_get_number (ledger, share, NAN);
      return g_strjoin ("; ", heft_frame_get_text (ledger, value), heft_frame_get_text (ledger, note), NULL);
    }
  return NULL;
}

/* The ledger says the results: each bound with its gauge, vacuous only where it is, and with what probability they hold. */
static void
check_ledger (HeftRun *run, gboolean vacuous)
{
  double gauge = NAN;
  g_autofree char *value = heft_words_percent (result (run, "pac_bayes_kl"));
  g_autofree char *row = ledger_row (run, "PAC-Bayes-kl bound", &gauge), *holds = NULL;

  g_assert_nonnull (row);
  g_assert_cmpfloat (gauge, ==, result (run, "pac_bayes_kl"));
  g_assert_true (g_str_has_prefix (row, value));
  g_assert_cmpint (strstr (row, "vacuous") != NULL, ==, vacuous);
  holds = ledger_row (run, "Holds with probability", &gauge);
  g_assert_nonnull (holds);
  g_assert_true (g_str_has_prefix (holds, "96.5 %;"));
}

/* Every bound from the other results and theory.md section 5 alone. */
static void
test_results (void)
{
  g_autoptr (HeftRun) run = make_run ("certificate", 2, small);
  double n, kl, m, upper, empirical, beta, bound;
  const double delta_draws = 0.01, delta = 0.025;

  finish (run);
  n = result (run, "samples");
  m = result (run, "draws");
  kl = result (run, "kl") + result (run, "scale_price");
  empirical = result (run, "empirical_error");
  upper = result (run, "empirical_upper");
  beta = result (run, "beta_pac");
  g_assert_cmpfloat (m, ==, 400);
  g_assert_cmpfloat_with_epsilon (upper, heft_binary_kl_inverse (empirical, log (2 / delta_draws) / m), 1e-12);
  g_assert_cmpfloat_with_epsilon (result (run, "pac_bayes_kl"), heft_binary_kl_inverse (upper, (kl + log (2 * sqrt (n) / delta)) / n),
                                  1e-12);
  g_assert_cmpfloat_with_epsilon (result (run, "mcallester"), upper + sqrt ((kl + log (2 * sqrt (n) / delta)) / (2 * n)), 1e-12);
  bound = (upper + beta / n * (kl + log (16 / delta))) / (1 - 1 / (2 * beta));
  g_assert_cmpfloat_with_epsilon (result (run, "lagrangian_bound"), bound, 1e-12);
  /* Not vacuous, the kl bound is the tightest, and it holds on samples nobody has seen. */
  g_assert_cmpfloat (result (run, "pac_bayes_kl"), <, 0.8);
  g_assert_cmpfloat (result (run, "pac_bayes_kl"), <=, result (run, "mcallester"));
  g_assert_cmpfloat (result (run, "test_error"), <, result (run, "pac_bayes_kl"));
  check_ledger (run, FALSE);
  assert_panels (run);
}

/* The prices are those of the scales' grid, one for each number chosen: hidden layers share one, and fitted scales are each its own. */
static void
test_prices (void)
{
  static const char *const settings[][7] = {
    { "dataset=digits-8x8", "architecture=8", "epochs=1", "draws=2", NULL },
    { "dataset=digits-8x8", "architecture=8-7-6", "epochs=1", "draws=2", NULL },
    { "dataset=digits-8x8", "architecture=", "epochs=1", "draws=2", NULL },
    { "dataset=digits-8x8", "architecture=8-7-6", "epochs=1", "draws=2", "prior=empirical-bayes", NULL },
  };
  static const gboolean pays[][4] = { { TRUE, TRUE }, { TRUE, FALSE, FALSE, TRUE }, { TRUE }, { TRUE, TRUE, TRUE, TRUE } };
  static const gsize layers[] = { 2, 4, 1, 4 };

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autoptr (HeftRun) run = make_run ("certificate", 2, settings[i]);
      g_autofree double *lambdas = NULL;
      double price = 0;
      gsize n;

      finish (run);
      lambdas = heft_record_dup_result_array (heft_run_get_record (run), "lambdas", &n);
      g_assert_cmpuint (n, ==, layers[i]);
      for (gsize l = 0; l < n; l++)
        {
          g_assert_cmpfloat_with_epsilon (heft_lambda_grid_round (lambdas[l], 1, 10), lambdas[l], 1e-15);
          price += pays[i][l] ? heft_lambda_grid_cost (lambdas[l], 1, 10) : 0;
        }
      g_assert_cmpfloat_with_epsilon (result (run, "scale_price"), price, 1e-12);
      check_ledger (run, result (run, "pac_bayes_kl") > 0.9995);
    }
}

/* p_min is of a grid too, and only the bound of the cross-entropy that it cuts pays for it: by theory.md section 5 and nothing else. */
static void
test_clamp (void)
{
  const char *settings[] = { "dataset=digits-8x8", "architecture=8", "epochs=20", "draws=50", "smallest-probability=0.03", NULL };
  g_autoptr (HeftRun) run = make_run ("certificate", 2, settings);
  double kl, smallest, price, n, upper, complexity;

  finish (run);
  n = result (run, "samples");
  smallest = result (run, "smallest_probability");
  g_assert_cmpfloat_with_epsilon (smallest, exp (-3.5), 1e-12);      /* the nearest of exp (-j / 10) */
  price = 2 * log (35) + log (G_PI * G_PI / 6);
  g_assert_cmpfloat_with_epsilon (result (run, "clamp_price"), price, 1e-12);
  kl = result (run, "kl") + result (run, "scale_price");
  upper = heft_binary_kl_inverse (result (run, "empirical_cross_entropy"), log (2 / 0.01) / 50);
  complexity = kl + log (2 * sqrt (n) / 0.025);
  g_assert_cmpfloat_with_epsilon (result (run, "cross_entropy_bound"), heft_binary_kl_inverse (upper, (complexity + price) / n), 1e-12);
  g_assert_cmpfloat_with_epsilon (result (run, "pac_bayes_kl"), heft_binary_kl_inverse (result (run, "empirical_upper"), complexity / n),
                                  1e-12);
}

/* Ended among its draws, a run certifies nothing, in results, ledger and words. */
static void
test_stopped (void)
{
  const char *settings[] = { "dataset=digits-8x8", "architecture=8", "epochs=1", "draws=10000000", NULL };
  g_autoptr (HeftRun) run = make_run ("certificate", 2, settings);
  HeftRecord *record = heft_run_get_record (run);
  g_autoptr (HeftFrame) ledger = NULL;
  guint refused = 0;

  heft_run_start (run);
  while (!heft_record_get_last (record, "pac_bayes_kl", 0, NULL, NULL))
    g_usleep (1000);
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
  g_assert_false (heft_record_get_result (record, "pac_bayes_kl", NULL));
  ledger = heft_record_get_frame (record, "ledger");
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *label = g_strdup_printf ("row:%u:label", i), *value = g_strdup_printf ("row:%u:value", i);

      refused += g_strcmp0 (heft_frame_get_text (ledger, value), "not a valid bound") == 0;
      g_assert_cmpstr (heft_frame_get_text (ledger, label), !=, "Holds with probability");
    }
  g_assert_cmpuint (refused, ==, HEFT_N_BOUNDS);
  for (gsize p = 0; p < heft_run_get_experiment (run)->n_panels; p++)
    {
      const HeftPanelSpec *panel = &heft_run_get_experiment (run)->panels[p];
      g_autofree char *sentence = panel->sentence (record);

      if (strcmp (panel->id, "draws") == 0 || strcmp (panel->id, "ledger") == 0)
        g_assert_nonnull (strstr (sentence, "stopped"));
    }
}

/* A centre trained on samples that are not counted costs less, although fewer are counted. */
static void
test_data_prior (void)
{
  const char *settings[] = { "dataset=digits-8x8", "architecture=24", "epochs=60", "draws=400", "batch=64", "learning-rate=0.01",
                             "data-prior=0.5", "prior-epochs=60", NULL };
  g_autoptr (HeftRun) plain = make_run ("certificate", 2, small);
  g_autoptr (HeftRun) centred = make_run ("certificate", 2, settings);

  finish (plain);
  finish (centred);
  g_assert_cmpfloat (result (centred, "samples"), ==, ceil (result (plain, "samples") / 2));
  g_assert_cmpfloat (result (centred, "kl"), <, result (plain, "kl"));
  g_assert_cmpfloat (result (centred, "pac_bayes_kl"), <, result (plain, "pac_bayes_kl"));
}

/* What is no bound is not called one, and says why. */
static void
test_unpaid (void)
{
  const char *settings[] = { "dataset=digits-8x8", "architecture=8", "epochs=2", "draws=20", "prior=empirical-bayes",
                             "lambda-grid=false", NULL };
  g_autoptr (HeftRun) run = make_run ("certificate", 2, settings);
  static const char *const ids[] = { "pac_bayes_kl", "mcallester", "lagrangian_bound" };

  finish (run);
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *reason = heft_record_dup_result_reason (heft_run_get_record (run), ids[i]);
      double value;

      g_assert_false (heft_record_get_result (heft_run_get_record (run), ids[i], &value));
      g_assert_nonnull (reason);
      g_assert_nonnull (strstr (reason, "ot a valid bound"));
    }
  g_assert_cmpint (heft_record_get_length (heft_run_get_record (run),
                                           (gsize) heft_record_find_series (heft_run_get_record (run), "pac_bayes_kl"), 0), ==, 0);
}

static void
test_same_bytes (void)
{
  assert_same_bytes ("certificate", small);
}

static void
assert_refused (const char *const *settings)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("certificate", NULL));
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; settings[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (settings[i], "=", 2);

      g_assert_true (heft_parameters_set (parameters, words[0], words[1], &error));
    }
  g_assert_false (heft_parameters_check (parameters, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

static void
test_refusals (void)
{
  assert_refused ((const char *const[]) { "prior=isotropic", "data-prior=0.5", NULL });
  assert_refused ((const char *const[]) { "beta-pac=0.5", NULL });
  assert_refused ((const char *const[]) { "samples=20000", NULL });
  assert_refused ((const char *const[]) { "samples=3", "data-prior=0.1", NULL });
  assert_refused ((const char *const[]) { "architecture=x", NULL });
}

/* All samples once: the draws of heft_evaluate(). Samples drawn anew: unbiased, so that many draws come to the same. */
static void
test_draws (void)
{
  g_auto (HeftDataPair) data = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftNetwork) network = NULL;
  g_autoptr (HeftPosterior) posterior = NULL;
  g_autoptr (HeftDraws) whole = NULL;
  g_autoptr (HeftDraws) part = NULL;
  HeftEvaluation evaluation;
  HeftDraw draws[400];
  double mean = 0, square = 0;

  heft_data_load ("digits-8x8", 0, &data, &error);
  g_assert_no_error (error);
  network = heft_network_new ("8", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 8, 8 }, 10, &error);
  posterior = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));
  heft_network_initialise (network, 1, posterior->mean);
  for (gsize i = 0; i < posterior->n; i++)
    posterior->log_deviation[i] = -2;

  whole = heft_draws_new (network, posterior, data.test, 0, 5, 3.0, 2);
  g_assert_true (heft_draws_take (whole, 7, 4, draws, NULL, NULL));
  for (int i = 0; i < 4; i++)
    {
      g_assert_true (heft_evaluate (network, posterior, data.test, 0, 5, (guint64) (7 + i), 1, 1, NULL, &evaluation, NULL));
      g_assert_cmpfloat_with_epsilon (draws[i].error, evaluation.error, 1e-12);
      g_assert_cmpfloat (draws[i].risk, >, 0);
      g_assert_cmpfloat (draws[i].risk, <=, 1);
    }

  part = heft_draws_new (network, posterior, data.test, 20, 5, 3.0, 2);
  g_assert_true (heft_draws_take (part, 0, 400, draws, NULL, NULL));
  for (int i = 0; i < 400; i++)
    {
      mean += draws[i].error / 400;
      square += draws[i].error * draws[i].error / 400;
    }
  heft_evaluate (network, posterior, data.test, 0, 5, 0, 400, 2, NULL, &evaluation, NULL);
  /* Five standard errors of the mean. */
  g_assert_cmpfloat_with_epsilon (mean, evaluation.error, 5 * sqrt ((square - mean * mean) / 400));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/experiments/certificate", test_results);
  g_test_add_func ("/experiments/certificate/prices", test_prices);
  g_test_add_func ("/experiments/certificate/clamp", test_clamp);
  g_test_add_func ("/experiments/certificate/stopped", test_stopped);
  g_test_add_func ("/experiments/certificate/data-prior", test_data_prior);
  g_test_add_func ("/experiments/certificate/unpaid", test_unpaid);
  g_test_add_func ("/experiments/certificate/same-bytes", test_same_bytes);
  g_test_add_func ("/experiments/certificate/refusals", test_refusals);
  g_test_add_func ("/experiments/certificate/draws", test_draws);
  return g_test_run ();
}
