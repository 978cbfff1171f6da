/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "train/trainer-private.h"

G_BEGIN_DECLS

/*
 * A network that is more than a chain of dense layers is trained operation by operation, each shard of the batch by one worker: the
 * operations between dense layers go sample by sample, so that what they hand on stays in the cache, and dense layers take all rows
 * of the shard at once.
 *
 * Images lie place by place (row, column, channel): the channels of a place are side by side, and a convolution is a dense layer
 * whose rows are places. The noise of channel c at place p of sample r is element (r places + p) channels + c of its layer's stream.
 */
typedef enum
{
  HEFT_OPERATION_DENSE,         /* with its activation */
  HEFT_OPERATION_CONVOLUTION,   /* with its activation and the max pooling behind it */
  HEFT_OPERATION_ACTIVATE,
  HEFT_OPERATION_MAX_POOL,
  HEFT_OPERATION_AVERAGE_POOL,
  HEFT_OPERATION_GLOBAL_AVERAGE_POOL,
  HEFT_OPERATION_NORMALISE,
  HEFT_OPERATION_ADD,           /* the end of a residual block */
  HEFT_OPERATION_DROP,          /* dropout, before every layer with weights but the first; element (r size + i) of its stream decides */
  HEFT_OPERATION_TRANSPOSE,     /* flattening: from place by place to channel by channel */
} HeftOperationKind;

struct _HeftOperation
{
  HeftOperationKind    kind;
  const HeftLayer     *layer;
  HeftStage           *stage;             /* DENSE and CONVOLUTION */
  HeftKernelActivation activation;        /* ACTIVATE */
  int                  from, shortcut;    /* operations whose outputs enter; -1: the network's inputs */
  gsize                in_size, size;     /* numbers a sample */

  /* Batch x size each. A gradient is that of the loss with respect to the output; NULL where it would be that of the inputs. An
   * output with several readers has its gradient set by the one that comes first on the way back; the others add. */
  const float         *input, *shortcut_input;
  float               *input_gradient, *shortcut_gradient;
  gboolean             adds, shortcut_adds;
  float               *output, *gradient;
  float               *slope;             /* ACTIVATE and DROP: its derivative; NORMALISE: 1 / deviation a group */
  guint32             *winners;           /* MAX_POOL: place of each maximum in its window */
};

/* What one worker needs for one sample at a time. */
struct _HeftScratch
{
  float *image, *image_squares;            /* a convolution's input with its padding, and its squares */
  float *image_gradient, *square_gradient; /* the same of gradients */
  float *h, *squares, *slope, *noise;      /* of a convolution's output before it is pooled */
  float *dz, *dv;
};

static inline HeftWindow
heft_layer_window (const HeftLayer *layer)
{
  return (HeftWindow) {
    .channels = layer->input.channels, .height = layer->input.height, .width = layer->input.width,
    .out_height = layer->output.height, .out_width = layer->output.width,
    .kernel = layer->kernel, .stride = layer->stride, .padding = layer->padding,
  };
}

/* --- operations.c: from layers to operations and the memory they need --- */

/* Fills @self's stages, and its operations where the network is no chain of dense layers. */
void heft_trainer_build_operations (HeftTrainer *self);

/* --- One sample, @s its row in the batch --- */

void heft_convolution_forward      (HeftTrainer *self, const HeftOperation *operation, gsize s, HeftScratch *scratch);
/* Adds the sample's share to the weights' gradient at @partial (and the variances' behind it). */
void heft_convolution_backward     (HeftTrainer *self, const HeftOperation *operation, gsize s, HeftScratch *scratch,
                                    float *partial);
void heft_operation_forward        (HeftTrainer *self, const HeftOperation *operation, gsize s);
void heft_operation_backward       (HeftTrainer *self, const HeftOperation *operation, gsize s);

/* --- A convolution's weights as its kernels want them: (kernel row, kernel column, channel) x outputs, filled up --- */

static inline gsize
heft_fill_up (gsize channels)
{
  return (channels + HEFT_KERNEL_CHANNELS - 1) / HEFT_KERNEL_CHANNELS * HEFT_KERNEL_CHANNELS;
}

/* The row there of row @i of the weights; the bias comes last in both. */
static inline gsize
heft_packed_row (const HeftLayer *layer,
                 gsize            i)
{
  const gsize window = layer->kernel * layer->kernel;

  return i < layer->fan_in ? i % window * layer->input.channels + i / window : i;
}

static inline gsize
heft_packed_size (const HeftLayer *layer)
{
  return (layer->fan_in + 1) * heft_fill_up (layer->fan_out);
}

/* Copies the weights of kernel places [@first, @end) into that form, and transposed where a gradient goes further back. */
void heft_convolution_pack         (HeftTrainer *self, const HeftStage *stage, gsize first, gsize end);

/* A shard's own sums of a convolution's gradients: the means', then the variances'. */
static inline gsize
heft_stage_partial_size (const HeftTrainer *self,
                         const HeftStage   *stage)
{
  return (heft_trainer_is_noisy (self) ? 2 : 1) * heft_packed_size (stage->layer);
}

static inline float *
heft_stage_partial (const HeftTrainer *self,
                    const HeftStage   *stage,
                    guint              shard)
{
  return stage->partials + shard * heft_stage_partial_size (self, stage);
}

/* --- shard.c: a part of the batch through all operations and back --- */

void heft_trainer_run_shard        (HeftTrainer *self, HeftTask *task, guint worker);

G_END_DECLS
