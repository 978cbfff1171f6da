/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The Gaussian information in the weights (theory.md, section 3) by every route to the curvature, compared with one another. */

#include "config.h"

#include <heft/heft.h>
#include <math.h>

#define BETA 0.01
#define LAMBDA 0.5
#define N_SAMPLES 60

typedef struct
{
  HeftDataset *data;
  HeftNetwork *network;
  gsize        k;
  double      *weights;
  float       *weights_f32;
  double       squared;             /* |w|^2 */
} Fixture;

static void
fixture_clear (Fixture *self)
{
  heft_dataset_unref (self->data);
  heft_network_unref (self->network);
  g_free (self->weights);
  g_free (self->weights_f32);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static Fixture
make_fixture (const char *architecture, gsize n)
{
  Fixture self = { 0 };
  g_autoptr (GError) error = NULL;

  self.data = heft_data_synthetic ("moons", n, 0.1, 1, 0, &error);
  g_assert_no_error (error);
  self.network = heft_network_new (architecture, HEFT_ACTIVATION_TANH, (HeftShape) { 2, 1, 1 }, 2, &error);
  g_assert_no_error (error);
  self.k = heft_network_get_n_parameters (self.network);
  self.weights = g_new (double, self.k);
  self.weights_f32 = g_new (float, self.k);
  heft_network_initialise (self.network, 3, self.weights_f32);
  for (gsize i = 0; i < self.k; i++)
    {
      self.weights[i] = self.weights_f32[i];
      self.squared += self.weights[i] * self.weights[i];
    }
  return self;
}

/* Of all layers' blocks, by complete spectra; the distance is counted once. @direction sums direction by direction. */
static double
sum_of_blocks (const Fixture *self, GPtrArray *spectra, gboolean by_direction)
{
  double sum = 0.5 * self->squared / (LAMBDA * LAMBDA);

  for (guint l = 0; l < heft_network_get_n_weight_layers (self->network); l++)
    {
      const HeftSpectrum *spectrum = g_ptr_array_index (spectra, l);

      if (!by_direction)
        sum += heft_gaussian_information (spectrum->eigenvalues, spectrum->n_eigenvalues, spectrum->n_parameters, 0, BETA, LAMBDA);
      else
        for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
          sum += heft_gaussian_information_direction (spectrum->eigenvalues[i], BETA, LAMBDA);
    }
  return sum;
}

static GPtrArray *
exact_spectra (const Fixture *self)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *spectra = heft_fisher_spectra (self->network, self->weights, self->data, 0, HEFT_FISHER_EXACT, 0, TRUE, NULL, &error);

  g_assert_no_error (error);
  return spectra;
}

static HeftCurvature *
structured (const Fixture *self, HeftCurvatureKind kind)
{
  g_autoptr (GError) error = NULL;
  HeftCurvature *curvature = heft_curvature_new (self->network, self->weights, self->data, 0, kind, HEFT_FISHER_EXACT, 0, FALSE, 1,
                                                 NULL, &error);

  g_assert_no_error (error);
  return curvature;
}

/* From log-determinant and trace of the posterior, which no route needs eigenvalues for:
 * KL = 1/2 [ tr Sigma / lambda^2 + |w|^2 / lambda^2 - k + k log lambda^2 - log|Sigma| ]. */
static double
from_posterior (const Fixture *self, const HeftCurvature *curvature)
{
  double k = (double) self->k;

  return 0.5 * ((heft_curvature_posterior_trace (curvature, -1, BETA, LAMBDA) + self->squared) / (LAMBDA * LAMBDA) - k
                + k * 2 * log (LAMBDA) - heft_curvature_posterior_log_determinant (curvature, -1, BETA, LAMBDA));
}

/* Each structured route agrees with itself: by its eigenvalues, by direction, and by the KL of its posterior. Printed formula beside it. */
static void
test_structured (void)
{
  g_auto (Fixture) self = make_fixture ("5-4", N_SAMPLES);
  static const HeftCurvatureKind kinds[] = { HEFT_CURVATURE_KFAC, HEFT_CURVATURE_EKFAC, HEFT_CURVATURE_DIAGONAL };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (HeftCurvature) curvature = structured (&self, kinds[i]);
      g_autoptr (GPtrArray) spectra = heft_curvature_spectra (curvature, TRUE);
      const HeftSpectrum *whole = g_ptr_array_index (spectra, spectra->len - 1);
      double layers = sum_of_blocks (&self, spectra, FALSE);
      double information = heft_gaussian_information (whole->eigenvalues, whole->n_eigenvalues, self.k, self.squared, BETA, LAMBDA);
      double printed = heft_gaussian_information_printed (whole->eigenvalues, whole->n_eigenvalues, self.k, self.squared, BETA, LAMBDA);
      double twice = heft_gaussian_information (whole->eigenvalues, whole->n_eigenvalues, self.k, self.squared, BETA / 2, LAMBDA);

      g_assert_cmpfloat (fabs (layers - information), <, 1e-10 * information);
      g_assert_cmpfloat (fabs (sum_of_blocks (&self, spectra, TRUE) - information), <, 1e-10 * information);
      g_assert_cmpfloat (fabs (from_posterior (&self, curvature) - information), <, 1e-10 * information);
      /* As printed: twice the curvature, and half a nat credited for every direction. */
      g_assert_cmpfloat (fabs (printed - (twice - 0.5 * (double) self.k)), <, 1e-9 * information);
    }
}

/* Hadamard and Fischer: a matrix's log-determinant is at most its diagonal's, and at most its blocks'. So of the exact Fisher the whole
 * says less than the layers, and these less than the diagonal, once the traces, which only order the sizes, are set aside. */
static double
log_determinant (const HeftSpectrum *spectrum)
{
  double sum = 0;

  for (gsize i = 0; i < spectrum->n_eigenvalues; i++)
    sum += log1p (LAMBDA * LAMBDA / BETA * MAX (spectrum->eigenvalues[i], 0));
  return sum;
}

static void
test_order (void)
{
  g_auto (Fixture) self = make_fixture ("5-4", N_SAMPLES);
  g_autoptr (GPtrArray) exact = exact_spectra (&self);
  g_autoptr (HeftCurvature) ekfac = structured (&self, HEFT_CURVATURE_EKFAC);
  g_autoptr (HeftCurvature) diagonal = structured (&self, HEFT_CURVATURE_DIAGONAL);
  double whole = log_determinant (g_ptr_array_index (exact, exact->len - 1)), blocks = 0, r = LAMBDA * LAMBDA / BETA;

  for (guint l = 0; l + 1 < exact->len; l++)
    {
      double block = log_determinant (g_ptr_array_index (exact, l));

      /* EKFAC is the diagonal in another orthonormal basis, so Hadamard's inequality holds for it too. */
      g_assert_cmpfloat (block, <=, heft_curvature_log_determinant (ekfac, (int) l, r) * (1 + 1e-12));
      g_assert_cmpfloat (block, <=, heft_curvature_log_determinant (diagonal, (int) l, r) * (1 + 1e-12));
      blocks += block;
    }
  g_assert_cmpfloat (whole, <, blocks);
}

/* Where KFAC is exact, a single sample, all three that know the eigenbasis agree with the exact blocks. */
static void
test_single_sample (void)
{
  g_auto (Fixture) self = make_fixture ("5-4", 1);
  g_autoptr (GPtrArray) exact = exact_spectra (&self);
  g_autoptr (HeftCurvature) kfac = structured (&self, HEFT_CURVATURE_KFAC);
  g_autoptr (HeftCurvature) ekfac = structured (&self, HEFT_CURVATURE_EKFAC);
  double information = sum_of_blocks (&self, exact, FALSE);

  g_assert_cmpfloat (fabs (from_posterior (&self, kfac) - information), <, 1e-9 * information);
  g_assert_cmpfloat (fabs (from_posterior (&self, ekfac) - information), <, 1e-9 * information);
}

/* Stochastic Lanczos quadrature of the whole network against its complete spectrum, within its own standard error. */
static void
test_slq (void)
{
  g_auto (Fixture) self = make_fixture ("5-4", N_SAMPLES);
  g_autoptr (GPtrArray) exact = exact_spectra (&self);
  const HeftSpectrum *whole = g_ptr_array_index (exact, exact->len - 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftMatrixFree) matrix = heft_matrix_free_new_f32 (self.network, self.weights_f32, self.data, 0, HEFT_MATRIX_FISHER, -1, 1,
                                                                &error);
  g_autoptr (HeftQuadrature) quadrature = heft_quadrature_new (matrix, 30, 100, 5, NULL, &error);
  HeftEstimate estimate;
  double information = heft_gaussian_information (whole->eigenvalues, whole->n_eigenvalues, self.k, self.squared, BETA, LAMBDA);

  g_assert_no_error (error);
  estimate = heft_quadrature_information (quadrature, self.squared, BETA, LAMBDA);
  g_assert_cmpfloat (estimate.standard_error, >, 0);
  /* Four standard errors, and no more than a tenth of the number. */
  g_assert_cmpfloat (fabs (estimate.value - information), <, 4 * estimate.standard_error);
  g_assert_cmpfloat (estimate.standard_error, <, 0.025 * information);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/information/routes/structured", test_structured);
  g_test_add_func ("/information/routes/order", test_order);
  g_test_add_func ("/information/routes/single-sample", test_single_sample);
  g_test_add_func ("/information/routes/slq", test_slq);
  return g_test_run ();
}
