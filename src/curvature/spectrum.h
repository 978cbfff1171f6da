/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/curvature.h>

G_BEGIN_DECLS

/* "exact labels, Gram matrix" and the like, translated. (transfer full) */
char *heft_spectrum_estimator (HeftFisherKind kind, gboolean gram);

/* How many of the @n descending @values stand above @relative_floor of the first. */
gsize heft_spectrum_count (const double *values, gsize n, double relative_floor);

G_END_DECLS
