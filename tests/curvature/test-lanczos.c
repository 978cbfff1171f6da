/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "curvature/lanczos.h"
#include "fixture.h"
#include "linalg/linalg.h"

typedef struct
{
  gsize   n;
  double *matrix;
} Dense;

static void
dense_product (gpointer data, const double *in, double *out)
{
  Dense *dense = data;

  heft_gemv_f64 (FALSE, dense->n, dense->n, 1, dense->matrix, dense->n, in, 0, out);
}

/* A symmetric matrix with a decaying spectrum of both signs. */
static Dense
dense_new (gsize n)
{
  Dense self = { n, g_new0 (double, n * n) };
  g_autofree double *v = g_new (double, n * n);

  heft_stream_normals_f64 (heft_stream (1, HEFT_PURPOSE_SIMULATION, 0), 0, 0, n * n, v);
  for (gsize r = 0; r < n; r++)
    for (gsize i = 0; i < n; i++)
      for (gsize j = 0; j < n; j++)
        self.matrix[i * n + j] += (r % 3 == 2 ? -1 : 1) * pow (0.8, (double) r) * v[r * n + i] * v[r * n + j] / (double) n;
  return self;
}

static void
check_identities (gsize n)
{
  Dense dense = dense_new (n);
  g_autofree double *start = g_new (double, n);
  g_autofree double *copy = g_memdup2 (dense.matrix, n * n * sizeof (double));
  g_autofree double *values = g_new (double, n);
  g_autofree double *applied = g_new (double, n);

  heft_stream_normals_f64 (heft_stream (2, HEFT_PURPOSE_PROBE, 0), 0, 0, n, start);
  g_assert_true (heft_symmetric_eigenvalues (n, copy, values, NULL));
  for (gsize steps = 1; steps <= n; steps += steps < 5 ? 1 : 11)
    {
      g_autoptr (HeftLanczos) lanczos = heft_lanczos_new (n, dense_product, &dense, start, &(HeftLanczosOptions) { .n_steps = steps }, NULL);
      gsize m = lanczos->m;
      double weight = 0;

      g_assert_cmpuint (m, ==, steps);
      for (gsize i = 0; i < m; i++)
        {
          /* Orthonormal, and Q A Q^T is the tridiagonal matrix. */
          dense_product (&dense, lanczos->basis + i * n, applied);
          for (gsize j = 0; j < m; j++)
            {
              double t = i == j ? lanczos->diagonal[i] : i + 1 == j ? lanczos->off_diagonal[i]
                         : j + 1 == i ? lanczos->off_diagonal[j] : 0;

              g_assert_cmpfloat_with_epsilon (heft_dot_f64 (n, lanczos->basis + i * n, lanczos->basis + j * n), i == j,
                                              1e-13);
              g_assert_cmpfloat_with_epsilon (heft_dot_f64 (n, applied, lanczos->basis + j * n), t, 1e-12 * values[0]);
            }
          weight += lanczos->firsts[i] * lanczos->firsts[i];
        }
      g_assert_cmpfloat_with_epsilon (weight, 1, 1e-12);
      /* Each Ritz value lies within its residual of an eigenvalue, and the largest never exceeds it. */
      g_assert_cmpfloat (lanczos->values[0], <=, values[0] * (1 + 1e-13));
      for (gsize i = 0; i < m; i++)
        {
          double distance = INFINITY;

          for (gsize j = 0; j < n; j++)
            distance = MIN (distance, fabs (lanczos->values[i] - values[j]));
          g_assert_cmpfloat (distance, <=, lanczos->residual * lanczos->tails[i] + 1e-12 * values[0]);
        }
      if (m == n)
        for (gsize i = 0; i < n; i++)
          g_assert_cmpfloat_with_epsilon (lanczos->values[i], values[i], 1e-12 * values[0]);
    }
  g_free (dense.matrix);
}

/* Spaces of fewer dimensions than parts of a sweep too. */
static void
test_identities (void)
{
  for (gsize n = 1; n <= 5; n++)
    check_identities (n);
  check_identities (60);
}

/* A matrix of rank 4 exhausts the space after at most 5 steps, without inventing eigenvalues. */
static void
test_exhausted (void)
{
  const gsize n = 30;
  Dense dense = { n, g_new0 (double, n * n) };
  g_autofree double *start = g_new (double, n);
  g_autoptr (HeftLanczos) lanczos = NULL;

  for (gsize i = 0; i < 4; i++)
    dense.matrix[i * n + i] = (double) (i + 1);
  heft_stream_normals_f64 (heft_stream (2, HEFT_PURPOSE_PROBE, 0), 0, 0, n, start);
  lanczos = heft_lanczos_new (n, dense_product, &dense, start, &(HeftLanczosOptions) { .n_steps = 20 }, NULL);
  g_assert_cmpuint (lanczos->m, ==, 5);
  for (gsize i = 0; i < 5; i++)
    g_assert_cmpfloat_with_epsilon (lanczos->values[i], (double) (4 - i), 1e-12);
  g_free (dense.matrix);
}

static void
compare_with_exact (Fixture *f, gsize n, gsize n_top)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) exact = heft_fisher_spectra (f->network, f->weights, f->data, n, HEFT_FISHER_EXACT, 0, TRUE,
                                                     NULL, &error);
  g_autoptr (GPtrArray) head = heft_fisher_lanczos (f->network, f->weights_f32, f->data, n, n_top, 60, TRUE, 3, NULL,
                                                    &error);

  g_assert_no_error (error);
  g_assert_cmpuint (head->len, ==, exact->len);
  for (guint l = 0; l < head->len; l++)
    {
      HeftSpectrum *a = g_ptr_array_index (exact, l);
      HeftSpectrum *b = g_ptr_array_index (head, l);

      g_assert_cmpint (a->layer, ==, b->layer);
      g_assert_cmpuint (a->n_parameters, ==, b->n_parameters);
      g_assert_cmpfloat_with_epsilon (b->trace, a->trace, 1e-5 * a->trace);
      /* All that stand clear of single-precision rounding. */
      for (gsize i = 0; i < MIN (n_top, a->n_eigenvalues); i++)
        if (a->eigenvalues[i] > 1e-4 * a->eigenvalues[0])
          g_assert_cmpuint (b->n_eigenvalues, >, i);
      for (gsize i = 0; i < b->n_eigenvalues; i++)
        g_assert_cmpfloat_with_epsilon (b->eigenvalues[i], a->eigenvalues[i], 1e-6 * a->eigenvalues[0]);
      g_assert_false (b->complete);
    }
}

static void
test_head (void)
{
  /* Few samples: products with A A^T; many: through the weights. */
  g_auto (Fixture) few = fixture_new ("12-8", HEFT_ACTIVATION_RELU, FLAT (20), 4, 15, 1);
  g_auto (Fixture) many = fixture_new ("6-5", HEFT_ACTIVATION_TANH, FLAT (5), 3, 700, 2);
  g_auto (Fixture) convolution = fixture_new ("conv3x4-relu-pool2-6", HEFT_ACTIVATION_RELU, ((HeftShape) { 1, 8, 8 }), 3,
                                              40, 5);

  compare_with_exact (&few, 15, 6);
  compare_with_exact (&many, 700, 5);
  compare_with_exact (&convolution, 40, 5);
}

/* With too few iterations it says less, never something wrong. */
static void
test_unconverged (void)
{
  g_auto (Fixture) f = fixture_new ("30-30", HEFT_ACTIVATION_TANH, FLAT (30), 10, 200, 1);
  g_autoptr (GPtrArray) exact = heft_fisher_spectra (f.network, f.weights, f.data, 100, HEFT_FISHER_EXACT, 0, FALSE,
                                                     NULL, NULL);
  g_autoptr (GPtrArray) head = heft_fisher_lanczos (f.network, f.weights_f32, f.data, 100, 10, 12, FALSE, 3, NULL, NULL);

  for (guint l = 0; l < head->len; l++)
    {
      HeftSpectrum *a = g_ptr_array_index (exact, l);
      HeftSpectrum *b = g_ptr_array_index (head, l);

      g_assert_cmpuint (b->n_eigenvalues, <, 10);
      for (gsize i = 0; i < b->n_eigenvalues; i++)
        g_assert_cmpfloat (fabs (b->eigenvalues[i] - a->eigenvalues[i]), <, 0.02 * a->eigenvalues[i]);
    }
}

/* Directions that the samples leave alone are no eigenvalues, though single precision leaves something of them: more is asked for
 * than there is. Neither is the zero of a layer that no weight behind it looks at. */
static void
test_rounding_is_no_direction (void)
{
  g_auto (Fixture) f = fixture_new ("12-8", HEFT_ACTIVATION_RELU, FLAT (20), 4, 5, 1);
  g_autofree float *blind = g_new0 (float, f.k);
  g_autoptr (GPtrArray) exact = heft_fisher_spectra (f.network, f.weights, f.data, 5, HEFT_FISHER_EXACT, 0, TRUE, NULL, NULL);
  g_autoptr (GPtrArray) head = heft_fisher_lanczos (f.network, f.weights_f32, f.data, 5, 20, 20, TRUE, 3, NULL, NULL);
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GError) error = NULL;

  for (guint l = 0; l < head->len; l++)
    {
      HeftSpectrum *a = g_ptr_array_index (exact, l), *b = g_ptr_array_index (head, l);

      /* Four probabilities of which three are free. */
      g_assert_cmpuint (a->n_eigenvalues, <=, 15);
      g_assert_cmpuint (b->n_eigenvalues, >, 3);
      g_assert_cmpuint (b->n_eigenvalues, <=, a->n_eigenvalues);
      for (gsize i = 0; i < b->n_eigenvalues; i++)
        g_assert_cmpfloat_with_epsilon (b->eigenvalues[i], a->eigenvalues[i], 0.02 * a->eigenvalues[i]);
    }

  none = heft_fisher_lanczos (f.network, blind, f.data, 5, 3, 5, FALSE, 3, NULL, &error);
  g_assert_no_error (error);
  for (guint l = 0; l + 1 < none->len; l++)
    {
      g_assert_cmpuint (((HeftSpectrum *) g_ptr_array_index (none, l))->n_eigenvalues, ==, 0);
      g_assert_cmpfloat (((HeftSpectrum *) g_ptr_array_index (none, l))->trace, ==, 0);
    }
  /* The last layer's biases tell the classes still. */
  g_assert_cmpuint (((HeftSpectrum *) g_ptr_array_index (none, none->len - 1))->n_eigenvalues, >, 0);
}

static void
test_cost (void)
{
  g_auto (Fixture) f = fixture_new ("30-30", HEFT_ACTIVATION_TANH, FLAT (30), 10, 20, 1);

  g_assert_cmpfloat (heft_fisher_spectra_live_cost (f.network, 256), >, 0);
  g_assert_cmpfloat (heft_fisher_spectra_live_cost (f.network, 512), >, 2 * heft_fisher_spectra_live_cost (f.network, 256));
  g_assert_cmpfloat (heft_fisher_lanczos_cost (f.network, 256, 40), >, heft_fisher_lanczos_cost (f.network, 256, 20));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curvature/lanczos/identities", test_identities);
  g_test_add_func ("/curvature/lanczos/exhausted", test_exhausted);
  g_test_add_func ("/curvature/lanczos/head", test_head);
  g_test_add_func ("/curvature/lanczos/unconverged", test_unconverged);
  g_test_add_func ("/curvature/lanczos/rounding", test_rounding_is_no_direction);
  g_test_add_func ("/curvature/lanczos/cost", test_cost);
  return g_test_run ();
}
