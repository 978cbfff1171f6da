/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * heft_settings_new:
 *
 * The program's settings. The schema is looked for in the build tree this program was built in, then where it is installed; a
 * program that finds neither works with its defaults and remembers nothing.
 *
 * Returns: (transfer full) (nullable): settings
 */
GSettings *heft_settings_new (void);

G_END_DECLS
