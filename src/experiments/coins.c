/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "experiments/coins.h"

/* Masses of the weight below are taken for 0: all together they are less than rounding, and times the rarest dataset's chance, 1e-170, the
 * others are still numbers. */
#define NEGLIGIBLE 1e-60
#define SAMPLE_FISHER 4.0      /* of one toss about w, whatever w: (d sin^2 w / dw)^2 / (sin^2 w cos^2 w) */

static double
xlogx (double x)
{
  return x > 0 ? x * log (x) : 0;
}

/* --- Tosses ------------------------------------------------------------------------------------------------------ */

/* log of the chance of k heads by Polya's urn: the sequence's chance is a product, so that one formula serves equal coins (spread 0)
 * and any others. */
static double
log_chance (const HeftCoinTask *task, gsize k)
{
  double s = task->spread, sum = 0;

  for (gsize i = 0; i < task->n_samples; i++)
    {
      double factor = i < k ? task->rate * (1 - s) + (double) i * s : (1 - task->rate) * (1 - s) + (double) (i - k) * s;

      sum += log (factor) - log ((1 - s) + (double) i * s);
    }
  for (gsize i = 0; i < k; i++)
    sum += log ((double) (task->n_samples - i)) - log ((double) (i + 1));
  return sum;
}

static void
make_chances (HeftCoins *self)
{
  gsize n = self->task.n_samples + 1;
  double total = 0;

  self->chances = g_new (double, n);
  for (gsize k = 0; k < n; k++)
    {
      self->chances[k] = exp (log_chance (&self->task, k));
      total += self->chances[k];
    }
  for (gsize k = 0; k < n; k++)
    {
      self->chances[k] /= total;
      self->data_entropy -= xlogx (self->chances[k]);
    }
  self->data_entropy = MAX (self->data_entropy, 0);
}

/* --- Normal distributions cut to the grid ------------------------------------------------------------------------- */

/* E d, E d^2, ..., E d^4 into @moments; and the logarithm of the normaliser, counted from the largest term, so that it is a number for any
 * normal distribution. */
static void
normal_moments (const HeftCoins *self, HeftCoinNormal *normal, double moments[4])
{
  double largest = -INFINITY, sum = 0;

  for (gsize i = 0; i < self->n_points; i++)
    {
      double d = self->grid[i] - normal->origin;

      largest = MAX (largest, d * (normal->slope - normal->precision * d / 2));
    }
  for (gsize j = 0; j < 4; j++)
    moments[j] = 0;
  for (gsize i = 0; i < self->n_points; i++)
    {
      double d = self->grid[i] - normal->origin, term = exp (d * (normal->slope - normal->precision * d / 2) - largest);

      sum += term;
      moments[0] += term * d;
      moments[1] += term * d * d;
      moments[2] += term * d * d * d;
      moments[3] += term * d * d * d * d;
    }
  for (gsize j = 0; j < 4; j++)
    moments[j] /= sum;
  normal->log_normaliser = log (sum) + largest;
}

void
heft_coins_masses (const HeftCoins *self, const HeftCoinNormal *normal, double *masses)
{
  for (gsize i = 0; i < self->n_points; i++)
    {
      double d = self->grid[i] - normal->origin;

      masses[i] = exp (d * (normal->slope - normal->precision * d / 2) - normal->log_normaliser);
    }
}

/* Newton's step for log Z + precision variance / 2, which is convex in slope and precision. A precision at its bound stays there where
 * it would leave. Returns the decrease that it promises, twice. */
static double
newton_step (const HeftCoinNormal *normal, const double m[4], double variance, double most, double *slope, double *precision)
{
  double g0 = m[0], g1 = (variance - m[1]) / 2;
  double h00 = m[1] - m[0] * m[0], h01 = -(m[2] - m[0] * m[1]) / 2, h11 = (m[3] - m[1] * m[1]) / 4;
  double determinant = h00 * h11 - h01 * h01;

  *slope = *precision = 0;
  if (!(h00 > 0))
    return 0;
  if ((normal->precision <= 0 && g1 > 0) || (normal->precision >= most && g1 < 0) || !(determinant > 1e-14 * h00 * h11))
    *slope = -g0 / h00;
  else
    {
      *slope = (h01 * g1 - h11 * g0) / determinant;
      *precision = (h01 * g0 - h00 * g1) / determinant;
    }
  return -(g0 * *slope + g1 * *precision);
}

/* The cut normal distribution that codes weights of these moments in the fewest nats. It may be flat, where the interval's ends hold more
 * than its middle, and is no narrower than a cell. */
static HeftCoinNormal
best_normal (const HeftCoins *self, double mean, double variance)
{
  double most = 12 / (self->cell * self->cell), m[4], decrease, slope, precision;
  HeftCoinNormal normal = { .origin = mean, .precision = MIN (1 / variance, most) };

  normal_moments (self, &normal, m);
  for (int i = 0; i < 60; i++)
    {
      double cost = normal.log_normaliser + normal.precision * variance / 2, part = 1;
      HeftCoinNormal next;

      decrease = newton_step (&normal, m, variance, most, &slope, &precision);
      if (!(decrease > 1e-13))
        break;
      for (;; part /= 2)
        {
          double next_m[4];

          next = (HeftCoinNormal) { mean, normal.slope + part * slope, CLAMP (normal.precision + part * precision, 0, most), 0 };
          normal_moments (self, &next, next_m);
          if (next.log_normaliser + next.precision * variance / 2 < cost)
            {
              memcpy (m, next_m, sizeof m);
              normal = next;
              break;
            }
          if (part < 1e-6)
            return normal;
        }
    }
  return normal;
}

/* KL(Q(w|k) || normal), which needs no more of Q than its entropy and its moments. Never negative but for rounding. */
static double
kl_from_normal (const HeftCoinCodes *codes, gsize k, const HeftCoinNormal *normal)
{
  double d = codes->mean[k] - normal->origin;
  double log_mass = d * normal->slope - normal->precision * (d * d + codes->variance[k]) / 2 - normal->log_normaliser;

  return MAX (codes->minus_entropy[k] - log_mass, 0);
}

/* The best cut normal distribution for a mixture of Q(w|k), whose @weights add up to @total. */
static HeftCoinNormal
adapt (const HeftCoins *coins, const HeftCoinCodes *codes, const double *weights, double total)
{
  double mean = 0, variance = 0;

  for (gsize k = 0; k <= coins->task.n_samples; k++)
    mean += weights[k] / total * codes->mean[k];
  for (gsize k = 0; k <= coins->task.n_samples; k++)
    {
      double d = codes->mean[k] - mean;

      variance += weights[k] / total * (codes->variance[k] + d * d);
    }
  return best_normal (coins, mean, variance);
}

/* --- The weight ---------------------------------------------------------------------------------------------------- */

HeftCoins *
heft_coins_new (const HeftCoinTask *task)
{
  HeftCoins *self = g_new0 (HeftCoins, 1);
  HeftCoinNormal prior = { .origin = task->centre, .precision = 1 / (task->lambda * task->lambda) };
  double moments[4], lower = task->redundant ? -G_PI / 2 : 0;

  self->task = *task;
  self->n_points = task->redundant ? HEFT_COINS_POINTS : HEFT_COINS_POINTS / 2;
  self->n_negative = task->redundant ? HEFT_COINS_POINTS / 2 : 0;
  self->cell = G_PI / HEFT_COINS_POINTS;
  self->grid = g_new (double, self->n_points);
  self->prior = g_new (double, self->n_points);
  self->loss_heads = g_new (double, self->n_points);
  self->loss_tails = g_new (double, self->n_points);
  for (gsize i = 0; i < self->n_points; i++)
    {
      double w = lower + ((double) i + 0.5) * self->cell;

      self->grid[i] = w;
      self->loss_heads[i] = -2 * log (fabs (sin (w)));
      self->loss_tails[i] = -2 * log (cos (w));
    }
  normal_moments (self, &prior, moments);
  heft_coins_masses (self, &prior, self->prior);
  make_chances (self);
  return self;
}

void
heft_coins_free (HeftCoins *self)
{
  if (self == NULL)
    return;
  g_free (self->grid);
  g_free (self->prior);
  g_free (self->loss_heads);
  g_free (self->loss_tails);
  g_free (self->chances);
  g_free (self);
}

/* --- Codes of one beta --------------------------------------------------------------------------------------------- */

static void
make_posterior (const HeftCoins *coins, HeftCoinCodes *self, gsize k, double *loss)
{
  double share = (double) k / (double) coins->task.n_samples, *q = self->posteriors + k * coins->n_points;
  double negative = 0, log_prior = 0;

  for (gsize i = 0; i < coins->n_points; i++)
    loss[i] = share * coins->loss_heads[i] + (1 - share) * coins->loss_tails[i];
  heft_gibbs_masses (coins->n_points, coins->prior, loss, self->beta, q);
  for (gsize i = 0; i < coins->n_points; i++)
    {
      if (q[i] < NEGLIGIBLE)
        q[i] = 0;
      else
        {
          self->minus_entropy[k] += q[i] * log (q[i]);
          log_prior += q[i] * log (coins->prior[i]);
        }
      self->mean[k] += q[i] * coins->grid[i];
      negative += i < coins->n_negative ? q[i] : 0;
    }
  for (gsize i = 0; i < coins->n_points; i++)
    {
      double d = coins->grid[i] - self->mean[k];

      self->variance[k] += q[i] * d * d;
    }
  self->kl[k] = MAX (self->minus_entropy[k] - log_prior, 0);
  self->seed_entropy -= coins->chances[k] * (xlogx (negative) + xlogx (MAX (1 - negative, 0)));
}

/* Proposition 2.9 for one number a dataset: to first order w is w* plus normal noise of variance beta / F, and the entropy of w* is that
 * of its distribution over datasets, taken as even between the halves of its way to the neighbours. In the coordinate w*, where the
 * Fisher information is the same everywhere; the number does not depend on the coordinate. */
static double
fisher_information (const HeftCoins *coins, double beta)
{
  gsize n = coins->task.n_samples + 1;
  double entropy = 0;

  for (gsize k = 0; k < n; k++)
    {
      double low = asin (sqrt ((double) k / (double) n)), high = asin (sqrt ((double) (k + 1) / (double) n));

      entropy += coins->chances[k] * log ((high - low) / coins->chances[k]);
    }
  return entropy - 0.5 * log (2 * G_PI * G_E * beta / SAMPLE_FISHER);
}

HeftCoinCodes *
heft_coin_codes_new (const HeftCoins *coins, double beta, GError **error)
{
  gsize n = coins->task.n_samples + 1;
  g_autoptr (HeftCoinCodes) self = g_new0 (HeftCoinCodes, 1);
  g_autofree double *loss = g_new (double, coins->n_points);

  self->beta = beta;
  self->posteriors = g_new (double, n * coins->n_points);
  self->marginal = g_new (double, coins->n_points);
  self->minus_entropy = g_new0 (double, n);
  self->kl = g_new0 (double, n);
  self->mean = g_new0 (double, n);
  self->variance = g_new0 (double, n);
  for (gsize k = 0; k < n; k++)
    make_posterior (coins, self, k, loss);
  if (!heft_shannon_grid (n, coins->n_points, coins->chances, self->posteriors, coins->prior, self->marginal, &self->exact, error))
    return NULL;
  self->adapted = adapt (coins, self, coins->chances, 1);
  for (gsize k = 0; k < n; k++)
    self->expected_kl_adapted += coins->chances[k] * kl_from_normal (self, k, &self->adapted);
  self->fisher_information = fisher_information (coins, beta);
  return g_steal_pointer (&self);
}

void
heft_coin_codes_free (HeftCoinCodes *self)
{
  if (self == NULL)
    return;
  g_free (self->posteriors);
  g_free (self->marginal);
  g_free (self->minus_entropy);
  g_free (self->kl);
  g_free (self->mean);
  g_free (self->variance);
  g_free (self);
}

gboolean
heft_coins_per_run (const HeftCoins *coins, const HeftCoinCodes *codes, double *information, GError **error)
{
  gsize n = 2 * (coins->task.n_samples + 1), n_points = coins->n_points;
  g_autofree double *halves = g_new0 (double, n * n_points);
  g_autofree double *chances = g_new0 (double, n);
  HeftShannonGrid grid;

  for (gsize r = 0; r < n; r++)
    {
      gsize first = r % 2 == 0 ? 0 : coins->n_negative, end = r % 2 == 0 ? coins->n_negative : n_points;
      const double *q = codes->posteriors + r / 2 * n_points;
      double mass = 0;

      for (gsize i = first; i < end; i++)
        mass += q[i];
      chances[r] = coins->chances[r / 2] * mass;
      for (gsize i = first; mass > 0 && i < end; i++)
        halves[r * n_points + i] = q[i] / mass;
      /* A minimum that no seed leads to has no code: any will do. */
      if (!(mass > 0))
        halves[r * n_points] = 1;
    }
  if (!heft_shannon_grid (n, n_points, chances, halves, coins->prior, NULL, &grid, error))
    return FALSE;
  *information = grid.information;
  return TRUE;
}

/* --- What a sample of datasets says -------------------------------------------------------------------------------- */

/* How often each k was drawn. */
static void
draw_counts (const HeftCoins *coins, guint64 seed, guint sample, gsize n_datasets, double *counts)
{
  gsize n = coins->task.n_samples + 1;
  g_autofree double *uniforms = g_new (double, n_datasets);

  heft_stream_uniforms_f64 (heft_stream (seed, HEFT_PURPOSE_RESAMPLE, sample), 0, 0, n_datasets, uniforms);
  for (gsize d = 0; d < n_datasets; d++)
    {
      double below = coins->chances[0];
      gsize k = 0;

      while (k + 1 < n && uniforms[d] >= below)
        below += coins->chances[++k];
      counts[k]++;
    }
}

/* From the mixture of all that were drawn: the mean of sums of q log q, less that of the mixture. */
static double
mixture_bound (const HeftCoins *coins, const HeftCoinCodes *codes, const double *counts, gsize n_datasets)
{
  g_autofree double *mixture = g_new0 (double, coins->n_points);
  double bound = 0;

  for (gsize k = 0; k <= coins->task.n_samples; k++)
    if (counts[k] > 0)
      {
        double share = counts[k] / (double) n_datasets;
        const double *q = codes->posteriors + k * coins->n_points;

        bound += share * codes->minus_entropy[k];
        for (gsize i = 0; i < coins->n_points; i++)
          mixture[i] += share * q[i];
      }
  for (gsize i = 0; i < coins->n_points; i++)
    bound -= xlogx (mixture[i]);
  return MAX (bound, 0);
}

void
heft_coins_estimate (const HeftCoins *coins, const HeftCoinCodes *codes, guint64 seed, guint sample, gsize n_datasets,
                     HeftCoinEstimate *estimate)
{
  g_autofree double *counts = g_new0 (double, coins->task.n_samples + 1);
  double total = (double) n_datasets;
  HeftCoinNormal all;

  g_return_if_fail (n_datasets >= 2);

  draw_counts (coins, seed, sample, n_datasets, counts);
  *estimate = (HeftCoinEstimate) { .information_lower = mixture_bound (coins, codes, counts, n_datasets) };
  all = adapt (coins, codes, counts, total);
  for (gsize k = 0; k <= coins->task.n_samples; k++)
    if (counts[k] > 0)
      {
        double share = counts[k] / total;
        HeftCoinNormal others;

        estimate->expected_kl_fixed += share * codes->kl[k];
        estimate->expected_kl_adapted += share * kl_from_normal (codes, k, &all);
        counts[k]--;
        others = adapt (coins, codes, counts, total - 1);
        counts[k]++;
        estimate->leave_one_out += share * kl_from_normal (codes, k, &others);
      }
}
