/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "curvature/factors.h"

G_BEGIN_DECLS

/* Rows [first, first + count) of the root of layer @layer, k_l wide, written into @rows with leading dimension @ld. */
void heft_gram_rows      (const HeftFactorsF64 *factors, gsize layer, gsize first, gsize count, double *rows, gsize ld);

/* Adds the Gram matrix R R^T / n of layer @layer to the lower triangle of @gram (n_rows x n_rows). For a dense layer it is a
 * Hadamard product of two small Gram matrices (theory.md section 2), and no gradient is formed. */
gboolean heft_gram_add   (const HeftFactorsF64 *factors, gsize layer, double *gram, GCancellable *cancellable,
                          GError **error);

/* Adds R^T R / n, the Fisher of layers [first_layer, last_layer], to the lower triangle of @fisher (the layers' joint k, squared). */
gboolean heft_gram_fisher (const HeftFactorsF64 *factors, gsize first_layer, gsize last_layer, double *fisher,
                           GCancellable *cancellable, GError **error);

/* The same factors in double precision. */
HeftFactorsF64 *heft_gram_widen (const HeftFactorsF32 *factors);

G_END_DECLS
