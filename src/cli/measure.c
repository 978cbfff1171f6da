/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include <heft/dataset.h>
#include <heft/error.h>
#include <heft/measure.h>
#include <heft/safetensors.h>

#include "cli/cli.h"
#include "cli/measure.h"
#include "curvature/factors.h"

/* As `train`: beta = 0.1 / N, lambda = 0.1. */
#define DEFAULT_N_BETA 0.1
#define DEFAULT_LAMBDA 0.1

/* As experiment `certificate`: 0.01 of the 0.035 that may fail are for the draws, and each draw is measured on 100 samples. */
#define DEFAULT_DELTA 0.025
#define DEFAULT_DELTA_DRAWS 0.01
#define DEFAULT_DRAWS 2000
#define DEFAULT_DRAW_SAMPLES 100

/* What was typed. */
typedef struct
{
  char    *data, *activation, *architecture, *input, *samples, *beta, *lambda, *fisher, *scope, *nuisances, *seed;
  char    *delta, *delta_draws, *beta_pac, *draws, *draw_samples, *pushforward;
  int      threads;
  gboolean hessian, activations, certificate, json, quiet;
} Typed;

static void
typed_clear (Typed *self)
{
  char **texts[] = { &self->data, &self->activation, &self->architecture, &self->input, &self->samples,
                     &self->beta, &self->lambda, &self->fisher, &self->scope, &self->nuisances, &self->seed,
                     &self->delta, &self->delta_draws, &self->beta_pac, &self->draws, &self->draw_samples,
                     &self->pushforward };

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

/* A finite number, all of the word; whole ones below 1e15. */
static gboolean
parse_number (const char *text, gboolean whole, double *value)
{
  char *end = NULL;
  double number = g_ascii_strtod (text, &end);

  if (end == text || *end != '\0' || !isfinite (number) || (whole && (number != floor (number) || fabs (number) >= 1e15)))
    return FALSE;
  *value = number;
  return TRUE;
}

/* A whole number from 0, which stands for all. @text NULL leaves @value. */
static gboolean
read_count_or_all (const char *option, const char *text, double *value)
{
  double number;

  if (text == NULL)
    return TRUE;
  if (parse_number (text, TRUE, &number) && number >= 0)
    {
      *value = number;
      return TRUE;
    }
  heft_cli_fail (HEFT_EXIT_USAGE, _("--%s needs a whole number, 0 for all; “%s” is none."), option, text);
  return FALSE;
}

/* A number above 0, all of the word. @text NULL leaves @value. */
static gboolean
read_positive (const char *option, const char *text, double *value, gboolean whole)
{
  double number;

  if (text == NULL)
    return TRUE;
  if (parse_number (text, whole, &number) && number > 0)
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

/* A probability that is neither 0 nor 1. */
static gboolean
read_probability (const char *option, const char *text, double *value)
{
  if (!read_positive (option, text, value, FALSE))
    return FALSE;
  if (*value < 1)
    return TRUE;
  heft_cli_fail (HEFT_EXIT_USAGE, _("--%s needs a number above 0 and below 1; “%s” is none."), option, text);
  return FALSE;
}

/* Options that say nothing without another are refused rather than passed over. */
static gboolean
check_companions (const Typed *typed, const HeftMeasureOptions *options)
{
  const struct { const char *option, *text; } owned[] = {
    { "delta", typed->delta }, { "delta-draws", typed->delta_draws }, { "beta-pac", typed->beta_pac },
    { "draw-samples", typed->draw_samples },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (owned); i++)
    if (owned[i].text != NULL && !typed->certificate)
      {
        heft_cli_fail (HEFT_EXIT_USAGE, _("--%s belongs to --certificate; give both or neither."), owned[i].option);
        return FALSE;
      }
  if (typed->draws == NULL || typed->certificate || (options->pushforwards & 1 << HEFT_PUSHFORWARD_DRAWS) != 0)
    return TRUE;
  heft_cli_fail (HEFT_EXIT_USAGE, _("--%s belongs to --certificate or to --pushforward draws; give one of them too."), "draws");
  return FALSE;
}

/* Names of routes between commas, or all. */
static gboolean
read_routes (const Typed *typed, HeftMeasureOptions *options)
{
  const char *const names[] = { "jacobian", "kfac", "draws", "all", NULL };
  g_auto (GStrv) words = typed->pushforward != NULL ? g_strsplit (typed->pushforward, ",", -1) : NULL;

  options->activations = typed->activations || words != NULL;
  for (gsize i = 0; words != NULL && words[i] != NULL; i++)
    {
      int route = read_word ("pushforward", words[i], names);

      if (route < 0)
        return FALSE;
      options->pushforwards |= route < HEFT_N_PUSHFORWARDS ? 1u << route : (1u << HEFT_N_PUSHFORWARDS) - 1;
    }
  if (words == NULL || options->pushforwards != 0)
    return TRUE;
  heft_cli_fail (HEFT_EXIT_USAGE, _("--pushforward needs jacobian, kfac, draws, several of them between commas, or all."));
  return FALSE;
}

static gboolean
read_certificate (const Typed *typed, HeftMeasureOptions *options)
{
  double draws = DEFAULT_DRAWS, draw_samples = DEFAULT_DRAW_SAMPLES;

  options->certificate = typed->certificate;
  options->delta = DEFAULT_DELTA;
  options->delta_draws = DEFAULT_DELTA_DRAWS;
  if (!check_companions (typed, options) || !read_probability ("delta", typed->delta, &options->delta)
      || !read_probability ("delta-draws", typed->delta_draws, &options->delta_draws)
      || !read_positive ("draws", typed->draws, &draws, TRUE)
      || !read_count_or_all ("draw-samples", typed->draw_samples, &draw_samples))
    return FALSE;
  if (!(options->delta + options->delta_draws < 1))
    {
      heft_cli_fail (HEFT_EXIT_USAGE, _("Not a valid bound: delta and delta-draws together must be below 1."));
      return FALSE;
    }
  if (draws > HEFT_MOST_MEASURE_DRAWS || draw_samples > HEFT_MOST_MEASURE_DRAWS)
    {
      heft_cli_fail (HEFT_EXIT_USAGE, _("--%s must be at most %d; “%s” is not."), draws > HEFT_MOST_MEASURE_DRAWS ? "draws" : "draw-samples",
                     HEFT_MOST_MEASURE_DRAWS, draws > HEFT_MOST_MEASURE_DRAWS ? typed->draws : typed->draw_samples);
      return FALSE;
    }
  options->n_draws = (gsize) draws;
  if (options->n_draws < HEFT_LEAST_PUSHFORWARD_DRAWS && (options->pushforwards & 1 << HEFT_PUSHFORWARD_DRAWS) != 0)
    {
      heft_cli_fail (HEFT_EXIT_USAGE, _("--%s must be at least %d for --pushforward draws; “%s” is not."), "draws",
                     HEFT_LEAST_PUSHFORWARD_DRAWS, typed->draws);
      return FALSE;
    }
  options->draw_samples = (gsize) draw_samples;
  if (typed->beta_pac == NULL || strcmp (typed->beta_pac, "best") != 0)
    return read_positive ("beta-pac", typed->beta_pac, &options->beta_pac, FALSE);
  options->beta_pac = HEFT_MEASURE_BEST_BETA;
  return TRUE;
}

static gboolean
read_options (const Typed *typed, HeftMeasureOptions *options, gboolean *has_beta)
{
  const char *const scopes[] = { "layers", "network", "both", NULL };
  int kind = typed->fisher != NULL ? read_word ("fisher", typed->fisher, heft_measure_fisher_names)   : HEFT_MEASURE_AUTOMATIC;
  int scope = kind < 0 ? -1 : typed->scope != NULL ? read_word ("scope", typed->scope, scopes) : 2;
  double samples = 0, nuisances = 0;

  if (scope < 0 || !read_positive ("samples", typed->samples, &samples, TRUE)
      || !read_positive ("nuisances", typed->nuisances, &nuisances, TRUE)
      || !read_positive ("beta", typed->beta, &options->beta, FALSE)
      || !read_positive ("lambda", typed->lambda, &options->lambda, FALSE) || !read_routes (typed, options)
      || !read_certificate (typed, options))
    return FALSE;
  if (typed->seed != NULL && !g_ascii_string_to_unsigned (typed->seed, 10, 0, G_MAXUINT64, &options->seed, NULL))
    {
      heft_cli_fail (HEFT_EXIT_USAGE, _("--%s needs a whole number from 0 to %s; “%s” is none."), "seed", "18446744073709551615",
                     typed->seed);
      return FALSE;
    }
  *has_beta = typed->beta != NULL;
  options->n_samples = (gsize) samples;
  options->kind = (HeftMeasureFisher) kind;
  options->layers = scope != 1;
  options->whole_network = scope != 0;
  options->hessian = typed->hessian;
  options->n_nuisances = (gsize) nuisances;
  options->n_threads = (guint) typed->threads;
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

/* What does not fit together is bad usage, said before anything is measured. */
static gboolean
check_fit (Job *job, GError **error)
{
  if (!heft_factors_check (job->network, job->data, error))
    return FALSE;
  if (job->options.n_nuisances == 0 || heft_dataset_get_shape (job->data, NULL, NULL, NULL))
    return TRUE;
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("“%s” holds no images, and only images can be turned, moved or blurred: choose a set of images."),
               heft_dataset_get_name (job->data));
  return FALSE;
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
  return check_fit (job, error);
}

/* --- The command ---------------------------------------------------------------------------------------------------- */

static int
measure (Job *job, const Typed *typed)
{
  gboolean routes = typed->pushforward != NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftMeasurement) measurement = heft_measure (job->network, job->weights, job->data, &job->options, NULL, &error);

  if (measurement == NULL)
    return heft_cli_fail_error (HEFT_EXIT_FAILED, error);
  if (typed->json)
    return heft_cli_measure_print_json (measurement, job->network, routes) ? HEFT_EXIT_DONE : HEFT_EXIT_FAILED;
  if (!typed->quiet)
    heft_cli_measure_print_text (measurement, job->network, routes);
  return HEFT_EXIT_DONE;
}

int
heft_cli_measure (int argc, char **argv)
{
  g_auto (Typed) typed = { .threads = heft_cli_threads_default () };
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
    { "hessian", 0, 0, G_OPTION_ARG_NONE, &typed.hessian, N_("the Hessian too: exact, or above 8,000 weights by products"), NULL },
    { "activations", 0, 0, G_OPTION_ARG_NONE, &typed.activations, N_("what activations tell about the input too"), NULL },
    { "pushforward", 0, 0, G_OPTION_ARG_STRING, &typed.pushforward,
      N_("how: jacobian (default), kfac, draws; several with commas or all compares"), "ROUTES" },
    { "nuisances", 0, 0, G_OPTION_ARG_STRING, &typed.nuisances, N_("the smallest visible rotation, shift, blur ... of the first n images too"),
      "n" },
    { "certificate", 0, 0, G_OPTION_ARG_NONE, &typed.certificate, N_("PAC-Bayes bounds on the error of Q = N(w*, Sigma*) too"), NULL },
    { "delta", 0, 0, G_OPTION_ARG_STRING, &typed.delta, N_("probability with which a bound may fail (default: 0.025)"), "d" },
    { "delta-draws", 0, 0, G_OPTION_ARG_STRING, &typed.delta_draws, N_("probability with which the draws may mislead (default: 0.01)"), "d2" },
    { "beta-pac", 0, 0, G_OPTION_ARG_STRING, &typed.beta_pac, N_("of the Lagrangian bound, fixed in advance, or best, paid for (default: N beta)"),
      "b" },
    { "draws", 0, 0, G_OPTION_ARG_STRING, &typed.draws, N_("weight draws of the certificate and that pushforward (default: 2000)"), "m" },
    { "draw-samples", 0, 0, G_OPTION_ARG_STRING, &typed.draw_samples, N_("samples a draw, with replacement; 0 takes all (default: 100)"), "n" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &typed.seed, N_("seed of sampled labels, weight draws and made-up data (default: 0)"), "N" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &typed.threads, N_("Worker threads; never changes a result (default: cores)"), N_("N") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &typed.json, N_("print one JSON document"), NULL },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &typed.quiet, N_("Neither progress nor results in words"), NULL },
    { NULL },
  };
  g_auto (Job) job = { .options = { .lambda = DEFAULT_LAMBDA } };
  g_autoptr (GError) error = NULL;
  gboolean has_beta;

  if (!heft_cli_parse (&argc, &argv, entries, N_("NETWORK.safetensors"), N_("Measure a trained network made elsewhere."), 1, 1)
      || !read_options (&typed, &job.options, &has_beta))
    return HEFT_EXIT_USAGE;
  if (!heft_cli_threads_check (typed.threads, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  if (typed.data == NULL)
    return heft_cli_fail (HEFT_EXIT_USAGE, _("--data is missing; “heft-cli measure --help” lists the options."));
  if (!load (&job, &typed, argv[1], has_beta, &error))
    return heft_cli_fail_error (HEFT_EXIT_USAGE, error);
  return measure (&job, &typed);
}
