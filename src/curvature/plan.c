/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>

#include <heft/curvature.h>

#include "curvature/plan.h"
#include "curvature/root.h"

#define REDUCTION 8            /* how many times slower than a product a tridiagonal reduction runs */
#define QUADRATURE_PRODUCTS (HEFT_PLAN_PROBES * (double) HEFT_PLAN_STEPS)
#define HEAD_PRODUCTS 60.0

const char *
heft_route_name (HeftRoute route)
{
  const char *const names[] = { "dense", "gram", "lanczos", "slq" };

  g_return_val_if_fail ((gsize) route < G_N_ELEMENTS (names), NULL);
  return names[route];
}

void
heft_curvature_plan_free (HeftCurvaturePlan *self)
{
  if (self == NULL)
    return;
  g_free (self->words);
  g_free (self);
}

/* What a block is made of. */
typedef struct
{
  double k, rows;        /* parameters; rows of the root */
  double gram, dense;    /* operations that form R R^T and R^T R */
  double gradients;      /* numbers kept of a root whose rows are no factors */
  double product;        /* operations of one product with the block */
} Shape;

static Shape
shape_of (const HeftNetwork *network, double n, HeftFisherKind kind, gsize first, gsize last)
{
  double columns = (double) heft_root_n_columns (kind, heft_network_get_n_classes (network));
  Shape shape = { .rows = n * columns };

  for (gsize l = first; l <= last; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      double in = (double) layer->fan_in, out = (double) layer->fan_out, k = (double) layer->n_parameters;
      double places = layer->kind == HEFT_LAYER_DENSE ? 1 : (double) (layer->output.height * layer->output.width);

      shape.k += k;
      shape.product += 8 * n * k * places;
      if (layer->kind == HEFT_LAYER_DENSE)
        shape.gram += n * n * in + shape.rows * shape.rows * out;
      else
        {
          shape.gram += 2 * shape.rows * shape.rows * k;
          shape.gradients += shape.rows * k;
        }
    }
  shape.dense = shape.rows * shape.k * shape.k;
  return shape;
}

/* Operations that finish a matrix of dimension @n. */
static double
solve_cost (double n, HeftGoal goal)
{
  return goal == HEFT_GOAL_LOG_DETERMINANT ? n * n * n / 3 : REDUCTION * 4.0 / 3.0 * n * n * n;
}

static char *
gigabytes (double bytes)
{
  return g_strdup_printf ("%.2g", bytes / 1e9);
}

/* What stands in for an exact route that does not fit. */
static void
plan_products (HeftCurvaturePlan *self, const Shape *shape, HeftGoal goal, double max_bytes)
{
  g_autofree char *limit = gigabytes (max_bytes);
  double vectors = goal == HEFT_GOAL_LOG_DETERMINANT ? HEFT_PLAN_STEPS : HEAD_PRODUCTS;
  gsize smaller = (gsize) MIN (shape->k, shape->rows);

  self->bytes = 8 * vectors * shape->k;
  self->route = goal == HEFT_GOAL_LOG_DETERMINANT ? HEFT_ROUTE_SLQ : HEFT_ROUTE_LANCZOS;
  self->exact = goal == HEFT_GOAL_HEAD;
  self->operations = shape->product * (goal == HEFT_GOAL_LOG_DETERMINANT ? QUADRATURE_PRODUCTS : HEAD_PRODUCTS);
  if (goal == HEFT_GOAL_HEAD)
    self->words = g_strdup_printf (_("Lanczos: the largest eigenvalues need only products, not a matrix of %zu rows."), smaller);
  else if (goal == HEFT_GOAL_LOG_DETERMINANT)
    self->words = g_strdup_printf (_("Stochastic Lanczos quadrature, with a standard error: a matrix of %zu rows and the room to work on "
                                     "it do not fit into %s GB."), smaller, limit);
  else
    self->words = g_strdup_printf (_("Lanczos, the largest eigenvalues alone: a complete spectrum needs a matrix of %zu rows, more than %s "
                                     "GB or %d rows."), smaller, limit, HEFT_PLAN_MAX_DIMENSION);
}

static void
plan_matrix (HeftCurvaturePlan *self, const Shape *shape, HeftGoal goal, gboolean gram, gboolean other_fits)
{
  const double n = gram ? shape->rows : shape->k;

  self->route = gram ? HEFT_ROUTE_GRAM : HEFT_ROUTE_DENSE;
  self->exact = TRUE;
  self->operations = (gram ? shape->gram : shape->dense) + solve_cost (n, goal);
  self->bytes = 8 * (n * n + shape->gradients);
  if (!other_fits)
    self->words = g_strdup_printf (gram ? _("The Gram matrix, %zu × %zu: the parameters’ own, %zu × %zu, does not fit.")
                                        : _("The dense matrix, %zu × %zu: the Gram matrix, %zu × %zu, does not fit."),
                                   (gsize) n, (gsize) n, (gsize) (gram ? shape->k : shape->rows), (gsize) (gram ? shape->k : shape->rows));
  else
    self->words = g_strdup_printf (gram ? _("The Gram matrix, %zu × %zu: cheaper than the parameters’ own, %zu × %zu.")
                                        : _("The dense matrix, %zu × %zu: cheaper than the Gram matrix, %zu × %zu."),
                                   (gsize) n, (gsize) n, (gsize) (gram ? shape->k : shape->rows), (gsize) (gram ? shape->k : shape->rows));
}

HeftCurvaturePlan *
heft_curvature_plan (const HeftNetwork *network, gsize n_samples, HeftFisherKind kind, HeftGoal goal, int layer, double max_bytes)
{
  HeftCurvaturePlan *self = g_new0 (HeftCurvaturePlan, 1);
  gsize first = layer < 0 ? 0 : (gsize) layer;
  gsize last = layer < 0 ? heft_network_get_n_weight_layers (network) - 1 : (gsize) layer;
  Shape shape = shape_of (network, (double) n_samples, kind, first, last);
  double limit = max_bytes > 0 ? max_bytes : HEFT_PLAN_BYTES;
  gboolean gram_fits, dense_fits, gram;

  gram_fits = shape.rows <= HEFT_PLAN_MAX_DIMENSION && 8 * (shape.rows * shape.rows + shape.gradients) <= limit;
  dense_fits = shape.k <= HEFT_PLAN_MAX_DIMENSION && 8 * (shape.k * shape.k + shape.gradients) <= limit;
  gram = shape.gram + solve_cost (shape.rows, goal) <= shape.dense + solve_cost (shape.k, goal);
  /* For a few eigenvalues a small matrix is quicker than its iteration. */
  if ((!gram_fits && !dense_fits) || (goal == HEFT_GOAL_HEAD && MIN (shape.k, shape.rows) > 4 * HEAD_PRODUCTS))
    plan_products (self, &shape, goal, limit);
  else
    plan_matrix (self, &shape, goal, gram_fits && (gram || !dense_fits), gram_fits && dense_fits);
  return self;
}
