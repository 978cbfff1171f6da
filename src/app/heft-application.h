/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define HEFT_APPLICATION_ID "io.github.heft.Heft"

#define HEFT_TYPE_APPLICATION (heft_application_get_type ())
G_DECLARE_FINAL_TYPE (HeftApplication, heft_application, HEFT, APPLICATION, AdwApplication)

HeftApplication *heft_application_new (void);

G_END_DECLS
