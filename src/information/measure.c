/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>
#include <heft/measure.h>
#include <heft/pass.h>

#include "curvature/factors.h"
#include "information/certifier.h"
#include "information/effective.h"
#include "information/hessian-products.h"
#include "information/noise.h"
#include "linalg/linalg.h"

#define CHUNK 256
/* Of Lanczos: eigenvalues shown, and steps at most. */
#define LANCZOS_TOP 20
#define LANCZOS_ITERATIONS 100
/* Of stochastic Lanczos quadrature: steps and probes at least, at most, and the operations that may be spent on a block in between. The
 * standard error of three probes has two degrees of freedom, and thirty steps are few where lambda^2 / beta is large. */
#define QUADRATURE_STEPS 30
#define QUADRATURE_PROBES 3
#define QUADRATURE_MOST_STEPS 100
#define QUADRATURE_MOST_PROBES 30
#define QUADRATURE_OPERATIONS 4e9

/* k x k matrices of more weights than this take gigabytes and many minutes. */
#define MAX_DENSE 8000

void
heft_measurement_free (HeftMeasurement *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->spectra, g_ptr_array_unref);
  g_clear_pointer (&self->effective, g_ptr_array_unref);
  heft_spectrum_free (self->hessian);
  g_free (self->information);
  g_free (self->information_error);
  g_free (self->printed);
  g_free (self->log_determinant);
  g_free (self->log_determinant_error);
  g_free (self->hessian_residuals);
  heft_nuisance_table_free (self->nuisances);
  g_clear_pointer (&self->quadratures, g_ptr_array_unref);
  for (gsize r = 0; r < HEFT_N_PUSHFORWARDS; r++)
    {
      g_clear_pointer (&self->pushforwards[r].layers, g_ptr_array_unref);
      g_free (self->pushforwards[r].estimator);
      g_free (self->pushforwards[r].reason);
    }
  g_free (self->certificate);
  g_free (self);
}

static gboolean
check_options (HeftNetwork *network, HeftDataset *data, const HeftMeasureOptions *options, GError **error)
{
  const char *name = !(options->beta > 0 && isfinite (options->beta)) ? "beta"
                     : !(options->lambda > 0 && isfinite (options->lambda)) ? "lambda" : NULL;
  gboolean drawn = options->activations && (options->pushforwards & 1 << HEFT_PUSHFORWARD_DRAWS) != 0;
  gsize least = drawn ? HEFT_LEAST_PUSHFORWARD_DRAWS : options->certificate ? 1 : 0;

  if (name != NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("%s must be a finite number above 0."), name);
      return FALSE;
    }
  if (!isfinite (options->beta / (options->lambda * options->lambda)) || !isfinite (options->lambda * options->lambda / options->beta))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("beta/lambda^2 and its inverse must be finite numbers, which beta = %g and lambda = %g do not give: bring them closer together."),
                   options->beta, options->lambda);
      return FALSE;
    }
  if (least > 0 && (options->n_draws < least || MAX (options->n_draws, options->draw_samples) > HEFT_MOST_MEASURE_DRAWS))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("There must be from %zu to %d weight draws, on no more samples each."), least,
                   HEFT_MOST_MEASURE_DRAWS);
      return FALSE;
    }
  return heft_factors_check (network, data, error);
}

/* Mean loss and error on the first n samples. */
static gboolean
measure_loss (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data, GError **error)
{
  gsize d = heft_network_get_n_inputs (network);
  gsize n_classes = heft_network_get_n_classes (network);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, CHUNK);
  g_autofree double *inputs = g_new (double, CHUNK * d);
  double losses[CHUNK];
  gsize wrong = 0;

  for (gsize first = 0; first < self->n_samples; first += CHUNK)
    {
      gsize count = MIN (CHUNK, self->n_samples - first);
      const guint8 *labels = heft_dataset_get_labels (data) + first;
      const double *logits;

      heft_dataset_gather_f64 (data, NULL, first, count, inputs);
      heft_pass_f64_forward (pass, weights, inputs, count);
      logits = heft_pass_f64_logits (pass);
      heft_softmax_cross_entropy_f64 (logits, labels, count, n_classes, losses, NULL, NULL);
      for (gsize i = 0; i < count; i++, logits += n_classes)
        {
          gsize best = 0;

          for (gsize c = 1; c < n_classes; c++)
            if (logits[c] > logits[best])
              best = c;
          wrong += best != labels[i];
          self->loss += losses[i] / (double) self->n_samples;
        }
    }
  self->error = (double) wrong / (double) self->n_samples;
  if (isfinite (self->loss))
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
               _("The network's loss on this data is not finite: check the weights and the scale of the inputs."));
  return FALSE;
}

static gboolean
measure_scaled (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data, GCancellable *cancellable,
                GError **error)
{
  gsize n_layers = heft_network_get_n_weight_layers (network);
  g_autofree double *traces = g_new0 (double, n_layers);

  if (!heft_fisher_scaled_traces_f64 (network, weights, data, self->n_samples, &self->logit_scale, traces, cancellable, error))
    return FALSE;
  for (gsize l = 0; l < n_layers; l++)
    self->trace_scaled += traces[l];
  if (!(self->logit_scale > 0))
    self->trace_scaled = NAN;
  return TRUE;
}

const char *const heft_measure_fisher_names[] = { "exact", "sampled", "empirical", "kfac", "ekfac", "diagonal", "lanczos", "automatic",
                                                  NULL };

static GPtrArray *
structured_spectra (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                    const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  HeftCurvatureKind kind = (HeftCurvatureKind) (options->kind - HEFT_MEASURE_KFAC);
  g_autoptr (HeftCurvature) curvature = heft_curvature_new (network, weights, data, n_samples, kind, HEFT_FISHER_EXACT,
                                                            options->seed, kind == HEFT_CURVATURE_KFAC, options->n_threads,
                                                            cancellable, error);

  return curvature != NULL ? heft_curvature_spectra (curvature, options->whole_network) : NULL;
}

/* What the head of the spectrum cannot give: the trace of a function of the whole matrix, a block at a time. */
static GPtrArray *
find_quadratures (HeftNetwork *network, const double *weights, const float *single, HeftDataset *data, gsize n_samples,
                  const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) quadratures = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_quadrature_free);
  const double products = QUADRATURE_OPERATIONS / heft_fisher_product_cost (network, n_samples);
  const gsize n_steps = (gsize) CLAMP (products / QUADRATURE_PROBES, QUADRATURE_STEPS, QUADRATURE_MOST_STEPS);
  const gsize n_probes = (gsize) CLAMP (products / (double) n_steps, QUADRATURE_PROBES, QUADRATURE_MOST_PROBES);
  int n_layers = (int) heft_network_get_n_weight_layers (network);

  for (int l = options->layers ? 0 : n_layers; l < n_layers + (options->whole_network ? 1 : 0); l++)
    {
      const int layer = l < n_layers ? l : -1;
      /* Where time allows, the rounding of single precision must not pass for eigenvalues that lambda^2 / beta makes large. */
      g_autoptr (HeftMatrixFree) matrix
        = n_steps > QUADRATURE_STEPS ? heft_matrix_free_new (network, weights, data, n_samples, HEFT_MATRIX_FISHER, layer,
                                                             options->n_threads, error)
                                     : heft_matrix_free_new_f32 (network, single, data, n_samples, HEFT_MATRIX_FISHER, layer,
                                                                 options->n_threads, error);
      HeftQuadrature *quadrature = matrix != NULL ? heft_quadrature_new (matrix, n_steps, n_probes, options->seed, cancellable, error)
                                                  : NULL;

      if (quadrature == NULL)
        return NULL;
      g_ptr_array_add (quadratures, quadrature);
    }
  return g_steal_pointer (&quadratures);
}

static GPtrArray *
lanczos_spectra (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data,
                 const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  gsize k = heft_network_get_n_parameters (network);
  g_autofree float *single = g_new (float, k);

  for (gsize i = 0; i < k; i++)
    single[i] = (float) weights[i];
  self->quadratures = find_quadratures (network, weights, single, data, self->n_samples, options, cancellable, error);
  return self->quadratures == NULL ? NULL
         : heft_fisher_lanczos (network, single, data, self->n_samples, LANCZOS_TOP, LANCZOS_ITERATIONS, options->whole_network,
                                options->seed, cancellable, error);
}

/* Why blocks have no complete spectrum, in the planner's words. */
static void
say_route (HeftNetwork *network, gsize n_samples, GPtrArray *spectra)
{
  for (guint i = 0; spectra != NULL && i < spectra->len; i++)
    {
      HeftSpectrum *spectrum = g_ptr_array_index (spectra, i);
      g_autoptr (HeftCurvaturePlan) plan = heft_curvature_plan (network, n_samples, HEFT_FISHER_EXACT, HEFT_GOAL_SPECTRUM,
                                                                spectrum->layer, 0);

      if (!plan->exact && spectrum->words == NULL)
        spectrum->words = g_steal_pointer (&plan->words);
    }
}

static GPtrArray *
find_spectra (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data,
              const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  HeftFisherKind labels = options->kind <= HEFT_MEASURE_EMPIRICAL ? (HeftFisherKind) options->kind : HEFT_FISHER_EXACT;
  g_autoptr (GError) failure = NULL;
  GPtrArray *spectra;

  self->kind = options->kind;
  if (options->kind == HEFT_MEASURE_LANCZOS)
    return lanczos_spectra (self, network, weights, data, options, cancellable, error);
  if (options->kind >= HEFT_MEASURE_KFAC && options->kind < HEFT_MEASURE_LANCZOS)
    return structured_spectra (network, weights, data, self->n_samples, options, cancellable, error);
  if (options->kind == HEFT_MEASURE_AUTOMATIC)
    self->kind = HEFT_MEASURE_EXACT;
  spectra = heft_fisher_spectra (network, weights, data, self->n_samples, labels, options->seed, options->whole_network,
                                 cancellable, &failure);
  if (spectra == NULL && options->kind == HEFT_MEASURE_AUTOMATIC && g_error_matches (failure, HEFT_ERROR, HEFT_ERROR_TOO_LARGE))
    {
      self->kind = HEFT_MEASURE_LANCZOS;
      spectra = lanczos_spectra (self, network, weights, data, options, cancellable, error);
      say_route (network, self->n_samples, spectra);
      return spectra;
    }
  if (spectra == NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return spectra;
}

/* Both informations of one spectrum and its determinant, from every eigenvalue; without those, by quadrature and but for the printed one. */
static void
price (HeftMeasurement *self, const HeftNetwork *network, const double *weights, guint i)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (self->spectra, i);
  const HeftLayer *layer = spectrum->layer < 0 ? NULL : heft_network_get_weight_layer (network, (gsize) spectrum->layer);
  gsize k = layer != NULL ? layer->n_parameters : heft_network_get_n_parameters (network);
  const double *block = weights + (layer != NULL ? layer->offset : 0);
  double squared_norm = heft_dot_f64 (k, block, block), r = self->lambda * self->lambda / self->beta;

  self->information_error[i] = self->log_determinant_error[i] = 0;
  self->printed[i] = NAN;
  if (!spectrum->complete)
    {
      const HeftQuadrature *quadrature = g_ptr_array_index (self->quadratures, i);
      HeftEstimate estimate = heft_quadrature_information (quadrature, squared_norm, self->beta, self->lambda);
      HeftEstimate determinant = heft_quadrature_log_determinant (quadrature, r);

      self->information[i] = estimate.value;
      self->information_error[i] = estimate.standard_error;
      self->log_determinant[i] = determinant.value;
      self->log_determinant_error[i] = determinant.standard_error;
      return;
    }
  self->log_determinant[i] = 0;
  for (gsize j = 0; j < spectrum->n_eigenvalues; j++)
    self->log_determinant[i] += log1p (r * MAX (spectrum->eigenvalues[j], 0));
  self->information[i] = heft_gaussian_information (spectrum->eigenvalues, spectrum->n_eigenvalues, spectrum->n_parameters,
                                                    squared_norm, self->beta, self->lambda);
  self->printed[i] = heft_gaussian_information_printed (spectrum->eigenvalues, spectrum->n_eigenvalues, spectrum->n_parameters,
                                                        squared_norm, self->beta, self->lambda);
}

void
heft_measurement_set_price (HeftMeasurement *self, const HeftNetwork *network, const double *weights, double beta, double lambda)
{
  self->beta = beta;
  self->lambda = lambda;
  for (guint i = 0; i < self->spectra->len; i++)
    price (self, network, weights, i);
}

double
heft_measurement_kl (const HeftMeasurement *self, double *standard_error)
{
  guint last = self->spectra->len - 1;

  *standard_error = 0;
  if (self->certificate != NULL)
    return self->certificate->certificate.kl;
  if (((const HeftSpectrum *) g_ptr_array_index (self->spectra, last))->layer >= 0)
    return NAN;
  *standard_error = self->information_error[last];
  return self->information[last];
}

static gboolean
measure_spectra (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data,
                 const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  gsize n_layers = heft_network_get_n_weight_layers (network);

  self->spectra = find_spectra (self, network, weights, data, options, cancellable, error);
  if (self->spectra == NULL)
    return FALSE;
  if (!options->layers)
    g_ptr_array_remove_range (self->spectra, 0, (guint) n_layers);
  self->information = g_new0 (double, self->spectra->len);
  self->information_error = g_new0 (double, self->spectra->len);
  self->printed = g_new0 (double, self->spectra->len);
  self->log_determinant = g_new0 (double, self->spectra->len);
  self->log_determinant_error = g_new0 (double, self->spectra->len);
  heft_measurement_set_price (self, network, weights, self->beta, self->lambda);
  return TRUE;
}

/* Moves the rows and columns of free parameters of a k x k matrix together; returns how many they are. */
static gsize
leave_out_fixed (HeftNetwork *network, double *matrix)
{
  gsize k = heft_network_get_n_parameters (network);
  g_autofree gsize *kept = g_new (gsize, k);
  gsize n = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      for (gsize i = 0; i < heft_layer_n_free_parameters (layer); i++)
        kept[n++] = layer->offset + i;
    }
  for (gsize i = 0; n < k && i < n; i++)
    for (gsize j = 0; j < n; j++)
      matrix[i * n + j] = matrix[kept[i] * k + kept[j]];
  return n;
}

static gboolean
measure_hessian (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data, const double *fisher,
                 GCancellable *cancellable, GError **error)
{
  gsize k = heft_network_get_n_parameters (network);
  gsize n_free;
  heft_aligned_autofree double *hessian = heft_aligned_try_alloc (k * k, sizeof (double), error);
  double gap = 0;
  double norm = 0;

  if (hessian == NULL || !heft_hessian_dense (network, weights, data, self->n_samples, hessian, cancellable, error))
    return FALSE;
  self->hessian = g_new0 (HeftSpectrum, 1);
  self->hessian->layer = -1;
  self->hessian->eigenvalues = g_new (double, k);
  self->hessian->n_samples = self->n_samples;
  self->hessian->complete = TRUE;
  self->hessian->estimator = g_strdup (_("exact Hessian, dense matrix"));
  for (gsize i = 0; i < k; i++)
    {
      self->hessian->trace += hessian[i * k + i];
      for (gsize j = 0; j < k; j++)
        {
          double difference = hessian[i * k + j] - fisher[i * k + j];

          gap += difference * difference;
          norm += hessian[i * k + j] * hessian[i * k + j];
        }
    }
  self->hessian_gap = norm > 0 ? sqrt (gap) / sqrt (norm) : NAN;
  n_free = leave_out_fixed (network, hessian);
  self->hessian->n_parameters = self->hessian->n_eigenvalues = n_free;
  return heft_symmetric_eigenvalues (n_free, hessian, self->hessian->eigenvalues, error);
}

/* The Hessian as a matrix beside the exact Fisher, which Sigma* may hold already. */
static gboolean
measure_dense_hessian (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data, const HeftSigmaStar *sigma,
                       GCancellable *cancellable, GError **error)
{
  gsize k = heft_network_get_n_parameters (network);
  heft_aligned_autofree double *fisher = NULL;

  if (sigma->fisher != NULL)
    return measure_hessian (self, network, weights, data, sigma->fisher, cancellable, error);
  fisher = heft_aligned_try_alloc (k * k, sizeof (double), error);
  return fisher != NULL
         && heft_fisher_matrix (network, weights, data, self->n_samples, HEFT_FISHER_EXACT, 0, fisher, cancellable, error)
         && measure_hessian (self, network, weights, data, fisher, cancellable, error);
}

static gboolean
measure_nuisances (HeftMeasurement *self, HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data,
                   const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  self->nuisances = heft_noise_nuisances_new (network, weights, noise, data, MIN (options->n_nuisances, self->n_samples), NULL, 0,
                                              cancellable, error);
  return self->nuisances != NULL;
}

static gboolean
measure_certificate (HeftMeasurement *self, HeftNetwork *network, const double *weights, const HeftSigmaStar *sigma, HeftDataset *data,
                     const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  const HeftWeightNoise noise = heft_sigma_star_noise (sigma);
  g_autoptr (HeftDataset) counted = heft_dataset_head (data, self->n_samples);
  g_autoptr (HeftCertifier) certifier = heft_certifier_new (network, weights, &noise, counted, options->draw_samples, options->seed,
                                                            options->n_threads);

  if (!heft_certifier_take (certifier, options->n_draws, cancellable, error))
    return FALSE;
  self->certificate = g_new0 (HeftMeasuredCertificate, 1);
  self->certificate->noise = heft_weight_noise_name (&noise);
  self->certificate->draw_samples = options->draw_samples;
  self->certificate->risk = heft_certifier_risk (certifier);
  self->certificate->certificate = heft_noise_certificate (&self->certificate->risk, (double) self->n_samples,
                                                           heft_sigma_star_kl (sigma, weights), options);
  return TRUE;
}

/* What takes noise in the weights, all with the same Sigma*. */
static gboolean
measure_with_noise (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data, HeftSigmaStar *sigma,
                    const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  HeftWeightNoise noise;

  if (!heft_sigma_star_set_price (sigma, self->beta, self->lambda, error))
    return FALSE;
  noise = heft_sigma_star_noise (sigma);
  self->noise = heft_weight_noise_words (&noise);
  return (!options->activations || heft_measurement_add_pushforwards (self, network, weights, sigma, data, options, cancellable, error))
         && (options->n_nuisances == 0 || measure_nuisances (self, network, weights, &noise, data, options, cancellable, error))
         && (!options->certificate || measure_certificate (self, network, weights, sigma, data, options, cancellable, error));
}

/* Matrices where they are feasible, what stands in for them elsewhere. */
static gboolean
measure_more (HeftMeasurement *self, HeftNetwork *network, const double *weights, HeftDataset *data,
              const HeftMeasureOptions *options, GCancellable *cancellable, GError **error)
{
  static const HeftNoiseLimits limits = { .max_dense = MAX_DENSE };
  gsize k = heft_network_get_n_parameters (network);
  gboolean dense_hessian = options->hessian && k <= (options->max_dense > 0 ? options->max_dense : MAX_DENSE);
  gboolean noisy = options->activations || options->n_nuisances > 0 || options->certificate;
  g_auto (HeftSigmaStar) sigma = { 0 };

  if (noisy && !heft_sigma_star_init (&sigma, network, weights, data, self->n_samples, &limits, options->n_threads, cancellable, error))
    return FALSE;
  if (dense_hessian && !measure_dense_hessian (self, network, weights, data, &sigma, cancellable, error))
    return FALSE;
  if (options->hessian && !dense_hessian
      && !heft_measurement_add_hessian_products (self, network, weights, data, options->seed, options->n_threads, cancellable, error))
    return FALSE;
  return !noisy || measure_with_noise (self, network, weights, data, &sigma, options, cancellable, error);
}

HeftMeasurement *
heft_measure (HeftNetwork *network, const double *weights, HeftDataset *data, const HeftMeasureOptions *options,
              GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftMeasurement) self = g_new0 (HeftMeasurement, 1);

  if (!check_options (network, data, options, error))
    return NULL;
  self->n_samples = heft_dataset_get_n_samples (data);
  if (options->n_samples > 0)
    self->n_samples = MIN (self->n_samples, options->n_samples);
  self->n_parameters = heft_network_get_n_free_parameters (network);
  self->beta = options->beta;
  self->lambda = options->lambda;
  if (!measure_loss (self, network, weights, data, error)
      || !measure_scaled (self, network, weights, data, cancellable, error)
      || !measure_spectra (self, network, weights, data, options, cancellable, error)
      || !measure_more (self, network, weights, data, options, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}
