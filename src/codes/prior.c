/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/code.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "linalg/state.h"

struct _HeftPrior
{
  HeftPriorKind kind;
  gsize         n_layers, n_weights;
  double       *lambdas;   /* n_layers */
  float        *centre;    /* n_weights, or NULL for zero */
  gboolean      moved;     /* a lambda was changed after the prior was made */
  double        weight, lambda2;   /* of a mixture: the share of the first component, the second's deviation */
};

static gboolean
check_lambda (double   lambda,
              GError **error)
{
  /* Written so that NaN fails. */
  if (lambda >= HEFT_LAMBDA_MINIMUM && lambda <= HEFT_LAMBDA_MAXIMUM)
    return TRUE;

  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("A prior cannot have lambda = %g; choose a positive number such as 0.1 (from %g to %g)."),
               lambda, HEFT_LAMBDA_MINIMUM, HEFT_LAMBDA_MAXIMUM);
  return FALSE;
}

static gboolean
check_centre (const float *centre,
              gsize        n,
              GError     **error)
{
  if (centre == NULL)
    {
      g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                           _("A prior centred at the initialisation, or at weights trained apart, needs those weights."));
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    if (!isfinite (centre[i]))
      {
        g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                     _("The centre of a prior is not finite at weight %zu; start from finite weights."),
                     i + 1);
        return FALSE;
      }
  return TRUE;
}

HeftPrior *
heft_prior_new (HeftNetwork   *network,
                HeftPriorKind  kind,
                double         lambda,
                const double  *lambdas,
                const float   *centre,
                GError       **error)
{
  gboolean centred = kind == HEFT_PRIOR_INIT_CENTRED || kind == HEFT_PRIOR_EMPIRICAL_BAYES || kind == HEFT_PRIOR_DATA_DEPENDENT;
  gsize n_layers, n_weights;
  HeftPrior *self;

  g_return_val_if_fail (network != NULL && kind != HEFT_PRIOR_SCALE_MIXTURE, NULL);

  n_layers = heft_network_get_n_weight_layers (network);
  n_weights = heft_network_get_n_parameters (network);
  if (lambdas == NULL && !check_lambda (lambda, error))
    return NULL;
  for (gsize l = 0; lambdas != NULL && l < n_layers; l++)
    if (!check_lambda (lambdas[l], error))
      return NULL;
  if (centred && !check_centre (centre, n_weights, error))
    return NULL;

  self = g_new0 (HeftPrior, 1);
  self->kind = kind;
  self->n_layers = n_layers;
  self->n_weights = n_weights;
  self->lambdas = g_new (double, n_layers);
  for (gsize l = 0; l < n_layers; l++)
    self->lambdas[l] = lambdas != NULL ? lambdas[l] : lambda;
  if (centred)
    self->centre = g_memdup2 (centre, n_weights * sizeof *centre);
  return self;
}

HeftPrior *
heft_prior_new_mixture (HeftNetwork *network,
                        double       weight,
                        double       lambda,
                        double       lambda2,
                        GError     **error)
{
  HeftPrior *self;

  if (!(weight > 0.0 && weight < 1.0))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("The share of a mixture's first component must lie between 0 and 1, ends excluded; %g does not."), weight);
      return NULL;
    }
  if (!check_lambda (lambda2, error))
    return NULL;
  self = heft_prior_new (network, HEFT_PRIOR_ISOTROPIC, lambda, NULL, NULL, error);
  if (self == NULL)
    return NULL;
  self->kind = HEFT_PRIOR_SCALE_MIXTURE;
  self->weight = weight;
  self->lambda2 = lambda2;
  return self;
}

HeftPrior *
heft_prior_copy (const HeftPrior *self)
{
  HeftPrior *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  copy->lambdas = g_memdup2 (self->lambdas, self->n_layers * sizeof *self->lambdas);
  if (self->centre != NULL)
    copy->centre = g_memdup2 (self->centre, self->n_weights * sizeof *self->centre);
  return copy;
}

void
heft_prior_free (HeftPrior *self)
{
  if (self == NULL)
    return;

  g_free (self->lambdas);
  g_free (self->centre);
  g_free (self);
}

HeftPriorKind
heft_prior_get_kind (const HeftPrior *self)
{
  return self->kind;
}

double
heft_prior_get_lambda (const HeftPrior *self,
                       gsize            layer)
{
  g_return_val_if_fail (layer < self->n_layers, 1.0);

  return self->lambdas[layer];
}

const float *
heft_prior_get_centre (const HeftPrior *self)
{
  return self->centre;
}

gboolean
heft_prior_get_mixture (const HeftPrior *self,
                        double          *weight,
                        double          *lambda2)
{
  if (self->kind != HEFT_PRIOR_SCALE_MIXTURE)
    return FALSE;
  if (weight != NULL)
    *weight = self->weight;
  if (lambda2 != NULL)
    *lambda2 = self->lambda2;
  return TRUE;
}

/* -log N(x; 0, deviation^2) */
static double
gaussian_cost (double x,
               double deviation)
{
  const double z = x / deviation;

  return 0.5 * z * z + log (deviation) + 0.5 * log (2.0 * G_PI);
}

double
heft_prior_cost (const HeftPrior *self,
                 gsize            layer,
                 gsize            i,
                 double           weight)
{
  double first, second, low;

  g_return_val_if_fail (layer < self->n_layers && i < self->n_weights, INFINITY);

  first = gaussian_cost (weight - (self->centre != NULL ? (double) self->centre[i] : 0.0), self->lambdas[layer]);
  if (self->kind != HEFT_PRIOR_SCALE_MIXTURE)
    return first;
  first -= log (self->weight);
  second = gaussian_cost (weight, self->lambda2) - log1p (-self->weight);
  low = MIN (first, second);
  return low - log (exp (low - first) + exp (low - second));
}

void
heft_prior_set_lambda (HeftPrior *self,
                       gsize      layer,
                       double     lambda)
{
  g_return_if_fail (layer < self->n_layers);
  g_return_if_fail (!isnan (lambda));

  lambda = CLAMP (lambda, HEFT_LAMBDA_MINIMUM, HEFT_LAMBDA_MAXIMUM);
  if (lambda == self->lambdas[layer])
    return;

  self->lambdas[layer] = lambda;
  self->moved = TRUE;
}

void
heft_prior_set_lambdas (HeftPrior *self,
                        double     lambda)
{
  for (gsize l = 0; l < self->n_layers; l++)
    heft_prior_set_lambda (self, l, lambda);
}

gboolean
heft_prior_is_fixed (const HeftPrior *self)
{
  return self->kind != HEFT_PRIOR_EMPIRICAL_BAYES && !self->moved;
}

/* j of the grid's value nearest to @lambda; the grid begins at 1. */
static double
grid_index (double lambda,
            double c,
            double b)
{
  return MAX (1.0, round (b * log (c / lambda)));
}

double
heft_lambda_grid_round (double lambda,
                        double c,
                        double b)
{
  g_return_val_if_fail (lambda > 0.0 && c > 0.0 && b > 0.0, lambda);

  return c * exp (-grid_index (lambda, c, b) / b);
}

double
heft_lambda_grid_cost (double lambda,
                       double c,
                       double b)
{
  g_return_val_if_fail (lambda > 0.0 && c > 0.0 && b > 0.0, INFINITY);

  return 2.0 * log (grid_index (lambda, c, b)) + log (G_PI * G_PI / 6.0);
}

/* --- Checkpoints ------------------------------------------------------------------------------------------------------ */

GVariant *
heft_prior_get_state (const HeftPrior *self)
{
  GVariantBuilder state;

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  heft_state_put_count (&state, "kind", self->kind);
  heft_state_put_count (&state, "moved", (guint64) self->moved);
  heft_state_put_doubles (&state, "lambdas", self->lambdas, self->n_layers);
  heft_state_put_number (&state, "weight", self->weight);
  heft_state_put_number (&state, "lambda2", self->lambda2);
  if (self->centre != NULL)
    heft_state_put_floats (&state, "centre", self->centre, self->n_weights);
  return g_variant_ref_sink (g_variant_builder_end (&state));
}

/* Everything but the kind; FALSE where the state makes no sense. */
static gboolean
read_state (HeftPrior *self,
            GVariant  *state)
{
  gsize moved;

  if (!heft_state_get_size (state, "moved", 1, &moved) ||
      !heft_state_get_doubles (state, "lambdas", self->n_layers, self->lambdas) ||
      (self->centre != NULL && !heft_state_get_floats (state, "centre", self->n_weights, self->centre)))
    return FALSE;
  self->moved = (gboolean) moved;
  for (gsize l = 0; l < self->n_layers; l++)
    if (!check_lambda (self->lambdas[l], NULL))
      return FALSE;
  if (self->kind != HEFT_PRIOR_SCALE_MIXTURE)
    return TRUE;
  return heft_state_get_number (state, "weight", &self->weight) && heft_state_get_number (state, "lambda2", &self->lambda2) &&
         self->weight > 0.0 && self->weight < 1.0 && check_lambda (self->lambda2, NULL);
}

HeftPrior *
heft_prior_new_from_state (HeftNetwork *network,
                           GVariant    *state,
                           GError     **error)
{
  g_autofree float *origin = g_new0 (float, heft_network_get_n_parameters (network));
  g_autoptr (HeftPrior) self = NULL;
  gsize kind;

  if (!heft_state_get_size (state, "kind", HEFT_PRIOR_DATA_DEPENDENT, &kind))
    {
      heft_state_refuse (error);
      return NULL;
    }
  self = kind == HEFT_PRIOR_SCALE_MIXTURE ? heft_prior_new_mixture (network, 0.5, 1.0, 1.0, error)
                                          : heft_prior_new (network, (HeftPriorKind) kind, 1.0, NULL, origin, error);
  if (self == NULL || !read_state (self, state))
    {
      heft_state_refuse (error);
      return NULL;
    }
  return g_steal_pointer (&self);
}
