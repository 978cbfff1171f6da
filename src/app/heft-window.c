/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-window"

#include "config.h"

#include "heft-window-private.h"

#include <glib/gi18n.h>
#include <heft/plot.h>

#include "heft-format.h"
#include "heft-settings.h"

/* An experiment starts once its panels are on screen, so that its threads do not slow them down; milliseconds after which it starts
 * though nobody has seen them. */
#define START_ANYWAY 500

G_DEFINE_FINAL_TYPE (HeftWindow, heft_window, ADW_TYPE_APPLICATION_WINDOW)

void
heft_window_show_message (HeftWindow *self, const char *message)
{
  AdwToast *toast = adw_toast_new (message);

  adw_toast_set_timeout (toast, 4);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

void
heft_window_show_error (HeftWindow *self, const char *heading, const char *body)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), heading, body);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

/* --- Status ------------------------------------------------------------------------------------------------------ */

/* Nothing was done before it failed: what it was to work on, or with, does not fit. */
static gboolean
never_began (HeftWindow *self, const HeftProgress *progress)
{
  return heft_session_get_state (self->session) == HEFT_RUN_FAILED && progress->step == 0 && !(progress->fraction > 0);
}

static char *
describe_state (HeftWindow *self, const HeftProgress *progress)
{
  g_autofree char *step = heft_format_count ((double) progress->step);

  if (heft_session_get_run (self->session) == NULL)
    return g_strdup (heft_session_get_file_name (self->session));
  if (heft_session_get_state (self->session) == HEFT_RUN_READY)
    return g_strdup (_("Ready"));
  if (progress->step == 0 && !(progress->fraction > 0) && heft_session_get_state (self->session) == HEFT_RUN_RUNNING)
    return g_strdup (_("Starting…"));
  if (never_began (self, progress))
    return g_strdup (_("Did not start"));
  if (progress->stage != NULL)
    {
      g_autofree char *count = heft_format_count ((double) progress->count);

      return g_strdup_printf (_("%s %s"), _(progress->stage), count);
    }
  if (progress->epoch > 0)
    return g_strdup_printf (_("Epoch %.2f · step %s"), progress->epoch, step);
  /* Without epochs a step is whatever the experiment does at once: how much of it is done says more. */
  if (progress->waiting)
    return g_strdup (_("Done"));
  if (progress->fraction > 0)
    return g_strdup_printf (_("%.0f %% done"), 100 * progress->fraction);
  return g_strdup_printf (_("Step %s"), step);
}

static char *
describe_detail (HeftWindow *self, const HeftProgress *progress)
{
  g_autofree char *rate = NULL, *left = NULL;

  switch (heft_session_get_state (self->session))
    {
    case HEFT_RUN_READY: return g_strdup (_("Press Space to start"));
    case HEFT_RUN_PAUSED: return g_strdup (_("Paused"));
    case HEFT_RUN_FAILED: return g_strdup (never_began (self, progress) ? _("An error keeps it from starting") : _("Stopped by an error"));
    case HEFT_RUN_STOPPED: return g_strdup (_("Stopped"));
    case HEFT_RUN_DONE:
      if (heft_session_get_run (self->session) != NULL)
        return g_strdup (_("Done"));
      return g_strdup (heft_session_can_resume (self->session) ? _("Saved run; Space continues it") : _("Saved run"));
    case HEFT_RUN_RUNNING:
    default: break;
    }
  if (progress->waiting)
    return g_strdup (_("Follows the controls"));
  if (progress->seconds_left >= 0)
    left = heft_format_time_left (progress->seconds_left);
  if (progress->samples_per_second > 0)
    {
      g_autofree char *count = heft_format_count (progress->samples_per_second >= 1000
                                                  ? 100 * (double) (gint64) (progress->samples_per_second / 100)
                                                  : progress->samples_per_second);

      rate = g_strdup_printf (progress->stage != NULL ? _("%s a second") : _("%s samples/s"), count);
    }
  if (rate != NULL && left != NULL)
    return g_strdup_printf (_("%s · %s"), rate, left);
  return g_strdup (rate != NULL ? rate : left != NULL ? left : _("Running"));
}

static void
update_status (HeftWindow *self)
{
  HeftRun *run = heft_session_get_run (self->session);
  HeftProgress progress = { .fraction = -1, .seconds_left = -1 };
  g_autofree char *title = NULL, *detail = NULL;
  gboolean known;

  if (run != NULL)
    heft_run_get_progress (run, &progress);
  title = describe_state (self, &progress);
  detail = describe_detail (self, &progress);
  gtk_label_set_label (self->status_title, title != NULL ? title : "");
  gtk_label_set_label (self->status_detail, detail);
  known = run != NULL && progress.fraction >= 0 && !progress.waiting && heft_session_get_state (self->session) == HEFT_RUN_RUNNING;
  gtk_widget_set_visible (GTK_WIDGET (self->progress), known);
  if (known)
    gtk_progress_bar_set_fraction (self->progress, CLAMP (progress.fraction, 0, 1));
}

/* --- Following the run ------------------------------------------------------------------------------------------- */

static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  HeftWindow *self = HEFT_WINDOW (widget);
  gboolean go_on = heft_session_poll (self->session);
  gint64 now = g_get_monotonic_time ();
  gboolean due = heft_panel_grid_is_due (self->grid, now);

  /* All that changes with the run changes in the same frames. */
  if (due || !go_on)
    {
      update_status (self);
      heft_window_actions_follow_record (self);
      heft_parameter_sidebar_follow_run (self->sidebar);
      due = heft_panel_grid_refresh (self->grid);
    }
  if (go_on || due)
    return G_SOURCE_CONTINUE;
  self->tick = 0;
  return G_SOURCE_REMOVE;
}

void
heft_window_wake (HeftWindow *self)
{
  if (self->tick == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), tick_cb, NULL, NULL);
}

static void
before_paint_cb (HeftWindow *self)
{
  self->frame_time = heft_processor_time ();
}

static gboolean
start_cb (gpointer data)
{
  HeftWindow *self = data;

  self->start = 0;
  if (heft_session_get_state (self->session) == HEFT_RUN_READY)
    heft_session_start (self->session);
  return G_SOURCE_REMOVE;
}

static void
after_paint_cb (HeftWindow *self)
{
  heft_panel_grid_note_frame (self->grid, heft_processor_time () - self->frame_time);
  if (self->start == 0 || !heft_panel_grid_is_current (self->grid) || !heft_parameter_sidebar_is_complete (self->sidebar))
    return;
  g_source_remove (self->start);
  start_cb (self);
}

static void
heft_window_realize (GtkWidget *widget)
{
  GdkFrameClock *clock;

  GTK_WIDGET_CLASS (heft_window_parent_class)->realize (widget);
  clock = gtk_widget_get_frame_clock (widget);
  g_signal_connect_object (clock, "before-paint", G_CALLBACK (before_paint_cb), widget, G_CONNECT_SWAPPED);
  g_signal_connect_object (clock, "after-paint", G_CALLBACK (after_paint_cb), widget, G_CONNECT_SWAPPED);
}

static void
state_changed_cb (HeftWindow *self)
{
  const char *error = heft_session_get_error (self->session);

  if (error != NULL)
    gtk_label_set_label (self->failure_label, error);
  gtk_revealer_set_reveal_child (self->failure_bar, error != NULL);
  update_status (self);
  heft_window_actions_update (self);
  heft_window_wake (self);
}

static void
update_pending (HeftWindow *self)
{
  g_autofree char *names = heft_session_dup_pending (self->session);

  if (names != NULL)
    {
      g_autofree char *sentence = g_strdup_printf (_("Takes effect with a reset: %s"), names);

      gtk_label_set_label (self->pending_label, sentence);
    }
  gtk_revealer_set_reveal_child (self->pending_bar, names != NULL);
  heft_window_actions_update (self);
}

static void
job_failed_cb (HeftWindow *self, const char *label, const char *error)
{
  g_autofree char *heading = heft_text_dup_plain (_(label));

  heft_window_show_error (self, heading, error);
}

static void
parameter_changed_cb (HeftWindow *self)
{
  heft_window_actions_follow_parameters (self);
  heft_window_wake (self);
}

static void
select_experiment (HeftWindow *self)
{
  const HeftExperiment *current = heft_session_get_experiment (self->session);
  gsize n;
  const HeftExperiment *const *experiments = heft_experiments (&n);

  for (gsize i = 0; i < n; i++)
    if (experiments[i] == current)
      {
        self->updating = TRUE;
        gtk_drop_down_set_selected (self->experiment_chooser, (guint) i);
        self->updating = FALSE;
      }
}

static void
record_replaced_cb (HeftWindow *self)
{
  heft_window_actions_follow_panels (self);
  heft_window_actions_follow_parameters (self);
  select_experiment (self);
  heft_window_wake (self);
}

/* --- Experiments ------------------------------------------------------------------------------------------------- */

void
heft_window_choose (HeftWindow *self, const HeftExperiment *experiment)
{
  heft_panel_grid_set_enlarged (self->grid, "");
  heft_session_set_experiment (self->session, experiment);
  g_clear_handle_id (&self->start, g_source_remove);
  self->start = g_timeout_add (START_ANYWAY, start_cb, self);
}

static void
experiment_selected_cb (HeftWindow *self)
{
  gsize n;
  const HeftExperiment *const *experiments = heft_experiments (&n);
  guint selected = gtk_drop_down_get_selected (self->experiment_chooser);

  if (!self->updating && selected < n && experiments[selected] != heft_session_get_experiment (self->session))
    heft_window_choose (self, experiments[selected]);
}

/* In the header bar, which has to fit a small screen, an experiment goes by what stands before the colon. */
static void
bind_chosen_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  const char *title = gtk_string_object_get_string (gtk_list_item_get_item (item));
  g_autofree char *name = g_strndup (title, strcspn (title, ":"));

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), name);
}

static void
setup_chosen_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gtk_list_item_set_child (item, g_object_new (GTK_TYPE_LABEL, "xalign", 0.0, "ellipsize", PANGO_ELLIPSIZE_END, NULL));
}

static void
setup_experiment_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *title = g_object_new (GTK_TYPE_LABEL, "xalign", 0.0, NULL);
  GtkWidget *summary = g_object_new (GTK_TYPE_LABEL, "xalign", 0.0, "wrap", TRUE, "width-chars", 58, "max-width-chars", 58, NULL);

  gtk_widget_add_css_class (title, "heading");
  gtk_widget_add_css_class (summary, "caption");
  gtk_widget_add_css_class (summary, "dim-label");
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), summary);
  gtk_list_item_set_child (item, box);
}

static void
bind_experiment_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  gsize n;
  const HeftExperiment *const *experiments = heft_experiments (&n);
  GtkWidget *title = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  guint position = gtk_list_item_get_position (item);
  g_autofree char *summary = position < n ? heft_text_dup_plain (_(experiments[position]->summary)) : NULL;

  gtk_label_set_label (GTK_LABEL (title), gtk_string_object_get_string (gtk_list_item_get_item (item)));
  gtk_label_set_label (GTK_LABEL (gtk_widget_get_next_sibling (title)), summary != NULL ? summary : "");
}

/* In the list each title stands above what the experiment shows. */
static void
describe_experiments (HeftWindow *self)
{
  g_autoptr(GtkListItemFactory) described = gtk_signal_list_item_factory_new ();
  g_autoptr(GtkListItemFactory) chosen = gtk_signal_list_item_factory_new ();

  g_signal_connect (chosen, "setup", G_CALLBACK (setup_chosen_cb), NULL);
  g_signal_connect (chosen, "bind", G_CALLBACK (bind_chosen_cb), NULL);
  gtk_drop_down_set_factory (self->experiment_chooser, chosen);

  g_signal_connect (described, "setup", G_CALLBACK (setup_experiment_cb), NULL);
  g_signal_connect (described, "bind", G_CALLBACK (bind_experiment_cb), NULL);
  gtk_drop_down_set_list_factory (self->experiment_chooser, described);
}

static void
fill_chooser (HeftWindow *self)
{
  gsize n;
  const HeftExperiment *const *experiments = heft_experiments (&n);
  g_autoptr(GtkStringList) titles = gtk_string_list_new (NULL);

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *title = heft_text_dup_plain (_(experiments[i]->title));

      gtk_string_list_append (titles, title);
    }
  self->updating = TRUE;
  gtk_drop_down_set_model (self->experiment_chooser, G_LIST_MODEL (titles));
  describe_experiments (self);
  self->updating = FALSE;
  g_signal_connect_object (self->experiment_chooser, "notify::selected", G_CALLBACK (experiment_selected_cb), self,
                           G_CONNECT_SWAPPED);
}

/* --- Window ------------------------------------------------------------------------------------------------------ */

void
heft_window_set_sidebar (HeftWindow *self, gboolean shown)
{
  adw_flap_set_reveal_flap (self->flap, shown);
}

static void
restore_size (HeftWindow *self)
{
  int width, height;

  if (self->settings == NULL)
    return;
  g_settings_get (self->settings, "window-size", "(ii)", &width, &height);
  if (width > 0 && height > 0)
    gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (g_settings_get_boolean (self->settings, "maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
}

static void
save_size (HeftWindow *self)
{
  int width, height;

  if (self->settings == NULL)
    return;
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_settings_set (self->settings, "window-size", "(ii)", width, height);
  g_settings_set_boolean (self->settings, "maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
}

static void
shut_down_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GApplication) application = user_data;

  g_application_release (application);
}

/* An entry that loses the focus as the window goes hands its text over; nobody is left who would want to know. */
static void
let_go (HeftWindow *self)
{
  if (self->session == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->session, self);
  g_signal_handlers_disconnect_by_data (self->session, self->sidebar);
}

/* The window goes at once; the program stays until the worker has ended, so that it ends cleanly. */
static gboolean
heft_window_close_request (GtkWindow *window)
{
  HeftWindow *self = HEFT_WINDOW (window);
  GApplication *application = g_application_get_default ();

  g_clear_handle_id (&self->start, g_source_remove);
  if (!self->closing)
    {
      self->closing = TRUE;
      let_go (self);
      save_size (self);
      if (self->tick != 0)
        gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick);
      self->tick = 0;
      if (application != NULL)
        {
          g_application_hold (application);
          heft_session_shut_down (self->session, shut_down_cb, g_object_ref (application));
        }
    }
  return GTK_WINDOW_CLASS (heft_window_parent_class)->close_request (window);
}

static void
heft_window_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (heft_window_parent_class)->map (widget);
  heft_window_wake (HEFT_WINDOW (widget));
}

static void
heft_window_unmap (GtkWidget *widget)
{
  HeftWindow *self = HEFT_WINDOW (widget);

  if (self->tick != 0)
    gtk_widget_remove_tick_callback (widget, self->tick);
  self->tick = 0;
  GTK_WIDGET_CLASS (heft_window_parent_class)->unmap (widget);
}

static void
heft_window_dispose (GObject *object)
{
  HeftWindow *self = HEFT_WINDOW (object);

  g_clear_handle_id (&self->start, g_source_remove);
  let_go (self);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->log_actions, g_ptr_array_unref);
  g_clear_pointer (&self->last_folder, g_free);
  G_OBJECT_CLASS (heft_window_parent_class)->dispose (object);
}

static void
heft_window_class_init (HeftWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_window_dispose;
  widget_class->map = heft_window_map;
  widget_class->realize = heft_window_realize;
  widget_class->unmap = heft_window_unmap;
  GTK_WINDOW_CLASS (klass)->close_request = heft_window_close_request;
  g_type_ensure (HEFT_TYPE_PANEL_GRID);
  g_type_ensure (HEFT_TYPE_PARAMETER_SIDEBAR);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/heft/Heft/ui/heft-window.ui");
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, experiment_chooser);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, failure_bar);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, failure_label);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, grid);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, menu_button);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, pending_bar);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, pending_label);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, run_button);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, speed_button);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, status_detail);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, status_title);
  gtk_widget_class_bind_template_child (widget_class, HeftWindow, toasts);
}

static void
heft_window_init (HeftWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->session = heft_session_new ();
  self->settings = heft_settings_new ();
  self->log_actions = g_ptr_array_new_with_free_func (g_free);
  heft_name_menu_button (self->menu_button, _("Main menu"));
  heft_name_menu_button (self->speed_button, _("Speed"));
  heft_name_drop_down (self->experiment_chooser, _("Experiment"));
  fill_chooser (self);
  heft_window_actions_init (self);
  heft_window_export_init (self);
  heft_parameter_sidebar_set_session (self->sidebar, self->session);
  heft_panel_grid_set_session (self->grid, self->session);
  g_signal_connect_object (self->session, "record-replaced", G_CALLBACK (record_replaced_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "state-changed", G_CALLBACK (state_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "job-failed", G_CALLBACK (job_failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "pending-changed", G_CALLBACK (update_pending), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->session, "parameter-changed", G_CALLBACK (parameter_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->sidebar, "checked", G_CALLBACK (heft_window_actions_update), self, G_CONNECT_SWAPPED);
  restore_size (self);
  gtk_window_set_focus (GTK_WINDOW (self), self->run_button);
}

HeftWindow *
heft_window_new (HeftApplication *application)
{
  return g_object_new (HEFT_TYPE_WINDOW, "application", application, NULL);
}
