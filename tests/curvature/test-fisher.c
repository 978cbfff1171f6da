/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "curvature/root.h"
#include "fixture.h"
#include "linalg/linalg.h"

/* --- Roots at the logits -------------------------------------------------------------------------------------- */

static void
test_root (void)
{
  const double cases[][4] = {
    { 0.1, 0.2, 0.3, 0.4 },       { 0.25, 0.25, 0.25, 0.25 },    { 1, 0, 0, 0 },           { 0, 0, 0, 1 },
    { 0.5, 0, 0.5, 0 },           { 1 - 3e-18, 1e-18, 1e-18, 1e-18 }, { 1e-300, 1e-20, 1 - 1e-9, 1e-9 }, { 0, 1e-30, 0, 1 },
  };

  for (gsize t = 0; t < G_N_ELEMENTS (cases); t++)
    {
      double row[4], sum[4][4] = { 0 };
      const double *p = cases[t];

      g_assert_cmpuint (heft_root_n_columns (HEFT_FISHER_EXACT, 4), ==, 3);
      for (gsize c = 0; c < 3; c++)
        {
          heft_root_rows (HEFT_FISHER_EXACT, p, NULL, 1, 4, c, row);
          for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
              sum[i][j] += row[i] * row[j];
        }
      for (int i = 0; i < 4; i++)
        {
          /* p (1 - p) from the others, so that a saturated sample keeps its digits. */
          double others = 0, scale;

          for (int c = 0; c < 4; c++)
            others += c == i ? 0 : p[c];
          g_assert_cmpfloat (fabs (sum[i][i] - p[i] * others), <=, 1e-14 * p[i] * others);
          for (int j = 0; j < i; j++)
            {
              scale = sqrt (sum[i][i]) * sqrt (sum[j][j]);
              g_assert_cmpfloat (fabs (sum[i][j] + p[i] * p[j]), <=, 1e-14 * scale);
            }
        }
    }
}

static void
test_draw (void)
{
  const gsize n = 40000;
  g_autofree double *p = g_new (double, 3 * n);
  g_autofree guint8 *labels = g_new (guint8, n);
  g_autofree guint8 *chunk = g_new (guint8, n);
  HeftStream stream = heft_stream (3, HEFT_PURPOSE_MODEL_LABELS, 0);
  gsize count[3] = { 0 };

  for (gsize i = 0; i < n; i++)
    {
      p[3 * i] = 0.2;
      p[3 * i + 1] = 0;
      p[3 * i + 2] = 0.8;
    }
  heft_root_draw (stream, 5, 0, p, n, 3, labels);
  for (gsize i = 0; i < n; i++)
    count[labels[i]]++;
  g_assert_cmpuint (count[1], ==, 0);
  g_assert_cmpfloat_with_epsilon ((double) count[0] / (double) n, 0.2, 5 * sqrt (0.16 / (double) n));
  heft_root_draw (stream, 5, 100, p, 50, 3, chunk);
  g_assert_cmpmem (chunk, 50, labels + 100, 50);
}

/* --- The dense referee ------------------------------------------------------------------------------------------ */

static double
log_probability (Fixture *f, HeftPassF64 *pass, const double *weights, const double *input, gsize label)
{
  double loss;
  guint8 y = (guint8) label;

  heft_pass_f64_forward (pass, weights, input, 1);
  heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), &y, 1, heft_network_get_n_classes (f->network), &loss,
                                  NULL, NULL);
  return -loss;
}

/* theory.md section 2 by its definition: gradients of log p by central differences, the expectation as a sum over labels. */
static void
test_definition (void)
{
  g_auto (Fixture) f = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 6, 11);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f.network, 1);
  g_autofree double *fisher = g_new (double, f.k * f.k);
  g_autofree double *expected = g_new0 (double, f.k * f.k);
  g_autofree double *gradient = g_new (double, f.k);
  double input[3];

  g_assert_true (heft_fisher_dense (f.network, f.weights, f.data, 6, HEFT_FISHER_EXACT, 0, -1, fisher, NULL));
  for (gsize i = 0; i < 6; i++)
    {
      heft_dataset_gather_f64 (f.data, NULL, i, 1, input);
      for (gsize y = 0; y < 3; y++)
        {
          double p = exp (log_probability (&f, pass, f.weights, input, y));

          for (gsize j = 0; j < f.k; j++)
            {
              double keep = f.weights[j], up, down;

              f.weights[j] = keep + 1e-5;
              up = log_probability (&f, pass, f.weights, input, y);
              f.weights[j] = keep - 1e-5;
              down = log_probability (&f, pass, f.weights, input, y);
              f.weights[j] = keep;
              gradient[j] = (up - down) / 2e-5;
            }
          for (gsize a = 0; a < f.k; a++)
            for (gsize b = 0; b < f.k; b++)
              expected[a * f.k + b] += p * gradient[a] * gradient[b] / 6;
        }
    }
  for (gsize a = 0; a < f.k * f.k; a++)
    g_assert_cmpfloat_with_epsilon (fisher[a], expected[a], 1e-8);
}

/* The Hessian of a model linear in its weights is its Fisher, at every w (Lemma 2.4 with R = 0). */
static void
test_linear_model (void)
{
  g_auto (Fixture) f = fixture_new ("", HEFT_ACTIVATION_TANH, FLAT (5), 4, 20, 2);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f.network, 20);
  g_autofree double *fisher = g_new (double, f.k * f.k);
  g_autofree double *inputs = g_new (double, 20 * 5);
  g_autofree double *unit = g_new0 (double, f.k);
  g_autofree double *product = g_new (double, f.k);

  g_assert_true (heft_fisher_dense (f.network, f.weights, f.data, 20, HEFT_FISHER_EXACT, 0, -1, fisher, NULL));
  heft_dataset_gather_f64 (f.data, NULL, 0, 20, inputs);
  heft_pass_f64_forward (pass, f.weights, inputs, 20);
  for (gsize i = 0; i < f.k; i++)
    {
      unit[i] = 1;
      heft_pass_f64_hessian_vector (pass, heft_dataset_get_labels (f.data), unit, product);
      unit[i] = 0;
      for (gsize j = 0; j < f.k; j++)
        g_assert_cmpfloat_with_epsilon (product[j] / 20, fisher[i * f.k + j], 1e-14);
    }
}

/* --- Spectra against the dense referee ---------------------------------------------------------------------------- */

static void
compare_with_dense (Fixture *f, gsize n, HeftFisherKind kind, const HeftSpectrum *spectrum)
{
  g_autoptr (GError) error = NULL;
  gsize k = spectrum->n_parameters;
  g_autofree double *fisher = g_new (double, k * k);
  g_autofree double *values = g_new (double, k);
  double trace = 0, sum = 0;

  g_assert_true (heft_fisher_dense (f->network, f->weights, f->data, n, kind, 4, spectrum->layer, fisher, &error));
  for (gsize i = 0; i < k; i++)
    {
      trace += fisher[i * k + i];
      for (gsize j = 0; j < k; j++)
        g_assert_cmpfloat (fisher[i * k + j], ==, fisher[j * k + i]);
    }
  g_assert_true (heft_symmetric_eigenvalues (k, fisher, values, &error));
  g_assert_cmpfloat (values[k - 1], >, -1e-13 * values[0]);
  g_assert_cmpuint (spectrum->n_eigenvalues, <=, k);
  for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
    {
      g_assert_cmpfloat_with_epsilon (spectrum->eigenvalues[i], values[i], 1e-12 * values[0]);
      sum += spectrum->eigenvalues[i];
    }
  for (gsize i = spectrum->n_eigenvalues; i < k; i++)
    g_assert_cmpfloat_with_epsilon (values[i], 0, 1e-12 * values[0]);
  g_assert_cmpfloat_with_epsilon (spectrum->trace, trace, 1e-12 * trace);
  g_assert_cmpfloat_with_epsilon (spectrum->trace, sum, 1e-12 * trace);
  g_assert_true (spectrum->complete);
  g_assert_cmpuint (spectrum->n_samples, ==, n);
}

static void
compare_all (Fixture *f, gsize n)
{
  const HeftFisherKind kinds[] = { HEFT_FISHER_EXACT, HEFT_FISHER_SAMPLED, HEFT_FISHER_EMPIRICAL };
  gsize n_layers = heft_network_get_n_weight_layers (f->network);

  for (gsize t = 0; t < G_N_ELEMENTS (kinds); t++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) spectra = heft_fisher_spectra (f->network, f->weights, f->data, n, kinds[t], 4, TRUE, NULL,
                                                           &error);

      g_assert_no_error (error);
      g_assert_cmpuint (spectra->len, ==, n_layers + 1);
      for (guint l = 0; l < spectra->len; l++)
        {
          HeftSpectrum *spectrum = g_ptr_array_index (spectra, l);

          g_assert_cmpint (spectrum->layer, ==, l == n_layers ? -1 : (int) l);
          compare_with_dense (f, n, kinds[t], spectrum);
        }
    }
}

static void
test_gram (void)
{
  g_auto (Fixture) tanh_net = fixture_new ("6-5", HEFT_ACTIVATION_TANH, FLAT (7), 4, 9, 1);
  g_auto (Fixture) relu_net = fixture_new ("8", HEFT_ACTIVATION_RELU, FLAT (12), 3, 5, 2);

  compare_all (&tanh_net, 9);
  compare_all (&relu_net, 5);
}

/* More rows than weights: the dense matrix instead of the Gram matrix; also more samples than one chunk. */
static void
test_many_samples (void)
{
  g_auto (Fixture) f = fixture_new ("5-4", HEFT_ACTIVATION_SOFTPLUS, FLAT (4), 3, 600, 3);

  compare_all (&f, 600);
  compare_all (&f, 300);
}

static void
test_convolution (void)
{
  g_auto (Fixture) f = fixture_new ("conv3x3-relu-pool2", HEFT_ACTIVATION_RELU, ((HeftShape) { 2, 6, 6 }), 3, 8, 5);

  compare_all (&f, 8);
  compare_all (&f, 3);
}

static void
test_live (void)
{
  g_auto (Fixture) f = fixture_new ("20-10", HEFT_ACTIVATION_RELU, FLAT (15), 4, 100, 6);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) exact = heft_fisher_spectra (f.network, f.weights, f.data, 100, HEFT_FISHER_SAMPLED, 9, FALSE,
                                                     NULL, &error);
  g_autoptr (GPtrArray) live = heft_fisher_spectra_live (f.network, f.weights_f32, f.data, 100, 9, 0, NULL, &error);
  g_autoptr (GPtrArray) next = heft_fisher_spectra_live (f.network, f.weights_f32, f.data, 100, 9, 1, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (live->len, ==, 3);
  for (guint l = 0; l < live->len; l++)
    {
      HeftSpectrum *a = g_ptr_array_index (exact, l);
      HeftSpectrum *b = g_ptr_array_index (live, l);
      HeftSpectrum *c = g_ptr_array_index (next, l);

      g_assert_cmpfloat_with_epsilon (a->trace, b->trace, 1e-5 * a->trace);
      for (gsize i = 0; i < MIN (a->n_eigenvalues, b->n_eigenvalues); i++)
        g_assert_cmpfloat_with_epsilon (a->eigenvalues[i], b->eigenvalues[i], 1e-5 * a->eigenvalues[0]);
      /* Another refresh draws other labels. */
      g_assert_cmpfloat (b->trace, !=, c->trace);
    }
}

/* The sampled Fisher is unbiased: its mean over many draws is the exact one. */
static void
test_sampled_is_unbiased (void)
{
  g_auto (Fixture) f = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 10, 7);
  g_autofree double *exact = g_new (double, f.k * f.k);
  g_autofree double *sampled = g_new (double, f.k * f.k);
  g_autofree double *mean = g_new0 (double, f.k * f.k);
  double distance = 0, norm = 0;

  g_assert_true (heft_fisher_dense (f.network, f.weights, f.data, 10, HEFT_FISHER_EXACT, 0, -1, exact, NULL));
  for (guint64 seed = 0; seed < 400; seed++)
    {
      g_assert_true (heft_fisher_dense (f.network, f.weights, f.data, 10, HEFT_FISHER_SAMPLED, seed, -1, sampled, NULL));
      for (gsize i = 0; i < f.k * f.k; i++)
        mean[i] += sampled[i] / 400;
    }
  for (gsize i = 0; i < f.k * f.k; i++)
    {
      distance += (mean[i] - exact[i]) * (mean[i] - exact[i]);
      norm += exact[i] * exact[i];
    }
  /* One draw is off by about its own size / sqrt (10); 400 of them by 20 times less. */
  g_assert_cmpfloat (sqrt (distance / norm), <, 0.05);
}

static void
test_errors (void)
{
  g_auto (Fixture) f = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 10, 7);
  g_auto (Fixture) other = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (5), 4, 10, 7);
  g_auto (Fixture) classes = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 5, 10, 7);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  HeftDataset *misfits[] = { other.data, classes.data };

  for (int i = 0; i < 2; i++)
    {
      g_assert_null (heft_fisher_spectra (f.network, f.weights, misfits[i], 5, HEFT_FISHER_EXACT, 0, FALSE, NULL, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_clear_error (&error);
      g_assert_null (heft_fisher_lanczos (f.network, f.weights_f32, misfits[i], 5, 3, 5, FALSE, 0, NULL, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_clear_error (&error);
    }
  f.weights_f32[0] = NAN;
  g_assert_null (heft_fisher_spectra_live (f.network, f.weights_f32, f.data, 5, 0, 0, NULL, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_DIVERGED);
  g_clear_error (&error);
  g_cancellable_cancel (cancelled);
  g_assert_null (heft_fisher_spectra (f.network, f.weights, f.data, 5, HEFT_FISHER_EXACT, 0, FALSE, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curvature/root", test_root);
  g_test_add_func ("/curvature/draw", test_draw);
  g_test_add_func ("/curvature/fisher/definition", test_definition);
  g_test_add_func ("/curvature/fisher/linear-model", test_linear_model);
  g_test_add_func ("/curvature/fisher/gram", test_gram);
  g_test_add_func ("/curvature/fisher/many-samples", test_many_samples);
  g_test_add_func ("/curvature/fisher/convolution", test_convolution);
  g_test_add_func ("/curvature/fisher/live", test_live);
  g_test_add_func ("/curvature/fisher/unbiased", test_sampled_is_unbiased);
  g_test_add_func ("/curvature/fisher/errors", test_errors);
  return g_test_run ();
}
