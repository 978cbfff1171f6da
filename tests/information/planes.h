/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/heft.h>
#include <math.h>

/* Losses of two weights on one rectangle, for the tests of Gibbs and of the Gaussians beside it. */

#define N_GRID 41

static const double lower[2] = { -3, -2 };
static const double upper[2] = { 3, 2.5 };

/* Two weights of a deep linear network: a valley along w1 w2 = 1. */
static inline double
product (double w1, double w2, gpointer data)
{
  return (w1 * w2 - 1) * (w1 * w2 - 1) + 0.1 * w1;
}

static inline double
first_part (double w, gpointer data)
{
  return 0.25 * (w * w - 1) * (w * w - 1) + 0.1 * w;
}

static inline HeftGibbs2d *
plane (HeftPlaneFunction loss, const double low[2], const double high[2], double lambda, double beta)
{
  g_autoptr (GError) error = NULL;
  HeftGibbs2d *gibbs = heft_gibbs_2d_new (loss, NULL, low, high, lambda, beta, N_GRID, &error);

  g_assert_no_error (error);
  return gibbs;
}
