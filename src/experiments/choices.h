/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What may stand between the layers of a network that an experiment makes: names as heft_activation_parse() takes them, and
 * untranslated labels; both NULL-terminated, for HeftParameterSpec. */
extern const char *const heft_choices_activations[];
extern const char *const heft_choices_activation_labels[];

G_END_DECLS
