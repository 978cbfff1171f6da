/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>
#include <string.h>

#define N 7
#define D 35   /* no multiple of the kernel's block */

static HeftDataset *
new_bytes (void)
{
  guint8 pixels[N * D];
  guint8 labels[N];
  g_autoptr(GBytes) bytes = NULL;

  for (int i = 0; i < N * D; i++)
    pixels[i] = (i * 41 + 255) & 255;
  for (int i = 0; i < N; i++)
    labels[i] = i % 3;
  bytes = g_bytes_new (pixels, sizeof pixels);
  return heft_dataset_new_bytes ("bytes", N, 1, 5, 7, bytes, labels, 3);
}

static void
test_gather_bytes (void)
{
  g_autoptr(HeftDataset) data = new_bytes ();
  float all[N * D], chunk[N * D];
  double wide[N * D];
  const guint32 order[] = { 6, 0, 3, 3 };
  gsize channels, height, width;

  g_assert_true (heft_dataset_get_shape (data, &channels, &height, &width));
  g_assert_cmpuint (channels, ==, 1);
  g_assert_cmpuint (height, ==, 5);
  g_assert_cmpuint (width, ==, 7);
  g_assert_cmpuint (heft_dataset_get_n_features (data), ==, D);
  heft_dataset_gather_f32 (data, NULL, 0, N, all);
  heft_dataset_gather_f64 (data, NULL, 0, N, wide);
  for (int i = 0; i < N * D; i++)
    {
      double expected = ((i * 41 + 255) & 255) / 255.0;

      g_assert_cmpfloat (wide[i], ==, expected);
      g_assert_cmpfloat_with_epsilon (all[i], expected, 1e-7);
      g_assert_true (all[i] >= 0.0f && all[i] <= 1.0f);
    }
  g_assert_cmpfloat (all[0], ==, 1.0f);
  for (gsize cut = 0; cut <= N; cut++)
    {
      heft_dataset_gather_f32 (data, NULL, 0, cut, chunk);
      heft_dataset_gather_f32 (data, NULL, cut, N - cut, chunk + cut * D);
      g_assert_cmpmem (chunk, sizeof chunk, all, sizeof all);
    }
  heft_dataset_gather_f32 (data, order, 0, G_N_ELEMENTS (order), chunk);
  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    g_assert_cmpmem (chunk + i * D, D * sizeof (float), all + order[i] * D, D * sizeof (float));
}

/* Whichever features are asked for, and nothing beside them. */
static void
test_gather_columns (void)
{
  g_autoptr(HeftDataset) whole = new_bytes ();
  const guint32 chosen[] = { 5, 1, 4 }, order[] = { 2, 2, 0 };
  g_autoptr(HeftDataset) data = heft_dataset_subset (whole, chosen, G_N_ELEMENTS (chosen));
  float rows[3 * D], parts[3 * D], scale = 0.0f;
  guint8 bytes[3 * D];

  heft_dataset_gather_f32 (data, order, 0, 3, rows);
  g_assert_true (heft_dataset_get_byte_scale (data, &scale));
  for (gsize column0 = 0; column0 <= D; column0++)
    for (gsize column1 = column0; column1 <= D; column1++)
      {
        for (gsize i = 0; i < 3 * D; i++)
          {
            parts[i] = -7.0f;
            bytes[i] = 99;
          }
        heft_dataset_gather_columns_f32 (data, order, 3, column0, column1, parts);
        for (gsize i = 0; i < 3 * D; i++)
          g_assert_cmpfloat (parts[i], ==, i % D >= column0 && i % D < column1 ? rows[i] : -7.0f);
        heft_dataset_gather_columns_bytes (data, order, 3, column0, column1, bytes);
        for (gsize i = 0; i < 3 * D; i++)
          if (i % D >= column0 && i % D < column1)
            g_assert_cmpfloat ((float) bytes[i] * scale, ==, rows[i]);
          else
            g_assert_cmpuint (bytes[i], ==, 99);
      }
}

static void
test_floats (void)
{
  const float inputs[] = { 1.5f, -2.0f, 1e-20f, 4.0f, 3e30f, 6.0f };
  const guint8 labels[] = { 1, 0 };
  g_autoptr(HeftDataset) data = heft_dataset_new_floats ("floats", 2, 3, inputs, labels, 2);
  float out[6], scale = 3.0f;

  g_assert_false (heft_dataset_get_byte_scale (data, &scale));
  g_assert_cmpfloat (scale, ==, 3.0f);
  double wide[6];

  g_assert_false (heft_dataset_get_shape (data, NULL, NULL, NULL));
  heft_dataset_gather_f32 (data, NULL, 0, 2, out);
  heft_dataset_gather_f64 (data, NULL, 0, 2, wide);
  g_assert_cmpmem (out, sizeof out, inputs, sizeof inputs);
  for (int i = 0; i < 6; i++)
    g_assert_cmpfloat (wide[i], ==, (double) inputs[i]);
}

static void
test_subsets (void)
{
  g_autoptr(HeftDataset) data = new_bytes ();
  g_autoptr(HeftDataset) all = heft_dataset_head (data, 0);
  g_autoptr(HeftDataset) head = heft_dataset_head (data, 5);
  const guint32 picks[] = { 4, 1, 1 };
  const guint32 again[] = { 2, 0 };
  g_autoptr(HeftDataset) subset = heft_dataset_subset (head, picks, 3);
  g_autoptr(HeftDataset) nested = heft_dataset_subset (subset, again, 2);
  float original[N * D], out[3 * D];

  g_assert_true (all == data);
  g_assert_cmpuint (heft_dataset_get_n_samples (head), ==, 5);
  heft_dataset_gather_f32 (data, NULL, 0, N, original);
  heft_dataset_gather_f32 (subset, NULL, 0, 3, out);
  g_assert_cmpmem (out, D * 4, original + 4 * D, D * 4);
  g_assert_cmpmem (out + D, D * 4, original + D, D * 4);
  heft_dataset_gather_f32 (nested, NULL, 0, 2, out);
  g_assert_cmpmem (out, D * 4, original + 1 * D, D * 4);
  g_assert_cmpmem (out + D, D * 4, original + 4 * D, D * 4);
  g_assert_cmpuint (heft_dataset_get_labels (nested)[0], ==, 1);
  g_assert_cmpuint (heft_dataset_get_labels (nested)[1], ==, 4 % 3);
}

static void
test_label_noise (void)
{
  const gsize n = 20000, n_classes = 4;
  g_autofree float *inputs = g_new0 (float, n);
  g_autofree guint8 *labels = g_new0 (guint8, n);
  g_autoptr(HeftDataset) data = NULL;
  g_autoptr(HeftDataset) half = NULL;
  g_autoptr(HeftDataset) full = NULL;
  g_autoptr(HeftDataset) none = NULL;
  g_autoptr(HeftDataset) again = NULL;
  gsize counts[4] = { 0 };
  gsize changed = 0;

  for (gsize i = 0; i < n; i++)
    labels[i] = i % 2;
  data = heft_dataset_new_floats ("labels", n, 1, inputs, labels, n_classes);
  none = heft_dataset_add_label_noise (data, 0.0, 3);
  half = heft_dataset_add_label_noise (data, 0.5, 3);
  again = heft_dataset_add_label_noise (data, 0.5, 3);
  full = heft_dataset_add_label_noise (data, 1.0, 3);
  g_assert_cmpmem (heft_dataset_get_labels (none), n, labels, n);
  g_assert_cmpmem (heft_dataset_get_labels (half), n, heft_dataset_get_labels (again), n);
  g_assert_cmpmem (heft_dataset_get_true_labels (half), n, labels, n);
  for (gsize i = 0; i < n; i++)
    {
      guint8 noisy = heft_dataset_get_labels (half)[i];

      changed += noisy != labels[i];
      counts[heft_dataset_get_labels (full)[i]]++;
      /* More noise keeps what less noise changed. */
      if (noisy != labels[i])
        g_assert_cmpuint (noisy, ==, heft_dataset_get_labels (full)[i]);
    }
  /* Half of the labels are replaced and three quarters of these become wrong; five standard deviations. */
  g_assert_cmpfloat (fabs (changed / (double) n - 0.375), <, 5 * sqrt (0.375 * 0.625 / n));
  for (gsize c = 0; c < n_classes; c++)
    g_assert_cmpfloat (fabs (counts[c] / (double) n - 0.25), <, 5 * sqrt (0.25 * 0.75 / n));
}

static void
test_named (gconstpointer user_data)
{
  static const struct { const char *name; gsize n_train, n_test, height; } sets[] =
  {
    { "mnist-10k", 10000, 2000, 28 },
    { "digits-8x8", 1497, 300, 8 },
  };
  gsize i = GPOINTER_TO_SIZE (user_data);
  g_auto(HeftDataPair) pair = { 0 };
  g_autoptr(HeftDataset) all = NULL;
  g_autoptr(GError) error = NULL;
  gsize channels, height, width;
  gsize counts[10] = { 0 };
  g_autofree float *inputs = NULL;
  float largest = 0.0f;

  g_assert_true (heft_data_source_is_available (sets[i].name));
  g_assert_true (heft_data_load (sets[i].name, 0, &pair, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, sets[i].n_train);
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, sets[i].n_test);
  g_assert_true (heft_dataset_get_shape (pair.train, &channels, &height, &width));
  g_assert_cmpuint (channels, ==, 1);
  g_assert_cmpuint (height, ==, sets[i].height);
  g_assert_cmpuint (width, ==, sets[i].height);
  g_assert_cmpuint (heft_dataset_get_n_classes (pair.train), ==, 10);
  for (gsize s = 0; s < sets[i].n_train; s++)
    counts[heft_dataset_get_labels (pair.train)[s]]++;
  for (int c = 0; c < 10; c++)
    g_assert_cmpuint (counts[c], >, sets[i].n_train / 14);
  inputs = g_new (float, sets[i].n_train * height * width);
  heft_dataset_gather_f32 (pair.train, NULL, 0, sets[i].n_train, inputs);
  for (gsize j = 0; j < sets[i].n_train * height * width; j++)
    largest = MAX (largest, inputs[j]);
  g_assert_cmpfloat (largest, ==, 1.0f);

  all = heft_data_load_all (sets[i].name, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (heft_dataset_get_n_samples (all), ==, i == 0 ? 10000 : 1797);
}

/* The first row of the file, by hand: 0,0,5,13,9,1,0,0, ... label 0. */
static void
test_digits_scale (void)
{
  g_autoptr(HeftDataset) all = heft_data_load_all ("digits-8x8", 0, NULL);
  const double first[] = { 0, 0, 5, 13, 9, 1, 0, 0 };
  float row[64];
  double wide[64];

  heft_dataset_gather_f32 (all, NULL, 0, 1, row);
  heft_dataset_gather_f64 (all, NULL, 0, 1, wide);
  for (int i = 0; i < 8; i++)
    {
      g_assert_cmpfloat (row[i], ==, (float) (first[i] / 16.0));
      g_assert_cmpfloat (wide[i], ==, first[i] / 16.0);
    }
  g_assert_cmpuint (heft_dataset_get_labels (all)[0], ==, 0);
  g_assert_cmpuint (heft_dataset_get_labels (all)[1], ==, 1);
}

static void
test_fashion (void)
{
  g_auto(HeftDataPair) pair = { 0 };
  g_autoptr(GError) error = NULL;

  if (!heft_data_source_is_available ("fashion-mnist"))
    {
      g_assert_false (heft_data_load ("fashion-mnist", 0, &pair, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND);
      g_assert_nonnull (strstr (error->message, "dataset-fashion-mnist"));
      return;
    }
  g_assert_true (heft_data_load ("fashion-mnist", 0, &pair, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, 60000);
  g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, 10000);
}

static double
mean_radius (HeftDataset *data, guint8 label)
{
  gsize n = heft_dataset_get_n_samples (data);
  g_autofree double *points = g_new (double, 2 * n);
  double sum = 0.0;
  gsize count = 0;

  heft_dataset_gather_f64 (data, NULL, 0, n, points);
  for (gsize i = 0; i < n; i++)
    if (heft_dataset_get_labels (data)[i] == label)
      {
        sum += hypot (points[2 * i], points[2 * i + 1]);
        count++;
      }
  return sum / count;
}

static void
test_synthetic (void)
{
  static const char *const names[] = { "moons", "circles", "spirals", "xor", "blobs" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto(HeftDataPair) pair = { 0 };
      g_auto(HeftDataPair) other = { 0 };
      g_autoptr(HeftDataset) shorter = heft_data_synthetic (names[i], 10, -1.0, 5, 0, NULL);
      float a[2000], b[2000];

      g_assert_true (heft_data_source_is_available (names[i]));
      g_assert_true (heft_data_load (names[i], 5, &pair, NULL));
      g_assert_true (heft_data_load (names[i], 6, &other, NULL));
      g_assert_cmpuint (heft_dataset_get_n_samples (pair.train), ==, 1000);
      g_assert_cmpuint (heft_dataset_get_n_samples (pair.test), ==, 1000);
      g_assert_cmpuint (heft_dataset_get_n_classes (pair.train), ==, i == 4 ? 3 : 2);
      heft_dataset_gather_f32 (pair.train, NULL, 0, 1000, a);
      heft_dataset_gather_f32 (shorter, NULL, 0, 10, b);
      g_assert_cmpmem (a, 20 * sizeof (float), b, 20 * sizeof (float));
      heft_dataset_gather_f32 (pair.test, NULL, 0, 1000, b);
      g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
      heft_dataset_gather_f32 (other.train, NULL, 0, 1000, b);
      g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
    }
}

static void
test_synthetic_geometry (void)
{
  g_autoptr(HeftDataset) circles = heft_data_synthetic ("circles", 400, 0.0, 1, 0, NULL);
  g_autoptr(HeftDataset) xor = heft_data_synthetic ("xor", 400, 0.0, 1, 0, NULL);
  g_autoptr(HeftDataset) moons = heft_data_synthetic ("moons", 400, 0.0, 1, 0, NULL);
  double points[800];

  g_assert_cmpfloat_with_epsilon (mean_radius (circles, 0), 1.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (mean_radius (circles, 1), 0.5, 1e-6);
  heft_dataset_gather_f64 (xor, NULL, 0, 400, points);
  for (int i = 0; i < 400; i++)
    g_assert_cmpint (points[2 * i] * points[2 * i + 1] < 0.0, ==, heft_dataset_get_labels (xor)[i]);
  heft_dataset_gather_f64 (moons, NULL, 0, 400, points);
  for (int i = 0; i < 400; i++)
    {
      gboolean second = heft_dataset_get_labels (moons)[i];
      double x = points[2 * i] - (second ? 1.0 : 0.0);
      double y = second ? 0.5 - points[2 * i + 1] : points[2 * i + 1];

      g_assert_cmpfloat_with_epsilon (hypot (x, y), 1.0, 1e-6);
      g_assert_cmpfloat (y, >=, -1e-6);
    }
}

static void
test_sources (void)
{
  gsize n;
  const HeftDataSource *sources = heft_data_sources (&n);
  g_auto(HeftDataPair) pair = { 0 };
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (n, ==, 11);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_nonnull (sources[i].title);
      g_assert_nonnull (sources[i].licence);
    }
  g_assert_false (heft_data_load ("minst-10k", 0, &pair, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "minst-10k"));
  g_assert_nonnull (strstr (error->message, "mnist-10k, cluttered-mnist-10k, digits-8x8"));
  g_assert_null (pair.train);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/dataset/gather-bytes", test_gather_bytes);
  g_test_add_func ("/data/dataset/gather-columns", test_gather_columns);
  g_test_add_func ("/data/dataset/floats", test_floats);
  g_test_add_func ("/data/dataset/subsets", test_subsets);
  g_test_add_func ("/data/dataset/label-noise", test_label_noise);
  g_test_add_data_func ("/data/dataset/mnist-10k", GSIZE_TO_POINTER (0), test_named);
  g_test_add_data_func ("/data/dataset/digits-8x8", GSIZE_TO_POINTER (1), test_named);
  g_test_add_func ("/data/dataset/digits-scale", test_digits_scale);
  g_test_add_func ("/data/dataset/fashion-mnist", test_fashion);
  g_test_add_func ("/data/dataset/synthetic", test_synthetic);
  g_test_add_func ("/data/dataset/geometry", test_synthetic_geometry);
  g_test_add_func ("/data/dataset/sources", test_sources);
  return g_test_run ();
}
