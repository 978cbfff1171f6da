/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/curvature.h>

G_BEGIN_DECLS

/* Whether the network and the data fit: inputs, classes, at least one sample. */
gboolean heft_factors_check (HeftNetwork *network, HeftDataset *data, GError **error);

/*
 * The rows of a root of N F, kept as factors. Row (c, i) of layer l is the gradient a_i (x) delta_{c,i} for a dense layer, whose
 * input a_i (the bias's constant 1 left out) and delta are kept; a convolution sums over places, so its rows are kept
 * whole. Row number c * n + i.
 */
#define HEFT_DECLARE_FACTORS(Type, suffix, real)                                                                        \
typedef struct                                                                                                          \
{                                                                                                                       \
  HeftNetwork *network;                                                                                                 \
  gsize        n;            /* samples */                                                                              \
  gsize        n_columns;    /* rows a sample */                                                                        \
  gsize        n_layers;     /* weight layers */                                                                        \
  real       **inputs;       /* dense: n x fan_in, else NULL */                                                         \
  real       **deltas;       /* dense: (n_columns * n) x fan_out, else NULL */                                          \
  real       **gradients;    /* convolution: (n_columns * n) x k_l where asked for, else NULL */                        \
  double      *traces;       /* sum over rows of |row|^2, n tr F_l */                                                   \
} Type;                                                                                                                 \
                                                                                                                        \
/* Runs the network on the first @n samples of @data (0: all).             @step numbers the drawing of labels. Memory that is   \
 * not there is HEFT_ERROR_TOO_LARGE, a sample whose logits are not finite HEFT_ERROR_DIVERGED. */                       \
Type *heft_factors_##suffix##_new  (HeftNetwork *network, const real *weights, HeftDataset *data, gsize n,               \
                                    HeftFisherKind kind, guint64 seed, guint64 step, gboolean keep_gradients,            \
                                    GCancellable *cancellable, GError **error);                                          \
void  heft_factors_##suffix##_free (Type *self);                                                                        \
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Type, heft_factors_##suffix##_free)

HEFT_DECLARE_FACTORS (HeftFactorsF32, f32, float)
HEFT_DECLARE_FACTORS (HeftFactorsF64, f64, double)

G_END_DECLS
