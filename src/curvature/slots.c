/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include "curvature/slots.h"

typedef struct
{
  HeftSlotFunc func;
  gpointer     data;
  gsize        n_slots;
  gsize        next;      /* atomic */
  GError     **errors;    /* one a slot */
} Job;

static void
take_slots (HeftPool *pool, guint worker, gpointer data)
{
  Job *job = data;
  gsize slot;

  while ((slot = __atomic_fetch_add (&job->next, 1, __ATOMIC_RELAXED)) < job->n_slots)
    job->func (slot, job->data, &job->errors[slot]);
}

gboolean
heft_slots_run (HeftPool *pool, gsize n_slots, HeftSlotFunc func, gpointer data, GError **error)
{
  g_autofree GError **errors = g_new0 (GError *, n_slots);
  Job job = { .func = func, .data = data, .n_slots = n_slots, .errors = errors };
  gboolean failed = FALSE;

  heft_pool_run (pool, take_slots, &job);
  for (gsize slot = 0; slot < n_slots; slot++)
    {
      if (errors[slot] == NULL)
        continue;
      if (failed)
        g_error_free (errors[slot]);
      else
        g_propagate_error (error, errors[slot]);
      failed = TRUE;
    }
  return !failed;
}
