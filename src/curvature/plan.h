/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A full eigendecomposition or a Cholesky factor beyond this takes many minutes and gigabytes. */
#define HEFT_PLAN_MAX_DIMENSION 12000

#define HEFT_PLAN_BYTES 3e9   /* what a measurement may hold where nobody says otherwise */

/* Of stochastic Lanczos quadrature where it stands in for a factor. */
#define HEFT_PLAN_STEPS 80
#define HEFT_PLAN_PROBES 10

G_END_DECLS
