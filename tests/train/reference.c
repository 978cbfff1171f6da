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

/* One sample through one layer; @row is its place in the batch, which numbers its noise. */
static void
dense (const ReferenceBatch *batch,
       const HeftLayer      *layer,
       guint32               index,
       gsize                 row,
       const double         *mean,
       const double         *log_deviation,
       const double         *in,
       double               *out)
{
  for (gsize j = 0; j < layer->fan_out; j++)
    {
      double m = mean[layer->offset + layer->fan_in * layer->fan_out + j], v = 0;

      for (gsize i = 0; i < layer->fan_in; i++)
        m += in[i] * mean[layer->offset + i * layer->fan_out + j];
      if (log_deviation != NULL)
        {
          float noise;

          v = exp (2 * log_deviation[layer->offset + layer->fan_in * layer->fan_out + j]);
          for (gsize i = 0; i < layer->fan_in; i++)
            v += in[i] * in[i] * exp (2 * log_deviation[layer->offset + i * layer->fan_out + j]);
          heft_stream_normals_f32 (heft_stream (batch->seed, HEFT_PURPOSE_TRAINING_NOISE, index), batch->step,
                                   row * layer->fan_out + j, 1, &noise);
          m += sqrt (v) * noise;
        }
      out[j] = m;
    }
}

static double
sample_loss (const ReferenceBatch *batch,
             gsize                 row,
             const double         *mean,
             const double         *log_deviation)
{
  const gsize n_classes = heft_network_get_n_classes (batch->network);
  const guint8 label = heft_dataset_get_labels (batch->data)[batch->samples[row]];
  double values[2][1024], sum = 0;
  guint32 index = 0;
  guint current = 0;

  heft_dataset_gather_f64 (batch->data, &batch->samples[row], 0, 1, values[0]);
  for (gsize l = 0; l < heft_network_get_n_layers (batch->network); l++)
    {
      const HeftLayer *layer = heft_network_get_layer (batch->network, l);

      if (layer->kind == HEFT_LAYER_DENSE)
        {
          g_assert_cmpuint (layer->fan_out, <=, 1024);
          dense (batch, layer, index++, row, mean, log_deviation, values[current], values[1 - current]);
          current = 1 - current;
        }
      else if (layer->kind == HEFT_LAYER_ACTIVATION)
        for (gsize i = 0; i < layer->output.channels * layer->output.height * layer->output.width; i++)
          values[current][i] = activate (layer->activation, values[current][i]);
      else
        g_assert_not_reached ();
    }
  for (gsize c = 0; c < n_classes; c++)
    sum += exp (values[current][c]);
  return log (sum) - values[current][label];
}

double
reference_loss (const ReferenceBatch *batch,
                const double         *mean,
                const double         *log_deviation)
{
  double sum = 0;

  for (gsize row = 0; row < batch->batch; row++)
    sum += sample_loss (batch, row, mean, log_deviation);
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
