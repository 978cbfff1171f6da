/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* The accuracy-complexity curve of a real network: its optimal Lagrangian swept over beta, beside other description lengths. */
extern const HeftExperiment heft_experiment_tradeoff;

G_END_DECLS
