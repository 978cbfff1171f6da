/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/measure.h>

G_BEGIN_DECLS

/* The Hessian of @self's samples without ever forming it, for networks whose dense one is not feasible: both ends of its spectrum by Lanczos
 * (with residuals), its trace by Hutch++, and |H - F|_F / |H|_F from random signs z, E|(H - F) z|^2 = |H - F|_F^2; exact labels, double
 * precision. Fills the members named hessian. */
gboolean heft_measurement_add_hessian_products (HeftMeasurement *self, HeftNetwork *network, const double *weights,
                                                HeftDataset *data, guint64 seed, guint n_threads, GCancellable *cancellable,
                                                GError **error);

G_END_DECLS
