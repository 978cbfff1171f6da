/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include <glib.h>

/*
 * The widest vector of floats this variant has, for kernels that must hold it in registers by name. vector_fma() rounds once where
 * the variant has fused multiply-add (v3 and v4) and twice elsewhere. A VectorPart says how many of the lanes, from the first, a
 * masked load or store touches; what a masked load leaves out is zero. Bit i of vector_not_zero() says that lane i is not zero (NaN
 * is not).
 */
#if defined(__AVX512F__)

#define VECTOR_LANES 16
#define VECTOR_REGISTERS 32
typedef __m512 Vector;
typedef __mmask16 VectorPart;

static inline VectorPart vector_part (gsize n) { return (VectorPart) ((1u << n) - 1u); }
static inline Vector vector_set (float x) { return _mm512_set1_ps (x); }
static inline Vector vector_load (const float *x) { return _mm512_loadu_ps (x); }
static inline void vector_store (float *x, Vector v) { _mm512_storeu_ps (x, v); }
static inline Vector vector_load_part (const float *x, VectorPart part) { return _mm512_maskz_loadu_ps (part, x); }
static inline void vector_store_part (float *x, VectorPart part, Vector v) { _mm512_mask_storeu_ps (x, part, v); }
static inline Vector vector_fma (Vector a, Vector b, Vector c) { return _mm512_fmadd_ps (a, b, c); }
static inline guint vector_not_zero (Vector v) { return _mm512_cmp_ps_mask (v, _mm512_setzero_ps (), _CMP_NEQ_UQ); }

static inline Vector
vector_from_bytes (const guint8 *x)
{
  return _mm512_cvtepi32_ps (_mm512_cvtepu8_epi32 (_mm_loadu_si128 ((const __m128i *) (gconstpointer) x)));
}

#elif defined(__AVX2__) && defined(__FMA__)

#define VECTOR_LANES 8
#define VECTOR_REGISTERS 16
typedef __m256 Vector;
typedef __m256i VectorPart;

static inline VectorPart
vector_part (gsize n)
{
  return _mm256_cmpgt_epi32 (_mm256_set1_epi32 ((int) n), _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7));
}

static inline Vector vector_set (float x) { return _mm256_set1_ps (x); }
static inline Vector vector_load (const float *x) { return _mm256_loadu_ps (x); }
static inline void vector_store (float *x, Vector v) { _mm256_storeu_ps (x, v); }
static inline Vector vector_load_part (const float *x, VectorPart part) { return _mm256_maskload_ps (x, part); }
static inline void vector_store_part (float *x, VectorPart part, Vector v) { _mm256_maskstore_ps (x, part, v); }
static inline Vector vector_fma (Vector a, Vector b, Vector c) { return _mm256_fmadd_ps (a, b, c); }

static inline guint
vector_not_zero (Vector v)
{
  return (guint) _mm256_movemask_ps (_mm256_cmp_ps (v, _mm256_setzero_ps (), _CMP_NEQ_UQ));
}

static inline Vector
vector_from_bytes (const guint8 *x)
{
  return _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (gconstpointer) x)));
}

#else

#define VECTOR_LANES 4
#define VECTOR_REGISTERS 16
typedef float Vector __attribute__ ((vector_size (16)));
typedef gsize VectorPart;

static inline VectorPart vector_part (gsize n) { return n; }
static inline Vector vector_set (float x) { return (Vector) { x, x, x, x }; }
static inline Vector vector_load (const float *x) { Vector v; memcpy (&v, x, sizeof v); return v; }
static inline void vector_store (float *x, Vector v) { memcpy (x, &v, sizeof v); }

static inline Vector
vector_load_part (const float *x,
                  VectorPart   part)
{
  Vector v = { 0.0f, 0.0f, 0.0f, 0.0f };

  for (gsize i = 0; i < part; i++)
    v[i] = x[i];
  return v;
}

static inline void
vector_store_part (float      *x,
                   VectorPart  part,
                   Vector      v)
{
  for (gsize i = 0; i < part; i++)
    x[i] = v[i];
}

static inline Vector vector_fma (Vector a, Vector b, Vector c) { return a * b + c; }
static inline Vector vector_from_bytes (const guint8 *x) { return (Vector) { x[0], x[1], x[2], x[3] }; }

static inline guint
vector_not_zero (Vector v)
{
  guint bits = 0;

  for (guint i = 0; i < VECTOR_LANES; i++)
    bits |= (v[i] != 0.0f ? 1u : 0u) << i;
  return bits;
}

#endif
