/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The long experiments that train many codes: tradeoff, random-labels, shannon. */

#include "config.h"

#include "experiments/studies.h"

/* --- tradeoff ------------------------------------------------------------------------------------------------------ */

static const char *const tradeoff[] = { "dataset=digits-8x8", "samples=1000", "architecture=8", "epochs=80", "points=7", "batch=32",
                                        "learning-rate=0.01", "beta-min=0.1/N", "beta-max=1/N", "draws=30", NULL };

static void
test_tradeoff (void)
{
  g_autoptr (HeftRun) run = make_run ("tradeoff", 2, tradeoff);
  HeftRecord *record = heft_run_get_record (run);
  g_autofree double *betas = NULL, *kl = NULL, *loss = NULL;
  gboolean elbo = FALSE;
  double misfit;
  gsize n;

  finish (run);
  betas = heft_record_dup_result_array (record, "curve_beta", &n);
  g_assert_cmpuint (n, ==, 7);
  kl = heft_record_dup_result_array (record, "curve_information", &n);
  loss = heft_record_dup_result_array (record, "curve_expected_loss", &n);
  for (gsize i = 0; i < n; i++)
    {
      elbo = elbo || betas[i] == 1.0 / 1000;
      /* Trained, not solved: nats fall and loss rises with beta all the same. */
      g_assert_true (i == 0 || (betas[i] > betas[i - 1] && kl[i] < kl[i - 1] && loss[i] > loss[i - 1]));
      if (betas[i] == 1.0 / 1000)
        {
          g_assert_cmpfloat (result (run, "elbo_information"), ==, kl[i]);
          g_assert_cmpfloat_with_epsilon (result (run, "elbo_code_length"), 1000 * loss[i] + kl[i], 1e-9);
        }
    }
  g_assert_true (elbo);
  misfit = heft_slope_check (n, betas, kl, loss, NULL);
  g_assert_cmpfloat (result (run, "slope_check"), ==, misfit);
  g_assert_cmpfloat (fabs (result (run, "slope_misfit")), ==, misfit);
  g_assert_cmpfloat (result (run, "slope_misfit_standard_error"), >, 0);
  /* The envelope identity on a trained network. Beyond N beta = 1 this small one collapses into the prior, and no grid is fine enough. */
  g_assert_cmpfloat (misfit, <, 0.1);
  g_assert_cmpfloat (result (run, "prequential_code_length"), <, result (run, "uniform_code_length"));
  g_assert_cmpfloat_with_epsilon (result (run, "uniform_code_length"), 1000 * log (10.0), 1e-9);
}

/* Compressed for too short a time at each point, the code keeps more nats than it should, and the panel says so; not where the draws could
 * have done it. */
static void
test_tradeoff_unsettled (void)
{
  const char *settings[] = { "dataset=digits-8x8", "samples=1000", "architecture=8", "epochs=4", "points=6", "batch=32",
                             "learning-rate=0.01", "beta-min=0.03/N", "beta-max=1/N", "draws=30", NULL };
  g_autoptr (HeftRun) run = make_run ("tradeoff", 2, settings);
  HeftRecord *record = heft_run_get_record (run);
  g_autofree double *betas = NULL, *kl = NULL, *loss = NULL, *errors = NULL;
  g_autofree char *sentence = NULL, *doubtful = NULL;
  double misfit[5], change, expected;
  gsize n, worst = 0;

  finish (run);
  betas = heft_record_dup_result_array (record, "curve_beta", &n);
  kl = heft_record_dup_result_array (record, "curve_information", &n);
  loss = heft_record_dup_result_array (record, "curve_expected_loss", &n);
  errors = heft_record_dup_result_array (record, "curve_expected_loss_error", &n);
  g_assert_cmpuint (n, ==, 6);
  heft_slope_check (n, betas, kl, loss, misfit);
  for (gsize i = 1; i < 5; i++)
    worst = fabs (misfit[i]) > fabs (misfit[worst]) ? i : worst;
  g_assert_cmpuint (worst, >, 0);
  change = loss[worst + 1] - loss[worst] + betas[worst + 1] * kl[worst + 1] - betas[worst] * kl[worst];
  expected = hypot (errors[worst], errors[worst + 1]) / (change / (1 + misfit[worst]));
  g_assert_cmpfloat (result (run, "slope_misfit"), ==, misfit[worst]);
  g_assert_cmpfloat_with_epsilon (result (run, "slope_misfit_standard_error"), expected, 1e-9);
  g_assert_cmpfloat (misfit[worst], <, -2 * expected);
  sentence = heft_run_get_experiment (run)->panels[1].sentence (record);
  g_assert_nonnull (strstr (sentence, "above its optimum"));
  heft_record_set_result (record, "slope_misfit_standard_error", 0.6 * fabs (misfit[worst]));
  doubtful = heft_run_get_experiment (run)->panels[1].sentence (record);
  g_assert_null (strstr (doubtful, "above its optimum"));
  g_assert_nonnull (strstr (doubtful, "(standard error "));
}

static void
test_tradeoff_same_bytes (void)
{
  const char *settings[] = { "dataset=moons", "samples=100", "architecture=4", "epochs=1", "points=3", "draws=2", "effort=quick", NULL };

  assert_same_bytes ("tradeoff", settings);
}

static void
test_tradeoff_refusals (void)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("tradeoff", NULL));
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_parameters_set (parameters, "beta-min", "40/N", &error));
  g_assert_false (heft_parameters_check (parameters, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_false (heft_parameters_set (parameters, "points", "1", &error));
}

/* Stopped in the middle: what there is stays, and says what is missing. */
static void
test_stopped (void)
{
  const char *settings[] = { "dataset=moons", "epochs=10000", NULL };
  static const char *const ids[] = { "tradeoff", "random-labels", "shannon" };

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (HeftRun) run = make_run (ids[i], 2, settings);
      g_autoptr (GError) error = NULL;
      HeftProgress progress;

      heft_run_start (run);
      do
        {
          g_usleep (1000);
          heft_run_get_progress (run, &progress);
        }
      while (!(progress.fraction > 0));
      heft_run_stop (run);
      g_assert_true (heft_run_join (run, &error));
      g_assert_cmpint (heft_run_get_state (run), ==, HEFT_RUN_STOPPED);
      /* No result without a value has no reason. */
      for (gsize r = 0; r < heft_record_get_n_results (heft_run_get_record (run)); r++)
        {
          const HeftResultSpec *spec = heft_record_get_result_spec (heft_run_get_record (run), r);
          g_autofree char *reason = heft_record_dup_result_reason (heft_run_get_record (run), spec->id);

          g_assert_true (spec->curve || reason != NULL || heft_record_get_result (heft_run_get_record (run), spec->id, NULL));
        }
    }
}

/* --- random-labels -------------------------------------------------------------------------------------------------- */

static void
test_random_labels (void)
{
  const char *settings[] = { "dataset=digits-8x8", "samples=60", "architecture=64", "epochs=60", "batch=30", "learning-rate=0.01",
                             "lambda=0.3", "n-beta=3,0.01,0.3", "draws=20", NULL };
  g_autoptr (HeftRun) run = make_run ("random-labels", 2, settings);
  HeftRecord *record = heft_run_get_record (run);
  g_autofree double *n_beta = NULL, *random_error = NULL, *true_error = NULL, *random_kl = NULL, *random_loss = NULL, *true_kl = NULL;
  gsize n;

  finish (run);
  n_beta = heft_record_dup_result_array (record, "curve_n_beta", &n);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpfloat (n_beta[0], ==, 0.01);
  g_assert_cmpfloat (n_beta[2], ==, 3);
  random_error = heft_record_dup_result_array (record, "curve_random_error", &n);
  true_error = heft_record_dup_result_array (record, "curve_true_error", &n);
  random_kl = heft_record_dup_result_array (record, "curve_random_information", &n);
  true_kl = heft_record_dup_result_array (record, "curve_true_information", &n);
  random_loss = heft_record_dup_result_array (record, "curve_random_loss", &n);
  /* Both are learned where nats are cheap, and memorising takes more of them. */
  g_assert_cmpfloat (random_error[0], <, 0.1);
  g_assert_cmpfloat (true_error[0], <, 0.05);
  g_assert_cmpfloat (random_kl[0], >, true_kl[0]);
  g_assert_cmpfloat (random_error[1], >, true_error[1]);
  /* theory.md section 8: N beta >= 1 gives no code less than N log C on average over label draws; mean-field codes are above by far more
   * than one draw's luck. */
  g_assert_cmpfloat (60 * random_loss[2] + 3 * random_kl[2], >, 60 * log (10.0) - 10);
  g_assert_cmpfloat (result (run, "transition"), >, 0.01);
  g_assert_cmpfloat (result (run, "transition"), <, 3);
  g_assert_cmpfloat_with_epsilon (result (run, "memorising"), 60 * log (10.0), 1e-9);
  assert_panels (run);
}

/* Trained too little to memorise, random labels have no transition: the first error is that of guessing but for luck, and half the way
 * from there to guessing is anywhere. The true labels of the same run have theirs. */
static void
test_random_labels_never_learned (void)
{
  const char *settings[] = { "dataset=digits-8x8", "samples=200", "architecture=16", "epochs=8", "batch=20", "learning-rate=0.01",
                             "lambda=0.3", "n-beta=0.03,0.3,3,30,300", "draws=20", NULL };
  g_autoptr (HeftRun) run = make_run ("random-labels", 2, settings);
  HeftRecord *record = heft_run_get_record (run);
  g_autofree double *random_error = NULL, *true_error = NULL;
  g_autofree char *reason = NULL, *sentence = NULL;
  g_autoptr (HeftFrame) ledger = NULL;
  gsize n;

  finish (run);
  random_error = heft_record_dup_result_array (record, "curve_random_error", &n);
  true_error = heft_record_dup_result_array (record, "curve_true_error", &n);
  g_assert_cmpuint (n, ==, 5);
  /* The case at hand: above half the guessing error, and yet rising past the middle between its first value and guessing. */
  g_assert_cmpfloat (random_error[0], >, 0.45);
  g_assert_cmpfloat (random_error[n - 1], >, 0.5 * (random_error[0] + 0.9));
  g_assert_cmpfloat (true_error[0], <, 0.45);
  g_assert_false (heft_record_get_result (record, "transition", NULL));
  g_assert_cmpfloat (result (run, "transition_true"), >, 0.03);
  reason = heft_record_dup_result_reason (record, "transition");
  g_assert_nonnull (strstr (reason, "never learned"));
  sentence = heft_run_get_experiment (run)->panels[0].sentence (record);
  g_assert_nonnull (strstr (sentence, "never learned"));
  ledger = heft_record_get_frame (record, "ledger");
  g_assert_cmpstr (heft_frame_get_text (ledger, "row:3:note"), ==, "never learned at the smallest $N\\beta$");
  assert_panels (run);
}

static void
test_random_labels_same_bytes (void)
{
  const char *settings[] = { "dataset=moons", "samples=50", "architecture=4", "epochs=2", "n-beta=0.1,1", "draws=2", NULL };

  assert_same_bytes ("random-labels", settings);
}

/* --- shannon --------------------------------------------------------------------------------------------------------- */

static const char *const shannon[] = { "dataset=digits-8x8", "samples=100", "architecture=6", "epochs=20", "datasets=4", "seeds=2",
                                       "batch=25", NULL };

static void
test_shannon (void)
{
  g_autoptr (HeftRun) run = make_run ("shannon", 2, shannon);

  finish (run);
  g_assert_cmpfloat (result (run, "expected_kl_adapted"), <, result (run, "expected_kl_fixed"));
  g_assert_cmpfloat (result (run, "expected_kl_adapted"), <, result (run, "leave_one_out"));
  g_assert_cmpfloat (result (run, "seed_entropy"), <=, log (2.0) + 1e-9);
  g_assert_cmpfloat (result (run, "information_lower"), <=, log (4.0) + 1e-9);
  g_assert_cmpfloat_with_epsilon (result (run, "per_run_fixed") - result (run, "seed_entropy"), result (run, "expected_kl_fixed"), 1e-9);
  g_assert_cmpfloat (result (run, "datasets"), ==, 4);
  assert_panels (run);
}

static const char *const shannon_low_rank[] = { "dataset=digits-8x8", "samples=100", "architecture=6", "epochs=20", "datasets=4",
                                                "seeds=2", "batch=25", "posterior=low-rank", "rank=3", NULL };

static void
test_shannon_same_bytes (void)
{
  assert_same_bytes ("shannon", shannon);
  assert_same_bytes ("shannon", shannon_low_rank);
}

/* The same identities; and the weights of a low-rank posterior do share something, or nothing of it was trained. */
static void
test_shannon_low_rank (void)
{
  g_autoptr (HeftRun) run = make_run ("shannon", 2, shannon_low_rank);
  g_autoptr (HeftFrame) frame = NULL;
  const double *factors;
  double squares = 0;
  gsize rank, k;

  finish (run);
  g_assert_cmpfloat (result (run, "expected_kl_adapted"), <, result (run, "expected_kl_fixed"));
  g_assert_cmpfloat (result (run, "expected_kl_adapted"), <, result (run, "leave_one_out"));
  g_assert_cmpfloat (result (run, "seed_entropy"), <=, log (2.0) + 1e-9);
  g_assert_cmpfloat_with_epsilon (result (run, "per_run_fixed") - result (run, "seed_entropy"), result (run, "expected_kl_fixed"), 1e-9);
  assert_panels (run);
  frame = heft_record_get_frame (heft_run_get_record (run), "training-3-1");
  factors = heft_frame_get_array (frame, "factors", &rank, &k);
  g_assert_cmpuint (rank, ==, 3);
  for (gsize i = 0; i < rank * k; i++)
    squares += factors[i] * factors[i];
  g_assert_cmpfloat (squares, >, 0);
}

/* Trainings of another kind or another rank are none of this run's: it is as if there were none. Its own are taken. */
static void
test_shannon_low_rank_resumed (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-studies-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "run.heft", NULL);
  const char *other_rank[G_N_ELEMENTS (shannon_low_rank)], *less[G_N_ELEMENTS (shannon_low_rank)];
  g_autoptr (HeftRun) whole = make_run ("shannon", 2, shannon_low_rank);
  g_autoptr (GBytes) expected = NULL;

  memcpy (other_rank, shannon_low_rank, sizeof other_rank);
  other_rank[8] = "rank=2";
  memcpy (less, shannon_low_rank, sizeof less);
  less[4] = "datasets=3";
  finish (whole);
  expected = saved_bytes (whole, path);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (HeftRun) earlier = make_run ("shannon", 2, i == 0 ? shannon : i == 1 ? other_rank : (const char *const *) less);
      g_autoptr (HeftRun) run = make_run ("shannon", 2, shannon_low_rank);
      g_autoptr (HeftSavedRun) saved = NULL;
      g_autoptr (GBytes) found = NULL;
      g_autoptr (GError) error = NULL;

      finish (earlier);
      heft_run_file_save (earlier, path, &error);
      g_assert_no_error (error);
      saved = heft_run_file_load (path, &error);
      g_assert_no_error (error);
      heft_run_set_earlier (run, saved->record);
      finish (run);
      found = saved_bytes (run, path);
      g_assert_true (g_bytes_equal (expected, found));
    }
  g_unlink (path);
  g_rmdir (folder);
}

/* A run with fewer datasets, saved and read back, is gone on from: the others alone are trained, and the file is that of a run that never
 * stopped. Another seed takes nothing from it. */
static void
test_shannon_resumed (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-studies-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "run.heft", NULL);
  g_autoptr (HeftRun) whole = make_run ("shannon", 2, shannon);
  g_autoptr (HeftRun) part = NULL;
  g_autoptr (HeftRun) rest = make_run ("shannon", 2, shannon);
  g_autoptr (HeftRun) other = make_run ("shannon", 2, shannon);
  g_autoptr (HeftSavedRun) saved = NULL;
  g_autoptr (GBytes) expected = NULL;
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GError) error = NULL;
  const char *less[G_N_ELEMENTS (shannon) + 1];

  memcpy (less, shannon, sizeof shannon);
  less[G_N_ELEMENTS (shannon) - 1] = "datasets=3";
  less[G_N_ELEMENTS (shannon)] = NULL;
  part = make_run ("shannon", 2, less);
  finish (whole);
  expected = saved_bytes (whole, path);
  finish (part);
  heft_run_file_save (part, path, &error);
  g_assert_no_error (error);
  saved = heft_run_file_load (path, &error);
  g_assert_no_error (error);
  /* A mark that training anew would not leave: resuming has to take the kept numbers. */
  {
    g_autoptr (HeftFrame) kept = heft_record_get_frame (saved->record, "training-1-1");
    HeftFrame *marked = heft_frame_new ("training-1-1", 0);
    gsize k;

    heft_frame_set_text (marked, "key", heft_frame_get_text (kept, "key"));
    heft_frame_set_number (marked, "kl", heft_frame_get_number (kept, "kl", 0));
    heft_frame_set_number (marked, "loss", heft_frame_get_number (kept, "loss", 0));
    heft_frame_set_number (marked, "train_error", heft_frame_get_number (kept, "train_error", 0));
    heft_frame_set_number (marked, "test_error", 0.125);
    heft_frame_get_array (kept, "mean", NULL, &k);
    heft_frame_set_array (marked, "mean", 1, k, heft_frame_get_array (kept, "mean", NULL, NULL));
    heft_frame_set_array (marked, "log_deviation", 1, k, heft_frame_get_array (kept, "log_deviation", NULL, NULL));
    heft_run_set_earlier (other, saved->record);
    heft_run_set_earlier (rest, saved->record);
    finish (rest);
    found = saved_bytes (rest, path);
    g_assert_true (g_bytes_equal (expected, found));
    heft_record_publish (saved->record, marked);
  }
  finish (other);
  {
    double x, y;

    heft_record_read (heft_run_get_record (other), (gsize) heft_record_find_series (saved->record, "run_test_error"), 0, 3, 1, &x, &y);
    g_assert_cmpfloat (x, ==, 4);
    g_assert_cmpfloat (y, ==, 0.125);
  }
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_shannon_refusals (void)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("shannon", NULL));
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_parameters_set (parameters, "samples", "20000", &error));
  g_assert_false (heft_parameters_check (parameters, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_false (heft_parameters_set (parameters, "datasets", "1", &error));
}

/* Paused, nothing trains; started again, it ends where it would have. */
static void
test_shannon_paused (void)
{
  g_autoptr (HeftRun) run = make_run ("shannon", 2, shannon);
  g_autoptr (HeftRun) whole = make_run ("shannon", 2, shannon);
  g_autoptr (GError) error = NULL;

  heft_run_start (run);
  heft_run_pause (run);
  while (heft_run_get_state (run) == HEFT_RUN_RUNNING)
    g_usleep (1000);
  heft_run_start (run);
  g_assert_true (heft_run_join (run, &error));
  finish (whole);
  g_assert_cmpfloat (result (run, "leave_one_out"), ==, result (whole, "leave_one_out"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/experiments/tradeoff", test_tradeoff);
  g_test_add_func ("/experiments/tradeoff/unsettled", test_tradeoff_unsettled);
  g_test_add_func ("/experiments/tradeoff/same-bytes", test_tradeoff_same_bytes);
  g_test_add_func ("/experiments/tradeoff/refusals", test_tradeoff_refusals);
  g_test_add_func ("/experiments/random-labels", test_random_labels);
  g_test_add_func ("/experiments/random-labels/never-learned", test_random_labels_never_learned);
  g_test_add_func ("/experiments/random-labels/same-bytes", test_random_labels_same_bytes);
  g_test_add_func ("/experiments/shannon", test_shannon);
  g_test_add_func ("/experiments/shannon/same-bytes", test_shannon_same_bytes);
  g_test_add_func ("/experiments/shannon/resumed", test_shannon_resumed);
  g_test_add_func ("/experiments/shannon/low-rank", test_shannon_low_rank);
  g_test_add_func ("/experiments/shannon/low-rank/resumed", test_shannon_low_rank_resumed);
  g_test_add_func ("/experiments/shannon/refusals", test_shannon_refusals);
  g_test_add_func ("/experiments/shannon/paused", test_shannon_paused);
  g_test_add_func ("/experiments/studies/stopped", test_stopped);
  return g_test_run ();
}
