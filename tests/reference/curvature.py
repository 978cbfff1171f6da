#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes curvature.json with Debian's PyTorch in double precision: KFAC, EKFAC and diagonal Fisher of the networks beside it,
sample by sample and label by label with autograd.

Run it by hand, after make_reference.py:  /usr/bin/python3 tests/reference/curvature.py
"""

import json
import os

import numpy as np
import torch
from torch import nn

from make_reference import BETA, CASES, HERE, LAMBDA, Network


def load(network, name):
    with open(os.path.join(HERE, name + '.json')) as f:
        values = json.load(f)
    w, at = torch.tensor(values['weights']), 0
    for m, size in zip(network.layers, network.sizes):
        block = w[at:at + size].reshape(-1, m.weight.shape[0])
        m.weight.data = block[:-1].t().reshape(m.weight.shape).clone()
        m.bias.data = block[-1].clone()
        at += size
    x = torch.tensor(np.load(os.path.join(HERE, name + '-inputs.npy'))).double()
    return x


def passes(network, x):
    """Logits of one sample, and of every layer with weights its input and its pre-activation."""
    inputs, outputs = [], []
    for m in network.net:
        if hasattr(m, 'weight'):
            inputs.append(x.detach())
        x = m(x)
        if hasattr(m, 'weight'):
            outputs.append(x)
    return x, inputs, outputs


def see(m, x):
    """What the layer sees: (fan_in + 1) x places."""
    columns = (nn.functional.unfold(x, m.kernel_size, padding=m.padding, stride=m.stride)[0] if isinstance(m, nn.Conv2d)
               else x.reshape(-1, 1))
    return torch.cat([columns, torch.ones(1, columns.shape[1])])


def gradients(network, x):
    """Of every sample and label: probability, and for each layer what it sees and its delta (fan_out x places)."""
    for sample in x:
        z, inputs, outputs = passes(network, sample[None])
        logp = torch.log_softmax(z[0], 0)
        for y in range(len(logp)):
            deltas = torch.autograd.grad(logp[y], outputs, retain_graph=True)
            yield logp[y].exp().item(), [(see(m, i), d[0].reshape(m.weight.shape[0], -1))
                                         for m, i, d in zip(network.layers, inputs, deltas)]


def measure(network, x):
    n = x.shape[0]
    layers = network.layers
    a, g, diagonal, moments = ([0] * len(layers) for _ in range(4))
    for p, pairs in gradients(network, x):
        for l, (s, d) in enumerate(pairs):
            a[l] = a[l] + p * s @ s.t() / n
            g[l] = g[l] + p * d @ d.t() / d.shape[1] / n
            diagonal[l] = diagonal[l] + p * (s @ d.t()) ** 2 / n
    bases = [(torch.linalg.eigh(u), torch.linalg.eigh(v)) for u, v in zip(a, g)]
    for p, pairs in gradients(network, x):
        for l, (s, d) in enumerate(pairs):
            moments[l] = moments[l] + p * (bases[l][0][1].t() @ s @ d.t() @ bases[l][1][1]) ** 2 / n
    result = []
    for l in range(len(layers)):
        va, vg = bases[l][0][0], bases[l][1][0]
        kfac = torch.outer(va, vg).reshape(-1)
        entry = {'input_factor': a[l].reshape(-1).tolist(), 'output_factor': g[l].reshape(-1).tolist(),
                 'input_values': va.flip(0).tolist(), 'output_values': vg.flip(0).tolist(),
                 'diagonal': diagonal[l].reshape(-1).tolist()}
        for key, values in (('kfac', kfac), ('ekfac', moments[l].reshape(-1)), ('diagonal_values', diagonal[l].reshape(-1))):
            entry[key] = {'trace': values.sum().item(), 'largest': values.max().item(),
                          'log_determinant': torch.log1p(LAMBDA ** 2 / BETA * values).sum().item()}
        result.append(entry)
    return result


def scaled(network, x):
    """Scale of the logits and the layers' traces of the Fisher of softmax(z / scale), the scale held constant."""
    z = network.net(x).detach()
    scale = (z - z.mean(1, keepdim=True)).pow(2).mean().sqrt()
    traces = [0.0] * len(network.layers)
    for sample in x:
        logp = torch.log_softmax(network.net(sample[None])[0] / scale, 0)
        for value in logp:
            for l, m in enumerate(network.layers):
                for g in torch.autograd.grad(value, (m.weight, m.bias), retain_graph=True):
                    traces[l] += (value.exp() * (g ** 2).sum()).item() / len(x)
    return {'scale': scale.item(), 'traces': traces}


def main():
    values = {'scaled': {}}
    for name, modules, *_ in CASES:
        network = Network(modules)
        x = load(network, name)
        values[name] = measure(network, x)
        values['scaled'][name] = scaled(network, x)
    with open(os.path.join(HERE, 'curvature.json'), 'w') as f:
        json.dump(values, f, separators=(',', ':'))
        f.write('\n')


if __name__ == '__main__':
    main()
