/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-cli"

#include "config.h"

#include <math.h>

#include <heft/experiment.h>
#include <heft/plot.h>

#include "cli/bench.h"

/* One frame of the window's six panels, from the record to pixels, as they are after a long run. */

#define WIDTH 1600
#define HEIGHT 1000
#define STEPS 10000
#define MEASUREMENTS 400
#define LAYERS 3
#define EIGENVALUES 512
#define SIDE 28

typedef struct
{
  const HeftExperiment *experiment;
  HeftRecord           *record;
  cairo_surface_t      *surface;
} Screen;

static void
fill_series (HeftRecord *record, gsize series)
{
  const HeftSeriesSpec *spec = heft_record_get_series_spec (record, series);
  gsize n = spec->quantity == HEFT_QUANTITY_BATCH_LOSS ? STEPS : MEASUREMENTS;

  for (gsize layer = 0; layer < (spec->per_layer ? LAYERS : 1); layer++)
    for (gsize i = 0; i < n; i++)
      {
        double at = (i + 1.0) / n;

        /* Falling, with the ups and downs of minibatches: what costs most to stroke. */
        heft_record_append (record, series, layer, at * STEPS, 0.2 + exp (-9 * at) + 0.1 * sin (i * 12.9898 + layer));
      }
}

static void
publish_spectra (HeftRecord *record, const char *id)
{
  HeftFrame *frame = heft_frame_new (id, STEPS);
  double values[EIGENVALUES];

  for (int layer = 0; layer < LAYERS; layer++)
    {
      g_autofree char *name = g_strdup_printf ("layer:%d", layer + 1);
      g_autofree char *head = g_strdup_printf ("head:%d", layer + 1);

      for (int i = 0; i < EIGENVALUES; i++)
        values[i] = pow (i + 1.0, -1.0) * exp (-i / 90.0) / (layer + 1);
      heft_frame_set_array (frame, name, 1, EIGENVALUES, values);
      heft_frame_set_array (frame, head, 1, 20, values);
    }
  heft_frame_set_number (frame, "threshold", 1e-3);
  heft_frame_set_text (frame, "threshold_label", "$\\beta/\\lambda^2$");
  heft_frame_set_text (frame, "estimator", "512 sampled labels");
  heft_frame_set_text (frame, "head_estimator", "exact labels, Lanczos");
  heft_record_publish (record, frame);
}

static void
publish_images (HeftRecord *record, const char *id)
{
  static const char *const kinds[] = { "image", "map", "change" };
  HeftFrame *frame = heft_frame_new (id, STEPS);
  double values[SIDE * SIDE];

  for (int k = 0; k < 3; k++)
    for (gsize kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
      {
        g_autofree char *name = g_strdup_printf ("%s:%d", kinds[kind], k);

        for (int i = 0; i < SIDE * SIDE; i++)
          values[i] = exp (-pow (hypot (i / SIDE - 14, i % SIDE - 14) - 6 - k, 2) / 12);
        heft_frame_set_array (frame, name, SIDE, SIDE, values);
      }
  heft_frame_set_text (frame, "map_label", "$F_{z|x}$");
  heft_frame_set_text (frame, "change_label", "$1/\\sqrt{F_{z|x}}$");
  heft_record_publish (record, frame);
}

static void
publish_ledger (HeftRecord *record, const char *id)
{
  HeftFrame *frame = heft_frame_new (id, STEPS);

  for (int k = 0; k < 8; k++)
    {
      g_autofree char *label = g_strdup_printf ("row:%d:label", k), *value = g_strdup_printf ("row:%d:value", k);
      g_autofree char *note = g_strdup_printf ("row:%d:note", k), *gauge = g_strdup_printf ("row:%d:gauge", k);

      heft_frame_set_text (frame, label, "$E_Q L + \\beta\\,\\mathrm{KL}(Q \\Vert P)$");
      heft_frame_set_text (frame, value, "0.395 nat");
      heft_frame_set_text (frame, note, "one weight draw, 2,000 samples");
      heft_frame_set_number (frame, gauge, k / 8.0);
    }
  heft_record_publish (record, frame);
}

static HeftRecord *
make_record (const HeftExperiment *experiment)
{
  static const char *const names[LAYERS] = { "1", "2", "3" };
  HeftRecord *record = heft_record_new (experiment->series, experiment->n_series, experiment->results, experiment->n_results);

  heft_record_set_layers (record, LAYERS, names);
  for (gsize i = 0; i < experiment->n_series; i++)
    fill_series (record, i);
  for (gsize i = 0; i < experiment->n_panels; i++)
    {
      const HeftPanelSpec *panel = &experiment->panels[i];

      if (panel->frame == NULL)
        continue;
      if (panel->kind == HEFT_PANEL_SPECTRA)
        publish_spectra (record, panel->frame);
      else if (panel->kind == HEFT_PANEL_IMAGES)
        publish_images (record, panel->frame);
      else if (panel->kind == HEFT_PANEL_LEDGER)
        publish_ledger (record, panel->frame);
    }
  return record;
}

static gboolean
paint_frames (guint64 n, gpointer data, GError **error)
{
  const Screen *screen = data;
  const HeftTheme theme = heft_theme_screen (FALSE);
  const gsize rows = (screen->experiment->n_panels + 1) / 2;
  const double width = WIDTH / 2.0, height = HEIGHT / (double) MAX (rows, 1);

  for (guint64 i = 0; i < n; i++)
    {
      cairo_t *cr = cairo_create (screen->surface);

      cairo_set_source_rgb (cr, 1.0, 1.0, 1.0);
      cairo_paint (cr);
      for (gsize p = 0; p < screen->experiment->n_panels; p++)
        {
          g_autoptr (HeftFigure) figure = heft_panel_figure (&screen->experiment->panels[p], screen->record, NULL, -1, -1);

          cairo_save (cr);
          cairo_translate (cr, (double) (p % 2) * width, (double) (p / 2) * height);
          heft_figure_paint (figure, cr, width, height, &theme);
          cairo_restore (cr);
        }
      cairo_destroy (cr);
    }
  return TRUE;
}

gboolean
heft_bench_paint (const char *name, const HeftBenchOptions *options, HeftBenchReport report, gpointer data, GError **error)
{
  HeftBenchResult result = { .name = name, .batch = 1, .threads = 1, .repeats = options->repeats };
  g_autoptr (HeftRecord) record = NULL;
  Screen screen = { .experiment = heft_experiment_find ("train", error) };
  gboolean done;

  if (screen.experiment == NULL)
    return FALSE;
  record = screen.record = make_record (screen.experiment);
  screen.surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
  done = heft_bench_time (paint_frames, &screen, options->repeats, result.step_microseconds, error);
  cairo_surface_destroy (screen.surface);
  if (done)
    report (&result, data);
  return done;
}
