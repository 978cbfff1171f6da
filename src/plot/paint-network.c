/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot"

#include "config.h"

#include "plot-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Networks: from top to bottom a block a line, drawn to scale beside its name, its output's shape and its parameters. */

/* Sheets that stand for the channels of an image. */
#define MOST_SHEETS 5

typedef struct
{
  const HeftLayout *layout;
  HeftCanvas       *canvas;
  const GPtrArray  *blocks;
  double            f, step, top;      /* letters, a line's height, the first block's line */
  double            left, right;
  double            column;            /* middle of the drawings */
  double            tallest, longest;  /* image side and flat vector of the network, which all others are drawn against */
} Drawing;

static double
middle_of (const Drawing *self, guint i)
{
  return self->top + (i + 0.5) * self->step;
}

static gboolean
is_image (const HeftShape *shape)
{
  return shape->height > 1 || shape->width > 1;
}

static void
find_scale (Drawing *self)
{
  for (guint i = 0; i < self->blocks->len; i++)
    {
      const HeftBlock *block = g_ptr_array_index (self->blocks, i);

      if (is_image (&block->size))
        self->tallest = MAX (self->tallest, (double) MAX (block->size.height, block->size.width));
      else
        self->longest = MAX (self->longest, (double) block->size.channels);
    }
}

static void
get_colours (const Drawing *self, const HeftBlock *block, HeftRgba *fill, HeftStroke *stroke)
{
  const HeftPalette *palette = &self->layout->palette;
  HeftMark mark = { .quantity = HEFT_QUANTITY_LAYER, .index = MAX (block->layer, 0) };

  stroke->colour = block->layer >= 0 ? heft_mark_style (&mark, palette).colour : palette->dim;
  stroke->width = 0.09 * self->f;
  *fill = heft_rgba_mix (stroke->colour, palette->background, block->layer >= 0 ? 0.45 : 0.78);
}

/* Half of what a block's drawing takes above and below the middle of its line. */
static double
half_height (const Drawing *self, const HeftBlock *block)
{
  if (block->size.channels == 0)
    return 0.0;
  if (!is_image (&block->size))
    return 0.26 * self->f;

  return 0.5 * self->step * 0.78 * MAX (0.3, sqrt ((double) block->size.height / self->tallest));
}

/* Channels as sheets one behind the other: more of them for more channels, each as large as the image it holds. */
static void
paint_sheets (const Drawing *self, const HeftBlock *block, double y)
{
  HeftStroke stroke = { .n_dash = 0 };
  HeftRgba fill;
  double height = 2 * half_height (self, block), shift = 0.19 * self->f;
  double width = height * (double) block->size.width / (double) MAX (block->size.height, 1);
  int n = CLAMP ((int) round (1 + 0.8 * log2 ((double) block->size.channels)), 1, MOST_SHEETS);

  width = CLAMP (width, 0.3 * self->f, 2.4 * self->f);
  get_colours (self, block, &fill, &stroke);
  for (int k = 0; k < n; k++)
    {
      HeftRect sheet = { self->column - width / 2 + (k - 0.5 * (n - 1)) * shift, y - height / 2, width, height };

      self->canvas->klass->rectangle (self->canvas, &sheet, 0.0, &fill, &stroke);
    }
}

static void
paint_bar (const Drawing *self, const HeftBlock *block, double y)
{
  HeftStroke stroke = { .n_dash = 0 };
  HeftRgba fill;
  double share = log2 (1.0 + (double) block->size.channels) / log2 (1.0 + MAX (self->longest, 1.0));
  HeftRect bar = { .y = y - half_height (self, block), .width = MAX (3.6 * share, 0.52) * self->f,
                   .height = 2 * half_height (self, block) };

  get_colours (self, block, &fill, &stroke);
  bar.x = self->column - bar.width / 2;
  self->canvas->klass->rectangle (self->canvas, &bar, bar.height / 2, &fill, &stroke);
}

/* What goes on past the layers of a residual block, and comes back where it is added. */
static void
paint_shortcut (const Drawing *self, const HeftBlock *block, guint i, const HeftStroke *stroke)
{
  double x = self->left + 0.1 * self->f, start = middle_of (self, (guint) block->from) + 0.5 * self->step;
  double y = middle_of (self, i), inner = self->column - 1.6 * self->f, tip = inner + 0.1 * self->f;
  double path[] = { self->column, start, x, start, x, y, inner, y };
  double head[] = { tip, y, tip - 0.5 * self->f, y - 0.28 * self->f, tip - 0.5 * self->f, y + 0.28 * self->f };

  self->canvas->klass->polyline (self->canvas, path, 4, stroke);
  self->canvas->klass->polygon (self->canvas, head, 3, &stroke->colour, NULL);
}

static void
paint_flow (const Drawing *self)
{
  HeftStroke stroke = { .colour = self->layout->palette.axis, .width = 0.09 * self->f };

  for (guint i = 0; i + 1 < self->blocks->len; i++)
    {
      const HeftBlock *above = g_ptr_array_index (self->blocks, i), *below = g_ptr_array_index (self->blocks, i + 1);
      double xy[] = { self->column, middle_of (self, i) + half_height (self, above),
                      self->column, middle_of (self, i + 1) - half_height (self, below) };

      if (!below->sum)
        self->canvas->klass->polyline (self->canvas, xy, 2, &stroke);
    }
  for (guint i = 0; i < self->blocks->len; i++)
    {
      const HeftBlock *block = g_ptr_array_index (self->blocks, i);

      if (block->from >= 0)
        paint_shortcut (self, block, i, &stroke);
    }
}

/* Right-aligned at @right; returns the width. */
static double
show_right (const Drawing *self, const char *text, double right, double y, double size, HeftTextFlags flags, const HeftRgba *colour)
{
  g_autoptr (HeftBox) box = heft_text_layout (self->layout->fonts, text, size, flags);

  self->canvas->klass->text (self->canvas, box, right - box->width, y, 0.0, colour);

  return box->width;
}

static double
widest (const Drawing *self, const char *heading, gboolean parameters)
{
  g_autoptr (HeftBox) head = heft_text_layout (self->layout->fonts, heading, 0.86 * self->f, HEFT_TEXT_PLAIN);
  double width = head->width;

  for (guint i = 0; i < self->blocks->len; i++)
    {
      const HeftBlock *block = g_ptr_array_index (self->blocks, i);
      const char *text = parameters ? block->parameters : block->shape;
      g_autoptr (HeftBox) box = heft_text_layout (self->layout->fonts, text != NULL ? text : "", self->f,
                                                  block->sum ? HEFT_TEXT_BOLD : HEFT_TEXT_PLAIN);

      width = MAX (width, box->width);
    }

  return width;
}

static void
paint_texts (const Drawing *self)
{
  const HeftPalette *palette = &self->layout->palette;
  const char *shape_heading = _("Output"), *parameter_heading = _("Parameters");
  double gap = 0.7 * self->f, parameters = self->right, baseline = 0.36 * self->f;
  double shapes = parameters - widest (self, parameter_heading, TRUE) - gap;
  double label = self->column + 2.4 * self->f, room = shapes - widest (self, shape_heading, FALSE) - gap - label;
  double heading = self->top - 0.5 * self->step + baseline;
  HeftStroke rule = { .colour = palette->grid, .width = 0.8 };

  show_right (self, shape_heading, shapes, heading, 0.86 * self->f, HEFT_TEXT_PLAIN, &palette->dim);
  show_right (self, parameter_heading, parameters, heading, 0.86 * self->f, HEFT_TEXT_PLAIN, &palette->dim);
  for (guint i = 0; i < self->blocks->len; i++)
    {
      const HeftBlock *block = g_ptr_array_index (self->blocks, i);
      HeftTextFlags flags = block->sum ? HEFT_TEXT_BOLD : HEFT_TEXT_PLAIN;
      g_autoptr (HeftBox) text = heft_text_layout_fit (self->layout->fonts, block->label, self->f, flags, MAX (room, self->f), 0.8);
      double y = middle_of (self, i);
      double xy[] = { self->left, y - 0.5 * self->step, self->right, y - 0.5 * self->step };

      self->canvas->klass->text (self->canvas, text, label, y + baseline, 0.0, &palette->ink);
      if (block->shape != NULL)
        show_right (self, block->shape, shapes, y + baseline, self->f, flags, &palette->dim);
      if (block->parameters != NULL)
        show_right (self, block->parameters, parameters, y + baseline, self->f, flags, &palette->ink);
      if (block->sum)
        self->canvas->klass->polyline (self->canvas, xy, 2, &rule);
    }
}

void
heft_paint_network (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas)
{
  const HeftRect *a = &plot->area;
  Drawing self = { .layout = layout, .canvas = canvas, .blocks = plot->plot->blocks, .tallest = 1.0, .longest = 1.0 };

  if (self.blocks->len == 0)
    return;
  self.step = MIN (a->height / (self.blocks->len + 1), 1.4 * HEFT_BLOCK_STEP * plot->font_size);
  self.f = CLAMP (self.step / HEFT_BLOCK_STEP, 4.0, 1.2 * plot->font_size);
  self.left = a->x;
  self.right = a->x + a->width;
  self.top = a->y + self.step;
  self.column = self.left + 2.5 * self.f;
  find_scale (&self);
  paint_flow (&self);
  for (guint i = 0; i < self.blocks->len; i++)
    {
      const HeftBlock *block = g_ptr_array_index (self.blocks, i);

      if (block->size.channels == 0)
        continue;
      if (is_image (&block->size))
        paint_sheets (&self, block, middle_of (&self, i));
      else
        paint_bar (&self, block, middle_of (&self, i));
    }
  paint_texts (&self);
}
