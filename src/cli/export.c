/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include <heft/error.h>
#include <heft/plot.h>
#include <heft/runfile.h>

#include "cli/cli.h"

/* Points: a page's width, and what a projector shows. */
#define FIGURE_WIDTH 480
#define FIGURE_HEIGHT 340

static const char *const known_formats[] = { "svg", "png", "pdf", "csv", "npy", "safetensors", NULL };

gboolean
heft_cli_parse_formats (const char *formats, GStrv *list, GError **error)
{
  g_auto (GStrv) words = g_strsplit (formats != NULL ? formats : "svg,csv", ",", -1);

  for (gsize i = 0; words[i] != NULL; i++)
    if (!g_strv_contains (known_formats, g_strstrip (words[i])))
      {
        g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("There is no format “%s”; did you mean “%s”?"), words[i],
                     heft_nearest_name (words[i], known_formats));
        return FALSE;
      }
  if (words[0] == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("--format needs at least one of svg, png, pdf, csv, npy, safetensors."));
      return FALSE;
    }
  *list = g_steal_pointer (&words);
  return TRUE;
}

static gboolean
export_csv (HeftRecord *record, const HeftParameters *parameters, const HeftPanelSpec *panel, const char *path, GError **error)
{
  g_autoptr (GString) csv = g_string_new (NULL);

  return heft_record_write_panel_csv (record, heft_parameters_get_experiment (parameters), parameters, panel, csv, error) &&
         g_file_set_contents (path, csv->str, (gssize) csv->len, error);
}

static gboolean
export_figure (HeftRecord *record, const HeftParameters *parameters, const HeftPanelSpec *panel, const char *format, double dpi,
               const char *path, GError **error)
{
  g_autofree char *caption = heft_parameters_dup_caption (parameters, 0);
  g_autoptr (HeftFigure) figure = heft_panel_figure (panel, record, caption, -1, -1);
  HeftTheme theme = heft_theme_file ();
  HeftFileFormat kind = strcmp (format, "svg") == 0 ? HEFT_FILE_SVG : strcmp (format, "pdf") == 0 ? HEFT_FILE_PDF
                                                                                                  : HEFT_FILE_PNG;

  return heft_figure_export (figure, kind, FIGURE_WIDTH, FIGURE_HEIGHT, dpi, &theme, path, error);
}

static gboolean
has_data (HeftRecord *record, const HeftPanelSpec *panel)
{
  g_autoptr (HeftFrame) frame = panel->frame != NULL ? heft_record_get_frame (record, panel->frame) : NULL;

  if (frame != NULL)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (panel->series) && panel->series[i] != NULL; i++)
    {
      int series = heft_record_find_series (record, panel->series[i]);

      if (series >= 0 && heft_record_get_length (record, (gsize) series, 0) > 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
export_panel (HeftRecord *record, const HeftParameters *parameters, const HeftPanelSpec *panel, const char *folder,
              const char *format, double dpi, GError **error)
{
  g_autofree char *prefix = g_strdup_printf ("%s-%s", heft_parameters_get_experiment (parameters)->id, panel->id);
  g_autofree char *name = g_strdup_printf ("%s.%s", prefix, format);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (strcmp (format, "npy") == 0)
    return heft_record_save_panel_npy (record, panel, folder, prefix, error);
  if (strcmp (format, "csv") == 0)
    return export_csv (record, parameters, panel, path, error);
  return export_figure (record, parameters, panel, format, dpi, path, error);
}

static gboolean
export_network (HeftRecord *record, const HeftParameters *parameters, const char *folder, GError **error)
{
  const char *id = heft_parameters_get_experiment (parameters)->id;
  g_autofree char *name = g_strdup_printf ("%s-network.safetensors", id), *path = g_build_filename (folder, name, NULL);
  g_autofree char *wide = g_strdup_printf ("%s-deviations.safetensors", id), *deviations = g_build_filename (folder, wide, NULL);

  return heft_record_save_network (record, path, deviations, error);
}

gboolean
heft_cli_export_record (HeftRecord *record, const HeftParameters *parameters, const char *folder, const char *formats,
                        double dpi, GError **error)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);
  g_auto (GStrv) list = NULL;

  if (!heft_cli_parse_formats (formats, &list, error))
    return FALSE;
  for (gsize f = 0; list[f] != NULL; f++)
    {
      if (strcmp (list[f], "safetensors") == 0)
        {
          if (!export_network (record, parameters, folder, error))
            return FALSE;
          continue;
        }
      for (gsize p = 0; p < experiment->n_panels; p++)
        if (has_data (record, &experiment->panels[p])
            && !export_panel (record, parameters, &experiment->panels[p], folder, list[f], dpi, error))
          return FALSE;
    }
  return TRUE;
}

int
heft_cli_export (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autofree char *formats = NULL;
  double dpi = 150;
  const GOptionEntry entries[] = {
    { "export", 0, 0, G_OPTION_ARG_FILENAME, &folder, N_("Write into this folder (default: the current one)"), N_("FOLDER") },
    { "format", 0, 0, G_OPTION_ARG_STRING, &formats, HEFT_CLI_FORMATS_HELP,
      N_("LIST") },
    { "dpi", 0, 0, G_OPTION_ARG_DOUBLE, &dpi, N_("Resolution of PNG (default: 150)"), N_("DPI") },
    { NULL }
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftSavedRun) saved = NULL;
  HeftCliOptions output = { .threads = heft_cli_threads_default () };

  if (!heft_cli_parse (&argc, &argv, entries, N_("FILE.heft"), N_("Figures and data of a saved run."), 1, 1))
    return HEFT_EXIT_USAGE;
  output.export_folder = folder != NULL ? folder : (char *) ".";
  output.formats = formats;
  if (!(dpi > 0 && dpi <= 10000))
    return heft_cli_fail (HEFT_EXIT_USAGE, _("--dpi must be above 0 and at most 10000."));
  if (!heft_cli_options_check_output (&output, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  saved = heft_run_file_load (argv[1], &error);
  if (saved == NULL)
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  if (!heft_cli_export_record (saved->record, saved->parameters, output.export_folder, formats, dpi, &error))
    return heft_cli_fail_error (HEFT_EXIT_FAILED, error);
  return HEFT_EXIT_DONE;
}
