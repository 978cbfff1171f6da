/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "heft-parameter-row.h"

G_BEGIN_DECLS

/**
 * HeftSwitchRow:
 *
 * On or off.
 */
#define HEFT_TYPE_SWITCH_ROW (heft_switch_row_get_type ())
G_DECLARE_FINAL_TYPE (HeftSwitchRow, heft_switch_row, HEFT, SWITCH_ROW, HeftParameterRow)

G_END_DECLS
