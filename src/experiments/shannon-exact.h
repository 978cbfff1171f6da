/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* One weight that learns the rate of a coin: Shannon's information as a sum over all datasets, and what a sample of datasets says. */
extern const HeftExperiment heft_experiment_shannon_exact;

G_END_DECLS
