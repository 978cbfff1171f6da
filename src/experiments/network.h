/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/curvature.h>
#include <heft/experiment.h>
#include <heft/invariance.h>
#include <heft/measure.h>

#include "information/noise.h"

G_BEGIN_DECLS

/* Experiment `network`: a trained network made elsewhere and what can be measured of it. Its work is in network.c, what it shows in
 * network-frames.c, its tables and sentences in network-tables.c. */

extern const HeftExperiment heft_experiment_network;

/* Hidden layers and epochs of the network that is trained where no file is given. */
#define HEFT_NETWORK_HIDDEN "24-16"
#define HEFT_NETWORK_EPOCHS 20

/* What has been measured so far. What beta and lambda do not move is measured once. */
typedef struct
{
  HeftNetwork     *network;
  double          *weights;           /* k */
  HeftDataset     *data;              /* the samples measured */
  HeftMeasurement *measurement;
  HeftSigmaStar    sigma;             /* of the whole Fisher, of EKFAC or of the diagonal; blocks too where very many points are looked at */
  double           beta, lambda;      /* now */
  GPtrArray       *effective;         /* HeftEffectiveLayer */
  HeftNuisanceTable *nuisances;       /* NULL where inputs are no images */
  double           first_lambda;      /* of the run: another one later was chosen after the samples had been seen */
  gsize            draw_samples;
  HeftNoiseRisk    risk;              /* of Q = N(weights, Sigma*), by the draws so far */
  HeftCertificate  certificate;       /* of these */
} HeftMeasuredNetwork;

void     heft_measured_network_clear (HeftMeasuredNetwork *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftMeasuredNetwork, heft_measured_network_clear)

/* What the numbers of a HeftMeasuredNetwork look like: frames of the panels, and results. */
void     heft_network_publish_spectra     (HeftRecord *record, const HeftMeasuredNetwork *self);
void     heft_network_publish_information (HeftRecord *record, const HeftMeasuredNetwork *self);
void     heft_network_publish_effective   (HeftRecord *record, const HeftMeasuredNetwork *self);
void     heft_network_publish_nuisances   (HeftRecord *record, const HeftMeasuredNetwork *self);
/* The certificate so far; with @done, when its draws are, the results too. */
void     heft_network_publish_certificate (HeftRecord *record, const HeftMeasuredNetwork *self, gboolean done);
void     heft_network_publish_ledger      (HeftRecord *record, const HeftMeasuredNetwork *self);

/* Loads data and network, and says what does not fit. */
gboolean heft_network_check (HeftParameters *parameters, GError **error);
gboolean heft_network_run (HeftRun *run, GError **error);
/* The same with other limits than those of a person's machine, for tests. */
gboolean heft_network_run_within (HeftRun *run, const HeftNoiseLimits *limits, GError **error);

char    *heft_network_spectra_sentence     (HeftRecord *record);
char    *heft_network_hessian_sentence     (HeftRecord *record);
char    *heft_network_information_sentence (HeftRecord *record);
char    *heft_network_costs_sentence       (HeftRecord *record);
char    *heft_network_effective_sentence   (HeftRecord *record);
char    *heft_network_nuisances_sentence   (HeftRecord *record);
char    *heft_network_directions_sentence  (HeftRecord *record);
char    *heft_network_certificate_sentence (HeftRecord *record);
char    *heft_network_ledger_sentence      (HeftRecord *record);

G_END_DECLS
