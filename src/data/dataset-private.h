/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/dataset.h>
#include <heft/npy.h>

G_BEGIN_DECLS

/* What a file may ask for at most; above it a reader reports HEFT_ERROR_TOO_LARGE instead of filling the memory. */
#define HEFT_DATA_MAX_BYTES    ((gsize) 1 << 31)
#define HEFT_DATA_MAX_SAMPLES  ((gsize) 1 << 27)
#define HEFT_DATA_MAX_FEATURES ((gsize) 1 << 20)

/* Before the name of a set of images: the same among clutter (heft_dataset_clutter()). */
#define HEFT_CLUTTERED_PREFIX "cluttered-"

/* The general form: @inputs (kept, not copied) are n x shape[0] x shape[1] x shape[2] elements; bytes are divided by
 * @divisor when gathered, other elements used as they are. */
HeftDataset *heft_dataset_new_inputs (const char *name, gsize n, const gsize shape[3], gboolean is_image,
                                      HeftElement element, double divisor, GBytes *inputs,
                                      const guint8 *labels, gsize n_classes);
/* The labels of @self over other inputs (kept, n x shape); @name NULL keeps the name. */
HeftDataset *heft_dataset_with_inputs (HeftDataset *self, const char *name, const gsize shape[3], HeftElement element,
                                       double divisor, GBytes *inputs);
HeftElement  heft_dataset_get_element (const HeftDataset *self);

G_END_DECLS
