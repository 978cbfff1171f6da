/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Words in coloured cells: what each layer sees of each nuisance. */

/* The widest of @names in letters of size @size, at most @room. */
static double
widest (const HeftLayout *layout, char *const *names, double size, double room)
{
  double width = 0.0;

  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (HeftBox) box = heft_text_layout (layout->fonts, names[i], size, HEFT_TEXT_PLAIN);

      width = MAX (width, box->width);
    }
  return MIN (width, room);
}

static void
centre_text (const HeftLayout *layout, HeftCanvas *canvas, const char *text, double size, HeftTextFlags style, const HeftRect *rect,
             const HeftRgba *ink)
{
  g_autoptr (HeftBox) box = heft_text_layout_fit (layout->fonts, text, size, style, rect->width - 0.5 * size, 0.6);

  canvas->klass->text (canvas, box, rect->x + (rect->width - box->width) / 2, rect->y + rect->height / 2 + 0.36 * size, 0.0, ink);
}

/* Dark letters on light colours and the other way about (relative luminance, sRGB weights). */
static void
paint_cell (const HeftLayout *layout, const HeftPlot *plot, HeftCanvas *canvas, gsize i, double size, const HeftRect *rect)
{
  HeftRgba ink = { 0.0, 0.0, 0.0, 1.0 };
  double rgb[3];

  if (!isfinite (plot->values[i]))
    {
      heft_paint_hatch (layout, canvas, rect);
      ink = layout->palette.ink;
    }
  else
    {
      HeftRgba ground;

      heft_colour_map_get (plot->colour_map, layout->theme.dark, CLAMP (plot->values[i], 0.0, 1.0), rgb);
      ground = (HeftRgba) { rgb[0], rgb[1], rgb[2], 1.0 };
      canvas->klass->rectangle (canvas, rect, 0.0, &ground, NULL);
      if (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] < 0.45)
        ink = (HeftRgba) { 1.0, 1.0, 1.0, 1.0 };
    }
  if (plot->cells != NULL && plot->cells[i] != NULL)
    centre_text (layout, canvas, plot->cells[i], size, HEFT_TEXT_PLAIN, rect, &ink);
}

void
heft_paint_cells (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftPlot *p = plot->plot;
  const HeftRect *a = &plot->area;
  double f = plot->font_size, names, width, height;

  if (p->rows == 0 || p->columns == 0 || p->values == NULL)
    return;
  height = MIN (a->height / ((double) p->rows + 1), 4.2 * f);
  f = CLAMP (height / 1.6, 5.0, 1.1 * f);
  names = widest (layout, p->row_names, f, 0.36 * a->width) + 0.8 * f;
  width = (a->width - names) / (double) p->columns;
  for (gsize c = 0; p->column_names != NULL && c < p->columns; c++)
    {
      HeftRect rect = { a->x + names + (double) c * width, a->y, width, height };

      centre_text (layout, canvas, p->column_names[c], f, HEFT_TEXT_BOLD, &rect, &layout->palette.ink);
    }
  for (gsize r = 0; r < p->rows; r++)
    {
      double y = a->y + (double) (r + 1) * height;

      if (p->row_names != NULL)
        {
          g_autoptr (HeftBox) name = heft_text_layout_fit (layout->fonts, p->row_names[r], f, HEFT_TEXT_PLAIN, names - 0.8 * f, 0.7);

          canvas->klass->text (canvas, name, a->x, y + height / 2 + 0.36 * f, 0.0, &layout->palette.ink);
        }
      for (gsize c = 0; c < p->columns; c++)
        {
          HeftRect rect = { a->x + names + (double) c * width + 0.75, y + 0.75, MAX (width - 1.5, 1.0), MAX (height - 1.5, 1.0) };

          paint_cell (layout, p, canvas, r * p->columns + c, f, &rect);
        }
    }
}
