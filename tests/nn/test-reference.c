/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Against PyTorch in double precision: see tests/reference/nn.py. */

#include "config.h"

#include <heft/pass.h>
#include <json-glib/json-glib.h>
#include <math.h>

enum { N = 3, CLASSES = 4, D = 2 * 7 * 6 };

static void
check (JsonObject   *expected,
       const char   *member,
       const double *found,
       gsize         n)
{
  JsonObject *summary = json_object_get_object_member (expected, member);
  JsonArray *values = json_object_get_array_member (summary, "values");
  double norm = json_object_get_double_member (summary, "norm"), squares = 0.0;

  g_assert_cmpint (json_object_get_int_member (summary, "n"), ==, n);
  for (guint i = 0; i < json_array_get_length (values); i++)
    g_assert_cmpfloat_with_epsilon (found[(gsize) i * (n - 1) / 14], json_array_get_double_element (values, i),
                                    1e-10 * norm);
  for (gsize i = 0; i < n; i++)
    squares += found[i] * found[i];
  g_assert_cmpfloat_with_epsilon (sqrt (squares), norm, 1e-10 * norm);
}

static void
check_case (JsonObject *expected)
{
  const char *architecture = json_object_get_string_member (expected, "architecture");
  const guint8 labels[N] = { 1, 0, 3 };
  g_autoptr (HeftNetwork) network = NULL;
  g_autoptr (HeftPassF64) pass = NULL;
  g_autofree double *weights = NULL, *direction = NULL, *gradient = NULL, *product = NULL;
  double inputs[N * D], input_gradient[N * D], losses[N], logit_gradients[N * CLASSES], tangent[N * CLASSES];
  HeftActivation activation;
  gsize k;

  g_test_message ("%s", architecture);
  g_assert_true (heft_activation_parse (json_object_get_string_member (expected, "activation"), &activation, NULL));
  network = heft_network_new (architecture, activation, (HeftShape) { 2, 7, 6 }, CLASSES, NULL);
  pass = heft_pass_f64_new (network, N);
  k = heft_network_get_n_parameters (network);
  weights = g_new (double, k);
  direction = g_new (double, k);
  gradient = g_new (double, k);
  product = g_new (double, k);
  for (gsize i = 0; i < k; i++)
    {
      weights[i] = 0.4 * sin (1.0 + 1.7 * (double) i);
      direction[i] = cos (2.3 * (double) i);
    }
  for (gsize i = 0; i < N * D; i++)
    inputs[i] = cos (0.9 * (double) i);

  heft_pass_f64_forward (pass, weights, inputs, N);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), labels, N, CLASSES, losses, NULL, logit_gradients);
  g_assert_cmpfloat_with_epsilon (losses[0] + losses[1] + losses[2], json_object_get_double_member (expected, "loss"), 1e-11);
  check (expected, "logits", heft_pass_f64_logits (pass), N * CLASSES);
  heft_pass_f64_backward (pass, logit_gradients, gradient);
  heft_pass_f64_input_gradient (pass, input_gradient);
  check (expected, "gradient", gradient, k);
  check (expected, "input-gradient", input_gradient, N * D);
  heft_pass_f64_tangent (pass, direction, 0, heft_network_get_n_weight_layers (network) - 1, NULL, tangent);
  check (expected, "tangent", tangent, N * CLASSES);
  heft_pass_f64_hessian_vector (pass, labels, direction, product);
  check (expected, "hessian-vector", product, k);
}

static void
test_pytorch (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "reference", "nn.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonArray *cases;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "cases");
  g_assert_cmpuint (json_array_get_length (cases), >=, 13);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    check_case (json_array_get_object_element (cases, i));
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/nn/reference/pytorch", test_pytorch);

  return g_test_run ();
}
