/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "experiments/common-parameters.h"
#include "experiments/network.h"
#include "experiments/train.h"
#include "experiments/words.h"

/* --- Sentences ------------------------------------------------------------------------------------------------------------ */

static char *
frame_words (HeftFrame *frame, const char *name)
{
  return heft_words_number (heft_frame_get_number (frame, name, NAN));
}

char *
heft_network_spectra_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "spectra");
  g_autofree char *paid = NULL, *all = NULL;

  if (frame == NULL)
    return NULL;
  paid = heft_words_count ((guint64) heft_frame_get_number (frame, "paid_directions", 0));
  all = heft_words_count ((guint64) heft_frame_get_number (frame, "parameters", 0));
  return g_strdup_printf (_("Counted layer by layer, %s of %s directions lie above $\\beta/\\lambda^2$ and are paid for; the others are free."), paid, all);
}

char *
heft_network_hessian_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "hessian");
  g_autofree char *gap = NULL, *negative = NULL;

  if (frame == NULL)
    return NULL;
  if (!isfinite (heft_frame_get_number (frame, "gap", NAN)))
    return g_strdup (_("The Fisher of the whole network; the Hessian beside it is switched off or zero."));
  gap = frame_words (frame, "gap");
  negative = frame_words (frame, "most_negative");
  return g_strdup_printf (_("Hessian and Fisher differ by %s of the Hessian’s size; its most negative eigenvalue is %s."), gap,
                          negative);
}

char *
heft_network_information_sentence (HeftRecord *record)
{
  g_autofree char *information = heft_words_result (record, "information"), *printed = heft_words_result (record, "printed_information");

  if (!heft_record_get_result (record, "information", NULL))
    return NULL;
  return g_strdup_printf (_("The weights hold %s nats; the formula as printed says %s."), information, printed);
}

char *
heft_network_costs_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "costs");
  g_autofree char *dearest = NULL;

  if (frame == NULL)
    return NULL;
  dearest = frame_words (frame, "dearest");
  return g_strdup_printf (_("The dearest direction costs %s nats; halving $\\beta$ adds up to 0.35 to each that is paid for."), dearest);
}

/* %NULL where the frame says what keeps its panel empty: that stands in the sentence's place (transfer full). */
static HeftFrame *
get_filled_frame (HeftRecord *record, const char *id)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, id);

  return frame != NULL && heft_frame_get_text (frame, "obstacle") == NULL ? g_steal_pointer (&frame) : NULL;
}

char *
heft_network_effective_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = get_filled_frame (record, "effective");
  g_autofree char *first = NULL, *last = NULL;

  if (frame == NULL)
    return NULL;
  first = frame_words (frame, "first");
  last = frame_words (frame, "last");
  return g_strdup_printf (_("The first layer tells %s nats about an input, the logits %s."), first, last);
}

char *
heft_network_nuisances_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = get_filled_frame (record, "nuisances");
  g_autofree char *rotation = NULL;
  double least;

  if (frame == NULL)
    return NULL;
  least = heft_frame_get_number (frame, "rotation", NAN);
  if (!isfinite (least))
    return g_strdup (_("The logits cannot tell a rotation from none."));
  rotation = heft_words_number (least);
  /* A straight line carried further than half a turn tells of no rotation that there is. */
  if (least > 180)
    return g_strdup_printf (_("At the logits no rotation of half of the images shows: to first order it would take %s°."), rotation);
  return g_strdup_printf (_("At the logits half of the images must turn by %s° or more before it shows."), rotation);
}

char *
heft_network_directions_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = get_filled_frame (record, "directions");
  g_autofree char *words = NULL;
  double ratio;

  if (frame == NULL)
    return NULL;
  ratio = heft_frame_get_number (frame, "ratio", NAN);
  if (!isfinite (ratio))
    return g_strdup_printf (_("After %s some of the directions in which the data differ cannot be seen."), heft_frame_get_text (frame, "layer"));
  words = heft_words_number (ratio);
  return g_strdup_printf (_("After %s the least visible of the data’s directions takes steps %s times as long as the most visible."),
                          heft_frame_get_text (frame, "layer"), words);
}

char *
heft_network_ledger_sentence (HeftRecord *record)
{
  g_autofree char *loss = NULL, *error = NULL;
  double value;

  if (!heft_record_get_result (record, "error", &value))
    return NULL;
  error = heft_words_percent (value);
  loss = heft_words_result (record, "loss");
  return g_strdup_printf (_("The network errs on %s of the samples, at a loss of %s nats."), error, loss);
}

/* --- Parameters ------------------------------------------------------------------------------------------------------------ */

static const char *const activations[] = { "file", "relu", "tanh", "leaky-relu", "sigmoid", "softplus", "gelu", "linear", NULL };
static const char *const activation_labels[] = { N_("As the file says"), N_("ReLU"), N_("Tanh"), N_("Leaky ReLU"), N_("Sigmoid"),
                                                 N_("Softplus"), N_("GELU"), N_("Linear"), NULL };
static const char *const fisher_labels[] = { N_("Exact"), N_("Sampled labels"), N_("Labels of the data"), N_("KFAC"),
                                             N_("EKFAC"), N_("Diagonal"), N_("Lanczos"), N_("Exact, else Lanczos"), NULL };
static const char *const fishers[] = { "exact", "sampled", "empirical", "kfac", "ekfac", "diagonal", "lanczos", "automatic", NULL };

static const HeftParameterSpec parameters[] = {
  { .id = "network", .label = N_("Network"),
    .help = N_("A safetensors file as PyTorch writes it; empty trains a small network on the data first."),
    .kind = HEFT_PARAMETER_FILE, .group = HEFT_GROUP_NETWORK, .default_text = "" },
  { .id = "activation", .label = N_("Activation"),
    .help = N_("What stands between the layers. Files of PyTorch do not say; those that Heft saves do."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_NETWORK, .default_text = "file",
    .choices = activations, .choice_labels = activation_labels },
  { .id = "layers", .label = N_("Layers"),
    .help = N_("Where the file cannot say: pooling, strides, padding, as in conv-relu-pool2-flatten-dense. Empty takes the layers as "
               "they follow."),
    .kind = HEFT_PARAMETER_TEXT, .group = HEFT_GROUP_NETWORK, .default_text = "" },
  { .id = "input", .label = N_("Input"), .help = N_("Channels x height x width of an image, such as 1x28x28; empty asks the data."),
    .kind = HEFT_PARAMETER_TEXT, .group = HEFT_GROUP_NETWORK, .default_text = "" },
  { HEFT_COMMON_DATASET, .help = N_("What the network is measured on: a named set, or a file of your own."), .default_text = "digits-8x8" },
  { HEFT_COMMON_SAMPLES, .label = N_("Samples $N$"), .help = N_("The first so many samples are used; 0 uses all."), .default_text = "300" },
  { HEFT_COMMON_BETA, .default_text = "0.1/N", .live = TRUE },
  { HEFT_COMMON_LAMBDA, .group = HEFT_GROUP_OBJECTIVE, .default_text = "0.1", .live = TRUE },
  { .id = "fisher", .label = N_("Fisher"),
    .help = N_("Which Fisher the spectra and the information are of, and how it is measured; the labels of the data make the "
               "empirical one."),
    .kind = HEFT_PARAMETER_CHOICE, .group = HEFT_GROUP_MEASUREMENT, .default_text = "automatic",
    .choices = fishers, .choice_labels = fisher_labels },
  { .id = "hessian", .label = N_("Hessian"), .help = N_("The Hessian too: exact up to 3,000 weights, above that by products."),
    .kind = HEFT_PARAMETER_BOOLEAN, .group = HEFT_GROUP_MEASUREMENT, .default_text = "true" },
  { .id = "activation-samples", .label = N_("Samples for activations"),
    .help = N_("On how many samples the layers’ effective information and the nuisances are measured."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .minimum = 1, .maximum = 10000, .logarithmic = TRUE,
    .default_text = "24" },
  { HEFT_COMMON_INVARIANCE_LAYER, .default_text = "0" },
  { HEFT_COMMON_DELTA },
  { HEFT_COMMON_CERTIFICATE_DRAWS, .default_text = "2000" },
  { HEFT_COMMON_DRAW_SAMPLES },
};

static const HeftResultSpec results[] = {
  { "loss", N_("Mean loss on the samples"), "nat", FALSE },
  { "error", N_("Share of the samples that are misclassified"), "", FALSE },
  { "samples", N_("Samples N"), "", FALSE },
  { "parameters", N_("Weights that can vary"), "", FALSE },
  { "fisher_trace", N_("Trace of the Fisher"), "nat", FALSE },
  { "information", N_("Gaussian information of the whole network"), "nat", FALSE },
  { "information_error", N_("Its standard error; 0 where it is exact"), "nat", FALSE },
  { "printed_information", N_("The same by the formula as printed in the paper"), "nat", FALSE },
  { "information_layers", N_("Gaussian information of each layer's own block"), "nat", TRUE },
  { "relative_gap", N_("|H - F| / |H| with the exact Fisher"), "", FALSE },
  { "effective_information", N_("Effective information of each layer's activations about an input"), "nat", TRUE },
  { "activation_fisher", N_("Trace of the Fisher of each layer's activations about an input"), "", TRUE },
  { "pac_bayes_kl", N_("PAC-Bayes-kl bound on the error of Q"), "", FALSE },
  { "mcallester", N_("McAllester’s bound on the error of Q"), "", FALSE },
  { "lagrangian_bound", N_("Lagrangian bound on the error of Q"), "", FALSE },
  { "empirical_error", N_("Error of Q on the counted samples, mean over weight draws"), "", FALSE },
  { "kl", N_("KL(Q‖P), exact"), "nat", FALSE },
  { "code_uniform", N_("Description length of the labels written down, N log C"), "nat", FALSE },
  { "code_two_part", N_("N times the loss plus KL(Q‖P)"), "nat", FALSE },
  { "code_variational", N_("N times the loss under Q plus KL(Q‖P)"), "nat", FALSE },
};

static const HeftPanelSpec panels[] = {
  { .id = "spectra", .title = N_("Fisher spectra by layer"), .kind = HEFT_PANEL_SPECTRA, .x_label = N_("Rank"),
    .y_label = N_("Eigenvalue"), .y_unit = "nat", .x_log = TRUE, .y_log = TRUE, .frame = "spectra",
    .things_to_try = N_("Drag β and λ: the line moves across the same spectra. Compare the exact Fisher with the empirical one and "
                        "with KFAC."),
    .sentence = heft_network_spectra_sentence },
  { .id = "hessian", .title = N_("Hessian beside Fisher"), .kind = HEFT_PANEL_SPECTRA, .x_label = N_("Rank"),
    .y_label = N_("Eigenvalue"), .y_unit = "nat", .x_log = TRUE, .y_log = TRUE, .frame = "hessian",
    .things_to_try = N_("On a linear network, without hidden layers, the two are one. On a network that has not converged the Hessian "
                        "has negative eigenvalues, the Fisher never."),
    .sentence = heft_network_hessian_sentence },
  { .id = "information", .title = N_("Information by layer"), .kind = HEFT_PANEL_LEDGER, .frame = "information",
    .awaits = N_("The layers appear with the first measurement of the curvature."),
    .things_to_try = N_("Double λ: the prior pays less for large weights, but every direction becomes dearer."),
    .sentence = heft_network_information_sentence },
  { .id = "costs", .title = N_("What each direction costs"), .kind = HEFT_PANEL_SPECTRA, .x_label = N_("Rank"),
    .y_label = N_("Information"), .y_unit = "nat", .x_log = TRUE, .frame = "costs",
    .things_to_try = N_("The areas under the curves are the layers’ informations, but for the length of their weights."),
    .sentence = heft_network_costs_sentence },
  { .id = "effective", .title = N_("Effective information of the activations"), .kind = HEFT_PANEL_LEDGER, .frame = "effective",
    .awaits = N_("The layers appear with the first measurement of what the activations see."),
    .things_to_try = N_("Raise β: noisier weights leave the activations less to say about the input."),
    .sentence = heft_network_effective_sentence },
  { .id = "nuisances", .title = N_("Smallest visible change"), .kind = HEFT_PANEL_CELLS, .frame = "nuisances",
    .things_to_try = N_("Read along a row: where the number grows the layer has become blind to that change. Measure a network trained on "
                        "turned images."),
    .sentence = heft_network_nuisances_sentence },
  { .id = "invariance", .title = N_("What the layer sees"), .kind = HEFT_PANEL_IMAGES, .frame = "invariance",
    .things_to_try = N_("Raise β: the weights become noisier and the layer sees less of each pixel. Choose another layer "
                        "among the measurements."),
    .sentence = heft_train_invariance_sentence },
  { .id = "directions", .title = N_("Directions it sees and misses"), .kind = HEFT_PANEL_IMAGES, .frame = "directions",
    .things_to_try = N_("Compare layers: what the first layer sees best is close to its filters, what the logits see best changes the class."),
    .sentence = heft_network_directions_sentence },
  { .id = "certificate", .title = N_("Certificate and description lengths"), .kind = HEFT_PANEL_LEDGER, .frame = "certificate",
    .awaits = N_("The certificate begins with the first weight draw, after the activations."),
    .things_to_try = N_("Most of KL is the distance from zero: shorter weights, or a larger λ fixed beforehand, certify more. Drag λ and "
                        "nothing is called a bound any more: it was then chosen on the data."),
    .sentence = heft_network_certificate_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Measure the same network on its training set and on data it has never seen."),
    .sentence = heft_network_ledger_sentence },
};

const HeftExperiment heft_experiment_network = {
  .id = "network",
  .title = N_("A network made elsewhere, measured"),
  .summary = N_("Every measurement of a trained network from a file: spectra of Fisher and Hessian, information in its weights and "
                "what its layers can tell. Drag β and λ and the same spectra are priced anew."),
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .check = heft_network_check,
  .run = heft_network_run,
};
