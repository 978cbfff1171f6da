/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sigma* of the best Fisher that fits, and its KL against that of the spectra. */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "information/certifier.h"
#include "information/noise.h"
#include "linalg/linalg.h"

#define BETA 0.01
#define LAMBDA 0.5

static void
init (HeftSigmaStar *sigma, Fixture *f, gsize max_dense, double max_block_bytes)
{
  const HeftNoiseLimits limits = { max_dense, max_block_bytes };
  g_autoptr (GError) error = NULL;

  g_assert_true (heft_sigma_star_init (sigma, f->network, f->weights, f->data, 0, &limits, 1, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (heft_sigma_star_set_price (sigma, BETA, LAMBDA, &error));
  g_assert_no_error (error);
}

static void
check_words (const HeftSigmaStar *sigma, const char *words)
{
  const HeftWeightNoise noise = heft_sigma_star_noise (sigma);

  g_assert_nonnull (strstr (heft_weight_noise_words (&noise), words));
}

/* The whole Fisher, where that is too large EKFAC, where that is too large the diagonal; the limits are kept to the weight and to the byte. */
static void
test_chain (void)
{
  g_auto (Fixture) f = fixture_new ("5-4", HEFT_ACTIVATION_TANH, FLAT (3), 2, 20, 4);
  const double bytes = 8 * (2 * 16 + 2 * 25 + 20 + 2 * 36 + 2 * 16 + 24 + 2 * 25 + 2 * 4 + 10);
  g_auto (HeftSigmaStar) dense = { 0 }, blocks = { 0 }, diagonal = { 0 };
  HeftWeightNoise noise;

  init (&dense, &f, f.k, 0);
  g_assert_true (dense.fisher != NULL && dense.blocks == NULL && dense.diagonal == NULL);
  check_words (&dense, "whole network");
  init (&blocks, &f, f.k - 1, bytes);
  g_assert_true (blocks.fisher == NULL && blocks.blocks != NULL && blocks.diagonal == NULL);
  check_words (&blocks, "EKFAC");
  init (&diagonal, &f, f.k - 1, bytes - 1);
  g_assert_true (diagonal.fisher == NULL && diagonal.blocks == NULL && diagonal.diagonal != NULL);
  check_words (&diagonal, "diagonal");
  noise = heft_sigma_star_noise (&diagonal);
  g_assert_true (noise.variance == diagonal.variance && noise.variance[0] > 0);
}

/* More than one is held where it is asked for, and the best is taken. */
static void
test_more (void)
{
  g_auto (Fixture) f = fixture_new ("5-4", HEFT_ACTIVATION_TANH, FLAT (3), 2, 20, 4);
  const HeftNoiseLimits limits = { f.k, 1 };
  g_auto (HeftSigmaStar) sigma = { 0 };

  init (&sigma, &f, f.k, 0);
  g_assert_true (heft_sigma_star_add_blocks (&sigma, f.weights, f.data, 0, &limits, 1, NULL, NULL));
  g_assert_null (sigma.blocks);
  g_assert_true (heft_sigma_star_add_blocks (&sigma, f.weights, f.data, 0, &(const HeftNoiseLimits) { f.k, 0 }, 1, NULL, NULL));
  g_assert_nonnull (sigma.blocks);
  g_assert_true (heft_sigma_star_add_diagonal (&sigma, f.weights, f.data, 0, 1, NULL, NULL));
  g_assert_nonnull (sigma.diagonal);
  check_words (&sigma, "whole network");
}

/* What the network's spectrum of the same Fisher costs. */
static double
from_spectrum (Fixture *f, GPtrArray *spectra)
{
  const HeftSpectrum *whole = g_ptr_array_index (spectra, spectra->len - 1);
  double squared = 0;

  for (gsize i = 0; i < f->k; i++)
    squared += f->weights[i] * f->weights[i];
  return heft_gaussian_information (whole->eigenvalues, whole->n_eigenvalues, whole->n_parameters, squared, BETA, LAMBDA);
}

/* Closed form from a factor or the moments, against eigenvalues; more weights than columns are solved for at once; biases that are fixed. */
static void
test_kl (void)
{
  for (int fixed = 0; fixed < 2; fixed++)
    {
      g_auto (Fixture) f = fixture_new ("11-8", HEFT_ACTIVATION_TANH, FLAT (6), 4, 25, 4);
      g_auto (HeftSigmaStar) dense = { 0 }, blocks = { 0 }, diagonal = { 0 };
      g_autoptr (GPtrArray) exact = NULL, ekfac = NULL, diagonals = NULL;
      double expected;

      if (fixed)
        {
          const gboolean which[] = { TRUE, FALSE, TRUE };
          HeftNetwork *network = heft_network_fix_biases (f.network, which);

          heft_network_unref (f.network);
          f.network = network;
          for (gsize l = 0; l < 3; l++)
            {
              const HeftLayer *layer = heft_network_get_weight_layer (f.network, l);

              for (gsize i = heft_layer_n_free_parameters (layer); i < layer->n_parameters; i++)
                f.weights[layer->offset + i] = 0;
            }
        }
      init (&dense, &f, f.k, 0);
      init (&blocks, &f, 0, 0);
      init (&diagonal, &f, 0, 1);
      exact = heft_fisher_spectra (f.network, f.weights, f.data, 0, HEFT_FISHER_EXACT, 0, TRUE, NULL, NULL);
      expected = from_spectrum (&f, exact);
      g_assert_cmpfloat_with_epsilon (heft_sigma_star_kl (&dense, f.weights), expected, 1e-10 * expected);
      ekfac = heft_curvature_spectra (blocks.blocks, TRUE);
      expected = from_spectrum (&f, ekfac);
      g_assert_cmpfloat_with_epsilon (heft_sigma_star_kl (&blocks, f.weights), expected, 1e-10 * expected);
      diagonals = heft_curvature_spectra (diagonal.diagonal, TRUE);
      expected = from_spectrum (&f, diagonals);
      g_assert_cmpfloat_with_epsilon (heft_sigma_star_kl (&diagonal, f.weights), expected, 1e-10 * expected);
    }
}

/* A network with and without fixed biases, 35 or 29 parameters. */
static Fixture
small (gboolean fixed)
{
  Fixture f = fixture_new ("4", HEFT_ACTIVATION_TANH, FLAT (3), 3, 20, 4);

  if (fixed)
    {
      const gboolean which[] = { TRUE, FALSE };
      HeftNetwork *network = heft_network_fix_biases (f.network, which);

      heft_network_unref (f.network);
      f.network = network;
      for (gsize i = 12; i < 16; i++)
        f.weights[i] = 0;
    }
  return f;
}

/* Sigma* as a matrix, of the whole Fisher; nothing for a bias that is fixed. */
static double *
sigma_by_hand (Fixture *f, const HeftSigmaStar *sigma, gboolean fixed)
{
  double *matrix = g_new0 (double, f->k * f->k);
  g_autofree double *precision = g_memdup2 (sigma->fisher, f->k * f->k * sizeof (double));

  for (gsize q = 0; q < f->k; q++)
    {
      matrix[q * f->k + q] = BETA;
      precision[q * f->k + q] += BETA / (LAMBDA * LAMBDA);
    }
  g_assert_true (heft_cholesky_factor (f->k, precision, NULL));
  heft_cholesky_solve (f->k, precision, f->k, matrix);
  for (gsize i = 12; fixed && i < 16; i++)
    matrix[i * f->k + i] = 0;
  return matrix;
}

/* Mean and covariance of draws of the whole Fisher's noise, within five standard errors; one at a time or many makes no difference. */
static void
test_draws (void)
{
  enum { N = 4000 };

  for (int fixed = 0; fixed < 2; fixed++)
    {
      g_auto (Fixture) f = small (fixed);
      g_auto (HeftSigmaStar) sigma = { 0 };
      g_autofree double *draws = g_new (double, N * f.k), *one = g_new (double, f.k), *expected = NULL;
      HeftWeightNoise noise;

      init (&sigma, &f, f.k, 0);
      noise = heft_sigma_star_noise (&sigma);
      expected = sigma_by_hand (&f, &sigma, fixed);
      heft_noise_draw (&noise, f.network, f.weights, 3, 0, N, draws);
      heft_noise_draw (&noise, f.network, f.weights, 3, 17, 1, one);
      for (gsize q = 0; q < f.k; q++)
        g_assert_cmpfloat_with_epsilon (one[q], draws[17 * f.k + q], 1e-12);
      for (gsize a = 0; a < f.k; a++)
        for (gsize b = 0; b <= a; b++)
          {
            double found = 0, saa = expected[a * f.k + a], sbb = expected[b * f.k + b], sab = expected[a * f.k + b];

            for (gsize r = 0; r < N; r++)
              found += (draws[r * f.k + a] - f.weights[a]) * (draws[r * f.k + b] - f.weights[b]) / N;
            g_assert_cmpfloat_with_epsilon (found, sab, 5 * sqrt ((saa * sbb + sab * sab) / N) + 1e-300);
          }
    }
}

/* The risk of Q by draws that are taken and counted by hand; in which pieces they come makes no difference. */
static void
check_risk (Fixture *f, const HeftSigmaStar *sigma)
{
  enum { N = 70 };
  const HeftWeightNoise noise = heft_sigma_star_noise (sigma);
  g_autoptr (HeftCertifier) whole = heft_certifier_new (f->network, f->weights, &noise, f->data, 0, 5, 2);
  g_autoptr (HeftCertifier) pieces = heft_certifier_new (f->network, f->weights, &noise, f->data, 0, 5, 1);
  g_autoptr (HeftPassF64) pass = heft_pass_f64_new (f->network, 20);
  g_autofree double *weights = g_new (double, f->k);
  double inputs[20 * 3], losses[20], error = 0, error_square = 0, loss = 0, loss_square = 0;
  HeftNoiseRisk risk;

  heft_dataset_gather_f64 (f->data, NULL, 0, 20, inputs);
  for (gsize r = 0; r < N; r++)
    {
      double one_loss = 0, one_error = 0;

      heft_noise_draw (&noise, f->network, f->weights, 5, r, 1, weights);
      heft_pass_f64_forward (pass, weights, inputs, 20);
      heft_softmax_cross_entropy_f64 (heft_pass_f64_logits (pass), heft_dataset_get_labels (f->data), 20, 3, losses, NULL, NULL);
      for (gsize i = 0; i < 20; i++)
        {
          const double *row = heft_pass_f64_logits (pass) + 3 * i;
          guint8 winner = row[1] > row[0] ? 1 : 0;

          one_loss += losses[i] / 20;
          one_error += ((row[2] > row[winner] ? 2 : winner) != heft_dataset_get_labels (f->data)[i]) / 20.0;
        }
      loss += one_loss / N;
      error += one_error / N;
      loss_square += one_loss * one_loss / N;
      error_square += one_error * one_error / N;
    }
  g_assert_true (heft_certifier_take (whole, N, NULL, NULL));
  g_assert_true (heft_certifier_take (pieces, 1, NULL, NULL) && heft_certifier_take (pieces, N - 1, NULL, NULL));
  risk = heft_certifier_risk (whole);
  g_assert_cmpuint (risk.n_draws, ==, N);
  g_assert_cmpfloat_with_epsilon (risk.error, error, 1e-12);
  g_assert_cmpfloat_with_epsilon (risk.error_standard_error, sqrt ((error_square - error * error) / (N - 1)), 1e-9);
  /* The network is evaluated in single precision. */
  g_assert_cmpfloat_with_epsilon (risk.loss, loss, 1e-5);
  g_assert_cmpfloat_with_epsilon (risk.loss_standard_error, sqrt ((loss_square - loss * loss) / (N - 1)), 1e-5);
  g_assert_cmpfloat_with_epsilon (heft_certifier_risk (pieces).error, risk.error, 1e-12);
  g_assert_cmpfloat_with_epsilon (heft_certifier_risk (pieces).loss, risk.loss, 1e-12);
}

static void
test_risk (void)
{
  g_auto (Fixture) f = small (TRUE);
  g_auto (HeftSigmaStar) dense = { 0 }, blocks = { 0 }, diagonal = { 0 };

  init (&dense, &f, f.k, 0);
  init (&blocks, &f, 0, 0);
  init (&diagonal, &f, 0, 1);
  check_risk (&f, &dense);
  check_risk (&f, &blocks);
  check_risk (&f, &diagonal);
}

/* What goes into a certificate; beta_PAC as N beta, as given, and as the best of the candidates. */
static void
test_certificate (void)
{
  const HeftNoiseRisk risk = { .n_draws = 500, .error = 0.1 };
  HeftMeasureOptions options = { .beta = 0.002, .delta = 0.03, .delta_draws = 0.02 };
  HeftCertificate certificate = heft_noise_certificate (&risk, 1000, 12, &options);
  double bound, upper, expected, least = INFINITY;

  g_assert_true (heft_bound_draws (0.1, 500, 0.02, &upper, NULL));
  g_assert_true (heft_bound_pac_bayes_kl (upper, 12, 1000, 0.03, &expected, NULL));
  g_assert_true (heft_certificate_bound (&certificate, HEFT_BOUND_PAC_BAYES_KL, &bound, NULL));
  g_assert_cmpfloat (bound, ==, expected);
  g_assert_true (heft_bound_lagrangian (upper, 12, 1000, 0.03, 2, &expected, NULL));
  g_assert_true (heft_certificate_bound (&certificate, HEFT_BOUND_LAGRANGIAN, &bound, NULL));
  g_assert_cmpfloat (bound, ==, expected);
  options.beta_pac = 3;
  certificate = heft_noise_certificate (&risk, 1000, 12, &options);
  g_assert_cmpfloat (certificate.beta_pac, ==, 3);
  options.beta_pac = HEFT_MEASURE_BEST_BETA;
  certificate = heft_noise_certificate (&risk, 1000, 12, &options);
  g_assert_cmpfloat (certificate.n_betas, ==, HEFT_N_BETA_CANDIDATES);
  for (guint i = 0; i < HEFT_N_BETA_CANDIDATES; i++)
    {
      g_assert_true (heft_bound_lagrangian (upper, 12, 1000, 0.03 / HEFT_N_BETA_CANDIDATES, 0.6 * pow (1.5, i), &expected, NULL));
      least = fmin (least, expected);
    }
  g_assert_true (heft_certificate_bound (&certificate, HEFT_BOUND_LAGRANGIAN, &bound, NULL));
  g_assert_cmpfloat_with_epsilon (bound, least, 1e-12);
  /* At a tenth of the ELBO's price there is no Lagrangian bound, and the other two are as they were. */
  options = (HeftMeasureOptions) { .beta = 1e-4, .delta = 0.03, .delta_draws = 0.02 };
  certificate = heft_noise_certificate (&risk, 1000, 12, &options);
  g_assert_false (heft_certificate_bound (&certificate, HEFT_BOUND_LAGRANGIAN, &bound, NULL));
  g_assert_true (heft_certificate_bound (&certificate, HEFT_BOUND_MCALLESTER, &bound, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/sigma-star/chain", test_chain);
  g_test_add_func ("/information/sigma-star/more", test_more);
  g_test_add_func ("/information/sigma-star/kl", test_kl);
  g_test_add_func ("/information/sigma-star/draws", test_draws);
  g_test_add_func ("/information/sigma-star/risk", test_risk);
  g_test_add_func ("/information/sigma-star/certificate", test_certificate);
  return g_test_run ();
}
