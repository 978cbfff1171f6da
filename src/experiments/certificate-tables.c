/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>

#include "experiments/certificate.h"
#include "experiments/common-parameters.h"

static const char *const priors[] = { "init-centred", "isotropic", "empirical-bayes", NULL };
static const char *const prior_labels[] = { N_("At the initialisation"), N_("Isotropic"), N_("Empirical Bayes"), NULL };
static const char *const objectives[] = { "pac-bayes-kl", "mcallester", "lagrangian", NULL };
static const char *const objective_labels[] = { N_("PAC-Bayes-kl"), N_("McAllester"), N_("Lagrangian"), NULL };

static const HeftParameterSpec parameters[] = {
  { HEFT_COMMON_LEARNED_DATASET, .default_text = "mnist-10k" },
  { HEFT_COMMON_TRAINING_SAMPLES, .label = N_("Training samples"), .default_text = "0" },
  { .id = "data-prior", .label = N_("Share for the prior"),
    .help = N_("The share of the training samples that trains the prior's centre; they are not counted in the bound."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .minimum = 0, .maximum = 0.95, .default_text = "0" },
  { HEFT_COMMON_DENSE_ARCHITECTURE, .default_text = "600" },
  { HEFT_COMMON_ACTIVATION, .default_text = "relu" },
  { HEFT_COMMON_PRIOR, .default_text = "init-centred", .choices = priors, .choice_labels = prior_labels },
  { .id = "lambda", .label = N_("$\\lambda$ of hidden layers"), .help = N_("The standard deviation of the prior in the hidden layers."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = 1e-4, .maximum = 0.99, .logarithmic = TRUE,
    .default_text = "0.007" },
  { .id = "lambda-output", .label = N_("$\\lambda$ of the output layer"), .help = N_("The standard deviation of the prior in the output layer."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = 1e-4, .maximum = 0.99, .logarithmic = TRUE,
    .default_text = "0.3" },
  { .id = "lambda-grid", .label = N_("Pay for the scales"),
    .help = N_("Takes the scales from a grid fixed in advance and adds the price of choosing them; switch it off only if they were not chosen by "
               "looking at this data."),
    .kind = HEFT_PARAMETER_BOOLEAN, .group = HEFT_GROUP_CODES, .default_text = "true" },
  { .id = "objective", .label = N_("Objective"), .help = N_("The bound that training lowers, on the bounded cross-entropy."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_OBJECTIVE, .default_text = "pac-bayes-kl",
    .choices = objectives, .choice_labels = objective_labels },
  { HEFT_COMMON_DELTA },
  { .id = "beta-pac", .label = N_("PAC-Bayes $\\beta$"),
    .help = N_("Of the Lagrangian bound, above 1/2 and fixed in advance; 0 takes the best of 16 candidates and pays for the choice."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 0, .maximum = 1e6, .default_text = "0" },
  { .id = "smallest-probability", .label = N_("Smallest probability $p_\\mathrm{min}$"),
    .help = N_("Probabilities below it count as it, so that the cross-entropy is bounded; taken from a grid, and its bound pays for the choice."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 1e-12, .maximum = 0.1, .logarithmic = TRUE,
    .default_text = "0.05" },
  { HEFT_COMMON_LEARNING_RATE, .help = N_("The length of a step; it falls to a fiftieth towards the end."), .default_text = "0.002" },
  { HEFT_COMMON_BATCH, .default_text = "250" },
  { HEFT_COMMON_EPOCHS, .label = N_("Epochs"), .help = N_("Passes through the counted samples that train Q."), .maximum = 1e5,
    .default_text = "100" },
  { .id = "prior-epochs", .label = N_("Epochs of the prior"), .help = N_("Passes through the samples held apart that train the prior's centre."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OPTIMIZER, .minimum = 0.01, .maximum = 1e5, .logarithmic = TRUE,
    .default_text = "20" },
  { HEFT_COMMON_CERTIFICATE_DRAWS, .default_text = "20000" },
  { HEFT_COMMON_DRAW_SAMPLES },
  { HEFT_COMMON_EFFORT, .help = N_("Quick trains a quarter as long and takes a tenth of the draws."), .default_text = "full" },
};

#define TRAINING N_("running mean over about 100 steps, under the noise of training")
#define DRAWN N_("weight draws so far; each holds by itself with the stated probability")

static const HeftSeriesSpec series[] = {
  [HEFT_CERTIFY_BOUND] = { "training_bound", N_("PAC-Bayes-kl bound, running"), "", N_("Step"), HEFT_QUANTITY_BOUND, FALSE, TRAINING },
  [HEFT_CERTIFY_RISK] = { "training_risk", N_("Bounded cross-entropy, training"), "", N_("Step"), HEFT_QUANTITY_TRAIN_LOSS, FALSE, TRAINING },
  [HEFT_CERTIFY_KL] = { "kl", N_("$\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("Step"), HEFT_QUANTITY_KL, FALSE, N_("exact, closed form") },
  [HEFT_CERTIFY_KL_LAYERS] = { "kl_layers", N_("$\\mathrm{KL}(Q \\Vert P)$"), "nat", N_("Step"), HEFT_QUANTITY_LAYER, TRUE,
                               N_("exact, closed form, each layer") },
  [HEFT_CERTIFY_BETA] = { "training_beta", N_("$N\\beta$ set by the bound"), "", N_("Step"), HEFT_QUANTITY_LAGRANGIAN, FALSE,
                          N_("ratio of the bound’s slopes, from running risk and exact KL") },
  [HEFT_CERTIFY_EMPIRICAL] = { "empirical_error", N_("Empirical error of $Q$"), "%", N_("Weight draws $m$"), HEFT_QUANTITY_TRAIN_ERROR, FALSE,
                               N_("mean over weight draws so far") },
  [HEFT_CERTIFY_UPPER] = { "empirical_upper", N_("Its upper end"), "%", N_("Weight draws $m$"), HEFT_QUANTITY_CORRECTED, FALSE,
                           N_("inverse binary kl, given the draws so far") },
  [HEFT_CERTIFY_PAC_BAYES_KL] = { "pac_bayes_kl", N_("PAC-Bayes-kl bound"), "%", N_("Weight draws $m$"), HEFT_QUANTITY_BOUND, FALSE, DRAWN },
  [HEFT_CERTIFY_MCALLESTER] = { "mcallester", N_("McAllester’s bound"), "%", N_("Weight draws $m$"), HEFT_QUANTITY_LOOSER_BOUND, FALSE, DRAWN },
  [HEFT_CERTIFY_LAGRANGIAN] = { "lagrangian_bound", N_("Lagrangian bound"), "%", N_("Weight draws $m$"), HEFT_QUANTITY_LAGRANGIAN_BOUND, FALSE,
                                DRAWN },
  [HEFT_CERTIFY_TEST] = { "test_error", N_("Test error of $Q$"), "%", N_("Weight draws $m$"), HEFT_QUANTITY_TEST_ERROR, FALSE,
                          N_("one draw for four of the others, each on 250 test samples") },
};

static const HeftResultSpec results[] = {
  { "pac_bayes_kl", N_("PAC-Bayes-kl bound on the error of Q"), "", FALSE },
  { "mcallester", N_("McAllester’s bound on the error of Q"), "", FALSE },
  { "lagrangian_bound", N_("Lagrangian bound on the error of Q"), "", FALSE },
  { "cross_entropy_bound", N_("PAC-Bayes-kl bound on the bounded cross-entropy of Q, in [0, 1]"), "", FALSE },
  { "empirical_error", N_("Error of Q on the counted samples, mean over weight draws"), "", FALSE },
  { "empirical_upper", N_("What it is at most, given the draws"), "", FALSE },
  { "empirical_cross_entropy", N_("Bounded cross-entropy of Q on the counted samples, in [0, 1]"), "", FALSE },
  { "test_error", N_("Error of Q on the test set, mean over weight draws"), "", FALSE },
  { "test_error_standard_error", N_("Standard error of test_error over the weight draws"), "", FALSE },
  { "test_error_mean", N_("Error of the mean weights on the test set"), "", FALSE },
  { "kl", N_("KL(Q‖P), exact"), "nat", FALSE },
  { "kl_layers", N_("KL(Q‖P) of each layer, exact"), "nat", TRUE },
  { "scale_price", N_("What choosing the scales from their grid adds to KL"), "nat", FALSE },
  { "clamp_price", N_("What choosing p_min from its grid adds to KL in cross_entropy_bound"), "nat", FALSE },
  { "smallest_probability", N_("Smallest probability p_min of the bounded cross-entropy, on its grid"), "", FALSE },
  { "lambdas", N_("The prior's scale in each layer"), "", TRUE },
  { "beta_pac", N_("PAC-Bayes β of the Lagrangian bound"), "", FALSE },
  { "draws", N_("Weight draws behind the bounds"), "", FALSE },
  { "samples", N_("Samples N that the bounds count"), "", FALSE },
};

static const HeftPanelSpec panels[] = {
  { .id = "training", .title = N_("What training lowers"), .kind = HEFT_PANEL_LINES, .x_label = N_("Step"), .y_label = N_("Bounded risk"),
    .y_unit = "", .series = { "training_bound", "training_risk" },
    .things_to_try = N_("Give half of the samples to the prior: the bound starts far lower, although fewer are counted."),
    .sentence = heft_certify_training_sentence },
  { .id = "kl", .title = N_("Information in the weights"), .kind = HEFT_PANEL_STACKED, .x_label = N_("Step"),
    .y_label = N_("Information"), .y_unit = "nat", .series = { "kl_layers", "kl" },
    .things_to_try = N_("Take the isotropic prior: the distance from zero has to be paid for, and nothing remains of the certificate."),
    .sentence = heft_certify_kl_sentence },
  { .id = "beta", .title = N_("The price of a nat, set by the bound"), .kind = HEFT_PANEL_LINES, .x_label = N_("Step"),
    .y_label = N_("$N\\beta$"), .y_unit = "", .y_log = TRUE, .series = { "training_beta" },
    .things_to_try = N_("Compare the objectives: the kl bound makes nats dearer as the risk falls, McAllester’s looks at KL alone."),
    .sentence = heft_certify_beta_sentence },
  { .id = "draws", .title = N_("Certificate against weight draws"), .kind = HEFT_PANEL_LINES, .x_label = N_("Weight draws $m$"), .x_log = TRUE,
    .y_label = N_("Error"), .y_unit = "%", .frame = "vacuous",
    .awaits = N_("The certificate begins with the first weight draw, when training has ended."),
    .series = { "empirical_error", "empirical_upper", "pac_bayes_kl", "mcallester", "lagrangian_bound", "test_error" },
    .things_to_try = N_("Watch the bounds fall as draws arrive: what they lose is doubt about the empirical error alone; KL’s share stays."),
    .sentence = heft_certify_draws_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .awaits = N_("The ledger fills with the first weight draw, when training has ended."),
    .things_to_try = N_("Choose empirical Bayes without paying for the scales: no bound is called one."),
    .sentence = heft_certify_ledger_sentence },
};

const HeftExperiment heft_experiment_certificate = {
  .id = "certificate",
  .title = N_("A certificate for a network: PAC-Bayes"),
  .summary = N_("A code for the weights is trained on a bound of its own risk, and then certified: with high probability over the "
                "training set its error is at most so much. Weight draws arrive one by one and tighten the certificate on screen."),
  .long_running = TRUE,
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .check = heft_certify_check,
  .run = heft_certify_run,
};
