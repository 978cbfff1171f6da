/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib/gi18n-lib.h>
#include <heft/experiment.h>

#include "experiments/choices.h"

G_BEGIN_DECLS

/* The parameters that several experiments have, each written down once: every macro is the part of a HeftParameterSpec's initialiser that is
 * the same wherever the parameter stands. A table adds the default, which is always the experiment's own, and what the macro leaves out;
 * it never names a field again, for the compiler takes that for a slip. */

#define HEFT_COMMON_DATASET \
  .id = "dataset", .label = N_("Data"), .kind = HEFT_PARAMETER_DATASET, .group = HEFT_GROUP_DATA
#define HEFT_COMMON_LEARNED_DATASET \
  HEFT_COMMON_DATASET, .help = N_("What the network learns: a named set, or a file of your own.")

#define HEFT_COMMON_SAMPLES \
  .id = "samples", .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_DATA, .minimum = 0, .maximum = 1e7
/* Without the label: not every formula calls their number N. */
#define HEFT_COMMON_TRAINING_SAMPLES \
  HEFT_COMMON_SAMPLES, .help = N_("How many training samples are used; 0 uses all.")

#define HEFT_COMMON_LABEL_NOISE \
  .id = "label-noise", .label = N_("Label noise"), .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .minimum = 0, .maximum = 1
#define HEFT_COMMON_UNIFORM_LABEL_NOISE \
  HEFT_COMMON_LABEL_NOISE, \
  .help = N_("The share of training labels replaced by labels drawn uniformly from all classes, right or wrong.")

#define HEFT_COMMON_ARCHITECTURE \
  .id = "architecture", .label = N_("Hidden layers"), .kind = HEFT_PARAMETER_TEXT, .group = HEFT_GROUP_NETWORK
#define HEFT_COMMON_DENSE_ARCHITECTURE \
  HEFT_COMMON_ARCHITECTURE, .help = N_("Widths of the hidden layers, such as 256-256; empty for a linear classifier.")
#define HEFT_COMMON_ACTIVATION \
  .id = "activation", .label = N_("Activation"), .help = N_("The non-linearity after each hidden layer."), .kind = HEFT_PARAMETER_CHOICE, \
  .group = HEFT_GROUP_NETWORK, .choices = heft_choices_activations, .choice_labels = heft_choices_activation_labels

/* Without the choices. */
#define HEFT_COMMON_PRIOR \
  .id = "prior", .label = N_("Prior $P$"), .help = N_("The code chosen before the data, against which KL is counted."), \
  .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_CODES
/* Without the group: where it is dragged while the network trains it stands beside beta. */
#define HEFT_COMMON_LAMBDA \
  .id = "lambda", .label = N_("$\\lambda$"), .help = N_("The standard deviation of the prior."), .kind = HEFT_PARAMETER_REAL, \
  .minimum = 1e-6, .maximum = 100, .logarithmic = TRUE

/* Of a low-rank posterior. */
#define HEFT_COMMON_RANK \
  .id = "rank", .label = N_("Rank $r$"), .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_CODES, .minimum = 1, \
  .maximum = HEFT_MAX_RANK, .when = "posterior=low-rank", \
  .help = N_("Directions in which the weights of a layer vary together; only of the low-rank posterior.")

/* Any price of a nat, without a name. */
#define HEFT_COMMON_PRICE \
  .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 1e-12, .maximum = 1e3, .logarithmic = TRUE, .per_sample = TRUE
#define HEFT_COMMON_BETA \
  .id = "beta", .label = N_("$\\beta$"), HEFT_COMMON_PRICE, \
  .help = N_("The price of a nat: what KL(Q‖P) counts against the mean loss. 1/N is the evidence lower bound (ELBO).")

#define HEFT_COMMON_LEARNING_RATE \
  .id = "learning-rate", .label = N_("Learning rate $\\eta$"), .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, \
  .minimum = 1e-8, .maximum = 100, .logarithmic = TRUE
#define HEFT_COMMON_SWEPT_LEARNING_RATE \
  HEFT_COMMON_LEARNING_RATE, .help = N_("The length of a step; it falls to a twentieth at the end of each point.")
#define HEFT_COMMON_BATCH \
  .id = "batch", .label = N_("Batch size $B$"), .help = N_("Samples in a step; smaller batches are noisier."), \
  .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_OPTIMIZER, .minimum = 1, .maximum = 65536, .logarithmic = TRUE
/* Without label, help and the most there may be. */
#define HEFT_COMMON_EPOCHS \
  .id = "epochs", .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0.01, .logarithmic = TRUE

/* Draws from Q; without label, help and range. */
#define HEFT_COMMON_DRAWS \
  .id = "draws", .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .logarithmic = TRUE
#define HEFT_COMMON_SWEPT_DRAWS \
  HEFT_COMMON_DRAWS, .label = N_("Weight draws"), .minimum = 1, .maximum = 1000, \
  .help = N_("How many networks drawn from Q each loss averages over; the same draws at every β.")
/* Of a certificate. */
#define HEFT_COMMON_CERTIFICATE_DRAWS \
  HEFT_COMMON_DRAWS, .label = N_("Weight draws $m$"), .help = N_("How many networks drawn from Q the certificate is measured by."), \
  .minimum = 1, .maximum = 1e7
#define HEFT_COMMON_DRAW_SAMPLES \
  .id = "draw-samples", .label = N_("Samples a draw"), .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, \
  .help = N_("How many samples, drawn with replacement, each network is measured on; 0 takes all of them once."), \
  .minimum = 0, .maximum = 1e7, .default_text = "100"
#define HEFT_COMMON_DELTA \
  .id = "delta", .label = N_("$\\delta$"), .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 1e-9, .maximum = 0.5, \
  .help = N_("The probability with which the certificate may fail, over training sets and draws."), .logarithmic = TRUE, \
  .default_text = "0.035"
#define HEFT_COMMON_INVARIANCE_LAYER \
  .id = "invariance-layer", .label = N_("Layer of the invariance maps"), .kind = HEFT_PARAMETER_INTEGER, \
  .group = HEFT_GROUP_MEASUREMENT, .minimum = 0, .maximum = 1000, .live = TRUE, \
  .help = N_("1 is the first hidden layer; one more than there are hidden layers is the logits; 0 is the last hidden layer.")
/* Without the help, which says what is saved. */
#define HEFT_COMMON_EFFORT \
  .id = "effort", .label = N_("Effort"), .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_MEASUREMENT, \
  .choices = heft_choices_efforts, .choice_labels = heft_choices_effort_labels

G_END_DECLS
