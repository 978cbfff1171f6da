/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#include "information/planes.h"
#include "reference/reference.h"

static double
second_part (double w, gpointer data)
{
  return sqrt ((w - 0.3) * (w - 0.3) + 0.01) + 0.2 * sin (3 * w);
}

static double
separable (double w1, double w2, gpointer data)
{
  return first_part (w1, NULL) + second_part (w2, NULL);
}

static double
quadratic (double w1, double w2, gpointer data)
{
  return 0.5 * (3 * w1 * w1 + 2 * 1.2 * w1 * w2 + 2 * w2 * w2);
}

static double
infinite (double w1, double w2, gpointer data)
{
  return w1 + w2 > 5 ? INFINITY : 0;
}

/* PyTorch, 4,000 nodes a side. */
static void
test_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("shannon");
  JsonObject *expected = json_object_get_object_member (values, "plane");
  JsonArray *rows = json_object_get_array_member (expected, "rows");
  double lambda = json_object_get_double_member (expected, "lam");

  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      double beta = json_object_get_double_member (row, "beta");
      g_autoptr (HeftGibbs2d) gibbs = plane (product, lower, upper, lambda, beta);

      g_assert_cmpfloat_with_epsilon (gibbs->lagrangian, json_object_get_double_member (row, "lagrangian"), 1e-11 * (1 + beta));
      g_assert_cmpfloat_with_epsilon (gibbs->expected_loss, json_object_get_double_member (row, "expected_loss"), 1e-10);
      g_assert_cmpfloat_with_epsilon (gibbs->information, json_object_get_double_member (row, "information"), 1e-9);
    }
}

/* A separable loss is two problems of one weight. */
static void
test_separable (void)
{
  const double betas[] = { 1e-3, 2, 1e4 };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      g_autoptr (HeftGibbs2d) gibbs = plane (separable, lower, upper, 1.5, betas[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (HeftGibbs) first = heft_gibbs_new (first_part, NULL, lower[0], upper[0], 1.5, betas[i], N_GRID, &error);
      g_autoptr (HeftGibbs) second = heft_gibbs_new (second_part, NULL, lower[1], upper[1], 1.5, betas[i], N_GRID, &error);
      double information = first->information + second->information;

      g_assert_cmpfloat_with_epsilon (gibbs->lagrangian, first->lagrangian + second->lagrangian, 1e-9 * (1 + betas[i] * 1e-4));
      g_assert_cmpfloat (fabs (gibbs->information - information), <, 1e-7 * information);
      g_assert_cmpfloat_with_epsilon (gibbs->expected_loss, first->expected_loss + second->expected_loss, 1e-9);
      for (gsize j = 0; j < N_GRID; j += 10)
        {
          g_assert_cmpfloat_with_epsilon (gibbs->marginal[0][j], first->posterior[j], 1e-6 * (1 + first->posterior[j]));
          g_assert_cmpfloat_with_epsilon (gibbs->marginal[1][j], second->posterior[j], 1e-6 * (1 + second->posterior[j]));
        }
      /* Both densities over the plane are products. */
      for (gsize j = 0; j < N_GRID; j += 7)
        for (gsize l = 0; l < N_GRID; l += 7)
          {
            double prior = first->prior[j] * second->prior[l], posterior = first->posterior[j] * second->posterior[l];

            g_assert_cmpfloat_with_epsilon (gibbs->prior[j * N_GRID + l], prior, 1e-6 * (1 + prior));
            g_assert_cmpfloat_with_epsilon (gibbs->posterior[j * N_GRID + l], posterior, 1e-5 * (1 + posterior));
          }
    }
}

/* theory.md section 1: min C = E L + beta KL, d/dbeta min C = KL, a curve of slope -beta. */
static void
test_identities (void)
{
  double previous_information = INFINITY, previous_loss = -INFINITY, previous_beta = 0;

  for (double beta = 2e-3; beta < 30; beta *= 16)
    {
      double h = 1e-3 * beta;
      g_autoptr (HeftGibbs2d) gibbs = plane (product, lower, upper, 0.9, beta);
      g_autoptr (HeftGibbs2d) above = plane (product, lower, upper, 0.9, beta + h);
      g_autoptr (HeftGibbs2d) below = plane (product, lower, upper, 0.9, beta - h);
      double slope = (above->lagrangian - below->lagrangian) / (2 * h);

      g_assert_cmpfloat_with_epsilon (gibbs->lagrangian, gibbs->expected_loss + beta * gibbs->information, 1e-9 * (1 + beta));
      /* The central difference is off by about (h / beta)^2. */
      g_assert_cmpfloat (fabs (slope - gibbs->information), <, 1e-5 * gibbs->information + 1e-6);
      if (isfinite (previous_information))
        {
          double chord = (gibbs->expected_loss - previous_loss) / (previous_information - gibbs->information);

          g_assert_cmpfloat (chord, >, previous_beta);
          g_assert_cmpfloat (chord, <, beta);
        }
      previous_information = gibbs->information;
      previous_loss = gibbs->expected_loss;
      previous_beta = beta;
    }
}

/* For a quadratic loss about the centre of P the Gaussian information is exact (theory.md section 3), and a restricted family, the best
 * product of two Gaussians, is worse by beta times half the logarithm of what it cannot say. */
static void
test_quadratic (void)
{
  const double wide[2] = { -40, -40 }, high[2] = { 40, 40 };
  const double lambda = 1.3;
  double half = 0.5 * sqrt (1 + 4 * 1.44), eigenvalues[2] = { 2.5 + half, 2.5 - half };
  const double betas[] = { 1e-6, 0.01, 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      double beta = betas[i], ridge = beta / (lambda * lambda);
      g_autoptr (HeftGibbs2d) gibbs = plane (quadratic, wide, high, lambda, beta);
      double information = heft_gaussian_information (eigenvalues, 2, 2, 0, beta, lambda);
      /* The best product has the precisions of the diagonal; its excess is beta/2 log (diagonal / determinant). */
      double excess = 0.5 * beta * log ((3 + ridge) * (2 + ridge) / ((3 + ridge) * (2 + ridge) - 1.44));

      g_assert_cmpfloat (fabs (gibbs->information - information), <, 1e-8 * information);
      g_assert_cmpfloat (excess, >, 0);
      for (gsize j = 0; j < N_GRID; j++)
        g_assert_cmpfloat (gibbs->posterior[j], >=, 0);
    }
}

static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (heft_gibbs_2d_new (infinite, NULL, lower, upper, 1, 1, N_GRID, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_null (heft_gibbs_2d_new (product, NULL, upper, lower, 1, 1, N_GRID, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_null (heft_gibbs_2d_new (product, NULL, lower, upper, 1, -1, N_GRID, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/gibbs-2d/reference", test_reference);
  g_test_add_func ("/information/gibbs-2d/separable", test_separable);
  g_test_add_func ("/information/gibbs-2d/identities", test_identities);
  g_test_add_func ("/information/gibbs-2d/quadratic", test_quadratic);
  g_test_add_func ("/information/gibbs-2d/refusals", test_refusals);
  return g_test_run ();
}
