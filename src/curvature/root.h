/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/curvature.h>
#include <heft/random.h>

G_BEGIN_DECLS

/*
 * Roots of the Fisher at the logits: rows r of length C whose outer products sum, over the columns of the root, to the
 * softmax's metric diag p - p p^T (exact), or to g g^T for one label (sampled, empirical). Backpropagating row r of sample
 * i gives row (i, r) of a root of N F.
 */

/* Rows a sample: C - 1 where the expectation is exact (the metric has rank C - 1), else 1. */
gsize heft_root_n_columns (HeftFisherKind kind, gsize n_classes);

/* Writes root row @column of each of @n samples into @rows (n x C). @labels: drawn or given ones; unused where exact. */
void  heft_root_rows      (HeftFisherKind kind, const double *probabilities, const guint8 *labels, gsize n, gsize n_classes,
                           gsize column, double *rows);

/* Labels of samples first .. first + n drawn from the model: element i of the stream belongs to sample i, so chunks agree. */
void  heft_root_draw      (HeftStream stream, guint64 step, gsize first, const double *probabilities, gsize n,
                           gsize n_classes, guint8 *labels);

G_END_DECLS
