/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <string.h>

#include "curvature/gram.h"
#include "linalg/linalg.h"

#define PANEL 256   /* rows of the root or of the Gram matrix at a time */

void
heft_gram_rows (const HeftFactorsF64 *factors, gsize layer, gsize first, gsize count, double *rows, gsize ld)
{
  const HeftLayer *block = heft_network_get_weight_layer (factors->network, layer);

  for (gsize r = first; r < first + count; r++, rows += ld)
    {
      if (block->kind != HEFT_LAYER_DENSE)
        {
          memcpy (rows, factors->gradients[layer] + r * block->n_parameters, block->n_parameters * sizeof *rows);
          continue;
        }

      const double *input = factors->inputs[layer] + (r % factors->n) * block->fan_in;
      const double *delta = factors->deltas[layer] + r * block->fan_out;
      double bias = block->fixed_bias ? 0 : 1;

      for (gsize i = 0; i <= block->fan_in; i++)
        for (gsize j = 0; j < block->fan_out; j++)
          rows[i * block->fan_out + j] = (i < block->fan_in ? input[i] : bias) * delta[j];
    }
}

/* Rows [first, first + count) of D D^T, columns [0, first + count), times those of A A^T + 1 (without the 1 where the bias is fixed), added to the Gram matrix. */
static void
add_dense_panel (const HeftFactorsF64 *factors, gsize layer, const double *similarity, gsize first, gsize count,
                 double *panel, double *gram)
{
  gsize width = heft_network_get_weight_layer (factors->network, layer)->fan_out;
  gsize n_rows = factors->n * factors->n_columns;
  const double *deltas = factors->deltas[layer];
  gsize n = factors->n;
  gsize columns = first + count;
  double bias = heft_network_get_weight_layer (factors->network, layer)->fixed_bias ? 0 : 1;

  heft_gemm_f64 (FALSE, TRUE, count, columns, width, 1 / (double) n, deltas + first * width, width, deltas, width,
                 0, panel, columns);
  for (gsize r = 0; r < count; r++)
    {
      const double *similar = similarity + ((first + r) % n) * n;
      double *source = panel + r * columns;
      double *target = gram + (first + r) * n_rows;

      for (gsize start = 0; start < columns; start += n)
        for (gsize j = 0; j < MIN (n, columns - start); j++)
          target[start + j] += source[start + j] * (similar[j] + bias);
    }
}

static gboolean
add_dense (const HeftFactorsF64 *factors, gsize layer, double *gram, GCancellable *cancellable, GError **error)
{
  gsize fan_in = heft_network_get_weight_layer (factors->network, layer)->fan_in;
  gsize n = factors->n;
  gsize n_rows = n * factors->n_columns;
  heft_aligned_autofree double *similarity = heft_aligned_new (double, n * n);
  heft_aligned_autofree double *panel = heft_aligned_new (double, MIN (PANEL, n_rows) * n_rows);

  heft_syrk_f64 (FALSE, n, fan_in, 1, factors->inputs[layer], fan_in, 0, similarity, n);
  for (gsize first = 0; first < n_rows; first += PANEL)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      add_dense_panel (factors, layer, similarity, first, MIN (PANEL, n_rows - first), panel, gram);
    }
  return TRUE;
}

gboolean
heft_gram_add (const HeftFactorsF64 *factors, gsize layer, double *gram, GCancellable *cancellable, GError **error)
{
  const HeftLayer *block = heft_network_get_weight_layer (factors->network, layer);
  gsize n_rows = factors->n * factors->n_columns;
  gsize k = block->n_parameters;
  const double *rows = factors->gradients[layer];

  if (block->kind == HEFT_LAYER_DENSE)
    return add_dense (factors, layer, gram, cancellable, error);
  for (gsize first = 0; first < n_rows; first += PANEL)
    {
      gsize count = MIN (PANEL, n_rows - first);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      heft_gemm_f64 (FALSE, TRUE, count, first + count, k, 1 / (double) factors->n, rows + first * k, k, rows, k,
                     1, gram + first * n_rows, n_rows);
    }
  return TRUE;
}

gboolean
heft_gram_fisher (const HeftFactorsF64 *factors, gsize first_layer, gsize last_layer, double *fisher,
                  GCancellable *cancellable, GError **error)
{
  gsize base = heft_network_get_weight_layer (factors->network, first_layer)->offset;
  const HeftLayer *last = heft_network_get_weight_layer (factors->network, last_layer);
  gsize k = last->offset + last->n_parameters - base;
  gsize n_rows = factors->n * factors->n_columns;
  heft_aligned_autofree double *rows = heft_aligned_new (double, MIN (PANEL, n_rows) * k);

  for (gsize first = 0; first < n_rows; first += PANEL)
    {
      gsize count = MIN (PANEL, n_rows - first);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (gsize l = first_layer; l <= last_layer; l++)
        heft_gram_rows (factors, l, first, count,
                        rows + heft_network_get_weight_layer (factors->network, l)->offset - base, k);
      heft_syrk_f64 (TRUE, k, count, 1 / (double) factors->n, rows, k, 1, fisher, k);
    }
  return TRUE;
}

static double *
widen (const float *values, gsize n)
{
  double *wide;

  if (values == NULL)
    return NULL;
  wide = heft_aligned_new (double, n);
  for (gsize i = 0; i < n; i++)
    wide[i] = values[i];
  return wide;
}

HeftFactorsF64 *
heft_gram_widen (const HeftFactorsF32 *factors)
{
  HeftFactorsF64 *self = g_new0 (HeftFactorsF64, 1);
  gsize n_rows = factors->n * factors->n_columns;

  self->network = heft_network_ref (factors->network);
  self->n = factors->n;
  self->n_columns = factors->n_columns;
  self->n_layers = factors->n_layers;
  self->inputs = g_new0 (double *, self->n_layers);
  self->deltas = g_new0 (double *, self->n_layers);
  self->gradients = g_new0 (double *, self->n_layers);
  self->traces = g_memdup2 (factors->traces, self->n_layers * sizeof (double));
  for (gsize l = 0; l < self->n_layers; l++)
    {
      const HeftLayer *block = heft_network_get_weight_layer (self->network, l);

      self->inputs[l] = widen (factors->inputs[l], self->n * block->fan_in);
      self->deltas[l] = widen (factors->deltas[l], n_rows * block->fan_out);
      self->gradients[l] = widen (factors->gradients[l], n_rows * block->n_parameters);
    }
  return self;
}
