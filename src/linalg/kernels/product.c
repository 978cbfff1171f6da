/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/kernels/kernels-private.h"
#include "linalg/kernels/vector-private.h"

/*
 * Products of matrices as networks have them: some tens to hundreds of rows, inner sizes that may be as small as a batch. A tile of
 * C stays in registers while the inner index runs; each element starts from zero, or from what C holds, and takes its terms in
 * order, one fused multiply-add a term. So its bits do not depend on how C or the inner index is cut.
 *
 * A panel of B, TILE_VECTORS vectors wide, meets all rows of A before the next one. It is read where it lies when few rows meet it,
 * and copied to be contiguous where that pays, or where B is transposed.
 */
#if VECTOR_REGISTERS == 32
#define TILE_ROWS 8
#define TILE_VECTORS 3
#else
#define TILE_ROWS 4
#define TILE_VECTORS 2
#endif
#define PANEL (TILE_VECTORS * VECTOR_LANES)

#define PACKED_DEPTH 128     /* a copied panel and what it meets of A fit the first-level cache */
#define UNPACKED_DEPTH 1024  /* a panel read where it lies stays in the second-level cache */
#define BLOCK_ROWS 1024      /* and so does a block of A */
#define WORTH_PACKING 256    /* rows of A */

/* One panel: columns of C that lie side by side. */
typedef struct
{
  gsize        m, k;
  const float *a;
  gsize        lda;
  const float *b;
  gsize        ldb;
  float       *c;
  gsize        ldc;
  gboolean     add;
  VectorPart   part;    /* of the last vector, where it is not full */
} Panel;

static inline __attribute__ ((always_inline)) Vector
load (const float *x,
      gboolean     partly,
      VectorPart   part)
{
  return partly ? vector_load_part (x, part) : vector_load (x);
}

/* @rows x @vectors of C, from row @row on. All arguments but the last two are constants where this is called, so that the tile lives
 * in registers. */
static inline __attribute__ ((always_inline)) void
multiply_tile (const guint    rows,
               const guint    vectors,
               const gboolean partly,
               const gboolean transposed,
               const Panel   *p,
               gsize          row)
{
  Vector tile[TILE_ROWS][TILE_VECTORS], x[TILE_VECTORS];
  const float *a[TILE_ROWS], *b = p->b;
  float *c = p->c + row * p->ldc;
  const gsize lda = p->lda, ldb = p->ldb, ldc = p->ldc, k = p->k;
  const VectorPart part = p->part;

#pragma GCC unroll 8
  for (guint r = 0; r < rows; r++)
    {
      a[r] = transposed ? p->a + row + r : p->a + (row + r) * lda;
#pragma GCC unroll 4
      for (guint v = 0; v < vectors; v++)
        tile[r][v] = p->add ? load (c + r * ldc + v * VECTOR_LANES, partly && v + 1 == vectors, part) : vector_set (0.0f);
    }
  for (gsize i = 0; i < k; i++, b += ldb)
    {
      const gsize at = transposed ? i * lda : i;

#pragma GCC unroll 4
      for (guint v = 0; v < vectors; v++)
        x[v] = load (b + v * VECTOR_LANES, partly && v + 1 == vectors, part);
#pragma GCC unroll 8
      for (guint r = 0; r < rows; r++)
        {
          const Vector y = vector_set (transposed ? a[0][at + r] : a[r][at]);

#pragma GCC unroll 4
          for (guint v = 0; v < vectors; v++)
            tile[r][v] = vector_fma (y, x[v], tile[r][v]);
        }
    }
#pragma GCC unroll 8
  for (guint r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (guint v = 0; v < vectors; v++)
      if (partly && v + 1 == vectors)
        vector_store_part (c + r * ldc + v * VECTOR_LANES, part, tile[r][v]);
      else
        vector_store (c + r * ldc + v * VECTOR_LANES, tile[r][v]);
}

#define ROWS(rows, vectors, partly, transposed)           \
  for (; row + (rows) <= p->m; row += (rows))             \
    multiply_tile (rows, vectors, partly, transposed, p, row)

#define DEFINE_PANEL(vectors, partly, transposed)                                  \
static G_GNUC_NO_INLINE void                                                       \
panel_##vectors##_##partly##_##transposed (const Panel *p)                         \
{                                                                                  \
  gsize row = 0;                                                                   \
                                                                                   \
  ROWS (TILE_ROWS, vectors, partly, transposed);                                   \
  if (TILE_ROWS > 4)                                                               \
    ROWS (4, vectors, partly, transposed);                                         \
  ROWS (2, vectors, partly, transposed);                                           \
  ROWS (1, vectors, partly, transposed);                                           \
}

#define DEFINE_PANELS(vectors) \
  DEFINE_PANEL (vectors, 0, 0) DEFINE_PANEL (vectors, 0, 1) DEFINE_PANEL (vectors, 1, 0) DEFINE_PANEL (vectors, 1, 1)

DEFINE_PANELS (1)
DEFINE_PANELS (2)
#if TILE_VECTORS == 3
DEFINE_PANELS (3)
#endif

#define PANELS(vectors) \
  { { panel_##vectors##_0_0, panel_##vectors##_0_1 }, { panel_##vectors##_1_0, panel_##vectors##_1_1 } }

static void
multiply_panel (const Panel *p,
                guint        vectors,
                gboolean     partly,
                gboolean     transposed)
{
  static void (* const panels[TILE_VECTORS][2][2]) (const Panel *) = {
    PANELS (1), PANELS (2),
#if TILE_VECTORS == 3
    PANELS (3),
#endif
  };

  panels[vectors - 1][partly][transposed] (p);
}

/* Vectors of the next panel where @columns are left: no panel so thin that its tiles wait for themselves, if that can be helped. */
static guint
panel_vectors (gsize columns)
{
  const gsize left = (columns + VECTOR_LANES - 1) / VECTOR_LANES;

  if (left <= TILE_VECTORS)
    return (guint) left;
  return left == TILE_VECTORS + 1 ? (guint) (left + 1) / 2 : TILE_VECTORS;
}

/* @k rows of @columns floats, each to a row of @width. What lies behind the columns is never used. */
static void
pack_rows (gsize        k,
           gsize        columns,
           const float *restrict b,
           gsize        ldb,
           gsize        width,
           float       *restrict out)
{
  for (gsize i = 0; i < k; i++)
    memcpy (out + i * width, b + i * ldb, columns * sizeof *out);
}

/* The transpose of @columns rows of @k floats. */
static void
pack_columns (gsize        k,
              gsize        columns,
              const float *restrict b,
              gsize        ldb,
              gsize        width,
              float       *restrict out)
{
  gsize j = 0;

#ifdef __SSE2__
  for (; j + 4 <= columns; j += 4)
    {
      const float *row = b + j * ldb;
      gsize i = 0;

      for (; i + 4 <= k; i += 4)
        {
          __m128 x0 = _mm_loadu_ps (row + i), x1 = _mm_loadu_ps (row + ldb + i);
          __m128 x2 = _mm_loadu_ps (row + 2 * ldb + i), x3 = _mm_loadu_ps (row + 3 * ldb + i);

          _MM_TRANSPOSE4_PS (x0, x1, x2, x3);
          _mm_storeu_ps (out + i * width + j, x0);
          _mm_storeu_ps (out + (i + 1) * width + j, x1);
          _mm_storeu_ps (out + (i + 2) * width + j, x2);
          _mm_storeu_ps (out + (i + 3) * width + j, x3);
        }
      for (; i < k; i++)
        for (gsize r = 0; r < 4; r++)
          out[i * width + j + r] = row[r * ldb + i];
    }
#endif
  for (; j < columns; j++)
    for (gsize i = 0; i < k; i++)
      out[i * width + j] = b[j * ldb + i];
}

void
HEFT_KERNEL (heft_kernel_product) (gboolean     transpose_a,
                                   gboolean     transpose_b,
                                   gsize        m,
                                   gsize        n,
                                   gsize        k,
                                   const float *a,
                                   gsize        lda,
                                   const float *b,
                                   gsize        ldb,
                                   gboolean     add,
                                   float       *c,
                                   gsize        ldc)
{
  float packed[PACKED_DEPTH * PANEL] __attribute__ ((aligned (64)));
  /* A transposed A strides through memory with the inner index, so that a shorter one keeps it close. */
  const gboolean pack = transpose_b || m >= WORTH_PACKING || (transpose_a && k > PACKED_DEPTH / 2);
  const gsize depth = pack ? PACKED_DEPTH : UNPACKED_DEPTH;

  for (gsize row = 0; row < m; row += BLOCK_ROWS)
    for (gsize inner = 0; inner == 0 || inner < k; inner += depth)
      for (gsize column = 0; column < n;)
        {
          const guint vectors = panel_vectors (n - column);
          const gsize width = vectors * VECTOR_LANES, columns = MIN (width, n - column), rest = columns % VECTOR_LANES;
          Panel panel = {
            .m = MIN (BLOCK_ROWS, m - row), .k = MIN (depth, k - inner),
            .a = transpose_a ? a + inner * lda + row : a + row * lda + inner, .lda = lda,
            .b = transpose_b ? b + column * ldb + inner : b + inner * ldb + column, .ldb = ldb,
            .c = c + row * ldc + column, .ldc = ldc,
            .add = add || inner > 0, .part = vector_part (rest),
          };

          if (pack)
            {
              (transpose_b ? pack_columns : pack_rows) (panel.k, columns, panel.b, ldb, width, packed);
              panel.b = packed;
              panel.ldb = width;
            }
          multiply_panel (&panel, vectors, rest != 0, transpose_a);
          column += columns;
        }
}
