/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Panels that follow a record's series. Those that show its frames are in panel-frame.c. */

static const char *
translated (const char *text)
{
  /* gettext answers the empty string with its header. */
  return text != NULL && *text != '\0' ? g_dgettext (GETTEXT_PACKAGE, text) : NULL;
}

void
heft_panel_axes (HeftPlot *plot, const HeftPanelSpec *panel)
{
  plot->x.label = g_strdup (translated (panel->x_label));
  plot->x.unit = g_strdup (translated (panel->x_unit));
  plot->x.scale = panel->x_log ? HEFT_SCALE_LOG : HEFT_SCALE_LINEAR;
  plot->y.label = g_strdup (translated (panel->y_label));
  plot->y.unit = g_strdup (translated (panel->y_unit));
  plot->y.scale = panel->y_log ? HEFT_SCALE_LOG : HEFT_SCALE_LINEAR;
}

typedef struct
{
  gsize   n;
  double *x, *y;
} Curve;

static void
curve_clear (Curve *self)
{
  g_clear_pointer (&self->x, g_free);
  g_clear_pointer (&self->y, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Curve, curve_clear)

/* All points, or at most @most, lowest and highest among them. */
static Curve
read_curve (HeftRecord *record, gsize series, gsize layer, gsize most)
{
  gsize n = heft_record_get_length (record, series, layer);
  Curve curve = { .n = most > 0 ? MIN (n, most) : n };

  curve.x = g_new (double, MAX (curve.n, most) + 1);
  curve.y = g_new (double, MAX (curve.n, most) + 1);
  curve.n = most > 0 ? heft_record_read_envelope (record, series, layer, most, curve.x, curve.y)
                     : heft_record_read (record, series, layer, 0, curve.n, curve.x, curve.y);

  return curve;
}

/* Curves that are added up need the same points of each: of the first @n all, or the beginning and then every so many-th and the last. */
static Curve
read_alike (HeftRecord *record, gsize series, gsize layer, gsize n, gsize most)
{
  Curve curve = { .n = 0 };
  gsize head = most / 4, stride = 1;

  curve.x = g_new (double, n + 1);
  curve.y = g_new (double, n + 1);
  if (most == 0 || n <= most)
    {
      curve.n = heft_record_read (record, series, layer, 0, n, curve.x, curve.y);
      return curve;
    }
  while (head + (n - head) / stride + 2 > most)
    stride *= 2;
  curve.n = heft_record_read (record, series, layer, 0, head, curve.x, curve.y);
  for (gsize i = head; i < n; i = i == n - 1 ? n : MIN (i + stride, n - 1))
    curve.n += heft_record_read (record, series, layer, i, 1, curve.x + curve.n, curve.y + curve.n);

  return curve;
}

/* How each curve was measured belongs into every file; curves measured alike share the words. */
static void
add_estimators (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record)
{
  g_autoptr (GString) caption = g_string_new (figure->caption);
  const HeftSeriesSpec *used[G_N_ELEMENTS (panel->series)];
  gsize n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);

      if (series >= 0 && heft_record_get_length (record, series, 0) > 0)
        used[n++] = heft_record_get_series_spec (record, series);
    }
  for (gsize i = 0; i < n; i++)
    {
      const char *estimator = used[i] != NULL ? translated (used[i]->estimator) : NULL;

      if (estimator == NULL || translated (used[i]->label) == NULL)
        continue;
      g_string_append_printf (caption, "%s%s", caption->len > 0 ? " · " : "", translated (used[i]->label));
      for (gsize k = i + 1; k < n; k++)
        if (used[k] != NULL && g_strcmp0 (used[k]->estimator, used[i]->estimator) == 0)
          {
            if (translated (used[k]->label) != NULL)
              g_string_append_printf (caption, "; %s", translated (used[k]->label));
            used[k] = NULL;
          }
      g_string_append_printf (caption, ": %s", estimator);
    }
  g_free (figure->caption);
  figure->caption = g_string_free (g_steal_pointer (&caption), FALSE);
}

static gboolean
is_percent (const HeftSeriesSpec *spec)
{
  return g_strcmp0 (spec->unit, "%") == 0;
}

static HeftMark *
add_curve (HeftPlot *plot, const HeftSeriesSpec *spec, const Curve *curve, const char *label)
{
  HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_LINE, spec->quantity, label, curve->n, curve->x, curve->y);

  if (is_percent (spec))
    for (gsize i = 0; i < mark->n; i++)
      mark->y[i] *= 100.0;
  mark->faint = spec->quantity == HEFT_QUANTITY_BATCH_LOSS || spec->quantity == HEFT_QUANTITY_REFERENCE;

  return mark;
}

static gboolean
add_series (HeftPlot *plot, HeftRecord *record, gsize series, gsize most)
{
  const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
  const char *const *names = NULL;
  gsize n_layers = spec->per_layer ? heft_record_get_layers (record, &names) : 1;
  gboolean any = FALSE;

  for (gsize layer = 0; layer < n_layers; layer++)
    {
      g_auto (Curve) curve = read_curve (record, series, layer, most);
      g_autofree char *name = spec->per_layer && names != NULL ? heft_layer_dup_label (names[layer]) : NULL;
      HeftMark *mark;

      if (curve.n == 0)
        continue;
      mark = add_curve (plot, spec, &curve, name != NULL ? name : translated (spec->label));
      if (spec->per_layer)
        {
          mark->quantity = HEFT_QUANTITY_LAYER;
          mark->index = layer;
        }
      any = TRUE;
    }

  return any;
}

/* One set of axes for the series with or without "%"; none if nothing has been measured. */
static void
add_lines_plot (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record, gboolean percent)
{
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  gboolean any = FALSE;

  heft_panel_axes (plot, panel);
  if (percent)
    {
      g_free (plot->y.label);
      g_free (plot->y.unit);
      plot->y.label = g_strdup (g_strcmp0 (panel->y_unit, "%") == 0 ? translated (panel->y_label) : _("Error"));
      plot->y.unit = g_strdup ("%");
      plot->y.include_zero = plot->y.scale == HEFT_SCALE_LINEAR;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);
      const HeftSeriesSpec *spec = series >= 0 ? heft_record_get_series_spec (record, series) : NULL;

      if (spec == NULL || is_percent (spec) != percent || !add_series (plot, record, series, figure->most_points))
        continue;
      any = TRUE;
      if (plot->y.unit == NULL)
        plot->y.unit = g_strdup (translated (spec->unit));
      if (plot->x.label == NULL)
        plot->x.label = g_strdup (translated (spec->x_label));
    }
  if (!any)
    g_ptr_array_set_size (figure->plots, figure->plots->len - 1);
}

static void
add_threshold (HeftPlot *plot, HeftRecord *record, const HeftPanelSpec *panel)
{
  g_autoptr (HeftFrame) frame = panel->frame != NULL ? heft_record_get_frame (record, panel->frame) : NULL;
  double value = frame != NULL ? heft_frame_get_number (frame, "threshold", NAN) : NAN;

  if (isfinite (value))
    {
      HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &value);

      mark->note = g_strdup (heft_frame_get_text (frame, "threshold_label"));
    }
}

void
heft_panel_lines (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record)
{
  add_lines_plot (figure, panel, record, FALSE);
  add_lines_plot (figure, panel, record, TRUE);
  if (figure->plots->len == 1)
    add_threshold (g_ptr_array_index (figure->plots, 0), record, panel);
  if (figure->plots->len == 2)
    {
      static const double weights[] = { 1.0, 0.72 };

      figure->row_weights = g_memdup2 (weights, sizeof weights);
    }
}

/* Layers from below in the order of the network; the writer may be between two of them, so the shortest decides. */
static void
stack_layers (HeftPlot *plot, HeftRecord *record, gsize series, gboolean stacked, gsize most)
{
  const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
  const char *const *names = NULL;
  gsize n_layers = heft_record_get_layers (record, &names), n = G_MAXSIZE;
  g_autofree double *floor_values = NULL;

  for (gsize layer = 0; layer < n_layers; layer++)
    n = MIN (n, heft_record_get_length (record, series, layer));
  if (n_layers == 0 || n == 0)
    return;
  floor_values = g_new0 (double, n);
  for (gsize layer = 0; layer < n_layers; layer++)
    {
      g_auto (Curve) curve = read_alike (record, series, layer, n, most);
      g_autofree char *name = names != NULL ? heft_layer_dup_label (names[layer]) : NULL;
      const char *label = name != NULL ? name : translated (spec->label);
      HeftMark *mark;

      if (stacked)
        {
          mark = heft_plot_add_mark (plot, HEFT_MARK_AREA, HEFT_QUANTITY_LAYER, label, curve.n, curve.x, NULL);
          mark->lower = g_memdup2 (floor_values, curve.n * sizeof (double));
          for (gsize i = 0; i < curve.n; i++)
            floor_values[i] += curve.y[i];
          mark->upper = g_memdup2 (floor_values, curve.n * sizeof (double));
        }
      else
        mark = heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_LAYER, label, curve.n, curve.x, curve.y);
      mark->index = layer;
    }
}

/* A second measure of the same thing by layer is one line to compare the stack's top with: its sum. */
static void
add_layer_sum (HeftPlot *plot, HeftRecord *record, gsize series, gsize most)
{
  const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
  gsize n_layers = heft_record_get_layers (record, NULL), n = G_MAXSIZE;
  HeftMark *mark = NULL;

  for (gsize layer = 0; layer < n_layers; layer++)
    n = MIN (n, heft_record_get_length (record, series, layer));
  if (n_layers == 0 || n == 0)
    return;
  for (gsize layer = 0; layer < n_layers; layer++)
    {
      g_auto (Curve) curve = read_alike (record, series, layer, n, most);

      if (mark == NULL)
        mark = heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_GAUSSIAN, translated (spec->label), curve.n, curve.x, curve.y);
      else
        for (gsize i = 0; i < MIN (curve.n, mark->n); i++)
          mark->y[i] += curve.y[i];
    }
}

/* Whether the panel names that sum as a series of its own. */
static gboolean
has_sum (const HeftPanelSpec *panel, HeftRecord *record)
{
  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);
      const HeftSeriesSpec *spec = series >= 0 ? heft_record_get_series_spec (record, series) : NULL;

      if (spec != NULL && !spec->per_layer && spec->quantity == HEFT_QUANTITY_GAUSSIAN)
        return TRUE;
    }
  return FALSE;
}

/* What is stacked has a unit; a series of the panel that has none is a price of it (the beta in effect) and gets axes of its own below. */
static gboolean
is_price (const HeftSeriesSpec *spec)
{
  return *spec->unit == '\0';
}

static void
add_price_plot (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record)
{
  static const double weights[] = { 1.0, 0.5 };
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  g_autoptr (HeftFrame) frame = panel->frame != NULL ? heft_record_get_frame (record, panel->frame) : NULL;
  double value = frame != NULL ? heft_frame_get_number (frame, "price", NAN) : NAN;

  heft_panel_axes (plot, panel);
  g_clear_pointer (&plot->y.label, g_free);
  g_clear_pointer (&plot->y.unit, g_free);
  plot->y.scale = HEFT_SCALE_LOG;
  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);
      const HeftSeriesSpec *spec = series >= 0 ? heft_record_get_series_spec (record, series) : NULL;

      if (spec != NULL && is_price (spec) && add_series (plot, record, series, figure->most_points) && plot->y.label == NULL)
        plot->y.label = g_strdup (translated (spec->label));
    }
  if (plot->marks->len == 0)
    {
      g_ptr_array_set_size (figure->plots, figure->plots->len - 1);
      return;
    }
  figure->row_weights = g_memdup2 (weights, sizeof weights);
  if (isfinite (value))
    {
      HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &value);

      mark->note = g_strdup (heft_frame_get_text (frame, "price_label"));
    }
}

void
heft_panel_stacked (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record)
{
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  gboolean layers = FALSE;

  heft_panel_axes (plot, panel);
  plot->y.include_zero = !panel->y_log;
  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);
      const HeftSeriesSpec *spec = series >= 0 ? heft_record_get_series_spec (record, series) : NULL;
      guint before = plot->marks->len;

      if (spec == NULL || is_price (spec))
        continue;
      /* Heights add up on a linear scale only: on a log scale the layers are lines. */
      if (spec->per_layer && !layers)
        stack_layers (plot, record, series, !panel->y_log, figure->most_points);
      else if (spec->per_layer && has_sum (panel, record))
        continue;
      else if (spec->per_layer)
        add_layer_sum (plot, record, series, figure->most_points);
      else
        add_series (plot, record, series, figure->most_points);
      if (plot->marks->len == before)
        continue;
      layers |= spec->per_layer;
      if (plot->y.unit == NULL)
        plot->y.unit = g_strdup (translated (spec->unit));
      if (plot->x.label == NULL)
        plot->x.label = g_strdup (translated (spec->x_label));
    }
  if (plot->marks->len == 0)
    {
      g_ptr_array_set_size (figure->plots, 0);
      return;
    }
  add_threshold (plot, record, panel);
  add_price_plot (figure, panel, record);
}

/* The first series' slope by theory is in the second: d loss / d KL = -beta, or d min C / d beta = KL (theory.md section 1). */
static void
add_tangents (HeftPlot *plot, HeftRecord *record, int series, const Curve *curve)
{
  const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
  g_auto (Curve) slope = read_curve (record, series, 0, 0);
  gboolean rising = spec->quantity == HEFT_QUANTITY_KL;
  gsize n = MIN (curve->n, slope.n);
  HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_TANGENT, HEFT_QUANTITY_LOSS_LANDSCAPE,
                                       rising ? translated (spec->label) : _("slope $-\\beta$"), n, curve->x, curve->y);

  mark->lower = g_new (double, n + 1);
  for (gsize i = 0; i < n; i++)
    mark->lower[i] = rising ? slope.y[i] : -slope.y[i];
}

/* Beyond this many points a curve is drawn without a marker at each. */
#define MANY_POINTS 40

void
heft_panel_curve (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record)
{
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  int first = panel->series[0] != NULL ? heft_record_find_series (record, panel->series[0]) : -1;
  int second = panel->series[0] != NULL && panel->series[1] != NULL ? heft_record_find_series (record, panel->series[1]) : -1;

  heft_panel_axes (plot, panel);
  if (first >= 0)
    {
      const HeftSeriesSpec *spec = heft_record_get_series_spec (record, first);
      g_auto (Curve) curve = read_curve (record, first, 0, 0);

      if (second >= 0 && curve.n > 0)
        add_tangents (plot, record, second, &curve);
      if (curve.n > 0)
        {
          heft_plot_add_mark (plot, curve.n > MANY_POINTS ? HEFT_MARK_LINE : HEFT_MARK_LINE_POINTS, spec->quantity,
                              translated (spec->label), curve.n, curve.x, curve.y);
          if (plot->y.unit == NULL)
            plot->y.unit = g_strdup (translated (spec->unit));
        }
    }
  for (gsize i = 2; i < G_N_ELEMENTS (panel->series) && panel->series[i - 1] != NULL && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);

      if (series >= 0)
        {
          const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
          g_auto (Curve) curve = read_curve (record, series, 0, 0);

          if (curve.n > 0)
            heft_plot_add_mark (plot, curve.n > 1 ? HEFT_MARK_LINE : HEFT_MARK_POINTS, spec->quantity, translated (spec->label),
                                curve.n, curve.x, curve.y);
        }
    }
  if (plot->marks->len == 0)
    g_ptr_array_set_size (figure->plots, 0);
}

static const char *
placeholder_for (const HeftPanelSpec *panel)
{
  if (panel->awaits != NULL)
    return translated (panel->awaits);
  switch (panel->kind)
    {
    case HEFT_PANEL_SPECTRA:
      return _("The spectra appear with the first measurement of the curvature.");
    case HEFT_PANEL_CURVE:
      return _("The curve appears point by point while a sweep over $\\beta$ runs.");
    case HEFT_PANEL_IMAGES:
      return _("The maps appear with the first measurement of the layer’s invariance.");
    case HEFT_PANEL_LEDGER:
      return _("The ledger fills with the first measurement.");
    case HEFT_PANEL_CELLS:
      return _("The table fills with the first measurement of what the layers see.");
    case HEFT_PANEL_LINES:
    case HEFT_PANEL_STACKED:
    case HEFT_PANEL_DENSITIES:
    case HEFT_PANEL_PLANE:
    default:
      return _("Nothing has been measured yet; it appears as the run goes on.");
    }
}

/* @frame is NULL before the first measurement. */
static void
add_plots (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record, HeftFrame *frame)
{
  switch (panel->kind)
    {
    case HEFT_PANEL_STACKED:
      heft_panel_stacked (figure, panel, record);
      break;
    case HEFT_PANEL_CURVE:
      heft_panel_curve (figure, panel, record);
      break;
    case HEFT_PANEL_SPECTRA:
      if (frame != NULL)
        heft_panel_spectra (figure, panel, frame);
      break;
    case HEFT_PANEL_IMAGES:
      if (frame != NULL)
        heft_panel_images (figure, panel, frame);
      break;
    case HEFT_PANEL_CELLS:
      if (frame != NULL)
        heft_panel_cells (figure, panel, frame);
      break;
    case HEFT_PANEL_LEDGER:
      if (frame != NULL)
        heft_panel_ledger (figure, panel, frame);
      break;
    case HEFT_PANEL_DENSITIES:
      if (frame != NULL)
        heft_panel_densities (figure, panel, frame);
      break;
    case HEFT_PANEL_PLANE:
      if (frame != NULL)
        heft_panel_plane (figure, panel, frame);
      break;
    case HEFT_PANEL_LINES:
    default:
      heft_panel_lines (figure, panel, record);
      break;
    }
}

static HeftFigure *
make_figure (const HeftPanelSpec *panel, HeftRecord *record, const char *caption, int x_log, int y_log, gsize most_points)
{
  HeftPanelSpec spec;
  HeftFigure *figure;
  g_autoptr (HeftFrame) frame = NULL;

  spec = *panel;
  if (x_log >= 0)
    spec.x_log = x_log != 0;
  if (y_log >= 0)
    spec.y_log = y_log != 0;
  figure = heft_figure_new (translated (panel->title));
  figure->most_points = most_points;
  figure->caption = g_strdup (caption);
  figure->placeholder = g_strdup (placeholder_for (panel));
  if (record == NULL)
    return figure;

  if (panel->frame != NULL)
    frame = heft_record_get_frame (record, panel->frame);
  /* Why there is nothing to show. */
  if (frame != NULL && heft_frame_get_text (frame, "obstacle") != NULL)
    {
      g_free (figure->placeholder);
      figure->placeholder = g_strdup (heft_frame_get_text (frame, "obstacle"));
    }
  add_plots (figure, &spec, record, frame);
  if (figure->plots->len > 0)
    add_estimators (figure, &spec, record);

  return figure;
}

/**
 * heft_panel_figure:
 * @panel: what to show and how
 * @record: the run
 * @caption: (nullable): seed, N, beta and the like, for files; how each curve was measured is added
 * @x_log: %TRUE, %FALSE, or -1 for the panel's own scale
 * @y_log: likewise
 *
 * Returns: (transfer full): the panel as a figure; without data one sentence says what is awaited
 */
HeftFigure *
heft_panel_figure (const HeftPanelSpec *panel, HeftRecord *record, const char *caption, int x_log, int y_log)
{
  g_return_val_if_fail (panel != NULL, NULL);

  return make_figure (panel, record, caption, x_log, y_log, 0);
}

/**
 * heft_panel_figure_thin:
 * @most_points: how many points a curve may have, at least %HEFT_ENVELOPE_MINIMUM
 *
 * The same for a screen, in a time that hardly grows with the run: long curves are their beginning and the lowest and highest of equal
 * groups; what is stacked is every so many-th point of each layer.
 *
 * Returns: (transfer full): the panel as a figure
 */
HeftFigure *
heft_panel_figure_thin (const HeftPanelSpec *panel, HeftRecord *record, int x_log, int y_log, gsize most_points)
{
  g_return_val_if_fail (panel != NULL, NULL);
  g_return_val_if_fail (most_points >= HEFT_ENVELOPE_MINIMUM, NULL);

  return make_figure (panel, record, NULL, x_log, y_log, most_points);
}
