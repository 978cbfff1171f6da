/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/error.h>
#include <heft/runfile.h>

#include "record/store.h"

static const char *
state_name (HeftRunState state)
{
  switch (state)
    {
    case HEFT_RUN_DONE:
      return "done";
    case HEFT_RUN_FAILED:
      return "failed";
    case HEFT_RUN_STOPPED:
      return "stopped";
    case HEFT_RUN_READY:
    case HEFT_RUN_RUNNING:
    case HEFT_RUN_PAUSED:
    default:
      return "running";
    }
}

static gboolean
put_parameters (sqlite3 *store, const HeftParameters *parameters, GError **error)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);

  for (gsize i = 0; i < experiment->n_parameters; i++)
    {
      const char *id = experiment->parameters[i].id;

      /* Defaults too: a later version may have others. */
      if (!heft_store_put_word (store, "parameter", id, heft_parameters_get_text (parameters, id), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_words (sqlite3 *store, HeftRun *run, const HeftParameters *parameters, GError **error)
{
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, heft_parameters_get_seed (parameters));
  g_autofree char *samples = g_strdup_printf ("%" G_GSIZE_FORMAT, heft_parameters_get_sample_count (parameters));
  g_autofree char *failure = heft_run_dup_error (run);

  return heft_store_put_word (store, "run", "experiment", heft_run_get_experiment (run)->id, error) &&
         heft_store_put_word (store, "run", "heft", HEFT_VERSION, error) &&
         heft_store_put_word (store, "run", "seed", seed, error) &&
         heft_store_put_word (store, "run", "samples", samples, error) &&
         heft_store_put_word (store, "run", "state", state_name (heft_run_get_state (run)), error) &&
         (failure == NULL || heft_store_put_word (store, "run", "error", failure, error));
}

gboolean
heft_run_file_save (HeftRun *run, const char *path, GError **error)
{
  /* First: the record must hold all that the checkpoint counts on. */
  g_autoptr (GBytes) checkpoint = heft_run_dup_checkpoint (run);
  g_autoptr (HeftParameters) parameters = heft_run_dup_parameters (run);
  g_autoptr (sqlite3) store = heft_store_new (error);

  return store != NULL && put_words (store, run, parameters, error) && put_parameters (store, parameters, error) &&
         heft_store_put_record (store, heft_run_get_record (run), error) &&
         (checkpoint == NULL || heft_store_put_checkpoint (store, checkpoint, error)) && heft_store_write (store, path, error);
}

void
heft_saved_run_free (HeftSavedRun *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->parameters, heft_parameters_free);
  g_clear_pointer (&self->record, heft_record_unref);
  g_clear_pointer (&self->checkpoint, g_bytes_unref);
  g_free (self->version);
  g_free (self->error);
  g_free (self);
}

static gboolean
get_parameters (sqlite3 *store, HeftSavedRun *saved, GHashTable *words, GError **error)
{
  g_autoptr (GHashTable) values = heft_store_get_words (store, "parameter", error);
  const char *seed = g_hash_table_lookup (words, "seed");
  const char *samples = g_hash_table_lookup (words, "samples");
  GHashTableIter iter;
  gpointer name, value;

  if (values == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (!heft_parameters_set (saved->parameters, name, value, error))
      return FALSE;
  if (seed != NULL && !heft_parameters_set (saved->parameters, "seed", seed, error))
    return FALSE;
  if (samples != NULL)
    heft_parameters_set_sample_count (saved->parameters, g_ascii_strtoull (samples, NULL, 10));
  return TRUE;
}

static gboolean
get_run (sqlite3 *store, HeftSavedRun *saved, GError **error)
{
  g_autoptr (GHashTable) words = heft_store_get_words (store, "run", error);
  const char *id;

  if (words == NULL)
    return FALSE;
  id = g_hash_table_lookup (words, "experiment");
  saved->experiment = heft_experiment_find (id != NULL ? id : "", error);
  if (saved->experiment == NULL)
    return FALSE;
  saved->version = g_strdup (g_hash_table_lookup (words, "heft"));
  saved->error = g_strdup (g_hash_table_lookup (words, "error"));
  saved->parameters = heft_parameters_new (saved->experiment);
  saved->record = heft_record_new (saved->experiment->series, saved->experiment->n_series,
                                   saved->experiment->results, saved->experiment->n_results);
  if (!get_parameters (store, saved, words, error))
    return FALSE;
  if (saved->experiment->prepare != NULL)
    saved->experiment->prepare (saved->record, saved->parameters);
  return heft_store_get_record (store, saved->record, error) && heft_store_get_checkpoint (store, &saved->checkpoint, error);
}

HeftSavedRun *
heft_run_file_load (const char *path, GError **error)
{
  g_autoptr (sqlite3) store = heft_store_open (path, error);
  g_autoptr (HeftSavedRun) saved = NULL;

  if (store == NULL)
    return NULL;
  saved = g_new0 (HeftSavedRun, 1);
  if (!get_run (store, saved, error))
    {
      g_autofree char *name = g_filename_display_name (path);

      g_prefix_error (error, "%s: ", name);
      return NULL;
    }
  return g_steal_pointer (&saved);
}
