/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <string.h>

#include "linalg/linalg.h"
#include "nn/image.h"
#include "train/operation.h"

static void
gather (HeftTrainer    *self,
        const HeftTask *task,
        HeftScratch    *scratch)
{
  const HeftShape shape = heft_network_get_input_shape (self->network);
  const gsize d = heft_shape_size (shape), places = shape.height * shape.width;

  heft_step_gather_rows (self, task->row0, task->row1);
  if (!self->images_by_place)
    return;
  for (gsize s = task->row0; s < task->row1; s++)
    {
      float *image = self->inputs + s * d;

      memcpy (scratch->image, image, d * sizeof (float));
      for (gsize c = 0; c < shape.channels; c++)
        for (gsize p = 0; p < places; p++)
          image[p * shape.channels + c] = scratch->image[c * places + p];
    }
}

static void
square_inputs (HeftTrainer     *self,
               const HeftStage *stage,
               const HeftTask  *task)
{
  if (heft_trainer_is_noisy (self))
    heft_noise_second_inputs (self, stage, task->row0, task->row1, 0, stage->in, stage->input, stage->input_squares);
}

/* Through the activation, unless this is the last stage, whose gradient the loss has made; then through the weights. */
static void
dense_backward (HeftTrainer         *self,
                const HeftOperation *operation,
                const HeftTask      *task)
{
  const HeftStage *stage = operation->stage;
  const HeftKernels *kernels = self->kernels;
  const gsize rows = task->row1 - task->row0, n = rows * stage->out, m = rows * stage->in;
  const gsize at = task->row0 * stage->out, in_at = task->row0 * stage->in;
  const gboolean last = operation + 1 == self->operations + self->n_operations, noisy = heft_trainer_is_noisy (self);
  float *target = operation->input_gradient, *square_gradients;

  if (!last && stage->activation != HEFT_KERNEL_LINEAR)
    kernels->backward (1, n, n, stage->slope + at, stage->dz + at);
  if (!last && noisy)
    kernels->multiply (n, stage->dz + at, stage->noise + at, stage->dv + at);
  if (target == NULL)
    return;

  heft_gemm_f32 (FALSE, TRUE, rows, stage->in, stage->out, 1.0f, stage->dz + at, stage->out,
                 self->posterior->mean + stage->offset, stage->out, operation->adds ? 1.0f : 0.0f, target + in_at, stage->in);
  if (!noisy)
    return;
  /* Other shards may be at another layer: the rows are the same for all. */
  square_gradients = self->square_gradients + task->row0 * self->widest_dense;
  heft_gemm_f32 (FALSE, TRUE, rows, stage->in, stage->out, 1.0f, stage->dv + at, stage->out,
                 self->second + stage->offset, stage->out, 0.0f, square_gradients, stage->in);
  heft_noise_add_gradient (self, m, stage->input + in_at, stage->input_squares + in_at, square_gradients, target + in_at);
}

/* The last operation from @first on that goes sample by sample as @first does. */
static guint
end_of_run (const HeftTrainer *self,
            guint              first)
{
  guint end = first;

  while (end < self->n_operations && self->operations[end].kind != HEFT_OPERATION_DENSE)
    end++;
  return end;
}

static void
forward (HeftTrainer    *self,
         const HeftTask *task,
         HeftScratch    *scratch)
{
  for (guint i = 0; i + 1 < self->n_operations;)
    {
      const HeftOperation *operation = &self->operations[i];
      const guint end = end_of_run (self, i);

      if (operation->kind == HEFT_OPERATION_DENSE)
        {
          square_inputs (self, operation->stage, task);
          heft_step_forward_block (self, operation->stage, task->row0, task->row1);
          i++;
          continue;
        }
      for (gsize s = task->row0; s < task->row1; s++)
        for (guint j = i; j < end; j++)
          if (self->operations[j].kind == HEFT_OPERATION_CONVOLUTION)
            heft_convolution_forward (self, &self->operations[j], s, scratch);
          else
            heft_operation_forward (self, &self->operations[j], s);
      i = end;
    }
}

static void
backward (HeftTrainer    *self,
          const HeftTask *task,
          HeftScratch    *scratch)
{
  for (guint end = self->n_operations; end > 0;)
    {
      guint first = end - 1;

      if (self->operations[first].kind == HEFT_OPERATION_DENSE)
        {
          dense_backward (self, &self->operations[first], task);
          end = first;
          continue;
        }
      while (first > 0 && self->operations[first - 1].kind != HEFT_OPERATION_DENSE)
        first--;
      for (gsize s = task->row0; s < task->row1; s++)
        for (guint j = end; j-- > first;)
          if (self->operations[j].kind == HEFT_OPERATION_CONVOLUTION)
            heft_convolution_backward (self, &self->operations[j], s, scratch,
                                       heft_stage_partial (self, self->operations[j].stage, task->shard));
          else
            heft_operation_backward (self, &self->operations[j], s);
      end = first;
    }
}

void
heft_trainer_run_shard (HeftTrainer *self,
                        HeftTask    *task,
                        guint        worker)
{
  HeftScratch *scratch = &self->scratch[worker];

  for (guint i = 0; i < self->n_stages; i++)
    if (self->stages[i].partials != NULL)
      memset (heft_stage_partial (self, &self->stages[i], task->shard), 0,
              heft_stage_partial_size (self, &self->stages[i]) * sizeof (float));
  gather (self, task, scratch);
  forward (self, task, scratch);
  square_inputs (self, &self->stages[self->n_stages - 1], task);
  heft_step_forward_block (self, &self->stages[self->n_stages - 1], task->row0, task->row1);
  heft_step_loss_rows (self, task);
  backward (self, task, scratch);
}
