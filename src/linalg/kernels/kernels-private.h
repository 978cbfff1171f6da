/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "linalg/kernels.h"

/* HEFT_KERNEL_VARIANT comes from the build: the same sources make one library a variant. */
#define HEFT_PASTE_(a, b) a##_##b
#define HEFT_PASTE(a, b) HEFT_PASTE_ (a, b)
#define HEFT_KERNEL(name) HEFT_PASTE (name, HEFT_KERNEL_VARIANT)

#define HEFT_LANES 16

void HEFT_KERNEL (heft_kernel_philox) (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks,
    guint32 *out);
void HEFT_KERNEL (heft_kernel_normals) (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks,
    float *out);
void HEFT_KERNEL (heft_kernel_product) (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n, gsize k,
    const float *a, gsize lda, const float *b, gsize ldb, gboolean add, float *c, gsize ldc);
gsize HEFT_KERNEL (heft_kernel_mark) (gboolean transpose, gsize m, gsize k, const float *a, gsize lda, guint64 *marks);
void HEFT_KERNEL (heft_kernel_sparse_product) (gboolean transpose_a, gboolean lower, gsize m, gsize n, gsize k,
    const guint64 *marks, const float *a, gsize lda, const float *b, gsize ldb, gboolean add, float *c, gsize ldc);
void HEFT_KERNEL (heft_kernel_product_bytes) (gboolean transpose_a, gboolean squared, float scale, gsize m, gsize n, gsize k,
    const guint8 *a, gsize lda, const float *b, gsize ldb, float *c, gsize ldc);
void HEFT_KERNEL (heft_kernel_scale_bytes) (gsize n, float scale, const guint8 *bytes, float *out);
void HEFT_KERNEL (heft_kernel_square) (gsize n, const float *x, float *out);
void HEFT_KERNEL (heft_kernel_exponential) (gsize n, const float *x, float *out);
void HEFT_KERNEL (heft_kernel_activate) (HeftKernelActivation kind, gsize rows, gsize columns, gsize ld,
    const float *bias, float *h, float *slope);
void HEFT_KERNEL (heft_kernel_activate_noisy) (HeftKernelActivation kind, gsize rows, gsize columns, gsize ld,
    const float *bias, const float *bias_variance, float *h, float *squares, float *slope, float *noise);
void HEFT_KERNEL (heft_kernel_backward) (gsize rows, gsize columns, gsize ld, const float *slope, float *dz);
void HEFT_KERNEL (heft_kernel_backward_noisy) (gsize rows, gsize columns, gsize ld, const float *h, const float *slope,
    const float *noise, float *dz, float *dv);
void HEFT_KERNEL (heft_kernel_multiply) (gsize n, const float *x, const float *y, float *out);
void HEFT_KERNEL (heft_kernel_add_square_gradient) (gsize n, const float *x, const float *square_gradient, float *gradient);
void HEFT_KERNEL (heft_kernel_accumulate) (gsize rows, gsize columns, gsize ld, const float *x, float *out);
void HEFT_KERNEL (heft_kernel_column_sums) (gsize rows, gsize columns, gsize ld, const float *x, float *out);
double HEFT_KERNEL (heft_kernel_sum_squares) (gsize n, const float *x);
gsize HEFT_KERNEL (heft_kernel_softmax) (gsize rows, gsize classes, float scale, const guint8 *labels, float *z,
    float *losses);
void HEFT_KERNEL (heft_kernel_convolve) (const HeftWindow *window, gsize n_outputs, const float *image, const float *weights,
    gsize ld, float *output);
void HEFT_KERNEL (heft_kernel_convolve_back) (const HeftWindow *window, gsize n_outputs, const float *delta,
    const float *transposed, gsize ld, float *image);
void HEFT_KERNEL (heft_kernel_convolve_weights) (const HeftWindow *window, gsize n_outputs, const float *image,
    const float *delta, float *gradient, gsize ld);
void HEFT_KERNEL (heft_kernel_max_pool) (const HeftWindow *window, const float *image, const float *extra1,
    const float *extra2, float *output, float *out_extra1, float *out_extra2, guint32 *winners);
void HEFT_KERNEL (heft_kernel_max_pool_back) (const HeftWindow *window, const guint32 *winners, const float *gradient,
    float *image);
void HEFT_KERNEL (heft_kernel_max_pool_spread) (const HeftWindow *window, const guint32 *winners, const float *gradient,
    float *image);
void HEFT_KERNEL (heft_kernel_adam_mean_field) (gsize rows, gsize columns, gsize ld, const HeftUpdate *update,
    HeftUpdateBlock block, const float *gradient, const float *variance_gradient, gsize gradient_ld,
    HeftUpdateSums *sums);
void HEFT_KERNEL (heft_kernel_sgd_mean_field) (gsize rows, gsize columns, gsize ld, const HeftUpdate *update,
    HeftUpdateBlock block, const float *gradient, const float *variance_gradient, gsize gradient_ld,
    HeftUpdateSums *sums);
void HEFT_KERNEL (heft_kernel_adam_dirac) (gsize rows, gsize columns, gsize ld, const HeftUpdate *update,
    HeftUpdateBlock block, const float *gradient, gsize gradient_ld);
void HEFT_KERNEL (heft_kernel_sgd_dirac) (gsize rows, gsize columns, gsize ld, const HeftUpdate *update,
    HeftUpdateBlock block, const float *gradient, gsize gradient_ld);
void HEFT_KERNEL (heft_kernel_measure) (gsize rows, gsize columns, gsize ld, HeftUpdateBlock block, HeftUpdateSums *sums);
void HEFT_KERNEL (heft_kernel_draw) (gsize n, const float *mean, const float *log_deviation, float *displacement, float *weights);
void HEFT_KERNEL (heft_kernel_scale) (gsize n, float factor, float *x);
void HEFT_KERNEL (heft_kernel_refresh) (gsize n, float *log_deviation, float *variance);
void HEFT_KERNEL (heft_kernel_code_gradient) (gsize n, const HeftCodeGradient *o, HeftCodeGradientBlock block,
    HeftUpdateSums *sums);
void HEFT_KERNEL (heft_kernel_ivon) (gsize n, const HeftIvon *update, HeftUpdateBlock block, const float *gradient,
    const float *curvature);
void HEFT_KERNEL (heft_kernel_weighted_gram) (gsize n, guint rank, const float *factors, gsize stride, const float *variance,
    double *gram, double *square);
void HEFT_KERNEL (heft_kernel_flip) (gsize n, const float *x, const guint32 *words, float *out);
void HEFT_KERNEL (heft_kernel_flip_outputs) (gsize rows, gsize columns, gsize ld, const float *bias, const float *perturbation,
    float *noise, float *h);
void HEFT_KERNEL (heft_kernel_backward_flipped) (gsize rows, gsize columns, gsize ld, const float *h, const float *flipped,
    const float *slope, const float *noise, float *dz, float *dv);
void HEFT_KERNEL (heft_kernel_add_flipped_gradient) (gsize n, const float *x, const float *flipped,
    const float *flipped_gradient, float *gradient);
