/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/shannon.h>

#include "codes/numeric.h"
#include "linalg/linalg.h"

/* Everything is a sum over weights, so the weights are taken in blocks: moments and densities of all M S Gaussians on one block,
 * then the next. What grows with k is time alone. What a low-rank posterior N(mu, D + V V^T) adds is a few numbers for each layer,
 * complete at the layer's end: F = D^-1/2 V, A = I + F^T F (Sylvester), and F^T D^-1/2 (w - mu) of every draw (Woodbury). No block
 * reaches from one layer into the next. */

#define BLOCK 512
#define SHANNON_DRAWS ((guint64) 1 << 42)     /* beyond the draws that evaluate a run's posterior */
#define DIRECTIONS ((guint32) 1 << 31)        /* streams of the normals that a layer's weights share */

typedef struct
{
  const HeftPosterior *const *posteriors;
  gsize   n_datasets, n_seeds, n_runs, k;
  guint64 seed;
  guint   n_draws;
  double *mean, *variance, *inverse;          /* n_runs x BLOCK, of the block */
  double *adapted, *left_out, *within;        /* n_runs: KL of q_ds from the three Gaussian priors */
  double *log_density;                        /* (n_runs x n_draws) x n_runs: log q_t(w), w drawn from q_ds, without constants */
  gsize   rank;                               /* the largest; 0 where all are mean-field, and then there is nothing below */
  gsize   layer;                              /* the one that is worked on */
  double *factors;                            /* n_runs x rank x BLOCK: F, of the block */
  double *gram;                               /* n_runs x rank x rank: A of the layer, in the end its Cholesky factor */
  double *shared;                             /* n_runs: the information that the weights of q_ds share: sum log Sigma_ii - log |Sigma|, halved */
  double *projected;                          /* (n_runs x n_draws) x n_runs x rank: F_t^T D_t^-1/2 (w - mu_t); where w is of q_t, z - F^T eps */
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
  g_clear_pointer (&self->factors, g_free);
  g_clear_pointer (&self->gram, g_free);
  g_clear_pointer (&self->shared, g_free);
  g_clear_pointer (&self->projected, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Estimator, estimator_clear)

/* KL(N(mean, variance) || N(m, v)) of one weight, in terms that are never negative. */
static double
kl_one (double mean, double variance, double m, double v)
{
  double d = mean - m;

  return 0.5 * (heft_numeric_log_gap (variance / v - 1) + d * d / v);
}

static double *
factor_of (const Estimator *self, gsize run, gsize j)
{
  return self->factors + (run * self->rank + j) * BLOCK;
}

/* F of a run on the block: its part of A, of the weights' own variances and of what they share. */
static void
load_factors (Estimator *self, gsize r, gsize first, gsize n)
{
  const HeftPosterior *posterior = self->posteriors[r];
  double *gram = self->gram + r * self->rank * self->rank;

  for (gsize j = 0; j < posterior->rank; j++)
    {
      const float *column = posterior->factors + j * posterior->n + first;
      double *factor = factor_of (self, r, j);

      for (gsize i = 0; i < n; i++)
        {
          factor[i] = column[i] * self->inverse[r * BLOCK + i];
          self->variance[r * BLOCK + i] += (double) column[i] * column[i];
        }
      for (gsize also = 0; also <= j; also++)
        gram[j * posterior->rank + also] += heft_dot_f64 (n, factor, factor_of (self, r, also));
    }
  for (gsize i = 0; i < n; i++)
    {
      double squares = 0;

      for (gsize j = 0; j < posterior->rank; j++)
        squares += factor_of (self, r, j)[i] * factor_of (self, r, j)[i];
      self->shared[r] += 0.5 * log1p (squares);
    }
}

static void
load_block (Estimator *self, gsize first, gsize n)
{
  for (gsize r = 0; r < self->n_runs; r++)
    {
      for (gsize i = 0; i < n; i++)
        {
          double log_deviation = self->posteriors[r]->log_deviation[first + i];

          self->mean[r * BLOCK + i] = self->posteriors[r]->mean[first + i];
          self->variance[r * BLOCK + i] = exp (2 * log_deviation);
          self->inverse[r * BLOCK + i] = exp (-log_deviation);
        }
      if (self->posteriors[r]->rank > 0)
        load_factors (self, r, first, n);
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

/* The normals that the layer's weights share in a draw of q_r. */
static void
shared_normals (const Estimator *self, gsize r, guint draw, double *z)
{
  heft_stream_normals_f64 (heft_stream (self->seed, HEFT_PURPOSE_WEIGHT_DRAW, DIRECTIONS | ((guint32) r + 1)), SHANNON_DRAWS + draw,
                           self->layer * HEFT_MAX_RANK, self->posteriors[r]->rank, z);
}

/* A draw of q_r on the block, from @normals. */
static void
draw_block (const Estimator *self, gsize r, guint draw, gsize n, const double *normals, double *w)
{
  double z[HEFT_MAX_RANK];

  memcpy (w, normals, n * sizeof *w);
  shared_normals (self, r, draw, z);
  for (gsize j = 0; j < self->posteriors[r]->rank; j++)
    heft_axpy_f64 (n, z[j], factor_of (self, r, j), w);
  for (gsize i = 0; i < n; i++)
    w[i] = self->mean[r * BLOCK + i] + w[i] / self->inverse[r * BLOCK + i];
}

/* log q_t of a draw from q_r on the block, up to the constant that all share. The draw itself is never rounded: its own density is
 * read off the normals. */
static void
add_densities (Estimator *self, gsize first, gsize n)
{
  double normals[BLOCK], w[BLOCK], distance[BLOCK];

  for (gsize r = 0; r < self->n_runs; r++)
    for (guint draw = 0; draw < self->n_draws; draw++)
      {
        HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_WEIGHT_DRAW, (guint32) r + 1);
        gsize row = r * self->n_draws + draw;

        heft_stream_normals_f64 (stream, SHANNON_DRAWS + draw, first, n, normals);
        draw_block (self, r, draw, n, normals, w);
        for (gsize t = 0; t < self->n_runs; t++)
          {
            const double *mean = self->mean + t * BLOCK, *inverse = self->inverse + t * BLOCK;
            double *projected = self->projected + (row * self->n_runs + t) * self->rank;

            for (gsize i = 0; i < n; i++)
              distance[i] = t == r ? -normals[i] : (w[i] - mean[i]) * inverse[i];
            self->log_density[row * self->n_runs + t] -= 0.5 * heft_dot_f64 (n, distance, distance);
            for (gsize j = 0; j < self->posteriors[t]->rank; j++)
              projected[j] += heft_dot_f64 (n, distance, factor_of (self, t, j));
          }
      }
}

/* x^T A^-1 x, @factor being A's Cholesky factor; @x is lost. */
static double
inverse_square (gsize rank, const double *factor, double *x)
{
  double sum = 0;

  heft_triangular_solve (FALSE, rank, factor, 1, x);
  for (gsize j = 0; j < rank; j++)
    sum += x[j] * x[j];
  return sum;
}

/* The quadratic form is |D^-1/2 (w - mu)|^2 - p^T A^-1 p with p projected. For w of q_t itself it is |eps|^2 + |z|^2 - c^T A^-1 c with
 * c = z - F^T eps, the part of (eps, z) that w does not see: nothing in it grows with V. */
static void
add_projections (Estimator *self, gsize t)
{
  gsize rank = self->posteriors[t]->rank;
  const double *factor = self->gram + t * self->rank * self->rank;

  for (gsize row = 0; row < self->n_runs * self->n_draws; row++)
    {
      double *projected = self->projected + (row * self->n_runs + t) * self->rank, *log_density;
      double z[HEFT_MAX_RANK];

      log_density = self->log_density + row * self->n_runs + t;
      if (row / self->n_draws == t)
        {
          shared_normals (self, t, (guint) (row % self->n_draws), z);
          for (gsize j = 0; j < rank; j++)
            {
              projected[j] += z[j];
              *log_density -= 0.5 * z[j] * z[j];
            }
        }
      *log_density += 0.5 * inverse_square (rank, factor, projected);
    }
}

/* At the end of a layer: what its low-rank parts add to the densities. */
static gboolean
finish_layer (Estimator *self, GError **error)
{
  for (gsize t = 0; t < self->n_runs; t++)
    {
      gsize rank = self->posteriors[t]->rank;
      double *gram = self->gram + t * self->rank * self->rank, log_determinant;

      if (rank == 0)
        continue;
      for (gsize j = 0; j < rank; j++)
        gram[j * rank + j] += 1;
      if (!heft_cholesky_factor (rank, gram, error))
        return FALSE;
      log_determinant = heft_cholesky_log_determinant (rank, gram);
      self->shared[t] -= 0.5 * log_determinant;
      for (gsize row = 0; row < self->n_runs * self->n_draws; row++)
        self->log_density[row * self->n_runs + t] -= 0.5 * log_determinant;
      add_projections (self, t);
    }
  if (self->rank > 0)
    {
      memset (self->gram, 0, self->n_runs * self->rank * self->rank * sizeof (double));
      memset (self->projected, 0, self->n_runs * self->n_runs * self->n_draws * self->rank * sizeof (double));
    }
  return TRUE;
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

/* The first posterior that knows of layers, or NULL. */
static const HeftPosterior *
layered (const HeftPosterior *const *posteriors, gsize n_runs)
{
  for (gsize r = 0; r < n_runs; r++)
    if (posteriors[r]->kind == HEFT_POSTERIOR_LOW_RANK)
      return posteriors[r];
  return NULL;
}

static gboolean
same_layers (const HeftPosterior *posterior, const HeftPosterior *other)
{
  return posterior->kind != HEFT_POSTERIOR_LOW_RANK ||
         (posterior->rank <= HEFT_MAX_RANK && posterior->n_layers == other->n_layers &&
          memcmp (posterior->offsets, other->offsets, (other->n_layers + 1) * sizeof *other->offsets) == 0);
}

static gboolean
all_finite (gsize n, const float *values)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (values[i]))
      return FALSE;
  return TRUE;
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
      if (posteriors[r]->kind == HEFT_POSTERIOR_DIRAC || posteriors[r]->n != posteriors[0]->n ||
          !same_layers (posteriors[r], layered (posteriors, n_datasets * n_seeds)))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("Posterior %zu is not a mean-field or low-rank Gaussian of %zu weights in the same layers."), r,
                       posteriors[0]->n);
          return FALSE;
        }
      if (!isfinite (kl_fixed[r]) || !all_finite (posteriors[r]->n, posteriors[r]->mean) ||
          !all_finite (posteriors[r]->n, posteriors[r]->log_deviation) ||
          !all_finite (posteriors[r]->rank * posteriors[r]->n, posteriors[r]->factors))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                       _("Posterior %zu or its KL from P is not finite: lower the learning rate."), r);
          return FALSE;
        }
    }
  return TRUE;
}

/* What the weights of a run share is the same whatever diagonal Gaussian they are coded by. One seed leaves nothing within. */
static void
add_shared (Estimator *self)
{
  for (gsize r = 0; r < self->n_runs; r++)
    {
      self->adapted[r] += self->shared[r];
      self->left_out[r] += self->shared[r];
      if (self->n_seeds > 1)
        self->within[r] += self->shared[r];
    }
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

static void
estimator_allocate (Estimator *self)
{
  gsize n_rows;

  self->n_runs = self->n_datasets * self->n_seeds;
  self->k = self->posteriors[0]->n;
  n_rows = self->n_runs * self->n_draws;
  for (gsize r = 0; r < self->n_runs; r++)
    self->rank = MAX (self->rank, self->posteriors[r]->rank);
  self->mean = g_new (double, self->n_runs * BLOCK);
  self->variance = g_new (double, self->n_runs * BLOCK);
  self->inverse = g_new (double, self->n_runs * BLOCK);
  self->adapted = g_new0 (double, self->n_runs);
  self->left_out = g_new0 (double, self->n_runs);
  self->within = g_new0 (double, self->n_runs);
  self->log_density = g_new0 (double, n_rows * self->n_runs);
  self->shared = g_new0 (double, self->n_runs);
  self->factors = g_new (double, self->n_runs * MAX (self->rank, 1) * BLOCK);
  self->gram = g_new0 (double, self->n_runs * MAX (self->rank, 1) * MAX (self->rank, 1));
  self->projected = g_new0 (double, n_rows * self->n_runs * MAX (self->rank, 1));
}

gboolean
heft_shannon_estimate (const HeftPosterior *const *posteriors, const double *kl_fixed, gsize n_datasets, gsize n_seeds,
                       guint64 seed, guint n_draws, GCancellable *cancellable, HeftShannon *shannon, GError **error)
{
  g_auto (Estimator) self = { .posteriors = posteriors, .n_datasets = n_datasets, .n_seeds = n_seeds, .seed = seed,
                              .n_draws = n_draws };
  const HeftPosterior *model;

  g_return_val_if_fail (posteriors != NULL && kl_fixed != NULL && shannon != NULL, FALSE);

  if (!check_arguments (posteriors, kl_fixed, n_datasets, n_seeds, n_draws, error))
    return FALSE;
  estimator_allocate (&self);
  model = layered (posteriors, self.n_runs);
  for (self.layer = 0; self.layer < (model != NULL ? model->n_layers : 1); self.layer++)
    {
      gsize end = model != NULL ? model->offsets[self.layer + 1] : self.k;

      for (gsize first = model != NULL ? model->offsets[self.layer] : 0; first < end; first += BLOCK)
        {
          gsize n = MIN (BLOCK, end - first);

          if (g_cancellable_set_error_if_cancelled (cancellable, error))
            return FALSE;
          load_block (&self, first, n);
          for (gsize i = 0; i < n; i++)
            add_gaussians (&self, i);
          add_densities (&self, first, n);
          add_normalisers (&self, first, n);
        }
      if (!finish_layer (&self, error))
        return FALSE;
    }
  add_shared (&self);
  summarise (&self, kl_fixed, shannon);
  return TRUE;
}
