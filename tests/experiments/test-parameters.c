/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include <heft/error.h>
#include <heft/experiment.h>

static HeftParameters *
make_parameters (const char *id)
{
  const HeftExperiment *experiment = heft_experiment_find (id, NULL);

  g_assert_nonnull (experiment);
  return heft_parameters_new (experiment);
}

/* The defaults are a contract with scripts: ids and values as in the command-line contract. */
static void
test_contract_defaults (void)
{
  static const char *const train[][2] = {
    { "dataset", "mnist-10k" }, { "samples", "0" }, { "label-noise", "0" }, { "architecture", "256-256" },
    { "activation", "relu" }, { "posterior", "mean-field" }, { "prior", "isotropic" }, { "beta", "0.1/N" }, { "lambda", "0.1" },
    { "optimizer", "adam" }, { "learning-rate", "0.001" }, { "momentum", "0.9" }, { "batch", "128" }, { "epochs", "10" },
  };
  static const char *const lagrangian[][2] = {
    { "barrier", "0.25" }, { "tilt", "0.1" }, { "lambda", "1.5" }, { "beta", "0.2" },
  };
  g_autoptr (HeftParameters) a = make_parameters ("train");
  g_autoptr (HeftParameters) b = make_parameters ("lagrangian");

  for (gsize i = 0; i < G_N_ELEMENTS (train); i++)
    g_assert_cmpstr (heft_parameters_get_text (a, train[i][0]), ==, train[i][1]);
  for (gsize i = 0; i < G_N_ELEMENTS (lagrangian); i++)
    g_assert_cmpstr (heft_parameters_get_text (b, lagrangian[i][0]), ==, lagrangian[i][1]);
  g_assert_cmpuint (heft_parameters_get_seed (a), ==, 0);
}

/* Every default parses, every choice has a label, every series and panel knows its parts. */
static void
test_tables_are_sound (void)
{
  const HeftExperiment *const *experiments = heft_experiments (NULL);

  for (gsize e = 0; experiments[e] != NULL; e++)
    {
      const HeftExperiment *x = experiments[e];
      g_autoptr (HeftParameters) parameters = heft_parameters_new (x);
      g_autoptr (HeftParameters) window = heft_parameters_new_for_window (x);
      g_autoptr (HeftRecord) record = heft_record_new (x->series, x->n_series, x->results, x->n_results);

      for (gsize i = 0; i < x->n_parameters; i++)
        {
          g_autoptr (GError) error = NULL;

          heft_parameters_set (parameters, x->parameters[i].id, x->parameters[i].default_text, &error);
          g_assert_no_error (error);
          g_assert_nonnull (x->parameters[i].help);
          if (x->parameters[i].choices != NULL)
            g_assert_cmpuint (g_strv_length ((char **) x->parameters[i].choices), ==,
                              g_strv_length ((char **) x->parameters[i].choice_labels));
        }
      for (gsize i = 0; i < x->n_panels; i++)
        {
          for (gsize s = 0; s < G_N_ELEMENTS (x->panels[i].series) && x->panels[i].series[s] != NULL; s++)
            g_assert_cmpint (heft_record_find_series (record, x->panels[i].series[s]), >=, 0);
          /* Nothing to say about an empty record, and no crash. */
          g_free (x->panels[i].sentence (record));
        }
      for (gsize i = 0; i < x->n_series; i++)
        g_assert_nonnull (x->series[i].estimator);
      g_assert_nonnull (x->run);
    }
}

static void
assert_refused (HeftParameters *parameters, const char *name, const char *value, const char *mentions)
{
  g_autofree char *before = strcmp (name, "bta") != 0 ? g_strdup (heft_parameters_get_text (parameters, name)) : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (heft_parameters_set (parameters, name, value, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, mentions));
  if (before != NULL)
    g_assert_cmpstr (heft_parameters_get_text (parameters, name), ==, before);
}

static void
test_refusals (void)
{
  g_autoptr (HeftParameters) p = make_parameters ("train");

  assert_refused (p, "bta", "1", "beta");
  assert_refused (p, "lambda", "0", "between");
  assert_refused (p, "lambda", "1e30", "between");
  assert_refused (p, "lambda", "nan", "number");
  assert_refused (p, "lambda", "inf", "number");
  assert_refused (p, "lambda", "0x10", "number");
  assert_refused (p, "lambda", "0,1", "number");
  assert_refused (p, "lambda", "", "number");
  assert_refused (p, "lambda", "0.1/N", "number");
  assert_refused (p, "beta", "0.1/M", "number");
  assert_refused (p, "beta", "-1/N", "between");
  assert_refused (p, "batch", "12.5", "whole");
  assert_refused (p, "batch", "1e99", "whole");
  assert_refused (p, "posterior", "meanfield", "mean-field");
  assert_refused (p, "measure", "maybe", "true");
  assert_refused (p, "lambda-layers", "0.1,x", "commas");
  assert_refused (p, "lambda-layers", "0.1,,0.2", "commas");
  assert_refused (p, "dataset", " ", "empty");
  assert_refused (p, "architecture", "\xff\xfe", "UTF-8");
}

static void
test_values (void)
{
  g_autoptr (HeftParameters) p = make_parameters ("train");
  g_autoptr (HeftParameters) copy = NULL;
  const double *list;
  gsize n;

  /* A multiple of 1/N is not a number before N is known. */
  g_assert_true (isnan (heft_parameters_get_real (p, "beta")));
  heft_parameters_set_sample_count (p, 10000);
  g_assert_cmpfloat (heft_parameters_get_real (p, "beta"), ==, 0.1 / 10000);
  g_assert_true (heft_parameters_is_default (p, "beta"));
  g_assert_true (heft_parameters_set (p, "beta", " 1/N ", NULL));
  g_assert_cmpfloat (heft_parameters_get_real (p, "beta"), ==, 1.0 / 10000);
  g_assert_false (heft_parameters_is_default (p, "beta"));
  g_assert_true (heft_parameters_set (p, "beta", "2e-4", NULL));
  g_assert_cmpfloat (heft_parameters_get_real (p, "beta"), ==, 2e-4);
  heft_parameters_reset (p, "beta");
  g_assert_true (heft_parameters_is_default (p, "beta"));

  g_assert_true (heft_parameters_set (p, "lambda-layers", "0.1, 0.2,3", NULL));
  copy = heft_parameters_copy (p);
  g_assert_true (heft_parameters_set (p, "lambda-layers", "", NULL));
  list = heft_parameters_get_list (copy, "lambda-layers", &n);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpfloat (list[1], ==, 0.2);
  g_assert_null (heft_parameters_get_list (p, "lambda-layers", &n));
  g_assert_cmpuint (n, ==, 0);

  g_assert_true (heft_parameters_set (p, "seed", "18446744073709551615", NULL));
  g_assert_cmpuint (heft_parameters_get_seed (p), ==, G_MAXUINT64);
  g_assert_false (heft_parameters_set (p, "seed", "-1", NULL));
  g_assert_true (heft_parameters_set (p, "measure", "no", NULL));
  g_assert_false (heft_parameters_get_boolean (p, "measure"));
  g_assert_true (heft_parameters_set (p, "optimizer", "sgd", NULL));
  g_assert_cmpint (heft_parameters_get_integer (p, "optimizer"), ==, 1);
}

static void
test_nearest_name (void)
{
  static const char *const names[] = { "beta", "lambda", "learning-rate", NULL };

  g_assert_cmpstr (heft_nearest_name ("bta", names), ==, "beta");
  g_assert_cmpstr (heft_nearest_name ("lamdba", names), ==, "lambda");
  g_assert_cmpstr (heft_nearest_name ("learning_rate", names), ==, "learning-rate");
  g_assert_null (heft_nearest_name ("x", names + 3));
}

static void
assert_check_fails (const char *name, const char *value, const char *mentions)
{
  g_autoptr (HeftParameters) p = make_parameters ("train");
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_parameters_set (p, "dataset", "moons", NULL));
  g_assert_true (heft_parameters_set (p, name, value, NULL));
  g_assert_false (heft_parameters_check (p, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, mentions));
}

/* What only shows with data and network at hand is refused before anything runs. */
static void
test_check (void)
{
  g_autoptr (HeftParameters) good = make_parameters ("train");

  assert_check_fails ("dataset", "no-such-file.csv", "no-such-file.csv");
  assert_check_fails ("architecture", "256-x", "256-x");
  assert_check_fails ("samples", "1000000", "samples");
  assert_check_fails ("lambda-layers", "0.1,0.1,0.1", "per-layer");
  assert_check_fails ("invariance-layer", "9", "layers");
  g_assert_true (heft_parameters_set (good, "dataset", "moons", NULL));
  g_assert_true (heft_parameters_set (good, "architecture", "8", NULL));
  g_assert_true (heft_parameters_set (good, "prior", "per-layer", NULL));
  g_assert_true (heft_parameters_set (good, "lambda-layers", "0.1,0.2", NULL));
  g_assert_true (heft_parameters_check (good, NULL));
  g_assert_true (heft_parameters_set (good, "lambda-layers", "0.1,0.2,0.3", NULL));
  g_assert_false (heft_parameters_check (good, NULL));
}

/* What a parameter waits for is a choice that exists, or it would never be seen. */
static void
test_relevance (void)
{
  gsize n;
  const HeftExperiment *const *experiments = heft_experiments (&n);
  g_autoptr (HeftParameters) train = heft_parameters_new (heft_experiment_find ("train", NULL));

  for (gsize e = 0; e < n; e++)
    for (gsize i = 0; i < experiments[e]->n_parameters; i++)
      {
        const HeftParameterSpec *spec = &experiments[e]->parameters[i];
        g_autoptr (HeftParameters) parameters = heft_parameters_new (experiments[e]);
        g_auto (GStrv) words = spec->when != NULL ? g_strsplit (spec->when, "=", 2) : NULL;
        g_auto (GStrv) choices = words != NULL ? g_strsplit (words[1], "|", -1) : NULL;

        if (words == NULL)
          g_assert_true (heft_parameters_is_relevant (parameters, spec->id));
        for (gsize c = 0; choices != NULL && choices[c] != NULL; c++)
          {
            g_assert_true (heft_parameters_set (parameters, words[0], choices[c], NULL));
            g_assert_true (heft_parameters_is_relevant (parameters, spec->id));
          }
      }
  g_assert_false (heft_parameters_is_relevant (train, "lambda2"));
  g_assert_true (heft_parameters_set (train, "prior", "scale-mixture", NULL));
  g_assert_true (heft_parameters_is_relevant (train, "lambda2"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/parameters/contract", test_contract_defaults);
  g_test_add_func ("/parameters/tables", test_tables_are_sound);
  g_test_add_func ("/parameters/refusals", test_refusals);
  g_test_add_func ("/parameters/values", test_values);
  g_test_add_func ("/parameters/nearest", test_nearest_name);
  g_test_add_func ("/parameters/check", test_check);
  g_test_add_func ("/parameters/relevance", test_relevance);
  return g_test_run ();
}
