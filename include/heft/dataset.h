/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/random.h>

G_BEGIN_DECLS

/**
 * HeftDataset:
 *
 * Inputs with class labels; immutable and atomically reference counted. Inputs are kept as bytes (images,
 * scaled to [0,1] when gathered) or as floats (features, used as they are).
 */
typedef struct _HeftDataset HeftDataset;

HeftDataset *heft_dataset_new_bytes  (const char *name, gsize n, gsize channels, gsize height, gsize width,
                                      GBytes *inputs, const guint8 *labels, gsize n_classes);
HeftDataset *heft_dataset_new_floats (const char *name, gsize n, gsize n_features,
                                      const float *inputs, const guint8 *labels, gsize n_classes);
HeftDataset *heft_dataset_ref        (HeftDataset *self);
void         heft_dataset_unref      (HeftDataset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftDataset, heft_dataset_unref)

const char   *heft_dataset_get_name       (const HeftDataset *self);
gsize         heft_dataset_get_n_samples  (const HeftDataset *self);   /* N */
gsize         heft_dataset_get_n_features (const HeftDataset *self);   /* d = channels * height * width */
gsize         heft_dataset_get_n_classes  (const HeftDataset *self);   /* C */
/* Whether inputs are images; shape is channels x height x width, 1 x 1 x d otherwise. */
gboolean      heft_dataset_get_shape      (const HeftDataset *self, gsize *channels, gsize *height, gsize *width);
const guint8 *heft_dataset_get_labels     (const HeftDataset *self);   /* N, as used in training (noise included) */
const guint8 *heft_dataset_get_true_labels (const HeftDataset *self);  /* N, before label noise */

/* Row i of @out (n x d, row-major) is sample indices[i]; @indices NULL means first, first+1, ... */
void heft_dataset_gather_f32 (const HeftDataset *self, const guint32 *indices, gsize first, gsize n, float *out);
void heft_dataset_gather_f64 (const HeftDataset *self, const guint32 *indices, gsize first, gsize n, double *out);
/* Whether the features are kept as bytes, each meaning itself times @scale: what heft_dataset_gather_f32() gives for it. */
gboolean heft_dataset_get_byte_scale (const HeftDataset *self, float *scale);
/* The features from @column0 to before @column1 alone, into their columns of @out (n x d); the bytes themselves where they are kept. */
void heft_dataset_gather_columns_bytes (const HeftDataset *self, const guint32 *indices, gsize n, gsize column0, gsize column1,
                                        guint8 *out);
void heft_dataset_gather_columns_f32 (const HeftDataset *self, const guint32 *indices, gsize n, gsize column0, gsize column1,
                                      float *out);

/* The first @n samples (bundled sets are stored shuffled; @n = 0 means all), or the samples named; shares the inputs' memory. */
HeftDataset *heft_dataset_head        (HeftDataset *self, gsize n);
HeftDataset *heft_dataset_subset      (HeftDataset *self, const guint32 *indices, gsize n);
/* A copy in which each label has, with probability @fraction, been replaced by a label drawn uniformly from all
 * classes ("wrong or right"); 1.0 makes labels independent of the inputs. Purpose LABEL_NOISE. */
HeftDataset *heft_dataset_add_label_noise (HeftDataset *self, double fraction, guint64 seed);

/**
 * HeftDataPair:
 *
 * What an experiment trains on and is tested on; the two never share a sample.
 */
typedef struct
{
  HeftDataset *train;
  HeftDataset *test;
} HeftDataPair;

void heft_data_pair_clear (HeftDataPair *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftDataPair, heft_data_pair_clear)

/**
 * heft_data_load:
 * @spec: a data argument as in the command-line contract: a name, IMAGES,LABELS as IDX, IDX.gz or NPY, or FILE.csv
 * @seed: for synthetic sets and for splitting a file that has no test part
 * @pair: (out caller-allocates): train and test
 *
 * Names: mnist-10k, digits-8x8 (bundled), fashion-mnist, mnist, cifar-10 (where found), moons, circles, spirals, xor,
 * blobs (made from @seed, 1,000 points each for training and test); "cluttered-" before the name of a set of images puts them among
 * clutter made from @seed (heft_dataset_clutter()). A test part of one's own is given behind the
 * training part: IMAGES,LABELS,IMAGES,LABELS or TRAIN.csv,TEST.csv. A user's file without one is split 4 : 1 after a seeded
 * shuffle. digits-8x8 is split by position, the first 1,497 for training and the last 300 for testing,
 * whatever the seed; its values 0..16 are divided by 16. Bytes of IDX and NPY files are divided by 255, every other
 * number is used as it is. CIFAR-10's binary form is read as FILE.bin.
 *
 * Returns: FALSE with @error (file, place, remedy) if it cannot be read
 */
gboolean heft_data_load       (const char *spec, guint64 seed, HeftDataPair *pair, GError **error);
/* The same without any split: every sample of the (training) file in file order, for heft-cli measure. */
HeftDataset *heft_data_load_all (const char *spec, guint64 seed, GError **error);
/* Points in the plane, for any number of samples and any noise; see data/synthetic.c for the geometry. @noise < 0: the set's own. */
HeftDataset *heft_data_synthetic (const char *name, gsize n, double noise, guint64 seed, guint32 index, GError **error);

/**
 * HeftDataSource:
 *
 * A set that can be loaded by name; it is available where its files were found, or where it needs none.
 */
typedef struct
{
  const char *name;        /* as typed */
  const char *title;       /* translatable */
  const char *licence;     /* origin and licence, translatable */
  gboolean    synthetic;
} HeftDataSource;

const HeftDataSource *heft_data_sources (gsize *n_sources);
gboolean              heft_data_source_is_available (const char *name);

G_END_DECLS
