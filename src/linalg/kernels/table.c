/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"

#define HEFT_STRING_(a) #a
#define HEFT_STRING(a) HEFT_STRING_ (a)

extern const HeftKernels HEFT_KERNEL (heft_kernels);

const HeftKernels HEFT_KERNEL (heft_kernels) = {
  .name = HEFT_STRING (HEFT_KERNEL_VARIANT),
  .philox = HEFT_KERNEL (heft_kernel_philox),
  .normals = HEFT_KERNEL (heft_kernel_normals),
  .product = HEFT_KERNEL (heft_kernel_product),
  .mark = HEFT_KERNEL (heft_kernel_mark),
  .sparse_product = HEFT_KERNEL (heft_kernel_sparse_product),
  .product_bytes = HEFT_KERNEL (heft_kernel_product_bytes),
  .scale_bytes = HEFT_KERNEL (heft_kernel_scale_bytes),
  .square = HEFT_KERNEL (heft_kernel_square),
  .exponential = HEFT_KERNEL (heft_kernel_exponential),
  .activate = HEFT_KERNEL (heft_kernel_activate),
  .activate_noisy = HEFT_KERNEL (heft_kernel_activate_noisy),
  .backward = HEFT_KERNEL (heft_kernel_backward),
  .backward_noisy = HEFT_KERNEL (heft_kernel_backward_noisy),
  .multiply = HEFT_KERNEL (heft_kernel_multiply),
  .add_square_gradient = HEFT_KERNEL (heft_kernel_add_square_gradient),
  .accumulate = HEFT_KERNEL (heft_kernel_accumulate),
  .column_sums = HEFT_KERNEL (heft_kernel_column_sums),
  .sum_squares = HEFT_KERNEL (heft_kernel_sum_squares),
  .softmax = HEFT_KERNEL (heft_kernel_softmax),
  .convolve = HEFT_KERNEL (heft_kernel_convolve),
  .convolve_back = HEFT_KERNEL (heft_kernel_convolve_back),
  .convolve_weights = HEFT_KERNEL (heft_kernel_convolve_weights),
  .max_pool = HEFT_KERNEL (heft_kernel_max_pool),
  .max_pool_back = HEFT_KERNEL (heft_kernel_max_pool_back),
  .max_pool_spread = HEFT_KERNEL (heft_kernel_max_pool_spread),
  .adam_mean_field = HEFT_KERNEL (heft_kernel_adam_mean_field),
  .sgd_mean_field = HEFT_KERNEL (heft_kernel_sgd_mean_field),
  .adam_dirac = HEFT_KERNEL (heft_kernel_adam_dirac),
  .sgd_dirac = HEFT_KERNEL (heft_kernel_sgd_dirac),
  .measure = HEFT_KERNEL (heft_kernel_measure),
  .draw = HEFT_KERNEL (heft_kernel_draw),
  .scale = HEFT_KERNEL (heft_kernel_scale),
  .refresh = HEFT_KERNEL (heft_kernel_refresh),
  .code_gradient = HEFT_KERNEL (heft_kernel_code_gradient),
  .ivon = HEFT_KERNEL (heft_kernel_ivon),
  .weighted_gram = HEFT_KERNEL (heft_kernel_weighted_gram),
  .flip = HEFT_KERNEL (heft_kernel_flip),
  .flip_outputs = HEFT_KERNEL (heft_kernel_flip_outputs),
  .backward_flipped = HEFT_KERNEL (heft_kernel_backward_flipped),
  .add_flipped_gradient = HEFT_KERNEL (heft_kernel_add_flipped_gradient),
};
