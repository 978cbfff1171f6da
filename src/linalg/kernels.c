/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels.h"

extern const HeftKernels heft_kernels_plain;
#ifdef __x86_64__
extern const HeftKernels heft_kernels_v3, heft_kernels_v4;
#endif

const HeftKernels *
heft_kernels_variant (guint i)
{
  const HeftKernels *usable[4] = { NULL };
  guint n = 0;

#ifdef __x86_64__
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("x86-64-v4"))
    usable[n++] = &heft_kernels_v4;
  if (__builtin_cpu_supports ("x86-64-v3"))
    usable[n++] = &heft_kernels_v3;
#endif
  usable[n++] = &heft_kernels_plain;
  return i < n ? usable[i] : NULL;
}

const HeftKernels *
heft_kernels (void)
{
  return heft_kernels_variant (0);
}
