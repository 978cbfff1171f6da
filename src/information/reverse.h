/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "information/moments.h"

G_BEGIN_DECLS

/*
 * The same numbers as heft_moments_look(), backwards: from each of a layer's n activations a gradient goes back to the input and on its
 * way collects the noise of the weights, J diag(variance) J^T or J Sigma_l J^T of structured noise. It costs n passes and n^2 numbers where going forward costs the
 * square of the widest layer before: what makes a narrow layer behind wide ones, as of convolutions, measurable at all.
 */

/* Whether going backwards to the observer @operation is cheaper than going forward. */
gboolean heft_reverse_is_cheaper (const HeftNetwork *network, gsize operation);
/* Multiplications and additions of heft_reverse_look() at most. */
double   heft_reverse_cost       (const HeftNetwork *network, gsize operation);

/* FALSE with HEFT_ERROR_TOO_LARGE where that would not fit the memory. */
gboolean heft_reverse_check      (const HeftNetwork *network, gsize operation, gboolean structured, GError **error);

/* With the activation @operation (or the last operation) as the observer; see heft_moments_look(), whose @layer it belongs to.
 * @noise_trace: (nullable): tr Sigma_z. */
gboolean heft_reverse_look (HeftNetwork *network, const double *weights, const double *variance, const HeftStructuredNoise *structured,
                            const double *input, gsize operation, gsize m, const double *tangents, gsize *n_active, gsize *rank,
                            double **root, double *noise_trace, GError **error);

G_END_DECLS
