/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include "information/linearise.h"
#include "linalg/linalg.h"
#include "nn/activation.h"
#include "nn/image.h"

void
heft_linearisation_free (HeftLinearisation *self)
{
  if (self == NULL)
    return;
  if (self->winners != NULL)
    for (gsize i = 0; i < heft_network_get_n_layers (self->network); i++)
      g_free (self->winners[i]);
  g_free (self->winners);
  g_free (self->kept);
  heft_aligned_free (self->columns);
  heft_pass_f64_free (self->pass);
  heft_network_unref (self->network);
  g_free (self);
}

HeftLinearisation *
heft_linearisation_new (HeftNetwork *network, const double *weights, const double *input)
{
  HeftLinearisation *self = g_new0 (HeftLinearisation, 1);
  gsize n_columns = 1, kept = 0;

  self->network = heft_network_ref (network);
  self->winners = g_new0 (guint32 *, heft_network_get_n_layers (network));
  self->kept = g_new0 (gsize, heft_network_get_n_layers (network));
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);

      if (layer->kind == HEFT_LAYER_CONVOLUTION)
        n_columns = MAX (n_columns, layer->fan_in * heft_layer_places (layer));
      else if (layer->kind == HEFT_LAYER_RESIDUAL_BEGIN)
        kept += heft_shape_size (layer->output);
      else if (layer->kind == HEFT_LAYER_RESIDUAL_END)
        kept -= heft_shape_size (layer->output);
      self->kept[i] = kept;
    }
  self->pass = heft_pass_f64_new (network, 1);
  self->columns = heft_aligned_new (double, n_columns);
  heft_pass_f64_forward (self->pass, weights, input, 1);
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      g_autofree double *pooled = NULL;

      if (layer->kind != HEFT_LAYER_MAX_POOL)
        continue;
      pooled = g_new (double, heft_shape_size (layer->output));
      self->winners[i] = g_new (guint32, heft_shape_size (layer->output));
      heft_max_pool_f64 (layer, heft_pass_f64_output (self->pass, (int) i - 1), pooled, self->winners[i]);
    }
  return self;
}

gsize
heft_linearisation_kept (const HeftLinearisation *self, int i)
{
  return i < 0 ? 0 : self->kept[i];
}

gsize
heft_linearisation_state_size (const HeftLinearisation *self, int i)
{
  return heft_linearisation_kept (self, i) + heft_linearisation_size (self, i);
}

gsize
heft_linearisation_size (const HeftLinearisation *self, int i)
{
  return i < 0 ? heft_network_get_n_inputs (self->network)
               : heft_shape_size (heft_network_get_layer (self->network, (gsize) i)->output);
}

static void
apply_convolution (HeftLinearisation *self, const HeftLayer *layer, const double *block, const double *in, double *out)
{
  gsize places = heft_layer_places (layer);

  heft_image_to_columns_f64 (layer, in, self->columns);
  heft_gemm_f64 (TRUE, FALSE, layer->fan_out, places, layer->fan_in, 1, block, layer->fan_out, self->columns, places,
                 0, out, places);
}

static void
apply_global_average (const HeftLayer *layer, const double *in, double *out)
{
  gsize pixels = layer->input.height * layer->input.width;

  for (gsize c = 0; c < layer->input.channels; c++)
    {
      out[c] = 0;
      for (gsize p = 0; p < pixels; p++)
        out[c] += in[c * pixels + p] / (double) pixels;
    }
}

/* One tangent through any operation but a dense one. @entered: what entered the block that ends here. */
static void
apply_operation (HeftLinearisation *self, const double *weights, gsize i, const double *entered, const double *in, double *out)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize n_out = heft_shape_size (layer->output);

  switch (layer->kind)
    {
    case HEFT_LAYER_CONVOLUTION:
      apply_convolution (self, layer, weights + layer->offset, in, out);
      break;
    case HEFT_LAYER_ACTIVATION:
      heft_activation_multiply_f64 (layer->activation, n_out, heft_pass_f64_output (self->pass, (int) i - 1),
                                    heft_pass_f64_output (self->pass, (int) i), in, out);
      break;
    case HEFT_LAYER_MAX_POOL:
      for (gsize j = 0; j < n_out; j++)
        out[j] = in[self->winners[i][j]];
      break;
    case HEFT_LAYER_AVERAGE_POOL:
      heft_average_pool_f64 (layer, in, out);
      break;
    case HEFT_LAYER_GLOBAL_AVERAGE_POOL:
      apply_global_average (layer, in, out);
      break;
    case HEFT_LAYER_NORMALISATION:
      heft_pass_f64_normalised_tangent (self->pass, i, in, out);
      break;
    case HEFT_LAYER_RESIDUAL_END:
      for (gsize j = 0; j < n_out; j++)
        out[j] = in[j] + entered[j];
      break;
    default:
      memcpy (out, in, n_out * sizeof *out);
    }
}

void
heft_linearisation_apply (HeftLinearisation *self, const double *weights, gsize i, gsize m, const double *in, double *out)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize kept_in = heft_linearisation_kept (self, (int) i - 1), kept_out = heft_linearisation_kept (self, (int) i);
  gsize state_in = kept_in + heft_shape_size (layer->input), state_out = kept_out + heft_shape_size (layer->output);

  if (layer->kind == HEFT_LAYER_DENSE)
    heft_gemm_f64 (FALSE, FALSE, m, layer->fan_out, layer->fan_in, 1, in + kept_in, state_in, weights + layer->offset,
                   layer->fan_out, 0, out + kept_out, state_out);
  for (gsize r = 0; r < m; r++, in += state_in, out += state_out)
    {
      memcpy (out, in, MIN (kept_in, kept_out) * sizeof *out);
      if (kept_out > kept_in)
        memcpy (out + kept_in, in + kept_in, (kept_out - kept_in) * sizeof *out);
      if (layer->kind != HEFT_LAYER_DENSE)
        apply_operation (self, weights, i, in + kept_out, in + kept_in, out + kept_out);
    }
}

void
heft_linearisation_slopes (HeftLinearisation *self, gsize i, double *slopes)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize n = heft_shape_size (layer->output);
  g_autofree double *ones = g_new (double, n);

  for (gsize j = 0; j < n; j++)
    ones[j] = 1;
  if (layer->kind == HEFT_LAYER_ACTIVATION)
    heft_activation_multiply_f64 (layer->activation, n, heft_pass_f64_output (self->pass, (int) i - 1),
                                  heft_pass_f64_output (self->pass, (int) i), ones, slopes);
  else
    memcpy (slopes, ones, n * sizeof *slopes);
}

/* Outputs of different channels share no weight: one block of places a channel. */
static void
add_convolution_noise (HeftLinearisation *self, const HeftLayer *layer, const double *variance, gsize ld, double *covariance)
{
  gsize places = heft_layer_places (layer);
  heft_aligned_autofree double *scaled = heft_aligned_new (double, (layer->fan_in + 1) * places);

  for (gsize j = 0; j < layer->fan_out; j++)
    {
      for (gsize i = 0; i <= layer->fan_in; i++)
        {
          double deviation = i == layer->fan_in && layer->fixed_bias ? 0 : sqrt (variance[i * layer->fan_out + j]);

          for (gsize p = 0; p < places; p++)
            scaled[i * places + p] = deviation * (i < layer->fan_in ? self->columns[i * places + p] : 1);
        }
      heft_gemm_f64 (TRUE, FALSE, places, places, layer->fan_in + 1, 1, scaled, places, scaled, places, 1,
                     covariance + j * places * (ld + 1), ld);
    }
}

void
heft_linearisation_add_noise_diagonal (HeftLinearisation *self, gsize i, const double *variance, gsize stride,
                                       double *diagonal)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  const double *in = heft_pass_f64_output (self->pass, (int) i - 1);
  gsize n_out = layer->fan_out;

  g_return_if_fail (layer->kind == HEFT_LAYER_DENSE);
  for (gsize q = 0; q <= layer->fan_in; q++)
    {
      double square = q < layer->fan_in ? in[q] * in[q] : layer->fixed_bias ? 0 : 1;

      for (gsize j = 0; square > 0 && j < n_out; j++)
        diagonal[j * stride] += variance[q * n_out + j] * square;
    }
}

void
heft_linearisation_add_noise (HeftLinearisation *self, gsize i, const double *variance, double *covariance)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize state = heft_linearisation_state_size (self, (int) i);

  covariance += heft_linearisation_kept (self, (int) i) * (state + 1);
  if (layer->kind == HEFT_LAYER_CONVOLUTION)
    {
      heft_image_to_columns_f64 (layer, heft_pass_f64_output (self->pass, (int) i - 1), self->columns);
      add_convolution_noise (self, layer, variance, state, covariance);
      return;
    }
  heft_linearisation_add_noise_diagonal (self, i, variance, state + 1, covariance);
}

void
heft_linearisation_weight_rows (HeftLinearisation *self, gsize i, double *rows)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  const double *in = heft_pass_f64_output (self->pass, (int) i - 1);
  gsize state = heft_linearisation_state_size (self, (int) i);
  gsize places = layer->kind == HEFT_LAYER_CONVOLUTION ? heft_layer_places (layer) : 1;

  memset (rows, 0, layer->n_parameters * state * sizeof *rows);
  rows += heft_linearisation_kept (self, (int) i);
  if (layer->kind == HEFT_LAYER_CONVOLUTION)
    {
      heft_image_to_columns_f64 (layer, in, self->columns);
      in = self->columns;
    }
  for (gsize q = 0; q < layer->fan_in + (layer->fixed_bias ? 0 : 1); q++)
    for (gsize j = 0; j < layer->fan_out; j++)
      for (gsize p = 0; p < places; p++)
        rows[(q * layer->fan_out + j) * state + j * places + p] = q < layer->fan_in ? in[q * places + p] : 1;
}
