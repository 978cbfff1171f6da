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

static const char *const layer_names[] = { "Layer 1", "Layer 2", "Layer 3" };

/* The lab's series and panels, with the labels of the experiment train. */
static const HeftSeriesSpec series[] = {
  { "batch_loss", "Minibatch loss", "nat", "Step", HEFT_QUANTITY_BATCH_LOSS, FALSE, "mean of one minibatch" },
  { "train_loss", "$E_Q L$, training", "nat", "Step", HEFT_QUANTITY_TRAIN_LOSS, FALSE, "one draw of all weights" },
  { "test_loss", "$E_Q L$, test", "nat", "Step", HEFT_QUANTITY_TEST_LOSS, FALSE, "one draw of all weights" },
  { "lagrangian", "Lagrangian $C_\\beta$", "nat", "Step", HEFT_QUANTITY_LAGRANGIAN, FALSE, "training loss plus β KL" },
  { "train_error", "Error of $Q$, training", "%", "Step", HEFT_QUANTITY_TRAIN_ERROR, FALSE, "one draw of all weights" },
  { "test_error", "Error of $Q$, test", "%", "Step", HEFT_QUANTITY_TEST_ERROR, FALSE, "one draw of all weights" },
  { "test_error_mean", "Error at the mean, test", "%", "Step", HEFT_QUANTITY_POSTERIOR, FALSE, "the mean weights" },
  { "kl", "$\\mathrm{KL}(Q \\Vert P)$", "nat", "Step", HEFT_QUANTITY_KL, FALSE, "exact, closed form" },
  { "kl_layers", "KL of a layer", "nat", "Step", HEFT_QUANTITY_LAYER, TRUE, "exact, closed form" },
  { "gaussian_layers", "Gaussian (Laplace) information", "nat", "Step", HEFT_QUANTITY_LAYER, TRUE, "diagonal blocks" },
  { "tradeoff", "$E_Q L$, training", "nat", "KL", HEFT_QUANTITY_TRAIN_LOSS, FALSE, "a warm-started sweep" },
  { "tradeoff_beta", "$\\beta$", "", "KL", HEFT_QUANTITY_LAGRANGIAN, FALSE, "the β each point was trained at" },
};
enum { BATCH, TRAIN, TEST, LAGRANGIAN, TRAIN_ERROR, TEST_ERROR, TEST_MEAN, KL, KL_LAYERS, GAUSSIAN, TRADEOFF, TRADEOFF_BETA };

const HeftPanelSpec gallery_panels[] = {
  { .id = "loss", .title = "Loss and error", .kind = HEFT_PANEL_LINES, .x_label = "Step", .y_label = "Loss", .y_unit = "nat",
    .series = { "batch_loss", "train_loss", "test_loss", "lagrangian", "train_error", "test_error", "test_error_mean" } },
  { .id = "kl", .title = "Information in the weights", .kind = HEFT_PANEL_STACKED, .x_label = "Step",
    .y_label = "$\\mathrm{KL}(Q \\Vert P)$", .y_unit = "nat", .series = { "kl_layers", "gaussian_layers", "kl" },
    .frame = "kl-thresholds" },
  { .id = "spectra", .title = "Fisher spectra by layer", .kind = HEFT_PANEL_SPECTRA, .x_label = "Rank", .y_label = "Eigenvalue",
    .y_unit = "nat", .x_log = TRUE, .y_log = TRUE, .frame = "spectra" },
  { .id = "tradeoff", .title = "Trade-off of loss and information", .kind = HEFT_PANEL_CURVE,
    .x_label = "$\\mathrm{KL}(Q \\Vert P)$", .x_unit = "nat", .y_label = "$E_Q L$, training", .y_unit = "nat",
    .series = { "tradeoff", "tradeoff_beta" } },
  { .id = "invariance", .title = "What the layer sees", .kind = HEFT_PANEL_IMAGES, .frame = "invariance" },
  { .id = "ledger", .title = "Ledger", .kind = HEFT_PANEL_LEDGER, .frame = "ledger" },
  { .id = "landscape", .title = "Loss, prior and codes", .kind = HEFT_PANEL_DENSITIES, .x_label = "Weight $w$",
    .y_label = "Density", .frame = "landscape" },
  { .id = "plane", .title = "The plane of two weights", .kind = HEFT_PANEL_PLANE, .x_label = "Weight $w_1$",
    .y_label = "Weight $w_2$", .frame = "plane" },
};

static void
fill_series (HeftRecord *record)
{
  guint64 state = 7;

  for (int i = 0; i < 780; i++)
    heft_record_append (record, BATCH, 0, i + 1, 0.24 + 2.1 * exp (-i / 60.0) + 0.09 * noise (&state));
  for (int i = 0; i < 40; i++)
    {
      double x = i * 20;

      heft_record_append (record, TRAIN, 0, x, 0.21 + 2.1 * exp (-x / 60.0));
      heft_record_append (record, LAGRANGIAN, 0, x, 0.40 + 1.95 * exp (-x / 65.0));
      heft_record_append (record, TRAIN_ERROR, 0, x, 0.05 + 0.8 * exp (-x / 45.0));
      for (int layer = 0; layer < 3; layer++)
        {
          heft_record_append (record, KL_LAYERS, layer, x, (9000 - 3000 * layer) * (0.1 + 0.9 * (1 - exp (-x / 120))));
          heft_record_append (record, GAUSSIAN, layer, x, (7000 - 2500 * layer) * (1 - exp (-x / 150)));
        }
      heft_record_append (record, KL, 0, x, 18000 * (0.1 + 0.9 * (1 - exp (-x / 120))));
    }
  for (int i = 0; i <= 10; i++)
    {
      double x = 78 * i;

      heft_record_append (record, TEST, 0, x, 0.27 + 1.9 * exp (-x / 70.0) + 0.01 * noise (&state));
      heft_record_append (record, TEST_ERROR, 0, x, 0.075 + 0.7 * exp (-x / 50.0) + 0.003 * noise (&state));
      heft_record_append (record, TEST_MEAN, 0, x, 0.065 + 0.7 * exp (-x / 50.0) + 0.003 * noise (&state));
    }
  for (int i = 0; i < 10; i++)
    {
      double x = 500 + 1900 * i;

      heft_record_append (record, TRADEOFF, 0, x, 0.05 + 1.9 * exp (-x / 4200));
      heft_record_append (record, TRADEOFF_BETA, 0, x, 1.9 / 4200 * exp (-x / 4200));
    }
}

static void
publish_spectra (HeftRecord *record)
{
  HeftFrame *frame = heft_frame_new ("spectra", 780);
  double values[512], head[10];

  for (int layer = 0; layer < 3; layer++)
    {
      g_autofree char *name = g_strdup_printf ("layer:%s", layer_names[layer]);
      g_autofree char *head_name = g_strdup_printf ("head:%s", layer_names[layer]);

      for (int i = 0; i < 512; i++)
        {
          values[i] = 1.7 / (layer + 1) * pow (i + 1.0, -0.6) * exp (-pow (i / (90.0 - 25 * layer), 1.1));
          if (i < 10)
            head[i] = values[i] / 2 * (1 + i / 14.0);
        }
      if (layer == 2)
        values[511] = 0.0;
      heft_frame_set_array (frame, name, 1, 512, values);
      heft_frame_set_array (frame, head_name, 1, 10, head);
    }
  heft_frame_set_number (frame, "threshold", 1e-3);
  heft_frame_set_text (frame, "threshold_label", "paid for above $\\beta/\\lambda^2$");
  heft_frame_set_text (frame, "estimator", "one sampled label, 512 inputs");
  heft_frame_set_text (frame, "head_estimator", "exact labels, Lanczos");
  heft_record_publish (record, frame);
}

static void
blob (double *values, double cx, double cy, double width, double scale)
{
  for (int r = 0; r < 28; r++)
    for (int c = 0; c < 28; c++)
      values[r * 28 + c] = scale * exp (-pow (hypot (r - cy, c - cx) - 8, 2) / width);
}

static void
publish_images (HeftRecord *record)
{
  HeftFrame *frame = heft_frame_new ("invariance", 780);
  double values[28 * 28];

  for (int k = 0; k < 3; k++)
    {
      g_autofree char *image = g_strdup_printf ("image:%d", k), *map = g_strdup_printf ("map:%d", k);
      g_autofree char *change = g_strdup_printf ("change:%d", k), *title = g_strdup_printf ("title:%d", k);
      g_autofree char *digit = g_strdup_printf ("%d", 3 * k);

      blob (values, 14 + k, 13 - k, 6 + 3 * k, 1.0);
      heft_frame_set_array (frame, image, 28, 28, values);
      blob (values, 14 + k, 13 - k, 40, 3e4);
      heft_frame_set_array (frame, map, 28, 28, values);
      for (int i = 0; i < 28 * 28; i++)
        values[i] = i < 60 ? INFINITY : 1 / sqrt (values[i]);
      heft_frame_set_array (frame, change, 28, 28, values);
      heft_frame_set_text (frame, title, digit);
    }
  heft_frame_set_text (frame, "map_label", "diagonal of $F_{z|x}$");
  heft_frame_set_text (frame, "change_label", "$1/\\sqrt{F_{z|x}}$ (grey level)");
  heft_frame_set_text (frame, "estimator", "first order, mean-field variances");
  heft_record_publish (record, frame);
}

static void
publish_ledger (HeftRecord *record)
{
  static const struct { const char *label, *value, *note; double gauge; HeftQuantity quantity; } rows[] = {
    { "Loss $E_Q L$", "0.213 nat", "one draw, 2,000 samples", -1, HEFT_QUANTITY_TRAIN_LOSS },
    { "Complexity $\\beta\\,\\mathrm{KL}$", "0.182 nat", "KL = 18,204 nat", 0.46, HEFT_QUANTITY_KL },
    { "Lagrangian $C_\\beta = E_Q L + \\beta\\,\\mathrm{KL}$", "0.395 nat", NULL, -1, HEFT_QUANTITY_LAGRANGIAN },
    { "Memory used of $N \\log C$", "79 %", "23,026 nat would hold every label", 0.79, HEFT_QUANTITY_KL },
    { "Certificate (PAC-Bayes-kl)", "1.0", "not valid: the prior saw the data", 1.3, HEFT_QUANTITY_BOUND },
    { "Measurements’ share of the time", "12 %", "budget 15 %", 0.12, HEFT_QUANTITY_FISHER },
  };
  HeftFrame *frame = heft_frame_new ("ledger", 780);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *label = g_strdup_printf ("row:%zu:label", i), *value = g_strdup_printf ("row:%zu:value", i);
      g_autofree char *note = g_strdup_printf ("row:%zu:note", i), *gauge = g_strdup_printf ("row:%zu:gauge", i);
      g_autofree char *quantity = g_strdup_printf ("row:%zu:quantity", i);

      heft_frame_set_text (frame, label, rows[i].label);
      heft_frame_set_text (frame, value, rows[i].value);
      if (rows[i].note != NULL)
        heft_frame_set_text (frame, note, rows[i].note);
      heft_frame_set_number (frame, gauge, rows[i].gauge);
      heft_frame_set_number (frame, quantity, rows[i].quantity);
    }
  heft_record_publish (record, frame);
}

static void
publish_landscape (HeftRecord *record)
{
  static const struct { const char *name; double centre, width; } curves[] = {
    { "prior", 0.0, 1.5 }, { "gibbs", -0.95, 0.33 }, { "gaussian", -0.9, 0.4 }, { "laplace", -1.0, 0.3 }, { "printed", -1.0, 0.21 },
  };
  HeftFrame *frame = heft_frame_new ("landscape", 0);
  double x[401], y[401];

  for (int i = 0; i < 401; i++)
    {
      x[i] = -4 + 8 * i / 400.0;
      y[i] = 0.25 * pow (x[i] * x[i] - 1, 2) + 0.1 * x[i];
    }
  heft_frame_set_array (frame, "grid", 1, 401, x);
  heft_frame_set_array (frame, "loss", 1, 401, y);
  for (gsize k = 0; k < G_N_ELEMENTS (curves); k++)
    {
      for (int i = 0; i < 401; i++)
        y[i] = exp (-0.5 * pow ((x[i] - curves[k].centre) / curves[k].width, 2)) / (curves[k].width * sqrt (2 * G_PI));
      heft_frame_set_array (frame, curves[k].name, 1, 401, y);
    }
  heft_frame_set_text (frame, "estimator", "adaptive quadrature on [−4, 4]");
  heft_record_publish (record, frame);
}

/* A bowl with its lowest place at (1, -0.5), and ellipses about it; one distribution lies in two places. */
static void
publish_plane (HeftRecord *record)
{
  static const struct { const char *name; double x, y, width, height; } lines[] = {
    { "line:prior:50", 0, 0, 1.8, 1.8 }, { "line:prior:90", 0, 0, 3.2, 3.2 }, { "line:gibbs:50", 1, -0.5, 0.6, 0.3 },
    { "line:gibbs:90", 1, -0.5, 1.1, 0.55 }, { "line:mean_field:50", 1, -0.5, 0.3, 0.3 }, { "line:laplace:90", 1, -0.4, 1.2, 0.6 },
  };
  HeftFrame *frame = heft_frame_new ("plane", 0);
  double w[40], loss[40 * 40], rows[3 * 122];

  for (int i = 0; i < 40; i++)
    w[i] = 4 * ((2 * i + 1) / 40.0 - 1);
  for (int i = 0; i < 1600; i++)
    loss[i] = 2 + pow (w[i / 40] - 1, 2) + 3 * pow (w[i % 40] + 0.5, 2);
  heft_frame_set_array (frame, "w1", 1, 40, w);
  heft_frame_set_array (frame, "w2", 1, 40, w);
  heft_frame_set_array (frame, "loss", 40, 40, loss);
  for (gsize k = 0; k < G_N_ELEMENTS (lines); k++)
    {
      int n = k == 2 ? 122 : 61;

      for (int i = 0; i < n; i++)
        {
          rows[3 * i] = i / 61;
          rows[3 * i + 1] = lines[k].x + lines[k].width * cos (G_PI * (i % 61) / 30) - 3 * (i / 61);
          rows[3 * i + 2] = lines[k].y + lines[k].height * sin (G_PI * (i % 61) / 30);
        }
      heft_frame_set_array (frame, lines[k].name, n, 3, rows);
    }
  heft_frame_set_text (frame, "estimator", "quadrature on [−4, 4]²");
  heft_record_publish (record, frame);
}

HeftRecord *
gallery_record (void)
{
  HeftRecord *record = heft_record_new (series, G_N_ELEMENTS (series), NULL, 0);
  HeftFrame *thresholds = heft_frame_new ("kl-thresholds", 0);

  heft_record_set_layers (record, 3, layer_names);
  fill_series (record);
  publish_spectra (record);
  publish_images (record);
  publish_ledger (record);
  publish_landscape (record);
  publish_plane (record);
  heft_frame_set_number (thresholds, "threshold", 23025.85);
  heft_frame_set_text (thresholds, "threshold_label", "$N \\log C$ = 23,026 nat: memorising the labels");
  heft_record_publish (record, thresholds);

  return record;
}

static HeftFigure *
gallery_panel (const char *id)
{
  HeftRecord *record = gallery_record ();
  HeftFigure *figure = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (gallery_panels); i++)
    if (g_str_equal (gallery_panels[i].id, id))
      figure = heft_panel_figure (&gallery_panels[i], record, CAPTION, -1, -1);
  heft_record_unref (record);

  return figure;
}

static HeftFigure *
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

const char *const gallery_names[] = { "loss", "kl", "spectra", "tradeoff", "invariance", "ledger", "landscape", "plane", "formulas", NULL };

HeftFigure *
gallery_figure (const char *name)
{
  return g_str_equal (name, "formulas") ? gallery_formulas () : gallery_panel (name);
}
