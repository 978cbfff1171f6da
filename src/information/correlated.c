/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-information"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include <heft/error.h>
#include <heft/information.h>

#include "information/linearise.h"
#include "information/noise.h"
#include "linalg/linalg.h"

/* Numbers that tangents may take: 1.6 GB. */
#define MAX_TANGENTS 2e8

/* One input, operation by operation: Jx and J, transposed, tangents as rows. J grows by a block of rows at every layer with weights; the
 * rows of later layers do not exist yet. */
typedef struct
{
  const HeftCorrelatedNoise *noise;
  HeftNetwork               *network;
  const double              *weights;
  gboolean                   printed;
  gsize                      d;
  gsize                      n_rows;       /* of the tangents so far: d, then d + weights */
  double                    *tangents;     /* n_rows x the length of a state */
} Sweep;

static void
sweep_clear (Sweep *self)
{
  heft_aligned_free (g_steal_pointer (&self->tangents));
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sweep, sweep_clear)

void
heft_correlated_noise_clear (HeftCorrelatedNoise *self)
{
  heft_aligned_free (g_steal_pointer (&self->factor));
}

/* The layers at hand are the first ones. With the parameters in reverse order theirs come last: then L Y = J^T concerns the last block
 * of L alone, because the rows of J^T above it are 0. */
gboolean
heft_correlated_noise_init (HeftCorrelatedNoise *self, gsize k, const double *fisher, double beta, double lambda, GError **error)
{
  *self = (HeftCorrelatedNoise) { .k = k, .beta = beta, .fisher = fisher, .factor = self->factor };
  if (self->factor == NULL)
    self->factor = heft_aligned_try_alloc (k * k, sizeof (double), error);
  if (self->factor == NULL)
    return FALSE;
  for (gsize i = 0; i < k * k; i++)
    self->factor[i] = fisher[k * k - 1 - i];
  for (gsize q = 0; q < k; q++)
    self->factor[q * k + q] += heft_free_direction_threshold (beta, lambda);
  return heft_cholesky_factor (k, self->factor, error);
}

static gboolean
advance (Sweep *self, HeftLinearisation *at, gsize i, GError **error)
{
  const HeftLayer *layer = heft_network_get_layer (self->network, i);
  gsize size = heft_linearisation_state_size (at, (int) i), n_rows = self->n_rows + layer->n_parameters;
  double *next;

  if ((double) n_rows * (double) size > MAX_TANGENTS)
    {
      g_set_error (error, HEFT_ERROR, HEFT_ERROR_TOO_LARGE,
                   _("%s has %zu activations, too many for the derivatives by %zu inputs and weights: leave the activations out or measure a "
                     "smaller network."), layer->name, size, n_rows);
      return FALSE;
    }
  next = heft_aligned_new (double, n_rows * size);
  heft_linearisation_apply (at, self->weights, i, self->n_rows, self->tangents, next);
  if (layer->n_parameters > 0)
    heft_linearisation_weight_rows (at, i, next + self->n_rows * size);
  heft_aligned_free (self->tangents);
  self->tangents = next;
  self->n_rows = n_rows;
  return TRUE;
}

/* Numbers [@kept, @size) of the state that some weight moves. */
static gsize
find_active (const Sweep *self, gsize kept, gsize size, gsize *active)
{
  gsize n = 0;

  for (gsize z = kept; z < size; z++)
    for (gsize q = self->d; q < self->n_rows; q++)
      if (self->tangents[q * size + z] != 0)
        {
          active[n++] = z;
          break;
        }
  return n;
}

/* tr Jx^T J F J^T Jx / beta = <J^T Jx, F J^T Jx> / beta of @moves = J^T (p x n) and Jx (n x d). */
static double
printed_trace (const Sweep *self, gsize p, gsize n, const double *moves, const double *jacobian)
{
  gsize d = self->d;
  heft_aligned_autofree double *carried = heft_aligned_new (double, p * n);
  heft_aligned_autofree double *seen = heft_aligned_new (double, p * d);
  heft_aligned_autofree double *informed = heft_aligned_new (double, p * d);

  heft_gemm_f64 (FALSE, FALSE, p, n, p, 1, self->noise->fisher, self->noise->k, moves, n, 0, carried, n);
  heft_gemm_f64 (FALSE, FALSE, p, d, n, 1, moves, n, jacobian, d, 0, seen, d);
  heft_gemm_f64 (FALSE, FALSE, p, d, n, 1, carried, n, jacobian, d, 0, informed, d);
  return heft_dot_f64 (p * d, seen, informed) / self->noise->beta;
}

/* The layer whose outputs are numbers [@kept, @size) of the state. */
static gboolean
visit (const Sweep *self, gsize layer, gsize kept, gsize size, HeftCorrelatedVisitor visitor, gpointer user_data, GError **error)
{
  gsize d = self->d, p = self->n_rows - d, k = self->noise->k;
  g_autofree gsize *active = g_new (gsize, size);
  gsize n = find_active (self, kept, size, active);
  heft_aligned_autofree double *noise = heft_aligned_new (double, MAX (p * n, 1));
  heft_aligned_autofree double *root = heft_aligned_new (double, MAX (n * d, 1));
  HeftChannel channel;
  double printed = self->printed ? 0 : NAN;

  for (gsize a = 0; a < n; a++)
    for (gsize j = 0; j < d; j++)
      root[a * d + j] = self->tangents[j * size + active[a]];
  for (gsize q = 0; q < p; q++)
    for (gsize a = 0; a < n; a++)
      noise[q * n + a] = self->tangents[(d + q) * size + active[a]];
  if (self->printed && n > 0)
    printed = printed_trace (self, p, n, noise, root);

  /* Sigma_z = beta Y^T Y with L Y = J^T. */
  for (gsize q = 0; q < p; q++)
    for (gsize a = 0; a < n; a++)
      noise[q * n + a] = self->tangents[(d + p - 1 - q) * size + active[a]];
  heft_triangular_solve_block (FALSE, p, self->noise->factor + (k - p) * (k + 1), k, n, noise);
  heft_scale_f64 (p * n, sqrt (self->noise->beta), noise);
  return heft_channel_root_of_noise (p, n, size - kept, d, noise, root, &channel, error)
         && visitor (layer, n, &channel, d, root, printed, user_data, error);
}

gboolean
heft_correlated_sweep (const HeftCorrelatedNoise *self, HeftNetwork *network, const double *weights, const double *input,
                       gboolean printed, HeftCorrelatedVisitor visitor, gpointer user_data, GError **error)
{
  g_autoptr (HeftLinearisation) at = heft_linearisation_new (network, weights, input);
  gsize n_operations = heft_network_get_n_layers (network), d = heft_network_get_n_inputs (network), layer = 0;
  g_auto (Sweep) sweep = { .noise = self, .network = network, .weights = weights, .printed = printed, .d = d, .n_rows = d };

  sweep.tangents = heft_aligned_new (double, d * d);
  for (gsize j = 0; j < d; j++)
    sweep.tangents[j * d + j] = 1;
  for (gsize i = 0; i < n_operations; i++)
    {
      const HeftLayer *operation = heft_network_get_layer (network, i);

      if (!advance (&sweep, at, i, error))
        return FALSE;
      if (operation->kind != HEFT_LAYER_ACTIVATION && i + 1 < n_operations)
        continue;
      if (!visit (&sweep, layer++, heft_linearisation_kept (at, (int) i), heft_linearisation_state_size (at, (int) i), visitor, user_data,
                  error))
        return FALSE;
    }
  return TRUE;
}
