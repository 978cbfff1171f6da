/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/information.h>
#include <json-glib/json-glib.h>
#include <math.h>

/* Runs "heft-cli bound ..."; returns its exit status. */
static int
run_bound (const char *arguments, char **output, char **errors)
{
  g_autofree char *line = g_strdup_printf ("%s bound %s", g_getenv ("HEFT_CLI"), arguments);
  g_autoptr (GError) error = NULL;
  int status;

  g_assert_true (g_spawn_command_line_sync (line, output, errors, &status, &error));
  g_assert_no_error (error);
  return g_spawn_check_wait_status (status, &error) ? 0 : error->code;
}

static JsonObject *
parse (const char *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_true (json_parser_load_from_data (parser, text, -1, NULL));
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static double
value_of (JsonObject *object, const char *name, gboolean vacuous)
{
  JsonObject *bound = json_object_get_object_member (object, name);

  g_assert_nonnull (bound);
  g_assert_cmpint (json_object_get_boolean_member (bound, "vacuous"), ==, vacuous);
  return json_object_get_double_member (bound, "value");
}

static void
test_json (void)
{
  g_autofree char *output = NULL, *errors = NULL;
  g_autoptr (JsonObject) object = NULL;
  double expected;

  g_assert_cmpint (run_bound ("--empirical 0.05 --kl 120 --samples 10000 --delta 0.05 --beta-pac 1 --json", &output, &errors),
                   ==, 0);
  g_assert_cmpstr (errors, ==, "");
  object = parse (output);
  g_assert_true (heft_bound_pac_bayes_kl (0.05, 120, 10000, 0.05, &expected, NULL));
  g_assert_cmpfloat (value_of (object, "pac_bayes_kl", FALSE), ==, expected);
  g_assert_true (heft_bound_mcallester (0.05, 120, 10000, 0.05, &expected, NULL));
  g_assert_cmpfloat (value_of (object, "mcallester", FALSE), ==, expected);
  g_assert_true (heft_bound_lagrangian (0.05, 120, 10000, 0.05, 1, &expected, NULL));
  g_assert_cmpfloat (value_of (object, "lagrangian", FALSE), ==, expected);
}

static void
test_draws (void)
{
  g_autofree char *output = NULL, *errors = NULL;
  g_autoptr (JsonObject) object = NULL;
  double empirical, expected;

  g_assert_cmpint (run_bound ("--empirical 0.02 --kl 1e5 --samples 1000 --delta 0.05 --draws 100 --delta-draws 0.01 --json",
                              &output, &errors), ==, 0);
  object = parse (output);
  g_assert_true (heft_bound_draws (0.02, 100, 0.01, &empirical, NULL));
  g_assert_true (heft_bound_mcallester (empirical, 1e5, 1000, 0.05, &expected, NULL));
  g_assert_cmpfloat (value_of (object, "mcallester", TRUE), ==, expected);
  g_assert_cmpfloat (value_of (object, "pac_bayes_kl", TRUE), ==, 1);
  g_assert_false (json_object_has_member (object, "lagrangian"));
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (object, "confidence"), 0.94, 1e-15);
}

static void
test_refusals (void)
{
  const char *const cases[][2] = {
    { "--kl 1 --samples 10 --delta 0.1", "*--empirical*" },
    { "--empirical 0.1 --kl x --samples 10 --delta 0.1", "*--kl*x*" },
    { "--empirical 1.1 --kl 1 --samples 10 --delta 0.1", "*empirical*" },
    { "--empirical 0.1 --kl inf --samples 10 --delta 0.1", "*KL*" },
    { "--empirical 0.1 --kl 1 --samples 0 --delta 0.1", "*samples*" },
    { "--empirical 0.1 --kl 1 --samples 10 --delta 1", "*delta*" },
    { "--empirical 0.1 --kl 1 --samples 10 --delta 0.1 --beta-pac 0.5", "*1/2*" },
    { "--empirical 0.1 --kl 1 --samples 10 --delta 0.1 --draws 10", "*--delta-draws*" },
    { "--empirical 0.1 --kl 1 --samples 10 --delta 0.6 --draws 10 --delta-draws 0.5", "*below 1*" },
    { "--empiric 0.1", "*--empirical*" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *output = NULL, *errors = NULL;

      g_assert_cmpint (run_bound (cases[i][0], &output, &errors), ==, 2);
      g_assert_cmpstr (output, ==, "");
      if (!g_pattern_match_simple (cases[i][1], errors))
        g_error ("%s says %s", cases[i][0], errors);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/bound/json", test_json);
  g_test_add_func ("/cli/bound/draws", test_draws);
  g_test_add_func ("/cli/bound/refusals", test_refusals);
  return g_test_run ();
}
