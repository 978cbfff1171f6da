/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/record.h>

G_BEGIN_DECLS

/* The frame "ledger": a table of labelled numbers and gauges, row by row, as the ledger panel paints it. */
typedef struct
{
  HeftFrame *frame;
  guint      n_rows;
} HeftLedger;

HeftLedger heft_ledger_begin (guint64 step);
/* The same as a frame of another name. */
HeftLedger heft_ledger_begin_as (const char *frame, guint64 step);
/* A row of a number; "–" where it is not finite. @note may be NULL. */
void       heft_ledger_add   (HeftLedger *self, const char *label, double value, const char *unit, const char *note,
                              HeftQuantity quantity);
/* A row of words. */
void       heft_ledger_add_words (HeftLedger *self, const char *label, const char *value, const char *note,
                                  HeftQuantity quantity);
/* Gives the last row a gauge, full at 1. */
void       heft_ledger_gauge (HeftLedger *self, double share);
/* Says that the last row is about this machine and moment: shown, never saved. */
void       heft_ledger_fleeting (HeftLedger *self);
HeftFrame *heft_ledger_end   (HeftLedger *self);

G_END_DECLS
