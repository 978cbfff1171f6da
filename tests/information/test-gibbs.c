/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include <heft/error.h>
#include <heft/information.h>

#define N_GRID 2001

typedef struct
{
  double curvature, minimum;
} Quadratic;

static double
quadratic (double w, gpointer data)
{
  const Quadratic *q = data;

  return 0.5 * q->curvature * (w - q->minimum) * (w - q->minimum);
}

static double
double_well (double w, gpointer data)
{
  return 0.25 * (w * w - 1) * (w * w - 1) + 0.1 * w;
}

static double
needle (double w, gpointer data)
{
  return 1 - exp (-w * w / 2e-10);
}

static double
infinite (double w, gpointer data)
{
  return w > 1 ? INFINITY : w;
}

static HeftGibbs *
well (double beta, double lambda)
{
  g_autoptr (GError) error = NULL;
  HeftGibbs *gibbs = heft_gibbs_new (double_well, NULL, -4, 4, lambda, beta, N_GRID, &error);

  g_assert_no_error (error);
  g_assert_nonnull (gibbs);
  return gibbs;
}

/* Everything the slow way: the midpoint rule with a great many points, which for a smooth density that vanishes at both ends
 * converges faster than any power. */
static void
brute_force (double beta, double lambda, double *lagrangian, double *information, double *expected)
{
  const int n = 400000;
  double step = 8.0 / n;
  double z = 0, prior_mass = 0, loss_sum = 0, lowest = INFINITY;

  for (int i = 0; i < n; i++)
    lowest = MIN (lowest, double_well (-4 + (i + 0.5) * step, NULL));
  for (int i = 0; i < n; i++)
    {
      double w = -4 + (i + 0.5) * step;
      double prior = exp (-w * w / (2 * lambda * lambda)) * step;
      double weight = prior * exp (-(double_well (w, NULL) - lowest) / beta);

      prior_mass += prior;
      z += weight;
      loss_sum += weight * double_well (w, NULL);
    }
  *lagrangian = lowest - beta * log (z / prior_mass);
  *expected = loss_sum / z;
  *information = (*lagrangian - *expected) / beta;
}

static void
test_brute_force (void)
{
  const double betas[] = { 0.003, 0.02, 0.2, 3, 50 };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      g_autoptr (HeftGibbs) gibbs = well (betas[i], 1.5);
      double lagrangian, information, expected;

      brute_force (betas[i], 1.5, &lagrangian, &information, &expected);
      g_assert_cmpfloat_with_epsilon (gibbs->lagrangian, lagrangian, 1e-9);
      g_assert_cmpfloat_with_epsilon (gibbs->expected_loss, expected, 1e-9);
      g_assert_cmpfloat_with_epsilon (gibbs->information, information, 1e-8);
    }
}

/* theory.md section 1: min C = E L + beta KL = -beta log Z, d/dbeta min C = KL, a convex curve of slope -beta. */
static void
test_identities (void)
{
  double previous_information = INFINITY, previous_loss = -INFINITY, previous_beta = 0;

  for (double beta = 1e-3; beta < 100; beta *= 1.7)
    {
      double h = 1e-4 * beta;
      g_autoptr (HeftGibbs) gibbs = well (beta, 1.5);
      g_autoptr (HeftGibbs) above = well (beta + h, 1.5);
      g_autoptr (HeftGibbs) below = well (beta - h, 1.5);
      double slope = (above->lagrangian - below->lagrangian) / (2 * h);

      g_assert_cmpfloat_with_epsilon (gibbs->lagrangian, gibbs->expected_loss + beta * gibbs->information,
                                      1e-12 * (1 + beta));
      g_assert_cmpfloat (fabs (slope - gibbs->information), <, 1e-6 * gibbs->information + 1e-8);
      g_assert_cmpfloat (gibbs->information, <, previous_information);
      g_assert_cmpfloat (gibbs->expected_loss, >, previous_loss);
      if (isfinite (previous_information))
        {
          /* A chord of a convex curve has a slope between those of its ends. */
          double chord = (gibbs->expected_loss - previous_loss) / (previous_information - gibbs->information);

          g_assert_cmpfloat (chord, >, previous_beta);
          g_assert_cmpfloat (chord, <, beta);
        }
      previous_information = gibbs->information;
      previous_loss = gibbs->expected_loss;
      previous_beta = beta;
    }
}

/* For a quadratic loss Gibbs is N(w*, Sigma*), Sigma* = beta (H + beta/lambda^2)^-1 (theory.md section 3), when the interval is
 * wide; the minimum of loss + beta w^2/(2 lambda^2) takes the place of w* when the loss alone has its minimum off the centre of P. */
static void
test_quadratic (void)
{
  const double betas[] = { 1e-9, 1e-6, 1e-2, 0.3 };
  const double lambda = 0.8;

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      Quadratic q = { 3.0, 0.4 };
      double beta = betas[i];
      double precision = q.curvature / beta + 1 / (lambda * lambda);
      double mean = q.curvature * q.minimum / beta / precision;
      double variance = 1 / precision;
      double kl = 0.5 * ((variance + mean * mean) / (lambda * lambda) - 1 + log (lambda * lambda / variance));
      double expected = 0.5 * q.curvature * (variance + (mean - q.minimum) * (mean - q.minimum));
      double best_mean, best_deviation, best;
      g_autoptr (HeftGibbs) gibbs = heft_gibbs_new (quadratic, &q, -12, 12, lambda, beta, N_GRID, NULL);

      g_assert_nonnull (gibbs);
      g_assert_cmpfloat_with_epsilon (gibbs->information, kl, 1e-9 * kl);
      g_assert_cmpfloat_with_epsilon (gibbs->expected_loss, expected, 1e-8 * expected);
      /* A Gaussian is then the optimum over all distributions. */
      best = heft_gibbs_best_gaussian (gibbs, lambda, beta, &best_mean, &best_deviation);
      g_assert_cmpfloat_with_epsilon (best, gibbs->lagrangian, 1e-9 * fabs (gibbs->lagrangian));
      g_assert_cmpfloat_with_epsilon (best_mean, mean, 1e-3 * sqrt (variance) + 1e-9);
      g_assert_cmpfloat_with_epsilon (best_deviation, sqrt (variance), 1e-4 * sqrt (variance));
      /* Around a minimum at the centre of P the closed form of section 3 is the same number. */
      q.minimum = 0;
      g_autoptr (HeftGibbs) centred = heft_gibbs_new (quadratic, &q, -12, 12, lambda, beta, N_GRID, NULL);

      g_assert_cmpfloat_with_epsilon (centred->information,
                                      heft_gaussian_information (&q.curvature, 1, 1, 0, beta, lambda), 1e-9 * kl);
    }
}

static void
test_restricted_is_no_better (void)
{
  for (double beta = 1e-4; beta < 1e4; beta *= 9)
    {
      g_autoptr (HeftGibbs) gibbs = well (beta, 1.5);
      double mean, deviation;
      double best = heft_gibbs_best_gaussian (gibbs, 1.5, beta, &mean, &deviation);

      g_assert_cmpfloat (best, >=, gibbs->lagrangian - 1e-12 * (1 + fabs (gibbs->lagrangian)));
      g_assert_true (isfinite (mean) && deviation > 0);
      /* P itself, at the price of no information, is one of the Gaussians. */
      g_assert_cmpfloat (best - gibbs->lagrangian, <, 12);
    }
}

/* The best Gaussian against every mean and width of a fine grid, integrated the slow way. */
static void
test_best_gaussian_brute_force (void)
{
  const double beta = 0.2, lambda = 1.5;
  const int n = 4000;
  g_autoptr (HeftGibbs) gibbs = well (beta, lambda);
  double mean, deviation, found = heft_gibbs_best_gaussian (gibbs, lambda, beta, &mean, &deviation);
  double lowest = INFINITY, prior_mass = 0, at_found = 0;

  for (int i = 0; i < n; i++)
    {
      double w = -4 + (i + 0.5) * 8 / n;

      prior_mass += exp (-w * w / (2 * lambda * lambda)) * 8 / n;
    }
  for (int a = 0; a <= 41; a++)
    for (int b = 0; b < 30; b++)
      {
        double m = a == 41 ? mean : -2 + 0.1 * a;
        double s = a == 41 ? deviation : 0.05 * pow (1.15, b);
        double mass = 0, cost = 0;

        for (int i = 0; i < n; i++)
          mass += exp (-pow ((-4 + (i + 0.5) * 8 / n - m) / s, 2) / 2) * 8 / n;
        for (int i = 0; i < n; i++)
          {
            double w = -4 + (i + 0.5) * 8 / n;
            double exponent = -pow ((w - m) / s, 2) / 2;
            double q = exp (exponent) / mass;

            cost += q * 8 / n * (double_well (w, NULL)
                                 + beta * (exponent - log (mass) + w * w / (2 * lambda * lambda) + log (prior_mass)));
          }
        if (a == 41)
          at_found = cost;
        lowest = MIN (lowest, cost);
      }
  g_assert_cmpfloat_with_epsilon (found, at_found, 1e-6);
  g_assert_cmpfloat (found, <=, lowest + 1e-6);
}

static void
test_extremes (void)
{
  const double betas[] = { 1e-12, 1e-6, 1e6, 1e12 };

  for (gsize i = 0; i < G_N_ELEMENTS (betas); i++)
    {
      g_autoptr (HeftGibbs) gibbs = well (betas[i], 1.5);

      g_assert_true (isfinite (gibbs->lagrangian) && isfinite (gibbs->expected_loss));
      g_assert_cmpfloat (gibbs->information, >=, 0);
      for (gsize j = 0; j < gibbs->n_grid; j++)
        g_assert_true (isfinite (gibbs->prior[j]) && isfinite (gibbs->posterior[j]));
    }

  /* As beta grows, KL tends to Var_P L / (2 beta^2): kept to many digits although it is 1e-13 nats. */
  g_autoptr (HeftGibbs) gentle = well (1e6, 1.5);
  g_autoptr (HeftGibbs) gentler = well (1e7, 1.5);

  g_assert_cmpfloat (gentle->information, >, 0);
  g_assert_cmpfloat_with_epsilon (gentle->information / gentler->information, 100, 0.01);

  /* As beta shrinks, Q concentrates on the global minimum and KL grows as 1/2 log 1/beta (Laplace). */
  g_autoptr (HeftGibbs) sharp = well (1e-6, 1.5);
  g_autoptr (HeftGibbs) sharper = well (1e-8, 1.5);

  g_assert_cmpfloat_with_epsilon (sharper->information - sharp->information, 0.5 * log (100), 1e-5);
}

/* A well 1e-5 wide in a plain: neither the grid nor the rule's first nodes resolve it, but it holds nearly all of Q. */
static void
test_needle (void)
{
  const double beta = 0.02;
  const int n = 200000;
  g_autoptr (HeftGibbs) gibbs = heft_gibbs_new (needle, NULL, -4, 4, 1.5, beta, N_GRID, NULL);
  double step = 2e-3 / n;
  double inside = 0, z = 0;

  g_assert_nonnull (gibbs);
  for (int i = 0; i < n; i++)
    {
      double w = -1e-3 + (i + 0.5) * step;
      double p = exp (-w * w / 4.5) / (1.5 * sqrt (2 * G_PI)) / erf (4 / (1.5 * G_SQRT2)) * step;

      inside += p;
      z += p * exp (-needle (w, NULL) / beta);
    }
  z += (1 - inside) * exp (-1 / beta);
  g_assert_cmpfloat_with_epsilon (gibbs->lagrangian, -beta * log (z), 1e-10);
}

static void
test_errors (void)
{
  const double bad[][4] = { { 1, 1, 1, 1 }, { 2, 1, 1, 1 }, { -1, 1, 0, 1 }, { -1, 1, 1, 0 }, { -1, 1, 1, -1 },
                            { NAN, 1, 1, 1 }, { -1, INFINITY, 1, 1 }, { -1, 1, NAN, 1 }, { -1, 1, 1, INFINITY } };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      HeftGibbs *gibbs = heft_gibbs_new (double_well, NULL, bad[i][0], bad[i][1], bad[i][2], bad[i][3], 100, &error);

      g_assert_null (gibbs);
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
    }

  g_autoptr (GError) error = NULL;

  g_assert_null (heft_gibbs_new (infinite, NULL, -4, 4, 1, 1, 100, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  g_assert_null (heft_gibbs_new (double_well, NULL, -4, 4, 1, 1, 3, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/gibbs/brute-force", test_brute_force);
  g_test_add_func ("/information/gibbs/identities", test_identities);
  g_test_add_func ("/information/gibbs/quadratic", test_quadratic);
  g_test_add_func ("/information/gibbs/restricted", test_restricted_is_no_better);
  g_test_add_func ("/information/gibbs/best-gaussian", test_best_gaussian_brute_force);
  g_test_add_func ("/information/gibbs/extremes", test_extremes);
  g_test_add_func ("/information/gibbs/needle", test_needle);
  g_test_add_func ("/information/gibbs/errors", test_errors);
  return g_test_run ();
}
