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
 * and copied to be contiguous where that pays, or where B is transposed. A block of A is copied where its bytes become floats, or where
 * it is transposed and several panels meet it: tile by tile, so that the inner index walks through consecutive memory.
 */
#if VECTOR_REGISTERS == 32
#define TILE_ROWS 8
#define TILE_VECTORS 3
#else
#define TILE_ROWS 4
#define TILE_VECTORS 2
#endif
#define PANEL (TILE_VECTORS * VECTOR_LANES)

#define PACKED_DEPTH 144     /* a copied panel and what it meets of A fit the first-level cache */
#define UNPACKED_DEPTH 1024  /* a panel read where it lies stays in the second-level cache */
#define BLOCK_ROWS 1024      /* and so does a block of A */
#define COPIED_ROWS 256      /* or of its copy */
#define WORTH_PACKING 256    /* rows of A */

/* One panel: columns of C that lie side by side. */
typedef struct
{
  gsize        m, k;
  const float *a;
  gsize        lda;
  gsize        next;    /* A transposed: from one tile's rows to the next one's */
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
      a[r] = transposed ? p->a + row / TILE_ROWS * p->next + row % TILE_ROWS + r : p->a + (row + r) * lda;
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
  const gsize whole = columns / VECTOR_LANES * VECTOR_LANES;
  const VectorPart rest = vector_part (columns - whole);

  for (gsize i = 0; i < k; i++)
    {
      for (gsize j = 0; j < whole; j += VECTOR_LANES)
        vector_store (out + i * width + j, vector_load (b + i * ldb + j));
      if (whole < columns)
        vector_store (out + i * width + whole, vector_load_part (b + i * ldb + whole, rest));
    }
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

/* The left factor: floats, or bytes that stand for themselves times @scale, or for the square of that. */
typedef struct
{
  gboolean      transposed;
  const float  *floats;
  const guint8 *bytes;
  gsize         ld;
  float         scale;
  gboolean      squared;
} Left;

/* A vector of A's numbers from @at on. */
static inline __attribute__ ((always_inline)) Vector
fetch_vector (const Left *left,
              gsize       at)
{
  Vector x;

  if (left->bytes == NULL)
    return vector_load (left->floats + at);
  x = vector_from_bytes (left->bytes + at) * vector_set (left->scale);
  if (left->squared)
    x *= x;
  return x;
}

/* @n of them. */
static inline __attribute__ ((always_inline)) void
fetch (const Left *left,
       gsize       at,
       gsize       n,
       float      *restrict out)
{
  gsize i = 0;

  for (; i + VECTOR_LANES <= n; i += VECTOR_LANES)
    vector_store (out + i, fetch_vector (left, at + i));
  for (; i < n; i++)
    {
      const float x = left->bytes == NULL ? left->floats[at + i] : (float) left->bytes[at + i] * left->scale;

      out[i] = left->squared ? x * x : x;
    }
}

/* Tiles of rows side by side: of the @m x @k block from @at on, number (r, i) of a tile goes to TILE_ROWS i + r. */
static void
pack_left_columns (const Left *left,
                   gsize       at,
                   gsize       m,
                   gsize       k,
                   float      *restrict out)
{
  const gsize tile = TILE_ROWS * k;
  gsize row = 0;

  for (; row + VECTOR_LANES <= m; row += VECTOR_LANES)
    for (gsize i = 0; i < k; i++)
      {
        const Vector x = fetch_vector (left, at + i * left->ld + row);

        for (gsize t = 0; t < VECTOR_LANES / TILE_ROWS; t++)
          memcpy (out + (row / TILE_ROWS + t) * tile + i * TILE_ROWS, (const float *) &x + t * TILE_ROWS, TILE_ROWS * sizeof *out);
      }
  for (; row < m; row += TILE_ROWS)
    for (gsize i = 0; i < k; i++)
      fetch (left, at + i * left->ld + row, MIN (TILE_ROWS, m - row), out + row / TILE_ROWS * tile + i * TILE_ROWS);
}

static void
pack_left (const Left *left,
           gsize       row,
           gsize       inner,
           Panel      *panel,
           float      *restrict out)
{
  panel->a = out;
  panel->lda = left->transposed ? TILE_ROWS : panel->k;
  panel->next = TILE_ROWS * panel->k;
  if (left->transposed)
    {
      pack_left_columns (left, inner * left->ld + row, panel->m, panel->k, out);
      return;
    }
  for (gsize r = 0; r < panel->m; r++)
    fetch (left, (row + r) * left->ld + inner, panel->k, out + r * panel->k);
}

/* The right factor and the result. */
typedef struct
{
  gsize        n;
  gboolean     transposed, pack;
  const float *b;
  gsize        ldb;
  float       *c;
  gsize        ldc;
} Right;

/* One block of A, in @panel, times all panels of B. */
static void
multiply_panels (const Right *right,
                 gboolean     transposed,
                 gsize        inner,
                 Panel        panel)
{
  float packed[PACKED_DEPTH * PANEL] __attribute__ ((aligned (64)));

  for (gsize column = 0; column < right->n;)
    {
      const guint vectors = panel_vectors (right->n - column);
      const gsize width = vectors * VECTOR_LANES, columns = MIN (width, right->n - column), rest = columns % VECTOR_LANES;

      panel.b = right->transposed ? right->b + column * right->ldb + inner : right->b + inner * right->ldb + column;
      panel.ldb = right->ldb;
      panel.part = vector_part (rest);
      if (right->pack)
        {
          (right->transposed ? pack_columns : pack_rows) (panel.k, columns, panel.b, right->ldb, width, packed);
          panel.b = packed;
          panel.ldb = width;
        }
      multiply_panel (&panel, vectors, rest != 0, transposed);
      panel.c += columns;
      column += columns;
    }
}

/* Pieces of the inner index of nearly equal size: a short last one would spend its time on loading and storing C. */
static gsize
piece (gsize k,
       gsize most)
{
  const gsize n = MAX (1, (k + most - 1) / most);

  return MAX (1, (k + n - 1) / n);
}

static G_GNUC_NO_INLINE void
multiply_copied (const Left  *left,
                 const Right *right,
                 gsize        m,
                 gsize        k,
                 gboolean     add)
{
  float copy[PACKED_DEPTH * COPIED_ROWS] __attribute__ ((aligned (64)));
  const gsize depth = piece (k, PACKED_DEPTH);

  for (gsize row = 0; row < m; row += COPIED_ROWS)
    for (gsize inner = 0; inner == 0 || inner < k; inner += depth)
      {
        Panel panel = {
          .m = MIN (COPIED_ROWS, m - row), .k = MIN (depth, k - inner), .c = right->c + row * right->ldc, .ldc = right->ldc,
          .add = add || inner > 0,
        };

        pack_left (left, row, inner, &panel, copy);
        multiply_panels (right, left->transposed, inner, panel);
      }
}

static void
multiply_in_place (const Left  *left,
                   const Right *right,
                   gsize        m,
                   gsize        k,
                   gboolean     add)
{
  const gsize depth = piece (k, right->pack ? PACKED_DEPTH : UNPACKED_DEPTH);

  for (gsize row = 0; row < m; row += BLOCK_ROWS)
    for (gsize inner = 0; inner == 0 || inner < k; inner += depth)
      {
        const gsize at = left->transposed ? inner * left->ld + row : row * left->ld + inner;
        const Panel panel = {
          .m = MIN (BLOCK_ROWS, m - row), .k = MIN (depth, k - inner), .a = left->floats + at, .lda = left->ld, .next = TILE_ROWS,
          .c = right->c + row * right->ldc, .ldc = right->ldc, .add = add || inner > 0,
        };

        multiply_panels (right, left->transposed, inner, panel);
      }
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
  /* A transposed A strides through memory with the inner index, so that a shorter one keeps it close. */
  const gboolean strides = transpose_a && k > PACKED_DEPTH / 2;
  const Left left = { .transposed = transpose_a, .floats = a, .ld = lda };
  const Right right = {
    .n = n, .transposed = transpose_b, .pack = transpose_b || m >= WORTH_PACKING || strides, .b = b, .ldb = ldb, .c = c, .ldc = ldc,
  };

  (strides && n > 2 * PANEL ? multiply_copied : multiply_in_place) (&left, &right, m, k, add);
}

void
HEFT_KERNEL (heft_kernel_product_bytes) (gboolean      transpose_a,
                                         gboolean      squared,
                                         float         scale,
                                         gsize         m,
                                         gsize         n,
                                         gsize         k,
                                         const guint8 *a,
                                         gsize         lda,
                                         const float  *b,
                                         gsize         ldb,
                                         float        *c,
                                         gsize         ldc)
{
  const Left left = { .transposed = transpose_a, .bytes = a, .ld = lda, .scale = scale, .squared = squared };
  const Right right = {
    .n = n, .pack = m >= WORTH_PACKING || (transpose_a && k > PACKED_DEPTH / 2), .b = b, .ldb = ldb, .c = c, .ldc = ldc,
  };

  multiply_copied (&left, &right, m, k, FALSE);
}

/* Sums of @vectors vectors side by side, the last of which may be a part. */
static inline __attribute__ ((always_inline)) void
sum_columns (const guint  vectors,
             gsize        rows,
             gsize        ld,
             VectorPart   part,
             const float *x,
             float       *out)
{
  const Vector one = vector_set (1.0f);
  Vector sums[4];

#pragma GCC unroll 4
  for (guint v = 0; v < vectors; v++)
    sums[v] = vector_set (0.0f);
  for (gsize r = 0; r < rows; r++, x += ld)
#pragma GCC unroll 4
    for (guint v = 0; v < vectors; v++)
      sums[v] = vector_fma (one, load (x + v * VECTOR_LANES, v + 1 == vectors, part), sums[v]);
#pragma GCC unroll 4
  for (guint v = 0; v < vectors; v++)
    if (v + 1 == vectors)
      vector_store_part (out + v * VECTOR_LANES, part, sums[v]);
    else
      vector_store (out + v * VECTOR_LANES, sums[v]);
}

/* Row after row, as the product with a row of ones. */
void
HEFT_KERNEL (heft_kernel_column_sums) (gsize        rows,
                                       gsize        columns,
                                       gsize        ld,
                                       const float *x,
                                       float       *out)
{
  for (gsize c = 0; c < columns;)
    {
      const gsize left = columns - c;

      if (left > 3 * VECTOR_LANES)
        {
          sum_columns (4, rows, ld, vector_part (MIN (left - 3 * VECTOR_LANES, VECTOR_LANES)), x + c, out + c);
          c += MIN (left, 4 * VECTOR_LANES);
        }
      else
        {
          sum_columns (1, rows, ld, vector_part (MIN (left, VECTOR_LANES)), x + c, out + c);
          c += MIN (left, VECTOR_LANES);
        }
    }
}
