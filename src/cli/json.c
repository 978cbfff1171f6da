/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"

static void
add_number_or_null (JsonBuilder *builder, double value)
{
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
heft_json_add_number (JsonBuilder *builder, const char *name, double value, const char *reason)
{
  json_builder_set_member_name (builder, name);
  add_number_or_null (builder, value);
  if (!isfinite (value))
    {
      json_builder_set_member_name (builder, "reason");
      json_builder_add_string_value (builder, reason != NULL ? reason : _("The number is not finite."));
    }
}

void
heft_json_add_array (JsonBuilder *builder, const double *values, gsize n)
{
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n; i++)
    add_number_or_null (builder, values[i]);
  json_builder_end_array (builder);
}

static void
add_real (JsonBuilder *builder, const HeftParameters *parameters, const char *id)
{
  double value = heft_parameters_get_real (parameters, id);

  /* A multiple of 1/N stays words until N is known. */
  if (isfinite (value))
    json_builder_add_double_value (builder, value);
  else
    json_builder_add_string_value (builder, heft_parameters_get_text (parameters, id));
}

void
heft_json_add_parameters (JsonBuilder *builder, const HeftParameters *parameters)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);

  json_builder_begin_object (builder);
  for (gsize i = 0; i < experiment->n_parameters; i++)
    {
      const HeftParameterSpec *spec = &experiment->parameters[i];
      const double *list;
      gsize n;

      json_builder_set_member_name (builder, spec->id);
      switch (spec->kind)
        {
        case HEFT_PARAMETER_REAL:
          add_real (builder, parameters, spec->id);
          break;
        case HEFT_PARAMETER_INTEGER:
          json_builder_add_int_value (builder, heft_parameters_get_integer (parameters, spec->id));
          break;
        case HEFT_PARAMETER_BOOLEAN:
          json_builder_add_boolean_value (builder, heft_parameters_get_boolean (parameters, spec->id));
          break;
        case HEFT_PARAMETER_REAL_LIST:
          list = heft_parameters_get_list (parameters, spec->id, &n);
          heft_json_add_array (builder, list, n);
          break;
        case HEFT_PARAMETER_CHOICE:
        case HEFT_PARAMETER_TEXT:
        case HEFT_PARAMETER_DATASET:
        default:
          json_builder_add_string_value (builder, heft_parameters_get_text (parameters, spec->id));
          break;
        }
    }
  json_builder_end_object (builder);
}

static void
add_result (JsonBuilder *builder, HeftRecord *record, const HeftResultSpec *spec)
{
  gsize n;
  g_autofree double *curve = heft_record_dup_result_array (record, spec->id, &n);
  g_autofree char *reason = heft_record_dup_result_reason (record, spec->id);
  double value = NAN;

  json_builder_set_member_name (builder, spec->id);
  json_builder_begin_object (builder);
  if (curve != NULL)
    {
      json_builder_set_member_name (builder, "value");
      heft_json_add_array (builder, curve, n);
    }
  else
    {
      heft_record_get_result (record, spec->id, &value);
      heft_json_add_number (builder, "value", value, reason != NULL ? reason : _("The run ended before it was measured."));
    }
  json_builder_set_member_name (builder, "unit");
  json_builder_add_string_value (builder, spec->unit);
  json_builder_set_member_name (builder, "label");
  json_builder_add_string_value (builder, _(spec->label));
  json_builder_end_object (builder);
}

void
heft_json_add_results (JsonBuilder *builder, HeftRecord *record)
{
  json_builder_begin_object (builder);
  for (gsize r = 0; r < heft_record_get_n_results (record); r++)
    add_result (builder, record, heft_record_get_result_spec (record, r));
  json_builder_end_object (builder);
}

static void
add_curve (JsonBuilder *builder, HeftRecord *record, gsize series, gsize layer)
{
  gsize n = heft_record_get_length (record, series, layer);
  g_autofree double *x = g_new (double, MAX (n, 1));
  g_autofree double *y = g_new (double, MAX (n, 1));

  n = heft_record_read (record, series, layer, 0, n, x, y);
  json_builder_set_member_name (builder, "x");
  heft_json_add_array (builder, x, n);
  json_builder_set_member_name (builder, "y");
  heft_json_add_array (builder, y, n);
}

void
heft_json_add_series (JsonBuilder *builder, HeftRecord *record)
{
  const char *const *names;
  gsize n_layers = heft_record_get_layers (record, &names);

  json_builder_begin_object (builder);
  for (gsize s = 0; s < heft_record_get_n_series (record); s++)
    {
      const HeftSeriesSpec *spec = heft_record_get_series_spec (record, s);

      json_builder_set_member_name (builder, spec->id);
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "unit");
      json_builder_add_string_value (builder, spec->unit);
      json_builder_set_member_name (builder, "label");
      json_builder_add_string_value (builder, _(spec->label));
      if (spec->per_layer)
        {
          json_builder_set_member_name (builder, "layers");
          json_builder_begin_object (builder);
          for (gsize l = 0; l < n_layers; l++)
            {
              json_builder_set_member_name (builder, names[l]);
              json_builder_begin_object (builder);
              add_curve (builder, record, s, l);
              json_builder_end_object (builder);
            }
          json_builder_end_object (builder);
        }
      else
        {
          add_curve (builder, record, s, 0);
        }
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
}

gboolean
heft_json_print (JsonBuilder *builder)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = NULL;
  gsize length;

  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, &length);
  return fwrite (text, 1, length, stdout) == length && fputc ('\n', stdout) != EOF && fflush (stdout) == 0;
}
