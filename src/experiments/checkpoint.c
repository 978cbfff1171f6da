/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/error.h>
#include <heft/runfile.h>

#include "experiments/checkpoint.h"
#include "linalg/state.h"

/* --- Making one --------------------------------------------------------------------------------------------------------- */

static GVariant *
pack_parameters (const HeftParameters *parameters)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (parameters);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (gsize i = 0; i < experiment->n_parameters; i++)
    {
      const char *id = experiment->parameters[i].id;

      g_variant_builder_add (&builder, "{ss}", id, heft_parameters_get_text (parameters, id));
    }
  return g_variant_builder_end (&builder);
}

GBytes *
heft_checkpoint_new (HeftRun *run, GVariant *state)
{
  const HeftParameters *parameters = heft_run_get_parameters (run);
  g_autoptr (GArray) changes = heft_record_list_changes (heft_run_get_record (run));
  g_autoptr (GVariant) checkpoint = NULL, owned = g_variant_take_ref (state);
  HeftProgress progress;
  GVariantBuilder builder;

  heft_run_get_progress (run, &progress);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  heft_state_put_count (&builder, "seed", heft_parameters_get_seed (parameters));
  heft_state_put_count (&builder, "samples", heft_parameters_get_sample_count (parameters));
  heft_state_put_count (&builder, "step", progress.step);
  heft_state_put_count (&builder, "changes", changes->len);
  g_variant_builder_add (&builder, "{sv}", "parameters", pack_parameters (parameters));
  g_variant_builder_add (&builder, "{sv}", "state", owned);
  checkpoint = g_variant_ref_sink (g_variant_builder_end (&builder));
  return g_variant_get_data_as_bytes (checkpoint);
}

/* --- Reading one -------------------------------------------------------------------------------------------------------- */

/* (transfer full): the dictionary, or NULL with a sentence. */
static GVariant *
unpack (const HeftSavedRun *saved, GError **error)
{
  g_autoptr (GBytes) aligned = NULL;

  if (saved->checkpoint == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_STATE,
                   _("This run of %s cannot be continued: its file holds no checkpoint. Start it anew."), saved->experiment->id);
      return NULL;
    }
  /* What is not in normal form reads as defaults, and is then refused. */
  return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, saved->checkpoint, FALSE));
}

static gboolean
set_parameters (HeftParameters *parameters, GVariant *checkpoint, GError **error)
{
  g_autoptr (GVariant) values = g_variant_lookup_value (checkpoint, "parameters", G_VARIANT_TYPE ("a{ss}"));
  const char *name, *value;
  guint64 seed;
  gsize samples;
  GVariantIter iter;

  if (values == NULL || !heft_state_get_count (checkpoint, "seed", &seed) ||
      !heft_state_get_size (checkpoint, "samples", G_MAXUINT32, &samples))
    return heft_state_refuse (error);
  g_variant_iter_init (&iter, values);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &value))
    if (!heft_parameters_set (parameters, name, value, error))
      return FALSE;
  heft_parameters_set_seed (parameters, seed);
  heft_parameters_set_sample_count (parameters, samples);
  return TRUE;
}

static HeftParameters *
dup_parameters (const HeftSavedRun *saved, GVariant *checkpoint, GError **error)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (saved->experiment);

  return set_parameters (parameters, checkpoint, error) ? g_steal_pointer (&parameters) : NULL;
}

HeftParameters *
heft_saved_run_dup_resume_parameters (const HeftSavedRun *self, GError **error)
{
  g_autoptr (GVariant) checkpoint = NULL;

  if (self->experiment->resumes)
    return heft_parameters_copy (self->parameters);
  checkpoint = unpack (self, error);
  return checkpoint != NULL ? dup_parameters (self, checkpoint, error) : NULL;
}

/* --- Continuing from it ------------------------------------------------------------------------------------------------- */

static gsize
n_curves (HeftRecord *record, gsize series)
{
  return heft_record_get_series_spec (record, series)->per_layer ? heft_record_get_layers (record, NULL) : 1;
}

static gboolean
copy_curve (HeftRecord *from, HeftRecord *to, gsize series, gsize layer, gsize n)
{
  g_autofree double *x = NULL, *y = NULL;

  /* Before anything of this size is made. */
  if (n > heft_record_get_length (from, series, layer))
    return FALSE;
  x = g_new (double, MAX (n, 1));
  y = g_new (double, MAX (n, 1));
  heft_record_read (from, series, layer, 0, n, x, y);
  for (gsize i = 0; i < n; i++)
    heft_record_append (to, series, layer, x[i], y[i]);
  return TRUE;
}

/* The curves as long as they were; later points belong to a future that may become another. */
static gboolean
copy_curves (HeftRecord *from, HeftRecord *to, GVariant *state)
{
  g_autoptr (GVariant) entry = g_variant_lookup_value (state, "lengths", G_VARIANT_TYPE ("at"));
  const char *const *names;
  gsize n_layers = heft_record_get_layers (from, &names), n = 0, place = 0;
  const guint64 *lengths = entry != NULL ? g_variant_get_fixed_array (entry, &n, sizeof *lengths) : NULL;

  if (entry == NULL || n_layers == 0)
    return FALSE;
  heft_record_set_layers (to, n_layers, names);
  for (gsize s = 0; s < heft_record_get_n_series (from); s++)
    for (gsize l = 0; l < n_curves (from, s); l++, place++)
      {
        guint64 length = place < n ? lengths[place] : 0;

        if (length == HEFT_CHECKPOINT_WHOLE_CURVE)
          length = heft_record_get_length (from, s, l);
        if (place >= n || !copy_curve (from, to, s, l, length))
          return FALSE;
      }
  return place == n;
}

static gboolean
copy_record (HeftRecord *from, HeftRecord *to, GVariant *checkpoint, GVariant *state, GError **error)
{
  g_autoptr (GArray) changes = heft_record_list_changes (from);
  g_autoptr (GPtrArray) frames = heft_record_list_frames (from);
  gsize n_changes;

  if (!heft_state_get_size (checkpoint, "changes", changes->len, &n_changes) || !copy_curves (from, to, state))
    return heft_state_refuse (error);
  for (gsize i = 0; i < n_changes; i++)
    {
      const HeftChange *change = &g_array_index (changes, HeftChange, i);

      heft_record_note_change (to, change->step, change->parameter, change->value);
    }
  for (guint i = 0; i < frames->len; i++)
    heft_record_publish (to, heft_frame_ref (g_ptr_array_index (frames, i)));
  return TRUE;
}

/* Notes what is another now; refuses what cannot be. */
static gboolean
note_differences (HeftRecord *record, const HeftParameters *before, const HeftParameters *now, guint64 step, GError **error)
{
  const HeftExperiment *experiment = heft_parameters_get_experiment (now);

  if (heft_parameters_get_seed (before) != heft_parameters_get_seed (now))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("A resumed run keeps its seed; start a new run for another one."));
      return FALSE;
    }
  for (gsize i = 0; i < experiment->n_parameters; i++)
    {
      const HeftParameterSpec *spec = &experiment->parameters[i];
      const char *value = heft_parameters_get_text (now, spec->id);

      if (strcmp (value, heft_parameters_get_text (before, spec->id)) == 0)
        continue;
      if (!spec->live && !spec->resumable)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("%s cannot change when a run is resumed (it was %s); start a new run for it."), spec->id,
                       heft_parameters_get_text (before, spec->id));
          return FALSE;
        }
      if (spec->live)
        heft_record_note_change (record, step, spec->id, value);
    }
  return TRUE;
}

HeftRun *
heft_run_new_resumed (const HeftSavedRun *saved, const HeftParameters *parameters, guint n_threads, GError **error)
{
  g_autoptr (GVariant) checkpoint = NULL, state = NULL;
  g_autoptr (HeftParameters) before = NULL;
  g_autoptr (HeftRun) run = NULL;
  guint64 step;

  if (saved->experiment->resumes)
    {
      run = heft_run_new (saved->experiment, parameters != NULL ? parameters : saved->parameters, n_threads);
      heft_run_set_earlier (run, saved->record);
      return g_steal_pointer (&run);
    }
  checkpoint = unpack (saved, error);
  before = checkpoint != NULL ? dup_parameters (saved, checkpoint, error) : NULL;
  if (before == NULL)
    return NULL;
  state = g_variant_lookup_value (checkpoint, "state", G_VARIANT_TYPE_VARDICT);
  if (state == NULL || !heft_state_get_count (checkpoint, "step", &step))
    {
      heft_state_refuse (error);
      return NULL;
    }
  run = heft_run_new (saved->experiment, parameters != NULL ? parameters : before, n_threads);
  if (!copy_record (saved->record, heft_run_get_record (run), checkpoint, state, error) ||
      (parameters != NULL && !note_differences (heft_run_get_record (run), before, parameters, step, error)))
    return NULL;
  heft_run_set_resume_state (run, state, step, saved->checkpoint);
  return g_steal_pointer (&run);
}
