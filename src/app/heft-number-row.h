/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "heft-parameter-row.h"

G_BEGIN_DECLS

/**
 * HeftNumberRow:
 *
 * A number: an entry for typing, a slider for moving; a double click on the slider restores the default. Where a value may be
 * a multiple of 1/N it is shown both ways.
 */
#define HEFT_TYPE_NUMBER_ROW (heft_number_row_get_type ())
G_DECLARE_FINAL_TYPE (HeftNumberRow, heft_number_row, HEFT, NUMBER_ROW, HeftParameterRow)

G_END_DECLS
