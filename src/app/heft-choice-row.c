/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-choice-row"

#include "config.h"

#include "heft-choice-row.h"

#include <glib/gi18n.h>
#include <heft/plot.h>
#include <heft/dataset.h>

#include "heft-format.h"

struct _HeftChoiceRow
{
  HeftParameterRow parent_instance;

  GtkWidget       *drop_down;
  GPtrArray       *ids;        /* char*, one an item; NULL for the item that opens a file */
  gboolean         updating;
};

G_DEFINE_FINAL_TYPE (HeftChoiceRow, heft_choice_row, HEFT_TYPE_PARAMETER_ROW)

static void
selected_cb (HeftChoiceRow *self)
{
  guint selected = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->drop_down));

  if (self->updating || selected == GTK_INVALID_LIST_POSITION)
    return;
  if (g_ptr_array_index (self->ids, selected) == NULL)
    {
      heft_parameter_row_update (HEFT_PARAMETER_ROW (self));
      gtk_widget_activate_action (GTK_WIDGET (self), "win.open-data", NULL);
    }
  else if (!heft_parameter_row_edit (HEFT_PARAMETER_ROW (self), g_ptr_array_index (self->ids, selected)))
    heft_parameter_row_update (HEFT_PARAMETER_ROW (self));
}

static void
add_item (HeftChoiceRow *self, const char *id, const char *label)
{
  GtkStringList *list = GTK_STRING_LIST (gtk_drop_down_get_model (GTK_DROP_DOWN (self->drop_down)));

  g_ptr_array_add (self->ids, g_strdup (id));
  gtk_string_list_append (list, label);
}

static void
add_datasets (HeftChoiceRow *self, const char *current)
{
  gsize n;
  const HeftDataSource *sources = heft_data_sources (&n);
  gboolean known = FALSE;

  for (gsize i = 0; i < n; i++)
    {
      if (!heft_data_source_is_available (sources[i].name) && g_strcmp0 (sources[i].name, current) != 0)
        continue;
      add_item (self, sources[i].name, _(sources[i].title));
      known |= g_strcmp0 (sources[i].name, current) == 0;
    }
  if (!known && current != NULL)
    {
      g_auto(GStrv) files = g_strsplit (current, ",", -1);
      g_autofree char *name = files[0] != NULL ? g_path_get_basename (files[0]) : g_strdup (current);

      add_item (self, current, name);
    }
  add_item (self, NULL, _("Open data…"));
}

static void
fill (HeftChoiceRow *self, const char *current)
{
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (HEFT_PARAMETER_ROW (self));
  GtkStringList *list = gtk_string_list_new (NULL);

  g_ptr_array_set_size (self->ids, 0);
  gtk_drop_down_set_model (GTK_DROP_DOWN (self->drop_down), G_LIST_MODEL (list));
  g_object_unref (list);
  if (spec->kind == HEFT_PARAMETER_DATASET)
    add_datasets (self, current);
  else
    for (gsize i = 0; spec->choices[i] != NULL; i++)
      add_item (self, spec->choices[i], spec->choice_labels != NULL ? _(spec->choice_labels[i]) : spec->choices[i]);
}

static void
heft_choice_row_build (HeftParameterRow *row)
{
  HeftChoiceRow *self = HEFT_CHOICE_ROW (row);
  g_autofree char *name = NULL;

  self->drop_down = gtk_drop_down_new (NULL, NULL);
  gtk_widget_set_size_request (self->drop_down, 130, -1);
  heft_shorten_drop_down (GTK_DROP_DOWN (self->drop_down), 22);
  name = heft_text_dup_plain (_(heft_parameter_row_get_spec (row)->label));
  heft_name_drop_down (GTK_DROP_DOWN (self->drop_down), name);
  g_signal_connect_object (self->drop_down, "notify::selected", G_CALLBACK (selected_cb), self, G_CONNECT_SWAPPED);
  heft_parameter_row_add_inline (row, self->drop_down);
}

static guint
find_id (HeftChoiceRow *self, const char *id)
{
  for (guint i = 0; i < self->ids->len; i++)
    if (g_strcmp0 (g_ptr_array_index (self->ids, i), id) == 0)
      return i;
  return GTK_INVALID_LIST_POSITION;
}

static void
heft_choice_row_update (HeftParameterRow *row)
{
  HeftChoiceRow *self = HEFT_CHOICE_ROW (row);
  const char *current = heft_parameters_get_text (heft_session_get_parameters (heft_parameter_row_get_session (row)),
                                                  heft_parameter_row_get_spec (row)->id);

  self->updating = TRUE;
  if (self->ids->len == 0 || find_id (self, current) == GTK_INVALID_LIST_POSITION)
    fill (self, current);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (self->drop_down), find_id (self, current));
  self->updating = FALSE;
}

static void
heft_choice_row_finalize (GObject *object)
{
  g_ptr_array_unref (HEFT_CHOICE_ROW (object)->ids);
  G_OBJECT_CLASS (heft_choice_row_parent_class)->finalize (object);
}

static void
heft_choice_row_class_init (HeftChoiceRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = heft_choice_row_finalize;
  HEFT_PARAMETER_ROW_CLASS (klass)->build = heft_choice_row_build;
  HEFT_PARAMETER_ROW_CLASS (klass)->update = heft_choice_row_update;
}

static void
heft_choice_row_init (HeftChoiceRow *self)
{
  self->ids = g_ptr_array_new_with_free_func (g_free);
}
