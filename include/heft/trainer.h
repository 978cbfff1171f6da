/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/bound.h>
#include <heft/code.h>
#include <heft/dataset.h>
#include <heft/pass.h>

G_BEGIN_DECLS

typedef enum
{
  HEFT_OPTIMIZER_SGD,
  HEFT_OPTIMIZER_ADAM,
  HEFT_OPTIMIZER_ADAMW,        /* Adam with decoupled weight decay (Loshchilov and Hutter 2019): of means alone, towards 0 */
  HEFT_OPTIMIZER_IVON,         /* the variational online Newton of Shen et al. 2024, for a mean-field Q */
} HeftOptimizer;

/**
 * HeftNoise:
 *
 * How a step sees Q. LOCAL: each pre-activation is drawn by itself (Kingma et al. 2015). WEIGHTS: all weights are drawn once a minibatch.
 * FLIPOUT: so too, and each sample multiplies the draw by signs of its own (Wen et al. 2018). Points, low-rank posteriors and IVON have
 * no choice: the last two draw weights.
 */
typedef enum
{
  HEFT_NOISE_LOCAL,
  HEFT_NOISE_WEIGHTS,
  HEFT_NOISE_FLIPOUT,
} HeftNoise;

typedef enum
{
  HEFT_SCHEDULE_CONSTANT,
  HEFT_SCHEDULE_COSINE,        /* half a cosine, to 0 at @epochs */
  HEFT_SCHEDULE_STEP,          /* a tenth from half of @epochs on, a hundredth from three quarters */
} HeftScheduleKind;

/* What the learning rate is multiplied by: behind a linear rise over @warmup epochs. */
typedef struct
{
  HeftScheduleKind kind;
  double           epochs, warmup;
} HeftSchedule;

/* At @epoch (samples seen / N, those of the step itself among them): a function of it alone. */
double heft_schedule_factor (const HeftSchedule *self, double epoch);
/* What beta is multiplied by: from 0 to 1 over @anneal_epochs. */
double heft_anneal_factor   (double anneal_epochs, double epoch);

/**
 * HeftStretch:
 *
 * Epochs in a row and their objectives, as sums from which a straight line through them follows.
 */
typedef struct
{
  double n, origin;            /* epochs so far; the first one's objective, from which the others are counted */
  double y, xy, yy;            /* sums of y, x y and y y, x = 0, 1, ... n - 1 */
} HeftStretch;

/**
 * HeftPlateau:
 *
 * Whether training has stopped getting anywhere. An epoch's objective is the mean of its minibatches' losses plus a price: a noisy number,
 * so that one epoch against the best so far says little. Each stretch of epochs is set against the one before: @fall is by how much its
 * mean is lower, and @error that difference's standard error, from the scatter of the epochs about a straight line in either stretch
 * (a steady fall is no noise): with the residual variance s^2 pooled over both, sqrt (2 s^2 / epochs of a stretch). All of it is its
 * state, and all of that are doubles.
 */
typedef struct
{
  double      sum, n, epochs;  /* of the running epoch; epochs done */
  HeftStretch before, now;
  double      level;           /* the mean of the last whole stretch */
  double      fall, error;     /* of the last two whole ones; @fall is G_MAXDOUBLE until there are two */
} HeftPlateau;

/* The fewest epochs of a stretch: a line and its scatter. */
#define HEFT_PLATEAU_EPOCHS 3

HeftPlateau heft_plateau_begin (void);
/* One step, at @epoch. Returns whether training is on a plateau at the end of a stretch of @patience epochs (0: never; at least
 * HEFT_PLATEAU_EPOCHS). */
gboolean    heft_plateau_add   (HeftPlateau *self, double epoch, double loss, double price, double patience);
/* Whether the last stretch is not lower by two standard errors or not by a thousandth of the level. */
gboolean    heft_plateau_is_on (const HeftPlateau *self);

/**
 * HeftTrainerConfig:
 *
 * What a trainer is made from; see heft_trainer_config_default(). @beta multiplies KL against the mean loss; a Dirac posterior has
 * no finite KL and is trained on the loss alone.
 *
 * The default rule for @initial_deviation is, in each layer, sigma^2 = beta / (h + beta / lambda^2), at least 0.001^2: the best
 * Gaussian of theory.md section 3 for a curvature h = 0.02. It starts near the prior where beta makes weights cheap to forget
 * (0.058 at the ELBO of 10,000 samples with lambda 0.1) and narrow where it does not (0.022 at N beta = 0.1).
 *
 * IVON takes the effective sample size 1/beta and the weight decay delta = beta/lambda^2 towards the prior's centre, so that its
 * sigma^2 = beta / (h + beta/lambda^2) with its Hessian estimate h. Its learning rate is that of its paper: about 0.1.
 */
typedef struct
{
  HeftPosteriorKind posterior;
  gsize             rank;                /* of a low-rank posterior, 1 .. HEFT_MAX_RANK */
  HeftNoise         noise;
  HeftPriorKind     prior;
  double            lambda;
  const double     *lambdas;             /* per weight layer, or NULL */
  double            mixture_share, lambda2;   /* of a scale mixture, see heft_prior_new_mixture() */
  HeftLoss          loss;                /* bounds are of the softmax's */
  double            dropout;             /* share of each weight layer's inputs, but the first one's, that a step sets to 0 (Srivastava et
                                          * al. 2014); the others are divided by the share kept, so that nothing changes outside training */
  HeftInitialisation initialisation;
  HeftObjective     objective;
  double            beta;                /* of the objectives INFORMATION and LAGRANGIAN (beta_PAC / N); the others set their own */
  double            smallest_probability;  /* p_min of a bound, whose cross-entropy is clamped */
  double            delta;               /* of a bound */
  HeftOptimizer     optimizer;
  double            learning_rate;
  double            momentum;            /* SGD */
  double            decay;               /* AdamW: times the learning rate, what a mean loses of itself in a step */
  double            clip;                /* longest gradient (of mean, log sigma and directions together); 0 = no limit */
  HeftSchedule      schedule;
  double            anneal_epochs;       /* beta rises from 0 over so many */
  gsize             batch;
  double            initial_deviation;   /* sigma at the start of a mean-field posterior; 0 = the default rule */
  const float      *start;               /* k weights to start from, which a centred prior is centred at; NULL = the initialisation */
  guint64           seed;
  guint             n_threads;           /* never changes a bit of the result */
} HeftTrainerConfig;

HeftTrainerConfig heft_trainer_config_default (void);

/**
 * HeftStep:
 *
 * What one step reports. @loss is the minibatch's mean negative log-likelihood (clamped where the objective clamps it) under this step's noise, before the update;
 * @kl is KL(Q||P) of the weights the step began with, summed in double from single-precision variances: within 1e-7 k nats of
 * heft_code_kl(). Against a scale mixture it is an estimate by the one draw of the step.
 */
typedef struct
{
  guint64 step;        /* of the step just done, from 1 */
  double  epoch;       /* samples seen / N */
  double  loss;        /* nats a sample */
  double  error;       /* fraction of the minibatch misclassified */
  double  kl;          /* nats; infinite for a Dirac */
  double  beta;        /* that KL was multiplied by in this step */
  double  learning_rate;   /* that acted in this step */
  double  gradient_norm;   /* before it was clipped */
  double  clip;        /* what the gradient was multiplied by: below 1 where clipping bit */
} HeftStep;

/**
 * HeftTrainer:
 *
 * Trains a posterior on C_beta(D; P, Q) = E_Q[L_D] + beta KL(Q||P). The caller owns the loop. The object belongs to one
 * thread at a time (its workers are its own); nothing is allocated inside a step.
 */
typedef struct _HeftTrainer HeftTrainer;

HeftTrainer *heft_trainer_new  (HeftNetwork *network, HeftDataset *train, const HeftTrainerConfig *config,
                                GError **error);
void         heft_trainer_free (HeftTrainer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftTrainer, heft_trainer_free)

/**
 * heft_trainer_step:
 *
 * One minibatch: the next @batch samples of the epochs' random orders, one order behind the other, so that every batch is full.
 *
 * Training has diverged where the batch's loss is not finite, where it exceeds both 10,000 nats a sample and a thousand times the
 * loss of the first step (single precision would soon end; no code is worth keeping there), or where the squared norm of a
 * gradient exceeds 1e30. The loss is looked at before any weight is changed and each block of the gradient before its own
 * weights are, so the posterior always holds finite numbers. The step is then not counted.
 *
 * Returns: FALSE with HEFT_ERROR_DIVERGED, naming step, layer and what to try, if training has diverged
 */
gboolean     heft_trainer_step (HeftTrainer *self, HeftStep *step, GError **error);

/* The beta the next step begins with: as it was set, or, where a bound is trained that sets its own, from the latest estimates. */
double       heft_trainer_get_beta (const HeftTrainer *self);

guint64      heft_trainer_get_step (const HeftTrainer *self);
gsize        heft_trainer_get_steps_per_epoch (const HeftTrainer *self);

/* These act from the next step on and never touch weights, optimiser state or the step count. */
/* Of no effect where the objective sets beta itself. */
void         heft_trainer_set_beta          (HeftTrainer *self, double beta);
void         heft_trainer_set_lambda        (HeftTrainer *self, double lambda);
void         heft_trainer_set_layer_lambda  (HeftTrainer *self, gsize layer, double lambda);
void         heft_trainer_set_learning_rate (HeftTrainer *self, double learning_rate);
void         heft_trainer_set_momentum      (HeftTrainer *self, double momentum);
void         heft_trainer_set_decay         (HeftTrainer *self, double decay);
void         heft_trainer_set_clip          (HeftTrainer *self, double clip);
void         heft_trainer_set_schedule      (HeftTrainer *self, HeftSchedule schedule);
void         heft_trainer_set_anneal        (HeftTrainer *self, double epochs);
gboolean     heft_trainer_set_batch         (HeftTrainer *self, gsize batch, GError **error);

HeftNetwork         *heft_trainer_get_network   (HeftTrainer *self);
const HeftPrior     *heft_trainer_get_prior     (HeftTrainer *self);
const HeftLoss      *heft_trainer_get_loss      (const HeftTrainer *self);
const HeftPosterior *heft_trainer_get_posterior (HeftTrainer *self);  /* live: copy it to keep it */
/* Starts from another posterior (a warm start for a beta sweep), keeping data and configuration. Optimiser state resets. */
gboolean             heft_trainer_set_posterior (HeftTrainer *self, const HeftPosterior *posterior, GError **error);

/* Everything the next step depends on, bit for bit, as a dictionary (transfer full): posterior, prior, moments, counters. */
GVariant            *heft_trainer_get_state     (const HeftTrainer *self);
/* Continues where @state was taken, by a trainer made for the same network, data, seed, codes and optimiser; at any number of threads the
 * steps that follow are those that would have followed. FALSE with HEFT_ERROR_INVALID_DATA where it does not belong here. */
gboolean             heft_trainer_set_state     (HeftTrainer *self, GVariant *state, GError **error);

/**
 * HeftEvaluation:
 *
 * The risk of Q, a mean over whole-network weight draws, with the standard error over draws (0 for one draw or a Dirac).
 */
typedef struct
{
  double loss, loss_error;         /* nats a sample: E_Q[L_D], its standard error */
  double error, error_error;       /* 0-1 error of Q, its standard error */
  guint  n_draws;
  gsize  n_samples;
} HeftEvaluation;

/* Evaluates Q by @n_draws weight draws (numbered first_draw, ...) on the first @n_samples of @data (0 = all), on @n_threads. */
gboolean heft_evaluate (HeftNetwork *network, const HeftPosterior *posterior, HeftDataset *data, gsize n_samples,
                        guint64 seed, guint64 first_draw, guint n_draws, guint n_threads,
                        GCancellable *cancellable, HeftEvaluation *evaluation, GError **error);
/* The same under @loss; with @at_mean of the mean of Q as one network. */
gboolean heft_evaluate_loss (HeftNetwork *network, const HeftPosterior *posterior, const HeftLoss *loss, gboolean at_mean,
                             HeftDataset *data, gsize n_samples, guint64 seed, guint64 first_draw, guint n_draws,
                             guint n_threads, GCancellable *cancellable, HeftEvaluation *evaluation, GError **error);
/* The same for the mean of Q as one network. */
gboolean heft_evaluate_mean (HeftNetwork *network, const HeftPosterior *posterior, HeftDataset *data, gsize n_samples,
                             guint n_threads, GCancellable *cancellable, HeftEvaluation *evaluation, GError **error);

/**
 * HeftDraws:
 *
 * Weight draws of a Dirac or mean-field Q, or of any other by a function, that arrive one by one, for certificates: heft_posterior_draw()'s weights, each a whole network that one
 * worker takes from beginning to end, so that all of them are busy and no bit depends on how many there are.
 */
typedef struct _HeftDraws HeftDraws;

typedef struct
{
  double error;    /* fraction misclassified */
  double risk;     /* mean of min (-log p, B) / B */
  double loss;     /* mean of -log p, nats; not finite where a probability is 0 */
} HeftDraw;

/* @samples: how many of @data each draw is measured on, drawn anew for each, with replacement (purpose DRAW_SAMPLES): draws are then
 * independent numbers in [0, 1] whose mean is the risk of Q on all of @data. 0 = all samples, once. @largest_loss: B. */
HeftDraws *heft_draws_new  (HeftNetwork *network, const HeftPosterior *posterior, HeftDataset *data, gsize samples, guint64 seed,
                            double largest_loss, guint n_threads);
/* Fills @weights (k) with draw number @draw of any Q. Several workers call it at once. */
typedef void (*HeftDrawFunc) (guint64 draw, float *weights, gpointer user_data);
HeftDraws *heft_draws_new_from (HeftNetwork *network, HeftDrawFunc func, gpointer user_data, HeftDataset *data, gsize samples,
                                guint64 seed, double largest_loss, guint n_threads);
void       heft_draws_free (HeftDraws *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftDraws, heft_draws_free)
/* Draws @first .. @first + @n - 1 into @out (n). FALSE only where @cancellable was cancelled. */
gboolean   heft_draws_take (HeftDraws *self, guint64 first, guint n, HeftDraw *out, GCancellable *cancellable, GError **error);

G_END_DECLS
