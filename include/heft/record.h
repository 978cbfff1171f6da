/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HeftQuantity:
 *
 * What a curve, a bar or a number is. Decides its colour, dash and marker everywhere (architecture.md: one colour per
 * quantity), so that the same thing looks the same in every panel and every export.
 */
typedef enum
{
  HEFT_QUANTITY_TRAIN_LOSS,      /* E_Q L_D on the training set */
  HEFT_QUANTITY_TEST_LOSS,
  HEFT_QUANTITY_BATCH_LOSS,
  HEFT_QUANTITY_TRAIN_ERROR,
  HEFT_QUANTITY_TEST_ERROR,
  HEFT_QUANTITY_KL,
  HEFT_QUANTITY_LAGRANGIAN,
  HEFT_QUANTITY_LAYER,           /* with an index: layer 1, 2, ... */
  HEFT_QUANTITY_EXACT,           /* green */
  HEFT_QUANTITY_CORRECTED,       /* blue */
  HEFT_QUANTITY_PRINTED,         /* orange, dashed */
  HEFT_QUANTITY_BOUND,           /* red */
  HEFT_QUANTITY_THRESHOLD,       /* beta/lambda^2, N log C: a neutral line */
  HEFT_QUANTITY_PRIOR,
  HEFT_QUANTITY_POSTERIOR,
  HEFT_QUANTITY_FISHER,
  HEFT_QUANTITY_GAUSSIAN,        /* best Gaussian code */
  HEFT_QUANTITY_LOSS_LANDSCAPE,
  HEFT_QUANTITY_REFERENCE,       /* a kept run, a guide */
  HEFT_QUANTITY_TRUE_LABELS,     /* what was learned from the labels as they are ... */
  HEFT_QUANTITY_RANDOM_LABELS,   /* ... and from random ones */
  HEFT_QUANTITY_LOOSER_BOUND,    /* bounds beside the tightest: its colour, dashed and dotted */
  HEFT_QUANTITY_LAGRANGIAN_BOUND,
} HeftQuantity;

/**
 * HeftSeriesSpec:
 *
 * One curve an experiment writes: y against x (usually the step). Labels are translatable and may hold formulas between dollar
 * signs (plot/formula). @width > 1 or 0 (decided at run time) makes it a bundle of curves, one a layer.
 */
typedef struct
{
  const char  *id;            /* "train_loss" */
  const char  *label;         /* N_("Training loss $E_Q L_D$") */
  const char  *unit;          /* "nat", "", "%" (values are fractions), ... */
  const char  *x_label;       /* N_("Step") */
  HeftQuantity quantity;
  gboolean     per_layer;
  const char  *estimator;     /* how it is measured, translatable: N_("one weight draw on 2,000 test samples") */
} HeftSeriesSpec;

typedef struct
{
  const char *id;             /* "kl" */
  const char *label;          /* translatable */
  const char *unit;
  gboolean    curve;          /* an array */
} HeftResultSpec;

/**
 * HeftFrame:
 *
 * A named, frozen measurement: arrays and words taken at one step. Filled by its maker, then immutable and atomically
 * reference counted.
 */
typedef struct _HeftFrame HeftFrame;

HeftFrame  *heft_frame_new        (const char *id, guint64 step);
HeftFrame  *heft_frame_ref        (HeftFrame *self);
void        heft_frame_unref      (HeftFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftFrame, heft_frame_unref)
void        heft_frame_set_array  (HeftFrame *self, const char *name, gsize rows, gsize columns, const double *values);
void        heft_frame_take_array (HeftFrame *self, const char *name, gsize rows, gsize columns, double *values);
void        heft_frame_set_number (HeftFrame *self, const char *name, double value);
void        heft_frame_set_text   (HeftFrame *self, const char *name, const char *text);
/* What carries seconds or other properties of this machine, by the beginning of its name: shown, never saved. */
void        heft_frame_set_fleeting (HeftFrame *self, const char *prefix);
const char *heft_frame_get_id     (const HeftFrame *self);
guint64     heft_frame_get_step   (const HeftFrame *self);
const double *heft_frame_get_array  (const HeftFrame *self, const char *name, gsize *rows, gsize *columns); /* or NULL */
double      heft_frame_get_number (const HeftFrame *self, const char *name, double fallback);
const char *heft_frame_get_text   (const HeftFrame *self, const char *name);                               /* or NULL */
/* Names in the order they were set. */
const char *const *heft_frame_get_array_names (const HeftFrame *self);

/* A parameter that was changed while the run went on. */
typedef struct
{
  guint64  step;
  char    *parameter;
  char    *value;
} HeftChange;

/**
 * HeftRecord:
 *
 * Everything a run writes. Writers append and publish, readers follow; the two never wait for one another. A series has one
 * writing thread. Series are complete: readers thin for the screen. Values must be finite: what is not is
 * refused with FALSE and never stored.
 */
typedef struct _HeftRecord HeftRecord;

HeftRecord *heft_record_new   (const HeftSeriesSpec *series, gsize n_series, const HeftResultSpec *results, gsize n_results);
HeftRecord *heft_record_ref   (HeftRecord *self);
void        heft_record_unref (HeftRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftRecord, heft_record_unref)

/* Once, before the first value of a per-layer series: how many curves there are and their names. */
void        heft_record_set_layers (HeftRecord *self, gsize n_layers, const char *const *names);
gsize       heft_record_get_layers (HeftRecord *self, const char *const **names);

/* Before any other thread knows the record: replaces a series' estimator by a text of its own (copied, already translated). */
void        heft_record_set_estimator (HeftRecord *self, gsize series, const char *estimator);

gsize       heft_record_get_n_series (const HeftRecord *self);
const HeftSeriesSpec *heft_record_get_series_spec (const HeftRecord *self, gsize series);
int         heft_record_find_series (const HeftRecord *self, const char *id);   /* -1 if there is none */

/* Writer. @layer is 0 for plain series. */
gboolean    heft_record_append     (HeftRecord *self, gsize series, gsize layer, double x, double y);
void        heft_record_clear_series (HeftRecord *self, gsize series);          /* a sweep that starts over */
void        heft_record_publish    (HeftRecord *self, HeftFrame *frame);        /* (transfer full): replaces the last of that id */
void        heft_record_set_result (HeftRecord *self, const char *id, double value);
void        heft_record_set_result_array (HeftRecord *self, const char *id, const double *values, gsize n);
/* A result that does not exist or is not finite, with the reason. */
void        heft_record_set_result_missing (HeftRecord *self, const char *id, const char *reason);
void        heft_record_note_change (HeftRecord *self, guint64 step, const char *parameter, const char *value);

/* Reader. Copies points [first, first + n) into x and y (either may be NULL); returns how many there were. */
gsize       heft_record_get_length (HeftRecord *self, gsize series, gsize layer);
gsize       heft_record_read       (HeftRecord *self, gsize series, gsize layer, gsize first, gsize n, double *x, double *y);
/* What a screen needs of a long curve: its beginning, and the lowest and the highest of equal groups; at most @n points. */
#define HEFT_ENVELOPE_MINIMUM 1024
gsize       heft_record_read_envelope (HeftRecord *self, gsize series, gsize layer, gsize n, double *x, double *y);
gboolean    heft_record_get_last   (HeftRecord *self, const char *series_id, gsize layer, double *x, double *y);
HeftFrame  *heft_record_get_frame  (HeftRecord *self, const char *id);          /* (transfer full) (nullable) */
GPtrArray  *heft_record_list_frames (HeftRecord *self);                         /* (transfer full) (element-type HeftFrame) */
gboolean    heft_record_get_result (HeftRecord *self, const char *id, double *value);
double     *heft_record_dup_result_array (HeftRecord *self, const char *id, gsize *n);     /* or NULL */
char       *heft_record_dup_result_reason (HeftRecord *self, const char *id);              /* why it is missing, or NULL */
gsize       heft_record_get_n_results (const HeftRecord *self);
const HeftResultSpec *heft_record_get_result_spec (const HeftRecord *self, gsize result);
GArray     *heft_record_list_changes (HeftRecord *self);                        /* (transfer full) (element-type HeftChange) */
/* Counts every append, publish and result: a reader that saw this value has nothing new to draw. */
guint64     heft_record_get_version (HeftRecord *self);

G_END_DECLS
