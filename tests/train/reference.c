/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "reference.h"

HeftDataset *
reference_dataset (gsize   n,
                   gsize   n_features,
                   gsize   n_classes,
                   guint64 seed)
{
  g_autofree float *inputs = g_new (float, n * n_features);
  g_autofree guint8 *labels = g_new (guint8, n);
  g_autofree guint32 *bits = g_new (guint32, n);

  heft_stream_normals_f32 (heft_stream (seed, HEFT_PURPOSE_SYNTHETIC_DATA, 0), 0, 0, n * n_features, inputs);
  heft_stream_bits (heft_stream (seed, HEFT_PURPOSE_SYNTHETIC_DATA, 1), 0, 0, n, bits);
  for (gsize i = 0; i < n; i++)
    labels[i] = (guint8) (bits[i] % n_classes);
  return heft_dataset_new_floats ("random", n, n_features, inputs, labels, n_classes);
}

HeftNetwork *
reference_network (const char     *architecture,
                   HeftActivation  activation,
                   HeftShape       input,
                   gsize           n_classes)
{
  g_autoptr (GError) error = NULL;
  HeftNetwork *network = heft_network_new (architecture, activation, input, n_classes, &error);

  g_assert_no_error (error);
  return network;
}

HeftTrainer *
reference_trainer (HeftNetwork             *network,
                   HeftDataset             *data,
                   const HeftTrainerConfig *config)
{
  g_autoptr (GError) error = NULL;
  HeftTrainer *trainer = heft_trainer_new (network, data, config, &error);

  g_assert_no_error (error);
  return trainer;
}

HeftStep
reference_step (HeftTrainer *trainer)
{
  g_autoptr (GError) error = NULL;
  HeftStep step;

  heft_trainer_step (trainer, &step, &error);
  g_assert_no_error (error);
  return step;
}

ReferenceBatch *
reference_batch_new (HeftNetwork *network,
                     HeftDataset *data,
                     gsize        batch,
                     guint64      seed,
                     guint64      step)
{
  ReferenceBatch *self = g_new0 (ReferenceBatch, 1);
  const gsize n = heft_dataset_get_n_samples (data);
  g_autofree guint32 *order = g_new (guint32, n);

  self->network = heft_network_ref (network);
  self->data = heft_dataset_ref (data);
  self->samples = g_new (guint32, batch);
  self->batch = batch;
  self->seed = seed;
  self->step = step;
  for (gsize i = 0; i < batch; i++)
    {
      const guint64 position = step * batch + i;

      heft_stream_permutation (heft_stream (seed, HEFT_PURPOSE_SHUFFLE, 0), position / n, (guint32) n, order);
      self->samples[i] = order[position % n];
    }
  return self;
}

void
reference_batch_free (ReferenceBatch *self)
{
  heft_network_unref (self->network);
  heft_dataset_unref (self->data);
  g_free (self->samples);
  g_free (self);
}

static double
activate (HeftActivation activation,
          double         z)
{
  switch (activation)
    {
    case HEFT_ACTIVATION_RELU: return z > 0 ? z : 0;
    case HEFT_ACTIVATION_LEAKY_RELU: return z > 0 ? z : 0.01 * z;
    case HEFT_ACTIVATION_TANH: return tanh (z);
    case HEFT_ACTIVATION_SIGMOID: return 1 / (1 + exp (-z));
    case HEFT_ACTIVATION_SOFTPLUS: return log1p (exp (z));
    case HEFT_ACTIVATION_GELU: return z * 0.5 * erfc (-z / sqrt (2));
    case HEFT_ACTIVATION_LINEAR:
    default: return z;
    }
}

static gsize
shape_size (HeftShape shape)
{
  return shape.channels * shape.height * shape.width;
}

/* What entry @i of the window at place @p reads: 0 in the padding. Images are channel by channel, as in HeftNetwork; a dense layer is
 * a convolution whose window is its whole input. */
static double
entry (const HeftLayer *layer,
       const double    *in,
       gsize            p,
       gsize            i)
{
  const gsize kernel = layer->kernel, c = i / (kernel * kernel);
  const glong y = (glong) (p / layer->output.width * layer->stride + i / kernel % kernel) - (glong) layer->padding;
  const glong x = (glong) (p % layer->output.width * layer->stride + i % kernel) - (glong) layer->padding;

  if (y < 0 || x < 0 || y >= (glong) layer->input.height || x >= (glong) layer->input.width)
    return 0;
  return in[(c * layer->input.height + (gsize) y) * layer->input.width + (gsize) x];
}

/* One sample through one layer with weights; @row is its place in the batch, which numbers its noise: each output is drawn from its
 * mean and variance, by its own element of stream @index. */
static void
weights (const ReferenceBatch *batch,
         const HeftLayer      *layer,
         guint32               index,
         gsize                 row,
         const double         *mean,
         const double         *variance,
         const double         *in,
         double               *out)
{
  const gboolean dense = layer->kind == HEFT_LAYER_DENSE;
  const gsize places = dense ? 1 : layer->output.height * layer->output.width, n = layer->fan_out;
  const gsize bias = layer->offset + layer->fan_in * n;
  g_autofree double *m = g_new (double, n), *v = g_new0 (double, n);
  g_autofree float *noise = g_new (float, n);

  for (gsize p = 0; p < places; p++)
    {
      memcpy (m, mean + bias, n * sizeof (double));
      if (variance != NULL)
        memcpy (v, variance + bias, n * sizeof (double));
      for (gsize i = 0; i < layer->fan_in; i++)
        {
          const double value = dense ? in[i] : entry (layer, in, p, i);
          const gsize at = layer->offset + i * n;

          for (gsize j = 0; j < n; j++)
            m[j] += value * mean[at + j];
          for (gsize j = 0; variance != NULL && j < n; j++)
            v[j] += value * value * variance[at + j];
        }
      if (variance != NULL)
        heft_stream_normals_f32 (heft_stream (batch->seed, HEFT_PURPOSE_TRAINING_NOISE, index), batch->step,
                                 (row * places + p) * n, n, noise);
      for (gsize j = 0; j < n; j++)
        out[j * places + p] = variance != NULL ? m[j] + sqrt (v[j]) * noise[j] : m[j];
    }
}

static void
pool (const HeftLayer *layer,
      const double    *in,
      double          *out)
{
  for (gsize c = 0; c < layer->output.channels; c++)
    for (gsize y = 0; y < layer->output.height; y++)
      for (gsize x = 0; x < layer->output.width; x++)
        {
          double sum = 0, top = -INFINITY;

          for (gsize i = 0; i < layer->kernel * layer->kernel; i++)
            {
              const glong row = (glong) (y * layer->stride + i / layer->kernel) - (glong) layer->padding;
              const glong column = (glong) (x * layer->stride + i % layer->kernel) - (glong) layer->padding;

              if (row < 0 || column < 0 || row >= (glong) layer->input.height || column >= (glong) layer->input.width)
                continue;
              sum += in[(c * layer->input.height + (gsize) row) * layer->input.width + (gsize) column];
              top = fmax (top, in[(c * layer->input.height + (gsize) row) * layer->input.width + (gsize) column]);
            }
          *out++ = layer->kind == HEFT_LAYER_MAX_POOL ? top : sum / (double) (layer->kernel * layer->kernel);
        }
}

static void
normalise (const HeftLayer *layer,
           const double    *in,
           double          *out)
{
  const gsize width = shape_size (layer->input) / layer->kernel;

  for (gsize g = 0; g < layer->kernel; g++, in += width, out += width)
    {
      double mean = 0, variance = 0;

      for (gsize i = 0; i < width; i++)
        mean += in[i] / (double) width;
      for (gsize i = 0; i < width; i++)
        variance += (in[i] - mean) * (in[i] - mean) / (double) width;
      for (gsize i = 0; i < width; i++)
        out[i] = (in[i] - mean) / sqrt (variance + 1e-5);
    }
}

/* @n numbers of sample @row that enter a layer with weights; @index is the dropout's place among the operations. */
static void
drop (const ReferenceBatch *batch,
      guint32               index,
      gsize                 row,
      gsize                 n,
      double               *x)
{
  g_autofree guint32 *bits = g_new (guint32, n);

  heft_stream_bits (heft_stream (batch->seed, HEFT_PURPOSE_DROPOUT, index), batch->step, row * n, n, bits);
  for (gsize i = 0; i < n; i++)
    x[i] *= (double) bits[i] >= floor (batch->dropout * 4294967296.0) ? 1 / (1 - batch->dropout) : 0;
}

/* Operations without weights. @open holds what entered the residual blocks that are open. */
static void
plain (const HeftLayer *layer,
       GPtrArray       *open,
       const double    *in,
       double          *out)
{
  const gsize n = shape_size (layer->output), n_pixels = layer->input.height * layer->input.width;

  memcpy (out, in, n * sizeof (double));
  if (layer->kind == HEFT_LAYER_ACTIVATION)
    for (gsize i = 0; i < n; i++)
      out[i] = activate (layer->activation, in[i]);
  else if (layer->kind == HEFT_LAYER_MAX_POOL || layer->kind == HEFT_LAYER_AVERAGE_POOL)
    pool (layer, in, out);
  else if (layer->kind == HEFT_LAYER_NORMALISATION)
    normalise (layer, in, out);
  else if (layer->kind == HEFT_LAYER_RESIDUAL_BEGIN)
    g_ptr_array_add (open, g_memdup2 (in, n * sizeof (double)));
  else if (layer->kind == HEFT_LAYER_RESIDUAL_END)
    {
      const double *shortcut = g_ptr_array_index (open, open->len - 1);

      for (gsize i = 0; i < n; i++)
        out[i] += shortcut[i];
      g_ptr_array_set_size (open, (int) open->len - 1);
    }
  else if (layer->kind == HEFT_LAYER_GLOBAL_AVERAGE_POOL)
    for (gsize c = 0; c < n; c++)
      {
        out[c] = 0;
        for (gsize p = 0; p < n_pixels; p++)
          out[c] += in[c * n_pixels + p] / (double) n_pixels;
      }
}

/* The last operation's output for one sample of the batch, into @outputs. */
static void
sample_outputs (const ReferenceBatch *batch,
                gsize                 row,
                const double         *mean,
                const double         *variance,
                double               *outputs)
{
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_free);
  gsize widest = heft_network_get_n_inputs (batch->network);
  g_autofree double *in = NULL, *out = NULL;
  guint32 index = 0;

  for (gsize l = 0; l < heft_network_get_n_layers (batch->network); l++)
    widest = MAX (widest, shape_size (heft_network_get_layer (batch->network, l)->output));
  in = g_new (double, widest);
  out = g_new (double, widest);
  heft_dataset_gather_f64 (batch->data, &batch->samples[row], 0, 1, in);
  for (gsize l = 0; l < heft_network_get_n_layers (batch->network); l++)
    {
      const HeftLayer *layer = heft_network_get_layer (batch->network, l);
      double *swap = in;

      /* Dense layers carry their activations: layer i is operation 2 i, and the dropout before it 2 i - 1. */
      if (layer->n_parameters > 0 && batch->dropout > 0 && index > 0)
        drop (batch, 2 * index - 1, row, layer->fan_in, in);
      if (layer->n_parameters > 0)
        weights (batch, layer, index++, row, mean, variance, in, out);
      else
        plain (layer, open, in, out);
      in = out;
      out = swap;
    }
  memcpy (outputs, in, heft_network_get_n_classes (batch->network) * sizeof (double));
}

static double
sample_loss (const ReferenceBatch *batch,
             gsize                 row,
             const double         *mean,
             const double         *variance)
{
  const gsize n_classes = heft_network_get_n_classes (batch->network);
  const guint8 label = heft_dataset_get_labels (batch->data)[batch->samples[row]];
  g_autofree double *outputs = g_new (double, n_classes);
  double sum = 0;

  sample_outputs (batch, row, mean, variance, outputs);
  for (gsize c = 0; batch->loss.kind != HEFT_LOSS_SOFTMAX && c < n_classes; c++)
    {
      const double target = c == label, d = batch->loss.deviation;

      if (batch->loss.kind == HEFT_LOSS_BINARY)
        sum -= log (1 / (1 + exp (target > 0 ? -outputs[c] : outputs[c])));
      else
        sum += pow ((outputs[c] - target) / d, 2) / 2 + log (sqrt (2 * G_PI) * d);
    }
  if (batch->loss.kind != HEFT_LOSS_SOFTMAX)
    return sum;
  for (gsize c = 0; c < n_classes; c++)
    sum += exp (outputs[c]);
  return log (sum) - outputs[label];
}

double
reference_loss (const ReferenceBatch *batch,
                const double         *mean,
                const double         *log_deviation)
{
  g_autofree double *variance = NULL;
  double sum = 0;

  if (log_deviation != NULL)
    {
      const gsize n = heft_network_get_n_parameters (batch->network);

      variance = g_new (double, n);
      for (gsize i = 0; i < n; i++)
        variance[i] = exp (2 * log_deviation[i]);
    }
  for (gsize row = 0; row < batch->batch; row++)
    {
      const double loss = sample_loss (batch, row, mean, variance);

      sum += batch->ceiling > 0 ? MIN (loss, batch->ceiling) : loss;
    }
  return sum / batch->batch;
}

double
reference_kl (HeftNetwork     *network,
              const HeftPrior *prior,
              const double    *mean,
              const double    *log_deviation)
{
  const float *centre = heft_prior_get_centre (prior);
  double kl = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);
      double lambda = heft_prior_get_lambda (prior, l);

      if (heft_prior_get_kind (prior) == HEFT_PRIOR_EMPIRICAL_BAYES)
        {
          double square = 0;

          for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
            square += pow (mean[i] - centre[i], 2) + exp (2 * log_deviation[i]);
          lambda = sqrt (square / layer->n_parameters);
        }
      for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
        {
          const double variance = exp (2 * log_deviation[i]), distance = mean[i] - (centre != NULL ? centre[i] : 0);

          kl += 0.5 * ((variance + distance * distance) / (lambda * lambda) - 1 + 2 * log (lambda) - log (variance));
        }
    }
  return kl;
}

double *
reference_widen (const float *x,
                 gsize        n)
{
  double *wide = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    wide[i] = (double) x[i];
  return wide;
}
