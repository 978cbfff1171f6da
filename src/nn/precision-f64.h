/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sets up the names of a template in double precision; undone by precision-end.h. */
#define REAL double
#define NAME(name) name##_f64
#define MATH(function) function
#define PASS(name) heft_pass_f64_##name
#define Pass HeftPassF64
#define PassStruct struct _HeftPassF64
