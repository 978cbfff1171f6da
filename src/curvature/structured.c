/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <float.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "curvature/factors.h"
#include "curvature/kronecker.h"
#include "curvature/slots.h"
#include "curvature/spectrum.h"
#include "curvature/structured.h"
#include "linalg/linalg.h"

const char *
heft_curvature_kind_name (HeftCurvatureKind kind)
{
  const char *const names[] = { "kfac", "ekfac", "diagonal" };

  g_return_val_if_fail ((gsize) kind < G_N_ELEMENTS (names), NULL);
  return names[kind];
}

/* --- Making ----------------------------------------------------------------------------------------------------------- */

static void
structured_free (HeftCurvature *self)
{
  for (gsize l = 0; l < self->n_layers; l++)
    {
      HeftStructuredLayer *layer = &self->layers[l];
      double *arrays[] = { layer->input_factor, layer->output_factor, layer->input_values, layer->output_values,
                           layer->input_vectors, layer->output_vectors, layer->moments };

      for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
        heft_aligned_free (arrays[i]);
    }
  g_free (self->layers);
  heft_network_unref (self->network);
  g_free (self);
}

HeftCurvature *
heft_curvature_ref (HeftCurvature *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
heft_curvature_unref (HeftCurvature *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    structured_free (self);
}

static gboolean
layer_allocate (HeftStructuredLayer *layer, const HeftLayer *shape, gboolean factors, gboolean vectors, GError **error)
{
  const gsize in = shape->fan_in + 1, out = shape->fan_out;
  const struct { gboolean wanted; gsize size; double **place; } arrays[] = {
    { factors, in * in, &layer->input_factor },   { factors, out * out, &layer->output_factor },
    { factors, in, &layer->input_values },        { factors, out, &layer->output_values },
    { vectors, in * in, &layer->input_vectors },  { vectors, out * out, &layer->output_vectors },
    { TRUE, in * out, &layer->moments },
  };

  layer->public.n_inputs = in;
  layer->public.n_outputs = out;
  layer->n_free = heft_layer_n_free_parameters (shape);
  for (gsize i = 0; i < G_N_ELEMENTS (arrays); i++)
    {
      if (!arrays[i].wanted)
        continue;
      *arrays[i].place = heft_aligned_try_alloc (arrays[i].size, sizeof (double), error);
      if (*arrays[i].place == NULL)
        return FALSE;
    }
  return TRUE;
}

static HeftCurvature *
structured_new (HeftNetwork *network, HeftDataset *data, gsize n_samples, HeftCurvatureKind kind, HeftFisherKind labels,
                gboolean values_only, double epsilon, GError **error)
{
  g_autoptr (HeftCurvature) self = NULL;
  const gboolean factors = kind != HEFT_CURVATURE_DIAGONAL;

  if (!heft_factors_check (network, data, error))
    return NULL;
  self = g_new0 (HeftCurvature, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->network = heft_network_ref (network);
  self->kind = kind;
  self->labels = labels;
  self->epsilon = epsilon;
  self->n_samples = heft_dataset_get_n_samples (data);
  if (n_samples > 0)
    self->n_samples = MIN (n_samples, self->n_samples);
  self->n_layers = heft_network_get_n_weight_layers (network);
  self->layers = g_new0 (HeftStructuredLayer, self->n_layers);
  for (gsize l = 0; l < self->n_layers; l++)
    if (!layer_allocate (&self->layers[l], heft_network_get_weight_layer (network, l), factors, factors && !values_only, error))
      return NULL;
  return g_steal_pointer (&self);
}

/* --- Eigenproblems of the factors, side by side ------------------------------------------------------------------------- */

typedef struct
{
  HeftCurvature *self;
  gboolean       single;    /* eigenvalues in single precision are enough */
  GCancellable  *cancellable;
  guint         *order;     /* the largest first: 2 l for A, 2 l + 1 for G */
} EigenJob;

/* Rounding may leave a positive semi-definite matrix's eigenvalues just under zero. */
static void
clip (gsize n, double *values)
{
  for (gsize i = 0; i < n; i++)
    values[i] = MAX (values[i], 0);
}

/* Rows of the symmetric @matrix that are not all zero, which is what a pixel that is always black or a unit that is always off leaves.
 * The others' eigenvalues are exactly zero, so the problem shrinks. */
static gsize
find_live (gsize n, const double *matrix, gsize *live)
{
  gsize n_live = 0;

  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < n; j++)
      if (matrix[i * n + j] != 0)   /* NaN too */
        {
          live[n_live++] = i;
          break;
        }
  return n_live;
}

/* The lower triangle of the rows and columns @live, in either precision: all that an eigenproblem reads. */
#define DEFINE_PACK(name, real)                                                                    \
static void                                                                                        \
name (gsize n, const double *matrix, gsize n_live, const gsize *live, real *out)                   \
{                                                                                                  \
  for (gsize i = 0; i < n_live; i++)                                                               \
    for (gsize j = 0; j <= i; j++)                                                                 \
      out[i * n_live + j] = (real) matrix[live[i] * n + live[j]];                                  \
}
DEFINE_PACK (pack, double)
DEFINE_PACK (pack_narrow, float)

/* The largest first; those of rows that are zero come last, with the smallest that a positive semi-definite matrix has. */
static gboolean
eigen_values (gsize n, const double *matrix, double *values, gboolean single, GError **error)
{
  heft_aligned_autofree double *copy = NULL;
  heft_aligned_autofree float *narrow = NULL;
  g_autofree float *narrow_values = NULL;
  g_autofree gsize *live = g_new (gsize, n);
  const gsize n_live = find_live (n, matrix, live);

  memset (values + n_live, 0, (n - n_live) * sizeof *values);
  if (!single)
    {
      copy = heft_aligned_try_alloc (n_live * n_live, sizeof *copy, error);
      if (copy == NULL)
        return FALSE;
      pack (n, matrix, n_live, live, copy);
      return heft_symmetric_eigenvalues (n_live, copy, values, error);
    }
  narrow = heft_aligned_try_alloc (n_live * n_live, sizeof *narrow, error);
  if (narrow == NULL)
    return FALSE;
  narrow_values = g_new (float, n_live);
  pack_narrow (n, matrix, n_live, live, narrow);
  if (!heft_symmetric_eigenvalues_f32 (n_live, narrow, narrow_values, error))
    return FALSE;
  for (gsize i = 0; i < n_live; i++)
    values[i] = (double) narrow_values[i];
  return TRUE;
}

/* Eigenvalues into @values and, where @vectors is not NULL, eigenvectors as its rows. */
static gboolean
eigen (gsize n, const double *matrix, double *values, double *vectors, gboolean single, GError **error)
{
  gboolean good;

  if (vectors != NULL)
    {
      memcpy (vectors, matrix, n * n * sizeof *vectors);
      good = heft_symmetric_eigen (n, vectors, values, error);
    }
  else
    good = eigen_values (n, matrix, values, single, error);
  if (good)
    clip (n, values);
  return good;
}

static gboolean
eigen_slot (gsize slot, gpointer data, GError **error)
{
  const EigenJob *job = data;
  HeftStructuredLayer *layer = &job->self->layers[job->order[slot] / 2];

  if (g_cancellable_set_error_if_cancelled (job->cancellable, error))
    return FALSE;
  if (job->order[slot] % 2 == 0)
    return eigen (layer->public.n_inputs, layer->input_factor, layer->input_values, layer->input_vectors, job->single, error);
  return eigen (layer->public.n_outputs, layer->output_factor, layer->output_values, layer->output_vectors, job->single, error);
}

static gint
compare_sizes (gconstpointer a, gconstpointer b, gpointer data)
{
  const HeftCurvature *self = data;
  const guint i = *(const guint *) a, j = *(const guint *) b;
  const HeftCurvatureLayer *first = &self->layers[i / 2].public, *second = &self->layers[j / 2].public;
  const gsize m = i % 2 == 0 ? first->n_inputs : first->n_outputs, n = j % 2 == 0 ? second->n_inputs : second->n_outputs;

  return (m < n) - (m > n);
}

/* The factors from number @first on. */
static gboolean
solve_factors (HeftCurvature *self, guint first, HeftPool *pool, gboolean single, GCancellable *cancellable, GError **error)
{
  const guint n = (guint) (2 * self->n_layers) - first;
  g_autofree guint *order = g_new (guint, n);
  EigenJob job = { self, single, cancellable, order };

  for (guint i = 0; i < n; i++)
    order[i] = first + i;
  g_qsort_with_data (order, (gint) n, sizeof *order, compare_sizes, self);
  return heft_slots_run (pool, n, eigen_slot, &job, error);
}

/* --- Sums, in either precision ------------------------------------------------------------------------------------------ */

typedef struct
{
  const double *wide;      /* one of the two */
  const float  *narrow;
  HeftDataset  *data;
  guint64       seed;
  HeftPool     *pool;
  GCancellable *cancellable;
} Source;

static gboolean
run_sums (HeftCurvature *self, const Source *source, HeftKroneckerSums *sums, HeftSlotFunc beside, gpointer data, GError **error)
{
  if (source->wide != NULL)
    return heft_kronecker_f64_sums (self->network, source->wide, source->data, self->n_samples, self->labels, source->seed, 1,
                                    source->pool, sums, beside, data, source->cancellable, error);
  return heft_kronecker_f32_sums (self->network, source->narrow, source->data, self->n_samples, self->labels, source->seed, 1,
                                  source->pool, sums, beside, data, source->cancellable, error);
}

/* The first layer's A is most of the work and, where its inputs are the data, waits for no pass: formed first, its eigenproblem, which
 * is in one piece, is one worker's while the others run the network. */
static gboolean
fill_factors (HeftCurvature *self, const Source *source, GError **error)
{
  g_autofree HeftKroneckerSums *sums = g_new0 (HeftKroneckerSums, self->n_layers);
  const gboolean ahead = heft_kronecker_first_inputs_are_data (self->network), single = source->wide == NULL;
  guint first = 0;
  EigenJob job = { self, single, source->cancellable, &first };

  for (gsize l = 0; l < self->n_layers; l++)
    {
      sums[l].n_inputs = self->layers[l].public.n_inputs;
      sums[l].n_outputs = self->layers[l].public.n_outputs;
    }
  if (ahead)
    {
      sums[0].input = self->layers[0].input_factor;
      if (!run_sums (self, source, sums, NULL, NULL, error))
        return FALSE;
    }
  for (gsize l = 0; l < self->n_layers; l++)
    {
      sums[l].input = l == 0 && ahead ? NULL : self->layers[l].input_factor;
      sums[l].output = self->layers[l].output_factor;
    }
  return run_sums (self, source, sums, ahead ? eigen_slot : NULL, &job, error)
         && solve_factors (self, ahead ? 1 : 0, source->pool, single, source->cancellable, error);
}

static gboolean
fill_moments (HeftCurvature *self, const Source *source, GError **error)
{
  g_autofree HeftKroneckerSums *sums = g_new0 (HeftKroneckerSums, self->n_layers);

  for (gsize l = 0; l < self->n_layers; l++)
    sums[l] = (HeftKroneckerSums) {
      .n_inputs = self->layers[l].public.n_inputs, .n_outputs = self->layers[l].public.n_outputs,
      .moments = self->layers[l].moments,
      .input_vectors = self->layers[l].input_vectors, .output_vectors = self->layers[l].output_vectors,
    };
  return run_sums (self, source, sums, NULL, NULL, error);
}

static void
multiply_values (HeftStructuredLayer *layer)
{
  for (gsize i = 0; i < layer->public.n_inputs; i++)
    for (gsize j = 0; j < layer->public.n_outputs; j++)
      layer->moments[i * layer->public.n_outputs + j] = layer->input_values[i] * layer->output_values[j];
}

static gboolean
structured_fill (HeftCurvature *self, const Source *source, GError **error)
{
  if (self->kind != HEFT_CURVATURE_DIAGONAL && !fill_factors (self, source, error))
    return FALSE;
  if (self->kind != HEFT_CURVATURE_KFAC && !fill_moments (self, source, error))
    return FALSE;
  for (gsize l = 0; l < self->n_layers; l++)
    {
      HeftStructuredLayer *layer = &self->layers[l];

      if (self->kind == HEFT_CURVATURE_KFAC)
        multiply_values (layer);
      for (gsize i = 0; i < layer->public.n_inputs * layer->public.n_outputs; i++)
        layer->public.trace += layer->moments[i];
      layer->public.input_factor = layer->input_factor;
      layer->public.output_factor = layer->output_factor;
      layer->public.input_values = layer->input_values;
      layer->public.output_values = layer->output_values;
      layer->public.input_vectors = layer->input_vectors;
      layer->public.output_vectors = layer->output_vectors;
      layer->public.moments = layer->moments;
    }
  return TRUE;
}

/* @source lacks its pool alone. */
static HeftCurvature *
structured_measure (HeftNetwork *network, Source source, gsize n_samples, HeftCurvatureKind kind, HeftFisherKind labels,
                    gboolean values_only, guint n_threads, GError **error)
{
  g_autoptr (HeftPool) pool = NULL;
  g_autoptr (HeftCurvature) self = NULL;

  g_return_val_if_fail (!values_only || kind == HEFT_CURVATURE_KFAC, NULL);
  self = structured_new (network, source.data, n_samples, kind, labels, values_only,
                         source.wide != NULL ? DBL_EPSILON : (double) FLT_EPSILON, error);
  if (self == NULL)
    return NULL;
  source.pool = pool = heft_pool_new (n_threads);
  return structured_fill (self, &source, error) ? g_steal_pointer (&self) : NULL;
}

HeftCurvature *
heft_curvature_new (HeftNetwork *network, const double *weights, HeftDataset *data, gsize n_samples, HeftCurvatureKind kind,
                    HeftFisherKind labels, guint64 seed, gboolean values_only, guint n_threads, GCancellable *cancellable,
                    GError **error)
{
  const Source source = { .wide = weights, .data = data, .seed = seed, .cancellable = cancellable };

  return structured_measure (network, source, n_samples, kind, labels, values_only, n_threads, error);
}

HeftCurvature *
heft_curvature_new_f32 (HeftNetwork *network, const float *weights, HeftDataset *data, gsize n_samples, HeftCurvatureKind kind,
                        HeftFisherKind labels, guint64 seed, gboolean values_only, guint n_threads, GCancellable *cancellable,
                        GError **error)
{
  const Source source = { .narrow = weights, .data = data, .seed = seed, .cancellable = cancellable };

  return structured_measure (network, source, n_samples, kind, labels, values_only, n_threads, error);
}

/* --- Reading ------------------------------------------------------------------------------------------------------------ */

HeftCurvatureKind
heft_curvature_get_kind (const HeftCurvature *self)
{
  return self->kind;
}

HeftNetwork *
heft_curvature_get_network (const HeftCurvature *self)
{
  return self->network;
}

gsize
heft_curvature_get_n_samples (const HeftCurvature *self)
{
  return self->n_samples;
}

const HeftCurvatureLayer *
heft_curvature_get_layer (const HeftCurvature *self, gsize l)
{
  g_return_val_if_fail (l < self->n_layers, NULL);
  return &self->layers[l].public;
}

static char *
estimator_name (const HeftCurvature *self)
{
  const char *labels = self->labels == HEFT_FISHER_EXACT     ? _("exact labels")
                       : self->labels == HEFT_FISHER_SAMPLED ? _("labels sampled from the model")
                                                             : _("empirical Fisher (labels of the data)");
  const char *const structures[] = { _("KFAC"), _("EKFAC"), _("diagonal") };

  /* Translators: whose labels, and which approximation of the Fisher: "exact labels, KFAC". */
  return g_strdup_printf (_("%s, %s"), labels, structures[self->kind]);
}

static int
compare_descending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x < y) - (x > y);
}

/* How many of a factor's @values, the largest first, stand clear of rounding: along the others (no logit moves alone, so that the last G
 * has one) products and moments are rounding, too. @values NULL: of the diagonal, where nothing is. */
static gsize
count_resolved (const HeftCurvature *self, gsize n, const double *values)
{
  return values == NULL ? n : heft_spectrum_count (values, n, self->epsilon * (double) n);
}

/* Appends those of the layer's moments; returns the end. */
static double *
take_moments (const HeftCurvature *self, const HeftStructuredLayer *layer, double *end)
{
  const gsize n_out = layer->public.n_outputs;
  const gsize rows = count_resolved (self, layer->public.n_inputs, layer->input_values);
  const gsize columns = count_resolved (self, n_out, layer->output_values);

  for (gsize i = 0; i < rows; i++, end += columns)
    memcpy (end, layer->moments + i * n_out, columns * sizeof *end);
  return end;
}

static HeftSpectrum *
layers_spectrum (const HeftCurvature *self, gsize first, gsize last)
{
  HeftSpectrum *spectrum = g_new0 (HeftSpectrum, 1);
  gsize size = 0;
  double *end;

  for (gsize l = first; l <= last; l++)
    {
      spectrum->n_parameters += self->layers[l].n_free;
      size += self->layers[l].public.n_inputs * self->layers[l].public.n_outputs;
      spectrum->trace += self->layers[l].public.trace;
    }
  end = spectrum->eigenvalues = g_new (double, size);
  for (gsize l = first; l <= last; l++)
    end = take_moments (self, &self->layers[l], end);
  size = (gsize) (end - spectrum->eigenvalues);
  /* A fixed bias has no curvature: its zeros come last. */
  qsort (spectrum->eigenvalues, size, sizeof *spectrum->eigenvalues, compare_descending);
  spectrum->n_eigenvalues = heft_spectrum_count (spectrum->eigenvalues, size, 0);
  spectrum->layer = first == last ? (int) first : -1;
  spectrum->complete = TRUE;
  spectrum->n_samples = self->n_samples;
  spectrum->estimator = estimator_name (self);
  return spectrum;
}

GPtrArray *
heft_curvature_spectra (const HeftCurvature *self, gboolean whole_network)
{
  GPtrArray *spectra = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_spectrum_free);

  for (gsize l = 0; l < self->n_layers; l++)
    g_ptr_array_add (spectra, layers_spectrum (self, l, l));
  if (whole_network)
    {
      HeftSpectrum *whole = layers_spectrum (self, 0, self->n_layers - 1);

      whole->layer = -1;
      g_ptr_array_add (spectra, whole);
    }
  return spectra;
}

double
heft_curvature_log_determinant (const HeftCurvature *self, int layer, double r)
{
  gsize first = layer < 0 ? 0 : (gsize) layer, last = layer < 0 ? self->n_layers - 1 : (gsize) layer;
  double sum = 0;

  g_return_val_if_fail (last < self->n_layers && r >= 0, NAN);
  for (gsize l = first; l <= last; l++)
    for (gsize i = 0; i < self->layers[l].public.n_inputs * self->layers[l].public.n_outputs; i++)
      sum += log1p (r * self->layers[l].moments[i]);
  return sum;
}
