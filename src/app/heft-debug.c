/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-debug"

#include "config.h"

#include "heft-debug.h"

static gboolean
is_wanted (void)
{
  return g_getenv ("HEFT_UI_TEST") != NULL;
}

static void
dump (GtkWidget *widget)
{
  GtkNative *native = gtk_widget_get_native (widget);
  graphene_rect_t bounds;
  double x, y;
  int scale;

  if (native == NULL || !gtk_widget_get_mapped (widget) || !gtk_widget_compute_bounds (widget, GTK_WIDGET (native), &bounds))
    return;
  gtk_native_get_surface_transform (native, &x, &y);
  scale = gdk_surface_get_scale_factor (gtk_native_get_surface (native));
  g_print ("W %s %s %d %d %d %d\n", G_OBJECT_TYPE_NAME (widget), gtk_widget_get_name (widget),
           (int) ((bounds.origin.x + x) * scale), (int) ((bounds.origin.y + y) * scale), (int) (bounds.size.width * scale),
           (int) (bounds.size.height * scale));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    dump (child);
}

static void
dump_widgets (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  for (GList *at = gtk_application_get_windows (data); at != NULL; at = at->next)
    dump (at->data);
  g_print ("END\n");
}

static void
painted_cb (GdkFrameClock *clock, gpointer data)
{
  g_signal_handlers_disconnect_by_func (clock, painted_cb, data);
  g_print ("READY\n");
}

static void
realized_cb (GtkWidget *widget)
{
  g_signal_connect (gtk_widget_get_frame_clock (widget), "after-paint", G_CALLBACK (painted_cb), NULL);
}

void
heft_debug_init (GtkApplication *application)
{
  static const GActionEntry entries[] = { { "dump-widgets", dump_widgets } };

  if (is_wanted ())
    g_action_map_add_action_entries (G_ACTION_MAP (application), entries, G_N_ELEMENTS (entries), application);
}

void
heft_debug_watch (GtkWindow *window)
{
  if (is_wanted ())
    g_signal_connect (window, "realize", G_CALLBACK (realized_cb), NULL);
}
