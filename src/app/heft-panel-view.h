/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "heft-plot-view.h"
#include "heft-session.h"

G_BEGIN_DECLS

/**
 * HeftPanelView:
 *
 * One panel of an experiment: title, plot, one sentence with its current numbers, a menu, and where the experiment has a job for it,
 * the button that starts it.
 */
#define HEFT_TYPE_PANEL_VIEW (heft_panel_view_get_type ())
G_DECLARE_FINAL_TYPE (HeftPanelView, heft_panel_view, HEFT, PANEL_VIEW, GtkWidget)

GtkWidget           *heft_panel_view_new      (HeftSession *session, const HeftPanelSpec *spec);
const HeftPanelSpec *heft_panel_view_get_spec (HeftPanelView *self);
const char          *heft_panel_view_get_id   (HeftPanelView *self);
HeftPlotView        *heft_panel_view_get_plot (HeftPanelView *self);
/* Offers job @job of the experiment here. */
void                 heft_panel_view_set_job  (HeftPanelView *self, gsize job);
/* Whether the record holds something this panel does not show yet. */
gboolean             heft_panel_view_is_stale (HeftPanelView *self);
/* Builds the figure and the sentence anew; microseconds it took, the last painting included. */
gint64               heft_panel_view_refresh  (HeftPanelView *self);
/* Follows the progress of the panel's job. */
void                 heft_panel_view_follow_job (HeftPanelView *self);
gboolean             heft_panel_view_get_log  (HeftPanelView *self, gboolean x_axis);
void                 heft_panel_view_set_log  (HeftPanelView *self, gboolean x_axis, gboolean log_scale);
void                 heft_panel_view_set_enlarged (HeftPanelView *self, gboolean enlarged);
/* All it takes to make the figure as shown, with every point and a caption that says what it comes from, on any thread. */
typedef struct
{
  const HeftPanelSpec *spec;
  HeftRecord          *record;
  char                *caption;
  int                  x_log, y_log;
  HeftPlotState       *state;
} HeftPanelFigure;

HeftPanelFigure     *heft_panel_view_dup_figure (HeftPanelView *self);
HeftFigure          *heft_panel_figure_make     (const HeftPanelFigure *self);
void                 heft_panel_figure_free     (HeftPanelFigure *self);

/* What the window's export actions know the drawing of the network by, where they know panels by their ids. */
#define HEFT_DRAWING_ID "drawing"
/* (transfer full): the items that export the figure of panel @id, with its @data where it has any. */
GMenu *heft_panel_view_make_export_menu (const char *id, gboolean data);

G_END_DECLS
