/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernels of codes beyond local reparametrisation: the same bits whatever the processor, and Flipout's signs. */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "linalg/kernels.h"

enum { N = 1003, RANK = 3 };

typedef struct
{
  float          mean[N], centre[N], log_deviation[N], variance[N], displacement[N], weights[N], momentum[N], hessian[N];
  float          gradient[N], second[N], factors[RANK * N], factor_gradients[RANK * N], signs[N], flipped[N], dz[N], dv[N];
  HeftUpdateSums sums;
  double         gram[RANK * RANK], square;
} Everything;

static void
fill (float *x, gsize n, guint32 index, float scale, float offset)
{
  heft_stream_normals_f32 (heft_stream (3, HEFT_PURPOSE_SIMULATION, index), 0, 0, n, x);
  for (gsize i = 0; i < n; i++)
    x[i] = scale * x[i] + offset;
}

static const float inverse[RANK * RANK] = { 0.5f, 0.1f, 0, 0.1f, 0.7f, -0.1f, 0, -0.1f, 0.9f };
static const float z[RANK] = { 0.3f, -1.2f, 0.8f };

/* Each kernel once, on what the one before left. */
static void
run_all (const HeftKernels *kernels, HeftKernelChain chain, gboolean mixture, Everything *v)
{
  const HeftCodeGradient o = {
    .chain = chain, .beta = 0.01f, .precision = mixture ? 0 : 25, .mixture = mixture, .log_share1 = 0.7f, .log_share2 = 2.3f,
    .precision1 = 4, .precision2 = 900, .rank = chain == HEFT_CHAIN_DRAW ? RANK : 0, .z = z, .inverse = inverse,
  };
  const HeftIvon ivon = { .rate = 0.1f, .decay1 = 0.9f, .decay2 = 0.99f, .correction = 10, .delta = 0.01f, .log_beta = -6 };
  const HeftUpdateBlock block = {
    .mean = v->mean, .log_deviation = v->log_deviation, .variance = v->variance, .mean_moment1 = v->momentum,
    .deviation_moment1 = v->hessian, .centre = v->centre,
  };

  kernels->refresh (N, v->log_deviation, v->variance);
  kernels->draw (N, v->mean, v->log_deviation, v->displacement, v->weights);
  kernels->code_gradient (N, &o, (HeftCodeGradientBlock) {
    .mean = v->mean, .centre = v->centre, .variance = v->variance, .displacement = v->displacement, .weights = v->weights,
    .factors = v->factors, .stride = N, .gradient = v->gradient, .second = v->second, .factor_gradients = v->factor_gradients,
  }, &v->sums);
  kernels->weighted_gram (N, RANK, v->factors, N, v->variance, v->gram, &v->square);
  kernels->ivon (N, &ivon, block, v->gradient, v->second);
  kernels->scale (N, 0.37f, v->gradient);
  kernels->flip (N, v->mean, (const guint32 *) (gconstpointer) v->signs, v->flipped);
  kernels->flip_outputs (1, N, N, v->centre, v->displacement, v->signs, v->second);
  kernels->backward_flipped (1, N, N, v->mean, v->flipped, v->centre, v->signs, v->dz, v->dv);
  kernels->add_flipped_gradient (N, v->mean, v->flipped, v->dv, v->gradient);
}

static void
fill_everything (Everything *v)
{
  memset (v, 0, sizeof *v);
  fill (v->mean, N, 0, 0.3f, 0);
  fill (v->centre, N, 1, 0.3f, 0);
  fill (v->log_deviation, N, 2, 0.5f, -2);
  fill (v->displacement, N, 3, 1, 0);
  fill (v->momentum, N, 4, 0.1f, 0);
  fill (v->hessian, N, 5, 0.001f, 0.02f);
  fill (v->gradient, N, 6, 1, 0);
  fill (v->second, N, 7, 1, 0);
  fill (v->factors, RANK * N, 8, 0.1f, 0);
  fill (v->signs, N, 9, 1, 0);
  fill (v->dz, N, 10, 1, 0);
  fill (v->dv, N, 11, 1, 0);
}

static void
test_variants_agree (void)
{
  static Everything first, other;
  const HeftKernels *kernels;

  for (HeftKernelChain chain = HEFT_CHAIN_VARIANCE; chain <= HEFT_CHAIN_CURVATURE; chain++)
    for (gboolean mixture = FALSE; mixture <= TRUE; mixture++)
      {
        fill_everything (&first);
        run_all (heft_kernels (), chain, mixture, &first);
        for (gsize i = 0; i < N; i++)
          g_assert_true (isfinite (first.mean[i]) && isfinite (first.second[i]) && isfinite (first.variance[i]));
        for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
          {
            fill_everything (&other);
            run_all (kernels, chain, mixture, &other);
            g_assert_cmpmem (&first, sizeof first, &other, sizeof other);
          }
      }
}

/* x o s has the gradient s o g, whatever x, also where it is zero. */
static void
test_flip (void)
{
  static float x[N], flipped[N], gradient[N], sum[N], words[N];
  guint n_negative = 0;

  fill (x, N, 20, 1, 0);
  fill (words, N, 21, 1, 0);
  fill (gradient, N, 22, 1, 0);
  memset (x, 0, 10 * sizeof *x);
  memcpy (flipped, words, sizeof flipped);
  heft_kernels ()->flip (N, x, (const guint32 *) (gconstpointer) flipped, flipped);
  heft_kernels ()->add_flipped_gradient (N, x, flipped, gradient, sum);
  for (gsize i = 0; i < N; i++)
    {
      const float sign = signbit (words[i]) ? -1 : 1;

      n_negative += sign < 0;
      g_assert_cmpfloat (flipped[i], ==, sign * x[i]);
      g_assert_cmpfloat (sum[i], ==, sign * gradient[i]);
    }
  g_assert_cmpuint (n_negative, >, N / 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/linalg/code-kernels/variants-agree", test_variants_agree);
  g_test_add_func ("/linalg/code-kernels/flip", test_flip);
  return g_test_run ();
}
