/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>
#include <heft/shannon.h>

#include "codes/numeric.h"

/* Everything is a sum over weights, so the weights are taken in blocks: moments and densities of all M S Gaussians on one block,
 * then the next. What grows with k is time alone. */

#define BLOCK 512
#define SHANNON_DRAWS ((guint64) 1 << 42)     /* beyond the draws that evaluate a run's posterior */

typedef struct
{
  const HeftPosterior *const *posteriors;
  gsize   n_datasets, n_seeds, n_runs, k;
  guint64 seed;
  guint   n_draws;
  double *mean, *variance, *inverse;          /* n_runs x BLOCK, of the block */
  double *adapted, *left_out, *within;        /* n_runs: KL of q_ds from the three Gaussian priors */
  double *log_density;                        /* (n_runs x n_draws) x n_runs: log q_t(w), w drawn from q_ds, without constants */
} Estimator;

static void
estimator_clear (Estimator *self)
{
  g_clear_pointer (&self->mean, g_free);
  g_clear_pointer (&self->variance, g_free);
  g_clear_pointer (&self->inverse, g_free);
  g_clear_pointer (&self->adapted, g_free);
  g_clear_pointer (&self->left_out, g_free);
  g_clear_pointer (&self->within, g_free);
  g_clear_pointer (&self->log_density, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Estimator, estimator_clear)

/* KL(N(mean, variance) || N(m, v)) of one weight, in terms that are never negative. */
static double
kl_one (double mean, double variance, double m, double v)
{
  double d = mean - m;

  return 0.5 * (heft_numeric_log_gap (variance / v - 1) + d * d / v);
}

static void
load_block (Estimator *self, gsize first, gsize n)
{
  for (gsize r = 0; r < self->n_runs; r++)
    for (gsize i = 0; i < n; i++)
      {
        double log_deviation = self->posteriors[r]->log_deviation[first + i];

        self->mean[r * BLOCK + i] = self->posteriors[r]->mean[first + i];
        self->variance[r * BLOCK + i] = exp (2 * log_deviation);
        self->inverse[r * BLOCK + i] = exp (-log_deviation);
      }
}

/* The Gaussian of the moments of some runs, from sums about @origin. */
static void
moments (double sum, double square, gsize n, double origin, double *mean, double *variance)
{
  double shift = sum / (double) n;

  *mean = origin + shift;
  *variance = square / (double) n - shift * shift;
}

/* One weight: the pooled prior, the prior without each dataset, and each dataset's own Gaussian. */
static void
add_gaussians (Estimator *self, gsize i)
{
  double origin = 0, sum = 0, square = 0, mean, variance;

  for (gsize r = 0; r < self->n_runs; r++)
    origin += self->mean[r * BLOCK + i] / (double) self->n_runs;
  for (gsize r = 0; r < self->n_runs; r++)
    {
      double d = self->mean[r * BLOCK + i] - origin;

      sum += d;
      square += d * d + self->variance[r * BLOCK + i];
    }
  moments (sum, square, self->n_runs, origin, &mean, &variance);
  for (gsize r = 0; r < self->n_runs; r++)
    self->adapted[r] += kl_one (self->mean[r * BLOCK + i], self->variance[r * BLOCK + i], mean, variance);
  for (gsize dataset = 0; dataset < self->n_datasets; dataset++)
    {
      double own_sum = 0, own_square = 0, own_mean, own_variance;
      gsize first = dataset * self->n_seeds;

      for (gsize r = first; r < first + self->n_seeds; r++)
        {
          double d = self->mean[r * BLOCK + i] - origin;

          own_sum += d;
          own_square += d * d + self->variance[r * BLOCK + i];
        }
      moments (own_sum, own_square, self->n_seeds, origin, &own_mean, &own_variance);
      moments (sum - own_sum, square - own_square, self->n_runs - self->n_seeds, origin, &mean, &variance);
      for (gsize r = first; r < first + self->n_seeds; r++)
        {
          double m = self->mean[r * BLOCK + i], v = self->variance[r * BLOCK + i];

          self->left_out[r] += kl_one (m, v, mean, variance);
          if (self->n_seeds > 1)
            self->within[r] += kl_one (m, v, own_mean, own_variance);
        }
    }
}

/* log q_t of a draw from q_r on the block, up to the constant that all share. The draw itself is never rounded: its own density is
 * read off the normals. */
static void
add_densities (Estimator *self, gsize first, gsize n)
{
  double normals[BLOCK], w[BLOCK];

  for (gsize r = 0; r < self->n_runs; r++)
    for (guint draw = 0; draw < self->n_draws; draw++)
      {
        HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_WEIGHT_DRAW, (guint32) r + 1);
        double *row = self->log_density + (r * self->n_draws + draw) * self->n_runs;

        heft_stream_normals_f64 (stream, SHANNON_DRAWS + draw, first, n, normals);
        for (gsize i = 0; i < n; i++)
          w[i] = self->mean[r * BLOCK + i] + normals[i] / self->inverse[r * BLOCK + i];
        for (gsize t = 0; t < self->n_runs; t++)
          {
            const double *mean = self->mean + t * BLOCK, *inverse = self->inverse + t * BLOCK;
            double sum = 0;

            if (t == r)
              for (gsize i = 0; i < n; i++)
                sum += normals[i] * normals[i];
            else
              for (gsize i = 0; i < n; i++)
                sum += (w[i] - mean[i]) * inverse[i] * (w[i] - mean[i]) * inverse[i];
            row[t] -= 0.5 * sum;
          }
      }
}

static void
add_normalisers (Estimator *self, gsize first, gsize n)
{
  for (gsize t = 0; t < self->n_runs; t++)
    {
      double sum = 0;

      for (gsize i = 0; i < n; i++)
        sum += self->posteriors[t]->log_deviation[first + i];
      for (gsize row = 0; row < self->n_runs * self->n_draws; row++)
        self->log_density[row * self->n_runs + t] -= sum;
    }
}

/* log of the mean of exp (terms). */
static double
log_mean_exp (const double *terms, gsize n)
{
  double largest = -INFINITY, sum = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, terms[i]);
  for (gsize i = 0; i < n; i++)
    sum += exp (terms[i] - largest);
  return largest + log (sum / (double) n);
}

/* Mean over datasets of the mean over their runs, and its standard error over datasets. @minus (n_datasets) may be NULL. */
static double
over_datasets (const Estimator *self, const double *values, const double *minus, double *standard_error)
{
  double mean = 0, squares = 0;

  for (int pass = 0; pass < 2; pass++)
    for (gsize d = 0; d < self->n_datasets; d++)
      {
        double value = minus != NULL ? -minus[d] : 0;

        for (gsize s = 0; s < self->n_seeds; s++)
          value += values[d * self->n_seeds + s] / (double) self->n_seeds;
        if (pass == 0)
          mean += value / (double) self->n_datasets;
        else
          squares += (value - mean) * (value - mean);
      }
  if (standard_error != NULL)
    *standard_error = sqrt (squares / ((double) (self->n_datasets - 1) * (double) self->n_datasets));
  return mean;
}

/* KL of each run's Gaussian from its dataset's mixture into @seeds (n_datasets, averaged), and of each dataset's mixture from that of all
 * into @lower (n_runs); the standard error of the former over draws. */
static double
mixtures (const Estimator *self, double *seeds, double *lower)
{
  double variance = 0;

  for (gsize r = 0; r < self->n_runs; r++)
    {
      gsize dataset = r / self->n_seeds;
      double mean = 0, square = 0;

      lower[r] = 0;
      for (guint draw = 0; draw < self->n_draws; draw++)
        {
          const double *row = self->log_density + (r * self->n_draws + draw) * self->n_runs;
          double own = log_mean_exp (row + dataset * self->n_seeds, self->n_seeds);
          double gap = row[r] - own;

          mean += gap / self->n_draws;
          square += gap * gap / self->n_draws;
          lower[r] += (own - log_mean_exp (row, self->n_runs)) / self->n_draws;
        }
      seeds[dataset] += mean / (double) self->n_seeds;
      variance += MAX (square - mean * mean, 0) / (self->n_draws - 1);
    }
  return sqrt (variance) / (double) self->n_runs;
}

static gboolean
check_arguments (const HeftPosterior *const *posteriors, const double *kl_fixed, gsize n_datasets, gsize n_seeds, guint n_draws,
                 GError **error)
{
  if (n_datasets < 2 || n_seeds < 1 || n_draws < 2)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Shannon's information needs at least 2 datasets, 1 seed and 2 weight draws, not %zu, %zu and %u."),
                   n_datasets, n_seeds, n_draws);
      return FALSE;
    }
  for (gsize r = 0; r < n_datasets * n_seeds; r++)
    {
      gboolean finite = isfinite (kl_fixed[r]);

      if (posteriors[r]->kind != HEFT_POSTERIOR_MEAN_FIELD || posteriors[r]->n != posteriors[0]->n)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("Posterior %zu is not a mean-field Gaussian of %zu weights like the first."), r, posteriors[0]->n);
          return FALSE;
        }
      for (gsize i = 0; finite && i < posteriors[r]->n; i++)
        finite = isfinite (posteriors[r]->mean[i]) && isfinite (posteriors[r]->log_deviation[i]);
      if (!finite)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                       _("Posterior %zu or its KL from P is not finite: lower the learning rate."), r);
          return FALSE;
        }
    }
  return TRUE;
}

static void
summarise (const Estimator *self, const double *kl_fixed, HeftShannon *shannon)
{
  g_autofree double *seeds = g_new0 (double, self->n_datasets);
  g_autofree double *lower = g_new0 (double, self->n_runs);

  *shannon = (HeftShannon) { .n_datasets = self->n_datasets, .n_seeds = self->n_seeds, .n_parameters = self->k,
                             .n_draws = self->n_draws };
  shannon->seed_entropy_error = mixtures (self, seeds, lower);
  for (gsize d = 0; d < self->n_datasets; d++)
    shannon->seed_entropy += seeds[d] / (double) self->n_datasets;
  shannon->seed_entropy_gaussian = over_datasets (self, self->within, NULL, NULL);
  shannon->information_lower = over_datasets (self, lower, NULL, &shannon->information_lower_error);
  shannon->per_run_fixed = over_datasets (self, kl_fixed, NULL, NULL);
  shannon->per_run_adapted = over_datasets (self, self->adapted, NULL, NULL);
  shannon->per_run_leave_one_out = over_datasets (self, self->left_out, NULL, NULL);
  shannon->information_gaussian = shannon->per_run_leave_one_out - shannon->seed_entropy_gaussian;
  shannon->expected_kl_fixed = over_datasets (self, kl_fixed, seeds, &shannon->expected_kl_fixed_error);
  shannon->expected_kl_adapted = over_datasets (self, self->adapted, seeds, &shannon->expected_kl_adapted_error);
  shannon->leave_one_out = over_datasets (self, self->left_out, seeds, &shannon->leave_one_out_error);
}

gboolean
heft_shannon_estimate (const HeftPosterior *const *posteriors, const double *kl_fixed, gsize n_datasets, gsize n_seeds,
                       guint64 seed, guint n_draws, GCancellable *cancellable, HeftShannon *shannon, GError **error)
{
  g_auto (Estimator) self = { .posteriors = posteriors, .n_datasets = n_datasets, .n_seeds = n_seeds, .seed = seed,
                              .n_draws = n_draws };

  g_return_val_if_fail (posteriors != NULL && kl_fixed != NULL && shannon != NULL, FALSE);

  if (!check_arguments (posteriors, kl_fixed, n_datasets, n_seeds, n_draws, error))
    return FALSE;
  self.n_runs = n_datasets * n_seeds;
  self.k = posteriors[0]->n;
  self.mean = g_new (double, self.n_runs * BLOCK);
  self.variance = g_new (double, self.n_runs * BLOCK);
  self.inverse = g_new (double, self.n_runs * BLOCK);
  self.adapted = g_new0 (double, self.n_runs);
  self.left_out = g_new0 (double, self.n_runs);
  self.within = g_new0 (double, self.n_runs);
  self.log_density = g_new0 (double, self.n_runs * self.n_runs * n_draws);
  for (gsize first = 0; first < self.k; first += BLOCK)
    {
      gsize n = MIN (BLOCK, self.k - first);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      load_block (&self, first, n);
      for (gsize i = 0; i < n; i++)
        add_gaussians (&self, i);
      add_densities (&self, first, n);
      add_normalisers (&self, first, n);
    }
  summarise (&self, kl_fixed, shannon);
  return TRUE;
}
