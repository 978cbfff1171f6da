/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <heft/bound.h>
#include <heft/curvature.h>
#include <heft/invariance.h>

G_BEGIN_DECLS

/* How the Fisher is measured. The first three are HeftFisherKind and give every eigenvalue; the next three HeftCurvatureKind with
 * exact labels; LANCZOS gives the largest eigenvalues, labels exact, for networks of any size, and the information by stochastic
 * Lanczos quadrature. AUTOMATIC is EXACT where that is feasible and LANCZOS elsewhere. */
typedef enum
{
  HEFT_MEASURE_EXACT,
  HEFT_MEASURE_SAMPLED,
  HEFT_MEASURE_EMPIRICAL,
  HEFT_MEASURE_KFAC,
  HEFT_MEASURE_EKFAC,
  HEFT_MEASURE_DIAGONAL,
  HEFT_MEASURE_LANCZOS,
  HEFT_MEASURE_AUTOMATIC,
} HeftMeasureFisher;

/* "exact", ..., "lanczos", "automatic", NULL-terminated. */
extern const char *const heft_measure_fisher_names[];

#define HEFT_MEASURE_BEST_BETA (-1.0)

/* How the covariance Sigma_z of activations under the weight noise N(0, Sigma*) is found. */
typedef enum
{
  HEFT_PUSHFORWARD_JACOBIAN,   /* J Sigma* J^T with the exact Jacobian and the best Sigma* there is */
  HEFT_PUSHFORWARD_KFAC,       /* moments propagated layer by layer with KFAC's factors */
  HEFT_PUSHFORWARD_DRAWS,      /* over weight draws of the Jacobian's Sigma*: not to first order */
  HEFT_N_PUSHFORWARDS,
} HeftPushforward;

/* "jacobian", "kfac", "draws", NULL-terminated. */
extern const char *const heft_pushforward_names[];
#define HEFT_LEAST_PUSHFORWARD_DRAWS 20
#define HEFT_MOST_MEASURE_DRAWS 10000000

/**
 * HeftMeasureOptions:
 * @n_samples: the first n of the data; 0 takes all
 * @beta: what multiplies KL against the mean loss
 * @lambda: deviation of the prior N(0, lambda^2 I)
 * @kind: which Fisher
 * @layers, @whole_network: which blocks
 * @hessian, @activations: also these
 * @max_dense: the Hessian of more weights than this is measured by products instead of as a matrix; 0 is 8,000
 * @n_nuisances: images, the first ones, whose smallest visible changes are measured; 0 for none
 * @pushforwards: by which routes @activations, flags 1 << HeftPushforward; 0 takes the Jacobian's
 * @certificate: PAC-Bayes bounds on the error of Q = N(w*, Sigma*) with P = N(0, lambda^2 I) too
 * @n_draws: weight draws of the certificate, at least 1, and of that route, at least HEFT_LEAST_PUSHFORWARD_DRAWS; at most
 *   HEFT_MOST_MEASURE_DRAWS, as @draw_samples
 * @draw_samples: how many samples each draw is measured on, with replacement; 0 = all of them once
 * @delta, @delta_draws: see HeftCertificate
 * @beta_pac: of the Lagrangian bound; 0 takes N times @beta, HEFT_MEASURE_BEST_BETA the best of the candidates, which is paid for
 * @seed: of sampled labels, Lanczos and weight draws
 * @n_threads: for the structured kinds and the draws; 0 = one a processor
 */
typedef struct
{
  gsize          n_samples;
  double         beta, lambda;
  HeftMeasureFisher kind;
  gboolean       layers, whole_network, hessian, activations;
  gsize          max_dense, n_nuisances;
  guint          pushforwards;
  gboolean       certificate;
  gsize          n_draws, draw_samples;
  double         delta, delta_draws, beta_pac;
  guint64        seed;
  guint          n_threads;
} HeftMeasureOptions;

/**
 * HeftEffectiveLayer:
 *
 * What one layer's activations tell about each input, theory.md section 6, with weight noise N(0, Sigma*) of the whole network's
 * Fisher: one number a sample, and their means.
 */
typedef struct
{
  char   *name;                       /* of the operation: "activation 1", the last one is the logits */
  gsize   n_samples;
  double *fisher_trace, *information; /* tr F_{z|x}; 1/2 log |I + Sigma_x F_{z|x}| in nats */
  double *noise_trace;                /* tr Sigma_z */
  double  fisher_trace_mean, information_mean, noise_trace_mean;
  double  fisher_trace_error, information_error, noise_trace_error;   /* standard errors of the means: 0 unless they are of weight draws */
  double *printed_trace;              /* of Prop. 3.2 as printed, 1/beta tr Jx^T J F J^T Jx; NULL without the dense Fisher */
  double  printed_trace_mean;
  double *condition;                  /* of Sigma_z, its largest eigenvalue over the smallest that was inverted; NULL like the former */
  char   *obstacle;                   /* why the layer could not be measured, its numbers being NAN; NULL elsewhere */
  gsize   n_rank_deficient;           /* samples whose noise leaves directions free: their F counts the noisy ones alone */
  gsize   n_ill_conditioned;          /* samples where six digits depend on how Sigma_z is inverted (a condition beyond 1e10) */
} HeftEffectiveLayer;

/* What the activations tell by one route. @layers: HeftEffectiveLayer; %NULL where @reason says why there are none, or it was not asked for.
 * @estimator, @assumes: translated. */
typedef struct
{
  GPtrArray  *layers;
  char       *estimator, *reason;
  const char *assumes;
} HeftPushforwardResult;

/**
 * HeftNoiseRisk:
 * @error: E_Q of the fraction misclassified, a mean over @n_draws weight draws
 * @loss: E_Q of the mean loss, nats; not finite where some draw gave a label probability 0
 */
typedef struct
{
  guint64 n_draws;
  double  error, error_standard_error;
  double  loss, loss_standard_error;
} HeftNoiseRisk;

/* Everything a certificate of Q = N(w*, Sigma*) is made of: what the draws gave, and with KL in closed form what bounds follow
 * (heft_certificate_bound()). They hold where lambda, and for the Lagrangian bound beta_PAC, were fixed before the samples were seen. */
typedef struct
{
  const char     *noise;            /* translated: which Sigma* */
  gsize           draw_samples;
  HeftNoiseRisk   risk;
  HeftCertificate certificate;
} HeftMeasuredCertificate;

/**
 * HeftMeasurement:
 *
 * What `heft-cli measure` reports. @spectra: one a weight layer where asked for, then the whole network's; @information goes
 * with them: the Gaussian information of theory.md section 3 for each, exact from the eigenvalues (@information_error is 0) or, where
 * only the head of a spectrum is known, by stochastic Lanczos quadrature with its standard error over probes; @printed is then NAN. So too
 * @log_determinant, log|I + (lambda^2/beta) F|. Everything in double precision.
 *
 * Where the Hessian is too large for a matrix, @hessian is not complete: both ends of its spectrum by Lanczos on products (an eigenvalue lies
 * within @hessian_residuals of each), the trace by Hutch++ and the gap from random probes, with their standard errors.
 */
typedef struct
{
  gsize      n_samples, n_parameters; /* free ones: without biases that the network does not have */
  double     loss, error;             /* mean nats, fraction misclassified, of the data's labels */
  double     logit_scale;             /* s of heft_fisher_scaled_traces_f64(); 0 where the logits are the same for every class */
  double     trace_scaled;            /* tr F_s of the whole network, labels exact whatever @kind; NAN without a scale */
  double     beta, lambda;
  GPtrArray *spectra;                 /* HeftSpectrum */
  double    *information;             /* spectra->len */
  double    *information_error;       /* standard errors */
  double    *printed;                 /* the same by the formula as printed in the paper, for comparison */
  double    *log_determinant, *log_determinant_error;   /* spectra->len */
  GPtrArray *quadratures;             /* HeftQuadrature, with @spectra; or NULL */
  HeftMeasureFisher kind;             /* what was done */
  HeftSpectrum *hessian;              /* or NULL; eigenvalues of both signs, descending, all k where complete */
  double    *hessian_residuals;       /* of each eigenvalue where it is not complete; else NULL */
  double     hessian_trace_error;     /* standard errors: 0 where it is complete */
  double     hessian_gap;             /* |H - F|_F / |H|_F with the exact Fisher; NAN for a Hessian that is zero */
  double     hessian_gap_error;
  const char *noise;                  /* translated: which Sigma* = beta (F + beta/lambda^2 I)^-1 everything below is with, by the best Fisher
                                       * there is: the whole network's up to 8,000 weights, else EKFAC's blocks, else the diagonal */
  HeftNuisanceTable *nuisances;       /* or NULL */
  GPtrArray *effective;               /* HeftEffectiveLayer, of the first route below; or NULL */
  HeftPushforwardResult pushforwards[HEFT_N_PUSHFORWARDS];
  HeftMeasuredCertificate *certificate;   /* or NULL */
} HeftMeasurement;

/**
 * heft_measure:
 * @weights: k, where everything is measured
 *
 * Measures a trained network. HEFT_ERROR_TOO_LARGE names what is not feasible.
 *
 * Returns: (transfer full): or %NULL with @error
 */
HeftMeasurement *heft_measure          (HeftNetwork *network, const double *weights, HeftDataset *data,
                                        const HeftMeasureOptions *options, GCancellable *cancellable, GError **error);
/* Prices the same spectra anew: only @information, @log_determinant, @printed, @beta and @lambda change. */
void             heft_measurement_set_price (HeftMeasurement *self, const HeftNetwork *network, const double *weights,
                                             double beta, double lambda);
/* KL(Q||P) of the whole network in nats and its standard error: the certificate's, else the Gaussian information. NAN where neither was
 * asked for. */
double           heft_measurement_kl   (const HeftMeasurement *self, double *standard_error);
void             heft_measurement_free (HeftMeasurement *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeftMeasurement, heft_measurement_free)

G_END_DECLS
