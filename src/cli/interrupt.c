/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <signal.h>
#include <time.h>

#include "cli/interrupt.h"

/* timeout(1) and terminals signal a process and its group: what comes this soon after the first is its echo. */
#define ECHO_NANOSECONDS 200000000

/* A signal handler can reach nothing but file scope. */
static volatile sig_atomic_t interrupted;
static struct timespec first;

static void
note_interrupt (int number)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  if (interrupted == 0)
    {
      first = now;
      interrupted = 1;
      return;
    }
  if ((now.tv_sec - first.tv_sec) * 1000000000L + (now.tv_nsec - first.tv_nsec) < ECHO_NANOSECONDS)
    return;
  signal (number, SIG_DFL);
  raise (number);
}

/* nohup(1) and shells' background jobs mean what they ignore to stay ignored. */
static void
catch (int number)
{
  struct sigaction action = { .sa_handler = note_interrupt, .sa_flags = SA_RESTART }, before;

  /* One at a time, so that the handler never meets itself. */
  sigemptyset (&action.sa_mask);
  sigaddset (&action.sa_mask, SIGINT);
  sigaddset (&action.sa_mask, SIGTERM);
  sigaddset (&action.sa_mask, SIGHUP);
  if (sigaction (number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction (number, &action, NULL);
}

void
heft_cli_catch_interrupts (void)
{
  catch (SIGINT);
  catch (SIGTERM);
  catch (SIGHUP);
}

gboolean
heft_cli_interrupted (void)
{
  return interrupted != 0;
}

void
heft_cli_pass_on_interrupt (HeftRun *run, gboolean *passed_on)
{
  if (*passed_on || !heft_cli_interrupted ())
    return;
  *passed_on = TRUE;
  heft_run_stop (run);
}
