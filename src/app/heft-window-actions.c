/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-window-actions"

#include "config.h"

#include "heft-window-private.h"

#include <glib/gi18n.h>

#define WINDOW(data) HEFT_WINDOW (data)

/* --- Transport --------------------------------------------------------------------------------------------------- */

static void
run_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftSession *session = WINDOW (data)->session;

  if (heft_session_get_state (session) == HEFT_RUN_RUNNING)
    heft_session_pause (session);
  else
    heft_session_start (session);
}

static void
change_run_state (GSimpleAction *action, GVariant *state, gpointer data)
{
  gboolean running = heft_session_get_state (WINDOW (data)->session) == HEFT_RUN_RUNNING;

  if (g_variant_get_boolean (state) != running)
    run_action (action, NULL, data);
}

static void
step_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  heft_session_step (WINDOW (data)->session);
}

static gboolean
is_typing (HeftWindow *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  return focus != NULL && GTK_IS_EDITABLE (focus);
}

/* What has been typed is handed over, and Space is the transport's again. */
static void
end_typing (HeftWindow *self)
{
  if (is_typing (self))
    gtk_window_set_focus (GTK_WINDOW (self), self->run_button);
}

static void
reset_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  end_typing (data);
  heft_session_reset (WINDOW (data)->session);
}

static void
apply_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  end_typing (data);
  heft_session_apply (WINDOW (data)->session);
}

static void
new_seed_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftSession *session = WINDOW (data)->session;

  end_typing (data);
  /* The next one and not a random one: a class can follow along. */
  heft_session_set_seed (session, heft_session_get_seed (session) + 1);
  heft_session_reset (session);
}

static void
discard_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  end_typing (data);
  heft_session_discard_pending (WINDOW (data)->session);
}

static void
change_speed (GSimpleAction *action, GVariant *state, gpointer data)
{
  static const struct { const char *name; guint microseconds; } speeds[] = {
    { "full", 0 }, { "slow", 50000 }, { "slowest", 500000 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (speeds); i++)
    if (g_strcmp0 (g_variant_get_string (state, NULL), speeds[i].name) == 0)
      {
        heft_session_set_delay (WINDOW (data)->session, speeds[i].microseconds);
        g_simple_action_set_state (action, state);
      }
}

static void
change_experiment (GSimpleAction *action, GVariant *state, gpointer data)
{
  g_autoptr(GError) error = NULL;
  const HeftExperiment *experiment = heft_experiment_find (g_variant_get_string (state, NULL), &error);

  if (experiment == NULL)
    heft_window_show_message (data, error->message);
  else if (experiment != heft_session_get_experiment (WINDOW (data)->session))
    heft_window_choose (data, experiment);
}

static void
set_parameter_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *name, *value;
  g_autoptr(GError) error = NULL;

  g_variant_get (parameter, "(&s&s)", &name, &value);
  if (!heft_session_set_parameter (WINDOW (data)->session, name, value, &error))
    heft_window_show_message (data, error->message);
}

static void
change_parameters (GSimpleAction *action, GVariant *state, gpointer data)
{
  GVariantIter iter;
  const char *name, *value;

  g_variant_iter_init (&iter, state);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &value))
    {
      g_autoptr(GError) error = NULL;

      if (!heft_session_set_parameter (WINDOW (data)->session, name, value, &error))
        heft_window_show_message (data, error->message);
    }
}

/* Said by the window, not to it. */
static void
keep_state (GSimpleAction *action, GVariant *state, gpointer data)
{
}

static void
reset_parameter_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  heft_session_reset_parameter (WINDOW (data)->session, g_variant_get_string (parameter, NULL));
}

static void
job_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftSession *session = WINDOW (data)->session;
  const HeftExperiment *experiment = heft_session_get_experiment (session);

  for (gsize job = 0; job < experiment->n_jobs; job++)
    if (g_strcmp0 (experiment->jobs[job].id, g_variant_get_string (parameter, NULL)) == 0)
      {
        g_autoptr(GError) error = NULL;

        heft_session_toggle_job (session, job, &error);
        if (error != NULL)
          heft_window_show_message (data, error->message);
      }
}

/* --- View -------------------------------------------------------------------------------------------------------- */

static void
change_sidebar (GSimpleAction *action, GVariant *state, gpointer data)
{
  heft_window_set_sidebar (data, g_variant_get_boolean (state));
  g_simple_action_set_state (action, state);
}

static void
change_fullscreen (GSimpleAction *action, GVariant *state, gpointer data)
{
  if (g_variant_get_boolean (state))
    gtk_window_fullscreen (data);
  else
    gtk_window_unfullscreen (data);
  g_simple_action_set_state (action, state);
}

static void
fullscreened_cb (HeftWindow *self)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "fullscreen");

  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (gtk_window_is_fullscreen (GTK_WINDOW (self))));
}

static void
enlarge (HeftWindow *self, const char *id)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "enlarge");

  heft_panel_grid_set_enlarged (self->grid, id);
  heft_window_wake (self);
  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_string (heft_panel_grid_get_enlarged (self->grid)));
}

static void
change_enlarged (GSimpleAction *action, GVariant *state, gpointer data)
{
  enlarge (data, g_variant_get_string (state, NULL));
}

static void
toggle_enlarged_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *id = g_variant_get_string (parameter, NULL);

  enlarge (data, g_strcmp0 (heft_panel_grid_get_enlarged (WINDOW (data)->grid), id) == 0 ? "" : id);
}

static void
escape_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  if (*heft_panel_grid_get_enlarged (WINDOW (data)->grid) != '\0')
    enlarge (data, "");
  else if (gtk_window_is_fullscreen (data))
    gtk_window_unfullscreen (data);
}

static HeftPlotView *
active_plot (gpointer data)
{
  HeftPanelView *panel = heft_panel_grid_get_active (WINDOW (data)->grid);

  return panel != NULL ? heft_panel_view_get_plot (panel) : NULL;
}

static void
zoom_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  static const struct { const char *name; double factor; } zooms[] = { { "zoom-in", 1.3 }, { "zoom-out", 1 / 1.3 } };
  HeftPlotView *plot = active_plot (data);

  for (gsize i = 0; i < G_N_ELEMENTS (zooms) && plot != NULL; i++)
    if (g_strcmp0 (g_action_get_name (G_ACTION (action)), zooms[i].name) == 0)
      heft_plot_view_zoom (plot, zooms[i].factor);
}

static void
fit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftPlotView *plot = active_plot (data);

  if (plot != NULL)
    heft_plot_view_fit (plot);
}

static void
fit_panel_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftPanelView *panel = heft_panel_grid_find (WINDOW (data)->grid, g_variant_get_string (parameter, NULL));

  if (panel != NULL)
    heft_plot_view_fit (heft_panel_view_get_plot (panel));
}

static void
history_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftPlotView *plot = active_plot (data);

  if (plot == NULL)
    return;
  if (g_strcmp0 (g_action_get_name (G_ACTION (action)), "previous-view") == 0)
    heft_plot_view_previous (plot);
  else
    heft_plot_view_next (plot);
}

static void
toggle_log_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gboolean x_axis = g_strcmp0 (g_action_get_name (G_ACTION (action)), "toggle-log-x") == 0;
  HeftPanelView *panel = heft_panel_grid_get_active (WINDOW (data)->grid);
  g_autofree char *name = NULL;

  if (panel == NULL)
    return;
  name = g_strconcat (x_axis ? "log-x-" : "log-y-", heft_panel_view_get_id (panel), NULL);
  if (g_action_group_has_action (G_ACTION_GROUP (data), name))
    g_action_group_activate_action (G_ACTION_GROUP (data), name, NULL);
}

static void
change_log (GSimpleAction *action, GVariant *state, gpointer data)
{
  const char *name = g_action_get_name (G_ACTION (action));
  gboolean x_axis = g_str_has_prefix (name, "log-x-");
  HeftPanelView *panel = heft_panel_grid_find (WINDOW (data)->grid, name + strlen ("log-x-"));

  if (panel == NULL)
    return;
  heft_panel_view_set_log (panel, x_axis, g_variant_get_boolean (state));
  g_simple_action_set_state (action, state);
}

static void
add_log_action (HeftWindow *self, HeftPanelView *panel, gboolean x_axis)
{
  char *name = g_strconcat (x_axis ? "log-x-" : "log-y-", heft_panel_view_get_id (panel), NULL);
  g_autoptr(GSimpleAction) action = g_simple_action_new_stateful (name, NULL,
                                                                  g_variant_new_boolean (heft_panel_view_get_log (panel, x_axis)));

  g_signal_connect (action, "change-state", G_CALLBACK (change_log), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (action));
  g_ptr_array_add (self->log_actions, name);
}

void
heft_window_actions_follow_panels (HeftWindow *self)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), "experiment");

  g_simple_action_set_state (G_SIMPLE_ACTION (action),
                             g_variant_new_string (heft_session_get_experiment (self->session)->id));
  for (guint i = 0; i < self->log_actions->len; i++)
    g_action_map_remove_action (G_ACTION_MAP (self), g_ptr_array_index (self->log_actions, i));
  g_ptr_array_set_size (self->log_actions, 0);
  for (guint i = 0; i < heft_panel_grid_get_n_panels (self->grid); i++)
    {
      HeftPanelView *panel = heft_panel_grid_get_nth (self->grid, i);
      HeftPanelKind kind = heft_panel_view_get_spec (panel)->kind;

      if (kind == HEFT_PANEL_IMAGES || kind == HEFT_PANEL_LEDGER || kind == HEFT_PANEL_CELLS || kind == HEFT_PANEL_PLANE)
        continue;
      add_log_action (self, panel, TRUE);
      add_log_action (self, panel, FALSE);
    }
}

/* --- State ------------------------------------------------------------------------------------------------------- */

static void
set_enabled (HeftWindow *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  if (action != NULL)
    g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static const char *const state_names[] = {
  [HEFT_RUN_READY] = "ready", [HEFT_RUN_RUNNING] = "running", [HEFT_RUN_PAUSED] = "paused",
  [HEFT_RUN_DONE] = "done", [HEFT_RUN_FAILED] = "failed", [HEFT_RUN_STOPPED] = "stopped",
};

static void
set_state (HeftWindow *self, const char *name, GVariant *state)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  g_simple_action_set_state (G_SIMPLE_ACTION (action), state);
}

void
heft_window_actions_follow_parameters (HeftWindow *self)
{
  const HeftExperiment *experiment = heft_session_get_experiment (self->session);
  HeftParameters *parameters = heft_session_get_parameters (self->session);
  GVariantBuilder values;
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, heft_session_get_seed (self->session));

  g_variant_builder_init (&values, G_VARIANT_TYPE ("a{ss}"));
  for (gsize i = 0; i < experiment->n_parameters; i++)
    {
      const char *text = heft_parameters_get_text (parameters, experiment->parameters[i].id);

      g_variant_builder_add (&values, "{ss}", experiment->parameters[i].id, text != NULL ? text : "");
    }
  g_variant_builder_add (&values, "{ss}", "seed", seed);
  set_state (self, "parameters", g_variant_builder_end (&values));
}

void
heft_window_actions_update (HeftWindow *self)
{
  g_autofree char *pending = heft_session_dup_pending (self->session);
  gboolean running = heft_session_get_state (self->session) == HEFT_RUN_RUNNING;
  gboolean valid = heft_parameter_sidebar_is_valid (self->sidebar);
  const char *tooltip = running ? _("Pause (Space)") : _("Run (Space)");
  GAction *run = g_action_map_lookup_action (G_ACTION_MAP (self), "run");

  g_simple_action_set_state (G_SIMPLE_ACTION (run), g_variant_new_boolean (running));
  set_state (self, "state", g_variant_new_string (state_names[heft_session_get_state (self->session)]));
  set_state (self, "error", g_variant_new_string (heft_session_get_error (self->session) != NULL
                                                  ? heft_session_get_error (self->session) : ""));
  set_state (self, "pending", g_variant_new_string (pending != NULL ? pending : ""));
  gtk_button_set_icon_name (GTK_BUTTON (self->run_button),
                            running ? "media-playback-pause-symbolic" : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (self->run_button, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->run_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  running ? _("Pause") : _("Run"), -1);
  set_enabled (self, "apply", pending != NULL && valid);
  set_enabled (self, "discard", pending != NULL);
  set_enabled (self, "save", heft_session_get_run (self->session) != NULL);
  heft_window_actions_follow_record (self);
}

/* A menu has no tooltips: an item whose action is "no-network" says why there is nothing to save, and hides where it is missing. */
void
heft_window_actions_follow_record (HeftWindow *self)
{
  HeftRecord *record = heft_session_get_record (self->session);
  gboolean known = record != NULL && heft_record_has_network (record);
  gboolean missing = g_action_map_lookup_action (G_ACTION_MAP (self), "no-network") != NULL;

  set_enabled (self, "save-network", known);
  if (known && missing)
    g_action_map_remove_action (G_ACTION_MAP (self), "no-network");
  else if (!known && !missing)
    {
      g_autoptr(GSimpleAction) reason = g_simple_action_new ("no-network", NULL);

      g_simple_action_set_enabled (reason, FALSE);
      g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (reason));
    }
}

static const GActionEntry entries[] = {
  { "run", run_action, NULL, "false", change_run_state },
  { "step", step_action },
  { "reset", reset_action },
  { "new-seed", new_seed_action },
  { "apply", apply_action },
  { "discard", discard_action },
  { "speed", NULL, "s", "'full'", change_speed },
  { "experiment", NULL, "s", "''", change_experiment },
  { "parameters", NULL, NULL, "@a{ss} {}", change_parameters },
  { "set-parameter", set_parameter_action, "(ss)" },
  { "reset-parameter", reset_parameter_action, "s" },
  { "job", job_action, "s" },
  { "sidebar", NULL, NULL, "true", change_sidebar },
  { "fullscreen", NULL, NULL, "false", change_fullscreen },
  { "enlarge", NULL, "s", "''", change_enlarged },
  { "toggle-enlarged", toggle_enlarged_action, "s" },
  { "escape", escape_action },
  { "zoom-in", zoom_action },
  { "zoom-out", zoom_action },
  { "fit", fit_action },
  { "fit-panel", fit_panel_action, "s" },
  { "previous-view", history_action },
  { "next-view", history_action },
  { "toggle-log-x", toggle_log_action },
  { "toggle-log-y", toggle_log_action },
  /* To be read over D-Bus: "running", the failure's sentence, what waits for a reset. */
  { "state", NULL, NULL, "'ready'", keep_state },
  { "error", NULL, NULL, "''", keep_state },
  { "pending", NULL, NULL, "''", keep_state },
};

/* --- Keys without a modifier ------------------------------------------------------------------------------------- */

/* Space runs and pauses wherever the focus is, but for typing, and for a person who walks the controls with the keyboard. */
static gboolean
space_cb (HeftWindow *self, guint key, guint code, GdkModifierType state, GtkEventController *controller)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  if (key != GDK_KEY_space || (state & gtk_accelerator_get_default_mod_mask ()) != 0 || is_typing (self))
    return GDK_EVENT_PROPAGATE;
  if (focus != NULL && gtk_window_get_focus_visible (GTK_WINDOW (self))
      && (GTK_IS_BUTTON (focus) || GTK_IS_SWITCH (focus) || GTK_IS_TOGGLE_BUTTON (focus)))
    return GDK_EVENT_PROPAGATE;
  g_action_group_activate_action (G_ACTION_GROUP (self), "run", NULL);
  return GDK_EVENT_STOP;
}

static void
add_keys (HeftWindow *self)
{
  static const struct { const char *trigger, *action; } keys[] = {
    { "s", "win.step" }, { "r", "win.reset" }, { "<Shift>r", "win.new-seed" }, { "l", "win.toggle-log-y" },
    { "<Shift>l", "win.toggle-log-x" }, { "<Control>c", "win.copy" }, { "Escape", "win.escape" },
  };
  GtkEventController *shortcuts = gtk_shortcut_controller_new ();
  GtkEventController *space = gtk_event_controller_key_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (shortcuts),
                                          gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].trigger),
                                                            gtk_named_action_new (keys[i].action)));
  gtk_event_controller_set_propagation_phase (shortcuts, GTK_PHASE_BUBBLE);
  gtk_widget_add_controller (GTK_WIDGET (self), shortcuts);
  gtk_event_controller_set_propagation_phase (space, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (space, "key-pressed", G_CALLBACK (space_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), space);
}

void
heft_window_actions_init (HeftWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  g_signal_connect (self, "notify::fullscreened", G_CALLBACK (fullscreened_cb), NULL);
  add_keys (self);
}
