/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/trainer.h>

#include "linalg/kernels.h"
#include "linalg/pool.h"

G_BEGIN_DECLS

#define HEFT_MAX_PARTS 8

/*
 * A stage is a weight layer with the activation behind it. Its matrices are row-major, a row a sample of the batch. What they hold
 * changes during a step:
 *   h        mean of the pre-activation, then the activation; of the last stage the logits, then dloss/dlogits
 *   squares  variance of the pre-activation, then the activation's square       (mean-field)
 *   noise    standard normals, then dz/dvariance                                (mean-field)
 *   dz, dv   gradient with respect to activation and square, then to mean and variance of the pre-activation
 */
typedef struct
{
  const HeftLayer     *layer;
  HeftKernelActivation activation;
  gsize                in, out, offset;
  guint32              noise_key[2];
  const float         *input;
  float               *input_squares;
  float               *h, *squares, *slope, *noise, *dz, *dv;

  /* Dense chains: the inputs are cut into parts, each part's product with its rows of the weights is one addend of the
   * pre-activation. The first lies in h (squares), the others, batch x out each, here. */
  guint                n_addends;
  float               *addends, *square_addends;

  /* Convolutions; see operation.h. */
  gsize                places;         /* of one sample's output before it is pooled; 1 for a dense layer */
  gsize                size;           /* numbers of one sample in h */
  const HeftLayer     *pool;           /* max pooling fused behind it, or NULL */
  guint32             *winners;
  float               *partials;       /* gradients of each shard, for means and then for variances */
  float               *packed, *packed_variance;           /* see heft_convolution_pack() */
  float               *transposed, *transposed_variance;   /* NULL where no gradient goes further back */

  /* Of the posterior as it stands. */
  HeftUpdateSums       sums;
  double               first_square;   /* sums.square at the start, to see which layer grew */
  double               first_curvature;  /* IVON: of the Hessian estimate */
  HeftUpdate           update;         /* of the running step */
} HeftStage;

typedef enum
{
  HEFT_TASK_FORWARD,    /* rows x columns of a stage's input: the input, then their addend of its pre-activation */
  HEFT_TASK_LOSS,       /* rows: of the last stage, what is behind the products, and the loss */
  HEFT_TASK_BACKWARD,   /* rows x columns of the gradient behind stage - 1 */
  HEFT_TASK_SHARD,      /* rows: all of the above, from a stage on and back to it */
  HEFT_TASK_PACK,       /* rows: kernel places of a convolution */
  HEFT_TASK_OPERATIONS, /* the same for a network that is no chain of dense layers */
  HEFT_TASK_UPDATE,     /* weights: rows and columns of the stage's block, bias row included */
} HeftTaskKind;

typedef struct
{
  HeftTaskKind kind;
  guint        stage;
  guint        shard;        /* OPERATIONS: which shard; FORWARD: which addend */
  gsize        row0, row1, column0, column1;

  /* Written by the worker that has the task. */
  double         loss;       /* summed over rows */
  gsize          n_wrong;
  HeftUpdateSums sums;
  gboolean       failed;     /* the gradient is not finite: nothing was changed */
} HeftTask;

/*
 * How one step is cut up: phases of tasks with a barrier between phases. It depends on the shapes alone, never on the number of
 * threads, because the cuts decide in what order numbers are added. Worker w takes tasks w, w + n, ... of a phase.
 */
typedef struct
{
  gsize     batch;
  gboolean  alone;           /* so little work that waking the others would cost more */
  guint     n_cut;           /* dense chains: stages whose inputs are cut into parts; the others go by rows */
  GArray   *tasks;           /* HeftTask */
  GArray   *phase_ends;      /* guint */
  guint     loss_phase;      /* after it the loss is known */
  guint     n_shards;        /* of the operations, each with its own partial gradients; else 0 */
} HeftPlan;

typedef struct _HeftOperation HeftOperation;
typedef struct _HeftScratch HeftScratch;
typedef struct _HeftWhole HeftWhole;

struct _HeftTrainer
{
  HeftNetwork       *network;
  HeftDataset       *train;
  HeftPrior         *prior;
  HeftPosterior     *posterior;          /* what the passes run */
  HeftPosterior     *code;               /* what is trained: the same, or what the point @posterior is drawn from */
  HeftPool          *pool;
  const HeftKernels *kernels;

  HeftOptimizer      optimizer;
  HeftObjective      objective;
  HeftLoss           loss_function;
  double             dropout;
  double             beta, learning_rate, momentum, decay, clip, anneal_epochs;
  HeftSchedule       schedule;
  double             rate;               /* of the running step */
  double             ceiling;            /* B: the most a sample's loss counts; infinite where it is not clamped */
  double             delta;
  double             risk;               /* running mean of loss / B */
  guint64            seed;
  guint64            step;               /* done so far */
  guint64            optimizer_step;     /* since the optimiser's state was last zero */
  guint64            samples_seen;
  double             loss_limit;         /* 0 until the first loss is known */

  guint              n_stages;
  HeftStage         *stages;             /* one a layer with weights */
  guint              n_operations;       /* 0 for a chain of dense layers */
  HeftOperation     *operations;
  HeftScratch       *scratch;            /* one a worker, for the operations */
  gboolean           images_by_place;    /* inputs are turned from channel by channel to place by place */
  HeftPlan           plan;
  gsize              batch;              /* as asked for; plan.batch is at most N */

  /* k each, in HeftNetwork's layout, or NULL where the posterior or optimiser has no use for it. */
  float             *variance;
  float             *mean_moment1, *mean_moment2, *deviation_moment1, *deviation_moment2;
  const float       *centre;
  const float       *second;             /* what the second product of a noisy layer is with: variances, or Flipout's draw */
  gboolean           flips;              /* Flipout instead of local reparametrisation */
  HeftWhole         *whole;              /* for steps that need the gradient whole, or NULL; see whole.h */

  float             *workspace;          /* all of the stages' matrices */
  float             *inputs, *input_squares;
  guint8            *input_bytes;        /* instead of both, where a chain's first product can take them; each means byte_scale times it */
  float              byte_scale;
  guint8            *labels;
  float             *losses;
  guint32           *indices;
  guint32           *order;              /* of the epoch @order_epoch */
  guint64            order_epoch;
  gsize              tile_size;          /* floats of one gradient tile */
  float             *tiles;              /* two a worker */
  float             *zeros;              /* as many as the widest place has channels */
  gsize              widest_dense;       /* inputs of a dense layer among the operations */
  float             *square_gradients;   /* batch x widest_dense; layers use less of their own rows */
  double             loss;               /* of the running step, summed over the batch; written by worker 0 */
};

/* What step @t (from 1) of an optimiser needs; its beta and precision are still to be set. */
HeftUpdate heft_trainer_update (HeftOptimizer optimizer, double rate, double momentum, guint64 t);

/* Cuts a step into tasks; @in_operations where the network is no chain of dense layers. */
void     heft_plan_build  (HeftPlan *self, const HeftStage *stages, guint n_stages, gboolean in_operations, gsize batch,
                           gsize *tile_size);
void     heft_plan_clear  (HeftPlan *self);
/* Into how many parts the plan cuts that many inputs of a dense layer. */
guint    heft_plan_n_parts (gsize inputs, gsize batch);

/* One step's tasks on all workers; FALSE if the loss or a gradient left the finite numbers. */
gboolean heft_trainer_run_plan (HeftTrainer *self);

/* --- workspace.c --- */

/* Workspace and plan for @batch; on failure nothing has changed. */
gboolean heft_trainer_prepare_batch (HeftTrainer *self, gsize batch, GError **error);

/* --- step.c, for whoever cuts the work --- */

void     heft_step_gather_rows   (HeftTrainer *self, gsize row0, gsize row1);
/* Element r out + c of the stage's stream is the noise of row r, column c, however the matrix is cut. */
void     heft_step_fill_noise    (HeftTrainer *self, const HeftStage *stage, gsize row0, gsize row1, gsize column0, gsize column1);
/* From a dense stage's input to its activation. */
void     heft_step_forward_block (HeftTrainer *self, const HeftStage *stage, gsize row0, gsize row1);
/* The loss from the last stage's logits; h becomes the gradient with respect to the logits' mean, dv to their variance. */
void     heft_step_loss_rows     (HeftTrainer *self, HeftTask *task);
/* A loss above the ceiling counts as the ceiling and has no gradient; @gradients are those rows'. */
void     heft_step_clamp_rows    (HeftTrainer *self, gsize row0, gsize row1, gsize classes, float *gradients);

/* --- risk.c --- */

double   heft_trainer_current_beta (const HeftTrainer *self, double kl);
void     heft_trainer_begin_risk   (HeftTrainer *self);
void     heft_trainer_follow_risk  (HeftTrainer *self, double loss);

/* --- noise.c: what local reparametrisation and Flipout do differently. Blocks are rows row0 .. row1 - 1 and columns of a
 * stage's matrices; for a convolution see below. --- */

/* What the second product of @stage takes: squares of @x, or @x with the signs of these rows and inputs. */
void     heft_noise_second_inputs (HeftTrainer *self, const HeftStage *stage, gsize row0, gsize row1, gsize column0, gsize column1,
                                   const float *x, float *out);
/* From both products to the activation, and what the next stage's second product takes. */
void     heft_noise_activate      (HeftTrainer *self, const HeftStage *stage, gsize row0, gsize row1, gsize column0, gsize column1);
/* Back through the second inputs of the stage behind @before and @before's activation. */
void     heft_noise_backward      (HeftTrainer *self, const HeftStage *before, gsize row0, gsize row1, gsize column0, gsize column1);
/* @gradient gets what @second_gradient, with respect to @second, means for @x. */
void     heft_noise_add_gradient  (HeftTrainer *self, gsize n, const float *x, const float *second, const float *second_gradient,
                                   float *gradient);
/* The same for sample @s of a convolution: its image of @n_pixels with its channels side by side, and its places of outputs. */
void     heft_noise_second_image  (HeftTrainer *self, const HeftStage *stage, gsize s, gsize n_pixels, const float *image, float *out);
void     heft_noise_activate_image (HeftTrainer *self, const HeftStage *stage, HeftKernelActivation activation, gsize s, float *h,
                                    float *squares, float *slope, float *noise);

static inline gboolean
heft_trainer_is_noisy (const HeftTrainer *self)
{
  return self->posterior->kind == HEFT_POSTERIOR_MEAN_FIELD;
}

G_END_DECLS
