/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "i18n.h"

#include <glib/gi18n-lib.h>
#include <locale.h>

const char *
heft_i18n_get_directory (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  /* An installed program must not read what happens to stand where it was once built. */
  if (program != NULL && g_str_has_prefix (program, HEFT_BUILD_ROOT G_DIR_SEPARATOR_S))
    return HEFT_BUILD_ROOT G_DIR_SEPARATOR_S "po";

  return HEFT_LOCALEDIR;
}

void
heft_i18n_init (void)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, heft_i18n_get_directory ());
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
