/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Axes, grid, words. The data themselves are in paint-marks.c. */

static void
show (HeftCanvas *canvas, const HeftBox *box, double x, double baseline, const HeftRgba *colour)
{
  canvas->klass->text (canvas, box, x, baseline, 0.0, colour);
}

static void
line (HeftCanvas *canvas, double x0, double y0, double x1, double y1, const HeftRgba *colour, double width)
{
  double xy[] = { x0, y0, x1, y1 };
  HeftStroke stroke = { .colour = *colour, .width = width };

  canvas->klass->polyline (canvas, xy, 2, &stroke);
}

/* Hairlines on whole device pixels look the same everywhere. */
static double
snap (const HeftCanvas *canvas, double at)
{
  return canvas->resolution > 0.0 ? (floor (at * canvas->resolution) + 0.5) / canvas->resolution : at;
}

static void
paint_grid (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftRect *a = &plot->area;
  double width = canvas->resolution > 0.0 ? MAX (1.0, floor (canvas->resolution * 0.9)) / canvas->resolution : 0.7;

  canvas->klass->group (canvas, "grid", NULL);
  for (guint i = 0; i < plot->y_ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (plot->y_ticks, HeftTick, i);
      double y = snap (canvas, tick->position);

      if (tick->label != NULL)
        line (canvas, a->x, y, a->x + a->width, y, &layout->palette.grid, width);
    }
  for (guint i = 0; i < plot->x_ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (plot->x_ticks, HeftTick, i);
      double x = snap (canvas, tick->position);

      if (tick->label != NULL)
        line (canvas, x, a->y, x, a->y + a->height, &layout->palette.grid, width);
    }
  canvas->klass->ungroup (canvas);
}

static void
paint_axis_lines (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftRect *a = &plot->area;
  double f = plot->font_size, bottom = snap (canvas, a->y + a->height), left = snap (canvas, a->x);
  double width = canvas->resolution > 0.0 ? MAX (1.0, floor (canvas->resolution * 0.9)) / canvas->resolution : 0.8;

  canvas->klass->group (canvas, "axes", NULL);
  line (canvas, left, bottom, a->x + a->width, bottom, &layout->palette.axis, width);
  if (plot->show_x)
    for (guint i = 0; i < plot->x_ticks->len; i++)
      {
        const HeftTick *tick = &g_array_index (plot->x_ticks, HeftTick, i);
        double x = snap (canvas, tick->position), length = (tick->label != NULL ? 0.33 : 0.2) * f;

        line (canvas, x, bottom, x, bottom + length, &layout->palette.axis, width);
        if (tick->box != NULL)
          show (canvas, tick->box, tick->position - tick->box->width / 2, a->y + a->height + 1.27 * f, &layout->palette.dim);
      }
  for (guint i = 0; i < plot->y_ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (plot->y_ticks, HeftTick, i);
      double y = snap (canvas, tick->position);

      if (plot->y.log || heft_plot_has_map (plot->plot))
        line (canvas, left - (tick->label != NULL ? 0.3 : 0.16) * f, y, left, y, &layout->palette.axis, width);
      if (tick->box != NULL)
        show (canvas, tick->box, a->x - 0.48 * f - tick->box->width, tick->position + 0.32 * f, &layout->palette.dim);
    }
  if (plot->y.log)
    line (canvas, left, a->y, left, bottom, &layout->palette.axis, width);
  canvas->klass->ungroup (canvas);
}

static void
paint_axes_plot (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftRect *a = &plot->area;

  if (heft_plot_has_map (plot->plot))
    heft_paint_map (layout, plot, canvas);
  else
    paint_grid (layout, plot, canvas);
  /* Under the data: a curve along zero must stay visible. */
  paint_axis_lines (layout, plot, canvas);
  heft_paint_marks (layout, plot, canvas);
  if (plot->title != NULL)
    show (canvas, plot->title, plot->cell.x, plot->title_baseline, &layout->palette.ink);
  if (plot->y_label != NULL)
    show (canvas, plot->y_label, plot->cell.x, plot->header_baseline, &layout->palette.ink);
  if (plot->x_label != NULL)
    show (canvas, plot->x_label, a->x + (a->width - plot->x_label->width) / 2, plot->x_label_baseline, &layout->palette.ink);
  heft_paint_legend (layout, plot, canvas);
}

static void
paint_lines (const HeftLayout *layout, const GPtrArray *lines, HeftCanvas *canvas, double x, double y, double step,
             gboolean centred)
{
  for (guint i = 0; i < lines->len; i++)
    {
      const HeftBox *box = g_ptr_array_index (lines, i);

      show (canvas, box, centred ? x - box->width / 2 : x, y + i * step, &layout->palette.dim);
    }
}

void
heft_paint_layout (const HeftLayout *layout, HeftCanvas *canvas)
{
  double f = layout->font_size;

  if (!layout->theme.transparent)
    {
      HeftRect all = { 0.0, 0.0, layout->width, layout->height };

      canvas->klass->rectangle (canvas, &all, 0.0, &layout->palette.background, NULL);
    }
  if (layout->title != NULL)
    show (canvas, layout->title, layout->title_rect.x, layout->title_rect.y + f, &layout->palette.ink);
  if (layout->placeholder != NULL)
    paint_lines (layout, layout->placeholder, canvas, layout->width / 2,
                 layout->height / 2 - (layout->placeholder->len - 1) * 0.75 * f + 0.35 * f, 1.5 * f, TRUE);
  for (guint i = 0; i < layout->plots->len; i++)
    {
      const HeftPlotLayout *plot = g_ptr_array_index (layout->plots, i);

      canvas->klass->group (canvas, "plot", plot->plot->title);
      switch (plot->plot->kind)
        {
        case HEFT_PLOT_IMAGE:
          heft_paint_image (layout, plot, canvas);
          break;
        case HEFT_PLOT_TABLE:
          heft_paint_table (layout, plot, canvas);
          break;
        case HEFT_PLOT_NETWORK:
          heft_paint_network (layout, plot, canvas);
          break;
        case HEFT_PLOT_CELLS:
          heft_paint_cells (layout, plot, canvas);
          break;
        case HEFT_PLOT_AXES:
        default:
          paint_axes_plot (layout, plot, canvas);
          break;
        }
      canvas->klass->ungroup (canvas);
    }
  if (layout->foot->len > 0)
    {
      double step = layout->foot_rect.height / layout->foot->len;

      paint_lines (layout, layout->foot, canvas, layout->foot_rect.x, layout->foot_rect.y + 0.74 * step, step, FALSE);
    }
}

gboolean
heft_is_vector (cairo_t *cr)
{
  switch (cairo_surface_get_type (cairo_get_group_target (cr)))
    {
    case CAIRO_SURFACE_TYPE_PDF:
    case CAIRO_SURFACE_TYPE_PS:
    case CAIRO_SURFACE_TYPE_SVG:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Device pixels a unit of the context; 0 for surfaces that keep shapes as they are. */
static double
resolution_of (cairo_t *cr)
{
  double x = 1.0, y = 0.0, sx = 1.0, sy = 1.0;

  if (heft_is_vector (cr))
    return 0.0;
  cairo_user_to_device_distance (cr, &x, &y);
  cairo_surface_get_device_scale (cairo_get_group_target (cr), &sx, &sy);

  return MAX (hypot (x, y) * sx, 1e-3);
}

/**
 * heft_figure_paint:
 * @cr: painted to in its user units, from (0, 0) to (@width, @height)
 * @theme: colours, letters, and whether title and caption are drawn
 *
 * Paints a figure. What is painted depends on nothing but the arguments, so the window, SVG, PDF and PNG show the same.
 * Values that are not finite make a gap; values that a log axis has no place for are counted in a note.
 */
void
heft_figure_paint (const HeftFigure *self, cairo_t *cr, double width, double height, const HeftTheme *theme)
{
  g_autoptr (HeftLayout) layout = NULL;
  HeftCanvas *canvas;
  double resolution;

  g_return_if_fail (self != NULL && cr != NULL && theme != NULL);

  resolution = resolution_of (cr);
  layout = heft_layout_new (self, width, height, theme, resolution);
  canvas = heft_canvas_new_cairo (cr, resolution);
  cairo_save (cr);
  heft_paint_layout (layout, canvas);
  cairo_restore (cr);
  heft_canvas_free_cairo (canvas);
}
