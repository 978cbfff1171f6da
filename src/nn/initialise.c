/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/network.h>

#include "linalg/linalg.h"
#include "nn/activation.h"

#include <math.h>
#include <string.h>

/* What the numbers of weight layer @l pass through before the next one. */
static HeftActivation
activation_after (const HeftNetwork *self,
                  gsize              l)
{
  const HeftLayer *first = heft_network_get_layer (self, 0), *layer = heft_network_get_weight_layer (self, l);
  const gsize n_layers = heft_network_get_n_layers (self);

  for (gsize i = (gsize) (layer - first) + 1; i < n_layers && first[i].n_parameters == 0; i++)
    if (first[i].kind == HEFT_LAYER_ACTIVATION)
      return first[i].activation;
  return HEFT_ACTIVATION_LINEAR;
}

static gboolean
loses_half (HeftActivation activation)
{
  return activation == HEFT_ACTIVATION_RELU || activation == HEFT_ACTIVATION_LEAKY_RELU
         || activation == HEFT_ACTIVATION_SOFTPLUS || activation == HEFT_ACTIVATION_GELU;
}

static void
draw_normals (HeftStream stream,
              double     variance,
              gsize      n,
              float     *weights)
{
  const double scale = sqrt (variance);

  heft_stream_normals_f32 (stream, 0, 0, n, weights);
  for (gsize i = 0; i < n; i++)
    weights[i] = (float) (scale * weights[i]);
}

static void
draw_uniforms (HeftStream stream,
               double     variance,
               gsize      n,
               float     *weights)
{
  const double scale = sqrt (3.0 * variance);

  for (gsize first = 0; first < n; first += 512)
    {
      double uniforms[512];
      const gsize count = MIN (512, n - first);

      heft_stream_uniforms_f64 (stream, 0, first, count, uniforms);
      for (gsize i = 0; i < count; i++)
        weights[first + i] = (float) (scale * (2.0 * uniforms[i] - 1.0));
    }
}

/* The rows of @a (n x m, n <= m) made orthonormal: with A A^T = L L^T, those of L^-1 A are; twice, because A may be ill-conditioned. */
static gboolean
orthonormalise (gsize   n,
                gsize   m,
                double *a)
{
  heft_aligned_autofree double *gram = heft_aligned_new (double, n * n);

  for (guint again = 0; again < 2; again++)
    {
      heft_syrk_f64 (FALSE, n, m, 1, a, m, 0, gram, n);
      if (!heft_cholesky_factor (n, gram, NULL))
        return FALSE;
      heft_triangular_solve (FALSE, n, gram, m, a);
    }
  return TRUE;
}

static void
draw_orthogonal (HeftStream stream,
                 double     gain,
                 gsize      fan_in,
                 gsize      fan_out,
                 float     *weights)
{
  const gsize n = MIN (fan_in, fan_out), m = MAX (fan_in, fan_out);
  const gboolean wide = fan_out >= fan_in;
  heft_aligned_autofree double *a = heft_aligned_new (double, n * m);

  /* A Gaussian matrix without full rank has probability 0; the next draw serves as well. */
  for (guint64 draw = 0; draw < 3; draw++)
    {
      heft_stream_normals_f64 (stream, draw, 0, n * m, a);
      if (orthonormalise (n, m, a))
        break;
    }
  for (gsize i = 0; i < fan_in; i++)
    for (gsize j = 0; j < fan_out; j++)
      weights[i * fan_out + j] = (float) (gain * (wide ? a[i * m + j] : a[j * m + i]));
}

static void
initialise_layer (const HeftLayer   *layer,
                  HeftInitialisation rule,
                  HeftActivation     activation,
                  HeftStream         stream,
                  float             *weights)
{
  const gsize n = layer->fan_in * layer->fan_out;
  const gsize window = layer->kind == HEFT_LAYER_CONVOLUTION ? layer->kernel * layer->kernel : 1;
  const double fan_in = (double) layer->fan_in;
  /* He et al. 2015, eq. (10), with the correction for a leak, eq. (15). */
  const double leak = activation == HEFT_ACTIVATION_LEAKY_RELU ? 1.0 + HEFT_LEAKY_SLOPE * HEFT_LEAKY_SLOPE : 1.0;

  if (rule == HEFT_INITIALISATION_DEFAULT)
    rule = loses_half (activation) ? HEFT_INITIALISATION_HE : HEFT_INITIALISATION_GLOROT;
  switch (rule)
    {
    case HEFT_INITIALISATION_HE:
      draw_normals (stream, 2.0 / (leak * fan_in), n, weights);
      break;
    case HEFT_INITIALISATION_LECUN:
      draw_normals (stream, 1.0 / fan_in, n, weights);
      break;
    case HEFT_INITIALISATION_ORTHOGONAL:
      draw_orthogonal (stream, loses_half (activation) ? sqrt (2.0 / leak) : 1.0, layer->fan_in, layer->fan_out, weights);
      break;
    case HEFT_INITIALISATION_GLOROT:
    case HEFT_INITIALISATION_DEFAULT:
    default:
      /* Glorot and Bengio 2010, eq. (16), uniform; outputs of a convolution are counted once a place in the window. */
      draw_uniforms (stream, 2.0 / (fan_in + (double) (window * layer->fan_out)), n, weights);
      break;
    }
  memset (weights + n, 0, layer->fan_out * sizeof *weights);
}

void
heft_network_initialise_by (const HeftNetwork *self,
                            HeftInitialisation rule,
                            guint64            seed,
                            float             *weights)
{
  g_return_if_fail (self != NULL && weights != NULL);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (self); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (self, l);

      initialise_layer (layer, rule, activation_after (self, l), heft_stream (seed, HEFT_PURPOSE_INITIALISATION, (guint32) l),
                        weights + layer->offset);
    }
}

void
heft_network_initialise (const HeftNetwork *self,
                         guint64            seed,
                         float             *weights)
{
  heft_network_initialise_by (self, HEFT_INITIALISATION_DEFAULT, seed, weights);
}
