/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/curvature.h>
#include <heft/trainer.h>

#include "experiments/beta-sweep.h"
#include "experiments/ledger.h"
#include "experiments/train.h"

G_BEGIN_DECLS

/* --- train-setup.c: from parameters to data, network and trainer -------------------------------------------------- */

typedef struct
{
  HeftDataPair data;
  HeftDataset *apart;             /* samples that train the prior's centre and are counted nowhere else, or NULL */
  float       *centre;            /* what they made of it, once trained */
  HeftNetwork *network;
  HeftLoss     loss;
  gsize        n_layers;          /* with weights */
  gsize        n_samples;         /* N */
  double       label_noise;       /* share of the labels that are not the data's own: what a bound speaks of then */
} HeftTrainSetup;

/* Loads and checks everything; also tells @parameters what N is. For any experiment with `dataset`, `samples`, `architecture`,
 * `activation`, `lambda`, `learning-rate` and `batch`; the lab's other parameters have its defaults where there are none. */
gboolean heft_train_setup_init  (HeftTrainSetup *self, HeftParameters *parameters, GError **error);
void     heft_train_setup_clear (HeftTrainSetup *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftTrainSetup, heft_train_setup_clear)
/* Trains the centre of a data-dependent prior; of no effect for other priors. */
gboolean heft_train_setup_centre (HeftTrainSetup *self, const HeftParameters *parameters, guint n_threads, GCancellable *cancellable,
                                  GError **error);
/* What a trainer is made from, but for the scales of the layers. What the experiment has no parameter for takes the lab's default;
 * beta is 1/N then. */
HeftTrainerConfig heft_train_setup_config (const HeftTrainSetup *self, const HeftParameters *parameters, guint n_threads);
HeftTrainer *heft_train_setup_trainer (const HeftTrainSetup *self, const HeftParameters *parameters, guint n_threads,
                                       GError **error);
/* Whether one number is the scale of all layers, rather than one for each, chosen or fitted. */
gboolean heft_train_setup_shares_scale (const HeftParameters *parameters);
/* The nats that a bound pays for @prior's lambdas, chosen from the grid, once where they are @shared; and @prior with its lambdas on that
 * grid (transfer full). NULL without a grid. */
HeftPrior *heft_train_grid_prior (const HeftPrior *prior, gint64 precision, gboolean shared, gsize n_layers, double *price);
/* Hands the live parameters to a trainer; those that have not changed change nothing. */
void     heft_train_setup_apply (const HeftTrainSetup *self, const HeftParameters *parameters, HeftTrainer *trainer);
/* Of the learning rate: constant where the experiment has no schedule. */
HeftSchedule heft_train_setup_schedule (const HeftParameters *parameters);
/* Floating-point operations of one step. */
double   heft_train_setup_step_cost (const HeftTrainSetup *self, const HeftParameters *parameters);

/* --- train-measure.c: measuring on a frozen copy, on a thread of its own ------------------------------------------- */

typedef enum
{
  HEFT_GAUGE_LOSS,           /* losses and errors */
  HEFT_GAUGE_SPECTRA,        /* sampled labels, Gram */
  HEFT_GAUGE_HEAD,           /* exact labels, Lanczos */
  HEFT_GAUGE_INVARIANCE,
  HEFT_N_GAUGES,
} HeftGauge;

/* What to measure, and the frozen copies to measure it on. KL, prices and the ledger are always brought up to date. */
typedef struct
{
  guint64        step;
  guint          gauges;               /* 1 << HeftGauge */
  gboolean       final;                /* losses and errors on everything, by many draws; results */
  HeftPosterior *posterior;
  HeftPrior     *prior;
  double         beta;
  gsize          evaluation_samples, spectra_samples, invariance_layer;
  guint          draws;
  gint64         lambda_grid;
  gboolean       by_bound;             /* beta is the bound's slope, not asked for */
  double         temperature;          /* of SGD: learning rate over batch size; 0 for other optimisers */
  gboolean       shared_scale;         /* one lambda for all layers: what a grid is paid for once */
  /* Of the course of training, for words: the share of beta that acts, of the steps since the last measurement those whose gradient was
   * shortened, and the last one's factor and length before. */
  double         annealed, clipped, clip, gradient_norm;
} HeftMeasureRequest;

typedef struct _HeftMeasurer HeftMeasurer;

HeftMeasurer *heft_measurer_new    (HeftRun *run, const HeftTrainSetup *setup);
/* Stops what it is doing; what waits is no longer measured. */
void          heft_measurer_halt   (HeftMeasurer *self);
void          heft_measurer_free   (HeftMeasurer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftMeasurer, heft_measurer_free)
/* Takes @request. Where too many wait already it waits until one is done (what is measured never depends on time); obeys pause
 * and stop meanwhile. FALSE on a failure of an earlier measurement, or G_IO_ERROR_CANCELLED when the run must end. */
gboolean      heft_measurer_submit (HeftMeasurer *self, HeftMeasureRequest *request, GError **error);
/* Waits until everything handed in has been measured. */
gboolean      heft_measurer_drain  (HeftMeasurer *self, GError **error);
/* Adds what is known, and what still waits, to a checkpoint (train-state.c). */
void          heft_measurer_put_state (HeftMeasurer *self, GVariantBuilder *state);
/* Before anything is handed in: continues where a checkpoint was made. */
gboolean      heft_measurer_set_state (HeftMeasurer *self, GVariant *state, GError **error);
/* Floating-point operations of one refresh. */
double        heft_measurer_cost   (const HeftTrainSetup *setup, const HeftParameters *parameters, HeftGauge gauge);

/* --- train-gauges.c: the measurements themselves -------------------------------------------------------------------- */

/* The latest of everything, for the ledger and for pricing anew. Owned by the measuring thread. */
typedef struct
{
  HeftRun              *run;
  HeftRecord           *record;
  const HeftTrainSetup *setup;
  guint64               seed;
  guint                 n_threads;          /* of final evaluations */
  GCancellable         *cancellable;

  double               *kl_layers;
  double                kl, kl_error;
  HeftEvaluation        train, test, test_mean;
  gboolean              has_losses, final;
  guint64               losses_step;
  GPtrArray            *spectra, *heads;    /* HeftSpectrum, a layer each, or NULL */
  guint64               spectra_step;
  double                gaussian;           /* information, NAN until known */
  double                seconds[HEFT_N_GAUGES], total_seconds;
  gint64                started;
} HeftGauges;

gboolean heft_gauges_losses     (HeftGauges *self, const HeftMeasureRequest *request, GError **error);
gboolean heft_gauges_spectra    (HeftGauges *self, const HeftMeasureRequest *request, GError **error);
gboolean heft_gauges_head       (HeftGauges *self, const HeftMeasureRequest *request, GError **error);
gboolean heft_gauges_invariance (HeftGauges *self, const HeftMeasureRequest *request, GError **error);
/* KL, thresholds, Gaussian information: what beta and lambda alone move. */
void     heft_gauges_price      (HeftGauges *self, const HeftMeasureRequest *request);
void     heft_gauges_ledger     (HeftGauges *self, const HeftMeasureRequest *request);
void     heft_gauges_results    (HeftGauges *self, const HeftMeasureRequest *request);

/* --- train-state.c: all of it, bit for bit ------------------------------------------------------------------------------ */

/* (transfer full): the latest of everything, and how long the curves are. */
GVariant *heft_gauges_get_state          (const HeftGauges *self);
gboolean  heft_gauges_set_state          (HeftGauges *self, GVariant *state, GError **error);
/* (floating) */
GVariant *heft_measure_request_get_state (const HeftMeasureRequest *self);
gboolean  heft_measure_request_set_state (HeftMeasureRequest *self, const HeftTrainSetup *setup, GVariant *state, GError **error);
/* (floating): a checkpoint's "lengths", from those that the gauges' state holds. */
GVariant *heft_train_join_lengths        (HeftRecord *record, GVariant *gauges);

/* --- train-course.c: how training goes, in words ------------------------------------------------------------------------- */

/* The prior's scales, where they are not one. */
void heft_train_ledger_lambdas (HeftLedger *ledger, const HeftPrior *prior, gsize n_layers);
void heft_train_ledger_course  (HeftLedger *ledger, const HeftMeasureRequest *request);
/* The frame "course": what clipping does, and why training ended; only where there is something to say. */
void heft_train_publish_course (HeftRecord *record, const HeftMeasureRequest *request);
void heft_train_publish_end    (HeftRecord *record, guint64 step, const HeftPlateau *plateau);

/* Q itself, the frame "posterior" that heft_record_save_network() reads: means, variances, factors, and the prior's scales. */
void heft_train_publish_posterior (HeftRecord *record, const HeftTrainSetup *setup, const HeftPosterior *posterior,
                                   const HeftPrior *prior, guint64 step);

/* What a curve that has converged may show of the grid and of what it was trained with. */
#define HEFT_TRAIN_SMALL_MISFIT 0.1
/* The frame "sweep": what the slope check makes of the curve so far, for words; of no number before there are two points. */
void heft_train_publish_sweep (HeftRecord *record, const HeftRateCurve *curve);

/* Layers' N log C and the like, once; and why there is no KL to compare with it, where @trainer's Q has none. */
void     heft_train_publish_thresholds (HeftRecord *record, const HeftTrainSetup *setup, HeftTrainer *trainer);
/* 10 for the head; the iterations Lanczos may take. */
#define HEFT_HEAD_VALUES 10
#define HEFT_HEAD_ITERATIONS 30

G_END_DECLS
