/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "experiments/train-private.h"
#include "experiments/words.h"

/* What clipping did, or NULL where it did nothing. */
static char *
clip_words (const HeftMeasureRequest *request)
{
  g_autofree char *share = heft_words_percent (request->clipped), *norm = heft_words_number (request->gradient_norm);
  g_autofree char *factor = heft_words_percent (request->clip);

  if (!(request->clipped > 0))
    return NULL;
  if (request->clip < 1)
    return g_strdup_printf (_("Clipping shortened %s of the gradients since the last measurement; the latest, %s long, to %s of it."),
                            share, norm, factor);
  return g_strdup_printf (_("Clipping shortened %s of the gradients since the last measurement; the latest, %s long, it left as it was."),
                          share, norm);
}

void
heft_train_ledger_lambdas (HeftLedger *ledger, const HeftPrior *prior, gsize n_layers)
{
  g_autoptr (GString) values = g_string_new (NULL);
  gboolean alike = TRUE;

  for (gsize l = 0; l < n_layers; l++)
    {
      g_autofree char *value = heft_words_number (heft_prior_get_lambda (prior, l));

      g_string_append_printf (values, "%s%s", l > 0 ? ", " : "", value);
      alike = alike && heft_prior_get_lambda (prior, l) == heft_prior_get_lambda (prior, 0);
    }
  /* One scale for all is said elsewhere. */
  if (!alike)
    heft_ledger_add_words (ledger, _("Scales $\\lambda_l$"), values->str,
                           heft_prior_get_kind (prior) == HEFT_PRIOR_EMPIRICAL_BAYES ? _("those that minimise KL, layer by layer")
                                                                                     : _("layer by layer"),
                           HEFT_QUANTITY_PRIOR);
}

void
heft_train_ledger_course (HeftLedger *ledger, const HeftMeasureRequest *request)
{
  g_autofree char *clip = clip_words (request);

  if (request->annealed < 1)
    {
      g_autofree char *share = heft_words_percent (request->annealed);

      heft_ledger_add_words (ledger, _("$\\beta$ so far"), share, _("of β acts while it is annealed"), HEFT_QUANTITY_REFERENCE);
    }
  if (clip != NULL)
    {
      g_autofree char *share = heft_words_percent (request->clipped);

      heft_ledger_add_words (ledger, _("Gradients clipped"), share, clip, HEFT_QUANTITY_REFERENCE);
    }
}

void
heft_train_publish_course (HeftRecord *record, const HeftMeasureRequest *request)
{
  g_autofree char *clip = clip_words (request);
  g_autoptr (HeftFrame) last = heft_record_get_frame (record, "course");
  HeftFrame *frame;

  /* What was said before holds no longer, but why training ended does. */
  if ((clip == NULL && last == NULL) || (last != NULL && heft_frame_get_text (last, "end") != NULL))
    return;
  frame = heft_frame_new ("course", request->step);
  if (clip != NULL)
    heft_frame_set_text (frame, "clip", clip);
  heft_record_publish (record, frame);
}

void
heft_train_publish_sweep (HeftRecord *record, const HeftRateCurve *curve)
{
  HeftFrame *frame = heft_frame_new ("sweep", 0);
  HeftRateMisfit misfit;

  if (heft_rate_curve_evidence (curve, HEFT_TRAIN_SMALL_MISFIT, &misfit))
    {
      heft_frame_set_number (frame, "misfit", misfit.value);
      heft_frame_set_number (frame, "error", misfit.error);
      heft_frame_set_number (frame, "certain", misfit.certain);
      heft_frame_set_number (frame, "beta", misfit.beta);
    }
  heft_record_publish (record, frame);
}

void
heft_train_publish_end (HeftRecord *record, guint64 step, const HeftPlateau *plateau)
{
  g_autofree char *epochs = heft_words_number (plateau->before.n), *fall = heft_words_number (plateau->fall);
  g_autofree char *error = heft_words_number (plateau->error), *level = heft_words_number (plateau->level);
  g_autofree char *words = g_strdup_printf (_("Training ended on a plateau: over the last %s epochs the Lagrangian was %s nats lower than "
                                              "over those before, standard error %s, at a level of %s nats."), epochs, fall, error, level);
  HeftFrame *frame = heft_frame_new ("course", step);

  heft_frame_set_text (frame, "end", words);
  heft_record_publish (record, frame);
}
