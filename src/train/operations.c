/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/random-private.h"
#include "nn/image.h"
#include "train/operation.h"

/* Where the building stands, between two layers. */
typedef struct
{
  HeftTrainer *trainer;
  int          current;        /* the operation whose output is the current value, -1: the inputs */
  gsize        size;           /* of that value */
  gboolean     by_place;       /* whether it is an image that lies place by place */
  gboolean     takes_activation, takes_pool;   /* whether the current operation can still be given one */
  gsize        n_open;         /* residual blocks */
  int         *open;           /* what entered each */
} Builder;

static HeftStage *
add_stage (HeftTrainer     *self,
           const HeftLayer *layer)
{
  HeftStage *stage = &self->stages[self->n_stages];

  stage->layer = layer;
  stage->in = layer->fan_in;
  stage->out = layer->fan_out;
  stage->offset = layer->offset;
  stage->activation = HEFT_KERNEL_LINEAR;
  stage->places = layer->kind == HEFT_LAYER_CONVOLUTION ? heft_layer_places (layer) : 1;
  stage->size = stage->places * stage->out;
  heft_stream_key (heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, self->n_stages), stage->noise_key);
  self->n_stages++;
  return stage;
}

static HeftOperation *
add_operation (Builder           *builder,
               HeftOperationKind  kind,
               const HeftLayer   *layer)
{
  HeftTrainer *self = builder->trainer;
  HeftOperation *operation = &self->operations[self->n_operations];

  operation->kind = kind;
  operation->layer = layer;
  operation->from = builder->current;
  operation->shortcut = -1;
  operation->in_size = builder->size;
  operation->size = heft_shape_size (layer->output);
  builder->current = (int) self->n_operations++;
  builder->size = operation->size;
  builder->takes_activation = builder->takes_pool = FALSE;
  return operation;
}

static void
add_weights (Builder         *builder,
             const HeftLayer *layer)
{
  const gboolean dense = layer->kind == HEFT_LAYER_DENSE;
  HeftOperation *operation;

  if (builder->trainer->dropout > 0.0 && builder->trainer->n_stages > 0)
    {
      const gsize size = builder->size;

      operation = add_operation (builder, HEFT_OPERATION_DROP, layer);
      operation->size = builder->size = size;
    }
  operation = add_operation (builder, dense ? HEFT_OPERATION_DENSE : HEFT_OPERATION_CONVOLUTION, layer);

  operation->stage = add_stage (builder->trainer, layer);
  builder->takes_activation = TRUE;
  builder->takes_pool = !dense;
  if (dense)
    builder->by_place = FALSE;
}

static void
add_activation (Builder         *builder,
                const HeftLayer *layer)
{
  HeftTrainer *self = builder->trainer;

  if (layer->activation == HEFT_ACTIVATION_LINEAR)
    return;
  if (builder->takes_activation)
    {
      self->operations[builder->current].stage->activation = (HeftKernelActivation) layer->activation;
      builder->takes_activation = FALSE;
      return;
    }
  add_operation (builder, HEFT_OPERATION_ACTIVATE, layer)->activation = (HeftKernelActivation) layer->activation;
}

static void
add_max_pool (Builder         *builder,
              const HeftLayer *layer)
{
  HeftOperation *operation;

  if (!builder->takes_pool)
    {
      add_operation (builder, HEFT_OPERATION_MAX_POOL, layer);
      return;
    }
  operation = &builder->trainer->operations[builder->current];
  operation->stage->pool = layer;
  operation->stage->size = operation->size = builder->size = heft_shape_size (layer->output);
  builder->takes_activation = builder->takes_pool = FALSE;
}

static void
add_layer (Builder         *builder,
           const HeftLayer *layer)
{
  switch (layer->kind)
    {
    case HEFT_LAYER_DENSE:
    case HEFT_LAYER_CONVOLUTION:
      add_weights (builder, layer);
      break;
    case HEFT_LAYER_ACTIVATION:
      add_activation (builder, layer);
      break;
    case HEFT_LAYER_MAX_POOL:
      add_max_pool (builder, layer);
      break;
    case HEFT_LAYER_AVERAGE_POOL:
      add_operation (builder, HEFT_OPERATION_AVERAGE_POOL, layer);
      break;
    case HEFT_LAYER_GLOBAL_AVERAGE_POOL:
      add_operation (builder, HEFT_OPERATION_GLOBAL_AVERAGE_POOL, layer);
      break;
    case HEFT_LAYER_NORMALISATION:
      add_operation (builder, HEFT_OPERATION_NORMALISE, layer);
      break;
    case HEFT_LAYER_FLATTEN:
      builder->takes_activation = builder->takes_pool = FALSE;
      if (builder->by_place && layer->input.channels > 1 && layer->input.height * layer->input.width > 1)
        add_operation (builder, HEFT_OPERATION_TRANSPOSE, layer);
      builder->by_place = FALSE;
      break;
    case HEFT_LAYER_RESIDUAL_BEGIN:
      builder->takes_activation = builder->takes_pool = FALSE;
      builder->open[builder->n_open++] = builder->current;
      break;
    case HEFT_LAYER_RESIDUAL_END:
      add_operation (builder, HEFT_OPERATION_ADD, layer)->shortcut = builder->open[--builder->n_open];
      break;
    default:
      g_return_if_reached ();
    }
}

static gboolean
is_chain (const HeftTrainer *self)
{
  for (guint i = 0; i < self->n_operations; i++)
    if (self->operations[i].kind != HEFT_OPERATION_DENSE)
      return FALSE;
  return TRUE;
}

/* Of the readers of one output, the first on the way back sets its gradient. */
static void
settle_gradients (HeftTrainer *self)
{
  g_autofree gboolean *set = g_new0 (gboolean, self->n_operations);

  for (guint i = self->n_operations; i-- > 0;)
    {
      HeftOperation *operation = &self->operations[i];

      if (operation->from >= 0)
        {
          operation->adds = set[operation->from];
          set[operation->from] = TRUE;
        }
      if (operation->kind == HEFT_OPERATION_ADD && operation->shortcut >= 0)
        {
          operation->shortcut_adds = set[operation->shortcut];
          set[operation->shortcut] = TRUE;
        }
    }
}

void
heft_trainer_build_operations (HeftTrainer *self)
{
  const gsize n_layers = heft_network_get_n_layers (self->network);
  const HeftShape input = heft_network_get_input_shape (self->network);
  const HeftLayerKind first = heft_network_get_layer (self->network, 0)->kind;
  g_autofree int *open = g_new (int, n_layers);
  Builder builder = {
    .trainer = self, .current = -1, .size = heft_shape_size (input), .open = open,
    .by_place = first != HEFT_LAYER_DENSE && first != HEFT_LAYER_FLATTEN,
  };

  self->images_by_place = builder.by_place && input.channels > 1 && input.height * input.width > 1;
  self->stages = g_new0 (HeftStage, heft_network_get_n_weight_layers (self->network));
  self->operations = g_new0 (HeftOperation, n_layers + heft_network_get_n_weight_layers (self->network));
  for (gsize i = 0; i < n_layers; i++)
    add_layer (&builder, heft_network_get_layer (self->network, i));
  if (is_chain (self))
    {
      g_clear_pointer (&self->operations, g_free);
      self->n_operations = 0;
      return;
    }
  settle_gradients (self);
  self->scratch = g_new0 (HeftScratch, heft_pool_get_n_workers (self->pool));
}
