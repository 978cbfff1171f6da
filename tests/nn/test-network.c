/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/error.h>
#include <heft/network.h>
#include <math.h>
#include <string.h>

static const HeftShape digit = { 1, 28, 28 };

static HeftNetwork *
build (const char *architecture)
{
  g_autoptr (GError) error = NULL;
  HeftNetwork *network = heft_network_new (architecture, HEFT_ACTIVATION_RELU, digit, 10, &error);

  g_assert_no_error (error);
  return network;
}

/* Kinds and shapes as text, so that a whole network is compared at once. */
static char *
describe (HeftNetwork *network)
{
  static const char letters[] = { 'D', 'C', 'A', 'M', 'V', 'G', 'F', 'N', '(', ')' };
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);

      g_string_append_printf (text, "%s%c", i > 0 ? " " : "", letters[layer->kind]);
      if (layer->kind == HEFT_LAYER_ACTIVATION)
        g_string_append (text, heft_activation_name (layer->activation));
      else
        g_string_append_printf (text, "%zux%zux%zu", layer->output.channels, layer->output.height, layer->output.width);
    }
  return g_string_free (text, FALSE);
}

static void
test_shapes (void)
{
  static const struct { const char *architecture; gsize n_parameters; const char *layers; } cases[] = {
    { "", 7850, "D10x1x1" },
    { " 256-256 ", 785 * 256 + 257 * 256 + 257 * 10, "D256x1x1 Arelu D256x1x1 Arelu D10x1x1" },
    { "20-tanh-30", 785 * 20 + 21 * 30 + 31 * 10, "D20x1x1 Atanh D30x1x1 Arelu D10x1x1" },
    { "Dense8-leaky-relu", 785 * 8 + 90, "D8x1x1 Aleaky-relu D10x1x1" },
    { "conv5x16-relu-pool2-conv5x32-relu-pool2-128", 26 * 16 + 401 * 32 + 513 * 128 + 1290,
      "C16x24x24 Arelu M16x12x12 C32x8x8 Arelu M32x4x4 F512x1x1 D128x1x1 Arelu D10x1x1" },
    { "conv5x5x16-pool2-conv5x5x32-pool2-128", 26 * 16 + 401 * 32 + 513 * 128 + 1290,
      "C16x24x24 Arelu M16x12x12 C32x8x8 Arelu M32x4x4 F512x1x1 D128x1x1 Arelu D10x1x1" },
    { "conv3x16s2p1", 160 + (16 * 14 * 14 + 1) * 10, "C16x14x14 Arelu F3136x1x1 D10x1x1" },
    { "conv3x16p1s2", 160 + (16 * 14 * 14 + 1) * 10, "C16x14x14 Arelu F3136x1x1 D10x1x1" },
    /* An activation named after the pooling is the layer's activation. */
    { "conv5x4-pool2-relu-avgpool2s1-gap", 104 + 50, "C4x24x24 M4x12x12 Arelu V4x11x11 G4x1x1 D10x1x1" },
    { "maxpool3s2p1-flatten-9", 197 * 9 + 100, "M1x14x14 F196x1x1 D9x1x1 Arelu D10x1x1" },
    { "conv3x8-norm-pool2-linear-gap", 80 + 90, "C8x26x26 N8x26x26 M8x13x13 Alinear G8x1x1 D10x1x1" },
    { "conv3x8-norm4-gap", 80 + 90, "C8x26x26 N8x26x26 Arelu G8x1x1 D10x1x1" },
    { "12-(tanh-12)-norm-5", 785 * 12 + 13 * 12 + 13 * 5 + 60,
      "D12x1x1 Arelu (12x1x1 Atanh D12x1x1 )12x1x1 N12x1x1 Arelu D5x1x1 Arelu D10x1x1" },
    { "conv3x4p1-(conv3x4p1-(conv1x4))", 40 + 148 + 20 + 3137 * 10,
      "C4x28x28 Arelu (4x28x28 C4x28x28 Arelu (4x28x28 C4x28x28 )4x28x28 )4x28x28 Arelu F3136x1x1 D10x1x1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (HeftNetwork) network = build (cases[i].architecture);
      g_autofree char *layers = describe (network);

      g_assert_cmpstr (layers, ==, cases[i].layers);
      g_assert_cmpuint (heft_network_get_n_parameters (network), ==, cases[i].n_parameters);
    }
}

static void
test_layout (void)
{
  g_autoptr (HeftNetwork) network = build ("conv5x16-relu-pool2-conv5x32-relu-pool2-128");
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  gsize offset = 0;

  g_assert_cmpuint (heft_network_get_n_weight_layers (network), ==, 4);
  for (gsize l = 0; l < 4; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      g_assert_cmpuint (layer->offset, ==, offset);
      g_assert_cmpuint (layer->n_parameters, ==, (layer->fan_in + 1) * layer->fan_out);
      offset += layer->n_parameters;
    }
  g_assert_cmpuint (offset, ==, heft_network_get_n_parameters (network));
  g_assert_cmpstr (heft_network_get_weight_layer (network, 1)->name, ==, "conv 2");
  g_assert_cmpstr (heft_network_get_weight_layer (network, 3)->name, ==, "dense 4");
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    g_assert_true (g_hash_table_add (names, (gpointer) heft_network_get_layer (network, i)->name));

  g_assert_cmpuint (heft_network_get_n_inputs (network), ==, 784);
  g_assert_cmpuint (heft_network_get_n_classes (network), ==, 10);
  g_assert_cmpuint (heft_network_get_input_shape (network).height, ==, 28);
  g_assert_cmpint (heft_network_get_activation (network), ==, HEFT_ACTIVATION_RELU);
  g_assert_cmpstr (heft_network_get_architecture (network), ==, "conv5x16-relu-pool2-conv5x32-relu-pool2-128");
}

/* Each is refused with a sentence that names the part. */
static void
test_misfits (void)
{
  static const struct { const char *architecture, *says; } cases[] = {
    { "256--256", "*“” (part 2)*" }, { "256-", "*(part 2)*" }, { "-", "*(part 1)*" },
    { "256-quux", "*“quux” (part 2)*known*" }, { "0", "*from 1*" }, { "99999999", "*from 1*" },
    { "-5", "*(part 1)*" }, { "1e5", "*“1e5”*" }, { "256 256", "*" },
    { "conv5", "*convKxC*" }, { "conv0x4", "*convKxC*" }, { "conv5x0", "*convKxC*" }, { "conv5x4s0", "*convKxC*" },
    { "conv5x4s1s1", "*convKxC*" }, { "conv3x5x4", "*square*" },
    { "conv3x4p1s0", "*convKxC*" }, { "conv3x4x4x4", "*convKxC*" },
    { "conv29x4", "*29 x 29*28 x 28*" }, { "conv9x4-pool30", "*“pool30” (part 2)*30 x 30*20 x 20*" },
    { "conv999x4p900", "*127*" }, { "conv5x9999999", "*every sample*" },
    { "conv1x4000-conv1x4000-conv1x4000-conv1x4000", "*“conv1x4000” (part 2)*every sample*" },
    { "pool", "*poolK*" }, { "pool2x2", "*only s*" }, { "pool2p2", "*half its width*" },
    { "20-conv3x4", "*vector of 20*" }, { "flatten-pool2", "*vector of 784*" }, { "20-gap", "*vector*" },
    { "gap-conv1x3", "*vector of 1 *" }, { "gapp", "*known*" },
    { "conv", "*kernel and channels*" }, { "dense", "*number of outputs*" },
    { "9999999", "*weights*" },
    { "conv3x4-norm3", "*4 channels*3 groups*" }, { "norm0", "*groups*" }, { "1-norm", "*one number*" },
    { "12-(13)", "*keep its shape*12 x 1 x 1*13 x 1 x 1*" }, { "12-(12", "*never closed*" },
    { "12)", "*no “(”*" }, { "()", "*“” (part 1)*" }, { "conv3x4s99999999", "*convKxC*" },
    { "tänh", "*“tänh”*" }, { "256-\xff", "*readable*" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      HeftNetwork *network = heft_network_new (cases[i].architecture, HEFT_ACTIVATION_RELU, digit, 10, &error);

      if (network != NULL)
        g_error ("“%s” is not refused", cases[i].architecture);
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      if (!g_pattern_match_simple (cases[i].says, error->message))
        g_error ("“%s” is refused with: %s", cases[i].architecture, error->message);
    }
}

static void
test_hostile_texts (void)
{
  g_autofree char *long_text = g_strnfill (5000, '1');
  g_autofree char *long_word = g_strnfill (300, 'x');
  GString *many = g_string_new ("2");
  g_autoptr (GError) error = NULL;

  g_assert_null (heft_network_new (long_text, HEFT_ACTIVATION_RELU, digit, 10, &error));
  g_clear_error (&error);
  g_assert_null (heft_network_new (long_word, HEFT_ACTIVATION_RELU, digit, 10, &error));
  g_assert_cmpuint (strlen (error->message), <, 1000);
  g_clear_error (&error);
  for (guint i = 0; i < 500; i++)
    g_string_append (many, "-2");
  g_assert_null (heft_network_new (many->str, HEFT_ACTIVATION_RELU, digit, 10, &error));
  g_assert_nonnull (strstr (error->message, "too many"));
  g_clear_error (&error);
  g_string_free (many, TRUE);

  g_assert_null (heft_network_new ("5", HEFT_ACTIVATION_RELU, (HeftShape) { 0, 1, 1 }, 10, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_network_new ("5", HEFT_ACTIVATION_RELU, (HeftShape) { G_MAXSIZE, G_MAXSIZE, 1 }, 10, &error));
  g_clear_error (&error);
  g_assert_null (heft_network_new ("5", HEFT_ACTIVATION_RELU, digit, 0, &error));
}

static void
test_activation_names (void)
{
  g_autoptr (GError) error = NULL;
  HeftActivation parsed;

  for (int a = HEFT_ACTIVATION_LINEAR; a <= HEFT_ACTIVATION_GELU; a++)
    {
      g_assert_true (heft_activation_parse (heft_activation_name ((HeftActivation) a), &parsed, &error));
      g_assert_cmpint (parsed, ==, a);
    }
  g_assert_false (heft_activation_parse ("swish", &parsed, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, "softplus"));
}

/* Moments of the initial weights against the papers' formulas, at five standard errors. */
static void
check_initialisation (const char    *architecture,
                      HeftActivation activation,
                      gsize          layer_index,
                      double         variance,
                      double         largest)
{
  g_autoptr (HeftNetwork) network = heft_network_new (architecture, activation, digit, 10, NULL);
  const HeftLayer *layer = heft_network_get_weight_layer (network, layer_index);
  gsize k = heft_network_get_n_parameters (network), n = layer->fan_in * layer->fan_out;
  g_autofree float *weights = g_new (float, k);
  g_autofree float *again = g_new (float, k);
  const float *block = weights + layer->offset;
  double sum = 0.0, squares = 0.0;

  heft_network_initialise (network, 7, weights);
  heft_network_initialise (network, 7, again);
  g_assert_cmpmem (weights, k * sizeof *weights, again, k * sizeof *again);
  heft_network_initialise (network, 8, again);
  g_assert_cmpint (memcmp (weights, again, k * sizeof *weights), !=, 0);

  for (gsize i = 0; i < n; i++)
    {
      sum += block[i];
      squares += (double) block[i] * block[i];
      g_assert_cmpfloat (fabs (block[i]), <, largest);
    }
  g_assert_cmpfloat (fabs (sum / (double) n), <, 5.0 * sqrt (variance / (double) n));
  g_assert_cmpfloat (fabs (squares / (double) n / variance - 1.0), <, 5.0 * sqrt (2.0 / (double) n));
  for (gsize j = 0; j < layer->fan_out; j++)
    g_assert_cmpfloat (block[n + j], ==, 0.0f);
}

static void
test_initialisation (void)
{
  check_initialisation ("256-256", HEFT_ACTIVATION_RELU, 1, 2.0 / 256, 6.0 * sqrt (2.0 / 256));
  check_initialisation ("256-256", HEFT_ACTIVATION_SOFTPLUS, 1, 2.0 / 256, 6.0 * sqrt (2.0 / 256));
  check_initialisation ("256-256", HEFT_ACTIVATION_TANH, 1, 2.0 / 512, sqrt (6.0 / 512));
  check_initialisation ("256-256", HEFT_ACTIVATION_RELU, 2, 2.0 / 266, sqrt (6.0 / 266));
  check_initialisation ("conv5x16-conv5x32", HEFT_ACTIVATION_GELU, 1, 2.0 / 400, 6.0 * sqrt (2.0 / 400));
  check_initialisation ("conv5x16-conv5x32", HEFT_ACTIVATION_SIGMOID, 1, 2.0 / 1200, sqrt (6.0 / 1200));
}

/* Only our own names are words; the test runs untranslated. */
static void
test_labels (void)
{
  static const char *const same[] = { "dense 1", "conv 12", "fc1", "features.0", "dense", "conv x", "dense ", "my dense 2", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
    {
      g_autofree char *label = heft_layer_dup_label (same[i]);

      g_assert_cmpstr (label, ==, same[i]);
    }
  for (gsize i = 0; i < 2; i++)
    {
      static const char *const places[] = { "0", "12" }, *const labels[] = { "layer 0", "layer 12" };
      g_autofree char *label = heft_layer_dup_label (places[i]);

      g_assert_cmpstr (label, ==, labels[i]);
    }
}

/* Mean 0 and the variance of each paper's rule; the standard error of a sample variance is sqrt (2 / n) of it. */
static void
check_variance (HeftInitialisation rule, gsize l, double expected)
{
  g_autoptr (HeftNetwork) network = heft_network_new ("conv5x40-300-leaky-relu-400", HEFT_ACTIVATION_TANH, (HeftShape) { 3, 9, 9 }, 10, NULL);
  const HeftLayer *layer = heft_network_get_weight_layer (network, l);
  g_autofree float *weights = g_new (float, heft_network_get_n_parameters (network));
  gsize n = layer->fan_in * layer->fan_out;
  double sum = 0, square = 0;

  heft_network_initialise_by (network, rule, 3, weights);
  for (gsize i = 0; i < n; i++)
    {
      sum += weights[layer->offset + i];
      square += pow (weights[layer->offset + i], 2);
    }
  g_assert_cmpfloat_with_epsilon (sum / n, 0, 5 * sqrt (expected / n));
  g_assert_cmpfloat_with_epsilon (square / n / expected, 1, 5 * sqrt (2.0 / n));
  for (gsize j = 0; j < layer->fan_out; j++)
    g_assert_cmpfloat (weights[layer->offset + n + j], ==, 0);
}

static void
test_initialisations (void)
{
  const double dense = 40 * 25, leak = 1 + 0.01 * 0.01;

  check_variance (HEFT_INITIALISATION_HE, 0, 2.0 / 75);
  check_variance (HEFT_INITIALISATION_HE, 1, 2 / (leak * dense));
  check_variance (HEFT_INITIALISATION_GLOROT, 0, 2.0 / (75 + 25 * 40));
  check_variance (HEFT_INITIALISATION_GLOROT, 1, 2 / (dense + 300));
  check_variance (HEFT_INITIALISATION_LECUN, 0, 1.0 / 75);
  check_variance (HEFT_INITIALISATION_LECUN, 1, 1 / dense);
  check_variance (HEFT_INITIALISATION_DEFAULT, 0, 2.0 / (75 + 25 * 40));
  check_variance (HEFT_INITIALISATION_DEFAULT, 1, 2 / (leak * dense));
}

/* Too small for moments: against the same draws before a ReLU (He et al. 2015, eq. (15)). */
static void
test_leak (void)
{
  static const HeftInitialisation rules[] = { HEFT_INITIALISATION_HE, HEFT_INITIALISATION_ORTHOGONAL };
  g_autoptr (HeftNetwork) relu = heft_network_new ("50", HEFT_ACTIVATION_RELU, digit, 10, NULL);
  g_autoptr (HeftNetwork) leaky = heft_network_new ("50", HEFT_ACTIVATION_LEAKY_RELU, digit, 10, NULL);
  gsize n = heft_network_get_weight_layer (relu, 0)->fan_in * 50, k = heft_network_get_n_parameters (relu);
  g_autofree float *one = g_new (float, k), *other = g_new (float, k);

  for (gsize r = 0; r < 2; r++)
    {
      heft_network_initialise_by (relu, rules[r], 3, one);
      heft_network_initialise_by (leaky, rules[r], 3, other);
      for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon (other[i], one[i] / sqrt (1 + 0.01 * 0.01), 1e-6 * fabs (one[i]));
    }
}

/* Orthonormal columns where outputs are fewer, orthonormal rows where inputs are. */
static void
test_orthogonal (void)
{
  g_autoptr (HeftNetwork) network = heft_network_new ("20-70", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 1, 50 }, 10, NULL);
  g_autofree float *weights = g_new (float, heft_network_get_n_parameters (network));

  heft_network_initialise_by (network, HEFT_INITIALISATION_ORTHOGONAL, 3, weights);
  for (gsize l = 0; l < 3; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      gsize in = layer->fan_in, out = layer->fan_out, n = MIN (in, out), m = MAX (in, out);
      const float *w = weights + layer->offset;

      for (gsize a = 0; a < n; a++)
        for (gsize b = 0; b < n; b++)
          {
            double product = 0;

            for (gsize i = 0; i < m; i++)
              product += out < in ? (double) w[i * out + a] * w[i * out + b] : (double) w[a * out + i] * w[b * out + i];
            /* Single precision; the gain of sqrt 2 before a ReLU. */
            g_assert_cmpfloat_with_epsilon (product, a == b ? (l < 2 ? 2 : 1) : 0, 1e-5);
          }
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/nn/network/shapes", test_shapes);
  g_test_add_func ("/nn/network/layout", test_layout);
  g_test_add_func ("/nn/network/labels", test_labels);
  g_test_add_func ("/nn/network/misfits", test_misfits);
  g_test_add_func ("/nn/network/hostile-texts", test_hostile_texts);
  g_test_add_func ("/nn/network/activation-names", test_activation_names);
  g_test_add_func ("/nn/network/initialisation", test_initialisation);

  g_test_add_func ("/nn/network/initialisations", test_initialisations);
  g_test_add_func ("/nn/network/leak", test_leak);
  g_test_add_func ("/nn/network/orthogonal", test_orthogonal);
  return g_test_run ();
}
