/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/measure.h"

const char *
heft_cli_measure_reason (const HeftEffectiveLayer *layer)
{
  if (layer->obstacle != NULL)
    return layer->obstacle;
  return _("By these draws the covariance has no inverse: there are too few for so many activations, or more activations than weights make noise.");
}

/* NAN where there is no exact number to compare with. */
static double
relative (double value, double exact)
{
  return exact != 0 ? (value - exact) / fabs (exact) : NAN;
}

static void
add_differences (JsonBuilder *builder, const HeftEffectiveLayer *layer, const HeftEffectiveLayer *exact)
{
  const char *reason = exact == NULL ? _("The Jacobian’s route was not taken.") : _("There is nothing to compare.");

  json_builder_set_member_name (builder, "relative_difference");
  json_builder_begin_object (builder);
  heft_json_add_number (builder, "covariance_trace", exact != NULL ? relative (layer->noise_trace_mean, exact->noise_trace_mean) : NAN, reason);
  heft_json_add_number (builder, "fisher_trace", exact != NULL ? relative (layer->fisher_trace_mean, exact->fisher_trace_mean) : NAN, reason);
  heft_json_add_number (builder, "information", exact != NULL ? relative (layer->information_mean, exact->information_mean) : NAN, reason);
  json_builder_end_object (builder);
}

static void
add_layer (JsonBuilder *builder, const HeftEffectiveLayer *layer, const HeftEffectiveLayer *exact, gboolean draws)
{
  const char *reason = heft_cli_measure_reason (layer);

  json_builder_begin_object (builder);
  heft_json_add_text (builder, "layer", layer->name);
  heft_json_add_number (builder, "covariance_trace_mean", layer->noise_trace_mean, reason);
  heft_json_add_number (builder, "fisher_trace_mean", layer->fisher_trace_mean, reason);
  heft_json_add_number (builder, "information_mean", layer->information_mean, reason);
  if (draws)
    {
      heft_json_add_number (builder, "covariance_trace_standard_error", layer->noise_trace_error, NULL);
      heft_json_add_number (builder, "fisher_trace_standard_error", layer->fisher_trace_error, reason);
      heft_json_add_number (builder, "information_standard_error", layer->information_error, reason);
    }
  add_differences (builder, layer, exact);
  heft_json_add_values (builder, "covariance_trace", layer->noise_trace, layer->n_samples);
  heft_json_add_values (builder, "fisher_trace", layer->fisher_trace, layer->n_samples);
  heft_json_add_values (builder, "information", layer->information, layer->n_samples);
  json_builder_end_object (builder);
}

static const HeftEffectiveLayer *
exact_layer (const HeftMeasurement *measurement, guint l)
{
  GPtrArray *layers = measurement->pushforwards[HEFT_PUSHFORWARD_JACOBIAN].layers;

  return layers != NULL ? g_ptr_array_index (layers, l) : NULL;
}

void
heft_cli_measure_add_pushforwards (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  json_builder_set_member_name (builder, "pushforwards");
  json_builder_begin_array (builder);
  for (gsize r = 0; r < HEFT_N_PUSHFORWARDS; r++)
    {
      const HeftPushforwardResult *result = &measurement->pushforwards[r];

      if (result->layers == NULL && result->reason == NULL)
        continue;
      json_builder_begin_object (builder);
      heft_json_add_text (builder, "route", heft_pushforward_names[r]);
      json_builder_set_member_name (builder, "layers");
      if (result->layers == NULL)
        {
          json_builder_add_null_value (builder);
          heft_json_add_text (builder, "reason", result->reason);
          json_builder_end_object (builder);
          continue;
        }
      json_builder_begin_array (builder);
      for (guint l = 0; l < result->layers->len; l++)
        add_layer (builder, g_ptr_array_index (result->layers, l), exact_layer (measurement, l), r == HEFT_PUSHFORWARD_DRAWS);
      json_builder_end_array (builder);
      heft_json_add_text (builder, "estimator", result->estimator);
      heft_json_add_text (builder, "assumes", result->assumes);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

/* "value ± error (+difference %)". */
static void
print_value (double value, double doubt, double exact)
{
  g_autofree char *words = isfinite (value) ? g_strdup_printf ("%.6g", value) : g_strdup ("–");
  g_autofree char *error = isfinite (value) && doubt > 0 ? g_strdup_printf (" ± %.2g", doubt) : g_strdup ("");
  double difference = relative (value, exact);
  g_autofree char *share = isfinite (difference) ? g_strdup_printf (" (%+.2g %%)", 100 * difference) : g_strdup ("");
  g_autofree char *all = g_strconcat (words, error, share, NULL);

  /* Padded by characters: some are longer than a byte. */
  printf (" %s%*s", all, (int) MAX (30 - g_utf8_strlen (all, -1), 0), "");
}

static void
print_layer (const HeftEffectiveLayer *layer, const HeftEffectiveLayer *exact, const char *route)
{
  printf ("%-14s %-9s", layer->name, route);
  print_value (layer->noise_trace_mean, layer->noise_trace_error, exact != NULL ? exact->noise_trace_mean : NAN);
  print_value (layer->fisher_trace_mean, layer->fisher_trace_error, exact != NULL ? exact->fisher_trace_mean : NAN);
  print_value (layer->information_mean, layer->information_error, exact != NULL ? exact->information_mean : NAN);
  printf ("\n");
}

void
heft_cli_measure_print_pushforwards (const HeftMeasurement *measurement)
{
  printf (_("\nNoise of the weights in the activations, means over the samples (against the Jacobian’s)\n"));
  printf ("%-14s %-9s %-30s %-30s %s\n", _("layer"), _("route"), _("trace of Sigma_z"), _("trace of F_{z|x}"), _("information"));
  for (guint l = 0; l < measurement->effective->len; l++)
    for (gsize r = 0; r < HEFT_N_PUSHFORWARDS; r++)
      if (measurement->pushforwards[r].layers != NULL)
        print_layer (g_ptr_array_index (measurement->pushforwards[r].layers, l), r > 0 ? exact_layer (measurement, l) : NULL,
                     heft_pushforward_names[r]);
  for (gsize r = 0; r < HEFT_N_PUSHFORWARDS; r++)
    if (measurement->pushforwards[r].layers != NULL)
      printf (_("%-9s %s; assumes: %s\n"), heft_pushforward_names[r], measurement->pushforwards[r].estimator,
              measurement->pushforwards[r].assumes);
    else if (measurement->pushforwards[r].reason != NULL)
      printf ("%-9s %s\n", heft_pushforward_names[r], measurement->pushforwards[r].reason);
}
