/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/record.h>

G_BEGIN_DECLS

/**
 * HeftPanelKind:
 *
 * How a panel turns a record into a figure. The painter for each lives in src/plot/; experiments only name it.
 */
typedef enum
{
  HEFT_PANEL_LINES,        /* series against x; series with unit "%" get their own axes below */
  HEFT_PANEL_STACKED,      /* per-layer series stacked, with threshold lines */
  HEFT_PANEL_SPECTRA,      /* frame: arrays of eigenvalues by rank */
  HEFT_PANEL_CURVE,        /* series y against x with tangents (trade-off) */
  HEFT_PANEL_IMAGES,       /* frame: rows of images and maps */
  HEFT_PANEL_LEDGER,       /* frame: a table of labelled numbers and gauges */
  HEFT_PANEL_CELLS,         /* frame: words in coloured cells, rows by columns */
  HEFT_PANEL_DENSITIES,    /* frame: functions of one variable on one grid (loss, P, Q) */
  HEFT_PANEL_PLANE,        /* frame: a function of two variables as a map, with lines of equal density on it */
} HeftPanelKind;

/**
 * HeftPanelSpec:
 *
 * One panel of an experiment, as data.
 */
typedef struct
{
  const char    *id;               /* "loss" */
  const char    *title;            /* translatable, may hold formulas */
  HeftPanelKind  kind;
  const char    *x_label, *y_label;/* translatable; the unit is added in parentheses from the series */
  const char    *x_unit, *y_unit;
  gboolean       x_log, y_log;     /* initial scale */
  const char    *series[8];        /* ids, NULL-terminated */
  const char    *frame;            /* id, or NULL */
  const char    *awaits;           /* translatable: what it waits for while it has nothing to show; NULL: the words of its kind */
  const char    *things_to_try;    /* translatable: what to change and what to look for */
  /* The sentence under the panel with its current numbers; translated, newly allocated; NULL while there is nothing to say. */
  char        *(*sentence) (HeftRecord *record);
} HeftPanelSpec;

G_END_DECLS
