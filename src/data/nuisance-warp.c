/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/nuisance.h>

#include <math.h>
#include <string.h>

#define THICKNESS_BLUR  1.0     /* px^2 */
#define THICKNESS_SLOPE 0.02    /* a pixel; below it the direction of an edge fades */
#define DISC_RADIUS     0.2     /* of the shorter side */
#define DISC_EDGE       0.5     /* px */

#define RADIANS(degrees) ((degrees) * G_PI / 180.0)

struct _HeftNuisanceWarp
{
  gsize   channels, height, width;
  gsize   n_pixels;       /* of one channel */
  double *image;          /* channels x n_pixels */
  double *coefficients;   /* of the B-splines, likewise */
  double *blurred;        /* n_pixels, of one channel */
  double *slope_x;        /* n_pixels, of one channel */
  double *slope_y;
  double *half;           /* n_pixels */
  double *kernel;         /* max(height, width)^2 */
  double *waves;          /* cosines and right sides, 2 max(height, width) */
};

HeftNuisanceWarp *
heft_nuisance_warp_new (gsize channels, gsize height, gsize width)
{
  HeftNuisanceWarp *self;
  gsize side = MAX (height, width);

  g_return_val_if_fail (channels > 0 && height > 0 && width > 0, NULL);
  self = g_new0 (HeftNuisanceWarp, 1);
  self->channels = channels;
  self->height = height;
  self->width = width;
  self->n_pixels = height * width;
  self->image = g_new0 (double, channels * self->n_pixels);
  self->coefficients = g_new0 (double, channels * self->n_pixels);
  self->blurred = g_new (double, self->n_pixels);
  self->slope_x = g_new (double, self->n_pixels);
  self->slope_y = g_new (double, self->n_pixels);
  self->half = g_new (double, self->n_pixels);
  self->kernel = g_new (double, side * side);
  self->waves = g_new (double, 2 * side);
  return self;
}

void
heft_nuisance_warp_free (HeftNuisanceWarp *self)
{
  if (self == NULL)
    return;
  g_free (self->image);
  g_free (self->coefficients);
  g_free (self->blurred);
  g_free (self->slope_x);
  g_free (self->slope_y);
  g_free (self->half);
  g_free (self->kernel);
  g_free (self->waves);
  g_free (self);
}

/* The coefficients c with (c[i-1] + 4 c[i] + c[i+1]) / 6 = v[i] and mirrored ends, in place: a tridiagonal system that is
 * diagonally dominant, so elimination needs no pivots. @right: n numbers of room. */
static void
find_coefficients (gsize n, gsize stride, double *v, double *right)
{
  double before = 0.0;

  if (n == 1)
    return;
  for (gsize i = 0; i < n; i++)
    {
      double below = i == 0 ? 0.0 : i == n - 1 ? 2.0 : 1.0;
      double above = i == 0 ? 2.0 : 1.0;
      double pivot = 4.0 - below * (i == 0 ? 0.0 : right[i - 1]);

      right[i] = above / pivot;
      before = (6.0 * v[i * stride] - below * before) / pivot;
      v[i * stride] = before;
    }
  for (gsize i = n - 1; i-- > 0; )
    v[i * stride] -= right[i] * v[(i + 1) * stride];
}

void
heft_nuisance_warp_set_image (HeftNuisanceWarp *self, const double *image)
{
  memcpy (self->image, image, self->channels * self->n_pixels * sizeof *image);
  memcpy (self->coefficients, image, self->channels * self->n_pixels * sizeof *image);
  for (gsize c = 0; c < self->channels; c++)
    {
      double *plane = self->coefficients + c * self->n_pixels;

      for (gsize y = 0; y < self->height; y++)
        find_coefficients (self->width, 1, plane + y * self->width, self->waves);
      for (gsize x = 0; x < self->width; x++)
        find_coefficients (self->height, self->width, plane + x, self->waves);
    }
}

/* The index that a place outside mirrors to: period 2 n - 2, the outer pixels are not doubled. */
static gsize
mirror (double place, gsize n)
{
  double period = 2.0 * (double) (n - 1);

  if (n == 1)
    return 0;
  place = fabs (fmod (place, period));
  if (place > (double) (n - 1))
    place = period - place;
  return (gsize) place;
}

/* Where the four B-splines around @place stand, their values there and their derivatives. */
static void
find_splines (double place, gsize n, gsize index[4], double value[4], double derivative[4])
{
  double base = floor (place);
  double u = place - base, v = 1.0 - u;

  for (int k = 0; k < 4; k++)
    {
      double at = base + k - 1;

      index[k] = at >= 0.0 && at < (double) n ? (gsize) at : mirror (at, n);
    }
  value[0] = v * v * v / 6.0;
  value[1] = 2.0 / 3.0 - u * u * (1.0 - u / 2.0);
  value[2] = 2.0 / 3.0 - v * v * (1.0 - v / 2.0);
  value[3] = u * u * u / 6.0;
  derivative[0] = -v * v / 2.0;
  derivative[1] = u * (1.5 * u - 2.0);
  derivative[2] = -v * (1.5 * v - 2.0);
  derivative[3] = u * u / 2.0;
}

/* A place between pixels as weights of the sixteen splines around it. */
typedef struct
{
  gsize  columns[4], rows[4];
  double value_x[4], value_y[4], derivative_x[4], derivative_y[4];
} Place;

static double
read_place (const HeftNuisanceWarp *self, gsize channel, const Place *at, double *slope_x, double *slope_y)
{
  const double *plane = self->coefficients + channel * self->n_pixels;
  double value = 0.0;

  *slope_x = *slope_y = 0.0;
  for (int j = 0; j < 4; j++)
    {
      const double *row = plane + at->rows[j] * self->width;
      double along = 0.0, rise = 0.0;

      for (int k = 0; k < 4; k++)
        {
          double c = row[at->columns[k]];

          along += at->value_x[k] * c;
          rise += at->derivative_x[k] * c;
        }
      value += at->value_y[j] * along;
      *slope_x += at->value_y[j] * rise;
      *slope_y += at->derivative_y[j] * along;
    }
  return value;
}

static void
find_place (const HeftNuisanceWarp *self, double x, double y, Place *at)
{
  find_splines (x, self->width, at->columns, at->value_x, at->derivative_x);
  find_splines (y, self->height, at->rows, at->value_y, at->derivative_y);
}

/* Where the pixel at (@x, @y) from the centre is read, and how fast that place moves with @t: (@qx, @qy), (@dx, @dy). */
static void
find_source (HeftNuisance nuisance, double t, double x, double y, double *qx, double *qy, double *dx, double *dy)
{
  double a = RADIANS (t), factor = 1.0 + t / 100.0;

  *qx = x;
  *qy = y;
  *dx = *dy = 0.0;
  switch (nuisance)
    {
    case HEFT_NUISANCE_ROTATION:
      *qx = x * cos (a) - y * sin (a);
      *qy = x * sin (a) + y * cos (a);
      *dx = -*qy * RADIANS (1.0);
      *dy = *qx * RADIANS (1.0);
      break;
    case HEFT_NUISANCE_TRANSLATION_X:
      *qx -= t;
      *dx = -1.0;
      break;
    case HEFT_NUISANCE_TRANSLATION_Y:
      *qy -= t;
      *dy = -1.0;
      break;
    case HEFT_NUISANCE_SCALE:
      *qx = x / factor;
      *qy = y / factor;
      *dx = -x / (factor * factor * 100.0);
      *dy = -y / (factor * factor * 100.0);
      break;
    case HEFT_NUISANCE_SHEAR:
      *qx = x + tan (a) * y;
      *dx = RADIANS (1.0) * (1.0 + tan (a) * tan (a)) * y;
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
move_pixels (HeftNuisanceWarp *self, HeftNuisance nuisance, double t, double *image, double *tangent)
{
  double centre_x = 0.5 * (double) (self->width - 1);
  double centre_y = 0.5 * (double) (self->height - 1);

  for (gsize p = 0; p < self->n_pixels; p++)
    {
      double qx, qy, dx, dy;
      Place at;

      find_source (nuisance, t, (double) (p % self->width) - centre_x, (double) (p / self->width) - centre_y,
                   &qx, &qy, &dx, &dy);
      find_place (self, centre_x + qx, centre_y + qy, &at);
      for (gsize c = 0; c < self->channels; c++)
        {
          double slope_x, slope_y;
          double value = read_place (self, c, &at, &slope_x, &slope_y);

          if (image != NULL)
            image[c * self->n_pixels + p] = value;
          if (tangent != NULL)
            tangent[c * self->n_pixels + p] = slope_x * dx + slope_y * dy;
        }
    }
}

/* exp(t/2 L) of the second difference L over n pixels with reflecting ends, by its eigenvectors, the cosines of DCT-II. */
static void
fill_heat_kernel (HeftNuisanceWarp *self, gsize n, double t)
{
  double *wave = self->waves;

  for (gsize i = 0; i < n * n; i++)
    self->kernel[i] = 1.0 / (double) n;
  for (gsize k = 1; k < n; k++)
    {
      double decay = exp (-t * (1.0 - cos (G_PI * (double) k / (double) n))) * 2.0 / (double) n;

      for (gsize i = 0; i < n; i++)
        wave[i] = cos (G_PI * (double) k * ((double) i + 0.5) / (double) n);
      for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < n; j++)
          self->kernel[i * n + j] += decay * wave[i] * wave[j];
    }
}

/* @out (a plane) = the heat equation from @in after the variance @t; they may be the same. */
static void
spread_heat (HeftNuisanceWarp *self, double t, const double *in, double *out)
{
  gsize h = self->height, w = self->width;

  if (t == 0.0)
    {
      memmove (out, in, self->n_pixels * sizeof *out);
      return;
    }
  fill_heat_kernel (self, w, t);
  memset (self->half, 0, self->n_pixels * sizeof (double));
  for (gsize y = 0; y < h; y++)
    for (gsize k = 0; k < w; k++)
      for (gsize x = 0; x < w; x++)
        self->half[y * w + x] += in[y * w + k] * self->kernel[k * w + x];
  fill_heat_kernel (self, h, t);
  memset (out, 0, self->n_pixels * sizeof *out);
  for (gsize y = 0; y < h; y++)
    for (gsize k = 0; k < h; k++)
      for (gsize x = 0; x < w; x++)
        out[y * w + x] += self->kernel[y * h + k] * self->half[k * w + x];
}

static void
blur (HeftNuisanceWarp *self, double t, double *image, double *tangent)
{
  gsize h = self->height, w = self->width;

  for (gsize c = 0; c < self->channels; c++)
    {
      const double *plane = self->image + c * self->n_pixels;
      double *v = self->blurred;

      spread_heat (self, t, plane, v);
      if (image != NULL)
        memcpy (image + c * self->n_pixels, v, self->n_pixels * sizeof *v);
      for (gsize p = 0; tangent != NULL && p < self->n_pixels; p++)
        {
          gsize x = p % w, y = p / w;
          double sum = 0.0;

          if (x > 0)
            sum += v[p - 1] - v[p];
          if (x + 1 < w)
            sum += v[p + 1] - v[p];
          if (y > 0)
            sum += v[p - w] - v[p];
          if (y + 1 < h)
            sum += v[p + w] - v[p];
          tangent[c * self->n_pixels + p] = sum / 2.0;
        }
    }
}

/* Slopes of the blurred channel by central differences, mirrored at the outer pixels. */
static void
find_slopes (HeftNuisanceWarp *self, gsize channel)
{
  gsize h = self->height, w = self->width;
  const double *v = self->blurred;

  spread_heat (self, THICKNESS_BLUR, self->image + channel * self->n_pixels, self->blurred);
  for (gsize p = 0; p < self->n_pixels; p++)
    {
      gsize x = p % w, y = p / w;

      self->slope_x[p] = x == 0 || x + 1 == w ? 0.0 : (v[p + 1] - v[p - 1]) / 2.0;
      self->slope_y[p] = y == 0 || y + 1 == h ? 0.0 : (v[p + w] - v[p - w]) / 2.0;
    }
}

static void
thicken (HeftNuisanceWarp *self, double t, double *image, double *tangent)
{
  for (gsize c = 0; c < self->channels; c++)
    {
      find_slopes (self, c);
      for (gsize p = 0; p < self->n_pixels; p++)
        {
          double steepness = sqrt (self->slope_x[p] * self->slope_x[p] + self->slope_y[p] * self->slope_y[p]
                                   + THICKNESS_SLOPE * THICKNESS_SLOPE);
          double nx = self->slope_x[p] / steepness, ny = self->slope_y[p] / steepness;
          double slope_x, slope_y, value;
          Place at;

          find_place (self, (double) (p % self->width) + t * nx, (double) (p / self->width) + t * ny, &at);
          value = read_place (self, c, &at, &slope_x, &slope_y);
          if (image != NULL)
            image[c * self->n_pixels + p] = value;
          if (tangent != NULL)
            tangent[c * self->n_pixels + p] = slope_x * nx + slope_y * ny;
        }
    }
}

/* How much of pixel @p the disc covers. */
static double
disc_opacity (const HeftNuisanceWarp *self, gsize p)
{
  double x = (double) (p % self->width) - 0.5 * (double) (self->width - 1);
  double y = (double) (p / self->width) - 0.5 * (double) (self->height - 1);
  double radius = DISC_RADIUS * (double) MIN (self->width, self->height);

  return 1.0 / (1.0 + exp ((hypot (x, y) - radius) / DISC_EDGE));
}

/* The nuisances that are straight lines in t: x + (t/100) direction. */
static void
shade (HeftNuisanceWarp *self, HeftNuisance nuisance, double t, double *image, double *tangent)
{
  gsize n = self->channels * self->n_pixels;
  double mean = 0.0;

  for (gsize i = 0; i < n; i++)
    mean += self->image[i] / (double) n;
  for (gsize i = 0; i < n; i++)
    {
      double v = self->image[i];
      double direction = nuisance == HEFT_NUISANCE_BRIGHTNESS ? 1.0
                         : nuisance == HEFT_NUISANCE_CONTRAST ? v - mean
                         : nuisance == HEFT_NUISANCE_BACKGROUND ? 1.0 - v
                         : -v * disc_opacity (self, i % self->n_pixels);

      if (image != NULL)
        image[i] = v + t / 100.0 * direction;
      if (tangent != NULL)
        tangent[i] = direction / 100.0;
    }
}

void
heft_nuisance_warp_apply (HeftNuisanceWarp *self, HeftNuisance nuisance, double t, double *image, double *tangent)
{
  g_return_if_fail (isfinite (t));
  g_return_if_fail (nuisance != HEFT_NUISANCE_SCALE || t > -100.0);
  g_return_if_fail (nuisance != HEFT_NUISANCE_SHEAR || fabs (t) < 90.0);

  switch (nuisance)
    {
    case HEFT_NUISANCE_ROTATION:
    case HEFT_NUISANCE_TRANSLATION_X:
    case HEFT_NUISANCE_TRANSLATION_Y:
    case HEFT_NUISANCE_SCALE:
    case HEFT_NUISANCE_SHEAR:
      move_pixels (self, nuisance, t, image, tangent);
      break;
    case HEFT_NUISANCE_THICKNESS:
      thicken (self, t, image, tangent);
      break;
    case HEFT_NUISANCE_BLUR:
      blur (self, t, image, tangent);
      break;
    case HEFT_NUISANCE_BRIGHTNESS:
    case HEFT_NUISANCE_CONTRAST:
    case HEFT_NUISANCE_OCCLUSION:
    case HEFT_NUISANCE_BACKGROUND:
      shade (self, nuisance, t, image, tangent);
      break;
    default:
      g_return_if_reached ();
    }
}
