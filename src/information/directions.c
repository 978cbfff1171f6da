/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/invariance.h>

#include "information/noise.h"
#include "linalg/linalg.h"

/* Samples gathered at a time for a covariance. */
#define CHUNK 512

void
heft_directions_free (HeftDirections *self)
{
  if (self == NULL)
    return;
  g_free (self->most);
  g_free (self->most_fisher);
  g_free (self->least);
  g_free (self->least_fisher);
  g_free (self);
}

/* The leading eigenvectors of R^T R (root @rank x d); past the rank there is nothing to see, and any vector does. */
static gboolean
find_most (HeftDirections *self, gsize rank, const double *root, GError **error)
{
  gsize d = self->n_inputs;
  heft_aligned_autofree double *fisher = heft_aligned_new (double, d * d);

  if (self->n_most == 0)
    return TRUE;
  if (rank > 0)
    heft_syrk_f64 (TRUE, d, rank, 1, root, d, 0, fisher, d);
  if (!heft_symmetric_eigen_top (d, fisher, self->n_most, self->most_fisher, self->most, error))
    return FALSE;
  for (gsize i = 0; i < self->n_most; i++)
    self->most_fisher[i] = MAX (self->most_fisher[i], 0);
  return TRUE;
}

/* Eigenvectors of V F V^T, V the rows of the subspace, taken back to the inputs. */
static gboolean
find_least (HeftDirections *self, gsize rank, const double *root, const double *subspace, gsize p, GError **error)
{
  gsize d = self->n_inputs;
  heft_aligned_autofree double *seen = heft_aligned_new (double, MAX (rank, 1) * MAX (p, 1));
  heft_aligned_autofree double *vectors = heft_aligned_new (double, MAX (p * p, 1));
  g_autofree double *values = g_new (double, MAX (p, 1));

  if (self->n_least == 0)
    return TRUE;
  if (rank > 0)
    {
      heft_gemm_f64 (FALSE, TRUE, rank, p, d, 1, root, d, subspace, d, 0, seen, p);
      heft_syrk_f64 (TRUE, p, rank, 1, seen, p, 0, vectors, p);
    }
  if (!heft_symmetric_eigen (p, vectors, values, error))
    return FALSE;
  for (gsize i = 0; i < self->n_least; i++)
    {
      self->least_fisher[i] = MAX (values[p - 1 - i], 0);
      heft_gemv_f64 (TRUE, p, d, 1, subspace, d, vectors + (p - 1 - i) * p, 0, self->least + i * d);
    }
  return TRUE;
}

HeftDirections *
heft_directions_new (HeftNetwork *network, const double *mean, const double *variance, const double *input, gsize layer,
                     gsize n_most, const double *subspace, gsize n_subspace, gsize n_least, GError **error)
{
  const HeftWeightNoise noise = { .variance = variance };

  return heft_noise_directions_new (network, mean, &noise, input, layer, n_most, subspace, n_subspace, n_least, error);
}

HeftDirections *
heft_noise_directions_new (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, const double *input, gsize layer,
                           gsize n_most, const double *subspace, gsize n_subspace, gsize n_least, GError **error)
{
  g_autoptr (HeftDirections) self = g_new0 (HeftDirections, 1);
  heft_aligned_autofree double *root = NULL;
  gsize d = heft_network_get_n_inputs (network), n_active, rank;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network), NULL);
  g_return_val_if_fail (n_most <= d && n_least <= n_subspace, NULL);
  self->n_inputs = d;
  self->n_most = n_most;
  self->n_least = n_least;
  self->most = g_new0 (double, n_most * d);
  self->most_fisher = g_new0 (double, n_most);
  self->least = g_new0 (double, n_least * d);
  self->least_fisher = g_new0 (double, n_least);
  if (!heft_noise_look (network, weights, noise, input, layer, &n_active, &rank, &root, error)
      || !find_most (self, rank, root, error)
      || !find_least (self, rank, root, subspace, n_subspace, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
heft_principal_directions (HeftDataset *data, gsize n_samples, gsize n_directions, double *directions, double *variances,
                           GError **error)
{
  gsize d = heft_dataset_get_n_features (data);
  heft_aligned_autofree double *covariance = heft_aligned_new (double, d * d);
  heft_aligned_autofree double *chunk = heft_aligned_new (double, CHUNK * d);
  g_autofree double *mean = g_new0 (double, d);
  g_autofree double *values = g_new (double, MAX (n_directions, 1));

  g_return_val_if_fail (n_samples > 0 && n_samples <= heft_dataset_get_n_samples (data), FALSE);
  g_return_val_if_fail (n_directions > 0 && n_directions <= d, FALSE);
  for (int pass = 0; pass < 2; pass++)
    for (gsize first = 0; first < n_samples; first += CHUNK)
      {
        gsize n = MIN (CHUNK, n_samples - first);

        heft_dataset_gather_f64 (data, NULL, first, n, chunk);
        for (gsize i = 0; i < n; i++)
          for (gsize j = 0; j < d; j++)
            {
              if (pass == 0)
                mean[j] += chunk[i * d + j] / (double) n_samples;
              else
                chunk[i * d + j] -= mean[j];
            }
        if (pass == 1)
          heft_syrk_f64 (TRUE, d, n, 1 / (double) n_samples, chunk, d, 1, covariance, d);
      }
  if (!heft_symmetric_eigen_top (d, covariance, n_directions, values, directions, error))
    return FALSE;
  if (variances != NULL)
    memcpy (variances, values, n_directions * sizeof *values);
  return TRUE;
}
