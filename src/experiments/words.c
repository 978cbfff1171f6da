/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <math.h>
#include <string.h>

#include "experiments/words.h"

char *
heft_words_count (guint64 count)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, count);
  gsize n = strlen (digits);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    {
      if (i > 0 && (n - i) % 3 == 0)
        g_string_append_c (text, ',');
      g_string_append_c (text, digits[i]);
    }
  return g_string_free (text, FALSE);
}

static void
append_superscript (GString *text, int exponent)
{
  static const char *const digits[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
  g_autofree char *plain = g_strdup_printf ("%d", exponent);

  for (const char *c = plain; *c != '\0'; c++)
    g_string_append (text, *c == '-' ? "⁻" : digits[*c - '0']);
}

char *
heft_words_number (double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  double size = fabs (value);
  GString *text;
  char *e;

  if (!isfinite (value))
    return g_strdup (isnan (value) ? "–" : value > 0 ? "∞" : "−∞");
  if (value == 0)
    return g_strdup ("0");
  /* A minus sign, which C's conversions do not write. */
  if (value < 0)
    {
      g_autofree char *words = heft_words_number (size);

      return g_strconcat ("−", words, NULL);
    }
  if (size >= 1e-3 && size < 999.5)
    return g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.3g", value));
  if (size >= 999.5 && size < 1e6)
    return heft_words_count ((guint64) (size + 0.5));
  g_ascii_formatd (buffer, sizeof buffer, "%.2e", value);
  e = strchr (buffer, 'e');
  text = g_string_new_len (buffer, e - buffer);
  g_string_append (text, " × 10");
  append_superscript (text, (int) g_ascii_strtoll (e + 1, NULL, 10));
  return g_string_free (text, FALSE);
}

char *
heft_words_percent (double fraction)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  /* A bound that says nothing may be many times 1. */
  if (fraction >= 10)
    {
      g_autofree char *count = heft_words_number (100 * fraction);

      return g_strconcat (count, " %", NULL);
    }
  g_ascii_formatd (buffer, sizeof buffer, "%.1f", 100 * fraction);
  return g_strconcat (buffer, " %", NULL);
}

char *
heft_words_result (HeftRecord *record, const char *id)
{
  double value;

  return heft_record_get_result (record, id, &value) ? heft_words_number (value) : g_strdup ("–");
}

char *
heft_words_last (HeftRecord *record, const char *series)
{
  double y;

  return heft_record_get_last (record, series, 0, NULL, &y) ? heft_words_number (y) : g_strdup ("–");
}
