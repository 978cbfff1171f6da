/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/curvature.h>
#include <heft/pass.h>

#include "curvature/factors.h"
#include "curvature/lanczos.h"
#include "curvature/root.h"
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
#define CHUNK 512           /* samples a pass holds */

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

/* --- Weight space, any layer ---------------------------------------------------------------------------------------- */

typedef struct
{
  HeftNetwork *network;
  gsize        first, last, base, k;   /* weight layers; their block of the parameter vector */
  gsize        n, n_passes;
  HeftPassF32 **passes;
  float       *inputs, *direction, *gradient, *logits, *reflected;
  float       *rows;                   /* the root at the logits: n_columns x n x C */
} WeightOperator;

/* The metric as its root squared: p (v - p . v) would lose a saturated sample to rounding. */
static void
make_rows (WeightOperator *self, gsize first, gsize count, const float *logits, double *workspace)
{
  gsize n_classes = heft_network_get_n_classes (self->network);
  gsize size = count * n_classes;
  double *probabilities = workspace + size;

  for (gsize i = 0; i < size; i++)
    workspace[i] = (double) logits[i];
  heft_softmax_cross_entropy_f64 (workspace, NULL, count, n_classes, NULL, probabilities, NULL);
  for (gsize c = 0; c < heft_root_n_columns (HEFT_FISHER_EXACT, n_classes); c++)
    {
      float *rows = self->rows + (c * self->n + first) * n_classes;

      heft_root_rows (HEFT_FISHER_EXACT, probabilities, NULL, count, n_classes, c, workspace);
      for (gsize i = 0; i < size; i++)
        rows[i] = (float) workspace[i];
    }
}

/* reflected = (diag p - p p^T) logits, for the samples of pass @p. */
static void
apply_metric (WeightOperator *self, gsize p, gsize count)
{
  gsize n_classes = heft_network_get_n_classes (self->network);

  memset (self->reflected, 0, count * n_classes * sizeof (float));
  for (gsize c = 0; c < heft_root_n_columns (HEFT_FISHER_EXACT, n_classes); c++)
    for (gsize i = 0; i < count; i++)
      {
        const float *row = self->rows + (c * self->n + p * CHUNK + i) * n_classes;
        float along = 0;

        for (gsize j = 0; j < n_classes; j++)
          along += row[j] * self->logits[i * n_classes + j];
        for (gsize j = 0; j < n_classes; j++)
          self->reflected[i * n_classes + j] += along * row[j];
      }
}

static void
weight_operator_init (WeightOperator *self, HeftNetwork *network, const float *weights, HeftDataset *data, gsize n)
{
  gsize d = heft_network_get_n_inputs (network);
  gsize n_classes = heft_network_get_n_classes (network);
  g_autofree double *workspace = g_new (double, 2 * CHUNK * n_classes);

  self->network = network;
  self->n = n;
  self->n_passes = (n + CHUNK - 1) / CHUNK;
  self->passes = g_new0 (HeftPassF32 *, self->n_passes);
  self->inputs = heft_aligned_new (float, n * d);
  self->direction = heft_aligned_new (float, heft_network_get_n_parameters (network));
  self->gradient = heft_aligned_new (float, heft_network_get_n_parameters (network));
  self->rows = heft_aligned_new (float, heft_root_n_columns (HEFT_FISHER_EXACT, n_classes) * n * n_classes);
  self->logits = heft_aligned_new (float, CHUNK * n_classes);
  self->reflected = heft_aligned_new (float, CHUNK * n_classes);
  heft_dataset_gather_f32 (data, NULL, 0, n, self->inputs);
  for (gsize p = 0; p < self->n_passes; p++)
    {
      gsize count = MIN (CHUNK, n - p * CHUNK);

      self->passes[p] = heft_pass_f32_new (network, count);
      heft_pass_f32_forward (self->passes[p], weights, self->inputs + p * CHUNK * d, count);
      make_rows (self, p * CHUNK, count, heft_pass_f32_logits (self->passes[p]), workspace);
    }
}

static void
weight_operator_clear (WeightOperator *self)
{
  for (gsize p = 0; p < self->n_passes; p++)
    heft_pass_f32_free (self->passes[p]);
  g_free (self->passes);
  heft_aligned_free (self->inputs);
  heft_aligned_free (self->direction);
  heft_aligned_free (self->gradient);
  heft_aligned_free (self->rows);
  heft_aligned_free (self->logits);
  heft_aligned_free (self->reflected);
}

static void
weight_operator_select (WeightOperator *self, gsize first, gsize last)
{
  const HeftLayer *end = heft_network_get_weight_layer (self->network, last);

  self->first = first;
  self->last = last;
  self->base = heft_network_get_weight_layer (self->network, first)->offset;
  self->k = end->offset + end->n_parameters - self->base;
}

static void
weight_product (gpointer data, const double *in, double *out)
{
  WeightOperator *self = data;

  for (gsize i = 0; i < self->k; i++)
    self->direction[self->base + i] = (float) in[i];
  memset (out, 0, self->k * sizeof *out);
  for (gsize p = 0; p < self->n_passes; p++)
    {
      gsize count = MIN (CHUNK, self->n - p * CHUNK);

      heft_pass_f32_tangent (self->passes[p], self->direction, self->first, self->last, NULL, self->logits);
      apply_metric (self, p, count);
      heft_pass_f32_backward (self->passes[p], self->reflected, self->gradient);
      for (gsize i = 0; i < self->k; i++)
        out[i] += (double) self->gradient[self->base + i] / (double) self->n;
    }
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
  g_autofree double *start = g_new (double, n);
  g_autoptr (HeftLanczos) lanczos = NULL;

  heft_stream_normals_f64 (stream, 0, 0, n, start);
  lanczos = heft_lanczos_new (n, product, data, start, n_iterations, n_top, CONVERGED, cancellable, error);
  if (lanczos == NULL)
    return FALSE;
  spectrum_take (spectrum, lanczos, n_top);
  return TRUE;
}

static HeftSpectrum *
head_of (const HeftFactorsF32 *factors, WeightOperator *weight_operator, gsize first, gsize last, gsize n_top,
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
      weight_operator_select (weight_operator, first, last);
      done = run_lanczos (spectrum, weight_operator->k, weight_product, weight_operator, stream, n_top, n_iterations,
                          cancellable, error);
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
  WeightOperator weight_operator = { 0 };
  gsize n_layers = heft_network_get_n_weight_layers (network);
  gboolean dense = all_dense (network, 0, n_layers - 1);
  gboolean failed = FALSE;

  g_return_val_if_fail (n_top > 0 && n_iterations > 0, NULL);
  factors = heft_factors_f32_new (network, weights, data, n_samples, HEFT_FISHER_EXACT, seed, 0, FALSE, cancellable, error);
  if (factors == NULL)
    return NULL;
  if (!dense)
    weight_operator_init (&weight_operator, network, weights, data, factors->n);
  for (gsize l = 0; l < n_layers + (whole_network ? 1 : 0) && !failed; l++)
    {
      gboolean whole = l == n_layers;
      HeftSpectrum *spectrum = head_of (factors, &weight_operator, whole ? 0 : l, whole ? n_layers - 1 : l, n_top,
                                        n_iterations, seed, cancellable, error);

      failed = spectrum == NULL;
      if (whole && !failed)
        spectrum->layer = -1;
      if (!failed)
        g_ptr_array_add (spectra, spectrum);
    }
  if (!dense)
    weight_operator_clear (&weight_operator);
  return failed ? NULL : g_steal_pointer (&spectra);
}
