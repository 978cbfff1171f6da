/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/curvature.h>

G_BEGIN_DECLS

/* What stands behind the const pointers of a HeftCurvatureLayer. */
typedef struct
{
  HeftCurvatureLayer public;
  double *input_factor, *output_factor;
  double *input_values, *output_values;
  double *input_vectors, *output_vectors;
  double *moments;
  gsize   n_free;    /* parameters, without those of a fixed bias */
} HeftStructuredLayer;

struct _HeftCurvature
{
  gatomicrefcount      ref_count;
  HeftNetwork         *network;
  HeftCurvatureKind    kind;
  HeftFisherKind       labels;
  gsize                n_samples, n_layers;
  double               epsilon;    /* of the precision that sums and eigenvalues are in */
  HeftStructuredLayer *layers;
};

G_END_DECLS
