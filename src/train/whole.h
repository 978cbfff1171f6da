/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "train/trainer-private.h"

G_BEGIN_DECLS

/*
 * The longer way of a step, for what the fused one cannot do: the gradient is kept whole, so that its norm is known before anything changes
 * (clipping), so that what was drawn for a step can be asked for its part of the gradient (weight sampling, mixtures, low rank), or so
 * that another optimiser sees it. The weights are cut into chunks, by the shapes alone.
 *
 * With weight sampling the passes run a point, the drawn weights: trainer->posterior is then that point, and trainer->code what is
 * trained.
 */
typedef struct
{
  guint          stage;
  gsize          first, end;        /* of all weights */
  HeftUpdateSums sums;
  double         gram[HEFT_MAX_RANK * HEFT_MAX_RANK], factor_square;
  gboolean       failed;
} HeftChunk;

struct _HeftWhole
{
  GArray *chunks;                   /* HeftChunk */
  float  *displacement;             /* k: sigma eps of this step */
  float  *weights, *own_weights;    /* k: what was drawn; its own memory but where the passes run it */
  float  *gradient, *second;        /* k each; see HeftCodeGradientBlock */
  float  *factor_gradients, *factor_moment1, *factor_moment2;   /* rank x k each, or NULL */
  float  *z, *inverses;             /* rank, and rank x rank, a stage */
  double *log_determinants;         /* log |I + V^T diag(1/sigma^2) V| a stage */
  double  norm;                     /* of the running step's gradient */
  double  scale;                    /* what clipping multiplied it by */
  double  cost;                     /* of -log P, where P is a mixture */
};

/* Whether steps go this way now. */
gboolean heft_whole_needed   (const HeftTrainer *self);
HeftWhole *heft_whole_new    (HeftTrainer *self);
void     heft_whole_free     (HeftWhole *self);
/* Before the passes: draws what has to be drawn. */
void     heft_whole_draw     (HeftTrainer *self);
/* While they run: takes over one tile of the gradient. */
void     heft_whole_keep     (HeftTrainer *self, const HeftStage *stage, const HeftTask *task, const float *gradient,
                              const float *second);
/* Behind them: changes the weights, and takes the stages' sums; FALSE, and nothing has changed, if a gradient is not finite. */
gboolean heft_whole_update   (HeftTrainer *self);
/* What low-rank codes add to the stages' sums as they stand. */
void     heft_whole_measure  (HeftTrainer *self);

G_END_DECLS
