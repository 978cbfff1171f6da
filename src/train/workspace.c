/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/linalg.h"
#include "nn/image.h"
#include "train/operation.h"

/* Hands out pieces of one allocation; with a NULL @base it only counts. */
typedef struct
{
  float *base;
  gsize  used;
} Arena;

static float *
take (Arena *arena,
      gsize  n)
{
  float *piece = arena->base != NULL ? arena->base + arena->used : NULL;

  arena->used += (n + 15) & ~(gsize) 15;
  return piece;
}

static void
lay_out_chain (HeftTrainer *self,
               Arena       *arena)
{
  const gsize batch = self->plan.batch;
  const gboolean noisy = heft_trainer_is_noisy (self);
  const gsize inputs = batch * heft_network_get_n_inputs (self->network);

  self->input_bytes = NULL;
  if (!self->plan.alone && !self->flips && heft_dataset_get_byte_scale (self->train, &self->byte_scale))
    {
      self->input_bytes = (guint8 *) take (arena, (inputs + sizeof (float) - 1) / sizeof (float));
      self->inputs = self->input_squares = NULL;
    }
  else
    {
      self->inputs = take (arena, inputs);
      self->input_squares = noisy ? take (arena, inputs) : NULL;
    }
  for (guint i = 0; i < self->n_stages; i++)
    {
      HeftStage *stage = &self->stages[i];
      const gsize size = batch * stage->out;
      const gboolean last = i + 1 == self->n_stages;

      stage->input = i == 0 ? self->inputs : stage[-1].h;
      stage->input_squares = i == 0 ? self->input_squares : stage[-1].squares;
      stage->h = take (arena, size);
      stage->squares = noisy ? take (arena, size) : NULL;
      stage->noise = noisy ? take (arena, size) : NULL;
      stage->slope = last ? NULL : take (arena, size);
      stage->n_addends = i < self->plan.n_cut ? heft_plan_n_parts (stage->in, self->plan.batch) : 1;
      stage->addends = stage->n_addends > 1 ? take (arena, (stage->n_addends - 1) * size) : NULL;
      stage->square_addends = stage->n_addends > 1 && noisy ? take (arena, (stage->n_addends - 1) * size) : NULL;
      /* The logits are not needed behind the loss: their matrices take the gradients. */
      stage->dz = last ? stage->h : take (arena, size);
      stage->dv = last || !noisy ? stage->squares : take (arena, size);
    }
}

static void
lay_out_scratch (HeftTrainer *self,
                 HeftScratch *scratch,
                 Arena       *arena)
{
  gsize size = 0, image = self->images_by_place ? heft_network_get_n_inputs (self->network) : 0;

  for (guint i = 0; i < self->n_stages; i++)
    {
      const HeftLayer *layer = self->stages[i].layer;

      if (layer->kind != HEFT_LAYER_CONVOLUTION)
        continue;
      /* Pooling with much padding can leave more than there was. */
      size = MAX (size, MAX (self->stages[i].places * self->stages[i].out, self->stages[i].size));
      image = MAX (image, layer->input.channels * (layer->input.height + 2 * layer->padding)
                          * (layer->input.width + 2 * layer->padding));
    }
  size += HEFT_KERNEL_CHANNELS;
  *scratch = (HeftScratch) {
    .image = take (arena, image),
    .image_gradient = take (arena, image),
    .h = take (arena, size),
    .slope = take (arena, size),
    .dz = take (arena, size),
  };
  if (!heft_trainer_is_noisy (self))
    return;
  scratch->image_squares = take (arena, image);
  scratch->square_gradient = take (arena, image);
  scratch->squares = take (arena, size);
  scratch->noise = take (arena, size);
  scratch->dv = take (arena, size);
}

static void
lay_out_convolution (HeftTrainer         *self,
                     const HeftOperation *operation,
                     Arena               *arena)
{
  HeftStage *stage = operation->stage;
  const HeftLayer *layer = stage->layer;
  const gsize transposed = layer->kernel * layer->kernel * layer->fan_out * heft_fill_up (layer->input.channels);
  const gboolean noisy = heft_trainer_is_noisy (self), back = operation->from >= 0;

  stage->partials = take (arena, self->plan.n_shards * heft_stage_partial_size (self, stage));
  stage->winners = stage->pool != NULL ? (guint32 *) (gpointer) take (arena, self->plan.batch * operation->size) : NULL;
  stage->packed = take (arena, heft_packed_size (layer));
  stage->transposed = back ? take (arena, transposed) : NULL;
  stage->packed_variance = noisy ? take (arena, heft_packed_size (layer)) : NULL;
  stage->transposed_variance = noisy && back ? take (arena, transposed) : NULL;
}

/* The matrices of a layer with weights beside its output and gradient. */
static void
lay_out_weights (HeftTrainer         *self,
                 const HeftOperation *operation,
                 gboolean             last,
                 Arena               *arena)
{
  HeftStage *stage = operation->stage;
  const gsize batch = self->plan.batch, size = batch * operation->size;
  const gboolean noisy = heft_trainer_is_noisy (self), dense = operation->kind == HEFT_OPERATION_DENSE;

  stage->input = operation->input;
  stage->h = operation->output;
  stage->dz = operation->gradient;
  stage->slope = last ? NULL : take (arena, size);
  stage->noise = noisy ? take (arena, size) : NULL;
  stage->input_squares = dense && noisy ? take (arena, batch * stage->in) : NULL;
  stage->squares = dense && noisy ? take (arena, size) : NULL;
  stage->dv = last || !(dense && noisy) ? stage->squares : take (arena, size);
  if (!dense)
    lay_out_convolution (self, operation, arena);
}

static float *
output_of (HeftTrainer *self,
           int          operation)
{
  return operation < 0 ? self->inputs : self->operations[operation].output;
}

static float *
gradient_of (HeftTrainer *self,
             int          operation)
{
  return operation < 0 ? NULL : self->operations[operation].gradient;
}

static void
lay_out_operations (HeftTrainer *self,
                    Arena       *arena)
{
  const gsize batch = self->plan.batch;
  gsize widest_place = 0;

  self->input_bytes = NULL;
  self->inputs = take (arena, batch * heft_network_get_n_inputs (self->network));
  self->widest_dense = 0;
  for (guint i = 0; i < self->n_operations; i++)
    {
      HeftOperation *operation = &self->operations[i];
      const gsize size = batch * operation->size;
      const gboolean last = i + 1 == self->n_operations;

      operation->input = output_of (self, operation->from);
      operation->input_gradient = gradient_of (self, operation->from);
      operation->shortcut_input = output_of (self, operation->shortcut);
      operation->shortcut_gradient = gradient_of (self, operation->shortcut);
      operation->output = take (arena, size);
      operation->gradient = last ? operation->output : take (arena, size);
      if (operation->kind == HEFT_OPERATION_ACTIVATE || operation->kind == HEFT_OPERATION_DROP)
        operation->slope = take (arena, size);
      if (operation->kind == HEFT_OPERATION_NORMALISE)
        operation->slope = take (arena, batch * operation->layer->kernel);
      if (operation->kind == HEFT_OPERATION_MAX_POOL)
        operation->winners = (guint32 *) (gpointer) take (arena, size);
      if (operation->stage != NULL)
        lay_out_weights (self, operation, last, arena);
      if (operation->kind == HEFT_OPERATION_DENSE)
        self->widest_dense = MAX (self->widest_dense, operation->in_size);
      widest_place = MAX (widest_place, operation->layer->output.channels);
    }
  self->zeros = take (arena, widest_place);
  self->square_gradients = heft_trainer_is_noisy (self) ? take (arena, batch * self->widest_dense) : NULL;
  for (guint i = 0; i < heft_pool_get_n_workers (self->pool); i++)
    lay_out_scratch (self, &self->scratch[i], arena);
}

static void
lay_out (HeftTrainer *self,
         Arena       *arena)
{
  const gsize batch = self->plan.batch;

  self->losses = take (arena, batch);
  self->indices = (guint32 *) (gpointer) take (arena, batch);
  self->labels = (guint8 *) take (arena, batch);
  self->tiles = take (arena, 2 * self->tile_size * heft_pool_get_n_workers (self->pool));
  if (self->n_operations > 0)
    lay_out_operations (self, arena);
  else
    lay_out_chain (self, arena);
}

gboolean
heft_trainer_prepare_batch (HeftTrainer *self,
                            gsize        batch,
                            GError     **error)
{
  const HeftPlan plan = self->plan;
  const gsize tile_size = self->tile_size;
  Arena arena = { NULL, 0 };
  float *workspace;

  self->plan = (HeftPlan) { 0 };
  heft_plan_build (&self->plan, self->stages, self->n_stages, self->n_operations > 0,
                   MIN (batch, heft_dataset_get_n_samples (self->train)), &self->tile_size);
  lay_out (self, &arena);
  workspace = heft_aligned_try_alloc (arena.used, sizeof (float), error);
  if (workspace == NULL)
    {
      heft_plan_clear (&self->plan);
      self->plan = plan;
      self->tile_size = tile_size;
      if (self->workspace != NULL)
        {
          arena = (Arena) { self->workspace, 0 };
          lay_out (self, &arena);
        }
      return FALSE;
    }

  heft_aligned_free (self->workspace);
  self->workspace = workspace;
  arena = (Arena) { workspace, 0 };
  lay_out (self, &arena);
  self->batch = batch;
  {
    HeftPlan old = plan;

    heft_plan_clear (&old);
  }
  return TRUE;
}

