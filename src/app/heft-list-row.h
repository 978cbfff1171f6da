/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "heft-parameter-row.h"

G_BEGIN_DECLS

/**
 * HeftListRow:
 *
 * A list of numbers, one a layer, each with a small slider. Visible while the prior has a scale for each layer.
 */
#define HEFT_TYPE_LIST_ROW (heft_list_row_get_type ())
G_DECLARE_FINAL_TYPE (HeftListRow, heft_list_row, HEFT, LIST_ROW, HeftParameterRow)

G_END_DECLS
