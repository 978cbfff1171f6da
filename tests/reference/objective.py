#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beta at which a bound's gradient weighs KL, by PyTorch's automatic differentiation, for tests/train/test-objective.c.

Run by hand with Debian's python3-torch:  /usr/bin/python3 tests/reference/objective.py > tests/reference/objective.json
The inverse of the binary kl is found by bisection and given its derivatives by one step of Newton's method from there.
"""
import json
import math
import torch

torch.set_default_dtype(torch.float64)


def binary_kl(q, p):
    return q * torch.log(q / p) + (1 - q) * torch.log((1 - q) / (1 - p))


def inverse(q, c):
    low, high = float(q), 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if binary_kl(q.detach(), torch.tensor(middle)) <= c else (low, middle)
    p = torch.tensor(low)
    return p - (binary_kl(q, p) - c) / ((p - q) / (p * (1 - p))).detach()


def row(empirical, kl, n, delta, p_min):
    ceiling = math.log(1 / p_min)
    result = {'empirical': empirical, 'kl': kl, 'samples': n, 'delta': delta, 'ceiling': ceiling}
    for name in ('pac_bayes_kl', 'mcallester'):
        q, k = torch.tensor(empirical, requires_grad=True), torch.tensor(kl, requires_grad=True)
        c = (k + math.log(2 * math.sqrt(n) / delta)) / n
        bound = inverse(q, c) if name == 'pac_bayes_kl' else q + torch.sqrt(c / 2)
        bound.backward()
        result[name] = ceiling * float(k.grad / q.grad)
    return result


print(json.dumps({'rows': [row(*case) for case in (
    (0.1, 1000.0, 10000, 0.025, 0.01), (0.02, 50.0, 60000, 0.05, 1e-5), (0.5, 300.0, 500, 0.025, 1e-4), (0.4, 0.0, 100, 0.1, 0.1),
    (0.9, 20.0, 1000, 0.025, 0.01), (1e-3, 3000.0, 10000, 0.025, 0.01), (0.25, 9000.0, 10000, 0.025, 1e-3))]}, indent=1))
