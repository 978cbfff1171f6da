/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "curvature/lanczos.h"
#include "curvature/product.h"
#include "curvature/rows.h"
#include "curvature/slots.h"
#include "linalg/linalg.h"

/* heft_fisher_lanczos() in double precision, a layer a slot. */

#define CONVERGED 1e-8      /* residual, relative to the Ritz value */

typedef struct
{
  HeftNetwork    *network;
  const double   *weights;
  HeftDataset    *data;
  HeftFactorsF64 *factors;
  gsize           n_top, n_iterations;
  guint64         seed;
  GCancellable   *cancellable;
  HeftSpectrum  **spectra;
} Job;

static gboolean
find_head (const Job *job, HeftSpectrum *spectrum, gsize n, HeftProduct product, gpointer data, GError **error)
{
  const HeftLanczosOptions options = { .n_steps = job->n_iterations, .n_top = MIN (job->n_top, n), .tolerance = CONVERGED,
                                       .cancellable = job->cancellable };
  g_autofree double *start = g_new (double, n);
  g_autoptr (HeftLanczos) lanczos = NULL;

  heft_stream_normals_f64 (heft_stream (job->seed, HEFT_PURPOSE_PROBE, (guint32) spectrum->layer), 0, 0, n, start);
  lanczos = heft_lanczos_new (n, product, data, start, &options, error);
  if (lanczos == NULL)
    return FALSE;
  spectrum->eigenvalues = g_new (double, options.n_top);
  for (gsize i = 0; i < MIN (options.n_top, lanczos->m); i++)
    {
      if (!(lanczos->values[i] > 0) || lanczos->residual * lanczos->tails[i] > CONVERGED * lanczos->values[i])
        break;
      spectrum->eigenvalues[spectrum->n_eigenvalues++] = lanczos->values[i];
    }
  return TRUE;
}

static gboolean
dense_head (const Job *job, HeftSpectrum *spectrum, gsize l, GError **error)
{
  HeftRowsF64 rows = { 0 };
  gboolean good;

  heft_rows_f64_init (&rows, job->factors, l, l);
  good = find_head (job, spectrum, job->factors->n * job->factors->n_columns, heft_rows_f64_multiply, &rows, error);
  heft_rows_f64_clear (&rows);
  return good;
}

static gboolean
image_head (const Job *job, HeftSpectrum *spectrum, gsize l, GError **error)
{
  g_autoptr (HeftPool) pool = heft_pool_new (1);
  g_autoptr (HeftProductF64) product = heft_product_f64_new (job->network, job->weights, job->data, job->factors->n,
                                                             HEFT_MATRIX_FISHER, pool, error);

  if (product == NULL)
    return FALSE;
  heft_product_f64_select (product, l, l);
  return find_head (job, spectrum, heft_product_f64_get_size (product), heft_product_f64_multiply, product, error);
}

static gboolean
head_slot (gsize l, gpointer data, GError **error)
{
  const Job *job = data;
  const HeftLayer *layer = heft_network_get_weight_layer (job->network, l);
  HeftSpectrum *spectrum = job->spectra[l] = g_new0 (HeftSpectrum, 1);

  spectrum->layer = (int) l;
  spectrum->n_samples = job->factors->n;
  spectrum->n_parameters = heft_layer_n_free_parameters (layer);
  spectrum->trace = job->factors->traces[l] / (double) job->factors->n;
  spectrum->estimator = g_strdup (_("exact labels, Lanczos"));
  return layer->kind == HEFT_LAYER_DENSE ? dense_head (job, spectrum, l, error) : image_head (job, spectrum, l, error);
}

GPtrArray *
heft_fisher_heads (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, gsize n_top,
                   gsize n_iterations, guint64 seed, guint n_threads, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) spectra = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);
  g_autoptr (HeftFactorsF64) factors = NULL;
  g_autoptr (HeftPool) pool = NULL;
  Job job = { network, weights, data, NULL, n_top, n_iterations, seed, cancellable, NULL };

  g_return_val_if_fail (n_top > 0 && n_iterations > 0, NULL);
  job.factors = factors = heft_factors_f64_new (network, weights, data, n_samples, HEFT_FISHER_EXACT, seed, 0, FALSE, cancellable,
                                                error);
  if (factors == NULL)
    return NULL;
  pool = heft_pool_new (n_threads);
  g_ptr_array_set_size (spectra, (gint) factors->n_layers);
  job.spectra = (HeftSpectrum **) spectra->pdata;
  return heft_slots_run (pool, factors->n_layers, head_slot, &job, error) ? g_steal_pointer (&spectra) : NULL;
}
