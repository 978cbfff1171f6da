/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>
#include "heft-plot-state.h"

G_BEGIN_DECLS

/**
 * HeftPlotView:
 *
 * Shows a figure: painted once into a picture and kept until figure, size or theme change; hovering reads values, scrolling and
 * pinching zoom, dragging pans, a click on a legend entry hides its curve. What the user has zoomed and hidden outlives
 * the figure, which is replaced many times a second.
 *
 * Signal "zoomed": another part is on show. Signal "guide-moved" (x label, x): the pointer stands at x of an axis with that label; x is not a number when it has left.
 */
#define HEFT_TYPE_PLOT_VIEW (heft_plot_view_get_type ())
G_DECLARE_FINAL_TYPE (HeftPlotView, heft_plot_view, HEFT, PLOT_VIEW, GtkWidget)

void              heft_plot_view_take_figure (HeftPlotView *self, HeftFigure *figure);
/* With zoom and hidden curves, as on screen. */
const HeftFigure *heft_plot_view_get_figure  (HeftPlotView *self);
const HeftPlotState *heft_plot_view_get_state (HeftPlotView *self);
/* A vertical guide in every plot whose x axis has this label; not a number removes it. */
void              heft_plot_view_set_guide   (HeftPlotView *self, const char *x_label, double x);
void              heft_plot_view_zoom        (HeftPlotView *self, double factor);
void              heft_plot_view_fit         (HeftPlotView *self);
void              heft_plot_view_previous    (HeftPlotView *self);
void              heft_plot_view_next        (HeftPlotView *self);
/* Forgets zoom and hidden curves (another run, other axes). */
void              heft_plot_view_forget      (HeftPlotView *self);
/* How long a size must rest, in milliseconds, before the plot is painted for it; meanwhile the old picture is stretched. */
void              heft_plot_view_set_patience (HeftPlotView *self, guint milliseconds);
/* Microseconds the last painting took. */
gint64            heft_plot_view_get_cost    (HeftPlotView *self);

G_END_DECLS
