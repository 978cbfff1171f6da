/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include <heft/measure.h>

G_BEGIN_DECLS

/* What `measure` found, on standard output: one JSON document, or tables; with @routes the comparison of the routes to Sigma_z. */
gboolean heft_cli_measure_print_json (const HeftMeasurement *measurement, const HeftNetwork *network, gboolean routes);
void     heft_cli_measure_print_text (const HeftMeasurement *measurement, const HeftNetwork *network, gboolean routes);
/* Their part about codes: certificate and description lengths. */
void     heft_cli_measure_add_codes   (JsonBuilder *builder, const HeftMeasurement *measurement, const HeftNetwork *network);
void     heft_cli_measure_print_codes (const HeftMeasurement *measurement, const HeftNetwork *network);
/* The comparison of the routes to Sigma_z. */
void     heft_cli_measure_add_pushforwards   (JsonBuilder *builder, const HeftMeasurement *measurement);
void     heft_cli_measure_print_pushforwards (const HeftMeasurement *measurement);
/* Why numbers of @layer are missing. */
const char *heft_cli_measure_reason (const HeftEffectiveLayer *layer);

G_END_DECLS
