/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

#include "information/noise.h"
#include "linalg/linalg.h"

/* Columns of an inverse that are solved for together. */
#define COLUMNS 128

const char *
heft_weight_noise_name (const HeftWeightNoise *noise)
{
  return noise->correlated != NULL ? _("Σ* of the whole network’s exact Fisher")
         : noise->structured != NULL ? _("Σ* of EKFAC, independent between layers")
         : _("Σ* of the Fisher’s diagonal, independent weights");
}

const char *
heft_weight_noise_words (const HeftWeightNoise *noise)
{
  return noise->correlated != NULL ? _("first order, Σ* of the whole network’s exact Fisher")
         : noise->structured != NULL ? _("first order, Σ* of EKFAC, block by block") : _("first order, Σ* of the Fisher’s diagonal");
}

void
heft_sigma_star_clear (HeftSigmaStar *self)
{
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->blocks, heft_curvature_unref);
  g_clear_pointer (&self->diagonal, heft_curvature_unref);
  g_clear_pointer (&self->variance, g_free);
  heft_correlated_noise_clear (&self->correlated);
  heft_aligned_free (g_steal_pointer (&self->fisher));
}

/* Takes @failure for "not there" where it is only too large. */
static gboolean
forgive_size (GError *failure, GError **error)
{
  if (failure == NULL)
    return TRUE;
  if (g_error_matches (failure, HEFT_ERROR, HEFT_ERROR_TOO_LARGE))
    {
      g_error_free (failure);
      return TRUE;
    }
  g_propagate_error (error, failure);
  return FALSE;
}

/* The whole Fisher, and room for its factor, or neither. */
static gboolean
try_dense (HeftSigmaStar *self, const double *weights, HeftDataset *data, gsize n_samples, GCancellable *cancellable, GError **error)
{
  gsize k = heft_network_get_n_parameters (self->network);
  heft_aligned_autofree double *fisher = NULL;
  GError *failure = NULL;

  fisher = heft_aligned_try_alloc (k * k, sizeof (double), &failure);
  if (fisher != NULL)
    self->correlated.factor = heft_aligned_try_alloc (k * k, sizeof (double), &failure);
  if (self->correlated.factor != NULL
      && heft_fisher_matrix (self->network, weights, data, n_samples, HEFT_FISHER_EXACT, 0, fisher, cancellable, &failure))
    self->fisher = g_steal_pointer (&fisher);
  else
    heft_correlated_noise_clear (&self->correlated);
  return forgive_size (failure, error);
}

/* What EKFAC holds: two factors, their eigenvectors, and the moments. */
static double
block_bytes (const HeftNetwork *network)
{
  double numbers = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      double m = (double) layer->fan_in + 1, n = (double) layer->fan_out;

      numbers += 2 * m * m + 2 * n * n + m * n;
    }
  return numbers * sizeof (double);
}

gboolean
heft_sigma_star_add_blocks (HeftSigmaStar *self, const double *weights, HeftDataset *data, gsize n_samples, const HeftNoiseLimits *limits,
                            guint n_threads, GCancellable *cancellable, GError **error)
{
  GError *failure = NULL;

  if (self->blocks != NULL || (limits->max_block_bytes > 0 && block_bytes (self->network) > limits->max_block_bytes))
    return TRUE;
  self->blocks = heft_curvature_new (self->network, weights, data, n_samples, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT, 0, FALSE, n_threads,
                                     cancellable, &failure);
  return forgive_size (failure, error);
}

gboolean
heft_sigma_star_add_diagonal (HeftSigmaStar *self, const double *weights, HeftDataset *data, gsize n_samples, guint n_threads,
                              GCancellable *cancellable, GError **error)
{
  if (self->diagonal != NULL)
    return TRUE;
  self->diagonal = heft_curvature_new (self->network, weights, data, n_samples, HEFT_CURVATURE_DIAGONAL, HEFT_FISHER_EXACT, 0, FALSE,
                                       n_threads, cancellable, error);
  self->variance = g_new0 (double, heft_network_get_n_parameters (self->network));
  return self->diagonal != NULL;
}

gboolean
heft_sigma_star_init (HeftSigmaStar *self, HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                      const HeftNoiseLimits *limits, guint n_threads, GCancellable *cancellable, GError **error)
{
  *self = (HeftSigmaStar) { .network = heft_network_ref (network) };
  if (heft_network_get_n_parameters (network) <= limits->max_dense && !try_dense (self, weights, data, n_samples, cancellable, error))
    return FALSE;
  if (self->fisher == NULL && !heft_sigma_star_add_blocks (self, weights, data, n_samples, limits, n_threads, cancellable, error))
    return FALSE;
  return self->fisher != NULL || self->blocks != NULL
         || heft_sigma_star_add_diagonal (self, weights, data, n_samples, n_threads, cancellable, error);
}

gboolean
heft_sigma_star_set_price (HeftSigmaStar *self, double beta, double lambda, GError **error)
{
  self->beta = beta;
  self->lambda = lambda;
  self->structured = (HeftStructuredNoise) { self->blocks, beta, lambda };
  if (self->diagonal != NULL)
    heft_curvature_posterior_variances (self->diagonal, beta, lambda, self->variance);
  return self->fisher == NULL || heft_correlated_noise_init (&self->correlated, heft_network_get_n_parameters (self->network), self->fisher,
                                                             beta, lambda, error);
}

HeftWeightNoise
heft_sigma_star_noise (const HeftSigmaStar *self)
{
  if (self->fisher != NULL)
    return (HeftWeightNoise) { .correlated = &self->correlated };
  return self->blocks != NULL ? (HeftWeightNoise) { .structured = &self->structured } : (HeftWeightNoise) { .variance = self->variance };
}

/* tr (L L^T)^-1 = |L^-1|^2, some columns of L^-1 at a time: above its diagonal it is 0. */
static double
inverse_trace (gsize k, const double *factor)
{
  heft_aligned_autofree double *columns = heft_aligned_new (double, k * COLUMNS);
  double trace = 0;

  for (gsize first = 0; first < k; first += COLUMNS)
    {
      gsize m = MIN (COLUMNS, k - first), n = k - first;

      memset (columns, 0, n * m * sizeof *columns);
      for (gsize j = 0; j < m; j++)
        columns[j * m + j] = 1;
      heft_triangular_solve_block (FALSE, n, factor + first * (k + 1), k, m, columns);
      trace += heft_dot_f64 (n * m, columns, columns);
    }
  return trace;
}

/* 1/2 [ (tr Sigma + |w|^2) / lambda^2 - k + log |lambda^2 Sigma^-1| ]. A bias that is fixed and counted has Sigma = lambda^2 and adds 0. */
double
heft_sigma_star_kl (const HeftSigmaStar *self, const double *weights)
{
  gsize k = heft_network_get_n_parameters (self->network);
  double square = self->lambda * self->lambda, count = (double) k, trace, determinant;

  if (self->fisher != NULL)
    {
      trace = self->beta * inverse_trace (k, self->correlated.factor);
      determinant = heft_cholesky_log_determinant (k, self->correlated.factor) - count * log (heft_free_direction_threshold (self->beta,
                                                                                                                          self->lambda));
    }
  else
    {
      const HeftCurvature *curvature = self->blocks != NULL ? self->blocks : self->diagonal;

      count = (double) heft_network_get_n_free_parameters (self->network);
      trace = heft_curvature_posterior_trace (curvature, -1, self->beta, self->lambda);
      determinant = heft_curvature_log_determinant (curvature, -1, square / self->beta);
    }
  return 0.5 * ((trace + heft_dot_f64 (k, weights, weights)) / square - count + determinant);
}
