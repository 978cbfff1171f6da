/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/bound.h>
#include <heft/experiment.h>
#include <heft/trainer.h>

#include "experiments/ledger.h"

G_BEGIN_DECLS

/* Experiment `certificate`: its tables (certificate-tables.c), data, network and codes (certificate-setup.c), what it shows
 * (certificate-show.c), its work (certificate.c). */

enum
{
  HEFT_CERTIFY_BOUND,            /* of training: running estimates */
  HEFT_CERTIFY_RISK,
  HEFT_CERTIFY_KL,
  HEFT_CERTIFY_KL_LAYERS,
  HEFT_CERTIFY_BETA,
  HEFT_CERTIFY_EMPIRICAL,        /* of the draws */
  HEFT_CERTIFY_UPPER,
  HEFT_CERTIFY_PAC_BAYES_KL,
  HEFT_CERTIFY_MCALLESTER,
  HEFT_CERTIFY_LAGRANGIAN,
  HEFT_CERTIFY_TEST,
};

/* From this a bound, rounded to a tenth of a percent, says nothing. */
#define HEFT_CERTIFY_VACUOUS 0.9995
/* Of all failures allowed, the share that the draws may use: 0.01 of 0.035 (Perez-Ortiz et al. 2021). */
#define HEFT_CERTIFY_DRAWS_SHARE (0.01 / 0.035)

typedef struct
{
  HeftDataPair   data;           /* as loaded; train is cut into the next two */
  HeftDataset   *apart;          /* trains the prior's centre, counted nowhere; NULL for none */
  HeftDataset   *counted;
  HeftNetwork   *network;
  gsize          n_layers, n_samples;   /* N of the bound */
  HeftObjective  objective;
  HeftPriorKind  prior;
  gboolean       grid;           /* scales are of a grid, and paid for */
  double        *lambdas;        /* n_layers */
  double         largest_loss;   /* log (1/p_min) */
  double         clamp_price;    /* of p_min, chosen on its grid: what the bound of the cross-entropy pays, and no other */
  double         beta_pac, delta, delta_draws;
  double         epochs, prior_epochs;
  guint          n_draws;
  gsize          draw_samples;
} HeftCertifySetup;

gboolean heft_certify_setup_init  (HeftCertifySetup *self, HeftParameters *parameters, GError **error);
void     heft_certify_setup_clear (HeftCertifySetup *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftCertifySetup, heft_certify_setup_clear)
/* Of the prior's centre (@start NULL) or of Q. */
HeftTrainer *heft_certify_setup_trainer (const HeftCertifySetup *self, const HeftParameters *parameters, const float *start,
                                         guint n_threads, GError **error);
/* P as the certificate counts it: fitted scales are rounded to the grid where it is paid for. Adds the price to @price: once a layer for
 * fitted scales, else once for that of all hidden layers and once for the output's. */
HeftPrior   *heft_certify_setup_prior   (const HeftCertifySetup *self, HeftTrainer *trainer, double *price, GError **error);

/* Everything known about Q, for whoever shows it. */
typedef struct
{
  guint64 n;                     /* draws so far */
  double  error, risk;           /* their means */
  double  test_error, test_square;
  guint64 n_test;
} HeftCertifyDraws;

typedef struct
{
  const HeftCertifySetup *setup;
  HeftRecord             *record;
  guint64                 step;
  double                  kl, price, test_error_mean, *kl_layers, *lambdas;
  guint                   obstacles;
  HeftCertifyDraws        draws;
} HeftCertifyState;

/* The certificate of the 0-1 error, or of the bounded cross-entropy; chooses beta_PAC among the candidates where that is asked for. */
HeftCertificate heft_certify_certificate (const HeftCertifyState *self, gboolean cross_entropy);
void            heft_certify_show_draws   (const HeftCertifyState *self);
void            heft_certify_show_ledger (const HeftCertifyState *self);
void            heft_certify_results      (const HeftCertifyState *self);
/* Of a run that was stopped: what there is, and why the rest is missing. */
void            heft_certify_stopped      (const HeftCertifyState *self);

char *heft_certify_training_sentence (HeftRecord *record);
char *heft_certify_kl_sentence       (HeftRecord *record);
char *heft_certify_beta_sentence     (HeftRecord *record);
char *heft_certify_draws_sentence    (HeftRecord *record);
char *heft_certify_ledger_sentence   (HeftRecord *record);

gboolean heft_certify_check (HeftParameters *parameters, GError **error);
gboolean heft_certify_run   (HeftRun *run, GError **error);

extern const HeftExperiment heft_experiment_certificate;

/* The three bounds of any certificate as rows of a ledger: each a number, or "not a valid bound" and why. */
void heft_certify_ledger_bounds (HeftLedger *ledger, const HeftCertificate *certificate);

G_END_DECLS
