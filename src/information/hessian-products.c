/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "information/hessian-products.h"
#include "curvature/matrix-free.h"
#include "linalg/linalg.h"

/* Of Lanczos: how many of both ends, steps at most, and when a pair counts as found. */
#define TOP 20
#define BOTTOM 5
#define ITERATIONS 100
#define TOLERANCE 1e-6
/* Products that the trace takes in all, and pairs of products for the distance to the Fisher. */
#define TRACE_PRODUCTS 60
#define GAP_PROBES 10
/* Probes of their own: traces have 0x1001 and what follows. */
#define STREAM_GAP 0x1010

/* Descending, as a complete spectrum: the largest, then the smallest from the inside out. */
static void
take_ends (HeftMeasurement *self, const HeftEigenEnds *ends)
{
  HeftSpectrum *hessian = self->hessian;
  gsize n = ends->n_top + ends->n_bottom;

  hessian->n_eigenvalues = n;
  hessian->eigenvalues = g_new (double, n);
  self->hessian_residuals = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    {
      gsize from = i < ends->n_top ? i : n - 1 - (i - ends->n_top);

      hessian->eigenvalues[i] = ends->values[from];
      self->hessian_residuals[i] = ends->residuals[from];
    }
}

/* The square root of a ratio of two means, with its standard error to first order. */
static void
take_gap (HeftMeasurement *self, const double *differences, const double *norms)
{
  double difference = 0, norm = 0, squares = 0, ratio;

  for (gsize i = 0; i < GAP_PROBES; i++)
    {
      difference += differences[i] / GAP_PROBES;
      norm += norms[i] / GAP_PROBES;
    }
  ratio = difference / norm;
  for (gsize i = 0; i < GAP_PROBES; i++)
    squares += (differences[i] - ratio * norms[i]) * (differences[i] - ratio * norms[i]);
  self->hessian_gap = norm > 0 ? sqrt (ratio) : NAN;
  self->hessian_gap_error = ratio > 0 ? sqrt (squares / (GAP_PROBES * (GAP_PROBES - 1.0))) / norm / (2 * sqrt (ratio)) : 0;
}

static gboolean
measure_gap (HeftMeasurement *self, HeftMatrixFree *hessian, HeftMatrixFree *fisher, guint64 seed, GCancellable *cancellable,
             GError **error)
{
  gsize k = heft_matrix_free_get_size (hessian);
  heft_aligned_autofree double *probe = heft_aligned_new (double, k);
  heft_aligned_autofree double *h = heft_aligned_new (double, k), *f = heft_aligned_new (double, k);
  double differences[GAP_PROBES], norms[GAP_PROBES];

  for (gsize i = 0; i < GAP_PROBES; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      heft_probe_signs (seed, STREAM_GAP, i, k, probe);
      heft_matrix_free_multiply (hessian, probe, h);
      heft_matrix_free_multiply (fisher, probe, f);
      norms[i] = heft_dot_f64 (k, h, h);
      for (gsize j = 0; j < k; j++)
        f[j] -= h[j];
      differences[i] = heft_dot_f64 (k, f, f);
    }
  take_gap (self, differences, norms);
  return TRUE;
}

gboolean
heft_measurement_add_hessian_products (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data,
                                       guint64 seed, guint n_threads, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftMatrixFree) hessian = heft_matrix_free_new (network, weights, data, self->n_samples, HEFT_MATRIX_HESSIAN, -1,
                                                             n_threads, error);
  g_autoptr (HeftMatrixFree) fisher = NULL;
  g_autoptr (HeftEigenEnds) ends = NULL;
  HeftEstimate trace;
  gsize k, n_top;

  if (hessian == NULL)
    return FALSE;
  k = heft_matrix_free_get_size (hessian);
  n_top = MIN (TOP, k);
  ends = heft_matrix_free_ends (hessian, n_top, MIN (BOTTOM, k - n_top), ITERATIONS, TOLERANCE, seed, cancellable, error);
  if (ends == NULL
      || !heft_matrix_free_trace_hutch_plus_plus (hessian, TRACE_PRODUCTS, seed, cancellable, &trace, error))
    return FALSE;
  fisher = heft_matrix_free_new (network, weights, data, self->n_samples, HEFT_MATRIX_FISHER, -1, n_threads, error);
  if (fisher == NULL || !measure_gap (self, hessian, fisher, seed, cancellable, error))
    return FALSE;
  self->hessian = g_new0 (HeftSpectrum, 1);
  self->hessian->layer = -1;
  self->hessian->n_parameters = heft_network_get_n_free_parameters (network);
  self->hessian->n_samples = self->n_samples;
  self->hessian->trace = trace.value;
  self->hessian_trace_error = trace.standard_error;
  self->hessian->estimator = g_strdup (_("Hessian by products: ends by Lanczos, trace by Hutch++"));
  take_ends (self, ends);
  return TRUE;
}
