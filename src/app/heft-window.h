/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "heft-application.h"

G_BEGIN_DECLS

/**
 * HeftWindow:
 *
 * One experiment at work: controls at the side, panels in a grid, transport in the header bar. Everything a person can do is an action of the
 * window (docs/user-guide.md lists them), so that keys, menus, buttons and D-Bus do the same.
 */
#define HEFT_TYPE_WINDOW (heft_window_get_type ())
G_DECLARE_FINAL_TYPE (HeftWindow, heft_window, HEFT, WINDOW, AdwApplicationWindow)

HeftWindow *heft_window_new (HeftApplication *application);

G_END_DECLS
