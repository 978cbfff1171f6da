/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/invariance.h>

#include "information/channel.h"
#include "information/effective.h"
#include "information/moments.h"
#include "linalg/linalg.h"

typedef struct
{
  gsize   n_rows;          /* of the root of Sigma_x */
  double *rows;            /* n_rows x d; Sigma_x = rows^T rows / n_rows */
  gsize   sample, n_samples;
  double *information;
  double *fisher_trace, *noise_trace;   /* or NULL */
} Observer;

static gboolean
note_layer (gsize layer, gsize n_active, double noise_trace, gsize rank, gsize m, double *root, gpointer user_data, GError **error)
{
  Observer *observer = user_data;
  gsize cell = layer * observer->n_samples + observer->sample;

  if (observer->fisher_trace != NULL)
    observer->fisher_trace[cell] = heft_dot_f64 (rank * m, root, root);
  if (observer->noise_trace != NULL)
    observer->noise_trace[cell] = noise_trace;
  return heft_channel_information (rank, m, root, observer->n_rows, observer->rows, &observer->information[cell], error);
}

gboolean
heft_effective_inputs (HeftDataset *data, gsize n, gsize *n_rows, double **rows, GError **error)
{
  gsize d = heft_dataset_get_n_features (data);

  if (n <= d)
    {
      *n_rows = n;
      *rows = heft_aligned_new (double, n * d);
      heft_dataset_gather_f64 (data, NULL, 0, n, *rows);
      for (gsize j = 0; j < d; j++)
        {
          double mean = 0;

          for (gsize i = 0; i < n; i++)
            mean += (*rows)[i * d + j] / (double) n;
          for (gsize i = 0; i < n; i++)
            (*rows)[i * d + j] -= mean;
        }
      return TRUE;
    }

  g_autofree double *variances = g_new (double, d);
  heft_aligned_autofree double *directions = heft_aligned_new (double, d * d);

  if (!heft_principal_directions (data, n, d, directions, variances, error))
    return FALSE;
  *n_rows = d;
  for (gsize i = 0; i < d; i++)
    heft_scale_f64 (d, sqrt (MAX (variances[i], 0) * (double) d), directions + i * d);
  *rows = g_steal_pointer (&directions);
  return TRUE;
}

gboolean
heft_effective_moments (HeftNetwork *network, const double *mean, const HeftWeightNoise *noise, HeftDataset *data, gsize n_samples,
                        gsize n_covariance, double *information, double *fisher_trace, double *noise_trace, GCancellable *cancellable,
                        GError **error)
{
  gsize d = heft_network_get_n_inputs (network);
  Observer observer = { .n_samples = n_samples, .information = information, .fisher_trace = fisher_trace, .noise_trace = noise_trace };
  heft_aligned_autofree double *rows = NULL;
  g_autofree double *input = g_new (double, d);

  g_return_val_if_fail (heft_dataset_get_n_features (data) == d, FALSE);
  if (n_covariance == 0)
    n_covariance = heft_dataset_get_n_samples (data);
  g_return_val_if_fail (MAX (n_samples, n_covariance) <= heft_dataset_get_n_samples (data), FALSE);
  if (!heft_effective_inputs (data, n_covariance, &observer.n_rows, &rows, error))
    return FALSE;
  observer.rows = rows;
  for (gsize cell = 0; cell < heft_visibility_n_layers (network) * n_samples; cell++)
    {
      information[cell] = NAN;
      if (fisher_trace != NULL)
        fisher_trace[cell] = NAN;
      if (noise_trace != NULL)
        noise_trace[cell] = NAN;
    }
  for (observer.sample = 0; observer.sample < n_samples; observer.sample++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      heft_dataset_gather_f64 (data, NULL, observer.sample, 1, input);
      if (!heft_moments_sweep (network, mean, noise->variance, noise->structured, input, d, NULL, note_layer, &observer, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
heft_effective_information (HeftNetwork *network, const double *mean, const double *variance, HeftDataset *data,
                            gsize n_samples, gsize n_covariance, double *information, double *fisher_trace,
                            GCancellable *cancellable, GError **error)
{
  const HeftWeightNoise noise = { .variance = variance };

  return heft_moments_check_layers (network, FALSE, error)
         && heft_effective_moments (network, mean, &noise, data, n_samples, n_covariance, information, fisher_trace, NULL, cancellable,
                                    error);
}

gboolean
heft_effective_information_structured (HeftNetwork *network, const double *mean, const HeftCurvature *curvature, double beta,
                                       double lambda, HeftDataset *data, gsize n_samples, gsize n_covariance,
                                       double *information, double *fisher_trace, GCancellable *cancellable, GError **error)
{
  const HeftStructuredNoise blocks = { curvature, beta, lambda };
  const HeftWeightNoise noise = { .structured = &blocks };

  return heft_moments_check_layers (network, TRUE, error)
         && heft_effective_moments (network, mean, &noise, data, n_samples, n_covariance, information, fisher_trace, NULL, cancellable,
                                    error);
}
