/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <adwaita.h>
#include <math.h>

#include "heft-architecture-preview.h"
#include "heft-formula-label.h"
#include "heft-panel-grid.h"
#include "heft-parameter-row.h"
#include "heft-parameter-sidebar.h"
#include "heft-plot-view.h"
#include "heft-session.h"

static gboolean
again (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the main loop until the condition holds. */
static gboolean
pump_until (gboolean (*condition) (gpointer), gpointer data)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  guint id = g_timeout_add (5, again, NULL);

  while (!condition (data) && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return condition (data);
}

static gboolean
has_size (gpointer widget)
{
  return gtk_widget_get_mapped (widget) && gtk_widget_get_width (widget) > 100;
}

static gboolean
has_stopped (gpointer done)
{
  return *(gboolean *) done;
}

static GtkWidget *
show (GtkWidget *child)
{
  GtkWidget *window = gtk_window_new ();

  gtk_window_set_default_size (GTK_WINDOW (window), 600, 400);
  gtk_window_set_child (GTK_WINDOW (window), child);
  gtk_window_present (GTK_WINDOW (window));
  g_assert_true (pump_until (has_size, child));
  return window;
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static int
natural (GtkWidget *widget, GtkOrientation orientation, int for_size)
{
  int size;

  gtk_widget_measure (widget, orientation, for_size, NULL, &size, NULL, NULL);
  return size;
}

static void
test_formula_label (void)
{
  HeftFormulaLabel *label = g_object_ref_sink (HEFT_FORMULA_LABEL (heft_formula_label_new ("Learning rate $\\eta$")));
  guint notified = 0;
  int short_width, one_line, width;
  double fitted;
  g_autofree char *text = NULL;

  g_signal_connect_swapped (label, "notify::label", G_CALLBACK (count_cb), &notified);
  heft_formula_label_set_label (label, "Learning rate $\\eta$");
  g_assert_cmpuint (notified, ==, 0);
  short_width = natural (GTK_WIDGET (label), GTK_ORIENTATION_HORIZONTAL, -1);
  heft_formula_label_set_label (label, "Learning rate $\\eta = \\frac{1}{1 + \\lambda^2}$ and more");
  g_assert_cmpuint (notified, ==, 1);
  g_assert_cmpint (natural (GTK_WIDGET (label), GTK_ORIENTATION_HORIZONTAL, -1), >, short_width);
  g_object_set (label, "label", "plain", NULL);
  g_object_get (label, "label", &text, NULL);
  g_assert_cmpstr (text, ==, "plain");

  /* Reserved lines keep their height whatever the text. */
  heft_formula_label_set_wrap (label, TRUE);
  one_line = natural (GTK_WIDGET (label), GTK_ORIENTATION_VERTICAL, 400);
  heft_formula_label_set_lines (label, 2);
  g_assert_cmpint (natural (GTK_WIDGET (label), GTK_ORIENTATION_VERTICAL, 400), >=, 2 * one_line);
  heft_formula_label_set_label (label, "");
  g_assert_cmpint (natural (GTK_WIDGET (label), GTK_ORIENTATION_VERTICAL, 400), >=, 2 * one_line);
  /* A sentence too long for its lines is written smaller, keeps that size while only numbers change, and comes back. */
  heft_formula_label_set_label (label, "the test error of $Q$ is 5.6 %");
  gtk_widget_queue_resize (GTK_WIDGET (label));
  width = natural (GTK_WIDGET (label), GTK_ORIENTATION_HORIZONTAL, -1);
  g_assert_cmpfloat (heft_formula_label_fit (label, width), ==, 1);
  heft_formula_label_set_label (label, "the test error of $Q$ is 5.6 %, and many words follow until two lines do not hold them");
  g_assert_cmpfloat (heft_formula_label_fit (label, width), <, 1);
  g_assert_cmpfloat (heft_formula_label_fit (label, 3 * width), ==, 1);
  fitted = heft_formula_label_fit (label, width);
  heft_formula_label_set_label (label, "the test error of $Q$ is 5.6 %, and many words follow until two lines do");
  g_assert_cmpfloat (heft_formula_label_fit (label, width), <=, fitted);
  heft_formula_label_set_label (label, "$Q$ errs");
  g_assert_cmpfloat (heft_formula_label_fit (label, width), ==, 1);
  /* However long, it stays readable. */
  heft_formula_label_set_label (label, "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z "
                                       "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z");
  g_assert_cmpfloat (heft_formula_label_fit (label, width), >=, 0.74);
  /* A number and its unit stay on one line. */
  heft_formula_label_set_lines (label, 0);
  heft_formula_label_set_label (label, "123,456.7 nat");
  width = natural (GTK_WIDGET (label), GTK_ORIENTATION_HORIZONTAL, -1);
  heft_formula_label_set_label (label, "i 123,456.7 nat i");
  g_assert_cmpint (natural (GTK_WIDGET (label), GTK_ORIENTATION_VERTICAL, width + 2), >, 2 * one_line);
  /* Korean words stay whole as well. */
  heft_formula_label_set_label (label, "오류율이라는것은");
  one_line = natural (GTK_WIDGET (label), GTK_ORIENTATION_VERTICAL, 400);
  width = natural (GTK_WIDGET (label), GTK_ORIENTATION_HORIZONTAL, -1);
  heft_formula_label_set_label (label, "이 오류율이라는것은 이");
  g_assert_cmpint (natural (GTK_WIDGET (label), GTK_ORIENTATION_VERTICAL, width + 2), >, 2 * one_line);
  /* An unpaired dollar sign is text. */
  heft_formula_label_set_label (label, "5 $ of it");
  g_assert_finalize_object (label);
}

static HeftFigure *
make_figure (void)
{
  static const double x[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, y[] = { 9, 5, 3, 2, 1.5, 1.2, 1, 0.9, 0.8, 0.75, 0.7 };
  HeftFigure *figure = heft_figure_new ("Test");
  HeftPlot *plot = heft_figure_add_plot (figure, HEFT_PLOT_AXES);

  plot->x.label = g_strdup ("Step");
  plot->y.label = g_strdup ("Loss");
  plot->legend = TRUE;
  heft_plot_add_mark (plot, HEFT_MARK_LINE, HEFT_QUANTITY_TRAIN_LOSS, "training", G_N_ELEMENTS (x), x, y);
  return figure;
}

static const HeftPlot *
shown_plot (HeftPlotView *view)
{
  return g_ptr_array_index (heft_plot_view_get_figure (view)->plots, 0);
}

static void
test_plot_zoom (void)
{
  HeftPlotView *view = g_object_new (HEFT_TYPE_PLOT_VIEW, NULL);
  GtkWidget *window = show (GTK_WIDGET (view));
  double width;

  heft_plot_view_take_figure (view, make_figure ());
  g_assert_true (shown_plot (view)->x.automatic);
  heft_plot_view_zoom (view, 2);
  g_assert_false (shown_plot (view)->x.automatic);
  width = shown_plot (view)->x.maximum - shown_plot (view)->x.minimum;
  g_assert_cmpfloat (width, <, 6);
  g_assert_cmpfloat (width, >, 4);
  g_assert_cmpfloat (shown_plot (view)->x.minimum, >, 0);

  /* What was zoomed stays zoomed when the next figure comes. */
  heft_plot_view_take_figure (view, make_figure ());
  g_assert_false (shown_plot (view)->x.automatic);
  g_assert_cmpfloat_with_epsilon (shown_plot (view)->x.maximum - shown_plot (view)->x.minimum, width, 1e-9);

  heft_plot_view_previous (view);
  g_assert_true (shown_plot (view)->x.automatic);
  heft_plot_view_next (view);
  g_assert_cmpfloat_with_epsilon (shown_plot (view)->x.maximum - shown_plot (view)->x.minimum, width, 1e-9);
  heft_plot_view_fit (view);
  g_assert_true (shown_plot (view)->x.automatic);
  g_assert_true (shown_plot (view)->y.automatic);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
find_widgets (GtkWidget *widget, GType type, GPtrArray *found)
{
  if (g_type_is_a (G_OBJECT_TYPE (widget), type))
    g_ptr_array_add (found, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    find_widgets (child, type, found);
}

static gpointer
find_widget (GtkWidget *widget, GType type)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new ();

  find_widgets (widget, type, found);
  g_assert_cmpuint (found->len, >, 0);
  return g_ptr_array_index (found, 0);
}

static void
shut_down_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = TRUE;
}

/* Slider, entry and session say the same, whichever moves. */
static void
test_number_row (void)
{
  g_autoptr(HeftSession) session = heft_session_new ();
  gboolean done = FALSE;
  GtkWidget *row, *window;
  GtkRange *slider;
  GtkEditable *entry;
  double position;

  heft_session_set_experiment (session, heft_experiment_find ("train", NULL));
  row = heft_parameter_row_new (session, heft_session_find_spec (session, "lambda"));
  window = show (row);
  slider = find_widget (row, GTK_TYPE_SCALE);
  entry = find_widget (row, GTK_TYPE_ENTRY);

  position = gtk_range_get_value (slider);
  gtk_range_set_value (slider, position + 0.1);
  g_assert_cmpfloat (heft_parameters_get_real (heft_session_get_parameters (session), "lambda"), >, 0.1);
  g_assert_cmpfloat_with_epsilon (g_ascii_strtod (gtk_editable_get_text (entry), NULL),
                                  heft_parameters_get_real (heft_session_get_parameters (session), "lambda"), 1e-12);

  gtk_editable_set_text (entry, "0,25");
  g_signal_emit_by_name (entry, "activate");
  g_assert_cmpfloat (heft_parameters_get_real (heft_session_get_parameters (session), "lambda"), ==, 0.25);
  g_assert_cmpfloat (gtk_range_get_value (slider), >, position);

  /* A refused value leaves the old one, and says why. */
  gtk_editable_set_text (entry, "-3");
  g_signal_emit_by_name (entry, "activate");
  g_assert_cmpfloat (heft_parameters_get_real (heft_session_get_parameters (session), "lambda"), ==, 0.25);
  g_assert_true (gtk_widget_has_css_class (row, "error"));

  heft_parameter_row_restore (HEFT_PARAMETER_ROW (row));
  g_assert_cmpfloat (heft_parameters_get_real (heft_session_get_parameters (session), "lambda"), ==, 0.1);
  g_assert_false (gtk_widget_has_css_class (row, "error"));
  g_assert_cmpfloat_with_epsilon (gtk_range_get_value (slider), position, 1e-6);
  gtk_window_destroy (GTK_WINDOW (window));
  heft_session_shut_down (session, shut_down_cb, &done);
  g_assert_true (pump_until (has_stopped, &done));
}

/* beta typed as N beta is beta. */
static void
test_beta_row (void)
{
  g_autoptr(HeftSession) session = heft_session_new ();
  g_autoptr(GPtrArray) entries = g_ptr_array_new ();
  gboolean done = FALSE;
  GtkWidget *row, *window;

  heft_session_set_experiment (session, heft_experiment_find ("train", NULL));
  heft_parameters_set_sample_count (heft_session_get_parameters (session), 10000);
  row = heft_parameter_row_new (session, heft_session_find_spec (session, "beta"));
  window = show (row);
  find_widgets (row, GTK_TYPE_ENTRY, entries);
  g_assert_cmpuint (entries->len, ==, 2);
  g_assert_cmpstr (gtk_editable_get_text (g_ptr_array_index (entries, 0)), ==, "1e-5");
  g_assert_cmpstr (gtk_editable_get_text (g_ptr_array_index (entries, 1)), ==, "0.1");
  gtk_editable_set_text (g_ptr_array_index (entries, 1), "1");
  g_signal_emit_by_name (g_ptr_array_index (entries, 1), "activate");
  g_assert_cmpfloat_with_epsilon (heft_parameters_get_real (heft_session_get_parameters (session), "beta"), 1e-4, 1e-16);
  g_assert_cmpstr (gtk_editable_get_text (g_ptr_array_index (entries, 0)), ==, "0.0001");
  gtk_window_destroy (GTK_WINDOW (window));
  heft_session_shut_down (session, shut_down_cb, &done);
  g_assert_true (pump_until (has_stopped, &done));
}

/* No finger touches this screen: the gesture's own signals, as two of them would make it send them. */
static void
test_pinch (void)
{
  HeftPlotView *view = g_object_new (HEFT_TYPE_PLOT_VIEW, NULL);
  GtkWidget *window = show (GTK_WIDGET (view));
  g_autoptr(GListModel) controllers = gtk_widget_observe_controllers (GTK_WIDGET (view));
  gpointer pinch = NULL, motion = NULL;
  double width;

  heft_plot_view_take_figure (view, make_figure ());
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr(GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_GESTURE_ZOOM (controller))
        pinch = controller;
      if (GTK_IS_EVENT_CONTROLLER_MOTION (controller))
        motion = controller;
    }
  g_signal_emit_by_name (motion, "motion", 300.0, 200.0);
  g_signal_emit_by_name (pinch, "begin", NULL);
  g_signal_emit_by_name (pinch, "scale-changed", 1.5);
  g_signal_emit_by_name (pinch, "scale-changed", 2.0);
  g_assert_false (shown_plot (view)->x.automatic);
  width = shown_plot (view)->x.maximum - shown_plot (view)->x.minimum;
  g_assert_cmpfloat_with_epsilon (width, 5, 0.5);
  g_assert_cmpfloat (shown_plot (view)->x.minimum, >, 0);
  g_assert_cmpfloat (shown_plot (view)->x.maximum, <, 10);

  /* One pinch is one step back. */
  heft_plot_view_previous (view);
  g_assert_true (shown_plot (view)->x.automatic);
  gtk_window_destroy (GTK_WINDOW (window));
}

typedef struct
{
  GtkWidget  *preview;
  const char *part;
} Said;

static gboolean
says (gpointer data)
{
  const Said *said = data;

  return strstr (gtk_label_get_label (find_widget (said->preview, GTK_TYPE_LABEL)), said->part) != NULL;
}

/* What is typed is drawn at once; what does not fit says where, and the drawing before it stays. */
static void
test_architecture (void)
{
  g_autoptr(HeftSession) session = heft_session_new ();
  GtkWidget *row, *window, *preview;
  GtkEditable *entry;
  const HeftFigure *figure;
  gboolean done = FALSE;

  heft_session_set_experiment (session, heft_experiment_find ("train", NULL));
  row = heft_parameter_row_new (session, heft_session_find_spec (session, "architecture"));
  window = show (row);
  preview = find_widget (row, HEFT_TYPE_ARCHITECTURE_PREVIEW);
  entry = find_widget (row, GTK_TYPE_ENTRY);
  g_assert_true (pump_until (says, &(Said) { preview, "269,322 parameters in 3 layers" }));
  g_assert_false (gtk_toggle_button_get_active (find_widget (preview, GTK_TYPE_TOGGLE_BUTTON)));

  gtk_editable_set_text (entry, "conv5x16-pool2-64");
  g_assert_true (pump_until (says, &(Said) { preview, "148,586 parameters in 3 layers" }));
  g_assert_true (gtk_toggle_button_get_active (find_widget (preview, GTK_TYPE_TOGGLE_BUTTON)));
  figure = heft_plot_view_get_figure (find_widget (preview, HEFT_TYPE_PLOT_VIEW));
  g_assert_cmpuint (((HeftPlot *) g_ptr_array_index (figure->plots, 0))->blocks->len, ==, 7);
  /* Nothing has been handed over yet. */
  g_assert_cmpstr (heft_parameters_get_text (heft_session_get_parameters (session), "architecture"), ==, "256-256");

  gtk_editable_set_text (entry, "conv5x16-pool99");
  g_assert_true (pump_until (says, &(Said) { preview, "pool99" }));
  g_assert_nonnull (heft_plot_view_get_figure (find_widget (preview, HEFT_TYPE_PLOT_VIEW)));

  /* The same text on other data is another network. */
  gtk_editable_set_text (entry, "8");
  g_assert_true (heft_session_set_parameter (session, "dataset", "moons", NULL));
  g_assert_true (pump_until (says, &(Said) { preview, "42 parameters in 2 layers" }));

  heft_session_shut_down (session, shut_down_cb, &done);
  g_assert_true (pump_until (has_stopped, &done));
  gtk_window_destroy (GTK_WINDOW (window));
}

typedef struct
{
  HeftSession *session;
  guint64      version;
  gint64       since;
} Rest;

/* The run has computed all it can. */
static gboolean
rests (gpointer data)
{
  Rest *rest = data;
  guint64 version = heft_record_get_version (heft_session_get_record (rest->session));

  heft_session_poll (rest->session);
  if (version != rest->version)
    {
      rest->version = version;
      rest->since = g_get_monotonic_time ();
    }
  return version > 10 && g_get_monotonic_time () - rest->since > 500 * G_TIME_SPAN_MILLISECOND;
}

static guint
count_stale (HeftPanelGrid *grid)
{
  guint n = 0;

  for (guint i = 0; i < heft_panel_grid_get_n_panels (grid); i++)
    n += heft_panel_view_is_stale (heft_panel_grid_get_nth (grid, i));
  return n;
}

static gboolean
is_complete (gpointer sidebar)
{
  return heft_parameter_sidebar_is_complete (sidebar);
}

/* What keeps the main loop free, counted and not timed: a plot that comes for the first time has a frame to itself, and the
 * controls are not made in the call that changes the experiment. */
static void
test_small_portions (void)
{
  g_autoptr(HeftSession) session = heft_session_new ();
  HeftPanelGrid *grid = g_object_new (HEFT_TYPE_PANEL_GRID, "hexpand", TRUE, NULL);
  HeftParameterSidebar *sidebar = g_object_new (HEFT_TYPE_PARAMETER_SIDEBAR, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0), *window;
  Rest rest = { session, 0, 0 };
  gboolean done = FALSE;
  guint stale;

  heft_session_set_experiment (session, heft_experiment_find ("lagrangian", NULL));
  heft_parameter_sidebar_set_session (sidebar, session);
  heft_panel_grid_set_session (grid, session);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (sidebar));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (grid));
  g_assert_false (heft_parameter_sidebar_is_complete (sidebar));
  window = show (box);
  g_assert_true (pump_until (is_complete, sidebar));

  /* Sentences in place of plots cost nothing and come together. */
  while (!heft_panel_grid_is_current (grid))
    heft_panel_grid_refresh (grid);
  heft_session_start (session);
  g_assert_true (pump_until (rests, &rest));
  stale = count_stale (grid);
  g_assert_cmpuint (stale, >=, 3);
  while (stale > 0)
    {
      g_assert_true (heft_panel_grid_refresh (grid));
      g_assert_cmpuint (count_stale (grid), ==, stale - 1);
      stale--;
    }
  g_assert_true (heft_panel_grid_is_current (grid));

  heft_session_shut_down (session, shut_down_cb, &done);
  g_assert_true (pump_until (has_stopped, &done));
  gtk_window_destroy (GTK_WINDOW (window));
}

int
main (int argc, char *argv[])
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add_func ("/widgets/formula-label", test_formula_label);
  g_test_add_func ("/widgets/plot-zoom", test_plot_zoom);
  g_test_add_func ("/widgets/number-row", test_number_row);
  g_test_add_func ("/widgets/beta-row", test_beta_row);
  g_test_add_func ("/widgets/pinch", test_pinch);
  g_test_add_func ("/widgets/architecture", test_architecture);
  g_test_add_func ("/widgets/small-portions", test_small_portions);
  return g_test_run ();
}
