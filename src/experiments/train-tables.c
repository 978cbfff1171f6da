/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>

#include <heft/code.h>

#include "experiments/common-parameters.h"
#include "experiments/train.h"

/* --- Parameters -------------------------------------------------------------------------------------------------- */

static const char *const posteriors[] = { "mean-field", "dirac", "low-rank", NULL };
static const char *const posterior_labels[] = { N_("Mean-field Gaussian"), N_("Dirac (plain SGD)"), N_("Low rank and diagonal"), NULL };
static const char *const noises[] = { "local", "weights", "flipout", NULL };
static const char *const noise_labels[] = { N_("Local reparametrisation"), N_("One draw of all weights"), N_("Flipout"), NULL };
static const char *const priors[] = { "isotropic", "per-layer", "init-centred", "empirical-bayes", "scale-mixture", "data-dependent",
                                      NULL };
static const char *const prior_labels[] = { N_("Isotropic"), N_("One scale a layer"), N_("At the initialisation"),
                                            N_("Empirical Bayes"), N_("Mixture of two scales"), N_("By held-apart samples"),
                                            NULL };
static const char *const optimizers[] = { "adam", "sgd", "adamw", "ivon", NULL };
static const char *const optimizer_labels[] = { N_("Adam"), N_("SGD with momentum"), N_("AdamW"), N_("IVON"), NULL };
static const char *const schedules[] = { "constant", "cosine", "step", NULL };
static const char *const schedule_labels[] = { N_("Constant"), N_("Cosine"), N_("Steps"), NULL };

static const char *const initialisations[] = { "default", "he", "glorot", "lecun", "orthogonal", NULL };
static const char *const initialisation_labels[] = { N_("By the activation"), N_("He et al. 2015"), N_("Glorot, Bengio 2010"),
                                                     N_("LeCun et al. 1998"), N_("Saxe et al. 2014"), NULL };
static const char *const objectives[] = { "information", "lagrangian", "pac-bayes-kl", "mcallester", NULL };
static const char *const objective_labels[] = { N_("Lagrangian"), N_("Lagrangian bound"), N_("PAC-Bayes-kl bound"),
                                                N_("McAllester bound"), NULL };
static const char *const losses[] = { "softmax", "binary", "gaussian", NULL };
static const char *const loss_labels[] = { N_("Softmax cross-entropy"), N_("Binary cross-entropy"), N_("Squared error"), NULL };

static const HeftParameterSpec parameters[] = {
  { HEFT_COMMON_LEARNED_DATASET, .default_text = "mnist-10k" },
  { HEFT_COMMON_TRAINING_SAMPLES, .label = N_("Training samples $N$"), .default_text = "0" },
  { HEFT_COMMON_UNIFORM_LABEL_NOISE, .default_text = "0" },
  { HEFT_COMMON_ARCHITECTURE, .default_text = "256-256",
    .help = N_("Widths such as 256-256, convolutions such as conv5x16-pool2-128; empty for a linear classifier.") },
  { HEFT_COMMON_ACTIVATION, .default_text = "relu" },
  { .id = "initialisation", .label = N_("Initialisation"),
    .help = N_("Whose rule the first weights follow; by the activation: He et al. before ReLU and Softplus, Glorot and Bengio otherwise."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_NETWORK, .default_text = "default",
    .choices = initialisations, .choice_labels = initialisation_labels },
  { .id = "dropout", .label = N_("Dropout"),
    .help = N_("The share of each hidden layer’s outputs that a step sets to 0; outside training nothing is dropped."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_NETWORK, .minimum = 0, .maximum = 0.95, .default_text = "0" },
  { .id = "posterior", .label = N_("Posterior $Q$"),
    .help = N_("The code that is trained: a Gaussian with a width for every weight, or a single point."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_CODES, .default_text = "mean-field",
    .choices = posteriors, .choice_labels = posterior_labels },
  { HEFT_COMMON_RANK, .default_text = "2" },
  { .id = "noise", .label = N_("Noise"),
    .help = N_("How a step sees Q: each pre-activation drawn by itself, or all weights once a minibatch, as they are or with each sample's own signs."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_CODES, .default_text = "local",
    .choices = noises, .choice_labels = noise_labels, .rare = TRUE },
  { HEFT_COMMON_PRIOR, .default_text = "isotropic", .choices = priors, .choice_labels = prior_labels },
  { .id = "lambda-layers", .label = N_("Scales $\\lambda_l$"),
    .help = N_("One prior scale for each layer, separated by commas; empty gives all of them the same λ."),
    .kind = HEFT_PARAMETER_REAL_LIST, .group = HEFT_GROUP_CODES, .minimum = 1e-6, .maximum = 100, .logarithmic = TRUE,
    .default_text = "", .live = TRUE, .when = "prior=per-layer|init-centred|data-dependent" },
  { .id = "lambda2", .label = N_("Second scale $\\lambda_2$"), .help = N_("The standard deviation of the mixture's second component."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = 1e-6, .maximum = 100, .logarithmic = TRUE,
    .default_text = "0.01",
    .when = "prior=scale-mixture" },
  { .id = "mixture-share", .label = N_("Share of the first scale"), .help = N_("How likely the mixture takes a weight to have the scale λ."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = 0.001, .maximum = 0.999, .default_text = "0.5",
    .when = "prior=scale-mixture" },
  { .id = "data-fraction", .label = N_("Samples held apart"),
    .help = N_("The share of the training samples that trains the centre of the data-dependent prior and is counted nowhere else."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = 0.01, .maximum = 0.99, .default_text = "0.5",
    .when = "prior=data-dependent" },
  { .id = "lambda-grid", .label = N_("Grid of $\\lambda$"),
    .help = N_("Rounds λ to a grid fixed before the data, so many values to a factor of e; bounds then pay for the choice. 0 is no grid."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_CODES, .minimum = 0, .maximum = 1000, .default_text = "0", .rare = TRUE },
  { HEFT_COMMON_BETA, .default_text = "0.1/N", .live = TRUE, .when = "objective=information|lagrangian" },
  { .id = "objective", .label = N_("Objective"),
    .help = N_("What training lowers: loss plus β KL, or a PAC-Bayes bound on clamped cross-entropy, which weighs KL by a β of its own."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_OBJECTIVE, .default_text = "information",
    .choices = objectives, .choice_labels = objective_labels, .rare = TRUE },
  { .id = "loss", .label = N_("Loss"),
    .help = N_("What a wrong label costs; the Fisher information and what follows from it are measured for the softmax only."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_OBJECTIVE, .default_text = "softmax",
    .choices = losses, .choice_labels = loss_labels },
  { .id = "loss-deviation", .label = N_("Deviation of the squared error"),
    .help = N_("The standard deviation of the Gaussian around each output whose negative log-likelihood the squared error is."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 1e-3, .maximum = 1e3, .logarithmic = TRUE,
    .default_text = "1", .when = "loss=gaussian" },
  { HEFT_COMMON_LAMBDA, .group = HEFT_GROUP_OBJECTIVE, .default_text = "0.1", .live = TRUE },
  { .id = "anneal-epochs", .label = N_("Annealing of $\\beta$ (epochs)"),
    .help = N_("β rises from 0 over so many epochs, so that the code first learns and then pays; 0 charges it in full from the start."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 0, .maximum = 1e6, .default_text = "0", .live = TRUE,
    .rare = TRUE },
  { .id = "optimizer", .label = N_("Optimiser"), .help = N_("How the weights follow the gradient."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_OPTIMIZER, .default_text = "adam",
    .choices = optimizers, .choice_labels = optimizer_labels },
  { HEFT_COMMON_LEARNING_RATE, .help = N_("The length of a step."), .default_text = "0.001", .live = TRUE },
  { .id = "momentum", .label = N_("Momentum"), .help = N_("How much of the last step SGD keeps; Adam has its own, 0.9, and does not use it."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 0.9999,
    .default_text = "0.9", .live = TRUE, .when = "optimizer=sgd" },
  { .id = "weight-decay", .label = N_("Weight decay"),
    .help = N_("AdamW alone: times the learning rate, what a mean loses of itself in each step."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 100, .default_text = "0.01", .live = TRUE,
    .when = "optimizer=adamw" },
  { .id = "schedule", .label = N_("Schedule"),
    .help = N_("How the learning rate changes: not at all, along half a cosine to 0, or to a tenth at a half and a hundredth at three quarters."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_OPTIMIZER, .default_text = "constant",
    .choices = schedules, .choice_labels = schedule_labels, .live = TRUE },
  { .id = "schedule-epochs", .label = N_("Epochs of the schedule"), .help = N_("Over how many epochs the schedule runs, whenever training ends."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 1e6, .default_text = "10", .live = TRUE,
    .when = "schedule=cosine|step" },
  { .id = "warmup", .label = N_("Warm-up (epochs)"), .help = N_("The learning rate first rises from 0 over so many epochs."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 1e6, .default_text = "0", .live = TRUE,
    .rare = TRUE },
  { .id = "clip", .label = N_("Longest gradient"),
    .help = N_("A gradient longer than this, over all weights together, is shortened to it; 0 leaves every gradient as it is."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 1e6, .default_text = "0", .live = TRUE,
    .rare = TRUE },
  { .id = "early-stop", .label = N_("Stop on a plateau (epochs)"),
    .help = N_("Ends training when so many epochs (three or more) have a mean Lagrangian that is not lower than that of the epochs before by "
               "two standard errors and a thousandth; 0 never does."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 1e6, .default_text = "0", .live = TRUE,
    .rare = TRUE },
  { HEFT_COMMON_BATCH, .default_text = "128", .live = TRUE },
  { .id = "epochs", .label = N_("Epochs"), .help = N_("Passes through the training set; 0 trains until stopped."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0, .maximum = 1e6,
    .default_text = "10", .window_default = "0", .resumable = TRUE },
  { .id = "measure", .label = N_("Measure while training"),
    .help = N_("Losses, spectra and maps beside training, on a frozen copy of the weights; off leaves the curves of each step."),
    .kind = HEFT_PARAMETER_BOOLEAN, .group = HEFT_GROUP_MEASUREMENT, .default_text = "true", .live = TRUE },
  { .id = "measure-every", .label = N_("Measure every (steps)"),
    .help = N_("Steps between two measurements; 0 spaces them so that they cost about 8 percent of the training."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .minimum = 0, .maximum = 1e9,
    .default_text = "0", .live = TRUE },
  { .id = "evaluation-samples", .label = N_("Samples in loss curves"),
    .help = N_("How many training and test samples the live losses and errors are measured on; results at the end use all."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .minimum = 1, .maximum = 1e7, .logarithmic = TRUE,
    .default_text = "1000", .rare = TRUE },
  { .id = "test-draws", .label = N_("Weight draws at the end"),
    .help = N_("How many networks drawn from Q the final losses and errors average over."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .minimum = 1, .maximum = 10000, .logarithmic = TRUE,
    .default_text = "10", .resumable = TRUE, .rare = TRUE },
  { .id = "spectra-samples", .label = N_("Samples in spectra"),
    .help = N_("How many training samples the Fisher spectra are measured on."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .minimum = 16, .maximum = 1024, .logarithmic = TRUE,
    .default_text = "192", .rare = TRUE },
  { HEFT_COMMON_INVARIANCE_LAYER, .default_text = "0" },
  { .id = "sweep-epochs", .label = N_("Epochs a point of the sweep"),
    .help = N_("How long the sweep over β trains at each of its 11 points, from β/3 to 100 β; four times as long at the one nearest to 1/N, where it starts. By Adam at 0.005, falling to a twentieth at each point; an epoch counts as 40 steps at least."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_MEASUREMENT, .minimum = 0.01, .maximum = 1000, .logarithmic = TRUE,
    .default_text = "20", .live = TRUE, .rare = TRUE },
};

/* --- Series ------------------------------------------------------------------------------------------------------ */

static const HeftSeriesSpec series[] = {
  [HEFT_TRAIN_BATCH_LOSS] = { "batch_loss", N_("Minibatch loss"), "nat", N_("Step"), HEFT_QUANTITY_BATCH_LOSS, FALSE,
                              N_("mean of one minibatch, under the noise of that step") },
  [HEFT_TRAIN_TRAIN_LOSS] = { "train_loss", N_("$E_Q L$, training"), "nat", N_("Step"), HEFT_QUANTITY_TRAIN_LOSS, FALSE,
                              N_("one draw of all weights, first training samples") },
  [HEFT_TRAIN_TEST_LOSS] = { "test_loss", N_("$E_Q L$, test"), "nat", N_("Step"), HEFT_QUANTITY_TEST_LOSS, FALSE,
                             N_("one draw of all weights, first test samples") },
  [HEFT_TRAIN_LAGRANGIAN] = { "lagrangian", N_("Lagrangian $C_\\beta$"), "nat", N_("Step"), HEFT_QUANTITY_LAGRANGIAN, FALSE,
                              N_("$E_Q L$, training, plus β times the exact KL") },
  [HEFT_TRAIN_TRAIN_ERROR] = { "train_error", N_("Error of $Q$, training"), "%", N_("Step"), HEFT_QUANTITY_TRAIN_ERROR, FALSE,
                               N_("one draw of all weights, first training samples") },
  [HEFT_TRAIN_TEST_ERROR] = { "test_error", N_("Error of $Q$, test"), "%", N_("Step"), HEFT_QUANTITY_TEST_ERROR, FALSE,
                              N_("one draw of all weights, first test samples") },
  [HEFT_TRAIN_TEST_ERROR_MEAN] = { "test_error_mean", N_("Error at the mean, test"), "%", N_("Step"),
                                   HEFT_QUANTITY_POSTERIOR, FALSE,
                                   N_("the mean weights as one network, first test samples") },
  [HEFT_TRAIN_KL] = { "kl", N_("$\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("Step"), HEFT_QUANTITY_KL, FALSE,
                      N_("exact, closed form") },
  [HEFT_TRAIN_KL_LAYERS] = { "kl_layers", N_("$\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("Step"), HEFT_QUANTITY_LAYER, TRUE,
                             N_("exact, closed form, each layer") },
  [HEFT_TRAIN_FISHER_TRACE] = { "fisher_trace", N_("Trace of the Fisher information"), "nat", N_("Step"),
                                HEFT_QUANTITY_FISHER, FALSE,
                                N_("exact labels, first training samples, at the mean weights") },
  [HEFT_TRAIN_FISHER_TRACE_SCALED] = { "fisher_trace_scaled", N_("Trace of the Fisher, logits scaled"), "nat", N_("Step"),
                                       HEFT_QUANTITY_FISHER, FALSE,
                                       N_("logits divided by their scale; exact labels, first training samples, at the mean weights") },
  [HEFT_TRAIN_GAUSSIAN] = { "gaussian_information", N_("Gaussian (Laplace) information"), "nat", N_("Step"), HEFT_QUANTITY_GAUSSIAN,
                            FALSE, N_("diagonal blocks of the sampled Fisher, sum over layers") },
  [HEFT_TRAIN_GAUSSIAN_LAYERS] = { "gaussian_layers", N_("Gaussian (Laplace) information"), "nat", N_("Step"),
                                   HEFT_QUANTITY_LAYER, TRUE,
                                   N_("diagonal blocks of the sampled Fisher") },
  [HEFT_TRAIN_TRADEOFF] = { "tradeoff", N_("$E_Q L$, training"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"),
                            HEFT_QUANTITY_TRAIN_LOSS, FALSE,
                            N_("sweep down and up from β = 1/N, each point from its neighbour; 10 draws of all weights, first 10,000 training samples (or all)") },
  [HEFT_TRAIN_TRADEOFF_BETA] = { "tradeoff_beta", N_("$\\beta$"), "", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"),
                                 HEFT_QUANTITY_LAGRANGIAN, FALSE, N_("the β each point was trained at") },
  [HEFT_TRAIN_BETA] = { "beta_effective", N_("$\\beta$ in effect"), "", N_("Step"), HEFT_QUANTITY_LAGRANGIAN, FALSE,
                        N_("ratio of the bound’s slopes in KL and in risk, at the running risk and the exact KL") },
  [HEFT_TRAIN_HULL] = { "hull", N_("Lower convex hull"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_THRESHOLD, FALSE,
                        N_("of the points so far: what mixtures of them attain") },
  [HEFT_TRAIN_ELBO] = { "elbo", N_("ELBO, $N\\beta = 1$"), "nat", N_("$\\mathrm{KL}(Q \\Vert P)$ (nat)"), HEFT_QUANTITY_BOUND, FALSE,
                        N_("the point trained at β = 1/N") },
};

/* --- Results ----------------------------------------------------------------------------------------------------- */

static const HeftResultSpec results[] = {
  { "train_loss", N_("E_Q L on the training set, mean over weight draws"), "nat", FALSE },
  { "train_error", N_("Error of Q on the training set, mean over weight draws"), "", FALSE },
  { "test_loss", N_("E_Q L on the test set, mean over weight draws"), "nat", FALSE },
  { "test_error", N_("Error of Q on the test set, mean over weight draws"), "", FALSE },
  { "test_error_mean", N_("Error of the mean weights on the test set"), "", FALSE },
  { "kl", N_("KL(Q‖P), exact"), "nat", FALSE },
  { "kl_layers", N_("KL(Q‖P) of each layer, exact"), "nat", TRUE },
  { "lagrangian", N_("E_Q L on the training set plus β KL(Q‖P)"), "nat", FALSE },
  { "fisher_trace", N_("Trace of the Fisher at the mean weights, labels' expectation exact"), "nat", FALSE },
  { "fisher_trace_scaled", N_("The same trace with the logits divided by their scale"), "nat", FALSE },
  { "logit_scale", N_("Scale of the logits at the mean weights: root mean square about each sample's mean"), "", FALSE },
  { "steps", N_("Training steps done"), "", FALSE },
  { "gaussian_information", N_("Gaussian information, diagonal blocks of the sampled Fisher"), "nat", FALSE },
  { "beta", N_("β at the end"), "", FALSE },
  { "n_beta", N_("N β at the end; 1 is the ELBO"), "", FALSE },
  { "samples", N_("Training samples N"), "", FALSE },
  { "kl_standard_error", N_("Standard error of kl over weight draws; 0 where it is exact"), "nat", FALSE },
  { "lambda_layers", N_("Scale of the prior in each layer"), "", TRUE },
  { "draws", N_("Weight draws behind the losses and errors of Q"), "", FALSE },
  { "train_loss_standard_error", N_("Standard error of train_loss over the weight draws"), "nat", FALSE },
  { "test_error_standard_error", N_("Standard error of test_error over the weight draws"), "", FALSE },
};

/* --- Panels, in the order the story goes ------------------------------------------------------------------------- */

static const HeftPanelSpec panels[] = {
  { .id = "loss", .title = N_("Loss and error"), .kind = HEFT_PANEL_LINES, .x_label = N_("Step"), .y_label = N_("Loss"),
    .y_unit = "nat",
    .series = { "batch_loss", "train_loss", "test_loss", "train_error", "test_error", "test_error_mean" },
    .things_to_try = N_("Drag β to 100 times its default: the loss rises while KL falls. Set label noise to 1 and reset: the "
                        "training loss can still fall, the test error cannot."),
    .sentence = heft_train_loss_sentence },
  { .id = "kl", .title = N_("Information in the weights"), .kind = HEFT_PANEL_STACKED, .x_label = N_("Step"),
    .y_label = N_("Information"), .y_unit = "nat",
    .series = { "kl_layers", "gaussian_layers", "kl", "gaussian_information", "beta_effective" },
    .frame = "kl-thresholds",
    .things_to_try = N_("Drag λ: the same weights are priced anew at once. Compare with the line N log C, about what "
                        "memorising every label would cost."),
    .awaits = N_("The information appears with the first measurement."),
    .sentence = heft_train_kl_sentence },
  { .id = "spectra", .title = N_("Fisher spectra by layer"), .kind = HEFT_PANEL_SPECTRA, .x_label = N_("Rank"),
    .y_label = N_("Eigenvalue"), .y_unit = "nat", .x_log = TRUE, .y_log = TRUE, .frame = "spectra",
    .things_to_try = N_("Directions above the line β/λ² are paid for, those below are free. Drag β and watch the line cross "
                        "the spectra."),
    .sentence = heft_train_spectra_sentence },
  { .id = "tradeoff", .title = N_("Trade-off of loss and information"), .kind = HEFT_PANEL_CURVE,
    .x_label = N_("$\\mathrm{KL}(Q \\Vert P)$"), .x_unit = "nat", .y_label = N_("$E_Q L$, training"), .y_unit = "nat",
    .series = { "tradeoff", "tradeoff_beta", "hull", "elbo" },
    .things_to_try = N_("Start the sweep: each point is a network trained at its own β. A converged curve has slope −β at "
                        "each of them."),
    .sentence = heft_train_tradeoff_sentence },
  { .id = "invariance", .title = N_("What the layer sees"), .kind = HEFT_PANEL_IMAGES, .frame = "invariance",
    .things_to_try = N_("Raise β: the weights become noisier and the layer sees less of each pixel. Choose another layer "
                        "among the measurements."),
    .sentence = heft_train_invariance_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Compare KL with N log C. The PAC-Bayes-kl bound needs a prior fixed before the data; it holds for every Q at "
                        "once, so β may be chosen afterwards."),
    .sentence = heft_train_ledger_sentence },
};

static const HeftJob jobs[] = {
  [HEFT_TRAIN_SWEEP] = { "sweep", N_("Sweep over β"), heft_train_sweep },
};

const HeftExperiment heft_experiment_train = {
  .id = "train",
  .title = N_("The lab: train a network and watch its information"),
  .summary = N_("A network learns real digits while its losses, the information in its weights, its Fisher spectra and what its "
                "layers see are measured. Drag β and λ and watch them move together."),
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .jobs = jobs, .n_jobs = G_N_ELEMENTS (jobs),
  .check = heft_train_check,
  .prepare = heft_train_prepare,
  .run = heft_train_run,
};
