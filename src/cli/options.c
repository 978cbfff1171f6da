/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <heft/error.h>

#include "cli/cli.h"

#define MAX_THREADS 1024

/* One line of valid UTF-8: what was typed, or stands in a file, is quoted in a sentence and may be neither. */
static char *
dup_line (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *line = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      g_string_append_printf (line, "\\x%02x", (guchar) *c);
    else
      g_string_append_c (line, *c);
  return g_string_free (line, FALSE);
}

int
heft_cli_fail (int status, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;
  g_autofree char *sentence = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  sentence = dup_line (text);
  fprintf (stderr, "heft-cli: %s\n", sentence);
  return status;
}

int
heft_cli_fail_error (int status, const GError *error)
{
  return heft_cli_fail (status, "%s", error->message);
}

/* The option that GOption did not know, as typed and without dashes and value; NULL if the mistake was another one. */
static char *
find_unknown_option (char **argv, const GOptionEntry *entries)
{
  for (int i = 1; argv[i] != NULL && strcmp (argv[i], "--") != 0; i++)
    {
      g_autofree char *name = NULL;
      gboolean known = FALSE;

      if (!g_str_has_prefix (argv[i], "--"))
        continue;
      name = g_strndup (argv[i] + 2, strcspn (argv[i] + 2, "="));
      for (const GOptionEntry *entry = entries; entry->long_name != NULL; entry++)
        known = known || strcmp (entry->long_name, name) == 0;
      if (!known && strcmp (name, "help") != 0)
        return g_steal_pointer (&name);
    }
  return NULL;
}

static void
report_bad_option (char **argv, const GOptionEntry *entries, const GError *error)
{
  g_autofree char *typed = g_error_matches (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION)
    ? find_unknown_option (argv, entries) : NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (typed == NULL)
    {
      heft_cli_fail (HEFT_EXIT_USAGE, _("%s. “heft-cli %s --help” lists the options."), error->message, argv[0]);
      return;
    }
  for (const GOptionEntry *entry = entries; entry->long_name != NULL; entry++)
    g_ptr_array_add (names, (gpointer) entry->long_name);
  g_ptr_array_add (names, (gpointer) "help");
  g_ptr_array_add (names, NULL);
  heft_cli_fail (HEFT_EXIT_USAGE, _("There is no option --%s; did you mean --%s? “heft-cli %s --help” lists the options."),
                 typed, heft_nearest_name (typed, (const char *const *) names->pdata), argv[0]);
}

gboolean
heft_cli_parse (int *argc, char ***argv, const GOptionEntry *entries, const char *arguments, const char *summary,
                int minimum, int maximum)
{
  g_autoptr (GOptionContext) context = g_option_context_new (_(arguments));
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) typed = g_new0 (char *, *argc + 1);
  g_autofree char *program = g_strdup_printf ("heft-cli %s", (*argv)[0]);
  int operands;

  for (int i = 0; i < *argc; i++)
    typed[i] = g_strdup ((*argv)[i]);
  g_option_context_set_summary (context, _(summary));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_set_prgname (program);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      report_bad_option (typed, entries, error);
      return FALSE;
    }
  operands = *argc - 1;
  if (operands > 0 && strcmp ((*argv)[1], "--") == 0)
    {
      (*argv)++;
      (*argc)--;
      operands--;
    }
  if (operands >= minimum && operands <= maximum)
    return TRUE;
  if (operands < minimum)
    heft_cli_fail (HEFT_EXIT_USAGE, _("“heft-cli %s” needs %s; “heft-cli %s --help” says more."), typed[0], _(arguments), typed[0]);
  else
    heft_cli_fail (HEFT_EXIT_USAGE, _("“heft-cli %s” does not know what to do with “%s”; “heft-cli %s --help” says more."),
                   typed[0], (*argv)[maximum + 1], typed[0]);
  return FALSE;
}

void
heft_cli_options_clear (HeftCliOptions *self)
{
  g_strfreev (self->settings);
  g_free (self->seed);
  g_free (self->output);
  g_free (self->resume);
  g_free (self->export_folder);
  g_free (self->formats);
}

gboolean
heft_cli_options_apply (const HeftCliOptions *self, HeftParameters *parameters, GError **error)
{
  for (gsize i = 0; self->settings != NULL && self->settings[i] != NULL; i++)
    {
      const char *equals = strchr (self->settings[i], '=');
      g_autofree char *name = NULL;

      if (equals == NULL)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("-s takes NAME=VALUE, such as -s beta=1e-5; “%s” has no “=”."), self->settings[i]);
          return FALSE;
        }
      name = g_strndup (self->settings[i], (gsize) (equals - self->settings[i]));
      if (!heft_parameters_set (parameters, name, equals + 1, error))
        return FALSE;
    }
  return self->seed == NULL || heft_parameters_set (parameters, "seed", self->seed, error);
}

HeftParameters *
heft_cli_options_parameters (const HeftCliOptions *self, const char *id, GError **error)
{
  const HeftExperiment *experiment = heft_experiment_find (id, error);
  g_autoptr (HeftParameters) parameters = experiment != NULL ? heft_parameters_new (experiment) : NULL;

  if (parameters == NULL || !heft_cli_options_apply (self, parameters, error) || !heft_parameters_check (parameters, error))
    return NULL;
  return g_steal_pointer (&parameters);
}

static gboolean
check_folder (const char *folder, GError **error)
{
  g_autofree char *name = g_filename_display_name (folder);

  if (g_file_test (folder, G_FILE_TEST_IS_DIR) && g_access (folder, W_OK | X_OK) == 0)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
               _("Nothing can be written to the folder %s: it does not exist or is not yours to write to."), name);
  return FALSE;
}

int
heft_cli_threads_default (void)
{
  return (int) MIN (g_get_num_processors (), MAX_THREADS);
}

gboolean
heft_cli_threads_check (int threads, GError **error)
{
  if (threads >= 1 && threads <= MAX_THREADS)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("--threads must lie between 1 and 1024; %d does not."), threads);
  return FALSE;
}

gboolean
heft_cli_options_check_output (const HeftCliOptions *self, GError **error)
{
  g_auto (GStrv) formats = NULL;

  if (!heft_cli_threads_check (self->threads, error))
    return FALSE;
  if (self->save_every < 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("--save-every takes a number of seconds, 0 to save at the end alone; %d is neither."), self->save_every);
      return FALSE;
    }
  if (self->output != NULL)
    {
      g_autofree char *folder = g_path_get_dirname (self->output);
      g_autofree char *name = g_filename_display_name (self->output);

      if (!check_folder (folder, error))
        return FALSE;
      if (g_file_test (self->output, G_FILE_TEST_IS_DIR))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("-o needs a file to write, and %s is a folder."),
                       name);
          return FALSE;
        }
      /* The file takes the old one's place: a device would be replaced by it. */
      if (*self->output == '\0' ||
          (g_file_test (self->output, G_FILE_TEST_EXISTS) && !g_file_test (self->output, G_FILE_TEST_IS_REGULAR)))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("-o needs a file to write, and “%s” is not one."), name);
          return FALSE;
        }
    }
  if (self->formats != NULL && self->export_folder == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("--format needs --export FOLDER beside it."));
      return FALSE;
    }
  if (self->export_folder == NULL)
    return TRUE;
  if (g_mkdir_with_parents (self->export_folder, 0777) != 0 || !check_folder (self->export_folder, error))
    return error == NULL || *error != NULL ? FALSE : check_folder (self->export_folder, error);
  return heft_cli_parse_formats (self->formats, &formats, error);
}
