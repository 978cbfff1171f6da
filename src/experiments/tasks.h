/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* Independent pieces of work of one run, shared out over its threads: trainings that do not know of one another. What a task computes must
 * not depend on when or where it runs; its results are taken in the tasks' order, so the record is the same at any thread count. */
typedef struct _HeftTasks HeftTasks;

/* On some thread: does task @task. FALSE with an error, or without one where heft_tasks_point() said so. */
typedef gboolean (*HeftTaskFunc) (HeftTasks *tasks, gsize task, gpointer user_data, GError **error);
/* On the run's thread, for task 0, 1, ... each after it and all before it are done: FALSE with an error ends the run. */
typedef gboolean (*HeftTaskDone) (gsize task, gpointer user_data, GError **error);

/**
 * heft_tasks_run:
 * @is_done: (nullable): n_tasks, whether a task needs no doing (an earlier run has done it); @done is called for it all the same
 * @from, @to: the share of the run that these tasks are, for its progress
 *
 * Returns once all are done, or FALSE: with the error of the first task that failed, or without one when the run was stopped. Then every
 * thread has ended, and what was finished but not yet taken has been handed to @done_late in the tasks' order, if that is not %NULL.
 */
gboolean heft_tasks_run   (HeftRun *run, gsize n_tasks, const gboolean *is_done, HeftTaskFunc func, HeftTaskDone done,
                           HeftTaskDone done_late, double from, double to, gpointer user_data, GError **error);

/* In a task, often: how much of it is done; stays while the run is paused. FALSE when it must end. */
gboolean heft_tasks_point (HeftTasks *self, gsize task, double fraction);

G_END_DECLS
