/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * A pool of worker threads that run one function side by side and meet at barriers. The calling thread is worker 0. Waiting spins
 * for a few tens of microseconds and then sleeps, so an idle pool costs nothing. A pool belongs to one caller at a time.
 *
 * Which worker does what must never change a result: callers cut the work by shapes alone and let workers pick up the pieces.
 */
typedef struct _HeftPool HeftPool;

/* @pool is NULL under heft_pool_run_alone(). @worker counts from 0 to heft_pool_get_n_workers() - 1. */
typedef void (*HeftPoolFunc) (HeftPool *pool, guint worker, gpointer data);

/* @n_threads 0 = one a processor. Where the system grants fewer threads the pool is smaller. */
HeftPool *heft_pool_new           (guint n_threads);
void      heft_pool_free          (HeftPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftPool, heft_pool_free)

guint     heft_pool_get_n_workers (const HeftPool *self);

/* Runs @func on every worker and returns when all have returned. Inside, numbers below the normal range count as zero, which
 * keeps decaying averages from slowing the processor a hundredfold. Allocates nothing. */
void      heft_pool_run           (HeftPool *self, HeftPoolFunc func, gpointer data);

/* The same on the calling thread alone, with a NULL pool for @func: for work too small to share. */
void      heft_pool_run_alone     (HeftPool *self, HeftPoolFunc func, gpointer data);

/* For @func: returns when every worker has come here; what any of them wrote before is then visible to all. */
void      heft_pool_barrier       (HeftPool *self);

G_END_DECLS
