/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <math.h>
#include <string.h>

/*
 * One colour a quantity, everywhere. Hues follow GNOME's palette where it has one, kept apart in lightness so that the three
 * common colour vision deficiencies leave neighbours distinct, and every pair that can meet in one plot differs in dash or marker
 * too.
 */

typedef struct
{
  guint32    light, dark;      /* 0xrrggbb */
  double     width;            /* relative */
  double     dash[4];
  guint      n_dash;
  HeftMarker marker;
} QuantityStyle;

static const QuantityStyle quantity_styles[] = {
  [HEFT_QUANTITY_TRAIN_LOSS]     = { 0x1a68cc, 0x7ab3f5, 1.0,  { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_TEST_LOSS]      = { 0xb0307c, 0xf08fc6, 1.0,  { 7, 2.5 },     2, HEFT_MARKER_DIAMOND },
  [HEFT_QUANTITY_BATCH_LOSS]     = { 0xa5c4ec, 0x4a6a94, 0.55, { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_TRAIN_ERROR]    = { 0x1a68cc, 0x7ab3f5, 1.0,  { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_TEST_ERROR]     = { 0xb0307c, 0xf08fc6, 1.0,  { 7, 2.5 },     2, HEFT_MARKER_DIAMOND },
  [HEFT_QUANTITY_KL]             = { 0x6b35a0, 0xc9a3f0, 1.1,  { 0 },          0, HEFT_MARKER_SQUARE },
  [HEFT_QUANTITY_LAGRANGIAN]     = { 0x7d5230, 0xd8b08a, 1.0,  { 9, 2, 2, 2 }, 4, HEFT_MARKER_TRIANGLE },
  [HEFT_QUANTITY_EXACT]          = { 0x178a53, 0x4fd39a, 1.15, { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_CORRECTED]      = { 0x1a68cc, 0x7ab3f5, 1.0,  { 10, 2 },      2, HEFT_MARKER_SQUARE },
  [HEFT_QUANTITY_PRINTED]        = { 0xd9660a, 0xffab57, 1.0,  { 4.5, 3 },     2, HEFT_MARKER_TRIANGLE },
  [HEFT_QUANTITY_BOUND]          = { 0xb81526, 0xff7f72, 1.15, { 0 },          0, HEFT_MARKER_DIAMOND },
  [HEFT_QUANTITY_THRESHOLD]      = { 0x55565c, 0xc8c8ce, 0.75, { 4, 3 },       2, HEFT_MARKER_CROSS },
  [HEFT_QUANTITY_PRIOR]          = { 0x77767b, 0xa9a8ae, 0.9,  { 8, 2, 2, 2 }, 4, HEFT_MARKER_SQUARE },
  [HEFT_QUANTITY_POSTERIOR]      = { 0x6b35a0, 0xc9a3f0, 1.0,  { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_FISHER]         = { 0x0e8290, 0x4fd0dc, 1.0,  { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_GAUSSIAN]       = { 0x8f7a00, 0xe4e04c, 1.0,  { 2, 2 },       2, HEFT_MARKER_TRIANGLE },
  [HEFT_QUANTITY_LOSS_LANDSCAPE] = { 0x33343a, 0xe2e2e6, 1.0,  { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_REFERENCE]      = { 0x8a898f, 0x96959c, 0.8,  { 2, 3 },       2, HEFT_MARKER_CROSS },
  [HEFT_QUANTITY_TRUE_LABELS]    = { 0x178a53, 0x4fd39a, 1.15, { 0 },          0, HEFT_MARKER_CIRCLE },
  [HEFT_QUANTITY_RANDOM_LABELS]  = { 0xd9660a, 0xffab57, 1.15, { 8, 3 },       2, HEFT_MARKER_TRIANGLE },
  [HEFT_QUANTITY_LOOSER_BOUND]   = { 0xb81526, 0xff7f72, 0.9,  { 6, 3 },       2, HEFT_MARKER_SQUARE },
  [HEFT_QUANTITY_LAGRANGIAN_BOUND] = { 0xb81526, 0xff7f72, 0.9, { 1.5, 2.5 },  2, HEFT_MARKER_CROSS },
};

/* Layers: dark and light take turns, so that neighbours in a stack differ for every eye. */
static const guint32 layer_light[] = { 0x46409c, 0x1593a0, 0xd99a0b, 0xb94a77, 0x6a8f1d, 0x7a5a42, 0x5a86c8, 0x8a6bb8 };
static const guint32 layer_dark[] = { 0x938df0, 0x45c3cf, 0xf6c14b, 0xf08bb2, 0xa9d05a, 0xc69c7c, 0x8fb8f2, 0xc8a8ef };
static const HeftMarker layer_marker[] = { HEFT_MARKER_CIRCLE, HEFT_MARKER_SQUARE, HEFT_MARKER_TRIANGLE, HEFT_MARKER_DIAMOND };

static void
unpack (guint32 packed, double rgb[3])
{
  rgb[0] = ((packed >> 16) & 0xff) / 255.0;
  rgb[1] = ((packed >> 8) & 0xff) / 255.0;
  rgb[2] = (packed & 0xff) / 255.0;
}

static HeftRgba
rgba (guint32 packed)
{
  double rgb[3];

  unpack (packed, rgb);
  return (HeftRgba) { rgb[0], rgb[1], rgb[2], 1.0 };
}

HeftRgba
heft_rgba_mix (HeftRgba a, HeftRgba b, double share_of_b)
{
  double s = CLAMP (share_of_b, 0.0, 1.0);

  return (HeftRgba) { a.r + s * (b.r - a.r), a.g + s * (b.g - a.g), a.b + s * (b.b - a.b), a.a + s * (b.a - a.a) };
}

/**
 * heft_quantity_colour:
 * @index: the layer, for %HEFT_QUANTITY_LAYER
 * @dark: for a dark background
 * @rgb: (out caller-allocates): sRGB, 0 to 1
 */
void
heft_quantity_colour (HeftQuantity quantity, int index, gboolean dark, double rgb[3])
{
  if (quantity == HEFT_QUANTITY_LAYER)
    {
      gsize i = (gsize) MAX (index, 0) % G_N_ELEMENTS (layer_light);

      unpack (dark ? layer_dark[i] : layer_light[i], rgb);
    }
  else if ((guint) quantity < G_N_ELEMENTS (quantity_styles))
    unpack (dark ? quantity_styles[quantity].dark : quantity_styles[quantity].light, rgb);
  else
    unpack (dark ? 0xc8c8ce : 0x55565c, rgb);
}

HeftPalette
heft_palette (const HeftTheme *theme)
{
  HeftPalette p = { .dark = theme->dark, .high_contrast = theme->high_contrast };
  gboolean hc = theme->high_contrast;

  p.background = rgba (theme->dark ? (hc ? 0x000000 : 0x2b2b2e) : 0xffffff);
  p.ink = rgba (theme->dark ? (hc ? 0xffffff : 0xf4f4f6) : (hc ? 0x000000 : 0x242428));
  p.dim = heft_rgba_mix (p.ink, p.background, hc ? 0.1 : 0.32);
  p.axis = heft_rgba_mix (p.ink, p.background, hc ? 0.1 : 0.50);
  p.grid = heft_rgba_mix (p.ink, p.background, hc ? 0.65 : (theme->dark ? 0.885 : 0.895));
  p.line_width = hc ? 2.6 : 1.9;

  return p;
}

HeftStyle
heft_mark_style (const HeftMark *mark, const HeftPalette *palette)
{
  HeftStyle style = { .width = palette->line_width };
  double rgb[3];

  heft_quantity_colour (mark->quantity, mark->index, palette->dark, rgb);
  style.colour = (HeftRgba) { rgb[0], rgb[1], rgb[2], 1.0 };
  if (mark->quantity == HEFT_QUANTITY_LAYER)
    style.marker = layer_marker[(gsize) MAX (mark->index, 0) % G_N_ELEMENTS (layer_marker)];
  else if ((guint) mark->quantity < G_N_ELEMENTS (quantity_styles))
    {
      const QuantityStyle *q = &quantity_styles[mark->quantity];

      style.width *= q->width;
      style.n_dash = q->n_dash;
      memcpy (style.dash, q->dash, sizeof style.dash);
      style.marker = q->marker;
    }
  if (palette->high_contrast)
    style.colour = heft_rgba_mix (style.colour, palette->ink, 0.25);
  if (mark->faint && mark->quantity != HEFT_QUANTITY_BATCH_LOSS)
    {
      /* Mixed, not translucent: strokes are painted in pieces that overlap. */
      style.colour = heft_rgba_mix (style.colour, palette->background, 0.5);
      style.width *= 0.6;
    }

  return style;
}

/* Anchors sampled by eye from perceptually even ramps; sequential maps run from paper towards ink in either theme. */
static const guint32 sequential_light[] = { 0xf7f4ec, 0xf6dfa6, 0xf2b36a, 0xdd7a4f, 0xb4445a, 0x7b2868, 0x44195c, 0x190a35 };
static const guint32 sequential_dark[] = { 0x16102b, 0x3a1c5c, 0x6f2a6c, 0xa83c63, 0xd9624f, 0xf0954e, 0xf8c873, 0xfdf4cf };
static const guint32 diverging_light[] = { 0x1b4f8f, 0x4f8cc9, 0xa6c9e8, 0xf5f5f3, 0xf1bd9b, 0xd3713f, 0x8f3713 };
static const guint32 diverging_dark[] = { 0x9ccbff, 0x4f8cc9, 0x2a4b73, 0x232326, 0x74401f, 0xd3713f, 0xffbe94 };

/* Close enough to paper that every quantity's colour stands out from all of it. */
static const guint32 quiet_light[] = { 0xfcfcfa, 0xeef1f4, 0xdde3ea, 0xc9d3df, 0xb4c2d3, 0x9fb0c6 };
static const guint32 quiet_dark[] = { 0x17181b, 0x1e2229, 0x272e39, 0x323c4b, 0x3f4c5f, 0x4e5e75 };

static void
interpolate (const guint32 *anchors, gsize n, double t, double rgb[3])
{
  double at = CLAMP (t, 0.0, 1.0) * (n - 1);
  gsize i = MIN ((gsize) at, n - 2);
  double a[3], b[3];

  unpack (anchors[i], a);
  unpack (anchors[i + 1], b);
  for (int c = 0; c < 3; c++)
    rgb[c] = a[c] + (at - i) * (b[c] - a[c]);
}

/* Colour at @t in [0, 1]. Greys are pixels as they are, so they do not follow the theme. */
void
heft_colour_map_get (HeftColourMap map, gboolean dark, double t, double rgb[3])
{
  switch (map)
    {
    case HEFT_COLOUR_MAP_SEQUENTIAL:
      interpolate (dark ? sequential_dark : sequential_light, G_N_ELEMENTS (sequential_light), t, rgb);
      break;
    case HEFT_COLOUR_MAP_DIVERGING:
      interpolate (dark ? diverging_dark : diverging_light, G_N_ELEMENTS (diverging_light), t, rgb);
      break;
    case HEFT_COLOUR_MAP_QUIET:
      interpolate (dark ? quiet_dark : quiet_light, G_N_ELEMENTS (quiet_light), t, rgb);
      break;
    case HEFT_COLOUR_MAP_GREY:
    default:
      rgb[0] = rgb[1] = rgb[2] = CLAMP (t, 0.0, 1.0);
      break;
    }
}

/**
 * heft_theme_screen:
 * @dark: for a dark desktop
 *
 * Returns: what panels in the window are painted with: no background of its own, no title and caption, series thinned to the
 *   lowest and highest value a pixel column
 */
HeftTheme
heft_theme_screen (gboolean dark)
{
  return (HeftTheme) { .dark = dark, .transparent = TRUE, .thin = TRUE };
}

/**
 * heft_theme_file:
 *
 * Returns: dark ink on white, title and caption, every point
 */
HeftTheme
heft_theme_file (void)
{
  return (HeftTheme) { .caption = TRUE, .title = TRUE };
}
