/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* t - log (1 + t) for t > -1, never negative, without the cancellation near 0: the common core of a binary kl and of the
 * information in one direction. */
double heft_numeric_log_gap (double t);

/* s exp(s) - exp(s) + 1 >= 0, without the cancellation near 0: KL(q||p) is the integral of p times this at s = log q/p. */
double heft_numeric_kl_density (double s);

/* Gauss and Kronrod's rule of 7 and 15 nodes on [-1, 1]: node i < 8 lies at -nodes[i], node 14 - i at nodes[i], both with weights[i];
 * the odd i belong to Gauss's rule too, with gauss[i / 2]. */
#define HEFT_KRONROD 15
extern const double heft_kronrod_nodes[8];
extern const double heft_kronrod_weights[8];
extern const double heft_kronrod_gauss[4];

G_END_DECLS
