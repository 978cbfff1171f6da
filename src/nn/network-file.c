/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/safetensors.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <string.h>

#include "nn/architecture.h"
#include "nn/image.h"

#define KEY_ARCHITECTURE "heft.architecture"
#define KEY_ACTIVATION   "heft.activation"
#define KEY_INPUT        "heft.input"

/* A layer as the file has it. */
typedef struct
{
  char             *name;      /* NAME of NAME.weight, perhaps empty */
  const HeftTensor *weight;    /* out x in, or out x in x kernel x kernel */
  const HeftTensor *bias;      /* out; NULL for a layer without one */
} FileLayer;

typedef struct
{
  const char      *path;
  char            *shown;
  HeftSafetensors *file;
  GArray          *layers;     /* FileLayer, in order */
} NetworkFile;

static void
clear_layer (gpointer data)
{
  g_free (((FileLayer *) data)->name);
}

static void
network_file_clear (NetworkFile *self)
{
  g_clear_pointer (&self->shown, g_free);
  g_clear_pointer (&self->file, heft_safetensors_free);
  g_clear_pointer (&self->layers, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetworkFile, network_file_clear)

static gboolean
is_convolution (const FileLayer *layer)
{
  return layer->weight->n_dimensions == 4;
}

/* Like strcmp(), but runs of digits compare as numbers: 2 before 10. */
static int
compare_natural (const char *a, const char *b)
{
  while (*a != '\0' && *b != '\0')
    {
      if (g_ascii_isdigit (*a) && g_ascii_isdigit (*b))
        {
          gsize n, m;
          int order;

          a += strspn (a, "0");
          b += strspn (b, "0");
          n = strspn (a, "0123456789");
          m = strspn (b, "0123456789");
          order = n != m ? (n < m ? -1 : 1) : strncmp (a, b, n);
          if (order != 0)
            return order;
          a += n;
          b += m;
        }
      else if (*a != *b)
        return (guchar) *a < (guchar) *b ? -1 : 1;
      else
        {
          a++;
          b++;
        }
    }
  return (*a != '\0') - (*b != '\0');
}

/* Convolutions come first, since nothing here leads back from a vector to an image. */
static gint
compare_layers (gconstpointer a, gconstpointer b)
{
  const FileLayer *first = a, *second = b;

  if (is_convolution (first) != is_convolution (second))
    return is_convolution (first) ? -1 : 1;
  return compare_natural (first->name, second->name);
}

static gboolean
refuse_tensor (const NetworkFile *self, const char *tensor, GError **error, const char *reason)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
               /* Translators: file, tensor, then a clause that says what is wrong and what to do. */
               _("“%s”, tensor “%s”: %s"), self->shown, tensor, reason);
  return FALSE;
}

static gboolean
check_weight (const NetworkFile *self, const FileLayer *layer, GError **error)
{
  const HeftTensor *weight = layer->weight;

  if (weight->n_elements == 0)
    return refuse_tensor (self, weight->name, error, _("it is empty; save the network again."));
  if (weight->n_dimensions != 2 && weight->n_dimensions != 4)
    return refuse_tensor (self, weight->name, error,
                          _("only dense layers (2 dimensions) and two-dimensional convolutions (4 dimensions) can be "
                            "measured; batch normalisation and its like depend on other samples and are left out."));
  if (is_convolution (layer) && weight->shape[2] != weight->shape[3])
    return refuse_tensor (self, weight->name, error, _("its kernel is not square; only square kernels are supported."));
  if (layer->bias != NULL && (layer->bias->n_dimensions != 1 || layer->bias->n_elements != weight->shape[0]))
    return refuse_tensor (self, layer->bias->name, error,
                          _("a bias must hold one number for each output of its weight; save the network again."));
  return TRUE;
}

/* Pairs NAME.weight with NAME.bias; every tensor must belong to a pair. */
static gboolean
collect_layers (NetworkFile *self, GError **error)
{
  gsize n = heft_safetensors_get_n_tensors (self->file);

  for (gsize i = 0; i < n; i++)
    {
      const HeftTensor *tensor = heft_safetensors_get_tensor (self->file, i);
      gboolean is_weight = g_str_has_suffix (tensor->name, ".weight") || strcmp (tensor->name, "weight") == 0;
      gboolean is_bias = g_str_has_suffix (tensor->name, ".bias") || strcmp (tensor->name, "bias") == 0;
      g_autofree char *stem = g_strndup (tensor->name, strlen (tensor->name) - (is_weight ? 6 : is_bias ? 4 : 0));
      g_autofree char *partner = g_strconcat (stem, is_weight ? "bias" : "weight", NULL);
      FileLayer layer;

      if (!is_weight && !is_bias)
        return refuse_tensor (self, tensor->name, error,
                              _("it is neither NAME.weight nor NAME.bias of a dense or convolution layer; "
                                "leave it out of the file."));
      if (is_bias)
        {
          if (heft_safetensors_find (self->file, partner) == NULL)
            return refuse_tensor (self, tensor->name, error, _("its weight is missing; save the network again."));
          continue;
        }
      layer.weight = tensor;
      layer.bias = heft_safetensors_find (self->file, partner);
      layer.name = NULL;
      if (!check_weight (self, &layer, error))
        return FALSE;
      if (*stem != '\0')
        stem[strlen (stem) - 1] = '\0';
      layer.name = g_steal_pointer (&stem);
      g_array_append_val (self->layers, layer);
    }
  if (self->layers->len == 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” holds no layer with weights; save a network's state_dict()."), self->shown);
      return FALSE;
    }
  g_array_sort (self->layers, compare_layers);
  if (!is_convolution (&g_array_index (self->layers, FileLayer, self->layers->len - 1)))
    return TRUE;
  return refuse_tensor (self, g_array_index (self->layers, FileLayer, self->layers->len - 1).weight->name, error,
                        _("the last layer is a convolution, where the output must be a dense layer."));
}

static void
append_word_text (GString *text, const HeftWord *word)
{
  if (word->kind == HEFT_LAYER_RESIDUAL_END)
    {
      g_string_append_c (text, ')');
      return;
    }
  if (text->len > 0 && text->str[text->len - 1] != '(')
    g_string_append_c (text, '-');
  switch (word->kind)
    {
    case HEFT_LAYER_DENSE:
      g_string_append_printf (text, "%zu", word->size);
      break;
    case HEFT_LAYER_CONVOLUTION:
      g_string_append_printf (text, "conv%zux%zu", word->kernel, word->size);
      if (word->stride != 1)
        g_string_append_printf (text, "s%zu", word->stride);
      if (word->padding != 0)
        g_string_append_printf (text, "p%zu", word->padding);
      break;
    case HEFT_LAYER_MAX_POOL:
    case HEFT_LAYER_AVERAGE_POOL:
      g_string_append_printf (text, "%s%zu", word->kind == HEFT_LAYER_MAX_POOL ? "pool" : "avgpool",
                              word->kernel);
      if (word->stride != word->kernel)
        g_string_append_printf (text, "s%zu", word->stride);
      if (word->padding != 0)
        g_string_append_printf (text, "p%zu", word->padding);
      break;
    case HEFT_LAYER_ACTIVATION:
      g_string_append (text, heft_activation_name (word->activation));
      break;
    case HEFT_LAYER_GLOBAL_AVERAGE_POOL:
      g_string_append (text, "gap");
      break;
    case HEFT_LAYER_FLATTEN:
      g_string_append (text, "flatten");
      break;
    case HEFT_LAYER_NORMALISATION:
      g_string_append_printf (text, "norm%zu", word->size);
      break;
    case HEFT_LAYER_RESIDUAL_BEGIN:
      g_string_append_c (text, '(');
      break;
    case HEFT_LAYER_RESIDUAL_END:
    default:
      g_return_if_reached ();
    }
}

/* Puts the file's sizes into a word of the text, or says where they contradict it. */
static gboolean
fit_word (const char *architecture, HeftWord *word, const FileLayer *layer, GError **error)
{
  g_autofree char *reason = NULL;
  gsize outputs = layer->weight->shape[0];

  if ((word->kind == HEFT_LAYER_CONVOLUTION) != is_convolution (layer))
    reason = g_strdup_printf (is_convolution (layer)
                              ? _("layer “%s” of the file is a convolution") : _("layer “%s” of the file is dense"),
                              layer->name);
  else if (word->size != 0 && word->size != outputs)
    reason = g_strdup_printf (_("layer “%s” of the file has %zu outputs"), layer->name, outputs);
  else if (word->kernel != 0 && word->kernel != layer->weight->shape[2])
    reason = g_strdup_printf (_("layer “%s” of the file has a kernel of %zu"), layer->name,
                              layer->weight->shape[2]);
  if (reason != NULL)
    return heft_architecture_refuse (architecture, word, reason, error);
  word->size = outputs;
  if (is_convolution (layer))
    word->kernel = layer->weight->shape[2];
  return TRUE;
}

static gboolean
has_weights (const HeftWord *word)
{
  return word->kind == HEFT_LAYER_DENSE || word->kind == HEFT_LAYER_CONVOLUTION;
}

/* The text of the hidden layers with the file's sizes; the output layer, if the text has it, is checked and dropped. */
static char *
complete_architecture (NetworkFile *self, const char *architecture, GError **error)
{
  g_autoptr(GArray) words = heft_architecture_parse (architecture, error);
  g_autoptr(GString) text = g_string_new (NULL);
  guint n_named = 0, n_layers = self->layers->len, l = 0;

  if (words == NULL)
    return NULL;
  for (guint i = 0; i < words->len; i++)
    n_named += has_weights (&g_array_index (words, HeftWord, i));
  if (n_named != n_layers && n_named + 1 != n_layers)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Architecture “%.200s” names %u layers with weights, but “%s” holds %u; name them all in order."),
                   architecture, n_named, self->shown, n_layers);
      return NULL;
    }
  for (guint i = 0; i < words->len; i++)
    {
      HeftWord *word = &g_array_index (words, HeftWord, i);

      if (l == n_layers)
        {
          if (word->kind == HEFT_LAYER_ACTIVATION && word->activation == HEFT_ACTIVATION_LINEAR)
            continue;
          heft_architecture_refuse (architecture, word, _("nothing may follow the output layer"), error);
          return NULL;
        }
      if (has_weights (word))
        {
          if (!fit_word (architecture, word, &g_array_index (self->layers, FileLayer, l), error))
            return NULL;
          if (++l == n_layers)
            continue;
        }
      append_word_text (text, word);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Without a text: the hidden layers as they follow. */
static char *
default_architecture (NetworkFile *self)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint l = 0; l + 1 < self->layers->len; l++)
    {
      const FileLayer *layer = &g_array_index (self->layers, FileLayer, l);
      HeftWord word = { .kind = is_convolution (layer) ? HEFT_LAYER_CONVOLUTION : HEFT_LAYER_DENSE,
                        .size = layer->weight->shape[0], .stride = 1,
                        .kernel = is_convolution (layer) ? layer->weight->shape[2] : 0 };

      append_word_text (text, &word);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
find_activation (NetworkFile *self, const HeftActivation *wanted, HeftActivation *activation, GError **error)
{
  const char *stored = heft_safetensors_get_metadata (self->file, KEY_ACTIVATION);

  *activation = HEFT_ACTIVATION_LINEAR;
  if (wanted != NULL)
    {
      *activation = *wanted;
      return TRUE;
    }
  if (stored != NULL)
    return heft_activation_parse (stored, activation, error);
  if (self->layers->len == 1)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("“%s” does not say which activation stands between its layers; give one, for example relu or tanh."),
               self->shown);
  return FALSE;
}

/**
 * heft_shape_parse:
 * @text: "1x28x28", channels x height x width, each from 1 to 99999999
 */
gboolean
heft_shape_parse (const char *text, HeftShape *shape, GError **error)
{
  gsize extents[3] = { 0 };
  const char *p = text;
  guint n = 0;

  while (n < 3 && g_ascii_isdigit (*p))
    {
      gsize digits = strspn (p, "0123456789");

      if (digits > 8)
        break;
      extents[n++] = g_ascii_strtoull (p, NULL, 10);
      p += digits;
      if (n < 3 && *p == 'x')
        p++;
    }
  if (n == 3 && *p == '\0' && extents[0] > 0 && extents[1] > 0 && extents[2] > 0)
    {
      *shape = (HeftShape) { extents[0], extents[1], extents[2] };
      return TRUE;
    }
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("“%.60s” is no input shape; write channels x height x width, for example 1x28x28."), text);
  return FALSE;
}

static gboolean
find_input (NetworkFile *self, HeftShape *input, GError **error)
{
  const FileLayer *first = &g_array_index (self->layers, FileLayer, 0);
  const char *stored = heft_safetensors_get_metadata (self->file, KEY_INPUT);

  if (input->channels != 0 && input->height != 0 && input->width != 0)
    return TRUE;
  if (stored != NULL)
    return heft_shape_parse (stored, input, error);
  if (!is_convolution (first))
    {
      *input = (HeftShape) { first->weight->shape[1], 1, 1 };
      return TRUE;
    }
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("“%s” begins with a convolution and does not say how large its images are; give the input as "
                 "channels x height x width, for example 1x28x28."), self->shown);
  return FALSE;
}

/* What reaches each layer must be what its weights expect. */
static gboolean
check_fit (NetworkFile *self, const HeftNetwork *network, GError **error)
{
  HeftShape input = heft_network_get_input_shape (network);

  for (guint l = 0; l < self->layers->len; l++)
    {
      const FileLayer *from = &g_array_index (self->layers, FileLayer, l);
      const HeftLayer *to = heft_network_get_weight_layer (network, l);
      gsize expected = from->weight->n_elements / from->weight->shape[0];

      if (to->fan_in == expected)
        continue;
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("Layer “%s” of “%s” expects %zu numbers, but %zu reach it from inputs "
                     "of %zux%zux%zu by “%.200s”; give the input’s shape, and the "
                     "layers with their pooling, strides and padding."),
                   from->name, self->shown, expected, to->fan_in, input.channels, input.height, input.width,
                   heft_network_get_architecture (network));
      return FALSE;
    }
  return TRUE;
}

/* PyTorch keeps a row an output; here a row is an input, and the bias the last one. */
static gboolean
copy_layer (NetworkFile *self, guint l, const HeftLayer *layer, double *weights, GError **error)
{
  const FileLayer *from = &g_array_index (self->layers, FileLayer, l);
  g_autofree double *weight = heft_safetensors_read (self->file, from->weight, error);
  g_autofree double *bias = NULL;
  double *to = weights + layer->offset;

  if (weight == NULL)
    return FALSE;
  if (from->bias == NULL)
    bias = g_new0 (double, layer->fan_out);
  else
    bias = heft_safetensors_read (self->file, from->bias, error);
  if (bias == NULL)
    return FALSE;
  for (gsize i = 0; i < layer->fan_in; i++)
    for (gsize j = 0; j < layer->fan_out; j++)
      to[i * layer->fan_out + j] = weight[j * layer->fan_in + i];
  memcpy (to + layer->fan_in * layer->fan_out, bias, layer->fan_out * sizeof (double));
  return TRUE;
}

/* Says of every layer whether the file has its bias, and what it calls it. */
static HeftNetwork *
fix_missing_biases (NetworkFile *self, HeftNetwork *network)
{
  g_autofree gboolean *fixed = g_new0 (gboolean, self->layers->len);
  g_autofree const char **names = g_new0 (const char *, self->layers->len + 1);
  g_autoptr(HeftNetwork) without = NULL;

  for (guint l = 0; l < self->layers->len; l++)
    {
      fixed[l] = g_array_index (self->layers, FileLayer, l).bias == NULL;
      names[l] = g_array_index (self->layers, FileLayer, l).name;
    }
  without = heft_network_fix_biases (network, fixed);
  return heft_network_name_layers (without, names);
}

gboolean
heft_network_load_safetensors (const char *path, const char *architecture, const HeftActivation *activation,
                               HeftShape input, HeftNetwork **network, double **weights, GError **error)
{
  g_auto(NetworkFile) self = { .path = path, .shown = g_filename_display_name (path) };
  g_autoptr(HeftNetwork) made = NULL;
  g_autofree double *vector = NULL;
  g_autofree char *text = NULL;
  HeftActivation between;
  gsize n_classes;

  self.file = heft_safetensors_load (path, error);
  self.layers = g_array_new (FALSE, FALSE, sizeof (FileLayer));
  g_array_set_clear_func (self.layers, clear_layer);
  if (self.file == NULL || !collect_layers (&self, error))
    return FALSE;
  if (architecture == NULL)
    architecture = heft_safetensors_get_metadata (self.file, KEY_ARCHITECTURE);
  text = architecture != NULL ? complete_architecture (&self, architecture, error) : default_architecture (&self);
  if (text == NULL || !find_activation (&self, activation, &between, error) || !find_input (&self, &input, error))
    return FALSE;
  n_classes = g_array_index (self.layers, FileLayer, self.layers->len - 1).weight->shape[0];
  made = heft_network_new (text, between, input, n_classes, error);
  if (made == NULL || !check_fit (&self, made, error))
    return FALSE;
  vector = g_new (double, heft_network_get_n_parameters (made));
  for (guint l = 0; l < self.layers->len; l++)
    if (!copy_layer (&self, l, heft_network_get_weight_layer (made, l), vector, error))
      return FALSE;
  *network = fix_missing_biases (&self, made);
  *weights = g_steal_pointer (&vector);
  return TRUE;
}

/* Appends NAME.weight and NAME.bias of one operation, with their values. */
static void
append_layer (GArray *tensors, GPtrArray *values, const HeftLayer *layer, gsize i, const double *weights,
              HeftTensorType type)
{
  gboolean convolution = layer->kind == HEFT_LAYER_CONVOLUTION;
  HeftTensor weight = { .name = g_strdup_printf ("%zu.weight", i), .type = type,
                        .n_dimensions = convolution ? 4 : 2,
                        .shape = { layer->fan_out, layer->fan_in } };
  HeftTensor bias = { .name = g_strdup_printf ("%zu.bias", i), .type = type,
                      .n_dimensions = 1, .shape = { layer->fan_out } };
  double *transposed = g_new (double, layer->fan_in * layer->fan_out);

  if (convolution)
    {
      weight.shape[1] = layer->input.channels;
      weight.shape[2] = weight.shape[3] = layer->kernel;
    }
  for (gsize j = 0; j < layer->fan_in; j++)
    for (gsize o = 0; o < layer->fan_out; o++)
      transposed[o * layer->fan_in + j] = weights[layer->offset + j * layer->fan_out + o];
  g_array_append_val (tensors, weight);
  g_ptr_array_add (values, transposed);
  if (layer->fixed_bias)
    {
      g_free (bias.name);
      return;
    }
  g_array_append_val (tensors, bias);
  g_ptr_array_add (values, g_memdup2 (weights + layer->offset + layer->fan_in * layer->fan_out,
                                      layer->fan_out * sizeof (double)));
}

static void
clear_tensor_name (gpointer data)
{
  g_free (((HeftTensor *) data)->name);
}

gboolean
heft_network_save_safetensors (const char *path, const HeftNetwork *network, const double *weights,
                               HeftTensorType type, GError **error)
{
  g_autoptr(GArray) tensors = g_array_new (FALSE, FALSE, sizeof (HeftTensor));
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  HeftShape shape = heft_network_get_input_shape (network);
  g_autofree char *input = g_strdup_printf ("%zux%zux%zu",
                                            shape.channels, shape.height, shape.width);
  const char *metadata[] =
  {
    "format", "pt",
    KEY_ARCHITECTURE, heft_network_get_architecture (network),
    KEY_ACTIVATION, heft_activation_name (heft_network_get_activation (network)),
    KEY_INPUT, input,
    NULL
  };

  g_return_val_if_fail (type == HEFT_TENSOR_F32 || type == HEFT_TENSOR_F64, FALSE);
  g_array_set_clear_func (tensors, clear_tensor_name);
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);

      if (layer->n_parameters > 0)
        append_layer (tensors, values, layer, i, weights, type);
    }
  return heft_safetensors_save (path, (const HeftTensor *) (gpointer) tensors->data,
                                (const double *const *) values->pdata, values->len, metadata, error);
}
