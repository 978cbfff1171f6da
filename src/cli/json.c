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

void
heft_json_add_bound (JsonBuilder *builder, const char *name, double bound, const char *reason)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  heft_json_add_number (builder, "value", bound, isnan (bound) ? reason : _("The bound is beyond the range of numbers."));
  json_builder_set_member_name (builder, isnan (bound) ? "valid" : "vacuous");
  json_builder_add_boolean_value (builder, !isnan (bound) && !(bound < 1));
  json_builder_end_object (builder);
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
        case HEFT_PARAMETER_FILE:
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

static void print_node (GString *text, JsonNode *node, guint depth);

static void
new_line (GString *text, guint depth)
{
  g_string_append_c (text, '\n');
  for (guint i = 0; i < depth; i++)
    g_string_append (text, "  ");
}

static void
print_value (GString *text, JsonNode *node)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *other = NULL;

  if (json_node_get_value_type (node) == G_TYPE_DOUBLE)
    {
      g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, "%.17g", json_node_get_double (node)));
      return;
    }
  other = json_to_string (node, FALSE);
  g_string_append (text, other);
}

static void
print_array (GString *text, JsonArray *array, guint depth)
{
  guint n = json_array_get_length (array);

  g_string_append_c (text, '[');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      new_line (text, depth + 1);
      print_node (text, json_array_get_element (array, i), depth + 1);
    }
  if (n > 0)
    new_line (text, depth);
  g_string_append_c (text, ']');
}

static void
print_object (GString *text, JsonObject *object, guint depth)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean first = TRUE;

  g_string_append_c (text, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      g_autoptr (JsonNode) word = json_node_init_string (json_node_alloc (), name);
      g_autofree char *quoted = json_to_string (word, FALSE);

      if (!first)
        g_string_append_c (text, ',');
      first = FALSE;
      new_line (text, depth + 1);
      g_string_append_printf (text, "%s: ", quoted);
      print_node (text, member, depth + 1);
    }
  if (!first)
    new_line (text, depth);
  g_string_append_c (text, '}');
}

static void
print_node (GString *text, JsonNode *node, guint depth)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      print_object (text, json_node_get_object (node), depth);
      break;
    case JSON_NODE_ARRAY:
      print_array (text, json_node_get_array (node), depth);
      break;
    case JSON_NODE_VALUE:
      print_value (text, node);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (text, "null");
      break;
    }
}

/* The tree is json-glib's, the text our own: its generator (1.6) writes 1e-08 as 1e-08.0, which is not JSON. */
gboolean
heft_json_print (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autoptr (GString) text = g_string_new (NULL);

  print_node (text, root, 0);
  g_string_append_c (text, '\n');
  return fwrite (text->str, 1, text->len, stdout) == text->len && fflush (stdout) == 0;
}

void
heft_json_add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

void
heft_json_add_values (JsonBuilder *builder, const char *name, const double *values, gsize n)
{
  json_builder_set_member_name (builder, name);
  heft_json_add_array (builder, values, n);
}
