/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>
#include <string.h>

#include "linalg/linalg.h"
#include "train/whole.h"

/* Weights of a chunk: its vectors stay in the second-level cache. */
#define CHUNK 32768

#define LARGEST_SQUARED_GRADIENT 1e30

/* Streams of weights drawn for training, beside those of the layers' pre-activations. */
#define DRAWS (1u << 16)
#define DIRECTIONS (1u << 17)

gboolean
heft_whole_needed (const HeftTrainer *self)
{
  return self->code != self->posterior || self->flips || self->clip > 0.0 || self->optimizer == HEFT_OPTIMIZER_ADAMW ||
         heft_prior_get_kind (self->prior) == HEFT_PRIOR_SCALE_MIXTURE;
}

/* Whether weights are drawn, for the passes or for the prior's cost alone. */
static gboolean
draws (const HeftTrainer *self)
{
  return self->code->log_deviation != NULL &&
         (self->code != self->posterior || self->flips || heft_prior_get_kind (self->prior) == HEFT_PRIOR_SCALE_MIXTURE);
}

static void
cut (HeftWhole         *self,
     const HeftTrainer *trainer)
{
  self->chunks = g_array_new (FALSE, TRUE, sizeof (HeftChunk));
  for (guint i = 0; i < trainer->n_stages; i++)
    {
      const HeftLayer *layer = trainer->stages[i].layer;
      const gsize end = layer->offset + layer->n_parameters;

      for (gsize first = layer->offset; first < end; first += CHUNK)
        {
          const HeftChunk chunk = { .stage = i, .first = first, .end = MIN (first + CHUNK, end) };

          g_array_append_val (self->chunks, chunk);
        }
    }
}

HeftWhole *
heft_whole_new (HeftTrainer *trainer)
{
  HeftWhole *self = g_new0 (HeftWhole, 1);
  const HeftPosterior *code = trainer->code;
  const gsize k = code->n, r = code->rank;

  cut (self, trainer);
  self->gradient = heft_aligned_new (float, k);
  self->scale = 1.0;
  if (code->log_deviation != NULL)
    {
      self->second = heft_aligned_new (float, k);
      self->displacement = heft_aligned_new (float, k);
      if (code == trainer->posterior)
        self->own_weights = heft_aligned_new (float, k);
      self->weights = code == trainer->posterior ? self->own_weights : trainer->posterior->mean;
    }
  if (r == 0)
    return self;
  self->factor_gradients = heft_aligned_new (float, r * k);
  self->factor_moment1 = heft_aligned_new (float, r * k);
  self->factor_moment2 = heft_aligned_new (float, r * k);
  self->z = g_new0 (float, r * trainer->n_stages);
  self->inverses = g_new0 (float, r * r * trainer->n_stages);
  self->log_determinants = g_new0 (double, trainer->n_stages);
  return self;
}

void
heft_whole_free (HeftWhole *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->chunks);
  heft_aligned_free (self->gradient);
  heft_aligned_free (self->second);
  heft_aligned_free (self->displacement);
  heft_aligned_free (self->own_weights);
  heft_aligned_free (self->factor_gradients);
  heft_aligned_free (self->factor_moment1);
  heft_aligned_free (self->factor_moment2);
  g_free (self->z);
  g_free (self->inverses);
  g_free (self->log_determinants);
  g_free (self);
}

typedef void (*ChunkFunction) (HeftTrainer *self, HeftChunk *chunk);

typedef struct
{
  HeftTrainer  *trainer;
  ChunkFunction function;
} Work;

static void
run_chunks (HeftPool *pool,
            guint     worker,
            gpointer  data)
{
  const Work *work = data;
  GArray *chunks = work->trainer->whole->chunks;
  const guint n_workers = pool != NULL ? heft_pool_get_n_workers (pool) : 1;

  for (guint i = worker; i < chunks->len; i += n_workers)
    work->function (work->trainer, &g_array_index (chunks, HeftChunk, i));
}

static void
for_each_chunk (HeftTrainer  *self,
                ChunkFunction function)
{
  Work work = { self, function };

  if (self->plan.alone)
    heft_pool_run_alone (self->pool, run_chunks, &work);
  else
    heft_pool_run (self->pool, run_chunks, &work);
}

/* --- Drawing ------------------------------------------------------------------------------------------------------------ */

static void
draw_chunk (HeftTrainer *self,
            HeftChunk   *chunk)
{
  const HeftPosterior *code = self->code;
  HeftWhole *whole = self->whole;
  const gsize first = chunk->first, n = chunk->end - first;
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, DRAWS | chunk->stage);

  heft_stream_normals_f32 (stream, self->step, first - self->stages[chunk->stage].offset, n, whole->displacement + first);
  self->kernels->draw (n, code->mean + first, code->log_deviation + first, whole->displacement + first, whole->weights + first);
  for (gsize j = 0; j < code->rank; j++)
    heft_axpy_f32 (n, whole->z[chunk->stage * code->rank + j], code->factors + j * code->n + first, whole->weights + first);
}

void
heft_whole_draw (HeftTrainer *self)
{
  const gsize rank = self->code->rank;

  if (!draws (self))
    return;
  for (guint i = 0; i < self->n_stages && rank > 0; i++)
    heft_stream_normals_f32 (heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, DIRECTIONS | i), self->step, 0, rank,
                             self->whole->z + i * rank);
  for_each_chunk (self, draw_chunk);
}

/* --- The gradient ------------------------------------------------------------------------------------------------------- */

void
heft_whole_keep (HeftTrainer     *self,
                 const HeftStage *stage,
                 const HeftTask  *task,
                 const float     *gradient,
                 const float     *second)
{
  const gsize columns = task->column1 - task->column0;

  for (gsize r = task->row0; r < task->row1; r++)
    {
      const gsize to = stage->offset + r * stage->out + task->column0, from = (r - task->row0) * columns;

      memcpy (self->whole->gradient + to, gradient + from, columns * sizeof *gradient);
      if (second != NULL)
        memcpy (self->whole->second + to, second + from, columns * sizeof *second);
    }
}

static HeftKernelChain
chain (const HeftTrainer *self)
{
  if (self->code->log_deviation == NULL)
    return HEFT_CHAIN_NONE;
  if (self->optimizer == HEFT_OPTIMIZER_IVON)
    return HEFT_CHAIN_CURVATURE;
  if (self->flips)
    return HEFT_CHAIN_DISPLACEMENT;
  return self->code != self->posterior ? HEFT_CHAIN_DRAW : HEFT_CHAIN_VARIANCE;
}

static HeftCodeGradient
code_gradient (const HeftTrainer *self,
               guint              stage)
{
  const double lambda = heft_prior_get_lambda (self->prior, stage);
  const gsize rank = self->code->rank;
  HeftCodeGradient o = { .chain = chain (self), .rank = (guint) rank };
  double share, lambda2;

  /* A point is trained on the loss alone. */
  o.beta = o.chain == HEFT_CHAIN_NONE ? 0.0f : self->stages[stage].update.beta;
  o.mixture = heft_prior_get_mixture (self->prior, &share, &lambda2) && o.chain != HEFT_CHAIN_NONE;
  if (o.mixture)
    {
      o.log_share1 = (float) (log (share) - log (lambda));
      o.log_share2 = (float) (log1p (-share) - log (lambda2));
      o.precision1 = (float) (1.0 / (lambda * lambda));
      o.precision2 = (float) (1.0 / (lambda2 * lambda2));
    }
  else
    {
      o.precision = (float) (1.0 / (lambda * lambda));
    }
  if (rank > 0)
    {
      o.z = self->whole->z + stage * rank;
      o.inverse = self->whole->inverses + stage * rank * rank;
    }
  return o;
}

static inline float *
at (float *x,
    gsize  offset)
{
  return x != NULL ? x + offset : NULL;
}

static void
gradient_chunk (HeftTrainer *self,
                HeftChunk   *chunk)
{
  const HeftPosterior *code = self->code;
  HeftWhole *whole = self->whole;
  const HeftCodeGradient o = code_gradient (self, chunk->stage);
  const gsize first = chunk->first;
  const HeftCodeGradientBlock block = {
    .mean = code->mean + first,
    .centre = self->centre != NULL ? self->centre + first : NULL,
    .variance = at (self->variance, first),
    .displacement = draws (self) ? whole->displacement + first : NULL,
    .weights = at (whole->weights, first),
    .factors = at (code->factors, first),
    .stride = code->n,
    .gradient = whole->gradient + first,
    .second = at (whole->second, first),
    .factor_gradients = at (whole->factor_gradients, first),
  };

  chunk->sums = (HeftUpdateSums) { 0 };
  self->kernels->code_gradient (chunk->end - first, &o, block, &chunk->sums);
  /* Looked at before anything is changed, so that the posterior stays finite. */
  chunk->failed = !(chunk->sums.gradient < LARGEST_SQUARED_GRADIENT);
}

/* --- The optimiser ------------------------------------------------------------------------------------------------------ */

/* One vector by its gradient, as Adam or as SGD with momentum. */
static void
follow (HeftTrainer      *self,
        const HeftUpdate *update,
        gsize             n,
        float            *x,
        float            *moment1,
        float            *moment2,
        const float      *gradient)
{
  const HeftUpdateBlock block = { .mean = x, .mean_moment1 = moment1, .mean_moment2 = moment2 };

  (self->optimizer == HEFT_OPTIMIZER_SGD ? self->kernels->sgd_dirac : self->kernels->adam_dirac)
    (1, n, n, update, block, gradient, n);
}

static void
clip (HeftTrainer     *self,
      const HeftChunk *chunk)
{
  HeftWhole *whole = self->whole;
  const gsize first = chunk->first, n = chunk->end - first;
  const float factor = (float) whole->scale;

  if (whole->scale >= 1.0)
    return;
  self->kernels->scale (n, factor, whole->gradient + first);
  /* IVON's curvature estimate is linear in the gradient too. */
  if (whole->second != NULL)
    self->kernels->scale (n, factor, whole->second + first);
  for (gsize j = 0; j < self->code->rank; j++)
    self->kernels->scale (n, factor, whole->factor_gradients + j * self->code->n + first);
}

static HeftUpdateBlock
block_at (HeftTrainer *self,
          gsize        first)
{
  return (HeftUpdateBlock) {
    .mean = self->code->mean + first,
    .log_deviation = at (self->code->log_deviation, first),
    .variance = at (self->variance, first),
    .mean_moment1 = at (self->mean_moment1, first),
    .deviation_moment1 = at (self->deviation_moment1, first),
    .centre = self->centre != NULL ? self->centre + first : NULL,
  };
}

static void
ivon_chunk (HeftTrainer     *self,
            const HeftChunk *chunk)
{
  const HeftStage *stage = &self->stages[chunk->stage];
  const double lambda = heft_prior_get_lambda (self->prior, chunk->stage);
  const double beta = (double) stage->update.beta, delta = beta / (lambda * lambda);
  const HeftIvon update = {
    .rate = (float) ((double) stage->update.rate * (stage->first_curvature + delta)),
    .decay1 = stage->update.decay1,
    .decay2 = stage->update.decay2,
    .correction = (float) (1.0 / (1.0 - pow ((double) stage->update.decay1, (double) (self->optimizer_step + 1)))),
    .delta = (float) delta,
    .log_beta = (float) log (beta),
  };

  self->kernels->ivon (chunk->end - chunk->first, &update, block_at (self, chunk->first), self->whole->gradient + chunk->first,
                       self->whole->second + chunk->first);
}

static void
descend (HeftTrainer     *self,
         const HeftChunk *chunk)
{
  HeftWhole *whole = self->whole;
  HeftPosterior *code = self->code;
  const HeftUpdate *update = &self->stages[chunk->stage].update;
  const gsize first = chunk->first, n = chunk->end - first;

  if (self->optimizer == HEFT_OPTIMIZER_ADAMW)
    self->kernels->scale (n, (float) (1.0 - self->rate * self->decay), code->mean + first);
  follow (self, update, n, code->mean + first, self->mean_moment1 + first, at (self->mean_moment2, first), whole->gradient + first);
  if (code->log_deviation == NULL)
    return;
  follow (self, update, n, code->log_deviation + first, self->deviation_moment1 + first, at (self->deviation_moment2, first),
          whole->second + first);
  self->kernels->refresh (n, code->log_deviation + first, self->variance + first);
  for (gsize j = 0; j < code->rank; j++)
    {
      const gsize place = j * code->n + first;

      follow (self, update, n, code->factors + place, whole->factor_moment1 + place, whole->factor_moment2 + place,
              whole->factor_gradients + place);
    }
}

/* What KL is made of. */
static void
measure_chunk (HeftTrainer *self,
               HeftChunk   *chunk)
{
  const HeftPosterior *code = self->code;
  const gsize first = chunk->first, n = chunk->end - first;
  HeftUpdateBlock block = block_at (self, first);
  HeftUpdateSums sums = { .gradient = chunk->sums.gradient, .cost = chunk->sums.cost };

  self->kernels->measure (1, n, n, block, &sums);
  chunk->sums.square = sums.square;
  chunk->sums.log_deviation = sums.log_deviation;
  if (code->rank == 0)
    return;
  memset (chunk->gram, 0, sizeof chunk->gram);
  chunk->factor_square = 0.0;
  self->kernels->weighted_gram (n, (guint) code->rank, code->factors + first, code->n, self->variance + first, chunk->gram,
                                &chunk->factor_square);
}

static void
update_chunk (HeftTrainer *self,
              HeftChunk   *chunk)
{
  clip (self, chunk);
  if (self->optimizer == HEFT_OPTIMIZER_IVON)
    ivon_chunk (self, chunk);
  else
    descend (self, chunk);
  measure_chunk (self, chunk);
}

/* --- What KL is made of -------------------------------------------------------------------------------------------------- */

/* Inverse and determinant of I + V^T diag(1/sigma^2) V, the sum of the chunks' @gram in its lower triangle. */
static void
invert (HeftTrainer *self,
        guint        stage,
        double      *gram)
{
  const gsize r = self->code->rank;
  double inverse[HEFT_MAX_RANK * HEFT_MAX_RANK] = { 0 };
  float *target = self->whole->inverses + stage * r * r;

  for (gsize i = 0; i < r; i++)
    {
      gram[i * r + i] += 1.0;
      inverse[i * r + i] = 1.0;
    }
  /* The identity plus a Gram matrix: only what is not finite can fail, and is not used then. */
  if (!heft_cholesky_factor (r, gram, NULL))
    return;
  self->whole->log_determinants[stage] = heft_cholesky_log_determinant (r, gram);
  heft_cholesky_solve (r, gram, r, inverse);
  for (gsize i = 0; i < r * r; i++)
    target[i] = (float) inverse[i];
}

/* The stages' sums, in the order of the chunks. */
static void
collect (HeftTrainer *self)
{
  HeftWhole *whole = self->whole;
  const gsize r = self->code->rank;
  double gram[HEFT_MAX_RANK * HEFT_MAX_RANK];
  guint next = 0;

  for (guint i = 0; i < self->n_stages; i++)
    {
      HeftUpdateSums *sums = &self->stages[i].sums;

      *sums = (HeftUpdateSums) { 0 };
      memset (gram, 0, sizeof gram);
      for (; next < whole->chunks->len && g_array_index (whole->chunks, HeftChunk, next).stage == i; next++)
        {
          const HeftChunk *chunk = &g_array_index (whole->chunks, HeftChunk, next);

          sums->square += chunk->sums.square;
          sums->log_deviation += chunk->sums.log_deviation;
          if (r == 0)
            continue;
          sums->square += chunk->factor_square;
          for (gsize j = 0; j < r * r; j++)
            gram[j] += chunk->gram[j];
        }
      if (r > 0)
        invert (self, i, gram);
    }
}

void
heft_whole_measure (HeftTrainer *self)
{
  for_each_chunk (self, measure_chunk);
  collect (self);
}

gboolean
heft_whole_update (HeftTrainer *self)
{
  HeftWhole *whole = self->whole;
  double square = 0.0;

  for_each_chunk (self, gradient_chunk);
  whole->cost = 0.0;
  for (guint i = 0; i < whole->chunks->len; i++)
    {
      const HeftChunk *chunk = &g_array_index (whole->chunks, HeftChunk, i);

      if (chunk->failed)
        return FALSE;
      square += chunk->sums.gradient;
      whole->cost += chunk->sums.cost;
    }
  whole->norm = sqrt (square);
  whole->scale = self->clip > 0.0 && whole->norm > self->clip ? self->clip / whole->norm : 1.0;
  for_each_chunk (self, update_chunk);
  collect (self);
  return TRUE;
}
