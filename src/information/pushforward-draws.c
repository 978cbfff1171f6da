/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <math.h>
#include <string.h>

#include "information/channel.h"
#include "information/effective.h"
#include "information/linearise.h"
#include "information/moments.h"
#include "linalg/linalg.h"

/* Parts of the draws, of which one at a time is left out. */
#define PARTS 10
/* Weight draws made together. */
#define BLOCK 64
/* Numbers that activations may take: 256 MB. The draws are made anew for every block of samples that this leaves room for. */
#define MAX_NUMBERS 3.2e7
/* A covariance's inverse has a mean where there are this many draws more than activations, and a variance with two more. */
#define SPARE_DRAWS 4

/* What a covariance gives. */
typedef struct
{
  double noise_trace, fisher_trace, information;
} Values;

typedef struct
{
  HeftNetwork *network;
  gsize        d, n_layers, n_draws;
  gsize       *operations, *sizes;   /* of the layers */
  gsize        n_rows;               /* of the root of Sigma_x */
  double      *rows;
  double     **deviations;           /* of each layer: samples of a block x draws x size */
  Values      *parts;                /* n_layers x (PARTS + 1): sums over samples; the last is of all draws */
} Work;

static void
work_clear (Work *self)
{
  for (gsize l = 0; self->deviations != NULL && l < self->n_layers; l++)
    heft_aligned_free (self->deviations[l]);
  g_free (self->deviations);
  g_free (self->operations);
  g_free (self->sizes);
  g_free (self->parts);
  heft_aligned_free (self->rows);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

/* Draws of the part that is left out; PARTS leaves out none. */
static gsize
part_begin (gsize n_draws, gsize part)
{
  return n_draws * part / PARTS;
}

static void
add_values (Values *sum, const Values *values)
{
  sum->noise_trace += values->noise_trace;
  sum->fisher_trace += values->fisher_trace;
  sum->information += values->information;
}

/* Deviations of the activations from those at the mean weights, for samples @first ... and all draws. */
static void
draw_activations (Work *self, const double *weights, const HeftWeightNoise *noise, guint64 seed, const double *inputs, gsize n)
{
  gsize k = heft_network_get_n_parameters (self->network);
  g_autoptr (HeftPassF64) mean = heft_pass_f64_new (self->network, n), pass = heft_pass_f64_new (self->network, n);
  heft_aligned_autofree double *draws = heft_aligned_new (double, BLOCK * k);

  heft_pass_f64_forward (mean, weights, inputs, n);
  for (gsize r = 0; r < self->n_draws; r++)
    {
      if (r % BLOCK == 0)
        heft_noise_draw (noise, self->network, weights, seed, r, MIN (BLOCK, self->n_draws - r), draws);
      heft_pass_f64_forward (pass, draws + r % BLOCK * k, inputs, n);
      for (gsize l = 0; l < self->n_layers; l++)
        {
          gsize size = self->sizes[l];
          const double *z = heft_pass_f64_output (pass, (int) self->operations[l]);
          const double *centre = heft_pass_f64_output (mean, (int) self->operations[l]);

          for (gsize i = 0; i < n; i++)
            for (gsize j = 0; j < size; j++)
              self->deviations[l][(i * self->n_draws + r) * size + j] = z[i * size + j] - centre[i * size + j];
        }
    }
}

/* sum_j of the variances, over the draws without [@begin, @end). */
static double
variance_sum (gsize n_draws, gsize size, const double *deviations, gsize begin, gsize end)
{
  double n = (double) (n_draws - (end - begin)), trace = 0;
  g_autofree double *sums = g_new0 (double, size);

  for (gsize r = 0; r < n_draws; r++)
    {
      if (r >= begin && r < end)
        continue;
      trace += heft_dot_f64 (size, deviations + r * size, deviations + r * size);
      heft_axpy_f64 (size, 1, deviations + r * size, sums);
    }
  return (trace - heft_dot_f64 (size, sums, sums) / n) / (n - 1);
}

static gboolean
is_noisy (gsize n_draws, gsize size, const double *deviations, gsize j)
{
  for (gsize r = 0; r < n_draws; r++)
    if (deviations[r * size + j] != 0)
      return TRUE;
  return FALSE;
}

/* The outputs that are alive at the mean and that the draws move, and their derivatives by the input (n x d). */
static gsize
find_active (const Work *self, HeftLinearisation *at, gsize operation, const double *tangents, const double *deviations, gsize *active,
             double *jacobian)
{
  gsize kept = heft_linearisation_kept (at, (int) operation), state = heft_linearisation_state_size (at, (int) operation), n = 0;
  g_autofree double *slopes = g_new (double, state - kept);

  heft_linearisation_slopes (at, operation, slopes);
  for (gsize z = kept; z < state; z++)
    if (slopes[z - kept] != 0 && is_noisy (self->n_draws, state - kept, deviations, z - kept))
      {
        for (gsize j = 0; j < self->d; j++)
          jacobian[n * self->d + j] = tangents[j * state + z];
        active[n++] = z - kept;
      }
  return n;
}

/* @columns (draws x n) without rows [@begin, @end). The inverse of a covariance of m draws of n numbers is (m - 1) / (m - n - 2) times too large on
 * average where they are Gaussian (Hartlap, Simon and Schneider 2007). */
static gboolean
look (const Work *self, gsize n, const double *columns, gsize begin, gsize end, const double *jacobian, Values *values, GError **error)
{
  gsize m = self->n_draws - (end - begin), rank;
  heft_aligned_autofree double *covariance = heft_aligned_new (double, MAX (n * n, 1));
  heft_aligned_autofree double *root = heft_aligned_new (double, MAX (n * self->d, 1));
  g_autofree double *sums = g_new0 (double, n);
  double count = (double) m;

  if (n == 0)
    return TRUE;
  for (gsize r = 0; r < self->n_draws; r++)
    if (r < begin || r >= end)
      heft_axpy_f64 (n, 1, columns + r * n, sums);
  heft_syrk_f64 (TRUE, n, begin, 1 / (count - 1), columns, n, 0, covariance, n);
  heft_syrk_f64 (TRUE, n, self->n_draws - end, 1 / (count - 1), columns + end * n, n, begin > 0, covariance, n);
  for (gsize a = 0; a < n; a++)
    heft_axpy_f64 (n, -sums[a] / count / (count - 1), sums, covariance + a * n);
  memcpy (root, jacobian, n * self->d * sizeof *root);
  if (!heft_channel_root (n, self->d, covariance, HEFT_MOMENTS_NOISELESS, root, &rank, error))
    return FALSE;
  heft_scale_f64 (rank * self->d, sqrt ((count - (double) rank - 2) / (count - 1)), root);
  values->fisher_trace = heft_dot_f64 (rank * self->d, root, root);
  return heft_channel_information (rank, self->d, root, self->n_rows, self->rows, &values->information, error);
}

/* Changes to coordinates in which the draws' covariance is I, and leaves out the directions without noise where heft_channel_root_of_noise() does, so
 * that parts of the draws are well-conditioned and count the same directions: @columns (draws x n) become draws x rank, @jacobian (n x d)
 * rank x d. @n_all: the layer's outputs. */
static gboolean
whiten (const Work *self, gsize n, gsize n_all, double *columns, double *jacobian, gsize *rank, GError **error)
{
  gsize m = self->n_draws, d = self->d, width = d + n;
  heft_aligned_autofree double *noise = heft_aligned_new (double, MAX (m * n, 1));
  heft_aligned_autofree double *both = heft_aligned_new (double, MAX (n * width, 1));
  heft_aligned_autofree double *white = heft_aligned_new (double, MAX (m * n, 1));
  g_autofree double *means = g_new0 (double, MAX (n, 1));
  HeftChannel channel;

  for (gsize r = 0; r < m; r++)
    heft_axpy_f64 (n, 1 / (double) m, columns + r * n, means);
  for (gsize r = 0; r < m; r++)
    for (gsize a = 0; a < n; a++)
      noise[r * n + a] = (columns[r * n + a] - means[a]) / sqrt ((double) (m - 1));
  /* What the unit vectors become is the change of coordinates. */
  for (gsize a = 0; a < n; a++)
    {
      memcpy (both + a * width, jacobian + a * d, d * sizeof *both);
      both[a * width + d + a] = 1;
    }
  if (!heft_channel_root_of_noise (m, n, n_all, width, noise, both, &channel, error))
    return FALSE;
  *rank = channel.rank;
  if (channel.rank > 0)
    heft_gemm_f64 (FALSE, TRUE, m, channel.rank, n, 1, columns, n, both + d, width, 0, white, channel.rank);
  memcpy (columns, white, m * channel.rank * sizeof *white);
  for (gsize a = 0; a < channel.rank; a++)
    memcpy (jacobian + a * d, both + a * width, d * sizeof *both);
  return TRUE;
}

/* Weights up to operation @last: to first order they make noise in no more directions than there are of them. */
static gsize
count_weights (const HeftNetwork *network, gsize last)
{
  gsize n = 0;

  for (gsize i = 0; i <= last; i++)
    n += heft_layer_n_free_parameters (heft_network_get_layer (network, i));
  return n;
}

/* What the jackknife makes of @all and the sum of the parts; NAN where nothing is left of a number that cannot be negative. */
static double
corrected (double all, double parts)
{
  double value = PARTS * all - (PARTS - 1.0) / PARTS * parts;

  return value >= 0 ? value : NAN;
}

/* One layer's covariance at one input, and those that each leave out a part of the draws; into the layer's numbers of @sample. */
static gboolean
measure_layer (Work *self, HeftLinearisation *at, gsize l, const double *tangents, const double *deviations, HeftEffectiveLayer *layer,
               gsize sample, GError **error)
{
  gsize size = self->sizes[l], m = self->n_draws, least = m - (m + PARTS - 1) / PARTS;
  g_autofree gsize *active = g_new (gsize, size);
  heft_aligned_autofree double *jacobian = heft_aligned_new (double, MAX (size * self->d, 1));
  gsize n = find_active (self, at, self->operations[l], tangents, deviations, active, jacobian);
  heft_aligned_autofree double *columns = heft_aligned_new (double, MAX (m * n, 1));
  gboolean enough = least > n + SPARE_DRAWS && n <= count_weights (self->network, self->operations[l]);
  Values all = { 0 }, parts = { 0 };
  gsize rank = 0;

  for (gsize r = 0; r < m; r++)
    for (gsize a = 0; a < n; a++)
      columns[r * n + a] = deviations[r * size + active[a]];
  if (enough && !whiten (self, n, size, columns, jacobian, &rank, error))
    return FALSE;
  for (gsize part = 0; part <= PARTS; part++)
    {
      gsize begin = part_begin (m, part), end = part < PARTS ? part_begin (m, part + 1) : begin;
      Values values = { .noise_trace = variance_sum (m, size, deviations, begin, end), .fisher_trace = NAN, .information = NAN };

      if (enough)
        values.fisher_trace = values.information = 0;
      if (enough && !look (self, rank, columns, begin, end, jacobian, &values, error))
        return FALSE;
      add_values (&self->parts[l * (PARTS + 1) + part], &values);
      add_values (part < PARTS ? &parts : &all, &values);
    }
  layer->noise_trace[sample] = all.noise_trace;
  layer->fisher_trace[sample] = corrected (all.fisher_trace, parts.fisher_trace);
  layer->information[sample] = corrected (all.information, parts.information);
  return TRUE;
}

/* Every layer at one input, with the derivative by it carried forward. @offset: of the sample in its block. */
static gboolean
measure_sample (Work *self, const double *weights, const double *input, GPtrArray *layers, gsize sample, gsize offset, GError **error)
{
  g_autoptr (HeftLinearisation) at = heft_linearisation_new (self->network, weights, input);
  heft_aligned_autofree double *tangents = heft_aligned_new (double, self->d * self->d);
  gsize l = 0;

  for (gsize j = 0; j < self->d; j++)
    tangents[j * self->d + j] = 1;
  for (gsize i = 0; i < heft_network_get_n_layers (self->network); i++)
    {
      double *next = heft_aligned_new (double, self->d * heft_linearisation_state_size (at, (int) i));

      heft_linearisation_apply (at, weights, i, self->d, tangents, next);
      heft_aligned_free (tangents);
      tangents = next;
      if (self->operations[l] != i)
        continue;
      if (!measure_layer (self, at, l, tangents, self->deviations[l] + offset * self->n_draws * self->sizes[l],
                          g_ptr_array_index (layers, l), sample, error))
        return FALSE;
      l++;
    }
  return TRUE;
}

/* The jackknife's standard error of a mean over samples, from the sums of the parts. */
static double
jackknife (const Values *parts, gsize offset, gsize n_samples)
{
  double mean = 0, square = 0;

  for (gsize p = 0; p < PARTS; p++)
    mean += *(const double *) ((const char *) &parts[p] + offset) / PARTS;
  for (gsize p = 0; p < PARTS; p++)
    {
      double difference = *(const double *) ((const char *) &parts[p] + offset) - mean;

      square += difference * difference;
    }
  return sqrt ((PARTS - 1.0) / PARTS * square) / (double) n_samples;
}

static void
summarise (const Work *self, GPtrArray *layers)
{
  for (guint l = 0; l < layers->len; l++)
    {
      HeftEffectiveLayer *layer = g_ptr_array_index (layers, l);
      const Values *parts = self->parts + l * (PARTS + 1);

      heft_effective_layer_average (layer);
      layer->noise_trace_error = jackknife (parts, G_STRUCT_OFFSET (Values, noise_trace), layer->n_samples);
      layer->fisher_trace_error = jackknife (parts, G_STRUCT_OFFSET (Values, fisher_trace), layer->n_samples);
      layer->information_error = jackknife (parts, G_STRUCT_OFFSET (Values, information), layer->n_samples);
    }
}

/* Room for the deviations of as many samples as fit, which it returns; 0 where there is none for one. */
static gsize
prepare (Work *self, gsize n_samples, GError **error)
{
  double total = 0;
  gsize n;

  self->operations = g_new (gsize, self->n_layers);
  self->sizes = g_new (gsize, self->n_layers);
  self->parts = g_new0 (Values, self->n_layers * (PARTS + 1));
  self->deviations = g_new0 (double *, self->n_layers);
  for (gsize l = 0; l < self->n_layers; l++)
    {
      self->operations[l] = heft_moments_operation (self->network, l);
      self->sizes[l] = heft_layer_n_activations (self->network, l);
      total += (double) self->n_draws * (double) self->sizes[l];
    }
  n = MIN (n_samples, (gsize) MAX (MAX_NUMBERS / total, 1));
  for (gsize l = 0; l < self->n_layers; l++)
    {
      self->deviations[l] = heft_aligned_try_alloc (n * self->n_draws * self->sizes[l], sizeof (double), error);
      if (self->deviations[l] == NULL)
        return 0;
    }
  return n;
}

gboolean
heft_effective_draws (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, HeftDataset *data, gsize n_samples,
                      gsize n_covariance, gsize n_draws, guint64 seed, GPtrArray *layers, GCancellable *cancellable, GError **error)
{
  g_auto (Work) work = { .network = network, .d = heft_network_get_n_inputs (network), .n_layers = layers->len, .n_draws = n_draws };
  heft_aligned_autofree double *inputs = NULL;
  gsize block;

  g_return_val_if_fail (n_draws >= HEFT_LEAST_PUSHFORWARD_DRAWS, FALSE);
  block = prepare (&work, n_samples, error);
  if (block == 0 || !heft_effective_inputs (data, n_covariance, &work.n_rows, &work.rows, error))
    return FALSE;
  inputs = heft_aligned_new (double, block * work.d);
  for (gsize first = 0; first < n_samples; first += block)
    {
      gsize n = MIN (block, n_samples - first);

      heft_dataset_gather_f64 (data, NULL, first, n, inputs);
      draw_activations (&work, weights, noise, seed, inputs, n);
      for (gsize i = 0; i < n; i++)
        if (g_cancellable_set_error_if_cancelled (cancellable, error)
            || !measure_sample (&work, weights, inputs + i * work.d, layers, first + i, i, error))
          return FALSE;
    }
  summarise (&work, layers);
  return TRUE;
}
