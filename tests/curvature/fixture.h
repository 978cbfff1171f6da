/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/heft.h>
#include <math.h>

/* A small network with random weights (biases too) and random data, in both precisions. */
typedef struct
{
  HeftNetwork *network;
  HeftDataset *data;
  gsize        k;
  double      *weights;
  float       *weights_f32;
} Fixture;

static inline void
fixture_clear (Fixture *self)
{
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->data, heft_dataset_unref);
  g_clear_pointer (&self->weights, g_free);
  g_clear_pointer (&self->weights_f32, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static inline Fixture
fixture_new (const char *architecture, HeftActivation activation, HeftShape input, gsize n_classes, gsize n, guint64 seed)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;
  gsize d = input.channels * input.height * input.width;
  g_autofree float *inputs = g_new (float, n * d);
  g_autofree guint8 *labels = g_new (guint8, n);

  self.network = heft_network_new (architecture, activation, input, n_classes, &error);
  g_assert_no_error (error);
  self.k = heft_network_get_n_parameters (self.network);
  self.weights = g_new (double, self.k);
  self.weights_f32 = g_new (float, self.k);
  heft_stream_normals_f32 (heft_stream (seed, HEFT_PURPOSE_SIMULATION, 0), 0, 0, self.k, self.weights_f32);
  for (gsize i = 0; i < self.k; i++)
    self.weights[i] = self.weights_f32[i] *= 0.6f;
  heft_stream_normals_f32 (heft_stream (seed, HEFT_PURPOSE_SIMULATION, 1), 0, 0, n * d, inputs);
  for (gsize i = 0; i < n; i++)
    labels[i] = (guint8) ((7 * i + i / 3) % n_classes);
  self.data = heft_dataset_new_floats ("points", n, d, inputs, labels, n_classes);
  return self;
}

/* Of @k weights, from 0.1 to 1.1 times @scale. */
static inline double *
fixture_variances (gsize k, double scale)
{
  double *variance = g_new (double, k);

  heft_stream_uniforms_f64 (heft_stream (5, HEFT_PURPOSE_SIMULATION, 2), 0, 0, k, variance);
  for (gsize i = 0; i < k; i++)
    variance[i] = scale * (0.1 + variance[i]);
  return variance;
}

#define FLAT(d) ((HeftShape) { (d), 1, 1 })
