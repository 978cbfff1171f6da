/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-switch-row"

#include "config.h"

#include "heft-switch-row.h"

struct _HeftSwitchRow
{
  HeftParameterRow parent_instance;

  GtkWidget       *toggle;
  gboolean         updating;
};

G_DEFINE_FINAL_TYPE (HeftSwitchRow, heft_switch_row, HEFT_TYPE_PARAMETER_ROW)

static void
active_cb (HeftSwitchRow *self)
{
  if (!self->updating)
    heft_parameter_row_edit (HEFT_PARAMETER_ROW (self), gtk_switch_get_active (GTK_SWITCH (self->toggle)) ? "true" : "false");
}

static void
heft_switch_row_build (HeftParameterRow *row)
{
  HeftSwitchRow *self = HEFT_SWITCH_ROW (row);

  self->toggle = g_object_new (GTK_TYPE_SWITCH, "valign", GTK_ALIGN_CENTER, NULL);
  heft_parameter_row_name (row, self->toggle, NULL);
  g_signal_connect_object (self->toggle, "notify::active", G_CALLBACK (active_cb), self, G_CONNECT_SWAPPED);
  heft_parameter_row_add_inline (row, self->toggle);
}

static void
heft_switch_row_update (HeftParameterRow *row)
{
  HeftSwitchRow *self = HEFT_SWITCH_ROW (row);
  HeftParameters *parameters = heft_session_get_parameters (heft_parameter_row_get_session (row));

  self->updating = TRUE;
  gtk_switch_set_active (GTK_SWITCH (self->toggle),
                         heft_parameters_get_boolean (parameters, heft_parameter_row_get_spec (row)->id));
  self->updating = FALSE;
}

static void
heft_switch_row_class_init (HeftSwitchRowClass *klass)
{
  HEFT_PARAMETER_ROW_CLASS (klass)->build = heft_switch_row_build;
  HEFT_PARAMETER_ROW_CLASS (klass)->update = heft_switch_row_update;
}

static void
heft_switch_row_init (HeftSwitchRow *self)
{
}
