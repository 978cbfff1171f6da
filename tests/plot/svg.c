/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "svg.h"

#include <string.h>

typedef struct
{
  SvgFile   *file;
  GString   *text;
  GPtrArray *groups;     /* labels of the open groups, "" where there is none */
  char      *in;         /* title or desc */
} Reader;

static const char *
attribute (const char **names, const char **values, const char *name)
{
  for (gsize i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      return values[i];
  return NULL;
}

static void
start (GMarkupParseContext *context, const char *element, const char **names, const char **values, gpointer data, GError **error)
{
  Reader *self = data;

  if (g_str_equal (element, "text"))
    self->text = g_string_new (NULL);
  else if (g_str_equal (element, "title") || g_str_equal (element, "desc"))
    self->in = g_strdup (element);
  else if (g_str_equal (element, "svg"))
    {
      self->file->width = g_ascii_strtod (attribute (names, values, "width"), NULL);
      self->file->height = g_ascii_strtod (attribute (names, values, "height"), NULL);
    }
  else if (g_str_equal (element, "g"))
    {
      const char *label = attribute (names, values, "aria-label");

      g_ptr_array_add (self->groups, g_strdup (g_strcmp0 (attribute (names, values, "class"), "mark") == 0 && label != NULL
                                               ? label : ""));
    }
  else if (g_str_equal (element, "path"))
    for (guint i = self->groups->len; i-- > 0;)
      if (*(const char *) g_ptr_array_index (self->groups, i) != '\0')
        {
          g_ptr_array_add (self->file->paths, g_strconcat (g_ptr_array_index (self->groups, i), "|",
                                                           attribute (names, values, "d"), NULL));
          break;
        }
}

static void
end (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Reader *self = data;

  if (g_str_equal (element, "text"))
    g_ptr_array_add (self->file->texts, g_string_free (g_steal_pointer (&self->text), FALSE));
  else if (g_str_equal (element, "title") || g_str_equal (element, "desc"))
    g_clear_pointer (&self->in, g_free);
  else if (g_str_equal (element, "g"))
    g_ptr_array_set_size (self->groups, self->groups->len - 1);
}

static void
text (GMarkupParseContext *context, const char *content, gsize length, gpointer data, GError **error)
{
  Reader *self = data;

  if (self->text != NULL)
    g_string_append_len (self->text, content, length);
  if (g_strcmp0 (self->in, "title") == 0)
    self->file->title = g_strndup (content, length);
  if (g_strcmp0 (self->in, "desc") == 0)
    self->file->description = g_strndup (content, length);
}

SvgFile *
svg_read (GBytes *bytes)
{
  static const GMarkupParser parser = { .start_element = start, .end_element = end, .text = text };
  SvgFile *file = g_new0 (SvgFile, 1);
  Reader reader = { .file = file, .groups = g_ptr_array_new_with_free_func (g_free) };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &reader, NULL);
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  file->texts = g_ptr_array_new_with_free_func (g_free);
  file->paths = g_ptr_array_new_with_free_func (g_free);
  g_markup_parse_context_parse (context, data, size, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  g_ptr_array_unref (reader.groups);

  return file;
}

void
svg_free (SvgFile *self)
{
  g_ptr_array_unref (self->texts);
  g_ptr_array_unref (self->paths);
  g_free (self->title);
  g_free (self->description);
  g_free (self);
}

gboolean
svg_has_text (const SvgFile *self, const char *wanted)
{
  for (guint i = 0; i < self->texts->len; i++)
    if (g_str_equal (g_ptr_array_index (self->texts, i), wanted))
      return TRUE;
  return FALSE;
}

gboolean
svg_has_part (const SvgFile *self, const char *part)
{
  /* Captions run over several lines, each a text of its own. */
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < self->texts->len; i++)
    g_string_append_printf (all, "%s ", (const char *) g_ptr_array_index (self->texts, i));
  return strstr (all->str, part) != NULL;
}

GArray *
svg_vertices (const SvgFile *self, const char *label)
{
  GArray *xy = g_array_new (FALSE, FALSE, sizeof (double));
  gsize length = strlen (label);

  for (guint i = 0; i < self->paths->len; i++)
    {
      const char *path = g_ptr_array_index (self->paths, i);

      if (strncmp (path, label, length) != 0 || path[length] != '|')
        continue;
      for (const char *p = path + length + 1; *p != '\0';)
        {
          char *rest;
          double value;

          if (*p == 'M' || *p == 'L' || *p == ' ')
            {
              p++;
              continue;
            }
          value = g_ascii_strtod (p, &rest);
          if (rest == p)
            break;
          g_array_append_val (xy, value);
          p = rest;
        }
      break;
    }

  return xy;
}
