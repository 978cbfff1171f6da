/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <string.h>

#include "curvature/kronecker.h"
#include "curvature/root.h"
#include "curvature/slots.h"
#include "linalg/linalg.h"
#include "nn/image.h"

#define SLOTS 4             /* each has sums of its own */
#define DENSE_CHUNK 512     /* samples at a time */
#define TILE 16             /* of a matrix being mirrored */
#define IMAGE_CHUNK 64      /* where a convolution keeps the deltas of every place */

static gsize
chunk_capacity (HeftNetwork *network, gsize n)
{
  gsize capacity = DENSE_CHUNK;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    if (heft_network_get_weight_layer (network, l)->kind != HEFT_LAYER_DENSE)
      capacity = IMAGE_CHUNK;
  return MIN (capacity, n);
}

/* The lower triangle into both of @out, a tile at a time: a whole column strides through too many pages. */
static void
mirror (gsize n, double *out)
{
  for (gsize top = 0; top < n; top += TILE)
    for (gsize left = 0; left <= top; left += TILE)
      for (gsize i = top; i < MIN (top + TILE, n); i++)
        for (gsize j = left; j < MIN (left + TILE, i); j++)
          out[j * n + i] = out[i * n + j];
}

gboolean
heft_kronecker_first_inputs_are_data (HeftNetwork *network)
{
  const HeftLayer *first = heft_network_get_weight_layer (network, 0);

  return first->kind == HEFT_LAYER_DENSE && first == heft_network_get_layer (network, 0);
}

/* Whether @sums wants nothing but the first layer's A, and that is the data's. */
static gboolean
inputs_alone (HeftNetwork *network, const HeftKroneckerSums *sums)
{
  if (!heft_kronecker_first_inputs_are_data (network) || sums[0].input == NULL)
    return FALSE;
  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    if ((l > 0 && sums[l].input != NULL) || sums[l].output != NULL || sums[l].moments != NULL)
      return FALSE;
  return TRUE;
}

#include "nn/precision-f32.h"
#define SUMS(name) heft_kronecker_f32_##name
#define Slot HeftKroneckerSlotF32
#define Job HeftKroneckerJobF32
#define Chunk HeftChunkF32
#define CHUNK(name) heft_chunk_f32_##name
#include "curvature/kronecker-template.c.inc"
#undef SUMS
#undef Slot
#undef Job
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#define SUMS(name) heft_kronecker_f64_##name
#define Slot HeftKroneckerSlotF64
#define Job HeftKroneckerJobF64
#define Chunk HeftChunkF64
#define CHUNK(name) heft_chunk_f64_##name
#include "curvature/kronecker-template.c.inc"
#undef SUMS
#undef Slot
#undef Job
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"
