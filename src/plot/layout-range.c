/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* What an axis with an automatic range shows. */

/* Guides are drawn across the plot and do not decide its range by themselves. */
gboolean
heft_mark_is_guide (const HeftMark *mark)
{
  return mark->kind == HEFT_MARK_HORIZONTAL || mark->kind == HEFT_MARK_VERTICAL;
}

static gboolean
shown (double value, gboolean log)
{
  return isfinite (value) && (!log || value > 0.0);
}

static void
widen (double value, gboolean log, double *minimum, double *maximum)
{
  if (!shown (value, log))
    return;
  *minimum = MIN (*minimum, value);
  *maximum = MAX (*maximum, value);
}

static double
first_y (const HeftMark *mark, gsize i)
{
  return mark->y != NULL ? mark->y[i] : (mark->upper != NULL ? mark->upper[i] : NAN);
}

/* A guide widens the range when it is near enough not to flatten the data. */
static void
admit_guide (double value, gboolean log, double *minimum, double *maximum)
{
  double lo = *minimum, hi = *maximum;

  if (!shown (value, log) || (value >= lo && value <= hi))
    return;
  if (!isfinite (lo) || !isfinite (hi))
    {
      widen (value, log, minimum, maximum);
      return;
    }
  if (log)
    {
      double decades = MAX (log10 (hi / lo), 1.0);

      if (value > hi ? log10 (value / hi) <= 1.5 * decades : log10 (lo / value) <= 1.5 * decades)
        widen (value, log, minimum, maximum);
    }
  else
    {
      double reach = MAX (hi - MIN (lo, 0.0), 1e-290) * 3.0;

      if (value > hi ? value - hi <= reach : lo - value <= reach)
        widen (value, log, minimum, maximum);
    }
}

/* Of one plot, before its neighbours with the same axis are taken in; infinite where there is nothing. */
void
heft_plot_x_range (const HeftPlot *plot, double *minimum, double *maximum, gboolean *points_only)
{
  gboolean x_log = plot->x.scale == HEFT_SCALE_LOG, y_log = plot->y.scale == HEFT_SCALE_LOG;

  *minimum = INFINITY;
  *maximum = -INFINITY;
  *points_only = TRUE;
  for (guint k = 0; k < plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, k);

      if (mark->hidden || heft_mark_is_guide (mark) || mark->x == NULL)
        continue;
      if (mark->kind == HEFT_MARK_LINE || mark->kind == HEFT_MARK_AREA)
        *points_only = FALSE;
      for (gsize i = 0; i < mark->n; i++)
        if (shown (first_y (mark, i), y_log))
          widen (mark->x[i], x_log, minimum, maximum);
    }
  for (guint k = 0; k < plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, k);

      if (!mark->hidden && mark->kind == HEFT_MARK_VERTICAL && mark->n > 0 && mark->x != NULL)
        admit_guide (mark->x[0], x_log, minimum, maximum);
    }
}

static void
widen_by_mark (const HeftMark *mark, gboolean x_log, gboolean y_log, double *minimum, double *maximum)
{
  gboolean band = mark->kind != HEFT_MARK_TANGENT && mark->lower != NULL && mark->upper != NULL;

  for (gsize i = 0; i < mark->n; i++)
    {
      if (!shown (mark->x[i], x_log))
        continue;
      if (mark->y != NULL && mark->kind != HEFT_MARK_AREA)
        widen (mark->y[i], y_log, minimum, maximum);
      if (band)
        {
          widen (mark->lower[i], y_log, minimum, maximum);
          widen (mark->upper[i], y_log, minimum, maximum);
        }
    }
}

/* With room above and below, and down to zero where zero is near. */
void
heft_plot_y_range (const HeftPlot *plot, double *minimum, double *maximum)
{
  gboolean x_log = plot->x.scale == HEFT_SCALE_LOG, y_log = plot->y.scale == HEFT_SCALE_LOG;
  double lo = INFINITY, hi = -INFINITY;

  for (guint k = 0; k < plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, k);

      if (!mark->hidden && !heft_mark_is_guide (mark) && mark->x != NULL)
        widen_by_mark (mark, x_log, y_log, &lo, &hi);
    }
  for (guint k = 0; k < plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, k);

      if (!mark->hidden && mark->kind == HEFT_MARK_HORIZONTAL && mark->n > 0 && mark->y != NULL)
        admit_guide (mark->y[0], y_log, &lo, &hi);
    }

  heft_range_tidy (y_log, plot->y.include_zero, &lo, &hi);
  if (y_log)
    {
      double room = pow (hi / lo, 0.04);

      lo /= room;
      hi *= room;
    }
  else
    {
      double span = hi / 2 - lo / 2;
      gboolean from_zero = lo == 0.0 || (lo > 0.0 && lo < 0.3 * hi);

      hi += 0.12 * span;
      lo = from_zero ? 0.0 : lo - 0.12 * span;
    }
  *minimum = lo;
  *maximum = hi;
}

/* Finite points that a logarithmic axis has no place for. */
gsize
heft_mark_count_off_log (const HeftPlot *plot, const HeftMark *mark, gboolean x_log, gboolean y_log)
{
  gsize n = 0;

  if (mark->x == NULL || heft_mark_is_guide (mark) || mark->kind == HEFT_MARK_TANGENT)
    return 0;
  for (gsize i = 0; i < mark->n; i++)
    {
      double y = first_y (mark, i);

      if (isfinite (mark->x[i]) && isfinite (y) && ((x_log && mark->x[i] <= 0.0) || (y_log && y <= 0.0)))
        n++;
    }

  return n;
}

gsize
heft_figure_count_points (const HeftFigure *figure)
{
  gsize n = 0;

  for (guint i = 0; i < figure->plots->len; i++)
    {
      const HeftPlot *plot = g_ptr_array_index (figure->plots, i);

      for (guint k = 0; k < plot->marks->len; k++)
        {
          const HeftMark *mark = g_ptr_array_index (plot->marks, k);

          n += mark->n * (mark->lower != NULL && mark->upper != NULL ? (mark->y != NULL ? 3 : 2) : 1);
        }
    }

  return n;
}
