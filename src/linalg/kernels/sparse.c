/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/vector-private.h"

/*
 * Products whose left factor is mostly zero, as images of digits are. A word of marks says which of 64 numbers that meet 64 rows of B
 * are not zero; only those rows are read. 64 rows of B, a panel wide, are copied to be contiguous and stay in the first-level cache,
 * so that a term costs one load of it. An element takes its terms in the order of the inner index, one fused multiply-add a term,
 * as in the dense product: leaving out terms that are zero leaves its bits as they are.
 */
#if VECTOR_REGISTERS == 32
#define TILE_VECTORS 8
#else
#define TILE_VECTORS 6
#endif
#define PANEL (TILE_VECTORS * VECTOR_LANES)

/* Columns of C that lie side by side, and HEFT_KERNEL_MARKS of the inner index. */
typedef struct
{
  gsize          m;
  const guint64 *marks;
  const float   *a;
  gsize          row_stride, stride;   /* of op(A): along its rows, and along the inner index */
  const float   *b;                    /* @vectors wide */
  float         *c;
  gsize          ldc;
  gboolean       add;
  VectorPart     part;                 /* of the last vector */
} Panel;

gsize
HEFT_KERNEL (heft_kernel_mark) (gboolean     transpose,
                                gsize        m,
                                gsize        k,
                                const float *a,
                                gsize        lda,
                                guint64     *marks)
{
  gsize count = 0;

  for (gsize inner = 0; inner < k; inner += HEFT_KERNEL_MARKS, marks += m)
    {
      const gsize depth = MIN (HEFT_KERNEL_MARKS, k - inner);

      if (transpose)
        {
          memset (marks, 0, m * sizeof *marks);
          for (gsize p = 0; p < depth; p++)
            {
              const float *row = a + (inner + p) * lda;
              const guint64 bit = (guint64) 1 << p;

              for (gsize i = 0; i < m; i++)
                marks[i] |= row[i] != 0.0f ? bit : 0;
            }
        }
      else
        for (gsize i = 0; i < m; i++)
          {
            const float *row = a + i * lda + inner;
            guint64 word = 0;
            gsize p = 0;

            for (; p + VECTOR_LANES <= depth; p += VECTOR_LANES)
              word |= (guint64) vector_not_zero (vector_load (row + p)) << p;
            if (p < depth)
              word |= (guint64) vector_not_zero (vector_load_part (row + p, vector_part (depth - p))) << p;
            marks[i] = word;
          }
      for (gsize i = 0; i < m; i++)
        count += (gsize) __builtin_popcountll (marks[i]);
    }
  return count;
}

static inline __attribute__ ((always_inline)) void
load_row (const guint  vectors,
          const Panel *p,
          const float *c,
          Vector       sums[TILE_VECTORS])
{
#pragma GCC unroll 8
  for (guint v = 0; v < vectors; v++)
    sums[v] = !p->add ? vector_set (0.0f)
              : v + 1 < vectors ? vector_load (c + v * VECTOR_LANES) : vector_load_part (c + v * VECTOR_LANES, p->part);
}

static inline __attribute__ ((always_inline)) void
store_row (const guint  vectors,
           const Panel *p,
           float       *c,
           Vector       sums[TILE_VECTORS])
{
#pragma GCC unroll 8
  for (guint v = 0; v + 1 < vectors; v++)
    vector_store (c + v * VECTOR_LANES, sums[v]);
  vector_store_part (c + (vectors - 1) * VECTOR_LANES, p->part, sums[vectors - 1]);
}

/* The first term that @marks still names; it is taken out. */
static inline __attribute__ ((always_inline)) void
add_term (const guint  vectors,
          const Panel *p,
          const float *a,
          guint64     *marks,
          Vector       sums[TILE_VECTORS])
{
  const gsize at = (gsize) __builtin_ctzll (*marks);
  const Vector y = vector_set (a[at * p->stride]);
  const float *b = p->b + at * vectors * VECTOR_LANES;

  *marks &= *marks - 1;
#pragma GCC unroll 8
  for (guint v = 0; v < vectors; v++)
    sums[v] = vector_fma (y, vector_load (b + v * VECTOR_LANES), sums[v]);
}

/* Two rows of C at a time: a single one's sums would wait for themselves. */
static inline __attribute__ ((always_inline)) void
multiply_panel (const guint  vectors,
                const Panel *p)
{
  gsize row = 0;

  for (; row + 2 <= p->m; row += 2)
    {
      const float *a0 = p->a + row * p->row_stride, *a1 = a0 + p->row_stride;
      float *c = p->c + row * p->ldc;
      guint64 marks0 = p->marks[row], marks1 = p->marks[row + 1];
      const int n0 = __builtin_popcountll (marks0), n1 = __builtin_popcountll (marks1);
      Vector sums0[TILE_VECTORS], sums1[TILE_VECTORS];

      /* The rows after these: C is larger than the cache that has the panel. A prefetch never faults. */
      for (guint v = 0; v < vectors; v++)
        {
          __builtin_prefetch (c + 2 * p->ldc + v * VECTOR_LANES, 1);
          __builtin_prefetch (c + 3 * p->ldc + v * VECTOR_LANES, 1);
        }
      load_row (vectors, p, c, sums0);
      load_row (vectors, p, c + p->ldc, sums1);
      for (int i = 0; i < MIN (n0, n1); i++)
        {
          add_term (vectors, p, a0, &marks0, sums0);
          add_term (vectors, p, a1, &marks1, sums1);
        }
      while (marks0 != 0)
        add_term (vectors, p, a0, &marks0, sums0);
      while (marks1 != 0)
        add_term (vectors, p, a1, &marks1, sums1);
      store_row (vectors, p, c, sums0);
      store_row (vectors, p, c + p->ldc, sums1);
    }
  for (; row < p->m; row++)
    {
      guint64 marks = p->marks[row];
      Vector sums[TILE_VECTORS];

      load_row (vectors, p, p->c + row * p->ldc, sums);
      while (marks != 0)
        add_term (vectors, p, p->a + row * p->row_stride, &marks, sums);
      store_row (vectors, p, p->c + row * p->ldc, sums);
    }
}

#define DEFINE_PANEL(vectors)             \
static G_GNUC_NO_INLINE void              \
panel_##vectors (const Panel *p)          \
{                                         \
  multiply_panel (vectors, p);            \
}

DEFINE_PANEL (1)
DEFINE_PANEL (2)
DEFINE_PANEL (3)
DEFINE_PANEL (4)
DEFINE_PANEL (5)
DEFINE_PANEL (6)
#if TILE_VECTORS == 8
DEFINE_PANEL (7)
DEFINE_PANEL (8)
#endif

static void (* const panels[TILE_VECTORS]) (const Panel *) = {
  panel_1, panel_2, panel_3, panel_4, panel_5, panel_6,
#if TILE_VECTORS == 8
  panel_7, panel_8,
#endif
};

/* @k rows of @columns floats, each to a row of @width; zeros behind them. */
static void
pack (gsize        k,
      gsize        columns,
      const float *restrict b,
      gsize        ldb,
      gsize        width,
      float       *restrict out)
{
  for (gsize i = 0; i < k; i++, out += width, b += ldb)
    {
      memcpy (out, b, columns * sizeof *out);
      for (gsize j = columns; j < width; j++)
        out[j] = 0.0f;
    }
}

void
HEFT_KERNEL (heft_kernel_sparse_product) (gboolean       transpose_a,
                                          gboolean       lower,
                                          gsize          m,
                                          gsize          n,
                                          gsize          k,
                                          const guint64 *marks,
                                          const float   *a,
                                          gsize          lda,
                                          const float   *b,
                                          gsize          ldb,
                                          gboolean       add,
                                          float         *c,
                                          gsize          ldc)
{
  float packed[HEFT_KERNEL_MARKS * PANEL] __attribute__ ((aligned (64)));

  for (gsize inner = 0; inner < k; inner += HEFT_KERNEL_MARKS, marks += m)
    for (gsize column = 0; column < n && !(lower && column >= m); column += PANEL)
      {
        const gsize columns = MIN (PANEL, n - column), vectors = (columns + VECTOR_LANES - 1) / VECTOR_LANES;
        const gsize first = lower ? column : 0;
        const Panel panel = {
          .m = m - first, .marks = marks + first,
          .a = transpose_a ? a + inner * lda + first : a + first * lda + inner,
          .row_stride = transpose_a ? 1 : lda, .stride = transpose_a ? lda : 1,
          .b = packed, .c = c + first * ldc + column, .ldc = ldc, .add = add || inner > 0,
          .part = vector_part (columns - (vectors - 1) * VECTOR_LANES),
        };

        pack (MIN (HEFT_KERNEL_MARKS, k - inner), columns, b + inner * ldb + column, ldb, vectors * VECTOR_LANES, packed);
        panels[vectors - 1] (&panel);
      }
  for (gsize i = 0; i < m && k == 0 && !add; i++)
    memset (c + i * ldc, 0, n * sizeof *c);
}
