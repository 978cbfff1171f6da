/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gallery.h"

#include <math.h>

#define CAPTION "mnist-10k, 784-256-256-10, seed 0, N = 10,000, $\\beta = 10^{-5}$ ($N\\beta = 0.1$), $\\lambda = 0.1$"

/* A small generator of its own: the tests of libheft-plot need nothing from below. */
static double
noise (guint64 *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (*state >> 33) / 2147483648.0 - 1.0;
}

HeftFigure *
gallery_loss (void)
{
  static const double weights[] = { 1.0, 0.72 };
  HeftFigure *figure = heft_figure_new ("Loss and errors");
  HeftPlot *top = heft_figure_add_plot (figure, HEFT_PLOT_AXES), *bottom = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  double x[780], raw[780], train[40], test[10], sx[40], tx[10], train_error[40], test_error[10];
  guint64 state = 7;

  figure->caption = g_strdup (CAPTION);
  for (int i = 0; i < 780; i++)
    {
      x[i] = i + 1;
      raw[i] = 0.24 + 2.1 * exp (-i / 60.0) + 0.09 * noise (&state);
    }
  for (int i = 0; i < 40; i++)
    {
      sx[i] = 1 + i * 19.9;
      train[i] = 0.21 + 2.1 * exp (-sx[i] / 60.0);
      train_error[i] = 5.0 + 80 * exp (-sx[i] / 45.0);
    }
  for (int i = 0; i < 10; i++)
    {
      tx[i] = 78 * (i + 1);
      test[i] = 0.27 + 1.7 * exp (-tx[i] / 70.0) + 0.01 * noise (&state);
      test_error[i] = 7.5 + 60 * exp (-tx[i] / 50.0) + 0.3 * noise (&state);
    }
  for (int i = 0; i < 2; i++)
    {
      HeftPlot *plot = i == 0 ? top : bottom;

      plot->x.label = g_strdup ("Step");
      plot->y.label = g_strdup (i == 0 ? "Expected loss $E_Q L_D$" : "Error");
      plot->y.unit = g_strdup (i == 0 ? "nat" : "%");
    }
  heft_plot_add_mark (top, HEFT_MARK_LINE, HEFT_QUANTITY_BATCH_LOSS, "Batch loss", 780, x, raw)->faint = TRUE;
  heft_plot_add_mark (top, HEFT_MARK_LINE, HEFT_QUANTITY_TRAIN_LOSS, "Training loss $E_Q L_D$", 40, sx, train);
  heft_plot_add_mark (top, HEFT_MARK_LINE, HEFT_QUANTITY_TEST_LOSS, "Test loss", 10, tx, test);
  heft_plot_add_mark (bottom, HEFT_MARK_LINE, HEFT_QUANTITY_TRAIN_ERROR, "Training error", 40, sx, train_error);
  heft_plot_add_mark (bottom, HEFT_MARK_LINE, HEFT_QUANTITY_TEST_ERROR, "Test error", 10, tx, test_error);
  bottom->y.include_zero = TRUE;
  figure->row_weights = g_memdup2 (weights, sizeof weights);

  return figure;
}

HeftFigure *
gallery_stacked (void)
{
  HeftFigure *figure = heft_figure_new ("Information in the weights $\\mathrm{KL}(Q \\Vert P)$");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  double x[200], lower[200] = { 0 }, upper[200], threshold = 23025.85;
  static const char *const names[] = { "Layer 1", "Layer 2", "Layer 3" };
  HeftMark *mark;

  figure->caption = g_strdup (CAPTION);
  plot->x.label = g_strdup ("Step");
  plot->y.label = g_strdup ("$\\mathrm{KL}(Q \\Vert P)$");
  plot->y.unit = g_strdup ("nat");
  plot->y.include_zero = TRUE;
  for (int layer = 0; layer < 3; layer++)
    {
      for (int i = 0; i < 200; i++)
        {
          x[i] = 4 * i;
          upper[i] = lower[i] + (9000 - 3000 * layer) * (1 - exp (-i / (30.0 + 10 * layer)));
        }
      mark = heft_plot_add_mark (plot, HEFT_MARK_AREA, HEFT_QUANTITY_LAYER, names[layer], 200, x, NULL);
      mark->index = layer;
      mark->lower = g_memdup2 (lower, sizeof lower);
      mark->upper = g_memdup2 (upper, sizeof upper);
      for (int i = 0; i < 200; i++)
        lower[i] = upper[i];
    }
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, "Total", 200, x, upper);
  mark = heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &threshold);
  mark->note = g_strdup ("$N \\log C$ = 23,026 nat: memorising the labels");

  return figure;
}

HeftFigure *
gallery_spectra (void)
{
  HeftFigure *figure = heft_figure_new ("Fisher spectra by layer");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  double x[512], y[512], head_x[10], head[10], threshold = 1e-3;
  static const char *const names[] = { "Layer 1", "Layer 2", "Layer 3" };
  HeftMark *mark;

  figure->caption = g_strdup (CAPTION);
  plot->x.label = g_strdup ("Rank");
  plot->x.scale = HEFT_SCALE_LOG;
  plot->y.label = g_strdup ("Eigenvalue of $F$");
  plot->y.scale = HEFT_SCALE_LOG;
  for (int layer = 0; layer < 3; layer++)
    {
      for (int i = 0; i < 512; i++)
        {
          x[i] = i + 1;
          y[i] = 1.7 / (layer + 1) * pow (i + 1.0, -0.6) * exp (-pow (i / (90.0 - 25 * layer), 1.1));
          if (i < 10)
            {
              head_x[i] = x[i];
              head[i] = y[i] / 2 * (1 + i / 14.0);
            }
        }
      mark = heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_LAYER, names[layer], 512, x, y);
      mark->index = layer;
      mark = heft_plot_add_mark (plot, HEFT_MARK_POINTS, HEFT_QUANTITY_LAYER, NULL, 10, head_x, head);
      mark->index = layer;
    }
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_LOSS_LANDSCAPE, "one sampled label, 512 inputs", 0, NULL, NULL);
  heft_plot_add_mark (plot, HEFT_MARK_POINTS, HEFT_QUANTITY_LOSS_LANDSCAPE, "exact labels, Lanczos", 0, NULL, NULL);
  mark = heft_plot_add_mark (plot, HEFT_MARK_HORIZONTAL, HEFT_QUANTITY_THRESHOLD, NULL, 1, NULL, &threshold);
  mark->note = g_strdup ("paid for above $\\beta/\\lambda^2$");

  return figure;
}

HeftFigure *
gallery_tradeoff (void)
{
  HeftFigure *figure = heft_figure_new ("Accuracy and complexity");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  double x[10], y[10], now_x = 9000, now_y = 0.4;
  HeftMark *mark;

  figure->caption = g_strdup (CAPTION);
  plot->x.label = g_strdup ("$\\mathrm{KL}(Q \\Vert P)$");
  plot->x.unit = g_strdup ("nat");
  plot->y.label = g_strdup ("$E_Q L_D$");
  plot->y.unit = g_strdup ("nat");
  mark = heft_plot_add_mark (plot, HEFT_MARK_TANGENT, HEFT_QUANTITY_EXACT, "slope $-\\beta$", 0, NULL, NULL);
  for (int i = 0; i < 10; i++)
    {
      x[i] = 500 + 1900 * i;
      y[i] = 0.05 + 1.9 * exp (-x[i] / 4200);
    }
  mark->n = 10;
  mark->x = g_memdup2 (x, sizeof x);
  mark->y = g_memdup2 (y, sizeof y);
  mark->lower = g_new (double, 10);
  for (int i = 0; i < 10; i++)
    mark->lower[i] = -1.9 / 4200 * exp (-x[i] / 4200);
  heft_plot_add_mark (plot, HEFT_MARK_LINE_POINTS, HEFT_QUANTITY_EXACT, "sweep over $\\beta$", 10, x, y);
  heft_plot_add_mark (plot, HEFT_MARK_POINTS, HEFT_QUANTITY_TRAIN_LOSS, "this run", 1, &now_x, &now_y);

  return figure;
}

static HeftPlot *
add_blob (HeftFigure *figure, double cx, double cy, double width, double scale)
{
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_IMAGE);

  plot->rows = plot->columns = 28;
  plot->values = g_new (double, 28 * 28);
  for (int r = 0; r < 28; r++)
    for (int c = 0; c < 28; c++)
      {
        double d = hypot (r - cy, c - cx);

        plot->values[r * 28 + c] = scale * exp (-pow (d - 8, 2) / width);
      }

  return plot;
}

HeftFigure *
gallery_images (void)
{
  HeftFigure *figure = heft_figure_new ("What layer 2 sees");

  figure->caption = g_strdup (CAPTION);
  figure->columns = 3;
  for (int k = 0; k < 3; k++)
    {
      HeftPlot *image = add_blob (figure, 14 + k, 13 - k, 6 + 3 * k, 1.0), *map, *change;

      image->colour_map = HEFT_COLOUR_MAP_GREY;
      image->value_maximum = 1.0;
      image->y.label = g_strdup_printf ("%d", k * 3);
      map = add_blob (figure, 14 + k, 13 - k, 40, 3e4);
      change = add_blob (figure, 14 + k, 13 - k, -400, 5e-3);
      for (int i = 0; i < 60; i++)
        change->values[i] = INFINITY;
      map->colour_map = change->colour_map = HEFT_COLOUR_MAP_SEQUENTIAL;
      map->colour_bar = change->colour_bar = map->colour_log = change->colour_log = TRUE;
      map->value_minimum = 1.0;
      map->value_maximum = 3e4;
      change->value_minimum = 5e-3;
      change->value_maximum = 1.0;
      map->value_label = g_strdup ("diagonal of $F_{z|x}$");
      change->value_label = g_strdup ("$1/\\sqrt{F_{z|x}}$ (grey level)");
      if (k == 0)
        {
          image->title = g_strdup ("Image");
          map->title = g_strdup ("What it sees");
          change->title = g_strdup ("Smallest change");
        }
    }

  return figure;
}

HeftFigure *
gallery_ledger (void)
{
  HeftFigure *figure = heft_figure_new ("Ledger");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_TABLE);
  static const struct { const char *label, *value, *note; double gauge; HeftQuantity quantity; } rows[] = {
    { "Loss $E_Q L_D$", "0.213 nat", "one draw, 2,000 samples", -1, HEFT_QUANTITY_TRAIN_LOSS },
    { "Complexity $\\beta\\,\\mathrm{KL}$", "0.182 nat", "KL = 18,204 nat", 0.79, HEFT_QUANTITY_KL },
    { "Lagrangian $\\mathcal{L} = E_Q L_D + \\beta\\,\\mathrm{KL}$", "0.395 nat", NULL, -1, HEFT_QUANTITY_LAGRANGIAN },
    { "Memory used of $N \\log C$", "79 %", "23,026 nat would hold every label", 0.79, HEFT_QUANTITY_KL },
    { "Certificate (PAC-Bayes-kl)", "1.0", "not valid: the prior saw the data", 1.0, HEFT_QUANTITY_BOUND },
    { "Measurements' share of the time", "12 %", "budget 15 %", 0.12, HEFT_QUANTITY_FISHER },
  };

  figure->caption = g_strdup (CAPTION);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      HeftTableRow *row = heft_plot_add_row (plot, rows[i].label, rows[i].value);

      row->note = g_strdup (rows[i].note);
      row->gauge = rows[i].gauge;
      row->quantity = rows[i].quantity;
      row->overflow = i == 4;
    }

  return figure;
}

HeftFigure *
gallery_densities (void)
{
  static const struct { HeftQuantity quantity; const char *label; double centre, width; } curves[] = {
    { HEFT_QUANTITY_PRIOR, "Prior $P$", 0.0, 1.5 },
    { HEFT_QUANTITY_EXACT, "Gibbs posterior, exact", -0.95, 0.33 },
    { HEFT_QUANTITY_GAUSSIAN, "Best Gaussian", -0.9, 0.4 },
    { HEFT_QUANTITY_CORRECTED, "Gaussian at the minimum, corrected", -1.0, 0.3 },
    { HEFT_QUANTITY_PRINTED, "Gaussian at the minimum, as printed", -1.0, 0.21 },
  };
  HeftFigure *figure = heft_figure_new ("One weight: the exact code and its approximations");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  double x[401], y[401];

  figure->caption = g_strdup ("seed 0, N = 1, $\\beta = 0.2$, $\\lambda = 1.5$");
  for (int i = 0; i < 401; i++)
    {
      x[i] = -4 + 8 * i / 400.0;
      y[i] = 0.25 * pow (x[i] * x[i] - 1, 2) + 0.1 * x[i];
    }
  plot->x.label = g_strdup ("Weight $w$");
  plot->y.label = g_strdup ("Loss $L(w)$");
  plot->y.unit = g_strdup ("nat");
  plot->legend = FALSE;
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_LOSS_LANDSCAPE, "Loss $L(w)$", 401, x, y);
  plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  plot->x.label = g_strdup ("Weight $w$");
  plot->y.label = g_strdup ("Density");
  plot->y.include_zero = TRUE;
  for (gsize k = 0; k < G_N_ELEMENTS (curves); k++)
    {
      for (int i = 0; i < 401; i++)
        y[i] = exp (-0.5 * pow ((x[i] - curves[k].centre) / curves[k].width, 2)) / (curves[k].width * sqrt (2 * G_PI));
      heft_plot_add_mark (plot, HEFT_MARK_LINE, curves[k].quantity, curves[k].label, 401, x, y);
    }

  return figure;
}

HeftFigure *
gallery_formulas (void)
{
  static const char *const rows[] = {
    "$\\mathcal{L} = E_Q L_D(w) + \\beta\\, \\mathrm{KL}(Q \\Vert P)$",
    "$\\Sigma^* = \\beta \\left( H + \\frac{\\beta}{\\lambda^2} I \\right)^{-1}$",
    "$\\frac{1}{2} \\log\\left| I + \\frac{\\lambda^2}{\\beta} F \\right| - \\frac{k}{2}$",
    "$F_{z|x} = J_x^\\top \\Sigma_z^{-1} J_x, \\quad 1/\\sqrt{F_{z|x}}$",
    "$\\hat{w} \\ne \\bar{w}, \\tilde{x}, \\hat\\beta, \\overline{xy}, f'' \\to x_n^2$",
    "$\\sum_{i=1}^{N} \\|w_i\\|^2 \\le \\mathbb{E}_{w \\sim Q}[\\ell(w)] \\approx 1.2 \\times 10^{-3}$",
    "가중치의 정보량 $\\mathrm{KL}(Q \\Vert P)$, 단위 nat",
  };
  HeftFigure *figure = heft_figure_new ("Formulas: $\\beta/\\lambda^2$ and $N\\beta = 1$");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_TABLE);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    heft_plot_add_row (plot, rows[i], "$x_{ij}^{2}$");

  return figure;
}

const GalleryItem gallery_items[] = {
  { "loss", gallery_loss },       { "stacked", gallery_stacked },     { "spectra", gallery_spectra },
  { "tradeoff", gallery_tradeoff }, { "images", gallery_images },       { "ledger", gallery_ledger },
  { "densities", gallery_densities }, { "formulas", gallery_formulas },
};
const gsize gallery_n_items = G_N_ELEMENTS (gallery_items);
