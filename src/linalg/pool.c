/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <pthread.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "linalg/linalg.h"
#include "linalg/pool.h"

/* Steps are shorter than a sleep and a wake-up (some 50 microseconds here), so waiting pays up to about that long. */
#define SPIN_MICROSECONDS 40
#define SPINS_PER_LOOK 32

#define MAX_WORKERS 256

/* A place where threads wait for a number to change: first awake, then asleep. */
typedef struct
{
  guint           value;      /* atomic */
  guint           sleepers;   /* atomic */
  pthread_mutex_t mutex;
  pthread_cond_t  cond;
} Gate;

typedef struct
{
  HeftPool *pool;
  guint     index;
} Worker;

struct _HeftPool
{
  /* What all write stays a cache line away from what all read. */
  Gate          barrier;
  char          padding0[HEFT_ALIGNMENT];
  Gate          start;
  char          padding1[HEFT_ALIGNMENT];
  guint         arrived;      /* atomic */
  char          padding2[HEFT_ALIGNMENT];

  guint         n_workers;
  gint64        spin;         /* microseconds; 0 where workers outnumber processors */
  HeftPoolFunc  func;
  gpointer      data;
  gboolean      quit;
  pthread_t    *threads;
  Worker       *workers;
};

static void
gate_init (Gate *gate)
{
  pthread_mutex_init (&gate->mutex, NULL);
  pthread_cond_init (&gate->cond, NULL);
}

static void
gate_clear (Gate *gate)
{
  pthread_mutex_destroy (&gate->mutex);
  pthread_cond_destroy (&gate->cond);
}

static inline void
relax (void)
{
#ifdef __SSE2__
  _mm_pause ();
#endif
}

static gboolean
gate_spin (Gate  *gate,
           guint  seen,
           gint64 spin)
{
  gint64 deadline;

  if (__atomic_load_n (&gate->value, __ATOMIC_ACQUIRE) != seen)
    return TRUE;
  if (spin == 0)
    return FALSE;

  deadline = g_get_monotonic_time () + spin;
  do
    for (guint i = 0; i < SPINS_PER_LOOK; i++)
      {
        if (__atomic_load_n (&gate->value, __ATOMIC_ACQUIRE) != seen)
          return TRUE;
        relax ();
      }
  while (g_get_monotonic_time () < deadline);
  return FALSE;
}

/* Returns once the value is no longer @seen. */
static void
gate_wait (Gate  *gate,
           guint  seen,
           gint64 spin)
{
  if (gate_spin (gate, seen, spin))
    return;

  /* Sequentially consistent on both sides: either we see the new value or gate_open() sees us asleep. */
  pthread_mutex_lock (&gate->mutex);
  __atomic_fetch_add (&gate->sleepers, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n (&gate->value, __ATOMIC_SEQ_CST) == seen)
    pthread_cond_wait (&gate->cond, &gate->mutex);
  __atomic_fetch_sub (&gate->sleepers, 1, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock (&gate->mutex);
}

static void
gate_open (Gate *gate)
{
  __atomic_fetch_add (&gate->value, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n (&gate->sleepers, __ATOMIC_SEQ_CST) == 0)
    return;
  pthread_mutex_lock (&gate->mutex);
  pthread_cond_broadcast (&gate->cond);
  pthread_mutex_unlock (&gate->mutex);
}

void
heft_pool_barrier (HeftPool *self)
{
  guint seen;

  if (self->n_workers == 1)
    return;

  seen = __atomic_load_n (&self->barrier.value, __ATOMIC_RELAXED);
  if (__atomic_add_fetch (&self->arrived, 1, __ATOMIC_ACQ_REL) == self->n_workers)
    {
      __atomic_store_n (&self->arrived, 0, __ATOMIC_RELAXED);
      gate_open (&self->barrier);
    }
  else
    gate_wait (&self->barrier, seen, self->spin);
}

#ifdef __SSE2__
#define FLUSH_TO_ZERO 0x8040u   /* flush results and read operands below the normal range as zero */
#endif

static gpointer
worker_main (gpointer data)
{
  Worker *worker = data;
  HeftPool *pool = worker->pool;
  guint seen = 0;

#ifdef FLUSH_TO_ZERO
  _mm_setcsr (_mm_getcsr () | FLUSH_TO_ZERO);
#endif
  for (;;)
    {
      gate_wait (&pool->start, seen++, pool->spin);
      if (pool->quit)
        return NULL;
      pool->func (pool, worker->index, pool->data);
      heft_pool_barrier (pool);
    }
}

HeftPool *
heft_pool_new (guint n_threads)
{
  const guint n_processors = g_get_num_processors ();
  HeftPool *self = heft_aligned_new (HeftPool, 1);
  guint wanted = n_threads == 0 ? n_processors : n_threads;

  wanted = CLAMP (wanted, 1, MAX_WORKERS);
  gate_init (&self->barrier);
  gate_init (&self->start);
  self->threads = g_new0 (pthread_t, wanted);
  self->workers = g_new0 (Worker, wanted);
  self->spin = wanted <= n_processors ? SPIN_MICROSECONDS : 0;
  self->n_workers = 1;
  for (guint i = 1; i < wanted; i++)
    {
      self->workers[i] = (Worker) { .pool = self, .index = i };
      if (pthread_create (&self->threads[i], NULL, worker_main, &self->workers[i]) != 0)
        break;
      self->n_workers = i + 1;
    }
  return self;
}

void
heft_pool_free (HeftPool *self)
{
  if (self == NULL)
    return;

  self->quit = TRUE;
  gate_open (&self->start);
  for (guint i = 1; i < self->n_workers; i++)
    pthread_join (self->threads[i], NULL);
  gate_clear (&self->barrier);
  gate_clear (&self->start);
  g_free (self->threads);
  g_free (self->workers);
  heft_aligned_free (self);
}

guint
heft_pool_get_n_workers (const HeftPool *self)
{
  return self->n_workers;
}

/* What heft_pool_run() promises about small numbers, on the calling thread. */
static void
call_flushing (HeftPool     *pool,
               HeftPoolFunc  func,
               gpointer      data)
{
#ifdef FLUSH_TO_ZERO
  const guint mode = _mm_getcsr ();

  _mm_setcsr (mode | FLUSH_TO_ZERO);
#endif
  func (pool, 0, data);
#ifdef FLUSH_TO_ZERO
  _mm_setcsr (mode);
#endif
}

void
heft_pool_run (HeftPool     *self,
               HeftPoolFunc  func,
               gpointer      data)
{
  if (self->n_workers == 1)
    {
      call_flushing (self, func, data);
      return;
    }
  self->func = func;
  self->data = data;
  gate_open (&self->start);
  call_flushing (self, func, data);
  heft_pool_barrier (self);
}

void
heft_pool_run_alone (HeftPool     *self,
                     HeftPoolFunc  func,
                     gpointer      data)
{
  call_flushing (NULL, func, data);
}
