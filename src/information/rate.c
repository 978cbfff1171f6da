/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>

#include <heft/description.h>

typedef struct
{
  double x, y;
  gsize  index;
} Point;

static int
compare_points (gconstpointer a, gconstpointer b)
{
  const Point *p = a, *q = b;

  if (p->x != q->x)
    return p->x < q->x ? -1 : 1;
  return p->y < q->y ? -1 : p->y > q->y;
}

/* Whether b lies on or above the line from a to c, so that it is no corner. */
static gboolean
is_above (const Point *a, const Point *b, const Point *c)
{
  return (b->x - a->x) * (c->y - a->y) <= (b->y - a->y) * (c->x - a->x);
}

gsize
heft_rate_hull (gsize n, const double *information, const double *loss, gsize *indices)
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, sizeof (Point));
  g_autofree Point *hull = g_new (Point, n + 1);
  gsize corners = 0;

  for (gsize i = 0; i < n; i++)
    if (isfinite (information[i]) && isfinite (loss[i]))
      {
        Point point = { information[i], loss[i], i };

        g_array_append_val (points, point);
      }
  g_array_sort (points, compare_points);
  for (guint i = 0; i < points->len; i++)
    {
      const Point *point = &g_array_index (points, Point, i);

      /* More information for no less loss buys nothing: the hull ends at the lowest loss. */
      if (corners > 0 && point->y >= hull[corners - 1].y)
        continue;
      while (corners > 1 && is_above (&hull[corners - 2], &hull[corners - 1], point))
        corners--;
      hull[corners++] = *point;
    }
  for (gsize i = 0; i < corners; i++)
    indices[i] = hull[i].index;
  return corners;
}

/* The integral over [a, b] of the power of beta that is f at a and g at b; of the straight line where there is none. */
static double
power_integral (double a, double b, double f, double g)
{
  double exponent, ratio = log (b / a);

  if (!(f > 0 && g > 0))
    return 0.5 * (f + g) * (b - a);
  exponent = log (g / f) / ratio + 1;
  /* f a (r^exponent - 1) / exponent with r = b / a, which at exponent 0 is f a log r. */
  return f * a * (fabs (exponent * ratio) < 1e-12 ? ratio : expm1 (exponent * ratio) / exponent);
}

double
heft_slope_check (gsize n, const double *betas, const double *information, const double *loss, double *misfit)
{
  double worst = 0;

  if (n < 2)
    return NAN;
  for (gsize i = 0; i + 1 < n; i++)
    {
      double change, integral, value;

      if (!(betas[i] > 0 && betas[i + 1] > betas[i]))
        return NAN;
      change = (loss[i + 1] - loss[i]) + betas[i + 1] * information[i + 1] - betas[i] * information[i];
      integral = power_integral (betas[i], betas[i + 1], information[i], information[i + 1]);
      value = (change - integral) / fabs (integral);
      if (!isfinite (value))
        return NAN;
      if (misfit != NULL)
        misfit[i] = value;
      worst = MAX (worst, fabs (value));
    }
  return worst;
}
