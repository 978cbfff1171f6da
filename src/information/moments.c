/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/information.h>

#include "information/channel.h"
#include "information/moments.h"
#include "information/reverse.h"
#include "linalg/linalg.h"
#include "nn/image.h"

/* Numbers that the root of a covariance may take (1.6 GB), and operations that its singular values may (some seconds an input). */
#define MAX_ROOT 2e8
#define MAX_ROOT_COST 5e10

gboolean
heft_moments_refuse_noiseless (gsize place, GError **error)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("Activation %zu carries no noise or one that is not finite, so what it sees has no "
                 "limit: give every weight a variance above 0 (a mean-field posterior, not a Dirac)."), place);
  return FALSE;
}

/* The length of a state behind operation @i; @kept is that of what open residual blocks hold, from operation to operation. */
static gsize
state_size (const HeftLayer *layer, gsize *kept)
{
  gsize n = heft_shape_size (layer->output);

  if (layer->kind == HEFT_LAYER_RESIDUAL_BEGIN)
    *kept += n;
  else if (layer->kind == HEFT_LAYER_RESIDUAL_END)
    *kept -= n;
  return n + *kept;
}

/* The last operation whose covariance is too large for a matrix, of those that a root can reach; -1 where there is none. */
static gssize
last_wide (const HeftNetwork *network)
{
  gssize last = -1;
  gsize kept = 0, p = 0;

  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      gsize n = state_size (layer, &kept);

      p += layer->n_parameters;
      if (p == 0 || n <= HEFT_MOMENTS_MOST_ACTIVATIONS)
        continue;
      if ((double) p * (double) n > MAX_ROOT)
        break;
      last = (gssize) i;
    }
  return last;
}

void
heft_moments_init (HeftMoments *self, HeftLinearisation *at, const double *weights, const double *variance, gsize m,
                   const double *tangents)
{
  *self = (HeftMoments) { .at = at, .weights = weights, .variance = variance, .m = m, .last_wide = last_wide (at->network) };
  self->n = heft_linearisation_size (at, -1);
  if (tangents == NULL)
    {
      g_return_if_fail (m == self->n);
      return;
    }
  self->tangents = heft_aligned_new (double, MAX (m, 1) * self->n);
  memcpy (self->tangents, tangents, m * self->n * sizeof *tangents);
}

void
heft_moments_clear (HeftMoments *self)
{
  heft_aligned_free (g_steal_pointer (&self->tangents));
  heft_aligned_free (g_steal_pointer (&self->covariance));
  heft_aligned_free (g_steal_pointer (&self->diagonal));
  heft_aligned_free (g_steal_pointer (&self->noise));
}

static void
transpose (gsize rows, gsize columns, const double *in, double *out)
{
  for (gsize i = 0; i < rows; i++)
    for (gsize j = 0; j < columns; j++)
      out[j * rows + i] = in[i * columns + j];
}

static double *
advance_tangents (HeftMoments *self, const HeftLayer *layer, gsize i, gsize n)
{
  double *tangents = heft_aligned_new (double, MAX (self->m, 1) * n);

  /* At the input the tangents are the unit vectors, and a dense layer turns those into its weights. */
  if (self->tangents == NULL && layer->kind == HEFT_LAYER_DENSE && self->kept == 0)
    {
      memcpy (tangents, self->weights + layer->offset, self->m * n * sizeof *tangents);
      return tangents;
    }
  if (self->tangents == NULL)
    {
      self->tangents = heft_aligned_new (double, self->m * self->m);
      for (gsize j = 0; j < self->m; j++)
        self->tangents[j * self->m + j] = 1;
    }
  if (self->m > 0)
    heft_linearisation_apply (self->at, self->weights, i, self->m, self->tangents, tangents);
  return tangents;
}

/* W^T Sigma W for the weights of a dense layer, over the outputs that carry noise: of relus, half are dead. */
static double *
cross_dense (const HeftMoments *self, const HeftLayer *layer, gsize n)
{
  const double *block = self->weights + layer->offset;
  double *covariance = heft_aligned_new (double, n * n);
  g_autofree gsize *active = g_new (gsize, self->n);
  gsize n_active = 0;
  heft_aligned_autofree double *rows = NULL;
  heft_aligned_autofree double *inner = NULL;
  heft_aligned_autofree double *half = NULL;

  for (gsize j = 0; j < self->n; j++)
    if ((self->diagonal != NULL ? self->diagonal[j] : self->covariance[j * self->n + j]) > 0)
      active[n_active++] = j;
  if (n_active == 0)
    return covariance;
  rows = heft_aligned_new (double, n_active * n);
  for (gsize a = 0; a < n_active; a++)
    {
      double scale = self->diagonal != NULL ? sqrt (self->diagonal[active[a]]) : 1;

      for (gsize j = 0; j < n; j++)
        rows[a * n + j] = scale * block[active[a] * n + j];
    }
  if (self->diagonal != NULL)
    {
      heft_syrk_f64 (TRUE, n, n_active, 1, rows, n, 0, covariance, n);
      return covariance;
    }
  inner = heft_aligned_new (double, n_active * n_active);
  half = heft_aligned_new (double, n_active * n);
  for (gsize a = 0; a < n_active; a++)
    for (gsize b = 0; b < n_active; b++)
      inner[a * n_active + b] = self->covariance[active[a] * self->n + active[b]];
  heft_gemm_f64 (FALSE, FALSE, n_active, n, n_active, 1, inner, n_active, rows, n, 0, half, n);
  heft_gemm_f64 (TRUE, FALSE, n, n, n_active, 1, rows, n, half, n, 0, covariance, n);
  return covariance;
}

static void
cross_activation (HeftMoments *self, gsize i)
{
  g_autofree double *slopes = g_new (double, self->n);

  for (gsize a = 0; a < self->kept; a++)
    slopes[a] = 1;
  heft_linearisation_slopes (self->at, i, slopes + self->kept);
  for (gsize a = 0; a < self->n; a++)
    {
      if (self->diagonal != NULL)
        self->diagonal[a] *= slopes[a] * slopes[a];
      else
        for (gsize b = 0; b < self->n; b++)
          self->covariance[a * self->n + b] *= slopes[a] * slopes[b];
    }
}

/* Any linear operation, the covariance's rows and then its columns as tangents. */
static double *
cross_any (HeftMoments *self, gsize i, gsize n)
{
  double *covariance = heft_aligned_new (double, n * n);
  heft_aligned_autofree double *half = heft_aligned_new (double, self->n * n);
  heft_aligned_autofree double *turned = heft_aligned_new (double, self->n * n);

  if (self->covariance == NULL)
    {
      self->covariance = heft_aligned_new (double, self->n * self->n);
      for (gsize j = 0; j < self->n; j++)
        self->covariance[j * self->n + j] = self->diagonal[j];
    }
  heft_linearisation_apply (self->at, self->weights, i, self->n, self->covariance, half);
  transpose (self->n, n, half, turned);
  heft_linearisation_apply (self->at, self->weights, i, n, turned, covariance);
  return covariance;
}

gsize
heft_moments_weight_layer (const HeftNetwork *network, gsize i)
{
  gsize l = 0;

  for (gsize j = 0; j < i; j++)
    l += heft_network_get_layer (network, j)->n_parameters > 0;
  return l;
}

/* J_l Sigma_l J_l^T from the factors of the curvature, at the end of the state. */
static void
add_structured_noise (HeftMoments *self, const HeftLayer *layer, gsize i, gsize n)
{
  gsize size = heft_shape_size (layer->output), kept = heft_linearisation_kept (self->at, (int) i);
  heft_aligned_autofree double *own = heft_aligned_new (double, size * size);

  heft_curvature_posterior_output (self->structured->curvature, heft_moments_weight_layer (self->at->network, i), self->structured->beta,
                                   self->structured->lambda, heft_pass_f64_output (self->at->pass, (int) i - 1), own);
  if (self->covariance == NULL)
    self->covariance = heft_aligned_new (double, n * n);
  for (gsize a = 0; a < size; a++)
    heft_axpy_f64 (size, 1, own + a * size, self->covariance + (kept + a) * n + kept);
}

/* @rows (n_parameters x n): the weight rows of operation @i times a root of its own noise. */
static void
own_noise (HeftMoments *self, const HeftLayer *layer, gsize i, gsize n, double *rows)
{
  gsize k = layer->n_parameters;
  heft_aligned_autofree double *jacobian = NULL;

  heft_linearisation_weight_rows (self->at, i, rows);
  if (self->structured == NULL)
    {
      for (gsize q = 0; q < k; q++)
        heft_scale_f64 (n, sqrt (self->variance[layer->offset + q]), rows + q * n);
      return;
    }
  jacobian = heft_aligned_new (double, n * k);
  transpose (k, n, rows, jacobian);
  heft_curvature_posterior_root (self->structured->curvature, heft_moments_weight_layer (self->at->network, i), self->structured->beta,
                                 self->structured->lambda, n, jacobian);
  transpose (n, k, jacobian, rows);
}

/* The root so far through operation @i, with @more rows of zeros after it. */
static void
cross_noise (HeftMoments *self, gsize i, gsize n, gsize more)
{
  double *noise = heft_aligned_new (double, MAX ((self->n_noise + more) * n, 1));

  if (self->n_noise > 0)
    heft_linearisation_apply (self->at, self->weights, i, self->n_noise, self->noise, noise);
  heft_aligned_free (self->noise);
  self->noise = noise;
}

static void
advance_noise (HeftMoments *self, const HeftLayer *layer, gsize i, gsize n)
{
  if (self->n_noise + layer->n_parameters == 0)
    return;
  cross_noise (self, i, n, layer->n_parameters);
  if (layer->n_parameters > 0)
    own_noise (self, layer, i, n, self->noise + self->n_noise * n);
  self->n_noise += layer->n_parameters;
}

/* Behind the last wide operation, of few outputs: the covariance that the root stands for. */
static double *
collapse_noise (HeftMoments *self, gsize i, gsize n)
{
  double *covariance = heft_aligned_new (double, n * n);

  cross_noise (self, i, n, 0);
  heft_syrk_f64 (TRUE, n, self->n_noise, 1, self->noise, n, 0, covariance, n);
  heft_aligned_free (g_steal_pointer (&self->noise));
  self->n_noise = 0;
  return covariance;
}

static void
advance_covariance (HeftMoments *self, const HeftLayer *layer, gsize i, gsize n)
{
  gboolean noisy = self->covariance != NULL || self->diagonal != NULL || self->noise != NULL;
  double *covariance = NULL;

  if ((gssize) i <= self->last_wide)
    {
      advance_noise (self, layer, i, n);
      return;
    }

  if (self->noise == NULL && noisy && layer->kind == HEFT_LAYER_ACTIVATION)
    {
      cross_activation (self, i);
      return;
    }
  if (self->noise == NULL && noisy && layer->kind == HEFT_LAYER_FLATTEN)
    return;
  if (self->noise != NULL)
    covariance = collapse_noise (self, i, n);
  else if (noisy)
    covariance = layer->kind == HEFT_LAYER_DENSE && self->kept == 0 ? cross_dense (self, layer, n) : cross_any (self, i, n);
  heft_aligned_free (g_steal_pointer (&self->covariance));
  heft_aligned_free (g_steal_pointer (&self->diagonal));
  self->covariance = covariance;
  if (layer->n_parameters == 0)
    return;
  if (self->structured != NULL)
    {
      add_structured_noise (self, layer, i, n);
      return;
    }
  if (!noisy && layer->kind == HEFT_LAYER_DENSE)
    {
      self->diagonal = heft_aligned_new (double, n);
      heft_linearisation_add_noise_diagonal (self->at, i, self->variance + layer->offset, 1,
                                             self->diagonal + heft_linearisation_kept (self->at, (int) i));
      return;
    }
  if (self->covariance == NULL)
    self->covariance = heft_aligned_new (double, n * n);
  heft_linearisation_add_noise (self->at, i, self->variance + layer->offset, self->covariance);
}

void
heft_moments_advance (HeftMoments *self, gsize i)
{
  const HeftLayer *layer = heft_network_get_layer (self->at->network, i);
  gsize n = heft_linearisation_state_size (self->at, (int) i);
  double *tangents = advance_tangents (self, layer, i, n);

  advance_covariance (self, layer, i, n);
  heft_aligned_free (self->tangents);
  self->tangents = tangents;
  self->n = n;
  self->kept = heft_linearisation_kept (self->at, (int) i);
}

/* The variance of every number of the state. */
static double *
noise_variances (const HeftMoments *self)
{
  double *variances = g_new0 (double, self->n);

  for (gsize i = 0; i < self->n; i++)
    if (self->diagonal != NULL)
      variances[i] = self->diagonal[i];
    else if (self->covariance != NULL)
      variances[i] = self->covariance[i * self->n + i];
  for (gsize q = 0; q < self->n_noise; q++)
    for (gsize i = 0; i < self->n; i++)
      variances[i] += self->noise[q * self->n + i] * self->noise[q * self->n + i];
  return variances;
}

void
heft_moments_write_covariance (const HeftMoments *self, double *covariance)
{
  gsize n = self->n - self->kept;

  memset (covariance, 0, n * n * sizeof *covariance);
  if (self->noise != NULL)
    heft_syrk_f64 (TRUE, n, self->n_noise, 1, self->noise + self->kept, self->n, 0, covariance, n);
  for (gsize j = 0; j < n; j++)
    if (self->covariance != NULL)
      memcpy (covariance + j * n, self->covariance + (self->kept + j) * self->n + self->kept, n * sizeof *covariance);
    else if (self->diagonal != NULL)
      covariance[j * n + j] = self->diagonal[self->kept + j];
}

/* The outputs that are alive, by their places in the state; each must have noise. */
static gboolean
find_active (const HeftMoments *self, const double *slopes, gsize *active, gsize *n_active, GError **error)
{
  g_autofree double *variances = noise_variances (self);

  *n_active = 0;
  for (gsize i = self->kept; i < self->n; i++)
    {
      if (slopes[i] == 0)
        continue;
      if (!(variances[i] > 0) || !isfinite (variances[i]))
        return heft_moments_refuse_noiseless (i - self->kept, error);
      active[(*n_active)++] = i;
    }
  return TRUE;
}

/* By the root of the noise of the @n_active outputs: no covariance is formed. */
static gboolean
whiten_by_noise (const HeftMoments *self, const double *slopes, gsize n_active, const gsize *active, double *whitened, gsize *rank,
                 GError **error)
{
  heft_aligned_autofree double *noise = heft_aligned_new (double, MAX (self->n_noise * n_active, 1));
  HeftChannel channel;

  for (gsize q = 0; q < self->n_noise; q++)
    for (gsize a = 0; a < n_active; a++)
      noise[q * n_active + a] = slopes[active[a]] * self->noise[q * self->n + active[a]];
  if (!heft_channel_root_of_noise (self->n_noise, n_active, self->n - self->kept, self->m, noise, whitened, &channel, error))
    return FALSE;
  *rank = channel.rank;
  return TRUE;
}

/* By the covariance of the @n_active outputs. */
static gboolean
whiten_by_covariance (const HeftMoments *self, const double *slopes, gsize n_active, const gsize *active, double *whitened, gsize *rank,
                      GError **error)
{
  heft_aligned_autofree double *covariance = heft_aligned_new (double, MAX (n_active * n_active, 1));

  for (gsize a = 0; a < n_active; a++)
    for (gsize b = 0; b < n_active; b++)
      covariance[a * n_active + b] = slopes[active[a]] * slopes[active[b]] * self->covariance[active[a] * self->n + active[b]];
  return heft_channel_root (n_active, self->m, covariance, HEFT_MOMENTS_NOISELESS, whitened, rank, error);
}

gboolean
heft_moments_root (const HeftMoments *self, gsize i, gsize *n_active, gsize *rank, double **root, GError **error)
{
  g_autofree double *slopes = g_new (double, self->n);
  g_autofree gsize *active = g_new (gsize, self->n);
  heft_aligned_autofree double *whitened = NULL;

  /* An activation's slopes scale tangents and deviations alike: taken apart, those that are 0 mark the dead. */
  heft_linearisation_slopes (self->at, i, slopes + self->kept);
  if (!find_active (self, slopes, active, n_active, error))
    return FALSE;
  *rank = *n_active;
  whitened = heft_aligned_new (double, MAX (*n_active * self->m, 1));
  for (gsize a = 0; a < *n_active; a++)
    {
      double scale = self->diagonal != NULL ? 1 / sqrt (self->diagonal[active[a]]) : slopes[active[a]];

      for (gsize j = 0; j < self->m; j++)
        whitened[a * self->m + j] = scale * self->tangents[j * self->n + active[a]];
    }
  if (self->noise != NULL && !whiten_by_noise (self, slopes, *n_active, active, whitened, rank, error))
    return FALSE;
  if (self->covariance != NULL && !whiten_by_covariance (self, slopes, *n_active, active, whitened, rank, error))
    return FALSE;
  *root = g_steal_pointer (&whitened);
  return TRUE;
}

gsize
heft_moments_operation (const HeftNetwork *network, gsize layer)
{
  for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
    if (heft_network_get_layer (network, i)->kind == HEFT_LAYER_ACTIVATION && layer-- == 0)
      return i;
  return heft_network_get_n_layers (network) - 1;
}

gboolean
heft_moments_refuse_size (const HeftLayer *layer, gsize n, GError **error)
{
  g_autofree char *name = heft_layer_dup_label (layer->name);

  g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
               _("%s has %zu activations and too many weights before them: what they see is measured up to %d, and above where the weights so "
                 "far are few. Choose another layer or a smaller network."), name, n, HEFT_MOMENTS_MOST_ACTIVATIONS);
  return FALSE;
}

gboolean
heft_moments_check_sizes (const HeftNetwork *network, gsize last, gboolean matrix, GError **error)
{
  gssize wide = last_wide (network);
  gsize kept = 0, p = 0;

  for (gsize i = 0; i <= last; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      gsize n = state_size (layer, &kept);
      double weights, outputs = (double) n;

      p += layer->n_parameters;
      weights = (double) p;
      if (p > 0 && n > HEFT_MOMENTS_MOST_ACTIVATIONS && ((gssize) i > wide || (matrix && i == last)))
        return heft_moments_refuse_size (layer, n, error);
      if (i == last && (gssize) i <= wide && weights * outputs * MIN (weights, outputs) > MAX_ROOT_COST)
        return heft_moments_refuse_size (layer, n, error);
    }
  return TRUE;
}

/* A covariance costs the cube of the widths, a root its rows times what a pass costs and at the end their square. */
double
heft_moments_cost (const HeftNetwork *network, gsize operation)
{
  double d = (double) heft_network_get_n_inputs (network), p = 0, cost = 0;
  gssize wide = last_wide (network);

  for (gsize i = 0; i <= operation; i++)
    {
      const HeftLayer *layer = heft_network_get_layer (network, i);
      double in = (double) heft_shape_size (layer->input), out = (double) heft_shape_size (layer->output);

      if (layer->n_parameters > 0 && (gssize) i <= wide)
        cost += 2 * (p + d) * (double) layer->fan_in * out;
      else if (layer->n_parameters > 0)
        cost += 2 * out * out * (in + out) + 2 * in * out * d;
      p += (double) layer->n_parameters;
      if (i == operation && (gssize) i <= wide)
        cost += 6 * p * out * MIN (p, out);
    }
  return cost;
}

/* Goes on from operation @next to where @operation's layer is looked at: an activation from before it. */
static gsize
go_to_layer (HeftMoments *self, gsize next, gsize operation)
{
  gboolean nonlinear = heft_network_get_layer (self->at->network, operation)->kind == HEFT_LAYER_ACTIVATION;

  while (next < operation + (nonlinear ? 0 : 1))
    heft_moments_advance (self, next++);
  return next;
}

gboolean
heft_moments_look (HeftNetwork *network, const double *weights, const double *variance, const HeftStructuredNoise *structured,
                   const double *input, gsize layer, gsize m, const double *tangents, gsize *n_active, gsize *rank, double **root,
                   GError **error)
{
  gsize operation = heft_moments_operation (network, layer);
  gboolean forward = heft_moments_check_sizes (network, operation, FALSE, NULL);
  g_auto (HeftMoments) moments = { 0 };
  g_autoptr (HeftLinearisation) at = NULL;

  if (heft_reverse_is_cheaper (network, operation) || !forward)
    return heft_reverse_check (network, operation, structured != NULL, error)
           && heft_reverse_look (network, weights, variance, structured, input, operation, m, tangents, n_active, rank, root, NULL, error);
  at = heft_linearisation_new (network, weights, input);
  heft_moments_init (&moments, at, weights, variance, m, tangents);
  moments.structured = structured;
  go_to_layer (&moments, 0, operation);
  return heft_moments_root (&moments, operation, n_active, rank, root, error);
}

/* Of what leaves operation @i, as heft_moments_root() takes it. */
static double
trace_of_noise (const HeftMoments *self, gsize i)
{
  g_autofree double *slopes = g_new (double, self->n);
  g_autofree double *variances = noise_variances (self);
  double trace = 0;

  heft_linearisation_slopes (self->at, i, slopes + self->kept);
  for (gsize a = self->kept; a < self->n; a++)
    trace += slopes[a] * slopes[a] * variances[a];
  return trace;
}

gboolean
heft_moments_check_layer (const HeftNetwork *network, gsize layer, gboolean structured, GError **error)
{
  gsize operation = heft_moments_operation (network, layer);

  return heft_moments_check_sizes (network, operation, FALSE, NULL) || heft_reverse_check (network, operation, structured, error);
}

gboolean
heft_moments_check_layers (const HeftNetwork *network, gboolean structured, GError **error)
{
  for (gsize layer = 0; layer < heft_visibility_n_layers (network); layer++)
    if (!heft_moments_check_layer (network, layer, structured, error))
      return FALSE;
  return TRUE;
}

gboolean
heft_moments_sweep (HeftNetwork *network, const double *weights, const double *variance, const HeftStructuredNoise *structured,
                    const double *input, gsize m, const double *tangents, HeftMomentsVisitor visitor, gpointer user_data, GError **error)
{
  g_auto (HeftMoments) moments = { 0 };
  g_autoptr (HeftLinearisation) at = heft_linearisation_new (network, weights, input);
  gsize next = 0;

  heft_moments_init (&moments, at, weights, variance, m, tangents);
  moments.structured = structured;
  for (gsize layer = 0; layer < heft_visibility_n_layers (network); layer++)
    {
      gsize operation = heft_moments_operation (network, layer), n_active, rank;
      gboolean forward = heft_moments_check_sizes (network, operation, FALSE, NULL);
      heft_aligned_autofree double *root = NULL;
      double trace;

      if (!forward && !heft_moments_check_layer (network, layer, structured != NULL, NULL))
        continue;
      if (forward)
        next = go_to_layer (&moments, next, operation);
      if (!(forward ? heft_moments_root (&moments, operation, &n_active, &rank, &root, error)
                    : heft_reverse_look (network, weights, variance, structured, input, operation, m, tangents, &n_active, &rank, &root,
                                         &trace, error)))
        return FALSE;
      if (forward)
        trace = trace_of_noise (&moments, operation);
      if (!visitor (layer, n_active, trace, rank, m, root, user_data, error))
        return FALSE;
    }
  return TRUE;
}
