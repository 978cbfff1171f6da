/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Where everything stands. Painting and hit testing both start from here. */

#define DEFAULT_FONT_SIZE 12.0

/* Letters grow with the figure, slower than it does. */
static double
font_size_for (double width, double height, const HeftTheme *theme)
{
  if (theme->font_size > 0.0 && isfinite (theme->font_size))
    return CLAMP (theme->font_size, 1.0, 200.0);

  return CLAMP (DEFAULT_FONT_SIZE * pow (sqrt (width * height) / 480.0, 0.45), 9.6, 19.0);
}

static void
plot_layout_free (gpointer data)
{
  HeftPlotLayout *self = data;

  g_clear_pointer (&self->x_ticks, g_array_unref);
  g_clear_pointer (&self->y_ticks, g_array_unref);
  g_clear_pointer (&self->bar_ticks, g_array_unref);
  g_clear_pointer (&self->legend, g_array_unref);
  g_clear_pointer (&self->title, heft_box_free);
  g_clear_pointer (&self->x_label, heft_box_free);
  g_clear_pointer (&self->y_label, heft_box_free);
  g_clear_pointer (&self->bar_label, heft_box_free);
  g_free (self);
}

void
heft_layout_free (HeftLayout *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->plots, g_ptr_array_unref);
  g_clear_pointer (&self->title, heft_box_free);
  g_clear_pointer (&self->foot, g_ptr_array_unref);
  g_clear_pointer (&self->placeholder, g_ptr_array_unref);
  heft_fonts_free (self->fonts);
  g_free (self);
}

/* "KL (nat)", with the power of ten taken out of the tick labels. */
static char *
axis_text (const HeftAxis *axis, int exponent)
{
  const char *label = axis->label != NULL ? axis->label : "";
  gboolean unit = axis->unit != NULL && *axis->unit != '\0';

  if (exponent != 0 && unit)
    return g_strdup_printf ("%s ($10^{%d}$ %s)", label, exponent, axis->unit);
  if (exponent != 0)
    return g_strdup_printf ("%s ($\\times 10^{%d}$)", label, exponent);
  if (unit && *label != '\0')
    return g_strdup_printf ("%s (%s)", label, axis->unit);

  return g_strdup (unit ? axis->unit : label);
}

void
heft_ticks_set_boxes (GArray *ticks, HeftFonts *fonts, double size)
{
  for (guint i = 0; i < ticks->len; i++)
    {
      HeftTick *tick = &g_array_index (ticks, HeftTick, i);

      if (tick->label != NULL)
        tick->box = heft_text_layout (fonts, tick->label, size, HEFT_TEXT_UPRIGHT_DIGITS);
    }
}

/* Labels that would touch the one before go; their ticks stay. */
static void
thin_x_labels (GArray *ticks, double gap)
{
  double end = -INFINITY;

  for (guint i = 0; i < ticks->len; i++)
    {
      HeftTick *tick = &g_array_index (ticks, HeftTick, i);

      if (tick->box == NULL)
        continue;
      if (tick->position - tick->box->width / 2 < end + gap)
        {
          g_clear_pointer (&tick->box, heft_box_free);
          g_clear_pointer (&tick->label, g_free);
        }
      else
        end = tick->position + tick->box->width / 2;
    }
}

static double
widest (GArray *ticks)
{
  double width = 0.0;

  for (guint i = 0; i < ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (ticks, HeftTick, i);

      if (tick->box != NULL)
        width = MAX (width, tick->box->width);
    }

  return width;
}

/* Plots above one another with the same x axis share its range, its labels and its ends. */
static gboolean
shares_x (const HeftPlot *above, const HeftPlot *below)
{
  return above->kind == HEFT_PLOT_AXES && below->kind == HEFT_PLOT_AXES && above->x.scale == below->x.scale &&
         g_strcmp0 (above->x.label, below->x.label) == 0 && g_strcmp0 (above->x.unit, below->x.unit) == 0 &&
         above->x.label != NULL;
}

static void
pad_x_range (const HeftPlot *plot, gboolean points_only, double *lo, double *hi)
{
  gboolean log = plot->x.scale == HEFT_SCALE_LOG;

  heft_range_tidy (log, plot->x.include_zero, lo, hi);
  if (!points_only)
    return;
  if (log)
    {
      double room = pow (*hi / *lo, 0.06);

      *lo /= room;
      *hi *= room;
    }
  else
    {
      double room = 0.06 * (*hi - *lo);

      *lo = *lo == 0.0 && plot->x.include_zero ? 0.0 : *lo - room;
      *hi += room;
    }
}

static void
set_ranges (HeftLayout *self, guint columns)
{
  for (guint c = 0; c < columns; c++)
    for (guint first = c; first < self->plots->len;)
      {
        HeftPlotLayout *plot = g_ptr_array_index (self->plots, first);
        double lo = INFINITY, hi = -INFINITY;
        gboolean points_only = TRUE;
        guint last = first;

        while (last + columns < self->plots->len &&
               shares_x (plot->plot, ((HeftPlotLayout *) g_ptr_array_index (self->plots, last + columns))->plot))
          last += columns;
        for (guint i = first; i <= last; i += columns)
          {
            HeftPlotLayout *p = g_ptr_array_index (self->plots, i);
            double a, b;
            gboolean points;

            heft_plot_x_range (p->plot, &a, &b, &points);
            lo = MIN (lo, a);
            hi = MAX (hi, b);
            points_only &= points;
            p->show_x = i == last;
          }
        pad_x_range (plot->plot, points_only, &lo, &hi);
        for (guint i = first; i <= last; i += columns)
          {
            HeftPlotLayout *p = g_ptr_array_index (self->plots, i);
            const HeftAxis *x = &p->plot->x, *y = &p->plot->y;
            double a, b;

            if (p->plot->kind != HEFT_PLOT_AXES)
              continue;
            heft_map_set_range (&p->x, x->scale == HEFT_SCALE_LOG, x->automatic ? lo : x->minimum, x->automatic ? hi : x->maximum);
            heft_plot_y_range (p->plot, &a, &b);
            heft_map_set_range (&p->y, y->scale == HEFT_SCALE_LOG, y->automatic ? a : y->minimum, y->automatic ? b : y->maximum);
          }
        first = last + columns;
      }
}

/* How many of @ticks bear a number, and how close two of those come. */
static guint
count_labels (GArray *ticks, double *nearest)
{
  guint n = 0;
  double last = 0;

  *nearest = INFINITY;
  for (guint i = 0; i < ticks->len; i++)
    {
      const HeftTick *tick = &g_array_index (ticks, HeftTick, i);

      if (tick->label == NULL)
        continue;
      if (n++ > 0)
        *nearest = MIN (*nearest, fabs (tick->position - last));
      last = tick->position;
    }
  return n;
}

/* A round step can leave a low plot with one number or none: then a smaller one is taken, as long as the numbers stay apart. */
static void
make_y_ticks (HeftPlotLayout *plot, double spacing, double least)
{
  double nearest;

  plot->y_ticks = heft_map_ticks (&plot->y, spacing, &plot->y_exponent);
  while (count_labels (plot->y_ticks, &nearest) < 2 && spacing > 0.5 * least)
    {
      int exponent;
      GArray *finer = heft_map_ticks (&plot->y, spacing *= 0.7, &exponent);

      count_labels (finer, &nearest);
      if (nearest < least)
        {
          g_array_unref (finer);
          return;
        }
      g_array_unref (plot->y_ticks);
      plot->y_ticks = finer;
      plot->y_exponent = exponent;
    }
}

static void
make_ticks (HeftLayout *self, HeftPlotLayout *plot)
{
  double f = plot->font_size;
  gboolean map = heft_plot_has_map (plot->plot);
  double x_spacing = plot->x.log ? 3.4 * f : 5.2 * f, y_spacing = 2.3 * f;

  /* A map has the same numbers on both sides, and at least two of them. */
  if (map)
    x_spacing = y_spacing = CLAMP (plot->area.width / 4.2, 1.8 * f, 3.4 * f);

  /* A low plot still shows two numbers. */
  y_spacing = MIN (y_spacing, MAX (1.25 * f, plot->area.height / 2.2));
  plot->x.start = plot->area.x;
  plot->x.end = plot->area.x + plot->area.width;
  plot->y.start = plot->area.y + plot->area.height;
  plot->y.end = plot->area.y;
  g_clear_pointer (&plot->x_ticks, g_array_unref);
  g_clear_pointer (&plot->y_ticks, g_array_unref);
  plot->x_ticks = heft_map_ticks (&plot->x, x_spacing, &plot->x_exponent);
  make_y_ticks (plot, y_spacing, map ? y_spacing : 1.25 * f);
  heft_ticks_set_boxes (plot->x_ticks, self->fonts, 0.92 * f);
  heft_ticks_set_boxes (plot->y_ticks, self->fonts, 0.92 * f);
  thin_x_labels (plot->x_ticks, 0.6 * f);
}

typedef struct
{
  double header, footer;
} Overhead;

/* Title, y label and legend above the axes; x labels below. Their heights do not depend on the areas. */
static Overhead
measure_overhead (HeftLayout *self, HeftPlotLayout *plot, gboolean allow_inside)
{
  double f = plot->font_size, row = heft_legend_row_height (f), width = plot->cell.width, y = 0.0;
  Overhead o = { 0 };
  gboolean file = !self->theme.thin;
  guint max_rows = file ? 1000 : (plot->cell.height >= 18 * f ? 2 : 1);
  double label_width = 0.0;
  guint rows = 0;

  g_clear_pointer (&plot->title, heft_box_free);
  g_clear_pointer (&plot->y_label, heft_box_free);
  if (plot->plot->title != NULL)
    {
      plot->title = heft_text_layout_fit (self->fonts, plot->plot->title, f, HEFT_TEXT_BOLD, width, 0.8);
      plot->title_baseline = 1.0 * f;
      y += 1.5 * f;
    }
  if (plot->plot->y.label != NULL || plot->plot->y.unit != NULL || plot->y_exponent != 0)
    {
      g_autofree char *text = axis_text (&plot->plot->y, plot->y_exponent);

      plot->y_label = heft_text_layout_fit (self->fonts, text, 0.95 * f, HEFT_TEXT_PLAIN, width, 0.8);
      label_width = plot->y_label->width;
    }
  plot->header_baseline = y + 0.98 * f;
  if (plot->plot->legend && heft_plot_has_map (plot->plot))
    rows = heft_map_legend (self, plot, label_width, y + 3.35 * f);
  else if (plot->plot->legend)
    {
      static const double sizes[] = { 0.92, 0.85, 0.78 };

      /* Smaller letters before more room. */
      for (gsize i = 0; i < G_N_ELEMENTS (sizes) && rows == 0 && (i == 0 || sizes[i] * f >= 8.0); i++)
        {
          plot->legend_size = sizes[i] * f;
          rows = heft_legend_rows (self, plot, label_width, width, max_rows, FALSE);
        }
      if (rows == 0 && !allow_inside)
        /* One row more rather than a name less. */
        rows = heft_legend_rows (self, plot, label_width, width, plot->cell.height >= 9 * f ? 2 : 1, TRUE);
      else if (rows == 0)
        plot->legend_inside = TRUE;
    }
  else
    heft_legend_clear (plot);
  for (guint i = 0; i < plot->legend->len; i++)
    g_array_index (plot->legend, HeftLegendEntry, i).rect.y += y;
  if (rows == 0 && plot->y_label != NULL)
    rows = 1;
  y += rows * row;
  o.header = y + 0.45 * f;
  o.footer = plot->show_x ? 1.55 * f + (plot->plot->x.label != NULL ? 1.35 * f : 0.0) : 0.35 * f;

  return o;
}

static void
place_column (HeftLayout *self, guint column, guint columns)
{
  double left = 0.0, right = 0.0;

  for (guint i = column; i < self->plots->len; i += columns)
    {
      HeftPlotLayout *plot = g_ptr_array_index (self->plots, i);
      double f = plot->font_size;

      if (plot->plot->kind != HEFT_PLOT_AXES)
        continue;
      left = MAX (left, widest (plot->y_ticks) + 0.5 * f);
      for (guint t = 0; t < plot->x_ticks->len; t++)
        {
          const HeftTick *tick = &g_array_index (plot->x_ticks, HeftTick, t);

          if (tick->box != NULL && plot->show_x)
            right = MAX (right, tick->position + tick->box->width / 2 - (plot->area.x + plot->area.width));
        }
      right = MAX (right, 0.35 * f);
    }
  for (guint i = column; i < self->plots->len; i += columns)
    {
      HeftPlotLayout *plot = g_ptr_array_index (self->plots, i);

      if (plot->plot->kind != HEFT_PLOT_AXES)
        continue;
      plot->area.x = plot->cell.x + left;
      plot->area.width = MAX (plot->cell.width - left - right, 4.0);
      if (heft_plot_has_map (plot->plot))
        heft_map_square (self, plot);
      make_ticks (self, plot);
    }
}

static void
finish_axes (HeftLayout *self, HeftPlotLayout *plot, double header)
{
  double f = plot->font_size, top = plot->area.y - header;

  plot->title_baseline += top;
  plot->header_baseline += top;
  for (guint i = 0; i < plot->legend->len; i++)
    {
      HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, i);

      entry->rect.x += plot->cell.x;
      entry->rect.y += top;
    }
  if (plot->legend_beside)
    heft_map_place_legend (plot);
  g_clear_pointer (&plot->x_label, heft_box_free);
  if (plot->show_x && (plot->plot->x.label != NULL || plot->x_exponent != 0))
    {
      g_autofree char *text = axis_text (&plot->plot->x, plot->x_exponent);

      plot->x_label = heft_text_layout_fit (self->fonts, text, 0.95 * f, HEFT_TEXT_PLAIN, plot->area.width, 0.8);
      plot->x_label_baseline = plot->area.y + plot->area.height + 2.62 * f;
    }
}

static double
row_weight (const HeftFigure *figure, guint row)
{
  double w = figure->row_weights != NULL ? figure->row_weights[row] : 1.0;

  return isfinite (w) && w > 0.0 ? w : 1.0;
}

/* Rows share what the overheads leave, so that areas, not cells, have the weights asked for. */
static void
place_axes (HeftLayout *self, const HeftFigure *figure, const HeftRect *box, guint columns, gboolean allow_inside)
{
  guint rows = (self->plots->len + columns - 1) / columns;
  g_autofree double *header = g_new0 (double, rows);
  g_autofree double *footer = g_new0 (double, rows);
  double gap = 1.1 * self->font_size, free_height = box->height, weights = 0.0, y = box->y;
  double cell_width = (box->width - (columns - 1) * 1.6 * self->font_size) / columns;

  for (guint i = 0; i < self->plots->len; i++)
    {
      HeftPlotLayout *plot = g_ptr_array_index (self->plots, i);
      guint row = i / columns;
      Overhead o = { 0 };

      plot->cell = (HeftRect) { box->x + (i % columns) * (cell_width + 1.6 * self->font_size), 0.0, cell_width,
                                box->height / rows };
      if (plot->plot->kind == HEFT_PLOT_AXES)
        o = measure_overhead (self, plot, allow_inside);
      header[row] = MAX (header[row], o.header);
      footer[row] = MAX (footer[row], o.footer);
    }
  for (guint r = 0; r < rows; r++)
    {
      free_height -= header[r] + footer[r] + (r > 0 ? 0.3 * gap : 0.0);
      weights += row_weight (figure, r);
    }
  free_height = MAX (free_height, 4.0 * rows);
  for (guint r = 0; r < rows; r++)
    {
      double height = free_height * row_weight (figure, r) / weights;

      for (guint i = r * columns; i < MIN ((r + 1) * columns, self->plots->len); i++)
        {
          HeftPlotLayout *plot = g_ptr_array_index (self->plots, i);

          plot->cell.y = y;
          plot->cell.height = header[r] + height + footer[r];
          plot->area = (HeftRect) { plot->cell.x + 3 * plot->font_size, y + header[r],
                                    MAX (cell_width - 3.5 * plot->font_size, 4.0), height };
          if (plot->plot->kind == HEFT_PLOT_AXES)
            make_ticks (self, plot);
          else
            plot->area = plot->cell;
        }
      y += header[r] + height + footer[r] + 0.3 * gap;
    }
  for (guint c = 0; c < columns; c++)
    place_column (self, c, columns);
  for (guint i = 0; i < self->plots->len; i++)
    {
      HeftPlotLayout *plot = g_ptr_array_index (self->plots, i);

      if (plot->plot->kind == HEFT_PLOT_AXES)
        finish_axes (self, plot, header[i / columns]);
    }
}

/* The legends that were to go inside; FALSE if one found no empty corner. */
static gboolean
place_inside_legends (HeftLayout *self)
{
  for (guint i = 0; i < self->plots->len; i++)
    {
      HeftPlotLayout *plot = g_ptr_array_index (self->plots, i);

      if (plot->plot->kind == HEFT_PLOT_AXES && plot->legend_inside && !heft_legend_corner (self, plot))
        return FALSE;
    }

  return TRUE;
}

static gboolean
any_exponent (HeftLayout *self)
{
  for (guint i = 0; i < self->plots->len; i++)
    if (((HeftPlotLayout *) g_ptr_array_index (self->plots, i))->y_exponent != 0)
      return TRUE;

  return FALSE;
}

static void
layout_plots (HeftLayout *self, const HeftFigure *figure, const HeftRect *box)
{
  guint columns = CLAMP (figure->columns, 1, MAX (figure->plots->len, 1));
  gboolean images = TRUE, axes = FALSE;

  self->plots = g_ptr_array_new_with_free_func (plot_layout_free);
  for (guint i = 0; i < figure->plots->len; i++)
    {
      HeftPlotLayout *plot = g_new0 (HeftPlotLayout, 1);

      plot->plot = g_ptr_array_index (figure->plots, i);
      plot->index = i;
      plot->font_size = self->font_size;
      heft_legend_clear (plot);
      images &= plot->plot->kind == HEFT_PLOT_IMAGE;
      axes |= plot->plot->kind == HEFT_PLOT_AXES;
      g_ptr_array_add (self->plots, plot);
    }
  if (images)
    {
      heft_layout_images (self, columns, box);
      return;
    }
  set_ranges (self, columns);
  place_axes (self, figure, box, columns, TRUE);
  /* Powers of ten in the labels are known once there are ticks. */
  if (any_exponent (self))
    place_axes (self, figure, box, columns, TRUE);
  if (axes && !place_inside_legends (self))
    place_axes (self, figure, box, columns, FALSE);
}

static void
collect_notes (HeftLayout *self, const HeftFigure *figure, double resolution, GPtrArray *texts)
{
  gsize off = 0, points = heft_figure_count_points (figure);
  gboolean hatched = FALSE;

  for (guint i = 0; i < figure->notes->len; i++)
    g_ptr_array_add (texts, g_strdup (g_ptr_array_index (figure->notes, i)));
  for (guint i = 0; i < figure->plots->len; i++)
    {
      const HeftPlot *plot = g_ptr_array_index (figure->plots, i);

      gboolean shown = plot->values != NULL && (plot->kind == HEFT_PLOT_IMAGE || heft_plot_has_map (plot));

      for (gsize k = 0; shown && k < plot->rows * plot->columns; k++)
        hatched |= !isfinite (plot->values[k]);
      if (plot->kind != HEFT_PLOT_AXES)
        continue;
      for (guint k = 0; k < plot->marks->len; k++)
        {
          const HeftMark *mark = g_ptr_array_index (plot->marks, k);

          if (!mark->hidden)
            off += heft_mark_count_off_log (plot, mark, plot->x.scale == HEFT_SCALE_LOG, plot->y.scale == HEFT_SCALE_LOG);
        }
    }
  if (off > 0)
    g_ptr_array_add (texts, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%lu value at or below 0 is not on the log axis.",
                                                         "%lu values at or below 0 are not on the log axis.", off),
                                             (gulong) off));
  if (hatched)
    g_ptr_array_add (texts, g_strdup (_("Hatched: no finite value.")));
  if (resolution <= 0.0 && !self->theme.thin && points > HEFT_FILE_MAX_POINTS)
    g_ptr_array_add (texts,
                     g_strdup_printf (_("Curves are thinned to their first, lowest, highest and last value in each column of "
                                        "0.1 pt; the %lu points are in the CSV file."),
                                      (gulong) points));
}

static GPtrArray *
wrap_foot (HeftLayout *self, const GPtrArray *texts, double size, double pad)
{
  GPtrArray *foot = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_box_free);

  for (guint i = 0; i < texts->len; i++)
    {
      g_autoptr (GPtrArray) lines = heft_text_wrap (self->fonts, g_ptr_array_index (texts, i), size, HEFT_TEXT_PLAIN,
                                                    MAX (self->width - 2 * pad, 8.0), self->theme.thin ? 1 : 0);

      while (lines->len > 0)
        g_ptr_array_add (foot, g_ptr_array_steal_index (lines, 0));
    }

  return foot;
}

static void
layout_foot (HeftLayout *self, const HeftFigure *figure, double pad, double resolution)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  double size = (self->theme.thin ? 0.84 : 0.8) * self->font_size, line;
  gboolean caption = self->theme.caption && figure->caption != NULL && *figure->caption != '\0';

  if (caption)
    g_ptr_array_add (texts, g_strdup (figure->caption));
  if (figure->plots->len > 0)
    collect_notes (self, figure, resolution, texts);
  /* A long recipe is set smaller before it takes the plot's room. */
  do
    {
      g_clear_pointer (&self->foot, g_ptr_array_unref);
      self->foot = wrap_foot (self, texts, size, pad);
      line = 1.38 * size;
      size *= 0.92;
    }
  while (!self->theme.thin && self->foot->len * line > 0.16 * self->height && size >= 0.58 * self->font_size);
  self->foot_rect = (HeftRect) { pad, self->height - pad - self->foot->len * line, self->width - 2 * pad,
                                 self->foot->len * line };
}

HeftLayout *
heft_layout_new (const HeftFigure *figure, double width, double height, const HeftTheme *theme, double resolution)
{
  HeftLayout *self = g_new0 (HeftLayout, 1);
  double pad, top;
  HeftRect box;

  self->width = isfinite (width) ? CLAMP (width, 8.0, 32000.0) : 8.0;
  self->height = isfinite (height) ? CLAMP (height, 8.0, 32000.0) : 8.0;
  self->theme = *theme;
  self->fonts = heft_fonts_new ();
  self->palette = heft_palette (theme);
  self->font_size = font_size_for (self->width, self->height, theme);
  self->palette.line_width *= CLAMP (self->font_size / DEFAULT_FONT_SIZE, 0.8, 1.6);
  pad = theme->thin ? 0.35 * self->font_size : 1.1 * self->font_size;
  top = pad;

  if (theme->title && figure->title != NULL && *figure->title != '\0')
    {
      self->title = heft_text_layout_fit (self->fonts, figure->title, 1.25 * self->font_size, HEFT_TEXT_BOLD,
                                          self->width - 2 * pad, 0.75);
      self->title_rect = (HeftRect) { pad, top, self->title->width, 1.25 * self->font_size };
      top += 2.1 * self->font_size;
    }
  layout_foot (self, figure, pad, resolution);
  box = (HeftRect) { pad, top, self->width - 2 * pad,
                     self->foot_rect.y - top - (self->foot->len > 0 ? 0.5 * self->font_size : 0.0) };
  box.height = MAX (box.height, 4.0);
  if (figure->plots->len == 0)
    {
      self->plots = g_ptr_array_new_with_free_func (plot_layout_free);
      if (figure->placeholder != NULL)
        self->placeholder = heft_text_wrap (self->fonts, figure->placeholder, 1.05 * self->font_size, HEFT_TEXT_PLAIN,
                                            MIN (0.86 * self->width, 34 * self->font_size), 6);
    }
  else
    layout_plots (self, figure, &box);

  return self;
}
