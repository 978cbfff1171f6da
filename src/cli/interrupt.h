/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* From here on the first Ctrl+C (or SIGTERM, or SIGHUP: a closed terminal) is noted, and the second ends the program at once. */
void     heft_cli_catch_interrupts  (void);
gboolean heft_cli_interrupted       (void);
/* Asks @run to end at its next step once there was one; @passed_on, FALSE at first, says whether it did. */
void     heft_cli_pass_on_interrupt (HeftRun *run, gboolean *passed_on);

G_END_DECLS
