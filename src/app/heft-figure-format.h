/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>
#include <heft/plot.h>

G_BEGIN_DECLS

/* How figures look in files and on the clipboard, whatever the screen is like. */
typedef struct
{
  double   width, height;    /* mm, or pixels */
  gboolean pixels;
  double   dpi;
  gboolean dark, transparent;
} HeftFigureFormat;

/* In settings and as the state of an action, in the order above; and what it is before anybody chose. */
#define HEFT_FIGURE_FORMAT_TYPE "(ddbdbb)"
#define HEFT_FIGURE_FORMAT_DEFAULT "(170.0, 113.0, false, 300.0, false, false)"

/* FALSE for a size or resolution that no figure can have. */
gboolean  heft_figure_format_parse      (GVariant *value, HeftFigureFormat *format);
GVariant *heft_figure_format_new        (const HeftFigureFormat *self);          /* floating */
/* In points, 72 to the inch. */
void      heft_figure_format_get_points (const HeftFigureFormat *self, double *width, double *height);
HeftTheme heft_figure_format_get_theme  (const HeftFigureFormat *self);
/* The same size in the other unit. */
void      heft_figure_format_set_pixels (HeftFigureFormat *self, gboolean pixels);

typedef void (*HeftFigureFormatFunc) (GtkWindow *parent, const HeftFigureFormat *format);

/* Asks for another one; @take is called if it is confirmed. */
void      heft_figure_format_ask        (GtkWindow *parent, const HeftFigureFormat *self, HeftFigureFormatFunc take);

G_END_DECLS
