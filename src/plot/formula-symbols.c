/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "formula-symbols.h"

#include <string.h>

#define IT HEFT_FONT_MATH_ITALIC
#define UP HEFT_FONT_MATH

/* Lower-case Greek is italic, upper-case upright, as in TeX. */
static const FormulaSymbol symbols[] = {
  { "alpha", "α", ATOM_ORD, IT }, { "beta", "β", ATOM_ORD, IT }, { "gamma", "γ", ATOM_ORD, IT },
  { "delta", "δ", ATOM_ORD, IT }, { "epsilon", "ε", ATOM_ORD, IT }, { "varepsilon", "ε", ATOM_ORD, IT },
  { "zeta", "ζ", ATOM_ORD, IT }, { "eta", "η", ATOM_ORD, IT }, { "theta", "θ", ATOM_ORD, IT },
  { "iota", "ι", ATOM_ORD, IT }, { "kappa", "κ", ATOM_ORD, IT }, { "lambda", "λ", ATOM_ORD, IT },
  { "mu", "μ", ATOM_ORD, IT }, { "nu", "ν", ATOM_ORD, IT }, { "xi", "ξ", ATOM_ORD, IT }, { "pi", "π", ATOM_ORD, IT },
  { "rho", "ρ", ATOM_ORD, IT }, { "sigma", "σ", ATOM_ORD, IT }, { "tau", "τ", ATOM_ORD, IT },
  { "upsilon", "υ", ATOM_ORD, IT }, { "phi", "φ", ATOM_ORD, IT }, { "varphi", "φ", ATOM_ORD, IT },
  { "chi", "χ", ATOM_ORD, IT }, { "psi", "ψ", ATOM_ORD, IT }, { "omega", "ω", ATOM_ORD, IT },
  { "Gamma", "Γ", ATOM_ORD, UP }, { "Delta", "Δ", ATOM_ORD, UP }, { "Theta", "Θ", ATOM_ORD, UP },
  { "Lambda", "Λ", ATOM_ORD, UP }, { "Xi", "Ξ", ATOM_ORD, UP }, { "Pi", "Π", ATOM_ORD, UP },
  { "Sigma", "Σ", ATOM_ORD, UP }, { "Upsilon", "Υ", ATOM_ORD, UP }, { "Phi", "Φ", ATOM_ORD, UP },
  { "Psi", "Ψ", ATOM_ORD, UP }, { "Omega", "Ω", ATOM_ORD, UP },
  { "ell", "ℓ", ATOM_ORD, UP }, { "partial", "∂", ATOM_ORD, UP }, { "nabla", "∇", ATOM_ORD, UP },
  { "infty", "∞", ATOM_ORD, UP }, { "prime", "′", ATOM_ORD, UP }, { "top", "⊤", ATOM_ORD, UP },
  { "dagger", "†", ATOM_ORD, UP }, { "emptyset", "∅", ATOM_ORD, UP }, { "degree", "°", ATOM_ORD, UP },
  { "forall", "∀", ATOM_ORD, UP }, { "exists", "∃", ATOM_ORD, UP }, { "ldots", "…", ATOM_INNER, UP },
  { "dots", "…", ATOM_INNER, UP }, { "cdots", "⋯", ATOM_INNER, UP }, { "%", "%", ATOM_ORD, UP }, { "#", "#", ATOM_ORD, UP },
  { "&", "&", ATOM_ORD, UP }, { "_", "_", ATOM_ORD, UP }, { "$", "$", ATOM_ORD, UP },
  { "pm", "±", ATOM_BIN, UP }, { "mp", "∓", ATOM_BIN, UP }, { "times", "×", ATOM_BIN, UP }, { "cdot", "·", ATOM_BIN, UP },
  { "ast", "∗", ATOM_BIN, UP }, { "star", "⋆", ATOM_BIN, UP }, { "circ", "∘", ATOM_BIN, UP }, { "odot", "⊙", ATOM_BIN, UP },
  { "otimes", "⊗", ATOM_BIN, UP }, { "oplus", "⊕", ATOM_BIN, UP }, { "cap", "∩", ATOM_BIN, UP }, { "cup", "∪", ATOM_BIN, UP },
  { "setminus", "∖", ATOM_BIN, UP },
  { "le", "≤", ATOM_REL, UP }, { "leq", "≤", ATOM_REL, UP }, { "ge", "≥", ATOM_REL, UP }, { "geq", "≥", ATOM_REL, UP },
  { "ne", "≠", ATOM_REL, UP }, { "neq", "≠", ATOM_REL, UP }, { "approx", "≈", ATOM_REL, UP }, { "sim", "∼", ATOM_REL, UP },
  { "simeq", "≃", ATOM_REL, UP }, { "equiv", "≡", ATOM_REL, UP }, { "propto", "∝", ATOM_REL, UP }, { "ll", "≪", ATOM_REL, UP },
  { "gg", "≫", ATOM_REL, UP }, { "to", "→", ATOM_REL, UP }, { "rightarrow", "→", ATOM_REL, UP },
  { "leftarrow", "←", ATOM_REL, UP }, { "mapsto", "↦", ATOM_REL, UP }, { "Rightarrow", "⇒", ATOM_REL, UP },
  { "in", "∈", ATOM_REL, UP }, { "notin", "∉", ATOM_REL, UP }, { "subset", "⊂", ATOM_REL, UP }, { "mid", "∣", ATOM_REL, UP },
  { "parallel", "∥", ATOM_REL, UP }, { "perp", "⊥", ATOM_REL, UP },
  /* By name, the double bar of KL(Q || P) stands between two things and takes a relation's space. */
  { "Vert", "‖", ATOM_REL, UP }, { "|", "‖", ATOM_ORD, UP }, { "vert", "|", ATOM_ORD, UP },
  { "lVert", "‖", ATOM_OPEN, UP }, { "rVert", "‖", ATOM_CLOSE, UP }, { "lvert", "|", ATOM_OPEN, UP },
  { "rvert", "|", ATOM_CLOSE, UP }, { "langle", "⟨", ATOM_OPEN, UP }, { "rangle", "⟩", ATOM_CLOSE, UP },
  { "{", "{", ATOM_OPEN, UP }, { "}", "}", ATOM_CLOSE, UP }, { "lfloor", "⌊", ATOM_OPEN, UP }, { "rfloor", "⌋", ATOM_CLOSE, UP },
  { "sum", "∑", ATOM_OP, UP }, { "prod", "∏", ATOM_OP, UP }, { "int", "∫", ATOM_OP, UP },
  { "log", "log", ATOM_OP, UP }, { "ln", "ln", ATOM_OP, UP }, { "exp", "exp", ATOM_OP, UP }, { "min", "min", ATOM_OP, UP },
  { "max", "max", ATOM_OP, UP }, { "sup", "sup", ATOM_OP, UP }, { "inf", "inf", ATOM_OP, UP }, { "det", "det", ATOM_OP, UP },
  { "dim", "dim", ATOM_OP, UP }, { "tr", "tr", ATOM_OP, UP }, { "arg", "arg", ATOM_OP, UP }, { "sin", "sin", ATOM_OP, UP },
  { "cos", "cos", ATOM_OP, UP }, { "tan", "tan", ATOM_OP, UP }, { "tanh", "tanh", ATOM_OP, UP }, { "lim", "lim", ATOM_OP, UP },
  { "Pr", "Pr", ATOM_OP, UP }, { "diag", "diag", ATOM_OP, UP }, { "KL", "KL", ATOM_OP, UP }, { "rank", "rank", ATOM_OP, UP },
};

const FormulaSymbol *
formula_symbol_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (symbols); i++)
    if (strcmp (symbols[i].name, name) == 0)
      return &symbols[i];

  return NULL;
}

/* Unicode put some of these letters among the letterlike symbols, where they had been before the others came. */
static const char *const script_capitals[26] = {
  "𝒜", "ℬ", "𝒞", "𝒟", "ℰ", "ℱ", "𝒢", "ℋ", "ℐ", "𝒥", "𝒦", "ℒ", "ℳ",
  "𝒩", "𝒪", "𝒫", "𝒬", "ℛ", "𝒮", "𝒯", "𝒰", "𝒱", "𝒲", "𝒳", "𝒴", "𝒵",
};

static const char *const double_capitals[26] = {
  "𝔸", "𝔹", "ℂ", "𝔻", "𝔼", "𝔽", "𝔾", "ℍ", "𝕀", "𝕁", "𝕂", "𝕃", "𝕄",
  "ℕ", "𝕆", "ℙ", "ℚ", "ℝ", "𝕊", "𝕋", "𝕌", "𝕍", "𝕎", "𝕏", "𝕐", "ℤ",
};

const char *
formula_letter_script (char letter)
{
  return letter >= 'A' && letter <= 'Z' ? script_capitals[letter - 'A'] : NULL;
}

const char *
formula_letter_double (char letter)
{
  if (letter == '1')
    return "𝟙";
  return letter >= 'A' && letter <= 'Z' ? double_capitals[letter - 'A'] : NULL;
}
