/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where the programs' translations are: those of the build tree when the running program lies in it, else the installed ones. */
const char *heft_i18n_get_directory (void);

/* Called once by a program, first thing in main(): takes the user's locale and makes _() speak their language. */
void        heft_i18n_init          (void);

G_END_DECLS
