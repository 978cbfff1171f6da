/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>

#include "information/channel.h"
#include "information/linearise.h"
#include "information/moments.h"
#include "information/reverse.h"
#include "linalg/linalg.h"
#include "nn/image.h"

/* Numbers that gradients going backwards may take: 800 MB. */
#define MAX_GRADIENTS 1e8

typedef struct
{
  HeftNetwork       *network;
  HeftLinearisation *at;
  const double      *weights, *variance;
  const HeftStructuredNoise *structured;   /* instead of @variance, or NULL */
  gsize              n;             /* active outputs of the observer: gradients */
  double            *gradients;     /* n x the size of what they have reached */
  double            *covariance;    /* n x n */
  GPtrArray         *open;          /* gradients at the ends of the residual blocks they are inside of */
} Reverse;

static void
reverse_clear (Reverse *self)
{
  g_clear_pointer (&self->at, heft_linearisation_free);
  heft_aligned_free (g_steal_pointer (&self->gradients));
  heft_aligned_free (g_steal_pointer (&self->covariance));
  g_clear_pointer (&self->open, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reverse, reverse_clear)

/* The operation whose outputs the gradients begin at: an activation is looked at from before it. */
static gsize
first_operation (const HeftNetwork *network, gsize operation)
{
  return heft_network_get_layer (network, operation)->kind == HEFT_LAYER_ACTIVATION && operation > 0 ? operation - 1 : operation;
}

static void
begin (Reverse *self, gsize operation, gsize *active)
{
  gsize size = heft_linearisation_size (self->at, (int) operation);
  g_autofree double *slopes = g_new (double, size);

  heft_linearisation_slopes (self->at, operation, slopes);
  for (gsize j = 0; j < size; j++)
    if (slopes[j] != 0)
      active[self->n++] = j;
  self->gradients = heft_aligned_new (double, MAX (self->n * size, 1));
  self->covariance = heft_aligned_new (double, MAX (self->n * self->n, 1));
  for (gsize a = 0; a < self->n; a++)
    self->gradients[a * size + active[a]] = 1;
}

/* Weight (q, j) moves output j by the input q: J diag(variance) J^T = G diag(sum_q variance_qj a_q^2) G^T. */
static void
collect_dense (Reverse *self, const HeftLayer *layer, gsize i)
{
  g_autofree double *noise = g_new0 (double, layer->fan_out);
  heft_aligned_autofree double *scaled = heft_aligned_new (double, self->n * layer->fan_out);

  heft_linearisation_add_noise_diagonal (self->at, i, self->variance + layer->offset, 1, noise);
  for (gsize a = 0; a < self->n; a++)
    for (gsize j = 0; j < layer->fan_out; j++)
      scaled[a * layer->fan_out + j] = self->gradients[a * layer->fan_out + j] * sqrt (noise[j]);
  heft_syrk_f64 (FALSE, self->n, layer->fan_out, 1, scaled, layer->fan_out, 1, self->covariance, self->n);
}

/* G (J_l Sigma_l J_l^T) G^T, what is between from the factors of the curvature. */
static void
collect_dense_structured (Reverse *self, const HeftLayer *layer, gsize i)
{
  const HeftStructuredNoise *noise = self->structured;
  gsize m = layer->fan_out;
  heft_aligned_autofree double *own = heft_aligned_new (double, m * m);
  heft_aligned_autofree double *half = heft_aligned_new (double, self->n * m);

  heft_curvature_posterior_output (noise->curvature, heft_moments_weight_layer (self->network, i), noise->beta, noise->lambda,
                                   heft_pass_f64_output (self->at->pass, (int) i - 1), own);
  heft_gemm_f64 (FALSE, FALSE, self->n, m, m, 1, self->gradients, m, own, m, 0, half, m);
  heft_gemm_f64 (FALSE, TRUE, self->n, self->n, m, 1, half, m, self->gradients, m, 1, self->covariance, self->n);
}

/* @rows (n x (fan_in + 1)): the gradients with respect to the weights of output channel @j, its places' gradients times the columns. */
static void
channel_rows (const Reverse *self, const HeftLayer *layer, gsize j, double *rows)
{
  gsize places = heft_layer_places (layer), size = heft_shape_size (layer->output), width = layer->fan_in + 1;
  const double *gradients = self->gradients + j * places;

  heft_gemm_f64 (FALSE, TRUE, self->n, layer->fan_in, places, 1, gradients, size, self->at->columns, places, 0, rows, width);
  for (gsize a = 0; a < self->n; a++)
    {
      double sum = 0;

      for (gsize p = 0; p < places && !layer->fixed_bias; p++)
        sum += gradients[a * size + p];
      rows[a * width + layer->fan_in] = sum;
    }
}

/* One output channel's weights at a time. */
static void
collect_convolution (Reverse *self, const HeftLayer *layer, gsize i)
{
  gsize width = layer->fan_in + 1, k = layer->n_parameters;
  heft_aligned_autofree double *rows = heft_aligned_new (double, self->n * width);
  heft_aligned_autofree double *jacobian = self->structured != NULL ? heft_aligned_new (double, self->n * k) : NULL;

  heft_image_to_columns_f64 (layer, heft_pass_f64_output (self->at->pass, (int) i - 1), self->at->columns);
  for (gsize j = 0; j < layer->fan_out; j++)
    {
      channel_rows (self, layer, j, rows);
      for (gsize a = 0; a < self->n; a++)
        for (gsize q = 0; q < width; q++)
          if (jacobian != NULL)
            jacobian[a * k + q * layer->fan_out + j] = rows[a * width + q];
          else
            rows[a * width + q] *= sqrt (self->variance[layer->offset + q * layer->fan_out + j]);
      if (jacobian == NULL)
        heft_syrk_f64 (FALSE, self->n, width, 1, rows, width, 1, self->covariance, self->n);
    }
  if (jacobian != NULL)
    heft_curvature_posterior_covariance (self->structured->curvature, heft_moments_weight_layer (self->network, i),
                                         self->structured->beta, self->structured->lambda, self->n, jacobian, self->covariance);
}

static void
collect (Reverse *self, gsize i)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);

  if (layer->kind == HEFT_LAYER_CONVOLUTION)
    collect_convolution (self, layer, i);
  else if (layer->kind == HEFT_LAYER_DENSE && self->structured != NULL)
    collect_dense_structured (self, layer, i);
  else if (layer->kind == HEFT_LAYER_DENSE)
    collect_dense (self, layer, i);
}

static void
back_convolution (Reverse *self, const HeftLayer *layer, const double *in, double *out)
{
  gsize places = heft_layer_places (layer);

  heft_gemm_f64 (FALSE, FALSE, layer->fan_in, places, layer->fan_out, 1, self->weights + layer->offset, layer->fan_out, in, places,
                 0, self->at->columns, places);
  heft_columns_to_image_f64 (layer, self->at->columns, out);
}

/* One gradient back through operation @i, any but a dense one; @out is zero. */
static void
back_operation (Reverse *self, const HeftLayer *layer, gsize i, const double *slopes, const double *in, double *out)
{
  gsize n_in = heft_shape_size (layer->input), n_out = heft_shape_size (layer->output);
  gsize pixels = layer->input.height * layer->input.width;

  switch (layer->kind)
    {
    case HEFT_LAYER_CONVOLUTION:
      back_convolution (self, layer, in, out);
      break;
    case HEFT_LAYER_ACTIVATION:
      for (gsize j = 0; j < n_out; j++)
        out[j] = slopes[j] * in[j];
      break;
    case HEFT_LAYER_MAX_POOL:
      for (gsize j = 0; j < n_out; j++)
        out[self->at->winners[i][j]] += in[j];
      break;
    case HEFT_LAYER_AVERAGE_POOL:
      heft_average_pool_back_f64 (layer, in, out);
      break;
    case HEFT_LAYER_GLOBAL_AVERAGE_POOL:
      for (gsize j = 0; j < n_in; j++)
        out[j] = in[j / pixels] / (double) pixels;
      break;
    case HEFT_LAYER_NORMALISATION:
      heft_pass_f64_normalised_tangent (self->at->pass, i, in, out);
      break;
    default:
      memcpy (out, in, n_out * sizeof *out);
    }
}

static void
back (Reverse *self, gsize i)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize n_in = heft_shape_size (layer->input), n_out = heft_shape_size (layer->output);
  g_autofree double *slopes = layer->kind == HEFT_LAYER_ACTIVATION ? g_new (double, n_out) : NULL;
  double *next = heft_aligned_new (double, MAX (self->n * n_in, 1));

  if (slopes != NULL)
    heft_linearisation_slopes (self->at, i, slopes);
  if (layer->kind == HEFT_LAYER_RESIDUAL_END)
    g_ptr_array_add (self->open, memcpy (heft_aligned_new (double, MAX (self->n * n_out, 1)), self->gradients,
                                         self->n * n_out * sizeof *next));
  if (layer->kind == HEFT_LAYER_DENSE)
    heft_gemm_f64 (FALSE, TRUE, self->n, n_in, n_out, 1, self->gradients, n_out, self->weights + layer->offset, n_out, 0, next, n_in);
  else
    for (gsize a = 0; a < self->n; a++)
      back_operation (self, layer, i, slopes, self->gradients + a * n_out, next + a * n_in);
  /* A block entered from its inside was observed there: then nothing came round it. */
  if (layer->kind == HEFT_LAYER_RESIDUAL_BEGIN && self->open->len > 0)
    {
      double *entered = g_ptr_array_steal_index (self->open, self->open->len - 1);

      heft_axpy_f64 (self->n * n_in, 1, entered, next);
      heft_aligned_free (entered);
    }
  heft_aligned_free (self->gradients);
  self->gradients = next;
}

static gboolean
check_noise (const Reverse *self, const gsize *active, GError **error)
{
  for (gsize a = 0; a < self->n; a++)
    {
      double variance = self->covariance[a * self->n + a];

      if (!(variance > 0) || !isfinite (variance))
        return heft_moments_refuse_noiseless (active[a], error);
    }
  return TRUE;
}

/* Of what leaves the observer: an activation's slopes scale it. */
static double
trace_of_noise (const Reverse *self, gsize operation, const gsize *active)
{
  g_autofree double *slopes = g_new (double, heft_linearisation_size (self->at, (int) operation));
  double trace = 0;

  heft_linearisation_slopes (self->at, operation, slopes);
  for (gsize a = 0; a < self->n; a++)
    trace += slopes[active[a]] * slopes[active[a]] * self->covariance[a * self->n + a];
  return trace;
}

gboolean
heft_reverse_look (HeftNetwork *network, const double *weights, const double *variance, const HeftStructuredNoise *structured,
                   const double *input, gsize operation, gsize m, const double *tangents, gsize *n_active, gsize *rank, double **root,
                   double *noise_trace, GError **error)
{
  g_auto (Reverse) self = { .network = network, .weights = weights, .variance = variance, .structured = structured };
  gsize d = heft_network_get_n_inputs (network);
  g_autofree gsize *active = g_new (gsize, heft_shape_size (heft_network_get_layer (network, operation)->output));
  heft_aligned_autofree double *whitened = NULL;

  self.at = heft_linearisation_new (network, weights, input);
  self.open = g_ptr_array_new_with_free_func (heft_aligned_free);
  begin (&self, operation, active);
  for (gsize i = first_operation (network, operation) + 1; i-- > 0 && self.n > 0;)
    {
      collect (&self, i);
      back (&self, i);
    }
  if (!check_noise (&self, active, error))
    return FALSE;
  if (noise_trace != NULL)
    *noise_trace = trace_of_noise (&self, operation, active);
  *n_active = *rank = self.n;
  whitened = heft_aligned_new (double, MAX (self.n * m, 1));
  if (tangents == NULL)
    memcpy (whitened, self.gradients, self.n * d * sizeof *whitened);
  else if (self.n > 0)
    heft_gemm_f64 (FALSE, TRUE, self.n, m, d, 1, self.gradients, d, tangents, d, 0, whitened, m);
  if (!heft_channel_root (self.n, m, self.covariance, HEFT_MOMENTS_NOISELESS, whitened, rank, error))
    return FALSE;
  *root = g_steal_pointer (&whitened);
  return TRUE;
}

gboolean
heft_reverse_check (const HeftNetwork *network, gsize operation, gboolean structured, GError **error)
{
  const HeftLayer *observer = heft_network_get_layer (network, operation);
  gsize n = heft_shape_size (observer->output);

  if (n > HEFT_MOMENTS_MOST_ACTIVATIONS)
    return heft_moments_refuse_size (observer, n, error);
  for (gsize i = 0; i < operation; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      gsize size = heft_shape_size (layer->output), weights = layer->kind == HEFT_LAYER_CONVOLUTION ? layer->n_parameters : 0;

      if ((double) n * (double) MAX (size, structured ? weights : 0) > MAX_GRADIENTS)
        return heft_moments_refuse_size (layer, size, error);
    }
  return TRUE;
}

double
heft_reverse_cost (const HeftNetwork *network, gsize operation)
{
  double n = (double) heft_shape_size (heft_network_get_layer (network, operation)->output), cost = 0;

  for (gsize i = 0; i <= operation; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      double places = layer->kind == HEFT_LAYER_CONVOLUTION ? (double) heft_layer_places (layer) : 1;
      double width = layer->kind == HEFT_LAYER_CONVOLUTION ? (double) layer->n_parameters : (double) layer->fan_out;

      if (layer->n_parameters > 0)
        cost += 4 * n * (double) layer->n_parameters * places + n * n * width;
    }
  return cost + n * n * n;
}

gboolean
heft_reverse_is_cheaper (const HeftNetwork *network, gsize operation)
{
  gsize widest = 0;
  gboolean noisy = FALSE;

  for (gsize i = 0; i < operation; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);

      noisy = noisy || layer->n_parameters > 0;
      if (noisy)
        widest = MAX (widest, heft_shape_size (layer->output));
    }
  return widest > 2 * heft_shape_size (heft_network_get_layer (network, operation)->output);
}
