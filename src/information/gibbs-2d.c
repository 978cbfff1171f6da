/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>

#include "information/gibbs-private.h"

/* The outer weight's rule calls for a whole inner rule at each of its nodes, so both begin with few panels; they are halved where
 * needed as in one dimension. */
#define N_PANELS 24

typedef struct
{
  HeftPlaneFunction loss;
  gpointer          user_data;
  double            lower[2], upper[2];
  double            lambda, beta;
  gsize             n_grid;
  int               outer;         /* which weight is the outer one, 0 or 1 */
  double            w;             /* its present value */
  GError           *error;         /* of the first inner rule that failed */
} Plane;

static HeftGibbsValue
inner_value (double w, gpointer user_data)
{
  const Plane *plane = user_data;
  double loss = plane->outer == 0 ? plane->loss (plane->w, w, plane->user_data) : plane->loss (w, plane->w, plane->user_data);

  return (HeftGibbsValue) { loss, loss, 0 };
}

static HeftGibbs *
slice (Plane *plane, double w, GError **error)
{
  int inner = 1 - plane->outer;

  plane->w = w;
  return heft_gibbs_over (inner_value, plane, plane->lower[inner], plane->upper[inner], plane->lambda, plane->beta, plane->n_grid,
                          N_PANELS, error);
}

static HeftGibbsValue
outer_value (double w, gpointer user_data)
{
  Plane *plane = user_data;
  g_autoptr (HeftGibbs) gibbs = plane->error == NULL ? slice (plane, w, &plane->error) : NULL;

  if (gibbs == NULL)
    return (HeftGibbsValue) { NAN, NAN, NAN };
  return (HeftGibbsValue) { gibbs->lagrangian, gibbs->expected_loss, gibbs->information };
}

/* The Gibbs distribution of one weight, the other integrated out. */
static HeftGibbs *
integrate (Plane *plane, int outer, GError **error)
{
  g_autoptr (HeftGibbs) gibbs = NULL;
  g_autoptr (GError) failure = NULL;

  plane->outer = outer;
  gibbs = heft_gibbs_over (outer_value, plane, plane->lower[outer], plane->upper[outer], plane->lambda, plane->beta, plane->n_grid,
                           N_PANELS, &failure);
  if (plane->error != NULL)
    g_propagate_error (error, g_steal_pointer (&plane->error));
  else if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    return g_steal_pointer (&gibbs);
  return NULL;
}

static void
fill_densities (HeftGibbs2d *self, const Plane *plane, const HeftGibbs *first, const HeftGibbs *second)
{
  gsize n = self->n_grid;

  self->prior = g_new (double, n * n);
  self->posterior = g_new (double, n * n);
  self->loss = g_new (double, n * n);
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < n; j++)
      {
        double loss = plane->loss (self->grid[0][i], self->grid[1][j], plane->user_data);

        self->loss[i * n + j] = loss;
        self->prior[i * n + j] = first->prior[i] * second->prior[j];
        /* Q* = P exp ((min C - L) / beta) */
        self->posterior[i * n + j] = self->prior[i * n + j] * exp ((self->lagrangian - loss) / plane->beta);
      }
}

HeftGibbs2d *
heft_gibbs_2d_new (HeftPlaneFunction loss, gpointer user_data, const double lower[2], const double upper[2], double lambda,
                   double beta, gsize n_grid, GError **error)
{
  Plane plane = { loss, user_data, { lower[0], lower[1] }, { upper[0], upper[1] }, lambda, beta, n_grid };
  g_autoptr (HeftGibbs) first = NULL;
  g_autoptr (HeftGibbs) second = NULL;
  HeftGibbs2d *self;

  g_return_val_if_fail (loss != NULL, NULL);

  first = integrate (&plane, 0, error);
  second = first != NULL ? integrate (&plane, 1, error) : NULL;
  if (second == NULL)
    return NULL;
  self = g_new0 (HeftGibbs2d, 1);
  self->lagrangian = first->lagrangian;
  self->information = first->information;
  self->expected_loss = first->expected_loss;
  self->n_grid = n_grid;
  self->grid[0] = g_steal_pointer (&first->grid);
  self->grid[1] = g_steal_pointer (&second->grid);
  self->marginal[0] = g_steal_pointer (&first->posterior);
  self->marginal[1] = g_steal_pointer (&second->posterior);
  fill_densities (self, &plane, first, second);
  return self;
}

void
heft_gibbs_2d_free (HeftGibbs2d *self)
{
  if (self == NULL)
    return;
  for (int axis = 0; axis < 2; axis++)
    {
      g_free (self->grid[axis]);
      g_free (self->marginal[axis]);
    }
  g_free (self->prior);
  g_free (self->posterior);
  g_free (self->loss);
  g_free (self);
}
