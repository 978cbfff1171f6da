/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>

G_BEGIN_DECLS

/*
 * What convolution and pooling do to one image, channels x height x width. A layer's columns are fan_in x (output height *
 * output width), row-major: column p holds what the kernel sees at output place p, so that with weights W (fan_in x fan_out)
 * the output image is W^T columns.
 */

static inline gsize
heft_shape_size (HeftShape shape)
{
  return shape.channels * shape.height * shape.width;
}

/* Places of one channel of a layer's output. */
static inline gsize
heft_layer_places (const HeftLayer *layer)
{
  return layer->output.height * layer->output.width;
}

#define HEFT_DECLARE_IMAGE(suffix, real)                                                                              \
/* Fills @columns from @image. */                                                                                     \
void heft_image_to_columns_##suffix   (const HeftLayer *layer, const real *image, real *columns);                     \
/* The transpose: adds every entry of @columns to the pixel it came from. */                                          \
void heft_columns_to_image_##suffix   (const HeftLayer *layer, const real *columns, real *image);                     \
/* @winners (size of the output) receives the index into @image of each maximum; the first of equals wins. */         \
void heft_max_pool_##suffix           (const HeftLayer *layer, const real *image, real *output, guint32 *winners);    \
/* Means over windows; padding counts as zeros, as in PyTorch. Also serves tangents. */                               \
void heft_average_pool_##suffix       (const HeftLayer *layer, const real *image, real *output);                      \
/* @image_gradient is set. */                                                                                         \
void heft_average_pool_back_##suffix  (const HeftLayer *layer, const real *output_gradient, real *image_gradient);

HEFT_DECLARE_IMAGE (f32, float)
HEFT_DECLARE_IMAGE (f64, double)

G_END_DECLS
