/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-parameter-row"

#include "config.h"

#include "heft-parameter-row.h"

#include <glib/gi18n.h>
#include <heft/plot.h>

#include "heft-choice-row.h"
#include "heft-formula-label.h"
#include "heft-list-row.h"
#include "heft-number-row.h"
#include "heft-switch-row.h"
#include "heft-text-row.h"

typedef struct
{
  HeftSession             *session;
  const HeftParameterSpec *spec;
  GtkWidget               *header;
  GtkWidget               *label;
  GtkWidget               *error;
} HeftParameterRowPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (HeftParameterRow, heft_parameter_row, GTK_TYPE_WIDGET)

#define PRIVATE(self) ((HeftParameterRowPrivate *) heft_parameter_row_get_instance_private (self))

/* What does not act with the choices made is not shown. */
static void
follow_relevance (HeftParameterRow *self)
{
  HeftParameterRowPrivate *priv = PRIVATE (self);

  if (priv->spec->when != NULL)
    gtk_widget_set_visible (GTK_WIDGET (self),
                            heft_parameters_is_relevant (heft_session_get_parameters (priv->session), priv->spec->id));
}

static void
parameter_changed_cb (HeftParameterRow *self, const char *id)
{
  follow_relevance (self);
  if (g_strcmp0 (id, PRIVATE (self)->spec->id) == 0)
    {
      heft_parameter_row_set_error (self, NULL);
      heft_parameter_row_update (self);
    }
}

static void
heft_parameter_row_dispose (GObject *object)
{
  HeftParameterRowPrivate *priv = PRIVATE (HEFT_PARAMETER_ROW (object));
  GtkWidget *child;

  g_clear_object (&priv->session);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (heft_parameter_row_parent_class)->dispose (object);
}

static void
heft_parameter_row_class_init (HeftParameterRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_parameter_row_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "parameter");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
heft_parameter_row_init (HeftParameterRow *self)
{
  HeftParameterRowPrivate *priv = PRIVATE (self);
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  priv->header = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_widget_set_parent (priv->header, GTK_WIDGET (self));
  priv->label = heft_formula_label_new (NULL);
  gtk_widget_set_hexpand (priv->label, TRUE);
  gtk_box_append (GTK_BOX (priv->header), priv->label);
  priv->error = g_object_new (GTK_TYPE_LABEL, "visible", FALSE, "wrap", TRUE, "xalign", 0.0, "selectable", FALSE, NULL);
  gtk_widget_add_css_class (priv->error, "error");
  gtk_widget_add_css_class (priv->error, "caption");
  gtk_widget_set_parent (priv->error, GTK_WIDGET (self));
}

static GType
row_type (const HeftParameterSpec *spec)
{
  switch (spec->kind)
    {
    case HEFT_PARAMETER_REAL:
    case HEFT_PARAMETER_INTEGER: return HEFT_TYPE_NUMBER_ROW;
    case HEFT_PARAMETER_BOOLEAN: return HEFT_TYPE_SWITCH_ROW;
    case HEFT_PARAMETER_CHOICE:
    case HEFT_PARAMETER_DATASET: return HEFT_TYPE_CHOICE_ROW;
    /* Numbers that act on a running network are one a layer, each with a slider; any other list is typed. */
    case HEFT_PARAMETER_REAL_LIST: return spec->live ? HEFT_TYPE_LIST_ROW : HEFT_TYPE_TEXT_ROW;
    case HEFT_PARAMETER_TEXT:
    case HEFT_PARAMETER_FILE:
    default: return HEFT_TYPE_TEXT_ROW;
    }
}

GtkWidget *
heft_parameter_row_new (HeftSession *session, const HeftParameterSpec *spec)
{
  HeftParameterRow *self = g_object_new (row_type (spec), "name", spec->id, NULL);
  HeftParameterRowPrivate *priv = PRIVATE (self);
  g_autofree char *help = heft_text_dup_plain (spec->help != NULL ? _(spec->help) : NULL);

  priv->session = g_object_ref (session);
  priv->spec = spec;
  heft_formula_label_set_label (HEFT_FORMULA_LABEL (priv->label), _(spec->label));
  if (*help != '\0')
    gtk_widget_set_tooltip_text (GTK_WIDGET (self), help);
  heft_parameter_row_name (self, GTK_WIDGET (self), NULL);
  HEFT_PARAMETER_ROW_GET_CLASS (self)->build (self);
  heft_parameter_row_update (self);
  g_signal_connect_object (session, "parameter-changed", G_CALLBACK (parameter_changed_cb), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}

HeftSession *
heft_parameter_row_get_session (HeftParameterRow *self)
{
  return PRIVATE (self)->session;
}

const HeftParameterSpec *
heft_parameter_row_get_spec (HeftParameterRow *self)
{
  return PRIVATE (self)->spec;
}

void
heft_parameter_row_update (HeftParameterRow *self)
{
  follow_relevance (self);
  HEFT_PARAMETER_ROW_GET_CLASS (self)->update (self);
}

void
heft_parameter_row_set_error (HeftParameterRow *self, const char *message)
{
  HeftParameterRowPrivate *priv = PRIVATE (self);

  gtk_label_set_label (GTK_LABEL (priv->error), message != NULL ? message : "");
  gtk_widget_set_visible (priv->error, message != NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  message != NULL ? message : "", -1);
  if (message != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "error");
}

void
heft_parameter_row_add_inline (HeftParameterRow *self, GtkWidget *widget)
{
  gtk_box_append (GTK_BOX (PRIVATE (self)->header), widget);
}

void
heft_parameter_row_add_below (HeftParameterRow *self, GtkWidget *widget)
{
  gtk_widget_insert_before (widget, GTK_WIDGET (self), PRIVATE (self)->error);
}

void
heft_parameter_row_name (HeftParameterRow *self, GtkWidget *widget, const char *suffix)
{
  g_autofree char *label = heft_text_dup_plain (_(PRIVATE (self)->spec->label));
  g_autofree char *name = suffix != NULL ? g_strdup_printf ("%s %s", label, suffix) : g_strdup (label);

  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

gboolean
heft_parameter_row_edit (HeftParameterRow *self, const char *text)
{
  HeftParameterRowPrivate *priv = PRIVATE (self);
  g_autoptr(GError) error = NULL;

  if (heft_session_set_parameter (priv->session, priv->spec->id, text, &error))
    return TRUE;
  heft_parameter_row_set_error (self, error->message);
  return FALSE;
}

void
heft_parameter_row_restore (HeftParameterRow *self)
{
  heft_session_reset_parameter (PRIVATE (self)->session, PRIVATE (self)->spec->id);
}

void
heft_parameter_row_ignore_wheel (GtkWidget *scale)
{
  g_autoptr(GListModel) controllers = gtk_widget_observe_controllers (scale);

  for (guint i = g_list_model_get_n_items (controllers); i-- > 0;)
    {
      g_autoptr(GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_widget_remove_controller (scale, controller);
    }
}
