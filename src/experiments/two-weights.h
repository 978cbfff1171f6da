/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* Two weights: the exact optimum of the Information Lagrangian beside the best Gaussian and the best mean-field one. */
extern const HeftExperiment heft_experiment_two_weights;

G_END_DECLS
