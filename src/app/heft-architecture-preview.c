/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-architecture-preview"

#include "config.h"

#include "heft-architecture-preview.h"

#include <glib/gi18n.h>
#include <heft/dataset.h>
#include <heft/network.h>

#include "heft-format.h"
#include "heft-panel-view.h"
#include "heft-plot-view.h"

/* Letters of the drawing, as HeftPlotView sets them in the smallest plots. */
#define FONT_SIZE 10.5

struct _HeftArchitecturePreview
{
  GtkWidget     parent_instance;

  GtkLabel     *summary;
  GtkWidget    *toggle;
  HeftPlotView *drawing;
  HeftSession  *session;
  char         *architecture;   /* on show */
  gboolean      typing;

  char         *dataset;        /* whose shape is known, or being found out */
  HeftShape     shape;          /* no channels while it is not known */
  gsize         n_classes;
};

G_DEFINE_FINAL_TYPE (HeftArchitecturePreview, heft_architecture_preview, GTK_TYPE_WIDGET)

static const char *
get_text (HeftArchitecturePreview *self, const char *name)
{
  return heft_parameters_get_text (heft_session_get_parameters (self->session), name);
}

static HeftNetwork *
make_network (HeftArchitecturePreview *self, GError **error)
{
  HeftActivation activation = HEFT_ACTIVATION_RELU;

  if (heft_session_find_spec (self->session, "activation") != NULL
      && !heft_activation_parse (get_text (self, "activation"), &activation, error))
    return NULL;
  return heft_network_new (self->architecture, activation, self->shape, MAX (self->n_classes, 2), error);
}

static void
say (HeftArchitecturePreview *self, const char *text, gboolean refused)
{
  gtk_label_set_label (self->summary, text);
  if (refused)
    gtk_widget_add_css_class (GTK_WIDGET (self->summary), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->summary), "error");
  /* What was drawn last stays, dimmed: a text is seldom right between two keys. */
  gtk_widget_set_opacity (GTK_WIDGET (self->drawing), refused ? 0.35 : 1);
}

static void
describe (HeftArchitecturePreview *self, const HeftNetwork *network)
{
  gsize layers = heft_network_get_n_weight_layers (network);
  g_autofree char *count = heft_format_count ((double) heft_network_get_n_free_parameters (network));
  g_autofree char *text = g_strdup_printf (ngettext ("%s parameters in %zu layer", "%s parameters in %zu layers", layers),
                                           count, layers);

  say (self, text, FALSE);
}

static void
update (HeftArchitecturePreview *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(HeftNetwork) network = NULL;
  HeftFigure *figure;

  if (self->architecture == NULL || self->shape.channels == 0)
    return;
  network = make_network (self, &error);
  if (network == NULL)
    {
      /* A text that has been handed over is refused by its row. */
      say (self, self->typing ? error->message : _("Network"), TRUE);
      return;
    }
  describe (self, network);
  figure = heft_network_figure (network, NULL);
  gtk_widget_set_size_request (GTK_WIDGET (self->drawing), -1, (int) heft_network_figure_height (figure, FONT_SIZE));
  heft_plot_view_take_figure (self->drawing, figure);
}

/* --- The data ---------------------------------------------------------------------------------------------------- */

typedef struct
{
  char      *dataset;
  guint64    seed;
  HeftShape  shape;
  gsize      n_classes;
} Probe;

static void
probe_free (gpointer data)
{
  Probe *probe = data;

  g_free (probe->dataset);
  g_free (probe);
}

static void
probe_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Probe *probe = task_data;
  g_auto(HeftDataPair) pair = { NULL, NULL };
  GError *error = NULL;

  if (!heft_data_load (probe->dataset, probe->seed, &pair, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (!heft_dataset_get_shape (pair.train, &probe->shape.channels, &probe->shape.height, &probe->shape.width))
    probe->shape = (HeftShape) { heft_dataset_get_n_features (pair.train), 1, 1 };
  probe->n_classes = MAX (heft_dataset_get_n_classes (pair.train), heft_dataset_get_n_classes (pair.test));
  g_task_return_boolean (task, TRUE);
}

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(HeftArchitecturePreview) self = user_data;
  const Probe *probe = g_task_get_task_data (G_TASK (result));

  /* What is wrong with the data their own row says. */
  if (!g_task_propagate_boolean (G_TASK (result), NULL) || self->session == NULL
      || g_strcmp0 (self->dataset, probe->dataset) != 0)
    return;
  self->shape = probe->shape;
  self->n_classes = probe->n_classes;
  update (self);
}

static void
follow_data (HeftArchitecturePreview *self)
{
  const char *dataset = get_text (self, "dataset");
  g_autoptr(GTask) task = NULL;
  Probe *probe;

  if (g_strcmp0 (self->dataset, dataset) == 0)
    return;
  g_free (self->dataset);
  self->dataset = g_strdup (dataset);
  self->shape = (HeftShape) { 0, 0, 0 };
  probe = g_new0 (Probe, 1);
  probe->dataset = g_strdup (dataset);
  probe->seed = heft_session_get_seed (self->session);
  task = g_task_new (NULL, NULL, probed_cb, g_object_ref (self));
  g_task_set_name (task, "heft-probe");
  g_task_set_task_data (task, probe, probe_free);
  g_task_run_in_thread (task, probe_thread);
}

static void
parameter_changed_cb (HeftArchitecturePreview *self, const char *id)
{
  if (g_strcmp0 (id, "dataset") == 0)
    follow_data (self);
  else if (g_strcmp0 (id, "activation") == 0)
    update (self);
}

/* --- Object ------------------------------------------------------------------------------------------------------ */

static void
heft_architecture_preview_dispose (GObject *object)
{
  HeftArchitecturePreview *self = HEFT_ARCHITECTURE_PREVIEW (object);
  GtkWidget *child;

  g_clear_object (&self->session);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (heft_architecture_preview_parent_class)->dispose (object);
}

static void
heft_architecture_preview_finalize (GObject *object)
{
  HeftArchitecturePreview *self = HEFT_ARCHITECTURE_PREVIEW (object);

  g_free (self->architecture);
  g_free (self->dataset);
  G_OBJECT_CLASS (heft_architecture_preview_parent_class)->finalize (object);
}

static void
heft_architecture_preview_class_init (HeftArchitecturePreviewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = heft_architecture_preview_dispose;
  object_class->finalize = heft_architecture_preview_finalize;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BOX_LAYOUT);
}

static void
heft_architecture_preview_init (HeftArchitecturePreview *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 4), *revealer = gtk_revealer_new (), *menu_button;
  g_autoptr(GMenu) menu = heft_panel_view_make_export_menu (HEFT_DRAWING_ID, FALSE);

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  self->summary = g_object_new (GTK_TYPE_LABEL, "label", _("Network"), "xalign", 0.0, "wrap", TRUE, "hexpand", TRUE, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->summary), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->summary), "numeric");
  self->toggle = g_object_new (GTK_TYPE_TOGGLE_BUTTON, "name", "show-drawing", "icon-name", "pan-down-symbolic", "valign", GTK_ALIGN_CENTER,
                               "tooltip-text", _("Drawing of the network"), "focus-on-click", FALSE, NULL);
  gtk_widget_add_css_class (self->toggle, "flat");
  gtk_widget_add_css_class (self->toggle, "heft-small");
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->summary));
  gtk_box_append (GTK_BOX (line), self->toggle);
  menu_button = g_object_new (GTK_TYPE_MENU_BUTTON, "icon-name", "view-more-symbolic", "valign", GTK_ALIGN_CENTER, "menu-model", menu,
                              "name", "drawing-menu", "tooltip-text", _("Export the drawing"), NULL);
  gtk_widget_add_css_class (menu_button, "flat");
  gtk_widget_add_css_class (menu_button, "heft-small");
  heft_name_menu_button (GTK_MENU_BUTTON (menu_button), _("Export the drawing"));
  gtk_box_append (GTK_BOX (line), menu_button);
  gtk_widget_set_parent (line, GTK_WIDGET (self));

  self->drawing = g_object_new (HEFT_TYPE_PLOT_VIEW, "name", "drawing", NULL);
  gtk_revealer_set_child (GTK_REVEALER (revealer), GTK_WIDGET (self->drawing));
  g_object_bind_property (self->toggle, "active", revealer, "reveal-child", G_BINDING_SYNC_CREATE);
  gtk_widget_set_parent (revealer, GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Drawing of the network"), -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->drawing), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Drawing of the network"), -1);
}

/* Letters of a drawing in a file, and the room that title and caption take. */
#define FILE_FONT_SIZE 10.0
#define FILE_FRAME 64.0

HeftFigure *
heft_architecture_preview_dup_figure (HeftArchitecturePreview *self, double *height)
{
  g_autoptr(HeftNetwork) network = NULL;
  HeftFigure *figure;

  if (self->architecture == NULL || self->shape.channels == 0 || (network = make_network (self, NULL)) == NULL)
    return NULL;
  figure = heft_network_figure (network, _("Network"));
  figure->caption = *self->architecture != '\0' ? g_strjoin (" · ", self->architecture, self->dataset, NULL) : g_strdup (self->dataset);
  *height = heft_network_figure_height (figure, FILE_FONT_SIZE) + FILE_FRAME;
  return figure;
}

GtkWidget *
heft_architecture_preview_new (HeftSession *session)
{
  HeftArchitecturePreview *self = g_object_new (HEFT_TYPE_ARCHITECTURE_PREVIEW, NULL);

  self->session = g_object_ref (session);
  g_signal_connect_object (session, "parameter-changed", G_CALLBACK (parameter_changed_cb), self, G_CONNECT_SWAPPED);
  follow_data (self);
  return GTK_WIDGET (self);
}

void
heft_architecture_preview_show (HeftArchitecturePreview *self, const char *architecture, gboolean typing)
{
  if (g_strcmp0 (self->architecture, architecture) == 0 && self->typing == typing)
    return;
  g_free (self->architecture);
  self->architecture = g_strdup (architecture);
  self->typing = typing;
  if (typing)
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->toggle), TRUE);
  follow_data (self);
  update (self);
}
