/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <heft/heft.h>
#include <math.h>
#include <string.h>

#include "data/files.h"
#include "reference/reference.h"

static GBytes *
make_file (const char *header, gsize n)
{
  GByteArray *file = g_byte_array_new ();
  guint64 length = strlen (header);

  for (int i = 0; i < 8; i++)
    g_byte_array_append (file, (const guint8[]) { length >> (8 * i) & 255 }, 1);
  g_byte_array_append (file, (const guint8 *) header, length);
  for (gsize i = 0; i < n; i++)
    g_byte_array_append (file, (const guint8[]) { 0 }, 1);
  return g_byte_array_free_to_bytes (file);
}

/* Every floating-point type, element by element what PyTorch says it is. */
static void
test_types (FilesFixture *fixture, gconstpointer user_data)
{
  static const char *const names[] = { "f16", "bf16", "f32", "f64" };
  g_autofree char *path = reference_path ("types", ".safetensors");
  g_autoptr(GError) error = NULL;
  g_autoptr(HeftSafetensors) file = heft_safetensors_load (path, &error);
  JsonObject *values = reference_json ("types");

  g_assert_no_error (error);
  g_assert_cmpuint (heft_safetensors_get_n_tensors (file), ==, 5);
  g_assert_cmpstr (heft_safetensors_get_metadata (file, "format"), ==, "pt");
  g_assert_cmpstr (heft_safetensors_get_metadata (file, "note"), ==, "größer");
  g_assert_null (heft_safetensors_get_metadata (file, "nothing"));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const HeftTensor *tensor = heft_safetensors_find (file, names[i]);
      g_autofree double *expected = reference_array (values, names[i], 8);
      g_autofree double *read = heft_safetensors_read (file, tensor, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (tensor->n_dimensions, ==, 2);
      g_assert_cmpuint (tensor->shape[0] * 10 + tensor->shape[1], ==, 24);
      for (int j = 0; j < 8; j++)
        g_assert_cmpfloat (read[j], ==, expected[j]);
      g_assert_true (signbit (read[1]));
    }
  g_assert_null (heft_safetensors_read (file, heft_safetensors_find (file, "steps"), &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
  json_object_unref (values);
}

static void
refuse (FilesFixture *fixture, const char *header, gsize n, int code, const char *word)
{
  g_autoptr(GBytes) bytes = make_file (header, n);
  g_autofree char *path = files_write (fixture->folder, "bad.safetensors", g_bytes_get_data (bytes, NULL),
                                       g_bytes_get_size (bytes));
  g_autoptr(GError) error = NULL;

  g_assert_null (heft_safetensors_load (path, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, HEFT_ERROR, code);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_nonnull (strstr (error->message, "bad.safetensors"));
  if (strstr (error->message, word) == NULL)
    g_error ("“%s” is missing in “%s”", word, error->message);
}

#define ENTRY(dtype, shape, offsets) "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void
test_hostile (FilesFixture *fixture, gconstpointer user_data)
{
  static const struct { const char *header; gsize n; int code; const char *word; } cases[] =
  {
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") "}", 7, HEFT_ERROR_INVALID_DATA, "cut short" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") "}", 9, HEFT_ERROR_INVALID_DATA, "goes on" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") ",\"b\":" ENTRY ("\"F32\"", "[2]", "[4,12]") "}", 12,
      HEFT_ERROR_INVALID_DATA, "overlaps" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") ",\"b\":" ENTRY ("\"F32\"", "[2]", "[7,15]") "}", 15,
      HEFT_ERROR_INVALID_DATA, "overlaps" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") ",\"b\":" ENTRY ("\"F32\"", "[2]", "[0,8]") "}", 8,
      HEFT_ERROR_INVALID_DATA, "overlaps" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[4,12]") "}", 12, HEFT_ERROR_INVALID_DATA, "no tensor covers" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[8,0]") "}", 8, HEFT_ERROR_INVALID_DATA, "ascending" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[-8,0]") "}", 8, HEFT_ERROR_INVALID_DATA, "ascending" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8,9]") "}", 8, HEFT_ERROR_INVALID_DATA, "ascending" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0.0,8.0]") "}", 8, HEFT_ERROR_INVALID_DATA, "ascending" },
    { "{\"a\":" ENTRY ("\"F32\"", "[3]", "[0,8]") "}", 8, HEFT_ERROR_INVALID_DATA, "spans 8 bytes" },
    { "{\"a\":" ENTRY ("\"F32\"", "[-2]", "[0,8]") "}", 8, HEFT_ERROR_INVALID_DATA, "extent 1" },
    { "{\"a\":" ENTRY ("\"F32\"", "[\"2\"]", "[0,8]") "}", 8, HEFT_ERROR_INVALID_DATA, "extent 1" },
    { "{\"a\":" ENTRY ("\"F32\"", "[4611686018427387904,4]", "[0,0]") "}", 0, HEFT_ERROR_INVALID_DATA, "counted" },
    { "{\"a\":" ENTRY ("\"F32\"", "[4611686018427387905]", "[0,4]") "}", 4, HEFT_ERROR_INVALID_DATA, "spans" },
    { "{\"a\":" ENTRY ("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, HEFT_ERROR_INVALID_DATA, "shape" },
    { "{\"a\":" ENTRY ("\"F32\"", "[2000000000]", "[0,8000000000]") "}", 4, HEFT_ERROR_TOO_LARGE, "4 GiB" },
    { "{\"a\":" ENTRY ("\"F32\"", "[500000000]", "[0,2000000000]") "}", 4, HEFT_ERROR_INVALID_DATA, "cut short" },
    { "{\"a\":" ENTRY ("\"F33\"", "[2]", "[0,8]") "}", 8, HEFT_ERROR_INVALID_DATA, "F33" },
    { "{\"a\":" ENTRY ("32", "[2]", "[0,8]") "}", 8, HEFT_ERROR_INVALID_DATA, "dtype" },
    { "{\"a\":[1]}", 8, HEFT_ERROR_INVALID_DATA, "describes no tensor" },
    { "{\"a\":null}", 8, HEFT_ERROR_INVALID_DATA, "describes no tensor" },
    { "{\"a\":{}}", 8, HEFT_ERROR_INVALID_DATA, "dtype" },
    { "{\"__metadata__\":{\"a\":1}}", 0, HEFT_ERROR_INVALID_DATA, "no text" },
    { "{\"__metadata__\":[]}", 0, HEFT_ERROR_INVALID_DATA, "table" },
    { "[]", 0, HEFT_ERROR_INVALID_DATA, "JSON" },
    { "{\"a\":", 0, HEFT_ERROR_INVALID_DATA, "JSON" },
    { "{\"\\ud800\":1}", 0, HEFT_ERROR_INVALID_DATA, "JSON" },
    { "{\"\\ud83d\\u0041\":1}", 0, HEFT_ERROR_INVALID_DATA, "JSON" },
    { "{\"\xff\":1}", 0, HEFT_ERROR_INVALID_DATA, "JSON" },
    { "x", 0, HEFT_ERROR_INVALID_DATA, "eight bytes" },
    { "{\"a\":" ENTRY ("\"123456789012345678é\"", "[2]", "[0,8]") "}", 8, HEFT_ERROR_INVALID_DATA, "unknown type" },
  };
  g_autofree char *opening = g_strnfill (1 << 20, '[');
  g_autofree char *closing = g_strnfill (1 << 20, ']');
  g_autofree char *deep = g_strconcat ("{\"a\":", opening, closing, "}", NULL);
  g_autofree char *name = g_strnfill (300, 'n');
  g_autofree char *named = g_strconcat ("{\"", name, "\":{}}", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    refuse (fixture, cases[i].header, cases[i].n, cases[i].code, cases[i].word);
  refuse (fixture, deep, 0, HEFT_ERROR_INVALID_DATA, "JSON");
  refuse (fixture, named, 0, HEFT_ERROR_INVALID_DATA, "longer than 256");
  {
    g_autofree char *path = files_write (fixture->folder, "huge.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    g_autoptr(GError) error = NULL;

    g_assert_null (heft_safetensors_load (path, &error));
    g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA);
    g_assert_nonnull (strstr (error->message, "18446744073709551615"));
  }
}

/* A tensor without elements may stand anywhere, also where another begins. */
static void
test_empty_tensor (FilesFixture *fixture, gconstpointer user_data)
{
  static const char *const headers[] =
  {
    "{\"a\":" ENTRY ("\"F32\"", "[0]", "[0,0]") ",\"b\":" ENTRY ("\"F32\"", "[2]", "[0,8]") "}",
    "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") ",\"b\":" ENTRY ("\"F32\"", "[0,3]", "[0,0]") "}",
    "{\"a\":" ENTRY ("\"F32\"", "[2]", "[0,8]") ",\"b\":" ENTRY ("\"F32\"", "[0]", "[8,8]") "}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr(GBytes) bytes = make_file (headers[i], 8);
      g_autofree char *path = files_write (fixture->folder, "empty.safetensors", g_bytes_get_data (bytes, NULL),
                                           g_bytes_get_size (bytes));
      g_autoptr(GError) error = NULL;
      g_autoptr(HeftSafetensors) file = heft_safetensors_load (path, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (heft_safetensors_get_n_tensors (file), ==, 2);
    }
}

/* The numbers begin where a reader may map them as they are. */
static void
assert_aligned (const char *path)
{
  g_autofree char *contents = NULL;
  gsize n;

  g_assert_true (g_file_get_contents (path, &contents, &n, NULL));
  g_assert_cmpint (contents[0] % 8, ==, 0);
}

/* What is written reads back, alone and as a network. */
static void
test_round_trip (FilesFixture *fixture, gconstpointer user_data)
{
  static const char *const architectures[] = { "", "5-4", "conv3x2p1-pool2-(conv3x2p1)-norm-6", "conv2x3s2-gap-tanh-4" };
  g_autofree char *path = g_build_filename (fixture->folder, "network.safetensors", NULL);

  for (gsize a = 0; a < G_N_ELEMENTS (architectures); a++)
    for (int wide = 0; wide < 2; wide++)
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(HeftNetwork) network = heft_network_new (architectures[a], HEFT_ACTIVATION_SOFTPLUS,
                                                           (HeftShape) { 2, 6, 6 }, 3, &error);
        gsize k;
        g_autofree double *weights = NULL;
        g_autoptr(HeftNetwork) loaded = NULL;
        g_autofree double *read = NULL;

        g_assert_no_error (error);
        k = heft_network_get_n_parameters (network);
        weights = g_new (double, k);
        heft_stream_normals_f64 (heft_stream (3, HEFT_PURPOSE_PROBE, 0), 0, 0, k, weights);
        g_assert_true (heft_network_save_safetensors (path, network, weights, wide ? HEFT_TENSOR_F64 : HEFT_TENSOR_F32,
                                                      &error));
        assert_aligned (path);
        heft_network_load_safetensors (path, NULL, NULL, (HeftShape) { 0 }, &loaded, &read, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (heft_network_get_n_parameters (loaded), ==, k);
        g_assert_cmpuint (heft_network_get_n_layers (loaded), ==, heft_network_get_n_layers (network));
        g_assert_cmpint (heft_network_get_activation (loaded), ==, HEFT_ACTIVATION_SOFTPLUS);
        for (gsize i = 0; i < heft_network_get_n_layers (network); i++)
          {
            const HeftLayer *one = heft_network_get_layer (network, i);
            const HeftLayer *other = heft_network_get_layer (loaded, i);

            g_assert_cmpint (one->kind, ==, other->kind);
            g_assert_cmpmem (&one->output, sizeof one->output, &other->output, sizeof other->output);
          }
        for (gsize i = 0; i < k; i++)
          g_assert_cmpfloat (read[i], ==, wide ? weights[i] : (float) weights[i]);
      }
}

/* A file of tensors of zeros, named and shaped as told. */
static char *
write_tensors (FilesFixture *fixture, const HeftTensor *tensors, gsize n)
{
  char *path = g_build_filename (fixture->folder, "tensors.safetensors", NULL);
  static const double zeros[4096];
  const double *values[16];

  for (gsize i = 0; i < n; i++)
    values[i] = zeros;
  g_assert_true (heft_safetensors_save (path, tensors, values, n, NULL, NULL));
  return path;
}

static void
refuse_network (FilesFixture *fixture, const HeftTensor *tensors, gsize n, const char *architecture, HeftShape input,
                const char *word)
{
  g_autofree char *path = write_tensors (fixture, tensors, n);
  g_autoptr(HeftNetwork) network = NULL;
  g_autofree double *weights = NULL;
  g_autoptr(GError) error = NULL;
  const HeftActivation relu = HEFT_ACTIVATION_RELU;

  g_assert_false (heft_network_load_safetensors (path, architecture, &relu, input, &network, &weights, &error));
  g_test_message ("%s", error->message);
  g_assert_cmpuint (error->domain, ==, HEFT_ERROR);
  if (strstr (error->message, word) == NULL)
    g_error ("“%s” is missing in “%s”", word, error->message);
  g_assert_null (network);
  g_assert_null (weights);
}

#define TENSOR(name_, ...) { .name = (char *) name_, .type = HEFT_TENSOR_F32, \
                             .n_dimensions = sizeof ((gsize[]) { __VA_ARGS__ }) / sizeof (gsize), .shape = { __VA_ARGS__ } }

static void
test_networks_refused (FilesFixture *fixture, gconstpointer user_data)
{
  const HeftTensor dense[] = { TENSOR ("a.weight", 5, 4), TENSOR ("a.bias", 5), TENSOR ("b.weight", 3, 6),
                               TENSOR ("b.bias", 3) };
  const HeftTensor chain[] = { TENSOR ("a.weight", 5, 4), TENSOR ("a.bias", 5), TENSOR ("b.weight", 3, 5),
                               TENSOR ("b.bias", 3) };
  const HeftTensor image[] = { TENSOR ("c.weight", 2, 1, 3, 3), TENSOR ("c.bias", 2), TENSOR ("f.weight", 3, 32),
                               TENSOR ("f.bias", 3) };
  const HeftTensor short_bias[] = { TENSOR ("a.weight", 5, 4), TENSOR ("a.bias", 4) };
  const HeftTensor orphan[] = { TENSOR ("a.bias", 4) };
  const HeftTensor norm[] = { TENSOR ("bn.weight", 5), TENSOR ("bn.bias", 5), TENSOR ("bn.running_mean", 5) };
  const HeftTensor other[] = { TENSOR ("running_mean", 5) };
  const HeftTensor oblong[] = { TENSOR ("c.weight", 2, 1, 3, 2), TENSOR ("c.bias", 2) };
  const HeftTensor only_convolution[] = { TENSOR ("c.weight", 2, 1, 3, 3), TENSOR ("c.bias", 2) };
  const HeftTensor empty[] = { TENSOR ("a.weight", 0, 4), TENSOR ("a.bias", 0) };
  const HeftShape none = { 0 }, four = { 4, 1, 1 }, six = { 1, 6, 6 };

  refuse_network (fixture, dense, 4, NULL, none, "Layer “b”");
  refuse_network (fixture, chain, 4, NULL, six, "expects 4 numbers, but 36");
  refuse_network (fixture, chain, 4, "7-3", four, "5 outputs");
  refuse_network (fixture, chain, 4, "5-3-2", four, "names 3 layers");
  refuse_network (fixture, chain, 4, "conv3x5-dense", four, "is dense");
  refuse_network (fixture, chain, 4, "5-3-relu", four, "nothing may follow");
  refuse_network (fixture, chain, 4, "5-?", four, "part 2");
  refuse_network (fixture, image, 4, NULL, none, "1x28x28");
  refuse_network (fixture, image, 4, NULL, (HeftShape) { 1, 7, 7 }, "expects 32 numbers, but 50");
  refuse_network (fixture, image, 4, "conv5-dense", six, "conv");
  refuse_network (fixture, image, 4, "conv5x2-dense", six, "kernel of 3");
  refuse_network (fixture, image, 4, "dense-dense", six, "is a convolution");
  refuse_network (fixture, short_bias, 2, NULL, none, "one number for each output");
  refuse_network (fixture, orphan, 1, NULL, none, "weight is missing");
  refuse_network (fixture, norm, 3, NULL, none, "batch normalisation");
  refuse_network (fixture, other, 1, NULL, none, "running_mean");
  refuse_network (fixture, oblong, 2, NULL, six, "square");
  refuse_network (fixture, only_convolution, 2, NULL, six, "dense");
  refuse_network (fixture, empty, 2, NULL, none, "empty");
  refuse_network (fixture, NULL, 0, NULL, none, "no layer");
}

/* The activation must come from somewhere; a single layer needs none. */
static void
test_networks_accepted (FilesFixture *fixture, gconstpointer user_data)
{
  const HeftTensor chain[] = { TENSOR ("layer10.weight", 3, 5), TENSOR ("layer10.bias", 3), TENSOR ("layer2.weight", 5, 4),
                               TENSOR ("layer2.bias", 5) };
  const HeftTensor single[] = { TENSOR ("weight", 5, 4) };   /* without a bias */
  g_autofree char *path = write_tensors (fixture, chain, 4);
  g_autoptr(HeftNetwork) network = NULL;
  g_autoptr(HeftNetwork) full = NULL;
  g_autoptr(HeftNetwork) linear = NULL;
  g_autofree double *weights = NULL;
  g_autofree double *full_weights = NULL;
  g_autofree double *linear_weights = NULL;
  g_autoptr(GError) error = NULL;
  const HeftActivation tanh = HEFT_ACTIVATION_TANH;

  g_assert_false (heft_network_load_safetensors (path, NULL, NULL, (HeftShape) { 0 }, &network, &weights, &error));
  g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, "activation"));
  g_clear_error (&error);
  heft_network_load_safetensors (path, NULL, &tanh, (HeftShape) { 0 }, &network, &weights, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (heft_network_get_architecture (network), ==, "5");
  g_assert_cmpuint (heft_network_get_n_classes (network), ==, 3);
  heft_network_load_safetensors (path, "dense-sigmoid-dense-linear", &tanh, (HeftShape) { 2, 1, 2 }, &full, &full_weights,
                                 &error);
  g_assert_no_error (error);
  g_assert_cmpstr (heft_network_get_architecture (full), ==, "5-sigmoid");
  g_free (path);
  path = write_tensors (fixture, single, 1);
  heft_network_load_safetensors (path, NULL, NULL, (HeftShape) { 0 }, &linear, &linear_weights, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (heft_network_get_n_layers (linear), ==, 1);
  g_assert_cmpuint (heft_network_get_n_parameters (linear), ==, 25);
  g_assert_cmpuint (heft_network_get_n_free_parameters (linear), ==, 20);

  /* Saved again it still has no bias. */
  g_assert_true (heft_network_save_safetensors (path, linear, linear_weights, HEFT_TENSOR_F64, &error));
  g_clear_pointer (&linear, heft_network_unref);
  g_clear_pointer (&linear_weights, g_free);
  heft_network_load_safetensors (path, NULL, NULL, (HeftShape) { 0 }, &linear, &linear_weights, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (heft_network_get_n_free_parameters (linear), ==, 20);
}

/* In the order of their numbers, however many zeros stand before them. */
static void
test_natural_order (FilesFixture *fixture, gconstpointer user_data)
{
  const HeftTensor chains[][3] =
  {
    { TENSOR ("x010.weight", 3, 6), TENSOR ("x9.weight", 6, 5), TENSOR ("x008.weight", 5, 4) },
    { TENSOR ("x008.weight", 5, 4), TENSOR ("x9.weight", 6, 5), TENSOR ("x010.weight", 3, 6) },
  };
  const HeftActivation tanh = HEFT_ACTIVATION_TANH;

  for (gsize i = 0; i < G_N_ELEMENTS (chains); i++)
    {
      g_autofree char *path = write_tensors (fixture, chains[i], 3);
      g_autoptr(HeftNetwork) network = NULL;
      g_autofree double *weights = NULL;
      g_autoptr(GError) error = NULL;

      heft_network_load_safetensors (path, NULL, &tanh, (HeftShape) { 0 }, &network, &weights, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (heft_network_get_architecture (network), ==, "5-6");
    }
}

static void
test_shape (void)
{
  static const char *const bad[] = { "", "1x28", "1x28x28x1", "1x0x28", "-1x28x28", "1 x28x28", "1x28x28 ", "axbxc",
                                     "1x28x999999999" };
  HeftShape shape;

  g_assert_true (heft_shape_parse ("3x32x16", &shape, NULL));
  g_assert_cmpuint (shape.channels, ==, 3);
  g_assert_cmpuint (shape.height, ==, 32);
  g_assert_cmpuint (shape.width, ==, 16);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (heft_shape_parse (bad[i], &shape, &error));
      g_assert_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER);
    }
}

static void
test_fuzz (FilesFixture *fixture, gconstpointer user_data)
{
  g_autofree char *original = reference_path ("conv-relu", ".safetensors");
  g_autofree char *path = g_build_filename (fixture->folder, "fuzz.safetensors", NULL);
  g_autoptr(GRand) rand = g_rand_new_with_seed (7);
  g_autofree char *valid = NULL;
  gsize n;
  const HeftActivation relu = HEFT_ACTIVATION_RELU;
  guint n_refused = 0;

  g_assert_true (g_file_get_contents (original, &valid, &n, NULL));
  for (int round = 0; round < 600; round++)
    {
      g_autofree char *bytes = g_memdup2 (valid, n);
      gsize length = g_rand_int_range (rand, 0, 8) == 0 ? (gsize) g_rand_int_range (rand, 0, n) : n;
      g_autoptr(HeftNetwork) network = NULL;
      g_autofree double *weights = NULL;
      g_autoptr(GError) error = NULL;

      for (int i = g_rand_int_range (rand, 1, 4); i > 0; i--)
        bytes[g_rand_int_range (rand, 0, 600)] = g_rand_int_range (rand, 0, 2) ? g_rand_int_range (rand, 0, 256)
                                                 : "\"{}[],:0129-e\\"[g_rand_int_range (rand, 0, 14)];
      g_assert_true (g_file_set_contents_full (path, bytes, length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      if (heft_network_load_safetensors (path, "conv-relu-pool2-conv-relu-flatten-dense-relu-dense", &relu,
                                         (HeftShape) { 1, 8, 8 }, &network, &weights, &error))
        continue;
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      n_refused++;
    }
  g_assert_cmpuint (n_refused, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/nn/safetensors/" path, FilesFixture, NULL, files_set_up, function, files_tear_down)
  ADD ("types", test_types);
  ADD ("hostile", test_hostile);
  ADD ("round-trip", test_round_trip);
  ADD ("networks-refused", test_networks_refused);
  ADD ("networks-accepted", test_networks_accepted);
  ADD ("natural-order", test_natural_order);
  ADD ("empty-tensor", test_empty_tensor);
  ADD ("fuzz", test_fuzz);
#undef ADD
  g_test_add_func ("/nn/safetensors/shape", test_shape);
  return g_test_run ();
}
