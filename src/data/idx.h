/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HeftImages:
 *
 * What a file of images holds: @pixels is n x channels x height x width bytes.
 */
typedef struct
{
  gsize   n, channels, height, width;
  GBytes *pixels;
} HeftImages;

void heft_images_clear (HeftImages *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftImages, heft_images_clear)

/* LeCun's IDX format, unsigned bytes, plain or gzip. Two dimensions are n x width, three n x height x width, four
 * n x channels x height x width. */
gboolean heft_idx_read_images (const char *path, HeftImages *images, GError **error);
/* (transfer full): n labels. */
guint8  *heft_idx_read_labels (const char *path, gsize *n, GError **error);

/* CIFAR-10's binary form: records of one label and 3 x 32 x 32 bytes. Appends to both arrays. */
gboolean heft_cifar_read      (const char *path, GByteArray *pixels, GByteArray *labels, GError **error);

G_END_DECLS
