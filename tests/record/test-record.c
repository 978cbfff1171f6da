/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include <heft/record.h>

enum
{
  LOSS,
  LAYERS,
};

static const HeftSeriesSpec series[] = {
  [LOSS] = { "loss", "Loss", "nat", "Step", HEFT_QUANTITY_BATCH_LOSS, FALSE, "exact" },
  [LAYERS] = { "layers", "KL", "nat", "Step", HEFT_QUANTITY_LAYER, TRUE, "exact" },
};

static const HeftResultSpec results[] = {
  { "a", "A", "nat", FALSE },
  { "b", "B", "nat", TRUE },
};

static HeftRecord *
make_record (void)
{
  return heft_record_new (series, G_N_ELEMENTS (series), results, G_N_ELEMENTS (results));
}

static void
test_series_keeps_every_point (void)
{
  g_autoptr (HeftRecord) record = make_record ();
  const gsize n = 10000;
  g_autofree double *x = g_new (double, n);
  g_autofree double *y = g_new (double, n);
  double last_x, last_y;

  for (gsize i = 0; i < n; i++)
    g_assert_true (heft_record_append (record, LOSS, 0, (double) i, sqrt ((double) i)));
  g_assert_cmpuint (heft_record_get_length (record, LOSS, 0), ==, n);
  g_assert_cmpuint (heft_record_read (record, LOSS, 0, 0, n + 5, x, y), ==, n);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpfloat (x[i], ==, (double) i);
      g_assert_cmpfloat (y[i], ==, sqrt ((double) i));
    }
  g_assert_cmpuint (heft_record_read (record, LOSS, 0, 63, 130, NULL, y), ==, 130);
  g_assert_cmpfloat (y[0], ==, sqrt (63));
  g_assert_cmpfloat (y[129], ==, sqrt (192));
  g_assert_cmpuint (heft_record_read (record, LOSS, 0, n, 1, x, y), ==, 0);
  g_assert_true (heft_record_get_last (record, "loss", 0, &last_x, &last_y));
  g_assert_cmpfloat (last_x, ==, (double) (n - 1));
}

static void
test_not_finite_is_refused (void)
{
  g_autoptr (HeftRecord) record = make_record ();
  g_autofree char *reason = NULL;
  const double bad[] = { 1, NAN };
  double value;

  g_assert_false (heft_record_append (record, LOSS, 0, 1, NAN));
  g_assert_false (heft_record_append (record, LOSS, 0, INFINITY, 1));
  g_assert_cmpuint (heft_record_get_length (record, LOSS, 0), ==, 0);

  heft_record_set_result (record, "a", INFINITY);
  g_assert_false (heft_record_get_result (record, "a", &value));
  reason = heft_record_dup_result_reason (record, "a");
  g_assert_nonnull (reason);
  heft_record_set_result (record, "a", 2);
  g_assert_true (heft_record_get_result (record, "a", &value));
  g_assert_cmpfloat (value, ==, 2);
  g_assert_null (heft_record_dup_result_reason (record, "a"));

  heft_record_set_result_array (record, "b", bad, 2);
  g_free (reason);
  reason = heft_record_dup_result_reason (record, "b");
  g_assert_nonnull (reason);

  /* A curve is no number. */
  heft_record_set_result_array (record, "b", bad, 1);
  g_assert_false (heft_record_get_result (record, "b", &value));
}

static void
test_layers (void)
{
  g_autoptr (HeftRecord) record = make_record ();
  const char *const names[] = { "dense 1", "dense 2" };
  const char *const *read;

  g_assert_cmpuint (heft_record_get_layers (record, &read), ==, 0);
  g_assert_cmpuint (heft_record_get_length (record, LAYERS, 1), ==, 0);
  heft_record_set_layers (record, 2, names);
  g_assert_cmpuint (heft_record_get_layers (record, &read), ==, 2);
  g_assert_cmpstr (read[1], ==, "dense 2");
  g_assert_true (heft_record_append (record, LAYERS, 1, 1, 5));
  g_assert_cmpuint (heft_record_get_length (record, LAYERS, 0), ==, 0);
  g_assert_cmpuint (heft_record_get_length (record, LAYERS, 1), ==, 1);
}

static void
test_frames (void)
{
  g_autoptr (HeftRecord) record = make_record ();
  HeftFrame *frame = heft_frame_new ("spectra", 7);
  g_autoptr (HeftFrame) held = NULL;
  g_autoptr (HeftFrame) newer = NULL;
  g_autoptr (GPtrArray) frames = NULL;
  const double values[] = { 1, 2, 3, 4, 5, 6 };
  guint64 version = heft_record_get_version (record);
  gsize rows, columns;

  heft_frame_set_array (frame, "layer:dense 1", 2, 3, values);
  heft_frame_set_array (frame, "layer:dense 2", 1, 1, values);
  heft_frame_set_number (frame, "threshold", 0.5);
  heft_frame_set_text (frame, "estimator", "Gram");
  heft_record_publish (record, frame);
  g_assert_cmpuint (heft_record_get_version (record), >, version);
  held = heft_record_get_frame (record, "spectra");
  heft_record_publish (record, heft_frame_new ("spectra", 8));
  newer = heft_record_get_frame (record, "spectra");

  /* The old frame is whole as long as someone holds it. */
  g_assert_cmpuint (heft_frame_get_step (held), ==, 7);
  g_assert_cmpuint (heft_frame_get_step (newer), ==, 8);
  g_assert_cmpfloat (heft_frame_get_array (held, "layer:dense 1", &rows, &columns)[5], ==, 6);
  g_assert_cmpuint (rows, ==, 2);
  g_assert_cmpuint (columns, ==, 3);
  g_assert_cmpstr (heft_frame_get_array_names (held)[0], ==, "layer:dense 1");
  g_assert_cmpstr (heft_frame_get_array_names (held)[1], ==, "layer:dense 2");
  g_assert_null (heft_frame_get_array_names (held)[2]);
  g_assert_cmpfloat (heft_frame_get_number (held, "threshold", 0), ==, 0.5);
  g_assert_cmpfloat (heft_frame_get_number (held, "nothing", -1), ==, -1);
  g_assert_cmpstr (heft_frame_get_text (held, "estimator"), ==, "Gram");
  g_assert_null (heft_record_get_frame (record, "nothing"));

  /* Sorted by id, whatever came first. */
  heft_record_publish (record, heft_frame_new ("maps", 9));
  frames = heft_record_list_frames (record);
  g_assert_cmpuint (frames->len, ==, 2);
  g_assert_cmpstr (heft_frame_get_id (g_ptr_array_index (frames, 0)), ==, "maps");
}

static void
test_clear_series (void)
{
  g_autoptr (HeftRecord) record = make_record ();
  guint64 version;

  for (gsize i = 0; i < 100; i++)
    heft_record_append (record, LOSS, 0, (double) i, 1);
  version = heft_record_get_version (record);
  heft_record_clear_series (record, LOSS);
  g_assert_cmpuint (heft_record_get_version (record), >, version);
  g_assert_cmpuint (heft_record_get_length (record, LOSS, 0), ==, 0);
  g_assert_true (heft_record_append (record, LOSS, 0, 3, 4));
  g_assert_cmpuint (heft_record_get_length (record, LOSS, 0), ==, 1);
}

#define N_RACE 200000

static gpointer
write_race (gpointer data)
{
  HeftRecord *record = data;

  for (gsize i = 0; i < N_RACE; i++)
    {
      heft_record_append (record, LOSS, 0, (double) i, 2 * (double) i);
      if (i % 1000 == 0)
        {
          HeftFrame *frame = heft_frame_new ("race", i);

          heft_frame_set_number (frame, "twice", 2 * (double) i);
          heft_record_publish (record, frame);
        }
    }
  return NULL;
}

/* A reader beside a writer sees a prefix that never changes. */
static void
test_reader_beside_writer (void)
{
  g_autoptr (HeftRecord) record = make_record ();
  GThread *writer = g_thread_new ("writer", write_race, record);
  g_autofree double *x = g_new (double, N_RACE);
  g_autofree double *y = g_new (double, N_RACE);
  gsize seen = 0;

  while (seen < N_RACE)
    {
      gsize n = heft_record_read (record, LOSS, 0, seen, N_RACE, x, y);
      g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "race");

      for (gsize i = 0; i < n; i++)
        {
          g_assert_cmpfloat (x[i], ==, (double) (seen + i));
          g_assert_cmpfloat (y[i], ==, 2 * x[i]);
        }
      seen += n;
      if (frame != NULL)
        g_assert_cmpfloat (heft_frame_get_number (frame, "twice", -1), ==, 2 * (double) heft_frame_get_step (frame));
    }
  g_thread_join (writer);
}

/* However long a curve is, its envelope fits, begins with its beginning, and holds its lowest, its highest and its last point. */
static void
test_envelope (void)
{
  static const gsize lengths[] = { 1, 63, 64, 1024, 1025, 1087, 1088, 5000, 65536, 200001 };
  const gsize room = 1024, head = 256;
  g_autofree double *x = g_new (double, room);
  g_autofree double *y = g_new (double, room);

  for (gsize k = 0; k < G_N_ELEMENTS (lengths); k++)
    {
      g_autoptr (HeftRecord) record = make_record ();
      g_autoptr (GRand) random = g_rand_new_with_seed (k);
      double lowest = INFINITY, highest = -INFINITY, first[256], got_low = INFINITY, got_high = -INFINITY, last = 0;
      gsize n;

      for (gsize i = 0; i < lengths[k]; i++)
        {
          double value = g_rand_double (random);

          heft_record_append (record, LOSS, 0, i, value);
          lowest = MIN (lowest, value);
          highest = MAX (highest, value);
          if (i < head)
            first[i] = value;
          last = value;
        }
      n = heft_record_read_envelope (record, LOSS, 0, room, x, y);
      g_assert_cmpuint (n, <=, room);
      if (lengths[k] <= room)
        g_assert_cmpuint (n, ==, lengths[k]);
      else
        g_assert_cmpuint (n, >, room / 3);
      for (gsize i = 0; i < n; i++)
        {
          if (i > 0)
            g_assert_cmpfloat (x[i], >, x[i - 1]);
          if (i < MIN (head, lengths[k]))
            g_assert_cmpfloat (y[i], ==, first[i]);
          got_low = MIN (got_low, y[i]);
          got_high = MAX (got_high, y[i]);
        }
      g_assert_cmpfloat (got_low, ==, lowest);
      g_assert_cmpfloat (got_high, ==, highest);
      g_assert_cmpfloat (y[n - 1], ==, last);
    }
}

/* Wherever in the last blocks of 64 points, full or not, a single sample stands out, it is seen. */
static void
test_envelope_spikes (void)
{
  const gsize n = 64 * 320 + 63, first = n - 127, room = 1024;
  g_autofree double *x = g_new (double, room);
  g_autofree double *y = g_new (double, room);

  for (gsize i = 0; i < 127; i++)
    {
      g_autoptr (HeftRecord) record = make_record ();
      gsize up = first + i, down = first + (i + 50) % 127, found, seen = 0;

      for (gsize k = 0; k < n; k++)
        heft_record_append (record, LOSS, 0, k, k == up ? 1 : k == down ? -1 : 0);
      found = heft_record_read_envelope (record, LOSS, 0, room, x, y);
      for (gsize k = 0; k < found; k++)
        seen += (x[k] == up && y[k] == 1) || (x[k] == down && y[k] == -1);
      g_assert_cmpuint (seen, ==, 2);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/series", test_series_keeps_every_point);
  g_test_add_func ("/record/not-finite", test_not_finite_is_refused);
  g_test_add_func ("/record/layers", test_layers);
  g_test_add_func ("/record/frames", test_frames);
  g_test_add_func ("/record/clear", test_clear_series);
  g_test_add_func ("/record/envelope", test_envelope);
  g_test_add_func ("/record/envelope-spikes", test_envelope_spikes);
  g_test_add_func ("/record/race", test_reader_beside_writer);
  return g_test_run ();
}
