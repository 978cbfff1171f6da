/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include "codes/numeric.h"

const double heft_kronrod_nodes[8] = {
  0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
  0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
  0.586087235467691130294144691693013, 0.405845151377397166906606412076961,
  0.207784955007898467600689403773245, 0.0,
};
const double heft_kronrod_weights[8] = {
  0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
  0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
  0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
  0.204432940075298892414161999234649, 0.209482141084727828012999174891714,
};
const double heft_kronrod_gauss[4] = {
  0.129484966168869693270611432679082, 0.279705391489276667901467771423780,
  0.381830050505118944950369775488975, 0.417959183673469387755102040816327,
};

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
