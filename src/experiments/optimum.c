/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "experiments/optimum.h"
#include "experiments/words.h"

gboolean
heft_live_run (HeftRun *run, HeftLiveShow show, gpointer user_data, GError **error)
{
  gboolean changed;

  do
    {
      GError *failure = NULL;

      changed = FALSE;
      if (!show (run, &changed, user_data, &failure))
        {
          if (failure != NULL)
            g_propagate_error (error, failure);
          return failure == NULL;
        }
    }
  while (changed || heft_run_wait (run));
  return TRUE;
}

void
heft_optimum_curve_begin (HeftOptimumCurve *self)
{
  g_return_if_fail (self->n_points > 1 && self->n_points <= HEFT_OPTIMUM_MOST_POINTS);
  for (gsize s = 0; s < heft_record_get_n_series (self->record); s++)
    heft_record_clear_series (self->record, s);
  self->n = 0;
}

double
heft_optimum_curve_beta (const HeftOptimumCurve *self)
{
  return self->lowest * pow (self->highest / self->lowest, (double) self->n / (double) (self->n_points - 1));
}

gboolean
heft_optimum_curve_add (HeftOptimumCurve *self, HeftRun *run, double lagrangian, double information, double expected_loss, gboolean *changed)
{
  double beta = heft_optimum_curve_beta (self);

  self->betas[self->n] = beta;
  self->informations[self->n] = information;
  self->losses[self->n] = expected_loss;
  self->n++;
  heft_record_append (self->record, self->minimum, 0, beta, lagrangian);
  heft_record_append (self->record, self->minimum_slope, 0, beta, information);
  heft_record_append (self->record, self->rate, 0, information, expected_loss);
  heft_record_append (self->record, self->rate_beta, 0, information, beta);
  return heft_run_point (run, self->n, 0, 0, (double) self->n / (double) self->n_points, changed);
}

void
heft_optimum_curve_store (const HeftOptimumCurve *self)
{
  heft_record_set_result_array (self->record, "curve_beta", self->betas, self->n);
  heft_record_set_result_array (self->record, "curve_information", self->informations, self->n);
  heft_record_set_result_array (self->record, "curve_expected_loss", self->losses, self->n);
}

char *
heft_optimum_minimum_sentence (HeftRecord *record)
{
  g_autofree char *slope = NULL, *information = NULL;

  if (!heft_record_get_result (record, "slope", NULL))
    return NULL;
  slope = heft_words_result (record, "slope");
  information = heft_words_result (record, "information");
  return g_strdup_printf (_("The slope of min $C_\\beta$ is %s nats, by differences; the information "
                            "$\\mathrm{KL}(Q^* \\Vert P)$ is %s nats: they are one."), slope, information);
}

char *
heft_optimum_rate_sentence (HeftRecord *record)
{
  g_autofree char *information = NULL, *loss = NULL;

  if (!heft_record_get_result (record, "information", NULL))
    return NULL;
  information = heft_words_result (record, "information");
  loss = heft_words_result (record, "expected_loss");
  return g_strdup_printf (_("At the chosen $\\beta$, %s nats buy an expected loss of %s nats; the slope there is $-\\beta$."),
                          information, loss);
}
