/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>

#include "heft-session.h"

G_BEGIN_DECLS

/**
 * HeftParameterSidebar:
 *
 * The controls of an experiment, made from its table of parameters, group by group.
 */
#define HEFT_TYPE_PARAMETER_SIDEBAR (heft_parameter_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (HeftParameterSidebar, heft_parameter_sidebar, HEFT, PARAMETER_SIDEBAR, GtkWidget)

void heft_parameter_sidebar_set_session (HeftParameterSidebar *self, HeftSession *session);
/* Whether every row has been made; rows come a few at a time after a change of experiment. */
gboolean heft_parameter_sidebar_is_complete (HeftParameterSidebar *self);
/* Whether the parameters as edited fit together, as the last look at them found; "checked" is emitted when that changes. */
gboolean heft_parameter_sidebar_is_valid (HeftParameterSidebar *self);
/* Follows what only the run can tell, such as its layers. */
void heft_parameter_sidebar_follow_run (HeftParameterSidebar *self);

/* (nullable): the HeftArchitecturePreview, where the experiment has one. */
GtkWidget *heft_parameter_sidebar_get_preview (HeftParameterSidebar *self);

G_END_DECLS
