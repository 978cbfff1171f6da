/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-panel-view"

#include "config.h"

#include "heft-panel-view.h"

#include <glib/gi18n.h>
#include <heft/plot.h>

#include "heft-format.h"
#include "heft-formula-label.h"

/* What a panel cannot see in its own series and frame (a threshold read from another frame) is at most this old. */
#define REFRESH_ANYWAY G_TIME_SPAN_SECOND
/* Points a curve has on screen: some for each pixel, and more where a part is looked at closely. Files get all. */
#define MOST_POINTS 4096
#define MOST_POINTS_ZOOMED 65536

struct _HeftPanelView
{
  GtkWidget            parent_instance;

  /* Template widgets */
  GtkWidget           *header;
  HeftFormulaLabel    *title;
  GtkWidget           *job_left;
  GtkWidget           *job_button;
  GtkWidget           *job_progress;
  GtkWidget           *try_button;
  HeftFormulaLabel    *try_label;
  GtkWidget           *enlarge_button;
  GtkWidget           *menu_button;
  HeftPlotView        *plot;
  HeftFormulaLabel    *sentence;

  /* Owned references */
  HeftSession         *session;
  HeftFrame           *frame;        /* on show; kept so that its address stays its own */

  const HeftPanelSpec *spec;
  gssize               job;          /* -1 = none */
  int                  x_log, y_log; /* -1 = the panel's own */
  guint64              shown_length;
  guint64              shown_version;
  gint64               shown_time;
  gboolean             shown_job;
  gboolean             forced;
  guint                refresh;      /* idle source that refreshes while no run does */
};

G_DEFINE_FINAL_TYPE (HeftPanelView, heft_panel_view, GTK_TYPE_WIDGET)

static guint64
count_points (HeftPanelView *self, HeftRecord *record)
{
  guint64 total = 0;

  for (gsize s = 0; s < G_N_ELEMENTS (self->spec->series) && self->spec->series[s] != NULL; s++)
    {
      int series = heft_record_find_series (record, self->spec->series[s]);
      gsize layers = 1;

      if (series < 0)
        continue;
      if (heft_record_get_series_spec (record, (gsize) series)->per_layer)
        layers = heft_record_get_layers (record, NULL);
      for (gsize layer = 0; layer < layers; layer++)
        total += heft_record_get_length (record, (gsize) series, layer);
    }
  return total;
}

gboolean
heft_panel_view_is_stale (HeftPanelView *self)
{
  HeftRecord *record = heft_session_get_record (self->session);
  guint64 version;

  if (record == NULL)
    return FALSE;
  if (self->forced)
    return TRUE;
  version = heft_record_get_version (record);
  if (version == self->shown_version)
    return FALSE;
  if (g_get_monotonic_time () - self->shown_time > REFRESH_ANYWAY || count_points (self, record) != self->shown_length)
    return TRUE;
  if (self->spec->frame != NULL)
    {
      g_autoptr(HeftFrame) frame = heft_record_get_frame (record, self->spec->frame);

      return frame != self->frame;
    }
  return FALSE;
}

static void
update_sentence (HeftPanelView *self, HeftRecord *record)
{
  g_autofree char *sentence = self->spec->sentence != NULL ? self->spec->sentence (record) : NULL;
  g_autofree char *plain = heft_text_dup_plain (sentence);

  heft_formula_label_set_label (self->sentence, sentence != NULL ? sentence : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->sentence), *plain != '\0' ? plain : NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, plain, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->plot), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, plain, -1);
}

gint64
heft_panel_view_refresh (HeftPanelView *self)
{
  HeftRecord *record = heft_session_get_record (self->session);
  gboolean zoomed = heft_plot_state_is_zoomed (heft_plot_view_get_state (self->plot));
  gint64 start = heft_processor_time ();

  if (record == NULL)
    return 0;
  self->forced = FALSE;
  self->shown_version = heft_record_get_version (record);
  self->shown_length = count_points (self, record);
  self->shown_time = g_get_monotonic_time ();
  g_clear_pointer (&self->frame, heft_frame_unref);
  if (self->spec->frame != NULL)
    self->frame = heft_record_get_frame (record, self->spec->frame);
  heft_plot_view_take_figure (self->plot, heft_panel_figure_thin (self->spec, record, self->x_log, self->y_log,
                                                            zoomed ? MOST_POINTS_ZOOMED : MOST_POINTS));
  update_sentence (self, record);
  return heft_processor_time () - start + heft_plot_view_get_cost (self->plot);
}

static void
record_replaced_cb (HeftPanelView *self)
{
  g_clear_pointer (&self->frame, heft_frame_unref);
  self->shown_length = 0;
  self->shown_version = 0;
  self->forced = TRUE;
  heft_plot_view_forget (self->plot);
}

static gboolean
refresh_cb (gpointer data)
{
  HeftPanelView *self = data;

  self->refresh = 0;
  heft_panel_view_refresh (self);
  return G_SOURCE_REMOVE;
}

/* A part of a long curve has more points than the whole had. While a run goes on the next refresh shows them. */
static void
zoomed_cb (HeftPanelView *self)
{
  self->forced = TRUE;
  if (heft_session_get_state (self->session) != HEFT_RUN_RUNNING && self->refresh == 0)
    self->refresh = g_idle_add (refresh_cb, self);
}

void
heft_panel_view_follow_job (HeftPanelView *self)
{
  HeftProgress progress;
  gboolean running;

  if (self->job < 0)
    return;
  running = heft_session_is_job_running (self->session, (gsize) self->job)
            && heft_run_get_job_progress (heft_session_get_run (self->session), (gsize) self->job, &progress);
  if (running)
    {
      g_autofree char *left = progress.seconds_left >= 0 ? heft_format_time_left (progress.seconds_left) : NULL;

      gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->job_progress), CLAMP (progress.fraction, 0, 1));
      gtk_label_set_label (GTK_LABEL (self->job_left), left != NULL ? left : "");
    }
  if (running == self->shown_job)
    return;
  self->shown_job = running;
  gtk_widget_set_visible (self->job_progress, running);
  gtk_widget_set_visible (self->job_left, running);
  gtk_button_set_label (GTK_BUTTON (self->job_button),
                        running ? _("Stop") : _(heft_session_get_experiment (self->session)->jobs[self->job].label));
}

static void
append_export_item (GMenu *menu, const char *label, const char *panel, const char *format)
{
  g_autoptr(GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, "win.export-panel", "(ss)", panel, format);
  g_menu_append_item (menu, item);
}

static void
append_item (GMenu *menu, const char *label, const char *action, const char *panel)
{
  g_autoptr(GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, action, "s", panel);
  g_menu_append_item (menu, item);
}

GMenu *
heft_panel_view_make_export_menu (const char *id, gboolean data)
{
  GMenu *menu = g_menu_new ();

  append_export_item (menu, _("Export as SVG…"), id, "svg");
  append_export_item (menu, _("Export as PDF…"), id, "pdf");
  append_export_item (menu, _("Export as PNG…"), id, "png");
  if (data)
    append_export_item (menu, _("Export Data as CSV…"), id, "csv");
  append_item (menu, _("Copy"), "win.copy-panel", id);
  g_menu_append (menu, _("Figure Size and Resolution…"), "win.figure-settings");
  return menu;
}

static GMenu *
make_menu (const HeftPanelSpec *spec)
{
  GMenu *menu = g_menu_new ();
  g_autoptr(GMenu) files = heft_panel_view_make_export_menu (spec->id, TRUE);
  g_autoptr(GMenu) axes = g_menu_new ();
  g_autoptr(GMenu) view = g_menu_new ();
  g_autofree char *log_x = g_strconcat ("win.log-x-", spec->id, NULL);
  g_autofree char *log_y = g_strconcat ("win.log-y-", spec->id, NULL);

  g_menu_append_section (menu, NULL, G_MENU_MODEL (files));
  if (spec->kind != HEFT_PANEL_IMAGES && spec->kind != HEFT_PANEL_LEDGER && spec->kind != HEFT_PANEL_CELLS)
    {
      if (spec->kind != HEFT_PANEL_PLANE)
        {
          g_menu_append (axes, _("Logarithmic x Axis"), log_x);
          g_menu_append (axes, _("Logarithmic y Axis"), log_y);
        }
      append_item (axes, _("Fit to Data"), "win.fit-panel", spec->id);
      g_menu_append_section (menu, NULL, G_MENU_MODEL (axes));
    }
  append_item (view, _("Enlarge or Restore"), "win.toggle-enlarged", spec->id);
  g_menu_append_section (menu, NULL, G_MENU_MODEL (view));
  return menu;
}

static void
pressed_cb (HeftPanelView *self, int n_press, double x, double y, GtkGesture *gesture)
{
  if (n_press != 2)
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.toggle-enlarged", "s", self->spec->id);
}

static void
heft_panel_view_dispose (GObject *object)
{
  HeftPanelView *self = HEFT_PANEL_VIEW (object);
  GtkWidget *child;

  g_clear_handle_id (&self->refresh, g_source_remove);
  g_clear_object (&self->session);
  g_clear_pointer (&self->frame, heft_frame_unref);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (heft_panel_view_parent_class)->dispose (object);
}

static void
heft_panel_view_class_init (HeftPanelViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_panel_view_dispose;
  g_type_ensure (HEFT_TYPE_FORMULA_LABEL);
  g_type_ensure (HEFT_TYPE_PLOT_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/heft/Heft/ui/heft-panel-view.ui");
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, enlarge_button);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, header);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, job_button);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, job_left);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, job_progress);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, menu_button);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, plot);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, sentence);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, title);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, try_button);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelView, try_label);
  gtk_widget_class_set_css_name (widget_class, "panel");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
heft_panel_view_init (HeftPanelView *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  self->job = -1;
  self->x_log = self->y_log = -1;
  self->forced = TRUE;
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

/* Every control of a panel is named with the panel, so that a screen reader can tell six menus apart. */
static void
name_controls (HeftPanelView *self)
{
  g_autofree char *title = heft_text_dup_plain (_(self->spec->title));
  g_autofree char *menu = g_strdup_printf (_("Menu of %s"), title);
  g_autofree char *enlarge = g_strdup_printf (_("Enlarge %s"), title);
  g_autofree char *things = g_strdup_printf (_("Things to try with %s"), title);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->plot), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  heft_name_menu_button (GTK_MENU_BUTTON (self->menu_button), menu);
  heft_name_menu_button (GTK_MENU_BUTTON (self->try_button), things);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->enlarge_button), GTK_ACCESSIBLE_PROPERTY_LABEL, enlarge, -1);
}

GtkWidget *
heft_panel_view_new (HeftSession *session, const HeftPanelSpec *spec)
{
  HeftPanelView *self = g_object_new (HEFT_TYPE_PANEL_VIEW, "name", spec->id, NULL);
  g_autoptr(GMenu) menu = make_menu (spec);
  g_autofree char *plot_name = g_strconcat ("plot-", spec->id, NULL);

  self->session = g_object_ref (session);
  self->spec = spec;
  gtk_widget_set_name (GTK_WIDGET (self->plot), plot_name);
  heft_formula_label_set_label (self->title, _(spec->title));
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (self->menu_button), G_MENU_MODEL (menu));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->enlarge_button), "win.toggle-enlarged");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->enlarge_button), "s", spec->id);
  if (spec->things_to_try != NULL)
    {
      heft_formula_label_set_label (self->try_label, _(spec->things_to_try));
      gtk_widget_set_visible (self->try_button, TRUE);
    }
  name_controls (self);
  g_signal_connect_object (session, "record-replaced", G_CALLBACK (record_replaced_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->plot, "zoomed", G_CALLBACK (zoomed_cb), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}

const HeftPanelSpec *
heft_panel_view_get_spec (HeftPanelView *self)
{
  return self->spec;
}

const char *
heft_panel_view_get_id (HeftPanelView *self)
{
  return self->spec->id;
}

HeftPlotView *
heft_panel_view_get_plot (HeftPanelView *self)
{
  return self->plot;
}

void
heft_panel_view_set_job (HeftPanelView *self, gsize job)
{
  const HeftJob *spec = &heft_session_get_experiment (self->session)->jobs[job];

  self->job = (gssize) job;
  gtk_button_set_label (GTK_BUTTON (self->job_button), _(spec->label));
  gtk_widget_set_name (self->job_button, spec->id);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->job_button), "win.job");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->job_button), "s", spec->id);
  gtk_widget_set_visible (self->job_button, TRUE);
}

gboolean
heft_panel_view_get_log (HeftPanelView *self, gboolean x_axis)
{
  int chosen = x_axis ? self->x_log : self->y_log;

  return chosen >= 0 ? chosen : (x_axis ? self->spec->x_log : self->spec->y_log);
}

void
heft_panel_view_set_log (HeftPanelView *self, gboolean x_axis, gboolean log_scale)
{
  if (heft_panel_view_get_log (self, x_axis) == log_scale)
    return;
  if (x_axis)
    self->x_log = log_scale;
  else
    self->y_log = log_scale;
  heft_plot_view_fit (self->plot);
  heft_panel_view_refresh (self);
}

void
heft_panel_view_set_enlarged (HeftPanelView *self, gboolean enlarged)
{
  g_autofree char *title = heft_text_dup_plain (_(self->spec->title));
  g_autofree char *name = g_strdup_printf (enlarged ? _("Restore %s") : _("Enlarge %s"), title);

  gtk_button_set_icon_name (GTK_BUTTON (self->enlarge_button), enlarged ? "view-restore-symbolic" : "view-fullscreen-symbolic");
  gtk_widget_set_tooltip_text (self->enlarge_button, enlarged ? _("Restore") : _("Enlarge"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->enlarge_button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  if (enlarged)
    gtk_widget_add_css_class (GTK_WIDGET (self), "enlarged");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "enlarged");
}

HeftPanelFigure *
heft_panel_view_dup_figure (HeftPanelView *self)
{
  HeftRecord *record = heft_session_get_record (self->session);
  HeftPanelFigure *figure = g_new0 (HeftPanelFigure, 1);

  figure->spec = self->spec;
  figure->record = record != NULL ? heft_record_ref (record) : NULL;
  figure->caption = heft_session_dup_caption (self->session);
  figure->x_log = self->x_log;
  figure->y_log = self->y_log;
  figure->state = heft_plot_state_copy (heft_plot_view_get_state (self->plot));
  return figure;
}

HeftFigure *
heft_panel_figure_make (const HeftPanelFigure *self)
{
  HeftFigure *figure = heft_panel_figure (self->spec, self->record, self->caption, self->x_log, self->y_log);

  heft_plot_state_apply (self->state, figure);
  return figure;
}

void
heft_panel_figure_free (HeftPanelFigure *self)
{
  g_clear_pointer (&self->record, heft_record_unref);
  g_clear_pointer (&self->state, heft_plot_state_free);
  g_free (self->caption);
  g_free (self);
}
