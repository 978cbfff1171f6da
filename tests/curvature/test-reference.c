/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Spectra against PyTorch's dense matrices in double precision, see tests/reference/README.md. */

#include "config.h"

#include <heft/heft.h>

#include "reference/reference.h"

/* Every non-zero eigenvalue and the trace of @found against the entry @expected; what @found leaves out must be zero. */
static void
check_spectrum (const HeftSpectrum *found, JsonObject *expected, const char *what)
{
  g_autofree double *values = reference_array (expected, "eigenvalues", found->n_parameters);
  double trace = json_object_get_double_member (expected, "trace");

  g_assert_true (found->complete);
  g_assert_cmpuint (found->n_eigenvalues, <=, found->n_parameters);
  reference_compare (&found->trace, &trace, 1, 1e-12, what);
  for (gsize i = 0; i < found->n_parameters; i++)
    {
      double value = i < found->n_eigenvalues ? found->eigenvalues[i] : 0.0;

      /* An eigenvalue is known to rounding of the largest one. */
      g_assert_cmpfloat_with_epsilon (value, values[i], 1e-12 * values[0]);
      if (values[i] > 1e-9 * values[0])
        g_assert_cmpfloat_with_epsilon (value / values[i], 1.0, 1e-6);
    }
}

static void
check_kind (Reference *reference, HeftFisherKind kind, const char *member)
{
  JsonObject *expected = json_object_get_object_member (reference->values, member);
  JsonArray *layers = json_object_get_array_member (expected, "layers");
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) spectra = heft_fisher_spectra (reference->network, reference->weights, reference->data,
                                                      heft_dataset_get_n_samples (reference->data), kind, 0, TRUE, NULL,
                                                      &error);

  g_assert_no_error (error);
  g_assert_cmpuint (spectra->len, ==, json_array_get_length (layers) + 1);
  for (guint l = 0; l < json_array_get_length (layers); l++)
    {
      g_autofree char *what = g_strdup_printf ("%s of layer %u", member, l);

      check_spectrum (g_ptr_array_index (spectra, l), json_array_get_object_element (layers, l), what);
    }
  check_spectrum (g_ptr_array_index (spectra, spectra->len - 1), json_object_get_object_member (expected, "network"),
                  member);
}

static void
test_fisher (gconstpointer name)
{
  g_auto(Reference) reference = { 0 };

  reference_load (name, &reference);
  check_kind (&reference, HEFT_FISHER_EXACT, "fisher");
  check_kind (&reference, HEFT_FISHER_EMPIRICAL, "empirical_fisher");
}

/* The Frobenius norm of the referee that the other tests use. */
static void
test_dense (gconstpointer name)
{
  g_auto(Reference) reference = { 0 };
  g_autofree double *fisher = NULL;
  g_autoptr(GError) error = NULL;
  gsize k;
  double squares = 0.0, norm;

  reference_load (name, &reference);
  k = heft_network_get_n_parameters (reference.network);
  fisher = g_new (double, k * k);
  heft_fisher_dense (reference.network, reference.weights, reference.data, heft_dataset_get_n_samples (reference.data),
                     HEFT_FISHER_EXACT, 0, -1, fisher, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < k * k; i++)
    squares += fisher[i] * fisher[i];
  norm = json_object_get_double_member (json_object_get_object_member (reference.values, "hessian"), "fisher_norm");
  g_assert_cmpfloat_with_epsilon (sqrt (squares) / norm, 1.0, 1e-12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *fisher = g_strconcat ("/curvature/reference/fisher/", reference_names[i], NULL);
      g_autofree char *dense = g_strconcat ("/curvature/reference/dense/", reference_names[i], NULL);

      g_test_add_data_func (fisher, reference_names[i], test_fisher);
      g_test_add_data_func (dense, reference_names[i], test_dense);
    }
  return g_test_run ();
}
