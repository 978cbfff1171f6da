/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>

#include "linalg/kernels.h"

G_BEGIN_DECLS

/* y = f(z) of @n numbers; @z and @y may be the same array. */
void heft_activation_apply_f32    (HeftActivation activation, gsize n, const float *z, float *y);
void heft_activation_apply_f64    (HeftActivation activation, gsize n, const double *z, double *y);
/* out = f'(z) in, @y = f(z); @in and @out may be the same array. At a kink the derivative from the left. */
void heft_activation_multiply_f32 (HeftActivation activation, gsize n, const float *z, const float *y,
                                   const float *in, float *out);
void heft_activation_multiply_f64 (HeftActivation activation, gsize n, const double *z, const double *y,
                                   const double *in, double *out);
/* out += f''(z) a b, what Pearlmutter's operator needs. */
void heft_activation_curve_f32    (HeftActivation activation, gsize n, const float *z, const float *y,
                                   const float *a, const float *b, float *out);
void heft_activation_curve_f64    (HeftActivation activation, gsize n, const double *z, const double *y,
                                   const double *a, const double *b, double *out);

G_END_DECLS
