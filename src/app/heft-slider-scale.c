/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-slider-scale"

#include "config.h"

#include "heft-slider-scale.h"

#include <math.h>
#include <string.h>

/* Share of the slider that stands for zero on a logarithmic range that has one. */
#define ZERO_SHARE 0.04

HeftSliderScale
heft_slider_scale_new (const HeftParameterSpec *spec)
{
  HeftSliderScale self = { spec->minimum, spec->maximum, spec->minimum, spec->logarithmic,
                           spec->kind == HEFT_PARAMETER_INTEGER };

  if (self.logarithmic && self.minimum <= 0)
    self.first = self.integer ? 1 : self.maximum * 1e-4;
  return self;
}

/* Factors of ten on either side of the default. */
#define DECADES 3.0
/* Steps a linear slider of whole numbers can tell apart. */
#define MAX_STEPS 500.0

void
heft_slider_scale_centre (HeftSliderScale *self, const HeftParameterSpec *spec, double value)
{
  if (!self->logarithmic || spec->minimum <= 0 || !(value > 0) || log10 (spec->maximum / spec->minimum) <= 2 * DECADES)
    return;
  self->minimum = self->first = MAX (spec->minimum, value * pow (10, -DECADES));
  self->maximum = MIN (spec->maximum, value * pow (10, DECADES));
}

gboolean
heft_slider_scale_is_useful (const HeftSliderScale *self)
{
  return self->logarithmic || self->maximum - self->minimum <= MAX_STEPS;
}

static gboolean
has_zero (const HeftSliderScale *self)
{
  return self->logarithmic && self->minimum <= 0;
}

double
heft_slider_scale_position (const HeftSliderScale *self, double value)
{
  double start = has_zero (self) ? ZERO_SHARE : 0;

  if (!(self->maximum > self->minimum) || !isfinite (value))
    return 0;
  value = CLAMP (value, self->minimum, self->maximum);
  if (!self->logarithmic)
    return (value - self->minimum) / (self->maximum - self->minimum);
  if (value < self->first)
    return 0;
  if (!(self->maximum > self->first))
    return 1;
  return start + (1 - start) * log (value / self->first) / log (self->maximum / self->first);
}

static double
round_to_digits (double value, int digits)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], format[] = "%.3g";

  format[2] = (char) ('0' + digits);
  return g_ascii_strtod (g_ascii_formatd (text, sizeof text, format, value), NULL);
}

double
heft_slider_scale_value (const HeftSliderScale *self, double position)
{
  double start = has_zero (self) ? ZERO_SHARE : 0, value;

  position = CLAMP (position, 0, 1);
  if (!self->logarithmic)
    value = self->minimum + position * (self->maximum - self->minimum);
  else if (has_zero (self) && position < start / 2)
    value = self->minimum;
  else
    value = self->first * pow (self->maximum / self->first, MAX (position - start, 0) / (1 - start));

  value = self->integer ? round (value) : round_to_digits (value, 3);
  return CLAMP (value, self->minimum, self->maximum);
}

double
heft_slider_scale_step (const HeftSliderScale *self)
{
  /* Ten arrows a factor of ten; or a hundredth of the range, but no less than one. */
  if (self->logarithmic && self->maximum > self->first)
    return 0.1 / log10 (self->maximum / self->first);
  if (self->integer)
    return MAX (round ((self->maximum - self->minimum) / 100), 1) / (self->maximum - self->minimum);
  return 0.01;
}

double
heft_slider_scale_page (const HeftSliderScale *self)
{
  return MIN (10 * heft_slider_scale_step (self), 0.5);
}

char *
heft_slider_scale_format (double value, int digits)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], format[] = "%.6g";
  char *exponent;

  format[2] = (char) ('0' + CLAMP (digits, 1, 9));
  if (fabs (value) >= 1e6 && fabs (value) < 1e9 && value == round (value))
    return g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) value);
  g_ascii_formatd (text, sizeof text, format, value);
  /* C writes two digits where one is enough: 1e-05. */
  exponent = strchr (text, 'e');
  if (exponent != NULL && exponent[2] == '0')
    memmove (exponent + 2, exponent + 3, strlen (exponent + 3) + 1);
  return g_strdup (text);
}
