/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-format"

#include "config.h"

#include "heft-format.h"

#include <glib/gi18n.h>
#include <math.h>
#include <time.h>

char *
heft_format_time_left (double seconds)
{
  int whole = (int) CLAMP (ceil (seconds), 0, 359999);

  if (whole >= 3600)
    return g_strdup_printf (_("%d:%02d:%02d left"), whole / 3600, whole / 60 % 60, whole % 60);
  return g_strdup_printf (_("%d:%02d left"), whole / 60, whole % 60);
}

char *
heft_format_count (double count)
{
  g_autofree char *digits = g_strdup_printf ("%.0f", count);
  gsize n = strlen (digits);
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    {
      g_string_append_c (out, digits[i]);
      if (n - i > 1 && (n - i - 1) % 3 == 0 && g_ascii_isdigit (digits[i]))
        g_string_append (out, ",");
    }
  return g_string_free (out, FALSE);
}

void
heft_name_menu_button (GtkMenuButton *button, const char *name)
{
  GtkWidget *toggle = gtk_widget_get_first_child (GTK_WIDGET (button));

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (toggle != NULL)
    gtk_widget_set_focus_on_click (toggle, FALSE);
}

void
heft_name_drop_down (GtkDropDown *drop_down, const char *name)
{
  GtkWidget *toggle = gtk_widget_get_first_child (GTK_WIDGET (drop_down));

  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (toggle != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
setup_item_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer characters)
{
  gtk_list_item_set_child (item, g_object_new (GTK_TYPE_LABEL, "xalign", 0.0, "ellipsize", PANGO_ELLIPSIZE_END,
                                               "max-width-chars", GPOINTER_TO_INT (characters), NULL));
}

static void
bind_item_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)),
                       gtk_string_object_get_string (gtk_list_item_get_item (item)));
}

void
heft_shorten_drop_down (GtkDropDown *drop_down, int characters)
{
  GtkListItemFactory *full = gtk_drop_down_get_factory (drop_down);
  g_autoptr(GtkListItemFactory) cut = gtk_signal_list_item_factory_new ();

  g_signal_connect (cut, "setup", G_CALLBACK (setup_item_cb), GINT_TO_POINTER (characters));
  g_signal_connect (cut, "bind", G_CALLBACK (bind_item_cb), NULL);
  gtk_drop_down_set_list_factory (drop_down, full);
  gtk_drop_down_set_factory (drop_down, cut);
}

gint64
heft_processor_time (void)
{
  struct timespec now = { 0, 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}
