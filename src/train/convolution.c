/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <string.h>

#include "linalg/linalg.h"
#include "nn/image.h"
#include "train/operation.h"

/* What the kernel sees of an image that lies place by place, a row a place of the output: places x fan_in, the columns in the order
 * of the weights' rows, so that the output is this times the weights. */
static void
see (const HeftLayer *layer,
     const float     *image,
     float           *columns)
{
  const gsize channels = layer->input.channels, height = layer->input.height, width = layer->input.width;
  const gsize kernel = layer->kernel;

  for (gsize y = 0; y < layer->output.height; y++)
    for (gsize x = 0; x < layer->output.width; x++, columns += layer->fan_in)
      for (gsize ky = 0; ky < kernel; ky++)
        for (gsize kx = 0; kx < kernel; kx++)
          {
            /* Above or left of the image these wrap round, and are then too large. */
            const gsize row = y * layer->stride + ky - layer->padding, column = x * layer->stride + kx - layer->padding;
            const gboolean inside = row < height && column < width;

            for (gsize c = 0; c < channels; c++)
              columns[(c * kernel + ky) * kernel + kx] = inside ? image[(row * width + column) * channels + c] : 0.0f;
          }
}

/* The transpose: adds every number to the pixel it came from. */
static void
add_seen (const HeftLayer *layer,
          const float     *columns,
          float           *image)
{
  const gsize channels = layer->input.channels, height = layer->input.height, width = layer->input.width;
  const gsize kernel = layer->kernel;

  for (gsize y = 0; y < layer->output.height; y++)
    for (gsize x = 0; x < layer->output.width; x++, columns += layer->fan_in)
      for (gsize ky = 0; ky < kernel; ky++)
        for (gsize kx = 0; kx < kernel; kx++)
          {
            const gsize row = y * layer->stride + ky - layer->padding, column = x * layer->stride + kx - layer->padding;

            if (row < height && column < width)
              for (gsize c = 0; c < channels; c++)
                image[(row * width + column) * channels + c] += columns[(c * kernel + ky) * kernel + kx];
          }
}

/* Takes over the maxima of the windows and what backward needs of them. */
static void
pool (HeftTrainer       *self,
      const HeftStage   *stage,
      gsize              s,
      const HeftScratch *scratch)
{
  const HeftLayer *layer = stage->pool;
  const gsize channels = layer->output.channels, at = s * stage->size;
  guint8 *winners = stage->winners + at;
  gsize j = at;

  heft_pool_forward (layer, scratch->h, stage->h + at, winners);
  for (gsize y = 0; y < layer->output.height; y++)
    for (gsize x = 0; x < layer->output.width; x++)
      for (gsize c = 0; c < channels; c++, j++)
        {
          const gsize source = heft_pool_source (layer, y, x, *winners++) + c;

          if (stage->activation != HEFT_KERNEL_LINEAR)
            stage->slope[j] = scratch->slope[source];
          if (heft_trainer_is_noisy (self))
            stage->noise[j] = scratch->noise[source];
        }
}

void
heft_convolution_forward (HeftTrainer         *self,
                          const HeftOperation *operation,
                          gsize                s,
                          HeftScratch         *scratch)
{
  const HeftStage *stage = operation->stage;
  const gsize places = stage->places, in = stage->in, out = stage->out, at = s * operation->size;
  const gsize bias = stage->offset + in * out;
  const float *mean = self->posterior->mean;
  const gboolean pooled = stage->pool != NULL;
  float *h = pooled ? scratch->h : stage->h + at, *slope = pooled ? scratch->slope : stage->slope + at;

  see (stage->layer, operation->input + s * operation->in_size, scratch->columns);
  heft_gemm_f32 (FALSE, FALSE, places, out, in, 1.0f, scratch->columns, in, mean + stage->offset, out, 0.0f, h, out);
  if (heft_trainer_is_noisy (self))
    {
      float *noise = pooled ? scratch->noise : stage->noise + at;
      const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, (guint32) (stage - self->stages));

      self->kernels->square (places * in, scratch->columns, scratch->column_squares);
      heft_gemm_f32 (FALSE, FALSE, places, out, in, 1.0f, scratch->column_squares, in, self->variance + stage->offset, out,
                     0.0f, scratch->squares, out);
      heft_stream_normals_f32 (stream, self->step, s * places * out, places * out, noise);
      self->kernels->activate_noisy (stage->activation, places, out, out, mean + bias, self->variance + bias, h,
                                     scratch->squares, slope, noise);
    }
  else
    self->kernels->activate (stage->activation, places, out, out, mean + bias, h, slope);
  if (pooled)
    pool (self, stage, s, scratch);
}

/* From the gradient at the stage's output to those at mean and variance of its pre-activation, in @scratch. */
static void
turn_gradient (HeftTrainer         *self,
               const HeftOperation *operation,
               gsize                s,
               HeftScratch         *scratch)
{
  const HeftStage *stage = operation->stage;
  const HeftLayer *layer = stage->pool;
  const gsize n = stage->places * stage->out, at = s * operation->size;
  const gboolean noisy = heft_trainer_is_noisy (self), linear = stage->activation == HEFT_KERNEL_LINEAR;
  const guint8 *winners = stage->winners + at;
  float *gradient = stage->dz + at;
  gsize j = 0;

  if (!linear)
    self->kernels->backward (1, operation->size, operation->size, stage->slope + at, gradient);
  if (layer == NULL)
    {
      memcpy (scratch->dz, gradient, n * sizeof (float));
      if (noisy)
        self->kernels->multiply (n, gradient, stage->noise + at, scratch->dv);
      return;
    }
  memset (scratch->dz, 0, n * sizeof (float));
  if (noisy)
    memset (scratch->dv, 0, n * sizeof (float));
  for (gsize y = 0; y < layer->output.height; y++)
    for (gsize x = 0; x < layer->output.width; x++)
      for (gsize c = 0; c < layer->output.channels; c++, j++)
        {
          const gsize source = heft_pool_source (layer, y, x, *winners++) + c;

          scratch->dz[source] += gradient[j];
          if (noisy)
            scratch->dv[source] += gradient[j] * stage->noise[at + j];
        }
}

/* Adds columns^T delta, and behind it delta's column sums for the bias. */
static void
add_gradient (const HeftStage *stage,
              const float     *columns,
              const float     *delta,
              float           *partial)
{
  const gsize in = stage->in, out = stage->out;
  float *bias = partial + in * out;

  heft_gemm_f32 (TRUE, FALSE, in, out, stage->places, 1.0f, columns, in, delta, out, 1.0f, partial, out);
  for (gsize p = 0; p < stage->places; p++)
    for (gsize c = 0; c < out; c++)
      bias[c] += delta[p * out + c];
}

static void
add_image_gradient (const HeftStage *stage,
                    const float     *weights,
                    const float     *delta,
                    float           *columns,
                    float           *image)
{
  heft_gemm_f32 (FALSE, TRUE, stage->places, stage->in, stage->out, 1.0f, delta, stage->out, weights, stage->out, 0.0f,
                 columns, stage->in);
  add_seen (stage->layer, columns, image);
}

void
heft_convolution_backward (HeftTrainer         *self,
                           const HeftOperation *operation,
                           gsize                s,
                           HeftScratch         *scratch,
                           float               *partial)
{
  const HeftStage *stage = operation->stage;
  const gsize in_size = operation->in_size;
  const float *image = operation->input + s * in_size;
  const gboolean noisy = heft_trainer_is_noisy (self);
  float *gradient = operation->input_gradient != NULL ? operation->input_gradient + s * in_size : NULL;

  turn_gradient (self, operation, s, scratch);
  see (stage->layer, image, scratch->columns);
  add_gradient (stage, scratch->columns, scratch->dz, partial);
  if (noisy)
    {
      self->kernels->square (stage->places * stage->in, scratch->columns, scratch->column_squares);
      add_gradient (stage, scratch->column_squares, scratch->dv, partial + stage->layer->n_parameters);
    }
  if (gradient == NULL)
    return;

  if (!operation->adds)
    memset (gradient, 0, in_size * sizeof (float));
  add_image_gradient (stage, self->posterior->mean + stage->offset, scratch->dz, scratch->columns_gradient, gradient);
  if (!noisy)
    return;
  memset (scratch->image, 0, in_size * sizeof (float));
  add_image_gradient (stage, self->variance + stage->offset, scratch->dv, scratch->columns_gradient, scratch->image);
  self->kernels->add_square_gradient (in_size, image, scratch->image, gradient);
}
