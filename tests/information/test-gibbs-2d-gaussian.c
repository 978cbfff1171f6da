/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#include "information/planes.h"
#include "reference/reference.h"

static double
second_part (double w, gpointer data)
{
  return 2 * (w - 0.4) * (w - 0.4) + 0.2 * sin (w);
}

static double
separable (double w1, double w2, gpointer data)
{
  return first_part (w1, NULL) + second_part (w2, NULL);
}

/* 1/2 (w - c)^T A (w - c), A = [3 1.2; 1.2 2], c = (0.5, -0.3). */
static double
quadratic (double w1, double w2, gpointer data)
{
  double a = w1 - 0.5, b = w2 + 0.3;

  return 0.5 * (3 * a * a + 2 * 1.2 * a * b + 2 * b * b);
}

static HeftPlaneGaussian
best (const HeftGibbs2d *gibbs, HeftPlaneFunction loss, double lambda, double beta, gboolean diagonal)
{
  g_autoptr (GError) error = NULL;
  HeftPlaneGaussian gaussian = { { 0 } };

  heft_gibbs_2d_best_gaussian (gibbs, loss, NULL, lambda, beta, diagonal, &gaussian, &error);
  g_assert_no_error (error);
  /* What it says of itself holds together. */
  g_assert_cmpfloat_with_epsilon (gaussian.lagrangian, gaussian.expected_loss + beta * gaussian.information, 1e-9 * (1 + beta));
  return gaussian;
}

/* For a quadratic loss on a wide rectangle the best Gaussian is Gibbs. It stands where loss and prior balance, (A + r I) m = A c,
 * r = beta / lambda^2, with covariance beta (A + r I)^{-1}; the best mean-field one has the variances beta / diag (A + r I). */
static void
test_quadratic (void)
{
  const double wide[2] = { -12, -12 }, high[2] = { 12, 12 }, lambda = 1.3;
  const double betas[] = { 1e-5, 0.02, 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      double beta = betas[i], ridge = beta / (lambda * lambda), a = 3 + ridge, c = 2 + ridge, b = 1.2;
      double determinant = a * c - b * b, pull[2] = { 3 * 0.5 - 1.2 * 0.3, 1.2 * 0.5 - 2 * 0.3 };
      double mean[2] = { (c * pull[0] - b * pull[1]) / determinant, (a * pull[1] - b * pull[0]) / determinant };
      g_autoptr (HeftGibbs2d) gibbs = plane (quadratic, wide, high, lambda, beta);
      HeftPlaneGaussian full = best (gibbs, quadratic, lambda, beta, FALSE);
      HeftPlaneGaussian diagonal = best (gibbs, quadratic, lambda, beta, TRUE);
      double excess = 0.5 * beta * log (a * c / determinant);

      g_assert_cmpfloat_with_epsilon (full.lagrangian, gibbs->lagrangian, 1e-9 * (beta + gibbs->lagrangian));
      g_assert_cmpfloat_with_epsilon (full.information, gibbs->information, 1e-6 * gibbs->information);
      g_assert_cmpfloat_with_epsilon (full.expected_loss, gibbs->expected_loss, 1e-6 * gibbs->expected_loss);
      for (int k = 0; k < 2; k++)
        {
          g_assert_cmpfloat_with_epsilon (full.mean[k], mean[k], 1e-5 * sqrt (beta));
          g_assert_cmpfloat_with_epsilon (diagonal.mean[k], mean[k], 1e-5 * sqrt (beta));
        }
      g_assert_cmpfloat_with_epsilon (full.covariance[0], beta * c / determinant, 1e-5 * beta);
      g_assert_cmpfloat_with_epsilon (full.covariance[1], -beta * b / determinant, 1e-5 * beta);
      g_assert_cmpfloat_with_epsilon (full.covariance[2], beta * a / determinant, 1e-5 * beta);
      g_assert_cmpfloat_with_epsilon (diagonal.covariance[0], beta / a, 1e-5 * beta);
      g_assert_cmpfloat (diagonal.covariance[1], ==, 0);
      g_assert_cmpfloat_with_epsilon (diagonal.covariance[2], beta / c, 1e-5 * beta);
      g_assert_cmpfloat_with_epsilon (diagonal.lagrangian - gibbs->lagrangian, excess, 1e-8 * (beta + gibbs->lagrangian));
    }
}

/* Laplace's Gaussian at a minimum at the centre of P is the best one; as printed it is half as wide, and the formula is off by k/2. */
static void
test_laplace (void)
{
  const double wide[2] = { -12, -12 }, high[2] = { 12, 12 }, minimum[2] = { 0.5, -0.3 }, hessian[3] = { 3, 1.2, 2 };
  const double lambda = 1.3, beta = 0.02, ridge = beta / (lambda * lambda);
  g_autoptr (HeftGibbs2d) gibbs = plane (quadratic, wide, high, lambda, beta);
  g_autoptr (GError) error = NULL;
  HeftPlaneGaussian full = best (gibbs, quadratic, lambda, beta, FALSE), laplace, printed, measured;
  double determinant = (3 + ridge) * (2 + ridge) - 1.44, half = (3 + ridge / 2) * (2 + ridge / 2) - 1.44;

  g_assert_cmpfloat (heft_plane_laplace (minimum, hessian, lambda, beta, FALSE, &laplace), ==, laplace.information);
  heft_plane_laplace (minimum, hessian, lambda, beta, TRUE, &printed);
  for (int k = 0; k < 3; k++)
    g_assert_cmpfloat_with_epsilon (laplace.covariance[k], full.covariance[k], 1e-5 * beta);
  g_assert_cmpfloat_with_epsilon (laplace.covariance[1], -beta * 1.2 / determinant, 1e-15);
  g_assert_cmpfloat_with_epsilon (printed.covariance[1], -0.5 * beta * 1.2 / half, 1e-15);
  /* The formula is KL (N (w*, Sigma*) || P) on the plane, which the quadrature on a wide rectangle gives too. */
  measured = laplace;
  g_assert_true (heft_gibbs_2d_measure_gaussian (gibbs, quadratic, NULL, lambda, beta, &measured, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (measured.information, laplace.information, 1e-9);
  g_assert_cmpfloat (measured.lagrangian, >, full.lagrangian);
  /* At w* the expected loss is 1/2 tr (H Sigma). */
  g_assert_cmpfloat_with_epsilon (measured.expected_loss,
                                  0.5 * (3 * laplace.covariance[0] + 2.4 * laplace.covariance[1] + 2 * laplace.covariance[2]), 1e-10);
  measured.covariance[1] = 10;
  g_assert_false (heft_gibbs_2d_measure_gaussian (gibbs, quadratic, NULL, lambda, beta, &measured, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

/* Of a separable loss the best mean-field Gaussian is the product of the best ones of one weight. */
static void
test_separable (void)
{
  const double betas[] = { 1e-3, 0.3, 20 };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      double beta = betas[i], mean[2], deviation[2];
      g_autoptr (GError) error = NULL;
      g_autoptr (HeftGibbs2d) gibbs = plane (separable, lower, upper, 1.5, beta);
      g_autoptr (HeftGibbs) first = heft_gibbs_new (first_part, NULL, lower[0], upper[0], 1.5, beta, 1601, &error);
      g_autoptr (HeftGibbs) second = heft_gibbs_new (second_part, NULL, lower[1], upper[1], 1.5, beta, 1601, &error);
      double lagrangian = heft_gibbs_best_gaussian (first, 1.5, beta, &mean[0], &deviation[0])
                          + heft_gibbs_best_gaussian (second, 1.5, beta, &mean[1], &deviation[1]);
      HeftPlaneGaussian diagonal = best (gibbs, separable, 1.5, beta, TRUE);

      g_assert_cmpfloat_with_epsilon (diagonal.lagrangian, lagrangian, 1e-8 * (1 + beta));
      /* Where an optimum is flat its place is known to the root of what its value is. */
      g_assert_cmpfloat_with_epsilon (diagonal.mean[0], mean[0], 1e-3 * deviation[0]);
      g_assert_cmpfloat_with_epsilon (diagonal.mean[1], mean[1], 1e-3 * deviation[1]);
    }
}

/* Each family holds the next. */
static void
test_order (void)
{
  /* Narrow and wide priors at both ends of beta and between. */
  const double settings[][2] = { { 0.05, 1e-5 }, { 0.05, 0.3 }, { 0.9, 1e-5 }, { 0.9, 0.01 }, { 0.9, 0.3 }, { 0.9, 200 }, { 50, 1e-5 },
                                 { 50, 0.3 }, { 50, 200 } };

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      double lambda = settings[i][0], beta = settings[i][1];
      g_autoptr (HeftGibbs2d) gibbs = plane (product, lower, upper, lambda, beta);
      HeftPlaneGaussian full = best (gibbs, product, lambda, beta, FALSE);
      HeftPlaneGaussian diagonal = best (gibbs, product, lambda, beta, TRUE);
      double tolerance = 1e-9 * (1 + fabs (gibbs->lagrangian) + beta);

      g_assert_cmpfloat (full.lagrangian, >=, gibbs->lagrangian - tolerance);
      g_assert_cmpfloat (diagonal.lagrangian, >=, full.lagrangian - tolerance);
      g_assert_cmpfloat (full.covariance[0] * full.covariance[2], >, full.covariance[1] * full.covariance[1]);
    }
}

/* A thin Gaussian across a corner of the rectangle, by plain midpoint sums (off by about 1e-6). */
static void
test_cut (void)
{
  const double lambda = 1.1, beta = 0.4, a = 1.2, c = 1.5, b = 0.998 * sqrt (a * c), determinant = a * c - b * b;
  const int n = 3000;
  g_autoptr (HeftGibbs2d) gibbs = plane (product, lower, upper, lambda, beta);
  HeftPlaneGaussian gaussian = { { 1.5, 1.8 }, { a, b, c } };
  double q_sum = 0, p_sum = 0, loss_sum = 0, ratio_sum = 0;

  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++)
      {
        double w1 = lower[0] + (upper[0] - lower[0]) * (i + 0.5) / n, w2 = lower[1] + (upper[1] - lower[1]) * (k + 0.5) / n;
        double d1 = w1 - 1.5, d2 = w2 - 1.8;
        double log_p = -0.5 * (w1 * w1 + w2 * w2) / (lambda * lambda);
        double log_q = -0.5 * (c * d1 * d1 - 2 * b * d1 * d2 + a * d2 * d2) / determinant, q = exp (log_q);

        p_sum += exp (log_p);
        q_sum += q;
        loss_sum += q * product (w1, w2, NULL);
        ratio_sum += q * (log_q - log_p);
      }
  g_assert_true (heft_gibbs_2d_measure_gaussian (gibbs, product, NULL, lambda, beta, &gaussian, NULL));
  g_assert_cmpfloat_with_epsilon (gaussian.expected_loss, loss_sum / q_sum, 2e-5);
  g_assert_cmpfloat_with_epsilon (gaussian.information, ratio_sum / q_sum - log (q_sum / p_sum), 2e-5);
}

static void
check_row (const HeftPlaneGaussian *found, JsonObject *expected, double beta)
{
  g_autofree double *mean = reference_array (expected, "mean", 2);
  g_autofree double *covariance = reference_array (expected, "covariance", 3);
  double sign = mean[0] * found->mean[0] < 0 ? -1 : 1;

  g_assert_cmpfloat_with_epsilon (found->lagrangian, json_object_get_double_member (expected, "lagrangian"), 1e-9 * (1 + beta));
  g_assert_cmpfloat_with_epsilon (found->information, json_object_get_double_member (expected, "information"), 1e-4);
  g_assert_cmpfloat_with_epsilon (found->expected_loss, json_object_get_double_member (expected, "expected_loss"), 1e-4);
  for (int k = 0; k < 2; k++)
    g_assert_cmpfloat_with_epsilon (found->mean[k], sign * mean[k], 1e-3);
  for (int k = 0; k < 3; k++)
    g_assert_cmpfloat_with_epsilon (found->covariance[k], covariance[k], 1e-3);
}

/* SciPy, without gradients, on a product rule over the rectangle. */
static void
test_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("plane");
  JsonArray *rows = json_object_get_array_member (values, "rows");
  double lambda = json_object_get_double_member (values, "lam");

  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      double beta = json_object_get_double_member (row, "beta");
      g_autoptr (HeftGibbs2d) gibbs = plane (product, lower, upper, lambda, beta);
      HeftPlaneGaussian full = best (gibbs, product, lambda, beta, FALSE);
      HeftPlaneGaussian diagonal = best (gibbs, product, lambda, beta, TRUE);

      check_row (&full, json_object_get_object_member (row, "full"), beta);
      check_row (&diagonal, json_object_get_object_member (row, "diagonal"), beta);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/gibbs-2d-gaussian/quadratic", test_quadratic);
  g_test_add_func ("/information/gibbs-2d-gaussian/laplace", test_laplace);
  g_test_add_func ("/information/gibbs-2d-gaussian/separable", test_separable);
  g_test_add_func ("/information/gibbs-2d-gaussian/order", test_order);
  g_test_add_func ("/information/gibbs-2d-gaussian/cut", test_cut);
  g_test_add_func ("/information/gibbs-2d-gaussian/reference", test_reference);
  return g_test_run ();
}
