/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include <heft/trainer.h>

/* What STEP multiplies the rate by, at half and at three quarters of its epochs. */
#define DROP 0.1

/* An epoch counts as better where it lowers the best by this share of it: less is the noise of the batches. */
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
  return (HeftPlateau) { .best = HUGE_VAL };
}

gboolean
heft_plateau_add (HeftPlateau *self,
                  double       epoch,
                  double       loss,
                  double       price,
                  double       patience)
{
  double objective;

  self->sum += loss;
  self->n += 1.0;
  /* An epoch is a whole number of steps up to rounding. */
  if (floor (epoch + 1e-9) <= self->epochs)
    return FALSE;
  self->epochs = floor (epoch + 1e-9);
  objective = self->sum / self->n + price;
  self->sum = self->n = 0.0;
  if (objective < self->best - IMPROVEMENT * fabs (self->best) || isinf (self->best))
    {
      self->best = objective;
      self->waited = 0.0;
    }
  else
    {
      self->waited += 1.0;
    }
  return patience > 0.0 && self->waited >= patience;
}
