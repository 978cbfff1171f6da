/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* Memorising costs nats: the fit of true and of random labels against N beta. */
extern const HeftExperiment heft_experiment_random_labels;

G_END_DECLS
