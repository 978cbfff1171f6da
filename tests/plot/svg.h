/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

/* What a reader of an SVG file can find in it. */
typedef struct
{
  GPtrArray *texts;      /* content of each <text> */
  GPtrArray *paths;      /* char*: "label of the enclosing mark|d" of each path inside a mark */
  char      *title, *description;
  double     width, height;
} SvgFile;

SvgFile *svg_read      (GBytes *bytes);
void     svg_free      (SvgFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SvgFile, svg_free)
gboolean svg_has_text  (const SvgFile *self, const char *text);
gboolean svg_has_part  (const SvgFile *self, const char *part);
/* Vertices of the first path of a mark; array of doubles, x and y in turn. */
GArray  *svg_vertices  (const SvgFile *self, const char *label);
