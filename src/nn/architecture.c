/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft"

#include "config.h"

#include "nn/architecture.h"

#include <glib/gi18n-lib.h>
#include <heft/error.h>
#include <string.h>

/* Beyond these a text is a slip of the finger, not a wish. */
#define MOST_WORDS  400
#define MOST_DIGITS 7

gboolean
heft_architecture_refuse (const char     *architecture,
                          const HeftWord *word,
                          const char     *reason,
                          GError        **error)
{
  g_set_error (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
               /* Translators: architecture text, its part as typed, the part's number, the reason. */
               _("Architecture “%.200s” does not fit at “%s” (part %u): %s."),
               architecture, word->text, word->part, reason);
  return FALSE;
}

/* Reads digits; 0 if there are none or too many, which no caller accepts except where stated. */
static gboolean
take_number (const char **text,
             gsize       *number)
{
  const char *p = *text;
  guint digits = 0;

  *number = 0;
  for (; g_ascii_isdigit (*p); p++, digits++)
    {
      if (digits == MOST_DIGITS)
        return FALSE;
      *number = *number * 10 + (gsize) (*p - '0');
    }
  *text = p;
  return digits > 0;
}

static gboolean
take_prefix (const char **text,
             const char  *prefix)
{
  if (!g_str_has_prefix (*text, prefix))
    return FALSE;

  *text += strlen (prefix);
  return TRUE;
}

/* The optional sS and pP, in either order; nothing may follow. */
static gboolean
take_stride_and_padding (const char *p,
                         HeftWord   *word)
{
  gboolean stride = FALSE, padding = FALSE;

  while (*p != '\0')
    if (!stride && take_prefix (&p, "s") && take_number (&p, &word->stride) && word->stride > 0)
      stride = TRUE;
    else if (!padding && take_prefix (&p, "p") && take_number (&p, &word->padding))
      padding = TRUE;
    else
      return FALSE;

  return TRUE;
}

static const char *
parse_convolution (const char *p,
                   HeftWord   *word)
{
  const char *form = _("a convolution is written convKxC: kernel, channels, then perhaps s and a stride, "
                       "p and a padding, as in conv3x16s2p1");
  gsize numbers[3] = { 0 };
  guint n = 0;

  word->kind = HEFT_LAYER_CONVOLUTION;
  word->stride = 1;
  if (*p == '\0' || *p == 's' || *p == 'p')
    return take_stride_and_padding (p, word) ? NULL : form;

  do
    {
      if (!take_number (&p, &numbers[n]) || numbers[n] == 0)
        return form;
      n++;
    }
  while (n < 3 && take_prefix (&p, "x"));

  if (n < 2 || !take_stride_and_padding (p, word))
    return form;
  if (n == 3 && numbers[0] != numbers[1])
    return _("only square kernels are supported");

  word->kernel = numbers[0];
  word->size = numbers[n - 1];
  return NULL;
}

static const char *
parse_pool (const char   *p,
            HeftLayerKind kind,
            HeftWord     *word)
{
  word->kind = kind;
  if (!take_number (&p, &word->kernel) || word->kernel == 0)
    return _("pooling is written poolK or avgpoolK with the width of its window, as in pool2");

  word->stride = word->kernel;
  if (!take_stride_and_padding (p, word))
    return _("after the window's width only s and a stride, p and a padding may follow, as in pool3s2p1");
  if (word->padding > word->kernel / 2)
    return _("the padding of a pooling window is at most half its width");
  return NULL;
}

/* Returns NULL, or what is wrong. */
static const char *
parse_word (const char *text,
            HeftWord   *word)
{
  const char *p = text;

  if (g_ascii_isdigit (*p) || take_prefix (&p, "dense"))
    {
      word->kind = HEFT_LAYER_DENSE;
      if (*p == '\0')
        return NULL;
      if (!take_number (&p, &word->size) || *p != '\0' || word->size == 0)
        return _("a dense layer is written as its number of outputs, from 1 to 9999999");
      return NULL;
    }
  if (take_prefix (&p, "conv"))
    return parse_convolution (p, word);
  if (take_prefix (&p, "pool") || take_prefix (&p, "maxpool"))
    return parse_pool (p, HEFT_LAYER_MAX_POOL, word);
  if (take_prefix (&p, "avgpool"))
    return parse_pool (p, HEFT_LAYER_AVERAGE_POOL, word);
  if (g_str_equal (p, "gap"))
    {
      word->kind = HEFT_LAYER_GLOBAL_AVERAGE_POOL;
      return NULL;
    }
  if (g_str_equal (p, "flatten"))
    {
      word->kind = HEFT_LAYER_FLATTEN;
      return NULL;
    }
  if (take_prefix (&p, "norm"))
    {
      word->kind = HEFT_LAYER_NORMALISATION;
      word->size = 1;
      if (*p == '\0' || (take_number (&p, &word->size) && *p == '\0' && word->size > 0))
        return NULL;
      return _("normalisation is written norm, or normG with a number of groups");
    }
  if (heft_activation_parse (p, &word->activation, NULL))
    {
      word->kind = HEFT_LAYER_ACTIVATION;
      return NULL;
    }
  return _("it is no known layer; known are 256 (dense), conv5x16, pool2, avgpool2, gap, flatten, norm, ( ) and the "
           "activations linear, relu, leaky-relu, tanh, sigmoid, softplus and gelu");
}

/* Copies as many whole characters as there is room for. */
static void
shorten (const char *text,
         char       *out,
         gsize       size)
{
  const char *end = text;

  while (*end != '\0' && (gsize) (g_utf8_next_char (end) - text) < size)
    end = g_utf8_next_char (end);
  memcpy (out, text, (gsize) (end - text));
  out[end - text] = '\0';
}

static gboolean
append_word (GArray     *words,
             const char *architecture,
             const char *text,
             guint       part,
             GError    **error)
{
  HeftWord word = { .part = part };
  const char *reason;

  shorten (text, word.text, sizeof word.text);
  if (words->len >= MOST_WORDS)
    return heft_architecture_refuse (architecture, &word, _("the text has too many parts"), error);

  if (g_str_equal (text, "("))
    word.kind = HEFT_LAYER_RESIDUAL_BEGIN;
  else if (g_str_equal (text, ")"))
    word.kind = HEFT_LAYER_RESIDUAL_END;
  else if (*text == '\0')
    return heft_architecture_refuse (architecture, &word,
                                     _("there is nothing between two dashes or at an end"), error);
  else if ((reason = parse_word (text, &word)) != NULL)
    return heft_architecture_refuse (architecture, &word, reason, error);

  g_array_append_val (words, word);
  return TRUE;
}

/* One part between dashes, with the parentheses that cling to it. */
static gboolean
append_part (GArray     *words,
             const char *architecture,
             const char *part_text,
             guint       part,
             GError    **error)
{
  g_autofree char *core = NULL;
  gsize opening = strspn (part_text, "("), length = strlen (part_text), closing = 0;

  while (closing < length - opening && part_text[length - 1 - closing] == ')')
    closing++;
  core = g_strndup (part_text + opening, length - opening - closing);

  for (gsize i = 0; i < opening; i++)
    if (!append_word (words, architecture, "(", part, error))
      return FALSE;
  if (!append_word (words, architecture, core, part, error))
    return FALSE;
  for (gsize i = 0; i < closing; i++)
    if (!append_word (words, architecture, ")", part, error))
      return FALSE;
  return TRUE;
}

GArray *
heft_architecture_parse (const char *architecture,
                         GError    **error)
{
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (HeftWord));
  g_autofree char *text = NULL;
  g_autoptr (GString) joined = NULL;
  g_auto (GStrv) parts = NULL;

  g_return_val_if_fail (architecture != NULL, NULL);

  if (!g_utf8_validate (architecture, -1, NULL) || strlen (architecture) > 4000)
    {
      g_set_error_literal (error, HEFT_ERROR, HEFT_ERROR_INVALID_PARAMETER,
                           _("The architecture is not a readable text of at most 4000 characters; "
                             "write one such as 256-256 or conv5x16-pool2-128."));
      return NULL;
    }

  text = g_ascii_strdown (architecture, -1);
  g_strstrip (text);
  if (*text == '\0')
    return g_steal_pointer (&words);

  /* The one name with a dash in it. */
  joined = g_string_new (text);
  g_string_replace (joined, "leaky-relu", "leakyrelu", 0);
  parts = g_strsplit (joined->str, "-", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (!append_part (words, architecture, g_strstrip (parts[i]), i + 1, error))
      return NULL;

  return g_steal_pointer (&words);
}
