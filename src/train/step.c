/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include "linalg/linalg.h"
#include "train/loss.h"
#include "train/operation.h"
#include "train/whole.h"

/* A squared gradient beyond this would soon leave the range of single precision. */
#define LARGEST_SQUARED_GRADIENT 1e30

#define FINISHED_ROWS 16

static void
gather (HeftTrainer *self,
        gsize        row0,
        gsize        row1,
        gsize        column0,
        gsize        column1)
{
  const gsize at = row0 * heft_network_get_n_inputs (self->network);
  const guint8 *labels = heft_dataset_get_labels (self->train);

  if (column0 == 0)
    for (gsize r = row0; r < row1; r++)
      self->labels[r] = labels[self->indices[r]];
  if (self->input_bytes != NULL)
    heft_dataset_gather_columns_bytes (self->train, self->indices + row0, row1 - row0, column0, column1, self->input_bytes + at);
  else
    heft_dataset_gather_columns_f32 (self->train, self->indices + row0, row1 - row0, column0, column1, self->inputs + at);
  if (self->input_squares != NULL)
    heft_noise_second_inputs (self, &self->stages[0], row0, row1, column0, column1, self->inputs, self->input_squares);
}

void
heft_step_gather_rows (HeftTrainer *self,
                       gsize        row0,
                       gsize        row1)
{
  gather (self, row0, row1, 0, heft_network_get_n_inputs (self->network));
}

void
heft_step_fill_noise (HeftTrainer     *self,
                      const HeftStage *stage,
                      gsize            row0,
                      gsize            row1,
                      gsize            column0,
                      gsize            column1)
{
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, (guint32) (stage - self->stages));
  const gsize columns = column1 - column0;

  if (columns == stage->out)
    {
      heft_stream_normals_f32 (stream, self->step, row0 * columns, (row1 - row0) * columns, stage->noise + row0 * columns);
      return;
    }
  for (gsize r = row0; r < row1; r++)
    {
      const gsize first = r * stage->out + column0;

      if (first % HEFT_KERNEL_BLOCK == 0 && columns % HEFT_KERNEL_BLOCK == 0)
        self->kernels->normals (stage->noise_key, self->step, first / HEFT_KERNEL_BLOCK, columns / HEFT_KERNEL_BLOCK,
                                stage->noise + first);
      else
        heft_stream_normals_f32 (stream, self->step, first, columns, stage->noise + first);
    }
}

/* Rows and columns of a stage's inputs, or of what its second product takes, times @b. */
static void
multiply_inputs (HeftTrainer     *self,
                 const HeftStage *stage,
                 gboolean         transpose,
                 gboolean         second,
                 gsize            row0,
                 gsize            row1,
                 gsize            input0,
                 gsize            input1,
                 gsize            columns,
                 const float     *b,
                 float           *c,
                 gsize            ldc)
{
  const gsize rows = row1 - row0, inputs = input1 - input0, at = row0 * stage->in + input0;
  const gsize m = transpose ? inputs : rows, k = transpose ? rows : inputs;

  if (self->input_bytes != NULL && stage == self->stages)
    self->kernels->product_bytes (transpose, second, self->byte_scale, m, columns, k, self->input_bytes + at, stage->in, b,
                                  stage->out, c, ldc);
  else
    self->kernels->product (transpose, FALSE, m, columns, k, (second ? stage->input_squares : stage->input) + at, stage->in, b,
                            stage->out, FALSE, c, ldc);
}

/* Rows of the batch times the weights that belong to some of the inputs, for all outputs. */
static void
multiply_block (HeftTrainer     *self,
                const HeftStage *stage,
                gsize            row0,
                gsize            row1,
                gsize            input0,
                gsize            input1,
                float           *h,
                float           *squares)
{
  const gsize at = row0 * stage->out, weights = stage->offset + input0 * stage->out;

  multiply_inputs (self, stage, FALSE, FALSE, row0, row1, input0, input1, stage->out, self->posterior->mean + weights, h + at,
                   stage->out);
  if (heft_trainer_is_noisy (self))
    multiply_inputs (self, stage, FALSE, TRUE, row0, row1, input0, input1, stage->out, self->second + weights, squares + at,
                     stage->out);
}

/* From the products to the activation. */
static void
activate_block (HeftTrainer     *self,
                const HeftStage *stage,
                gsize            row0,
                gsize            row1,
                gsize            column0,
                gsize            column1)
{
  const gsize rows = row1 - row0, columns = column1 - column0, at = row0 * stage->out + column0;
  const gsize bias = stage->offset + stage->in * stage->out + column0;
  const float *mean = self->posterior->mean;

  if (!heft_trainer_is_noisy (self))
    {
      self->kernels->activate (stage->activation, rows, columns, stage->out, mean + bias, stage->h + at, stage->slope + at);
      return;
    }
  heft_noise_activate (self, stage, row0, row1, column0, column1);
}

void
heft_step_forward_block (HeftTrainer     *self,
                         const HeftStage *stage,
                         gsize            row0,
                         gsize            row1)
{
  multiply_block (self, stage, row0, row1, 0, stage->in, stage->h, stage->squares);
  activate_block (self, stage, row0, row1, 0, stage->out);
}

/* What is behind the products of a stage, once all its addends are there; few rows at a time, which stay in the first-level cache. */
static void
finish_block (HeftTrainer     *self,
              const HeftStage *stage,
              gsize            row0,
              gsize            row1,
              gsize            column0,
              gsize            column1)
{
  const gsize columns = column1 - column0, size = self->plan.batch * stage->out;

  for (gsize row = row0; row < row1; row += FINISHED_ROWS)
    {
      const gsize end = MIN (row1, row + FINISHED_ROWS), at = row * stage->out + column0;

      for (guint i = 1; i < stage->n_addends; i++)
        {
          self->kernels->accumulate (end - row, columns, stage->out, stage->addends + (i - 1) * size + at, stage->h + at);
          if (stage->squares != NULL)
            self->kernels->accumulate (end - row, columns, stage->out, stage->square_addends + (i - 1) * size + at,
                                       stage->squares + at);
        }
      activate_block (self, stage, row, end, column0, column1);
    }
}

/* Nobody else needs these inputs before the way back, so there is no waiting between making and using them. */
static void
forward_part (HeftTrainer    *self,
              const HeftTask *task)
{
  const HeftStage *stage = &self->stages[task->stage];
  const gsize size = self->plan.batch * stage->out;
  float *h = task->shard == 0 ? stage->h : stage->addends + (task->shard - 1) * size;
  float *squares = task->shard == 0 ? stage->squares : stage->square_addends + (task->shard - 1) * size;

  if (task->stage == 0)
    gather (self, task->row0, task->row1, task->column0, task->column1);
  else
    finish_block (self, stage - 1, task->row0, task->row1, task->column0, task->column1);
  multiply_block (self, stage, task->row0, task->row1, task->column0, task->column1, h, squares);
}

/* Logits become gradients of the batch's mean loss. */
static gsize
loss_gradients (HeftTrainer  *self,
                gsize         rows,
                gsize         classes,
                const guint8 *labels,
                float        *z,
                float        *losses)
{
  const float scale = 1.0f / (float) self->plan.batch;
  gsize n_wrong;

  if (self->loss_function.kind == HEFT_LOSS_SOFTMAX)
    return self->kernels->softmax (rows, classes, scale, labels, z, losses);
  n_wrong = heft_loss_rows (&self->loss_function, rows, classes, labels, z, z, losses);
  for (gsize i = 0; i < rows * classes; i++)
    z[i] *= scale;
  return n_wrong;
}

void
heft_step_loss_rows (HeftTrainer *self,
                     HeftTask    *task)
{
  const HeftStage *stage = &self->stages[self->n_stages - 1];
  const gsize rows = task->row1 - task->row0, at = task->row0 * stage->out;

  task->n_wrong = loss_gradients (self, rows, stage->out, self->labels + task->row0, stage->h + at, self->losses + task->row0);
  if (isfinite (self->ceiling))
    heft_step_clamp_rows (self, task->row0, task->row1, stage->out, stage->h + at);
  if (heft_trainer_is_noisy (self))
    self->kernels->multiply (rows * stage->out, stage->dz + at, stage->noise + at, stage->dv + at);

  task->loss = 0.0;
  for (gsize r = task->row0; r < task->row1; r++)
    task->loss += (double) self->losses[r];
}

/* Through @stage's weights and the activation behind the stage before it, columns being that stage's outputs. */
static void
backward_block (HeftTrainer     *self,
                const HeftStage *stage,
                gsize            row0,
                gsize            row1,
                gsize            column0,
                gsize            column1)
{
  const HeftStage *before = stage - 1;
  const gsize rows = row1 - row0, columns = column1 - column0;
  const gsize at = row0 * stage->in + column0, weights = stage->offset + column0 * stage->out;
  const float *slope = before->activation == HEFT_KERNEL_LINEAR ? NULL : before->slope + at;

  self->kernels->product (FALSE, TRUE, rows, columns, stage->out, stage->dz + row0 * stage->out, stage->out,
                          self->posterior->mean + weights, stage->out, FALSE, before->dz + at, stage->in);
  if (!heft_trainer_is_noisy (self))
    {
      self->kernels->backward (rows, columns, stage->in, slope, before->dz + at);
      return;
    }
  self->kernels->product (FALSE, TRUE, rows, columns, stage->out, stage->dv + row0 * stage->out, stage->out,
                          self->second + weights, stage->out, FALSE, before->dv + at, stage->in);
  heft_noise_backward (self, before, row0, row1, column0, column1);
}

/* Rows from the inputs, or from the addends of the stage before the task's, to the loss and back. */
static void
shard (HeftTrainer *self,
       HeftTask    *task)
{
  const guint last = self->n_stages - 1, first = task->stage;

  if (first == 0)
    heft_step_gather_rows (self, task->row0, task->row1);
  else
    finish_block (self, &self->stages[first - 1], task->row0, task->row1, 0, self->stages[first - 1].out);
  for (guint i = first; i <= last; i++)
    heft_step_forward_block (self, &self->stages[i], task->row0, task->row1);
  heft_step_loss_rows (self, task);
  for (guint i = last; i > 0 && i >= first; i--)
    backward_block (self, &self->stages[i], task->row0, task->row1, 0, self->stages[i].in);
}

/* The gradient of one tile of a convolution's weights: the shards' sums, in their order. */
static void
collect_tile (HeftTrainer     *self,
              const HeftStage *stage,
              const HeftTask  *task,
              gsize            offset,
              float           *tile)
{
  const gsize columns = task->column1 - task->column0, ld = heft_fill_up (stage->out);

  for (gsize r = task->row0; r < task->row1; r++, tile += columns)
    for (guint shard = 0; shard < self->plan.n_shards; shard++)
      {
        const float *partial = heft_stage_partial (self, stage, shard) + offset + heft_packed_row (stage->layer, r) * ld;

        for (gsize c = 0; c < columns; c++)
          tile[c] = (shard > 0 ? tile[c] : 0.0f) + partial[task->column0 + c];
      }
}

/* The gradient of one tile of weights: the product over the batch, the bias's row being the column sums. */
static void
tile_gradient (HeftTrainer     *self,
               const HeftStage *stage,
               const HeftTask  *task,
               gboolean         second,
               float           *tile)
{
  const float *delta = second ? stage->dv : stage->dz;
  const gsize columns = task->column1 - task->column0;
  const gsize end = MIN (task->row1, stage->in), batch = self->plan.batch;

  if (end > task->row0)
    multiply_inputs (self, stage, TRUE, second, 0, batch, task->row0, end, columns, delta + task->column0, tile, columns);
  if (task->row1 > stage->in)
    self->kernels->column_sums (batch, columns, stage->out, delta + task->column0, tile + (stage->in - task->row0) * columns);
}

static inline float *
at_offset (float *x,
           gsize  offset)
{
  return x != NULL ? x + offset : NULL;
}

static HeftUpdateBlock
update_block_at (HeftTrainer *self,
                 gsize        offset)
{
  return (HeftUpdateBlock) {
    .mean = self->posterior->mean + offset,
    .log_deviation = at_offset (self->posterior->log_deviation, offset),
    .variance = at_offset (self->variance, offset),
    .deviation_moment1 = at_offset (self->deviation_moment1, offset),
    .deviation_moment2 = at_offset (self->deviation_moment2, offset),
    .mean_moment1 = at_offset (self->mean_moment1, offset),
    .mean_moment2 = at_offset (self->mean_moment2, offset),
    .centre = self->centre != NULL ? self->centre + offset : NULL,
  };
}

static void
update_tile (HeftTrainer *self,
             HeftTask    *task,
             guint        worker)
{
  const HeftStage *stage = &self->stages[task->stage];
  const gsize rows = task->row1 - task->row0, columns = task->column1 - task->column0;
  const HeftUpdateBlock block = update_block_at (self, stage->offset + task->row0 * stage->out + task->column0);
  const HeftKernels *kernels = self->kernels;
  float *gradient = self->tiles + 2 * worker * self->tile_size, *variance_gradient = gradient + self->tile_size;
  double square;

  task->sums = (HeftUpdateSums) { 0 };
  if (stage->partials != NULL)
    collect_tile (self, stage, task, 0, gradient);
  else
    tile_gradient (self, stage, task, FALSE, gradient);
  square = kernels->sum_squares (rows * columns, gradient);
  if (heft_trainer_is_noisy (self))
    {
      if (stage->partials != NULL)
        collect_tile (self, stage, task, heft_packed_size (stage->layer), variance_gradient);
      else
        tile_gradient (self, stage, task, TRUE, variance_gradient);
      square += kernels->sum_squares (rows * columns, variance_gradient);
    }
  /* Looked at before anything is changed, so that the posterior stays finite. */
  task->failed = !(square < LARGEST_SQUARED_GRADIENT);
  if (task->failed)
    return;

  if (heft_whole_needed (self))
    {
      heft_whole_keep (self, stage, task, gradient, heft_trainer_is_noisy (self) ? variance_gradient : NULL);
      return;
    }
  if (heft_trainer_is_noisy (self))
    (self->optimizer == HEFT_OPTIMIZER_ADAM ? kernels->adam_mean_field : kernels->sgd_mean_field)
      (rows, columns, stage->out, &stage->update, block, gradient, variance_gradient, columns, &task->sums);
  else
    {
      task->sums.gradient = square;
      (self->optimizer == HEFT_OPTIMIZER_ADAM ? kernels->adam_dirac : kernels->sgd_dirac)
        (rows, columns, stage->out, &stage->update, block, gradient, columns);
    }
}

static void
run_task (HeftTrainer *self,
          HeftTask    *task,
          guint        worker)
{
  const HeftStage *stage = &self->stages[task->stage];

  switch (task->kind)
    {
    case HEFT_TASK_FORWARD:
      forward_part (self, task);
      break;
    case HEFT_TASK_LOSS:
      finish_block (self, stage, task->row0, task->row1, 0, stage->out);
      heft_step_loss_rows (self, task);
      break;
    case HEFT_TASK_BACKWARD:
      backward_block (self, stage, task->row0, task->row1, task->column0, task->column1);
      break;
    case HEFT_TASK_SHARD:
      shard (self, task);
      break;
    case HEFT_TASK_PACK:
      heft_convolution_pack (self, stage, task->row0, task->row1);
      break;
    case HEFT_TASK_OPERATIONS:
      heft_trainer_run_shard (self, task, worker);
      break;
    case HEFT_TASK_UPDATE:
      update_tile (self, task, worker);
      break;
    }
}

/* Every worker sums the same numbers in the same order, so all of them decide alike. */
static double
batch_loss (const HeftTrainer *self)
{
  const HeftPlan *plan = &self->plan;
  const HeftTask *tasks = (const HeftTask *) (gpointer) plan->tasks->data;
  const guint first = plan->loss_phase == 0 ? 0 : g_array_index (plan->phase_ends, guint, plan->loss_phase - 1);
  double loss = 0.0;

  for (guint i = first; i < g_array_index (plan->phase_ends, guint, plan->loss_phase); i++)
    loss += tasks[i].loss;
  return loss;
}

static void
run_phases (HeftPool *pool,
            guint     worker,
            gpointer  data)
{
  HeftTrainer *self = data;
  const HeftPlan *plan = &self->plan;
  const guint n_workers = pool != NULL ? heft_pool_get_n_workers (pool) : 1;
  guint first = 0;

  for (guint phase = 0; phase < plan->phase_ends->len; phase++)
    {
      const guint end = g_array_index (plan->phase_ends, guint, phase);

      for (guint i = first + worker; i < end; i += n_workers)
        run_task (self, &g_array_index (plan->tasks, HeftTask, i), worker);
      first = end;
      if (phase + 1 < plan->phase_ends->len && n_workers > 1)
        heft_pool_barrier (pool);
      if (phase == plan->loss_phase)
        {
          const double loss = batch_loss (self);

          if (worker == 0)
            self->loss = loss;
          if (!(fabs (loss) <= self->loss_limit * (double) plan->batch))
            return;
        }
    }
}

gboolean
heft_trainer_run_plan (HeftTrainer *self)
{
  const HeftPlan *plan = &self->plan;

  if (plan->alone)
    heft_pool_run_alone (self->pool, run_phases, self);
  else
    heft_pool_run (self->pool, run_phases, self);

  if (!(fabs (self->loss) <= self->loss_limit * (double) plan->batch))
    return FALSE;
  for (guint i = 0; i < plan->tasks->len; i++)
    {
      const HeftTask *task = &g_array_index (plan->tasks, HeftTask, i);

      if (task->kind == HEFT_TASK_UPDATE && task->failed)
        return FALSE;
    }
  return TRUE;
}
