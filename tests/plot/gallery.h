/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/plot.h>

/* A record with made-up data of the lab's shapes and names, and its panels as figures: for the tests, and for looking at. */
HeftRecord *gallery_record (void);
HeftFigure *gallery_figure (const char *name);

extern const HeftPanelSpec     gallery_panels[8];
extern const char *const       gallery_names[];
