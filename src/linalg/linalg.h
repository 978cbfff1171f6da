/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/*
 * Dense linear algebra for the rest of the library: the only folder that calls BLAS and LAPACK.
 *
 * Matrices are row-major; element (i, j) of a matrix with leading dimension ld is m[i * ld + j], and ld is at least the
 * number of stored columns. A call whose shape is impossible (ld too small, a dimension beyond BLAS's int) is a caller's
 * bug: it is reported by g_return_if_fail() and changes nothing. What depends on the numbers themselves (not positive
 * definite, not finite, no convergence) is a GError in HEFT_ERROR. Thread counts are the program's business.
 */

/* --- Memory -------------------------------------------------------------------------------------------------- */

#define HEFT_ALIGNMENT 64   /* bytes: a cache line, and the widest vector register */

/* @n_elements of @element_size bytes, zeroed, 64-byte aligned; ends the program where memory is out, as g_malloc() does. */
gpointer heft_aligned_alloc     (gsize n_elements, gsize element_size) G_GNUC_MALLOC G_GNUC_WARN_UNUSED_RESULT;
/* The same for sizes that a user chose: %NULL with HEFT_ERROR_TOO_LARGE where it overflows or there is no memory. */
gpointer heft_aligned_try_alloc (gsize n_elements, gsize element_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void     heft_aligned_free      (gpointer memory);

static inline void
heft_aligned_cleanup_ (gpointer location)
{
  gpointer memory;

  memcpy (&memory, location, sizeof memory);
  heft_aligned_free (memory);
}

/* Frees a heft_aligned_alloc() pointer at the end of its scope, as g_autofree does. */
#define heft_aligned_autofree _GLIB_CLEANUP (heft_aligned_cleanup_)

#define heft_aligned_new(Type, n) ((Type *) heft_aligned_alloc ((n), sizeof (Type)))

/* --- Preconditions, public for their tests --------------------------------------------------------------------- */

/* Whether a @rows x @columns row-major matrix of leading dimension @ld can be handed to BLAS. */
gboolean heft_matrix_fits (gsize rows, gsize columns, gsize ld);
/* Whether op(A) (m x k) op(B) (k x n) = C (m x n) can. */
gboolean heft_gemm_fits   (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n, gsize k,
                           gsize lda, gsize ldb, gsize ldc);

/* --- Products -------------------------------------------------------------------------------------------------- */

/* C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) is k x n, op transposes where asked. With beta = 0 what C
 * held is never read, so it may be uninitialised. */
void heft_gemm_f32 (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n, gsize k,
                    float alpha, const float *a, gsize lda, const float *b, gsize ldb,
                    float beta, float *c, gsize ldc);
void heft_gemm_f64 (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n, gsize k,
                    double alpha, const double *a, gsize lda, const double *b, gsize ldb,
                    double beta, double *c, gsize ldc);

/* y = alpha op(A) x + beta y; A is stored m x n; vectors are contiguous. */
void heft_gemv_f32 (gboolean transpose, gsize m, gsize n, float alpha, const float *a, gsize lda,
                    const float *x, float beta, float *y);
void heft_gemv_f64 (gboolean transpose, gsize m, gsize n, double alpha, const double *a, gsize lda,
                    const double *x, double beta, double *y);

/* C (n x n, both triangles) = alpha A A^T + beta C, A is n x k; or alpha A^T A + beta C, A is k x n, where @transpose. C
 * must be symmetric where beta is not 0. */
void heft_syrk_f32 (gboolean transpose, gsize n, gsize k, float alpha, const float *a, gsize lda,
                    float beta, float *c, gsize ldc);
void heft_syrk_f64 (gboolean transpose, gsize n, gsize k, double alpha, const double *a, gsize lda,
                    double beta, double *c, gsize ldc);
/* The same in the lower triangle alone: the upper one is neither read nor written. */
void heft_syrk_lower_f32 (gboolean transpose, gsize n, gsize k, float alpha, const float *a, gsize lda,
                          float beta, float *c, gsize ldc);
void heft_syrk_lower_f64 (gboolean transpose, gsize n, gsize k, double alpha, const double *a, gsize lda,
                          double beta, double *c, gsize ldc);

/* C (n x n, lower triangle) += A^T A, A is k x n; skips zeros where that pays. Some of the upper triangle may be written to. */
void heft_add_gram_f32    (gsize n, gsize k, const float *a, gsize lda, float *c, gsize ldc);
void heft_add_gram_f64    (gsize n, gsize k, const double *a, gsize lda, double *c, gsize ldc);

double heft_dot_f64  (gsize n, const double *x, const double *y);
double heft_norm_f64 (gsize n, const double *x);
/* y += alpha x */
void   heft_axpy_f32 (gsize n, float alpha, const float *x, float *y);
void   heft_axpy_f64 (gsize n, double alpha, const double *x, double *y);
void   heft_scale_f64 (gsize n, double alpha, double *x);

/* --- Symmetric eigenproblems ------------------------------------------------------------------------------------- */

/* Eigenvalues of the symmetric @a (n x n, contiguous; its lower triangle is read; destroyed), descending, into @values (n). */
gboolean heft_symmetric_eigenvalues     (gsize n, double *a, double *values, GError **error);
gboolean heft_symmetric_eigenvalues_f32 (gsize n, float *a, float *values, GError **error);
/* The same, and @a becomes the orthonormal eigenvectors: row i belongs to values[i]. */
gboolean heft_symmetric_eigen           (gsize n, double *a, double *values, GError **error);
/* The @n_top largest only; @a is destroyed; @vectors (n_top x n, row i belongs to values[i]) may be NULL. */
gboolean heft_symmetric_eigen_top       (gsize n, double *a, gsize n_top, double *values, double *vectors,
                                         GError **error);
/* Of the symmetric tridiagonal matrix with @diagonal (n) and @off_diagonal (n - 1), both kept: eigenvalues descending, and
 * @vectors (n x n, row i belongs to values[i]), which may be NULL. */
gboolean heft_tridiagonal_eigen         (gsize n, const double *diagonal, const double *off_diagonal,
                                         double *values, double *vectors, GError **error);

/* Singular values of @a (rows x columns, contiguous; destroyed), the smaller of both of them, descending, into @values; and the right
 * singular vectors as rows (as many x columns) into @right, which may be NULL. */
gboolean heft_singular_values           (gsize rows, gsize columns, double *a, double *values, double *right, GError **error);

/* --- Cholesky ---------------------------------------------------------------------------------------------------- */

/* @a (n x n, leading dimension n; its lower triangle is read) becomes L with A = L L^T in the lower triangle; the strict upper
 * triangle is set to zero. HEFT_ERROR_NUMERICAL names the pivot where A is not positive definite. */
gboolean heft_cholesky_factor          (gsize n, double *a, GError **error);
/* Solves A X = B in place: @b is n x m, row-major, leading dimension m; @factor is L. */
void     heft_cholesky_solve           (gsize n, const double *factor, gsize m, double *b);
/* log |A| of the factored matrix. */
double   heft_cholesky_log_determinant (gsize n, const double *factor);

/* Solves L X = B, or L^T X = B where @transpose, in place; L lower triangular n x n, @b n x m. */
void     heft_triangular_solve         (gboolean transpose, gsize n, const double *factor, gsize m, double *b);
/* The same with the @n x @n block that begins at @factor of a matrix of leading dimension @ld. */
void     heft_triangular_solve_block   (gboolean transpose, gsize n, const double *factor, gsize ld, gsize m, double *b);

/* How many threads BLAS uses inside one product, for the whole process. For programs, once at their start: Heft's own
 * workers each call BLAS, so programs set 1. The library never calls this. */
void     heft_blas_set_threads         (guint n_threads);
/* The kernels OpenBLAS chose for this processor, as it names them. */
const char *heft_blas_get_core_name   (void);

G_END_DECLS
