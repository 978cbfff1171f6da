/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/dataset.h>

G_BEGIN_DECLS

/**
 * HeftNuisance:
 *
 * What may change in an image without changing what it shows (theory.md section 6). Each is a curve x(t) through the image,
 * x(0) = x, with a tangent dx/dt at every t. Of an image of rows y (downwards) and columns x, c its centre:
 *
 * - ROTATION: turned by t degrees counterclockwise about c
 * - TRANSLATION_X, TRANSLATION_Y: moved by t pixels to the right; downwards
 * - SCALE: enlarged about c by the factor 1 + t/100
 * - SHEAR: what is upright leans t degrees to the right; the row through c stays
 * - THICKNESS: x(t)(p) = x(p - t n(p)), n the unit vector down the slope of the image (blurred by 1 px^2), so that every edge of
 *   bright ink moves t pixels outwards; n fades where the slope is below 2 % a pixel. Meant for up to about 1.5 pixels
 * - BRIGHTNESS: t/100 is added to every pixel
 * - CONTRAST: the distance from the image's mean is multiplied by 1 + t/100
 * - BLUR: the heat equation run until the kernel has the variance t pixel^2 along each axis: the discrete kernel
 *   exp(t/2 Laplacian) with reflecting edges. A variance and not a deviation, whose derivative at 0 would be 0
 * - OCCLUSION: a dark disc at c, of a fifth of the shorter side in radius and soft by half a pixel, covers with the opacity t/100
 * - BACKGROUND: x + (t/100) (1 - x): what is dark turns to the grey level t/100, full ink stays
 *
 * The first six read the image between its pixels by cubic B-spline interpolation (Unser 1999): exact at the pixels and twice
 * continuously differentiable, so that derivatives exist; the image is mirrored at its outer pixels. It may overshoot a little
 * beside sharp edges. Pixels are numbers of which 0 is dark and 1 bright.
 */
typedef enum
{
  HEFT_NUISANCE_ROTATION,
  HEFT_NUISANCE_TRANSLATION_X,
  HEFT_NUISANCE_TRANSLATION_Y,
  HEFT_NUISANCE_SCALE,
  HEFT_NUISANCE_SHEAR,
  HEFT_NUISANCE_THICKNESS,
  HEFT_NUISANCE_BRIGHTNESS,
  HEFT_NUISANCE_CONTRAST,
  HEFT_NUISANCE_BLUR,
  HEFT_NUISANCE_OCCLUSION,
  HEFT_NUISANCE_BACKGROUND,
} HeftNuisance;

#define HEFT_N_NUISANCES 11

/**
 * HeftNuisanceInfo:
 * @id: as typed: "rotation", "translation-x" ...
 * @title: translatable
 * @unit: of t, translatable: "°", "px", "%", "px²"
 * @meaning: one translatable phrase: what one unit does
 * @lower: the smallest t that heft_dataset_vary() takes
 * @upper: the largest
 */
typedef struct
{
  const char *id;
  const char *title;
  const char *unit;
  const char *meaning;
  double      lower;
  double      upper;
} HeftNuisanceInfo;

const HeftNuisanceInfo *heft_nuisance_get_info (HeftNuisance nuisance);
gboolean                heft_nuisance_parse    (const char *text, HeftNuisance *nuisance, GError **error);

/**
 * HeftNuisanceWarp:
 *
 * Applies nuisances to one image after another; a workspace for images of one shape, made up front and used by one thread at
 * a time. Images are channels x height x width.
 */
typedef struct _HeftNuisanceWarp HeftNuisanceWarp;

HeftNuisanceWarp *heft_nuisance_warp_new       (gsize channels, gsize height, gsize width);
void              heft_nuisance_warp_free      (HeftNuisanceWarp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftNuisanceWarp, heft_nuisance_warp_free)
/* @image is copied. */
void              heft_nuisance_warp_set_image (HeftNuisanceWarp *self, const double *image);
/* x(t) into @image and dx/dt at @t into @tangent; either may be NULL. @t is finite, above -100 for SCALE and within +-90 for
 * SHEAR. Nothing is clamped. */
void              heft_nuisance_warp_apply     (HeftNuisanceWarp *self, HeftNuisance nuisance, double t,
                                                double *image, double *tangent);

/**
 * heft_dataset_vary:
 * @lower: smallest amount, in the nuisance's unit
 * @upper: largest; the same as @lower for one amount for all
 *
 * Sample i is changed by an amount drawn uniformly from [@lower, @upper] that depends on (@seed, @nuisance, i) alone. Sets of bytes
 * stay bytes: what leaves [0, 1] is cut off and the rest rounded to 1/255. Purpose NUISANCE.
 *
 * Returns: (transfer full): a changed copy with the same labels; %NULL with a sentence where inputs are no images or the range is
 *   not one of heft_nuisance_get_info()
 */
HeftDataset *heft_dataset_vary (HeftDataset *self, HeftNuisance nuisance, double lower, double upper, guint64 seed,
                                GError **error);

/**
 * heft_dataset_clutter:
 * @canvas: side of the square canvas in pixels, at least that of the images
 * @n_pieces: distractors an image
 * @piece: side of a distractor in pixels, at most that of the images
 *
 * Cluttered images after Mnih et al. 2014: each image stands at a random place on a dark canvas, among square pieces cut at random
 * places from other images of the set; where two meet, the brighter pixel shows. Sample i depends on (@seed, @index, i) and the
 * set alone. Purpose CLUTTER. As a data argument, "cluttered-NAME" for a named set of images (heft_data_load()): of mnist-10k a canvas
 * of 40 x 40 with six pieces of 8 x 8; for other sizes in the same proportions.
 *
 * Returns: (transfer full): the set "cluttered-NAME" with the same labels; %NULL with a sentence where inputs are no images or do not fit
 */
HeftDataset *heft_dataset_clutter (HeftDataset *self, gsize canvas, gsize n_pieces, gsize piece, guint64 seed, guint32 index,
                                   GError **error);

G_END_DECLS
