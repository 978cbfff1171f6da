/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "curvature/product.h"

G_BEGIN_DECLS

struct _HeftMatrixFree
{
  HeftPool       *pool;
  HeftProductF32 *narrow;   /* one of the two */
  HeftProductF64 *wide;
  gsize           size, n_samples;
};

/* A HeftProduct of lanczos.h. */
void heft_matrix_free_product (gpointer self, const double *in, double *out);

/* Probe number @probe: @n random signs of stream PROBE, by @purpose several sets of one seed. */
void heft_probe_signs (guint64 seed, guint32 purpose, guint64 probe, gsize n, double *signs);

/* Mean and standard error of @n values. */
HeftEstimate heft_estimate_mean (gsize n, const double *values);

G_END_DECLS
