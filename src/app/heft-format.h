/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* "0:35 left", "2:05:00 left" (transfer full). */
char *heft_format_time_left (double seconds);
/* "12,345" with the locale's separator or a thin space (transfer full). */
char *heft_format_count     (double count);
/* Processor time of this thread, microseconds: what drawing takes from the training, however busy the machine is. */
gint64 heft_processor_time  (void);
/* Accessible names; what has the focus is the toggle inside, which takes a menu button's name, but not a drop-down's. */
void   heft_name_menu_button (GtkMenuButton *button, const char *name);
void   heft_name_drop_down   (GtkDropDown *drop_down, const char *name);
/* Items are whole in the list and cut to so many characters in the button. */
void   heft_shorten_drop_down (GtkDropDown *drop_down, int characters);

G_END_DECLS
