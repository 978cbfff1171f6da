/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gallery.h"

#include <stdlib.h>
#include <string.h>

/* show-gallery DIRECTORY WIDTH HEIGHT light|dark|file: pictures to look at. Or: DIRECTORY sheet. Not a test. */

static void
paint_cell (cairo_t *cr, HeftFigure *figure, double x, double y, double width, double height, const HeftTheme *theme)
{
  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_set_source_rgb (cr, theme->dark ? 0.19 : 1, theme->dark ? 0.19 : 1, theme->dark ? 0.2 : 1);
  cairo_rectangle (cr, 0, 0, width, height);
  cairo_fill (cr);
  heft_figure_paint (figure, cr, width, height, theme);
  cairo_restore (cr);
}

/* All items on one sheet, two columns, at the size asked for. */
int
main (int argc, char **argv)
{
  double width = argc > 2 ? atof (argv[2]) : 620, height = argc > 3 ? atof (argv[3]) : 290;
  const char *mode = argc > 4 ? argv[4] : "light";
  HeftTheme theme = strcmp (mode, "file") == 0 ? heft_theme_file () : heft_theme_screen (strcmp (mode, "dark") == 0);
  gsize n_items = g_strv_length ((GStrv) gallery_names), rows = (n_items + 1) / 2;
  cairo_surface_t *surface;
  cairo_t *cr;
  g_autofree char *path = g_strdup_printf ("%s/gallery-%s-%gx%g.png", argc > 1 ? argv[1] : ".", mode, width, height);

  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) (2 * width + 30), (int) (rows * (height + 10) + 10));
  cr = cairo_create (surface);
  cairo_set_source_rgb (cr, theme.dark ? 0.12 : 0.94, theme.dark ? 0.12 : 0.94, theme.dark ? 0.12 : 0.95);
  cairo_paint (cr);
  for (gsize i = 0; i < n_items; i++)
    {
      g_autoptr (HeftFigure) figure = gallery_figure (gallery_names[i]);

      paint_cell (cr, figure, 10 + (i % 2) * (width + 10), 10 + (i / 2) * (height + 10), width, height, &theme);
    }
  cairo_surface_write_to_png (surface, path);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  g_print ("%s\n", path);

  return 0;
}
