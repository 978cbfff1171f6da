/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot-readout"

#include "config.h"

#include "heft-plot-readout.h"

#include <glib/gi18n.h>
#include <math.h>

#include "heft-format.h"

#define MAX_LINES 8
#define PADDING 6.0
#define WIDEST 320.0          /* of running text */
#define SIZE(theme) (0.95 * (theme)->font_size)

typedef struct
{
  char        *text;
  HeftQuantity quantity;
  int          index;
  gboolean     swatch;
  double       width, ascent, descent;
} Line;

typedef struct
{
  Line  lines[MAX_LINES];
  guint n;
} Bubble;

gsize
heft_plot_readout_nearest (const double *xs, gsize n, double x)
{
  gsize low = 0, high = n - 1;

  while (high - low > 1)
    {
      gsize middle = low + (high - low) / 2;

      if (xs[middle] <= x)
        low = middle;
      else
        high = middle;
    }
  return fabs (xs[low] - x) <= fabs (xs[high] - x) ? low : high;
}

/* Curves that can be read at an x; the others show their own points. */
static gboolean
is_curve (const HeftMark *mark)
{
  return !mark->hidden && mark->n > 0
         && (mark->kind == HEFT_MARK_LINE || mark->kind == HEFT_MARK_LINE_POINTS || mark->kind == HEFT_MARK_AREA);
}

/* Whether x never decreases: a curve drawn against something else (a trade-off) cannot be read at an x. */
static gboolean
is_ordered (const HeftMark *mark)
{
  return mark->x[mark->n - 1] >= mark->x[0] && (mark->n < 3 || mark->x[mark->n / 2] >= mark->x[0]);
}

static double
place (double value, gboolean log_scale, double minimum, double maximum)
{
  if (log_scale)
    return value > 0 ? log10 (value / minimum) / log10 (maximum / minimum) : NAN;
  return (value - minimum) / (maximum - minimum);
}

static double
height_of_mark (const HeftMark *mark, gsize point)
{
  return mark->kind == HEFT_MARK_AREA && mark->upper != NULL ? mark->upper[point] : mark->y[point];
}

void
heft_plot_readout_guide (cairo_t *cr, const HeftPlot *plot, const HeftPlotArea *area, double x, const HeftTheme *theme)
{
  double at = place (x, area->x_log, area->x_minimum, area->x_maximum);
  double ink = theme->dark ? 1 : 0;
  double px = area->x + at * area->width;

  if (!(at >= 0 && at <= 1))
    return;
  cairo_set_source_rgba (cr, ink, ink, ink, 0.35);
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, floor (px) + 0.5, area->y);
  cairo_line_to (cr, floor (px) + 0.5, area->y + area->height);
  cairo_stroke (cr);
  for (guint m = 0; m < plot->marks->len; m++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, m);
      double along, share, rgb[3];
      gsize point;

      if (!is_curve (mark) || !is_ordered (mark))
        continue;
      point = heft_plot_readout_nearest (mark->x, mark->n, x);
      /* The dot stands on the point that is read, which need not be where the pointer is. */
      along = place (mark->x[point], area->x_log, area->x_minimum, area->x_maximum);
      share = place (height_of_mark (mark, point), area->y_log, area->y_minimum, area->y_maximum);
      if (!(share >= 0 && share <= 1 && along >= 0 && along <= 1))
        continue;
      heft_quantity_colour (mark->quantity, mark->index, theme->dark, rgb);
      cairo_set_source_rgb (cr, rgb[0], rgb[1], rgb[2]);
      cairo_arc (cr, area->x + along * area->width, area->y + (1 - share) * area->height, 3, 0, 2 * G_PI);
      cairo_fill (cr);
    }
}

static void
add_line (Bubble *bubble, char *text, const HeftMark *mark)
{
  Line *line;

  if (bubble->n == MAX_LINES)
    {
      g_free (text);
      return;
    }
  line = &bubble->lines[bubble->n++];
  line->text = text;
  line->swatch = mark != NULL;
  if (mark != NULL)
    {
      line->quantity = mark->quantity;
      line->index = mark->index;
    }
}

/* Whole numbers whole, large ones in groups of three, the others to four digits. */
static char *
format_value (double value)
{
  if ((value == round (value) && fabs (value) < 1e9) || (fabs (value) >= 1e3 && fabs (value) < 1e7))
    return heft_format_count (value);
  return heft_format_number (value, 4);
}

static char *
with_unit (double value, const char *unit)
{
  g_autofree char *number = format_value (value);

  return unit != NULL && *unit != '\0' ? g_strconcat (number, "\302\240", unit, NULL) : g_steal_pointer (&number);
}

static void
add_coordinate (Bubble *bubble, const HeftAxis *axis, double value)
{
  g_autofree char *number = with_unit (value, axis->unit);

  add_line (bubble, axis->label != NULL ? g_strconcat (axis->label, ": ", number, NULL) : g_strdup (number), NULL);
}

static void
read_curves (Bubble *bubble, const HeftPlot *plot, double x)
{
  gboolean first = TRUE;

  for (guint m = 0; m < plot->marks->len; m++)
    {
      const HeftMark *mark = g_ptr_array_index (plot->marks, m);
      g_autofree char *number = NULL;
      gsize point;
      double value;

      if (!is_curve (mark) || !is_ordered (mark) || mark->label == NULL)
        continue;
      point = heft_plot_readout_nearest (mark->x, mark->n, x);
      if (first)
        add_coordinate (bubble, &plot->x, mark->x[point]);
      first = FALSE;
      value = mark->kind == HEFT_MARK_AREA && mark->upper != NULL && mark->lower != NULL
              ? mark->upper[point] - mark->lower[point] : mark->y[point];
      number = with_unit (value, plot->y.unit);
      add_line (bubble, g_strconcat (mark->label, ": ", number, NULL), mark);
    }
}

static void
read_point (Bubble *bubble, const HeftPlot *plot, const HeftHit *hit)
{
  const HeftMark *mark;

  if (hit->mark < 0 || (guint) hit->mark >= plot->marks->len)
    return;
  mark = g_ptr_array_index (plot->marks, (guint) hit->mark);
  if (hit->point >= mark->n || mark->x == NULL || mark->y == NULL)
    return;
  if (mark->label != NULL)
    add_line (bubble, g_strdup (mark->label), mark);
  add_coordinate (bubble, &plot->x, mark->x[hit->point]);
  add_coordinate (bubble, &plot->y, mark->y[hit->point]);
}

static void
read_image (Bubble *bubble, const HeftPlot *plot, const HeftHit *hit)
{
  gsize row = (gsize) MAX (hit->y, 0), column = (gsize) MAX (hit->x, 0);
  g_autofree char *number = NULL, *where = NULL;

  if (plot->values == NULL || row >= plot->rows || column >= plot->columns)
    return;
  where = g_strdup_printf (_("Row %d, column %d"), (int) row + 1, (int) column + 1);
  add_line (bubble, g_steal_pointer (&where), NULL);
  if (!isfinite (plot->values[row * plot->columns + column]))
    add_line (bubble, g_strdup (_("no value")), NULL);
  else
    {
      number = format_value (plot->values[row * plot->columns + column]);
      add_line (bubble, plot->value_label != NULL ? g_strconcat (plot->value_label, ": ", number, NULL)
                                                  : g_steal_pointer (&number), NULL);
    }
}

/* Where the pointer is on a map, what the map says there, and the line it is on. */
static void
read_map (Bubble *bubble, const HeftPlot *plot, const HeftHit *hit)
{
  double across = (hit->x - plot->map_left) / (plot->map_right - plot->map_left);
  double down = (plot->map_top - hit->y) / (plot->map_top - plot->map_bottom);
  const HeftMark *mark = hit->mark >= 0 && (guint) hit->mark < plot->marks->len ? g_ptr_array_index (plot->marks, (guint) hit->mark) : NULL;

  if (mark != NULL && mark->label != NULL)
    add_line (bubble, g_strdup (mark->label), mark);
  add_coordinate (bubble, &plot->x, hit->x);
  add_coordinate (bubble, &plot->y, hit->y);
  if (across >= 0 && across < 1 && down >= 0 && down < 1)
    {
      double value = plot->values[(gsize) (down * (double) plot->rows) * plot->columns + (gsize) (across * (double) plot->columns)];
      g_autofree char *number = isfinite (value) ? format_value (value) : g_strdup (_("no value"));

      add_line (bubble, plot->value_label != NULL ? g_strconcat (plot->value_label, ": ", number, NULL) : g_steal_pointer (&number),
                NULL);
    }
}

/* In lines no wider than @width; formulas stay whole. */
static void
add_wrapped (Bubble *bubble, const char *text, double size, double width)
{
  g_autoptr(GString) line = g_string_new (NULL);
  gboolean formula = FALSE;

  for (const char *word = text; *word != '\0';)
    {
      const char *end = word;
      gsize before = line->len;
      double wide, ascent, descent;

      for (; *end != '\0' && (*end != ' ' || formula); end++)
        formula ^= *end == '$';
      g_string_append_printf (line, "%s%.*s", before > 0 ? " " : "", (int) (end - word), word);
      heft_text_measure (line->str, size, &wide, &ascent, &descent);
      if (wide > width && before > 0)
        {
          add_line (bubble, g_strndup (line->str, before), NULL);
          g_string_erase (line, 0, (gssize) before + 1);
        }
      word = end + (*end == ' ');
    }
  if (line->len > 0)
    add_line (bubble, g_strdup (line->str), NULL);
}

/* What a row of a ledger has no room for. */
static void
read_row (Bubble *bubble, const HeftPlot *plot, const HeftHit *hit, double size, double width)
{
  const HeftTableRow *row;
  g_autofree char *text = NULL;

  if (hit->row < 0 || (guint) hit->row >= plot->table->len)
    return;
  row = g_ptr_array_index (plot->table, (guint) hit->row);
  text = g_strdup_printf ("%s: %s", row->label != NULL ? row->label : "", row->value != NULL ? row->value : "–");
  add_wrapped (bubble, text, size, width);
  if (row->note != NULL)
    add_wrapped (bubble, row->note, size, width);
}

static void
paint_bubble (cairo_t *cr, Bubble *bubble, double px, double py, double width, double height, const HeftTheme *theme)
{
  double size = SIZE (theme), wide = 0, tall = 0, x, y;
  double swatch = size * 0.9, paper = theme->dark ? 0.16 : 1, ink = theme->dark ? 1 : 0;

  for (guint i = 0; i < bubble->n; i++)
    {
      Line *line = &bubble->lines[i];

      heft_text_measure (line->text, size, &line->width, &line->ascent, &line->descent);
      wide = MAX (wide, line->width + (line->swatch ? swatch : 0));
      tall += line->ascent + line->descent + 1;
    }
  wide += 2 * PADDING;
  tall += 2 * PADDING;
  x = px + 14 + wide > width ? px - 14 - wide : px + 14;
  y = CLAMP (py - tall / 2, 0, MAX (height - tall, 0));
  x = CLAMP (x, 0, MAX (width - wide, 0));

  cairo_new_path (cr);
  cairo_arc (cr, x + wide - 5, y + 5, 5, -G_PI_2, 0);
  cairo_arc (cr, x + wide - 5, y + tall - 5, 5, 0, G_PI_2);
  cairo_arc (cr, x + 5, y + tall - 5, 5, G_PI_2, G_PI);
  cairo_arc (cr, x + 5, y + 5, 5, G_PI, 1.5 * G_PI);
  cairo_close_path (cr);
  cairo_set_source_rgba (cr, paper, paper, paper, 0.93);
  cairo_fill_preserve (cr);
  cairo_set_source_rgba (cr, ink, ink, ink, 0.2);
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);

  y += PADDING;
  for (guint i = 0; i < bubble->n; i++)
    {
      Line *line = &bubble->lines[i];
      double left = x + PADDING;

      y += line->ascent;
      if (line->swatch)
        {
          double rgb[3];

          heft_quantity_colour (line->quantity, line->index, theme->dark, rgb);
          cairo_set_source_rgb (cr, rgb[0], rgb[1], rgb[2]);
          cairo_arc (cr, left + 3.5, y - size * 0.33, 3.5, 0, 2 * G_PI);
          cairo_fill (cr);
          left += swatch;
        }
      cairo_set_source_rgba (cr, ink, ink, ink, 0.9);
      heft_text_paint (line->text, size, cr, left, y);
      y += line->descent + 1;
    }
}

void
heft_plot_readout_bubble (cairo_t *cr, const HeftPlot *plot, const HeftHit *hit, double pointer_x, double pointer_y,
                          double width, double height, const HeftTheme *theme)
{
  Bubble bubble = { .n = 0 };

  if (plot->kind == HEFT_PLOT_TABLE)
    read_row (&bubble, plot, hit, SIZE (theme), MIN (WIDEST, width - 2 * PADDING));
  else if (plot->kind == HEFT_PLOT_IMAGE)
    read_image (&bubble, plot, hit);
  else if (plot->kind == HEFT_PLOT_AXES && plot->values != NULL)
    read_map (&bubble, plot, hit);
  else if (plot->kind == HEFT_PLOT_AXES)
    {
      read_curves (&bubble, plot, hit->x);
      if (bubble.n == 0)
        read_point (&bubble, plot, hit);
    }
  if (bubble.n > 0)
    paint_bubble (cr, &bubble, pointer_x, pointer_y, width, height, theme);
  for (guint i = 0; i < bubble.n; i++)
    g_free (bubble.lines[i].text);
}
