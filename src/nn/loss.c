/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/pass.h>

#include <math.h>
#include <string.h>

#include "nn/precision-f32.h"
#include "nn/loss-template.c.inc"
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#include "nn/loss-template.c.inc"
#include "nn/precision-end.h"
