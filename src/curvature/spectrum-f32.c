/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <string.h>

#include "curvature/factors.h"
#include "curvature/slots.h"
#include "curvature/spectrum.h"
#include "linalg/linalg.h"

#define PANEL 128        /* rows of a Gram matrix at a time: they stay in cache while the two factors meet */
#define FLOOR 1e-6       /* of the largest eigenvalue: below it single precision tells nothing */

typedef struct
{
  const HeftFactorsF32 *factors;
  HeftFisherKind        kind;
  GCancellable         *cancellable;
  HeftSpectrum        **spectra;
  gsize                *order;      /* the most expensive layer first */
} Job;

/* The lower triangle of (A A^T + 1) o (D D^T) / n, without the 1 where the bias is fixed. */
static void
dense_gram (const HeftFactorsF32 *factors, gsize l, float *gram)
{
  const HeftLayer *layer = heft_network_get_weight_layer (factors->network, l);
  gsize n = factors->n, n_rows = n * factors->n_columns, width = layer->fan_out;
  const float *deltas = factors->deltas[l], scale = 1 / (float) n, constant = layer->fixed_bias ? 0 : 1;
  heft_aligned_autofree float *similarity = heft_aligned_new (float, n * n);
  heft_aligned_autofree float *panel = heft_aligned_new (float, MIN (PANEL, n_rows) * n_rows);

  heft_syrk_f32 (FALSE, n, layer->fan_in, 1, factors->inputs[l], layer->fan_in, 0, similarity, n);
  for (gsize first = 0; first < n_rows; first += PANEL)
    {
      gsize count = MIN (PANEL, n_rows - first), columns = first + count;

      heft_gemm_f32 (FALSE, TRUE, count, columns, width, scale, deltas + first * width, width, deltas, width, 0, panel, columns);
      for (gsize r = 0; r < count; r++)
        {
          const float *similar = similarity + ((first + r) % n) * n, *source = panel + r * columns;
          float *target = gram + (first + r) * n_rows;

          for (gsize start = 0; start < columns; start += n)
            for (gsize j = 0; j < MIN (n, columns - start); j++)
              target[start + j] = source[start + j] * (similar[j] + constant);
        }
    }
}

/* Rows [first, first + count) of the root. */
static void
root_rows (const HeftFactorsF32 *factors, gsize l, gsize first, gsize count, float *rows)
{
  const HeftLayer *layer = heft_network_get_weight_layer (factors->network, l);
  const float constant = layer->fixed_bias ? 0 : 1;

  for (gsize r = first; r < first + count; r++)
    {
      const float *input = factors->inputs[l] + (r % factors->n) * layer->fan_in;
      const float *delta = factors->deltas[l] + r * layer->fan_out;

      for (gsize i = 0; i <= layer->fan_in; i++)
        for (gsize j = 0; j < layer->fan_out; j++)
          *rows++ = (i < layer->fan_in ? input[i] : constant) * delta[j];
    }
}

/* The lower triangle of R^T R / n. */
static void
dense_matrix (const HeftFactorsF32 *factors, gsize l, float *matrix)
{
  const HeftLayer *layer = heft_network_get_weight_layer (factors->network, l);
  gsize n_rows = factors->n * factors->n_columns, k = layer->n_parameters;
  gsize capacity = MIN (4 * PANEL, n_rows);
  heft_aligned_autofree float *rows = heft_aligned_new (float, capacity * k);

  for (gsize first = 0; first < n_rows; first += capacity)
    {
      gsize count = MIN (capacity, n_rows - first);
      const float *chunk = rows;

      if (layer->kind == HEFT_LAYER_DENSE)
        root_rows (factors, l, first, count, rows);
      else
        chunk = factors->gradients[l] + first * k;
      heft_syrk_lower_f32 (TRUE, k, count, 1 / (float) factors->n, chunk, k, 1, matrix, k);
    }
}

static HeftSpectrum *
spectrum_new (const HeftFactorsF32 *factors, gsize l, HeftFisherKind kind, gsize n, const float *values)
{
  HeftSpectrum *self = g_new0 (HeftSpectrum, 1);

  self->layer = (int) l;
  self->n_parameters = heft_layer_n_free_parameters (heft_network_get_weight_layer (factors->network, l));
  self->trace = factors->traces[l] / (double) factors->n;
  self->n_samples = factors->n;
  self->complete = TRUE;
  self->eigenvalues = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    self->eigenvalues[i] = (double) values[i];
  self->n_eigenvalues = heft_spectrum_count (self->eigenvalues, n, FLOOR);
  self->estimator = heft_spectrum_estimator (kind, factors->n * factors->n_columns == n);
  return self;
}

static gboolean
layer_slot (gsize slot, gpointer data, GError **error)
{
  const Job *job = data;
  const HeftFactorsF32 *factors = job->factors;
  gsize l = job->order[slot];
  const HeftLayer *layer = heft_network_get_weight_layer (factors->network, l);
  gsize n_rows = factors->n * factors->n_columns, n = MIN (n_rows, layer->n_parameters);
  heft_aligned_autofree float *matrix = heft_aligned_try_alloc (n * n, sizeof *matrix, error);
  g_autofree float *values = g_new (float, n);

  if (matrix == NULL || g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;
  if (n_rows > layer->n_parameters)
    dense_matrix (factors, l, matrix);
  else if (layer->kind == HEFT_LAYER_DENSE)
    dense_gram (factors, l, matrix);
  else
    heft_syrk_lower_f32 (FALSE, n_rows, layer->n_parameters, 1 / (float) factors->n, factors->gradients[l], layer->n_parameters, 0,
                         matrix, n_rows);
  if (!heft_symmetric_eigenvalues_f32 (n, matrix, values, error))
    return FALSE;
  job->spectra[l] = spectrum_new (factors, l, job->kind, n, values);
  return TRUE;
}

static gint
compare_costs (gconstpointer a, gconstpointer b, gpointer data)
{
  const HeftFactorsF32 *factors = data;
  gsize n_rows = factors->n * factors->n_columns, sizes[2];
  const gsize layers[2] = { *(const gsize *) a, *(const gsize *) b };

  for (gsize i = 0; i < 2; i++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (factors->network, layers[i]);

      /* Of two Gram matrices of the same size that with longer rows costs more. */
      sizes[i] = MIN (n_rows, layer->n_parameters) + (n_rows <= layer->n_parameters ? layer->fan_in : 0);
    }
  return (sizes[0] < sizes[1]) - (sizes[0] > sizes[1]);
}

GPtrArray *
heft_fisher_spectra_f32 (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples, HeftFisherKind kind,
                         guint64 seed, guint n_threads, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftFactorsF32) factors = heft_factors_f32_new (network, weights, data, n_samples, kind, seed, 0, TRUE, cancellable,
                                                             error);
  g_autoptr (HeftPool) pool = NULL;
  g_autoptr (GPtrArray) spectra = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);
  g_autofree gsize *order = NULL;
  Job job = { factors, kind, cancellable, NULL, NULL };
  gboolean good;

  if (factors == NULL)
    return NULL;
  order = g_new (gsize, factors->n_layers);
  for (gsize l = 0; l < factors->n_layers; l++)
    order[l] = l;
  g_qsort_with_data (order, (gint) factors->n_layers, sizeof *order, compare_costs, factors);
  pool = heft_pool_new (n_threads);
  g_ptr_array_set_size (spectra, (gint) factors->n_layers);
  job.spectra = (HeftSpectrum **) spectra->pdata;
  job.order = order;
  good = heft_slots_run (pool, factors->n_layers, layer_slot, &job, error);
  return good ? g_steal_pointer (&spectra) : NULL;
}
