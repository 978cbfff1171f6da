/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/description.h>
#include <heft/error.h>

double
heft_code_length_uniform (double n_samples, double n_classes)
{
  return n_samples * log (n_classes);
}

double
heft_code_length_variational (double n_samples, double expected_loss, double kl)
{
  return n_samples * expected_loss + kl;
}

void
heft_prequential_clear (HeftPrequential *self)
{
  g_clear_pointer (&self->ends, g_free);
  g_clear_pointer (&self->nats, g_free);
  self->n_blocks = 0;
}

/* first, first * growth, ... rounded, each at least one further, up to N. */
static GArray *
block_ends (gsize n_samples, gsize first, double growth)
{
  GArray *ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  gsize end = MIN (first, n_samples);

  g_array_append_val (ends, end);
  while (end < n_samples)
    {
      double next = floor ((double) end * growth + 0.5);

      end = next >= (double) n_samples ? n_samples : MAX ((gsize) next, end + 1);
      g_array_append_val (ends, end);
    }
  return ends;
}

static gboolean
check_arguments (gsize n_samples, gsize n_classes, gsize first, double growth, GError **error)
{
  if (n_samples > 0 && n_classes > 0 && first > 0 && growth > 1 && isfinite (growth))
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("A prequential code needs samples, classes, a first block of at least 1 sample and a growth above 1,"
                 " not %zu, %zu, %zu and %g."), n_samples, n_classes, first, growth);
  return FALSE;
}

gboolean
heft_prequential_code (gsize n_samples, gsize n_classes, gsize first, double growth, HeftPrequentialFunc func,
                       gpointer user_data, HeftPrequential *code, GError **error)
{
  g_auto (HeftPrequential) made = { 0 };
  g_autoptr (GArray) ends = NULL;

  g_return_val_if_fail (func != NULL && code != NULL, FALSE);

  if (!check_arguments (n_samples, n_classes, first, growth, error))
    return FALSE;
  ends = block_ends (n_samples, first, growth);
  made.n_blocks = ends->len;
  made.ends = g_new (gsize, ends->len);
  made.nats = g_new (double, ends->len);
  for (gsize b = 0; b < made.n_blocks; b++)
    {
      gsize seen = b == 0 ? 0 : made.ends[b - 1];

      made.ends[b] = g_array_index (ends, gsize, b);
      if (b == 0)
        made.nats[b] = heft_code_length_uniform ((double) made.ends[b], (double) n_classes);
      else if (!func (seen, made.ends[b] - seen, &made.nats[b], user_data, error))
        return FALSE;
      if (!isfinite (made.nats[b]))
        {
          g_set_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL,
                       _("The code of samples %zu to %zu is not finite: lower the learning rate."), seen + 1, made.ends[b]);
          return FALSE;
        }
      made.total += made.nats[b];
    }
  *code = made;
  made = (HeftPrequential) { 0 };
  return TRUE;
}

/* --- By a network ------------------------------------------------------------------------------------------------ */

typedef struct
{
  HeftNetwork                   *network;
  HeftDataset                   *data;
  const HeftPrequentialTraining *training;
  GCancellable                  *cancellable;
  guint64                        done, total;
} Coder;

static guint64
steps_for (const Coder *self, gsize n_seen)
{
  gsize batch = MIN (self->training->config.batch, n_seen);
  double steps = self->training->epochs * (double) n_seen / (double) batch;

  return MAX ((guint64) ceil (steps), self->training->least_steps);
}

static gboolean
train_block (Coder *self, HeftTrainer *trainer, gsize n_seen, GError **error)
{
  guint64 steps = steps_for (self, n_seen);

  for (guint64 i = 0; i < steps; i++)
    {
      HeftStep step;

      if (!heft_trainer_step (trainer, &step, error))
        return FALSE;
      self->done++;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (self->training->progress != NULL &&
          !self->training->progress (self->done, self->total, self->training->user_data))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The prequential code was stopped."));
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
write_block (gsize n_seen, gsize n_next, double *nats, gpointer user_data, GError **error)
{
  Coder *self = user_data;
  HeftTrainerConfig config = self->training->config;
  g_autoptr (HeftDataset) seen = heft_dataset_head (self->data, n_seen);
  g_autoptr (HeftDataset) next = NULL;
  g_autoptr (HeftTrainer) trainer = NULL;
  g_autofree guint32 *indices = g_new (guint32, n_next);
  HeftEvaluation evaluation;
  const HeftPosterior *posterior;
  guint draws;

  for (gsize i = 0; i < n_next; i++)
    indices[i] = (guint32) (n_seen + i);
  next = heft_dataset_subset (self->data, indices, n_next);
  config.beta = self->training->n_beta / (double) n_seen;
  config.batch = MIN (config.batch, n_seen);
  trainer = heft_trainer_new (self->network, seen, &config, error);
  if (trainer == NULL || !train_block (self, trainer, n_seen, error))
    return FALSE;
  posterior = heft_trainer_get_posterior (trainer);
  draws = posterior->kind == HEFT_POSTERIOR_DIRAC ? 1 : MAX (self->training->n_draws, 1);
  if (!heft_evaluate (self->network, posterior, next, 0, config.seed, 0, draws, config.n_threads, self->cancellable, &evaluation,
                      error))
    return FALSE;
  *nats = evaluation.loss * (double) n_next;
  return TRUE;
}

gboolean
heft_prequential_train (HeftNetwork *network, HeftDataset *data, const HeftPrequentialTraining *training, gsize first,
                        double growth, GCancellable *cancellable, HeftPrequential *code, GError **error)
{
  gsize n = heft_dataset_get_n_samples (data);
  gsize classes = heft_network_get_n_classes (network);
  Coder coder = { network, data, training, cancellable };
  g_autoptr (GArray) ends = NULL;

  if (!check_arguments (n, classes, first, growth, error))
    return FALSE;
  ends = block_ends (n, first, growth);
  for (guint b = 0; b + 1 < ends->len; b++)
    coder.total += steps_for (&coder, g_array_index (ends, gsize, b));
  return heft_prequential_code (n, classes, first, growth, write_block, &coder, code, error);
}
