/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-parameter-sidebar"

#include "config.h"

#include "heft-parameter-sidebar.h"

#include <glib/gi18n.h>
#include <heft/experiment.h>

#include "heft-format.h"
#include "heft-list-row.h"
#include "heft-parameter-row.h"
#include "heft-text-row.h"

/* Rows are made a few at a time, so that dozens of them never hold up a frame. */
#define LONGEST_BUILDING (4 * G_TIME_SPAN_MILLISECOND)

struct _HeftParameterSidebar
{
  GtkWidget             parent_instance;

  /* Template widgets */
  GtkWidget            *scroller;
  GtkBox               *groups;

  /* Owned references */
  HeftSession          *session;
  GHashTable           *rows;          /* id -> HeftParameterRow (unowned) */
  GCancellable         *check;         /* the check under way */
  char                 *last_edited;   /* whose row shows what the check finds */
  char                 *blamed;        /* whose row shows it now */
  const HeftExperiment *experiment;    /* the rows were made for */
  GtkEditable          *seed;
  GQueue                waiting;       /* const HeftParameterSpec: whose rows are still to be made */
  GtkWidget            *card;          /* of the group that rows are added to */
  GtkWidget            *more;          /* of that group, for what is rarely wanted, or NULL */
  HeftParameterGroup    group;
  guint                 building;      /* idle source that makes rows */
  gsize                 n_layers;
  gboolean              valid;
};

G_DEFINE_FINAL_TYPE (HeftParameterSidebar, heft_parameter_sidebar, GTK_TYPE_WIDGET)

enum { CHECKED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *const group_titles[] = {
  [HEFT_GROUP_DATA] = N_("Data"),
  [HEFT_GROUP_NETWORK] = N_("Network"),
  [HEFT_GROUP_CODES] = N_("Posterior and prior"),
  [HEFT_GROUP_OBJECTIVE] = N_("Objective"),
  [HEFT_GROUP_OPTIMIZER] = N_("Optimiser"),
  [HEFT_GROUP_MEASUREMENT] = N_("Measurement"),
};

static void
show_seed (HeftParameterSidebar *self)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, heft_session_get_seed (self->session));

  if (self->seed != NULL && g_strcmp0 (gtk_editable_get_text (self->seed), text) != 0)
    gtk_editable_set_text (self->seed, text);
}

static void
commit_seed (HeftParameterSidebar *self)
{
  g_autoptr(GError) error = NULL;

  if (!heft_session_set_parameter (self->session, "seed", gtk_editable_get_text (self->seed), &error))
    show_seed (self);
}

static GtkWidget *
make_seed_row (HeftParameterSidebar *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", _("Seed"), "xalign", 0.0, "hexpand", TRUE, NULL);
  GtkWidget *entry = g_object_new (GTK_TYPE_ENTRY, "width-chars", 9, "max-width-chars", 9, "xalign", 1.0, NULL);
  GtkEventController *focus = gtk_event_controller_focus_new ();

  gtk_widget_set_name (entry, "seed");
  gtk_widget_add_css_class (row, "heft-row");
  gtk_widget_add_css_class (entry, "heft-value");
  gtk_widget_set_tooltip_text (row, _("Everything random follows from the seed: the same seed gives the same run, bit for bit"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Seed"), -1);
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (row), entry);
  self->seed = GTK_EDITABLE (entry);
  g_signal_connect_object (entry, "activate", G_CALLBACK (commit_seed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (focus, "leave", G_CALLBACK (commit_seed), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (entry, focus);
  show_seed (self);
  return row;
}

static GtkWidget *
add_group (HeftParameterSidebar *self, const char *title)
{
  GtkWidget *heading = g_object_new (GTK_TYPE_LABEL, "label", title, "xalign", 0.0, NULL);
  GtkWidget *card = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  gtk_widget_add_css_class (heading, "heading");
  gtk_widget_add_css_class (heading, "heft-group");
  gtk_widget_add_css_class (card, "heft-group-card");
  gtk_box_append (self->groups, heading);
  gtk_box_append (self->groups, card);
  return card;
}

static void
remove_rows (HeftParameterSidebar *self)
{
  GtkWidget *child;

  g_clear_handle_id (&self->building, g_source_remove);
  g_queue_clear (&self->waiting);
  g_hash_table_remove_all (self->rows);
  self->seed = NULL;
  self->card = self->more = NULL;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->groups))) != NULL)
    gtk_box_remove (self->groups, child);
}

/* The box that "More" shows, at the end of the group's card. */
static GtkWidget *
ensure_more (HeftParameterSidebar *self)
{
  GtkWidget *toggle, *revealer;
  g_autofree char *name = NULL;

  if (self->more != NULL)
    return self->more;
  name = g_strdup_printf (_("More: %s"), _(group_titles[self->group]));
  toggle = g_object_new (GTK_TYPE_TOGGLE_BUTTON, "label", _("More"), "halign", GTK_ALIGN_START, "focus-on-click", FALSE, NULL);
  gtk_widget_add_css_class (toggle, "flat");
  gtk_widget_add_css_class (toggle, "heft-more");
  gtk_accessible_update_property (GTK_ACCESSIBLE (toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  self->more = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  revealer = g_object_new (GTK_TYPE_REVEALER, "child", self->more, NULL);
  g_object_bind_property (toggle, "active", revealer, "reveal-child", G_BINDING_SYNC_CREATE);
  gtk_box_append (GTK_BOX (self->card), toggle);
  gtk_box_append (GTK_BOX (self->card), revealer);
  return self->more;
}

/* A group none of whose controls acts at present has no heading and no empty card either. */
static void
show_group (GtkWidget *card)
{
  gboolean any = FALSE;

  for (GtkWidget *child = gtk_widget_get_first_child (card); child != NULL; child = gtk_widget_get_next_sibling (child))
    any = any || gtk_widget_get_visible (child);
  gtk_widget_set_visible (card, any);
  gtk_widget_set_visible (gtk_widget_get_prev_sibling (card), any);
}

static void
add_row (HeftParameterSidebar *self, const HeftParameterSpec *spec)
{
  GtkWidget *row, *more;

  if (self->card == NULL || self->group != spec->group)
    {
      self->card = add_group (self, _(group_titles[spec->group]));
      self->more = NULL;
    }
  self->group = spec->group;
  more = spec->rare ? ensure_more (self) : NULL;
  row = heft_parameter_row_new (self->session, spec);
  gtk_widget_add_css_class (row, "heft-row");
  if (more != NULL)
    gtk_box_append (GTK_BOX (more), row);
  else if (self->more != NULL)
    gtk_widget_insert_before (row, self->card, gtk_widget_get_prev_sibling (gtk_widget_get_last_child (self->card)));
  else
    gtk_box_append (GTK_BOX (self->card), row);
  g_hash_table_insert (self->rows, g_strdup (spec->id), row);
  if (more == NULL)
    g_signal_connect_object (row, "notify::visible", G_CALLBACK (show_group), self->card, G_CONNECT_SWAPPED);
  show_group (self->card);
}

static gboolean
build_cb (gpointer data)
{
  HeftParameterSidebar *self = data;
  gint64 start = heft_processor_time ();

  while (!g_queue_is_empty (&self->waiting) && heft_processor_time () - start < LONGEST_BUILDING)
    add_row (self, g_queue_pop_head (&self->waiting));
  if (!g_queue_is_empty (&self->waiting))
    return G_SOURCE_CONTINUE;
  gtk_box_append (GTK_BOX (add_group (self, _("Randomness"))), make_seed_row (self));
  self->building = 0;
  return G_SOURCE_REMOVE;
}

/* In the order of the groups, which is that of the story. */
static void
make_rows (HeftParameterSidebar *self)
{
  remove_rows (self);
  self->experiment = heft_session_get_experiment (self->session);
  for (gsize group = 0; group < G_N_ELEMENTS (group_titles); group++)
    for (gsize i = 0; i < self->experiment->n_parameters; i++)
      {
        const HeftParameterSpec *spec = &self->experiment->parameters[i];

        if ((gsize) spec->group == group && g_strcmp0 (spec->id, "seed") != 0)
          g_queue_push_tail (&self->waiting, (gpointer) spec);
      }
  self->building = g_idle_add (build_cb, self);
}

gboolean
heft_parameter_sidebar_is_complete (HeftParameterSidebar *self)
{
  return self->building == 0;
}

static void
set_valid (HeftParameterSidebar *self, gboolean valid)
{
  if (self->valid == valid)
    return;
  self->valid = valid;
  g_signal_emit (self, signals[CHECKED], 0);
}

static void
check_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (heft_parameters_check (task_data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(HeftParameterSidebar) self = user_data;
  g_autoptr(GError) error = NULL;
  gboolean good = g_task_propagate_boolean (G_TASK (result), &error);
  HeftParameterRow *row;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  row = self->blamed != NULL ? g_hash_table_lookup (self->rows, self->blamed) : NULL;
  if (row != NULL)
    heft_parameter_row_set_error (row, NULL);
  g_clear_pointer (&self->blamed, g_free);
  row = !good && self->last_edited != NULL ? g_hash_table_lookup (self->rows, self->last_edited) : NULL;
  if (row != NULL)
    {
      heft_parameter_row_set_error (row, error->message);
      self->blamed = g_strdup (self->last_edited);
    }
  set_valid (self, good);
}

/* What depends on several parameters or on files is looked at on another thread: a file may be large or far away. */
static void
start_check (HeftParameterSidebar *self)
{
  g_autoptr(GTask) task = NULL;

  g_cancellable_cancel (self->check);
  g_clear_object (&self->check);
  self->check = g_cancellable_new ();
  task = g_task_new (NULL, self->check, checked_cb, g_object_ref (self));
  g_task_set_name (task, "heft-check");
  g_task_set_task_data (task, heft_parameters_copy (heft_session_get_parameters (self->session)),
                        (GDestroyNotify) heft_parameters_free);
  g_task_run_in_thread (task, check_thread);
}

static void
parameter_changed_cb (HeftParameterSidebar *self, const char *id)
{
  const HeftParameterSpec *spec = heft_session_find_spec (self->session, id);

  if (g_strcmp0 (id, "seed") == 0)
    show_seed (self);
  if (spec == NULL || spec->live)
    return;
  g_free (self->last_edited);
  self->last_edited = g_strdup (id);
  start_check (self);
}

static void
record_replaced_cb (HeftParameterSidebar *self)
{
  GHashTableIter iter;
  gpointer row;

  self->n_layers = 0;
  if (self->experiment != heft_session_get_experiment (self->session))
    {
      make_rows (self);
      set_valid (self, TRUE);
      return;
    }
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    heft_parameter_row_update (row);
  show_seed (self);
}

static void
heft_parameter_sidebar_dispose (GObject *object)
{
  HeftParameterSidebar *self = HEFT_PARAMETER_SIDEBAR (object);

  g_cancellable_cancel (self->check);
  g_clear_object (&self->check);
  g_clear_handle_id (&self->building, g_source_remove);
  g_queue_clear (&self->waiting);
  g_clear_object (&self->session);
  self->seed = NULL;
  g_hash_table_remove_all (self->rows);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  G_OBJECT_CLASS (heft_parameter_sidebar_parent_class)->dispose (object);
}

static void
heft_parameter_sidebar_finalize (GObject *object)
{
  HeftParameterSidebar *self = HEFT_PARAMETER_SIDEBAR (object);

  g_hash_table_unref (self->rows);
  g_free (self->last_edited);
  g_free (self->blamed);
  G_OBJECT_CLASS (heft_parameter_sidebar_parent_class)->finalize (object);
}

static void
heft_parameter_sidebar_class_init (HeftParameterSidebarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = heft_parameter_sidebar_dispose;
  object_class->finalize = heft_parameter_sidebar_finalize;
  signals[CHECKED] = g_signal_new ("checked", HEFT_TYPE_PARAMETER_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/heft/Heft/ui/heft-parameter-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, HeftParameterSidebar, groups);
  gtk_widget_class_bind_template_child (widget_class, HeftParameterSidebar, scroller);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
heft_parameter_sidebar_init (HeftParameterSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->valid = TRUE;
}

void
heft_parameter_sidebar_set_session (HeftParameterSidebar *self, HeftSession *session)
{
  g_return_if_fail (HEFT_IS_PARAMETER_SIDEBAR (self));
  g_return_if_fail (self->session == NULL);

  self->session = g_object_ref (session);
  g_signal_connect_object (session, "record-replaced", G_CALLBACK (record_replaced_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "parameter-changed", G_CALLBACK (parameter_changed_cb), self, G_CONNECT_SWAPPED);
  if (heft_session_get_experiment (session) != NULL)
    make_rows (self);
}

gboolean
heft_parameter_sidebar_is_valid (HeftParameterSidebar *self)
{
  return self->valid;
}

void
heft_parameter_sidebar_follow_run (HeftParameterSidebar *self)
{
  HeftRecord *record = heft_session_get_record (self->session);
  gsize n = record != NULL ? heft_record_get_layers (record, NULL) : 0;
  GHashTableIter iter;
  gpointer row;

  if (n == self->n_layers)
    return;
  self->n_layers = n;
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    if (HEFT_IS_LIST_ROW (row))
      heft_parameter_row_update (row);
}

GtkWidget *
heft_parameter_sidebar_get_preview (HeftParameterSidebar *self)
{
  GtkWidget *row = g_hash_table_lookup (self->rows, "architecture");

  return HEFT_IS_TEXT_ROW (row) ? heft_text_row_get_preview (HEFT_TEXT_ROW (row)) : NULL;
}
