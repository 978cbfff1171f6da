/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Choices for HeftParameterSpec: ids and untranslated labels, both NULL-terminated. */

/* What may stand between the layers of a network that an experiment makes: names as heft_activation_parse() takes them. */
extern const char *const heft_choices_activations[];
extern const char *const heft_choices_activation_labels[];
/* How long a long experiment works: in full, or for a first look. */
extern const char *const heft_choices_efforts[];
extern const char *const heft_choices_effort_labels[];

G_END_DECLS
