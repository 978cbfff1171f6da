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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *path = g_strconcat ("/curvature/structured/reference/", reference_names[i], NULL);

      g_test_add_data_func (path, reference_names[i], test_reference);
    }
  return g_test_run ();
}
