/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>
#include <string.h>

#include "train/trainer-private.h"

/* How many steps the running estimate of the empirical risk looks back. */
#define MEMORY 100.0

double
heft_trainer_current_beta (const HeftTrainer *self,
                           double             kl)
{
  return heft_objective_beta (self->objective, self->risk, kl, (double) heft_dataset_get_n_samples (self->train), self->delta,
                              self->ceiling, self->beta);
}

void
heft_trainer_begin_risk (HeftTrainer *self)
{
  const double chance = log ((double) heft_network_get_n_classes (self->network));

  /* Before the first batch: what a network says that knows nothing. */
  self->risk = isfinite (self->ceiling) ? MIN (chance, self->ceiling) / self->ceiling : 0.0;
}

void
heft_trainer_follow_risk (HeftTrainer *self,
                          double       loss)
{
  const double share = 1.0 / MIN ((double) self->step, MEMORY);

  if (isfinite (self->ceiling))
    self->risk += share * (loss / self->ceiling - self->risk);
}

void
heft_step_clamp_rows (HeftTrainer *self,
                      gsize        row0,
                      gsize        row1,
                      gsize        classes,
                      float       *gradients)
{
  const float ceiling = (float) self->ceiling;

  for (gsize r = row0; r < row1; r++)
    if (self->losses[r] > ceiling)
      {
        self->losses[r] = ceiling;
        memset (gradients + (r - row0) * classes, 0, classes * sizeof *gradients);
      }
}
