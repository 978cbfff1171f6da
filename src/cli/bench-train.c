/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <heft/trainer.h>
#include <string.h>

#include "cli/bench.h"
#include "linalg/linalg.h"

#define N_IMAGES 10000
#define N_POINTS 1000

static const gsize batches[] = { 32, 128, 512 };

/* Images as sparse as digits: four in five pixels are black. Contents do not change the speed of a product, but the set is as large. */
HeftDataset *
heft_bench_images (void)
{
  const gsize n = N_IMAGES * 784;
  g_autofree guint32 *bits = g_new (guint32, n);
  guint8 *pixels = g_malloc (n);
  guint8 labels[N_IMAGES];
  g_autoptr (GBytes) bytes = NULL;

  heft_stream_bits (heft_stream (0, HEFT_PURPOSE_SYNTHETIC_DATA, 0), 0, 0, n, bits);
  for (gsize i = 0; i < n; i++)
    pixels[i] = bits[i] % 5 == 0 ? (guint8) (bits[i] >> 24) : 0;
  for (gsize i = 0; i < N_IMAGES; i++)
    labels[i] = (guint8) (i % 10);
  bytes = g_bytes_new_take (pixels, n);
  return heft_dataset_new_bytes ("bench", N_IMAGES, 1, 28, 28, bytes, labels, 10);
}

static HeftDataset *
make_points (void)
{
  g_autofree float *points = g_new (float, 2 * N_POINTS);
  guint8 labels[N_POINTS];

  heft_stream_normals_f32 (heft_stream (0, HEFT_PURPOSE_SYNTHETIC_DATA, 0), 0, 0, 2 * N_POINTS, points);
  for (gsize i = 0; i < N_POINTS; i++)
    labels[i] = points[2 * i] * points[2 * i + 1] > 0.0f;
  return heft_dataset_new_floats ("bench", N_POINTS, 2, points, labels, 2);
}

static gboolean
train (guint64   n,
       gpointer  data,
       GError  **error)
{
  HeftStep step;

  for (guint64 i = 0; i < n; i++)
    if (!heft_trainer_step (data, &step, error))
      return FALSE;
  return TRUE;
}

/* The products of a step, one behind the other on one thread: what no arrangement on one thread can beat. */
typedef struct
{
  HeftNetwork *network;
  gsize        batch;
  guint        passes;    /* 2 for mean and variance */
  float       *weights, *activations, *deltas;
} Products;

static gboolean
multiply (guint64   n,
          gpointer  data,
          GError  **error)
{
  const Products *p = data;
  const gsize n_layers = heft_network_get_n_weight_layers (p->network);

  for (guint64 i = 0; i < n; i++)
    for (gsize l = 0; l < n_layers; l++)
      {
        const HeftLayer *layer = heft_network_get_weight_layer (p->network, l);
        const gsize in = layer->fan_in, out = layer->fan_out;
        float *w = p->weights + layer->offset;

        for (guint pass = 0; pass < p->passes; pass++)
          {
            heft_gemm_f32 (FALSE, FALSE, p->batch, out, in, 1.0f, p->activations, in, w, out, 0.0f, p->deltas, out);
            heft_gemm_f32 (TRUE, FALSE, in, out, p->batch, 1.0f, p->activations, in, p->deltas, out, 0.0f, w, out);
            if (l > 0)
              heft_gemm_f32 (FALSE, TRUE, p->batch, in, out, 1.0f, p->deltas, out, w, out, 0.0f, p->activations, in);
          }
      }
  return TRUE;
}

static gboolean
time_products (HeftNetwork *network,
               gsize        batch,
               guint        passes,
               guint        repeats,
               double      *microseconds,
               GError     **error)
{
  const gsize widest = MAX (heft_network_get_n_inputs (network), 256);
  heft_aligned_autofree float *weights = heft_aligned_new (float, heft_network_get_n_parameters (network));
  heft_aligned_autofree float *activations = heft_aligned_new (float, batch * widest);
  heft_aligned_autofree float *deltas = heft_aligned_new (float, batch * widest);
  Products products = { network, batch, passes, weights, activations, deltas };
  double times[3];

  if (!heft_bench_time (multiply, &products, repeats, times, error))
    return FALSE;
  *microseconds = times[0];
  return TRUE;
}

static double
count_operations (HeftNetwork *network,
                  gsize        batch,
                  guint        passes)
{
  double sum = 0.0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      const gsize places = layer->kind == HEFT_LAYER_CONVOLUTION ? layer->output.height * layer->output.width : 1;

      sum += 2.0 * (double) (places * layer->fan_in * layer->fan_out) * (l == 0 ? 2.0 : 3.0);
    }
  return sum * (double) batch * passes;
}

static gboolean
run_training (const char             *name,
              HeftDataset            *data,
              HeftNetwork            *network,
              gsize                   batch,
              const HeftBenchOptions *options,
              HeftBenchReport         report,
              gpointer                report_data,
              GError                **error)
{
  const gboolean variational = g_str_has_suffix (name, "variational");
  const gboolean toy = g_str_has_prefix (name, "toy"), convolutional = g_str_has_prefix (name, "cnn");
  const guint passes = variational ? 2 : 1;
  HeftTrainerConfig config = heft_trainer_config_default ();
  HeftBenchResult result = {
    .name = name, .batch = batch, .threads = toy ? 1 : options->threads, .repeats = options->repeats,
    .operations = count_operations (network, batch, passes),
  };
  g_autoptr (HeftTrainer) trainer = NULL;

  config.posterior = variational ? HEFT_POSTERIOR_MEAN_FIELD : HEFT_POSTERIOR_DIRAC;
  config.optimizer = variational ? HEFT_OPTIMIZER_ADAM : HEFT_OPTIMIZER_SGD;
  config.learning_rate = variational ? 1e-3 : 0.01;
  config.batch = batch;
  config.n_threads = result.threads;
  trainer = heft_trainer_new (network, data, &config, error);
  if (trainer == NULL || !heft_bench_time (train, trainer, options->repeats, result.step_microseconds, error))
    return FALSE;
  /* A convolution is no product of the sizes in its description. */
  if (!toy && !convolutional && !time_products (network, batch, passes, options->repeats, &result.product_microseconds, error))
    return FALSE;
  report (&result, report_data);
  return TRUE;
}

gboolean
heft_bench_training (const char             *name,
                     const HeftBenchOptions *options,
                     HeftBenchReport         report,
                     gpointer                report_data,
                     GError                **error)
{
  const gboolean toy = g_str_has_prefix (name, "toy");
  g_autoptr (HeftDataset) data = toy ? make_points () : heft_bench_images ();
  g_autoptr (HeftNetwork) network = NULL;

  if (toy)
    {
      network = heft_network_new ("16-16", HEFT_ACTIVATION_TANH, (HeftShape) { 2, 1, 1 }, 2, error);
      return network != NULL && run_training (name, data, network, options->batch > 0 ? options->batch : 10, options, report,
                                              report_data, error);
    }
  network = heft_network_new (g_str_has_prefix (name, "cnn") ? "conv5x16-pool2-conv5x32-pool2-128" : "256-256", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 28, 28 }, 10, error);
  if (network == NULL)
    return FALSE;
  if (options->batch > 0)
    return run_training (name, data, network, options->batch, options, report, report_data, error);
  for (gsize i = 0; i < G_N_ELEMENTS (batches); i++)
    if (!run_training (name, data, network, batches[i], options, report, report_data, error))
      return FALSE;
  return TRUE;
}
