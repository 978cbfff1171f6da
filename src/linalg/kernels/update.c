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

/* What KL is made of is summed in double: where all weights are alike, as at the start, the rounding of a single-precision sum
 * would have one sign throughout. */
typedef struct
{
  double square[HEFT_LANES], log_deviation[HEFT_LANES];
  float  gradient[HEFT_LANES];
} Lanes;

static void
add_lanes (const Lanes    *lanes,
           HeftUpdateSums *sums)
{
  double square = 0.0, log_deviation = 0.0, gradient = 0.0;

  for (guint i = 0; i < HEFT_LANES; i++)
    {
      square += lanes->square[i];
      log_deviation += lanes->log_deviation[i];
      gradient += (double) lanes->gradient[i];
    }
  sums->square += square;
  sums->log_deviation += log_deviation;
  sums->gradient += gradient;
}

/* Sums of one segment. @gradients holds n, or 2 n for mean-field; any of the vectors but @mean may be NULL. */
static void
sum_segment (gsize           n,
             const float    *restrict mean,
             const float    *restrict centre,
             const float    *restrict variance,
             const float    *restrict log_deviation,
             const float    *restrict gradients,
             const float    *restrict gradients2,
             HeftUpdateSums *sums)
{
  static const float zeros[SEGMENT];
  const float *m0 = centre != NULL ? centre : zeros;
  const float *s2 = variance != NULL ? variance : zeros;
  const float *ls = log_deviation != NULL ? log_deviation : zeros;
  const float *g1 = gradients != NULL ? gradients : zeros;
  const float *g2 = gradients2 != NULL ? gradients2 : zeros;
  Lanes lanes = { { 0 }, { 0 }, { 0 } };
  gsize i = 0;

#define ADD(lane, i)                                                                              \
  lanes.square[lane] += (double) (s2[i] + (mean[i] - m0[i]) * (mean[i] - m0[i]));                 \
  lanes.log_deviation[lane] += (double) ls[i];                                                    \
  lanes.gradient[lane] += g1[i] * g1[i] + g2[i] * g2[i]

  for (; i + HEFT_LANES <= n; i += HEFT_LANES)
    for (guint lane = 0; lane < HEFT_LANES; lane++)
      {
        ADD (lane, i + lane);
      }
  for (guint lane = 0; i < n; i++, lane++)
    {
      ADD (lane, i);
    }
#undef ADD
  add_lanes (&lanes, sums);
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
  const HeftUpdate update = *u;
  float g_mean[SEGMENT], g_deviation[SEGMENT];

  for (gsize i = 0; i < n; i++)
    g_mean[i] = gradient[i] + PULL (mean, centre, i);
  for (gsize i = 0; i < n; i++)
    mean[i] -= adam_step (&update, g_mean[i], &m1[i], &m2[i]);
  for (gsize i = 0; i < n; i++)
    {
      const float g = 2.0f * variance[i] * variance_gradient[i] + (pull * variance[i] - beta);
      const float s = bounded_log_deviation (log_deviation[i] - adam_step (&update, g, &d1[i], &d2[i]));

      g_deviation[i] = g;
      log_deviation[i] = s;
      variance[i] = float_exp (2.0f * s);
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
      variance[i] = float_exp (2.0f * s);
    }
  sum_segment (n, mean, centre, variance, log_deviation, g_mean, g_deviation, sums);
}

static void
adam_dirac_segment (gsize             n,
                    const HeftUpdate *u,
                    HeftUpdateBlock   block,
                    const float      *restrict gradient,
                    HeftUpdateSums   *sums)
{
  float *restrict mean = block.mean, *restrict m1 = block.mean_moment1, *restrict m2 = block.mean_moment2;
  const HeftUpdate update = *u;

  for (gsize i = 0; i < n; i++)
    mean[i] -= adam_step (&update, gradient[i], &m1[i], &m2[i]);
  sum_segment (n, mean, block.centre, NULL, NULL, gradient, NULL, sums);
}

static void
sgd_dirac_segment (gsize             n,
                   const HeftUpdate *u,
                   HeftUpdateBlock   block,
                   const float      *restrict gradient,
                   HeftUpdateSums   *sums)
{
  float *restrict mean = block.mean, *restrict m1 = block.mean_moment1;
  const float rate = u->rate, momentum = u->decay1;

  for (gsize i = 0; i < n; i++)
    {
      m1[i] = momentum * m1[i] + gradient[i];
      mean[i] -= rate * m1[i];
    }
  sum_segment (n, mean, block.centre, NULL, NULL, gradient, NULL, sums);
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
                                      gsize             gradient_ld,
                                      HeftUpdateSums   *sums)
{
  FOR_EACH_SEGMENT (adam_dirac_segment (n, update, block_at (&block, offset), gradient + from, sums));
}

void
HEFT_KERNEL (heft_kernel_sgd_dirac) (gsize             rows,
                                     gsize             columns,
                                     gsize             ld,
                                     const HeftUpdate *update,
                                     HeftUpdateBlock   block,
                                     const float      *gradient,
                                     gsize             gradient_ld,
                                     HeftUpdateSums   *sums)
{
  FOR_EACH_SEGMENT (sgd_dirac_segment (n, update, block_at (&block, offset), gradient + from, sums));
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
