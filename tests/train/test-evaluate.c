/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/pass.h>

#include "reference.h"

#define N 700
#define N_FEATURES 24
#define N_CLASSES 5

static HeftNetwork *
make_network (void)
{
  return reference_network ("20", HEFT_ACTIVATION_TANH, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
}

static HeftPosterior *
make_posterior (HeftNetwork       *network,
                HeftPosteriorKind  kind)
{
  HeftPosterior *q = heft_posterior_new (kind, heft_network_get_n_parameters (network));

  heft_network_initialise (network, 5, q->mean);
  for (gsize i = 0; q->log_deviation != NULL && i < q->n; i++)
    q->log_deviation[i] = -2.0f - 0.01f * (float) (i % 30);
  return q;
}

/* Loss and error of one set of weights, sample by sample in double precision. */
static void
slow_evaluation (HeftNetwork *network,
                 const float *weights,
                 HeftDataset *data,
                 gsize        n,
                 double      *loss,
                 double      *error_rate)
{
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, 1);
  g_autofree double *wide = reference_widen (weights, heft_network_get_n_parameters (network));
  double inputs[N_FEATURES];

  *loss = *error_rate = 0;
  for (gsize i = 0; i < n; i++)
    {
      const guint8 label = heft_dataset_get_labels (data)[i];
      const double *logits;
      double sum = 0;
      gboolean wrong = FALSE;

      heft_dataset_gather_f64 (data, NULL, i, 1, inputs);
      heft_pass_f64_forward (pass, wide, inputs, 1);
      logits = heft_pass_f64_logits (pass);
      for (guint c = 0; c < N_CLASSES; c++)
        {
          sum += exp (logits[c]);
          wrong = wrong || logits[c] > logits[label];
        }
      *loss += (log (sum) - logits[label]) / n;
      *error_rate += wrong / (double) n;
    }
}

static void
test_draws (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, N_FEATURES, N_CLASSES, 1);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) q = make_posterior (network, HEFT_POSTERIOR_MEAN_FIELD);
  g_autofree float *weights = g_new (float, q->n);
  enum { DRAWS = 4 };
  double losses[DRAWS], errors[DRAWS], mean = 0, error_mean = 0, square = 0;
  HeftEvaluation evaluation, whole;

  for (guint d = 0; d < DRAWS; d++)
    {
      heft_posterior_draw (q, 9, 3 + d, weights);
      slow_evaluation (network, weights, data, 600, &losses[d], &errors[d]);
      mean += losses[d] / DRAWS;
      error_mean += errors[d] / DRAWS;
    }
  for (guint d = 0; d < DRAWS; d++)
    square += (losses[d] - mean) * (losses[d] - mean) / (DRAWS - 1);

  g_assert_true (heft_evaluate (network, q, data, 600, 9, 3, DRAWS, 2, NULL, &evaluation, NULL));
  g_assert_cmpfloat_with_epsilon (evaluation.loss, mean, 1e-5);
  g_assert_cmpfloat_with_epsilon (evaluation.error, error_mean, 1e-9);
  g_assert_cmpfloat_with_epsilon (evaluation.loss_error, sqrt (square / DRAWS), 1e-5);
  g_assert_cmpfloat (evaluation.loss_error, >, 1e-3);
  g_assert_cmpuint (evaluation.n_draws, ==, DRAWS);
  g_assert_cmpuint (evaluation.n_samples, ==, 600);

  /* 0 samples, and more than there are, mean all. */
  g_assert_true (heft_evaluate (network, q, data, 0, 9, 3, 1, 1, NULL, &whole, NULL));
  g_assert_cmpuint (whole.n_samples, ==, N);
  g_assert_cmpfloat (whole.loss_error, ==, 0);
  g_assert_true (heft_evaluate (network, q, data, 10 * N, 9, 3, 1, 1, NULL, &evaluation, NULL));
  g_assert_cmpfloat (whole.loss, ==, evaluation.loss);
}

static void
test_mean_and_dirac (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, N_FEATURES, N_CLASSES, 1);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) q = make_posterior (network, HEFT_POSTERIOR_MEAN_FIELD);
  g_autoptr (HeftPosterior) dirac = make_posterior (network, HEFT_POSTERIOR_DIRAC);
  HeftEvaluation at_mean, of_dirac;
  double loss, error_rate;

  slow_evaluation (network, q->mean, data, N, &loss, &error_rate);
  g_assert_true (heft_evaluate_mean (network, q, data, 0, 2, NULL, &at_mean, NULL));
  g_assert_cmpfloat_with_epsilon (at_mean.loss, loss, 1e-5);
  g_assert_cmpfloat_with_epsilon (at_mean.error, error_rate, 1e-9);
  g_assert_true (heft_evaluate (network, dirac, data, 0, 4, 0, 10, 2, NULL, &of_dirac, NULL));
  g_assert_cmpfloat (of_dirac.loss, ==, at_mean.loss);
  g_assert_cmpfloat (of_dirac.loss_error, ==, 0);
  g_assert_cmpuint (of_dirac.n_draws, ==, 1);
}

static void
test_same_bits (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, N_FEATURES, N_CLASSES, 1);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) q = make_posterior (network, HEFT_POSTERIOR_MEAN_FIELD);
  HeftEvaluation evaluations[3];

  for (guint i = 0; i < 3; i++)
    {
      memset (&evaluations[i], 0, sizeof evaluations[i]);
      g_assert_true (heft_evaluate (network, q, data, 0, 9, 0, 3, 1u << i, NULL, &evaluations[i], NULL));
      g_assert_cmpfloat (evaluations[i].loss, ==, evaluations[0].loss);
      g_assert_cmpfloat (evaluations[i].error, ==, evaluations[0].error);
      g_assert_cmpfloat (evaluations[i].loss_error, ==, evaluations[0].loss_error);
    }
}

static void
test_cancel (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (N, N_FEATURES, N_CLASSES, 1);
  g_autoptr (HeftNetwork) network = make_network ();
  g_autoptr (HeftPosterior) q = make_posterior (network, HEFT_POSTERIOR_MEAN_FIELD);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  HeftEvaluation evaluation;

  g_cancellable_cancel (cancellable);
  g_assert_false (heft_evaluate (network, q, data, 0, 9, 0, 3, 2, cancellable, &evaluation, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/train/evaluate/draws", test_draws);
  g_test_add_func ("/train/evaluate/mean-and-dirac", test_mean_and_dirac);
  g_test_add_func ("/train/evaluate/same-bits", test_same_bits);
  g_test_add_func ("/train/evaluate/cancel", test_cancel);

  return g_test_run ();
}
