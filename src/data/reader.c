/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include "data/reader.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
#define FIRST_CHUNK ((gsize) 1 << 20)

struct _HeftReader
{
  int           descriptor;
  char         *name;
  GConverter   *inflater;      /* NULL for a plain file */
  gboolean      member_ended;  /* between two gzip members, or after the last */
  gboolean      raw_ended;
  guint64       offset;        /* bytes handed out */
  gsize         begin, end;    /* of what waits in @buffer */
  guint8        buffer[BUFFER_SIZE];
};

void
heft_reader_close (HeftReader *self)
{
  if (self->descriptor >= 0)
    close (self->descriptor);
  g_clear_object (&self->inflater);
  g_free (self->name);
  g_free (self);
}

const char *
heft_reader_get_name (const HeftReader *self)
{
  return self->name;
}

/* Adds to what waits in the buffer; nothing added means the end of the file. */
static gboolean
refill (HeftReader *self, GError **error)
{
  gssize n;

  if (self->begin > 0)
    {
      memmove (self->buffer, self->buffer + self->begin, self->end - self->begin);
      self->end -= self->begin;
      self->begin = 0;
    }
  if (self->raw_ended || self->end == BUFFER_SIZE)
    return TRUE;
  do
    n = read (self->descriptor, self->buffer + self->end, BUFFER_SIZE - self->end);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                   _("“%s” cannot be read (%s); check the file and the disk it is on."), self->name, g_strerror (errno));
      return FALSE;
    }
  self->raw_ended = n == 0;
  self->end += n;
  return TRUE;
}

static gboolean
starts_with_gzip (const HeftReader *self)
{
  return self->end - self->begin >= 2 && self->buffer[self->begin] == 0x1f && self->buffer[self->begin + 1] == 0x8b;
}

static void
set_open_error (const char *name, int cause, GError **error)
{
  if (cause == ENOENT || cause == ENOTDIR)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
                 _("There is no file “%s”; check its name and folder."), name);
  else if (cause == EISDIR)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” is a folder; name the file in it that is meant."), name);
  else if (cause == EACCES || cause == EPERM)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” may not be read by you; change its permissions."), name);
  else
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” cannot be opened (%s); check the path."), name, g_strerror (cause));
}

/* A pipe that nobody writes to would be waited for, and then read, for ever: opened like this it is empty. -1 with errno. */
static int
open_without_waiting (const char *path)
{
  int descriptor = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
  struct stat status;

  if (descriptor < 0)
    return -1;
  if (fstat (descriptor, &status) == 0 && S_ISDIR (status.st_mode))
    {
      close (descriptor);
      errno = EISDIR;
      return -1;
    }
  fcntl (descriptor, F_SETFL, fcntl (descriptor, F_GETFL) & ~O_NONBLOCK);
  return descriptor;
}

HeftReader *
heft_reader_open (const char *path, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);
  g_autoptr(HeftReader) self = NULL;
  int descriptor = open_without_waiting (path);

  if (descriptor < 0)
    {
      set_open_error (name, errno, error);
      return NULL;
    }

  self = g_new0 (HeftReader, 1);
  self->descriptor = descriptor;
  self->name = g_steal_pointer (&name);
  /* Twice, since a pipe may give its first byte alone. */
  if (!refill (self, error) || (self->end < 2 && !refill (self, error)))
    return NULL;
  if (starts_with_gzip (self))
    self->inflater = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  return g_steal_pointer (&self);
}

/* After a member: another one, padding with zeros, or the end. */
static gboolean
next_member (HeftReader *self, gboolean *at_end, GError **error)
{
  *at_end = FALSE;
  while (self->end - self->begin < 2 && !self->raw_ended)
    if (!refill (self, error))
      return FALSE;
  if (starts_with_gzip (self))
    {
      g_converter_reset (self->inflater);
      self->member_ended = FALSE;
      return TRUE;
    }
  while (TRUE)
    {
      for (; self->begin < self->end; self->begin++)
        if (self->buffer[self->begin] != 0)
          {
            g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                         _("“%s” has bytes after the end of its compressed data; copy or download it again."),
                         self->name);
            return FALSE;
          }
      if (self->raw_ended)
        break;
      if (!refill (self, error))
        return FALSE;
    }
  *at_end = TRUE;
  return TRUE;
}

static gboolean
set_inflate_error (HeftReader *self, gboolean truncated, GError **error)
{
  if (truncated)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” is cut short: its compressed data break off after %" PRIu64
                   " bytes of content; copy or download it again."), self->name, self->offset);
  else
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” is damaged: its compressed data cannot be read beyond byte %" PRIu64
                   " of the content; copy or download it again."), self->name, self->offset);
  return FALSE;
}

/* One call of the inflater, refilling as it asks. Sets @n_read to 0 only at the end of the content. */
static gboolean
inflate_some (HeftReader *self, guint8 *out, gsize n, gsize *n_read, GError **error)
{
  *n_read = 0;
  while (*n_read == 0)
    {
      g_autoptr(GError) local = NULL;
      gsize consumed = 0, produced = 0;
      GConverterResult result;
      gboolean at_end;

      if (self->member_ended)
        {
          if (!next_member (self, &at_end, error))
            return FALSE;
          if (at_end)
            return TRUE;
        }
      if (self->begin == self->end && !refill (self, error))
        return FALSE;
      if (self->begin == self->end)
        return set_inflate_error (self, TRUE, error);
      result = g_converter_convert (self->inflater, self->buffer + self->begin, self->end - self->begin, out, n,
                                    G_CONVERTER_NO_FLAGS, &consumed, &produced, &local);
      if (result == G_CONVERTER_ERROR)
        {
          if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
            return set_inflate_error (self, FALSE, error);
          if (self->raw_ended || self->end - self->begin == BUFFER_SIZE)
            return set_inflate_error (self, TRUE, error);
          if (!refill (self, error))
            return FALSE;
          continue;
        }
      self->begin += consumed;
      self->member_ended = result == G_CONVERTER_FINISHED;
      self->offset += produced;
      *n_read = produced;
    }
  return TRUE;
}

static gboolean
copy_some (HeftReader *self, guint8 *out, gsize n, gsize *n_read, GError **error)
{
  if (self->begin == self->end && !refill (self, error))
    return FALSE;
  *n_read = MIN (n, self->end - self->begin);
  memcpy (out, self->buffer + self->begin, *n_read);
  self->begin += *n_read;
  self->offset += *n_read;
  return TRUE;
}

gboolean
heft_reader_read (HeftReader *self, gpointer out, gsize n, gsize *n_read, GError **error)
{
  *n_read = 0;
  while (*n_read < n)
    {
      guint8 *at = (guint8 *) out + *n_read;
      gsize some;

      if (self->inflater != NULL ? !inflate_some (self, at, n - *n_read, &some, error)
                                 : !copy_some (self, at, n - *n_read, &some, error))
        return FALSE;
      if (some == 0)
        break;
      *n_read += some;
    }
  return TRUE;
}

gboolean
heft_reader_read_exactly (HeftReader *self, gpointer out, gsize n, GError **error)
{
  gsize n_read;

  if (!heft_reader_read (self, out, n, &n_read, error))
    return FALSE;
  if (n_read == n)
    return TRUE;
  if (self->offset == 0)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” is empty; copy or download it again."), self->name);
  else
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                 _("“%s” is cut short: it ends after %" PRIu64 " bytes where its header promises at least %"
                   PRIu64 "; copy or download it again."),
                 self->name, self->offset, self->offset + (n - n_read));
  return FALSE;
}

GBytes *
heft_reader_read_bytes (HeftReader *self, gsize n, GError **error)
{
  guint8 *memory = NULL;
  gsize have = 0, room = 0;

  while (have < n)
    {
      gsize goal = MIN (n, MAX (FIRST_CHUNK, 2 * room));
      guint8 *larger = g_try_realloc (memory, goal);

      if (larger == NULL)
        {
          g_free (memory);
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                       _("“%s” does not fit into memory (%zu bytes); use a smaller file."),
                       self->name, n);
          return NULL;
        }
      memory = larger;
      room = goal;
      if (!heft_reader_read_exactly (self, memory + have, room - have, error))
        {
          g_free (memory);
          return NULL;
        }
      have = room;
    }
  return g_bytes_new_take (memory, n);
}

gboolean
heft_reader_expect_end (HeftReader *self, GError **error)
{
  guint8 byte;
  gsize n_read;

  if (!heft_reader_read (self, &byte, 1, &n_read, error))
    return FALSE;
  if (n_read == 0)
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
               _("“%s” goes on after the %" PRIu64 " bytes that its header promises; "
                 "copy or download it again."), self->name, self->offset - 1);
  return FALSE;
}
