/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <string.h>

#include "train/trainer-private.h"

/*
 * Flipout (Wen et al. 2018) draws the weights' perturbation once a minibatch and gives each sample its own signs: with s on the inputs and
 * r on the outputs, sample b sees the weights mean + draw o (s_b r_b^T), each of them a draw from Q, little correlated between
 * samples. The second product is then (x o s) times the draw, and its result times r is added. A convolution's signs are a
 * channel's, at all places, because they belong to the weights. The bias has an input of 1 and no sign of its own there.
 */
#define INPUT_SIGNS (1u << 18)
#define OUTPUT_SIGNS (1u << 19)

static void
fill_signs (HeftTrainer     *self,
            const HeftStage *stage,
            guint32          which,
            gsize            first,
            gsize            n,
            float           *words)
{
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, which | (guint32) (stage - self->stages));

  heft_stream_bits (stream, self->step, first, n, (guint32 *) (gpointer) words);
}

static void
flip (HeftTrainer *self,
      gsize        n,
      const float *x,
      const float *words,
      float       *out)
{
  self->kernels->flip (n, x, (const guint32 *) (gconstpointer) words, out);
}

void
heft_noise_second_inputs (HeftTrainer     *self,
                          const HeftStage *stage,
                          gsize            row0,
                          gsize            row1,
                          gsize            column0,
                          gsize            column1,
                          const float     *x,
                          float           *out)
{
  const gsize n = column1 - column0;

  if (!self->flips && n == stage->in)
    {
      self->kernels->square ((row1 - row0) * n, x + row0 * n, out + row0 * n);
      return;
    }
  for (gsize r = row0; r < row1; r++)
    {
      const gsize at = r * stage->in + column0;

      if (!self->flips)
        {
          self->kernels->square (n, x + at, out + at);
          continue;
        }
      fill_signs (self, stage, INPUT_SIGNS, at, n, out + at);
      flip (self, n, x + at, out + at, out + at);
    }
}

static void
activate_flipped (HeftTrainer     *self,
                  const HeftStage *stage,
                  gsize            row0,
                  gsize            row1,
                  gsize            column0,
                  gsize            column1)
{
  const gsize rows = row1 - row0, columns = column1 - column0, at = row0 * stage->out + column0;
  const gsize bias = stage->offset + stage->in * stage->out + column0;

  for (gsize r = row0; r < row1; r++)
    fill_signs (self, stage, OUTPUT_SIGNS, r * stage->out + column0, columns, stage->noise + r * stage->out + column0);
  self->kernels->flip_outputs (rows, columns, stage->out, self->second + bias, stage->squares + at, stage->noise + at, stage->h + at);
  self->kernels->activate (stage->activation, rows, columns, stage->out, self->posterior->mean + bias, stage->h + at,
                           stage->slope + at);
  /* In a chain the next stage's second inputs are these. */
  if (self->n_operations == 0 && stage + 1 < self->stages + self->n_stages)
    heft_noise_second_inputs (self, stage + 1, row0, row1, column0, column1, stage->h, stage->squares);
}

void
heft_noise_activate (HeftTrainer     *self,
                     const HeftStage *stage,
                     gsize            row0,
                     gsize            row1,
                     gsize            column0,
                     gsize            column1)
{
  const gsize at = row0 * stage->out + column0, bias = stage->offset + stage->in * stage->out + column0;

  if (self->flips)
    {
      activate_flipped (self, stage, row0, row1, column0, column1);
      return;
    }
  heft_step_fill_noise (self, stage, row0, row1, column0, column1);
  self->kernels->activate_noisy (stage->activation, row1 - row0, column1 - column0, stage->out, self->posterior->mean + bias,
                                 self->second + bias, stage->h + at, stage->squares + at, stage->slope + at, stage->noise + at);
}

void
heft_noise_backward (HeftTrainer     *self,
                     const HeftStage *before,
                     gsize            row0,
                     gsize            row1,
                     gsize            column0,
                     gsize            column1)
{
  const gsize rows = row1 - row0, columns = column1 - column0, ld = before->out, at = row0 * ld + column0;
  const float *slope = before->activation == HEFT_KERNEL_LINEAR ? NULL : before->slope + at;

  if (self->flips)
    self->kernels->backward_flipped (rows, columns, ld, before->h + at, before->squares + at, slope, before->noise + at,
                                     before->dz + at, before->dv + at);
  else
    self->kernels->backward_noisy (rows, columns, ld, before->h + at, slope, before->noise + at, before->dz + at, before->dv + at);
}

void
heft_noise_add_gradient (HeftTrainer *self,
                         gsize        n,
                         const float *x,
                         const float *second,
                         const float *second_gradient,
                         float       *gradient)
{
  if (self->flips)
    self->kernels->add_flipped_gradient (n, x, second, second_gradient, gradient);
  else
    self->kernels->add_square_gradient (n, x, second_gradient, gradient);
}

void
heft_noise_second_image (HeftTrainer     *self,
                         const HeftStage *stage,
                         gsize            s,
                         gsize            n_pixels,
                         const float     *image,
                         float           *out)
{
  const gsize channels = stage->layer->input.channels;

  if (!self->flips)
    {
      self->kernels->square (n_pixels * channels, image, out);
      return;
    }
  /* The words wait where the last pixel will be. */
  fill_signs (self, stage, INPUT_SIGNS, s * channels, channels, out + (n_pixels - 1) * channels);
  for (gsize p = 0; p < n_pixels; p++)
    flip (self, channels, image + p * channels, out + (n_pixels - 1) * channels, out + p * channels);
}

void
heft_noise_activate_image (HeftTrainer         *self,
                           const HeftStage     *stage,
                           HeftKernelActivation activation,
                           gsize                s,
                           float               *h,
                           float               *squares,
                           float               *slope,
                           float               *noise)
{
  const gsize places = stage->places, out = stage->out, bias = stage->offset + stage->in * out;
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_TRAINING_NOISE, (guint32) (stage - self->stages));
  const float *mean_bias = self->posterior->mean + bias;

  if (!self->flips)
    {
      heft_stream_normals_f32 (stream, self->step, s * places * out, places * out, noise);
      self->kernels->activate_noisy (activation, places, out, out, mean_bias, self->second + bias, h, squares, slope, noise);
      return;
    }
  fill_signs (self, stage, OUTPUT_SIGNS, s * out, out, noise);
  for (gsize p = 1; p < places; p++)
    memcpy (noise + p * out, noise, out * sizeof *noise);
  self->kernels->flip_outputs (places, out, out, self->second + bias, squares, noise, h);
  self->kernels->activate (activation, places, out, out, mean_bias, h, slope);
}
