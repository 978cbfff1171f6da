/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "linalg/kernels.h"
#include "linalg/linalg.h"

#define PAD 3   /* beyond the stored columns, and behind the matrix: never touched */

typedef struct
{
  gsize m, n, k;
} Size;

/* Around every tile, panel and block edge of every variant, and the layers of a small and a middling network. */
static const Size sizes[] = {
  { 1, 1, 1 }, { 1, 3, 0 }, { 2, 16, 3 }, { 3, 17, 5 }, { 5, 31, 7 }, { 7, 33, 2 }, { 8, 48, 9 }, { 9, 49, 10 }, { 10, 2, 16 },
  { 11, 63, 64 }, { 13, 65, 65 }, { 15, 95, 127 }, { 16, 97, 129 }, { 31, 8, 130 }, { 33, 10, 257 }, { 258, 20, 61 },
  { 1030, 5, 6 }, { 6, 7, 1030 }, { 19, 100, 145 }, { 259, 101, 74 }, { 41, 103, 290 },
};

typedef struct
{
  float *a, *b, *c, *before;
  gsize  lda, ldb, ldc, size_c;
} Matrices;

static void
matrices_init (Matrices *x,
               gboolean  transpose_a,
               gboolean  transpose_b,
               Size      s)
{
  const HeftStream stream = heft_stream (5, HEFT_PURPOSE_PROBE, 0);
  const gsize rows_a = transpose_a ? s.k : s.m, rows_b = transpose_b ? s.n : s.k;

  x->lda = (transpose_a ? s.m : s.k) + PAD;
  x->ldb = (transpose_b ? s.k : s.n) + PAD;
  x->ldc = s.n + PAD;
  x->size_c = s.m * x->ldc;
  x->a = g_new (float, rows_a * x->lda + 1);
  x->b = g_new (float, rows_b * x->ldb + 1);
  x->c = g_new (float, x->size_c);
  x->before = g_new (float, x->size_c);
  heft_stream_normals_f32 (stream, 0, 0, rows_a * x->lda, x->a);
  heft_stream_normals_f32 (stream, 1, 0, rows_b * x->ldb, x->b);
  heft_stream_normals_f32 (stream, 2, 0, x->size_c, x->before);
  memcpy (x->c, x->before, x->size_c * sizeof (float));
}

static void
matrices_clear (Matrices *x)
{
  g_free (x->a);
  g_free (x->b);
  g_free (x->c);
  g_free (x->before);
}

static void
multiply (const HeftKernels *kernels,
          gboolean           transpose_a,
          gboolean           transpose_b,
          Size               s,
          gboolean           add,
          Matrices          *x)
{
  kernels->product (transpose_a, transpose_b, s.m, s.n, s.k, x->a, x->lda, x->b, x->ldb, add, x->c, x->ldc);
}

/* Each element within the worst rounding of its terms, and nothing written beside C. */
static void
check_against_loop (gboolean        transpose_a,
                    gboolean        transpose_b,
                    Size            s,
                    gboolean        add,
                    const Matrices *x)
{
  for (gsize i = 0; i < s.m; i++)
    for (gsize j = 0; j < x->ldc; j++)
      {
        const gsize at = i * x->ldc + j;
        double sum = add ? (double) x->before[at] : 0.0, size = fabs (sum);

        if (j >= s.n)
          {
            g_assert_cmpfloat (x->c[at], ==, x->before[at]);
            continue;
          }
        for (gsize p = 0; p < s.k; p++)
          {
            const double term = (double) (transpose_a ? x->a[p * x->lda + i] : x->a[i * x->lda + p])
                                * (double) (transpose_b ? x->b[j * x->ldb + p] : x->b[p * x->ldb + j]);

            sum += term;
            size += fabs (term);
          }
        g_assert_cmpfloat_with_epsilon (x->c[at], sum, ((double) s.k + 1.0) * 6e-8 * size + 1e-30);
      }
}

static void
test_loop (void)
{
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
      for (guint form = 0; form < 8; form++)
        {
          const gboolean transpose_a = (form & 1) != 0, transpose_b = (form & 2) != 0, add = (form & 4) != 0;
          Matrices x;

          matrices_init (&x, transpose_a, transpose_b, sizes[i]);
          multiply (kernels, transpose_a, transpose_b, sizes[i], add, &x);
          check_against_loop (transpose_a, transpose_b, sizes[i], add, &x);
          matrices_clear (&x);
        }
}

/* v4 and v3 fuse alike, so they agree in every bit; "plain" rounds once more a term. */
static void
test_variants (void)
{
  const Size s = { 23, 77, 211 };
  const HeftKernels *kernels;
  Matrices first = { NULL };

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL && !g_str_equal (kernels->name, "plain"); v++)
    {
      Matrices x;

      matrices_init (&x, TRUE, TRUE, s);
      multiply (kernels, TRUE, TRUE, s, TRUE, &x);
      if (v == 0)
        first = x;
      else
        {
          g_assert_cmpmem (x.c, x.size_c * sizeof (float), first.c, first.size_c * sizeof (float));
          matrices_clear (&x);
        }
    }
  matrices_clear (&first);
}

/* However rows, columns and the inner index are cut, each element has the same bits: what a step's cutting may rely on. */
static void
test_cuts (void)
{
  const Size s = { 300, 70, 200 };
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (guint form = 0; form < 4; form++)
      {
        const gboolean transpose_a = (form & 1) != 0, transpose_b = (form & 2) != 0;
        const gsize rows = 37, columns = 19, depth = 77;
        Matrices x, y;

        matrices_init (&x, transpose_a, transpose_b, s);
        matrices_init (&y, transpose_a, transpose_b, s);
        multiply (kernels, transpose_a, transpose_b, s, FALSE, &x);
        for (gsize p = 0; p < s.k; p += depth)
          for (gsize i = 0; i < s.m; i += rows)
            for (gsize j = 0; j < s.n; j += columns)
              kernels->product (transpose_a, transpose_b, MIN (rows, s.m - i), MIN (columns, s.n - j), MIN (depth, s.k - p),
                                y.a + (transpose_a ? p * y.lda + i : i * y.lda + p), y.lda,
                                y.b + (transpose_b ? j * y.ldb + p : p * y.ldb + j), y.ldb, p > 0, y.c + i * y.ldc + j, y.ldc);
        g_assert_cmpmem (x.c, x.size_c * sizeof (float), y.c, y.size_c * sizeof (float));
        matrices_clear (&x);
        matrices_clear (&y);
      }
}

/* Bytes as the left factor: the bits of the same product with the numbers that they stand for, and nothing written beside C. */
static void
check_bytes (const HeftKernels *kernels,
             gboolean           transpose_a,
             gboolean           squared,
             Size               s)
{
  const float scale = 1.0f / 255.0f;
  const gsize rows_a = transpose_a ? s.k : s.m;
  Matrices x;
  g_autofree guint8 *bytes = NULL;
  g_autofree float *expected = NULL;

  matrices_init (&x, transpose_a, FALSE, s);
  bytes = g_new (guint8, rows_a * x.lda + 1);
  for (gsize i = 0; i < rows_a * x.lda; i++)
    {
      bytes[i] = (guint8) ((i * 41 + 7) & 255);
      x.a[i] = (float) bytes[i] * scale;
      if (squared)
        x.a[i] *= x.a[i];
    }
  multiply (kernels, transpose_a, FALSE, s, FALSE, &x);
  expected = g_memdup2 (x.c, x.size_c * sizeof (float));
  memcpy (x.c, x.before, x.size_c * sizeof (float));
  kernels->product_bytes (transpose_a, squared, scale, s.m, s.n, s.k, bytes, x.lda, x.b, x.ldb, x.c, x.ldc);
  g_assert_cmpmem (x.c, x.size_c * sizeof (float), expected, x.size_c * sizeof (float));
  matrices_clear (&x);
}

static void
test_bytes (void)
{
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
      for (guint form = 0; form < 4; form++)
        check_bytes (kernels, (form & 1) != 0, (form & 2) != 0, sizes[i]);
}

/* What C held is not read, and what is not a number stays one. */
static void
test_not_finite (void)
{
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      const float a[] = { 1.0f, NAN, 2.0f, 3.0f }, b[] = { 1.0f, 2.0f, 0.0f, 1.0f };
      float c[] = { NAN, INFINITY, NAN, NAN };

      kernels->product (FALSE, FALSE, 2, 2, 2, a, 2, b, 2, FALSE, c, 2);
      g_assert_true (isnan (c[0]) && isnan (c[1]));
      g_assert_cmpfloat (c[2], ==, 2.0f);
      g_assert_cmpfloat (c[3], ==, 7.0f);
    }
}

/* A with every number but each @kept-th zero; one is not a number. */
static void
thin_out (Matrices *x,
          gsize     n_rows,
          gsize     kept)
{
  for (gsize i = 0; i < n_rows * x->lda; i++)
    if (i % kept != 0)
      x->a[i] = 0.0f;
  x->a[0] = NAN;
}

static gsize
count_not_zero (gboolean        transpose,
                Size            s,
                const Matrices *x)
{
  gsize count = 0;

  for (gsize i = 0; i < s.m; i++)
    for (gsize p = 0; p < s.k; p++)
      count += (transpose ? x->a[p * x->lda + i] : x->a[i * x->lda + p]) != 0.0f;
  return count;
}

/* Leaving out what is zero changes no bit, and writes nothing beside C. */
static void
check_sparse (const HeftKernels *kernels,
              Size               s,
              gboolean           transpose,
              gboolean           add,
              gsize              kept)
{
  g_autofree guint64 *marks = g_new (guint64, (s.k / HEFT_KERNEL_MARKS + 1) * s.m + 1);
  Matrices x, y;

  matrices_init (&x, transpose, FALSE, s);
  matrices_init (&y, transpose, FALSE, s);
  thin_out (&x, transpose ? s.k : s.m, kept);
  thin_out (&y, transpose ? s.k : s.m, kept);
  multiply (kernels, transpose, FALSE, s, add, &x);
  g_assert_cmpuint (kernels->mark (transpose, s.m, s.k, y.a, y.lda, marks), ==, count_not_zero (transpose, s, &y));
  kernels->sparse_product (transpose, FALSE, s.m, s.n, s.k, marks, y.a, y.lda, y.b, y.ldb, add, y.c, y.ldc);
  for (gsize i = 0; i < x.size_c; i++)
    if (isnan (x.c[i]))
      g_assert_true (isnan (y.c[i]));
    else
      g_assert_cmpfloat (x.c[i], ==, y.c[i]);
  matrices_clear (&x);
  matrices_clear (&y);
}

static void
test_sparse (void)
{
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
      for (guint form = 0; form < 8; form++)
        check_sparse (kernels, sizes[i], (form & 1) != 0, (form & 2) != 0, (form & 4) != 0 ? 11 : 3);
}

/* A^T A in the lower triangle, sparse enough for the kernel and not: of the sizes, m is taken for the rows of C. */
static void
test_gram (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (gsize kept = 1; kept <= 5; kept += 4)
      {
        const Size s = { sizes[i].m, sizes[i].m, sizes[i].k };
        g_autofree float *expected = NULL;
        Matrices x;

        matrices_init (&x, TRUE, FALSE, s);
        for (gsize j = 0; j < s.k * x.lda; j++)
          x.a[j] = j % kept == 0 ? x.a[j] : 0.0f;
        expected = g_memdup2 (x.c, x.size_c * sizeof *expected);
        heft_syrk_lower_f32 (TRUE, s.m, s.k, 1.0f, x.a, x.lda, 1.0f, expected, x.ldc);
        heft_add_gram_f32 (s.m, s.k, x.a, x.lda, x.c, x.ldc);
        for (gsize r = 0; r < s.m; r++)
          {
            for (gsize c = 0; c <= r; c++)
              g_assert_cmpfloat_with_epsilon (x.c[r * x.ldc + c], expected[r * x.ldc + c], 1e-6 * (double) (s.k + 3));
            for (gsize c = s.m; c < x.ldc; c++)
              g_assert_cmpfloat (x.c[r * x.ldc + c], ==, x.before[r * x.ldc + c]);
          }
        matrices_clear (&x);
      }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/linalg/product/loop", test_loop);
  g_test_add_func ("/linalg/product/variants", test_variants);
  g_test_add_func ("/linalg/product/cuts", test_cuts);
  g_test_add_func ("/linalg/product/bytes", test_bytes);
  g_test_add_func ("/linalg/product/not-finite", test_not_finite);
  g_test_add_func ("/linalg/product/sparse", test_sparse);
  g_test_add_func ("/linalg/product/gram", test_gram);
  return g_test_run ();
}
