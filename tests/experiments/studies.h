/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include <heft/heft.h>

/* What tests of whole experiments share: making runs, their results, and that files are the same at any thread count. */

/* Settings as "name=value"; NULL sets nothing. */
static inline void
set_all (HeftParameters *parameters, const char *const *settings)
{
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; settings != NULL && settings[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (settings[i], "=", 2);

      heft_parameters_set (parameters, words[0], words[1], &error);
      g_assert_no_error (error);
    }
}

static inline HeftRun *
make_run (const char *id, guint n_threads, const char *const *settings)
{
  const HeftExperiment *experiment = heft_experiment_find (id, NULL);
  g_autoptr (HeftParameters) parameters = heft_parameters_new (experiment);
  g_autoptr (GError) error = NULL;

  set_all (parameters, settings);
  g_assert_true (heft_parameters_check (parameters, &error));
  g_assert_no_error (error);
  return heft_run_new (experiment, parameters, n_threads);
}

static inline void
finish (HeftRun *run)
{
  g_autoptr (GError) error = NULL;

  heft_run_start (run);
  heft_run_join (run, &error);
  g_assert_no_error (error);
}

/* A finished run on one thread. @settings: names and values in turn. */
static inline HeftRun *
finished (const char *id, const char *const *settings)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find (id, NULL));
  g_autoptr (GError) error = NULL;
  HeftRun *run;

  for (gsize i = 0; settings[i] != NULL; i += 2)
    {
      heft_parameters_set (parameters, settings[i], settings[i + 1], &error);
      g_assert_no_error (error);
    }
  run = heft_run_new (heft_parameters_get_experiment (parameters), parameters, 1);
  finish (run);
  return run;
}

static inline double
result (HeftRun *run, const char *id)
{
  double value = NAN;

  g_assert_true (heft_record_get_result (heft_run_get_record (run), id, &value));
  g_assert_true (isfinite (value));
  return value;
}

static inline GBytes *
saved_bytes (HeftRun *run, const char *path)
{
  g_autoptr (GError) error = NULL;
  char *contents;
  gsize length;

  heft_run_file_save (run, path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  return g_bytes_new_take (contents, length);
}

/* Every panel draws, and says something, from a finished run. */
static inline void
assert_panels (HeftRun *run)
{
  const HeftExperiment *experiment = heft_run_get_experiment (run);

  for (gsize p = 0; p < experiment->n_panels; p++)
    if (experiment->panels[p].sentence != NULL)
      {
        g_autofree char *sentence = experiment->panels[p].sentence (heft_run_get_record (run));

        g_assert_nonnull (sentence);
        g_assert_null (strstr (sentence, "nan"));
      }
}

/* One thread or three, the same file. */
static inline void
assert_same_bytes (const char *id, const char *const *settings)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-studies-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "run.heft", NULL);
  GBytes *bytes[2];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (HeftRun) run = make_run (id, i == 0 ? 1 : 3, settings);

      finish (run);
      bytes[i] = saved_bytes (run, path);
      assert_panels (run);
    }
  g_assert_true (g_bytes_equal (bytes[0], bytes[1]));
  g_bytes_unref (bytes[0]);
  g_bytes_unref (bytes[1]);
  g_unlink (path);
  g_rmdir (folder);
}
