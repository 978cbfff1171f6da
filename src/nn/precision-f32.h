/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sets up the names of a template in single precision; undone by precision-end.h. */
#define REAL float
#define NAME(name) name##_f32
#define MATH(function) function##f
#define PASS(name) heft_pass_f32_##name
#define Pass HeftPassF32
#define PassStruct struct _HeftPassF32
