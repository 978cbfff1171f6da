#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes shannon.json with Debian's PyTorch and SciPy: Shannon's information of small Gaussian posteriors and of coins, Gibbs in the plane,
hulls.

Run it by hand:  /usr/bin/python3 tests/reference/shannon.py
"""

import json
import math
import os

import numpy as np
import torch
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.spatial import ConvexHull
from scipy.special import logsumexp
from scipy.stats import betabinom, binom, entropy
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)
LAMBDA = 0.7


def gaussians(m, s, k, spread):
    """Single-precision numbers, so that both programs begin with the same."""
    mean = (torch.randn(m, 1, k) * spread + torch.randn(m, s, k) * 0.3).to(torch.float32).to(torch.float64)
    log_deviation = (torch.randn(m, s, k) * 0.4 - 1).to(torch.float32).to(torch.float64)
    return mean, log_deviation


def normal(mean, deviation):
    return Independent(Normal(mean, deviation), 1)


def pooled(mean, deviation):
    """The Gaussian of the moments of a set of Gaussians (rows)."""
    centre = mean.mean(0)
    return normal(centre, (deviation ** 2 + (mean - centre) ** 2).mean(0).sqrt())


def information(mean, log_deviation):
    m, s, k = mean.shape
    deviation = log_deviation.exp()
    flat, flat_deviation = mean.reshape(-1, k), deviation.reshape(-1, k)
    fixed = kl_divergence(normal(mean, deviation), normal(torch.zeros(k), torch.full((k,), LAMBDA)))
    adapted = kl_divergence(normal(mean, deviation), pooled(flat, flat_deviation))
    left, within, whole = torch.zeros(m, s), torch.zeros(m, s), torch.zeros(m)
    for d in range(m):
        rest = torch.arange(m) != d
        others, own = pooled(mean[rest].reshape(-1, k), deviation[rest].reshape(-1, k)), pooled(mean[d], deviation[d])
        left[d] = kl_divergence(normal(mean[d], deviation[d]), others)
        within[d] = kl_divergence(normal(mean[d], deviation[d]), own)
        whole[d] = kl_divergence(own, others)
    out = dict(mean=mean.flatten().tolist(), log_deviation=log_deviation.flatten().tolist(), n_datasets=m, n_seeds=s,
               kl_fixed=fixed.flatten().tolist(), per_run_fixed=fixed.mean().item(), per_run_adapted=adapted.mean().item(),
               per_run_leave_one_out=left.mean().item(), seed_entropy_gaussian=within.mean().item(),
               information_gaussian=whole.mean().item())
    if k == 1:
        out.update(mixtures(mean[:, :, 0].numpy(), deviation[:, :, 0].numpy()))
    return out


def mixtures(mean, deviation):
    """In one dimension the mixtures' divergences are integrals."""
    def density(w, rows, columns):
        z = (w - mean[rows, columns]) / deviation[rows, columns]
        return np.mean(np.exp(-0.5 * z * z) / deviation[rows, columns]) / math.sqrt(2 * math.pi)

    def divergence(p, q):
        def integrand(w):
            a, b = p(w), q(w)
            return a * math.log(a / b) if a > 1e-290 and b > 0 else 0.0
        edges = np.linspace(mean.min() - 8, mean.max() + 8, 400)
        return sum(quad(integrand, a, b, epsabs=1e-12)[0] for a, b in zip(edges, edges[1:]))

    m, s = mean.shape
    everything = slice(None)
    seeds = np.mean([divergence(lambda w: density(w, [d], [t]), lambda w: density(w, d, everything))
                     for d in range(m) for t in range(s)])
    lower = np.mean([divergence(lambda w: density(w, d, everything), lambda w: density(w, everything, everything))
                     for d in range(m)])
    return dict(seed_entropy=float(seeds), information_lower=float(lower))


def correlated(m, s, sizes, rank, spread, draws):
    """Low-rank Gaussians as dense ones: sigma^2 and V V^T inside each layer. The mixtures by draws of PyTorch's."""
    k = sum(sizes)
    mean, log_deviation = gaussians(m, s, k, spread)
    factors = (torch.randn(m, s, rank, k) * 0.6).to(torch.float32).to(torch.float64)
    layer = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    covariance = torch.einsum('dsji,dsjl->dsil', factors, factors) * (layer[:, None] == layer[None, :])
    covariance = covariance + torch.diag_embed((2 * log_deviation).exp())
    runs = MultivariateNormal(mean.reshape(-1, k), covariance.reshape(-1, k, k))
    deviation = torch.diagonal(covariance, dim1=2, dim2=3).sqrt()

    def divergence(prior):
        """KL of every run from a diagonal Gaussian."""
        base = prior.base_dist
        return kl_divergence(runs, MultivariateNormal(base.mean, torch.diag(base.stddev ** 2))).reshape(m, s)

    fixed = divergence(normal(torch.zeros(k), torch.full((k,), LAMBDA)))
    left, within = torch.zeros(m, s), torch.zeros(m, s)
    for d in range(m):
        rest = torch.arange(m) != d
        left[d] = divergence(pooled(mean[rest].reshape(-1, k), deviation[rest].reshape(-1, k)))[d]
        within[d] = divergence(pooled(mean[d], deviation[d]))[d]
    w = runs.sample((draws,))
    density = torch.stack([MultivariateNormal(a, b).log_prob(w) for a, b in zip(mean.reshape(-1, k), covariance.reshape(-1, k, k))], 2)
    own = density.diagonal(dim1=1, dim2=2)
    sets = density.reshape(draws, m * s, m, s).logsumexp(3) - math.log(s)
    dataset = sets[:, torch.arange(m * s), torch.arange(m * s) // s]
    seeds, lower = own - dataset, dataset - (density.logsumexp(2) - math.log(m * s))
    return dict(mean=mean.flatten().tolist(), log_deviation=log_deviation.flatten().tolist(), factors=factors.flatten().tolist(),
                n_datasets=m, n_seeds=s, rank=rank, kl_fixed=fixed.flatten().tolist(), per_run_fixed=fixed.mean().item(),
                per_run_adapted=divergence(pooled(mean.reshape(-1, k), deviation.reshape(-1, k))).mean().item(),
                per_run_leave_one_out=left.mean().item(), seed_entropy_gaussian=within.mean().item(),
                information_gaussian=(left.mean() - within.mean()).item(), seed_entropy=seeds.mean().item(),
                seed_entropy_error=seeds.std(0).square().sum().sqrt().item() / (m * s * math.sqrt(draws)),
                information_lower=lower.mean().item(),
                information_lower_error=lower.std(0).square().sum().sqrt().item() / (m * s * math.sqrt(draws)))


def gibbs_plane():
    """L = (w1 w2 - 1)^2 + 0.1 w1 on [-3, 3] x [-2, 2.5]: Gauss and Legendre's rule on 400 panels a side."""
    n, lam = 400, 0.9
    nodes, weights = np.polynomial.legendre.leggauss(10)

    def axis(low, high):
        starts = np.arange(n)[:, None]
        w = low + (high - low) * (starts + 0.5 * (1 + nodes)) / n
        return torch.from_numpy(w.ravel()), torch.from_numpy(np.log(np.tile(weights, n)))

    (w1, log_1), (w2, log_2) = axis(-3, 3), axis(-2, 2.5)
    log_p = log_1[:, None] + log_2[None, :] - (w1[:, None] ** 2 + w2[None, :] ** 2) / (2 * lam ** 2)
    log_p = log_p - torch.logsumexp(log_p.flatten(), 0)
    loss = (w1[:, None] * w2[None, :] - 1) ** 2 + 0.1 * w1[:, None]
    rows = []
    for beta in (1e-3, 0.02, 0.3, 10.0):
        log_z = torch.logsumexp((log_p - loss / beta).flatten(), 0).item()
        q = (log_p - loss / beta - log_z).exp()
        expected = (q * loss).sum().item()
        rows.append(dict(beta=beta, lagrangian=-beta * log_z, expected_loss=expected,
                         information=(q * (-loss / beta - log_z)).sum().item()))
    return dict(lam=lam, rows=rows)


def hull():
    rng = np.random.default_rng(7)
    x = rng.uniform(0, 100, 60)
    y = np.exp(-x / 30) * (1 + 0.5 * rng.uniform(0, 1, 60))
    corners = [i for i in ConvexHull(np.stack([x, y], 1)).vertices]
    lowest = int(np.argmin(y))
    left = int(np.argmin(x))
    # The lower chain from the leftmost to the lowest point: below the line between the two.
    slope = (y[lowest] - y[left]) / (x[lowest] - x[left])
    chain = sorted((i for i in corners if i in (left, lowest) or x[i] < x[lowest] and y[i] < y[left] + slope * (x[i] - x[left])),
                   key=lambda i: x[i])
    return dict(information=x.tolist(), loss=y.tolist(), corners=[int(i) for i in chain])


def coins(samples=20, rate=0.5, spread=0.2, centre=0.1, lam=0.5, beta=0.02, redundant=True):
    """One weight that lands heads with probability sin^2 w, by N tosses of coins whose rates are beta-distributed."""
    w = np.pi * (np.arange(512) + 0.5) / 512 - np.pi / 2
    w = w if redundant else w[256:]
    k = np.arange(samples + 1)
    ratio = (1 - spread) / spread if spread > 0 else None
    chance = betabinom.pmf(k, samples, rate * ratio, (1 - rate) * ratio) if spread > 0 else binom.pmf(k, samples, rate)
    loss = -(k[:, None] / samples) * np.log(np.sin(w) ** 2) - (1 - k[:, None] / samples) * np.log(np.cos(w) ** 2)
    log_p = -(w - centre) ** 2 / (2 * lam ** 2)
    log_p = log_p - logsumexp(log_p)
    log_q = log_p - loss / beta
    log_q = log_q - logsumexp(log_q, axis=1, keepdims=True)
    q, log_marginal = np.exp(log_q), logsumexp(log_q, axis=0, b=chance[:, None])
    negative = (q * (w < 0)).sum(1)
    both = np.stack([q * (w < 0), q * (w > 0)]) if redundant else q[None]
    run_chance = both.sum(2)
    runs = np.array([[chance[j] * run_chance[s, j] * entropy(both[s, j], np.exp(log_marginal)) for j in k] for s in range(len(both))])

    def cost(x):
        """Of the normal distribution whose logarithm is x0 w - exp (x1) w^2 / 2."""
        log_g = x[0] * w - np.exp(x[1]) * w ** 2 / 2
        return logsumexp(log_g) - np.exp(log_marginal) @ log_g

    best = min((minimize(cost, [0.0, start], method='BFGS', options=dict(gtol=1e-9)) for start in (-2.0, 0.0, 2.0)), key=lambda o: o.fun)
    texts = dict(samples=str(samples), rate=repr(rate), spread=repr(spread), centre=repr(centre), beta=repr(beta),
                 redundant='true' if redundant else 'false')
    texts['lambda'] = repr(lam)
    return dict(settings=texts, expected_kl_fixed=float(chance @ (q * (log_q - log_p)).sum(1)),
                information=float(chance @ (q * (log_q - log_marginal)).sum(1)),
                marginal_kl=float((np.exp(log_marginal) * (log_marginal - log_p)).sum()),
                seed_entropy=float(chance @ [entropy([a, max(1 - a, 0)]) for a in negative]), per_run_information=float(runs.sum()),
                data_entropy=float(entropy(chance)), expected_kl_adapted=float(best.fun + chance @ (q * log_q).sum(1)))


torch.manual_seed(3)
values = dict(lam=LAMBDA, line=information(*gaussians(4, 3, 1, 0.8)), space=information(*gaussians(5, 2, 7, 0.5)),
              plane=gibbs_plane(), hull=hull(),
              coins=[coins(), coins(samples=7, rate=0.3, beta=0.3), coins(spread=0.0, redundant=False, beta=0.05),
                     coins(samples=60, spread=0.05, rate=0.8, beta=0.004, lam=0.4, redundant=False),
                     coins(samples=2, spread=0.5, beta=2.0, centre=-0.7)],
              low_rank=correlated(4, 3, (2, 4), 2, 0.5, 200000))
with open(os.path.join(HERE, 'shannon.json'), 'w', encoding='ascii') as out:
    json.dump(values, out, indent=1)
    out.write('\n')
