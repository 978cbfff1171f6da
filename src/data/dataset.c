/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data"

#include "config.h"

#include <heft/dataset.h>

#include <string.h>

#include "data/dataset-private.h"
#include "linalg/kernels.h"

#define CACHE_LINE 64
#define AHEAD 6   /* samples fetched before their turn */

struct _HeftDataset
{
  gatomicrefcount ref_count;
  char    *name;
  gsize    n_samples;
  gsize    channels, height, width;
  gsize    n_features;
  gsize    n_classes;
  gboolean is_image;

  HeftElement element;
  float    inverse_divisor;   /* bytes only */
  double   divisor;
  GBytes  *inputs;            /* shared between a set and its subsets */
  guint32 *rows;              /* sample i is row rows[i] of @inputs; NULL: row i */
  guint8  *labels;
  guint8  *true_labels;
};

HeftDataset *
heft_dataset_new_inputs (const char *name, gsize n, const gsize shape[3], gboolean is_image, HeftElement element,
                         double divisor, GBytes *inputs, const guint8 *labels, gsize n_classes)
{
  static const gsize sizes[] = { [HEFT_ELEMENT_BYTE] = 1, [HEFT_ELEMENT_FLOAT] = 4, [HEFT_ELEMENT_DOUBLE] = 8 };
  gsize n_features = shape[0] * shape[1] * shape[2];
  HeftDataset *self;

  g_return_val_if_fail (n > 0 && n_features > 0 && labels != NULL && n_classes > 0 && n_classes <= 256, NULL);
  g_return_val_if_fail (g_bytes_get_size (inputs) == n * n_features * sizes[element], NULL);
  self = g_new0 (HeftDataset, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->name = g_strdup (name);
  self->n_samples = n;
  self->channels = shape[0];
  self->height = shape[1];
  self->width = shape[2];
  self->n_features = n_features;
  self->n_classes = n_classes;
  self->is_image = is_image;
  self->element = element;
  self->divisor = divisor;
  self->inverse_divisor = (float) (1.0 / divisor);
  self->inputs = g_bytes_ref (inputs);
  self->labels = g_memdup2 (labels, n);
  self->true_labels = g_memdup2 (labels, n);
  return self;
}

/* A set over the same inputs, with room for @n labels. */
static HeftDataset *
dataset_derive (HeftDataset *self, gsize n)
{
  HeftDataset *derived = g_new0 (HeftDataset, 1);

  *derived = *self;
  g_atomic_ref_count_init (&derived->ref_count);
  derived->name = g_strdup (self->name);
  derived->n_samples = n;
  derived->inputs = g_bytes_ref (self->inputs);
  derived->rows = NULL;
  derived->labels = g_malloc (n);
  derived->true_labels = g_malloc (n);
  return derived;
}

HeftDataset *
heft_dataset_with_inputs (HeftDataset *self, const char *name, const gsize shape[3], HeftElement element, double divisor,
                          GBytes *inputs)
{
  HeftDataset *changed = heft_dataset_new_inputs (name != NULL ? name : self->name, self->n_samples, shape, self->is_image,
                                                  element, divisor, inputs, self->labels, self->n_classes);

  g_return_val_if_fail (changed != NULL, NULL);
  memcpy (changed->true_labels, self->true_labels, self->n_samples);
  return changed;
}

HeftElement
heft_dataset_get_element (const HeftDataset *self)
{
  return self->element;
}

/**
 * heft_dataset_new_bytes:
 * @n: N, at least 1
 * @inputs: n x channels x height x width bytes, row-major; scaled by 1/255 when gathered
 * @labels: n class labels below @n_classes, copied
 *
 * Returns: (transfer full): a set of images
 */
HeftDataset *
heft_dataset_new_bytes (const char *name, gsize n, gsize channels, gsize height, gsize width,
                        GBytes *inputs, const guint8 *labels, gsize n_classes)
{
  const gsize shape[3] = { channels, height, width };

  return heft_dataset_new_inputs (name, n, shape, TRUE, HEFT_ELEMENT_BYTE, 255.0, inputs, labels, n_classes);
}

/**
 * heft_dataset_new_floats:
 * @n: N, at least 1
 * @inputs: n x n_features, row-major, copied; used as they are
 * @labels: n class labels below @n_classes, copied
 *
 * Returns: (transfer full): a set of feature vectors
 */
HeftDataset *
heft_dataset_new_floats (const char *name, gsize n, gsize n_features,
                         const float *inputs, const guint8 *labels, gsize n_classes)
{
  const gsize shape[3] = { 1, 1, n_features };
  g_autoptr(GBytes) bytes = g_bytes_new (inputs, n * n_features * sizeof (float));

  return heft_dataset_new_inputs (name, n, shape, FALSE, HEFT_ELEMENT_FLOAT, 1.0, bytes, labels, n_classes);
}

HeftDataset *
heft_dataset_ref (HeftDataset *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
heft_dataset_unref (HeftDataset *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_bytes_unref (self->inputs);
  g_free (self->rows);
  g_free (self->labels);
  g_free (self->true_labels);
  g_free (self->name);
  g_free (self);
}

const char *
heft_dataset_get_name (const HeftDataset *self)
{
  return self->name;
}

gsize
heft_dataset_get_n_samples (const HeftDataset *self)
{
  return self->n_samples;
}

gsize
heft_dataset_get_n_features (const HeftDataset *self)
{
  return self->n_features;
}

gsize
heft_dataset_get_n_classes (const HeftDataset *self)
{
  return self->n_classes;
}

gboolean
heft_dataset_get_shape (const HeftDataset *self, gsize *channels, gsize *height, gsize *width)
{
  if (channels != NULL)
    *channels = self->channels;
  if (height != NULL)
    *height = self->height;
  if (width != NULL)
    *width = self->width;
  return self->is_image;
}

const guint8 *
heft_dataset_get_labels (const HeftDataset *self)
{
  return self->labels;
}

const guint8 *
heft_dataset_get_true_labels (const HeftDataset *self)
{
  return self->true_labels;
}

/* Samples lie anywhere in memory, where no processor looks ahead by itself. */
static inline void
prefetch_columns (const HeftDataset *self, const guint8 *base, const guint32 *indices, gsize i, gsize n, gsize column0,
                  gsize column1)
{
  const gsize size = self->element == HEFT_ELEMENT_BYTE ? 1 : self->element == HEFT_ELEMENT_FLOAT ? sizeof (float) : sizeof (double);
  gsize sample, row;

  if (i >= n || indices[i] >= self->n_samples)
    return;
  sample = indices[i];
  row = (self->rows != NULL ? self->rows[sample] : sample) * self->n_features;
  for (gsize at = (row + column0) * size; at < (row + column1) * size; at += CACHE_LINE)
    __builtin_prefetch (base + at);
}

/* @n numbers from @offset on, element by element, so that the bits do not depend on how a gather is cut into chunks. */
static inline void
copy_f32 (const HeftDataset *self, const HeftKernels *kernels, const guint8 *base, gsize offset, gsize n, float *restrict out)
{
  switch (self->element)
    {
    case HEFT_ELEMENT_BYTE:
      kernels->scale_bytes (n, self->inverse_divisor, base + offset, out);
      break;
    case HEFT_ELEMENT_FLOAT:
      memcpy (out, base + offset * sizeof (float), n * sizeof (float));
      break;
    case HEFT_ELEMENT_DOUBLE:
      {
        const double *in = (const double *) (gconstpointer) base + offset;

        for (gsize i = 0; i < n; i++)
          out[i] = (float) in[i];
        break;
      }
    default:
      g_assert_not_reached ();
    }
}

static void
copy_f64 (const HeftDataset *self, gsize row, gsize n_rows, double *restrict out)
{
  const guint8 *base = g_bytes_get_data (self->inputs, NULL);
  gsize offset = row * self->n_features;
  gsize n = n_rows * self->n_features;

  switch (self->element)
    {
    case HEFT_ELEMENT_BYTE:
      /* A division, correctly rounded: what a referee in double precision computes from the same file. */
      for (gsize i = 0; i < n; i++)
        out[i] = base[offset + i] / self->divisor;
      break;
    case HEFT_ELEMENT_FLOAT:
      {
        const float *in = (const float *) (gconstpointer) base + offset;

        for (gsize i = 0; i < n; i++)
          out[i] = in[i];
        break;
      }
    case HEFT_ELEMENT_DOUBLE:
      memcpy (out, base + offset * sizeof (double), n * sizeof (double));
      break;
    default:
      g_assert_not_reached ();
    }
}

/**
 * heft_dataset_gather_f32:
 * @indices: (nullable): @n sample numbers below N, or %NULL for @first, @first + 1, ...
 * @out: n x d, row-major
 *
 * Copies inputs, bytes scaled to [0,1]. Thread-safe; the bits of a sample do not depend on the chunk it is gathered in.
 */
void
heft_dataset_gather_f32 (const HeftDataset *self, const guint32 *indices, gsize first, gsize n, float *out)
{
  const HeftKernels *kernels = heft_kernels ();
  const guint8 *base = g_bytes_get_data (self->inputs, NULL);

  if (indices == NULL && self->rows == NULL)
    {
      g_return_if_fail (first <= self->n_samples && n <= self->n_samples - first);
      copy_f32 (self, kernels, base, first * self->n_features, n * self->n_features, out);
      return;
    }
  for (gsize i = 0; i < n; i++)
    {
      gsize sample = indices != NULL ? indices[i] : first + i;

      g_return_if_fail (sample < self->n_samples);
      if (indices != NULL)
        prefetch_columns (self, base, indices, i + AHEAD, n, 0, self->n_features);
      copy_f32 (self, kernels, base, (self->rows != NULL ? self->rows[sample] : sample) * self->n_features, self->n_features,
                out + i * self->n_features);
    }
}

/**
 * heft_dataset_gather_columns_f32:
 * @indices: @n sample numbers below N
 * @column0: the first feature
 * @column1: behind the last; at most d
 * @out: n x d, row-major; columns outside are left alone
 *
 * As heft_dataset_gather_f32() for some of the features: for workers that each need a part of every sample.
 */
void
heft_dataset_gather_columns_f32 (const HeftDataset *self,
                                 const guint32     *indices,
                                 gsize              n,
                                 gsize              column0,
                                 gsize              column1,
                                 float             *out)
{
  const HeftKernels *kernels = heft_kernels ();
  const guint8 *base = g_bytes_get_data (self->inputs, NULL);
  const gsize d = self->n_features;

  g_return_if_fail (column0 <= column1 && column1 <= d);

  for (gsize i = 0; i < n; i++)
    {
      const gsize sample = indices[i];

      g_return_if_fail (sample < self->n_samples);
      prefetch_columns (self, base, indices, i + AHEAD, n, column0, column1);
      copy_f32 (self, kernels, base, (self->rows != NULL ? self->rows[sample] : sample) * d + column0, column1 - column0,
                out + i * d + column0);
    }
}

/**
 * heft_dataset_get_byte_scale:
 * @scale: (out): what a byte is multiplied with
 *
 * Returns: whether the features are kept as bytes; otherwise @scale is left alone
 */
gboolean
heft_dataset_get_byte_scale (const HeftDataset *self,
                             float             *scale)
{
  if (self->element != HEFT_ELEMENT_BYTE)
    return FALSE;
  *scale = self->inverse_divisor;
  return TRUE;
}

/**
 * heft_dataset_gather_columns_bytes:
 * @indices: @n sample numbers below N
 * @column0: the first feature
 * @column1: behind the last; at most d
 * @out: n x d, row-major; columns outside are left alone
 *
 * As heft_dataset_gather_columns_f32() for features kept as bytes, which it copies as they are.
 */
void
heft_dataset_gather_columns_bytes (const HeftDataset *self,
                                   const guint32     *indices,
                                   gsize              n,
                                   gsize              column0,
                                   gsize              column1,
                                   guint8            *out)
{
  const guint8 *base = g_bytes_get_data (self->inputs, NULL);
  const gsize d = self->n_features;

  g_return_if_fail (self->element == HEFT_ELEMENT_BYTE && column0 <= column1 && column1 <= d);

  for (gsize i = 0; i < n; i++)
    {
      const gsize sample = indices[i];

      g_return_if_fail (sample < self->n_samples);
      prefetch_columns (self, base, indices, i + AHEAD, n, column0, column1);
      memcpy (out + i * d + column0, base + (self->rows != NULL ? self->rows[sample] : sample) * d + column0, column1 - column0);
    }
}

/**
 * heft_dataset_gather_f64:
 * @indices: (nullable): @n sample numbers below N, or %NULL for @first, @first + 1, ...
 * @out: n x d, row-major
 *
 * As heft_dataset_gather_f32(). Data read from a file with more digits than single precision holds keep them here.
 */
void
heft_dataset_gather_f64 (const HeftDataset *self, const guint32 *indices, gsize first, gsize n, double *out)
{
  if (indices == NULL && self->rows == NULL)
    {
      g_return_if_fail (first <= self->n_samples && n <= self->n_samples - first);
      copy_f64 (self, first, n, out);
      return;
    }
  for (gsize i = 0; i < n; i++)
    {
      gsize sample = indices != NULL ? indices[i] : first + i;

      g_return_if_fail (sample < self->n_samples);
      copy_f64 (self, self->rows != NULL ? self->rows[sample] : sample, 1, out + i * self->n_features);
    }
}

/**
 * heft_dataset_head:
 * @n: how many; 0, or more than there are, means all
 *
 * Returns: (transfer full): the first @n samples
 */
HeftDataset *
heft_dataset_head (HeftDataset *self, gsize n)
{
  HeftDataset *head;

  if (n == 0 || n >= self->n_samples)
    return heft_dataset_ref (self);
  head = dataset_derive (self, n);
  memcpy (head->labels, self->labels, n);
  memcpy (head->true_labels, self->true_labels, n);
  if (self->rows != NULL)
    head->rows = g_memdup2 (self->rows, n * sizeof (guint32));
  return head;
}

/**
 * heft_dataset_subset:
 * @indices: @n sample numbers below N, in the order wanted; one may occur more than once (resampling)
 * @n: at least 1
 *
 * Returns: (transfer full): the samples named
 */
HeftDataset *
heft_dataset_subset (HeftDataset *self, const guint32 *indices, gsize n)
{
  HeftDataset *subset;

  g_return_val_if_fail (n > 0, NULL);
  for (gsize i = 0; i < n; i++)
    g_return_val_if_fail (indices[i] < self->n_samples, NULL);
  subset = dataset_derive (self, n);
  subset->rows = g_new (guint32, n);
  for (gsize i = 0; i < n; i++)
    {
      subset->rows[i] = self->rows != NULL ? self->rows[indices[i]] : indices[i];
      subset->labels[i] = self->labels[indices[i]];
      subset->true_labels[i] = self->true_labels[indices[i]];
    }
  return subset;
}

/**
 * heft_dataset_add_label_noise:
 * @fraction: in [0, 1]
 *
 * Whether sample i is relabelled, and to what, depends on (@seed, i) alone: a larger @fraction keeps every label that a smaller
 * one changed.
 *
 * Returns: (transfer full): the same inputs with noisy labels; heft_dataset_get_true_labels() still gives the old ones
 */
HeftDataset *
heft_dataset_add_label_noise (HeftDataset *self, double fraction, guint64 seed)
{
  HeftStream stream = heft_stream (seed, HEFT_PURPOSE_LABEL_NOISE, 0);
  gsize n = self->n_samples;
  g_autofree double *chosen = g_new (double, n);
  g_autofree double *label = g_new (double, n);
  HeftDataset *noisy;

  g_return_val_if_fail (fraction >= 0.0 && fraction <= 1.0, NULL);
  heft_stream_uniforms_f64 (stream, 0, 0, n, chosen);
  heft_stream_uniforms_f64 (stream, 1, 0, n, label);
  noisy = dataset_derive (self, n);
  if (self->rows != NULL)
    noisy->rows = g_memdup2 (self->rows, n * sizeof (guint32));
  memcpy (noisy->labels, self->labels, n);
  memcpy (noisy->true_labels, self->true_labels, n);
  for (gsize i = 0; i < n; i++)
    if (chosen[i] < fraction)
      noisy->labels[i] = (guint8) MIN ((gsize) (label[i] * self->n_classes), self->n_classes - 1);
  return noisy;
}

void
heft_data_pair_clear (HeftDataPair *self)
{
  g_clear_pointer (&self->train, heft_dataset_unref);
  g_clear_pointer (&self->test, heft_dataset_unref);
}
