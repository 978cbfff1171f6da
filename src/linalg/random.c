/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/random.h>

#include "linalg/kernels.h"
#include "linalg/random-private.h"

/*
 * Layout of a stream. Its Philox key comes from one Philox call under the seed, with (purpose, index) as counter, so that streams
 * differ in their keys and the whole 128-bit counter is left for (element block, step). Elements come in blocks of 64 = 4 words of
 * 16 counters, word by word, which is the order in which vector registers hold them.
 */

#define BLOCK HEFT_KERNEL_BLOCK
#define KEY_TAG 0x48656674u   /* keeps key derivation apart from any other use of the seed as key */

void
heft_philox (const guint32 key[2],
             const guint32 counter[4],
             guint32       out[4])
{
  guint32 x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
  guint32 k0 = key[0], k1 = key[1];

  for (guint round = 0; round < 10; round++)
    {
      const guint64 p = (guint64) x0 * 0xD2511F53u, q = (guint64) x2 * 0xCD9E8D57u;

      x0 = (guint32) (q >> 32) ^ x1 ^ k0;
      x2 = (guint32) (p >> 32) ^ x3 ^ k1;
      x1 = (guint32) q;
      x3 = (guint32) p;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

void
heft_stream_key (HeftStream stream,
                 guint32    key[2])
{
  const guint32 seed[2] = { (guint32) stream.seed, (guint32) (stream.seed >> 32) };
  const guint32 counter[4] = { stream.purpose, stream.index, KEY_TAG, 0 };
  guint32 words[4];

  heft_philox (seed, counter, words);
  key[0] = words[0];
  key[1] = words[1];
}

HeftStream
heft_stream (guint64     seed,
             HeftPurpose purpose,
             guint32     index)
{
  return (HeftStream) { .seed = seed, .purpose = purpose, .index = index };
}

/* Fills one block into a scratch of BLOCK bytes x size. */
typedef void (*FillBlocks) (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, gpointer out);

/* Whole blocks go straight to @out, the ragged ends through a scratch block: chunking cannot change a value. */
static void
fill_chunk (HeftStream stream,
            guint64    step,
            guint64    first,
            gsize      n,
            gsize      size,
            gsize      per_block,
            FillBlocks fill,
            guint8    *out)
{
  guint64 scratch[BLOCK];
  guint32 key[2];

  heft_stream_key (stream, key);
  while (n > 0)
    {
      const guint64 block = first / per_block;
      const gsize offset = first % per_block;
      gsize taken;

      if (offset == 0 && n >= per_block)
        {
          taken = n - n % per_block;
          fill (key, step, block, taken / per_block, out);
        }
      else
        {
          taken = MIN (per_block - offset, n);
          fill (key, step, block, 1, scratch);
          memcpy (out, (const guint8 *) scratch + offset * size, taken * size);
        }
      first += taken;
      n -= taken;
      out += taken * size;
    }
}

static void
fill_bits (const guint32 key[2],
           guint64       step,
           guint64       first_block,
           gsize         n_blocks,
           gpointer      out)
{
  heft_kernels ()->philox (key, step, first_block, n_blocks, out);
}

static void
fill_normals_f32 (const guint32 key[2],
                  guint64       step,
                  guint64       first_block,
                  gsize         n_blocks,
                  gpointer      out)
{
  heft_kernels ()->normals (key, step, first_block, n_blocks, out);
}

/* 52 bits and a half step: never 0, never 1. */
static inline double
uniform_from_words (guint32 high,
                    guint32 low)
{
  return ((double) (((guint64) high << 20) | (low >> 12)) + 0.5) * 0x1p-52;
}

static void
fill_uniforms_f64 (const guint32 key[2],
                   guint64       step,
                   guint64       first_block,
                   gsize         n_blocks,
                   gpointer      out)
{
  double *values = out;

  for (gsize b = 0; b < n_blocks; b++)
    {
      guint32 words[BLOCK];

      heft_kernels ()->philox (key, step, first_block + b, 1, words);
      for (guint half = 0; half < 2; half++)
        for (guint i = 0; i < 16; i++)
          *values++ = uniform_from_words (words[32 * half + i], words[32 * half + 16 + i]);
    }
}

static void
fill_normals_f64 (const guint32 key[2],
                  guint64       step,
                  guint64       first_block,
                  gsize         n_blocks,
                  gpointer      out)
{
  double *values = out;

  for (gsize b = 0; b < n_blocks; b++, values += 32)
    {
      double uniforms[32];

      fill_uniforms_f64 (key, step, first_block + b, 1, uniforms);
      for (guint i = 0; i < 16; i++)
        {
          const double radius = sqrt (-2.0 * log (uniforms[i]));
          const double angle = 2.0 * G_PI * uniforms[16 + i];

          values[i] = radius * cos (angle);
          values[16 + i] = radius * sin (angle);
        }
    }
}

void
heft_stream_bits (HeftStream stream,
                  guint64    step,
                  guint64    first,
                  gsize      n,
                  guint32   *out)
{
  fill_chunk (stream, step, first, n, sizeof *out, BLOCK, fill_bits, (guint8 *) out);
}

void
heft_stream_uniforms_f64 (HeftStream stream,
                          guint64    step,
                          guint64    first,
                          gsize      n,
                          double    *out)
{
  fill_chunk (stream, step, first, n, sizeof *out, BLOCK / 2, fill_uniforms_f64, (guint8 *) out);
}

void
heft_stream_normals_f32 (HeftStream stream,
                         guint64    step,
                         guint64    first,
                         gsize      n,
                         float     *out)
{
  fill_chunk (stream, step, first, n, sizeof *out, BLOCK, fill_normals_f32, (guint8 *) out);
}

void
heft_stream_normals_f64 (HeftStream stream,
                         guint64    step,
                         guint64    first,
                         gsize      n,
                         double    *out)
{
  fill_chunk (stream, step, first, n, sizeof *out, BLOCK / 2, fill_normals_f64, (guint8 *) out);
}

/* Fisher and Yates; an index below m is the upper half of (64 bits) x m, whose bias is below n / 2^64. */
void
heft_stream_permutation (HeftStream stream,
                         guint64    step,
                         guint32    n,
                         guint32   *out)
{
  guint32 words[4 * BLOCK];

  for (guint32 i = 0; i < n; i++)
    {
      const guint32 k = i % (2 * BLOCK);
      guint64 bits;
      guint32 j;

      if (k == 0)
        heft_stream_bits (stream, step, 2 * (guint64) i, G_N_ELEMENTS (words), words);
      bits = ((guint64) words[2 * k] << 32) | words[2 * k + 1];
      j = (guint32) (((unsigned __int128) bits * ((guint64) i + 1)) >> 64);
      out[i] = out[j];
      out[j] = i;
    }
}
