/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/information.h>

/* Lines of one value over a grid by marching squares, and the value whose line encloses a given share of a density's mass. */

#define FAINTEST 40.0           /* below the peak a density counts as nothing: exp (-40) */

typedef struct
{
  const double *x, *y, *values;
  gsize         n_x, n_y;
  double        level;
  gint64       *link;           /* two for each edge of the grid: the edges that its point is joined to, or -1 */
} March;

/* Edges by number: first those along x, from (i, k) to (i + 1, k), then those along y, from (i, k) to (i, k + 1). */
static gint64
edge_x (const March *self, gsize i, gsize k)
{
  return (gint64) (i * self->n_y + k);
}

static gint64
edge_y (const March *self, gsize i, gsize k)
{
  return (gint64) ((self->n_x + i) * self->n_y + k);
}

static void
edge_point (const March *self, gint64 edge, double point[2])
{
  gsize n = self->n_x * self->n_y, at = (gsize) edge % n, i = at / self->n_y, k = at % self->n_y;
  gboolean along_x = (gsize) edge < n;
  double a = self->values[at], b = self->values[along_x ? at + self->n_y : at + 1], t = (self->level - a) / (b - a);

  point[0] = along_x ? self->x[i] + t * (self->x[i + 1] - self->x[i]) : self->x[i];
  point[1] = along_x ? self->y[k] : self->y[k] + t * (self->y[k + 1] - self->y[k]);
}

static void
join (March *self, gint64 a, gint64 b)
{
  self->link[2 * a + (self->link[2 * a] >= 0)] = b;
  self->link[2 * b + (self->link[2 * b] >= 0)] = a;
}

/* One square. Where opposite corners are above and the others below (a saddle), the mean decides which of them hang together. */
static void
march_cell (March *self, gsize i, gsize k)
{
  const double *v = self->values + i * self->n_y + k;
  double corner[] = { v[0], v[self->n_y], v[self->n_y + 1], v[1] };
  /* Side s runs from corner s to the next. */
  gint64 side[] = { edge_x (self, i, k), edge_y (self, i + 1, k), edge_x (self, i, k + 1), edge_y (self, i, k) }, cut[4];
  double mean = 0;
  int n = 0;

  for (int c = 0; c < 4; c++)
    {
      if (!isfinite (corner[c]))
        return;
      mean += 0.25 * corner[c];
    }
  for (int s = 0; s < 4; s++)
    if ((corner[s] >= self->level) != (corner[(s + 1) % 4] >= self->level))
      cut[n++] = side[s];
  if (n == 2)
    join (self, cut[0], cut[1]);
  else if (n == 4)
    {
      /* Each line cuts off a corner that differs from the middle: corners 1 and 3 if corner 0 is as the middle is. */
      int first = (corner[0] >= self->level) == (mean >= self->level) ? 0 : 3;

      join (self, cut[first], cut[(first + 1) % 4]);
      join (self, cut[(first + 2) % 4], cut[(first + 3) % 4]);
    }
}

/* The line from @edge on, to its end or back to where it began; its links are taken away behind it. */
static void
follow (March *self, gint64 edge, GArray *start, GArray *xy)
{
  gint64 first = edge, before = -1;
  double point[2];
  gsize end;

  do
    {
      gint64 *link = self->link + 2 * edge, next = link[0] != before ? link[0] : link[1];

      edge_point (self, edge, point);
      g_array_append_vals (xy, point, 2);
      link[0] = link[1] = -1;
      before = edge;
      edge = next;
    }
  while (edge >= 0 && edge != first);
  if (edge == first)
    {
      edge_point (self, edge, point);
      g_array_append_vals (xy, point, 2);
    }
  end = xy->len / 2;
  g_array_append_val (start, end);
}

/**
 * heft_contours_new:
 * @x: (array length=n_x): ascending
 * @y: (array length=n_y): ascending
 * @values: n_x rows of n_y; where one is not finite there is no line beside it
 *
 * Returns: (transfer full): the lines along which @values, linear between neighbours, are @level
 */
HeftContours *
heft_contours_new (const double *x, gsize n_x, const double *y, gsize n_y, const double *values, double level)
{
  HeftContours *self = g_new0 (HeftContours, 1);
  March march = { x, y, values, n_x, n_y, level, NULL };
  g_autoptr (GArray) start = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr (GArray) xy = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree gint64 *link = NULL;
  gsize n_edges = 2 * n_x * n_y, none = 0;

  link = march.link = g_new (gint64, 2 * n_edges + 1);
  memset (link, 0xff, 2 * n_edges * sizeof *link);
  for (gsize i = 0; i + 1 < n_x; i++)
    for (gsize k = 0; k + 1 < n_y; k++)
      march_cell (&march, i, k);
  g_array_append_val (start, none);
  /* From the ends that lie on the edge of what is known; what is left are loops. */
  for (gsize e = 0; e < n_edges; e++)
    if (link[2 * e] >= 0 && link[2 * e + 1] < 0)
      follow (&march, (gint64) e, start, xy);
  for (gsize e = 0; e < n_edges; e++)
    if (link[2 * e] >= 0)
      follow (&march, (gint64) e, start, xy);
  self->n_lines = start->len - 1;
  self->n = xy->len / 2;
  self->start = (gsize *) (void *) g_array_free (g_steal_pointer (&start), FALSE);
  self->xy = (double *) (void *) g_array_free (g_steal_pointer (&xy), FALSE);
  return self;
}

void
heft_contours_free (HeftContours *self)
{
  if (self == NULL)
    return;
  g_free (self->start);
  g_free (self->xy);
  g_free (self);
}

/* Which share of a triangle lies above @level, its values being linear between @a, @b and @c. */
static double
share_above (double a, double b, double c, double level)
{
  double high = MAX (a, MAX (b, c)), low = MIN (a, MIN (b, c)), middle = MAX (MIN (a, b), MIN (MAX (a, b), c));

  if (level >= high)
    return 0;
  if (level <= low)
    return 1;
  if (level > middle)
    return (high - level) * (high - level) / ((high - middle) * (high - low));
  return 1 - (level - low) * (level - low) / ((middle - low) * (high - low));
}

typedef struct
{
  double a, b, c, mass;
} Triangle;

/* Two a square, with the mean density of their corners. */
static GArray *
make_triangles (const double *x, gsize n_x, const double *y, gsize n_y, const double *log_density, double peak)
{
  GArray *triangles = g_array_new (FALSE, FALSE, sizeof (Triangle));

  for (gsize i = 0; i + 1 < n_x; i++)
    for (gsize k = 0; k + 1 < n_y; k++)
      for (int half = 0; half < 2; half++)
        {
          const double *v = log_density + i * n_y + k;
          Triangle t = { v[0] - peak, v[n_y + 1] - peak, (half == 0 ? v[n_y] : v[1]) - peak, 0 };

          if (isnan (t.a) || isnan (t.b) || isnan (t.c) || MAX (t.a, MAX (t.b, t.c)) < -FAINTEST)
            continue;
          t.a = MAX (t.a, -2 * FAINTEST);
          t.b = MAX (t.b, -2 * FAINTEST);
          t.c = MAX (t.c, -2 * FAINTEST);
          t.mass = (exp (t.a) + exp (t.b) + exp (t.c)) * (x[i + 1] - x[i]) * (y[k + 1] - y[k]);
          g_array_append_val (triangles, t);
        }
  return triangles;
}

static double
mass_above (const GArray *triangles, double level)
{
  double mass = 0;

  for (guint i = 0; i < triangles->len; i++)
    {
      const Triangle *t = &g_array_index (triangles, Triangle, i);

      mass += t->mass * share_above (t->a, t->b, t->c, level);
    }
  return mass;
}

/**
 * heft_contour_levels:
 * @log_density: n_x rows of n_y, up to a constant
 * @masses: (array length=n): shares of the grid's mass, between 0 and 1
 * @levels: (out caller-allocates) (array length=n): of @log_density
 *
 * The levels above which the density holds such a share of its mass: for a Gaussian of two variables that the grid covers, the peak
 * minus half the chi-square quantile of two degrees of freedom, log (1 - mass). Mass is counted by triangles, so that it rises
 * without steps; off by the square of the grid's step.
 */
void
heft_contour_levels (const double *x, gsize n_x, const double *y, gsize n_y, const double *log_density, const double *masses,
                     gsize n, double *levels)
{
  g_autoptr (GArray) triangles = NULL;
  double peak = -INFINITY, total;

  for (gsize i = 0; i < n_x * n_y; i++)
    peak = log_density[i] > peak ? log_density[i] : peak;
  for (gsize m = 0; m < n; m++)
    levels[m] = peak;
  if (!isfinite (peak))
    return;
  triangles = make_triangles (x, n_x, y, n_y, log_density, peak);
  total = mass_above (triangles, -INFINITY);
  for (gsize m = 0; m < n; m++)
    {
      double low = -FAINTEST, high = 0;

      while (high - low > 1e-4)
        {
          double middle = 0.5 * (low + high);

          *(mass_above (triangles, middle) > masses[m] * total ? &low : &high) = middle;
        }
      levels[m] = peak + 0.5 * (low + high);
    }
}
