/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Panels that show one frozen measurement of a record. The names of a frame's parts are the ones its maker writes. */

/* Eigenvalues below this share of the largest are rounding, not curvature. */
#define SPECTRUM_FLOOR 1e-10

/* Differences of a loss below a hundredth of a nat are not told apart. */
#define MAP_FLOOR 0.01

static void
append_caption (HeftFigure *figure, const char *text)
{
  char *longer;

  if (text == NULL || *text == '\0')
    return;
  longer = figure->caption != NULL && *figure->caption != '\0' ? g_strdup_printf ("%s · %s", figure->caption, text)
                                                                : g_strdup (text);
  g_free (figure->caption);
  figure->caption = longer;
}

static double *
ranks (gsize n)
{
  double *x = g_new (double, n + 1);

  for (gsize i = 0; i < n; i++)
    x[i] = i + 1.0;

  return x;
}

static HeftMark *
add_spectrum (HeftPlot *plot, HeftFrame *frame, const char *name, HeftMarkKind kind, const char *label, int index)
{
  gsize rows, columns;
  const double *values = heft_frame_get_array (frame, name, &rows, &columns);
  g_autofree double *x = NULL;
  HeftMark *mark;

  if (values == NULL || rows * columns == 0)
    return NULL;
  x = ranks (rows * columns);
  mark = heft_plot_add_mark (plot, kind, HEFT_QUANTITY_LAYER, label, rows * columns, x, values);
  mark->index = index;

  return mark;
}

/* On a log scale the axis ends ten decades below the largest eigenvalue, and says what is below. */
static void
limit_spectrum (HeftFigure *figure, HeftPlot *plot, double threshold)
{
  double largest = 0.0, smallest = INFINITY, floor_value;
  gsize below = 0;

  for (guint k = 0; k < plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, k);

      for (gsize i = 0; mark->x != NULL && i < mark->n; i++)
        if (isfinite (mark->y[i]))
          {
            largest = MAX (largest, mark->y[i]);
            if (mark->y[i] > 0.0)
              smallest = MIN (smallest, mark->y[i]);
          }
    }
  floor_value = largest * SPECTRUM_FLOOR;
  if (plot->y.scale != HEFT_SCALE_LOG || largest <= 0.0 || smallest >= floor_value)
    return;
  for (guint k = 0; k < plot->marks->len; k++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, k);

      for (gsize i = 0; mark->x != NULL && i < mark->n; i++)
        below += mark->y[i] > 0.0 && mark->y[i] < floor_value;
    }
  plot->y.automatic = FALSE;
  plot->y.minimum = isfinite (threshold) && threshold > 0.0 ? MIN (floor_value, threshold / 3) : floor_value;
  plot->y.maximum = MAX (largest, isfinite (threshold) ? threshold : 0.0) * 3;
  g_ptr_array_add (figure->notes,
                   g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%lu eigenvalue is below the axis: smaller than rounding.",
                                                 "%lu eigenvalues are below the axis: smaller than rounding.", below),
                                    (gulong) below));
}

void
heft_panel_spectra (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame)
{
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  const char *const *names = heft_frame_get_array_names (frame);
  const char *estimator = heft_frame_get_text (frame, "estimator"), *head = heft_frame_get_text (frame, "head_estimator");
  double threshold = heft_frame_get_number (frame, "threshold", NAN);
  gboolean any_head = FALSE;
  int index = 0;

  heft_panel_axes (plot, panel);
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *head_name = NULL, *label = NULL;

      if (!g_str_has_prefix (names[i], "layer:"))
        continue;
      label = heft_layer_dup_label (names[i] + strlen ("layer:"));
      head_name = g_strconcat ("head:", names[i] + strlen ("layer:"), NULL);
      add_spectrum (plot, frame, names[i], HEFT_MARK_LINE, label, index);
      any_head |= add_spectrum (plot, frame, head_name, HEFT_MARK_POINTS, NULL, index) != NULL;
      index++;
    }
  if (plot->marks->len == 0)
    {
      g_ptr_array_set_size (figure->plots, 0);
      return;
    }
  /* The keys to line and points: marks without points of their own. */
  if (estimator != NULL)
    heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_LOSS_LANDSCAPE, estimator, 0, NULL, NULL);
  if (head != NULL && any_head)
    heft_plot_add_mark (plot, HEFT_MARK_POINTS, HEFT_QUANTITY_LOSS_LANDSCAPE, head, 0, NULL, NULL);
  limit_spectrum (figure, plot, threshold);
  if (isfinite (threshold))
    {
      HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &threshold);

      mark->note = g_strdup (heft_frame_get_text (frame, "threshold_label"));
    }
  append_caption (figure, estimator);
  append_caption (figure, head);
}

/* The range all maps of one name share, so that their colours can be compared. */
static void
common_range (HeftFrame *frame, const char *prefix, double *minimum, double *maximum)
{
  *minimum = INFINITY;
  *maximum = 0.0;
  for (int k = 0; k < 16; k++)
    {
      g_autofree char *name = g_strdup_printf ("%s:%d", prefix, k);
      gsize rows, columns;
      const double *values = heft_frame_get_array (frame, name, &rows, &columns);

      for (gsize i = 0; values != NULL && i < rows * columns; i++)
        if (isfinite (values[i]) && values[i] > 0.0)
          {
            *minimum = MIN (*minimum, values[i]);
            *maximum = MAX (*maximum, values[i]);
          }
    }
  if (!(*maximum > 0.0))
    *minimum = *maximum = 0.0;
  else
    *minimum = MAX (*minimum, *maximum * 1e-6);
}

static HeftPlot *
add_image (HeftFigure *figure, HeftFrame *frame, const char *prefix, int k, HeftColourMap map)
{
  g_autofree char *name = g_strdup_printf ("%s:%d", prefix, k);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_IMAGE);
  const double *values = heft_frame_get_array (frame, name, &plot->rows, &plot->columns);

  plot->colour_map = map;
  if (values != NULL)
    plot->values = g_memdup2 (values, plot->rows * plot->columns * sizeof (double));
  else
    plot->rows = plot->columns = 1;

  return plot;
}

/* A map of values of one sign on a log scale; of both signs, in frames that say so, around 0. */
static void
add_map (HeftFigure *figure, HeftFrame *frame, const char *prefix, int k, const char *label)
{
  gboolean both = heft_frame_get_text (frame, "signed") != NULL;
  HeftPlot *plot = add_image (figure, frame, prefix, k, both ? HEFT_COLOUR_MAP_DIVERGING : HEFT_COLOUR_MAP_SEQUENTIAL);

  plot->colour_bar = TRUE;
  if (both)
    {
      plot->value_label = g_strdup (label);
      return;
    }
  plot->colour_log = TRUE;
  plot->value_label = g_strdup (label);
  common_range (frame, prefix, &plot->value_minimum, &plot->value_maximum);
}

static void
set_title (HeftFigure *figure, guint plot, const char *title, const char *otherwise)
{
  ((HeftPlot *) g_ptr_array_index (figure->plots, plot))->title = g_strdup (title != NULL ? title : otherwise);
}

void
heft_panel_images (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame)
{
  figure->columns = 3;
  for (int k = 0; k < 16; k++)
    {
      g_autofree char *name = g_strdup_printf ("image:%d", k);
      g_autofree char *title = g_strdup_printf ("title:%d", k);
      gsize rows, columns;
      HeftPlot *plot;

      if (heft_frame_get_array (frame, name, &rows, &columns) == NULL)
        break;
      plot = add_image (figure, frame, "image", k, HEFT_COLOUR_MAP_GREY);
      /* Bytes scaled to [0, 1] are shown as they are. */
      plot->value_minimum = 0.0;
      plot->value_maximum = 1.0;
      plot->y.label = g_strdup (heft_frame_get_text (frame, title));
      add_map (figure, frame, "map", k, heft_frame_get_text (frame, "map_label"));
      add_map (figure, frame, "change", k, heft_frame_get_text (frame, "change_label"));
      if (k == 0)
        {
          set_title (figure, 0, heft_frame_get_text (frame, "image_title"), _("Image"));
          set_title (figure, 1, heft_frame_get_text (frame, "map_title"), _("What it sees"));
          set_title (figure, 2, heft_frame_get_text (frame, "change_title"), _("Smallest change"));
        }
    }
  append_caption (figure, heft_frame_get_text (frame, "estimator"));
}

void
heft_panel_ledger (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame)
{
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_TABLE);

  for (int k = 0; k < 64; k++)
    {
      g_autofree char *label = g_strdup_printf ("row:%d:label", k);
      g_autofree char *value = g_strdup_printf ("row:%d:value", k);
      g_autofree char *note = g_strdup_printf ("row:%d:note", k);
      g_autofree char *gauge = g_strdup_printf ("row:%d:gauge", k);
      g_autofree char *quantity = g_strdup_printf ("row:%d:quantity", k);
      const char *small_print;
      HeftTableRow *row;

      if (heft_frame_get_text (frame, label) == NULL)
        break;
      row = heft_plot_add_row (plot, heft_frame_get_text (frame, label), heft_frame_get_text (frame, value));
      small_print = heft_frame_get_text (frame, note);
      row->note = small_print != NULL && *small_print != '\0' ? g_strdup (small_print) : NULL;
      row->gauge = heft_frame_get_number (frame, gauge, -1.0);
      row->overflow = row->gauge > 1.0;
      row->gauge = isfinite (row->gauge) ? MIN (row->gauge, 1.0) : -1.0;
      row->quantity = (HeftQuantity) heft_frame_get_number (frame, quantity, HEFT_QUANTITY_REFERENCE);
    }
  if (plot->table->len == 0)
    g_ptr_array_set_size (figure->plots, 0);
}

/* The texts "KIND:0", "KIND:1" ... of a frame, as many as there are. */
static char **
frame_texts (HeftFrame *frame, const char *kind, gsize n)
{
  char **texts = g_new0 (char *, n + 1);

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s:%" G_GSIZE_FORMAT, kind, i);
      const char *text = heft_frame_get_text (frame, name);

      texts[i] = g_strdup (text != NULL ? text : "");
    }
  return texts;
}

void
heft_panel_cells (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame)
{
  gsize rows, columns;
  const double *values = heft_frame_get_array (frame, "values", &rows, &columns);
  HeftPlot *plot;

  if (values == NULL || rows * columns == 0)
    return;
  plot = heft_figure_add_plot (figure, HEFT_PLOT_CELLS);
  plot->rows = rows;
  plot->columns = columns;
  plot->values = g_memdup2 (values, rows * columns * sizeof *values);
  plot->colour_map = HEFT_COLOUR_MAP_SEQUENTIAL;
  plot->row_names = frame_texts (frame, "row", rows);
  plot->column_names = frame_texts (frame, "column", columns);
  plot->cells = frame_texts (frame, "cell", rows * columns);
  append_caption (figure, heft_frame_get_text (frame, "estimator"));
}

static const struct
{
  const char  *name;
  HeftQuantity quantity;
  const char  *label;
} densities[] = {
  { "prior", HEFT_QUANTITY_PRIOR, N_("Prior $P$") },
  { "gibbs", HEFT_QUANTITY_EXACT, N_("Gibbs posterior, exact") },
  { "marginal", HEFT_QUANTITY_POSTERIOR, N_("Average posterior $\\bar{Q}$") },
  { "gaussian", HEFT_QUANTITY_GAUSSIAN, N_("Best Gaussian") },
  { "mean_field", HEFT_QUANTITY_POSTERIOR, N_("Best mean-field Gaussian") },
  { "adapted", HEFT_QUANTITY_GAUSSIAN, N_("Adapted Gaussian prior") },
  { "laplace", HEFT_QUANTITY_CORRECTED, N_("Gaussian at the minimum, corrected") },
  { "printed", HEFT_QUANTITY_PRINTED, N_("Gaussian at the minimum, as printed") },
};

static void
density_axes (HeftPlot *plot, const HeftPanelSpec *panel, const char *y_label, const char *y_unit)
{
  heft_panel_axes (plot, panel);
  g_free (plot->y.label);
  g_free (plot->y.unit);
  plot->y.label = g_strdup (y_label);
  plot->y.unit = g_strdup (y_unit);
  if (plot->x.label == NULL)
    plot->x.label = g_strdup (_("Weight $w$"));
}

/* The loss is shown as high as weights of any code reach: its walls beyond would flatten the valleys. */
static void
limit_loss (HeftPlot *plot, HeftFrame *frame, const double *loss, gsize n)
{
  double lowest = INFINITY, reach = -INFINITY;

  for (gsize k = 0; k < G_N_ELEMENTS (densities); k++)
    {
      gsize rows = 0, columns = 0;
      const double *values = heft_frame_get_array (frame, densities[k].name, &rows, &columns);
      double highest = 0.0;

      if (densities[k].quantity == HEFT_QUANTITY_PRIOR || values == NULL || rows * columns != n)
        continue;
      for (gsize i = 0; i < n; i++)
        highest = isfinite (values[i]) ? MAX (highest, values[i]) : highest;
      for (gsize i = 0; i < n; i++)
        if (isfinite (values[i]) && isfinite (loss[i]) && values[i] > 0.01 * highest)
          reach = MAX (reach, loss[i]);
    }
  for (gsize i = 0; i < n; i++)
    lowest = isfinite (loss[i]) ? MIN (lowest, loss[i]) : lowest;
  if (!isfinite (reach) || !(reach > lowest) || plot->y.scale == HEFT_SCALE_LOG)
    return;
  plot->y.automatic = FALSE;
  plot->y.minimum = lowest - 0.12 * (reach - lowest);
  plot->y.maximum = reach + 0.25 * (reach - lowest);
}

void
heft_panel_densities (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame)
{
  gsize rows, columns, n;
  const double *grid = heft_frame_get_array (frame, "grid", &rows, &columns);
  gsize loss_rows = 0, loss_columns = 0;
  const double *loss = heft_frame_get_array (frame, "loss", &loss_rows, &loss_columns);
  HeftPlot *plot;

  if (grid == NULL)
    return;
  n = rows * columns;
  if (loss != NULL && loss_rows * loss_columns == n)
    {
      static const double weights[] = { 0.8, 1.0 };

      plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
      density_axes (plot, panel, _("Loss $L(w)$"), _("nat"));
      plot->legend = FALSE;
      limit_loss (plot, frame, loss, n);
      heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_LOSS_LANDSCAPE, _("Loss $L(w)$"), n, grid, loss);
      figure->row_weights = g_memdup2 (weights, sizeof weights);
    }
  plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  density_axes (plot, panel, panel->y_label != NULL ? g_dgettext (GETTEXT_PACKAGE, panel->y_label) : _("Density"), NULL);
  plot->y.include_zero = !panel->y_log;
  for (gsize i = 0; i < G_N_ELEMENTS (densities); i++)
    {
      gsize density_rows, density_columns;
      const double *values = heft_frame_get_array (frame, densities[i].name, &density_rows, &density_columns);

      if (values != NULL && density_rows * density_columns == n)
        heft_plot_add_mark (plot, HEFT_MARK_LINE, densities[i].quantity, _(densities[i].label), n, grid, values);
    }
  append_caption (figure, heft_frame_get_text (frame, "estimator"));
}

/* Both lines of a distribution as one mark, so that the legend switches them together; a gap stands between lines. */
static void
add_contours (HeftPlot *plot, HeftFrame *frame, const char *name, HeftQuantity quantity, const char *label)
{
  g_autoptr (GArray) x = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) y = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree char *prefix = g_strdup_printf ("line:%s:", name);
  const double gap = NAN;

  for (const char *const *array = heft_frame_get_array_names (frame); array != NULL && *array != NULL; array++)
    {
      gsize rows, columns;
      const double *values = g_str_has_prefix (*array, prefix) ? heft_frame_get_array (frame, *array, &rows, &columns) : NULL;

      for (gsize i = 0; values != NULL && columns == 3 && i < rows; i++)
        {
          if (x->len > 0 && (i == 0 || values[3 * i] != values[3 * i - 3]))
            {
              g_array_append_val (x, gap);
              g_array_append_val (y, gap);
            }
          g_array_append_val (x, values[3 * i + 1]);
          g_array_append_val (y, values[3 * i + 2]);
        }
    }
  if (x->len > 0)
    heft_plot_add_mark (plot, HEFT_MARK_CONTOUR, quantity, label, x->len, (double *) (void *) x->data, (double *) (void *) y->data);
}

/* A map from row w1, column w2 to a picture: w1 to the right, w2 upwards. Above its lowest value, which no logarithm has. */
static void
set_map (HeftPlot *plot, const double *w1, gsize n1, const double *w2, gsize n2, const double *loss)
{
  double lowest = INFINITY, highest = -INFINITY, half1 = 0.5 * (w1[1] - w1[0]), half2 = 0.5 * (w2[1] - w2[0]);

  for (gsize i = 0; i < n1 * n2; i++)
    {
      lowest = isfinite (loss[i]) ? MIN (lowest, loss[i]) : lowest;
      highest = isfinite (loss[i]) ? MAX (highest, loss[i]) : highest;
    }
  plot->rows = n2;
  plot->columns = n1;
  plot->values = g_new (double, n1 * n2);
  for (gsize row = 0; row < n2; row++)
    for (gsize column = 0; column < n1; column++)
      plot->values[row * n1 + column] = loss[column * n2 + n2 - 1 - row] - lowest;
  plot->colour_map = HEFT_COLOUR_MAP_QUIET;
  plot->colour_bar = TRUE;
  plot->colour_log = TRUE;
  plot->value_label = g_strdup (_("Loss $L - \\min L$ (nat, log scale)"));
  plot->value_minimum = MAP_FLOOR;
  plot->value_maximum = isfinite (highest) ? MAX (highest - lowest, 10 * MAP_FLOOR) : 1.0;
  plot->map_left = plot->x.minimum = w1[0] - half1;
  plot->map_right = plot->x.maximum = w1[n1 - 1] + half1;
  plot->map_bottom = plot->y.minimum = w2[0] - half2;
  plot->map_top = plot->y.maximum = w2[n2 - 1] + half2;
  plot->x.automatic = plot->y.automatic = FALSE;
}

void
heft_panel_plane (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame)
{
  gsize rows, columns, n1 = 0, n2 = 0;
  const double *w1 = heft_frame_get_array (frame, "w1", &rows, &n1), *w2 = heft_frame_get_array (frame, "w2", &rows, &n2);
  const double *loss = heft_frame_get_array (frame, "loss", &rows, &columns);
  static const char *const keys[] = { N_("Mass within inner lines: 50 %"), N_("Mass within outer lines: 90 %") };
  HeftPlot *plot;

  if (w1 == NULL || w2 == NULL || loss == NULL || rows != n1 || columns != n2 || n1 < 2 || n2 < 2)
    return;
  plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  heft_panel_axes (plot, panel);
  /* Weights have both signs. */
  plot->x.scale = plot->y.scale = HEFT_SCALE_LINEAR;
  set_map (plot, w1, n1, w2, n2, loss);
  for (gsize i = 0; i < G_N_ELEMENTS (densities); i++)
    add_contours (plot, frame, densities[i].name, densities[i].quantity, _(densities[i].label));
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    heft_plot_add_mark (plot, HEFT_MARK_CONTOUR, HEFT_QUANTITY_REFERENCE, _(keys[i]), 0, NULL, NULL);
  append_caption (figure, _("inner lines 50 %, outer lines 90 % of each distribution’s mass"));
  append_caption (figure, _("colours: the loss above its lowest value on the map, on a logarithmic scale"));
  append_caption (figure, heft_frame_get_text (frame, "estimator"));
}
