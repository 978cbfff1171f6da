/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* Emits the points of one column in the order they came. */
static gsize
emit (double *xy, gsize out, const gsize *keep, guint n_keep)
{
  gsize last = G_MAXSIZE;

  for (guint k = 0; k < n_keep; k++)
    {
      if (keep[k] == last)
        continue;
      last = keep[k];
      xy[2 * out] = xy[2 * last];
      xy[2 * out + 1] = xy[2 * last + 1];
      out++;
    }

  return out;
}

/*
 * In place: of the points whose x falls into the same column, the first, lowest, highest and last are kept. What is kept covers the same
 * pixels as all of them; spikes stay. On a log axis the first points have columns of their own, so none of them goes.
 */
gsize
heft_thin_columns (double *xy, gsize n, double column)
{
  gsize out = 0, i = 0;

  if (n < 5 || !(column > 0.0))
    return n;
  while (i < n)
    {
      double cell = floor (xy[2 * i] / column);
      gsize low = i, high = i, j = i + 1;
      gsize keep[4];

      while (j < n && floor (xy[2 * j] / column) == cell)
        {
          if (xy[2 * j + 1] < xy[2 * low + 1])
            low = j;
          if (xy[2 * j + 1] > xy[2 * high + 1])
            high = j;
          j++;
        }
      keep[0] = i;
      keep[1] = MIN (low, high);
      keep[2] = MAX (low, high);
      keep[3] = j - 1;
      out = emit (xy, out, keep, 4);
      i = j;
    }

  return out;
}

/*
 * Where a curve goes up and down within every pixel, stroking its segments paints each pixel several times. The same pixels
 * are covered by the area between the highest and the lowest value of each column, joined to its neighbours' ends.
 */
GArray *
heft_thin_outline (const double *xy, gsize n, double column, double width)
{
  GArray *outline = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) below = g_array_new (FALSE, FALSE, sizeof (double));

  for (gsize i = 0; i < n;)
    {
      double cell = floor (xy[2 * i] / column), low = xy[2 * i + 1], high = low, middle;
      gsize first = i;

      for (; i < n && floor (xy[2 * i] / column) == cell; i++)
        {
          low = MIN (low, xy[2 * i + 1]);
          high = MAX (high, xy[2 * i + 1]);
        }
      /* Half way to the neighbours, so that the outline is as connected as the line. */
      if (first > 0)
        {
          middle = (xy[2 * first - 1] + xy[2 * first + 1]) / 2;
          low = MIN (low, middle);
          high = MAX (high, middle);
        }
      if (i < n)
        {
          middle = (xy[2 * i - 1] + xy[2 * i + 1]) / 2;
          low = MIN (low, middle);
          high = MAX (high, middle);
        }
      g_array_append_vals (outline, ((double[]) { (cell + 0.5) * column, low - width / 2 }), 2);
      g_array_append_vals (below, ((double[]) { (cell + 0.5) * column, high + width / 2 }), 2);
    }
  for (guint k = below->len / 2; k-- > 0;)
    g_array_append_vals (outline, &g_array_index (below, double, 2 * k), 2);

  return outline;
}
