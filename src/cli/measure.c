/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <heft/dataset.h>
#include <heft/measure.h>
#include <heft/safetensors.h>

#include "cli/cli.h"

/* As `train`: beta = 0.1 / N, lambda = 0.1. */
#define DEFAULT_N_BETA 0.1
#define DEFAULT_LAMBDA 0.1

/* What was typed. */
typedef struct
{
  char    *data, *activation, *architecture, *input, *samples, *beta, *lambda, *fisher, *scope, *seed;
  gboolean hessian, activations, json;
} Typed;

static void
typed_clear (Typed *self)
{
  char **texts[] = { &self->data, &self->activation, &self->architecture, &self->input, &self->samples,
                     &self->beta, &self->lambda, &self->fisher, &self->scope, &self->seed };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Typed, typed_clear)

/* What it means. */
typedef struct
{
  HeftNetwork       *network;
  double            *weights;
  HeftDataset       *data;
  HeftMeasureOptions options;
} Job;

static void
job_clear (Job *self)
{
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->weights, g_free);
  g_clear_pointer (&self->data, heft_dataset_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* --- Reading what was typed -------------------------------------------------------------------------------------- */

/* A number above 0, all of the word. @text NULL leaves @value. */
static gboolean
read_positive (const char *option, const char *text, double *value, gboolean whole)
{
  char *end = NULL;
  double number;

  if (text == NULL)
    return TRUE;
  number = g_ascii_strtod (text, &end);
  if (end != text && *end == '\0' && number > 0 && isfinite (number)
      && (!whole || (number == floor (number) && number < 1e15)))
    {
      *value = number;
      return TRUE;
    }
  heft_cli_fail (HEFT_EXIT_USAGE, whole ? _("--%s needs a whole number above 0; “%s” is none.")
                                        : _("--%s needs a finite number above 0; “%s” is none."), option, text);
  return FALSE;
}

/* Which of @names was typed, -1 with a sentence if none. */
static int
read_word (const char *option, const char *text, const char *const *names)
{
  for (int i = 0; names[i] != NULL; i++)
    if (strcmp (text, names[i]) == 0)
      return i;
  heft_cli_fail (HEFT_EXIT_USAGE, _("--%s does not know “%s”; did you mean “%s”?"), option, text,
                 heft_nearest_name (text, names));
  return -1;
}

static gboolean
read_options (const Typed *typed, HeftMeasureOptions *options, gboolean *has_beta)
{
  const char *const scopes[] = { "layers", "network", "both", NULL };
  int kind = typed->fisher != NULL ? read_word ("fisher", typed->fisher, heft_measure_fisher_names)   : HEFT_MEASURE_AUTOMATIC;
  int scope = kind < 0 ? -1 : typed->scope != NULL ? read_word ("scope", typed->scope, scopes) : 2;
  double samples = 0;
  char *end = NULL;

  if (scope < 0 || !read_positive ("samples", typed->samples, &samples, TRUE)
      || !read_positive ("beta", typed->beta, &options->beta, FALSE)
      || !read_positive ("lambda", typed->lambda, &options->lambda, FALSE))
    return FALSE;
  if (typed->seed != NULL)
    {
      options->seed = g_ascii_strtoull (typed->seed, &end, 10);
      if (end == typed->seed || *end != '\0')
        {
          heft_cli_fail (HEFT_EXIT_USAGE, _("--%s needs a whole number; “%s” is none."), "seed", typed->seed);
          return FALSE;
        }
    }
  *has_beta = typed->beta != NULL;
  options->n_samples = (gsize) samples;
  options->kind = (HeftMeasureFisher) kind;
  options->layers = scope != 1;
  options->whole_network = scope != 0;
  options->hessian = typed->hessian;
  options->activations = typed->activations;
  return TRUE;
}

/* The shape that --input says, else that of the data's images, else nothing: then a dense layer comes first. */
static gboolean
read_shape (const Typed *typed, HeftDataset *data, HeftShape *shape, GError **error)
{
  if (typed->input != NULL)
    return heft_shape_parse (typed->input, shape, error);
  if (!heft_dataset_get_shape (data, &shape->channels, &shape->height, &shape->width))
    *shape = (HeftShape) { 0 };
  return TRUE;
}

static gboolean
load (Job *job, const Typed *typed, const char *file, gboolean has_beta, GError **error)
{
  HeftActivation activation = HEFT_ACTIVATION_RELU;
  HeftShape shape = { 0 };
  gsize n;

  if (typed->activation != NULL && !heft_activation_parse (typed->activation, &activation, error))
    return FALSE;
  job->data = heft_data_load_all (typed->data, job->options.seed, error);
  if (job->data == NULL || !read_shape (typed, job->data, &shape, error)
      || !heft_network_load_safetensors (file, typed->architecture, typed->activation != NULL ? &activation : NULL, shape,
                                         &job->network, &job->weights, error))
    return FALSE;
  n = heft_dataset_get_n_samples (job->data);
  if (job->options.n_samples > 0)
    n = MIN (n, job->options.n_samples);
  if (!has_beta)
    job->options.beta = DEFAULT_N_BETA / (double) MAX (n, 1);
  return TRUE;
}

/* --- Writing what was measured -------------------------------------------------------------------------------------- */

static void
add_integer (JsonBuilder *builder, const char *name, gsize value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) value);
}

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

static void
add_values (JsonBuilder *builder, const char *name, const double *values, gsize n)
{
  json_builder_set_member_name (builder, name);
  heft_json_add_array (builder, values, n);
}

static void
add_spectrum (JsonBuilder *builder, const HeftNetwork *network, const HeftMeasurement *measurement, guint i)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (measurement->spectra, i);

  json_builder_begin_object (builder);
  if (spectrum->layer >= 0)
    {
      add_text (builder, "name", heft_network_get_layer_name (network, (gsize) spectrum->layer));
      add_text (builder, "operation", heft_network_get_weight_layer (network, (gsize) spectrum->layer)->name);
    }
  add_integer (builder, "parameters", spectrum->n_parameters);
  heft_json_add_number (builder, "trace", spectrum->trace, NULL);
  if (spectrum->layer < 0)
    heft_json_add_number (builder, "trace_scaled", measurement->trace_scaled,
                          _("The logits are the same for every class: they have no scale."));
  add_integer (builder, "rank", spectrum->n_eigenvalues);
  add_values (builder, "eigenvalues", spectrum->eigenvalues, spectrum->n_eigenvalues);
  heft_json_add_number (builder, "kl", measurement->information[i], NULL);
  heft_json_add_number (builder, "kl_printed", measurement->printed[i],
                        _("The formula as printed is evaluated on complete spectra only."));
  if (!spectrum->complete)
    {
      heft_json_add_number (builder, "kl_standard_error", measurement->information_error[i], NULL);
      add_text (builder, "kl_estimator", _("exact labels, stochastic Lanczos quadrature"));
    }
  add_text (builder, "estimator", spectrum->estimator);
  if (spectrum->words != NULL)
    add_text (builder, "plan", spectrum->words);
  json_builder_end_object (builder);
}

static void
add_hessian (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  const HeftSpectrum *hessian = measurement->hessian;

  json_builder_set_member_name (builder, "hessian");
  json_builder_begin_object (builder);
  heft_json_add_number (builder, "trace", hessian->trace, NULL);
  add_values (builder, "eigenvalues", hessian->eigenvalues, hessian->n_eigenvalues);
  heft_json_add_number (builder, "most_negative", MIN (hessian->eigenvalues[hessian->n_eigenvalues - 1], 0), NULL);
  heft_json_add_number (builder, "relative_gap_to_fisher", measurement->hessian_gap, _("The Hessian is zero."));
  json_builder_end_object (builder);
}

static const char *
effective_estimator (const HeftMeasurement *measurement)
{
  return measurement->structured ? _("first order, Σ* of EKFAC, block by block")
                                 : _("first order, Σ* of the whole network’s exact Fisher");
}

static void
add_effective (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  add_text (builder, "effective_estimator", effective_estimator (measurement));
  json_builder_set_member_name (builder, "effective");
  json_builder_begin_array (builder);
  for (guint l = 0; l < measurement->effective->len; l++)
    {
      const HeftEffectiveLayer *layer = g_ptr_array_index (measurement->effective, l);

      json_builder_begin_object (builder);
      add_text (builder, "layer", layer->name);
      heft_json_add_number (builder, "fisher_trace_mean", layer->fisher_trace_mean, NULL);
      heft_json_add_number (builder, "information_mean", layer->information_mean, NULL);
      add_values (builder, "fisher_trace", layer->fisher_trace, layer->n_samples);
      add_values (builder, "information", layer->information, layer->n_samples);
      add_integer (builder, "rank_deficient_samples", layer->n_rank_deficient);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static gboolean
print_json (const Job *job, const HeftMeasurement *measurement)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  guint n = measurement->spectra->len;

  json_builder_begin_object (builder);
  add_text (builder, "heft", HEFT_VERSION);
  add_integer (builder, "samples", measurement->n_samples);
  add_integer (builder, "parameters", measurement->n_parameters);
  heft_json_add_number (builder, "loss", measurement->loss, NULL);
  heft_json_add_number (builder, "error", measurement->error, NULL);
  heft_json_add_number (builder, "logit_scale", measurement->logit_scale, NULL);
  heft_json_add_number (builder, "beta", measurement->beta, NULL);
  heft_json_add_number (builder, "lambda", measurement->lambda, NULL);
  add_text (builder, "fisher", heft_measure_fisher_names[measurement->kind]);
  if (job->options.layers)
    {
      json_builder_set_member_name (builder, "layers");
      json_builder_begin_array (builder);
      for (guint i = 0; i < n - (job->options.whole_network ? 1 : 0); i++)
        add_spectrum (builder, job->network, measurement, i);
      json_builder_end_array (builder);
    }
  if (job->options.whole_network)
    {
      json_builder_set_member_name (builder, "network");
      add_spectrum (builder, job->network, measurement, n - 1);
    }
  if (measurement->hessian != NULL)
    add_hessian (builder, measurement);
  if (measurement->effective != NULL)
    add_effective (builder, measurement);
  json_builder_end_object (builder);
  return heft_json_print (builder);
}

static void
print_spectrum (const Job *job, const HeftMeasurement *measurement, guint i)
{
  const HeftSpectrum *spectrum = g_ptr_array_index (measurement->spectra, i);
  double doubt = measurement->information_error[i];
  g_autofree char *nats = doubt > 0 ? g_strdup_printf ("%.5g ± %.2g", measurement->information[i], doubt)
                                    : g_strdup_printf ("%.8g", measurement->information[i]);
  g_autofree char *printed = isfinite (measurement->printed[i]) ? g_strdup_printf ("%.8g", measurement->printed[i]) : g_strdup ("–");

  printf ("%-12s %10zu %14.8g %8zu %14.8g %14s %14s\n",
          spectrum->layer < 0 ? _("network") : heft_network_get_layer_name (job->network, (gsize) spectrum->layer),
          spectrum->n_parameters, spectrum->trace, spectrum->n_eigenvalues,
          spectrum->n_eigenvalues > 0 ? spectrum->eigenvalues[0] : 0, nats, printed);
}

static void
print_effective (const HeftMeasurement *measurement)
{
  printf (_("\nWhat activations tell about the input, means over the samples (%s)\n"), effective_estimator (measurement));
  for (guint l = 0; l < measurement->effective->len; l++)
    {
      const HeftEffectiveLayer *layer = g_ptr_array_index (measurement->effective, l);

      printf (_("%-12s trace of the Fisher %.8g, information %.8g nats\n"), layer->name, layer->fisher_trace_mean,
              layer->information_mean);
    }
}

static void
print_text (const Job *job, const HeftMeasurement *measurement)
{
  const HeftSpectrum *any = g_ptr_array_index (measurement->spectra, 0);
  const HeftSpectrum *all = g_ptr_array_index (measurement->spectra, measurement->spectra->len - 1);

  printf (_("%zu samples, %zu parameters: loss %.8g nats, error %.6g\n"), measurement->n_samples, measurement->n_parameters,
          measurement->loss, measurement->error);
  printf (_("Fisher: %s; information at beta = %g (N beta = %g), lambda = %g, in nats\n"), any->estimator, measurement->beta,
          measurement->beta * (double) measurement->n_samples, measurement->lambda);
  if (all->words != NULL)
    printf ("%s\n", all->words);
  printf ("\n%-12s %10s %14s %8s %14s %14s %14s\n", _("layer"), _("parameters"), _("trace"), _("rank"), _("largest"),
          _("information"), _("as printed"));
  for (guint i = 0; i < measurement->spectra->len; i++)
    print_spectrum (job, measurement, i);
  if (isfinite (measurement->trace_scaled))
    printf (_("\nWith the scale of the logits, %.8g, divided out the trace of the network’s Fisher is %.8g\n"),
            measurement->logit_scale, measurement->trace_scaled);
  if (measurement->hessian != NULL)
    printf (_("\nHessian: trace %.8g, eigenvalues from %.8g to %.8g, |H - F| / |H| = %.6g\n"), measurement->hessian->trace,
            measurement->hessian->eigenvalues[0], measurement->hessian->eigenvalues[measurement->n_parameters - 1],
            measurement->hessian_gap);
  if (measurement->effective != NULL)
    print_effective (measurement);
}

static int
measure (Job *job, const Typed *typed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftMeasurement) measurement = heft_measure (job->network, job->weights, job->data, &job->options, NULL, &error);

  if (measurement == NULL)
    return heft_cli_fail_error (HEFT_EXIT_FAILED, error);
  if (!typed->json)
    print_text (job, measurement);
  else if (!print_json (job, measurement))
    return HEFT_EXIT_FAILED;
  return HEFT_EXIT_DONE;
}

int
heft_cli_measure (int argc, char **argv)
{
  g_auto (Typed) typed = { 0 };
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_STRING, &typed.data, N_("data: a name, IMAGES,LABELS as IDX or NPY, or a CSV file"), "D" },
    { "activation", 0, 0, G_OPTION_ARG_STRING, &typed.activation, N_("what stands between the layers: relu, tanh, ..."), "NAME" },
    { "arch", 0, 0, G_OPTION_ARG_STRING, &typed.architecture, N_("layers with pooling, stride and padding, where the file cannot say"),
      "SPEC" },
    { "input", 0, 0, G_OPTION_ARG_STRING, &typed.input, N_("channels x height x width of an image"), "CxHxW" },
    { "samples", 0, 0, G_OPTION_ARG_STRING, &typed.samples, N_("the first n samples (default: all)"), "n" },
    { "beta", 0, 0, G_OPTION_ARG_STRING, &typed.beta, N_("what multiplies KL against the mean loss (default: 0.1/N)"), "b" },
    { "lambda", 0, 0, G_OPTION_ARG_STRING, &typed.lambda, N_("deviation of the prior N(0, lambda^2 I) (default: 0.1)"), "l" },
    { "fisher", 0, 0, G_OPTION_ARG_STRING, &typed.fisher, N_("exact (default where feasible), sampled, empirical, kfac, ekfac, diagonal or lanczos (default elsewhere)"), "KIND" },
    { "scope", 0, 0, G_OPTION_ARG_STRING, &typed.scope, N_("layers, network or both (default)"), "WHAT" },
    { "hessian", 0, 0, G_OPTION_ARG_NONE, &typed.hessian, N_("the exact Hessian too"), NULL },
    { "activations", 0, 0, G_OPTION_ARG_NONE, &typed.activations, N_("what activations tell about the input too"), NULL },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &typed.seed, N_("seed of sampled labels and made-up data (default: 0)"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &typed.json, N_("print one JSON document"), NULL },
    { NULL },
  };
  g_auto (Job) job = { .options = { .lambda = DEFAULT_LAMBDA } };
  g_autoptr (GError) error = NULL;
  gboolean has_beta;

  if (!heft_cli_parse (&argc, &argv, entries, N_("NETWORK.safetensors"), N_("Measure a trained network made elsewhere."), 1, 1)
      || !read_options (&typed, &job.options, &has_beta))
    return HEFT_EXIT_USAGE;
  if (typed.data == NULL)
    return heft_cli_fail (HEFT_EXIT_USAGE, _("--data is missing; “heft-cli measure --help” lists the options."));
  if (!load (&job, &typed, argv[1], has_beta, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  return measure (&job, &typed);
}
