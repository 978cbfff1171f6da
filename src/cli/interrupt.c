/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <signal.h>

#include "cli/interrupt.h"

/* A signal handler can reach nothing but file scope. */
static volatile sig_atomic_t interrupted;

static void
note_interrupt (int number)
{
  interrupted = 1;
}

void
heft_cli_catch_interrupts (void)
{
  struct sigaction action = { .sa_handler = note_interrupt, .sa_flags = (int) SA_RESETHAND | SA_RESTART };

  sigemptyset (&action.sa_mask);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

gboolean
heft_cli_interrupted (void)
{
  return interrupted != 0;
}
