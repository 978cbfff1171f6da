/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HeftTable:
 *
 * A CSV file of features and a last column `label`: @values is n x n_features, row-major.
 */
typedef struct
{
  gsize    n, n_features;
  GArray  *values;   /* double */
  GArray  *labels;   /* guint8 */
} HeftTable;

void heft_table_clear (HeftTable *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftTable, heft_table_clear)

/* Comma-separated, UTF-8 (with or without a mark), LF or CRLF, fields may be quoted; plain or gzip. Refusals name file, line
 * and column. */
gboolean heft_csv_read (const char *path, HeftTable *table, GError **error);

G_END_DECLS
