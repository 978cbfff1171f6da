/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "experiments/train-private.h"
#include "experiments/words.h"

static char *
last_percent (HeftRecord *record, const char *series)
{
  double y;

  return heft_record_get_last (record, series, 0, NULL, &y) ? heft_words_percent (y) : g_strdup ("–");
}

/* How training goes and why it ended, where there is something to say; takes @sentence. */
static char *
add_course (HeftRecord *record, char *sentence)
{
  g_autoptr (HeftFrame) course = heft_record_get_frame (record, "course");
  g_autofree char *owned = sentence;
  const char *clip = course != NULL ? heft_frame_get_text (course, "clip") : NULL;
  const char *end = course != NULL ? heft_frame_get_text (course, "end") : NULL;

  if (sentence == NULL || (clip == NULL && end == NULL))
    return g_steal_pointer (&owned);
  return g_strjoin (" ", sentence, end != NULL ? end : clip, NULL);
}

char *
heft_train_loss_sentence (HeftRecord *record)
{
  double step, y;
  g_autofree char *steps = NULL, *error = NULL, *train = NULL, *test = NULL;

  if (!heft_record_get_last (record, "test_error", 0, &step, &y))
    {
      if (!heft_record_get_last (record, "batch_loss", 0, &step, &y))
        return NULL;
      steps = heft_words_count ((guint64) step);
      train = heft_words_number (y);
      return add_course (record, g_strdup_printf (_("At step %s the loss of the minibatch was %s nats."), steps, train));
    }
  steps = heft_words_count ((guint64) step);
  error = heft_words_percent (y);
  train = heft_words_last (record, "train_loss");
  test = heft_words_last (record, "test_loss");
  return add_course (record, g_strdup_printf (_("After %s steps $Q$ errs on %s of test samples (weight draws); $E_Q L$ is %s nats on "
                                                "training and %s on test samples."), steps, error, train, test));
}

char *
heft_train_kl_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "kl-thresholds");
  g_autofree char *total = NULL, *limit = NULL, *share = NULL;
  double threshold = frame != NULL ? heft_frame_get_number (frame, "threshold", NAN) : NAN;
  double y;

  if (heft_record_get_last (record, "kl", 0, NULL, &y) && threshold > 0)
    {
      total = heft_words_number (y);
      limit = heft_words_number (threshold);
      share = heft_words_percent (y / threshold);
      return g_strdup_printf (_("The weights hold %s nats more than the prior; memorising every label would cost about "
                                "$N\\log C$ = %s nats, so this is %s of it."), total, limit, share);
    }
  if (heft_record_get_last (record, "gaussian_information", 0, NULL, &y))
    {
      total = heft_words_number (y);
      return g_strdup_printf (_("A point has infinite KL to any prior; the Gaussian (Laplace) information around it is %s nats."),
                              total);
    }
  return NULL;
}

static char *
paid_words (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "spectra");
  g_autofree char *threshold = NULL, *paid = NULL, *all = NULL;
  double directions, parameters;

  if (frame == NULL)
    return NULL;
  directions = heft_frame_get_number (frame, "paid_directions", NAN);
  parameters = heft_frame_get_number (frame, "parameters", NAN);
  if (!isfinite (directions) || !isfinite (parameters))
    return NULL;
  paid = heft_words_count ((guint64) directions);
  all = heft_words_count ((guint64) parameters);
  if (!isfinite (heft_frame_get_number (frame, "threshold", NAN)))
    return g_strdup_printf (_("%s of %s directions lie above $\\beta/\\lambda^2$ of their layer and are paid for; the "
                              "others are free."), paid, all);
  threshold = heft_words_number (heft_frame_get_number (frame, "threshold", NAN));
  return g_strdup_printf (_("%s of %s directions lie above $\\beta/\\lambda^2$ = %s and are paid for; the "
                            "others are free."), paid, all,
                          threshold);
}

/* The trace with the scale of the logits divided out stands beside the raw one: that falls when logits merely saturate. */
char *
heft_train_spectra_sentence (HeftRecord *record)
{
  g_autofree char *paid = paid_words (record), *raw = NULL, *scaled = NULL;
  double trace, trace_scaled;

  if (paid == NULL || !heft_record_get_last (record, "fisher_trace", 0, NULL, &trace)
      || !heft_record_get_last (record, "fisher_trace_scaled", 0, NULL, &trace_scaled))
    return g_steal_pointer (&paid);
  raw = heft_words_number (trace);
  scaled = heft_words_number (trace_scaled);
  return g_strdup_printf (_("%s The trace of $F$ is %s nats, and %s with the scale of the logits divided out."), paid, raw, scaled);
}

/* Of the point of the ELBO; NULL before there is one. */
static char *
elbo_sentence (HeftRecord *record)
{
  g_autofree char *words_kl = NULL, *words_loss = NULL;
  double kl, loss;

  if (!heft_record_get_last (record, "elbo", 0, &kl, &loss))
    return NULL;
  words_kl = heft_words_number (kl);
  words_loss = heft_words_number (loss);
  return g_strdup_printf (_("The ELBO ($N\\beta = 1$) buys %s nats for %s nats of KL."), words_loss, words_kl);
}

/* The points of a curve that a sweep has traced so far, and that of the ELBO. */
char *
heft_train_curve_sentence (HeftRecord *record)
{
  int series = heft_record_find_series (record, "tradeoff");
  gsize n = series >= 0 ? heft_record_get_length (record, (gsize) series, 0) : 0;
  double kl, loss, beta;
  g_autofree char *words_kl = NULL, *words_loss = NULL, *words_beta = NULL, *count = NULL, *points = NULL, *elbo = NULL;

  if (n == 0 || !heft_record_get_last (record, "tradeoff", 0, &kl, &loss) ||
      !heft_record_get_last (record, "tradeoff_beta", 0, NULL, &beta))
    return g_strdup (_("A sweep traces $E_Q L$ against KL, one $\\beta$ after the other."));
  words_kl = heft_words_number (kl);
  words_loss = heft_words_number (loss);
  words_beta = heft_words_number (beta);
  count = heft_words_count (n);
  points = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                         "%s point; the last, at $\\beta$ = %s, buys $E_Q L$ = %s nats for %s nats of KL.",
                                         "%s points; the last, at $\\beta$ = %s, buys $E_Q L$ = %s nats for %s nats of KL.", n),
                            count, words_beta, words_loss, words_kl);
  elbo = elbo_sentence (record);
  return g_strjoin (" ", points, elbo, NULL);
}

/* The identity KL = d min C / d beta, over the points so far: how far it fails, and where that is neither little nor the draws' noise, on which
 * side and what to do. */
char *
heft_train_tradeoff_sentence (HeftRecord *record)
{
  g_autofree char *curve = heft_train_curve_sentence (record), *elbo = elbo_sentence (record), *check = NULL;
  g_autofree char *percent = NULL, *error = NULL, *beta = NULL;
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "sweep");
  double misfit = frame != NULL ? heft_frame_get_number (frame, "misfit", NAN) : NAN, noise, certain, doubt;

  if (!isfinite (misfit))
    return g_steal_pointer (&curve);
  noise = heft_frame_get_number (frame, "error", 0);
  certain = heft_frame_get_number (frame, "certain", 0);
  doubt = MAX (HEFT_TRAIN_SMALL_MISFIT, 2 * noise);
  percent = heft_words_percent (fabs (certain) > doubt ? MAX (fabs (misfit), fabs (certain)) : fabs (misfit));
  error = heft_words_percent (noise);
  beta = heft_words_number (heft_frame_get_number (frame, "beta", NAN));
  if (fabs (misfit) <= doubt && fabs (certain) <= doubt)
    check = g_strdup_printf (_("As far as the weight draws tell, KL and the slope of min $C_\\beta$ differ by at most %s (standard error %s)."),
                             percent, error);
  else if (fabs (certain) <= doubt)
    check = g_strdup_printf (_("KL and the slope of min $C_\\beta$ differ by %s (standard error %s): below $\\beta$ = %s KL changes too fast for "
                               "the points to tell whether they are optima."), percent, error, beta);
  else if (certain < 0)
    check = g_strdup_printf (_("KL and the slope of min $C_\\beta$ differ by %s (standard error %s): KL is still above its optimum below "
                               "$\\beta$ = %s. More epochs a point of the sweep lower it."), percent, error, beta);
  else
    check = g_strdup_printf (_("KL and the slope of min $C_\\beta$ differ by %s (standard error %s): the codes about $\\beta$ = %s are "
                               "not yet at their optimum. More epochs a point of the sweep bring them there."), percent, error, beta);
  /* The check and its remedy come first: a small panel has no room for all. */
  return g_strjoin (" ", check, elbo != NULL ? elbo : curve, NULL);
}

/* Of a map over the plane. */
static char *
plane_words (HeftFrame *frame)
{
  g_autofree char *area = heft_words_number (heft_frame_get_number (frame, "smallest_area", NAN));
  g_autofree char *blind = heft_words_percent (heft_frame_get_number (frame, "blind_share", 0));

  return g_strdup_printf (_("After %s the smallest area told apart from the weight noise is %s; on %s of the plane one direction or "
                            "both are not seen."), heft_frame_get_text (frame, "layer"), area, blind);
}

char *
heft_train_invariance_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "invariance");
  const char *layer;
  g_autofree char *smallest = NULL, *blind = NULL;
  double least;

  if (frame == NULL)
    return NULL;
  layer = heft_frame_get_text (frame, "layer");
  if (isfinite (heft_frame_get_number (frame, "smallest_area", NAN)))
    return plane_words (frame);
  least = heft_frame_get_number (frame, "smallest_change", NAN);
  if (layer == NULL || !isfinite (least))
    return NULL;
  smallest = heft_words_number (least);
  blind = heft_words_percent (heft_frame_get_number (frame, "blind_share", 0));
  return g_strdup_printf (_("After %s a change of %s in the most visible input stands out from the weight noise; %s of the "
                            "inputs could move across their whole range unseen."), layer, smallest, blind);
}

char *
heft_train_ledger_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "ledger");
  g_autofree char *words = NULL, *error = NULL;
  /* The ledger's own sum: the curve stops at the last step where loss and KL were measured together. */
  double sum = frame != NULL ? heft_frame_get_number (frame, "lagrangian", NAN) : NAN;

  if (!isfinite (sum))
    return NULL;
  words = heft_words_number (sum);
  error = last_percent (record, "test_error");
  return g_strdup_printf (_("Loss plus $\\beta\\,\\mathrm{KL}$ comes to %s nats a sample; the test error of $Q$ is "
                            "%s."), words, error);
}
