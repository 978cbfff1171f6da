/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gallery.h"
#include "plot/plot-private.h"
#include "svg.h"

#include <math.h>
#include <string.h>

static HeftFigure *
panel (const char *id, int x_log, int y_log)
{
  HeftRecord *record = gallery_record ();
  HeftFigure *figure = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (gallery_panels); i++)
    if (g_str_equal (gallery_panels[i].id, id))
      figure = heft_panel_figure (&gallery_panels[i], record, "seed 0", x_log, y_log);
  heft_record_unref (record);
  g_assert_nonnull (figure);

  return figure;
}

static HeftPlot *
plot_of (const HeftFigure *figure, guint i)
{
  g_assert_cmpuint (i, <, figure->plots->len);
  return g_ptr_array_index (figure->plots, i);
}

static HeftMark *
mark_of (const HeftPlot *plot, HeftMarkKind kind, const char *label)
{
  for (guint i = 0; i < plot->marks->len; i++)
    {
      HeftMark *mark = g_ptr_array_index (plot->marks, i);

      if (mark->kind == kind && (label == NULL || g_strcmp0 (mark->label, label) == 0))
        return mark;
    }
  g_assert_not_reached ();
}

/* Without data there is one sentence and nothing else, for every kind of panel and in every theme. */
static void
test_empty (void)
{
  static const HeftSeriesSpec one = { "train_loss", "Loss", "nat", "Step", HEFT_QUANTITY_TRAIN_LOSS, FALSE, NULL };
  HeftRecord *record = heft_record_new (&one, 1, NULL, 0);
  HeftTheme theme = heft_theme_file ();

  for (gsize i = 0; i < G_N_ELEMENTS (gallery_panels); i++)
    {
      g_autoptr (HeftFigure) figure = heft_panel_figure (&gallery_panels[i], record, NULL, -1, -1);
      g_autoptr (HeftFigure) nothing = heft_panel_figure (&gallery_panels[i], NULL, NULL, -1, -1);
      g_autoptr (GBytes) bytes = heft_figure_export_bytes (figure, HEFT_FILE_SVG, 300, 200, 72, &theme, NULL);

      g_assert_cmpuint (figure->plots->len, ==, 0);
      g_assert_nonnull (figure->placeholder);
      g_assert_nonnull (nothing->placeholder);
      g_assert_nonnull (bytes);
    }
  heft_record_unref (record);
}

static void
test_lines (void)
{
  g_autoptr (HeftFigure) figure = panel ("loss", -1, -1);
  HeftPlot *top = plot_of (figure, 0), *bottom = plot_of (figure, 1);
  HeftMark *error;

  g_assert_cmpuint (figure->plots->len, ==, 2);
  g_assert_cmpuint (top->marks->len, ==, 4);
  g_assert_cmpuint (bottom->marks->len, ==, 3);
  g_assert_true (mark_of (top, HEFT_MARK_LINE, "Minibatch loss")->faint);
  g_assert_cmpstr (bottom->y.unit, ==, "%");
  error = mark_of (bottom, HEFT_MARK_LINE, "Error of $Q$, training");
  g_assert_cmpfloat_with_epsilon (error->y[0], 85.0, 1e-9);
  /* Caption: what was given, then how each curve was measured, said once. */
  g_assert_true (g_str_has_prefix (figure->caption, "seed 0 · "));
  g_assert_nonnull (strstr (figure->caption, "one draw of all weights"));
  g_assert_null (strstr (strstr (figure->caption, "one draw of all weights") + 5, "one draw of all weights"));
}

static void
test_stacked (void)
{
  g_autoptr (HeftFigure) figure = panel ("kl", -1, -1);
  g_autoptr (HeftFigure) log = panel ("kl", -1, TRUE);
  HeftPlot *plot = plot_of (figure, 0);
  HeftMark *first = mark_of (plot, HEFT_MARK_AREA, "Layer 1"), *third = mark_of (plot, HEFT_MARK_AREA, "Layer 3");
  HeftMark *second = mark_of (plot, HEFT_MARK_AREA, "Layer 2"), *total = mark_of (plot, HEFT_MARK_LINE, "$\\mathrm{KL}(Q \\Vert P)$");
  HeftMark *line = mark_of (plot, HEFT_MARK_HORIZONTAL, NULL);
  HeftMark *gaussian = mark_of (plot, HEFT_MARK_LINE, "Gaussian (Laplace) information");

  for (gsize i = 0; i < first->n; i++)
    {
      g_assert_cmpfloat (first->lower[i], ==, 0.0);
      g_assert_cmpfloat (second->lower[i], ==, first->upper[i]);
      /* The stack's top is the total (U13). */
      g_assert_cmpfloat_with_epsilon (third->upper[i], total->y[i], 1e-9 * total->y[i]);
      g_assert_cmpfloat_with_epsilon (gaussian->y[i], 13500 * (1 - exp (-total->x[i] / 150)), 1e-6);
    }
  g_assert_cmpfloat (line->y[0], ==, 23025.85);
  g_assert_nonnull (strstr (line->note, "\\log C"));
  /* Heights do not add up on a log scale: lines. */
  mark_of (plot_of (log, 0), HEFT_MARK_LINE, "Layer 1");
  g_assert_cmpint (plot_of (log, 0)->y.scale, ==, HEFT_SCALE_LOG);
}

static void
test_spectra (void)
{
  g_autoptr (HeftFigure) figure = panel ("spectra", -1, -1);
  HeftPlot *plot = plot_of (figure, 0);
  HeftMark *line = mark_of (plot, HEFT_MARK_LINE, "Layer 2"), *head;

  g_assert_cmpint (plot->x.scale, ==, HEFT_SCALE_LOG);
  g_assert_cmpuint (line->n, ==, 512);
  g_assert_cmpfloat (line->x[0], ==, 1.0);
  g_assert_cmpint (line->index, ==, 1);
  head = mark_of (plot, HEFT_MARK_POINTS, NULL);
  g_assert_cmpuint (head->n, ==, 10);
  /* Both estimators are named in legend and caption. */
  mark_of (plot, HEFT_MARK_LINE, "one sampled label, 512 inputs");
  mark_of (plot, HEFT_MARK_POINTS, "exact labels, Lanczos");
  g_assert_nonnull (strstr (figure->caption, "one sampled label, 512 inputs"));
  g_assert_nonnull (strstr (figure->caption, "exact labels, Lanczos"));
  g_assert_cmpfloat (mark_of (plot, HEFT_MARK_HORIZONTAL, NULL)->y[0], ==, 1e-3);
}

static void
test_curve (void)
{
  g_autoptr (HeftFigure) figure = panel ("tradeoff", -1, -1);
  HeftPlot *plot = plot_of (figure, 0);
  HeftMark *tangent = mark_of (plot, HEFT_MARK_TANGENT, NULL), *points = mark_of (plot, HEFT_MARK_LINE_POINTS, NULL);

  g_assert_cmpuint (points->n, ==, 10);
  for (gsize i = 0; i < 10; i++)
    {
      g_assert_cmpfloat (tangent->x[i], ==, points->x[i]);
      g_assert_cmpfloat_with_epsilon (tangent->lower[i], -1.9 / 4200 * exp (-points->x[i] / 4200), 1e-15);
    }
}

static void
test_images (void)
{
  g_autoptr (HeftFigure) figure = panel ("invariance", -1, -1);

  g_assert_cmpuint (figure->plots->len, ==, 9);
  g_assert_cmpuint (figure->columns, ==, 3);
  for (guint k = 0; k < 3; k++)
    {
      HeftPlot *image = plot_of (figure, 3 * k), *map = plot_of (figure, 3 * k + 1), *change = plot_of (figure, 3 * k + 2);

      g_assert_cmpint (image->colour_map, ==, HEFT_COLOUR_MAP_GREY);
      g_assert_true (map->colour_log && map->colour_bar && change->colour_log);
      g_assert_cmpuint (map->rows, ==, 28);
      /* One scale for all maps of a column. */
      g_assert_cmpfloat (map->value_maximum, ==, plot_of (figure, 1)->value_maximum);
      g_assert_cmpfloat (change->value_minimum, ==, plot_of (figure, 2)->value_minimum);
      g_assert_true (isinf (change->values[0]));
    }
}

/* A frame may name its pictures, and say that its maps have both signs: then 0 is in the middle of the colours. */
static void
test_signed_images (void)
{
  static const HeftPanelSpec spec = { .id = "directions", .title = "Directions", .kind = HEFT_PANEL_IMAGES, .frame = "directions" };
  g_autoptr (HeftRecord) record = heft_record_new (NULL, 0, NULL, 0);
  g_autoptr (HeftFigure) figure = NULL;
  HeftFrame *frame = heft_frame_new ("directions", 0);
  const double values[] = { 0.5, -0.25 };

  heft_frame_set_array (frame, "image:0", 1, 2, values);
  heft_frame_set_array (frame, "map:0", 1, 2, values);
  heft_frame_set_array (frame, "change:0", 1, 2, values);
  heft_frame_set_text (frame, "signed", "yes");
  heft_frame_set_text (frame, "map_title", "Best");
  heft_frame_set_text (frame, "map_label", "Direction");
  heft_record_publish (record, frame);
  figure = heft_panel_figure (&spec, record, NULL, -1, -1);
  g_assert_cmpuint (figure->plots->len, ==, 3);
  g_assert_cmpstr (plot_of (figure, 0)->title, ==, "Image");
  g_assert_cmpstr (plot_of (figure, 1)->title, ==, "Best");
  for (guint k = 1; k < 3; k++)
    {
      HeftPlot *map = plot_of (figure, k);

      g_assert_cmpint (map->colour_map, ==, HEFT_COLOUR_MAP_DIVERGING);
      g_assert_false (map->colour_log);
      g_assert_true (map->colour_bar && map->value_minimum == map->value_maximum);
      g_assert_cmpfloat (map->values[1], ==, -0.25);
    }
}

static void
test_ledger (void)
{
  g_autoptr (HeftFigure) figure = panel ("ledger", -1, -1);
  HeftPlot *plot = plot_of (figure, 0);
  HeftTableRow *loss = g_ptr_array_index (plot->table, 0), *bound = g_ptr_array_index (plot->table, 4);

  g_assert_cmpuint (plot->table->len, ==, 6);
  g_assert_cmpstr (loss->value, ==, "0.213 nat");
  g_assert_cmpfloat (loss->gauge, <, 0.0);
  g_assert_true (bound->overflow);
  g_assert_cmpfloat (bound->gauge, ==, 1.0);
  g_assert_cmpint (bound->quantity, ==, HEFT_QUANTITY_BOUND);
}

static void
test_densities (void)
{
  g_autoptr (HeftFigure) figure = panel ("landscape", -1, -1);
  HeftPlot *bottom = plot_of (figure, 1), *top = plot_of (figure, 0);
  static const HeftQuantity quantities[] = { HEFT_QUANTITY_PRIOR, HEFT_QUANTITY_EXACT, HEFT_QUANTITY_GAUSSIAN,
                                             HEFT_QUANTITY_CORRECTED, HEFT_QUANTITY_PRINTED };

  g_assert_cmpuint (figure->plots->len, ==, 2);
  g_assert_cmpuint (bottom->marks->len, ==, 5);
  /* The walls, 56 nats high, do not flatten the valleys. */
  g_assert_false (top->y.automatic);
  g_assert_cmpfloat (top->y.maximum, <, 5.0);
  g_assert_cmpfloat (top->y.minimum, <, 0.0);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (((HeftMark *) g_ptr_array_index (bottom->marks, i))->quantity, ==, quantities[i]);
}

/* Thinned for the screen, layers still add up to the total at every point, and a spike is still there. */
static void
test_thin (void)
{
  static const HeftSeriesSpec specs[] = {
    { "loss", "Loss", "nat", "Step", HEFT_QUANTITY_BATCH_LOSS, FALSE, NULL },
    { "layers", "KL", "nat", "Step", HEFT_QUANTITY_LAYER, TRUE, NULL },
  };
  static const HeftPanelSpec lines = { .id = "l", .title = "L", .kind = HEFT_PANEL_LINES, .series = { "loss" } };
  static const HeftPanelSpec stack = { .id = "s", .title = "S", .kind = HEFT_PANEL_STACKED, .series = { "layers" } };
  const char *const names[] = { "one", "two" };
  const gsize n = 50000, most = 2048;
  HeftRecord *record = heft_record_new (specs, 2, NULL, 0);
  double highest = 0;

  heft_record_set_layers (record, 2, names);
  for (gsize i = 0; i < n; i++)
    {
      heft_record_append (record, 0, 0, i, i == 31234 ? 99 : 1 + 0.1 * (i % 7));
      heft_record_append (record, 1, 0, i, 2.0 * i);
      heft_record_append (record, 1, 1, i, 3.0 * i);
    }
  {
    g_autoptr (HeftFigure) all = heft_panel_figure (&lines, record, NULL, -1, -1);
    g_autoptr (HeftFigure) thin = heft_panel_figure_thin (&lines, record, -1, -1, most);
    g_autoptr (HeftFigure) layers = heft_panel_figure_thin (&stack, record, -1, -1, most);
    HeftMark *line = g_ptr_array_index (plot_of (thin, 0)->marks, 0), *top;

    g_assert_cmpuint (((HeftMark *) g_ptr_array_index (plot_of (all, 0)->marks, 0))->n, ==, n);
    g_assert_cmpuint (line->n, <=, most);
    for (gsize i = 0; i < line->n; i++)
      highest = MAX (highest, line->y[i]);
    g_assert_cmpfloat (highest, ==, 99);

    g_assert_cmpuint (plot_of (layers, 0)->marks->len, ==, 2);
    top = g_ptr_array_index (plot_of (layers, 0)->marks, 1);
    g_assert_cmpuint (top->n, <=, most);
    for (gsize i = 0; i < top->n; i++)
      g_assert_cmpfloat (top->upper[i], ==, 5.0 * top->x[i]);
    g_assert_cmpfloat (top->x[top->n - 1], ==, n - 1);
  }
  heft_record_unref (record);
}

/* What has no unit among what is stacked is a price: axes of its own below, logarithmic; and an empty panel says what it waits for. */
static void
test_price (void)
{
  static const HeftSeriesSpec specs[] = {
    { "layers", "KL", "nat", "Step", HEFT_QUANTITY_LAYER, TRUE, NULL },
    { "beta", "Beta", "", "Step", HEFT_QUANTITY_LAGRANGIAN, FALSE, NULL },
  };
  static const HeftPanelSpec panel = { .id = "s", .title = "S", .kind = HEFT_PANEL_STACKED, .series = { "layers", "beta" },
                                       .frame = "levels", .awaits = "the first measurement" };
  const char *const names[] = { "one" };
  HeftRecord *record = heft_record_new (specs, 2, NULL, 0);
  HeftFrame *frame = heft_frame_new ("levels", 0);

  heft_frame_set_number (frame, "threshold", 5);
  heft_frame_set_number (frame, "price", 1e-3);
  heft_record_publish (record, frame);
  heft_record_set_layers (record, 1, names);
  {
    g_autoptr (HeftFigure) empty = heft_panel_figure (&panel, record, NULL, -1, -1);
    g_autoptr (HeftFigure) stack = NULL, both = NULL;

    g_assert_cmpuint (empty->plots->len, ==, 0);
    g_assert_cmpstr (empty->placeholder, ==, "the first measurement");
    heft_record_append (record, 0, 0, 1, 2);
    stack = heft_panel_figure (&panel, record, NULL, -1, -1);
    g_assert_cmpuint (stack->plots->len, ==, 1);
    heft_record_append (record, 1, 0, 1, 0.01);
    both = heft_panel_figure (&panel, record, NULL, -1, -1);
    g_assert_cmpuint (both->plots->len, ==, 2);
    g_assert_cmpuint (plot_of (both, 0)->marks->len, ==, 2);
    g_assert_cmpuint (plot_of (both, 1)->marks->len, ==, 2);
    g_assert_cmpstr (plot_of (both, 1)->y.label, ==, "Beta");
    g_assert_cmpint (plot_of (both, 1)->y.scale, ==, HEFT_SCALE_LOG);
  }
  heft_record_unref (record);
}

/* Words in cells: names and cells come from the frame, survive a copy and reach the file; without values there is no plot. */
static void
test_cells (void)
{
  static const HeftPanelSpec panel = { .id = "c", .title = "C", .kind = HEFT_PANEL_CELLS, .frame = "cells" };
  const double shares[] = { 1, 0.5, NAN, 0 };
  HeftRecord *record = heft_record_new (NULL, 0, NULL, 0);
  HeftFrame *frame = heft_frame_new ("cells", 0);

  heft_frame_set_text (frame, "row:0", "Rotation");
  heft_frame_set_text (frame, "row:1", "Blur");
  heft_frame_set_text (frame, "column:1", "Logits");
  heft_frame_set_text (frame, "cell:3", "0.25 px");
  {
    g_autoptr (HeftFigure) empty = NULL;

    heft_record_publish (record, heft_frame_ref (frame));
    empty = heft_panel_figure (&panel, record, NULL, -1, -1);
    g_assert_cmpuint (empty->plots->len, ==, 0);
  }
  heft_frame_set_array (frame, "values", 2, 2, shares);
  heft_record_publish (record, frame);
  {
    g_autoptr (HeftFigure) figure = heft_panel_figure (&panel, record, NULL, -1, -1), copy = heft_figure_copy (figure);
    HeftTheme theme = heft_theme_file ();
    g_autoptr (GBytes) svg = heft_figure_export_bytes (copy, HEFT_FILE_SVG, 300, 200, 96, &theme, NULL);
    const char *text = g_bytes_get_data (svg, NULL);
    gsize n = g_bytes_get_size (svg);

    g_assert_cmpuint (plot_of (copy, 0)->rows, ==, 2);
    g_assert_cmpstr (plot_of (copy, 0)->row_names[1], ==, "Blur");
    g_assert_cmpstr (plot_of (copy, 0)->cells[3], ==, "0.25 px");
    g_assert_nonnull (g_strstr_len (text, (gssize) n, "Rotation"));
    g_assert_nonnull (g_strstr_len (text, (gssize) n, "0.25"));
    g_assert_nonnull (g_strstr_len (text, (gssize) n, "no-value"));
  }
  heft_record_unref (record);
}

/* Axes over a map: each distribution one mark with gaps between its lines, the keys in the legend, the map upright. */
static void
test_plane (void)
{
  g_autoptr (HeftFigure) figure = panel ("plane", TRUE, TRUE);
  HeftPlot *plot = plot_of (figure, 0);
  HeftMark *prior = mark_of (plot, HEFT_MARK_CONTOUR, "Prior $P$");
  HeftMark *gibbs = mark_of (plot, HEFT_MARK_CONTOUR, "Gibbs posterior, exact");
  HeftMark *mean_field = mark_of (plot, HEFT_MARK_CONTOUR, "Best mean-field Gaussian");
  HeftMark *laplace = mark_of (plot, HEFT_MARK_CONTOUR, "Gaussian at the minimum, corrected");

  g_assert_cmpuint (figure->plots->len, ==, 1);
  g_assert_cmpint (plot->kind, ==, HEFT_PLOT_AXES);
  /* Weights of both signs have no log axis. */
  g_assert_true (plot->x.scale == HEFT_SCALE_LINEAR && plot->y.scale == HEFT_SCALE_LINEAR);
  g_assert_cmpstr (plot->x.label, ==, "Weight $w_1$");
  g_assert_cmpstr (plot->y.label, ==, "Weight $w_2$");
  g_assert_true (prior->quantity == HEFT_QUANTITY_PRIOR && gibbs->quantity == HEFT_QUANTITY_EXACT
                 && mean_field->quantity == HEFT_QUANTITY_POSTERIOR && laplace->quantity == HEFT_QUANTITY_CORRECTED);
  g_assert_cmpuint (prior->n, ==, 61 + 1 + 61);
  g_assert_true (isnan (prior->x[61]) && isnan (prior->y[61]) && !isnan (prior->x[60]) && !isnan (prior->x[62]));
  g_assert_cmpuint (gibbs->n, ==, 61 + 1 + 61 + 1 + 61);
  mark_of (plot, HEFT_MARK_CONTOUR, "Mass within inner lines: 50 %");
  g_assert_nonnull (strstr (figure->caption, "50 %"));
  g_assert_nonnull (strstr (figure->caption, "quadrature"));
  /* The lowest place (1, -0.5): 25 cells from the left, 22 from above; there is 0, and the far corner is highest. */
  g_assert_cmpfloat_with_epsilon (plot->map_left, -4, 1e-12);
  g_assert_cmpfloat_with_epsilon (plot->map_top, 4, 1e-12);
  g_assert_cmpfloat (plot->values[22 * 40 + 25], ==, 0);
  g_assert_cmpfloat (plot->values[0], ==, plot->value_maximum);
  g_assert_true (plot->colour_log && plot->colour_bar && plot->value_minimum > 0);
}

static double
side_of (const HeftFigure *figure, double width, double height, HeftPlotArea *area)
{
  HeftTheme theme = heft_theme_screen (FALSE);

  g_assert_true (heft_figure_get_area (figure, width, height, &theme, 0, area));
  g_assert_cmpfloat_with_epsilon (area->width, area->height, 1e-9);
  g_assert_true (area->x >= 0 && area->x + area->width <= width && area->y >= 0 && area->y + area->height <= height);
  return area->width;
}

/* Square in every box, and as large as the legend lets it be, which stands beside it or above but never on it. */
static void
test_plane_square (void)
{
  static const double boxes[][3] = { { 900, 400, 300 }, { 560, 400, 300 }, { 400, 260, 165 }, { 300, 700, 190 }, { 300, 200, 90 } };
  g_autoptr (HeftFigure) figure = panel ("plane", -1, -1);
  HeftTheme theme = heft_theme_screen (FALSE);

  for (gsize i = 0; i < G_N_ELEMENTS (boxes); i++)
    {
      g_autoptr (HeftLayout) layout = heft_layout_new (figure, boxes[i][0], boxes[i][1], &theme, 1);
      const HeftPlotLayout *at = g_ptr_array_index (layout->plots, 0);
      HeftPlotArea area;
      HeftHit under;

      g_assert_cmpfloat (side_of (figure, boxes[i][0], boxes[i][1], &area), >=, boxes[i][2]);
      g_assert_cmpuint (at->legend->len, ==, plot_of (figure, 0)->marks->len);
      for (guint k = 0; k < at->legend->len; k++)
        {
          const HeftRect *r = &g_array_index (at->legend, HeftLegendEntry, k).rect;

          g_assert_true (r->x >= area.x + area.width || r->y + r->height <= area.y);
          g_assert_true (r->x + r->width <= boxes[i][0] && r->y >= 0 && r->y + r->height <= boxes[i][1]);
          /* The last two are words, which switch nothing. */
          g_assert_true (heft_figure_hit (figure, boxes[i][0], boxes[i][1], &theme, r->x + 3, r->y + 3, &under));
          g_assert_cmpint (under.legend_mark, ==, k + 2 < at->legend->len ? (int) k : -1);
        }
    }
}

/* On a line its mark is found, between the lines none; zoomed in, only the cells in sight are in the file. */
static void
test_plane_hit (void)
{
  g_autoptr (HeftFigure) figure = panel ("plane", -1, -1);
  HeftTheme theme = heft_theme_screen (FALSE), file = heft_theme_file ();
  HeftPlot *plot = plot_of (figure, 0);
  g_autoptr (GBytes) whole = heft_figure_export_bytes (figure, HEFT_FILE_SVG, 500, 400, 72, &file, NULL);
  g_autoptr (GBytes) part = NULL;
  g_autoptr (SvgFile) svg = svg_read (whole);
  g_autoptr (GArray) vertices = svg_vertices (svg, "Prior $P$");
  HeftPlotArea area;
  HeftHit under;

  side_of (figure, 500, 400, &area);
  g_assert_true (heft_figure_hit (figure, 500, 400, &theme, area.x + area.width * (4 + 3.2) / 8, area.y + area.height / 2, &under));
  g_assert_cmpstr (((HeftMark *) g_ptr_array_index (plot->marks, (guint) under.mark))->label, ==, "Prior $P$");
  g_assert_cmpfloat_with_epsilon (under.x, 3.2, 1e-9);
  g_assert_true (heft_figure_hit (figure, 500, 400, &theme, area.x + 0.5 * area.width, area.y + 0.34 * area.height, &under));
  g_assert_cmpint (under.mark, ==, -1);
  /* Every vertex is in the file, and words are words. */
  g_assert_cmpuint (vertices->len, ==, 2 * 61);
  g_assert_true (svg_has_part (svg, "inner lines: 50 %"));
  g_assert_true (svg_has_part (svg, "log scale"));
  plot->x.minimum = 0.9999;
  plot->x.maximum = 1.0001;
  plot->y.minimum = -0.5001;
  plot->y.maximum = -0.4999;
  part = heft_figure_export_bytes (figure, HEFT_FILE_SVG, 500, 400, 72, &file, NULL);
  g_assert_nonnull (part);
  plot->x.minimum = 10;
  plot->x.maximum = 11;
  g_clear_pointer (&part, g_bytes_unref);
  part = heft_figure_export_bytes (figure, HEFT_FILE_PDF, 500, 400, 72, &file, NULL);
  g_assert_nonnull (part);
}

/* The colour under a place is that of the cell there, whatever part of the map the axes show; beyond the map there is nothing. */
static void
check_colours (HeftFigure *figure, double left, double right, double bottom, double top)
{
  HeftTheme theme = heft_theme_screen (FALSE);
  HeftPlot *plot = plot_of (figure, 0);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 500, 400);
  cairo_t *cr = cairo_create (surface);
  const guchar *pixels;
  HeftPlotArea area;

  plot->x.minimum = left;
  plot->x.maximum = right;
  plot->y.minimum = bottom;
  plot->y.maximum = top;
  heft_figure_paint (figure, cr, 500, 400, &theme);
  cairo_surface_flush (surface);
  pixels = cairo_image_surface_get_data (surface);
  side_of (figure, 500, 400, &area);
  for (int i = 5; i < 50; i += 3)
    for (int k = 5; k < 50; k += 3)
      {
        int px = (int) (area.x + area.width * i / 53), py = (int) (area.y + area.height * k / 53);
        double x = left + (right - left) * (px + 0.5 - area.x) / area.width, y = top - (top - bottom) * (py + 0.5 - area.y) / area.height;
        double column = (x + 4) * 5, row = (4 - y) * 5, rgb[3], value;
        const guchar *p = pixels + py * cairo_image_surface_get_stride (surface) + 4 * px;

        /* Not where a pixel may belong to either of two cells. */
        if (fabs (column - round (column)) < 10 / area.width * (right - left) || fabs (row - round (row)) < 10 / area.width * (top - bottom))
          continue;
        if (column < 0 || column > 40 || row < 0 || row > 40)
          {
            g_assert_cmpint (p[3], ==, 0);
            continue;
          }
        value = MAX (plot->values[(int) row * 40 + (int) column], plot->value_minimum);
        heft_colour_map_get (HEFT_COLOUR_MAP_QUIET, FALSE, log (value / plot->value_minimum) / log (plot->value_maximum / plot->value_minimum),
                             rgb);
        for (int c = 0; c < 3; c++)
          g_assert_cmpfloat_with_epsilon (p[2 - c] / 255.0, rgb[c], 1.5 / 255);
      }
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_plane_colours (void)
{
  g_autoptr (HeftFigure) figure = panel ("plane", -1, -1);

  for (guint k = 0; k < plot_of (figure, 0)->marks->len; k++)
    ((HeftMark *) g_ptr_array_index (plot_of (figure, 0)->marks, k))->hidden = TRUE;
  check_colours (figure, -4, 4, -4, 4);
  check_colours (figure, 0.3, 1.9, -1.7, 0.1);
  check_colours (figure, 2.5, 6.5, -7, -3);
  check_colours (figure, -9, 9, -9, 9);
  check_colours (figure, 0.91, 0.92, -0.51, -0.5);
}

/* A frame from a damaged file: arrays that do not fit one another show nothing. */
static void
test_plane_damaged (void)
{
  static const HeftPanelSpec spec = { .id = "p", .title = "P", .kind = HEFT_PANEL_PLANE, .frame = "p" };
  g_autoptr (HeftRecord) record = heft_record_new (NULL, 0, NULL, 0);
  g_autoptr (HeftFigure) figure = NULL;
  HeftFrame *frame = heft_frame_new ("p", 0);
  const double values[12] = { 0 };

  heft_frame_set_array (frame, "w1", 1, 3, values);
  heft_frame_set_array (frame, "w2", 1, 3, values);
  heft_frame_set_array (frame, "loss", 3, 4, values);
  heft_record_publish (record, frame);
  figure = heft_panel_figure (&spec, record, NULL, -1, -1);
  g_assert_cmpuint (figure->plots->len, ==, 0);
  g_assert_nonnull (figure->placeholder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/panel/empty", test_empty);
  g_test_add_func ("/plot/panel/lines", test_lines);
  g_test_add_func ("/plot/panel/stacked", test_stacked);
  g_test_add_func ("/plot/panel/spectra", test_spectra);
  g_test_add_func ("/plot/panel/curve", test_curve);
  g_test_add_func ("/plot/panel/images", test_images);
  g_test_add_func ("/plot/panel/signed-images", test_signed_images);
  g_test_add_func ("/plot/panel/ledger", test_ledger);
  g_test_add_func ("/plot/panel/densities", test_densities);
  g_test_add_func ("/plot/panel/cells", test_cells);
  g_test_add_func ("/plot/panel/plane", test_plane);
  g_test_add_func ("/plot/panel/plane-square", test_plane_square);
  g_test_add_func ("/plot/panel/plane-hit", test_plane_hit);
  g_test_add_func ("/plot/panel/plane-colours", test_plane_colours);
  g_test_add_func ("/plot/panel/plane-damaged", test_plane_damaged);
  g_test_add_func ("/plot/panel/price", test_price);
  g_test_add_func ("/plot/panel/thin", test_thin);
  return g_test_run ();
}
