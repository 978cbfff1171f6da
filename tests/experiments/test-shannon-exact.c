/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#include "reference/reference.h"
#include "studies.h"

/* SciPy's beta-binomial chances and PyTorch's divergences, the adapted prior by a general optimiser. */
static void
test_reference (void)
{
  static const char *const names[] = { "expected_kl_fixed", "information", "marginal_kl", "seed_entropy", "per_run_information",
                                       "data_entropy", "expected_kl_adapted" };
  g_autoptr (JsonObject) values = reference_json ("shannon");
  JsonArray *rows = json_object_get_array_member (values, "coins");

  g_assert_cmpuint (json_array_get_length (rows), ==, 5);
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      JsonObject *settings = json_object_get_object_member (row, "settings");
      g_autoptr (GPtrArray) pairs = g_ptr_array_new ();
      g_autoptr (GList) members = json_object_get_members (settings);
      g_autoptr (HeftRun) run = NULL;

      for (GList *l = members; l != NULL; l = l->next)
        {
          g_ptr_array_add (pairs, l->data);
          g_ptr_array_add (pairs, (gpointer) json_object_get_string_member (settings, l->data));
        }
      g_ptr_array_add (pairs, NULL);
      run = finished ("shannon-exact", (const char *const *) pairs->pdata);
      /* Sums of the same terms in another order; the optimum is flat, so that its value is as exact. */
      for (gsize j = 0; j < G_N_ELEMENTS (names); j++)
        g_assert_cmpfloat_with_epsilon (result (run, names[j]), json_object_get_double_member (row, names[j]), 1e-9);
    }
}

#define TOSSES 3
#define POINTS 512

/* Every sequence of three tosses, one by one: what is summed over numbers of heads is summed over datasets. */
static void
test_brute_force (void)
{
  g_autoptr (HeftRun) run = finished ("shannon-exact", (const char *[]) { "samples", "3", "rate", "0.3", "spread", "0.25", "beta", "0.1", NULL });
  const double s = 0.25, rate = 0.3;
  double prior[POINTS], marginal[POINTS] = { 0 }, chance[1 << TOSSES], total = 0, fixed = 0, information = 0, seed = 0;
  g_autofree double *q = g_new (double, POINTS << TOSSES);

  for (int i = 0; i < POINTS; i++)
    total += prior[i] = exp (-0.5 * pow ((i + 0.5) * G_PI / POINTS - G_PI / 2 - 0.1, 2) / 0.25);
  for (int d = 0; d < 1 << TOSSES; d++)
    {
      double z = 0, heads = 0;

      chance[d] = 1;
      for (int t = 0; t < TOSSES; t++)
        {
          double p = (rate * (1 - s) + heads * s) / (1 - s + t * s);

          chance[d] *= d >> t & 1 ? p : 1 - p;
          heads += d >> t & 1;
        }
      for (int i = 0; i < POINTS; i++)
        {
          double w = (i + 0.5) * G_PI / POINTS - G_PI / 2, sine = sin (w) * sin (w);

          z += q[d * POINTS + i] = prior[i] * pow (pow (sine, heads) * pow (1 - sine, TOSSES - heads), 1 / (0.1 * TOSSES));
        }
      for (int i = 0; i < POINTS; i++)
        marginal[i] += chance[d] * (q[d * POINTS + i] /= z);
    }
  for (int d = 0; d < 1 << TOSSES; d++)
    {
      double left = 0;

      for (int i = 0; i < POINTS; i++)
        {
          double mass = q[d * POINTS + i];

          left += i < POINTS / 2 ? mass : 0;
          fixed += chance[d] * mass * log (mass / prior[i] * total);
          information += chance[d] * mass * log (mass / marginal[i]);
        }
      seed -= chance[d] * (left * log (left) + (1 - left) * log (1 - left));
    }
  g_assert_cmpfloat_with_epsilon (result (run, "expected_kl_fixed"), fixed, 1e-12);
  g_assert_cmpfloat_with_epsilon (result (run, "information"), information, 1e-12);
  g_assert_cmpfloat_with_epsilon (result (run, "seed_entropy"), seed, 1e-12);
}

/* What must hold wherever the sliders stand, at their ends too. */
static void
assert_identities (HeftRun *run)
{
  double fixed = result (run, "expected_kl_fixed"), information = result (run, "information"), seed = result (run, "seed_entropy");
  double adapted = result (run, "expected_kl_adapted");

  g_assert_cmpfloat_with_epsilon (fixed, information + result (run, "marginal_kl"), 1e-11 * (1 + fixed));
  g_assert_cmpfloat_with_epsilon (result (run, "per_run_information"), information + seed, 1e-11 * (1 + fixed));
  g_assert_cmpfloat (information, >=, 0);
  g_assert_cmpfloat (information, <=, result (run, "data_entropy") + 1e-11);
  g_assert_cmpfloat (seed, >=, 0);
  g_assert_cmpfloat (seed, <=, log (2.0) + 1e-12);
  /* The best Gaussian is no worse than P, which is one of them, nor better than Qbar. */
  g_assert_cmpfloat (adapted, <=, fixed + 1e-11 * (1 + fixed));
  g_assert_cmpfloat (adapted, >=, information - 1e-11 * (1 + fixed));
  /* The one has seen the datasets that it codes, the other has not: always in this order. */
  g_assert_cmpfloat (result (run, "sampled_kl_adapted"), <=, result (run, "leave_one_out") + 1e-9);
  g_assert_cmpfloat (result (run, "sampled_kl_adapted"), <=, result (run, "sampled_kl_fixed") + 1e-9);
  g_assert_cmpfloat (result (run, "information_lower"), >=, 0);
  for (gsize p = 0; p < heft_run_get_experiment (run)->n_panels; p++)
    {
      g_autofree char *sentence = heft_run_get_experiment (run)->panels[p].sentence (heft_run_get_record (run));

      g_assert_nonnull (sentence);
      g_assert_null (strstr (sentence, "–"));
    }
  g_assert_true (isfinite (result (run, "fisher_information")));
}

static void
test_identities (void)
{
  static const char *const samples[] = { "1", "40" }, *const betas[] = { "1e-6", "0.02", "100" };
  static const char *const codes[][2] = { { "0.1", "-1.5" }, { "1", "0.2" }, { "100", "1.5" } };

  for (gsize n = 0; n < G_N_ELEMENTS (samples); n++)
    for (gsize b = 0; b < G_N_ELEMENTS (betas); b++)
      for (gsize c = 0; c < G_N_ELEMENTS (codes); c++)
        {
          gboolean odd = (n + b + c) % 2 == 1;
          g_autoptr (HeftRun) run = finished ("shannon-exact", (const char *[]) { "samples", samples[n], "beta", betas[b], "lambda", codes[c][0],
                                                                     "centre", codes[c][1], "redundant", odd ? "false" : "true",
                                                                     "spread", odd ? "0.9" : "0", "rate", c == 2 ? "0.02" : "0.5",
                                                                     "datasets", odd ? "2" : "64", NULL });

          assert_identities (run);
        }
}

/* An even prior: the second minimum adds the seed's log 2 and nothing about the dataset. */
static void
test_redundancy (void)
{
  g_autoptr (HeftRun) two = finished ("shannon-exact", (const char *[]) { "centre", "0", NULL });
  g_autoptr (HeftRun) one = finished ("shannon-exact", (const char *[]) { "centre", "0", "redundant", "false", NULL });

  g_assert_cmpfloat_with_epsilon (result (two, "information"), result (one, "information"), 1e-12);
  g_assert_cmpfloat_with_epsilon (result (two, "expected_kl_fixed"), result (one, "expected_kl_fixed"), 1e-12);
  g_assert_cmpfloat_with_epsilon (result (two, "seed_entropy"), log (2.0), 1e-12);
  g_assert_cmpfloat (result (one, "seed_entropy"), ==, 0);
  g_assert_cmpfloat_with_epsilon (result (two, "per_run_information") - result (one, "per_run_information"), log (2.0), 1e-12);
  /* One Gaussian for two minima wastes most of what the seed is worth. */
  g_assert_cmpfloat (result (two, "expected_kl_adapted") - result (one, "expected_kl_adapted"), >, 0.1);
}

static void
test_limits (void)
{
  g_autoptr (HeftRun) cold = finished ("shannon-exact", (const char *[]) { "beta", "1e-6", NULL });
  g_autoptr (HeftRun) hot = finished ("shannon-exact", (const char *[]) { "beta", "100", NULL });
  g_autoptr (HeftRun) even = finished ("shannon-exact", (const char *[]) { "spread", "0.3333333333333333", NULL });
  gsize n;
  g_autofree double *curve = heft_record_dup_result_array (heft_run_get_record (hot), "curve_information", &n);

  g_assert_cmpfloat_with_epsilon (result (cold, "information"), result (cold, "data_entropy"), 1e-9);
  g_assert_cmpfloat (result (hot, "information"), <, 1e-4);
  g_assert_cmpfloat (result (hot, "expected_kl_fixed"), <, 1e-4);
  /* Coins of every rate: each number of heads is as likely. */
  g_assert_cmpfloat_with_epsilon (result (even, "data_entropy"), log (21.0), 1e-12);
  for (gsize i = 1; i < n; i++)
    g_assert_cmpfloat (curve[i], <=, curve[i - 1] + 1e-12);
}

/* First order is right where the noise is wider than the way from k to k + 1 and narrower than the coins' differences; and for equal
 * coins and a flat prior the whole is a Gaussian channel of signal 1 / (4 N) and noise beta / 4. */
static void
test_fisher (void)
{
  g_autoptr (HeftRun) wide = finished ("shannon-exact", (const char *[]) { "samples", "100", "spread", "0.3333333333333333", "lambda", "100",
                                                              "beta", "0.003", NULL });
  g_autoptr (HeftRun) alike = finished ("shannon-exact", (const char *[]) { "samples", "100", "spread", "0", "lambda", "100", "beta", "0.02", NULL });

  g_assert_cmpfloat_with_epsilon (result (wide, "fisher_information"), result (wide, "information"), 0.05);
  g_assert_cmpfloat_with_epsilon (result (alike, "information"), 0.5 * log (1 + 1 / (100 * 0.02)), 0.01);
}

/* The estimates are of the exact numbers: with as many datasets as there may be the gap is as small as their spread says. */
static void
test_estimates (void)
{
  g_autoptr (HeftRun) few = finished ("shannon-exact", (const char *[]) { "datasets", "2", NULL });
  g_autoptr (HeftRun) many = finished ("shannon-exact", (const char *[]) { "datasets", "64", NULL });
  double exact = result (many, "expected_kl_adapted");

  /* Means of 16: four standard errors are one deviation. */
  g_assert_cmpfloat (fabs (result (many, "sampled_kl_fixed") - result (many, "expected_kl_fixed")), <,
                     result (many, "sampled_kl_fixed_deviation"));
  g_assert_cmpfloat (fabs (result (many, "leave_one_out") - exact), <, 0.02);
  g_assert_cmpfloat (fabs (result (many, "sampled_kl_adapted") - exact), <, 0.02);
  g_assert_cmpfloat (result (few, "leave_one_out"), >, result (many, "leave_one_out") + 0.1);
  g_assert_cmpfloat (result (few, "sampled_kl_adapted"), <, result (many, "sampled_kl_adapted") - 0.05);
  g_assert_cmpfloat (result (few, "leave_one_out"), >, result (few, "information"));
  g_assert_cmpfloat (result (few, "information_lower"), <=, log (2.0));
  g_assert_cmpfloat (result (many, "information_lower"), <, result (many, "information"));
  g_assert_cmpfloat (result (many, "information_lower"), >, 0.9 * result (many, "information"));
}

/* Whether the run has that number and waits: in this order, for it does not wait again before all the rest has followed. */
static gboolean
has_settled (HeftRun *run, const char *id, double value)
{
  HeftProgress progress;
  double found;

  if (!heft_record_get_result (heft_run_get_record (run), id, &found) || fabs (found - value) > 1e-12)
    return FALSE;
  heft_run_get_progress (run, &progress);
  return progress.waiting;
}

/* While it waits, a slider brings what a run from there would have: numbers, curves, stems, whichever they depend on. */
static void
test_live (void)
{
  static const struct { const char *name, *value; } moves[] = { { "beta", "0.02" }, { "beta", "0.3" }, { "samples", "7" },
                                                                { "redundant", "false" }, { "datasets", "64" } };
  const char *settings[2 * G_N_ELEMENTS (moves) + 1] = { NULL };
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("shannon-exact", NULL));
  g_autoptr (HeftRun) run = heft_run_new (heft_parameters_get_experiment (parameters), parameters, 1);
  HeftRecord *record = heft_run_get_record (run);

  heft_run_set_interactive (run, TRUE);
  heft_run_start (run);
  for (gsize i = 0; i < G_N_ELEMENTS (moves); i++)
    {
      g_autoptr (HeftRun) fresh = NULL;

      settings[2 * i] = moves[i].name;
      settings[2 * i + 1] = moves[i].value;
      fresh = finished ("shannon-exact", settings);
      /* The first is the default. */
      if (i > 0)
        g_assert_true (heft_run_set_parameter (run, moves[i].name, moves[i].value, NULL));
      for (int wait = 0; wait < 20000 && !has_settled (run, "leave_one_out", result (fresh, "leave_one_out")); wait++)
        g_usleep (1000);
      g_assert_true (has_settled (run, "leave_one_out", result (fresh, "leave_one_out")));
      for (gsize s = 0; s < heft_record_get_n_series (record); s++)
        {
          const char *id = heft_record_get_series_spec (record, s)->id;
          double x, y, fresh_x, fresh_y;

          g_assert_cmpuint (heft_record_get_length (record, s, 0), ==, heft_record_get_length (heft_run_get_record (fresh), s, 0));
          if (!heft_record_get_last (record, id, 0, &x, &y))
            continue;
          g_assert_true (heft_record_get_last (heft_run_get_record (fresh), id, 0, &fresh_x, &fresh_y));
          g_assert_cmpfloat (x, ==, fresh_x);
          g_assert_cmpfloat (y, ==, fresh_y);
        }
    }
  heft_run_stop (run);
  g_assert_true (heft_run_join (run, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shannon-exact/reference", test_reference);
  g_test_add_func ("/shannon-exact/brute-force", test_brute_force);
  g_test_add_func ("/shannon-exact/identities", test_identities);
  g_test_add_func ("/shannon-exact/redundancy", test_redundancy);
  g_test_add_func ("/shannon-exact/limits", test_limits);
  g_test_add_func ("/shannon-exact/fisher", test_fisher);
  g_test_add_func ("/shannon-exact/estimates", test_estimates);
  g_test_add_func ("/shannon-exact/live", test_live);
  return g_test_run ();
}
