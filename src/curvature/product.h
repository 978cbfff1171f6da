/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "curvature/chunk.h"
#include "linalg/pool.h"

G_BEGIN_DECLS

/*
 * Products with the exact Fisher (Gauss-Newton products through the root at the logits, which keeps saturated samples) or with the
 * Hessian, over the block of weight layers [first, last]. Forward passes are kept where they fit into memory, else taken again
 * at every product.
 */
#define HEFT_DECLARE_PRODUCT(Type, suffix, real)                                                                        \
typedef struct _##Type Type;                                                                                            \
/* @pool is borrowed. */                                                                                                \
Type    *heft_product_##suffix##_new      (HeftNetwork *network, const real *weights, HeftDataset *data, gsize n,       \
                                           HeftMatrixKind kind, HeftPool *pool, GError **error);                        \
void     heft_product_##suffix##_free     (Type *self);                                                                 \
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Type, heft_product_##suffix##_free)                                                      \
void     heft_product_##suffix##_select   (Type *self, gsize first, gsize last);                                        \
gsize    heft_product_##suffix##_get_size (const Type *self);   /* k of the block */                                    \
/* A HeftProduct of lanczos.h. */                                                                                       \
void     heft_product_##suffix##_multiply (gpointer self, const double *in, double *out);

HEFT_DECLARE_PRODUCT (HeftProductF32, f32, float)
HEFT_DECLARE_PRODUCT (HeftProductF64, f64, double)

G_END_DECLS
