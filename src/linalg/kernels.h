/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* HeftActivation of the layers above, in its order. */
typedef enum
{
  HEFT_KERNEL_LINEAR,
  HEFT_KERNEL_RELU,
  HEFT_KERNEL_LEAKY_RELU,
  HEFT_KERNEL_TANH,
  HEFT_KERNEL_SIGMOID,
  HEFT_KERNEL_SOFTPLUS,
  HEFT_KERNEL_GELU,
} HeftKernelActivation;

#define HEFT_LEAKY_SLOPE 0.01   /* of leaky relu below zero, as in PyTorch */

/* What one optimiser step needs to know; see the update kernels. */
typedef struct
{
  float rate;            /* Adam: learning rate / (1 - decay1^t); SGD: learning rate */
  float decay1, decay2;  /* Adam's two decays; decay1 is SGD's momentum */
  float scale2;          /* Adam: 1 / sqrt (1 - decay2^t) */
  float epsilon;         /* Adam */
  float beta;            /* times KL in the objective */
  float precision;       /* 1 / lambda^2 of the prior */
} HeftUpdate;

/* One block of the trained vectors, all with the leading dimension of the weights. */
typedef struct
{
  float       *mean;
  float       *log_deviation;              /* mean-field only, as all of the next three */
  float       *variance;                   /* exp (2 log_deviation), kept beside it */
  float       *deviation_moment1, *deviation_moment2;
  float       *mean_moment1, *mean_moment2;  /* SGD uses the first alone */
  const float *centre;                     /* of the prior, or NULL for zero */
} HeftUpdateBlock;

/* Sums over the block after the update, added to what is there. */
typedef struct
{
  double square;         /* of E_Q (w - centre)^2 */
  double log_deviation;
  double gradient;       /* of the squared gradient of the objective */
  double cost;           /* of -log P at the drawn weights, where P is a mixture */
} HeftUpdateSums;

/* How the gradient of the loss reaches log sigma. */
typedef enum
{
  HEFT_CHAIN_NONE,           /* a point */
  HEFT_CHAIN_VARIANCE,       /* local reparametrisation: @second is d/dsigma^2 */
  HEFT_CHAIN_DISPLACEMENT,   /* Flipout: @second is d/d(sigma eps) */
  HEFT_CHAIN_DRAW,           /* weight sampling: @gradient is that at the drawn weights */
  HEFT_CHAIN_CURVATURE,      /* IVON: @second becomes gradient sigma eps / sigma^2; no KL */
} HeftKernelChain;

/* What turns gradients of the loss into those of loss + beta KL. */
typedef struct
{
  HeftKernelChain chain;
  float           beta, precision;          /* precision 0 where P is a mixture */
  gboolean        mixture;
  float           log_share1, log_share2;   /* log (share / lambda) of the two components */
  float           precision1, precision2;
  guint           rank;
  const float    *z;                        /* rank: the layer's draw */
  const float    *inverse;                  /* rank x rank: (I + V^T diag(1/sigma^2) V)^-1 */
} HeftCodeGradient;

typedef struct
{
  const float *mean, *centre, *variance;
  const float *displacement, *weights;      /* sigma eps and the drawn weights; NULL where nothing was drawn */
  const float *factors;                     /* direction j is @stride numbers behind the one before */
  gsize        stride;
  float       *gradient;                    /* of the loss, becomes that of the objective with respect to the mean */
  float       *second;                      /* see HeftKernelChain; becomes that with respect to log sigma */
  float       *factor_gradients;
} HeftCodeGradientBlock;

/* One step of IVON. */
typedef struct
{
  float rate;            /* learning rate (h0 + delta) */
  float decay1, decay2;
  float correction;      /* 1 / (1 - decay1^t) */
  float delta;           /* beta / lambda^2 */
  float log_beta;
} HeftIvon;

/* |log sigma| never exceeds this: sigma and its square stay finite numbers. */
#define HEFT_KERNEL_MAX_LOG_DEVIATION 40.0f

/* A window that slides over an image. */
typedef struct
{
  gsize channels, height, width;
  gsize out_height, out_width;
  gsize kernel, stride;
  gsize padding;         /* of max pooling: such places never win */
} HeftWindow;

/*
 * Vector kernels, compiled from one source for several instruction sets (see kernels/) and chosen at run time. Every
 * variant gives the same bits: the kernels use no fused multiply-add and no reassociation, and reductions run over 16 fixed lanes.
 * Products alone are exempt: v3 and v4, which agree, fuse each multiplication with its addition, "plain" rounds both.
 * Buffers need no alignment; out never overlaps an input unless a comment says so.
 */
typedef struct
{
  const char *name;    /* "v4", "v3" (of x86-64), "plain" */

  /* Philox 4x32-10 under @key: block b (64 words) holds the outputs of the 16 counters (16 b + lane, step), word by word. */
  void (*philox)  (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, guint32 *out);
  /* The same blocks turned into standard normals, Box-Muller on words (0, 1) and (2, 3) of each counter. */
  void (*normals) (const guint32 key[2], guint64 step, guint64 first_block, gsize n_blocks, float *out);

  /* --- Products ------------------------------------------------------------------------------------------------------------- */

  /* C (m x n) = op(A) op(B), or C + op(A) op(B) where @add; op(A) is m x k, op(B) k x n, all row-major. An element's terms are added in
   * the order of the inner index, so its bits do not depend on the block of C it is computed in. C overlaps neither input. For the
   * shapes of training (up to some hundreds of rows or inner elements) this is faster than heft_gemm_f32(). */
  void (*product) (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n, gsize k, const float *a, gsize lda,
                   const float *b, gsize ldb, gboolean add, float *c, gsize ldc);
  /* C = op(A) B with A's numbers being bytes times @scale, or the squares of those: with the same bits as if they had been stored. */
  void (*product_bytes) (gboolean transpose_a, gboolean squared, float scale, gsize m, gsize n, gsize k, const guint8 *a, gsize lda,
                         const float *b, gsize ldb, float *c, gsize ldc);

  /* Which numbers of op(A) (m x k) are not zero: bit p of word b m + i of @marks (k / HEFT_KERNEL_MARKS x m, rounded up) is element
   * (i, HEFT_KERNEL_MARKS b + p). Returns how many. */
  gsize (*mark)         (gboolean transpose, gsize m, gsize k, const float *a, gsize lda, guint64 *marks);
  /* C as of product() without transposing B, bit for bit where B is finite, but only terms that @marks, of op(A), names. @lower: elements
   * above the diagonal may be left as they are. */
  void (*sparse_product) (gboolean transpose_a, gboolean lower, gsize m, gsize n, gsize k, const guint64 *marks, const float *a,
                          gsize lda, const float *b, gsize ldb, gboolean add, float *c, gsize ldc);

  /* --- On blocks of row-major matrices: @rows x @columns with leading dimension @ld ---------------------------------------- */

  /* Bytes times @scale. */
  void (*scale_bytes)    (gsize n, float scale, const guint8 *bytes, float *out);
  void (*square)         (gsize n, const float *x, float *out);
  /* @out may be @x. */
  void (*exponential)    (gsize n, const float *x, float *out);
  /* @h holds the pre-activation without its bias and becomes the activation; @slope becomes its derivative (not written for
   * LINEAR). */
  void (*activate)       (HeftKernelActivation kind, gsize rows, gsize columns, gsize ld, const float *bias,
                          float *h, float *slope);
  /* Local reparametrisation: @h holds the mean, @squares the variance (both without bias), @noise standard normals; they become
   * the activation of z = mean + sqrt(variance) noise, its square, and dz/dvariance. */
  void (*activate_noisy) (HeftKernelActivation kind, gsize rows, gsize columns, gsize ld, const float *bias,
                          const float *bias_variance, float *h, float *squares, float *slope, float *noise);
  /* @dz holds the gradient with respect to the activation; @slope NULL is 1. */
  void (*backward)       (gsize rows, gsize columns, gsize ld, const float *slope, float *dz);
  /* @dz and @dv hold the gradients with respect to the activation and its square, and become those with respect to mean
   * and variance. */
  void (*backward_noisy) (gsize rows, gsize columns, gsize ld, const float *h, const float *slope, const float *noise,
                          float *dz, float *dv);
  void (*multiply)       (gsize n, const float *x, const float *y, float *out);
  /* @gradient += 2 x square_gradient: what a gradient with respect to x^2 adds to that with respect to x. */
  void (*add_square_gradient) (gsize n, const float *x, const float *square_gradient, float *gradient);
  /* @out += @x, both with the leading dimension @ld. */
  void (*accumulate)     (gsize rows, gsize columns, gsize ld, const float *x, float *out);
  void (*column_sums)    (gsize rows, gsize columns, gsize ld, const float *x, float *out);
  double (*sum_squares)  (gsize n, const float *x);
  /* Softmax cross-entropy, @z contiguous: logits become @scale (p - e_y); @losses (rows) in nats. Returns how many rows are
   * misclassified. */
  gsize (*softmax)       (gsize rows, gsize classes, float scale, const guint8 *labels, float *z, float *losses);

  /* --- On one image that lies place by place: row, column, channel --------------------------------------------------------- */

  /* A convolution's weights are (kernel row, kernel column, channel) x outputs, rows of @ld numbers, a multiple of
   * HEFT_KERNEL_CHANNELS; padding is part of the image. Sums are fused where the processor can, so that these, like BLAS, may
   * differ in their last bits from one instruction set to another. @output: places x outputs, set. */
  void (*convolve)         (const HeftWindow *window, gsize n_outputs, const float *image, const float *weights, gsize ld,
                            float *output);
  /* Adds to the gradient at @image what @delta (places x outputs) makes of it. @transposed: for each kernel place outputs x channels,
   * rows of @ld numbers. */
  void (*convolve_back)    (const HeftWindow *window, gsize n_outputs, const float *delta, const float *transposed, gsize ld,
                            float *image);
  /* Adds to the weights' @gradient and, as its last row, the bias's. Up to HEFT_KERNEL_CHANNELS numbers behind @delta are read. */
  void (*convolve_weights) (const HeftWindow *window, gsize n_outputs, const float *image, const float *delta, float *gradient,
                            gsize ld);
  /* The maximum of each window and channel, its place in the window, and what two more images (or NULL) hold there. */
  void (*max_pool)         (const HeftWindow *window, const float *image, const float *extra1, const float *extra2,
                            float *output, float *out_extra1, float *out_extra2, guint32 *winners);
  /* Adds @gradient to the places that won. */
  void (*max_pool_back)    (const HeftWindow *window, const guint32 *winners, const float *gradient, float *image);
  /* The same into an image that is set. */
  void (*max_pool_spread)  (const HeftWindow *window, const guint32 *winners, const float *gradient, float *image);

  /* --- Optimiser steps, fused with the gradient of beta KL, the chain rule to log sigma and the sums KL needs --------------- */

  /* @gradient (and @variance_gradient, with respect to sigma^2) have leading dimension @gradient_ld. */
  void (*adam_mean_field) (gsize rows, gsize columns, gsize ld, const HeftUpdate *update, HeftUpdateBlock block,
                           const float *gradient, const float *variance_gradient, gsize gradient_ld, HeftUpdateSums *sums);
  void (*sgd_mean_field)  (gsize rows, gsize columns, gsize ld, const HeftUpdate *update, HeftUpdateBlock block,
                           const float *gradient, const float *variance_gradient, gsize gradient_ld, HeftUpdateSums *sums);
  /* A point has no KL, and whoever wants the gradient's length has summed its squares before. */
  void (*adam_dirac)      (gsize rows, gsize columns, gsize ld, const HeftUpdate *update, HeftUpdateBlock block,
                           const float *gradient, gsize gradient_ld);
  void (*sgd_dirac)       (gsize rows, gsize columns, gsize ld, const HeftUpdate *update, HeftUpdateBlock block,
                           const float *gradient, gsize gradient_ld);
  /* The sums of a posterior as it stands (gradient untouched); @block.variance may be NULL for a Dirac. */
  void (*measure)         (gsize rows, gsize columns, gsize ld, HeftUpdateBlock block, HeftUpdateSums *sums);

  /* --- Codes whose gradient is had as a whole before anything changes: contiguous weights ----------------------------------- */

  /* @displacement holds standard normals and becomes sigma eps; @weights becomes mean + sigma eps. */
  void (*draw)            (gsize n, const float *mean, const float *log_deviation, float *displacement, float *weights);
  void (*scale)           (gsize n, float factor, float *x);
  /* Clamps log sigma and takes the variances from it. */
  void (*refresh)         (gsize n, float *log_deviation, float *variance);
  void (*code_gradient)   (gsize n, const HeftCodeGradient *o, HeftCodeGradientBlock block, HeftUpdateSums *sums);
  /* Moments: mean_moment1 the gradient's, deviation_moment1 the Hessian estimate. */
  void (*ivon)            (gsize n, const HeftIvon *update, HeftUpdateBlock block, const float *gradient, const float *curvature);
  /* Adds V^T diag(1/variance) V to the lower triangle of @gram (rank x rank), and |V|^2 to @square. */
  void (*weighted_gram)   (gsize n, guint rank, const float *factors, gsize stride, const float *variance, double *gram,
                           double *square);

  /* --- Flipout (Wen et al. 2018): inputs and outputs of the perturbation times signs; a sign is the highest bit of a word ---- */

  /* @x with the signs of @words; @out may be @words. */
  void (*flip)            (gsize n, const float *x, const guint32 *words, float *out);
  /* @noise holds words, and becomes 1 or -1; @h += noise (perturbation + bias). */
  void (*flip_outputs)    (gsize rows, gsize columns, gsize ld, const float *bias, const float *perturbation, float *noise, float *h);
  /* As backward_noisy, with the inputs' signs being those in which @h and @flipped differ. */
  void (*backward_flipped) (gsize rows, gsize columns, gsize ld, const float *h, const float *flipped, const float *slope,
                            const float *noise, float *dz, float *dv);
  /* What a gradient with respect to @flipped adds to that with respect to @x. */
  void (*add_flipped_gradient) (gsize n, const float *x, const float *flipped, const float *flipped_gradient, float *gradient);
} HeftKernels;

/* Channels of an image are filled up to a multiple of this in matrices that @ld counts. */
#define HEFT_KERNEL_CHANNELS 16

#define HEFT_KERNEL_MARKS 64   /* numbers a word of marks */

#define HEFT_KERNEL_BLOCK 64   /* words or normals a Philox block */

/* The best variant this processor runs. */
const HeftKernels *heft_kernels (void);
/* Variant @i, best first, that this processor runs; NULL past the last. For tests and benchmarks. */
const HeftKernels *heft_kernels_variant (guint i);

G_END_DECLS
