/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The PAC-Bayes bounds as training objectives: the beta they set, and what clamping does to the gradient. */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

#include "gradient.h"
#include "reference/reference.h"

#define N_FEATURES 24
#define N_CLASSES 5

static double
bound_at (HeftObjective objective,
          double        empirical,
          double        kl,
          double        n,
          double        delta)
{
  double bound = NAN;

  if (objective == HEFT_OBJECTIVE_MCALLESTER)
    g_assert_true (heft_bound_mcallester (empirical, kl, n, delta, &bound, NULL));
  else
    g_assert_true (heft_bound_pac_bayes_kl (empirical, kl, n, delta, &bound, NULL));
  return bound;
}

/* beta = B (d bound / d KL) / (d bound / d emp), of the bounds as they are computed elsewhere. */
static void
test_differences (void)
{
  const HeftObjective objectives[] = { HEFT_OBJECTIVE_PAC_BAYES_KL, HEFT_OBJECTIVE_MCALLESTER };

  for (guint o = 0; o < G_N_ELEMENTS (objectives); o++)
    for (double q = 0.03; q < 0.9; q += 0.17)
      for (double kl = 10; kl < 1000; kl *= 4)
        {
          const double n = 5000, delta = 0.025, h = 1e-5 * q, k = 1e-4 * kl;
          const double by_kl = (bound_at (objectives[o], q, kl + k, n, delta) - bound_at (objectives[o], q, kl - k, n, delta)) / (2 * k);
          const double by_risk = (bound_at (objectives[o], q + h, kl, n, delta) - bound_at (objectives[o], q - h, kl, n, delta)) / (2 * h);
          const double beta = heft_objective_beta (objectives[o], q, kl, n, delta, 4.6, 0);

          g_assert_cmpfloat_with_epsilon (beta / (4.6 * by_kl / by_risk), 1, 1e-5);
        }
}

static void
test_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("objective");
  JsonArray *rows = json_object_get_array_member (values, "rows");

  g_assert_cmpuint (json_array_get_length (rows), >, 0);
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
#define VALUE(name) json_object_get_double_member (row, name)
      const double kl = heft_objective_beta (HEFT_OBJECTIVE_PAC_BAYES_KL, VALUE ("empirical"), VALUE ("kl"), VALUE ("samples"),
                                             VALUE ("delta"), VALUE ("ceiling"), 0);
      const double mcallester = heft_objective_beta (HEFT_OBJECTIVE_MCALLESTER, VALUE ("empirical"), VALUE ("kl"), VALUE ("samples"),
                                                     VALUE ("delta"), VALUE ("ceiling"), 0);

      /* Both sides divide numbers of about 1e-4 that differences of doubles near 1 leave. */
      g_assert_cmpfloat_with_epsilon (kl / VALUE ("pac_bayes_kl"), 1, 1e-9);
      g_assert_cmpfloat_with_epsilon (mcallester / VALUE ("mcallester"), 1, 1e-12);
#undef VALUE
    }
}

/* Positive and finite whatever comes, and without a jump where p runs into 1. */
static void
test_extremes (void)
{
  const double risks[] = { 0, 1e-300, 1e-9, 0.5, 1 - 1e-12, 1 }, kls[] = { 0, 1e-300, 1, 1e5, 1e12, 1e300 };
  double before = 0;

  for (guint i = 0; i < G_N_ELEMENTS (risks); i++)
    for (guint j = 0; j < G_N_ELEMENTS (kls); j++)
      for (double n = 1; n < 1e10; n *= 1000)
        {
          const double a = heft_objective_beta (HEFT_OBJECTIVE_PAC_BAYES_KL, risks[i], kls[j], n, 0.025, 9, 0);
          const double b = heft_objective_beta (HEFT_OBJECTIVE_MCALLESTER, risks[i], kls[j], n, 0.025, 9, 0);

          g_assert_true (a > 0 && isfinite (a));
          g_assert_true (b > 0 && isfinite (b));
        }
  for (double kl = 1000; kl < 1e5; kl *= 1.01)
    {
      const double beta = heft_objective_beta (HEFT_OBJECTIVE_PAC_BAYES_KL, 0.2, kl, 1000, 0.025, 1, 0);

      /* Falling like 1/KL at the fastest: a hundredth more KL is no more than about that less beta. */
      g_assert_true (before == 0 || (beta < before && beta > before * 0.985));
      before = beta;
    }
}

static HeftNetwork *
make_network (const char *architecture)
{
  return reference_network (architecture, HEFT_ACTIVATION_TANH, (HeftShape) { N_FEATURES, 1, 1 }, N_CLASSES);
}

static HeftTrainerConfig
plain_config (HeftObjective objective,
              double        smallest_probability,
              gsize         batch)
{
  return (HeftTrainerConfig) {
    .posterior = HEFT_POSTERIOR_MEAN_FIELD, .prior = HEFT_PRIOR_INIT_CENTRED, .lambda = 0.5, .objective = objective, .beta = 1e-3,
    .smallest_probability = smallest_probability, .delta = 0.025, .optimizer = HEFT_OPTIMIZER_SGD, .learning_rate = 1,
    .batch = batch, .initial_deviation = 0.1, .seed = 11, .n_threads = 2,
  };
}

static void
check_gradient (HeftObjective objective,
                const char   *architecture,
                gsize         n)
{
  g_autoptr (HeftDataset) data = reference_dataset (n, N_FEATURES, N_CLASSES, 3);
  g_autoptr (HeftNetwork) network = make_network (architecture);
  /* About half of all labels have less than 0.2 in a network that knows nothing of five classes. */
  const HeftTrainerConfig config = plain_config (objective, 0.2, n);

  reference_check_gradient (network, data, &config);
}

static void
test_gradient (void)
{
  for (HeftObjective o = HEFT_OBJECTIVE_LAGRANGIAN; o <= HEFT_OBJECTIVE_MCALLESTER; o++)
    {
      check_gradient (o, "12-7", 30);
      check_gradient (o, "40-140", 130);
      check_gradient (o, "130-20", 210);
    }
}

/* A ceiling that nothing reaches changes no bit, and one below every loss leaves KL alone in the gradient. */
static void
test_ceiling (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (60, N_FEATURES, N_CLASSES, 3);
  g_autoptr (HeftNetwork) network = make_network ("12");
  HeftTrainerConfig configs[] = { plain_config (HEFT_OBJECTIVE_INFORMATION, 0.5, 20),
                                  plain_config (HEFT_OBJECTIVE_LAGRANGIAN, exp (-64), 20),
                                  plain_config (HEFT_OBJECTIVE_LAGRANGIAN, 1 - 1e-7, 20) };
  g_autoptr (HeftTrainer) plain = NULL, unreached = NULL, below = NULL;
  const gsize k = heft_network_get_n_parameters (network);
  g_autofree float *start = NULL;

  /* 64 nats are the ceiling: the same beta. */
  configs[1].beta = configs[0].beta / 64;
  plain = reference_trainer (network, data, &configs[0]);
  unreached = reference_trainer (network, data, &configs[1]);
  below = reference_trainer (network, data, &configs[2]);
  start = g_memdup2 (heft_trainer_get_posterior (below)->mean, k * sizeof (float));

  for (guint i = 0; i < 5; i++)
    {
      g_assert_true (heft_trainer_step (plain, NULL, NULL));
      g_assert_true (heft_trainer_step (unreached, NULL, NULL));
      g_assert_true (heft_trainer_step (below, NULL, NULL));
    }
  g_assert_cmpmem (heft_trainer_get_posterior (plain)->mean, k * sizeof (float), heft_trainer_get_posterior (unreached)->mean,
                   k * sizeof (float));
  g_assert_cmpmem (start, k * sizeof (float), heft_trainer_get_posterior (below)->mean, k * sizeof (float));
}

/* beta follows the running risk and the exact KL, and training lowers the bound it trains. */
static void
test_training (void)
{
  g_autoptr (HeftDataset) data = heft_data_synthetic ("blobs", 400, -1, 1, 0, NULL);
  const gsize classes = heft_dataset_get_n_classes (data);
  g_autoptr (HeftNetwork) network = heft_network_new ("16", HEFT_ACTIVATION_TANH, (HeftShape) { 2, 1, 1 }, classes, NULL);
  HeftTrainerConfig config = heft_trainer_config_default ();
  g_autoptr (HeftTrainer) trainer = NULL;
  const double ceiling = log (100);
  double risk = MIN (log ((double) classes), ceiling) / ceiling, first = 0, last = 0;

  config.prior = HEFT_PRIOR_INIT_CENTRED;
  config.objective = HEFT_OBJECTIVE_PAC_BAYES_KL;
  config.smallest_probability = 0.01;
  config.learning_rate = 0.01;
  config.batch = 100;
  config.lambda = 0.5;
  trainer = reference_trainer (network, data, &config);
  for (guint i = 0; i < 400; i++)
    {
      HeftStep step;

      g_assert_true (heft_trainer_step (trainer, &step, NULL));
      g_assert_cmpfloat_with_epsilon (step.beta / heft_objective_beta (HEFT_OBJECTIVE_PAC_BAYES_KL, risk, step.kl, 400, 0.025, ceiling, 0),
                                      1, 1e-12);
      risk += (step.loss / ceiling - risk) / MIN (i + 1, 100);
      last = bound_at (HEFT_OBJECTIVE_PAC_BAYES_KL, risk, step.kl, 400, 0.025);
      if (i == 0)
        first = last;
    }
  g_assert_cmpfloat (last, <, 0.7 * first);
}

static void
test_errors (void)
{
  g_autoptr (HeftDataset) data = reference_dataset (60, N_FEATURES, N_CLASSES, 3);
  g_autoptr (HeftNetwork) network = make_network ("12");
  HeftTrainerConfig configs[] = { plain_config (HEFT_OBJECTIVE_PAC_BAYES_KL, 0, 20), plain_config (HEFT_OBJECTIVE_PAC_BAYES_KL, 1, 20),
                                  plain_config (HEFT_OBJECTIVE_PAC_BAYES_KL, NAN, 20), plain_config (HEFT_OBJECTIVE_MCALLESTER, 0.01, 20),
                                  plain_config (HEFT_OBJECTIVE_LAGRANGIAN, 0.01, 20) };
  const char *const names[] = { "*probability*", "*probability*", "*probability*", "*delta*", "*Dirac*" };

  configs[3].delta = 1;
  configs[4].posterior = HEFT_POSTERIOR_DIRAC;
  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (heft_trainer_new (network, data, &configs[i], &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_assert_true (g_pattern_match_simple (names[i], error->message));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/objective/differences", test_differences);
  g_test_add_func ("/train/objective/reference", test_reference);
  g_test_add_func ("/train/objective/extremes", test_extremes);
  g_test_add_func ("/train/objective/gradient", test_gradient);
  g_test_add_func ("/train/objective/ceiling", test_ceiling);
  g_test_add_func ("/train/objective/training", test_training);
  g_test_add_func ("/train/objective/errors", test_errors);
  return g_test_run ();
}
