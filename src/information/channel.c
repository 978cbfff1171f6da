/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "information/channel.h"
#include "linalg/linalg.h"

/* Pivots of a correlation matrix below this are rounding: it has no inverse. */
#define SINGULAR_PIVOT 1e-11

/* Beyond this condition of a covariance six digits need more than double precision when it is formed. */
#define DOUBTFUL_CONDITION 1e10
/* A singular value of noise that was left out and is above this share of the largest is no rounding. */
#define ROUNDING 1e-12

/* Deviations whose inverses would overflow. */
#define SMALLEST_NOISE (DBL_MIN / DBL_EPSILON)

/* R = L^-1 D^-1 J with Sigma = D L L^T D, D the deviations: correlations cost no digits where outputs differ in scale. FALSE
 * where Sigma has no inverse; @jacobian is then as it was. */
static gboolean
whiten_by_cholesky (gsize n, gsize d, const double *covariance, double *jacobian)
{
  heft_aligned_autofree double *factor = heft_aligned_new (double, n * n);

  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j <= i; j++)
      factor[i * n + j] = covariance[i * n + j] / sqrt (covariance[i * n + i]) / sqrt (covariance[j * n + j]);
  if (!heft_cholesky_factor (n, factor, NULL))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (factor[i * n + i] * factor[i * n + i] < SINGULAR_PIVOT)
      return FALSE;
  for (gsize i = 0; i < n; i++)
    heft_scale_f64 (d, 1 / sqrt (covariance[i * n + i]), jacobian + i * d);
  heft_triangular_solve (FALSE, n, factor, d, jacobian);
  return TRUE;
}

static gboolean
whiten_by_eigenvectors (gsize n, gsize d, const double *covariance, double floor,
                        double *jacobian, gsize *rank, GError **error)
{
  heft_aligned_autofree double *vectors = heft_aligned_new (double, n * n);
  heft_aligned_autofree double *projected = heft_aligned_new (double, n * d);
  g_autofree double *values = g_new (double, n);

  memcpy (vectors, covariance, n * n * sizeof *vectors);
  if (!heft_symmetric_eigen (n, vectors, values, error))
    return FALSE;
  for (*rank = 0; *rank < n && values[*rank] > floor * values[0]; (*rank)++)
    heft_scale_f64 (n, 1 / sqrt (values[*rank]), vectors + *rank * n);
  heft_gemm_f64 (FALSE, FALSE, *rank, d, n, 1, vectors, n, jacobian, d, 0, projected, d);
  memcpy (jacobian, projected, *rank * d * sizeof *jacobian);
  return TRUE;
}

gboolean
heft_channel_root (gsize n, gsize d, const double *covariance, double floor, double *jacobian, gsize *rank, GError **error)
{
  *rank = n;
  return n == 0 || whiten_by_cholesky (n, d, covariance, jacobian)
         || whiten_by_eigenvectors (n, d, covariance, floor, jacobian, rank, error);
}

gboolean
heft_channel_root_of_noise (gsize p, gsize n, gsize n_all, gsize d, double *noise, double *jacobian, HeftChannel *channel, GError **error)
{
  gsize m = MIN (p, n), rank = 0;
  heft_aligned_autofree double *vectors = heft_aligned_new (double, MAX (m * n, 1));
  heft_aligned_autofree double *projected = heft_aligned_new (double, MAX (m * d, 1));
  g_autofree double *values = g_new (double, m);
  double floor;

  *channel = (HeftChannel) { .condition = 1 };
  if (m == 0)
    return TRUE;
  channel->trace = heft_dot_f64 (p * n, noise, noise);
  if (!heft_singular_values (p, n, noise, values, vectors, error))
    return FALSE;
  floor = MAX (sqrt (DBL_EPSILON * (double) n_all) * values[0], SMALLEST_NOISE);
  for (; rank < m && values[rank] > floor; rank++)
    heft_scale_f64 (n, 1 / values[rank], vectors + rank * n);
  if (rank == 0)
    return TRUE;
  heft_gemm_f64 (FALSE, FALSE, rank, d, n, 1, vectors, n, jacobian, d, 0, projected, d);
  memcpy (jacobian, projected, rank * d * sizeof *jacobian);
  channel->rank = rank;
  channel->condition = values[0] / values[rank - 1] * (values[0] / values[rank - 1]);
  channel->doubtful = channel->condition > DOUBTFUL_CONDITION || (rank < m && values[rank] > ROUNDING * values[0]);
  return TRUE;
}

gboolean
heft_channel_information (gsize rank, gsize d, const double *root, gsize n_samples, const double *centred,
                          double *information, GError **error)
{
  heft_aligned_autofree double *seen = NULL;
  heft_aligned_autofree double *matrix = NULL;

  *information = 0;
  if (rank == 0)
    return TRUE;
  seen = heft_aligned_new (double, rank * n_samples);
  matrix = heft_aligned_new (double, rank * rank);
  for (gsize i = 0; i < rank; i++)
    matrix[i * rank + i] = 1;
  heft_gemm_f64 (FALSE, TRUE, rank, n_samples, d, 1, root, d, centred, d, 0, seen, n_samples);
  heft_syrk_f64 (FALSE, rank, n_samples, 1 / (double) n_samples, seen, n_samples, 1, matrix, rank);
  if (!heft_cholesky_factor (rank, matrix, error))
    return FALSE;
  *information = 0.5 * heft_cholesky_log_determinant (rank, matrix);
  return TRUE;
}
