/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "formula-symbols.h"

#include <string.h>

/*
 * A small part of TeX's mathematics, laid out by its rules (The TeXbook, appendix G) with distances read off the glyphs' ink
 * rather than off font tables. What it does not know it sets upright as written: a label never fails.
 */

#define MAX_DEPTH 24

typedef struct
{
  HeftFonts    *fonts;
  const char   *p, *end;
  double        size;               /* of the text style */
  HeftTextFlags flags;
  guint         depth;
} Parser;

/* A piece of a formula: its box, and what its neighbours need to know. */
typedef struct
{
  HeftBox  *box;
  AtomClass atom;
  double    slant;                  /* how far the ink leans over to the right of the advance */
  double    skew;                   /* how far an accent moves to the right over a leaning letter */
} Nucleus;

static HeftBox *parse_list (Parser *self, guint level, char closing);
static gboolean parse_nucleus (Parser *self, guint level, Nucleus *out);

static double
level_size (const Parser *self, guint level)
{
  static const double factor[] = { 1.0, 0.74, 0.62 };

  return self->size * self->fonts->math_scale * factor[MIN (level, 2)];
}

/* Eighteenths of an em: 1 thin, 2 medium, 3 thick; negative ones vanish in scripts. */
static double
space_between (AtomClass left, AtomClass right, guint level, double em)
{
  static const signed char table[8][8] = {
    /*            ord op bin rel open close punct inner */
    /* ord   */ { 0, 1, -2, -3, 0, 0, 0, -1 },
    /* op    */ { 1, 1, 0, -3, 0, 0, 0, -1 },
    /* bin   */ { -2, -2, 0, 0, -2, 0, 0, -2 },
    /* rel   */ { -3, -3, 0, 0, -3, 0, 0, -3 },
    /* open  */ { 0, 0, 0, 0, 0, 0, 0, 0 },
    /* close */ { 0, 1, -2, -3, 0, 0, 0, -1 },
    /* punct */ { -1, -1, 0, -1, -1, -1, -1, -1 },
    /* inner */ { -1, 1, -2, -3, -1, 0, -1, -1 },
  };
  static const double width[] = { 0.0, 3.0 / 18, 4.0 / 18, 5.0 / 18 };
  int code;

  if (left == ATOM_NONE || right == ATOM_NONE)
    return 0.0;
  code = table[left][right];
  if (code < 0 && level > 0)
    return 0.0;

  return em * width[ABS (code)];
}

static Nucleus run_nucleus (Parser *self, HeftFont font, guint level, const char *text, gssize length, AtomClass atom);

static void
skip_spaces (Parser *self)
{
  while (self->p < self->end && g_ascii_isspace (*self->p))
    self->p++;
}

static Nucleus
run_nucleus (Parser *self, HeftFont font, guint level, const char *text, gssize length, AtomClass atom)
{
  Nucleus n = { .atom = atom };
  double size = level_size (self, level);

  if (font == HEFT_FONT_TEXT || font == HEFT_FONT_TEXT_BOLD)
    size /= self->fonts->math_scale;
  n.box = heft_box_new_run (self->fonts, font, size, text, length);
  n.slant = MAX (0.0, n.box->ink_right - n.box->width);
  if (font == HEFT_FONT_MATH_ITALIC)
    n.skew = 0.08 * size;

  return n;
}

/* The argument of a command: a group or one atom. */
static HeftBox *
parse_argument (Parser *self, guint level)
{
  Nucleus n;

  skip_spaces (self);
  if (self->p < self->end && *self->p == '{')
    {
      self->p++;
      return parse_list (self, level, '}');
    }
  if (self->p < self->end && g_ascii_isdigit (*self->p))
    /* Without braces an argument is one digit: \\frac12. */
    return run_nucleus (self, self->flags & HEFT_TEXT_UPRIGHT_DIGITS ? HEFT_FONT_TEXT : HEFT_FONT_MATH, level, self->p++, 1,
                        ATOM_ORD).box;
  if (self->depth < MAX_DEPTH)
    {
      gboolean found;

      self->depth++;
      found = parse_nucleus (self, level, &n);
      self->depth--;
      if (found)
        return n.box;
    }

  return heft_box_new ();
}

/* The letters of a group taken as they are: \mathrm, \text. */
static char *
parse_words (Parser *self)
{
  const char *start;
  guint depth = 1;

  skip_spaces (self);
  if (self->p >= self->end)
    return g_strdup ("");
  if (*self->p != '{')
    {
      start = self->p;
      self->p = g_utf8_next_char (self->p);
      return g_strndup (start, self->p - start);
    }
  start = ++self->p;
  for (; self->p < self->end; self->p++)
    {
      if (*self->p == '{')
        depth++;
      else if (*self->p == '}' && --depth == 0)
        return g_strndup (start, self->p++ - start);
    }

  return g_strndup (start, self->end - start);
}

static Nucleus
parse_fraction (Parser *self, guint level)
{
  Nucleus n = { .box = heft_box_new (), .atom = ATOM_INNER };
  double size = level_size (self, level);
  double rule = 0.05 * size, axis = 0.26 * size, gap = 0.13 * size, pad = 0.08 * size;
  HeftBox *above = parse_argument (self, level + 1);
  HeftBox *below = parse_argument (self, level + 1);
  double width = MAX (above->width, below->width) + 2 * pad;
  double ax = (width - above->width) / 2, bx = (width - below->width) / 2;

  heft_box_take (n.box, above, ax, -axis - rule / 2 - gap - MAX (above->ink_descent, 0.0));
  heft_box_take (n.box, below, bx, -axis + rule / 2 + gap + below->ink_ascent);
  heft_box_add_rule (n.box, 0.0, -axis - rule / 2, width, rule);
  n.box->width = width;
  n.box->ink_right = width;

  return n;
}

static Nucleus
parse_root (Parser *self, guint level)
{
  Nucleus n = { .box = heft_box_new (), .atom = ATOM_ORD };
  double size = level_size (self, level);
  HeftBox *inner = parse_argument (self, level);
  double rule = 0.05 * size, gap = 0.1 * size, sign = 0.52 * size;
  double top = -(inner->ink_ascent + gap + rule), bottom = MAX (inner->ink_descent, 0.0) + 0.02 * size;
  double height = bottom - top, width = inner->width;
  double points[] = { 0.04 * size,        bottom - 0.46 * height, 0.15 * size, bottom - 0.52 * height, sign * 0.55, bottom,
                      sign - 0.02 * size, top + rule / 2,         sign + width + 0.06 * size, top + rule / 2 };

  heft_box_take (n.box, inner, sign, 0.0);
  heft_box_add_stroke (n.box, points, 5, rule);
  n.box->width = sign + width + 0.08 * size;
  n.box->ink_left = 0.0;
  n.box->ink_right = n.box->width;

  return n;
}

/* Accents are drawn, so that each fits what is below it. */
static Nucleus
parse_accent (Parser *self, guint level, const char *name)
{
  Nucleus base = { 0 };
  Nucleus n = { .box = heft_box_new (), .atom = ATOM_ORD };
  double size = level_size (self, level), line = 0.05 * size;
  double left, right, centre, y;

  skip_spaces (self);
  if (self->p < self->end && *self->p == '{')
    base.box = parse_argument (self, level);
  else if (self->depth >= MAX_DEPTH || !parse_nucleus (self, level, &base))
    base.box = heft_box_new ();

  if (base.skew == 0.0 && base.box->items->len == 1 &&
      g_array_index (base.box->items, HeftBoxItem, 0).font == HEFT_FONT_MATH_ITALIC)
    base.skew = 0.08 * size;
  left = base.box->ink_left;
  right = base.box->ink_right;
  centre = (left + right) / 2 + base.skew;
  y = -base.box->ink_ascent - 0.12 * size;
  n.slant = base.slant;
  n.box->width = base.box->width;
  heft_box_take (n.box, base.box, 0.0, 0.0);

  if (g_str_equal (name, "hat"))
    {
      double half = CLAMP ((right - left) * 0.42, 0.16 * size, 0.5 * size);
      double points[] = { centre - half, y, centre, y - 0.16 * size, centre + half, y };

      heft_box_add_stroke (n.box, points, 3, line);
    }
  else if (g_str_equal (name, "tilde"))
    {
      double half = CLAMP ((right - left) * 0.45, 0.18 * size, 0.5 * size), a = 0.05 * size;
      double points[] = { centre - half,        y,     centre - half * 0.72, y - 1.5 * a, centre - half * 0.4, y - 1.9 * a,
                          centre - half * 0.12, y - a, centre + half * 0.2,  y,           centre + half * 0.5, y + 0.2 * a,
                          centre + half * 0.8,  y - 0.6 * a, centre + half,  y - 2 * a };

      heft_box_add_stroke (n.box, points, 8, line);
    }
  else if (g_str_equal (name, "dot"))
    heft_box_add_rule (n.box, centre - line, y - 2 * line, 2 * line, 2 * line);
  else
    {
      double points[] = { left + base.skew, y - 0.02 * size, right + base.skew * 0.6, y - 0.02 * size };

      heft_box_add_stroke (n.box, points, 2, line);
    }

  return n;
}

static Nucleus
letters_nucleus (Parser *self, guint level, const char *(*lookup) (char))
{
  g_autofree char *words = parse_words (self);
  g_autoptr (GString) s = g_string_new (NULL);

  for (const char *p = words; *p != '\0'; p = g_utf8_next_char (p))
    {
      const char *letter = lookup (*p);

      if (letter != NULL)
        g_string_append (s, letter);
      else
        g_string_append_unichar (s, g_utf8_get_char (p));
    }

  return run_nucleus (self, HEFT_FONT_MATH, level, s->str, s->len, ATOM_ORD);
}

static Nucleus
space_nucleus (double width)
{
  Nucleus n = { .box = heft_box_new (), .atom = ATOM_NONE };

  n.box->width = width;
  return n;
}

/* \left and \right: the delimiter grows with what it encloses up to the next \right. */
static Nucleus
parse_left_right (Parser *self, guint level)
{
  Nucleus n = { .box = heft_box_new (), .atom = ATOM_INNER }, open, close;
  double size = level_size (self, level), factor, x;
  HeftBox *inner;
  double middle;

  if (self->depth >= MAX_DEPTH || !parse_nucleus (self, level, &open))
    open = space_nucleus (0.0);
  inner = parse_list (self, level, '\1');
  if (self->depth >= MAX_DEPTH || !parse_nucleus (self, level, &close))
    close = space_nucleus (0.0);

  factor = CLAMP ((inner->ink_ascent + inner->ink_descent) / (0.92 * size), 1.0, 2.2);
  middle = (inner->ink_descent - inner->ink_ascent) / 2;
  x = 0.0;
  for (int side = 0; side < 2; side++)
    {
      Nucleus *d = side == 0 ? &open : &close;
      g_autofree char *text = d->box->items->len == 1 ? g_strdup (g_array_index (d->box->items, HeftBoxItem, 0).text) : NULL;

      if (side == 1)
        {
          double width = inner->width;

          heft_box_take (n.box, inner, x, 0.0);
          x += width;
        }
      heft_box_free (d->box);
      if (text != NULL && !g_str_equal (text, "."))
        {
          HeftBox *grown = heft_box_new_run (self->fonts, HEFT_FONT_MATH, size * factor, text, -1);
          double width = grown->width, shift = factor > 1.0 ? middle - (grown->ink_descent - grown->ink_ascent) / 2 : 0.0;

          heft_box_take (n.box, grown, x, shift);
          x += width;
        }
    }
  n.box->width = x;

  return n;
}

static Nucleus
parse_command (Parser *self, guint level)
{
  const char *start = self->p;
  double em = level_size (self, level);
  g_autofree char *name = NULL;
  const FormulaSymbol *symbol;

  if (self->p < self->end && g_ascii_isalpha (*self->p))
    while (self->p < self->end && g_ascii_isalpha (*self->p))
      self->p++;
  else if (self->p < self->end)
    self->p = g_utf8_next_char (self->p);
  name = g_strndup (start, self->p - start);

  if (g_str_equal (name, "frac") || g_str_equal (name, "tfrac") || g_str_equal (name, "dfrac"))
    return parse_fraction (self, level);
  if (g_str_equal (name, "sqrt"))
    return parse_root (self, level);
  if (g_str_equal (name, "hat") || g_str_equal (name, "bar") || g_str_equal (name, "overline") || g_str_equal (name, "tilde") ||
      g_str_equal (name, "dot"))
    return parse_accent (self, level, name);
  if (g_str_equal (name, "mathcal"))
    return letters_nucleus (self, level, formula_letter_script);
  if (g_str_equal (name, "mathbb"))
    return letters_nucleus (self, level, formula_letter_double);
  if (g_str_equal (name, "left"))
    return parse_left_right (self, level);
  if (g_str_equal (name, "mathrm") || g_str_equal (name, "operatorname") || g_str_equal (name, "text") ||
      g_str_equal (name, "mathbf") || g_str_equal (name, "mathit"))
    {
      g_autofree char *words = parse_words (self);
      HeftFont font = g_str_equal (name, "mathbf") ? HEFT_FONT_MATH_BOLD
                      : g_str_equal (name, "mathit") ? HEFT_FONT_MATH_ITALIC
                      : g_str_equal (name, "text") ? HEFT_FONT_TEXT : HEFT_FONT_MATH;

      return run_nucleus (self, font, level, words, -1, g_str_equal (name, "operatorname") ? ATOM_OP : ATOM_ORD);
    }
  if (g_str_equal (name, ","))
    return space_nucleus (em * 3 / 18);
  if (g_str_equal (name, ":") || g_str_equal (name, ">"))
    return space_nucleus (em * 4 / 18);
  if (g_str_equal (name, ";"))
    return space_nucleus (em * 5 / 18);
  if (g_str_equal (name, "!"))
    return space_nucleus (-em * 3 / 18);
  if (g_str_equal (name, " "))
    return space_nucleus (em * 0.28);
  if (g_str_equal (name, "quad"))
    return space_nucleus (em);

  symbol = formula_symbol_find (name);
  if (symbol != NULL)
    return run_nucleus (self, symbol->font, level, symbol->text, -1, symbol->atom);

  return run_nucleus (self, HEFT_FONT_MATH, level, name, -1, ATOM_ORD);
}

static Nucleus
parse_digits (Parser *self, guint level)
{
  const char *start = self->p;

  while (self->p < self->end &&
         (g_ascii_isdigit (*self->p) || (*self->p == '.' && self->p + 1 < self->end && g_ascii_isdigit (self->p[1]))))
    self->p++;

  return run_nucleus (self, self->flags & HEFT_TEXT_UPRIGHT_DIGITS ? HEFT_FONT_TEXT : HEFT_FONT_MATH, level, start,
                      self->p - start, ATOM_ORD);
}

static Nucleus
parse_character (Parser *self, guint level)
{
  static const struct { char c; const char *text; AtomClass atom; } operators[] = {
    { '+', "+", ATOM_BIN }, { '-', "−", ATOM_BIN }, { '*', "∗", ATOM_BIN }, { '/', "/", ATOM_ORD }, { '=', "=", ATOM_REL },
    { '<', "<", ATOM_REL }, { '>', ">", ATOM_REL }, { ':', ":", ATOM_REL }, { ',', ",", ATOM_PUNCT }, { ';', ";", ATOM_PUNCT },
    { '(', "(", ATOM_OPEN }, { '[', "[", ATOM_OPEN }, { ')', ")", ATOM_CLOSE }, { ']', "]", ATOM_CLOSE },
    { '!', "!", ATOM_CLOSE },
  };
  const char *start = self->p;
  HeftFont digits = self->flags & HEFT_TEXT_UPRIGHT_DIGITS ? HEFT_FONT_TEXT : HEFT_FONT_MATH;

  self->p = g_utf8_next_char (self->p);
  if (g_ascii_isalpha (*start))
    return run_nucleus (self, HEFT_FONT_MATH_ITALIC, level, start, 1, ATOM_ORD);
  if (*start == '|')
    {
      /* Given, or a norm: a little air on both sides, which small letters need most. */
      Nucleus bar = { .box = heft_box_new (), .atom = ATOM_ORD };
      Nucleus run = run_nucleus (self, HEFT_FONT_MATH, level, start, 1, ATOM_ORD);
      double air = (level > 0 ? 0.1 : 0.04) * level_size (self, level), width = run.box->width;

      heft_box_take (bar.box, run.box, air, 0.0);
      bar.box->width = width + 2 * air;
      return bar;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (operators); i++)
    if (operators[i].c == *start)
      return run_nucleus (self, *start == '-' ? digits : HEFT_FONT_MATH, level, operators[i].text, -1, operators[i].atom);

  return run_nucleus (self, HEFT_FONT_MATH, level, start, self->p - start, ATOM_ORD);
}

static gboolean
parse_nucleus (Parser *self, guint level, Nucleus *out)
{
  skip_spaces (self);
  if (self->p >= self->end)
    return FALSE;
  self->depth++;
  if (*self->p == '{')
    {
      self->p++;
      *out = (Nucleus) { .box = parse_list (self, level, '}'), .atom = ATOM_ORD };
    }
  else if (*self->p == '\\')
    {
      self->p++;
      *out = parse_command (self, level);
    }
  else if (g_ascii_isdigit (*self->p) || (*self->p == '.' && self->p + 1 < self->end && g_ascii_isdigit (self->p[1])))
    *out = parse_digits (self, level);
  else
    *out = parse_character (self, level);
  self->depth--;

  return TRUE;
}

/* Primes, then any of _ and ^ in either order. */
static void
parse_scripts (Parser *self, guint level, HeftBox **below, HeftBox **above)
{
  guint primes = 0;

  *below = *above = NULL;
  for (;;)
    {
      skip_spaces (self);
      if (self->p < self->end && *self->p == '\'')
        {
          primes++;
          self->p++;
        }
      else if (self->p < self->end && (*self->p == '_' || *self->p == '^'))
        {
          HeftBox **slot = *self->p++ == '_' ? below : above;
          HeftBox *script = parse_argument (self, level + 1);

          g_clear_pointer (slot, heft_box_free);
          *slot = script;
        }
      else
        break;
    }
  if (primes > 0)
    {
      HeftBox *marks = heft_box_new (), *rest = *above;

      for (guint i = 0; i < primes; i++)
        {
          /* The glyph stands high by itself: as a superscript it would fly away. */
          HeftBox *prime = heft_box_new_run (self->fonts, HEFT_FONT_MATH, level_size (self, level), "′", -1);
          double width = 0.9 * prime->width;

          heft_box_take (marks, prime, marks->width, 0.36 * level_size (self, level));
          marks->width += width;
        }
      if (rest != NULL)
        {
          double width = rest->width;

          heft_box_take (marks, rest, marks->width, 0.0);
          marks->width += width;
        }
      *above = marks;
    }
}

static void
attach_scripts (Parser *self, guint level, Nucleus *n, HeftBox *below, HeftBox *above)
{
  double size = level_size (self, level), space = 0.05 * size;
  double base = n->box->width, width = base;
  gboolean tall = n->box->ink_ascent > 0.85 * size;
  double up = MAX (0.36 * size, n->box->ink_ascent - (tall ? 0.32 : 0.38) * size);
  double down = MAX (0.17 * size, n->box->ink_descent - 0.05 * size);

  if (below == NULL && above == NULL)
    return;
  if (above != NULL)
    up = MAX (up, MAX (above->ink_descent, 0.0) + 0.12 * size);
  if (below != NULL)
    down = MAX (down, below->ink_ascent - 0.36 * size);
  if (above != NULL && below != NULL)
    {
      /* The scripts must not touch (rule 18e). */
      double gap = (up - above->ink_descent) - (below->ink_ascent - down);

      if (gap < 0.14 * size)
        down += 0.14 * size - gap;
    }
  if (above != NULL)
    {
      double w = above->width;

      heft_box_take (n->box, above, base + n->slant + 0.02 * size, -up);
      width = MAX (width, base + n->slant + w);
    }
  if (below != NULL)
    {
      double w = below->width;

      heft_box_take (n->box, below, base, down);
      width = MAX (width, base + w);
    }
  n->box->width = width + space;
  n->slant = 0.0;
}

/* Whether the closing of the present group stands at the read position; if so it is consumed. */
static gboolean
at_closing (Parser *self, char closing)
{
  if (closing == '\1')
    {
      if (self->end - self->p >= 6 && strncmp (self->p, "\\right", 6) == 0 &&
          (self->p + 6 == self->end || strncmp (self->p, "\\rightarrow", 11) != 0))
        {
          self->p += 6;
          return TRUE;
        }
      return FALSE;
    }
  if (*self->p == '}')
    {
      /* A brace too many in the outermost list is dropped. */
      self->p++;
      return closing == '}';
    }

  return FALSE;
}

static HeftBox *
parse_list (Parser *self, guint level, char closing)
{
  HeftBox *list = heft_box_new ();
  AtomClass previous = ATOM_NONE;
  double em = level_size (self, level), slant = 0.0;

  if (++self->depth > MAX_DEPTH)
    {
      self->p = self->end;
      self->depth--;
      return list;
    }
  for (;;)
    {
      Nucleus n;
      HeftBox *below, *above;
      AtomClass atom;
      double width;

      skip_spaces (self);
      if (self->p >= self->end)
        break;
      if (*self->p == '}' || *self->p == '\\')
        {
          const char *before = self->p;

          if (at_closing (self, closing))
            break;
          if (self->p != before)
            continue;
        }
      if (*self->p == '_' || *self->p == '^' || *self->p == '\'')
        n = (Nucleus) { .box = heft_box_new (), .atom = ATOM_ORD };
      else if (!parse_nucleus (self, level, &n))
        break;
      parse_scripts (self, level, &below, &above);
      attach_scripts (self, level, &n, below, above);

      atom = n.atom;
      /* A binary operator without a left operand is a sign. */
      if (atom == ATOM_BIN &&
          (previous == ATOM_NONE || previous == ATOM_BIN || previous == ATOM_REL || previous == ATOM_OPEN ||
           previous == ATOM_OP || previous == ATOM_PUNCT))
        atom = ATOM_ORD;
      list->width += space_between (previous, atom, level, em);
      if (n.slant > 0.0)
        slant = n.slant;
      else
        slant = 0.0;
      width = n.box->width;
      heft_box_take (list, n.box, list->width, 0.0);
      /* Upright neighbours of a leaning letter keep clear of it. */
      list->width += width + 0.6 * slant;
      if (atom != ATOM_NONE)
        previous = atom;
    }
  self->depth--;

  return list;
}

/* A formula without its dollar signs, on one line in text style. */
HeftBox *
heft_formula_layout (HeftFonts *fonts, const char *formula, gsize length, double size, HeftTextFlags flags)
{
  Parser parser = { .fonts = fonts, .p = formula, .end = formula + length, .size = size, .flags = flags };

  return parse_list (&parser, 0, '\0');
}
