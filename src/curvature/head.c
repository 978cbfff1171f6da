/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>

#include <heft/curvature.h>

#include "curvature/factors.h"
#include "curvature/lanczos.h"
#include "curvature/product.h"
#include "curvature/rows.h"
#include "linalg/linalg.h"

/* The head of the spectrum by Lanczos, labels exact: dense layers in the space of the root's rows (rows.h), others by
 * Gauss-Newton products through the network. */

#define CONVERGED 1e-4      /* residual, relative to the Ritz value, at which the iteration stops early */
#define HONEST 2e-2         /* and above which a Ritz value is not reported */
#define ROUNDING 1e-6       /* of the largest value: what single-precision products leave of the small ones */

/* --- The measurement ------------------------------------------------------------------------------------------------- */

static gboolean
all_dense (HeftNetwork *network, gsize first, gsize last)
{
  for (gsize l = first; l <= last; l++)
    if (heft_network_get_weight_layer (network, l)->kind != HEFT_LAYER_DENSE)
      return FALSE;
  return TRUE;
}

/* What Lanczos found: the values whose residual says that they are eigenvalues. */
static void
spectrum_take (HeftSpectrum *spectrum, const HeftLanczos *lanczos, gsize n_top)
{
  spectrum->eigenvalues = g_new0 (double, MAX (n_top, 1));
  for (gsize i = 0; i < MIN (n_top, lanczos->m); i++)
    {
      double doubt = lanczos->residual * lanczos->tails[i] + ROUNDING * lanczos->values[0];

      if (!(lanczos->values[i] > 0) || doubt > HONEST * lanczos->values[i])
        break;
      spectrum->eigenvalues[spectrum->n_eigenvalues++] = lanczos->values[i];
    }
}

static gboolean
run_lanczos (HeftSpectrum *spectrum, gsize n, HeftProduct product, gpointer data, HeftStream stream, gsize n_top,
             gsize n_iterations, GCancellable *cancellable, GError **error)
{
  const HeftLanczosOptions options = { .n_steps = n_iterations, .n_top = n_top, .tolerance = CONVERGED, .cancellable = cancellable };
  g_autofree double *start = g_new (double, n);
  g_autoptr (HeftLanczos) lanczos = NULL;

  heft_stream_normals_f64 (stream, 0, 0, n, start);
  lanczos = heft_lanczos_new (n, product, data, start, &options, error);
  if (lanczos == NULL)
    return FALSE;
  spectrum_take (spectrum, lanczos, n_top);
  return TRUE;
}

static HeftSpectrum *
head_of (const HeftFactorsF32 *factors, HeftProductF32 *product, gsize first, gsize last, gsize n_top,
         gsize n_iterations, guint64 seed, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftSpectrum) spectrum = g_new0 (HeftSpectrum, 1);
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_PROBE, (guint32) first);
  gboolean done;

  spectrum->layer = (int) first;
  spectrum->n_samples = factors->n;
  spectrum->estimator = g_strdup (_("exact labels, Lanczos"));
  for (gsize l = first; l <= last; l++)
    {
      spectrum->trace += factors->traces[l] / (double) factors->n;
      spectrum->n_parameters += heft_layer_n_free_parameters (heft_network_get_weight_layer (factors->network, l));
    }
  if (all_dense (factors->network, first, last))
    {
      HeftRowsF32 rows = { 0 };

      heft_rows_f32_init (&rows, factors, first, last);
      done = run_lanczos (spectrum, factors->n * factors->n_columns, heft_rows_f32_multiply, &rows, stream, n_top, n_iterations,
                          cancellable, error);
      heft_rows_f32_clear (&rows);
    }
  else
    {
      heft_product_f32_select (product, first, last);
      done = run_lanczos (spectrum, heft_product_f32_get_size (product), heft_product_f32_multiply, product, stream, n_top,
                          n_iterations, cancellable, error);
    }
  return done ? g_steal_pointer (&spectrum) : NULL;
}

GPtrArray *
heft_fisher_lanczos (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                     gsize n_top, gsize n_iterations, gboolean whole_network, guint64 seed,
                     GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) spectra = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);
  g_autoptr (HeftFactorsF32) factors = NULL;
  g_autoptr (HeftPool) pool = NULL;
  g_autoptr (HeftProductF32) product = NULL;
  gsize n_layers = heft_network_get_n_weight_layers (network);
  gboolean dense = all_dense (network, 0, n_layers - 1);
  gboolean failed = FALSE;

  g_return_val_if_fail (n_top > 0 && n_iterations > 0, NULL);
  factors = heft_factors_f32_new (network, weights, data, n_samples, HEFT_FISHER_EXACT, seed, 0, FALSE, cancellable, error);
  if (factors == NULL)
    return NULL;
  if (!dense)
    {
      pool = heft_pool_new (1);
      product = heft_product_f32_new (network, weights, data, factors->n, HEFT_MATRIX_FISHER, pool, error);
      if (product == NULL)
        return NULL;
    }
  for (gsize l = 0; l < n_layers + (whole_network ? 1 : 0) && !failed; l++)
    {
      gboolean whole = l == n_layers;
      HeftSpectrum *spectrum = head_of (factors, product, whole ? 0 : l, whole ? n_layers - 1 : l, n_top,
                                        n_iterations, seed, cancellable, error);

      failed = spectrum == NULL;
      if (whole && !failed)
        spectrum->layer = -1;
      if (!failed)
        g_ptr_array_add (spectra, spectrum);
    }
  return failed ? NULL : g_steal_pointer (&spectra);
}
