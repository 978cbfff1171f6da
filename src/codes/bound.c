/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/bound.h>
#include <heft/error.h>

#include "codes/numeric.h"

double
heft_binary_kl (double q, double p)
{
  if (!(q >= 0 && q <= 1 && p >= 0 && p <= 1))
    return INFINITY;
  if (q == p)
    return 0;
  if (p == 0 || p == 1)
    return INFINITY;
  if (q == 0)
    return -log1p (-p);
  if (q == 1)
    return -log (p);

  double d = p - q;
  double left = d / q;
  double right = -d / (1 - q);

  /* Near q = p the first-order terms of the two logarithms cancel, so they are left out from the start. */
  if (fabs (left) <= 0.5 && fabs (right) <= 0.5)
    return q * heft_numeric_log_gap (left) + (1 - q) * heft_numeric_log_gap (right);
  return q * (log (q) - log (p)) + (1 - q) * (log1p (-q) - log1p (-p));
}

double
heft_binary_kl_inverse (double q, double c)
{
  double low, high;

  if (!(q >= 0 && q < 1) || !(c >= 0))
    return 1;
  if (q == 0)
    return -expm1 (-c);
  if (c == 0)
    return q;

  low = q;
  high = 1;
  if (heft_binary_kl (q, MIN (1, q + sqrt (c / 2))) >= c)
    high = MIN (1, q + sqrt (c / 2));                        /* Pinsker */

  /* kl(q||.) rises from 0 at q; geometric steps while the bracket spans magnitudes, so that tiny values keep all digits.
   * The upper end is returned: never below the supremum. */
  for (int i = 0; i < 2200; i++)
    {
      double middle = high > 4 * low ? sqrt (low) * sqrt (high) : low + 0.5 * (high - low);

      if (!(middle > low && middle < high))
        break;
      if (heft_binary_kl (q, middle) <= c)
        low = middle;
      else
        high = middle;
    }
  return high;
}

static gboolean
check_empirical (double empirical, GError **error)
{
  if (empirical >= 0 && empirical <= 1)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("Not a valid bound: the empirical risk must lie in [0, 1], but it is %g."), empirical);
  return FALSE;
}

static gboolean
check (double empirical, double kl, double n_samples, double delta, GError **error)
{
  if (!check_empirical (empirical, error))
    return FALSE;
  if (!(kl >= 0 && isfinite (kl)))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Not a valid bound: KL(Q||P) must be finite and not negative, but it is %g. "
                     "A posterior without spread (Dirac) has no finite KL."), kl);
      return FALSE;
    }
  if (!(n_samples >= 1 && isfinite (n_samples)))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Not a valid bound: the number of samples N must be finite and at least 1, but it is %g."), n_samples);
      return FALSE;
    }
  if (!(delta > 0 && delta < 1))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Not a valid bound: delta must lie strictly between 0 and 1, but it is %g."), delta);
      return FALSE;
    }
  return TRUE;
}

/* (KL + log (2 sqrt N / delta)) / N */
static double
complexity (double kl, double n_samples, double delta)
{
  return (kl + G_LN2 + 0.5 * log (n_samples) - log (delta)) / n_samples;
}

gboolean
heft_bound_pac_bayes_kl (double empirical, double kl, double n_samples, double delta, double *bound, GError **error)
{
  if (!check (empirical, kl, n_samples, delta, error))
    return FALSE;
  *bound = heft_binary_kl_inverse (empirical, complexity (kl, n_samples, delta));
  return TRUE;
}

gboolean
heft_bound_mcallester (double empirical, double kl, double n_samples, double delta, double *bound, GError **error)
{
  if (!check (empirical, kl, n_samples, delta, error))
    return FALSE;
  *bound = empirical + sqrt (complexity (kl, n_samples, delta) / 2);
  return TRUE;
}

gboolean
heft_bound_lagrangian (double empirical, double kl, double n_samples, double delta, double beta_pac,
                       double *bound, GError **error)
{
  if (!check (empirical, kl, n_samples, delta, error))
    return FALSE;
  if (!(beta_pac > 0.5 && isfinite (beta_pac)))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Not a valid bound: the PAC-Bayes beta (N times beta) must be finite and greater than 1/2, "
                     "but it is %g."), beta_pac);
      return FALSE;
    }
  /* 1 - 1 / (2 beta) as (beta - 1/2) / beta: near 1/2 only the second keeps its digits. */
  *bound = (empirical + beta_pac / n_samples * (kl - log (delta))) / ((beta_pac - 0.5) / beta_pac);
  return TRUE;
}

gboolean
heft_bound_draws (double empirical, double n_draws, double delta_draws, double *bound, GError **error)
{
  if (!check_empirical (empirical, error))
    return FALSE;
  if (!(n_draws >= 1 && isfinite (n_draws)))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Not a valid bound: the number of weight draws must be finite and at least 1, but it is %g."), n_draws);
      return FALSE;
    }
  if (!(delta_draws > 0 && delta_draws < 1))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Not a valid bound: the delta of the draws must lie strictly between 0 and 1, but it is %g."),
                   delta_draws);
      return FALSE;
    }
  *bound = heft_binary_kl_inverse (empirical, (G_LN2 - log (delta_draws)) / n_draws);
  return TRUE;
}
