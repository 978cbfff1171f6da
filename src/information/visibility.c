/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

#include "information/channel.h"
#include "information/linearise.h"
#include "linalg/linalg.h"

/* Beyond this the covariance of a layer's activations takes more than 100 MB. */
#define MAX_ACTIVATIONS 4096

void
heft_visibility_free (HeftVisibility *self)
{
  if (self == NULL)
    return;
  g_free (self->fisher_diagonal);
  g_free (self->smallest_change);
  g_free (self);
}

gsize
heft_visibility_n_layers (const HeftNetwork *network)
{
  gsize n = 1;

  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    if (heft_network_get_layer (network, i)->kind == HEFT_LAYER_ACTIVATION)
      n++;
  return n;
}

/* The operation whose output is layer @layer of the map: an activation, or the last operation. */
static gsize
find_operation (const HeftNetwork *network, gsize layer)
{
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    if (heft_network_get_layer (network, i)->kind == HEFT_LAYER_ACTIVATION && layer-- == 0)
      return i;
  return heft_network_get_n_layers (network) - 1;
}

/* Jacobian (transposed: d tangents as rows) and covariance at the output of an operation. */
typedef struct
{
  gsize   n, d;
  double *tangents;      /* d x n */
  double *covariance;    /* n x n */
} Moments;

static void
moments_clear (Moments *self)
{
  heft_aligned_free (self->tangents);
  heft_aligned_free (self->covariance);
}

static void
transpose (gsize rows, gsize columns, const double *in, double *out)
{
  for (gsize i = 0; i < rows; i++)
    for (gsize j = 0; j < columns; j++)
      out[j * rows + i] = in[i * columns + j];
}

/* Carries the moments through operation @i: J <- D J, Sigma <- D Sigma D^T + the operation's own noise. */
static void
moments_advance (Moments *self, HeftLinearisation *at, const double *weights, const double *variance, gsize i)
{
  const HeftLayer *layer = heft_network_get_layer (at->network, i);
  gsize n = heft_linearisation_size (at, (int) i);
  double *tangents = heft_aligned_new (double, self->d * n);
  double *covariance = heft_aligned_new (double, n * n);

  /* At the input the tangents are the unit vectors, and a dense layer turns those into its weights. */
  if (self->tangents == NULL && layer->kind == HEFT_LAYER_DENSE)
    memcpy (tangents, weights + layer->offset, self->d * n * sizeof *tangents);
  else
    {
      if (self->tangents == NULL)
        {
          self->tangents = heft_aligned_new (double, self->d * self->d);
          for (gsize j = 0; j < self->d; j++)
            self->tangents[j * self->d + j] = 1;
        }
      heft_linearisation_apply (at, weights, i, self->d, self->tangents, tangents);
    }
  if (self->covariance != NULL)
    {
      heft_aligned_autofree double *half = heft_aligned_new (double, self->n * n);
      heft_aligned_autofree double *turned = heft_aligned_new (double, self->n * n);

      heft_linearisation_apply (at, weights, i, self->n, self->covariance, half);
      transpose (self->n, n, half, turned);
      heft_linearisation_apply (at, weights, i, n, turned, covariance);
    }
  if (layer->n_parameters > 0)
    heft_linearisation_add_noise (at, i, variance + layer->offset, covariance);
  moments_clear (self);
  self->n = n;
  self->tangents = tangents;
  self->covariance = covariance;
}

/* The activations that are alive; each must have noise. */
static gboolean
find_active (HeftVisibility *self, const Moments *moments, const double *slopes, gsize *active, GError **error)
{
  for (gsize i = 0; i < moments->n; i++)
    {
      double variance = moments->covariance[i * moments->n + i];

      if (slopes[i] == 0)
        continue;
      if (!(variance > 0) || !isfinite (variance))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                       _("Activation %zu carries no noise or one that is not finite, so what it sees has no "
                         "limit: give every weight a variance above 0 (a mean-field posterior, not a Dirac)."), i);
          return FALSE;
        }
      active[self->n_active++] = i;
    }
  return TRUE;
}

static gboolean
visibility_solve (HeftVisibility *self, const Moments *moments, const double *slopes, double *fisher, GError **error)
{
  gsize d = moments->d;
  g_autofree gsize *active = g_new (gsize, moments->n);
  heft_aligned_autofree double *covariance = NULL;
  heft_aligned_autofree double *root = NULL;

  if (!find_active (self, moments, slopes, active, error))
    return FALSE;
  covariance = heft_aligned_new (double, MAX (self->n_active * self->n_active, 1));
  root = heft_aligned_new (double, MAX (self->n_active * d, 1));
  for (gsize a = 0; a < self->n_active; a++)
    {
      const double *row = moments->covariance + active[a] * moments->n;

      for (gsize b = 0; b < self->n_active; b++)
        covariance[a * self->n_active + b] = slopes[active[a]] * slopes[active[b]] * row[active[b]];
      for (gsize j = 0; j < d; j++)
        root[a * d + j] = slopes[active[a]] * moments->tangents[j * moments->n + active[a]];
    }
  if (!heft_channel_root (self->n_active, d, covariance, root, &self->rank, error))
    return FALSE;
  for (gsize a = 0; a < self->rank; a++)
    for (gsize j = 0; j < d; j++)
      self->fisher_diagonal[j] += root[a * d + j] * root[a * d + j];
  for (gsize j = 0; j < d; j++)
    {
      self->trace += self->fisher_diagonal[j];
      self->smallest_change[j] = self->fisher_diagonal[j] > 0 ? 1 / sqrt (self->fisher_diagonal[j]) : INFINITY;
    }
  if (fisher != NULL && self->rank > 0)
    heft_syrk_f64 (TRUE, d, self->rank, 1, root, d, 0, fisher, d);
  else if (fisher != NULL)
    memset (fisher, 0, d * d * sizeof *fisher);
  return TRUE;
}

static gboolean
check_sizes (HeftNetwork *network, gsize last, GError **error)
{
  gboolean noisy = FALSE;

  for (gsize i = 0; i <= last; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      gsize n = layer->output.channels * layer->output.height * layer->output.width;

      noisy = noisy || layer->n_parameters > 0;
      if (noisy && n > MAX_ACTIVATIONS)
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                       _("%s has %zu activations; what they see is measured up to %d: choose another layer or a "
                         "smaller network."), layer->name, n, MAX_ACTIVATIONS);
          return FALSE;
        }
    }
  return TRUE;
}

HeftVisibility *
heft_visibility_new (HeftNetwork *network, const double *mean, const double *variance, const double *input, gsize layer,
                     double *fisher, GError **error)
{
  g_autoptr (HeftLinearisation) at = NULL;
  g_autoptr (HeftVisibility) self = NULL;
  g_autofree double *slopes = NULL;
  Moments moments = { 0 };
  gsize last;
  gboolean nonlinear, solved;

  g_return_val_if_fail (layer < heft_visibility_n_layers (network), NULL);
  last = find_operation (network, layer);
  if (!check_sizes (network, last, error))
    return NULL;
  at = heft_linearisation_new (network, mean, input, error);
  if (at == NULL)
    return NULL;
  self = g_new0 (HeftVisibility, 1);
  self->n_inputs = moments.n = moments.d = heft_network_get_n_inputs (network);
  self->fisher_diagonal = g_new0 (double, self->n_inputs);
  self->smallest_change = g_new0 (double, self->n_inputs);
  self->n_activations = heft_linearisation_size (at, (int) last);

  /* The last activation's slopes scale J and the deviations alike: taken apart, those that are 0 mark the dead. */
  nonlinear = heft_network_get_layer (network, last)->kind == HEFT_LAYER_ACTIVATION;
  for (gsize i = 0; i < last + (nonlinear ? 0 : 1); i++)
    moments_advance (&moments, at, mean, variance, i);
  slopes = g_new (double, self->n_activations);
  heft_linearisation_slopes (at, last, slopes);
  if (!nonlinear)
    for (gsize i = 0; i < self->n_activations; i++)
      slopes[i] = 1;
  solved = visibility_solve (self, &moments, slopes, fisher, error);
  moments_clear (&moments);
  return solved ? g_steal_pointer (&self) : NULL;
}
