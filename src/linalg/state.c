/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "linalg/state.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

static void
put_bytes (GVariantBuilder *state,
           const char      *name,
           gconstpointer    bytes,
           gsize            n)
{
  g_variant_builder_add (state, "{sv}", name, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, n, 1));
}

/* (transfer full): the entry, or NULL if there is none of this type. */
static GVariant *
look_up (GVariant           *state,
         const char         *name,
         const GVariantType *type)
{
  return g_variant_lookup_value (state, name, type);
}

void
heft_state_put_floats (GVariantBuilder *state,
                       const char      *name,
                       const float     *values,
                       gsize            n)
{
  g_autofree guint32 *little = g_new (guint32, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    {
      memcpy (&little[i], &values[i], sizeof little[i]);
      little[i] = GUINT32_TO_LE (little[i]);
    }
  put_bytes (state, name, little, n * sizeof *little);
}

gboolean
heft_state_get_floats (GVariant   *state,
                       const char *name,
                       gsize       n,
                       float      *values)
{
  g_autoptr (GVariant) entry = look_up (state, name, G_VARIANT_TYPE_BYTESTRING);
  gsize size = 0;
  const guint8 *bytes = entry != NULL ? g_variant_get_fixed_array (entry, &size, 1) : NULL;

  if (entry == NULL || size != n * sizeof *values)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, bytes + 4 * i, sizeof bits);
      bits = GUINT32_FROM_LE (bits);
      memcpy (&values[i], &bits, sizeof bits);
      if (!isfinite (values[i]))
        return FALSE;
    }
  return TRUE;
}

void
heft_state_put_doubles (GVariantBuilder *state,
                        const char      *name,
                        const double    *values,
                        gsize            n)
{
  g_autofree guint64 *little = g_new (guint64, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    {
      memcpy (&little[i], &values[i], sizeof little[i]);
      little[i] = GUINT64_TO_LE (little[i]);
    }
  put_bytes (state, name, little, n * sizeof *little);
}

/* Whether @entry holds whole doubles, all finite; as many as @values has room for are written. */
static gboolean
read_doubles (const guint8 *bytes,
              gsize         n,
              double       *values)
{
  for (gsize i = 0; i < n; i++)
    {
      guint64 bits;

      memcpy (&bits, bytes + 8 * i, sizeof bits);
      bits = GUINT64_FROM_LE (bits);
      memcpy (&values[i], &bits, sizeof bits);
      if (!isfinite (values[i]))
        return FALSE;
    }
  return TRUE;
}

double *
heft_state_dup_doubles (GVariant   *state,
                        const char *name,
                        gsize      *n)
{
  g_autoptr (GVariant) entry = look_up (state, name, G_VARIANT_TYPE_BYTESTRING);
  gsize size = 0;
  const guint8 *bytes = entry != NULL ? g_variant_get_fixed_array (entry, &size, 1) : NULL;
  g_autofree double *values = NULL;

  if (entry == NULL || size % sizeof *values != 0)
    return NULL;
  *n = size / sizeof *values;
  values = g_new (double, MAX (*n, 1));
  return read_doubles (bytes, *n, values) ? g_steal_pointer (&values) : NULL;
}

gboolean
heft_state_get_doubles (GVariant   *state,
                        const char *name,
                        gsize       n,
                        double     *values)
{
  gsize found = 0;
  g_autofree double *read = heft_state_dup_doubles (state, name, &found);

  if (read == NULL || found != n)
    return FALSE;
  memcpy (values, read, n * sizeof *values);
  return TRUE;
}

void
heft_state_put_count (GVariantBuilder *state,
                      const char      *name,
                      guint64          value)
{
  g_variant_builder_add (state, "{sv}", name, g_variant_new_uint64 (value));
}

gboolean
heft_state_get_count (GVariant   *state,
                      const char *name,
                      guint64    *value)
{
  g_autoptr (GVariant) entry = look_up (state, name, G_VARIANT_TYPE_UINT64);

  if (entry == NULL)
    return FALSE;
  *value = g_variant_get_uint64 (entry);
  return TRUE;
}

gboolean
heft_state_get_size (GVariant   *state,
                     const char *name,
                     gsize       most,
                     gsize      *value)
{
  guint64 count;

  if (!heft_state_get_count (state, name, &count) || count > most)
    return FALSE;
  *value = (gsize) count;
  return TRUE;
}

void
heft_state_put_number (GVariantBuilder *state,
                       const char      *name,
                       double           value)
{
  g_variant_builder_add (state, "{sv}", name, g_variant_new_double (value));
}

gboolean
heft_state_get_number (GVariant   *state,
                       const char *name,
                       double     *value)
{
  g_autoptr (GVariant) entry = look_up (state, name, G_VARIANT_TYPE_DOUBLE);

  if (entry == NULL || isnan (g_variant_get_double (entry)))
    return FALSE;
  *value = g_variant_get_double (entry);
  return TRUE;
}

gboolean
heft_state_has (GVariant   *state,
                const char *name)
{
  g_autoptr (GVariant) entry = look_up (state, name, NULL);

  return entry != NULL;
}

gboolean
heft_state_refuse (GError **error)
{
  g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA,
                       _("The checkpoint is damaged or belongs to another network or other settings; start the run anew."));
  return FALSE;
}
