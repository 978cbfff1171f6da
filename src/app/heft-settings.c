/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-settings"

#include "config.h"

#include "heft-settings.h"

#define SCHEMA_ID "io.github.heft.Heft"

static GSettingsSchema *
find_schema (void)
{
  GSettingsSchemaSource *installed = g_settings_schema_source_get_default ();
  g_autoptr(GSettingsSchemaSource) built = NULL;
  GSettingsSchema *schema = NULL;

  if (g_file_test (HEFT_BUILD_ROOT "/data/gschemas.compiled", G_FILE_TEST_EXISTS))
    built = g_settings_schema_source_new_from_directory (HEFT_BUILD_ROOT "/data", installed, FALSE, NULL);
  if (built != NULL)
    schema = g_settings_schema_source_lookup (built, SCHEMA_ID, TRUE);
  if (schema == NULL && installed != NULL)
    schema = g_settings_schema_source_lookup (installed, SCHEMA_ID, TRUE);
  return schema;
}

GSettings *
heft_settings_new (void)
{
  GSettingsSchema *schema = find_schema ();
  GSettings *settings;

  if (schema == NULL)
    return NULL;
  settings = g_settings_new_full (schema, NULL, NULL);
  g_settings_schema_unref (schema);
  return settings;
}
