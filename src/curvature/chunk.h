/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/curvature.h>
#include <heft/pass.h>

G_BEGIN_DECLS

/* The sample range of slot @slot of @n_slots over @n samples: cut by shape alone, so that sums over slots in their order are the
 * same bits however many workers take them. */
static inline gsize
heft_slot_begin (gsize n, gsize n_slots, gsize slot)
{
  return n * slot / n_slots;
}

/*
 * Some samples on their way through the network: forward, then a backward pass for every column of the root of the Fisher
 * (root.h). Probabilities and root rows are in double precision whatever the pass. At @temperature T the model is softmax (z / T),
 * T a constant: the logits are divided and so are the rows.
 */
#define HEFT_DECLARE_CHUNK(Type, Pass, suffix, real)                                                                    \
typedef struct                                                                                                          \
{                                                                                                                       \
  HeftNetwork *network;      /* borrowed */                                                                             \
  double       temperature;                                                                                             \
  gsize        first, count, n_classes;                                                                                 \
  Pass        *pass;                                                                                                    \
  real        *inputs, *logit_rows;                                                                                     \
  double      *logits, *probabilities, *rows;                                                                           \
  guint8      *labels;                                                                                                  \
} Type;                                                                                                                 \
                                                                                                                        \
void     heft_chunk_##suffix##_init     (Type *self, HeftNetwork *network, gsize capacity, double temperature);         \
void     heft_chunk_##suffix##_clear    (Type *self);                                                                   \
/* Samples [first, first + count); their labels are drawn from @stream at @step, or taken from the data. A sample whose logits    \
 * are not finite is HEFT_ERROR_DIVERGED. */                                                                             \
gboolean heft_chunk_##suffix##_forward  (Type *self, const real *weights, HeftDataset *data, gsize first, gsize count,  \
                                         HeftFisherKind kind, HeftStream stream, guint64 step, GError **error);         \
/* Leaves the deltas of column @column in the pass. */                                                                  \
void     heft_chunk_##suffix##_backward (Type *self, HeftFisherKind kind, gsize column);

HEFT_DECLARE_CHUNK (HeftChunkF32, HeftPassF32, f32, float)
HEFT_DECLARE_CHUNK (HeftChunkF64, HeftPassF64, f64, double)

G_END_DECLS
