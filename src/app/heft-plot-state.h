/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/plot.h>

G_BEGIN_DECLS

/* What one plot of a figure shows, where the user has chosen it. */
typedef struct
{
  gboolean zoomed;
  double   x0, x1, y0, y1;
} HeftPlotRange;

/**
 * HeftPlotState:
 *
 * What a person has zoomed and hidden in a figure. It outlives the figure, and goes with a copy of it to a file.
 */
typedef struct
{
  GArray     *ranges;     /* HeftPlotRange, one a plot; may be shorter */
  GHashTable *hidden;     /* labels of curves switched off */
} HeftPlotState;

HeftPlotState *heft_plot_state_new       (void);
HeftPlotState *heft_plot_state_copy      (const HeftPlotState *self);
void           heft_plot_state_free      (HeftPlotState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftPlotState, heft_plot_state_free)
void           heft_plot_state_apply     (const HeftPlotState *self, HeftFigure *figure);
void           heft_plot_state_set_range (HeftPlotState *self, gsize plot, const HeftPlotRange *range);
gboolean       heft_plot_state_is_zoomed (const HeftPlotState *self);
/* Shows or hides the curve. */
void           heft_plot_state_toggle    (HeftPlotState *self, const char *label);

G_END_DECLS
