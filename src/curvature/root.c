/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-curvature"

#include "config.h"

#include <math.h>
#include <string.h>

#include "curvature/root.h"

gsize
heft_root_n_columns (HeftFisherKind kind, gsize n_classes)
{
  return kind == HEFT_FISHER_EXACT ? MAX (n_classes, 2) - 1 : 1;
}

/* p - e_y, with the true class as minus the sum of the others: 1 - p would round to nothing on a sample that fits. */
static void
label_row (const double *p, gsize n_classes, gsize label, double *row)
{
  double others = 0;

  for (gsize c = 0; c < n_classes; c++)
    {
      row[c] = p[c];
      if (c != label)
        others += p[c];
    }
  row[label] = -others;
}

/* Column @column of the Cholesky factor of diag p - p p^T in closed form (Tanabe and Sagae 1992): with the tails
 * t_i = sum_{j > i} p_j, L_ii = sqrt (p_i t_i / t_{i-1}) and L_ji = -p_j sqrt (p_i / (t_i t_{i-1})). */
static void
metric_row (const double *p, gsize n_classes, gsize column, double *row)
{
  double tail = 0, tail_before;

  memset (row, 0, n_classes * sizeof *row);
  for (gsize c = n_classes - 1; c > column; c--)
    tail += p[c];
  tail_before = p[column] + tail;
  if (!(tail > 0) || !(p[column] > 0))
    return;
  row[column] = sqrt (p[column] * (tail / tail_before));
  for (gsize c = column + 1; c < n_classes; c++)
    row[c] = -(p[c] / tail) * row[column];
}

void
heft_root_rows (HeftFisherKind kind, const double *probabilities, const guint8 *labels, gsize n, gsize n_classes,
                gsize column, double *rows)
{
  for (gsize i = 0; i < n; i++, probabilities += n_classes, rows += n_classes)
    if (kind == HEFT_FISHER_EXACT)
      metric_row (probabilities, n_classes, column, rows);
    else
      label_row (probabilities, n_classes, labels[i], rows);
}

void
heft_root_draw (HeftStream stream, guint64 step, gsize first, const double *probabilities, gsize n, gsize n_classes,
                guint8 *labels)
{
  g_autofree double *uniforms = g_new (double, n);

  heft_stream_uniforms_f64 (stream, step, first, n, uniforms);
  for (gsize i = 0; i < n; i++, probabilities += n_classes)
    {
      double cumulative = 0;
      gsize label = 0;

      for (gsize c = 0; c < n_classes; c++)
        {
          /* Rounding may leave the sum just under the number drawn: the last class that can occur takes it. */
          if (probabilities[c] > 0)
            label = c;
          cumulative += probabilities[c];
          if (uniforms[i] < cumulative)
            break;
        }
      labels[i] = (guint8) label;
    }
}
