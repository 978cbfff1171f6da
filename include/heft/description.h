/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/trainer.h>

G_BEGIN_DECLS

/* --- The curve of rate and distortion, theory.md section 1 ------------------------------------------------------ */

/**
 * heft_rate_hull:
 * @information: n, KL(Q||P) of each point
 * @loss: n, E_Q L of each point
 * @indices: (out): room for n; receives the corners of the hull, by growing information
 *
 * The lower convex hull of the points, as far as it falls: what mixtures of these codes attain. Points that are not finite are left out.
 *
 * Returns: how many corners there are
 */
gsize  heft_rate_hull   (gsize n, const double *information, const double *loss, gsize *indices);

/**
 * heft_slope_check:
 * @betas: n, positive and growing
 * @information: n, KL(Q||P) trained at each
 * @loss: n, E_Q L
 * @misfit: (out) (nullable): n - 1, the relative misfit of each interval, with its sign
 *
 * The envelope identity d min C / d beta = KL, by differences: over each interval the change of C = E_Q L + beta KL is set against the
 * integral of KL, taken as a power of beta between the two ends (exact where it is one). The misfit is (change - integral) / integral: negative
 * where KL is above its optimum, of which C notices only the second order.
 * 0 for exact optima on a fine grid; training that has not converged, noise in E_Q L and a coarse grid all show.
 *
 * Returns: the largest misfit, without its sign; NaN for fewer than two points or numbers that do not fit
 */
double heft_slope_check (gsize n, const double *betas, const double *information, const double *loss, double *misfit);

/* --- Description lengths of the labels, given the inputs; nats -------------------------------------------------- */

/* N log C: every label written down. */
double heft_code_length_uniform     (double n_samples, double n_classes);
/* N E_Q L + KL(Q||P): the labels under weights drawn from Q, and the weights by bits back (Hinton and van Camp 1993). It is N C_beta at
 * N beta = 1, the ELBO, and so smallest there among the optima of all betas. */
double heft_code_length_variational (double n_samples, double expected_loss, double kl);

/**
 * HeftPrequential:
 *
 * The prequential (online) code (Dawid 1984; Blier and Ollivier 2018): the first block of labels is written uniformly, log C each; every
 * further block with a network trained on all labels before it, from its initialisation. Whoever has the inputs and the recipe of
 * training can read it; no weights are sent.
 */
typedef struct
{
  gsize   n_blocks;
  gsize  *ends;            /* samples seen at the end of each block; the last is N */
  double *nats;            /* of each block */
  double  total;
} HeftPrequential;

void heft_prequential_clear (HeftPrequential *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeftPrequential, heft_prequential_clear)

/* Learns the first @n_seen samples and writes the next @n_next: sum of -log p into @nats. */
typedef gboolean (*HeftPrequentialFunc) (gsize n_seen, gsize n_next, double *nats, gpointer user_data, GError **error);

/**
 * heft_prequential_code:
 * @first: size of the uniform block, at least 1
 * @growth: each block ends at this many times the last one's end, above 1
 * @func: learns and writes one block; %FALSE ends the code with its @error
 *
 * Returns: FALSE with @error where @func failed, a block's length is not finite, or an argument is impossible
 */
gboolean heft_prequential_code (gsize n_samples, gsize n_classes, gsize first, double growth, HeftPrequentialFunc func,
                                gpointer user_data, HeftPrequential *code, GError **error);

/**
 * HeftPrequentialTraining:
 *
 * How a block's network is trained. @beta of @config is replaced by n_beta / samples seen; the batch is at most the samples seen. A
 * mean-field posterior writes with the expected length under weight draws, E_Q[-log p] (both ends draw the weights from one stream).
 */
typedef struct
{
  HeftTrainerConfig config;
  double            n_beta;
  double            epochs;        /* over the samples seen so far */
  guint64           least_steps;   /* but not fewer steps than these */
  guint             n_draws;       /* weight draws that write a block */
  /* Called after each step with the steps done and all there are; FALSE stops. May be NULL. */
  gboolean        (*progress) (guint64 done, guint64 total, gpointer user_data);
  gpointer          user_data;
} HeftPrequentialTraining;

/* The code of a dataset's labels, in its order, by a network. G_IO_ERROR_CANCELLED where @progress or @cancellable said so. */
gboolean heft_prequential_train (HeftNetwork *network, HeftDataset *data, const HeftPrequentialTraining *training, gsize first,
                                 double growth, GCancellable *cancellable, HeftPrequential *code, GError **error);

G_END_DECLS
