/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/information.h>

G_BEGIN_DECLS

/* What stands at one value of a weight: the loss that weighs it, the loss that is averaged and the nats already spent there. For a single
 * weight the first two are one and the last is 0; where other weights have been integrated out, the first is their free energy
 * -beta log Z, the second their expected loss and the third their information. */
typedef struct
{
  double loss, expected, information;
} HeftGibbsValue;

typedef HeftGibbsValue (*HeftGibbsFunction) (double w, gpointer user_data);

/* heft_gibbs_new() for such values, on at least @n_panels panels. A value that is not finite ends it with an error. */
HeftGibbs *heft_gibbs_over (HeftGibbsFunction function, gpointer user_data, double lower, double upper, double lambda, double beta,
                            gsize n_grid, int n_panels, GError **error);

G_END_DECLS
