/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-data-choice"

#include "config.h"

#include "heft-data-choice.h"

#include <string.h>

static gboolean
names_labels (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return strstr (name, "label") != NULL;
}

/* "train-images-idx3-ubyte.gz" goes with "train-labels-idx1-ubyte.gz". */
static char *
find_labels (const char *images)
{
  g_autofree char *folder = g_path_get_dirname (images);
  g_autofree char *name = g_path_get_basename (images);
  static const char *const words[] = { "images", "inputs", "data", "x" };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr(GString) other = g_string_new (name);
      g_autofree char *path = NULL;

      if (g_string_replace (other, words[i], "labels", 1) == 0)
        continue;
      g_string_replace (other, "idx3", "idx1", 1);
      path = g_build_filename (folder, other->str, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

char *
heft_data_choice_spec (const char *const *paths)
{
  g_autofree char *labels = NULL;

  if (paths[0] == NULL)
    return g_strdup ("");
  if (paths[1] != NULL)
    return names_labels (paths[0]) ? g_strconcat (paths[1], ",", paths[0], NULL) : g_strconcat (paths[0], ",", paths[1], NULL);
  if (!g_str_has_suffix (paths[0], ".csv") && !g_str_has_suffix (paths[0], ".csv.gz"))
    labels = find_labels (paths[0]);
  return labels != NULL ? g_strconcat (paths[0], ",", labels, NULL) : g_strdup (paths[0]);
}
