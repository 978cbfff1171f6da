/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/npy.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <string.h>

#include "data/dataset-private.h"
#include "data/reader.h"

#define MAX_HEADER 65536
#define EXACT_INTEGERS 9007199254740992.0   /* 2^53 */

typedef struct
{
  char     kind;            /* 'b', 'u', 'i' or 'f' */
  gsize    item;            /* bytes an element */
  gboolean big_endian;
  gboolean fortran;
  guint    n_dimensions;
  gsize    shape[HEFT_ARRAY_MAX_DIMENSIONS];
} Header;

void
heft_array_clear (HeftArray *self)
{
  g_clear_pointer (&self->data, g_bytes_unref);
}

double
heft_array_get (const HeftArray *self, gsize i)
{
  gconstpointer data = g_bytes_get_data (self->data, NULL);

  switch (self->element)
    {
    case HEFT_ELEMENT_BYTE:
      return ((const guint8 *) data)[i];
    case HEFT_ELEMENT_FLOAT:
      return ((const float *) data)[i];
    default:
      return ((const double *) data)[i];
    }
}

static void
skip_spaces (const char **text)
{
  while (g_ascii_isspace (**text))
    (*text)++;
}

static gboolean
take (const char **text, char wanted)
{
  skip_spaces (text);
  if (**text != wanted)
    return FALSE;
  (*text)++;
  return TRUE;
}

/* A Python string without escapes. */
static char *
take_string (const char **text)
{
  const char *start;
  char *string;
  char quote;

  skip_spaces (text);
  quote = **text;
  if (quote != '\'' && quote != '"')
    return NULL;
  start = *text + 1;
  for (*text = start; **text != quote; (*text)++)
    if (**text == '\0' || **text == '\\')
      return NULL;
  string = g_strndup (start, *text - start);
  (*text)++;
  return string;
}

static gboolean
take_boolean (const char **text, gboolean *value)
{
  skip_spaces (text);
  *value = g_str_has_prefix (*text, "True");
  if (!*value && !g_str_has_prefix (*text, "False"))
    return FALSE;
  *text += *value ? 4 : 5;
  return TRUE;
}

static gboolean
take_shape (const char **text, Header *header)
{
  if (!take (text, '('))
    return FALSE;
  header->n_dimensions = 0;
  while (!take (text, ')'))
    {
      guint64 extent;
      char *end;

      skip_spaces (text);
      if (!g_ascii_isdigit (**text) || header->n_dimensions == HEFT_ARRAY_MAX_DIMENSIONS)
        return FALSE;
      extent = g_ascii_strtoull (*text, &end, 10);
      *text = end;
      header->shape[header->n_dimensions++] = extent;
      /* Python 2 wrote long integers with a suffix. */
      take (text, 'L');
      if (!take (text, ','))
        {
          if (!take (text, ')'))
            return FALSE;
          return TRUE;
        }
    }
  return TRUE;
}

static gboolean
parse_descr (const char *descr, Header *header)
{
  static const char *const known[] = { "b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", NULL };

  if (strlen (descr) != 3 || strchr ("<>|=", descr[0]) == NULL || !g_strv_contains (known, descr + 1))
    return FALSE;
  header->big_endian = descr[0] == '>';
  header->kind = descr[1];
  header->item = descr[2] - '0';
  return TRUE;
}

/* The header is a Python dictionary literal of exactly three keys. */
static gboolean
parse_dictionary (const char *text, Header *header, char **descr)
{
  gboolean have_order = FALSE, have_shape = FALSE;

  if (!take (&text, '{'))
    return FALSE;
  while (!take (&text, '}'))
    {
      g_autofree char *key = take_string (&text);

      if (key == NULL || !take (&text, ':'))
        return FALSE;
      if (strcmp (key, "descr") == 0 && *descr == NULL)
        {
          *descr = take_string (&text);
          if (*descr == NULL)
            return FALSE;
        }
      else if (strcmp (key, "fortran_order") == 0 && !have_order)
        have_order = take_boolean (&text, &header->fortran);
      else if (strcmp (key, "shape") == 0 && !have_shape)
        have_shape = take_shape (&text, header);
      else
        return FALSE;
      take (&text, ',');
    }
  skip_spaces (&text);
  return *text == '\0' && *descr != NULL && have_order && have_shape;
}

static gboolean
read_header_text (HeftReader *reader, char **text, GError **error)
{
  const char *name = heft_reader_get_name (reader);
  guint8 start[8], size[4] = { 0 };
  guint32 length;

  if (!heft_reader_read_exactly (reader, start, sizeof start, error))
    return FALSE;
  if (memcmp (start, "\x93NUMPY", 6) != 0 || start[6] < 1 || start[6] > 3)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” is not an NPY file of version 1 to 3 (see its first 8 bytes); save the array with numpy.save()."),
                   name);
      return FALSE;
    }
  if (!heft_reader_read_exactly (reader, size, start[6] == 1 ? 2 : 4, error))
    return FALSE;
  length = size[0] | (guint32) size[1] << 8 | (guint32) size[2] << 16 | (guint32) size[3] << 24;
  if (length > MAX_HEADER)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("“%s” claims an NPY header of %u bytes, which no plain array needs; save it again with numpy.save()."),
                   name, length);
      return FALSE;
    }
  *text = g_malloc0 (length + 1);
  return heft_reader_read_exactly (reader, *text, length, error);
}

static gboolean
read_header (HeftReader *reader, Header *header, GError **error)
{
  const char *name = heft_reader_get_name (reader);
  g_autofree char *text = NULL;
  g_autofree char *descr = NULL;

  if (!read_header_text (reader, &text, error))
    return FALSE;
  if (!parse_dictionary (text, header, &descr))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” has an NPY header that does not name one element type, order and shape; "
                     "save the array with numpy.save()."), name);
      return FALSE;
    }
  if (!parse_descr (descr, header))
    {
      g_autofree char *shown = g_utf8_make_valid (descr, -1);

      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” holds elements of type “%s”, where numbers are read (bool, integers, float32, float64); "
                     "convert it, for example with astype('float32')."), name, shown);
      return FALSE;
    }
  return TRUE;
}

/* Whether the elements are kept as they are; other kinds of integer become doubles. */
static gboolean
is_kept (const Header *header)
{
  return header->kind == 'f' || header->kind == 'b' || (header->kind == 'u' && header->item == 1);
}

static gboolean
count_elements (const char *name, const Header *header, gsize *n_elements, GError **error)
{
  gboolean fits = TRUE;
  gsize bytes;

  *n_elements = 1;
  for (guint i = 0; i < header->n_dimensions && fits; i++)
    fits = g_size_checked_mul (n_elements, *n_elements, header->shape[i]);
  fits = fits && g_size_checked_mul (&bytes, *n_elements, is_kept (header) ? header->item : sizeof (double))
         && bytes <= HEFT_DATA_MAX_BYTES;
  if (!fits)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                 _("“%s” claims a shape in its NPY header that needs more than 2 GiB; use fewer samples."), name);
  return fits;
}

static void
swap_bytes (guint8 *data, gsize n, gsize item)
{
  for (gsize i = 0; i < n; i++, data += item)
    for (gsize j = 0; j < item / 2; j++)
      {
        guint8 byte = data[j];

        data[j] = data[item - 1 - j];
        data[item - 1 - j] = byte;
      }
}

/* Column-major to row-major: walks the target in order and follows the source's strides. */
static guint8 *
turn_order (const guint8 *data, const Header *header, gsize n)
{
  guint8 *turned = g_malloc (MAX (n, 1) * header->item);
  gsize index[HEFT_ARRAY_MAX_DIMENSIONS] = { 0 };
  gsize stride[HEFT_ARRAY_MAX_DIMENSIONS];
  gsize source = 0, running = 1;

  for (guint d = 0; d < header->n_dimensions; d++)
    {
      stride[d] = running;
      running *= header->shape[d];
    }
  for (gsize i = 0; i < n; i++)
    {
      memcpy (turned + i * header->item, data + source * header->item, header->item);
      for (guint d = header->n_dimensions; d-- > 0;)
        {
          source += stride[d];
          if (++index[d] < header->shape[d])
            break;
          source -= stride[d] * header->shape[d];
          index[d] = 0;
        }
    }
  return turned;
}

static double
integer_at (const guint8 *data, const Header *header, gsize i)
{
  const guint8 *at = data + i * header->item;
  guint64 bits = 0;

  memcpy (&bits, at, header->item);
  if (header->kind != 'i')
    return (double) bits;
  if (header->item < 8 && bits >> (8 * header->item - 1) != 0)
    bits |= G_MAXUINT64 << (8 * header->item);
  return (double) (gint64) bits;
}

static GBytes *
widen_integers (const char *name, const guint8 *data, const Header *header, gsize n, GError **error)
{
  g_autofree double *values = g_new (double, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    {
      values[i] = integer_at (data, header, i);
      if (values[i] >= EXACT_INTEGERS || values[i] <= -EXACT_INTEGERS)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("“%s” holds an integer beyond 2^53 at element %zu"
                         ", which no calculation here can hold exactly; rescale the array."), name, i);
          return NULL;
        }
    }
  return g_bytes_new_take (g_steal_pointer (&values), n * sizeof (double));
}

static gboolean
convert (const char *name, GBytes *raw, const Header *header, HeftArray *array, GError **error)
{
  gsize n = array->n_elements, size;
  g_autofree guint8 *data = g_bytes_unref_to_data (raw, &size);

  if (header->big_endian != (G_BYTE_ORDER == G_BIG_ENDIAN))
    swap_bytes (data, n, header->item);
  if (header->fortran && header->n_dimensions > 1)
    {
      guint8 *turned = turn_order (data, header, n);

      g_free (data);
      data = turned;
    }
  if (is_kept (header))
    {
      array->element = header->item == 1 ? HEFT_ELEMENT_BYTE
                       : header->item == 4 ? HEFT_ELEMENT_FLOAT : HEFT_ELEMENT_DOUBLE;
      array->data = g_bytes_new_take (g_steal_pointer (&data), n * header->item);
      return TRUE;
    }
  array->element = HEFT_ELEMENT_DOUBLE;
  array->data = widen_integers (name, data, header, n, error);
  return array->data != NULL;
}

gboolean
heft_npy_load (const char *path, HeftArray *array, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  g_autoptr(GBytes) raw = NULL;
  Header header = { 0 };

  if (reader == NULL || !read_header (reader, &header, error)
      || !count_elements (heft_reader_get_name (reader), &header, &array->n_elements, error))
    return FALSE;
  array->n_dimensions = header.n_dimensions;
  memcpy (array->shape, header.shape, sizeof array->shape);
  raw = heft_reader_read_bytes (reader, array->n_elements * header.item, error);
  if (raw == NULL || !heft_reader_expect_end (reader, error))
    return FALSE;
  return convert (heft_reader_get_name (reader), g_steal_pointer (&raw), &header, array, error);
}

gboolean
heft_npy_save (const char *path, HeftElement element, guint n_dimensions, const gsize *shape,
               gconstpointer data, GError **error)
{
  static const struct { const char *little, *big; gsize item; } types[] =
  {
    [HEFT_ELEMENT_BYTE] = { "|u1", "|u1", 1 },
    [HEFT_ELEMENT_FLOAT] = { "<f4", ">f4", 4 },
    [HEFT_ELEMENT_DOUBLE] = { "<f8", ">f8", 8 },
  };
  g_autoptr(GString) header = g_string_new (NULL);
  g_autoptr(GString) file = g_string_new (NULL);
  g_autoptr(GError) local = NULL;
  gsize n = 1;

  g_return_val_if_fail (n_dimensions <= HEFT_ARRAY_MAX_DIMENSIONS, FALSE);
  g_string_append_printf (header, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                          G_BYTE_ORDER == G_LITTLE_ENDIAN ? types[element].little : types[element].big);
  for (guint i = 0; i < n_dimensions; i++)
    {
      n *= shape[i];
      g_string_append_printf (header, i + 1 < n_dimensions ? "%" G_GSIZE_FORMAT ", " : "%" G_GSIZE_FORMAT, shape[i]);
    }
  g_string_append (header, n_dimensions == 1 ? ",), }" : "), }");
  /* The format asks that the data begin at a multiple of 64 bytes. */
  while ((10 + header->len + 1) % 64 != 0)
    g_string_append_c (header, ' ');
  g_string_append_c (header, '\n');

  g_string_append_len (file, "\x93NUMPY\x01\x00", 8);
  g_string_append_c (file, header->len & 0xff);
  g_string_append_c (file, header->len >> 8);
  g_string_append_len (file, header->str, header->len);
  if (n > 0)
    g_string_append_len (file, data, n * types[element].item);
  if (!g_file_set_contents (path, file->str, file->len, &local))
    {
      g_autofree char *name = g_filename_display_name (path);

      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” cannot be written (%s); choose another place."), name, local->message);
      return FALSE;
    }
  return TRUE;
}
