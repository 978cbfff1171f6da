/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "heft-experiments"

#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "experiments/coins.h"
#include "experiments/ledger.h"
#include "experiments/optimum.h"
#include "experiments/shannon-exact.h"
#include "experiments/words.h"

/* The curve over beta: a fixed grid, so that moving beta moves along it. */
#define N_CURVE 29
#define CURVE_MINIMUM 1e-5
#define CURVE_MAXIMUM 100.0
#define MAXIMUM_SAMPLES 100
#define MAXIMUM_DATASETS 64
/* Samples of datasets that an estimate is the mean of: enough to tell its bias from its chance. */
#define REPEATS 16

static const gsize curve_samples[] = { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, MAXIMUM_SAMPLES };
static const gsize curve_datasets[] = { 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, MAXIMUM_DATASETS };

enum
{
  FIXED,
  INFORMATION,
  MARGINAL,
  ADAPTED,
  PER_RUN,
  FISHER,
  ENTROPY,
  CHOSEN,
  SAMPLES_INFORMATION,
  SAMPLES_FISHER,
  SAMPLES_ADAPTED,
  SAMPLES_ENTROPY,
  SAMPLES_CHOSEN,
  DATASETS_FIXED,
  DATASETS_LEFT_OUT,
  DATASETS_ADAPTED,
  DATASETS_LOWER,
  DATASETS_ADAPTED_EXACT,
  DATASETS_EXACT,
  DATASETS_CHOSEN,
};

typedef struct
{
  HeftCoinTask task;
  double       beta;
  gsize        n_datasets;
} Setting;

/* The mean of the estimates from REPEATS samples of M datasets, and how far one of them strays (standard deviations). */
typedef struct
{
  HeftCoinEstimate mean, deviation;
} Estimates;

/* Everything at the chosen setting. */
typedef struct
{
  HeftCoins     *coins;
  HeftCoinCodes *codes;
  double         per_run;
  Estimates      estimates;
} View;

static void
view_clear (View *self)
{
  g_clear_pointer (&self->codes, heft_coin_codes_free);
  g_clear_pointer (&self->coins, heft_coins_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (View, view_clear)

static Setting
read_setting (HeftRun *run)
{
  HeftParameters *parameters = heft_run_get_parameters (run);

  return (Setting) {
    .task = { .n_samples = (gsize) heft_parameters_get_integer (parameters, "samples"),
              .rate = heft_parameters_get_real (parameters, "rate"), .spread = heft_parameters_get_real (parameters, "spread"),
              .centre = heft_parameters_get_real (parameters, "centre"), .lambda = heft_parameters_get_real (parameters, "lambda"),
              .redundant = heft_parameters_get_boolean (parameters, "redundant") },
    .beta = heft_parameters_get_real (parameters, "beta"),
    .n_datasets = (gsize) heft_parameters_get_integer (parameters, "datasets"),
  };
}

static gboolean
same_task (const HeftCoinTask *a, const HeftCoinTask *b)
{
  return a->n_samples == b->n_samples && a->rate == b->rate && a->spread == b->spread && a->centre == b->centre
         && a->lambda == b->lambda && a->redundant == b->redundant;
}

/* --- Numbers ------------------------------------------------------------------------------------------------------- */

static void
estimate (const HeftCoins *coins, const HeftCoinCodes *codes, guint64 seed, gsize n_datasets, Estimates *estimates)
{
  HeftCoinEstimate each[REPEATS];
  double *mean = (double *) &estimates->mean, *deviation = (double *) &estimates->deviation;

  *estimates = (Estimates) { { 0 }, { 0 } };
  for (guint r = 0; r < REPEATS; r++)
    heft_coins_estimate (coins, codes, seed, r, n_datasets, &each[r]);
  for (gsize i = 0; i < sizeof (HeftCoinEstimate) / sizeof (double); i++)
    {
      for (guint r = 0; r < REPEATS; r++)
        mean[i] += ((const double *) &each[r])[i] / REPEATS;
      for (guint r = 0; r < REPEATS; r++)
        deviation[i] += pow (((const double *) &each[r])[i] - mean[i], 2) / (REPEATS - 1);
      deviation[i] = sqrt (deviation[i]);
    }
}

static gboolean
view_init (View *self, HeftRun *run, const Setting *setting, GError **error)
{
  self->coins = heft_coins_new (&setting->task);
  self->codes = heft_coin_codes_new (self->coins, setting->beta, error);
  if (self->codes == NULL || !heft_coins_per_run (self->coins, self->codes, &self->per_run, error))
    return FALSE;
  estimate (self->coins, self->codes, heft_run_get_seed (run), setting->n_datasets, &self->estimates);
  return TRUE;
}

/* The whole of a curve is there before the old one goes, so that it never blinks. */
static void
replace (HeftRecord *record, gsize series, gsize n, const double *x, const double *y)
{
  heft_record_clear_series (record, series);
  for (gsize i = 0; i < n; i++)
    heft_record_append (record, series, 0, x[i], y[i]);
}

/* First-order information below 0 says no more than that first order does not reach there. */
static void
replace_positive (HeftRecord *record, gsize series, gsize n, const double *x, const double *y)
{
  heft_record_clear_series (record, series);
  for (gsize i = 0; i < n; i++)
    if (y[i] >= 0)
      heft_record_append (record, series, 0, x[i], y[i]);
}

/* A stem where the sliders stand. */
static void
mark_chosen (HeftRecord *record, gsize series, double x, double y)
{
  replace (record, series, 2, (const double[]) { x, x }, (const double[]) { 0, y });
}

/* --- Curves -------------------------------------------------------------------------------------------------------- */

/* FALSE when the run was stopped (no error), or with an error. Left early, with @changed, when it is out of date. */
static gboolean
trace_beta (HeftRun *run, const HeftCoins *coins, gboolean *changed, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  double x[N_CURVE], curves[ENTROPY + 1][N_CURVE];

  for (gsize i = 0; i < N_CURVE; i++)
    {
      double beta = CURVE_MINIMUM * pow (CURVE_MAXIMUM / CURVE_MINIMUM, (double) i / (N_CURVE - 1));
      g_autoptr (HeftCoinCodes) codes = heft_coin_codes_new (coins, beta, error);

      if (codes == NULL)
        return FALSE;
      x[i] = beta;
      curves[FIXED][i] = codes->exact.expected_kl;
      curves[INFORMATION][i] = codes->exact.information;
      curves[MARGINAL][i] = codes->exact.marginal_kl;
      curves[ADAPTED][i] = codes->expected_kl_adapted;
      curves[PER_RUN][i] = codes->exact.information + codes->seed_entropy;
      curves[FISHER][i] = codes->fisher_information;
      curves[ENTROPY][i] = coins->data_entropy;
      if (!heft_run_point (run, i + 1, 0, 0, (i + 1.0) / N_CURVE, changed))
        return FALSE;
      if (*changed)
        return TRUE;
    }
  for (gsize s = 0; s <= ENTROPY; s++)
    if (s == FISHER)
      replace_positive (record, s, N_CURVE, x, curves[s]);
    else
      replace (record, s, N_CURVE, x, curves[s]);
  heft_record_set_result_array (record, "curve_beta", x, N_CURVE);
  heft_record_set_result_array (record, "curve_expected_kl_fixed", curves[FIXED], N_CURVE);
  heft_record_set_result_array (record, "curve_information", curves[INFORMATION], N_CURVE);
  heft_record_set_result_array (record, "curve_marginal_kl", curves[MARGINAL], N_CURVE);
  heft_record_set_result_array (record, "curve_expected_kl_adapted", curves[ADAPTED], N_CURVE);
  heft_record_set_result_array (record, "curve_per_run_information", curves[PER_RUN], N_CURVE);
  heft_record_set_result_array (record, "curve_fisher_information", curves[FISHER], N_CURVE);
  return TRUE;
}

static gboolean
trace_samples (HeftRun *run, const Setting *setting, gboolean *changed, GError **error)
{
  enum { N = G_N_ELEMENTS (curve_samples) };
  HeftRecord *record = heft_run_get_record (run);
  double x[N], exact[N], fisher[N], adapted[N], entropy[N];

  for (gsize i = 0; i < N; i++)
    {
      HeftCoinTask task = setting->task;
      g_autoptr (HeftCoins) coins = NULL;
      g_autoptr (HeftCoinCodes) codes = NULL;

      task.n_samples = curve_samples[i];
      coins = heft_coins_new (&task);
      codes = heft_coin_codes_new (coins, setting->beta, error);
      if (codes == NULL)
        return FALSE;
      x[i] = (double) curve_samples[i];
      exact[i] = codes->exact.information;
      fisher[i] = codes->fisher_information;
      adapted[i] = codes->expected_kl_adapted;
      entropy[i] = coins->data_entropy;
      if (!heft_run_point (run, N_CURVE + i + 1, 0, 0, (i + 1.0) / N, changed))
        return FALSE;
      if (*changed)
        return TRUE;
    }
  replace (record, SAMPLES_INFORMATION, N, x, exact);
  replace_positive (record, SAMPLES_FISHER, N, x, fisher);
  replace (record, SAMPLES_ADAPTED, N, x, adapted);
  replace (record, SAMPLES_ENTROPY, N, x, entropy);
  heft_record_set_result_array (record, "curve_samples", x, N);
  heft_record_set_result_array (record, "curve_samples_information", exact, N);
  heft_record_set_result_array (record, "curve_samples_fisher_information", fisher, N);
  return TRUE;
}

static void
trace_datasets (HeftRun *run, const View *view)
{
  enum { N = G_N_ELEMENTS (curve_datasets) };
  HeftRecord *record = heft_run_get_record (run);
  double x[N], fixed[N], left_out[N], adapted[N], lower[N], exact[N], adapted_exact[N];

  for (gsize i = 0; i < N; i++)
    {
      Estimates estimates;

      estimate (view->coins, view->codes, heft_run_get_seed (run), curve_datasets[i], &estimates);
      x[i] = (double) curve_datasets[i];
      fixed[i] = estimates.mean.expected_kl_fixed;
      left_out[i] = estimates.mean.leave_one_out;
      adapted[i] = estimates.mean.expected_kl_adapted;
      lower[i] = estimates.mean.information_lower;
      exact[i] = view->codes->exact.information;
      adapted_exact[i] = view->codes->expected_kl_adapted;
    }
  replace (record, DATASETS_FIXED, N, x, fixed);
  replace (record, DATASETS_LEFT_OUT, N, x, left_out);
  replace (record, DATASETS_ADAPTED, N, x, adapted);
  replace (record, DATASETS_LOWER, N, x, lower);
  replace (record, DATASETS_EXACT, N, x, exact);
  replace (record, DATASETS_ADAPTED_EXACT, N, x, adapted_exact);
  heft_record_set_result_array (record, "curve_datasets", x, N);
  heft_record_set_result_array (record, "curve_leave_one_out", left_out, N);
  heft_record_set_result_array (record, "curve_datasets_adapted", adapted, N);
  heft_record_set_result_array (record, "curve_information_lower", lower, N);
}

/* --- Pictures ------------------------------------------------------------------------------------------------------ */

static double *
as_density (const HeftCoins *coins, const double *masses)
{
  double *density = g_new (double, coins->n_points);

  for (gsize i = 0; i < coins->n_points; i++)
    density[i] = masses[i] / coins->cell;
  return density;
}

static void
publish_codes (HeftRecord *record, const View *view)
{
  const HeftCoins *coins = view->coins;
  const HeftCoinCodes *codes = view->codes;
  HeftFrame *frame = heft_frame_new ("codes", 0);
  gsize n = coins->n_points, heads = (gsize) lround (coins->task.rate * (double) coins->task.n_samples);
  double share = (double) heads / (double) coins->task.n_samples, *loss = g_new (double, n);
  g_autofree double *adapted = g_new (double, n);
  g_autofree char *estimator = NULL;

  for (gsize i = 0; i < n; i++)
    loss[i] = share * coins->loss_heads[i] + (1 - share) * coins->loss_tails[i];
  heft_coins_masses (coins, &codes->adapted, adapted);
  estimator = g_strdup_printf (_("loss and Gibbs posterior of %zu heads of %zu; sums over %zu values of w"), heads, coins->task.n_samples, n);
  heft_frame_set_array (frame, "grid", 1, n, coins->grid);
  heft_frame_take_array (frame, "loss", 1, n, loss);
  heft_frame_take_array (frame, "prior", 1, n, as_density (coins, coins->prior));
  heft_frame_take_array (frame, "gibbs", 1, n, as_density (coins, codes->posteriors + heads * n));
  heft_frame_take_array (frame, "marginal", 1, n, as_density (coins, codes->marginal));
  heft_frame_take_array (frame, "adapted", 1, n, as_density (coins, adapted));
  heft_frame_set_number (frame, "heads", (double) heads);
  heft_frame_set_text (frame, "estimator", estimator);
  heft_record_publish (record, frame);
}

static void
add_estimate (HeftLedger *ledger, const char *label, double value, double deviation, const char *what, HeftQuantity quantity)
{
  g_autofree char *words = heft_words_number (deviation);
  g_autofree char *note = g_strdup_printf (_("%s; one sample strays by %s nats"), what, words);

  heft_ledger_add (ledger, label, value, "nat", note, quantity);
}

static void
publish_ledger (HeftRecord *record, const Setting *setting, const View *view)
{
  const HeftCoinCodes *codes = view->codes;
  const Estimates *e = &view->estimates;
  HeftLedger ledger = heft_ledger_begin (0);
  g_autofree char *entropy = heft_words_number (view->coins->data_entropy);
  g_autofree char *product = heft_words_number (setting->beta * (double) setting->task.n_samples);
  g_autofree char *gap = heft_words_number (codes->exact.expected_kl - codes->exact.information - codes->exact.marginal_kl);
  g_autofree char *most = g_strdup_printf (_("exact; at most H(k) = %s nats; Nβ = %s"), entropy, product);
  g_autofree char *rest = g_strdup_printf (_("exact; fixed prior less the two lines: %s nats"), gap);

  heft_ledger_add (&ledger, _("Fixed prior"), codes->exact.expected_kl, "nat", _("exact sum over all datasets"), HEFT_QUANTITY_KL);
  heft_ledger_add (&ledger, _("Information $I(w; D)$"), codes->exact.information, "nat", most, HEFT_QUANTITY_EXACT);
  heft_ledger_add (&ledger, _("$\\mathrm{KL}(\\bar{Q} \\Vert P)$"), codes->exact.marginal_kl, "nat", rest, HEFT_QUANTITY_PRIOR);
  heft_ledger_add (&ledger, _("Adapted Gaussian prior"), codes->expected_kl_adapted, "nat", _("exact; bounds I(w; D) from above"),
                   HEFT_QUANTITY_GAUSSIAN);
  heft_ledger_add (&ledger, _("Seed entropy $I(w; \\mathrm{seed}|D)$"), codes->seed_entropy, "nat",
                   _("exact; which of the two minima, at most log 2 = 0.693 nats"), HEFT_QUANTITY_LAGRANGIAN);
  heft_ledger_add (&ledger, _("Per run, $I(w; D, \\mathrm{seed})$"), view->per_run, "nat", _("exact; dataset and seed together"),
                   HEFT_QUANTITY_TEST_LOSS);
  heft_ledger_add (&ledger, _("First order, by Fisher"), codes->fisher_information, "nat",
                   _("entropy of w* less that of the noise β/F; negative where it does not reach"), HEFT_QUANTITY_FISHER);
  add_estimate (&ledger, _("M datasets: fixed prior"), e->mean.expected_kl_fixed, e->deviation.expected_kl_fixed, _("no bias"),
                HEFT_QUANTITY_KL);
  add_estimate (&ledger, _("M datasets: left-one-out prior"), e->mean.leave_one_out, e->deviation.leave_one_out,
                _("too high on average"), HEFT_QUANTITY_BOUND);
  add_estimate (&ledger, _("M datasets: adapted prior"), e->mean.expected_kl_adapted, e->deviation.expected_kl_adapted,
                _("too low: it has seen them"), HEFT_QUANTITY_GAUSSIAN);
  add_estimate (&ledger, _("M datasets: mixture of their posteriors"), e->mean.information_lower, e->deviation.information_lower,
                _("bounds I(w; D) from below; at most log M"), HEFT_QUANTITY_CORRECTED);
  heft_record_publish (record, heft_ledger_end (&ledger));
}

static void
store_results (HeftRecord *record, const View *view)
{
  const HeftCoinCodes *codes = view->codes;
  const Estimates *e = &view->estimates;
  const struct { const char *id; double value; } values[] = {
    { "expected_kl_fixed", codes->exact.expected_kl }, { "information", codes->exact.information },
    { "marginal_kl", codes->exact.marginal_kl }, { "expected_kl_adapted", codes->expected_kl_adapted },
    { "seed_entropy", codes->seed_entropy }, { "per_run_information", view->per_run },
    { "data_entropy", view->coins->data_entropy }, { "fisher_information", codes->fisher_information },
    { "leave_one_out", e->mean.leave_one_out }, { "leave_one_out_deviation", e->deviation.leave_one_out },
    { "sampled_kl_fixed", e->mean.expected_kl_fixed }, { "sampled_kl_fixed_deviation", e->deviation.expected_kl_fixed },
    { "sampled_kl_adapted", e->mean.expected_kl_adapted }, { "sampled_kl_adapted_deviation", e->deviation.expected_kl_adapted },
    { "information_lower", e->mean.information_lower }, { "information_lower_deviation", e->deviation.information_lower },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    heft_record_set_result (record, values[i].id, values[i].value);
}

/* --- The run ------------------------------------------------------------------------------------------------------- */

/* FALSE with no error when the run was stopped. */
static gboolean
show (HeftRun *run, const Setting *setting, Setting *traced, gboolean *changed, GError **error)
{
  HeftRecord *record = heft_run_get_record (run);
  g_auto (View) view = { NULL, NULL, 0, { { 0 }, { 0 } } };
  gboolean same = same_task (&setting->task, &traced->task);

  if (!view_init (&view, run, setting, error))
    return FALSE;
  publish_codes (record, &view);
  publish_ledger (record, setting, &view);
  store_results (record, &view);
  mark_chosen (record, CHOSEN, setting->beta, view.codes->exact.information);
  mark_chosen (record, SAMPLES_CHOSEN, (double) setting->task.n_samples, view.codes->exact.information);
  mark_chosen (record, DATASETS_CHOSEN, (double) setting->n_datasets, view.codes->exact.information);
  if (!same || setting->beta != traced->beta)
    trace_datasets (run, &view);
  /* Neither does M enter the curves, nor beta its own. */
  if (!same && (!trace_beta (run, view.coins, changed, error) || *changed))
    return *changed;
  if ((!same || setting->beta != traced->beta) && (!trace_samples (run, setting, changed, error) || *changed))
    return *changed;
  *traced = *setting;
  return TRUE;
}

static gboolean
show_setting (HeftRun *run, gboolean *changed, gpointer user_data, GError **error)
{
  const Setting setting = read_setting (run);

  return show (run, &setting, user_data, changed, error);
}

static gboolean
run_shannon_exact (HeftRun *run, GError **error)
{
  Setting traced = { .beta = NAN };

  return heft_live_run (run, show_setting, &traced, error);
}

/* --- Sentences ----------------------------------------------------------------------------------------------------- */

static char *
codes_sentence (HeftRecord *record)
{
  g_autoptr (HeftFrame) frame = heft_record_get_frame (record, "codes");
  g_autofree char *heads = NULL, *marginal = NULL;
  guint64 n;

  if (frame == NULL)
    return NULL;
  n = (guint64) heft_frame_get_number (frame, "heads", 0);
  heads = heft_words_count (n);
  marginal = heft_words_result (record, "marginal_kl");
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                       "Green codes the weight after %s head; averaged over all datasets the codes are $\\bar{Q}$, %s nats from the prior.",
                                       "Green codes the weight after %s heads; averaged over all datasets the codes are $\\bar{Q}$, %s nats from the prior.",
                                       n),
                          heads, marginal);
}

static char *
beta_sentence (HeftRecord *record)
{
  g_autofree char *fixed = NULL, *information = NULL, *marginal = NULL, *seed = NULL;

  if (!heft_record_get_result (record, "information", NULL))
    return NULL;
  fixed = heft_words_result (record, "expected_kl_fixed");
  information = heft_words_result (record, "information");
  marginal = heft_words_result (record, "marginal_kl");
  seed = heft_words_result (record, "seed_entropy");
  return g_strdup_printf (_("The fixed prior reports %s nats: %s about the data and %s for not being $\\bar{Q}$. Runs taken one by one add %s for the seed."),
                          fixed, information, marginal, seed);
}

static char *
samples_sentence (HeftRecord *record)
{
  g_autofree char *information = NULL, *fisher = NULL;

  if (!heft_record_get_result (record, "information", NULL))
    return NULL;
  information = heft_words_result (record, "information");
  fisher = heft_words_result (record, "fisher_information");
  return g_strdup_printf (_("Where the sliders stand the weight holds %s nats about the dataset; to first order, by the Fisher information, %s."),
                          information, fisher);
}

static char *
datasets_sentence (HeftRecord *record)
{
  g_autofree char *left_out = NULL, *adapted = NULL, *lower = NULL, *information = NULL;

  if (!heft_record_get_result (record, "information", NULL))
    return NULL;
  left_out = heft_words_result (record, "leave_one_out");
  adapted = heft_words_result (record, "sampled_kl_adapted");
  lower = heft_words_result (record, "information_lower");
  information = heft_words_result (record, "information");
  return g_strdup_printf (_("On average $M$ datasets give %s nats with left-one-out priors, %s with the adapted one and %s with their mixture; the truth is %s."),
                          left_out, adapted, lower, information);
}

static char *
ledger_sentence (HeftRecord *record)
{
  g_autofree char *per_run = NULL, *information = NULL, *seed = NULL;

  if (!heft_record_get_result (record, "per_run_information", NULL))
    return NULL;
  per_run = heft_words_result (record, "per_run_information");
  information = heft_words_result (record, "information");
  seed = heft_words_result (record, "seed_entropy");
  return g_strdup_printf (_("Dataset and seed together %s nats, the dataset alone %s, the seed %s: the first is the sum of the others."),
                          per_run, information, seed);
}

/* --- Tables -------------------------------------------------------------------------------------------------------- */

static const HeftParameterSpec parameters[] = {
  { .id = "samples", .label = N_("Tosses $N$"), .help = N_("How many tosses of one coin a dataset is."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_DATA, .minimum = 1, .maximum = MAXIMUM_SAMPLES, .default_text = "20",
    .live = TRUE },
  { .id = "rate", .label = N_("Mean rate of heads"), .help = N_("How often the coins land heads on average."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .minimum = 0.02, .maximum = 0.98, .default_text = "0.5", .live = TRUE },
  { .id = "spread", .label = N_("Spread of the coins"),
    .help = N_("The correlation of two tosses of one coin: at 0 all coins are alike; at 1/3, with a mean rate of 1/2, every rate is equally likely."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_DATA, .minimum = 0, .maximum = 0.9, .default_text = "0.2", .live = TRUE },
  { .id = "datasets", .label = N_("Datasets $M$"), .help = N_("How many datasets an estimate is made from."),
    .kind = HEFT_PARAMETER_INTEGER, .group = HEFT_GROUP_MEASUREMENT, .minimum = 2, .maximum = MAXIMUM_DATASETS, .default_text = "8",
    .live = TRUE },
  { .id = "redundant", .label = N_("Two minima"),
    .help = N_("The loss depends on |w| alone: with negative weights there are two equal minima, and the seed decides between them."),
    .kind = HEFT_PARAMETER_BOOLEAN, .group = HEFT_GROUP_NETWORK, .default_text = "true", .live = TRUE },
  { .id = "centre", .label = N_("Centre of the prior"),
    .help = N_("Where the prior is highest; away from 0 it prefers one of the two minima."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = -1.5, .maximum = 1.5, .default_text = "0.1", .live = TRUE },
  { .id = "lambda", .label = N_("$\\lambda$"), .help = N_("The standard deviation of the prior."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_CODES, .minimum = 0.1, .maximum = 100, .logarithmic = TRUE,
    .default_text = "0.5", .live = TRUE },
  { .id = "beta", .label = N_("$\\beta$"), .help = N_("The price of a nat against the loss."),
    .kind = HEFT_PARAMETER_REAL, .group = HEFT_GROUP_OBJECTIVE, .minimum = 1e-6, .maximum = 100, .logarithmic = TRUE,
    .default_text = "0.02", .live = TRUE },
};

#define EXACT N_("exact, a sum over all datasets and weights")
#define SAMPLED N_("mean over 16 samples of M datasets")
#define FIRST_ORDER N_("first order, the Fisher information of w about the dataset; drawn where it is not negative")

static const HeftSeriesSpec series[] = {
  [FIXED] = { "fixed", N_("Fixed prior $P$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_KL, FALSE, EXACT },
  [INFORMATION] = { "information", N_("Information $I(w; D)$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_EXACT, FALSE, EXACT },
  [MARGINAL] = { "marginal", N_("$\\mathrm{KL}(\\bar{Q} \\Vert P)$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_PRIOR, FALSE, EXACT },
  [ADAPTED] = { "adapted", N_("Adapted Gaussian prior"), "nat", N_("$\\beta$"), HEFT_QUANTITY_GAUSSIAN, FALSE, EXACT },
  [PER_RUN] = { "per_run", N_("Per run, $I(w; D, \\mathrm{seed})$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_TEST_LOSS, FALSE, EXACT },
  [FISHER] = { "fisher", N_("First order, by Fisher"), "nat", N_("$\\beta$"), HEFT_QUANTITY_FISHER, FALSE, FIRST_ORDER },
  [ENTROPY] = { "entropy", N_("Entropy of the data $H(k)$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_THRESHOLD, FALSE, EXACT },
  [CHOSEN] = { "chosen", N_("Chosen $\\beta$"), "nat", N_("$\\beta$"), HEFT_QUANTITY_LOSS_LANDSCAPE, FALSE, EXACT },
  [SAMPLES_INFORMATION] = { "samples_information", N_("Information $I(w; D)$"), "nat", N_("Tosses $N$"), HEFT_QUANTITY_EXACT, FALSE,
                            EXACT },
  [SAMPLES_FISHER] = { "samples_fisher", N_("First order, by Fisher"), "nat", N_("Tosses $N$"), HEFT_QUANTITY_FISHER, FALSE,
                       FIRST_ORDER },
  [SAMPLES_ADAPTED] = { "samples_adapted", N_("Adapted Gaussian prior"), "nat", N_("Tosses $N$"), HEFT_QUANTITY_GAUSSIAN, FALSE,
                        EXACT },
  [SAMPLES_ENTROPY] = { "samples_entropy", N_("Entropy of the data $H(k)$"), "nat", N_("Tosses $N$"), HEFT_QUANTITY_THRESHOLD, FALSE,
                        EXACT },
  [SAMPLES_CHOSEN] = { "samples_chosen", N_("Chosen $N$"), "nat", N_("Tosses $N$"), HEFT_QUANTITY_LOSS_LANDSCAPE, FALSE, EXACT },
  [DATASETS_FIXED] = { "datasets_fixed", N_("Fixed prior $P$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_KL, FALSE, SAMPLED },
  [DATASETS_LEFT_OUT] = { "datasets_left_out", N_("Prior from the other datasets"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_BOUND,
                          FALSE, SAMPLED },
  [DATASETS_ADAPTED] = { "datasets_adapted", N_("Adapted Gaussian prior"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_GAUSSIAN, FALSE,
                         SAMPLED },
  [DATASETS_LOWER] = { "datasets_lower", N_("Mixture of the $M$ posteriors"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_CORRECTED, FALSE,
                       SAMPLED },
  [DATASETS_ADAPTED_EXACT] = { "datasets_adapted_exact", N_("Adapted to all datasets"), "nat", N_("Datasets $M$"),
                               HEFT_QUANTITY_THRESHOLD, FALSE, EXACT },
  [DATASETS_CHOSEN] = { "datasets_chosen", N_("Chosen $M$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_LOSS_LANDSCAPE, FALSE, EXACT },
  [DATASETS_EXACT] = { "datasets_exact", N_("Information $I(w; D)$"), "nat", N_("Datasets $M$"), HEFT_QUANTITY_EXACT, FALSE, EXACT },
};

static const HeftResultSpec results[] = {
  { "expected_kl_fixed", N_("E_D KL(Q(w|D)‖P), exactly"), "nat", FALSE },
  { "information", N_("I(w; D), exactly"), "nat", FALSE },
  { "marginal_kl", N_("KL(Qbar‖P), exactly: the first is the sum of the two"), "nat", FALSE },
  { "expected_kl_adapted", N_("E_D KL from the best Gaussian for Qbar: upper bound on I(w; D), exactly"), "nat", FALSE },
  { "seed_entropy", N_("I(w; seed|D): which of the two minima, at most log 2"), "nat", FALSE },
  { "per_run_information", N_("I(w; D, seed), dataset and seed together"), "nat", FALSE },
  { "data_entropy", N_("H(k), the entropy of the number of heads"), "nat", FALSE },
  { "fisher_information", N_("I(w; D) to first order, by the Fisher information of w about the dataset"), "nat", FALSE },
  { "leave_one_out", N_("From M datasets, the best Gaussian for the others: mean over 16 samples"), "nat", FALSE },
  { "leave_one_out_deviation", N_("Its standard deviation over samples"), "nat", FALSE },
  { "sampled_kl_fixed", N_("From M datasets, the fixed prior: mean over 16 samples"), "nat", FALSE },
  { "sampled_kl_fixed_deviation", N_("Its standard deviation over samples"), "nat", FALSE },
  { "sampled_kl_adapted", N_("From M datasets, the Gaussian adapted to them: mean over 16 samples"), "nat", FALSE },
  { "sampled_kl_adapted_deviation", N_("Its standard deviation over samples"), "nat", FALSE },
  { "information_lower", N_("From M datasets, the mixture of their posteriors: mean over 16 samples"), "nat", FALSE },
  { "information_lower_deviation", N_("Its standard deviation over samples"), "nat", FALSE },
  { "curve_beta", N_("β along the curve"), "", TRUE },
  { "curve_expected_kl_fixed", N_("Expected KL from P along the curve"), "nat", TRUE },
  { "curve_information", N_("Information along the curve"), "nat", TRUE },
  { "curve_marginal_kl", N_("KL(Qbar‖P) along the curve"), "nat", TRUE },
  { "curve_expected_kl_adapted", N_("Expected KL from the adapted Gaussian along the curve"), "nat", TRUE },
  { "curve_per_run_information", N_("Information about dataset and seed along the curve"), "nat", TRUE },
  { "curve_fisher_information", N_("First-order information along the curve"), "nat", TRUE },
  { "curve_samples", N_("N along the curve"), "", TRUE },
  { "curve_samples_information", N_("Information against N"), "nat", TRUE },
  { "curve_samples_fisher_information", N_("First-order information against N"), "nat", TRUE },
  { "curve_datasets", N_("M along the curve"), "", TRUE },
  { "curve_leave_one_out", N_("Left-one-out prior against M"), "nat", TRUE },
  { "curve_datasets_adapted", N_("Adapted prior against M"), "nat", TRUE },
  { "curve_information_lower", N_("Mixture of the posteriors against M"), "nat", TRUE },
};

static const HeftPanelSpec panels[] = {
  { .id = "codes", .title = N_("Loss, prior and codes"), .kind = HEFT_PANEL_DENSITIES, .x_label = N_("Weight $w$"),
    .y_label = N_("Density"), .frame = "codes",
    .things_to_try = N_("Turn off the two minima: half of every curve goes, and with the prior's centre at 0 the information does not change."),
    .sentence = codes_sentence },
  { .id = "beta", .title = N_("Information over $\\beta$, exactly"), .kind = HEFT_PANEL_LINES, .x_label = N_("$\\beta$"), .x_log = TRUE,
    .y_label = N_("Information"), .y_unit = "nat",
    .series = { "fixed", "information", "marginal", "adapted", "per_run", "fisher", "entropy", "chosen" },
    .things_to_try = N_("Lower β: the weight tells every number of heads from the others, and the information ends at the data's entropy. Raise it: the "
                        "code is the prior whatever the data, but the seed still shows."),
    .sentence = beta_sentence },
  { .id = "samples", .title = N_("Information over the size of a dataset"), .kind = HEFT_PANEL_LINES, .x_label = N_("Tosses $N$"),
    .x_log = TRUE, .y_label = N_("Information"), .y_unit = "nat",
    .series = { "samples_information", "samples_fisher", "samples_adapted", "samples_entropy", "samples_chosen" },
    .things_to_try = N_("Set the spread to 0: all coins are alike, more tosses leave less to know, and the information falls with Nβ."),
    .sentence = samples_sentence },
  { .id = "datasets", .title = N_("What $M$ datasets say"), .kind = HEFT_PANEL_LINES, .x_label = N_("Datasets $M$"), .x_log = TRUE,
    .y_label = N_("Information"), .y_unit = "nat",
    .series = { "datasets_fixed", "datasets_left_out", "datasets_adapted", "datasets_lower", "datasets_adapted_exact", "datasets_exact",
                "datasets_chosen" },
    .things_to_try = N_("From two datasets the adapted prior reports too little and the left-one-out prior too much. They meet above the truth: "
                        "one Gaussian for two minima costs the rest. With one minimum they meet almost on it."),
    .sentence = datasets_sentence },
  { .id = "ledger", .title = N_("Ledger"), .kind = HEFT_PANEL_LEDGER, .frame = "ledger",
    .things_to_try = N_("Move the prior's centre: it takes the seed's choice away, and the seed entropy falls from log 2."),
    .sentence = ledger_sentence },
};

const HeftExperiment heft_experiment_shannon_exact = {
  .id = "shannon-exact",
  .title = N_("Shannon information, exactly"),
  .summary = N_("One weight learns the rate of a coin from N tosses, and every dataset that can occur is summed over. What the weight knows of "
                "the dataset is an exact number: it judges the priors, the seeds and the estimates from a few datasets."),
  .parameters = parameters, .n_parameters = G_N_ELEMENTS (parameters),
  .series = series, .n_series = G_N_ELEMENTS (series),
  .panels = panels, .n_panels = G_N_ELEMENTS (panels),
  .results = results, .n_results = G_N_ELEMENTS (results),
  .run = run_shannon_exact,
};
