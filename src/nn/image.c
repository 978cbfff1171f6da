/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "nn/image.h"

#include <math.h>
#include <string.h>

/* Output places [first, end) whose source x * stride + k - padding lies in the image; @source is that of @first. */
typedef struct
{
  gsize first, end, source;
} Span;

/* Source places [first, end) that a window covers inside the image. */
typedef struct
{
  gsize first, end;
} Range;

static Span
inside (gsize n_in,
        gsize n_out,
        gsize stride,
        gsize padding,
        gsize k)
{
  Span span = { .first = k >= padding ? 0 : (padding - k + stride - 1) / stride };

  span.end = n_in + padding > k ? (n_in + padding - k - 1) / stride + 1 : 0;
  span.end = MIN (span.end, n_out);
  span.first = MIN (span.first, span.end);
  span.source = span.first < span.end ? span.first * stride + k - padding : 0;
  return span;
}

static Range
window (gsize            n_in,
        const HeftLayer *layer,
        gsize            place)
{
  gsize start = place * layer->stride;
  Range range = { .first = start > layer->padding ? start - layer->padding : 0 };

  /* A window is padded by at most half of itself. */
  range.end = MIN (start + layer->kernel - layer->padding, n_in);
  return range;
}

#include "nn/precision-f32.h"
#include "nn/image-template.c.inc"
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#include "nn/image-template.c.inc"
#include "nn/precision-end.h"
