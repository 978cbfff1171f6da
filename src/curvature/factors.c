/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include <heft/error.h>
#include <heft/pass.h>

#include "curvature/chunk.h"
#include "curvature/factors.h"
#include "curvature/root.h"
#include "linalg/linalg.h"

#define SAMPLES_AT_A_TIME 256   /* activations of common networks stay in cache */

gboolean
heft_factors_check (HeftNetwork *network, HeftDataset *data, GError **error)
{
  if (heft_dataset_get_n_features (data) != heft_network_get_n_inputs (network))
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                 _("%s has %zu features a sample, but the network takes %zu inputs."),
                 heft_dataset_get_name (data), heft_dataset_get_n_features (data), heft_network_get_n_inputs (network));
  else if (heft_dataset_get_n_classes (data) > heft_network_get_n_classes (network))
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                 _("%s has %zu classes, but the network tells only %zu apart."),
                 heft_dataset_get_name (data), heft_dataset_get_n_classes (data), heft_network_get_n_classes (network));
  else if (heft_dataset_get_n_samples (data) == 0)
    g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_DATA, _("%s holds no samples."), heft_dataset_get_name (data));
  else
    return TRUE;
  return FALSE;
}

#include "nn/precision-f32.h"
#define Factors HeftFactorsF32
#define FACTORS(name) heft_factors_f32_##name
#define Chunk HeftChunkF32
#define CHUNK(name) heft_chunk_f32_##name
#include "curvature/factors-template.c.inc"
#undef Factors
#undef FACTORS
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#define Factors HeftFactorsF64
#define FACTORS(name) heft_factors_f64_##name
#define Chunk HeftChunkF64
#define CHUNK(name) heft_chunk_f64_##name
#include "curvature/factors-template.c.inc"
#undef Factors
#undef FACTORS
#undef Chunk
#undef CHUNK
#include "nn/precision-end.h"
