/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/error.h>

G_DEFINE_QUARK (heft-error-quark, heft_error)
