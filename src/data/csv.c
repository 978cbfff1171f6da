/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include "data/csv.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#include "data/dataset-private.h"
#include "data/reader.h"

#define BUFFER_SIZE  65536
#define MAX_COLUMNS  65537      /* 65,536 features and the label */
#define MAX_FIELD    4096       /* bytes of one field */
#define SHOWN        40         /* characters of a field that a message quotes */

typedef enum
{
  FIELD_START,
  PLAIN,
  QUOTED,
  QUOTE_IN_QUOTED,   /* a quote inside a quoted field: the end of it, or the first of two */
} State;

typedef struct
{
  HeftReader *reader;
  HeftTable  *table;
  GPtrArray  *names;      /* of the columns, once the header has been read */
  gboolean    header_done;
  State       state;
  GString    *field;
  gsize       line;       /* of the current byte, from 1 */
  gsize       row_line;   /* where the current row began */
  gsize       column;     /* from 1 */
  gboolean    row_empty;  /* nothing at all on this line so far */
  gboolean    last_was_cr;
} Parser;

void
heft_table_clear (HeftTable *self)
{
  g_clear_pointer (&self->values, g_array_unref);
  g_clear_pointer (&self->labels, g_array_unref);
}

/* Any bytes as text that a message can hold. */
static char *
quote_bytes (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, length);
  g_autofree char *start = g_utf8_substring (valid, 0, MIN (SHOWN, g_utf8_strlen (valid, -1)));

  return g_strdup_printf ("%s%s", start, strlen (start) < strlen (valid) ? "…" : "");
}

static const char *
column_name (const Parser *self)
{
  return self->column <= self->names->len ? g_ptr_array_index (self->names, self->column - 1) : "";
}

G_GNUC_PRINTF (4, 5) static gboolean
refuse (const Parser *self, gsize line, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  /* Translators: file, line, column, then a clause that says what is wrong and what to do. */
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
               _("“%s”, line %zu, column %zu: %s"),
               heft_reader_get_name (self->reader), line, self->column, what);
  return FALSE;
}

static gboolean
end_header_field (Parser *self, GError **error)
{
  if (self->column > MAX_COLUMNS)
    return refuse (self, self->line, error, _("the header has more than %d columns; use fewer features."), MAX_COLUMNS);
  if (!g_utf8_validate_len (self->field->str, self->field->len, NULL))
    return refuse (self, self->line, error, _("the name of this column is not UTF-8; save the file as UTF-8."));
  g_ptr_array_add (self->names, g_strstrip (g_strdup (self->field->str)));
  return TRUE;
}

static gboolean
end_header (Parser *self, GError **error)
{
  const char *last = g_ptr_array_index (self->names, self->names->len - 1);
  g_autofree char *shown = quote_bytes (last, strlen (last));

  self->column = self->names->len;
  if (g_ascii_strcasecmp (last, "label") != 0)
    return refuse (self, self->row_line, error,
                   _("the last column of the header is “%s”; the first line must name the columns and end in “label”."),
                   shown);
  if (self->names->len < 2)
    return refuse (self, self->row_line, error, _("there is no feature beside “label”; add columns before it."));
  self->table->n_features = self->names->len - 1;
  self->header_done = TRUE;
  return TRUE;
}

/* Decimal numbers only: what strtod() also takes (hexadecimal, names of infinities) is a broken file here. */
static gboolean
parse_number (const GString *field, double *value)
{
  g_autofree char *copy = g_strndup (field->str, field->len);
  const char *text = g_strstrip (copy);
  char *end;

  if (field->len != strlen (field->str) || *text == '\0' || strspn (text, "0123456789+-.eE") != strlen (text))
    return FALSE;
  *value = g_ascii_strtod (text, &end);
  return *end == '\0' && isfinite (*value);
}

static gboolean
end_value_field (Parser *self, GError **error)
{
  gboolean is_label = self->column == self->names->len;
  double value;

  if (self->column > self->names->len)
    return refuse (self, self->line, error,
                   _("this row has more fields than the header's %u columns; remove the surplus."), self->names->len);
  if (!parse_number (self->field, &value))
    {
      g_autofree char *shown = quote_bytes (self->field->str, self->field->len);
      g_autofree char *name = quote_bytes (column_name (self), strlen (column_name (self)));

      if (self->field->len == 0)
        return refuse (self, self->line, error, _("“%s” is empty; fill in a number or remove the row."), name);
      return refuse (self, self->line, error, _("“%s” is “%s”, which is not a finite decimal number; "
                                                "correct it or remove the row."), name, shown);
    }
  if (is_label)
    {
      guint8 label = (guint8) CLAMP (value, 0.0, 255.0);

      if (value != label)
        return refuse (self, self->line, error, _("the label is %g, where classes are whole numbers from 0 to 255; "
                                                  "number the classes from 0."), value);
      g_array_append_val (self->table->labels, label);
    }
  else
    g_array_append_val (self->table->values, value);
  return TRUE;
}

static gboolean
end_field (Parser *self, GError **error)
{
  gboolean ok = self->header_done ? end_value_field (self, error) : end_header_field (self, error);

  g_string_truncate (self->field, 0);
  self->state = FIELD_START;
  return ok;
}

static gboolean
end_row (Parser *self, GError **error)
{
  if (self->row_empty)
    {
      self->row_line = self->line + 1;
      return TRUE;
    }
  if (!end_field (self, error))
    return FALSE;
  if (!self->header_done)
    {
      if (!end_header (self, error))
        return FALSE;
    }
  else
    {
      if (self->column < self->names->len)
        return refuse (self, self->row_line, error, _("the row ends here, where the header has %u columns; "
                                                      "complete or remove the row."), self->names->len);
      self->table->n++;
      if (self->table->n > HEFT_DATA_MAX_SAMPLES
          || self->table->values->len > HEFT_DATA_MAX_BYTES / sizeof (double) - MAX_COLUMNS)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                       _("“%s” needs more than 2 GiB from line %zu on; use fewer rows."),
                       heft_reader_get_name (self->reader), self->row_line);
          return FALSE;
        }
    }
  self->column = 1;
  self->row_line = self->line + 1;
  self->row_empty = TRUE;
  return TRUE;
}

static gboolean
append_byte (Parser *self, char byte, GError **error)
{
  if (self->field->len >= MAX_FIELD)
    return refuse (self, self->line, error, _("the field is longer than %d bytes; "
                                              "check that this is a comma-separated file."), MAX_FIELD);
  g_string_append_c (self->field, byte);
  self->row_empty = FALSE;
  return TRUE;
}

/* One byte outside quotes. */
static gboolean
take_plain (Parser *self, char byte, GError **error)
{
  switch (byte)
    {
    case ',':
      self->row_empty = FALSE;
      if (!end_field (self, error))
        return FALSE;
      self->column++;
      return TRUE;
    case '\n':
      return end_row (self, error);
    case '"':
      if (self->state == PLAIN)
        return refuse (self, self->line, error,
                       _("a quotation mark stands inside an unquoted field; quote the whole field."));
      self->state = QUOTED;
      self->row_empty = FALSE;
      return TRUE;
    default:
      if (self->state == QUOTE_IN_QUOTED)
        return refuse (self, self->line, error,
                       _("text follows a closing quotation mark; double the mark to mean it literally."));
      self->state = PLAIN;
      return append_byte (self, byte, error);
    }
}

static gboolean
take_byte (Parser *self, char byte, GError **error)
{
  gboolean ok = TRUE;

  if (self->last_was_cr)
    {
      self->last_was_cr = FALSE;
      if (byte != '\n')
        return refuse (self, self->line, error, _("a carriage return stands alone; end the lines with LF or CRLF."));
    }
  if (self->state == QUOTED)
    {
      if (byte == '"')
        self->state = QUOTE_IN_QUOTED;
      else
        ok = append_byte (self, byte, error);
    }
  else if (self->state == QUOTE_IN_QUOTED && byte == '"')
    {
      self->state = QUOTED;
      ok = append_byte (self, byte, error);
    }
  else if (byte == '\r')
    self->last_was_cr = TRUE;
  else
    ok = take_plain (self, byte, error);
  if (byte == '\n')
    self->line++;
  return ok;
}

static gboolean
parse (Parser *self, GError **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_SIZE);
  gboolean first = TRUE;
  gsize n;

  do
    {
      gsize i = 0;

      if (!heft_reader_read (self->reader, buffer, BUFFER_SIZE, &n, error))
        return FALSE;
      if (first && n >= 3 && memcmp (buffer, "\xef\xbb\xbf", 3) == 0)
        i = 3;
      first = FALSE;
      for (; i < n; i++)
        if (!take_byte (self, buffer[i], error))
          return FALSE;
    }
  while (n == BUFFER_SIZE);
  if (self->state == QUOTED)
    return refuse (self, self->row_line, error,
                   _("a quoted field in the row that begins here is never closed; add the quotation mark."));
  return end_row (self, error);
}

gboolean
heft_csv_read (const char *path, HeftTable *table, GError **error)
{
  g_autoptr(HeftReader) reader = heft_reader_open (path, error);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GString) field = g_string_new (NULL);
  Parser parser = { .reader = reader, .table = table, .names = names, .field = field,
                    .line = 1, .row_line = 1, .column = 1, .row_empty = TRUE };

  if (reader == NULL)
    return FALSE;
  table->n = table->n_features = 0;
  table->values = g_array_new (FALSE, FALSE, sizeof (double));
  table->labels = g_array_new (FALSE, FALSE, sizeof (guint8));
  if (!parse (&parser, error))
    return FALSE;
  if (!parser.header_done)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” is empty; its first line must name the columns and end in “label”."),
                   heft_reader_get_name (reader));
      return FALSE;
    }
  if (table->n == 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” has a header but no rows; add at least one sample."), heft_reader_get_name (reader));
      return FALSE;
    }
  return TRUE;
}
