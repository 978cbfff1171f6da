/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/safetensors.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "data/reader.h"

#define MAX_HEADER   ((guint64) 16 << 20)
#define MAX_DATA     ((gsize) 1 << 32)
#define MAX_NESTING  4
#define MAX_NAME     256
#define METADATA     "__metadata__"

struct _HeftSafetensors
{
  char       *file;       /* as it may be shown */
  GArray     *tensors;    /* HeftTensor, by begin */
  GHashTable *metadata;   /* char * -> char * */
  GBytes     *data;
};

static const struct { const char *name; gsize size; HeftTensorType type; } types[] =
{
  { "F16", 2, HEFT_TENSOR_F16 }, { "BF16", 2, HEFT_TENSOR_BF16 }, { "F32", 4, HEFT_TENSOR_F32 },
  { "F64", 8, HEFT_TENSOR_F64 },
  { "BOOL", 1, HEFT_TENSOR_OTHER }, { "U8", 1, HEFT_TENSOR_OTHER }, { "I8", 1, HEFT_TENSOR_OTHER },
  { "F8_E4M3", 1, HEFT_TENSOR_OTHER }, { "F8_E5M2", 1, HEFT_TENSOR_OTHER },
  { "I16", 2, HEFT_TENSOR_OTHER }, { "U16", 2, HEFT_TENSOR_OTHER }, { "I32", 4, HEFT_TENSOR_OTHER },
  { "U32", 4, HEFT_TENSOR_OTHER }, { "I64", 8, HEFT_TENSOR_OTHER }, { "U64", 8, HEFT_TENSOR_OTHER },
};

static void
clear_tensor (gpointer data)
{
  g_free (((HeftTensor *) data)->name);
}

void
heft_safetensors_free (HeftSafetensors *self)
{
  g_free (self->file);
  g_clear_pointer (&self->tensors, g_array_unref);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_clear_pointer (&self->data, g_bytes_unref);
  g_free (self);
}

gsize
heft_safetensors_get_n_tensors (const HeftSafetensors *self)
{
  return self->tensors->len;
}

const HeftTensor *
heft_safetensors_get_tensor (const HeftSafetensors *self, gsize i)
{
  g_return_val_if_fail (i < self->tensors->len, NULL);
  return &g_array_index (self->tensors, HeftTensor, i);
}

const HeftTensor *
heft_safetensors_find (const HeftSafetensors *self, const char *name)
{
  for (guint i = 0; i < self->tensors->len; i++)
    if (strcmp (g_array_index (self->tensors, HeftTensor, i).name, name) == 0)
      return &g_array_index (self->tensors, HeftTensor, i);
  return NULL;
}

const char *
heft_safetensors_get_metadata (const HeftSafetensors *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}

G_GNUC_PRINTF (3, 4) static gboolean
refuse (const char *file, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* A precision may have cut a character in two. */
  what = g_utf8_make_valid (text, -1);
  /* Translators: a file name, then a clause that says what is wrong and what to do. */
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA, _("“%s” is no usable safetensors file: %s"), file, what);
  return FALSE;
}

/* What the JSON parser would recurse or stumble over: deep nesting, zeros, halves of surrogate pairs. */
static gboolean
is_tame (const char *header, gsize n)
{
  gboolean in_string = FALSE;
  int depth = 0;

  for (gsize i = 0; i < n; i++)
    {
      char c = header[i];

      if (c == '\0')
        return FALSE;
      if (in_string)
        {
          if (c == '\\')
            {
              i++;
              if (i + 2 < n && header[i] == 'u' && g_ascii_tolower (header[i + 1]) == 'd'
                  && strchr ("89abcdefABCDEF", header[i + 2]) != NULL)
                return FALSE;
            }
          else if (c == '"')
            in_string = FALSE;
        }
      else if (c == '"')
        in_string = TRUE;
      else if (c == '{' || c == '[')
        {
          if (++depth > MAX_NESTING)
            return FALSE;
        }
      else if (c == '}' || c == ']')
        depth--;
    }
  return !in_string && depth == 0;
}

static gboolean
get_count (JsonNode *node, gsize *count)
{
  gint64 value;

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  if (value < 0)
    return FALSE;
  *count = value;
  return TRUE;
}

static gboolean
parse_type (const char *file, const char *name, JsonObject *entry, HeftTensor *tensor, gsize *size, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "dtype");
  const char *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
                     ? json_node_get_string (node) : NULL;

  if (text == NULL)
    return refuse (file, error, _("the header gives tensor “%s” no “dtype”; save it again."), name);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (text, types[i].name) == 0)
      {
        tensor->type = types[i].type;
        *size = types[i].size;
        return TRUE;
      }
  return refuse (file, error, _("tensor “%s” is of the unknown type “%.20s”; save it as float32 or float64."),
                 name, text);
}

static gboolean
parse_shape (const char *file, const char *name, JsonObject *entry, HeftTensor *tensor, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "shape");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (array == NULL || json_array_get_length (array) > HEFT_TENSOR_MAX_DIMENSIONS)
    return refuse (file, error, _("the header gives tensor “%s” no “shape” of at most %d extents; save it again."),
                   name, HEFT_TENSOR_MAX_DIMENSIONS);
  tensor->n_dimensions = json_array_get_length (array);
  tensor->n_elements = 1;
  for (guint i = 0; i < tensor->n_dimensions; i++)
    {
      if (!get_count (json_array_get_element (array, i), &tensor->shape[i]))
        return refuse (file, error, _("extent %u of tensor “%s” is no whole number from 0 up; save it again."),
                       i + 1, name);
      if (!g_size_checked_mul (&tensor->n_elements, tensor->n_elements, tensor->shape[i]))
        return refuse (file, error, _("tensor “%s” claims more elements than can be counted; save it again."), name);
    }
  return TRUE;
}

static gboolean
parse_offsets (const char *file, const char *name, JsonObject *entry, HeftTensor *tensor, gsize size, GError **error)
{
  JsonNode *node = json_object_get_member (entry, "data_offsets");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  gsize bytes;

  if (array == NULL || json_array_get_length (array) != 2
      || !get_count (json_array_get_element (array, 0), &tensor->begin)
      || !get_count (json_array_get_element (array, 1), &tensor->end) || tensor->begin > tensor->end)
    return refuse (file, error, _("the “data_offsets” of tensor “%s” are not two ascending whole numbers; save it again."),
                   name);
  if (!g_size_checked_mul (&bytes, tensor->n_elements, size) || bytes != tensor->end - tensor->begin)
    return refuse (file, error, _("tensor “%s” spans %zu bytes, which its shape and type do not; "
                                  "save it again."), name, tensor->end - tensor->begin);
  return TRUE;
}

static gboolean
parse_metadata (HeftSafetensors *self, JsonNode *node, GError **error)
{
  g_autoptr(GList) keys = NULL;
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (self->file, error, _("its “%s” is no table of texts; save it again."), METADATA);
  object = json_node_get_object (node);
  keys = json_object_get_members (object);
  for (GList *l = keys; l != NULL; l = l->next)
    {
      JsonNode *value = json_object_get_member (object, l->data);

      if (!JSON_NODE_HOLDS_VALUE (value) || json_node_get_value_type (value) != G_TYPE_STRING)
        return refuse (self->file, error, _("“%.100s” in its “%s” is no text; save it again."),
                       (const char *) l->data, METADATA);
      g_hash_table_insert (self->metadata, g_strdup (l->data), g_strdup (json_node_get_string (value)));
    }
  return TRUE;
}

static gint
compare_begin (gconstpointer a, gconstpointer b)
{
  const HeftTensor *first = a, *second = b;

  if (first->begin != second->begin)
    return first->begin < second->begin ? -1 : 1;
  return first->end < second->end ? -1 : first->end > second->end;
}

/* The tensors must cover the data from its first byte to its last, each byte once. */
static gboolean
check_cover (HeftSafetensors *self, gsize *total, GError **error)
{
  gsize end = 0;

  g_array_sort (self->tensors, compare_begin);
  for (guint i = 0; i < self->tensors->len; i++)
    {
      const HeftTensor *tensor = &g_array_index (self->tensors, HeftTensor, i);

      if (tensor->begin < end)
        return refuse (self->file, error, _("tensor “%s” begins at byte %zu and overlaps another; "
                                            "save it again."), tensor->name, tensor->begin);
      if (tensor->begin > end)
        return refuse (self->file, error, _("no tensor covers bytes %zu to %zu of its data; save it again."), end,
                       tensor->begin);
      end = tensor->end;
    }
  *total = end;
  if (end <= MAX_DATA)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
               _("“%s” claims %zu bytes of tensors, more than 4 GiB; use a smaller network."),
               self->file, end);
  return FALSE;
}

static gboolean
parse_header (HeftSafetensors *self, const char *header, gsize n, gsize *total, GError **error)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GList) names = NULL;
  JsonObject *object;

  if (!is_tame (header, n) || !g_utf8_validate (header, n, NULL)
      || !json_parser_load_from_data (parser, header, n, NULL)
      || json_parser_get_root (parser) == NULL || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return refuse (self->file, error, _("its header is not the JSON table that names the tensors; save it again."));
  object = json_node_get_object (json_parser_get_root (parser));
  names = json_object_get_members (object);
  for (GList *l = names; l != NULL; l = l->next)
    {
      JsonNode *node = json_object_get_member (object, l->data);
      HeftTensor tensor = { 0 };
      gsize size = 0;

      if (strcmp (l->data, METADATA) == 0)
        {
          if (!parse_metadata (self, node, error))
            return FALSE;
          continue;
        }
      if (strlen (l->data) > MAX_NAME)
        return refuse (self->file, error, _("a tensor's name is longer than %d bytes; save it again."), MAX_NAME);
      if (!JSON_NODE_HOLDS_OBJECT (node))
        return refuse (self->file, error, _("the header's entry “%s” describes no tensor; save it again."),
                       (const char *) l->data);
      if (!parse_type (self->file, l->data, json_node_get_object (node), &tensor, &size, error)
          || !parse_shape (self->file, l->data, json_node_get_object (node), &tensor, error)
          || !parse_offsets (self->file, l->data, json_node_get_object (node), &tensor, size, error))
        return FALSE;
      tensor.name = g_strdup (l->data);
      g_array_append_val (self->tensors, tensor);
    }
  return check_cover (self, total, error);
}

/**
 * heft_safetensors_load:
 *
 * Returns: (transfer full): the file, every claim of its header checked, or %NULL with @error
 */
HeftSafetensors *
heft_safetensors_load (const char *path, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  g_autoptr(HeftSafetensors) self = NULL;
  g_autoptr(GBytes) header = NULL;
  guint8 start[8];
  guint64 length = 0;
  gsize total = 0;

  if (reader == NULL || !heft_reader_read_exactly (reader, start, sizeof start, error))
    return NULL;
  self = g_new0 (HeftSafetensors, 1);
  self->file = g_strdup (heft_reader_get_name (reader));
  self->tensors = g_array_new (FALSE, FALSE, sizeof (HeftTensor));
  g_array_set_clear_func (self->tensors, clear_tensor);
  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (int i = 8; i-- > 0;)
    length = length << 8 | start[i];
  if (length < 2 || length > MAX_HEADER)
    {
      refuse (self->file, error, _("its first eight bytes give the header a length of %" PRIu64
                                   " bytes; save the network with safetensors."), length);
      return NULL;
    }
  header = heft_reader_read_bytes (reader, length, error);
  if (header == NULL
      || !parse_header (self, g_bytes_get_data (header, NULL), length, &total, error))
    return NULL;
  self->data = heft_reader_read_bytes (reader, total, error);
  if (self->data == NULL || !heft_reader_expect_end (reader, error))
    return NULL;
  return g_steal_pointer (&self);
}

static guint64
little_endian (const guint8 *at, gsize size)
{
  guint64 bits = 0;

  while (size-- > 0)
    bits = bits << 8 | at[size];
  return bits;
}

static double
from_half (guint bits)
{
  int exponent = bits >> 10 & 31;
  double fraction = bits & 1023;
  double magnitude;

  if (exponent == 31)
    magnitude = fraction == 0.0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = ldexp (fraction, -24);
  else
    magnitude = ldexp (fraction + 1024.0, exponent - 25);
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

static double
from_single (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static double
element (HeftTensorType type, const guint8 *data, gsize i)
{
  double value;
  guint64 bits;

  switch (type)
    {
    case HEFT_TENSOR_F16:
      return from_half (little_endian (data + 2 * i, 2));
    case HEFT_TENSOR_BF16:
      return from_single ((guint32) little_endian (data + 2 * i, 2) << 16);
    case HEFT_TENSOR_F32:
      return from_single ((guint32) little_endian (data + 4 * i, 4));
    case HEFT_TENSOR_F64:
    case HEFT_TENSOR_OTHER:
    default:
      bits = little_endian (data + 8 * i, 8);
      memcpy (&value, &bits, sizeof value);
      return value;
    }
}

double *
heft_safetensors_read (const HeftSafetensors *self, const HeftTensor *tensor, GError **error)
{
  const guint8 *data = (const guint8 *) g_bytes_get_data (self->data, NULL) + tensor->begin;
  g_autofree double *values = NULL;

  if (tensor->type == HEFT_TENSOR_OTHER)
    {
      refuse (self->file, error, _("tensor “%s” holds no floating-point numbers; save it as float32 or float64."),
              tensor->name);
      return NULL;
    }
  values = g_try_new (double, MAX (tensor->n_elements, 1));
  if (values == NULL)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("Tensor “%s” of “%s” does not fit into memory; use a smaller network."), tensor->name, self->file);
      return NULL;
    }
  for (gsize i = 0; i < tensor->n_elements; i++)
    {
      values[i] = element (tensor->type, data, i);
      if (!isfinite (values[i]))
        {
          refuse (self->file, error, _("element %zu (counted from 0) of tensor “%s” is not finite; "
                                       "save a network whose training did not diverge."), i, tensor->name);
          return NULL;
        }
    }
  return g_steal_pointer (&values);
}

static void
append_little_endian (GByteArray *out, guint64 bits, gsize size)
{
  for (gsize i = 0; i < size; i++, bits >>= 8)
    {
      guint8 byte = bits & 255;

      g_byte_array_append (out, &byte, 1);
    }
}

static void
append_element (GByteArray *out, HeftTensorType type, double value)
{
  if (type == HEFT_TENSOR_F64)
    {
      guint64 bits;

      memcpy (&bits, &value, sizeof bits);
      append_little_endian (out, bits, 8);
    }
  else
    {
      float narrowed = (float) value;
      guint32 bits;

      memcpy (&bits, &narrowed, sizeof bits);
      append_little_endian (out, bits, 4);
    }
}

static void
build_entry (JsonBuilder *builder, const HeftTensor *tensor, gsize *offset)
{
  gsize n = 1;

  json_builder_set_member_name (builder, tensor->name);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "dtype");
  json_builder_add_string_value (builder, tensor->type == HEFT_TENSOR_F64 ? "F64" : "F32");
  json_builder_set_member_name (builder, "shape");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tensor->n_dimensions; i++)
    {
      n *= tensor->shape[i];
      json_builder_add_int_value (builder, tensor->shape[i]);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "data_offsets");
  json_builder_begin_array (builder);
  json_builder_add_int_value (builder, *offset);
  *offset += n * (tensor->type == HEFT_TENSOR_F64 ? 8 : 4);
  json_builder_add_int_value (builder, *offset);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* A GByteArray counts its bytes in 32 bits. */
static gboolean
check_room (const char *path, const HeftTensor *tensors, gsize n_tensors, gsize header, GError **error)
{
  gsize total = header + 16;

  for (gsize t = 0; t < n_tensors; t++)
    {
      gsize n = tensors[t].type == HEFT_TENSOR_F64 ? 8 : 4;

      for (guint d = 0; d < tensors[t].n_dimensions; d++)
        n *= tensors[t].shape[d];
      total += n;
    }
  if (total < G_MAXUINT32 / 2)
    return TRUE;
  {
    g_autofree char *shown = g_filename_display_name (path);

    g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                 _("“%s” would be larger than 2 GiB; save a smaller network, or in single precision."), shown);
    return FALSE;
  }
}

static char *
build_header (const HeftTensor *tensors, gsize n_tensors, const char *const *metadata)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(JsonNode) root = NULL;
  gsize offset = 0;

  json_builder_begin_object (builder);
  if (metadata != NULL)
    {
      json_builder_set_member_name (builder, METADATA);
      json_builder_begin_object (builder);
      for (gsize i = 0; metadata[i] != NULL; i += 2)
        {
          json_builder_set_member_name (builder, metadata[i]);
          json_builder_add_string_value (builder, metadata[i + 1]);
        }
      json_builder_end_object (builder);
    }
  for (gsize i = 0; i < n_tensors; i++)
    build_entry (builder, &tensors[i], &offset);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

gboolean
heft_safetensors_save (const char *path, const HeftTensor *tensors, const double *const *values, gsize n_tensors,
                       const char *const *metadata, GError **error)
{
  g_autofree char *header = build_header (tensors, n_tensors, metadata);
  g_autoptr(GByteArray) file = g_byte_array_new ();
  g_autoptr(GError) local = NULL;
  gsize length = strlen (header);
  gsize padded = (length + 7) / 8 * 8;

  if (!check_room (path, tensors, n_tensors, length, error))
    return FALSE;
  append_little_endian (file, padded, 8);
  g_byte_array_append (file, (const guint8 *) header, length);
  for (gsize i = length; i < padded; i++)
    g_byte_array_append (file, (const guint8 *) " ", 1);
  for (gsize t = 0; t < n_tensors; t++)
    {
      gsize n = 1;

      for (guint d = 0; d < tensors[t].n_dimensions; d++)
        n *= tensors[t].shape[d];
      for (gsize i = 0; i < n; i++)
        append_element (file, tensors[t].type, values[t][i]);
    }
  if (g_file_set_contents (path, (const char *) file->data, file->len, &local))
    return TRUE;
  {
    g_autofree char *shown = g_filename_display_name (path);

    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” cannot be written (%s); choose another place."), shown, local->message);
    return FALSE;
  }
}
