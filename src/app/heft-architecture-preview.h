/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gtk/gtk.h>
#include <heft/plot.h>

#include "heft-session.h"

G_BEGIN_DECLS

/**
 * HeftArchitecturePreview:
 *
 * What an architecture comes to on the session's data: how many parameters, and a drawing of its layers with their shapes; or the
 * sentence that says where the text does not fit. The data are looked at on another thread, once.
 */
#define HEFT_TYPE_ARCHITECTURE_PREVIEW (heft_architecture_preview_get_type ())
G_DECLARE_FINAL_TYPE (HeftArchitecturePreview, heft_architecture_preview, HEFT, ARCHITECTURE_PREVIEW, GtkWidget)

GtkWidget *heft_architecture_preview_new  (HeftSession *session);
/* @typing: @architecture is not the session's yet, and the drawing is to be seen. */
void       heft_architecture_preview_show (HeftArchitecturePreview *self, const char *architecture, gboolean typing);

/* (transfer full) (nullable): the drawing with a title and what it is a drawing of, for a file; NULL where there is none. @height is how
 * tall it wants to be there, in points. */
HeftFigure *heft_architecture_preview_dup_figure (HeftArchitecturePreview *self, double *height);

G_END_DECLS
