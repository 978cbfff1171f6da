/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-figure-format"

#include "config.h"

#include "heft-figure-format.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#define MM_PER_INCH 25.4
#define POINTS_PER_INCH 72.0
#define LONGEST_MM 5000.0
#define LONGEST_PIXELS 30000.0
#define HIGHEST_DPI 10000.0

gboolean
heft_figure_format_parse (GVariant *value, HeftFigureFormat *format)
{
  HeftFigureFormat found;
  double longest;

  g_variant_get (value, HEFT_FIGURE_FORMAT_TYPE, &found.width, &found.height, &found.pixels, &found.dpi, &found.dark,
                 &found.transparent);
  longest = found.pixels ? LONGEST_PIXELS : LONGEST_MM;
  /* In this form what is not a number is refused too. */
  if (!(found.width >= 1 && found.width <= longest && found.height >= 1 && found.height <= longest && found.dpi >= 1
        && found.dpi <= HIGHEST_DPI))
    return FALSE;
  *format = found;
  return TRUE;
}

GVariant *
heft_figure_format_new (const HeftFigureFormat *self)
{
  return g_variant_new (HEFT_FIGURE_FORMAT_TYPE, self->width, self->height, self->pixels, self->dpi, self->dark, self->transparent);
}

void
heft_figure_format_get_points (const HeftFigureFormat *self, double *width, double *height)
{
  double points = POINTS_PER_INCH / (self->pixels ? self->dpi : MM_PER_INCH);

  *width = self->width * points;
  *height = self->height * points;
}

HeftTheme
heft_figure_format_get_theme (const HeftFigureFormat *self)
{
  HeftTheme theme = heft_theme_file ();

  theme.dark = self->dark;
  theme.transparent = self->transparent;
  return theme;
}

void
heft_figure_format_set_pixels (HeftFigureFormat *self, gboolean pixels)
{
  double scale = self->dpi / MM_PER_INCH;

  if (self->pixels == pixels)
    return;
  self->pixels = pixels;
  self->width = pixels ? round (self->width * scale) : self->width / scale;
  self->height = pixels ? round (self->height * scale) : self->height / scale;
}

/* --- The dialog -------------------------------------------------------------------------------------------------- */

typedef struct
{
  HeftFigureFormat     format;
  HeftFigureFormatFunc take;
  GtkWidget           *width, *height, *dpi, *unit, *dark, *transparent;
} Dialog;

static void
add_row (AdwPreferencesGroup *group, const char *title, GtkWidget *control)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), control);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), control);
  adw_preferences_group_add (group, row);
}

static GtkWidget *
add_number (AdwPreferencesGroup *group, const char *name, const char *title, double value, double most)
{
  GtkWidget *spin = gtk_spin_button_new_with_range (1, most, 1);

  gtk_widget_set_name (spin, name);
  gtk_editable_set_width_chars (GTK_EDITABLE (spin), 7);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), value);
  add_row (group, title, spin);
  return spin;
}

static GtkWidget *
add_switch (AdwPreferencesGroup *group, const char *title, gboolean active)
{
  GtkWidget *control = gtk_switch_new ();

  gtk_switch_set_active (GTK_SWITCH (control), active);
  add_row (group, title, control);
  return control;
}

/* Millimetres to a tenth, pixels whole. */
static void
show_size (Dialog *self)
{
  double longest = self->format.pixels ? LONGEST_PIXELS : LONGEST_MM, width = self->format.width, height = self->format.height;
  GtkSpinButton *spins[] = { GTK_SPIN_BUTTON (self->width), GTK_SPIN_BUTTON (self->height) };

  for (gsize i = 0; i < G_N_ELEMENTS (spins); i++)
    {
      gtk_spin_button_set_digits (spins[i], self->format.pixels ? 0 : 1);
      gtk_spin_button_set_range (spins[i], 1, longest);
      gtk_spin_button_set_value (spins[i], i == 0 ? width : height);
    }
}

static void
read_dialog (Dialog *self)
{
  GtkWidget *spins[] = { self->width, self->height, self->dpi };

  /* What has been typed counts without Enter. */
  for (gsize i = 0; i < G_N_ELEMENTS (spins); i++)
    gtk_spin_button_update (GTK_SPIN_BUTTON (spins[i]));
  self->format.width = gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->width));
  self->format.height = gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->height));
  self->format.dpi = gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->dpi));
  self->format.dark = gtk_switch_get_active (GTK_SWITCH (self->dark));
  self->format.transparent = gtk_switch_get_active (GTK_SWITCH (self->transparent));
}

static void
unit_cb (GtkDropDown *unit, GParamSpec *pspec, gpointer data)
{
  Dialog *self = data;

  read_dialog (self);
  heft_figure_format_set_pixels (&self->format, gtk_drop_down_get_selected (unit) == 1);
  show_size (self);
}

static void
response_cb (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  Dialog *self = data;

  if (g_strcmp0 (response, "apply") != 0)
    return;
  read_dialog (self);
  self->take (gtk_window_get_transient_for (GTK_WINDOW (dialog)), &self->format);
}

void
heft_figure_format_ask (GtkWindow *parent, const HeftFigureFormat *format, HeftFigureFormatFunc take)
{
  GtkWidget *dialog = adw_message_dialog_new (parent, _("Figures in Files"),
                                              _("For every figure that is exported or copied from now on."));
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  Dialog *self = g_new0 (Dialog, 1);

  self->format = *format;
  self->take = take;
  self->width = add_number (group, "figure-width", _("Width"), format->width, LONGEST_PIXELS);
  self->height = add_number (group, "figure-height", _("Height"), format->height, LONGEST_PIXELS);
  self->unit = gtk_drop_down_new_from_strings ((const char *const[]) { _("Millimetres"), _("Pixels"), NULL });
  gtk_drop_down_set_selected (GTK_DROP_DOWN (self->unit), format->pixels ? 1 : 0);
  add_row (group, _("Unit"), self->unit);
  self->dpi = add_number (group, "figure-dpi", _("Resolution (dots per inch)"), format->dpi, HIGHEST_DPI);
  self->dark = add_switch (group, _("Light on dark"), format->dark);
  self->transparent = add_switch (group, _("Transparent background"), format->transparent);
  show_size (self);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), GTK_WIDGET (group));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "apply", _("_Apply"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "apply", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "apply");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data_full (G_OBJECT (dialog), "heft-format", self, g_free);
  g_signal_connect (self->unit, "notify::selected", G_CALLBACK (unit_cb), self);
  g_signal_connect (dialog, "response", G_CALLBACK (response_cb), self);
  gtk_window_present (GTK_WINDOW (dialog));
}
