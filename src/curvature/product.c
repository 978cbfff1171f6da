/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <string.h>

#include "curvature/product.h"
#include "curvature/root.h"
#include "curvature/slots.h"
#include "linalg/linalg.h"
#include "nn/image.h"

#define SLOTS 4              /* each has a sum of its own */
#define SMALLEST_SLOT 64     /* samples: fewer at a time make products of slivers */
#define CHUNK_SAMPLES 512    /* at most, at a time */
#define KEPT_BYTES 1.5e9     /* beyond this forward passes are taken again */

/* What a pass with tangents holds of one sample, in numbers. */
static double
numbers_a_sample (const HeftNetwork *network)
{
  double sum = (double) heft_network_get_n_inputs (network) + 8 * (double) heft_network_get_n_classes (network);

  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    sum += 4 * (double) heft_shape_size (heft_network_get_layer (network, i)->output);
  return sum;
}

static gsize
slot_begin (gsize n, gsize slot)
{
  return n <= SLOTS * SMALLEST_SLOT ? MIN (n, slot * SMALLEST_SLOT) : heft_slot_begin (n, SLOTS, slot);
}

#include "nn/precision-f32.h"
#define Product HeftProductF32
#define ProductStruct struct _HeftProductF32
#define PRODUCT(name) heft_product_f32_##name
#define Chunk HeftChunkF32
#define CHUNK(name) heft_chunk_f32_##name
#include "curvature/product-template.c.inc"
#undef Product
#undef ProductStruct
#undef PRODUCT
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#define Product HeftProductF64
#define ProductStruct struct _HeftProductF64
#define PRODUCT(name) heft_product_f64_##name
#define Chunk HeftChunkF64
#define CHUNK(name) heft_chunk_f64_##name
#include "curvature/product-template.c.inc"
#undef Product
#undef ProductStruct
#undef PRODUCT
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"
