/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "reference.h"

G_BEGIN_DECLS

/* An objective at numbers that its user data point to; in double precision. */
typedef double (*ReferenceObjective) (gconstpointer user_data);

/*
 * With plain gradient descent at rate 1 a step moves each number of @before to @after by its gradient: against central differences of
 * @objective in @x, at eight numbers of each layer, the first and the last (a bias) among them.
 */
void reference_check_moved    (HeftNetwork *network, ReferenceObjective objective, gconstpointer user_data, double *x, const float *before,
                               const float *after, const char *what);

/*
 * One step of a Dirac or of a Gaussian by local reparametrisation: its loss and how it moved mean and log deviation, against reference.h.
 * @config sets no optimiser, learning rate, seed or threads. Where a bound clamps the losses, some must be.
 */
void reference_check_gradient (HeftNetwork *network, HeftDataset *data, const HeftTrainerConfig *config);

G_END_DECLS
