/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HEFT_ERROR:
 *
 * The domain of every error libheft reports. A message is one whole sentence that names the thing,
 * the place and the remedy; it is translated and may be shown to a person as it is.
 */
#define HEFT_ERROR (heft_error_quark ())

/**
 * HeftError:
 * @HEFT_ERROR_INVALID_PARAMETER: a parameter is unknown, out of range or does not fit another one
 * @HEFT_ERROR_INVALID_DATA: a file or array holds something that cannot be used
 * @HEFT_ERROR_NOT_FOUND: a named data set, experiment or file does not exist
 * @HEFT_ERROR_DIVERGED: a number that must be finite is not; the message names step, layer and likely cause
 * @HEFT_ERROR_NUMERICAL: a linear-algebra routine failed (not positive definite, no convergence)
 * @HEFT_ERROR_TOO_LARGE: the request needs more memory or a larger dimension than is feasible
 * @HEFT_ERROR_INVALID_STATE: the request does not fit what the object is doing
 */
typedef enum
{
  HEFT_ERROR_INVALID_PARAMETER,
  HEFT_ERROR_INVALID_DATA,
  HEFT_ERROR_NOT_FOUND,
  HEFT_ERROR_DIVERGED,
  HEFT_ERROR_NUMERICAL,
  HEFT_ERROR_TOO_LARGE,
  HEFT_ERROR_INVALID_STATE,
} HeftError;

GQuark heft_error_quark (void);

/* An interrupted computation reports G_IO_ERROR_CANCELLED, as everywhere in GLib. */

G_END_DECLS
