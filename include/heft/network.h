/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>
#include <heft/random.h>

G_BEGIN_DECLS

/**
 * HeftActivation:
 *
 * What stands between layers. Leaky ReLU has the slope 0.01 below 0; GELU is the exact one, x times the normal distribution function.
 */
typedef enum
{
  HEFT_ACTIVATION_LINEAR,
  HEFT_ACTIVATION_RELU,
  HEFT_ACTIVATION_LEAKY_RELU,
  HEFT_ACTIVATION_TANH,
  HEFT_ACTIVATION_SIGMOID,
  HEFT_ACTIVATION_SOFTPLUS,
  HEFT_ACTIVATION_GELU,
} HeftActivation;

/**
 * HeftLayerKind:
 *
 * DENSE and CONVOLUTION carry weights; the others do not.
 */
typedef enum
{
  HEFT_LAYER_DENSE,
  HEFT_LAYER_CONVOLUTION,
  HEFT_LAYER_ACTIVATION,
  HEFT_LAYER_MAX_POOL,
  HEFT_LAYER_AVERAGE_POOL,
  HEFT_LAYER_GLOBAL_AVERAGE_POOL,
  HEFT_LAYER_FLATTEN,
  HEFT_LAYER_NORMALISATION,
  HEFT_LAYER_RESIDUAL_BEGIN,
  HEFT_LAYER_RESIDUAL_END,
} HeftLayerKind;

typedef struct
{
  gsize channels, height, width;   /* a flat vector is d x 1 x 1 */
} HeftShape;

/**
 * HeftLayer:
 *
 * One operation of a network. Where it carries weights they are one (fan_in + 1) x fan_out row-major block of the
 * parameter vector starting at @offset, the bias as the last row: row i, column j is the weight from input i to output
 * j. For a convolution fan_in runs over (channel, row, column) of the kernel and fan_out over output channels.
 */
typedef struct
{
  HeftLayerKind  kind;
  HeftActivation activation;       /* ACTIVATION only */
  HeftShape      input, output;
  gsize          kernel, stride, padding;   /* of a window; kernel of a NORMALISATION is its number of groups */
  gsize          fan_in, fan_out;  /* 0 without weights */
  gsize          offset;           /* into the parameter vector */
  gsize          n_parameters;     /* (fan_in + 1) * fan_out, or 0 */
  gboolean       fixed_bias;       /* the last row stays 0 and is no parameter: heft_network_fix_biases() */
  char           name[24];         /* "dense 1", "conv 2", ... untranslated, unique */
} HeftLayer;

/**
 * HeftNetwork:
 *
 * The description of a network: layers and the layout of its one contiguous parameter vector. It holds no weights.
 * Immutable and atomically reference counted.
 */
typedef struct _HeftNetwork HeftNetwork;

/**
 * heft_network_new:
 * @architecture: the hidden layers, joined by dashes; "" is a linear classifier. The output layer of @n_classes logits is added
 * @activation: what stands between the layers where the text does not say
 * @input: channels x height x width of one sample; features that are no image are 1 x 1 x d
 *
 * The parts of @architecture:
 *
 * |[
 * 256                       dense layer of 256 outputs; what comes before is flattened
 * conv5x16, conv3x16s2p1    convolution: kernel x channels (or kernel x kernel x channels), stride 1 unless s, padding 0 unless p
 * pool2, pool3s2p1          max pooling: width, stride = width unless s, padding 0 unless p (padding never wins)
 * avgpool2                  average pooling, padding counted as zeros
 * gap, flatten              global average pooling; flattening, in the order channel, row, column
 * norm, norm4               layer normalisation; group normalisation in 4 groups: per sample, without weights, epsilon 1e-5
 * relu, tanh, ...           an activation (heft_activation_parse())
 * (conv3x16p1-relu-conv3x16p1)   residual block: what enters is added to what leaves
 * ]|
 *
 * A layer with weights gets @activation unless the text names one before the next such layer; it stands after a
 * normalisation or the end of a residual block where these follow. Batch normalisation is left out on purpose: it makes every
 * sample depend on its batch, so that per-sample gradients, and with them the Fisher, would not exist.
 *
 * Returns: (transfer full): a network, or %NULL with HEFT_ERROR_INVALID_PARAMETER and a sentence that says where the text does not fit
 */
HeftNetwork *heft_network_new   (const char *architecture, HeftActivation activation, HeftShape input,
                                 gsize n_classes, GError **error);
HeftNetwork *heft_network_ref   (HeftNetwork *self);
void         heft_network_unref (HeftNetwork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftNetwork, heft_network_unref)

/**
 * heft_network_fix_biases:
 * @fixed: one a weight layer
 *
 * For networks made elsewhere whose layers have no bias. Their layout stays, so that everything sees one shape of block; the last row
 * of a fixed layer must be 0 and nothing varies it: gradients, tangents and noise there are 0, and it is not counted as a parameter.
 *
 * Returns: (transfer full): a copy of @self
 */
HeftNetwork     *heft_network_fix_biases       (const HeftNetwork *self, const gboolean *fixed);

/**
 * heft_network_name_layers:
 * @names: one a layer with weights, %NULL-terminated: what the file they come from calls them
 *
 * Returns: (transfer full): a copy of @self
 */
HeftNetwork     *heft_network_name_layers      (const HeftNetwork *self, const char *const *names);
/* What the file of @layer (of those with weights) calls it, such as "fc1" or "features.0"; where there is none, the layer's own name. */
const char      *heft_network_get_layer_name   (const HeftNetwork *self, gsize layer);

gsize            heft_network_get_n_parameters (const HeftNetwork *self);        /* k */
/* k without the biases that are fixed: what PyTorch counts. */
gsize            heft_network_get_n_free_parameters (const HeftNetwork *self);
gsize            heft_layer_n_free_parameters  (const HeftLayer *layer);
gsize            heft_network_get_n_layers     (const HeftNetwork *self);        /* all operations */
const HeftLayer *heft_network_get_layer        (const HeftNetwork *self, gsize i);
/* The layers with weights, in order: what "layer" means for KL, Fisher and prior. */
gsize            heft_network_get_n_weight_layers (const HeftNetwork *self);
const HeftLayer *heft_network_get_weight_layer    (const HeftNetwork *self, gsize l);
HeftShape        heft_network_get_input_shape  (const HeftNetwork *self);
gsize            heft_network_get_n_inputs     (const HeftNetwork *self);        /* d */
gsize            heft_network_get_n_classes    (const HeftNetwork *self);        /* C */
const char      *heft_network_get_architecture (const HeftNetwork *self);
/* Multiplications and additions of one sample's forward pass. */
double           heft_network_get_cost         (const HeftNetwork *self);
HeftActivation   heft_network_get_activation   (const HeftNetwork *self);

/**
 * HeftInitialisation:
 *
 * Whose rule the first weights follow; biases are zero. DEFAULT is HE before relu, leaky relu, softplus and gelu, and GLOROT otherwise and
 * for the output layer.
 */
typedef enum
{
  HEFT_INITIALISATION_DEFAULT,
  HEFT_INITIALISATION_HE,          /* normal, variance 2 / fan_in (He et al. 2015) */
  HEFT_INITIALISATION_GLOROT,      /* uniform, variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010) */
  HEFT_INITIALISATION_LECUN,       /* normal, variance 1 / fan_in (LeCun et al. 1998) */
  HEFT_INITIALISATION_ORTHOGONAL,  /* orthonormal rows or columns, whichever are fewer (Saxe et al. 2014), times sqrt 2 before
                                    * an activation that HE is for */
} HeftInitialisation;

/* Normal with variance 2 / fan_in (He et al. 2015) before relu, leaky relu, softplus and gelu, uniform with variance
 * 2 / (fan_in + fan_out) (Glorot and Bengio 2010) otherwise and for the output layer; biases zero. Purpose INITIALISATION, a stream
 * a layer. @weights: k. */
void             heft_network_initialise       (const HeftNetwork *self, guint64 seed, float *weights);
void             heft_network_initialise_by    (const HeftNetwork *self, HeftInitialisation rule, guint64 seed, float *weights);

/* A layer's name as people read it, in their language; files keep the name itself. Names that are not ours stay as they are. */
char            *heft_layer_dup_label (const char *name);

/* The names that architectures and files have for them: "relu", "leaky-relu", ... */
gboolean         heft_activation_parse (const char *text, HeftActivation *activation, GError **error);
const char      *heft_activation_name  (HeftActivation activation);

G_END_DECLS
