/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "nn/activation.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <math.h>
#include <string.h>

#define SQRT_2 1.4142135623730950488

static const char * const activation_names[] =
{
  [HEFT_ACTIVATION_LINEAR]     = "linear",
  [HEFT_ACTIVATION_RELU]       = "relu",
  [HEFT_ACTIVATION_LEAKY_RELU] = "leaky-relu",
  [HEFT_ACTIVATION_TANH]       = "tanh",
  [HEFT_ACTIVATION_SIGMOID]    = "sigmoid",
  [HEFT_ACTIVATION_SOFTPLUS]   = "softplus",
  [HEFT_ACTIVATION_GELU]       = "gelu",
};

gboolean
heft_activation_parse (const char     *text,
                       HeftActivation *activation,
                       GError        **error)
{
  g_return_val_if_fail (text != NULL && activation != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (activation_names); i++)
    if (g_ascii_strcasecmp (text, activation_names[i]) == 0)
      {
        *activation = (HeftActivation) i;
        return TRUE;
      }
  if (g_ascii_strcasecmp (text, "leakyrelu") == 0 || g_ascii_strcasecmp (text, "leaky_relu") == 0)
    {
      *activation = HEFT_ACTIVATION_LEAKY_RELU;
      return TRUE;
    }

  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               _("There is no activation “%.40s”; choose linear, relu, leaky-relu, tanh, sigmoid, softplus or gelu."),
               text);
  return FALSE;
}

const char *
heft_activation_name (HeftActivation activation)
{
  g_return_val_if_fail ((guint) activation < G_N_ELEMENTS (activation_names), NULL);

  return activation_names[activation];
}

#include "nn/precision-f32.h"
#include "nn/activation-template.c.inc"
#include "nn/precision-end.h"

#include "nn/precision-f64.h"
#include "nn/activation-template.c.inc"
#include "nn/precision-end.h"
