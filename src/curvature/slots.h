/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "linalg/pool.h"

G_BEGIN_DECLS

/*
 * Work cut into slots by its shape alone; workers pick them up as they come free. What a slot computes depends on its number,
 * never on the worker, and callers add slots up in their order: the same bits at any number of threads.
 */
typedef gboolean (*HeftSlotFunc) (gsize slot, gpointer data, GError **error);

/* Runs @func for every slot. Returns: %FALSE with the error of the first slot (by number) that failed. */
gboolean heft_slots_run (HeftPool *pool, gsize n_slots, HeftSlotFunc func, gpointer data, GError **error);

G_END_DECLS
