/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-panel-grid"

#include "config.h"

#include "heft-panel-grid.h"

#include <adwaita.h>

/* Training wants every core: frames with new data take at most one part in this many of the time, and come no more than 12 times a second.
 * One frame with several panels costs less than several frames with one, but none may hold up the main loop for long. */
#define TIME_SHARE 10
#define SHORTEST_PAUSE (80 * G_TIME_SPAN_MILLISECOND)
#define LONGEST_PAUSE (400 * G_TIME_SPAN_MILLISECOND)
#define LONGEST_REFRESH (6 * G_TIME_SPAN_MILLISECOND)

/* When panels change size they are painted anew one after the other, milliseconds after the size has come to rest. */
#define FIRST_REPAINT 50
#define NEXT_REPAINT 25

struct _HeftPanelGrid
{
  GtkWidget             parent_instance;

  GtkWidget            *scroller;
  GtkWidget            *grid;
  GPtrArray            *panels;      /* (unowned) HeftPanelView */
  HeftSession          *session;
  const HeftExperiment *experiment;  /* the panels were made for */
  char                 *enlarged;
  AdwAnimation         *animation;
  guint                 next;        /* whose turn it is */
  gint64                next_time;
  gboolean              refreshed;   /* since the last frame was noted */
};

G_DEFINE_FINAL_TYPE (HeftPanelGrid, heft_panel_grid, GTK_TYPE_WIDGET)

static void
guide_moved_cb (HeftPanelGrid *self, const char *x_label, double x)
{
  for (guint i = 0; i < self->panels->len; i++)
    heft_plot_view_set_guide (heft_panel_view_get_plot (g_ptr_array_index (self->panels, i)), x_label, x);
}

/* A panel that goes makes the pointer leave its plot, which tells all panels: the list is emptied first. */
static void
remove_panels (HeftPanelGrid *self)
{
  GtkWidget *child;

  g_ptr_array_set_size (self->panels, 0);
  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
  g_clear_pointer (&self->enlarged, g_free);
  self->next = 0;
}

static void
make_panels (HeftPanelGrid *self)
{
  gboolean job_placed = FALSE;

  remove_panels (self);
  self->experiment = heft_session_get_experiment (self->session);
  for (gsize i = 0; i < self->experiment->n_panels; i++)
    {
      const HeftPanelSpec *spec = &self->experiment->panels[i];
      GtkWidget *panel = heft_panel_view_new (self->session, spec);

      if (spec->kind == HEFT_PANEL_CURVE && self->experiment->n_jobs > 0 && !job_placed)
        {
          heft_panel_view_set_job (HEFT_PANEL_VIEW (panel), 0);
          job_placed = TRUE;
        }
      /* The last of an odd number takes the row that it is alone in. */
      gtk_grid_attach (GTK_GRID (self->grid), panel, (int) (i % 2), (int) (i / 2), i % 2 == 0 && i + 1 == self->experiment->n_panels ? 2 : 1, 1);
      g_ptr_array_add (self->panels, panel);
      heft_plot_view_set_patience (heft_panel_view_get_plot (HEFT_PANEL_VIEW (panel)), FIRST_REPAINT + NEXT_REPAINT * (guint) i);
      g_signal_connect_object (heft_panel_view_get_plot (HEFT_PANEL_VIEW (panel)), "guide-moved",
                               G_CALLBACK (guide_moved_cb), self, G_CONNECT_SWAPPED);
    }
}

static void
record_replaced_cb (HeftPanelGrid *self)
{
  if (self->experiment != heft_session_get_experiment (self->session))
    make_panels (self);
  self->next_time = 0;
}

static void
fade_cb (double value, gpointer user_data)
{
  gtk_widget_set_opacity (HEFT_PANEL_GRID (user_data)->grid, value);
}

static void
heft_panel_grid_dispose (GObject *object)
{
  HeftPanelGrid *self = HEFT_PANEL_GRID (object);

  g_ptr_array_set_size (self->panels, 0);
  g_clear_object (&self->animation);
  g_clear_object (&self->session);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  G_OBJECT_CLASS (heft_panel_grid_parent_class)->dispose (object);
}

static void
heft_panel_grid_finalize (GObject *object)
{
  HeftPanelGrid *self = HEFT_PANEL_GRID (object);

  g_ptr_array_unref (self->panels);
  g_free (self->enlarged);
  G_OBJECT_CLASS (heft_panel_grid_parent_class)->finalize (object);
}

static void
heft_panel_grid_class_init (HeftPanelGridClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_panel_grid_dispose;
  object_class->finalize = heft_panel_grid_finalize;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/heft/Heft/ui/heft-panel-grid.ui");
  gtk_widget_class_bind_template_child (widget_class, HeftPanelGrid, grid);
  gtk_widget_class_bind_template_child (widget_class, HeftPanelGrid, scroller);
}

static void
heft_panel_grid_init (HeftPanelGrid *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->panels = g_ptr_array_new ();
  self->animation = adw_timed_animation_new (GTK_WIDGET (self), 0.3, 1, 180,
                                             adw_callback_animation_target_new (fade_cb, self, NULL));
}

void
heft_panel_grid_set_session (HeftPanelGrid *self, HeftSession *session)
{
  g_return_if_fail (HEFT_IS_PANEL_GRID (self));
  g_return_if_fail (self->session == NULL);

  self->session = g_object_ref (session);
  g_signal_connect_object (session, "record-replaced", G_CALLBACK (record_replaced_cb), self, G_CONNECT_SWAPPED);
  if (heft_session_get_experiment (session) != NULL)
    make_panels (self);
}

guint
heft_panel_grid_get_n_panels (HeftPanelGrid *self)
{
  return self->panels->len;
}

HeftPanelView *
heft_panel_grid_get_nth (HeftPanelGrid *self, guint index)
{
  return g_ptr_array_index (self->panels, index);
}

HeftPanelView *
heft_panel_grid_find (HeftPanelGrid *self, const char *id)
{
  for (guint i = 0; i < self->panels->len; i++)
    if (g_strcmp0 (heft_panel_view_get_id (g_ptr_array_index (self->panels, i)), id) == 0)
      return g_ptr_array_index (self->panels, i);
  return NULL;
}

HeftPanelView *
heft_panel_grid_get_active (HeftPanelGrid *self)
{
  HeftPanelView *focused = NULL;

  if (self->enlarged != NULL)
    return heft_panel_grid_find (self, self->enlarged);
  for (guint i = 0; i < self->panels->len; i++)
    {
      HeftPanelView *panel = g_ptr_array_index (self->panels, i);

      if (gtk_widget_get_state_flags (GTK_WIDGET (panel)) & GTK_STATE_FLAG_PRELIGHT)
        return panel;
      if (gtk_widget_get_state_flags (GTK_WIDGET (panel)) & GTK_STATE_FLAG_FOCUS_WITHIN)
        focused = panel;
    }
  return focused != NULL || self->panels->len == 0 ? focused : g_ptr_array_index (self->panels, 0);
}

const char *
heft_panel_grid_get_enlarged (HeftPanelGrid *self)
{
  return self->enlarged != NULL ? self->enlarged : "";
}

void
heft_panel_grid_set_enlarged (HeftPanelGrid *self, const char *id)
{
  HeftPanelView *chosen = id != NULL && *id != '\0' ? heft_panel_grid_find (self, id) : NULL;

  if (g_strcmp0 (heft_panel_grid_get_enlarged (self), chosen != NULL ? id : "") == 0)
    return;
  g_clear_pointer (&self->enlarged, g_free);
  if (chosen != NULL)
    self->enlarged = g_strdup (id);
  for (guint i = 0; i < self->panels->len; i++)
    {
      HeftPanelView *panel = g_ptr_array_index (self->panels, i);

      gtk_widget_set_visible (GTK_WIDGET (panel), chosen == NULL || panel == chosen);
      gtk_widget_set_vexpand (GTK_WIDGET (panel), chosen == NULL || panel == chosen);
      heft_panel_view_set_enlarged (panel, panel == chosen);
    }
  /* Homogeneous rows ask for as much as the enlarged panel for each hidden one too, which is more than a small window has. */
  gtk_grid_set_row_homogeneous (GTK_GRID (self->grid), chosen == NULL);
  adw_animation_play (self->animation);
}

gboolean
heft_panel_grid_is_current (HeftPanelGrid *self)
{
  for (guint i = 0; i < self->panels->len; i++)
    {
      HeftPanelView *panel = g_ptr_array_index (self->panels, i);

      if (gtk_widget_get_mapped (GTK_WIDGET (panel)) && heft_panel_view_is_stale (panel))
        return FALSE;
    }
  return TRUE;
}

gboolean
heft_panel_grid_is_due (HeftPanelGrid *self, gint64 now)
{
  return now >= self->next_time;
}

gboolean
heft_panel_grid_refresh (HeftPanelGrid *self)
{
  gint64 now = g_get_monotonic_time (), cost = 0;
  guint n = self->panels->len, first = self->next;

  for (guint i = 0; i < n; i++)
    heft_panel_view_follow_job (g_ptr_array_index (self->panels, i));
  for (guint i = 0; i < n && cost < LONGEST_REFRESH; i++)
    {
      HeftPanelView *panel = g_ptr_array_index (self->panels, (first + i) % n);

      self->next = (first + i + 1) % n;
      if (!gtk_widget_get_mapped (GTK_WIDGET (panel)) || !heft_panel_view_is_stale (panel))
        continue;
      cost += heft_panel_view_refresh (panel);
      g_debug ("%s %d us in all", heft_panel_view_get_id (panel), (int) cost);
      self->refreshed = TRUE;
    }
  self->next_time = now + SHORTEST_PAUSE;
  return self->refreshed;
}

void
heft_panel_grid_note_frame (HeftPanelGrid *self, gint64 microseconds)
{
  if (!self->refreshed)
    return;
  self->refreshed = FALSE;
  self->next_time = g_get_monotonic_time () + CLAMP ((TIME_SHARE - 1) * microseconds, SHORTEST_PAUSE, LONGEST_PAUSE);
  g_debug ("frame %d us", (int) microseconds);
}
