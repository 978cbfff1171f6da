/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include <heft/bound.h>

#include "reference/reference.h"

static int
run_measure (const char *arguments, char **output, char **errors)
{
  g_autofree char *line = g_strdup_printf ("%s measure %s", g_getenv ("HEFT_CLI"), arguments);
  g_autoptr (GError) error = NULL;
  int status;

  g_assert_true (g_spawn_command_line_sync (line, output, errors, &status, &error));
  g_assert_no_error (error);
  return g_spawn_check_wait_status (status, &error) ? 0 : error->code;
}

static void
near (JsonObject *found, const char *name, double expected, double tolerance)
{
  double value = json_object_get_double_member (found, name);

  if (!(fabs (value - expected) <= tolerance * fabs (expected)))
    g_error ("%s is %.17g, the reference %.17g", name, value, expected);
}

static void
compare_spectrum (JsonObject *found, JsonObject *expected, double information)
{
  gsize k = (gsize) json_object_get_int_member (found, "parameters");
  gsize rank = (gsize) json_object_get_int_member (found, "rank");
  g_autofree double *values = reference_array (found, "eigenvalues", rank);
  g_autofree double *reference = reference_array (expected, "eigenvalues", k);

  reference_compare (values, reference, rank, 1e-9, "eigenvalues");
  near (found, "trace", json_object_get_double_member (expected, "trace"), 1e-9);
  near (found, "kl", information, 1e-9);
}

static void
compare_effective (JsonArray *found, JsonArray *expected)
{
  g_assert_cmpuint (json_array_get_length (found), ==, json_array_get_length (expected));
  for (guint l = 0; l < json_array_get_length (found); l++)
    {
      JsonObject *layer = json_array_get_object_element (found, l);
      JsonObject *reference = json_array_get_object_element (expected, l);
      g_autofree double *traces = reference_array (reference, "fisher_trace", 0);
      g_autofree double *information = reference_array (reference, "information", 0);
      guint n = json_array_get_length (json_object_get_array_member (reference, "fisher_trace"));
      g_autofree double *found_traces = reference_array (layer, "fisher_trace", 0);
      g_autofree double *found_information = reference_array (layer, "information", 0);

      reference_compare (found_traces, traces, n, 1e-7, "trace of the activations' Fisher");
      reference_compare (found_information, information, n, 1e-7, "effective information");
    }
}

/* The formula as printed, eq. (8) of the paper with the covariance of Prop. 2.5, from the reference's eigenvalues. */
static void
compare_printed (JsonObject *found, JsonObject *expected, const double *weights, double beta, double lambda)
{
  gsize k = (gsize) json_object_get_int_member (found, "parameters");
  g_autofree double *values = reference_array (expected, "eigenvalues", k);
  double value = -(double) k;

  for (gsize i = 0; i < k; i++)
    {
      double x = 2 * lambda * lambda / beta * MAX (values[i], 0);

      value += 0.5 * (log1p (x) + 1 / (1 + x) + weights[i] * weights[i] / (lambda * lambda));
    }
  near (found, "kl_printed", value, 1e-9);
}

/* The scale of the logits and the trace of the Fisher without it, by PyTorch. */
static void
compare_scaled (JsonObject *root, const char *name)
{
  g_autoptr (JsonObject) all = reference_json ("curvature");
  JsonObject *expected = json_object_get_object_member (json_object_get_object_member (all, "scaled"), name);
  JsonArray *traces = json_object_get_array_member (expected, "traces");
  double trace = 0;

  for (guint l = 0; l < json_array_get_length (traces); l++)
    trace += json_array_get_double_element (traces, l);
  near (root, "logit_scale", json_object_get_double_member (expected, "scale"), 1e-11);
  near (json_object_get_object_member (root, "network"), "trace_scaled", trace, 1e-11);
}

static void
compare_hessian (JsonObject *found, JsonObject *expected, gsize k)
{
  g_autofree double *values = reference_array (found, "eigenvalues", k), *expected_values = reference_array (expected, "eigenvalues", k);

  reference_compare (values, expected_values, k, 1e-9, "eigenvalues of the Hessian");
  near (found, "trace", json_object_get_double_member (expected, "trace"), 1e-9);
  near (found, "most_negative", MIN (expected_values[k - 1], 0), 1e-8);
  near (found, "relative_gap_to_fisher", json_object_get_double_member (expected, "difference_norm")
                                         / json_object_get_double_member (expected, "norm"), 1e-9);
}

/* Every number of contract.md against PyTorch's dense linear algebra. */
static void
test_reference (gconstpointer data)
{
  const char *name = data;
  g_auto (Reference) reference = { 0 };
  g_autofree char *path = reference_path (name, ".safetensors"), *inputs = reference_path (name, "-inputs.npy");
  g_autofree char *labels = reference_path (name, "-labels.npy"), *output = NULL, *errors = NULL, *line = NULL;
  g_autofree double *information = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree double *shape = NULL;
  JsonObject *root, *fisher, *expected;
  JsonArray *layers;
  gsize k;

  reference_load (name, &reference);
  shape = reference_array (reference.values, "input", 3);
  line = g_strdup_printf ("%s --data %s,%s --activation %s %s%s --input %gx%gx%g --beta %.17g --lambda %.17g --hessian "
                          "--activations --json", path, inputs, labels,
                          json_object_get_string_member (reference.values, "activation"),
                          json_object_get_null_member (reference.values, "architecture") ? "" : "--arch ",
                          json_object_get_null_member (reference.values, "architecture")
                            ? "" : json_object_get_string_member (reference.values, "architecture"),
                          shape[0], shape[1], shape[2], json_object_get_double_member (reference.values, "beta"),
                          json_object_get_double_member (reference.values, "lambda"));
  g_assert_cmpint (run_measure (line, &output, &errors), ==, 0);
  g_assert_cmpstr (errors, ==, "");
  g_assert_true (json_parser_load_from_data (parser, output, -1, NULL));
  root = json_node_get_object (json_parser_get_root (parser));
  k = heft_network_get_n_parameters (reference.network);

  g_assert_cmpint (json_object_get_int_member (root, "samples"), ==,
                   json_object_get_int_member (reference.values, "samples"));
  g_assert_cmpint (json_object_get_int_member (root, "parameters"), ==, (gint64) k);
  near (root, "loss", json_object_get_double_member (reference.values, "loss"), 1e-12);
  near (root, "error", json_object_get_double_member (reference.values, "error"), 1e-12);
  expected = json_object_get_object_member (reference.values, "information");
  information = reference_array (expected, "layers", 0);
  fisher = json_object_get_object_member (reference.values, "fisher");
  layers = json_object_get_array_member (root, "layers");
  g_assert_cmpuint (json_array_get_length (layers), ==, heft_network_get_n_weight_layers (reference.network));
  for (guint l = 0; l < json_array_get_length (layers); l++)
    {
      JsonObject *layer = json_array_get_object_element (layers, l);

      expected = json_array_get_object_element (json_object_get_array_member (fisher, "layers"), l);
      compare_spectrum (layer, expected, information[l]);
      compare_printed (layer, expected, reference.weights + heft_network_get_weight_layer (reference.network, l)->offset,
                       json_object_get_double_member (reference.values, "beta"),
                       json_object_get_double_member (reference.values, "lambda"));
    }
  compare_spectrum (json_object_get_object_member (root, "network"), json_object_get_object_member (fisher, "network"),
                    json_object_get_double_member (json_object_get_object_member (reference.values, "information"), "network"));
  compare_printed (json_object_get_object_member (root, "network"), json_object_get_object_member (fisher, "network"),
                   reference.weights, json_object_get_double_member (reference.values, "beta"),
                   json_object_get_double_member (reference.values, "lambda"));
  compare_scaled (root, name);
  compare_hessian (json_object_get_object_member (root, "hessian"), json_object_get_object_member (reference.values, "hessian"), k);
  compare_effective (json_object_get_array_member (root, "effective"),
                     json_object_get_array_member (reference.values, "effective_fisher"));
}

/* Layers are called what the file calls them; what is printed for people holds what the JSON does. */
static void
test_text (void)
{
  static const char *const said[] = { "\nfc1 ", "\nfc2 ", "\nfc10 ", "\nnetwork ", "as printed", "The Gram matrix, 72 × 72",
                                      "scale of the logits, 0.697099", "Fisher is 17.69433", "Σ* of the whole network" };
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors"), *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy"), *output = NULL, *errors = NULL, *json = NULL;
  g_autofree char *line = g_strdup_printf ("%s --data %s,%s --activation tanh --activations", path, inputs, labels);
  g_autofree char *document = g_strconcat (line, " --json", NULL);

  g_assert_cmpint (run_measure (line, &output, &errors), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (said); i++)
    if (strstr (output, said[i]) == NULL)
      g_error ("“%s” is missing from %s", said[i], output);
  g_clear_pointer (&errors, g_free);
  g_assert_cmpint (run_measure (document, &json, &errors), ==, 0);
  g_assert_nonnull (strstr (json, "\"name\": \"fc10\""));
  g_assert_nonnull (strstr (json, "\"operation\": \"dense 3\""));
}

static void
compare_numbers (const char *name, JsonArray *found, JsonArray *expected)
{
  double largest = 0;

  for (guint i = 0; i < json_array_get_length (expected); i++)
    largest = MAX (largest, fabs (json_array_get_double_element (expected, i)));
  for (guint i = 0; i < json_array_get_length (expected); i++)
    {
      /* A spectrum is printed down to its rank. */
      double value = i < json_array_get_length (found) ? json_array_get_double_element (found, i) : 0;
      double reference = json_array_get_double_element (expected, i);

      if (!(fabs (value - reference) <= 1e-8 * fabs (reference) + 1e-12 * largest))
        g_error ("%s %u is %.17g, the reference %.17g", name, i, value, reference);
    }
}

/* Everything in @expected is in @found, equal to what rounding leaves. */
static void
compare_object (JsonObject *found, JsonObject *expected)
{
  g_autoptr (GList) names = json_object_get_members (expected);

  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonNode *node = json_object_get_member (expected, l->data);
      JsonArray *array, *other;

      g_assert_true (json_object_has_member (found, l->data));
      if (JSON_NODE_HOLDS_OBJECT (node))
        compare_object (json_object_get_object_member (found, l->data), json_node_get_object (node));
      if (JSON_NODE_HOLDS_VALUE (node))
        near (found, l->data, json_node_get_double (node), 1e-8);
      if (!JSON_NODE_HOLDS_ARRAY (node))
        continue;
      array = json_node_get_array (node);
      other = json_object_get_array_member (found, l->data);
      if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, 0)))
        {
          compare_numbers (l->data, other, array);
          continue;
        }
      g_assert_cmpuint (json_array_get_length (other), ==, json_array_get_length (array));
      for (guint i = 0; i < json_array_get_length (array); i++)
        compare_object (json_array_get_object_element (other, i), json_array_get_object_element (array, i));
    }
}

/* Layers without a bias have none that counts, carries noise or has a curvature. */
static void
test_without_bias (gconstpointer data)
{
  const char *name = data;
  g_autofree char *values = reference_path (name, ".json"), *path = reference_path (name, ".safetensors");
  g_autofree char *inputs = reference_path (name, "-inputs.npy"), *labels = reference_path (name, "-labels.npy");
  g_autoptr (JsonParser) reference = json_parser_new (), found = json_parser_new ();
  g_autofree char *line = NULL, *output = NULL, *errors = NULL;
  JsonObject *root, *expected;
  guint k;

  g_assert_true (json_parser_load_from_file (reference, values, NULL));
  root = json_node_get_object (json_parser_get_root (reference));
  expected = json_object_get_object_member (root, "expected");
  line = g_strdup_printf ("%s --data %s,%s %s", path, inputs, labels, json_object_get_string_member (root, "arguments"));
  g_assert_cmpint (run_measure (line, &output, &errors), ==, 0);
  g_assert_true (json_parser_load_from_data (found, output, -1, NULL));
  root = json_node_get_object (json_parser_get_root (found));
  compare_object (root, expected);
  k = (guint) json_object_get_int_member (expected, "parameters");
  root = json_object_get_object_member (root, "hessian");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "eigenvalues")), ==, k);
}

/* One kind of Fisher's network: trace, largest eigenvalue, information and its standard error. */
static void
measure_kind (const char *kind, double *trace, double *largest, double *kl, double *standard_error)
{
  g_autofree char *path = reference_path ("conv-relu", ".safetensors"), *inputs = reference_path ("conv-relu", "-inputs.npy");
  g_autofree char *labels = reference_path ("conv-relu", "-labels.npy"), *output = NULL, *errors = NULL;
  g_autofree char *line = g_strdup_printf ("%s --data %s,%s --activation relu --input 1x8x8 --beta 0.01 --lambda 0.7 --json --fisher %s "
                                           "--arch conv-relu-pool2-conv-relu-flatten-dense-relu-dense", path, inputs, labels, kind);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *network;

  g_assert_cmpint (run_measure (line, &output, &errors), ==, 0);
  g_assert_true (json_parser_load_from_data (parser, output, -1, NULL));
  network = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpstr (json_object_get_string_member (network, "fisher"), ==, kind);
  network = json_object_get_object_member (network, "network");
  *trace = json_object_get_double_member (network, "trace");
  *largest = json_array_get_double_element (json_object_get_array_member (network, "eigenvalues"), 0);
  *kl = json_object_get_double_member (network, "kl");
  *standard_error = json_object_has_member (network, "kl_standard_error")
                    ? json_object_get_double_member (network, "kl_standard_error") : 0;
}

/* EKFAC and the diagonal keep the exact trace; Lanczos finds the exact head, and by quadrature the information within its error. */
static void
test_kinds (void)
{
  double trace, largest, kl, doubt, exact_trace, exact_largest, exact_kl;

  measure_kind ("exact", &exact_trace, &exact_largest, &exact_kl, &doubt);
  g_assert_cmpfloat (doubt, ==, 0);
  measure_kind ("ekfac", &trace, &largest, &kl, &doubt);
  g_assert_cmpfloat_with_epsilon (trace, exact_trace, 1e-9 * exact_trace);
  g_assert_cmpfloat (largest, <=, exact_largest * (1 + 1e-9));
  measure_kind ("diagonal", &trace, &largest, &kl, &doubt);
  g_assert_cmpfloat_with_epsilon (trace, exact_trace, 1e-9 * exact_trace);
  measure_kind ("kfac", &trace, &largest, &kl, &doubt);
  g_assert_cmpfloat (kl, >, 0);
  measure_kind ("lanczos", &trace, &largest, &kl, &doubt);
  g_assert_cmpfloat_with_epsilon (trace, exact_trace, 1e-5 * exact_trace);
  g_assert_cmpfloat_with_epsilon (largest, exact_largest, 1e-3 * exact_largest);
  g_assert_cmpfloat (doubt, >, 0);
  /* Thirty probes of a network this small. */
  g_assert_cmpfloat_with_epsilon (kl, exact_kl, 5 * doubt);
}

/* Members beyond contract.md's: what each direction costs adds up, and every price and route is named. */
static void
test_members (void)
{
  g_autofree char *path = reference_path ("conv-relu", ".safetensors"), *inputs = reference_path ("conv-relu", "-inputs.npy");
  g_autofree char *labels = reference_path ("conv-relu", "-labels.npy"), *output = NULL, *errors = NULL, *words = NULL;
  g_autofree char *line = g_strdup_printf ("%s --data %s,%s --activation relu --input 1x8x8 --beta 0.01 --lambda 0.7 --nuisances 2 "
                                           "--arch conv-relu-pool2-conv-relu-flatten-dense-relu-dense --hessian", path, inputs, labels);
  g_autofree char *json = g_strconcat (line, " --json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *root, *network;
  JsonArray *costs;
  double sum = 0;

  g_assert_cmpint (run_measure (json, &output, &errors), ==, 0);
  g_assert_true (json_parser_load_from_data (parser, output, -1, NULL));
  root = json_node_get_object (json_parser_get_root (parser));
  network = json_object_get_object_member (root, "network");
  costs = json_object_get_array_member (network, "direction_costs");
  g_assert_cmpuint (json_array_get_length (costs), ==, (guint) json_object_get_int_member (network, "rank"));
  for (guint i = 0; i < json_array_get_length (costs); i++)
    sum += json_array_get_double_element (costs, i);
  /* What is left of the information is |w|^2 / (2 lambda^2): the same at another price of a nat. */
  g_assert_cmpfloat (sum, <, json_object_get_double_member (network, "kl"));
  g_assert_cmpfloat (json_object_get_double_member (network, "log_determinant"), >, 2 * sum);
  g_assert_cmpfloat (json_object_get_double_member (network, "kl_printed"), <, json_object_get_double_member (network, "kl"));
  g_assert_nonnull (strstr (json_object_get_string_member (network, "plan"), " × "));
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (root, "hessian"), "estimator"), ==,
                   "exact Hessian, dense matrix");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "nuisances")) % 11, ==, 0);
  /* The tables say them too. */
  g_assert_cmpint (run_measure (line, &words, NULL), ==, 0);
  g_assert_nonnull (strstr (words, "as printed"));
  g_assert_nonnull (strstr (words, "thickness"));
  g_assert_nonnull (strstr (words, "Gram matrix"));
}

/* One member of an object that is an object itself. */
static JsonObject *
measure_member (const char *line, JsonParser *parser, const char *name)
{
  g_autofree char *output = NULL, *errors = NULL;

  g_assert_cmpint (run_measure (line, &output, &errors), ==, 0);
  g_assert_cmpstr (errors, ==, "");
  g_assert_true (json_parser_load_from_data (parser, output, -1, NULL));
  return json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), name);
}

static double
number (JsonObject *object, const char *name)
{
  return json_object_get_double_member (object, name);
}

static void
check_bound (JsonObject *certificate, const char *name, double expected)
{
  near (json_object_get_object_member (certificate, name), "value", expected, 1e-9);
  g_assert_true (json_object_get_boolean_member (json_object_get_object_member (certificate, name), "vacuous") == !(expected < 1));
}

/* Bounds are those of `bound` on the ingredients that stand beside them; what makes one no bound is said. */
static void
test_certificate (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors"), *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy");
  g_autofree char *common = g_strdup_printf ("%s --data %s,%s --activation tanh --lambda 2 --scope network --certificate", path, inputs, labels);
  g_autofree char *line = g_strconcat (common, " --beta 0.1 --draws 300 --delta 0.03 --delta-draws 0.02 --json", NULL);
  g_autofree char *plain = g_strconcat (common, " --json", NULL), *best = g_strconcat (common, " --beta-pac best --draws 5 --json", NULL);
  g_autofree char *words = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *certificate = measure_member (line, parser, "certificate"), *root, *bound;
  double upper, kl = number (certificate, "kl"), expected;

  root = json_node_get_object (json_parser_get_root (parser));
  near (json_object_get_object_member (root, "network"), "kl", kl, 1e-9);
  g_assert_cmpint (json_object_get_int_member (certificate, "draws"), ==, 300);
  g_assert_true (heft_bound_draws (number (certificate, "empirical_error"), 300, 0.02, &upper, NULL));
  near (certificate, "empirical_upper", upper, 1e-12);
  g_assert_true (heft_bound_pac_bayes_kl (upper, kl, 24, 0.03, &expected, NULL));
  check_bound (certificate, "pac_bayes_kl", expected);
  g_assert_true (heft_bound_mcallester (upper, kl, 24, 0.03, &expected, NULL));
  check_bound (certificate, "mcallester", expected);
  g_assert_true (heft_bound_lagrangian (upper, kl, 24, 0.03, 2.4, &expected, NULL));
  check_bound (certificate, "lagrangian", expected);
  near (certificate, "confidence", 0.95, 1e-12);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (certificate, "conditions")), ==, 5);
  root = json_object_get_object_member (root, "description_length");
  near (root, "uniform", 24 * log (4), 1e-12);
  near (root, "kl", kl, 0);
  near (root, "two_part", 24 * number (json_node_get_object (json_parser_get_root (parser)), "loss") + kl, 1e-12);
  near (root, "variational", 24 * number (certificate, "expected_loss") + kl, 1e-12);
  near (root, "variational_standard_error", 24 * number (certificate, "expected_loss_standard_error"), 1e-12);
  g_assert_false (json_object_has_member (root, "kl_standard_error"));

  /* At the default price the Lagrangian bound has no beta. */
  certificate = measure_member (plain, parser, "certificate");
  bound = json_object_get_object_member (certificate, "lagrangian");
  g_assert_true (json_object_get_null_member (bound, "value"));
  g_assert_false (json_object_get_boolean_member (bound, "valid"));
  g_assert_true (g_str_has_prefix (json_object_get_string_member (bound, "reason"), "Not a valid bound: the PAC-Bayes beta"));
  g_assert_cmpint (json_object_get_int_member (certificate, "draws"), ==, 2000);
  g_assert_cmpint (json_object_get_int_member (certificate, "draw_samples"), ==, 100);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (certificate, "conditions")), ==, 4);
  certificate = measure_member (best, parser, "certificate");
  g_assert_cmpint (json_object_get_int_member (certificate, "beta_candidates"), ==, 16);
  g_assert_nonnull (strstr (json_array_get_string_element (json_object_get_array_member (certificate, "conditions"), 1), "the best of 16 candidates"));
  g_assert_cmpfloat (number (json_object_get_object_member (certificate, "lagrangian"), "value"), >, 0);
  g_assert_cmpint (run_measure (common, &words, NULL), ==, 0);
  g_assert_nonnull (strstr (words, "Not a valid bound: the PAC-Bayes beta"));
  g_assert_nonnull (strstr (words, "lambda = 2 was fixed before"));
  g_assert_nonnull (strstr (words, "N log C = 33.27"));
  g_assert_nonnull (strstr (words, "N loss + KL = "));
  g_assert_nonnull (strstr (words, "with the loss under Q "));
}

/* What was not measured has no length; an estimated KL has a doubt; 0 samples a draw are all; and 0.1 / N counts the samples that there are. */
static void
test_lengths (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors"), *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy"), *words = NULL;
  g_autofree char *common = g_strdup_printf ("%s --data %s,%s --activation tanh --lambda 2", path, inputs, labels);
  g_autofree char *layers = g_strconcat (common, " --scope layers", NULL), *half = g_strconcat (common, " --samples 12 --json", NULL);
  g_autofree char *more = g_strconcat (common, " --samples 1000 --json", NULL);
  g_autofree char *all = g_strconcat (common, " --scope network --certificate --draws 5 --draw-samples 0 --json", NULL);
  g_autofree char *quadrature = g_strconcat (common, " --scope network --fisher lanczos --json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *lengths = measure_member (quadrature, parser, "description_length"), *root;

  g_assert_cmpfloat (number (lengths, "kl_standard_error"), >, 0);
  g_assert_false (json_object_has_member (lengths, "variational"));
  lengths = measure_member (half, parser, "description_length");
  root = json_node_get_object (json_parser_get_root (parser));
  near (root, "beta", 0.1 / 12, 1e-12);
  near (lengths, "uniform", 12 * log (4), 1e-12);
  measure_member (more, parser, "description_length");
  near (json_node_get_object (json_parser_get_root (parser)), "beta", 0.1 / 24, 1e-12);
  g_assert_cmpint (json_object_get_int_member (measure_member (all, parser, "certificate"), "draw_samples"), ==, 0);
  g_assert_cmpint (run_measure (layers, &words, NULL), ==, 0);
  g_assert_nonnull (strstr (words, "N log C = 33.27"));
  g_assert_null (strstr (words, "N loss + KL"));
  g_assert_null (strstr (words, "under Q"));
}

/* The three routes to Sigma_z side by side: the Jacobian's numbers are those without the option, differences are relative to them. */
static void
test_pushforward (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors"), *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy");
  g_autofree char *common = g_strdup_printf ("%s --data %s,%s --activation tanh --lambda 0.001 --activations", path, inputs, labels);
  g_autofree char *plain = g_strconcat (common, " --json", NULL), *all = g_strconcat (common, " --pushforward all --draws 1000 --json", NULL);
  g_autofree char *kfac = g_strconcat (common, " --pushforward kfac --json", NULL), *text = g_strconcat (common, " --pushforward all", NULL);
  g_autofree char *before = NULL, *after = NULL, *words = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *root;
  JsonArray *routes;

  g_assert_cmpint (run_measure (plain, &before, NULL), ==, 0);
  g_assert_cmpint (run_measure (all, &after, NULL), ==, 0);
  /* Nothing that was there has changed: up to the comparison the documents are one. */
  g_assert_cmpint (strncmp (before, after, (gsize) (strstr (before, "\"description_length\"") - before)), ==, 0);
  g_assert_true (json_parser_load_from_data (parser, after, -1, NULL));
  routes = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "pushforwards");
  g_assert_cmpuint (json_array_get_length (routes), ==, 3);
  for (guint r = 0; r < 3; r++)
    {
      static const char *const names[] = { "jacobian", "kfac", "draws" };
      JsonObject *route = json_array_get_object_element (routes, r);
      JsonArray *layers = json_object_get_array_member (route, "layers");
      JsonArray *exact = json_object_get_array_member (json_array_get_object_element (routes, 0), "layers");

      g_assert_cmpstr (json_object_get_string_member (route, "route"), ==, names[r]);
      g_assert_nonnull (strstr (json_object_get_string_member (route, "estimator"), r == 1 ? "KFAC" : "whole network"));
      g_assert_cmpuint (strlen (json_object_get_string_member (route, "assumes")), >, 20);
      for (guint l = 0; l < json_array_get_length (layers); l++)
        {
          JsonObject *layer = json_array_get_object_element (layers, l), *other = json_array_get_object_element (exact, l);
          JsonObject *difference = json_object_get_object_member (layer, "relative_difference");

          g_assert_cmpfloat_with_epsilon (number (difference, "information"),
                                          number (layer, "information_mean") / number (other, "information_mean") - 1, 1e-12);
          g_assert_true (json_object_has_member (layer, "information_standard_error") == (r == 2));
          if (r == 2)
            g_assert_cmpfloat_with_epsilon (number (layer, "information_mean"), number (other, "information_mean"),
                                            5 * number (layer, "information_standard_error"));
        }
    }
  /* One alone stands where the Jacobian's do, and has nothing to be compared with. */
  g_clear_pointer (&after, g_free);
  g_assert_cmpint (run_measure (kfac, &after, NULL), ==, 0);
  g_assert_true (json_parser_load_from_data (parser, after, -1, NULL));
  root = json_node_get_object (json_parser_get_root (parser));
  g_assert_nonnull (strstr (json_object_get_string_member (root, "effective_estimator"), "KFAC"));
  routes = json_object_get_array_member (json_array_get_object_element (json_object_get_array_member (root, "pushforwards"), 0), "layers");
  root = json_object_get_object_member (json_array_get_object_element (routes, 0), "relative_difference");
  g_assert_true (json_object_get_null_member (root, "information"));
  g_assert_cmpint (run_measure (text, &words, NULL), ==, 0);
  g_assert_nonnull (strstr (words, "trace of Sigma_z"));
  g_assert_nonnull (strstr (words, "2000 weight draws"));
}

/* Opening a pipe that nobody writes to must not wait. */
static void
test_pipe (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-test-XXXXXX", NULL);
  g_autofree char *pipe = g_build_filename (folder, "pipe.csv", NULL), *network = reference_path ("dense-tanh", ".safetensors");
  g_autofree char *data = g_strdup_printf ("%s --data %s", network, pipe), *swapped = g_strdup_printf ("%s --data moons", pipe);
  const char *const lines[] = { data, swapped };

  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *output = NULL, *errors = NULL;

      g_assert_cmpint (run_measure (lines[i], &output, &errors), ==, 2);
      g_assert_nonnull (strstr (errors, "pipe.csv"));
      g_assert_nonnull (strstr (errors, "is empty"));
    }
  g_unlink (pipe);
  g_rmdir (folder);
}

typedef struct
{
  const char *file, *data, *more, *says;
} Refusal;

static void
check_refusals (const Refusal *cases, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *line = g_strdup_printf ("%s %s %s --json", cases[i].file, cases[i].data, cases[i].more);
      g_autofree char *output = NULL, *errors = NULL;
      int status = run_measure (line, &output, &errors);

      if (status != 2)
        g_error ("%s %s: status %d", cases[i].data, cases[i].more, status);
      g_assert_cmpstr (output, ==, "");
      if (!g_pattern_match_simple (cases[i].says, errors))
        g_error ("%s says %s", line, errors);
    }
}

static void
test_refusals (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors");
  g_autofree char *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy");
  g_autofree char *data = g_strdup_printf ("--data %s,%s --activation tanh", inputs, labels);
  const Refusal cases[] = {
    { path, "", "", "*--data*" },
    { "/nowhere.safetensors", data, "", "*nowhere*" },
    { path, data, "--beta 0", "*--beta*0*" },
    { path, data, "--lambda nan", "*--lambda*nan*" },
    { path, data, "--lambda inf", "*--lambda*inf*" },
    { path, data, "--beta 0.1x", "*--beta*0.1x*" },
    { path, data, "--samples 1e15", "*--samples*whole*" },
    { path, data, "--samples -3", "*--samples*" },
    { path, data, "--samples 2.5", "*--samples*" },
    { path, data, "--seed -1", "*--seed*-1*" },
    { path, data, "--seed 99999999999999999999", "*--seed*" },
    { path, data, "--nuisances 0", "*--nuisances*" },
    { path, data, "--nuisances 2", "*no images*" },
    { path, data, "--fisher exakt", "*exact*" },
    { path, data, "--scope layer", "*layers*" },
    { path, data, "--hessain", "*--hessian*" },
    { path, data, "--threads 0", "*--threads*1024*" },
    { path, data, "--threads x", "*--threads*" },
    { path, "--data moons --activation tanh", "", "*2*6*" },
    { path, data, "--activation tahn", "*tahn*" },
  };

  check_refusals (cases, G_N_ELEMENTS (cases));
}

/* What certificates and routes are told: each option with its companion, within its limits. */
static void
test_refused_draws (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors");
  g_autofree char *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy");
  g_autofree char *data = g_strdup_printf ("--data %s,%s --activation tanh", inputs, labels);
  const Refusal cases[] = {
    { path, data, "--delta 0.1", "*--delta*--certificate*" },
    { path, data, "--delta-draws 0.1", "*--delta-draws*--certificate*" },
    { path, data, "--beta-pac 2", "*--beta-pac*--certificate*" },
    { path, data, "--draw-samples 5", "*--draw-samples*--certificate*" },
    { path, data, "--draws 10", "*--draws*--certificate*" },
    { path, data, "--pushforward jacobian --draws 100", "*--draws*--pushforward draws*" },
    { path, data, "--pushforward draws --draws 19", "*--draws*20*19*" },
    { path, data, "--pushforward kfac,jacobi", "*jacobi*jacobian*" },
    { path, data, "--pushforward \"\"", "*jacobian, kfac, draws*" },
    { path, data, "--certificate --delta 1", "*--delta*below 1*" },
    { path, data, "--certificate --delta-draws 0", "*--delta-draws*" },
    { path, data, "--certificate --delta 0.6 --delta-draws 0.5", "*together*below 1*" },
    { path, data, "--certificate --delta 0.5 --delta-draws 0.5", "*together*below 1*" },
    { path, data, "--certificate --draws 0", "*--draws*whole*" },
    { path, data, "--certificate --draws 10000001", "*--draws*at most*" },
    { path, data, "--certificate --draw-samples 1e9", "*--draw-samples*at most*" },
    { path, data, "--certificate --draw-samples -1", "*--draw-samples*0 for all*" },
    { path, data, "--certificate --beta-pac bast", "*--beta-pac*bast*" },
  };

  check_refusals (cases, G_N_ELEMENTS (cases));
}

/* Options that every command takes: threads change no number, and quiet keeps words back, not the document. */
static void
test_common_options (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors");
  g_autofree char *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy");
  const char *const more[] = { "--json", "--json --quiet --threads 3", "--quiet" };
  char *outputs[G_N_ELEMENTS (more)] = { NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (more); i++)
    {
      g_autofree char *line = g_strdup_printf ("%s --data %s,%s --activation tanh --fisher kfac %s", path, inputs, labels, more[i]);
      g_autofree char *errors = NULL;

      g_assert_cmpint (run_measure (line, &outputs[i], &errors), ==, 0);
      g_assert_cmpstr (errors, ==, "");
    }
  g_assert_cmpuint (strlen (outputs[0]), >, 100);
  g_assert_cmpstr (outputs[0], ==, outputs[1]);
  g_assert_cmpstr (outputs[2], ==, "");
  for (gsize i = 0; i < G_N_ELEMENTS (more); i++)
    g_free (outputs[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *path = g_strconcat ("/cli/measure/", reference_names[i], NULL);

      g_test_add_data_func (path, reference_names[i], test_reference);
    }
  g_test_add_data_func ("/cli/measure/nobias-dense", "nobias-dense", test_without_bias);
  g_test_add_data_func ("/cli/measure/nobias-conv", "nobias-conv", test_without_bias);
  g_test_add_func ("/cli/measure/text", test_text);
  g_test_add_func ("/cli/measure/kinds", test_kinds);
  g_test_add_func ("/cli/measure/members", test_members);
  g_test_add_func ("/cli/measure/certificate", test_certificate);
  g_test_add_func ("/cli/measure/lengths", test_lengths);
  g_test_add_func ("/cli/measure/pushforward", test_pushforward);
  g_test_add_func ("/cli/measure/pipe", test_pipe);
  g_test_add_func ("/cli/measure/common-options", test_common_options);
  g_test_add_func ("/cli/measure/refusals", test_refusals);
  g_test_add_func ("/cli/measure/refused-draws", test_refused_draws);
  return g_test_run ();
}
