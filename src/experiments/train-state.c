/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include "experiments/checkpoint.h"
#include "experiments/train-private.h"
#include "linalg/state.h"

/* What measuring knows and what waits to be measured, for checkpoints: kept bit for bit, because curves to come are made from it
 * (the Gaussian information from the last spectra, the ledger from the last losses). */

/* --- Evaluations and spectra -------------------------------------------------------------------------------------------- */

static void
put_evaluation (GVariantBuilder *state, const char *name, const HeftEvaluation *evaluation)
{
  const double values[] = { evaluation->loss, evaluation->loss_error, evaluation->error, evaluation->error_error,
                            evaluation->n_draws, (double) evaluation->n_samples };

  heft_state_put_doubles (state, name, values, G_N_ELEMENTS (values));
}

static gboolean
get_evaluation (GVariant *state, const char *name, HeftEvaluation *evaluation)
{
  double values[6];

  if (!heft_state_get_doubles (state, name, G_N_ELEMENTS (values), values) || !(values[4] >= 0 && values[4] <= G_MAXUINT32) ||
      !(values[5] >= 0 && values[5] <= G_MAXUINT32))
    return FALSE;
  *evaluation = (HeftEvaluation) {
    .loss = values[0], .loss_error = values[1], .error = values[2], .error_error = values[3],
    .n_draws = (guint) values[4], .n_samples = (gsize) values[5],
  };
  return TRUE;
}

static GVariant *
pack_spectrum (const HeftSpectrum *spectrum)
{
  GVariantBuilder state;

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  heft_state_put_doubles (&state, "eigenvalues", spectrum->eigenvalues, spectrum->n_eigenvalues);
  heft_state_put_number (&state, "trace", spectrum->trace);
  heft_state_put_count (&state, "complete", (guint64) spectrum->complete);
  heft_state_put_count (&state, "samples", spectrum->n_samples);
  g_variant_builder_add (&state, "{sv}", "estimator", g_variant_new_string (spectrum->estimator));
  return g_variant_builder_end (&state);
}

static void
put_spectra (GVariantBuilder *state, const char *name, GPtrArray *spectra)
{
  GVariantBuilder list;

  if (spectra == NULL)
    return;
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint l = 0; l < spectra->len; l++)
    g_variant_builder_add_value (&list, pack_spectrum (g_ptr_array_index (spectra, l)));
  g_variant_builder_add (state, "{sv}", name, g_variant_builder_end (&list));
}

/* (transfer full): the spectrum of @layer, or NULL if it makes no sense. */
static HeftSpectrum *
unpack_spectrum (GVariant *state, const HeftTrainSetup *setup, guint layer)
{
  g_autoptr (HeftSpectrum) spectrum = g_new0 (HeftSpectrum, 1);
  g_autoptr (GVariant) estimator = g_variant_lookup_value (state, "estimator", G_VARIANT_TYPE_STRING);
  gsize complete;

  spectrum->layer = (int) layer;
  spectrum->n_parameters = heft_network_get_weight_layer (setup->network, layer)->n_parameters;
  spectrum->eigenvalues = heft_state_dup_doubles (state, "eigenvalues", &spectrum->n_eigenvalues);
  if (spectrum->eigenvalues == NULL || estimator == NULL || !heft_state_get_number (state, "trace", &spectrum->trace) ||
      !heft_state_get_size (state, "complete", 1, &complete) ||
      !heft_state_get_size (state, "samples", setup->n_samples, &spectrum->n_samples))
    return NULL;
  spectrum->complete = (gboolean) complete;
  spectrum->estimator = g_variant_dup_string (estimator, NULL);
  return g_steal_pointer (&spectrum);
}

static gboolean
get_spectra (GVariant *state, const char *name, const HeftTrainSetup *setup, GPtrArray **spectra)
{
  g_autoptr (GVariant) list = g_variant_lookup_value (state, name, G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);

  *spectra = NULL;
  if (list == NULL)
    return TRUE;
  if (g_variant_n_children (list) != setup->n_layers)
    return FALSE;
  for (guint l = 0; l < setup->n_layers; l++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (list, l);
      HeftSpectrum *spectrum = unpack_spectrum (child, setup, l);

      if (spectrum == NULL)
        return FALSE;
      g_ptr_array_add (found, spectrum);
    }
  *spectra = g_steal_pointer (&found);
  return TRUE;
}

/* --- The gauges ----------------------------------------------------------------------------------------------------------- */

/* Written by the sweep, which knows no step of training. */
static gboolean
is_swept (gsize series)
{
  return series == HEFT_TRAIN_TRADEOFF || series == HEFT_TRAIN_TRADEOFF_BETA || series == HEFT_TRAIN_HULL || series == HEFT_TRAIN_ELBO;
}

/* Written by training itself or by a job, not by what measures. */
static gboolean
is_measured (gsize series)
{
  return series != HEFT_TRAIN_BATCH_LOSS && series != HEFT_TRAIN_BETA && !is_swept (series);
}

/* Points of every curve, as a checkpoint's "lengths"; or of the measured ones, with 0 for the others. */
static GVariant *
count_points (HeftRecord *record, gboolean measured)
{
  GVariantBuilder lengths;

  g_variant_builder_init (&lengths, G_VARIANT_TYPE ("at"));
  for (gsize s = 0; s < heft_record_get_n_series (record); s++)
    {
      gsize n = heft_record_get_series_spec (record, s)->per_layer ? heft_record_get_layers (record, NULL) : 1;

      for (gsize l = 0; l < n; l++)
        g_variant_builder_add (&lengths, "t", (guint64) (!measured || is_measured (s) ? heft_record_get_length (record, s, l) : 0));
    }
  return g_variant_builder_end (&lengths);
}

GVariant *
heft_gauges_get_state (const HeftGauges *self)
{
  GVariantBuilder state;

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&state, "{sv}", "lengths", count_points (self->record, TRUE));
  heft_state_put_count (&state, "has-losses", (guint64) self->has_losses);
  heft_state_put_count (&state, "losses-step", self->losses_step);
  heft_state_put_count (&state, "spectra-step", self->spectra_step);
  put_evaluation (&state, "train", &self->train);
  put_evaluation (&state, "test", &self->test);
  put_evaluation (&state, "test-mean", &self->test_mean);
  put_spectra (&state, "spectra", self->spectra);
  put_spectra (&state, "heads", self->heads);
  return g_variant_ref_sink (g_variant_builder_end (&state));
}

gboolean
heft_gauges_set_state (HeftGauges *self, GVariant *state, GError **error)
{
  gsize has_losses;

  if (!heft_state_get_size (state, "has-losses", 1, &has_losses) ||
      !heft_state_get_count (state, "losses-step", &self->losses_step) ||
      !heft_state_get_count (state, "spectra-step", &self->spectra_step) ||
      !get_evaluation (state, "train", &self->train) || !get_evaluation (state, "test", &self->test) ||
      !get_evaluation (state, "test-mean", &self->test_mean) ||
      !get_spectra (state, "spectra", self->setup, &self->spectra) || !get_spectra (state, "heads", self->setup, &self->heads))
    return heft_state_refuse (error);
  self->has_losses = (gboolean) has_losses;
  return TRUE;
}

/* The curves that training itself writes are as long as they are now; the measured ones as long as when the last measurement was complete;
 * those of the sweep are kept whole: they start over with each sweep, and the hull loses corners, so that a length would not last. */
GVariant *
heft_train_join_lengths (HeftRecord *record, GVariant *gauges)
{
  g_autoptr (GVariant) now = g_variant_ref_sink (count_points (record, FALSE));
  g_autoptr (GVariant) measured = g_variant_lookup_value (gauges, "lengths", G_VARIANT_TYPE ("at"));
  GVariantBuilder lengths;
  gsize place = 0;

  g_variant_builder_init (&lengths, G_VARIANT_TYPE ("at"));
  for (gsize s = 0; s < heft_record_get_n_series (record); s++)
    {
      gsize n = heft_record_get_series_spec (record, s)->per_layer ? heft_record_get_layers (record, NULL) : 1;

      for (gsize l = 0; l < n; l++, place++)
        {
          guint64 length;

          g_variant_get_child (is_measured (s) ? measured : now, place, "t", &length);
          if (is_swept (s))
            length = HEFT_CHECKPOINT_WHOLE_CURVE;
          g_variant_builder_add (&lengths, "t", length);
        }
    }
  return g_variant_builder_end (&lengths);
}

/* --- What waits ----------------------------------------------------------------------------------------------------------- */

GVariant *
heft_measure_request_get_state (const HeftMeasureRequest *self)
{
  g_autoptr (GVariant) posterior = heft_posterior_get_state (self->posterior), prior = heft_prior_get_state (self->prior);
  const double course[] = { self->annealed, self->clipped, self->clip, self->gradient_norm };
  GVariantBuilder state;

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  heft_state_put_count (&state, "step", self->step);
  heft_state_put_count (&state, "gauges", self->gauges);
  heft_state_put_number (&state, "beta", self->beta);
  heft_state_put_count (&state, "evaluation-samples", self->evaluation_samples);
  heft_state_put_count (&state, "spectra-samples", self->spectra_samples);
  heft_state_put_count (&state, "invariance-layer", self->invariance_layer);
  heft_state_put_count (&state, "draws", self->draws);
  heft_state_put_count (&state, "lambda-grid", (guint64) self->lambda_grid);
  heft_state_put_count (&state, "by-bound", (guint64) self->by_bound);
  heft_state_put_number (&state, "temperature", self->temperature);
  heft_state_put_count (&state, "shared-scale", (guint64) self->shared_scale);
  heft_state_put_doubles (&state, "course", course, G_N_ELEMENTS (course));
  g_variant_builder_add (&state, "{sv}", "posterior", posterior);
  g_variant_builder_add (&state, "{sv}", "prior", prior);
  return g_variant_builder_end (&state);
}

static gboolean
get_numbers (HeftMeasureRequest *self, const HeftTrainSetup *setup, GVariant *state)
{
  gsize gauges, draws, grid, by_bound, shared;
  double course[4];

  if (!heft_state_get_count (state, "step", &self->step) ||
      !heft_state_get_size (state, "gauges", (1u << HEFT_N_GAUGES) - 1, &gauges) ||
      !heft_state_get_number (state, "beta", &self->beta) || !(self->beta >= 0) ||
      !heft_state_get_size (state, "evaluation-samples", G_MAXUINT32, &self->evaluation_samples) ||
      !heft_state_get_size (state, "spectra-samples", setup->n_samples, &self->spectra_samples) ||
      !heft_state_get_size (state, "invariance-layer", setup->n_layers, &self->invariance_layer) ||
      !heft_state_get_size (state, "draws", G_MAXUINT32, &draws) || !heft_state_get_size (state, "lambda-grid", 1000, &grid) ||
      !heft_state_get_size (state, "by-bound", 1, &by_bound) || !heft_state_get_number (state, "temperature", &self->temperature) ||
      !heft_state_get_size (state, "shared-scale", 1, &shared) ||
      !heft_state_get_doubles (state, "course", G_N_ELEMENTS (course), course))
    return FALSE;
  self->by_bound = (gboolean) by_bound;
  self->lambda_grid = (gint64) grid;
  self->shared_scale = (gboolean) shared;
  self->annealed = course[0];
  self->clipped = course[1];
  self->clip = course[2];
  self->gradient_norm = course[3];
  self->gauges = (guint) gauges;
  self->draws = (guint) draws;
  return TRUE;
}

gboolean
heft_measure_request_set_state (HeftMeasureRequest *self, const HeftTrainSetup *setup, GVariant *state, GError **error)
{
  g_autoptr (GVariant) q = g_variant_lookup_value (state, "posterior", G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) p = g_variant_lookup_value (state, "prior", G_VARIANT_TYPE_VARDICT);

  *self = (HeftMeasureRequest) { 0 };
  if (q == NULL || p == NULL || !get_numbers (self, setup, state))
    return heft_state_refuse (error);
  self->posterior = heft_posterior_new_from_state (setup->network, q, error);
  self->prior = self->posterior != NULL ? heft_prior_new_from_state (setup->network, p, error) : NULL;
  if (self->prior != NULL)
    return TRUE;
  g_clear_pointer (&self->posterior, heft_posterior_free);
  return FALSE;
}
