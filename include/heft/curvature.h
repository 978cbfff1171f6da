/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/dataset.h>
#include <heft/network.h>

G_BEGIN_DECLS

typedef enum
{
  HEFT_FISHER_EXACT,       /* expectation over labels taken exactly */
  HEFT_FISHER_SAMPLED,     /* one label an input drawn from the model */
  HEFT_FISHER_EMPIRICAL,   /* labels of the data: a different matrix, always so labelled */
} HeftFisherKind;

const char *heft_fisher_kind_name (HeftFisherKind kind);   /* "exact", "sampled", "empirical" */

/**
 * HeftSpectrum:
 * @layer: weight layer, or -1 for the whole network
 * @n_parameters: k of the block
 * @eigenvalues: descending, @n_eigenvalues of them; the rest of the block's spectrum is zero where @complete
 * @trace: trace of the block by the same estimator
 * @complete: whether @eigenvalues holds every non-zero one (Gram, dense) or only the head (Lanczos)
 * @estimator: translated, for legends: "sampled labels, Gram", "exact labels, Lanczos"
 * @n_samples: inputs used
 */
typedef struct
{
  int     layer;
  gsize   n_parameters;
  gsize   n_eigenvalues;
  double *eigenvalues;
  double  trace;
  gboolean complete;
  char   *estimator;
  gsize   n_samples;
} HeftSpectrum;

void heft_spectrum_free (HeftSpectrum *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftSpectrum, heft_spectrum_free)

/**
 * heft_fisher_spectra:
 * @weights: k, where the Fisher is taken
 * @whole_network: adds the whole network's spectrum as last element
 *
 * Spectra of the diagonal blocks of the Fisher (theory.md section 2) on the first @n_samples of @data, by the Gram trick
 * or, where the block is smaller, the dense matrix, in double precision. Gradients are never formed for dense layers.
 *
 * Returns: (transfer full) (element-type HeftSpectrum): one a weight layer, in order
 */
GPtrArray *heft_fisher_spectra (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                HeftFisherKind kind, guint64 seed, gboolean whole_network,
                                GCancellable *cancellable, GError **error);

/**
 * heft_fisher_spectra_live:
 *
 * The measurement beside training: single-precision products, sampled labels by the Gram trick on @n_samples for the whole
 * curve. The same element order as heft_fisher_spectra() without the whole network. On the calling thread alone.
 */
GPtrArray *heft_fisher_spectra_live (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                                     guint64 seed, guint64 refresh, GCancellable *cancellable, GError **error);

/**
 * heft_fisher_lanczos:
 *
 * The @n_top largest eigenvalues of each diagonal block (layer = -1: of the whole network) with labels' expectation exact, by
 * Lanczos with full reorthogonalisation on Gauss-Newton products: the honest head of the spectrum. Exact trace included.
 * Single-precision products; @n_iterations at most.
 */
GPtrArray *heft_fisher_lanczos (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                                gsize n_top, gsize n_iterations, gboolean whole_network, guint64 seed,
                                GCancellable *cancellable, GError **error);

/* Dense Fisher of block @layer (or -1), k_l x k_l row-major, the slow way, sample by sample: the referee for small networks. */
gboolean heft_fisher_dense (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                            HeftFisherKind kind, guint64 seed, int layer, double *fisher, GError **error);

/* The dense Hessian of the mean cross-entropy at @weights on the first @n_samples (k x k, symmetric), a Hessian-vector product
 * (Pearlmutter 1994) a row. */
gboolean heft_hessian_dense (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, double *hessian,
                             GCancellable *cancellable, GError **error);

/* The dense exact, sampled or empirical Fisher of the whole network (k x k, symmetric): heft_fisher_dense() by matrix products. */
gboolean heft_fisher_matrix (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                             HeftFisherKind kind, guint64 seed, double *fisher, GCancellable *cancellable, GError **error);

/* A deterministic estimate of what a measurement costs, in floating-point operations: cadences are made from it so that they
 * do not depend on the machine. */
double heft_fisher_spectra_live_cost (const HeftNetwork *network, gsize n_samples);
double heft_fisher_lanczos_cost      (const HeftNetwork *network, gsize n_samples, gsize n_iterations);

G_END_DECLS
