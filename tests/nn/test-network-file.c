/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>

#include "reference/reference.h"

/* Double precision on both sides; only the order of sums differs. */
#define TOLERANCE 1e-12

/* Networks and data that PyTorch wrote give its logits, loss and gradient. */
static void
test_case (gconstpointer name)
{
  g_auto(Reference) reference = { 0 };
  gsize n, k, d, c;
  g_autofree double *inputs = NULL;
  g_autofree double *expected_weights = NULL;
  g_autofree double *expected_logits = NULL;
  g_autofree double *expected_gradient = NULL;
  g_autofree double *losses = NULL;
  g_autofree double *gradients = NULL;
  g_autofree double *gradient = NULL;
  g_autoptr(HeftPassF64) pass = NULL;
  double loss = 0.0, expected_loss;

  reference_load (name, &reference);
  n = heft_dataset_get_n_samples (reference.data);
  d = heft_dataset_get_n_features (reference.data);
  k = heft_network_get_n_parameters (reference.network);
  c = heft_network_get_n_classes (reference.network);
  g_assert_cmpint (n, ==, json_object_get_int_member (reference.values, "samples"));
  expected_weights = reference_array (reference.values, "weights", k);
  g_assert_cmpmem (reference.weights, k * sizeof (double), expected_weights, k * sizeof (double));

  inputs = g_new (double, n * d);
  heft_dataset_gather_f64 (reference.data, NULL, 0, n, inputs);
  pass = heft_pass_f64_new (reference.network, n);
  heft_pass_f64_forward (pass, reference.weights, inputs, n);
  expected_logits = reference_array (reference.values, "logits", n * c);
  reference_compare (heft_pass_f64_logits (pass), expected_logits, n * c, TOLERANCE, "logits");

  losses = g_new (double, n);
  gradients = g_new (double, n * c);
  gradient = g_new (double, k);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), heft_dataset_get_labels (reference.data), n, c, losses, NULL,
                                  gradients);
  for (gsize i = 0; i < n; i++)
    loss += losses[i] / n;
  expected_loss = json_object_get_double_member (reference.values, "loss");
  reference_compare (&loss, &expected_loss, 1, TOLERANCE, "loss");

  heft_pass_f64_backward (pass, gradients, gradient);
  for (gsize i = 0; i < k; i++)
    gradient[i] /= n;
  expected_gradient = reference_array (reference.values, "gradient", k);
  reference_compare (gradient, expected_gradient, k, TOLERANCE, "gradient");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *path = g_strconcat ("/nn/network-file/", reference_names[i], NULL);

      g_test_add_data_func (path, reference_names[i], test_case);
    }
  return g_test_run ();
}
