/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>

#include "information/numeric.h"

double
heft_numeric_log_gap (double t)
{
  /* The series sum_{n >= 2} (-1)^n t^n / n reaches double precision within 20 terms for |t| <= 0.1. */
  if (fabs (t) <= 0.1)
    {
      double power = t * t;
      double sum = 0;

      for (int n = 2; n <= 24; n++)
        {
          sum += power / n;
          power *= -t;
        }
      return sum;
    }
  return t - log1p (t);
}

double
heft_numeric_kl_density (double s)
{
  if (fabs (s) <= 0.05)
    {
      /* sum_{n >= 2} s^n (n - 1) / n! */
      double power = s * s;
      double factorial = 2;
      double sum = 0;

      for (int n = 2; n <= 14; n++)
        {
          sum += power * (n - 1) / factorial;
          power *= s;
          factorial *= n + 1;
        }
      return sum;
    }
  if (s > 700)
    return INFINITY;
  return s * exp (s) - expm1 (s);
}
