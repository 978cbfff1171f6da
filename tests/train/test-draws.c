/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Weight draws that arrive one by one. */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/trainer.h>

#include "reference.h"

#define N 137

static HeftNetwork *
make_network (void)
{
  return reference_network ("20", HEFT_ACTIVATION_TANH, (HeftShape) { 12, 1, 1 }, 4);
}

static HeftPosterior *
make_posterior (HeftNetwork *network)
{
  HeftPosterior *posterior = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));

  heft_network_initialise (network, 5, posterior->mean);
  for (gsize i = 0; i < posterior->n; i++)
    posterior->log_deviation[i] = -1.5f;
  return posterior;
}

/* On all samples a draw is what heft_evaluate() makes of the draw of that number, however many threads there are. */
static void
test_all_samples (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, 12, 4, 3);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) posterior = make_posterior (network);
  g_autoptr (HeftDraws) one = heft_draws_new (network, posterior, data, 0, 9, 1e6, 1);
  g_autoptr (HeftDraws) three = heft_draws_new (network, posterior, data, 0, 9, 1e6, 3);
  HeftDraw a[6], b[6];

  g_assert_true (heft_draws_take (one, 4, 6, a, NULL, NULL));
  g_assert_true (heft_draws_take (three, 4, 2, b, NULL, NULL));
  g_assert_true (heft_draws_take (three, 6, 4, b + 2, NULL, NULL));
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
  for (guint i = 0; i < 6; i++)
    {
      HeftEvaluation evaluation;

      g_assert_true (heft_evaluate (network, posterior, data, 0, 9, 4 + i, 1, 1, NULL, &evaluation, NULL));
      g_assert_cmpfloat_with_epsilon (a[i].error, evaluation.error, 1e-12);
      /* No loss reaches a million nats, so the risk is the loss over that. */
      g_assert_cmpfloat_with_epsilon (a[i].risk * 1e6, evaluation.loss, 1e-5);
      g_assert_cmpfloat_with_epsilon (a[i].loss, evaluation.loss, 1e-6);
    }
}

static void
draw_by_hand (guint64 draw, float *weights, gpointer user_data)
{
  heft_posterior_draw (user_data, 9, draw, weights);
}

/* The weights of a function are any Q's. */
static void
test_from (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, 12, 4, 3);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) posterior = make_posterior (network);
  g_autoptr (HeftDraws) own = heft_draws_new (network, posterior, data, 8, 9, 3, 2);
  g_autoptr (HeftDraws) other = heft_draws_new_from (network, draw_by_hand, posterior, data, 8, 9, 3, 2);
  HeftDraw a[20], b[20];

  g_assert_true (heft_draws_take (own, 3, 20, a, NULL, NULL));
  g_assert_true (heft_draws_take (other, 3, 20, b, NULL, NULL));
  g_assert_cmpmem (a, sizeof a, b, sizeof b);
}

/* On samples drawn anew the mean is that of all samples, within five standard errors. */
static void
test_some_samples (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, 12, 4, 3);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) posterior = make_posterior (network);
  g_autoptr (HeftDraws) some = heft_draws_new (network, posterior, data, 8, 9, log (100), 2);
  g_autoptr (HeftDraws) all = heft_draws_new (network, posterior, data, 0, 9, log (100), 2);
  g_autofree HeftDraw *a = g_new (HeftDraw, 4000), *b = g_new (HeftDraw, 4000);
  double error = 0, square = 0, risk = 0, error_all = 0, risk_all = 0, standard;

  g_assert_true (heft_draws_take (some, 0, 4000, a, NULL, NULL));
  g_assert_true (heft_draws_take (all, 0, 4000, b, NULL, NULL));
  for (guint i = 0; i < 4000; i++)
    {
      g_assert_true (a[i].error >= 0 && a[i].error <= 1 && a[i].risk >= 0 && a[i].risk <= 1);
      error += a[i].error / 4000;
      square += a[i].error * a[i].error / 4000;
      risk += a[i].risk / 4000;
      error_all += b[i].error / 4000;
      risk_all += b[i].risk / 4000;
    }
  standard = sqrt ((square - error * error) / 4000);
  g_assert_cmpfloat (fabs (error - error_all), <, 5 * standard);
  /* A clamped loss varies no more than an error does. */
  g_assert_cmpfloat (fabs (risk - risk_all), <, 5 * standard);
}

/* A point has one weight vector, a ceiling is the most that counts, and a cancelled call says so. */
static void
test_ends (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, 12, 4, 3);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) point = heft_posterior_new (HEFT_POSTERIOR_DIRAC, heft_network_get_n_parameters (network));
  g_autoptr (HeftDraws) draws = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  HeftDraw out[2];

  heft_network_initialise (network, 5, point->mean);
  draws = heft_draws_new (network, point, data, 0, 9, 1e-6, 2);
  g_assert_true (heft_draws_take (draws, 0, 2, out, NULL, NULL));
  g_assert_cmpmem (&out[0], sizeof out[0], &out[1], sizeof out[1]);
  g_assert_cmpfloat (out[0].risk, ==, 1);
  g_cancellable_cancel (cancellable);
  g_assert_false (heft_draws_take (draws, 0, 2, out, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/draws/all-samples", test_all_samples);
  g_test_add_func ("/train/draws/from", test_from);
  g_test_add_func ("/train/draws/some-samples", test_some_samples);
  g_test_add_func ("/train/draws/ends", test_ends);
  return g_test_run ();
}
