/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/network.h>

#include "nn/activation.h"
#include "nn/architecture.h"
#include "nn/image.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

/* More than these no desktop trains: at a dozen numbers a weight and a batch of 128 they fill its memory. Every workspace is
 * made in proportion to them, so that no text and no file can ask for what ends the program. */
#define MOST_PARAMETERS  ((gsize) 100000000)
#define MOST_ACTIVATIONS ((gsize) 10000000)   /* of all layers, for one sample */

#define MOST_KERNEL      127     /* so that no product of sizes can overflow */

struct _HeftNetwork
{
  gatomicrefcount ref_count;
  char           *architecture;
  HeftActivation  activation;
  HeftShape       input;
  gsize           n_classes;
  gsize           n_parameters;
  GArray         *layers;          /* HeftLayer */
  GArray         *weight_layers;   /* guint, indices into layers */
  char          **file_names;      /* of the layers with weights in the file they came from, or NULL */
};

typedef struct
{
  HeftNetwork    *network;
  const HeftWord *word;            /* what is being placed, for messages */
  HeftShape       shape;           /* of what leaves the last layer */
  gboolean        flat;
  GArray         *blocks;          /* HeftShape: what entered each open residual block */
  gsize           n_activations;
  gboolean        pending;         /* the last layer with weights has no activation yet */
  guint           counts[HEFT_LAYER_RESIDUAL_END + 1];
} Builder;

static const char * const layer_names[] =
{
  [HEFT_LAYER_DENSE]               = "dense",
  [HEFT_LAYER_CONVOLUTION]         = "conv",
  [HEFT_LAYER_ACTIVATION]          = "activation",
  [HEFT_LAYER_MAX_POOL]            = "pool",
  [HEFT_LAYER_AVERAGE_POOL]        = "avgpool",
  [HEFT_LAYER_GLOBAL_AVERAGE_POOL] = "gap",
  [HEFT_LAYER_FLATTEN]             = "flatten",
  [HEFT_LAYER_NORMALISATION]       = "norm",
  [HEFT_LAYER_RESIDUAL_BEGIN]      = "residual begin",
  [HEFT_LAYER_RESIDUAL_END]        = "residual end",
};

static gboolean
refuse (Builder    *builder,
        GError    **error,
        const char *format,
        ...) G_GNUC_PRINTF (3, 4);

static gboolean
refuse (Builder    *builder,
        GError    **error,
        const char *format,
        ...)
{
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return heft_architecture_refuse (builder->network->architecture, builder->word, reason, error);
}

static gboolean
has_weights (HeftLayerKind kind)
{
  return kind == HEFT_LAYER_DENSE || kind == HEFT_LAYER_CONVOLUTION;
}

/* Appends @layer, whose output shape and fans are known, behind what is there. */
static gboolean
append (Builder  *builder,
        HeftLayer layer,
        GError  **error)
{
  HeftNetwork *network = builder->network;

  layer.input = builder->shape;
  layer.offset = network->n_parameters;
  if (layer.kind == HEFT_LAYER_DENSE)
    layer.input = (HeftShape) { heft_shape_size (builder->shape), 1, 1 };
  builder->n_activations += heft_shape_size (layer.output);
  if (builder->n_activations > MOST_ACTIVATIONS)
    return refuse (builder, error, _("the network would keep more than %zu numbers for every sample"), MOST_ACTIVATIONS);
  if (has_weights (layer.kind))
    {
      guint index = network->layers->len;

      layer.n_parameters = (layer.fan_in + 1) * layer.fan_out;
      if (network->n_parameters + layer.n_parameters > MOST_PARAMETERS)
        return refuse (builder, error,
                       _("the network would have more than %zu weights"), MOST_PARAMETERS);
      g_array_append_val (network->weight_layers, index);
      g_snprintf (layer.name, sizeof layer.name, "%s %u", layer_names[layer.kind], network->weight_layers->len);
    }
  else
    g_snprintf (layer.name, sizeof layer.name, "%s %u", layer_names[layer.kind], ++builder->counts[layer.kind]);

  network->n_parameters += layer.n_parameters;
  builder->shape = layer.output;
  g_array_append_val (network->layers, layer);
  return TRUE;
}

static gboolean
append_activation (Builder       *builder,
                   HeftActivation activation,
                   GError       **error)
{
  builder->pending = FALSE;
  return append (builder, (HeftLayer) { .kind = HEFT_LAYER_ACTIVATION, .activation = activation,
                                        .output = builder->shape }, error);
}

static gboolean
append_flatten (Builder *builder,
                GError **error)
{
  builder->flat = TRUE;
  return append (builder, (HeftLayer) { .kind = HEFT_LAYER_FLATTEN,
                                        .output = { heft_shape_size (builder->shape), 1, 1 } }, error);
}

static gboolean
append_dense (Builder *builder,
              gsize    n_outputs,
              GError **error)
{
  /* An image that enters the network is a row of numbers already. */
  if (!builder->flat && builder->network->layers->len > 0 && !append_flatten (builder, error))
    return FALSE;

  builder->flat = TRUE;
  return append (builder, (HeftLayer) { .kind = HEFT_LAYER_DENSE, .fan_in = heft_shape_size (builder->shape),
                                        .fan_out = n_outputs, .output = { n_outputs, 1, 1 } }, error);
}

/* The shape that a window leaves of the current image. */
static gboolean
slide_window (Builder   *builder,
              gsize      channels,
              HeftShape *output,
              GError   **error)
{
  const HeftWord *word = builder->word;
  HeftShape in = builder->shape;

  if (word->kernel > MOST_KERNEL || word->padding > MOST_KERNEL)
    return refuse (builder, error, _("a window or a padding of more than %d is not supported"), MOST_KERNEL);
  if (builder->flat)
    return refuse (builder, error, _("it needs an image, but what reaches it is a vector of %zu numbers"),
                   heft_shape_size (in));
  if (in.height + 2 * word->padding < word->kernel || in.width + 2 * word->padding < word->kernel)
    return refuse (builder, error,
                   _("its window of %zu x %zu is larger than the image of %zu"
                     " x %zu (height x width) that reaches it"),
                   word->kernel, word->kernel, in.height, in.width);

  output->channels = channels;
  output->height = (in.height + 2 * word->padding - word->kernel) / word->stride + 1;
  output->width = (in.width + 2 * word->padding - word->kernel) / word->stride + 1;
  return TRUE;
}

static gboolean
append_convolution (Builder *builder,
                    GError **error)
{
  const HeftWord *word = builder->word;
  HeftLayer layer = { .kind = HEFT_LAYER_CONVOLUTION, .kernel = word->kernel, .stride = word->stride,
                      .padding = word->padding, .fan_out = word->size };

  if (word->kernel == 0)
    return refuse (builder, error, _("a convolution needs its kernel and channels, as in conv5x16"));
  if (!slide_window (builder, word->size, &layer.output, error))
    return FALSE;

  layer.fan_in = builder->shape.channels * word->kernel * word->kernel;
  return append (builder, layer, error);
}

static gboolean
append_pool (Builder *builder,
             GError **error)
{
  const HeftWord *word = builder->word;
  HeftLayer layer = { .kind = word->kind, .kernel = word->kernel, .stride = word->stride, .padding = word->padding };

  return slide_window (builder, builder->shape.channels, &layer.output, error) && append (builder, layer, error);
}

static gboolean
append_normalisation (Builder *builder,
                      GError **error)
{
  gsize groups = builder->word->size;

  if (builder->shape.channels % groups != 0)
    return refuse (builder, error, _("%zu channels cannot be divided into %zu groups"),
                   builder->shape.channels, groups);
  if (heft_shape_size (builder->shape) / groups < 2)
    return refuse (builder, error, _("a group of one number cannot be normalised"));

  return append (builder, (HeftLayer) { .kind = HEFT_LAYER_NORMALISATION, .kernel = groups,
                                        .output = builder->shape }, error);
}

static gboolean
append_residual (Builder *builder,
                 GError **error)
{
  HeftShape entered;

  if (builder->word->kind == HEFT_LAYER_RESIDUAL_BEGIN)
    {
      g_array_append_val (builder->blocks, builder->shape);
      return append (builder, (HeftLayer) { .kind = HEFT_LAYER_RESIDUAL_BEGIN, .output = builder->shape }, error);
    }
  if (builder->blocks->len == 0)
    return refuse (builder, error, _("there is no “(” to which this “)” belongs"));

  entered = g_array_index (builder->blocks, HeftShape, builder->blocks->len - 1);
  g_array_set_size (builder->blocks, builder->blocks->len - 1);
  if (entered.channels != builder->shape.channels || entered.height != builder->shape.height
      || entered.width != builder->shape.width)
    return refuse (builder, error,
                   _("a residual block must keep its shape, but %zu x %zu x %zu"
                     " enters this one and %zu x %zu x %zu leaves it"),
                   entered.channels, entered.height, entered.width,
                   builder->shape.channels, builder->shape.height, builder->shape.width);
  return append (builder, (HeftLayer) { .kind = HEFT_LAYER_RESIDUAL_END, .output = builder->shape }, error);
}

/* Whether the text names an activation between @words[i] and the next layer with weights. */
static gboolean
names_activation (GArray *words,
                  guint   i)
{
  for (; i < words->len; i++)
    {
      HeftLayerKind kind = g_array_index (words, HeftWord, i).kind;

      if (kind == HEFT_LAYER_ACTIVATION)
        return TRUE;
      if (has_weights (kind) || kind == HEFT_LAYER_RESIDUAL_BEGIN)
        return FALSE;
    }
  return FALSE;
}

static gboolean
append_word (Builder *builder,
             GError **error)
{
  const HeftWord *word = builder->word;

  switch (word->kind)
    {
    case HEFT_LAYER_DENSE:
      if (word->size == 0)
        return refuse (builder, error, _("a dense layer needs its number of outputs, as in 256"));
      return append_dense (builder, word->size, error);
    case HEFT_LAYER_CONVOLUTION:
      return append_convolution (builder, error);
    case HEFT_LAYER_ACTIVATION:
      return append_activation (builder, word->activation, error);
    case HEFT_LAYER_MAX_POOL:
    case HEFT_LAYER_AVERAGE_POOL:
      return append_pool (builder, error);
    case HEFT_LAYER_GLOBAL_AVERAGE_POOL:
      if (builder->flat)
        return refuse (builder, error, _("it needs an image, but what reaches it is a vector"));
      builder->flat = TRUE;
      return append (builder, (HeftLayer) { .kind = HEFT_LAYER_GLOBAL_AVERAGE_POOL,
                                            .output = { builder->shape.channels, 1, 1 } }, error);
    case HEFT_LAYER_FLATTEN:
      return append_flatten (builder, error);
    case HEFT_LAYER_NORMALISATION:
      return append_normalisation (builder, error);
    case HEFT_LAYER_RESIDUAL_BEGIN:
    case HEFT_LAYER_RESIDUAL_END:
      return append_residual (builder, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

static gboolean
build (Builder *builder,
       GArray  *words,
       GError **error)
{
  HeftNetwork *network = builder->network;

  for (guint i = 0; i < words->len; i++)
    {
      const HeftWord *word = &g_array_index (words, HeftWord, i);
      /* Normalisation and the end of a residual block stand between a layer and its activation. */
      gboolean waits = word->kind == HEFT_LAYER_NORMALISATION || word->kind == HEFT_LAYER_RESIDUAL_END;

      if (builder->pending && !waits && !append_activation (builder, network->activation, error))
        return FALSE;
      builder->word = word;
      if (!append_word (builder, error))
        return FALSE;
      if (has_weights (word->kind))
        builder->pending = !names_activation (words, i + 1);
    }
  if (builder->blocks->len > 0)
    return refuse (builder, error, _("a residual block is opened by “(” and never closed"));
  if (builder->pending && !append_activation (builder, network->activation, error))
    return FALSE;

  builder->word = &(HeftWord) { .text = "output", .part = words->len + 1 };
  return append_dense (builder, network->n_classes, error);
}

HeftNetwork *
heft_network_new (const char    *architecture,
                  HeftActivation activation,
                  HeftShape      input,
                  gsize          n_classes,
                  GError       **error)
{
  g_autoptr (HeftNetwork) network = NULL;
  g_autoptr (GArray) words = NULL;
  g_autoptr (GArray) blocks = NULL;
  Builder builder = { .shape = input };

  g_return_val_if_fail (architecture != NULL, NULL);
  g_return_val_if_fail (heft_activation_name (activation) != NULL, NULL);

  if (n_classes < 1 || n_classes > 100000 || input.channels == 0 || input.height == 0 || input.width == 0
      || input.channels > MOST_ACTIVATIONS || input.height > MOST_ACTIVATIONS || input.width > MOST_ACTIVATIONS
      || heft_shape_size (input) > MOST_ACTIVATIONS)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("No network can take inputs of %zu x %zu x %zu"
                     " and tell %zu classes apart; check the data."),
                   input.channels, input.height, input.width, n_classes);
      return NULL;
    }

  words = heft_architecture_parse (architecture, error);
  if (words == NULL)
    return NULL;

  network = g_new0 (HeftNetwork, 1);
  g_atomic_ref_count_init (&network->ref_count);
  network->architecture = g_strstrip (g_strdup (architecture));
  network->activation = activation;
  network->input = input;
  network->n_classes = n_classes;
  network->layers = g_array_new (FALSE, FALSE, sizeof (HeftLayer));
  network->weight_layers = g_array_new (FALSE, FALSE, sizeof (guint));
  blocks = g_array_new (FALSE, FALSE, sizeof (HeftShape));
  builder.network = network;
  builder.blocks = blocks;
  if (!build (&builder, words, error))
    return NULL;

  return g_steal_pointer (&network);
}

HeftNetwork *
heft_network_ref (HeftNetwork *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
heft_network_unref (HeftNetwork *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_array_unref (self->layers);
  g_array_unref (self->weight_layers);
  g_strfreev (self->file_names);
  g_free (self->architecture);
  g_free (self);
}

static HeftNetwork *
copy (const HeftNetwork *self)
{
  HeftNetwork *copied = g_memdup2 (self, sizeof *self);

  g_atomic_ref_count_init (&copied->ref_count);
  copied->architecture = g_strdup (self->architecture);
  copied->layers = g_array_copy (self->layers);
  copied->weight_layers = g_array_copy (self->weight_layers);
  copied->file_names = g_strdupv (self->file_names);
  return copied;
}

HeftNetwork *
heft_network_fix_biases (const HeftNetwork *self,
                         const gboolean    *fixed)
{
  HeftNetwork *fixing;

  g_return_val_if_fail (self != NULL && fixed != NULL, NULL);

  fixing = copy (self);
  for (guint l = 0; l < fixing->weight_layers->len; l++)
    g_array_index (fixing->layers, HeftLayer, g_array_index (fixing->weight_layers, guint, l)).fixed_bias = fixed[l];
  return fixing;
}

HeftNetwork *
heft_network_name_layers (const HeftNetwork *self,
                          const char *const *names)
{
  HeftNetwork *named;

  g_return_val_if_fail (self != NULL && names != NULL, NULL);
  g_return_val_if_fail (g_strv_length ((char **) names) == self->weight_layers->len, NULL);

  named = copy (self);
  g_strfreev (named->file_names);
  named->file_names = g_strdupv ((char **) names);
  return named;
}

const char *
heft_network_get_layer_name (const HeftNetwork *self,
                             gsize              layer)
{
  g_return_val_if_fail (self != NULL && layer < self->weight_layers->len, NULL);

  if (self->file_names != NULL && self->file_names[layer][0] != '\0')
    return self->file_names[layer];
  return heft_network_get_weight_layer (self, layer)->name;
}

gsize
heft_network_get_n_parameters (const HeftNetwork *self)
{
  return self->n_parameters;
}

gsize
heft_layer_n_free_parameters (const HeftLayer *layer)
{
  return layer->n_parameters - (layer->fixed_bias ? layer->fan_out : 0);
}

gsize
heft_network_get_n_free_parameters (const HeftNetwork *self)
{
  gsize k = 0;

  for (guint l = 0; l < self->weight_layers->len; l++)
    k += heft_layer_n_free_parameters (heft_network_get_weight_layer (self, l));
  return k;
}

gsize
heft_network_get_n_layers (const HeftNetwork *self)
{
  return self->layers->len;
}

const HeftLayer *
heft_network_get_layer (const HeftNetwork *self,
                        gsize              i)
{
  g_return_val_if_fail (i < self->layers->len, NULL);

  return &g_array_index (self->layers, HeftLayer, i);
}

gsize
heft_network_get_n_weight_layers (const HeftNetwork *self)
{
  return self->weight_layers->len;
}

const HeftLayer *
heft_network_get_weight_layer (const HeftNetwork *self,
                               gsize              l)
{
  g_return_val_if_fail (l < self->weight_layers->len, NULL);

  return heft_network_get_layer (self, g_array_index (self->weight_layers, guint, l));
}

HeftShape
heft_network_get_input_shape (const HeftNetwork *self)
{
  return self->input;
}

gsize
heft_network_get_n_inputs (const HeftNetwork *self)
{
  return heft_shape_size (self->input);
}

gsize
heft_network_get_n_classes (const HeftNetwork *self)
{
  return self->n_classes;
}

const char *
heft_network_get_architecture (const HeftNetwork *self)
{
  return self->architecture;
}

char *
heft_layer_dup_label (const char *name)
{
  const char *number = strrchr (name, ' ');

  /* Sequential of PyTorch knows its layers by their places alone. */
  if (name[0] != '\0' && strspn (name, "0123456789") == strlen (name))
    return g_strdup_printf (_("layer %s"), name);
  if (number == NULL || strspn (number + 1, "0123456789") != strlen (number + 1) || number[1] == '\0')
    return g_strdup (name);
  if (g_str_has_prefix (name, "dense ") && number == name + strlen ("dense"))
    return g_strdup_printf (_("dense %s"), number + 1);
  if (g_str_has_prefix (name, "conv ") && number == name + strlen ("conv"))
    return g_strdup_printf (_("conv %s"), number + 1);

  return g_strdup (name);
}

double
heft_network_get_cost (const HeftNetwork *self)
{
  double cost = 0;

  for (gsize l = 0; l < heft_network_get_n_weight_layers (self); l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (self, l);
      double places = layer->kind == HEFT_LAYER_DENSE ? 1 : (double) (layer->output.height * layer->output.width);

      cost += 2 * (double) layer->n_parameters * places;
    }
  return cost;
}

HeftActivation
heft_network_get_activation (const HeftNetwork *self)
{
  return self->activation;
}
