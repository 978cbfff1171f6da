/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-list-row"

#include "config.h"

#include "heft-list-row.h"

#include <glib/gi18n.h>
#include <heft/network.h>
#include <math.h>

#include "heft-slider-scale.h"

struct _HeftListRow
{
  HeftParameterRow parent_instance;

  HeftSliderScale  scale;
  GtkWidget       *grid;
  GPtrArray       *sliders;   /* (unowned) GtkScale, one a layer */
  GPtrArray       *values;    /* (unowned) GtkLabel */
  gboolean         updating;
};

G_DEFINE_FINAL_TYPE (HeftListRow, heft_list_row, HEFT_TYPE_PARAMETER_ROW)

static HeftParameters *
get_parameters (HeftListRow *self)
{
  return heft_session_get_parameters (heft_parameter_row_get_session (HEFT_PARAMETER_ROW (self)));
}

/* While the list is empty every layer follows the common scale. */
static double
get_value (HeftListRow *self, gsize layer)
{
  HeftParameterRow *row = HEFT_PARAMETER_ROW (self);
  gsize n;
  const double *list = heft_parameters_get_list (get_parameters (self), heft_parameter_row_get_spec (row)->id, &n);

  if (layer < n)
    return list[layer];
  if (heft_session_find_spec (heft_parameter_row_get_session (row), "lambda") != NULL)
    return heft_parameters_get_real (get_parameters (self), "lambda");
  return self->scale.minimum;
}

static void
slider_moved_cb (HeftListRow *self, GtkWidget *moved)
{
  g_autoptr(GString) list = g_string_new (NULL);

  if (self->updating)
    return;
  for (guint i = 0; i < self->sliders->len; i++)
    {
      GtkWidget *slider = g_ptr_array_index (self->sliders, i);
      double value = slider == moved ? heft_slider_scale_value (&self->scale, gtk_range_get_value (GTK_RANGE (slider)))
                                     : get_value (self, i);
      g_autofree char *text = heft_slider_scale_format (value, 6);

      g_string_append_printf (list, "%s%s", i > 0 ? "," : "", text);
    }
  heft_parameter_row_edit (HEFT_PARAMETER_ROW (self), list->str);
}

static void
slider_pressed_cb (HeftListRow *self, int n_press, double x, double y, GtkGesture *gesture)
{
  if (n_press != 2)
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  heft_parameter_row_restore (HEFT_PARAMETER_ROW (self));
}

static void
add_layer (HeftListRow *self, int layer, const char *name)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", name, "xalign", 0.0, NULL);
  GtkWidget *value = g_object_new (GTK_TYPE_LABEL, "xalign", 1.0, "width-chars", 7, NULL);
  GtkWidget *slider = gtk_scale_new (GTK_ORIENTATION_HORIZONTAL,
                                     gtk_adjustment_new (0, 0, 1, heft_slider_scale_step (&self->scale),
                                                         heft_slider_scale_page (&self->scale), 0));
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_scale_set_draw_value (GTK_SCALE (slider), FALSE);
  gtk_range_set_round_digits (GTK_RANGE (slider), -1);
  gtk_widget_set_hexpand (slider, TRUE);
  heft_parameter_row_ignore_wheel (slider);
  heft_parameter_row_name (HEFT_PARAMETER_ROW (self), slider, name);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (value, "caption");
  gtk_widget_add_css_class (value, "numeric");
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_object (click, "pressed", G_CALLBACK (slider_pressed_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (slider, GTK_EVENT_CONTROLLER (click));
  g_signal_connect_object (slider, "value-changed", G_CALLBACK (slider_moved_cb), self, G_CONNECT_SWAPPED);
  gtk_grid_attach (GTK_GRID (self->grid), label, 0, layer, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), slider, 1, layer, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), value, 2, layer, 1, 1);
  g_ptr_array_add (self->sliders, slider);
  g_ptr_array_add (self->values, value);
}

static void
remove_layers (HeftListRow *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
  g_ptr_array_set_size (self->sliders, 0);
  g_ptr_array_set_size (self->values, 0);
}

static gboolean
is_wanted (HeftListRow *self)
{
  HeftSession *session = heft_parameter_row_get_session (HEFT_PARAMETER_ROW (self));

  if (heft_session_find_spec (session, "prior") == NULL)
    return TRUE;
  return g_strcmp0 (heft_parameters_get_text (get_parameters (self), "prior"), "per-layer") == 0;
}

static void
heft_list_row_update (HeftParameterRow *row)
{
  HeftListRow *self = HEFT_LIST_ROW (row);
  HeftRecord *record = heft_session_get_record (heft_parameter_row_get_session (row));
  const char *const *names = NULL;
  gsize n = record != NULL ? heft_record_get_layers (record, &names) : 0;

  self->updating = TRUE;
  if (n > 0 && n != self->sliders->len)
    {
      remove_layers (self);
      for (gsize i = 0; i < n; i++)
        {
          g_autofree char *name = heft_layer_dup_label (names[i]);

          add_layer (self, (int) i, name);
        }
    }
  for (guint i = 0; i < self->sliders->len; i++)
    {
      double value = get_value (self, i);
      g_autofree char *text = heft_slider_scale_format (value, 3);
      GtkRange *slider = g_ptr_array_index (self->sliders, i);

      gtk_label_set_label (g_ptr_array_index (self->values, i), text);
      if (fabs (heft_slider_scale_value (&self->scale, gtk_range_get_value (slider)) - value) > 0.004 * fabs (value))
        gtk_range_set_value (slider, heft_slider_scale_position (&self->scale, value));
      gtk_accessible_update_property (GTK_ACCESSIBLE (slider), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
    }
  gtk_widget_set_visible (GTK_WIDGET (self), is_wanted (self) && self->sliders->len > 0);
  self->updating = FALSE;
}

static void
other_parameter_changed_cb (HeftListRow *self, const char *id)
{
  if (g_strcmp0 (id, "prior") == 0 || g_strcmp0 (id, "lambda") == 0)
    heft_list_row_update (HEFT_PARAMETER_ROW (self));
}

static void
heft_list_row_build (HeftParameterRow *row)
{
  HeftListRow *self = HEFT_LIST_ROW (row);

  self->scale = heft_slider_scale_new (heft_parameter_row_get_spec (row));
  heft_slider_scale_centre (&self->scale, heft_parameter_row_get_spec (row), get_value (self, 0));
  self->grid = g_object_new (GTK_TYPE_GRID, "column-spacing", 6, NULL);
  heft_parameter_row_add_below (row, self->grid);
  g_signal_connect_object (heft_parameter_row_get_session (row), "parameter-changed",
                           G_CALLBACK (other_parameter_changed_cb), self, G_CONNECT_SWAPPED);
}

static void
heft_list_row_finalize (GObject *object)
{
  HeftListRow *self = HEFT_LIST_ROW (object);

  g_ptr_array_unref (self->sliders);
  g_ptr_array_unref (self->values);
  G_OBJECT_CLASS (heft_list_row_parent_class)->finalize (object);
}

static void
heft_list_row_class_init (HeftListRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = heft_list_row_finalize;
  HEFT_PARAMETER_ROW_CLASS (klass)->build = heft_list_row_build;
  HEFT_PARAMETER_ROW_CLASS (klass)->update = heft_list_row_update;
}

static void
heft_list_row_init (HeftListRow *self)
{
  self->sliders = g_ptr_array_new ();
  self->values = g_ptr_array_new ();
}
