/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/bound.h>
#include <heft/code.h>
#include <heft/curvature.h>

G_BEGIN_DECLS

/* --- Gaussian information in the weights, theory.md section 3 ------------------------------------------------ */

/**
 * heft_gaussian_information:
 * @eigenvalues: non-zero eigenvalues of the curvature H; the other @n_parameters - @n_eigenvalues are zero
 * @squared_distance: |w* - centre of P|^2
 *
 * 1/2 [ log|I + r H| - k + tr (I + r H)^{-1} + |w*|^2/lambda^2 ], r = lambda^2/beta; nats. Negative eigenvalues from rounding count as 0.
 */
double heft_gaussian_information         (const double *eigenvalues, gsize n_eigenvalues, gsize n_parameters,
                                          double squared_distance, double beta, double lambda);
/* As printed in Prop. 2.5 and eq. (8) of the paper, for comparison only. */
double heft_gaussian_information_printed (const double *eigenvalues, gsize n_eigenvalues, gsize n_parameters,
                                          double squared_distance, double beta, double lambda);
/* Of one eigen-direction: 1/2 log(1 + r h) - 1/2 (1 - 1/(1 + r h)). */
double heft_gaussian_information_direction (double eigenvalue, double beta, double lambda);
/* beta / lambda^2, what parts paid-for from free directions. */
double heft_free_direction_threshold       (double beta, double lambda);

/* --- Gibbs by quadrature in one dimension, theory.md section 1 ------------------------------------------------- */

typedef double (*HeftScalarFunction) (double w, gpointer user_data);

/**
 * HeftGibbs:
 *
 * The optimum of the Information Lagrangian over all distributions on [lower, upper], by quadrature on a grid. P is
 * N(0, lambda^2) renormalised to the interval. @grid, @prior and @posterior are densities at @n_grid equally spaced points.
 */
typedef struct
{
  double  lagrangian;       /* min C = -beta log Z */
  double  information;      /* KL(Q*||P) */
  double  expected_loss;    /* E_Q* L */
  gsize   n_grid;
  double *grid, *prior, *posterior, *loss;
} HeftGibbs;

HeftGibbs *heft_gibbs_new  (HeftScalarFunction loss, gpointer user_data, double lower, double upper,
                            double lambda, double beta, gsize n_grid, GError **error);
void       heft_gibbs_free (HeftGibbs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftGibbs, heft_gibbs_free)

/* The best single Gaussian (mean, deviation) on the same interval, renormalised like P, and its Lagrangian. */
double heft_gibbs_best_gaussian (const HeftGibbs *gibbs, double lambda, double beta, double *mean, double *deviation);

/* --- ... and in two dimensions ------------------------------------------------------------------------------------ */

typedef double (*HeftPlaneFunction) (double w1, double w2, gpointer user_data);

/**
 * HeftGibbs2d:
 *
 * The optimum over all distributions of two weights on a rectangle, P = N(0, lambda^2 I) renormalised to it. Quadrature one weight
 * inside the other: for each value of the first the second is integrated out exactly as in one dimension, its free energy
 * -beta log Z is the first one's loss, and informations add up by the chain rule.
 */
typedef struct
{
  double  lagrangian;       /* min C = -beta log Z */
  double  information;      /* KL(Q*||P) */
  double  expected_loss;    /* E_Q* L */
  gsize   n_grid;           /* of each axis */
  double *grid[2];          /* n_grid */
  double *marginal[2];      /* n_grid: density of each weight under Q* */
  double *prior, *posterior, *loss;   /* n_grid x n_grid, row i the first weight's: densities, for drawing */
} HeftGibbs2d;

HeftGibbs2d *heft_gibbs_2d_new  (HeftPlaneFunction loss, gpointer user_data, const double lower[2], const double upper[2],
                                 double lambda, double beta, gsize n_grid, GError **error);
void         heft_gibbs_2d_free (HeftGibbs2d *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftGibbs2d, heft_gibbs_2d_free)

/**
 * HeftPlaneGaussian:
 *
 * A Gaussian of two weights. @mean and @covariance (11, 12, 22) are those before it is restricted to the rectangle and renormalised
 * there, like P; the three numbers, in nats, are of the restricted one.
 */
typedef struct
{
  double mean[2], covariance[3];
  double lagrangian, information, expected_loss;
} HeftPlaneGaussian;

/* The best Gaussian on the rectangle of @gibbs, made with the same arguments: over all means and covariances, or, @diagonal, over all
 * means and variances of independent weights (mean-field). From several starts; by quadrature, for losses that are smooth on a
 * twentieth of the rectangle or of the Gaussian. FALSE with @error where the numbers do not stay finite. */
gboolean     heft_gibbs_2d_best_gaussian (const HeftGibbs2d *gibbs, HeftPlaneFunction loss, gpointer user_data, double lambda,
                                          double beta, gboolean diagonal, HeftPlaneGaussian *gaussian, GError **error);
/* The three numbers of the Gaussian whose mean and covariance stand in @gaussian. */
gboolean     heft_gibbs_2d_measure_gaussian (const HeftGibbs2d *gibbs, HeftPlaneFunction loss, gpointer user_data, double lambda,
                                             double beta, HeftPlaneGaussian *gaussian, GError **error);
/* N(w*, Sigma*) of theory.md section 3 at a minimum with @hessian (11, 12, 22), or, @printed, as Prop. 2.5 and eq. (8) of the paper have
 * it: mean, covariance and, returned too, the information by the formula, on the whole plane. The other two numbers are left
 * undefined (NaN): heft_gibbs_2d_measure_gaussian() gives all three on the rectangle. */
double       heft_plane_laplace (const double minimum[2], const double hessian[3], double lambda, double beta, gboolean printed,
                                 HeftPlaneGaussian *gaussian);

/**
 * HeftContours:
 *
 * Lines of one value over a rectangle: @n points (x, y) in turn, line after line; line k is those from @start[k] up to but without
 * @start[k + 1]. A closed line ends at the point where it begins, the others end at the edge of the grid.
 */
typedef struct
{
  gsize   n_lines, n;
  gsize  *start;            /* n_lines + 1 */
  double *xy;               /* 2 n */
} HeftContours;

/* By marching squares on n_x x n_y values, row i at x[i], column k at y[k]. */
HeftContours *heft_contours_new   (const double *x, gsize n_x, const double *y, gsize n_y, const double *values, double level);
void          heft_contours_free  (HeftContours *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftContours, heft_contours_free)
/* For each of @n masses between 0 and 1 the level of the logarithm of a density, known up to a constant, above which that share of it
 * lies. */
void          heft_contour_levels (const double *x, gsize n_x, const double *y, gsize n_y, const double *log_density,
                                   const double *masses, gsize n, double *levels);

/* --- Effective information in the activations, theory.md section 6 ---------------------------------------------- */

/**
 * HeftVisibility:
 *
 * The Fisher information F_{z|x} that a layer's activations carry about one input, first order, with weight noise
 * N(0, diag variance): Sigma_z by exact propagation of J diag(variance) J^T layer by layer, F = Jx^T Sigma_z^{-1} Jx on the
 * activations that have any variance.
 */
typedef struct
{
  gsize   n_inputs;              /* d */
  double *fisher_diagonal;       /* d: what the layer can see of each pixel */
  double *smallest_change;       /* d: 1/sqrt(diagonal), how far a pixel may move unseen; infinite where blind */
  double  trace;
  gsize   n_active;              /* activations with positive variance */
  gsize   n_activations;
  gsize   rank;                  /* directions that the noise reaches; below n_active (a convolution has more outputs than
                                  * weights) the others are free of noise, and F, by the pseudo-inverse, leaves them out */
} HeftVisibility;

void heft_visibility_free (HeftVisibility *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftVisibility, heft_visibility_free)

/* @layer: 0 = after the first hidden activation ... the last = logits. @variance: k weight variances. @input: d. @fisher, if
 * not NULL, receives the whole d x d matrix. */
HeftVisibility *heft_visibility_new (HeftNetwork *network, const double *mean, const double *variance,
                                     const double *input, gsize layer, double *fisher, GError **error);
gsize           heft_visibility_n_layers (const HeftNetwork *network);
/* A deterministic estimate of what heft_visibility_new() costs, in floating-point operations. */
double          heft_visibility_cost     (const HeftNetwork *network, gsize layer);

G_END_DECLS
