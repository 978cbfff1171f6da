/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

#include <heft/error.h>

#include "experiments/train-private.h"
#include "linalg/state.h"

/* Requests that may wait, each with a copy of the posterior. When it is full the trainer waits instead of skipping, so that
 * what is measured depends on steps alone and never on how fast the machine is. */
#define QUEUE 3
#define BREATH_MICROSECONDS 5000

struct _HeftMeasurer
{
  HeftRun        *run;               /* borrowed: it outlives this */
  HeftGauges      gauges;            /* the measuring thread's, once it has started */
  GThread        *thread;

  pthread_mutex_t mutex;             /* of all below */
  pthread_cond_t  changed;
  GQueue          waiting;           /* HeftMeasureRequest */
  HeftMeasureRequest *current;       /* being measured, or what could not be; else NULL */
  GVariant       *state;             /* of the gauges, when nothing was half done */
  gboolean        quit;
  GError         *error;             /* then nothing more is measured */
};

static void
request_clear (HeftMeasureRequest *request)
{
  heft_posterior_free (request->posterior);
  heft_prior_free (request->prior);
  g_free (request);
}

/* Processor time of this thread: what measuring costs whatever else runs. */
static double
thread_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static gboolean
measure_gauge (HeftGauges *gauges, const HeftMeasureRequest *request, HeftGauge gauge, GError **error)
{
  static gboolean (*const measure[HEFT_N_GAUGES]) (HeftGauges *, const HeftMeasureRequest *, GError **) = {
    [HEFT_GAUGE_LOSS] = heft_gauges_losses,
    [HEFT_GAUGE_SPECTRA] = heft_gauges_spectra,
    [HEFT_GAUGE_HEAD] = heft_gauges_head,
    [HEFT_GAUGE_INVARIANCE] = heft_gauges_invariance,
  };
  double begin = thread_seconds ();
  gboolean good = measure[gauge] (gauges, request, error);

  /* The final evaluation is not what a refresh costs. */
  if (!request->final)
    {
      gauges->seconds[gauge] = thread_seconds () - begin;
      gauges->total_seconds += gauges->seconds[gauge];
    }
  return good;
}

static gboolean
measure (HeftGauges *gauges, const HeftMeasureRequest *request, GError **error)
{
  for (guint gauge = 0; gauge < HEFT_N_GAUGES; gauge++)
    if ((request->gauges & (1u << gauge)) != 0 && !measure_gauge (gauges, request, gauge, error))
      return FALSE;
  heft_gauges_price (gauges, request);
  heft_gauges_ledger (gauges, request);
  if (request->final)
    heft_gauges_results (gauges, request);
  /* Always: whoever saves the run finds the means, variances and scales that the last KL on show is of. */
  heft_train_publish_posterior (gauges->record, gauges->setup, request->posterior, request->prior, request->step);
  return TRUE;
}

/* With the mutex held; lets go of it while it measures. */
static void
measure_next (HeftMeasurer *self)
{
  HeftMeasureRequest *request = self->current = g_queue_pop_head (&self->waiting);
  GVariant *state = NULL;
  GError *error = NULL;

  pthread_mutex_unlock (&self->mutex);
  if (measure (&self->gauges, request, &error))
    state = heft_gauges_get_state (&self->gauges);
  pthread_mutex_lock (&self->mutex);
  if (state != NULL)
    {
      g_variant_unref (self->state);
      self->state = state;
      self->current = NULL;
      request_clear (request);
    }
  self->error = error;
  pthread_cond_broadcast (&self->changed);
}

static gpointer
measure_thread (gpointer data)
{
  HeftMeasurer *self = data;

  pthread_mutex_lock (&self->mutex);
  while (!self->quit)
    if (self->error == NULL && !g_queue_is_empty (&self->waiting))
      measure_next (self);
    else
      pthread_cond_wait (&self->changed, &self->mutex);
  pthread_mutex_unlock (&self->mutex);
  return NULL;
}

HeftMeasurer *
heft_measurer_new (HeftRun *run, const HeftTrainSetup *setup)
{
  HeftMeasurer *self = g_new0 (HeftMeasurer, 1);
  pthread_condattr_t attributes;

  self->run = run;
  self->gauges.run = run;
  self->gauges.record = heft_run_get_record (run);
  self->gauges.setup = setup;
  self->gauges.seed = heft_run_get_seed (run);
  self->gauges.n_threads = heft_run_get_n_threads (run);
  self->gauges.cancellable = heft_run_get_cancellable (run);
  self->gauges.kl_layers = g_new0 (double, setup->n_layers);
  self->gauges.gaussian = NAN;
  self->gauges.started = g_get_monotonic_time ();
  g_queue_init (&self->waiting);
  self->state = heft_gauges_get_state (&self->gauges);
  pthread_mutex_init (&self->mutex, NULL);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&self->changed, &attributes);
  pthread_condattr_destroy (&attributes);
  self->thread = g_thread_new ("heft-measure", measure_thread, self);
  return self;
}

void
heft_measurer_halt (HeftMeasurer *self)
{
  pthread_mutex_lock (&self->mutex);
  self->quit = TRUE;
  pthread_cond_broadcast (&self->changed);
  pthread_mutex_unlock (&self->mutex);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
}

void
heft_measurer_free (HeftMeasurer *self)
{
  HeftMeasureRequest *request;

  if (self == NULL)
    return;
  heft_measurer_halt (self);
  while ((request = g_queue_pop_head (&self->waiting)) != NULL)
    request_clear (request);
  g_clear_pointer (&self->current, request_clear);
  g_variant_unref (self->state);
  g_clear_error (&self->error);
  g_clear_pointer (&self->gauges.spectra, g_ptr_array_unref);
  g_clear_pointer (&self->gauges.heads, g_ptr_array_unref);
  g_free (self->gauges.kl_layers);
  pthread_cond_destroy (&self->changed);
  pthread_mutex_destroy (&self->mutex);
  g_free (self);
}

/* With the mutex held: waits until no more than @most requests are under way. */
static gboolean
wait_until (HeftMeasurer *self, guint most, GError **error)
{
  while (self->error == NULL && g_queue_get_length (&self->waiting) + (self->current != NULL ? 1 : 0) > most)
    {
      gint64 end = g_get_monotonic_time () + BREATH_MICROSECONDS;
      struct timespec until = { end / G_USEC_PER_SEC, (end % G_USEC_PER_SEC) * 1000 };
      gboolean go_on;

      pthread_cond_timedwait (&self->changed, &self->mutex, &until);
      pthread_mutex_unlock (&self->mutex);
      go_on = heft_run_breathe (self->run);
      pthread_mutex_lock (&self->mutex);
      if (!go_on)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The run was stopped."));
          return FALSE;
        }
    }
  if (self->error == NULL)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

gboolean
heft_measurer_submit (HeftMeasurer *self, HeftMeasureRequest *request, GError **error)
{
  gboolean good;

  pthread_mutex_lock (&self->mutex);
  good = wait_until (self, QUEUE, error);
  /* Also where the run must end: a checkpoint keeps what is not yet measured. */
  g_queue_push_tail (&self->waiting, g_memdup2 (request, sizeof *request));
  pthread_cond_broadcast (&self->changed);
  pthread_mutex_unlock (&self->mutex);
  return good;
}

gboolean
heft_measurer_drain (HeftMeasurer *self, GError **error)
{
  gboolean good;

  pthread_mutex_lock (&self->mutex);
  good = wait_until (self, 0, error);
  pthread_mutex_unlock (&self->mutex);
  return good;
}

/* --- Checkpoints ------------------------------------------------------------------------------------------------------ */

void
heft_measurer_put_state (HeftMeasurer *self, GVariantBuilder *state)
{
  GVariantBuilder pending;

  g_variant_builder_init (&pending, G_VARIANT_TYPE ("aa{sv}"));
  pthread_mutex_lock (&self->mutex);
  if (self->current != NULL && !self->current->final)
    g_variant_builder_add_value (&pending, heft_measure_request_get_state (self->current));
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    if (!((HeftMeasureRequest *) link->data)->final)
      g_variant_builder_add_value (&pending, heft_measure_request_get_state (link->data));
  g_variant_builder_add (state, "{sv}", "lengths", heft_train_join_lengths (self->gauges.record, self->state));
  g_variant_builder_add (state, "{sv}", "gauges", self->state);
  pthread_mutex_unlock (&self->mutex);
  g_variant_builder_add (state, "{sv}", "pending", g_variant_builder_end (&pending));
}

static gboolean
queue_pending (HeftMeasurer *self, GVariant *pending, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (pending); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (pending, i);
      HeftMeasureRequest request;

      if (!heft_measure_request_set_state (&request, self->gauges.setup, child, error))
        return FALSE;
      g_queue_push_tail (&self->waiting, g_memdup2 (&request, sizeof request));
    }
  return TRUE;
}

gboolean
heft_measurer_set_state (HeftMeasurer *self, GVariant *state, GError **error)
{
  g_autoptr (GVariant) gauges = g_variant_lookup_value (state, "gauges", G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) pending = g_variant_lookup_value (state, "pending", G_VARIANT_TYPE ("aa{sv}"));
  gboolean good;

  if (gauges == NULL || pending == NULL)
    return heft_state_refuse (error);
  /* The measuring thread touches nothing before something waits. */
  pthread_mutex_lock (&self->mutex);
  good = heft_gauges_set_state (&self->gauges, gauges, error) && queue_pending (self, pending, error);
  g_variant_unref (self->state);
  self->state = heft_gauges_get_state (&self->gauges);
  pthread_cond_broadcast (&self->changed);
  pthread_mutex_unlock (&self->mutex);
  return good;
}
