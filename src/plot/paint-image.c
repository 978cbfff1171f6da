/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>
#include <string.h>

/* Images, maps and their colour bars: image surfaces with the nearest filter, a pixel a value. */

/* A picture of more values than this a side is a mistake. */
#define MAX_SIDE 8192

static guint32
pack (const double rgb[3])
{
  return 0xff000000u | ((guint32) lrint (CLAMP (rgb[0], 0, 1) * 255) << 16) |
         ((guint32) lrint (CLAMP (rgb[1], 0, 1) * 255) << 8) | (guint32) lrint (CLAMP (rgb[2], 0, 1) * 255);
}

/* Values that cannot be shown are left transparent; @n_missing counts them. */
static cairo_surface_t *
render (const HeftPlot *plot, gboolean dark, gsize *n_missing)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, plot->columns, plot->rows);
  guchar *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  HeftMap map = { .start = 0.0, .end = 1.0 };
  double lo, hi;

  *n_missing = 0;
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    return surface;
  heft_image_range (plot, &lo, &hi);
  heft_map_set_range (&map, plot->colour_log, lo, hi);
  for (gsize r = 0; r < plot->rows; r++)
    {
      guint32 *row = (guint32 *) (void *) (data + r * stride);

      for (gsize c = 0; c < plot->columns; c++)
        {
          double value = plot->values[r * plot->columns + c], rgb[3];

          /* On a log scale nothing at all takes the lowest colour: it is less than every value, not unknown. */
          if (plot->colour_log && isfinite (value) && value <= 0.0)
            value = lo;
          if (!heft_map_accepts (&map, value))
            {
              row[c] = 0;
              (*n_missing)++;
              continue;
            }
          heft_colour_map_get (plot->colour_map, dark, heft_map_forward (&map, value), rgb);
          row[c] = pack (rgb);
        }
    }
  cairo_surface_mark_dirty (surface);

  return surface;
}

void
heft_paint_hatch (const HeftLayout *layout, HeftCanvas *canvas, const HeftRect *rect)
{
  double step = 0.45 * layout->font_size;
  HeftStroke stroke = { .colour = heft_rgba_mix (layout->palette.ink, layout->palette.background, 0.55), .width = 0.6 };
  HeftRgba ground = heft_rgba_mix (layout->palette.ink, layout->palette.background, 0.9);

  canvas->klass->group (canvas, "no-value", NULL);
  canvas->klass->rectangle (canvas, rect, 0.0, &ground, NULL);
  canvas->klass->clip (canvas, rect);
  for (double d = -rect->height; d < rect->width; d += step)
    {
      double xy[] = { rect->x + d, rect->y + rect->height, rect->x + d + rect->height, rect->y };

      canvas->klass->polyline (canvas, xy, 2, &stroke);
    }
  canvas->klass->unclip (canvas);
  canvas->klass->ungroup (canvas);
}

static void
paint_values (const HeftLayout *layout, const HeftPlot *plot, HeftCanvas *canvas, const HeftRect *rect)
{
  gsize n_missing;
  cairo_surface_t *pixels = render (plot, layout->theme.dark, &n_missing);

  if (n_missing > 0)
    heft_paint_hatch (layout, canvas, rect);
  canvas->klass->image (canvas, rect, pixels);
  cairo_surface_destroy (pixels);
}

static void
paint_bar (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  cairo_surface_t *ramp = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 1, 128);
  guchar *data = cairo_image_surface_get_data (ramp);
  int stride = cairo_image_surface_get_stride (ramp);
  double f = plot->font_size, right = plot->bar.x + plot->bar.width, width = 0.0;
  HeftStroke frame = { .colour = layout->palette.axis, .width = 0.7 };

  for (int i = 0; i < 128; i++)
    {
      double rgb[3];

      heft_colour_map_get (plot->plot->colour_map, layout->theme.dark, 1.0 - (i + 0.5) / 128, rgb);
      *(guint32 *) (void *) (data + i * stride) = pack (rgb);
    }
  cairo_surface_mark_dirty (ramp);
  canvas->klass->image (canvas, &plot->bar, ramp);
  cairo_surface_destroy (ramp);
  canvas->klass->rectangle (canvas, &plot->bar, 0.0, NULL, &frame);
  for (guint i = 0; i < plot->bar_ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (plot->bar_ticks, HeftTick, i);
      double xy[] = { right, tick->position, right + 0.25 * f, tick->position };

      if (tick->box == NULL)
        continue;
      canvas->klass->polyline (canvas, xy, 2, &frame);
      canvas->klass->text (canvas, tick->box, right + 0.45 * f, tick->position + 0.3 * f, 0.0, &layout->palette.dim);
      width = MAX (width, tick->box->width);
    }
  if (plot->bar_label != NULL)
    canvas->klass->text (canvas, plot->bar_label, right + 0.45 * f + width + 1.1 * f,
                         plot->bar.y + (plot->bar.height + plot->bar_label->width) / 2, -G_PI_2, &layout->palette.ink);
}

/* Of @n cells from @from to @to those in sight between @lo and @hi; FALSE if there is none. */
static gboolean
cells_in_sight (double from, double to, gsize n, double lo, double hi, gsize *first, gsize *end)
{
  double a = (lo - from) / (to - from) * (double) n, b = (hi - from) / (to - from) * (double) n;

  if (!(MIN (a, b) < (double) n && MAX (a, b) > 0.0))
    return FALSE;
  *first = (gsize) floor (MAX (MIN (a, b), 0.0));
  *end = (gsize) ceil (MIN (MAX (a, b), (double) n));
  return *end > *first;
}

/* The cells in sight, so that the picture stays small however far the axes are zoomed. */
static void
paint_sight (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftPlot *p = plot->plot;
  double wide = (p->map_right - p->map_left) / (double) p->columns, high = (p->map_bottom - p->map_top) / (double) p->rows;
  HeftPlot sight = *p;
  g_autofree double *values = NULL;
  gsize left, right, top, bottom;
  HeftRect rect;

  if (!cells_in_sight (p->map_left, p->map_right, p->columns, plot->x.minimum, plot->x.maximum, &left, &right)
      || !cells_in_sight (p->map_top, p->map_bottom, p->rows, plot->y.minimum, plot->y.maximum, &top, &bottom))
    return;
  heft_image_range (p, &sight.value_minimum, &sight.value_maximum);
  sight.columns = right - left;
  sight.rows = bottom - top;
  sight.values = values = g_new (double, sight.rows * sight.columns);
  for (gsize r = 0; r < sight.rows; r++)
    memcpy (values + r * sight.columns, p->values + (top + r) * p->columns + left, sight.columns * sizeof *values);
  rect.x = heft_map_forward (&plot->x, p->map_left + (double) left * wide);
  rect.y = heft_map_forward (&plot->y, p->map_top + (double) top * high);
  rect.width = heft_map_forward (&plot->x, p->map_left + (double) right * wide) - rect.x;
  rect.height = heft_map_forward (&plot->y, p->map_top + (double) bottom * high) - rect.y;
  if (sight.rows <= MAX_SIDE && sight.columns <= MAX_SIDE && rect.width > 0.0 && rect.height > 0.0)
    paint_values (layout, &sight, canvas, &rect);
}

void
heft_paint_map (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  HeftStroke frame = { .colour = layout->palette.axis, .width = 0.7 };

  canvas->klass->clip (canvas, &plot->area);
  paint_sight (layout, plot, canvas);
  canvas->klass->unclip (canvas);
  canvas->klass->rectangle (canvas, &plot->area, 0.0, NULL, &frame);
  if (plot->show_bar)
    paint_bar (layout, plot, canvas);
}

void
heft_paint_image (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftPlot *p = plot->plot;
  HeftStroke frame = { .colour = heft_rgba_mix (layout->palette.ink, layout->palette.background, 0.7), .width = 0.7 };

  if (plot->title != NULL)
    canvas->klass->text (canvas, plot->title, plot->area.x, plot->title_baseline, 0.0, &layout->palette.ink);
  if (plot->y_label != NULL)
    canvas->klass->text (canvas, plot->y_label, plot->area.x - 0.5 * plot->font_size - plot->y_label->width,
                         plot->area.y + plot->area.height / 2 + 0.33 * plot->font_size, 0.0, &layout->palette.ink);
  if (p->values == NULL || p->rows == 0 || p->columns == 0 || p->rows > MAX_SIDE || p->columns > MAX_SIDE)
    heft_paint_hatch (layout, canvas, &plot->area);
  else
    paint_values (layout, p, canvas, &plot->area);
  canvas->klass->rectangle (canvas, &plot->area, 0.0, NULL, &frame);
  if (plot->show_bar)
    paint_bar (layout, plot, canvas);
}
