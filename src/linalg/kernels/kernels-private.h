/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "linalg/kernels.h"

/* HEFT_KERNEL_VARIANT comes from the build: the same sources make one library a variant. */
#define HEFT_PASTE_(a, b) a##_##b
#define HEFT_PASTE(a, b) HEFT_PASTE_ (a, b)
#define HEFT_KERNEL(name) HEFT_PASTE (name, HEFT_KERNEL_VARIANT)

#define HEFT_LANES 16

void HEFT_KERNEL (heft_kernel_philox)  (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, guint32 *out);
void HEFT_KERNEL (heft_kernel_normals) (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, float *out);
