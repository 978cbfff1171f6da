/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/pass.h>

#include "linalg/linalg.h"
#include "nn/activation.h"
#include "nn/image.h"

#include <math.h>
#include <string.h>

#define NORMALISATION_EPSILON 1e-5   /* as in PyTorch */

/* Whether the output of @layer is its input, number by number. */
static gboolean
layer_is_alias (const HeftLayer *layer)
{
  return layer->kind == HEFT_LAYER_FLATTEN || layer->kind == HEFT_LAYER_RESIDUAL_BEGIN
         || (layer->kind == HEFT_LAYER_ACTIVATION && layer->activation == HEFT_ACTIVATION_LINEAR);
}

/* For every operation, the one that owns its output. */
static int *
trace_sources (HeftNetwork *network)
{
  gsize n = heft_network_get_n_layers (network);
  int *source = g_new (int, n);

  for (gsize i = 0; i < n; i++)
    if (!layer_is_alias (heft_network_get_layer (network, i)))
      source[i] = (int) i;
    else
      source[i] = i > 0 ? source[i - 1] : -1;
  return source;
}

/* Links the two ends of every residual block. */
static int *
trace_partners (HeftNetwork *network)
{
  gsize n = heft_network_get_n_layers (network);
  int *partner = g_new (int, n);
  int open = -1;

  /* While a block is open its entry holds the block around it: a stack without a stack. */
  for (int i = 0; i < (int) n; i++)
    {
      HeftLayerKind kind = heft_network_get_layer (network, (gsize) i)->kind;

      partner[i] = -1;
      if (kind == HEFT_LAYER_RESIDUAL_BEGIN)
        {
          partner[i] = open;
          open = i;
        }
      else if (kind == HEFT_LAYER_RESIDUAL_END)
        {
          int begin = open;

          open = partner[begin];
          partner[begin] = i;
          partner[i] = begin;
        }
    }
  return partner;
}

static int
find_first_weight (HeftNetwork *network)
{
  return (int) (heft_network_get_weight_layer (network, 0) - heft_network_get_layer (network, 0));
}

#include "nn/precision-f32.h"
#include "nn/pass-template.c.inc"
#include "nn/pass-tangent-template.c.inc"
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#include "nn/pass-template.c.inc"
#include "nn/pass-tangent-template.c.inc"
#include "nn/precision-end.h"
