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
 * @words: translated: which route was picked and why; %NULL where there was no choice
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
  char   *words;
} HeftSpectrum;

void heft_spectrum_free (HeftSpectrum *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftSpectrum, heft_spectrum_free)
/* How many of its eigenvalues are above @threshold: the directions that are paid for where that is heft_free_direction_threshold(). */
gsize heft_spectrum_count_above (const HeftSpectrum *self, double threshold);

/**
 * heft_fisher_spectra:
 * @weights: k, where the Fisher is taken
 * @whole_network: adds the whole network's spectrum as last element
 *
 * Spectra of the diagonal blocks of the Fisher (theory.md section 2) on the first @n_samples of @data, by the Gram trick
 * or the dense matrix as heft_curvature_plan() picks, in double precision. Gradients are never formed for dense layers.
 *
 * Returns: (transfer full) (element-type HeftSpectrum): one a weight layer, in order
 */
GPtrArray *heft_fisher_spectra (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                HeftFisherKind kind, guint64 seed, gboolean whole_network,
                                GCancellable *cancellable, GError **error);

/**
 * heft_fisher_spectra_f32:
 * @n_threads: 0 = one a processor; the result does not depend on it
 *
 * The same blocks in single precision throughout, layers side by side: eigenvalues are good to about 1e-6 of the largest, and those
 * below that are left out.
 */
GPtrArray *heft_fisher_spectra_f32 (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                                    HeftFisherKind kind, guint64 seed, guint n_threads,
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

/**
 * heft_fisher_scaled_traces_f64:
 * @n_samples: the first n of @data, 0 for all
 * @scale: (out): s, the root mean square over samples and classes of the logits less their mean over classes
 * @traces: (out): tr of each weight layer's block of F_s, nats; their sum is the whole network's
 *
 * The Fisher with the scale of the logits divided out (theory.md section 2): that of the model softmax (z / s) with s a constant,
 * labels' expectation exact. tr F falls to zero as the logits of separable data grow; tr F_s does not. Networks of any kind, on the
 * calling thread. Where the logits are the same for every class there is no scale: @scale and @traces are 0.
 *
 * Returns: %FALSE with HEFT_ERROR_INVALID_PARAMETER, HEFT_ERROR_INVALID_DATA, HEFT_ERROR_DIVERGED or cancelled
 */
gboolean heft_fisher_scaled_traces_f64 (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                        double *scale, double *traces, GCancellable *cancellable, GError **error);
/* The same with single-precision passes. */
gboolean heft_fisher_scaled_traces_f32 (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                                        double *scale, double *traces, GCancellable *cancellable, GError **error);

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

/* --- Structured curvature: KFAC, EKFAC, diagonal ------------------------------------------------------------------------ */

typedef enum
{
  HEFT_CURVATURE_KFAC,       /* F_l ~ A_l (x) G_l (Martens and Grosse 2015; Grosse and Martens 2016 for convolutions) */
  HEFT_CURVATURE_EKFAC,      /* the same eigenbasis with second moments of its own (George et al. 2018) */
  HEFT_CURVATURE_DIAGONAL,   /* the diagonal of F_l */
} HeftCurvatureKind;

const char *heft_curvature_kind_name (HeftCurvatureKind kind);   /* "kfac", "ekfac", "diagonal" */

/**
 * HeftCurvatureLayer:
 * @n_inputs: fan_in + 1, the bias's constant 1 last
 * @n_outputs: fan_out
 * @input_factor: A, n_inputs x n_inputs; %NULL for a diagonal
 * @output_factor: G, n_outputs x n_outputs; %NULL for a diagonal
 * @input_values: eigenvalues of A, descending; %NULL for a diagonal
 * @output_values: those of G
 * @input_vectors: eigenvectors of A as rows, row i belongs to input_values[i]; %NULL for a diagonal, whose basis is that of the
 *   parameters, and where only values were asked for
 * @output_vectors: those of G
 * @moments: n_inputs x n_outputs, the curvature along (i, j) of the basis: a_i g_j (KFAC), the mean square of the gradient's
 *   component there (EKFAC), the diagonal of F_l (diagonal)
 * @trace: of the approximation, the sum of @moments. Exact for EKFAC and diagonal
 *
 * One weight layer's approximation of its diagonal block, F_l ~ U^T diag(moments) U, U = input_vectors (x) output_vectors, in the
 * parameters' order ((fan_in + 1) x fan_out). With T places of a convolution's output, A = E sum_t a_t a_t^T and
 * G = E 1/T sum_t delta_t delta_t^T. KFAC equals F_l where inputs and deltas are independent and there is one place: a single
 * sample, or a linear network whose deltas are the same for every input.
 */
typedef struct
{
  gsize         n_inputs, n_outputs;
  const double *input_factor, *output_factor;
  const double *input_values, *output_values;
  const double *input_vectors, *output_vectors;
  const double *moments;
  double        trace;
} HeftCurvatureLayer;

/**
 * HeftCurvature:
 *
 * A block-diagonal approximation of the Fisher, a HeftCurvatureLayer a weight layer. Immutable once made; any thread may read it.
 */
typedef struct _HeftCurvature HeftCurvature;

/**
 * heft_curvature_new:
 * @weights: k
 * @n_samples: the first n of @data, 0 for all
 * @labels: exact, sampled or empirical expectation over labels
 * @seed: of sampled labels
 * @values_only: leaves out eigenvectors, which cost most; for KFAC alone, and without what needs them (posteriors)
 * @n_threads: 0 = one a processor; the result does not depend on it
 *
 * Double precision throughout.
 *
 * Returns: (transfer full): %NULL with HEFT_ERROR_INVALID_PARAMETER, HEFT_ERROR_DIVERGED, HEFT_ERROR_TOO_LARGE or cancelled
 */
HeftCurvature *heft_curvature_new     (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                       HeftCurvatureKind kind, HeftFisherKind labels, guint64 seed, gboolean values_only,
                                       guint n_threads, GCancellable *cancellable, GError **error);
/* The same with passes, sums and eigenvalues in single precision: values are good to about 1e-5 of the largest. */
HeftCurvature *heft_curvature_new_f32 (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                                       HeftCurvatureKind kind, HeftFisherKind labels, guint64 seed, gboolean values_only,
                                       guint n_threads, GCancellable *cancellable, GError **error);
HeftCurvature *heft_curvature_ref     (HeftCurvature *self);
void           heft_curvature_unref   (HeftCurvature *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftCurvature, heft_curvature_unref)

HeftCurvatureKind         heft_curvature_get_kind      (const HeftCurvature *self);
HeftNetwork              *heft_curvature_get_network   (const HeftCurvature *self);   /* (transfer none) */
gsize                     heft_curvature_get_n_samples (const HeftCurvature *self);
const HeftCurvatureLayer *heft_curvature_get_layer     (const HeftCurvature *self, gsize l);

/* Every eigenvalue of every layer's approximation, descending, as HeftSpectrum (complete, estimator named); with @whole_network a
 * last one of layer -1: here it is the layers' union, because the approximation has no blocks between layers. */
GPtrArray *heft_curvature_spectra (const HeftCurvature *self, gboolean whole_network);
/* log|I + r F| of layer @layer, -1 for all; r >= 0. */
double     heft_curvature_log_determinant (const HeftCurvature *self, int layer, double r);
/* The approximation as a k_l x k_l matrix, for small layers. Needs eigenvectors. */
void       heft_curvature_dense (const HeftCurvature *self, gsize layer, double *matrix);

/* The Gaussian posterior Sigma_l = beta (F_l + beta/lambda^2 I)^{-1} of theory.md section 3 under the approximation, block-diagonal
 * over layers. Each needs eigenvectors, beta > 0 and lambda > 0. */

/* @out := Sigma_l @in, k_l each; @out may be @in. */
void     heft_curvature_posterior_multiply (const HeftCurvature *self, gsize layer, double beta, double lambda,
                                            const double *in, double *out);
/* @weights (k) := @mean (k; NULL is zero) + Sigma^{1/2} n, draw number @draw: stream WEIGHT_DRAW of @seed, one a layer. */
void     heft_curvature_posterior_draw (const HeftCurvature *self, double beta, double lambda, const double *mean,
                                        guint64 seed, guint64 draw, double *weights);
/* log|Sigma| of layer @layer, -1 for all. */
double   heft_curvature_posterior_log_determinant (const HeftCurvature *self, int layer, double beta, double lambda);
/* @variances (k) := the diagonal of Sigma under a DIAGONAL curvature: the best Gaussian of independent weights, 0 for biases that are
 * fixed. */
void     heft_curvature_posterior_variances (const HeftCurvature *self, double beta, double lambda, double *variances);
/* tr Sigma of layer @layer, -1 for all. */
double   heft_curvature_posterior_trace (const HeftCurvature *self, int layer, double beta, double lambda);
/* Replaces @rows = J (n x k_l, a row a function of the layer's weights) by rows R of J Sigma_l J^T = R R^T. */
void     heft_curvature_posterior_root (const HeftCurvature *self, gsize layer, double beta, double lambda, gsize n, double *rows);
/* Adds J Sigma_l J^T to @covariance (n x n); @jacobian is n x k_l, a row a function of the layer's weights. */
void     heft_curvature_posterior_covariance (const HeftCurvature *self, gsize layer, double beta, double lambda,
                                              gsize n, const double *jacobian, double *covariance);
/* Sets @covariance (m x m, m the size of the layer's output) to what the layer's own weight noise makes of its pre-activations
 * at @input (size of its input shape): J_l Sigma_l J_l^T without ever forming J_l. */
void     heft_curvature_posterior_output (const HeftCurvature *self, gsize layer, double beta, double lambda,
                                          const double *input, double *covariance);

/* --- Matrix-free: products, ends of the spectrum, traces, stochastic Lanczos quadrature ------------------------------------ */

typedef enum
{
  HEFT_MATRIX_FISHER,    /* exact labels: the generalised Gauss-Newton matrix */
  HEFT_MATRIX_HESSIAN,   /* of the mean cross-entropy to the labels of the data */
} HeftMatrixKind;

/**
 * HeftMatrixFree:
 *
 * Fisher or Hessian of a network of any kind as a symmetric matrix that only multiplies (Gauss-Newton products; Pearlmutter 1994).
 * Works on several threads, the results do not depend on how many. Used by one thread at a time.
 */
typedef struct _HeftMatrixFree HeftMatrixFree;

/**
 * heft_matrix_free_new:
 * @weights: k; copied
 * @n_samples: the first n of @data, 0 for all
 * @layer: the weight layer whose diagonal block it is, -1 for the whole network
 * @n_threads: 0 = one a processor
 *
 * Returns: (transfer full): %NULL with HEFT_ERROR_INVALID_PARAMETER, HEFT_ERROR_DIVERGED or HEFT_ERROR_TOO_LARGE
 */
HeftMatrixFree *heft_matrix_free_new      (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                           HeftMatrixKind kind, int layer, guint n_threads, GError **error);
/* The same with single-precision passes, more than twice as fast: products are good to about 1e-5 of the largest
 * eigenvalue. */
HeftMatrixFree *heft_matrix_free_new_f32  (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples,
                                           HeftMatrixKind kind, int layer, guint n_threads, GError **error);
void            heft_matrix_free_free     (HeftMatrixFree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftMatrixFree, heft_matrix_free_free)

gsize           heft_matrix_free_get_size (const HeftMatrixFree *self);   /* k of the block */
/* @out := A @in, both k of the block; @out may not be @in. */
void            heft_matrix_free_multiply (HeftMatrixFree *self, const double *in, double *out);

/**
 * HeftEigenEnds:
 * @values: the @n_top largest, descending, then the @n_bottom smallest, ascending (the most negative first)
 * @residuals: |A v - theta v| of each: there is an eigenvalue within that of it
 * @vectors: a row each, of length 1, @size long
 * @n_products: products taken
 */
typedef struct
{
  gsize   size, n_top, n_bottom, n_products;
  double *values, *residuals, *vectors;
} HeftEigenEnds;

/**
 * heft_matrix_free_ends:
 * @n_iterations: at most; no fewer than @n_top + @n_bottom, which together are at most k
 * @tolerance: stops when residuals are below this share of the largest absolute eigenvalue
 * @seed: of the vector it starts from
 *
 * Both ends of the spectrum by Lanczos with full reorthogonalisation. An eigenvalue that occurs several times is found once.
 */
HeftEigenEnds *heft_matrix_free_ends (HeftMatrixFree *self, gsize n_top, gsize n_bottom, gsize n_iterations, double tolerance,
                                      guint64 seed, GCancellable *cancellable, GError **error);
void           heft_eigen_ends_free  (HeftEigenEnds *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftEigenEnds, heft_eigen_ends_free)

/* A mean over random probes and the standard error of that mean; NAN where there was one probe alone. */
typedef struct
{
  double value, standard_error;
} HeftEstimate;

/* tr A as the mean of z^T A z over @n_probes vectors of random signs (Hutchinson 1990). */
gboolean heft_matrix_free_trace (HeftMatrixFree *self, gsize n_probes, guint64 seed, GCancellable *cancellable,
                                 HeftEstimate *trace, GError **error);
/* Hutch++ (Meyer, Musco, Musco and Woodruff 2021) with @n_products (at least 3) in all: exact on the range of A times a third as many
 * random vectors, Hutchinson on what is left. The standard error is of the latter. */
gboolean heft_matrix_free_trace_hutch_plus_plus (HeftMatrixFree *self, gsize n_products, guint64 seed, GCancellable *cancellable,
                                                 HeftEstimate *trace, GError **error);

/**
 * HeftQuadrature:
 * @size: k
 * @n_probes: vectors of random signs
 * @n_nodes: nodes of each probe's rule
 * @nodes: of probe p, its Ritz values, descending
 * @weights: of probe p, the squared first components of the eigenvectors of its tridiagonal matrix: they sum to 1
 *
 * Stochastic Lanczos quadrature (Golub and Meurant 1994; Ubaru, Chen and Saad 2017): tr f(A) is estimated by the mean over probes of
 * k sum_i weights_i f(nodes_i). Every estimate's standard error is over probes; the bias of the rule itself falls with the steps.
 */
typedef struct
{
  gsize    size, n_probes, n_samples;
  gsize   *n_nodes;
  double **nodes, **weights;
} HeftQuadrature;

HeftQuadrature *heft_quadrature_new  (HeftMatrixFree *matrix, gsize n_steps, gsize n_probes, guint64 seed,
                                      GCancellable *cancellable, GError **error);
void            heft_quadrature_free (HeftQuadrature *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftQuadrature, heft_quadrature_free)

typedef double (*HeftSpectralFunction) (double eigenvalue, gpointer user_data);

/* tr f(A). */
HeftEstimate heft_quadrature_apply           (const HeftQuadrature *self, HeftSpectralFunction f, gpointer user_data);
HeftEstimate heft_quadrature_trace           (const HeftQuadrature *self);
/* log|I + r A|, r >= 0, nats; negative nodes count as 0, as in heft_gaussian_information(). */
HeftEstimate heft_quadrature_log_determinant (const HeftQuadrature *self, double r);
/* Gaussian information in the weights, theory.md section 3, by its trace function, with |w* - centre|^2 given; nats. */
HeftEstimate heft_quadrature_information     (const HeftQuadrature *self, double squared_distance, double beta, double lambda);
/* The spectral density at @points (n), every node widened to a Gaussian of deviation @width; it integrates to 1.
 * @standard_errors (n) may be NULL. */
void         heft_quadrature_density         (const HeftQuadrature *self, gsize n, const double *points, double width,
                                              double *density, double *standard_errors);

/* --- Which route --------------------------------------------------------------------------------------------------------------- */

typedef enum
{
  HEFT_ROUTE_DENSE,      /* the k x k matrix itself */
  HEFT_ROUTE_GRAM,       /* the Gram matrix of the root's rows */
  HEFT_ROUTE_LANCZOS,    /* the largest eigenvalues alone, from products */
  HEFT_ROUTE_SLQ,        /* stochastic Lanczos quadrature: with a standard error */
} HeftRoute;

typedef enum
{
  HEFT_GOAL_SPECTRUM,          /* every eigenvalue */
  HEFT_GOAL_HEAD,              /* the largest ones */
  HEFT_GOAL_LOG_DETERMINANT,   /* log|I + r F| */
} HeftGoal;

const char *heft_route_name (HeftRoute route);   /* "dense", "gram", "lanczos", "slq" */

/**
 * HeftCurvaturePlan:
 * @route: the cheapest that gives the goal exactly and fits; else the one that gives what can be had
 * @exact: whether it gives all of the goal, without sampling error
 * @operations: floating-point operations, by shapes alone
 * @bytes: what it holds at once
 * @words: translated: what was picked and why
 */
typedef struct
{
  HeftRoute route;
  gboolean  exact;
  double    operations, bytes;
  char     *words;
} HeftCurvaturePlan;

/* For weight layer @layer (-1: the whole network) on @n_samples, with labels' expectation of @kind. @max_bytes 0 is 3 GB. */
HeftCurvaturePlan *heft_curvature_plan      (const HeftNetwork *network, gsize n_samples, HeftFisherKind kind, HeftGoal goal, int layer,
                                             double max_bytes);
void               heft_curvature_plan_free (HeftCurvaturePlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftCurvaturePlan, heft_curvature_plan_free)

/**
 * HeftDeterminant:
 * @layer: weight layer, or -1 for the whole network
 * @log_determinant: log|I + r F| of the block, nats
 * @standard_error: 0 where exact
 * @plan: how it was found
 */
typedef struct
{
  int                layer;
  gsize              n_parameters, n_samples;
  double             trace, log_determinant, standard_error;
  HeftCurvaturePlan *plan;
} HeftDeterminant;

void heft_determinant_free (HeftDeterminant *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftDeterminant, heft_determinant_free)

/**
 * heft_fisher_determinants:
 * @r: lambda^2 / beta, at least 0
 * @max_bytes: 0 is 3 GB; what is larger goes by stochastic Lanczos quadrature, which takes labels' expectation exactly
 * @n_threads: 0 = one a processor
 *
 * Trace and log|I + r F| of every diagonal block, and with @whole_network of the network as last element: by Cholesky of I + r times
 * the Gram matrix or of I + r F, in double precision, whichever is planned. No eigenvalue is computed.
 *
 * Returns: (transfer full) (element-type HeftDeterminant)
 */
GPtrArray *heft_fisher_determinants (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples,
                                     HeftFisherKind kind, guint64 seed, double r, gboolean whole_network, double max_bytes,
                                     guint n_threads, GCancellable *cancellable, GError **error);

/**
 * heft_fisher_heads:
 *
 * The @n_top largest eigenvalues of each diagonal block with labels' expectation exact, as heft_fisher_lanczos() but in double
 * precision and to a residual of 1e-8 of each, layers side by side; at most @n_iterations. Fewer are returned where they did not
 * converge.
 */
GPtrArray *heft_fisher_heads (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, gsize n_top,
                              gsize n_iterations, guint64 seed, guint n_threads, GCancellable *cancellable, GError **error);

/* A deterministic estimate of what a measurement costs, in floating-point operations: cadences are made from it so that they
 * do not depend on the machine. */
double heft_fisher_spectra_live_cost (const HeftNetwork *network, gsize n_samples);
double heft_fisher_lanczos_cost      (const HeftNetwork *network, gsize n_samples, gsize n_iterations);
double heft_fisher_scaled_cost       (const HeftNetwork *network, gsize n_samples);
/* One product with the whole network's Fisher: heft_matrix_free_multiply(). */
double heft_fisher_product_cost      (const HeftNetwork *network, gsize n_samples);

G_END_DECLS
