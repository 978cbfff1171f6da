/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>
#include <heft/invariance.h>

#include "information/noise.h"
#include "linalg/linalg.h"

/* Singular values of the root (rank x 2) from its two columns: F = [a b; b c], its determinant as the sum of squared minors, which
 * cannot come out negative. */
static void
summarise (gsize rank, const double *root, double *trace, double *log_determinant)
{
  double determinant = 0;

  *trace = heft_dot_f64 (2 * rank, root, root);
  for (gsize i = 0; i < rank; i++)
    for (gsize j = 0; j < i; j++)
      {
        double minor = root[2 * i] * root[2 * j + 1] - root[2 * i + 1] * root[2 * j];

        determinant += minor * minor;
      }
  *log_determinant = determinant > 0 ? log (determinant) : -INFINITY;
}

gboolean
heft_plane_map (HeftNetwork *network, const double *mean, const double *variance, gsize layer, double x0, double x1,
                double y0, double y1, gsize width, gsize height, double *trace, double *log_determinant,
                GCancellable *cancellable, GError **error)
{
  const HeftWeightNoise noise = { .variance = variance };

  return heft_noise_plane_map (network, mean, &noise, layer, x0, x1, y0, y1, width, height, trace, log_determinant, cancellable, error);
}

gboolean
heft_noise_plane_map (HeftNetwork *network, const double *weights, const HeftWeightNoise *noise, gsize layer, double x0, double x1,
                      double y0, double y1, gsize width, gsize height, double *trace, double *log_determinant,
                      GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (layer < heft_visibility_n_layers (network), FALSE);
  if (heft_network_get_n_inputs (network) != 2)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                   _("A map over the plane needs a network with two inputs; this one has %zu: choose points in the plane, such "
                     "as moons."), heft_network_get_n_inputs (network));
      return FALSE;
    }
  for (gsize row = 0; row < height; row++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (gsize column = 0; column < width; column++)
        {
          const double input[2] = { x0 + (x1 - x0) * ((double) column + 0.5) / (double) width,
                                    y0 + (y1 - y0) * ((double) row + 0.5) / (double) height };
          heft_aligned_autofree double *root = NULL;
          gsize n_active, rank, cell = row * width + column;

          if (!heft_noise_look (network, weights, noise, input, layer, &n_active, &rank, &root, error))
            return FALSE;
          summarise (rank, root, &trace[cell], &log_determinant[cell]);
        }
    }
  return TRUE;
}
