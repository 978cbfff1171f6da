/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What a checkpoint is made of: dictionaries of the type a{sv}. Arrays are little-endian bytes, bit for bit what memory held. A state
 * read from a file is doubted: each reader returns FALSE where the entry is missing, of another length or not finite, and then leaves
 * what it should have written to undefined but valid numbers.
 */

void     heft_state_put_floats  (GVariantBuilder *state, const char *name, const float *values, gsize n);
gboolean heft_state_get_floats  (GVariant *state, const char *name, gsize n, float *values);
void     heft_state_put_doubles (GVariantBuilder *state, const char *name, const double *values, gsize n);
gboolean heft_state_get_doubles (GVariant *state, const char *name, gsize n, double *values);
/* Returns: (transfer full) (nullable): an array whose length the state knows */
double  *heft_state_dup_doubles (GVariant *state, const char *name, gsize *n);
void     heft_state_put_count   (GVariantBuilder *state, const char *name, guint64 value);
gboolean heft_state_get_count   (GVariant *state, const char *name, guint64 *value);
/* A count that must not exceed @most. */
gboolean heft_state_get_size    (GVariant *state, const char *name, gsize most, gsize *value);
/* Infinities pass: a limit may be one. Not a number does not. */
void     heft_state_put_number  (GVariantBuilder *state, const char *name, double value);
gboolean heft_state_get_number  (GVariant *state, const char *name, double *value);
gboolean heft_state_has         (GVariant *state, const char *name);

/* HEFT_ERROR_INVALID_DATA: the checkpoint does not fit, or is damaged. Returns FALSE. */
gboolean heft_state_refuse      (GError **error);

G_END_DECLS
