/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include <heft/pass.h>
#include <heft/trainer.h>

#include "linalg/linalg.h"
#include "linalg/pool.h"
#include "train/loss.h"

/* Samples that go through the network together, fewer where each keeps many numbers. By the network alone, so that no result depends on
 * the threads. */
#define ROWS 250
#define NUMBERS 2000000

typedef struct
{
  double loss;
  gsize  n_wrong;
} Chunk;

typedef struct
{
  HeftDataset  *data;
  HeftLoss      loss;
  const float  *weights;
  gsize         n_samples, n_features, n_classes, n_rows, n_chunks;
  Chunk        *chunks;
  HeftPassF32 **passes;    /* one a worker, as the next two */
  float       **inputs;
  float       **losses;
  guint         next;      /* atomic: chunks given out */
  GCancellable *cancellable;
} Evaluation;

static void
evaluate_chunk (Evaluation *self,
                gsize       index,
                guint       worker)
{
  const gsize first = index * self->n_rows, n = MIN (self->n_rows, self->n_samples - first);
  const guint8 *labels = heft_dataset_get_labels (self->data) + first;
  const float *logits;
  Chunk chunk = { 0 };

  heft_dataset_gather_f32 (self->data, NULL, first, n, self->inputs[worker]);
  heft_pass_f32_forward (self->passes[worker], self->weights, self->inputs[worker], n);
  logits = heft_pass_f32_logits (self->passes[worker]);
  chunk.n_wrong = heft_loss_rows (&self->loss, n, self->n_classes, labels, logits, NULL, self->losses[worker]);
  for (gsize i = 0; i < n; i++)
    chunk.loss += (double) self->losses[worker][i];
  self->chunks[index] = chunk;
}

/* Chunks differ in nothing, so whoever is free takes the next; each leaves its sums in its own place. */
static void
evaluate_chunks (HeftPool *pool,
                 guint     worker,
                 gpointer  data)
{
  Evaluation *self = data;
  guint index;

  while ((index = __atomic_fetch_add (&self->next, 1, __ATOMIC_RELAXED)) < self->n_chunks)
    {
      if (g_cancellable_is_cancelled (self->cancellable))
        return;
      evaluate_chunk (self, index, worker);
    }
}

static void
evaluation_clear (Evaluation *self,
                  guint       n_workers)
{
  for (guint i = 0; i < n_workers; i++)
    {
      heft_pass_f32_free (self->passes[i]);
      heft_aligned_free (self->inputs[i]);
      g_free (self->losses[i]);
    }
  g_free (self->passes);
  g_free (self->inputs);
  g_free (self->losses);
  g_free (self->chunks);
}

static gsize
rows_at_once (const HeftNetwork *network)
{
  gsize numbers = heft_network_get_n_inputs (network);

  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    {
      const HeftShape shape = heft_network_get_layer (network, i)->output;

      numbers += shape.channels * shape.height * shape.width;
    }
  return CLAMP (NUMBERS / numbers, 1, ROWS);
}

static void
evaluation_init (Evaluation     *self,
                 HeftNetwork    *network,
                 const HeftLoss *loss,
                 HeftDataset    *data,
                 gsize           n_samples,
                 guint           n_workers,
                 GCancellable   *cancellable)
{
  const gsize n = heft_dataset_get_n_samples (data);

  *self = (Evaluation) {
    .data = data,
    .loss = *loss,
    .n_samples = n_samples == 0 ? n : MIN (n_samples, n),
    .n_features = heft_dataset_get_n_features (data),
    .n_classes = heft_network_get_n_classes (network),
    .cancellable = cancellable,
    .passes = g_new0 (HeftPassF32 *, n_workers),
    .inputs = g_new0 (float *, n_workers),
    .losses = g_new0 (float *, n_workers),
  };
  self->n_rows = rows_at_once (network);
  self->n_chunks = (self->n_samples + self->n_rows - 1) / self->n_rows;
  self->chunks = g_new0 (Chunk, self->n_chunks);
  for (guint i = 0; i < n_workers; i++)
    {
      self->passes[i] = heft_pass_f32_new (network, self->n_rows);
      self->inputs[i] = heft_aligned_new (float, self->n_rows * self->n_features);
      self->losses[i] = g_new (float, self->n_rows);
    }
}

/* Loss and error of one set of weights. */
static gboolean
evaluate_weights (Evaluation  *self,
                  HeftPool    *pool,
                  const float *weights,
                  double      *loss,
                  double      *error_rate,
                  GError     **error)
{
  double sum = 0.0;
  gsize n_wrong = 0;

  self->weights = weights;
  self->next = 0;
  heft_pool_run (pool, evaluate_chunks, self);
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  for (gsize i = 0; i < self->n_chunks; i++)
    {
      sum += self->chunks[i].loss;
      n_wrong += self->chunks[i].n_wrong;
    }
  *loss = sum / (double) self->n_samples;
  *error_rate = (double) n_wrong / (double) self->n_samples;
  return TRUE;
}

/* Mean and standard error over draws, from running sums that do not cancel (Welford). */
typedef struct
{
  double mean, square;
  guint  n;
} Running;

static void
running_add (Running *self,
             double   x)
{
  const double difference = x - self->mean;

  self->n++;
  self->mean += difference / self->n;
  self->square += difference * (x - self->mean);
}

static double
running_error (const Running *self)
{
  return self->n < 2 ? 0.0 : sqrt (self->square / (self->n - 1) / self->n);
}

/* @draws NULL: the mean of Q alone. */
static gboolean
evaluate (HeftNetwork         *network,
          const HeftPosterior *posterior,
          const HeftLoss      *loss_function,
          HeftDataset         *data,
          gsize                n_samples,
          guint64              seed,
          guint64              first_draw,
          guint                n_draws,
          gboolean             at_mean,
          guint                n_threads,
          GCancellable        *cancellable,
          HeftEvaluation      *evaluation,
          GError             **error)
{
  g_autoptr (HeftPool) pool = heft_pool_new (n_threads);
  const guint n_workers = heft_pool_get_n_workers (pool);
  heft_aligned_autofree float *weights = at_mean ? NULL : heft_aligned_new (float, posterior->n);
  Running loss = { 0 }, error_rate = { 0 };
  gboolean success = TRUE;
  Evaluation work;

  evaluation_init (&work, network, loss_function, data, n_samples, n_workers, cancellable);
  for (guint i = 0; i < n_draws && success; i++)
    {
      double draw_loss, draw_error;

      if (!at_mean)
        heft_posterior_draw (posterior, seed, first_draw + i, weights);
      success = evaluate_weights (&work, pool, at_mean ? posterior->mean : weights, &draw_loss, &draw_error, error);
      if (success)
        {
          running_add (&loss, draw_loss);
          running_add (&error_rate, draw_error);
        }
    }
  if (success)
    *evaluation = (HeftEvaluation) {
      .loss = loss.mean,
      .loss_error = running_error (&loss),
      .error = error_rate.mean,
      .error_error = running_error (&error_rate),
      .n_draws = n_draws,
      .n_samples = work.n_samples,
    };
  evaluation_clear (&work, n_workers);
  return success;
}

gboolean
heft_evaluate (HeftNetwork         *network,
               const HeftPosterior *posterior,
               HeftDataset         *data,
               gsize                n_samples,
               guint64              seed,
               guint64              first_draw,
               guint                n_draws,
               guint                n_threads,
               GCancellable        *cancellable,
               HeftEvaluation      *evaluation,
               GError             **error)
{
  const HeftLoss loss = { HEFT_LOSS_SOFTMAX, 0.0 };

  return heft_evaluate_loss (network, posterior, &loss, FALSE, data, n_samples, seed, first_draw, n_draws, n_threads,
                             cancellable, evaluation, error);
}

gboolean
heft_evaluate_loss (HeftNetwork         *network,
                    const HeftPosterior *posterior,
                    const HeftLoss      *loss,
                    gboolean             at_mean,
                    HeftDataset         *data,
                    gsize                n_samples,
                    guint64              seed,
                    guint64              first_draw,
                    guint                n_draws,
                    guint                n_threads,
                    GCancellable        *cancellable,
                    HeftEvaluation      *evaluation,
                    GError             **error)
{
  const gboolean point = at_mean || posterior->kind == HEFT_POSTERIOR_DIRAC;

  /* Every draw of a Dirac is its mean. */
  return evaluate (network, posterior, loss, data, n_samples, seed, first_draw, point ? 1 : MAX (n_draws, 1), point, n_threads,
                   cancellable, evaluation, error);
}

gboolean
heft_evaluate_mean (HeftNetwork         *network,
                    const HeftPosterior *posterior,
                    HeftDataset         *data,
                    gsize                n_samples,
                    guint                n_threads,
                    GCancellable        *cancellable,
                    HeftEvaluation      *evaluation,
                    GError             **error)
{
  const HeftLoss loss = { HEFT_LOSS_SOFTMAX, 0.0 };

  return heft_evaluate_loss (network, posterior, &loss, TRUE, data, n_samples, 0, 0, 1, n_threads, cancellable, evaluation, error);
}
