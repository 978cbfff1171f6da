/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include "experiments/progress.h"

void
heft_progress_meter_restart (HeftProgressMeter *self, double fraction)
{
  heft_progress_meter_skip (self);
  self->fraction_rate = 0;
  atomic_store (&self->fraction, fraction);
  atomic_store (&self->seconds_left, -1.0);
}

/* Rates are averages that forget exponentially, so that the time left neither jumps nor remembers a pause for long. */
void
heft_progress_meter_note (HeftProgressMeter *self, guint64 step, double epoch, guint64 samples, double fraction)
{
  gint64 now = g_get_monotonic_time ();
  double seconds = (now - self->last_time) / (double) G_USEC_PER_SEC;

  atomic_store_explicit (&self->step, step, memory_order_relaxed);
  atomic_store_explicit (&self->epoch, epoch, memory_order_relaxed);
  atomic_store_explicit (&self->fraction, fraction, memory_order_relaxed);
  if (fraction >= 1)
    atomic_store_explicit (&self->seconds_left, 0.0, memory_order_relaxed);
  if (self->last_time != 0 && seconds < 0.1)
    return;
  if (self->last_time != 0 && samples >= self->last_samples)
    {
      double rate = (samples - self->last_samples) / seconds;
      double keep = self->smooth_rate > 0 ? 1 / (1 + seconds) : 0;
      double progress_rate = MAX (fraction - self->last_fraction, 0) / seconds;
      double keep_fraction = self->fraction_rate > 0 ? 1 / (1 + seconds / 4) : 0;

      self->smooth_rate = keep * self->smooth_rate + (1 - keep) * rate;
      self->fraction_rate = keep_fraction * self->fraction_rate + (1 - keep_fraction) * progress_rate;
      atomic_store_explicit (&self->rate, self->smooth_rate, memory_order_relaxed);
      atomic_store_explicit (&self->seconds_left,
                             fraction >= 0 && self->fraction_rate > 0 ? (1 - fraction) / self->fraction_rate : -1.0,
                             memory_order_relaxed);
    }
  self->last_time = now;
  self->last_samples = samples;
  self->last_fraction = fraction;
}

void
heft_progress_meter_set_stage (HeftProgressMeter *self, const char *stage, guint64 count)
{
  atomic_store_explicit (&self->count, count, memory_order_relaxed);
  if (atomic_load_explicit (&self->stage, memory_order_relaxed) == stage)
    return;
  atomic_store_explicit (&self->stage, stage, memory_order_relaxed);
  /* What was counted before says nothing of how fast this goes. */
  heft_progress_meter_skip (self);
  self->smooth_rate = 0;
  atomic_store_explicit (&self->rate, 0.0, memory_order_relaxed);
}

void
heft_progress_meter_skip (HeftProgressMeter *self)
{
  self->last_time = 0;
}

void
heft_progress_meter_read (HeftProgressMeter *self, HeftProgress *progress)
{
  progress->fraction = atomic_load_explicit (&self->fraction, memory_order_relaxed);
  progress->seconds_left = atomic_load_explicit (&self->seconds_left, memory_order_relaxed);
  progress->step = atomic_load_explicit (&self->step, memory_order_relaxed);
  progress->epoch = atomic_load_explicit (&self->epoch, memory_order_relaxed);
  progress->samples_per_second = atomic_load_explicit (&self->rate, memory_order_relaxed);
  progress->waiting = atomic_load (&self->waiting);
  progress->stage = atomic_load_explicit (&self->stage, memory_order_relaxed);
  progress->count = atomic_load_explicit (&self->count, memory_order_relaxed);
}
