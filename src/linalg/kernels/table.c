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
};
