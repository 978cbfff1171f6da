/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-text-row"

#include "config.h"

#include "heft-text-row.h"

#include <glib/gi18n.h>

#include "heft-architecture-preview.h"

struct _HeftTextRow
{
  HeftParameterRow parent_instance;

  GtkWidget       *entry;
  GtkWidget       *preview;    /* of an architecture, or NULL */
};

G_DEFINE_FINAL_TYPE (HeftTextRow, heft_text_row, HEFT_TYPE_PARAMETER_ROW)

static const char *
get_shown (HeftTextRow *self)
{
  HeftParameterRow *row = HEFT_PARAMETER_ROW (self);

  return heft_parameters_get_text (heft_session_get_parameters (heft_parameter_row_get_session (row)),
                                   heft_parameter_row_get_spec (row)->id);
}

static void
commit (HeftTextRow *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));

  if (g_strcmp0 (text, get_shown (self)) != 0)
    heft_parameter_row_edit (HEFT_PARAMETER_ROW (self), text);
}

static void
changed_cb (HeftTextRow *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));

  heft_architecture_preview_show (HEFT_ARCHITECTURE_PREVIEW (self->preview), text, g_strcmp0 (text, get_shown (self)) != 0);
}

static void
add_preview (HeftTextRow *self)
{
  self->preview = heft_architecture_preview_new (heft_parameter_row_get_session (HEFT_PARAMETER_ROW (self)));
  heft_parameter_row_add_below (HEFT_PARAMETER_ROW (self), self->preview);
  g_signal_connect_object (self->entry, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

static gboolean
key_cb (HeftTextRow *self, guint key, guint code, GdkModifierType state, GtkEventController *controller)
{
  if (key != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  heft_parameter_row_set_error (HEFT_PARAMETER_ROW (self), NULL);
  heft_parameter_row_update (HEFT_PARAMETER_ROW (self));
  return GDK_EVENT_STOP;
}

static void
add_open_button (HeftParameterRow *row)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (_("_Open…"));

  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.open-network");
  heft_parameter_row_add_inline (row, button);
}

static void
heft_text_row_build (HeftParameterRow *row)
{
  HeftTextRow *self = HEFT_TEXT_ROW (row);
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->entry = gtk_entry_new ();
  heft_parameter_row_name (row, self->entry, NULL);
  g_signal_connect_object (self->entry, "activate", G_CALLBACK (commit), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (focus, "leave", G_CALLBACK (commit), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (key_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (self->entry, focus);
  gtk_widget_add_controller (self->entry, keys);
  if (heft_parameter_row_get_spec (row)->kind == HEFT_PARAMETER_FILE)
    add_open_button (row);
  heft_parameter_row_add_below (row, self->entry);
  /* An architecture comes to something on certain data only. */
  if (g_strcmp0 (heft_parameter_row_get_spec (row)->id, "architecture") == 0
      && heft_session_find_spec (heft_parameter_row_get_session (row), "dataset") != NULL)
    add_preview (self);
}

static void
heft_text_row_update (HeftParameterRow *row)
{
  HeftTextRow *self = HEFT_TEXT_ROW (row);
  const char *text = get_shown (self);

  if (g_strcmp0 (gtk_editable_get_text (GTK_EDITABLE (self->entry)), text) != 0)
    gtk_editable_set_text (GTK_EDITABLE (self->entry), text != NULL ? text : "");
  if (self->preview != NULL)
    changed_cb (self);
}

static void
heft_text_row_class_init (HeftTextRowClass *klass)
{
  HEFT_PARAMETER_ROW_CLASS (klass)->build = heft_text_row_build;
  HEFT_PARAMETER_ROW_CLASS (klass)->update = heft_text_row_update;
}

static void
heft_text_row_init (HeftTextRow *self)
{
}

GtkWidget *
heft_text_row_get_preview (HeftTextRow *self)
{
  return self->preview;
}
