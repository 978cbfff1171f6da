/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/information.h>

#include "experiments/ledger.h"
#include "experiments/network.h"
#include "experiments/words.h"

/* Costs below this share of the largest are not drawn: they are free. */
#define FREE_SHARE 1e-9

static guint
n_layers (const HeftMeasuredNetwork *self)
{
  return self->measurement->spectra->len - 1;
}

static const HeftSpectrum *
spectrum_at (const HeftMeasuredNetwork *self, guint i)
{
  return g_ptr_array_index (self->measurement->spectra, i);
}

static const char *
layer_name (const HeftMeasuredNetwork *self, guint l)
{
  return heft_network_get_layer_name (self->network, l);
}

static char *
estimator_words (const HeftMeasuredNetwork *self)
{
  const HeftSpectrum *spectrum = spectrum_at (self, 0);
  g_autofree char *samples = heft_words_count (spectrum->n_samples);

  return g_strdup_printf (_("%s, first %s samples"), spectrum->estimator, samples);
}

static void
set_threshold (HeftFrame *frame, const HeftMeasuredNetwork *self)
{
  heft_frame_set_number (frame, "threshold", heft_free_direction_threshold (self->beta, self->lambda));
  heft_frame_set_text (frame, "threshold_label", "$\\beta/\\lambda^2$");
}

/* --- Spectra ------------------------------------------------------------------------------------------------------------- */

static void
publish_layers (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  HeftFrame *frame = heft_frame_new ("spectra", 0);
  double threshold = heft_free_direction_threshold (self->beta, self->lambda);
  g_autofree char *estimator = estimator_words (self);
  gsize paid = 0, parameters = 0;

  for (guint l = 0; l < n_layers (self); l++)
    {
      const HeftSpectrum *spectrum = spectrum_at (self, l);
      g_autofree char *name = g_strconcat ("layer:", layer_name (self, l), NULL);

      heft_frame_set_array (frame, name, 1, spectrum->n_eigenvalues, spectrum->eigenvalues);
      paid += heft_spectrum_count_above (spectrum, threshold);
      parameters += spectrum->n_parameters;
    }
  set_threshold (frame, self);
  heft_frame_set_number (frame, "paid_directions", (double) paid);
  heft_frame_set_number (frame, "parameters", (double) parameters);
  heft_frame_set_text (frame, "estimator", estimator);
  heft_record_publish (record, frame);
}

/* Eigenvalues of one sign, by size. */
static void
set_signed (HeftFrame *frame, const char *label, const HeftSpectrum *spectrum, gboolean positive)
{
  g_autofree char *name = g_strconcat ("layer:", label, NULL);
  g_autofree double *values = g_new (double, MAX (spectrum->n_eigenvalues, 1));
  gsize n = 0;

  for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
    {
      double value = positive ? spectrum->eigenvalues[i] : -spectrum->eigenvalues[spectrum->n_eigenvalues - 1 - i];

      if (value > 0)
        values[n++] = value;
    }
  heft_frame_set_array (frame, name, 1, n, values);
}

static void
publish_hessian (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  HeftFrame *frame = heft_frame_new ("hessian", 0);
  const HeftSpectrum *hessian = self->measurement->hessian;
  g_autofree char *fisher = estimator_words (self), *estimator = NULL;

  set_signed (frame, _("Fisher $F$"), spectrum_at (self, n_layers (self)), TRUE);
  if (hessian != NULL)
    {
      set_signed (frame, _("Hessian $H$, positive"), hessian, TRUE);
      set_signed (frame, _("Hessian $H$, negative: sizes"), hessian, FALSE);
      heft_frame_set_number (frame, "gap", self->measurement->hessian_gap);
      heft_frame_set_number (frame, "gap_error", self->measurement->hessian_gap_error);
      heft_frame_set_number (frame, "most_negative", MIN (hessian->eigenvalues[hessian->n_eigenvalues - 1], 0));
      estimator = g_strdup_printf (_("whole network; Fisher: %s; %s"), fisher, hessian->estimator);
    }
  else
    estimator = g_strdup_printf (_("whole network; Fisher: %s; the Hessian is switched off"), fisher);
  set_threshold (frame, self);
  heft_frame_set_text (frame, "estimator", estimator);
  heft_record_publish (record, frame);
}

/* What each direction costs at this price. */
static void
publish_costs (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  HeftFrame *frame = heft_frame_new ("costs", 0);
  g_autofree char *estimator = estimator_words (self);
  double dearest = 0;

  for (guint l = 0; l < n_layers (self); l++)
    {
      const HeftSpectrum *spectrum = spectrum_at (self, l);
      g_autofree char *name = g_strconcat ("layer:", layer_name (self, l), NULL);
      g_autofree double *costs = g_new (double, MAX (spectrum->n_eigenvalues, 1));
      gsize n = 0;

      for (; n < spectrum->n_eigenvalues; n++)
        {
          costs[n] = heft_gaussian_information_direction (spectrum->eigenvalues[n], self->beta, self->lambda);
          dearest = MAX (dearest, costs[n]);
          if (!(costs[n] > FREE_SHARE * dearest))
            break;
        }
      heft_frame_set_array (frame, name, 1, n, costs);
    }
  heft_frame_set_number (frame, "dearest", dearest);
  heft_frame_set_text (frame, "estimator", estimator);
  heft_record_publish (record, frame);
}

void
heft_network_publish_spectra (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  publish_layers (record, self);
  publish_hessian (record, self);
  publish_costs (record, self);
}

/* --- Information by layer -------------------------------------------------------------------------------------------------- */

static void
add_information (HeftLedger *ledger, const HeftMeasuredNetwork *self, guint i, const char *label, double largest)
{
  const HeftMeasurement *measurement = self->measurement;
  const HeftSpectrum *spectrum = spectrum_at (self, i);
  gsize paid = heft_spectrum_count_above (spectrum, heft_free_direction_threshold (self->beta, self->lambda));
  g_autofree char *printed = heft_words_number (measurement->printed[i]), *words_paid = heft_words_count (paid);
  g_autofree char *parameters = heft_words_count (spectrum->n_parameters), *note = NULL;

  if (spectrum->complete)
    note = g_strdup_printf (_("as printed: %s nat; %s of %s directions are paid for"), printed, words_paid, parameters);
  else
    {
      g_autofree char *doubt = heft_words_number (measurement->information_error[i]);

      note = g_strdup_printf (_("± %s nat, stochastic Lanczos quadrature"), doubt);
    }
  heft_ledger_add (ledger, label, measurement->information[i], "nat", note, HEFT_QUANTITY_CORRECTED);
  heft_ledger_gauge (ledger, largest > 0 ? measurement->information[i] / largest : NAN);
}

void
heft_network_publish_information (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  HeftLedger ledger = heft_ledger_begin_as ("information", 0);
  const HeftMeasurement *measurement = self->measurement;
  guint n = n_layers (self);
  g_autofree char *estimator = estimator_words (self);
  double largest = measurement->information[n];

  for (guint l = 0; l < n; l++)
    largest = MAX (largest, measurement->information[l]);
  for (guint l = 0; l < n; l++)
    {
      g_autofree char *label = heft_layer_dup_label (layer_name (self, l));

      add_information (&ledger, self, l, label, largest);
    }
  add_information (&ledger, self, n, _("Whole network"), largest);
  heft_frame_set_text (ledger.frame, "estimator", estimator);
  heft_record_publish (record, heft_ledger_end (&ledger));
  heft_record_set_result (record, "information", measurement->information[n]);
  heft_record_set_result (record, "information_error", measurement->information_error[n]);
  heft_record_set_result_array (record, "information_layers", measurement->information, n);
  if (isfinite (measurement->printed[n]))
    heft_record_set_result (record, "printed_information", measurement->printed[n]);
  else
    heft_record_set_result_missing (record, "printed_information", _("The formula as printed is evaluated on complete spectra only."));
}

/* "activation 2" as people read it. */
static char *
activation_label (const char *name)
{
  const char *number = strrchr (name, ' ');

  return g_str_has_prefix (name, "activation ") ? g_strdup_printf (_("Activation %s"), number + 1) : heft_layer_dup_label (name);
}

/* --- Effective information ---------------------------------------------------------------------------------------------------- */

void
heft_network_publish_effective (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  HeftLedger ledger = heft_ledger_begin_as ("effective", 0);
  const HeftWeightNoise noise = heft_sigma_star_noise (&self->sigma);
  guint n = self->effective->len;
  g_autofree double *informations = g_new (double, n), *traces = g_new (double, n);
  double largest = 0;

  for (guint l = 0; l < n; l++)
    {
      const HeftEffectiveLayer *layer = g_ptr_array_index (self->effective, l);

      informations[l] = layer->information_mean;
      traces[l] = layer->fisher_trace_mean;
      largest = fmax (largest, informations[l]);
    }
  for (guint l = 0; l < n; l++)
    {
      const HeftEffectiveLayer *layer = g_ptr_array_index (self->effective, l);
      g_autofree char *trace = heft_words_number (traces[l]), *samples = heft_words_count (layer->n_samples);
      g_autofree char *note = g_strdup_printf (_("trace of $F_{z|x}$: %s; mean over %s samples"), trace, samples);

      g_autofree char *label = l + 1 == n ? g_strdup (_("Logits")) : activation_label (layer->name);

      heft_ledger_add (&ledger, label, informations[l], "nat", layer->obstacle != NULL ? layer->obstacle : note, HEFT_QUANTITY_FISHER);
      heft_ledger_gauge (&ledger, largest > 0 ? informations[l] / largest : NAN);
    }
  heft_frame_set_text (ledger.frame, "estimator", heft_weight_noise_words (&noise));
  if (isfinite (informations[0]))
    heft_frame_set_number (ledger.frame, "first", informations[0]);
  if (isfinite (informations[n - 1]))
    heft_frame_set_number (ledger.frame, "last", informations[n - 1]);
  heft_record_publish (record, heft_ledger_end (&ledger));
  heft_record_set_result_array (record, "effective_information", informations, n);
  heft_record_set_result_array (record, "activation_fisher", traces, n);
}

/* --- Nuisances ------------------------------------------------------------------------------------------------------------------ */

static void
set_indexed (HeftFrame *frame, const char *kind, gsize i, const char *text)
{
  g_autofree char *name = g_strdup_printf ("%s:%" G_GSIZE_FORMAT, kind, i);

  heft_frame_set_text (frame, name, text);
}

/* One nuisance: a row of smallest visible changes, coloured from what is seen best (1) by three doublings down to 0. */
static void
fill_nuisance (HeftFrame *frame, const HeftNuisanceTable *table, gsize v, double *shares)
{
  const HeftNuisanceInfo *info = heft_nuisance_get_info (table->nuisances[v]);
  double best = INFINITY;

  set_indexed (frame, "row", v, _(info->title));
  for (gsize l = 0; l < table->n_layers; l++)
    best = MIN (best, table->smallest_change[l * table->n_nuisances + v]);
  for (gsize l = 0; l < table->n_layers; l++)
    {
      double change = table->smallest_change[l * table->n_nuisances + v];
      gsize cell = v * table->n_layers + l;
      g_autofree char *number = isfinite (change) ? heft_words_number (change) : g_strdup ("∞");
      /* Only the degree follows its number without a space. */
      g_autofree char *words = g_strconcat (number, strcmp (info->unit, "°") != 0 ? " " : "", _(info->unit), NULL);
      g_autofree char *name = g_strdup_printf ("number:%" G_GSIZE_FORMAT, cell);

      shares[cell] = isfinite (change) ? CLAMP (1 - log2 (change / best) / 3, 0, 1) : 0;
      set_indexed (frame, "cell", cell, words);
      if (isfinite (change))
        heft_frame_set_number (frame, name, change);
    }
}

void
heft_network_publish_nuisances (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  const HeftNuisanceTable *table = self->nuisances;
  const HeftWeightNoise noise = heft_sigma_star_noise (&self->sigma);
  HeftFrame *frame;
  double *shares;
  g_autofree char *samples = NULL, *estimator = NULL;

  frame = heft_frame_new ("nuisances", 0);
  if (table == NULL)
    {
      heft_frame_set_text (frame, "obstacle", _("Only images can be turned, moved or blurred."));
      heft_record_publish (record, frame);
      return;
    }
  shares = g_new (double, table->n_nuisances * table->n_layers);
  for (gsize l = 0; l < table->n_layers; l++)
    {
      g_autofree char *label = l + 1 == table->n_layers ? g_strdup (_("Logits")) : activation_label (table->layer_names[l]);

      set_indexed (frame, "column", l, label);
    }
  for (gsize v = 0; v < table->n_nuisances; v++)
    fill_nuisance (frame, table, v, shares);
  samples = heft_words_count (table->n_samples);
  estimator = g_strdup_printf (_("median over the first %s samples; %s"), samples, heft_weight_noise_words (&noise));
  heft_frame_set_text (frame, "estimator", estimator);
  heft_frame_set_number (frame, "rotation", table->smallest_change[(table->n_layers - 1) * table->n_nuisances]);
  heft_frame_take_array (frame, "values", table->n_nuisances, table->n_layers, shares);
  heft_record_publish (record, frame);
}

/* --- The ledger ------------------------------------------------------------------------------------------------------------------ */

static void
add_hessian (HeftLedger *ledger, const HeftMeasurement *measurement)
{
  g_autofree char *gap_doubt = heft_words_number (measurement->hessian_gap_error), *note = NULL;
  g_autofree char *trace_doubt = heft_words_number (measurement->hessian_trace_error), *trace_note = NULL;

  note = measurement->hessian->complete ? g_strdup (_("0 where the residual of Lemma 2.4 vanishes"))
                                        : g_strdup_printf (_("± %s, by random probes"), gap_doubt);
  heft_ledger_add (ledger, _("$|H - F| / |H|$"), measurement->hessian_gap, "", note, HEFT_QUANTITY_EXACT);
  if (measurement->hessian->complete)
    return;
  trace_note = g_strdup_printf (_("± %s, by Hutch++"), trace_doubt);
  heft_ledger_add (ledger, _("Trace of the Hessian"), measurement->hessian->trace, "nat", trace_note, HEFT_QUANTITY_EXACT);
}

void
heft_network_publish_ledger (HeftRecord *record, const HeftMeasuredNetwork *self)
{
  HeftLedger ledger = heft_ledger_begin (0);
  const HeftMeasurement *m = self->measurement;
  guint n = n_layers (self);
  g_autofree char *samples = heft_words_count (m->n_samples), *error = heft_words_percent (m->error);
  g_autofree char *on_samples = g_strdup_printf (_("first %s samples"), samples), *fisher = estimator_words (self);
  g_autofree char *beta = heft_words_number (self->beta), *n_beta = heft_words_number (self->beta * (double) m->n_samples);
  g_autofree char *parameters = heft_words_count (m->n_parameters);
  g_autofree char *price = g_strdup_printf (_("β = %s, N β = %s (1 is the ELBO)"), beta, n_beta);

  heft_ledger_add_words (&ledger, _("Weights"), parameters, heft_network_get_architecture (self->network), HEFT_QUANTITY_REFERENCE);
  heft_ledger_add (&ledger, _("Loss"), m->loss, "nat", on_samples, HEFT_QUANTITY_TRAIN_LOSS);
  heft_ledger_add_words (&ledger, _("Error"), error, on_samples, HEFT_QUANTITY_TRAIN_ERROR);
  heft_ledger_add (&ledger, _("Trace of the Fisher"), spectrum_at (self, n)->trace, "nat", fisher, HEFT_QUANTITY_FISHER);
  heft_ledger_add (&ledger, _("Gaussian information"), m->information[n], "nat", price, HEFT_QUANTITY_CORRECTED);
  heft_ledger_add (&ledger, _("As printed"), m->printed[n], "nat", _("Prop. 2.5 and eq. (8) of the paper"), HEFT_QUANTITY_PRINTED);
  if (m->hessian != NULL)
    add_hessian (&ledger, m);
  if (spectrum_at (self, n)->words != NULL)
    heft_ledger_add_words (&ledger, _("Route to the spectrum"), spectrum_at (self, n)->estimator, spectrum_at (self, n)->words,
                           HEFT_QUANTITY_REFERENCE);
  heft_record_publish (record, heft_ledger_end (&ledger));
  heft_record_set_result (record, "loss", m->loss);
  heft_record_set_result (record, "error", m->error);
  heft_record_set_result (record, "samples", (double) m->n_samples);
  heft_record_set_result (record, "parameters", (double) m->n_parameters);
  heft_record_set_result (record, "fisher_trace", spectrum_at (self, n)->trace);
  if (m->hessian != NULL && isfinite (m->hessian_gap))
    heft_record_set_result (record, "relative_gap", m->hessian_gap);
  else
    heft_record_set_result_missing (record, "relative_gap", _("The Hessian was not measured, or is zero."));
}
