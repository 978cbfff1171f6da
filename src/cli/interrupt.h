/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From here on the first Ctrl+C (or SIGTERM, or SIGHUP: a closed terminal) is noted, and the second ends the program at once. */
void     heft_cli_catch_interrupts (void);
gboolean heft_cli_interrupted      (void);

G_END_DECLS
