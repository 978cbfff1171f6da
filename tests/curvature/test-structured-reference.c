/* SPDX-License-Identifier: GPL-3.0-or-later */

/* KFAC, EKFAC and diagonal against PyTorch's autograd, see tests/reference/README.md. */

#include "config.h"

#include <heft/heft.h>

#include "reference/reference.h"

static void
check_summary (const HeftCurvature *found, JsonObject *expected, const char *member, guint l)
{
  JsonObject *summary = json_object_get_object_member (expected, member);
  const HeftCurvatureLayer *layer = heft_curvature_get_layer (found, l);
  double trace = json_object_get_double_member (summary, "trace");
  double largest = json_object_get_double_member (summary, "largest"), most = 0;
  double log_determinant = json_object_get_double_member (summary, "log_determinant");

  for (gsize i = 0; i < layer->n_inputs * layer->n_outputs; i++)
    most = MAX (most, layer->moments[i]);
  g_assert_cmpfloat_with_epsilon (layer->trace / trace, 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (most / largest, 1, 1e-11);
  g_assert_cmpfloat_with_epsilon (heft_curvature_log_determinant (found, (int) l, 0.7 * 0.7 / 0.01) / log_determinant, 1, 1e-11);
}

static void
check_array (const double *found, JsonObject *expected, const char *member, gsize n)
{
  g_autofree double *values = reference_array (expected, member, n);

  reference_compare (found, values, n, 1e-12, member);
}

static void
test_reference (gconstpointer name)
{
  g_auto (Reference) reference = { 0 };
  g_autoptr (JsonObject) all = reference_json ("curvature");
  JsonArray *layers = json_object_get_array_member (all, name);
  HeftCurvature *made[3] = { NULL };
  g_autoptr (GError) error = NULL;

  reference_load (name, &reference);
  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_DIAGONAL; kind++)
    {
      made[kind] = heft_curvature_new (reference.network, reference.weights, reference.data, 0, kind, HEFT_FISHER_EXACT, 0, FALSE, 1,
                                       NULL, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (json_array_get_length (layers), ==, heft_network_get_n_weight_layers (reference.network));
  for (guint l = 0; l < json_array_get_length (layers); l++)
    {
      JsonObject *expected = json_array_get_object_element (layers, l);
      const HeftCurvatureLayer *kfac = heft_curvature_get_layer (made[0], l);
      gsize m = kfac->n_inputs, n = kfac->n_outputs;

      check_array (kfac->input_factor, expected, "input_factor", m * m);
      check_array (kfac->output_factor, expected, "output_factor", n * n);
      check_array (kfac->input_values, expected, "input_values", m);
      check_array (kfac->output_values, expected, "output_values", n);
      check_array (heft_curvature_get_layer (made[2], l)->moments, expected, "diagonal", m * n);
      check_summary (made[0], expected, "kfac", l);
      check_summary (made[1], expected, "ekfac", l);
      check_summary (made[2], expected, "diagonal_values", l);
    }
  for (gsize kind = 0; kind < 3; kind++)
    g_clear_pointer (&made[kind], heft_curvature_unref);
}

/* Passes in single precision, as beside training: six digits. Without a scale both are 0. */
static void
check_scaled_single (const Reference *reference, double scale, const double *traces)
{
  gsize k = heft_network_get_n_parameters (reference->network), n = heft_network_get_n_weight_layers (reference->network);
  g_autofree float *weights = g_new (float, k);
  double again, single[8];
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < k; i++)
    weights[i] = (float) reference->weights[i];
  g_assert_true (heft_fisher_scaled_traces_f32 (reference->network, weights, reference->data, 0, &again, single, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (again / scale, 1, 1e-5);
  for (gsize l = 0; l < n; l++)
    g_assert_cmpfloat_with_epsilon (single[l] / traces[l], 1, 1e-5);
  memset (weights, 0, k * sizeof *weights);
  g_assert_true (heft_fisher_scaled_traces_f32 (reference->network, weights, reference->data, 0, &again, single, NULL, &error));
  g_assert_cmpfloat (again, ==, 0);
  for (gsize l = 0; l < n; l++)
    g_assert_cmpfloat (single[l], ==, 0);
}

/* theory.md section 2, the Fisher at a scaled logit. */
static void
test_scaled (gconstpointer name)
{
  g_auto (Reference) reference = { 0 };
  g_autoptr (JsonObject) all = reference_json ("curvature");
  JsonObject *expected = json_object_get_object_member (json_object_get_object_member (all, "scaled"), name);
  double s = json_object_get_double_member (expected, "scale"), scale, again, traces[8], larger[8];
  g_autoptr (GError) error = NULL;
  const HeftLayer *last;
  gsize n;

  reference_load (name, &reference);
  n = heft_network_get_n_weight_layers (reference.network);
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (traces));
  last = heft_network_get_weight_layer (reference.network, n - 1);
  g_assert_true (heft_fisher_scaled_traces_f64 (reference.network, reference.weights, reference.data, 0, &scale, traces, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (scale / s, 1, 1e-12);
  check_array (traces, expected, "traces", n);
  check_scaled_single (&reference, scale, traces);

  /* The last layer three times as large: three times the scale, a ninth of its own trace, the same before it. */
  for (gsize i = 0; i < last->n_parameters; i++)
    reference.weights[last->offset + i] *= 3;
  g_assert_true (heft_fisher_scaled_traces_f64 (reference.network, reference.weights, reference.data, 0, &again, larger, NULL, &error));
  g_assert_cmpfloat_with_epsilon (again / scale, 3, 1e-12);
  for (gsize l = 0; l < n; l++)
    g_assert_cmpfloat_with_epsilon (larger[l] / traces[l], l + 1 < n ? 1 : 1.0 / 9, 1e-11);

  /* By brute force: the dense Fisher with the last layer divided by s; there a derivative is s times as large. */
  for (gsize i = 0; i < last->n_parameters; i++)
    reference.weights[last->offset + i] /= 3 * scale;
  for (gsize l = 0; l < n; l++)
    {
      gsize k = heft_network_get_weight_layer (reference.network, l)->n_parameters;
      g_autofree double *fisher = g_new (double, k * k);
      double trace = 0;

      g_assert_true (heft_fisher_dense (reference.network, reference.weights, reference.data, 0, HEFT_FISHER_EXACT, 0, (int) l, fisher,
                                        &error));
      for (gsize i = 0; i < k; i++)
        trace += fisher[i * k + i];
      g_assert_cmpfloat_with_epsilon (traces[l] * (l + 1 < n ? 1 : scale * scale) / trace, 1, 1e-11);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *path = g_strconcat ("/curvature/structured/reference/", reference_names[i], NULL);
      g_autofree char *scaled = g_strconcat ("/curvature/scaled/reference/", reference_names[i], NULL);

      g_test_add_data_func (path, reference_names[i], test_reference);
      g_test_add_data_func (scaled, reference_names[i], test_scaled);
    }
  return g_test_run ();
}
