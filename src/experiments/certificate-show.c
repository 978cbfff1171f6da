/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "experiments/certificate.h"
#include "experiments/ledger.h"
#include "experiments/words.h"

static HeftCertificate
with_beta (const HeftCertifyState *self, HeftCertificate certificate)
{
  if (self->setup->beta_pac > 0)
    {
      certificate.beta_pac = self->setup->beta_pac;
      certificate.n_betas = 1;
    }
  else
    heft_certificate_choose_beta (&certificate);
  return certificate;
}

HeftCertificate
heft_certify_certificate (const HeftCertifyState *self, gboolean cross_entropy)
{
  return with_beta (self, (HeftCertificate) {
    .n_samples = (double) self->setup->n_samples,
    .empirical = CLAMP (cross_entropy ? self->draws.risk : self->draws.error, 0, 1),
    .n_draws = (double) self->draws.n,
    .kl = self->kl,
    .scale_price = self->price + (cross_entropy ? self->setup->clamp_price : 0),
    .delta = self->setup->delta,
    .delta_draws = self->setup->delta_draws,
    .obstacles = self->obstacles,
  });
}

void
heft_certify_show_draws (const HeftCertifyState *self)
{
  static const int series[HEFT_N_BOUNDS] = { HEFT_CERTIFY_PAC_BAYES_KL, HEFT_CERTIFY_MCALLESTER, HEFT_CERTIFY_LAGRANGIAN };
  HeftCertificate certificate = heft_certify_certificate (self, FALSE);
  double x = (double) self->draws.n, upper, bound;

  heft_record_append (self->record, HEFT_CERTIFY_EMPIRICAL, 0, x, self->draws.error);
  if (heft_certificate_empirical (&certificate, &upper, NULL))
    heft_record_append (self->record, HEFT_CERTIFY_UPPER, 0, x, upper);
  for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
    if (heft_certificate_bound (&certificate, kind, &bound, NULL))
      heft_record_append (self->record, (gsize) series[kind], 0, x, bound);
  if (self->draws.n_test > 0)
    heft_record_append (self->record, HEFT_CERTIFY_TEST, 0, x, self->draws.test_error);
}

/* --- The ledger ----------------------------------------------------------------------------------------------------------- */

static const char *
bound_label (HeftBoundKind kind)
{
  switch (kind)
    {
    case HEFT_BOUND_PAC_BAYES_KL:
      return _("PAC-Bayes-kl bound");
    case HEFT_BOUND_MCALLESTER:
      return _("McAllester’s bound");
    case HEFT_BOUND_LAGRANGIAN:
    default:
      return _("Lagrangian bound");
    }
}

/* What stands beside the Lagrangian bound's number: its beta, and what choosing it cost. */
static char *
beta_words (const HeftCertificate *certificate)
{
  g_autofree char *beta = heft_words_number (certificate->beta_pac);
  g_autofree char *price = heft_words_number (log (certificate->n_betas));
  g_autofree char *n = heft_words_count ((guint64) certificate->n_betas);

  if (!(certificate->n_betas > 1))
    return g_strdup_printf (_("PAC-Bayes β = %s, fixed in advance"), beta);
  return g_strdup_printf (_("PAC-Bayes β = %s, the best of %s candidates fixed in advance: that costs log %s = %s nats"), beta, n, n, price);
}

static void
ledger_bound (HeftLedger *ledger, const HeftCertificate *certificate, HeftBoundKind kind)
{
  g_autofree char *note = kind == HEFT_BOUND_LAGRANGIAN ? beta_words (certificate) : NULL;
  g_autofree char *value = NULL;
  double bound;

  if (!heft_certificate_bound (certificate, kind, &bound, NULL))
    {
      heft_ledger_add_words (ledger, bound_label (kind), _("not a valid bound"),
                             heft_obstacle_words (certificate->obstacles), HEFT_QUANTITY_BOUND);
      return;
    }
  value = heft_words_percent (bound);
  if (note == NULL && bound > HEFT_CERTIFY_VACUOUS)
    note = g_strdup (_("vacuous: the risk of Q cannot exceed 1 anyway"));
  heft_ledger_add_words (ledger, bound_label (kind), value, note, HEFT_QUANTITY_BOUND);
  heft_ledger_gauge (ledger, bound);
}

void
heft_certify_ledger_bounds (HeftLedger *ledger, const HeftCertificate *certificate)
{
  for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
    ledger_bound (ledger, certificate, kind);
}

static void
ledger_ingredients (HeftLedger *ledger, const HeftCertifyState *self, const HeftCertificate *certificate)
{
  g_autofree char *samples = heft_words_count (self->setup->n_samples);
  g_autofree char *draws = heft_words_count (self->draws.n);
  g_autofree char *each = heft_words_count (self->setup->draw_samples > 0 ? self->setup->draw_samples : self->setup->n_samples);
  g_autofree char *price = heft_words_number (self->price);
  g_autofree char *kl_note = g_strdup_printf (self->price > 0 ? _("exact; %s nats more pay for scales chosen from their grid")
                                                              : _("exact, closed form"), price);
  g_autofree char *error = heft_words_percent (self->draws.error);
  g_autofree char *error_note = g_strdup_printf (_("m = %s weight draws, each on %s of N = %s samples"), draws, each, samples);
  double upper;

  heft_ledger_add (ledger, _("$\\mathrm{KL}(Q \\Vert P)$"), self->kl, "nat", kl_note, HEFT_QUANTITY_KL);
  heft_ledger_add_words (ledger, _("Empirical error of $Q$"), error, error_note, HEFT_QUANTITY_TRAIN_ERROR);
  if (heft_certificate_empirical (certificate, &upper, NULL))
    {
      g_autofree char *words = heft_words_percent (upper);
      g_autofree char *delta = heft_words_number (self->setup->delta_draws);
      g_autofree char *note = g_strdup_printf (_("what it is at most, given the draws; fails with probability δ′ = %s"), delta);

      heft_ledger_add_words (ledger, _("Its upper end"), words, note, HEFT_QUANTITY_TRAIN_ERROR);
    }
}

static void
ledger_test (HeftLedger *ledger, const HeftCertifyState *self)
{
  g_autofree char *error = heft_words_percent (self->draws.test_error);
  g_autofree char *mean = heft_words_percent (self->test_error_mean);
  g_autofree char *draws = heft_words_count (self->draws.n_test);
  g_autofree char *note = g_strdup_printf (_("%s weight draws; the mean weights as one network err on %s"), draws, mean);

  heft_ledger_add_words (ledger, _("Test error of $Q$"), error, note, HEFT_QUANTITY_TEST_ERROR);
}

static void
ledger_cross_entropy (HeftLedger *ledger, const HeftCertifyState *self)
{
  HeftCertificate certificate = heft_certify_certificate (self, TRUE);
  g_autofree char *smallest = heft_words_number (exp (-self->setup->largest_loss));
  g_autofree char *risk = heft_words_number (self->draws.risk);
  g_autofree char *price = heft_words_number (self->setup->clamp_price);
  g_autofree char *value = NULL, *note = NULL;
  double bound;

  if (!heft_certificate_bound (&certificate, HEFT_BOUND_PAC_BAYES_KL, &bound, NULL))
    return;
  value = heft_words_number (bound);
  note = g_strdup_printf (_("probabilities below %s count as that, scaled to [0, 1]; on the training samples %s; %s nats pay for "
                            "choosing where to cut"), smallest, risk, price);
  heft_ledger_add_words (ledger, _("PAC-Bayes-kl bound of the bounded cross-entropy"), value, note, HEFT_QUANTITY_LOOSER_BOUND);
}

void
heft_certify_show_ledger (const HeftCertifyState *self)
{
  HeftLedger ledger = heft_ledger_begin (self->step);
  HeftCertificate certificate = heft_certify_certificate (self, FALSE);
  g_autofree char *confidence = heft_words_percent (1 - self->setup->delta - self->setup->delta_draws);

  ledger_ingredients (&ledger, self, &certificate);
  heft_certify_ledger_bounds (&ledger, &certificate);
  ledger_cross_entropy (&ledger, self);
  if (self->obstacles == 0)
    heft_ledger_add_words (&ledger, _("Holds with probability"), confidence,
                           _("each bound by itself, over training sets and draws; what is not paid for was fixed before the data"),
                           HEFT_QUANTITY_THRESHOLD);
  ledger_test (&ledger, self);
  heft_record_publish (self->record, heft_ledger_end (&ledger));
}

/* --- Results -------------------------------------------------------------------------------------------------------------- */

static void
set_bound (const HeftCertifyState *self, const char *id, const HeftCertificate *certificate, HeftBoundKind kind)
{
  g_autoptr (GError) error = NULL;
  double bound;

  if (heft_certificate_bound (certificate, kind, &bound, &error))
    heft_record_set_result (self->record, id, bound);
  else
    heft_record_set_result_missing (self->record, id, error->message);
}

void
heft_certify_results (const HeftCertifyState *self)
{
  HeftCertificate certificate = heft_certify_certificate (self, FALSE), bounded = heft_certify_certificate (self, TRUE);
  double upper;

  set_bound (self, "pac_bayes_kl", &certificate, HEFT_BOUND_PAC_BAYES_KL);
  set_bound (self, "mcallester", &certificate, HEFT_BOUND_MCALLESTER);
  set_bound (self, "lagrangian_bound", &certificate, HEFT_BOUND_LAGRANGIAN);
  set_bound (self, "cross_entropy_bound", &bounded, HEFT_BOUND_PAC_BAYES_KL);
  heft_record_set_result (self->record, "empirical_error", self->draws.error);
  if (heft_certificate_empirical (&certificate, &upper, NULL))
    heft_record_set_result (self->record, "empirical_upper", upper);
  heft_record_set_result (self->record, "empirical_cross_entropy", self->draws.risk);
  heft_record_set_result (self->record, "test_error", self->draws.test_error);
  heft_record_set_result (self->record, "test_error_standard_error",
                          self->draws.n_test < 2 ? 0 : sqrt (self->draws.test_square / (double) (self->draws.n_test - 1)
                                                             / (double) self->draws.n_test));
  heft_record_set_result (self->record, "test_error_mean", self->test_error_mean);
  heft_record_set_result (self->record, "kl", self->kl);
  heft_record_set_result_array (self->record, "kl_layers", self->kl_layers, self->setup->n_layers);
  heft_record_set_result (self->record, "scale_price", self->price);
  heft_record_set_result (self->record, "clamp_price", self->setup->clamp_price);
  heft_record_set_result (self->record, "smallest_probability", exp (-self->setup->largest_loss));
  heft_record_set_result_array (self->record, "lambdas", self->lambdas, self->setup->n_layers);
  heft_record_set_result (self->record, "beta_pac", certificate.beta_pac);
  heft_record_set_result (self->record, "draws", (double) self->draws.n);
  heft_record_set_result (self->record, "samples", (double) self->setup->n_samples);
}

void
heft_certify_stopped (const HeftCertifyState *self)
{
  static const char *const names[] = { "pac_bayes_kl", "mcallester", "lagrangian_bound", "cross_entropy_bound", "empirical_error",
                                       "test_error", "kl" };

  if (self->draws.n > 0)
    heft_certify_show_ledger (self);
  /* Stopping when the draws look well would be choosing by looking at them. */
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    heft_record_set_result_missing (self->record, names[i],
                                    _("The run was stopped before its draws were done; a certificate needs their number fixed in advance."));
  heft_record_set_result (self->record, "samples", (double) self->setup->n_samples);
}

/* --- Sentences -------------------------------------------------------------------------------------------------------------- */

char *
heft_certify_training_sentence (HeftRecord *record)
{
  g_autofree char *bound_words = NULL, *risk_words = NULL;
  double bound, risk;

  if (!heft_record_get_last (record, "training_bound", 0, NULL, &bound) ||
      !heft_record_get_last (record, "training_risk", 0, NULL, &risk))
    return NULL;
  bound_words = heft_words_number (bound);
  risk_words = heft_words_number (risk);
  return g_strdup_printf (_("Training has brought the bound of the cross-entropy to about %s, the cross-entropy itself to %s."),
                          bound_words, risk_words);
}

char *
heft_certify_kl_sentence (HeftRecord *record)
{
  g_autofree char *kl_words = NULL;
  double kl;

  if (!heft_record_get_last (record, "kl", 0, NULL, &kl))
    return NULL;
  kl_words = heft_words_number (kl);
  return g_strdup_printf (_("The weights hold %s nats more than the prior; every nat loosens the bound."), kl_words);
}

char *
heft_certify_beta_sentence (HeftRecord *record)
{
  g_autofree char *words = NULL;
  double beta;

  if (!heft_record_get_last (record, "training_beta", 0, NULL, &beta))
    return NULL;
  words = heft_words_number (beta);
  return g_strdup_printf (_("The bound itself sets the price of a nat: now $N\\beta$ = %s."), words);
}

/* Why an ended run has no bound, or NULL. */
static char *
obstacle_words (HeftRecord *record)
{
  return heft_record_dup_result_reason (record, "pac_bayes_kl");
}

char *
heft_certify_draws_sentence (HeftRecord *record)
{
  g_autofree char *draws = NULL, *bound_words = NULL, *test_words = NULL, *obstacle = obstacle_words (record);
  double n, bound, test;

  if (obstacle != NULL || !heft_record_get_last (record, "pac_bayes_kl", 0, &n, &bound))
    return g_steal_pointer (&obstacle);
  draws = heft_words_count ((guint64) n);
  bound_words = heft_words_percent (bound);
  if (!heft_record_get_last (record, "test_error", 0, NULL, &test))
    return g_strdup_printf (_("After %s draws the error of $Q$ is certified to be at most %s."), draws, bound_words);
  test_words = heft_words_percent (test);
  return g_strdup_printf (_("After %s draws the error of $Q$ is certified to be at most %s; on test samples it is %s."), draws,
                          bound_words, test_words);
}

char *
heft_certify_ledger_sentence (HeftRecord *record)
{
  g_autofree char *bound_words = NULL, *obstacle = obstacle_words (record);
  double bound;

  if (obstacle != NULL || !heft_record_get_last (record, "pac_bayes_kl", 0, NULL, &bound))
    return g_steal_pointer (&obstacle);
  bound_words = heft_words_percent (bound);
  return g_strdup_printf (bound > HEFT_CERTIFY_VACUOUS ? _("The certificate is vacuous: %s.") : _("The PAC-Bayes-kl bound certifies an error of at most %s."),
                          bound_words);
}
