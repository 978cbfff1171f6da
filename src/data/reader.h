/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/error.h>

G_BEGIN_DECLS

/**
 * HeftReader:
 *
 * A file read from beginning to end; gzip (of one or several members) is recognised by its first bytes and inflated. What
 * it reports names the file and says what to do.
 */
typedef struct _HeftReader HeftReader;

HeftReader *heft_reader_open  (const char *path, GError **error);
void        heft_reader_close (HeftReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftReader, heft_reader_close)

/* The file's name as it may be shown. */
const char *heft_reader_get_name (const HeftReader *self);

/* Fills @out; fewer than @n bytes mean the end of the file. FALSE: it cannot be read or inflated. */
gboolean heft_reader_read         (HeftReader *self, gpointer out, gsize n, gsize *n_read, GError **error);
/* Fewer than @n bytes are an error that says where the file ends. */
gboolean heft_reader_read_exactly (HeftReader *self, gpointer out, gsize n, GError **error);
/* @n bytes in memory that grows as they arrive: a header that promises much and delivers little costs nothing. */
GBytes  *heft_reader_read_bytes   (HeftReader *self, gsize n, GError **error);
/* An error unless everything has been read. */
gboolean heft_reader_expect_end   (HeftReader *self, GError **error);

G_END_DECLS
