/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * heft_data_choice_spec:
 * @paths: (array zero-terminated=1): the files a person picked
 *
 * The data argument that reads them: a table as it is; images and labels as "IMAGES,LABELS", where the labels of images picked alone are
 * looked for beside them under the usual name.
 *
 * Returns: (transfer full): a data argument; heft_data_load() says what is wrong with it
 */
char *heft_data_choice_spec (const char *const *paths);

G_END_DECLS
