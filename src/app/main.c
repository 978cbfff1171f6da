/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "heft-application.h"
#include "linalg/i18n.h"
#include "linalg/linalg.h"

int
main (int argc, char *argv[])
{
  g_autoptr(HeftApplication) application = NULL;

  heft_i18n_init ();
  /* The library's own workers share the cores; BLAS threads beside them would only get in their way. */
  heft_blas_set_threads (1);
  application = heft_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
