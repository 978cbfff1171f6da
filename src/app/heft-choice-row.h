/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "heft-parameter-row.h"

G_BEGIN_DECLS

/**
 * HeftChoiceRow:
 *
 * One of a few words, or a dataset: one of the known ones or a file of one's own.
 */
#define HEFT_TYPE_CHOICE_ROW (heft_choice_row_get_type ())
G_DECLARE_FINAL_TYPE (HeftChoiceRow, heft_choice_row, HEFT, CHOICE_ROW, HeftParameterRow)

G_END_DECLS
