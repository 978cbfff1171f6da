/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "experiments/choices.h"

const char *const heft_choices_activations[] = { "relu", "leaky-relu", "tanh", "sigmoid", "softplus", "gelu", "linear", NULL };
const char *const heft_choices_activation_labels[] = { N_("ReLU"), N_("Leaky ReLU"), N_("tanh"), N_("Sigmoid"), N_("Softplus"), N_("GELU"),
                                                       N_("Linear"), NULL };
const char *const heft_choices_efforts[] = { "full", "quick", NULL };
const char *const heft_choices_effort_labels[] = { N_("Full"), N_("Quick"), NULL };
