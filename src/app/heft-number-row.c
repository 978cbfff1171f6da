/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-number-row"

#include "config.h"

#include "heft-number-row.h"

#include <glib/gi18n.h>
#include <math.h>

#include "heft-formula-label.h"
#include "heft-slider-scale.h"

struct _HeftNumberRow
{
  HeftParameterRow parent_instance;

  HeftSliderScale  scale;
  GtkWidget       *entry;
  GtkWidget       *multiple;   /* the entry for N times the value, or NULL */
  GtkWidget       *slider;
  gsize            marked_n;   /* N the slider's marks were set for */
  gboolean         updating;
};

G_DEFINE_FINAL_TYPE (HeftNumberRow, heft_number_row, HEFT_TYPE_PARAMETER_ROW)

static gsize
get_sample_count (HeftNumberRow *self)
{
  return heft_parameters_get_sample_count (heft_session_get_parameters (heft_parameter_row_get_session (HEFT_PARAMETER_ROW (self))));
}

static double
get_value (HeftNumberRow *self)
{
  HeftParameterRow *row = HEFT_PARAMETER_ROW (self);
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (row);
  HeftParameters *parameters = heft_session_get_parameters (heft_parameter_row_get_session (row));

  if (spec->kind == HEFT_PARAMETER_INTEGER)
    return (double) heft_parameters_get_integer (parameters, spec->id);
  return heft_parameters_get_real (parameters, spec->id);
}

static void
edit_value (HeftNumberRow *self, double value)
{
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (HEFT_PARAMETER_ROW (self));
  gsize n = get_sample_count (self);
  g_autofree char *text = NULL;

  if (spec->per_sample && n > 0)
    {
      /* Whole steps of N beta, so that 1 (the ELBO) can be met exactly. */
      g_autofree char *multiple = heft_slider_scale_format (value * (double) n, 3);
      double back = g_ascii_strtod (multiple, NULL) / (double) n;

      if (back >= spec->minimum && back <= spec->maximum)
        text = g_strconcat (multiple, "/N", NULL);
    }
  if (text == NULL)
    text = heft_slider_scale_format (value, spec->kind == HEFT_PARAMETER_INTEGER ? 9 : 3);
  heft_parameter_row_edit (HEFT_PARAMETER_ROW (self), text);
}

static void
slider_moved_cb (HeftNumberRow *self)
{
  if (!self->updating)
    edit_value (self, heft_slider_scale_value (&self->scale, gtk_range_get_value (GTK_RANGE (self->slider))));
}

/* The arrow keys in an entry. Without a slider whole numbers go one by one. */
static void
move_by_steps (HeftNumberRow *self, double steps)
{
  double value = get_value (self);

  if (!isfinite (value))
    return;
  if (heft_slider_scale_is_useful (&self->scale))
    value = heft_slider_scale_value (&self->scale, heft_slider_scale_position (&self->scale, value)
                                                   + steps * heft_slider_scale_step (&self->scale));
  else
    value = CLAMP (value + steps, self->scale.minimum, self->scale.maximum);
  edit_value (self, value);
}

/* People type a decimal comma where their language has one. */
static char *
typed_number (GtkWidget *entry)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (entry))));

  return g_strdelimit (text, ",", '.');
}

static void
commit (HeftNumberRow *self, GtkWidget *entry)
{
  g_autofree char *text = typed_number (entry);
  g_autofree char *value = NULL;
  const char *shown = g_object_get_data (G_OBJECT (entry), "heft-shown");

  if (self->updating || g_strcmp0 (text, shown) == 0)
    return;
  value = entry == self->multiple && strchr (text, '/') == NULL ? g_strconcat (text, "/N", NULL) : g_strdup (text);
  if (heft_parameter_row_edit (HEFT_PARAMETER_ROW (self), value))
    heft_parameter_row_update (HEFT_PARAMETER_ROW (self));
}

static void
entry_activate_cb (HeftNumberRow *self, GtkWidget *entry)
{
  commit (self, entry);
}

static void
entry_leave_cb (HeftNumberRow *self, GtkEventController *controller)
{
  commit (self, gtk_event_controller_get_widget (controller));
}

static gboolean
entry_key_cb (HeftNumberRow *self, guint key, guint code, GdkModifierType state, GtkEventController *controller)
{
  double by = key == GDK_KEY_Up || key == GDK_KEY_KP_Up ? 1 : key == GDK_KEY_Down || key == GDK_KEY_KP_Down ? -1 : 0;

  if (by != 0)
    {
      move_by_steps (self, by);
      return GDK_EVENT_STOP;
    }
  if (key != GDK_KEY_Escape)
    return GDK_EVENT_PROPAGATE;
  heft_parameter_row_set_error (HEFT_PARAMETER_ROW (self), NULL);
  heft_parameter_row_update (HEFT_PARAMETER_ROW (self));
  return GDK_EVENT_STOP;
}

static GtkWidget *
make_entry (HeftNumberRow *self, const char *suffix)
{
  GtkWidget *entry = g_object_new (GTK_TYPE_ENTRY, "width-chars", 9, "max-width-chars", 9, "xalign", 1.0,
                                   "input-purpose", GTK_INPUT_PURPOSE_NUMBER, NULL);
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_add_css_class (entry, "heft-value");
  heft_parameter_row_name (HEFT_PARAMETER_ROW (self), entry, suffix);
  g_signal_connect_object (entry, "activate", G_CALLBACK (entry_activate_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (focus, "leave", G_CALLBACK (entry_leave_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (entry_key_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (entry, focus);
  gtk_widget_add_controller (entry, keys);
  return entry;
}

static void
slider_pressed_cb (HeftNumberRow *self, int n_press, double x, double y, GtkGesture *gesture)
{
  if (n_press != 2)
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  heft_parameter_row_restore (HEFT_PARAMETER_ROW (self));
}

static GtkWidget *
make_slider (HeftNumberRow *self)
{
  GtkAdjustment *adjustment = gtk_adjustment_new (0, 0, 1, heft_slider_scale_step (&self->scale),
                                                  heft_slider_scale_page (&self->scale), 0);
  GtkWidget *slider = gtk_scale_new (GTK_ORIENTATION_HORIZONTAL, adjustment);
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_scale_set_draw_value (GTK_SCALE (slider), FALSE);
  gtk_range_set_round_digits (GTK_RANGE (slider), -1);
  heft_parameter_row_ignore_wheel (slider);
  heft_parameter_row_name (HEFT_PARAMETER_ROW (self), slider, NULL);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect_object (click, "pressed", G_CALLBACK (slider_pressed_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (slider, GTK_EVENT_CONTROLLER (click));
  g_signal_connect_object (slider, "value-changed", G_CALLBACK (slider_moved_cb), self, G_CONNECT_SWAPPED);
  return slider;
}

/* The line "N beta [    ]" and what it means. */
static void
add_multiple (HeftNumberRow *self)
{
  HeftParameterRow *row = HEFT_PARAMETER_ROW (self);
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (row);
  gboolean beta = g_strcmp0 (spec->id, "beta") == 0;
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *label = heft_formula_label_new (beta ? _("$N\\beta$, PAC-Bayes $\\beta$") : _("times $N$"));

  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_add_css_class (label, "dim-label");
  self->multiple = make_entry (self, _("times N"));
  gtk_widget_set_name (self->multiple, "multiple");
  gtk_box_append (GTK_BOX (line), label);
  gtk_box_append (GTK_BOX (line), self->multiple);
  heft_parameter_row_add_below (row, line);
}

static void
heft_number_row_build (HeftParameterRow *row)
{
  HeftNumberRow *self = HEFT_NUMBER_ROW (row);
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (row);

  self->scale = heft_slider_scale_new (spec);
  self->entry = make_entry (self, NULL);
  heft_parameter_row_add_inline (row, self->entry);
  if (spec->unit != NULL && *spec->unit != '\0')
    {
      GtkWidget *unit = gtk_label_new (_(spec->unit));

      gtk_widget_add_css_class (unit, "dim-label");
      heft_parameter_row_add_inline (row, unit);
    }
  if (spec->per_sample)
    add_multiple (self);
  self->slider = make_slider (self);
  heft_parameter_row_add_below (row, self->slider);
}

/* The default is in the middle of a wide range; a tick stands where the ELBO is. */
static void
follow_defaults (HeftNumberRow *self, gsize n)
{
  HeftParameterRow *row = HEFT_PARAMETER_ROW (self);
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (row);
  HeftSession *session = heft_parameter_row_get_session (row);
  g_autoptr(HeftParameters) defaults = NULL;
  double value;

  if (self->marked_n == n + 1)
    return;
  self->marked_n = n + 1;
  defaults = heft_parameters_new_for_window (heft_session_get_experiment (session));
  heft_parameters_set_sample_count (defaults, n);
  value = spec->kind == HEFT_PARAMETER_INTEGER ? (double) heft_parameters_get_integer (defaults, spec->id)
                                               : heft_parameters_get_real (defaults, spec->id);
  self->scale = heft_slider_scale_new (spec);
  heft_slider_scale_centre (&self->scale, spec, value);
  gtk_adjustment_set_step_increment (gtk_range_get_adjustment (GTK_RANGE (self->slider)), heft_slider_scale_step (&self->scale));
  gtk_adjustment_set_page_increment (gtk_range_get_adjustment (GTK_RANGE (self->slider)), heft_slider_scale_page (&self->scale));
  gtk_widget_set_visible (self->slider, heft_slider_scale_is_useful (&self->scale));
  gtk_scale_clear_marks (GTK_SCALE (self->slider));
  if (spec->per_sample && n > 0)
    gtk_scale_add_mark (GTK_SCALE (self->slider), heft_slider_scale_position (&self->scale, 1.0 / (double) n),
                        GTK_POS_BOTTOM, _("ELBO"));
}

static void
show_text (GtkWidget *entry, const char *text)
{
  if (g_strcmp0 (gtk_editable_get_text (GTK_EDITABLE (entry)), text) != 0)
    gtk_editable_set_text (GTK_EDITABLE (entry), text);
  g_object_set_data_full (G_OBJECT (entry), "heft-shown", g_strdup (text), g_free);
}

static void
heft_number_row_update (HeftParameterRow *row)
{
  HeftNumberRow *self = HEFT_NUMBER_ROW (row);
  const HeftParameterSpec *spec = heft_parameter_row_get_spec (row);
  HeftParameters *parameters = heft_session_get_parameters (heft_parameter_row_get_session (row));
  double value = get_value (self);
  gsize n = get_sample_count (self);
  g_autofree char *text = isfinite (value) ? heft_slider_scale_format (value, spec->per_sample ? 3 : 6)
                                           : g_strdup (heft_parameters_get_text (parameters, spec->id));

  self->updating = TRUE;
  show_text (self->entry, text);
  if (self->multiple != NULL)
    {
      g_autofree char *multiple = n > 0 && isfinite (value) ? heft_slider_scale_format (value * (double) n, 4) : g_strdup ("");

      show_text (self->multiple, multiple);
    }
  follow_defaults (self, spec->per_sample ? n : 0);
  gtk_widget_set_sensitive (self->slider, isfinite (value));
  if (isfinite (value))
    {
      /* A slider that already stands for this value stays where the hand has put it. */
      double here = heft_slider_scale_value (&self->scale, gtk_range_get_value (GTK_RANGE (self->slider)));

      if (fabs (here - value) > 0.004 * fabs (value) || here == spec->minimum || value == 0)
        gtk_range_set_value (GTK_RANGE (self->slider), heft_slider_scale_position (&self->scale, value));
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->slider), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
  self->updating = FALSE;
}

static void
heft_number_row_class_init (HeftNumberRowClass *klass)
{
  HEFT_PARAMETER_ROW_CLASS (klass)->build = heft_number_row_build;
  HEFT_PARAMETER_ROW_CLASS (klass)->update = heft_number_row_update;
}

static void
heft_number_row_init (HeftNumberRow *self)
{
}
