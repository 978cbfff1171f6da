/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/pass.h>

#include "gradient.h"
#include "train/trainer-private.h"

#define N_FEATURES 24
#define N_CLASSES 5

static HeftNetwork *
make_network (const char     *architecture,
              HeftActivation  activation)
{
  return reference_network (architecture, activation, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
}

/* --- The gradient --------------------------------------------------------------------------------------------------------- */

static void
check_gradient (const char        *architecture,
                HeftActivation     activation,
                HeftPosteriorKind  posterior,
                HeftPriorKind      prior,
                gsize              batch)
{
  g_autoptr (HeftDataset) data = reference_dataset (batch + 7, N_FEATURES, N_CLASSES, 3);
  g_autoptr (HeftNetwork) network = make_network (architecture, activation);
  const HeftTrainerConfig config = {
    .posterior = posterior, .prior = prior, .lambda = 0.2, .beta = 1e-3, .batch = batch, .initial_deviation = 0.05,
  };

  reference_check_gradient (network, data, &config);
}

/* Each way of cutting a step up: alone; layers whose inputs stay whole or go in two, four and eight parts; the last layer, or all,
 * by rows; tiles narrower than a layer. */
static const struct { const char *architecture; gsize batch; } shapes[] = {
  { "", 9 }, { "12-7", 10 }, { "40-140", 130 }, { "130-20", 210 }, { "520-16", 40 }, { "1030", 30 },
  { "60-60", 290 },
};

static void
test_gradient_dirac (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    check_gradient (shapes[i].architecture, HEFT_ACTIVATION_TANH, HEFT_POSTERIOR_DIRAC, HEFT_PRIOR_ISOTROPIC, shapes[i].batch);
}

static void
test_gradient_mean_field (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    check_gradient (shapes[i].architecture, HEFT_ACTIVATION_TANH, HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_ISOTROPIC,
                    shapes[i].batch);
}

static void
test_gradient_activations (void)
{
  for (HeftActivation a = HEFT_ACTIVATION_LINEAR; a <= HEFT_ACTIVATION_GELU; a++)
    {
      check_gradient ("9-8", a, HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_ISOTROPIC, 12);
      check_gradient ("9-8", a, HEFT_POSTERIOR_DIRAC, HEFT_PRIOR_ISOTROPIC, 12);
    }
}

static void
test_gradient_priors (void)
{
  for (HeftPriorKind p = HEFT_PRIOR_ISOTROPIC; p <= HEFT_PRIOR_EMPIRICAL_BAYES; p++)
    check_gradient ("11", HEFT_ACTIVATION_SOFTPLUS, HEFT_POSTERIOR_MEAN_FIELD, p, 8);
}

/* Pixels kept as bytes are multiplied as they are: the same bits as with the numbers that they stand for. */
static void
check_bytes (HeftPosteriorKind posterior,
             HeftNoise         noise,
             const char       *architecture)
{
  enum { N = 300 };
  guint8 pixels[N * N_FEATURES], labels[N];
  float numbers[N * N_FEATURES];
  g_autoptr (HeftNetwork) network = make_network (architecture, HEFT_ACTIVATION_RELU);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (HeftDataset) as_bytes = NULL, as_floats = NULL;
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) first = NULL, second = NULL;

  for (gsize i = 0; i < N * N_FEATURES; i++)
    pixels[i] = (guint8) ((i * 41 + i / 7) & 255);
  for (gsize i = 0; i < N; i++)
    labels[i] = (guint8) (i % N_CLASSES);
  bytes = g_bytes_new (pixels, sizeof pixels);
  as_bytes = heft_dataset_new_bytes ("bytes", N, 1, 1, N_FEATURES, bytes, labels, N_CLASSES);
  heft_dataset_gather_f32 (as_bytes, NULL, 0, N, numbers);
  as_floats = heft_dataset_new_floats ("floats", N, N_FEATURES, numbers, labels, N_CLASSES);

  config.posterior = posterior;
  config.noise = noise;
  config.batch = 150;
  first = reference_trainer (network, as_bytes, &config);
  second = reference_trainer (network, as_floats, &config);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat (reference_step (first).loss, ==, reference_step (second).loss);
  g_assert_cmpmem (heft_trainer_get_posterior (first)->mean, heft_network_get_n_parameters (network) * sizeof (float),
                   heft_trainer_get_posterior (second)->mean, heft_network_get_n_parameters (network) * sizeof (float));
}

static void
test_bytes (void)
{
  const char * const architectures[] = { "10", "60-60", "520-16" };   /* alone, by rows, by parts of the inputs */

  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      check_bytes (HEFT_POSTERIOR_DIRAC, HEFT_NOISE_LOCAL, architectures[i]);
      check_bytes (HEFT_POSTERIOR_MEAN_FIELD, HEFT_NOISE_LOCAL, architectures[i]);
      check_bytes (HEFT_POSTERIOR_MEAN_FIELD, HEFT_NOISE_FLIPOUT, architectures[i]);
    }
}

/* The Dirac's loss through the library's own double-precision pass. */
static void
test_loss_equals_pass (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (300, N_FEATURES, N_CLASSES, 4);
  g_autoptr (HeftNetwork) network = make_network ("130-20", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, 300);
  g_autofree double *inputs = g_new (double, 300 * N_FEATURES), *losses = g_new (double, 300), *weights = NULL;
  double loss = 0;

  config.posterior = HEFT_POSTERIOR_DIRAC;
  config.batch = 1000;
  trainer = reference_trainer (network, data, &config);
  weights = reference_widen (heft_trainer_get_posterior (trainer)->mean, heft_network_get_n_parameters (network));
  heft_dataset_gather_f64 (data, NULL, 0, 300, inputs);
  heft_pass_f64_forward (pass, weights, inputs, 300);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), heft_dataset_get_labels (data), 300, N_CLASSES, losses, NULL, NULL);
  for (guint i = 0; i < 300; i++)
    loss += losses[i] / 300;
  g_assert_cmpfloat_with_epsilon (reference_step (trainer).loss, loss, 1e-6);
}

/* --- The code --------------------------------------------------------------------------------------------------------------- */

static void
test_kl_equals_code (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (400, N_FEATURES, N_CLASSES, 5);
  g_autoptr (HeftNetwork) network = make_network ("130-20", HEFT_ACTIVATION_RELU);

  for (HeftPriorKind kind = HEFT_PRIOR_ISOTROPIC; kind <= HEFT_PRIOR_EMPIRICAL_BAYES; kind++)
    for (HeftOptimizer optimizer = HEFT_OPTIMIZER_SGD; optimizer <= HEFT_OPTIMIZER_ADAM; optimizer++)
      {
        HeftTrainerConfig config = heft_trainer_config_default ();
        const double k = heft_network_get_n_parameters (network);
        g_autoptr (HeftTrainer) trainer = NULL;

        config.prior = kind;
        config.optimizer = optimizer;
        config.learning_rate = 0.01;
        config.beta = 1e-3;
        config.batch = 64;
        trainer = reference_trainer (network, data, &config);
        for (guint i = 0; i < 20; i++)
          {
            const double expected = heft_code_kl (network, heft_trainer_get_prior (trainer),
                                                  heft_trainer_get_posterior (trainer), NULL);

            /* k terms that may cancel, each with the rounding of a variance in single precision. */
            g_assert_cmpfloat_with_epsilon (reference_step (trainer).kl, expected, 1e-6 * expected + 1e-7 * k);
          }
      }
}

static void
test_empirical_bayes_lambda (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (100, N_FEATURES, N_CLASSES, 5);
  g_autoptr (HeftNetwork) network = make_network ("30", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;

  config.prior = HEFT_PRIOR_EMPIRICAL_BAYES;
  trainer = reference_trainer (network, data, &config);
  for (guint i = 0; i < 5; i++)
    {
      reference_step (trainer);
      for (gsize l = 0; l < 2; l++)
        {
          const HeftPrior *prior = heft_trainer_get_prior (trainer);
          const double square = heft_code_second_moment (network, prior, heft_trainer_get_posterior (trainer), l);

          g_assert_cmpfloat_with_epsilon (heft_prior_get_lambda (prior, l), sqrt (square), 1e-6 * sqrt (square));
        }
    }
}

static void
test_dirac_has_no_finite_kl (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (50, N_FEATURES, N_CLASSES, 5);
  g_autoptr (HeftNetwork) network = make_network ("", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;

  config.posterior = HEFT_POSTERIOR_DIRAC;
  trainer = reference_trainer (network, data, &config);
  g_assert_true (isinf (reference_step (trainer).kl));
}

/* --- The same bits ------------------------------------------------------------------------------------------------------------ */

typedef struct
{
  HeftStep       steps[12];
  HeftPosterior *posterior;
} Trace;

static void
trace_run (Trace                   *trace,
           HeftNetwork             *network,
           HeftDataset             *data,
           const HeftTrainerConfig *config)
{
  g_autoptr (HeftTrainer) trainer = reference_trainer (network, data, config);

  memset (trace->steps, 0, sizeof trace->steps);
  for (guint i = 0; i < G_N_ELEMENTS (trace->steps); i++)
    trace->steps[i] = reference_step (trainer);
  trace->posterior = heft_posterior_copy (heft_trainer_get_posterior (trainer));
}

static void
assert_same (const Trace *a,
             const Trace *b)
{
  const gsize size = a->posterior->n * sizeof (float);

  g_assert_cmpmem (a->posterior->mean, size, b->posterior->mean, size);
  if (a->posterior->log_deviation != NULL)
    g_assert_cmpmem (a->posterior->log_deviation, size, b->posterior->log_deviation, size);
  g_assert_cmpmem (a->steps, sizeof a->steps, b->steps, sizeof b->steps);
}

static void
test_same_bits (void)
{
  static const struct { const char *architecture; gsize batch; } cases[] = {
    { "12", 16 }, { "150-520", 64 }, { "150-40", 128 }, { "150-520", 300 }, { "300", 700 },
  };
  const guint threads[] = { 1, 2, 4, 1 };
  g_autoptr (HeftDataset) data = reference_dataset (900, N_FEATURES, N_CLASSES, 6);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
      {
        g_autoptr (HeftNetwork) network = make_network (cases[i].architecture, HEFT_ACTIVATION_RELU);
        HeftTrainerConfig config = heft_trainer_config_default ();
        Trace traces[G_N_ELEMENTS (threads)];

        config.posterior = kind;
        config.batch = cases[i].batch;
        config.seed = 21;
        for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
          {
            config.n_threads = threads[t];
            trace_run (&traces[t], network, data, &config);
            assert_same (&traces[0], &traces[t]);
          }
        config.seed = 22;
        {
          Trace other;

          trace_run (&other, network, data, &config);
          g_assert_cmpfloat (other.steps[11].loss, !=, traces[0].steps[11].loss);
          heft_posterior_free (other.posterior);
        }
        for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
          heft_posterior_free (traces[t].posterior);
      }
}

/* --- The loop ------------------------------------------------------------------------------------------------------------------- */

static void
test_epochs_see_every_sample_once (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (60, N_FEATURES, N_CLASSES, 7);
  g_autoptr (HeftNetwork) network = make_network ("", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  guint seen[60] = { 0 };

  config.batch = 40;
  trainer = reference_trainer (network, data, &config);
  g_assert_cmpuint (heft_trainer_get_steps_per_epoch (trainer), ==, 2);
  for (guint i = 1; i <= 3; i++)
    {
      const HeftStep step = reference_step (trainer);

      g_assert_cmpuint (step.step, ==, i);
      g_assert_cmpfloat_with_epsilon (step.epoch, i * 40 / 60.0, 1e-12);
      for (guint k = 0; k < 40; k++)
        seen[trainer->indices[k]]++;
      /* One and a third orders after two batches, two whole ones after three. */
      if (i == 2)
        for (guint k = 0; k < 60; k++)
          g_assert_cmpuint (seen[k], >=, 1);
    }
  for (guint k = 0; k < 60; k++)
    g_assert_cmpuint (seen[k], ==, 2);

  g_assert_true (heft_trainer_set_batch (trainer, 100, NULL));
  g_assert_cmpuint (heft_trainer_get_steps_per_epoch (trainer), ==, 1);
  g_assert_cmpfloat_with_epsilon (reference_step (trainer).epoch, 3, 1e-12);
}

static void
test_live_changes (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (500, N_FEATURES, N_CLASSES, 8);
  g_autoptr (HeftNetwork) network = make_network ("130", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = reference_trainer (network, data, &config);
  g_autoptr (HeftPosterior) before = NULL;
  const HeftPosterior *q = heft_trainer_get_posterior (trainer);
  double kl, priced;

  for (guint i = 0; i < 10; i++)
    reference_step (trainer);
  before = heft_posterior_copy (q);
  kl = heft_code_kl (network, heft_trainer_get_prior (trainer), q, NULL);

  heft_trainer_set_beta (trainer, 0.01);
  heft_trainer_set_lambda (trainer, 0.3);
  heft_trainer_set_layer_lambda (trainer, 1, 0.4);
  heft_trainer_set_learning_rate (trainer, 0.002);
  heft_trainer_set_momentum (trainer, 0.5);
  g_assert_true (heft_trainer_set_batch (trainer, 300, NULL));
  g_assert_cmpmem (q->mean, q->n * sizeof (float), before->mean, q->n * sizeof (float));
  g_assert_cmpmem (q->log_deviation, q->n * sizeof (float), before->log_deviation, q->n * sizeof (float));
  g_assert_cmpuint (heft_trainer_get_step (trainer), ==, 10);

  /* The new lambda prices the same posterior at once. */
  priced = heft_code_kl (network, heft_trainer_get_prior (trainer), q, NULL);
  g_assert_cmpfloat (fabs (priced - kl), >, 1);
  {
    const HeftStep step = reference_step (trainer);

    g_assert_cmpfloat_with_epsilon (step.kl, priced, 1e-6 * priced);
    g_assert_cmpuint (step.step, ==, 11);
  }
}

static void
test_beta_lowers_kl (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (200, N_FEATURES, N_CLASSES, 8);
  g_autoptr (HeftNetwork) network = make_network ("30", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  double before;

  config.learning_rate = 0.01;
  config.beta = 1e-4;
  trainer = reference_trainer (network, data, &config);
  for (guint i = 0; i < 60; i++)
    before = reference_step (trainer).kl;
  heft_trainer_set_beta (trainer, 1e-2);
  for (guint i = 0; i < 60; i++)
    reference_step (trainer);
  g_assert_cmpfloat (reference_step (trainer).kl, <, 0.5 * before);
}

static void
test_warm_start (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (300, N_FEATURES, N_CLASSES, 9);
  g_autoptr (HeftNetwork) network = make_network ("30", HEFT_ACTIVATION_RELU), other = make_network ("31", HEFT_ACTIVATION_RELU);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = reference_trainer (network, data, &config), second = reference_trainer (network, data, &config);
  g_autoptr (HeftTrainer) stranger = reference_trainer (other, data, &config);
  g_autoptr (HeftPosterior) broken = NULL;
  g_autoptr (GError) error = NULL;
  const HeftPosterior *q = heft_trainer_get_posterior (trainer);
  double kl, moved = 0;

  for (guint i = 0; i < 5; i++)
    reference_step (trainer);
  kl = heft_code_kl (network, heft_trainer_get_prior (trainer), q, NULL);
  g_assert_true (heft_trainer_set_posterior (second, q, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (reference_step (second).kl, kl, 1e-6 * kl);

  /* Adam without a past moves every number by its rate; with one it would not. */
  broken = heft_posterior_copy (q);
  g_assert_true (heft_trainer_set_posterior (trainer, broken, NULL));
  reference_step (trainer);
  for (gsize i = 0; i < q->n; i++)
    moved += fabs (q->mean[i] - broken->mean[i]) / q->n;
  g_assert_cmpfloat_with_epsilon (moved / config.learning_rate, 1, 0.01);
  heft_posterior_free (g_steal_pointer (&broken));

  g_assert_false (heft_trainer_set_posterior (stranger, q, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  broken = heft_posterior_copy (q);
  broken->log_deviation[3] = NAN;
  g_assert_false (heft_trainer_set_posterior (second, broken, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

/* --- What goes wrong --------------------------------------------------------------------------------------------------------------- */

static void
test_divergence (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (500, N_FEATURES, N_CLASSES, 10);
  g_autoptr (HeftNetwork) network = make_network ("150-150", HEFT_ACTIVATION_RELU);

  for (HeftPosteriorKind kind = HEFT_POSTERIOR_DIRAC; kind <= HEFT_POSTERIOR_MEAN_FIELD; kind++)
    for (guint batch = 64; batch <= 256; batch *= 4)
      {
        HeftTrainerConfig config = heft_trainer_config_default ();
        g_autoptr (HeftTrainer) trainer = NULL;
        g_autoptr (GError) error = NULL;
        const HeftPosterior *q;
        guint64 n = 0;

        config.posterior = kind;
        config.learning_rate = 10;
        config.batch = batch;
        config.n_threads = 2;
        trainer = reference_trainer (network, data, &config);
        while (n < 20 && heft_trainer_step (trainer, NULL, &error))
          n++;
        g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
        g_assert_nonnull (strstr (error->message, "step"));
        g_assert_nonnull (strstr (error->message, "layer dense"));
        g_assert_nonnull (strstr (error->message, "learning rate 10 "));
        g_assert_cmpuint (heft_trainer_get_step (trainer), ==, n);
        q = heft_trainer_get_posterior (trainer);
        for (gsize i = 0; i < q->n; i++)
          {
            g_assert_true (isfinite (q->mean[i]));
            g_assert_true (q->log_deviation == NULL || isfinite (expf (2 * q->log_deviation[i])));
          }
      }
}

/* Weights that are finite but whose products are not. */
static void
test_overflow_names_layer (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (100, N_FEATURES, N_CLASSES, 10);
  g_autoptr (HeftNetwork) network = make_network ("20-20", HEFT_ACTIVATION_LINEAR);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autoptr (HeftPosterior) huge = NULL;
  g_autoptr (GError) error = NULL;
  const HeftLayer *layer = heft_network_get_weight_layer (network, 1);

  config.posterior = HEFT_POSTERIOR_DIRAC;
  trainer = reference_trainer (network, data, &config);
  huge = heft_posterior_copy (heft_trainer_get_posterior (trainer));
  for (gsize i = 0; i < layer->n_parameters; i++)
    huge->mean[layer->offset + i] = 3e38f;
  g_assert_true (heft_trainer_set_posterior (trainer, huge, NULL));
  g_assert_false (heft_trainer_step (trainer, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
  g_assert_nonnull (strstr (error->message, layer->name));
  g_assert_nonnull (strstr (error->message, "step 1"));
  g_assert_cmpmem (huge->mean, huge->n * sizeof (float), heft_trainer_get_posterior (trainer)->mean, huge->n * sizeof (float));
}

/* Where every output is finite it is the layer whose weights grew most, wherever it stands. */
static void
test_growth_names_layer (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (100, N_FEATURES, N_CLASSES, 10);
  g_autoptr (HeftNetwork) network = make_network ("20-20", HEFT_ACTIVATION_LINEAR);
  guint named[3] = { 0 };

  for (guint64 seed = 1; seed <= 40; seed++)
    {
      HeftTrainerConfig config = heft_trainer_config_default ();
      g_autoptr (HeftTrainer) trainer = NULL;
      g_autoptr (HeftPosterior) before = NULL;
      g_autoptr (GError) error = NULL;
      const HeftPosterior *after;
      guint most = 0;
      double growth[3];

      config.posterior = HEFT_POSTERIOR_DIRAC;
      config.optimizer = HEFT_OPTIMIZER_SGD;
      config.learning_rate = 5 * (1 + (double) (seed % 5));
      config.seed = seed;
      trainer = reference_trainer (network, data, &config);
      before = heft_posterior_copy (heft_trainer_get_posterior (trainer));
      for (guint step = 0; step < 50 && heft_trainer_step (trainer, NULL, &error); step++)
        ;
      if (error == NULL || strstr (error->message, "grew most") == NULL)
        continue;
      after = heft_trainer_get_posterior (trainer);
      for (guint l = 0; l < 3; l++)
        {
          const HeftLayer *layer = heft_network_get_weight_layer (network, l);
          double squares[2] = { 0 };

          for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
            {
              squares[0] += (double) before->mean[i] * before->mean[i];
              squares[1] += (double) after->mean[i] * after->mean[i];
            }
          growth[l] = squares[1] / squares[0];
          if (growth[l] > growth[most])
            most = l;
        }
      for (guint l = 0; l < 3; l++)
        {
          g_autofree char *says = g_strdup_printf ("layer %s grew most", heft_network_get_weight_layer (network, l)->name);

          /* Sums in single precision do not tell equal growths apart. */
          g_assert_true (strstr (error->message, says) == NULL || growth[l] >= 0.999 * growth[most]);
        }
      named[most]++;
    }
  /* Not always the first or the last of them. */
  g_assert_cmpuint ((named[0] > 0) + (named[1] > 0) + (named[2] > 0), >=, 2);
}

static void
test_refusals (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (50, N_FEATURES, N_CLASSES, 10), wide = reference_dataset (50, 30, N_CLASSES, 1);
  g_autoptr (HeftDataset) many = reference_dataset (50, N_FEATURES, N_CLASSES + 4, 1);
  g_autoptr (HeftNetwork) network = make_network ("20", HEFT_ACTIVATION_RELU);
  const HeftTrainerConfig good = heft_trainer_config_default ();
  HeftTrainerConfig bad[7] = { good, good, good, good, good, good, good };
  g_autoptr (GError) error = NULL;

  bad[0].beta = -1;
  bad[1].learning_rate = 0;
  bad[2].momentum = 1;
  bad[3].batch = 0;
  bad[4].initial_deviation = NAN;
  bad[5].lambda = 0;
  bad[6].learning_rate = INFINITY;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (heft_trainer_new (network, data, &bad[i], &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_clear_error (&error);
    }
  g_assert_null (heft_trainer_new (network, wide, &good, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
  g_clear_error (&error);
  g_assert_null (heft_trainer_new (network, many, &good, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/train/gradient/dirac", test_gradient_dirac);
  g_test_add_func ("/train/gradient/mean-field", test_gradient_mean_field);
  g_test_add_func ("/train/bytes", test_bytes);
  g_test_add_func ("/train/gradient/activations", test_gradient_activations);
  g_test_add_func ("/train/gradient/priors", test_gradient_priors);
  g_test_add_func ("/train/loss-equals-pass", test_loss_equals_pass);
  g_test_add_func ("/train/kl-equals-code", test_kl_equals_code);
  g_test_add_func ("/train/empirical-bayes-lambda", test_empirical_bayes_lambda);
  g_test_add_func ("/train/dirac-has-no-finite-kl", test_dirac_has_no_finite_kl);
  g_test_add_func ("/train/same-bits", test_same_bits);
  g_test_add_func ("/train/epochs-see-every-sample-once", test_epochs_see_every_sample_once);
  g_test_add_func ("/train/live-changes", test_live_changes);
  g_test_add_func ("/train/beta-lowers-kl", test_beta_lowers_kl);
  g_test_add_func ("/train/warm-start", test_warm_start);
  g_test_add_func ("/train/divergence", test_divergence);
  g_test_add_func ("/train/overflow-names-layer", test_overflow_names_layer);
  g_test_add_func ("/train/growth-names-layer", test_growth_names_layer);
  g_test_add_func ("/train/refusals", test_refusals);

  return g_test_run ();
}
