/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>

#include <heft/information.h>

#include "experiments/maps.h"
#include "experiments/network.h"
#include "reference/reference.h"
#include "studies.h"

static HeftRun *
start_run (const char *const *settings, gboolean interactive)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("network", NULL));
  HeftRun *run;

  for (gsize i = 0; settings[i] != NULL; i += 2)
    g_assert_true (heft_parameters_set (parameters, settings[i], settings[i + 1], NULL));
  run = heft_run_new (heft_parameters_get_experiment (parameters), parameters, 1);
  heft_run_set_interactive (run, interactive);
  heft_run_start (run);
  return run;
}

static void
near (double found, double expected, double tolerance)
{
  if (!(fabs (found - expected) <= tolerance * fabs (expected)))
    g_error ("%.17g, the reference %.17g", found, expected);
}

/* The bars of a table are shares of its largest number. */
static void
check_bars (HeftFrame *frame, guint n_rows)
{
  double largest = 0;

  for (guint pass = 0; pass < 2; pass++)
    for (guint row = 0; row < n_rows; row++)
      {
        g_autofree char *number = g_strdup_printf ("row:%u:number", row), *gauge = g_strdup_printf ("row:%u:gauge", row);

        if (pass == 0)
          largest = MAX (largest, heft_frame_get_number (frame, number, NAN));
        else
          near (heft_frame_get_number (frame, gauge, NAN), heft_frame_get_number (frame, number, NAN) / largest, 1e-12);
      }
  g_assert_cmpfloat (largest, >, 0);
}

/* The frame says which weight noise it is of. */
static void
check_words (HeftRun *run, const char *id, const char *words)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (heft_run_get_record (run), id);

  g_assert_nonnull (frame);
  if (strstr (heft_frame_get_text (frame, "estimator"), words) == NULL)
    g_error ("%s: “%s” is missing in “%s”", id, words, heft_frame_get_text (frame, "estimator"));
}

static double
sum_of_map (HeftRun *run, const char *map)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (heft_run_get_record (run), "invariance");
  gsize rows, columns;
  const double *values = heft_frame_get_array (frame, map, &rows, &columns);
  double sum = 0;

  for (gsize i = 0; i < rows * columns; i++)
    sum += values[i];
  return sum;
}

/* A file made by PyTorch gives PyTorch's numbers, in results and in the frames of the panels. */
static void
test_reference (gconstpointer data)
{
  g_auto (Reference) reference = { 0 };
  g_autofree char *path = reference_path (data, ".safetensors"), *inputs = reference_path (data, "-inputs.npy");
  g_autofree char *labels = reference_path (data, "-labels.npy"), *set = g_strconcat (inputs, ",", labels, NULL), *input = NULL;
  g_autofree double *shape = NULL, *layers = NULL;
  g_autoptr (HeftRun) run = NULL;
  g_autoptr (HeftFrame) hessian = NULL, effective = NULL;
  JsonObject *information;
  char beta[G_ASCII_DTOSTR_BUF_SIZE], lambda[G_ASCII_DTOSTR_BUF_SIZE];
  gsize n;
  g_autofree double *found = NULL;

  reference_load (data, &reference);
  shape = reference_array (reference.values, "input", 3);
  /* Images say themselves how large they are. */
  input = strstr (data, "conv") != NULL ? g_strdup ("") : g_strdup_printf ("%gx%gx%g", shape[0], shape[1], shape[2]);
  g_ascii_dtostr (beta, sizeof beta, json_object_get_double_member (reference.values, "beta"));
  g_ascii_dtostr (lambda, sizeof lambda, json_object_get_double_member (reference.values, "lambda"));
  run = start_run ((const char *[]) { "network", path, "dataset", set, "input", input, "beta", beta, "lambda", lambda,
                                      "activation", json_object_get_string_member (reference.values, "activation"),
                                      "layers", json_object_get_null_member (reference.values, "architecture")
                                        ? "" : json_object_get_string_member (reference.values, "architecture"),
                                      "activation-samples", "4", "invariance-layer", "1000", NULL }, FALSE);
  g_assert_true (heft_run_join (run, NULL));
  information = json_object_get_object_member (reference.values, "information");
  near (result (run, "loss"), json_object_get_double_member (reference.values, "loss"), 1e-10);
  near (result (run, "information"), json_object_get_double_member (information, "network"), 1e-8);
  layers = reference_array (information, "layers", 0);
  found = heft_record_dup_result_array (heft_run_get_record (run), "information_layers", &n);
  for (gsize l = 0; l < n; l++)
    near (found[l], layers[l], 1e-8);
  hessian = heft_record_get_frame (heft_run_get_record (run), "hessian");
  near (result (run, "relative_gap"), heft_frame_get_number (hessian, "gap", NAN), 0);
  effective = heft_record_get_frame (heft_run_get_record (run), "effective");
  {
    JsonArray *array = json_object_get_array_member (reference.values, "effective_fisher");
    JsonObject *logits = json_array_get_object_element (array, json_array_get_length (array) - 1);
    g_autofree double *values = reference_array (logits, "information", 4);
    g_autofree double *traces = reference_array (logits, "fisher_trace", 0);

    /* What the logits see of the first sample, with the same Sigma*. */
    near (sum_of_map (run, "map:0"), traces[0], 1e-6);
    check_words (run, "invariance", "whole network’s exact Fisher");
    check_words (run, "effective", "whole network’s exact Fisher");

    near (heft_frame_get_number (effective, "last", NAN), (values[0] + values[1] + values[2] + values[3]) / 4, 1e-6);
    check_bars (effective, json_array_get_length (array));
  }
}

/* Without a file there is a network all the same; images have nuisances, each in its unit. */
static void
test_default (void)
{
  g_autoptr (HeftRun) run = start_run ((const char *[]) { "layers", "6", "samples", "60", "activation-samples", "2", NULL }, FALSE);
  g_autoptr (HeftFrame) nuisances = NULL, maps = NULL;
  gsize rows, columns;
  const double *shares;

  g_assert_true (heft_run_join (run, NULL));
  g_assert_cmpfloat (result (run, "parameters"), ==, 65 * 6 + 7 * 10);
  g_assert_cmpfloat (result (run, "error"), <, 0.2);
  nuisances = heft_record_get_frame (heft_run_get_record (run), "nuisances");
  shares = heft_frame_get_array (nuisances, "values", &rows, &columns);
  g_assert_cmpuint (rows, ==, HEFT_N_NUISANCES);
  g_assert_cmpuint (columns, ==, 2);
  for (gsize i = 0; i < rows * columns; i++)
    g_assert_true (shares[i] >= 0 && shares[i] <= 1);
  g_assert_true (g_str_has_suffix (heft_frame_get_text (nuisances, "cell:0"), "°"));
  check_words (run, "nuisances", "whole network’s exact Fisher");
  check_words (run, "directions", "whole network’s exact Fisher");
  maps = heft_record_get_frame (heft_run_get_record (run), "invariance");
  g_assert_nonnull (heft_frame_get_array (maps, "map:0", &rows, &columns));
  g_assert_cmpuint (rows, ==, 8);
}

/* Too many weights for a Sigma* with all correlations: that of EKFAC's blocks, in every panel. */
static void
test_blocks (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-XXXXXX", NULL), *path = g_build_filename (folder, "large.safetensors", NULL);
  g_autoptr (HeftDataset) all = heft_data_load_all ("digits-8x8", 0, NULL);
  g_autoptr (HeftDataset) data = heft_dataset_head (all, 40);
  g_autoptr (HeftNetwork) network = heft_network_new ("48", HEFT_ACTIVATION_TANH, (HeftShape) { 1, 8, 8 }, 10, NULL);
  gsize k = heft_network_get_n_parameters (network), chosen[HEFT_MAPS_IMAGES];
  g_autofree double *weights = g_new (double, k), *found = NULL;
  double information[4], traces[4], input[64];
  g_autoptr (HeftCurvature) curvature = NULL;
  g_autoptr (HeftNuisanceTable) table = NULL;
  g_autoptr (HeftVisibility) seen = NULL;
  g_autoptr (HeftFrame) nuisances = NULL;
  g_autoptr (HeftRun) run = NULL;
  HeftStructuredNoise structured = { .beta = 0.003, .lambda = 0.4 };
  const HeftWeightNoise noise = { .structured = &structured };
  gsize n;

  for (gsize i = 0; i < k; i++)
    weights[i] = 0.3 * sin (1.7 * (double) i * (double) (i % 13 + 1));
  g_assert_true (heft_network_save_safetensors (path, network, weights, HEFT_TENSOR_F64, NULL));
  run = start_run ((const char *[]) { "network", path, "dataset", "digits-8x8", "samples", "40", "activation-samples", "2",
                                      "beta", "0.003", "lambda", "0.4", "hessian", "false", NULL }, FALSE);
  g_assert_true (heft_run_join (run, NULL));
  curvature = heft_curvature_new (network, weights, data, 0, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT, 0, FALSE, 1, NULL, NULL);
  structured.curvature = curvature;
  g_assert_true (heft_effective_information_structured (network, weights, curvature, 0.003, 0.4, data, 2, 0, information, traces, NULL,
                                                        NULL));
  found = heft_record_dup_result_array (heft_run_get_record (run), "effective_information", &n);
  g_assert_cmpuint (n, ==, 2);
  for (gsize l = 0; l < 2; l++)
    near (found[l], (information[2 * l] + information[2 * l + 1]) / 2, 1e-9);
  heft_maps_choose_images (data, chosen);
  heft_dataset_gather_f64 (data, NULL, chosen[0], 1, input);
  seen = heft_noise_visibility_new (network, weights, &noise, input, 0, NULL);
  near (sum_of_map (run, "map:0"), seen->trace, 1e-9);
  table = heft_noise_nuisances_new (network, weights, &noise, data, 2, NULL, 0, NULL, NULL);
  nuisances = heft_record_get_frame (heft_run_get_record (run), "nuisances");
  near (heft_frame_get_number (nuisances, "number:0", NAN), table->smallest_change[0], 1e-9);
  check_words (run, "effective", "EKFAC");
  check_words (run, "invariance", "EKFAC");
  check_words (run, "directions", "EKFAC");
  check_words (run, "nuisances", "EKFAC");
  g_remove (path);
  g_rmdir (folder);
}

static gboolean
run_without_dense (HeftRun *run, GError **error)
{
  return heft_network_run_within (run, &(const HeftNoiseLimits) { 0, 0 }, error);
}

static gboolean
run_without_blocks (HeftRun *run, GError **error)
{
  return heft_network_run_within (run, &(const HeftNoiseLimits) { 0, 1 }, error);
}

/* Where memory does not hold the whole Fisher, EKFAC; where it does not hold that, the diagonal: in every panel, by name, and with its numbers. */
static void
test_chain (void)
{
  static const struct { gboolean (*run) (HeftRun *, GError **); const char *words; } cases[] = {
    { heft_network_run, "whole network" }, { run_without_dense, "EKFAC" }, { run_without_blocks, "diagonal" },
  };
  static const char *const panels[] = { "effective", "invariance", "directions", "nuisances" };
  double logits[G_N_ELEMENTS (cases)];

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++)
    {
      HeftExperiment experiment = *heft_experiment_find ("network", NULL);
      g_autoptr (HeftParameters) parameters = NULL;
      g_autoptr (HeftRun) run = NULL;
      g_autoptr (HeftFrame) effective = NULL;

      experiment.run = cases[c].run;
      parameters = heft_parameters_new (&experiment);
      g_assert_true (heft_parameters_set (parameters, "layers", "6", NULL));
      g_assert_true (heft_parameters_set (parameters, "samples", "50", NULL));
      g_assert_true (heft_parameters_set (parameters, "activation-samples", "2", NULL));
      g_assert_true (heft_parameters_set (parameters, "hessian", "false", NULL));
      run = heft_run_new (&experiment, parameters, 1);
      heft_run_start (run);
      g_assert_true (heft_run_join (run, NULL));
      for (gsize p = 0; p < G_N_ELEMENTS (panels); p++)
        check_words (run, panels[p], cases[c].words);
      effective = heft_record_get_frame (heft_run_get_record (run), "effective");
      logits[c] = heft_frame_get_number (effective, "last", NAN);
      g_assert_true (logits[c] > 0);
    }
  g_assert_true (logits[0] != logits[1] && logits[1] != logits[2]);
}

/* The certificate in the window is that of heft_measure(). */
static void
test_certificate (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors"), *inputs = reference_path ("dense-tanh", "-inputs.npy");
  g_autofree char *labels = reference_path ("dense-tanh", "-labels.npy"), *set = g_strconcat (inputs, ",", labels, NULL);
  g_autoptr (HeftRun) run = start_run ((const char *[]) { "network", path, "dataset", set, "activation", "tanh", "beta", "0.05", "lambda", "0.9",
                                                          "draws", "130", "draw-samples", "7", "delta", "0.07", "activation-samples", "1", NULL },
                                       FALSE);
  HeftMeasureOptions options = { .beta = 0.05, .lambda = 0.9, .whole_network = TRUE, .certificate = TRUE, .n_draws = 130, .draw_samples = 7,
                                 .delta = 0.05, .delta_draws = 0.02, .beta_pac = HEFT_MEASURE_BEST_BETA, .n_threads = 1 };
  g_auto (Reference) reference = { 0 };
  g_autoptr (HeftMeasurement) measured = NULL;
  double bound;

  reference_load ("dense-tanh", &reference);
  measured = heft_measure (reference.network, reference.weights, reference.data, &options, NULL, NULL);
  g_assert_nonnull (measured);
  g_assert_true (heft_run_join (run, NULL));
  near (result (run, "empirical_error"), measured->certificate->risk.error, 1e-12);
  near (result (run, "kl"), measured->certificate->certificate.kl, 1e-12);
  for (HeftBoundKind kind = 0; kind < HEFT_N_BOUNDS; kind++)
    {
      static const char *const names[] = { "pac_bayes_kl", "mcallester", "lagrangian_bound" };

      g_assert_true (heft_certificate_bound (&measured->certificate->certificate, kind, &bound, NULL));
      near (result (run, names[kind]), bound, 1e-9);
    }
  near (result (run, "code_uniform"), 24 * log ((double) heft_network_get_n_classes (reference.network)), 1e-12);
  near (result (run, "code_two_part"), 24 * measured->loss + measured->certificate->certificate.kl, 1e-9);
  near (result (run, "code_variational"), 24 * measured->certificate->risk.loss + measured->certificate->certificate.kl, 1e-9);
}

/* A lambda that was moved was chosen on the data: no bound then; the run's first one makes them again. */
static void
test_moved (void)
{
  g_autoptr (HeftRun) run = start_run ((const char *[]) { "dataset", "moons", "layers", "4", "samples", "40", "draws", "20",
                                                          "activation-samples", "1", "hessian", "false", "lambda", "0.5", NULL }, TRUE);
  static const struct { const char *lambda; gboolean valid; } moves[] = { { NULL, TRUE }, { "0.6", FALSE }, { "0.5", TRUE } };

  for (gsize m = 0; m < G_N_ELEMENTS (moves); m++)
    {
      gboolean seen = FALSE;

      if (moves[m].lambda != NULL)
        g_assert_true (heft_run_set_parameter (run, "lambda", moves[m].lambda, NULL));
      for (int i = 0; i < 1000 && !seen; i++)
        {
          double bound;
          g_autofree char *reason = NULL;

          g_usleep (10000);
          reason = heft_record_dup_result_reason (heft_run_get_record (run), "pac_bayes_kl");
          seen = moves[m].valid ? heft_record_get_result (heft_run_get_record (run), "pac_bayes_kl", &bound)
                                : reason != NULL && strstr (reason, "not paid for") != NULL;
        }
      g_assert_true (seen);
    }
  heft_run_stop (run);
  heft_run_join (run, NULL);
}

/* Convolutions that end in few activations: the maps go backwards, with the noise that the other panels take. */
static void
test_convolutions (void)
{
  g_autofree char *folder = g_dir_make_tmp ("heft-XXXXXX", NULL), *path = g_build_filename (folder, "conv.safetensors", NULL);
  const char *architecture = "conv3x4-tanh-flatten-22";
  g_autoptr (HeftDataset) all = heft_data_load_all ("digits-8x8", 0, NULL), data = heft_dataset_head (all, 40);
  g_autoptr (HeftNetwork) network = heft_network_new (architecture, HEFT_ACTIVATION_TANH, (HeftShape) { 1, 8, 8 }, 10, NULL);
  gsize k = heft_network_get_n_parameters (network), chosen[HEFT_MAPS_IMAGES];
  g_autofree double *weights = g_new (double, k);
  g_autoptr (HeftCurvature) curvature = NULL;
  g_autoptr (HeftVisibility) seen = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (HeftRun) run = NULL;
  HeftStructuredNoise blocks = { NULL, 0.003, 0.4 };
  const HeftWeightNoise noise = { .structured = &blocks };
  double input[64];

  g_assert_cmpuint (k, >, 3000);
  for (gsize i = 0; i < k; i++)
    weights[i] = 0.3 * sin (1.7 * (double) i * (double) (i % 13 + 1));
  g_assert_true (heft_network_save_safetensors (path, network, weights, HEFT_TENSOR_F64, NULL));
  run = start_run ((const char *[]) { "network", path, "dataset", "digits-8x8", "samples", "40", "activation-samples", "1",
                                      "beta", "0.003", "lambda", "0.4", "hessian", "false", "invariance-layer", "1000", NULL }, FALSE);
  heft_run_join (run, &error);
  g_assert_no_error (error);
  check_words (run, "invariance", "EKFAC");
  check_words (run, "nuisances", "EKFAC");
  blocks.curvature = curvature = heft_curvature_new (network, weights, data, 0, HEFT_CURVATURE_EKFAC, HEFT_FISHER_EXACT, 0, FALSE, 1, NULL, NULL);
  heft_maps_choose_images (data, chosen);
  heft_dataset_gather_f64 (data, NULL, chosen[0], 1, input);
  seen = heft_noise_visibility_new (network, weights, &noise, input, heft_visibility_n_layers (network) - 1, NULL);
  near (sum_of_map (run, "map:0"), seen->trace, 1e-9);
  g_remove (path);
  g_rmdir (folder);
}

/* What a sentence says of a frame. */
static void
check_sentence (char *(*sentence) (HeftRecord *), const char *id, const char *number, double value, const char *expected)
{
  g_autoptr (HeftRecord) record = heft_record_new (NULL, 0, NULL, 0);
  HeftFrame *frame = heft_frame_new (id, 0);
  g_autofree char *before = sentence (record), *words = NULL;

  heft_frame_set_number (frame, number, value);
  heft_frame_set_text (frame, "layer", "relu 1");
  heft_record_publish (record, frame);
  words = sentence (record);
  g_assert_null (before);
  g_assert_cmpstr (words, ==, expected);
}

/* A number where there is one, and what it means where there is none. */
static void
test_sentences (void)
{
  check_sentence (heft_network_nuisances_sentence, "nuisances", "rotation", 12.34,
                  "At the logits half of the images must turn by 12.3° or more before it shows.");
  check_sentence (heft_network_nuisances_sentence, "nuisances", "rotation", INFINITY,
                  "The logits cannot tell a rotation from none.");
  check_sentence (heft_network_directions_sentence, "directions", "ratio", 4.5,
                  "After relu 1 the least visible of the data’s directions takes steps 4.5 times as long as the most visible.");
  check_sentence (heft_network_directions_sentence, "directions", "ratio", INFINITY,
                  "After relu 1 some of the directions in which the data differ cannot be seen.");
}

/* A new beta prices the spectra anew, as a run that had it from the beginning. */
static void
test_prices (void)
{
  g_autoptr (HeftRun) run = start_run ((const char *[]) { "dataset", "moons", "layers", "5", "samples", "50", NULL }, TRUE);
  g_autoptr (HeftRun) other = start_run ((const char *[]) { "dataset", "moons", "layers", "5", "samples", "50",
                                                            "beta", "0.2", NULL }, FALSE);
  double expected, found = NAN;

  g_assert_true (heft_run_join (other, NULL));
  check_words (other, "invariance", "EKFAC");
  check_words (other, "effective", "whole network’s exact Fisher");
  expected = result (other, "information");
  g_assert_true (heft_run_set_parameter (run, "beta", "0.2", NULL));
  for (int i = 0; i < 1000 && !(found == expected); i++)
    {
      g_usleep (10000);
      heft_record_get_result (heft_run_get_record (run), "information", &found);
    }
  g_assert_cmpfloat (found, ==, expected);
  heft_run_stop (run);
  heft_run_join (run, NULL);
}

/* Too many weights for a dense Hessian: products stand in, and say how well they know. */
static void
test_large (void)
{
  g_autoptr (HeftRun) run = start_run ((const char *[]) { "layers", "48", "samples", "40", "activation-samples", "1", NULL }, FALSE);
  g_autoptr (HeftFrame) hessian = NULL, ledger = NULL;
  gsize rows, columns;

  g_assert_true (heft_run_join (run, NULL));
  g_assert_cmpfloat (result (run, "parameters"), >, 3000);
  hessian = heft_record_get_frame (heft_run_get_record (run), "hessian");
  g_assert_nonnull (heft_frame_get_array (hessian, "layer:Hessian $H$, positive", &rows, &columns));
  g_assert_cmpuint (columns, >=, 20);
  g_assert_cmpfloat (heft_frame_get_number (hessian, "gap_error", NAN), >, 0);
  g_assert_nonnull (strstr (heft_frame_get_text (hessian, "estimator"), "Hutch++"));
  g_assert_cmpfloat (result (run, "relative_gap"), >, 0);
}

/* Activations too many for their covariance, behind too many weights for its root, are said in the two panels, and everything else is
 * measured. */
static void
test_wide (void)
{
  g_autoptr (HeftRun) run = start_run ((const char *[]) { "layers", "conv3x65p1-conv3x65p1-pool2-8", "samples", "4", "activation-samples", "1",
                                                          "hessian", "false", "fisher", "diagonal", "draws", "2", NULL }, FALSE);
  g_autoptr (HeftFrame) effective = NULL, nuisances = NULL;

  g_assert_true (heft_run_join (run, NULL));
  effective = heft_record_get_frame (heft_run_get_record (run), "effective");
  nuisances = heft_record_get_frame (heft_run_get_record (run), "nuisances");
  g_assert_cmpfloat (heft_frame_get_number (effective, "row:0:number", NAN), >, 0);
  g_assert_false (isfinite (heft_frame_get_number (effective, "row:1:number", NAN)));
  g_assert_nonnull (strstr (heft_frame_get_text (effective, "row:1:note"), "4160 activations"));
  g_assert_cmpfloat (heft_frame_get_number (effective, "row:2:number", NAN), >, 0);
  g_assert_nonnull (strstr (heft_frame_get_text (nuisances, "obstacle"), "4160 activations"));
  g_assert_cmpfloat (result (run, "pac_bayes_kl"), >, 0);
}

/* Before anything runs, and again in a run that was not asked before. */
static void
refuse (const char *const *settings, const char *says)
{
  g_autoptr (HeftParameters) parameters = heft_parameters_new (heft_experiment_find ("network", NULL));
  g_autoptr (HeftRun) run = start_run (settings, FALSE);
  g_autoptr (GError) error = NULL, before = NULL;

  for (gsize i = 0; settings[i] != NULL; i += 2)
    g_assert_true (heft_parameters_set (parameters, settings[i], settings[i + 1], NULL));
  g_assert_false (heft_parameters_check (parameters, &before));
  g_assert_nonnull (strstr (before->message, says));

  g_assert_false (heft_run_join (run, &error));
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” is missing in “%s”", says, error->message);
}

static void
test_refusals (void)
{
  g_autofree char *path = reference_path ("dense-tanh", ".safetensors");
  g_autofree char *convolutional = reference_path ("conv-tanh", ".safetensors");

  refuse ((const char *[]) { "network", "/nowhere.safetensors", NULL }, "nowhere");
  refuse ((const char *[]) { "network", path, NULL }, "activation");
  refuse ((const char *[]) { "network", path, "activation", "tanh", "dataset", "moons", NULL }, "2");
  refuse ((const char *[]) { "network", convolutional, "activation", "tanh", "dataset", "moons", NULL }, "how large its images are");
  refuse ((const char *[]) { "input", "8x8", NULL }, "1x28x28");
  refuse ((const char *[]) { "layers", "conv9x3", NULL }, "conv9x3");
  refuse ((const char *[]) { "dataset", "/nowhere.csv", NULL }, "nowhere");
}

/* No sentence asks for more than the half turn that turns everything there is. */
static void
test_rotation (void)
{
  static const struct { double degrees; const char *says; } cases[] = {
    { 3.97, "must turn by 3.97°" }, { 2990, "no rotation" }, { INFINITY, "cannot tell" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (HeftRecord) record = heft_record_new (NULL, 0, NULL, 0);
      HeftFrame *frame = heft_frame_new ("nuisances", 0);
      g_autofree char *sentence = NULL;

      heft_frame_set_number (frame, "rotation", cases[i].degrees);
      heft_record_publish (record, frame);
      sentence = heft_network_nuisances_sentence (record);
      g_assert_nonnull (strstr (sentence, cases[i].says));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (reference_names); i++)
    {
      g_autofree char *path = g_strconcat ("/experiments/network/", reference_names[i], NULL);

      g_test_add_data_func (path, reference_names[i], test_reference);
    }
  g_test_add_func ("/experiments/network/default", test_default);
  g_test_add_func ("/experiments/network/blocks", test_blocks);
  g_test_add_func ("/experiments/network/chain", test_chain);
  g_test_add_func ("/experiments/network/certificate", test_certificate);
  g_test_add_func ("/experiments/network/moved", test_moved);
  g_test_add_func ("/experiments/network/convolutions", test_convolutions);
  g_test_add_func ("/experiments/network/sentences", test_sentences);
  g_test_add_func ("/experiments/network/large", test_large);
  g_test_add_func ("/experiments/network/wide", test_wide);
  g_test_add_func ("/experiments/network/prices", test_prices);
  g_test_add_func ("/experiments/network/refusals", test_refusals);
  g_test_add_func ("/experiments/network/rotation", test_rotation);
  return g_test_run ();
}
