/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/invariance.h>

#include "information/moments.h"
#include "information/noise.h"
#include "linalg/linalg.h"
#include "nn/image.h"

/* Draws summed before one product of matrices. */
#define CHUNK 64

gsize
heft_layer_n_activations (const HeftNetwork *network, gsize layer)
{
  return heft_shape_size (heft_network_get_layer (network, heft_moments_operation (network, layer))->output);
}

static gboolean
first_order (HeftNetwork *network, const double *mean, const double *variance, const HeftStructuredNoise *noise,
             const double *input, gsize layer, double *covariance, GError **error)
{
  g_autoptr (HeftLinearisation) at = NULL;
  g_auto (HeftMoments) moments = { 0 };
  const double none = 0;
  gsize last;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network), FALSE);
  last = heft_moments_operation (network, layer);
  if (!heft_moments_check_sizes (network, last, TRUE, error))
    return FALSE;
  at = heft_linearisation_new (network, mean, input);
  heft_moments_init (&moments, at, mean, variance, 0, &none);
  moments.structured = noise;
  for (gsize i = 0; i <= last; i++)
    heft_moments_advance (&moments, i);
  heft_moments_write_covariance (&moments, covariance);
  return TRUE;
}

gboolean
heft_pushforward_first_order (HeftNetwork *network, const double *mean, const double *variance, const double *input,
                              gsize layer, double *covariance, GError **error)
{
  return first_order (network, mean, variance, NULL, input, layer, covariance, error);
}

gboolean
heft_pushforward_structured (HeftNetwork *network, const double *mean, const HeftCurvature *curvature, double beta, double lambda,
                             const double *input, gsize layer, double *covariance, GError **error)
{
  const HeftStructuredNoise noise = { curvature, beta, lambda };

  return first_order (network, mean, NULL, &noise, input, layer, covariance, error);
}

static gboolean
monte_carlo (HeftNetwork *network, const double *mean, const HeftWeightNoise *noise, const double *input, gsize layer,
             gsize n_draws, guint64 seed, double *mean_activations, double *covariance, GCancellable *cancellable, GError **error)
{
  gsize k = heft_network_get_n_parameters (network);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, 1);
  heft_aligned_autofree double *chunk = NULL;
  g_autofree double *weights = g_new (double, k);
  g_autofree double *centre = NULL;
  g_autofree double *shift = NULL;
  gsize n, last;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network) && n_draws > 1, FALSE);
  last = heft_moments_operation (network, layer);
  if (!heft_moments_check_sizes (network, last, TRUE, error))
    return FALSE;
  n = heft_layer_n_activations (network, layer);
  chunk = heft_aligned_new (double, CHUNK * n);
  shift = g_new0 (double, n);
  heft_pass_f64_forward (pass, mean, input, 1);
  /* Deviations from the activations at the mean weights: their own mean is small, so that taking it off costs no digits. */
  centre = g_memdup2 (heft_pass_f64_output (pass, (int) last), n * sizeof *centre);
  memset (covariance, 0, n * n * sizeof *covariance);
  for (gsize first = 0; first < n_draws; first += CHUNK)
    {
      gsize size = MIN (CHUNK, n_draws - first);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (gsize r = 0; r < size; r++)
        {
          heft_noise_draw (noise, network, mean, seed, first + r, 1, weights);
          heft_pass_f64_forward (pass, weights, input, 1);
          for (gsize j = 0; j < n; j++)
            {
              chunk[r * n + j] = heft_pass_f64_output (pass, (int) last)[j] - centre[j];
              shift[j] += chunk[r * n + j] / (double) n_draws;
            }
        }
      heft_syrk_f64 (TRUE, n, size, 1 / (double) (n_draws - 1), chunk, n, 1, covariance, n);
    }
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < n; j++)
      covariance[i * n + j] -= shift[i] * shift[j] * (double) n_draws / (double) (n_draws - 1);
  for (gsize j = 0; mean_activations != NULL && j < n; j++)
    mean_activations[j] = centre[j] + shift[j];
  return TRUE;
}

gboolean
heft_pushforward_monte_carlo (HeftNetwork *network, const double *mean, const double *variance, const double *input,
                              gsize layer, gsize n_draws, guint64 seed, double *mean_activations, double *covariance,
                              GCancellable *cancellable, GError **error)
{
  const HeftWeightNoise noise = { .variance = variance };

  return monte_carlo (network, mean, &noise, input, layer, n_draws, seed, mean_activations, covariance, cancellable, error);
}

gboolean
heft_pushforward_monte_carlo_structured (HeftNetwork *network, const double *mean, const HeftCurvature *curvature, double beta,
                                         double lambda, const double *input, gsize layer, gsize n_draws, guint64 seed,
                                         double *mean_activations, double *covariance, GCancellable *cancellable,
                                         GError **error)
{
  const HeftStructuredNoise blocks = { curvature, beta, lambda };
  const HeftWeightNoise noise = { .structured = &blocks };

  return monte_carlo (network, mean, &noise, input, layer, n_draws, seed, mean_activations, covariance, cancellable, error);
}
