/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-application"

#include "config.h"

#include "heft-application.h"

#include <glib/gi18n.h>
#include <heft/dataset.h>
#include <heft/experiment.h>

#include "heft-debug.h"
#include "heft-settings.h"
#include "heft-window.h"

struct _HeftApplication
{
  AdwApplication parent_instance;

  GSettings     *settings;    /* NULL where there is no schema */
};

G_DEFINE_FINAL_TYPE (HeftApplication, heft_application, ADW_TYPE_APPLICATION)

/* --- About ------------------------------------------------------------------------------------------------------- */

static char *
describe_system (void)
{
  return g_strdup_printf ("Heft %s\nGTK %u.%u.%u\nlibadwaita %u.%u.%u\nGLib %u.%u.%u\nCairo %s\nProcessors %u\n", HEFT_VERSION,
                          gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (),
                          adw_get_major_version (), adw_get_minor_version (), adw_get_micro_version (),
                          glib_major_version, glib_minor_version, glib_micro_version, cairo_version_string (),
                          g_get_num_processors ());
}

static void
add_data_licences (AdwAboutWindow *about)
{
  gsize n;
  const HeftDataSource *sources = heft_data_sources (&n);

  for (gsize i = 0; i < n; i++)
    if (!sources[i].synthetic && sources[i].licence != NULL)
      {
        g_autofree char *text = g_markup_escape_text (_(sources[i].licence), -1);

        adw_about_window_add_legal_section (about, _(sources[i].title), NULL, GTK_LICENSE_CUSTOM, text);
      }
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GtkWindow *parent = gtk_application_get_active_window (data);
  AdwAboutWindow *about = ADW_ABOUT_WINDOW (adw_about_window_new ());
  g_autofree char *system = describe_system ();

  g_object_set (about, "application-name", _("Heft"), "application-icon", HEFT_APPLICATION_ID, "version", HEFT_VERSION,
                "developer-name", _("The Heft developers"), "license-type", GTK_LICENSE_GPL_3_0,
                "comments", _("How much information a neural network keeps in its weights, and what that has to do with "
                              "generalisation and invariance."),
                "debug-info", system, "debug-info-filename", "heft.txt", NULL);
  adw_about_window_add_legal_section (about, _("Theory"), NULL, GTK_LICENSE_CUSTOM,
                                      _("A. Achille, G. Paolini, S. Soatto: <i>Where is the Information in a Deep Neural "
                                        "Network?</i> arXiv:1905.12213. The formulas are Heft’s own corrected versions where the "
                                        "documentation says so."));
  add_data_licences (about);
  gtk_window_set_transient_for (GTK_WINDOW (about), parent);
  gtk_window_present (GTK_WINDOW (about));
}

/* --- Appearance -------------------------------------------------------------------------------------------------- */

static void
change_color_scheme (GSimpleAction *action, GVariant *state, gpointer data)
{
  static const struct { const char *name; AdwColorScheme scheme; } schemes[] = {
    { "default", ADW_COLOR_SCHEME_DEFAULT }, { "light", ADW_COLOR_SCHEME_FORCE_LIGHT }, { "dark", ADW_COLOR_SCHEME_FORCE_DARK },
  };
  HeftApplication *self = data;

  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_strcmp0 (g_variant_get_string (state, NULL), schemes[i].name) == 0)
      {
        adw_style_manager_set_color_scheme (adw_application_get_style_manager (ADW_APPLICATION (self)), schemes[i].scheme);
        g_simple_action_set_state (action, state);
        if (self->settings != NULL)
          g_settings_set_string (self->settings, "color-scheme", schemes[i].name);
      }
}

static void
restore_color_scheme (HeftApplication *self)
{
  g_autofree char *name = self->settings != NULL ? g_settings_get_string (self->settings, "color-scheme") : NULL;

  if (name != NULL && g_strcmp0 (name, "default") != 0)
    g_action_group_change_action_state (G_ACTION_GROUP (self), "color-scheme", g_variant_new_string (name));
}

/* --- Windows ----------------------------------------------------------------------------------------------------- */

/* A new window opens the laboratory, and it trains at once. */
static GtkWindow *
open_window (HeftApplication *self)
{
  HeftWindow *window = heft_window_new (self);
  gsize n;
  const HeftExperiment *const *experiments = heft_experiments (&n);
  const HeftExperiment *first = heft_experiment_find ("train", NULL);

  if (first == NULL && n > 0)
    first = experiments[0];
  if (first != NULL)
    g_action_group_change_action_state (G_ACTION_GROUP (window), "experiment", g_variant_new_string (first->id));
  heft_debug_watch (GTK_WINDOW (window));
  gtk_window_present (GTK_WINDOW (window));
  return GTK_WINDOW (window);
}

static void
new_window_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  open_window (data);
}

/* Every window ends its own run; the program leaves when the last worker has. */
static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr(GList) windows = g_list_copy (gtk_application_get_windows (data));

  for (GList *at = windows; at != NULL; at = at->next)
    gtk_window_close (at->data);
}

static const GActionEntry entries[] = {
  { "about", about_action },
  { "color-scheme", NULL, "s", "'default'", change_color_scheme },
  { "new-window", new_window_action },
  { "quit", quit_action },
};

static void
set_accels (GtkApplication *application)
{
  static const struct { const char *action, *accels[3]; } accels[] = {
    { "app.new-window", { "<Control>n" } },
    { "app.quit", { "<Control>q" } },
    { "window.close", { "<Control>w" } },
    { "win.sidebar", { "F9" } },
    { "win.fullscreen", { "F11" } },
    { "win.export-figure", { "<Control>e" } },
    { "win.export-data", { "<Control><Shift>e" } },
    { "win.save", { "<Control>s" } },
    { "win.save-network", { "<Control><Shift>s" } },
    { "win.open", { "<Control>o" } },
    { "win.fit", { "<Control>0", "<Control>KP_0" } },
    { "win.zoom-in", { "<Control>plus", "<Control>equal" } },
    { "win.zoom-out", { "<Control>minus" } },
    { "win.previous-view", { "<Alt>z" } },
    { "win.next-view", { "<Shift><Alt>z" } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (accels); i++)
    {
      const char *keys[4] = { accels[i].accels[0], accels[i].accels[1], accels[i].accels[2], NULL };

      gtk_application_set_accels_for_action (application, accels[i].action, keys);
    }
}

/* --- Object ------------------------------------------------------------------------------------------------------ */

static void
heft_application_startup (GApplication *application)
{
  HeftApplication *self = HEFT_APPLICATION (application);

  G_APPLICATION_CLASS (heft_application_parent_class)->startup (application);
  self->settings = heft_settings_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  set_accels (GTK_APPLICATION (self));
  heft_debug_init (GTK_APPLICATION (self));
  restore_color_scheme (self);
}

static void
heft_application_activate (GApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (window != NULL)
    gtk_window_present (window);
  else
    open_window (HEFT_APPLICATION (application));
}

static void
heft_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);
      GtkWindow *window = open_window (HEFT_APPLICATION (application));

      if (path != NULL)
        g_action_group_activate_action (G_ACTION_GROUP (window), "open-from", g_variant_new_string (path));
    }
}

static void
heft_application_dispose (GObject *object)
{
  g_clear_object (&HEFT_APPLICATION (object)->settings);
  G_OBJECT_CLASS (heft_application_parent_class)->dispose (object);
}

static void
heft_application_class_init (HeftApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = heft_application_dispose;
  application_class->startup = heft_application_startup;
  application_class->activate = heft_application_activate;
  application_class->open = heft_application_open;
}

static void
heft_application_init (HeftApplication *self)
{
}

HeftApplication *
heft_application_new (void)
{
  return g_object_new (HEFT_TYPE_APPLICATION, "application-id", HEFT_APPLICATION_ID, "flags", G_APPLICATION_HANDLES_OPEN,
                       "resource-base-path", "/io/github/heft/Heft", NULL);
}
