/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/information.h>

#include "experiments/ledger.h"
#include "experiments/network-export.h"
#include "experiments/train-private.h"
#include "experiments/words.h"

/* Draws are numbered by the step they are taken at; those at the end of a run have numbers of their own. */
#define FINAL_DRAWS ((guint64) 1 << 40)
#define KL_DRAWS ((guint64) 1 << 42)   /* where KL has no closed form */
#define FISHER_SAMPLES 1000

static gboolean
is_dirac (const HeftMeasureRequest *request)
{
  return request->posterior->kind == HEFT_POSTERIOR_DIRAC;
}

static void
append (HeftGauges *self, gsize series, guint64 step, double value)
{
  heft_record_append (self->record, series, 0, (double) step, value);
}

/* --- Losses and errors ------------------------------------------------------------------------------------------------ */

gboolean
heft_gauges_losses (HeftGauges *self, const HeftMeasureRequest *request, GError **error)
{
  HeftNetwork *network = self->setup->network;
  const HeftLoss *loss = &self->setup->loss;
  gsize samples = request->final ? 0 : request->evaluation_samples;
  guint draws = request->final && !is_dirac (request) ? request->draws : 1;
  guint64 first = request->final ? FINAL_DRAWS : request->step;
  guint threads = request->final ? self->n_threads : 1;

  if (!heft_evaluate_loss (network, request->posterior, loss, FALSE, self->setup->data.train, samples, self->seed, first, draws,
                           threads, self->cancellable, &self->train, error) ||
      !heft_evaluate_loss (network, request->posterior, loss, FALSE, self->setup->data.test, samples, self->seed, first, draws,
                           threads, self->cancellable, &self->test, error) ||
      !heft_evaluate_loss (network, request->posterior, loss, TRUE, self->setup->data.test, samples, self->seed, 0, 1, threads,
                           self->cancellable, &self->test_mean, error))
    return FALSE;
  self->has_losses = TRUE;
  self->final = request->final;
  self->losses_step = request->step;
  if (request->final)
    return TRUE;
  append (self, HEFT_TRAIN_TRAIN_LOSS, request->step, self->train.loss);
  append (self, HEFT_TRAIN_TEST_LOSS, request->step, self->test.loss);
  append (self, HEFT_TRAIN_TRAIN_ERROR, request->step, self->train.error);
  append (self, HEFT_TRAIN_TEST_ERROR, request->step, self->test.error);
  if (!is_dirac (request))
    append (self, HEFT_TRAIN_TEST_ERROR_MEAN, request->step, self->test_mean.error);
  return TRUE;
}

/* --- Spectra ---------------------------------------------------------------------------------------------------------- */

#define ONLY_SOFTMAX N_("The Fisher information is measured for the softmax only.")

/* The Fisher's labels are drawn from the model, which for other losses is another one. */
static gboolean
is_softmax (const HeftGauges *self)
{
  return self->setup->loss.kind == HEFT_LOSS_SOFTMAX;
}

/* What is not measured is said in its place. */
static void
publish_obstacle (HeftGauges *self, guint64 step)
{
  HeftFrame *frame = heft_frame_new ("spectra", step);

  heft_frame_set_text (frame, "obstacle", _(ONLY_SOFTMAX));
  heft_record_publish (self->record, frame);
}

gboolean
heft_gauges_spectra (HeftGauges *self, const HeftMeasureRequest *request, GError **error)
{
  GPtrArray *spectra;

  if (!is_softmax (self))
    {
      publish_obstacle (self, request->step);
      return TRUE;
    }
  spectra = heft_fisher_spectra_live (self->setup->network, request->posterior->mean, self->setup->data.train,
                                      request->spectra_samples, self->seed, request->step, self->cancellable, error);
  if (spectra == NULL)
    return FALSE;
  g_clear_pointer (&self->spectra, g_ptr_array_unref);
  self->spectra = spectra;
  self->spectra_step = request->step;
  return TRUE;
}

/* The trace with the scale of the logits divided out, beside the raw one. */
static gboolean
measure_scaled (HeftGauges *self, const HeftMeasureRequest *request, gsize samples, GError **error)
{
  g_autofree double *traces = g_new0 (double, self->setup->n_layers);
  double scale, trace = 0;

  if (!heft_fisher_scaled_traces_f32 (self->setup->network, request->posterior->mean, self->setup->data.train, samples, &scale,
                                      traces, self->cancellable, error))
    return FALSE;
  for (gsize l = 0; l < self->setup->n_layers; l++)
    trace += traces[l];
  if (request->final)
    heft_record_set_result (self->record, "logit_scale", scale);
  if (request->final && scale > 0)
    heft_record_set_result (self->record, "fisher_trace_scaled", trace);
  else if (request->final)
    heft_record_set_result_missing (self->record, "fisher_trace_scaled",
                                    _("The logits are the same for every class: they have no scale."));
  else if (scale > 0)
    append (self, HEFT_TRAIN_FISHER_TRACE_SCALED, request->step, trace);
  return TRUE;
}

/* For losses that have no Fisher here. */
static void
fisher_missing (HeftGauges *self)
{
  static const char *const names[] = { "fisher_trace", "fisher_trace_scaled", "logit_scale" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    heft_record_set_result_missing (self->record, names[i], _(ONLY_SOFTMAX));
}

gboolean
heft_gauges_head (HeftGauges *self, const HeftMeasureRequest *request, GError **error)
{
  gsize samples = request->final ? MIN (FISHER_SAMPLES, self->setup->n_samples) : request->spectra_samples;
  GPtrArray *heads;
  double trace = 0;

  if (!is_softmax (self))
    {
      if (request->final)
        fisher_missing (self);
      return TRUE;
    }
  heads = heft_fisher_lanczos (self->setup->network, request->posterior->mean, self->setup->data.train, samples,
                               HEFT_HEAD_VALUES, HEFT_HEAD_ITERATIONS, FALSE, self->seed, self->cancellable, error);
  if (heads == NULL)
    return FALSE;
  g_clear_pointer (&self->heads, g_ptr_array_unref);
  self->heads = heads;
  for (guint l = 0; l < heads->len; l++)
    trace += ((HeftSpectrum *) g_ptr_array_index (heads, l))->trace;
  if (request->final)
    heft_record_set_result (self->record, "fisher_trace", trace);
  else
    append (self, HEFT_TRAIN_FISHER_TRACE, request->step, trace);
  return measure_scaled (self, request, samples, error);
}

/* --- Prices: what beta and lambda alone move ---------------------------------------------------------------------------- */

/* |w* - centre|^2 of one layer. */
static double
squared_distance (const HeftMeasureRequest *request, const HeftLayer *layer)
{
  const float *centre = heft_prior_get_centre (request->prior);
  double sum = 0;

  for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
    {
      double d = (double) request->posterior->mean[i] - (centre != NULL ? (double) centre[i] : 0);

      sum += d * d;
    }
  return sum;
}

/* Sum over layers, NAN without spectra. */
static double
gaussian_information (HeftGauges *self, const HeftMeasureRequest *request)
{
  double sum = 0;
  g_autofree double *layers = g_new0 (double, self->setup->n_layers);

  /* It is of a Gaussian prior. */
  if (self->spectra == NULL || heft_prior_get_mixture (request->prior, NULL, NULL))
    return NAN;
  for (guint l = 0; l < self->spectra->len; l++)
    {
      const HeftSpectrum *spectrum = g_ptr_array_index (self->spectra, l);
      const HeftLayer *layer = heft_network_get_weight_layer (self->setup->network, l);

      layers[l] = heft_gaussian_information (spectrum->eigenvalues, spectrum->n_eigenvalues, spectrum->n_parameters,
                                             squared_distance (request, layer), request->beta,
                                             heft_prior_get_lambda (request->prior, l));
      sum += layers[l];
    }
  for (guint l = 0; isfinite (sum) && is_dirac (request) && l < self->spectra->len; l++)
    heft_record_append (self->record, HEFT_TRAIN_GAUSSIAN_LAYERS, l, (double) request->step, layers[l]);
  return sum;
}

static void
add_spectra (HeftFrame *frame, const HeftNetwork *network, GPtrArray *spectra, const char *prefix)
{
  for (guint l = 0; spectra != NULL && l < spectra->len; l++)
    {
      const HeftSpectrum *spectrum = g_ptr_array_index (spectra, l);
      g_autofree char *name = g_strdup_printf ("%s:%s", prefix, heft_network_get_weight_layer (network, l)->name);

      heft_frame_set_array (frame, name, 1, spectrum->n_eigenvalues, spectrum->eigenvalues);
    }
}

static char *
estimator_words (GPtrArray *spectra)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (spectra, 0);
  g_autofree char *samples = heft_words_count (spectrum->n_samples);

  return g_strdup_printf (_("%s, first %s training samples"), spectrum->estimator, samples);
}

static void
publish_spectra (HeftGauges *self, const HeftMeasureRequest *request)
{
  HeftFrame *frame;
  gsize paid = 0, parameters = 0;
  double threshold = NAN;
  gboolean one_threshold = TRUE;
  g_autofree char *estimator = NULL, *head = NULL;

  if (self->spectra == NULL || self->spectra->len == 0)
    return;
  frame = heft_frame_new ("spectra", self->spectra_step);
  add_spectra (frame, self->setup->network, self->spectra, "layer");
  add_spectra (frame, self->setup->network, self->heads, "head");
  for (guint l = 0; l < self->spectra->len; l++)
    {
      const HeftSpectrum *spectrum = g_ptr_array_index (self->spectra, l);
      g_autofree char *name = g_strdup_printf ("threshold:%s", heft_network_get_weight_layer (self->setup->network, l)->name);
      double here = heft_free_direction_threshold (request->beta, heft_prior_get_lambda (request->prior, l));

      one_threshold = one_threshold && (l == 0 || here == threshold);
      threshold = here;
      paid += heft_spectrum_count_above (spectrum, here);
      parameters += spectrum->n_parameters;
      heft_frame_set_number (frame, name, here);
    }
  if (one_threshold)
    heft_frame_set_number (frame, "threshold", threshold);
  heft_frame_set_text (frame, "threshold_label", "$\\beta/\\lambda^2$");
  heft_frame_set_number (frame, "paid_directions", (double) paid);
  heft_frame_set_number (frame, "parameters", (double) parameters);
  estimator = estimator_words (self->spectra);
  heft_frame_set_text (frame, "estimator", estimator);
  if (self->heads != NULL && self->heads->len > 0)
    {
      head = estimator_words (self->heads);
      heft_frame_set_text (frame, "head_estimator", head);
    }
  heft_record_publish (self->record, frame);
}

void
heft_gauges_price (HeftGauges *self, const HeftMeasureRequest *request)
{
  self->kl_error = 0;
  if (heft_prior_get_mixture (request->prior, NULL, NULL))
    self->kl = heft_code_kl_sampled (self->setup->network, request->prior, request->posterior, self->seed, KL_DRAWS + request->step,
                                     HEFT_KL_DRAWS, self->kl_layers, &self->kl_error);
  else
    self->kl = heft_code_kl (self->setup->network, request->prior, request->posterior, self->kl_layers);
  if (!request->final && isfinite (self->kl))
    {
      append (self, HEFT_TRAIN_KL, request->step, self->kl);
      for (gsize l = 0; l < self->setup->n_layers; l++)
        heft_record_append (self->record, HEFT_TRAIN_KL_LAYERS, l, (double) request->step, self->kl_layers[l]);
    }
  self->gaussian = gaussian_information (self, request);
  if (!request->final && isfinite (self->gaussian))
    append (self, HEFT_TRAIN_GAUSSIAN, request->step, self->gaussian);
  /* Loss and KL of one posterior: an older loss is not summed with a newer KL. */
  if (!request->final && self->has_losses && self->losses_step == request->step && isfinite (self->kl))
    append (self, HEFT_TRAIN_LAGRANGIAN, request->step, self->train.loss + request->beta * self->kl);
  publish_spectra (self, request);
  heft_train_publish_course (self->record, request);
}

/* What stands in the place of a point's information while there is none, or NULL: then Q has a KL. */
static const char *
point_words (const HeftTrainSetup *setup, HeftTrainer *trainer)
{
  if (heft_trainer_get_posterior (trainer)->kind != HEFT_POSTERIOR_DIRAC)
    return NULL;
  if (setup->loss.kind != HEFT_LOSS_SOFTMAX)
    return _("A point has infinite KL to any prior, and the Gaussian (Laplace) information around it needs the Fisher information, "
             "which is measured for the softmax only. Choose a mean-field posterior, or the softmax.");
  if (heft_prior_get_mixture (heft_trainer_get_prior (trainer), NULL, NULL))
    return _("A point has infinite KL to any prior, and the Gaussian (Laplace) information around it needs a Gaussian prior, which a "
             "mixture of two scales is not. Choose a mean-field posterior, or another prior.");
  return _("A point has infinite KL to any prior. The Gaussian (Laplace) information around it appears with the first measurement of "
           "the curvature.");
}

void
heft_train_publish_thresholds (HeftRecord *record, const HeftTrainSetup *setup, HeftTrainer *trainer)
{
  HeftFrame *frame = heft_frame_new ("kl-thresholds", 0);
  const char *obstacle = point_words (setup, trainer);

  if (obstacle != NULL)
    heft_frame_set_text (frame, "obstacle", obstacle);
  heft_frame_set_number (frame, "price", 1.0 / (double) setup->n_samples);
  heft_frame_set_text (frame, "price_label", _("$1/N$, the ELBO"));

  heft_frame_set_number (frame, "threshold",
                         (double) setup->n_samples * log ((double) heft_network_get_n_classes (setup->network)));
  heft_frame_set_text (frame, "threshold_label", "$N\\,\\log C$");
  heft_record_publish (record, frame);
}

/* --- Q itself ----------------------------------------------------------------------------------------------------------- */

void
heft_train_publish_posterior (HeftRecord *record, const HeftTrainSetup *setup, const HeftPosterior *posterior, const HeftPrior *prior,
                              guint64 step)
{
  const float *centre = heft_prior_get_centre (prior);
  HeftFrame *frame = heft_frame_new ("posterior", step);
  double *mean = g_new (double, posterior->n);
  double *offsets = g_new (double, setup->n_layers + 1);
  double *lambdas = g_new (double, setup->n_layers);

  for (gsize i = 0; i < posterior->n; i++)
    mean[i] = posterior->mean[i];
  heft_frame_take_array (frame, "mean", 1, posterior->n, mean);
  if (posterior->log_deviation != NULL)
    {
      double *variance = g_new (double, posterior->n);

      heft_posterior_variances (posterior, variance);
      heft_frame_take_array (frame, "variance", 1, posterior->n, variance);
    }
  if (posterior->factors != NULL)
    {
      double *factors = g_new (double, posterior->rank * posterior->n);

      for (gsize i = 0; i < posterior->rank * posterior->n; i++)
        factors[i] = posterior->factors[i];
      heft_frame_take_array (frame, "factors", posterior->rank, posterior->n, factors);
    }
  if (centre != NULL)
    {
      double *copy = g_new (double, posterior->n);

      for (gsize i = 0; i < posterior->n; i++)
        copy[i] = centre[i];
      heft_frame_take_array (frame, "centre", 1, posterior->n, copy);
    }
  for (gsize l = 0; l < setup->n_layers; l++)
    {
      offsets[l] = (double) heft_network_get_weight_layer (setup->network, l)->offset;
      lambdas[l] = heft_prior_get_lambda (prior, l);
    }
  offsets[setup->n_layers] = (double) posterior->n;
  heft_frame_take_array (frame, "offsets", 1, setup->n_layers + 1, offsets);
  heft_frame_take_array (frame, "lambdas", 1, setup->n_layers, lambdas);
  heft_frame_set_network (frame, setup->network);
  heft_record_publish (record, frame);
}

/* --- The ledger ----------------------------------------------------------------------------------------------------------- */

/* How the training loss and error were measured, and at which step where that is not the ledger's. */
static char *
losses_words (const HeftGauges *self, const HeftMeasureRequest *request)
{
  const HeftEvaluation *evaluation = &self->train;
  g_autofree char *samples = heft_words_count (evaluation->n_samples);
  g_autofree char *draws = heft_words_count (evaluation->n_draws);
  g_autofree char *step = heft_words_count (self->losses_step);
  g_autofree char *words = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s draw of all weights, %s samples",
                                                         "%s draws of all weights, %s samples", evaluation->n_draws),
                                            draws, samples);

  if (self->losses_step == request->step)
    return g_steal_pointer (&words);
  return g_strdup_printf (_("%s, at step %s"), words, step);
}

static void
ledger_objective (HeftLedger *ledger, HeftGauges *self, const HeftMeasureRequest *request)
{
  g_autofree char *note = losses_words (self, request);
  g_autofree char *beta = heft_words_number (request->beta);
  g_autofree char *n_beta = heft_words_number (request->beta * (double) self->setup->n_samples);
  g_autofree char *price = g_strdup_printf (request->by_bound ? _("β = %s, N β = %s, set by the bound (1 is the ELBO)")
                                                               : _("β = %s, N β = %s (1 is the ELBO)"), beta, n_beta);

  heft_ledger_add (ledger, _("$E_Q L$, training"), self->train.loss, "nat", note, HEFT_QUANTITY_TRAIN_LOSS);
  if (!isfinite (self->kl))
    {
      heft_ledger_add_words (ledger, _("$\\beta\\,\\mathrm{KL}$"), "∞", _("a point has infinite KL to any prior"),
                             HEFT_QUANTITY_KL);
      if (request->temperature > 0)
        heft_ledger_add (ledger, _("$\\eta/B$, temperature of SGD"), request->temperature, "",
                         _("up to the scale of the gradient noise; momentum μ multiplies it by 1/(1 − μ)"), HEFT_QUANTITY_LAGRANGIAN);
      return;
    }
  heft_ledger_add (ledger, _("$\\beta\\,\\mathrm{KL}$"), request->beta * self->kl, "nat", price, HEFT_QUANTITY_KL);
  heft_ledger_add (ledger, _("$C_\\beta$, the sum"), self->train.loss + request->beta * self->kl, "nat",
                   _("what training lowers"), HEFT_QUANTITY_LAGRANGIAN);
  if (isfinite (self->train.loss))
    heft_frame_set_number (ledger->frame, "lagrangian", self->train.loss + request->beta * self->kl);
}

static void
ledger_fuel (HeftLedger *ledger, HeftGauges *self)
{
  double limit = (double) self->setup->n_samples * log ((double) heft_network_get_n_classes (self->setup->network));
  gboolean dirac = !isfinite (self->kl);
  double used = dirac ? self->gaussian : self->kl;
  g_autofree char *words = heft_words_number (limit);
  g_autofree char *share = isfinite (used) ? heft_words_percent (used / limit) : g_strdup ("–");
  g_autofree char *note = g_strdup_printf (_("%s of N log C = %s nats"), share, words);

  if (self->kl_error > 0)
    {
      g_autofree char *exact = g_steal_pointer (&note), *error = heft_words_number (self->kl_error);

      note = g_strdup_printf (_("%s; estimated by %d draws of all weights, ± %s"), exact, HEFT_KL_DRAWS, error);
    }
  heft_ledger_add (ledger, dirac ? _("Gaussian (Laplace) information") : _("$\\mathrm{KL}(Q \\Vert P)$"), used, "nat", note,
                   dirac ? HEFT_QUANTITY_GAUSSIAN : HEFT_QUANTITY_KL);
  heft_ledger_gauge (ledger, used / limit);
}

static HeftCertificate
certificate_now (HeftGauges *self, const HeftMeasureRequest *request)
{
  double price;
  g_autoptr (HeftPrior) rounded = heft_train_grid_prior (request->prior, request->lambda_grid, request->shared_scale,
                                                            self->setup->n_layers, &price);
  HeftCertificate certificate = {
    .n_samples = (double) self->setup->n_samples,
    .empirical = self->train.error,
    .n_draws = self->train.n_draws,
    .kl = self->kl,
    .scale_price = price,
    .n_betas = 1,
    .delta = 0.04,
    .delta_draws = 0.01,
  };

  if (!isfinite (self->kl))
    certificate.obstacles |= HEFT_OBSTACLE_POINT;
  if (heft_prior_get_mixture (request->prior, NULL, NULL))
    certificate.kl = heft_code_kl_bound (self->setup->network, rounded != NULL ? rounded : request->prior, request->posterior);
  else if (rounded != NULL)
    certificate.kl = heft_code_kl (self->setup->network, rounded, request->posterior, NULL);
  if (isfinite (self->kl) && !isfinite (certificate.kl))
    certificate.obstacles |= HEFT_OBSTACLE_KL_ESTIMATED;
  /* Scales from a grid may be chosen afterwards: the price is paid. */
  if (rounded != NULL)
    ;
  else if (heft_prior_get_kind (request->prior) == HEFT_PRIOR_EMPIRICAL_BAYES)
    certificate.obstacles |= HEFT_OBSTACLE_SCALE_FITTED;
  else if (!heft_prior_is_fixed (request->prior))
    certificate.obstacles |= HEFT_OBSTACLE_PRIOR_MOVED;
  if (!self->final)
    certificate.obstacles |= HEFT_OBSTACLE_SAMPLES_LEFT;
  return certificate;
}

static void
ledger_certificate (HeftLedger *ledger, HeftGauges *self, const HeftMeasureRequest *request)
{
  const HeftCertificate certificate = certificate_now (self, request);
  g_autofree char *error_words = heft_words_percent (self->train.error);
  g_autofree char *samples = heft_words_count (self->setup->n_samples);
  g_autofree char *draws = heft_words_count (self->train.n_draws);
  /* m and N are the certificate's only where the error was measured on every training sample. */
  g_autofree char *note = self->final ? g_strdup_printf (_("draws m = %s, N = %s, δ = 0.05"), draws, samples)
                                      : losses_words (self, request);
  const char *obstacle = heft_obstacle_words (certificate.obstacles);
  double bound;

  heft_ledger_add_words (ledger, _("Error of $Q$, training"), error_words, note, HEFT_QUANTITY_TRAIN_ERROR);
  if (heft_certificate_bound (&certificate, HEFT_BOUND_PAC_BAYES_KL, &bound, NULL))
    {
      g_autofree char *value = heft_words_percent (bound), *price = heft_words_number (certificate.scale_price);
      const char *meaning = bound > 0.9995 ? _("vacuous: the risk of Q cannot exceed 1 anyway")
                            : self->setup->label_noise > 0
                              ? _("on the risk of Q for labels as noisy as these, with probability 0.95 over training sets")
                              : _("on the risk of Q, with probability 0.95 over training sets");
      g_autofree char *paid = certificate.scale_price > 0
        ? g_strdup_printf (_("%s; %s nats paid for the choice of λ"), meaning, price) : g_strdup (meaning);

      heft_ledger_add_words (ledger, _("PAC-Bayes-kl bound"), value, paid, HEFT_QUANTITY_BOUND);
      return;
    }
  heft_ledger_add_words (ledger, _("PAC-Bayes-kl bound"), _("not a valid bound"), obstacle, HEFT_QUANTITY_BOUND);
}

static void
ledger_cost (HeftLedger *ledger, HeftGauges *self)
{
  double wall = (double) (g_get_monotonic_time () - self->started) / G_USEC_PER_SEC;
  double refresh = 0;
  g_autofree char *seconds = NULL, *value = NULL, *share = NULL, *note = NULL;

  for (guint gauge = 0; gauge < HEFT_N_GAUGES; gauge++)
    refresh += self->seconds[gauge];
  seconds = heft_words_number (refresh);
  value = g_strdup_printf (_("%s s"), seconds);
  share = heft_words_percent (wall > 0 ? self->total_seconds / (wall * self->n_threads) : 0);
  note = g_strdup_printf (_("processor time a refresh; %s of the run’s"), share);
  heft_ledger_add_words (ledger, _("Cost of the gauges"), value, note, HEFT_QUANTITY_REFERENCE);
  heft_ledger_fleeting (ledger);
}

void
heft_gauges_ledger (HeftGauges *self, const HeftMeasureRequest *request)
{
  HeftLedger ledger;

  if (!self->has_losses)
    return;
  ledger = heft_ledger_begin (request->step);
  ledger_objective (&ledger, self, request);
  ledger_fuel (&ledger, self);
  heft_train_ledger_lambdas (&ledger, request->prior, self->setup->n_layers);
  ledger_certificate (&ledger, self, request);
  heft_train_ledger_course (&ledger, request);
  ledger_cost (&ledger, self);
  heft_record_publish (self->record, heft_ledger_end (&ledger));
}

/* --- Results -------------------------------------------------------------------------------------------------------------- */

static void
store_lambdas (HeftGauges *self, const HeftMeasureRequest *request)
{
  g_autofree double *lambdas = g_new (double, self->setup->n_layers);

  for (gsize l = 0; l < self->setup->n_layers; l++)
    lambdas[l] = heft_prior_get_lambda (request->prior, l);
  heft_record_set_result_array (self->record, "lambda_layers", lambdas, self->setup->n_layers);
}

void
heft_gauges_results (HeftGauges *self, const HeftMeasureRequest *request)
{
  HeftRecord *record = self->record;

  heft_record_set_result (record, "train_loss", self->train.loss);
  heft_record_set_result (record, "train_error", self->train.error);
  heft_record_set_result (record, "test_loss", self->test.loss);
  heft_record_set_result (record, "test_error", self->test.error);
  heft_record_set_result (record, "test_error_mean", self->test_mean.error);
  heft_record_set_result (record, "draws", self->train.n_draws);
  heft_record_set_result (record, "train_loss_standard_error", self->train.loss_error);
  heft_record_set_result (record, "test_error_standard_error", self->test.error_error);
  store_lambdas (self, request);
  if (isfinite (self->kl))
    {
      heft_record_set_result (record, "kl", self->kl);
      heft_record_set_result (record, "kl_standard_error", self->kl_error);
      heft_record_set_result_array (record, "kl_layers", self->kl_layers, self->setup->n_layers);
      heft_record_set_result (record, "lagrangian", self->train.loss + request->beta * self->kl);
    }
  else
    {
      const char *reason = _("A Dirac posterior is a point: its KL to any prior density is infinite. See gaussian_information.");

      heft_record_set_result_missing (record, "kl", reason);
      heft_record_set_result_missing (record, "kl_standard_error", reason);
      heft_record_set_result_missing (record, "kl_layers", reason);
      heft_record_set_result_missing (record, "lagrangian", reason);
    }
  if (isfinite (self->gaussian))
    heft_record_set_result (record, "gaussian_information", self->gaussian);
  else
    heft_record_set_result_missing (record, "gaussian_information",
                                    heft_prior_get_mixture (request->prior, NULL, NULL)
                                    ? _("The Gaussian information is that of a Gaussian prior, and this one is a mixture.")
                                    : _("The spectra were not measured."));
}
