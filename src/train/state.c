/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include <heft/trainer.h>

#include "linalg/state.h"
#include "train/whole.h"

/* Vectors of k numbers beside the posterior's: what the optimiser remembers, and the variances, whose last bits depend on the kernel
 * that made them. */
typedef struct
{
  const char *name;
  float      *values;     /* NULL where this trainer has none */
  gsize       n;
} Vector;

#define N_VECTORS 7
#define N_SUMS 4

static void
list_vectors (const HeftTrainer *self,
              Vector             vectors[N_VECTORS])
{
  const gsize k = self->code->n, r = self->code->rank;

  vectors[0] = (Vector) { "variance", self->variance, k };
  vectors[1] = (Vector) { "mean-moment-1", self->mean_moment1, k };
  vectors[2] = (Vector) { "mean-moment-2", self->mean_moment2, k };
  vectors[3] = (Vector) { "deviation-moment-1", self->deviation_moment1, k };
  vectors[4] = (Vector) { "deviation-moment-2", self->deviation_moment2, k };
  vectors[5] = (Vector) { "factor-moment-1", r > 0 ? self->whole->factor_moment1 : NULL, r * k };
  vectors[6] = (Vector) { "factor-moment-2", r > 0 ? self->whole->factor_moment2 : NULL, r * k };
}

/* Sums that KL follows from, and IVON's first curvature, four a layer: made tile by tile, they cannot be had again bit for bit from the posterior. */
static double *
collect_sums (const HeftTrainer *self)
{
  double *sums = g_new (double, N_SUMS * self->n_stages);

  for (guint i = 0; i < self->n_stages; i++)
    {
      sums[N_SUMS * i] = self->stages[i].sums.square;
      sums[N_SUMS * i + 1] = self->stages[i].sums.log_deviation;
      sums[N_SUMS * i + 2] = self->stages[i].first_square;
      sums[N_SUMS * i + 3] = self->stages[i].first_curvature;
    }
  return sums;
}

GVariant *
heft_trainer_get_state (const HeftTrainer *self)
{
  g_autofree double *sums = collect_sums (self);
  g_autoptr (GVariant) posterior = heft_posterior_get_state (self->code), prior = heft_prior_get_state (self->prior);
  Vector vectors[N_VECTORS];
  GVariantBuilder state;

  g_variant_builder_init (&state, G_VARIANT_TYPE_VARDICT);
  heft_state_put_count (&state, "seed", self->seed);
  heft_state_put_count (&state, "samples", heft_dataset_get_n_samples (self->train));
  heft_state_put_count (&state, "optimizer", self->optimizer);
  heft_state_put_count (&state, "objective", self->objective);
  heft_state_put_number (&state, "risk", self->risk);
  heft_state_put_count (&state, "step", self->step);
  heft_state_put_count (&state, "optimizer-step", self->optimizer_step);
  heft_state_put_count (&state, "samples-seen", self->samples_seen);
  heft_state_put_count (&state, "batch", self->batch);
  heft_state_put_number (&state, "loss-limit", self->loss_limit);
  heft_state_put_number (&state, "beta", self->beta);
  heft_state_put_number (&state, "learning-rate", self->learning_rate);
  heft_state_put_number (&state, "momentum", self->momentum);
  heft_state_put_doubles (&state, "sums", sums, N_SUMS * self->n_stages);
  g_variant_builder_add (&state, "{sv}", "posterior", posterior);
  g_variant_builder_add (&state, "{sv}", "prior", prior);
  list_vectors (self, vectors);
  for (guint i = 0; i < N_VECTORS; i++)
    if (vectors[i].values != NULL)
      heft_state_put_floats (&state, vectors[i].name, vectors[i].values, vectors[i].n);
  return g_variant_ref_sink (g_variant_builder_end (&state));
}

/* What must be this trainer's already. */
static gboolean
belongs_here (const HeftTrainer *self,
              GVariant          *state)
{
  guint64 seed, samples, optimizer, objective;

  return heft_state_get_count (state, "seed", &seed) && seed == self->seed &&
         heft_state_get_count (state, "samples", &samples) && samples == heft_dataset_get_n_samples (self->train) &&
         heft_state_get_count (state, "optimizer", &optimizer) && optimizer == self->optimizer &&
         heft_state_get_count (state, "objective", &objective) && objective == self->objective;
}

static gboolean
read_codes (HeftTrainer *self,
            GVariant    *state,
            GError     **error)
{
  g_autoptr (GVariant) q = g_variant_lookup_value (state, "posterior", G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) p = g_variant_lookup_value (state, "prior", G_VARIANT_TYPE_VARDICT);
  g_autoptr (HeftPosterior) posterior = q != NULL ? heft_posterior_new_from_state (self->network, q, error) : NULL;
  g_autoptr (HeftPrior) prior = posterior != NULL && p != NULL ? heft_prior_new_from_state (self->network, p, error) : NULL;

  if (prior == NULL)
    return FALSE;
  if (posterior->kind != self->code->kind || posterior->rank != self->code->rank ||
      heft_prior_get_kind (prior) != heft_prior_get_kind (self->prior))
    return FALSE;
  if (self->posterior == self->code)
    self->posterior = posterior;
  heft_posterior_free (self->code);
  self->code = g_steal_pointer (&posterior);
  heft_prior_free (self->prior);
  self->prior = g_steal_pointer (&prior);
  self->centre = heft_prior_get_centre (self->prior);
  return TRUE;
}

static gboolean
read_counters (HeftTrainer *self,
               GVariant    *state,
               GError     **error)
{
  gsize batch;

  return heft_state_get_count (state, "step", &self->step) &&
         heft_state_get_count (state, "optimizer-step", &self->optimizer_step) &&
         heft_state_get_count (state, "samples-seen", &self->samples_seen) &&
         heft_state_get_number (state, "loss-limit", &self->loss_limit) && self->loss_limit > 0.0 &&
         heft_state_get_number (state, "risk", &self->risk) && self->risk >= 0.0 &&
         heft_state_get_number (state, "beta", &self->beta) && self->beta >= 0.0 &&
         heft_state_get_number (state, "learning-rate", &self->learning_rate) && self->learning_rate > 0.0 &&
         heft_state_get_number (state, "momentum", &self->momentum) && self->momentum >= 0.0 && self->momentum < 1.0 &&
         heft_state_get_size (state, "batch", G_MAXUINT32, &batch) && heft_trainer_set_batch (self, batch, error);
}

/**
 * heft_trainer_set_state:
 *
 * The trainer may be of any number of threads. On failure its state is undefined, but it may be freed.
 */
gboolean
heft_trainer_set_state (HeftTrainer *self,
                        GVariant    *state,
                        GError     **error)
{
  g_autofree double *sums = g_new (double, N_SUMS * self->n_stages);
  GError *failure = NULL;
  Vector vectors[N_VECTORS];
  gboolean good = g_variant_is_of_type (state, G_VARIANT_TYPE_VARDICT) && belongs_here (self, state) &&
                  read_codes (self, state, &failure) && read_counters (self, state, &failure) &&
                  heft_state_get_doubles (state, "sums", N_SUMS * self->n_stages, sums);

  list_vectors (self, vectors);
  for (guint i = 0; i < N_VECTORS && good; i++)
    if (vectors[i].values != NULL)
      good = heft_state_get_floats (state, vectors[i].name, vectors[i].n, vectors[i].values);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  if (!good)
    return heft_state_refuse (error);
  for (guint i = 0; i < self->n_stages; i++)
    {
      self->stages[i].sums.square = sums[N_SUMS * i];
      self->stages[i].sums.log_deviation = sums[N_SUMS * i + 1];
      self->stages[i].first_square = sums[N_SUMS * i + 2];
      self->stages[i].first_curvature = sums[N_SUMS * i + 3];
    }
  if (self->code->rank > 0)
    heft_whole_measure (self);
  /* The order of the epoch is made anew from its number. */
  self->order_epoch = G_MAXUINT64;
  return TRUE;
}
