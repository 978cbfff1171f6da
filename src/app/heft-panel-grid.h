/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "heft-panel-view.h"

G_BEGIN_DECLS

/**
 * HeftPanelGrid:
 *
 * The panels of an experiment, two beside one another, in the order in which they tell their story. One of them may fill the
 * grid.
 */
#define HEFT_TYPE_PANEL_GRID (heft_panel_grid_get_type ())
G_DECLARE_FINAL_TYPE (HeftPanelGrid, heft_panel_grid, HEFT, PANEL_GRID, GtkWidget)

void           heft_panel_grid_set_session    (HeftPanelGrid *self, HeftSession *session);
guint          heft_panel_grid_get_n_panels   (HeftPanelGrid *self);
HeftPanelView *heft_panel_grid_get_nth        (HeftPanelGrid *self, guint index);
HeftPanelView *heft_panel_grid_find           (HeftPanelGrid *self, const char *id);   /* or NULL */
/* The panel that keys act on: enlarged, under the pointer, with the focus, or the first. */
HeftPanelView *heft_panel_grid_get_active     (HeftPanelGrid *self);
/* Id of the panel that fills the grid, or "". */
const char    *heft_panel_grid_get_enlarged   (HeftPanelGrid *self);
void           heft_panel_grid_set_enlarged   (HeftPanelGrid *self, const char *id);
/* Whether every panel on screen shows what the record holds. */
gboolean       heft_panel_grid_is_current     (HeftPanelGrid *self);
/* Whether drawing has kept below its share of the time, so that a refresh may come. */
gboolean       heft_panel_grid_is_due         (HeftPanelGrid *self, gint64 now);
/* Brings stale panels up to date, as many as one frame can bear. FALSE if none was stale. */
gboolean       heft_panel_grid_refresh        (HeftPanelGrid *self);
/* What the last frame has cost, GTK's part included; decides when the next refresh may be. */
void           heft_panel_grid_note_frame     (HeftPanelGrid *self, gint64 microseconds);

G_END_DECLS
