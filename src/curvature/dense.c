/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <string.h>

#include <heft/curvature.h>
#include <heft/pass.h>

#include "curvature/gram.h"
#include "linalg/linalg.h"

#define CHUNK 256

static void
mirror (double *matrix, gsize k)
{
  for (gsize i = 0; i < k; i++)
    for (gsize j = 0; j < i; j++)
      matrix[j * k + i] = matrix[i * k + j];
}

gboolean
heft_fisher_matrix (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                    HeftFisherKind kind, guint64 seed, double *fisher, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftFactorsF64) factors = heft_factors_f64_new (network, weights, data, n_samples, kind, seed, 0, TRUE,
                                                             cancellable, error);
  gsize k = heft_network_get_n_parameters (network);

  if (factors == NULL)
    return FALSE;
  memset (fisher, 0, k * k * sizeof *fisher);
  if (!heft_gram_fisher (factors, 0, factors->n_layers - 1, fisher, cancellable, error))
    return FALSE;
  mirror (fisher, k);
  return TRUE;
}

gboolean
heft_hessian_dense (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, double *hessian,
                    GCancellable *cancellable, GError **error)
{
  gsize k = heft_network_get_n_parameters (network);
  gsize n = n_samples > 0 ? MIN (n_samples, heft_dataset_get_n_samples (data)) : heft_dataset_get_n_samples (data);
  g_autoptr (HeftPassF64) pass = NULL;
  g_autofree double *inputs = g_new (double, CHUNK * heft_network_get_n_inputs (network));
  g_autofree double *direction = g_new0 (double, k);
  g_autofree double *product = g_new (double, k);

  if (!heft_factors_check (network, data, error))
    return FALSE;
  pass = heft_pass_f64_new (network, MIN (CHUNK, n));
  memset (hessian, 0, k * k * sizeof *hessian);
  for (gsize first = 0; first < n; first += CHUNK)
    {
      gsize count = MIN (CHUNK, n - first);

      heft_dataset_gather_f64 (data, NULL, first, count, inputs);
      heft_pass_f64_forward (pass, weights, inputs, count);
      for (gsize i = 0; i < k; i++)
        {
          if (g_cancellable_set_error_if_cancelled (cancellable, error))
            return FALSE;
          direction[i] = 1;
          heft_pass_f64_hessian_vector (pass, heft_dataset_get_labels (data) + first, direction, product);
          direction[i] = 0;
          heft_axpy_f64 (k, 1 / (double) n, product, hessian + i * k);
        }
    }
  /* Symmetric but for rounding; the mean of the two triangles is exactly so. */
  for (gsize i = 0; i < k; i++)
    for (gsize j = 0; j < i; j++)
      hessian[i * k + j] = 0.5 * (hessian[i * k + j] + hessian[j * k + i]);
  mirror (hessian, k);
  return TRUE;
}
