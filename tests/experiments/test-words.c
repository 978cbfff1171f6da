/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Words and ledgers: what panels say in numbers. */

#include "config.h"

#include <math.h>

#include "experiments/ledger.h"
#include "experiments/words.h"

static void
test_counts (void)
{
  static const struct { guint64 value; const char *words; } cases[] = {
    { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 123456, "123,456" }, { 1234567, "1,234,567" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = heft_words_count (cases[i].value);

      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

/* Each way of writing, from one side of its border to the other. */
static void
test_numbers (void)
{
  static const struct { double value; const char *words; } cases[] = {
    { 0, "0" }, { 0.001, "0.001" }, { 0.000999, "9.99 × 10⁻⁴" }, { 0.21349, "0.213" }, { 999.4, "999" }, { 999.5, "1,000" },
    { 5309.6, "5,310" }, { 999999, "999,999" }, { 1e6, "1.00 × 10⁶" }, { 1.234e12, "1.23 × 10¹²" }, { NAN, "–" }, { INFINITY, "∞" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = heft_words_number (cases[i].value);

      g_assert_cmpstr (words, ==, cases[i].words);
    }
}

static void
test_percents (void)
{
  g_autofree char *small = heft_words_percent (0.0794), *whole = heft_words_percent (1);

  g_assert_cmpstr (small, ==, "7.9 %");
  g_assert_cmpstr (whole, ==, "100.0 %");
}

/* Row by row what was handed in. A number that is not finite has no unit, no number and no gauge. */
static void
test_ledger (void)
{
  HeftLedger ledger = heft_ledger_begin_as ("table", 7);
  g_autoptr (HeftFrame) frame = NULL;

  heft_ledger_add (&ledger, "Loss", 0.25, "nat", "of ten", HEFT_QUANTITY_TRAIN_LOSS);
  heft_ledger_gauge (&ledger, 0.5);
  heft_ledger_add (&ledger, "Ratio", -2, "", NULL, HEFT_QUANTITY_BOUND);
  heft_ledger_gauge (&ledger, -2);
  heft_ledger_add (&ledger, "Missing", NAN, "nat", NULL, HEFT_QUANTITY_KL);
  heft_ledger_gauge (&ledger, NAN);
  heft_ledger_add_words (&ledger, "Words", "many", NULL, HEFT_QUANTITY_REFERENCE);
  frame = heft_ledger_end (&ledger);
  g_assert_cmpstr (heft_frame_get_id (frame), ==, "table");
  g_assert_cmpuint (heft_frame_get_step (frame), ==, 7);
  g_assert_cmpstr (heft_frame_get_text (frame, "row:0:label"), ==, "Loss");
  g_assert_cmpstr (heft_frame_get_text (frame, "row:0:value"), ==, "0.25 nat");
  g_assert_cmpstr (heft_frame_get_text (frame, "row:0:note"), ==, "of ten");
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:0:quantity", -1), ==, HEFT_QUANTITY_TRAIN_LOSS);
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:0:number", -1), ==, 0.25);
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:0:gauge", -1), ==, 0.5);
  g_assert_cmpstr (heft_frame_get_text (frame, "row:1:value"), ==, "−2");
  g_assert_null (heft_frame_get_text (frame, "row:1:note"));
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:1:quantity", -1), ==, HEFT_QUANTITY_BOUND);
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:1:number", -1), ==, -2);
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:1:gauge", -1), ==, 0);
  g_assert_cmpstr (heft_frame_get_text (frame, "row:2:value"), ==, "–");
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:2:number", -1), ==, -1);
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:2:gauge", -1), ==, -1);
  g_assert_cmpstr (heft_frame_get_text (frame, "row:3:value"), ==, "many");
  g_assert_cmpfloat (heft_frame_get_number (frame, "row:3:number", -1), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/experiments/words/counts", test_counts);
  g_test_add_func ("/experiments/words/numbers", test_numbers);
  g_test_add_func ("/experiments/words/percents", test_percents);
  g_test_add_func ("/experiments/words/ledger", test_ledger);
  return g_test_run ();
}
