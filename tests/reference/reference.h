/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/heft.h>
#include <json-glib/json-glib.h>
#include <math.h>

/*
 * Reading the values that make_reference.py kept. Needs G_TEST_SRCDIR (tests/meson.build sets it).
 */

static const char *const reference_names[] = { "dense-tanh", "dense-relu", "conv-relu", "conv-tanh" };

typedef struct
{
  HeftNetwork *network;
  double      *weights;   /* k, as loaded from the safetensors file */
  HeftDataset *data;
  JsonObject  *values;    /* the JSON file */
} Reference;

static inline char *
reference_path (const char *name, const char *suffix)
{
  g_autofree char *file = g_strconcat (name, suffix, NULL);

  return g_test_build_filename (G_TEST_DIST, "reference", file, NULL);
}

static inline JsonObject *
reference_json (const char *name)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autofree char *path = reference_path (name, ".json");

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

/* (transfer full): the numbers under @key, @n of them if @n is not 0. */
static inline double *
reference_array (JsonObject *object, const char *key, gsize n)
{
  JsonArray *array = json_object_get_array_member (object, key);
  guint length = json_array_get_length (array);
  double *values = g_new (double, length);

  if (n != 0)
    g_assert_cmpuint (length, ==, n);
  for (guint i = 0; i < length; i++)
    values[i] = json_array_get_double_element (array, i);
  return values;
}

static inline void
reference_clear (Reference *self)
{
  g_clear_pointer (&self->network, heft_network_unref);
  g_clear_pointer (&self->weights, g_free);
  g_clear_pointer (&self->data, heft_dataset_unref);
  g_clear_pointer (&self->values, json_object_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reference, reference_clear)

/* Network, weights, data and values of one case, through the program's own readers. */
static inline void
reference_load (const char *name, Reference *self)
{
  g_autofree char *path = reference_path (name, ".safetensors");
  g_autofree char *inputs = reference_path (name, "-inputs.npy");
  g_autofree char *labels = reference_path (name, "-labels.npy");
  g_autofree char *spec = g_strconcat (inputs, ",", labels, NULL);
  g_autoptr(GError) error = NULL;
  const char *architecture = NULL;
  g_autofree double *shape = NULL;
  HeftActivation activation;

  self->values = reference_json (name);
  if (!json_object_get_null_member (self->values, "architecture"))
    architecture = json_object_get_string_member (self->values, "architecture");
  shape = reference_array (self->values, "input", 3);
  g_assert_true (heft_activation_parse (json_object_get_string_member (self->values, "activation"), &activation, NULL));
  heft_network_load_safetensors (path, architecture, &activation,
                                 (HeftShape) { (gsize) shape[0], (gsize) shape[1], (gsize) shape[2] },
                                 &self->network, &self->weights, &error);
  g_assert_no_error (error);
  self->data = heft_data_load_all (spec, 0, &error);
  g_assert_no_error (error);
}

/* |a - b| <= tolerance * (largest |b|), for all. */
static inline void
reference_compare (const double *a, const double *b, gsize n, double tolerance, const char *what)
{
  double largest = 0.0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, ABS (b[i]));
  for (gsize i = 0; i < n; i++)
    if (!(ABS (a[i] - b[i]) <= tolerance * largest))
      g_error ("%s: element %" G_GSIZE_FORMAT " is %.17g, the reference %.17g", what, i, a[i], b[i]);
}
