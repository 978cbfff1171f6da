/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Training by drawn weights, mixtures and low rank; the optimisers beyond Adam; clipping, schedules, annealing. */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/error.h>

#include "gradient.h"
#include "reference/reference.h"
#include "train/whole.h"

#define N_FEATURES 12
#define N_CLASSES 4

/* --- Gradients through drawn weights ------------------------------------------------------------------------------------ */

/* A code in double precision and the one draw of it that a step makes. */
typedef struct
{
  HeftNetwork    *network;
  ReferenceBatch *batch;
  HeftPrior      *prior;
  gsize           k, rank;
  double         *mean, *log_deviation, *factors;
  double         *eps, *z;
  double          beta;
  gboolean        local;      /* the loss by local reparametrisation, the draw for the prior alone */
  const float    *signs;      /* batch x k: what each sample multiplies the draw by, or NULL */
} Case;

/* The sign that each sample gives each weight, batch x k: a product of one of its input (or input channel) and one of its output. */
static float *
flipout_signs (HeftNetwork *network, gsize batch)
{
  const gsize k = heft_network_get_n_parameters (network);
  float *signs = g_new (float, batch * k);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      const gsize window = layer->kind == HEFT_LAYER_CONVOLUTION ? layer->kernel * layer->kernel : 1;
      const gsize inputs = layer->fan_in / window;
      g_autofree guint32 *s = g_new (guint32, batch * inputs), *r = g_new (guint32, batch * layer->fan_out);

      heft_stream_bits (heft_stream (11, HEFT_PURPOSE_TRAINING_NOISE, (1u << 18) | (guint32) l), 0, 0, batch * inputs, s);
      heft_stream_bits (heft_stream (11, HEFT_PURPOSE_TRAINING_NOISE, (1u << 19) | (guint32) l), 0, 0, batch * layer->fan_out, r);
      for (gsize row = 0; row < batch; row++)
        for (gsize i = 0; i < layer->n_parameters; i++)
          {
            const gsize input = i / layer->fan_out / window;
            /* The bias's input has no sign. */
            const guint32 in = input < inputs ? s[row * inputs + input] : 0, out = r[row * layer->fan_out + i % layer->fan_out];

            signs[row * k + layer->offset + i] = ((in ^ out) >> 31) != 0 ? -1 : 1;
          }
    }
  return signs;
}

/* The mean over samples of the loss at each one's own weights. */
static double
flipout_loss (const Case *self)
{
  g_autofree double *w = g_new (double, self->k), *perturbation = g_new (double, self->k);
  double sum = 0;

  for (gsize i = 0; i < self->k; i++)
    perturbation[i] = exp (self->log_deviation[i]) * self->eps[i];
  for (gsize row = 0; row < self->batch->batch; row++)
    {
      ReferenceBatch one = *self->batch;

      one.samples = &self->batch->samples[row];
      one.batch = 1;
      for (gsize i = 0; i < self->k; i++)
        w[i] = self->mean[i] + perturbation[i] * (double) self->signs[row * self->k + i];
      sum += reference_loss (&one, w, NULL);
    }
  return sum / self->batch->batch;
}

/* log |I + V^T diag(1/sigma^2) V| by elimination. */
static double
log_determinant (const Case *self, const HeftLayer *layer)
{
  double m[HEFT_MAX_RANK][HEFT_MAX_RANK], sum = 0;

  for (gsize i = 0; i < self->rank; i++)
    for (gsize j = 0; j < self->rank; j++)
      {
        m[i][j] = i == j;
        for (gsize w = layer->offset; w < layer->offset + layer->n_parameters; w++)
          m[i][j] += self->factors[i * self->k + w] * self->factors[j * self->k + w] * exp (-2 * self->log_deviation[w]);
      }
  for (gsize p = 0; p < self->rank; p++)
    {
      sum += log (m[p][p]);
      for (gsize i = p + 1; i < self->rank; i++)
        for (gsize j = self->rank; j-- > p;)
          m[i][j] -= m[i][p] / m[p][p] * m[p][j];
    }
  return sum;
}

static double
objective (gconstpointer user_data)
{
  const Case *self = user_data;
  g_autofree double *w = g_memdup2 (self->mean, self->k * sizeof (double));
  double kl = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (self->network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (self->network, l);
      const double lambda = heft_prior_get_lambda (self->prior, l);

      for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
        {
          w[i] += exp (self->log_deviation[i]) * self->eps[i];
          for (gsize j = 0; j < self->rank; j++)
            {
              w[i] += self->z[l * self->rank + j] * self->factors[j * self->k + i];
              if (heft_prior_get_kind (self->prior) != HEFT_PRIOR_SCALE_MIXTURE)
                kl += 0.5 * pow (self->factors[j * self->k + i] / lambda, 2);
            }
        }
      kl -= 0.5 * log_determinant (self, layer);
      if (heft_prior_get_kind (self->prior) == HEFT_PRIOR_SCALE_MIXTURE)
        for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
          kl += heft_prior_cost (self->prior, l, i, w[i]) - self->log_deviation[i] - 0.5 * (1 + log (2 * G_PI));
    }
  if (heft_prior_get_kind (self->prior) != HEFT_PRIOR_SCALE_MIXTURE)
    kl += reference_kl (self->network, self->prior, self->mean, self->log_deviation);
  if (self->signs != NULL)
    return flipout_loss (self) + self->beta * kl;
  return (self->local ? reference_loss (self->batch, self->mean, self->log_deviation) : reference_loss (self->batch, w, NULL)) +
         self->beta * kl;
}

/* With plain gradient descent at rate 1 a step moves each number by its gradient. */
static void
check_gradient (const char *architecture, gsize batch, const HeftTrainerConfig *settings)
{
  const gboolean image = strstr (architecture, "conv") != NULL;
  const HeftShape shape = image ? (HeftShape) { 2, 6, 6 } : (HeftShape) { N_FEATURES, 1, 1 };
  g_autoptr (HeftDataset) data = reference_dataset (batch + 7, shape.channels * shape.height * shape.width, N_CLASSES, 3);
  g_autoptr (HeftNetwork) network = reference_network (architecture, HEFT_ACTIVATION_TANH, shape, N_CLASSES);
  HeftTrainerConfig config = *settings;
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autoptr (HeftPosterior) before = NULL;
  g_autoptr (HeftPrior) prior = NULL;
  g_autoptr (ReferenceBatch) reference = reference_batch_new (network, data, batch, 11, 0);
  g_autofree float *eps = NULL, *z = NULL;
  g_autofree float *signs = settings->noise == HEFT_NOISE_FLIPOUT ? flipout_signs (network, batch) : NULL;
  const HeftPosterior *after;
  Case c;
  HeftStep step;

  config.optimizer = HEFT_OPTIMIZER_SGD;
  config.learning_rate = 1;
  config.momentum = 0;
  config.batch = batch;
  config.seed = 11;
  config.n_threads = 2;
  config.lambda = 0.3;
  config.beta = 1e-3;
  config.initial_deviation = 0.05;
  trainer = reference_trainer (network, data, &config);
  after = heft_trainer_get_posterior (trainer);
  before = heft_posterior_copy (after);
  prior = heft_prior_copy (heft_trainer_get_prior (trainer));
  eps = g_new (float, before->n);
  z = g_new0 (float, 16 * HEFT_MAX_RANK);
  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      heft_stream_normals_f32 (heft_stream (11, HEFT_PURPOSE_TRAINING_NOISE, (1u << 16) | (guint32) l), 0, 0, layer->n_parameters,
                               eps + layer->offset);
      heft_stream_normals_f32 (heft_stream (11, HEFT_PURPOSE_TRAINING_NOISE, (1u << 17) | (guint32) l), 0, 0, before->rank,
                               z + l * before->rank);
    }
  c = (Case) {
    .network = network, .batch = reference, .prior = prior, .k = before->n, .rank = before->rank, .beta = config.beta,
    .mean = reference_widen (before->mean, before->n), .log_deviation = reference_widen (before->log_deviation, before->n),
    .factors = reference_widen (before->factors, before->rank * before->n), .eps = reference_widen (eps, before->n),
    .z = reference_widen (z, 16 * HEFT_MAX_RANK), .local = config.noise == HEFT_NOISE_LOCAL && before->rank == 0, .signs = signs,
  };
  step = reference_step (trainer);
  g_assert_cmpfloat_with_epsilon (step.loss + config.beta * step.kl, objective (&c), 1e-5);
  reference_check_moved (network, objective, &c, c.mean, before->mean, after->mean, "mean");
  reference_check_moved (network, objective, &c, c.log_deviation, before->log_deviation, after->log_deviation, "log deviation");
  for (gsize j = 0; j < before->rank; j++)
    reference_check_moved (network, objective, &c, c.factors + j * before->n, before->factors + j * before->n,
                           after->factors + j * before->n, "direction");
  g_free (c.mean);
  g_free (c.log_deviation);
  g_free (c.factors);
  g_free (c.eps);
  g_free (c.z);
}

static const struct { const char *architecture; gsize batch; } shapes[] = { { "", 9 }, { "12-7", 10 }, { "140-40", 130 } };

static void
test_weight_sampling (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (HeftPriorKind p = HEFT_PRIOR_ISOTROPIC; p <= HEFT_PRIOR_EMPIRICAL_BAYES; p++)
      {
        HeftTrainerConfig config = heft_trainer_config_default ();

        config.noise = HEFT_NOISE_WEIGHTS;
        config.prior = p;
        check_gradient (shapes[i].architecture, shapes[i].batch, &config);
      }
}

static void
test_flipout (void)
{
  static const struct { const char *architecture; gsize batch; } images[] = {
    { "conv3x5p1-pool2-7", 9 }, { "conv2x3-conv2x4s2-gap", 6 }, { "conv3x4-pool2-gelu-6-5", 40 },
  };
  HeftTrainerConfig config = heft_trainer_config_default ();

  config.noise = HEFT_NOISE_FLIPOUT;
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    check_gradient (shapes[i].architecture, shapes[i].batch, &config);
  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    check_gradient (images[i].architecture, images[i].batch, &config);
  config.prior = HEFT_PRIOR_SCALE_MIXTURE;
  config.mixture_share = 0.4;
  config.lambda2 = 0.05;
  check_gradient ("9", 12, &config);
  config.noise = HEFT_NOISE_WEIGHTS;
  check_gradient (images[0].architecture, 9, &config);
}

static void
test_low_rank (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (gsize rank = 1; rank < 4; rank += 2)
      {
        HeftTrainerConfig config = heft_trainer_config_default ();

        config.posterior = HEFT_POSTERIOR_LOW_RANK;
        config.rank = rank;
        check_gradient (shapes[i].architecture, shapes[i].batch, &config);
      }
}

static void
test_mixture (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint way = 0; way < 3; way++)
      {
        HeftTrainerConfig config = heft_trainer_config_default ();

        config.prior = HEFT_PRIOR_SCALE_MIXTURE;
        config.mixture_share = 0.4;
        config.lambda2 = 0.05;
        config.noise = way == 0 ? HEFT_NOISE_LOCAL : HEFT_NOISE_WEIGHTS;
        config.posterior = way == 2 ? HEFT_POSTERIOR_LOW_RANK : HEFT_POSTERIOR_MEAN_FIELD;
        config.rank = 2;
        check_gradient (shapes[i].architecture, shapes[i].batch, &config);
      }
}

/* KL as the trainer follows it and as the code has it. */
static void
test_low_rank_kl (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (300, N_FEATURES, N_CLASSES, 5);
  g_autoptr (HeftNetwork) network = reference_network ("30", HEFT_ACTIVATION_RELU, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);

  for (HeftPriorKind p = HEFT_PRIOR_ISOTROPIC; p <= HEFT_PRIOR_EMPIRICAL_BAYES; p++)
    {
      HeftTrainerConfig config = heft_trainer_config_default ();
      g_autoptr (HeftTrainer) trainer = NULL;

      config.posterior = HEFT_POSTERIOR_LOW_RANK;
      config.rank = 3;
      config.prior = p;
      config.learning_rate = 0.01;
      config.batch = 64;
      trainer = reference_trainer (network, data, &config);
      for (guint i = 0; i < 20; i++)
        {
          const double expected = heft_code_kl (network, heft_trainer_get_prior (trainer), heft_trainer_get_posterior (trainer), NULL);

          g_assert_cmpfloat_with_epsilon (reference_step (trainer).kl, expected, 2e-6 * expected + 1e-7 * 600);
        }
    }
}

/* --- The same bits, and checkpoints ------------------------------------------------------------------------------------- */

typedef struct
{
  const char       *architecture;
  HeftPosteriorKind posterior;
  HeftPriorKind     prior;
  HeftNoise         noise;
  HeftOptimizer     optimizer;
  double            clip;
} Way;

static const Way ways[] = {
  { "150-20", HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_ISOTROPIC, HEFT_NOISE_LOCAL, HEFT_OPTIMIZER_ADAM, 0 },
  { "150-20", HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_EMPIRICAL_BAYES, HEFT_NOISE_WEIGHTS, HEFT_OPTIMIZER_ADAM, 0.5 },
  { "20", HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_SCALE_MIXTURE, HEFT_NOISE_LOCAL, HEFT_OPTIMIZER_ADAMW, 0 },
  { "20", HEFT_POSTERIOR_LOW_RANK, HEFT_PRIOR_INIT_CENTRED, HEFT_NOISE_WEIGHTS, HEFT_OPTIMIZER_SGD, 0.1 },
  { "150", HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_ISOTROPIC, HEFT_NOISE_WEIGHTS, HEFT_OPTIMIZER_IVON, 0 },
  { "20", HEFT_POSTERIOR_DIRAC, HEFT_PRIOR_ISOTROPIC, HEFT_NOISE_LOCAL, HEFT_OPTIMIZER_ADAMW, 0 },
  { "150-20", HEFT_POSTERIOR_MEAN_FIELD, HEFT_PRIOR_ISOTROPIC, HEFT_NOISE_FLIPOUT, HEFT_OPTIMIZER_ADAM, 0 },
};

static HeftTrainerConfig
way_config (const Way *way, guint n_threads)
{
  HeftTrainerConfig config = heft_trainer_config_default ();

  config.posterior = way->posterior;
  config.rank = 2;
  config.prior = way->prior;
  config.mixture_share = 0.5;
  config.lambda2 = 0.02;
  config.noise = way->noise;
  config.optimizer = way->optimizer;
  config.clip = way->clip;
  config.decay = 0.1;
  config.batch = 64;
  config.beta = 1e-3;
  config.seed = 5;
  config.n_threads = n_threads;
  config.schedule = (HeftSchedule) { HEFT_SCHEDULE_COSINE, 10, 1 };
  config.anneal_epochs = 2;
  return config;
}

static void
assert_same_posterior (const HeftPosterior *a, const HeftPosterior *b)
{
  g_assert_cmpmem (a->mean, a->n * sizeof (float), b->mean, b->n * sizeof (float));
  if (a->log_deviation != NULL)
    g_assert_cmpmem (a->log_deviation, a->n * sizeof (float), b->log_deviation, b->n * sizeof (float));
  if (a->factors != NULL)
    g_assert_cmpmem (a->factors, a->rank * a->n * sizeof (float), b->factors, b->rank * b->n * sizeof (float));
}

/* Ten steps by one trainer, and five by it and five by another that took over its state. */
static void
test_states (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (400, N_FEATURES, N_CLASSES, 6);

  for (guint w = 0; w < G_N_ELEMENTS (ways); w++)
    {
      g_autoptr (HeftNetwork) network = heft_network_new (ways[w].architecture, HEFT_ACTIVATION_RELU, (HeftShape) { N_FEATURES, 1, 1 },
                                                          N_CLASSES, NULL);
      HeftTrainerConfig one = way_config (&ways[w], 1), two = way_config (&ways[w], 2);
      g_autoptr (HeftTrainer) whole = reference_trainer (network, data, &one), second = reference_trainer (network, data, &two), other = NULL;
      g_autoptr (GVariant) state = NULL;
      g_autoptr (GError) error = NULL;
      HeftStep a = { 0 }, b = { 0 };

      for (guint i = 0; i < 10; i++)
        {
          a = reference_step (whole);
          if (i == 4)
            state = heft_trainer_get_state (whole);
        }
      heft_trainer_set_state (second, state, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < 5; i++)
        b = reference_step (second);
      g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
      assert_same_posterior (heft_trainer_get_posterior (whole), heft_trainer_get_posterior (second));

      one.seed = 6;
      other = reference_trainer (network, data, &one);
      g_assert_false (heft_trainer_set_state (other, state, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
    }
}

/* --- Optimisers --------------------------------------------------------------------------------------------------------- */

/* PyTorch's AdamW on given gradients. */
static void
test_adamw (void)
{
  g_autoptr (JsonObject) values = reference_json ("codes");
  JsonObject *one = json_object_get_object_member (values, "adamw");
  JsonArray *trace = json_object_get_array_member (one, "trace");
  const double rate = json_object_get_double_member (one, "rate"), decay = json_object_get_double_member (one, "decay");
  const HeftKernels *kernels = heft_kernels ();
  float x[5], m1[5] = { 0 }, m2[5] = { 0 };

  for (guint i = 0; i < 5; i++)
    x[i] = (float) cos (i);
  for (guint t = 1; t <= json_array_get_length (trace); t++)
    {
      HeftUpdate update = heft_trainer_update (HEFT_OPTIMIZER_ADAMW, rate, 0, t);
      const HeftUpdateBlock block = { .mean = x, .mean_moment1 = m1, .mean_moment2 = m2 };
      float gradient[5];

      for (guint i = 0; i < 5; i++)
        gradient[i] = (float) sin (i + 1.3 * t);
      kernels->scale (5, (float) (1 - rate * decay), x);
      kernels->adam_dirac (1, 5, 5, &update, block, gradient, 5);
      for (guint i = 0; i < 5; i++)
        g_assert_cmpfloat_with_epsilon (x[i], json_array_get_double_element (json_array_get_array_element (trace, t - 1), i), 2e-6);
    }
}

/* IVON's steps as its paper has them. */
static void
test_ivon (void)
{
  g_autoptr (JsonObject) values = reference_json ("codes");
  JsonObject *one = json_object_get_object_member (values, "ivon");
  JsonArray *means = json_object_get_array_member (one, "means"), *deviations = json_object_get_array_member (one, "deviations");
  const double beta = json_object_get_double_member (one, "beta"), lambda = json_object_get_double_member (one, "lambda");
  const double delta = beta / (lambda * lambda), h0 = json_object_get_double_member (one, "curvature");
  const double decay1 = json_object_get_double_member (one, "decay1");
  const HeftKernels *kernels = heft_kernels ();
  float mean[5], centre[5], log_deviation[5], variance[5], momentum[5] = { 0 }, hessian[5];

  for (guint i = 0; i < 5; i++)
    {
      mean[i] = (float) cos (i);
      centre[i] = (float) (0.3 * sin (0.4 * i));
      hessian[i] = (float) h0;
      log_deviation[i] = (float) (0.5 * log (beta / (h0 + delta)));
    }
  kernels->refresh (5, log_deviation, variance);
  for (guint t = 1; t <= json_array_get_length (means); t++)
    {
      const HeftIvon update = {
        .rate = (float) (json_object_get_double_member (one, "rate") * (h0 + delta)), .decay1 = (float) decay1,
        .decay2 = (float) json_object_get_double_member (one, "decay2"), .correction = (float) (1 / (1 - pow (decay1, t))),
        .delta = (float) delta, .log_beta = (float) log (beta),
      };
      const HeftUpdateBlock block = {
        .mean = mean, .log_deviation = log_deviation, .variance = variance, .mean_moment1 = momentum, .deviation_moment1 = hessian,
        .centre = centre,
      };
      const HeftCodeGradient chain = { .chain = HEFT_CHAIN_CURVATURE };
      float displacement[5], weights[5], gradient[5], curvature[5];
      HeftUpdateSums sums = { 0 };

      for (guint i = 0; i < 5; i++)
        {
          displacement[i] = (float) cos (2 * i + 0.7 * t);
          gradient[i] = (float) sin (i + 1.3 * t);
        }
      kernels->draw (5, mean, log_deviation, displacement, weights);
      kernels->code_gradient (5, &chain, (HeftCodeGradientBlock) { .mean = mean, .variance = variance, .displacement = displacement,
                                                                    .weights = weights, .gradient = gradient, .second = curvature }, &sums);
      kernels->ivon (5, &update, block, gradient, curvature);
      for (guint i = 0; i < 5; i++)
        {
          const double m = json_array_get_double_element (json_array_get_array_element (means, t - 1), i);
          const double s = json_array_get_double_element (json_array_get_array_element (deviations, t - 1), i);

          g_assert_cmpfloat_with_epsilon (mean[i], m, 1e-5 * (1 + fabs (m)));
          g_assert_cmpfloat_with_epsilon (exp (log_deviation[i]), s, 1e-5 * s);
        }
    }
}

/* In a trainer: sigma is what beta, lambda and the Hessian estimate say, KL that of any mean-field code, and the loss falls. */
static void
test_ivon_trains (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (200, N_FEATURES, N_CLASSES, 8);
  g_autoptr (HeftNetwork) network = reference_network ("30", HEFT_ACTIVATION_TANH, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  const HeftPosterior *q;
  double first = 0, last = 0;

  config.optimizer = HEFT_OPTIMIZER_IVON;
  config.learning_rate = 0.3;
  config.beta = 1e-4;
  config.lambda = 1;
  config.batch = 100;
  trainer = reference_trainer (network, data, &config);
  q = heft_trainer_get_posterior (trainer);
  for (guint i = 0; i < 300; i++)
    {
      const double kl = heft_code_kl (network, heft_trainer_get_prior (trainer), q, NULL);
      const HeftStep step = reference_step (trainer);

      g_assert_cmpfloat_with_epsilon (step.kl, kl, 1e-5 * kl + 1e-4);
      if (i < 10)
        first += step.loss;
      if (i >= 290)
        last += step.loss;
    }
  g_assert_cmpfloat (last, <, 0.7 * first);
  g_assert_cmpfloat_with_epsilon (exp (2 * q->log_deviation[3]), 1e-4 / (trainer->deviation_moment1[3] + 1e-4),
                                  1e-5 * exp (2 * q->log_deviation[3]));
}

/* --- Clipping --------------------------------------------------------------------------------------------------------------- */

static void
test_clip (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (200, N_FEATURES, N_CLASSES, 8);
  g_autoptr (HeftNetwork) network = reference_network ("30", HEFT_ACTIVATION_TANH, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) plain = NULL, loose = NULL, tight = NULL;
  g_autoptr (HeftPosterior) before = NULL;
  HeftStep a, b, c;
  double moved = 0, apart = 0;

  config.optimizer = HEFT_OPTIMIZER_SGD;
  config.momentum = 0;
  config.learning_rate = 0.5;
  plain = reference_trainer (network, data, &config);
  config.clip = 1e6;
  loose = reference_trainer (network, data, &config);
  config.clip = 0.01;
  tight = reference_trainer (network, data, &config);
  before = heft_posterior_copy (heft_trainer_get_posterior (plain));
  a = reference_step (plain);
  b = reference_step (loose);
  c = reference_step (tight);
  g_assert_cmpfloat (a.clip, ==, 1);
  g_assert_cmpfloat (b.clip, ==, 1);
  g_assert_cmpfloat_with_epsilon (a.gradient_norm, b.gradient_norm, 1e-5 * a.gradient_norm);
  g_assert_cmpfloat_with_epsilon (c.clip, 0.01 / c.gradient_norm, 1e-9);
  for (gsize i = 0; i < before->n; i++)
    {
      const HeftPosterior *q = heft_trainer_get_posterior (tight);

      moved += pow ((double) q->mean[i] - before->mean[i], 2) + pow ((double) q->log_deviation[i] - before->log_deviation[i], 2);
      apart = MAX (apart, fabs ((double) heft_trainer_get_posterior (loose)->mean[i] - heft_trainer_get_posterior (plain)->mean[i]));
    }
  /* The step is as long as the clipped gradient; a clip that does not bite changes nothing but rounding. */
  g_assert_cmpfloat_with_epsilon (sqrt (moved), 0.5 * 0.01, 1e-4);
  g_assert_cmpfloat (apart, <, 1e-6);

  /* Live, and back again. */
  heft_trainer_set_clip (plain, 0.01);
  g_assert_cmpfloat (reference_step (plain).clip, <, 1);
  heft_trainer_set_clip (plain, 0);
  g_assert_cmpfloat (reference_step (plain).clip, ==, 1);
}

/* --- Schedules -------------------------------------------------------------------------------------------------------------- */

static void
test_schedules (void)
{
  const HeftSchedule constant = { HEFT_SCHEDULE_CONSTANT, 10, 0 }, warm = { HEFT_SCHEDULE_CONSTANT, 10, 2 };
  const HeftSchedule cosine = { HEFT_SCHEDULE_COSINE, 10, 2 }, steps = { HEFT_SCHEDULE_STEP, 10, 0 };

  g_assert_cmpfloat (heft_schedule_factor (&constant, 0.01), ==, 1);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&warm, 0.5), 0.25, 1e-15);
  g_assert_cmpfloat (heft_schedule_factor (&warm, 2), ==, 1);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&cosine, 1), 0.5, 1e-15);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&cosine, 2), 1, 1e-15);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&cosine, 6), 0.5, 1e-15);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&cosine, 10), 0, 1e-15);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&cosine, 100), 0, 1e-15);
  g_assert_cmpfloat (heft_schedule_factor (&steps, 4.9), ==, 1);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&steps, 5), 0.1, 1e-15);
  g_assert_cmpfloat_with_epsilon (heft_schedule_factor (&steps, 7.5), 0.01, 1e-15);
  g_assert_cmpfloat (heft_anneal_factor (0, 0.1), ==, 1);
  g_assert_cmpfloat_with_epsilon (heft_anneal_factor (4, 1), 0.25, 1e-15);
  g_assert_cmpfloat (heft_anneal_factor (4, 5), ==, 1);
}

/* What a step says acted in it. */
static void
test_step_follows_schedule (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (200, N_FEATURES, N_CLASSES, 8);
  g_autoptr (HeftNetwork) network = reference_network ("", HEFT_ACTIVATION_TANH, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;

  config.batch = 50;
  config.beta = 1e-3;
  config.schedule = (HeftSchedule) { HEFT_SCHEDULE_CONSTANT, 10, 2 };
  config.anneal_epochs = 4;
  trainer = reference_trainer (network, data, &config);
  for (guint i = 1; i <= 20; i++)
    {
      const HeftStep step = reference_step (trainer);

      g_assert_cmpfloat_with_epsilon (step.learning_rate, config.learning_rate * MIN (i / 8.0, 1), 1e-15);
      g_assert_cmpfloat_with_epsilon (step.beta, config.beta * MIN (i / 16.0, 1), 1e-15);
    }
}

/* Runs epochs of four steps until the plateau; the epoch it ended at, 0 if it did not by @most. */
static guint
plateau_epoch (double     (*loss) (guint epoch, guint64 seed),
               guint64      seed,
               double       patience,
               guint        most,
               HeftPlateau *plateau)
{
  *plateau = heft_plateau_begin ();
  for (guint i = 1; i <= 4 * most; i++)
    if (heft_plateau_add (plateau, i / 4.0, loss ((i - 1) / 4, seed), 0.5, patience))
      return i / 4;
  return 0;
}

static double
noise_of (guint   epoch,
          guint64 seed)
{
  double normal;

  heft_stream_normals_f64 (heft_stream (seed, HEFT_PURPOSE_WEIGHT_DRAW, 0), 0, epoch, 1, &normal);
  return 0.1 * normal;
}

static double
falls_then_rests (guint   epoch,
                  guint64 seed G_GNUC_UNUSED)
{
  return MAX (10.0 - 0.4 * epoch, 8.0);
}

static double
rests (guint   epoch,
       guint64 seed)
{
  return 2.0 + noise_of (epoch, seed);
}

/* An epoch falls by less than a third of its noise. */
static double
falls_slowly (guint   epoch,
              guint64 seed)
{
  return 6.0 - 0.03 * epoch + noise_of (epoch, seed);
}

static double
falls_by_too_little (guint   epoch,
                     guint64 seed G_GNUC_UNUSED)
{
  return 1.0 - 1e-5 * epoch;
}

static void
test_plateau (void)
{
  HeftPlateau plateau;
  guint early = 0, late = 0;

  /* Of stretches of three the fourth, epochs 10 to 12, is the first that is no lower than the one before. */
  g_assert_cmpuint (plateau_epoch (falls_then_rests, 0, 3, 60, &plateau), ==, 12);
  g_assert_cmpfloat_with_epsilon (plateau.level, 8.5, 1e-12);
  g_assert_cmpfloat (plateau.before.n, ==, 3);
  g_assert_cmpuint (plateau_epoch (falls_by_too_little, 0, 5, 60, &plateau), ==, 10);
  g_assert_cmpfloat_with_epsilon (plateau.fall, 5e-5, 1e-12);
  g_assert_cmpfloat (plateau.error, <, 1e-12);
  g_assert_cmpuint (plateau_epoch (rests, 0, 0, 60, &plateau), ==, 0);
  for (guint64 seed = 0; seed < 200; seed++)
    {
      /* At rest a stretch of 20 is lower by two standard errors in 2.3 % of cases, 2.6 % by t with 36 degrees of freedom. */
      late += plateau_epoch (rests, seed, 20, 40, &plateau) == 0;
      /* A fall of 0.6 nats a stretch is 0.6 / (0.1 sqrt (2 / 20)) = 19 standard errors, though single epochs go up as often as not. */
      early += plateau_epoch (falls_slowly, seed, 20, 160, &plateau) != 0;
    }
  g_assert_cmpuint (late, <=, 12);
  g_assert_cmpuint (early, ==, 0);
}

/* The standard error by its formula, from two stretches about lines of their own; a steady fall is no noise. */
static void
test_plateau_error (void)
{
  static const double losses[] = { 3.0, 2.9, 2.5, 2.45, 2.0, 1.9, 1.7, 1.75 };
  HeftPlateau plateau = heft_plateau_begin ();
  double residue = 0, means[2] = { 0 };

  for (guint i = 0; i < 8; i++)
    heft_plateau_add (&plateau, i + 1.0, losses[i], 0, 4);
  for (guint s = 0; s < 2; s++)
    {
      const double *y = losses + 4 * s;
      double slope = 0;

      for (guint i = 0; i < 4; i++)
        means[s] += y[i] / 4;
      for (guint i = 0; i < 4; i++)
        slope += (i - 1.5) * y[i] / 5;
      for (guint i = 0; i < 4; i++)
        residue += pow (y[i] - means[s] - slope * (i - 1.5), 2);
    }
  g_assert_cmpfloat_with_epsilon (plateau.fall, means[0] - means[1], 1e-12);
  g_assert_cmpfloat_with_epsilon (plateau.error, sqrt (residue / 4 * 2 / 4), 1e-12);
  g_assert_false (heft_plateau_is_on (&plateau));
}

static void
test_refusals (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (50, N_FEATURES, N_CLASSES, 10);
  g_autoptr (HeftNetwork) network = reference_network ("8", HEFT_ACTIVATION_TANH, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
  const HeftTrainerConfig good = heft_trainer_config_default ();
  HeftTrainerConfig bad[] = { good, good, good, good, good, good, good, good };
  g_autoptr (GError) error = NULL;

  bad[0].clip = -1;
  bad[1].decay = -0.1;
  bad[2].posterior = HEFT_POSTERIOR_LOW_RANK;
  bad[2].rank = 0;
  bad[3].posterior = HEFT_POSTERIOR_DIRAC;
  bad[3].optimizer = HEFT_OPTIMIZER_IVON;
  bad[4].optimizer = HEFT_OPTIMIZER_IVON;
  bad[4].beta = 0;
  bad[5].optimizer = HEFT_OPTIMIZER_IVON;
  bad[5].prior = HEFT_PRIOR_SCALE_MIXTURE;
  bad[5].lambda2 = 0.1;
  bad[5].mixture_share = 0.5;
  bad[6].prior = HEFT_PRIOR_SCALE_MIXTURE;
  bad[6].mixture_share = 2;
  bad[7].schedule.warmup = NAN;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (heft_trainer_new (network, data, &bad[i], &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_clear_error (&error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/train/codes/weight-sampling", test_weight_sampling);
  g_test_add_func ("/train/codes/flipout", test_flipout);
  g_test_add_func ("/train/codes/low-rank", test_low_rank);
  g_test_add_func ("/train/codes/low-rank-kl", test_low_rank_kl);
  g_test_add_func ("/train/codes/mixture", test_mixture);
  g_test_add_func ("/train/codes/states", test_states);
  g_test_add_func ("/train/codes/adamw", test_adamw);
  g_test_add_func ("/train/codes/ivon", test_ivon);
  g_test_add_func ("/train/codes/ivon-trains", test_ivon_trains);
  g_test_add_func ("/train/codes/clip", test_clip);
  g_test_add_func ("/train/codes/schedules", test_schedules);
  g_test_add_func ("/train/codes/step-follows-schedule", test_step_follows_schedule);
  g_test_add_func ("/train/codes/plateau", test_plateau);
  g_test_add_func ("/train/codes/plateau-error", test_plateau_error);
  g_test_add_func ("/train/codes/refusals", test_refusals);

  return g_test_run ();
}
