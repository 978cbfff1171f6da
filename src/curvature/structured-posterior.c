/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <math.h>
#include <string.h>

#include "curvature/structured.h"
#include "linalg/linalg.h"
#include "nn/image.h"

/* In the basis of the eigenvectors every matrix here is diagonal: with W (n_inputs x n_outputs) one layer's vector as a matrix, the
 * basis has U_A W U_G^T, and comes back by U_A^T W U_G. */

static gboolean
has_basis (const HeftCurvature *self, gsize l)
{
  return self->kind == HEFT_CURVATURE_DIAGONAL || self->layers[l].input_vectors != NULL;
}

/* @out := U_A in U_G^T, or U_A^T in U_G where @back; @work is as large. */
static void
turn (const HeftStructuredLayer *layer, gboolean back, const double *in, double *work, double *out)
{
  const gsize m = layer->public.n_inputs, n = layer->public.n_outputs;

  if (layer->input_vectors == NULL)
    {
      if (out != in)
        memcpy (out, in, m * n * sizeof *out);
      return;
    }
  heft_gemm_f64 (back, FALSE, m, n, m, 1, layer->input_vectors, m, in, n, 0, work, n);
  heft_gemm_f64 (FALSE, !back, m, n, n, 1, work, n, layer->output_vectors, n, 0, out, n);
}

/* A fixed bias is no parameter: nothing varies along it. Its input is 0, so that the basis splits there and this is all it takes. */
static void
clear_fixed (const HeftStructuredLayer *layer, double *block)
{
  const gsize size = layer->public.n_inputs * layer->public.n_outputs;

  memset (block + layer->n_free, 0, (size - layer->n_free) * sizeof *block);
}

/* The variance along one direction of the basis. */
static inline double
variance_of (double moment, double beta, double lambda)
{
  return beta / (moment + beta / (lambda * lambda));
}

void
heft_curvature_dense (const HeftCurvature *self, gsize layer, double *matrix)
{
  const HeftStructuredLayer *l = &self->layers[layer];
  const gsize k = l->public.n_inputs * l->public.n_outputs;
  heft_aligned_autofree double *work = heft_aligned_new (double, k);

  g_return_if_fail (layer < self->n_layers && has_basis (self, layer));
  memset (matrix, 0, k * k * sizeof *matrix);
  for (gsize i = 0; i < k; i++)
    {
      double *row = matrix + i * k;

      row[i] = 1;
      turn (l, FALSE, row, work, row);
      for (gsize j = 0; j < k; j++)
        row[j] *= l->moments[j];
      turn (l, TRUE, row, work, row);
    }
}

void
heft_curvature_posterior_multiply (const HeftCurvature *self, gsize layer, double beta, double lambda, const double *in,
                                   double *out)
{
  const HeftStructuredLayer *l = &self->layers[layer];
  const gsize k = l->public.n_inputs * l->public.n_outputs;
  heft_aligned_autofree double *work = heft_aligned_new (double, k);

  g_return_if_fail (layer < self->n_layers && has_basis (self, layer) && beta > 0 && lambda > 0);
  if (out != in)
    memcpy (out, in, k * sizeof *out);
  clear_fixed (l, out);
  turn (l, FALSE, out, work, out);
  for (gsize i = 0; i < k; i++)
    out[i] *= variance_of (l->moments[i], beta, lambda);
  turn (l, TRUE, out, work, out);
  clear_fixed (l, out);
}

void
heft_curvature_posterior_draw (const HeftCurvature *self, double beta, double lambda, const double *mean, guint64 seed,
                               guint64 draw, double *weights)
{
  g_return_if_fail (beta > 0 && lambda > 0);
  for (gsize l = 0; l < self->n_layers; l++)
    {
      const HeftStructuredLayer *layer = &self->layers[l];
      const gsize k = layer->public.n_inputs * layer->public.n_outputs;
      const gsize offset = heft_network_get_weight_layer (self->network, l)->offset;
      heft_aligned_autofree double *work = heft_aligned_new (double, k);
      double *block = weights + offset;

      g_return_if_fail (has_basis (self, l));
      heft_stream_normals_f64 (heft_stream (seed, HEFT_PURPOSE_WEIGHT_DRAW, (guint32) l), draw, 0, k, block);
      for (gsize i = 0; i < k; i++)
        block[i] *= sqrt (variance_of (layer->moments[i], beta, lambda));
      turn (layer, TRUE, block, work, block);
      clear_fixed (layer, block);
      for (gsize i = 0; mean != NULL && i < k; i++)
        block[i] += mean[offset + i];
    }
}

double
heft_curvature_posterior_log_determinant (const HeftCurvature *self, int layer, double beta, double lambda)
{
  const double r = lambda * lambda / beta;
  gsize k = layer < 0 ? heft_network_get_n_free_parameters (self->network) : self->layers[layer].n_free;

  g_return_val_if_fail (beta > 0 && lambda > 0, NAN);
  return 2 * (double) k * log (lambda) - heft_curvature_log_determinant (self, layer, r);
}

void
heft_curvature_posterior_variances (const HeftCurvature *self, double beta, double lambda, double *variances)
{
  g_return_if_fail (self->kind == HEFT_CURVATURE_DIAGONAL && beta > 0 && lambda > 0);
  for (gsize l = 0; l < heft_network_get_n_weight_layers (self->network); l++)
    {
      const HeftStructuredLayer *layer = &self->layers[l];
      double *block = variances + heft_network_get_weight_layer (self->network, l)->offset;

      for (gsize i = 0; i < layer->public.n_inputs * layer->public.n_outputs; i++)
        block[i] = variance_of (layer->public.moments[i], beta, lambda);
      clear_fixed (layer, block);
    }
}

double
heft_curvature_posterior_trace (const HeftCurvature *self, int layer, double beta, double lambda)
{
  gsize first = layer < 0 ? 0 : (gsize) layer, last = layer < 0 ? self->n_layers - 1 : (gsize) layer;
  double sum = 0;

  g_return_val_if_fail (last < self->n_layers && beta > 0 && lambda > 0, NAN);
  for (gsize l = first; l <= last; l++)
    {
      gsize size = self->layers[l].public.n_inputs * self->layers[l].public.n_outputs;

      for (gsize i = 0; i < size; i++)
        sum += variance_of (self->layers[l].moments[i], beta, lambda);
      sum -= lambda * lambda * (double) (size - self->layers[l].n_free);
    }
  return sum;
}

void
heft_curvature_posterior_root (const HeftCurvature *self, gsize layer, double beta, double lambda, gsize n, double *rows)
{
  const HeftStructuredLayer *l = &self->layers[layer];
  const gsize k = l->public.n_inputs * l->public.n_outputs;
  heft_aligned_autofree double *work = heft_aligned_new (double, k);

  g_return_if_fail (layer < self->n_layers && has_basis (self, layer) && beta > 0 && lambda > 0);
  for (gsize i = 0; i < n; i++)
    {
      double *row = rows + i * k;

      clear_fixed (l, row);
      turn (l, FALSE, row, work, row);
      for (gsize j = 0; j < k; j++)
        row[j] *= sqrt (variance_of (l->moments[j], beta, lambda));
    }
}

void
heft_curvature_posterior_covariance (const HeftCurvature *self, gsize layer, double beta, double lambda, gsize n,
                                     const double *jacobian, double *covariance)
{
  const HeftStructuredLayer *l = &self->layers[layer];
  const gsize k = l->public.n_inputs * l->public.n_outputs;
  heft_aligned_autofree double *rows = heft_aligned_new (double, n * k);

  memcpy (rows, jacobian, n * k * sizeof *rows);
  heft_curvature_posterior_root (self, layer, beta, lambda, n, rows);
  heft_syrk_f64 (FALSE, n, k, 1, rows, k, 1, covariance, n);
}

/* --- The noise of a layer's own weights in its pre-activations ----------------------------------------------------------------- */

/* @columns (n_inputs x places): what the layer sees at every place, in the basis of A, the bias's constant included. */
static double *
turned_columns (const HeftStructuredLayer *l, const HeftLayer *layer, const double *input, gsize places)
{
  const gsize m = l->public.n_inputs;
  double *columns = heft_aligned_new (double, m * places);
  double *turned;

  if (layer->kind == HEFT_LAYER_DENSE)
    memcpy (columns, input, layer->fan_in * sizeof *columns);
  else
    heft_image_to_columns_f64 (layer, input, columns);
  for (gsize p = 0; p < places; p++)
    columns[layer->fan_in * places + p] = layer->fixed_bias ? 0 : 1;
  if (l->input_vectors == NULL)
    return columns;
  turned = heft_aligned_new (double, m * places);
  heft_gemm_f64 (FALSE, FALSE, m, places, m, 1, l->input_vectors, m, columns, places, 0, turned, places);
  heft_aligned_free (columns);
  return turned;
}

/* @between (places x places) := sum_i sigma_ij a~_ip a~_ip' for output direction @j. */
static void
noise_of_direction (const HeftStructuredLayer *l, double beta, double lambda, gsize j, const double *columns, gsize places,
                    double *scaled, double *between)
{
  const gsize m = l->public.n_inputs, n = l->public.n_outputs;

  for (gsize i = 0; i < m; i++)
    {
      double deviation = sqrt (variance_of (l->moments[i * n + j], beta, lambda));

      for (gsize p = 0; p < places; p++)
        scaled[i * places + p] = deviation * columns[i * places + p];
    }
  heft_syrk_f64 (TRUE, places, m, 1, scaled, places, 0, between, places);
}

void
heft_curvature_posterior_output (const HeftCurvature *self, gsize layer, double beta, double lambda, const double *input,
                                 double *covariance)
{
  const HeftLayer *shape = heft_network_get_weight_layer (self->network, layer);
  const HeftStructuredLayer *l = &self->layers[layer];
  const gsize m = l->public.n_inputs, n = l->public.n_outputs;
  const gsize places = shape->kind == HEFT_LAYER_DENSE ? 1 : heft_layer_places (shape);
  const gsize size = n * places;
  heft_aligned_autofree double *columns = turned_columns (l, shape, input, places);
  heft_aligned_autofree double *scaled = heft_aligned_new (double, m * places);
  heft_aligned_autofree double *between = heft_aligned_new (double, places * places);

  g_return_if_fail (layer < self->n_layers && has_basis (self, layer) && beta > 0 && lambda > 0);
  memset (covariance, 0, size * size * sizeof *covariance);
  for (gsize j = 0; j < n; j++)
    {
      noise_of_direction (l, beta, lambda, j, columns, places, scaled, between);
      /* Outputs (a, p) and (b, q) share it by u_ja u_jb; without vectors only a = b = j. */
      for (gsize a = 0; a < n; a++)
        for (gsize b = 0; b < n; b++)
          {
            double share = l->output_vectors != NULL ? l->output_vectors[j * n + a] * l->output_vectors[j * n + b]
                                                     : (a == j && b == j);

            for (gsize p = 0; share != 0 && p < places; p++)
              heft_axpy_f64 (places, share, between + p * places, covariance + (a * places + p) * size + b * places);
          }
    }
}
