/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/network.h>

G_BEGIN_DECLS

/*
 * The words of an architecture text, before shapes are known.
 *
 *   text   = [ part { "-" part } ]
 *   part   = N | denseN                          dense layer of N outputs
 *          | convKxC | convKxKxC  [sS] [pP]      convolution, K x K kernel, C channels; stride 1, padding 0
 *          | poolK | maxpoolK | avgpoolK [sS] [pP]   window K x K; stride K, padding 0
 *          | gap | flatten
 *          | norm | normG                        layer normalisation, or group normalisation in G groups; no weights
 *          | linear | relu | leaky-relu | tanh | sigmoid | softplus | gelu
 *          | "(" part { "-" part } ")"           residual block: what is inside is added to what enters it
 */
typedef struct
{
  HeftLayerKind  kind;
  HeftActivation activation;
  gsize          size;              /* outputs, channels or groups; 0 where the text leaves them to a file */
  gsize          kernel, stride, padding;
  guint          part;              /* from 1, for messages */
  char           text[24];          /* as typed, shortened, for messages */
} HeftWord;

/* Returns: (transfer full) (element-type HeftWord): in order, or %NULL with a sentence naming the part that is not understood */
GArray  *heft_architecture_parse  (const char *architecture, GError **error);
/* Sets a sentence of the common form, naming text, part and @reason (translated, no full stop). */
gboolean heft_architecture_refuse (const char *architecture, const HeftWord *word, const char *reason, GError **error);

G_END_DECLS
