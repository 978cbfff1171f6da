/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>

/* From data to figure coordinates and back, and where ticks stand. */

#define HUGE_VALUE 1e300
#define LOG_FLOOR 1e-300

gboolean
heft_map_accepts (const HeftMap *self, double value)
{
  return isfinite (value) && fabs (value) <= HUGE_VALUE && (!self->log || value >= LOG_FLOOR);
}

/* Turns any pair into a range that can be drawn. */
void
heft_range_tidy (gboolean log, gboolean include_zero, double *minimum, double *maximum)
{
  double lo = *minimum, hi = *maximum;

  if (log)
    {
      if (!isfinite (hi) || hi < LOG_FLOOR)
        hi = isfinite (lo) && lo >= LOG_FLOOR ? lo : 1.0;
      if (!isfinite (lo) || lo < LOG_FLOOR)
        lo = hi == 1.0 ? 0.1 : hi * 1e-3;
      lo = CLAMP (lo, 10 * LOG_FLOOR, HUGE_VALUE / 10);
      hi = CLAMP (hi, 10 * LOG_FLOOR, HUGE_VALUE / 10);
      if (lo > hi)
        {
          double t = lo;
          lo = hi;
          hi = t;
        }
      if (hi < lo * 1.02)
        {
          double middle = sqrt (lo) * sqrt (hi);

          lo = middle / 2;
          hi = middle * 2;
        }
    }
  else
    {
      if (!isfinite (lo) || !isfinite (hi))
        {
          lo = isfinite (lo) ? lo : (isfinite (hi) ? hi : 0.0);
          hi = isfinite (hi) ? hi : (isfinite (*minimum) ? *minimum : 1.0);
        }
      lo = CLAMP (lo, -HUGE_VALUE / 10, HUGE_VALUE / 10);
      hi = CLAMP (hi, -HUGE_VALUE / 10, HUGE_VALUE / 10);
      if (include_zero)
        {
          lo = MIN (lo, 0.0);
          hi = MAX (hi, 0.0);
        }
      if (lo > hi)
        {
          double t = lo;
          lo = hi;
          hi = t;
        }
      /* One value, or several that differ in the last bits only: room around it. */
      if (hi - lo <= 1e-12 * MAX (fabs (lo), fabs (hi)) || hi - lo < 1e-290)
        {
          double room = MAX (fabs (hi) * 0.1, hi == 0.0 && lo == 0.0 ? 1.0 : 1e-280);

          lo -= room;
          hi += room;
          if (include_zero && *minimum >= 0.0)
            lo = 0.0;
        }
    }

  *minimum = lo;
  *maximum = hi;
}

void
heft_map_set_range (HeftMap *self, gboolean log, double minimum, double maximum)
{
  heft_range_tidy (log, FALSE, &minimum, &maximum);
  self->log = log;
  self->minimum = minimum;
  self->maximum = maximum;
  self->lo = log ? log10 (minimum) : minimum;
  self->hi = log ? log10 (maximum) : maximum;
}

/* Positions far outside are clamped: Cairo's coordinates are 24 bits wide. */
static double
place (const HeftMap *self, double u)
{
  double share = (u / 2 - self->lo / 2) / (self->hi / 2 - self->lo / 2);

  share = CLAMP (share, -20.0, 21.0);
  return self->start + share * (self->end - self->start);
}

double
heft_map_forward (const HeftMap *self, double value)
{
  if (!heft_map_accepts (self, value))
    return NAN;

  return place (self, self->log ? log10 (value) : value);
}

double
heft_map_backward (const HeftMap *self, double position)
{
  double share = (position - self->start) / (self->end - self->start);
  double u = self->lo * (1.0 - share) + self->hi * share;

  return self->log ? pow (10.0, u) : u;
}

double
heft_map_slope (const HeftMap *self, double value)
{
  double slope = (self->end - self->start) / (self->hi - self->lo);

  return self->log ? slope / (value * G_LN10) : slope;
}

static void
tick_clear (gpointer data)
{
  HeftTick *tick = data;

  g_clear_pointer (&tick->label, g_free);
  g_clear_pointer (&tick->box, heft_box_free);
}

static void
add_tick (GArray *ticks, const HeftMap *map, double value, char *label)
{
  HeftTick tick = { .value = value, .position = heft_map_forward (map, value), .label = label };

  /* At the ends of the range of doubles a round number may lie beyond them. */
  if (!isfinite (tick.position))
    {
      g_free (label);
      return;
    }
  g_array_append_val (ticks, tick);
}

/* The smallest of 1, 2, 5 times a power of ten that leaves @spacing between ticks. */
static double
nice_step (double least)
{
  static const double multiples[] = { 1.0, 2.0, 5.0, 10.0 };
  double power = pow (10.0, floor (log10 (least)));

  for (gsize i = 0; i < G_N_ELEMENTS (multiples); i++)
    if (multiples[i] * power >= least * (1.0 - 1e-9))
      return multiples[i] * power;

  return 10.0 * power;
}

static int
decimals_of (double step)
{
  for (int d = 0; d < 12; d++)
    {
      double scaled = step * pow (10.0, d);

      if (fabs (scaled - round (scaled)) < 1e-6 * scaled)
        return d;
    }
  return 12;
}

/* Thousands apart by a thin space, from five digits on. */
static char *
fixed_label (double value, int decimals)
{
  char buffer[64], format[16];
  g_autoptr (GString) s = g_string_new (NULL);
  const char *digits;
  gsize whole;

  g_snprintf (format, sizeof format, "%%.%df", decimals);
  g_ascii_formatd (buffer, sizeof buffer, format, fabs (value));
  if (value < 0.0 && g_ascii_strtod (buffer, NULL) != 0.0)
    g_string_append (s, "−");
  digits = buffer;
  whole = 0;
  while (g_ascii_isdigit (digits[whole]))
    whole++;
  for (gsize i = 0; digits[i] != '\0'; i++)
    {
      /* As the sentences and the ledgers have it. */
      if (i > 0 && i < whole && (whole - i) % 3 == 0)
        g_string_append_c (s, ',');
      g_string_append_c (s, digits[i]);
    }

  return g_string_free (g_steal_pointer (&s), FALSE);
}

static void
linear_ticks (const HeftMap *self, double spacing, GArray *ticks, int *exponent)
{
  double minimum = self->minimum, maximum = self->maximum;
  double span = maximum - minimum, length = fabs (self->end - self->start);
  double count = MAX (1.0, floor (length / spacing));
  double step = nice_step (MAX (span / count, 1e-290));
  double largest = MAX (fabs (minimum), fabs (maximum)), unit = 1.0;
  double first = ceil (minimum / step - 1e-9), last = floor (maximum / step + 1e-9);
  int decimals;

  *exponent = 0;
  if (largest >= 1e6 || largest < 1e-3)
    {
      *exponent = (int) (3 * floor (log10 (largest) / 3));
      unit = pow (10.0, *exponent);
    }
  decimals = decimals_of (step / unit);
  if (last - first > 1000)
    return;
  for (double k = first; k <= last; k++)
    add_tick (ticks, self, k * step, fixed_label (k * step / unit, decimals));
}

static char *
decade_label (int k, gboolean plain)
{
  if (plain)
    return k >= 0 ? fixed_label (pow (10.0, k), 0) : fixed_label (pow (10.0, k), -k);

  return g_strdup_printf ("$10^{%d}$", k);
}

static void
decade_ticks (const HeftMap *self, double spacing, GArray *ticks)
{
  int first = (int) ceil (self->lo - 1e-9), last = (int) floor (self->hi + 1e-9);
  double decade = fabs (self->end - self->start) / (self->hi - self->lo);
  int stride = 1;
  gboolean plain = self->lo >= -2.01 && self->hi <= 3.7;

  while (stride * decade < spacing && stride < 1000)
    stride += stride < 4 ? 1 : 2;
  for (int k = first - 1; k <= last + 1; k++)
    {
      /* Labelled decades are multiples of the stride, so that they stay where they are while the range moves. */
      gboolean labelled = k % stride == 0;

      if (k >= first && k <= last && (labelled || decade > 3.0))
        add_tick (ticks, self, pow (10.0, k), labelled ? decade_label (k, plain) : NULL);
      if (decade < 24.0)
        continue;
      for (int m = 2; m <= 9; m++)
        {
          double u = k + log10 (m);

          if (u >= self->lo - 1e-9 && u <= self->hi + 1e-9)
            add_tick (ticks, self, m * pow (10.0, k), NULL);
        }
    }
}

/* Less than about one and a half decades: 1, 2, 5 and, where there is room, all of them. */
static void
within_decade_ticks (const HeftMap *self, double spacing, GArray *ticks)
{
  double decade = fabs (self->end - self->start) / (self->hi - self->lo);
  gboolean plain = self->lo >= -4.0 && self->hi <= 5.0;

  for (int k = (int) floor (self->lo) - 1; k <= (int) ceil (self->hi); k++)
    for (int m = 1; m <= 9; m++)
      {
        double u = k + log10 (m), value = m * pow (10.0, k);
        gboolean labelled = m == 1 || ((m == 2 || m == 5) && 0.3 * decade >= spacing) || (m == 3 && 0.176 * decade >= spacing) ||
                            (m != 9 && m != 8 && 0.058 * decade >= spacing);

        if (u < self->lo - 1e-9 || u > self->hi + 1e-9)
          continue;
        if (!labelled)
          add_tick (ticks, self, value, NULL);
        else if (plain)
          add_tick (ticks, self, value, fixed_label (value, MAX (0, -k)));
        else
          add_tick (ticks, self, value, m == 1 ? decade_label (k, FALSE) : g_strdup_printf ("$%d \\times 10^{%d}$", m, k));
      }
}

static guint
count_labels (GArray *ticks)
{
  guint n = 0;

  for (guint i = 0; i < ticks->len; i++)
    n += g_array_index (ticks, HeftTick, i).label != NULL;
  return n;
}

GArray *
heft_map_ticks (const HeftMap *self, double spacing, int *exponent)
{
  GArray *ticks = g_array_new (FALSE, TRUE, sizeof (HeftTick));

  g_array_set_clear_func (ticks, tick_clear);
  *exponent = 0;
  if (!self->log)
    linear_ticks (self, spacing, ticks, exponent);
  else if (self->hi - self->lo >= 1.6)
    decade_ticks (self, spacing, ticks);
  else
    {
      within_decade_ticks (self, spacing, ticks);
      if (count_labels (ticks) < 2)
        {
          /* Too narrow for round multiples: even steps, placed on the log scale. */
          g_array_set_size (ticks, 0);
          linear_ticks (self, spacing * 1.3, ticks, exponent);
        }
    }

  return ticks;
}
