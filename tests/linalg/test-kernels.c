/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "linalg/kernels.h"

#define ROWS 7
#define LD 45          /* odd sizes reach every remainder loop */
#define SIZE (ROWS * LD)

static void
fill (float   *x,
      gsize    n,
      guint32  index,
      float    scale)
{
  heft_stream_normals_f32 (heft_stream (3, HEFT_PURPOSE_PROBE, index), 0, 0, n, x);
  for (gsize i = 0; i < n; i++)
    x[i] *= scale;
}

static double
reference_activation (HeftKernelActivation kind,
                      double               z)
{
  switch (kind)
    {
    case HEFT_KERNEL_RELU: return z > 0 ? z : 0;
    case HEFT_KERNEL_LEAKY_RELU: return z > 0 ? z : 0.01 * z;
    case HEFT_KERNEL_TANH: return tanh (z);
    case HEFT_KERNEL_SIGMOID: return 1 / (1 + exp (-z));
    case HEFT_KERNEL_SOFTPLUS: return z > 30 ? z : log1p (exp (z));
    case HEFT_KERNEL_GELU: return z * 0.5 * erfc (-z / sqrt (2));
    case HEFT_KERNEL_LINEAR:
    default: return z;
    }
}

static void
test_activations (void)
{
  const HeftKernels *kernels = heft_kernels ();
  enum { N = 4001 };
  static float z[N], h[N], slope[N];
  static const float zeros[N];

  for (HeftKernelActivation kind = HEFT_KERNEL_LINEAR; kind <= HEFT_KERNEL_GELU; kind++)
    {
      for (gsize i = 0; i < N; i++)
        h[i] = z[i] = (float) i * 0.01f - 19.995f;   /* never at a kink */
      kernels->activate (kind, 1, N, N, zeros, h, slope);
      for (gsize i = 0; i < N; i++)
        {
          const double y = reference_activation (kind, z[i]), e = 1e-5;
          const double expected = (reference_activation (kind, z[i] + e) - reference_activation (kind, z[i] - e)) / (2 * e);

          g_assert_cmpfloat_with_epsilon (h[i], y, 4e-7 + 3e-7 * fabs (y));
          if (kind != HEFT_KERNEL_LINEAR)
            g_assert_cmpfloat_with_epsilon (slope[i], expected, 2e-6);
        }
    }
}

static void
test_exponential (void)
{
  enum { N = 3001 };
  static float x[N], y[N];

  for (gsize i = 0; i < N; i++)
    x[i] = (float) i * 0.05f - 75.0f;
  heft_kernels ()->exponential (N, x, y);
  for (gsize i = 0; i < N; i++)
    g_assert_cmpfloat_with_epsilon (y[i] / exp (x[i]), 1, 4e-7);
  x[0] = -1e30f;
  x[1] = 1e30f;
  x[2] = NAN;
  heft_kernels ()->exponential (3, x, y);
  g_assert_cmpfloat (y[0], >, 0);
  g_assert_true (isfinite (y[1]));
  g_assert_true (isnan (y[2]));
}

static void
test_scale_bytes (void)
{
  guint8 bytes[256];
  float values[256];
  const HeftKernels *kernels;

  for (guint i = 0; i < 256; i++)
    bytes[i] = (guint8) i;
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      kernels->scale_bytes (256, 0.25f, bytes, values);
      for (guint i = 0; i < 256; i++)
        g_assert_cmpfloat (values[i], ==, 0.25f * (float) i);
    }
}

/* A kernel that one variant's table forgot would only be missed on the machine that needs it. */
static void
test_tables_are_complete (void)
{
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (const gpointer *entry = (const gpointer *) (gconstpointer) kernels; entry < (const gpointer *) (kernels + 1); entry++)
      g_assert_nonnull (*entry);
}

static void
test_softmax (void)
{
  enum { N = 150, C = 7 };
  static float z[N * C], logits[N * C], losses[N];
  guint8 labels[N];
  gsize n_wrong = 0;

  fill (logits, N * C, 1, 5.0f);
  logits[0] = 80.0f;    /* saturated right and wrong */
  logits[C + 1] = 90.0f;
  for (gsize r = 0; r < N; r++)
    labels[r] = (guint8) (r * 5 % C);
  memcpy (z, logits, sizeof z);
  g_assert_cmpuint (heft_kernels ()->softmax (N, C, 0.25f, labels, z, losses), <=, N);
  for (gsize r = 0; r < N; r++)
    {
      const float *row = logits + r * C;
      double largest = row[0], sum = 0;
      gsize winner = 0;

      for (gsize c = 1; c < C; c++)
        if (row[c] > largest)
          {
            largest = row[c];
            winner = c;
          }
      for (gsize c = 0; c < C; c++)
        sum += exp (row[c] - largest);
      n_wrong += winner != labels[r];
      g_assert_cmpfloat_with_epsilon (losses[r], log (sum) + largest - row[labels[r]], 1e-5);
      for (gsize c = 0; c < C; c++)
        g_assert_cmpfloat_with_epsilon (z[r * C + c], 0.25 * (exp (row[c] - largest) / sum - (c == labels[r])), 1e-6);
    }
  memcpy (z, logits, sizeof z);
  g_assert_cmpuint (heft_kernels ()->softmax (N, C, 1.0f, labels, z, losses), ==, n_wrong);
  z[3] = NAN;
  heft_kernels ()->softmax (1, C, 1.0f, labels, z, losses);
  g_assert_true (isnan (losses[0]));
}

/* Few classes go another way than many; every number of rows is a tail of it. */
static void
test_softmax_shapes (void)
{
  enum { N = 40, MOST = 12 };
  static float logits[N * MOST], z[N * MOST + 1], losses[N + 1];
  guint8 labels[N];
  const HeftKernels *kernels;

  fill (logits, N * MOST, 2, 3.0f);
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (gsize classes = 1; classes <= MOST; classes++)
      for (gsize rows = 1; rows <= N; rows++)
        {
          gsize n_wrong = 0, found;

          for (gsize r = 0; r < rows; r++)
            labels[r] = (guint8) (r * 7 % classes);
          memcpy (z, logits, sizeof logits);
          z[rows * classes] = losses[rows] = 1234.0f;
          found = kernels->softmax (rows, classes, 0.5f, labels, z, losses);
          for (gsize r = 0; r < rows; r++)
            {
              const float *row = logits + r * classes;
              double sum = 0;
              gsize winner = 0;

              for (gsize c = 0; c < classes; c++)
                {
                  sum += exp (row[c]);
                  winner = row[c] > row[winner] ? c : winner;
                }
              n_wrong += winner != labels[r];
              g_assert_cmpfloat_with_epsilon (losses[r], log (sum) - row[labels[r]], 1e-5);
              for (gsize c = 0; c < classes; c++)
                g_assert_cmpfloat_with_epsilon (z[r * classes + c], 0.5 * (exp (row[c]) / sum - (c == labels[r])), 1e-6);
            }
          g_assert_cmpuint (found, ==, n_wrong);
          g_assert_cmpfloat (z[rows * classes], ==, 1234);
          g_assert_cmpfloat (losses[rows], ==, 1234);
        }
}

/* Bit for bit the sum row after row, whatever the columns leave over, and nothing beside them. */
static void
test_column_sums (void)
{
  enum { LONG = 150 };
  static float x[ROWS * LONG], sums[LONG + 1];
  const HeftKernels *kernels;

  fill (x, ROWS * LONG, 3, 1.0f);
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (gsize columns = 1; columns <= LONG; columns++)
      {
        sums[columns] = 1234.0f;
        kernels->column_sums (ROWS, columns, LONG, x, sums);
        for (gsize c = 0; c < columns; c++)
          {
            float sum = 0.0f;

            for (gsize r = 0; r < ROWS; r++)
              sum += x[r * LONG + c];
            g_assert_cmpfloat (sums[c], ==, sum);
          }
        g_assert_cmpfloat (sums[columns], ==, 1234);
      }
}

/* A narrow block whose rows touch is gone through as one; the bits are those of the same rows with a gap between them. */
static void
test_activation_layouts (void)
{
  enum { WIDE = 140, GAP = 3 };
  static float dense[ROWS * WIDE], dense_slope[ROWS * WIDE], apart[ROWS * (WIDE + GAP)], apart_slope[ROWS * (WIDE + GAP)], bias[WIDE];
  const HeftKernels *kernels;

  fill (bias, WIDE, 4, 1.0f);
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (HeftKernelActivation kind = HEFT_KERNEL_LINEAR; kind <= HEFT_KERNEL_GELU; kind++)
      for (gsize columns = 1; columns <= WIDE; columns += columns < 40 ? 1 : 29)
        {
          const gsize ld = columns + GAP;

          fill (dense, ROWS * columns, 5, 2.0f);
          for (gsize r = 0; r < ROWS; r++)
            memcpy (apart + r * ld, dense + r * columns, columns * sizeof (float));
          kernels->activate (kind, ROWS, columns, columns, bias, dense, dense_slope);
          kernels->activate (kind, ROWS, columns, ld, bias, apart, apart_slope);
          for (gsize r = 0; r < ROWS; r++)
            {
              g_assert_cmpmem (apart + r * ld, columns * sizeof (float), dense + r * columns, columns * sizeof (float));
              if (kind != HEFT_KERNEL_LINEAR)
                g_assert_cmpmem (apart_slope + r * ld, columns * sizeof (float), dense_slope + r * columns, columns * sizeof (float));
            }
        }
}

/* --- Updates against the same formulas in double precision ---------------------------------------------------------------------- */

typedef struct
{
  float mean[SIZE], log_deviation[SIZE], variance[SIZE], m1[SIZE], m2[SIZE], d1[SIZE], d2[SIZE], centre[SIZE];
  float gradient[SIZE], variance_gradient[SIZE];
} Vectors;

static void
fill_vectors (Vectors *v)
{
  fill (v->mean, SIZE, 10, 0.1f);
  fill (v->log_deviation, SIZE, 11, 0.5f);
  fill (v->m1, SIZE, 12, 0.01f);
  fill (v->m2, SIZE, 13, 0.01f);
  fill (v->d1, SIZE, 14, 0.01f);
  fill (v->d2, SIZE, 15, 0.01f);
  fill (v->centre, SIZE, 16, 0.1f);
  fill (v->gradient, SIZE, 17, 0.02f);
  fill (v->variance_gradient, SIZE, 18, 0.02f);
  for (gsize i = 0; i < SIZE; i++)
    {
      v->log_deviation[i] -= 3.0f;
      v->variance[i] = expf (2.0f * v->log_deviation[i]);
      v->m2[i] *= v->m2[i];
      v->d2[i] *= v->d2[i];
    }
}

static HeftUpdateBlock
block_of (Vectors *v)
{
  return (HeftUpdateBlock) {
    .mean = v->mean, .log_deviation = v->log_deviation, .variance = v->variance, .deviation_moment1 = v->d1,
    .deviation_moment2 = v->d2, .mean_moment1 = v->m1, .mean_moment2 = v->m2, .centre = v->centre,
  };
}

static const HeftUpdate update = {
  .rate = 0.01f, .decay1 = 0.9f, .decay2 = 0.99f, .scale2 = 1.5f, .epsilon = 1e-6f, .beta = 0.02f, .precision = 4.0f,
};

/* One number's step; returns its new value. */
static double
slow_step (gboolean adam,
           double   x,
           double   gradient,
           double   moment1,
           double   moment2)
{
  if (!adam)
    return x - update.rate * (update.decay1 * moment1 + gradient);
  moment1 = update.decay1 * moment1 + (1 - update.decay1) * gradient;
  moment2 = update.decay2 * moment2 + (1 - update.decay2) * gradient * gradient;
  return x - update.rate * moment1 / (sqrt (moment2) * update.scale2 + update.epsilon);
}

static void
check_mean_field (gboolean adam,
                  gsize    columns)
{
  const HeftKernels *kernels = heft_kernels ();
  static Vectors before, after;
  HeftUpdateSums sums = { 1, 2, 3 };
  double square = 1, log_deviation = 2, gradient = 3;

  fill_vectors (&before);
  after = before;
  (adam ? kernels->adam_mean_field : kernels->sgd_mean_field)
    (ROWS, columns, LD, &update, block_of (&after), after.gradient, after.variance_gradient, LD, &sums);
  for (gsize i = 0; i < SIZE; i++)
    {
      const double pull = (double) update.beta * update.precision;
      const double g = before.gradient[i] + pull * (before.mean[i] - before.centre[i]);
      const double d = 2.0 * before.variance[i] * before.variance_gradient[i] + pull * before.variance[i] - update.beta;
      const double mean = slow_step (adam, before.mean[i], g, before.m1[i], before.m2[i]);
      const double s = slow_step (adam, before.log_deviation[i], d, before.d1[i], before.d2[i]);

      if (i % LD >= columns)
        {
          /* Outside the block nothing moves. */
          g_assert_cmpfloat (after.mean[i], ==, before.mean[i]);
          g_assert_cmpfloat (after.variance[i], ==, before.variance[i]);
          continue;
        }
      g_assert_cmpfloat_with_epsilon (after.mean[i], mean, 1e-6);
      g_assert_cmpfloat_with_epsilon (after.log_deviation[i], s, 2e-6);
      g_assert_cmpfloat_with_epsilon (after.variance[i] / exp (2 * s), 1, 1e-5);
      square += exp (2 * s) + (mean - before.centre[i]) * (mean - before.centre[i]);
      log_deviation += s;
      gradient += g * g + d * d;
    }
  g_assert_cmpfloat_with_epsilon (sums.square / square, 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (sums.log_deviation / log_deviation, 1, 1e-6);
  g_assert_cmpfloat_with_epsilon (sums.gradient / gradient, 1, 1e-5);
}

static void
check_dirac (gboolean adam,
             gsize    columns)
{
  const HeftKernels *kernels = heft_kernels ();
  static Vectors before, after;

  fill_vectors (&before);
  after = before;
  (adam ? kernels->adam_dirac : kernels->sgd_dirac) (ROWS, columns, LD, &update, block_of (&after), after.gradient, LD);
  for (gsize i = 0; i < SIZE; i++)
    {
      /* A Dirac has no finite KL: neither beta nor the centre moves it. */
      const double mean = slow_step (adam, before.mean[i], before.gradient[i], before.m1[i], before.m2[i]);

      g_assert_cmpfloat_with_epsilon (after.mean[i], i % LD < columns ? mean : (double) before.mean[i], 1e-6);
    }
}

static void
test_updates (void)
{
  const gsize columns[] = { 1, 15, 32, LD };

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    for (gboolean adam = FALSE; adam <= TRUE; adam++)
      {
        check_mean_field (adam, columns[i]);
        check_dirac (adam, columns[i]);
      }
}

/* Sums of every length: to a double's accuracy where all numbers are alike, and close to it where they are not. */
static void
test_sums (void)
{
  enum { N = 700 };
  static float alike[N], x[N], y[N];
  const HeftKernels *kernels;

  fill (x, N, 50, 1.3f);
  fill (y, N, 51, 0.4f);
  for (gsize i = 0; i < N; i++)
    alike[i] = -3.3f;
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    for (gsize n = 0; n <= N; n += n < 20 ? 1 : 17)
      {
        HeftUpdateSums same = { 0 }, sums = { 0 };
        double square = 0, log_deviation = 0;

        kernels->measure (1, n, n, (HeftUpdateBlock) { .mean = x, .log_deviation = alike, .variance = alike }, &same);
        g_assert_cmpfloat_with_epsilon (same.log_deviation, -(double) 3.3f * (double) n, 1e-9);
        kernels->measure (1, n, n, (HeftUpdateBlock) { .mean = x, .log_deviation = y, .variance = y, .centre = alike }, &sums);
        for (gsize i = 0; i < n; i++)
          {
            square += (double) y[i] + ((double) x[i] - (double) alike[i]) * ((double) x[i] - (double) alike[i]);
            log_deviation += (double) y[i];
          }
        g_assert_cmpfloat_with_epsilon (sums.square, square, 1e-9 + 2e-7 * square);
        g_assert_cmpfloat_with_epsilon (sums.log_deviation, log_deviation, 1e-9 + 1e-7 * (double) n);
        g_assert_cmpfloat (sums.gradient, ==, 0);
        g_assert_cmpfloat_with_epsilon (kernels->sum_squares (n, alike), (double) (3.3f * 3.3f) * (double) n, 1e-9);
      }
}

/* Inside the block, and nowhere else. */
static void
test_accumulate (void)
{
  static float x[SIZE], sum[SIZE], before[SIZE];
  const HeftKernels *kernels;

  fill (x, SIZE, 52, 1.0f);
  fill (before, SIZE, 53, 1.0f);
  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      memcpy (sum, before, sizeof sum);
      kernels->accumulate (ROWS - 1, 38, LD, x, sum);
      for (gsize i = 0; i < SIZE; i++)
        g_assert_cmpfloat (sum[i], ==, i / LD < ROWS - 1 && i % LD < 38 ? before[i] + x[i] : before[i]);
    }
}

/* A deviation that would leave the range of numbers stays inside it. */
static void
test_deviation_is_bounded (void)
{
  static Vectors v;
  HeftUpdateSums sums = { 0 };
  HeftUpdate wild = update;

  fill_vectors (&v);
  wild.rate = 1e6f;
  for (guint i = 0; i < 5; i++)
    heft_kernels ()->sgd_mean_field (ROWS, LD, LD, &wild, block_of (&v), v.gradient, v.variance_gradient, LD, &sums);
  for (gsize i = 0; i < SIZE; i++)
    {
      g_assert_cmpfloat (fabsf (v.log_deviation[i]), <=, HEFT_KERNEL_MAX_LOG_DEVIATION);
      g_assert_true (isfinite (v.variance[i]) && v.variance[i] > 0);
    }
}

/* Every variant gives the same bits; the block is as odd as they come. */
static void
test_variants_agree (void)
{
  static Vectors first, other;
  float losses[2][ROWS], logits[2][SIZE], noisy[2][4][SIZE];
  guint8 labels[ROWS] = { 0 };
  const HeftKernels *kernels;

  for (guint v = 0; (kernels = heft_kernels_variant (v)) != NULL; v++)
    {
      Vectors *vectors = v == 0 ? &first : &other;
      const guint side = MIN (v, 1);
      HeftUpdateSums sums = { 0 };

      memset (vectors, 0, sizeof *vectors);
      memset (noisy[side], 0, sizeof noisy[side]);
      fill_vectors (vectors);
      kernels->adam_mean_field (ROWS, 39, LD, &update, block_of (vectors), vectors->gradient, vectors->variance_gradient, LD,
                                &sums);
      vectors->gradient[0] = (float) sums.gradient;
      vectors->gradient[1] = (float) kernels->sum_squares (SIZE, vectors->mean);
      fill (logits[side], SIZE, 30, 3.0f);
      kernels->softmax (ROWS, LD, 1.0f, labels, logits[side], losses[side]);
      for (guint i = 0; i < 4; i++)
        fill (noisy[side][i], SIZE, 40 + i, 1.0f);
      for (gsize i = 0; i < SIZE; i++)
        noisy[side][1][i] *= noisy[side][1][i];
      kernels->activate_noisy (HEFT_KERNEL_GELU, ROWS, 39, LD, vectors->centre, vectors->d2, noisy[side][0], noisy[side][1],
                               noisy[side][2], noisy[side][3]);
      g_assert_cmpmem (&first, sizeof first, vectors, sizeof *vectors);
      g_assert_cmpmem (logits[0], sizeof logits[0], logits[side], sizeof logits[0]);
      g_assert_cmpmem (losses[0], sizeof losses[0], losses[side], sizeof losses[0]);
      g_assert_cmpmem (noisy[0], sizeof noisy[0], noisy[side], sizeof noisy[0]);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/linalg/kernels/softmax-shapes", test_softmax_shapes);
  g_test_add_func ("/linalg/kernels/column-sums", test_column_sums);
  g_test_add_func ("/linalg/kernels/activation-layouts", test_activation_layouts);
  g_test_add_func ("/linalg/kernels/activations", test_activations);
  g_test_add_func ("/linalg/kernels/exponential", test_exponential);
  g_test_add_func ("/linalg/kernels/scale-bytes", test_scale_bytes);
  g_test_add_func ("/linalg/kernels/tables-are-complete", test_tables_are_complete);
  g_test_add_func ("/linalg/kernels/softmax", test_softmax);
  g_test_add_func ("/linalg/kernels/updates", test_updates);
  g_test_add_func ("/linalg/kernels/sums", test_sums);
  g_test_add_func ("/linalg/kernels/accumulate", test_accumulate);
  g_test_add_func ("/linalg/kernels/deviation-is-bounded", test_deviation_is_bounded);
  g_test_add_func ("/linalg/kernels/variants-agree", test_variants_agree);

  return g_test_run ();
}
