/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-axis-limit"

#include "config.h"

#include "heft-axis-limit.h"

#include <glib/gi18n.h>

typedef struct
{
  HeftLimitFunc take;
  gpointer      data;
} Limit;

static void
activate_cb (GtkWidget *popover, GtkEditable *entry)
{
  const Limit *limit = g_object_get_data (G_OBJECT (popover), "heft-limit");
  g_autofree char *text = g_strdelimit (g_strstrip (g_strdup (gtk_editable_get_text (entry))), ",", '.');

  if (limit->take (limit->data, text))
    gtk_popover_popdown (GTK_POPOVER (popover));
  else
    gtk_widget_add_css_class (GTK_WIDGET (entry), "error");
}

static void
changed_cb (GtkWidget *popover, GtkWidget *entry)
{
  gtk_widget_remove_css_class (entry, "error");
}

GtkWidget *
heft_axis_limit_new (const char *label, double value, HeftLimitFunc take, gpointer data)
{
  GtkWidget *popover = gtk_popover_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *heading = gtk_label_new (label);
  GtkWidget *entry = g_object_new (GTK_TYPE_ENTRY, "name", "limit", "width-chars", 10, "tooltip-text",
                                   _("A number, or nothing for all of the data"), NULL);
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  Limit *limit = g_new0 (Limit, 1);

  limit->take = take;
  limit->data = data;
  g_object_set_data_full (G_OBJECT (popover), "heft-limit", limit, g_free);
  gtk_editable_set_text (GTK_EDITABLE (entry), g_ascii_formatd (text, sizeof text, "%.4g", value));
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_add_css_class (heading, "caption");
  g_signal_connect_object (entry, "activate", G_CALLBACK (activate_cb), popover, G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "changed", G_CALLBACK (changed_cb), popover, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), heading);
  gtk_box_append (GTK_BOX (box), entry);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  return popover;
}
