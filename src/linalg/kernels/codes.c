/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/math-private.h"

#define SEGMENT (32 * HEFT_LANES)   /* stays in the first-level cache from one loop to the next */
#define HALF_LOG_TWO_PI 0.918938533f

void
HEFT_KERNEL (heft_kernel_draw) (gsize        n,
                                const float *restrict mean,
                                const float *restrict log_deviation,
                                float       *restrict displacement,
                                float       *restrict weights)
{
  for (gsize i = 0; i < n; i++)
    {
      displacement[i] = float_exp (log_deviation[i]) * displacement[i];
      weights[i] = mean[i] + displacement[i];
    }
}

void
HEFT_KERNEL (heft_kernel_scale) (gsize  n,
                                 float  factor,
                                 float *x)
{
  for (gsize i = 0; i < n; i++)
    x[i] = factor * x[i];
}

void
HEFT_KERNEL (heft_kernel_refresh) (gsize  n,
                                   float *restrict log_deviation,
                                   float *restrict variance)
{
  for (gsize i = 0; i < n; i++)
    {
      log_deviation[i] = float_clamp (log_deviation[i], -HEFT_KERNEL_MAX_LOG_DEVIATION, HEFT_KERNEL_MAX_LOG_DEVIATION);
      variance[i] = float_exp (2.0f * log_deviation[i]);
    }
}

/* In double, over fixed lanes. */
static double
sum_lanes (gsize        n,
           const float *restrict x)
{
  double lanes[HEFT_LANES] = { 0 }, sum = 0.0;
  gsize i = 0;

  for (; i + HEFT_LANES <= n; i += HEFT_LANES)
    for (guint lane = 0; lane < HEFT_LANES; lane++)
      lanes[lane] += (double) x[i + lane];
  for (guint lane = 0; i < n; i++, lane++)
    lanes[lane] += (double) x[i];
  for (guint lane = 0; lane < HEFT_LANES; lane++)
    sum += lanes[lane];
  return sum;
}

/* d/dw and sum of -log P of a mixture of two scales at the drawn weights. */
static double
mixture (gsize                   n,
         const HeftCodeGradient *o,
         const float            *restrict weights,
         float                  *restrict score)
{
  float cost[SEGMENT];

  for (gsize i = 0; i < n; i++)
    {
      const float square = weights[i] * weights[i];
      const float a = o->log_share1 - 0.5f * o->precision1 * square, b = o->log_share2 - 0.5f * o->precision2 * square;
      const float distance = b - a;
      const float share = float_sigmoid (-distance);

      score[i] = weights[i] * (share * o->precision1 + (1.0f - share) * o->precision2);
      cost[i] = HALF_LOG_TWO_PI - a - float_softplus (distance);
    }
  return sum_lanes (n, cost);
}

/* How the gradient reaches log sigma: through the draw, and from a Gaussian's KL. @path is the gradient at the drawn weights. */
static void
deviation_gradient (gsize                        n,
                    const HeftCodeGradient      *o,
                    const HeftCodeGradientBlock *block,
                    const float                 *restrict path)
{
  const float *restrict variance = block->variance, *restrict displacement = block->displacement;
  float *restrict second = block->second;
  const float pull = o->beta * o->precision, beta = o->beta;

  switch (o->chain)
    {
    case HEFT_CHAIN_VARIANCE:
      for (gsize i = 0; i < n; i++)
        second[i] = 2.0f * variance[i] * second[i] + (pull * variance[i] - beta);
      break;
    case HEFT_CHAIN_DISPLACEMENT:
      for (gsize i = 0; i < n; i++)
        second[i] = displacement[i] * second[i] + (pull * variance[i] - beta);
      break;
    case HEFT_CHAIN_DRAW:
      for (gsize i = 0; i < n; i++)
        second[i] = pull * variance[i] - beta;
      break;
    case HEFT_CHAIN_CURVATURE:
    case HEFT_CHAIN_NONE:
    default:
      return;
    }
  if (displacement != NULL)
    for (gsize i = 0; i < n; i++)
      second[i] += path[i] * displacement[i];
}

/* The directions of a low-rank code: their own gradients, and what the determinant adds to that of log sigma. */
static void
factor_gradients (gsize                        n,
                  const HeftCodeGradient      *o,
                  const HeftCodeGradientBlock *block,
                  const float                 *restrict path)
{
  const float *restrict variance = block->variance;
  const float pull = o->beta * o->precision;
  float solved[SEGMENT];

  for (guint j = 0; j < o->rank; j++)
    {
      const float *restrict own = block->factors + j * block->stride;
      float *restrict gradient = block->factor_gradients + j * block->stride, *restrict second = block->second;

      for (gsize i = 0; i < n; i++)
        solved[i] = 0.0f;
      for (guint l = 0; l < o->rank; l++)
        {
          const float *restrict other = block->factors + l * block->stride;
          const float weight = o->inverse[j * o->rank + l];

          for (gsize i = 0; i < n; i++)
            solved[i] += weight * other[i];
        }
      for (gsize i = 0; i < n; i++)
        {
          const float share = o->beta * solved[i] / variance[i];

          gradient[i] = path[i] * o->z[j] + (pull * own[i] - share);
          second[i] += share * own[i];
        }
    }
}

static void
segment_gradient (gsize                        n,
                  const HeftCodeGradient      *o,
                  const HeftCodeGradientBlock *block,
                  HeftUpdateSums              *sums)
{
  const float *restrict mean = block->mean, *restrict centre = block->centre;
  const float pull = o->beta * o->precision;
  const gboolean through = o->chain == HEFT_CHAIN_DRAW;
  float *restrict gradient = block->gradient;
  float score[SEGMENT], path[SEGMENT];

  if (o->chain == HEFT_CHAIN_CURVATURE)
    {
      for (gsize i = 0; i < n; i++)
        block->second[i] = gradient[i] * block->displacement[i] / block->variance[i];
      return;
    }
  if (o->mixture)
    sums->cost += mixture (n, o, block->weights, score);
  for (gsize i = 0; i < n; i++)
    {
      const float scored = o->mixture ? o->beta * score[i] : 0.0f;

      path[i] = through ? gradient[i] + scored : scored;
      gradient[i] = gradient[i] + scored;
    }
  if (centre != NULL)
    for (gsize i = 0; i < n; i++)
      gradient[i] += pull * (mean[i] - centre[i]);
  else
    for (gsize i = 0; i < n; i++)
      gradient[i] += pull * mean[i];
  deviation_gradient (n, o, block, path);
  if (o->rank > 0)
    factor_gradients (n, o, block, path);
}

static inline float *
at (float *x,
    gsize  offset)
{
  return x != NULL ? x + offset : NULL;
}

static inline const float *
const_at (const float *x,
          gsize        offset)
{
  return x != NULL ? x + offset : NULL;
}

void
HEFT_KERNEL (heft_kernel_code_gradient) (gsize                   n,
                                         const HeftCodeGradient *o,
                                         HeftCodeGradientBlock   block,
                                         HeftUpdateSums         *sums)
{
  for (gsize first = 0; first < n; first += SEGMENT)
    {
      const gsize count = MIN (n - first, (gsize) SEGMENT);
      const HeftCodeGradientBlock here = {
        .mean = block.mean + first,
        .centre = const_at (block.centre, first),
        .variance = const_at (block.variance, first),
        .displacement = const_at (block.displacement, first),
        .weights = const_at (block.weights, first),
        .factors = const_at (block.factors, first),
        .stride = block.stride,
        .gradient = block.gradient + first,
        .second = at (block.second, first),
        .factor_gradients = at (block.factor_gradients, first),
      };

      segment_gradient (count, o, &here, sums);
      sums->gradient += HEFT_KERNEL (heft_kernel_sum_squares) (count, here.gradient);
      if (here.second != NULL && o->chain != HEFT_CHAIN_CURVATURE)
        sums->gradient += HEFT_KERNEL (heft_kernel_sum_squares) (count, here.second);
      for (guint j = 0; j < o->rank; j++)
        sums->gradient += HEFT_KERNEL (heft_kernel_sum_squares) (count, here.factor_gradients + j * block.stride);
    }
}

static void
ivon_segment (gsize           n,
              const HeftIvon *update,
              HeftUpdateBlock block,
              const float    *restrict gradient,
              const float    *restrict curvature)
{
  float *restrict mean = block.mean, *restrict momentum = block.mean_moment1, *restrict hessian = block.deviation_moment1;
  float *restrict log_deviation = block.log_deviation, *restrict variance = block.variance;
  const float *restrict centre = block.centre;
  const HeftIvon u = *update;
  const float keep = 1.0f - u.decay2, quarter = 0.5f * keep * keep;
  float pull[SEGMENT];

  if (centre != NULL)
    for (gsize i = 0; i < n; i++)
      pull[i] = u.delta * (mean[i] - centre[i]);
  else
    for (gsize i = 0; i < n; i++)
      pull[i] = u.delta * mean[i];
  for (gsize i = 0; i < n; i++)
    {
      const float before = hessian[i], distance = before - curvature[i];

      hessian[i] = u.decay2 * before + keep * curvature[i] + quarter * distance * distance / (before + u.delta);
      momentum[i] = u.decay1 * momentum[i] + (1.0f - u.decay1) * gradient[i];
      mean[i] -= u.rate * (u.correction * momentum[i] + pull[i]) / (hessian[i] + u.delta);
    }
  for (gsize i = 0; i < n; i++)
    log_deviation[i] = float_clamp (0.5f * (u.log_beta - float_log (hessian[i] + u.delta)), -HEFT_KERNEL_MAX_LOG_DEVIATION,
                                    HEFT_KERNEL_MAX_LOG_DEVIATION);
  for (gsize i = 0; i < n; i++)
    variance[i] = float_exp (2.0f * log_deviation[i]);
}

void
HEFT_KERNEL (heft_kernel_ivon) (gsize             n,
                                const HeftIvon   *update,
                                HeftUpdateBlock   block,
                                const float      *restrict gradient,
                                const float      *restrict curvature)
{
  for (gsize first = 0; first < n; first += SEGMENT)
    {
      const HeftUpdateBlock here = {
        .mean = block.mean + first,
        .log_deviation = block.log_deviation + first,
        .variance = block.variance + first,
        .mean_moment1 = block.mean_moment1 + first,
        .deviation_moment1 = block.deviation_moment1 + first,
        .centre = const_at (block.centre, first),
      };

      ivon_segment (MIN (n - first, (gsize) SEGMENT), update, here, gradient + first, curvature + first);
    }
}

void
HEFT_KERNEL (heft_kernel_weighted_gram) (gsize        n,
                                         guint        rank,
                                         const float *factors,
                                         gsize        stride,
                                         const float *restrict variance,
                                         double      *gram,
                                         double      *square)
{
  float product[SEGMENT];

  for (gsize first = 0; first < n; first += SEGMENT)
    {
      const gsize count = MIN (n - first, (gsize) SEGMENT);

      for (guint i = 0; i < rank; i++)
        {
          const float *restrict x = factors + i * stride + first;

          for (guint j = 0; j <= i; j++)
            {
              const float *restrict y = factors + j * stride + first;

              for (gsize k = 0; k < count; k++)
                product[k] = x[k] * y[k] / variance[first + k];
              gram[i * rank + j] += sum_lanes (count, product);
            }
          *square += HEFT_KERNEL (heft_kernel_sum_squares) (count, x);
        }
    }
}

/* --- Flipout: signs are the highest bits of words ---------------------------------------------------------------------------- */

#define SIGN 0x80000000u

void
HEFT_KERNEL (heft_kernel_flip) (gsize          n,
                                const float   *x,
                                const guint32 *words,
                                float         *out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = float_from_bits (bits_from_float (x[i]) ^ (words[i] & SIGN));
}

void
HEFT_KERNEL (heft_kernel_flip_outputs) (gsize          rows,
                                        gsize          columns,
                                        gsize          ld,
                                        const float   *restrict bias,
                                        const float   *restrict perturbation,
                                        float         *restrict noise,
                                        float         *restrict h)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      {
        const gsize i = r * ld + c;
        const float sign = float_from_bits (bits_from_float (1.0f) | (bits_from_float (noise[i]) & SIGN));

        h[i] += sign * (perturbation[i] + bias[c]);
        noise[i] = sign;
      }
}

void
HEFT_KERNEL (heft_kernel_backward_flipped) (gsize        rows,
                                            gsize        columns,
                                            gsize        ld,
                                            const float *restrict h,
                                            const float *restrict flipped,
                                            const float *restrict slope,
                                            const float *restrict noise,
                                            float       *restrict dz,
                                            float       *restrict dv)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      {
        const gsize i = r * ld + c;
        const guint32 flip = (bits_from_float (h[i]) ^ bits_from_float (flipped[i])) & SIGN;
        const float total = dz[i] + float_from_bits (bits_from_float (dv[i]) ^ flip);
        const float dmean = slope != NULL ? total * slope[i] : total;

        dz[i] = dmean;
        dv[i] = dmean * noise[i];
      }
}

void
HEFT_KERNEL (heft_kernel_add_flipped_gradient) (gsize        n,
                                                const float *restrict x,
                                                const float *restrict flipped,
                                                const float *restrict flipped_gradient,
                                                float       *restrict gradient)
{
  for (gsize i = 0; i < n; i++)
    gradient[i] += float_from_bits (bits_from_float (flipped_gradient[i])
                                    ^ ((bits_from_float (x[i]) ^ bits_from_float (flipped[i])) & SIGN));
}
