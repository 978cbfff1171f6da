/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include <heft/trainer.h>

/* What STEP multiplies the rate by, at half and at three quarters of its epochs. */
#define DROP 0.1

/* A stretch of epochs counts as better where it is lower by so many standard errors and by this share of the level. */
#define ERRORS 2.0
#define IMPROVEMENT 1e-3

double
heft_schedule_factor (const HeftSchedule *self,
                      double              epoch)
{
  double done;

  if (epoch < self->warmup)
    return epoch / self->warmup;
  if (self->kind == HEFT_SCHEDULE_CONSTANT)
    return 1.0;
  if (self->kind == HEFT_SCHEDULE_STEP)
    return epoch < 0.5 * self->epochs ? 1.0 : epoch < 0.75 * self->epochs ? DROP : DROP * DROP;
  if (!(self->epochs > self->warmup))
    return 1.0;
  done = MIN ((epoch - self->warmup) / (self->epochs - self->warmup), 1.0);
  return 0.5 * (1.0 + cos (G_PI * done));
}

double
heft_anneal_factor (double anneal_epochs,
                    double epoch)
{
  return epoch < anneal_epochs ? epoch / anneal_epochs : 1.0;
}

HeftPlateau
heft_plateau_begin (void)
{
  return (HeftPlateau) { .fall = G_MAXDOUBLE };
}

static void
stretch_add (HeftStretch *self,
             double       objective)
{
  double y;

  if (self->n == 0.0)
    self->origin = objective;
  y = objective - self->origin;
  self->y += y;
  self->xy += self->n * y;
  self->yy += y * y;
  self->n += 1.0;
}

static double
stretch_mean (const HeftStretch *self)
{
  return self->origin + self->y / self->n;
}

/* The sum of squares that a straight line leaves. */
static double
stretch_residue (const HeftStretch *self)
{
  const double n = self->n, centre = 0.5 * (n - 1.0), spread = n * (n * n - 1.0) / 12.0;
  const double slope = (self->xy - centre * self->y) / spread;

  return MAX (self->yy - self->y * self->y / n - slope * slope * spread, 0.0);
}

/* The end of a stretch. */
static void
compare (HeftPlateau *self)
{
  const HeftStretch *before = &self->before, *now = &self->now;

  self->level = stretch_mean (now);
  /* Where patience has changed meanwhile the two are not equally long. */
  if (before->n > 0.0)
    {
      double variance = (stretch_residue (before) + stretch_residue (now)) / (before->n + now->n - 4.0);

      self->fall = stretch_mean (before) - self->level;
      self->error = sqrt (variance * (1.0 / before->n + 1.0 / now->n));
    }
  self->before = *now;
  self->now = (HeftStretch) { 0 };
}

gboolean
heft_plateau_is_on (const HeftPlateau *self)
{
  return !(self->fall > MAX (ERRORS * self->error, IMPROVEMENT * fabs (self->level)));
}

gboolean
heft_plateau_add (HeftPlateau *self,
                  double       epoch,
                  double       loss,
                  double       price,
                  double       patience)
{
  self->sum += loss;
  self->n += 1.0;
  /* An epoch is a whole number of steps up to rounding. */
  if (floor (epoch + 1e-9) <= self->epochs)
    return FALSE;
  self->epochs = floor (epoch + 1e-9);
  stretch_add (&self->now, self->sum / self->n + price);
  self->sum = self->n = 0.0;
  if (!(patience > 0.0))
    {
      /* Whoever asks for it later starts afresh. */
      *self = (HeftPlateau) { .epochs = self->epochs, .fall = G_MAXDOUBLE };
      return FALSE;
    }
  if (self->now.n < MAX (patience, HEFT_PLATEAU_EPOCHS))
    return FALSE;
  compare (self);
  return heft_plateau_is_on (self);
}
