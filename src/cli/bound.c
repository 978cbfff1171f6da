/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include <heft/information.h>

#include "cli/cli.h"

enum { EMPIRICAL, KL, SAMPLES, DELTA, BETA_PAC, DRAWS, DELTA_DRAWS, N_NUMBERS };

static const char *const number_names[N_NUMBERS] = {
  "empirical", "kl", "samples", "delta", "beta-pac", "draws", "delta-draws",
};

typedef struct
{
  double   numbers[N_NUMBERS];
  gboolean given[N_NUMBERS];
  double   empirical;          /* what the bounds start from: --empirical, or its bound where draws are given */
  double   pac_bayes_kl, mcallester, lagrangian;
} Bounds;

/* Reads what was typed; a number must be all of the word. */
static gboolean
read_numbers (char *const texts[N_NUMBERS], Bounds *bounds)
{
  for (int i = 0; i < N_NUMBERS; i++)
    {
      char *end = NULL;

      bounds->given[i] = texts[i] != NULL;
      if (texts[i] == NULL)
        continue;
      bounds->numbers[i] = g_ascii_strtod (texts[i], &end);
      if (end == texts[i] || *end != '\0')
        {
          heft_cli_fail (HEFT_EXIT_USAGE, _("--%s needs a number; “%s” is none."), number_names[i], texts[i]);
          return FALSE;
        }
    }
  for (int i = EMPIRICAL; i <= DELTA; i++)
    if (!bounds->given[i])
      {
        heft_cli_fail (HEFT_EXIT_USAGE, _("--%s is missing; “heft-cli bound --help” lists the options."), number_names[i]);
        return FALSE;
      }
  for (int i = SAMPLES; i <= DRAWS; i += DRAWS - SAMPLES)
    if (bounds->given[i] && isfinite (bounds->numbers[i]) && bounds->numbers[i] != floor (bounds->numbers[i]))
      {
        heft_cli_fail (HEFT_EXIT_USAGE, _("--%s needs a whole number above 0; “%s” is none."), number_names[i], texts[i]);
        return FALSE;
      }
  if (bounds->given[DRAWS] != bounds->given[DELTA_DRAWS])
    {
      heft_cli_fail (HEFT_EXIT_USAGE, _("--draws and --delta-draws belong together; give both or neither."));
      return FALSE;
    }
  return TRUE;
}

static gboolean
compute (Bounds *bounds, GError **error)
{
  const double *x = bounds->numbers;

  bounds->empirical = x[EMPIRICAL];
  if (bounds->given[DRAWS]
      && !heft_bound_draws (x[EMPIRICAL], x[DRAWS], x[DELTA_DRAWS], &bounds->empirical, error))
    return FALSE;
  return heft_bound_pac_bayes_kl (bounds->empirical, x[KL], x[SAMPLES], x[DELTA], &bounds->pac_bayes_kl, error)
         && heft_bound_mcallester (bounds->empirical, x[KL], x[SAMPLES], x[DELTA], &bounds->mcallester, error)
         && (!bounds->given[BETA_PAC]
             || heft_bound_lagrangian (bounds->empirical, x[KL], x[SAMPLES], x[DELTA], x[BETA_PAC], &bounds->lagrangian,
                                       error));
}

static gboolean
is_vacuous (double bound)
{
  return !(bound < 1);
}

static gboolean
print_json (const Bounds *bounds)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  heft_json_add_number (builder, "empirical", bounds->empirical, NULL);
  heft_json_add_number (builder, "confidence",
                        1 - bounds->numbers[DELTA] - (bounds->given[DRAWS] ? bounds->numbers[DELTA_DRAWS] : 0), NULL);
  heft_json_add_bound (builder, "pac_bayes_kl", bounds->pac_bayes_kl, NULL);
  heft_json_add_bound (builder, "mcallester", bounds->mcallester, NULL);
  if (bounds->given[BETA_PAC])
    heft_json_add_bound (builder, "lagrangian", bounds->lagrangian, NULL);
  json_builder_end_object (builder);
  return heft_json_print (builder);
}

static void
print_line (const char *name, double bound)
{
  printf ("%-14s %-12.6g%s\n", name, bound, is_vacuous (bound) ? _("vacuous: says no more than that a risk is at most 1") : "");
}

static void
print_text (const Bounds *bounds)
{
  double spent = bounds->numbers[DELTA] + (bounds->given[DRAWS] ? bounds->numbers[DELTA_DRAWS] : 0);

  printf (_("With probability at least %g over the sample, the risk of Q is at most\n"), 1 - spent);
  print_line ("pac_bayes_kl", bounds->pac_bayes_kl);
  print_line ("mcallester", bounds->mcallester);
  if (bounds->given[BETA_PAC])
    print_line ("lagrangian", bounds->lagrangian);
  if (bounds->given[DRAWS])
    printf (_("The empirical risk of Q itself is at most %g, of which %g draws gave %g.\n"), bounds->empirical,
            bounds->numbers[DRAWS], bounds->numbers[EMPIRICAL]);
}

int
heft_cli_bound (int argc, char **argv)
{
  char *texts[N_NUMBERS] = { NULL };
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "empirical", 0, 0, G_OPTION_ARG_STRING, &texts[EMPIRICAL], N_("empirical risk of Q, between 0 and 1"), "q" },
    { "kl", 0, 0, G_OPTION_ARG_STRING, &texts[KL], N_("KL(Q||P) in nats"), "K" },
    { "samples", 0, 0, G_OPTION_ARG_STRING, &texts[SAMPLES], N_("number of training samples"), "N" },
    { "delta", 0, 0, G_OPTION_ARG_STRING, &texts[DELTA], N_("probability with which the bound may fail"), "d" },
    { "beta-pac", 0, 0, G_OPTION_ARG_STRING, &texts[BETA_PAC],
      N_("N times beta of the Lagrangian bound, above 1/2 and fixed in advance"), "b" },
    { "draws", 0, 0, G_OPTION_ARG_STRING, &texts[DRAWS], N_("weight draws that gave the empirical risk"), "m" },
    { "delta-draws", 0, 0, G_OPTION_ARG_STRING, &texts[DELTA_DRAWS], N_("probability with which the draws may mislead"), "d2" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("print one JSON document"), NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  Bounds bounds = { 0 };
  int status = HEFT_EXIT_USAGE;

  if (heft_cli_parse (&argc, &argv, entries, "", N_("PAC-Bayes bounds on the risk of Q, from numbers."), 0, 0)
      && read_numbers (texts, &bounds))
    {
      if (!compute (&bounds, &error))
        heft_cli_fail_error (status, error);
      else if (bounds.given[DRAWS] && !(bounds.numbers[DELTA] + bounds.numbers[DELTA_DRAWS] < 1))
        heft_cli_fail (status, _("Not a valid bound: delta and delta-draws together must be below 1."));
      else
        {
          status = HEFT_EXIT_DONE;
          if (!json)
            print_text (&bounds);
          else if (!print_json (&bounds))
            status = HEFT_EXIT_FAILED;
        }
    }
  for (int i = 0; i < N_NUMBERS; i++)
    g_free (texts[i]);
  return status;
}
