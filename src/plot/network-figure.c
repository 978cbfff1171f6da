/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <glib/gi18n-lib.h>

/* A network as a figure: one block a layer, its activation in the same line. */

/* A drawing with more lines than this is read by nobody; the rest becomes one line. */
#define MOST_BLOCKS 48

static char *
count_text (gsize count)
{
  g_autofree char *digits = g_strdup_printf ("%zu", count);
  gsize n = strlen (digits);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    {
      g_string_append_c (text, digits[i]);
      if (n - i > 1 && (n - i - 1) % 3 == 0)
        g_string_append_c (text, ',');
    }

  return g_string_free (text, FALSE);
}

static char *
shape_text (const HeftShape *shape)
{
  if (shape->height == 1 && shape->width == 1)
    return count_text (shape->channels);

  return g_strdup_printf ("%zu×%zu×%zu", shape->channels, shape->height, shape->width);
}

static const char *
activation_text (HeftActivation activation)
{
  switch (activation)
    {
    case HEFT_ACTIVATION_RELU: return "ReLU";
    case HEFT_ACTIVATION_LEAKY_RELU: return "leaky ReLU";
    case HEFT_ACTIVATION_GELU: return "GELU";
    case HEFT_ACTIVATION_LINEAR: return NULL;
    case HEFT_ACTIVATION_TANH:
    case HEFT_ACTIVATION_SIGMOID:
    case HEFT_ACTIVATION_SOFTPLUS:
    default: return heft_activation_name (activation);
    }
}

/* Stride and padding as they are written in an architecture. */
static char *
window_text (const char *what, const HeftLayer *layer, gsize usual_stride)
{
  GString *text = g_string_new (what);

  g_string_append_printf (text, " %zu×%zu", layer->kernel, layer->kernel);
  if (layer->stride != usual_stride)
    g_string_append_printf (text, " s%zu", layer->stride);
  if (layer->padding > 0)
    g_string_append_printf (text, " p%zu", layer->padding);

  return g_string_free (text, FALSE);
}

static char *
layer_text (const HeftLayer *layer)
{
  g_autofree char *name = NULL;

  switch (layer->kind)
    {
    case HEFT_LAYER_CONVOLUTION:
      name = heft_layer_dup_label (layer->name);
      return window_text (name, layer, 1);
    case HEFT_LAYER_MAX_POOL: return window_text (_("max"), layer, layer->kernel);
    case HEFT_LAYER_AVERAGE_POOL: return window_text (_("mean"), layer, layer->kernel);
    case HEFT_LAYER_GLOBAL_AVERAGE_POOL: return g_strdup (_("channel means"));
    case HEFT_LAYER_FLATTEN: return g_strdup (_("flatten"));
    case HEFT_LAYER_NORMALISATION:
      return layer->kernel > 1 ? g_strdup_printf (_("normalise, %zu groups"), layer->kernel) : g_strdup (_("normalise"));
    case HEFT_LAYER_RESIDUAL_END: return g_strdup (_("add"));
    case HEFT_LAYER_DENSE:
    case HEFT_LAYER_ACTIVATION:
    case HEFT_LAYER_RESIDUAL_BEGIN:
    default: return heft_layer_dup_label (layer->name);
    }
}

static void
append_activation (HeftPlot *plot, HeftActivation activation)
{
  HeftBlock *block = g_ptr_array_index (plot->blocks, plot->blocks->len - 1);
  const char *text = activation_text (activation);
  g_autofree char *label = block->label;

  block->label = text != NULL ? g_strdup_printf ("%s · %s", label, text) : g_strdup (label);
}

static void
add_layer (HeftPlot *plot, const HeftLayer *layer, int *n_weighted, GArray *open)
{
  gsize free_parameters = heft_layer_n_free_parameters (layer);
  g_autofree char *label = layer_text (layer), *shape = shape_text (&layer->output);
  g_autofree char *parameters = layer->fan_in > 0 ? count_text (free_parameters) : NULL;
  HeftBlock *block = heft_plot_add_block (plot, label, shape, parameters);

  block->size = layer->output;
  if (layer->fan_in > 0)
    block->layer = (*n_weighted)++;
  if (layer->kind == HEFT_LAYER_RESIDUAL_END && open->len > 0)
    {
      block->from = g_array_index (open, int, open->len - 1);
      g_array_set_size (open, open->len - 1);
    }
}

static void
add_layers (HeftPlot *plot, const HeftNetwork *network)
{
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (int));
  gsize n = heft_network_get_n_layers (network), left_out = 0;
  int n_weighted = 0;

  for (gsize i = 0; i < n; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      int last = (int) plot->blocks->len - 1;

      if (layer->kind == HEFT_LAYER_RESIDUAL_BEGIN)
        g_array_append_val (open, last);
      else if (plot->blocks->len >= MOST_BLOCKS)
        left_out += layer->kind != HEFT_LAYER_ACTIVATION;
      else if (layer->kind == HEFT_LAYER_ACTIVATION)
        append_activation (plot, layer->activation);
      else
        add_layer (plot, layer, &n_weighted, open);
    }
  if (left_out > 0)
    {
      g_autofree char *text = g_strdup_printf (ngettext ("and %zu more", "and %zu more", left_out), left_out);

      heft_plot_add_block (plot, text, NULL, NULL);
    }
}

HeftFigure *
heft_network_figure (const HeftNetwork *network, const char *title)
{
  HeftFigure *figure = heft_figure_new (title);
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_NETWORK);
  HeftShape input = heft_network_get_input_shape (network);
  g_autofree char *shape = shape_text (&input), *sum = count_text (heft_network_get_n_free_parameters (network));

  heft_plot_add_block (plot, _("input"), shape, NULL)->size = input;
  add_layers (plot, network);
  heft_plot_add_block (plot, _("in all"), NULL, sum)->sum = TRUE;

  return figure;
}

double
heft_network_figure_height (const HeftFigure *figure, double font_size)
{
  const HeftPlot *plot = g_ptr_array_index (figure->plots, 0);

  /* With the line of headings, and the figure's own margins. */
  return (plot->blocks->len + 1) * HEFT_BLOCK_STEP * font_size + 2.0 * font_size;
}
