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
  const float         *input, *input_squares;
  float               *h, *squares, *slope, *noise, *dz, *dv;

  /* Of the posterior as it stands. */
  HeftUpdateSums       sums;
  double               first_square;   /* sums.square at the start, to see which layer grew */
  HeftUpdate           update;         /* of the running step */
} HeftStage;

typedef enum
{
  HEFT_TASK_GATHER,     /* rows of the batch */
  HEFT_TASK_FORWARD,    /* rows x columns of a stage's output */
  HEFT_TASK_LOSS,       /* rows: the last stage and the loss */
  HEFT_TASK_BACKWARD,   /* rows x columns of the gradient behind stage - 1 */
  HEFT_TASK_SHARD,      /* rows: all of the above */
  HEFT_TASK_UPDATE,     /* weights: rows and columns of the stage's block, bias row included */
} HeftTaskKind;

typedef struct
{
  HeftTaskKind kind;
  guint        stage;
  gsize        row0, row1, column0, column1;

  /* Written by the worker that has the task. */
  double         loss;       /* summed over rows */
  gsize          n_wrong;
  HeftUpdateSums sums;
  gboolean       failed;     /* the gradient is not finite: nothing was changed */
} HeftTask;

/*
 * How one step is cut up: phases of tasks with a barrier between phases. It depends on the shapes alone, never on the number of
 * threads, because a product's last bits depend on the shape it is computed in. Worker w takes tasks w, w + n, ... of a phase.
 */
typedef struct
{
  gsize     batch;
  gboolean  alone;           /* so little work that waking the others would cost more */
  GArray   *tasks;           /* HeftTask */
  GArray   *phase_ends;      /* guint */
  guint     loss_phase;      /* after it the loss is known */
} HeftPlan;

struct _HeftTrainer
{
  HeftNetwork       *network;
  HeftDataset       *train;
  HeftPrior         *prior;
  HeftPosterior     *posterior;
  HeftPool          *pool;
  const HeftKernels *kernels;

  HeftOptimizer      optimizer;
  double             beta, learning_rate, momentum;
  guint64            seed;
  guint64            step;               /* done so far */
  guint64            optimizer_step;     /* since the optimiser's state was last zero */
  guint64            samples_seen;
  double             loss_limit;         /* 0 until the first loss is known */

  guint              n_stages;
  HeftStage         *stages;
  HeftPlan           plan;
  gsize              batch;              /* as asked for; plan.batch is at most N */

  /* k each, in HeftNetwork's layout, or NULL where the posterior or optimiser has no use for it. */
  float             *variance;
  float             *mean_moment1, *mean_moment2, *deviation_moment1, *deviation_moment2;
  const float       *centre;

  float             *workspace;          /* all of the stages' matrices */
  float             *inputs, *input_squares;
  guint8            *labels;
  float             *losses;
  guint32           *indices;
  guint32           *order;              /* of the epoch @order_epoch */
  guint64            order_epoch;
  gsize              tile_size;          /* floats of one gradient tile */
  float             *tiles;              /* two a worker */
  double             loss;               /* of the running step, summed over the batch; written by worker 0 */
};

void     heft_plan_build  (HeftPlan *self, const HeftStage *stages, guint n_stages, gsize batch, gsize *tile_size);
void     heft_plan_clear  (HeftPlan *self);

/* One step's tasks on all workers; FALSE if the loss or a gradient left the finite numbers. */
gboolean heft_trainer_run_plan (HeftTrainer *self);

G_END_DECLS
