/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/experiment.h>

G_BEGIN_DECLS

/* Numbers as the sentences under the panels write them: plain text, no markup. All newly allocated. */
char *heft_words_count   (guint64 count);                 /* "1,240" */
char *heft_words_number  (double value);                  /* three digits: "0.213", "1.2 × 10⁻⁵", "5,310" */
char *heft_words_percent (double fraction);               /* "7.9 %" */

/* heft_words_number() of a result, and of the last point of a series; "–" where there is none. */
char *heft_words_result  (HeftRecord *record, const char *id);
char *heft_words_last    (HeftRecord *record, const char *series);

G_END_DECLS
