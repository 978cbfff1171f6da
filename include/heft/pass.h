/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>

G_BEGIN_DECLS

/*
 * One forward and backward pass of a batch through a network, with everything in between kept: what measurements read.
 * It exists in single (f32) and double (f64) precision, compiled from one source. A pass owns its workspace, made up front
 * for @capacity samples, and is used by one thread at a time. Matrices are row-major, a row a sample.
 */
#define HEFT_DECLARE_PASS(Type, prefix, real)                                                                             \
typedef struct _##Type Type;                                                                                              \
Type       *prefix##_new      (HeftNetwork *network, gsize capacity);                                                     \
void        prefix##_free     (Type *self);                                                                               \
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Type, prefix##_free)                                                                       \
/* @weights: k; @inputs: n x d (not copied: must stay valid until the last use of this batch). */                         \
void        prefix##_forward  (Type *self, const real *weights, const real *inputs, gsize n);                             \
/* n x C */                                                                                                               \
const real *prefix##_logits   (const Type *self);                                                                         \
/* Output of operation i (heft_network_get_layer), n x size; i = -1 gives the inputs. */                                  \
const real *prefix##_output   (const Type *self, int i);                                                                  \
/* What enters weight layer l, n x (size of its input shape); without the bias's constant 1. */                           \
const real *prefix##_layer_input (const Type *self, gsize l);                                                             \
/* Backpropagates @logit_gradients (n x C). Deltas of every weight layer are kept. @gradient, if not NULL, is             \
 * set to (not added) the gradient summed over samples, k. */                                                             \
void        prefix##_backward (Type *self, const real *logit_gradients, real *gradient);                                  \
/* d objective / d output of weight layer l before its activation, n x (size of its output), of the last backward. */     \
const real *prefix##_delta    (const Type *self, gsize l);                                                                \
/* d objective / d input, n x d, of the last backward. Computed on request. */                                            \
void        prefix##_input_gradient (Type *self, real *input_gradients);                                                  \
/* Jacobian-vector product: logit tangents (n x C) for a weight @direction (k) and/or an @input_direction (n x d);        \
 * either may be NULL. Only layers in [first, last] of the weight layers count from @direction. The first call makes the  \
 * workspace for tangents. */                                                                                             \
void        prefix##_tangent  (Type *self, const real *direction, gsize first_layer, gsize last_layer,                    \
                               const real *input_direction, real *logit_tangents);                                        \
/* The derivative of the NORMALISATION operation i, a symmetric matrix a sample, applied to n x size of the last forward's batch. */  \
void        prefix##_normalised_tangent (const Type *self, gsize i, const real *in, real *out);                            \
/* Per-sample gradient of weight layer l of sample i: (fan_in + 1) x fan_out, from the factors of the last backward. */   \
void        prefix##_sample_gradient (const Type *self, gsize l, gsize i, real *gradient);                                 \
/* The tangent of the gradient (Pearlmutter's R-operator) along the direction of the last tangent(), which must have been \
 * called on this batch: with d objective / d logits and its tangent along that direction (each n x C) it sets            \
 * @gradient_tangent (k), summed over samples. Deltas are left as backward() would. */                                    \
void        prefix##_backward_tangent (Type *self, const real *logit_gradients, const real *logit_gradient_tangents,      \
                                       real *gradient_tangent);                                                           \
/* Hessian of the summed softmax cross-entropy of the last forward's batch times @direction (k), into @product (k). */    \
void        prefix##_hessian_vector (Type *self, const guint8 *labels, const real *direction, real *product);

HEFT_DECLARE_PASS (HeftPassF32, heft_pass_f32, float)
HEFT_DECLARE_PASS (HeftPassF64, heft_pass_f64, double)

/**
 * HeftLoss:
 *
 * The negative log-likelihood, in nats, of class labels: softmax cross-entropy; a Bernoulli for each output, whose target is 1 where it is
 * the label's; or N(output, deviation^2) for each output with the same targets. See the functions below.
 */
typedef enum
{
  HEFT_LOSS_SOFTMAX,
  HEFT_LOSS_BINARY,
  HEFT_LOSS_GAUSSIAN,
} HeftLossKind;

typedef struct
{
  HeftLossKind kind;
  double       deviation;    /* GAUSSIAN */
} HeftLoss;

/* Softmax cross-entropy: @losses (n, nats, or NULL), @probabilities (n x C, or NULL), @gradients p - e_y (n x C, or NULL). */
void heft_softmax_cross_entropy_f32 (const float *logits, const guint8 *labels, gsize n, gsize n_classes,
                                     float *losses, float *probabilities, float *gradients);
void heft_softmax_cross_entropy_f64 (const double *logits, const guint8 *labels, gsize n, gsize n_classes,
                                     double *losses, double *probabilities, double *gradients);

/* vectors := (diag p - p p^T) vectors, row by row (n x C): the Fisher metric of the softmax on logits, theory.md section 2. */
void heft_softmax_metric_f32 (const float *probabilities, gsize n, gsize n_classes, float *vectors);
void heft_softmax_metric_f64 (const double *probabilities, gsize n, gsize n_classes, double *vectors);

/* Binary cross-entropy on logits, a Bernoulli an output, summed over outputs in nats: with one output the target is the label (0
 * or 1), with C of them output c has the target 1 where the label is c. @losses (n), @probabilities (n x C: the logistic function of
 * the logits) and @gradients (n x C: p - target) may each be NULL. */
void heft_binary_cross_entropy_f32 (const float *logits, const guint8 *labels, gsize n, gsize n_outputs,
                                    float *losses, float *probabilities, float *gradients);
void heft_binary_cross_entropy_f64 (const double *logits, const guint8 *labels, gsize n, gsize n_outputs,
                                    double *losses, double *probabilities, double *gradients);
/* vectors := diag (p (1 - p)) vectors: the Fisher metric of independent Bernoulli outputs on logits. */
void heft_bernoulli_metric_f32 (const float *probabilities, gsize n, gsize n_outputs, float *vectors);
void heft_bernoulli_metric_f64 (const double *probabilities, gsize n, gsize n_outputs, double *vectors);

/* Squared error as the negative log-likelihood, in nats, of N(output, deviation^2 I): |z - t|^2 / (2 deviation^2) +
 * C/2 log(2 pi deviation^2). @targets n x C; @losses (n) and @gradients (n x C) may each be NULL. Its Fisher metric is the
 * identity over deviation^2. */
void heft_squared_error_f32 (const float *outputs, const float *targets, gsize n, gsize n_outputs, double deviation,
                             float *losses, float *gradients);
void heft_squared_error_f64 (const double *outputs, const double *targets, gsize n, gsize n_outputs, double deviation,
                             double *losses, double *gradients);

G_END_DECLS
