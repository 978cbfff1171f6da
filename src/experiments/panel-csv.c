/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/runfile.h>

#include "record/frame-private.h"

/* One column of numbers against its own x. */
typedef struct
{
  char   *name;
  gsize   n;
  double *x, *y;
  gsize   next;
} Column;

static void
column_free (gpointer data)
{
  Column *column = data;

  g_free (column->name);
  g_free (column->x);
  g_free (column->y);
  g_free (column);
}

static void
append_number (GString *csv, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  /* An empty cell is what every reader takes as "no value". */
  if (isfinite (value))
    g_string_append (csv, g_ascii_formatd (buffer, sizeof buffer, "%.17g", value));
}

static void
append_text (GString *csv, const char *text)
{
  if (text == NULL)
    return;
  if (strpbrk (text, ",\"\n\r") == NULL)
    {
      g_string_append (csv, text);
      return;
    }
  g_string_append_c (csv, '"');
  for (const char *c = text; *c != '\0'; c++)
    {
      if (*c == '"')
        g_string_append_c (csv, '"');
      g_string_append_c (csv, *c);
    }
  g_string_append_c (csv, '"');
}

/* A comment stays one line whatever is in it. */
static void
append_comment (GString *csv, const char *name, const char *value)
{
  g_autofree char *line = g_strdup (value);

  g_strdelimit (line, "\r\n", ' ');
  g_string_append_printf (csv, "# %s: %s\n", name, line);
}

static void
append_header (GString *csv, const HeftExperiment *experiment, const HeftParameters *parameters, const HeftPanelSpec *panel,
               HeftRecord *record)
{
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, heft_parameters_get_seed (parameters));
  gsize n = heft_parameters_get_sample_count (parameters);
  g_autoptr (GArray) changes = heft_record_list_changes (record);

  append_comment (csv, "heft", HEFT_VERSION);
  append_comment (csv, "experiment", experiment->id);
  append_comment (csv, "panel", panel->id);
  append_comment (csv, "seed", seed);
  if (n > 0)
    g_string_append_printf (csv, "# N: %" G_GSIZE_FORMAT "\n", n);
  for (gsize i = 0; i < experiment->n_parameters; i++)
    append_comment (csv, experiment->parameters[i].id, heft_parameters_get_text (parameters, experiment->parameters[i].id));
  for (guint i = 0; i < changes->len; i++)
    {
      const HeftChange *change = &g_array_index (changes, HeftChange, i);
      g_autofree char *value = g_strdup_printf ("%s = %s", change->parameter, change->value);
      g_autofree char *name = g_strdup_printf ("changed at step %" G_GUINT64_FORMAT, change->step);

      append_comment (csv, name, value);
    }
}

static void
append_series_comment (GString *csv, const HeftSeriesSpec *spec)
{
  g_autofree char *words = g_strdup_printf ("%s [%s], %s", spec->label,
                                            strcmp (spec->unit, "%") == 0 ? "fraction" : *spec->unit != '\0' ? spec->unit : "1",
                                            spec->estimator != NULL ? spec->estimator : "");

  append_comment (csv, spec->id, words);
}

/* Everything the panel's series hold, one column a curve. */
static GPtrArray *
collect_columns (HeftRecord *record, const HeftPanelSpec *panel, GString *csv)
{
  GPtrArray *columns = g_ptr_array_new_with_free_func (column_free);
  const char *const *layers;
  gsize n_layers = heft_record_get_layers (record, &layers);

  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);
      const HeftSeriesSpec *spec;

      if (series < 0)
        continue;
      spec = heft_record_get_series_spec (record, (gsize) series);
      append_series_comment (csv, spec);
      for (gsize l = 0; l < (spec->per_layer ? n_layers : 1); l++)
        {
          gsize n = heft_record_get_length (record, (gsize) series, l);
          Column *column;

          if (n == 0)
            continue;
          column = g_new0 (Column, 1);
          column->name = spec->per_layer ? g_strdup_printf ("%s:%s", spec->id, layers[l]) : g_strdup (spec->id);
          column->x = g_new (double, n);
          column->y = g_new (double, n);
          column->n = heft_record_read (record, (gsize) series, l, 0, n, column->x, column->y);
          g_ptr_array_add (columns, column);
        }
    }
  return columns;
}

/* The word for x: the series' label without its mathematics would be no better. */
static const char *
x_name (const HeftPanelSpec *panel)
{
  if (panel->kind == HEFT_PANEL_CURVE)
    return "x";
  return "step";
}

/* Rows are matched by x where every column climbs, and by place along the curve where one does not (a sweep). */
static gboolean
columns_climb (GPtrArray *columns)
{
  for (guint c = 0; c < columns->len; c++)
    {
      const Column *column = g_ptr_array_index (columns, c);

      for (gsize i = 1; i < column->n; i++)
        if (column->x[i] < column->x[i - 1])
          return FALSE;
    }
  return TRUE;
}

static gboolean
next_x (GPtrArray *columns, gboolean climb, double *x)
{
  gboolean found = FALSE;

  for (guint c = 0; c < columns->len; c++)
    {
      const Column *column = g_ptr_array_index (columns, c);

      if (column->next >= column->n)
        continue;
      if (!found || (climb && column->x[column->next] < *x))
        *x = column->x[column->next];
      found = TRUE;
    }
  return found;
}

static void
append_series (GString *csv, HeftRecord *record, const HeftPanelSpec *panel)
{
  g_autoptr (GPtrArray) columns = collect_columns (record, panel, csv);
  gboolean climb = columns_climb (columns);
  double x = 0;

  g_string_append (csv, x_name (panel));
  for (guint c = 0; c < columns->len; c++)
    {
      g_string_append_c (csv, ',');
      append_text (csv, ((Column *) g_ptr_array_index (columns, c))->name);
    }
  g_string_append_c (csv, '\n');
  while (next_x (columns, climb, &x))
    {
      append_number (csv, x);
      for (guint c = 0; c < columns->len; c++)
        {
          Column *column = g_ptr_array_index (columns, c);

          g_string_append_c (csv, ',');
          if (column->next < column->n && (!climb || column->x[column->next] == x))
            append_number (csv, column->y[column->next++]);
        }
      g_string_append_c (csv, '\n');
    }
}

static void
append_frame_words (GString *csv, const HeftFrame *frame)
{
  g_string_append_printf (csv, "# step: %" G_GUINT64_FORMAT "\n", heft_frame_get_step (frame));
  for (gsize i = 0; i < heft_frame_get_n_items (frame); i++)
    {
      const HeftFrameItem *item = heft_frame_get_item (frame, i);
      char buffer[G_ASCII_DTOSTR_BUF_SIZE];

      if (item->fleeting)
        continue;
      if (item->kind == HEFT_FRAME_TEXT)
        append_comment (csv, item->name, item->text);
      else if (item->kind == HEFT_FRAME_NUMBER && isfinite (item->number))
        append_comment (csv, item->name, g_ascii_formatd (buffer, sizeof buffer, "%.17g", item->number));
    }
}

/* Arrays of one line beside one another: spectra by rank, functions on one grid. */
static void
append_frame_columns (GString *csv, const HeftFrame *frame, const char *first)
{
  gsize n_rows = 0;

  append_frame_words (csv, frame);
  g_string_append (csv, first);
  for (const char *const *name = heft_frame_get_array_names (frame); *name != NULL; name++)
    {
      gsize rows, columns;

      heft_frame_get_array (frame, *name, &rows, &columns);
      n_rows = MAX (n_rows, rows * columns);
      g_string_append_c (csv, ',');
      append_text (csv, *name);
    }
  g_string_append_c (csv, '\n');
  for (gsize i = 0; i < n_rows; i++)
    {
      g_string_append_printf (csv, "%" G_GSIZE_FORMAT, i + 1);
      for (const char *const *name = heft_frame_get_array_names (frame); *name != NULL; name++)
        {
          gsize rows, columns;
          const double *values = heft_frame_get_array (frame, *name, &rows, &columns);

          g_string_append_c (csv, ',');
          if (i < rows * columns)
            append_number (csv, values[i]);
        }
      g_string_append_c (csv, '\n');
    }
}

static void
append_images (GString *csv, const HeftFrame *frame)
{
  append_frame_words (csv, frame);
  g_string_append (csv, "array,row,column,value\n");
  for (const char *const *name = heft_frame_get_array_names (frame); *name != NULL; name++)
    {
      gsize rows, columns;
      const double *values = heft_frame_get_array (frame, *name, &rows, &columns);

      for (gsize i = 0; i < rows * columns; i++)
        {
          append_text (csv, *name);
          g_string_append_printf (csv, ",%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT ",", i / columns, i % columns);
          append_number (csv, values[i]);
          g_string_append_c (csv, '\n');
        }
    }
}

/* What is drawn of a plane, a line a point: of the map its value, of the lines of equal density which of them it is on. */
static void
append_plane (GString *csv, const HeftFrame *frame)
{
  gsize m = 0, n = 0, rows, columns;
  const double *w1 = heft_frame_get_array (frame, "w1", &rows, &m);
  const double *w2 = heft_frame_get_array (frame, "w2", &rows, &n);

  append_frame_words (csv, frame);
  g_string_append (csv, "array,w1,w2,value,line\n");
  for (const char *const *name = heft_frame_get_array_names (frame); *name != NULL; name++)
    {
      const double *values = heft_frame_get_array (frame, *name, &rows, &columns);
      gboolean line = g_str_has_prefix (*name, "line:") && columns == 3;

      if (!line && (strcmp (*name, "loss") != 0 || w1 == NULL || w2 == NULL || rows != m || columns != n))
        continue;
      for (gsize i = 0; i < (line ? rows : rows * columns); i++)
        {
          append_text (csv, *name);
          g_string_append_c (csv, ',');
          append_number (csv, line ? values[3 * i + 1] : w1[i / n]);
          g_string_append_c (csv, ',');
          append_number (csv, line ? values[3 * i + 2] : w2[i % n]);
          g_string_append_c (csv, ',');
          append_number (csv, line ? NAN : values[i]);
          g_string_append_c (csv, ',');
          append_number (csv, line ? values[3 * i] : NAN);
          g_string_append_c (csv, '\n');
        }
    }
}

static const char *
row_text (const HeftFrame *frame, guint row, const char *what)
{
  g_autofree char *name = g_strdup_printf ("row:%u:%s", row, what);

  return heft_frame_get_text (frame, name);
}

static gboolean
is_fleeting (const HeftFrame *frame, guint row)
{
  g_autofree char *name = g_strdup_printf ("row:%u:label", row);

  for (gsize i = 0; i < heft_frame_get_n_items (frame); i++)
    if (strcmp (heft_frame_get_item (frame, i)->name, name) == 0)
      return heft_frame_get_item (frame, i)->fleeting;
  return FALSE;
}

static void
append_ledger (GString *csv, const HeftFrame *frame)
{
  static const char *const texts[] = { "label", "value", "note" };
  static const char *const numbers[] = { "number", "gauge" };

  g_string_append_printf (csv, "# step: %" G_GUINT64_FORMAT "\n", heft_frame_get_step (frame));
  g_string_append (csv, "label,value,note,number,gauge\n");
  for (guint row = 0; row_text (frame, row, "label") != NULL; row++)
    {
      if (is_fleeting (frame, row))
        continue;
      for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
        {
          append_text (csv, row_text (frame, row, texts[i]));
          g_string_append_c (csv, ',');
        }
      for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
        {
          g_autofree char *name = g_strdup_printf ("row:%u:%s", row, numbers[i]);

          append_number (csv, heft_frame_get_number (frame, name, NAN));
          g_string_append_c (csv, i + 1 < G_N_ELEMENTS (numbers) ? ',' : '\n');
        }
    }
}

/* A line a cell: its row and column in words, and what is in it. */
static void
append_grid (GString *csv, const HeftFrame *frame)
{
  gsize rows = 0, columns = 0;

  heft_frame_get_array (frame, "values", &rows, &columns);
  g_string_append_printf (csv, "# step: %" G_GUINT64_FORMAT "\n", heft_frame_get_step (frame));
  if (heft_frame_get_text (frame, "estimator") != NULL)
    append_comment (csv, "estimator", heft_frame_get_text (frame, "estimator"));
  g_string_append (csv, "row,column,value,number\n");
  for (gsize i = 0; i < rows * columns; i++)
    {
      g_autofree char *row = g_strdup_printf ("row:%" G_GSIZE_FORMAT, i / columns);
      g_autofree char *column = g_strdup_printf ("column:%" G_GSIZE_FORMAT, i % columns);
      g_autofree char *cell = g_strdup_printf ("cell:%" G_GSIZE_FORMAT, i);
      g_autofree char *number = g_strdup_printf ("number:%" G_GSIZE_FORMAT, i);
      const char *const names[] = { row, column, cell };

      for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
        {
          append_text (csv, heft_frame_get_text (frame, names[k]));
          g_string_append_c (csv, ',');
        }
      append_number (csv, heft_frame_get_number (frame, number, NAN));
      g_string_append_c (csv, '\n');
    }
}

static void
append_frame (GString *csv, HeftPanelKind kind, const HeftFrame *frame)
{
  switch (kind)
    {
    case HEFT_PANEL_IMAGES:
      append_images (csv, frame);
      break;
    case HEFT_PANEL_CELLS:
      append_grid (csv, frame);
      break;
    case HEFT_PANEL_LEDGER:
      append_ledger (csv, frame);
      break;
    case HEFT_PANEL_PLANE:
      append_plane (csv, frame);
      break;
    case HEFT_PANEL_DENSITIES:
      append_frame_columns (csv, frame, "point");
      break;
    case HEFT_PANEL_SPECTRA:
    case HEFT_PANEL_LINES:
    case HEFT_PANEL_STACKED:
    case HEFT_PANEL_CURVE:
    default:
      append_frame_columns (csv, frame, "rank");
      break;
    }
}

/**
 * heft_record_write_panel_csv:
 * @csv: what is written is appended to it
 *
 * A comment header that says what was run, then one table. Series share a row where they share x; a cell is empty where a
 * curve was not measured. Numbers have 17 significant digits and a decimal point.
 *
 * Returns: FALSE if the panel has nothing to write yet
 */
gboolean
heft_record_write_panel_csv (HeftRecord *record, const HeftExperiment *experiment, const HeftParameters *parameters,
                             const HeftPanelSpec *panel, GString *csv, GError **error)
{
  g_autoptr (HeftFrame) frame = panel->frame != NULL ? heft_record_get_frame (record, panel->frame) : NULL;
  gboolean has_series = panel->series[0] != NULL;

  if (!has_series && frame == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE,
                   _("The panel “%s” has no data yet: let the run go on until it is measured."), panel->id);
      return FALSE;
    }
  append_header (csv, experiment, parameters, panel, record);
  if (has_series)
    {
      if (frame != NULL)
        append_frame_words (csv, frame);
      append_series (csv, record, panel);
    }
  else
    {
      append_frame (csv, panel->kind, frame);
    }
  return TRUE;
}
