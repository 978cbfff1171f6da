/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/math-private.h"

/*
 * Philox works on 32-bit words but multiplies to 64 bits, so each word lives in the lower half of a 64-bit lane. The upper half
 * may hold rubbish: the multiplication does not read it. The compiler does not find this by itself (three times slower), hence
 * the few intrinsics.
 */
#if defined(__AVX512F__)
typedef __m512i Wide;
#define WIDE_MULTIPLY(a, b)  _mm512_mul_epu32 (a, b)
#define WIDE_XOR(a, b)       _mm512_xor_si512 (a, b)
#define WIDE_AND(a, b)       _mm512_and_si512 (a, b)
#define WIDE_OR(a, b)        _mm512_or_si512 (a, b)
#define WIDE_HIGH(a)         _mm512_srli_epi64 (a, 32)
#define WIDE_RAISE(a)        _mm512_slli_epi64 (a, 32)
#define WIDE_SET(x)          _mm512_set1_epi64 ((long long) (x))
#define WIDE_LOAD(p)         _mm512_loadu_si512 ((const void *) (p))
#define WIDE_STORE(p, a)     _mm512_storeu_si512 ((void *) (p), a)
#elif defined(__AVX2__)
typedef __m256i Wide;
#define WIDE_MULTIPLY(a, b)  _mm256_mul_epu32 (a, b)
#define WIDE_XOR(a, b)       _mm256_xor_si256 (a, b)
#define WIDE_AND(a, b)       _mm256_and_si256 (a, b)
#define WIDE_OR(a, b)        _mm256_or_si256 (a, b)
#define WIDE_HIGH(a)         _mm256_srli_epi64 (a, 32)
#define WIDE_RAISE(a)        _mm256_slli_epi64 (a, 32)
#define WIDE_SET(x)          _mm256_set1_epi64x ((long long) (x))
#define WIDE_LOAD(p)         _mm256_loadu_si256 ((const __m256i *) (const void *) (p))
#define WIDE_STORE(p, a)     _mm256_storeu_si256 ((__m256i *) (void *) (p), a)
#elif defined(__SSE2__)
typedef __m128i Wide;
#define WIDE_MULTIPLY(a, b)  _mm_mul_epu32 (a, b)
#define WIDE_XOR(a, b)       _mm_xor_si128 (a, b)
#define WIDE_AND(a, b)       _mm_and_si128 (a, b)
#define WIDE_OR(a, b)        _mm_or_si128 (a, b)
#define WIDE_HIGH(a)         _mm_srli_epi64 (a, 32)
#define WIDE_RAISE(a)        _mm_slli_epi64 (a, 32)
#define WIDE_SET(x)          _mm_set1_epi64x ((long long) (x))
#define WIDE_LOAD(p)         _mm_loadu_si128 ((const __m128i *) (const void *) (p))
#define WIDE_STORE(p, a)     _mm_storeu_si128 ((__m128i *) (void *) (p), a)
#else
typedef guint64 Wide;
#define WIDE_MULTIPLY(a, b)  ((guint64) (guint32) (a) * (guint32) (b))
#define WIDE_XOR(a, b)       ((a) ^ (b))
#define WIDE_AND(a, b)       ((a) & (b))
#define WIDE_OR(a, b)        ((a) | (b))
#define WIDE_HIGH(a)         ((a) >> 32)
#define WIDE_RAISE(a)        ((a) << 32)
#define WIDE_SET(x)          ((guint64) (x))
#define WIDE_LOAD(p)         (*(const guint64 *) (p))
#define WIDE_STORE(p, a)     memcpy ((p), &(Wide) { a }, sizeof (Wide))   /* little-endian */
#endif

#define WIDE_LANES (sizeof (Wide) / sizeof (guint64))

/* Words of the 2 WIDE_LANES counters from @counter on; even counters in one vector, odd ones in the other, which makes the
 * packing at the end two operations. Out: word w of counter c at out[16 w + c]. */
static inline void
philox_pair (const guint32 key[2],
             guint64       step,
             guint64       counter,
             guint32      *restrict out)
{
  const Wide multiplier0 = WIDE_SET (0xD2511F53u), multiplier1 = WIDE_SET (0xCD9E8D57u);
  const Wide low = WIDE_SET (0xFFFFFFFFu);
  guint64 even[WIDE_LANES], odd[WIDE_LANES];
  guint32 k0 = key[0], k1 = key[1];

  for (guint lane = 0; lane < WIDE_LANES; lane++)
    {
      even[lane] = (guint32) counter + 2 * lane;
      odd[lane] = even[lane] + 1;
    }

  Wide x0 = WIDE_LOAD (even), x1 = WIDE_SET (counter >> 32), x2 = WIDE_SET ((guint32) step), x3 = WIDE_SET (step >> 32);
  Wide y0 = WIDE_LOAD (odd), y1 = x1, y2 = x2, y3 = x3;

#pragma GCC unroll 10
  for (guint round = 0; round < 10; round++)
    {
      const Wide key0 = WIDE_SET (k0), key1 = WIDE_SET (k1);
      const Wide p = WIDE_MULTIPLY (x0, multiplier0), q = WIDE_MULTIPLY (x2, multiplier1);
      const Wide r = WIDE_MULTIPLY (y0, multiplier0), s = WIDE_MULTIPLY (y2, multiplier1);

      x0 = WIDE_XOR (WIDE_XOR (WIDE_HIGH (q), x1), key0);
      x2 = WIDE_XOR (WIDE_XOR (WIDE_HIGH (p), x3), key1);
      x1 = q;
      x3 = p;
      y0 = WIDE_XOR (WIDE_XOR (WIDE_HIGH (s), y1), key0);
      y2 = WIDE_XOR (WIDE_XOR (WIDE_HIGH (r), y3), key1);
      y1 = s;
      y3 = r;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }

  WIDE_STORE (out, WIDE_OR (WIDE_AND (x0, low), WIDE_RAISE (y0)));
  WIDE_STORE (out + HEFT_LANES, WIDE_OR (WIDE_AND (x1, low), WIDE_RAISE (y1)));
  WIDE_STORE (out + 2 * HEFT_LANES, WIDE_OR (WIDE_AND (x2, low), WIDE_RAISE (y2)));
  WIDE_STORE (out + 3 * HEFT_LANES, WIDE_OR (WIDE_AND (x3, low), WIDE_RAISE (y3)));
}

static inline void
philox_block (const guint32 key[2],
              guint64       step,
              guint64       block,
              guint32      *restrict out)
{
  for (guint lane = 0; lane < HEFT_LANES; lane += 2 * WIDE_LANES)
    philox_pair (key, step, block * HEFT_LANES + lane, out + lane);
}

/* Words a and b of 16 counters to 32 normals. */
static inline void
box_muller (const guint32 *restrict a,
            const guint32 *restrict b,
            float         *restrict out0,
            float         *restrict out1)
{
  for (guint i = 0; i < HEFT_LANES; i++)
    {
      /* 31 bits, as signed, convert in one instruction everywhere; the half step keeps the argument above zero. */
      const float uniform = (float) (gint32) (a[i] >> 1) * 0x1p-31f + 0x1p-32f;
      const float radius = sqrtf (-2.0f * float_log (uniform));
      /* b is an angle in 2^32ths of a turn: a quadrant and a rest in [-pi/4, pi/4). */
      const guint32 quadrant = (b[i] + 0x20000000u) >> 30;
      const float x = (float) (gint32) (b[i] - (quadrant << 30)) * 1.4629180793e-9f;
      const float t = x * x;
      const float sine = x * (1.0f + t * (-0.16666667f + t * (8.3333333e-3f + t * (-1.9841270e-4f + t * 2.7557319e-6f))));
      const float cosine = 1.0f + t * (-0.5f + t * (4.1666667e-2f + t * (-1.3888889e-3f + t * 2.4801587e-5f)));
      const guint32 swap = -(quadrant & 1u);
      const guint32 s = bits_from_float (sine), c = bits_from_float (cosine);
      const guint32 c_turned = ((s & swap) | (c & ~swap)) ^ (((quadrant + 1) & 2u) << 30);
      const guint32 s_turned = ((c & swap) | (s & ~swap)) ^ ((quadrant & 2u) << 30);

      out0[i] = radius * float_from_bits (c_turned);
      out1[i] = radius * float_from_bits (s_turned);
    }
}

void
HEFT_KERNEL (heft_kernel_philox) (const guint32 key[2],
                                  guint64       step,
                                  guint64       first_block,
                                  gsize         n_blocks,
                                  guint32      *out)
{
  for (gsize i = 0; i < n_blocks; i++)
    philox_block (key, step, first_block + i, out + i * HEFT_KERNEL_BLOCK);
}

void
HEFT_KERNEL (heft_kernel_normals) (const guint32 key[2],
                                   guint64       step,
                                   guint64       first_block,
                                   gsize         n_blocks,
                                   float        *out)
{
  for (gsize i = 0; i < n_blocks; i++)
    {
      guint32 words[HEFT_KERNEL_BLOCK];
      float *block = out + i * HEFT_KERNEL_BLOCK;

      philox_block (key, step, first_block + i, words);
      box_muller (words, words + HEFT_LANES, block, block + HEFT_LANES);
      box_muller (words + 2 * HEFT_LANES, words + 3 * HEFT_LANES, block + 2 * HEFT_LANES, block + 3 * HEFT_LANES);
    }
}
