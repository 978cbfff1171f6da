/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/code.h>

#include "linalg/state.h"

GVariant *
heft_posterior_get_state (const HeftPosterior *self)
{
  GVariantBuilder state;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  heft_state_put_count (&state, "kind", self->kind);
  heft_state_put_count (&state, "rank", self->rank);
  heft_state_put_floats (&state, "mean", self->mean, self->n);
  if (self->log_deviation != NULL)
    heft_state_put_floats (&state, "log-deviation", self->log_deviation, self->n);
  if (self->factors != NULL)
    heft_state_put_floats (&state, "factors", self->factors, self->rank * self->n);
  return g_variant_ref_sink (g_variant_builder_end (&state));
}

HeftPosterior *
heft_posterior_new_from_state (const HeftNetwork *network,
                               GVariant          *state,
                               GError           **error)
{
  const gsize n = heft_network_get_n_parameters (network);
  g_autoptr (HeftPosterior) self = NULL;
  gsize kind, rank;

  if (!heft_state_get_size (state, "kind", HEFT_POSTERIOR_LOW_RANK, &kind) ||
      !heft_state_get_size (state, "rank", HEFT_MAX_RANK, &rank) || (kind == HEFT_POSTERIOR_LOW_RANK) != (rank > 0))
    {
      heft_state_refuse (error);
      return NULL;
    }
  self = rank > 0 ? heft_posterior_new_low_rank (network, rank) : heft_posterior_new ((HeftPosteriorKind) kind, n);
  if (!heft_state_get_floats (state, "mean", n, self->mean) ||
      (self->log_deviation != NULL && !heft_state_get_floats (state, "log-deviation", n, self->log_deviation)) ||
      (self->factors != NULL && !heft_state_get_floats (state, "factors", rank * n, self->factors)))
    {
      heft_state_refuse (error);
      return NULL;
    }
  return g_steal_pointer (&self);
}
