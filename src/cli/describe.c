/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <heft/plot.h>
#include <stdio.h>

#include "cli/cli.h"

static const char *
kind_name (HeftParameterKind kind)
{
  switch (kind)
    {
    case HEFT_PARAMETER_REAL:
      return "real";
    case HEFT_PARAMETER_INTEGER:
      return "integer";
    case HEFT_PARAMETER_BOOLEAN:
      return "boolean";
    case HEFT_PARAMETER_CHOICE:
      return "choice";
    case HEFT_PARAMETER_DATASET:
      return "data";
    case HEFT_PARAMETER_FILE:
      return "file";
    case HEFT_PARAMETER_REAL_LIST:
      return "list of reals";
    case HEFT_PARAMETER_TEXT:
    default:
      return "text";
    }
}

static gboolean
has_range (const HeftParameterSpec *spec)
{
  return spec->kind == HEFT_PARAMETER_REAL || spec->kind == HEFT_PARAMETER_INTEGER || spec->kind == HEFT_PARAMETER_REAL_LIST;
}

static void
add_member (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text != NULL ? text : "");
}

static void
describe_parameter_json (JsonBuilder *builder, const HeftParameterSpec *spec)
{
  json_builder_begin_object (builder);
  add_member (builder, "id", spec->id);
  add_member (builder, "label", _(spec->label));
  add_member (builder, "help", _(spec->help));
  add_member (builder, "kind", kind_name (spec->kind));
  add_member (builder, "unit", spec->unit);
  if (has_range (spec))
    {
      json_builder_set_member_name (builder, "minimum");
      json_builder_add_double_value (builder, spec->minimum);
      json_builder_set_member_name (builder, "maximum");
      json_builder_add_double_value (builder, spec->maximum);
      add_member (builder, "scale", spec->logarithmic ? "logarithmic" : "linear");
    }
  if (spec->choices != NULL)
    {
      json_builder_set_member_name (builder, "choices");
      json_builder_begin_array (builder);
      for (gsize i = 0; spec->choices[i] != NULL; i++)
        json_builder_add_string_value (builder, spec->choices[i]);
      json_builder_end_array (builder);
    }
  add_member (builder, "default", spec->default_text);
  json_builder_set_member_name (builder, "live");
  json_builder_add_boolean_value (builder, spec->live);
  json_builder_end_object (builder);
}

static void
describe_json (const HeftExperiment *experiment)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_member (builder, "heft", HEFT_VERSION);
  add_member (builder, "id", experiment->id);
  add_member (builder, "title", _(experiment->title));
  add_member (builder, "summary", _(experiment->summary));
  json_builder_set_member_name (builder, "long");
  json_builder_add_boolean_value (builder, experiment->long_running);
  json_builder_set_member_name (builder, "parameters");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < experiment->n_parameters; i++)
    describe_parameter_json (builder, &experiment->parameters[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "series");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < experiment->n_series; i++)
    {
      json_builder_begin_object (builder);
      add_member (builder, "id", experiment->series[i].id);
      add_member (builder, "label", _(experiment->series[i].label));
      add_member (builder, "unit", experiment->series[i].unit);
      add_member (builder, "x", _(experiment->series[i].x_label));
      add_member (builder, "estimator", _(experiment->series[i].estimator));
      json_builder_set_member_name (builder, "per_layer");
      json_builder_add_boolean_value (builder, experiment->series[i].per_layer);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "panels");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < experiment->n_panels; i++)
    {
      json_builder_begin_object (builder);
      add_member (builder, "id", experiment->panels[i].id);
      add_member (builder, "title", _(experiment->panels[i].title));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "results");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < experiment->n_results; i++)
    {
      json_builder_begin_object (builder);
      add_member (builder, "id", experiment->results[i].id);
      add_member (builder, "label", _(experiment->results[i].label));
      add_member (builder, "unit", experiment->results[i].unit);
      json_builder_set_member_name (builder, "curve");
      json_builder_add_boolean_value (builder, experiment->results[i].curve);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  heft_json_print (builder);
}

static char *
range_words (const HeftParameterSpec *spec)
{
  char low[G_ASCII_DTOSTR_BUF_SIZE], high[G_ASCII_DTOSTR_BUF_SIZE];

  if (spec->choices != NULL)
    return g_strjoinv ("|", (char **) spec->choices);
  if (!has_range (spec))
    return g_strdup ("");
  g_ascii_formatd (low, sizeof low, "%g", spec->minimum);
  g_ascii_formatd (high, sizeof high, "%g", spec->maximum);
  return g_strdup_printf ("%s..%s%s", low, high, spec->logarithmic ? _(" (logarithmic)") : "");
}

/* Formulas as they are read. */
static void
print_plain (const char *id, const char *text)
{
  g_autofree char *plain = heft_text_dup_plain (text);

  printf ("  %-20s %s", id, plain);
}

static void
describe_parameter (const HeftParameterSpec *spec)
{
  g_autofree char *range = range_words (spec);
  g_autofree char *help = heft_text_dup_plain (_(spec->help));

  printf ("  %-20s %s%s%s%s%s, %s “%s”, %s\n      %s\n", spec->id, kind_name (spec->kind), *range != '\0' ? " " : "", range,
          spec->unit != NULL ? " " : "", spec->unit != NULL ? spec->unit : "", _("default"), spec->default_text,
          spec->live ? _("live") : _("restart"), help);
}

static void
describe_words (const HeftExperiment *experiment)
{
  g_autofree char *title = heft_text_dup_plain (_(experiment->title)), *summary = heft_text_dup_plain (_(experiment->summary));

  printf ("%s – %s\n%s\n\n%s\n", experiment->id, title, summary, _("Parameters:"));
  for (gsize i = 0; i < experiment->n_parameters; i++)
    describe_parameter (&experiment->parameters[i]);
  printf ("  %-20s %s\n", "seed", _("whole number, default “0”, restart"));
  printf ("\n%s\n", _("Series:"));
  for (gsize i = 0; i < experiment->n_series; i++)
    {
      const HeftSeriesSpec *spec = &experiment->series[i];
      g_autofree char *estimator = heft_text_dup_plain (_(spec->estimator));

      print_plain (spec->id, _(spec->label));
      printf (" [%s] – %s\n", *spec->unit != '\0' ? spec->unit : "1", estimator);
    }
  printf ("\n%s\n", _("Panels:"));
  for (gsize i = 0; i < experiment->n_panels; i++)
    {
      print_plain (experiment->panels[i].id, _(experiment->panels[i].title));
      printf ("\n");
    }
  printf ("\n%s\n", _("Results:"));
  for (gsize i = 0; i < experiment->n_results; i++)
    {
      const HeftResultSpec *spec = &experiment->results[i];

      print_plain (spec->id, _(spec->label));
      printf (" [%s]%s\n", *spec->unit != '\0' ? spec->unit : "1", spec->curve ? _(", a curve") : "");
    }
}

int
heft_cli_describe (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Write one JSON document"), NULL },
    { NULL }
  };
  g_autoptr (GError) error = NULL;
  const HeftExperiment *experiment;

  if (!heft_cli_parse (&argc, &argv, entries, N_("EXPERIMENT"), N_("Parameters, series, panels and results of an experiment."),
                       1, 1))
    return HEFT_EXIT_USAGE;
  experiment = heft_experiment_find (argv[1], &error);
  if (experiment == NULL)
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  if (json)
    describe_json (experiment);
  else
    describe_words (experiment);
  return HEFT_EXIT_DONE;
}

int
heft_cli_list (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Write one JSON document"), NULL },
    { NULL }
  };
  const HeftExperiment *const *experiments = heft_experiments (NULL);
  g_autoptr (JsonBuilder) builder = NULL;

  if (!heft_cli_parse (&argc, &argv, entries, "", N_("The experiments, one a line: id and title."), 0, 0))
    return HEFT_EXIT_USAGE;
  if (!json)
    {
      for (gsize i = 0; experiments[i] != NULL; i++)
        printf ("%s\t%s\n", experiments[i]->id, _(experiments[i]->title));
      return HEFT_EXIT_DONE;
    }
  builder = json_builder_new ();
  json_builder_begin_array (builder);
  for (gsize i = 0; experiments[i] != NULL; i++)
    {
      json_builder_begin_object (builder);
      add_member (builder, "id", experiments[i]->id);
      add_member (builder, "title", _(experiments[i]->title));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  heft_json_print (builder);
  return HEFT_EXIT_DONE;
}
