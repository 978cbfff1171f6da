/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>
#include <string.h>

#include "nn/image.h"
#include "train/operation.h"

/* --- Windows ------------------------------------------------------------------------------------------------------------ */

/* Places [first, end) that a window covers inside the image. */
typedef struct
{
  gsize first, end;
} Range;

static Range
covered (gsize            n_in,
         const HeftLayer *layer,
         gsize            place)
{
  const gsize start = place * layer->stride, end = start + layer->kernel;

  return (Range) { start > layer->padding ? start - layer->padding : 0, MIN (end - MIN (layer->padding, end), n_in) };
}

static void
average_pool (const HeftLayer *layer,
              const float     *image,
              float           *output)
{
  const gsize channels = layer->input.channels;
  const float scale = 1.0f / (float) (layer->kernel * layer->kernel);

  for (gsize y = 0; y < layer->output.height; y++)
    for (gsize x = 0; x < layer->output.width; x++, output += channels)
      {
        const Range rows = covered (layer->input.height, layer, y), columns = covered (layer->input.width, layer, x);

        memset (output, 0, channels * sizeof (float));
        for (gsize i = rows.first; i < rows.end; i++)
          for (gsize j = columns.first; j < columns.end; j++)
            for (gsize c = 0; c < channels; c++)
              output[c] += image[(i * layer->input.width + j) * channels + c];
        for (gsize c = 0; c < channels; c++)
          output[c] *= scale;
      }
}

static void
average_pool_back (const HeftLayer *layer,
                   const float     *gradient,
                   float           *target)
{
  const gsize channels = layer->input.channels;
  const float scale = 1.0f / (float) (layer->kernel * layer->kernel);

  for (gsize y = 0; y < layer->output.height; y++)
    for (gsize x = 0; x < layer->output.width; x++, gradient += channels)
      {
        const Range rows = covered (layer->input.height, layer, y), columns = covered (layer->input.width, layer, x);

        for (gsize i = rows.first; i < rows.end; i++)
          for (gsize j = columns.first; j < columns.end; j++)
            for (gsize c = 0; c < channels; c++)
              target[(i * layer->input.width + j) * channels + c] += scale * gradient[c];
      }
}

static void
global_average (const HeftLayer *layer,
                const float     *image,
                float           *output)
{
  const gsize channels = layer->input.channels, n_pixels = layer->input.height * layer->input.width;

  memset (output, 0, channels * sizeof (float));
  for (gsize p = 0; p < n_pixels; p++)
    for (gsize c = 0; c < channels; c++)
      output[c] += image[p * channels + c];
  for (gsize c = 0; c < channels; c++)
    output[c] /= (float) n_pixels;
}

static void
global_average_back (const HeftLayer *layer,
                     const float     *gradient,
                     float           *target)
{
  const gsize channels = layer->input.channels, n_pixels = layer->input.height * layer->input.width;

  for (gsize p = 0; p < n_pixels; p++)
    for (gsize c = 0; c < channels; c++)
      target[p * channels + c] += gradient[c] / (float) n_pixels;
}

/* --- Normalisation ------------------------------------------------------------------------------------------------------ */

#define EPSILON 1e-5f   /* as in a pass */

/* The channels of a group at each place. */
static inline gsize
group_width (const HeftLayer *layer)
{
  return layer->input.channels / layer->kernel;
}

static void
normalise (const HeftLayer *layer,
           const float     *in,
           float           *out,
           float           *deviations)
{
  const gsize channels = layer->input.channels, width = group_width (layer);
  const gsize n_places = layer->input.height * layer->input.width;
  const float n = (float) (n_places * width);

  for (gsize g = 0; g < layer->kernel; g++, in += width, out += width)
    {
      float mean = 0.0f, variance = 0.0f;

      for (gsize p = 0; p < n_places; p++)
        for (gsize c = 0; c < width; c++)
          mean += in[p * channels + c];
      mean /= n;
      for (gsize p = 0; p < n_places; p++)
        for (gsize c = 0; c < width; c++)
          variance += (in[p * channels + c] - mean) * (in[p * channels + c] - mean);
      deviations[g] = 1.0f / sqrtf (variance / n + EPSILON);
      for (gsize p = 0; p < n_places; p++)
        for (gsize c = 0; c < width; c++)
          out[p * channels + c] = (in[p * channels + c] - mean) * deviations[g];
    }
}

/* What is left of the gradient when its mean and its part along the output @y are taken out. */
static void
normalise_back (const HeftLayer *layer,
                const float     *y,
                const float     *deviations,
                const float     *gradient,
                float           *target)
{
  const gsize channels = layer->input.channels, width = group_width (layer);
  const gsize n_places = layer->input.height * layer->input.width;
  const float n = (float) (n_places * width);

  for (gsize g = 0; g < layer->kernel; g++, y += width, gradient += width, target += width)
    {
      float mean = 0.0f, along = 0.0f;

      for (gsize p = 0; p < n_places; p++)
        for (gsize c = 0; c < width; c++)
          {
            mean += gradient[p * channels + c];
            along += gradient[p * channels + c] * y[p * channels + c];
          }
      mean /= n;
      along /= n;
      for (gsize p = 0; p < n_places; p++)
        for (gsize c = 0; c < width; c++)
          target[p * channels + c] += deviations[g] * (gradient[p * channels + c] - mean - y[p * channels + c] * along);
    }
}

/* --- The rest ----------------------------------------------------------------------------------------------------------- */

static void
transpose (gsize        rows,
           gsize        columns,
           const float *in,
           float       *out)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      out[c * rows + r] = in[r * columns + c];
}

static void
add (gsize        n,
     const float *x,
     float       *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] += x[i];
}

static void
activate (HeftTrainer         *self,
          const HeftOperation *operation,
          gsize                s)
{
  const gsize channels = operation->layer->output.channels, at = s * operation->size;

  memcpy (operation->output + at, operation->input + at, operation->size * sizeof (float));
  self->kernels->activate (operation->activation, operation->size / channels, channels, channels, self->zeros,
                           operation->output + at, operation->slope + at);
}

static void
drop (HeftTrainer         *self,
      const HeftOperation *operation,
      gsize                s)
{
  const HeftStream stream = heft_stream (self->seed, HEFT_PURPOSE_DROPOUT, (guint32) (operation - self->operations));
  const guint32 least = (guint32) (self->dropout * 4294967296.0);
  const float scale = (float) (1.0 / (1.0 - self->dropout));
  const gsize at = s * operation->size;

  for (gsize first = 0; first < operation->size; first += 256)
    {
      guint32 bits[256];
      const gsize n = MIN (256, operation->size - first);

      heft_stream_bits (stream, self->step, at + first, n, bits);
      for (gsize i = 0; i < n; i++)
        {
          const gsize j = at + first + i;

          operation->slope[j] = bits[i] >= least ? scale : 0.0f;
          operation->output[j] = operation->slope[j] * operation->input[j];
        }
    }
}

void
heft_operation_forward (HeftTrainer         *self,
                        const HeftOperation *operation,
                        gsize                s)
{
  const HeftLayer *layer = operation->layer;
  const HeftWindow window = heft_layer_window (layer);
  const float *in = operation->input + s * operation->in_size;
  float *out = operation->output + s * operation->size;

  switch (operation->kind)
    {
    case HEFT_OPERATION_ACTIVATE:
      activate (self, operation, s);
      break;
    case HEFT_OPERATION_DROP:
      drop (self, operation, s);
      break;
    case HEFT_OPERATION_MAX_POOL:
      self->kernels->max_pool (&window, in, NULL, NULL, out, NULL, NULL, operation->winners + s * operation->size);
      break;
    case HEFT_OPERATION_AVERAGE_POOL:
      average_pool (layer, in, out);
      break;
    case HEFT_OPERATION_GLOBAL_AVERAGE_POOL:
      global_average (layer, in, out);
      break;
    case HEFT_OPERATION_NORMALISE:
      normalise (layer, in, out, operation->slope + s * layer->kernel);
      break;
    case HEFT_OPERATION_ADD:
      memcpy (out, in, operation->size * sizeof (float));
      add (operation->size, operation->shortcut_input + s * operation->size, out);
      break;
    case HEFT_OPERATION_TRANSPOSE:
      transpose (layer->input.height * layer->input.width, layer->input.channels, in, out);
      break;
    case HEFT_OPERATION_DENSE:
    case HEFT_OPERATION_CONVOLUTION:
    default:
      g_return_if_reached ();
    }
}

/* Adds to the gradient at the input what @gradient at the output makes of it. */
static void
add_back (HeftTrainer         *self,
          const HeftOperation *operation,
          gsize                s,
          const float         *gradient,
          float               *target)
{
  const HeftLayer *layer = operation->layer;
  const HeftWindow window = heft_layer_window (layer);
  const gsize at = s * operation->size;

  switch (operation->kind)
    {
    case HEFT_OPERATION_ACTIVATE:
    case HEFT_OPERATION_DROP:
      for (gsize i = 0; i < operation->size; i++)
        target[i] += operation->slope[at + i] * gradient[i];
      break;
    case HEFT_OPERATION_MAX_POOL:
      self->kernels->max_pool_back (&window, operation->winners + at, gradient, target);
      break;
    case HEFT_OPERATION_AVERAGE_POOL:
      average_pool_back (layer, gradient, target);
      break;
    case HEFT_OPERATION_GLOBAL_AVERAGE_POOL:
      global_average_back (layer, gradient, target);
      break;
    case HEFT_OPERATION_NORMALISE:
      normalise_back (layer, operation->output + at, operation->slope + s * layer->kernel, gradient, target);
      break;
    case HEFT_OPERATION_ADD:
      add (operation->size, gradient, target);
      break;
    case HEFT_OPERATION_TRANSPOSE:
      {
        const gsize places = layer->input.height * layer->input.width, channels = layer->input.channels;

        for (gsize p = 0; p < places; p++)
          for (gsize c = 0; c < channels; c++)
            target[p * channels + c] += gradient[c * places + p];
        break;
      }
    case HEFT_OPERATION_DENSE:
    case HEFT_OPERATION_CONVOLUTION:
    default:
      g_return_if_reached ();
    }
}

static float *
begin_target (float    *gradient,
              gboolean  adds,
              gsize     s,
              gsize     size)
{
  if (gradient == NULL)
    return NULL;
  if (!adds)
    memset (gradient + s * size, 0, size * sizeof (float));
  return gradient + s * size;
}

void
heft_operation_backward (HeftTrainer         *self,
                         const HeftOperation *operation,
                         gsize                s)
{
  const float *gradient = operation->gradient + s * operation->size;
  float *target = begin_target (operation->input_gradient, operation->adds, s, operation->in_size);

  if (target != NULL)
    add_back (self, operation, s, gradient, target);
  if (operation->kind != HEFT_OPERATION_ADD)
    return;
  target = begin_target (operation->shortcut_gradient, operation->shortcut_adds, s, operation->size);
  if (target != NULL)
    add (operation->size, gradient, target);
}
