/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-linalg"

#include "config.h"

#include <cblas.h>

#include "linalg/linalg.h"

void
heft_blas_set_threads (guint n_threads)
{
  openblas_set_num_threads ((int) CLAMP (n_threads, 1, 1024));
}

const char *
heft_blas_get_core_name (void)
{
  return openblas_get_corename ();
}
