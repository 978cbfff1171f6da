/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <math.h>
#include <string.h>

#include <glib.h>

/* Scalar functions without branches or calls, so that loops over them become vector code. Single precision, 1 to 3 units in the
 * last place. What is not a number stays so. */

static inline float
float_from_bits (guint32 bits)
{
  float x;

  memcpy (&x, &bits, sizeof x);
  return x;
}

static inline guint32
bits_from_float (float x)
{
  guint32 bits;

  memcpy (&bits, &x, sizeof bits);
  return bits;
}

/* @condition ? @a : @b without a branch: left to itself the compiler may turn one into a masked store, which some processors
 * take twenty times as long for. */
static inline float
float_select (gboolean condition,
              float    a,
              float    b)
{
  const guint32 mask = -(guint32) condition;

  return float_from_bits ((bits_from_float (a) & mask) | (bits_from_float (b) & ~mask));
}

/* NaN stays NaN. */
static inline float
float_clamp (float x,
             float low,
             float high)
{
  const float raised = float_select (x < low, low, x);

  return float_select (raised > high, high, raised);
}

static inline float
float_abs (float x)
{
  return float_from_bits (bits_from_float (x) & 0x7FFFFFFFu);
}

/* Of a positive normal number: x = m 2^e with m in [sqrt 1/2, sqrt 2), log m = 2 atanh ((m - 1) / (m + 1)). */
static inline float
float_log (float x)
{
  const guint32 shifted = bits_from_float (x) - 0x3F3504F3u;
  const float exponent = (float) ((gint32) shifted >> 23);
  const float m = float_from_bits ((shifted & 0x007FFFFFu) + 0x3F3504F3u);
  const float s = (m - 1.0f) / (m + 1.0f);
  const float t = s * s;

  return s * (2.0f + t * (0.66666667f + t * (0.4f + t * (0.28571429f + t * 0.22222222f)))) + exponent * 0.69314718f;
}

/* Of a number between -87 and 88. */
static inline float
float_exp_bounded (float bounded)
{
  const float shifted = bounded * 1.44269504f + 12582912.0f;   /* 1.5 2^23: rounds to an integer in the low bits */
  const float n = shifted - 12582912.0f;
  const float r = (bounded - n * 0.693145752f) - n * 1.42860677e-6f;
  const float r2 = r * r;
  /* The series to r^6, by pairs: a chain half as long as Horner's. */
  const float p = (1.0f + r) + r2 * ((0.5f + r * 0.166666667f)
                                     + r2 * ((0.0416666667f + r * 8.33333333e-3f) + r2 * 1.38888889e-3f));

  return p * float_from_bits ((bits_from_float (shifted) + 127u) << 23);
}

/* Saturates at exp(-87) and exp(88), which are normal numbers. */
static inline float
float_exp (float x)
{
  return float_exp_bounded (float_clamp (x, -87.0f, 88.0f));
}

/* log (1 + t), t in [0, 1]. */
static inline float
float_log1p_unit (float t)
{
  const float s = t / (2.0f + t);
  const float q = s * s;

  return s * (2.0f + q * (0.66666667f + q * (0.4f + q * (0.28571429f + q * (0.22222222f + q * (0.18181818f
             + q * (0.15384615f + q * 0.13333333f)))))));
}

static inline float
float_tanh (float x)
{
  const float t = float_exp (-2.0f * float_abs (x));
  const float large = (1.0f - t) / (1.0f + t);
  const float q = x * x;
  const float small = 1.0f + q * (-0.33333333f + q * (0.13333333f + q * (-0.053968254f + q * 0.021869489f)));
  const float signed_large = float_select (x < 0.0f, -large, large);

  return float_select (q < 0.04f, x * small, signed_large);
}

static inline float
float_sigmoid (float x)
{
  return 1.0f / (1.0f + float_exp (-x));
}

static inline float
float_softplus (float x)
{
  return float_select (x < 0.0f, 0.0f, x) + float_log1p_unit (float_exp (-float_abs (x)));
}

/* The distribution function of N(0, 1), Abramowitz and Stegun 7.1.26; absolute error below 2e-7. */
static inline float
float_normal_cdf (float x)
{
  const float a = float_abs (x) * 0.70710678f;
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  const float tail = 0.5f * t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f
                   + t * 1.061405429f)))) * float_exp (-a * a);

  return float_select (x < 0.0f, tail, 1.0f - tail);
}
