/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/dataset.h>
#include <heft/npy.h>

G_BEGIN_DECLS

/**
 * HeftPart:
 *
 * Inputs and labels of one file or pair of files, checked, before they become a data set.
 */
typedef struct
{
  gsize       n;
  gsize       shape[3];     /* channels, height, width */
  gboolean    is_image;
  HeftElement element;
  double      divisor;
  GBytes     *inputs;
  guint8     *labels;
  gsize       n_classes;    /* the largest label and one more; at least 2 */
} HeftPart;

void heft_part_clear (HeftPart *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftPart, heft_part_clear)

gboolean     heft_part_read_pair  (const char *images, const char *labels, HeftPart *part, GError **error);
gboolean     heft_part_read_csv   (const char *path, HeftPart *part, GError **error);
gboolean     heft_part_read_cifar (const char *const *paths, HeftPart *part, GError **error);
HeftDataset *heft_part_to_dataset (const HeftPart *part, const char *name, gsize n_classes);

/* A named set's parts; @test may be NULL. Synthetic names are not among them. */
gboolean     heft_source_read     (const char *name, HeftPart *train, HeftPart *test, GError **error);

G_END_DECLS
