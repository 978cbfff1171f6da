/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "heft-parameter-row.h"

G_BEGIN_DECLS

/**
 * HeftTextRow:
 *
 * A line of text, such as an architecture.
 */
#define HEFT_TYPE_TEXT_ROW (heft_text_row_get_type ())
G_DECLARE_FINAL_TYPE (HeftTextRow, heft_text_row, HEFT, TEXT_ROW, HeftParameterRow)

/* (nullable): the drawing beneath an architecture. */
GtkWidget *heft_text_row_get_preview (HeftTextRow *self);

G_END_DECLS
