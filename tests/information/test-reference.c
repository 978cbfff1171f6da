/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Information, bounds and effective information against values made elsewhere, see tests/reference/README.md. */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#include "reference/reference.h"

static double
squared_norm (const double *values, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += values[i] * values[i];
  return sum;
}

/* From the program's own spectra to the number that PyTorch's determinants give. */
static void
test_gaussian (gconstpointer name)
{
  g_auto(Reference) reference = { 0 };
  g_autoptr(GPtrArray) spectra = NULL;
  g_autoptr(GError) error = NULL;
  JsonObject *expected;
  JsonArray *layers;
  double beta, lambda;

  reference_load (name, &reference);
  expected = json_object_get_object_member (reference.values, "information");
  layers = json_object_get_array_member (expected, "layers");
  beta = json_object_get_double_member (reference.values, "beta");
  lambda = json_object_get_double_member (reference.values, "lambda");
  spectra = heft_fisher_spectra (reference.network, reference.weights, reference.data,
                                 heft_dataset_get_n_samples (reference.data), HEFT_FISHER_EXACT, 0, TRUE, NULL, &error);
  g_assert_no_error (error);
  for (guint l = 0; l < spectra->len; l++)
    {
      const HeftSpectrum *spectrum = g_ptr_array_index (spectra, l);
      gboolean whole = l + 1 == spectra->len;
      gsize offset = whole ? 0 : heft_network_get_weight_layer (reference.network, l)->offset;
      double distance = squared_norm (reference.weights + offset, spectrum->n_parameters);
      double found = heft_gaussian_information (spectrum->eigenvalues, spectrum->n_eigenvalues, spectrum->n_parameters,
                                                distance, beta, lambda);
      double value = whole ? json_object_get_double_member (expected, "network")
                           : json_array_get_double_element (layers, l);

      g_assert_cmpfloat_with_epsilon (found / value, 1.0, 1e-11);
    }
}

static void
test_kl (gconstpointer name)
{
  g_auto(Reference) reference = { 0 };
  JsonObject *expected;
  g_autofree double *variance = NULL;
  g_autofree double *layers = NULL;
  double lambda;
  gsize k;

  reference_load (name, &reference);
  expected = json_object_get_object_member (reference.values, "mean_field");
  lambda = json_object_get_double_member (reference.values, "lambda");
  k = heft_network_get_n_parameters (reference.network);
  variance = reference_array (expected, "variance", k);
  layers = reference_array (expected, "kl_layers", heft_network_get_n_weight_layers (reference.network));
  g_assert_cmpfloat_with_epsilon (heft_kl_gaussian_diagonal (reference.weights, variance, NULL, k, lambda)
                                  / json_object_get_double_member (expected, "kl"), 1.0, 1e-12);
  for (gsize l = 0; l < heft_network_get_n_weight_layers (reference.network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (reference.network, l);

      g_assert_cmpfloat_with_epsilon (heft_kl_gaussian_diagonal (reference.weights + layer->offset, variance + layer->offset,
                                                                 NULL, layer->n_parameters, lambda) / layers[l], 1.0, 1e-12);
    }
}

/* Layer @layer of sample @i against the row that PyTorch's Jacobians and eigenvectors gave. */
static void
check_visibility (Reference *reference, const double *variance, const double *input, gsize layer, guint i,
                  JsonObject *expected)
{
  gint64 rank = json_array_get_int_element (json_object_get_array_member (expected, "rank"), i);
  gint64 active = json_array_get_int_element (json_object_get_array_member (expected, "active"), i);
  JsonArray *diagonal = json_array_get_array_element (json_object_get_array_member (expected, "fisher_diagonal"), i);
  double trace = json_array_get_double_element (json_object_get_array_member (expected, "fisher_trace"), i);
  gsize d = heft_network_get_n_inputs (reference->network);
  g_autofree double *fisher = g_new (double, d * d);
  g_autofree double *values = g_new (double, d);
  g_autoptr(GError) error = NULL;
  g_autoptr(HeftVisibility) found = heft_visibility_new (reference->network, reference->weights, variance, input, layer,
                                                         fisher, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (found->n_inputs, ==, d);
  g_assert_cmpuint (json_array_get_length (diagonal), ==, d);
  g_assert_cmpuint (found->n_active, ==, active);
  /* Less noise than active units, under a first convolution: both take the pseudo-inverse, and say its rank. */
  g_assert_cmpuint (found->rank, ==, rank);
  g_assert_cmpfloat_with_epsilon (found->trace / trace, 1.0, 1e-8);
  for (gsize j = 0; j < d; j++)
    {
      values[j] = json_array_get_double_element (diagonal, j);
      g_assert_cmpfloat_with_epsilon (fisher[j * d + j], found->fisher_diagonal[j], 1e-12 * found->trace);
    }
  reference_compare (found->fisher_diagonal, values, d, 1e-8, "visibility");
}

static void
test_visibility (gconstpointer name)
{
  g_auto(Reference) reference = { 0 };
  g_autofree double *variance = NULL;
  g_autofree double *input = NULL;
  JsonArray *layers;

  reference_load (name, &reference);
  variance = reference_array (json_object_get_object_member (reference.values, "mean_field"), "variance",
                              heft_network_get_n_parameters (reference.network));
  input = g_new (double, heft_network_get_n_inputs (reference.network));
  layers = json_object_get_array_member (reference.values, "effective_mean_field");
  g_assert_cmpuint (heft_visibility_n_layers (reference.network), ==, json_array_get_length (layers));
  for (guint l = 0; l < json_array_get_length (layers); l++)
    {
      JsonObject *expected = json_array_get_object_element (layers, l);

      for (guint i = 0; i < json_array_get_length (json_object_get_array_member (expected, "rank")); i++)
        {
          heft_dataset_gather_f64 (reference.data, NULL, i, 1, input);
          check_visibility (&reference, variance, input, l, i, expected);
        }
    }
}

/* To rounding; the reference has 60 digits. */
static void
check_bound (double found, double expected)
{
  g_assert_cmpfloat_with_epsilon (found / expected, 1.0, 1e-12);
}

static void
test_bounds (void)
{
  JsonObject *values = reference_json ("bounds");
  JsonArray *rows = json_object_get_array_member (values, "bounds");
  JsonArray *inverse = json_object_get_array_member (values, "binary_kl_inverse");
  double bound;

  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
#define VALUE(name) json_object_get_double_member (row, name)
      g_autoptr(GError) error = NULL;

      heft_bound_pac_bayes_kl (VALUE ("empirical"), VALUE ("kl"), VALUE ("samples"), VALUE ("delta"), &bound, &error);
      g_assert_no_error (error);
      check_bound (bound, VALUE ("pac_bayes_kl"));
      heft_bound_mcallester (VALUE ("empirical"), VALUE ("kl"), VALUE ("samples"), VALUE ("delta"), &bound, &error);
      g_assert_no_error (error);
      check_bound (bound, VALUE ("mcallester"));
      heft_bound_lagrangian (VALUE ("empirical"), VALUE ("kl"), VALUE ("samples"), VALUE ("delta"), VALUE ("beta_pac"), &bound,
                             &error);
      g_assert_no_error (error);
      check_bound (bound, VALUE ("lagrangian"));
      heft_bound_draws (VALUE ("empirical"), VALUE ("draws"), VALUE ("delta_draws"), &bound, &error);
      g_assert_no_error (error);
      check_bound (bound, VALUE ("empirical_bound"));
#undef VALUE
    }
  for (guint i = 0; i < json_array_get_length (inverse); i++)
    {
      JsonArray *row = json_array_get_array_element (inverse, i);
      double q = json_array_get_double_element (row, 0);
      double expected = json_array_get_double_element (row, 2);
      double found = heft_binary_kl_inverse (q, json_array_get_double_element (row, 1));

      g_assert_cmpfloat_with_epsilon (found, expected, 1e-12 * expected + 1e-300);
    }
  json_object_unref (values);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *gaussian = g_strconcat ("/information/reference/gaussian/", reference_names[i], NULL);
      g_autofree char *visibility = g_strconcat ("/information/reference/visibility/", reference_names[i], NULL);
      g_autofree char *kl = g_strconcat ("/information/reference/kl/", reference_names[i], NULL);

      g_test_add_data_func (gaussian, reference_names[i], test_gaussian);
      g_test_add_data_func (kl, reference_names[i], test_kl);
      g_test_add_data_func (visibility, reference_names[i], test_visibility);
    }
  g_test_add_func ("/information/reference/bounds", test_bounds);
  return g_test_run ();
}
