/* SPDX-License-Identifier: GPL-3.0-or-later */

/* KFAC, EKFAC and the diagonal, and the Gaussian posteriors that they make. */

#include "config.h"

#include <string.h>

#include "fixture.h"
#include "linalg/linalg.h"
#include "nn/image.h"

#define IMAGE ((HeftShape) { 2, 5, 4 })

static Fixture
dense_fixture (gsize n, guint64 seed)
{
  return fixture_new ("5-4", HEFT_ACTIVATION_TANH, FLAT (6), 3, n, seed);
}

static Fixture
image_fixture (gsize n, guint64 seed)
{
  return fixture_new ("conv2x3s1p1-relu-pool2-conv2x3-relu-5", HEFT_ACTIVATION_RELU, IMAGE, 3, n, seed);
}

static HeftCurvature *
make (Fixture *f, HeftCurvatureKind kind, HeftFisherKind labels)
{
  g_autoptr (GError) error = NULL;
  HeftCurvature *self = heft_curvature_new (f->network, f->weights, f->data, 0, kind, labels, 7, FALSE, 2, NULL, &error);

  g_assert_no_error (error);
  return self;
}

static double *
exact_block (Fixture *f, HeftFisherKind labels, gsize l)
{
  gsize k = heft_network_get_weight_layer (f->network, l)->n_parameters;
  double *fisher = g_new (double, k * k);

  g_assert_true (heft_fisher_dense (f->network, f->weights, f->data, 0, labels, 7, (int) l, fisher, NULL));
  return fisher;
}

static double *
approximate_block (const HeftCurvature *self, gsize l)
{
  const HeftCurvatureLayer *layer = heft_curvature_get_layer (self, l);
  gsize k = layer->n_inputs * layer->n_outputs;
  double *matrix = g_new (double, k * k);

  heft_curvature_dense (self, l, matrix);
  return matrix;
}

static double
distance (const double *a, const double *b, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt (sum);
}

static double
norm (const double *a, gsize n)
{
  return heft_norm_f64 (n, a);
}

/* --- Where KFAC is the Fisher ------------------------------------------------------------------------------------------- */

static void
check_exact (Fixture *f, HeftFisherKind labels)
{
  g_autoptr (HeftCurvature) kfac = make (f, HEFT_CURVATURE_KFAC, labels);
  g_autoptr (HeftCurvature) ekfac = make (f, HEFT_CURVATURE_EKFAC, labels);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (f->network); l++)
    {
      gsize k = heft_network_get_weight_layer (f->network, l)->n_parameters;
      g_autofree double *fisher = exact_block (f, labels, l);
      g_autofree double *first = approximate_block (kfac, l), *second = approximate_block (ekfac, l);

      /* Rounding of a few products of matrices of order ten. */
      g_assert_cmpfloat (distance (first, fisher, k * k), <=, 1e-13 * norm (fisher, k * k));
      g_assert_cmpfloat (distance (second, fisher, k * k), <=, 1e-13 * norm (fisher, k * k));
      g_assert_cmpfloat (norm (fisher, k * k), >, 1e-6);
    }
}

static void
test_single_sample (void)
{
  for (guint64 seed = 1; seed <= 3; seed++)
    {
      g_auto (Fixture) f = dense_fixture (1, seed);

      check_exact (&f, HEFT_FISHER_EXACT);
      check_exact (&f, HEFT_FISHER_SAMPLED);
      check_exact (&f, HEFT_FISHER_EMPIRICAL);
    }
}

/* A convolution that sees the image from one place is dense. */
static void
test_single_place (void)
{
  g_auto (Fixture) f = fixture_new ("conv4x3-tanh", HEFT_ACTIVATION_TANH, ((HeftShape) { 2, 4, 4 }), 3, 1, 5);

  check_exact (&f, HEFT_FISHER_EXACT);
}

/* A linear network whose logits do not move with the input: its deltas are the same for every sample, its inputs are not. */
static void
test_linear_network (void)
{
  g_auto (Fixture) f = fixture_new ("4-5", HEFT_ACTIVATION_LINEAR, FLAT (6), 3, 9, 21);
  const HeftLayer *first = heft_network_get_weight_layer (f.network, 0);

  memset (f.weights + first->offset, 0, first->fan_in * first->fan_out * sizeof *f.weights);
  check_exact (&f, HEFT_FISHER_EXACT);
}

/* --- Against definitions --------------------------------------------------------------------------------------------------- */

static void
check_no_worse (Fixture *f, HeftFisherKind labels)
{
  g_autoptr (HeftCurvature) kfac = make (f, HEFT_CURVATURE_KFAC, labels);
  g_autoptr (HeftCurvature) ekfac = make (f, HEFT_CURVATURE_EKFAC, labels);
  g_autoptr (HeftCurvature) diagonal = make (f, HEFT_CURVATURE_DIAGONAL, labels);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (f->network); l++)
    {
      gsize k = heft_network_get_weight_layer (f->network, l)->n_parameters;
      g_autofree double *fisher = exact_block (f, labels, l);
      g_autofree double *first = approximate_block (kfac, l), *second = approximate_block (ekfac, l);
      g_autofree double *third = approximate_block (diagonal, l);
      double trace = 0;

      g_assert_cmpfloat (distance (second, fisher, k * k), <, distance (first, fisher, k * k));
      for (gsize i = 0; i < k; i++)
        {
          trace += fisher[i * k + i];
          for (gsize j = 0; j < k; j++)
            g_assert_cmpfloat_with_epsilon (third[i * k + j], i == j ? fisher[i * k + i] : 0, 1e-14 * norm (fisher, k * k));
        }
      g_assert_cmpfloat_with_epsilon (heft_curvature_get_layer (ekfac, l)->trace / trace, 1, 1e-12);
      g_assert_cmpfloat_with_epsilon (heft_curvature_get_layer (diagonal, l)->trace / trace, 1, 1e-12);
    }
}

static void
test_no_worse (void)
{
  g_auto (Fixture) dense = dense_fixture (30, 3);
  g_auto (Fixture) image = image_fixture (12, 4);

  check_no_worse (&dense, HEFT_FISHER_EXACT);
  check_no_worse (&dense, HEFT_FISHER_SAMPLED);
  check_no_worse (&image, HEFT_FISHER_EXACT);
  check_no_worse (&image, HEFT_FISHER_EMPIRICAL);
}

/* EKFAC's moments are the diagonal of the exact block in the eigenbasis: the best there is in that basis. */
static void
test_moments (void)
{
  g_auto (Fixture) f = image_fixture (6, 9);
  g_autoptr (HeftCurvature) ekfac = make (&f, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT);

  for (gsize l = 0; l < heft_network_get_n_weight_layers (f.network); l++)
    {
      const HeftCurvatureLayer *layer = heft_curvature_get_layer (ekfac, l);
      gsize m = layer->n_inputs, n = layer->n_outputs, k = m * n;
      g_autofree double *fisher = exact_block (&f, HEFT_FISHER_EXACT, l);

      for (gsize i = 0; i < m; i++)
        for (gsize j = 0; j < n; j++)
          {
            double sum = 0;

            for (gsize a = 0; a < k; a++)
              for (gsize b = 0; b < k; b++)
                sum += layer->input_vectors[i * m + a / n] * layer->output_vectors[j * n + a % n] * fisher[a * k + b]
                       * layer->input_vectors[i * m + b / n] * layer->output_vectors[j * n + b % n];
            g_assert_cmpfloat_with_epsilon (layer->moments[i * n + j], sum, 1e-13 * layer->trace);
          }
    }
}

/* A and G of a convolution, place by place and label by label. */
static void
test_convolution_factors (void)
{
  g_auto (Fixture) f = image_fixture (5, 14);
  g_autoptr (HeftCurvature) kfac = make (&f, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT);
  const HeftLayer *layer = heft_network_get_weight_layer (f.network, 0);
  const HeftCurvatureLayer *found = heft_curvature_get_layer (kfac, 0);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f.network, 1);
  gsize places = heft_layer_places (layer), in = layer->fan_in + 1, out = layer->fan_out;
  g_autofree double *input = g_new (double, heft_network_get_n_inputs (f.network));
  g_autofree double *columns = g_new (double, layer->fan_in * places);
  g_autofree double *a = g_new0 (double, in * in), *g = g_new0 (double, out * out);
  double p[3], row[3];

  for (gsize i = 0; i < 5; i++)
    {
      heft_dataset_gather_f64 (f.data, NULL, i, 1, input);
      heft_pass_f64_forward (pass, f.weights, input, 1);
      heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), NULL, 1, 3, NULL, p, NULL);
      heft_image_to_columns_f64 (layer, input, columns);
      for (gsize t = 0; t < places; t++)
        for (gsize r = 0; r < in; r++)
          for (gsize c = 0; c < in; c++)
            a[r * in + c] += (r + 1 < in ? columns[r * places + t] : 1) * (c + 1 < in ? columns[c * places + t] : 1) / 5;
      for (gsize y = 0; y < 3; y++)
        {
          for (gsize j = 0; j < 3; j++)
            row[j] = p[j] - (j == y);
          heft_pass_f64_backward (pass, row, NULL);
          for (gsize t = 0; t < places; t++)
            for (gsize r = 0; r < out; r++)
              for (gsize c = 0; c < out; c++)
                g[r * out + c] += p[y] * heft_pass_f64_delta (pass, 0)[r * places + t]
                                  * heft_pass_f64_delta (pass, 0)[c * places + t] / (double) places / 5;
        }
    }
  g_assert_cmpfloat (distance (a, found->input_factor, in * in), <=, 1e-13 * norm (a, in * in));
  g_assert_cmpfloat (distance (g, found->output_factor, out * out), <=, 1e-13 * norm (g, out * out));
}

/* Logits moved together change nothing, so that C classes have C - 1 directions; rounding does not make up the last. */
static void
test_ranks (void)
{
  g_auto (Fixture) f = dense_fixture (20, 6);

  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_EKFAC; kind++)
    {
      g_autoptr (HeftCurvature) self = make (&f, kind, HEFT_FISHER_EXACT);
      g_autoptr (GPtrArray) spectra = heft_curvature_spectra (self, TRUE);
      const HeftCurvatureLayer *last = heft_curvature_get_layer (self, 2);
      HeftSpectrum *spectrum = g_ptr_array_index (spectra, 2), *whole = g_ptr_array_index (spectra, 3);

      g_assert_cmpuint (spectrum->n_eigenvalues, ==, last->n_inputs * (last->n_outputs - 1));
      g_assert_cmpuint (whole->n_eigenvalues, ==, ((HeftSpectrum *) g_ptr_array_index (spectra, 0))->n_eigenvalues
                                                  + ((HeftSpectrum *) g_ptr_array_index (spectra, 1))->n_eigenvalues
                                                  + spectrum->n_eigenvalues);
    }
}

static void
test_spectra (void)
{
  g_auto (Fixture) f = dense_fixture (20, 6);
  g_autoptr (HeftCurvature) kfac = make (&f, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT);
  g_autoptr (HeftCurvature) values = heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT, 7,
                                                         TRUE, 1, NULL, NULL);
  g_autoptr (GPtrArray) spectra = heft_curvature_spectra (kfac, TRUE);
  double trace = 0, log_determinant = 0;
  gsize k = 0;

  g_assert_cmpuint (spectra->len, ==, 4);
  for (guint l = 0; l < 4; l++)
    {
      HeftSpectrum *spectrum = g_ptr_array_index (spectra, l);
      double sum = 0, determinant = 0;

      g_assert_cmpint (spectrum->layer, ==, l < 3 ? (int) l : -1);
      g_assert_true (spectrum->complete);
      g_assert_nonnull (strstr (spectrum->estimator, "KFAC"));
      g_assert_cmpuint (spectrum->n_samples, ==, 20);
      for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
        {
          sum += spectrum->eigenvalues[i];
          determinant += log1p (30 * spectrum->eigenvalues[i]);
          g_assert_true (i == 0 || spectrum->eigenvalues[i] <= spectrum->eigenvalues[i - 1]);
        }
      g_assert_cmpfloat_with_epsilon (spectrum->trace / sum, 1, 1e-13);
      g_assert_cmpfloat_with_epsilon (heft_curvature_log_determinant (kfac, spectrum->layer, 30) / determinant, 1, 1e-13);
      if (l < 3)
        {
          const HeftCurvatureLayer *layer = heft_curvature_get_layer (values, l);

          trace += spectrum->trace;
          log_determinant += determinant;
          k += spectrum->n_parameters;
          g_assert_null (layer->input_vectors);
          g_assert_cmpfloat_with_epsilon (layer->trace / spectrum->trace, 1, 1e-12);
          continue;
        }
      g_assert_cmpuint (spectrum->n_parameters, ==, k);
      g_assert_cmpfloat_with_epsilon (sum / trace, 1, 1e-13);
      g_assert_cmpfloat_with_epsilon (determinant / log_determinant, 1, 1e-13);
    }
}

/* The same bits whoever did the work, and single precision close to double. */
static void
test_threads_and_precision (void)
{
  g_auto (Fixture) f = image_fixture (70, 8);

  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_DIAGONAL; kind++)
    {
      g_autoptr (HeftCurvature) one = heft_curvature_new (f.network, f.weights, f.data, 0, kind, HEFT_FISHER_EXACT, 7, FALSE, 1,
                                                          NULL, NULL);
      g_autoptr (HeftCurvature) three = heft_curvature_new (f.network, f.weights, f.data, 0, kind, HEFT_FISHER_EXACT, 7, FALSE, 3,
                                                            NULL, NULL);
      g_autoptr (HeftCurvature) narrow = heft_curvature_new_f32 (f.network, f.weights_f32, f.data, 0, kind, HEFT_FISHER_EXACT, 7,
                                                                 FALSE, 2, NULL, NULL);

      for (gsize l = 0; l < heft_network_get_n_weight_layers (f.network); l++)
        {
          const HeftCurvatureLayer *a = heft_curvature_get_layer (one, l), *b = heft_curvature_get_layer (three, l);
          const HeftCurvatureLayer *c = heft_curvature_get_layer (narrow, l);
          gsize size = a->n_inputs * a->n_outputs * sizeof (double);

          g_assert_cmpmem (a->moments, size, b->moments, size);
          g_assert_cmpfloat_with_epsilon (c->trace / a->trace, 1, 1e-5);
          g_assert_cmpfloat (heft_curvature_log_determinant (narrow, (int) l, 1e3), >, 0);
          g_assert_cmpfloat_with_epsilon (heft_curvature_log_determinant (narrow, (int) l, 1e3)
                                            / heft_curvature_log_determinant (one, (int) l, 1e3), 1, 1e-4);
        }
    }
}

/* --- The posterior ----------------------------------------------------------------------------------------------------------- */

#define BETA 0.02
#define LAMBDA 0.7

/* beta (F + beta/lambda^2)^{-1} by Cholesky. */
static double *
dense_posterior (const HeftCurvature *self, gsize l, double *log_determinant)
{
  const HeftCurvatureLayer *layer = heft_curvature_get_layer (self, l);
  gsize k = layer->n_inputs * layer->n_outputs;
  double *sigma = g_new0 (double, k * k);
  g_autofree double *matrix = approximate_block (self, l);

  for (gsize i = 0; i < k; i++)
    {
      matrix[i * k + i] += BETA / (LAMBDA * LAMBDA);
      sigma[i * k + i] = BETA;
    }
  g_assert_true (heft_cholesky_factor (k, matrix, NULL));
  *log_determinant = (double) k * log (BETA) - heft_cholesky_log_determinant (k, matrix);
  heft_cholesky_solve (k, matrix, k, sigma);
  return sigma;
}

/* J of the layer's pre-activations with respect to its own weights, output by output. */
static double *
own_jacobian (Fixture *f, gsize l, const double *input, gsize size)
{
  const HeftLayer *layer = heft_network_get_weight_layer (f->network, l);
  gsize places = layer->kind == HEFT_LAYER_DENSE ? 1 : heft_layer_places (layer);
  g_autofree double *columns = g_new (double, (layer->fan_in + 1) * places);
  double *jacobian = g_new0 (double, size * layer->n_parameters);

  if (layer->kind == HEFT_LAYER_DENSE)
    memcpy (columns, input, layer->fan_in * sizeof *columns);
  else
    heft_image_to_columns_f64 (layer, input, columns);
  for (gsize p = 0; p < places; p++)
    columns[layer->fan_in * places + p] = 1;
  for (gsize j = 0; j < layer->fan_out; j++)
    for (gsize p = 0; p < places; p++)
      for (gsize i = 0; i <= layer->fan_in; i++)
        jacobian[(j * places + p) * layer->n_parameters + i * layer->fan_out + j] = columns[i * places + p];
  return jacobian;
}

static void
check_posterior (Fixture *f, HeftCurvatureKind kind)
{
  g_autoptr (HeftCurvature) self = make (f, kind, HEFT_FISHER_EXACT);
  double sum = 0, traces = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (f->network); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (f->network, l);
      gsize k = layer->n_parameters, size = heft_shape_size (layer->output);
      double log_determinant, trace = 0;
      g_autofree double *sigma = dense_posterior (self, l, &log_determinant);
      g_autofree double *in = g_new (double, k), *out = g_new (double, k), *expected = g_new (double, k);
      g_autofree double *input = g_new (double, heft_shape_size (layer->input));
      g_autofree double *covariance = g_new (double, size * size), *slow = g_new0 (double, size * size);
      g_autofree double *by_rows = g_new0 (double, size * size), *half = g_new (double, size * k);
      g_autofree double *jacobian = NULL;

      heft_stream_normals_f64 (heft_stream (2, HEFT_PURPOSE_SIMULATION, 5), l, 0, k, in);
      heft_curvature_posterior_multiply (self, l, BETA, LAMBDA, in, out);
      heft_gemv_f64 (FALSE, k, k, 1, sigma, k, in, 0, expected);
      g_assert_cmpfloat (distance (out, expected, k), <=, 1e-11 * norm (expected, k));
      g_assert_cmpfloat_with_epsilon (heft_curvature_posterior_log_determinant (self, (int) l, BETA, LAMBDA), log_determinant,
                                      1e-10 * fabs (log_determinant));
      for (gsize i = 0; i < k; i++)
        trace += sigma[i * k + i];
      g_assert_cmpfloat_with_epsilon (heft_curvature_posterior_trace (self, (int) l, BETA, LAMBDA) / trace, 1, 1e-11);
      sum += log_determinant;
      traces += trace;

      heft_stream_normals_f64 (heft_stream (2, HEFT_PURPOSE_SIMULATION, 6), l, 0, heft_shape_size (layer->input), input);
      jacobian = own_jacobian (f, l, input, size);
      heft_gemm_f64 (FALSE, FALSE, size, k, k, 1, jacobian, k, sigma, k, 0, half, k);
      heft_gemm_f64 (FALSE, TRUE, size, size, k, 1, half, k, jacobian, k, 0, slow, size);
      heft_curvature_posterior_output (self, l, BETA, LAMBDA, input, covariance);
      g_assert_cmpfloat (distance (covariance, slow, size * size), <=, 1e-11 * norm (slow, size * size));
      heft_curvature_posterior_covariance (self, l, BETA, LAMBDA, size, jacobian, by_rows);
      g_assert_cmpfloat (distance (by_rows, slow, size * size), <=, 1e-11 * norm (slow, size * size));
    }
  g_assert_cmpfloat_with_epsilon (heft_curvature_posterior_log_determinant (self, -1, BETA, LAMBDA), sum, 1e-10 * fabs (sum));
  g_assert_cmpfloat_with_epsilon (heft_curvature_posterior_trace (self, -1, BETA, LAMBDA), traces, 1e-10 * traces);
}

static void
test_posterior (void)
{
  g_auto (Fixture) dense = dense_fixture (25, 31);
  g_auto (Fixture) image = image_fixture (8, 32);

  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_DIAGONAL; kind++)
    {
      check_posterior (&dense, kind);
      check_posterior (&image, kind);
    }
}

/* Layers without a bias: what is left out of the block changes nothing in the rest. */
static void
test_fixed_biases (void)
{
  const gboolean fixed[] = { TRUE, FALSE, TRUE };
  g_auto (Fixture) f = dense_fixture (15, 44);
  g_autofree double *draw = g_new (double, f.k), *in = g_new (double, f.k), *out = g_new (double, f.k);
  HeftNetwork *with = f.network;

  f.network = heft_network_fix_biases (with, fixed);
  heft_network_unref (with);
  for (gsize l = 0; l < 3; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (f.network, l);

      for (gsize j = 0; j < layer->fan_out && fixed[l]; j++)
        f.weights[layer->offset + layer->fan_in * layer->fan_out + j] = 0;
    }
  for (HeftCurvatureKind kind = HEFT_CURVATURE_KFAC; kind <= HEFT_CURVATURE_DIAGONAL; kind++)
    {
      g_autoptr (HeftCurvature) self = make (&f, kind, HEFT_FISHER_EXACT);
      g_autoptr (GPtrArray) spectra = heft_curvature_spectra (self, FALSE);

      heft_curvature_posterior_draw (self, BETA, LAMBDA, f.weights, 1, 1, draw);
      for (gsize l = 0; l < 3; l++)
        {
          const HeftLayer *layer = heft_network_get_weight_layer (f.network, l);
          gsize k = heft_layer_n_free_parameters (layer), stride = layer->n_parameters;
          g_autofree double *matrix = approximate_block (self, l), *small = g_new (double, k * k);
          g_autofree double *expected = g_new0 (double, k);
          double trace = 0, unit, determinant;

          g_assert_cmpuint (((HeftSpectrum *) g_ptr_array_index (spectra, l))->n_parameters, ==, k);
          for (gsize i = 0; i < k; i++)
            for (gsize j = 0; j < k; j++)
              small[i * k + j] = matrix[i * stride + j] + (i == j ? BETA / (LAMBDA * LAMBDA) : 0);
          g_assert_true (heft_cholesky_factor (k, small, NULL));
          determinant = (double) k * log (BETA) - heft_cholesky_log_determinant (k, small);
          g_assert_cmpfloat_with_epsilon (heft_curvature_posterior_log_determinant (self, (int) l, BETA, LAMBDA), determinant, 1e-9);
          heft_stream_normals_f64 (heft_stream (2, HEFT_PURPOSE_SIMULATION, 5), l, 0, stride, in);
          heft_curvature_posterior_multiply (self, l, BETA, LAMBDA, in, out);
          for (gsize i = 0; i < k; i++)
            expected[i] = BETA * in[i];
          heft_cholesky_solve (k, small, 1, expected);
          g_assert_cmpfloat (distance (out, expected, k), <=, 1e-11 * norm (expected, k));
          for (gsize i = 0; i < k; i++)
            {
              g_autofree double *column = g_new0 (double, k);

              column[i] = BETA;
              heft_cholesky_solve (k, small, 1, column);
              trace += column[i];
            }
          g_assert_cmpfloat_with_epsilon (heft_curvature_posterior_trace (self, (int) l, BETA, LAMBDA) / trace, 1, 1e-11);
          for (gsize i = k; i < stride; i++)
            {
              unit = draw[layer->offset + i];
              g_assert_cmpfloat (unit, ==, 0);
              g_assert_cmpfloat (out[i], ==, 0);
            }
        }
    }
}

/* The covariance of many draws, entry by entry, within five standard errors of a Gaussian's. */
static void
test_draws (void)
{
  const gsize n_draws = 4000;
  g_auto (Fixture) f = fixture_new ("2", HEFT_ACTIVATION_TANH, FLAT (2), 2, 25, 31);
  g_autoptr (HeftCurvature) self = make (&f, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT);
  g_autofree double *draw = g_new (double, f.k), *again = g_new (double, f.k);
  g_autofree double *sums = g_new0 (double, f.k * f.k);

  for (guint64 d = 0; d < n_draws; d++)
    {
      heft_curvature_posterior_draw (self, BETA, LAMBDA, f.weights, 3, d, draw);
      for (gsize i = 0; i < f.k; i++)
        for (gsize j = 0; j < f.k; j++)
          sums[i * f.k + j] += (draw[i] - f.weights[i]) * (draw[j] - f.weights[j]) / (double) n_draws;
    }
  heft_curvature_posterior_draw (self, BETA, LAMBDA, f.weights, 3, n_draws - 1, again);
  g_assert_cmpmem (draw, f.k * sizeof *draw, again, f.k * sizeof *again);
  for (gsize l = 0; l < 2; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (f.network, l);
      gsize k = layer->n_parameters;
      double unused;
      g_autofree double *sigma = dense_posterior (self, l, &unused);

      for (gsize i = 0; i < k; i++)
        for (gsize j = 0; j < k; j++)
          g_assert_cmpfloat_with_epsilon (sums[(layer->offset + i) * f.k + layer->offset + j], sigma[i * k + j],
                                          5 * sqrt ((sigma[i * k + i] * sigma[j * k + j] + sigma[i * k + j] * sigma[i * k + j])
                                                    / (double) n_draws));
    }
}

/* --- Inputs that are always zero ----------------------------------------------------------------------------------------- */

/* The eigenvalues @found of the first layer's A: those of the whole matrix, with an exact zero for each of two zero columns. */
static void
check_zero_columns (const HeftCurvatureLayer *found, double tolerance)
{
  gsize n = found->n_inputs;
  g_autofree double *copy = g_memdup2 (found->input_factor, n * n * sizeof *copy);
  g_autofree double *whole = g_new (double, n);

  g_assert_true (heft_symmetric_eigenvalues (n, copy, whole, NULL));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (found->input_values[i], whole[i], tolerance * whole[0]);
  g_assert_cmpfloat (found->input_values[n - 3], >, 1e-6 * whole[0]);
  g_assert_true (found->input_values[n - 2] == 0 && found->input_values[n - 1] == 0);
}

static void
test_zero_columns (void)
{
  enum { N = 40, D = 6 };
  g_auto (Fixture) f = dense_fixture (N, 4);
  g_autoptr (HeftCurvature) wide = NULL;
  g_autoptr (HeftCurvature) first = NULL;
  float inputs[N * D];
  gsize size;

  heft_dataset_gather_f32 (f.data, NULL, 0, N, inputs);
  for (gsize i = 0; i < N; i++)
    inputs[i * D] = inputs[i * D + 3] = 0;
  heft_dataset_unref (f.data);
  f.data = heft_dataset_new_floats ("dark", N, D, inputs, (guint8[N]) { 1, 2 }, 3);

  wide = heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT, 7, TRUE, 2, NULL, NULL);
  check_zero_columns (heft_curvature_get_layer (wide, 0), 1e-14);
  for (guint threads = 1; threads <= 3; threads++)
    {
      g_autoptr (HeftCurvature) narrow = heft_curvature_new_f32 (f.network, f.weights_f32, f.data, 0, HEFT_CURVATURE_KFAC,
                                                                 HEFT_FISHER_EXACT, 7, TRUE, threads, NULL, NULL);

      check_zero_columns (heft_curvature_get_layer (narrow, 0), 1e-6);
      if (first == NULL)
        first = heft_curvature_ref (narrow);
      for (gsize l = 0; l < 3; l++)
        {
          const HeftCurvatureLayer *one = heft_curvature_get_layer (first, l), *many = heft_curvature_get_layer (narrow, l);

          size = one->n_inputs * one->n_outputs;
          g_assert_cmpmem (one->moments, size * sizeof (double), many->moments, size * sizeof (double));
        }
    }
}

static void
test_refused (void)
{
  g_auto (Fixture) f = dense_fixture (4, 2);
  g_auto (Fixture) other = fixture_new ("5", HEFT_ACTIVATION_TANH, FLAT (9), 3, 4, 2);
  g_autoptr (GError) error = NULL;

  g_assert_null (heft_curvature_new (f.network, f.weights, other.data, 0, HEFT_CURVATURE_KFAC, HEFT_FISHER_EXACT, 0, FALSE, 1, NULL,
                                     &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  f.weights[3] = NAN;
  g_assert_null (heft_curvature_new (f.network, f.weights, f.data, 0, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT, 0, FALSE, 2, NULL,
                                     &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curvature/structured/single-sample", test_single_sample);
  g_test_add_func ("/curvature/structured/single-place", test_single_place);
  g_test_add_func ("/curvature/structured/linear-network", test_linear_network);
  g_test_add_func ("/curvature/structured/no-worse", test_no_worse);
  g_test_add_func ("/curvature/structured/moments", test_moments);
  g_test_add_func ("/curvature/structured/convolution-factors", test_convolution_factors);
  g_test_add_func ("/curvature/structured/spectra", test_spectra);
  g_test_add_func ("/curvature/structured/ranks", test_ranks);
  g_test_add_func ("/curvature/structured/threads-and-precision", test_threads_and_precision);
  g_test_add_func ("/curvature/structured/posterior", test_posterior);
  g_test_add_func ("/curvature/structured/fixed-biases", test_fixed_biases);
  g_test_add_func ("/curvature/structured/draws", test_draws);
  g_test_add_func ("/curvature/structured/zero-columns", test_zero_columns);
  g_test_add_func ("/curvature/structured/refused", test_refused);
  return g_test_run ();
}
