/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/vector-private.h"

#if VECTOR_REGISTERS >= 32
#define TILE_ROWS 12   /* times two vectors: 24 of 32 registers hold sums */
#else
#define TILE_ROWS 6
#endif

/*
 * All three products of a convolution are sums over tiles
 *
 *   c[i][v] += sum_o sum_k a[i row + k step + o a_outer] b[k ldb + o b_outer][v]
 *
 * of a few rows times two vectors, whose sums stay in registers. Rows of an image overlap, so nothing is copied into columns: in a
 * place-by-place image what the kernel sees of one of its rows lies in one piece.
 */
typedef struct
{
  const float *a;
  gsize        row, step, a_outer;
  const float *b;
  gsize        ldb, b_outer;
  gsize        n_outer, n;
  float       *c;
  gsize        ldc;
  gsize        columns;       /* what is left of c's row: the last vector may be stored in part */
  gsize        b_next, c_next;   /* to the second vector */
  gsize        taken;         /* of the columns, by the first vector: 0 where the second belongs to another row of c */
  gboolean     adds;
} Tile;

static inline __attribute__ ((always_inline)) void
store_tile (const Tile  *t,
            guint        rows,
            guint        vectors,
            const Vector sums[TILE_ROWS][2])
{
  /* Vector by vector: rows of both may be the same numbers. */
  for (guint v = 0; v < vectors; v++)
    for (guint i = 0; i < rows; i++)
      {
        float *c = t->c + i * t->ldc + v * t->c_next;
        const gsize n = t->columns - v * t->taken;
        Vector sum = sums[i][v];

        if (n >= VECTOR_LANES)
          {
            if (t->adds)
              sum += vector_load (c);
            vector_store (c, sum);
          }
        else
          {
            const VectorPart part = vector_part (n);

            if (t->adds)
              sum += vector_load_part (c, part);
            vector_store_part (c, part, sum);
          }
      }
}

/* @rows and @vectors are constants at every call, and so is one of @row and @step. */
static inline __attribute__ ((always_inline)) void
multiply_tile (const Tile *t,
               guint       rows,
               guint       vectors,
               gsize       row,
               gsize       step)
{
  Vector sums[TILE_ROWS][2];

#pragma GCC unroll 12
  for (guint i = 0; i < rows; i++)
    for (guint v = 0; v < vectors; v++)
      sums[i][v] = vector_set (0.0f);
  for (gsize o = 0; o < t->n_outer; o++)
    {
      const float *a0 = t->a + o * t->a_outer, *a3 = a0 + 3 * row, *a6 = a3 + 3 * row, *a9 = a6 + 3 * row;
      const float *b = t->b + o * t->b_outer;

      for (gsize k = 0; k < t->n; k++, b += t->ldb, a0 += step, a3 += step, a6 += step, a9 += step)
        {
          const float *const a[4] = { a0, a3, a6, a9 };
          const Vector b0 = vector_load (b);
          const Vector b1 = vectors > 1 ? vector_load (b + t->b_next) : b0;

#pragma GCC unroll 12
          for (guint i = 0; i < rows; i++)
            {
              const Vector x = vector_set (a[i / 3][i % 3 * row]);

              sums[i][0] = vector_fma (x, b0, sums[i][0]);
              if (vectors > 1)
                sums[i][1] = vector_fma (x, b1, sums[i][1]);
            }
        }
    }
  store_tile (t, rows, vectors, sums);
}

#define TILE_CASE(n) case n: multiply_tile (t, n, vectors, row, step); break;
#if TILE_ROWS == 12
#define TILE_CASES TILE_CASE (1) TILE_CASE (2) TILE_CASE (3) TILE_CASE (4) TILE_CASE (5) TILE_CASE (6) TILE_CASE (7) \
                   TILE_CASE (8) TILE_CASE (9) TILE_CASE (10) TILE_CASE (11) TILE_CASE (12)
#else
#define TILE_CASES TILE_CASE (1) TILE_CASE (2) TILE_CASE (3) TILE_CASE (4) TILE_CASE (5) TILE_CASE (6)
#endif

static inline __attribute__ ((always_inline)) void
multiply_rows (const Tile *t,
               gsize       rows,
               guint       vectors,
               gsize       row,
               gsize       step)
{
  switch (rows)
    {
    TILE_CASES
    default:
      break;
    }
}

/* Rows that lie @t->row apart, each read in one piece. */
static void
multiply_in_pieces (const Tile *t,
                    gsize       rows)
{
  if (t->columns > t->taken)
    multiply_rows (t, rows, 2, t->row, 1);
  else
    multiply_rows (t, rows, 1, t->row, 1);
}

/* Rows side by side, each read in steps. */
static void
multiply_in_steps (const Tile *t,
                   gsize       rows)
{
  if (t->columns > VECTOR_LANES)
    multiply_rows (t, rows, 2, 1, t->step);
  else
    multiply_rows (t, rows, 1, 1, t->step);
}

/* @n rows cut into tiles as even as can be: the first of block @i of them. */
static inline gsize
block_start (gsize n,
             gsize i)
{
  const gsize blocks = (n + TILE_ROWS - 1) / TILE_ROWS;

  return n * i / blocks;
}

/* A row of outputs, @n places: pieces of @t->n numbers, @t->row apart. */
static void
multiply_row (Tile  t,
              gsize n,
              gsize columns)
{
  const float *a = t.a, *b = t.b;
  float *c = t.c;

  for (gsize i = 0, first = 0; first < n; i++)
    {
      const gsize end = block_start (n, i + 1);

      for (gsize v = 0; v < columns; v += 2 * VECTOR_LANES)
        {
          t.a = a + first * t.row;
          t.b = b + v;
          t.c = c + first * t.ldc + v;
          t.columns = columns - v;
          t.b_next = t.c_next = t.taken = VECTOR_LANES;
          multiply_in_pieces (&t, end - first);
        }
      first = end;
    }
}

void
HEFT_KERNEL (heft_kernel_convolve) (const HeftWindow *window,
                                    gsize             n_outputs,
                                    const float      *image,
                                    const float      *weights,
                                    gsize             ld,
                                    float            *output)
{
  const gsize seen = window->kernel * window->channels, image_row = window->width * window->channels;

  for (gsize y = 0; y < window->out_height; y++)
    multiply_row ((Tile) {
      .a = image + y * window->stride * image_row, .row = window->stride * window->channels, .a_outer = image_row,
      .b = weights, .ldb = ld, .b_outer = seen * ld, .n_outer = window->kernel, .n = seen,
      .c = output + y * window->out_width * n_outputs, .ldc = n_outputs,
    }, window->out_width, n_outputs);
}

/* A row of outputs back through two kernel places side by side, for channels of one vector: twice the sums from the same broadcasts. */
static void
multiply_row_twice (Tile  t,
                    gsize n,
                    gsize b_next,
                    gsize channels)
{
  const float *a = t.a;
  float *c = t.c;

  t.columns = channels;
  t.taken = 0;
  t.b_next = b_next;
  t.c_next = channels;
  for (gsize i = 0, first = 0; first < n; i++)
    {
      const gsize end = block_start (n, i + 1);

      t.a = a + first * t.row;
      t.c = c + first * t.ldc;
      multiply_in_pieces (&t, end - first);
      first = end;
    }
}

void
HEFT_KERNEL (heft_kernel_convolve_back) (const HeftWindow *window,
                                         gsize             n_outputs,
                                         const float      *delta,
                                         const float      *transposed,
                                         gsize             ld,
                                         float            *image)
{
  const gsize image_row = window->width * window->channels, kernel = window->kernel;
  const gsize together = window->channels <= VECTOR_LANES ? 2 : 1;

  for (gsize y = 0; y < window->out_height; y++)
    for (gsize ky = 0; ky < kernel; ky++)
      for (gsize kx = 0; kx < kernel; kx += together)
        {
          const Tile t = {
            .a = delta + y * window->out_width * n_outputs, .row = n_outputs,
            .b = transposed + (ky * kernel + kx) * n_outputs * ld, .ldb = ld, .n_outer = 1, .n = n_outputs,
            .c = image + (y * window->stride + ky) * image_row + kx * window->channels,
            .ldc = window->stride * window->channels, .adds = TRUE,
          };

          if (together == 2 && kx + 1 < kernel)
            multiply_row_twice (t, window->out_width, n_outputs * ld, window->channels);
          else
            multiply_row (t, window->out_width, window->channels);
        }
}

/* The bias sees a constant 1. */
static void
add_bias_gradient (gsize        n_places,
                   gsize        n_outputs,
                   const float *restrict delta,
                   float       *restrict gradient)
{
  for (gsize p = 0; p < n_places; p++)
    for (gsize c = 0; c < n_outputs; c++)
      gradient[c] += delta[p * n_outputs + c];
}

void
HEFT_KERNEL (heft_kernel_convolve_weights) (const HeftWindow *window,
                                            gsize             n_outputs,
                                            const float      *image,
                                            const float      *delta,
                                            float            *gradient,
                                            gsize             ld)
{
  const gsize seen = window->kernel * window->channels, image_row = window->width * window->channels;

  for (gsize ky = 0; ky < window->kernel; ky++)
    for (gsize i = 0, first = 0; first < seen; i++)
      {
        const gsize end = block_start (seen, i + 1);

        for (gsize v = 0; v < n_outputs; v += 2 * VECTOR_LANES)
          {
            const Tile t = {
              .a = image + ky * image_row + first, .step = window->stride * window->channels, .a_outer = window->stride * image_row,
              .b = delta + v, .ldb = n_outputs, .b_outer = window->out_width * n_outputs,
              .n_outer = window->out_height, .n = window->out_width,
              .c = gradient + (ky * seen + first) * ld + v, .ldc = ld, .columns = ld - v, .adds = TRUE,
              .b_next = VECTOR_LANES, .c_next = VECTOR_LANES, .taken = VECTOR_LANES,
            };

            multiply_in_steps (&t, end - first);
          }
        first = end;
      }
  add_bias_gradient (window->out_height * window->out_width, n_outputs, delta, gradient + window->kernel * seen * ld);
}

/* --- Max pooling -------------------------------------------------------------------------------------------------------- */

/* One pixel of a window, all channels: takes over where it beats what is there. The first of equals wins; a number that is not one
 * wins, so that it is seen. */
static inline __attribute__ ((always_inline)) void
challenge (gsize        channels,
           guint32      place,
           gboolean     first,
           const float *restrict pixel,
           const float *restrict extra1,
           const float *restrict extra2,
           float       *restrict output,
           float       *restrict out_extra1,
           float       *restrict out_extra2,
           guint32     *restrict winners)
{
  for (gsize c = 0; c < channels; c++)
    {
      const gboolean wins = first | (pixel[c] > output[c]) | (pixel[c] != pixel[c]);

      output[c] = wins ? pixel[c] : output[c];
      winners[c] = wins ? place : winners[c];
      if (extra1 != NULL)
        out_extra1[c] = wins ? extra1[c] : out_extra1[c];
      if (extra2 != NULL)
        out_extra2[c] = wins ? extra2[c] : out_extra2[c];
    }
}

static inline const float *
at_offset (const float *x,
           gsize        offset)
{
  return x != NULL ? x + offset : NULL;
}

void
HEFT_KERNEL (heft_kernel_max_pool) (const HeftWindow *window,
                                    const float      *image,
                                    const float      *extra1,
                                    const float      *extra2,
                                    float            *output,
                                    float            *out_extra1,
                                    float            *out_extra2,
                                    guint32          *winners)
{
  const gsize channels = window->channels;

  for (gsize y = 0; y < window->out_height; y++)
    for (gsize x = 0; x < window->out_width; x++)
      {
        gboolean first = TRUE;

        for (gsize k = 0; k < window->kernel * window->kernel; k++)
          {
            /* Above or left of the image these wrap round, and are then too large. */
            const gsize i = y * window->stride + k / window->kernel - window->padding;
            const gsize j = x * window->stride + k % window->kernel - window->padding;
            const gsize at = (i * window->width + j) * channels;

            if (i >= window->height || j >= window->width)
              continue;
            challenge (channels, (guint32) k, first, image + at, at_offset (extra1, at), at_offset (extra2, at), output,
                       out_extra1, out_extra2, winners);
            first = FALSE;
          }
        output += channels;
        winners += channels;
        out_extra1 = out_extra1 != NULL ? out_extra1 + channels : NULL;
        out_extra2 = out_extra2 != NULL ? out_extra2 + channels : NULL;
      }
}

/* @sets where no pixel belongs to two windows: nothing has to be read before. */
static inline __attribute__ ((always_inline)) void
give_back (gsize          channels,
           guint32        place,
           gboolean       sets,
           const guint32 *restrict winners,
           const float   *restrict gradient,
           float         *restrict pixel)
{
  for (gsize c = 0; c < channels; c++)
    {
      const float share = winners[c] == place ? gradient[c] : 0.0f;

      pixel[c] = sets ? share : pixel[c] + share;
    }
}

void
HEFT_KERNEL (heft_kernel_max_pool_back) (const HeftWindow *window,
                                         const guint32    *winners,
                                         const float      *gradient,
                                         float            *image)
{
  const gsize channels = window->channels;

  for (gsize y = 0; y < window->out_height; y++)
    for (gsize x = 0; x < window->out_width; x++, winners += channels, gradient += channels)
      for (gsize k = 0; k < window->kernel * window->kernel; k++)
        {
          const gsize i = y * window->stride + k / window->kernel - window->padding;
          const gsize j = x * window->stride + k % window->kernel - window->padding;

          if (i < window->height && j < window->width)
            give_back (channels, (guint32) k, FALSE, winners, gradient, image + (i * window->width + j) * channels);
        }
}

/* Windows of 2 x 2 side by side that cover the image, the commonest. */
static gboolean
is_tiled (const HeftWindow *window)
{
  return window->kernel == 2 && window->stride == 2 && window->padding == 0 && window->height == 2 * window->out_height
         && window->width == 2 * window->out_width;
}

void
HEFT_KERNEL (heft_kernel_max_pool_spread) (const HeftWindow *window,
                                           const guint32    *winners,
                                           const float      *gradient,
                                           float            *image)
{
  const gsize channels = window->channels, row = window->width * channels;

  if (!is_tiled (window))
    {
      memset (image, 0, window->height * row * sizeof (float));
      HEFT_KERNEL (heft_kernel_max_pool_back) (window, winners, gradient, image);
      return;
    }
  for (gsize y = 0; y < window->out_height; y++, image += 2 * row)
    for (gsize x = 0; x < window->out_width; x++, winners += channels, gradient += channels)
      for (gsize k = 0; k < 4; k++)
        give_back (channels, (guint32) k, TRUE, winners, gradient, image + k / 2 * row + (2 * x + k % 2) * channels);
}
