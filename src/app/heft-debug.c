/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-debug"

#include "config.h"

#include "heft-debug.h"

#include "heft-format.h"

/* Longer than this is worth a line of debugging. */
#define NOTED (8 * G_TIME_SPAN_MILLISECOND)

/* A source that never fires: GLib prepares it before and checks it after each wait, so that between check and prepare lies what
 * the main loop has worked. */
typedef struct
{
  GSource source;
  gint64  since, since_cpu;
  gint64  worst, worst_cpu;
} Watch;

static gboolean
watch_prepare (GSource *source, int *timeout)
{
  Watch *self = (Watch *) source;

  *timeout = -1;
  if (self->since != 0)
    {
      gint64 wall = g_get_monotonic_time () - self->since, cpu = heft_processor_time () - self->since_cpu;

      self->worst = MAX (self->worst, wall);
      self->worst_cpu = MAX (self->worst_cpu, cpu);
      if (wall >= NOTED)
        g_debug ("dispatch of %d us, %d us of the processor", (int) wall, (int) cpu);
    }
  self->since = 0;
  return FALSE;
}

static gboolean
watch_check (GSource *source)
{
  Watch *self = (Watch *) source;

  self->since = g_get_monotonic_time ();
  self->since_cpu = heft_processor_time ();
  return FALSE;
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSource *
watch_new (void)
{
  static GSourceFuncs functions = { watch_prepare, watch_check, watch_dispatch };
  GSource *source = g_source_new (&functions, sizeof (Watch));

  g_source_set_static_name (source, "heft-debug-watch");
  g_source_set_priority (source, G_PRIORITY_HIGH);
  return source;
}

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

/* The longest the main loop was kept from waiting since the last time this was asked, in microseconds: on the clock, and of the processor. */
static void
print_longest_dispatch (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Watch *watch = g_object_get_data (data, "heft-debug-watch");

  g_print ("LOOP %d %d\n", (int) watch->worst, (int) watch->worst_cpu);
  watch->worst = watch->worst_cpu = 0;
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
  static const GActionEntry entries[] = { { "dump-widgets", dump_widgets }, { "longest-dispatch", print_longest_dispatch } };
  GSource *watch;

  if (!is_wanted ())
    return;
  watch = watch_new ();
  g_source_attach (watch, NULL);
  g_object_set_data_full (G_OBJECT (application), "heft-debug-watch", watch, (GDestroyNotify) g_source_unref);
  g_action_map_add_action_entries (G_ACTION_MAP (application), entries, G_N_ELEMENTS (entries), application);
}

void
heft_debug_watch (GtkWindow *window)
{
  if (is_wanted ())
    g_signal_connect (window, "realize", G_CALLBACK (realized_cb), NULL);
}
