/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What tests drive the program with, and nothing unless HEFT_UI_TEST is set: the action app.dump-widgets prints where
 * every widget is and ends with END; app.longest-dispatch prints how long the main loop was busy at most; a line READY is printed once a window has been painted. */
void heft_debug_init  (GtkApplication *application);
void heft_debug_watch (GtkWindow *window);

G_END_DECLS
