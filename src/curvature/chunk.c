/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>

#include "curvature/chunk.h"
#include "curvature/root.h"
#include "linalg/linalg.h"

#include "nn/precision-f32.h"
#define Chunk HeftChunkF32
#define CHUNK(name) heft_chunk_f32_##name
#include "curvature/chunk-template.c.inc"
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#define Chunk HeftChunkF64
#define CHUNK(name) heft_chunk_f64_##name
#include "curvature/chunk-template.c.inc"
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"
