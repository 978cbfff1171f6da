/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "heft-application.h"
#include "linalg/i18n.h"

int
main (int argc, char *argv[])
{
  g_autoptr(HeftApplication) application = NULL;

  heft_i18n_init ();
  application = heft_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
