/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/bound.h>
#include <heft/error.h>

#define SMALLEST_BETA_PAC 0.6
#define BETA_PAC_RATIO 1.5

const char *
heft_bound_kind_name (HeftBoundKind kind)
{
  static const char *const names[] = { "pac-bayes-kl", "mcallester", "lagrangian" };

  return names[kind];
}

const char *
heft_obstacle_words (guint obstacles)
{
  if (obstacles & HEFT_OBSTACLE_POINT)
    return _("a point has infinite KL to any prior");
  if (obstacles & HEFT_OBSTACLE_SCALE_FITTED)
    return _("the prior's scale was fitted to the counted samples and not paid for");
  if (obstacles & HEFT_OBSTACLE_PRIOR_MOVED)
    return _("the prior was changed after the samples were seen, and the choice is not paid for");
  if (obstacles & HEFT_OBSTACLE_CENTRE_SAW)
    return _("the prior's centre was trained on samples that are counted");
  if (obstacles & HEFT_OBSTACLE_KL_ESTIMATED)
    return _("KL to this prior is only known by Monte Carlo");
  if (obstacles & HEFT_OBSTACLE_SAMPLES_LEFT)
    return _("it needs every training sample: see the end of the run");
  if (obstacles & HEFT_OBSTACLE_DRAWS_STOPPED)
    return _("the run was stopped before its draws were done, and their number has to be fixed in advance");
  if (obstacles & HEFT_OBSTACLE_BETA_CHOSEN)
    return _("its β was chosen after the samples were seen, and the choice is not paid for");
  return NULL;
}

static gboolean
refuse (GError **error, const char *words)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER, _("Not a valid bound: %s."), words);
  return FALSE;
}

static gboolean
check (const HeftCertificate *self, HeftBoundKind kind, GError **error)
{
  guint obstacles = self->obstacles;

  if (kind != HEFT_BOUND_LAGRANGIAN)
    obstacles &= ~(guint) HEFT_OBSTACLE_BETA_CHOSEN;
  if (obstacles != 0)
    return refuse (error, heft_obstacle_words (obstacles));
  if (!(self->scale_price >= 0))
    return refuse (error, _("the price of the prior's scale is not known"));
  if (!(self->n_draws >= 0))
    return refuse (error, _("the number of weight draws is not known"));
  if (!(self->n_betas >= 1 && isfinite (self->n_betas)))
    return refuse (error, _("the number of candidates for β must be at least 1"));
  if (!(self->delta + (self->n_draws > 0 ? self->delta_draws : 0) < 1))
    return refuse (error, _("the probabilities to fail must sum to less than 1"));
  return TRUE;
}

gboolean
heft_certificate_empirical (const HeftCertificate *self, double *empirical, GError **error)
{
  if (self->n_draws > 0)
    return heft_bound_draws (self->empirical, self->n_draws, self->delta_draws, empirical, error);
  *empirical = self->empirical;
  return TRUE;
}

gboolean
heft_certificate_bound (const HeftCertificate *self, HeftBoundKind kind, double *bound, GError **error)
{
  double kl = self->kl + self->scale_price;
  double empirical;

  if (!check (self, kind, error) || !heft_certificate_empirical (self, &empirical, error))
    return FALSE;
  switch (kind)
    {
    case HEFT_BOUND_PAC_BAYES_KL:
      return heft_bound_pac_bayes_kl (empirical, kl, self->n_samples, self->delta, bound, error);
    case HEFT_BOUND_MCALLESTER:
      return heft_bound_mcallester (empirical, kl, self->n_samples, self->delta, bound, error);
    case HEFT_BOUND_LAGRANGIAN:
    default:
      return heft_bound_lagrangian (empirical, kl, self->n_samples, self->delta / self->n_betas, self->beta_pac, bound, error);
    }
}

void
heft_certificate_choose_beta (HeftCertificate *self)
{
  double best = INFINITY, candidate = SMALLEST_BETA_PAC;

  self->n_betas = HEFT_N_BETA_CANDIDATES;
  for (guint i = 0; i < HEFT_N_BETA_CANDIDATES; i++, candidate *= BETA_PAC_RATIO)
    {
      HeftCertificate trial = *self;
      double bound;

      trial.beta_pac = candidate;
      if (i == 0 || (heft_certificate_bound (&trial, HEFT_BOUND_LAGRANGIAN, &bound, NULL) && bound < best))
        {
          self->beta_pac = candidate;
          best = i == 0 ? INFINITY : bound;
        }
    }
}
