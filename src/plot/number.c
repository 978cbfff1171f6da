/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>
#include <string.h>

/**
 * heft_format_number:
 * @value: a number
 * @digits: significant digits at most, 1 to 17
 *
 * Numbers as the program writes them: fixed point between 1e-3 and 1e5, else a product with a power of ten as a formula between
 * dollar signs for heft_text_paint(). What is not finite is an en dash: no figure shows it as a number.
 *
 * Returns: (transfer full): the text
 */
char *
heft_format_number (double value, int digits)
{
  char buffer[64], format[16];
  double magnitude = fabs (value);
  int exponent;
  char *e;

  digits = CLAMP (digits, 1, 17);
  if (!isfinite (value))
    return g_strdup ("–");
  if (magnitude == 0.0)
    return g_strdup ("0");

  /* The exponent after rounding to these digits: 9.996 at three digits is 10.0. */
  g_snprintf (format, sizeof format, "%%.%de", digits - 1);
  g_ascii_formatd (buffer, sizeof buffer, format, value);
  e = strchr (buffer, 'e');
  exponent = (int) g_ascii_strtoll (e + 1, NULL, 10);
  if (exponent >= -3 && exponent < 5)
    {
      int decimals = MAX (0, digits - 1 - exponent);

      g_snprintf (format, sizeof format, "%%.%df", decimals);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      if (buffer[0] == '-')
        return g_strconcat ("−", buffer + 1, NULL);
      return g_strdup (buffer);
    }

  *e = '\0';

  return g_strdup_printf ("$%s \\times 10^{%d}$", buffer, exponent);
}
