/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Whether @text was taken as the new end of an axis; "" asks for the whole range. */
typedef gboolean (*HeftLimitFunc) (gpointer data, const char *text);

/**
 * heft_axis_limit_new:
 * @label: what is asked for, such as "Largest value"
 * @value: the end of the axis now
 *
 * Returns: (transfer floating): a popover with one entry, which goes when a text was taken; its owner gives it a parent
 */
GtkWidget *heft_axis_limit_new (const char *label, double value, HeftLimitFunc take, gpointer data);

G_END_DECLS
