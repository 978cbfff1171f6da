/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "heft-panel-grid.h"
#include "heft-parameter-sidebar.h"
#include "heft-session.h"
#include "heft-window.h"

G_BEGIN_DECLS

struct _HeftWindow
{
  AdwApplicationWindow  parent_instance;

  /* Template widgets */
  GtkDropDown          *experiment_chooser;
  GtkRevealer          *failure_bar;
  GtkLabel             *failure_label;
  AdwFlap              *flap;
  HeftPanelGrid        *grid;
  GtkMenuButton        *menu_button;
  GtkRevealer          *pending_bar;
  GtkLabel             *pending_label;
  GtkProgressBar       *progress;
  GtkWidget            *run_button;
  HeftParameterSidebar *sidebar;
  GtkMenuButton        *speed_button;
  GtkLabel             *status_detail;
  GtkLabel             *status_title;
  AdwToastOverlay      *toasts;

  /* Owned references */
  HeftSession          *session;
  GSettings            *settings;       /* NULL where there is no schema */
  GPtrArray            *log_actions;    /* names of the actions made for the panels on show */
  char                 *last_folder;    /* of the last file dialog */

  guint                 tick;
  guint                 start;          /* timeout that starts a run whose panels were never painted */
  gint64                frame_time;     /* when the frame under way began */
  gboolean              updating;
  gboolean              closing;
};

/* heft-window.c */
void heft_window_wake          (HeftWindow *self);                        /* something may change on screen */
void heft_window_show_message  (HeftWindow *self, const char *message);   /* a toast */
void heft_window_show_error    (HeftWindow *self, const char *heading, const char *body);
void heft_window_choose        (HeftWindow *self, const HeftExperiment *experiment);
void heft_window_set_sidebar   (HeftWindow *self, gboolean shown);

/* heft-window-actions.c */
void heft_window_actions_init   (HeftWindow *self);
void heft_window_actions_update (HeftWindow *self);
void heft_window_actions_follow_parameters (HeftWindow *self);
/* Whether there is a network to save yet. */
void heft_window_actions_follow_record (HeftWindow *self);
/* Makes "log-x-ID" and "log-y-ID" for every panel. */
void heft_window_actions_follow_panels (HeftWindow *self);

/* heft-window-export.c */
void heft_window_export_init (HeftWindow *self);

G_END_DECLS
