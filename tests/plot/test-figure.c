/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gallery.h"
#include "plot/plot-private.h"

#include <math.h>
#include <string.h>

static cairo_surface_t *
paint (const HeftFigure *figure, int width, int height, const HeftTheme *theme)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  cairo_t *cr = cairo_create (surface);

  heft_figure_paint (figure, cr, width, height, theme);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_flush (surface);

  return surface;
}

static guint32
pixel (cairo_surface_t *surface, int x, int y)
{
  guint32 value;

  memcpy (&value, cairo_image_surface_get_data (surface) + y * cairo_image_surface_get_stride (surface) + 4 * x, 4);
  return value;
}

static gboolean
has_ink (cairo_surface_t *surface)
{
  guint32 corner = pixel (surface, 0, 0);

  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = 0; x < cairo_image_surface_get_width (surface); x++)
      if (pixel (surface, x, y) != corner)
        return TRUE;

  return FALSE;
}

/* Every panel at every size from a postage stamp to a wall, in every theme. */
static void
test_sizes (void)
{
  static const int sizes[][2] = { { 8, 8 }, { 40, 400 }, { 400, 30 }, { 150, 90 }, { 460, 200 }, { 1600, 1000 } };

  for (gsize i = 0; gallery_names[i] != NULL; i++)
    {
      g_autoptr (HeftFigure) figure = gallery_figure (gallery_names[i]);

      for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
        {
          cairo_surface_t *surface;
          HeftTheme theme = k % 2 ? heft_theme_screen (k % 3 == 0) : heft_theme_file ();

          theme.high_contrast = k == 3;
          surface = paint (figure, sizes[k][0], sizes[k][1], &theme);
          /* Wherever there is room for anything, something is seen. */
          if (sizes[k][0] >= 150)
            g_assert_true (has_ink (surface));
          cairo_surface_destroy (surface);
        }
    }
}

/* Whether something was painted within a pixel of (x, y). */
static gboolean
has_line (cairo_surface_t *surface, int x, int y)
{
  for (int row = y - 1; row <= y + 1; row++)
    if (pixel (surface, x, row) != pixel (surface, x, 0))
      return TRUE;
  return FALSE;
}

/* Going down a table its rows come one after the other, each as high as the next, and the lines between them are where they meet. */
static void
test_hit_row (void)
{
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_TABLE);
  HeftTheme theme = heft_theme_screen (FALSE);
  cairo_surface_t *surface;
  guint heights[5] = { 0 };
  int before = -1;
  HeftHit hit;

  g_assert_true (heft_figure_hit (figure, 400, 300, &theme, 200, 150, &hit));
  g_assert_cmpint (hit.row, ==, -1);
  for (guint i = 0; i < G_N_ELEMENTS (heights); i++)
    heft_plot_add_row (plot, "Row", "1");
  plot->title = g_strdup ("Ledger");
  surface = paint (figure, 400, 300, &theme);
  for (int y = 0; y < 300; y++)
    if (heft_figure_hit (figure, 400, 300, &theme, 200, y, &hit) && hit.row >= 0)
      {
        g_assert_false (hit.inside);
        g_assert_true (hit.row == before || hit.row == before + 1);
        g_assert_true (hit.row == before || hit.row == 0 || has_line (surface, 200, y));
        before = hit.row;
        heights[hit.row]++;
      }
  g_assert_cmpint (before, ==, G_N_ELEMENTS (heights) - 1);
  for (guint i = 1; i < G_N_ELEMENTS (heights); i++)
    g_assert_cmpint (ABS ((int) heights[i] - (int) heights[0]), <=, 1);
  g_assert_cmpuint (heights[0], >, 20);
  cairo_surface_destroy (surface);
}

/* What is found under the pointer is what was painted there. */
static void
test_hit (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("tradeoff");
  HeftTheme theme = heft_theme_screen (FALSE);
  g_autoptr (HeftLayout) layout = heft_layout_new (figure, 620, 290, &theme, 1.0);
  const HeftPlotLayout *plot = g_ptr_array_index (layout->plots, 0);
  const HeftMark *curve = g_ptr_array_index (plot->plot->marks, 1);
  HeftHit hit;

  for (gsize i = 0; i < curve->n; i++)
    {
      double px = heft_map_forward (&plot->x, curve->x[i]), py = heft_map_forward (&plot->y, curve->y[i]);

      g_assert_true (heft_figure_hit (figure, 620, 290, &theme, px, py, &hit));
      g_assert_true (hit.inside);
      g_assert_cmpint (hit.mark, ==, 1);
      g_assert_cmpuint (hit.point, ==, i);
      g_assert_cmpfloat_with_epsilon (hit.x, curve->x[i], 1e-6 * 20000);
      g_assert_cmpfloat_with_epsilon (hit.y, curve->y[i], 1e-6);
      g_assert_cmpint (hit.legend_mark, ==, -1);
    }
  for (guint i = 0; i < plot->legend->len; i++)
    {
      const HeftLegendEntry *entry = &g_array_index (plot->legend, HeftLegendEntry, i);

      g_assert_true (heft_figure_hit (figure, 620, 290, &theme, entry->rect.x + 3, entry->rect.y + 3, &hit));
      g_assert_cmpint (hit.legend_mark, ==, (int) entry->mark);
      g_assert_false (hit.inside);
    }
  g_assert_false (heft_figure_hit (figure, 620, 290, &theme, -5, -5, &hit));
}

/* A mark switched off leaves the range and the picture, and stays in the legend. */
static void
test_hidden (void)
{
  static const double x[] = { 0, 1, 2 }, low[] = { 1, 2, 3 }, high[] = { 100, 200, 300 };
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  HeftTheme theme = heft_theme_screen (FALSE);
  HeftHit hit;

  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_TRAIN_LOSS, "low", 3, x, low);
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_BOUND, "high", 3, x, high)->hidden = TRUE;
  {
    g_autoptr (HeftLayout) layout = heft_layout_new (figure, 400, 200, &theme, 1.0);
    const HeftPlotLayout *p = g_ptr_array_index (layout->plots, 0);

    g_assert_cmpfloat (p->y.maximum, <, 4.0);
    g_assert_cmpuint (p->legend->len, ==, 2);
  }
  g_assert_true (heft_figure_hit (figure, 400, 200, &theme, 200, 100, &hit));
  g_assert_cmpint (hit.mark, ==, 0);
}

/* However the round steps fall, a plot of two lines' height has two numbers on its y axis, and they do not touch. */
static void
test_low (void)
{
  static const double x[] = { 0, 1 };
  HeftTheme theme = heft_theme_screen (FALSE);

  for (double top = 1.05; top < 10; top += 0.05)
    {
      const double y[] = { 0, top };
      g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
      g_autoptr (HeftLayout) layout = NULL;
      const HeftPlotLayout *plot;
      double last = NAN;
      guint n = 0;

      heft_plot_add_mark (heft_figure_add_plot (figure, HEFT_PLOT_AXES), HEFT_MARK_LINE, HEFT_QUANTITY_KL, NULL, 2, x, y);
      layout = heft_layout_new (figure, 400, 80, &theme, 1.0);
      plot = g_ptr_array_index (layout->plots, 0);
      for (guint i = 0; i < plot->y_ticks->len; i++)
        {
          const HeftTick *tick = &g_array_index (plot->y_ticks, HeftTick, i);

          if (tick->label == NULL)
            continue;
          if (n++ > 0)
            g_assert_cmpfloat (fabs (tick->position - last), >=, plot->font_size);
          last = tick->position;
        }
      g_assert_cmpuint (n, >=, 2);
    }
}

/* A spike of one sample in a hundred thousand is still on the screen. */
static void
test_spike (void)
{
  const gsize n = 100000;
  g_autofree double *x = g_new (double, n);
  g_autofree double *y = g_new0 (double, n);
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  HeftTheme theme = heft_theme_screen (FALSE);
  cairo_surface_t *surface;
  guint found = 0;

  for (gsize i = 0; i < n; i++)
    x[i] = i;
  y[61803] = 1.0;
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_BOUND, NULL, n, x, y);
  surface = paint (figure, 500, 300, &theme);
  /* Red and opaque in the upper half: nothing else is. */
  for (int row = 40; row < 140; row++)
    for (int column = 60; column < 495; column++)
      {
        guint32 p = pixel (surface, column, row);

        found += (p >> 24) > 0x80 && ((p >> 16) & 0xff) > ((p >> 8) & 0xff) + 0x40;
      }
  g_assert_cmpuint (found, >, 60);
  cairo_surface_destroy (surface);
}

/* Tangents have the given slope in data units on linear and logarithmic axes. */
static void
test_tangents (void)
{
  static const double x[] = { 1, 10, 100 }, y[] = { 100, 10, 1 };

  for (int log = 0; log < 2; log++)
    {
      g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
      HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
      HeftMark *mark = heft_plot_add_mark (plot, HEFT_MARK_TANGENT, HEFT_QUANTITY_KL, "tangent", 3, x, y);
      HeftTheme theme = heft_theme_file ();
      g_autoptr (HeftLayout) layout = NULL;
      const HeftPlotLayout *p;
      double dx, dy;

      mark->lower = g_new (double, 3);
      for (int i = 0; i < 3; i++)
        mark->lower[i] = -y[i] / x[i];
      plot->x.scale = plot->y.scale = log ? HEFT_SCALE_LOG : HEFT_SCALE_LINEAR;
      layout = heft_layout_new (figure, 400, 400, &theme, 0.0);
      p = g_ptr_array_index (layout->plots, 0);
      for (int i = 0; i < 3; i++)
        {
          dx = heft_map_slope (&p->x, x[i]);
          dy = heft_map_slope (&p->y, y[i]) * mark->lower[i];
          if (log)
            /* y = 100 / x is one straight line of slope -1 in decades. */
            g_assert_cmpfloat_with_epsilon (dy / dx, (p->y.start - p->y.end) / (p->y.hi - p->y.lo) /
                                            ((p->x.end - p->x.start) / (p->x.hi - p->x.lo)), 1e-9);
          else
            g_assert_cmpfloat (dy / dx, >, 0.0);
        }
    }
}

/* Two plots above one another with one x axis have the same range and left edge; only the lower one is labelled. */
static void
test_shared_axis (void)
{
  g_autoptr (HeftFigure) figure = gallery_figure ("loss");
  HeftTheme theme = heft_theme_screen (FALSE);
  g_autoptr (HeftLayout) layout = heft_layout_new (figure, 620, 290, &theme, 1.0);
  const HeftPlotLayout *top = g_ptr_array_index (layout->plots, 0), *bottom = g_ptr_array_index (layout->plots, 1);

  g_assert_cmpfloat (top->area.x, ==, bottom->area.x);
  g_assert_cmpfloat (top->area.width, ==, bottom->area.width);
  g_assert_cmpfloat (top->x.minimum, ==, bottom->x.minimum);
  g_assert_cmpfloat (top->x.maximum, ==, bottom->x.maximum);
  g_assert_false (top->show_x);
  g_assert_true (bottom->show_x);
  g_assert_cmpfloat (top->area.y + top->area.height, <, bottom->area.y);
}

static gboolean
overlap (const HeftRect *a, const HeftRect *b)
{
  return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height && b->y < a->y + a->height;
}

/* Legend entries lie beside one another, and outside the area unless in a corner without data. */
static void
test_legend (void)
{
  static const int sizes[][2] = { { 460, 200 }, { 620, 290 }, { 800, 500 } };

  for (gsize i = 0; gallery_names[i] != NULL; i++)
    for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
      {
        g_autoptr (HeftFigure) figure = gallery_figure (gallery_names[i]);
        HeftTheme theme = heft_theme_screen (FALSE);
        g_autoptr (HeftLayout) layout = heft_layout_new (figure, sizes[k][0], sizes[k][1], &theme, 1.0);

        for (guint p = 0; p < layout->plots->len; p++)
          {
            const HeftPlotLayout *plot = g_ptr_array_index (layout->plots, p);

            for (guint a = 0; a < plot->legend->len; a++)
              {
                const HeftRect *rect = &g_array_index (plot->legend, HeftLegendEntry, a).rect;

                g_assert_true (overlap (rect, &plot->area) == plot->legend_inside);
                g_assert_cmpfloat (rect->x + rect->width, <=, sizes[k][0]);
                for (guint b = a + 1; b < plot->legend->len; b++)
                  g_assert_false (overlap (rect, &g_array_index (plot->legend, HeftLegendEntry, b).rect));
              }
            /* At the size of a cell in the smallest window every name has its place. */
            g_assert_cmpuint (plot->legend_left_out, ==, 0);
          }
      }
}

/* A curve that fills the plot leaves no corner free. */
static void
test_corner (void)
{
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);
  HeftTheme theme = heft_theme_screen (FALSE);
  g_autofree double *x = g_new (double, 400);
  g_autofree double *y = g_new (double, 400);
  HeftPlotLayout *p;
  g_autoptr (HeftLayout) full = NULL, free_corner = NULL;

  for (int i = 0; i < 400; i++)
    {
      x[i] = i;
      y[i] = i % 2;
    }
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_KL, "everywhere", 400, x, y);
  full = heft_layout_new (figure, 400, 200, &theme, 1.0);
  p = g_ptr_array_index (full->plots, 0);
  g_assert_false (heft_legend_corner (full, p));
  for (int i = 0; i < 400; i++)
    ((HeftMark *) g_ptr_array_index (plot->marks, 0))->y[i] = -i;
  free_corner = heft_layout_new (figure, 400, 200, &theme, 1.0);
  p = g_ptr_array_index (free_corner->plots, 0);
  g_assert_true (heft_legend_corner (free_corner, p));
  /* The curve falls: the upper right is free. */
  g_assert_cmpfloat (p->legend_rect.x, >, p->area.x + p->area.width / 2);
  g_assert_cmpfloat (p->legend_rect.y, <, p->area.y + p->area.height / 2);
}

/* Values of an image are pixels of their own colour; what has none shows the hatch. */
static void
test_image (void)
{
  static const double values[] = { 0.0, 1.0, 0.5, NAN };
  g_autoptr (HeftFigure) figure = heft_figure_new (NULL);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_IMAGE);
  HeftTheme theme = heft_theme_file ();
  g_autoptr (HeftLayout) layout = NULL;
  const HeftRect *a;
  cairo_surface_t *surface;

  plot->rows = plot->columns = 2;
  plot->values = g_memdup2 (values, sizeof values);
  plot->value_maximum = 1.0;
  layout = heft_layout_new (figure, 200, 200, &theme, 1.0);
  a = &((HeftPlotLayout *) g_ptr_array_index (layout->plots, 0))->area;
  surface = paint (figure, 200, 200, &theme);
  g_assert_cmphex (pixel (surface, a->x + 0.2 * a->width, a->y + 0.2 * a->height), ==, 0xff000000);
  g_assert_cmphex (pixel (surface, a->x + 0.8 * a->width, a->y + 0.2 * a->height), ==, 0xffffffff);
  g_assert_cmphex (pixel (surface, a->x + 0.2 * a->width, a->y + 0.8 * a->height), ==, 0xff808080);
  g_assert_cmphex (pixel (surface, a->x + 0.8 * a->width, a->y + 0.8 * a->height) & 0xff, >, 0x80);
  cairo_surface_destroy (surface);
}

/* One colour a quantity, and none of those that meet are alike. */
static void
test_colours (void)
{
  static const HeftQuantity together[] = { HEFT_QUANTITY_EXACT, HEFT_QUANTITY_CORRECTED, HEFT_QUANTITY_PRINTED, HEFT_QUANTITY_BOUND,
                                           HEFT_QUANTITY_GAUSSIAN, HEFT_QUANTITY_PRIOR, HEFT_QUANTITY_TEST_LOSS };

  for (int dark = 0; dark < 2; dark++)
    for (gsize i = 0; i < G_N_ELEMENTS (together); i++)
      for (gsize k = 0; k < i; k++)
        {
          HeftTheme theme = heft_theme_screen (dark);
          HeftPalette palette = heft_palette (&theme);
          HeftMark m = { .quantity = together[i] }, n = { .quantity = together[k] };
          HeftStyle a = heft_mark_style (&m, &palette), b = heft_mark_style (&n, &palette);
          double distance = fabs (a.colour.r - b.colour.r) + fabs (a.colour.g - b.colour.g) + fabs (a.colour.b - b.colour.b);

          g_assert_cmpfloat (distance, >, 0.25);
          /* For eyes without colour: dash or marker differ. */
          g_assert_true (a.n_dash != b.n_dash || memcmp (a.dash, b.dash, sizeof a.dash) != 0 || a.marker != b.marker);
        }
}

static HeftFigure *
network_figure (const char *architecture)
{
  HeftShape image = { 1, 28, 28 };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftNetwork) network = heft_network_new (architecture, HEFT_ACTIVATION_RELU, image, 10, &error);

  g_assert_no_error (error);
  return heft_network_figure (network, "Network");
}

static const HeftBlock *
block (const HeftFigure *figure, guint i)
{
  return g_ptr_array_index (((const HeftPlot *) g_ptr_array_index (figure->plots, 0))->blocks, i);
}

/* LeNet's numbers by hand: 5 * 5 * 1 * 16 + 16 = 416, 5 * 5 * 16 * 32 + 32 = 12832, 512 * 128 + 128 = 65664, 128 * 10 + 10 = 1290. */
static void
test_network (void)
{
  g_autoptr (HeftFigure) lenet = network_figure ("conv5x16-pool2-conv5x32-pool2-128");
  g_autoptr (HeftFigure) residual = network_figure ("conv3x8p1-(conv3x8p1-tanh-conv3x8p1)-gap");
  g_autoptr (HeftFigure) copy = heft_figure_copy (residual);
  static const char *const labels[] = { "input", "conv 1 5×5 · ReLU", "max 2×2", "conv 2 5×5 · ReLU", "max 2×2", "flatten",
                                        "dense 3 · ReLU", "dense 4", "in all" };
  static const char *const shapes[] = { "1×28×28", "16×24×24", "16×12×12", "32×8×8", "32×4×4", "512", "128", "10", NULL };
  static const char *const parameters[] = { NULL, "416", NULL, "12,832", NULL, NULL, "65,664", "1,290", "80,202" };

  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    {
      g_assert_cmpstr (block (lenet, i)->label, ==, labels[i]);
      g_assert_cmpstr (block (lenet, i)->shape, ==, shapes[i]);
      g_assert_cmpstr (block (lenet, i)->parameters, ==, parameters[i]);
    }
  g_assert_cmpint (block (lenet, 3)->layer, ==, 1);
  g_assert_cmpint (block (lenet, 2)->layer, ==, -1);
  /* What enters the residual block is the output of the first convolution, and its sum has an activation. */
  g_assert_cmpstr (block (residual, 2)->label, ==, "conv 2 3×3 p1 · tanh");
  g_assert_cmpstr (block (residual, 4)->label, ==, "add · ReLU");
  g_assert_cmpint (block (residual, 4)->from, ==, 1);
  g_assert_cmpint (block (copy, 4)->from, ==, 1);
  g_assert_cmpstr (block (copy, 4)->label, ==, "add · ReLU");

  for (int size = 20; size < 900; size += 220)
    {
      HeftTheme theme = heft_theme_screen (size > 300);
      cairo_surface_t *small = paint (copy, size, size / 2, &theme);

      g_assert_true (has_ink (small));
      cairo_surface_destroy (small);
    }
}

/* A text may ask for more layers than anybody can look at. */
static void
test_deep_network (void)
{
  g_autoptr (GString) text = g_string_new ("4");

  for (guint i = 0; i < 200; i++)
    g_string_append (text, "-4");
  {
    g_autoptr (HeftFigure) deep = network_figure (text->str);
    const HeftPlot *plot = g_ptr_array_index (deep->plots, 0);

    g_assert_cmpuint (plot->blocks->len, <, 60);
    g_assert_nonnull (strstr (block (deep, plot->blocks->len - 2)->label, "more"));
    g_assert_cmpfloat (heft_network_figure_height (deep, 10), <, 1400);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/figure/sizes", test_sizes);
  g_test_add_func ("/plot/figure/hit", test_hit);
  g_test_add_func ("/plot/figure/hit-row", test_hit_row);
  g_test_add_func ("/plot/figure/hidden", test_hidden);
  g_test_add_func ("/plot/figure/spike", test_spike);
  g_test_add_func ("/plot/figure/tangents", test_tangents);
  g_test_add_func ("/plot/figure/shared-axis", test_shared_axis);
  g_test_add_func ("/plot/figure/legend", test_legend);
  g_test_add_func ("/plot/figure/corner", test_corner);
  g_test_add_func ("/plot/figure/image", test_image);
  g_test_add_func ("/plot/figure/colours", test_colours);
  g_test_add_func ("/plot/figure/low", test_low);
  g_test_add_func ("/plot/figure/network", test_network);
  g_test_add_func ("/plot/figure/deep-network", test_deep_network);
  return g_test_run ();
}
