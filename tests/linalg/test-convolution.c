/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "linalg/kernels.h"

/* Rows shorter and longer than a tile, channels and outputs that fill no vector or several, strides. */
static const struct { gsize channels, height, width, kernel, stride, outputs; } shapes[] = {
  { 1, 28, 28, 5, 1, 16 }, { 16, 12, 12, 5, 1, 32 }, { 3, 9, 11, 3, 2, 7 }, { 7, 5, 4, 2, 1, 45 }, { 2, 6, 20, 3, 3, 17 },
  { 33, 3, 3, 3, 1, 5 }, { 20, 4, 16, 1, 1, 64 }, { 5, 1, 30, 1, 1, 3 },
};

static HeftWindow
window_of (guint i)
{
  return (HeftWindow) {
    .channels = shapes[i].channels, .height = shapes[i].height, .width = shapes[i].width,
    .out_height = (shapes[i].height - shapes[i].kernel) / shapes[i].stride + 1,
    .out_width = (shapes[i].width - shapes[i].kernel) / shapes[i].stride + 1,
    .kernel = shapes[i].kernel, .stride = shapes[i].stride,
  };
}

static float *
normals (gsize   n,
         guint32 index)
{
  float *x = g_new (float, n);

  heft_stream_normals_f32 (heft_stream (3, HEFT_PURPOSE_PROBE, index), 0, 0, n, x);
  return x;
}

static void
assert_near (const float  *x,
             const double *expected,
             gsize         n,
             double        scale)
{
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (x[i], expected[i], 1e-6 * scale);
}

/* The three products with every variant, against sums one number at a time in double precision. */
static void
check_products (guint i)
{
  const HeftWindow w = window_of (i);
  const gsize seen = w.kernel * w.kernel * w.channels, out = shapes[i].outputs, places = w.out_height * w.out_width;
  const gsize ld = (out + 15) / 16 * 16, transposed_ld = (w.channels + 15) / 16 * 16, n_image = w.height * w.width * w.channels;
  const gsize n_transposed = w.kernel * w.kernel * out * transposed_ld;
  g_autofree float *image = normals (n_image, 0), *weights = normals (seen * ld, 1), *transposed = g_new0 (float, n_transposed);
  g_autofree float *delta = normals (places * out + 16, 2);
  g_autofree double *output = g_new0 (double, places * out), *back = g_new0 (double, n_image);
  g_autofree double *gradient = g_new0 (double, (seen + 1) * ld);
  const HeftKernels *kernels;

  for (gsize p = 0; p < places; p++)
    for (gsize o = 0; o < out; o++)
      {
        gradient[seen * ld + o] += delta[p * out + o];
        for (gsize r = 0; r < seen; r++)
          {
            const gsize c = r % w.channels, k = r / w.channels;
            const gsize y = p / w.out_width * w.stride + k / w.kernel, x = p % w.out_width * w.stride + k % w.kernel;
            const gsize at = (y * w.width + x) * w.channels + c;

            transposed[(k * out + o) * transposed_ld + c] = weights[r * ld + o];
            output[p * out + o] += (double) image[at] * weights[r * ld + o];
            back[at] += (double) delta[p * out + o] * weights[r * ld + o];
            gradient[r * ld + o] += (double) delta[p * out + o] * image[at];
          }
      }
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      g_autofree float *y = g_new0 (float, places * out), *dx = g_new0 (float, n_image), *dw = g_new0 (float, (seen + 1) * ld);

      kernels->convolve (&w, out, image, weights, ld, y);
      assert_near (y, output, places * out, sqrt (seen) * 10);
      /* Twice, because both add. */
      for (guint again = 0; again < 2; again++)
        {
          kernels->convolve_back (&w, out, delta, transposed, transposed_ld, dx);
          kernels->convolve_weights (&w, out, image, delta, dw, ld);
        }
      for (gsize j = 0; j < n_image; j++)
        g_assert_cmpfloat_with_epsilon (dx[j], 2 * back[j], 2e-5 * sqrt (seen * out));
      for (gsize r = 0; r <= seen; r++)
        for (gsize o = 0; o < out; o++)
          g_assert_cmpfloat_with_epsilon (dw[r * ld + o], 2 * gradient[r * ld + o], 2e-5 * sqrt (places));
    }
}

static void
test_products (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    check_products (i);
}

static void
test_max_pool (void)
{
  /* Two channels, 3 x 4, windows of 2 with stride 2 and padding 1: 2 x 3 places. */
  const HeftWindow w = { .channels = 2, .height = 3, .width = 4, .out_height = 2, .out_width = 3, .kernel = 2, .stride = 2,
                         .padding = 1 };
  const float image[24] = { 1, -1, 2, -2, 2, -3, 4, -4,   5, NAN, 6, 6, 7, -7, 7, -8,   9, -5, 8, -1, 3, -2, 2, -3 };
  /* The first of equals wins, and what is not a number. */
  const float expected[12] = { 1, -1, 2, -2, 4, -4,   9, NAN, 8, 6, 7, -3 };
  const guint32 places[12] = { 3, 3, 2, 2, 2, 2,   3, 1, 2, 0, 0, 2 };
  float extra[24], output[12], out_extra[12], gradient[12], back[24];
  const HeftKernels *kernels;

  for (guint i = 0; i < 24; i++)
    extra[i] = (float) i;
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      guint32 winners[12];

      kernels->max_pool (&w, image, NULL, extra, output, NULL, out_extra, winners);
      for (guint i = 0; i < 12; i++)
        {
          const gsize y = i / 6 * 2 + winners[i] / 2 - 1, x = i / 2 % 3 * 2 + winners[i] % 2 - 1;

          g_assert_true (output[i] == expected[i] || (isnan (output[i]) && isnan (expected[i])));
          g_assert_cmpfloat (out_extra[i], ==, (float) ((y * 4 + x) * 2 + i % 2));
          g_assert_cmpuint (winners[i], ==, places[i]);
          gradient[i] = (float) (i + 1);
        }
      memset (back, 0, sizeof back);
      kernels->max_pool_back (&w, winners, gradient, back);
      kernels->max_pool_back (&w, winners, gradient, back);
      for (guint i = 0; i < 12; i++)
        g_assert_cmpfloat (back[(gsize) out_extra[i]], ==, 2 * gradient[i]);
      kernels->max_pool_spread (&w, winners, gradient, back);
      for (guint i = 0; i < 12; i++)
        g_assert_cmpfloat (back[(gsize) out_extra[i]], ==, gradient[i]);
    }
}

/* Windows that tile the image have a way of their own. */
static void
test_spread (void)
{
  const HeftWindow w = { .channels = 5, .height = 4, .width = 6, .out_height = 2, .out_width = 3, .kernel = 2, .stride = 2 };
  g_autofree float *image = normals (120, 0), *gradient = normals (30, 1);
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      float output[30], expected[120] = { 0 }, found[120];
      guint32 winners[30];

      for (guint i = 0; i < 120; i++)
        found[i] = NAN;
      kernels->max_pool (&w, image, NULL, NULL, output, NULL, NULL, winners);
      kernels->max_pool_back (&w, winners, gradient, expected);
      kernels->max_pool_spread (&w, winners, gradient, found);
      g_assert_cmpmem (expected, sizeof expected, found, sizeof found);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/linalg/convolution/products", test_products);
  g_test_add_func ("/linalg/convolution/max-pool", test_max_pool);
  g_test_add_func ("/linalg/convolution/spread", test_spread);

  return g_test_run ();
}
