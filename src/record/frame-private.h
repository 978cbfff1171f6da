/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/record.h>

G_BEGIN_DECLS

typedef enum
{
  HEFT_FRAME_ARRAY = 1,
  HEFT_FRAME_NUMBER,
  HEFT_FRAME_TEXT,
} HeftFrameItemKind;

/* One thing in a frame, for those that write frames out. */
typedef struct
{
  HeftFrameItemKind kind;
  char             *name;
  gboolean          fleeting;
  gsize             rows, columns;
  double           *values;
  double            number;
  char             *text;
} HeftFrameItem;

gsize                heft_frame_get_n_items (const HeftFrame *self);
const HeftFrameItem *heft_frame_get_item    (const HeftFrame *self, gsize i);

G_END_DECLS
