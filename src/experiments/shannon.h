/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* Shannon's information about the data, by retraining on resampled datasets. */
extern const HeftExperiment heft_experiment_shannon;

G_END_DECLS
