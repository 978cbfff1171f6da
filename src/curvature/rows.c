/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <string.h>

#include "curvature/rows.h"
#include "linalg/linalg.h"

#include "nn/precision-f32.h"
#define Rows HeftRowsF32
#define Factors HeftFactorsF32
#define ROWS(name) heft_rows_f32_##name
#include "curvature/rows-template.c.inc"
#undef Rows
#undef Factors
#undef ROWS
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#define Rows HeftRowsF64
#define Factors HeftFactorsF64
#define ROWS(name) heft_rows_f64_##name
#include "curvature/rows-template.c.inc"
#undef Rows
#undef Factors
#undef ROWS
#include "nn/precision-end.h"
