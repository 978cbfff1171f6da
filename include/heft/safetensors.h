/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>

G_BEGIN_DECLS

#define HEFT_TENSOR_MAX_DIMENSIONS 8

/**
 * HeftTensorType:
 *
 * What a tensor's elements are. Those of OTHER kinds (integers, booleans, eight-bit floats) are listed but not read.
 */
typedef enum
{
  HEFT_TENSOR_F16,
  HEFT_TENSOR_BF16,
  HEFT_TENSOR_F32,
  HEFT_TENSOR_F64,
  HEFT_TENSOR_OTHER,
} HeftTensorType;

/**
 * HeftTensor:
 * @name: as in the file, valid UTF-8
 * @shape: extents, outermost first
 * @n_elements: their product
 *
 * One entry of a safetensors file.
 */
typedef struct
{
  char          *name;
  HeftTensorType type;
  guint          n_dimensions;
  gsize          shape[HEFT_TENSOR_MAX_DIMENSIONS];
  gsize          n_elements;
  gsize          begin, end;    /* bytes, from the start of the data */
} HeftTensor;

/**
 * HeftSafetensors:
 *
 * A safetensors file in memory (https://github.com/huggingface/safetensors): eight bytes of length, a JSON header, then the
 * tensors' bytes, little-endian and row-major, without gaps.
 */
typedef struct _HeftSafetensors HeftSafetensors;

HeftSafetensors  *heft_safetensors_load         (const char *path, GError **error);
void              heft_safetensors_free         (HeftSafetensors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftSafetensors, heft_safetensors_free)

/* In the order of the bytes in the file. */
gsize             heft_safetensors_get_n_tensors (const HeftSafetensors *self);
const HeftTensor *heft_safetensors_get_tensor    (const HeftSafetensors *self, gsize i);
const HeftTensor *heft_safetensors_find          (const HeftSafetensors *self, const char *name);   /* (nullable) */
/* A text from __metadata__, or NULL. */
const char       *heft_safetensors_get_metadata  (const HeftSafetensors *self, const char *key);
/* (transfer full): @tensor's elements in double precision; NULL with @error where they are no floating-point numbers, or
 * one is not finite. */
double           *heft_safetensors_read          (const HeftSafetensors *self, const HeftTensor *tensor, GError **error);

/**
 * heft_safetensors_save:
 * @tensors: name, type (F32 or F64), n_dimensions and shape of each; offsets are not read
 * @values: one array of doubles a tensor
 * @metadata: (nullable): key, value, key, value, ..., %NULL
 *
 * Writes atomically: @path holds the old file or the new one.
 */
gboolean heft_safetensors_save (const char *path, const HeftTensor *tensors, const double *const *values, gsize n_tensors,
                                const char *const *metadata, GError **error);

/**
 * heft_network_load_safetensors:
 * @path: a file of NAME.weight (out x in, or out x in x kh x kw) and NAME.bias as PyTorch writes them (no NAME.bias: a layer without bias), layers in natural order
 *   of NAME (2 before 10), convolutions before dense layers
 * @architecture: (nullable): every layer in order, sizes optional ("conv-relu-pool2-conv-relu-pool2-flatten-dense"), with the output
 *   layer or without; %NULL takes what the file says, or the layers as they follow, stride 1 and no padding
 * @activation: (nullable): what stands between the layers where the text does not say; %NULL takes what the file says
 * @input: channels x height x width; zeros where the file says it or the first layer is dense
 * @network: (out) (transfer full):
 * @weights: (out) (transfer full): k, in HeftLayer's layout, that is each PyTorch matrix transposed with the bias as last row
 *
 * Returns: FALSE with @error (file, tensor, remedy) where file, text and shapes do not fit together
 */
gboolean heft_network_load_safetensors (const char *path, const char *architecture, const HeftActivation *activation,
                                        HeftShape input, HeftNetwork **network, double **weights, GError **error);

/* Reads "1x28x28" (channels x height x width); FALSE with @error otherwise. */
gboolean heft_shape_parse (const char *text, HeftShape *shape, GError **error);

/**
 * heft_network_save_safetensors:
 * @weights: k
 * @type: F32 or F64
 *
 * Writes PyTorch's layouts under the names that torch.nn.Sequential gives the same operations (0.weight, 0.bias, 2.weight,
 * ...), with architecture, activation and input shape as metadata, so that heft_network_load_safetensors() needs nothing else.
 */
gboolean heft_network_save_safetensors (const char *path, const HeftNetwork *network, const double *weights,
                                        HeftTensorType type, GError **error);

G_END_DECLS
