/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <math.h>

#include <heft/curvature.h>
#include <heft/pass.h>

#include "curvature/chunk.h"
#include "curvature/factors.h"
#include "curvature/root.h"
#include "linalg/linalg.h"

/* The Fisher at a temperature set by the logits themselves, theory.md section 2. */

#define SAMPLES_AT_A_TIME 256

/* Sum over samples and classes of (z_c - mean of z over classes)^2. */
static double
centred_squares (const double *logits, gsize count, gsize n_classes)
{
  double sum = 0;

  for (gsize i = 0; i < count; i++, logits += n_classes)
    {
      double mean = 0;

      for (gsize c = 0; c < n_classes; c++)
        mean += logits[c] / (double) n_classes;
      for (gsize c = 0; c < n_classes; c++)
        sum += (logits[c] - mean) * (logits[c] - mean);
    }
  return sum;
}

#include "nn/precision-f32.h"
#define SCALED(name) heft_scaled_f32_##name
#define Chunk HeftChunkF32
#define CHUNK(name) heft_chunk_f32_##name
#include "curvature/scaled-template.c.inc"
#undef SCALED
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#define SCALED(name) heft_scaled_f64_##name
#define Chunk HeftChunkF64
#define CHUNK(name) heft_chunk_f64_##name
#include "curvature/scaled-template.c.inc"
#undef SCALED
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"
