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

/* The lower triangle into both of @out. */
static void
mirror (gsize n, double *out)
{
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < i; j++)
      out[j * n + i] = out[i * n + j];
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
