/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/experiment.h>

typedef struct
{
  char    *text;
  double   real;
  gboolean over_n;       /* real is a multiple of 1/N */
  gint64   integer;
  double  *list;
  gsize    n_list;
} Value;

struct _HeftParameters
{
  const HeftExperiment *experiment;
  Value                *values;       /* one a parameter */
  guint64               seed;
  gsize                 n_samples;
};

static void
value_clear (Value *value)
{
  g_free (value->text);
  g_free (value->list);
  memset (value, 0, sizeof *value);
}

static Value
value_copy (const Value *value)
{
  Value copy = *value;

  copy.text = g_strdup (value->text);
  copy.list = g_memdup2 (value->list, value->n_list * sizeof (double));
  return copy;
}

/* Edit distance with neighbouring letters exchanged as one edit. */
static gsize
edit_distance (const char *a, const char *b)
{
  gsize n = strlen (a), m = strlen (b), width = m + 1, distance;
  g_autofree gsize *d = g_new0 (gsize, (n + 1) * width);

  for (gsize i = 0; i <= n; i++)
    d[i * width] = i;
  for (gsize j = 0; j <= m; j++)
    d[j] = j;
  for (gsize i = 1; i <= n; i++)
    for (gsize j = 1; j <= m; j++)
      {
        gsize change = d[(i - 1) * width + j - 1] + (a[i - 1] != b[j - 1]);
        gsize best = MIN (d[(i - 1) * width + j], d[i * width + j - 1]) + 1;

        best = MIN (best, change);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          best = MIN (best, d[(i - 2) * width + j - 2] + 1);
        d[i * width + j] = best;
      }
  distance = d[n * width + m];
  return distance;
}

const char *
heft_nearest_name (const char *typed, const char *const *candidates)
{
  const char *best = NULL;
  gsize best_distance = G_MAXSIZE;
  g_autofree char *head = g_strndup (typed, 64);

  for (gsize i = 0; candidates[i] != NULL; i++)
    {
      gsize distance = edit_distance (head, candidates[i]);

      if (distance < best_distance)
        {
          best = candidates[i];
          best_distance = distance;
        }
    }
  return best;
}

static gboolean
invalid (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
invalid (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, format, arguments);
  va_end (arguments);
  return FALSE;
}

/* A finite number in C's spelling and nothing after it but what @rest points to. */
static gboolean
parse_number (const char *text, double *number, const char **rest)
{
  char *end = NULL;

  if (!g_ascii_isdigit (text[0]) && strchr ("+-.", text[0]) == NULL)
    return FALSE;
  if (strpbrk (text, "xXpP") != NULL)
    return FALSE;
  *number = g_ascii_strtod (text, &end);
  if (end == text || !isfinite (*number))
    return FALSE;
  *rest = end;
  return TRUE;
}

static gboolean
check_range (const HeftParameterSpec *spec, double number, GError **error)
{
  char low[G_ASCII_DTOSTR_BUF_SIZE], high[G_ASCII_DTOSTR_BUF_SIZE], given[G_ASCII_DTOSTR_BUF_SIZE];

  if (number >= spec->minimum && number <= spec->maximum)
    return TRUE;
  g_ascii_formatd (low, sizeof low, "%.10g", spec->minimum);
  g_ascii_formatd (high, sizeof high, "%.10g", spec->maximum);
  g_ascii_formatd (given, sizeof given, "%.10g", number);
  return invalid (error, _("%s must lie between %s and %s; %s does not."), spec->id, low, high, given);
}

static gboolean
parse_real (const HeftParameterSpec *spec, const char *text, Value *value, GError **error)
{
  const char *rest;

  if (!parse_number (text, &value->real, &rest))
    return invalid (error, spec->per_sample
                    ? _("%s must be a number such as 0.001, or 0.1/N for a multiple of one over the number of samples; “%s” is neither.")
                    : _("%s must be a number such as 0.001 or 1e-3; “%s” is not."), spec->id, text);
  if (spec->per_sample && (strcmp (rest, "/N") == 0 || strcmp (rest, "/n") == 0))
    {
      value->over_n = TRUE;
      if (value->real > 0 && value->real <= 1e6)
        return TRUE;
      return invalid (error, _("%s as a multiple of 1/N must lie between 0 and 1000000; “%s” does not."), spec->id, text);
    }
  if (*rest != '\0')
    return invalid (error, _("%s must be a number such as 0.001 or 1e-3; “%s” is not."), spec->id, text);
  return check_range (spec, value->real, error);
}

static gboolean
parse_integer (const HeftParameterSpec *spec, const char *text, Value *value, GError **error)
{
  const char *rest;

  if (!parse_number (text, &value->real, &rest) || *rest != '\0' || value->real != floor (value->real) ||
      fabs (value->real) > 9e15)
    return invalid (error, _("%s must be a whole number; “%s” is not."), spec->id, text);
  value->integer = (gint64) value->real;
  return check_range (spec, value->real, error);
}

static gboolean
parse_boolean (const HeftParameterSpec *spec, const char *text, Value *value, GError **error)
{
  static const char *const yes[] = { "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "false", "no", "off", "0", NULL };

  value->integer = g_strv_contains (yes, text);
  if (value->integer || g_strv_contains (no, text))
    return TRUE;
  return invalid (error, _("%s must be true or false; “%s” is neither."), spec->id, text);
}

static gboolean
parse_choice (const HeftParameterSpec *spec, const char *text, Value *value, GError **error)
{
  g_autofree char *all = NULL;

  for (gint64 i = 0; spec->choices[i] != NULL; i++)
    if (strcmp (spec->choices[i], text) == 0)
      {
        value->integer = i;
        return TRUE;
      }
  all = g_strjoinv (", ", (char **) spec->choices);
  return invalid (error, _("%s cannot be “%s”; did you mean “%s”? It is one of: %s."), spec->id, text,
                  heft_nearest_name (text, spec->choices), all);
}

static gboolean
parse_list (const HeftParameterSpec *spec, const char *text, Value *value, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  gsize n = *text != '\0' ? g_strv_length (words) : 0;

  value->list = g_new0 (double, MAX (n, 1));
  value->n_list = n;
  for (gsize i = 0; i < n; i++)
    {
      const char *rest;

      if (!parse_number (g_strstrip (words[i]), &value->list[i], &rest) || *rest != '\0')
        return invalid (error, _("%s must be numbers separated by commas; “%s”, number %zu, is not one."),
                        spec->id, words[i], i + 1);
      if (!check_range (spec, value->list[i], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
parse_value (const HeftParameterSpec *spec, const char *text, Value *value, GError **error)
{
  Value parsed = { 0 };
  gboolean good = TRUE;

  if (!g_utf8_validate (text, -1, NULL))
    return invalid (error, _("The value of %s is not valid UTF-8 text."), spec->id);
  if (strlen (text) > 4096)
    return invalid (error, _("The value of %s is longer than 4096 bytes."), spec->id);

  parsed.text = g_strstrip (g_strdup (text));
  switch (spec->kind)
    {
    case HEFT_PARAMETER_REAL:
      good = parse_real (spec, parsed.text, &parsed, error);
      break;
    case HEFT_PARAMETER_INTEGER:
      good = parse_integer (spec, parsed.text, &parsed, error);
      break;
    case HEFT_PARAMETER_BOOLEAN:
      good = parse_boolean (spec, parsed.text, &parsed, error);
      break;
    case HEFT_PARAMETER_CHOICE:
      good = parse_choice (spec, parsed.text, &parsed, error);
      break;
    case HEFT_PARAMETER_REAL_LIST:
      good = parse_list (spec, parsed.text, &parsed, error);
      break;
    case HEFT_PARAMETER_DATASET:
      if (*parsed.text == '\0')
        good = invalid (error, _("%s must not be empty."), spec->id);
      break;
    case HEFT_PARAMETER_TEXT:
    case HEFT_PARAMETER_FILE:
    default:
      break;
    }
  if (!good)
    {
      value_clear (&parsed);
      return FALSE;
    }
  value_clear (value);
  *value = parsed;
  return TRUE;
}

static void
set_default (HeftParameters *self, gsize i)
{
  const HeftParameterSpec *spec = &self->experiment->parameters[i];
  g_autoptr (GError) error = NULL;

  /* The tables are ours: a default that does not parse is a mistake of the experiment's author. */
  if (!parse_value (spec, spec->default_text, &self->values[i], &error))
    g_error ("%s: %s: %s", self->experiment->id, spec->id, error->message);
}

HeftParameters *
heft_parameters_new (const HeftExperiment *experiment)
{
  HeftParameters *self = g_new0 (HeftParameters, 1);

  self->experiment = experiment;
  self->values = g_new0 (Value, MAX (experiment->n_parameters, 1));
  for (gsize i = 0; i < experiment->n_parameters; i++)
    set_default (self, i);
  return self;
}

HeftParameters *
heft_parameters_new_for_window (const HeftExperiment *experiment)
{
  HeftParameters *self = heft_parameters_new (experiment);

  for (gsize i = 0; i < experiment->n_parameters; i++)
    if (experiment->parameters[i].window_default != NULL)
      heft_parameters_set (self, experiment->parameters[i].id, experiment->parameters[i].window_default, NULL);
  return self;
}

HeftParameters *
heft_parameters_copy (const HeftParameters *self)
{
  HeftParameters *copy = g_memdup2 (self, sizeof *self);

  copy->values = g_new0 (Value, MAX (self->experiment->n_parameters, 1));
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    copy->values[i] = value_copy (&self->values[i]);
  return copy;
}

void
heft_parameters_free (HeftParameters *self)
{
  if (self == NULL)
    return;
  for (gsize i = 0; i < self->experiment->n_parameters; i++)
    value_clear (&self->values[i]);
  g_free (self->values);
  g_free (self);
}

static gssize
find_parameter (const HeftParameters *self, const char *name)
{
  const HeftParameterSpec *spec = heft_experiment_find_parameter (self->experiment, name);

  return spec != NULL ? spec - self->experiment->parameters : -1;
}

static gboolean
unknown_parameter (const HeftParameters *self, const char *name, GError **error)
{
  const HeftExperiment *experiment = self->experiment;
  g_autofree const char **names = g_new0 (const char *, experiment->n_parameters + 2);
  g_autofree char *shown = g_utf8_make_valid (name, -1);

  for (gsize i = 0; i < experiment->n_parameters; i++)
    names[i] = experiment->parameters[i].id;
  names[experiment->n_parameters] = "seed";
  return invalid (error, _("The experiment %s has no parameter “%s”; did you mean “%s”?"), experiment->id, shown,
                  heft_nearest_name (shown, names));
}

gboolean
heft_parameters_set (HeftParameters *self, const char *name, const char *value, GError **error)
{
  gssize i = find_parameter (self, name);

  if (i < 0 && strcmp (name, "seed") == 0)
    {
      if (g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &self->seed, NULL))
        return TRUE;
      return invalid (error, _("seed must be a whole number from 0 to 18446744073709551615; “%s” is not."),
                      g_utf8_validate (value, -1, NULL) ? value : "?");
    }
  if (i < 0)
    return unknown_parameter (self, name, error);
  return parse_value (&self->experiment->parameters[i], value, &self->values[i], error);
}

void
heft_parameters_reset (HeftParameters *self, const char *name)
{
  gssize i = find_parameter (self, name);

  g_return_if_fail (i >= 0);
  set_default (self, (gsize) i);
}

static const Value *
get_value (const HeftParameters *self, const char *name)
{
  gssize i = find_parameter (self, name);

  if (i >= 0)
    return &self->values[i];
  g_critical ("experiment %s has no parameter %s", self->experiment->id, name);
  return NULL;
}

gboolean
heft_parameters_has (const HeftParameters *self, const char *name)
{
  return find_parameter (self, name) >= 0;
}

double
heft_parameters_get_real (const HeftParameters *self, const char *name)
{
  const Value *value = get_value (self, name);

  if (value == NULL || (value->over_n && self->n_samples == 0))
    return NAN;
  return value->over_n ? value->real / (double) self->n_samples : value->real;
}

gint64
heft_parameters_get_integer (const HeftParameters *self, const char *name)
{
  const Value *value = get_value (self, name);

  return value != NULL ? value->integer : 0;
}

gboolean
heft_parameters_get_boolean (const HeftParameters *self, const char *name)
{
  return heft_parameters_get_integer (self, name) != 0;
}

const char *
heft_parameters_get_text (const HeftParameters *self, const char *name)
{
  const Value *value = get_value (self, name);

  return value != NULL ? value->text : "";
}

const double *
heft_parameters_get_list (const HeftParameters *self, const char *name, gsize *n)
{
  const Value *value = get_value (self, name);

  *n = value != NULL ? value->n_list : 0;
  return *n > 0 ? value->list : NULL;
}

gboolean
heft_parameters_is_default (const HeftParameters *self, const char *name)
{
  const Value *value = get_value (self, name);

  return value != NULL && strcmp (value->text, self->experiment->parameters[find_parameter (self, name)].default_text) == 0;
}

gboolean
heft_parameters_is_relevant (const HeftParameters *self, const char *name)
{
  gssize i = find_parameter (self, name);
  const char *when = i >= 0 ? self->experiment->parameters[i].when : NULL;
  const char *equals = when != NULL ? strchr (when, '=') : NULL;
  g_autofree char *other = equals != NULL ? g_strndup (when, (gsize) (equals - when)) : NULL;
  g_auto(GStrv) choices = equals != NULL ? g_strsplit (equals + 1, "|", -1) : NULL;

  return choices == NULL || g_strv_contains ((const char *const *) choices, heft_parameters_get_text (self, other));
}

gboolean
heft_parameters_check (HeftParameters *self, GError **error)
{
  return self->experiment->check == NULL || self->experiment->check (self, error);
}

guint64
heft_parameters_get_seed (const HeftParameters *self)
{
  return self->seed;
}

void
heft_parameters_set_seed (HeftParameters *self, guint64 seed)
{
  self->seed = seed;
}

void
heft_parameters_set_sample_count (HeftParameters *self, gsize n_samples)
{
  self->n_samples = n_samples;
}

gsize
heft_parameters_get_sample_count (const HeftParameters *self)
{
  return self->n_samples;
}

const HeftExperiment *
heft_parameters_get_experiment (const HeftParameters *self)
{
  return self->experiment;
}
