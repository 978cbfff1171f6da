/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/information.h>

#include "experiments/maps.h"
#include "experiments/train-private.h"

/* The weight noise Q tolerates. A Gaussian: its own variances, of a low-rank one each weight's by itself. A point: Sigma* = beta (F + beta/lambda^2)^{-1} with each layer's
 * curvature taken as its mean eigenvalue, trace / k. NULL while that is not known. */
static double *
weight_variances (const HeftGauges *self, const HeftMeasureRequest *request, const char **estimator)
{
  const HeftPosterior *posterior = request->posterior;
  GPtrArray *spectra = self->heads != NULL ? self->heads : self->spectra;
  double *variance;

  if (posterior->kind != HEFT_POSTERIOR_DIRAC)
    {
      variance = g_new (double, posterior->n);
      heft_posterior_variances (posterior, variance);
      *estimator = _("first order, with the variances of Q");
      return variance;
    }
  if (spectra == NULL)
    return NULL;
  variance = g_new (double, posterior->n);
  for (guint l = 0; l < spectra->len; l++)
    {
      const HeftLayer *layer = heft_network_get_weight_layer (self->setup->network, l);
      const HeftSpectrum *spectrum = g_ptr_array_index (spectra, l);
      double precision = spectrum->trace / (double) layer->n_parameters +
                         heft_free_direction_threshold (request->beta, heft_prior_get_lambda (request->prior, l));

      for (gsize i = layer->offset; i < layer->offset + layer->n_parameters; i++)
        variance[i] = request->beta / precision;
    }
  *estimator = _("first order, with Σ* of each layer’s mean curvature");
  return variance;
}

/* The spectra of a point do not come with another loss. */
static void
publish_obstacle (HeftGauges *self, guint64 step)
{
  HeftFrame *frame = heft_frame_new ("invariance", step);

  heft_frame_set_text (frame, "obstacle", _("A point has no weight noise of its own, and the noise it tolerates follows from the Fisher "
                                            "information, which is measured for the softmax only."));
  heft_record_publish (self->record, frame);
}

gboolean
heft_gauges_invariance (HeftGauges *self, const HeftMeasureRequest *request, GError **error)
{
  const HeftPosterior *posterior = request->posterior;
  const char *noise = NULL;
  g_autofree double *variance = weight_variances (self, request, &noise);
  const HeftWeightNoise independent = { .variance = variance };
  g_autofree double *mean = NULL;

  if (variance == NULL)
    {
      if (self->setup->loss.kind != HEFT_LOSS_SOFTMAX)
        publish_obstacle (self, request->step);
      return TRUE;
    }
  mean = g_new (double, posterior->n);
  for (gsize i = 0; i < posterior->n; i++)
    mean[i] = posterior->mean[i];
  return heft_maps_publish (self->record, request->step, self->setup->network, mean, &independent, self->setup->data.test,
                            request->invariance_layer, noise, self->cancellable, error);
}
