/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/cli.h"
#include "linalg/i18n.h"
#include "linalg/linalg.h"

static const HeftCommand commands[] = {
  { "list", "", N_("experiments, one a line: id, title"), heft_cli_list },
  { "describe", N_("EXPERIMENT"), N_("parameters, series, panels and results"), heft_cli_describe },
  { "run", N_("EXPERIMENT"), N_("run to its end without a screen"), heft_cli_run },
  { "measure", N_("NETWORK"), N_("measure a trained network made elsewhere"), heft_cli_measure },
  { "bound", "", N_("PAC-Bayes bounds from numbers"), heft_cli_bound },
  { "sweep", N_("EXPERIMENT"), N_("the same over a grid of parameters and seeds"), heft_cli_sweep },
  { "export", N_("FILE.heft"), N_("figures and data of a saved run"), heft_cli_export },
  { "bench", N_("[CASE…]"), N_("throughput and latency of the engine"), heft_cli_bench },
};

static void
print_help (FILE *stream)
{
  fprintf (stream, _("Heft %s: how much information a neural network keeps in its weights\n\nUsage:\n"), HEFT_VERSION);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (stream, "  heft-cli %-10s %-12s %s\n", commands[i].name, *commands[i].arguments != '\0' ? _(commands[i].arguments) : "",
             _(commands[i].summary));
  fprintf (stream, "\n%s\n", _("“heft-cli COMMAND --help” lists the options of a command."));
}

static int
unknown_command (const char *typed)
{
  const char *names[G_N_ELEMENTS (commands) + 1] = { NULL };
  g_autofree char *shown = g_utf8_make_valid (typed, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    names[i] = commands[i].name;
  return heft_cli_fail (HEFT_EXIT_USAGE, _("There is no command “%s”; did you mean “%s”? “heft-cli --help” lists them."), shown,
                        heft_nearest_name (shown, names));
}

/* What a full disk or a closed pipe kept from being read was not done. */
static int
finish (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  return heft_cli_fail (HEFT_EXIT_FAILED, _("Standard output could not be written to."));
}

int
main (int argc, char **argv)
{
  heft_i18n_init ();
  /* Numbers are written and read with a decimal point everywhere. */
  setlocale (LC_NUMERIC, "C");
  heft_blas_set_threads (1);

  if (argc < 2)
    {
      print_help (stderr);
      return HEFT_EXIT_USAGE;
    }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0 || strcmp (argv[1], "help") == 0)
    {
      print_help (stdout);
      return finish (HEFT_EXIT_DONE);
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      printf ("heft-cli %s\n", HEFT_VERSION);
      return finish (HEFT_EXIT_DONE);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, argv[1]) == 0)
      return finish (commands[i].run (argc - 1, argv + 1));
  return unknown_command (argv[1]);
}
