/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>

#include <heft/information.h>

#include "codes/numeric.h"

double
heft_gaussian_information_direction (double eigenvalue, double beta, double lambda)
{
  g_return_val_if_fail (beta > 0 && lambda > 0, 0);

  if (!(eigenvalue > 0))
    return 0;

  double x = lambda * lambda / beta * eigenvalue;
  double y = x / (1 + x);

  if (!isfinite (x))
    /* beta at the edge of the number range: the sum of logarithms does not overflow. */
    return 0.5 * (2 * log (lambda) - log (beta) + log (eigenvalue) - 1);
  /* log (1+x) - x/(1+x) = -y - log (1-y); the left form is exact for large x, the right one for small. */
  return 0.5 * (y < 0.1 ? heft_numeric_log_gap (-y) : log1p (x) - y);
}

double
heft_gaussian_information (const double *eigenvalues, gsize n_eigenvalues, gsize n_parameters,
                           double squared_distance, double beta, double lambda)
{
  double sum = 0;

  g_return_val_if_fail (beta > 0 && lambda > 0, 0);
  g_return_val_if_fail (n_eigenvalues <= n_parameters, 0);

  for (gsize i = 0; i < n_eigenvalues; i++)
    sum += heft_gaussian_information_direction (eigenvalues[i], beta, lambda);
  return sum + 0.5 * squared_distance / (lambda * lambda);
}

double
heft_gaussian_information_printed (const double *eigenvalues, gsize n_eigenvalues, gsize n_parameters,
                                   double squared_distance, double beta, double lambda)
{
  double sum = 0;

  g_return_val_if_fail (beta > 0 && lambda > 0, 0);
  g_return_val_if_fail (n_eigenvalues <= n_parameters, 0);

  for (gsize i = 0; i < n_eigenvalues; i++)
    {
      double h = MAX (eigenvalues[i], 0);
      double x = 2 * lambda * lambda / beta * h;

      sum += 0.5 * (log1p (x) + 1 / (1 + x));
    }
  /* A direction without curvature keeps the trace's 1/2; nothing cancels it, because a whole k is subtracted. */
  sum += 0.5 * (double) (n_parameters - n_eigenvalues);
  return sum - (double) n_parameters + 0.5 * squared_distance / (lambda * lambda);
}

double
heft_free_direction_threshold (double beta, double lambda)
{
  return beta / (lambda * lambda);
}
