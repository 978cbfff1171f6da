/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/math-private.h"

#define SMALLEST_VARIANCE 1e-30f   /* keeps 1 / sqrt (variance) finite where all inputs and the bias's variance vanish */

void
HEFT_KERNEL (heft_kernel_scale_bytes) (gsize         n,
                                       float         scale,
                                       const guint8 *restrict bytes,
                                       float        *restrict out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = (float) bytes[i] * scale;
}

void
HEFT_KERNEL (heft_kernel_square) (gsize        n,
                                  const float *restrict x,
                                  float       *restrict out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = x[i] * x[i];
}

void
HEFT_KERNEL (heft_kernel_exponential) (gsize        n,
                                       const float *x,
                                       float       *out)
{
#pragma GCC ivdep
  for (gsize i = 0; i < n; i++)
    out[i] = float_exp (x[i]);
}

void
HEFT_KERNEL (heft_kernel_multiply) (gsize        n,
                                    const float *restrict x,
                                    const float *restrict y,
                                    float       *restrict out)
{
  for (gsize i = 0; i < n; i++)
    out[i] = x[i] * y[i];
}

/* @kind is a constant at every call, so that each loop is compiled for one activation. */
static inline __attribute__ ((always_inline)) void
activation (HeftKernelActivation kind,
            float                z,
            float               *h,
            float               *slope)
{
  switch (kind)
    {
    case HEFT_KERNEL_LINEAR:
      *h = z;
      *slope = 1.0f;
      break;
    case HEFT_KERNEL_RELU:
      *h = float_select (z < 0.0f, 0.0f, z);
      *slope = float_select (z > 0.0f, 1.0f, 0.0f);
      break;
    case HEFT_KERNEL_LEAKY_RELU:
      *slope = float_select (z > 0.0f, 1.0f, (float) HEFT_LEAKY_SLOPE);
      *h = z * *slope;
      break;
    case HEFT_KERNEL_TANH:
      *h = float_tanh (z);
      *slope = 1.0f - *h * *h;
      break;
    case HEFT_KERNEL_SIGMOID:
      *h = float_sigmoid (z);
      *slope = *h * (1.0f - *h);
      break;
    case HEFT_KERNEL_SOFTPLUS:
      *h = float_softplus (z);
      *slope = float_sigmoid (z);
      break;
    case HEFT_KERNEL_GELU:
      {
        const float cdf = float_normal_cdf (z);

        *h = z * cdf;
        *slope = cdf + z * 0.39894228f * float_exp (-0.5f * z * z);
        break;
      }
    }
}

/* Columns below which rows are too short to be gone through one by one. */
#define NARROW 128

static void
add_bias (gsize        rows,
          gsize        columns,
          const float *restrict bias,
          float       *restrict h)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      h[r * columns + c] += bias[c];
}

static inline __attribute__ ((always_inline)) void
activate_rows (HeftKernelActivation kind,
               gsize                rows,
               gsize                columns,
               gsize                ld,
               const float         *restrict bias,
               float               *restrict h,
               float               *restrict slope)
{
  if (kind != HEFT_KERNEL_LINEAR && columns == ld && columns < NARROW)
    {
      add_bias (rows, columns, bias, h);
      for (gsize i = 0; i < rows * columns; i++)
        activation (kind, h[i], &h[i], &slope[i]);
      return;
    }
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      {
        float value, derivative;

        activation (kind, h[r * ld + c] + bias[c], &value, &derivative);
        h[r * ld + c] = value;
        if (kind != HEFT_KERNEL_LINEAR)
          slope[r * ld + c] = derivative;
      }
}

static inline __attribute__ ((always_inline)) void
activate_noisy_rows (HeftKernelActivation kind,
                     gsize                rows,
                     gsize                columns,
                     gsize                ld,
                     const float         *restrict bias,
                     const float         *restrict bias_variance,
                     float               *restrict h,
                     float               *restrict squares,
                     float               *restrict slope,
                     float               *restrict noise)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      {
        const gsize i = r * ld + c;
        const float variance = squares[i] + bias_variance[c];
        const float deviation = sqrtf (float_select (variance < SMALLEST_VARIANCE, SMALLEST_VARIANCE, variance));
        float value, derivative;

        activation (kind, (h[i] + bias[c]) + deviation * noise[i], &value, &derivative);
        h[i] = value;
        squares[i] = value * value;
        noise[i] = 0.5f * noise[i] / deviation;
        if (kind != HEFT_KERNEL_LINEAR)
          slope[i] = derivative;
      }
}

#define FOR_EACH_ACTIVATION(CASE)                                                                     \
  switch (kind)                                                                                       \
    {                                                                                                 \
    case HEFT_KERNEL_LINEAR: CASE (HEFT_KERNEL_LINEAR); break;                                        \
    case HEFT_KERNEL_RELU: CASE (HEFT_KERNEL_RELU); break;                                            \
    case HEFT_KERNEL_LEAKY_RELU: CASE (HEFT_KERNEL_LEAKY_RELU); break;                                \
    case HEFT_KERNEL_TANH: CASE (HEFT_KERNEL_TANH); break;                                            \
    case HEFT_KERNEL_SIGMOID: CASE (HEFT_KERNEL_SIGMOID); break;                                      \
    case HEFT_KERNEL_SOFTPLUS: CASE (HEFT_KERNEL_SOFTPLUS); break;                                    \
    case HEFT_KERNEL_GELU: CASE (HEFT_KERNEL_GELU); break;                                            \
    }

void
HEFT_KERNEL (heft_kernel_activate) (HeftKernelActivation kind,
                                    gsize                rows,
                                    gsize                columns,
                                    gsize                ld,
                                    const float         *bias,
                                    float               *h,
                                    float               *slope)
{
#define CASE(which) activate_rows (which, rows, columns, ld, bias, h, slope)
  FOR_EACH_ACTIVATION (CASE)
#undef CASE
}

void
HEFT_KERNEL (heft_kernel_activate_noisy) (HeftKernelActivation kind,
                                          gsize                rows,
                                          gsize                columns,
                                          gsize                ld,
                                          const float         *bias,
                                          const float         *bias_variance,
                                          float               *h,
                                          float               *squares,
                                          float               *slope,
                                          float               *noise)
{
#define CASE(which) activate_noisy_rows (which, rows, columns, ld, bias, bias_variance, h, squares, slope, noise)
  FOR_EACH_ACTIVATION (CASE)
#undef CASE
}

void
HEFT_KERNEL (heft_kernel_backward) (gsize        rows,
                                    gsize        columns,
                                    gsize        ld,
                                    const float *restrict slope,
                                    float       *restrict dz)
{
  if (slope == NULL)
    return;
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      dz[r * ld + c] *= slope[r * ld + c];
}

void
HEFT_KERNEL (heft_kernel_backward_noisy) (gsize        rows,
                                          gsize        columns,
                                          gsize        ld,
                                          const float *restrict h,
                                          const float *restrict slope,
                                          const float *restrict noise,
                                          float       *restrict dz,
                                          float       *restrict dv)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      {
        const gsize i = r * ld + c;
        const float total = dz[i] + 2.0f * h[i] * dv[i];
        const float dmean = slope != NULL ? total * slope[i] : total;

        dz[i] = dmean;
        dv[i] = dmean * noise[i];
      }
}

void
HEFT_KERNEL (heft_kernel_add_square_gradient) (gsize        n,
                                               const float *restrict x,
                                               const float *restrict square_gradient,
                                               float       *restrict gradient)
{
  for (gsize i = 0; i < n; i++)
    gradient[i] += 2.0f * x[i] * square_gradient[i];
}

void
HEFT_KERNEL (heft_kernel_accumulate) (gsize        rows,
                                      gsize        columns,
                                      gsize        ld,
                                      const float *restrict x,
                                      float       *restrict out)
{
  for (gsize r = 0; r < rows; r++)
    for (gsize c = 0; c < columns; c++)
      out[r * ld + c] += x[r * ld + c];
}

#define SOFTMAX_ROWS 64

/* Subtracts each row's maximum; losses become max - z_y. */
static gsize
shift_rows (gsize         rows,
            gsize         classes,
            const guint8 *restrict labels,
            float        *restrict z,
            float        *restrict losses)
{
  gsize n_wrong = 0;

  for (gsize r = 0; r < rows; r++)
    {
      float *row = z + r * classes;
      float largest = row[0];
      gsize winner = 0;

      for (gsize c = 1; c < classes; c++)
        if (row[c] > largest)
          {
            largest = row[c];
            winner = c;
          }
      n_wrong += winner != labels[r];
      losses[r] = largest - row[labels[r]];
      for (gsize c = 0; c < classes; c++)
        row[c] -= largest;
    }
  return n_wrong;
}

#define FEW_CLASSES 8

/* At most HEFT_LANES rows of few classes, a row a lane. The same operations in the same order as below, so the same bits. */
static gsize
softmax_few (gsize         rows,
             gsize         classes,
             float         scale,
             const guint8 *restrict labels,
             float        *restrict z,
             float        *restrict losses)
{
  float columns[FEW_CLASSES][HEFT_LANES], largest[HEFT_LANES], sums[HEFT_LANES] = { 0.0f }, factors[HEFT_LANES];
  float winners[HEFT_LANES] = { 0.0f };
  gsize n_wrong = 0, class = 0;

  do
    {
      memset (columns[class], 0, sizeof columns[class]);
      for (gsize r = 0; r < rows; r++)
        columns[class][r] = z[r * classes + class];
    }
  while (++class < classes);
  memcpy (largest, columns[0], sizeof largest);
  for (gsize c = 1; c < classes; c++)
    for (guint i = 0; i < HEFT_LANES; i++)
      {
        winners[i] = float_select (columns[c][i] > largest[i], (float) c, winners[i]);
        largest[i] = float_select (columns[c][i] > largest[i], columns[c][i], largest[i]);
      }
  for (gsize r = 0; r < rows; r++)
    {
      n_wrong += winners[r] != (float) labels[r];
      losses[r] = largest[r] - z[r * classes + labels[r]];
    }
  for (gsize c = 0; c < classes; c++)
    for (guint i = 0; i < HEFT_LANES; i++)
      {
        columns[c][i] = float_exp (columns[c][i] - largest[i]);
        sums[i] += columns[c][i];
      }
  for (guint i = 0; i < HEFT_LANES; i++)
    {
      factors[i] = scale / sums[i];
      largest[i] = float_select (sums[i] > 0.0f, float_log (sums[i]), sums[i]);
    }
  for (gsize r = 0; r < rows; r++)
    {
      for (gsize c = 0; c < classes; c++)
        z[r * classes + c] = columns[c][r] * factors[r];
      z[r * classes + labels[r]] -= scale;
      losses[r] += largest[r];
    }
  return n_wrong;
}

gsize
HEFT_KERNEL (heft_kernel_softmax) (gsize         rows,
                                   gsize         classes,
                                   float         scale,
                                   const guint8 *labels,
                                   float        *z,
                                   float        *losses)
{
  gsize n_wrong = 0;

  if (classes <= FEW_CLASSES)
    {
      for (gsize r = 0; r < rows; r += HEFT_LANES)
        n_wrong += softmax_few (MIN (rows - r, HEFT_LANES), classes, scale, labels + r, z + r * classes, losses + r);
      return n_wrong;
    }

  for (gsize first = 0; first < rows; first += SOFTMAX_ROWS)
    {
      const gsize n = MIN (rows - first, SOFTMAX_ROWS);
      float *block = z + first * classes;
      float sums[SOFTMAX_ROWS];

      n_wrong += shift_rows (n, classes, labels + first, block, losses + first);
      for (gsize i = 0; i < n * classes; i++)
        block[i] = float_exp (block[i]);
      for (gsize r = 0; r < n; r++)
        {
          float sum = 0.0f, factor;

          for (gsize c = 0; c < classes; c++)
            sum += block[r * classes + c];
          sums[r] = sum;
          factor = scale / sum;
          for (gsize c = 0; c < classes; c++)
            block[r * classes + c] *= factor;
          block[r * classes + labels[first + r]] -= scale;
        }
      for (gsize r = 0; r < n; r++)
        losses[first + r] += sums[r] > 0.0f ? float_log (sums[r]) : sums[r];
    }
  return n_wrong;
}
