/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/error.h>

#include "experiments/certificate.h"
#include "experiments/lagrangian.h"
#include "experiments/network.h"
#include "experiments/random-labels.h"
#include "experiments/shannon-exact.h"
#include "experiments/shannon.h"
#include "experiments/tradeoff.h"
#include "experiments/train.h"
#include "experiments/two-weights.h"

static const HeftExperiment *const experiments[] = {
  &heft_experiment_train,
  &heft_experiment_lagrangian,
  &heft_experiment_two_weights,
  &heft_experiment_network,
  &heft_experiment_tradeoff,
  &heft_experiment_random_labels,
  &heft_experiment_certificate,
  &heft_experiment_shannon,
  &heft_experiment_shannon_exact,
  NULL
};

/**
 * heft_experiments:
 * @n: (out) (optional): how many there are
 *
 * Returns: (transfer none): every experiment, in the gallery's order, NULL-terminated
 */
const HeftExperiment *const *
heft_experiments (gsize *n)
{
  if (n != NULL)
    *n = G_N_ELEMENTS (experiments) - 1;
  return experiments;
}

const HeftExperiment *
heft_experiment_find (const char *id, GError **error)
{
  const char *ids[G_N_ELEMENTS (experiments)] = { NULL };
  g_autofree char *shown = NULL;

  for (gsize i = 0; experiments[i] != NULL; i++)
    {
      if (strcmp (experiments[i]->id, id) == 0)
        return experiments[i];
      ids[i] = experiments[i]->id;
    }
  shown = g_utf8_make_valid (id, -1);
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND, _("There is no experiment “%s”; did you mean “%s”?"), shown,
               heft_nearest_name (shown, ids));
  return NULL;
}

const HeftParameterSpec *
heft_experiment_find_parameter (const HeftExperiment *experiment, const char *id)
{
  for (gsize i = 0; i < experiment->n_parameters; i++)
    if (strcmp (experiment->parameters[i].id, id) == 0)
      return &experiment->parameters[i];
  return NULL;
}
