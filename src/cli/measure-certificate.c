/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include <heft/description.h>

#include "cli/cli.h"
#include "cli/measure.h"

static const struct
{
  HeftBoundKind kind;
  const char   *name;
} bounds[HEFT_N_BOUNDS] = {
  { HEFT_BOUND_PAC_BAYES_KL, "pac_bayes_kl" },
  { HEFT_BOUND_MCALLESTER, "mcallester" },
  { HEFT_BOUND_LAGRANGIAN, "lagrangian" },
};

/* --- Certificate ------------------------------------------------------------------------------------------------------- */

/* What the bounds assume and no program can see. */
static GPtrArray *
find_conditions (const HeftMeasurement *measurement)
{
  const HeftCertificate *certificate = &measurement->certificate->certificate;
  GPtrArray *conditions = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (conditions, g_strdup_printf (_("lambda = %g was fixed before these samples were seen, or its price is added to KL"),
                                                measurement->lambda));
  if (certificate->n_betas > 1)
    g_ptr_array_add (conditions, g_strdup_printf (_("for the Lagrangian bound: beta_PAC = %g is the best of %g candidates fixed in advance, "
                                                    "which is paid for"), certificate->beta_pac, certificate->n_betas));
  else if (certificate->beta_pac > 0.5)
    g_ptr_array_add (conditions, g_strdup_printf (_("for the Lagrangian bound: beta_PAC = %g was fixed before these samples were seen"),
                                                  certificate->beta_pac));
  g_ptr_array_add (conditions, g_strdup_printf (_("the %zu samples are independent draws from the distribution that the bound speaks of; they "
                                                  "may be a part of those the network was trained on"), measurement->n_samples));
  g_ptr_array_add (conditions, g_strdup (_("the architecture, whose weights P is about, was fixed before these samples were seen")));
  g_ptr_array_add (conditions, g_strdup_printf (_("the number of weight draws, %g, and their seed were fixed before any was seen"), certificate->n_draws));
  return conditions;
}

static void
add_count (JsonBuilder *builder, const char *name, guint64 count)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) count);
}

static void
add_certificate (JsonBuilder *builder, const HeftMeasurement *measurement)
{
  const HeftMeasuredCertificate *measured = measurement->certificate;
  const HeftCertificate *certificate = &measured->certificate;
  g_autoptr (GPtrArray) conditions = find_conditions (measurement);
  double upper = NAN;

  heft_certificate_empirical (certificate, &upper, NULL);
  json_builder_set_member_name (builder, "certificate");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "posterior");
  json_builder_add_string_value (builder, measured->noise);
  heft_json_add_number (builder, "kl", certificate->kl, NULL);
  add_count (builder, "samples", measurement->n_samples);
  add_count (builder, "draws", measured->risk.n_draws);
  add_count (builder, "draw_samples", measured->draw_samples);
  heft_json_add_number (builder, "empirical_error", measured->risk.error, NULL);
  heft_json_add_number (builder, "empirical_error_standard_error", measured->risk.error_standard_error, _("One draw has no standard error."));
  heft_json_add_number (builder, "empirical_upper", upper, NULL);
  heft_json_add_number (builder, "expected_loss", measured->risk.loss, _("A draw gave a label probability 0."));
  heft_json_add_number (builder, "expected_loss_standard_error", measured->risk.loss_standard_error,
                        _("One draw has no standard error, nor has a loss that is not finite."));
  heft_json_add_number (builder, "delta", certificate->delta, NULL);
  heft_json_add_number (builder, "delta_draws", certificate->delta_draws, NULL);
  heft_json_add_number (builder, "confidence", 1 - certificate->delta - certificate->delta_draws, NULL);
  heft_json_add_number (builder, "beta_pac", certificate->beta_pac, NULL);
  add_count (builder, "beta_candidates", (guint64) certificate->n_betas);
  for (gsize i = 0; i < HEFT_N_BOUNDS; i++)
    {
      g_autoptr (GError) error = NULL;
      double bound = NAN;

      heft_certificate_bound (certificate, bounds[i].kind, &bound, &error);
      heft_json_add_bound (builder, bounds[i].name, bound, error != NULL ? error->message : NULL);
    }
  json_builder_set_member_name (builder, "conditions");
  json_builder_begin_array (builder);
  for (guint i = 0; i < conditions->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (conditions, i));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
print_certificate (const HeftMeasurement *measurement)
{
  const HeftMeasuredCertificate *measured = measurement->certificate;
  const HeftCertificate *certificate = &measured->certificate;
  g_autoptr (GPtrArray) conditions = find_conditions (measurement);
  double upper = NAN;

  heft_certificate_empirical (certificate, &upper, NULL);
  printf (_("\nCertificate of Q = N(w*, Σ*), P = N(0, lambda^2 I) (%s)\n"), measured->noise);
  printf (_("KL(Q||P) = %.8g nats; error of Q %.6g ± %.2g over %g weight draws, at most %.6g\n"), certificate->kl, measured->risk.error,
          measured->risk.error_standard_error, certificate->n_draws, upper);
  printf (_("With probability at least %g, each by itself, these are not below the error of Q on new data:\n"),
          1 - certificate->delta - certificate->delta_draws);
  for (gsize i = 0; i < HEFT_N_BOUNDS; i++)
    {
      g_autoptr (GError) error = NULL;
      double bound;

      if (heft_certificate_bound (certificate, bounds[i].kind, &bound, &error))
        printf ("  %-14s %-12.6g%s\n", bounds[i].name, bound, bound < 1 ? "" : _("vacuous: says no more than that a risk is at most 1"));
      else
        printf ("  %-14s %s\n", bounds[i].name, error->message);
    }
  printf (_("provided that\n"));
  for (guint i = 0; i < conditions->len; i++)
    printf ("  - %s\n", (const char *) g_ptr_array_index (conditions, i));
}

/* --- Description lengths --------------------------------------------------------------------------------------------------- */

typedef struct
{
  double uniform, kl, kl_error, two_part, variational, variational_error;
} Lengths;

static Lengths
find_lengths (const HeftMeasurement *measurement, const HeftNetwork *network)
{
  double n = (double) measurement->n_samples;
  Lengths lengths = {
    .uniform = heft_code_length_uniform (n, (double) heft_network_get_n_classes (network)),
    .variational = NAN, .variational_error = NAN,
  };

  lengths.kl = heft_measurement_kl (measurement, &lengths.kl_error);
  lengths.two_part = heft_code_length_variational (n, measurement->loss, lengths.kl);
  if (measurement->certificate != NULL)
    {
      lengths.variational = heft_code_length_variational (n, measurement->certificate->risk.loss, lengths.kl);
      lengths.variational_error = n * measurement->certificate->risk.loss_standard_error;
    }
  return lengths;
}

static void
add_lengths (JsonBuilder *builder, const HeftMeasurement *measurement, const HeftNetwork *network)
{
  const Lengths lengths = find_lengths (measurement, network);
  const char *no_network = _("KL is of the whole network, which --scope layers leaves out.");

  json_builder_set_member_name (builder, "description_length");
  json_builder_begin_object (builder);
  heft_json_add_number (builder, "uniform", lengths.uniform, NULL);
  heft_json_add_number (builder, "kl", lengths.kl, no_network);
  if (lengths.kl_error > 0)
    heft_json_add_number (builder, "kl_standard_error", lengths.kl_error, NULL);
  heft_json_add_number (builder, "two_part", lengths.two_part, no_network);
  if (measurement->certificate != NULL)
    {
      heft_json_add_number (builder, "variational", lengths.variational, _("A draw gave a label probability 0."));
      heft_json_add_number (builder, "variational_standard_error", lengths.variational_error,
                            _("One draw has no standard error, nor has a loss that is not finite."));
    }
  json_builder_set_member_name (builder, "note");
  json_builder_add_string_value (builder, _("nats for the labels given the inputs: uniform is N log C, two_part N times the loss plus KL, variational "
                                            "(with --certificate) N times the loss under Q plus KL; the prequential code trains anew and is in "
                                            "experiment train"));
  json_builder_end_object (builder);
}

static void
print_lengths (const HeftMeasurement *measurement, const HeftNetwork *network)
{
  const Lengths lengths = find_lengths (measurement, network);

  printf (_("\nDescription length of the labels: written down N log C = %.8g nats"), lengths.uniform);
  if (isfinite (lengths.two_part))
    printf (_("; N loss + KL = %.8g nats"), lengths.two_part);
  if (isfinite (lengths.variational))
    printf (_("; with the loss under Q %.8g ± %.2g nats"), lengths.variational, lengths.variational_error);
  printf ("\n");
}

/* --- Both ----------------------------------------------------------------------------------------------------------------------- */

void
heft_cli_measure_add_codes (JsonBuilder *builder, const HeftMeasurement *measurement, const HeftNetwork *network)
{
  add_lengths (builder, measurement, network);
  if (measurement->certificate != NULL)
    add_certificate (builder, measurement);
}

void
heft_cli_measure_print_codes (const HeftMeasurement *measurement, const HeftNetwork *network)
{
  print_lengths (measurement, network);
  if (measurement->certificate != NULL)
    print_certificate (measurement);
}
