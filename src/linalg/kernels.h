/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Vector kernels, compiled from one source for several instruction sets (see kernels/) and chosen at run time. Every
 * variant gives the same bits: the kernels use no fused multiply-add and no reassociation, and reductions run over 16 fixed lanes.
 * Buffers need no alignment; out never overlaps an input unless a comment says so.
 */
typedef struct
{
  const char *name;    /* "v4", "v3" (of x86-64), "plain" */

  /* Philox 4x32-10 under @key: block b (64 words) holds the outputs of the 16 counters (16 b + lane, step), word by word. */
  void (*philox)  (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, guint32 *out);
  /* The same blocks turned into standard normals, Box-Muller on words (0, 1) and (2, 3) of each counter. */
  void (*normals) (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, float *out);
} HeftKernels;

#define HEFT_KERNEL_BLOCK 64   /* words or normals a Philox block */

/* The best variant this processor runs. */
const HeftKernels *heft_kernels (void);
/* Variant @i, best first, that this processor runs; NULL past the last. For tests and benchmarks. */
const HeftKernels *heft_kernels_variant (guint i);

G_END_DECLS
