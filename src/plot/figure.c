/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

/* Figures as values: making, copying, freeing. Painting is in paint.c, placing in layout.c. */

static double *
copy_doubles (const double *values, gsize n)
{
  return values != NULL && n > 0 ? g_memdup2 (values, n * sizeof *values) : NULL;
}

static void
heft_mark_free (gpointer data)
{
  HeftMark *self = data;

  g_free (self->label);
  g_free (self->note);
  g_free (self->x);
  g_free (self->y);
  g_free (self->lower);
  g_free (self->upper);
  g_free (self);
}

static HeftMark *
heft_mark_copy (const HeftMark *self)
{
  HeftMark *copy = g_memdup2 (self, sizeof *self);

  copy->label = g_strdup (self->label);
  copy->note = g_strdup (self->note);
  copy->x = copy_doubles (self->x, self->n);
  copy->y = copy_doubles (self->y, self->n);
  copy->lower = copy_doubles (self->lower, self->n);
  copy->upper = copy_doubles (self->upper, self->n);

  return copy;
}

static void
heft_table_row_free (gpointer data)
{
  HeftTableRow *self = data;

  g_free (self->label);
  g_free (self->value);
  g_free (self->note);
  g_free (self);
}

static HeftTableRow *
heft_table_row_copy (const HeftTableRow *self)
{
  HeftTableRow *copy = g_memdup2 (self, sizeof *self);

  copy->label = g_strdup (self->label);
  copy->value = g_strdup (self->value);
  copy->note = g_strdup (self->note);

  return copy;
}

static void
heft_block_free (gpointer data)
{
  HeftBlock *self = data;

  g_free (self->label);
  g_free (self->shape);
  g_free (self->parameters);
  g_free (self);
}

static HeftBlock *
heft_block_copy (const HeftBlock *self)
{
  HeftBlock *copy = g_memdup2 (self, sizeof *self);

  copy->label = g_strdup (self->label);
  copy->shape = g_strdup (self->shape);
  copy->parameters = g_strdup (self->parameters);

  return copy;
}

static void
heft_plot_free (gpointer data)
{
  HeftPlot *self = data;

  g_free (self->title);
  g_free (self->x.label);
  g_free (self->x.unit);
  g_free (self->y.label);
  g_free (self->y.unit);
  g_ptr_array_unref (self->marks);
  g_free (self->values);
  g_free (self->value_label);
  g_ptr_array_unref (self->table);
  g_ptr_array_unref (self->blocks);
  g_strfreev (self->row_names);
  g_strfreev (self->column_names);
  g_strfreev (self->cells);
  g_free (self);
}

static HeftPlot *
heft_plot_copy (const HeftPlot *self)
{
  HeftPlot *copy = g_memdup2 (self, sizeof *self);

  copy->title = g_strdup (self->title);
  copy->x.label = g_strdup (self->x.label);
  copy->x.unit = g_strdup (self->x.unit);
  copy->y.label = g_strdup (self->y.label);
  copy->y.unit = g_strdup (self->y.unit);
  copy->values = copy_doubles (self->values, self->rows * self->columns);
  copy->value_label = g_strdup (self->value_label);
  copy->row_names = g_strdupv (self->row_names);
  copy->column_names = g_strdupv (self->column_names);
  copy->cells = g_strdupv (self->cells);
  copy->marks = g_ptr_array_new_with_free_func (heft_mark_free);
  copy->table = g_ptr_array_new_with_free_func (heft_table_row_free);
  for (guint i = 0; i < self->marks->len; i++)
    g_ptr_array_add (copy->marks, heft_mark_copy (g_ptr_array_index (self->marks, i)));
  for (guint i = 0; i < self->table->len; i++)
    g_ptr_array_add (copy->table, heft_table_row_copy (g_ptr_array_index (self->table, i)));
  copy->blocks = g_ptr_array_new_with_free_func (heft_block_free);
  for (guint i = 0; i < self->blocks->len; i++)
    g_ptr_array_add (copy->blocks, heft_block_copy (g_ptr_array_index (self->blocks, i)));

  return copy;
}

/**
 * heft_figure_new:
 * @title: (nullable): the title, which may hold formulas between dollar signs
 *
 * Returns: (transfer full): a figure without plots, one column wide
 */
HeftFigure *
heft_figure_new (const char *title)
{
  HeftFigure *self = g_new0 (HeftFigure, 1);

  self->title = g_strdup (title);
  self->columns = 1;
  self->plots = g_ptr_array_new_with_free_func (heft_plot_free);
  self->notes = g_ptr_array_new_with_free_func (g_free);

  return self;
}

/**
 * heft_figure_copy:
 *
 * Returns: (transfer full): a figure of its own that shares nothing with @self
 */
HeftFigure *
heft_figure_copy (const HeftFigure *self)
{
  HeftFigure *copy;
  guint rows;

  g_return_val_if_fail (self != NULL, NULL);

  copy = heft_figure_new (self->title);
  copy->caption = g_strdup (self->caption);
  copy->placeholder = g_strdup (self->placeholder);
  copy->columns = self->columns;
  copy->most_points = self->most_points;
  for (guint i = 0; i < self->plots->len; i++)
    g_ptr_array_add (copy->plots, heft_plot_copy (g_ptr_array_index (self->plots, i)));
  for (guint i = 0; i < self->notes->len; i++)
    g_ptr_array_add (copy->notes, g_strdup (g_ptr_array_index (self->notes, i)));
  rows = (self->plots->len + MAX (self->columns, 1) - 1) / MAX (self->columns, 1);
  copy->row_weights = copy_doubles (self->row_weights, rows);

  return copy;
}

void
heft_figure_free (HeftFigure *self)
{
  if (self == NULL)
    return;

  g_free (self->title);
  g_free (self->caption);
  g_free (self->placeholder);
  g_free (self->row_weights);
  g_ptr_array_unref (self->plots);
  g_ptr_array_unref (self->notes);
  g_free (self);
}

/**
 * heft_figure_add_plot:
 *
 * Returns: (transfer none): a new plot in the next place of the grid; its axes are linear with automatic ranges
 */
HeftPlot *
heft_figure_add_plot (HeftFigure *self, HeftPlotKind kind)
{
  HeftPlot *plot;

  g_return_val_if_fail (self != NULL, NULL);

  plot = g_new0 (HeftPlot, 1);
  plot->kind = kind;
  plot->legend = TRUE;
  plot->x.automatic = TRUE;
  plot->y.automatic = TRUE;
  plot->marks = g_ptr_array_new_with_free_func (heft_mark_free);
  plot->table = g_ptr_array_new_with_free_func (heft_table_row_free);
  plot->blocks = g_ptr_array_new_with_free_func (heft_block_free);
  g_ptr_array_add (self->plots, plot);

  return plot;
}

/**
 * heft_plot_add_mark:
 * @n: the number of points
 * @x: (array length=n) (nullable): copied; %NULL for horizontal lines
 * @y: (array length=n) (nullable): copied; %NULL for vertical lines and areas
 *
 * Returns: (transfer none): the new mark; @lower and @upper may be set to arrays of @n doubles from g_new(), which it then owns
 */
HeftMark *
heft_plot_add_mark (HeftPlot *self, HeftMarkKind kind, HeftQuantity quantity, const char *label, gsize n, const double *x,
                    const double *y)
{
  HeftMark *mark;

  g_return_val_if_fail (self != NULL, NULL);

  mark = g_new0 (HeftMark, 1);
  mark->kind = kind;
  mark->quantity = quantity;
  mark->label = g_strdup (label);
  mark->n = n;
  mark->x = copy_doubles (x, n);
  mark->y = copy_doubles (y, n);
  g_ptr_array_add (self->marks, mark);

  return mark;
}

/**
 * heft_plot_add_row:
 *
 * Returns: (transfer none): a new row of a table, without a gauge
 */
HeftTableRow *
heft_plot_add_row (HeftPlot *self, const char *label, const char *value)
{
  HeftTableRow *row;

  g_return_val_if_fail (self != NULL, NULL);

  row = g_new0 (HeftTableRow, 1);
  row->label = g_strdup (label);
  row->value = g_strdup (value);
  row->gauge = -1.0;
  row->quantity = HEFT_QUANTITY_REFERENCE;
  g_ptr_array_add (self->table, row);

  return row;
}

/**
 * heft_plot_add_block:
 *
 * Returns: (transfer none): a new block of a network, without a size to be drawn
 */
HeftBlock *
heft_plot_add_block (HeftPlot *self, const char *label, const char *shape, const char *parameters)
{
  HeftBlock *block;

  g_return_val_if_fail (self != NULL, NULL);

  block = g_new0 (HeftBlock, 1);
  block->label = g_strdup (label);
  block->shape = g_strdup (shape);
  block->parameters = g_strdup (parameters);
  block->layer = -1;
  block->from = -1;
  g_ptr_array_add (self->blocks, block);

  return block;
}
