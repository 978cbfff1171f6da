/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HeftPurpose:
 *
 * What a stream of random numbers is for. Two purposes never share a number, so that adding a draw in one
 * place changes nothing in another. Values are part of the run-file format: append, never renumber.
 */
typedef enum
{
  HEFT_PURPOSE_INITIALISATION = 1,
  HEFT_PURPOSE_SHUFFLE,
  HEFT_PURPOSE_TRAINING_NOISE,
  HEFT_PURPOSE_WEIGHT_DRAW,
  HEFT_PURPOSE_LABEL_NOISE,
  HEFT_PURPOSE_SYNTHETIC_DATA,
  HEFT_PURPOSE_DATA_SPLIT,
  HEFT_PURPOSE_MODEL_LABELS,
  HEFT_PURPOSE_PROBE,
  HEFT_PURPOSE_SIMULATION,
  HEFT_PURPOSE_DROPOUT,
  HEFT_PURPOSE_RESAMPLE,
  HEFT_PURPOSE_NUISANCE,
  HEFT_PURPOSE_CLUTTER,
  HEFT_PURPOSE_DRAW_SAMPLES,
} HeftPurpose;

/**
 * HeftStream:
 * @seed: the run's seed
 * @purpose: what the numbers are for
 * @index: which of several streams of one purpose (a layer, a dataset, a chain)
 *
 * A counter-based stream (Philox 4x32-10, Salmon et al. 2011). It has no state: element @i of step @t is a
 * pure function of (seed, purpose, index, t, i), so any thread may make any part of it, in any order.
 * Pass it by value.
 */
typedef struct
{
  guint64 seed;
  guint32 purpose;
  guint32 index;
} HeftStream;

HeftStream heft_stream (guint64     seed,
                        HeftPurpose purpose,
                        guint32     index);

/* Each fills out[0..n) with elements first .. first+n of step @step. Chunking never changes a value:
 * filling [0,100) gives the same bits as filling [0,37) and then [37,100). */
void heft_stream_bits         (HeftStream stream, guint64 step, guint64 first, gsize n, guint32 *out);
void heft_stream_uniforms_f64 (HeftStream stream, guint64 step, guint64 first, gsize n, double *out); /* open (0,1) */
void heft_stream_normals_f32  (HeftStream stream, guint64 step, guint64 first, gsize n, float *out);
void heft_stream_normals_f64  (HeftStream stream, guint64 step, guint64 first, gsize n, double *out);

/* Writes a uniformly random permutation of 0 .. n-1. */
void heft_stream_permutation  (HeftStream stream, guint64 step, guint32 n, guint32 *out);

G_END_DECLS
