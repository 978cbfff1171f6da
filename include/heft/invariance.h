/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/information.h>
#include <heft/nuisance.h>

G_BEGIN_DECLS

/*
 * What every layer of a network can tell apart, with weight noise N(0, diag variance), to first order (theory.md section 6; the
 * weight noise as in HeftVisibility). A "layer" is the output of an activation, the last one the logits;
 * heft_visibility_n_layers() counts them. Noise accumulates layer by layer, so that no layer sees more than the one before, unless
 * that one's noise leaves directions free (HeftVisibility).
 */

/**
 * HeftNuisanceTable:
 * @layer_names: n_layers names, untranslated: of the activations' operations; "logits"
 * @fisher: F_t = (dx/dt)^T F_{z|x} (dx/dt) at t = 0 in 1 / unit^2; sample i of layer l and nuisance v at
 *   [(l * n_nuisances + v) * n_samples + i]
 * @mean_fisher, @median_fisher: over samples, n_layers x n_nuisances
 * @smallest_change: 1 / sqrt (median_fisher): the smallest amount, in the nuisance's unit, by which half of the images may change
 *   and an observer of the layer's noisy activations can tell on average (Cramer-Rao, one standard deviation); infinite where blind
 * @n_rank_deficient: n_layers: samples whose noise left directions free, which F_t then leaves out (see HeftVisibility)
 */
typedef struct
{
  gsize         n_layers, n_nuisances, n_samples;
  HeftNuisance *nuisances;
  char        **layer_names;
  double       *fisher;
  double       *mean_fisher, *median_fisher, *smallest_change;
  gsize        *n_rank_deficient;
} HeftNuisanceTable;

/**
 * heft_nuisance_table_new:
 * @mean: k, the weights
 * @variance: k, of the weight noise
 * @data: images of the network's input size; its first @n_samples are taken
 * @nuisances: @n_nuisances of them, or %NULL for all
 *
 * One pass over the layers for each image: only the nuisances' tangents are propagated, never the Jacobian.
 *
 * Returns: (transfer full): or %NULL with @error: inputs that are no images or of another size, layers that are too large
 */
HeftNuisanceTable *heft_nuisance_table_new  (HeftNetwork *network, const double *mean, const double *variance,
                                             HeftDataset *data, gsize n_samples,
                                             const HeftNuisance *nuisances, gsize n_nuisances,
                                             GCancellable *cancellable, GError **error);
void               heft_nuisance_table_free (HeftNuisanceTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftNuisanceTable, heft_nuisance_table_free)

/**
 * heft_effective_information:
 * @n_samples: the first so many inputs are measured
 * @n_covariance: the first so many inputs give Sigma_x (divisor @n_covariance); 0 for all
 * @information: (out): 1/2 log |I + Sigma_x F_{z|x}| in nats, n_layers x @n_samples
 * @fisher_trace: (out) (nullable): tr F_{z|x}, likewise
 *
 * The effective information of each layer's activations about each input, as of a Gaussian channel. By the determinant's identity
 * on the side of the activations, so it is finite for every layer, however few outputs it has.
 */
gboolean heft_effective_information (HeftNetwork *network, const double *mean, const double *variance, HeftDataset *data,
                                     gsize n_samples, gsize n_covariance, double *information, double *fisher_trace,
                                     GCancellable *cancellable, GError **error);

/* The same with the noise Sigma* = beta (F + beta/lambda^2 I)^{-1} of a structured curvature (KFAC, EKFAC, diagonal; with its
 * eigenvectors), block by block: Sigma_z is propagated forward, each layer adding J_l Sigma_l J_l^T from the Kronecker factors. */
gboolean heft_effective_information_structured (HeftNetwork *network, const double *mean, const HeftCurvature *curvature,
                                                double beta, double lambda, HeftDataset *data, gsize n_samples,
                                                gsize n_covariance, double *information, double *fisher_trace,
                                                GCancellable *cancellable, GError **error);

/**
 * HeftDirections:
 * @most: n_most x n_inputs unit vectors, the leading eigenvectors of F_{z|x}: what is seen best, best first
 * @most_fisher: their eigenvalues; 1/sqrt is the smallest visible step along them
 * @least: n_least x n_inputs unit vectors of a given subspace, orthogonal to each other, along which F_{z|x} is smallest, smallest
 *   first: what hides
 * @least_fisher: F along them
 */
typedef struct
{
  gsize   n_inputs, n_most, n_least;
  double *most, *most_fisher;
  double *least, *least_fisher;
} HeftDirections;

/* Of one input (d) and layer. @subspace: @n_subspace orthonormal rows (n_subspace x d), as of heft_principal_directions(): the least
 * visible directions of all are those in which no image ever differs. @n_most is at most d, @n_least at most @n_subspace. */
HeftDirections *heft_directions_new  (HeftNetwork *network, const double *mean, const double *variance, const double *input,
                                      gsize layer, gsize n_most, const double *subspace, gsize n_subspace, gsize n_least,
                                      GError **error);
void            heft_directions_free (HeftDirections *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftDirections, heft_directions_free)

/* The @n_directions leading eigenvectors (rows, orthonormal, n_directions x d) of the covariance (divisor n) of the first @n_samples
 * inputs, and its eigenvalues into @variances (n_directions, or NULL). */
gboolean heft_principal_directions (HeftDataset *data, gsize n_samples, gsize n_directions, double *directions,
                                    double *variances, GError **error);

/* Covariance of the activations of @layer at one input (n x n; n from heft_layer_n_activations()) under the weight noise: to first
 * order, J diag(variance) J^T; and over @n_draws whole-network weight draws (purpose PROBE), which converges to the true one, with
 * a relative standard error of about sqrt (2 / n_draws) on the diagonal. @mean_activations (n) may be NULL. */
gsize    heft_layer_n_activations       (const HeftNetwork *network, gsize layer);
gboolean heft_pushforward_first_order   (HeftNetwork *network, const double *mean, const double *variance, const double *input,
                                         gsize layer, double *covariance, GError **error);
gboolean heft_pushforward_monte_carlo   (HeftNetwork *network, const double *mean, const double *variance, const double *input,
                                         gsize layer, gsize n_draws, guint64 seed, double *mean_activations,
                                         double *covariance, GCancellable *cancellable, GError **error);

/* Both with the noise of a structured curvature, as in heft_effective_information_structured(); draws are those of
 * heft_curvature_posterior_draw(). */
gboolean heft_pushforward_structured             (HeftNetwork *network, const double *mean, const HeftCurvature *curvature,
                                                  double beta, double lambda, const double *input, gsize layer,
                                                  double *covariance, GError **error);
gboolean heft_pushforward_monte_carlo_structured (HeftNetwork *network, const double *mean, const HeftCurvature *curvature,
                                                  double beta, double lambda, const double *input, gsize layer, gsize n_draws,
                                                  guint64 seed, double *mean_activations, double *covariance,
                                                  GCancellable *cancellable, GError **error);

/**
 * heft_plane_map:
 * @width, @height: points of the grid, at the centres of its cells; row 0 is the lowest
 * @trace: (out): tr F_{z|x}, height x width
 * @log_determinant: (out): log |F_{z|x}|, height x width; minus infinity where a layer sees one direction or none
 *
 * For networks with two inputs: what @layer sees, over the rectangle [@x0, @x1] x [@y0, @y1] of the plane. The smallest area that
 * can be told apart is exp (-log_determinant / 2).
 */
gboolean heft_plane_map (HeftNetwork *network, const double *mean, const double *variance, gsize layer,
                         double x0, double x1, double y0, double y1, gsize width, gsize height,
                         double *trace, double *log_determinant, GCancellable *cancellable, GError **error);

G_END_DECLS
