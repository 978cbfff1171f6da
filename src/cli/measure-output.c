/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include <heft/information.h>

#include "cli/cli.h"
#include "cli/measure.h"

#define DENSITY_POINTS 65

static void
add_integer (JsonBuilder *builder, const char *name, gsize value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) value);
}

/* What each eigen-direction costs. */
static void
add_directions (JsonBuilder *builder, const HeftMeasurement *measurement, const HeftSpectrum *spectrum)
{
  g_autofree double *costs = g_new (double, MAX (spectrum->n_eigenvalues, 1));

  for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
    costs[i] = heft_gaussian_information_direction (spectrum->eigenvalues[i], measurement->beta, measurement->lambda);
  heft_json_add_values (builder, "direction_costs", costs, spectrum->n_eigenvalues);
}

/* The spectral density by stochastic Lanczos quadrature, from 0 to the largest eigenvalue. */
static void
add_density (JsonBuilder *builder, const HeftQuadrature *quadrature)
{
  double points[DENSITY_POINTS], values[DENSITY_POINTS], errors[DENSITY_POINTS], largest = 0;

  for (gsize p = 0; p < quadrature->n_probes; p++)
    largest = fmax (largest, quadrature->nodes[p][0]);
  if (!(largest > 0))
    return;
  for (gsize i = 0; i < DENSITY_POINTS; i++)
    points[i] = largest * (double) i / (DENSITY_POINTS - 1);
  heft_quadrature_density (quadrature, DENSITY_POINTS, points, points[1], values, errors);
  json_builder_set_member_name (builder, "density");
  json_builder_begin_object (builder);
  heft_json_add_number (builder, "width", points[1], NULL);
  heft_json_add_values (builder, "points", points, DENSITY_POINTS);
  heft_json_add_values (builder, "values", values, DENSITY_POINTS);
  heft_json_add_values (builder, "standard_errors", errors, DENSITY_POINTS);
  add_integer (builder, "probes", quadrature->n_probes);
  json_builder_end_object (builder);
}

static void
add_information (JsonBuilder *builder, const HeftMeasurement *measurement, guint i)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (measurement->spectra, i);

  heft_json_add_number (builder, "kl", measurement->information[i], NULL);
  heft_json_add_number (builder, "kl_printed", measurement->printed[i],
                        spectrum->complete ? NULL : _("The formula as printed is evaluated on complete spectra only."));
  if (!spectrum->complete)
    {
      heft_json_add_number (builder, "kl_standard_error", measurement->information_error[i], NULL);
      heft_json_add_text (builder, "kl_estimator", _("exact labels, stochastic Lanczos quadrature"));
    }
  heft_json_add_number (builder, "log_determinant", measurement->log_determinant[i], NULL);
  if (spectrum->complete)
    return;
  heft_json_add_number (builder, "log_determinant_standard_error", measurement->log_determinant_error[i], NULL);
  add_density (builder, g_ptr_array_index (measurement->quadratures, i));
}

static void
add_spectrum (JsonBuilder *builder, const HeftNetwork *network, const HeftMeasurement *measurement, guint i)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (measurement->spectra, i);

  json_builder_begin_object (builder);
  if (spectrum->layer >= 0)
    {
      heft_json_add_text (builder, "name", heft_network_get_layer_name (network, (gsize) spectrum->layer));
      heft_json_add_text (builder, "operation", heft_network_get_weight_layer (network, (gsize) spectrum->layer)->name);
    }
  add_integer (builder, "parameters", spectrum->n_parameters);
  heft_json_add_number (builder, "trace", spectrum->trace, NULL);
  if (spectrum->layer < 0)
    heft_json_add_number (builder, "trace_scaled", measurement->trace_scaled,
                          _("The logits are the same for every class: they have no scale."));
  add_integer (builder, "rank", spectrum->n_eigenvalues);
  heft_json_add_values (builder, "eigenvalues", spectrum->eigenvalues, spectrum->n_eigenvalues);
  add_directions (builder, measurement, spectrum);
  add_information (builder, measurement, i);
  heft_json_add_text (builder, "estimator", spectrum->estimator);
  if (spectrum->words != NULL)
    heft_json_add_text (builder, "plan", spectrum->words);
  json_builder_end_object (builder);
}

/* Layers' blocks as an array, the whole network by itself. */
static void
add_spectra (JsonBuilder *builder, const HeftNetwork *network, const HeftMeasurement *measurement)
{
  const HeftSpectrum *first = g_ptr_array_index (measurement->spectra, 0);
  const HeftSpectrum *last = g_ptr_array_index (measurement->spectra, measurement->spectra->len - 1);
  guint n_layers = measurement->spectra->len - (last->layer < 0 ? 1 : 0);

  if (first->layer >= 0)
    {
      json_builder_set_member_name (builder, "layers");
      json_builder_begin_array (builder);
      for (guint i = 0; i < n_layers; i++)
        add_spectrum (builder, network, measurement, i);
      json_builder_end_array (builder);
    }
  if (last->layer < 0)
    {
      json_builder_set_member_name (builder, "network");
      add_spectrum (builder, network, measurement, n_layers);
    }
}

static void
add_hessian (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  const HeftSpectrum *hessian = measurement->hessian;

  json_builder_set_member_name (builder, "hessian");
  json_builder_begin_object (builder);
  heft_json_add_number (builder, "trace", hessian->trace, NULL);
  heft_json_add_values (builder, "eigenvalues", hessian->eigenvalues, hessian->n_eigenvalues);
  heft_json_add_number (builder, "most_negative", MIN (hessian->eigenvalues[hessian->n_eigenvalues - 1], 0), NULL);
  heft_json_add_number (builder, "relative_gap_to_fisher", measurement->hessian_gap, _("The Hessian is zero."));
  if (!hessian->complete)
    {
      heft_json_add_number (builder, "trace_standard_error", measurement->hessian_trace_error, NULL);
      heft_json_add_number (builder, "relative_gap_standard_error", measurement->hessian_gap_error, _("The Hessian is zero."));
      heft_json_add_values (builder, "residuals", measurement->hessian_residuals, hessian->n_eigenvalues);
    }
  heft_json_add_text (builder, "estimator", hessian->estimator);
  json_builder_end_object (builder);
}

/* Of the first route that was taken. */
static const char *
effective_estimator (const HeftMeasurement *measurement)
{
  gsize r = 0;

  while (measurement->pushforwards[r].layers != measurement->effective)
    r++;
  return measurement->pushforwards[r].estimator;
}

static void
add_effective (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  heft_json_add_text (builder, "effective_estimator", effective_estimator (measurement));
  json_builder_set_member_name (builder, "effective");
  json_builder_begin_array (builder);
  for (guint l = 0; l < measurement->effective->len; l++)
    {
      const HeftEffectiveLayer *layer = g_ptr_array_index (measurement->effective, l);
      const char *reason = heft_cli_measure_reason (layer);

      json_builder_begin_object (builder);
      heft_json_add_text (builder, "layer", layer->name);
      heft_json_add_number (builder, "fisher_trace_mean", layer->fisher_trace_mean, reason);
      heft_json_add_number (builder, "information_mean", layer->information_mean, reason);
      heft_json_add_values (builder, "fisher_trace", layer->fisher_trace, layer->n_samples);
      heft_json_add_values (builder, "information", layer->information, layer->n_samples);
      add_integer (builder, "rank_deficient_samples", layer->n_rank_deficient);
      if (layer->condition != NULL)
        {
          add_integer (builder, "ill_conditioned_samples", layer->n_ill_conditioned);
          heft_json_add_values (builder, "condition", layer->condition, layer->n_samples);
          heft_json_add_number (builder, "fisher_trace_printed_mean", layer->printed_trace_mean, NULL);
          heft_json_add_values (builder, "fisher_trace_printed", layer->printed_trace, layer->n_samples);
        }
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

/* A nuisance in every layer; a change that a layer cannot see is null. */
static void
add_nuisances (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  const HeftNuisanceTable *table = measurement->nuisances;
  g_autofree char *estimator = g_strdup_printf (_("%s; changes of the median image"), measurement->noise);
  gsize m = table->n_nuisances;

  heft_json_add_text (builder, "nuisance_estimator", estimator);
  json_builder_set_member_name (builder, "nuisances");
  json_builder_begin_array (builder);
  for (gsize l = 0; l < table->n_layers; l++)
    for (gsize v = 0; v < m; v++)
      {
        const HeftNuisanceInfo *info = heft_nuisance_get_info (table->nuisances[v]);

        json_builder_begin_object (builder);
        heft_json_add_text (builder, "layer", table->layer_names[l]);
        heft_json_add_text (builder, "nuisance", info->id);
        heft_json_add_text (builder, "unit", info->unit);
        heft_json_add_number (builder, "smallest_change", table->smallest_change[l * m + v], _("The layer is blind to it."));
        heft_json_add_number (builder, "fisher_median", table->median_fisher[l * m + v], NULL);
        heft_json_add_number (builder, "fisher_mean", table->mean_fisher[l * m + v], NULL);
        heft_json_add_values (builder, "fisher", table->fisher + (l * m + v) * table->n_samples, table->n_samples);
        json_builder_end_object (builder);
      }
  json_builder_end_array (builder);
}

gboolean
heft_cli_measure_print_json (const HeftMeasurement *measurement, const HeftNetwork *network, gboolean routes)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  heft_json_add_text (builder, "heft", HEFT_VERSION);
  add_integer (builder, "samples", measurement->n_samples);
  add_integer (builder, "parameters", measurement->n_parameters);
  heft_json_add_number (builder, "loss", measurement->loss, NULL);
  heft_json_add_number (builder, "error", measurement->error, NULL);
  heft_json_add_number (builder, "logit_scale", measurement->logit_scale, NULL);
  heft_json_add_number (builder, "beta", measurement->beta, NULL);
  heft_json_add_number (builder, "lambda", measurement->lambda, NULL);
  heft_json_add_text (builder, "fisher", heft_measure_fisher_names[measurement->kind]);
  add_spectra (builder, network, measurement);
  if (measurement->hessian != NULL)
    add_hessian (builder, measurement);
  if (measurement->effective != NULL)
    add_effective (builder, measurement);
  if (routes)
    heft_cli_measure_add_pushforwards (builder, measurement);
  if (measurement->nuisances != NULL)
    add_nuisances (builder, measurement);
  heft_cli_measure_add_codes (builder, measurement, network);
  json_builder_end_object (builder);
  return heft_json_print (builder);
}

/* A number for a table; what is not finite has a word. */
static char *
number_words (double value, const char *format)
{
  char words[64];

  if (!isfinite (value))
    return g_strdup (isnan (value) ? "–" : value > 0 ? "∞" : "−∞");
  return g_strdup (g_ascii_formatd (words, sizeof words, format, value));
}

static const char *
block_name (const HeftSpectrum *spectrum, const HeftNetwork *network)
{
  return spectrum->layer < 0 ? _("network") : heft_network_get_layer_name (network, (gsize) spectrum->layer);
}

static void
print_spectrum (const HeftMeasurement *measurement, const HeftNetwork *network, guint i)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (measurement->spectra, i);
  double information = measurement->information[i], doubt = measurement->information_error[i];
  g_autofree char *nats = doubt > 0 ? g_strdup_printf ("%.5g ± %.2g", information, doubt) : number_words (information, "%.8g");
  g_autofree char *printed = number_words (measurement->printed[i], "%.8g");

  printf ("%-12s %10zu %14.8g %8zu %14.8g %14s %14s\n", block_name (spectrum, network), spectrum->n_parameters, spectrum->trace, spectrum->n_eigenvalues,
          spectrum->n_eigenvalues > 0 ? spectrum->eigenvalues[0] : 0, nats, printed);
}

/* How each block was decomposed, where there was a choice. */
static void
print_routes (const HeftMeasurement *measurement, const HeftNetwork *network)
{
  printf ("\n");
  for (guint i = 0; i < measurement->spectra->len; i++)
    {
      const HeftSpectrum *spectrum = g_ptr_array_index (measurement->spectra, i);

      if (spectrum->words != NULL)
        printf ("%-12s %s\n", block_name (spectrum, network), spectrum->words);
    }
}

static void
print_hessian (const HeftMeasurement *measurement)
{
  const HeftSpectrum *hessian = measurement->hessian;
  g_autofree char *gap = number_words (measurement->hessian_gap, "%.6g");
  g_autofree char *trace_doubt = NULL, *gap_doubt = NULL;

  if (hessian->complete)
    {
      printf (_("\nHessian: trace %.8g, eigenvalues from %.8g to %.8g, |H - F| / |H| = %s\n"), hessian->trace,
              hessian->eigenvalues[0], hessian->eigenvalues[hessian->n_eigenvalues - 1], gap);
      return;
    }
  trace_doubt = number_words (measurement->hessian_trace_error, "%.2g");
  gap_doubt = number_words (measurement->hessian_gap_error, "%.2g");
  printf (_("\nHessian by products: trace %.5g ± %s, eigenvalues from %.8g to %.8g, |H - F| / |H| = %s ± %s\n"), hessian->trace,
          trace_doubt, hessian->eigenvalues[0], hessian->eigenvalues[hessian->n_eigenvalues - 1], gap, gap_doubt);
}

static void
print_effective (const HeftMeasurement *measurement)
{
  printf (_("\nWhat activations tell about the input, means over the samples (%s)\n"), effective_estimator (measurement));
  for (guint l = 0; l < measurement->effective->len; l++)
    {
      const HeftEffectiveLayer *layer = g_ptr_array_index (measurement->effective, l);

      if (layer->obstacle != NULL)
        {
          printf ("%-12s %s\n", layer->name, layer->obstacle);
          continue;
        }
      printf (_("%-12s trace of the Fisher %.8g, information %.8g nats\n"), layer->name, layer->fisher_trace_mean,
              layer->information_mean);
      if (layer->condition != NULL)
        printf (_("%-12s trace as printed (Prop. 3.2) %.8g; noise of lower rank in %zu samples, ill-conditioned in %zu\n"), "",
                layer->printed_trace_mean, layer->n_rank_deficient, layer->n_ill_conditioned);
    }
}

static void
print_nuisances (const HeftMeasurement *measurement)
{
  const HeftNuisanceTable *table = measurement->nuisances;

  printf (_("\nSmallest visible changes, of the median of %zu images (%s)\n%-14s"), table->n_samples, measurement->noise, "");
  for (gsize l = 0; l < table->n_layers; l++)
    printf (" %14s", table->layer_names[l]);
  for (gsize v = 0; v < table->n_nuisances; v++)
    {
      const HeftNuisanceInfo *info = heft_nuisance_get_info (table->nuisances[v]);

      printf ("\n%-14s", info->id);
      for (gsize l = 0; l < table->n_layers; l++)
        {
          g_autofree char *change = number_words (table->smallest_change[l * table->n_nuisances + v], "%.6g");

          printf (" %14s", change);
        }
      printf (" %s", _(info->unit));
    }
  printf ("\n");
}

void
heft_cli_measure_print_text (const HeftMeasurement *measurement, const HeftNetwork *network, gboolean routes)
{
  const HeftSpectrum *any = g_ptr_array_index (measurement->spectra, 0);

  printf (_("%zu samples, %zu parameters: loss %.8g nats, error %.6g\n"), measurement->n_samples, measurement->n_parameters,
          measurement->loss, measurement->error);
  printf (_("Fisher: %s; information at beta = %g (N beta = %g), lambda = %g, in nats\n\n"), any->estimator, measurement->beta,
          measurement->beta * (double) measurement->n_samples, measurement->lambda);
  printf ("%-12s %10s %14s %8s %14s %14s %14s\n", _("layer"), _("parameters"), _("trace"), _("rank"), _("largest"), _("information"),
          _("as printed"));
  for (guint i = 0; i < measurement->spectra->len; i++)
    print_spectrum (measurement, network, i);
  if (isfinite (measurement->trace_scaled))
    printf (_("\nWith the scale of the logits, %.8g, divided out the trace of the network’s Fisher is %.8g\n"),
            measurement->logit_scale, measurement->trace_scaled);
  print_routes (measurement, network);
  if (measurement->hessian != NULL)
    print_hessian (measurement);
  if (measurement->effective != NULL)
    print_effective (measurement);
  if (routes)
    heft_cli_measure_print_pushforwards (measurement);
  if (measurement->nuisances != NULL)
    print_nuisances (measurement);
  heft_cli_measure_print_codes (measurement, network);
}
