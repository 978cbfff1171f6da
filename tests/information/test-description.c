/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#include "reference/reference.h"

/* --- Rate and distortion ----------------------------------------------------------------------------------------- */

static void
test_hull_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("shannon");
  JsonObject *expected = json_object_get_object_member (values, "hull");
  JsonArray *corners = json_object_get_array_member (expected, "corners");
  gsize n = json_array_get_length (json_object_get_array_member (expected, "loss"));
  g_autofree double *information = reference_array (expected, "information", n);
  g_autofree double *loss = reference_array (expected, "loss", n);
  g_autofree gsize *indices = g_new (gsize, n);

  g_assert_cmpuint (heft_rate_hull (n, information, loss, indices), ==, json_array_get_length (corners));
  for (guint i = 0; i < json_array_get_length (corners); i++)
    g_assert_cmpint (indices[i], ==, json_array_get_int_element (corners, i));
}

/* Every point lies on or above the hull, which is convex and falls. */
static void
test_hull_edges (void)
{
  const double information[] = { 5, NAN, 0, 1, 1, 2, 3, 9, 4 };
  const double loss[] = { 1, 0, 8, 4, 5, 3, 2, 7, INFINITY };
  const gsize expected[] = { 2, 3, 6, 0 };
  gsize indices[9], n = heft_rate_hull (9, information, loss, indices);

  /* 0:8, 1:4, 3:2, 5:1; (2, 3) lies on an edge and is no corner. */
  g_assert_cmpuint (n, ==, 4);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpuint (indices[i], ==, expected[i]);
  /* More information for the same loss buys nothing. */
  g_assert_cmpuint (heft_rate_hull (3, (const double[]) { 0, 1, 2 }, (const double[]) { 2, 1, 1 }, indices), ==, 2);
  g_assert_cmpuint (heft_rate_hull (0, NULL, NULL, NULL), ==, 0);
  g_assert_cmpuint (heft_rate_hull (1, information, loss, indices), ==, 1);
}

/* Exact optima of one quadratic weight, whose curve is known in closed form. */
static void
optimum (double beta, double *information, double *loss)
{
  const double h = 2.0, lambda = 1.3;
  double variance = beta / (h + beta / (lambda * lambda));

  *information = heft_gaussian_information (&h, 1, 1, 0, beta, lambda);
  *loss = 0.5 * h * variance;
}

static double
check_with (gsize n, double factor, gsize spoilt)
{
  g_autofree double *betas = g_new (double, n);
  g_autofree double *information = g_new (double, n);
  g_autofree double *loss = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    {
      betas[i] = 1e-3 * pow (1e4, (double) i / (double) MAX (n - 1, 1));
      optimum (betas[i], &information[i], &loss[i]);
    }
  if (spoilt < n)
    information[spoilt] *= factor;
  return heft_slope_check (n, betas, information, loss, NULL);
}

static void
test_slope (void)
{
  g_assert_cmpfloat (check_with (12, 1, 99), <, 0.05);
  /* The interpolation's error falls with the square of the spacing. */
  g_assert_cmpfloat (check_with (120, 1, 99), <, 0.05 / 80);
  g_assert_cmpfloat (check_with (120, 1.2, 60), >, 0.5);
  g_assert_true (isnan (check_with (1, 1, 99)));
}

/* Where KL ends at 0 no power goes through both points, and the straight line stands in: C rises from 1 to 1.5 where KL falls from 1 to 0
 * between beta = 1 and 2. */
static void
test_slope_zero (void)
{
  const double betas[] = { 1, 2 }, information[] = { 1, 0 }, loss[] = { 0, 1.5 };
  double misfit;

  g_assert_cmpfloat (heft_slope_check (2, betas, information, loss, &misfit), <, 1e-15);
  g_assert_cmpfloat (fabs (misfit), <, 1e-15);
}

/* KL = c / beta^p is a power, for which the check is exact on any grid. */
static void
test_slope_power (void)
{
  const double powers[] = { 0, 0.5, 1, 2 };

  for (gsize p = 0; p < G_N_ELEMENTS (powers); p++)
    {
      const double betas[] = { 0.01, 0.1, 3 };
      double information[3], loss[3];

      for (int i = 0; i < 3; i++)
        {
          double power = powers[p], beta = betas[i];
          /* d loss / d beta = -beta d KL / d beta */
          information[i] = 2 * pow (beta, -power);
          loss[i] = power == 1 ? 2 * log (beta) : 2 * power / (1 - power) * pow (beta, 1 - power);
        }
      g_assert_cmpfloat (heft_slope_check (3, betas, information, loss, NULL), <, 1e-12);
    }
}

/* KL above its optimum by a tenth of it, paid for by a loss that is lower by as much as C is not higher: the optimum's C to first order, a
 * slope below KL by 1 - 1 / 1.1. Below the optimum the sign turns. */
static void
test_slope_sign (void)
{
  const double betas[] = { 0.01, 0.1, 3 }, factors[] = { 1.1, 0.9 };

  for (gsize f = 0; f < G_N_ELEMENTS (factors); f++)
    {
      double information[3], loss[3], misfit[2];

      for (int i = 0; i < 3; i++)
        {
          double optimum = 2 * pow (betas[i], -0.5);

          information[i] = factors[f] * optimum;
          loss[i] = 2 * sqrt (betas[i]) - betas[i] * (information[i] - optimum);
        }
      g_assert_cmpfloat_with_epsilon (heft_slope_check (3, betas, information, loss, misfit), fabs (1 / factors[f] - 1), 1e-12);
      for (int i = 0; i < 2; i++)
        g_assert_cmpfloat_with_epsilon (misfit[i], 1 / factors[f] - 1, 1e-12);
    }
}

/* --- Description lengths ------------------------------------------------------------------------------------------ */

static void
test_lengths (void)
{
  double least = INFINITY, least_beta = 0;

  g_assert_cmpfloat_with_epsilon (heft_code_length_uniform (1000, 10), 2302.585092994046, 1e-9);
  /* Over the optima of all betas the variational code is shortest at N beta = 1. */
  for (double n_beta = 0.25; n_beta < 5; n_beta *= sqrt (2.0))
    {
      double information, loss, length;

      optimum (n_beta / 500, &information, &loss);
      length = heft_code_length_variational (500, loss, information);
      if (length < least)
        {
          least = length;
          least_beta = n_beta;
        }
    }
  g_assert_cmpfloat_with_epsilon (least_beta, 1, 1e-9);
}

/* A coin: the code of counts seen so far (Laplace's rule), block by block. */
typedef struct
{
  const guint8 *labels;
  guint         calls;
  double        fail_at;
} Coin;

static gboolean
write_coin (gsize n_seen, gsize n_next, double *nats, gpointer data, GError **error)
{
  Coin *coin = data;
  double ones = 1;

  if (++coin->calls == coin->fail_at)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL, "no");
      return FALSE;
    }
  for (gsize i = 0; i < n_seen; i++)
    ones += coin->labels[i];
  *nats = 0;
  for (gsize i = n_seen; i < n_seen + n_next; i++)
    *nats -= log ((coin->labels[i] ? ones : (double) n_seen + 2 - ones) / ((double) n_seen + 2));
  return TRUE;
}

static void
test_prequential_coin (void)
{
  guint8 labels[300];
  Coin coin = { labels, 0, 0 };
  g_auto (HeftPrequential) code = { 0 };
  g_auto (HeftPrequential) single = { 0 };
  g_autoptr (GError) error = NULL;
  double ones = 0, exact;

  for (int i = 0; i < 300; i++)
    ones += labels[i] = i % 7 == 0;
  g_assert_true (heft_prequential_code (300, 2, 8, 1.5, write_coin, &coin, &code, &error));
  g_assert_cmpuint (code.ends[0], ==, 8);
  g_assert_cmpuint (code.ends[1], ==, 12);
  /* 18, 27, and 40.5 rounded. */
  g_assert_cmpuint (code.ends[4], ==, 41);
  g_assert_cmpuint (code.ends[code.n_blocks - 1], ==, 300);
  g_assert_cmpfloat_with_epsilon (code.nats[0], 8 * log (2.0), 1e-12);
  g_assert_cmpuint (coin.calls, ==, code.n_blocks - 1);
  /* Growth hardly above 1 is one label at a time: Laplace's rule, whose length is log of (N + 1) (N choose ones), and of a block of one
   * it says log 2 too. */
  g_assert_true (heft_prequential_code (300, 2, 1, 1.0001, write_coin, &coin, &single, &error));
  exact = lgamma (302) - lgamma (ones + 1) - lgamma (301 - ones);
  g_assert_cmpuint (single.n_blocks, ==, 300);
  g_assert_cmpfloat_with_epsilon (single.total, exact, 1e-9);
  exact = 0;
  for (gsize b = 0; b < code.n_blocks; b++)
    exact += code.nats[b];
  g_assert_cmpfloat (code.total, ==, exact);
}

static gboolean
write_infinity (gsize n_seen, gsize n_next, double *nats, gpointer user_data, GError **error)
{
  *nats = INFINITY;
  return TRUE;
}

static void
test_prequential_refusals (void)
{
  guint8 labels[10] = { 0 };
  Coin coin = { labels, 0, 2 };
  g_auto (HeftPrequential) code = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (heft_prequential_code (10, 2, 2, 1.2, write_coin, &coin, &code, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_null (code.ends);
  /* Of the lengths it is handed each has to be finite. */
  g_assert_false (heft_prequential_code (10, 2, 2, 2, write_infinity, NULL, &code, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_null (code.ends);
  g_assert_false (heft_prequential_code (10, 2, 2, 1, write_coin, &coin, &code, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

/* A block by hand: trained on what was seen, at N beta of that many samples, and evaluated on what comes next. */
static void
test_prequential_block (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftDataset) data = heft_data_synthetic ("moons", 300, 0.1, 1, 0, &error), seen = heft_dataset_head (data, 200), next = NULL;
  g_autoptr (HeftNetwork) network = heft_network_new ("8", HEFT_ACTIVATION_TANH, (HeftShape) { 2, 1, 1 }, 2, &error);
  HeftPrequentialTraining training = { .config = heft_trainer_config_default (), .n_beta = 5, .epochs = 4, .least_steps = 1, .n_draws = 3 };
  g_auto (HeftPrequential) code = { 0 };
  g_autoptr (HeftTrainer) trainer = NULL;
  HeftEvaluation evaluation;
  guint32 indices[100];

  training.config.batch = 50;
  training.config.learning_rate = 0.02;
  training.config.lambda = 1;
  training.config.n_threads = 1;
  g_assert_true (heft_prequential_train (network, data, &training, 200, 1.5, NULL, &code, &error));
  for (guint32 i = 0; i < 100; i++)
    indices[i] = 200 + i;
  next = heft_dataset_subset (data, indices, 100);
  training.config.beta = 5.0 / 200;
  trainer = heft_trainer_new (network, seen, &training.config, &error);
  for (int i = 0; i < 4 * 200 / 50; i++)
    {
      HeftStep step;

      g_assert_true (heft_trainer_step (trainer, &step, &error));
    }
  g_assert_true (heft_evaluate (network, heft_trainer_get_posterior (trainer), next, 0, training.config.seed, 0, 3, 1, NULL, &evaluation,
                                &error));
  g_assert_cmpuint (code.n_blocks, ==, 2);
  g_assert_cmpfloat_with_epsilon (code.nats[1], 100 * evaluation.loss, 1e-9);
}

static gboolean
stop_at_forty (guint64 done, guint64 total, gpointer data)
{
  guint64 *last = data;

  g_assert_cmpuint (done, ==, *last + 1);
  g_assert_cmpuint (done, <=, total);
  *last = done;
  return done != 40;
}

/* How many steps there were, and of how many. */
static gboolean
count_steps (guint64 done, guint64 total, gpointer data)
{
  guint64 *counts = data;

  counts[0]++;
  g_assert_cmpuint (done, ==, counts[0]);
  counts[1] = total;
  return TRUE;
}

/* By a network, on data that can be learned: far shorter than the labels written down, and the same at any thread count. */
static void
test_prequential_network (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftDataset) data = heft_data_synthetic ("moons", 300, 0.1, 1, 0, &error);
  g_autoptr (HeftNetwork) network = heft_network_new ("16", HEFT_ACTIVATION_TANH, (HeftShape) { 2, 1, 1 }, 2, &error);
  HeftPrequentialTraining training = { .config = heft_trainer_config_default (), .n_beta = 0.1, .epochs = 10, .least_steps = 200,
                                       .n_draws = 4 };
  g_auto (HeftPrequential) one = { 0 };
  g_auto (HeftPrequential) two = { 0 };
  guint64 last = 0, counts[2] = { 0 };

  training.config.batch = 32;
  training.config.learning_rate = 0.02;
  training.config.lambda = 1;
  training.config.n_threads = 1;
  g_assert_true (heft_prequential_train (network, data, &training, 16, 2, NULL, &one, &error));
  training.config.n_threads = 3;
  g_assert_true (heft_prequential_train (network, data, &training, 16, 2, NULL, &two, &error));
  g_assert_cmpfloat (one.total, ==, two.total);
  g_assert_cmpfloat (one.total, <, 0.7 * heft_code_length_uniform (300, 2));
  g_assert_cmpfloat (one.total, >, 16 * log (2.0));
  /* Blocks end at 16, 32, 64, 128, 256 and 300: 200 steps before each but the first, for ten epochs are at most 80. */
  training.progress = count_steps;
  training.user_data = counts;
  heft_prequential_clear (&two);
  g_assert_true (heft_prequential_train (network, data, &training, 16, 2, NULL, &two, &error));
  g_assert_cmpuint (counts[0], ==, 5 * 200);
  g_assert_cmpuint (counts[1], ==, counts[0]);
  training.progress = stop_at_forty;
  training.user_data = &last;
  heft_prequential_clear (&two);
  g_assert_false (heft_prequential_train (network, data, &training, 16, 2, NULL, &two, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (last, ==, 40);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/description/hull-reference", test_hull_reference);
  g_test_add_func ("/information/description/hull-edges", test_hull_edges);
  g_test_add_func ("/information/description/slope", test_slope);
  g_test_add_func ("/information/description/slope-power", test_slope_power);
  g_test_add_func ("/information/description/slope-zero", test_slope_zero);
  g_test_add_func ("/information/description/slope-sign", test_slope_sign);
  g_test_add_func ("/information/description/lengths", test_lengths);
  g_test_add_func ("/information/description/prequential-coin", test_prequential_coin);
  g_test_add_func ("/information/description/prequential-refusals", test_prequential_refusals);
  g_test_add_func ("/information/description/prequential-block", test_prequential_block);
  g_test_add_func ("/information/description/prequential-network", test_prequential_network);
  return g_test_run ();
}
