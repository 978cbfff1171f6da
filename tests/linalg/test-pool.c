/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <float.h>
#include <time.h>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "linalg/pool.h"

#define MAX_WORKERS 5
#define ROUNDS 300

typedef struct
{
  guint    calls[MAX_WORKERS];
  guint    slots[MAX_WORKERS];
  guint    mismatches[MAX_WORKERS];
  gboolean flushes[MAX_WORKERS];
} Work;

static void
count_call (HeftPool *pool,
            guint     worker,
            gpointer  data)
{
  Work *work = data;

  work->calls[worker]++;
}

static void
test_runs_every_worker (void)
{
  for (guint n = 1; n <= MAX_WORKERS; n++)
    {
      g_autoptr (HeftPool) pool = heft_pool_new (n);
      Work work = { 0 };

      g_assert_cmpuint (heft_pool_get_n_workers (pool), ==, n);
      for (guint i = 0; i < ROUNDS; i++)
        heft_pool_run (pool, count_call, &work);
      for (guint i = 0; i < MAX_WORKERS; i++)
        g_assert_cmpuint (work.calls[i], ==, i < n ? ROUNDS : 0);
    }
}

/* Each writes its slot, and after the barrier must read everybody's: a barrier that lets one through early, or does not publish,
 * shows here and under the thread sanitizer. */
static void
exchange (HeftPool *pool,
          guint     worker,
          gpointer  data)
{
  Work *work = data;
  const guint n = heft_pool_get_n_workers (pool);

  for (guint round = 1; round <= ROUNDS; round++)
    {
      work->slots[worker] = round * (worker + 1);
      heft_pool_barrier (pool);
      for (guint i = 0; i < n; i++)
        work->mismatches[worker] += work->slots[i] != round * (i + 1);
      heft_pool_barrier (pool);
    }
}

static void
test_barrier (void)
{
  for (guint n = 1; n <= MAX_WORKERS; n++)
    {
      g_autoptr (HeftPool) pool = heft_pool_new (n);
      Work work = { 0 };

      heft_pool_run (pool, exchange, &work);
      for (guint i = 0; i < n; i++)
        g_assert_cmpuint (work.mismatches[i], ==, 0);
    }
}

/* Pauses longer than the spin make both sides go to sleep and be woken. */
static void
test_sleep_and_wake (void)
{
  g_autoptr (HeftPool) pool = heft_pool_new (2);
  Work work = { 0 };

  for (guint i = 0; i < 20; i++)
    {
      heft_pool_run (pool, count_call, &work);
      g_usleep (2000);
    }
  g_assert_cmpuint (work.calls[0], ==, 20);
  g_assert_cmpuint (work.calls[1], ==, 20);
}

/* An idle pool sleeps: its threads use no processor time. */
static void
test_idle_costs_nothing (void)
{
  g_autoptr (HeftPool) pool = heft_pool_new (2);
  struct timespec before, after;
  Work work = { 0 };
  double used;

  heft_pool_run (pool, count_call, &work);
  g_usleep (20000);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &before);
  g_usleep (200000);
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &after);
  used = (double) (after.tv_sec - before.tv_sec) + 1e-9 * (double) (after.tv_nsec - before.tv_nsec);
  /* A spinning thread would use all 0.2 seconds. */
  g_assert_cmpfloat (used, <, 0.1);
}

static void
underflow (HeftPool *pool,
           guint     worker,
           gpointer  data)
{
  Work *work = data;
  volatile float small = FLT_MIN;

  small *= 0.5f;
  work->flushes[worker] = small == 0.0f;
}

#ifdef __SSE2__
/* An emulated processor may have the mode in its register without computing by it. */
static gboolean
processor_can_flush (void)
{
  const unsigned int kept = _mm_getcsr ();
  volatile float small = FLT_MIN;

  _mm_setcsr (kept | _MM_FLUSH_ZERO_ON);
  small *= 0.5f;
  _mm_setcsr (kept);
  return small == 0.0f;
}
#endif

static void
test_flushes_inside_only (void)
{
#ifdef __SSE2__
  g_autoptr (HeftPool) pool = heft_pool_new (2);
  volatile float small = FLT_MIN;
  Work work = { 0 };

  if (!processor_can_flush ())
    {
      g_test_skip ("this processor does not flush to zero");
      return;
    }
  heft_pool_run (pool, underflow, &work);
  g_assert_true (work.flushes[0]);
  g_assert_true (work.flushes[1]);
  small *= 0.5f;
  g_assert_cmpfloat (small, >, 0.0f);
#else
  g_test_skip ("no flush-to-zero mode on this processor");
#endif
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/linalg/pool/runs-every-worker", test_runs_every_worker);
  g_test_add_func ("/linalg/pool/barrier", test_barrier);
  g_test_add_func ("/linalg/pool/sleep-and-wake", test_sleep_and_wake);
  g_test_add_func ("/linalg/pool/idle-costs-nothing", test_idle_costs_nothing);
  g_test_add_func ("/linalg/pool/flushes-inside-only", test_flushes_inside_only);

  return g_test_run ();
}
