/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>

#include "curvature/factors.h"
#include "curvature/lanczos.h"
#include "curvature/matrix-free.h"
#include "linalg/linalg.h"

/* Streams of purpose PROBE: heads of layers have the layer's number, pushforwards 1 of their own run. */
#define STREAM_START 0x1000
#define STREAM_HUTCHINSON 0x1001
#define STREAM_RANGE 0x1002

#define DEPENDENT 1e-10   /* of its length left after orthogonalisation: nothing new */

/* --- Making ------------------------------------------------------------------------------------------------------------- */

static HeftMatrixFree *
matrix_free_new (HeftNetwork *network, const double *wide, const float *narrow, HeftDataset *data, gsize n_samples,
                 HeftMatrixKind kind, int layer, guint n_threads, GError **error)
{
  g_autoptr (HeftMatrixFree) self = NULL;
  gsize n_layers = heft_network_get_n_weight_layers (network);
  gsize first = layer < 0 ? 0 : (gsize) layer, last = layer < 0 ? n_layers - 1 : (gsize) layer;

  g_return_val_if_fail (last < n_layers, NULL);
  if (!heft_factors_check (network, data, error))
    return NULL;
  self = g_new0 (HeftMatrixFree, 1);
  self->n_samples = heft_dataset_get_n_samples (data);
  if (n_samples > 0)
    self->n_samples = MIN (n_samples, self->n_samples);
  self->pool = heft_pool_new (n_threads);
  if (wide != NULL)
    {
      self->wide = heft_product_f64_new (network, wide, data, self->n_samples, kind, self->pool, error);
      if (self->wide == NULL)
        return NULL;
      heft_product_f64_select (self->wide, first, last);
      self->size = heft_product_f64_get_size (self->wide);
      return g_steal_pointer (&self);
    }
  self->narrow = heft_product_f32_new (network, narrow, data, self->n_samples, kind, self->pool, error);
  if (self->narrow == NULL)
    return NULL;
  heft_product_f32_select (self->narrow, first, last);
  self->size = heft_product_f32_get_size (self->narrow);
  return g_steal_pointer (&self);
}

HeftMatrixFree *
heft_matrix_free_new (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, HeftMatrixKind kind,
                      int layer, guint n_threads, GError **error)
{
  return matrix_free_new (network, weights, NULL, data, n_samples, kind, layer, n_threads, error);
}

HeftMatrixFree *
heft_matrix_free_new_f32 (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples, HeftMatrixKind kind,
                          int layer, guint n_threads, GError **error)
{
  return matrix_free_new (network, NULL, weights, data, n_samples, kind, layer, n_threads, error);
}

void
heft_matrix_free_free (HeftMatrixFree *self)
{
  if (self == NULL)
    return;
  heft_product_f32_free (self->narrow);
  heft_product_f64_free (self->wide);
  heft_pool_free (self->pool);
  g_free (self);
}

gsize
heft_matrix_free_get_size (const HeftMatrixFree *self)
{
  return self->size;
}

void
heft_matrix_free_multiply (HeftMatrixFree *self, const double *in, double *out)
{
  g_return_if_fail (in != out);
  if (self->wide != NULL)
    heft_product_f64_multiply (self->wide, in, out);
  else
    heft_product_f32_multiply (self->narrow, in, out);
}

void
heft_matrix_free_product (gpointer self, const double *in, double *out)
{
  heft_matrix_free_multiply (self, in, out);
}

/* --- Both ends of the spectrum ---------------------------------------------------------------------------------------------- */

void
heft_eigen_ends_free (HeftEigenEnds *self)
{
  if (self == NULL)
    return;
  g_free (self->values);
  g_free (self->residuals);
  heft_aligned_free (self->vectors);
  g_free (self);
}

/* What the iteration found; with the space exhausted early there may be fewer pairs than asked for. */
static HeftEigenEnds *
take_ends (const HeftLanczos *lanczos, gsize n_top, gsize n_bottom, GError **error)
{
  g_autoptr (HeftEigenEnds) self = g_new0 (HeftEigenEnds, 1);
  gsize n;

  self->size = lanczos->n;
  self->n_products = lanczos->m;
  self->n_top = MIN (n_top, lanczos->m);
  self->n_bottom = MIN (n_bottom, lanczos->m - self->n_top);
  n = self->n_top + self->n_bottom;
  self->values = g_new (double, n);
  self->residuals = g_new (double, n);
  self->vectors = heft_aligned_try_alloc (n * self->size, sizeof (double), error);
  if (self->vectors == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    {
      gsize pair = i < self->n_top ? i : lanczos->m - 1 - (i - self->n_top);

      self->values[i] = lanczos->values[pair];
      self->residuals[i] = lanczos->residual * lanczos->tails[pair];
      if (!heft_lanczos_vector (lanczos, pair, self->vectors + i * self->size, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

HeftEigenEnds *
heft_matrix_free_ends (HeftMatrixFree *self, gsize n_top, gsize n_bottom, gsize n_iterations, double tolerance, guint64 seed,
                       GCancellable *cancellable, GError **error)
{
  const HeftLanczosOptions options = { .n_steps = n_iterations, .n_top = n_top, .n_bottom = n_bottom, .tolerance = tolerance,
                                       .pool = self->pool, .cancellable = cancellable };
  g_autofree double *start = g_new (double, self->size);
  g_autoptr (HeftLanczos) lanczos = NULL;

  g_return_val_if_fail (n_top + n_bottom > 0 && n_top + n_bottom <= MIN (self->size, n_iterations), NULL);
  heft_stream_normals_f64 (heft_stream (seed, HEFT_PURPOSE_PROBE, STREAM_START), 0, 0, self->size, start);
  lanczos = heft_lanczos_new (self->size, heft_matrix_free_product, self, start, &options, error);
  return lanczos != NULL ? take_ends (lanczos, n_top, n_bottom, error) : NULL;
}

/* --- Traces -------------------------------------------------------------------------------------------------------------------- */

void
heft_probe_signs (guint64 seed, guint32 purpose, guint64 probe, gsize n, double *signs)
{
  g_autofree guint32 *bits = g_new (guint32, n / 32 + 1);

  heft_stream_bits (heft_stream (seed, HEFT_PURPOSE_PROBE, purpose), probe, 0, n / 32 + 1, bits);
  for (gsize i = 0; i < n; i++)
    signs[i] = (bits[i / 32] >> (i % 32)) & 1 ? 1 : -1;
}

HeftEstimate
heft_estimate_mean (gsize n, const double *values)
{
  HeftEstimate estimate = { 0, NAN };
  double squares = 0;

  for (gsize i = 0; i < n; i++)
    estimate.value += values[i] / (double) n;
  for (gsize i = 0; i < n; i++)
    squares += (values[i] - estimate.value) * (values[i] - estimate.value);
  if (n > 1)
    estimate.standard_error = sqrt (squares / (double) (n - 1) / (double) n);
  return estimate;
}

static gboolean
check_trace (const HeftEstimate *trace, GError **error)
{
  if (isfinite (trace->value))
    return TRUE;
  g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
                       _("The curvature is not finite at these weights, so it has no trace: check whether training diverged."));
  return FALSE;
}

/* Takes the part of @vector in the span of the orthonormal rows of @basis out of it, twice. */
static void
project_out (const double *basis, gsize n_rows, gsize n, double *vector, double *workspace)
{
  for (int round = 0; round < 2 && n_rows > 0; round++)
    {
      heft_gemv_f64 (FALSE, n_rows, n, 1, basis, n, vector, 0, workspace);
      heft_gemv_f64 (TRUE, n_rows, n, -1, basis, n, workspace, 1, vector);
    }
}

/* The mean of z^T A z over random signs z, less their part in the @n_rows of @basis. */
static gboolean
hutchinson (HeftMatrixFree *self, const double *basis, gsize n_rows, gsize n_probes, guint64 seed, GCancellable *cancellable,
            HeftEstimate *trace, GError **error)
{
  g_autofree double *values = g_new (double, n_probes);
  g_autofree double *workspace = g_new (double, n_rows + 1);
  heft_aligned_autofree double *probe = heft_aligned_new (double, self->size);
  heft_aligned_autofree double *product = heft_aligned_new (double, self->size);

  for (gsize i = 0; i < n_probes; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      heft_probe_signs (seed, STREAM_HUTCHINSON, i, self->size, probe);
      project_out (basis, n_rows, self->size, probe, workspace);
      heft_matrix_free_multiply (self, probe, product);
      values[i] = heft_dot_f64 (self->size, probe, product);
    }
  *trace = heft_estimate_mean (n_probes, values);
  return check_trace (trace, error);
}

gboolean
heft_matrix_free_trace (HeftMatrixFree *self, gsize n_probes, guint64 seed, GCancellable *cancellable, HeftEstimate *trace,
                        GError **error)
{
  g_return_val_if_fail (n_probes > 0, FALSE);
  return hutchinson (self, NULL, 0, n_probes, seed, cancellable, trace, error);
}

/* An orthonormal basis of A S, S random signs, as rows of @basis; returns how many. */
static gsize
find_range (HeftMatrixFree *self, gsize n_vectors, guint64 seed, double *basis)
{
  g_autofree double *workspace = g_new (double, n_vectors);
  heft_aligned_autofree double *probe = heft_aligned_new (double, self->size);
  gsize n_rows = 0;

  for (gsize i = 0; i < n_vectors; i++)
    {
      double *row = basis + n_rows * self->size;
      double before, after;

      heft_probe_signs (seed, STREAM_RANGE, i, self->size, probe);
      heft_matrix_free_multiply (self, probe, row);
      before = heft_norm_f64 (self->size, row);
      project_out (basis, n_rows, self->size, row, workspace);
      after = heft_norm_f64 (self->size, row);
      if (!(after > DEPENDENT * before))
        continue;
      heft_scale_f64 (self->size, 1 / after, row);
      n_rows++;
    }
  return n_rows;
}

gboolean
heft_matrix_free_trace_hutch_plus_plus (HeftMatrixFree *self, gsize n_products, guint64 seed, GCancellable *cancellable,
                                        HeftEstimate *trace, GError **error)
{
  gsize n_vectors = MIN (n_products / 3, self->size);
  heft_aligned_autofree double *basis = heft_aligned_try_alloc (n_vectors * self->size, sizeof *basis, error);
  heft_aligned_autofree double *product = NULL;
  gsize n_rows;
  double inside = 0;

  g_return_val_if_fail (n_products >= 3, FALSE);
  if (basis == NULL)
    return FALSE;
  product = heft_aligned_new (double, self->size);
  n_rows = find_range (self, n_vectors, seed, basis);
  for (gsize i = 0; i < n_rows; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      heft_matrix_free_multiply (self, basis + i * self->size, product);
      inside += heft_dot_f64 (self->size, basis + i * self->size, product);
    }
  if (!hutchinson (self, basis, n_rows, MAX (n_products - 2 * n_vectors, 1), seed, cancellable, trace, error))
    return FALSE;
  trace->value += inside;
  return check_trace (trace, error);
}
