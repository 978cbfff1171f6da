/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <heft/curvature.h>

double
heft_fisher_spectra_live_cost (const HeftNetwork *network, gsize n_samples)
{
  double n = (double) n_samples;
  double cost = 2 * n * heft_network_get_cost (network);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      double k = (double) layer->n_parameters;
      double size = layer->kind == HEFT_LAYER_DENSE ? (double) (layer->fan_in + layer->fan_out) : k;
      double rows = MIN (n, k);

      /* Products, then a tridiagonal reduction, which runs at about an eighth of the speed of a product. */
      cost += 2 * n * n * size + 8 * 4.0 / 3.0 * rows * rows * rows;
      if (layer->kind != HEFT_LAYER_DENSE)
        cost += 2 * n * k * (double) (layer->output.height * layer->output.width);
    }
  return cost;
}

double
heft_fisher_lanczos_cost (const HeftNetwork *network, gsize n_samples, gsize n_iterations)
{
  double n = (double) n_samples;
  double columns = (double) MAX (heft_network_get_n_classes (network), 2) - 1;
  double cost = n * heft_network_get_cost (network) * (1 + columns);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      double in = (double) layer->fan_in;
      double out = (double) layer->fan_out;

      if (layer->kind == HEFT_LAYER_DENSE)
        cost += n < 2 * in ? n * n * in + (double) n_iterations * (2 * n * n * out + 8 * n * columns * out)
                           : (double) n_iterations * (4 * n * in * out + 8 * n * columns * out);
      else
        cost += (double) n_iterations * 4 * n * heft_network_get_cost (network)
                + 2 * n * columns * (double) layer->n_parameters * (double) (layer->output.height * layer->output.width);
    }
  return cost;
}

double
heft_fisher_scaled_cost (const HeftNetwork *network, gsize n_samples)
{
  double columns = (double) MAX (heft_network_get_n_classes (network), 2) - 1;

  return (double) n_samples * heft_network_get_cost (network) * (2 + columns);
}

double
heft_fisher_product_cost (const HeftNetwork *network, gsize n_samples)
{
  return 4 * (double) n_samples * heft_network_get_cost (network);
}
