#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of codes and optimisers made by PyTorch in double precision, for tests/codes and tests/train.

Run by hand with Debian's python3-torch:  /usr/bin/python3 tests/reference/codes.py > tests/reference/codes.json
The code is that of a network 6-5-4-3. Weight i has the mean 0.4 sin(1 + 1.7 i), the log deviation -2 + 0.5 cos(0.9 i), the prior's
centre 0.3 sin(0.4 i) and in direction j the entry 0.1 cos(2.3 i + j). Optimisers move x_i = cos(i), i < 5, by the gradients
sin(i + 1.3 t), t = 1, 2, ...; IVON's draw t of weight i has the standard normal cos(2 i + 0.7 t).
"""
import json
import math

import torch
from torch.distributions import Categorical, LowRankMultivariateNormal, MixtureSameFamily, MultivariateNormal, Normal, kl_divergence

torch.set_default_dtype(torch.float64)
SIZES = [(6 + 1) * 5, (5 + 1) * 4, (4 + 1) * 3]
RANKS = [1, 3]
LAMBDAS = [0.2, 0.5, 1.5]
STEPS = 6

k = sum(SIZES)
i = torch.arange(k)
mean, log_deviation, centre = 0.4 * torch.sin(1 + 1.7 * i), -2 + 0.5 * torch.cos(0.9 * i), 0.3 * torch.sin(0.4 * i)


def low_rank(rank):
    layers, first = [], 0
    for size, scale in zip(SIZES, LAMBDAS):
        own = slice(first, first + size)
        factors = torch.stack([0.1 * torch.cos(2.3 * i[own] + j) for j in range(rank)], 1)
        q = LowRankMultivariateNormal(mean[own], factors, torch.exp(2 * log_deviation[own]))
        p = MultivariateNormal(centre[own], scale ** 2 * torch.eye(size))
        # By the dense covariance, not by the lemma.
        dense = MultivariateNormal(mean[own], q.covariance_matrix)
        layers.append(float(kl_divergence(dense, p)))
        first += size
    return {'rank': rank, 'layers': layers}


def low_rank_gradient(rank):
    """Of the first layer's KL: with respect to mean, log deviation and factors."""
    own = slice(0, SIZES[0])
    m = mean[own].clone().requires_grad_()
    s = log_deviation[own].clone().requires_grad_()
    v = torch.stack([0.1 * torch.cos(2.3 * i[own] + j) for j in range(rank)], 0).requires_grad_()
    q = MultivariateNormal(m, torch.diag(torch.exp(2 * s)) + v.t() @ v)
    kl_divergence(q, MultivariateNormal(centre[own], LAMBDAS[0] ** 2 * torch.eye(SIZES[0]))).backward()
    return {'mean': m.grad.tolist(), 'log_deviation': s.grad.tolist(), 'factors': v.grad.reshape(-1).tolist()}


def mixture():
    share, first, second = 0.3, 0.8, 0.02
    w = torch.linspace(-2, 2, 41).requires_grad_()
    p = MixtureSameFamily(Categorical(torch.tensor([share, 1 - share])), Normal(torch.zeros(2), torch.tensor([first, second])))
    cost = -p.log_prob(w)
    cost.sum().backward()
    return {'share': share, 'lambda': first, 'lambda2': second, 'weights': w.tolist(), 'cost': cost.tolist(), 'score': w.grad.tolist()}


def adamw():
    x = torch.cos(torch.arange(5)).requires_grad_()
    optimizer = torch.optim.AdamW([x], lr=0.01, weight_decay=0.1)
    trace = []
    for t in range(1, STEPS + 1):
        x.grad = torch.sin(torch.arange(5) + 1.3 * t)
        optimizer.step()
        trace.append(x.tolist())
    return {'rate': 0.01, 'decay': 0.1, 'trace': trace}


def ivon():
    """Algorithm 1 of Shen et al. 2024 (arXiv:2402.17641), with the optional scaling of the learning rate by h0 + delta.

    The effective sample size is 1 / beta and the weight decay beta / lambda^2, towards the prior's centre.
    """
    beta, scale, rate, decay1, decay2, h0 = 1e-3, 0.2, 0.1, 0.9, 0.99, 0.02
    size, delta = 1 / beta, beta / scale ** 2
    n = torch.arange(5)
    m, c, h, g = torch.cos(n), 0.3 * torch.sin(0.4 * n), torch.full((5,), h0), torch.zeros(5)
    means, deviations = [], []
    for t in range(1, STEPS + 1):
        sigma = 1 / torch.sqrt(size * (h + delta))
        theta = m + sigma * torch.cos(2 * n + 0.7 * t)
        gradient = torch.sin(n + 1.3 * t)
        curvature = gradient * (theta - m) / sigma ** 2
        g = decay1 * g + (1 - decay1) * gradient
        h = decay2 * h + (1 - decay2) * curvature + 0.5 * (1 - decay2) ** 2 * (h - curvature) ** 2 / (h + delta)
        m = m - rate * (h0 + delta) * (g / (1 - decay1 ** t) + delta * (m - c)) / (h + delta)
        means.append(m.tolist())
        deviations.append((1 / torch.sqrt(size * (h + delta))).tolist())
    return {'beta': beta, 'lambda': scale, 'rate': rate, 'decay1': decay1, 'decay2': decay2, 'curvature': h0, 'means': means,
            'deviations': deviations}


print(json.dumps({
    'lambdas': LAMBDAS,
    'low_rank': [low_rank(rank) for rank in RANKS],
    'low_rank_gradient': dict(low_rank_gradient(3), rank=3),
    'mixture': mixture(),
    'adamw': adamw(),
    'ivon': ivon(),
}, indent=1))
