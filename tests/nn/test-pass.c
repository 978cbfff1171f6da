/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/pass.h>
#include <math.h>
#include <string.h>

/* Two channels, unequal sides: nothing symmetric can hide an exchanged index. */
static const HeftShape image = { 2, 7, 6 };

enum { N = 3, CLASSES = 4 };

/* A network at random weights with a batch and labels. */
typedef struct
{
  HeftNetwork *network;
  HeftPassF64 *pass;
  gsize        k, d;
  double      *weights, *inputs;
  guint8       labels[N];
} Fixture;

static double *
normals (gsize   n,
         guint32 index)
{
  double *out = g_new (double, n);

  heft_stream_normals_f64 (heft_stream (5, HEFT_PURPOSE_SIMULATION, index), 0, 0, n, out);
  return out;
}

static void
set_up (Fixture       *fixture,
        const char    *architecture,
        HeftActivation activation)
{
  g_autoptr (GError) error = NULL;

  fixture->network = heft_network_new (architecture, activation, image, CLASSES, &error);
  g_assert_no_error (error);
  fixture->pass = heft_pass_f64_new (fixture->network, N + 2);
  fixture->k = heft_network_get_n_parameters (fixture->network);
  fixture->d = heft_network_get_n_inputs (fixture->network);
  fixture->weights = normals (fixture->k, 1);
  fixture->inputs = normals (N * fixture->d, 2);
  for (gsize i = 0; i < fixture->k; i++)
    fixture->weights[i] *= 0.4;
  for (gsize s = 0; s < N; s++)
    fixture->labels[s] = (guint8) ((3 * s + 1) % CLASSES);
}

static void
tear_down (Fixture *fixture)
{
  heft_pass_f64_free (fixture->pass);
  heft_network_unref (fixture->network);
  g_free (fixture->weights);
  g_free (fixture->inputs);
}

static double
loss_at (Fixture      *fixture,
         const double *weights,
         const double *inputs)
{
  double losses[N], sum = 0.0;

  heft_pass_f64_forward (fixture->pass, weights, inputs, N);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (fixture->pass), fixture->labels, N, CLASSES, losses, NULL, NULL);
  for (gsize s = 0; s < N; s++)
    sum += losses[s];
  return sum;
}

static void
gradient_at (Fixture      *fixture,
             const double *weights,
             double       *gradient)
{
  double logit_gradients[N * CLASSES];

  heft_pass_f64_forward (fixture->pass, weights, fixture->inputs, N);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (fixture->pass), fixture->labels, N, CLASSES,
                                  NULL, NULL, logit_gradients);
  heft_pass_f64_backward (fixture->pass, logit_gradients, gradient);
}

/* Central differences of step 1e-5 leave about 1e-10 of truncation and 1e-11 of rounding. */
#define STEP      1e-5
#define TOLERANCE 2e-8

static void
check_gradients (Fixture *fixture)
{
  g_autofree double *gradient = g_new (double, fixture->k);
  g_autofree double *input_gradient = g_new (double, N * fixture->d);
  g_autofree double *again = g_new (double, N * fixture->d);

  gradient_at (fixture, fixture->weights, gradient);
  heft_pass_f64_input_gradient (fixture->pass, input_gradient);
  heft_pass_f64_input_gradient (fixture->pass, again);
  g_assert_cmpmem (input_gradient, N * fixture->d * sizeof (double), again, N * fixture->d * sizeof (double));

  for (gsize i = 0; i < fixture->k + N * fixture->d; i++)
    {
      double *x = i < fixture->k ? &fixture->weights[i] : &fixture->inputs[i - fixture->k];
      double found = i < fixture->k ? gradient[i] : input_gradient[i - fixture->k];
      double before = *x, up, down;

      *x = before + STEP;
      up = loss_at (fixture, fixture->weights, fixture->inputs);
      *x = before - STEP;
      down = loss_at (fixture, fixture->weights, fixture->inputs);
      *x = before;
      g_assert_cmpfloat_with_epsilon (found, (up - down) / (2.0 * STEP), TOLERANCE);
    }
}

static void
check_tangents (Fixture *fixture)
{
  g_autofree double *direction = normals (fixture->k, 3);
  g_autofree double *input_direction = normals (N * fixture->d, 4);
  g_autofree double *weights = g_new (double, fixture->k);
  g_autofree double *inputs = g_new (double, N * fixture->d);
  double up[N * CLASSES], found[N * CLASSES], part[N * CLASSES], sum[N * CLASSES] = { 0 };
  gsize n_layers = heft_network_get_n_weight_layers (fixture->network);

  for (int sign = 1; sign >= -1; sign -= 2)
    {
      for (gsize i = 0; i < fixture->k; i++)
        weights[i] = fixture->weights[i] + sign * STEP * direction[i];
      for (gsize i = 0; i < N * fixture->d; i++)
        inputs[i] = fixture->inputs[i] + sign * STEP * input_direction[i];
      heft_pass_f64_forward (fixture->pass, weights, inputs, N);
      if (sign > 0)
        memcpy (up, heft_pass_f64_logits (fixture->pass), sizeof up);
      else
        for (gsize i = 0; i < N * CLASSES; i++)
          up[i] = (up[i] - heft_pass_f64_logits (fixture->pass)[i]) / (2.0 * STEP);
    }

  heft_pass_f64_forward (fixture->pass, fixture->weights, fixture->inputs, N);
  heft_pass_f64_tangent (fixture->pass, direction, 0, n_layers - 1, input_direction, found);
  for (gsize i = 0; i < N * CLASSES; i++)
    g_assert_cmpfloat_with_epsilon (found[i], up[i], 1e-6);

  /* The Jacobian-vector product is linear: layers and inputs apart add up to the whole. */
  for (gsize l = 0; l <= n_layers; l++)
    {
      if (l < n_layers)
        heft_pass_f64_tangent (fixture->pass, direction, l, l, NULL, part);
      else
        heft_pass_f64_tangent (fixture->pass, NULL, 0, 0, input_direction, part);
      for (gsize i = 0; i < N * CLASSES; i++)
        sum[i] += part[i];
    }
  for (gsize i = 0; i < N * CLASSES; i++)
    g_assert_cmpfloat_with_epsilon (sum[i], found[i], 1e-11);
  heft_pass_f64_tangent (fixture->pass, NULL, 0, 0, NULL, part);
  for (gsize i = 0; i < N * CLASSES; i++)
    g_assert_cmpfloat (part[i], ==, 0.0);
}

/* <g, J v> = <J^T g, v> for any g and v. */
static void
check_adjoint (Fixture *fixture)
{
  g_autofree double *direction = normals (fixture->k, 5);
  g_autofree double *input_direction = normals (N * fixture->d, 6);
  g_autofree double *logit_gradients = normals (N * CLASSES, 7);
  g_autofree double *gradient = g_new (double, fixture->k);
  g_autofree double *input_gradient = g_new (double, N * fixture->d);
  double tangents[N * CLASSES], left = 0.0, right = 0.0;

  heft_pass_f64_forward (fixture->pass, fixture->weights, fixture->inputs, N);
  heft_pass_f64_tangent (fixture->pass, direction, 0, heft_network_get_n_weight_layers (fixture->network) - 1,
                         input_direction, tangents);
  heft_pass_f64_backward (fixture->pass, logit_gradients, gradient);
  heft_pass_f64_input_gradient (fixture->pass, input_gradient);
  for (gsize i = 0; i < N * CLASSES; i++)
    left += logit_gradients[i] * tangents[i];
  for (gsize i = 0; i < fixture->k; i++)
    right += gradient[i] * direction[i];
  for (gsize i = 0; i < N * fixture->d; i++)
    right += input_gradient[i] * input_direction[i];
  g_assert_cmpfloat_with_epsilon (left, right, 1e-11 * (1.0 + fabs (left)));
}

/* A sample's gradient is the gradient of a batch of that sample, and they add up to the batch's. */
static void
check_sample_gradients (Fixture *fixture)
{
  g_autofree double *gradient = g_new (double, fixture->k);
  g_autofree double *samples = g_new (double, N * fixture->k);
  g_autofree double *alone = g_new (double, fixture->k);
  double logit_gradients[N * CLASSES];

  gradient_at (fixture, fixture->weights, gradient);
  for (gsize s = 0; s < N; s++)
    for (gsize l = 0; l < heft_network_get_n_weight_layers (fixture->network); l++)
      heft_pass_f64_sample_gradient (fixture->pass, l, s, samples + s * fixture->k
                                     + heft_network_get_weight_layer (fixture->network, l)->offset);
  for (gsize i = 0; i < fixture->k; i++)
    g_assert_cmpfloat_with_epsilon (samples[i] + samples[fixture->k + i] + samples[2 * fixture->k + i], gradient[i], 1e-12);

  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (fixture->pass), fixture->labels, N, CLASSES,
                                  NULL, NULL, logit_gradients);
  for (gsize s = 0; s < N; s++)
    {
      heft_pass_f64_forward (fixture->pass, fixture->weights, fixture->inputs + s * fixture->d, 1);
      heft_pass_f64_backward (fixture->pass, logit_gradients + s * CLASSES, alone);
      for (gsize i = 0; i < fixture->k; i++)
        g_assert_cmpfloat_with_epsilon (alone[i], samples[s * fixture->k + i], 1e-12);
    }
}

static void
check_hessian (Fixture *fixture)
{
  g_autofree double *u = normals (fixture->k, 8);
  g_autofree double *v = normals (fixture->k, 9);
  g_autofree double *hu = g_new (double, fixture->k);
  g_autofree double *hv = g_new (double, fixture->k);
  g_autofree double *up = g_new (double, fixture->k);
  g_autofree double *down = g_new (double, fixture->k);
  g_autofree double *moved = g_new (double, fixture->k);
  double uhv = 0.0, vhu = 0.0;

  for (gsize i = 0; i < fixture->k; i++)
    moved[i] = fixture->weights[i] + STEP * v[i];
  gradient_at (fixture, moved, up);
  for (gsize i = 0; i < fixture->k; i++)
    moved[i] = fixture->weights[i] - STEP * v[i];
  gradient_at (fixture, moved, down);

  heft_pass_f64_forward (fixture->pass, fixture->weights, fixture->inputs, N);
  heft_pass_f64_hessian_vector (fixture->pass, fixture->labels, v, hv);
  heft_pass_f64_hessian_vector (fixture->pass, fixture->labels, u, hu);
  for (gsize i = 0; i < fixture->k; i++)
    {
      g_assert_cmpfloat_with_epsilon (hv[i], (up[i] - down[i]) / (2.0 * STEP), 1e-5);
      uhv += u[i] * hv[i];
      vhu += v[i] * hu[i];
    }
  g_assert_cmpfloat_with_epsilon (uhv, vhu, 1e-10 * (1.0 + fabs (uhv)));
}

static void
check_single_precision (Fixture *fixture)
{
  g_autoptr (HeftPassF32) pass = heft_pass_f32_new (fixture->network, N);
  g_autofree float *weights = g_new (float, fixture->k);
  g_autofree float *inputs = g_new (float, N * fixture->d);
  g_autofree float *gradient = g_new (float, fixture->k);
  g_autofree double *direction = normals (fixture->k, 10);
  g_autofree float *direction_single = g_new (float, fixture->k);
  g_autofree float *input_gradient = g_new (float, N * fixture->d);
  g_autofree double *expected = g_new (double, fixture->k);
  g_autofree double *expected_input = g_new (double, N * fixture->d);
  g_autofree float *product = g_new (float, fixture->k);
  float losses[N], logit_gradients[N * CLASSES];
  double sum = 0.0, scale = 0.0;

  for (gsize i = 0; i < fixture->k; i++)
    {
      weights[i] = (float) fixture->weights[i];
      direction_single[i] = (float) direction[i];
    }
  for (gsize i = 0; i < N * fixture->d; i++)
    inputs[i] = (float) fixture->inputs[i];

  heft_pass_f32_forward (pass, weights, inputs, N);
  heft_softmax_cross_entropy_f32 (heft_pass_f32_logits (pass), fixture->labels, N, CLASSES, losses, NULL, logit_gradients);
  heft_pass_f32_backward (pass, logit_gradients, gradient);
  heft_pass_f32_input_gradient (pass, input_gradient);
  heft_pass_f32_hessian_vector (pass, fixture->labels, direction_single, product);
  for (gsize s = 0; s < N; s++)
    sum += losses[s];
  g_assert_cmpfloat_with_epsilon (sum, loss_at (fixture, fixture->weights, fixture->inputs), 1e-4);
  gradient_at (fixture, fixture->weights, expected);
  heft_pass_f64_input_gradient (fixture->pass, expected_input);
  for (gsize i = 0; i < fixture->k; i++)
    g_assert_cmpfloat_with_epsilon (gradient[i], expected[i], 2e-4);
  for (gsize i = 0; i < N * fixture->d; i++)
    g_assert_cmpfloat_with_epsilon (input_gradient[i], expected_input[i], 2e-4);
  heft_pass_f64_hessian_vector (fixture->pass, fixture->labels, direction, expected);
  for (gsize i = 0; i < fixture->k; i++)
    scale = MAX (scale, fabs (expected[i]));
  for (gsize i = 0; i < fixture->k; i++)
    g_assert_cmpfloat_with_epsilon (product[i], expected[i], 1e-4 * scale);
}

static void
check_everything (const char    *architecture,
                  HeftActivation activation)
{
  Fixture fixture;

  g_test_message ("%s with %s", architecture, heft_activation_name (activation));
  set_up (&fixture, architecture, activation);
  check_gradients (&fixture);
  check_tangents (&fixture);
  check_adjoint (&fixture);
  check_sample_gradients (&fixture);
  check_hessian (&fixture);
  check_single_precision (&fixture);
  tear_down (&fixture);
}

static void
test_dense (void)
{
  for (int a = HEFT_ACTIVATION_LINEAR; a <= HEFT_ACTIVATION_GELU; a++)
    check_everything ("5-6", (HeftActivation) a);
  check_everything ("", HEFT_ACTIVATION_RELU);
  check_everything ("tanh-5", HEFT_ACTIVATION_GELU);
}

static void
test_convolution (void)
{
  static const char * const architectures[] = {
    "conv3x3", "conv3x3s2p1-5", "conv2x3s3p1", "conv5x2p4", "conv3x3p1-conv2x4s2-5", "conv1x3-conv1x2s2",
    "conv1x3p0-6", "tanh-conv3x2", "conv1x2p1-5", "conv2x3s2p3-conv1x4p2-4",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    check_everything (architectures[i], HEFT_ACTIVATION_SOFTPLUS);
}

static void
test_pooling (void)
{
  static const char * const architectures[] = {
    "pool2-5", "conv2x3-pool2", "conv2x3-pool3s2p1-5", "conv3x2-avgpool2", "conv2x3-avgpool3s2p1-5", "avgpool3s1p1",
    "conv3x4-gap", "gap-5", "conv3x3-pool2-tanh-flatten-5", "pool3s1p1-conv2x2-gap",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    check_everything (architectures[i], HEFT_ACTIVATION_TANH);
}

static void
test_normalisation_and_residual (void)
{
  static const char * const architectures[] = {
    "6-norm", "norm-6", "conv3x4-norm2-gap", "norm2-conv3x3-norm", "6-(6)", "6-(tanh-6-gelu-6)-norm-5",
    "conv3x3p1-(conv3x3p1-tanh-conv3x3p1)-pool2", "(conv3x2p1)-gap", "(tanh-conv3x2p1-(conv1x2))-6",
    "6-((6)-6)-tanh", "6-(norm2)-5", "(tanh)-5", "6-((linear)-6)",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    check_everything (architectures[i], HEFT_ACTIVATION_SIGMOID);
}

/* --- Against the definitions, written out without im2col, BLAS or strides of our making --------------------------- */

static double
pixel (const double *x,
       HeftShape     shape,
       gsize         c,
       int           i,
       int           j)
{
  if (i < 0 || j < 0 || i >= (int) shape.height || j >= (int) shape.width)
    return 0.0;
  return x[(c * shape.height + (gsize) i) * shape.width + (gsize) j];
}

static void
check_convolution (const char *architecture,
                   gsize       kernel)
{
  Fixture fixture;
  const HeftLayer *layer;
  const double *out;

  set_up (&fixture, architecture, HEFT_ACTIVATION_TANH);
  heft_pass_f64_forward (fixture.pass, fixture.weights, fixture.inputs, N);
  layer = heft_network_get_layer (fixture.network, 0);
  out = heft_pass_f64_output (fixture.pass, 0);
  for (gsize s = 0; s < N; s++)
    for (gsize o = 0; o < 5; o++)
      for (gsize y = 0; y < layer->output.height; y++)
        for (gsize x = 0; x < layer->output.width; x++)
          {
            double sum = fixture.weights[layer->fan_in * 5 + o];

            for (gsize c = 0; c < 2; c++)
              for (int ky = 0; ky < (int) kernel; ky++)
                for (int kx = 0; kx < (int) kernel; kx++)
                  sum += fixture.weights[((c * kernel + (gsize) ky) * kernel + (gsize) kx) * 5 + o]
                         * pixel (fixture.inputs + s * fixture.d, image, c, 2 * (int) y + ky - 1, 2 * (int) x + kx - 1);
            g_assert_cmpfloat_with_epsilon (*out++, sum, 1e-13);
          }
  g_assert_true (heft_pass_f64_layer_input (fixture.pass, 0) == fixture.inputs);
  g_assert_true (heft_pass_f64_output (fixture.pass, -1) == fixture.inputs);
  tear_down (&fixture);
}

/* Also a kernel wider than the padded image is to one side, of which some columns see nothing. */
static void
test_convolution_by_definition (void)
{
  check_convolution ("conv3x5s2p1", 3);
  check_convolution ("conv8x5s2p1", 8);
}

static void
test_pools_by_definition (void)
{
  static const char * const architectures[] = { "pool3s2p1", "avgpool3s2p1", "gap" };

  for (gsize kind = 0; kind < 3; kind++)
    {
      Fixture fixture;
      const HeftLayer *layer;
      const double *out;

      set_up (&fixture, architectures[kind], HEFT_ACTIVATION_TANH);
      heft_pass_f64_forward (fixture.pass, fixture.weights, fixture.inputs, N);
      layer = heft_network_get_layer (fixture.network, 0);
      out = heft_pass_f64_output (fixture.pass, 0);
      for (gsize s = 0; s < N; s++)
        for (gsize c = 0; c < 2; c++)
          for (int y = 0; y < (int) layer->output.height; y++)
            for (int x = 0; x < (int) layer->output.width; x++)
              {
                double top = -G_MAXDOUBLE, sum = 0.0;
                int first = kind == 2 ? 0 : -1, rows = kind == 2 ? 7 : 3, columns = kind == 2 ? 6 : 3;

                for (int i = first; i < first + rows; i++)
                  for (int j = first; j < first + columns; j++)
                    {
                      double v = pixel (fixture.inputs + s * fixture.d, image, c, 2 * y + i, 2 * x + j);

                      sum += v;
                      if (2 * y + i >= 0 && 2 * x + j >= 0 && 2 * y + i < 7 && 2 * x + j < 6)
                        top = MAX (top, v);
                    }
                g_assert_cmpfloat_with_epsilon (*out++, kind == 0 ? top : sum / (rows * columns), 1e-14);
              }
      tear_down (&fixture);
    }
}

static void
test_activations_by_definition (void)
{
  static const double z[] = { -40.0, -3.0, -0.5, 0.0, 0.25, 2.0, 40.0 };

  for (gsize i = 0; i < G_N_ELEMENTS (z); i++)
    {
      double v = z[i], expected[] = { v, MAX (v, 0.0), v < 0.0 ? 0.01 * v : v, (exp (2.0 * v) - 1.0) / (exp (2.0 * v) + 1.0),
                                      1.0 / (1.0 + exp (-v)), log (1.0 + exp (v)), 0.5 * v * (1.0 + erf (v / sqrt (2.0))) };

      for (int a = HEFT_ACTIVATION_LINEAR; a <= HEFT_ACTIVATION_GELU; a++)
        {
          g_autoptr (HeftNetwork) network = NULL;
          g_autoptr (HeftPassF64) pass = NULL;
          double weights[4] = { 1.0, 0.0, 1.0, 0.0 };

          network = heft_network_new ("1", (HeftActivation) a, (HeftShape) { 1, 1, 1 }, 1, NULL);
          pass = heft_pass_f64_new (network, 1);
          heft_pass_f64_forward (pass, weights, &v, 1);
          g_assert_cmpfloat_with_epsilon (heft_pass_f64_logits (pass)[0], expected[a], 1e-14);
        }
    }
}

/* A sample that fits almost perfectly: loss, gradient and metric keep their digits far below the rounding of p = 1. */
static void
test_softmax_saturated (void)
{
  const double logits[] = { 50.25, 10.25, 11.25, NAN, INFINITY, 0 };
  const guint8 label = 0;
  double left = exp (-40) + exp (-39), loss, p[3], g[3], v[3] = { 3, 1, 2 }, mean;

  heft_softmax_cross_entropy_f64 (logits, &label, 1, 3, &loss, p, g);
  g_assert_cmpfloat_with_epsilon (loss / log1p (left), 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (g[0] / (-left / (1 + left)), 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (g[1] / exp (-40), 1, 1e-14);
  heft_softmax_metric_f64 (p, 1, 3, v);
  mean = -2 * exp (-40) - exp (-39);    /* of v - 3 */
  g_assert_cmpfloat_with_epsilon (v[0] / -mean, 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (v[1] / (exp (-40) * -2), 1, 1e-14);
  g_assert_cmpfloat_with_epsilon (v[2] / (exp (-39) * -1), 1, 1e-14);

  /* What is not finite does not pass for a fit. */
  heft_softmax_cross_entropy_f64 (logits + 3, &label, 1, 2, &loss, p, g);
  g_assert_true (isnan (loss) && isnan (p[1]) && isnan (g[1]));
  heft_softmax_cross_entropy_f64 (logits + 4, &label, 1, 2, &loss, p, g);
  g_assert_true (isnan (loss) && isnan (p[0]) && isnan (g[0]));
}

static void
test_softmax (void)
{
  const double logits[6] = { 1.0, 2.0, -1.0, 1e4, -1e4, 0.0 };
  const float logits_single[6] = { 1.0f, 2.0f, -1.0f, 1e4f, -1e4f, 0.0f };
  const guint8 labels[2] = { 0, 1 };
  double losses[2], p[6], g[6], only[6], z = exp (1.0) + exp (2.0) + exp (-1.0);
  float losses_single[2], p_single[6], g_single[6];
  double v[3] = { 0.3, -0.7, 2.0 }, metric[3] = { 0 };

  heft_softmax_cross_entropy_f64 (logits, labels, 2, 3, losses, p, g);
  heft_softmax_cross_entropy_f64 (logits, labels, 2, 3, NULL, NULL, only);
  heft_softmax_cross_entropy_f32 (logits_single, labels, 2, 3, losses_single, p_single, g_single);
  g_assert_cmpfloat_with_epsilon (losses[0], log (z) - 1.0, 1e-14);
  g_assert_cmpfloat_with_epsilon (losses[1], 2e4, 1e-9);
  g_assert_cmpfloat_with_epsilon (p[1], exp (2.0) / z, 1e-15);
  g_assert_cmpfloat (p[3], ==, 1.0);
  g_assert_cmpfloat_with_epsilon (g[0], exp (1.0) / z - 1.0, 1e-15);
  for (gsize i = 0; i < 6; i++)
    {
      g_assert_cmpfloat (g[i], ==, only[i]);
      g_assert_cmpfloat_with_epsilon (p_single[i], p[i], 1e-6);
      g_assert_cmpfloat_with_epsilon (g_single[i], g[i], 1e-6);
    }

  for (gsize i = 0; i < 3; i++)
    for (gsize j = 0; j < 3; j++)
      metric[i] += ((i == j ? p[i] : 0.0) - p[i] * p[j]) * v[j];
  heft_softmax_metric_f64 (p, 1, 3, v);
  for (gsize i = 0; i < 3; i++)
    g_assert_cmpfloat_with_epsilon (v[i], metric[i], 1e-15);
}

static void
test_binary_cross_entropy (void)
{
  double logits[6] = { 0.7, -1.2, 0.0, 800.0, -800.0, 3.0 }, losses[2], p[6], g[6], up[2], down[2], single_loss;
  const guint8 labels[2] = { 1, 0 };
  float logits_single[6], losses_single[2], p_single[6], g_single[6];
  double v[6] = { 1.0, 2.0, -1.0, 0.5, 1.0, -3.0 };

  heft_binary_cross_entropy_f64 (logits, labels, 2, 3, losses, p, g);
  g_assert_cmpfloat_with_epsilon (losses[0], -log (1.0 - p[0]) - log (p[1]) - log (1.0 - p[2]), 1e-14);
  g_assert_cmpfloat_with_epsilon (losses[1], log (1.0 + exp (3.0)), 1e-13);
  g_assert_cmpfloat_with_epsilon (p[0], 1.0 / (1.0 + exp (-0.7)), 1e-15);
  for (gsize i = 0; i < 6; i++)
    logits_single[i] = (float) logits[i];
  heft_binary_cross_entropy_f32 (logits_single, labels, 2, 3, losses_single, p_single, g_single);
  for (gsize i = 0; i < 6; i++)
    {
      double before = logits[i];

      g_assert_cmpfloat_with_epsilon (p_single[i], p[i], 1e-6);
      logits[i] = before + STEP;
      heft_binary_cross_entropy_f64 (logits, labels, 2, 3, up, NULL, NULL);
      logits[i] = before - STEP;
      heft_binary_cross_entropy_f64 (logits, labels, 2, 3, down, NULL, NULL);
      logits[i] = before;
      g_assert_cmpfloat_with_epsilon (g[i], (up[i / 3] - down[i / 3]) / (2.0 * STEP), 1e-8);
    }

  /* The metric is the second derivative, the gradient's change along a vector. */
  heft_bernoulli_metric_f64 (p, 2, 3, v);
  g_assert_cmpfloat_with_epsilon (v[1], 2.0 * exp (1.2) / ((1.0 + exp (1.2)) * (1.0 + exp (1.2))), 1e-15);
  g_assert_cmpfloat (v[3], ==, 0.0);

  /* Of one output the label itself is the target, and two-class softmax at (0, z) is the same model. */
  heft_binary_cross_entropy_f64 (logits, labels, 1, 1, &single_loss, NULL, NULL);
  heft_softmax_cross_entropy_f64 ((double[]) { 0.0, logits[0] }, labels, 1, 2, losses, NULL, NULL);
  g_assert_cmpfloat_with_epsilon (single_loss, losses[0], 1e-15);
}

static void
test_squared_error (void)
{
  double outputs[4] = { 0.3, -1.0, 2.0, 0.5 }, targets[4] = { 0.0, 1.0, 2.5, 0.5 }, losses[2], g[4];
  float outputs_single[4] = { 0.3f, -1.0f, 2.0f, 0.5f }, targets_single[4] = { 0.0f, 1.0f, 2.5f, 0.5f };
  float losses_single[2], g_single[4];

  heft_squared_error_f64 (outputs, targets, 2, 2, 0.5, losses, g);
  heft_squared_error_f32 (outputs_single, targets_single, 2, 2, 0.5, losses_single, g_single);
  for (gsize s = 0; s < 2; s++)
    {
      double likelihood = 1.0;

      for (gsize c = 2 * s; c < 2 * s + 2; c++)
        {
          double z = (outputs[c] - targets[c]) / 0.5;

          likelihood *= exp (-0.5 * z * z) / (0.5 * sqrt (2.0 * G_PI));
          g_assert_cmpfloat_with_epsilon (g[c], z / 0.5, 1e-14);
          g_assert_cmpfloat_with_epsilon (g_single[c], z / 0.5, 1e-5);
        }
      g_assert_cmpfloat_with_epsilon (losses[s], -log (likelihood), 1e-13);
      g_assert_cmpfloat_with_epsilon (losses_single[s], -log (likelihood), 1e-5);
    }
}

/* A bias that no file has stays what it is: no gradient, no tangent, no curvature, whatever the direction says of it. */
static void
test_fixed_bias (void)
{
  const gboolean fixed[] = { TRUE, FALSE, TRUE };
  g_autoptr (HeftNetwork) free_network = heft_network_new ("conv3x4-6", HEFT_ACTIVATION_TANH, image, CLASSES, NULL);
  g_autoptr (HeftNetwork) network = heft_network_fix_biases (free_network, fixed);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (network, N);
  gsize k = heft_network_get_n_parameters (network);
  g_autofree double *weights = normals (k, 1), *inputs = normals (N * heft_network_get_n_inputs (network), 2);
  g_autofree double *direction = normals (k, 3), *plain = normals (k, 3);
  g_autofree double *gradient = g_new (double, k), *product = g_new (double, k), *plain_product = g_new (double, k);
  const guint8 labels[N] = { 0, 1, 2 };
  double gradients[N * CLASSES], tangents[N * CLASSES], plain_tangents[N * CLASSES];

  for (gsize l = 0; l < 3; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      for (gsize j = 0; j < layer->fan_out && fixed[l]; j++)
        weights[layer->offset + layer->fan_in * layer->fan_out + j] = plain[layer->offset + layer->fan_in * layer->fan_out + j] = 0;
    }
  heft_pass_f64_forward (pass, weights, inputs, N);
  heft_pass_f64_tangent (pass, direction, 0, 2, NULL, tangents);
  heft_pass_f64_tangent (pass, plain, 0, 2, NULL, plain_tangents);
  g_assert_cmpmem (tangents, sizeof tangents, plain_tangents, sizeof plain_tangents);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), labels, N, CLASSES, NULL, NULL, gradients);
  heft_pass_f64_backward (pass, gradients, gradient);
  heft_pass_f64_hessian_vector (pass, labels, direction, product);
  heft_pass_f64_hessian_vector (pass, labels, plain, plain_product);
  g_assert_cmpmem (product, k * sizeof *product, plain_product, k * sizeof *product);
  for (gsize l = 0; l < 3; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (network, l);

      for (gsize j = 0; j < layer->fan_out; j++)
        {
          gsize at = layer->offset + layer->fan_in * layer->fan_out + j;

          g_assert_true ((gradient[at] == 0) == fixed[l]);
          g_assert_true ((product[at] == 0) == fixed[l]);
        }
    }
}

/* What diverged must be seen, not pooled or clipped away. */
static void
test_not_a_number_survives (void)
{
  static const char * const architectures[] = { "6", "pool2-6", "conv3x3-pool2" };

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      Fixture fixture;

      set_up (&fixture, architectures[i], HEFT_ACTIVATION_RELU);
      fixture.inputs[9] = NAN;
      g_assert_true (isnan (loss_at (&fixture, fixture.weights, fixture.inputs)));
      tear_down (&fixture);
    }
  /* Wherever in a window it stands. */
  for (gsize i = 0; i < 10; i++)
    {
      static const gsize places[] = { 0, 1, 6, 7, 14 };
      Fixture fixture;

      set_up (&fixture, i < 5 ? "pool2-6" : "pool3s2p1-6", HEFT_ACTIVATION_RELU);
      fixture.inputs[places[i % 5]] = NAN;
      g_assert_true (isnan (loss_at (&fixture, fixture.weights, fixture.inputs)));
      tear_down (&fixture);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/nn/pass/dense", test_dense);
  g_test_add_func ("/nn/pass/convolution", test_convolution);
  g_test_add_func ("/nn/pass/pooling", test_pooling);
  g_test_add_func ("/nn/pass/normalisation-residual", test_normalisation_and_residual);
  g_test_add_func ("/nn/pass/convolution-by-definition", test_convolution_by_definition);
  g_test_add_func ("/nn/pass/pools-by-definition", test_pools_by_definition);
  g_test_add_func ("/nn/pass/activations-by-definition", test_activations_by_definition);
  g_test_add_func ("/nn/pass/softmax", test_softmax);
  g_test_add_func ("/nn/pass/softmax-saturated", test_softmax_saturated);
  g_test_add_func ("/nn/pass/binary-cross-entropy", test_binary_cross_entropy);
  g_test_add_func ("/nn/pass/squared-error", test_squared_error);
  g_test_add_func ("/nn/pass/fixed-bias", test_fixed_bias);
  g_test_add_func ("/nn/pass/not-a-number", test_not_a_number_survives);

  return g_test_run ();
}
