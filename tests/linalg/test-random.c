/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "linalg/kernels.h"
#include "linalg/random-private.h"

/* The known answers published with Salmon et al. 2011 (Random123, philox4x32-10). */
static void
test_known_answers (void)
{
  static const struct { guint32 counter[4], key[2], words[4]; } cases[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint32 words[4];

      heft_philox (cases[i].key, cases[i].counter, words);
      g_assert_cmpmem (words, sizeof words, cases[i].words, sizeof words);
    }
}

/* Every variant's blocks are the plain cipher's words, also where the counter passes 2^32. */
static void
test_kernels_match_cipher (void)
{
  const guint32 key[2] = { 0x12345678, 0x9abcdef0 };
  const guint64 firsts[] = { 0, 1, (1ull << 28) - 1, (1ull << 40) + 7 };
  const guint64 step = 0x1122334455667788;
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (guint f = 0; f < G_N_ELEMENTS (firsts); f++)
      {
        guint32 words[2 * HEFT_KERNEL_BLOCK];

        kernels->philox (key, step, firsts[f], 2, words);
        for (guint b = 0; b < 2; b++)
          for (guint lane = 0; lane < 16; lane++)
            {
              const guint64 c = (firsts[f] + b) * 16 + lane;
              const guint32 counter[4] = { (guint32) c, (guint32) (c >> 32), (guint32) step, (guint32) (step >> 32) };
              guint32 expected[4];

              heft_philox (key, counter, expected);
              for (guint w = 0; w < 4; w++)
                g_assert_cmphex (words[b * HEFT_KERNEL_BLOCK + 16 * w + lane], ==, expected[w]);
            }
      }
}

static void
test_variants_agree (void)
{
  const guint32 key[2] = { 7, 9 };
  enum { BLOCKS = 64 };
  static float first[BLOCKS * HEFT_KERNEL_BLOCK], other[BLOCKS * HEFT_KERNEL_BLOCK];
  const HeftKernels *kernels;

  heft_kernels ()->normals (key, 5, 3, BLOCKS, first);
  for (guint v = 1; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      kernels->normals (key, 5, 3, BLOCKS, other);
      g_assert_cmpmem (first, sizeof first, other, sizeof other);
    }
}

/* The float generator against the same transform in double precision with the mathematical library, from the same rounded
 * uniform: near 1 that rounding is the larger error, and harmless. */
static void
test_box_muller_accuracy (void)
{
  const HeftStream stream = heft_stream (3, HEFT_PURPOSE_PROBE, 0);
  enum { N = 64 * 2000 };
  static guint32 words[N];
  static float normals[N];

  heft_stream_bits (stream, 0, 0, N, words);
  heft_stream_normals_f32 (stream, 0, 0, N, normals);
  for (guint b = 0; b < N; b += 32)
    for (guint i = b; i < b + 16; i++)
      {
        const float uniform = (float) (words[i] >> 1) * 0x1p-31f + 0x1p-32f;
        const double radius = sqrt (-2.0 * log (uniform));
        const double angle = 2.0 * G_PI * (gint32) words[i + 16] * 0x1p-32;

        g_assert_cmpfloat_with_epsilon (normals[i], radius * cos (angle), 2e-6);
        g_assert_cmpfloat_with_epsilon (normals[i + 16], radius * sin (angle), 2e-6);
      }
}

#define CHECK_CHUNKS(type, fill)                                                            \
  G_STMT_START                                                                              \
    {                                                                                       \
      const gsize cuts[] = { 0, 1, 37, 64, 65, 100, 128, 129, 320, 321, 500 };              \
      type whole[500], pieces[500], shifted[400];                                           \
      fill (stream, 11, 0, 500, whole);                                                     \
      for (guint i = 0; i + 1 < G_N_ELEMENTS (cuts); i++)                                   \
        fill (stream, 11, cuts[i], cuts[i + 1] - cuts[i], pieces + cuts[i]);                \
      g_assert_cmpmem (whole, sizeof whole, pieces, sizeof pieces);                         \
      for (gsize first = 0; first < 100; first += 13)                                       \
        {                                                                                   \
          fill (stream, 11, first, 400, shifted);                                           \
          g_assert_cmpmem (shifted, sizeof shifted, whole + first, sizeof shifted);         \
        }                                                                                   \
    }                                                                                       \
  G_STMT_END

static void
test_chunking (void)
{
  const HeftStream stream = heft_stream (0xfeedfacecafebeef, HEFT_PURPOSE_TRAINING_NOISE, 2);

  CHECK_CHUNKS (guint32, heft_stream_bits);
  CHECK_CHUNKS (double, heft_stream_uniforms_f64);
  CHECK_CHUNKS (float, heft_stream_normals_f32);
  CHECK_CHUNKS (double, heft_stream_normals_f64);
}

static void
check_normal_moments (const double *z,
                      gsize         n)
{
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag = 0;

  for (gsize i = 0; i < n; i++)
    {
      m1 += z[i];
      m2 += z[i] * z[i];
      m3 += z[i] * z[i] * z[i];
      m4 += z[i] * z[i] * z[i] * z[i];
      lag += z[i] * z[(i + 16) % n];
    }
  /* Standard errors of the raw moments of N(0, 1): 1, sqrt 2, sqrt 15, sqrt 96 over sqrt n; five of each. */
  g_assert_cmpfloat_with_epsilon (m1 / n, 0, 5 * 1.0 / sqrt (n));
  g_assert_cmpfloat_with_epsilon (m2 / n, 1, 5 * 1.4143 / sqrt (n));
  g_assert_cmpfloat_with_epsilon (m3 / n, 0, 5 * 3.873 / sqrt (n));
  g_assert_cmpfloat_with_epsilon (m4 / n, 3, 5 * 9.798 / sqrt (n));
  g_assert_cmpfloat_with_epsilon (lag / n, 0, 5 * 1.0 / sqrt (n));
}

static void
test_moments (void)
{
  const HeftStream stream = heft_stream (1, HEFT_PURPOSE_SIMULATION, 0);
  const gsize n = 400000;
  g_autofree double *z = g_new (double, n);
  g_autofree float *f = g_new (float, n);
  gsize bins[100] = { 0 };
  double chi_square = 0, tail = 0;

  heft_stream_normals_f32 (stream, 1, 0, n, f);
  for (gsize i = 0; i < n; i++)
    {
      z[i] = f[i];
      tail += fabs (z[i]) > 3.0;
    }
  check_normal_moments (z, n);
  /* P(|z| > 3) = 0.0026998 */
  g_assert_cmpfloat_with_epsilon (tail / n, 0.0026998, 5 * sqrt (0.0027 / n));
  heft_stream_normals_f64 (stream, 2, 0, n, z);
  check_normal_moments (z, n);

  heft_stream_uniforms_f64 (stream, 3, 0, n, z);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpfloat (z[i], >, 0);
      g_assert_cmpfloat (z[i], <, 1);
      bins[(gsize) (100 * z[i])]++;
    }
  for (guint b = 0; b < 100; b++)
    chi_square += (bins[b] - n / 100.0) * (bins[b] - n / 100.0) / (n / 100.0);
  /* 99 degrees of freedom: mean 99, deviation 14. */
  g_assert_cmpfloat (chi_square, <, 99 + 5 * 14);
  g_assert_cmpfloat (chi_square, >, 99 - 5 * 14);
}

/* Neither seed, purpose, index nor step may be lost on the way. */
static void
test_streams_differ (void)
{
  const HeftStream base = heft_stream (5, HEFT_PURPOSE_SHUFFLE, 0);
  const struct { HeftStream stream; guint64 step; } others[] = {
    { heft_stream (6, HEFT_PURPOSE_SHUFFLE, 0), 0 },
    { heft_stream (5 | 1ull << 40, HEFT_PURPOSE_SHUFFLE, 0), 0 },
    { heft_stream (5, HEFT_PURPOSE_PROBE, 0), 0 },
    { heft_stream (5, HEFT_PURPOSE_SHUFFLE, 1), 0 },
    { base, 1 },
    { base, 1ull << 32 },
  };
  guint32 words[64], other[64];

  heft_stream_bits (base, 0, 0, 64, words);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      guint equal = 0;

      heft_stream_bits (others[i].stream, others[i].step, 0, 64, other);
      for (guint k = 0; k < 64; k++)
        equal += words[k] == other[k];
      g_assert_cmpuint (equal, ==, 0);
    }
}

static void
test_permutation (void)
{
  const HeftStream stream = heft_stream (2, HEFT_PURPOSE_SHUFFLE, 0);
  const guint32 n = 1000;
  g_autofree guint32 *order = g_new (guint32, n);
  g_autofree guint8 *seen = g_new0 (guint8, n);
  guint counts[24] = { 0 };
  double chi_square = 0;

  heft_stream_permutation (stream, 0, n, order);
  for (guint32 i = 0; i < n; i++)
    {
      g_assert_cmpuint (order[i], <, n);
      g_assert_cmpuint (seen[order[i]]++, ==, 0);
    }
  heft_stream_permutation (stream, 0, 0, order);

  /* All 24 orders of four things are equally likely: 23 degrees of freedom, deviation 6.8. */
  for (guint t = 0; t < 24000; t++)
    {
      guint32 p[4];
      guint code = 0;

      heft_stream_permutation (stream, t, 4, p);
      for (guint i = 0; i < 4; i++)
        for (guint k = i + 1; k < 4; k++)
          code += (p[k] < p[i]) * (const guint[]) { 6, 2, 1 }[i];
      counts[code]++;
    }
  for (guint i = 0; i < 24; i++)
    chi_square += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
  g_assert_cmpfloat (chi_square, <, 23 + 5 * 6.8);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/linalg/random/known-answers", test_known_answers);
  g_test_add_func ("/linalg/random/kernels-match-cipher", test_kernels_match_cipher);
  g_test_add_func ("/linalg/random/variants-agree", test_variants_agree);
  g_test_add_func ("/linalg/random/box-muller-accuracy", test_box_muller_accuracy);
  g_test_add_func ("/linalg/random/chunking", test_chunking);
  g_test_add_func ("/linalg/random/moments", test_moments);
  g_test_add_func ("/linalg/random/streams-differ", test_streams_differ);
  g_test_add_func ("/linalg/random/permutation", test_permutation);

  return g_test_run ();
}
