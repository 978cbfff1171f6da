/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/plot.h>

/* Figures with made-up data of the lab's shapes, for the tests and for looking at. */
HeftFigure *gallery_loss        (void);
HeftFigure *gallery_stacked     (void);
HeftFigure *gallery_spectra     (void);
HeftFigure *gallery_tradeoff    (void);
HeftFigure *gallery_images      (void);
HeftFigure *gallery_ledger      (void);
HeftFigure *gallery_densities   (void);
HeftFigure *gallery_formulas    (void);

typedef struct
{
  const char  *name;
  HeftFigure *(*make) (void);
} GalleryItem;

extern const GalleryItem gallery_items[];
extern const gsize       gallery_n_items;
