/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/plot.h>

G_BEGIN_DECLS

/* What stands over a plot while the pointer reads it. */

/* A vertical line at @x of the plot's x axis, with a dot on every curve there. */
void heft_plot_readout_guide  (cairo_t *cr, const HeftPlot *plot, const HeftPlotArea *area, double x, const HeftTheme *theme);
/* The values under the pointer, in a bubble beside it that stays within @width and @height. */
void heft_plot_readout_bubble (cairo_t *cr, const HeftPlot *plot, const HeftHit *hit, double pointer_x, double pointer_y,
                               double width, double height, const HeftTheme *theme);
/* Index of the point of a line whose x is nearest; @n must not be 0 and x must not decrease. */
gsize heft_plot_readout_nearest (const double *xs, gsize n, double x);

G_END_DECLS
