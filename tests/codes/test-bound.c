/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include <heft/bound.h>
#include <heft/error.h>

static void
test_binary_kl (void)
{
  g_assert_cmpfloat (heft_binary_kl (0, 0), ==, 0);
  g_assert_cmpfloat (heft_binary_kl (1, 1), ==, 0);
  g_assert_cmpfloat (heft_binary_kl (0.3, 0.3), ==, 0);
  g_assert_true (isinf (heft_binary_kl (0.3, 0)) && isinf (heft_binary_kl (0.3, 1)));
  g_assert_true (isinf (heft_binary_kl (0, 1)) && isinf (heft_binary_kl (1, 0)));
  g_assert_cmpfloat_with_epsilon (heft_binary_kl (0, 0.25), -log (0.75), 1e-16);
  g_assert_cmpfloat_with_epsilon (heft_binary_kl (1, 0.25), log (4), 1e-16);
  for (double q = 0.01; q < 1; q += 0.07)
    for (double p = 0.01; p < 1; p += 0.06)
      {
        double plain = q * log (q / p) + (1 - q) * log ((1 - q) / (1 - p));

        g_assert_cmpfloat_with_epsilon (heft_binary_kl (q, p), plain, 1e-13);
        g_assert_cmpfloat_with_epsilon (heft_binary_kl (q, p), heft_binary_kl (1 - q, 1 - p), 1e-13);
      }
  /* d^2 / (2 q (1 - q)) to all digits where the plain formula keeps none. */
  g_assert_cmpfloat_with_epsilon (heft_binary_kl (0.25, 0.25 + 1e-9) / (1e-18 / (2 * 0.25 * 0.75)), 1, 1e-6);
  g_assert_true (isfinite (heft_binary_kl (1e-300, 0.5)) && isfinite (heft_binary_kl (0.5, 1e-300)));
}

static void
test_inverse (void)
{
  const double qs[] = { 0, 1e-300, 1e-12, 0.01, 0.3, 0.5, 0.99, 1 - 1e-12, 1 };
  const double cs[] = { 0, 1e-300, 1e-15, 1e-6, 0.01, 0.5, 3, 40, 1e6, INFINITY };

  for (gsize i = 0; i < G_N_ELEMENTS (qs); i++)
    {
      double previous = 0;

      for (gsize j = 0; j < G_N_ELEMENTS (cs); j++)
        {
          double p = heft_binary_kl_inverse (qs[i], cs[j]);

          g_assert_cmpfloat (p, >=, qs[i]);
          g_assert_cmpfloat (p, <=, 1);
          g_assert_cmpfloat (p, >=, previous);
          previous = p;
          /* It inverts, where the answer is not pressed against an end; next to q one step of p is 1e-8 of the way. */
          if (p > qs[i] * (1 + 1e-9) && p < 1 - 1e-6)
            g_assert_cmpfloat_with_epsilon (heft_binary_kl (qs[i], p) / cs[j], 1, 1e-7);
        }
    }
  g_assert_cmpfloat (heft_binary_kl_inverse (0.3, 0), ==, 0.3);
  g_assert_cmpfloat_with_epsilon (heft_binary_kl_inverse (0, 0.02), 1 - exp (-0.02), 1e-16);
  /* What cannot be inverted is bounded by 1, never by less. */
  g_assert_cmpfloat (heft_binary_kl_inverse (NAN, 0.1), ==, 1);
  g_assert_cmpfloat (heft_binary_kl_inverse (0.1, NAN), ==, 1);
  g_assert_cmpfloat (heft_binary_kl_inverse (0.1, -1), ==, 1);
}

static void
test_values (void)
{
  double lagrangian, small_kl, mcallester;

  /* By hand from theory.md section 5: emp 0.05, KL 500, N 10000, delta 0.05, beta_PAC 2. */
  g_assert_true (heft_bound_lagrangian (0.05, 500, 10000, 0.05, 2, &lagrangian, NULL));
  g_assert_cmpfloat_with_epsilon (lagrangian, (0.05 + 2e-4 * (500 + log (20))) / 0.75, 1e-15);
  g_assert_true (heft_bound_lagrangian (0, 1, 1, exp (-1), 0.5 + 0x1p-40, &lagrangian, NULL));
  g_assert_cmpfloat_with_epsilon (lagrangian / (0x1p40 * (0.5 + 0x1p-40) * (1 + 0x1p-39)), 1, 1e-15);
  g_assert_true (heft_bound_mcallester (0.05, 500, 10000, 0.05, &mcallester, NULL));
  g_assert_cmpfloat_with_epsilon (mcallester, 0.05 + sqrt ((500 + log (200 / 0.05)) / 20000), 1e-15);
  g_assert_true (heft_bound_pac_bayes_kl (0.05, 500, 10000, 0.05, &small_kl, NULL));
  g_assert_cmpfloat_with_epsilon (heft_binary_kl (0.05, small_kl), (500 + log (200 / 0.05)) / 10000, 1e-14);

  g_assert_true (heft_bound_draws (0.05, 150, 0.01, &small_kl, NULL));
  g_assert_cmpfloat_with_epsilon (heft_binary_kl (0.05, small_kl), log (200) / 150, 1e-13);
}

/* Pinsker's inequality makes the kl bound the tightest of the two at equal delta; both grow with KL and fall with N. */
static void
test_order (void)
{
  for (double kl = 0; kl < 1e5; kl = kl * 4 + 1)
    for (double emp = 0; emp <= 1; emp += 0.125)
      {
        double tight, loose, more, larger;

        g_assert_true (heft_bound_pac_bayes_kl (emp, kl, 1000, 0.05, &tight, NULL));
        g_assert_true (heft_bound_mcallester (emp, kl, 1000, 0.05, &loose, NULL));
        g_assert_true (heft_bound_pac_bayes_kl (emp, kl + 10, 1000, 0.05, &more, NULL));
        g_assert_true (heft_bound_pac_bayes_kl (emp, kl, 2000, 0.05, &larger, NULL));
        g_assert_cmpfloat (tight, >=, emp);
        g_assert_cmpfloat (tight, <=, 1);
        g_assert_cmpfloat (tight, <=, loose + 1e-12);
        g_assert_cmpfloat (more, >=, tight);
        g_assert_cmpfloat (larger, <=, tight + 1e-15);
      }
}

typedef struct
{
  double empirical, kl, n, delta, beta_pac;
  const char *names;
} Bad;

static void
test_errors (void)
{
  const Bad bad[] = {
    { -0.1, 1, 100, 0.05, 1, "*empirical*" },     { 1.1, 1, 100, 0.05, 1, "*empirical*" },
    { NAN, 1, 100, 0.05, 1, "*empirical*" },      { 0.1, -1, 100, 0.05, 1, "*KL*" },
    { 0.1, INFINITY, 100, 0.05, 1, "*KL*" },      { 0.1, NAN, 100, 0.05, 1, "*KL*" },
    { 0.1, 1, 0.5, 0.05, 1, "*samples*" },        { 0.1, 1, INFINITY, 0.05, 1, "*samples*" },
    { 0.1, 1, 100, 0, 1, "*delta*" },             { 0.1, 1, 100, 1, 1, "*delta*" },
    { 0.1, 1, 100, NAN, 1, "*delta*" },           { 0.1, 1, 100, 0.05, 0.5, "*beta*" },
    { 0.1, 1, 100, 0.05, NAN, "*beta*" },         { 0.1, 1, 100, 0.05, INFINITY, "*beta*" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      const Bad *b = &bad[i];
      double bound = -7;

      g_assert_false (heft_bound_lagrangian (b->empirical, b->kl, b->n, b->delta, b->beta_pac, &bound, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
      g_assert_true (g_pattern_match_simple (b->names, error->message));
      g_assert_cmpfloat (bound, ==, -7);
      g_clear_error (&error);
      if (b->beta_pac == 1)
        {
          g_assert_false (heft_bound_pac_bayes_kl (b->empirical, b->kl, b->n, b->delta, &bound, &error));
          g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
          g_clear_error (&error);
          g_assert_false (heft_bound_mcallester (b->empirical, b->kl, b->n, b->delta, &bound, NULL));
        }
      if (b->beta_pac == 1 && b->kl == 1)
        g_assert_false (heft_bound_draws (b->empirical, b->n, b->delta, &bound, NULL));
    }
}

/* What 2 sqrt N stands for is sum_k C(N, k) (k/N)^k (1 - k/N)^(N - k) (Maurer 2004, for N from 8 on): no smaller sample breaks it. */
static void
test_square_root (void)
{
  for (int n = 1; n <= 300; n++)
    {
      double sum = 2;

      for (int k = 1; k < n; k++)
        sum += exp (lgamma (n + 1) - lgamma (k + 1) - lgamma (n - k + 1) + k * log ((double) k / n) + (n - k) * log1p (-(double) k / n));
      /* lgamma's digits; N = 1 is an equality. */
      g_assert_cmpfloat (sum, <=, 2 * sqrt (n) * (1 + 1e-12));
    }
}

static void
test_extremes (void)
{
  double bound;

  g_assert_true (heft_bound_pac_bayes_kl (0, 0, 1, 0.5, &bound, NULL));
  g_assert_cmpfloat (bound, <=, 1);
  g_assert_true (heft_bound_pac_bayes_kl (1, 1e308, 1, 1e-300, &bound, NULL));
  g_assert_cmpfloat (bound, ==, 1);
  g_assert_true (heft_bound_pac_bayes_kl (1e-9, 0, 1e300, 1e-300, &bound, NULL));
  g_assert_cmpfloat (bound, >=, 1e-9);
  g_assert_cmpfloat (bound, <, 1.0001e-9);
  g_assert_true (heft_bound_mcallester (0.5, 1e6, 10, 0.5, &bound, NULL));
  g_assert_cmpfloat (bound, >, 1);                                   /* vacuous, and reported as it is */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codes/bound/binary-kl", test_binary_kl);
  g_test_add_func ("/codes/bound/inverse", test_inverse);
  g_test_add_func ("/codes/bound/values", test_values);
  g_test_add_func ("/codes/bound/order", test_order);
  g_test_add_func ("/codes/bound/errors", test_errors);
  g_test_add_func ("/codes/bound/square-root", test_square_root);
  g_test_add_func ("/codes/bound/extremes", test_extremes);
  return g_test_run ();
}
