/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* A checkpoint is one dictionary a{sv} in GVariant's serialised form: the experiment's own state (the handler's) with the parameters,
 * seed and number of changes that go with it. */

/* In its "lengths", of a curve that belongs to no step: all that the record holds is kept. */
#define HEFT_CHECKPOINT_WHOLE_CURVE G_MAXUINT64

/* For the run's thread, at a point. Takes @state. */
GBytes *heft_checkpoint_new       (HeftRun *run, GVariant *state);
/* Before the start. */
void    heft_run_set_resume_state (HeftRun *self, GVariant *state, guint64 step, GBytes *checkpoint);

G_END_DECLS
