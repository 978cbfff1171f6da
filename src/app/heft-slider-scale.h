/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/**
 * HeftSliderScale:
 *
 * How a parameter's range lies along a slider whose position runs from 0 to 1. A logarithmic range that begins at zero has its zero
 * at the left end and the logarithm from @first on.
 */
typedef struct
{
  double   minimum, maximum;
  double   first;            /* the smallest value on the logarithmic part */
  gboolean logarithmic;
  gboolean integer;
} HeftSliderScale;

HeftSliderScale heft_slider_scale_new      (const HeftParameterSpec *spec);
/* Puts the middle of a wide logarithmic range at @value, a default. */
void            heft_slider_scale_centre   (HeftSliderScale *self, const HeftParameterSpec *spec, double value);
/* Whether a slider serves at all: not where a linear range is too long to point at a value. */
gboolean        heft_slider_scale_is_useful (const HeftSliderScale *self);
double          heft_slider_scale_position (const HeftSliderScale *self, double value);
/* Rounded to three significant digits, or to a whole number. */
double          heft_slider_scale_value    (const HeftSliderScale *self, double position);
/* How far an arrow key and a page key go. */
double          heft_slider_scale_step     (const HeftSliderScale *self);
double          heft_slider_scale_page     (const HeftSliderScale *self);

/* A number as people write it: "0.001", "1e-06", "2500"; C spelling, at most @digits significant digits. */
char           *heft_slider_scale_format   (double value, int digits);

G_END_DECLS
