/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>

#include "heft-application.h"

int
main (int argc, char *argv[])
{
  g_autoptr(HeftApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, HEFT_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  application = heft_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
