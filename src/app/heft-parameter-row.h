/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "heft-session.h"

G_BEGIN_DECLS

/**
 * HeftParameterRow:
 *
 * One parameter in the sidebar: its label, the control its kind asks for, and beneath it the sentence that refuses a value. It edits
 * the session and follows it. The classes derived from it add the controls.
 */
#define HEFT_TYPE_PARAMETER_ROW (heft_parameter_row_get_type ())
G_DECLARE_DERIVABLE_TYPE (HeftParameterRow, heft_parameter_row, HEFT, PARAMETER_ROW, GtkWidget)

struct _HeftParameterRowClass
{
  GtkWidgetClass parent_class;

  /* Adds the controls; called once, when session and specification are known. */
  void (*build)  (HeftParameterRow *self);
  /* Shows the session's value. */
  void (*update) (HeftParameterRow *self);
};

GtkWidget               *heft_parameter_row_new         (HeftSession *session, const HeftParameterSpec *spec);
HeftSession             *heft_parameter_row_get_session (HeftParameterRow *self);
const HeftParameterSpec *heft_parameter_row_get_spec    (HeftParameterRow *self);
void                     heft_parameter_row_update      (HeftParameterRow *self);
/* Shows why the value does not fit; NULL clears it. */
void                     heft_parameter_row_set_error   (HeftParameterRow *self, const char *message);

/* For derived classes. */
void     heft_parameter_row_add_inline (HeftParameterRow *self, GtkWidget *widget);   /* beside the label */
void     heft_parameter_row_add_below  (HeftParameterRow *self, GtkWidget *widget);
/* Names @widget for screen readers after the parameter. */
void     heft_parameter_row_name       (HeftParameterRow *self, GtkWidget *widget, const char *suffix);
/* Hands an edit to the session, and shows its refusal. FALSE if refused. */
gboolean heft_parameter_row_edit       (HeftParameterRow *self, const char *text);
void     heft_parameter_row_restore    (HeftParameterRow *self);
/* The wheel over a slider scrolls the sidebar instead of changing a value unnoticed. */
void     heft_parameter_row_ignore_wheel (GtkWidget *scale);

G_END_DECLS
