/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <math.h>

#include "experiments/ledger.h"
#include "experiments/words.h"

HeftLedger
heft_ledger_begin_as (const char *frame, guint64 step)
{
  return (HeftLedger) { heft_frame_new (frame, step), 0 };
}

HeftLedger
heft_ledger_begin (guint64 step)
{
  return heft_ledger_begin_as ("ledger", step);
}

static void
set_text (HeftLedger *self, const char *what, const char *text)
{
  g_autofree char *name = g_strdup_printf ("row:%u:%s", self->n_rows - 1, what);

  if (text != NULL)
    heft_frame_set_text (self->frame, name, text);
}

static void
set_number (HeftLedger *self, const char *what, double number)
{
  g_autofree char *name = g_strdup_printf ("row:%u:%s", self->n_rows - 1, what);

  heft_frame_set_number (self->frame, name, number);
}

void
heft_ledger_add_words (HeftLedger *self, const char *label, const char *value, const char *note, HeftQuantity quantity)
{
  self->n_rows++;
  set_text (self, "label", label);
  set_text (self, "value", value);
  set_text (self, "note", note);
  set_number (self, "quantity", quantity);
}

void
heft_ledger_add (HeftLedger *self, const char *label, double value, const char *unit, const char *note, HeftQuantity quantity)
{
  g_autofree char *number = heft_words_number (value);
  /* What is not there has no unit. */
  gboolean with_unit = unit != NULL && *unit != '\0' && isfinite (value);
  g_autofree char *text = with_unit ? g_strconcat (number, " ", unit, NULL) : g_strdup (number);

  heft_ledger_add_words (self, label, text, note, quantity);
  if (isfinite (value))
    set_number (self, "number", value);
}

void
heft_ledger_gauge (HeftLedger *self, double share)
{
  if (isfinite (share))
    set_number (self, "gauge", MAX (share, 0));
}

void
heft_ledger_fleeting (HeftLedger *self)
{
  g_autofree char *prefix = g_strdup_printf ("row:%u:", self->n_rows - 1);

  heft_frame_set_fleeting (self->frame, prefix);
}

HeftFrame *
heft_ledger_end (HeftLedger *self)
{
  return g_steal_pointer (&self->frame);
}
