/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * HeftFormulaLabel:
 *
 * A label whose text may hold formulas between dollar signs: words are laid out by Pango in the widget's own font, formulas
 * are set by libheft-plot, and both wrap together. With #HeftFormulaLabel:lines it keeps the height of that many lines
 * whatever the text is, so that changing numbers never move what stands above. A text that is too long for them, or for the
 * one line of a label that does not wrap, is written up to a quarter smaller before an ellipsis cuts it.
 */
#define HEFT_TYPE_FORMULA_LABEL (heft_formula_label_get_type ())
G_DECLARE_FINAL_TYPE (HeftFormulaLabel, heft_formula_label, HEFT, FORMULA_LABEL, GtkWidget)

GtkWidget  *heft_formula_label_new       (const char *label);
const char *heft_formula_label_get_label (HeftFormulaLabel *self);
void        heft_formula_label_set_label (HeftFormulaLabel *self, const char *label);
gboolean    heft_formula_label_get_wrap  (HeftFormulaLabel *self);
void        heft_formula_label_set_wrap  (HeftFormulaLabel *self, gboolean wrap);
int         heft_formula_label_get_lines (HeftFormulaLabel *self);
void        heft_formula_label_set_lines (HeftFormulaLabel *self, int lines);

/* The size of the text in parts of the font's, between 0.75 and 1, with which it fits into @width pixels. */
double      heft_formula_label_fit       (HeftFormulaLabel *self, int width);

G_END_DECLS
