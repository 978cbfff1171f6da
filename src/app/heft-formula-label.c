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
/* Rather than lose its end a text is written this much smaller, in steps. */
#define SMALLEST_SCALE 0.75
#define SCALE_STEP 0.05
#define NO_BREAK_SPACE "\xc2\xa0"
#define WORD_JOINER "\xe2\x81\xa0"

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
  PangoLayout *layout;    /* at full size: what the widget asks for */
  PangoLayout *shown;     /* what it paints, at @scale for @shown_width */
  double       scale;
  int          shown_width;
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

/* Whether a line may not break at a space: between a number and its unit, around a times sign and before a number behind an equals sign. */
static gboolean
is_bound (const char *start, const char *space)
{
  const char *after = space + 1;

  if (space == start)
    return FALSE;
  if (g_ascii_isdigit (space[-1]))
    return *after == '%' || g_str_has_prefix (after, "×") || g_str_has_prefix (after, "nat");
  return (space[-1] == '=' && g_ascii_isdigit (*after)) || (space - start >= 2 && g_str_has_prefix (space - 2, "×"));
}

/* Korean breaks its lines between words, as the languages around it do, and not between syllables. */
static void
append_words (GString *plain, const char *words, gsize length)
{
  for (const char *p = words; p < words + length; p = g_utf8_next_char (p))
    {
      if (*p == ' ' && is_bound (words, p))
        {
          g_string_append (plain, NO_BREAK_SPACE);
          continue;
        }
      if (g_unichar_get_script (g_utf8_get_char (p)) == G_UNICODE_SCRIPT_HANGUL && plain->len > 0 && plain->str[plain->len - 1] != ' ')
        g_string_append (plain, WORD_JOINER);
      g_string_append_len (plain, p, (gssize) (g_utf8_next_char (p) - p));
    }
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
          append_words (plain, p, strlen (p));
          break;
        }
      append_words (plain, p, (gsize) (open - p));
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

static PangoLayout *
make_layout (HeftFormulaLabel *self, double scale)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), self->plain);
  PangoAttrList *attributes = pango_attr_list_new ();
  double font_size = scale * font_size_in_pixels (GTK_WIDGET (self));

  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  if (scale < 1)
    pango_attr_list_insert (attributes, pango_attr_scale_new (scale));
  for (guint i = 0; i < self->formulas->len; i++)
    {
      Formula *formula = &g_array_index (self->formulas, Formula, i);
      double width, ascent, descent;
      PangoRectangle box;
      PangoAttribute *shape;

      heft_text_measure (formula->text, font_size, &width, &ascent, &descent);
      box.x = 0;
      box.y = (int) (-ascent * PANGO_SCALE);
      box.width = (int) (width * PANGO_SCALE);
      box.height = (int) ((ascent + descent) * PANGO_SCALE);
      shape = pango_attr_shape_new (&box, &box);
      shape->start_index = (guint) formula->index;
      shape->end_index = (guint) formula->index + strlen (OBJECT_REPLACEMENT);
      pango_attr_list_insert (attributes, shape);
    }
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  return layout;
}

static void
ensure_layout (HeftFormulaLabel *self)
{
  if (self->layout == NULL)
    self->layout = make_layout (self, 1);
}

static void
clear_layout (HeftFormulaLabel *self)
{
  g_clear_object (&self->layout);
  g_clear_object (&self->shown);
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
set_layout_width (HeftFormulaLabel *self, PangoLayout *layout, int width)
{
  pango_layout_set_width (layout, width < 0 ? -1 : width * PANGO_SCALE);
  if (!self->wrap)
    pango_layout_set_height (layout, -1);
  else
    pango_layout_set_height (layout, self->lines > 0 ? -self->lines : G_MAXINT / 2);
}

double
heft_formula_label_fit (HeftFormulaLabel *self, int width)
{
  g_return_val_if_fail (HEFT_IS_FORMULA_LABEL (self), 1);

  if (self->shown != NULL && self->shown_width == width)
    return self->scale;
  /* In one width a sentence whose numbers change does not change its size back and forth. */
  if (self->shown_width != width)
    self->scale = 1;
  self->shown_width = width;
  for (;;)
    {
      g_clear_object (&self->shown);
      self->shown = make_layout (self, self->scale);
      set_layout_width (self, self->shown, width);
      if (!pango_layout_is_ellipsized (self->shown) || self->scale < SMALLEST_SCALE + SCALE_STEP / 2)
        return self->scale;
      self->scale -= SCALE_STEP;
    }
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
      set_layout_width (self, self->layout, -1);
      pango_layout_get_pixel_size (self->layout, &width, NULL);
      *natural = self->wrap ? MIN (width, READABLE_WIDTH) : width;
      *minimum = MIN (width, self->wrap ? 60 : LEAST_WIDTH);
      return;
    }

  set_layout_width (self, self->layout, for_size);
  pango_layout_get_pixel_size (self->layout, NULL, &height);
  if (self->lines > 0)
    {
      grow_lines (self);
      set_layout_width (self, self->layout, for_size);
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

/* Whether the ellipsis has not swallowed the formula: it stands for every character of its run. */
static gboolean
is_shown (PangoLayout *layout, int index)
{
  PangoLayoutIter *iter;
  gboolean shown = FALSE;

  if (!pango_layout_is_ellipsized (layout))
    return TRUE;
  iter = pango_layout_get_iter (layout);
  do
    {
      PangoLayoutRun *run = pango_layout_iter_get_run_readonly (iter);

      if (run != NULL && index >= run->item->offset && index < run->item->offset + run->item->length)
        shown = (run->item->analysis.flags & PANGO_ANALYSIS_FLAG_IS_ELLIPSIS) == 0;
    }
  while (pango_layout_iter_next_run (iter));
  pango_layout_iter_free (iter);
  return shown;
}

static void
heft_formula_label_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeftFormulaLabel *self = HEFT_FORMULA_LABEL (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget), text_height;
  GdkRGBA colour;
  double y = 0, font_size;

  if (width <= 0 || height <= 0)
    return;
  heft_formula_label_fit (self, width);
  font_size = self->scale * font_size_in_pixels (widget);
  pango_layout_get_pixel_size (self->shown, NULL, &text_height);
  if (self->lines == 0)
    y = (height - text_height) / 2;
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);

  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (0, (float) y));
  gtk_snapshot_append_layout (snapshot, self->shown, &colour);
  if (self->formulas->len > 0)
    {
      cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, -2, (float) width, (float) height + 4));

      gdk_cairo_set_source_rgba (cr, &colour);
      for (guint i = 0; i < self->formulas->len; i++)
        {
          const Formula *formula = &g_array_index (self->formulas, Formula, i);
          int line, x;

          pango_layout_index_to_line_x (self->shown, formula->index, FALSE, &line, &x);
          if (!is_shown (self->shown, formula->index))
            continue;
          heft_text_paint (formula->text, font_size, cr, x / (double) PANGO_SCALE, baseline_of_line (self->shown, line));
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
  HEFT_FORMULA_LABEL (widget)->shown_width = -1;
  clear_layout (HEFT_FORMULA_LABEL (widget));
  gtk_widget_queue_resize (widget);
}

static void
heft_formula_label_system_setting_changed (GtkWidget *widget, GtkSystemSetting setting)
{
  GTK_WIDGET_CLASS (heft_formula_label_parent_class)->system_setting_changed (widget, setting);
  HEFT_FORMULA_LABEL (widget)->shown_width = -1;
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
  self->scale = 1;
  self->shown_width = -1;
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

  /* Numbers that change leave the size alone; another sentence chooses its own. */
  if (self->label == NULL || label == NULL || strlen (label) < 3 * strlen (self->label) / 4)
    self->shown_width = -1;
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
  clear_layout (self);
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
  clear_layout (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LINES]);
}
