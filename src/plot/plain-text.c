/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include <heft/plot.h>

#include <string.h>

static const struct { const char *name, *unicode; } commands[] = {
  { "alpha", "α" }, { "beta", "β" }, { "gamma", "γ" }, { "delta", "δ" }, { "epsilon", "ε" }, { "varepsilon", "ε" },
  { "eta", "η" }, { "theta", "θ" }, { "kappa", "κ" }, { "lambda", "λ" }, { "mu", "μ" }, { "nu", "ν" }, { "xi", "ξ" },
  { "pi", "π" }, { "rho", "ρ" }, { "sigma", "σ" }, { "tau", "τ" }, { "phi", "φ" }, { "varphi", "φ" }, { "chi", "χ" },
  { "psi", "ψ" }, { "omega", "ω" }, { "Gamma", "Γ" }, { "Delta", "Δ" }, { "Theta", "Θ" }, { "Lambda", "Λ" },
  { "Sigma", "Σ" }, { "Phi", "Φ" }, { "Psi", "Ψ" }, { "Omega", "Ω" }, { "Vert", "‖" }, { "|", "‖" }, { "vert", "|" },
  { "mid", "|" }, { "cdot", "·" }, { "times", "×" }, { "pm", "±" }, { "le", "≤" }, { "leq", "≤" }, { "ge", "≥" },
  { "geq", "≥" }, { "ne", "≠" }, { "approx", "≈" }, { "sim", "~" }, { "propto", "∝" }, { "infty", "∞" },
  { "partial", "∂" }, { "nabla", "∇" }, { "sum", "∑" }, { "int", "∫" }, { "sqrt", "√" }, { "in", "∈" },
  { "to", "→" }, { "rightarrow", "→" }, { "langle", "⟨" }, { "rangle", "⟩" }, { "ell", "ℓ" }, { "star", "*" },
  { "log", "log " }, { "exp", "exp " }, { "min", "min " }, { "max", "max " }, { "Pr", "Pr" },
  { ",", " " }, { ";", " " }, { "!", "" }, { " ", " " }, { "quad", " " }, { "%", "%" }, { "$", "$" },
  { "{", "{" }, { "}", "}" },
};

static const char *
find_command (const char *name, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strlen (commands[i].name) == length && strncmp (commands[i].name, name, length) == 0)
      return commands[i].unicode;
  return NULL;
}

/* Combining marks, which follow their letter. */
static const struct { const char *name, *mark; } accents[] = {
  { "bar", "\u0304" }, { "overline", "\u0304" }, { "hat", "\u0302" }, { "tilde", "\u0303" },
};

/* \bar{Q} with one letter between its braces, @p at the first of them: that letter and its mark. NULL where it is not that. */
static const char *
append_accent (GString *out, const char *name, gsize length, const char *p)
{
  const char *end = *p == '{' && p[1] != '\0' ? g_utf8_next_char (p + 1) : p;

  for (gsize i = 0; *p == '{' && *end == '}' && i < G_N_ELEMENTS (accents); i++)
    if (strlen (accents[i].name) == length && strncmp (accents[i].name, name, length) == 0)
      {
        g_string_append_len (out, p + 1, end - p - 1);
        g_string_append (out, accents[i].mark);
        return end + 1;
      }
  return NULL;
}

/* Copies a command after its backslash; fonts and the like (\mathrm) leave nothing but their argument. */
static const char *
append_command (GString *out, const char *p, gboolean *fraction)
{
  const char *name = p, *unicode, *after;

  if (g_ascii_isalpha (*p))
    while (g_ascii_isalpha (*p))
      p++;
  else if (*p != '\0')
    p = g_utf8_next_char (p);

  *fraction = p - name == 4 && strncmp (name, "frac", 4) == 0;
  after = append_accent (out, name, (gsize) (p - name), p);
  if (after != NULL)
    return after;
  unicode = find_command (name, (gsize) (p - name));
  /* "Q \\Vert P" is one thing: Q‖P. */
  if (g_strcmp0 (unicode, "‖") == 0 && out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  if (unicode != NULL)
    g_string_append (out, unicode);
  /* In TeX the space after a word ends it. */
  while (g_ascii_isalpha (*name) && *p == ' ')
    p++;
  return p;
}

static const char *
append_script (GString *out, const char *p, gboolean superscript)
{
  if (superscript && *p == '2')
    {
      g_string_append (out, "²");
      return p + 1;
    }
  /* A subscript is read after its base; a superscript is announced. */
  if (superscript && *p != '*')
    g_string_append_c (out, '^');
  else if (!superscript)
    g_string_append_c (out, '_');
  return p;
}

char *
heft_text_dup_plain (const char *text)
{
  GString *out = g_string_new (NULL);
  gboolean formula = FALSE, fraction = FALSE;
  const char *p = text != NULL ? text : "";

  while (*p != '\0')
    {
      if (*p == '$' && (formula || strchr (p + 1, '$') != NULL))
        {
          formula = !formula;
          p++;
        }
      else if (!formula)
        {
          const char *next = g_utf8_next_char (p);
          g_string_append_len (out, p, next - p);
          p = next;
        }
      else if (*p == '\\')
        p = append_command (out, p + 1, &fraction);
      else if (*p == '_' || *p == '^')
        p = append_script (out, p + 1, *p == '^');
      else if (*p == '{' || *p == '}')
        {
          if (fraction && *p == '}' && p[1] == '{')
            {
              g_string_append_c (out, '/');
              fraction = FALSE;
            }
          p++;
        }
      else
        {
          const char *next = g_utf8_next_char (p);
          g_string_append_len (out, p, next - p);
          p = next;
        }
    }
  return g_string_free (out, FALSE);
}
