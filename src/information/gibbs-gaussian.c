/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <stdlib.h>

#include <heft/information.h>

/* The best single Gaussian on an interval. The Lagrangian of N(m, s^2), restricted to the interval and renormalised there,
 * is integrated by a composite Gauss-Legendre rule in u = (w - m) / s, so that a narrow Gaussian costs and loses nothing; the
 * loss is read from the grid by a six-point polynomial. */

#define N_PIECES 48
#define N_LEGENDRE 6
#define N_STENCIL 6
#define MAX_STARTS 8
#define TAIL 80.0        /* exp (-TAIL / 2) below the largest density is left out */

static const double legendre_nodes[N_LEGENDRE] = {
  -0.932469514203152027812301554493995, -0.661209386466264513661399595019905, -0.238619186083196908630501721680712,
  0.238619186083196908630501721680712, 0.661209386466264513661399595019905, 0.932469514203152027812301554493995,
};
static const double legendre_weights[N_LEGENDRE] = {
  0.171324492379170345040296142172733, 0.360761573048138607569833513837716, 0.467913934572691047389870343989551,
  0.467913934572691047389870343989551, 0.360761573048138607569833513837716, 0.171324492379170345040296142172733,
};

typedef struct
{
  const HeftGibbs *gibbs;
  double           lambda;
  double           beta;
  double           log_prior_mass;   /* of exp (-w^2 / (2 lambda^2)) on the interval */
} Problem;

static double
interpolate_loss (const HeftGibbs *gibbs, double w)
{
  double step = (gibbs->grid[gibbs->n_grid - 1] - gibbs->grid[0]) / (double) (gibbs->n_grid - 1);
  double position = CLAMP ((w - gibbs->grid[0]) / step, 0, (double) (gibbs->n_grid - 1));
  gssize first = CLAMP ((gssize) position - (N_STENCIL / 2 - 1), 0, (gssize) gibbs->n_grid - N_STENCIL);
  double t = position - (double) first;
  double value = 0;

  for (int i = 0; i < N_STENCIL; i++)
    {
      double basis = gibbs->loss[first + i];

      for (int j = 0; j < N_STENCIL; j++)
        if (j != i)
          basis *= (t - j) / (i - j);
      value += basis;
    }
  return value;
}

/* C(m, s) = E_Q L + beta KL (Q || P). */
static double
gaussian_lagrangian (const Problem *problem, double mean, double deviation)
{
  const HeftGibbs *gibbs = problem->gibbs;
  double low = (gibbs->grid[0] - mean) / deviation;
  double high = (gibbs->grid[gibbs->n_grid - 1] - mean) / deviation;
  double nearest = CLAMP (0.0, low, high);
  double reach = sqrt (nearest * nearest + TAIL);
  double mass = 0, expected = 0, divergence = 0, piece;

  low = MAX (low, -reach);
  high = MIN (high, reach);
  piece = (high - low) / N_PIECES;
  for (int i = 0; i < N_PIECES; i++)
    for (int j = 0; j < N_LEGENDRE; j++)
      {
        double u = low + piece * (i + 0.5 * (1 + legendre_nodes[j]));
        double w = mean + deviation * u;
        double exponent = -0.5 * (u * u - nearest * nearest);
        double density = 0.5 * piece * legendre_weights[j] * exp (exponent);
        double scaled = w / problem->lambda;

        mass += density;
        expected += density * interpolate_loss (gibbs, w);
        divergence += density * (exponent + 0.5 * scaled * scaled);
      }
  /* log q - log p = exponent - log (s mass) + w^2 / (2 lambda^2) + log_prior_mass */
  return expected / mass
         + problem->beta * (divergence / mass - log (mass) - log (deviation) + problem->log_prior_mass);
}

/* A corner of the simplex: mean, logarithm of the deviation, value. */
typedef struct
{
  double x[2];
  double value;
} Corner;

static Corner
corner_new (const Problem *problem, double mean, double log_deviation)
{
  return (Corner) { { mean, log_deviation }, gaussian_lagrangian (problem, mean, exp (log_deviation)) };
}

static Corner
corner_along (const Problem *problem, const Corner *centre, const Corner *from, double factor)
{
  return corner_new (problem, centre->x[0] + factor * (centre->x[0] - from->x[0]),
                     centre->x[1] + factor * (centre->x[1] - from->x[1]));
}

static int
compare_corners (gconstpointer a, gconstpointer b)
{
  double x = ((const Corner *) a)->value;
  double y = ((const Corner *) b)->value;

  return x < y ? -1 : x > y;
}

/* One step of Nelder and Mead's simplex method in two dimensions; the corners are sorted before and after. */
static void
simplex_step (const Problem *problem, Corner corners[3])
{
  Corner centre = { { 0.5 * (corners[0].x[0] + corners[1].x[0]), 0.5 * (corners[0].x[1] + corners[1].x[1]) }, 0 };
  Corner trial = corner_along (problem, &centre, &corners[2], 1);

  if (trial.value < corners[0].value)
    {
      Corner further = corner_along (problem, &centre, &corners[2], 2);

      if (further.value < trial.value)
        trial = further;
    }
  else if (trial.value >= corners[1].value)
    {
      Corner nearer = corner_along (problem, &centre, &corners[2], trial.value < corners[2].value ? 0.5 : -0.5);

      if (nearer.value < trial.value || !isfinite (trial.value))
        trial = nearer;
    }
  if (trial.value < corners[2].value)
    corners[2] = trial;
  else
    for (int i = 1; i < 3; i++)
      corners[i] = corner_new (problem, 0.5 * (corners[i].x[0] + corners[0].x[0]),
                               0.5 * (corners[i].x[1] + corners[0].x[1]));
  qsort (corners, 3, sizeof (Corner), compare_corners);
}

static Corner
minimise (const Problem *problem, double mean, double deviation)
{
  Corner best = corner_new (problem, mean, log (deviation));

  /* The second round leaves a simplex that flattened early. */
  for (int round = 0; round < 2; round++)
    {
      Corner corners[3] = { best,
                            corner_new (problem, best.x[0] + 0.5 * exp (best.x[1]), best.x[1]),
                            corner_new (problem, best.x[0], best.x[1] + 0.4) };

      qsort (corners, 3, sizeof (Corner), compare_corners);
      for (int i = 0; i < 300; i++)
        {
          double size = fabs (corners[1].x[1] - corners[0].x[1]) + fabs (corners[2].x[1] - corners[0].x[1])
                        + (fabs (corners[1].x[0] - corners[0].x[0]) + fabs (corners[2].x[0] - corners[0].x[0]))
                          / exp (corners[0].x[1]);

          if (size < 1e-9)
            break;
          simplex_step (problem, corners);
        }
      best = corners[0];
    }
  return best;
}

/* Width of the Gibbs peak at a grid point by the curvature there; the whole interval where it is flat. */
static double
local_deviation (const Problem *problem, gsize i)
{
  const HeftGibbs *gibbs = problem->gibbs;
  gsize centre = CLAMP (i, 1, gibbs->n_grid - 2);
  double step = gibbs->grid[1] - gibbs->grid[0];
  double curvature = (gibbs->loss[centre + 1] - 2 * gibbs->loss[centre] + gibbs->loss[centre - 1]) / (step * step);
  double precision = curvature / problem->beta + 1 / (problem->lambda * problem->lambda);
  double range = gibbs->grid[gibbs->n_grid - 1] - gibbs->grid[0];

  return precision > 0 ? MIN (1 / sqrt (precision), range) : range;
}

/* The local minima of loss + beta w^2 / (2 lambda^2) on the grid, lowest first. */
static GArray *
find_minima (const Problem *problem)
{
  const HeftGibbs *gibbs = problem->gibbs;
  g_autofree double *potential = g_new (double, gibbs->n_grid);
  GArray *minima = g_array_new (FALSE, FALSE, sizeof (Corner));

  for (gsize i = 0; i < gibbs->n_grid; i++)
    {
      double scaled = gibbs->grid[i] / problem->lambda;

      potential[i] = gibbs->loss[i] + 0.5 * problem->beta * scaled * scaled;
    }
  for (gsize i = 0; i < gibbs->n_grid; i++)
    {
      Corner minimum = { { gibbs->grid[i], log (local_deviation (problem, i)) }, potential[i] };

      if ((i == 0 || potential[i] < potential[i - 1]) && (i + 1 == gibbs->n_grid || potential[i] <= potential[i + 1]))
        g_array_append_val (minima, minimum);
    }
  g_array_sort (minima, compare_corners);
  return minima;
}

/* log of the integral of exp (-w^2 / (2 lambda^2)) over the interval. */
static double
log_prior_mass (const HeftGibbs *gibbs, double lambda)
{
  double low = gibbs->grid[0];
  double high = gibbs->grid[gibbs->n_grid - 1];
  double share = 0.5 * (erf (high / (lambda * G_SQRT2)) - erf (low / (lambda * G_SQRT2)));
  gsize nearest = low >= 0 ? 0 : gibbs->n_grid - 1;

  if (share > 1e-3 || !(gibbs->prior[nearest] > 0))
    return log (lambda) + 0.5 * log (2 * G_PI) + log (share);
  /* Far out in P's tail the error functions cancel: read it off the normalised density. */
  return -0.5 * (gibbs->grid[nearest] / lambda) * (gibbs->grid[nearest] / lambda) - log (gibbs->prior[nearest]);
}

double
heft_gibbs_best_gaussian (const HeftGibbs *gibbs, double lambda, double beta, double *mean, double *deviation)
{
  Problem problem = { gibbs, lambda, beta };
  g_autoptr (GArray) minima = NULL;
  Corner best;
  double step = gibbs->grid[1] - gibbs->grid[0];
  double total = 0, first = 0, second = 0;

  g_return_val_if_fail (lambda > 0 && beta > 0, 0);

  problem.log_prior_mass = log_prior_mass (gibbs, lambda);
  for (gsize i = 0; i < gibbs->n_grid; i++)
    {
      total += gibbs->posterior[i] * step;
      first += gibbs->posterior[i] * step * gibbs->grid[i];
      second += gibbs->posterior[i] * step * gibbs->grid[i] * gibbs->grid[i];
    }
  /* Starts: the whole of Gibbs as one Gaussian, the prior, and each of the deepest valleys. */
  best = minimise (&problem, 0, lambda);
  if (total > 0.5 && total < 2 && second / total > (first / total) * (first / total))
    {
      Corner moments = minimise (&problem, first / total,
                                 sqrt (second / total - (first / total) * (first / total)));

      if (moments.value < best.value)
        best = moments;
    }
  minima = find_minima (&problem);
  for (guint i = 0; i < MIN (minima->len, MAX_STARTS); i++)
    {
      Corner *start = &g_array_index (minima, Corner, i);
      Corner found = minimise (&problem, start->x[0], exp (start->x[1]));

      if (found.value < best.value)
        best = found;
    }
  if (mean != NULL)
    *mean = best.x[0];
  if (deviation != NULL)
    *deviation = exp (best.x[1]);
  return best.value;
}
