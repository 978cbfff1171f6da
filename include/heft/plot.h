/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <cairo.h>
#include <gio/gio.h>
#include <heft/network.h>
#include <heft/panel.h>

G_BEGIN_DECLS

/*
 * libheft-plot: figures as values, painted by Cairo and Pango. No GTK. Text may hold formulas between dollar signs in a small
 * TeX: Greek letters, _ and ^ with groups, \frac, \sqrt, \mathrm, \mathcal, \Vert, operators; set in italics with
 * real subscripts.
 */

/**
 * HeftScale:
 *
 * How data become places along an axis. On a log axis what is at or below 0 is left out, and the figure says how many there were.
 */
typedef enum { HEFT_SCALE_LINEAR, HEFT_SCALE_LOG } HeftScale;

/**
 * HeftAxis:
 *
 * What is measured along one side of a plot, and over which range. The texts are owned by the axis.
 */
typedef struct
{
  char     *label;           /* may hold formulas */
  char     *unit;            /* shown in parentheses after the label, or NULL */
  HeftScale scale;
  gboolean  automatic;       /* range from the marks */
  double    minimum, maximum;
  gboolean  include_zero;
} HeftAxis;

/**
 * HeftMarkKind:
 *
 * What a mark draws of its arrays.
 */
typedef enum
{
  HEFT_MARK_LINE,            /* x, y; optional lower, upper band */
  HEFT_MARK_POINTS,
  HEFT_MARK_LINE_POINTS,
  HEFT_MARK_AREA,            /* between lower and upper (stacked) */
  HEFT_MARK_HORIZONTAL,      /* y[0]: a line across, named */
  HEFT_MARK_VERTICAL,        /* x[0] */
  HEFT_MARK_TANGENT,         /* at each (x, y) a short line of slope lower[i] */
  HEFT_MARK_CONTOUR,         /* x, y: lines over a map, with what is not finite between them; without points: words in the legend */
} HeftMarkKind;

/**
 * HeftMark:
 *
 * A run of points in data coordinates. Text and arrays are owned by the mark.
 */
typedef struct
{
  HeftMarkKind kind;
  HeftQuantity quantity;
  int          index;        /* layer, for HEFT_QUANTITY_LAYER; selects a shade */
  char        *label;        /* legend entry, may hold formulas; NULL = not in the legend */
  char        *note;         /* beside the line (thresholds), or NULL */
  gsize        n;
  double      *x, *y, *lower, *upper;
  gboolean     faint;        /* the raw line behind a smoothed one, a kept run */
  gboolean     hidden;       /* switched off in the legend */
} HeftMark;

/**
 * HeftColourMap:
 *
 * How values become colours: GREY for images, SEQUENTIAL for sizes, DIVERGING for values of both signs, QUIET for sizes under lines.
 */
typedef enum { HEFT_COLOUR_MAP_GREY, HEFT_COLOUR_MAP_SEQUENTIAL, HEFT_COLOUR_MAP_DIVERGING, HEFT_COLOUR_MAP_QUIET } HeftColourMap;

/**
 * HeftPlotKind:
 *
 * What one cell of a figure's grid holds; see #HeftPlot.
 */
typedef enum { HEFT_PLOT_AXES, HEFT_PLOT_IMAGE, HEFT_PLOT_TABLE, HEFT_PLOT_NETWORK, HEFT_PLOT_CELLS } HeftPlotKind;

/**
 * HeftTableRow:
 *
 * A line of a ledger: a quantity with its value, and small print below. The texts are owned by the row.
 */
typedef struct
{
  char   *label;             /* may hold formulas */
  char   *value;             /* formatted number with unit */
  char   *note;              /* small print: estimator, samples, "not a valid bound" */
  double  gauge;             /* 0..1 draws a bar; negative none */
  gboolean overflow;         /* the gauge's value lies beyond its end */
  HeftQuantity quantity;
} HeftTableRow;

/**
 * HeftBlock:
 *
 * One operation in the drawing of a network, which goes from top to bottom. The texts are owned by the block.
 */
typedef struct
{
  char     *label;           /* "dense 1 · ReLU" */
  char     *shape;           /* what leaves it: "16×24×24" */
  char     *parameters;      /* how many it has, or NULL */
  HeftShape size;            /* what leaves it, to be drawn; 0 channels: nothing is drawn */
  int       layer;           /* which of the layers with weights it is, for its colour, or -1 */
  int       from;            /* the block whose output is added here, or -1 */
  gboolean  sum;             /* the last line */
} HeftBlock;

/**
 * HeftPlot:
 *
 * One set of axes, one image with its colour bar, one table, one network, or a grid of coloured cells; owns all that it points to.
 */
typedef struct
{
  HeftPlotKind kind;
  char        *title;        /* small, above; may hold formulas; or NULL */
  HeftAxis     x, y;
  GPtrArray   *marks;        /* HeftMark */
  gboolean     legend;
  /* IMAGE */
  gsize         rows, columns;
  double       *values;      /* rows x columns; not finite = drawn as "no value" hatch */
  /* AXES with @values: a map under the marks, row 0 on top, over this part of the axes; they are square then */
  double        map_left, map_right, map_bottom, map_top;
  HeftColourMap colour_map;
  gboolean      colour_bar;
  gboolean      colour_log;
  double        value_minimum, value_maximum;  /* equal = automatic */
  char         *value_label; /* quantity and unit of the colour bar */
  /* TABLE */
  GPtrArray    *table;       /* HeftTableRow */
  /* NETWORK */
  GPtrArray    *blocks;      /* HeftBlock */
  /* CELLS: rows x columns of words on the colours of @values, which are shares from 0 to 1; not finite = hatched */
  char        **row_names, **column_names;     /* NULL-terminated; may hold formulas */
  char        **cells;       /* rows * columns, row by row */
} HeftPlot;

/**
 * HeftFigure:
 *
 * A picture as a value: plots in a grid under one title, with a caption. Painting is a pure function of it.
 */
typedef struct
{
  char      *title;
  char      *caption;        /* seed, N, beta, estimator: always in files, on screen only where asked for */
  char      *placeholder;    /* one sentence instead of plots while there is no data */
  guint      columns;        /* of the grid */
  double    *row_weights;    /* relative heights, or NULL */
  GPtrArray *plots;          /* HeftPlot */
  gsize      most_points;    /* a curve holds at most so many, lowest and highest kept; 0 = all */
  GPtrArray *notes;          /* char*: "3 values at or below 0 are not on the log axis" (added while painting a copy) */
} HeftFigure;

HeftFigure *heft_figure_new  (const char *title);
HeftFigure *heft_figure_copy (const HeftFigure *self);
void        heft_figure_free (HeftFigure *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftFigure, heft_figure_free)
HeftPlot   *heft_figure_add_plot (HeftFigure *self, HeftPlotKind kind);
HeftMark   *heft_plot_add_mark   (HeftPlot *self, HeftMarkKind kind, HeftQuantity quantity, const char *label,
                                  gsize n, const double *x, const double *y);          /* copies */
HeftTableRow *heft_plot_add_row  (HeftPlot *self, const char *label, const char *value);
HeftBlock  *heft_plot_add_block  (HeftPlot *self, const char *label, const char *shape, const char *parameters);

/**
 * HeftTheme:
 *
 * What a figure is painted with that is not the figure's own.
 */
typedef struct
{
  gboolean dark;
  gboolean transparent;
  gboolean high_contrast;
  double   font_size;        /* points at the figure's own size; 0 = default */
  gboolean caption;
  gboolean title;
  gboolean thin;             /* min and max a pixel column: screen only */
} HeftTheme;

HeftTheme heft_theme_screen (gboolean dark);
HeftTheme heft_theme_file   (void);          /* dark ink on white, title and caption, every point */

/* Fills the box (0, 0, width, height) of @cr. */
void      heft_figure_paint (const HeftFigure *self, cairo_t *cr, double width, double height, const HeftTheme *theme);

/**
 * HeftHit:
 *
 * Where things are, for hover, zoom and legend clicks: the same layout that paint uses.
 */
typedef struct
{
  gsize    plot;             /* index */
  gboolean inside;           /* over the axes' area */
  double   x, y;             /* data coordinates */
  int      mark;             /* nearest mark, or -1 */
  gsize    point;            /* nearest point of it */
  int      legend_mark;      /* legend entry under the pointer, or -1 */
  int      row;              /* of a table, or -1 */
} HeftHit;
gboolean  heft_figure_hit   (const HeftFigure *self, double width, double height, const HeftTheme *theme,
                             double px, double py, HeftHit *hit);

/**
 * HeftPlotArea:
 *
 * The box of a plot's axes in the figure, and the data at its edges.
 */
typedef struct
{
  double   x, y, width, height;
  gboolean x_log, y_log;
  double   x_minimum, x_maximum;   /* at the left and right edge */
  double   y_minimum, y_maximum;   /* at the lower and upper edge */
} HeftPlotArea;
gboolean  heft_figure_get_area (const HeftFigure *self, double width, double height, const HeftTheme *theme, gsize plot,
                                HeftPlotArea *area);

/**
 * HeftFileFormat:
 *
 * SVG and PDF keep curves and letters as such; PNG is made of pixels.
 */
typedef enum { HEFT_FILE_SVG, HEFT_FILE_PDF, HEFT_FILE_PNG } HeftFileFormat;

/**
 * heft_figure_export:
 * @width: in points (1/72 inch), as @height
 * @dpi: pixels an inch of a PNG, any positive number; of no effect on the others
 * @path: written atomically
 *
 * SVG text stays text. heft_figure_export_bytes() is the same in memory.
 *
 * Returns: FALSE with @error (file, remedy) if it cannot be written, or would be a picture larger than Cairo's
 */
gboolean  heft_figure_export       (const HeftFigure *self, HeftFileFormat format, double width, double height, double dpi,
                                    const HeftTheme *theme, const char *path, GError **error);
GBytes   *heft_figure_export_bytes (const HeftFigure *self, HeftFileFormat format, double width, double height, double dpi,
                                    const HeftTheme *theme, GError **error);

/**
 * heft_panel_figure:
 *
 * A panel of a record as a figure. NULL never: without data the figure says so. @x_log, @y_log: -1 = the panel's own.
 *
 * LINES      series against x; those with unit "%" (fractions) have axes of their own below, in percent
 * STACKED    the first per-layer series as a stack, plain series as lines; another per-layer series as the line of its sum, unless
 *            a plain series of quantity GAUSSIAN is that sum. Frame: number "threshold", text "threshold_label"
 * CURVE      series[0] = points, series[1] = slope at each: of quantity KL the slope itself, else its size downwards (-beta);
 *            further series as lines, or as a point if they have one
 * SPECTRA    frame: arrays "layer:NAME" by rank, "head:NAME"; "threshold", "threshold_label", "estimator", "head_estimator"
 * IMAGES     frame: arrays "image:K", "map:K", "change:K"; texts "title:K", "map_label", "change_label", "estimator"; perhaps "image_title",
 *            "map_title", "change_title", and "signed" where maps have both signs
 * LEDGER     frame: "row:K:label", "row:K:value", "row:K:note", numbers "row:K:gauge" (above 1 = beyond its end), "row:K:quantity"
 * CELLS      frame: array "values" (rows x columns, shares 0..1), texts "row:R", "column:C", "cell:K" row by row, "estimator"
 * DENSITIES  frame: arrays "grid", "loss", "prior", "gibbs", "gaussian", "mean_field", "laplace", "printed"
 * PLANE      frame: arrays "w1", "w2" (middles of equal cells), "loss" (row i at w1[i], column k at w2[k]), and "line:NAME:PERCENT" with
 *            the names of DENSITIES, rows (number of the line, w1, w2): lines of equal density about that share of the mass; text
 *            "estimator". The loss is shown above its lowest value on the map, on a logarithmic scale
 */
HeftFigure *heft_panel_figure      (const HeftPanelSpec *panel, HeftRecord *record, const char *caption, int x_log, int y_log);
/* The same for a screen that draws often: curves of at most about @most_points (no fewer than HEFT_ENVELOPE_MINIMUM). */
HeftFigure *heft_panel_figure_thin (const HeftPanelSpec *panel, HeftRecord *record, int x_log, int y_log, gsize most_points);

/* The network as a figure: input, layers with what leaves them and their parameters, residual connections, the sum. */
HeftFigure *heft_network_figure    (const HeftNetwork *network, const char *title);
/* How tall it wants to be with letters of @font_size. */
double      heft_network_figure_height (const HeftFigure *figure, double font_size);

/* A piece of text with formulas, for labels in the window. */
void      heft_text_measure (const char *text, double font_size, double *width, double *ascent, double *descent);
void      heft_text_paint   (const char *text, double font_size, cairo_t *cr, double x, double baseline);

/* The same as plain text that can be read aloud or printed: Greek letters and signs as Unicode, no TeX (transfer full). */
char     *heft_text_dup_plain (const char *text);

/* Colour of a quantity, sRGB 0..1. */
void      heft_quantity_colour (HeftQuantity quantity, int index, gboolean dark, double rgb[3]);
/* Numbers as the program writes them: at most @digits significant, tabular, "1.2 x 10^-3" as a formula outside 1e-3..1e5. */
char     *heft_format_number   (double value, int digits);

G_END_DECLS
