/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <math.h>

#include "train/loss.h"

static gsize
count_wrong (gsize         rows,
             gsize         classes,
             const guint8 *labels,
             const float  *z)
{
  gsize n_wrong = 0;

  for (gsize r = 0; r < rows; r++, z += classes)
    {
      gsize winner = 0;

      for (gsize c = 1; c < classes; c++)
        if (z[c] > z[winner])
          winner = c;
      n_wrong += winner != labels[r];
    }
  return n_wrong;
}

/* Squared error against targets of which one is 1. */
static void
gaussian (double        deviation,
          gsize         rows,
          gsize         classes,
          const guint8 *labels,
          const float  *z,
          float        *gradients,
          float        *losses)
{
  const float precision = (float) (1.0 / (deviation * deviation));
  const float constant = (float) (0.5 * (double) classes * log (2.0 * G_PI * deviation * deviation));

  for (gsize r = 0; r < rows; r++)
    {
      float squares = 0.0f;

      for (gsize c = 0; c < classes; c++)
        {
          const float error = z[r * classes + c] - (labels[r] == c ? 1.0f : 0.0f);

          squares += error * error;
          if (gradients != NULL)
            gradients[r * classes + c] = precision * error;
        }
      losses[r] = 0.5f * precision * squares + constant;
    }
}

gsize
heft_loss_rows (const HeftLoss *self,
                gsize           rows,
                gsize           classes,
                const guint8   *labels,
                const float    *z,
                float          *gradients,
                float          *losses)
{
  const gsize n_wrong = count_wrong (rows, classes, labels, z);

  switch (self->kind)
    {
    case HEFT_LOSS_SOFTMAX:
      heft_softmax_cross_entropy_f32 (z, labels, rows, classes, losses, NULL, gradients);
      break;
    case HEFT_LOSS_BINARY:
      heft_binary_cross_entropy_f32 (z, labels, rows, classes, losses, NULL, gradients);
      break;
    case HEFT_LOSS_GAUSSIAN:
    default:
      gaussian (self->deviation, rows, classes, labels, z, gradients, losses);
      break;
    }
  return n_wrong;
}
