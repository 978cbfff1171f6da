/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "plot/plot-private.h"

#include <string.h>

#define SIZE 100.0

static HeftBox *
layout (HeftFonts *fonts, const char *formula)
{
  return heft_formula_layout (fonts, formula, strlen (formula), SIZE, HEFT_TEXT_PLAIN);
}

static const HeftBoxItem *
item (const HeftBox *box, guint i)
{
  g_assert_cmpuint (i, <, box->items->len);
  return &g_array_index (box->items, HeftBoxItem, i);
}

static double
width_of (HeftFonts *fonts, const char *formula)
{
  g_autoptr (HeftBox) box = layout (fonts, formula);

  return box->width;
}

static void
test_scripts (void)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (HeftBox) below = layout (fonts, "E_Q");
  g_autoptr (HeftBox) above = layout (fonts, "\\lambda^2");
  g_autoptr (HeftBox) both = layout (fonts, "x_{ij}^2");

  g_assert_cmpuint (below->items->len, ==, 2);
  g_assert_cmpstr (item (below, 0)->text, ==, "E");
  g_assert_cmpint (item (below, 0)->font, ==, HEFT_FONT_MATH_ITALIC);
  g_assert_cmpfloat (item (below, 1)->y, >, 0.1 * SIZE);
  g_assert_cmpfloat (item (below, 1)->size, <, 0.8 * item (below, 0)->size);
  g_assert_cmpstr (item (above, 0)->text, ==, "λ");
  g_assert_cmpfloat (item (above, 1)->y, <, -0.25 * SIZE);
  g_assert_cmpint (item (above, 1)->font, ==, HEFT_FONT_MATH);
  /* Both scripts start at one place and do not touch: 2 above, ij below. */
  g_assert_cmpuint (both->items->len, ==, 4);
  g_assert_cmpfloat (item (both, 1)->y, <, -0.2 * SIZE);
  g_assert_cmpfloat (item (both, 2)->y, >, 0.1 * SIZE);
  g_assert_cmpfloat (both->ascent, >, 0.6 * SIZE);
  g_assert_cmpfloat (both->descent, >, 0.1 * SIZE);
}

/* Relations and binary operators have space around them, signs have none, and there is none in scripts. */
static void
test_spacing (void)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  double a = width_of (fonts, "a"), b = width_of (fonts, "b"), minus = width_of (fonts, "{-}"), equal = width_of (fonts, "{=}");
  double em = SIZE * fonts->math_scale;

  g_assert_cmpfloat_with_epsilon (width_of (fonts, "a=b") - a - b - equal, em * 10.0 / 18.0, 0.02 * SIZE);
  g_assert_cmpfloat_with_epsilon (width_of (fonts, "a-b") - a - b - minus, em * 8.0 / 18.0, 0.02 * SIZE);
  g_assert_cmpfloat_with_epsilon (width_of (fonts, "-b") - b - minus, 0.0, 0.02 * SIZE);
  g_assert_cmpfloat (width_of (fonts, "x_{a=b}") - width_of (fonts, "x_{ab}"), <, 0.74 * (equal + 0.1 * SIZE));
  /* A function's name keeps off its argument but not off a parenthesis. */
  g_assert_cmpfloat_with_epsilon (width_of (fonts, "\\log b") - width_of (fonts, "{\\log}") - b, em * 3.0 / 18.0, 0.02 * SIZE);
}

static void
test_words (void)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (HeftBox) kl = layout (fonts, "\\mathrm{KL}(Q \\Vert P)");
  g_autoptr (HeftBox) log = layout (fonts, "\\log x");
  g_autoptr (HeftBox) fancy = layout (fonts, "\\mathcal{L} \\mathbb{E}");
  g_autoptr (HeftBox) unknown = layout (fonts, "\\nosuchthing");

  g_assert_cmpstr (item (kl, 0)->text, ==, "KL");
  g_assert_cmpint (item (kl, 0)->font, ==, HEFT_FONT_MATH);
  g_assert_cmpstr (item (kl, 3)->text, ==, "‖");
  g_assert_cmpint (item (log, 0)->font, ==, HEFT_FONT_MATH);
  g_assert_cmpint (item (log, 1)->font, ==, HEFT_FONT_MATH_ITALIC);
  g_assert_cmpstr (item (fancy, 0)->text, ==, "ℒ");
  g_assert_cmpstr (item (fancy, 1)->text, ==, "𝔼");
  g_assert_cmpstr (item (unknown, 0)->text, ==, "nosuchthing");
}

static void
test_stacks (void)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (HeftBox) letter = layout (fonts, "x");
  g_autoptr (HeftBox) fraction = layout (fonts, "\\frac{a}{b}");
  g_autoptr (HeftBox) digits = layout (fonts, "\\frac12");
  g_autoptr (HeftBox) root = layout (fonts, "\\sqrt{x}");
  g_autoptr (HeftBox) hat = layout (fonts, "\\hat x");
  g_autoptr (HeftBox) grown = layout (fonts, "\\left( \\frac{a}{b} \\right)");

  g_assert_cmpfloat (item (fraction, 0)->y, <, -0.3 * SIZE);
  g_assert_cmpfloat (item (fraction, 1)->y, >, 0.1 * SIZE);
  g_assert_cmpint (item (fraction, 2)->kind, ==, HEFT_ITEM_RULE);
  g_assert_cmpfloat (item (fraction, 2)->width, ==, fraction->width);
  g_assert_cmpuint (digits->items->len, ==, 3);
  g_assert_cmpint (item (root, 1)->kind, ==, HEFT_ITEM_STROKE);
  g_assert_cmpfloat (root->ascent, >, letter->ascent);
  g_assert_cmpfloat (root->width, >, letter->width + 0.3 * SIZE);
  g_assert_cmpfloat (hat->ascent, >, letter->ascent + 0.15 * SIZE);
  g_assert_cmpfloat_with_epsilon (hat->width, letter->width, 1e-9);
  g_assert_cmpfloat (item (grown, 0)->size, >, 1.15 * SIZE);
}

/* Mixed text, a dollar sign as such, and one that opens nothing. */
static void
test_text (void)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (HeftBox) mixed = heft_text_layout (fonts, "price $\\beta$ of a nat", SIZE, HEFT_TEXT_PLAIN);
  g_autoptr (HeftBox) dollar = heft_text_layout (fonts, "5 \\$ and 6 $", SIZE, HEFT_TEXT_PLAIN);
  g_autoptr (HeftBox) korean = heft_text_layout (fonts, "가중치의 정보 $N \\log C$", SIZE, HEFT_TEXT_PLAIN);
  g_autoptr (HeftBox) invalid = heft_text_layout (fonts, "\xff\xfe $\\frac", SIZE, HEFT_TEXT_PLAIN);

  g_assert_cmpuint (mixed->items->len, ==, 3);
  g_assert_cmpint (item (mixed, 0)->font, ==, HEFT_FONT_TEXT);
  g_assert_cmpstr (item (mixed, 1)->text, ==, "β");
  g_assert_cmpfloat (item (mixed, 2)->x, >, item (mixed, 1)->x);
  g_assert_cmpuint (dollar->items->len, ==, 1);
  g_assert_cmpstr (item (dollar, 0)->text, ==, "5 $ and 6 $");
  g_assert_cmpfloat (korean->width, >, 5 * SIZE);
  g_assert_nonnull (invalid);
}

static void
test_wrap (void)
{
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (GPtrArray) lines = heft_text_wrap (fonts, "one two $a + b$ three four five six", 10.0, HEFT_TEXT_PLAIN, 90.0, 0);
  g_autoptr (HeftBox) cut = heft_text_layout_fit (fonts, "one two three four five six seven", 10.0, HEFT_TEXT_PLAIN, 60.0, 0.8);
  g_autoptr (HeftBox) one = heft_text_layout_fit (fonts, "incomprehensibilities", 10.0, HEFT_TEXT_PLAIN, 40.0, 0.8);

  g_assert_cmpuint (lines->len, >=, 2);
  for (guint i = 0; i < lines->len; i++)
    g_assert_cmpfloat (((HeftBox *) g_ptr_array_index (lines, i))->width, <=, 90.0);
  g_assert_cmpfloat (cut->width, <=, 60.0);
  g_assert_nonnull (strstr (cut->source, "…"));
  g_assert_cmpfloat (one->width, <=, 40.0);
}

/* Nothing that can be typed breaks the layout. */
static void
test_hostile (void)
{
  static const char pieces[][12] = { "\\frac", "{", "}", "^", "_", "\\sqrt", "\\left", "\\right", "(", "x", "'", "\\", "$", "2",
                                     "\\hat", "\\mathrm", "α", "\\,", " ", "|" };
  g_autoptr (HeftFonts) fonts = heft_fonts_new ();
  g_autoptr (GString) deep = g_string_new (NULL);
  guint32 state = 1;

  for (int round = 0; round < 400; round++)
    {
      g_autoptr (GString) s = g_string_new ("$");
      g_autoptr (HeftBox) box = NULL;

      for (int i = 0; i < 12; i++)
        {
          state = state * 1664525u + 1013904223u;
          g_string_append (s, pieces[(state >> 16) % G_N_ELEMENTS (pieces)]);
        }
      g_string_append_c (s, '$');
      box = heft_text_layout (fonts, s->str, 12.0, HEFT_TEXT_PLAIN);
      g_assert_cmpfloat (box->width, <, 1e4);
    }
  for (int i = 0; i < 100000; i++)
    g_string_append (deep, i % 2 == 0 ? "{x^" : "\\sqrt\\frac");
  heft_box_free (layout (fonts, deep->str));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/formula/scripts", test_scripts);
  g_test_add_func ("/plot/formula/spacing", test_spacing);
  g_test_add_func ("/plot/formula/words", test_words);
  g_test_add_func ("/plot/formula/stacks", test_stacks);
  g_test_add_func ("/plot/formula/text", test_text);
  g_test_add_func ("/plot/formula/wrap", test_wrap);
  g_test_add_func ("/plot/formula/hostile", test_hostile);
  return g_test_run ();
}
