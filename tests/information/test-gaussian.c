/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include <heft/information.h>

/* KL( N(w*, diag s) || N(0, lambda^2 I) ), the definition. */
static double
kl (const double *variances, gsize k, double squared_distance, double lambda)
{
  double sum = squared_distance / (lambda * lambda);

  for (gsize i = 0; i < k; i++)
    sum += variances[i] / (lambda * lambda) - 1 + log (lambda * lambda / variances[i]);
  return 0.5 * sum;
}

static const double eigenvalues[] = { 40, 3, 0.7, 1e-3, 1e-7 };

static void
test_definition (void)
{
  const double beta = 0.02, lambda = 1.3;
  double variances[8];

  for (int i = 0; i < 8; i++)
    variances[i] = beta / ((i < 5 ? eigenvalues[i] : 0) + beta / (lambda * lambda));
  g_assert_cmpfloat_with_epsilon (heft_gaussian_information (eigenvalues, 5, 8, 2.5, beta, lambda),
                                  kl (variances, 8, 2.5, lambda), 1e-12);
}

/* The covariance of section 3 minimises 1/2 tr (H Sigma) + beta KL; the printed one does not. */
static void
test_optimal_width (void)
{
  const double beta = 0.02, lambda = 1.3;

  for (int i = 0; i < 5; i++)
    {
      double h = eigenvalues[i];
      double best = beta / (h + beta / (lambda * lambda));
      double printed = 0.5 * beta / (h + 0.5 * beta / (lambda * lambda));
      double cost = 0.5 * h * best + beta * kl (&best, 1, 0, lambda);

      for (double factor = 0.5; factor < 2; factor += 0.125)
        {
          double width = factor * best;

          g_assert_cmpfloat (0.5 * h * width + beta * kl (&width, 1, 0, lambda), >=, cost - 1e-15);
        }
      g_assert_cmpfloat (0.5 * h * printed + beta * kl (&printed, 1, 0, lambda), >=, cost);
    }
}

static void
test_printed (void)
{
  const double beta = 0.02, lambda = 1.3;
  double variances[8];
  double printed = heft_gaussian_information_printed (eigenvalues, 5, 8, 2.5, beta, lambda);

  for (int i = 0; i < 8; i++)
    variances[i] = 0.5 * beta / ((i < 5 ? eigenvalues[i] : 0) + 0.5 * beta / (lambda * lambda));
  /* Eq. (8) ends in -k where the KL of its own covariance ends in -k/2. */
  g_assert_cmpfloat_with_epsilon (printed, kl (variances, 8, 2.5, lambda) - 8 / 2.0, 1e-12);
}

static void
test_directions (void)
{
  const double beta = 0.02, lambda = 1.3;
  double sum = 0;

  for (int i = 0; i < 5; i++)
    sum += heft_gaussian_information_direction (eigenvalues[i], beta, lambda);
  g_assert_cmpfloat_with_epsilon (sum, heft_gaussian_information (eigenvalues, 5, 5, 0, beta, lambda), 1e-14);
  g_assert_cmpfloat (heft_gaussian_information_direction (0, beta, lambda), ==, 0);
  g_assert_cmpfloat (heft_gaussian_information_direction (-1e-12, beta, lambda), ==, 0);
  g_assert_cmpfloat (heft_free_direction_threshold (beta, lambda), ==, beta / (lambda * lambda));
  /* At the threshold r h = 1: 1/2 log 2 - 1/4. */
  g_assert_cmpfloat_with_epsilon (heft_gaussian_information_direction (beta / (lambda * lambda), beta, lambda),
                                  0.5 * G_LN2 - 0.25, 1e-15);
  /* Far below it x^2/4, to all digits; far above 1/2 log x - 1/2. */
  g_assert_cmpfloat_with_epsilon (heft_gaussian_information_direction (1e-9, 1, 1), 0.25e-18, 1e-26);
  g_assert_cmpfloat_with_epsilon (heft_gaussian_information_direction (1e12, 1, 1), 0.5 * log (1e12) - 0.5, 1e-11);
  /* The two branches meet. */
  g_assert_cmpfloat_with_epsilon (heft_gaussian_information_direction (0.111111, 1, 1),
                                  heft_gaussian_information_direction (0.111112, 1, 1), 1e-6);
  for (double x = 1e-12; x < 1e300; x *= 3)
    {
      double value = heft_gaussian_information_direction (x, 1, 1);

      g_assert_true (isfinite (value));
      g_assert_cmpfloat (value, >, 0);
      g_assert_cmpfloat (value, <, heft_gaussian_information_direction (2 * x, 1, 1));
    }
  g_assert_true (isfinite (heft_gaussian_information_direction (1e300, 1e-300, 1e10)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/gaussian/definition", test_definition);
  g_test_add_func ("/information/gaussian/optimal-width", test_optimal_width);
  g_test_add_func ("/information/gaussian/printed", test_printed);
  g_test_add_func ("/information/gaussian/directions", test_directions);
  return g_test_run ();
}
