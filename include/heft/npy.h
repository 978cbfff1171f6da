/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HEFT_ARRAY_MAX_DIMENSIONS 8

typedef enum
{
  HEFT_ELEMENT_BYTE,     /* guint8 */
  HEFT_ELEMENT_FLOAT,
  HEFT_ELEMENT_DOUBLE,
} HeftElement;

/**
 * HeftArray:
 * @n_dimensions: 0 (a scalar) to HEFT_ARRAY_MAX_DIMENSIONS
 * @shape: extents, outermost first
 * @n_elements: their product
 * @data: @n_elements elements, row-major, in the machine's byte order
 *
 * An array from a NumPy file.
 */
typedef struct
{
  guint       n_dimensions;
  gsize       shape[HEFT_ARRAY_MAX_DIMENSIONS];
  gsize       n_elements;
  HeftElement element;
  GBytes     *data;
} HeftArray;

void heft_array_clear (HeftArray *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftArray, heft_array_clear)

/* Element @i of the flattened array. */
double heft_array_get (const HeftArray *self, gsize i);

/**
 * heft_npy_load:
 * @path: a .npy file, version 1, 2 or 3, plain or gzip
 * @array: (out caller-allocates): what it holds
 *
 * Reads booleans and unsigned bytes as bytes, single-precision numbers as floats, and double precision and every other kind of
 * integer as doubles (integers beyond 2^53, which a double cannot hold, are refused). Arrays in Fortran order are turned.
 *
 * Returns: FALSE with @error (file, place, remedy)
 */
gboolean heft_npy_load (const char *path, HeftArray *array, GError **error);

/**
 * heft_npy_save:
 * @n_dimensions: at most HEFT_ARRAY_MAX_DIMENSIONS
 * @data: elements of @element in row-major order
 *
 * Writes a version 1 .npy file, atomically: @path holds the old file or the new one.
 */
gboolean heft_npy_save (const char *path, HeftElement element, guint n_dimensions, const gsize *shape,
                        gconstpointer data, GError **error);

G_END_DECLS
