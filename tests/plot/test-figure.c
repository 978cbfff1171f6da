/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gallery.h"

#include <math.h>
#include <string.h>

static GBytes *
png (const HeftFigure *figure, double dpi)
{
  HeftTheme theme = heft_theme_file ();
  g_autoptr (GError) error = NULL;
  GBytes *bytes = heft_figure_export_bytes (figure, HEFT_FILE_PNG, 480, 300, dpi, &theme, &error);

  g_assert_no_error (error);
  g_assert_nonnull (bytes);
  return bytes;
}

/* Painting depends on the figure alone: the same value, or its copy, gives the same bytes. */
static void
test_purity (void)
{
  for (gsize i = 0; i < gallery_n_items; i++)
    {
      g_autoptr (HeftFigure) figure = gallery_items[i].make ();
      g_autoptr (HeftFigure) copy = heft_figure_copy (figure);
      g_autoptr (GBytes) first = png (figure, 72);
      g_autoptr (GBytes) second = png (figure, 72);
      g_autoptr (GBytes) third = png (copy, 72);

      g_assert_true (g_bytes_equal (first, second));
      g_assert_true (g_bytes_equal (first, third));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/figure/purity", test_purity);
  return g_test_run ();
}
