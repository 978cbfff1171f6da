/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <heft/plot.h>
#include <pango/pangocairo.h>

G_BEGIN_DECLS

/* Names shared by the files of libheft-plot; never installed. */

typedef struct
{
  double x, y, width, height;
} HeftRect;

typedef struct
{
  double r, g, b, a;
} HeftRgba;

/* ---- text.c, formula.c: labels as boxes of positioned runs ---- */

typedef enum
{
  HEFT_FONT_TEXT,
  HEFT_FONT_TEXT_BOLD,
  HEFT_FONT_MATH,
  HEFT_FONT_MATH_ITALIC,
  HEFT_FONT_MATH_BOLD,
  HEFT_N_FONTS,
} HeftFont;

typedef enum
{
  HEFT_TEXT_PLAIN = 0,
  HEFT_TEXT_BOLD = 1 << 0,
  HEFT_TEXT_UPRIGHT_DIGITS = 1 << 1,  /* digits of formulas in the text's own font: tick labels */
} HeftTextFlags;

/* Font descriptions and one Pango context; made for one painting, so nothing is shared between threads. */
typedef struct
{
  PangoContext         *context;
  PangoFontDescription *description[HEFT_N_FONTS];
  PangoAttrList        *tabular;
  double                math_scale;   /* brings the x-height of the mathematics font to that of the text font */
} HeftFonts;

HeftFonts  *heft_fonts_new    (void);
void        heft_fonts_free   (HeftFonts *self);
const char *heft_font_family  (HeftFont font);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftFonts, heft_fonts_free)

typedef enum
{
  HEFT_ITEM_TEXT,
  HEFT_ITEM_RULE,                     /* a filled rectangle: fraction bars, overlines */
  HEFT_ITEM_STROKE,                   /* a polyline: radicals, accents */
} HeftBoxItemKind;

#define HEFT_BOX_MAX_POINTS 10

typedef struct
{
  HeftBoxItemKind kind;
  double          x, y;               /* start on the baseline, or corner of the rule; y grows downwards */
  char           *text;
  HeftFont        font;
  double          size;
  PangoLayout    *layout;
  double          width, height;      /* rule */
  guint           n_points;           /* stroke: relative to x, y */
  double          points[2 * HEFT_BOX_MAX_POINTS];
  double          line_width;
} HeftBoxItem;

/* A laid out piece of text. Ascent and descent are positive lengths above and below the baseline. */
typedef struct
{
  GArray *items;                      /* HeftBoxItem */
  char   *source;
  double  width, ascent, descent;
  double  ink_left, ink_right, ink_ascent, ink_descent;
} HeftBox;

HeftBox *heft_box_new        (void);
void     heft_box_free       (HeftBox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftBox, heft_box_free)
HeftBox *heft_box_new_run    (HeftFonts *fonts, HeftFont font, double size, const char *text, gssize length);
void     heft_box_take       (HeftBox *self, HeftBox *part, double dx, double dy);
void     heft_box_add_rule   (HeftBox *self, double x, double y, double width, double height);
void     heft_box_add_stroke (HeftBox *self, const double *points, guint n, double line_width);
/* @outlines: as shapes, which Cairo's pixels place exactly; glyphs it moves to whole pixels. */
void     heft_box_show       (const HeftBox *self, cairo_t *cr, double x, double baseline, gboolean outlines);

HeftBox *heft_formula_layout (HeftFonts *fonts, const char *formula, gsize length, double size, HeftTextFlags flags);
HeftBox *heft_text_layout    (HeftFonts *fonts, const char *text, double size, HeftTextFlags flags);
/* As heft_text_layout(), but at most @width wide: first smaller (to @least times the size), then cut with an ellipsis. */
HeftBox *heft_text_layout_fit (HeftFonts *fonts, const char *text, double size, HeftTextFlags flags, double width, double least);
/* Lines of at most @width; array of HeftBox, to be unreffed. */
GPtrArray *heft_text_wrap    (HeftFonts *fonts, const char *text, double size, HeftTextFlags flags, double width, guint max_lines);

/* ---- colour.c ---- */

typedef struct
{
  HeftRgba background;                /* what lies behind, for blending */
  HeftRgba ink, dim, axis, grid;
  double   line_width;
  gboolean dark, high_contrast;
} HeftPalette;

typedef enum
{
  HEFT_MARKER_CIRCLE,
  HEFT_MARKER_SQUARE,
  HEFT_MARKER_TRIANGLE,
  HEFT_MARKER_DIAMOND,
  HEFT_MARKER_CROSS,
} HeftMarker;

typedef struct
{
  HeftRgba   colour;
  double     width;
  double     dash[4];
  guint      n_dash;
  HeftMarker marker;
} HeftStyle;

HeftPalette heft_palette          (const HeftTheme *theme);
HeftStyle   heft_mark_style       (const HeftMark *mark, const HeftPalette *palette);
HeftRgba    heft_rgba_mix         (HeftRgba a, HeftRgba b, double share_of_b);
void        heft_colour_map_get   (HeftColourMap map, gboolean dark, double t, double rgb[3]);

/* ---- scale.c: data to figure coordinates, ticks ---- */

typedef struct
{
  gboolean log;
  double   minimum, maximum;          /* data */
  double   lo, hi;                    /* the same in the scale's own coordinate (log10 or as is) */
  double   start, end;                /* figure coordinates of lo and hi */
} HeftMap;

typedef struct
{
  double   value;
  double   position;
  char    *label;                     /* NULL for a minor tick */
  HeftBox *box;                       /* set while laying out */
} HeftTick;

void     heft_map_set_range (HeftMap *self, gboolean log, double minimum, double maximum);
double   heft_map_forward   (const HeftMap *self, double value);     /* not finite for what the scale cannot show */
double   heft_map_backward  (const HeftMap *self, double position);
double   heft_map_slope     (const HeftMap *self, double value);     /* d position / d value */
gboolean heft_map_accepts   (const HeftMap *self, double value);
/* Ticks inside the range, major ones at least @spacing apart; @exponent receives the power of ten taken out of the labels. */
GArray  *heft_map_ticks     (const HeftMap *self, double spacing, int *exponent);
/* A range that can be shown for whatever came in: nothing, one value, infinities, negatives on a log scale. */
void     heft_range_tidy    (gboolean log, gboolean include_zero, double *minimum, double *maximum);

/* ---- canvas.c, canvas-svg.c: what figures are drawn with ---- */

typedef struct
{
  HeftRgba colour;
  double   width;
  double   dash[4];
  guint    n_dash;
} HeftStroke;

typedef struct _HeftCanvas HeftCanvas;

typedef struct
{
  void (*polyline)  (HeftCanvas *self, const double *xy, gsize n, const HeftStroke *stroke);
  void (*polygon)   (HeftCanvas *self, const double *xy, gsize n, const HeftRgba *fill, const HeftStroke *stroke);
  void (*rectangle) (HeftCanvas *self, const HeftRect *rect, double radius, const HeftRgba *fill, const HeftStroke *stroke);
  void (*circle)    (HeftCanvas *self, double x, double y, double radius, const HeftRgba *fill, const HeftStroke *stroke);
  void (*image)     (HeftCanvas *self, const HeftRect *rect, cairo_surface_t *pixels);
  void (*clip)      (HeftCanvas *self, const HeftRect *rect);
  void (*unclip)    (HeftCanvas *self);
  void (*group)     (HeftCanvas *self, const char *css_class, const char *label);
  void (*ungroup)   (HeftCanvas *self);
  void (*text)      (HeftCanvas *self, const HeftBox *box, double x, double baseline, double angle, const HeftRgba *colour);
} HeftCanvasClass;

struct _HeftCanvas
{
  const HeftCanvasClass *klass;
  double   resolution;                /* device pixels a unit; 0 for vectors, which show every vertex */
};

HeftCanvas *heft_canvas_new_cairo (cairo_t *cr, double resolution);
void        heft_canvas_free_cairo (HeftCanvas *self);
HeftCanvas *heft_canvas_new_svg   (double width, double height, const char *title, const char *description);
char       *heft_canvas_end_svg   (HeftCanvas *self, gsize *length);

void heft_canvas_marker (HeftCanvas *self, HeftMarker marker, double x, double y, double radius, const HeftRgba *fill,
                         const HeftStroke *stroke);

/* ---- thin.c ---- */

/* Keeps first, lowest, highest and last of each column of @column units; returns the new length. */
gsize heft_thin_columns (double *xy, gsize n, double column);
/* What a line of @width through thinned points covers, as a polygon: x and y in turn. */
GArray *heft_thin_outline (const double *xy, gsize n, double column, double width);

/* ---- layout.c ---- */

typedef struct
{
  guint    mark;
  HeftRect rect;                      /* of sample and text */
  HeftBox *box;
} HeftLegendEntry;

typedef struct
{
  const HeftPlot *plot;
  gsize    index;
  HeftRect cell;
  HeftRect area;                      /* inside the axes, or the image */
  double   font_size;
  HeftMap  x, y;
  GArray  *x_ticks, *y_ticks;         /* HeftTick */
  int      x_exponent, y_exponent;
  gboolean show_x;                    /* tick labels and label: not where the plot below shares the axis */
  HeftBox *title, *x_label, *y_label;
  double   header_baseline, title_baseline;
  double   x_label_baseline;
  GArray  *legend;                    /* HeftLegendEntry */
  double   legend_size;               /* of its letters */
  guint    legend_left_out;
  gboolean legend_inside, legend_beside;
  HeftRect legend_rect;
  /* image */
  gboolean show_bar;
  HeftRect bar;
  HeftMap  bar_map;
  GArray  *bar_ticks;
  HeftBox *bar_label;
} HeftPlotLayout;

typedef struct
{
  HeftFonts  *fonts;
  HeftPalette palette;
  HeftTheme   theme;
  double      width, height;
  double      font_size;
  GPtrArray  *plots;                  /* HeftPlotLayout */
  HeftBox    *title;
  HeftRect    title_rect;
  GPtrArray  *foot;                   /* HeftBox: caption and notes, one a line */
  HeftRect    foot_rect;
  GPtrArray  *placeholder;            /* HeftBox */
} HeftLayout;

HeftLayout *heft_layout_new  (const HeftFigure *figure, double width, double height, const HeftTheme *theme, double resolution);
void        heft_layout_free (HeftLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftLayout, heft_layout_free)

/* layout-image.c */
void        heft_layout_images (HeftLayout *self, guint columns, const HeftRect *box);
void        heft_image_range   (const HeftPlot *plot, double *minimum, double *maximum);
void        heft_ticks_set_boxes (GArray *ticks, HeftFonts *fonts, double size);
/* The colour bar right of the plot's area, down to @bottom, and how much room it takes. */
void        heft_layout_bar    (HeftLayout *self, HeftPlotLayout *plot, double bottom);
double      heft_layout_bar_width (const HeftPlot *plot, double font_size);

/* layout-map.c: axes over a map */
gboolean    heft_plot_has_map  (const HeftPlot *plot);
/* The legend beside the map or in rows above it, whichever leaves more room to the map; returns the number of rows. @fixed is what
 * else stands above and below. */
guint       heft_map_legend    (HeftLayout *self, HeftPlotLayout *plot, double label_width, double fixed);
/* Makes the area square, with the colour bar beside it. */
void        heft_map_square    (HeftLayout *self, HeftPlotLayout *plot);
/* Moves a legend beside the map to its place. */
void        heft_map_place_legend (HeftPlotLayout *plot);

/* layout-legend.c */
void        heft_legend_clear  (HeftPlotLayout *plot);
/* Rows from the left end of the first row; @first is how far that row is taken already. Returns the number of rows, or 0 if it takes
 * more than @max_rows, when nothing is placed unless @force: then the rest is left out and counted. */
guint       heft_legend_rows   (HeftLayout *self, HeftPlotLayout *plot, double first, double width, guint max_rows, gboolean force);
/* Into the corner of the area where nothing is drawn; FALSE if there is none. */
gboolean    heft_legend_corner (HeftLayout *self, HeftPlotLayout *plot);
/* All entries below one another, from (0, 0), each at most @width wide. */
void        heft_legend_column (HeftLayout *self, HeftPlotLayout *plot, double width);
double      heft_legend_row_height (double font_size);
double      heft_legend_sample     (double font_size);
/* Whether an entry is words alone. */
gboolean    heft_mark_is_key       (const HeftMark *mark);
/* Where an entry's words begin. */
double      heft_legend_indent     (const HeftMark *mark, double font_size);

/* layout-range.c */
void        heft_plot_x_range  (const HeftPlot *plot, double *minimum, double *maximum, gboolean *points_only);
void        heft_plot_y_range  (const HeftPlot *plot, double *minimum, double *maximum);
gboolean    heft_mark_is_guide (const HeftMark *mark);

/* ---- paint*.c ---- */

gboolean heft_is_vector (cairo_t *cr);

void heft_paint_layout (const HeftLayout *layout, HeftCanvas *canvas);
void heft_paint_marks  (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
void heft_paint_legend (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
/* The map under a plot's axes, and its colour bar. */
void heft_paint_map    (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
void heft_paint_image  (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
/* A line of a network's drawing, in sizes of its letters. */
#define HEFT_BLOCK_STEP 1.95
void heft_paint_network (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
void heft_paint_table  (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
/* The row of a table at height @py, or -1. */
int  heft_table_row_at (const HeftLayout *layout, const HeftPlotLayout *plot, double py);
void heft_paint_cells   (const HeftLayout *layout, const HeftPlotLayout *plot, HeftCanvas *canvas);
void heft_paint_hatch  (const HeftLayout *layout, HeftCanvas *canvas, const HeftRect *rect);
/* How many points of a mark an axis cannot show. */
gsize heft_mark_count_off_log (const HeftPlot *plot, const HeftMark *mark, gboolean x_log, gboolean y_log);
/* Above this many points in one figure a vector file is thinned, and says so. */
#define HEFT_FILE_MAX_POINTS 100000
gsize heft_figure_count_points (const HeftFigure *figure);

/* panel.c, panel-frame.c */
void heft_panel_lines     (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record);
void heft_panel_stacked   (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record);
void heft_panel_curve     (HeftFigure *figure, const HeftPanelSpec *panel, HeftRecord *record);
void heft_panel_spectra   (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame);
void heft_panel_images    (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame);
void heft_panel_ledger    (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame);
void heft_panel_cells     (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame);
void heft_panel_plane     (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame);
void heft_panel_densities (HeftFigure *figure, const HeftPanelSpec *panel, HeftFrame *frame);
void heft_panel_axes      (HeftPlot *plot, const HeftPanelSpec *panel);

G_END_DECLS
