/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/curvature.h>

#include "curvature/factors.h"
#include "curvature/lanczos.h"
#include "curvature/product.h"
#include "linalg/linalg.h"

/* The head of the spectrum by Lanczos, labels exact.
 *
 * F = R^T R / n has the non-zero eigenvalues of R R^T / n, whose dimension is n (C - 1). A dense layer's rows are
 * a_i (x) delta_ci, so with u a vector over rows: T_i = sum_c u_ic delta_ic, Y = (A A^T + 1) T, (R R^T u)_ic = delta_ic . Y_i. That
 * is one product of small matrices, the Lanczos vectors are short, and neither gradients nor passes through the network are
 * needed. Other layers take Gauss-Newton products through the network. */

#define CONVERGED 1e-4      /* residual, relative to the Ritz value, at which the iteration stops early */
#define HONEST 2e-2         /* and above which a Ritz value is not reported */
#define ROUNDING 1e-6       /* of the largest value: what single-precision products leave of the small ones */

/* --- Row space, dense layers -------------------------------------------------------------------------------------- */

typedef struct
{
  const HeftFactorsF32 *factors;
  gsize                 first, last;   /* weight layers */
  float               **similarity;    /* per layer: A A^T + 1 (n x n), or NULL where A (A^T T) is cheaper */
  float                *u, *t, *y, *inner;
} RowOperator;

static gboolean
forms_similarity (const HeftFactorsF32 *factors, gsize layer)
{
  return factors->n < 2 * heft_network_get_weight_layer (factors->network, layer)->fan_in;
}

static void
row_operator_init (RowOperator *self, const HeftFactorsF32 *factors, gsize first, gsize last)
{
  gsize width = 0;
  gsize inner = 0;
  gsize n = factors->n;

  self->factors = factors;
  self->first = first;
  self->last = last;
  self->similarity = g_new0 (float *, factors->n_layers);
  for (gsize l = first; l <= last; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (factors->network, l);

      width = MAX (width, layer->fan_out);
      inner = MAX (inner, layer->fan_in * layer->fan_out);
      if (!forms_similarity (factors, l))
        continue;
      self->similarity[l] = heft_aligned_new (float, n * n);
      heft_syrk_f32 (FALSE, n, layer->fan_in, 1, factors->inputs[l], layer->fan_in, 0, self->similarity[l], n);
      for (gsize i = 0; i < n * n; i++)
        self->similarity[l][i] += layer->fixed_bias ? 0 : 1;
    }
  self->u = heft_aligned_new (float, n * factors->n_columns * 2);
  self->t = heft_aligned_new (float, n * width);
  self->y = heft_aligned_new (float, n * width);
  self->inner = heft_aligned_new (float, inner);
}

static void
row_operator_clear (RowOperator *self)
{
  for (gsize l = self->first; l <= self->last; l++)
    heft_aligned_free (self->similarity[l]);
  g_free (self->similarity);
  heft_aligned_free (self->u);
  heft_aligned_free (self->t);
  heft_aligned_free (self->y);
  heft_aligned_free (self->inner);
}

/* Y = (A A^T + 1 1^T) T */
static void
apply_similarity (RowOperator *self, gsize l, const HeftLayer *layer)
{
  gsize n = self->factors->n;
  gsize width = layer->fan_out;
  const float *inputs = self->factors->inputs[l];

  if (self->similarity[l] != NULL)
    {
      heft_gemm_f32 (FALSE, FALSE, n, width, n, 1, self->similarity[l], n, self->t, width, 0, self->y, width);
      return;
    }
  heft_gemm_f32 (TRUE, FALSE, layer->fan_in, width, n, 1, inputs, layer->fan_in, self->t, width, 0, self->inner, width);
  memset (self->y, 0, width * sizeof (float));
  for (gsize i = 0; i < n && !layer->fixed_bias; i++)
    heft_axpy_f32 (width, 1, self->t + i * width, self->y);
  for (gsize i = 1; i < n; i++)
    memcpy (self->y + i * width, self->y, width * sizeof (float));
  heft_gemm_f32 (FALSE, FALSE, n, width, layer->fan_in, 1, inputs, layer->fan_in, self->inner, width, 1, self->y, width);
}

/* Row (i, c) of the vectors is element i * n_columns + c. */
static void
row_product (gpointer data, const double *in, double *out)
{
  RowOperator *self = data;
  gsize n = self->factors->n;
  gsize columns = self->factors->n_columns;
  float *products = self->u + n * columns;

  for (gsize i = 0; i < n * columns; i++)
    self->u[i] = (float) in[i];
  memset (products, 0, n * columns * sizeof (float));
  for (gsize l = self->first; l <= self->last; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (self->factors->network, l);
      const float *deltas = self->factors->deltas[l];
      gsize width = layer->fan_out;

      for (gsize i = 0; i < n; i++)
        heft_gemv_f32 (TRUE, columns, width, 1, deltas + i * width, n * width, self->u + i * columns, 0,
                       self->t + i * width);
      apply_similarity (self, l, layer);
      for (gsize i = 0; i < n; i++)
        heft_gemv_f32 (FALSE, columns, width, 1, deltas + i * width, n * width, self->y + i * width, 1,
                       products + i * columns);
    }
  for (gsize i = 0; i < n * columns; i++)
    out[i] = (double) products[i] / (double) n;
}

/* --- The measurement ------------------------------------------------------------------------------------------------- */

static gboolean
all_dense (HeftNetwork *network, gsize first, gsize last)
{
  for (gsize l = first; l <= last; l++)
    if (heft_network_get_weight_layer (network, l)->kind != HEFT_LAYER_DENSE)
      return FALSE;
  return TRUE;
}

/* What Lanczos found: the values whose residual says that they are eigenvalues. */
static void
spectrum_take (HeftSpectrum *spectrum, const HeftLanczos *lanczos, gsize n_top)
{
  spectrum->eigenvalues = g_new0 (double, MAX (n_top, 1));
  for (gsize i = 0; i < MIN (n_top, lanczos->m); i++)
    {
      double doubt = lanczos->residual * lanczos->tails[i] + ROUNDING * lanczos->values[0];

      if (!(lanczos->values[i] > 0) || doubt > HONEST * lanczos->values[i])
        break;
      spectrum->eigenvalues[spectrum->n_eigenvalues++] = lanczos->values[i];
    }
}

static gboolean
run_lanczos (HeftSpectrum *spectrum, gsize n, HeftProduct product, gpointer data, HeftStream stream, gsize n_top,
             gsize n_iterations, GCancellable *cancellable, GError **error)
{
  const HeftLanczosOptions options = { .n_steps = n_iterations, .n_top = n_top, .tolerance = CONVERGED, .cancellable = cancellable };
  g_autofree double *start = g_new (double, n);
  g_autoptr (HeftLanczos) lanczos = NULL;

  heft_stream_normals_f64 (stream, 0, 0, n, start);
  lanczos = heft_lanczos_new (n, product, data, start, &options, error);
  if (lanczos == NULL)
    return FALSE;
  spectrum_take (spectrum, lanczos, n_top);
  return TRUE;
}

static HeftSpectrum *
head_of (const HeftFactorsF32 *factors, HeftProductF32 *product, gsize first, gsize last, gsize n_top,
         gsize n_iterations, guint64 seed, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftSpectrum) spectrum = g_new0 (HeftSpectrum, 1);
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_PROBE, (guint32) first);
  gboolean done;

  spectrum->layer = (int) first;
  spectrum->n_samples = factors->n;
  spectrum->estimator = g_strdup (_("exact labels, Lanczos"));
  for (gsize l = first; l <= last; l++)
    {
      spectrum->trace += factors->traces[l] / (double) factors->n;
      spectrum->n_parameters += heft_layer_n_free_parameters (heft_network_get_weight_layer (factors->network, l));
    }
  if (all_dense (factors->network, first, last))
    {
      RowOperator rows = { 0 };

      row_operator_init (&rows, factors, first, last);
      done = run_lanczos (spectrum, factors->n * factors->n_columns, row_product, &rows, stream, n_top, n_iterations,
                          cancellable, error);
      row_operator_clear (&rows);
    }
  else
    {
      heft_product_f32_select (product, first, last);
      done = run_lanczos (spectrum, heft_product_f32_get_size (product), heft_product_f32_multiply, product, stream, n_top,
                          n_iterations, cancellable, error);
    }
  return done ? g_steal_pointer (&spectrum) : NULL;
}

GPtrArray *
heft_fisher_lanczos (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                     gsize n_top, gsize n_iterations, gboolean whole_network, guint64 seed,
                     GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) spectra = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);
  g_autoptr (HeftFactorsF32) factors = NULL;
  g_autoptr (HeftPool) pool = NULL;
  g_autoptr (HeftProductF32) product = NULL;
  gsize n_layers = heft_network_get_n_weight_layers (network);
  gboolean dense = all_dense (network, 0, n_layers - 1);
  gboolean failed = FALSE;

  g_return_val_if_fail (n_top > 0 && n_iterations > 0, NULL);
  factors = heft_factors_f32_new (network, weights, data, n_samples, HEFT_FISHER_EXACT, seed, 0, FALSE, cancellable, error);
  if (factors == NULL)
    return NULL;
  if (!dense)
    {
      pool = heft_pool_new (1);
      product = heft_product_f32_new (network, weights, data, factors->n, HEFT_MATRIX_FISHER, pool, error);
      if (product == NULL)
        return NULL;
    }
  for (gsize l = 0; l < n_layers + (whole_network ? 1 : 0) && !failed; l++)
    {
      gboolean whole = l == n_layers;
      HeftSpectrum *spectrum = head_of (factors, product, whole ? 0 : l, whole ? n_layers - 1 : l, n_top,
                                        n_iterations, seed, cancellable, error);

      failed = spectrum == NULL;
      if (whole && !failed)
        spectrum->layer = -1;
      if (!failed)
        g_ptr_array_add (spectra, spectrum);
    }
  return failed ? NULL : g_steal_pointer (&spectra);
}
