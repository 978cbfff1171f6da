/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/math-private.h"

/*
 * One optimiser step over a block of weights. The objective is loss + beta KL, KL against N(centre, 1/precision):
 *   d/dmean          = gradient + beta precision (mean - centre)
 *   d/dlog deviation = 2 variance variance_gradient + beta (precision variance - 1)
 * A row goes in segments that stay in the first-level cache between the step and its sums.
 */
#define SEGMENT (32 * HEFT_LANES)

/*
 * Sums go through 16 lanes of double, which eight vectors at a time enter as one, added by pairs in single precision: a rounding a
 * level, and none at all where all weights are alike, as at the start, so that no error of one sign builds up.
 */
#define GROUP (8 * HEFT_LANES)

/* Sum of eight values of @f, one a vector of the group. */
#define BY_PAIRS(f, i)                                                                              \
  (((f ((i))                   + f ((i) + 1 * HEFT_LANES)) + (f ((i) + 2 * HEFT_LANES) + f ((i) + 3 * HEFT_LANES)))    \
   + ((f ((i) + 4 * HEFT_LANES) + f ((i) + 5 * HEFT_LANES)) + (f ((i) + 6 * HEFT_LANES) + f ((i) + 7 * HEFT_LANES))))

/* The sum of 16 lanes, by pairs. */
static inline double
add_up (const double x[HEFT_LANES])
{
  return (((x[0] + x[8]) + (x[4] + x[12])) + ((x[2] + x[10]) + (x[6] + x[14])))
         + (((x[1] + x[9]) + (x[5] + x[13])) + ((x[3] + x[11]) + (x[7] + x[15])));
}

/* Adds f(0) + ... + f(n - 1) to @target. What no group holds goes a vector at a time: small layers have little else. */
#define SUM(n, f, target)                                     \
  G_STMT_START                                                \
    {                                                         \
      double lanes_[HEFT_LANES] = { 0.0 };                    \
      gsize i_ = 0;                                           \
                                                              \
      for (; i_ + GROUP <= (n); i_ += GROUP)                  \
        for (guint lane = 0; lane < HEFT_LANES; lane++)       \
          lanes_[lane] += (double) BY_PAIRS (f, i_ + lane);   \
      for (; i_ + HEFT_LANES <= (n); i_ += HEFT_LANES)        \
        for (guint lane = 0; lane < HEFT_LANES; lane++)       \
          lanes_[lane] += (double) f (i_ + lane);             \
      for (guint lane = 0; lane < HEFT_LANES; lane++)         \
        if (i_ + lane < (n))                                  \
          lanes_[lane] += (double) f (i_ + lane);             \
      (target) += add_up (lanes_);                            \
    }                                                         \
  G_STMT_END

/* Sums of one segment; any of the vectors but @mean may be NULL. */
static void
sum_segment (gsize           n,
             const float    *restrict mean,
             const float    *restrict centre,
             const float    *restrict variance,
             const float    *restrict log_deviation,
             const float    *restrict gradient,
             const float    *restrict gradient2,
             HeftUpdateSums *sums)
{
#define ITSELF(i)  (log_deviation[i])
#define SQUARE(i)  (mean[i] * mean[i])
#define SQUARE_CENTRED(i)  ((mean[i] - centre[i]) * (mean[i] - centre[i]))
#define NOISY_SQUARE(i)  (variance[i] + SQUARE (i))
#define NOISY_SQUARE_CENTRED(i)  (variance[i] + SQUARE_CENTRED (i))
#define GRADIENTS(i)  (gradient[i] * gradient[i] + gradient2[i] * gradient2[i])

  if (variance == NULL && centre == NULL)
    SUM (n, SQUARE, sums->square);
  else if (variance == NULL)
    SUM (n, SQUARE_CENTRED, sums->square);
  else if (centre == NULL)
    SUM (n, NOISY_SQUARE, sums->square);
  else
    SUM (n, NOISY_SQUARE_CENTRED, sums->square);
  if (log_deviation != NULL)
    SUM (n, ITSELF, sums->log_deviation);
  if (gradient != NULL)
    SUM (n, GRADIENTS, sums->gradient);
}

double
HEFT_KERNEL (heft_kernel_sum_squares) (gsize        n,
                                       const float *x)
{
  double sum = 0.0;

#define X_SQUARE(i)  (x[i] * x[i])
  SUM (n, X_SQUARE, sum);
  return sum;
}

static inline float
adam_step (const HeftUpdate *u,
           float             gradient,
           float            *moment1,
           float            *moment2)
{
  *moment1 = u->decay1 * *moment1 + (1.0f - u->decay1) * gradient;
  *moment2 = u->decay2 * *moment2 + (1.0f - u->decay2) * (gradient * gradient);
  return u->rate * *moment1 / (sqrtf (*moment2) * u->scale2 + u->epsilon);
}

static inline float
bounded_log_deviation (float x)
{
  return float_clamp (x, -HEFT_KERNEL_MAX_LOG_DEVIATION, HEFT_KERNEL_MAX_LOG_DEVIATION);
}

/* d beta KL / d mean. The branch is constant over a loop. */
#define PULL(mean, centre, i) (pull * (centre != NULL ? mean[i] - centre[i] : mean[i]))

static void
adam_mean_field_segment (gsize             n,
                         const HeftUpdate *u,
                         HeftUpdateBlock   block,
                         const float      *restrict gradient,
                         const float      *restrict variance_gradient,
                         HeftUpdateSums   *sums)
{
  float *restrict mean = block.mean, *restrict log_deviation = block.log_deviation, *restrict variance = block.variance;
  float *restrict m1 = block.mean_moment1, *restrict m2 = block.mean_moment2;
  float *restrict d1 = block.deviation_moment1, *restrict d2 = block.deviation_moment2;
  const float *restrict centre = block.centre;
  const float pull = u->beta * u->precision, beta = u->beta;
  const float rate = u->rate, decay1 = u->decay1, decay2 = u->decay2, scale2 = u->scale2, epsilon = u->epsilon;
  float g_mean[SEGMENT], g_deviation[SEGMENT], step[SEGMENT];

  for (gsize i = 0; i < n; i++)
    g_mean[i] = gradient[i] + PULL (mean, centre, i);
  /* The vectors are none of each other; there are too many for the compiler to look. */
#pragma GCC ivdep
  for (gsize i = 0; i < n; i++)
    {
      const float g = 2.0f * variance[i] * variance_gradient[i] + (pull * variance[i] - beta);
      const float m = decay1 * m1[i] + (1.0f - decay1) * g_mean[i], d = decay1 * d1[i] + (1.0f - decay1) * g;
      const float mm = decay2 * m2[i] + (1.0f - decay2) * (g_mean[i] * g_mean[i]), dd = decay2 * d2[i] + (1.0f - decay2) * (g * g);
      const float a = sqrtf (mm) * scale2 + epsilon, b = sqrtf (dd) * scale2 + epsilon;
      /* Both steps for the price of one division. Squared gradients stay below 1e30, so nothing leaves the range of numbers. */
      const float factor = rate / (a * b);

      m1[i] = m;
      m2[i] = mm;
      d1[i] = d;
      d2[i] = dd;
      mean[i] -= m * (b * factor);
      step[i] = d * (a * factor);
      g_deviation[i] = g;
    }
#pragma GCC ivdep
  for (gsize i = 0; i < n; i++)
    {
      const float s = bounded_log_deviation (log_deviation[i] - step[i]);

      log_deviation[i] = s;
      variance[i] = float_exp_bounded (2.0f * s);
    }
  sum_segment (n, mean, centre, variance, log_deviation, g_mean, g_deviation, sums);
}

static void
sgd_mean_field_segment (gsize             n,
                        const HeftUpdate *u,
                        HeftUpdateBlock   block,
                        const float      *restrict gradient,
                        const float      *restrict variance_gradient,
                        HeftUpdateSums   *sums)
{
  float *restrict mean = block.mean, *restrict log_deviation = block.log_deviation, *restrict variance = block.variance;
  float *restrict m1 = block.mean_moment1, *restrict d1 = block.deviation_moment1;
  const float *restrict centre = block.centre;
  const float pull = u->beta * u->precision, beta = u->beta, rate = u->rate, momentum = u->decay1;
  float g_mean[SEGMENT], g_deviation[SEGMENT];

  for (gsize i = 0; i < n; i++)
    g_mean[i] = gradient[i] + PULL (mean, centre, i);
  for (gsize i = 0; i < n; i++)
    {
      m1[i] = momentum * m1[i] + g_mean[i];
      mean[i] -= rate * m1[i];
    }
  for (gsize i = 0; i < n; i++)
    {
      const float g = 2.0f * variance[i] * variance_gradient[i] + (pull * variance[i] - beta);
      float s;

      d1[i] = momentum * d1[i] + g;
      s = bounded_log_deviation (log_deviation[i] - rate * d1[i]);
      g_deviation[i] = g;
      log_deviation[i] = s;
      variance[i] = float_exp_bounded (2.0f * s);
    }
  sum_segment (n, mean, centre, variance, log_deviation, g_mean, g_deviation, sums);
}

static void
adam_dirac_segment (gsize             n,
                    const HeftUpdate *u,
                    HeftUpdateBlock   block,
                    const float      *restrict gradient)
{
  float *restrict mean = block.mean, *restrict m1 = block.mean_moment1, *restrict m2 = block.mean_moment2;
  const HeftUpdate update = *u;

  for (gsize i = 0; i < n; i++)
    mean[i] -= adam_step (&update, gradient[i], &m1[i], &m2[i]);
}

static void
sgd_dirac_segment (gsize             n,
                   const HeftUpdate *u,
                   HeftUpdateBlock   block,
                   const float      *restrict gradient)
{
  float *restrict mean = block.mean, *restrict m1 = block.mean_moment1;
  const float rate = u->rate, momentum = u->decay1;

  for (gsize i = 0; i < n; i++)
    {
      m1[i] = momentum * m1[i] + gradient[i];
      mean[i] -= rate * m1[i];
    }
}

static inline float *
at (float *x,
    gsize  offset)
{
  return x != NULL ? x + offset : NULL;
}

static inline HeftUpdateBlock
block_at (const HeftUpdateBlock *block,
          gsize                  offset)
{
  return (HeftUpdateBlock) {
    .mean = at (block->mean, offset),
    .log_deviation = at (block->log_deviation, offset),
    .variance = at (block->variance, offset),
    .deviation_moment1 = at (block->deviation_moment1, offset),
    .deviation_moment2 = at (block->deviation_moment2, offset),
    .mean_moment1 = at (block->mean_moment1, offset),
    .mean_moment2 = at (block->mean_moment2, offset),
    .centre = block->centre != NULL ? block->centre + offset : NULL,
  };
}

/* Calls @SEGMENT_CALL for each segment at weight offset `offset`, gradient offset `from`, length `n`. */
#define FOR_EACH_SEGMENT(SEGMENT_CALL)                                                            \
  G_STMT_START                                                                                    \
    {                                                                                             \
      const gboolean whole = columns == ld && columns == gradient_ld;                             \
      const gsize n_rows = whole ? 1 : rows, length = whole ? rows * columns : columns;           \
                                                                                                  \
      for (gsize r = 0; r < n_rows; r++)                                                          \
        for (gsize c = 0; c < length; c += SEGMENT)                                               \
          {                                                                                       \
            const gsize offset = r * ld + c, from = r * gradient_ld + c;                          \
            const gsize n = MIN (length - c, (gsize) SEGMENT);                                    \
                                                                                                  \
            SEGMENT_CALL;                                                                         \
          }                                                                                       \
    }                                                                                             \
  G_STMT_END

void
HEFT_KERNEL (heft_kernel_adam_mean_field) (gsize             rows,
                                           gsize             columns,
                                           gsize             ld,
                                           const HeftUpdate *update,
                                           HeftUpdateBlock   block,
                                           const float      *gradient,
                                           const float      *variance_gradient,
                                           gsize             gradient_ld,
                                           HeftUpdateSums   *sums)
{
  FOR_EACH_SEGMENT (adam_mean_field_segment (n, update, block_at (&block, offset), gradient + from,
                                             variance_gradient + from, sums));
}

void
HEFT_KERNEL (heft_kernel_sgd_mean_field) (gsize             rows,
                                          gsize             columns,
                                          gsize             ld,
                                          const HeftUpdate *update,
                                          HeftUpdateBlock   block,
                                          const float      *gradient,
                                          const float      *variance_gradient,
                                          gsize             gradient_ld,
                                          HeftUpdateSums   *sums)
{
  FOR_EACH_SEGMENT (sgd_mean_field_segment (n, update, block_at (&block, offset), gradient + from,
                                            variance_gradient + from, sums));
}

void
HEFT_KERNEL (heft_kernel_adam_dirac) (gsize             rows,
                                      gsize             columns,
                                      gsize             ld,
                                      const HeftUpdate *update,
                                      HeftUpdateBlock   block,
                                      const float      *gradient,
                                      gsize             gradient_ld)
{
  FOR_EACH_SEGMENT (adam_dirac_segment (n, update, block_at (&block, offset), gradient + from));
}

void
HEFT_KERNEL (heft_kernel_sgd_dirac) (gsize             rows,
                                     gsize             columns,
                                     gsize             ld,
                                     const HeftUpdate *update,
                                     HeftUpdateBlock   block,
                                     const float      *gradient,
                                     gsize             gradient_ld)
{
  FOR_EACH_SEGMENT (sgd_dirac_segment (n, update, block_at (&block, offset), gradient + from));
}

void
HEFT_KERNEL (heft_kernel_measure) (gsize           rows,
                                   gsize           columns,
                                   gsize           ld,
                                   HeftUpdateBlock block,
                                   HeftUpdateSums *sums)
{
  const gsize gradient_ld = ld;

  FOR_EACH_SEGMENT ((void) from; sum_segment (n, block.mean + offset, block.centre != NULL ? block.centre + offset : NULL,
                                              at (block.variance, offset), at (block.log_deviation, offset), NULL, NULL,
                                              sums));
}
