/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>
#include <string.h>

/*
 * Text as boxes of positioned runs. Measuring, painting and the SVG writer all read the same boxes, so a label is at the same place
 * on screen and in every file. Hinting of metrics is off for the same reason.
 */

static const char *const families[HEFT_N_FONTS] = {
  [HEFT_FONT_TEXT] = "Cantarell,Adwaita Sans,Inter,Noto Sans,Noto Sans CJK KR,DejaVu Sans,sans-serif",
  [HEFT_FONT_TEXT_BOLD] = "Cantarell,Adwaita Sans,Inter,Noto Sans,Noto Sans CJK KR,DejaVu Sans,sans-serif",
  [HEFT_FONT_MATH] = "STIX,STIX Two Text,STIX Math,STIX Two Math,Latin Modern Math,Noto Sans CJK KR,DejaVu Serif,serif",
  [HEFT_FONT_MATH_ITALIC] = "STIX,STIX Two Text,STIX Math,STIX Two Math,Latin Modern Math,Noto Sans CJK KR,DejaVu Serif,serif",
  [HEFT_FONT_MATH_BOLD] = "STIX,STIX Two Text,STIX Math,STIX Two Math,Latin Modern Math,Noto Sans CJK KR,DejaVu Serif,serif",
};

const char *
heft_font_family (HeftFont font)
{
  return families[font];
}

static double
x_height (HeftFonts *self, HeftFont font)
{
  g_autoptr (PangoLayout) layout = pango_layout_new (self->context);
  PangoRectangle ink;

  pango_font_description_set_absolute_size (self->description[font], 100.0 * PANGO_SCALE);
  pango_layout_set_font_description (layout, self->description[font]);
  pango_layout_set_text (layout, "x", 1);
  pango_layout_line_get_extents (pango_layout_get_line_readonly (layout, 0), &ink, NULL);

  return PANGO_ASCENT (ink) / (double) PANGO_SCALE;
}

HeftFonts *
heft_fonts_new (void)
{
  HeftFonts *self = g_new0 (HeftFonts, 1);
  cairo_font_options_t *options = cairo_font_options_create ();
  double text, math;

  /* The default font map belongs to the thread and caches fonts for it. */
  self->context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (self->context, options);
  cairo_font_options_destroy (options);
  pango_context_set_round_glyph_positions (self->context, FALSE);

  for (int i = 0; i < HEFT_N_FONTS; i++)
    {
      self->description[i] = pango_font_description_new ();
      pango_font_description_set_family_static (self->description[i], families[i]);
    }
  pango_font_description_set_weight (self->description[HEFT_FONT_TEXT_BOLD], PANGO_WEIGHT_BOLD);
  pango_font_description_set_weight (self->description[HEFT_FONT_MATH_BOLD], PANGO_WEIGHT_BOLD);
  pango_font_description_set_style (self->description[HEFT_FONT_MATH_ITALIC], PANGO_STYLE_ITALIC);

  self->tabular = pango_attr_list_new ();
  pango_attr_list_insert (self->tabular, pango_attr_font_features_new ("tnum"));

  text = x_height (self, HEFT_FONT_TEXT);
  math = x_height (self, HEFT_FONT_MATH);
  self->math_scale = text > 0.0 && math > 0.0 ? CLAMP (text / math, 0.95, 1.15) : 1.0;

  return self;
}

void
heft_fonts_free (HeftFonts *self)
{
  if (self == NULL)
    return;

  for (int i = 0; i < HEFT_N_FONTS; i++)
    pango_font_description_free (self->description[i]);
  pango_attr_list_unref (self->tabular);
  g_object_unref (self->context);
  g_free (self);
}

static void
heft_box_item_clear (gpointer data)
{
  HeftBoxItem *item = data;

  g_clear_pointer (&item->text, g_free);
  g_clear_object (&item->layout);
}

HeftBox *
heft_box_new (void)
{
  HeftBox *self = g_new0 (HeftBox, 1);

  self->items = g_array_new (FALSE, TRUE, sizeof (HeftBoxItem));
  g_array_set_clear_func (self->items, heft_box_item_clear);

  return self;
}

void
heft_box_free (HeftBox *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->items);
  g_free (self->source);
  g_free (self);
}

HeftBox *
heft_box_new_run (HeftFonts *fonts, HeftFont font, double size, const char *text, gssize length)
{
  HeftBox *self = heft_box_new ();
  HeftBoxItem item = { .kind = HEFT_ITEM_TEXT, .font = font, .size = size };
  PangoRectangle ink, logical;

  if (length < 0)
    length = strlen (text);
  item.text = g_strndup (text, length);
  item.layout = pango_layout_new (fonts->context);
  pango_font_description_set_absolute_size (fonts->description[font], size * PANGO_SCALE);
  pango_layout_set_font_description (item.layout, fonts->description[font]);
  pango_layout_set_single_paragraph_mode (item.layout, TRUE);
  if (font == HEFT_FONT_TEXT || font == HEFT_FONT_TEXT_BOLD)
    pango_layout_set_attributes (item.layout, fonts->tabular);
  pango_layout_set_text (item.layout, text, length);
  pango_layout_line_get_extents (pango_layout_get_line_readonly (item.layout, 0), &ink, &logical);

  self->width = logical.width / (double) PANGO_SCALE;
  self->ink_left = ink.x / (double) PANGO_SCALE;
  self->ink_right = (ink.x + ink.width) / (double) PANGO_SCALE;
  self->ink_ascent = PANGO_ASCENT (ink) / (double) PANGO_SCALE;
  self->ink_descent = PANGO_DESCENT (ink) / (double) PANGO_SCALE;
  if (font == HEFT_FONT_TEXT || font == HEFT_FONT_TEXT_BOLD)
    {
      /* Even lines whatever letters they hold; fallback fonts must not push them apart. */
      self->ascent = MAX (0.8 * size, self->ink_ascent);
      self->descent = MAX (0.22 * size, self->ink_descent);
    }
  else
    {
      self->ascent = MAX (self->ink_ascent, 0.0);
      self->descent = MAX (self->ink_descent, 0.0);
    }
  g_array_append_val (self->items, item);

  return self;
}

/* Moves the items of @part, whose origin is put at (dx, dy), into @self. The caller sets the width. */
void
heft_box_take (HeftBox *self, HeftBox *part, double dx, double dy)
{
  gboolean empty = self->items->len == 0;

  for (guint i = 0; i < part->items->len; i++)
    {
      HeftBoxItem item = g_array_index (part->items, HeftBoxItem, i);

      item.x += dx;
      item.y += dy;
      g_array_append_val (self->items, item);
    }
  if (part->items->len > 0)
    {
      self->ascent = empty ? part->ascent - dy : MAX (self->ascent, part->ascent - dy);
      self->descent = empty ? part->descent + dy : MAX (self->descent, part->descent + dy);
      self->ink_ascent = empty ? part->ink_ascent - dy : MAX (self->ink_ascent, part->ink_ascent - dy);
      self->ink_descent = empty ? part->ink_descent + dy : MAX (self->ink_descent, part->ink_descent + dy);
      self->ink_left = empty ? part->ink_left + dx : MIN (self->ink_left, part->ink_left + dx);
      self->ink_right = empty ? part->ink_right + dx : MAX (self->ink_right, part->ink_right + dx);
    }
  /* The items live on in @self. */
  g_array_set_clear_func (part->items, NULL);
  heft_box_free (part);
}

void
heft_box_add_rule (HeftBox *self, double x, double y, double width, double height)
{
  HeftBoxItem item = { .kind = HEFT_ITEM_RULE, .x = x, .y = y, .width = width, .height = height };

  g_array_append_val (self->items, item);
  self->ascent = MAX (self->ascent, -y);
  self->ink_ascent = MAX (self->ink_ascent, -y);
}

void
heft_box_add_stroke (HeftBox *self, const double *points, guint n, double line_width)
{
  HeftBoxItem item = { .kind = HEFT_ITEM_STROKE, .n_points = MIN (n, HEFT_BOX_MAX_POINTS), .line_width = line_width };

  for (guint i = 0; i < 2 * item.n_points; i++)
    item.points[i] = points[i];
  for (guint i = 0; i < item.n_points; i++)
    {
      self->ascent = MAX (self->ascent, -points[2 * i + 1] + line_width / 2);
      self->ink_ascent = MAX (self->ink_ascent, -points[2 * i + 1] + line_width / 2);
    }
  g_array_append_val (self->items, item);
}

/* Paints with the context's source. */
void
heft_box_show (const HeftBox *self, cairo_t *cr, double x, double baseline, gboolean outlines)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      const HeftBoxItem *item = &g_array_index (self->items, HeftBoxItem, i);

      switch (item->kind)
        {
        case HEFT_ITEM_TEXT:
          cairo_move_to (cr, x + item->x, baseline + item->y);
          if (outlines)
            {
              /* Sixteen shades are enough for letters, and take half the time. */
              cairo_set_antialias (cr, CAIRO_ANTIALIAS_FAST);
              pango_cairo_layout_line_path (cr, pango_layout_get_line_readonly (item->layout, 0));
              cairo_fill (cr);
              cairo_set_antialias (cr, CAIRO_ANTIALIAS_DEFAULT);
            }
          else
            pango_cairo_show_layout_line (cr, pango_layout_get_line_readonly (item->layout, 0));
          break;
        case HEFT_ITEM_RULE:
          cairo_rectangle (cr, x + item->x, baseline + item->y, item->width, item->height);
          cairo_fill (cr);
          break;
        case HEFT_ITEM_STROKE:
          cairo_save (cr);
          cairo_set_line_width (cr, item->line_width);
          cairo_set_line_join (cr, CAIRO_LINE_JOIN_MITER);
          cairo_set_dash (cr, NULL, 0, 0.0);
          cairo_new_path (cr);
          for (guint k = 0; k < item->n_points; k++)
            cairo_line_to (cr, x + item->x + item->points[2 * k], baseline + item->y + item->points[2 * k + 1]);
          cairo_stroke (cr);
          cairo_restore (cr);
          break;
        default:
          break;
        }
    }
  cairo_new_path (cr);
}

/* The end of the formula that starts after a dollar sign, or NULL if it never ends. */
static const char *
formula_end (const char *start)
{
  for (const char *p = start; *p != '\0'; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        p++;
      else if (*p == '$')
        return p;
    }
  return NULL;
}

static void
append_plain (HeftBox *line, HeftFonts *fonts, GString *plain, double size, HeftFont font)
{
  HeftBox *run;
  double width;

  if (plain->len == 0)
    return;
  run = heft_box_new_run (fonts, font, size, plain->str, plain->len);
  width = run->width;
  heft_box_take (line, run, line->width, 0.0);
  line->width += width;
  g_string_truncate (plain, 0);
}

/* One line: plain text with formulas between dollar signs; "\$" is a dollar sign. */
HeftBox *
heft_text_layout (HeftFonts *fonts, const char *text, double size, HeftTextFlags flags)
{
  HeftBox *line = heft_box_new ();
  HeftFont font = flags & HEFT_TEXT_BOLD ? HEFT_FONT_TEXT_BOLD : HEFT_FONT_TEXT;
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  for (const char *p = valid; *p != '\0'; p++)
    {
      const char *end;

      if (*p == '\\' && p[1] == '$')
        {
          g_string_append_c (plain, '$');
          p++;
        }
      else if (*p == '$' && (end = formula_end (p + 1)) != NULL)
        {
          HeftBox *formula;
          double width;

          append_plain (line, fonts, plain, size, font);
          formula = heft_formula_layout (fonts, p + 1, end - p - 1, size, flags);
          width = formula->width;
          heft_box_take (line, formula, line->width, 0.0);
          line->width += width;
          p = end;
        }
      else
        g_string_append_c (plain, *p);
    }
  append_plain (line, fonts, plain, size, font);
  line->ascent = MAX (line->ascent, 0.8 * size);
  line->descent = MAX (line->descent, 0.22 * size);
  line->source = g_strdup (valid);

  return line;
}

/* Splits at spaces outside formulas. */
static GPtrArray *
split_words (const char *text)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  const char *start = text;
  gboolean formula = FALSE;

  for (const char *p = text;; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        {
          p++;
          continue;
        }
      if (*p == '$')
        formula = !formula;
      if (*p == '\0' || *p == '\n' || (*p == ' ' && !formula))
        {
          if (p > start)
            g_ptr_array_add (words, g_strndup (start, p - start));
          if (*p == '\0')
            break;
          start = p + 1;
        }
    }

  return words;
}

static char *
join_words (GPtrArray *words, guint first, guint n, gboolean ellipsis)
{
  GString *s = g_string_new (NULL);

  for (guint i = first; i < first + n; i++)
    {
      if (i > first)
        g_string_append_c (s, ' ');
      g_string_append (s, g_ptr_array_index (words, i));
    }
  if (ellipsis)
    g_string_append (s, "…");

  return g_string_free (s, FALSE);
}

/* The longest beginning of one word that fits with an ellipsis; words with formulas are kept whole. */
static HeftBox *
cut_word (HeftFonts *fonts, const char *word, double size, HeftTextFlags flags, double width)
{
  if (strchr (word, '$') == NULL)
    for (glong n = g_utf8_strlen (word, -1) - 1; n >= 1; n--)
      {
        g_autofree char *head = g_utf8_substring (word, 0, n);
        g_autofree char *cut = g_strconcat (head, "…", NULL);
        g_autoptr (HeftBox) box = heft_text_layout (fonts, cut, size, flags);

        if (box->width <= width)
          return g_steal_pointer (&box);
      }

  return heft_text_layout (fonts, word, size, flags);
}

HeftBox *
heft_text_layout_fit (HeftFonts *fonts, const char *text, double size, HeftTextFlags flags, double width, double least)
{
  g_autoptr (HeftBox) box = heft_text_layout (fonts, text, size, flags);
  g_autoptr (GPtrArray) words = NULL;

  if (box->width <= width)
    return g_steal_pointer (&box);
  if (box->width * least <= width)
    return heft_text_layout (fonts, text, size * width / box->width * 0.999, flags);

  words = split_words (box->source);
  for (guint n = words->len > 0 ? words->len - 1 : 0; n >= 1; n--)
    {
      g_autofree char *cut = join_words (words, 0, n, TRUE);
      g_autoptr (HeftBox) shorter = heft_text_layout (fonts, cut, size * least, flags);

      if (shorter->width <= width)
        return g_steal_pointer (&shorter);
    }

  return words->len > 0 ? cut_word (fonts, g_ptr_array_index (words, 0), size * least, flags, width) : g_steal_pointer (&box);
}

GPtrArray *
heft_text_wrap (HeftFonts *fonts, const char *text, double size, HeftTextFlags flags, double width, guint max_lines)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_box_free);
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_autoptr (GPtrArray) words = split_words (valid);
  guint first = 0;

  while (first < words->len && (max_lines == 0 || lines->len < max_lines))
    {
      gboolean last = max_lines > 0 && lines->len + 1 == max_lines;
      g_autofree char *rest = join_words (words, first, words->len - first, FALSE);
      guint n = 1;

      if (last)
        {
          g_ptr_array_add (lines, heft_text_layout_fit (fonts, rest, size, flags, width, 0.9));
          break;
        }
      while (first + n < words->len)
        {
          g_autofree char *longer = join_words (words, first, n + 1, FALSE);
          g_autoptr (HeftBox) box = heft_text_layout (fonts, longer, size, flags);

          if (box->width > width)
            break;
          n++;
        }
      g_clear_pointer (&rest, g_free);
      rest = join_words (words, first, n, FALSE);
      g_ptr_array_add (lines, heft_text_layout (fonts, rest, size, flags));
      first += n;
    }

  return lines;
}

/**
 * heft_text_measure:
 * @text: plain text with formulas between dollar signs
 * @font_size: in the units of the context it will be painted to
 * @width: (out) (optional): advance
 * @ascent: (out) (optional): above the baseline
 * @descent: (out) (optional): below it
 */
void
heft_text_measure (const char *text, double font_size, double *width, double *ascent, double *descent)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (HeftBox) box = heft_text_layout (fonts, text, font_size, HEFT_TEXT_PLAIN);

  if (width != NULL)
    *width = box->width;
  if (ascent != NULL)
    *ascent = box->ascent;
  if (descent != NULL)
    *descent = box->descent;
}

/**
 * heft_text_paint:
 * @text: plain text with formulas between dollar signs
 * @x: left end
 * @baseline: y of the baseline
 *
 * Paints with the source of @cr.
 */
void
heft_text_paint (const char *text, double font_size, cairo_t *cr, double x, double baseline)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (HeftBox) box = heft_text_layout (fonts, text, font_size, HEFT_TEXT_PLAIN);

  heft_box_show (box, cr, x, baseline, !heft_is_vector (cr));
}
