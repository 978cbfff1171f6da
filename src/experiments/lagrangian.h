/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* One weight: the exact optimum of the Information Lagrangian by quadrature, and its approximations. */
extern const HeftExperiment heft_experiment_lagrangian;

G_END_DECLS
