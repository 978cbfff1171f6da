/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <float.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/curvature.h>
#include <heft/error.h>
#include <heft/pass.h>

#include "curvature/gram.h"
#include "curvature/root.h"
#include "curvature/spectrum.h"
#include "linalg/linalg.h"

/* Single-precision factors are off by about 1e-7 of the largest singular value, hence 1e-14 of the largest eigenvalue. */
#define LIVE_FLOOR 1e-12

const char *
heft_fisher_kind_name (HeftFisherKind kind)
{
  const char *const names[] = { "exact", "sampled", "empirical" };

  g_return_val_if_fail ((gsize) kind < G_N_ELEMENTS (names), NULL);
  return names[kind];
}

void
heft_spectrum_free (HeftSpectrum *self)
{
  if (self == NULL)
    return;
  g_free (self->eigenvalues);
  g_free (self->estimator);
  g_free (self->words);
  g_free (self);
}

gsize
heft_spectrum_count_above (const HeftSpectrum *self, double threshold)
{
  gsize n = 0;

  while (n < self->n_eigenvalues && self->eigenvalues[n] > threshold)
    n++;
  return n;
}

char *
heft_spectrum_estimator (HeftFisherKind kind, gboolean gram)
{
  switch (kind)
    {
    case HEFT_FISHER_EXACT:
      return g_strdup (gram ? _("exact labels, Gram matrix") : _("exact labels, dense matrix"));
    case HEFT_FISHER_SAMPLED:
      return g_strdup (gram ? _("labels sampled from the model, Gram matrix")
                            : _("labels sampled from the model, dense matrix"));
    case HEFT_FISHER_EMPIRICAL:
    default:
      return g_strdup (gram ? _("empirical Fisher (labels of the data), Gram matrix")
                            : _("empirical Fisher (labels of the data), dense matrix"));
    }
}

gsize
heft_spectrum_count (const double *values, gsize n, double relative_floor)
{
  gsize count = 0;

  while (count < n && values[count] > relative_floor * values[0])
    count++;
  return count;
}

/* Weight layers [first, last] as one block: k and the trace. */
static HeftSpectrum *
spectrum_new (const HeftFactorsF64 *factors, gsize first, gsize last, HeftFisherKind kind, gboolean gram)
{
  HeftSpectrum *self = g_new0 (HeftSpectrum, 1);

  for (gsize l = first; l <= last; l++)
    {
      self->n_parameters += heft_layer_n_free_parameters (heft_network_get_weight_layer (factors->network, l));
      self->trace += factors->traces[l] / (double) factors->n;
    }
  self->layer = first == last ? (int) first : -1;
  self->complete = TRUE;
  self->n_samples = factors->n;
  self->estimator = heft_spectrum_estimator (kind, gram);
  return self;
}

/* Eigenvalues of the @n x @n matrix, down to rounding (@floor of the largest). */
static gboolean
spectrum_solve (HeftSpectrum *self, gsize n, double *matrix, double relative_floor, GError **error)
{
  self->eigenvalues = g_new (double, n);
  if (!heft_symmetric_eigenvalues (n, matrix, self->eigenvalues, error))
    return FALSE;
  self->n_eigenvalues = heft_spectrum_count (self->eigenvalues, n, relative_floor);
  return TRUE;
}

static HeftSpectrum *
block_spectrum (const HeftFactorsF64 *factors, gsize first, gsize last, HeftFisherKind kind, double relative_floor,
                GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftCurvaturePlan) plan = heft_curvature_plan (factors->network, factors->n, kind, HEFT_GOAL_SPECTRUM,
                                                            first == last ? (int) first : -1, DBL_MAX);
  const char *what = first == last ? heft_network_get_weight_layer (factors->network, first)->name : _("the whole network");
  gsize n_rows = factors->n * factors->n_columns;
  gsize k = 0, n;
  heft_aligned_autofree double *matrix = NULL;
  g_autoptr (HeftSpectrum) self = NULL;

  for (gsize l = first; l <= last; l++)
    k += heft_network_get_weight_layer (factors->network, l)->n_parameters;
  n = plan->route == HEFT_ROUTE_GRAM ? n_rows : k;
  if (!plan->exact)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("The complete spectrum of %s needs the eigenvalues of a %zu x %zu"
                     " matrix: use fewer samples, sampled labels, or Lanczos for the largest ones."), what, MIN (n_rows, k),
                   MIN (n_rows, k));
      return NULL;
    }
  self = spectrum_new (factors, first, last, kind, plan->route == HEFT_ROUTE_GRAM);
  self->words = g_steal_pointer (&plan->words);
  matrix = heft_aligned_try_alloc (n * n, sizeof (double), error);
  if (matrix == NULL)
    return NULL;
  if (plan->route == HEFT_ROUTE_DENSE && !heft_gram_fisher (factors, first, last, matrix, cancellable, error))
    return NULL;
  for (gsize l = first; l <= last && plan->route == HEFT_ROUTE_GRAM; l++)
    if (!heft_gram_add (factors, l, matrix, cancellable, error))
      return NULL;
  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !spectrum_solve (self, n, matrix, MAX (relative_floor, DBL_EPSILON * (double) MAX (n_rows, k)), error))
    return NULL;
  return g_steal_pointer (&self);
}

static GPtrArray *
all_spectra (const HeftFactorsF64 *factors, HeftFisherKind kind, gboolean whole_network, double relative_floor,
             GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) spectra = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);

  for (gsize l = 0; l < factors->n_layers + (whole_network ? 1 : 0); l++)
    {
      gboolean whole = l == factors->n_layers;
      HeftSpectrum *spectrum = block_spectrum (factors, whole ? 0 : l, whole ? l - 1 : l, kind, relative_floor,
                                               cancellable, error);

      if (spectrum == NULL)
        return NULL;
      if (whole)
        spectrum->layer = -1;
      g_ptr_array_add (spectra, spectrum);
    }
  return g_steal_pointer (&spectra);
}

GPtrArray *
heft_fisher_spectra (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                     HeftFisherKind kind, guint64 seed, gboolean whole_network,
                     GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftFactorsF64) factors = heft_factors_f64_new (network, weights, data, n_samples, kind, seed, 0, TRUE,
                                                             cancellable, error);

  if (factors == NULL)
    return NULL;
  return all_spectra (factors, kind, whole_network, 0, cancellable, error);
}

GPtrArray *
heft_fisher_spectra_live (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                          guint64 seed, guint64 refresh, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftFactorsF32) factors = heft_factors_f32_new (network, weights, data, n_samples, HEFT_FISHER_SAMPLED,
                                                             seed, refresh, TRUE, cancellable, error);
  g_autoptr (HeftFactorsF64) wide = NULL;

  if (factors == NULL)
    return NULL;
  /* The network runs in single precision; the Gram matrix squares what it is given, so it and its eigenvalues do not. */
  wide = heft_gram_widen (factors);
  return all_spectra (wide, HEFT_FISHER_SAMPLED, FALSE, LIVE_FLOOR, cancellable, error);
}

/* Adds weight g g^T / n of one label to @fisher (k x k), where g has its logit gradient in @row. */
static void
add_label (HeftPassF64 *pass, HeftNetwork *network, const double *row, gsize first, gsize last, double weight,
           double *gradient, gsize k, double *fisher)
{
  double *block = gradient;

  heft_pass_f64_backward (pass, row, NULL);
  for (gsize l = first; l <= last; l++)
    {
      heft_pass_f64_sample_gradient (pass, l, 0, block);
      block += heft_network_get_weight_layer (network, l)->n_parameters;
    }
  for (gsize i = 0; i < k; i++)
    for (gsize j = 0; j < k; j++)
      fisher[i * k + j] += weight * (gradient[i] * gradient[j]);
}

gboolean
heft_fisher_dense (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                   HeftFisherKind kind, guint64 seed, int layer, double *fisher, GError **error)
{
  gsize n = n_samples == 0 ? heft_dataset_get_n_samples (data) : MIN (n_samples, heft_dataset_get_n_samples (data));
  gsize n_classes = heft_network_get_n_classes (network);
  gsize first = layer < 0 ? 0 : (gsize) layer;
  gsize last = layer < 0 ? heft_network_get_n_weight_layers (network) - 1 : (gsize) layer;
  gsize k = layer < 0 ? heft_network_get_n_parameters (network)
                      : heft_network_get_weight_layer (network, first)->n_parameters;
  g_autoptr (HeftPassF64) pass = NULL;
  g_autofree double *input = g_new (double, heft_network_get_n_inputs (network));
  g_autofree double *probabilities = g_new (double, n_classes);
  g_autofree double *row = g_new (double, n_classes);
  g_autofree double *gradient = g_new (double, k);

  if (!heft_factors_check (network, data, error))
    return FALSE;
  pass = heft_pass_f64_new (network, 1);
  memset (fisher, 0, k * k * sizeof *fisher);
  for (gsize i = 0; i < n; i++)
    {
      guint8 label = heft_dataset_get_labels (data)[i];

      heft_dataset_gather_f64 (data, NULL, i, 1, input);
      heft_pass_f64_forward (pass, weights, input, 1);
      heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), NULL, 1, n_classes, NULL, probabilities, NULL);
      if (kind == HEFT_FISHER_SAMPLED)
        heft_root_draw (heft_stream (seed, HEFT_PURPOSE_MODEL_LABELS, 0), 0, i, probabilities, 1, n_classes, &label);
      for (gsize c = 0; c < n_classes; c++)
        {
          if (kind != HEFT_FISHER_EXACT && c != label)
            continue;
          for (gsize j = 0; j < n_classes; j++)
            row[j] = probabilities[j] - (j == c);
          add_label (pass, network, row, first, last, (kind == HEFT_FISHER_EXACT ? probabilities[c] : 1) / (double) n,
                     gradient, k, fisher);
        }
    }
  return TRUE;
}
