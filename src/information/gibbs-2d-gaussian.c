/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

/* The best Gaussians on a rectangle. C / beta of N(m, L L^T), restricted to the rectangle and renormalised there, is integrated in
 * u = L^{-1} (w - m), where every Gaussian is equally wide: Gauss-Legendre over u1, and for each u1 over the u2 that the rectangle
 * leaves. The gradient is a covariance under the same weights, Cov (log q/p + loss/beta, score), so it costs no further loss. */

#define N_NODES 40            /* of a piece 18 deviations long: a Gaussian times a polynomial to rounding */
#define MAX_PIECES 6
#define TAIL 80.0             /* exp (-TAIL / 2) below the largest density is left out */
#define EDGE 7.0              /* beyond so many deviations an end of the range does not change the mass */
#define N_PARAMETERS 5        /* two of the mean, log of L's diagonal, its corner; relative to the start */
#define MAX_STARTS 6
#define MAX_ITERATIONS 200

typedef struct
{
  const HeftGibbs2d *gibbs;
  HeftPlaneFunction  loss;
  gpointer           user_data;
  double             lower[2], upper[2];
  double             lambda, beta;
  double             log_prior_mass;
  double             nodes[N_NODES], weights[N_NODES];
} Problem;

/* w = mean + [l11 0; l21 l22] u. */
typedef struct
{
  double mean[2];
  double l11, l21, l22;
} Map;

typedef struct
{
  double value;                         /* C / beta */
  double gradient[N_PARAMETERS];
  double expected, information;
} Point;

/* Roots of Legendre's polynomial by Newton's method. */
static void
make_rule (Problem *self)
{
  for (int i = 0; i < N_NODES; i++)
    {
      double x = cos (G_PI * (i + 0.75) / (N_NODES + 0.5)), derivative = 1;

      for (int step = 0; step < 50; step++)
        {
          double p0 = 1, p1 = x, change;

          for (int k = 2; k <= N_NODES; k++)
            {
              double p2 = ((2 * k - 1) * x * p1 - (k - 1) * p0) / k;

              p0 = p1;
              p1 = p2;
            }
          derivative = N_NODES * (x * p1 - p0) / (x * x - 1);
          change = p1 / derivative;
          x -= change;
          if (fabs (change) < 1e-15)
            break;
        }
      self->nodes[i] = x;
      self->weights[i] = 2 / ((1 - x * x) * derivative * derivative);
    }
}

/* What the rectangle leaves of u2 at @u1; returns the square of its distance from 0. */
static double
inner_range (const Problem *self, const Map *map, double u1, double *low, double *high)
{
  double centre = map->mean[1] + map->l21 * u1, nearest;

  *low = (self->lower[1] - centre) / map->l22;
  *high = (self->upper[1] - centre) / map->l22;
  nearest = CLAMP (0.0, *low, *high);
  return nearest * nearest;
}

static double
squared_distance (const Problem *self, const Map *map, double u1)
{
  double low, high;

  return u1 * u1 + inner_range (self, map, u1, &low, &high);
}

/* Where the squared distance, a convex function, rises above @limit between @inside and @outside. */
static double
support_end (const Problem *self, const Map *map, double inside, double outside, double limit)
{
  if (squared_distance (self, map, outside) <= limit)
    return outside;
  for (int i = 0; i < 60; i++)
    {
      double middle = 0.5 * (inside + outside);

      if (squared_distance (self, map, middle) <= limit)
        inside = middle;
      else
        outside = middle;
    }
  return outside;
}

/* Ends of the pieces of u1, where the density matters: cut where an edge of the rectangle begins or ceases to cut the Gaussian.
 * @nearest receives the smallest |u|^2 on the rectangle. */
static int
find_pieces (const Problem *self, const Map *map, double pieces[MAX_PIECES + 1], double *nearest)
{
  double low = (self->lower[0] - map->mean[0]) / map->l11, high = (self->upper[0] - map->mean[0]) / map->l11;
  double a = low, b = high, peak, cuts[4];
  int n = 1;

  for (int i = 0; i < 120; i++)
    {
      double c = a + (b - a) / 3, d = b - (b - a) / 3;

      if (squared_distance (self, map, c) <= squared_distance (self, map, d))
        b = d;
      else
        a = c;
    }
  peak = low <= 0 && high >= 0 && squared_distance (self, map, 0) == 0 ? 0 : 0.5 * (a + b);
  *nearest = squared_distance (self, map, peak);
  pieces[0] = support_end (self, map, peak, low, *nearest + TAIL);
  high = support_end (self, map, peak, high, *nearest + TAIL);
  for (int i = 0; i < 4; i++)
    {
      double edge = i < 2 ? self->lower[1] : self->upper[1];

      cuts[i] = (edge - map->mean[1] - (i % 2 == 0 ? EDGE : -EDGE) * map->l22) / map->l21;
    }
  for (int i = 0; i < 4; i++)
    for (int k = i + 1; k < 4; k++)
      if (cuts[k] < cuts[i])
        {
          double swap = cuts[i];

          cuts[i] = cuts[k];
          cuts[k] = swap;
        }
  for (int i = 0; i < 4; i++)
    if (isfinite (cuts[i]) && cuts[i] > pieces[n - 1] && cuts[i] < high)
      pieces[n++] = cuts[i];
  pieces[n] = high;
  return n;
}

typedef struct
{
  double mass, expected, f, score[N_PARAMETERS], product[N_PARAMETERS];
} Sums;

/* @m: the map relative to the start's, in whose parameters the scores are. */
static void
add_line (const Problem *self, const Map *map, const Map *m, double u1, double weight, double nearest, Sums *sums)
{
  double low, high, middle, half, near = inner_range (self, map, u1, &low, &high), reach = sqrt (near + TAIL);
  double w1 = map->mean[0] + map->l11 * u1, precision = 0.5 / self->lambda / self->lambda;

  low = MAX (low, -reach);
  high = MIN (high, reach);
  middle = 0.5 * (low + high);
  half = 0.5 * (high - low);
  for (int i = 0; i < N_NODES; i++)
    {
      double u2 = middle + half * self->nodes[i];
      double w2 = map->mean[1] + map->l21 * u1 + map->l22 * u2;
      double exponent = -0.5 * (u1 * u1 + u2 * u2 - nearest);
      double density = weight * half * self->weights[i] * exp (exponent);
      double loss = self->loss (w1, w2, self->user_data);
      double f = loss / self->beta + exponent + precision * (w1 * w1 + w2 * w2);
      double corner = m->l21 / m->l22;
      double score[N_PARAMETERS] = { (u1 - u2 * corner) / m->l11, u2 / m->l22, u1 * u1 - u1 * u2 * corner, u2 * u2,
                                     u1 * u2 / m->l22 };

      sums->mass += density;
      sums->expected += density * loss;
      sums->f += density * f;
      for (int k = 0; k < N_PARAMETERS; k++)
        {
          sums->score[k] += density * score[k];
          sums->product[k] += density * f * score[k];
        }
    }
}

static void
evaluate (const Problem *self, const Map *map, const Map *m, Point *point)
{
  double pieces[MAX_PIECES + 1], nearest, log_mass;
  int n = find_pieces (self, map, pieces, &nearest);
  Sums sums = { 0 };

  for (int p = 0; p < n; p++)
    {
      double half = 0.5 * (pieces[p + 1] - pieces[p]), middle = 0.5 * (pieces[p + 1] + pieces[p]);

      for (int i = 0; i < N_NODES; i++)
        add_line (self, map, m, middle + half * self->nodes[i], half * self->weights[i], nearest, &sums);
    }
  log_mass = log (sums.mass) + log (map->l11) + log (map->l22);
  /* log q - log p = exponent - log_mass + |w|^2 / (2 lambda^2) + log_prior_mass */
  point->value = sums.f / sums.mass - log_mass + self->log_prior_mass;
  point->expected = sums.expected / sums.mass;
  point->information = MAX (point->value - point->expected / self->beta, 0);
  for (int k = 0; k < N_PARAMETERS; k++)
    point->gradient[k] = (sums.product[k] - sums.f / sums.mass * sums.score[k]) / sums.mass;
  if (!isfinite (point->value))
    point->value = INFINITY;
}

/* The start's map after the relative one that @x describes. */
static void
compose (const Map *start, const double x[N_PARAMETERS], Map *map, Map *m)
{
  *m = (Map) { { x[0], x[1] }, exp (x[2]), x[4], exp (x[3]) };
  map->mean[0] = start->mean[0] + start->l11 * x[0];
  map->mean[1] = start->mean[1] + start->l21 * x[0] + start->l22 * x[1];
  map->l11 = start->l11 * m->l11;
  map->l21 = start->l21 * m->l11 + start->l22 * m->l21;
  map->l22 = start->l22 * m->l22;
}

static double
dot (const double *a, const double *b)
{
  double sum = 0;

  for (int i = 0; i < N_PARAMETERS; i++)
    sum += a[i] * b[i];
  return sum;
}

static void
evaluate_at (const Problem *self, const Map *start, const double x[N_PARAMETERS], gboolean diagonal, Map *map, Point *point)
{
  Map m;

  compose (start, x, map, &m);
  evaluate (self, map, &m, point);
  if (diagonal)
    point->gradient[4] = 0;
}

/* The inverse Hessian's estimate after a step @s that changed the gradient by @y (Broyden, Fletcher, Goldfarb, Shanno). */
static void
update_inverse (double inverse[N_PARAMETERS][N_PARAMETERS], const double *s, const double *y)
{
  double sy = dot (s, y), hy[N_PARAMETERS], yhy;

  if (!(sy > 1e-14 * sqrt (dot (s, s) * dot (y, y))))
    return;
  for (int i = 0; i < N_PARAMETERS; i++)
    hy[i] = dot (inverse[i], y);
  yhy = dot (y, hy);
  for (int i = 0; i < N_PARAMETERS; i++)
    for (int k = 0; k < N_PARAMETERS; k++)
      inverse[i][k] += (1 + yhy / sy) * s[i] * s[k] / sy - (hy[i] * s[k] + s[i] * hy[k]) / sy;
}

/* In parameters relative to the start a Gaussian's KL has a curvature of about 1 in every direction, so the first step is the
 * gradient's own. */
static void
minimise (const Problem *self, Map *map, Point *point, gboolean diagonal)
{
  const Map start = *map;
  double inverse[N_PARAMETERS][N_PARAMETERS] = { { 0 } }, x[N_PARAMETERS] = { 0 };

  for (int i = 0; i < N_PARAMETERS; i++)
    inverse[i][i] = 1;
  evaluate_at (self, &start, x, diagonal, map, point);
  for (int iteration = 0; iteration < MAX_ITERATIONS && dot (point->gradient, point->gradient) > 1e-22; iteration++)
    {
      double s[N_PARAMETERS], y[N_PARAMETERS], slope, size;
      gboolean better = FALSE;

      for (int i = 0; i < N_PARAMETERS; i++)
        s[i] = -dot (inverse[i], point->gradient);
      slope = dot (s, point->gradient);
      size = sqrt (dot (s, s));
      if (!(slope < 0) || !isfinite (size))
        break;
      for (double length = MIN (1, 1 / size); length > 1e-8 && !better; length *= 0.5)
        {
          double next[N_PARAMETERS];
          Map next_map;
          Point trial;

          for (int i = 0; i < N_PARAMETERS; i++)
            next[i] = x[i] + length * s[i];
          evaluate_at (self, &start, next, diagonal, &next_map, &trial);
          if (!(trial.value <= point->value + 1e-4 * length * slope))
            continue;
          better = trial.value < point->value;
          if (!better)
            break;
          for (int i = 0; i < N_PARAMETERS; i++)
            {
              s[i] = next[i] - x[i];
              y[i] = trial.gradient[i] - point->gradient[i];
            }
          memcpy (x, next, sizeof x);
          *map = next_map;
          *point = trial;
          update_inverse (inverse, s, y);
        }
      if (!better)
        break;
    }
}

/* --- Starts ------------------------------------------------------------------------------------------------------ */

/* The Gaussian of a covariance (11, 12, 22); FALSE if it is none. */
static gboolean
map_from_covariance (const double mean[2], const double covariance[3], gboolean diagonal, Map *map)
{
  double corner = diagonal ? 0 : covariance[1], rest = covariance[2] - corner * corner / covariance[0];

  if (!(covariance[0] > 0 && rest > 0 && isfinite (covariance[0]) && isfinite (rest) && isfinite (mean[0] + mean[1])))
    return FALSE;
  map->mean[0] = mean[0];
  map->mean[1] = mean[1];
  map->l11 = sqrt (covariance[0]);
  map->l21 = corner / map->l11;
  map->l22 = sqrt (rest);
  return TRUE;
}

static gboolean
map_from_moments (const HeftGibbs2d *gibbs, gboolean diagonal, Map *map)
{
  gsize n = gibbs->n_grid;
  double total = 0, mean[2] = { 0 }, covariance[3] = { 0 };

  for (gsize i = 0; i < n * n; i++)
    {
      total += gibbs->posterior[i];
      mean[0] += gibbs->posterior[i] * gibbs->grid[0][i / n];
      mean[1] += gibbs->posterior[i] * gibbs->grid[1][i % n];
    }
  if (!(total > 0))
    return FALSE;
  mean[0] /= total;
  mean[1] /= total;
  for (gsize i = 0; i < n * n; i++)
    {
      double d1 = gibbs->grid[0][i / n] - mean[0], d2 = gibbs->grid[1][i % n] - mean[1];

      covariance[0] += gibbs->posterior[i] / total * d1 * d1;
      covariance[1] += gibbs->posterior[i] / total * d1 * d2;
      covariance[2] += gibbs->posterior[i] / total * d2 * d2;
    }
  return map_from_covariance (mean, covariance, diagonal, map);
}

static double
potential (const Problem *self, double w1, double w2)
{
  return self->loss (w1, w2, self->user_data) / self->beta + 0.5 * (w1 * w1 + w2 * w2) / (self->lambda * self->lambda);
}

/* By the curvature at a point, by differences; round and as wide as the prior allows where that is not positive. */
static void
map_from_curvature (const Problem *self, const double mean[2], gboolean diagonal, Map *map)
{
  double h = 1e-3 * (self->upper[0] - self->lower[0]), v = 1e-3 * (self->upper[1] - self->lower[1]);
  double centre = potential (self, mean[0], mean[1]), ridge = 1 / (self->lambda * self->lambda), determinant;
  double a = (potential (self, mean[0] + h, mean[1]) + potential (self, mean[0] - h, mean[1]) - 2 * centre) / (h * h);
  double c = (potential (self, mean[0], mean[1] + v) + potential (self, mean[0], mean[1] - v) - 2 * centre) / (v * v);
  double b = (potential (self, mean[0] + h, mean[1] + v) - potential (self, mean[0] + h, mean[1] - v)
              - potential (self, mean[0] - h, mean[1] + v) + potential (self, mean[0] - h, mean[1] - v)) / (4 * h * v);

  if (diagonal)
    b = 0;
  determinant = a * c - b * b;
  if (a > 0 && determinant > 0
      && map_from_covariance (mean, (double[]) { c / determinant, -b / determinant, a / determinant }, diagonal, map))
    return;
  ridge = MAX (ridge, 1 / (h * h * 1e4));
  map_from_covariance (mean, (double[]) { 1 / MAX (a, ridge), 0, 1 / MAX (c, ridge) }, TRUE, map);
}

typedef struct
{
  double mean[2], value;
} Valley;

static int
compare_valleys (gconstpointer a, gconstpointer b)
{
  double x = ((const Valley *) a)->value, y = ((const Valley *) b)->value;

  return x < y ? -1 : x > y;
}

/* Local minima of loss / beta + |w|^2 / (2 lambda^2) on the grid, lowest first. */
static GArray *
find_valleys (const Problem *self)
{
  const HeftGibbs2d *gibbs = self->gibbs;
  gssize n = (gssize) gibbs->n_grid;
  g_autofree double *values = g_new (double, n * n);
  GArray *valleys = g_array_new (FALSE, FALSE, sizeof (Valley));

  for (gssize i = 0; i < n * n; i++)
    values[i] = potential (self, gibbs->grid[0][i / n], gibbs->grid[1][i % n]);
  for (gssize i = 0; i < n * n; i++)
    {
      Valley valley = { { gibbs->grid[0][i / n], gibbs->grid[1][i % n] }, values[i] };
      gboolean lowest = isfinite (values[i]);

      for (gssize row = MAX (i / n - 1, 0); row <= MIN (i / n + 1, n - 1); row++)
        for (gssize column = MAX (i % n - 1, 0); column <= MIN (i % n + 1, n - 1); column++)
          {
            gssize k = row * n + column;

            lowest = lowest && (k == i || (k < i ? values[k] > values[i] : values[k] >= values[i]));
          }
      if (lowest)
        g_array_append_val (valleys, valley);
    }
  g_array_sort (valleys, compare_valleys);
  return valleys;
}

/* --- The public functions ---------------------------------------------------------------------------------------- */

static gboolean
problem_init (Problem *self, const HeftGibbs2d *gibbs, HeftPlaneFunction loss, gpointer user_data, double lambda, double beta,
              GError **error)
{
  Map prior = { { 0, 0 }, lambda, 0, lambda }, whole = { { 0, 0 }, 1, 0, 1 };
  double pieces[MAX_PIECES + 1], nearest;
  Sums sums = { 0 };
  int n;

  *self = (Problem) { .gibbs = gibbs, .loss = loss, .user_data = user_data, .lambda = lambda, .beta = beta };
  if (!(lambda > 0 && isfinite (lambda) && beta > 0 && isfinite (beta)))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("%s must be a finite number above 0."),
                   lambda > 0 && isfinite (lambda) ? "beta" : "lambda");
      return FALSE;
    }
  for (int axis = 0; axis < 2; axis++)
    {
      self->lower[axis] = gibbs->grid[axis][0];
      self->upper[axis] = gibbs->grid[axis][gibbs->n_grid - 1];
    }
  make_rule (self);
  /* P's own mass on the rectangle, by the rule that Q's is taken with. */
  n = find_pieces (self, &prior, pieces, &nearest);
  for (int p = 0; p < n; p++)
    for (int i = 0; i < N_NODES; i++)
      add_line (self, &prior, &whole, 0.5 * (pieces[p] + pieces[p + 1]) + 0.5 * (pieces[p + 1] - pieces[p]) * self->nodes[i],
                0.5 * (pieces[p + 1] - pieces[p]) * self->weights[i], nearest, &sums);
  self->log_prior_mass = log (sums.mass) - 0.5 * nearest + 2 * log (lambda);
  return TRUE;
}

static gboolean
gaussian_set (const Problem *self, const Map *map, const Point *point, HeftPlaneGaussian *gaussian, GError **error)
{
  if (!isfinite (point->value) || !isfinite (point->expected))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                   _("The loss is too large for this beta (%g): raise beta or narrow the interval."), self->beta);
      return FALSE;
    }
  memcpy (gaussian->mean, map->mean, sizeof gaussian->mean);
  gaussian->covariance[0] = map->l11 * map->l11;
  gaussian->covariance[1] = map->l11 * map->l21;
  gaussian->covariance[2] = map->l21 * map->l21 + map->l22 * map->l22;
  gaussian->lagrangian = self->beta * point->value;
  gaussian->expected_loss = point->expected;
  gaussian->information = point->information;
  return TRUE;
}

gboolean
heft_gibbs_2d_best_gaussian (const HeftGibbs2d *gibbs, HeftPlaneFunction loss, gpointer user_data, double lambda, double beta,
                             gboolean diagonal, HeftPlaneGaussian *gaussian, GError **error)
{
  g_autoptr (GArray) valleys = NULL;
  Problem problem;
  Map best = { { 0, 0 }, lambda, 0, lambda };
  Point point;

  g_return_val_if_fail (gibbs != NULL && loss != NULL && gaussian != NULL, FALSE);

  if (!problem_init (&problem, gibbs, loss, user_data, lambda, beta, error))
    return FALSE;
  /* Starts: the prior, the whole of Gibbs as one Gaussian, and each of the deepest valleys. */
  minimise (&problem, &best, &point, diagonal);
  valleys = find_valleys (&problem);
  for (int i = -1; i < (int) MIN (valleys->len, MAX_STARTS); i++)
    {
      Map map;
      Point found;

      if (i < 0 && !map_from_moments (gibbs, diagonal, &map))
        continue;
      if (i >= 0)
        map_from_curvature (&problem, g_array_index (valleys, Valley, i).mean, diagonal, &map);
      minimise (&problem, &map, &found, diagonal);
      if (found.value < point.value)
        {
          best = map;
          point = found;
        }
    }
  /* Once more from where it came to: parameters relative to the optimum itself. */
  minimise (&problem, &best, &point, diagonal);
  return gaussian_set (&problem, &best, &point, gaussian, error);
}

gboolean
heft_gibbs_2d_measure_gaussian (const HeftGibbs2d *gibbs, HeftPlaneFunction loss, gpointer user_data, double lambda, double beta,
                                HeftPlaneGaussian *gaussian, GError **error)
{
  Map map, relative = { { 0, 0 }, 1, 0, 1 };
  Problem problem;
  Point point;

  g_return_val_if_fail (gibbs != NULL && loss != NULL && gaussian != NULL, FALSE);

  if (!problem_init (&problem, gibbs, loss, user_data, lambda, beta, error))
    return FALSE;
  if (!map_from_covariance (gaussian->mean, gaussian->covariance, FALSE, &map))
    {
      g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                           _("The Gaussian’s covariance is not positive definite."));
      return FALSE;
    }
  evaluate (&problem, &map, &relative, &point);
  return gaussian_set (&problem, &map, &point, gaussian, error);
}

double
heft_plane_laplace (const double minimum[2], const double hessian[3], double lambda, double beta, gboolean printed,
                    HeftPlaneGaussian *gaussian)
{
  double ridge = beta / (lambda * lambda) * (printed ? 0.5 : 1), scale = printed ? 0.5 * beta : beta;
  double a = hessian[0] + ridge, b = hessian[1], c = hessian[2] + ridge, determinant = a * c - b * b;
  double middle = 0.5 * (hessian[0] + hessian[2]), half = hypot (0.5 * (hessian[0] - hessian[2]), b);
  double eigenvalues[2] = { MAX (middle + half, 0), MAX (middle - half, 0) };
  double distance = minimum[0] * minimum[0] + minimum[1] * minimum[1];

  g_return_val_if_fail (gaussian != NULL, NAN);

  *gaussian = (HeftPlaneGaussian) { { minimum[0], minimum[1] },
                                    { scale * c / determinant, -scale * b / determinant, scale * a / determinant } };
  gaussian->lagrangian = gaussian->expected_loss = NAN;
  gaussian->information = printed ? heft_gaussian_information_printed (eigenvalues, 2, 2, distance, beta, lambda)
                                  : heft_gaussian_information (eigenvalues, 2, 2, distance, beta, lambda);
  return gaussian->information;
}
