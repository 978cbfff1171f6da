/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include <heft/record.h>

G_BEGIN_DECLS

/* A run file is one SQLite database (docs/run-file.md). It is made in memory and written in one piece, and read into memory
 * in one piece: no journal, no lock, nothing half done on disk. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3, sqlite3_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

sqlite3 *heft_store_new   (GError **error);
/* With its checksum; nothing more can be put into @store. */
gboolean heft_store_write (sqlite3 *store, const char *path, GError **error);
/* Refuses what is not a run file of a version it knows, to the last bit as it was written, naming @path. */
sqlite3 *heft_store_open  (const char *path, GError **error);

/* Words of the run by name. */
gboolean heft_store_put_word (sqlite3 *store, const char *table, const char *name, const char *value, GError **error);
/* Returns: (transfer full): values by name, both char* */
GHashTable *heft_store_get_words (sqlite3 *store, const char *table, GError **error);

gboolean heft_store_put_record (sqlite3 *store, HeftRecord *record, GError **error);
/* Fills a fresh @record; refuses what its tables do not know or what is damaged. */
gboolean heft_store_get_record (sqlite3 *store, HeftRecord *record, GError **error);

gboolean heft_store_put_checkpoint (sqlite3 *store, GBytes *checkpoint, GError **error);
/* @checkpoint: (out) (nullable): %NULL where the file has none */
gboolean heft_store_get_checkpoint (sqlite3 *store, GBytes **checkpoint, GError **error);

G_END_DECLS
