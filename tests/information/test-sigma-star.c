/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sigma* of the best Fisher that fits, and its KL against that of the spectra. */

#include "config.h"

#include <string.h>

#include "curvature/fixture.h"
#include "information/noise.h"

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/sigma-star/chain", test_chain);
  g_test_add_func ("/information/sigma-star/more", test_more);
  g_test_add_func ("/information/sigma-star/kl", test_kl);
  return g_test_run ();
}
