/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "heft-application.h"
#include "heft-window.h"

/* The program in this process: what it puts on the clipboard, and that a closed window leaves nothing behind. */

typedef struct
{
  GApplication *application;
  GtkWindow    *window;
  int           stage;
  gint64        end;
  gboolean      copied, closed, gone;
} Story;

static gboolean
is_running (Story *story)
{
  g_autoptr(GVariant) state = g_action_group_get_action_state (G_ACTION_GROUP (story->window), "state");

  return g_strcmp0 (g_variant_get_string (state, NULL), "running") == 0;
}

static gboolean
holds_both (Story *story)
{
  GdkContentFormats *formats = gdk_clipboard_get_formats (gtk_widget_get_clipboard (GTK_WIDGET (story->window)));

  return gdk_content_formats_contain_mime_type (formats, "image/png")
         && gdk_content_formats_contain_mime_type (formats, "image/svg+xml");
}

static void
gone_cb (gpointer data, GObject *window)
{
  Story *story = data;

  story->gone = TRUE;
  story->window = NULL;
}

/* One thing after the other, each once the one before has happened. */
static gboolean
go_on (gpointer data)
{
  Story *story = data;

  if (g_get_monotonic_time () > story->end)
    {
      g_application_quit (story->application);
      return G_SOURCE_REMOVE;
    }
  if (story->stage == 0 && is_running (story))
    {
      g_assert_false (holds_both (story));
      g_action_group_activate_action (G_ACTION_GROUP (story->window), "copy-panel", g_variant_new_string ("loss"));
      story->stage = 1;
    }
  else if (story->stage == 1 && holds_both (story))
    {
      story->copied = TRUE;
      story->stage = 2;
      /* The pointer may stand over a panel that goes with its experiment. */
      g_action_group_activate_action (G_ACTION_GROUP (story->window), "experiment", g_variant_new_string ("lagrangian"));
      g_action_group_activate_action (G_ACTION_GROUP (story->window), "experiment", g_variant_new_string ("train"));
      gtk_window_close (story->window);
      story->closed = TRUE;
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
activate_cb (GApplication *application, Story *story)
{
  story->window = gtk_application_get_active_window (GTK_APPLICATION (application));
  g_assert_true (HEFT_IS_WINDOW (story->window));
  g_object_weak_ref (G_OBJECT (story->window), gone_cb, story);
  g_timeout_add (20, go_on, story);
}

static void
test_copy_and_close (void)
{
  g_autoptr(HeftApplication) application = heft_application_new ();
  Story story = { .application = G_APPLICATION (application), .end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND };

  g_signal_connect_after (application, "activate", G_CALLBACK (activate_cb), &story);
  g_assert_cmpint (g_application_run (G_APPLICATION (application), 0, NULL), ==, 0);
  g_assert_true (story.copied);
  g_assert_true (story.closed);
  g_assert_true (story.gone);
}

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/copy-and-close", test_copy_and_close);
  return g_test_run ();
}
