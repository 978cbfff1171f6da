/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <math.h>
#include <string.h>

#include "curvature/lanczos.h"
#include "curvature/matrix-free.h"
#include "linalg/linalg.h"

#define STREAM_QUADRATURE 0x1003   /* of purpose PROBE */

void
heft_quadrature_free (HeftQuadrature *self)
{
  if (self == NULL)
    return;
  for (gsize p = 0; p < self->n_probes; p++)
    {
      g_free (self->nodes[p]);
      g_free (self->weights[p]);
    }
  g_free (self->n_nodes);
  g_free (self->nodes);
  g_free (self->weights);
  g_free (self);
}

HeftQuadrature *
heft_quadrature_new (HeftMatrixFree *matrix, gsize n_steps, gsize n_probes, guint64 seed, GCancellable *cancellable,
                     GError **error)
{
  const HeftLanczosOptions options = { .n_steps = n_steps, .pool = matrix->pool, .cancellable = cancellable };
  g_autoptr (HeftQuadrature) self = g_new0 (HeftQuadrature, 1);
  heft_aligned_autofree double *probe = heft_aligned_new (double, matrix->size);

  g_return_val_if_fail (n_steps > 0 && n_probes > 0, NULL);
  self->size = matrix->size;
  self->n_probes = n_probes;
  self->n_samples = matrix->n_samples;
  self->n_nodes = g_new0 (gsize, n_probes);
  self->nodes = g_new0 (double *, n_probes);
  self->weights = g_new0 (double *, n_probes);
  for (gsize p = 0; p < n_probes; p++)
    {
      g_autoptr (HeftLanczos) lanczos = NULL;

      heft_probe_signs (seed, STREAM_QUADRATURE, p, matrix->size, probe);
      lanczos = heft_lanczos_new (matrix->size, heft_matrix_free_product, matrix, probe, &options, error);
      if (lanczos == NULL)
        return NULL;
      self->n_nodes[p] = lanczos->m;
      self->nodes[p] = g_memdup2 (lanczos->values, lanczos->m * sizeof (double));
      self->weights[p] = g_new (double, lanczos->m);
      for (gsize i = 0; i < lanczos->m; i++)
        self->weights[p][i] = lanczos->firsts[i] * lanczos->firsts[i];
    }
  return g_steal_pointer (&self);
}

HeftEstimate
heft_quadrature_apply (const HeftQuadrature *self, HeftSpectralFunction f, gpointer user_data)
{
  g_autofree double *values = g_new0 (double, self->n_probes);

  for (gsize p = 0; p < self->n_probes; p++)
    for (gsize i = 0; i < self->n_nodes[p]; i++)
      values[p] += (double) self->size * self->weights[p][i] * f (self->nodes[p][i], user_data);
  return heft_estimate_mean (self->n_probes, values);
}

static double
identity (double eigenvalue, gpointer user_data)
{
  return eigenvalue;
}

HeftEstimate
heft_quadrature_trace (const HeftQuadrature *self)
{
  return heft_quadrature_apply (self, identity, NULL);
}

static double
log_one_plus (double eigenvalue, gpointer user_data)
{
  const double *r = user_data;

  return log1p (*r * MAX (eigenvalue, 0));
}

HeftEstimate
heft_quadrature_log_determinant (const HeftQuadrature *self, double r)
{
  g_return_val_if_fail (r >= 0, ((HeftEstimate) { NAN, NAN }));
  return heft_quadrature_apply (self, log_one_plus, &r);
}

/* 1/2 [log (1 + x) - x / (1 + x)] */
static double
price (double eigenvalue, gpointer user_data)
{
  const double *r = user_data;
  double x = *r * MAX (eigenvalue, 0);

  return 0.5 * (log1p (x) - x / (1 + x));
}

HeftEstimate
heft_quadrature_information (const HeftQuadrature *self, double squared_distance, double beta, double lambda)
{
  double r = lambda * lambda / beta;
  HeftEstimate estimate = heft_quadrature_apply (self, price, &r);

  g_return_val_if_fail (beta > 0 && lambda > 0, ((HeftEstimate) { NAN, NAN }));
  estimate.value += 0.5 * squared_distance / (lambda * lambda);
  return estimate;
}

void
heft_quadrature_density (const HeftQuadrature *self, gsize n, const double *points, double width, double *density,
                         double *standard_errors)
{
  g_autofree double *values = g_new (double, self->n_probes);

  g_return_if_fail (width > 0);
  for (gsize t = 0; t < n; t++)
    {
      HeftEstimate estimate;

      memset (values, 0, self->n_probes * sizeof *values);
      for (gsize p = 0; p < self->n_probes; p++)
        for (gsize i = 0; i < self->n_nodes[p]; i++)
          {
            double z = (points[t] - self->nodes[p][i]) / width;

            values[p] += self->weights[p][i] * exp (-0.5 * z * z) / (width * sqrt (2 * G_PI));
          }
      estimate = heft_estimate_mean (self->n_probes, values);
      density[t] = estimate.value;
      if (standard_errors != NULL)
        standard_errors[t] = estimate.standard_error;
    }
}
