/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-record"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <heft/record.h>

/*
 * A curve is a list of chunks, each twice as long as the one before, so that points never move: a reader that has seen a
 * length may read that many points without a lock while the writer goes on. The mutex guards only what is small and
 * rare: frames (a pointer swap), results, changes.
 */
#define FIRST_CHUNK 64
#define N_CHUNKS 40

typedef struct
{
  double x, y;
} Point;

/* Where in a full block of BLOCK points the lowest and the highest are: what a screen needs of a long curve. */
#define BLOCK FIRST_CHUNK

typedef struct
{
  guint8 low, high;
} Extremes;

typedef struct _Curve Curve;

struct _Curve
{
  _Atomic gsize    length;
  _Atomic (Point *) chunks[N_CHUNKS];
  _Atomic (Extremes *) extremes[N_CHUNKS];   /* one a block of the chunk */
  Curve           *retired;      /* what this one replaced; a reader may still be looking at it */
};

typedef struct
{
  gsize            n_curves;
  _Atomic (Curve *) *curves;
} Bundle;

typedef struct
{
  gboolean known;
  double   value;
  double  *values;
  gsize    n;
  char    *reason;
} Result;

struct _HeftRecord
{
  gint                  ref_count;
  HeftSeriesSpec       *series;
  char                **estimators;   /* of this record alone, or NULL */
  gsize                 n_series;
  const HeftResultSpec *results;
  gsize                 n_results;

  _Atomic (Bundle *)   *bundles;      /* one a series; NULL until the layers are known */
  _Atomic gsize         n_layers;
  char                **layer_names;
  _Atomic guint64       version;

  pthread_mutex_t       mutex;        /* of all below */
  GPtrArray            *frames;
  Result               *values;
  GArray               *changes;      /* HeftChange */
};

static void
curve_free (Curve *curve)
{
  while (curve != NULL)
    {
      Curve *retired = curve->retired;

      for (gsize c = 0; c < N_CHUNKS; c++)
        {
          g_free (atomic_load_explicit (&curve->chunks[c], memory_order_relaxed));
          g_free (atomic_load_explicit (&curve->extremes[c], memory_order_relaxed));
        }
      g_free (curve);
      curve = retired;
    }
}

static Bundle *
bundle_new (gsize n_curves)
{
  Bundle *bundle = g_new0 (Bundle, 1);

  bundle->n_curves = n_curves;
  bundle->curves = g_malloc0_n (MAX (n_curves, 1), sizeof *bundle->curves);
  for (gsize i = 0; i < n_curves; i++)
    atomic_store (&bundle->curves[i], g_new0 (Curve, 1));
  return bundle;
}

static void
bundle_free (Bundle *bundle)
{
  if (bundle == NULL)
    return;
  for (gsize i = 0; i < bundle->n_curves; i++)
    curve_free (atomic_load (&bundle->curves[i]));
  g_free (bundle->curves);
  g_free (bundle);
}

static void
change_clear (gpointer data)
{
  HeftChange *change = data;

  g_free (change->parameter);
  g_free (change->value);
}

static inline void
touch (HeftRecord *self)
{
  atomic_fetch_add_explicit (&self->version, 1, memory_order_release);
}

/**
 * heft_record_new:
 * @series: (array length=n_series): copied, but their texts are kept by reference, as in a const table
 * @results: (array length=n_results): kept by reference
 *
 * Returns: (transfer full): an empty record
 */
HeftRecord *
heft_record_new (const HeftSeriesSpec *series, gsize n_series, const HeftResultSpec *results, gsize n_results)
{
  HeftRecord *self = g_new0 (HeftRecord, 1);

  g_atomic_int_set (&self->ref_count, 1);
  self->series = g_memdup2 (series, n_series * sizeof *series);
  self->estimators = g_new0 (char *, MAX (n_series, 1));
  self->n_series = n_series;
  self->results = results;
  self->n_results = n_results;
  self->bundles = g_malloc0_n (MAX (n_series, 1), sizeof *self->bundles);
  for (gsize s = 0; s < n_series; s++)
    if (!series[s].per_layer)
      atomic_store (&self->bundles[s], bundle_new (1));
  pthread_mutex_init (&self->mutex, NULL);
  self->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_frame_unref);
  self->values = g_new0 (Result, MAX (n_results, 1));
  self->changes = g_array_new (FALSE, TRUE, sizeof (HeftChange));
  g_array_set_clear_func (self->changes, change_clear);
  return self;
}

HeftRecord *
heft_record_ref (HeftRecord *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
heft_record_unref (HeftRecord *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  for (gsize s = 0; s < self->n_series; s++)
    {
      bundle_free (atomic_load (&self->bundles[s]));
      g_free (self->estimators[s]);
    }
  g_free (self->bundles);
  g_free (self->estimators);
  g_free (self->series);
  g_strfreev (self->layer_names);
  g_ptr_array_unref (self->frames);
  for (gsize r = 0; r < self->n_results; r++)
    {
      g_free (self->values[r].values);
      g_free (self->values[r].reason);
    }
  g_free (self->values);
  g_array_unref (self->changes);
  pthread_mutex_destroy (&self->mutex);
  g_free (self);
}

void
heft_record_set_layers (HeftRecord *self, gsize n_layers, const char *const *names)
{
  g_return_if_fail (atomic_load (&self->n_layers) == 0 && n_layers > 0);

  self->layer_names = g_new0 (char *, n_layers + 1);
  for (gsize l = 0; l < n_layers; l++)
    self->layer_names[l] = g_strdup (names[l]);
  for (gsize s = 0; s < self->n_series; s++)
    if (self->series[s].per_layer)
      atomic_store (&self->bundles[s], bundle_new (n_layers));
  atomic_store_explicit (&self->n_layers, n_layers, memory_order_release);
  touch (self);
}

/**
 * heft_record_get_layers:
 * @names: (out) (optional) (transfer none): names, valid as long as the record
 *
 * Returns: how many layers there are, 0 until the run knows
 */
gsize
heft_record_get_layers (HeftRecord *self, const char *const **names)
{
  gsize n = atomic_load_explicit (&self->n_layers, memory_order_acquire);

  if (names != NULL)
    *names = n > 0 ? (const char *const *) self->layer_names : NULL;
  return n;
}

void
heft_record_set_estimator (HeftRecord *self, gsize series, const char *estimator)
{
  g_return_if_fail (series < self->n_series);
  g_free (self->estimators[series]);
  self->estimators[series] = g_strdup (estimator);
  self->series[series].estimator = self->estimators[series];
}

gsize
heft_record_get_n_series (const HeftRecord *self)
{
  return self->n_series;
}

const HeftSeriesSpec *
heft_record_get_series_spec (const HeftRecord *self, gsize series)
{
  g_return_val_if_fail (series < self->n_series, NULL);
  return &self->series[series];
}

int
heft_record_find_series (const HeftRecord *self, const char *id)
{
  for (gsize s = 0; s < self->n_series; s++)
    if (strcmp (self->series[s].id, id) == 0)
      return (int) s;
  return -1;
}

static Curve *
get_curve (HeftRecord *self, gsize series, gsize layer)
{
  Bundle *bundle;

  if (series >= self->n_series)
    return NULL;
  bundle = atomic_load_explicit (&self->bundles[series], memory_order_acquire);
  if (bundle == NULL || layer >= bundle->n_curves)
    return NULL;
  return atomic_load_explicit (&bundle->curves[layer], memory_order_acquire);
}

/* Chunk c holds points [FIRST (2^c - 1), FIRST (2^(c+1) - 1)). */
static inline gsize
locate (gsize i, gsize *chunk)
{
  gsize block = i / FIRST_CHUNK + 1;

  *chunk = (gsize) (g_bit_storage (block) - 1);
  return i - FIRST_CHUNK * (((gsize) 1 << *chunk) - 1);
}

/* A block that has become full: readers see it with the length that says so. */
static void
note_extremes (Curve *curve, gsize chunk, gsize place)
{
  const Point *points = atomic_load_explicit (&curve->chunks[chunk], memory_order_relaxed);
  Extremes *extremes = atomic_load_explicit (&curve->extremes[chunk], memory_order_relaxed);
  gsize start = place - place % BLOCK;
  Extremes found = { 0, 0 };

  if (extremes == NULL)
    {
      extremes = g_new (Extremes, (gsize) 1 << chunk);
      atomic_store_explicit (&curve->extremes[chunk], extremes, memory_order_release);
    }
  for (gsize i = 1; i < BLOCK; i++)
    {
      if (points[start + i].y < points[start + found.low].y)
        found.low = (guint8) i;
      if (points[start + i].y > points[start + found.high].y)
        found.high = (guint8) i;
    }
  extremes[start / BLOCK] = found;
}

/**
 * heft_record_append:
 *
 * For the series' one writing thread.
 *
 * Returns: FALSE, and stores nothing, if @x or @y is not finite
 */
gboolean
heft_record_append (HeftRecord *self, gsize series, gsize layer, double x, double y)
{
  Curve *curve = get_curve (self, series, layer);
  gsize length, chunk, place;
  Point *points;

  g_return_val_if_fail (curve != NULL, FALSE);
  if (!isfinite (x) || !isfinite (y))
    return FALSE;

  length = atomic_load_explicit (&curve->length, memory_order_relaxed);
  place = locate (length, &chunk);
  points = atomic_load_explicit (&curve->chunks[chunk], memory_order_relaxed);
  if (points == NULL)
    {
      points = g_new (Point, (gsize) FIRST_CHUNK << chunk);
      atomic_store_explicit (&curve->chunks[chunk], points, memory_order_release);
    }
  points[place].x = x;
  points[place].y = y;
  if ((length + 1) % BLOCK == 0)
    note_extremes (curve, chunk, place);
  atomic_store_explicit (&curve->length, length + 1, memory_order_release);
  touch (self);
  return TRUE;
}

/* The old curves stay until the record goes: a reader may be copying from them. */
void
heft_record_clear_series (HeftRecord *self, gsize series)
{
  Bundle *bundle;

  g_return_if_fail (series < self->n_series);
  bundle = atomic_load (&self->bundles[series]);
  if (bundle == NULL)
    return;
  for (gsize i = 0; i < bundle->n_curves; i++)
    {
      Curve *fresh = g_new0 (Curve, 1);

      fresh->retired = atomic_load (&bundle->curves[i]);
      atomic_store_explicit (&bundle->curves[i], fresh, memory_order_release);
    }
  touch (self);
}

gsize
heft_record_get_length (HeftRecord *self, gsize series, gsize layer)
{
  Curve *curve = get_curve (self, series, layer);

  return curve != NULL ? atomic_load_explicit (&curve->length, memory_order_acquire) : 0;
}

gsize
heft_record_read (HeftRecord *self, gsize series, gsize layer, gsize first, gsize n, double *x, double *y)
{
  Curve *curve = get_curve (self, series, layer);
  gsize length, end;

  if (curve == NULL)
    return 0;
  length = atomic_load_explicit (&curve->length, memory_order_acquire);
  if (first >= length)
    return 0;
  end = n > length - first ? length : first + n;
  for (gsize i = first; i < end;)
    {
      gsize chunk;
      gsize place = locate (i, &chunk);
      gsize here = MIN (end - i, ((gsize) FIRST_CHUNK << chunk) - place);
      const Point *points = atomic_load_explicit (&curve->chunks[chunk], memory_order_acquire);

      for (gsize j = 0; j < here; j++)
        {
          if (x != NULL)
            x[i - first + j] = points[place + j].x;
          if (y != NULL)
            y[i - first + j] = points[place + j].y;
        }
      i += here;
    }
  return end - first;
}

static Point
get_point (const Curve *curve, gsize i)
{
  gsize chunk, place = locate (i, &chunk);

  return atomic_load_explicit (&curve->chunks[chunk], memory_order_acquire)[place];
}

/* The lowest and the highest point of a group, while it is looked through. */
typedef struct
{
  gsize low, high;
  Point lowest, highest;
} Group;

static void
group_add (Group *group, const Curve *curve, gsize i)
{
  Point point = get_point (curve, i);

  if (point.y < group->lowest.y)
    {
      group->lowest = point;
      group->low = i;
    }
  if (point.y > group->highest.y)
    {
      group->highest = point;
      group->high = i;
    }
}

/* Points from @start up to @end; of full blocks only their extremes are looked at. */
static Group
look_through (const Curve *curve, gsize start, gsize end)
{
  Group group = { start, start, get_point (curve, start), get_point (curve, start) };

  for (gsize i = start; i < end;)
    {
      gsize chunk, place = locate (i, &chunk);
      Extremes found;

      if (i % BLOCK != 0 || i + BLOCK > end)
        {
          group_add (&group, curve, i++);
          continue;
        }
      found = atomic_load_explicit (&curve->extremes[chunk], memory_order_acquire)[place / BLOCK];
      group_add (&group, curve, i + found.low);
      group_add (&group, curve, i + found.high);
      i += BLOCK;
    }
  return group;
}

static gsize
put (Point point, gsize done, double *x, double *y)
{
  x[done] = point.x;
  y[done] = point.y;
  return done + 1;
}

/**
 * heft_record_read_envelope:
 * @n: room in @x and @y, at least %HEFT_ENVELOPE_MINIMUM
 *
 * The curve as a screen shows it: every point where there are no more than @n; otherwise a quarter of @n points from the beginning
 * (a logarithmic axis shows them wide apart), then the lowest and the highest of equal groups, and the last. The time it takes grows with
 * a sixty-fourth of the length.
 *
 * Returns: how many points were written
 */
gsize
heft_record_read_envelope (HeftRecord *self, gsize series, gsize layer, gsize n, double *x, double *y)
{
  Curve *curve = get_curve (self, series, layer);
  gsize length, head = n / 4 - n / 4 % BLOCK, size = 2, done;

  g_return_val_if_fail (n >= HEFT_ENVELOPE_MINIMUM, 0);
  if (curve == NULL)
    return 0;
  length = atomic_load_explicit (&curve->length, memory_order_acquire);
  if (length <= n)
    return heft_record_read (self, series, layer, 0, n, x, y);

  /* Powers of two, so that a growing curve does not shimmer. */
  while (head + 2 * ((length - head) / size + 1) + 1 > n)
    size *= 2;
  done = heft_record_read (self, series, layer, 0, head, x, y);
  for (gsize start = head; start < length; start += size)
    {
      Group group = look_through (curve, start, MIN (start + size, length));
      gboolean low_first = group.low < group.high;

      done = put (low_first ? group.lowest : group.highest, done, x, y);
      if (group.low != group.high)
        done = put (low_first ? group.highest : group.lowest, done, x, y);
    }
  if (x[done - 1] != get_point (curve, length - 1).x)
    done = put (get_point (curve, length - 1), done, x, y);
  return done;
}

gboolean
heft_record_get_last (HeftRecord *self, const char *series_id, gsize layer, double *x, double *y)
{
  int series = heft_record_find_series (self, series_id);
  gsize length;

  if (series < 0)
    return FALSE;
  length = heft_record_get_length (self, (gsize) series, layer);
  return length > 0 && heft_record_read (self, (gsize) series, layer, length - 1, 1, x, y) == 1;
}

void
heft_record_publish (HeftRecord *self, HeftFrame *frame)
{
  HeftFrame *old = NULL;
  guint i;

  pthread_mutex_lock (&self->mutex);
  for (i = 0; i < self->frames->len; i++)
    if (strcmp (heft_frame_get_id (g_ptr_array_index (self->frames, i)), heft_frame_get_id (frame)) == 0)
      break;
  if (i < self->frames->len)
    {
      old = self->frames->pdata[i];
      self->frames->pdata[i] = frame;
    }
  else
    {
      g_ptr_array_add (self->frames, frame);
    }
  pthread_mutex_unlock (&self->mutex);
  touch (self);
  /* Outside the lock: freeing large arrays takes time that no reader should wait for. */
  g_clear_pointer (&old, heft_frame_unref);
}

HeftFrame *
heft_record_get_frame (HeftRecord *self, const char *id)
{
  HeftFrame *found = NULL;

  pthread_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->frames->len && found == NULL; i++)
    if (strcmp (heft_frame_get_id (g_ptr_array_index (self->frames, i)), id) == 0)
      found = heft_frame_ref (g_ptr_array_index (self->frames, i));
  pthread_mutex_unlock (&self->mutex);
  return found;
}

static int
compare_frames (gconstpointer a, gconstpointer b)
{
  return strcmp (heft_frame_get_id (*(HeftFrame *const *) a), heft_frame_get_id (*(HeftFrame *const *) b));
}

/**
 * heft_record_list_frames:
 *
 * Returns: (transfer full) (element-type HeftFrame): the last frame of each id, sorted by id
 */
GPtrArray *
heft_record_list_frames (HeftRecord *self)
{
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify) heft_frame_unref);

  pthread_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->frames->len; i++)
    g_ptr_array_add (frames, heft_frame_ref (g_ptr_array_index (self->frames, i)));
  pthread_mutex_unlock (&self->mutex);
  g_ptr_array_sort (frames, compare_frames);
  return frames;
}

static int
find_result (const HeftRecord *self, const char *id)
{
  for (gsize r = 0; r < self->n_results; r++)
    if (strcmp (self->results[r].id, id) == 0)
      return (int) r;
  return -1;
}

/* Takes @values and @reason. */
static void
store_result (HeftRecord *self, const char *id, double value, double *values, gsize n, char *reason)
{
  int r = find_result (self, id);
  Result old;

  g_return_if_fail (r >= 0);
  pthread_mutex_lock (&self->mutex);
  old = self->values[r];
  self->values[r] = (Result) { TRUE, value, values, n, reason };
  pthread_mutex_unlock (&self->mutex);
  touch (self);
  g_free (old.values);
  g_free (old.reason);
}

void
heft_record_set_result (HeftRecord *self, const char *id, double value)
{
  if (isfinite (value))
    store_result (self, id, value, NULL, 0, NULL);
  else
    heft_record_set_result_missing (self, id, isnan (value) ? _("The number is not defined.") : _("The number is infinite."));
}

void
heft_record_set_result_array (HeftRecord *self, const char *id, const double *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (values[i]))
      {
        heft_record_set_result_missing (self, id, _("At least one value of the curve is not finite."));
        return;
      }
  /* An empty curve is still a curve, hence at least one place. */
  store_result (self, id, 0, n > 0 ? g_memdup2 (values, n * sizeof *values) : g_new0 (double, 1), n, NULL);
}

void
heft_record_set_result_missing (HeftRecord *self, const char *id, const char *reason)
{
  store_result (self, id, NAN, NULL, 0, g_strdup (reason));
}

gboolean
heft_record_get_result (HeftRecord *self, const char *id, double *value)
{
  int r = find_result (self, id);
  gboolean found;

  if (r < 0)
    return FALSE;
  pthread_mutex_lock (&self->mutex);
  found = self->values[r].known && self->values[r].reason == NULL && self->values[r].values == NULL;
  if (found && value != NULL)
    *value = self->values[r].value;
  pthread_mutex_unlock (&self->mutex);
  return found;
}

/**
 * heft_record_dup_result_array:
 * @n: (out): how many values
 *
 * Returns: (transfer full) (nullable): a curve's values, or %NULL if it is not there
 */
double *
heft_record_dup_result_array (HeftRecord *self, const char *id, gsize *n)
{
  int r = find_result (self, id);
  double *values = NULL;

  *n = 0;
  if (r < 0)
    return NULL;
  pthread_mutex_lock (&self->mutex);
  if (self->values[r].values != NULL)
    {
      *n = self->values[r].n;
      values = g_new0 (double, MAX (*n, 1));
      memcpy (values, self->values[r].values, *n * sizeof *values);
    }
  pthread_mutex_unlock (&self->mutex);
  return values;
}

/**
 * heft_record_dup_result_reason:
 *
 * Returns: (transfer full) (nullable): why result @id has no value, where the run said so
 */
char *
heft_record_dup_result_reason (HeftRecord *self, const char *id)
{
  int r = find_result (self, id);
  char *reason;

  if (r < 0)
    return NULL;
  pthread_mutex_lock (&self->mutex);
  reason = g_strdup (self->values[r].reason);
  pthread_mutex_unlock (&self->mutex);
  return reason;
}

gsize
heft_record_get_n_results (const HeftRecord *self)
{
  return self->n_results;
}

const HeftResultSpec *
heft_record_get_result_spec (const HeftRecord *self, gsize result)
{
  g_return_val_if_fail (result < self->n_results, NULL);
  return &self->results[result];
}

void
heft_record_note_change (HeftRecord *self, guint64 step, const char *parameter, const char *value)
{
  HeftChange change = { step, g_strdup (parameter), g_strdup (value) };

  pthread_mutex_lock (&self->mutex);
  g_array_append_val (self->changes, change);
  pthread_mutex_unlock (&self->mutex);
  touch (self);
}

/**
 * heft_record_list_changes:
 *
 * Returns: (transfer full) (element-type HeftChange): what was changed while the run went on, oldest first
 */
GArray *
heft_record_list_changes (HeftRecord *self)
{
  GArray *changes = g_array_new (FALSE, TRUE, sizeof (HeftChange));

  g_array_set_clear_func (changes, change_clear);
  pthread_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->changes->len; i++)
    {
      const HeftChange *old = &g_array_index (self->changes, HeftChange, i);
      HeftChange change = { old->step, g_strdup (old->parameter), g_strdup (old->value) };

      g_array_append_val (changes, change);
    }
  pthread_mutex_unlock (&self->mutex);
  return changes;
}

guint64
heft_record_get_version (HeftRecord *self)
{
  return atomic_load_explicit (&self->version, memory_order_acquire);
}
