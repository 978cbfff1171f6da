/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-plot-view"

#include "config.h"

#include "heft-plot-view.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

#include "heft-axis-limit.h"
#include "heft-format.h"
#include "heft-plot-readout.h"

/* The pointer must travel this far before a press becomes a pan. */
#define PAN_THRESHOLD 4
#define MAX_HISTORY 50
/* What painting is taken to cost, in microseconds, until it has been measured. */
#define COST_UNKNOWN 6000

/* The axes as the figure came. */
typedef struct
{
  gboolean x_automatic, y_automatic;
  double   x0, x1, y0, y1;
} Original;

struct _HeftPlotView
{
  GtkWidget   parent_instance;

  HeftFigure *figure;
  GArray     *originals;     /* Original, one a plot */
  HeftPlotState *state;      /* what the user has zoomed and hidden */
  GPtrArray  *history;       /* GArray of HeftPlotRange: earlier views, then later ones */
  guint       history_at;

  cairo_surface_t *picture;  /* the figure as last painted */
  int         picture_width, picture_height, picture_scale;
  gboolean    picture_dark, picture_contrast;
  guint       patience;
  guint       repaint;       /* timeout that paints for a new size */
  gint64      cost;

  char       *guide_label;   /* x label of the axis the guide belongs to */
  double      guide_x;
  double      pointer_x, pointer_y;
  gboolean    hovering;

  HeftPlotRange pan_from;
  gsize       pan_plot;
  HeftPlotArea pan_area;
  gboolean    panning;
  double      pinch;

  GtkWidget  *limit;         /* popover that asks for an end of an axis, or NULL */
  gsize       limit_plot;
  int         limit_end;     /* AxisEnd */
};

/* An end of an axis, that is the numbers on that side of it. */
typedef enum { NO_END, X_MINIMUM, X_MAXIMUM, Y_MINIMUM, Y_MAXIMUM } AxisEnd;

G_DEFINE_FINAL_TYPE (HeftPlotView, heft_plot_view, GTK_TYPE_WIDGET)

enum { GUIDE_MOVED, ZOOMED, N_SIGNALS };
static guint signals[N_SIGNALS];

static HeftTheme
get_theme (HeftPlotView *self)
{
  AdwStyleManager *manager = adw_style_manager_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));
  HeftTheme theme = heft_theme_screen (adw_style_manager_get_dark (manager));
  int width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));

  theme.high_contrast = adw_style_manager_get_high_contrast (manager);
  /* Larger plots are looked at from further away. */
  theme.font_size = CLAMP (10.5 + (MIN (width / 1.6, height) - 220) / 90.0, 10.5, 16.0);
  theme.title = FALSE;
  theme.caption = FALSE;
  theme.thin = TRUE;
  return theme;
}

static gboolean
get_area (HeftPlotView *self, gsize plot, HeftPlotArea *area)
{
  HeftTheme theme = get_theme (self);

  return self->figure != NULL && plot < self->figure->plots->len
         && heft_figure_get_area (self->figure, gtk_widget_get_width (GTK_WIDGET (self)),
                                  gtk_widget_get_height (GTK_WIDGET (self)), &theme, plot, area);
}

static gboolean
hit (HeftPlotView *self, double x, double y, HeftHit *result)
{
  HeftTheme theme = get_theme (self);

  return self->figure != NULL
         && heft_figure_hit (self->figure, gtk_widget_get_width (GTK_WIDGET (self)),
                             gtk_widget_get_height (GTK_WIDGET (self)), &theme, x, y, result);
}

static void
invalidate (HeftPlotView *self)
{
  g_clear_pointer (&self->picture, cairo_surface_destroy);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
remember_axes (HeftPlotView *self)
{
  g_array_set_size (self->originals, 0);
  for (guint p = 0; p < self->figure->plots->len; p++)
    {
      const HeftPlot *plot = g_ptr_array_index (self->figure->plots, p);
      Original original = { plot->x.automatic, plot->y.automatic, plot->x.minimum, plot->x.maximum,
                            plot->y.minimum, plot->y.maximum };

      g_array_append_val (self->originals, original);
    }
}

/* Puts what the user has zoomed and hidden into the figure. */
static void
apply_view (HeftPlotView *self)
{
  if (self->figure == NULL)
    return;
  for (guint p = 0; p < self->figure->plots->len; p++)
    {
      const Original *original = &g_array_index (self->originals, Original, p);
      HeftPlot *plot = g_ptr_array_index (self->figure->plots, p);

      plot->x.automatic = original->x_automatic;
      plot->y.automatic = original->y_automatic;
      plot->x.minimum = original->x0;
      plot->x.maximum = original->x1;
      plot->y.minimum = original->y0;
      plot->y.maximum = original->y1;
    }
  heft_plot_state_apply (self->state, self->figure);
}

static void
view_changed (HeftPlotView *self)
{
  apply_view (self);
  invalidate (self);
  g_signal_emit (self, signals[ZOOMED], 0);
}

/* --- Painting ---------------------------------------------------------------------------------------------------- */

static void
paint_picture (HeftPlotView *self, int width, int height, int scale, const HeftTheme *theme)
{
  gint64 start = heft_processor_time ();
  cairo_t *cr;

  g_clear_pointer (&self->picture, cairo_surface_destroy);
  self->picture = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width * scale, height * scale);
  cairo_surface_set_device_scale (self->picture, scale, scale);
  cr = cairo_create (self->picture);
  heft_figure_paint (self->figure, cr, width, height, theme);
  cairo_destroy (cr);
  self->picture_width = width;
  self->picture_height = height;
  self->picture_scale = scale;
  self->picture_dark = theme->dark;
  self->picture_contrast = theme->high_contrast;
  self->cost = heft_processor_time () - start;
}

/* Through Cairo and not as a texture: GTK's software renderer converts every pixel of a texture by way of floats. */
static void
snapshot_picture (HeftPlotView *self, GtkSnapshot *snapshot, int width, int height)
{
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));

  if (self->picture_width != width || self->picture_height != height)
    cairo_scale (cr, width / (double) self->picture_width, height / (double) self->picture_height);
  cairo_set_source_surface (cr, self->picture, 0, 0);
  cairo_paint (cr);
  cairo_destroy (cr);
}

static void
snapshot_guides (HeftPlotView *self, GtkSnapshot *snapshot, int width, int height, const HeftTheme *theme)
{
  cairo_t *cr;

  if (!isfinite (self->guide_x) && !self->hovering)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  for (gsize p = 0; p < self->figure->plots->len; p++)
    {
      HeftPlot *plot = g_ptr_array_index (self->figure->plots, p);
      HeftPlotArea area;

      if (plot->kind != HEFT_PLOT_AXES || !isfinite (self->guide_x) || g_strcmp0 (plot->x.label, self->guide_label) != 0)
        continue;
      if (get_area (self, p, &area))
        heft_plot_readout_guide (cr, plot, &area, self->guide_x, theme);
    }
  if (self->hovering)
    {
      HeftHit under;

      if (hit (self, self->pointer_x, self->pointer_y, &under) && (under.inside || under.row >= 0))
        heft_plot_readout_bubble (cr, g_ptr_array_index (self->figure->plots, under.plot), &under, self->pointer_x,
                                  self->pointer_y, width, height, theme);
    }
  cairo_destroy (cr);
}

static gboolean
repaint_cb (gpointer data)
{
  HeftPlotView *self = data;

  self->repaint = 0;
  invalidate (self);
  return G_SOURCE_REMOVE;
}

/* The old picture stands meanwhile. */
static void
repaint_later (HeftPlotView *self)
{
  if (self->picture == NULL)
    return;
  g_clear_handle_id (&self->repaint, g_source_remove);
  self->repaint = g_timeout_add (self->patience, repaint_cb, self);
}

/* While a size is still changing (a window pulled, a bar sliding in) the picture is stretched: painting six plots in every frame
 * would hold up the main loop. */
static void
heft_plot_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  HeftPlotView *self = HEFT_PLOT_VIEW (widget);

  if (self->limit != NULL)
    gtk_popover_present (GTK_POPOVER (self->limit));

  if (self->picture != NULL && (self->picture_width != width || self->picture_height != height))
    repaint_later (self);
}

static void
heft_plot_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeftPlotView *self = HEFT_PLOT_VIEW (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  int scale = gtk_widget_get_scale_factor (widget);
  HeftTheme theme;

  if (self->figure == NULL || width < 40 || height < 40)
    return;
  theme = get_theme (self);
  if (self->picture == NULL
      || (self->repaint == 0
          && (self->picture_width != width || self->picture_height != height || self->picture_scale != scale
              || self->picture_dark != theme.dark || self->picture_contrast != theme.high_contrast)))
    paint_picture (self, width, height, scale, &theme);
  snapshot_picture (self, snapshot, width, height);
  if (self->repaint != 0)
    return;
  snapshot_guides (self, snapshot, width, height, &theme);
}

static void
heft_plot_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                        int *minimum_baseline, int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : 126;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 480 : 240;
}

/* --- Zoom -------------------------------------------------------------------------------------------------------- */

static GArray *
copy_ranges (HeftPlotView *self)
{
  GArray *copy = g_array_sized_new (FALSE, TRUE, sizeof (HeftPlotRange), self->state->ranges->len);

  g_array_append_vals (copy, self->state->ranges->data, self->state->ranges->len);
  return copy;
}

/* Before the view changes: what it was can be come back to. */
static void
remember_view (HeftPlotView *self)
{
  g_ptr_array_set_size (self->history, (int) MIN (self->history_at, self->history->len));
  if (self->history->len >= MAX_HISTORY)
    g_ptr_array_remove_index (self->history, 0);
  g_ptr_array_add (self->history, copy_ranges (self));
  self->history_at = self->history->len;
}

static void
go_in_history (HeftPlotView *self, gboolean back)
{
  g_autoptr(GArray) target = NULL;

  if (back ? self->history_at == 0 : self->history_at + 1 >= self->history->len)
    return;
  if (back && self->history_at == self->history->len)
    g_ptr_array_add (self->history, copy_ranges (self));
  self->history_at = back ? self->history_at - 1 : self->history_at + 1;
  target = g_array_ref (g_ptr_array_index (self->history, self->history_at));
  g_array_set_size (self->state->ranges, 0);
  g_array_append_vals (self->state->ranges, target->data, target->len);
  view_changed (self);
}

static void
set_range (HeftPlotView *self, gsize plot, double x0, double x1, double y0, double y1)
{
  HeftPlotRange range = { TRUE, x0, x1, y0, y1 };

  if (!isfinite (x0) || !isfinite (x1) || !isfinite (y0) || !isfinite (y1) || !(x1 > x0) || !(y1 > y0))
    return;
  heft_plot_state_set_range (self->state, plot, &range);
  view_changed (self);
}

/* New ends of an axis when what lies at share @at (0..1) stays and the rest moves by @factor, then shifts by @shift. */
static void
scale_axis (double minimum, double maximum, gboolean log_scale, double at, double factor, double shift, double *low, double *high)
{
  double a = log_scale ? log10 (minimum) : minimum, b = log_scale ? log10 (maximum) : maximum;
  double fixed = a + at * (b - a), width = (b - a) * factor;

  *low = fixed - at * width + shift * width;
  *high = *low + width;
  if (log_scale)
    {
      *low = pow (10, *low);
      *high = pow (10, *high);
    }
}

static void
zoom_at (HeftPlotView *self, gsize plot, double px, double py, double factor_x, double factor_y)
{
  HeftPlotArea area;
  double x0, x1, y0, y1;

  if (!get_area (self, plot, &area) || area.width <= 0 || area.height <= 0)
    return;
  scale_axis (area.x_minimum, area.x_maximum, area.x_log, CLAMP ((px - area.x) / area.width, 0, 1), factor_x, 0, &x0, &x1);
  scale_axis (area.y_minimum, area.y_maximum, area.y_log, CLAMP (1 - (py - area.y) / area.height, 0, 1), factor_y, 0, &y0, &y1);
  set_range (self, plot, x0, x1, y0, y1);
}

static gboolean
scroll_cb (HeftPlotView *self, double dx, double dy, GtkEventController *controller)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (controller);
  double factor = pow (1.15, dy != 0 ? dy : dx);
  HeftHit under;

  if (!self->hovering || !hit (self, self->pointer_x, self->pointer_y, &under) || !under.inside
      || ((HeftPlot *) g_ptr_array_index (self->figure->plots, under.plot))->kind != HEFT_PLOT_AXES)
    return GDK_EVENT_PROPAGATE;
  remember_view (self);
  zoom_at (self, under.plot, self->pointer_x, self->pointer_y, state & GDK_CONTROL_MASK ? 1 : factor,
           state & GDK_SHIFT_MASK ? 1 : factor);
  return GDK_EVENT_STOP;
}

static void
pinch_begin_cb (HeftPlotView *self)
{
  self->pinch = 1;
  remember_view (self);
}

static void
pinch_cb (HeftPlotView *self, double scale, GtkGesture *gesture)
{
  double x, y;
  HeftHit under;

  if (!gtk_gesture_is_recognized (gesture) || !gtk_gesture_get_bounding_box_center (gesture, &x, &y))
    {
      x = self->pointer_x;
      y = self->pointer_y;
    }
  if (scale <= 0 || !hit (self, x, y, &under) || !under.inside)
    return;
  zoom_at (self, under.plot, x, y, self->pinch / scale, self->pinch / scale);
  self->pinch = scale;
}

static void
drag_begin_cb (HeftPlotView *self, double x, double y)
{
  HeftHit under;

  self->panning = hit (self, x, y, &under) && under.inside && under.legend_mark < 0
                  && ((HeftPlot *) g_ptr_array_index (self->figure->plots, under.plot))->kind == HEFT_PLOT_AXES
                  && get_area (self, under.plot, &self->pan_area);
  self->pan_plot = under.plot;
  self->pan_from.zoomed = FALSE;
}

static void
drag_update_cb (HeftPlotView *self, double dx, double dy, GtkGesture *gesture)
{
  const HeftPlotArea *area = &self->pan_area;
  double x0, x1, y0, y1;

  if (!self->panning || (!self->pan_from.zoomed && hypot (dx, dy) < PAN_THRESHOLD))
    return;
  if (!self->pan_from.zoomed)
    {
      self->pan_from.zoomed = TRUE;
      remember_view (self);
      gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
      gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "grabbing");
    }
  scale_axis (area->x_minimum, area->x_maximum, area->x_log, 0, 1, -dx / area->width, &x0, &x1);
  scale_axis (area->y_minimum, area->y_maximum, area->y_log, 0, 1, dy / area->height, &y0, &y1);
  set_range (self, self->pan_plot, x0, x1, y0, y1);
}

static void
drag_end_cb (HeftPlotView *self)
{
  self->panning = FALSE;
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
}

/* --- Pointer ----------------------------------------------------------------------------------------------------- */

/* Which numbers of which axis lie at a place: those left of the area, or just below it. */
static AxisEnd
find_end (HeftPlotView *self, double x, double y, const HeftHit *under, HeftPlotArea *area)
{
  double reach = 2.2 * get_theme (self).font_size;

  if (under->inside || under->legend_mark >= 0 || !get_area (self, under->plot, area))
    return NO_END;
  if (x < area->x && x > area->x - 3 * reach && y >= area->y && y <= area->y + area->height)
    return y < area->y + area->height / 2 ? Y_MAXIMUM : Y_MINIMUM;
  if (y > area->y + area->height && y < area->y + area->height + reach && x >= area->x && x <= area->x + area->width)
    return x < area->x + area->width / 2 ? X_MINIMUM : X_MAXIMUM;
  return NO_END;
}

static gboolean
take_limit (gpointer data, const char *text)
{
  HeftPlotView *self = data;
  HeftPlotArea area;
  char *rest;
  double value = g_ascii_strtod (text, &rest);
  gboolean x_axis = self->limit_end == X_MINIMUM || self->limit_end == X_MAXIMUM;

  if (*text == '\0')
    {
      heft_plot_view_fit (self);
      return TRUE;
    }
  if (*rest != '\0' || !isfinite (value) || !get_area (self, self->limit_plot, &area)
      || (value <= 0 && (x_axis ? area.x_log : area.y_log)))
    return FALSE;
  switch (self->limit_end)
    {
    case X_MINIMUM: area.x_minimum = value; break;
    case X_MAXIMUM: area.x_maximum = value; break;
    case Y_MINIMUM: area.y_minimum = value; break;
    default: area.y_maximum = value; break;
    }
  if (!(area.x_maximum > area.x_minimum) || !(area.y_maximum > area.y_minimum))
    return FALSE;
  remember_view (self);
  set_range (self, self->limit_plot, area.x_minimum, area.x_maximum, area.y_minimum, area.y_maximum);
  return TRUE;
}

static gboolean
forget_limit_cb (gpointer popover)
{
  gtk_widget_unparent (popover);
  return G_SOURCE_REMOVE;
}

/* Not within its own signal. */
static void
limit_closed_cb (HeftPlotView *self, GtkWidget *popover)
{
  self->limit = NULL;
  g_idle_add_full (G_PRIORITY_DEFAULT, forget_limit_cb, g_object_ref (popover), g_object_unref);
}

static void
ask_for_limit (HeftPlotView *self, gsize plot, AxisEnd end, double x, double y, const HeftPlotArea *area)
{
  gboolean smallest = end == X_MINIMUM || end == Y_MINIMUM;
  double value = end == X_MINIMUM ? area->x_minimum : end == X_MAXIMUM ? area->x_maximum
                 : end == Y_MINIMUM ? area->y_minimum : area->y_maximum;

  self->limit_plot = plot;
  self->limit_end = end;
  self->limit = heft_axis_limit_new (smallest ? _("Axis from") : _("Axis to"), value, take_limit, self);
  gtk_widget_set_parent (self->limit, GTK_WIDGET (self));
  gtk_popover_set_pointing_to (GTK_POPOVER (self->limit), &(GdkRectangle) { (int) x, (int) y, 1, 1 });
  g_signal_connect_object (self->limit, "closed", G_CALLBACK (limit_closed_cb), self, G_CONNECT_SWAPPED);
  gtk_popover_popup (GTK_POPOVER (self->limit));
}

static const char *
cursor_at (HeftPlotView *self, double x, double y, const HeftHit *under)
{
  HeftPlotArea area;

  if (under->legend_mark >= 0)
    return "pointer";
  return find_end (self, x, y, under, &area) != NO_END ? "text" : NULL;
}

static void
motion_cb (HeftPlotView *self, double x, double y)
{
  HeftHit under;
  gboolean inside = hit (self, x, y, &under);
  HeftPlot *plot = inside ? g_ptr_array_index (self->figure->plots, under.plot) : NULL;

  self->hovering = TRUE;
  self->pointer_x = x;
  self->pointer_y = y;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), inside ? cursor_at (self, x, y, &under) : NULL);
  if (plot != NULL && under.inside && plot->kind == HEFT_PLOT_AXES)
    g_signal_emit (self, signals[GUIDE_MOVED], 0, plot->x.label, under.x);
  else
    g_signal_emit (self, signals[GUIDE_MOVED], 0, "", (double) NAN);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
leave_cb (HeftPlotView *self)
{
  self->hovering = FALSE;
  g_signal_emit (self, signals[GUIDE_MOVED], 0, "", (double) NAN);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
released_cb (HeftPlotView *self, int n_press, double x, double y, GtkGesture *gesture)
{
  HeftHit under;
  HeftPlotArea area;
  HeftMark *mark;
  HeftPlot *plot;
  AxisEnd end;

  if (n_press != 1 || !hit (self, x, y, &under))
    return;
  end = find_end (self, x, y, &under, &area);
  if (end != NO_END && self->limit == NULL)
    ask_for_limit (self, under.plot, end, x, y, &area);
  if (under.legend_mark < 0)
    return;
  plot = g_ptr_array_index (self->figure->plots, under.plot);
  mark = g_ptr_array_index (plot->marks, (guint) under.legend_mark);
  if (mark->label == NULL)
    return;
  heft_plot_state_toggle (self->state, mark->label);
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  apply_view (self);
  invalidate (self);
}

static void
add_controller (HeftPlotView *self, gpointer controller)
{
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (controller));
}

static void
add_controllers (HeftPlotView *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect_swapped (motion, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "enter", G_CALLBACK (motion_cb), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (leave_cb), self);
  g_signal_connect_swapped (scroll, "scroll", G_CALLBACK (scroll_cb), self);
  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  g_signal_connect_swapped (pinch, "begin", G_CALLBACK (pinch_begin_cb), self);
  g_signal_connect_swapped (pinch, "scale-changed", G_CALLBACK (pinch_cb), self);
  g_signal_connect_swapped (click, "released", G_CALLBACK (released_cb), self);
  add_controller (self, motion);
  add_controller (self, scroll);
  add_controller (self, drag);
  add_controller (self, pinch);
  add_controller (self, click);
}

/* --- Object ------------------------------------------------------------------------------------------------------ */

static void
heft_plot_view_dispose (GObject *object)
{
  HeftPlotView *self = HEFT_PLOT_VIEW (object);
  GtkWidget *child;

  g_clear_handle_id (&self->repaint, g_source_remove);
  self->limit = NULL;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  g_clear_pointer (&self->picture, cairo_surface_destroy);
  g_clear_pointer (&self->figure, heft_figure_free);
  g_clear_pointer (&self->guide_label, g_free);
  G_OBJECT_CLASS (heft_plot_view_parent_class)->dispose (object);
}

static void
heft_plot_view_finalize (GObject *object)
{
  HeftPlotView *self = HEFT_PLOT_VIEW (object);

  g_array_unref (self->originals);
  heft_plot_state_free (self->state);
  g_ptr_array_unref (self->history);
  G_OBJECT_CLASS (heft_plot_view_parent_class)->finalize (object);
}

static void
heft_plot_view_class_init (HeftPlotViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_plot_view_dispose;
  object_class->finalize = heft_plot_view_finalize;
  widget_class->measure = heft_plot_view_measure;
  widget_class->size_allocate = heft_plot_view_size_allocate;
  widget_class->snapshot = heft_plot_view_snapshot;
  signals[GUIDE_MOVED] = g_signal_new ("guide-moved", HEFT_TYPE_PLOT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_DOUBLE);
  signals[ZOOMED] = g_signal_new ("zoomed", HEFT_TYPE_PLOT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_css_name (widget_class, "plot");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
heft_plot_view_init (HeftPlotView *self)
{
  AdwStyleManager *manager = adw_style_manager_get_default ();

  self->originals = g_array_new (FALSE, TRUE, sizeof (Original));
  self->state = heft_plot_state_new ();
  self->history = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  self->guide_x = NAN;
  self->patience = 60;
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  g_signal_connect_object (manager, "notify::dark", G_CALLBACK (repaint_later), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (manager, "notify::high-contrast", G_CALLBACK (repaint_later), self, G_CONNECT_SWAPPED);
  add_controllers (self);
}

void
heft_plot_view_take_figure (HeftPlotView *self, HeftFigure *figure)
{
  g_return_if_fail (HEFT_IS_PLOT_VIEW (self));

  /* A sentence is painted in no time; a first plot has its fonts and numbers still to be shaped. */
  if (self->figure == NULL || self->figure->plots->len != figure->plots->len)
    self->cost = figure->plots->len > 0 ? COST_UNKNOWN : 0;
  g_clear_pointer (&self->figure, heft_figure_free);
  self->figure = figure;
  remember_axes (self);
  apply_view (self);
  invalidate (self);
  /* The axes may have moved under the pointer. */
  if (self->hovering)
    motion_cb (self, self->pointer_x, self->pointer_y);
}

const HeftPlotState *
heft_plot_view_get_state (HeftPlotView *self)
{
  return self->state;
}

const HeftFigure *
heft_plot_view_get_figure (HeftPlotView *self)
{
  return self->figure;
}

void
heft_plot_view_set_guide (HeftPlotView *self, const char *x_label, double x)
{
  if (!isfinite (x) && !isfinite (self->guide_x))
    return;
  g_free (self->guide_label);
  self->guide_label = g_strdup (x_label);
  self->guide_x = x;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
heft_plot_view_zoom (HeftPlotView *self, double factor)
{
  if (self->figure == NULL)
    return;
  remember_view (self);
  for (gsize p = 0; p < self->figure->plots->len; p++)
    {
      HeftPlot *plot = g_ptr_array_index (self->figure->plots, p);
      HeftPlotArea area;

      if (plot->kind == HEFT_PLOT_AXES && get_area (self, p, &area))
        zoom_at (self, p, area.x + area.width / 2, area.y + area.height / 2, 1 / factor, 1 / factor);
    }
}

static void
clear_ranges (HeftPlotView *self)
{
  g_array_set_size (self->state->ranges, 0);
  view_changed (self);
}

void
heft_plot_view_fit (HeftPlotView *self)
{
  remember_view (self);
  clear_ranges (self);
}

void
heft_plot_view_previous (HeftPlotView *self)
{
  go_in_history (self, TRUE);
}

void
heft_plot_view_next (HeftPlotView *self)
{
  go_in_history (self, FALSE);
}

void
heft_plot_view_forget (HeftPlotView *self)
{
  g_hash_table_remove_all (self->state->hidden);
  g_ptr_array_set_size (self->history, 0);
  self->history_at = 0;
  clear_ranges (self);
}

void
heft_plot_view_set_patience (HeftPlotView *self, guint milliseconds)
{
  self->patience = milliseconds;
}

gint64
heft_plot_view_get_cost (HeftPlotView *self)
{
  return self->cost;
}
