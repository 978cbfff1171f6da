/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/pass.h>
#include <heft/trainer.h>

#include "linalg/linalg.h"
#include "linalg/pool.h"

/* Samples that go through the network together. Fixed, so that no number depends on the threads. */
#define ROWS 250

/* Weights that are drawn together. */
#define CHUNK 1024

typedef struct
{
  HeftPassF32 *pass;
  float       *weights, *inputs, *losses;
  guint32     *indices;
  guint8      *labels;
} Worker;

struct _HeftDraws
{
  HeftNetwork  *network;
  HeftDataset  *data;
  float        *mean, *deviation;   /* k each, or NULL */
  HeftDrawFunc  func;               /* or this */
  gpointer      user_data;
  gsize         k, n_features, n_classes;
  gsize         samples;            /* a draw; 0 = every sample once */
  guint64       seed;
  double        largest_loss;
  HeftPool     *pool;
  guint         n_workers;
  Worker       *workers;

  /* Of the call under way. */
  guint64       first;
  guint         n, next;            /* next: atomic */
  HeftDraw     *out;
  GCancellable *cancellable;
};

/* Without a Q. */
static HeftDraws *
draws_new (HeftNetwork *network,
           HeftDataset *data,
           gsize        samples,
           guint64      seed,
           double       largest_loss,
           guint        n_threads)
{
  HeftDraws *self = g_new0 (HeftDraws, 1);

  self->network = heft_network_ref (network);
  self->data = heft_dataset_ref (data);
  self->k = heft_network_get_n_parameters (network);
  self->n_features = heft_dataset_get_n_features (data);
  self->n_classes = heft_network_get_n_classes (network);
  self->samples = samples;
  self->seed = seed;
  self->largest_loss = largest_loss;
  self->pool = heft_pool_new (n_threads);
  self->n_workers = heft_pool_get_n_workers (self->pool);
  self->workers = g_new0 (Worker, self->n_workers);
  for (guint i = 0; i < self->n_workers; i++)
    self->workers[i] = (Worker) {
      .pass = heft_pass_f32_new (network, ROWS),
      .weights = heft_aligned_new (float, self->k),
      .inputs = heft_aligned_new (float, ROWS * self->n_features),
      .losses = g_new (float, ROWS),
      .indices = g_new (guint32, ROWS),
      .labels = g_new (guint8, ROWS),
    };
  return self;
}

HeftDraws *
heft_draws_new (HeftNetwork         *network,
                const HeftPosterior *posterior,
                HeftDataset         *data,
                gsize                samples,
                guint64              seed,
                double               largest_loss,
                guint                n_threads)
{
  HeftDraws *self = draws_new (network, data, samples, seed, largest_loss, n_threads);

  self->mean = heft_aligned_new (float, self->k);
  memcpy (self->mean, posterior->mean, self->k * sizeof (float));
  if (posterior->log_deviation != NULL)
    {
      self->deviation = heft_aligned_new (float, self->k);
      for (gsize i = 0; i < self->k; i++)
        self->deviation[i] = expf (posterior->log_deviation[i]);
    }
  return self;
}

HeftDraws *
heft_draws_new_from (HeftNetwork *network,
                     HeftDrawFunc func,
                     gpointer     user_data,
                     HeftDataset *data,
                     gsize        samples,
                     guint64      seed,
                     double       largest_loss,
                     guint        n_threads)
{
  HeftDraws *self = draws_new (network, data, samples, seed, largest_loss, n_threads);

  self->func = func;
  self->user_data = user_data;
  return self;
}

void
heft_draws_free (HeftDraws *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < self->n_workers; i++)
    {
      heft_pass_f32_free (self->workers[i].pass);
      heft_aligned_free (self->workers[i].weights);
      heft_aligned_free (self->workers[i].inputs);
      g_free (self->workers[i].losses);
      g_free (self->workers[i].indices);
      g_free (self->workers[i].labels);
    }
  g_free (self->workers);
  heft_pool_free (self->pool);
  heft_aligned_free (self->mean);
  heft_aligned_free (self->deviation);
  heft_dataset_unref (self->data);
  heft_network_unref (self->network);
  g_free (self);
}

/* The same numbers as heft_posterior_draw(), without taking the exponential of every deviation anew. */
static void
draw_weights (const HeftDraws *self,
              guint64          draw,
              float           *weights)
{
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_WEIGHT_DRAW, 0);
  float normals[CHUNK];

  if (self->func != NULL)
    {
      self->func (draw, weights, self->user_data);
      return;
    }
  if (self->deviation == NULL)
    {
      memcpy (weights, self->mean, self->k * sizeof *weights);
      return;
    }
  for (gsize first = 0; first < self->k; first += CHUNK)
    {
      const gsize count = MIN (CHUNK, self->k - first);

      heft_stream_normals_f32 (stream, draw, first, count, normals);
      for (gsize i = 0; i < count; i++)
        weights[first + i] = self->mean[first + i] + self->deviation[first + i] * normals[i];
    }
}

/* Which samples: in order, or drawn with replacement, so that the draw's error has the mean of all samples. */
static void
choose_samples (const HeftDraws *self,
                guint64          draw,
                gsize            first,
                gsize            n,
                guint32         *indices)
{
  const gsize total = heft_dataset_get_n_samples (self->data);
  double uniforms[ROWS];

  if (self->samples == 0)
    {
      for (gsize i = 0; i < n; i++)
        indices[i] = (guint32) (first + i);
      return;
    }
  heft_stream_uniforms_f64 (heft_stream (self->seed, HEFT_PURPOSE_DRAW_SAMPLES, 0), draw, first, n, uniforms);
  for (gsize i = 0; i < n; i++)
    indices[i] = (guint32) MIN (uniforms[i] * (double) total, (double) (total - 1));
}

static void
evaluate_rows (const HeftDraws *self,
               Worker          *worker,
               gsize            n,
               HeftDraw        *sums)
{
  const guint8 *labels = heft_dataset_get_labels (self->data);
  const float *logits;

  heft_dataset_gather_f32 (self->data, worker->indices, 0, n, worker->inputs);
  for (gsize i = 0; i < n; i++)
    worker->labels[i] = labels[worker->indices[i]];
  heft_pass_f32_forward (worker->pass, worker->weights, worker->inputs, n);
  logits = heft_pass_f32_logits (worker->pass);
  heft_softmax_cross_entropy_f32 (logits, worker->labels, n, self->n_classes, worker->losses, NULL, NULL);
  for (gsize i = 0; i < n; i++)
    {
      const float *row = logits + i * self->n_classes;
      gsize winner = 0;

      for (gsize c = 1; c < self->n_classes; c++)
        if (row[c] > row[winner])
          winner = c;
      sums->error += winner != worker->labels[i];
      sums->loss += (double) worker->losses[i];
      /* What is not a number is the worst there is. */
      sums->risk += (double) worker->losses[i] < self->largest_loss ? (double) worker->losses[i] / self->largest_loss : 1.0;
    }
}

static void
take_one (HeftDraws *self,
          guint      index,
          Worker    *worker)
{
  const guint64 draw = self->first + index;
  const gsize total = self->samples > 0 ? self->samples : heft_dataset_get_n_samples (self->data);
  HeftDraw sums = { 0 };

  draw_weights (self, draw, worker->weights);
  for (gsize first = 0; first < total; first += ROWS)
    {
      const gsize n = MIN (ROWS, total - first);

      choose_samples (self, draw, first, n, worker->indices);
      evaluate_rows (self, worker, n, &sums);
    }
  self->out[index] = (HeftDraw) { sums.error / (double) total, sums.risk / (double) total, sums.loss / (double) total };
}

/* A draw is one worker's from beginning to end, and leaves its numbers in its own place. */
static void
take_all (HeftPool *pool,
          guint     worker,
          gpointer  data)
{
  HeftDraws *self = data;
  guint index;

  while ((index = __atomic_fetch_add (&self->next, 1, __ATOMIC_RELAXED)) < self->n)
    {
      if (g_cancellable_is_cancelled (self->cancellable))
        return;
      take_one (self, index, &self->workers[worker]);
    }
}

gboolean
heft_draws_take (HeftDraws    *self,
                 guint64       first,
                 guint         n,
                 HeftDraw     *out,
                 GCancellable *cancellable,
                 GError      **error)
{
  self->first = first;
  self->n = n;
  self->next = 0;
  self->out = out;
  self->cancellable = cancellable;
  heft_pool_run (self->pool, take_all, self);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}
