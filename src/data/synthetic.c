/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/dataset.h>

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>

/* What one sample is made of: two uniforms that place it, two standard normals that blur it. */
typedef void (*Maker) (gsize label, const double uniforms[2], const double normals[2], double noise, double point[2]);

/* Two interleaving half circles of radius 1, the second shifted by (1, 0.5). */
static void
make_moons (gsize label, const double uniforms[2], const double normals[2], double noise, double point[2])
{
  double angle = G_PI * uniforms[0];

  point[0] = (label == 0 ? cos (angle) : 1.0 - cos (angle)) + noise * normals[0];
  point[1] = (label == 0 ? sin (angle) : 0.5 - sin (angle)) + noise * normals[1];
}

/* Two circles of radius 1 and 0.5 about the origin. */
static void
make_circles (gsize label, const double uniforms[2], const double normals[2], double noise, double point[2])
{
  double radius = label == 0 ? 1.0 : 0.5;
  double angle = 2.0 * G_PI * uniforms[0];

  point[0] = radius * cos (angle) + noise * normals[0];
  point[1] = radius * sin (angle) + noise * normals[1];
}

/* Two Archimedean spirals of one and a half turns that end at radius 1, one turned by 180 degrees; uniform in arc
 * length to first order, hence the root. */
static void
make_spirals (gsize label, const double uniforms[2], const double normals[2], double noise, double point[2])
{
  double radius = sqrt (uniforms[0]);
  double angle = 3.0 * G_PI * radius + G_PI * label;

  point[0] = radius * cos (angle) + noise * normals[0];
  point[1] = radius * sin (angle) + noise * normals[1];
}

/* Uniform on the square [-1, 1]^2; class 1 where the coordinates differ in sign. */
static void
make_xor (gsize label, const double uniforms[2], const double normals[2], double noise, double point[2])
{
  double side = uniforms[0] < 0.5 ? -1.0 : 1.0;
  double x = fabs (2.0 * uniforms[0] - 1.0);

  point[0] = side * x + noise * normals[0];
  point[1] = (label == 0 ? side : -side) * uniforms[1] + noise * normals[1];
}

/* Three isotropic Gaussians with centres 120 degrees apart on the unit circle, the first at the top. */
static void
make_blobs (gsize label, const double uniforms[2], const double normals[2], double noise, double point[2])
{
  double angle = G_PI / 2.0 + 2.0 * G_PI * label / 3.0;

  point[0] = cos (angle) + noise * normals[0];
  point[1] = sin (angle) + noise * normals[1];
}

static const struct
{
  const char *name;
  Maker       make;
  gsize       n_classes;
  double      noise;
} makers[] =
{
  { "moons",   make_moons,   2, 0.1 },
  { "circles", make_circles, 2, 0.08 },
  { "spirals", make_spirals, 2, 0.03 },
  { "xor",     make_xor,     2, 0.05 },
  { "blobs",   make_blobs,   3, 0.3 },
};

/**
 * heft_data_synthetic:
 * @name: moons, circles, spirals, xor or blobs
 * @n: samples, at least 1
 * @noise: standard deviation of the Gaussian noise on each coordinate; negative means the set's own (moons 0.1, circles 0.08,
 *   spirals 0.03, xor 0.05, blobs 0.3)
 * @index: which of several independent sets of one seed; heft_data_load() trains on 0 and tests on 1
 *
 * Points in the plane. Sample i has class i mod C and depends on (@seed, @index, i) alone, so that more samples extend a set
 * without changing it. Purpose SYNTHETIC_DATA.
 *
 * Returns: (transfer full): the set, or %NULL with @error where there is no such name
 */
HeftDataset *
heft_data_synthetic (const char *name, gsize n, double noise, guint64 seed, guint32 index, GError **error)
{
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_SYNTHETIC_DATA, index);
  gsize kind = 0;

  g_return_val_if_fail (n > 0, NULL);
  while (kind < G_N_ELEMENTS (makers) && g_strcmp0 (makers[kind].name, name) != 0)
    kind++;
  if (kind == G_N_ELEMENTS (makers))
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND,
                   _("There is no synthetic data set “%s”; choose moons, circles, spirals, xor or blobs."), name);
      return NULL;
    }

  g_autofree double *uniforms = g_new (double, 2 * n);
  g_autofree double *normals = g_new (double, 2 * n);
  g_autofree float *inputs = g_new (float, 2 * n);
  g_autofree guint8 *labels = g_new (guint8, n);

  heft_stream_uniforms_f64 (stream, 0, 0, 2 * n, uniforms);
  heft_stream_normals_f64 (stream, 1, 0, 2 * n, normals);
  for (gsize i = 0; i < n; i++)
    {
      double point[2];

      labels[i] = i % makers[kind].n_classes;
      makers[kind].make (labels[i], uniforms + 2 * i, normals + 2 * i, noise < 0.0 ? makers[kind].noise : noise, point);
      inputs[2 * i] = (float) point[0];
      inputs[2 * i + 1] = (float) point[1];
    }
  return heft_dataset_new_floats (makers[kind].name, n, 2, inputs, labels, makers[kind].n_classes);
}
