/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* t - log (1 + t) for t > -1, never negative, without the cancellation near 0: the common core of a binary kl and of the
 * information in one direction. */
double heft_numeric_log_gap (double t);

/* s exp(s) - exp(s) + 1 >= 0, without the cancellation near 0: KL(q||p) is the integral of p times this at s = log q/p. */
double heft_numeric_kl_density (double s);

G_END_DECLS
