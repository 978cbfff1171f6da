/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>

#include "curvature/lanczos.h"
#include "curvature/slots.h"
#include "linalg/linalg.h"

#define CHECK_EVERY 5
#define RANGES 4          /* of the vectors' entries, for sharing; sums are added in their order */
#define SHARED_SIZE 8192  /* below this a sweep takes less than waking a worker */
#define TAKEN_AWAY 0.7    /* of the length left: then no second round (Daniel, Gragg, Kaufman and Stewart 1976) */
#define EXHAUSTED 1e-10   /* of the largest coefficient: what follows would be rounding */

void
heft_lanczos_free (HeftLanczos *self)
{
  if (self == NULL)
    return;
  heft_aligned_free (self->basis);
  g_free (self->diagonal);
  g_free (self->off_diagonal);
  g_free (self->values);
  g_free (self->firsts);
  g_free (self->tails);
  g_free (self);
}

static gboolean
solve_tridiagonal (HeftLanczos *self, GError **error)
{
  g_autofree double *vectors = g_new (double, self->m * self->m);

  if (!heft_tridiagonal_eigen (self->m, self->diagonal, self->off_diagonal, self->values, vectors, error))
    return FALSE;
  for (gsize i = 0; i < self->m; i++)
    {
      self->firsts[i] = vectors[i * self->m];
      self->tails[i] = fabs (vectors[i * self->m + self->m - 1]);
    }
  return TRUE;
}

/* Whether values[i] is known to @tolerance of @scale. */
static gboolean
is_known (const HeftLanczos *self, gsize i, double tolerance, double scale)
{
  return self->residual * self->tails[i] <= tolerance * scale;
}

static gboolean
has_converged (const HeftLanczos *self, const HeftLanczosOptions *options)
{
  double largest = MAX (fabs (self->values[0]), fabs (self->values[self->m - 1]));

  if (self->m < options->n_top + options->n_bottom)
    return FALSE;
  for (gsize i = 0; i < options->n_top; i++)
    if (!is_known (self, i, options->tolerance, fabs (self->values[i])))
      return FALSE;
  for (gsize i = 0; i < options->n_bottom; i++)
    if (!is_known (self, self->m - 1 - i, options->tolerance, largest))
      return FALSE;
  return TRUE;
}

/* --- Reorthogonalisation over column ranges of the basis ------------------------------------------------------------------ */

typedef struct
{
  const HeftLanczos *lanczos;
  gsize              n_rows;
  double            *vector;
  double            *partial;    /* RANGES x n_rows */
  const double      *along;      /* n_rows */
} Sweep;

static gboolean
measure_range (gsize range, gpointer data, GError **error)
{
  const Sweep *sweep = data;
  gsize n = sweep->lanczos->n;
  gsize first = n * range / RANGES, count = n * (range + 1) / RANGES - first;

  heft_gemv_f64 (FALSE, sweep->n_rows, count, 1, sweep->lanczos->basis + first, n, sweep->vector + first, 0,
                 sweep->partial + range * sweep->n_rows);
  return TRUE;
}

static gboolean
subtract_range (gsize range, gpointer data, GError **error)
{
  const Sweep *sweep = data;
  gsize n = sweep->lanczos->n;
  gsize first = n * range / RANGES, count = n * (range + 1) / RANGES - first;

  heft_gemv_f64 (TRUE, sweep->n_rows, count, -1, sweep->lanczos->basis + first, n, sweep->along, 1, sweep->vector + first);
  return TRUE;
}

static void
run_ranges (HeftPool *pool, HeftSlotFunc func, Sweep *sweep)
{
  if (pool != NULL)
    heft_slots_run (pool, RANGES, func, sweep, NULL);
  else
    for (gsize range = 0; range < RANGES; range++)
      func (range, sweep, NULL);
}

/* Takes the components along the basis out of @vector, whose part along the last two rows is out already; again while that
 * takes away a good part of it. @workspace: (RANGES + 1) n_rows. */
static void
reorthogonalise (const HeftLanczos *self, gsize n_rows, HeftPool *pool, double *vector, double *workspace)
{
  double *along = workspace + RANGES * n_rows;
  Sweep sweep = { self, n_rows, vector, workspace, along };
  double before = heft_norm_f64 (self->n, vector), after;

  for (int round = 0; round < 2; round++)
    {
      run_ranges (self->n < SHARED_SIZE ? NULL : pool, measure_range, &sweep);
      for (gsize i = 0; i < n_rows; i++)
        {
          along[i] = 0;
          for (gsize range = 0; range < RANGES; range++)
            along[i] += workspace[range * n_rows + i];
        }
      run_ranges (self->n < SHARED_SIZE ? NULL : pool, subtract_range, &sweep);
      after = heft_norm_f64 (self->n, vector);
      if (after > TAKEN_AWAY * before)
        break;
      before = after;
    }
}

/* One step: row m of the basis is there; adds its coefficients and the next row. Returns: whether there is a next row. */
static gboolean
lanczos_step (HeftLanczos *self, HeftProduct product, gpointer data, const HeftLanczosOptions *options, double *vector,
              double *workspace, double *largest)
{
  double *current = self->basis + self->m * self->n;
  gsize m = self->m;

  product (data, current, vector);
  self->diagonal[m] = heft_dot_f64 (self->n, current, vector);
  heft_axpy_f64 (self->n, -self->diagonal[m], current, vector);
  if (m > 0)
    heft_axpy_f64 (self->n, -self->off_diagonal[m - 1], current - self->n, vector);
  reorthogonalise (self, m + 1, options->pool, vector, workspace);
  self->residual = heft_norm_f64 (self->n, vector);
  *largest = MAX (*largest, MAX (fabs (self->diagonal[m]), self->residual));
  self->m = m + 1;
  if (!(self->residual > EXHAUSTED * *largest) || self->m == self->n)
    {
      self->residual = 0;
      return FALSE;
    }
  if (self->m == options->n_steps)
    return FALSE;
  self->off_diagonal[m] = self->residual;
  for (gsize i = 0; i < self->n; i++)
    current[self->n + i] = vector[i] / self->residual;
  return TRUE;
}

static HeftLanczos *
allocate (gsize n, gsize n_steps, GError **error)
{
  g_autoptr (HeftLanczos) self = g_new0 (HeftLanczos, 1);

  self->n = n;
  self->basis = heft_aligned_try_alloc (n_steps * n, sizeof (double), error);
  if (self->basis == NULL)
    return NULL;
  self->diagonal = g_new0 (double, n_steps);
  self->off_diagonal = g_new0 (double, n_steps);
  self->values = g_new0 (double, n_steps);
  self->firsts = g_new0 (double, n_steps);
  self->tails = g_new0 (double, n_steps);
  return g_steal_pointer (&self);
}

/* Steps until done; FALSE where something is not finite or the user has had enough. */
static gboolean
run (HeftLanczos *self, HeftProduct product, gpointer data, const HeftLanczosOptions *options, GError **error)
{
  heft_aligned_autofree double *vector = heft_aligned_new (double, self->n);
  g_autofree double *workspace = g_new (double, (RANGES + 1) * options->n_steps);
  gsize n_wanted = options->n_top + options->n_bottom;
  double largest = 0;
  gboolean more = TRUE;

  while (more)
    {
      if (g_cancellable_set_error_if_cancelled (options->cancellable, error))
        return FALSE;
      more = lanczos_step (self, product, data, options, vector, workspace, &largest);
      if (!isfinite (largest) || isnan (self->residual))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
                       _("The curvature is not finite at these weights, so it has no eigenvalues: check whether training "
                         "diverged."));
          return FALSE;
        }
      if (more && !(n_wanted > 0 && self->m >= n_wanted && self->m % CHECK_EVERY == 0))
        continue;
      if (!solve_tridiagonal (self, error))
        return FALSE;
      if (more && has_converged (self, options))
        break;
    }
  return TRUE;
}

HeftLanczos *
heft_lanczos_new (gsize n, HeftProduct product, gpointer data, const double *start, const HeftLanczosOptions *options,
                  GError **error)
{
  HeftLanczosOptions own = *options;
  g_autoptr (HeftLanczos) self = NULL;
  double norm = heft_norm_f64 (n, start);

  own.n_steps = MIN (own.n_steps, n);
  g_return_val_if_fail (own.n_steps > 0 && norm > 0, NULL);
  self = allocate (n, own.n_steps, error);
  if (self == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    self->basis[i] = start[i] / norm;
  return run (self, product, data, &own, error) ? g_steal_pointer (&self) : NULL;
}

gboolean
heft_lanczos_vector (const HeftLanczos *self, gsize i, double *vector, GError **error)
{
  g_autofree double *values = g_new (double, self->m);
  g_autofree double *vectors = g_new (double, self->m * self->m);

  if (!heft_tridiagonal_eigen (self->m, self->diagonal, self->off_diagonal, values, vectors, error))
    return FALSE;
  heft_gemv_f64 (TRUE, self->m, self->n, 1, self->basis, self->n, vectors + i * self->m, 0, vector);
  return TRUE;
}
