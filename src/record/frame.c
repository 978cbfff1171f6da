/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-record"

#include "config.h"

#include <string.h>

#include "record/frame-private.h"

struct _HeftFrame
{
  gint       ref_count;
  char      *id;
  guint64    step;
  GPtrArray *items;         /* HeftFrameItem, in the order they were set */
  GPtrArray *array_names;   /* borrowed from the items, NULL-terminated */
};

static void
frame_item_free (gpointer data)
{
  HeftFrameItem *item = data;

  g_free (item->name);
  g_free (item->text);
  g_free (item->values);
  g_free (item);
}

/**
 * heft_frame_new:
 * @id: what is measured, as panels name it
 * @step: the training step it was taken at
 *
 * Returns: (transfer full): an empty frame, to be filled by its maker and then left as it is
 */
HeftFrame *
heft_frame_new (const char *id, guint64 step)
{
  HeftFrame *self = g_new0 (HeftFrame, 1);

  g_atomic_int_set (&self->ref_count, 1);
  self->id = g_strdup (id);
  self->step = step;
  self->items = g_ptr_array_new_with_free_func (frame_item_free);
  self->array_names = g_ptr_array_new ();
  g_ptr_array_add (self->array_names, NULL);
  return self;
}

HeftFrame *
heft_frame_ref (HeftFrame *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
heft_frame_unref (HeftFrame *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_ptr_array_unref (self->array_names);
  g_ptr_array_unref (self->items);
  g_free (self->id);
  g_free (self);
}

static HeftFrameItem *
find_item (const HeftFrame *self, HeftFrameItemKind kind, const char *name)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      HeftFrameItem *item = g_ptr_array_index (self->items, i);

      if (item->kind == kind && strcmp (item->name, name) == 0)
        return item;
    }
  return NULL;
}

static HeftFrameItem *
ensure_item (HeftFrame *self, HeftFrameItemKind kind, const char *name)
{
  HeftFrameItem *item = find_item (self, kind, name);

  if (item != NULL)
    return item;
  item = g_new0 (HeftFrameItem, 1);
  item->kind = kind;
  item->name = g_strdup (name);
  g_ptr_array_add (self->items, item);
  if (kind == HEFT_FRAME_ARRAY)
    {
      g_ptr_array_insert (self->array_names, (int) self->array_names->len - 1, item->name);
    }
  return item;
}

void
heft_frame_take_array (HeftFrame *self, const char *name, gsize rows, gsize columns, double *values)
{
  HeftFrameItem *item = ensure_item (self, HEFT_FRAME_ARRAY, name);

  g_free (item->values);
  item->rows = rows;
  item->columns = columns;
  item->values = values;
}

void
heft_frame_set_array (HeftFrame *self, const char *name, gsize rows, gsize columns, const double *values)
{
  heft_frame_take_array (self, name, rows, columns, g_memdup2 (values, rows * columns * sizeof *values));
}

void
heft_frame_set_number (HeftFrame *self, const char *name, double value)
{
  ensure_item (self, HEFT_FRAME_NUMBER, name)->number = value;
}

void
heft_frame_set_text (HeftFrame *self, const char *name, const char *text)
{
  HeftFrameItem *item = ensure_item (self, HEFT_FRAME_TEXT, name);

  g_free (item->text);
  item->text = g_strdup (text);
}

/**
 * heft_frame_set_fleeting:
 *
 * Marks everything whose name begins with @prefix as belonging to this moment and machine (seconds, shares of time): it is
 * shown, but never saved or exported as data, so that files depend on the run alone.
 */
void
heft_frame_set_fleeting (HeftFrame *self, const char *prefix)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      HeftFrameItem *item = g_ptr_array_index (self->items, i);

      if (g_str_has_prefix (item->name, prefix))
        item->fleeting = TRUE;
    }
}

const char *
heft_frame_get_id (const HeftFrame *self)
{
  return self->id;
}

guint64
heft_frame_get_step (const HeftFrame *self)
{
  return self->step;
}

/**
 * heft_frame_get_array:
 *
 * Returns: (nullable): @rows x @columns values, row-major, valid as long as the frame
 */
const double *
heft_frame_get_array (const HeftFrame *self, const char *name, gsize *rows, gsize *columns)
{
  const HeftFrameItem *item = find_item (self, HEFT_FRAME_ARRAY, name);

  if (rows != NULL)
    *rows = item != NULL ? item->rows : 0;
  if (columns != NULL)
    *columns = item != NULL ? item->columns : 0;
  return item != NULL ? item->values : NULL;
}

double
heft_frame_get_number (const HeftFrame *self, const char *name, double fallback)
{
  const HeftFrameItem *item = find_item (self, HEFT_FRAME_NUMBER, name);

  return item != NULL ? item->number : fallback;
}

const char *
heft_frame_get_text (const HeftFrame *self, const char *name)
{
  const HeftFrameItem *item = find_item (self, HEFT_FRAME_TEXT, name);

  return item != NULL ? item->text : NULL;
}

const char *const *
heft_frame_get_array_names (const HeftFrame *self)
{
  return (const char *const *) self->array_names->pdata;
}

gsize
heft_frame_get_n_items (const HeftFrame *self)
{
  return self->items->len;
}

const HeftFrameItem *
heft_frame_get_item (const HeftFrame *self, gsize i)
{
  return g_ptr_array_index (self->items, i);
}
