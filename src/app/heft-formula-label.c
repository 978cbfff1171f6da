/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-formula-label"

#include "config.h"

#include "heft-formula-label.h"

#include <heft/plot.h>


/* What Pango sees in place of a formula. */
#define OBJECT_REPLACEMENT "\xef\xbf\xbc"
/* Lines longer than this are hard to read, where the label may choose. */
#define READABLE_WIDTH 420
/* A label that does not wrap keeps this much beside a control that could be narrower. */
#define LEAST_WIDTH 118

typedef struct
{
  char *text;            /* with its dollar signs */
  int   index;           /* byte offset of the replacement character in the layout's text */
} Formula;

struct _HeftFormulaLabel
{
  GtkWidget    parent_instance;

  char        *label;
  char        *plain;     /* the label without formulas, as Pango lays it out */
  GArray      *formulas;  /* Formula */
  PangoLayout *layout;
  double       font_size; /* of the formulas, pixels */
  int          lines;
  int          tallest;    /* line of a text so far: the script's font may be higher than that of Latin letters */
  gboolean     wrap;
};

G_DEFINE_FINAL_TYPE (HeftFormulaLabel, heft_formula_label, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_LABEL, PROP_WRAP, PROP_LINES, N_PROPS };
static GParamSpec *properties[N_PROPS];

static void
formula_clear (gpointer data)
{
  Formula *formula = data;
  g_clear_pointer (&formula->text, g_free);
}

/* Splits the label at its dollar signs; an unpaired one stands for itself. */
static void
split_label (HeftFormulaLabel *self)
{
  g_autoptr(GString) plain = g_string_new (NULL);
  const char *p = self->label != NULL ? self->label : "";

  g_array_set_size (self->formulas, 0);
  while (*p != '\0')
    {
      const char *open = strchr (p, '$');
      const char *close = open != NULL ? strchr (open + 1, '$') : NULL;
      Formula formula = { NULL, 0 };

      if (close == NULL)
        {
          g_string_append (plain, p);
          break;
        }
      g_string_append_len (plain, p, open - p);
      formula.text = g_strndup (open, close - open + 1);
      formula.index = (int) plain->len;
      g_array_append_val (self->formulas, formula);
      g_string_append (plain, OBJECT_REPLACEMENT);
      p = close + 1;
    }
  g_free (self->plain);
  self->plain = g_strdup (plain->str);
}

static double
font_size_in_pixels (GtkWidget *widget)
{
  PangoContext *context = gtk_widget_get_pango_context (widget);
  const PangoFontDescription *font = pango_context_get_font_description (context);
  double size = pango_font_description_get_size (font) / (double) PANGO_SCALE;

  if (!pango_font_description_get_size_is_absolute (font))
    {
      double resolution = pango_cairo_context_get_resolution (context);
      size *= (resolution > 0 ? resolution : 96.0) / 72.0;
    }
  return size > 0 ? size : 13.0;
}

static void
ensure_layout (HeftFormulaLabel *self)
{
  PangoAttrList *attributes;

  if (self->layout != NULL)
    return;

  self->font_size = font_size_in_pixels (GTK_WIDGET (self));
  self->layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), self->plain);
  attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  for (guint i = 0; i < self->formulas->len; i++)
    {
      Formula *formula = &g_array_index (self->formulas, Formula, i);
      double width, ascent, descent;
      PangoRectangle box;
      PangoAttribute *shape;

      heft_text_measure (formula->text, self->font_size, &width, &ascent, &descent);
      box.x = 0;
      box.y = (int) (-ascent * PANGO_SCALE);
      box.width = (int) (width * PANGO_SCALE);
      box.height = (int) ((ascent + descent) * PANGO_SCALE);
      shape = pango_attr_shape_new (&box, &box);
      shape->start_index = (guint) formula->index;
      shape->end_index = (guint) formula->index + strlen (OBJECT_REPLACEMENT);
      pango_attr_list_insert (attributes, shape);
    }
  pango_layout_set_attributes (self->layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_set_wrap (self->layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize (self->layout, PANGO_ELLIPSIZE_END);
}

static void
clear_layout (HeftFormulaLabel *self)
{
  g_clear_object (&self->layout);
}

/* Height of a line of words and formulas, so that reserved lines hold either. */
static int
line_height (HeftFormulaLabel *self)
{
  g_autoptr(PangoLayout) probe = gtk_widget_create_pango_layout (GTK_WIDGET (self), "X");
  int height;

  pango_layout_get_pixel_size (probe, NULL, &height);
  return MAX (height, self->tallest);
}

/* Whether the text on show asks for higher lines than are reserved. */
static gboolean
grow_lines (HeftFormulaLabel *self)
{
  int height, reserved = line_height (self);

  ensure_layout (self);
  pango_layout_set_width (self->layout, -1);
  pango_layout_get_pixel_size (self->layout, NULL, &height);
  self->tallest = MAX (self->tallest, height);
  return height > reserved;
}

static void
set_layout_width (HeftFormulaLabel *self, int width)
{
  pango_layout_set_width (self->layout, width < 0 ? -1 : width * PANGO_SCALE);
  if (!self->wrap)
    pango_layout_set_height (self->layout, -1);
  else
    pango_layout_set_height (self->layout, self->lines > 0 ? -self->lines : G_MAXINT / 2);
}

static void
heft_formula_label_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                            int *minimum_baseline, int *natural_baseline)
{
  HeftFormulaLabel *self = HEFT_FORMULA_LABEL (widget);
  int width, height;

  ensure_layout (self);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      set_layout_width (self, -1);
      pango_layout_get_pixel_size (self->layout, &width, NULL);
      *natural = self->wrap ? MIN (width, READABLE_WIDTH) : width;
      *minimum = MIN (width, self->wrap ? 60 : LEAST_WIDTH);
      return;
    }

  set_layout_width (self, for_size);
  pango_layout_get_pixel_size (self->layout, NULL, &height);
  if (self->lines > 0)
    {
      grow_lines (self);
      set_layout_width (self, for_size);
      height = MAX (height, self->lines * line_height (self));
    }
  *minimum = *natural = height;
  if (!self->wrap)
    *minimum_baseline = *natural_baseline = pango_layout_get_baseline (self->layout) / PANGO_SCALE;
}

static double
baseline_of_line (PangoLayout *layout, int line)
{
  PangoLayoutIter *iter = pango_layout_get_iter (layout);
  double baseline;

  while (line-- > 0 && pango_layout_iter_next_line (iter))
    ;
  baseline = pango_layout_iter_get_baseline (iter) / (double) PANGO_SCALE;
  pango_layout_iter_free (iter);
  return baseline;
}

/* Whether the ellipsis has not swallowed the formula. */
static gboolean
is_shown (PangoLayout *layout, int index)
{
  PangoRectangle at;

  if (!pango_layout_is_ellipsized (layout))
    return TRUE;
  pango_layout_index_to_pos (layout, index, &at);
  return at.width != 0;
}

static void
heft_formula_label_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeftFormulaLabel *self = HEFT_FORMULA_LABEL (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget), text_height;
  GdkRGBA colour;
  double y = 0;

  if (width <= 0 || height <= 0)
    return;
  ensure_layout (self);
  set_layout_width (self, width);
  pango_layout_get_pixel_size (self->layout, NULL, &text_height);
  if (self->lines == 0)
    y = (height - text_height) / 2;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);

  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (0, (float) y));
  gtk_snapshot_append_layout (snapshot, self->layout, &colour);
  if (self->formulas->len > 0)
    {
      cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, -2, (float) width, (float) height + 4));

      gdk_cairo_set_source_rgba (cr, &colour);
      for (guint i = 0; i < self->formulas->len; i++)
        {
          const Formula *formula = &g_array_index (self->formulas, Formula, i);
          int line, x;

          pango_layout_index_to_line_x (self->layout, formula->index, FALSE, &line, &x);
          if (!is_shown (self->layout, formula->index))
            continue;
          heft_text_paint (formula->text, self->font_size, cr, x / (double) PANGO_SCALE, baseline_of_line (self->layout, line));
        }
      cairo_destroy (cr);
    }
  gtk_snapshot_restore (snapshot);
}

static GtkSizeRequestMode
heft_formula_label_get_request_mode (GtkWidget *widget)
{
  return HEFT_FORMULA_LABEL (widget)->wrap ? GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH : GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
heft_formula_label_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (heft_formula_label_parent_class)->css_changed (widget, change);
  HEFT_FORMULA_LABEL (widget)->tallest = 0;
  clear_layout (HEFT_FORMULA_LABEL (widget));
  gtk_widget_queue_resize (widget);
}

static void
heft_formula_label_system_setting_changed (GtkWidget *widget, GtkSystemSetting setting)
{
  GTK_WIDGET_CLASS (heft_formula_label_parent_class)->system_setting_changed (widget, setting);
  clear_layout (HEFT_FORMULA_LABEL (widget));
  gtk_widget_queue_resize (widget);
}

static void
heft_formula_label_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  HeftFormulaLabel *self = HEFT_FORMULA_LABEL (object);

  switch (id)
    {
    case PROP_LABEL: g_value_set_string (value, self->label); break;
    case PROP_WRAP: g_value_set_boolean (value, self->wrap); break;
    case PROP_LINES: g_value_set_int (value, self->lines); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
heft_formula_label_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  HeftFormulaLabel *self = HEFT_FORMULA_LABEL (object);

  switch (id)
    {
    case PROP_LABEL: heft_formula_label_set_label (self, g_value_get_string (value)); break;
    case PROP_WRAP: heft_formula_label_set_wrap (self, g_value_get_boolean (value)); break;
    case PROP_LINES: heft_formula_label_set_lines (self, g_value_get_int (value)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
heft_formula_label_dispose (GObject *object)
{
  clear_layout (HEFT_FORMULA_LABEL (object));
  G_OBJECT_CLASS (heft_formula_label_parent_class)->dispose (object);
}

static void
heft_formula_label_finalize (GObject *object)
{
  HeftFormulaLabel *self = HEFT_FORMULA_LABEL (object);

  g_free (self->label);
  g_free (self->plain);
  g_array_unref (self->formulas);
  G_OBJECT_CLASS (heft_formula_label_parent_class)->finalize (object);
}

static void
heft_formula_label_class_init (HeftFormulaLabelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_formula_label_dispose;
  object_class->finalize = heft_formula_label_finalize;
  object_class->get_property = heft_formula_label_get_property;
  object_class->set_property = heft_formula_label_set_property;
  widget_class->css_changed = heft_formula_label_css_changed;
  widget_class->get_request_mode = heft_formula_label_get_request_mode;
  widget_class->measure = heft_formula_label_measure;
  widget_class->snapshot = heft_formula_label_snapshot;
  widget_class->system_setting_changed = heft_formula_label_system_setting_changed;

  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_WRAP] = g_param_spec_boolean ("wrap", NULL, NULL, FALSE,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_LINES] = g_param_spec_int ("lines", NULL, NULL, 0, 20, 0,
                                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gtk_widget_class_set_css_name (widget_class, "label");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LABEL);
}

static void
heft_formula_label_init (HeftFormulaLabel *self)
{
  self->formulas = g_array_new (FALSE, FALSE, sizeof (Formula));
  g_array_set_clear_func (self->formulas, formula_clear);
  self->plain = g_strdup ("");
}

GtkWidget *
heft_formula_label_new (const char *label)
{
  return g_object_new (HEFT_TYPE_FORMULA_LABEL, "label", label, NULL);
}

const char *
heft_formula_label_get_label (HeftFormulaLabel *self)
{
  g_return_val_if_fail (HEFT_IS_FORMULA_LABEL (self), NULL);
  return self->label;
}

void
heft_formula_label_set_label (HeftFormulaLabel *self, const char *label)
{
  g_autofree char *spoken = NULL;

  g_return_if_fail (HEFT_IS_FORMULA_LABEL (self));
  if (g_strcmp0 (self->label, label) == 0)
    return;

  g_free (self->label);
  self->label = g_strdup (label);
  split_label (self);
  clear_layout (self);
  spoken = heft_text_dup_plain (label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  /* With reserved lines the size hardly depends on the text. */
  if (self->lines > 0 && !grow_lines (self))
    gtk_widget_queue_draw (GTK_WIDGET (self));
  else
    gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LABEL]);
}

gboolean
heft_formula_label_get_wrap (HeftFormulaLabel *self)
{
  g_return_val_if_fail (HEFT_IS_FORMULA_LABEL (self), FALSE);
  return self->wrap;
}

void
heft_formula_label_set_wrap (HeftFormulaLabel *self, gboolean wrap)
{
  g_return_if_fail (HEFT_IS_FORMULA_LABEL (self));
  if (self->wrap == wrap)
    return;
  self->wrap = wrap;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WRAP]);
}

int
heft_formula_label_get_lines (HeftFormulaLabel *self)
{
  g_return_val_if_fail (HEFT_IS_FORMULA_LABEL (self), 0);
  return self->lines;
}

void
heft_formula_label_set_lines (HeftFormulaLabel *self, int lines)
{
  g_return_if_fail (HEFT_IS_FORMULA_LABEL (self));
  if (self->lines == lines)
    return;
  self->lines = lines;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LINES]);
}
