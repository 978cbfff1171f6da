/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <stdatomic.h>

#include <heft/experiment.h>

G_BEGIN_DECLS

/* What a thread tells of its progress; written by that thread alone, read by any. */
typedef struct
{
  _Atomic double  fraction, seconds_left, epoch, rate;
  _Atomic guint64 step, count;
  atomic_bool     waiting;
  const char *_Atomic stage;
  /* The writer's own bookkeeping. */
  gint64  last_time;
  double  last_fraction, fraction_rate, smooth_rate;
  guint64 last_samples;
} HeftProgressMeter;

/* A fraction of 0 is a beginning, a negative one that nobody knows yet; what was measured before is forgotten. */
void heft_progress_meter_restart   (HeftProgressMeter *self, double fraction);
void heft_progress_meter_note      (HeftProgressMeter *self, guint64 step, double epoch, guint64 samples, double fraction);
/* See heft_run_set_stage(). */
void heft_progress_meter_set_stage (HeftProgressMeter *self, const char *stage, guint64 count);
/* The time until the next note does not count. */
void heft_progress_meter_skip      (HeftProgressMeter *self);
void heft_progress_meter_read      (HeftProgressMeter *self, HeftProgress *progress);

G_END_DECLS
