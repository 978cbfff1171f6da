/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/dataset.h>
#include <heft/experiment.h>
#include <heft/network.h>

G_BEGIN_DECLS

/* The lab, experiment `train`: its tables (train-tables.c), its sentences (train-sentences.c), its work (train.c), what it
 * measures beside training (train-measure.c) and the sweep over beta (train-sweep.c). */

enum
{
  HEFT_TRAIN_BATCH_LOSS,
  HEFT_TRAIN_TRAIN_LOSS,
  HEFT_TRAIN_TEST_LOSS,
  HEFT_TRAIN_LAGRANGIAN,
  HEFT_TRAIN_TRAIN_ERROR,
  HEFT_TRAIN_TEST_ERROR,
  HEFT_TRAIN_TEST_ERROR_MEAN,
  HEFT_TRAIN_KL,
  HEFT_TRAIN_KL_LAYERS,
  HEFT_TRAIN_FISHER_TRACE,
  HEFT_TRAIN_FISHER_TRACE_SCALED,
  HEFT_TRAIN_GAUSSIAN,
  HEFT_TRAIN_GAUSSIAN_LAYERS,
  HEFT_TRAIN_TRADEOFF,
  HEFT_TRAIN_TRADEOFF_BETA,
  HEFT_TRAIN_BETA,
  HEFT_TRAIN_HULL,
  HEFT_TRAIN_ELBO,
};

enum
{
  HEFT_TRAIN_SWEEP,
};

extern const HeftExperiment heft_experiment_train;

char    *heft_train_loss_sentence       (HeftRecord *record);
char    *heft_train_kl_sentence         (HeftRecord *record);
char    *heft_train_spectra_sentence    (HeftRecord *record);
char    *heft_train_curve_sentence      (HeftRecord *record);
char    *heft_train_tradeoff_sentence   (HeftRecord *record);
char    *heft_train_invariance_sentence (HeftRecord *record);
char    *heft_train_ledger_sentence     (HeftRecord *record);

/* The network that the parameters architecture and activation describe for @data, whose classes may all occur in the test part alone. */
HeftNetwork *heft_train_network_new (const HeftParameters *parameters, const HeftDataPair *data, GError **error);

gboolean heft_train_check (HeftParameters *parameters, GError **error);
void     heft_train_prepare (HeftRecord *record, const HeftParameters *parameters);
gboolean heft_train_run   (HeftRun *run, GError **error);
gboolean heft_train_sweep (HeftRun *run, GError **error);

G_END_DECLS
