/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "plot-private.h"

/* Classes of atoms decide the space between them (Knuth, The TeXbook, chapter 18). */
typedef enum
{
  ATOM_ORD,
  ATOM_OP,
  ATOM_BIN,
  ATOM_REL,
  ATOM_OPEN,
  ATOM_CLOSE,
  ATOM_PUNCT,
  ATOM_INNER,
  ATOM_NONE,
} AtomClass;

typedef struct
{
  const char *name;
  const char *text;
  AtomClass   atom;
  HeftFont    font;
} FormulaSymbol;

const FormulaSymbol *formula_symbol_find   (const char *name);
/* Letters of \mathcal and \mathbb, as Unicode has them; NULL where it has none. */
const char          *formula_letter_script (char letter);
const char          *formula_letter_double (char letter);
