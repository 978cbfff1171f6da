/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <string.h>

#include <heft/curvature.h>

#include "cli/bench.h"

/* Curvature of 784-64-64-10, ReLU, at the weights it starts from. */

#define SPECTRA_SAMPLES 1000
#define MANY_SAMPLES 10000
#define LANCZOS_STEPS 100
#define TOP 20
#define R 1000.0     /* lambda^2/beta of the lab's defaults at 10,000 samples */

typedef struct
{
  HeftNetwork *network;
  HeftDataset *data;
  float       *weights;
  double      *wide;
  guint        threads;
} Subject;

static void
subject_clear (Subject *self)
{
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->data, heft_dataset_unref);
  g_clear_pointer (&self->weights, g_free);
  g_clear_pointer (&self->wide, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

static gboolean
sampled_spectra (guint64 n, gpointer data, GError **error)
{
  const Subject *s = data;

  for (guint64 i = 0; i < n; i++)
    {
      g_autoptr (GPtrArray) spectra = heft_fisher_spectra_f32 (s->network, s->weights, s->data, SPECTRA_SAMPLES, HEFT_FISHER_SAMPLED,
                                                               0, s->threads, NULL, error);

      if (spectra == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
factors (guint64 n, gpointer data, GError **error)
{
  const Subject *s = data;

  for (guint64 i = 0; i < n; i++)
    {
      g_autoptr (HeftCurvature) kfac = heft_curvature_new_f32 (s->network, s->weights, s->data, MANY_SAMPLES, HEFT_CURVATURE_KFAC,
                                                               HEFT_FISHER_SAMPLED, 0, TRUE, s->threads, NULL, error);

      if (kfac == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
quadrature (guint64 n, gpointer data, GError **error)
{
  const Subject *s = data;

  for (guint64 i = 0; i < n; i++)
    {
      g_autoptr (HeftMatrixFree) hessian = heft_matrix_free_new_f32 (s->network, s->weights, s->data, MANY_SAMPLES,
                                                                     HEFT_MATRIX_HESSIAN, -1, s->threads, error);
      g_autoptr (HeftQuadrature) rule = NULL;

      if (hessian == NULL)
        return FALSE;
      rule = heft_quadrature_new (hessian, LANCZOS_STEPS, 1, 0, NULL, error);
      if (rule == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
exact_blocks (guint64 n, gpointer data, GError **error)
{
  const Subject *s = data;

  for (guint64 i = 0; i < n; i++)
    {
      g_autoptr (GPtrArray) determinants = NULL;
      g_autoptr (GPtrArray) heads = NULL;

      determinants = heft_fisher_determinants (s->network, s->wide, s->data, SPECTRA_SAMPLES, HEFT_FISHER_EXACT, 0, R, FALSE, 0,
                                               s->threads, NULL, error);
      if (determinants == NULL)
        return FALSE;
      heads = heft_fisher_heads (s->network, s->wide, s->data, SPECTRA_SAMPLES, TOP, 400, 0, s->threads, NULL, error);
      if (heads == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
subject_init (Subject *self, guint threads, GError **error)
{
  gsize k;

  self->network = heft_network_new ("64-64", HEFT_ACTIVATION_RELU, (HeftShape) { 1, 28, 28 }, 10, error);
  if (self->network == NULL)
    return FALSE;
  k = heft_network_get_n_parameters (self->network);
  self->data = heft_bench_images ();
  self->weights = g_new (float, k);
  self->wide = g_new (double, k);
  self->threads = threads;
  heft_network_initialise (self->network, 0, self->weights);
  for (gsize i = 0; i < k; i++)
    self->wide[i] = (double) self->weights[i];
  return TRUE;
}

gboolean
heft_bench_curvature (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data, GError **error)
{
  static const struct { const char *name; HeftBenchWork work; gsize samples; } works[] = {
    { "spectra", sampled_spectra, SPECTRA_SAMPLES },
    { "spectra-exact", exact_blocks, SPECTRA_SAMPLES },
    { "kfac", factors, MANY_SAMPLES },
    { "slq", quadrature, MANY_SAMPLES },
  };
  HeftBenchResult result = { .name = name, .threads = options->threads, .repeats = options->repeats };
  g_auto (Subject) subject = { 0 };

  if (!subject_init (&subject, options->threads, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (works); i++)
    if (strcmp (works[i].name, name) == 0)
      {
        result.batch = works[i].samples;
        if (!heft_bench_time (works[i].work, &subject, options->repeats, result.step_microseconds, error))
          return FALSE;
      }
  report (&result, data);
  return TRUE;
}
