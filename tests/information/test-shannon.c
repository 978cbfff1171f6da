/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#include "reference/reference.h"

typedef struct
{
  gsize       m, s, k;
  GPtrArray  *posteriors;
  double     *kl_fixed;
} Runs;

static void
runs_clear (Runs *self)
{
  g_ptr_array_unref (self->posteriors);
  g_free (self->kl_fixed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Runs, runs_clear)

/* Posteriors from rows of means and log deviations, and their KL from N(0, lambda^2). */
static Runs
make_runs (gsize m, gsize s, gsize k, const double *mean, const double *log_deviation, double lambda)
{
  Runs runs = { m, s, k, g_ptr_array_new_with_free_func ((GDestroyNotify) heft_posterior_free), g_new (double, m * s) };
  g_autofree double *variance = g_new (double, k);

  for (gsize r = 0; r < m * s; r++)
    {
      HeftPosterior *posterior = heft_posterior_new (HEFT_POSTERIOR_MEAN_FIELD, k);

      for (gsize i = 0; i < k; i++)
        {
          posterior->mean[i] = (float) mean[r * k + i];
          posterior->log_deviation[i] = (float) log_deviation[r * k + i];
          variance[i] = exp (2 * log_deviation[r * k + i]);
        }
      runs.kl_fixed[r] = heft_kl_gaussian_diagonal (mean + r * k, variance, NULL, k, lambda);
      g_ptr_array_add (runs.posteriors, posterior);
    }
  return runs;
}

static Runs
random_runs (gsize m, gsize s, gsize k, double spread, double seeds, double log_deviation)
{
  g_autofree double *mean = g_new (double, m * s * k);
  g_autofree double *widths = g_new (double, m * s * k);
  g_autofree double *noise = g_new (double, k);

  heft_stream_normals_f64 (heft_stream (4, HEFT_PURPOSE_SIMULATION, 0), 0, 0, m * s * k, mean);
  heft_stream_normals_f64 (heft_stream (4, HEFT_PURPOSE_SIMULATION, 0), 1, 0, m * s * k, widths);
  for (gsize r = 0; r < m * s; r++)
    {
      heft_stream_normals_f64 (heft_stream (4, HEFT_PURPOSE_SIMULATION, 0), 2 + r / s, 0, k, noise);
      for (gsize i = 0; i < k; i++)
        {
          mean[r * k + i] = (float) (spread * noise[i] + seeds * mean[r * k + i]);
          widths[r * k + i] = (float) (log_deviation + 0.1 * widths[r * k + i]);
        }
    }
  return make_runs (m, s, k, mean, widths, 1.0);
}

static HeftShannon
estimate (const Runs *runs, guint draws)
{
  g_autoptr (GError) error = NULL;
  HeftShannon shannon;

  heft_shannon_estimate ((const HeftPosterior *const *) runs->posteriors->pdata, runs->kl_fixed, runs->m, runs->s, 3, draws, NULL,
                         &shannon, &error);
  g_assert_no_error (error);
  return shannon;
}

static void
test_reference (gconstpointer which)
{
  g_autoptr (JsonObject) values = reference_json ("shannon");
  JsonObject *expected = json_object_get_object_member (values, which);
  gsize m = (gsize) json_object_get_int_member (expected, "n_datasets");
  gsize s = (gsize) json_object_get_int_member (expected, "n_seeds");
  gsize k = json_array_get_length (json_object_get_array_member (expected, "mean")) / (m * s);
  g_autofree double *mean = reference_array (expected, "mean", m * s * k);
  g_autofree double *widths = reference_array (expected, "log_deviation", m * s * k);
  g_auto (Runs) runs = make_runs (m, s, k, mean, widths, json_object_get_double_member (values, "lam"));
  HeftShannon shannon = estimate (&runs, (k == 1 ? 400000 : 1000) / (guint) (m * s));
  const struct { const char *name; double found; } exact[] = {
    { "per_run_fixed", shannon.per_run_fixed }, { "per_run_adapted", shannon.per_run_adapted },
    { "per_run_leave_one_out", shannon.per_run_leave_one_out }, { "seed_entropy_gaussian", shannon.seed_entropy_gaussian },
    { "information_gaussian", shannon.information_gaussian },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (exact); i++)
    g_assert_cmpfloat_with_epsilon (exact[i].found / json_object_get_double_member (expected, exact[i].name), 1.0, 1e-12);
  if (!json_object_has_member (expected, "seed_entropy"))
    return;
  /* Monte Carlo against integrals: four standard errors, which 400,000 draws make small. */
  g_assert_cmpfloat (shannon.seed_entropy_error, <, 0.001);
  g_assert_cmpfloat (fabs (shannon.seed_entropy - json_object_get_double_member (expected, "seed_entropy")), <,
                     4 * shannon.seed_entropy_error);
  g_assert_cmpfloat (fabs (shannon.information_lower - json_object_get_double_member (expected, "information_lower")), <, 0.004);
}

/* --- Low rank ---------------------------------------------------------------------------------------------------- */

/* The posteriors of @runs with columns V (rank x k each, run by run); @kl is computed against N(0, lambda^2). */
static void
add_factors (Runs *runs, HeftNetwork *network, gsize rank, const double *factors, double lambda)
{
  g_autoptr (HeftPrior) prior = heft_prior_new (network, HEFT_PRIOR_ISOTROPIC, lambda, NULL, NULL, NULL);

  for (gsize r = 0; r < runs->m * runs->s; r++)
    {
      HeftPosterior *old = g_ptr_array_index (runs->posteriors, r), *posterior = heft_posterior_new_low_rank (network, rank);

      g_assert_cmpuint (posterior->n, ==, runs->k);
      memcpy (posterior->mean, old->mean, runs->k * sizeof (float));
      memcpy (posterior->log_deviation, old->log_deviation, runs->k * sizeof (float));
      for (gsize i = 0; i < rank * runs->k; i++)
        posterior->factors[i] = factors != NULL ? (float) factors[r * rank * runs->k + i] : 0;
      runs->kl_fixed[r] = heft_code_kl (network, prior, posterior, NULL);
      heft_posterior_free (old);
      g_ptr_array_index (runs->posteriors, r) = posterior;
    }
}

/* Two layers of 2 and 4 weights, against PyTorch's dense Gaussians. */
static void
test_low_rank_reference (void)
{
  g_autoptr (JsonObject) values = reference_json ("shannon");
  JsonObject *expected = json_object_get_object_member (values, "low_rank");
  gsize m = (gsize) json_object_get_int_member (expected, "n_datasets"), s = (gsize) json_object_get_int_member (expected, "n_seeds");
  gsize rank = (gsize) json_object_get_int_member (expected, "rank"), k = 6;
  g_autoptr (HeftNetwork) network = heft_network_new ("1", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 1, 1 }, 2, NULL);
  g_autofree double *mean = reference_array (expected, "mean", m * s * k);
  g_autofree double *widths = reference_array (expected, "log_deviation", m * s * k);
  g_autofree double *factors = reference_array (expected, "factors", m * s * rank * k);
  g_autofree double *kl = reference_array (expected, "kl_fixed", m * s);
  double lambda = json_object_get_double_member (values, "lam");
  g_auto (Runs) runs = make_runs (m, s, k, mean, widths, lambda);
  HeftShannon shannon;

  add_factors (&runs, network, rank, factors, lambda);
  for (gsize r = 0; r < m * s; r++)
    g_assert_cmpfloat_with_epsilon (runs.kl_fixed[r] / kl[r], 1.0, 1e-11);
  shannon = estimate (&runs, 3000);
  {
    const struct { const char *name; double found; } exact[] = {
      { "per_run_fixed", shannon.per_run_fixed }, { "per_run_adapted", shannon.per_run_adapted },
      { "per_run_leave_one_out", shannon.per_run_leave_one_out }, { "seed_entropy_gaussian", shannon.seed_entropy_gaussian },
      { "information_gaussian", shannon.information_gaussian },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (exact); i++)
      g_assert_cmpfloat_with_epsilon (exact[i].found / json_object_get_double_member (expected, exact[i].name), 1.0, 1e-11);
  }
  /* Draws against draws: four standard errors of the difference, here some 0.01. */
  g_assert_cmpfloat (shannon.seed_entropy_error, <, 0.004);
  g_assert_cmpfloat (fabs (shannon.seed_entropy - json_object_get_double_member (expected, "seed_entropy")), <,
                     4 * hypot (shannon.seed_entropy_error, json_object_get_double_member (expected, "seed_entropy_error")));
  g_assert_cmpfloat (fabs (shannon.information_lower - json_object_get_double_member (expected, "information_lower")), <,
                     4 * G_SQRT2 * shannon.seed_entropy_error + 4 * json_object_get_double_member (expected, "information_lower_error"));
}

static void
assert_same (const HeftShannon *a, const HeftShannon *b, double relative, double draws)
{
  const struct { double a, b; gboolean drawn; } pairs[] = {
    { a->per_run_fixed, b->per_run_fixed, FALSE }, { a->per_run_adapted, b->per_run_adapted, FALSE },
    { a->per_run_leave_one_out, b->per_run_leave_one_out, FALSE }, { a->seed_entropy_gaussian, b->seed_entropy_gaussian, FALSE },
    { a->seed_entropy, b->seed_entropy, TRUE }, { a->information_lower, b->information_lower, TRUE },
    { a->leave_one_out, b->leave_one_out, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpfloat (fabs (pairs[i].a - pairs[i].b), <=, relative * fabs (pairs[i].b) + (pairs[i].drawn ? draws : 0));
}

/* Layers of several blocks. V = 0 is mean-field; a V along one weight of each layer only makes that weight wider, so that the closed
 * forms agree and the mixtures do but for the draws. */
static void
test_low_rank_identities (void)
{
  g_autoptr (HeftNetwork) network = heft_network_new ("20", HEFT_ACTIVATION_TANH, (HeftShape) { 30, 1, 1 }, 3, NULL);
  gsize k = heft_network_get_n_parameters (network), places[2] = { 600, 650 };
  g_auto (Runs) plain = random_runs (3, 2, k, 0.03, 0.02, -1);
  g_auto (Runs) zero = random_runs (3, 2, k, 0.03, 0.02, -1);
  g_auto (Runs) wide = random_runs (3, 2, k, 0.03, 0.02, -1);
  g_auto (Runs) along = random_runs (3, 2, k, 0.03, 0.02, -1);
  g_autofree double *factors = g_new0 (double, 6 * 2 * k);
  HeftShannon mean_field, found;

  add_factors (&zero, network, 3, NULL, 1);
  mean_field = estimate (&plain, 50);
  found = estimate (&zero, 50);
  assert_same (&found, &mean_field, 1e-12, 0);
  for (gsize r = 0; r < 6; r++)
    for (gsize l = 0; l < 2; l++)
      {
        HeftPosterior *posterior = g_ptr_array_index (wide.posteriors, r);
        double before = exp ((double) posterior->log_deviation[places[l]]);

        posterior->log_deviation[places[l]] += 1 + (float) r / 8;
        factors[(2 * r + 1) * k + places[l]] = sqrt (exp (2.0 * (double) posterior->log_deviation[places[l]]) - before * before);
      }
  add_factors (&along, network, 2, factors, 1);
  memcpy (wide.kl_fixed, along.kl_fixed, 6 * sizeof (double));
  mean_field = estimate (&wide, 400);
  found = estimate (&along, 400);
  /* Single-precision factors. */
  assert_same (&found, &mean_field, 1e-6, 6 * mean_field.seed_entropy_error);
  g_assert_cmpfloat (mean_field.seed_entropy, >, 20 * mean_field.seed_entropy_error);
}

/* However strongly the weights move together: equal posteriors tell nothing, distant ones everything. */
static void
test_low_rank_limits (void)
{
  g_autoptr (HeftNetwork) network = heft_network_new ("20", HEFT_ACTIVATION_TANH, (HeftShape) { 30, 1, 1 }, 3, NULL);
  gsize k = heft_network_get_n_parameters (network);
  g_auto (Runs) runs = random_runs (3, 2, k, 0, 0, -3);
  g_autofree double *factors = g_new (double, 6 * 4 * k);
  HeftShannon shannon;

  heft_stream_normals_f64 (heft_stream (5, HEFT_PURPOSE_SIMULATION, 0), 0, 0, 4 * k, factors);
  for (gsize r = 1; r < 6; r++)
    {
      HeftPosterior *posterior = g_ptr_array_index (runs.posteriors, r), *first = g_ptr_array_index (runs.posteriors, 0);

      memcpy (posterior->log_deviation, first->log_deviation, k * sizeof (float));
      memcpy (factors + r * 4 * k, factors, 4 * k * sizeof (double));
    }
  add_factors (&runs, network, 4, factors, 1);
  shannon = estimate (&runs, 8);
  /* What the weights share is lost on a diagonal prior, whichever it is. */
  g_assert_cmpfloat (shannon.per_run_adapted, >, 100);
  g_assert_cmpfloat (fabs (shannon.per_run_leave_one_out - shannon.per_run_adapted), <, 1e-6);
  g_assert_cmpfloat (fabs (shannon.seed_entropy), <, 1e-8);
  g_assert_cmpfloat (fabs (shannon.information_lower), <, 1e-8);
  for (gsize r = 0; r < 6; r++)
    for (gsize i = 0; i < k; i++)
      ((HeftPosterior *) g_ptr_array_index (runs.posteriors, r))->mean[i] += (float) (i % 7 == r);
  shannon = estimate (&runs, 8);
  g_assert_cmpfloat_with_epsilon (shannon.seed_entropy, log (2.0), 1e-9);
  g_assert_cmpfloat_with_epsilon (shannon.information_lower, log (3.0), 1e-9);
  g_assert_cmpfloat_with_epsilon (shannon.per_run_fixed - shannon.expected_kl_fixed, shannon.seed_entropy, 1e-9);
}

/* What must hold whatever the posteriors are. */
static void
test_identities (void)
{
  const double spreads[] = { 0, 0.01, 0.3, 4 };

  for (gsize i = 0; i < G_N_ELEMENTS (spreads); i++)
    {
      g_auto (Runs) runs = random_runs (6, 3, 700, spreads[i], 0.2, -2);
      HeftShannon shannon = estimate (&runs, 6);

      /* No fixed Gaussian prior reports fewer nats than the adapted one, and one that has not seen the dataset reports more. */
      g_assert_cmpfloat (shannon.expected_kl_adapted, <, shannon.expected_kl_fixed);
      g_assert_cmpfloat (shannon.expected_kl_adapted, <, shannon.leave_one_out);
      /* The seeds' part is the difference of the two views, in each of the three. */
      g_assert_cmpfloat_with_epsilon (shannon.per_run_fixed - shannon.expected_kl_fixed, shannon.seed_entropy, 1e-9);
      g_assert_cmpfloat_with_epsilon (shannon.per_run_adapted - shannon.expected_kl_adapted, shannon.seed_entropy, 1e-9);
      g_assert_cmpfloat_with_epsilon (shannon.per_run_leave_one_out - shannon.leave_one_out, shannon.seed_entropy, 1e-9);
      g_assert_cmpfloat (shannon.seed_entropy, <=, log (3.0) + 1e-9);
      g_assert_cmpfloat (shannon.seed_entropy, <=, shannon.seed_entropy_gaussian + 4 * shannon.seed_entropy_error);
      g_assert_cmpfloat (shannon.information_lower, <=, log (6.0) + 1e-9);
      g_assert_cmpfloat (shannon.information_lower, <=,
                         shannon.expected_kl_adapted + 4 * (shannon.information_lower_error + shannon.seed_entropy_error));
    }
}

/* One Gaussian whatever the dataset and the seed: nothing is known, exactly. Far apart: every mixture is resolved. */
static void
test_limits (void)
{
  g_auto (Runs) same = random_runs (4, 2, 1000, 0, 0, -1);
  g_auto (Runs) apart = random_runs (4, 2, 1000, 1, 1, -6);
  HeftShannon shannon;

  for (guint r = 1; r < same.posteriors->len; r++)
    {
      HeftPosterior *posterior = g_ptr_array_index (same.posteriors, r), *first = g_ptr_array_index (same.posteriors, 0);

      memcpy (posterior->mean, first->mean, first->n * sizeof (float));
      memcpy (posterior->log_deviation, first->log_deviation, first->n * sizeof (float));
      same.kl_fixed[r] = same.kl_fixed[0];
    }
  shannon = estimate (&same, 4);
  g_assert_cmpfloat (fabs (shannon.expected_kl_adapted), <, 1e-9);
  g_assert_cmpfloat (fabs (shannon.leave_one_out), <, 1e-9);
  g_assert_cmpfloat (fabs (shannon.seed_entropy), <, 1e-9);
  g_assert_cmpfloat (fabs (shannon.information_lower), <, 1e-9);
  g_assert_cmpfloat (shannon.expected_kl_fixed_error, <, 1e-9);
  shannon = estimate (&apart, 4);
  g_assert_cmpfloat_with_epsilon (shannon.seed_entropy, log (2.0), 1e-9);
  g_assert_cmpfloat_with_epsilon (shannon.information_lower, log (4.0), 1e-9);
}

static void
test_refusals (void)
{
  g_auto (Runs) runs = random_runs (2, 2, 30, 1, 1, -1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const HeftPosterior *const *posteriors = (const HeftPosterior *const *) runs.posteriors->pdata;
  g_autoptr (GError) error = NULL;
  HeftShannon shannon;

  g_assert_false (heft_shannon_estimate (posteriors, runs.kl_fixed, 1, 4, 0, 4, NULL, &shannon, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  runs.kl_fixed[3] = NAN;
  g_assert_false (heft_shannon_estimate (posteriors, runs.kl_fixed, 2, 2, 0, 4, NULL, &shannon, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
  g_clear_error (&error);
  runs.kl_fixed[3] = 1;
  {
    g_autoptr (HeftPosterior) point = heft_posterior_new (HEFT_POSTERIOR_DIRAC, 30);
    const HeftPosterior *with_point[] = { posteriors[0], posteriors[1], posteriors[2], point };

    g_assert_false (heft_shannon_estimate (with_point, runs.kl_fixed, 2, 2, 0, 4, NULL, &shannon, &error));
    g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
    g_clear_error (&error);
  }
  {
    g_autoptr (HeftNetwork) one = heft_network_new ("4", HEFT_ACTIVATION_TANH, (HeftShape) { 3, 1, 1 }, 2, NULL);
    g_autoptr (HeftNetwork) other = heft_network_new ("2", HEFT_ACTIVATION_TANH, (HeftShape) { 9, 1, 1 }, 2, NULL);
    g_autoptr (HeftPosterior) a = heft_posterior_new_low_rank (one, 2);
    g_autoptr (HeftPosterior) b = heft_posterior_new_low_rank (other, 2);
    const HeftPosterior *mixed[] = { a, b };

    g_assert_cmpuint (a->n, ==, b->n);
    g_assert_false (heft_shannon_estimate (mixed, runs.kl_fixed, 2, 1, 0, 4, NULL, &shannon, &error));
    g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
    g_clear_error (&error);
    a->factors[3] = NAN;
    mixed[1] = a;
    g_assert_false (heft_shannon_estimate (mixed, runs.kl_fixed, 2, 1, 0, 4, NULL, &shannon, &error));
    g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NUMERICAL);
    g_clear_error (&error);
  }
  g_cancellable_cancel (cancellable);
  g_assert_false (heft_shannon_estimate (posteriors, runs.kl_fixed, 2, 2, 0, 4, cancellable, &shannon, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- On grids ---------------------------------------------------------------------------------------------------- */

#define SIDE 41

/* Gibbs posteriors of two weights on a square for @n datasets: theory.md section 4, exactly. */
static void
grid_posteriors (gsize n, double beta, double *prior, double *posteriors)
{
  g_autofree double *loss = g_new (double, SIDE * SIDE);
  double sum = 0;

  for (gsize i = 0; i < SIDE * SIDE; i++)
    {
      double a = -2 + 4.0 * (double) (i / SIDE) / (SIDE - 1), b = -2 + 4.0 * (double) (i % SIDE) / (SIDE - 1);

      sum += prior[i] = exp (-0.5 * (a * a + b * b));
    }
  for (gsize i = 0; i < SIDE * SIDE; i++)
    prior[i] /= sum;
  for (gsize d = 0; d < n; d++)
    {
      double target = cos (2.1 * (double) d);

      for (gsize i = 0; i < SIDE * SIDE; i++)
        {
          double a = -2 + 4.0 * (double) (i / SIDE) / (SIDE - 1), b = -2 + 4.0 * (double) (i % SIDE) / (SIDE - 1);

          loss[i] = (a * b - target) * (a * b - target);
        }
      heft_gibbs_masses (SIDE * SIDE, prior, loss, beta, posteriors + d * SIDE * SIDE);
    }
}

static void
test_grid (void)
{
  enum { M = 7 };
  g_autofree double *prior = g_new (double, SIDE * SIDE);
  g_autofree double *marginal = g_new (double, SIDE * SIDE);
  g_autofree double *posteriors = g_new (double, M * SIDE * SIDE);
  const double weights[M] = { 0.1, 0.2, 0.05, 0.15, 0.1, 0.3, 0.1 };

  for (double beta = 1e-3; beta < 1e4; beta *= 10)
    {
      HeftShannonGrid grid, own;
      g_autoptr (GError) error = NULL;

      grid_posteriors (M, beta, prior, posteriors);
      g_assert_true (heft_shannon_grid (M, SIDE * SIDE, weights, posteriors, prior, marginal, &grid, &error));
      g_assert_cmpfloat (fabs (grid.expected_kl - grid.information - grid.marginal_kl), <, 1e-13 + 1e-13 * grid.expected_kl);
      g_assert_cmpfloat (grid.information, <=, grid.expected_kl);
      g_assert_cmpfloat (grid.information, >, 0);
      g_assert_cmpfloat (grid.information, <, log (M));
      /* The best prior is Qbar: against it the expected KL is the information. */
      g_assert_true (heft_shannon_grid (M, SIDE * SIDE, weights, posteriors, marginal, NULL, &own, &error));
      g_assert_cmpfloat (fabs (own.expected_kl - grid.information), <, 1e-13);
      g_assert_cmpfloat (own.marginal_kl, <, 1e-15);
    }
}

/* A binary symmetric channel: the dataset is a fair bit, the weight repeats it with error e: log 2 - h(e). */
static void
test_channel (void)
{
  const double prior[2] = { 0.5, 0.5 };

  for (double e = 0; e <= 0.5; e += 0.05)
    {
      double posteriors[4] = { 1 - e, e, e, 1 - e };
      double entropy = (e > 0 ? -e * log (e) : 0) - (1 - e) * log (1 - e);
      g_autoptr (GError) error = NULL;
      HeftShannonGrid grid;

      g_assert_true (heft_shannon_grid (2, 2, NULL, posteriors, prior, NULL, &grid, &error));
      g_assert_cmpfloat_with_epsilon (grid.information, log (2.0) - entropy, 1e-15);
      g_assert_cmpfloat (grid.marginal_kl, <, 1e-15);
    }
}

/* Gibbs by masses is the least Lagrangian, and says what it is. */
static void
test_gibbs_masses (void)
{
  const double prior[3] = { 0.2, 0.5, 0.3 }, loss[3] = { 1, 3, 0.5 };

  for (double beta = 1e-3; beta < 1e3; beta *= 7)
    {
      double posterior[3], kl = 0, expected = 0, least;

      least = heft_gibbs_masses (3, prior, loss, beta, posterior);
      for (int i = 0; i < 3; i++)
        {
          kl += posterior[i] > 0 ? posterior[i] * log (posterior[i] / prior[i]) : 0;
          expected += posterior[i] * loss[i];
        }
      g_assert_cmpfloat_with_epsilon (least, expected + beta * kl, 1e-12 * (1 + beta));
    }
}

static void
test_grid_refusals (void)
{
  const double prior[2] = { 0.5, 0.5 }, bad[4] = { 0.5, 0.5, 0.7, 0.2 }, negative[4] = { 1.5, -0.5, 0.5, 0.5 };
  const double sure[2] = { 1, 0 }, other[2] = { 0, 1 };
  g_autoptr (GError) error = NULL;
  HeftShannonGrid grid;

  g_assert_false (heft_shannon_grid (2, 2, NULL, bad, prior, NULL, &grid, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_false (heft_shannon_grid (2, 2, NULL, negative, prior, NULL, &grid, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_true (heft_shannon_grid (1, 2, NULL, other, sure, NULL, &grid, &error));
  g_assert_true (isinf (grid.expected_kl));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/information/shannon/reference/line", "line", test_reference);
  g_test_add_data_func ("/information/shannon/reference/space", "space", test_reference);
  g_test_add_func ("/information/shannon/low-rank/reference", test_low_rank_reference);
  g_test_add_func ("/information/shannon/low-rank/identities", test_low_rank_identities);
  g_test_add_func ("/information/shannon/low-rank/limits", test_low_rank_limits);
  g_test_add_func ("/information/shannon/identities", test_identities);
  g_test_add_func ("/information/shannon/limits", test_limits);
  g_test_add_func ("/information/shannon/refusals", test_refusals);
  g_test_add_func ("/information/shannon/grid", test_grid);
  g_test_add_func ("/information/shannon/channel", test_channel);
  g_test_add_func ("/information/shannon/gibbs-masses", test_gibbs_masses);
  g_test_add_func ("/information/shannon/grid-refusals", test_grid_refusals);
  return g_test_run ();
}
