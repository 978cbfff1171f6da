/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <heft/experiment.h>

#include "experiments/words.h"

static void
append_number (GString *caption, const char *symbol, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (caption, ", %s = %s", symbol, g_ascii_formatd (text, sizeof text, "%.6g", value));
}

/* beta in its two units, lambda, and whatever differs from its default. */
static void
append_parameters (GString *caption, const HeftParameters *parameters)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);
  gsize n = heft_parameters_get_sample_count (parameters);

  if (heft_parameters_has (parameters, "beta") && isfinite (heft_parameters_get_real (parameters, "beta")))
    {
      double beta = heft_parameters_get_real (parameters, "beta");

      append_number (caption, "$\\beta$", beta);
      if (n > 0)
        append_number (caption, "$N\\beta$", beta * (double) n);
    }
  if (heft_parameters_has (parameters, "lambda"))
    append_number (caption, "$\\lambda$", heft_parameters_get_real (parameters, "lambda"));
  for (gsize i = 0; i < experiment->n_parameters; i++)
    {
      const char *id = experiment->parameters[i].id;

      if (!heft_parameters_is_default (parameters, id) && strcmp (id, "beta") != 0 && strcmp (id, "lambda") != 0
          && strcmp (id, "dataset") != 0)
        g_string_append_printf (caption, ", %s = %s", id, heft_parameters_get_text (parameters, id));
    }
}

/**
 * heft_parameters_dup_caption:
 * @step: the step the figure shows, or 0 at the end of a run
 *
 * What a reader needs to make a figure again: experiment, data, N, beta, lambda, all that is not at its default, seed, step and
 * version. It may hold formulas between dollar signs.
 *
 * Returns: (transfer full): one line
 */
char *
heft_parameters_dup_caption (const HeftParameters *parameters, guint64 step)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);
  gsize n = heft_parameters_get_sample_count (parameters);
  GString *caption = g_string_new (NULL);

  g_string_append_printf (caption, _("Experiment %s"), experiment->id);
  if (heft_parameters_has (parameters, "dataset"))
    g_string_append_printf (caption, ", %s", heft_parameters_get_text (parameters, "dataset"));
  if (n > 0)
    {
      g_autofree char *count = heft_words_count (n);

      g_string_append_printf (caption, ", $N$ = %s", count);
    }
  append_parameters (caption, parameters);
  g_string_append (caption, ", ");
  g_string_append_printf (caption, _("seed %" PRIu64), heft_parameters_get_seed (parameters));
  if (step > 0)
    {
      g_autofree char *count = heft_words_count (step);

      g_string_append (caption, ", ");
      g_string_append_printf (caption, _("step %s"), count);
    }
  g_string_append (caption, ", Heft " HEFT_VERSION);
  return g_string_free (caption, FALSE);
}
