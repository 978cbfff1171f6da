#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes plane.json with Debian's SciPy: the best Gaussians of two weights on a rectangle.

Run it by hand:  /usr/bin/python3 tests/reference/plane.py

L = (w1 w2 - 1)^2 + 0.1 w1 on [-3, 3] x [-2, 2.5], the loss of shannon.py. The Gaussian is renormalised on a product rule over the
rectangle itself, and its five (four) parameters are found without gradients, from many starts.
"""

import json
import os

import numpy as np
from scipy.optimize import minimize

HERE = os.path.dirname(os.path.abspath(__file__))
LAMBDA = 0.9


def axis(low, high, panels, nodes=6):
    x, w = np.polynomial.legendre.leggauss(nodes)
    starts = np.arange(panels)[:, None]
    step = (high - low) / panels
    return (low + step * (starts + 0.5 * (1 + x))).ravel(), np.tile(0.5 * step * w, panels)


class Rule:
    def __init__(self, panels):
        (w1, a1), (w2, a2) = axis(-3, 3, panels), axis(-2, 2.5, panels)
        self.x, self.y = np.meshgrid(w1, w2, indexing='ij')
        self.log_a = np.log(a1)[:, None] + np.log(a2)[None, :]
        self.loss = (self.x * self.y - 1) ** 2 + 0.1 * self.x
        self.log_p = self.normalised(-(self.x ** 2 + self.y ** 2) / (2 * LAMBDA ** 2))

    def normalised(self, log_density):
        peak = log_density.max()
        return log_density - peak - np.log(np.exp(log_density - peak + self.log_a).sum())

    def numbers(self, x, beta):
        corner = x[4] if len(x) == 5 else 0.0
        u = (self.x - x[0]) / np.exp(x[2])
        v = (self.y - x[1] - corner * u) / np.exp(x[3])
        log_q = self.normalised(-0.5 * (u ** 2 + v ** 2))
        q = np.exp(log_q + self.log_a)
        expected, information = (q * self.loss).sum(), (q * (log_q - self.log_p)).sum()
        return expected + beta * information, expected, information


# The optimum is sought on the coarse rule and measured on the fine one: there the value is off by the square of what the place is.
COARSE, FINE = Rule(40), Rule(200)


def best(beta, diagonal):
    found = None
    for start in ((0, 0), (0.9, 0.9), (-0.9, -0.9)):
        x = np.array([*start, -1.0, -1.0] + ([] if diagonal else [-0.1 * start[0]]))
        for _ in range(3):
            x = minimize(lambda y: COARSE.numbers(y, beta)[0], x, method='Nelder-Mead',
                         options=dict(xatol=1e-8, fatol=1e-14, maxiter=1500, maxfev=1500)).x
        if found is None or COARSE.numbers(x, beta)[0] < COARSE.numbers(found, beta)[0]:
            found = x
    value, expected, information = FINE.numbers(found, beta)
    corner = found[4] if len(found) == 5 else 0.0
    return dict(lagrangian=value, expected_loss=expected, information=information, mean=found[:2].tolist(),
                covariance=[np.exp(2 * found[2]), corner * np.exp(found[2]), corner ** 2 + np.exp(2 * found[3])])


rows = [dict(beta=beta, full=best(beta, False), diagonal=best(beta, True)) for beta in (0.02, 0.3, 10.0)]
with open(os.path.join(HERE, 'plane.json'), 'w', encoding='ascii') as out:
    json.dump(dict(lam=LAMBDA, rows=rows), out, indent=1)
    out.write('\n')
