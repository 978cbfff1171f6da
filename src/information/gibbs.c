/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <float.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

#include "information/gibbs-private.h"
#include "codes/numeric.h"

/* The density exp (-w^2 / (2 lambda^2) - loss / beta) may be a spike far narrower than the grid (beta = 1e-6 and less), so the
 * integrals are not taken on the grid, which is for drawing. A rule of nodes and weights is built first: panels, split where
 * the exponent peaks, are halved until Gauss-Kronrod (7, 15) resolves both P and P exp (-loss / beta). All integrals are then
 * plain sums over one rule. */

#define N_NODES HEFT_KRONROD
#define N_PANELS 200
#define MAX_DEPTH 60
#define NEGLIGIBLE 90.0          /* exp (-90) is nothing, even against a spike 1e-12 of the interval wide */
#define RESOLVED 1e-9            /* of |Gauss - Kronrod|; the Kronrod value is then good to rounding */
#define MIN_GRID 16
#define MAX_NODES_A_PANEL 5250   /* a loss that is noise is not refined for ever */

typedef struct
{
  double         w, weight;
  HeftGibbsValue value;
} Node;

typedef struct
{
  HeftGibbsFunction  function;
  gpointer           user_data;
  double             precision;          /* 1 / lambda^2 */
  double             beta;
  double             prior_peak;         /* largest exponent of P, and of P exp (-loss / beta) */
  double             posterior_peak;
  guint              max_nodes;
  double             bad_w;              /* where the loss is not finite, if anywhere */
  gboolean           finite;
  GArray            *nodes;              /* Node */
} Rule;

static HeftGibbsValue
rule_value (Rule *self, double w)
{
  HeftGibbsValue value = self->function (w, self->user_data);

  if (!isfinite (value.loss) && self->finite)
    {
      self->finite = FALSE;
      self->bad_w = w;
    }
  return value;
}

static double
rule_prior_exponent (const Rule *self, double w)
{
  return -0.5 * w * w * self->precision;
}

static double
rule_posterior_exponent (Rule *self, double w)
{
  return rule_prior_exponent (self, w) - rule_value (self, w).loss / self->beta;
}

/* Whether the 15 values exp (exponents) are resolved on a panel whose ends have the exponents @left and @right. */
static gboolean
is_resolved (const double exponents[N_NODES], double left, double right, double peak)
{
  double kronrod = 0;
  double gauss = 0;
  double inside = -INFINITY;
  double ends = MAX (left, right);
  /* Exponents in the millions carry rounding that no refinement removes. */
  double tolerance = MAX (RESOLVED, 64 * DBL_EPSILON * fabs (peak));

  for (int i = 0; i < N_NODES; i++)
    inside = MAX (inside, exponents[i]);
  if (MAX (ends, inside) < peak - NEGLIGIBLE)
    return TRUE;
  /* Panels are split at peaks, so a spike that the nodes miss stands at an end. */
  if (ends > inside + 2)
    return FALSE;
  for (int i = 0; i < N_NODES; i++)
    {
      int node = i < 8 ? i : 14 - i;
      double value = exp (exponents[i] - inside);

      kronrod += heft_kronrod_weights[node] * value;
      if (node % 2 == 1)
        gauss += heft_kronrod_gauss[node / 2] * value;
    }
  return fabs (kronrod - gauss) <= tolerance * kronrod;
}

static void
rule_add_panel (Rule *self, double left, double right, int depth)
{
  double half = 0.5 * (right - left);
  double middle = left + half;
  double prior[N_NODES], posterior[N_NODES];
  Node nodes[N_NODES];

  for (int i = 0; i < N_NODES; i++)
    {
      int node = i < 8 ? i : 14 - i;
      double w = middle + (i < 8 ? -1 : 1) * half * heft_kronrod_nodes[node];

      nodes[i] = (Node) { w, half * heft_kronrod_weights[node], rule_value (self, w) };
      prior[i] = rule_prior_exponent (self, w);
      posterior[i] = prior[i] - nodes[i].value.loss / self->beta;
    }
  if (!self->finite)
    return;
  if (depth < MAX_DEPTH && self->nodes->len < self->max_nodes && middle > left && middle < right
      && (!is_resolved (prior, rule_prior_exponent (self, left), rule_prior_exponent (self, right), self->prior_peak)
          || !is_resolved (posterior, rule_posterior_exponent (self, left), rule_posterior_exponent (self, right),
                           self->posterior_peak)))
    {
      rule_add_panel (self, left, middle, depth + 1);
      rule_add_panel (self, middle, right, depth + 1);
      return;
    }
  g_array_append_vals (self->nodes, nodes, N_NODES);
}

/* Golden-section search for the peak of the posterior's exponent in [a, b]. */
static double
rule_find_peak (Rule *self, double a, double b)
{
  const double golden = 0.6180339887498949;
  double c = b - golden * (b - a);
  double d = a + golden * (b - a);
  double fc = rule_posterior_exponent (self, c);
  double fd = rule_posterior_exponent (self, d);

  for (int i = 0; i < 80 && c > a && d < b && c < d; i++)
    {
      if (fc >= fd)
        {
          b = d;
          d = c;
          fd = fc;
          c = b - golden * (b - a);
          fc = rule_posterior_exponent (self, c);
        }
      else
        {
          a = c;
          c = d;
          fc = fd;
          d = a + golden * (b - a);
          fd = rule_posterior_exponent (self, d);
        }
    }
  return 0.5 * (a + b);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Panel ends: equal pieces, every peak of the exponent on the grid, and the peak of P. */
static GArray *
rule_breaks (Rule *self, const double *grid, const double *exponents, gsize n, int n_panels)
{
  GArray *breaks = g_array_new (FALSE, FALSE, sizeof (double));
  double lower = grid[0];
  double upper = grid[n - 1];
  double zero = CLAMP (0.0, lower, upper);

  self->prior_peak = rule_prior_exponent (self, zero);
  self->posterior_peak = -INFINITY;
  g_array_append_val (breaks, zero);
  for (int i = 0; i <= n_panels; i++)
    {
      double w = i == n_panels ? upper : lower + (upper - lower) * i / n_panels;

      g_array_append_val (breaks, w);
    }
  for (gsize i = 0; i < n; i++)
    {
      self->posterior_peak = MAX (self->posterior_peak, exponents[i]);
      if ((i > 0 && exponents[i - 1] > exponents[i]) || (i + 1 < n && exponents[i + 1] >= exponents[i]))
        continue;

      double peak = rule_find_peak (self, grid[i > 0 ? i - 1 : 0], grid[MIN (i + 1, n - 1)]);

      self->posterior_peak = MAX (self->posterior_peak, rule_posterior_exponent (self, peak));
      g_array_append_val (breaks, peak);
    }
  g_array_sort (breaks, compare_doubles);
  return breaks;
}

/* log sum exp of log weights plus exponents, over the nodes. */
static double
log_sum_exp (const double *terms, gsize n)
{
  double largest = -INFINITY;
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, terms[i]);
  for (gsize i = 0; i < n; i++)
    sum += exp (terms[i] - largest);
  return largest + log (sum);
}

/* The three numbers and the two densities, from the finished rule. */
static void
gibbs_integrate (HeftGibbs *self, const Rule *rule)
{
  const Node *nodes = (const Node *) rule->nodes->data;
  gsize n = rule->nodes->len;
  double beta = rule->beta;
  g_autofree double *log_prior = g_new (double, n);
  g_autofree double *terms = g_new (double, n);
  double log_prior_mass, log_z, lowest = INFINITY, highest = -INFINITY, centre = 0, expected = 0, information = 0;
  gboolean gentle;

  for (gsize i = 0; i < n; i++)
    log_prior[i] = log (nodes[i].weight) + rule_prior_exponent (rule, nodes[i].w);
  log_prior_mass = log_sum_exp (log_prior, n);
  for (gsize i = 0; i < n; i++)
    {
      log_prior[i] -= log_prior_mass;
      centre += exp (log_prior[i]) * nodes[i].value.loss;
      lowest = MIN (lowest, nodes[i].value.loss);
      highest = MAX (highest, nodes[i].value.loss);
    }

  /* At a large beta Q is P times 1 + small, and the information is a difference that plain sums would lose to rounding:
   * count the loss from its mean under P and integrate the KL density, which is never negative. */
  gentle = highest - lowest <= beta;
  if (!gentle)
    centre = lowest;
  if (gentle)
    {
      double excess = 0;

      for (gsize i = 0; i < n; i++)
        excess += exp (log_prior[i]) * expm1 (-(nodes[i].value.loss - centre) / beta);
      log_z = log1p (excess);
    }
  else
    {
      for (gsize i = 0; i < n; i++)
        terms[i] = log_prior[i] - (nodes[i].value.loss - centre) / beta;
      log_z = log_sum_exp (terms, n);
    }
  for (gsize i = 0; i < n; i++)
    {
      double log_ratio = -(nodes[i].value.loss - centre) / beta - log_z;
      double mass = exp (log_prior[i] + log_ratio);

      expected += mass * (nodes[i].value.expected - centre);
      information += gentle ? exp (log_prior[i]) * heft_numeric_kl_density (log_ratio) : mass * log_ratio;
      information += mass * nodes[i].value.information;
    }
  self->lagrangian = centre - beta * log_z;
  self->expected_loss = centre + expected;
  self->information = MAX (information, 0);
  for (gsize i = 0; i < self->n_grid; i++)
    {
      double exponent = rule_prior_exponent (rule, self->grid[i]) - log_prior_mass;

      self->prior[i] = exp (exponent);
      self->posterior[i] = exp (exponent - (self->loss[i] - centre) / beta - log_z);
    }
}

static gboolean
check_arguments (double lower, double upper, double lambda, double beta, gsize n_grid, GError **error)
{
  const char *name = NULL;

  if (!(isfinite (lower) && isfinite (upper) && lower < upper && isfinite (upper - lower)))
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                 _("The interval [%g, %g] of the weight is empty or not finite: give two finite ends, the lower first."),
                 lower, upper);
  else if (!(lambda > 0 && isfinite (lambda)))
    name = "lambda";
  else if (!(beta > 0 && isfinite (beta)))
    name = "beta";
  else if (n_grid < MIN_GRID)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                 _("A grid of %zu points is too coarse: use at least %d."), n_grid, MIN_GRID);
  else
    return TRUE;
  if (name != NULL)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                 _("%s must be a finite number above 0."), name);
  return FALSE;
}

HeftGibbs *
heft_gibbs_over (HeftGibbsFunction function, gpointer user_data, double lower, double upper, double lambda, double beta,
                 gsize n_grid, int n_panels, GError **error)
{
  g_autoptr (HeftGibbs) self = NULL;
  g_autoptr (GArray) nodes = NULL;
  g_autoptr (GArray) breaks = NULL;
  g_autofree double *exponents = NULL;
  Rule rule = { function, user_data };

  if (!check_arguments (lower, upper, lambda, beta, n_grid, error))
    return NULL;

  rule.precision = 1 / lambda / lambda;
  rule.beta = beta;
  rule.finite = TRUE;
  rule.max_nodes = (guint) n_panels * MAX_NODES_A_PANEL;
  rule.nodes = nodes = g_array_sized_new (FALSE, FALSE, sizeof (Node), 4 * (guint) n_panels * N_NODES);
  self = g_new0 (HeftGibbs, 1);
  self->n_grid = n_grid;
  self->grid = g_new (double, n_grid);
  self->loss = g_new (double, n_grid);
  self->prior = g_new0 (double, n_grid);
  self->posterior = g_new0 (double, n_grid);
  exponents = g_new (double, n_grid);
  for (gsize i = 0; i < n_grid; i++)
    {
      self->grid[i] = i + 1 == n_grid ? upper : lower + (upper - lower) * (double) i / (double) (n_grid - 1);
      self->loss[i] = rule_value (&rule, self->grid[i]).loss;
      exponents[i] = rule_prior_exponent (&rule, self->grid[i]) - self->loss[i] / beta;
    }
  if (rule.finite)
    {
      breaks = rule_breaks (&rule, self->grid, exponents, n_grid, n_panels);
      for (guint i = 0; i + 1 < breaks->len && rule.finite; i++)
        {
          double left = g_array_index (breaks, double, i);
          double right = g_array_index (breaks, double, i + 1);

          if (right > left)
            rule_add_panel (&rule, left, right, 0);
        }
    }
  if (rule.finite)
    gibbs_integrate (self, &rule);
  if (!rule.finite || !isfinite (self->lagrangian) || !isfinite (self->information))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                   rule.finite ? _("The loss is too large for this beta (%g): raise beta or narrow the interval.")
                               : _("The loss is not finite at w = %g: narrow the interval."),
                   rule.finite ? beta : rule.bad_w);
      return NULL;
    }
  return g_steal_pointer (&self);
}

typedef struct
{
  HeftScalarFunction loss;
  gpointer           user_data;
} Plain;

static HeftGibbsValue
plain_value (double w, gpointer user_data)
{
  const Plain *plain = user_data;
  double loss = plain->loss (w, plain->user_data);

  return (HeftGibbsValue) { loss, loss, 0 };
}

HeftGibbs *
heft_gibbs_new (HeftScalarFunction loss, gpointer user_data, double lower, double upper,
                double lambda, double beta, gsize n_grid, GError **error)
{
  Plain plain = { loss, user_data };

  g_return_val_if_fail (loss != NULL, NULL);
  return heft_gibbs_over (plain_value, &plain, lower, upper, lambda, beta, n_grid, N_PANELS, error);
}

void
heft_gibbs_free (HeftGibbs *self)
{
  if (self == NULL)
    return;
  g_free (self->grid);
  g_free (self->prior);
  g_free (self->posterior);
  g_free (self->loss);
  g_free (self);
}
