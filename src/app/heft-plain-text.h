/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * heft_plain_text:
 * @text: (nullable): text that may hold formulas between dollar signs
 *
 * The same text in plain Unicode, for screen readers, tooltips and lists: "$\\beta/\\lambda^2$" becomes "β/λ²".
 *
 * Returns: (transfer full): plain text
 */
char *heft_plain_text (const char *text);

G_END_DECLS
