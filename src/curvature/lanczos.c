/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>

#include "curvature/lanczos.h"
#include "linalg/linalg.h"

#define CHECK_EVERY 5
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

static gboolean
has_converged (const HeftLanczos *self, gsize n_top, double tolerance)
{
  if (self->m < n_top)
    return FALSE;
  for (gsize i = 0; i < n_top; i++)
    if (self->residual * self->tails[i] > tolerance * fabs (self->values[i]))
      return FALSE;
  return TRUE;
}

/* Takes the components along the basis out of @vector, twice. */
static void
reorthogonalise (const HeftLanczos *self, gsize n_rows, double *vector, double *workspace)
{
  for (int round = 0; round < 2; round++)
    {
      heft_gemv_f64 (FALSE, n_rows, self->n, 1, self->basis, self->n, vector, 0, workspace);
      heft_gemv_f64 (TRUE, n_rows, self->n, -1, self->basis, self->n, workspace, 1, vector);
    }
}

/* One step: row m of the basis is there; adds its coefficients and the next row. Returns: whether there is a next row. */
static gboolean
lanczos_step (HeftLanczos *self, HeftProduct product, gpointer data, gsize n_steps, double *vector, double *workspace,
              double *largest)
{
  double *current = self->basis + self->m * self->n;
  gsize m = self->m;

  product (data, current, vector);
  self->diagonal[m] = heft_dot_f64 (self->n, current, vector);
  reorthogonalise (self, m + 1, vector, workspace);
  self->residual = heft_norm_f64 (self->n, vector);
  *largest = MAX (*largest, MAX (fabs (self->diagonal[m]), self->residual));
  self->m = m + 1;
  if (!(self->residual > EXHAUSTED * *largest) || self->m == self->n)
    {
      self->residual = 0;
      return FALSE;
    }
  if (self->m == n_steps)
    return FALSE;
  self->off_diagonal[m] = self->residual;
  for (gsize i = 0; i < self->n; i++)
    current[self->n + i] = vector[i] / self->residual;
  return TRUE;
}

HeftLanczos *
heft_lanczos_new (gsize n, HeftProduct product, gpointer data, const double *start, gsize n_steps, gsize n_top,
                  double tolerance, GCancellable *cancellable, GError **error)
{
  g_autoptr (HeftLanczos) self = g_new0 (HeftLanczos, 1);
  heft_aligned_autofree double *vector = heft_aligned_new (double, n);
  g_autofree double *workspace = NULL;
  double norm = heft_norm_f64 (n, start);
  double largest = 0;
  gboolean more = TRUE;

  n_steps = MIN (n_steps, n);
  g_return_val_if_fail (n_steps > 0 && norm > 0, NULL);
  self->n = n;
  self->basis = heft_aligned_try_alloc (n_steps * n, sizeof (double), error);
  if (self->basis == NULL)
    return NULL;
  self->diagonal = g_new0 (double, n_steps);
  self->off_diagonal = g_new0 (double, n_steps);
  self->values = g_new0 (double, n_steps);
  self->firsts = g_new0 (double, n_steps);
  self->tails = g_new0 (double, n_steps);
  workspace = g_new (double, n_steps);
  for (gsize i = 0; i < n; i++)
    self->basis[i] = start[i] / norm;

  while (more)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      more = lanczos_step (self, product, data, n_steps, vector, workspace, &largest);
      if (!isfinite (largest) || isnan (self->residual))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED,
                       _("The curvature is not finite at these weights, so it has no eigenvalues: check whether training "
                         "diverged."));
          return NULL;
        }
      if (more && !(n_top > 0 && self->m >= n_top && self->m % CHECK_EVERY == 0))
        continue;
      if (!solve_tridiagonal (self, error))
        return NULL;
      if (more && has_converged (self, n_top, tolerance))
        break;
    }
  return g_steal_pointer (&self);
}
