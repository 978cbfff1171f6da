/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <float.h>
#include <glib/gi18n-lib.h>

#include <heft/error.h>

#include "curvature/gram.h"
#include "curvature/plan.h"
#include "curvature/slots.h"
#include "linalg/linalg.h"

typedef struct
{
  HeftNetwork      *network;
  HeftFactorsF64   *factors;
  double            r;
  GCancellable     *cancellable;
  HeftDeterminant **results;
  gsize            *order;     /* the most expensive first */
} Job;

void
heft_determinant_free (HeftDeterminant *self)
{
  if (self == NULL)
    return;
  heft_curvature_plan_free (self->plan);
  g_free (self);
}

static void
block_of (const Job *job, const HeftDeterminant *result, gsize *first, gsize *last)
{
  *first = result->layer < 0 ? 0 : (gsize) result->layer;
  *last = result->layer < 0 ? job->factors->n_layers - 1 : (gsize) result->layer;
}

/* log|I + r M| by Cholesky, M the Gram matrix or the Fisher of the block. */
static gboolean
cholesky_slot (gsize slot, gpointer data, GError **error)
{
  const Job *job = data;
  HeftDeterminant *result = job->results[job->order[slot]];
  const HeftFactorsF64 *factors = job->factors;
  heft_aligned_autofree double *matrix = NULL;
  gsize n = 0, first, last;

  if (result->plan->route == HEFT_ROUTE_SLQ)
    return TRUE;
  block_of (job, result, &first, &last);
  for (gsize l = first; l <= last; l++)
    n += heft_network_get_weight_layer (job->network, l)->n_parameters;
  if (result->plan->route == HEFT_ROUTE_GRAM)
    n = factors->n * factors->n_columns;
  matrix = heft_aligned_try_alloc (n * n, sizeof *matrix, error);
  if (matrix == NULL)
    return FALSE;
  if (result->plan->route == HEFT_ROUTE_DENSE && !heft_gram_fisher (factors, first, last, matrix, job->cancellable, error))
    return FALSE;
  for (gsize l = first; l <= last && result->plan->route == HEFT_ROUTE_GRAM; l++)
    if (!heft_gram_add (factors, l, matrix, job->cancellable, error))
      return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      for (gsize j = 0; j <= i; j++)
        matrix[i * n + j] *= job->r;
      matrix[i * n + i] += 1;
    }
  if (g_cancellable_set_error_if_cancelled (job->cancellable, error) || !heft_cholesky_factor (n, matrix, error))
    return FALSE;
  result->log_determinant = heft_cholesky_log_determinant (n, matrix);
  return TRUE;
}

static gboolean
quadrature (const Job *job, HeftDeterminant *result, const double *weights, HeftDataset *data, HeftFisherKind kind, guint64 seed,
            guint n_threads, GError **error)
{
  g_autoptr (HeftMatrixFree) matrix = NULL;
  g_autoptr (HeftQuadrature) rule = NULL;
  HeftEstimate estimate;

  if (kind != HEFT_FISHER_EXACT)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("log|I + rF| with labels that are not exact needs a matrix of more than %d rows: use fewer samples, or exact "
                     "labels."), HEFT_PLAN_MAX_DIMENSION);
      return FALSE;
    }
  matrix = heft_matrix_free_new (job->network, weights, data, job->factors->n, HEFT_MATRIX_FISHER, result->layer, n_threads, error);
  if (matrix == NULL)
    return FALSE;
  rule = heft_quadrature_new (matrix, HEFT_PLAN_STEPS, HEFT_PLAN_PROBES, seed, job->cancellable, error);
  if (rule == NULL)
    return FALSE;
  estimate = heft_quadrature_log_determinant (rule, job->r);
  result->log_determinant = estimate.value;
  result->standard_error = estimate.standard_error;
  return TRUE;
}

static gint
compare_operations (gconstpointer a, gconstpointer b, gpointer data)
{
  HeftDeterminant **results = data;
  double x = results[*(const gsize *) a]->plan->operations, y = results[*(const gsize *) b]->plan->operations;

  return (x < y) - (x > y);
}

/* Whether rows of convolutions, which are kept whole, all fit; else these layers get no matrix. */
static gboolean
gradients_fit (HeftNetwork *network, gsize n, HeftFisherKind kind, double max_bytes)
{
  double bytes = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      g_autoptr (HeftCurvaturePlan) plan = heft_curvature_plan (network, n, kind, HEFT_GOAL_LOG_DETERMINANT, (int) l, DBL_MAX);

      if (heft_network_get_weight_layer (network, l)->kind != HEFT_LAYER_DENSE)
        bytes += plan->bytes;
    }
  return bytes <= max_bytes;
}

static GPtrArray *
plan_all (HeftNetwork *network, gsize n, HeftFisherKind kind, gboolean whole_network, double max_bytes, gboolean *keep_gradients)
{
  GPtrArray *results = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_determinant_free);
  gsize n_layers = heft_network_get_n_weight_layers (network);

  *keep_gradients = gradients_fit (network, n, kind, max_bytes);
  for (gsize l = 0; l < n_layers + (whole_network ? 1 : 0); l++)
    {
      HeftDeterminant *result = g_new0 (HeftDeterminant, 1);
      gboolean image = FALSE;

      result->layer = l == n_layers ? -1 : (int) l;
      for (gsize i = l == n_layers ? 0 : l; i < MIN (l + 1, n_layers); i++)
        {
          image = image || heft_network_get_weight_layer (network, i)->kind != HEFT_LAYER_DENSE;
          result->n_parameters += heft_layer_n_free_parameters (heft_network_get_weight_layer (network, i));
        }
      result->n_samples = n;
      result->plan = heft_curvature_plan (network, n, kind, HEFT_GOAL_LOG_DETERMINANT, result->layer,
                                          image && !*keep_gradients ? 1 : max_bytes);
      g_ptr_array_add (results, result);
    }
  return results;
}

GPtrArray *
heft_fisher_determinants (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, HeftFisherKind kind,
                          guint64 seed, double r, gboolean whole_network, double max_bytes, guint n_threads,
                          GCancellable *cancellable, GError **error)
{
  gsize n = n_samples > 0 ? MIN (n_samples, heft_dataset_get_n_samples (data)) : heft_dataset_get_n_samples (data);
  g_autoptr (GPtrArray) results = NULL;
  g_autoptr (HeftFactorsF64) factors = NULL;
  g_autoptr (HeftPool) pool = NULL;
  g_autofree gsize *order = NULL;
  Job job = { network, NULL, r, cancellable, NULL, NULL };
  gboolean keep;

  g_return_val_if_fail (r >= 0, NULL);
  if (!heft_factors_check (network, data, error))
    return NULL;
  results = plan_all (network, n, kind, whole_network, max_bytes > 0 ? max_bytes : HEFT_PLAN_BYTES, &keep);
  job.factors = factors = heft_factors_f64_new (network, weights, data, n, kind, seed, 0, keep, cancellable, error);
  if (factors == NULL)
    return NULL;
  job.results = (HeftDeterminant **) results->pdata;
  job.order = order = g_new (gsize, results->len);
  for (gsize i = 0; i < results->len; i++)
    order[i] = i;
  g_qsort_with_data (order, (gint) results->len, sizeof *order, compare_operations, results->pdata);
  pool = heft_pool_new (n_threads);
  if (!heft_slots_run (pool, results->len, cholesky_slot, &job, error))
    return NULL;
  for (guint i = 0; i < results->len; i++)
    {
      HeftDeterminant *result = job.results[i];
      gsize first, last;

      block_of (&job, result, &first, &last);
      for (gsize l = first; l <= last; l++)
        result->trace += factors->traces[l] / (double) n;
      if (result->plan->route == HEFT_ROUTE_SLQ && !quadrature (&job, result, weights, data, kind, seed, n_threads, error))
        return NULL;
    }
  return g_steal_pointer (&results);
}
