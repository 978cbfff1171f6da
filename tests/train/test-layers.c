/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/pass.h>

#include "gradient.h"
#include "train/operation.h"

#define N_CLASSES 4

static HeftNetwork *
make_network (const char     *architecture,
              HeftActivation  activation,
              HeftShape       input)
{
  return reference_network (architecture, activation, input, N_CLASSES);
}

/* Every kind of layer alone and in company: fused with what is behind it and not, with several readers, at the inputs and behind
 * others, with strides, padding, windows that overlap, and channel counts that fill no vector. */
static const struct { const char *architecture; HeftShape input; } cases[] = {
  { "conv3x5", { 1, 7, 6 } },
  { "conv3x5", { 3, 6, 7 } },
  { "conv3x4-conv2x3", { 2, 7, 6 } },
  { "conv3x6s2p1-conv3x18p2", { 2, 7, 7 } },
  { "conv1x6p1-conv2x5s2p3", { 2, 5, 6 } },
  { "conv2x16-pool2-conv2x33-20", { 1, 8, 9 } },
  { "conv3x5-pool3s2p1-conv1x7-pool2s1", { 2, 9, 8 } },
  { "pool2-conv2x4", { 2, 6, 6 } },
  { "avgpool2-conv2x4-avgpool3s2p1", { 2, 9, 9 } },
  { "conv3x6-gap", { 1, 6, 6 } },
  { "conv3x6-norm-conv2x4-norm2-9", { 2, 6, 6 } },
  { "norm-conv3x4", { 1, 6, 6 } },
  { "conv3x4p1-(conv3x4p1-linear-conv3x4p1)-pool2-8", { 2, 6, 6 } },
  { "conv1x3-((conv1x3)-conv3x3p1)-gap", { 2, 4, 4 } },
  { "(linear)-conv3x4", { 1, 5, 5 } },
  { "tanh-conv3x4-linear-norm-tanh-pool2", { 2, 6, 6 } },
  { "12-(12-linear-12)-norm-9", { 1, 1, 11 } },
  { "conv3x4-flatten-tanh-9", { 1, 5, 5 } },
  { "flatten-tanh-9", { 2, 3, 3 } },
  { "conv5x3-relu-pool2-relu-5", { 1, 9, 9 } },
  { "conv3x3-pool2s1p1-conv2x3-pool20p9", { 1, 7, 7 } },
};

static void
check_gradient_of (const char        *architecture,
                   HeftActivation     activation,
                   HeftShape          input,
                   HeftPosteriorKind  kind,
                   gsize              batch,
                   HeftLoss           loss,
                   double             dropout)
{
  g_autoptr (HeftDataset) data = reference_dataset (batch + 3, input.channels * input.height * input.width, N_CLASSES, 3);
  g_autoptr (HeftNetwork) network = make_network (architecture, activation, input);
  const HeftTrainerConfig config = {
    .posterior = kind, .prior = HEFT_PRIOR_ISOTROPIC, .lambda = 0.2, .beta = 1e-3, .batch = batch, .initial_deviation = 0.05,
    .loss = loss, .dropout = dropout,
  };

  g_test_message ("%s, batch %zu", architecture, batch);
  reference_check_gradient (network, data, &config);
}

static void
check_gradient (const char        *architecture,
                HeftActivation     activation,
                HeftShape          input,
                HeftPosteriorKind  kind,
                gsize              batch_size)
{
  check_gradient_of (architecture, activation, input, kind, batch_size, (HeftLoss) { HEFT_LOSS_SOFTMAX, 0 }, 0);
}

static void
test_gradient_dirac (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_gradient (cases[i].architecture, HEFT_ACTIVATION_TANH, cases[i].input, HEFT_POSTERIOR_DIRAC, 5);
}

static void
test_gradient_mean_field (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_gradient (cases[i].architecture, HEFT_ACTIVATION_TANH, cases[i].input, HEFT_POSTERIOR_MEAN_FIELD, 5);
}

static void
test_gradient_activations (void)
{
  for (HeftActivation a = HEFT_ACTIVATION_LINEAR; a <= HEFT_ACTIVATION_GELU; a++)
    for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
      check_gradient ("conv3x4-norm-conv2x3-pool2", a, (HeftShape) { 1, 6, 6 }, kind, 4);
}

/* Batches that are cut into several parts. */
static void
test_gradient_shards (void)
{
  for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
    check_gradient ("conv3x16p1-(conv3x16p1)-pool2-20", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 8, 8 }, kind, 66);
}

static void
test_gradient_losses (void)
{
  static const HeftLoss losses[] = { { HEFT_LOSS_BINARY, 0 }, { HEFT_LOSS_GAUSSIAN, 0.7 } };

  for (guint i = 0; i < G_N_ELEMENTS (losses); i++)
    for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
      {
        check_gradient_of ("9-8", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 1, 7 }, kind, 6, losses[i], 0);
        check_gradient_of ("conv3x4-6", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 5, 5 }, kind, 6, losses[i], 0);
      }
}

static void
test_gradient_dropout (void)
{
  for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
    check_gradient_of ("19-300", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 1, 7 }, kind, 6, (HeftLoss) { HEFT_LOSS_SOFTMAX, 0 }, 0.3);
}

/* Evaluation under each loss against the library's own losses, at the mean and by a draw. */
static void
test_evaluation (void)
{
  const gsize n = 30, d = 9;
  g_autoptr (HeftDataset) data = reference_dataset (n, d, N_CLASSES, 4);
  g_autoptr (HeftNetwork) network = make_network ("8", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 1, d });
  g_autoptr (HeftPosterior) q = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, heft_network_get_n_parameters (network));
  g_autoptr (HeftPassF32) pass = heft_pass_f32_new (network, n);
  g_autofree float *inputs = g_new (float, n * d), *weights = g_new (float, q->n), *targets = g_new0 (float, n * N_CLASSES);
  const guint8 *labels = heft_dataset_get_labels (data);

  heft_network_initialise (network, 5, q->mean);
  for (gsize i = 0; i < q->n; i++)
    q->log_deviation[i] = -2;
  for (gsize s = 0; s < n; s++)
    targets[s * N_CLASSES + labels[s]] = 1;
  heft_dataset_gather_f32 (data, NULL, 0, n, inputs);
  for (guint kind = HEFT_LOSS_SOFTMAX; kind <= HEFT_LOSS_GAUSSIAN; kind++)
    for (guint at_mean = 0; at_mean < 2; at_mean++)
      {
        const HeftLoss loss = { kind, 0.5 };
        float losses[30];
        double expected = 0;
        HeftEvaluation evaluation;

        heft_posterior_draw (q, 9, 3, weights);
        heft_pass_f32_forward (pass, at_mean ? q->mean : weights, inputs, n);
        if (kind == HEFT_LOSS_SOFTMAX)
          heft_softmax_cross_entropy_f32 (heft_pass_f32_logits (pass), labels, n, N_CLASSES, losses, NULL, NULL);
        else if (kind == HEFT_LOSS_BINARY)
          heft_binary_cross_entropy_f32 (heft_pass_f32_logits (pass), labels, n, N_CLASSES, losses, NULL, NULL);
        else
          heft_squared_error_f32 (heft_pass_f32_logits (pass), targets, n, N_CLASSES, 0.5, losses, NULL);
        for (gsize s = 0; s < n; s++)
          expected += (double) losses[s] / (double) n;
        g_assert_true (heft_evaluate_loss (network, q, &loss, at_mean, data, 0, 9, 3, 1, 1, NULL, &evaluation, NULL));
        g_assert_cmpfloat_with_epsilon (evaluation.loss, expected, 1e-5 * expected);
      }
}

static void
test_refusals (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (20, 9, N_CLASSES, 4);
  g_autoptr (HeftNetwork) network = make_network ("8", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 1, 9 });
  HeftTrainerConfig bad[] = { heft_trainer_config_default (), heft_trainer_config_default (), heft_trainer_config_default () };

  bad[0].dropout = 1;
  bad[1].loss = (HeftLoss) { HEFT_LOSS_GAUSSIAN, 0 };
  bad[2].loss.kind = HEFT_LOSS_BINARY;
  bad[2].objective = HEFT_OBJECTIVE_INFORMATION + 1;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (heft_trainer_new (network, data, &bad[i], &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
    }
}

/* The Dirac's loss through the library's own double-precision pass. */
static void
test_loss_equals_pass (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const HeftShape input = cases[i].input;
      const gsize d = input.channels * input.height * input.width, n = 40;
      g_autoptr (HeftDataset) data = reference_dataset (n, d, N_CLASSES, 4);
      g_autoptr (HeftNetwork) network = make_network (cases[i].architecture, HEFT_ACTIVATION_RELU, input);
      HeftTrainerConfig config = heft_trainer_config_default ();
      g_autoptr (HeftTrainer) trainer = NULL;
      g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, n);
      g_autofree double *inputs = g_new (double, n * d), *losses = g_new (double, n), *weights = NULL;
      double loss = 0;

      config.posterior = HEFT_POSTERIOR_DIRAC;
      config.batch = 1000;
      trainer = reference_trainer (network, data, &config);
      weights = reference_widen (heft_trainer_get_posterior (trainer)->mean, heft_network_get_n_parameters (network));
      heft_dataset_gather_f64 (data, NULL, 0, n, inputs);
      heft_pass_f64_forward (pass, weights, inputs, n);
      heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), heft_dataset_get_labels (data), n, N_CLASSES, losses, NULL,
                                      NULL);
      for (gsize s = 0; s < n; s++)
        loss += losses[s] / (double) n;
      g_assert_cmpfloat_with_epsilon (reference_step (trainer).loss, loss, 2e-6);
    }
}

static void
test_same_bits (void)
{
  static const struct { const char *architecture; gsize batch; } networks[] = {
    { "conv3x5", 6 }, { "conv3x16p1-pool2-conv3x20-norm-40", 64 }, { "conv3x8p1-(conv3x8p1)-gap", 300 },
  };
  const HeftShape input = { 2, 10, 10 };
  const guint threads[] = { 1, 2, 4 };
  g_autoptr (HeftDataset) data = reference_dataset (400, 200, N_CLASSES, 6);

  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
      {
        g_autoptr (HeftNetwork) network = make_network (networks[i].architecture, HEFT_ACTIVATION_RELU, input);
        g_autoptr (HeftPosterior) first = NULL;

        for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
          {
            HeftTrainerConfig config = heft_trainer_config_default ();
            g_autoptr (HeftTrainer) trainer = NULL;
            const HeftPosterior *q;
            const gsize size = heft_network_get_n_parameters (network) * sizeof (float);

            config.posterior = kind;
            config.batch = networks[i].batch;
            config.n_threads = threads[t];
            trainer = reference_trainer (network, data, &config);
            for (guint s = 0; s < 4; s++)
              reference_step (trainer);
            q = heft_trainer_get_posterior (trainer);
            if (first == NULL)
              first = heft_posterior_copy (q);
            g_test_message ("%s %d %u", networks[i].architecture, kind, threads[t]);
            g_assert_cmpmem (q->mean, size, first->mean, size);
            if (q->log_deviation != NULL)
              g_assert_cmpmem (q->log_deviation, size, first->log_deviation, size);
          }
      }
}

/* Changing the batch moves every matrix; the next step must be as good as one of a trainer that began so. */
static void
test_batch_changes (void)
{
  const HeftShape input = { 1, 8, 8 };
  g_autoptr (HeftDataset) data = reference_dataset (50, 64, N_CLASSES, 6);
  g_autoptr (HeftNetwork) network = make_network ("conv3x5p1-pool2-(conv3x5p1)-9", HEFT_ACTIVATION_RELU, input);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) one = NULL, other = NULL;

  config.batch = 50;
  one = reference_trainer (network, data, &config);
  config.batch = 7;
  other = reference_trainer (network, data, &config);
  g_assert_true (heft_trainer_set_batch (other, 50, NULL));
  g_assert_cmpfloat (reference_step (one).loss, ==, reference_step (other).loss);
  g_assert_cmpfloat (reference_step (one).loss, ==, reference_step (other).loss);
}

/* A chain of dense layers takes the way made for it. */
static void
test_chain (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (50, 12, N_CLASSES, 6);
  g_autoptr (HeftNetwork) chain = make_network ("8-tanh-9-linear", HEFT_ACTIVATION_RELU, (HeftShape) { 3, 2, 2 });
  g_autoptr (HeftNetwork) other = make_network ("8-norm-9", HEFT_ACTIVATION_RELU, (HeftShape) { 3, 2, 2 });
  const HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = reference_trainer (chain, data, &config), second = reference_trainer (other, data, &config);

  g_assert_cmpuint (trainer->n_operations, ==, 0);
  g_assert_cmpuint (second->n_operations, ==, 5);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/train/layers/gradient-dirac", test_gradient_dirac);
  g_test_add_func ("/train/layers/gradient-mean-field", test_gradient_mean_field);
  g_test_add_func ("/train/layers/gradient-activations", test_gradient_activations);
  g_test_add_func ("/train/layers/gradient-shards", test_gradient_shards);
  g_test_add_func ("/train/layers/gradient-losses", test_gradient_losses);
  g_test_add_func ("/train/layers/gradient-dropout", test_gradient_dropout);
  g_test_add_func ("/train/layers/evaluation", test_evaluation);
  g_test_add_func ("/train/layers/refusals", test_refusals);
  g_test_add_func ("/train/layers/loss-equals-pass", test_loss_equals_pass);
  g_test_add_func ("/train/layers/same-bits", test_same_bits);
  g_test_add_func ("/train/layers/batch-changes", test_batch_changes);
  g_test_add_func ("/train/layers/chain", test_chain);

  return g_test_run ();
}
