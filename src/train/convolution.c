/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <string.h>

#include "train/operation.h"

static void
pack (const HeftLayer *layer,
      gsize            place,
      const float     *weights,
      float           *packed,
      float           *transposed)
{
  const gsize channels = layer->input.channels, out = layer->fan_out, window = layer->kernel * layer->kernel;
  const gsize ld = heft_fill_up (out), transposed_ld = heft_fill_up (channels);

  for (gsize c = 0; c < channels; c++)
    {
      const float *row = weights + (c * window + place) * out;

      memcpy (packed + (place * channels + c) * ld, row, out * sizeof (float));
      if (transposed != NULL)
        for (gsize o = 0; o < out; o++)
          transposed[(place * out + o) * transposed_ld + c] = row[o];
    }
}

void
heft_convolution_pack (HeftTrainer     *self,
                       const HeftStage *stage,
                       gsize            first,
                       gsize            end)
{
  for (gsize place = first; place < end; place++)
    {
      pack (stage->layer, place, self->posterior->mean + stage->offset, stage->packed, stage->transposed);
      if (heft_trainer_is_noisy (self))
        pack (stage->layer, place, self->second + stage->offset, stage->packed_variance, stage->transposed_variance);
    }
}

/* The window over the image with its padding as part of it. */
static HeftWindow
padded_window (const HeftLayer *layer)
{
  HeftWindow window = heft_layer_window (layer);

  window.height += 2 * layer->padding;
  window.width += 2 * layer->padding;
  window.padding = 0;
  return window;
}

/* The image with its padding: itself if it has none. */
static const float *
pad (const HeftLayer *layer,
     const float     *image,
     float           *padded)
{
  const gsize row = layer->input.width * layer->input.channels, margin = layer->padding * layer->input.channels;
  const gsize padded_row = row + 2 * margin;

  if (layer->padding == 0)
    return image;
  memset (padded, 0, padded_row * (layer->input.height + 2 * layer->padding) * sizeof (float));
  for (gsize y = 0; y < layer->input.height; y++)
    memcpy (padded + (y + layer->padding) * padded_row + margin, image + y * row, row * sizeof (float));
  return padded;
}

/* Adds what is not padding. */
static void
add_unpadded (const HeftLayer *layer,
              const float     *padded,
              float           *image)
{
  const gsize row = layer->input.width * layer->input.channels, margin = layer->padding * layer->input.channels;
  const gsize padded_row = row + 2 * margin;

  for (gsize y = 0; y < layer->input.height; y++)
    for (gsize i = 0; i < row; i++)
      image[y * row + i] += padded[(y + layer->padding) * padded_row + margin + i];
}

/* Whether the largest pre-activation gives the largest activation, so that pooling can come first and leave less to do. */
static gboolean
keeps_order (HeftKernelActivation activation)
{
  return activation != HEFT_KERNEL_GELU;
}

/* Pre-activations, or activations with their slopes where they cannot wait until after pooling, into @h; of a noisy layer dz/dvariance
 * into @noise. Returns whether activation and bias are still to come. */
static gboolean
convolve (HeftTrainer         *self,
          const HeftOperation *operation,
          gsize                s,
          HeftScratch         *scratch,
          float               *h,
          float               *slope,
          float               *noise)
{
  const HeftStage *stage = operation->stage;
  const HeftWindow window = padded_window (stage->layer);
  const gsize places = stage->places, out = stage->out, ld = heft_fill_up (out);
  const gsize bias = stage->offset + stage->in * out;
  const float *image = pad (stage->layer, operation->input + s * operation->in_size, scratch->image);
  const gboolean waits = stage->pool != NULL && keeps_order (stage->activation);
  const HeftKernelActivation activation = waits ? HEFT_KERNEL_LINEAR : stage->activation;
  const float *mean_bias = self->posterior->mean + bias;

  self->kernels->convolve (&window, out, image, stage->packed, ld, h);
  if (heft_trainer_is_noisy (self))
    {
      heft_noise_second_image (self, stage, s, window.height * window.width, image, scratch->image_squares);
      self->kernels->convolve (&window, out, scratch->image_squares, stage->packed_variance, ld, scratch->squares);
      heft_noise_activate_image (self, stage, activation, s, h, scratch->squares, slope, noise);
    }
  else if (!waits)
    self->kernels->activate (activation, places, out, out, mean_bias, h, slope);
  return waits;
}

void
heft_convolution_forward (HeftTrainer         *self,
                          const HeftOperation *operation,
                          gsize                s,
                          HeftScratch         *scratch)
{
  const HeftStage *stage = operation->stage;
  const gsize at = s * operation->size, out = stage->out, bias = stage->offset + stage->in * out;
  const gboolean noisy = heft_trainer_is_noisy (self);
  float *h = stage->h + at, *slope = stage->slope + at, *noise = noisy ? stage->noise + at : NULL;
  HeftWindow window;

  if (stage->pool == NULL)
    {
      convolve (self, operation, s, scratch, h, slope, noise);
      return;
    }
  window = heft_layer_window (stage->pool);
  if (convolve (self, operation, s, scratch, scratch->h, scratch->slope, scratch->noise))
    {
      self->kernels->max_pool (&window, scratch->h, scratch->noise, NULL, h, noise, NULL, stage->winners + at);
      self->kernels->activate (stage->activation, operation->size / out, out, out,
                               noisy ? self->zeros : self->posterior->mean + bias, h, slope);
    }
  else
    self->kernels->max_pool (&window, scratch->h, scratch->noise, scratch->slope, h, noise, slope, stage->winners + at);
}

/* From the gradient at the stage's output to those at mean and variance of its pre-activation, in @scratch. */
static void
turn_gradient (HeftTrainer         *self,
               const HeftOperation *operation,
               gsize                s,
               HeftScratch         *scratch)
{
  const HeftStage *stage = operation->stage;
  const HeftKernels *kernels = self->kernels;
  const gsize n = stage->places * stage->out, size = operation->size, at = s * size;
  const gboolean noisy = heft_trainer_is_noisy (self);
  float *gradient = stage->dz + at;

  if (stage->activation != HEFT_KERNEL_LINEAR)
    kernels->backward (1, size, size, stage->slope + at, gradient);
  if (noisy)
    kernels->multiply (size, gradient, stage->noise + at, stage->pool != NULL ? scratch->squares : scratch->dv);
  if (stage->pool == NULL)
    memcpy (scratch->dz, gradient, n * sizeof (float));
  else
    {
      const HeftWindow window = heft_layer_window (stage->pool);

      kernels->max_pool_spread (&window, stage->winners + at, gradient, scratch->dz);
      if (noisy)
        kernels->max_pool_spread (&window, stage->winners + at, scratch->squares, scratch->dv);
    }
}

void
heft_convolution_backward (HeftTrainer         *self,
                           const HeftOperation *operation,
                           gsize                s,
                           HeftScratch         *scratch,
                           float               *partial)
{
  const HeftStage *stage = operation->stage;
  const HeftLayer *layer = stage->layer;
  const HeftKernels *kernels = self->kernels;
  const HeftWindow window = padded_window (layer);
  const gsize in_size = operation->in_size, n_image = window.channels * window.height * window.width;
  const gsize out = stage->out, ld = heft_fill_up (out), transposed_ld = heft_fill_up (window.channels);
  const gboolean noisy = heft_trainer_is_noisy (self);
  const float *image = pad (layer, operation->input + s * in_size, scratch->image);
  float *target = operation->input_gradient != NULL ? operation->input_gradient + s * in_size : NULL;
  float *gradient = layer->padding > 0 ? scratch->image_gradient : target;

  turn_gradient (self, operation, s, scratch);
  kernels->convolve_weights (&window, out, image, scratch->dz, partial, ld);
  if (noisy)
    {
      heft_noise_second_image (self, stage, s, window.height * window.width, image, scratch->image_squares);
      kernels->convolve_weights (&window, out, scratch->image_squares, scratch->dv, partial + heft_packed_size (layer), ld);
    }
  if (target == NULL)
    return;

  if (!operation->adds)
    memset (target, 0, in_size * sizeof (float));
  if (gradient != target)
    memset (gradient, 0, n_image * sizeof (float));
  kernels->convolve_back (&window, out, scratch->dz, stage->transposed, transposed_ld, gradient);
  if (noisy)
    {
      memset (scratch->square_gradient, 0, n_image * sizeof (float));
      kernels->convolve_back (&window, out, scratch->dv, stage->transposed_variance, transposed_ld, scratch->square_gradient);
      heft_noise_add_gradient (self, n_image, image, scratch->image_squares, scratch->square_gradient, gradient);
    }
  if (gradient != target)
    add_unpadded (layer, gradient, target);
}
