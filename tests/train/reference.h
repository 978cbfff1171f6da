/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/trainer.h>

G_BEGIN_DECLS

/* A data set of standard normal features and random labels. */
HeftDataset *reference_dataset (gsize n, gsize n_features, gsize n_classes, guint64 seed);
/* As the library's own, and no error. */
HeftNetwork *reference_network (const char *architecture, HeftActivation activation, HeftShape input, gsize n_classes);
HeftTrainer *reference_trainer (HeftNetwork *network, HeftDataset *data, const HeftTrainerConfig *config);
HeftStep     reference_step    (HeftTrainer *trainer);

/*
 * The objective of one training step, written down again: double precision, one number at a time, straight from theory.md section
 * 1, with the step's own noise. @log_deviation NULL means a Dirac. With dropout, dense layers only.
 */
typedef struct
{
  HeftNetwork *network;
  HeftDataset *data;
  guint32     *samples;    /* batch */
  gsize        batch;
  guint64      seed, step;
  HeftLoss     loss;       /* softmax where left alone */
  double       dropout;
  double       ceiling;    /* the most a sample's loss counts, 0 = no limit */
} ReferenceBatch;

/* The batch of step @step (from 0) of a trainer with this seed that began with this batch size. */
ReferenceBatch *reference_batch_new  (HeftNetwork *network, HeftDataset *data, gsize batch, guint64 seed, guint64 step);
void            reference_batch_free (ReferenceBatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReferenceBatch, reference_batch_free)

double reference_loss (const ReferenceBatch *batch, const double *mean, const double *log_deviation);
double reference_kl   (HeftNetwork *network, const HeftPrior *prior, const double *mean, const double *log_deviation);

double *reference_widen (const float *x, gsize n);

G_END_DECLS
