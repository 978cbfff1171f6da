/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-record"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>

#include "record/frame-private.h"
#include "record/store.h"

#define APPLICATION_ID 0x48454654   /* "HEFT" */
#define FORMAT_VERSION 2
#define MAX_FILE_SIZE ((goffset) 4 << 30)
#define MAX_LAYERS 100000

static const char schema[] =
  "CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;\n"
  "CREATE TABLE parameter (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;\n"
  "CREATE TABLE change (place INTEGER PRIMARY KEY, step INTEGER NOT NULL, parameter TEXT NOT NULL, value TEXT NOT NULL);\n"
  "CREATE TABLE layer (place INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
  "CREATE TABLE curve (series TEXT NOT NULL, layer INTEGER NOT NULL, x BLOB NOT NULL, y BLOB NOT NULL,"
  " PRIMARY KEY (series, layer)) WITHOUT ROWID;\n"
  "CREATE TABLE frame (name TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID;\n"
  "CREATE TABLE frame_item (frame TEXT NOT NULL, place INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL,"
  " line_count INTEGER, column_count INTEGER, value, PRIMARY KEY (frame, place)) WITHOUT ROWID;\n"
  "CREATE TABLE result (name TEXT PRIMARY KEY, number REAL, curve BLOB, reason TEXT) WITHOUT ROWID;\n"
  "CREATE TABLE checkpoint (place INTEGER PRIMARY KEY, state BLOB NOT NULL);\n";

/* The word "checksum" of the table run: SHA-256 of the file with zeros in place of its 64 digits. In the file name and value lie
 * side by side. */
#define CHECKSUM_NAME "checksum"
#define CHECKSUM_PREFIX "heft-sha256:"
#define CHECKSUM_DIGITS 64

G_STATIC_ASSERT (sizeof (double) == 8);

static gboolean
store_failed (sqlite3 *store, GError **error)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA, _("The run could not be stored: %s."), sqlite3_errmsg (store));
  return FALSE;
}

static gboolean
execute (sqlite3 *store, const char *sql, GError **error)
{
  return sqlite3_exec (store, sql, NULL, NULL, NULL) == SQLITE_OK || store_failed (store, error);
}

static sqlite3 *
open_memory (GError **error)
{
  sqlite3 *store = NULL;

  if (sqlite3_open_v2 (":memory:", &store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL) == SQLITE_OK)
    return store;
  store_failed (store, error);
  sqlite3_close (store);
  return NULL;
}

sqlite3 *
heft_store_new (GError **error)
{
  g_autoptr (sqlite3) store = open_memory (error);
  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d; PRAGMA page_size = 4096;",
                                           APPLICATION_ID, FORMAT_VERSION);

  if (store == NULL || !execute (store, mark, error) || !execute (store, schema, error) || !execute (store, "BEGIN", error))
    return NULL;
  return g_steal_pointer (&store);
}

/* Where the digits are, or NULL. */
static char *
find_checksum (unsigned char *bytes, gsize size)
{
  static const char mark[] = CHECKSUM_NAME CHECKSUM_PREFIX;
  unsigned char *found = memmem (bytes, size, mark, sizeof mark - 1);

  if (found == NULL || (gsize) (bytes + size - found) < sizeof mark - 1 + CHECKSUM_DIGITS)
    return NULL;
  return (char *) found + sizeof mark - 1;
}

/* The checksum of @bytes, whose digits at @digits become zeros. */
static char *
compute_checksum (unsigned char *bytes, gsize size, char *digits)
{
  memset (digits, '0', CHECKSUM_DIGITS);
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, size);
}

static gboolean
put_checksum (sqlite3 *store, GError **error)
{
  g_autofree char *zeros = g_strnfill (CHECKSUM_DIGITS, '0');
  g_autofree char *value = g_strconcat (CHECKSUM_PREFIX, zeros, NULL);

  return heft_store_put_word (store, "run", CHECKSUM_NAME, value, error);
}

static void
seal (unsigned char *bytes, gsize size)
{
  char *digits = find_checksum (bytes, size);
  g_autofree char *checksum = digits != NULL ? compute_checksum (bytes, size, digits) : NULL;

  if (checksum != NULL)
    memcpy (digits, checksum, CHECKSUM_DIGITS);
}

/* As it was written, to the last bit. */
static gboolean
is_sealed (const unsigned char *bytes, gsize size)
{
  g_autofree unsigned char *copy = g_memdup2 (bytes, size);
  char *digits = find_checksum (copy, size);
  g_autofree char *expected = digits != NULL ? g_strndup (digits, CHECKSUM_DIGITS) : NULL;
  g_autofree char *found = digits != NULL ? compute_checksum (copy, size, digits) : NULL;

  return found != NULL && strcmp (found, expected) == 0;
}

gboolean
heft_store_write (sqlite3 *store, const char *path, GError **error)
{
  sqlite3_int64 size = 0;
  unsigned char *bytes;
  gboolean good;

  if (!put_checksum (store, error) || !execute (store, "COMMIT", error))
    return FALSE;
  bytes = sqlite3_serialize (store, "main", &size, 0);
  if (bytes == NULL)
    return store_failed (store, error);
  seal (bytes, (gsize) size);
  /* A temporary file beside it, flushed to disk, then renamed over the old one. */
  good = g_file_set_contents_full (path, (const char *) bytes, size, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                   0666, error);
  sqlite3_free (bytes);
  return good;
}

/* --- Opening: everything in a file is doubted ---------------------------------------------------------------------- */

static gboolean
not_a_run (const char *path, const char *why, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
               _("%s cannot be opened as a Heft run: %s. Choose a file saved by Heft."), name, why);
  return FALSE;
}

static gint64
read_pragma (sqlite3 *store, const char *sql)
{
  g_autoptr (sqlite3_stmt) query = NULL;

  if (sqlite3_prepare_v2 (store, sql, -1, &query, NULL) != SQLITE_OK || sqlite3_step (query) != SQLITE_ROW)
    return -1;
  return sqlite3_column_int64 (query, 0);
}

static gboolean
is_sound (sqlite3 *store)
{
  g_autoptr (sqlite3_stmt) query = NULL;

  return sqlite3_prepare_v2 (store, "PRAGMA integrity_check(1)", -1, &query, NULL) == SQLITE_OK &&
         sqlite3_step (query) == SQLITE_ROW &&
         g_strcmp0 ((const char *) sqlite3_column_text (query, 0), "ok") == 0;
}

/* The file must hold our tables, word for word, and no trigger, view or index besides. */
static gboolean
has_our_schema (sqlite3 *store)
{
  g_autoptr (sqlite3_stmt) query = NULL;
  g_auto (GStrv) lines = g_strsplit (schema, ";\n", -1);
  guint n_expected = g_strv_length (lines) - 1, n = 0;
  int status;

  if (sqlite3_prepare_v2 (store, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL", -1, &query, NULL) != SQLITE_OK)
    return FALSE;
  while ((status = sqlite3_step (query)) == SQLITE_ROW)
    {
      if (!g_strv_contains ((const char *const *) lines, (const char *) sqlite3_column_text (query, 0)))
        return FALSE;
      n++;
    }
  return status == SQLITE_DONE && n == n_expected;
}

static gboolean
check_store (sqlite3 *store, const char *path, GError **error)
{
  sqlite3_exec (store, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;", NULL, NULL, NULL);
  if (read_pragma (store, "PRAGMA application_id") != APPLICATION_ID)
    return not_a_run (path, _("it is not a file of this program, or it is damaged"), error);
  if (read_pragma (store, "PRAGMA user_version") != FORMAT_VERSION)
    return not_a_run (path, _("it was saved by a version of Heft that this one does not know"), error);
  if (!has_our_schema (store))
    return not_a_run (path, _("its tables are not those of a run"), error);
  if (!is_sound (store))
    return not_a_run (path, _("it is damaged or was cut off"), error);
  return TRUE;
}

static gboolean
read_bytes (const char *path, unsigned char **bytes, gsize *size, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info (file, "standard::size,standard::type", G_FILE_QUERY_INFO_NONE, NULL, &failure);
  g_autofree char *contents = NULL;

  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_autofree char *name = g_filename_display_name (path);

      g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND, _("There is no file “%s”; check its name and folder."), name);
      return FALSE;
    }
  if (info == NULL)
    return not_a_run (path, failure->message, error);
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    return not_a_run (path, _("it is not a regular file"), error);
  if (g_file_info_get_size (info) > MAX_FILE_SIZE)
    return not_a_run (path, _("it is larger than 4 GiB"), error);
  if (!g_file_get_contents (path, &contents, size, &failure))
    return not_a_run (path, failure->message, error);
  if (*size < 512 || memcmp (contents, "SQLite format 3", 16) != 0)
    return not_a_run (path, _("it is not a file of this program, or it is damaged"), error);
  *bytes = sqlite3_malloc64 (*size);
  if (*bytes == NULL)
    return not_a_run (path, _("there is not enough memory for it"), error);
  memcpy (*bytes, contents, *size);
  return TRUE;
}

sqlite3 *
heft_store_open (const char *path, GError **error)
{
  g_autoptr (sqlite3) store = NULL;
  unsigned char *bytes = NULL;
  gsize size = 0;
  gboolean sealed;

  if (!read_bytes (path, &bytes, &size, error))
    return NULL;
  sealed = is_sealed (bytes, size);
  store = open_memory (error);
  if (store == NULL)
    {
      sqlite3_free (bytes);
      return NULL;
    }
  /* SQLite frees the bytes, also when it refuses them. */
  if (sqlite3_deserialize (store, "main", bytes, (sqlite3_int64) size, (sqlite3_int64) size,
                           SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
    {
      not_a_run (path, _("it is not a file of this program, or it is damaged"), error);
      return NULL;
    }
  if (!check_store (store, path, error))
    return NULL;
  if (sealed)
    return g_steal_pointer (&store);
  not_a_run (path, _("its checksum does not fit its contents: it was damaged or changed after it was saved"), error);
  return NULL;
}

/* --- Words --------------------------------------------------------------------------------------------------------- */

static sqlite3_stmt *
prepare (sqlite3 *store, const char *sql, GError **error)
{
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (store, sql, -1, &statement, NULL) != SQLITE_OK)
    store_failed (store, error);
  return statement;
}

/* Runs a statement that returns nothing and readies it for the next values. */
static gboolean
finish (sqlite3 *store, sqlite3_stmt *statement, GError **error)
{
  gboolean good = sqlite3_step (statement) == SQLITE_DONE;

  if (!good)
    store_failed (store, error);
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return good;
}

static void
bind_text (sqlite3_stmt *statement, int place, const char *text)
{
  sqlite3_bind_text (statement, place, text, -1, SQLITE_TRANSIENT);
}

static void
bind_doubles (sqlite3_stmt *statement, int place, const double *values, gsize n)
{
  g_autofree double *little = g_new (double, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    {
      guint64 bits;

      memcpy (&bits, &values[i], sizeof bits);
      bits = GUINT64_TO_LE (bits);
      memcpy (&little[i], &bits, sizeof bits);
    }
  sqlite3_bind_blob64 (statement, place, little, n * sizeof *little, SQLITE_TRANSIENT);
}

gboolean
heft_store_put_word (sqlite3 *store, const char *table, const char *name, const char *value, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("INSERT INTO %s VALUES (?, ?)", table);
  g_autoptr (sqlite3_stmt) statement = prepare (store, sql, error);

  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, name);
  bind_text (statement, 2, value);
  return finish (store, statement, error);
}

static char *
column_word (sqlite3_stmt *query, int column)
{
  const char *text = (const char *) sqlite3_column_text (query, column);

  return text != NULL ? g_utf8_make_valid (text, -1) : g_strdup ("");
}

GHashTable *
heft_store_get_words (sqlite3 *store, const char *table, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("SELECT name, value FROM %s", table);
  g_autoptr (sqlite3_stmt) query = prepare (store, sql, error);
  g_autoptr (GHashTable) words = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (query == NULL)
    return NULL;
  while (sqlite3_step (query) == SQLITE_ROW)
    g_hash_table_insert (words, column_word (query, 0), column_word (query, 1));
  return g_steal_pointer (&words);
}

/* --- Writing a record ------------------------------------------------------------------------------------------------ */

static gboolean
put_changes (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = prepare (store, "INSERT INTO change VALUES (?, ?, ?, ?)", error);
  g_autoptr (GArray) changes = heft_record_list_changes (record);

  if (statement == NULL)
    return FALSE;
  for (guint i = 0; i < changes->len; i++)
    {
      const HeftChange *change = &g_array_index (changes, HeftChange, i);

      sqlite3_bind_int64 (statement, 1, i);
      sqlite3_bind_int64 (statement, 2, (gint64) change->step);
      bind_text (statement, 3, change->parameter);
      bind_text (statement, 4, change->value);
      if (!finish (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
put_curve (sqlite3 *store, sqlite3_stmt *statement, HeftRecord *record, gsize series, gsize layer, GError **error)
{
  gsize n = heft_record_get_length (record, series, layer);
  g_autofree double *x = g_new (double, MAX (n, 1));
  g_autofree double *y = g_new (double, MAX (n, 1));

  if (n == 0)
    return TRUE;
  n = heft_record_read (record, series, layer, 0, n, x, y);
  bind_text (statement, 1, heft_record_get_series_spec (record, series)->id);
  sqlite3_bind_int64 (statement, 2, (gint64) layer);
  bind_doubles (statement, 3, x, n);
  bind_doubles (statement, 4, y, n);
  return finish (store, statement, error);
}

static gboolean
put_curves (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) layer = prepare (store, "INSERT INTO layer VALUES (?, ?)", error);
  g_autoptr (sqlite3_stmt) curve = layer != NULL ? prepare (store, "INSERT INTO curve VALUES (?, ?, ?, ?)", error) : NULL;
  const char *const *names;
  gsize n_layers = heft_record_get_layers (record, &names);

  if (curve == NULL)
    return FALSE;
  for (gsize l = 0; l < n_layers; l++)
    {
      sqlite3_bind_int64 (layer, 1, (gint64) l);
      bind_text (layer, 2, names[l]);
      if (!finish (store, layer, error))
        return FALSE;
    }
  for (gsize s = 0; s < heft_record_get_n_series (record); s++)
    for (gsize l = 0; l < (heft_record_get_series_spec (record, s)->per_layer ? n_layers : 1); l++)
      if (!put_curve (store, curve, record, s, l, error))
        return FALSE;
  return TRUE;
}

static gboolean
put_item (sqlite3 *store, sqlite3_stmt *statement, const char *frame, gsize place, const HeftFrameItem *item, GError **error)
{
  bind_text (statement, 1, frame);
  sqlite3_bind_int64 (statement, 2, (gint64) place);
  sqlite3_bind_int (statement, 3, item->kind);
  bind_text (statement, 4, item->name);
  if (item->kind == HEFT_FRAME_ARRAY)
    {
      sqlite3_bind_int64 (statement, 5, (gint64) item->rows);
      sqlite3_bind_int64 (statement, 6, (gint64) item->columns);
      bind_doubles (statement, 7, item->values, item->rows * item->columns);
    }
  else if (item->kind == HEFT_FRAME_NUMBER)
    {
      sqlite3_bind_double (statement, 7, item->number);
    }
  else
    {
      bind_text (statement, 7, item->text);
    }
  return finish (store, statement, error);
}

static gboolean
put_frames (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) head = prepare (store, "INSERT INTO frame VALUES (?, ?)", error);
  g_autoptr (sqlite3_stmt) items = head != NULL
    ? prepare (store, "INSERT INTO frame_item VALUES (?, ?, ?, ?, ?, ?, ?)", error) : NULL;
  g_autoptr (GPtrArray) frames = heft_record_list_frames (record);

  if (items == NULL)
    return FALSE;
  for (guint f = 0; f < frames->len; f++)
    {
      const HeftFrame *frame = g_ptr_array_index (frames, f);

      bind_text (head, 1, heft_frame_get_id (frame));
      sqlite3_bind_int64 (head, 2, (gint64) heft_frame_get_step (frame));
      if (!finish (store, head, error))
        return FALSE;
      for (gsize i = 0; i < heft_frame_get_n_items (frame); i++)
        if (!heft_frame_get_item (frame, i)->fleeting &&
            !put_item (store, items, heft_frame_get_id (frame), i, heft_frame_get_item (frame, i), error))
          return FALSE;
    }
  return TRUE;
}

static gboolean
put_results (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = prepare (store, "INSERT INTO result VALUES (?, ?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  for (gsize r = 0; r < heft_record_get_n_results (record); r++)
    {
      const char *id = heft_record_get_result_spec (record, r)->id;
      gsize n;
      g_autofree double *curve = heft_record_dup_result_array (record, id, &n);
      g_autofree char *reason = heft_record_dup_result_reason (record, id);
      double number;

      bind_text (statement, 1, id);
      if (curve != NULL)
        bind_doubles (statement, 3, curve, n);
      else if (reason != NULL)
        bind_text (statement, 4, reason);
      else if (heft_record_get_result (record, id, &number))
        sqlite3_bind_double (statement, 2, number);
      else
        continue;
      if (!finish (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
heft_store_put_record (sqlite3 *store, HeftRecord *record, GError **error)
{
  return put_changes (store, record, error) && put_curves (store, record, error) && put_frames (store, record, error) &&
         put_results (store, record, error);
}

/* --- Reading a record ------------------------------------------------------------------------------------------------ */

static gboolean
damaged (const char *what, GError **error)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA, _("The run file is damaged: its %s make no sense."), what);
  return FALSE;
}

/* Returns: (transfer full): the doubles of a blob; %NULL if it is not a whole number of them */
static double *
column_doubles (sqlite3_stmt *query, int column, gsize *n)
{
  gsize size = (gsize) sqlite3_column_bytes (query, column);
  const void *blob = sqlite3_column_blob (query, column);
  double *values;

  if (sqlite3_column_type (query, column) != SQLITE_BLOB || size % sizeof *values != 0)
    return NULL;
  *n = size / sizeof *values;
  values = g_new (double, MAX (*n, 1));
  for (gsize i = 0; i < *n; i++)
    {
      guint64 bits;

      memcpy (&bits, (const char *) blob + 8 * i, sizeof bits);
      bits = GUINT64_FROM_LE (bits);
      memcpy (&values[i], &bits, sizeof bits);
    }
  return values;
}

static gboolean
get_layers (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) query = prepare (store, "SELECT name FROM layer ORDER BY place", error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (query == NULL)
    return FALSE;
  while (sqlite3_step (query) == SQLITE_ROW && names->len <= MAX_LAYERS)
    g_ptr_array_add (names, column_word (query, 0));
  if (names->len > MAX_LAYERS)
    return damaged ("layers", error);
  if (names->len > 0)
    heft_record_set_layers (record, names->len, (const char *const *) names->pdata);
  return TRUE;
}

static gboolean
get_curves (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) query = prepare (store, "SELECT series, layer, x, y FROM curve", error);
  gsize n_layers = heft_record_get_layers (record, NULL);

  if (query == NULL)
    return FALSE;
  while (sqlite3_step (query) == SQLITE_ROW)
    {
      g_autofree char *id = column_word (query, 0);
      int series = heft_record_find_series (record, id);
      gint64 layer = sqlite3_column_int64 (query, 1);
      gsize n_x = 0, n_y = 0;
      g_autofree double *x = column_doubles (query, 2, &n_x);
      g_autofree double *y = column_doubles (query, 3, &n_y);

      /* A later Heft may know more series than this one. */
      if (series < 0)
        continue;
      if (x == NULL || y == NULL || n_x != n_y || layer < 0 ||
          (gsize) layer >= (heft_record_get_series_spec (record, (gsize) series)->per_layer ? n_layers : 1))
        return damaged ("curves", error);
      for (gsize i = 0; i < n_x; i++)
        if (!heft_record_append (record, (gsize) series, (gsize) layer, x[i], y[i]))
          return damaged ("curves", error);
    }
  return TRUE;
}

static gboolean
get_item (sqlite3_stmt *query, HeftFrame *frame, GError **error)
{
  g_autofree char *name = column_word (query, 1);
  g_autofree char *text = NULL;
  gint64 rows = sqlite3_column_int64 (query, 2), columns = sqlite3_column_int64 (query, 3);
  double *values;
  gsize n = 0;

  switch (sqlite3_column_int (query, 0))
    {
    case HEFT_FRAME_ARRAY:
      values = column_doubles (query, 4, &n);
      if (values == NULL || rows < 0 || columns < 0 || (columns > 0 && rows > G_MAXINT32 / columns) ||
          n != (gsize) rows * (gsize) columns)
        {
          g_free (values);
          return damaged ("frames", error);
        }
      heft_frame_take_array (frame, name, (gsize) rows, (gsize) columns, values);
      return TRUE;
    case HEFT_FRAME_NUMBER:
      /* SQLite keeps what is not a number as NULL. */
      heft_frame_set_number (frame, name, sqlite3_column_type (query, 4) == SQLITE_NULL ? NAN : sqlite3_column_double (query, 4));
      return TRUE;
    case HEFT_FRAME_TEXT:
      text = column_word (query, 4);
      heft_frame_set_text (frame, name, text);
      return TRUE;
    default:
      return damaged ("frames", error);
    }
}

static gboolean
get_frame (sqlite3 *store, HeftRecord *record, const char *id, guint64 step, GError **error)
{
  g_autoptr (HeftFrame) frame = heft_frame_new (id, step);
  g_autoptr (sqlite3_stmt) query =
    prepare (store, "SELECT kind, name, line_count, column_count, value FROM frame_item WHERE frame = ? ORDER BY place", error);

  if (query == NULL)
    return FALSE;
  bind_text (query, 1, id);
  while (sqlite3_step (query) == SQLITE_ROW)
    if (!get_item (query, frame, error))
      return FALSE;
  heft_record_publish (record, g_steal_pointer (&frame));
  return TRUE;
}

static gboolean
get_frames (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) query = prepare (store, "SELECT name, step FROM frame", error);

  if (query == NULL)
    return FALSE;
  while (sqlite3_step (query) == SQLITE_ROW)
    {
      g_autofree char *id = column_word (query, 0);

      if (!get_frame (store, record, id, (guint64) sqlite3_column_int64 (query, 1), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
knows_result (HeftRecord *record, const char *id)
{
  for (gsize r = 0; r < heft_record_get_n_results (record); r++)
    if (strcmp (heft_record_get_result_spec (record, r)->id, id) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
get_results (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) query = prepare (store, "SELECT name, number, curve, reason FROM result", error);

  if (query == NULL)
    return FALSE;
  while (sqlite3_step (query) == SQLITE_ROW)
    {
      g_autofree char *id = column_word (query, 0);

      if (!knows_result (record, id))
        continue;
      if (sqlite3_column_type (query, 2) != SQLITE_NULL)
        {
          gsize n = 0;
          g_autofree double *curve = column_doubles (query, 2, &n);

          if (curve == NULL)
            return damaged ("results", error);
          heft_record_set_result_array (record, id, curve, n);
        }
      else if (sqlite3_column_type (query, 3) != SQLITE_NULL)
        {
          g_autofree char *reason = column_word (query, 3);

          heft_record_set_result_missing (record, id, reason);
        }
      else
        {
          heft_record_set_result (record, id, sqlite3_column_double (query, 1));
        }
    }
  return TRUE;
}

static gboolean
get_changes (sqlite3 *store, HeftRecord *record, GError **error)
{
  g_autoptr (sqlite3_stmt) query = prepare (store, "SELECT step, parameter, value FROM change ORDER BY place", error);

  if (query == NULL)
    return FALSE;
  while (sqlite3_step (query) == SQLITE_ROW)
    {
      g_autofree char *parameter = column_word (query, 1);
      g_autofree char *value = column_word (query, 2);

      heft_record_note_change (record, (guint64) sqlite3_column_int64 (query, 0), parameter, value);
    }
  return TRUE;
}

gboolean
heft_store_get_record (sqlite3 *store, HeftRecord *record, GError **error)
{
  return get_layers (store, record, error) && get_curves (store, record, error) && get_frames (store, record, error) &&
         get_results (store, record, error) && get_changes (store, record, error);
}

/* --- The checkpoint -------------------------------------------------------------------------------------------------- */

gboolean
heft_store_put_checkpoint (sqlite3 *store, GBytes *checkpoint, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = prepare (store, "INSERT INTO checkpoint VALUES (0, ?)", error);
  gsize size;
  gconstpointer bytes = g_bytes_get_data (checkpoint, &size);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_blob64 (statement, 1, bytes, size, SQLITE_STATIC);
  return finish (store, statement, error);
}

gboolean
heft_store_get_checkpoint (sqlite3 *store, GBytes **checkpoint, GError **error)
{
  g_autoptr (sqlite3_stmt) query = prepare (store, "SELECT state FROM checkpoint WHERE place = 0", error);

  *checkpoint = NULL;
  if (query == NULL)
    return FALSE;
  if (sqlite3_step (query) != SQLITE_ROW)
    return TRUE;
  if (sqlite3_column_type (query, 0) != SQLITE_BLOB)
    return damaged ("checkpoint", error);
  *checkpoint = g_bytes_new (sqlite3_column_blob (query, 0), (gsize) sqlite3_column_bytes (query, 0));
  return TRUE;
}
