/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>
#include <heft/shannon.h>

#include "codes/numeric.h"

#define MASS_TOLERANCE 1e-9

/* One term of KL(q || p), with -q + p beside it, which adds up to nothing: so no term is negative and nothing cancels. */
static double
kl_term (double q, double p)
{
  double s;

  if (q <= 0)
    return p;
  if (p <= 0)
    return INFINITY;
  s = log (q / p);
  return fabs (s) < 1 ? p * heft_numeric_kl_density (s) : q * s - q + p;
}

static double
kl_of_masses (gsize n, const double *q, const double *p)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += kl_term (q[i], p[i]);
  return sum;
}

static gboolean
check_masses (const char *what, gsize n, const double *masses, GError **error)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    {
      if (!(masses[i] >= 0) || !isfinite (masses[i]))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("%s has the mass %g at place %zu: masses are finite and not negative."), what, masses[i], i);
          return FALSE;
        }
      sum += masses[i];
    }
  if (fabs (sum - 1) <= MASS_TOLERANCE)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("The masses of %s add up to %.12g: divide them by their sum."),
               what, sum);
  return FALSE;
}

gboolean
heft_shannon_grid (gsize n_datasets, gsize n_points, const double *weights, const double *posteriors, const double *prior,
                   double *marginal, HeftShannonGrid *grid, GError **error)
{
  g_autofree double *equal = NULL;
  g_autofree double *average = g_new0 (double, MAX (n_points, 1));

  g_return_val_if_fail (n_datasets > 0 && n_points > 0, FALSE);
  g_return_val_if_fail (posteriors != NULL && prior != NULL && grid != NULL, FALSE);

  if (weights == NULL)
    {
      equal = g_new (double, n_datasets);
      for (gsize d = 0; d < n_datasets; d++)
        equal[d] = 1.0 / (double) n_datasets;
      weights = equal;
    }
  if (!check_masses ("P(D)", n_datasets, weights, error) || !check_masses ("P(w)", n_points, prior, error))
    return FALSE;
  for (gsize d = 0; d < n_datasets; d++)
    {
      if (!check_masses ("Q(w|D)", n_points, posteriors + d * n_points, error))
        return FALSE;
      for (gsize i = 0; i < n_points; i++)
        average[i] += weights[d] * posteriors[d * n_points + i];
    }
  *grid = (HeftShannonGrid) { .marginal_kl = kl_of_masses (n_points, average, prior) };
  for (gsize d = 0; d < n_datasets; d++)
    if (weights[d] > 0)
      {
        grid->expected_kl += weights[d] * kl_of_masses (n_points, posteriors + d * n_points, prior);
        grid->information += weights[d] * kl_of_masses (n_points, posteriors + d * n_points, average);
      }
  for (gsize i = 0; marginal != NULL && i < n_points; i++)
    marginal[i] = average[i];
  return TRUE;
}

double
heft_gibbs_masses (gsize n_points, const double *prior, const double *loss, double beta, double *posterior)
{
  double lowest = INFINITY, z = 0;

  g_return_val_if_fail (n_points > 0 && beta > 0, NAN);

  /* The loss is counted from its lowest value where P has any mass, so that Z is at least that mass. */
  for (gsize i = 0; i < n_points; i++)
    if (prior[i] > 0)
      lowest = MIN (lowest, loss[i]);
  for (gsize i = 0; i < n_points; i++)
    {
      posterior[i] = prior[i] > 0 ? prior[i] * exp (-(loss[i] - lowest) / beta) : 0;
      z += posterior[i];
    }
  for (gsize i = 0; i < n_points; i++)
    posterior[i] /= z;
  return lowest - beta * log (z);
}
