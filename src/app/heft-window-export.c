/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-window-export"

#include "config.h"

#include "heft-window-private.h"

#include <glib/gi18n.h>
#include <heft/plot.h>
#include <heft/runfile.h>
#include <string.h>

#include "heft-architecture-preview.h"
#include "heft-data-choice.h"
#include "heft-figure-format.h"

/* The drawing of a network has a width of its own, in points, and is as high as it has layers. */
#define DRAWING_WIDTH 340.0
#define NETWORK_SUFFIX ".safetensors"

/* --- What is exported: a panel, or the drawing of the network ------------------------------------------------------ */

typedef struct
{
  HeftPanelFigure *panel;       /* one of them */
  HeftFigure      *drawing;
  double           width, height;   /* points */
  double           dpi;
  HeftTheme        theme;
} Picture;

static void
picture_free (Picture *self)
{
  g_clear_pointer (&self->panel, heft_panel_figure_free);
  g_clear_pointer (&self->drawing, heft_figure_free);
  g_free (self);
}

static HeftFigureFormat
get_figure_format (HeftWindow *self)
{
  g_autoptr(GVariant) state = g_action_group_get_action_state (G_ACTION_GROUP (self), "figure-format");
  HeftFigureFormat format = { 0 };

  heft_figure_format_parse (state, &format);
  return format;
}

/* NULL where nothing has the name @id. */
static Picture *
picture_new (HeftWindow *self, const char *id)
{
  HeftPanelView *view = heft_panel_grid_find (self->grid, id);
  GtkWidget *preview = view == NULL && g_strcmp0 (id, HEFT_DRAWING_ID) == 0 ? heft_parameter_sidebar_get_preview (self->sidebar) : NULL;
  Picture *picture = g_new0 (Picture, 1);
  HeftFigureFormat format = get_figure_format (self);

  heft_figure_format_get_points (&format, &picture->width, &picture->height);
  picture->dpi = format.dpi;
  picture->theme = heft_figure_format_get_theme (&format);
  if (view != NULL)
    picture->panel = heft_panel_view_dup_figure (view);
  else if (preview != NULL)
    {
      picture->drawing = heft_architecture_preview_dup_figure (HEFT_ARCHITECTURE_PREVIEW (preview), &picture->height);
      picture->width = DRAWING_WIDTH;
    }
  if (picture->panel == NULL && picture->drawing == NULL)
    g_clear_pointer (&picture, picture_free);
  return picture;
}

static HeftFigure *
picture_make (const Picture *self)
{
  return self->panel != NULL ? heft_panel_figure_make (self->panel) : heft_figure_copy (self->drawing);
}

/* --- Work on another thread: a figure or a record is a value, so nothing on screen waits for a file ---------------- */

typedef struct
{
  Picture              *picture;     /* one of picture ... */
  HeftRecord           *record;      /* ... or data; or, with deviations, its network ... */
  HeftParameters       *parameters;
  const HeftExperiment *experiment;
  const HeftPanelSpec  *panel;
  HeftRun              *run;         /* ... or a run */
  char                 *path, *deviations;
} Export;

static void
export_free (gpointer data)
{
  Export *job = data;

  g_clear_pointer (&job->picture, picture_free);
  g_clear_pointer (&job->record, heft_record_unref);
  g_clear_pointer (&job->parameters, heft_parameters_free);
  g_free (job->path);
  g_free (job->deviations);
  g_free (job);
}

static gboolean
get_format (const char *path, HeftFileFormat *format, GError **error)
{
  static const struct { const char *suffix; HeftFileFormat format; } formats[] = {
    { ".svg", HEFT_FILE_SVG }, { ".pdf", HEFT_FILE_PDF }, { ".png", HEFT_FILE_PNG },
  };
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_suffix (lower, formats[i].suffix))
      {
        *format = formats[i].format;
        return TRUE;
      }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
               _("The name “%s” does not say what kind of file it should be: let it end in .svg, .pdf, .png or .csv."), path);
  return FALSE;
}

/* A drawing is no data. */
static gboolean
has_figure (const char *path, const Picture *picture, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (picture->drawing == NULL || !g_str_has_suffix (lower, ".csv"))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
               _("“%s” cannot be written: the drawing of a network has no data. Let the name end in .svg, .pdf or .png."), path);
  return FALSE;
}

static gboolean
write_figure (Export *job, GError **error)
{
  const Picture *picture = job->picture;
  HeftFileFormat format;
  g_autoptr(HeftFigure) figure = NULL;

  if (!has_figure (job->path, picture, error) || !get_format (job->path, &format, error))
    return FALSE;
  figure = picture_make (picture);
  return heft_figure_export (figure, format, picture->width, picture->height, picture->dpi, &picture->theme, job->path, error);
}

static gboolean
write_data (Export *job, GError **error)
{
  g_autoptr(GString) csv = g_string_new (NULL);

  return heft_record_write_panel_csv (job->record, job->experiment, job->parameters, job->panel, csv, error)
         && g_file_set_contents_full (job->path, csv->str, (gssize) csv->len,
                                      G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

static gboolean
write_job (Export *job, GError **error)
{
  if (job->run != NULL)
    return heft_run_file_save (job->run, job->path, error);
  if (job->deviations != NULL)
    return heft_record_save_network (job->record, job->path, job->deviations, error);
  return job->picture != NULL ? write_figure (job, error) : write_data (job, error);
}

static void
export_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GPtrArray *jobs = task_data;

  for (guint i = 0; i < jobs->len; i++)
    {
      GError *error = NULL;

      if (!write_job (g_ptr_array_index (jobs, i), &error))
        {
          g_task_return_error (task, error);
          return;
        }
    }
  g_task_return_boolean (task, TRUE);
}

static void
exported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(HeftWindow) self = user_data;
  GPtrArray *jobs = g_task_get_task_data (G_TASK (result));
  g_autoptr(GError) error = NULL;
  g_autofree char *message = NULL, *name = NULL;

  /* A run is let go of here: its last reference would wait for its threads. */
  for (guint i = 0; i < jobs->len; i++)
    g_clear_pointer (&((Export *) g_ptr_array_index (jobs, i))->run, heft_run_unref);
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      heft_window_show_error (self, _("Could Not Save"), error->message);
      return;
    }
  name = g_path_get_basename (((Export *) g_ptr_array_index (jobs, 0))->path);
  message = jobs->len == 1 ? g_strdup_printf (_("Saved “%s”"), name)
                           : g_strdup_printf (ngettext ("Saved %u file", "Saved %u files", jobs->len), jobs->len);
  heft_window_show_message (self, message);
}

static void
start_export (HeftWindow *self, GPtrArray *jobs)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, exported_cb, g_object_ref (self));

  g_task_set_name (task, "heft-export");
  g_task_set_task_data (task, jobs, (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, export_thread);
}

/* NULL where there is nothing of that name. */
static Export *
export_panel (HeftWindow *self, const char *id, const char *path)
{
  Export *job = g_new0 (Export, 1);
  HeftPanelView *panel = heft_panel_grid_find (self->grid, id);
  g_autofree char *lower = g_ascii_strdown (path, -1);

  job->path = g_strdup (path);
  if (panel == NULL || !g_str_has_suffix (lower, ".csv"))
    {
      job->picture = picture_new (self, id);
      if (job->picture == NULL)
        g_clear_pointer (&job, export_free);
      return job;
    }
  job->record = heft_record_ref (heft_session_get_record (self->session));
  job->experiment = heft_session_get_experiment (self->session);
  job->parameters = heft_session_dup_current_parameters (self->session);
  job->panel = heft_panel_view_get_spec (panel);
  return job;
}

/* Takes @job, which is all there is to do. */
static void
start_one (HeftWindow *self, Export *job)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func (export_free);

  g_ptr_array_add (jobs, job);
  start_export (self, jobs);
}

static void
export_panel_to (HeftWindow *self, const char *id, const char *path)
{
  Export *job = export_panel (self, id, path);

  if (job == NULL)
    {
      heft_window_show_message (self, _("There is no such panel"));
      return;
    }
  start_one (self, job);
}

static void
export_all_to (HeftWindow *self, const char *folder)
{
  static const char *const suffixes[] = { "svg", "csv" };
  g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func (export_free);
  const char *experiment = heft_session_get_experiment (self->session)->id;

  if (g_mkdir_with_parents (folder, 0777) != 0)
    {
      g_autofree char *body = g_strdup_printf (_("The folder “%s” cannot be made."), folder);

      heft_window_show_error (self, _("Could Not Save"), body);
      return;
    }
  for (guint i = 0; i < heft_panel_grid_get_n_panels (self->grid); i++)
    {
      HeftPanelView *panel = heft_panel_grid_get_nth (self->grid, i);

      for (gsize s = 0; s < G_N_ELEMENTS (suffixes); s++)
        {
          g_autofree char *path = g_strdup_printf ("%s/%s-%s.%s", folder, experiment, heft_panel_view_get_id (panel), suffixes[s]);

          g_ptr_array_add (jobs, export_panel (self, heft_panel_view_get_id (panel), path));
        }
    }
  if (jobs->len > 0)
    start_export (self, g_steal_pointer (&jobs));
}

static void
save_to (HeftWindow *self, const char *path)
{
  HeftRun *run = heft_session_get_run (self->session);
  Export *job;

  if (run == NULL)
    return;
  job = g_new0 (Export, 1);
  job->run = heft_run_ref (run);
  job->path = g_strdup (path);
  start_one (self, job);
}

/* Where the widths go that belong to the means in @path: as heft-cli names them, train-network.safetensors and
 * train-deviations.safetensors (transfer full). */
static char *
deviations_path (const char *path)
{
  g_autofree char *stem = g_strndup (path, strlen (path) - (g_str_has_suffix (path, NETWORK_SUFFIX) ? strlen (NETWORK_SUFFIX) : 0));

  if (g_str_has_suffix (stem, "-network"))
    stem[strlen (stem) - strlen ("-network")] = '\0';
  return g_strconcat (stem, "-deviations" NETWORK_SUFFIX, NULL);
}

static void
save_network_to (HeftWindow *self, const char *path)
{
  HeftRecord *record = heft_session_get_record (self->session);
  Export *job;

  if (record == NULL)
    return;
  job = g_new0 (Export, 1);
  job->record = heft_record_ref (record);
  job->path = g_strdup (path);
  job->deviations = deviations_path (path);
  start_one (self, job);
}

/* --- Opening ----------------------------------------------------------------------------------------------------- */

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  HeftSavedRun *saved = heft_run_file_load (task_data, &error);

  if (saved != NULL)
    g_task_return_pointer (task, saved, (GDestroyNotify) heft_saved_run_free);
  else
    g_task_return_error (task, error);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(HeftWindow) self = user_data;
  g_autoptr(GError) error = NULL;
  HeftSavedRun *saved = g_task_propagate_pointer (G_TASK (result), &error);
  g_autofree char *name = g_path_get_basename (g_task_get_task_data (G_TASK (result)));

  if (saved == NULL)
    heft_window_show_error (self, _("Could Not Open"), error->message);
  else
    heft_session_show_saved (self->session, saved, name);
}

static void
open_from (HeftWindow *self, const char *path)
{
  g_autoptr(GTask) task = g_task_new (NULL, NULL, loaded_cb, g_object_ref (self));

  g_task_set_name (task, "heft-open");
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, load_thread);
}

/* --- The clipboard ----------------------------------------------------------------------------------------------- */

typedef struct
{
  Picture *picture;
  GBytes  *png, *svg;
} Copy;

static void
copy_free (gpointer data)
{
  Copy *copy = data;

  g_clear_pointer (&copy->picture, picture_free);
  g_clear_pointer (&copy->png, g_bytes_unref);
  g_clear_pointer (&copy->svg, g_bytes_unref);
  g_free (copy);
}

static void
copy_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Copy *copy = task_data;
  const Picture *picture = copy->picture;
  GError *error = NULL;
  g_autoptr(HeftFigure) figure = picture_make (picture);

  copy->png = heft_figure_export_bytes (figure, HEFT_FILE_PNG, picture->width, picture->height, picture->dpi, &picture->theme, &error);
  if (copy->png != NULL)
    copy->svg = heft_figure_export_bytes (figure, HEFT_FILE_SVG, picture->width, picture->height, picture->dpi, &picture->theme, &error);
  if (copy->svg == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
copied_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(HeftWindow) self = user_data;
  Copy *copy = g_task_get_task_data (G_TASK (result));
  g_autoptr(GError) error = NULL;
  GdkContentProvider *providers[2];
  g_autoptr(GdkContentProvider) both = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      heft_window_show_error (self, _("Could Not Copy"), error->message);
      return;
    }
  providers[0] = gdk_content_provider_new_for_bytes ("image/png", copy->png);
  providers[1] = gdk_content_provider_new_for_bytes ("image/svg+xml", copy->svg);
  both = gdk_content_provider_new_union (providers, G_N_ELEMENTS (providers));
  gdk_clipboard_set_content (gtk_widget_get_clipboard (GTK_WIDGET (self)), both);
  heft_window_show_message (self, _("Copied as PNG and SVG"));
}

static void
copy_panel (HeftWindow *self, const char *id)
{
  g_autoptr(GTask) task = NULL;
  Picture *picture = picture_new (self, id);
  Copy *copy;

  if (picture == NULL)
    {
      heft_window_show_message (self, _("There is no such panel"));
      return;
    }
  copy = g_new0 (Copy, 1);
  copy->picture = picture;
  task = g_task_new (NULL, NULL, copied_cb, g_object_ref (self));
  g_task_set_name (task, "heft-copy");
  g_task_set_task_data (task, copy, copy_free);
  g_task_run_in_thread (task, copy_thread);
}

/* --- File dialogs ------------------------------------------------------------------------------------------------ */

typedef void (*PathFunction) (HeftWindow *self, const char *const *paths, const char *panel);

typedef struct
{
  PathFunction function;
  char        *panel;
} Response;

static void
response_free (gpointer data, GClosure *closure)
{
  Response *response = data;

  g_free (response->panel);
  g_free (response);
}

static void
response_cb (GtkNativeDialog *dialog, int response, gpointer data)
{
  Response *what = data;
  HeftWindow *self = HEFT_WINDOW (gtk_native_dialog_get_transient_for (dialog));
  g_autoptr(GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  g_auto(GStrv) paths = NULL;

  for (guint i = 0; response == GTK_RESPONSE_ACCEPT && i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr(GFile) file = g_list_model_get_item (files, i);
      g_autofree char *path = g_file_get_path (file);

      if (path != NULL)
        g_strv_builder_add (builder, path);
      else
        heft_window_show_error (self, _("Not a Local File"),
                                _("Choose a file on this machine: Heft reads and writes local files only."));
    }
  paths = g_strv_builder_end (builder);
  if (paths[0] != NULL)
    {
      g_free (self->last_folder);
      self->last_folder = g_path_get_dirname (paths[0]);
      what->function (self, (const char *const *) paths, what->panel);
    }
  gtk_native_dialog_destroy (dialog);
  g_object_unref (dialog);
}

static void
add_filter (GtkFileChooserNative *dialog, const char *name, const char *const *patterns)
{
  g_autoptr(GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (gsize i = 0; patterns[i] != NULL; i++)
    gtk_file_filter_add_pattern (filter, patterns[i]);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
}

/* GtkFileDialog comes with GTK 4.10; the port then touches this function. */
static GtkFileChooserNative *
ask_path (HeftWindow *self, const char *title, GtkFileChooserAction action, const char *name, PathFunction function,
          const char *panel)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, GTK_WINDOW (self), action, NULL, NULL);
  Response *response = g_new0 (Response, 1);

  response->function = function;
  response->panel = g_strdup (panel);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  if (name != NULL)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  if (self->last_folder == NULL)
    {
      const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);

      self->last_folder = g_strdup (documents != NULL ? documents : g_get_home_dir ());
    }
  if (g_file_test (self->last_folder, G_FILE_TEST_IS_DIR))
    {
      g_autoptr(GFile) folder = g_file_new_for_path (self->last_folder);

      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
    }
  g_signal_connect_data (dialog, "response", G_CALLBACK (response_cb), response, response_free, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
  return dialog;
}

static void
add_data_filter (GtkFileChooserNative *dialog)
{
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  add_filter (dialog, _("CSV tables, IDX images, NPY arrays"),
              (const char *const[]) { "*.csv", "*.csv.gz", "*-ubyte", "*-ubyte.gz", "*.idx", "*.idx.gz", "*.npy", "*.bin", NULL });
}

static void
panel_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  export_panel_to (self, panel, paths[0]);
}

static void
ask_panel (HeftWindow *self, const char *id, const char *format)
{
  g_autofree char *name = g_strdup_printf ("%s-%s.%s", heft_session_get_experiment (self->session)->id, id, format);
  g_autofree char *pattern = g_strconcat ("*.", format, NULL);
  g_autofree char *upper = g_ascii_strup (format, -1);
  GtkFileChooserNative *dialog = ask_path (self, g_strcmp0 (format, "csv") == 0 ? _("Export Data") : _("Export Figure"),
                                           GTK_FILE_CHOOSER_ACTION_SAVE, name, panel_chosen, id);

  add_filter (dialog, upper, (const char *const[]) { pattern, NULL });
}

static void
folder_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  export_all_to (self, paths[0]);
}

static void
save_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  save_to (self, paths[0]);
}

static void
network_path_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  save_network_to (self, paths[0]);
}

static void
open_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  open_from (self, paths[0]);
}

static void
data_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *spec = heft_data_choice_spec (paths);

  if (!heft_session_set_parameter (self->session, "dataset", spec, &error))
    heft_window_show_error (self, _("Could Not Open"), error->message);
}

/* --- Networks made elsewhere --------------------------------------------------------------------------------------- */

/* Shows the experiment that measures networks, with @path for its network. With @data it starts: on that, or on what is chosen in
 * the sidebar where it is empty. */
static void
open_network (HeftWindow *self, const char *path, const char *data)
{
  const HeftExperiment *experiment = heft_experiment_find ("network", NULL);
  g_autoptr(GError) error = NULL;

  if (experiment != heft_session_get_experiment (self->session))
    {
      heft_panel_grid_set_enlarged (self->grid, "");
      heft_session_set_experiment (self->session, experiment);
    }
  if (!heft_session_set_parameter (self->session, "network", path, &error)
      || (data != NULL && *data != '\0'
          && !heft_session_set_parameter (self->session, "dataset", data, &error)))
    {
      heft_window_show_error (self, _("Could Not Open"), error->message);
      return;
    }
  if (data == NULL)
    return;
  heft_session_reset (self->session);
  heft_session_start (self->session);
}

static void
network_data_chosen (HeftWindow *self, const char *const *paths, const char *network)
{
  g_autofree char *spec = heft_data_choice_spec (paths);

  open_network (self, network, spec);
}

static void
network_chosen (HeftWindow *self, const char *const *paths, const char *panel)
{
  open_network (self, paths[0], NULL);
  add_data_filter (ask_path (self, _("Data to Measure the Network On"), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, network_data_chosen,
                             paths[0]));
}

static void
open_network_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  add_filter (ask_path (data, _("Open Network"), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, network_chosen, NULL),
              _("Networks (safetensors)"), (const char *const[]) { "*" NETWORK_SUFFIX, NULL });
}

static void
open_network_to_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *network, *set;

  g_variant_get (parameter, "(&s&s)", &network, &set);
  open_network (data, network, set);
}

/* --- Actions ----------------------------------------------------------------------------------------------------- */

static void
export_figure_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftWindow *self = data;
  HeftPanelView *panel = heft_panel_grid_get_active (self->grid);

  if (panel != NULL)
    ask_panel (self, heft_panel_view_get_id (panel), g_strcmp0 (g_action_get_name (G_ACTION (action)), "export-data") == 0 ? "csv" : "svg");
}

static void
export_panel_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *id, *format;

  g_variant_get (parameter, "(&s&s)", &id, &format);
  ask_panel (data, id, format);
}

static void
export_to_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const char *id, *path;

  g_variant_get (parameter, "(&s&s)", &id, &path);
  export_panel_to (data, id, path);
}

static void
export_all_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ask_path (data, _("Export Everything"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, folder_chosen, NULL);
}

static void
export_all_to_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  export_all_to (data, g_variant_get_string (parameter, NULL));
}

static void
save_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftWindow *self = data;
  g_autofree char *name = g_strdup_printf ("%s-%" G_GUINT64_FORMAT ".heft", heft_session_get_experiment (self->session)->id,
                                           heft_session_get_seed (self->session));

  add_filter (ask_path (self, _("Save Run"), GTK_FILE_CHOOSER_ACTION_SAVE, name, save_chosen, NULL), _("Heft runs"),
              (const char *const[]) { "*.heft", NULL });
}

static void
save_to_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  save_to (data, g_variant_get_string (parameter, NULL));
}

static void
save_network_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftWindow *self = data;
  g_autofree char *name = g_strdup_printf ("%s-network" NETWORK_SUFFIX, heft_session_get_experiment (self->session)->id);

  add_filter (ask_path (self, _("Save Network"), GTK_FILE_CHOOSER_ACTION_SAVE, name, network_path_chosen, NULL),
              _("Networks (safetensors)"), (const char *const[]) { "*" NETWORK_SUFFIX, NULL });
}

static void
save_network_to_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  save_network_to (data, g_variant_get_string (parameter, NULL));
}

static void
open_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  add_filter (ask_path (data, _("Open Run"), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, open_chosen, NULL), _("Heft runs"),
              (const char *const[]) { "*.heft", NULL });
}

static void
open_from_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  open_from (data, g_variant_get_string (parameter, NULL));
}

static void
open_data_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  add_data_filter (ask_path (data, _("Open Data"), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, data_chosen, NULL));
}

static void
open_data_from_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  data_chosen (data, (const char *const[]) { g_variant_get_string (parameter, NULL), NULL }, NULL);
}

static void
copy_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftWindow *self = data;
  HeftPanelView *panel = heft_panel_grid_get_active (self->grid);

  if (parameter != NULL)
    copy_panel (self, g_variant_get_string (parameter, NULL));
  else if (panel != NULL)
    copy_panel (self, heft_panel_view_get_id (panel));
}

static void
change_figure_format (GSimpleAction *action, GVariant *state, gpointer data)
{
  HeftWindow *self = data;
  HeftFigureFormat format;

  if (!heft_figure_format_parse (state, &format))
    return;
  g_simple_action_set_state (action, state);
  if (self->settings != NULL)
    g_settings_set_value (self->settings, "figure-format", state);
}

static void
take_figure_format (GtkWindow *window, const HeftFigureFormat *format)
{
  g_action_group_change_action_state (G_ACTION_GROUP (window), "figure-format", heft_figure_format_new (format));
}

static void
figure_settings_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  HeftFigureFormat format = get_figure_format (data);

  heft_figure_format_ask (data, &format, take_figure_format);
}

static const GActionEntry entries[] = {
  { "figure-format", NULL, NULL, HEFT_FIGURE_FORMAT_DEFAULT, change_figure_format },
  { "figure-settings", figure_settings_action },
  { "export-figure", export_figure_action },
  { "export-data", export_figure_action },
  { "export-panel", export_panel_action, "(ss)" },
  { "export-panel-to", export_to_action, "(ss)" },
  { "export-all", export_all_action },
  { "export-all-to", export_all_to_action, "s" },
  { "save", save_action },
  { "save-to", save_to_action, "s" },
  { "save-network", save_network_action },
  { "save-network-to", save_network_to_action, "s" },
  { "open", open_action },
  { "open-from", open_from_action, "s" },
  { "open-data", open_data_action },
  { "open-data-from", open_data_from_action, "s" },
  { "open-network", open_network_action },
  { "open-network-to", open_network_to_action, "(ss)" },
  { "copy", copy_action },
  { "copy-panel", copy_action, "s" },
};

void
heft_window_export_init (HeftWindow *self)
{
  g_autoptr(GVariant) format = self->settings != NULL ? g_settings_get_value (self->settings, "figure-format") : NULL;

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  if (format != NULL)
    g_action_group_change_action_state (G_ACTION_GROUP (self), "figure-format", format);
}
