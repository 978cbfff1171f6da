/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/description.h>

#include "experiments/certificate.h"
#include "experiments/ledger.h"
#include "experiments/network.h"
#include "experiments/words.h"

typedef struct
{
  double uniform, two_part, variational, variational_error;
} Lengths;

static Lengths
find_lengths (const HeftMeasuredNetwork *self)
{
  double n = (double) self->measurement->n_samples, kl = self->certificate.kl;

  return (Lengths) {
    .uniform = heft_code_length_uniform (n, (double) heft_network_get_n_classes (self->network)),
    .two_part = heft_code_length_variational (n, self->measurement->loss, kl),
    .variational = heft_code_length_variational (n, self->risk.loss, kl),
    .variational_error = n * self->risk.loss_standard_error,
  };
}

static void
add_ingredients (HeftLedger *ledger, const HeftMeasuredNetwork *self)
{
  const HeftWeightNoise noise = heft_sigma_star_noise (&self->sigma);
  const gsize n = self->measurement->n_samples;
  g_autofree char *kl_note = g_strdup_printf (_("closed form; P = N(0, λ² I), Q = N(w*, Σ*), %s"), heft_weight_noise_name (&noise));
  g_autofree char *error = heft_words_percent (self->risk.error), *samples = heft_words_count (n);
  g_autofree char *draws = heft_words_count (self->risk.n_draws);
  g_autofree char *each = heft_words_count (self->draw_samples > 0 ? self->draw_samples : n);
  g_autofree char *note = g_strdup_printf (_("m = %s weight draws, each on %s of N = %s samples"), draws, each, samples);
  double upper;

  heft_ledger_add (ledger, _("$\\mathrm{KL}(Q \\Vert P)$"), self->certificate.kl, "nat", kl_note, HEFT_QUANTITY_KL);
  heft_ledger_add_words (ledger, _("Empirical error of $Q$"), error, note, HEFT_QUANTITY_TRAIN_ERROR);
  if (heft_certificate_empirical (&self->certificate, &upper, NULL))
    {
      g_autofree char *words = heft_words_percent (upper), *delta = heft_words_number (self->certificate.delta_draws);
      g_autofree char *upper_note = g_strdup_printf (_("what it is at most, given the draws; fails with probability δ′ = %s"), delta);

      heft_ledger_add_words (ledger, _("Its upper end"), words, upper_note, HEFT_QUANTITY_TRAIN_ERROR);
    }
}

static void
add_lengths (HeftLedger *ledger, const Lengths *lengths)
{
  g_autofree char *doubt = heft_words_number (lengths->variational_error);
  g_autofree char *note = isfinite (lengths->variational_error)
                          ? g_strdup_printf (_("± %s nat, by the draws; smallest at N β = 1 among the optima"), doubt)
                          : g_strdup (_("by the draws; smallest at N β = 1 among the optima"));

  heft_ledger_add (ledger, _("Labels written down"), lengths->uniform, "nat", _("N log C: what memorising costs"), HEFT_QUANTITY_REFERENCE);
  heft_ledger_add (ledger, _("$N L_D(w^*) + \\mathrm{KL}$"), lengths->two_part, "nat",
                   _("the loss at the mean weights; the prequential code trains anew and is in the lab"), HEFT_QUANTITY_LAGRANGIAN);
  heft_ledger_add (ledger, _("$N \\mathrm{E}_Q L_D + \\mathrm{KL}$"), lengths->variational, "nat", note, HEFT_QUANTITY_LAGRANGIAN);
}

static void
set_bound (HeftRecord *record, const char *id, const HeftCertificate *certificate, HeftBoundKind kind)
{
  g_autoptr (GError) error = NULL;
  double bound;

  if (heft_certificate_bound (certificate, kind, &bound, &error))
    heft_record_set_result (record, id, bound);
  else
    heft_record_set_result_missing (record, id, error->message);
}

static void
set_results (HeftRecord *record, const HeftMeasuredNetwork *self, const Lengths *lengths)
{
  set_bound (record, "pac_bayes_kl", &self->certificate, HEFT_BOUND_PAC_BAYES_KL);
  set_bound (record, "mcallester", &self->certificate, HEFT_BOUND_MCALLESTER);
  set_bound (record, "lagrangian_bound", &self->certificate, HEFT_BOUND_LAGRANGIAN);
  heft_record_set_result (record, "empirical_error", self->risk.error);
  heft_record_set_result (record, "kl", self->certificate.kl);
  heft_record_set_result (record, "code_uniform", lengths->uniform);
  heft_record_set_result (record, "code_two_part", lengths->two_part);
  if (isfinite (lengths->variational))
    heft_record_set_result (record, "code_variational", lengths->variational);
  else
    heft_record_set_result_missing (record, "code_variational", _("A draw gave a label probability 0."));
}

void
heft_network_publish_certificate (HeftRecord *record, const HeftMeasuredNetwork *self, gboolean done)
{
  HeftLedger ledger = heft_ledger_begin_as ("certificate", 0);
  g_autofree char *confidence = heft_words_percent (1 - self->certificate.delta - self->certificate.delta_draws);
  const Lengths lengths = find_lengths (self);
  double bound;

  add_ingredients (&ledger, self);
  heft_certify_ledger_bounds (&ledger, &self->certificate);
  if (self->certificate.obstacles == 0)
    heft_ledger_add_words (&ledger, _("Holds with probability"), confidence,
                           _("each bound by itself; where λ was fixed before these samples were seen, and they are independent draws"),
                           HEFT_QUANTITY_THRESHOLD);
  add_lengths (&ledger, &lengths);
  if (heft_certificate_bound (&self->certificate, HEFT_BOUND_PAC_BAYES_KL, &bound, NULL))
    heft_frame_set_number (ledger.frame, "bound", bound);
  else
    heft_frame_set_text (ledger.frame, "reason", heft_obstacle_words (self->certificate.obstacles));
  heft_record_publish (record, heft_ledger_end (&ledger));
  if (done)
    set_results (record, self, &lengths);
}

char *
heft_network_certificate_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "certificate");
  g_autofree char *words = NULL;
  const char *reason;
  double bound;

  if (frame == NULL)
    return NULL;
  reason = heft_frame_get_text (frame, "reason");
  if (reason != NULL)
    return g_strdup_printf (_("Not a valid bound: %s."), reason);
  bound = heft_frame_get_number (frame, "bound", NAN);
  if (!isfinite (bound))
    return NULL;
  words = heft_words_percent (bound);
  return g_strdup_printf (bound > HEFT_CERTIFY_VACUOUS ? _("The certificate is vacuous: %s.")
                                                       : _("The PAC-Bayes-kl bound certifies an error of at most %s."), words);
}
